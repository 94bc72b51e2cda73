"""The mock room on an accelerated clock, its record, the second screen, and the interviewer's kit."""

from __future__ import annotations

import json
import re

import pypdfium2
import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect
from test_site import _page, violations

from guide import interviewer, practice, syllabus
from guide.frontmatter import GRADES, SIGNALS

ROOM, KIT = "practice/mock-room/", "practice/interviewers-kit/"


@pytest.fixture(scope="module")
def guide(site) -> dict:
    return json.loads((site / syllabus.DATA).read_text("utf-8"))


@pytest.fixture(scope="module")
def questions(site) -> dict[str, dict]:
    return {item["id"]: item for item in json.loads((site / practice.DATA).read_text("utf-8"))}


@pytest.fixture
def page(browser, address):
    yield from _page(browser, address, width=1280, height=900)


def enter(page, address, level="senior", length="45", who="I answer, alone", case="") -> None:
    page.clock.install(time="2026-03-02T09:00:00")
    page.goto(address + ROOM + (f"?case={case}" if case else ""))
    page.get_by_label("Level").select_option(level)
    page.get_by_label("Length").select_option(length)
    page.get_by_label("Who you are").select_option(label=who)
    page.get_by_role("button", name="Open the room" if case else "Draw a case").click()


def minutes(page, count: float) -> None:
    page.clock.run_for(int(count * 60_000))


def stored(page, key: str):
    return json.loads(page.evaluate("key => localStorage.getItem('field-guide.' + key)", key))


@pytest.mark.parametrize(("length", "level", "count"), [("45", "senior", 4), ("35", "mid", 3), ("60", "staff", 6)])
def test_a_whole_mock(page, address, guide, questions, length, level, count):
    """From the draw to the record: the clock, the steps' budget, the case's own interruptions, its answer only afterwards."""
    enter(page, address, level, length)
    case = next(item for item in guide["cases"] if item["url"] == stored(page, "mock")["url"])
    expect(page.locator(".prompt")).to_have_text(f"“{case['prompt']}”")
    own = re.sub(r"\s+", " ", BeautifulSoup(case["decisions"][0], "lxml").get_text())
    expect(page.locator("#mock-room")).not_to_contain_text(own)
    expect(page.locator(".mock-clock")).to_have_text(f"0:00 of {length}:00")
    page.get_by_role("button", name="Start the clock").click()

    seen, at = [], 0
    for item in guide["budgets"][length]:
        minutes(page, 0.05)
        expect(page.locator(".mock-steps [aria-current]")).to_contain_text(guide["phases"][item["phase"]])
        seen.append(item["phase"])
        minutes(page, item["minutes"] - 0.05)
        at += item["minutes"]
    assert seen == list(syllabus.PHASES) and at == int(length)
    minutes(page, 0.1)
    expect(page.locator(".mock-signal")).to_contain_text("Time. Finish your sentence")

    asked = stored(page, "mock")["asked"]
    ranks = {"mid": 0, "senior": 1, "staff": 2}
    eligible = [questions[name] for name in case["follow_ups"] if ranks[questions[name]["level"]] <= ranks[level]]
    assert len(asked) == min(count, len(eligible)) and [item["at"] for item in asked] == sorted(item["at"] for item in asked)
    start = 0
    spans = {}
    for item in guide["budgets"][length]:
        spans[item["phase"]] = (start, start := start + item["minutes"] * 60)
    for item in asked:
        question = questions[item["id"]]
        assert question in eligible, "a follow-up of this case, not above the level"
        assert spans[question["step"]][0] < item["at"] <= spans[question["step"]][1] + 1
    expect(page.locator(".mock-asked li")).to_have_count(len(asked))

    page.get_by_label("Notes", exact=True).fill("12:40 label is a click within a day")
    page.get_by_role("button", name="Finish and grade").click()
    expect(page.locator("#mock-room")).to_contain_text(own)
    expect(page.get_by_role("heading", name="How this case is graded")).to_be_visible()
    keep = page.get_by_role("button", name="Keep it in the record")
    expect(keep).to_be_disabled()
    for signal in SIGNALS:
        cell = guide["rubric"][signal]["yes"][level]
        page.get_by_role("group", name=signal).get_by_role("radio", name=f"yes {cell}", exact=True).check()
    expect(page.get_by_text("Yes at this level, mean 3.0")).to_be_visible()
    keep.click()
    [kept] = stored(page, "mocks")["mocks"]
    assert kept["url"] == case["url"] and kept["grades"] == dict.fromkeys(SIGNALS, "yes") and kept["notes"].startswith("12:40") and kept["seconds"] >= int(length) * 60
    assert page.evaluate("localStorage.getItem('field-guide.mock')") is None
    with page.expect_download() as download:
        page.get_by_role("button", name="Export the record").click()
    assert json.loads(download.value.path().read_text())["mocks"] == [kept]


