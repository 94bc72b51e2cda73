"""The site kept on the device: everything is there without a network, and a copy that is not whole is refused."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import json
import shutil
import threading

import pytest
from playwright.sync_api import expect

from guide import offline


@pytest.fixture
def host(site, tmp_path):
    """A server of its own over a copy of the site without PDFs: (address, folder, stop)."""
    folder = tmp_path / "site"
    shutil.copytree(site, folder, ignore=shutil.ignore_patterns("*.pdf", "*.apkg"))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    yield f"http://127.0.0.1:{server.server_port}/", folder, stop
    stop()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def keep(page, address) -> None:
    page.goto(address + "field-guide/")
    page.get_by_role("button", name="Keep the site on this device").click()


def test_the_list_names_every_file_with_its_hash(site):
    listed = json.loads((site / offline.LIST).read_text("utf-8"))["files"]
    for path, integrity in listed.items():
        assert integrity == "sha256-" + base64.b64encode(hashlib.sha256((site / path).read_bytes()).digest()).decode(), path
    assert {"index.html", "404.html", "practice/mock-room/index.html", "practice/questions.json", "practice/guide.json"} <= set(listed)
    assert any("pagefind" in path for path in listed) and not any(path.endswith((".pdf", ".apkg")) for path in listed)


def test_everything_works_when_the_server_is_gone(page, host):
    address, _, stop = host
    keep(page, address)
    expect(page.get_by_text("It opens without a network now")).to_be_visible(timeout=60_000)
    stop()
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(address + "practice/flashcards/")
    page.get_by_role("button", name="Show the answer").click()
    expect(page.locator(".card-answer")).to_be_visible()
    page.goto(address + "practice/study-plan/")
    page.get_by_role("button", name="Make the plan").click()
    expect(page.locator("table.dated")).to_be_visible()
    page.goto(address + "practice/mock-room/?case=cases/payment-fraud/")
    expect(page.get_by_role("button", name="Open the room")).to_be_visible()
    page.goto(address + "framework/evaluate/")
    page.keyboard.press("/")
    page.keyboard.type("calibration")
    expect(page.locator(".md-search-result__link").first).to_be_visible(timeout=20_000)
    page.goto(address + "no/such/page/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "404" in page.title() or page.locator("text=404").count() or "not" in page.locator("article").inner_text().lower()


def test_a_half_deployed_site_is_refused_and_the_last_copy_stays(page, host):
    address, folder, _ = host
    keep(page, address)
    expect(page.get_by_text("It opens without a network now")).to_be_visible(timeout=60_000)
    before = page.evaluate("caches.keys()")
    (folder / "practice/guide.json").write_text("{}")
    listed = json.loads((folder / offline.LIST).read_text())
    (folder / offline.LIST).write_text(json.dumps(listed | {"version": "newer"}))
    keep(page, address)
    expect(page.get_by_text("what was kept before is as it was")).to_be_visible(timeout=60_000)
    assert set(before) <= set(page.evaluate("caches.keys()"))


def test_the_copy_can_be_deleted(page, host):
    address, _, stop = host
    keep(page, address)
    expect(page.get_by_text("It opens without a network now")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Delete the copy").click()
    expect(page.get_by_text("is deleted")).to_be_visible()
    assert page.evaluate("caches.keys()") == []


def test_what_is_online_is_never_old(page, host):
    address, folder, _ = host
    keep(page, address)
    expect(page.get_by_text("It opens without a network now")).to_be_visible(timeout=60_000)
    home = folder / "index.html"
    home.write_text(home.read_text().replace("From a vague sentence", "From a newer sentence"))
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_contain_text("From a newer sentence")
