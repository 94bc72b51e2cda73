"""`make serve`: an edit shows in under two seconds."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from conftest import ROOT


@pytest.fixture
def preview(tmp_path):
    """A preview server over a copy of the chapters; yields (docs folder, address)."""
    for name in ("docs", "overrides"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("scripts", "labs"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(tmp_path / "log", "w") as log:
        server = subprocess.Popen([sys.executable, "-m", "mkdocs", "serve", "--livereload", "-a", f"127.0.0.1:{port}"], cwd=tmp_path, stdout=log, stderr=log, env={**os.environ, "SITE_URL": "http://example.org/"})
    address = f"http://127.0.0.1:{port}/"
    for _ in range(600):
        if "Serving on" in (tmp_path / "log").read_text():
            break
        time.sleep(0.1)
    yield tmp_path / "docs", address
    server.terminate()
    server.wait(10)


def seconds_until(address: str, text: str) -> float:
    started = time.monotonic()
    while time.monotonic() - started < 20:
        with urllib.request.urlopen(address) as response:
            if text in response.read().decode():
                return time.monotonic() - started
        time.sleep(0.05)
    raise AssertionError(f"{text!r} never showed")


def test_an_edit_shows_in_under_two_seconds(preview):
    docs, address = preview
    page = docs / "cases/video-recommendation.md"
    times = []
    for number in range(3):
        page.write_text(page.read_text("utf-8") + f"\nAn edit, number {number}.\n", "utf-8")
        times.append(seconds_until(address + "cases/video-recommendation/", f"An edit, number {number}."))
    assert sorted(times)[1] < 2, times


def test_an_error_is_survived(preview):
    docs, address = preview
    page = docs / "index.md"
    good = page.read_text("utf-8")
    page.write_text(good + "\nWrong: {{ nothing }}\n", "utf-8")
    time.sleep(3)
    page.write_text(good + "\nMended at last.\n", "utf-8")
    assert seconds_until(address, "Mended at last.") < 20
