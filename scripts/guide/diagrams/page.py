"""What a page and the book need of a diagram: one renderer for the whole process, SVG in, SVG out."""

from __future__ import annotations

import re
from functools import cache

from guide.cache import key
from guide.diagrams import svg
from guide.diagrams.palette import CLASSES, FONT_FALLBACK, LIGHT
from guide.diagrams.renderer import Renderer
from guide.diagrams.settings import config
from guide.diagrams.sizes import check_size, natural_size, page_scale
from guide.diagrams.source import DiagramError, parse


@cache
def _renderer() -> Renderer:
    return Renderer()


def inline_svg(source: str) -> str:
    """The SVG of a chapter's diagram, for the site: colours are variables of `assets/css/diagrams.css`.

    Its two ids are made from the source, so they are the same in every build. Raises DiagramError, also for a drawing
    that nobody could read on a phone or in the book, and NoBrowserError if it must be drawn and cannot be.
    """
    diagram = parse(source)
    drawing = _renderer().render(diagram)
    for problem in check_size(drawing.svg):
        raise DiagramError(diagram.line(1), problem)
    return drawing.web(f"d{key(source)[:8]}")


def for_print(web: str) -> str:
    """The SVG of the site as it goes into the book: literal colours, no larger than its page allows."""
    width, height = natural_size(web)
    scale = page_scale(width, height)
    size = f'width="{svg.number(width * scale)}" height="{svg.number(height * scale)}"'
    return re.sub(r'width="[\d.]+" height="[\d.]+"', size, svg.literal(web), count=1)


def browser_config() -> dict:
    """Settings for Mermaid in the reader's browser, where a build without Chromium leaves the drawing to it."""
    classes = "".join(
        f".node.{name} :is(rect, path, polygon, circle) "
        f"{{ fill: {LIGHT[name]} !important; stroke: {LIGHT[name + '-edge']} !important }}\n"
        for name in CLASSES
    )
    settings = config()
    settings["themeCSS"] += classes
    settings["themeVariables"]["fontFamily"] = settings["fontFamily"] = FONT_FALLBACK
    return settings | {"startOnLoad": True}
