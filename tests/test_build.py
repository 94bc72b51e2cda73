"""The release build as a whole: what goes wrong is said in one line each, and the last good site stays."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from guide import build as press
from guide import verify

BAD = {
    "unknown key": ("kind: page", "kind: page\nflavor: mint", r"docs/index\.md:\d+: unknown key `flavor`"),
    "broken formula": ("Every number", "$\\frac{1}$ Every number", r"docs/index\.md:\d+: formula: "),
    "dead link": ("Every number", "[x](nowhere.md) Every number", r"docs/index\.md:\d+: the link `nowhere\.md` leads to no page"),
    "dead anchor": ("Every number", "[x](framework/index.md#nowhere) Every number", r"docs/index\.md:\d+: the link `framework/index\.md#nowhere` leads to no heading"),
    "unknown citation": ("Every number", "[@nobody1900] Every number", r"docs/index\.md:\d+: unknown citation"),
    "broken diagram": ("Every number", '\n```mermaid\nflowchart LR\n  accTitle: A title\n  accDescr: Something is described.\n  a["x"] -->\n```\n\nEvery number', r"docs/index\.md:\d+: "),
    "unit error": ("Every number", "\n```estimate\ntitle: T\ninputs:\n  a: 3 request # given\nresults:\n  b = a -> GB\n```\n\n{{ b }} Every number", r"docs/index\.md:\d+: .*not in `GB`"),
    "missing image": ("Every number", "![A cat](assets/cat.png) Every number", r"docs/index\.md:\d+: the link `assets/cat\.png` leads to no page"),
    "script": ("Every number", "<script>alert(1)</script> Every number", r"docs/index\.md:\d+: `<script` in the text"),
    "huge": ("Every number", "x " * 2_500_000 + "Every number", r"docs/index\.md: the file holds 5\.0 MB"),
}


@pytest.fixture
def clone(site, tmp_path) -> Path:
    """A copy of the project that shares its packages and its cache, with the last good site in place."""
    folder = tmp_path / "guide"
    folder.mkdir()
    for name in ("docs", "overrides", "scripts", "labs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", folder)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    shutil.copytree(site, folder / "site")
    return folder


def run(folder: Path) -> subprocess.CompletedProcess:
    environment = {**os.environ, "GUIDE_ROOT": str(folder), "GUIDE_CACHE": str(ROOT / ".cache"), "PYTHONPATH": str(folder / "scripts")}
    return subprocess.run([sys.executable, "-m", "guide.cli", "build"], cwd=folder, env=environment, capture_output=True, text=True)


def fingerprint(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_bad_input_is_named_and_leaves_the_last_good_site(clone):
    """All the faults at once, each on a page of its own, in one build."""
    before = fingerprint(clone / "site")
    original = (clone / "docs/index.md").read_text("utf-8")
    for name, (old, new, _) in BAD.items():
        assert old in original, name
        (clone / "docs" / f"{name.replace(' ', '-')}.md").write_text(original.replace(old, new, 1), "utf-8")
    (clone / "docs/not-text.md").write_bytes(original.encode() + b"\xff\xfe")
    (clone / "docs/empty.md").write_text("")
    done = run(clone)
    assert done.returncode == 1
    for name, (_, _, message) in BAD.items():
        pattern = message.replace(r"docs/index\.md", f"docs/{name.replace(' ', '-')}\\.md")
        assert re.search(pattern, done.stderr), f"{name}: {pattern}\n{done.stderr[-3000:]}"
    assert "docs/not-text.md:" in done.stderr and "docs/empty.md: the file is empty" in done.stderr
    assert "Traceback" not in done.stderr
    assert fingerprint(clone / "site") == before


def test_an_edit_lays_out_one_chapter(clone):
    """The rest of the book is bound as it is kept; so a rebuild takes a fraction of the time of a clean build."""
    page = clone / "docs/framework/index.md"
    sentence = f"One more sentence, number {time.time_ns()}."  # one that no earlier run of this test has cached
    page.write_text(f"{page.read_text('utf-8')}\n{sentence}\n", "utf-8")
    done = run(clone)
    assert done.returncode == 0, done.stderr[-3000:]
    made = re.findall(r"PDF \d+ of at most \d+: (.*?)(?: ·.*)? \(", done.stderr)
    assert made[0] == "The seven-step framework" and made[1:] in ([], ["ML System Design Field Guide"]), "what stands around the chapters changes with the page numbers"
    book = verify.read_text(clone / "site" / verify.BOOK)
    assert book.says(verify.squeeze(sentence))


def test_a_warning_fails_the_build(clone):
    page = clone / "docs/index.md"
    page.write_text(page.read_text("utf-8") + "\n[x](framework/index.md#not-there)\n", "utf-8")
    before = fingerprint(clone / "site")
    done = run(clone)
    assert done.returncode == 1 and "not-there" in done.stderr
    assert fingerprint(clone / "site") == before


def test_the_site_is_swapped_in_whole(tmp_path):
    old, new = tmp_path / "site", tmp_path / "aside" / "site"
    for folder, text in ((old, "old"), (new, "new")):
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(text)
    press._swap(new, old)
    assert (old / "index.html").read_text() == "new" and [path.name for path in tmp_path.rglob("*.old")] == []


def test_without_a_browser_a_release_fails(monkeypatch):
    monkeypatch.setattr(press.diagrams, "find_browser", lambda: None)
    with pytest.raises(press.GuideError, match="apt-get install chromium"):
        press.build()


def test_without_a_browser_mkdocs_alone_still_shows_the_diagrams(tmp_path):
    """An author's preview: mkdocs-mermaid2-plugin draws in the reader's browser, from the local file."""
    environment = {**os.environ, "GUIDE_CHROMIUM": "", "PATH": f"{Path(sys.executable).parent}:{tmp_path / 'bin'}", "GUIDE_CACHE": str(tmp_path / "cache")}
    (tmp_path / "bin").mkdir()
    for tool in ("node", "git"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    done = subprocess.run([sys.executable, "-m", "mkdocs", "build", "-q", "-d", str(tmp_path / "site")], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    html = (tmp_path / "site/cases/video-recommendation/index.html").read_text("utf-8")
    assert html.count('class="mermaid"') >= 6 and "../../assets/mermaid/mermaid.min.js" in html
    assert (tmp_path / "site/assets/mermaid/mermaid.min.js").stat().st_size > 1_000_000
