"""What the tests share: one real build, one web server over it, one browser."""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import threading
from pathlib import Path

import markdown
import pytest
from filelock import FileLock
from mkdocs.config import load_config
from playwright.sync_api import sync_playwright

from guide import book, diagrams, extension
from guide.diagrams.browser import ARGUMENTS
from guide.library import Library

ROOT = Path(__file__).resolve().parents[1]
HEAD = """---
title: A page of the tests
kind: deep-dive
description: It stands in for a chapter while one thing is tried out.
reviewed: 2026-01-02
---
"""


FIRST = ("test_fresh_clone.py", "test_labs.py")  # what takes longest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The processes of the runner take one file after the other, so the longest come first."""
    items.sort(key=lambda item: item.path.name not in FIRST)


@pytest.fixture(scope="session")
def site(testrun_uid: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole release build, made by the command a reader would use; once, whichever process of the runner comes first."""
    shared = tmp_path_factory.getbasetemp().parent
    with FileLock(shared / "site.lock"):
        made = shared / f"site-{testrun_uid}"
        if not made.exists():
            done = subprocess.run([sys.executable, "-m", "guide.cli", "build"], cwd=ROOT, capture_output=True, text=True)
            made.write_text("" if done.returncode == 0 else done.stderr[-4000:] or "no message")
    assert made.read_text() == ""
    return ROOT / "site"


@pytest.fixture(scope="session")
def address(site: Path):
    """The built site over HTTP; yields its address, ending in a slash."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium, the system's."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=diagrams.find_browser(),
            args=ARGUMENTS,
        )
        yield chromium
        chromium.close()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """An empty docs/ folder."""
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


@pytest.fixture
def render(docs: Path):
    """A function that renders one page the way MkDocs would: (text, extra files, number) -> (HTML, messages)."""
    config = load_config(str(ROOT / "mkdocs.yml"))

    def run(text: str, files: dict[str, str] | None = None, number: int | None = None, uri: str = "deep-dives/page.md") -> tuple[str, list[str]]:
        for name, content in {uri: HEAD + text, **(files or {})}.items():
            path = docs / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        library = Library.read(docs)
        if number:
            library.numbers[uri] = number
        html = ""
        if uri in library.sources:
            extension.set_current(extension.Page(library, library.sources[uri]))
            md = markdown.Markdown(extensions=config.markdown_extensions, extension_configs=config.mdx_configs)
            html = md.convert(library.sources[uri].text)
        return html, [str(problem) for problem in sorted(library.problems)]

    return run


@pytest.fixture(scope="session")
def printed():
    """A function from page HTML to its print document's HTML."""
    return lambda html: book.PrintPage(html).html()
