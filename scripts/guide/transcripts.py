"""Transcripts of mock interviews: what was said, at which minute, and what the interviewer noted beside it.

A turn is a block `!!! interviewer "4:10"` or `!!! candidate "4:10"`; a block `!!! aside` in it holds the interviewer's private note on it. The title is the clock of the
interview, minutes and seconds; the reader sees who speaks beside it.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as etree
from collections.abc import Iterator

SPEAKERS = {"interviewer": "Interviewer", "candidate": "Candidate"}
NOTE = "Private note"
END = 45 * 60  # s

_TURN = re.compile(r'^!!! (?P<who>\w+)(?: +"(?P<clock>[^"]*)")?[ \t]*$')


def turns(text: str) -> Iterator[tuple[int, str, int | None]]:
    """(line from 1, speaker, second of the interview) of every turn of a page; None if the clock cannot be read."""
    for number, line in enumerate(text.split("\n"), 1):
        if (match := _TURN.match(line)) and match["who"] in SPEAKERS:
            clock = re.fullmatch(r"(\d{1,2}):([0-5]\d)", match["clock"] or "")
            yield number, match["who"], int(clock[1]) * 60 + int(clock[2]) if clock else None


def mark(root: etree.Element) -> None:
    """Names the speaker of each turn beside its clock."""
    for block in root.iter("div"):
        classes = block.get("class", "").split()
        if "admonition" not in classes:
            continue
        title = block[0]
        for who, name in SPEAKERS.items():
            if who in classes:
                block.set("class", f"admonition turn {who}")
                clock = etree.Element("span", {"class": "clock"})
                clock.text, clock.tail, title.text = title.text, f" {name}", None
                title.insert(0, clock)
        if "aside" in classes:
            title.text = NOTE
