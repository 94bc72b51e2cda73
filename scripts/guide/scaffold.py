"""New chapters and labs from templates that keep the contract, except for what must be written."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from guide.errors import GuideError, Problem

TEMPLATES = Path(__file__).with_name("templates")
FOLDERS = {"case": "docs/cases", "deep-dive": "docs/deep-dives", "tradeoff": "docs/tradeoffs", "lab": "labs"}


def create(kind: str, slug: str, root: Path, today: date) -> Path:
    """Writes a new file of a kind (case, deep-dive, tradeoff, lab) and returns its path.

    Raises GuideError if the name cannot be one, or is taken.
    """
    pattern, joint = (r"[a-z][a-z0-9_]*", "_") if kind == "lab" else (r"[a-z][a-z0-9-]*", "-")
    if not re.fullmatch(pattern, slug):
        raise GuideError([Problem(slug or "SLUG", 0, f"a name is made of lower case letters, digits and {joint}; as in SLUG=my{joint}{kind.split('-')[0]}")])
    path = root / FOLDERS[kind] / (f"{slug}.py" if kind == "lab" else f"{slug}.md")
    if path.exists():
        raise GuideError([Problem(path.relative_to(root).as_posix(), 0, "exists already; choose another name")])
    template = (TEMPLATES / ("lab.py.txt" if kind == "lab" else f"{kind}.md")).read_text("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(template.format(title=slug.replace("-", " ").capitalize(), slug=slug.replace("-", " "), today=today.isoformat()), "utf-8")
    return path
