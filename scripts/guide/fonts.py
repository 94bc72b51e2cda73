"""The guide's typeface, IBM Plex, from npm's woff2 to what the book and the web need."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import fontTools
from fontTools import subset
from fontTools.ttLib import TTFont

from guide import cache

FAMILIES = {"serif": "IBMPlexSerif", "sans": "IBMPlexSans", "mono": "IBMPlexMono"}


def woff2(family: str, style: str = "Regular") -> Path:
    """npm's file of one style: `family` is serif, sans or mono, `style` such as Regular, Italic, SemiBold.

    Raises FileNotFoundError if npm's packages are not installed or have no such style.
    """
    path = cache.ROOT / f"node_modules/@ibm/plex-{family}/fonts/complete/woff2/{FAMILIES[family]}-{style}.woff2"
    if not path.exists():
        raise FileNotFoundError(f"no typeface {path}: run `npm ci`, or mend the style's name")
    return path


def plex(family: str, style: str = "Regular", folder: Path | None = None) -> Path:
    """The same style as TTF, made once: WeasyPrint reads it about a tenth of a second faster than woff2.

    `folder` defaults to `.cache/fonts`; the file's own folder is named by what it was made from.
    """
    source = woff2(family, style)
    data = source.read_bytes()
    path = (folder or cache.FOLDER / "fonts") / cache.key(data, fontTools.version) / f"{source.stem}.ttf"
    if not path.exists():
        font = TTFont(io.BytesIO(data), recalcTimestamp=False)
        font.flavor = None
        buffer = io.BytesIO()
        font.save(buffer)
        cache.write(path, buffer.getvalue())
    return path


def web_subset(font_path: Path, text: Iterable[str], out: Path) -> Path:
    """Writes to `out` a woff2 with the characters of `text` only, without kerning and ligatures (a sixth of its size); returns `out`.

    The same font and characters give the same bytes. Characters the font lacks are left out: there the reader's
    browser uses its next font.
    """
    options = subset.Options()
    options.flavor = "woff2"
    options.hinting = False
    options.layout_features = ["ssty"]  # the smaller forms of letters in exponents
    options.recalc_timestamp = False
    options.name_IDs = [1, 2, 4, 6]
    options.notdef_outline = True
    options.bidi_closure = False  # ">" brings no "<"
    font = subset.load_font(font_path, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=sorted({ord(character) for part in text for character in part} | {ord(" ")}))
    subsetter.subset(font)
    buffer = io.BytesIO()
    subset.save_font(font, buffer, options)
    cache.write(out, buffer.getvalue())
    return out
