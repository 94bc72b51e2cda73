"""What the practice pages know of the guide: its chapters in reading order with minutes and prerequisites, its cases with follow-ups and grading, the budgets of an interview.

Written to `practice/guide.json`; the plan of study is made from it by `docs/assets/js/plan.js`, in the browser and, for the three plans that stand on the page, at build.
"""

from __future__ import annotations

import itertools
import json
import posixpath
import re
import subprocess
from functools import lru_cache
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from guide import book, formulas
from guide.cache import ROOT
from guide.errors import GuideError, Problem
from guide.fences import fences
from guide.frontmatter import FAMILIES, GRADES, LEVELS, SIGNALS, STEPS, Case, FrameworkStep, Mock
from guide.library import Library, Source
from guide.practice import Question, lead_from_root

DATA = "practice/guide.json"
RUBRIC = "interview/what-is-graded.md"
# The names under which the framework's estimates hold the minutes of a step, by the length of the interview.
BUDGETS = {45: "", 35: "s_", 60: "l_"}
PHASES = {"opening": "Opening", **STEPS, "questions": "Your questions"}

_PLAN = re.compile(r'<div data-plan="(\w+)"></div>')
_PROGRAM = """
import {readFileSync} from "node:fs"
const [plan, given] = [await import(process.argv[1]), JSON.parse(readFileSync(0, "utf8"))]
process.stdout.write(JSON.stringify(plan.makePlan(given.guide, plan.STATIC[given.name], "2026-01-01")))
"""


def gather(nav: Navigation, library: Library, questions: list[Question]) -> dict:
    """Everything, as it is written to the site."""
    pages = [(part, page) for part, group in book.parts_of(nav) for page in group if library.is_chapter(page.file.src_uri)]
    urls = {page.file.src_uri: page.url for _, page in pages}
    sources = {page.file.src_uri: library.sources[page.file.src_uri] for _, page in pages}
    needs = {uri: _needs(source, sources) for uri, source in sources.items()}
    return {
        "chapters": [_chapter(part, page, sources[page.file.src_uri], [urls[uri] for uri in needs[page.file.src_uri]]) for part, page in pages],
        "cases": [_case(page, source.head, questions) for _, page in pages if isinstance((source := sources[page.file.src_uri]).head, Case)],
        "families": FAMILIES,
        "phases": PHASES,
        "rubric": _rubric(next(page.content for _, page in pages if page.file.src_uri == RUBRIC)),
        "budgets": {length: _budget(library, prefix) for length, prefix in BUDGETS.items()},
    }


def _needs(source: Source, sources: dict[str, Source]) -> list[str]:
    """The chapters to read before one: what its head names, and for a step the step before it."""
    named = list(getattr(source.head, "needs", ()))
    steps = [uri for uri, other in sources.items() if isinstance(other.head, FrameworkStep)]
    if isinstance(source.head, FrameworkStep):
        named += steps[: steps.index(source.uri)][-1:]
    elif isinstance(source.head, Case):
        named += steps[-1:]
    elif isinstance(source.head, Mock):
        named.append(source.head.case)
    return [uri for uri in dict.fromkeys(named) if uri in sources]


def _chapter(part: str, page: Page, source: Source, needs: list[str]) -> dict:
    head = source.head
    return {
        "url": page.url,
        "title": head.title,
        "kind": "overview" if getattr(head, "step", "") == "overview" else head.kind,
        "part": part,
        "number": page.meta["facts"]["number"],
        "minutes": page.meta["facts"]["minutes"],
        "family": getattr(head, "family", ""),
        "level": getattr(head, "level", ""),
        "needs": needs,
        "labs": [fence.body.strip() for fence in fences(source.text) if fence.kind == "lab"],
    }


def _case(page: Page, head: Case, questions: list[Question]) -> dict:
    content = page.content or ""
    return {
        "url": page.url,
        "title": head.title,
        "prompt": head.prompt,
        "lesson": head.lesson,
        "family": head.family,
        "decisions": _from_root(_section(content, "the-answer-on-one-page"), page.url, "ol > li"),
        "grading": "".join(_from_root(_section(content, "how-this-answer-is-graded"), page.url, "body")),
        "follow_ups": [question.id for question in questions if question.url.startswith(page.url + "#")],
    }


def _section(content: str, anchor: str) -> str:
    """What stands between a heading of the second level and the next; nothing in a chapter that is being written and lacks it."""
    match = re.search(rf'<h2 id="{anchor}".*?</h2>(.*?)(?=<h2 |\Z)', content, re.S)
    return formulas.for_site(re.sub(r"<svg\b.*?</svg>", "", match[1], flags=re.S)) if match else ""


