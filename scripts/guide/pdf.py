"""WeasyPrint as the guide wants it: tagged PDF/UA, nothing swallowed, PDFs kept while nothing they are made from changes."""

from __future__ import annotations

import html
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pydyf
import weasyprint
from weasyprint.document import Document
from weasyprint.formatting_structure import boxes
from weasyprint.logger import LOGGER

from guide import assets, binding
from guide.cache import FOLDER, key, write

log = logging.getLogger("mkdocs.plugins.guide.pdf")

# SVG presentation written as CSS, which WeasyPrint honors in the drawing and does not know as style of the page.
HARMLESS = re.compile(r"Ignored `(?:fill|stroke|text-anchor|dominant-baseline|paint-order|stop-color)[\w-]*:.*unknown property")
HEADS = {"h2", "h3", "h4", "dt"}


@dataclass
class Exporter:
    """Makes PDFs with the plugin's renderer, a cache, a log and an ear for complaints.

    renderer: the plugin's Renderer. total: how many documents this build makes, for the progress shown.
    """

    renderer: object
    total: int
    done: int = 0
    problems: list[str] = field(default_factory=list)

    def write_chapter(self, content: str, base_url: str, target: Path) -> None:
        """Writes a chapter's own PDF, its pages numbered from 1."""
        if laid_out := self.lay_out(content, base_url):
            numbered = laid_out.with_suffix(f".{key(Path(binding.__file__).read_bytes())[:8]}.pdf")
            if not numbered.exists():
                binding.number_chapter(laid_out, part := numbered.with_suffix(f".{os.getpid()}"))
                part.replace(numbered)
            shutil.copyfile(numbered, target)

    def lay_out(self, content: str, base_url: str) -> Path | None:
        """The PDF of one print document as it is kept, without page numbers; None if something is wrong with it."""
        made = FOLDER / "pdf" / (key(content, assets.print_folder().name, weasyprint.VERSION, Path(__file__).read_bytes()) + ".pdf")
        if not made.exists():
            started = time.monotonic()
            self._render(content, base_url, made)
            self.done += 1
            log.info("PDF %d of at most %d: %s (%.1f s)", self.done, self.total, _title(content), time.monotonic() - started)
        return made if made.exists() else None

    def _render(self, content: str, base_url: str, target: Path) -> None:
        collector = _Collector()
        LOGGER.handlers[:] = [collector]  # the plugin adds one that prints
        LOGGER.setLevel(logging.WARNING)  # and sets ERROR
        try:
            document = self.renderer.render_doc(content, base_url)
            stranded = list(_stranded(document))
            data = document.write_pdf(finisher=_open_outline)
        finally:
            LOGGER.handlers.clear()
        wrong = collector.messages + [f"page {number}: a heading stands alone at the foot ({text!r}); add text or move the figure after it" for number, text in stranded]
        self.problems += wrong
        if not wrong:  # a faulty document is made again, and complained of again
            write(target, data)


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if not HARMLESS.match(message):
            self.messages.append(message)


def configure() -> None:
    """Asks WeasyPrint for accessible, reproducible PDFs."""
    weasyprint.DEFAULT_OPTIONS.update(pdf_variant="pdf/ua-1", pdf_identifier=b"ml-system-design-field-guide")


def _open_outline(document: Document, pdf: pydyf.PDF) -> None:
    pdf.catalog["PageMode"] = "/UseOutlines"


def _title(content: str) -> str:
    return html.unescape(re.search("<title>(.*?)</title>", content, re.S)[1])


def _stranded(document: Document) -> Iterator[tuple[int, str]]:
    """(page, text) of headings with nothing after them on their page."""
    for number, page in enumerate(document.pages, 1):
        last = None
        for box in page._page_box.children[0].descendants():
            if isinstance(box, (boxes.LineBox, boxes.ReplacedBox)):
                last = box
        if last is not None and last.element_tag in HEADS:
            yield number, "".join(box.text for box in last.descendants() if isinstance(box, boxes.TextBox))
