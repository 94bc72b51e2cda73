"""Reads the Mermaid text of an author: finds it, takes out what the guide writes itself, refuses what it forbids."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from guide.diagrams.palette import CLASS_DEFINITIONS, CLASSES
from guide.fences import Fence, scan

TYPES_WITH_CLASSES = set(
    "flowchart graph stateDiagram stateDiagram-v2 classDiagram classDiagram-v2 erDiagram block block-beta "
    "requirementDiagram".split()
)
TITLE = re.compile(r"^\s*accTitle\s*:\s*(.*?)\s*$")
DESCRIPTION = re.compile(r"^\s*accDescr\s*:\s*(.*?)\s*$")
DESCRIPTION_START = re.compile(r"^\s*accDescr\s*\{(.*)$")
COMMENT = re.compile(r"^\s*%%(?!\{)")
OWN_STYLE = re.compile(r"(?:^|;)\s*(style|classDef|linkStyle)\s")
DIRECTIVE = re.compile(r"%%\{\s*(init|initialize|wrap|config)\b")
INFO = re.compile(r"^(?:mermaid\b|\{[^}]*\.mermaid\b)")


class DiagramError(Exception):
    """A diagram cannot be drawn as it is written. `line` counts from 1 in the diagram's own text."""

    def __init__(self, line: int, message: str):
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass(frozen=True)
class Diagram:
    """One diagram as its author wrote it and as Mermaid is given it."""

    source: str
    type: str  # its first word: `flowchart`, `sequenceDiagram`, …
    title: str  # accTitle, empty if there is none
    description: str  # accDescr, on one line
    mermaid: str  # without what the guide writes itself, and with the classes
    origin: tuple[int, ...]  # for each line of `mermaid` its line in the source; none for the classes
    strict: bool = True

    def line(self, number: int | None) -> int:
        """The source's line for a line of `mermaid`; the first line of the drawing if Mermaid named none."""
        return self.origin[min(max(number or 1, 1), len(self.origin)) - 1]


def parse(source: str, strict: bool = True) -> Diagram:
    """Reads one diagram. `strict` is the guide's own style; without it anything Mermaid draws is welcome.

    Raises DiagramError: nothing to draw; if strict also a missing accTitle or accDescr, colours or settings of the
    author's own.
    """
    lines = source.splitlines()
    title, description, kept = _take_out_descriptions(lines)
    first = next((i for i, (_, line) in enumerate(kept) if line.strip()), None)
    if first is None:
        raise DiagramError(1, "the diagram is empty")
    start = _after_front_matter(kept, first)
    word = re.match(r"\s*([\w-]*)", kept[start][1])[1] if start < len(kept) else ""
    has_classes = word in TYPES_WITH_CLASSES
    mermaid = [line for _, line in kept]
    if strict:
        if start != first:
            raise DiagramError(kept[first][0], "no front matter in a diagram: its look is set in guide.diagrams")
        _refuse_own_style(kept, has_classes)
        if not title or not description:
            missing = "accDescr" if title else "accTitle"
            raise DiagramError(kept[first][0], f"the diagram needs a line `{missing}: …` under its first line")
        if has_classes:
            _refuse_unknown_classes(kept)
            mermaid += CLASS_DEFINITIONS
    return Diagram(source, word, title, description, "\n".join(mermaid) + "\n", tuple(n for n, _ in kept), strict)


QUOTED = re.compile(r'"([^"]+)"')
SETTINGS = re.compile(r"@\{([^}]*)\}")  # a node's `@{ shape: cyl, label: "Store" }`: only its label is drawn
AFTER_COLON = re.compile(r"^[^:\"]*[^:\"\s]\s*:(?!:)\s*([^\":][^\"]*)$")
TITLED = re.compile(r"^\s*(?:title|section)\s+([^\"]+)$")
TASK = re.compile(
    r"^\s*(?!\s|(?:title|section|dateFormat|axisFormat|tickInterval|todayMarker|excludes|includes|weekday|click)\b)"
    r"([^:\"]+?)\s*:"
)
LABELS = {
    "sequenceDiagram": [
        AFTER_COLON,
        re.compile(r"^\s*(?:create\s+)?(?:participant|actor)\s+.*?\sas\s+([^\"]+)$"),
        re.compile(r"^\s*(?:alt|else|opt|loop|par|and|critical|option|break)\s+([^\"]+)$"),
    ],
    "stateDiagram": [AFTER_COLON],
    "stateDiagram-v2": [AFTER_COLON],
    "classDiagram": [re.compile(r"(?:--|\.\.).*\s:\s*([^\":]+)$")],
    "erDiagram": [AFTER_COLON],
    "gantt": [TITLED, TASK],
    "journey": [TITLED, TASK],
    "timeline": [TITLED, re.compile(r"(?:^\s*|:\s+)(?!\s|title\s|section\s)([^:\"]+?)(?=\s*:|\s*$)")],
    "quadrantChart": [
        TITLED,
        re.compile(r"^\s*quadrant-\d\s+([^\"]+)$"),
        re.compile(r"^\s*[xy]-axis\s+([^\"]+?)(?:\s*-->\s*([^\"]+))?$"),
    ],
    "xychart": [TITLED],
    "xychart-beta": [TITLED],
}


