"""The chapters themselves: their code prints what they say, their build is strict."""

import re
from pathlib import Path

import pytest
from conftest import ROOT
from pytest_examples import CodeExample, EvalExample, find_examples

from guide.check import check
from guide.library import Library

EXAMPLES = list(find_examples(ROOT / "docs"))


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_code_prints_what_the_chapter_says(example: CodeExample, eval_example: EvalExample):
    eval_example.set_config(line_length=160, quotes="either")
    eval_example.run_print_check(example)


def test_there_is_code_to_run():
    assert len(EXAMPLES) >= 1


def test_code_is_short_enough_to_read():
    assert [str(example) for example in EXAMPLES if example.source.count("\n") > 40] == []


def test_the_chapters_keep_the_contract():
    assert [str(problem) for problem in check(Library.read(ROOT / "docs"))] == []


def test_no_file_names_a_machine_or_a_registry():
    hosts = re.compile(r"(?:files\.|test\.)?pythonhosted\.org|pypi\.org|registry\.npmjs\.org|deb\.debian\.org|index-url|/work/main")
    files = [path for path in ROOT.iterdir() if path.is_file()] + [path for folder in ("docs", "scripts", "overrides", ".ci", ".github") for path in (ROOT / folder).rglob("*") if path.is_file()]
    named = [str(path) for path in files if path.suffix not in (".png", ".pyc") and hosts.search(_text(path).replace("--no-emit-index-url", ""))]
    assert named == []


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace")
