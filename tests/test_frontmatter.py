"""Front matter: every wrong key is named at its line."""

import pytest

from guide.errors import GuideError
from guide.frontmatter import Case, Chapter, FrameworkStep, Page, parse, split

CASE = """---
title: Video recommendation
kind: case
description: A complete answer to a common prompt.
reviewed: 2026-11-20
prompt: Design it.
lesson: One sentence.
family: recommendation
patterns: [two stages]
---

Text.
"""


def test_a_case():
    head = parse(CASE, "docs/x.md")
    assert isinstance(head, Case) and head.family == "recommendation" and head.reviewed.isoformat() == "2026-11-20"


def test_body_and_offset():
    _, body, offset = split(CASE)
    assert body == "Text.\n" and CASE.splitlines()[offset] == "Text."


def test_kinds():
    assert isinstance(parse("---\ntitle: Abc\nkind: page\ndescription: Twenty characters at least.\n---\n", "f"), Page)
    step = parse("---\ntitle: Abc\nkind: framework\nstep: clarify\nminutes: 6\nreviewed: 2026-01-01\ndescription: Twenty characters at least.\n---\n", "f")
    assert isinstance(step, FrameworkStep) and isinstance(step, Chapter)


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (("family:", "famly:"), 8, "unknown key `famly`"),
        (("family: recommendation", "family: cats"), 8, "`family`: input should be"),
        (("lesson: One sentence.\n", ""), 1, "`lesson` is missing"),
        (("reviewed: 2026-11-20", "reviewed: soon"), 5, "`reviewed`"),
        (("kind: case", "kind: cse"), 3, "`kind` must be one of"),
        (("title: Video recommendation", "title: a: b"), 2, "not YAML"),
        (("patterns: [two stages]", "patterns: []"), 9, "`patterns`"),
    ],
)
def test_what_is_wrong_is_named(change, line, message):
    with pytest.raises(GuideError) as error:
        parse(CASE.replace(*change), "docs/x.md")
    assert any(problem.line == line and message in problem.what for problem in error.value.problems), str(error.value)


def test_all_at_once():
    with pytest.raises(GuideError) as error:
        parse(CASE.replace("lesson:", "leson:").replace("2026-11-20", "soon"), "docs/x.md")
    assert len(error.value.problems) == 3  # unknown, missing, wrong


@pytest.mark.parametrize("text", ["Text without a head.\n", "---\n- a list\n---\n"])
def test_no_head(text):
    with pytest.raises(GuideError, match="front matter"):
        parse(text, "docs/x.md")
