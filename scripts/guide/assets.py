"""Files that come from npm packages and go into the site or the print folder, unchanged or cut down. None is kept in the repository."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from guide import diagrams, fonts, formulas
from guide.cache import FOLDER, ROOT, key, write
from guide.fences import fences

MODULES = ROOT / "node_modules"
KATEX = MODULES / "katex" / "dist"
MATH_FONT = MODULES / "@fontsource" / "stix-two-math" / "files" / "stix-two-math-latin-400-normal.woff2"
FSRS = MODULES / "ts-fsrs" / "dist" / "index.mjs"
MERMAID = MODULES / "mermaid" / "dist" / "mermaid.min.js"
LATIN = "".join(map(chr, range(0x20, 0x7F))) + "–—‘’“”…×÷·→←≤≥≈−€%°²³µ"
PRINT_STYLE = Path(__file__).with_name("print.css")
PRINT_FACES = ("serif/Regular", "serif/Italic", "serif/SemiBold", "serif/SemiBoldItalic", "sans/Regular", "sans/Italic", "sans/SemiBold", "mono/Regular", "mono/Italic", "mono/SemiBold")
# Widths by content, presentation of SVG and the like: rules of KaTeX's style that matter only in a browser.
_UNKNOWN_TO_WEASYPRINT = re.compile(r"(?<=[{;])(?:(?:min-|max-)?width:(?:-\w+-)?min-content|(?:fill|stroke|text-rendering|clip-path)[\w-]*:[^;}]*);?")


def add_packaged(files: Files, config: MkDocsConfig) -> Files:
    """Adds to the site's files what comes from packages: the typeface of headings and diagrams, cut down to the letters in use, and the scheduler of the cards."""
    drawn = "".join(fence.body for path in Path(config.docs_dir).rglob("*.md") for fence in fences(path.read_text("utf-8", "replace")) if fence.kind == "mermaid")
    letters = "".join(sorted(set(LATIN + drawn) - {"\n", "\t"}))
    for style in ("Regular", "SemiBold"):
        files.append(File.generated(config, f"assets/fonts/plex-sans-{style.lower()}.woff2", abs_src_path=str(_subset(style, letters))))
    files.append(File.generated(config, "assets/vendor/ts-fsrs.js", content=re.sub(r"//# sourceMappingURL=.*", "", FSRS.read_text("utf-8"))))
    if not diagrams.find_browser():
        files.append(File.generated(config, "assets/mermaid/mermaid.min.js", abs_src_path=str(MERMAID)))
    return files


def use_browser_renderer_if_needed(config: MkDocsConfig) -> None:
    """Without Chromium, points mkdocs-mermaid2-plugin at the local Mermaid, to draw in the reader's browser."""
    if diagrams.find_browser():
        return
    plugin = config.plugins["mermaid2"]
    plugin._javascript = "assets/mermaid/mermaid.min.js"  # set where the plugin caches it: its own check looks in docs/ only
    plugin.config["arguments"] = diagrams.browser_config()


def _katex_style() -> str:
    """KaTeX's style sheet with TrueType fonts alone."""
    style = (KATEX / "katex.min.css").read_text("utf-8")
    return re.sub(r"src:url\(fonts/([\w-]+)\.woff2\)[^;}]*", r'src:url(fonts/\1.ttf) format("truetype")', style)


def add_math_font(site: Path) -> None:
    """Writes the typeface of the formulas into a built site, with the glyphs that its formulas need and their taller variants."""
    letters = set().union(*(formulas.letters(page.read_text("utf-8")) for page in site.rglob("*.html")))
    text = "".join(sorted(letters))
    cached = FOLDER / "fonts" / f"math-{key(MATH_FONT.read_bytes(), text)}.woff2"
    if not cached.exists():
        fonts.web_subset(MATH_FONT, text, cached)
    out = site / "assets" / "fonts" / "stix-two-math.woff2"
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(cached, out)


def _subset(style: str, letters: str) -> Path:
    source = fonts.plex("sans", style)
    out = FOLDER / "fonts" / f"web-{style}-{key(source.name, letters)}.woff2"
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        fonts.web_subset(source, letters, out)
    return out


@cache
def print_folder() -> Path:
    """A folder with the print style, KaTeX's and every typeface as TrueType, for WeasyPrint to read from."""
    style = PRINT_STYLE.read_text("utf-8")
    math = _UNKNOWN_TO_WEASYPRINT.sub("", _katex_style())
    folder = FOLDER / "print" / key(style, math, *PRINT_FACES)
    if not (folder / "complete").exists():
        write(folder / "print.css", style.encode())
        write(folder / "katex.css", math.encode())
        (folder / "fonts").mkdir(parents=True, exist_ok=True)
        for face in PRINT_FACES:
            family, style_name = face.split("/")
            shutil.copyfile(fonts.plex(family, style_name), folder / "fonts" / f"Plex{family.title()}-{style_name}.ttf")
        for font in (KATEX / "fonts").glob("*.ttf"):
            shutil.copyfile(font, folder / "fonts" / font.name)
        write(folder / "complete", b"")
    return folder
