"""Typefaces: npm's woff2 as TTF and as subsets for the web."""

from __future__ import annotations

import pytest
from fontTools.ttLib import TTFont

from guide import fonts


def test_ttf_is_the_whole_font_and_made_once(tmp_path):
    path = fonts.plex("sans", "SemiBold", tmp_path)
    font = TTFont(path)
    assert path.suffix == ".ttf" and font.flavor is None
    assert font.getBestCmap() == TTFont(fonts.woff2("sans", "SemiBold")).getBestCmap()
    before = path.stat().st_mtime_ns
    assert fonts.plex("sans", "SemiBold", tmp_path) == path
    assert path.stat().st_mtime_ns == before


def test_the_same_font_twice_is_the_same_bytes(tmp_path):
    one, two = (fonts.plex("mono", folder=tmp_path / name) for name in "ab")
    assert one.read_bytes() == two.read_bytes()


def test_unknown_style_says_what_to_do():
    with pytest.raises(FileNotFoundError, match="npm ci"):
        fonts.plex("serif", "Wavy")


def test_web_subset_holds_what_it_was_given(tmp_path):
    out = fonts.web_subset(fonts.plex("sans", folder=tmp_path), ["score > 3", "λ", "😀"], tmp_path / "few.woff2")
    font = TTFont(out)
    assert font.flavor == "woff2"
    assert {chr(code) for code in font.getBestCmap()} == set("score >3λ")
    assert out.stat().st_size < 5_000


def test_web_subset_does_not_depend_on_the_order_of_the_text(tmp_path):
    source = fonts.plex("sans", folder=tmp_path)
    one = fonts.web_subset(source, ["abc", "xyz"], tmp_path / "1.woff2")
    two = fonts.web_subset(source, ["zyx", "cab", "a"], tmp_path / "2.woff2")
    assert one.read_bytes() == two.read_bytes()
