"""What the guide costs its author to build and its reader to open, from one run on one machine.

Bytes are counted over the wire, as a static host sends them: text compressed with gzip, fonts as they are.
"""

from __future__ import annotations

import functools
import gzip
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2
from playwright.sync_api import Browser, sync_playwright

from guide import diagrams, verify
from guide.cache import ROOT
from guide.diagrams.browser import ARGUMENTS

CASE = "cases/video-recommendation/"
QUERY = "calibration"
_COMPRESSED = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".xml", ".txt"}


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files compressed, and counts what it sends."""

    sent: list[tuple[str, int]]

    def do_GET(self) -> None:  # noqa: N802 (the library's name)
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        data, compressed = path.read_bytes(), path.suffix in _COMPRESSED
        if compressed:
            data = gzip.compress(data, 6, mtime=0)
        self.sent.append((self.path, len(data)))
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(data)))
        if compressed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args) -> None:
        pass


@contextmanager
def served(site: Path) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """A site over HTTP as a static host would serve it: its address, and the growing list of (path, bytes) sent."""
    handler = type("Handler", (_Handler,), {"sent": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", handler.sent
    server.shutdown()


@dataclass
class View:
    """What a reader's browser fetched: at the first view of the case page, and from then to the first search result."""

    first: list[tuple[str, int]] = field(default_factory=list)
    search: list[tuple[str, int]] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.first)

    @property
    def search_bytes(self) -> int:
        return sum(size for _, size in self.search)


def first_view(site: Path, browser: Browser) -> View:
    """Opens the case page as a new reader does, then searches."""
    with served(site) as (address, sent):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address + CASE)
        page.wait_for_load_state("networkidle")
        view = View(first=list(sent))
        page.keyboard.press("/")
        page.keyboard.type(QUERY)
        page.locator(".md-search-result__link").first.wait_for()
        view.search = sent[len(view.first) :]
        page.close()
    return view


@dataclass(frozen=True)
class Times:
    """Seconds of one kind of build: with an empty cache, with nothing changed, with one chapter edited."""

    clean: float
    warm: float
    edited: float

    def __str__(self) -> str:
        return f"{self.clean:6.1f} s clean {self.warm:6.1f} s unchanged {self.edited:6.1f} s after an edit, {self.edited / self.clean:.0%}"


def build_times() -> tuple[Times, Times, int]:
    """Builds a copy of the project: the site alone three times, then the whole release three times. Also the pages of all its PDFs."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("docs", "overrides", "scripts", "labs"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        for name in ("mkdocs.yml", "requirements.txt", "package-lock.json"):
            shutil.copy(ROOT / name, copy)
        (copy / "node_modules").symlink_to(ROOT / "node_modules")
        site = _three(copy, ["-m", "mkdocs", "build", "-q", "-d", str(copy / "preview")])
        shutil.rmtree(copy / ".cache")
        release = _three(copy, ["-m", "guide.cli", "build"])
        pages = sum(len(pypdfium2.PdfDocument(pdf)) for pdf in (copy / "site").rglob("*.pdf"))
    return site, release, pages


def _three(folder: Path, command: list[str]) -> Times:
    clean, warm = _seconds(folder, command), _seconds(folder, command)
    chapter = folder / "docs" / "framework" / "index.md"
    chapter.write_text(chapter.read_text("utf-8") + "\nOne more sentence stands here.\n", "utf-8")
    return Times(clean, warm, _seconds(folder, command))


def _seconds(folder: Path, command: list[str]) -> float:
    environment = {**os.environ, "GUIDE_ROOT": str(folder), "GUIDE_CACHE": str(folder / ".cache"), "PYTHONPATH": str(folder / "scripts")}
    started = time.monotonic()
    subprocess.run([sys.executable, *command], cwd=folder, env=environment, check=True, capture_output=True)
    return time.monotonic() - started


def table() -> str:
    """All figures, one a line."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=diagrams.find_browser(), args=ARGUMENTS)
        view = first_view(ROOT / "site", browser)
    preview, release, pages = build_times()
    rows = [
        ("site alone", str(preview)),
        ("release, with all PDFs", str(release)),
        ("pages of the PDFs", f"{pages}, {pages / (release.clean - release.warm):.1f} a second"),
        ("first view of a case", f"{view.bytes / 1024:.1f} KiB in {len(view.first)} requests"),
        ("to the first search result", f"{view.search_bytes / 1024:.1f} KiB more in {len(view.search)} requests"),
        ("the book", f"{(ROOT / 'site' / verify.BOOK).stat().st_size / 1e6:.2f} MB"),
    ]
    return "\n".join(f"{name:<28}{value}" for name, value in rows)
