"""MkDocs events, wired to plain functions of the package `guide`. Nothing is decided here."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.plugins import CombinedEvent, event_priority

from guide import anki, assets, book, check, extension, formulas, home, interviewer, page_cache, pdf_seam, practice, reading, search, syllabus
from guide.errors import GuideError
from guide.library import Library

log = logging.getLogger("mkdocs.plugins.guide")

library: Library
reading_order = None
seam: pdf_seam.Seam | None = None
questions: list[practice.Question] = []
guide: dict = {}

page_cache.install()


first_index: Path | None = None  # under `mkdocs serve`: where the search index of the first build is kept


def on_startup(command, dirty):
    global first_index
    if command == "serve":
        first_index = Path(tempfile.mkdtemp(prefix="guide-search-"))
        atexit.register(shutil.rmtree, first_index, ignore_errors=True)


def on_config(config):
    global library
    library = Library.read(Path(config.docs_dir))
    assets.use_browser_renderer_if_needed(config)
    return config


def on_files(files, config):
    for file in files.documentation_pages():
        if file.src_uri in library.unreadable:
            files.remove(file)
    return assets.add_packaged(files, config)


def on_nav(nav, config, files):
    global reading_order
    reading_order = nav
    library.numbers = book.chapter_numbers(nav, library)
    return nav


def on_page_markdown(markdown, page, config, files):
    source = library.sources.get(page.file.src_uri)
    extension.set_current(extension.Page(library, source) if source else None)
    return markdown


def on_page_content(html, page, config, files):
    reading.add_facts(page, html, library)
    log.info("Rendered %s", page.file.src_uri)
    return html


def on_env(env, config, files):
    global seam, questions, guide
    env.bytecode_cache = page_cache.templates()
    problems = check.check(library) if pdf_seam.enabled() else library.problems  # a release keeps the whole contract
    if problems:
        raise PluginError(f"the input has errors\n{GuideError(problems)}")
    env.globals["home"] = home.gather(library, [page.file.src_uri for page in reading_order.pages])
    env.globals["home_urls"] = {file.src_uri: file.url for file in files.documentation_pages()}
    questions = practice.collect(reading_order, library)
    try:
        guide = syllabus.gather(reading_order, library, questions)
        for page in reading_order.pages:
            practice.fill(page, questions)
            syllabus.fill(page, guide)
            interviewer.fill(page, guide)
    except GuideError as error:
        raise PluginError(f"the input has errors\n{error}") from None
    seam = pdf_seam.Seam.open(env, config, library, reading_order)
    return env


@event_priority(100)
def _before_plugins(output, page, config):
    return seam.to_print(output, page) if seam else output


@event_priority(-100)
def _after_plugins(output, page, config):
    return formulas.for_site(search.use_own_worker(seam.to_site(page) if seam else output))


on_post_page = CombinedEvent(_before_plugins, _after_plugins)


def on_post_template(output_content, template_name, config):
    return search.use_own_worker(output_content) if template_name.endswith(".html") else output_content


@event_priority(-100)
def on_post_build(config):
    if seam:
        seam.close()
        anki.write(questions, config.site_url, int(os.environ["SOURCE_DATE_EPOCH"]), Path(config.site_dir) / anki.FILE)
    practice.write_data(questions, Path(config.site_dir))
    syllabus.write_data(guide, Path(config.site_dir))
    interviewer.write(guide, questions, Path(config.site_dir))
    assets.add_math_font(Path(config.site_dir))
    search.build_index(Path(config.site_dir), first_index)
