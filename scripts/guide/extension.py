"""The Markdown extension that turns the contributor's interface into HTML: estimates, named values, citations, figures, questions, formulas, terms.

It works on one page at a time, on the tree Markdown makes; drawings and formulas are kept out of the tree and put back at the end, which keeps it small.
"""

from __future__ import annotations

import posixpath
import re
import xml.etree.ElementTree as etree
from dataclasses import dataclass, field, replace

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from guide import citations, diagrams, estimates, formulas, glossary, questions, transcripts
from guide.errors import Problem
from guide.estimates import USE, EstimateError
from guide.fences import Fence, scan
from guide.formulas import FormulaError
from guide.library import GLOSSARY, Library, Source


@dataclass
class Page:
    """The page being rendered, and what rendering it has learned so far."""

    library: Library
    source: Source
    fence_lines: dict[str, int] = field(default_factory=dict)  # body of a fence -> its line in the file
    estimate_count: int = 0

    def label(self, kind: str, count: int) -> str:
        """`Figure 3.2` in the third chapter, `Figure 2` on a page without a number."""
        number = self.library.numbers.get(self.source.uri)
        return f"{kind} {number}.{count}" if number else f"{kind} {count}"

    def report(self, line: int, what: str) -> None:
        """line: in the file; 0 if unknown."""
        self.library.problems.append(Problem(self.source.file, line, what))

    def line_of(self, text: str) -> int:
        """The line of the file on which `text` first stands; 0 if it does not."""
        position = self.source.text.find(text)
        return self.line_at(position) if position >= 0 else 0

    def line_at(self, position: int) -> int:
        """The line of the file that holds a position of its text."""
        return self.source.text.count("\n", 0, position) + 1 + self.source.offset


current: Page | None = None  # MkDocs makes a Markdown instance a page, without telling it which


def set_current(page: Page | None) -> None:
    """Says which page the next Markdown conversion is of."""
    global current
    current = page


class Values(Preprocessor):
    """Replaces `estimate` fences by tables and `{{ name }}` by values, before Markdown sees the text. Code is left alone."""

    def __init__(self, md: Markdown, page: Page):
        super().__init__(md)
        self.page = page

    def run(self, lines: list[str]) -> list[str]:
        out: list[str] = []
        offset = self.page.source.offset
        for piece in scan(lines):
            if not isinstance(piece, Fence):
                out.append(self._substitute(piece[1], piece[0] + offset))
            elif piece.closing is None:
                self.page.report(piece.number + offset, f"a fence opened with {piece.opening.strip()[:3]} is never closed; close it")
                out += [piece.opening, *piece.lines]
            else:
                out += self._block(piece, piece.number + offset, piece.closing)
        return out

    def _block(self, fence: Fence, start: int, closing: str) -> list[str]:
        """What Markdown is to see of a fence that opens on the line `start` of the file."""
        if fence.kind == "estimate":
            return [fence.indent + line if line else "" for line in self._estimate(fence.body, start).split("\n")]
        if fence.kind == "mermaid":
            fence = replace(fence, lines=tuple(self._substitute(line, start + number, html=False) for number, line in enumerate(fence.lines, 1)))
        self.page.fence_lines[fence.body.strip()] = start
        return [fence.opening, *fence.lines, closing]

    def _estimate(self, text: str, start: int) -> str:
        try:
            block = estimates.parse(text)
        except EstimateError:
            return ""  # the ledger has reported it
        values = self.page.library.ledger.values[self.page.source.slug]
        if any(item.name not in values for item in (*block.inputs, *block.results)):
            return ""
        self.page.estimate_count += 1
        table = estimates.to_markdown(block, values, self.page.label("Estimate", self.page.estimate_count))
        return "\n".join(self._substitute(line, start) for line in table.split("\n"))

    def _substitute(self, line: str, number: int, html: bool = True) -> str:
        """html: the text is Markdown, where a dollar sign would open a formula."""

        def show(match: re.Match) -> str:
            try:
                text = self.page.library.ledger.show(match, self.page.source.slug)
            except ValueError as error:
                self.page.report(number, str(error))
                return match[0]
            return text.replace("$", "&#36;") if html else text.replace("\u00a0", " ")

        # Odd parts are inline code.
        parts = re.split(r"(`+[^`]*`+)", line) if html and "`" in line else [line]
        return "".join(part if position % 2 else USE.sub(show, part) for position, part in enumerate(parts))


