"""The chapter contract, as far as a command can judge it. Each rule is one function; its docstring says why it exists.

A rule takes the library and yields problems. Rules that would cry wolf are left out.
"""

from __future__ import annotations

import collections
import html
import posixpath
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path

from markdown.extensions.toc import slugify

from guide import diagrams, questions, transcripts
from guide.errors import Problem
from guide.estimates import Estimate, EstimateError, Input, names_in, parse
from guide.fences import Fence, fences, scan
from guide.frontmatter import GRADES, SIGNALS, Case, Mock, Page
from guide.library import GLOSSARY, Library, Source, read_text

SECTIONS = {
    "case": [
        "The answer on one page", "Clarify the requirements", "Frame it as an ML task", "Prepare the data", "Develop the model", "Evaluate",
        "Deploy and serve", "Monitor and improve", "Where this design breaks", "Follow-up questions", "How this answer is graded",
    ],
    "mock": ["The room", "The interview", "The scorecard", "One better minute"],
}
WORDS = {"framework": (2500, 4500), "overview": (1500, 3000), "case": (3500, 5500), "deep-dive": (2000, 3500), "tradeoff": (600, 1500), "interview": (1500, 4000), "practice": (0, 4500), "mock": (3000, 4500)}
DIAGRAMS = {"framework": 6, "overview": 3, "case": 6, "deep-dive": 4, "tradeoff": 1, "interview": 2, "mock": 1}
ESTIMATES = {"case": 4, "framework": 1, "tradeoff": 1}
QUESTIONS = {"framework": 10, "overview": 6, "case": 10, "deep-dive": 8, "tradeoff": 3, "interview": 3}
REFERENCES = {"framework": 5, "overview": 3, "case": 8, "deep-dive": 5, "tradeoff": 3, "interview": 3}
COLUMNS = 5
RUN = 12
ALIKE = 0.5  # of the words of two questions together, what they may share

Rule = Callable[[Library], Iterator[Problem]]
RULES: list[Rule] = []


def rule(function: Rule) -> Rule:
    """Registers a rule."""
    RULES.append(function)
    return function


def check(library: Library) -> list[Problem]:
    """Everything wrong with the sources: what reading them found, and what the rules say."""
    return sorted({*library.problems, *(problem for function in RULES for problem in function(library))})


# What the rules look at


def kind(source: Source) -> str:
    """The kind of a chapter, the framework's first page apart."""
    return "overview" if getattr(source.head, "step", "") == "overview" else source.head.kind


def chapters(library: Library) -> Iterator[Source]:
    """Every page that makes claims, without glossary and home."""
    return (source for source in library.sources.values() if not isinstance(source.head, Page) and source.head.kind != "reference")


@cache
def lines(source: Source) -> tuple[tuple[int, str], ...]:
    """(line of the file, text) of a page outside its fences."""
    return tuple((number + source.offset, text) for number, text in _outside_fences(source.text))


@lru_cache(maxsize=512)  # of use to a preview: most pages are as they were
def _outside_fences(text: str) -> tuple[tuple[int, str], ...]:
    return tuple(piece for piece in scan(text.split("\n")) if not isinstance(piece, Fence))


@cache
def fenced(source: Source) -> tuple[tuple[int, str, str], ...]:
    """(line of the file, kind, body) of a page's fences."""
    return tuple((fence.number + source.offset, fence.kind, fence.body) for fence in fences(source.text))


def words(source: Source) -> int:
    """Words of a chapter outside its fences and block markers."""
    return _words(source.text)


@lru_cache(maxsize=512)
def _words(text: str) -> int:
    return sum(len(re.findall(r"[\w’'&$%.,-]*\w[\w’'%.,-]*", line)) for _, line in _outside_fences(text) if not line.startswith("///"))


def headings(source: Source) -> list[tuple[int, int, str]]:
    """(line, level, title) of a page's headings."""
    return [(number, len(match[1]), match[2].strip()) for number, text in lines(source) if (match := re.match(r"(#{1,6}) +(.+)", text))]


def blocks(source: Source) -> Iterator[tuple[int, Estimate]]:
    """(line, estimate) of every well-formed estimate; the ledger reports the others."""
    for line, name, body in fenced(source):
        if name == "estimate":
            try:
                yield line, parse(body)
            except EstimateError:
                continue


# Structure


