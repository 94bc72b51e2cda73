"""Fenced blocks of Markdown, found in one way by all who look for them: backticks or tildes of any length, indented or in a quotation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_OPENING = re.compile(r"^(?P<indent>[ \t>]*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>.*?)[ \t]*$")


@dataclass(frozen=True)
class Fence:
    """One block. `number` is its opening line, from 1; `closing` is None if it is never closed."""

    number: int
    opening: str
    info: str
    indent: str  # before the opening mark, quotation marks too
    lines: tuple[str, ...]  # between the opening and the closing line, as they stand
    closing: str | None

    @property
    def kind(self) -> str:
        """The first word of the info string: `python`, `mermaid` …"""
        return self.info.split()[0] if self.info else ""

    @property
    def body(self) -> str:
        """The lines without the indentation of the fence, as far as they have it."""
        return "\n".join(_dedent(line, self.indent) for line in self.lines)


def scan(lines: list[str]) -> Iterator[Fence | tuple[int, str]]:
    """The text of a page, in order: its fences, and (number from 1, line) of every line outside them."""
    at = 0
    while at < len(lines):
        opening = _OPENING.match(lines[at])
        at += 1
        if not opening or (opening["mark"][0] == "`" and "`" in opening["info"]):
            yield at, lines[at - 1]
            continue
        start, mark = at, opening["mark"]
        closing = re.compile(rf"^[ \t>]*{mark[0]}{{{len(mark)},}}[ \t]*$")
        while at < len(lines) and not closing.match(lines[at]):
            at += 1
        closed = lines[at] if at < len(lines) else None
        yield Fence(start, lines[start - 1], opening["info"], opening["indent"], tuple(lines[start:at]), closed)
        at += 1


def fences(text: str) -> Iterator[Fence]:
    """Every fenced block of a Markdown text that is closed."""
    return (piece for piece in scan(text.split("\n")) if isinstance(piece, Fence) and piece.closing is not None)


def _dedent(line: str, indent: str) -> str:
    """Takes an indentation or quotation mark off a line, as far as it is there."""
    at = 0
    while at < min(len(indent), len(line)) and (line[at] == indent[at] or line[at] in " \t"):
        at += 1
    return line[at:]
