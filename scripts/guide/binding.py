"""The book is bound from the PDFs of its chapters, so that an edit lays out one chapter and not all of them.

A chapter's PDF comes without page numbers, because they depend on where it stands. They are added here, to the chapter by itself and to the book. What stands around the
chapters (the frame: cover, contents, part titles, index) is a PDF too. Binding puts the pages in order and joins what qpdf leaves apart: tags, outline, destinations; a link
to the site's page of another chapter becomes a link inside the book.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pikepdf
from fontTools import subset
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf, String

from guide import fonts
from guide.book import Chapter, Part

MARGIN = 20 / 25.4 * 72  # pt between the edge of a page and its number, as in print.css
BASELINE, SIZE, INK = 26.5, 8.6, "0.109804 0.137255 0.2"  # of a page number: pt from the foot, pt, color
DIGITS = "0123456789"


@dataclass(frozen=True)
class Pages:
    """Page numbers of the book as readers see them: 1 is the title page of the first part."""

    starts: dict[str, int]  # slug of a part or chapter -> its first page
    anchors: dict[str, dict[str, int]]  # slug of a chapter -> id -> page
    last: int

    def of_part(self, part: Part) -> int:
        return self.starts[part.slug]

    def of(self, chapter: Chapter, anchor: str = "") -> int:
        return self.anchors[chapter.slug][anchor] if anchor else self.starts[chapter.slug]

    def of_places(self, places: list[tuple[Chapter, str]]) -> list[tuple[int, Chapter, str]]:
        """(page, chapter, id) in ascending order, each page once."""
        found = {self.of(chapter, anchor): (chapter, anchor) for chapter, anchor in reversed(places)}
        return [(page, *found[page]) for page in sorted(found)]


def paginate(parts: list[Part], files: dict[str, Path]) -> Pages:
    """Where everything stands. files: slug of a chapter -> its PDF."""
    starts, anchors, following = {}, {}, 1
    for part in parts:
        starts[part.slug] = following
        following += 1
        for chapter in part.chapters:
            starts[chapter.slug] = following
            with Pdf.open(files[chapter.slug]) as pdf:
                numbers = {page.obj.objgen: number for number, page in enumerate(pdf.pages, following)}
                anchors[chapter.slug] = {name: numbers[target[0].objgen] for name, target in _destinations(pdf).items()}
                following += len(pdf.pages)
    return Pages(starts, anchors, following - 1)


def number_chapter(source: Path, target: Path) -> None:
    """Writes a chapter's PDF with page numbers from 1."""
    with Pdf.open(source) as pdf:
        _number(pdf, enumerate(pdf.pages, 1))
        _save(pdf, target)


def bind(frame: Path, parts: list[Part], files: dict[str, Path], addresses: dict[str, str], target: Path) -> list[str]:
    """Writes the book. Returns what is wrong with its links.

    frame: PDF with a page for each part, whose destination is the part's slug. files: slug of a chapter -> its PDF. addresses: its page on the site -> slug.
    """
    with Pdf.open(frame) as book:
        titles = {part.slug: _page_of(book, part.slug) for part in parts}
        destinations, tags, outlines = _destinations(book), _Tags(book), {}
        for part in parts:
            before, at = titles[part.slug], _index(book, titles[part.slug]) + 1
            for chapter in part.chapters:
                with Pdf.open(files[chapter.slug]) as pdf:
                    pages = _insert(book, pdf, at)
                    tags.add(pdf, list(pages.values()), after=before)
                    destinations |= _taken_over(pdf, pages, chapter.slug)
                    outlines[chapter.slug] = _copied_outline(pdf, pages)
                before, at = destinations[chapter.slug][0], at + len(pages)
        tags.close()
        _write_destinations(book, destinations)
        first = _index(book, titles[parts[0].slug])
        problems = list(_link_inside(book, addresses, destinations, first))
        _hang_outlines(book, {titles[part.slug].objgen: [item for chapter in part.chapters for item in outlines[chapter.slug]] for part in parts})
        bare = {page.objgen for page in titles.values()}
        _number(book, [(number, page) for number, page in enumerate(list(book.pages)[first:], 1) if page.obj.objgen not in bare])
        book.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.r), first, Dictionary(S=Name.D, St=1)]))
        _save(book, target)
    return problems


