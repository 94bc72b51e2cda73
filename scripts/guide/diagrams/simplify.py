"""Replaces the long paths of rough.js by the plain shapes they stand for.

Mermaid draws stadiums, classes, entities and states through a library for hand-drawn strokes even when nothing is
hand-drawn: every outline comes twice, in up to 31 kB of tiny curves. Here a rectangle is a rectangle again.
"""

from __future__ import annotations

import math
import re

Point = tuple[float, float]

ROUGH = re.compile(r"M\S+ \S+ [CL]")  # how rough.js writes; Mermaid's own paths have "M1,2" or "M 1 2"
COMMAND = re.compile(r"([MLC])([^MLC]*)")
NEAR_PX = 0.3  # how far an outline may be moved


def simplify(items: list[dict]) -> list[dict]:
    """The same drawing with each pair of rough fill and rough outline as one shape."""
    result: list[dict] = []
    for item in items:
        if item["tag"] != "path" or not ROUGH.match(item["attributes"]["d"]):
            result.append(item)
        elif result and _is_outline_of(item, result[-1]):
            result[-1] = _as_shape(result[-1].pop("rough"), item["style"])
        else:
            result.append(_as_shape(item, item["style"]) | {"rough": item})
    return result


def _is_outline_of(item: dict, fill: dict) -> bool:
    if "rough" not in fill or item["matrix"] != fill["matrix"] or fill["rough"]["style"]["fill"] == "none":
        return False
    one, other = (_bounds(_points(i["attributes"]["d"])) for i in (item, fill["rough"]))
    return all(abs(a - b) < NEAR_PX for a, b in zip(one, other))


def _as_shape(item: dict, outline: dict) -> dict:
    """The item as the simplest shape with its fill and the outline's stroke."""
    strokes = {name: value for name, value in outline.items() if name.startswith("stroke")}
    tag, attributes = _fit(item["attributes"]["d"], closed=item["style"]["fill"] != "none")
    return item | {"tag": tag, "attributes": attributes, "style": item["style"] | strokes}


def _fit(d: str, closed: bool) -> tuple[str, dict]:
    points = _points(d)
    left, top, right, bottom = _bounds(points)
    width, height = right - left, bottom - top
    if width < NEAR_PX or height < NEAR_PX:
        return "line", {"x1": left, "y1": top, "x2": right, "y2": bottom}
    radius = min(x for x, y in points if y < top + 0.01) - left
    rect = {"x": left, "y": top, "width": width, "height": height}
    if all(_off_rounded(p, left, top, width, height, radius) < NEAR_PX for p in points):
        if radius < NEAR_PX:
            return "rect", rect
        if abs(width - height) < NEAR_PX and abs(radius - width / 2) < NEAR_PX:
            return "circle", {"cx": left + width / 2, "cy": top + height / 2, "r": width / 2}
        return "rect", rect | {"rx": radius}
    if any(_bend(segment) > NEAR_PX for segment in _segments(d)):
        return "path", {"d": d}
    outline = " ".join(f"{x:.1f},{y:.1f}" for x, y in dict.fromkeys(points))
    return ("polygon" if closed else "polyline"), {"points": outline}


def _segments(d: str) -> list[list[Point]]:
    """The path's pieces, each from its start through its control points to its end."""
    segments, at = [], (0.0, 0.0)
    for command, numbers in COMMAND.findall(d):
        values = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", numbers)]
        points = list(zip(values[::2], values[1::2]))
        if command != "M":
            segments.append([at, *points])
        at = points[-1]
    return segments


def _points(d: str) -> list[Point]:
    return [point for segment in _segments(d) for point in (segment[0], segment[-1])]


def _bounds(points: list[Point]) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _bend(segment: list[Point]) -> float:
    """How far the control points of a curve lie off its chord."""
    (x1, y1), *controls, (x2, y2) = segment
    length = math.hypot(x2 - x1, y2 - y1)
    if length < 0.01:
        return max((math.hypot(x - x1, y - y1) for x, y in controls), default=0)
    return max((abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length for x, y in controls), default=0)


def _off_rounded(point: Point, left: float, top: float, width: float, height: float, radius: float) -> float:
    """The distance of a point from the outline of a rectangle with rounded corners."""
    x = abs(point[0] - left - width / 2) - (width / 2 - radius)
    y = abs(point[1] - top - height / 2) - (height / 2 - radius)
    return abs(math.hypot(max(x, 0), max(y, 0)) + min(max(x, y), 0) - radius)
