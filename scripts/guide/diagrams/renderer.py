"""Draws each diagram once and keeps it: `Renderer` gives drawings, from the cache or from the browser."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from fontTools.ttLib import TTFont

from guide import cache as store
from guide.diagrams import browser, sizes, svg
from guide.diagrams.palette import LIGHT
from guide.diagrams.settings import config
from guide.diagrams.source import Diagram, DiagramError, labels
from guide.fonts import woff2

CODE = [Path(__file__).with_name(name) for name in ("flatten.js", "simplify.py", "svg.py", "palette.py")]


@dataclass(frozen=True)
class Drawing:
    """One drawn diagram. Lengths are CSS px."""

    diagram: Diagram
    svg: str

    def print(self, prefix: str) -> str:
        """SVG with literal colours, for the book. `prefix` begins its ids: one per diagram of a document."""
        return svg.describe(self.svg, prefix, self.diagram.title, self.diagram.description)

    def web(self, prefix: str) -> str:
        """SVG with `var(--mm-…)` colours, for a page that loads `assets/css/diagrams.css`."""
        return svg.describe(svg.themable(self.svg), prefix, self.diagram.title, self.diagram.description)

    @cached_property
    def size(self) -> tuple[float, float]:
        """Natural width and height."""
        return sizes.natural_size(self.svg)

    @cached_property
    def text(self) -> str:
        """Every word of the drawing, one label's line a line."""
        return svg.text(self.svg)


class Renderer:
    """Draws diagrams; the browser starts at the first one that is not in the cache.

    A context manager, usable from any thread. `folder` is where drawings are kept.
    """

    def __init__(self, folder: Path | None = None):
        self._folder = folder or store.FOLDER / "diagrams"
        self._browser = browser.Browser()
        self._lock = threading.Lock()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the browser if it was started. The renderer may be used again."""
        self._browser.close()

    def render(self, diagram: Diagram) -> Drawing:
        """The drawing of a diagram. Raises DiagramError with the line of the diagram's source."""
        path = self._folder / f"{store.key(_versions(), diagram.mermaid, str(diagram.strict))}.svg"
        with self._lock:
            drawn = _read(path)
            if drawn is None:
                drawn = self._draw(diagram)
                _write(path, drawn)
        return Drawing(diagram, drawn)

    def _draw(self, diagram: Diagram) -> str:
        if diagram.strict:
            _refuse_missing_glyphs(diagram)
        try:
            flat = self._browser.draw(diagram.mermaid)
        except browser.Failure as failure:
            raise _explained(diagram, failure) from None
        if not flat["items"]:
            raise DiagramError(diagram.line(1), "Mermaid drew nothing")
        if flat["unknown"] and diagram.strict:
            what = ", ".join(flat["unknown"])
            raise DiagramError(diagram.line(1), f"a `{diagram.type}` diagram cannot be printed: it needs {what}")
        drawn = svg.compose(flat)
        if diagram.strict:
            _refuse_foreign_colours(diagram, drawn)
            _refuse_lost_words(diagram, drawn)
        return drawn


@cache
def _versions() -> str:
    """A hash of all that a drawing depends on besides its source."""
    files = [*CODE, *(woff2("sans", name) for name in browser.FACES.values())]
    settings = json.dumps(config(), sort_keys=True)
    return store.key(browser.mermaid(), settings, browser.DRAW, *(file.read_bytes() for file in files))


def _read(path: Path) -> str | None:
    """A kept drawing; None if there is none or if it is not what was written."""
    try:
        digest, drawn = path.read_text("utf8").split("\n", 1)
    except (FileNotFoundError, ValueError):
        return None
    return drawn if digest == _digest(drawn) else None


def _write(path: Path, drawn: str) -> None:
    store.write(path, f"{_digest(drawn)}\n{drawn}".encode())


def _digest(drawn: str) -> str:
    return f"<!-- {hashlib.sha256(drawn.encode()).hexdigest()} -->"


def _explained(diagram: Diagram, failure: browser.Failure) -> DiagramError:
    """Mermaid's report as one line, with the source's line instead of Mermaid's drawing of the place.

    Its older parsers give the line as a number, its newer ones only in the message, some only what they stumbled over.
    """
    message = str(failure)
    named = re.search(r"\bline:? (\d+)", message)
    line = failure.line or (int(named[1]) if named else None)
    thing = message.split(":")[-1].strip()
    if line is None and thing and diagram.mermaid.count(thing) == 1:
        line = diagram.mermaid[: diagram.mermaid.index(thing)].count("\n") + 1
    unexpected = re.search(r"got '(.+?)'\s*$|unexpected character: ->(.+?)<-", message, re.M)
    syntax = unexpected or re.search(r"(Parse|Lexical|Syntax) error|Parsing failed", message)
    if not syntax:
        said = " ".join(message.split(" matching given configuration")[0].split())
        return DiagramError(diagram.line(line), f"Mermaid: {said}")
    number = diagram.line(line)
    text = diagram.source.splitlines()[number - 1].strip()
    token = next(filter(None, unexpected.groups()), "") if unexpected else ""
    is_name = re.fullmatch(r"[A-Z_]*", token)  # of a class of tokens, which says nothing to an author
    return DiagramError(number, f"Mermaid cannot read `{text}`" + ("" if is_name else f" (unexpected {token})"))


def _refuse_missing_glyphs(diagram: Diagram) -> None:
    """A character the typeface lacks would be drawn by whatever font the machine has."""
    known = _characters()
    for n, line in enumerate(diagram.mermaid.splitlines(), 1):
        for character in line:
            if ord(character) not in known and not character.isspace():
                name = f"“{character}” (U+{ord(character):04X})"
                raise DiagramError(diagram.line(n), f"the typeface of the diagrams has no {name}")


@cache
def _characters() -> frozenset[int]:
    return frozenset(TTFont(woff2("sans")).getBestCmap())


def _refuse_foreign_colours(diagram: Diagram, drawn: str) -> None:
    foreign = sorted(svg.colours(drawn) - set(LIGHT.values()))
    if foreign:
        raise DiagramError(
            diagram.line(1),
            f"a colour of its own ({', '.join(foreign)}), which has no dark variant: use the classes, or another "
            f"type of diagram than `{diagram.type}`",
        )


def _refuse_lost_words(diagram: Diagram, drawn: str) -> None:
    """Mermaid drops characters from labels silently: what the author wrote must be in the drawing."""
    shown = "".join(svg.text(drawn).split())
    for n, label in labels(diagram):
        if "".join(label.split()) not in shown:
            raise DiagramError(diagram.line(n), f"Mermaid did not draw the label “{label}” as it is written")
