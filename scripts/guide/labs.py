"""Labs: measured experiments. A chapter quotes the results that were committed, and anyone can measure them again.

`labs/NAME.py` asks one question. It has a docstring (first line the question, then the set-up), `run()` with the named results, a number or a text such as
"31.2 percent" each, and lists under names that end in `_series`. It may have `plot(results)` with a matplotlib figure, `TOLERANCE` (name -> how far, relatively, a
result may be off when it is measured again; 0 unless given), `DESCRIBE` (the plot in words) and `SECONDS` (about how long it takes).

It runs in a Python of its own with the packages of `labs/requirements.txt`. What it measured stands in `labs/results/NAME.json`, its plot in
`docs/assets/labs/NAME.svg`; prose names a result `{{ lab-NAME.result }}`, with dashes in NAME.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

from lxml import etree
from markdown import Markdown

from guide import cache, fonts
from guide.diagrams import check_size, svg
from guide.diagrams.palette import FONT_FALLBACK, LIGHT, LINES
from guide.errors import GuideError, Problem
from guide.estimates import UNITS, Value, parse_unit

FOLDER = cache.ROOT / "labs"
PLOTS = cache.ROOT / "docs" / "assets" / "labs"
PYTHON = cache.ROOT / ".venv-labs" / "bin" / "python"
RUNNER = cache.ROOT / "labs" / "_run.py"
TIMEOUT = 900  # s
NAME = re.compile(r"[a-z][a-z0-9_]*")
SERIES = "_series"
# One thread, so that sums are added up in the same order whatever the number of cores.
ENVIRONMENT = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")} | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "agg"}

# The looks of a plot. At 72 dots an inch matplotlib's points are CSS px.
STYLE = {
    "figure.dpi": 72, "savefig.dpi": 72, "figure.figsize": [640 / 72, 300 / 72], "figure.constrained_layout.use": True,
    "svg.fonttype": "none", "svg.hashsalt": "guide", "font.family": "IBM Plex Sans", "font.size": 14,
    "axes.titlesize": 14, "axes.titlelocation": "left", "axes.titleweight": "semibold", "axes.labelsize": 14, "xtick.labelsize": 13, "ytick.labelsize": 13, "legend.fontsize": 13,
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none", "legend.frameon": False,
    "text.color": LIGHT["text"], "axes.labelcolor": LIGHT["text"], "axes.titlecolor": LIGHT["text"], "xtick.labelcolor": LIGHT["text"], "ytick.labelcolor": LIGHT["text"],
    "axes.edgecolor": LIGHT["line"], "xtick.color": LIGHT["line"], "ytick.color": LIGHT["line"], "grid.color": LIGHT["grid"], "patch.edgecolor": LIGHT["text"],
    "axes.grid": True, "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
    "lines.linewidth": 2, "lines.markersize": 7, "grid.linewidth": 1, "axes.linewidth": 1, "xtick.major.size": 0, "ytick.major.size": 0, "xtick.minor.size": 0, "ytick.minor.size": 0,
}  # fmt: skip
# A line differs from the next by color, dash and marker, so that a print without color can be read.
CYCLE = {"color": LINES[:4], "linestyle": ["-", "--", ":", "-."], "marker": ["o", "s", "^", "D"]}


@dataclass(frozen=True)
class Check:
    """One result: as committed (None if it was not), as measured (None if it was not), and whether the second is near enough to the first."""

    name: str
    committed: float | str | list | None
    measured: float | str | list | None
    tolerance: float

    @property
    def holds(self) -> bool:
        if self.committed is None or self.measured is None:
            return False
        before, after = _magnitudes(self.committed), _magnitudes(self.measured)
        return before[0] == after[0] and len(before[1]) == len(after[1]) and all(abs(b - a) <= self.tolerance * abs(b) for b, a in zip(before[1], after[1]))

    def __str__(self) -> str:
        def shown(raw) -> str:
            return f"{len(raw)} values" if isinstance(raw, list) else str(raw)

        if self.committed is None:
            return f"new      {self.name}: measured {shown(self.measured)}"
        if self.measured is None:
            return f"gone     {self.name}: committed {shown(self.committed)}"
        allowed = f"{100 * self.tolerance:g} % allowed" if self.tolerance else "must be equal"
        return f"{'holds' if self.holds else 'DIFFERS':<8} {self.name}: committed {shown(self.committed)}, measured {shown(self.measured)} ({allowed})"


@dataclass(frozen=True)
class Report:
    """What running a lab showed. `written` are the files that were changed, none unless an update was asked for."""

    name: str
    seconds: float
    checks: tuple[Check, ...]
    plot_holds: bool  # the committed plot is what the committed results give
    written: tuple[Path, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether what is committed now is what was measured."""
        return bool(self.written) or (self.plot_holds and all(check.holds for check in self.checks))

    def __str__(self) -> str:
        plot = [] if self.plot_holds else [f"DIFFERS  the committed plot is not the one that the committed results give; run `guide lab {self.name} --update`"]
        return "\n".join([f"{self.name}: {self.seconds:.0f} s", *map(str, self.checks), *plot, *(f"written  {path}" for path in self.written)])