def labels(diagram: Diagram) -> list[tuple[int, str]]:
    """(line of `diagram.mermaid`, text) of what a reader must find in the drawing.

    Quoted strings in every type; messages, titles, names of tasks where they stand without quotes. Members of a class
    and such are left out: Mermaid writes them in its own way.
    """
    patterns = [QUOTED, *LABELS.get(diagram.type, [])]
    found = []
    for n, line in enumerate(diagram.mermaid.splitlines(), 1):
        if line.strip() == diagram.type or re.match(r"\s*(?:click|classDef)\s", line):
            continue
        line = SETTINGS.sub(lambda match: " ".join(re.findall(r'label:\s*("[^"]*")', match[1])), line)
        found += [(n, text) for pattern in patterns for match in pattern.finditer(line) for text in match.groups() if text]
    return [(n, plain) for n, text in found if (plain := _plain(text))]


def fence_blocks(text: str, suffix: str) -> list[tuple[int, str]]:
    """The diagrams of a file as (line, source): `line` is the file's line of the source's first line.

    A `.mmd` or `.mermaid` file is one diagram. In Markdown every fence with the language `mermaid` counts: backticks
    or tildes of any length, indented or in a quotation, with attributes or without.
    """
    if suffix in (".mmd", ".mermaid"):
        return [(1, text)]
    pieces = scan(text.splitlines())
    return [(piece.number + 1, piece.body + "\n") for piece in pieces if isinstance(piece, Fence) and INFO.match(piece.info)]


Numbered = list[tuple[int, str]]  # lines with their numbers in the source


def _take_out_descriptions(lines: list[str]) -> tuple[str, str, Numbered]:
    """(title, description, the other lines). Comments go too: Mermaid numbers lines as if there were none."""
    title, description, kept = "", "", []
    in_description = False
    for n, line in enumerate(lines, 1):
        if in_description:
            body, closed, _ = line.partition("}")
            description += f" {body.strip()}"
            in_description = not closed
        elif match := TITLE.match(line):
            title = match[1]
        elif match := DESCRIPTION.match(line):
            description = match[1]
        elif match := DESCRIPTION_START.match(line):
            body, closed, _ = match[1].partition("}")
            description = body.strip()
            in_description = not closed
        elif not COMMENT.match(line):
            kept.append((n, line))
    return title, " ".join(description.split()), kept


def _after_front_matter(kept: Numbered, first: int) -> int:
    """The index of the line that names the type of the diagram."""
    start = first
    if kept[first][1].strip() == "---":
        ends = [i for i in range(first + 1, len(kept)) if kept[i][1].strip() == "---"]
        start = ends[0] + 1 if ends else first + 1
    while start < len(kept) and (not kept[start][1].strip() or kept[start][1].strip().startswith("%%")):
        start += 1
    return start


def _refuse_own_style(kept: Numbered, has_classes: bool) -> None:
    known = ", ".join(f":::{name}" for name in CLASSES)
    for n, line in kept:
        if has_classes and (match := OWN_STYLE.search(re.sub(QUOTED, '""', line))):
            raise DiagramError(n, f"no `{match[1]}` of your own: use one of the classes {known}")
        if DIRECTIVE.search(line):
            raise DiagramError(n, "no %%{init} of your own: the look of all diagrams is set in guide.diagrams")


def _refuse_unknown_classes(kept: Numbered) -> None:
    for n, line in kept:
        for name in re.findall(r":::\s*([\w-]+)", re.sub(QUOTED, '""', line)):
            if name not in CLASSES:
                known = ", ".join(f":::{known}" for known in CLASSES)
                raise DiagramError(n, f"unknown class `:::{name}`: use one of {known}")


def _plain(label: str) -> str:
    """The label as a reader sees it: line breaks are spaces, entities are characters."""
    text = re.sub(r"<br\s*/?>|\\n", " ", label)
    text = re.sub(r"#(\w+);", lambda m: f"&#{m[1]};" if m[1].isdigit() else f"&{m[1]};", text)
    return " ".join(html.unescape(text).split())
