"""Each rule of the contract fails on what it exists to find, at the right line, and lets good text pass."""

from __future__ import annotations

import re

import pytest
from conftest import HEAD, ROOT

from guide import check as contract
from guide.library import Library

FIRST = HEAD.count("\n") + 1
CASE_HEAD = HEAD.replace("kind: deep-dive", "kind: case\nprompt: Design it.\nlesson: One thing.\nfamily: ads\npatterns: [x]")
PAGE_HEAD = "---\ntitle: A home page\nkind: page\ndescription: It stands in for a page of the site.\n---\n"
GLOSSARY = HEAD.replace("deep-dive", "reference")
FIGURE = '```mermaid\nflowchart LR\n  accTitle: A title\n  accDescr: Something is described.\n  a["A"] --> b["B"]\n```\n'
SENTENCE = "One two three four five six seven eight nine ten eleven twelve thirteen."

CASES = [
    # rule, text of the page, expected "line: message" (line counted from the text's first), other files
    (contract.headings_are_well_made, "Text.\n\n# A title\n", (3, "a level-1 heading in the text"), {}),
    (contract.headings_are_well_made, "## A\n\n#### B\n", (3, "skips from level 2 to 4"), {}),
    (contract.headings_are_well_made, "## Why is that?\n", (1, "a heading that asks"), {}),
    (contract.headings_are_well_made, "## References\n", (1, "made from the citations"), {}),
    (contract.chapters_have_their_length, "Few words.\n", (0, "2 words, at least 2,000"), {}),
    (contract.chapters_have_their_length, "word " * 3600, (0, "3,600 words, at most 3,500"), {}),
    (contract.chapters_have_their_parts, "Nothing.\n", (0, "0 questions, a deep-dive has at least 8"), {}),
    (contract.chapters_have_their_parts, "Nothing.\n", (0, "0 diagrams, a deep-dive has at least 4"), {}),
    (contract.chapters_have_their_parts, "Nothing.\n", (0, "0 references"), {}),
    (contract.diagrams_can_be_drawn_and_read, "\n" + FIGURE.replace('--> b["B"]', "-->"), (6, ""), {}),
    (contract.diagrams_can_be_drawn_and_read, "\n" + FIGURE.replace("  accTitle: A title\n", ""), (None, "accTitle"), {}),
    (contract.diagrams_can_be_drawn_and_read, "\n" + FIGURE.replace('b["B"]', " --> ".join(f'n{i}["A label of some length"]' for i in range(9))), (None, ""), {}),
    (contract.diagrams_have_captions, FIGURE + "\nText.\n", (1, "has no caption"), {}),
    (contract.tables_fit_a_phone, "Text.\n\n| a | b | c | d | e | f |\n|---|---|---|---|---|---|\n", (3, "a table of 6 columns"), {}),
    (contract.latency_budgets_add_up, "```estimate\ntitle: Latency budget\ninputs:\n  a: 3 ms # x\n  b: 4 ms # x\n  c: 2 # x\nresults:\n  total = a * c -> ms\n  other = b -> ms\n```\n{{ total }} {{ other }}", (1, "(b left out)"), {}),
    (contract.prose_is_plain, "Text.\n\nWe delve into it.\n", (3, "“delve”"), {}),
    (contract.prose_is_plain, "It is important to note this.\n", (1, "say the thing itself"), {}),
    (contract.prose_is_plain, "TODO: write.\n", (1, "write it or leave it out"), {}),
    (contract.dashes_are_rare, "So — it — goes — and — on — here.\n", (0, "5 em dashes"), {}),
    (contract.spelling_is_american, "Text.\n\nThe colour of teh box.\n", (3, "colour ==> color"), {}),
    (contract.spelling_is_american, "Text.\n\nThe colour of teh box.\n", (3, "teh ==> the"), {}),
    (contract.nothing_stands_twice, f"Text.\n\n{SENTENCE}\n", (3, "stands in docs/a.md too"), {"a.md": HEAD + SENTENCE}),
    (contract.questions_stand_alone, '??? question "Why now? (mid · data)"\n    A.\n', (1, "the question stands at docs/a.md"), {"a.md": HEAD + '??? question "Why now? (staff · model)"\n    B.\n'}),
    (contract.links_land, "Text.\n\n[x](gone.md)\n", (3, "leads to no page"), {}),
    (contract.links_land, "Text.\n\n[x](a.md#gone)\n", (3, "leads to no heading"), {"a.md": HEAD + "## Here\n"}),
    (contract.citations_are_known_and_used, "Text [@who2020].\n", (1, "unknown citation `@who2020`"), {}),
    (contract.no_markup_of_ones_own, "Text.\n\n<script>alert(1)</script>\n", (3, "`<script` in the text"), {}),
    (contract.no_markup_of_ones_own, '<a onclick="x()">y</a>\n', (1, "onclick"), {}),
    (contract.images_exist, "![](x.png)\n", (1, "has no description"), {}),
    (contract.images_exist, "![A cat](https://example.org/x.png)\n", (1, "comes from elsewhere"), {}),
]


