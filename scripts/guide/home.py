"""What the home page shows: steps, cases and figures, taken from the chapters. What is not written is not shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from guide import figures
from guide.frontmatter import FAMILIES, STEPS, Case, FrameworkStep
from guide.library import Library, Source

PARTS = {"interview": "The interview", "deep-dive": "Deep dives", "tradeoff": "Trade-offs", "practice": "Practice", "mock": "Mock interviews"}
_SIZE = re.compile(r'(<span data-size-of="([^"]+)">)[^<]*(</span>)')


@dataclass(frozen=True)
class Step:
    """One of the seven: name, minutes of a 45-minute interview, and its chapter if there is one."""

    name: str
    minutes: str
    uri: str | None


@dataclass(frozen=True)
class Home:
    """The data of `home.html`. uris are those of MkDocs' source files."""

    steps: list[Step]
    families: list[tuple[str, list[Source]]]  # (name, its cases)
    parts: list[tuple[str, list[Source]]]  # (name, its chapters), cases and framework left out
    figures: figures.Figures


def gather(library: Library, order: list[str]) -> Home:
    """Collects what the home page shows. order: the uris of the reading order."""
    read = [library.sources[uri] for uri in order if uri in library.sources]
    chapters = {source.head.step: source.uri for source in read if isinstance(source.head, FrameworkStep)}
    minutes = library.ledger.values.get("framework", {})
    steps = [Step(name, minutes[slug].show(bare=True) if slug in minutes else "", chapters.get(slug)) for slug, name in STEPS.items()]
    families = [(name, [source for source in read if isinstance(source.head, Case) and source.head.family == slug]) for slug, name in FAMILIES.items()]
    parts = [(name, [source for source in read if source.head.kind == kind]) for kind, name in PARTS.items()]
    return Home(steps, [item for item in families if item[1]], [item for item in parts if item[1]], figures.count(library))


def fill_sizes(site: Path) -> None:
    """Writes the sizes of the editions into the home page, once they are built."""
    page = site / "index.html"
    html = _SIZE.sub(lambda match: f"{match[1]}{(site / match[2]).stat().st_size / 1e6:.1f} MB{match[3]}", page.read_text("utf-8"))
    page.write_text(html, "utf-8")
