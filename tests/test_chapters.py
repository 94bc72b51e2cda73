"""The chapters themselves: their code prints what they say, they keep the contract, and nothing foreign is in the repository."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from guide.check import check, fenced
from guide.library import Library

LIBRARY = Library.read(ROOT / "docs")
CODE = [(f"{source.file}:{line}", body) for source in LIBRARY.sources.values() for line, kind, body in fenced(source) if kind == "python"]


@pytest.mark.parametrize(("place", "code"), CODE, ids=[place for place, _ in CODE])
def test_code_prints_what_the_chapter_says(place, code):
    """Whatever stands after `#>` in a block, in order, is what the block prints."""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [line.split("#> ", 1)[1] for line in code.splitlines() if line.lstrip().startswith("#> ")]


def test_there_is_code_to_run():
    assert len(CODE) >= 10 and sum("#> " in code for _, code in CODE) >= 10


@pytest.mark.parametrize(("place", "code"), CODE, ids=[place for place, _ in CODE])
def test_code_is_short_enough_to_read(place, code):
    lines = [line for line in code.splitlines() if line.strip() and not line.lstrip().startswith("#> ")]
    assert len(lines) <= 40, place


def test_the_chapters_keep_the_contract():
    assert [str(problem) for problem in check(LIBRARY)] == []


def test_no_file_names_a_machine_or_a_registry():
    hosts = re.compile(r"(?:files\.|test\.)?pythonhosted\.org|pypi\.org|registry\.npmjs\.org|deb\.debian\.org|index-url|" + re.escape(str(ROOT)))
    files = [path for path in ROOT.iterdir() if path.is_file()] + [path for folder in ("docs", "scripts", "overrides", "labs", "tests", ".ci", ".github") for path in (ROOT / folder).rglob("*") if path.is_file()]
    named = [str(path) for path in files if path.suffix not in (".png", ".pyc") and path != Path(__file__) and hosts.search(_text(path).replace("--no-emit-index-url", ""))]
    assert named == []


def test_only_our_own_work_is_in_the_repository():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    folders = {path.split("/")[0] for path in tracked if "/" in path}
    assert folders <= {".ci", ".github", "docs", "labs", "overrides", "scripts", "tests"}
    assert [path for path in tracked if path.endswith((".woff2", ".ttf", ".min.js", ".pdf", ".pyc"))] == []


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace")
