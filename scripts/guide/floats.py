"""Where figures stand on paper: a figure, estimate or captioned table that does not fit at the foot of a page lets the text after it go first.

WeasyPrint has no page floats. So a chapter is laid out once on one endless page, which gives the height of each of its blocks, and the blocks are put in the order
in which a typesetter would place them: text flows on, a figure waits for the top of the next page, never past the end of its section or past another figure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bs4 import Tag
from weasyprint import HTML

from guide.cache import FOLDER, key, write

PAGE = 191 / 25.4 * 96  # height of the text block in CSS px: 235 mm less the margins of print.css
LONG = PAGE * 0.35  # an estimate higher than this may be cut: whole, it leaves holes
HEAD = 130  # of a long estimate that is cut, this much stays together: its title and the first rows
SLACK = 36  # a figure that fits by less than this is held back: pages were seen to hold up to 27 px less than the endless one says
FOOT = 34  # less than this is left at the foot of a page: no two lines of a paragraph fit
ENDLESS = "<style>@page { size: 178mm 60000mm }</style>"


@dataclass(frozen=True)
class Block:
    """A top-level piece of a chapter. height: CSS px, with the space up to the next."""

    height: float
    kind: str  # "section", "heading" (keeps with what follows), "float" (moves), "solid" (never broken), "formula" (belongs to the text before it), "table" (a long estimate, which may be cut), "text"


def kind_of(element: Tag, height: float) -> str:
    """How a block of some height (CSS px) behaves at the end of a page."""
    classes = element.get("class", [])
    if element.name == "h2":
        return "section"
    if element.name in ("h3", "h4"):
        return "heading"
    if "estimate" in classes and height > LONG:
        return "table"
    if element.name == "figure" or "estimate" in classes:
        return "float"
    if "math" in classes:
        return "formula"
    if "admonition" in classes and "question" not in classes:
        return "solid"
    if "table-wrap" in classes and height < PAGE * 0.3:  # a small table is not worth a repeated head
        return "solid"
    return "text"


def kinds_of(elements: list[Tag], heights: list[float]) -> tuple[list[str], list[int]]:
    """The kind of each block, and which blocks are leads: text that ends in a colon keeps with the figure after it, which then stays where it is."""
    kinds = [kind_of(element, height) for element, height in zip(elements, heights, strict=True)]
    leads = [number for number, pair in enumerate(zip(kinds, kinds[1:])) if pair in (("text", "float"), ("text", "table")) and elements[number].get_text().rstrip().endswith(":")]
    for number in leads:
        kinds[number] = "heading"
        kinds[number + 1] = "solid" if kinds[number + 1] == "float" else "table"
    return kinds, leads


def measure(document: str, base_url: str) -> tuple[float, list[float]]:
    """The height of what stands before the blocks marked `data-block`, and of each block to the top of the next; CSS px."""
    tops: dict[int, float] = {}
    start = end = 0.0
    for page in HTML(string=document.replace("</head>", ENDLESS + "</head>", 1), base_url=base_url).render().pages:
        start = page._page_box.content_box_y()
        for box in page._page_box.descendants():
            mark = box.element.get("data-block") if getattr(box, "element", None) is not None else None
            if mark is not None and int(mark) not in tops:
                tops[int(mark)] = box.position_y
                end = max(end, box.position_y + box.margin_height())
    edges = [tops[number] for number in sorted(tops)] + [end]
    return edges[0] - start, [after - before for before, after in zip(edges, edges[1:])]


def arrange(blocks: list[Block], opening: float) -> list[int]:
    """The order in which to set the blocks, as indices.

    opening: height of what stands before them on the first page, CSS px.
    """
    return list(_Typesetter(blocks, opening))


class _Typesetter:
    def __init__(self, blocks: list[Block], opening: float):
        self.blocks, self.y, self.waiting = blocks, opening, []

    def __iter__(self) -> Iterator[int]:
        turned = False  # whether a page has ended since a waiting figure was last let go
        for number, block in enumerate(self.blocks):
            if block.kind == "float":
                if self.waiting or self.y + block.height > PAGE - SLACK:
                    self.waiting.append(number)
                else:
                    self.y += block.height
                    yield number
                continue
            if block.kind == "section":
                yield from self._release()
            if self.y + self._needs(number) > PAGE:  # the page ends before this block
                self.y, turned = 0, True
                if block.kind != "formula":
                    yield from self._release()
            yield number
            self.y += block.height
            if self.y > PAGE:  # the block runs on to the next page
                self.y, turned = self.y % PAGE, True
            if turned and not self._leads_to_formula(number):  # what waits follows it there
                yield from self._release()
                turned = False
        yield from self._release()

    def _leads_to_formula(self, number: int) -> bool:
        following = (block.kind for block in self.blocks[number + 1 :] if block.kind != "float")
        return next(following, "") == "formula"

    def _release(self) -> Iterator[int]:
        for number in self.waiting:
            height = self.blocks[number].height
            self.y = self.y + height if self.y + height <= PAGE else height
            yield number
        self.waiting = []

    def _needs(self, number: int) -> float:
        """How much of a page a block must find at its start."""
        block = self.blocks[number]
        if block.kind in ("solid", "formula"):
            return block.height
        if block.kind == "text":
            return min(block.height, FOOT)
        if block.kind == "table":
            return min(block.height, HEAD)
        following = next((index for index in range(number + 1, len(self.blocks)) if self.blocks[index].kind != "float"), None)
        return block.height + (self._needs(following) if following is not None else 0)


def best_plan(body: Tag, document: Callable[[], str], base_url: str) -> dict[str, list[int]]:
    """How the elements of a chapter's `body` are best set: their `order`, which are to stay `whole` or may be `cut`, and which `lead` to the next; by index.

    document: makes the print document from the body as it is at the time.
    """
    elements = _elements(body)
    for number, element in enumerate(elements):
        element["data-block"] = str(number)
    text = document()
    for element in elements:
        del element["data-block"]
    cached = FOLDER / "arrangements" / (key(text, Path(__file__).read_bytes()) + ".json")
    if not cached.exists():
        opening, heights = measure(text, base_url)
        kinds, leads = kinds_of(elements, heights)
        plan = {
            "order": arrange([Block(height, kind) for height, kind in zip(heights, kinds)], opening),
            "whole": [number for number, kind in enumerate(kinds) if kind == "solid"],
            "cut": [number for number, kind in enumerate(kinds) if kind == "table"],
            "lead": leads,
        }  # fmt: skip
        write(cached, json.dumps(plan).encode())
    return json.loads(cached.read_bytes())


def reorder(body: Tag, plan: dict[str, list[int]]) -> None:
    """Puts the elements of a chapter's `body` in the order of a plan from `best_plan`, and marks those that must not be cut or left alone."""
    elements = [element.extract() for element in _elements(body)]
    for mark in ("whole", "cut", "lead"):
        for number in plan[mark]:
            elements[number]["class"] = [*elements[number].get("class", []), mark]
    body.extend(elements[number] for number in plan["order"])


def _elements(body: Tag) -> list[Tag]:
    return [child for child in body.children if isinstance(child, Tag)]
