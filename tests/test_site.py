"""The real site in real Chromium, as a reader uses it."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT
from playwright.sync_api import Page, expect

PAGES = ["", "framework/", "framework/clarify-requirements/", "cases/video-recommendation/", "reference/glossary/", "field-guide/", "404.html"]
CASE = "cases/video-recommendation/"
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8")


@pytest.fixture
def page(browser, address):
    """A fresh desktop page that fails the test on a console error or a request to anybody else."""
    yield from _page(browser, address, width=1280, height=900)


@pytest.fixture
def phone(browser, address):
    """The same, 360 px wide."""
    yield from _page(browser, address, width=360, height=740)


def _page(browser, address, width: int, height: int, **options):
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    page.elsewhere, page.errors, page.served = [], [], []

    def on_request(request):
        page.served.append(request.url)
        if not request.url.startswith((address, "data:", "blob:")):
            page.elsewhere.append(request.url)

    page.on("request", on_request)
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    missing_page = [error for error in page.errors if "404" in error]
    assert page.elsewhere == [] and [error for error in page.errors if error not in missing_page] == []
    context.close()


def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page as it stands, once nothing fades in or out any more."""
    page.wait_for_timeout(150)  # a scroll shows or hides Material's button to the top
    page.evaluate("Promise.all(document.getAnimations().map(animation => animation.finished.catch(() => {})))")
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(result => result.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | ')))")
    return found


def wake(page: Page) -> None:
    """Does what a reader does first, and waits for the scripts that wait for it."""
    page.wait_for_load_state("networkidle")
    page.mouse.move(200, 300)
    page.mouse.move(210, 310)
    page.locator("html.js").wait_for()
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("uri", PAGES)
def test_nothing_is_requested_elsewhere_and_nothing_complains(page, address, uri):
    page.goto(address + uri)
    expect(page.locator("h1").first).to_be_visible()
    if uri != "404.html":  # whose addresses begin at the root of the published site
        wake(page)


@pytest.mark.parametrize("uri", PAGES)
def test_a_phone_never_scrolls_sideways(phone, address, uri):
    phone.goto(address + uri)
    phone.wait_for_load_state("networkidle")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("uri", ["", "framework/clarify-requirements/", CASE])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(browser, address, uri, scheme, width):
    pages = _page(browser, address, width=width, height=800, color_scheme=scheme)
    page = next(pages)
    page.goto(address + uri)
    page.wait_for_load_state("networkidle")
    assert violations(page) == []
    wake(page)
    assert violations(page) == []
    next(pages, None)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_with_search_open(browser, address, scheme):
    pages = _page(browser, address, width=1280, height=800, color_scheme=scheme)
    page = next(pages)
    page.goto(address)
    search(page, "position bias")
    assert violations(page) == []
    next(pages, None)


def search(page: Page, text: str):
    page.wait_for_load_state("networkidle")
    page.keyboard.press("/")
    page.keyboard.type(text)
    results = page.locator(".md-search-result__link")
    expect(results.first).to_be_visible(timeout=10_000)
    return results


def test_search_finds_and_navigates_by_keyboard(page, address):
    page.goto(address)
    results = search(page, "calibration")
    expect(page.locator(".md-search-result__meta")).to_contain_text(re.compile(r"\d"))
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.classList.contains('md-search-result__link')")
    target = results.first.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(target.split("?")[0].split("#")[0])))
    page.wait_for_load_state("networkidle")
    expect(page.locator(".md-search__output").first).not_to_be_visible()
    page.keyboard.press("/")
    expect(page.locator(".md-search__input")).to_be_focused()


def test_search_forgives_a_misspelling(page, address):
    page.goto(address)
    results = search(page, "candiate genration")
    expect(results.first).to_contain_text(re.compile("recommendation|candidate", re.I))


def test_search_finds_nothing_for_nonsense(page, address):
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("s")
    page.keyboard.type("zzzzqqq")
    expect(page.locator(".md-search-result__meta")).to_contain_text("No matching")


def test_control_k_opens_the_search(page, address):
    page.goto(address + CASE)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Control+k")
    expect(page.locator(".md-search__input")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".md-search__output").first).not_to_be_visible()


def test_search_data_is_fetched_only_when_used(page, address):
    page.goto(address + CASE)
    page.wait_for_load_state("networkidle")
    assert not [url for url in page.served if "pagefind" in url or "vocabulary" in url]
    search(page, "embedding")
    assert [url for url in page.served if "pagefind" in url]


def test_dark_mode_recolors_the_drawings(browser, address):
    colors = {}
    for scheme in ("light", "dark"):
        pages = _page(browser, address, width=1280, height=900, color_scheme=scheme)
        page = next(pages)
        page.goto(address + CASE)
        page.wait_for_load_state("networkidle")
        colors[scheme] = page.evaluate(
            """[...document.querySelectorAll('.diagram svg')].map(svg => {
                 const box = svg.querySelector('.online rect, .store path, .node rect, rect.actor, rect');
                 const text = svg.querySelector('text');
                 return [getComputedStyle(box ?? svg).fill, getComputedStyle(text.querySelector('tspan') ?? text).fill] })"""
        )
        next(pages, None)
    assert len(colors["light"]) >= 6
    for light, dark in zip(colors["light"], colors["dark"]):
        assert light[1] != dark[1], "a drawing's text has the same color in both schemes"


