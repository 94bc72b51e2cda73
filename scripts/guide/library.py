"""What the chapters share: their heads, named numbers, bibliography and glossary. Read once a build, before any page is rendered."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from guide import citations, frontmatter, glossary, labs, questions
from guide.citations import Reference
from guide.errors import GuideError, Problem
from guide.estimates import Ledger
from guide.frontmatter import Head
from guide.glossary import Matcher, Term

GLOSSARY = "reference/glossary.md"
BIBLIOGRAPHY = "references.bib"
LARGEST = 500_000  # bytes


@dataclass(frozen=True, eq=False)
class Source:
    """One Markdown file: where it is, what its head says, its text without the head."""

    uri: str  # as MkDocs names it, relative to docs/
    file: str  # as messages name it
    head: Head
    text: str
    offset: int  # lines before the text

    @property
    def slug(self) -> str:
        return slug(self.uri)


def slug(uri: str) -> str:
    """`cases/payment-fraud.md` -> `payment-fraud`; `framework/index.md` -> `framework`."""
    path = Path(uri)
    return (path.parent.name or "home") if path.stem == "index" else path.stem


@dataclass
class Library:
    """Everything read from `docs/`. `problems` also collects what rendering finds."""

    docs: Path
    sources: dict[str, Source]
    ledger: Ledger
    references: dict[str, Reference]
    terms: list[Term]
    matcher: Matcher
    reference_lines: dict[str, int]  # key -> line of the bibliography
    ids: questions.Ids = field(default_factory=dict)  # of the questions
    numbers: dict[str, int] = field(default_factory=dict)  # uri -> chapter number, from the reading order
    problems: list[Problem] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)  # uris of files that are no text, which nobody should try to read again

    @classmethod
    def read(cls, docs: Path) -> Library:
        """Reads every page under `docs`. What is wrong is in `problems`; nothing is raised for it."""
        problems: list[Problem] = []
        sources: dict[str, Source] = {}
        slugs: dict[str, str] = {}
        unreadable: set[str] = set()
        for path in sorted(docs.rglob("*.md")):
            uri, file = path.relative_to(docs).as_posix(), f"{docs.name}/{path.relative_to(docs).as_posix()}"
            try:
                text = read_text(path, file)
            except GuideError as error:
                problems += error.problems
                unreadable.add(uri)
                continue
            try:
                head = frontmatter.parse(text, file)
            except GuideError as error:
                problems += error.problems
                continue
            _, body, offset = frontmatter.split(text)
            source = sources[uri] = Source(uri, file, head, body, offset)
            if other := slugs.get(source.slug):
                problems.append(Problem(file, 0, f"another page is called `{source.slug}` too ({other}); rename one"))
            slugs[source.slug] = file
        measured, wrong_labs = labs.read_results(docs.parent / "labs" / "results")
        problems += wrong_labs
        ledger = Ledger({source.slug: (source.file, source.text, source.offset) for source in sources.values()}, measured)
        references, lines, wrong = citations.load(docs / BIBLIOGRAPHY, f"{docs.name}/{BIBLIOGRAPHY}") if (docs / BIBLIOGRAPHY).exists() else ({}, {}, [])
        terms, wrong_terms = glossary.load(page.text, page.file, page.offset) if (page := sources.get(GLOSSARY)) else ([], [])
        ids, wrong_ids = questions.read_ids(docs / questions.IDS, f"{docs.name}/{questions.IDS}")
        problems += wrong_ids
        return cls(docs, sources, ledger, references, terms, Matcher(terms), lines, ids, problems=[*problems, *ledger.problems, *wrong, *wrong_terms], unreadable=unreadable)


    def is_chapter(self, uri: str) -> bool:
        """Whether a page is read from its first line to its last: neither reference nor a tool."""
        source = self.sources.get(uri)
        return source is not None and source.head.kind not in ("page", "reference") and not getattr(source.head, "script", None)

    def asked(self) -> list[tuple[str, str]]:
        """(page, question) of every question of the guide."""
        return [(source.uri, question) for source in self.sources.values() for _, question in questions.written(source.text)]

    def question_ids(self, source: Source) -> list[str]:
        """The ids of a page's questions, in order. One that has none yet gets what it would be given."""
        return [self.ids.get((source.uri, text)) or questions.fresh_id(source.uri, text) for _, text in questions.written(source.text)]


def read_text(path: Path, file: str) -> str:
    """The text of a page. Raises GuideError if it is not UTF-8, or empty, or larger than any chapter."""
    data = path.read_bytes()
    if len(data) > LARGEST:
        raise GuideError([Problem(file, 0, f"the file holds {len(data) / 1e6:.1f} MB, a chapter has at most {LARGEST / 1e6} MB; remove what was pasted by accident")])
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise GuideError([Problem(file, line, f"not UTF-8 (byte 0x{data[error.start]:02x}); save the file as UTF-8")]) from None
    if not text.strip():
        raise GuideError([Problem(file, 0, "the file is empty; write it or remove it")])
    return text
