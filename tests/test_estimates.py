"""Estimates: units are checked, names flow, and what is wrong is said at its line."""

import pytest

from guide.errors import Problem
from guide.estimates import PLURALS, USE, EstimateError, Ledger, Value, evaluate, parse, parse_unit, to_markdown
from guide.fences import fences

BLOCK = """```estimate
title: Decisions
inputs:
  people: 300e6 person                 # given
  candidates: 40 decision/person/day   # logged
  peak: 3                              # evening
results:
  mean = people * candidates -> decision/s
  load = mean * peak -> decision/s     # a queue
```
"""


def ledger(**pages: str) -> Ledger:
    return Ledger({slug.replace("_", "-"): (f"docs/{slug}.md", text, 0) for slug, text in pages.items()})


def shown(book: Ledger, text: str, slug: str = "page") -> str:
    return USE.sub(lambda match: book.show(match, slug), text)


def test_result_has_the_unit_its_author_wrote():
    book = ledger(page=BLOCK + "{{ load }}")
    assert book.problems == []
    assert shown(book, "{{ load }} {{ load | 0 }} {{ mean | .1 }} {{ mean | 0.1 }} {{ people }}") == (
        "417,000\u00a0decisions/s 417,000 138,888.9\u00a0decisions/s 138,888.9 300\u00a0million\u00a0people"
    )


def test_another_unit():
    book = ledger(page=BLOCK + "{{ load -> decision/hour }}")
    assert shown(book, "{{ load -> decision/hour }}") == "1.5\u00a0billion\u00a0decisions/hour"
    with pytest.raises(ValueError, match="cannot be shown in `GB`"):
        shown(book, "{{ load -> GB }}")


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (0.5, "dollar/hour", "$0.50/hour"),
        (2.0, "dollar", "$2"),
        (1234.5, "dollar/month", "$1,230/month"),
        (4_000_000, "dollar/year", "$4\u00a0million/year"),
        (0.00123, "dollar/request", "$0.00123/request"),
        (1, "server", "1\u00a0server"),
        (12.345, "server", "12.3\u00a0servers"),
        (7, "query/s", "7\u00a0queries/s"),
        (999_600, "request", "1\u00a0million\u00a0requests"),
        (12_345, "item", "12,300\u00a0items"),
        (3.1e23, "FLOP", "3.1 × 10²³\u00a0FLOP"),
        (0, "ms", "0\u00a0ms"),
        (3, "day", "3\u00a0days"),
        (-2.5, "percent", "-2.5\u00a0%"),
    ],
)
def test_numbers_read_well(number, unit, text):
    quantity = number * parse_unit(unit)
    assert Value(quantity, unit).show() == text


def test_an_input_is_shown_as_given():
    book = ledger(page="```estimate\ntitle: T\ninputs:\n  a: 86_400 s # given\n  b: 12345.678 item # given\n  c: 0.0004 # given\nresults:\n  d = a * b * c -> s*item\n```\n{{ d }}")
    assert [value.show() for value in list(book.values["page"].values())[:3]] == ["86,400\u00a0s", "12,345.678\u00a0items", "0.0004"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("  load = people + candidates -> person", "person is not decision"),
        ("  load = people * candidates -> GB", "not in `GB`"),
        ("  load = people * candidate -> person", "unknown name `candidate`"),
        ("  load = people / 0 -> person", "divides by zero"),
        ("  load = people * ( -> person", "is not a formula"),
        ("  load = people.real -> person", "is not allowed in a formula"),
        ("  load = open('x') -> person", "is not allowed in a formula"),
        ("  load = people * candidates -> flurb/s", "unknown unit `flurb`"),
        ("  people = candidates -> decision/person/day", "already a name"),
        ("  load = people * candidates decision/s", "is not a formula"),
    ],
)
def test_a_wrong_formula_is_reported_at_its_line(line, message):
    text = "\n\n```estimate\ntitle: T\ninputs:\n  people: 3 person # given\n  candidates: 40 decision/person/day # given\nresults:\n" + line + "\n```\n{{ load }} {{ people }} {{ candidates }}"
    problems = [problem for problem in ledger(page=text).problems if problem.line == 9]
    assert len(problems) == 1 and message in problems[0].what and problems[0].file == "docs/page.md"


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("inputs:\n  a: 1 # x\nresults:\n  b = a", 0, "no `title"),
        ("title: T\ninputs:\n  a: 1 # x", 0, "no `results"),
        ("title: T\ninputs:\n  a: 1\nresults:\n  b = a", 3, "does not say where it comes from"),
        ("title: T\n  a: 1 # x", 2, "before `inputs:`"),
        ("title: T\nnonsense", 2, "none of"),
        ("title: T\ninputs:\n  A b: 1 # x\nresults:\n  b = a", 3, "is not a name"),
        ("title: T\ninputs:\n  max: 1 # x\nresults:\n  b = a", 3, "function's name"),
        ("title: T\nresults:\n  b", 3, "is not a result"),
    ],
)
def test_a_malformed_block_is_reported_at_its_line(body, line, message):
    with pytest.raises(EstimateError, match=message) as error:
        parse(body)
    assert error.value.line == line


