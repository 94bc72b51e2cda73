"""The small modules: cache, reading times, figures, search vocabulary, book links."""

from types import SimpleNamespace

import pytest

from guide import book, cache, check, figures, reading, search
from guide.errors import GuideError, Problem
from guide.library import Source


def test_keys_tell_parts_apart():
    assert cache.key("ab", "c") != cache.key("a", "bc") and cache.key("x") == cache.key(b"x")


def test_a_file_is_written_whole(tmp_path):
    cache.write(tmp_path / "a" / "b.txt", b"data")
    assert (tmp_path / "a/b.txt").read_bytes() == b"data" and len(list((tmp_path / "a").iterdir())) == 1


def test_reading_time_counts_words_and_drawings():
    words = "<p>" + "word " * 440 + "</p>"
    assert reading.minutes(words) == 2
    assert reading.minutes(words + '<div class="diagram"><svg><text>not a word of it</text></svg></div>' * 3) == 3
    assert reading.minutes("") == 1


def test_words_leave_fences_out():
    source = Source("a.md", "docs/a.md", None, "one two\n\n```python\nthree()\n```\n\nfour", 0)
    assert check.words(source) == 3


def test_a_readme_without_a_place_for_figures():
    with pytest.raises(GuideError, match="figures"):
        figures.replace_table("# Title", "| |")
    assert figures.replace_table("a\n<!-- figures -->\nold\n<!-- /figures -->\nb", "new\n") == "a\n<!-- figures -->\nnew\n<!-- /figures -->\nb"


def test_vocabulary(tmp_path):
    (tmp_path / "a.html").write_text("<nav>menu</nav><article><h2>Calibration</h2><p>model model</p><pre>code</pre></article>")
    assert search.vocabulary(tmp_path) == ["model", "calibration"]


def test_a_changed_theme_is_noticed():
    with pytest.raises(RuntimeError, match="revise guide.search"):
        search.use_own_worker("<html></html>")


@pytest.mark.parametrize(
    ("url", "path", "expected"),
    [("cases/a/", "../b/", "cases/b/"), ("cases/a/", "../../", ""), ("", "cases/a/", "cases/a/"), ("cases/a/", "../../x.pdf", "x.pdf")],
)
def test_addresses_are_joined_as_mkdocs_writes_them(url, path, expected):
    assert book.join(url, path) == expected


def test_a_link_with_markup_becomes_text(printed):
    assert printed('<p><a href="x"><em>a</em> b</a></p>') == '<p><a href="x">a b</a></p>'


def test_tabs_become_titled_blocks(printed):
    paper = printed('<div class="tabbed-set"><input type="radio"><div class="tabbed-labels"><label>One</label><label>Two</label></div><div class="tabbed-content"><div class="tabbed-block"><p>1</p></div><div class="tabbed-block"><p>2</p></div></div></div>')
    assert paper.index("One") < paper.index("<p>1</p>") < paper.index("Two") < paper.index("<p>2</p>") and "<input" not in paper


@pytest.mark.parametrize(
    ("address", "expected", "place"),
    [
        ("../b/#x", "https://site/cases/b/#x", "section 7.2"),
        ("../b/", "https://site/cases/b/", "chapter 7"),
        ("../../field-guide/", "https://site/field-guide/", None),
        ("../a/#y", "https://site/cases/a/#y", None),
        ("https://example.org", "https://example.org", None),
        ("#y", "#y", None),
    ],
)
def test_links_on_paper_say_where_they_lead(address, expected, place):
    other = SimpleNamespace(places={"x": "section 7.2"}, label="Chapter 7")
    link = book.BeautifulSoup(f'<a href="{address}">t</a>', "lxml").a
    book.lead_out(link, "cases/a/", {"cases/a/": SimpleNamespace(places={}, label="Chapter 6"), "cases/b/": other}, "https://site/")
    assert link["href"] == expected and link.get("data-place") == (place and place.replace(" ", "\u00a0"))


def test_problems_are_sorted_and_said_once():
    error = GuideError([Problem("b", 2, "x"), Problem("a", 1, "y"), Problem("b", 2, "x")])
    assert str(error) == "a:1: y\nb:2: x" and str(Problem("a", 0, "z")) == "a: z"
