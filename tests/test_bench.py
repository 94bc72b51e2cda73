"""What a reader pays to open a page, and an author to change one."""

import re

import pytest
from conftest import ROOT

from guide import bench


@pytest.fixture(scope="module")
def view(site, browser):
    return bench.first_view(site, browser)


def test_a_first_view_is_light(view):
    assert view.bytes <= 100 * 1024, sorted(view.first, key=lambda item: -item[1])
    assert len(view.first) <= 10, view.first


def test_search_data_comes_with_the_search(view):
    assert not [path for path, _ in view.first if re.search("pagefind|vocabulary|search", path)]
    assert [path for path, _ in view.search if "pagefind" in path]


def test_all_styles_that_pages_use_are_kept(site):
    """Classes of the site's own style sheets that stand in a page must be in the joined one."""
    joined = next((site / "assets/css").glob("guide.*.css")).read_text("utf-8")
    pages = "".join(page.read_text("utf-8") for page in site.rglob("*.html"))
    used = {name for group in re.findall(r'class="([^"]+)"', pages) for name in group.split()}
    own = set(re.findall(r"\.([a-z][\w-]+)", (ROOT / "docs/assets/css/site.css").read_text("utf-8"))) - {"woff2"}
    assert [name for name in sorted(own & used) if f".{name}" not in joined] == []
    for made_by_script in ("diagram-zoom", "diagram-dialog", "diagram-large", "menu-button"):
        assert f".{made_by_script}" in joined
