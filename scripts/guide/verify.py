"""The book's conscience: what the site says, the PDFs say too; every link lands; every font is there.

The exporter loses text without a word when its style sheets go wrong, so the finished files are opened with two other libraries and compared with the finished pages.
"""

from __future__ import annotations

import bisect
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pypdfium2
from bs4 import BeautifulSoup, Tag

from guide import cache
from guide.errors import Problem

BOOK = "field-guide.pdf"
FONTS = ("Plex-", "KaTeX")
HEAD, FOOT = 18, 16  # mm at the top and the foot of a page that hold running heads and page numbers
_MM = 72 / 25.4
_BLOCKS = ["h1", "h2", "h3", "h4", "p", "li", "td", "th", "dt", "dd", "figcaption", "summary", "pre"]
_INSIDE = set(_BLOCKS) | {"ul", "ol", "table", "div", "figure", "dl", "details"}


@dataclass(frozen=True)
class Document:
    """What a PDF says: the squeezed text of each page, without running heads."""

    pages: tuple[str, ...]

    def says(self, piece: str) -> bool:
        """Whether a squeezed piece of text stands on a page, or runs on from one page to the next.

        The lettering of a page's drawings is drawn after its text, so it may come between the two halves of a paragraph.
        """
        return any(piece in page for page in self.pages) or any(self._runs_on(number, piece) for number in range(len(self.pages)))

    def _runs_on(self, number: int, piece: str) -> bool:
        """Whether the piece begins on a page and goes on at the very top of the next."""
        if number + 1 >= len(self.pages):
            return False
        begun = bisect.bisect_left(range(1, len(piece) + 1), True, key=lambda size: piece[:size] not in self.pages[number])
        # The first half may seem longer than it is by a letter or two, by chance.
        return begun > 0 and 0 <= self.pages[number + 1].find(piece[begun:]) <= 2


def squeeze(text: str) -> str:
    """Letters and digits alone, so that line breaks, hyphenation and spacing do not count; without the places that paper adds to links."""
    text = re.sub(r"\((?:chapter|section)\s+[\d.]+\)", "", unicodedata.normalize("NFKC", text).casefold())
    return re.sub(r"[\W_]+", "", text)


def read_text(path: Path) -> Document:
    """The text of a PDF, page by page, in the order in which it is drawn."""
    pdf = pypdfium2.PdfDocument(path)
    pages = []
    for page in pdf:
        width, height = page.get_size()
        text_page = page.get_textpage()
        text = text_page.get_text_bounded(left=0, bottom=FOOT * _MM, right=width, top=height - HEAD * _MM)
        pages.append(squeeze(text))
        text_page.close()
        page.close()
    pdf.close()
    return Document(tuple(pages))


def blocks(html: str) -> Iterator[tuple[str, str]]:
    """(element name, text) of every piece of a page's article that a reader reads. Text around a formula comes in pieces."""
    article = BeautifulSoup(re.sub(r"<svg\b.*?</svg>", "", html, flags=re.S), "lxml").find("article")
    for element in article.select(".headerlink, .facts, .md-button, .md-content__button, .eyebrow, script, button, .diagram, .tabbed-labels, .tabbed-set > input"):
        element.decompose()
    for element in article.select(".math"):
        element.replace_with("\u241e")
    for element in article.find_all(_BLOCKS):
        for piece in _own_text(element).split("\u241e"):
            if squeeze(piece):
                yield element.name, piece.strip()


def labels(html: str) -> Iterator[str]:
    """The lines of text in a page's drawings."""
    for svg in re.findall(r'<div class="diagram">.*?</svg>', html, re.S):
        for text in BeautifulSoup(svg, "lxml").find_all("text"):
            lines = [line for line in text.find_all("tspan") if not line.find("tspan")] or [text]
            joined = "".join(line.get_text() for line in lines)
            if squeeze(joined):
                yield joined


def _own_text(element: Tag) -> str:
    """The text of an element without that of the blocks inside it."""
    parts = []
    for child in element.children:
        if isinstance(child, Tag):
            parts.append("\u241e" if child.name in _INSIDE else _own_text(child) if child.find(list(_INSIDE)) else child.get_text())
        else:
            parts.append(str(child))
    return "".join(parts)


def compare(page: Path, document: Document, name: str) -> Iterator[str]:
    """What a built page says that a PDF does not."""
    html = page.read_text("utf-8")
    for kind, piece in blocks(html):
        if not document.says(squeeze(piece)):
            yield f"{name} has lost a {kind}: “{piece[:90]}”"
    for label in labels(html):
        if not document.says(squeeze(label)):
            yield f"{name} has lost a diagram's label: “{label[:60]}”"


def structure(path: Path, document: Document) -> Iterator[str]:
    """What is wrong with a PDF itself: tags, metadata, fonts, links, outline, blank pages."""
    name = path.name
    with pikepdf.open(path) as pdf:
        root = pdf.Root
        if not (root.get("/MarkInfo", {}).get("/Marked") and "/StructTreeRoot" in root):
            yield f"{name} is not tagged"
        if "/Lang" not in root:
            yield f"{name} does not say its language"
        with pdf.open_metadata() as metadata:
            if metadata.get("pdfuaid:part") != "1":
                yield f"{name} does not declare PDF/UA-1"
            if not metadata.get("dc:title"):
                yield f"{name} has no title"
        yield from (f"{name}: {what}" for what in _fonts(pdf))
        targets = _destinations(pdf)
        yield from (f"{name}: {what}" for what in _links(pdf, targets))
        yield from (f"{name}: {what}" for what in _outline(pdf, targets, document))
        for number, page in enumerate(pdf.pages, 1):
            if not document.pages[number - 1] and number > 1:  # the cover's text stands in its margins
                yield f"{name}: page {number} is blank"


