"""Search: Pagefind's index behind Material's search box. Nothing of it is fetched before a reader searches.

Material's page talks to a worker; ours speaks the same messages and asks Pagefind. Pagefind knows no misspellings, so the worker also gets the guide's vocabulary.
"""

from __future__ import annotations

import collections
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from guide.reading import plain_text

WORKER = "assets/js/search-worker.js"
_MATERIAL_WORKER = re.compile(r'(?<="search": ")(?P<base>[^"\s]*)assets/javascripts/workers/search\.[0-9a-f]+\.min\.js')
_DIALOG = re.compile(r'data-md-component="search" role="dialog"')
_EXCLUDED = "svg, pre, .headerlink, .math, .tags, script, .facts"
_WORD = re.compile(r"[a-z]{3,24}")
# What readers type, and what the chapters say.
SYNONYMS = {
    "ann": "approximate nearest neighbor",
    "approximate nearest neighbour": "approximate nearest neighbor",
    "ips": "inverse propensity",
    "normalized discounted cumulative gain": "ndcg",
    "psi": "population stability index",
    "recsys": "recommendation",
    "qps": "requests per second",
}


def use_own_worker(html: str) -> str:
    """Points Material's configuration in a page at our worker, and names its search dialog. Raises RuntimeError if the theme no longer has such lines."""
    html, count = _MATERIAL_WORKER.subn(lambda match: match["base"] + WORKER, html)
    html, dialogs = _DIALOG.subn(r'\g<0> aria-label="Search"', html)
    if count != 1 or dialogs != 1:
        raise RuntimeError("the theme's search configuration has changed; revise guide.search")
    return html


def build_index(site: Path, kept: Path | None = None) -> None:
    """Writes `pagefind/` and the vocabulary for a finished site.

    kept: a folder that holds the index of an earlier build, to be taken again, or will hold this one: in a preview an edit should show at once, and may be found later.
    Raises subprocess.CalledProcessError, with Pagefind's output, if it fails.
    """
    if kept and (kept / "pagefind").exists():
        shutil.copytree(kept, site, dirs_exist_ok=True)
        return
    command = [sys.executable, "-m", "pagefind", "--site", str(site), "--root-selector", "article.md-content__inner", "--force-language", "en", "--exclude-selectors", _EXCLUDED]
    subprocess.run(command, check=True, capture_output=True, text=True)
    for pattern in ("pagefind-*ui*", "pagefind-highlight.js", "pagefind-component*", "wasm.unknown.pagefind", "pagefind-worker.js"):
        for file in (site / "pagefind").glob(pattern):
            file.unlink()
    words = " ".join(vocabulary(site))
    (site / "assets" / "vocabulary.json").write_text(json.dumps({"words": words, "synonyms": SYNONYMS}, separators=(",", ":")), "utf-8")
    if kept:
        for part in ("pagefind", "assets/vocabulary.json"):
            (shutil.copytree if (site / part).is_dir() else _copy_file)(site / part, kept / part)


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def vocabulary(site: Path) -> list[str]:
    """Every word of the site's articles, the most frequent first. All of them: the worker takes a word it does not find here for a misspelling."""
    words: collections.Counter[str] = collections.Counter()
    for file in sorted(site.rglob("*.html")):
        html = file.read_text("utf-8")
        article = html[html.find("<article") : html.rfind("</article>")]
        words.update(_WORD.findall(plain_text(re.sub(r"<pre\b.*?</pre>", " ", article, flags=re.S)).lower()))
    return sorted(words, key=lambda word: (-words[word], word))
