"""Whether a drawing can be read where it will stand: on a phone or in the text block, and on a page of the book."""

from __future__ import annotations

import math
import re

BLOCK_PX = 690  # the width of a phone held upright and of the book's text block, in CSS px
SMALLEST_PX = 9
PAGE_PX = (514, 600)  # what a figure may take of a page of the book, in CSS px
PAGE_SCALE = 0.72  # 16 px of a drawing are 8.6 pt there, a little less than the text
SMALLEST_PT = 7


def natural_size(svg: str) -> tuple[float, float]:
    """Width and height in px as the SVG gives them."""
    width, height = re.search(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"', svg).groups()
    return float(width), float(height)


def page_scale(width: float, height: float) -> float:
    """The factor by which the book draws a diagram of this natural size (px)."""
    return min(PAGE_SCALE, PAGE_PX[0] / width, PAGE_PX[1] / height)


def check_size(svg: str) -> list[str]:
    """What makes this drawing unreadable, one sentence each; empty if nothing does."""
    width, height = natural_size(svg)
    text = smallest_text(svg)
    if text is None:
        return []
    on_screen = text * min(1, BLOCK_PX / width)
    in_book = text * page_scale(width, height) * 0.75
    if on_screen < SMALLEST_PX or (in_book < SMALLEST_PT and PAGE_PX[0] / width <= PAGE_PX[1] / height):
        return [
            f"{width:.0f} px wide: its text shrinks to {on_screen:.1f} px on a phone and {in_book:.1f} pt in the book; "
            "break the chain in rows, or draw it top to bottom"
        ]
    if in_book < SMALLEST_PT:
        return [f"{height:.0f} px tall: on a page of the book its text is {in_book:.1f} pt; split it in two diagrams"]
    return []


def smallest_text(svg: str) -> float | None:
    """The smallest size of its text in px, transforms counted; None if there is no text."""
    shared = re.search(r'<g [^>]*font-size="([\d.]+)"', svg)
    sizes = []
    for attributes in re.findall(r"<text([^>]*)>", svg):
        own = re.search(r'font-size="([\d.]+)"', attributes)
        turned = re.search(r'matrix\(([-\d.]+) ([-\d.]+)', attributes)
        scale = math.hypot(float(turned[1]), float(turned[2])) if turned else 1
        sizes.append(float((own or shared or [0, 16])[1]) * scale)
    return min(sizes, default=None)
