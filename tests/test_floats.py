"""Where figures go on paper: the order is right for each way a page can end."""

import pytest
from bs4 import BeautifulSoup

from guide.floats import PAGE, Block, arrange, best_plan, kind_of, kinds_of, reorder

HALF = PAGE / 2


def order(*kinds: tuple[str, float], opening: float = 0) -> list[int]:
    return arrange([Block(height, kind) for kind, height in kinds], opening)


def test_what_fits_stays():
    assert order(("text", 100), ("float", 200), ("text", 100)) == [0, 1, 2]


def test_a_figure_lets_the_text_go_first():
    assert order(("text", HALF), ("float", HALF + 50), ("text", 100), ("text", HALF), ("text", 50)) == [0, 2, 3, 1, 4]


def test_never_past_the_end_of_its_section():
    assert order(("text", HALF), ("float", HALF + 50), ("text", 20), ("section", 30), ("text", 100)) == [0, 2, 1, 3, 4]


def test_never_past_another_figure():
    assert order(("text", HALF), ("float", HALF + 50), ("text", 50), ("float", 100), ("text", HALF)) == [0, 2, 4, 1, 3]


def test_a_formula_stays_with_its_text():
    assert order(("text", HALF), ("float", HALF + 50), ("text", HALF), ("formula", 40), ("text", 60)) == [0, 2, 3, 1, 4]


def test_a_long_estimate_is_cut_at_the_foot_unless_its_head_does_not_fit():
    assert order(("text", HALF), ("table", HALF + 50), ("text", 100)) == [0, 1, 2]
    assert order(("text", PAGE - 100), ("float", 200), ("table", HALF), ("text", 100)) == [0, 1, 2, 3]


def test_every_block_is_set_once():
    kinds = [("text", 90), ("float", 300), ("heading", 30), ("solid", 120), ("float", 500), ("formula", 50), ("section", 40)] * 5
    assert sorted(order(*kinds, opening=170)) == list(range(len(kinds)))


@pytest.mark.parametrize(
    ("html", "height", "kind"),
    [
        ("<h2>x</h2>", 30, "section"),
        ("<h3>x</h3>", 30, "heading"),
        ("<figure>x</figure>", 300, "float"),
        ('<div class="estimate">x</div>', 200, "float"),
        ('<div class="estimate">x</div>', 300, "table"),
        ('<div class="math">x</div>', 50, "formula"),
        ('<div class="admonition trap">x</div>', 80, "solid"),
        ('<div class="question admonition">x</div>', 80, "text"),
        ('<div class="table-wrap">x</div>', 80, "solid"),
        ('<div class="table-wrap">x</div>', 600, "text"),
        ("<p>x</p>", 80, "text"),
    ],
)
def test_kinds(html, height, kind):
    assert kind_of(BeautifulSoup(html, "html.parser").find(), height) == kind


def test_a_figure_announced_by_a_colon_stays_with_the_announcement():
    elements = BeautifulSoup("<p>Spend them:</p><div class='estimate'>x</div><p>Later text:</p><p>y</p>", "html.parser").find_all(recursive=False)
    kinds, leads = kinds_of(elements, [30, 200, 30, 60])
    assert (kinds, leads) == (["heading", "solid", "text", "text"], [0])
    assert order(("text", PAGE - 200), *zip(kinds, (30, 200, 30, 60))) == [0, 1, 2, 3, 4]


def test_a_real_layout_is_measured_and_mended(tmp_path, monkeypatch):
    monkeypatch.setattr("guide.floats.FOLDER", tmp_path)
    body = BeautifulSoup("<div><p>one</p><figure style='height:400px;margin:0'></figure><p style='height:330px;margin:0'>two</p><p>three</p></div>", "html.parser").div
    plan = best_plan(body, lambda: f"<html><head></head><body style='margin:0'><div style='height:350px'></div>{body.decode_contents()}</body></html>", "file:///")
    assert plan["order"] == [0, 2, 1, 3]
    reorder(body, plan)
    assert [child.name for child in body.find_all(True)] == ["p", "p", "figure", "p"] and "data-block" not in str(body)
