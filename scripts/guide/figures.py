"""The guide's figures: how much of what it holds, counted from the sources and the built editions, for README and the home page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pypdfium2

from guide import check, questions, verify
from guide.errors import GuideError, Problem
from guide.fences import fences
from guide.frontmatter import Page
from guide.library import Library

_MARKS = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.S)


@dataclass(frozen=True)
class Figures:
    """Counts over all chapters."""

    chapters: int
    cases: int
    words: int  # outside fences
    diagrams: int
    estimates: int
    questions: int
    references: int  # distinct, cited
    labs: int  # experiments with a committed result


def count(library: Library) -> Figures:
    """Counts what the sources hold."""
    chapters = [source for source in library.sources.values() if not isinstance(source.head, Page)]
    kinds = [fence.kind for source in chapters for fence in fences(source.text)]
    cited = {key for source in chapters for group in re.findall(r"\[(@[^\]]+)\]", source.text) for key in re.findall(r"@([\w:.-]+)", group)}
    return Figures(
        chapters=sum(library.is_chapter(source.uri) for source in chapters),
        cases=sum(source.head.kind == "case" for source in chapters),
        words=sum(check.words(source) for source in chapters),
        diagrams=kinds.count("mermaid"),
        estimates=kinds.count("estimate"),
        questions=sum(len(questions.BLOCK.findall(source.text)) for source in chapters),
        references=len(cited & set(library.references)),
        labs=sum(slug.startswith("lab-") for slug in library.ledger.values),
    )


def readme_table(library: Library, site: Path) -> str:
    """The table of figures that stands in README, made from the sources and the built site."""
    figures = count(library)
    book = site / verify.BOOK
    if not book.exists():
        raise GuideError([Problem(str(site), 0, "no book; build with `make`")])
    pdf = pypdfium2.PdfDocument(book)
    pages = len(pdf)
    pdf.close()
    rows = [
        ("Chapters", f"{figures.chapters}, of which {figures.cases} case {'study' if figures.cases == 1 else 'studies'}"),
        ("Words", f"{figures.words:,}"),
        ("Diagrams", f"{figures.diagrams}, drawn at build"),
        ("Estimates", f"{figures.estimates}, units checked at build"),
        ("Questions with answers", str(figures.questions)),
        ("Primary references", str(figures.references)),
        ("The book", f"{pages} pages, {book.stat().st_size / 1e6:.1f} MB"),
    ]
    return "\n".join(["| | |", "|:--|:--|", *(f"| {name} | {value} |" for name, value in rows)]) + "\n"


def written_table(readme: str) -> str:
    """The table that stands in a README now. Raises GuideError if it has no place for one."""
    match = _MARKS.search(readme)
    if not match:
        raise GuideError([Problem("README.md", 0, "no `<!-- figures -->` … `<!-- /figures -->`; put the two lines where the figures belong")])
    return match[0].removeprefix(match[1]).removesuffix(match[2])


def replace_table(readme: str, table: str) -> str:
    """README with a new table."""
    written_table(readme)
    return _MARKS.sub(lambda match: match[1] + table + match[2], readme)