def _fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    for item in pdf.objects:
        if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/Font" and item.get("/Subtype") != "/Type0":
            base = str(item.get("/BaseFont", "")).lstrip("/").split("+")[-1]
            descriptor = item.get("/FontDescriptor")
            if descriptor is None or not any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")):
                yield f"the font {base} is not embedded"
            elif not base.startswith(FONTS):
                yield f"the font {base} is none of the book's; a character or a family name is missing in Plex"


def _destinations(pdf: pikepdf.Pdf) -> dict[str | tuple[int, int], int]:
    """Name of each destination, and object number of each page -> page number from 0."""
    numbers = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
    names = pdf.Root.get("/Names", {}).get("/Dests")
    targets: dict[str | tuple[int, int], int] = dict(numbers)
    for name, value in (pikepdf.NameTree(names).items() if names is not None else ()):
        array = value["/D"] if isinstance(value, pikepdf.Dictionary) else value
        targets[str(name)] = numbers.get(array[0].objgen, -1)
    return targets


def _target(item: pikepdf.Object, targets: dict[str | tuple[int, int], int]) -> int | str:
    """The page an annotation or outline entry leads to, from 0; or its address; or -1 if it leads nowhere."""
    action = item.get("/A")
    destination = item.get("/Dest") if action is None else action.get("/D")
    if action is not None and action.get("/S") == "/URI":
        return str(action["/URI"])
    if isinstance(destination, pikepdf.String):
        return targets.get(str(destination), -1)
    if isinstance(destination, pikepdf.Array):
        return targets.get(destination[0].objgen, -1)
    return -1


def _links(pdf: pikepdf.Pdf, targets: dict[str | tuple[int, int], int]) -> Iterator[str]:
    for number, page in enumerate(pdf.pages, 1):
        for annotation in page.get("/Annots", ()):
            if annotation.get("/Subtype") != "/Link":
                continue
            target = _target(annotation, targets)
            if target == -1:
                yield f"a link on page {number} leads nowhere"
            elif isinstance(target, str) and not target.startswith(("https://", "http://", "mailto:")):
                yield f"a link on page {number} leads to `{target}`, which only exists on the machine that built it"


def _outline(pdf: pikepdf.Pdf, targets: dict[str, int], document: Document) -> Iterator[str]:
    count = 0

    def walk(items) -> Iterator[str]:
        nonlocal count
        for item in items:
            count += 1
            page = _target(item.obj, targets)
            title = re.sub(r"^(?:Part [IVX]+|[\d.]+)\s+", "", item.title)
            if not isinstance(page, int) or page < 0:
                yield f"the outline entry “{item.title}” leads nowhere"
            elif squeeze(title) not in document.pages[page]:
                yield f"the outline entry “{item.title}” leads to page {page + 1}, which does not say so"
            yield from walk(item.children)

    with pdf.open_outline() as outline:
        yield from walk(outline.root)
    if not count:
        yield "no outline"


def chapters(site: Path) -> list[tuple[Path, Path]]:
    """(page, PDF) of every chapter of a built site."""
    return [(pdf.with_name("index.html"), pdf) for pdf in sorted(site.rglob("*.pdf")) if pdf.name != BOOK]


def chapter_problems(page: Path, pdf: Path) -> tuple[Document, list[str]]:
    """The text of a chapter's PDF, and what is wrong with it. What was found of the same two files before is not looked for again."""
    cached = cache.FOLDER / "verified" / (cache.key(page.read_bytes(), pdf.read_bytes(), Path(__file__).read_bytes()) + ".json")
    if not cached.exists():
        document = read_text(pdf)
        found = [*structure(pdf, document), *compare(page, document, pdf.name)]
        cache.write(cached, json.dumps({"pages": document.pages, "problems": found}).encode())
    kept = json.loads(cached.read_bytes())
    return Document(tuple(kept["pages"])), kept["problems"]


def contains(book: Document, chapter: Document) -> bool:
    """Whether the book has all pages of a chapter, one after the other."""
    pages = chapter.pages
    return any(book.pages[start : start + len(pages)] == pages for start in range(len(book.pages)))


def verify(site: Path) -> list[Problem]:
    """Compares every page of a built site with its PDF, and every PDF with the book. Returns what is wrong."""
    book_path = site / BOOK
    pairs = chapters(site)
    if not book_path.exists() or not pairs:
        return [Problem(str(site), 0, "no book or no chapter PDFs; build with `make`")]
    book = read_text(book_path)
    problems = [Problem(BOOK, 0, what) for what in structure(book_path, book)]
    for page, pdf in pairs:
        document, found = chapter_problems(page, pdf)
        if not contains(book, document):
            found = [*found, f"the book has lost pages of {pdf.name}"]
        problems += [Problem(page.parent.relative_to(site).as_posix(), 0, what) for what in found]
    return problems
