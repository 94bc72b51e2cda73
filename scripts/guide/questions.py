"""Self-test questions: `??? question "… (level · step)"` blocks, tagged for practice, each with an id that it keeps.

A reader's cards are known by the ids of their questions. So an id must outlive a change of the wording: the ids stand in `docs/question-ids.tsv`, and `guide ids` gives new
questions one and lets a question that was rewritten keep its own.
"""

from __future__ import annotations

import base64
import difflib
import hashlib
import re
import xml.etree.ElementTree as etree
from collections.abc import Iterable
from pathlib import Path

from guide.errors import Problem
from guide.frontmatter import LEVELS, STEPS

_TAGS = re.compile(r"\s*\(\s*(\w+)\s*·\s*(\w+)\s*\)\s*$")


BLOCK = re.compile(r"^[ \t]*\?\?\?\+? question\b(?:[^\"\n]*\"(?P<title>.*)\")?", re.M)  # where one begins in the source
IDS = "question-ids.tsv"
ALIKE = 0.6  # questions of which more than this share is the same are one question, rewritten

Ids = dict[tuple[str, str], str]  # (uri of the page, question as it is written, without tags) -> id


def written(text: str) -> list[tuple[int, str]]:
    """(line from 1, question) of every question of a page, without its tags and with values still as names."""
    return [(text.count("\n", 0, match.start()) + 1, _TAGS.sub("", match["title"] or "")) for match in BLOCK.finditer(text)]


def fresh_id(uri: str, question: str, taken: Iterable[str] = ()) -> str:
    """Seven letters and digits that nobody has."""
    digest = hashlib.sha256(f"{uri}\n{question}".encode()).digest()
    names = (base64.b32encode(digest[start:]).decode().lower()[:7] for start in range(len(digest) - 5))
    return next(name for name in names if name not in set(taken))


def read_ids(path: Path, file: str) -> tuple[Ids, list[Problem]]:
    """The ids that were given, none if there is no such file; and what is wrong with it. file: its name for messages."""
    ids: Ids = {}
    problems = []
    for number, line in enumerate(path.read_text("utf-8").splitlines() if path.exists() else (), 1):
        name, uri, question = (line.split("\t") + ["", ""])[:3]
        if not (re.fullmatch("[a-z2-7]{7}", name) and uri and question):
            problems.append(Problem(file, number, "not an id, a page and a question with tabs between; restore the line, or remove it and run `make ids`"))
        elif name in ids.values():
            problems.append(Problem(file, number, f"the id `{name}` is given twice; remove the newer line and run `make ids`"))
        else:
            ids[uri, question] = name
    return ids, problems


def write_ids(path: Path, ids: Ids) -> None:
    """Writes them, one a line: id, page, question."""
    path.write_text("".join(f"{name}\t{uri}\t{question}\n" for (uri, question), name in sorted(ids.items())), "utf-8")


def give_ids(asked: list[tuple[str, str]], known: Ids) -> Ids:
    """An id for every question (uri, text): its own, that of a lost question it resembles, or a new one. Lost ids are forgotten."""
    given = {question: known[question] for question in asked if question in known}
    lost = {question: name for question, name in known.items() if question not in given}
    for uri, text in asked:
        if (uri, text) in given:
            continue
        likeness = {(page, other): difflib.SequenceMatcher(None, text, other).ratio() for page, other in lost}
        resembling = [question for question in lost if likeness[question] > ALIKE]
        if resembling:  # best one of the same page
            given[uri, text] = lost.pop(max(resembling, key=lambda question: (question[0] == uri, likeness[question])))
        else:
            given[uri, text] = fresh_id(uri, text, {*known.values(), *given.values()})
    return given


def mark(root: etree.Element, ids: list[str]) -> list[tuple[int, str]]:
    """Turns the tags at the end of each question's title into labels, and gives the questions of the page, in order, their ids.

    Returns what is wrong: (number of the question from 1, one sentence).
    """
    wrong, count = [], 0
    for block in root.iter("details"):
        if "question" not in block.get("class", "").split():
            continue
        count += 1
        summary = block.find("summary")
        last = summary[-1] if len(summary) else None
        text = (last.tail if last is not None else summary.text) or ""
        match = _TAGS.search(text)
        title = "".join(summary.itertext()).strip()
        if not match:
            wrong.append((count, f"question “{title[:60]}” does not end in its tags; write `(senior · evaluate)` before the closing quote"))
            continue
        level, step = match[1], match[2]
        if level not in LEVELS:
            wrong.append((count, f"question “{title[:60]}”: `{level}` is not a level; use {', '.join(LEVELS)}"))
        if step not in STEPS:
            wrong.append((count, f"question “{title[:60]}”: `{step}` is not a step; use {', '.join(STEPS)}"))
        if last is not None:
            last.tail = text[: match.start()]
        else:
            summary.text = text[: match.start()]
        block.set("id", f"q-{ids[count - 1]}" if count <= len(ids) else f"question-{count}")
        block.set("data-level", level)
        block.set("data-step", step)
        etree.SubElement(summary, "span", {"class": "tags"}).text = f"{level} · {STEPS.get(step, step)}"
        if len(summary) > 1 or summary.text:
            summary[-1].text = " " + summary[-1].text
    return wrong
