"""The real PDFs, opened with libraries that did not make them."""

from __future__ import annotations

import re

import pikepdf
import pypdfium2
import pytest

from guide import pdf as press
from guide import verify


@pytest.fixture(scope="module")
def book(site):
    return site / verify.BOOK


@pytest.fixture(scope="module")
def document(book):
    return verify.read_text(book)


def test_nothing_is_lost(site):
    assert verify.verify(site) == []


def test_every_chapter_has_its_pdf(site):
    names = [pdf.relative_to(site).as_posix() for _, pdf in verify.chapters(site)]
    assert {"framework/index.pdf", "framework/clarify-requirements/clarify-requirements.pdf", "cases/video-recommendation/video-recommendation.pdf"} <= set(names)


def test_page_size_and_labels(book):
    with pikepdf.open(book) as pdf:
        width, height = (float(value) / 72 * 25.4 for value in pdf.pages[5].mediabox[2:])
        assert (round(width), round(height)) == (178, 235)
        labels = [pdf.pages[number].label for number in range(len(pdf.pages))]
        assert labels[0] == "i" and "1" in labels and labels[-1] == str(len(pdf.pages) - labels.index("1"))


def test_the_outline_has_parts_chapters_and_sections(book):
    with pikepdf.open(book) as pdf, pdf.open_outline() as outline:
        titles = [item.title for item in outline.root]
        assert titles[0] == "Contents" and titles[1].startswith("Part I ") and titles[-1] == "Index of terms"
        chapters = [item for part in outline.root for item in part.children]
        framework = next(item for item in chapters if item.title.endswith("The seven-step framework"))
        assert re.match(r"\d+\s+The", framework.title) and len(framework.children) >= 5
        numbers = [int(item.title.split()[0]) for item in chapters if item.title[0].isdigit()]
        assert numbers == list(range(1, len(numbers) + 1))
        unnumbered = [item.title for item in chapters if not item.title[0].isdigit()]
        assert unnumbered == ["Study plan", "Mock room", "Question bank", "Flashcards", "Interviewer’s kit", "Glossary"]


def test_metadata(book):
    with pikepdf.open(book) as pdf:
        assert str(pdf.docinfo["/Title"]) == "ML System Design Field Guide"
        assert pdf.Root["/PageMode"] == "/UseOutlines" and str(pdf.Root["/Lang"]).startswith("en")


def test_contents_and_index_give_true_page_numbers(book, document):
    """What stands beside a title in the contents is the label of a page that says it."""
    with pikepdf.open(book) as pdf:
        labels = [pdf.pages[number].label for number in range(len(pdf.pages))]
    reader = pypdfium2.PdfDocument(book)
    text = "\n".join(page.get_textpage().get_text_bounded() for page in list(reader)[:6])
    entries = re.findall(r"^(?:[\d.]+\s+)?(\S[^\n]*?)[\s.]{6,}(\d+)\s*$", text, re.M)
    assert len(entries) >= 20
    for title, number in entries:
        title = re.sub(r"^(Part [IVX]+ · )", "", title)
        page = document.pages[labels.index(number)]
        assert verify.squeeze(title) in page, f"{title} is not on page {number}"
    reader.close()


def test_diagrams_are_vector(book):
    with pikepdf.open(book) as pdf:
        images = [item for item in pdf.objects if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image"]
    assert images == []


def test_answers_are_open(document):
    assert document.says("followupquestions") and sum(page.count("staff") for page in document.pages) > 3


def test_cross_references_name_their_section(book):
    """In print nobody can follow a link: the number after it is one that the contents have."""
    reader = pypdfium2.PdfDocument(book)
    text = "\n".join(page.get_textpage().get_text_bounded() for page in reader)
    front = next(number for number in range(len(reader)) if reader.get_page_label(number) == "1")
    contents = "\n".join(page.get_textpage().get_text_bounded() for page in list(reader)[:front])
    reader.close()
    named = set(re.findall(r"\(section\s+(\d+\.\d+)\)", text))
    assert len(named) > 20 and [number for number in named if not re.search(rf"^{re.escape(number)}\s", contents, re.M)] == []
    assert re.search(r"\(chapter\s+\d+\)", text)


def test_no_page_is_nearly_empty(book, document):
    """Apart from cover, colophon and part titles, at most one page in six holds less than a third of the usual text."""
    usual = sorted(len(page) for page in document.pages)[len(document.pages) // 2]
    thin = [number for number, page in enumerate(document.pages, 1) if len(page) < usual / 3]
    assert len(thin) <= 4 + len(document.pages) / 6, thin


PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>T</title><style>{style}</style></head><body>{body}</body></html>"""


class _Renderer:
    def render_doc(self, content, base_url):
        import weasyprint

        return weasyprint.HTML(string=content, base_url=base_url).render()


def _export(tmp_path, monkeypatch, body: str, style: str = "") -> press.Exporter:
    monkeypatch.setattr(press, "FOLDER", tmp_path / "cache")
    exporter = press.Exporter(_Renderer(), total=1)
    exporter.write_chapter(PAGE.format(body=body, style=style), "file:///", tmp_path / "out.pdf")
    return exporter


@pytest.mark.parametrize(
    ("body", "style", "message"),
    [
        ('<img src="missing.png" alt="x">', "", "missing.png"),
        ("<p>x</p>", "p { colour: red }", "colour"),
        ('<p><a href="#nowhere">x</a></p>', "", "nowhere"),
        ("<p>text</p><div style='height:245mm'></div><h2>Alone</h2><p style='break-before:page'>x</p>", "@page{size:178mm 300mm} h2{break-after:auto}", "stands alone"),
    ],
)
def test_what_the_exporter_would_swallow_fails_the_build(tmp_path, monkeypatch, body, style, message):
    exporter = _export(tmp_path, monkeypatch, body, style)
    assert any(message in problem for problem in exporter.problems)
    assert not list((tmp_path / "cache").rglob("*.pdf"))


def test_a_document_is_made_once(tmp_path, monkeypatch):
    exporter = _export(tmp_path, monkeypatch, "<p>text</p>")
    assert exporter.problems == [] and (tmp_path / "out.pdf").exists()
    monkeypatch.setattr(_Renderer, "render_doc", None)
    exporter.write_chapter(PAGE.format(body="<p>text</p>", style=""), "file:///", tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == (tmp_path / "out.pdf").read_bytes()
