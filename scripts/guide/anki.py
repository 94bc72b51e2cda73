"""The questions as a deck for Anki: one deck a part, tags for level, step, family and chapter, and ids that stay, so that a newer edition changes cards instead of doubling them."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from pathlib import Path

import genanki

from guide import cache, practice

FILE = "field-guide.apkg"
NAME = "ML System Design Field Guide"
MODEL = genanki.Model(
    1_763_000_117,  # any number, but for ever the same: Anki knows the kind of note by it
    NAME,
    fields=[{"name": "Question"}, {"name": "Answer"}, {"name": "Place"}],
    templates=[{
        "name": "Question",
        "qfmt": '<p class="place">{{Place}}</p><div class="question">{{Question}}</div>',
        "afmt": '{{FrontSide}}<hr id="answer">{{Answer}}',
    }],
    css=(
        ".card { font: 18px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 1rem auto; padding: 0 .8rem; text-align: left }"
        " .question { font-weight: 600 } .place { font-size: 14px; opacity: .7 } svg { max-width: 100%; height: auto }"
        " code { font-size: .9em } math { font-size: 1.05em }"
    ),
)  # fmt: skip


def write(questions: list[practice.Question], site_url: str, made: int, target: Path) -> None:
    """Writes the deck. made: seconds since 1970, the edition's time; the same questions and time give the same bytes."""
    decks: dict[str, genanki.Deck] = {}
    for question in (practice.absolute(question, site_url) for question in questions):
        name = f"{NAME}::{question.part}"
        deck = decks.setdefault(name, genanki.Deck(_number(name), name))
        place = f'{question.level} · <a href="{question.url}">{question.chapter}</a>'
        tags = [f"level::{question.level}", f"step::{question.step}", f"chapter::{_tag(question.chapter)}"] + ([f"family::{_tag(question.family)}"] if question.family else [])
        deck.add_note(genanki.Note(MODEL, [question.text, question.answer, place], guid=question.id, tags=tags, sort_field=question.id))
    buffer = io.BytesIO()
    genanki.Package(list(decks.values())).write_to_file(buffer, timestamp=made)
    cache.write(target, _dated(buffer.getvalue()))


def _number(name: str) -> int:
    """A deck's id: the same for the same name, in every edition."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:5])


def _tag(name: str) -> str:
    return re.sub(r"\W+", "-", name.lower()).strip("-")


def _dated(package: bytes) -> bytes:
    """The same archive, compressed, and with one date in it instead of the moment at which it was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in source.infolist():
            made.writestr(zipfile.ZipInfo(entry.filename), source.read(entry), zipfile.ZIP_DEFLATED)
    return out.getvalue()