def names(folder: Path = FOLDER) -> list[str]:
    """The labs there are."""
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def run_lab(name: str, update: bool = False, folder: Path = FOLDER, plots: Path = PLOTS) -> Report:
    """Measures a lab again and compares it with what was committed; with `update`, commits what was measured.

    Raises GuideError if there is no such lab, if it breaks, or if what it gives cannot be used.
    """
    file, path = f"labs/{name}.py", folder / f"{name}.py"
    if name not in names(folder):
        raise GuideError([Problem(file, 0, f"no such lab; there are {', '.join(names(folder)) or 'none'}")])
    committed_file, plot_file = folder / "results" / f"{name}.json", plots / f"{name}.svg"
    committed = _load(committed_file)["results"] if committed_file.exists() else {}
    started = time.monotonic()
    said = _run(name, folder, None if update else committed or None)
    seconds = time.monotonic() - started
    if "error" in said:
        raise GuideError([Problem(file, said["line"], said["error"])])
    results, tolerance = said["results"], said["tolerance"]
    if problems := [Problem(file, 0, what) for what in (*_wrong_results(results), *_wrong_tolerance(tolerance, results))]:
        raise GuideError(problems)
    question, _, setup = said["doc"].strip().partition("\n")
    if not question:
        raise GuideError([Problem(file, 1, "no docstring; begin the lab with its question")])
    try:
        plot = _tidy(said["plot"], name, " ".join(question.split()), " ".join((said["describe"] or setup).split())) if said["plot"] else None
    except ValueError as error:
        raise GuideError([Problem(file, 0, f"the plot {error}")]) from None
    checks = tuple(Check(key, committed.get(key), results.get(key), tolerance.get(key, 0)) for key in sorted({*committed, *results}))
    shown = plot_file.read_text("utf-8") if plot_file.exists() else None
    if not update:
        return Report(name, seconds, checks, not committed or plot == shown)
    record = {
        "lab": name, "question": question, "source": _digest(path), "seconds": said["seconds"], "packages": said["packages"],
        "results": results, "tolerance": tolerance,
    }  # fmt: skip
    cache.write(committed_file, (json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())
    if plot:
        cache.write(plot_file, plot.encode())
    else:
        plot_file.unlink(missing_ok=True)
    return Report(name, seconds, checks, True, (committed_file, plot_file) if plot else (committed_file,))


def read_results(folder: Path = FOLDER / "results") -> tuple[dict[str, dict[str, Value]], list[Problem]]:
    """The committed results, `lab-two-tower-logq` -> name -> value, series left out; and what is wrong with the files.

    The values of a lab that was changed after they were taken are there, so that the one complaint about it is not drowned in complaints of everything that names them.
    """
    read: dict[str, dict[str, Value]] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.json")):
        file, lab = f"labs/results/{path.name}", folder.parent / f"{path.stem}.py"
        try:
            record = _load(path)
        except GuideError as error:
            problems += error.problems
            continue
        if wrong := list(_wrong_results(record["results"])):
            problems += [Problem(file, 0, what) for what in wrong]
        elif not lab.exists():
            problems.append(Problem(file, 0, f"the results of a lab that is not there; restore labs/{lab.name} or remove them"))
        else:
            if record.get("source") != _digest(lab):
                problems.append(Problem(f"labs/{lab.name}", 0, f"changed after its results were taken; run `guide lab {path.stem} --update`"))
            read[f"lab-{path.stem.replace('_', '-')}"] = {name: _value(raw) for name, raw in record["results"].items() if not name.endswith(SERIES)}
    return read, problems


def seconds(name: str, folder: Path = FOLDER) -> float | None:
    """About how long a committed lab takes, as it says itself; None if it does not."""
    return _load(folder / "results" / f"{name}.json").get("seconds")


def figure_html(name: str, plots: Path = PLOTS) -> str:
    """A lab's plot as inline SVG for the site: colors are variables of `assets/css/diagrams.css`. Raises GuideError if there is none."""
    path = plots / f"{name}.svg"
    if not NAME.fullmatch(name) or not path.exists():
        there = ", ".join(sorted(found.stem for found in plots.glob("*.svg"))) or "none"
        raise GuideError([Problem(f"docs/assets/labs/{name}.svg", 0, f"no plot of a lab `{name}`; there are {there}")])
    return svg.themable(path.read_text("utf-8").rstrip("\n"))


def lab_fence(source: str, language: str, css_class: str, options: dict, md: Markdown, **_) -> str:
    """The custom fence for `lab` blocks, whose body is a lab's name: its plot as inline SVG."""
    page = md.guide_page
    line = page.fence_lines.get(source.strip(), 0)
    try:
        return f'<div class="diagram">{figure_html(source.strip(), PLOTS)}</div>'
    except GuideError as error:
        for problem in error.problems:
            page.report(line + 1 if line else 0, problem.what)
    return ""


def _run(name: str, folder: Path, committed: dict | None) -> dict:
    """What the runner answers. A plot is drawn from the committed results if there are any."""
    if not PYTHON.exists():
        raise GuideError([Problem("labs", 0, f"the labs have no Python at {PYTHON.parents[1].name}; make it with `python3 -m venv .venv-labs` and `.venv-labs/bin/pip install --require-hashes -r labs/requirements.txt`")])
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")} | ENVIRONMENT
    with tempfile.TemporaryDirectory() as aside:
        request = {
            "lab": name, "folder": str(folder), "answer": f"{aside}/answer.json", "committed": committed, "packages": _direct_packages(),
            "style": STYLE | {"svg.hashsalt": name}, "cycle": CYCLE, "colors": LIGHT, "fonts": [str(fonts.plex("sans", style)) for style in ("Regular", "SemiBold")],
        }  # fmt: skip
        try:
            done = subprocess.run(
                [PYTHON, "-s", str(RUNNER)], check=False, input=json.dumps(request), capture_output=True, text=True, timeout=TIMEOUT,
                cwd=aside, env=environment | {"MPLCONFIGDIR": str(cache.FOLDER / "matplotlib")},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise GuideError([Problem(f"labs/{name}.py", 0, f"not done after {TIMEOUT} s; make it smaller")]) from None
        answer = Path(request["answer"])
        if not answer.exists():
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise GuideError([Problem(f"labs/{name}.py", 0, f"its Python ended with code {done.returncode}: {last}")])
        return json.loads(answer.read_text("utf-8"))


def _direct_packages() -> list[str]:
    return re.findall(r"^([A-Za-z][\w.-]*)==", (cache.ROOT / "labs" / "requirements.in").read_text("utf-8"), re.M)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_text("utf-8").encode()).hexdigest()  # of the text: line ends do not count


def _load(path: Path) -> dict:
    file = f"labs/results/{path.name}"
    try:
        record = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise GuideError([Problem(file, getattr(error, "lineno", 0), f"not the results of a lab ({error}); run `guide lab {path.stem} --update`")]) from None
    if not (isinstance(record, dict) and isinstance(record.get("results"), dict)):
        raise GuideError([Problem(file, 0, f"holds no `results`; run `guide lab {path.stem} --update`")])
    return record


@lru_cache(maxsize=8192, typed=True)  # of use to a preview, which reads all results after every edit
def _value(raw: float | str) -> Value:
    """A result as estimates know it. Raises ValueError with what is wrong."""
    number, _, unit = raw.partition(" ") if isinstance(raw, str) else (raw, "", "")
    try:
        magnitude = math.nan if isinstance(number, bool) else float(number)
    except (TypeError, ValueError):
        magnitude = math.nan
    if not math.isfinite(magnitude):
        raise ValueError(f"`{raw}` is not a value; give a number, or a text such as \"31.2 percent\"")
    unit = unit.strip().replace("%", "percent")
    quantity = UNITS.Quantity(magnitude, parse_unit(unit))
    if unit.startswith("percent"):  # a hundredth, as in an estimate's input
        quantity = quantity.to(quantity.units / UNITS.percent)
    return Value(quantity, unit)


def _magnitudes(raw: float | str | list) -> tuple[str, list[float]]:
    """(unit, numbers) of a result."""
    if isinstance(raw, list):
        return "", raw
    value = _value(raw)
    return value.unit, [float(value.quantity.magnitude)]


def _wrong_results(results: dict):
    """What is wrong with a lab's results, one sentence each."""
    if not isinstance(results, dict) or not results:
        yield "`run()` gives no results; return a dict of named values"
        return
    for name, raw in results.items():
        if not NAME.fullmatch(name):
            yield f"`{name}` is not a name of a result; use lower case letters, digits and _"
        elif name.endswith(SERIES):
            if not (isinstance(raw, list) and all(isinstance(item, int | float) and math.isfinite(item) for item in raw)):
                yield f"`{name}` is not a list of numbers"
        else:
            try:
                _value(raw if isinstance(raw, str | int | float) else str(raw))
            except ValueError as error:
                yield f"`{name}`: {error}"


def _wrong_tolerance(tolerance: dict, results: dict):
    for name, value in tolerance.items():
        if name not in results:
            yield f"`TOLERANCE` names `{name}`, which is no result"
        elif not (isinstance(value, int | float) and 0 <= value < 1):
            yield f"`TOLERANCE` of `{name}` is {value}; give a share between 0 and 1"


_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_PAINT = ("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity", "fill-opacity", "stroke-opacity")


def _tidy(drawn: str, name: str, title: str, description: str) -> str:
    """matplotlib's SVG as the diagrams' are: px, attributes instead of style sheets, no ids but those of its accessible name, colors of the palette.

    Raises ValueError with what cannot be shown.
    """
    root = etree.fromstring(drawn.encode())
    shapes = {element.get("id"): element for element in root.iter(f"{_SVG}path") if element.get("id")}
    lines, words = [], []
    for element in root.iter(f"{_SVG}path", f"{_SVG}use", f"{_SVG}text", f"{_SVG}image"):
        if any(parent.tag == f"{_SVG}defs" for parent in element.iterancestors()):
            continue
        style = _style(element)
        if element.tag == f"{_SVG}image":
            raise ValueError("holds an image; draw it with shapes")
        if element.tag == f"{_SVG}text":
            words.append(_text(element, style))
            continue
        shape = shapes[element.get(_LINK)[1:]] if element.tag == f"{_SVG}use" else element
        style |= _style(shape)
        if style.get("fill") != "none" or "stroke" in style:
            lines.append(_path(shape, style, float(element.get("x", 0)), float(element.get("y", 0))))
    _, _, width, height = root.get("viewBox").split()
    size = f'width="{svg.number(width)}" height="{svg.number(height)}" viewBox="0 0 {svg.number(width)} {svg.number(height)}"'
    group = f'<g font-family="{FONT_FALLBACK}" stroke-linejoin="round">'
    tidy = "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', group, *lines, *words, "</g>", "</svg>"])
    if foreign := sorted(svg.colours(tidy) - set(LIGHT.values())):
        raise ValueError(f"has colors of its own ({', '.join(foreign)}), which have no dark variant; use `guide:NAME` with a name of guide.diagrams.palette")
    for problem in check_size(tidy):
        raise ValueError(f"is too small to read: {problem}")
    return svg.describe(tidy, f"lab-{name.replace('_', '-')}", title, description) + "\n"


def _style(element: etree._Element) -> dict[str, str]:
    pairs = (part.partition(":") for part in element.get("style", "").split(";") if part.strip())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _path(element: etree._Element, style: dict[str, str], x: float = 0, y: float = 0) -> str:
    if "url(" in style.get("fill", ""):
        raise ValueError("holds a hatch; tell areas apart by tint, edge or label")
    points = re.sub(r"\s*([A-Za-z])\s*", r"\1", _NUMBER.sub(lambda match: svg.number(match[0]), " ".join(element.get("d").split()))).strip()
    paint = {key: _NUMBER.sub(lambda match: svg.number(match[0], 2), style[key]) if "#" not in style[key] else style[key] for key in _PAINT if key in style}
    place = {"transform": f"translate({svg.number(x)} {svg.number(y)})"} if x or y else {}
    return f"<path{_attributes({'d': points, **paint, **place})}/>"


def _text(element: etree._Element, style: dict[str, str]) -> str:
    if len(element):
        raise ValueError(f"holds a formula ({''.join(element.itertext())}); write plain text, also on logarithmic axes")
    font = re.search(r"(?:(\d00|bold)\s+)?([\d.]+)px", style.get("font", "") or f"{style.get('font-weight', '')} {style['font-size']}")
    look = {"font-size": svg.number(font[2]), "fill": style.get("fill", LIGHT["text"])}
    if font[1] and (font[1] == "bold" or int(font[1]) >= 600):
        look["font-weight"] = "600"
    if (anchor := style.get("text-anchor", "start")) != "start":
        look["text-anchor"] = anchor
    moves = {kind: [float(number) for number in _NUMBER.findall(numbers)] for kind, numbers in re.findall(r"(\w+)\(([^)]*)\)", element.get("transform", ""))}
    x, y = (svg.number(float(element.get(axis, 0)) + shift) for axis, shift in zip("xy", moves.get("translate", (0, 0))))
    if angle := moves.get("rotate", [0])[0]:
        look["transform"] = f"rotate({svg.number(angle)} {x} {y})"
    return f"<text{_attributes({'x': x, 'y': y, **look})}>{escape(element.text or '', quote=False)}</text>"


def _attributes(values: dict[str, str]) -> str:
    return "".join(f' {key}="{escape(value)}"' for key, value in values.items())
