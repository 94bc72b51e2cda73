"""Practice: every question of the guide, collected from the rendered pages, for the question bank, the cards in the browser and the Anki deck."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from guide import book, formulas
from guide.frontmatter import FAMILIES
from guide.library import Library

DATA = "practice/questions.json"
_QUESTION = re.compile(r'<details class="question"[^>]*\bdata-level=.*?</details>', re.S)
_PLACE = re.compile(r'<div data-questions="(\w+)"></div>')


@dataclass(frozen=True)
class Question:
    """One question as the site shows it. `text` and `answer` are HTML; their links lead from the root of the site."""

    id: str
    text: str
    answer: str
    level: str
    step: str
    family: str  # of the case, empty elsewhere
    part: str
    chapter: str
    url: str  # of its place, from the root of the site


def collect(nav: Navigation, library: Library) -> list[Question]:
    """The questions of every page of the reading order, in that order."""
    return [question for part, pages in book.parts_of(nav) for page in pages for question in _of_page(page, part, library)]


def _of_page(page: Page, part: str, library: Library) -> Iterable[Question]:
    source = library.sources.get(page.file.src_uri)
    family = FAMILIES.get(getattr(source.head, "family", ""), "") if source else ""
    for html in _QUESTION.findall(formulas.for_site(page.content or "")):
        yield Question(**_parts(html, page.url), family=family, part=part, chapter=source.head.title)


@lru_cache(maxsize=4096)  # of use to a preview, which collects again after every edit
def _parts(html: str, url: str) -> dict[str, str]:
    """What a question's block says of itself; links lead from the root."""
    block = BeautifulSoup(html, "lxml").details
    summary = block.summary.extract()
    summary.select_one(".tags").decompose()
    for part in (summary, block):
        lead_from_root(part, url)
    texts = {"text": summary.decode_contents().strip(), "answer": block.decode_contents().strip()}
    return texts | {"id": block["id"].removeprefix("q-"), "level": block["data-level"], "step": block["data-step"], "url": f"{url}#{block['id']}"}


def lead_from_root(element: Tag, url: str) -> None:
    """Makes the links in a piece of the page at `url` lead from the root of the site."""
    for link in element.select("a[href]"):
        if not re.match(r"[a-z][a-z+.-]*:", link["href"]):
            path, _, fragment = link["href"].partition("#")
            link["href"] = (book.join(url, path) if path else url) + (f"#{fragment}" if fragment else "")


@lru_cache(maxsize=4096)
def _plain(html: str) -> str:
    return BeautifulSoup(html, "lxml").get_text()


def fill(page: Page, questions: list[Question]) -> None:
    """Puts the questions of a step where the page has `<div data-questions="step"></div>`: links to their places, of use without scripts and on paper."""

    def listed(match: re.Match) -> str:
        items = [
            f'<li id="bank-{question.id}" data-level="{question.level}" data-step="{question.step}" data-family="{escape(question.family)}" data-chapter="{escape(question.chapter)}">'
            f'<a href="{posixpath.relpath(question.url.split("#")[0], page.url)}/#{question.url.split("#")[1]}">{_plain(question.text)}</a>'
            f' <span class="tags">{question.level} · {escape(question.chapter)}</span></li>'
            for question in questions
            if question.step == match[1]
        ]  # fmt: skip
        return f'<ul class="questions">{"".join(items)}</ul>'

    page.content = _PLACE.sub(listed, page.content)


def write_data(questions: list[Question], site: Path) -> None:
    """Writes the questions where the scripts of the practice pages fetch them."""
    path = site / DATA
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(question) for question in questions], ensure_ascii=False, separators=(",", ":")), "utf-8")


def absolute(question: Question, site_url: str) -> Question:
    """The question with links that lead to the published site."""

    def lead(html: str) -> str:
        return re.sub(r'(?<=href=")(?![a-z][a-z+.-]*:)', site_url, html)

    return replace(question, text=lead(question.text), answer=lead(question.answer), url=site_url + question.url)