def _insert(book: Pdf, chapter: Pdf, at: int) -> dict[tuple[int, int], pikepdf.Page]:
    """Puts the pages of a chapter in the book. Returns object number in the chapter -> page of the book."""
    for offset, page in enumerate(chapter.pages):
        book.pages.insert(at + offset, page)
    return {page.obj.objgen: book.pages[at + offset] for offset, page in enumerate(chapter.pages)}


def _taken_over(chapter: Pdf, pages: dict[tuple[int, int], pikepdf.Page], slug: str) -> dict[str, pikepdf.Array]:
    """The destinations of a chapter as they are called in the book, and one for its beginning; its own links are turned to them."""
    start = next(iter(pages.values()))
    for page in pages.values():
        for annotation in page.get("/Annots", ()):
            if "/Dest" in annotation:
                annotation.Dest = String(f"{slug}--{annotation.Dest}")
    own = {f"{slug}--{name}": Array([pages[place[0].objgen].obj, *list(place)[1:]]) for name, place in _destinations(chapter).items()}
    return own | {slug: Array([start.obj, Name.XYZ, 0, start.mediabox[3], 0])}


def _write_destinations(book: Pdf, destinations: dict[str, pikepdf.Array]) -> None:
    names = Array([item for name in sorted(destinations) for item in (String(name), destinations[name])])
    book.Root.Names.Dests = book.make_indirect(Dictionary(Names=names))


def _hang_outlines(book: Pdf, below: dict[tuple[int, int], list[OutlineItem]]) -> None:
    """Hangs outlines below the entries of the frame. below: object number of the page an entry leads to -> what goes there."""
    with book.open_outline() as outline:
        for entry in outline.root:
            entry.children.extend(below.get(entry.destination[0].objgen, ()))


def _save(pdf: Pdf, target: Path) -> None:
    pdf.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def _destinations(pdf: Pdf) -> dict[str, pikepdf.Array]:
    names = pdf.Root.get("/Names", {}).get("/Dests")
    return {str(name): target for name, target in pikepdf.NameTree(names).items()} if names is not None else {}


def _page_of(pdf: Pdf, name: str) -> pikepdf.Object:
    return _destinations(pdf)[name][0]


def _index(pdf: Pdf, page: pikepdf.Object) -> int:
    return next(number for number, other in enumerate(pdf.pages) if other.obj.objgen == page.objgen)


# Tags.


class _Tags:
    """The tree of tags of a book that grows. Chapters become sections of the one document."""

    def __init__(self, book: Pdf):
        self.book = book
        self.root = book.Root.StructTreeRoot
        self.document = self.root.K[0]
        self.parents = dict(pikepdf.NumberTree(self.root.ParentTree).items())
        # The pieces of the frame by the page on which they begin, then the chapters put after them.
        self.pieces = [(_first_page(piece), piece) for piece in self.document.K]

    def add(self, pdf: Pdf, pages: list[pikepdf.Page], after: pikepdf.Object) -> None:
        """Adds the tags of a chapter whose `pages` are in the book already, behind those of the piece that begins on the page `after`."""
        tree = self.book.copy_foreign(pdf.make_indirect(pdf.Root.StructTreeRoot))
        shift = max(self.parents) + 1
        for number, value in pikepdf.NumberTree(tree.ParentTree).items():
            self.parents[number + shift] = value
        for page in pages:
            for item, key in ((page.obj, "/StructParents"), *((annotation, "/StructParent") for annotation in page.get("/Annots", ()))):
                if key in item:
                    item[key] = int(item[key]) + shift
        section = tree.K[0]
        section.S = Name.Sect
        section.P = self.document
        behind = max(number for number, (page, _) in enumerate(self.pieces) if page == after.objgen)
        self.pieces.insert(behind + 1, (pages[0].obj.objgen, section))

    def close(self) -> None:
        """Writes the tree."""
        self.document.K = Array([piece for _, piece in self.pieces])
        self.root.ParentTree = self.book.make_indirect(Dictionary(Nums=Array([item for number in sorted(self.parents) for item in (number, self.parents[number])])))
        self.root.ParentTreeNextKey = max(self.parents) + 1