def library(docs, text: str, files: dict[str, str] | None = None, head: str = HEAD, name: str = "page.md") -> Library:
    for uri, content in {name: head + text, **(files or {})}.items():
        path = docs / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return Library.read(docs)


@pytest.mark.parametrize(("rule", "text", "expected", "files"), CASES, ids=[f"{case[0].__name__}-{number}" for number, case in enumerate(CASES)])
def test_a_rule_finds_what_it_is_for(docs, rule, text, expected, files):
    line, message = expected
    found = [(problem.line, problem.what) for problem in rule(library(docs, text, files)) if problem.file == "docs/page.md"]
    if line is None:
        assert any(message in what for _, what in found), found
    else:
        assert any(number == (line and line + FIRST - 1) and message in what for number, what in found), found


@pytest.mark.parametrize("rule", [case[0] for case in CASES if case[0] not in (contract.chapters_have_their_length, contract.chapters_have_their_parts)], ids=lambda rule: rule.__name__)
def test_a_rule_lets_good_text_pass(docs, rule):
    good = (
        "A plain paragraph that carries a decision.\n\n## A section\n\nSee [there](a.md#here) and `<script>`, `delve` [@b2020].\n\n" + FIGURE + "\n/// figure-caption\nWhat to notice.\n///\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n```estimate\ntitle: Latency budget\ninputs:\n  x: 3 ms # given\n  y: 4 ms # given\nresults:\n  total = x + y -> ms\n```\n\n{{ total }}\n\n"
        '??? question "How so? (mid · data)"\n    So.\n'
    )
    files = {"a.md": HEAD + "## Here\n", "references.bib": "@misc{b2020, author={B}, title={C}, year={2020}, url={https://example.org}}"}
    assert [str(problem) for problem in rule(library(docs, good, files))] == []


def case_text(titles: list[str]) -> str:
    return "".join(f"## {title}\n\nText.\n\n" for title in titles)


def test_sections_of_a_case(docs):
    wanted = contract.SECTIONS["case"]
    rule = contract.sections_stand_in_order
    assert list(rule(library(docs, case_text(wanted), head=CASE_HEAD))) == []
    assert "`## Evaluate` is missing" in str(list(rule(library(docs, case_text([title for title in wanted if title != "Evaluate"]), head=CASE_HEAD)))[0])
    assert "is not a section of a case" in str(list(rule(library(docs, case_text([*wanted, "More"]), head=CASE_HEAD)))[0])
    swapped = [wanted[1], wanted[0], *wanted[2:]]
    assert "`## Clarify the requirements` stands where `## The answer on one page` belongs" in str(list(rule(library(docs, case_text(swapped), head=CASE_HEAD)))[0])


def test_an_entry_nobody_cites(docs):
    bib = "@misc{b2020, author={B}, title={C}, year={2020}, url={https://example.org}}"
    assert [str(problem) for problem in contract.citations_are_known_and_used(library(docs, "Text.\n", {"references.bib": bib}))] == ["docs/references.bib:1: `b2020` is cited nowhere; cite it or remove it"]


def test_a_term_nobody_uses(docs):
    files = {"reference/glossary.md": GLOSSARY + "Flux\n:   What flows.\n\nUsed thing\n:   It is used.\n"}
    found = [str(problem) for problem in contract.terms_are_used(library(docs, "Used things.\n", files))]
    assert found == [f"docs/reference/glossary.md:{FIRST}: no chapter uses `Flux`; remove the entry or use the term"]


def test_a_question_without_an_id_and_an_id_without_its_question(docs):
    (docs / "a.md").write_text(HEAD + '??? question "Why now? (mid · data)"\n    A.\n', "utf-8")
    (docs / "question-ids.tsv").write_text("aaaaaaa\ta.md\tWhy then?\n", "utf-8")
    found = sorted(str(problem) for problem in contract.questions_keep_their_ids(Library.read(docs)))
    assert found == [f"docs/a.md:{FIRST}: the question has no id yet, or was rewritten; run `make ids`", "docs/question-ids.tsv: `Why then?` of a.md is asked no more; run `make ids`"]


def test_every_rule_says_why_it_exists_and_has_a_test():
    tested = {case[0] for case in CASES} | {contract.sections_stand_in_order, contract.terms_are_used, contract.questions_keep_their_ids}
    tested |= {contract.transcripts_keep_time, contract.prerequisites_can_be_met}  # in test_transcripts.py
    assert set(contract.RULES) == tested
    assert all(len(rule.__doc__) > 40 for rule in contract.RULES)


def test_the_contract_is_what_contributing_says():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for title in contract.SECTIONS["case"]:
        assert title in text, title
    for kind in ("framework", "case", "deep-dive", "tradeoff", "interview", "mock"):
        low, high = contract.WORDS[kind]
        row = re.search(rf"^\| `{kind}` \|.*$", text, re.M)
        assert row and f"{low:,}–{high:,}" in row[0] and f"| {contract.DIAGRAMS[kind]} |" in row[0] and f"| {contract.QUESTIONS.get(kind, 0)} |" in row[0], kind