@rule
def sections_stand_in_order(library: Library) -> Iterator[Problem]:
    """A reader who knows one case finds their way in every other."""
    for source in chapters(library):
        wanted = SECTIONS.get(source.head.kind)
        if not wanted:
            continue
        found = [(number, title) for number, level, title in headings(source) if level == 2]
        titles = [title for _, title in found]
        for title in wanted:
            if title not in titles:
                yield Problem(source.file, 0, f"the section `## {title}` is missing; add it")
        for number, title in found:
            if title not in wanted:
                yield Problem(source.file, number, f"`## {title}` is not a section of a {source.head.kind}; make it a subsection or rename it")
        if sorted(titles) == sorted(wanted) and titles != wanted:
            first = next(index for index, title in enumerate(titles) if title != wanted[index])
            yield Problem(source.file, found[first][0], f"`## {titles[first]}` stands where `## {wanted[first]}` belongs; reorder the sections")


@rule
def headings_are_well_made(library: Library) -> Iterator[Problem]:
    """The title comes from the front matter; a skipped level breaks the outline; a heading that asks makes the reader hunt for the point."""
    for source in library.sources.values():
        level_before = 1
        for number, level, title in headings(source):
            if level == 1 and not isinstance(source.head, Page):
                yield Problem(source.file, number, "a level-1 heading in the text; the title stands in the front matter, remove it")
            if level > level_before + 1:
                yield Problem(source.file, number, f"the heading skips from level {level_before} to {level}; use level {level_before + 1}")
            if title.endswith("?"):
                yield Problem(source.file, number, "a heading that asks; state the point instead")
            if level == 2 and title == "References":
                yield Problem(source.file, number, "the references are made from the citations; remove the section")
            level_before = level


@rule
def chapters_have_their_length(library: Library) -> Iterator[Problem]:
    """A promise of reading time: short of it something is missing, beyond it nobody finishes."""
    for source in chapters(library):
        low, high = WORDS.get(kind(source), (0, 10**9))
        count = words(source)
        if count < low:
            yield Problem(source.file, 0, f"{count:,} words, at least {low:,} are expected of a {kind(source)}; write what is missing")
        if count > high:
            yield Problem(source.file, 0, f"{count:,} words, at most {high:,} are read to the end in a {kind(source)}; cut or link to a deep dive")


@rule
def chapters_have_their_parts(library: Library) -> Iterator[Problem]:
    """Diagrams, estimates, questions and sources are what the guide promises on every page."""
    for source in chapters(library):
        cited = {key for group in re.findall(r"\[(@[^\]]+)\]", source.text) for key in re.findall(r"@([\w:.-]+)", group)}
        names = [name for _, name, _ in fenced(source)]
        for what, count, minimum in (
            ("diagrams", names.count("mermaid") + names.count("lab"), DIAGRAMS),
            ("estimates", names.count("estimate"), ESTIMATES),
            ("questions", len(questions.BLOCK.findall(source.text)), QUESTIONS),
            ("references", len(cited), REFERENCES),
        ):
            if count < minimum.get(kind(source), 0):
                yield Problem(source.file, 0, f"{count} {what}, a {kind(source)} has at least {minimum[kind(source)]}; add the missing ones")


@rule
def prerequisites_can_be_met(library: Library) -> Iterator[Problem]:
    """A plan of study puts what a chapter needs before it: it must exist, and must not need the chapter in turn."""
    needs = {source.uri: getattr(source.head, "needs", []) for source in chapters(library)}

    def wrong(source: Source, what: str) -> Problem:
        head = read_text(Path(library.docs) / source.uri, source.file).split("\n")
        return Problem(source.file, next((number for number, text in enumerate(head, 1) if text.startswith("needs:")), 1), what)

    for source in chapters(library):
        for uri in needs[source.uri]:
            if not library.is_chapter(uri):
                yield wrong(source, f"`needs` names {uri}, which is no chapter; correct it")
        reached, waiting = set(), list(needs[source.uri])
        while waiting:
            uri = waiting.pop()
            if uri not in reached:
                reached.add(uri)
                waiting += needs.get(uri, [])
        if source.uri in reached:
            yield wrong(source, "the chapter needs itself, by way of what it `needs`; break the circle")


