"""The contributor's interface, rendered: what a fence, a citation, a question, a formula or a term becomes, and what is said when it is wrong."""

import re
from html import unescape

import pytest

from guide import formulas
from conftest import HEAD

BIB = "@article{covington2016,\n author = {Covington, Paul and Adams, Jay},\n title = {Deep {Neural} Networks},\n year = 2016,\n journal = {RecSys},\n url = {https://example.org/paper}\n}\n@misc{meta2023, organization = {Meta}, title = {A blog}, year = 2023, url = {https://example.org/blog}}\n"
GLOSSARY = HEAD.replace("deep-dive", "reference") + "\nTwo-tower model (two tower)\n:   Two encoders and a dot product.\n\nNDCG\n:   A ranking metric.\n"
FIRST = HEAD.count("\n") + 1  # the line on which a page's text begins


def test_citations_are_numbered_in_reading_order(render):
    html, problems = render("B [@meta2023]. Both [@covington2016; @meta2023].\n", {"references.bib": BIB})
    assert problems == []
    text = re.sub(r"<[^>]+>", "", html)
    assert "B [1]. Both [2, 1]." in text
    assert text.index("Meta. A blog") < text.index("P. Covington and J. Adams. Deep Neural Networks. RecSys, 2016. example.org/paper")
    assert html.count('id="ref-meta2023"') == 1 and 'href="#ref-covington2016"' in html and '<h2 id="references">' in html


def test_unknown_citation(render):
    _, problems = render("One.\n\nTwo [@nobody2020].\n")
    assert problems == [f"docs/deep-dives/page.md:{FIRST + 2}: unknown citation `@nobody2020`; add the entry to docs/references.bib or correct the key"]


def test_a_reference_without_an_address(render):
    _, problems = render("Text.\n", {"references.bib": "@misc{a2020, author={B}, title={C}, year={2020}}\n"})
    assert problems == ["docs/references.bib:1: `a2020` has no url; add the field"]


def test_terms_are_linked_once(render):
    html, _ = render("## Two towers and NDCG\n\nThe two-tower models beat two-tower models; ndcg is no word, NDCG is. `NDCG`\n", {"reference/glossary.md": GLOSSARY})
    assert html.count('class="term"') == 2
    assert '<a class="term" href="../reference/glossary.md#term-two-tower-model" title="Two encoders and a dot product.">two-tower models</a> beat two-tower' in html
    assert 'title="A ranking metric.">NDCG</a> is. <code>' in html


def test_the_glossary_has_anchors(render):
    html, _ = render("Term (T)\n:   What it is.\n", uri="reference/glossary.md")
    assert '<dt id="term-term">' in html and 'class="term"' not in html


def test_a_term_defined_twice(render):
    _, problems = render("Text.\n", {"reference/glossary.md": GLOSSARY + "\nndcg\n:   Again.\n"})
    assert len(problems) == 1 and "`ndcg` is already the term of line" in problems[0]


def test_questions_carry_level_and_step(render):
    html, problems = render('??? question "Why `x`? (senior · evaluate)"\n    Because.\n')
    assert problems == []
    assert 'data-level="senior"' in html and 'data-step="evaluate"' in html and re.search(r'id="q-[a-z2-7]{7}"', html)
    assert "(senior" not in html and "senior · Evaluate</span>" in html


@pytest.mark.parametrize(("tags", "message"), [("", "does not end in its tags"), (" (boss · evaluate)", "`boss` is not a level"), (" (senior · think)", "`think` is not a step")])
def test_a_question_without_good_tags(render, tags, message):
    _, problems = render(f'Text.\n\n??? question "Why is this so?{tags}"\n    Because.\n')
    assert len(problems) == 1 and message in problems[0] and f"page.md:{FIRST + 2}:" in problems[0]


def test_formulas_are_set_at_build(render):
    html, problems = render("Inline $x_i$ costs \\$5.\n\n$$\n\\sum_i x_i\n$$\n")
    assert problems == []
    assert html.count("<math") == 2 and 'display="block"' in html and "costs $5." in html and "annotation" not in html


def test_a_formula_katex_refuses(render):
    _, problems = render("Text.\n\nInline $\\frac{a}$ here.\n")
    assert len(problems) == 1 and f"page.md:{FIRST + 2}: formula: " in problems[0]