class Finish(Treeprocessor):
    """The last pass over a page's tree."""

    def __init__(self, md: Markdown, page: Page):
        super().__init__(md)
        self.page = page

    def run(self, root: etree.Element) -> None:
        page = self.page
        labels = self._number_figures(root)
        self._fill_references(root, labels)
        starts = [line for line, _ in questions.written(page.source.text)]
        for count, what in questions.mark(root, page.library.question_ids(page.source)):
            page.report(starts[count - 1] + page.source.offset if count <= len(starts) else 0, what)
        transcripts.mark(root)
        cited, unknown = citations.number(root, page.library.references)
        for key in unknown:
            page.report(page.line_of(f"@{key}"), f"unknown citation `@{key}`; add the entry to docs/references.bib or correct the key")
        self._set_formulas(root)
        if page.source.uri == GLOSSARY:
            glossary.anchor_entries(root)
        else:
            address = posixpath.relpath(GLOSSARY, posixpath.dirname(page.source.uri) or ".")
            glossary.link_first_uses(root, page.library.matcher, address)
        self._wrap_tables(root)
        if cited:
            citations.append_list(root, cited, self.md.htmlStash.store)

    def _number_figures(self, root: etree.Element) -> dict[str, str]:
        """Puts `Figure 3.2` before each caption; returns id -> label."""
        counts, labels = {"Figure": 0, "Table": 0}, {}
        for figure in root.iter("figure"):
            kind = "Table" if "table" in figure.get("class", "").split() else "Figure"
            caption = figure.find("figcaption")
            if caption is None:
                continue
            counts[kind] += 1
            label = self.page.label(kind, counts[kind])
            if figure.get("id"):
                labels[figure.get("id")] = label
            else:
                figure.set("id", label.lower().replace(" ", "-").replace(".", "-"))
            target = caption[0] if len(caption) and caption[0].tag == "p" else caption
            mark = etree.Element("span", {"class": "label"})
            mark.text, mark.tail, target.text = label, " " + (target.text or "").lstrip(), None
            target.insert(0, mark)
        return labels

    def _fill_references(self, root: etree.Element, labels: dict[str, str]) -> None:
        """`[](#fig-funnel)` says `Figure 3.2`."""
        for link in root.iter("a"):
            address = link.get("href", "")
            if address.startswith("#") and not len(link) and not (link.text or "").strip():
                label = labels.get(address[1:])
                if label is None:
                    self.page.report(self.page.line_of(f"]({address})"), f"no figure or table is called `{address}`; name one with `/// figure-caption | {address}`")
                    continue
                link.text = label
                link.set("class", "xref")

    def _set_formulas(self, root: etree.Element) -> None:
        found = [element for element in root.iter() if "arithmatex" in element.get("class", "").split()]
        texts = [re.fullmatch(r"\s*\\[(\[](.*)\\[)\]]\s*", "".join(element.itertext()), re.S)[1] for element in found]
        for element, tex, result in zip(found, texts, formulas.render([(tex, element.tag == "div") for element, tex in zip(found, texts)]) if found else []):
            if isinstance(result, FormulaError):
                first = tex.strip().splitlines()[0] if tex.strip() else ""
                self.page.report(self.page.line_of(first), f"formula: {result}; mend the TeX")
            else:
                element[:] = []
                element.set("class", "math")
                element.text = self.md.htmlStash.store(result)

    def _wrap_tables(self, root: etree.Element) -> None:
        """A table that is wider than a phone scrolls in a box of its own, with a name for screen readers."""
        heading = self.page.source.head.title

        def wrap_in(parent: etree.Element) -> None:
            nonlocal heading
            for position, child in enumerate(list(parent)):
                if child.tag in ("h2", "h3"):
                    heading = "".join(child.itertext()).strip()
                if child.tag != "table":
                    wrap_in(child)
                    continue
                child.set("class", "data")  # Material wraps only tables without a class
                for cell in child.iter("th"):
                    if not "".join(cell.itertext()).strip():
                        cell.tag = "td"  # the empty corner of a table heads nothing
                box = etree.Element("div", {"class": "table-wrap", "role": "group", "aria-label": f"Table: {heading}"})
                box.tail, child.tail = child.tail, None
                parent[position] = box
                box.append(child)

        wrap_in(root)


def diagram_fence(source: str, language: str, css_class: str, options: dict, md: Markdown, **_) -> str:
    """The custom fence for `mermaid` blocks: the drawing as inline SVG.

    Without a browser to draw with, the source in the form that mkdocs-mermaid2-plugin draws in the reader's.
    """
    page: Page = md.guide_page
    line = page.fence_lines.get(source.strip(), 0)
    try:
        return f'<div class="diagram">{diagrams.inline_svg(source)}</div>'
    except diagrams.DiagramError as error:
        page.report(line + error.line if line else 0, error.message)
    except diagrams.NoBrowserError:
        from mermaid2.fence import fence_mermaid

        return fence_mermaid(source, language, css_class, options, md)
    return ""


class GuideExtension(Extension):
    """Registers the above for the page announced with `set_current`; for none, as when MkDocs tries the extension out, nothing."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (Markdown's name)
        if current is None:
            return
        md.guide_page = current
        md.preprocessors.register(Values(md, current), "guide-values", 28)  # after line ends are normalized (30), before fences (25)
        md.inlinePatterns.register(citations.CitationPattern(md), "guide-citation", 175)  # after inline code, before links
        md.treeprocessors.register(Finish(md, current), "guide-finish", 6)  # after inline patterns, before the table of contents (5)


def makeExtension(**kwargs) -> GuideExtension:  # noqa: N802 (Markdown's name)
    return GuideExtension(**kwargs)
