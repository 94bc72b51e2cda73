"""From the pages of the site to one printed document: what is interactive is opened out, chapters are joined, ids and links made the book's own."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bs4 import BeautifulSoup, NavigableString, Tag
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

from guide import diagrams, floats, formulas
from guide.library import Library

ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.S)


@dataclass
class Chapter:
    """A page made ready for print. `html` is its body; `sections` are (id, number, title)."""

    page: Page
    slug: str
    number: int | None
    title: str
    html: str = ""
    sections: list[tuple[str, str, str]] = field(default_factory=list)
    figures: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"Chapter {self.number}" if self.number else ""


@dataclass
class Part:
    """A top-level section of the reading order."""

    number: str
    title: str
    slug: str
    chapters: list[Chapter]


@dataclass
class Book:
    """What `book.html` sets: parts of chapters, and index entries (term, ids of the places)."""

    parts: list[Part]
    index: list[tuple[str, list[str]]]
    problems: list[tuple[str, str]]  # (page uri, what is wrong)


def parts_of(nav: Navigation) -> list[tuple[str, list[Page]]]:
    """The top-level sections of the reading order: (title, its pages, at any depth)."""
    return [(item.title, list(_pages(item))) for item in nav.items if isinstance(item, Section)]


def _pages(item) -> Iterable[Page]:
    if isinstance(item, Page):
        yield item
    for child in getattr(item, "children", None) or ():
        yield from _pages(child)


def chapter_numbers(nav: Navigation) -> dict[str, int]:
    """uri -> chapter number, for every page of the book except reference pages."""
    pages = [page for _, pages in parts_of(nav) for page in pages if not page.file.src_uri.startswith("reference/")]
    return {page.file.src_uri: number for number, page in enumerate(pages, 1)}


class PrintPage:
    """One page's content as it stands on paper. Drawings are kept aside while the rest is worked on, which is several times faster."""

    def __init__(self, html: str):
        self._drawings: list[str] = []
        self.soup = BeautifulSoup(formulas.for_print(_DRAWING.sub(self._keep, html)), "lxml").body or BeautifulSoup("<body></body>", "lxml").body
        self._open_out()

    def _keep(self, match: re.Match) -> str:
        self._drawings.append(match[0])
        return f'<i data-drawing="{len(self._drawings) - 1}"></i>'

    def _open_out(self) -> None:
        soup = self.soup
        for element in soup.select("a.headerlink, a.footnote-backref, script, input, button, .screen-only"):
            element.decompose()
        for block in soup.select("details"):
            block.name = "div"
            block["class"] = [*block.get("class", []), "admonition"]
            block.attrs.pop("open", None)
            if summary := block.find("summary", recursive=False):
                summary.name, summary["class"] = "p", ["admonition-title"]
        for tabs in soup.select(".tabbed-set"):
            labels = [label.get_text() for label in tabs.select(":scope > .tabbed-labels > label")]
            for label, block in zip(labels, tabs.select(":scope > .tabbed-content > .tabbed-block")):
                title = BeautifulSoup("", "lxml").new_tag("p", attrs={"class": "tab-title"})
                title.string = label
                block.insert(0, title)
            tabs.select_one(".tabbed-labels").decompose()
        for link in soup.select("a[href]"):
            _plain_link(link)
            link.attrs.pop("title", None)
        for element in soup.select("[tabindex], [role=group]"):
            element.attrs.pop("tabindex", None)
            element.attrs.pop("role", None)
            element.attrs.pop("aria-label", None)

    def ids(self) -> set[str]:
        return {element["id"] for element in self.soup.find_all(id=True)}

    def html(self) -> str:
        body = self.soup.decode_contents()
        return re.sub(r'<i data-drawing="(\d+)"></i>', lambda match: diagrams.for_print(self._drawings[int(match[1])]), body)


def _plain_link(link: Tag) -> None:
    """PDF/UA wants text alone in a link: `<a><code>x</code></a>` becomes `<code><a>x</a></code>`."""
    children = [child for child in link.children if isinstance(child, Tag)]
    if len(children) == 1 and len(link.contents) == 1 and not children[0].find(True):
        child = children[0].extract()
        link.string = child.get_text()
        child.clear()
        link.wrap(child)
    elif children:
        link.string = link.get_text()


def site_links_absolute(page: PrintPage, url: str, site_url: str) -> None:
    """In a chapter's own PDF, links to other pages lead to the site."""
    for link in page.soup.select("a[href]"):
        address = link["href"]
        if not re.match(r"[a-z][a-z+.-]*:|#", address):
            path, _, fragment = address.partition("#")
            link["href"] = site_url + _join(url, path) + (f"#{fragment}" if fragment else "")


def _join(url: str, path: str) -> str:
    """The site-relative address of `path` seen from the page `url`, as MkDocs writes it (ending in / for pages)."""
    joined = posixpath.normpath(posixpath.join(url or ".", path))
    joined = "" if joined == "." else joined
    return joined + "/" if path.endswith("/") and joined else joined


