"""WeasyPrint as the guide wants it: tagged PDF/UA, nothing swallowed, pages kept while nothing they are made from changes."""

from __future__ import annotations

import logging
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

from guide import assets
from guide.cache import FOLDER, key, write

log = logging.getLogger("mkdocs.plugins.guide.pdf")

# SVG presentation written as CSS, which WeasyPrint honors in the drawing and does not know as style of the page.
HARMLESS = re.compile(r"Ignored `(?:fill|stroke|text-anchor|dominant-baseline|paint-order|stop-color)[\w-]*:.*unknown property")
HEADS = {"h2", "h3", "h4", "dt"}


@dataclass
class Exporter:
    """Takes the place of the plugin's `Renderer.write_pdf`: same arguments, same file, plus a cache, a log and a finisher.

    renderer: the plugin's Renderer. total: how many documents this build makes, for the progress shown.
    """

    renderer: object
    total: int
    done: int = 0
    problems: list[str] = field(default_factory=list)

    def write_pdf(self, content: str, base_url: str, filename: str) -> None:
        """Writes the PDF of one print document. An empty document makes no file."""
        if not content:
            return
        self.done += 1
        cached = FOLDER / "pdf" / (key(content, assets.print_folder().name, weasyprint.VERSION, Path(__file__).read_bytes()) + ".pdf")
        started = time.monotonic()
        if not cached.exists():
            self._render(content, base_url, cached)
        if cached.exists():
            shutil.copyfile(cached, filename)
            log.info("PDF %d of %d: %s (%.1f s)", self.done, self.total, Path(filename).name, time.monotonic() - started)

    def _render(self, content: str, base_url: str, target: Path) -> None:
        collector = _Collector()
        LOGGER.handlers[:] = [collector]  # the plugin adds one that prints
        LOGGER.setLevel(logging.WARNING)  # and sets ERROR
        try:
            document = self.renderer.render_doc(content, base_url)
            stranded = list(_stranded(document))
            data = document.write_pdf(finisher=_finish)
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


def _finish(document: Document, pdf: pydyf.PDF) -> None:
    """Opens the outline, and numbers the pages i, ii … before the first part and 1, 2 … from it on."""
    pdf.catalog["PageMode"] = "/UseOutlines"
    first = next((number for number, page in enumerate(document.pages) if "part-1" in page.anchors), None)
    if first:
        roman, arabic = pydyf.Dictionary({"S": "/r"}), pydyf.Dictionary({"S": "/D", "St": 1})
        pdf.catalog["PageLabels"] = pydyf.Dictionary({"Nums": pydyf.Array([0, roman, first, arabic])})


def _stranded(document: Document) -> Iterator[tuple[int, str]]:
    """(page, text) of headings with nothing after them on their page."""
    for number, page in enumerate(document.pages, 1):
        last = None
        for box in page._page_box.children[0].descendants():
            if isinstance(box, (boxes.LineBox, boxes.ReplacedBox)):
                last = box
        if last is not None and last.element_tag in HEADS:
            yield number, "".join(box.text for box in last.descendants() if isinstance(box, boxes.TextBox))
