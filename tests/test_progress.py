"""Progress: kept on the device, shown beside titles and on the home page, taken along, deleted."""

from __future__ import annotations

import json
import time

import pytest
from playwright.sync_api import expect
from test_site import _page, violations

CHAPTER = "interview/traps/"


@pytest.fixture
def page(browser, address):
    yield from _page(browser, address, width=1280, height=900)


def mark(page, address, chapter=CHAPTER) -> None:
    page.goto(address + chapter)
    page.wait_for_load_state("networkidle")
    page.mouse.move(300, 300)
    page.mouse.move(310, 310)
    page.locator(".chapter-end").scroll_into_view_if_needed()
    page.get_by_role("button", name="Mark as read").click()


def test_a_new_reader_pays_nothing_for_it(page, address):
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert not [url for url in page.served if "progress" in url or "practice-" in url]
    expect(page.locator("#progress")).to_be_hidden()


def test_a_chapter_read_is_marked_everywhere_and_counted(page, address):
    mark(page, address)
    expect(page.get_by_role("button", name="Read on")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Read on")).to_be_focused()
    expect(page.locator("h1 .read-mark")).to_have_count(1)
    expect(page.locator(".md-nav--primary .read-mark")).to_have_count(1)
    page.goto(address)
    panel = page.locator("#progress")
    expect(panel).to_contain_text("1 of ")
    expect(page.locator(".rows .read-mark")).to_have_count(1)
    page.goto(address + CHAPTER)
    page.get_by_role("button", name="Read on").click()
    expect(page.locator(".read-mark")).to_have_count(0)
    expect(page.get_by_role("button", name="Mark as read")).to_have_attribute("aria-pressed", "false")


def test_questions_known_and_mocks_are_counted(page, address):
    page.goto(address)
    card = {"due": "2026-03-02T00:00:00Z", "difficulty": 5}
    cards = {"version": 1, "limit": 15, "days": {}, "cards": {"a": {**card, "stability": 30}, "b": {**card, "stability": 7}, "c": {**card, "stability": 2}}}
    page.evaluate("text => localStorage.setItem('field-guide.cards', text)", json.dumps(cards))
    page.evaluate("""() => localStorage.setItem('field-guide.mocks', '{"version": 1, "mocks": [{}, {}, {}]}')""")
    page.reload()
    panel = page.locator("#progress")
    expect(panel).to_contain_text("2 of ")
    expect(panel).to_contain_text("3 mock interviews")
    assert violations(page) == []


def test_it_moves_to_another_device_and_is_deleted_with_one_press(page, browser, address, tmp_path):
    mark(page, address)
    page.goto(address)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export all of it").click()
    download.value.save_as(tmp_path / "progress.json")
    page.get_by_role("button", name="Delete all of it").click()
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('field-guide.'))") == []
    page.get_by_role("button", name="Bring it back").click()
    expect(page.locator("#progress")).to_contain_text("1 of ")
    page.get_by_role("button", name="Delete all of it").click()
    page.reload()
    expect(page.locator("#progress")).to_be_hidden()

    mark(page, address, "interview/drawing/")  # the other device has something of its own
    page.goto(address)
    (tmp_path / "bad.json").write_text('{"other.key": "1"}')
    page.get_by_label("Import").set_input_files(tmp_path / "bad.json")
    expect(page.locator("#progress")).to_contain_text("no record of this guide")
    page.get_by_label("Import").set_input_files(tmp_path / "progress.json")
    expect(page.locator("#progress")).to_contain_text("Taken over")
    assert list(json.loads(page.evaluate("localStorage.getItem('field-guide.chapters')"))) == [CHAPTER]


def test_an_import_that_does_not_fit_costs_nothing(page, address, tmp_path):
    mark(page, address)
    page.goto(address)
    before = page.evaluate("JSON.stringify(localStorage)")
    (tmp_path / "large.json").write_text(json.dumps({"field-guide.cards": "x" * 6_000_000}))  # a browser keeps about 5 MB
    page.get_by_label("Import").set_input_files(tmp_path / "large.json")
    expect(page.locator("#progress")).to_contain_text("does not fit; nothing was changed")
    assert page.evaluate("JSON.stringify(localStorage)") == before


@pytest.mark.parametrize("spoiled", ["{", "[1]", '{"interview/traps/": 3}', "null"])
def test_spoiled_storage_counts_as_none(page, address, spoiled):
    page.goto(address)
    page.evaluate("text => { for (const key of ['chapters', 'cards', 'mocks']) localStorage.setItem('field-guide.' + key, text) }", spoiled)
    page.reload()
    page.wait_for_load_state("networkidle")
    time.sleep(0.3)
    expect(page.locator("#progress")).to_be_hidden()


def test_a_full_storage_is_said(page, address):
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }")
    mark(page, address)
    expect(page.locator(".chapter-end")).to_contain_text("refuses to keep")


def test_a_denied_storage_is_said(browser, address):
    """Material's own scripts complain on the console then; the page works all the same."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError') } })")
    mark(page, address)
    expect(page.locator(".chapter-end")).to_contain_text("refuses to keep")
    context.close()
