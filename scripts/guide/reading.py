"""Facts about a page that its templates show: chapter number, minutes to read, whether it has mathematics."""

from __future__ import annotations

import html as html_entities
import math
import os
import re

from mkdocs.structure.pages import Page

from guide.library import Library

WORDS_A_MINUTE = 220  # silent reading of English non-fiction is about 240; technical text is slower
SECONDS_A_DIAGRAM = 20

_HIDDEN = re.compile(r"<(svg|script|style|math)\b.*?</\1>", re.S)
_TAG = re.compile(r"<[^>]+>")


def plain_text(html: str) -> str:
    """The words of a piece of HTML, without those of drawings and formulas."""
    return html_entities.unescape(_TAG.sub(" ", _HIDDEN.sub(" ", html)))


def minutes(html: str) -> int:
    """How long a page takes to read, in minutes, rounded up."""
    words, drawings = len(plain_text(html).split()), html.count('<div class="diagram">')
    return max(1, math.ceil(words / WORDS_A_MINUTE + drawings * SECONDS_A_DIAGRAM / 60))


def add_facts(page: Page, html: str, library: Library) -> None:
    """Writes `page.meta["facts"]` for the templates."""
    page.meta["search"] = {"exclude": True}  # Material's own index stays empty; Pagefind reads the finished pages
    source = library.sources.get(page.file.src_uri)
    if source is None:
        return
    page.meta["facts"] = {
        "number": library.numbers.get(page.file.src_uri),
        "kind": source.head.kind,
        "minutes": minutes(html),
        "pdf": f"{page.file.src_uri.removesuffix('.md').split('/')[-1]}.pdf" if os.environ.get("GUIDE_PDF") == "1" else None,
        "editions": os.environ.get("GUIDE_PDF") == "1",
    }
