"""The head of a page: a typed model, so that a misspelled key is an error with a line and not a silent nothing."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, Union

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from guide.errors import GuideError, Problem

STEPS = {  # slug -> name, in the order of the interview
    "clarify": "Clarify the requirements",
    "frame": "Frame the problem",
    "data": "Prepare the data",
    "model": "Develop the model",
    "evaluate": "Evaluate",
    "serve": "Deploy and serve",
    "monitor": "Monitor and improve",
}
LEVELS = ("mid", "senior", "staff")
SIGNALS = ("Problem understanding", "Data and features", "Modeling", "Evaluation", "Deployment and operations", "Communication")  # of the rubric
GRADES = ("strong no", "no", "yes", "strong yes")
FAMILIES = {
    "recommendation": "Recommendation",
    "search": "Search and retrieval",
    "ads": "Ads",
    "trust": "Trust, safety and privacy",
    "marketplace": "Marketplace, logistics, forecasting",
    "generative": "Language, speech, vision, generative",
    "platform": "Platforms",
}


class Head(BaseModel):
    """What every page says of itself."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=3, max_length=80)
    description: str = Field(min_length=20, max_length=200)


class Chapter(Head):
    """A page with claims in it: somebody checked them on a day."""

    reviewed: date
    needs: list[str] = []  # chapters to read before, as cases/… .md; a case also needs the seven steps, a step the one before it


class FrameworkStep(Chapter):
    kind: Literal["framework"]
    step: Literal["overview", "clarify", "frame", "data", "model", "evaluate", "serve", "monitor"]
    minutes: int = Field(ge=1, le=60)


class Case(Chapter):
    kind: Literal["case"]
    prompt: str
    lesson: str
    family: Literal[tuple(FAMILIES)]  # type: ignore[valid-type]
    patterns: list[str] = Field(min_length=1)


class Practice(Chapter):
    kind: Literal["practice"]
    script: str | None = None  # the module of docs/assets/js that makes the page work


class Mock(Chapter):
    """A transcript of one interview. `case` is the page whose prompt is asked, `verdict` the vote at the end."""

    kind: Literal["mock"]
    case: str = Field(pattern=r"^cases/[a-z0-9-]+\.md$")
    level: Literal[LEVELS]  # type: ignore[valid-type]
    verdict: Literal["strong no", "no", "borderline", "yes", "strong yes"]


class OtherChapter(Chapter):
    kind: Literal["interview", "deep-dive", "tradeoff", "reference"]


class Page(Head):
    """A page of the site that is not part of the book."""

    kind: Literal["page"]
    template: str | None = None
    script: str | None = None  # as for a practice page
    hide: list[Literal["navigation", "toc", "path", "footer"]] = []


AnyHead = Annotated[Union[FrameworkStep, Case, Practice, Mock, OtherChapter, Page], Field(discriminator="kind")]
_ADAPTER: TypeAdapter = TypeAdapter(AnyHead)
_FENCE = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.S)


def split(text: str) -> tuple[str, str, int]:
    """Returns (front matter YAML, body, lines before the body) of a page's text."""
    match = _FENCE.match(text)
    if not match:
        return "", text, 0
    body = text[match.end():]
    stripped = body.lstrip("\n")
    return match[1], stripped, text[: match.end()].count("\n") + len(body) - len(stripped)


def parse(text: str, file: str) -> Head:
    """Validates the front matter of a page.

    Raises GuideError with one problem for each wrong key, at the key's line.
    """
    source, _, _ = split(text)
    if not source:
        raise GuideError([Problem(file, 1, "no front matter; begin the file with a block between --- lines (title, kind, description, …)")])
    try:
        data = yaml.safe_load(source)
    except yaml.YAMLError as error:
        line = error.problem_mark.line + 2 if getattr(error, "problem_mark", None) else 1
        raise GuideError([Problem(file, line, f"front matter is not YAML ({error.problem}); quote values that hold a colon")]) from None
    if not isinstance(data, dict):
        raise GuideError([Problem(file, 2, "front matter is not a list of `key: value` lines")])
    try:
        return _ADAPTER.validate_python(data)
    except ValidationError as error:
        raise GuideError(_problem(source, file, item) for item in error.errors()) from None


def _problem(source: str, file: str, error: dict) -> Problem:
    # The discriminator's value stands first in the location of a tagged union.
    path = [part for part in error["loc"] if part not in ("framework", "case", "page", "interview", "deep-dive", "tradeoff", "practice", "mock", "reference")]
    key = str(path[0]) if path else "kind"
    line = next((number for number, text in enumerate(source.splitlines(), 2) if text.startswith(f"{key}:")), 1)
    match error["type"]:
        case "extra_forbidden":
            what = f"unknown key `{key}`; remove it or correct its spelling"
        case "missing":
            what = f"`{key}` is missing; add it to the front matter"
        case "union_tag_invalid" | "union_tag_not_found":
            what = "`kind` must be one of framework, case, interview, deep-dive, tradeoff, practice, mock, reference, page"
        case _:
            what = f"`{key}`: {error['msg'][0].lower()}{error['msg'][1:]}; correct the value"
    return Problem(file, line, what)
