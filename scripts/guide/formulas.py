"""Mathematics: TeX to HTML by KaTeX at build time, so that a page needs no script to show it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache

from guide.cache import FOLDER, ROOT, key, write

_PACKAGE = ROOT / "node_modules" / "katex"
_PROGRAM = """
const katex = require("katex"), out = [];
for (const [tex, display] of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  try { out.push({html: katex.renderToString(tex, {displayMode: display, output: "htmlAndMathml", throwOnError: true, strict: "error"})}) }
  catch (error) { out.push({error: String(error.message)}) }
}
process.stdout.write(JSON.stringify(out));
"""


class FormulaError(ValueError):
    """KaTeX's message for a formula it cannot set."""


@cache
def _version() -> str:
    try:
        return json.loads((_PACKAGE / "package.json").read_text())["version"]
    except FileNotFoundError:
        raise RuntimeError("KaTeX is not installed; run `make`, or `npm ci --ignore-scripts`") from None


def render(formulas: list[tuple[str, bool]]) -> list[str | FormulaError]:
    """Sets formulas, given as (TeX, display or inline): HTML with MathML beside it, or the error, for each."""
    results: dict[tuple[str, bool], str | FormulaError] = {}
    files = {item: FOLDER / "formulas" / (key(_version(), item[0], str(item[1])) + ".html") for item in formulas}
    for item, file in files.items():
        if file.exists():
            results[item] = file.read_text("utf-8")
    missing = [item for item in files if item not in results]
    if missing:
        for item, answer in zip(missing, _run(missing)):
            if "html" in answer:
                write(files[item], answer["html"].encode())
                results[item] = answer["html"]
            else:
                results[item] = FormulaError(re.sub(r"\s+", " ", answer["error"].removeprefix("KaTeX parse error: ")))
    return [results[item] for item in formulas]


def _run(formulas: list[tuple[str, bool]]) -> list[dict]:
    node = shutil.which("node") or shutil.which("nodejs")
    if not node:
        raise RuntimeError("Node.js is not installed; run `make`, or `apt-get install nodejs`")
    done = subprocess.run([node, "-e", _PROGRAM], input=json.dumps(formulas), capture_output=True, text=True, cwd=ROOT, check=True)
    return json.loads(done.stdout)


_MATHML = re.compile(r'<span class="katex-mathml">.*?</math></span>', re.S)


def for_print(html: str) -> str:
    """Formulas without the MathML beside them, which a PDF would print a second time."""
    return _MATHML.sub("", html)
