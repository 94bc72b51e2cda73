"""The conscience itself: it must notice what it exists to notice."""

import shutil

import pikepdf
import pytest

from guide import verify

CASE = "cases/video-recommendation"


@pytest.fixture
def copy(site, tmp_path):
    """A site of one chapter and the book, to spoil."""
    folder = tmp_path / "site"
    shutil.copytree(site / CASE, folder / CASE)
    shutil.copy(site / verify.BOOK, folder / verify.BOOK)
    return folder


def test_a_whole_site_passes(copy):
    assert verify.verify(copy) == []


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("</h2>", " added to the heading</h2>", "h2"),
        ("</td>", " added to the cell</td>", "td"),
        ("</figcaption>", "<p>a caption of its own</p></figcaption>", "p"),
        ("</summary>", " added to the question</summary>", "summary"),
        ("</details>", "<p>one more answer</p></details>", "p"),
        ("</article>", "<p>a paragraph that paper lacks</p></article>", "p"),
    ],
)
def test_text_that_is_only_on_the_site_is_noticed(copy, before, after, kind):
    page = copy / CASE / "index.html"
    page.write_text(page.read_text("utf-8").replace(before, after, 1), "utf-8")
    found = [problem.what for problem in verify.verify(copy)]
    assert len(found) == 1 and f"has lost a {kind}" in found[0], found


def test_a_lost_diagram_label_is_noticed(copy):
    page = copy / CASE / "index.html"
    html = page.read_text("utf-8")
    start = html.index("<text", html.index('class="diagram"'))
    close = html.index("</text>", start)
    page.write_text(html[:close] + "<tspan>Flux capacitor</tspan>" + html[close:], "utf-8")
    assert any("has lost a diagram's label" in problem.what for problem in verify.verify(copy))


def test_a_shortened_book_is_noticed(copy):
    pages = verify.read_text(copy / verify.BOOK).pages
    chapter = verify.read_text(copy / CASE / "video-recommendation.pdf").pages
    start = pages.index(chapter[-1]) - 3
    with pikepdf.open(copy / verify.BOOK, allow_overwriting_input=True) as pdf:
        del pdf.pages[start - 3 : start + 1]
        pdf.save()
    found = [problem.what for problem in verify.verify(copy)]
    assert "the book has lost pages of video-recommendation.pdf" in found and any("leads nowhere" in what for what in found)


def test_a_blank_page_is_noticed(copy):
    with pikepdf.open(copy / verify.BOOK, allow_overwriting_input=True) as pdf:
        pdf.add_blank_page(page_size=(504, 666))
        pdf.save()
    assert any("is blank" in problem.what for problem in verify.verify(copy))


def test_an_untagged_book_with_a_bare_font_is_noticed(copy):
    with pikepdf.open(copy / verify.BOOK, allow_overwriting_input=True) as pdf:
        del pdf.Root["/StructTreeRoot"]
        font = next(item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/FontFile2" in item or isinstance(item, pikepdf.Dictionary) and "/FontFile3" in item)
        for key in ("/FontFile2", "/FontFile3"):
            if key in font:
                del font[key]
        pdf.save()
    found = [problem.what for problem in verify.verify(copy)]
    assert any("not tagged" in what for what in found) and any("not embedded" in what for what in found)


def test_an_empty_folder_is_no_site(tmp_path):
    assert "build with `make`" in verify.verify(tmp_path)[0].what