def test_the_scheme_can_be_switched_and_is_remembered(page, address):
    page.goto(address)
    wake(page)
    scheme = lambda: page.evaluate("document.body.dataset.mdColorScheme")  # noqa: E731
    seen = {scheme()}
    for _ in range(2):
        page.locator("label.md-header__button[for^=__palette]:not([hidden])").click()
        seen.add(scheme())
    assert seen == {"default", "slate"}
    last = scheme()
    page.reload()
    assert scheme() == last


def test_drawings_are_there_at_first_paint(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + CASE)
    assert page.locator(".diagram svg").count() >= 6
    assert page.locator(".diagram svg text").first.is_visible()
    context.close()


def test_every_drawing_is_named_and_described(page, address):
    for uri in PAGES[1:4]:
        page.goto(address + uri)
        drawings = page.evaluate("[...document.querySelectorAll('.diagram svg')].map(svg => [svg.getAttribute('role'), svg.querySelector('title')?.textContent ?? '', svg.querySelector('desc')?.textContent ?? ''])")
        assert drawings and all(role == "img" and len(title) > 5 and len(description) > 20 for role, title, description in drawings), drawings


def test_a_drawing_can_be_enlarged_by_keyboard(page, address):
    page.goto(address + CASE)
    wake(page)
    button = page.locator(".diagram-zoom").first
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.diagram-dialog")
    expect(dialog).to_be_visible()
    assert dialog.locator("svg").bounding_box()["width"] > 700
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()


def test_labels_stay_inside_their_boxes(page, address):
    """The browser's own measure of each label against the box it stands in."""
    for uri in PAGES[1:4]:
        page.goto(address + uri)
        page.evaluate("document.fonts.ready")
        spilled = page.evaluate(
            """[...document.querySelectorAll('.diagram svg .node')].flatMap(node => {
                 const shape = node.querySelector('rect, path, polygon, circle'), label = node.querySelector('text');
                 if (!shape || !label) return [];
                 const box = shape.getBoundingClientRect(), text = label.getBoundingClientRect();
                 return text.width > box.width + 1 ? [label.textContent + ' ' + text.width + ' > ' + box.width] : [] })"""
        )
        assert spilled == []


def test_without_javascript_everything_is_readable(browser, address):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(address + CASE)
    assert page.locator("math").first.is_visible()
    question = page.locator("details.question").first
    question.locator("summary").click()
    assert question.locator("p").first.is_visible()
    assert page.locator("h2#references").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_a_chapter_offers_what_a_reader_needs(page, address):
    page.goto(address + CASE)
    facts = page.locator(".facts")
    expect(facts).to_contain_text(re.compile(r"\d+ min read"))
    expect(facts).to_contain_text(re.compile(r"Reviewed 20\d\d-\d\d-\d\d"))
    for name in ("This chapter (PDF)", "The book (PDF)"):
        link = facts.get_by_role("link", name=name)
        response = page.request.get(page.evaluate("href => new URL(href, location.href).href", link.get_attribute("href")))
        assert response.ok and response.body()[:5] == b"%PDF-"
    expect(page.locator('a[rel="edit"]')).to_have_attribute("href", re.compile(r"/edit/main/docs/cases/video-recommendation\.md$"))


def test_a_term_explains_itself(page, address):
    page.goto(address + CASE)
    term = page.locator("a.term").first
    assert len(term.get_attribute("title") or term.get_attribute("data-title") or "") > 20 or page.locator(".md-tooltip2").count()
    term.click()
    page.wait_for_url(re.compile(r"glossary/#term-"))
    expect(page.locator("dt:target")).to_be_visible()


def test_the_menu_of_a_phone_works_by_keyboard(phone, address):
    phone.goto(address + CASE)
    wake(phone)
    menu = phone.get_by_role("button", name="Menu")
    link = phone.locator(".md-nav--primary a.md-nav__link").filter(has_text=re.compile(r"^\s*Home\s*$"))
    expect(link).not_to_be_visible()
    menu.focus()
    phone.keyboard.press("Enter")
    expect(menu).to_have_attribute("aria-expanded", "true")
    expect(phone.locator(".md-sidebar--primary")).to_be_visible()


def test_a_phone_shows_search_and_colors_before_any_script(browser, address):
    pages = _page(browser, address, width=360, height=740, has_touch=True, color_scheme="light")
    page = next(pages)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    expect(page.locator('label.md-header__button[for="__search"]')).to_be_in_viewport()
    switch = page.locator("label.md-header__button[for^=__palette]:not([hidden])")
    expect(switch).to_be_in_viewport()
    assert not [url for url in page.served if "bundle" in url]
    switch.tap()  # from the system's colors to light ones: the next switch leads to dark ones
    expect(page.locator("label.md-header__button[for=__palette_2]")).to_be_visible()
    next(pages, None)


def test_values_of_estimates_break_between_words_only(phone, address):
    phone.goto(address + "framework/deploy-and-serve/")
    broken = phone.evaluate(
        """[...document.querySelectorAll('.estimate td:nth-child(2)')].filter(cell => cell.scrollWidth > cell.clientWidth + 1 || [...cell.textContent.matchAll(/[a-z]{3,}/gi)].some(word => {
             const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT); let node
             while ((node = walker.nextNode())) { const at = node.data.indexOf(word[0]); if (at < 0) continue
               const range = document.createRange(); range.setStart(node, at); range.setEnd(node, at + word[0].length)
               return range.getClientRects().length > 1 }
             return false })).map(cell => cell.textContent)"""
    )
    assert broken == []
