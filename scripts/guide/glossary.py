"""The glossary: one page of definitions, from which every other page gets its tooltips and the book its index."""

from __future__ import annotations

import re
import xml.etree.ElementTree as etree
from collections.abc import Iterator
from dataclasses import dataclass

from guide.errors import Problem

_ENTRY = re.compile(r"^(?P<head>[^\s:#>|`!-][^\n]*)\n+:   (?P<definition>[^\n]+)", re.M)
_HEAD = re.compile(r"(?P<name>.+?)(?:\s*\((?P<aliases>[^()]+)\))?$")


@dataclass(frozen=True)
class Term:
    """A term, its other names, and its definition as plain text."""

    name: str
    aliases: tuple[str, ...]
    definition: str

    @property
    def anchor(self) -> str:
        return slug(self.name)


def slug(name: str) -> str:
    return "term-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def head(text: str) -> tuple[str, tuple[str, ...]]:
    """`Term (ALIAS, other)` -> its name and aliases."""
    match = _HEAD.fullmatch(text.strip())
    aliases = tuple(part.strip() for part in (match["aliases"] or "").split(",") if part.strip())
    return match["name"], aliases


def load(text: str, file: str, offset: int = 0) -> tuple[list[Term], list[Problem]]:
    """Reads the glossary page: its terms, and what is wrong with it."""
    terms, problems, seen = [], [], {}
    for match in _ENTRY.finditer(text):
        line = text.count("\n", 0, match.start()) + 1 + offset
        name, aliases = head(match["head"])
        for spelling in (name, *aliases):
            if spelling.lower() in seen:
                problems.append(Problem(file, line, f"`{spelling}` is already the term of line {seen[spelling.lower()]}; merge the two"))
            seen[spelling.lower()] = line
        terms.append(Term(name, aliases, re.sub(r"[*`]|\[([^\]]+)\]\([^)]+\)", lambda m: m[1] or "", match["definition"]).strip()))
    return terms, problems


class Matcher:
    """Finds terms in running text: whole words, plural allowed; an all-capitals name only in capitals."""

    def __init__(self, terms: list[Term]):
        self._terms: dict[str, Term] = {}
        for term in terms:
            for spelling in (term.name, *term.aliases):
                self._terms[spelling if _shouts(spelling) else _spaced(spelling)] = term
        spellings = sorted(self._terms, key=len, reverse=True)
        alternatives = "|".join(_pattern(spelling) for spelling in spellings) or r"(?!)"
        self._regex = re.compile(rf"(?<![\w-])(?:{alternatives})(?![\w-])")

    def find(self, text: str) -> Iterator[tuple[int, int, Term]]:
        """(start, end, term) of every use in the text, in order."""
        for match in self._regex.finditer(text):
            word, spaced = match[0], _spaced(match[0])
            for key in (word, word.removesuffix("s"), spaced, spaced.removesuffix("s")):
                if key in self._terms:
                    yield match.start(), match.end(), self._terms[key]
                    break


def _spaced(text: str) -> str:
    """`Feature-\nStores` -> `feature stores`: how spellings are compared."""
    return re.sub(r"[\s-]+", " ", text.lower())


def _shouts(spelling: str) -> bool:
    return sum(character.isupper() for character in spelling) > 1 and " " not in spelling


def _pattern(spelling: str) -> str:
    # A space of the term may be a line break or a hyphen in the text, and the other way round.
    escaped = r"[\s-]+".join(re.escape(word) for word in re.split(r"[\s-]+", spelling))
    if _shouts(spelling):
        return escaped + "s?"
    return f"(?i:{escaped}s?)"


_SKIP = {"a", "code", "pre", "h1", "h2", "h3", "h4", "summary", "dt", "th", "script", "cite"}


def link_first_uses(root: etree.Element, matcher: Matcher, address: str) -> None:
    """Turns the first use of each term below `root` into a link to its entry, with the definition as tooltip.

    address: the relative address of the glossary page.
    """
    seen: set[str] = set()

    def put(parent: etree.Element, text: str) -> None:
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + text
        else:
            parent.text = (parent.text or "") + text

    def add_text(parent: etree.Element, text: str | None) -> None:
        done = 0
        for start, end, term in matcher.find(text or ""):
            if term.name not in seen:
                seen.add(term.name)
                put(parent, text[done:start])
                link = etree.SubElement(parent, "a", {"class": "term", "href": f"{address}#{term.anchor}", "title": term.definition})
                link.text = text[start:end]
                done = end
        if text:
            put(parent, text[done:])

    def rewrite(element: etree.Element) -> None:
        children, text = list(element), element.text
        element[:], element.text = [], None
        add_text(element, text)
        for child in children:
            tail, child.tail = child.tail, None
            if child.tag not in _SKIP and "arithmatex" not in child.get("class", ""):
                rewrite(child)
            element.append(child)
            add_text(element, tail)

    rewrite(root)


def anchor_entries(root: etree.Element) -> None:
    """Gives each entry of the glossary page the id that the tooltips link to."""
    for entry in root.iter("dt"):
        entry.set("id", slug(head("".join(entry.itertext()))[0]))