def _first_page(tag: pikepdf.Object) -> tuple[int, int] | None:
    """The page on which a tag begins."""
    if isinstance(tag, Dictionary):
        if "/Pg" in tag:
            return tag.Pg.objgen
        children = tag.get("/K", ())
        for child in children if isinstance(children, Array) else (children,):
            if (page := _first_page(child)) is not None:
                return page
    return None


# Links and outline.


def _link_inside(book: Pdf, addresses: dict[str, str], destinations: dict[str, pikepdf.Array], first: int) -> Iterator[str]:
    """Turns links to the site's page of a chapter into links inside the book. Yields what has no target there."""
    numbers = {page.obj.objgen: number for number, page in enumerate(book.pages, 1 - first)}
    for page in book.pages:
        for annotation in page.get("/Annots", ()):
            if "/A" in annotation and annotation.A.get("/S") == Name.URI:
                address, _, fragment = str(annotation.A.URI).partition("#")
                if address not in addresses:
                    continue
                name = f"{addresses[address]}--{fragment}" if fragment else addresses[address]
                if name not in destinations:
                    yield f"the link to {annotation.A.URI} has no target in the book; correct its anchor"
                    continue
                del annotation["/A"]
                annotation.Dest = String(name)
            if "/Dest" in annotation:  # what a screen reader says of the link
                annotation.Contents = String(f"Page {numbers[destinations[str(annotation.Dest)][0].objgen]}")


def _copied_outline(pdf: Pdf, pages: dict[tuple[int, int], pikepdf.Page]) -> list[OutlineItem]:
    """The outline of a chapter, leading to its pages in the book."""

    def copied(items: Iterable[OutlineItem]) -> list[OutlineItem]:
        made = []
        for item in items:
            place = item.destination
            new = OutlineItem(item.title, Array([pages[place[0].objgen].obj, *list(place)[1:]]))
            new.is_closed = True
            new.children.extend(copied(item.children))
            made.append(new)
        return made

    with pdf.open_outline() as outline:
        return copied(outline.root)


# Page numbers.


@cache
def _digits() -> tuple[bytes, list[int]]:
    """Plex Sans with nothing but digits: the font file, and the width of each digit in thousandths of the size."""
    options = subset.Options()
    options.hinting, options.layout_features, options.recalc_timestamp, options.notdef_outline = False, [], False, True
    font = subset.load_font(fonts.plex("sans"), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=DIGITS)
    subsetter.subset(font)
    names, scale = font.getBestCmap(), 1000 / font["head"].unitsPerEm
    widths = [round(font["hmtx"][names[ord(digit)]][0] * scale) for digit in DIGITS]
    buffer = io.BytesIO()
    subset.save_font(font, buffer, options)
    return buffer.getvalue(), widths


def _digit_font(pdf: Pdf) -> pikepdf.Object:
    data, widths = _digits()
    name = Name("/NUMBER+Plex-Sans")
    file = pdf.make_stream(data)
    file.Length1 = len(data)
    descriptor = Dictionary(Type=Name.FontDescriptor, FontName=name, Flags=32, FontBBox=[0, -275, 927, 1025], ItalicAngle=0, Ascent=1025, Descent=-275, CapHeight=698, StemV=80, FontFile2=file)
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font, Subtype=Name.TrueType, BaseFont=name, Encoding=Name.WinAnsiEncoding,
            FirstChar=ord("0"), LastChar=ord("9"), Widths=Array(widths), FontDescriptor=pdf.make_indirect(descriptor),
        )
    )  # fmt: skip


def _number(pdf: Pdf, pages: Iterable[tuple[int, pikepdf.Page]]) -> None:
    """Writes a number at the outer corner of each page: odd to the right, even to the left."""
    font = _digit_font(pdf)
    width_of = dict(zip(DIGITS, _digits()[1]))
    for number, page in pages:
        page.Resources.Font["/PageNumber"] = font
        width = sum(width_of[digit] for digit in str(number)) * SIZE / 1000
        x = float(page.mediabox[2]) - MARGIN - width if number % 2 else MARGIN
        drawn = f"/Artifact <</Type /Pagination>> BDC BT {INK} rg /PageNumber {SIZE} Tf {x:.3f} {BASELINE} Td ({number}) Tj ET EMC"
        page.contents_add(b"q", prepend=True)
        page.contents_add(f"Q {drawn}".encode())