def test_the_floor_and_the_no(page, address):
    enter(page, address)
    page.get_by_role("button", name="Start the clock").click()
    minutes(page, 3)
    page.get_by_role("button", name="Finish and grade").click()
    for number, signal in enumerate(SIGNALS):
        page.get_by_role("group", name=signal).get_by_role("radio").nth([3, 3, 3, 3, 1, 3][number]).check()
    expect(page.get_by_text("Mean 3.7, with a no in Deployment and operations")).to_be_visible()
    page.get_by_role("group", name="Evaluation").get_by_role("radio").first.check()
    expect(page.get_by_text("a strong no in Evaluation ends it")).to_be_visible()


def test_a_mock_survives_a_reload(page, address):
    enter(page, address)
    page.get_by_role("button", name="Start the clock").click()
    minutes(page, 7)
    page.get_by_label("Notes", exact=True).fill("goal: glad to have come")
    page.locator("canvas").evaluate("board => board.scrollIntoView({block: 'center'})")
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 120, steps=6)
    page.mouse.up()
    ink = "Array.from(document.querySelector('canvas').getContext('2d').getImageData(0, 0, 2000, 1120).data).filter((value, place) => place % 4 === 3 && value).length"
    drawn = page.evaluate(ink)
    assert drawn > 500
    page.reload()
    expect(page.get_by_label("Notes", exact=True)).to_have_value("goal: glad to have come")
    expect(page.locator(".mock-clock")).to_contain_text("7:0")
    page.clock.run_for(100)
    assert page.evaluate(ink) == drawn
    page.get_by_role("button", name="Undo stroke").click()
    assert page.evaluate(ink) == 0


def test_the_case_of_the_plan_is_opened(page, address, guide):
    case = guide["cases"][-1]
    enter(page, address, case=case["url"])
    expect(page.locator(".prompt")).to_have_text(f"“{case['prompt']}”")


def test_two_people_two_screens(page, address, guide, questions):
    """The interviewer sees answers and notes; the candidate the prompt, the clock and what was asked, and nothing else."""
    enter(page, address, who="I interview somebody")
    page.get_by_role("button", name="Start the clock").click()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Open the candidate's screen").click()
    candidate = opened.value
    minutes(page, 2)
    case = next(item for item in guide["cases"] if item["url"] == stored(page, "mock")["url"])
    expect(candidate.locator(".prompt")).to_have_text(f"“{case['prompt']}”")
    first = questions[case["follow_ups"][0]]
    page.locator("ul.questions summary").first.click()
    page.get_by_role("button", name="Ask it now").first.click()
    minutes(page, 0.1)
    text = re.sub(r"\s+", " ", BeautifulSoup(first["text"], "lxml").get_text())
    expect(candidate.locator(".mock-asked li")).to_have_text([text])
    page.get_by_role("button", name="Note the time").click()
    page.keyboard.type("asks who pays")
    assert re.search(r"^2:0\d asks who pays$", stored(page, "mock")["notes"])
    shown = candidate.locator("body").inner_text()
    answer = BeautifulSoup(first["answer"], "lxml").get_text().strip()[:60]
    assert answer not in shown and "asks who pays" not in shown
    candidate.close()


@pytest.mark.parametrize("spoiled", ["{", "[]", '{"version": 1, "url": "cases/none/"}', '{"version": 1, "mocks": [{"day": 3}]}'])
def test_spoiled_storage_starts_anew(page, address, spoiled):
    page.goto(address)
    page.evaluate("text => { localStorage.setItem('field-guide.mock', text); localStorage.setItem('field-guide.mocks', text) }", spoiled)
    enter(page, address)
    expect(page.get_by_role("button", name="Start the clock")).to_be_visible()


def test_a_full_storage_is_said_and_survived(page, address):
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }")
    enter(page, address)
    expect(page.get_by_role("alert")).to_contain_text("refuses to keep")
    page.get_by_role("button", name="Start the clock").click()
    minutes(page, 1)
    expect(page.locator(".mock-clock")).to_contain_text("1:00")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(browser, address, scheme):
    pages = _page(browser, address, width=360, height=800, color_scheme=scheme)
    page = next(pages)
    enter(page, address)
    assert violations(page) == []
    page.get_by_role("button", name="Start the clock").click()
    minutes(page, 30)
    assert violations(page) == []
    page.get_by_role("button", name="Finish and grade").click()
    for signal in SIGNALS:
        page.get_by_role("group", name=signal).get_by_role("radio").nth(2).check()
    assert violations(page) == []
    page.get_by_role("button", name="Keep it in the record").click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label("Who you are").select_option(label="I interview somebody")
    page.get_by_role("button", name="Draw a case").click()
    page.locator("ul.questions summary").first.click()
    assert violations(page) == []
    next(pages, None)