def number_sections(page: PrintPage, chapter: Chapter) -> None:
    """Numbers the sections (2.1, 2.2 …) except the references, and notes them for the contents."""
    count = 0
    for heading in page.soup.find_all("h2"):
        title = heading.get_text().strip()
        if heading.get("id", "").endswith("references") or not chapter.number:
            number = ""
        else:
            count += 1
            number = f"{chapter.number}.{count}"
            mark = BeautifulSoup("", "lxml").new_tag("span", attrs={"class": "section-number"})
            mark.string = number
            heading.insert(0, mark)
            heading.insert(1, " ")
        chapter.sections.append((heading.get("id", ""), number, title))


def chapter_of(page: Page, library: Library) -> Chapter:
    source = library.sources[page.file.src_uri]
    return Chapter(page, source.slug, library.numbers.get(page.file.src_uri), source.head.title)


def assemble(nav: Navigation, library: Library, site_url: str, plans: dict[str, dict[str, list[int]]]) -> Book:
    """Joins all pages of the book. A link between two of them becomes a link inside the book.

    plans: uri -> how the blocks of the page are set (see guide.floats).
    """
    structure = [(title, [(chapter_of(page, library), PrintPage(page.content)) for page in pages]) for title, pages in parts_of(nav)]
    everything = [pair for _, pairs in structure for pair in pairs]
    slugs = {chapter.page.url: chapter.slug for chapter, _ in everything}
    ids = {chapter.page.url: prepared.ids() for chapter, prepared in everything}
    problems: list[tuple[str, str]] = []
    index: dict[str, list[str]] = {}
    for chapter, prepared in everything:
        floats.reorder(prepared.soup, plans[chapter.page.file.src_uri])
        own = f"{chapter.slug}--"
        for element in prepared.soup.find_all(id=True):
            element["id"] = own + element["id"]
        for link in prepared.soup.select("a[href]"):
            _link_inside(link, chapter, slugs, ids, site_url, problems)
        number_sections(prepared, chapter)
        for term, place in _index_places(prepared, chapter, library):
            index.setdefault(term, []).append(place)
        chapter.figures = [
            (figure["id"], caption.select_one(".label").get_text(), caption.get_text().split(" ", 2)[-1].strip())
            for figure in prepared.soup.select("figure[id]")
            if (caption := figure.find("figcaption")) and caption.select_one(".label")
        ]
        chapter.html = prepared.html()
    parts = [
        Part(ROMAN[number], title, f"part-{number + 1}", [chapter for chapter, _ in pairs])
        for number, (title, pairs) in enumerate(structure)
    ]
    return Book(parts, sorted(index.items(), key=lambda entry: entry[0].lower()), problems)


def _link_inside(link: Tag, chapter: Chapter, slugs: dict[str, str], ids: dict[str, set[str]], site_url: str, problems: list) -> None:
    address = link["href"]
    if re.match(r"[a-z][a-z+.-]*:", address):
        link["class"] = [*link.get("class", []), "external"]
        return
    path, _, fragment = address.partition("#")
    target = _join(chapter.page.url, path) if path else chapter.page.url
    if target not in slugs:
        link["href"] = site_url + target + (f"#{fragment}" if fragment else "")
    elif fragment and fragment not in ids[target]:
        problems.append((chapter.page.file.src_uri, f"the link `{address}` has no target in the book; correct its anchor"))
    else:
        link["href"] = f"#{slugs[target]}--{fragment}" if fragment else f"#{slugs[target]}"
        if target != chapter.page.url and "term" not in link.get("class", []):
            link["class"] = [*link.get("class", []), "elsewhere"]


def _index_places(prepared: PrintPage, chapter: Chapter, library: Library) -> Iterable[tuple[str, str]]:
    """One place a chapter for each term it uses: its entry in the glossary, a heading that names it, else its first use."""
    places: dict[str, str] = {}
    if chapter.page.file.src_uri.startswith("reference/"):
        anchors = {term.anchor: term.name for term in library.terms}
        for entry in prepared.soup.find_all("dt", id=True):
            if (name := anchors.get(entry["id"].split("--", 1)[1])):
                places[name] = entry["id"]
        return places.items()
    for heading in prepared.soup.find_all(["h2", "h3"], id=True):
        for _, _, term in library.matcher.find(heading.get_text()):
            places.setdefault(term.name, heading["id"])
    for text in list(prepared.soup.find_all(string=True)):
        if not isinstance(text, NavigableString) or text.find_parent(["p", "li", "td"]) is None or text.find_parent(["code", "h2", "h3"]):
            continue
        for _, _, term in library.matcher.find(str(text)):
            if term.name not in places:
                holder = text.find_parent(["p", "li", "td"])
                if not holder.get("id"):
                    holder["id"] = f"{chapter.slug}--use-{len(places)}"
                places[term.name] = holder["id"]
    return places.items()
