"""The page cache: hits when nothing changed, misses when anything did, and never hides a complaint."""

import shutil
import subprocess
import sys

import pytest
from conftest import HEAD, ROOT

from guide import extension, page_cache
from guide.library import Library

TEXT = "Shows {{ other.a }} and cites [@b2020] a term.\n"
OTHER = HEAD.replace("A page", "Another page") + "\n```estimate\ntitle: T\ninputs:\n  x: 3 item  # given\nresults:\n  a = x * 2 -> item\n```\n\nIt is {{ a }}.\n"
BIB = "@misc{b2020, author={B}, title={C}, year={2020}, url={https://example.org}}\n"
GLOSSARY = HEAD + "\nTerm\n:   Its meaning.\n"


def make_key(docs, text=TEXT, other=OTHER, bib=BIB, glossary=GLOSSARY, number=1, uris=("page.md",)):
    (docs / "reference").mkdir(exist_ok=True)
    for name, content in {"page.md": HEAD + text, "other.md": other, "references.bib": bib, "reference/glossary.md": glossary}.items():
        (docs / name).write_text(content)
    library = Library.read(docs)
    library.numbers["page.md"] = number
    assert library.problems == []
    return page_cache.page_key(extension.Page(library, library.sources["page.md"]), text, list(uris))


def test_the_same_sources_give_the_same_key(docs):
    assert make_key(docs) == make_key(docs)


@pytest.mark.parametrize(
    "change",
    [
        {"text": TEXT + "More.\n"},
        {"other": OTHER.replace("3 item", "4 item")},
        {"bib": BIB.replace("2020}, url", "2021}, url")},
        {"glossary": GLOSSARY.replace("Its meaning", "Another meaning")},
        {"number": 2},
        {"uris": ("page.md", "new.md")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_shows_on_the_page_changes_the_key(docs, change):
    assert make_key(docs) != make_key(docs, **change)


@pytest.mark.parametrize("change", [{"other": OTHER + "\nMore text.\n"}, {"bib": BIB + "@misc{z2020, author={B}, title={C}, year={2020}, url={https://example.org}}\n"}], ids=["other text", "another reference"])
def test_what_does_not_show_does_not(docs, change):
    assert make_key(docs) == make_key(docs, **change)


def test_a_complaint_comes_again(tmp_path):
    for name in ("docs", "overrides", "scripts", "labs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    page = tmp_path / "docs/index.md"
    page.write_text(page.read_text("utf-8") + "\n[x](nowhere.md)\n", "utf-8")
    for _ in range(2):
        done = subprocess.run([sys.executable, "-m", "mkdocs", "build", "-q", "-d", str(tmp_path / "site")], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode != 0 and "nowhere.md" in done.stderr
