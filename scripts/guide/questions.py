"""Self-test questions: `??? question "… (level · step)"` blocks, tagged for practice."""

from __future__ import annotations

import re
import xml.etree.ElementTree as etree

from guide.frontmatter import LEVELS, STEPS

_TAGS = re.compile(r"\s*\(\s*(\w+)\s*·\s*(\w+)\s*\)\s*$")


BLOCK = re.compile(r"^[ \t]*\?\?\?\+? question\b", re.M)  # where one begins in the source


def mark(root: etree.Element) -> list[tuple[int, str]]:
    """Turns the tags at the end of each question's title into labels, and numbers the questions of the page.

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
        block.set("id", f"question-{count}")
        block.set("data-level", level)
        block.set("data-step", step)
        etree.SubElement(summary, "span", {"class": "tags"}).text = f"{level} · {STEPS.get(step, step)}"
        if len(summary) > 1 or summary.text:
            summary[-1].text = " " + summary[-1].text
    return wrong
