"""The seam between the site and the PDF exporter.

mkdocs-pdf-export-plugin converts the HTML of each page as the theme made it. Material's HTML loses text that way, so the plugin is handed a lean print document
instead (the chapter, or for the page `field-guide.md` the whole book), and the site gets its own HTML back afterwards.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from datetime import date

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from guide import assets, book, floats
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


@dataclass
class Seam:
    """One build's exchange of documents with the exporter."""

    environment: Environment
    config: MkDocsConfig
    library: Library
    nav: Navigation
    exporter: Exporter
    documents: dict[str, str] = field(default_factory=dict)  # uri -> the chapter's own print document
    plans: dict[str, dict[str, list[int]]] = field(default_factory=dict)  # uri -> how the chapter's blocks are set
    site_html: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, environment: Environment, config: MkDocsConfig, library: Library, nav: Navigation) -> Seam | None:
        """Called when every page has its content and none is templated: the one moment at which a whole book can be made."""
        if not enabled():
            return None
        pages = [page for _, pages in book.parts_of(nav) for page in pages]
        renderer = config.plugins["pdf-export"].renderer
        exporter = Exporter(renderer, total=len(pages) + 1)
        renderer.write_pdf = exporter.write_pdf
        environment.filters["long_date"] = lambda day: f"{day:%B} {day.day}, {day.year}"
        seam = cls(environment, config, library, nav, exporter)
        for page in pages:
            seam._arrange(page)
        return seam

    def _arrange(self, page: Page) -> None:
        """Decides where the figures of a chapter stand, in its own PDF and in the book alike, and makes the former's document."""
        prepared = book.PrintPage(page.content)
        chapter = book.chapter_of(page, self.library)
        book.site_links_absolute(prepared, page.url, self.config.site_url)
        book.number_sections(prepared, chapter)

        def document() -> str:
            chapter.html = prepared.html()
            return self._template("chapter.html", chapter=chapter)

        log.info("Placing the figures of %s", page.file.src_uri)
        plan = self.plans[page.file.src_uri] = floats.best_plan(prepared.soup, document, self.config.docs_dir)
        floats.reorder(prepared.soup, plan)
        self.documents[page.file.src_uri] = document()

    def to_print(self, output: str, page: Page) -> str:
        """The print document of a page, in place of its site HTML, which is kept. Empty if the page has none."""
        self.site_html[page.url] = output
        if page.file.src_uri == BOOK_PAGE:
            return self._book()
        return self.documents.get(page.file.src_uri, "")

    def to_site(self, page: Page) -> str:
        """The site's HTML of a page, back again."""
        return self.site_html.pop(page.url)

    def _book(self) -> str:
        assembled = book.assemble(self.nav, self.library, self.config.site_url, self.plans)
        if assembled.problems:
            raise PluginError("\n".join(f"docs/{uri}: {what}" for uri, what in assembled.problems))
        return self._template("book.html", book=assembled)

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
