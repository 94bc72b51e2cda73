"""Citations: one BibTeX file, `[@key]` in the text, a numbered list of what the page cites at its end."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as etree
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import bibtexparser
from markdown.inlinepatterns import InlineProcessor

from guide.errors import Problem

CITATION = r"\[@([\w:.-]+(?:\s*;\s*@[\w:.-]+)*)\]"
REQUIRED = ("title", "year", "url")


@dataclass(frozen=True)
class Reference:
    """One entry of the bibliography."""

    key: str
    authors: str
    title: str
    venue: str
    year: str
    url: str

    def html(self) -> str:
        """The entry as it stands in a list of references."""
        where = f"{html.escape(self.venue)}, " if self.venue else ""
        address = html.escape(self.url)
        return (
            f'{html.escape(self.authors)}. <cite>{html.escape(self.title)}</cite>. {where}{html.escape(self.year)}. '
            f'<a href="{address}">{html.escape(_short(self.url))}</a>'
        )


def load(path: Path, file: str) -> tuple[dict[str, Reference], dict[str, int], list[Problem]]:
    """Reads the bibliography: key -> reference, key -> line, and what is wrong with it."""
    return _parse(path.read_text("utf-8"), file)


@lru_cache(maxsize=4)  # of use to a preview
def _parse(text: str, file: str) -> tuple[dict[str, Reference], dict[str, int], list[Problem]]:
    library = bibtexparser.parse_string(text)
    problems = [
        Problem(file, (block.start_line or 0) + 1, f"not a BibTeX entry ({block.error}); mend its braces, commas or duplicate key")
        for block in library.failed_blocks
    ]
    references, lines = {}, {}
    for entry in library.entries:
        fields = {key.lower(): _plain(str(field.value)) for key, field in entry.fields_dict.items()}
        missing = [name for name in REQUIRED if not fields.get(name)]
        if not (fields.get("author") or fields.get("organization")):
            missing.append("author or organization")
        if missing:
            problems.append(Problem(file, entry.start_line + 1, f"`{entry.key}` has no {', '.join(missing)}; add the field"))
            continue
        lines[entry.key] = entry.start_line + 1
        references[entry.key] = Reference(
            key=entry.key,
            authors=_authors(fields["author"]) if fields.get("author") else fields["organization"],
            title=fields["title"],
            venue=fields.get("booktitle") or fields.get("journal") or (f"arXiv:{fields['eprint']}" if fields.get("eprint") else fields.get("publisher", "")),
            year=fields["year"],
            url=fields["url"],
        )
    return references, lines, problems


def _plain(text: str) -> str:
    text = re.sub(r"[{}]", "", text.replace("\\&", "&").replace("\\%", "%").replace("--", "–").replace("~", " "))
    return re.sub(r"\s+", " ", text).strip()


def _authors(text: str) -> str:
    names = [_name(name) for name in re.split(r"\s+and\s+", text)]
    if len(names) > 3 or names[-1] == "others":
        return f"{names[0]} et al"
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _name(name: str) -> str:
    """`Covington, Paul` -> `P. Covington`."""
    last, comma, first = name.partition(",")
    if not comma:
        return name.strip()
    initials = " ".join(f"{part[0]}." for part in re.split(r"[\s.]+", first.strip()) if part)
    return f"{initials} {last.strip()}".strip()


def _short(url: str) -> str:
    """The address as a reader wants to see it in a list: host and the start of the path."""
    parts = urlsplit(url)
    text = (parts.netloc.removeprefix("www.") + parts.path).rstrip("/")
    return text if len(text) <= 60 else text[:59] + "…"


class CitationPattern(InlineProcessor):
    """`[@a; @b]` -> a span that `CitationList` numbers once the page is whole."""

    def __init__(self, md):
        super().__init__(CITATION, md)

    def handleMatch(self, match, data):  # noqa: N802 (Markdown's name)
        span = etree.Element("span", {"class": "citation", "data-keys": re.sub(r"[@\s]", "", match[1])})
        return span, match.start(0), match.end(0)


def number(root: etree.Element, references: dict[str, Reference]) -> tuple[list[Reference], list[str]]:
    """Gives the citations under `root` their numbers, in order of first use.

    Returns the references cited, in that order, and the keys that are unknown.
    """
    cited: dict[str, int] = {}
    unknown = []
    for span in root.iter("span"):
        if span.get("class") != "citation":
            continue
        keys = span.attrib.pop("data-keys").split(";")
        span.text = "["
        for position, key in enumerate(keys):
            if key not in references:
                unknown.append(key)
                continue
            link = etree.SubElement(span, "a", {"href": f"#ref-{key}"})
            link.text = str(cited.setdefault(key, len(cited) + 1))
            link.tail = ", " if position < len(keys) - 1 else "]"
    return [references[key] for key in cited], unknown


def append_list(root: etree.Element, cited: list[Reference], store) -> None:
    """Adds the page's references section. `store` keeps raw HTML out of Markdown's sight (htmlStash.store)."""
    etree.SubElement(root, "h2", {"id": "references"}).text = "References"
    items = etree.SubElement(root, "ol", {"class": "references"})
    for reference in cited:
        item = etree.SubElement(items, "li", {"id": f"ref-{reference.key}"})
        item.text = store(reference.html())