def test_unused_names_are_reported():
    book = ledger(page=BLOCK)
    assert book.problems == [Problem("docs/page.md", 9, "result `load` is never used; use it in the text as {{ load }} or remove it")]


def test_a_name_of_another_chapter():
    other = "```estimate\ntitle: O\ninputs:\n  mine: page.load  # from the page\nresults:\n  half = mine / 2 -> decision/s\n```\n{{ half }}"
    book = ledger(other=other, page=BLOCK)  # used before it is defined in reading order
    assert book.problems == []
    assert shown(book, "{{ half }} {{ page.people }}", "other") == "208,000\u00a0decisions/s 300\u00a0million\u00a0people"


def test_chapters_that_need_each_other():
    a = "```estimate\ntitle: A\ninputs:\n  x: b-page.y  # from b\nresults:\n  z = x\n```\n{{ z }}"
    b = "```estimate\ntitle: B\ninputs:\n  w: a-page.z  # from a\nresults:\n  y = w\n```\n{{ y }}"
    assert any("type the number in one of the two" in problem.what for problem in ledger(a_page=a, b_page=b).problems)


def test_unknown_chapter_and_name():
    book = ledger(page=BLOCK + "{{ load }}")
    for use, message in (("{{ nowhere.x }}", "unknown chapter"), ("{{ loud }}", "unknown name `loud`")):
        with pytest.raises(ValueError, match=message):
            shown(book, use)


def test_requests_and_bytes_do_not_mix():
    names = {"r": Value(3 * parse_unit("request"), "request"), "b": Value(8 * parse_unit("byte/request"), "byte/request")}
    assert evaluate("r * b", names).to("bit").magnitude == 192
    with pytest.raises(ValueError, match="do not balance"):
        evaluate("r + r * b", names)


def test_functions():
    names = {"load": Value(1001 * parse_unit("request/s"), "request/s"), "each": Value(100 * parse_unit("request/s/server"), "request/s/server")}
    assert evaluate("ceil(load / each)", names).to("server").magnitude == 11
    assert evaluate("max(load, 2 * load)", names).to("request/s").magnitude == 2002
    assert evaluate("log2(8) + sqrt(16) + ln(exp(1))", names).magnitude == pytest.approx(8)


def test_a_hexagon_is_no_value():
    assert not USE.search('model{{"Ranker"}} and {{Ranker}}')


def test_fences_of_all_kinds():
    text = "~~~~ estimate\na\n~~~\n~~~~\n    ```mermaid\n    b\n    ```\n"
    assert [(fence.number, fence.kind, fence.body) for fence in fences(text)] == [(1, "estimate", "a\n~~~"), (5, "mermaid", "b")]


def test_the_table_holds_everything():
    book = ledger(page=BLOCK + "{{ load }}")
    table = to_markdown(parse(next(fences(BLOCK)).body), book.values["page"], "Estimate 1.1")
    assert "| `load = mean × peak` | **417,000 decisions/<wbr>s** | a queue |" in table
    assert "| `people` | 300 million people | given |" in table


def test_every_noun_is_a_unit():
    for noun in PLURALS:
        assert parse_unit(noun).dimensionality == {f"[{noun}]": 1}, noun


def test_rounding_up_is_not_confused_by_percent():
    book = ledger(page="```estimate\ntitle: T\ninputs:\n  x: 23 GPU # given\n  busy: 50 % # given\nresults:\n  n = ceil(x / busy) -> GPU\n```\n{{ n }} {{ busy }}")
    assert book.problems == [] and shown(book, "{{ n }} at {{ busy }}") == "46\u00a0GPUs at 50\u00a0%"
