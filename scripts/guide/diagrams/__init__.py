"""Diagrams: Mermaid text in, one small SVG out, for the site (light and dark) and for the book.

A chapter's fence calls `inline_svg`, the book `for_print`; anything else may use a Renderer of its own:

    with Renderer() as renderer:
        drawing = renderer.render(parse(source))
        drawing.web("fig-funnel")      # colours are variables, see docs/assets/css/diagrams.css
        drawing.print("fig-funnel")    # colours are literal
        check_size(drawing.svg)        # why it could not be read, if so

The way of a diagram: `source` reads it, `browser` has Mermaid draw it and `flatten.js` measure what was drawn,
`simplify` and `svg` write that down, `renderer` keeps it, `sizes` judges it. `palette` and `settings` are its looks.
"""

from guide.diagrams.browser import NoBrowserError, find_browser
from guide.diagrams.files import render_files
from guide.diagrams.page import browser_config, for_print, inline_svg
from guide.diagrams.renderer import Drawing, Renderer
from guide.diagrams.sizes import check_size, page_scale
from guide.diagrams.source import Diagram, DiagramError, fence_blocks, parse

__all__ = [
    "Diagram",
    "DiagramError",
    "Drawing",
    "NoBrowserError",
    "Renderer",
    "browser_config",
    "check_size",
    "fence_blocks",
    "find_browser",
    "for_print",
    "inline_svg",
    "page_scale",
    "parse",
    "render_files",
]
