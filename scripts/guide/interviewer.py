"""A prompt that makes any chat model play the interviewer of a case: from the case's own follow-ups, decisions and grading table, and the rubric of the guide."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup
from mkdocs.structure.pages import Page

from guide.practice import Question

FOLDER = "practice/prompts"
_PLACE = re.compile(r"<div data-prompts(?:=\"\")?></div>")

_OPENING = """\
You are the interviewer in a machine learning system design interview. I am the candidate.

How you run it:
- First ask which level I apply for (mid, senior or staff) and how long we have (35, 45 or 60 minutes). Then read the prompt to me, word for word, and stop.
- Play a busy, friendly engineer of that company. Answer questions about the product in one or two sentences; where the notes below assume an answer, give that one. If I ask what I should assume, hand it back: "What would you assume, and what would it change?"
- Never lecture, never list what I forgot, never praise. One question at a time, and let me finish.
- You cannot see a clock: I will write the minute in brackets from time to time. If I am late by the budget of the step, say only "We have about N minutes left."
- Interrupt with three to six of the follow-ups below, where they fit what I just said, and none above my level. Change the wording so that it fits. Never show me their answers.
- When I state a number without its origin, ask for it once. When I state a decision without an alternative, ask "what else did you consider?" once.
- If I am on a wrong path, give one hint as a question. If I pass it by, give it once more, later. Then let me run.
- Stay in this role until I write END. Do not grade before that.
"""
_CLOSING = """\
After END, write the packet:
1. For each of the six signals: the grade (strong no, no, yes, strong yes), and one or two quotes of mine with the minute as evidence. A signal without a quote is a no. Grade what I said, not what I know; what I said only after a question counts as half.
2. The rule: one strong no ends it at this level. A no that nothing outweighs, or a mean below yes, moves the reading one level down. Say what follows for me.
3. The one minute that would have moved the packet most, rewritten as I could have said it.
4. Two of the follow-ups that you did not ask, for me to answer next.
"""


def prompt(case: dict, guide: dict, questions: dict[str, Question]) -> str:
    """The whole prompt as plain text."""
    budgets = "\n".join(
        f"- {length} minutes: " + ", ".join(f"{guide['phases'][item['phase']].lower()} {item['minutes']:g}" for item in budget) for length, budget in sorted(guide["budgets"].items())
    )
    rubric = "\n\n".join(
        f"{signal}\n" + "\n".join(f"- {grade}" + "".join(f"\n  - {level}: {cell}" for level, cell in cells.items()) for grade, cells in grades.items()) for signal, grades in guide["rubric"].items()
    )
    asked = "\n\n".join(f"- ({question.level}, {guide['phases'][question.step].lower()}) {text_of(question.text)}\n  Answer: {text_of(question.answer)}" for question in map(questions.get, case["follow_ups"]))
    decisions = "\n".join(f"- {text_of(decision)}" for decision in case["decisions"])
    return "\n".join([
        _OPENING,
        f"PROMPT (read it to me)\n{case['prompt']}\n",
        f"MINUTES OF THE STEPS\n{budgets}\n",
        f"YOUR NOTES: WHAT A FULL ANSWER HOLDS (never shown to me; another sound design is as good)\n{decisions}\n",
        f"YOUR NOTES: HOW THIS CASE IS GRADED\n{text_of(case['grading'])}\n",
        f"YOUR NOTES: FOLLOW-UPS\n{asked}\n",
        f"THE RUBRIC\n{rubric}\n",
        _CLOSING,
    ])


@lru_cache(maxsize=1024)  # of use to a preview
def text_of(html: str) -> str:
    """HTML as plain text: a line a paragraph or row, formulas as their letters."""
    soup = BeautifulSoup(html, "lxml")
    for row in soup.select("tr"):
        row.replace_with("\n" + ": ".join(cell.get_text(" ", strip=True) for cell in row.select("td, th")))
    for block in soup.select("p, li, div, pre"):
        block.append("\n")
    lines = [re.sub(r"[ \u00a0]+", " ", line).strip() for line in soup.get_text().split("\n")]
    return "\n".join(line for line in lines if line)


def name(case: dict) -> str:
    """`cases/payment-fraud/` -> `payment-fraud.txt`."""
    return case["url"].strip("/").split("/")[-1] + ".txt"


def fill(page: Page, guide: dict) -> None:
    """Lists the prompts where the page has `<div data-prompts></div>`."""
    where = posixpath.relpath(FOLDER, page.url)
    links = "".join(f'<li><a href="{where}/{name(case)}">{escape(case["title"])}</a></li>' for case in guide["cases"])
    page.content = _PLACE.sub(lambda _: f'<ul class="prompts">{links}</ul>', page.content)


def write(guide: dict, questions: list[Question], site: Path) -> None:
    """Writes one text file a case."""
    folder = site / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    by_id = {question.id: question for question in questions}
    for case in guide["cases"]:
        (folder / name(case)).write_text(prompt(case, guide, by_id), "utf-8")
