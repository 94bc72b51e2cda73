"""Templates: what they make keeps every rule that does not ask for more writing."""

from datetime import date

import pytest

from guide import check, questions, scaffold
from guide.errors import GuideError
from guide.library import Library

UNWRITTEN = ("words, at least", " diagrams, a ", " estimates, a ", " questions, a ", " references, a ")


@pytest.mark.parametrize("kind", ["case", "deep-dive", "tradeoff"])
def test_a_new_chapter_only_lacks_what_must_be_written(kind, tmp_path):
    path = scaffold.create(kind, "a-new-thing", tmp_path, date(2026, 1, 2))
    assert path == tmp_path / scaffold.FOLDERS[kind] / "a-new-thing.md" and "title: A new thing" in path.read_text()
    docs = tmp_path / "docs"
    questions.write_ids(docs / questions.IDS, questions.give_ids(Library.read(docs).asked(), {}))  # `make ids`
    found = [str(problem) for problem in check.check(Library.read(docs))]
    assert found and [line for line in found if not any(part in line for part in UNWRITTEN)] == []


def test_a_new_lab_runs(tmp_path):
    from guide import labs

    if not labs.PYTHON.exists():
        pytest.skip("the labs' packages are not installed; `make test` installs them")
    scaffold.create("lab", "my_lab", tmp_path, date(2026, 1, 2))
    report = labs.run_lab("my_lab", update=True, folder=tmp_path / "labs", plots=tmp_path / "plots")
    assert report.holds and (tmp_path / "plots/my_lab.svg").exists()
    assert labs.run_lab("my_lab", folder=tmp_path / "labs", plots=tmp_path / "plots").holds


@pytest.mark.parametrize("slug", ["", "My-Case", "../x", "a_b"])
def test_a_name_that_cannot_be_one(slug, tmp_path):
    with pytest.raises(GuideError, match="lower case"):
        scaffold.create("case", slug, tmp_path, date(2026, 1, 2))


def test_a_name_that_is_taken(tmp_path):
    scaffold.create("case", "mine", tmp_path, date(2026, 1, 2))
    with pytest.raises(GuideError, match="docs/cases/mine.md: exists already"):
        scaffold.create("case", "mine", tmp_path, date(2026, 1, 2))
