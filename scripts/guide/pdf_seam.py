"""The seam between the site and the PDF exporter.

mkdocs-pdf-export-plugin converts the HTML of each page as the theme made it. Material's HTML loses text that way, so the plugin is handed a lean print document
instead (the chapter, or for the page `field-guide.md` what stands around the chapters of the book), and the site gets its own HTML back afterwards.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from guide import assets, binding, book, floats
from guide.library import Library
from guide.pdf import Exporter

BOOK_PAGE = "field-guide.md"
log = logging.getLogger("mkdocs.plugins.guide")


def enabled() -> bool:
    """Whether this build makes PDFs (the release build does, a preview does not)."""
    return os.environ.get("GUIDE_PDF") == "1"


def edition(library: Library) -> date:
    """The date of the edition: the last day on which any chapter was reviewed."""
    return max(source.head.reviewed for source in library.sources.values() if hasattr(source.head, "reviewed"))


def base_url(page: Page) -> str:
    """What the plugin gives as the base of a page's links."""
    return Path(page.file.abs_dest_path).with_name(Path(page.file.src_path).stem).as_uri()


@dataclass
class Seam:
    """One build's exchange of documents with the exporter."""

    environment: Environment
    config: MkDocsConfig
    library: Library
    exporter: Exporter
    parts: list[book.Part]
    documents: dict[str, str] = field(default_factory=dict)  # uri -> the chapter's print document
    files: dict[str, Path] = field(default_factory=dict)  # slug -> the chapter's PDF, without page numbers
    site_html: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, environment: Environment, config: MkDocsConfig, library: Library, nav: Navigation) -> Seam | None:
        """Called when every page has its content and none is templated: the one moment at which a whole book can be made."""
        if not enabled():
            return None
        parts = book.read(nav, library, config.site_url)
        renderer = config.plugins["pdf-export"].renderer
        exporter = Exporter(renderer, total=sum(len(part.chapters) for part in parts) + 1)
        environment.filters["long_date"] = lambda day: f"{day:%B} {day.day}, {day.year}"
        seam = cls(environment, config, library, exporter, parts)
        renderer.write_pdf = seam.write_pdf
        for chapter in seam.chapters():
            seam.documents[chapter.uri] = seam._document(chapter)
        return seam

    def chapters(self) -> Iterator[book.Chapter]:
        """Every chapter in reading order."""
        for part in self.parts:
            yield from part.chapters

    def _document(self, chapter: book.Chapter) -> str:
        """A chapter's print document, its figures placed."""

        def document() -> str:
            return self._template("chapter.html", chapter=chapter)

        log.info("Placing the figures of %s", chapter.uri)
        floats.reorder(chapter.body.soup, floats.best_plan(chapter.body.soup, document, self.config.docs_dir))
        return document()

    def to_print(self, output: str, page: Page) -> str:
        """The print document of a page, in place of its site HTML, which is kept. Empty if the page has none."""
        self.site_html[page.url] = output
        if page.file.src_uri == BOOK_PAGE:
            return self._frame()
        return self.documents.get(page.file.src_uri, "")

    def to_site(self, page: Page) -> str:
        """The site's HTML of a page, back again."""
        return self.site_html.pop(page.url)

    def _frame(self) -> str:
        """What stands around the chapters, with their page numbers: so they are laid out first. Empty if one of them cannot be."""
        files = {chapter.slug: self.exporter.lay_out(self.documents[chapter.uri], base_url(chapter.page)) for chapter in self.chapters()}
        if not all(files.values()):
            return ""
        self.files = files
        pages = binding.paginate(self.parts, files)
        return self._template("book.html", parts=self.parts, index=book.index_of(self.parts), pages=pages, address=self._address)

    def write_pdf(self, content: str, base_url: str, filename: str) -> None:
        """Takes the place of the plugin's `Renderer.write_pdf`: a chapter by itself, or the book. An empty document makes no file."""
        if not content:
            return
        if Path(filename).stem != Path(BOOK_PAGE).stem:
            self.exporter.write_chapter(content, base_url, Path(filename))
        elif frame := self.exporter.lay_out(content, base_url):
            log.info("Binding the book")
            addresses = {self._address(chapter): chapter.slug for chapter in self.chapters()}
            self.exporter.problems += binding.bind(frame, self.parts, self.files, addresses, Path(filename))

    def _address(self, chapter: book.Chapter, anchor: str = "") -> str:
        return f"{self.config.site_url}{chapter.page.url}" + (f"#{anchor}" if anchor else "")

    def _template(self, name: str, **values) -> str:
        folder = assets.print_folder().as_uri()
        return self.environment.get_template(name).render(config=self.config, edition=edition(self.library), styles=folder, heads=self._heads(), **values)

    def _heads(self) -> dict:
        return {source.uri: source.head for source in self.library.sources.values()}

    def close(self) -> None:
        """Raises PluginError if the exporter or WeasyPrint complained: the plugin itself prints and goes on."""
        failed = self.config.plugins["pdf-export"].num_errors
        complaints = sorted(set(self.exporter.problems))
        if failed or complaints:
            raise PluginError("\n".join([f"{failed} pages could not be made into PDFs (the exporter's messages are above)"] * bool(failed) + [f"PDF: {line}" for line in complaints]))
