"""Practice pages in the browser, and the deck in Anki's own library."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import datetime, timedelta, timezone

import pytest
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest
from anki.errors import AnkiException
from conftest import ROOT
from playwright.sync_api import expect
from test_site import _page, violations

from guide import anki, practice, questions
from guide.library import Library

BANK, CARDS = "practice/question-bank/", "practice/flashcards/"
LIBRARY = Library.read(ROOT / "docs")


@pytest.fixture
def page(browser, address):
    yield from _page(browser, address, width=1280, height=900)


@pytest.fixture(scope="module")
def data(site) -> list[dict]:
    return json.loads((site / practice.DATA).read_text("utf-8"))


# Ids


def test_a_rewritten_question_keeps_its_id():
    known = {("a.md", "Why does the order of two models reverse?"): "aaaaaaa", ("a.md", "What is a card?"): "bbbbbbb"}
    given = questions.give_ids([("a.md", "Why may the order of two models reverse?"), ("a.md", "How many GPUs does it take?"), ("b.md", "What is a card?")], known)
    assert given["a.md", "Why may the order of two models reverse?"] == "aaaaaaa"
    assert given["b.md", "What is a card?"] == "bbbbbbb", "a question may move to another page"
    assert given["a.md", "How many GPUs does it take?"] not in known.values() and len(given) == 3


def test_ids_are_unique_and_survive_the_file(tmp_path):
    taken = [questions.fresh_id("a.md", "x")]
    assert questions.fresh_id("a.md", "x", taken) not in taken
    ids = questions.give_ids([("a.md", f"Question {number} about another thing {number * 7}?") for number in range(300)], {})
    assert len(set(ids.values())) == 300
    questions.write_ids(tmp_path / "ids.tsv", ids)
    assert questions.read_ids(tmp_path / "ids.tsv", "f") == (ids, []) and questions.read_ids(tmp_path / "none.tsv", "f") == ({}, [])


@pytest.mark.parametrize("line", ["<<<<<<< HEAD", "aaaaaaa\ta.md", "AAAAAAA\ta.md\tWhy?", "bbbbbbb\tb.md\tHow?"])
def test_a_spoiled_file_of_ids_is_named(tmp_path, line):
    (tmp_path / "ids.tsv").write_text(f"bbbbbbb\ta.md\tWhat?\n{line}\n", "utf-8")
    ids, problems = questions.read_ids(tmp_path / "ids.tsv", "docs/ids.tsv")
    assert ids == {("a.md", "What?"): "bbbbbbb"} and [str(problem).split(": ")[0] for problem in problems] == ["docs/ids.tsv:2"]


def test_every_question_of_the_guide_has_its_id():
    assert LIBRARY.ids and len(set(LIBRARY.ids.values())) == len(LIBRARY.ids)


# The bank


def test_the_data_hold_every_question_with_an_answer(data):
    assert len(data) == len(LIBRARY.ids) and {item["id"] for item in data} == set(LIBRARY.ids.values())
    assert [item["id"] for item in data if len(re.sub("<[^>]+>", "", item["answer"])) < 60] == []
    assert not any("class=\"tags\"" in item["text"] for item in data)


def test_the_bank_is_large_and_no_question_answers_itself(data):
    assert len(data) >= 300

    def words(html: str) -> set[str]:
        return set(re.findall(r"[\w’'-]{4,}", re.sub("<[^>]+>", " ", html).lower()))

    assert [item["text"] for item in data if len(words(item["answer"]) - words(item["text"])) < 8] == []


def test_without_scripts_the_bank_is_a_list_of_links(browser, address, data):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + BANK)
    links = page.locator("ul.questions a")
    assert links.count() == len(data)
    links.nth(7).click()
    expect(page.locator("details.question:target")).to_be_visible()
    context.close()


def test_the_bank_filters_and_opens_answers_in_place(page, address, data):
    page.goto(address + BANK)
    count = page.locator("#question-bank output")
    expect(count).to_have_text(f"{len(data)} of {len(data)} questions")
    page.get_by_label("Level").select_option("staff")
    page.get_by_label("Step").select_option("serve")
    wanted = [item for item in data if item["level"] == "staff" and item["step"] == "serve"]
    expect(count).to_have_text(f"{len(wanted)} of {len(data)} questions")
    shown = page.locator("ul.questions > li:visible")
    assert shown.count() == len(wanted)
    expect(page.get_by_role("heading", name="Evaluate")).to_be_hidden()
    shown.first.locator("summary").click()
    expect(shown.first.get_by_role("link", name="In its chapter")).to_be_visible()
    page.get_by_label("Words").fill("zzzz")
    expect(count).to_have_text(f"0 of {len(data)} questions")


def test_a_draw_hides_its_answer_until_asked(page, address):
    page.goto(address + BANK)
    page.get_by_label("Step").select_option("model")
    drawn = page.locator(".drawn")
    page.get_by_role("button", name="Draw one").click()
    first = drawn.locator(".drawn-question").inner_text()
    expect(drawn.get_by_role("link", name="In its chapter")).to_have_count(0)
    page.get_by_role("button", name="Draw one").click()
    assert drawn.locator(".drawn-question").inner_text() != first, "the same question twice in a row is no draw"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(drawn.get_by_role("link", name="In its chapter")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("uri", [BANK, CARDS])
def test_axe_finds_nothing_while_in_use(browser, address, uri, scheme):
    pages = _page(browser, address, width=360, height=800, color_scheme=scheme)
    page = next(pages)
    page.goto(address + uri)
    page.wait_for_load_state("networkidle")
    assert violations(page) == []
    if uri == BANK:
        page.get_by_role("button", name="Draw one").click()
        page.get_by_role("button", name="Show the answer").click()
        page.locator("ul.questions summary").first.click()
    else:
        page.get_by_role("button", name="Show the answer").click()
        page.get_by_text("Settings and your record").click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    next(pages, None)


# The cards

START = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)
WEEK = """
import {createRequire} from 'module'
const {createEmptyCard, fsrs, Rating} = await import(process.argv[1])
const plan = fsrs({enable_fuzz: false}), [ratings, start] = [JSON.parse(process.argv[2]), process.argv[3]]
let now = new Date(start), card = createEmptyCard(now), due = []
for (const name of ratings) { card = plan.next(card, now, Rating[name]).card; due.push(card.due.toISOString()); now = card.due }
process.stdout.write(JSON.stringify(due))
"""


def promised(ratings: list[str]) -> list[datetime]:
    """When the library itself, asked without a page, makes a card due after each grade, if it is answered on the minute."""
    package = (ROOT / "node_modules/ts-fsrs/dist/index.mjs").as_uri()
    done = subprocess.run(["node", "--input-type=module", "-e", WEEK, package, json.dumps(ratings), START.isoformat()], capture_output=True, text=True, check=True)
    return [datetime.fromisoformat(when.replace("Z", "+00:00")) for when in json.loads(done.stdout)]


def stored(page) -> dict:
    return json.loads(page.evaluate("localStorage.getItem('field-guide.cards')"))


def due_of(page, name: str) -> datetime:
    return datetime.fromisoformat(stored(page)["cards"][name]["due"].replace("Z", "+00:00"))


def test_reviews_come_when_the_library_promises(page, address, data):
    """One card a day at most, answered whenever it is due, for weeks of a fake clock."""
    ratings = ["Good", "Good", "Hard", "Again", "Good", "Easy"]
    page.clock.install(time=START)
    page.goto(address + CARDS)
    page.locator(".card-question").wait_for()
    page.get_by_text("Settings and your record").click()
    page.get_by_label("New cards a day").fill("1")
    page.get_by_label("New cards a day").press("Enter")
    first = data[0]["id"]
    page.locator(".card-question").click()
    for rating, due in zip(ratings, promised(ratings)):
        page.keyboard.press("Space")
        page.keyboard.press(str(["Again", "Hard", "Good", "Easy"].index(rating) + 1))
        assert abs(due_of(page, first) - due) < timedelta(seconds=90), rating
        page.clock.set_fixed_time(due_of(page, first))
        page.reload()
        page.locator(".card-question").wait_for()
        counts = page.locator(".card-counts output")
        expect(counts).to_contain_text("1 due")
    assert due_of(page, first) - START > timedelta(days=7)


def test_the_days_limit_and_undo(page, address, data):
    page.clock.install(time=START)
    page.goto(address + CARDS)
    page.locator(".card-question").wait_for()
    counts = page.locator(".card-counts output")
    expect(counts).to_have_text(f"0 due · 15 new today · {len(data)} not seen yet")
    for _ in range(15):
        page.keyboard.press("Space")
        page.keyboard.press("4")
    expect(counts).to_have_text(f"0 due · 0 new today · {len(data) - 15} not seen yet")
    expect(page.locator(".card-question")).to_contain_text("Nothing is due. The next card comes in")
    page.keyboard.press("u")
    expect(counts).to_have_text(f"0 due · 1 new today · {len(data) - 14} not seen yet")
    page.clock.set_fixed_time(START + timedelta(days=1))
    page.reload()
    page.locator(".card-question").wait_for()
    expect(counts).to_contain_text("15 new today")


def test_progress_survives_a_reload_and_moves_by_file(page, address, tmp_path):
    page.goto(address + CARDS)
    page.locator(".card-question").wait_for()
    page.keyboard.press("Space")
    page.keyboard.press("3")
    before = stored(page)
    page.reload()
    page.locator(".card-question").wait_for()
    page.get_by_text("Settings and your record").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export your record").click()
    download.value.save_as(tmp_path / "record.json")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Forget everything").click()
    assert page.evaluate("localStorage.getItem('field-guide.cards')") is None
    page.get_by_label("Import a record").set_input_files(tmp_path / "record.json")
    expect(page.get_by_text("1 cards taken over")).to_be_visible()
    assert stored(page) == before
    (tmp_path / "other.json").write_text('{"version": 1, "cards": {"x": {"due": "never"}}}')
    page.get_by_label("Import a record").set_input_files(tmp_path / "other.json")
    expect(page.get_by_text("not a record of these cards")).to_be_visible()
    assert stored(page) == before


@pytest.mark.parametrize("spoiled", ["{", "[]", "null", '{"version": 1, "limit": 15, "days": {}, "cards": {"a": 3}}', '{"version": 9}'])
def test_spoiled_storage_starts_anew(page, address, spoiled):
    page.goto(address)
    page.evaluate("text => localStorage.setItem('field-guide.cards', text)", spoiled)
    page.goto(address + CARDS)
    page.locator(".card-question").wait_for()
    page.keyboard.press("Space")
    page.keyboard.press("3")
    assert len(stored(page)["cards"]) == 1


def test_a_full_or_denied_storage_is_said_and_survived(page, address):
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }")
    page.goto(address + CARDS)
    page.locator(".card-question").wait_for()
    expect(page.locator(".card-warning")).to_be_hidden()
    page.keyboard.press("Space")
    page.keyboard.press("3")
    expect(page.locator(".card-warning")).to_be_visible()
    expect(page.locator(".card-counts output")).to_contain_text("14 new today")


def test_cards_by_keyboard_alone(page, address):
    """Everything of the card and its settings is reached by Tab, and the focus follows the card."""
    page.goto(address + CARDS)
    page.locator(".card-question").wait_for()
    page.get_by_role("button", name="Show the answer").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches('.card-answer')")
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText || ''").split("\n")[0].strip())
    assert any("again" in name for name in reached) and any("easy" in name for name in reached) and "Settings and your record" in reached


# The deck


@pytest.fixture
def collection(tmp_path):
    opened = Collection(str(tmp_path / "collection.anki2"))
    yield opened
    opened.close()


def take_in(collection: Collection, path) -> None:
    collection.import_anki_package(ImportAnkiPackageRequest(package_path=str(path), options=ImportAnkiPackageOptions(with_scheduling=False)))


def test_anki_takes_the_deck_and_a_newer_edition_changes_it_in_place(site, data, collection, tmp_path):
    take_in(collection, site / anki.FILE)
    assert collection.note_count() == collection.card_count() == len(data)
    names = {deck.name for deck in collection.decks.all_names_and_ids()}
    assert {f"{anki.NAME}::{item['part']}" for item in data} <= names
    assert len(collection.find_notes("tag:level::staff")) == sum(item["level"] == "staff" for item in data)
    card = collection.get_card(collection.find_cards("")[0])
    assert '<hr id="answer">' in card.answer() or "<hr id=answer>" in card.answer()

    newer = [practice.Question(**item) for item in data]
    newer[0] = practice.Question(**{**data[0], "answer": "<p>A better answer than before.</p>"})
    anki.write(newer, "https://example.org/", 4_000_000_000, tmp_path / "newer.apkg")
    take_in(collection, tmp_path / "newer.apkg")
    assert collection.note_count() == len(data), "a newer edition must not double the cards"
    assert len(collection.find_notes('"A better answer than before."')) == 1


def test_the_deck_is_the_same_for_the_same_questions(data, tmp_path):
    items = [practice.Question(**item) for item in data]
    for name in ("a", "b"):
        anki.write(items, "https://example.org/", 1_780_000_000, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_links_in_the_deck_lead_to_the_site():
    question = practice.Question("x", "t", '<a href="cases/a/#b">y</a> <a href="https://z.org">z</a>', "mid", "data", "", "p", "c", "cases/a/#q-x")
    made = practice.absolute(question, "https://site/")
    assert made.answer == '<a href="https://site/cases/a/#b">y</a> <a href="https://z.org">z</a>' and made.url == "https://site/cases/a/#q-x"


def test_a_spoiled_deck_is_refused_by_anki(collection, tmp_path):
    """What makes the tests above mean something: not any file is taken."""
    (tmp_path / "bad.apkg").write_bytes(b"no archive")
    with pytest.raises(AnkiException):
        take_in(collection, tmp_path / "bad.apkg")
