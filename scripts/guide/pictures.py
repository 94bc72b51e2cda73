"""The two pictures of README: a page of the site, two pages of the book. Made from what is built, so that they can be made again."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
from PIL import Image
from playwright.sync_api import sync_playwright

from guide import diagrams, verify
from guide.cache import ROOT
from guide.diagrams.browser import ARGUMENTS

FOLDER = ROOT / ".github" / "pictures"
PAGE = "cases/video-recommendation/index.html"


def take(site: Path) -> list[Path]:
    """Writes `site.png` and `book.png`; returns their paths."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    return [_site(site, FOLDER / "site.png"), _book(site / verify.BOOK, FOLDER / "book.png")]


def _site(site: Path, out: Path) -> Path:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=diagrams.find_browser(), args=[*ARGUMENTS, "--allow-file-access-from-files"])
        page = browser.new_page(viewport={"width": 1200, "height": 760})
        page.goto((site / PAGE).as_uri())
        page.screenshot(path=out)
        browser.close()
    _shrink(Image.open(out), out)
    return out


def _book(path: Path, out: Path) -> Path:
    pdf = pypdfium2.PdfDocument(path)
    first = next(number for number, page in enumerate(verify.read_text(path).pages) if "theansweronone" in page and number > 4)
    sheets = [pdf[number].render(scale=1.15).to_pil() for number in (0, first, first + 1)]
    gap = 14
    width = sum(sheet.width for sheet in sheets) + gap * (len(sheets) + 1)
    picture = Image.new("RGB", (width, sheets[0].height + 2 * gap), "#8a93a3")
    x = gap
    for sheet in sheets:
        picture.paste(sheet, (x, gap))
        x += sheet.width + gap
    pdf.close()
    _shrink(picture, out)
    return out


def _shrink(picture: Image.Image, out: Path) -> None:
    """Few colors are enough for line drawings, and keep the repository small."""
    picture.convert("RGB").quantize(160).save(out, optimize=True)
