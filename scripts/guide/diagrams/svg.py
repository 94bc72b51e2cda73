"""Writes a flattened drawing as a small SVG, for print with its colours and for the web with variables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from html import escape, unescape

from guide.diagrams.palette import ADOPTED, FONT_FALLBACK, LIGHT
from guide.diagrams.simplify import simplify

MARGIN_PX = 8
INITIAL = {
    "fill": "#000000", "fill-opacity": "1", "fill-rule": "nonzero", "stroke": "none", "stroke-width": "1",
    "stroke-opacity": "1", "stroke-dasharray": "none", "stroke-linecap": "butt", "stroke-linejoin": "miter",
    "font-size": "16", "font-weight": "400", "font-style": "normal", "text-anchor": "start",
}
NUMBER = re.compile(r"[\s,]*(-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)")
NAME_OF = {colour: name for name, colour in LIGHT.items()}


def compose(drawing: dict) -> str:
    """The SVG of what `flatten.js` returned: natural size in px, literal colours, neither ids nor a style sheet.

    Each shape and each line of text stands on a line of its own, so that words of different labels never run
    together for whoever reads only the text.
    """
    shapes = simplify(drawing["items"])
    shapes.sort(key=lambda item: item["tag"] == "text")  # words are painted last: nothing may cover them
    items = [(item, _style(item)) for item in shapes]
    shared = _most_common(style for _, style in items)
    left, top, width, height = drawing["box"]
    left, top = left - MARGIN_PX, top - MARGIN_PX
    width, height = width + 2 * MARGIN_PX, height + 2 * MARGIN_PX
    size = f'width="{number(width)}" height="{number(height)}"'
    view = f'viewBox="{number(left)} {number(top)} {number(width)} {number(height)}"'
    group = {"font-family": FONT_FALLBACK, **{k: v for k, v in shared.items() if v != INITIAL[k]}}
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view}>', f"<g{_attributes(group)}>"]
    lines += [_element(item, {k: v for k, v in style.items() if v != shared.get(k)}) for item, style in items]
    return "\n".join([*lines, "</g>", "</svg>"])


def colours(svg: str) -> set[str]:
    """Every colour the drawing uses."""
    return set(re.findall(r'(?:fill|stroke)="(#\w+)"', svg))


def themable(svg: str) -> str:
    """The drawing for the web: each colour of the palette becomes a variable, the light value its fallback."""

    def variable(match: re.Match) -> str:
        name = NAME_OF.get(match[2])
        return f'{match[1]}="var(--mm-{name},{match[2]})"' if name else match[0]

    return re.sub(r'(fill|stroke)="(#\w+)"', variable, svg)


def literal(web: str) -> str:
    """The reverse of `themable`, for print."""
    return re.sub(r"var\(--mm-[\w-]+,(#\w+)\)", r"\1", web)


def describe(svg: str, prefix: str, title: str, description: str) -> str:
    """Gives the drawing its accessible name. `prefix` makes its two ids unique on the page."""
    if not title:
        return svg.replace("<svg ", '<svg role="img" ', 1)
    named = f'<title id="{prefix}-title">{escape(title)}</title>\n'
    ids = f"{prefix}-title"
    if description:
        named += f'<desc id="{prefix}-desc">{escape(description)}</desc>\n'
        ids += f" {prefix}-desc"
    return svg.replace("<svg ", f'<svg role="img" aria-labelledby="{ids}" ', 1).replace("<g ", f"{named}<g ", 1)


def number(value: float | str, digits: int = 1) -> str:
    """The shortest way to write a number to so many decimals."""
    text = f"{float(value):.{digits}f}".rstrip("0").rstrip(".") if digits else f"{float(value):.0f}"
    return "0" if text in ("-0", "") else text


def _style(item: dict) -> dict[str, str]:
    """The computed style as presentation attributes; what paints nothing is left out."""
    style = {name: value.removesuffix("px") for name, value in item["style"].items() if name != "opacity"}
    if decoration := style.pop("text-decoration-line", "none").replace("none", ""):
        style["text-decoration"] = decoration
    for paint in ("fill", "stroke"):
        colour, alpha = _colour(style.get(paint, "none"))
        alpha *= float(style.get(f"{paint}-opacity", 1)) * item["style"]["opacity"]
        style[paint] = colour
        style[f"{paint}-opacity"] = number(alpha, 2)
        if colour == "none":
            for name in [name for name in style if name.startswith(f"{paint}-")]:
                del style[name]
    for name in ("stroke-width", "font-size"):
        if name in style:
            style[name] = number(style[name], 2)
    if "font-weight" in style:
        style["font-weight"] = "600" if int(style["font-weight"]) >= 600 else "400"
    if "stroke-dasharray" in style:
        dashes = style["stroke-dasharray"].replace("px", "").replace(",", "")
        style["stroke-dasharray"] = "none" if dashes in ("0", "1 0") else dashes
    return style


def _colour(computed: str) -> tuple[str, float]:
    """`rgb(…)` or `rgba(…)` as (#hex or none, opacity)."""
    if computed.startswith("#"):
        return computed, 1
    parts = [float(part) for part in re.findall(r"[\d.]+", computed)]
    if not computed.startswith("rgb") or parts[3:] == [0]:
        return "none", 1
    red, green, blue = (round(part) for part in parts[:3])
    colour = f"#{red:02x}{green:02x}{blue:02x}"
    return LIGHT[ADOPTED[colour]] if colour in ADOPTED else colour, (parts[3:] or [1])[0]


def _most_common(styles: Iterable[dict[str, str]]) -> dict[str, str]:
    """For each property its most frequent value: written once on the group, left out where it applies."""
    counts: dict[str, Counter] = {name: Counter() for name in INITIAL}
    for style in styles:
        for name, value in style.items():
            if name in counts:
                counts[name][value] += 1
    return {name: counter.most_common(1)[0][0] if counter else INITIAL[name] for name, counter in counts.items()}


def _element(item: dict, style: dict[str, str]) -> str:
    tag, geometry = item["tag"], dict(item["attributes"])
    a, b, c, d, x, y = item["matrix"]
    if (round(a, 4), round(b, 4), round(c, 4), round(d, 4)) != (1, 0, 0, 1):
        turn = " ".join(number(part, 4) for part in (a, b, c, d))
        style = {**style, "transform": f"matrix({turn} {number(x)} {number(y)})"}
    elif tag in ("path", "polygon", "polyline"):
        if abs(x) > 0.05 or abs(y) > 0.05:
            style = {**style, "transform": f"translate({number(x)} {number(y)})"}
    else:
        for name in ("x", "cx", "x1", "x2"):
            if name in geometry or (name == "x" and tag == "rect"):
                geometry[name] = float(geometry.get(name, 0)) + x
        for name in ("y", "cy", "y1", "y2"):
            if name in geometry or (name == "y" and tag == "rect"):
                geometry[name] = float(geometry.get(name, 0)) + y
    shape = {name: _rounded(str(value)) for name, value in geometry.items()}
    shape = {name: value for name, value in shape.items() if not (name in ("rx", "ry") and value == "0")}
    if tag == "text":
        return f"<text{_attributes(shape | style)}>{escape(item['text'], quote=False)}</text>"
    return f"<{tag}{_attributes(shape | style)}/>"


def _rounded(numbers: str) -> str:
    """A path or a list of points with short numbers; none may touch its neighbour, as in "-.06.64"."""
    spaced = NUMBER.sub(lambda m: " " + number(m[1]), numbers)
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", spaced).strip()


def _attributes(values: dict[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in values.items())


def text(svg: str) -> str:
    """The words of a drawing that has not been described yet, one line of a label a line."""
    return "\n".join(unescape(line) for line in re.findall(r"<text[^>]*>([^<]*)</text>", svg))
