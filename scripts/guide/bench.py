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
    """Seconds of a release build: with an empty cache, with nothing changed, with one chapter edited; and of the preview's site alone, clean and after one edit."""

    clean: float
    warm: float
    edited: float
    pages: int  # of all PDFs, the book included


def build_times() -> Times:
    """Builds a copy of the project three times."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("docs", "overrides", "scripts", "labs"):
            if (ROOT / name).exists():
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        shutil.copy(ROOT / "mkdocs.yml", copy)
        (copy / "node_modules").symlink_to(ROOT / "node_modules")
        clean = _build(copy)
        warm = _build(copy)
        chapter = copy / "docs" / "framework" / "index.md"
        chapter.write_text(chapter.read_text("utf-8").replace("The framework is", "This framework is", 1), "utf-8")
        edited = _build(copy)
        pages = sum(len(pypdfium2.PdfDocument(pdf)) for pdf in (copy / "site").rglob("*.pdf"))
    return Times(clean, warm, edited, pages)


def _build(folder: Path) -> float:
    environment = {**os.environ, "GUIDE_ROOT": str(folder), "GUIDE_CACHE": str(folder / ".cache"), "PYTHONPATH": str(folder / "scripts")}
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "guide.cli", "build"], cwd=folder, env=environment, check=True, capture_output=True)
    return time.monotonic() - started


def table() -> str:
    """All figures, one a line."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=diagrams.find_browser(), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        view = first_view(ROOT / "site", browser)
    times = build_times()
    rows = [
        ("clean release build", f"{times.clean:.1f} s"),
        ("nothing changed", f"{times.warm:.1f} s"),
        ("one chapter edited", f"{times.edited:.1f} s, {times.edited / times.clean:.0%} of a clean build"),
        ("book and chapter pages", f"{times.pages}, {times.pages / (times.clean - times.warm):.1f} a second"),
        ("first view of a case", f"{view.bytes / 1024:.1f} KiB in {len(view.first)} requests"),
        ("to the first search result", f"{view.search_bytes / 1024:.1f} KiB more in {len(view.search)} requests"),
        ("the book", f"{(ROOT / 'site' / verify.BOOK).stat().st_size / 1e6:.2f} MB"),
    ]
    return "\n".join(f"{name:<28}{value}" for name, value in rows)