@rule
def transcripts_keep_time(library: Library) -> Iterator[Problem]:
    """A transcript is evidence only if its clock runs forward, its case exists, and every signal of the rubric got a grade."""
    for source in chapters(library):
        if not isinstance(source.head, Mock):
            continue
        case = library.sources.get(source.head.case)
        if case is None or not isinstance(case.head, Case):
            yield Problem(source.file, 0, f"`case: {source.head.case}` is no case of this guide; correct the front matter")
        before = 0
        for line, who, second in transcripts.turns(source.text):
            number = line + source.offset
            if second is None:
                yield Problem(source.file, number, f'a turn without its time; write `!!! {who} "4:10"`')
                continue
            if second < before:
                yield Problem(source.file, number, "the clock runs backwards; order the turns, or correct the time")
            if second > transcripts.END:
                yield Problem(source.file, number, f"after the {transcripts.END // 60} minutes of the interview; cut, or correct the time")
            before = second
        if f"vote: {source.head.verdict}" not in source.text.lower():
            yield Problem(source.file, 0, f"the scorecard does not end in the vote that the front matter names; write `Vote: {source.head.verdict}` under it")
        rows = {cells[0].strip("* "): cells[1].strip("* ").lower() for _, text in lines(source) if text.startswith("|") and len(cells := [cell.strip() for cell in text.strip("|").split("|")]) > 1}
        for signal in SIGNALS:
            if rows.get(signal) not in GRADES:
                yield Problem(source.file, 0, f"the scorecard has no grade for `{signal}`; give it a row that begins with its name and one of {', '.join(GRADES)}")


# Figures and tables


@rule
def diagrams_can_be_drawn_and_read(library: Library) -> Iterator[Problem]:
    """Mermaid draws it, it has a name and a description, and its text is readable on a phone and in the book."""
    for source in library.sources.values():
        for line, name, body in fenced(source):
            if name == "mermaid" and diagrams.find_browser():
                try:
                    diagrams.inline_svg(_shown(body, library, source))
                except diagrams.DiagramError as error:
                    yield Problem(source.file, line + error.line, error.message)


def _shown(body: str, library: Library, source: Source) -> str:
    from guide.estimates import USE

    def show(match: re.Match) -> str:
        try:
            return library.ledger.show(match, source.slug).replace("\u00a0", " ")
        except ValueError:
            return "?"  # reported where the text is read

    return USE.sub(show, body)


@rule
def diagrams_have_captions(library: Library) -> Iterator[Problem]:
    """A caption says what to notice; without one the figure has no number to refer to."""
    for source in library.sources.values():
        text = source.text.split("\n")
        for line, name, body in fenced(source):
            if name not in ("mermaid", "lab"):
                continue
            after = line - source.offset + body.count("\n") + 2 if body else line - source.offset + 1
            following = next((row.strip() for row in text[after:] if row.strip()), "")
            if not following.startswith("/// figure-caption"):
                yield Problem(source.file, line, "the diagram has no caption; put `/// figure-caption` … `///` after it")


@rule
def tables_fit_a_phone(library: Library) -> Iterator[Problem]:
    """A sixth column leaves five characters for each on a phone."""
    for source in library.sources.values():
        rows = dict(lines(source))
        for number, text in rows.items():
            if re.match(r"\s*\|?[\s:|-]*-{3,}[\s:|-]*\|?\s*$", text) and "|" in text and "|" in rows.get(number - 1, ""):
                columns = len(rows[number - 1].strip().strip("|").split("|"))
                if columns > COLUMNS:
                    yield Problem(source.file, number - 1, f"a table of {columns} columns, a phone shows {COLUMNS}; split it or turn it round")


# Numbers


@rule
def latency_budgets_add_up(library: Library) -> Iterator[Problem]:
    """A budget is a promise: the parts must be the whole. An estimate titled a latency budget must sum all its times in one result."""
    for source in chapters(library):
        for line, block in blocks(source):
            if "latency budget" not in block.title.lower():
                continue
            parts = {item.name for item in block.inputs if isinstance(item, Input) and re.search(r"\b(ms|s|us)$", item.text)}
            try:
                sums = [names_in(result.formula) for result in block.results]
            except SyntaxError:
                continue
            if not any(parts <= names for names in sums):
                missing = ", ".join(sorted(parts - max(sums, key=lambda names: len(names & parts))))
                yield Problem(source.file, line, f"no result of the latency budget adds up all its parts ({missing} left out); add one that does")


# Words


BANNED = {
    r"it is (?:important|worth) (?:to note|noting)": "say the thing itself",
    r"in today's": "cut the throat-clearing",
    r"\bdelv(?:e|es|ing)\b": "use a plain verb",
    r"\bleverag(?:e|es|ed|ing)\b(?! (?:buy|ratio))": "use `use`",
    r"\butiliz(?:e|es|ed|ing)\b": "use `use`",
    r"\bcutting[- ]edge\b|\bstate[- ]of[- ]the[- ]art\b|\bgame[- ]chang": "name what it does better, with a number",
    r"\bseamless(?:ly)?\b|\brobust(?:ly)?\b(?! (?:to|against|regression|loss|estimat|standard|scal|statistic))": "say what does not break",
    r"\bplays? an? (?:crucial|key|vital|pivotal) role\b": "say what it does",
    r"\bneedless to say\b|\bas we all know\b|\bat the end of the day\b": "cut it",
    r"\bin conclusion\b|\bto summarize\b|\bin summary\b": "a chapter ends with nothing",
    r"\bcoming soon\b|\bTODO\b|\bTBD\b|\blorem ipsum\b": "write it or leave it out",
}


