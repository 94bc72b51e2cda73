"""Mathematics: TeX set by KaTeX at build time, so that a page needs no script to show it.

The site gets MathML, which every current browser sets and every screen reader speaks, in a subset of STIX Two Math. The book gets KaTeX's HTML, as WeasyPrint does not set MathML.
KaTeX's HTML on the site would cost its style sheet and five more fonts, about 65 kB a page.
"""

from __future__ import annotations

import html as entities
import json
import re
import shutil
import subprocess
import unicodedata
from functools import cache
from pathlib import Path

from guide.cache import FOLDER, ROOT, key, write

_PACKAGE = ROOT / "node_modules" / "katex"
_PROGRAM = """
const katex = require("katex"), out = [];
for (const [tex, display] of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  const set = output => katex.renderToString(tex, {displayMode: display, output, throwOnError: true, strict: "error"});
  try { out.push({mathml: set("mathml"), html: set("html")}) }
  catch (error) { out.push({error: String(error.message)}) }
}
process.stdout.write(JSON.stringify(out));
"""
# What MathML Core leaves of `mathvariant`: nothing but `normal`. The letters have code points of their own.
_VARIANTS = {
    "script": "MATHEMATICAL SCRIPT {} {}", "double-struck": "DOUBLE-STRUCK {} {}", "bold": "MATHEMATICAL BOLD {} {}",
    "fraktur": "MATHEMATICAL FRAKTUR {} {}", "sans-serif": "MATHEMATICAL SANS-SERIF {} {}", "bold-italic": "MATHEMATICAL BOLD ITALIC {} {}",
}  # fmt: skip


class FormulaError(ValueError):
    """KaTeX's message for a formula it cannot set."""


@cache
def _version() -> str:
    try:
        return json.loads((_PACKAGE / "package.json").read_text())["version"]
    except FileNotFoundError:
        raise RuntimeError("KaTeX is not installed; run `make`, or `npm ci --ignore-scripts`") from None


def render(formulas: list[tuple[str, bool]]) -> list[str | FormulaError]:
    """Sets formulas, given as (TeX, display or inline). For each the MathML, marked so that `for_print` finds its other form, or the error."""
    results: dict[tuple[str, bool], str | FormulaError] = {}
    names = {item: key(_version(), Path(__file__).read_bytes(), item[0], str(item[1])) for item in formulas}
    missing = [item for item, name in names.items() if not _file(name).exists()]
    if missing:
        for item, answer in zip(missing, _run(missing)):
            if "error" in answer:
                results[item] = FormulaError(re.sub(r"\s+", " ", answer["error"].removeprefix("KaTeX parse error: ")))
            else:
                write(_file(names[item]), json.dumps({"mathml": _core(answer["mathml"]), "html": answer["html"]}).encode())
    for item, name in names.items():
        if item not in results:
            mathml = json.loads(_file(name).read_bytes())["mathml"]
            results[item] = mathml.replace("<math", f'<math data-formula="{name}"', 1)
    return [results[item] for item in formulas]


def _file(name: str) -> Path:
    return FOLDER / "formulas" / f"{name}.json"


def node() -> str:
    """The command of Node.js. Raises RuntimeError if there is none."""
    found = shutil.which("node") or shutil.which("nodejs")
    if not found:
        raise RuntimeError("Node.js is not installed; run `make`, or `apt-get install nodejs`")
    return found


def _run(formulas: list[tuple[str, bool]]) -> list[dict]:
    done = subprocess.run([node(), "-e", _PROGRAM], input=json.dumps(formulas), capture_output=True, text=True, cwd=ROOT, check=True)
    return json.loads(done.stdout)


def _core(html: str) -> str:
    """KaTeX's MathML without its wrapper and the TeX beside it, and with letters instead of variants."""
    math = re.search(r"<math\b.*?</math>", html, re.S)[0]
    math = re.sub(r"<annotation\b.*?</annotation>|</?semantics>", "", math, flags=re.S).replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    return re.sub(r'<mi mathvariant="([a-z-]+)">(\w)</mi>', _letter, math)


def _letter(match: re.Match) -> str:
    variant, letter = match.groups()
    if variant not in _VARIANTS or not letter.isascii():
        return match[0]
    size = "CAPITAL" if letter.isupper() else "SMALL"
    for name in (_VARIANTS[variant], _VARIANTS[variant].removeprefix("MATHEMATICAL "), "MATHEMATICAL " + _VARIANTS[variant]):
        try:
            return f"<mi>{unicodedata.lookup(name.format(size, letter.upper()))}</mi>"
        except KeyError:  # some letters are older than their series and lie elsewhere: SCRIPT CAPITAL L
            continue
    return match[0]


_MARK = re.compile(r'<math data-formula="(\w+)"')


def for_print(html: str) -> str:
    """Page HTML with KaTeX's HTML in the place of MathML. The strokes it draws as SVG (roots, wide accents) get the name that PDF/UA asks for."""
    html = re.sub(r'<math data-formula="(\w+)".*?</math>', lambda match: json.loads(_file(match[1]).read_bytes())["html"], html, flags=re.S)
    return re.sub(r'(<svg [^>]*preserveAspectRatio="[^"]*(?:slice|none)"[^>]*>)', r"\1<title>stroke</title>", html)


def for_site(html: str) -> str:
    """Page HTML without the marks that only `for_print` needs."""
    return _MARK.sub("<math", html)


def letters(html: str) -> set[str]:
    """The characters that the formulas of a page are set in. For a lone letter browsers choose the italic one, unless it is marked as normal."""
    found: set[str] = set()
    for math in re.findall(r"<math\b.*?</math>", html, re.S):
        for lone in re.findall(r"<mi>(\w)</mi>", math):
            found.add(_italic(lone))
        found |= set(entities.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<mi>\w</mi>", "", math))))
        if "<msqrt" in math or "<mroot" in math:
            found.add("√")  # drawn by the element itself
    return found - {"\n", "\t"}


def _italic(letter: str) -> str:
    match = re.fullmatch("(?:LATIN|GREEK) (SMALL|CAPITAL) LETTER (.+)", unicodedata.name(letter, ""))
    if not match:
        return letter
    try:
        return unicodedata.lookup(f"MATHEMATICAL ITALIC {match[1]} {match[2]}")
    except KeyError:
        return "ℎ" if letter == "h" else letter
