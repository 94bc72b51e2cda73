"""The book as it is bound from its chapters: numbers, tags, links and outline are right in the joined file, not only in its parts."""

from __future__ import annotations

import itertools

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name

from guide import binding, verify


@pytest.fixture(scope="module")
def book(site):
    with pikepdf.open(site / verify.BOOK) as pdf:
        yield pdf


def _children(tag) -> list:
    kids = tag.get("/K", ())
    return list(kids) if isinstance(kids, Array) else [kids]


def test_every_page_and_link_knows_its_tags(book):
    parents = dict(pikepdf.NumberTree(book.Root.StructTreeRoot.ParentTree).items())
    used = []
    for page in book.pages:
        used.append(int(page.StructParents))
        assert all(tag.Pg.objgen == page.obj.objgen for tag in parents[used[-1]])
        for annotation in page.get("/Annots", ()):
            used.append(int(annotation.StructParent))
            assert any(isinstance(child, Dictionary) and child.get("/Obj") is not None and child.Obj.objgen == annotation.objgen for child in _children(parents[used[-1]]))
    assert len(used) == len(set(used)) and set(used) == set(parents)


def test_the_tags_follow_the_pages(book):
    """Read aloud, the book goes from its first page to its last."""
    numbers = {page.obj.objgen: number for number, page in enumerate(book.pages)}
    read, waiting = [], [book.Root.StructTreeRoot.K[0]]
    while waiting:
        tag = waiting.pop()
        if isinstance(tag, Dictionary):
            assert all(child.P.objgen == tag.objgen for child in _children(tag) if isinstance(child, Dictionary) and "/P" in child)
            if "/Pg" in tag:
                read.append(numbers[tag.Pg.objgen])
            waiting += reversed(_children(tag))
    assert sorted(set(read)) == list(range(len(numbers))) and all(before <= after for before, after in itertools.pairwise(read))


def test_page_numbers_stand_at_the_outer_corner(site):
    reader = pypdfium2.PdfDocument(site / verify.BOOK)
    labels = [reader.get_page_label(number) for number in range(len(reader))]
    first = labels.index("2")
    for number in (first, first + 1, len(labels) - 2, len(labels) - 1):
        page = reader[number]
        width, _ = page.get_size()
        left, right = (page.get_textpage().get_text_bounded(left=x, right=x + width / 4, bottom=15, top=40).strip() for x in (0, width * 3 / 4))
        assert (left, right) == (("", labels[number]) if int(labels[number]) % 2 else (labels[number], ""))
    reader.close()


def test_a_link_between_chapters_stays_in_the_book(book, site):
    """In a chapter's own PDF the same link leads to the site."""
    targets = verify._destinations(book)
    inside = [annotation for page in book.pages for annotation in page.get("/Annots", ()) if "/Dest" in annotation]
    assert len(inside) > 500 and all(str(annotation.Dest) in targets and str(annotation.Contents).startswith("Page ") for annotation in inside)
    with pikepdf.open(site / "framework/evaluate/evaluate.pdf") as chapter:
        own = [str(annotation.A.URI) for page in chapter.pages for annotation in page.get("/Annots", ()) if "/A" in annotation]
        assert any("/framework/" in address for address in own)
    outside = [str(annotation.A.URI) for page in book.pages for annotation in page.get("/Annots", ()) if "/A" in annotation]
    assert outside and not any("/framework/" in address for address in outside if "field-guide" in address)


def test_a_link_to_nowhere_is_noticed(tmp_path):
    """A chapter that links to an anchor which another chapter does not have."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(504, 666))
    action = Dictionary(S=Name.URI, URI=pikepdf.String("https://site/b/#gone"))
    page.Annots = Array([pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], A=action))])
    assert list(binding._link_inside(pdf, {"https://site/b/": "b"}, {}, 0)) == ["the link to https://site/b/#gone has no target in the book; correct its anchor"]


def test_an_index_entry_names_a_page_once():
    pages = binding.Pages({"a": 5, "b": 9}, {"a": {"x": 6, "y": 6, "z": 7}, "b": {"x": 9}}, 12)
    a, b = (type("Chapter", (), {"slug": slug})() for slug in "ab")
    assert pages.of_places([(a, "y"), (a, "x"), (b, "x"), (a, "z")]) == [(6, a, "y"), (7, a, "z"), (9, b, "x")]
    assert (pages.of(a), pages.of(a, "z")) == (5, 7)
