"""The release build: site, book and chapter PDFs, made in a folder aside, verified, and put in the place of the last good ones in one step."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from mkdocs.commands import build as mkdocs_build
from mkdocs.config import load_config
from mkdocs.exceptions import BuildError

from guide import diagrams, home, offline, security, styles, verify
from guide.cache import ROOT
from guide.errors import GuideError, Problem

STAGING = ROOT / ".build" / "site"
SITE = ROOT / "site"
log = logging.getLogger("mkdocs.plugins.guide")


def build(root: Path = ROOT) -> list[tuple[str, int, float]]:
    """Builds everything into `site/`. Returns (output, bytes, seconds) for the closing table.

    Raises GuideError if the input or the output is wrong; `site/` is then as it was.
    """
    if not diagrams.find_browser():
        raise GuideError([Problem("build", 0, "no Chromium to draw the diagrams with; run `apt-get install chromium`, or set GUIDE_CHROMIUM")])
    started = time.monotonic()
    os.environ["GUIDE_PDF"] = "1"
    os.environ["NO_MKDOCS_2_WARNING"] = "1"  # the theme's notice of its successor
    os.environ.setdefault("SOURCE_DATE_EPOCH", _commit_time())
    shutil.rmtree(STAGING.parent, ignore_errors=True)
    try:
        config = load_config(str(root / "mkdocs.yml"), site_dir=str(STAGING))
        mkdocs_build.build(config)
    except (BuildError, SystemExit) as error:
        raise GuideError([Problem("build", 0, str(error) or "stopped; the messages above say why")]) from None
    built = time.monotonic()
    book = STAGING / "field-guide" / "field-guide.pdf"
    book.rename(STAGING / verify.BOOK)
    home.fill_sizes(STAGING)
    styles.join(STAGING)
    security.add_policy(STAGING)
    offline.write(STAGING)
    log.info("Comparing the pages with the PDFs")
    if problems := verify.verify(STAGING):
        raise GuideError(problems)
    verified = time.monotonic()
    _swap(STAGING, SITE)
    return _table(SITE, built - started, verified - built)


def _commit_time() -> str:
    """The time of the last commit, which dates what is built from it; 2026-01-01 outside a repository."""
    done = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "1767225600"


def _swap(new: Path, place: Path) -> None:
    """Puts a finished folder in its place; the moment without one is two renames long."""
    old = new.with_name("site.old")
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _table(site: Path, built: float, verified: float) -> list[tuple[str, int, float]]:
    pdfs = [pdf for _, pdf in verify.chapters(site)]
    everything = [path for path in site.rglob("*") if path.is_file()]
    rest = [path for path in everything if path.suffix != ".pdf"]
    return [
        (f"site/ ({len(list(site.rglob('*.html')))} pages)", sum(path.stat().st_size for path in rest), built),
        ("site/" + verify.BOOK, (site / verify.BOOK).stat().st_size, 0.0),
        (f"chapter PDFs ({len(pdfs)})", sum(path.stat().st_size for path in pdfs), 0.0),
        ("verification", 0, verified),
    ]


def log_to_terminal() -> None:
    """Sends MkDocs's and the guide's messages to standard error, with the seconds since the start."""
    started = time.monotonic()

    class Elapsed(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            mark = "" if record.levelno < logging.WARNING else f"{record.levelname}: "
            return f"{time.monotonic() - started:6.1f} s  {mark}{record.getMessage()}"

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Elapsed())
    logger = logging.getLogger("mkdocs")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
