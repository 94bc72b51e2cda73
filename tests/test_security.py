"""The Content-Security-Policy: one for all pages, and every inline script in it."""

import re

from guide.security import add_policy, inline_scripts, policy


def test_policy_is_the_same_on_every_page(tmp_path):
    for name, script in (("a", "one()"), ("b", "two()")):
        (tmp_path / f"{name}.html").write_text(f'<meta charset="utf-8"><script>{script}</script><script type="application/json">{{}}</script><script src="x.js"></script>')
    add_policy(tmp_path)
    policies = {re.search(r'content="([^"]+)"', path.read_text())[1] for path in tmp_path.glob("*.html")}
    assert len(policies) == 1 and policies.pop().count("sha256-") == 2


def test_data_and_files_are_no_inline_scripts():
    assert inline_scripts('<script src="a.js"></script><script type="application/json">{}</script><script>go()</script>') == ["go()"]


def test_nobody_else_is_allowed():
    assert "http" not in policy({"x"}) and policy(set()).startswith("default-src 'none'")


def test_the_built_pages_have_it(site):
    for path in site.rglob("*.html"):
        assert path.read_text("utf-8").count('http-equiv="Content-Security-Policy"') == 1, path