def test_figures_and_tables_are_numbered(render):
    html, problems = render("See [](#fig-a).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n/// table-caption\nNumbers.\n///\n\n![alt](x.png)\n\n/// figure-caption | #fig-a\nWhat to notice.\n///\n", number=3)
    assert problems == []
    assert '<a class="xref" href="#fig-a">Figure 3.1</a>' in html
    assert re.search(r'<span class="label">Table 3.1</span> Numbers', html) and re.search(r'<span class="label">Figure 3.1</span> What to notice', html)
    assert 'role="group"' in html and 'class="data"' in html


def test_a_reference_to_no_figure(render):
    _, problems = render("Text.\n\nSee [](#fig-none).\n")
    assert problems == [f"docs/deep-dives/page.md:{FIRST + 2}: no figure or table is called `#fig-none`; name one with `/// figure-caption | #fig-none`"]


ESTIMATE = "```estimate\ntitle: Load\ninputs:\n  people: 300 person  # survey [@meta2023]\nresults:\n  load = people * 2 -> person\n```\n"


def test_estimates_and_values(render):
    html, problems = render(ESTIMATE + "\nIt is {{ load }}, never `{{ load }}`.\n\n```text\n{{ load }}\n```\n", {"references.bib": BIB}, number=2)
    assert problems == []
    assert "It is 600\u00a0people, never <code>{{ load }}</code>" in html
    assert "Estimate 2.1" in html and 'href="#ref-meta2023"' in html
    assert re.search(r"<code[^>]*>(<span></span>)?\{\{ load \}\}", html)


def test_an_unknown_value(render):
    _, problems = render("Text.\n\nIt is {{ lood }}.\n")
    assert problems == [f"docs/deep-dives/page.md:{FIRST + 2}: unknown name `lood`; no estimate of that page defines it"]


def test_dollars_do_not_open_formulas(render):
    html, problems = render("```estimate\ntitle: Cost\ninputs:\n  a: 5 dollar  # given\nresults:\n  b = a * 2 -> dollar\n```\n\nFrom {{ a }} to {{ b }}.\n")
    assert problems == [] and "From $5 to $10." in unescape(html) and "<math" not in html


def test_a_diagram_with_values(render):
    html, problems = render(ESTIMATE + '\n```mermaid\nflowchart LR\n  accTitle: A title\n  accDescr: A description.\n  a["{{ load }}"] --> b["B"]\n```\n\n/// figure-caption\nNotice.\n///\n', {"references.bib": BIB})
    assert problems == []
    assert "<svg" in html and "<title" in html and re.search(r"600.{0,200}people", html, re.S)


def test_a_broken_diagram_is_reported_at_its_line(render):
    _, problems = render('Text.\n\n```mermaid\nflowchart LR\n  accTitle: A title\n  accDescr: A description.\n  a["A"] --> \n  b["B"] -->\n```\n')
    assert len(problems) == 1
    line = int(re.match(r"docs/deep-dives/page.md:(\d+): ", problems[0])[1])
    assert FIRST + 3 <= line <= FIRST + 8


def test_a_fence_left_open(render):
    _, problems = render("Text.\n\n```python\nprint(1)\n")
    assert problems == [f"docs/deep-dives/page.md:{FIRST + 2}: a fence opened with ``` is never closed; close it"]


def test_what_is_printed_is_opened_out(render, printed):
    html, _ = render('??? question "Why? (mid · data)"\n    The answer.\n\n[`code`](https://example.org)\n\n$x$\n')
    paper = printed(html)
    assert "The answer." in paper and "<details" not in paper and "admonition-title" in paper
    assert "<code><a href" in paper and "<math" not in paper and 'class="katex"' in paper


def test_letters_of_another_kind_have_their_own_code_points(render):
    html, _ = render("$\\mathcal{L}$ $\\mathbb{R}$ $\\mathbf{x}$ $\\operatorname{softmax}(x)$\n")
    assert "<mi>ℒ</mi>" in html and "<mi>ℝ</mi>" in html and "<mi>𝐱</mi>" in html and "softmax</mi>" in html


def test_a_root_is_no_drawing(render, printed):
    html, problems = render("A root $\\sqrt{x+1}$ and a hat $\\widehat{xyz}$.\n")
    paper = printed(html)
    assert problems == [] and paper.count("<title>stroke</title>") == 2 and "data-drawing" not in paper


def test_the_typeface_of_formulas_has_what_only_their_markup_draws():
    found = formulas.letters('<p>z</p><math><msqrt><mi>x</mi></msqrt><mo>&lt;</mo><mi>h</mi><mi mathvariant="normal">g</mi><mi>log</mi></math>')
    assert found == {"𝑥", "<", "√", "ℎ", "g", "l", "o"}, "a lone letter is set in italics, unless it is marked"
