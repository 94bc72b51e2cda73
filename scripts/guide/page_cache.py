"""Pages whose sources did not change are not rendered again.

Markdown is half of a rebuild. MkDocs has no place to plug a cache in, so `Page.render` is wrapped. A page's key holds everything its HTML is made from; what was rendered with a
complaint is not kept, so that the complaint comes again.
"""

from __future__ import annotations

import json
import logging
import re
from functools import cache
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink, TableOfContents

from guide import extension, labs
from guide.cache import FOLDER, ROOT, key, write
from guide.fences import fences

_render = Page.render


def install() -> None:
    """Makes MkDocs ask the cache before it renders a page."""
    Page.render = _cached_render


def templates() -> FileSystemBytecodeCache:
    """Compiled templates, kept by their content."""
    folder = FOLDER / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


@cache
def _machinery() -> str:
    """A digest of all code and configuration that turns Markdown into HTML."""
    package = Path(__file__).parent
    files = [*sorted(package.rglob("*.py")), *sorted(package.rglob("*.js")), package / "units.txt", ROOT / "requirements.txt", ROOT / "package-lock.json", ROOT / "mkdocs.yml"]
    return key(*(file.read_bytes() for file in files if file.exists()))


def page_key(page: extension.Page, markdown: str, uris: list[str]) -> str:
    """The name of what a page renders to: its text, the numbers, references and terms it can show, the pages it can link to."""
    library, source = page.library, page.source
    shown = [labs.PLOTS / f"{fence.body.strip()}.svg" for fence in fences(markdown) if fence.kind == "lab"]
    plots = [path.read_bytes() for path in shown if path.exists()]
    cited = set(re.findall(r"@([\w:.-]+)", markdown))
    references = [repr(reference) for name, reference in sorted(library.references.items()) if name in cited]
    return key(
        _machinery(),
        source.uri,
        str(source.offset),
        markdown,
        str(library.numbers.get(source.uri)),
        *library.ledger.shown_on(source.slug),
        *library.question_ids(source),
        *references,
        *plots,
        *(repr(term) for term in library.terms),
        *uris,
    )


def _cached_render(self: Page, config: MkDocsConfig, files: Files) -> None:
    page = extension.current
    if page is None:
        return _render(self, config, files)
    uris = sorted(file.src_uri for file in files)
    cached = FOLDER / "pages" / (page_key(page, self.markdown or "", uris) + ".json")
    if cached.exists():
        return _restore(self, json.loads(cached.read_bytes()), files)
    complaints, before = _Complaints(), len(page.library.problems)
    logger = logging.getLogger("mkdocs")
    level = logger.level
    logger.setLevel(min(logger.getEffectiveLevel(), logging.WARNING))  # `mkdocs build -q` would not even tell us
    logger.addHandler(complaints)
    try:
        _render(self, config, files)
    finally:
        logger.removeHandler(complaints)
        logger.setLevel(level)
    if not complaints.heard and len(page.library.problems) == before:
        write(cached, json.dumps(_kept(self)).encode())


class _Complaints(logging.Handler):
    heard = False

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        self.heard = True


def _kept(page: Page) -> dict:
    return {
        "content": page.content,
        "toc": [_entry(link) for link in page.toc],
        "title": page._title_from_render,
        "anchors": sorted(page.present_anchor_ids),
        "links": {file.src_uri: links for file, links in (page.links_to_anchors or {}).items()},
    }


def _restore(page: Page, kept: dict, files: Files) -> None:
    page.content = kept["content"]
    page.toc = TableOfContents([_link(entry) for entry in kept["toc"]])
    page._title_from_render = kept["title"]
    page.present_anchor_ids = set(kept["anchors"])
    page.links_to_anchors = {files.get_file_from_path(uri): links for uri, links in kept["links"].items()}


def _entry(link: AnchorLink) -> list:
    return [link.title, link.id, link.level, [_entry(child) for child in link.children]]


def _link(entry: list) -> AnchorLink:
    link = AnchorLink(*entry[:3])
    link.children = [_link(child) for child in entry[3]]
    return link
