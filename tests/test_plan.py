"""The plan of study: made in the browser by the same module that makes the three plans of the page."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from datetime import date, timedelta

import icalendar
import pypdfium2
import pytest
from bs4 import BeautifulSoup
from conftest import ROOT
from playwright.sync_api import expect
from test_site import _page, violations

from guide import syllabus
from guide.errors import GuideError

PLAN = "practice/study-plan/"
START = "2026-03-02"
RUN = """
import {readFileSync} from "node:fs"
const [plan, {guide, wishes, start}] = [await import(process.argv[1]), JSON.parse(readFileSync(0, "utf8"))]
const made = wishes.map(wish => plan.makePlan(guide, wish, start))
process.stdout.write(JSON.stringify(made.map((result, place) => ({...result, calendar: plan.calendar(result, {at: "23:15", address: "https://example.org/guide/", stamp: "20260302T080000Z"})}))))
"""


@pytest.fixture(scope="module")
def guide(site) -> dict:
    return json.loads((site / syllabus.DATA).read_text("utf-8"))


@pytest.fixture(scope="module")
def make(guide):
    """A function from wishes to plans, run by Node from the module the page loads."""

    def run(*wishes: dict) -> list[dict]:
        done = subprocess.run(
            ["node", "--input-type=module", "-e", RUN, (ROOT / "docs/assets/js/plan.js").as_uri()],
            input=json.dumps({"guide": guide, "wishes": wishes, "start": START}), capture_output=True, text=True, check=True,
        )  # fmt: skip
        return json.loads(done.stdout)

    return run


@pytest.fixture
def page(browser, address):
    yield from _page(browser, address, width=1280, height=900)


COMBINATIONS = [
    {"level": level, "company": company, "days": days, "hours": hours}
    for (level, company), (days, hours) in zip(
        itertools.product(("mid", "senior", "staff"), ("platform", "marketplace", "ads", "fintech")),
        [(1, 1), (2, 6), (3, 2.5), (5, 1), (7, 2), (10, 0.5), (14, 2), (14, 1), (21, 1.5), (30, 3), (42, 1), (60, 0.5)],
    )
] + [{"level": "senior", "company": "llm", "days": 14, "hours": 2}, {"level": "mid", "company": "startup", "days": 4, "hours": 4}]


@pytest.mark.parametrize("wishes", COMBINATIONS, ids=lambda wish: "-".join(map(str, wish.values())))
def test_a_plan_fits_its_hours_and_puts_first_what_is_needed(make, guide, wishes):
    [plan] = make(wishes)
    days = plan["days"]
    assert [day["date"] for day in days] == [(date.fromisoformat(START) + timedelta(number)).isoformat() for number in range(wishes["days"])]
    minutes = {f"read:{chapter['url']}": chapter["minutes"] for chapter in guide["chapters"]}
    begun, done, spent = set(), set(), {}
    for day in days:
        assert day["minutes"] == sum(task["minutes"] for task in day["tasks"]) <= wishes["hours"] * 60, day["date"]
        for task in day["tasks"]:
            name = task["id"]
            spent[name] = spent.get(name, 0) + task["minutes"]
            if name not in begun:
                begun.add(name)
                assert [need for need in plan["needed"].get(name, []) if need not in done] == [], name
            if spent[name] == minutes.get(name, spent[name]):
                done.add(name)
    assert {name: spent[name] for name in spent if name in minutes} == {name: minutes[name] for name in spent if name in minutes}, "a chapter is read whole, for as long as it takes"
    assert not begun & {task["id"] for task in plan["left"]}, "what is left out is not in the plan"
    work = sum(spent[name] for name in spent if not name.startswith("cards:"))
    unfilled = [task for task in plan["left"] if task["minutes"] + work < 0.6 * wishes["days"] * wishes["hours"] * 60]
    assert not unfilled or wishes["hours"] < 1, "time is left, and so is work"


def test_a_family_asked_by_the_company_comes_first(make, guide):
    family = {case["url"]: case["family"] for case in guide["cases"]}
    ads, fintech = make(*({"level": "senior", "company": company, "days": 14, "hours": 2} for company in ("ads", "fintech")))
    for plan, wanted in ((ads, "ads"), (fintech, "trust")):
        first = next(task for day in plan["days"] for task in day["tasks"] if task["kind"] == "case")
        assert family[first["url"]] == wanted


def test_an_answer_is_tried_before_it_is_read(make):
    [plan] = make({"level": "senior", "company": "platform", "days": 28, "hours": 2})
    order = list(dict.fromkeys(task["id"] for day in plan["days"] for task in day["tasks"]))
    cases = [name for name in order if name.startswith("read:cases/")]
    tried = [name for name in order if name.startswith("mock:")]
    assert len(cases) > 3 and len(tried) == len(cases) - 1
    assert all(order.index(name) < order.index(name.replace("mock:", "read:")) for name in tried)


def test_what_is_known_is_left_out_and_the_rest_still_in_order(make, guide):
    known = [f"read:{chapter['url']}" for chapter in guide["chapters"] if chapter["kind"] in ("framework", "overview", "interview")]
    plain, less = make({"level": "senior", "company": "platform", "days": 7, "hours": 1}, {"level": "senior", "company": "platform", "days": 7, "hours": 1, "known": known})
    of = lambda plan: {task["id"] for day in plan["days"] for task in day["tasks"]}  # noqa: E731
    assert not of(less) & set(known)
    assert sum(name.startswith("read:cases/") for name in of(less)) > sum(name.startswith("read:cases/") for name in of(plain))


def test_calendars_take_the_file(make):
    [plan] = make({"level": "staff", "company": "llm", "days": 20, "hours": 2})
    text = plan["calendar"]
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n")) and "\n" not in text.replace("\r\n", "")
    calendar = icalendar.Calendar.from_ical(text)
    events = calendar.walk("VEVENT")
    worked = [day for day in plan["days"] if day["tasks"]]
    assert len(events) == len(worked) and len({str(event["UID"]) for event in events}) == len(events)
    for event, day in zip(events, worked):
        assert event.decoded("DTSTART").isoformat() == f"{day['date']}T23:15:00"
        assert event.decoded("DTEND") - event.decoded("DTSTART") == timedelta(minutes=day["minutes"])  # past midnight too
        for task in day["tasks"]:
            assert task["title"] in str(event["DESCRIPTION"])
            assert f"https://example.org/guide/{task['url']}" in str(event["DESCRIPTION"]) if task["url"] else True
    assert not list(calendar.errors)


def test_three_plans_stand_on_the_page_and_in_the_book(site, make):
    soup = BeautifulSoup((site / PLAN / "index.html").read_text("utf-8"), "lxml")
    tables = soup.select("table.plan")
    assert len(tables) == 3
    for table, (days, hours) in zip(tables, ((2, 6), (14, 2), (42, 1))):
        rows = table.select("tbody tr")
        assert rows[-1].td.get_text().split(" to ")[-1] == str(days)
        assert all(int(row.select("td")[-1].get_text()) <= hours * 60 for row in rows)
        for link in table.select("a"):
            assert (site / PLAN / link["href"].split("?")[0] / "index.html").exists(), link["href"]
    with pypdfium2.PdfDocument(site / "field-guide.pdf") as pdf:
        text = " ".join(page.get_textpage().get_text_range() for page in pdf)
    assert re.search(r"A weekend\s.*?The seven-step framework.*?Two weeks\s.*?Six weeks\s", text, re.S)


def test_a_plan_nobody_knows_and_a_rubric_that_lost_a_row_are_named(guide):
    with pytest.raises(GuideError, match="no plan `weekday` .*mend the script, or the name in data-plan"):
        syllabus._plan("weekday", json.dumps(guide))
    rows = "".join(f"<tr><td>{grade}</td><td>a</td><td>b</td><td>c</td></tr>" for grade in ("Strong no", "No", "Yes"))
    with pytest.raises(GuideError, match="docs/interview/what-is-graded.md: the table under `### Problem understanding` has not the rows"):
        syllabus._rubric(f'<h3 id="p">Problem understanding</h3><table><tbody>{rows}</tbody></table>')


# The page


def ask(page, until: str, hours: str = "2", level: str = "senior", company: str = "large platform") -> None:
    page.get_by_label("Level", exact=True).select_option(level)
    page.get_by_label("Kind of company").select_option(label=company)
    page.get_by_label("Interview on").fill(until)
    page.get_by_label("Hours a day").fill(hours)
    page.get_by_role("button", name="Make the plan").click()


def at(page, day: str) -> None:
    page.clock.set_fixed_time(f"{day}T09:00:00")


def test_a_plan_is_made_ticked_off_and_made_anew(page, address):
    page.clock.install(time=f"{START}T09:00:00")
    page.goto(address + PLAN)
    page.get_by_role("button", name="Make the plan").wait_for()
    ask(page, "2026-03-16")
    expect(page.locator("table.dated tbody tr")).to_have_count(14)
    expect(page.locator("table.dated tr[aria-current]")).to_contain_text("Mar 2")
    boxes = page.locator("table.dated tbody tr").first.get_by_role("checkbox")
    done = boxes.nth(0).get_attribute("data-task")
    boxes.nth(0).check()
    at(page, "2026-03-05")
    page.reload()
    expect(page.locator(f'[data-task="{done}"]')).to_be_checked()
    expect(page.locator(".plan-result .card-warning")).to_be_visible()
    page.get_by_role("button", name="Plan the rest from today").click()
    expect(page.locator("table.dated tbody tr")).to_have_count(11)
    expect(page.locator(f'[data-task="{done}"]')).to_have_count(0)
    expect(page.locator(".plan-result .card-warning")).to_be_hidden()
    with page.expect_download() as download:
        page.get_by_role("button", name="Calendar file").click()
    assert len(icalendar.Calendar.from_ical(download.value.path().read_bytes()).walk("VEVENT")) == 11


def test_a_chapter_ticked_in_the_plan_is_read_everywhere(page, address, guide):
    page.goto(address + PLAN)
    page.get_by_role("button", name="Make the plan").wait_for()
    url = guide["chapters"][0]["url"]
    page.get_by_text("What you know already").click()
    page.get_by_label(guide["chapters"][1]["title"], exact=True).check()
    ask(page, (date.today() + timedelta(15)).isoformat())
    expect(page.locator(f'[data-task^="read:{guide["chapters"][1]["url"]}"]')).to_have_count(0)
    page.locator(f'[data-task="read:{url}"]').check()
    page.goto(address + url)
    expect(page.locator("h1 .read-mark")).to_have_count(1)


@pytest.mark.parametrize(("until", "hours", "says"), [("2026-03-02", "2", "later day"), ("2027-03-02", "2", "at most"), ("2026-03-09", "0", "half an hour"), ("", "2", "later day")])
def test_wishes_that_cannot_be_met_are_answered(page, address, until, hours, says):
    page.clock.install(time=f"{START}T09:00:00")
    page.goto(address + PLAN)
    page.get_by_role("button", name="Make the plan").wait_for()
    ask(page, until, hours)
    expect(page.get_by_text(says)).to_be_visible()
    expect(page.locator("table.dated")).to_have_count(0)


@pytest.mark.parametrize("days", [14, 42, 120])
def test_a_plan_prints_on_one_page(page, address, tmp_path, days):
    page.clock.install(time=f"{START}T09:00:00")
    page.goto(address + PLAN)
    page.get_by_role("button", name="Make the plan").wait_for()
    ask(page, (date.fromisoformat(START) + timedelta(days)).isoformat(), "2")
    page.pdf(path=tmp_path / "plan.pdf", format="A4")
    with pypdfium2.PdfDocument(tmp_path / "plan.pdf") as pdf:
        assert len(pdf) == 1
        text = pdf[0].get_textpage().get_text_range()
    assert "The seven-step framework" in text and "Re-read the answers" in text and "How it decides" not in text


@pytest.mark.parametrize("spoiled", ["{", "[]", '{"version": 1, "wishes": {"level": "chief"}}', '{"version": 1, "wishes": {"level": "mid", "company": "ads", "until": "2026-03-09", "hours": 1, "at": "19:00"}, "done": {}, "plan": {"days": [{}]}}', '{"version": 1, "wishes": {"level": "mid", "company": "ads", "until": "2026-03-09", "hours": 1, "at": "19:00"}, "done": {}, "plan": {"days": []}}'])
def test_spoiled_storage_starts_anew(page, address, spoiled):
    page.goto(address)
    page.evaluate("text => localStorage.setItem('field-guide.plan', text)", spoiled)
    page.goto(address + PLAN)
    page.get_by_role("button", name="Make the plan").wait_for()
    ask(page, (date.today() + timedelta(3)).isoformat())
    expect(page.locator("table.dated tbody tr")).to_have_count(3)


def test_a_full_storage_is_said_and_survived(page, address):
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }")
    page.goto(address + PLAN)
    page.get_by_role("button", name="Make the plan").wait_for()
    ask(page, (date.today() + timedelta(3)).isoformat())
    expect(page.get_by_role("alert")).to_contain_text("refuses to keep")
    expect(page.locator("table.dated tbody tr")).to_have_count(3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, address, scheme):
    pages = _page(browser, address, width=360, height=800, color_scheme=scheme)
    page = next(pages)
    page.goto(address + PLAN)
    page.get_by_role("button", name="Make the plan").wait_for()
    page.get_by_text("What you know already").click()
    ask(page, (date.today() + timedelta(14)).isoformat())
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    next(pages, None)