@lru_cache(maxsize=256)  # of use to a preview
def _from_root(section: str, url: str, selector: str) -> list[str]:
    """The HTML of the selected parts, with links that lead from the root of the site and without what works only in its chapter."""
    soup = BeautifulSoup(section, "lxml")
    for element in soup.select("a.headerlink, figure, .citation"):
        element.decompose()
    for term in soup.select("a.term"):
        term.unwrap()
    lead_from_root(soup, url)
    for element in soup.select("[id]"):
        del element["id"]
    return [element.decode_contents().strip() for element in soup.select(selector)]


@lru_cache(maxsize=4)
def _rubric(content: str) -> dict[str, dict[str, dict[str, str]]]:
    """signal -> grade -> level -> the behavior that shows it, from the tables of the chapter."""
    rubric = {}
    for signal in SIGNALS:
        match = re.search(rf'<h3 id="[^"]*">{signal}.*?<table.*?</table>', content, re.S)
        rows = [[re.sub(r"\s+", " ", cell.get_text()).strip() for cell in row.select("td, th")] for row in BeautifulSoup(match[0], "lxml").select("tbody tr")] if match else []
        rubric[signal] = {grade.lower(): dict(zip(LEVELS, cells)) for grade, *cells in rows}
        if list(rubric[signal]) != list(GRADES):
            raise GuideError([Problem(f"docs/{RUBRIC}", 0, f"the table under `### {signal}` has not the rows {', '.join(GRADES)}; the mock room grades with them, restore it")])
    return rubric


def _budget(library: Library, prefix: str) -> list[dict]:
    """The phases of an interview with their minutes, in order, from the framework's estimates."""
    values = library.ledger.values["framework"]

    def minutes(phase: str) -> float:
        return values.get(prefix + phase, values[phase]).quantity.to("minute").magnitude

    return [{"phase": phase, "minutes": minutes(phase)} for phase in PHASES]


def write_data(guide: dict, site: Path) -> None:
    """Writes it where the scripts of the practice pages fetch it."""
    path = site / DATA
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(guide, ensure_ascii=False, separators=(",", ":")), "utf-8")


def fill(page: Page, guide: dict) -> None:
    """Puts a plan where the page has `<div data-plan="weekend"></div>`: a table of days, links to chapters."""
    if _PLAN.search(page.content):
        given = json.dumps(guide)
        page.content = _PLAN.sub(lambda match: _table(json.loads(_plan(match[1], given)), page), page.content)


@lru_cache(maxsize=8)
def _plan(name: str, guide: str) -> str:
    """The plan of that name, from the guide's data, both as JSON."""
    module = (ROOT / "docs/assets/js/plan.js").as_uri()
    done = subprocess.run([formulas.node(), "--input-type=module", "-e", _PROGRAM, module], input=f'{{"guide": {guide}, "name": "{name}"}}', capture_output=True, text=True)
    if done.returncode:
        why = next((line.strip() for line in done.stderr.splitlines() if "Error" in line), "no message")
        raise GuideError([Problem("docs/assets/js/plan.js", 0, f"no plan `{name}` ({why}); mend the script, or the name in data-plan")])
    return done.stdout


def _table(plan: dict, page: Page) -> str:
    rows, days = [], list(enumerate(plan["days"], 1))
    for idle, group in itertools.groupby(days, key=lambda item: all(task["kind"] == "cards" for task in item[1]["tasks"])):
        group = list(group)
        if idle:  # a run of days that hold nothing but cards is one row
            first, last = group[0], group[-1]
            rows.append(_row(f"{first[0]} to {last[0]}" if len(group) > 1 else str(first[0]), "kept free", first[1]))
        else:
            rows += [_row(str(number), "<br>".join(_task(task, page) for task in day["tasks"] if task["kind"] != "cards"), day) for number, day in group]
    head = "<tr><th>Day</th><th>What</th><th>Cards, min</th><th>In all, min</th></tr>"
    return f'<div class="table-wrap" role="group" aria-label="Plan"><table class="data plan"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'


def _row(days: str, what: str, day: dict) -> str:
    cards = sum(task["minutes"] for task in day["tasks"] if task["kind"] == "cards")
    return f"<tr><td>{days}</td><td>{what}</td><td>{cards}</td><td>{day['minutes']}</td></tr>"


def _task(task: dict, page: Page) -> str:
    part = f", part {task['part']}" if "part" in task else ""
    title = escape(task["title"])
    if task["url"]:
        title = f'<a href="{_relative(task["url"], page)}">{title}</a>'
    return f"{title}{part} · {task['minutes']}"


def _relative(url: str, page: Page) -> str:
    path, _, query = url.partition("?")
    return posixpath.relpath(path, page.url) + "/" + (f"?{query}" if query else "")
