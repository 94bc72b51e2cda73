"""One small style sheet in the place of four: joined, and without the rules that no page can use.

Material's style sheet is 23 kB compressed, a third of what a first view may weigh; PurgeCSS drops the rules whose classes stand in no page and in no script, and what
draws icons that no rule uses any more goes too.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from guide.cache import ROOT, key

_SHEETS = re.compile(r'<link rel="stylesheet" href="([^"]*?)(assets/(?:stylesheets/(?:main|palette)\.\w+\.min|css/(?:site|diagrams))\.css)">\s*')
_ICON = re.compile(r'(--[\w-]+):\s*url\((?:"[^"]*"|[^)"]*)\);?')
_PROGRAM = """
import {PurgeCSS} from 'purgecss';
import fs from 'fs';
const {site, css} = JSON.parse(fs.readFileSync(0, 'utf8'));
// What a page says in prose names no class: its tags and scripts do.
const marked = html => html.replace(/(<script\\b[^>]*>.*?<\\/script>)|>[^<]+</gs, (all, script) => script ?? '><').match(/[\\w-]+/g) ?? [];
const [result] = await new PurgeCSS().purge({
  content: [site + '/**/*.html', site + '/assets/javascripts/bundle.*.js', site + '/assets/js/*.js'],
  css: [{raw: css}], keyframes: true, extractors: [{extensions: ['html'], extractor: marked}], safelist: {greedy: [/data-md/]},
});
process.stdout.write(result.css);
"""


def join(site: Path) -> Path:
    """Replaces the style sheets of every page of a built site by one; returns it.

    Raises RuntimeError if the pages no longer have the four expected, subprocess.CalledProcessError if PurgeCSS fails.
    """
    pages = {path: path.read_text("utf-8") for path in sorted(site.rglob("*.html"))}
    names = {tuple(name for _, name in _SHEETS.findall(html)) for html in pages.values()}
    if len(names) != 1 or len(next(iter(names))) != 4:
        raise RuntimeError(f"the pages have other style sheets than expected ({names}); revise guide.styles")
    css = "\n".join((site / name).read_text("utf-8") for name in names.pop())
    done = subprocess.run(["node", "--input-type=module", "-e", _PROGRAM], input=json.dumps({"site": str(site), "css": css}), capture_output=True, text=True, cwd=ROOT, check=True)
    small = _ICON.sub(lambda icon: icon[0] if f"var({icon[1]}" in done.stdout else "", done.stdout)
    out = site / "assets" / "css" / f"guide.{key(small)[:8]}.css"
    out.write_text(small, "utf-8")
    for path, html in pages.items():
        base = _SHEETS.search(html)[1]
        first = True

        def replace(match: re.Match) -> str:
            nonlocal first
            link = f'<link rel="stylesheet" href="{base}{out.relative_to(site).as_posix()}">' if first else ""
            first = False
            return link

        path.write_text(_SHEETS.sub(replace, html), "utf-8")
    return out
