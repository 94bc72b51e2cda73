"""From the pages of the site to chapters for print: what is interactive is opened out, sections are numbered, links say where they lead."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bs4 import BeautifulSoup, NavigableString, Tag
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

from guide import diagrams, formulas
from guide.library import Library

ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.S)


@dataclass
class Chapter:
    """A page made ready for print. `sections` are (id, number, title), `places` says where an id is ("section 7.3"), `terms` where a term of the index is (term, id)."""

    page: Page
    slug: str
    number: int | None
    title: str
    body: PrintPage
    sections: list[tuple[str, str, str]] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    terms: list[tuple[str, str]] = field(default_factory=list)

    @property
    def uri(self) -> str:
        return self.page.file.src_uri

    @property
    def label(self) -> str:
        return f"Chapter {self.number}" if self.number else ""

    @property
    def html(self) -> str:
        """The body as it stands now."""
        return self.body.html()


@dataclass
class Part:
    """A top-level section of the reading order."""

    number: str
    title: str
    slug: str
    chapters: list[Chapter]


def parts_of(nav: Navigation) -> list[tuple[str, list[Page]]]:
    """The top-level sections of the reading order: (title, its pages, at any depth)."""
    return [(item.title, list(_pages(item))) for item in nav.items if isinstance(item, Section)]


def _pages(item) -> Iterable[Page]:
    if isinstance(item, Page):
        yield item
    for child in getattr(item, "children", None) or ():
        yield from _pages(child)


def chapter_numbers(nav: Navigation, library: Library) -> dict[str, int]:
    """uri -> chapter number, for every page of the book except reference pages and tools."""
    uris = [page.file.src_uri for _, pages in parts_of(nav) for page in pages]
    return {uri: number for number, uri in enumerate((uri for uri in uris if library.is_chapter(uri)), 1)}


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


def join(url: str, path: str) -> str:
    """The site-relative address of `path` seen from the page `url`, as MkDocs writes it (ending in / for pages)."""
    joined = posixpath.normpath(posixpath.join(url or ".", path))
    joined = "" if joined == "." else joined
    return joined + "/" if path.endswith("/") and joined else joined


def read(nav: Navigation, library: Library, site_url: str) -> list[Part]:
    """All pages of the book, made ready for print: sections numbered, terms of the index marked, links that lead to another page named after its place."""
    parts = [
        Part(ROMAN[number], title, f"part-{number + 1}", [_chapter(page, library) for page in pages])
        for number, (title, pages) in enumerate(parts_of(nav))
    ]  # fmt: skip
    chapters = {chapter.page.url: chapter for part in parts for chapter in part.chapters}
    for chapter in chapters.values():
        for link in chapter.body.soup.select("a[href]"):
            lead_out(link, chapter.page.url, chapters, site_url)
    return parts


def _chapter(page: Page, library: Library) -> Chapter:
    source = library.sources[page.file.src_uri]
    chapter = Chapter(page, source.slug, library.numbers.get(page.file.src_uri), source.head.title, PrintPage(page.content))
    _number_sections(chapter)
    chapter.terms = list(_index_places(chapter, library))
    return chapter


def _number_sections(chapter: Chapter) -> None:
    """Numbers the sections (2.1, 2.2 …) except the references, and notes them, and what stands in each, for the contents and for references from elsewhere."""
    count, here = 0, chapter.label.lower()
    for element in chapter.body.soup.find_all(lambda tag: tag.name == "h2" or tag.get("id")):
        if element.name == "h2":
            title, number, here = element.get_text().strip(), "", chapter.label.lower()
            if chapter.number and not element.get("id", "").endswith("references"):
                count += 1
                number = f"{chapter.number}.{count}"
                here = f"section {number}"
                mark = BeautifulSoup("", "lxml").new_tag("span", attrs={"class": "section-number"})
                mark.string = number
                element.insert(0, mark)
                element.insert(1, " ")
            chapter.sections.append((element.get("id", ""), number, title))
        if element.get("id"):
            chapter.places[element["id"]] = here


def lead_out(link: Tag, url: str, chapters: dict[str, Chapter], site_url: str) -> None:
    """Gives a link from the page `url` to another page the address on the site, and says after it where in the book that is: on paper nobody can press it."""
    if re.match(r"[a-z][a-z+.-]*:|#", link["href"]):
        return
    path, _, fragment = link["href"].partition("#")
    target = join(url, path)
    link["href"] = site_url + target + (f"#{fragment}" if fragment else "")
    if target in chapters and target != url and "term" not in link.get("class", []):
        link["class"] = [*link.get("class", []), "elsewhere"]
        if place := chapters[target].places.get(fragment, chapters[target].label.lower()):
            link["data-place"] = place.replace(" ", "\u00a0")


def index_of(parts: list[Part]) -> list[tuple[str, list[tuple[Chapter, str]]]]:
    """The index of terms: (term, [(chapter, id)]) in alphabetical order."""
    index: dict[str, list[tuple[Chapter, str]]] = {}
    for part in parts:
        for chapter in part.chapters:
            for term, place in chapter.terms:
                index.setdefault(term, []).append((chapter, place))
    return sorted(index.items(), key=lambda entry: entry[0].lower())


def _index_places(chapter: Chapter, library: Library) -> Iterable[tuple[str, str]]:
    """One place a chapter for each term it uses: its entry in the glossary, a heading that names it, else its first use."""
    places: dict[str, str] = {}
    soup = chapter.body.soup
    if chapter.uri.startswith("reference/"):
        anchors = {term.anchor: term.name for term in library.terms}
        return [(anchors[entry["id"]], entry["id"]) for entry in soup.find_all("dt", id=True) if entry["id"] in anchors]
    for heading in soup.find_all(["h2", "h3"], id=True):
        for _, _, term in library.matcher.find(heading.get_text()):
            places.setdefault(term.name, heading["id"])
    for text in list(soup.find_all(string=True)):
        if not isinstance(text, NavigableString) or text.find_parent(["p", "li", "td"]) is None or text.find_parent(["code", "h2", "h3"]):
            continue
        for _, _, term in library.matcher.find(str(text)):
            if term.name not in places:
                holder = text.find_parent(["p", "li", "td"])
                if not holder.get("id"):
                    holder["id"] = f"use-{len(places)}"
                places[term.name] = holder["id"]
    return places.items()