@rule
def prose_is_plain(library: Library) -> Iterator[Problem]:
    """Words that carry nothing hide those that do."""
    patterns = [(re.compile(pattern, re.I), mend) for pattern, mend in BANNED.items()]
    for source in library.sources.values():
        for number, text in lines(source):
            for pattern, mend in patterns:
                if match := pattern.search(re.sub(r"`[^`]*`", "", text)):
                    yield Problem(source.file, number, f"“{match[0]}”: {mend}")


@rule
def dashes_are_rare(library: Library) -> Iterator[Problem]:
    """A page of em dashes reads as if nobody had decided where its sentences end."""
    for source in chapters(library):
        count = sum(text.count("—") for _, text in lines(source))
        if count > max(4, words(source) // 400):
            yield Problem(source.file, 0, f"{count} em dashes; use full stops, commas or colons")


@rule
def spelling_is_american(library: Library) -> Iterator[Problem]:
    """One spelling throughout, so that the search finds it and the hyphenation knows it. codespell's lists of typing errors and of British forms."""
    root = Path(library.docs)
    command = [sys.executable, "-m", "codespell_lib", "--builtin", "clear,en-GB_to_en-US", "--ignore-words", str(Path(__file__).with_name("spelling.txt")), *(str(root / uri) for uri in library.sources)]
    found = subprocess.run(command, capture_output=True, text=True).stdout
    fences_of = {str(root / uri): {n for line, _, body in fenced(source) for n in range(line, line + body.count("\n") + 3)} for uri, source in library.sources.items()}
    for path, number, what in re.findall(r"^(.+?):(\d+): (.+)$", found, re.M):
        if int(number) not in fences_of[path]:
            yield Problem(f"{root.name}/{Path(path).relative_to(root).as_posix()}", int(number), f"spelling: {what}; correct it, or add the word to scripts/guide/spelling.txt")


@rule
def nothing_stands_twice(library: Library) -> Iterator[Problem]:
    """Readers of other guides complain of repetition first: no run of twelve words stands in two places."""
    seen: dict[tuple[str, ...], tuple[Source, int]] = {}
    for source in library.sources.values():
        tokens = [(token, number) for number, text in lines(source) if not text.startswith(("///", "|", "##")) for token in re.findall(r"[a-z0-9]+(?:['’][a-z]+)?", _bare(text).lower())]
        skip_until = 0
        for index in range(len(tokens) - RUN + 1):
            run = tuple(token for token, _ in tokens[index : index + RUN])
            where = seen.setdefault(run, (source, index))
            if where != (source, index) and index >= skip_until:
                skip_until = index + RUN * 3
                other, place = where
                yield Problem(source.file, tokens[index][1], f"“{' '.join(run)}” stands in {other.file} too; say it once and link")


def _bare(text: str) -> str:
    """A line without link targets, citations and values."""
    return re.sub(r"\]\([^)]*\)|\[@[^\]]*\]|\{\{[^}]*\}\}|<[^>]+>", " ", text)


@rule
def questions_stand_alone(library: Library) -> Iterator[Problem]:
    """Every question becomes a flashcard: one that stands twice, or nearly, is learned twice."""
    seen: list[tuple[set[str], str]] = []
    for source in library.sources.values():
        for line, question in questions.written(source.text):
            number = line + source.offset
            carrying = {word for word in re.findall(r"[\w’'-]{4,}", re.sub(r"\{\{.*?\}\}", "", question).lower())}
            for other, where in seen:
                if carrying == other or len(carrying & other) > ALIKE * len(carrying | other):
                    yield Problem(source.file, number, f"the question stands at {where} too, or nearly; ask something else")
            seen.append((carrying, f"{source.file}:{number}"))


@rule
def questions_keep_their_ids(library: Library) -> Iterator[Problem]:
    """A reader's cards are known by the ids of their questions; a question without one would be a new card after every change of its wording."""
    asked = {(source.uri, question): (source, line) for source in library.sources.values() for line, question in questions.written(source.text)}
    for key in sorted(set(asked) - set(library.ids)):
        source, line = asked[key]
        yield Problem(source.file, line + source.offset, "the question has no id yet, or was rewritten; run `make ids`")
    for uri, question in sorted(set(library.ids) - set(asked)):
        yield Problem(f"{Path(library.docs).name}/{questions.IDS}", 0, f"`{question[:60]}` of {uri} is asked no more; run `make ids`")


# Links, terms, citations


@rule
def links_land(library: Library) -> Iterator[Problem]:
    """A dead link costs a reader's trust; MkDocs finds it too, but does not say the line."""
    anchors = {uri: _anchors(source, library) for uri, source in library.sources.items()}
    for source in library.sources.values():
        for number, text in lines(source):
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", text)):
                if re.match(r"[a-z][a-z+.-]*:", target):
                    continue
                path, _, fragment = target.partition("#")
                uri = posixpath.normpath(posixpath.join(posixpath.dirname(source.uri), path)) if path else source.uri
                if uri not in anchors:
                    if path.endswith(".md") or not (Path(library.docs) / uri).exists():
                        yield Problem(source.file, number, f"the link `{target}` leads to no page; correct it, or write the page")
                elif fragment and fragment not in anchors[uri]:
                    yield Problem(source.file, number, f"the link `{target}` leads to no heading of that page; correct the part after #")


def _anchors(source: Source, library: Library) -> set[str]:
    found = {slugify(html.unescape(re.sub(r"[*_`]|\]\([^)]*\)|\[", "", title)), "-") for _, _, title in headings(source)}
    found |= set(re.findall(r"(?:\| *#|\{[: ]*#|id=\"|id: )([\w-]+)", source.text)) | {"references", "top"}
    found |= {f"q-{name}" for name in library.question_ids(source)}
    if source.uri == GLOSSARY:
        found |= {term.anchor for term in library.terms}
    return found


@rule
def citations_are_known_and_used(library: Library) -> Iterator[Problem]:
    """A fact without its source is a rumor; an entry nobody cites is dead weight."""
    used: collections.Counter[str] = collections.Counter()
    for source in library.sources.values():
        for number, text in enumerate(source.text.split("\n"), 1 + source.offset):
            for group in re.findall(r"\[(@[\w:.-]+(?:\s*;\s*@[\w:.-]+)*)\]", text):
                for name in re.findall(r"@([\w:.-]+)", group):
                    used[name] += 1
                    if name not in library.references:
                        yield Problem(source.file, number, f"unknown citation `@{name}`; add the entry to docs/references.bib or correct the key")
    for name in sorted(set(library.references) - set(used)):
        yield Problem(f"{Path(library.docs).name}/references.bib", library.reference_lines.get(name, 0), f"`{name}` is cited nowhere; cite it or remove it")


@rule
def terms_are_used(library: Library) -> Iterator[Problem]:
    """A term that no chapter uses explains nothing to anybody."""
    used = {term.name for source in chapters(library) for _, _, term in library.matcher.find(source.text)}
    glossary = library.sources.get(GLOSSARY)
    for term in library.terms:
        if term.name not in used and glossary is not None:
            position = glossary.text.find(term.name)
            yield Problem(glossary.file, glossary.text.count("\n", 0, position) + 1 + glossary.offset, f"no chapter uses `{term.name}`; remove the entry or use the term")


@rule
def no_markup_of_ones_own(library: Library) -> Iterator[Problem]:
    """The site runs no foreign script and the book has no script at all; raw HTML escapes both editions' checks."""
    for source in library.sources.values():
        for number, text in lines(source):
            if match := re.search(r"<\s*(script|iframe|object|embed|style|link|img)\b|\bon\w+\s*=\s*[\"']|javascript:", re.sub(r"`[^`]*`", "", text), re.I):
                yield Problem(source.file, number, f"`{match[0].strip()}` in the text; use Markdown (a diagram, a caption, an admonition) instead")


@rule
def images_exist(library: Library) -> Iterator[Problem]:
    """A missing image is a hole in both editions, and one without a description is a hole for those who cannot see it."""
    for source in library.sources.values():
        for number, text in lines(source):
            for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)", re.sub(r"`[^`]*`", "", text)):
                if not alt.strip():
                    yield Problem(source.file, number, f"the image `{target}` has no description; write it between the brackets")
                if re.match(r"[a-z]+:", target):
                    yield Problem(source.file, number, f"the image `{target}` comes from elsewhere; the site requests nothing from others, put the file into docs/assets")