def test_a_mock_by_keyboard_alone(page, address):
    """Every control of the room is reached by Tab in the order of the page, and the new screen takes the focus."""
    enter(page, address)
    assert page.evaluate("document.activeElement.tagName") == "H2"
    reached = []
    for _ in range(9):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText || document.activeElement.labels?.[0]?.innerText || document.activeElement.id"))
    assert [name for name in reached if name in ("Start the clock", "Finish and grade", "Leave", "sound", "Eraser", "Undo stroke", "Clear the board", "Notes")] == \
        ["Start the clock", "Finish and grade", "Leave", "sound", "Eraser", "Undo stroke", "Clear the board", "Notes"]  # fmt: skip


# The kit


def test_the_rubric_is_the_chapters(guide):
    assert list(guide["rubric"]) == list(SIGNALS)
    for signal in SIGNALS:
        assert list(guide["rubric"][signal]) == list(GRADES)
        assert all(len(cells) == 3 and all(cells.values()) for cells in guide["rubric"][signal].values())


def test_every_case_has_what_the_room_needs(guide, questions):
    for case in guide["cases"]:
        assert len(case["follow_ups"]) >= 10 and set(case["follow_ups"]) <= set(questions), case["url"]
        assert 4 <= len(case["decisions"]) <= 8 and "<table" in case["grading"], case["url"]
        for html in (*case["decisions"], case["grading"]):
            assert "{{" not in html and 'href="../' not in html


def test_prompts_hold_the_cases_own_material(site, guide, questions):
    for case in guide["cases"]:
        text = (site / interviewer.FOLDER / interviewer.name(case)).read_text("utf-8")
        assert case["prompt"] in text and all(signal in text for signal in SIGNALS)
        for name in case["follow_ups"]:
            assert interviewer.text_of(questions[name]["text"]) in text
        assert not re.search(r"<[a-z/]|&[a-z]+;|\{\{", text), case["url"]


def test_the_kit_copies_a_prompt_and_prints_the_sheet(browser, address, guide, tmp_path):
    pages = _page(browser, address, width=1280, height=900, permissions=["clipboard-read", "clipboard-write"])
    page = next(pages)
    page.goto(address + KIT)
    page.get_by_label("Case", exact=True).select_option(label=guide["cases"][-1]["title"])
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(re.compile(re.escape(guide["cases"][-1]["prompt"])))
    page.get_by_role("button", name="Copy the prompt").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert guide["cases"][-1]["prompt"] in page.evaluate("navigator.clipboard.readText()")
    assert violations(page) == []
    page.evaluate("document.body.classList.add('sheet-only')")  # what the button does while the printer's dialog is open
    page.pdf(path=tmp_path / "sheet.pdf", format="A4")
    with pypdfium2.PdfDocument(tmp_path / "sheet.pdf") as pdf:
        assert len(pdf) == 1
        text = re.sub(r"\s+", " ", pdf[0].get_textpage().get_text_range())
    assert all(signal in text for signal in SIGNALS) and "Before" not in text
    next(pages, None)


def test_without_scripts_the_kit_links_its_prompts(browser, address, guide):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + KIT)
    assert page.locator("ul.prompts a").count() == len(guide["cases"])
    page.locator("ul.prompts a").first.click()
    expect(page.locator("body")).to_contain_text("You are the interviewer")
    context.close()


@pytest.mark.parametrize(
    ("uri", "tool", "wake"),
    [
        ("practice/question-bank/", "#question-bank", None),
        ("practice/flashcards/", "#flashcards", "Settings and your record"),
        ("practice/study-plan/", "#study-plan", "What you know already"),
        (ROOM, "#mock-room", None),
        (KIT, "#interviewers-kit", None),
        ("field-guide/", "#offline", None),
    ],
)
def test_every_control_of_a_tool_is_reached_by_tab(page, address, uri, tool, wake):
    page.goto(address + uri)
    page.locator(f"{tool} button").first.wait_for()
    if wake:
        page.get_by_text(wake).first.click()
    if tool == "#study-plan":
        page.get_by_role("button", name="Make the plan").click()
        page.locator("table.dated").wait_for()
    controls = f"[...document.querySelectorAll('{tool} :is(button, input, select, textarea, a[href], summary)')].filter(control => !control.disabled && control.checkVisibility())"
    count = page.evaluate(f"{controls}.length")
    assert count > 1
    page.evaluate(f"window.wanted = new Set({controls})")
    page.evaluate(f"{controls}[0].focus()")
    for _ in range(count * 3):  # a field for a date or a time has several stops
        page.evaluate("window.wanted.delete(document.activeElement)")
        if not page.evaluate("window.wanted.size"):
            break
        page.keyboard.press("Tab")
    assert page.evaluate("[...window.wanted].map(control => control.outerHTML.slice(0, 120))") == []
