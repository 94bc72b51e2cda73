"""Back-of-the-envelope estimates: inputs and formulas with units, checked, shown as a table, and named for the prose.

A block is written in an `estimate` fence (see CONTRIBUTING.md). Its names are the page's: a later block, the prose, a diagram or another chapter may use them, so that a
number is written once. Units are pint's, plus a dimension of its own for every noun of `units.txt` and for information: `request * byte` is not `GB`.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pint

from guide.errors import Problem
from guide.fences import fences

FUNCTIONS = ("ceil", "floor", "sqrt", "exp", "ln", "log2", "log10", "min", "max")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NUMBER = re.compile(r"([-+]?\d[\d_]*(?:\.\d+)?(?:e[-+]?\d+)?)\s*(.*)", re.I)
_REFERENCE = re.compile(r"[a-z][a-z0-9-]*\.[a-z][a-z0-9_]*")
# `{{ name }}`, `{{ slug.name -> unit | 0.1 }}`; the space after the braces tells it from Mermaid's hexagon `{{"…"}}`.
USE = re.compile(r"\{\{ +([a-z][\w-]*(?:\.[a-z]\w*)?) *(?:-> *([^|{}]+?) *)?(?:\| *(0)?(?:\.(\d))? *)?\}\}")


def _plurals() -> dict[str, str]:
    """Noun -> its plural, from units.txt."""
    nouns = {}
    for line in Path(__file__).with_name("units.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            singular, *plural = line.split()
            nouns[singular] = plural[0] if plural else singular + "s"
    return nouns


PLURALS = _plurals()


def _registry() -> pint.UnitRegistry:
    registry = pint.UnitRegistry(on_redefinition="ignore")
    registry.define("bit = [information]")  # pint counts information as a pure number, which lets `requests * bytes` pass for bytes
    registry.define("byte = 8 * bit = B = octet")
    registry.define("dollar = [currency]")
    registry.define("FLOP = [operation]")
    for noun in PLURALS:
        registry.define(f"{noun} = [{noun}]")
    registry._build_cache()  # the byte and its multiples were resolved before the bit was redefined
    return registry


UNITS = _registry()


class EstimateError(ValueError):
    """What is wrong with one line of an estimate. `line` counts from the block's first line, 0."""

    def __init__(self, line: int, what: str):
        super().__init__(what)
        self.line, self.what = line, what


@dataclass(frozen=True)
class Input:
    name: str
    text: str  # `300e6 person`, or `slug.name`
    note: str
    line: int


@dataclass(frozen=True)
class Result:
    name: str
    formula: str
    unit: str
    note: str
    line: int


@dataclass(frozen=True)
class Estimate:
    """One block. Lines of its members count from the line of the opening fence (0)."""

    title: str
    inputs: tuple[Input, ...]
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Value:
    """A quantity, and the unit as its author wrote it (which is how it is shown)."""

    quantity: pint.Quantity
    unit: str
    exact: bool = False  # an input is shown as given, a result to three significant digits

    def show(self, unit: str | None = None, bare: bool = False, decimals: int | None = None) -> str:
        """The value as a reader sees it: `417,000 decisions/s`, `$2.50/hour`, `4 %`.

        unit: another unit to show it in; raises pint.errors.DimensionalityError if it does not fit.
        """
        shown = unit or self.unit
        magnitude = float(self.quantity.to(parse_unit(shown)).magnitude)
        money = re.match(r"dollar\b", shown) is not None
        number = _number(magnitude, decimals, money, exact=self.exact and unit is None)
        if bare:
            return number
        if money:
            number, shown = ("-$" + number[1:] if number.startswith("-") else "$" + number), shown[6:].lstrip()
            return number + (_unit_text(shown, 1) if shown.startswith("/") else f" {_unit_text(shown, magnitude)}" if shown else "")
        text = _unit_text(shown, magnitude)
        return f"{number}\u00a0{text}" if text else number


def _value(quantity: pint.Quantity, unit: str, exact: bool = False) -> Value:
    """A value to compute with. Percent is kept as a hundredth, not as a unit: rounding a count up must not round it to hundreds."""
    if unit.startswith("percent"):
        quantity = quantity.to(quantity.units / UNITS.percent)
    return Value(quantity, unit, exact)


def _number(value: float, decimals: int | None, money: bool, exact: bool) -> str:
    if value == 0:
        return "0" if decimals is None else f"{0:.{decimals}f}"
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    size = abs(value)
    if size >= 1e15:
        exponent = math.floor(math.log10(size))
        power = str(exponent).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))
        return f"{_significant(value / 10**exponent)} × 10{power}"
    if size >= 999_500 or (exact and size >= 1e6):
        for scale, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
            if size >= scale * 0.9995:
                return f"{_significant(value / scale, decimals, exact)}\u00a0{word}"
    if money and decimals is None and size < 100 and size >= 0.1:
        return f"{value:,.2f}".removesuffix(".00")
    return _significant(value, decimals, exact)


def _significant(value: float, decimals: int | None = None, exact: bool = False) -> str:
    """Three significant digits with thousands separated, or `decimals` places, or (exact) the number as it is."""
    if decimals is not None:
        return f"{value:,.{decimals}f}"
    if exact:
        return f"{value:,.10g}" if abs(value) >= 1e-4 else f"{value:.3g}"
    digits = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    if digits <= 0:
        return f"{rounded:,.0f}"
    text = f"{rounded:,.{digits}f}"
    return text.rstrip("0").rstrip(".")


def _unit_text(unit: str, magnitude: float) -> str:
    """`decision/person/day` -> `decisions/person/day`: nouns of the numerator in the plural."""
    above, slash, below = unit.partition("/")
    if abs(magnitude) != 1:
        above = re.sub(r"[A-Za-z]+", lambda m: PLURALS.get(m[0], "bytes" if m[0] == "byte" else "bits" if m[0] == "bit" else m[0]), above)
        above = re.sub(r"^(hour|day|week|month|year)$", r"\1s", above.strip()) or above
    text = (above.strip() + slash + below).replace(" * ", "·").replace("*", "·").replace("percent", "%")
    return re.sub(r"\bdollars?\b", "$", text)


@lru_cache(maxsize=1024)  # a guide has a few hundred units and several thousand uses of them
def parse_unit(text: str) -> pint.Unit:
    """A unit from its text; `""` is a pure number. Raises ValueError with what to mend."""
    try:
        return UNITS.parse_units(text.replace("%", "percent"))
    except pint.errors.UndefinedUnitError as error:
        names = error.unit_names if isinstance(error.unit_names, str) else ", ".join(error.unit_names)
        raise ValueError(f"unknown unit `{names}`; correct it, or add the noun to scripts/guide/units.txt") from None
    except Exception:  # pint raises what its tokenizer raises
        raise ValueError(f"`{text}` is not a unit; write it like `request/s` or `byte/user`") from None


def parse(source: str) -> Estimate:
    """Reads the body of an estimate fence. Raises EstimateError."""
    title, section = "", ""
    inputs: list[Input] = []
    results: list[Result] = []
    for number, raw in enumerate(source.splitlines(), 1):
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        text, _, note = (part.strip() for part in raw.partition(" #"))
        if not raw[0].isspace():
            key, colon, value = (part.strip() for part in raw.partition(":"))
            if key == "title" and value:
                title = value
            elif key in ("inputs", "results") and colon and not value.split("#")[0].strip():
                section = key
            else:
                raise EstimateError(number, f"`{raw.strip()}` is none of `title: …`, `inputs:`, `results:`")
        elif section == "inputs":
            name, colon, value = (part.strip() for part in text.partition(":"))
            if not (colon and value):
                raise EstimateError(number, f"`{text}` is not an input; write `name: 80 ms  # where it comes from`")
            _check_name(name, number)
            if not note:
                raise EstimateError(number, f"input `{name}` does not say where it comes from; add `# …` after the value")
            inputs.append(Input(name, value, note, number))
        elif section == "results":
            name, equals, rest = (part.strip() for part in text.partition("="))
            formula, arrow, unit = (part.strip() for part in rest.partition("->"))
            if not (equals and formula):
                raise EstimateError(number, f"`{text}` is not a result; write `name = formula -> unit`")
            _check_name(name, number)
            results.append(Result(name, formula, unit if arrow else "", note, number))
        else:
            raise EstimateError(number, "a line before `inputs:` or `results:`; put it under one of them")
    if not title:
        raise EstimateError(0, "the estimate has no `title: …`")
    if not results:
        raise EstimateError(0, "the estimate has no `results:`")
    return Estimate(title, tuple(inputs), tuple(results))


def _check_name(name: str, line: int) -> None:
    if not _NAME.fullmatch(name):
        raise EstimateError(line, f"`{name}` is not a name; use lower case letters, digits and _")
    if name in FUNCTIONS:
        raise EstimateError(line, f"`{name}` is a function's name; choose another")


def names_in(formula: str) -> set[str]:
    """The names a formula uses, functions left out. Raises SyntaxError."""
    return {node.id for node in ast.walk(ast.parse(formula, mode="eval")) if isinstance(node, ast.Name)} - set(FUNCTIONS)


def evaluate(formula: str, names: dict[str, Value]) -> pint.Quantity:
    """Computes a formula with units. Raises ValueError with what to mend."""
    try:
        tree = ast.parse(formula, mode="eval")
    except SyntaxError:
        raise ValueError(f"`{formula}` is not a formula; it knows + - * / ** ( ) and {' '.join(FUNCTIONS)}") from None
    try:
        return UNITS.Quantity(_evaluate(tree.body, names))
    except pint.errors.DimensionalityError as error:
        raise ValueError(f"`{formula}`: {_plain(error)}; the units do not balance") from None
    except pint.errors.OffsetUnitCalculusError:
        raise ValueError(f"`{formula}` uses a temperature scale; use kelvin") from None
    except ZeroDivisionError:
        raise ValueError(f"`{formula}` divides by zero") from None
    except OverflowError:
        raise ValueError(f"`{formula}` is too large to compute") from None


_BINARY: dict[type, Callable] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a ** _pure(b),
}


def _evaluate(node: ast.expr, names: dict[str, Value]):
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return UNITS.Quantity(number)
        case ast.Name(id=name):
            if name not in names:
                raise ValueError(f"unknown name `{name}`; list it under `inputs:` or compute it before")
            return names[name].quantity
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, names)
        case ast.BinOp(op=operator) if type(operator) in _BINARY:
            return _BINARY[type(operator)](_evaluate(node.left, names), _evaluate(node.right, names))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in FUNCTIONS and arguments:
            return _call(function, [_evaluate(argument, names) for argument in arguments])
    raise ValueError(f"`{ast.unparse(node)}` is not allowed in a formula; it knows + - * / ** ( ) and {' '.join(FUNCTIONS)}")


def _call(function: str, values: list):
    if function in ("min", "max"):
        return {"min": min, "max": max}[function](values)
    if len(values) != 1:
        raise ValueError(f"`{function}` takes one value")
    value = values[0]
    if function in ("ceil", "floor"):  # whole servers, in whatever unit they are counted
        value = value.to_reduced_units()
        rounded = {"ceil": math.ceil, "floor": math.floor}[function](round(value.magnitude, 9))
        return UNITS.Quantity(rounded, value.units)
    if function == "sqrt":
        return value ** 0.5
    return UNITS.Quantity({"exp": math.exp, "ln": math.log, "log2": math.log2, "log10": math.log10}[function](_pure(value)))


def _pure(value) -> float:
    """A plain number, from a quantity without dimension."""
    return value.to("").magnitude if isinstance(value, pint.Quantity) else value


def _plain(error: pint.errors.DimensionalityError) -> str:
    return f"{error.units1 or 'a pure number'} is not {error.units2 or 'a pure number'}"


@dataclass
class _PageBlocks:
    file: str
    text: str
    offset: int
    blocks: list[tuple[int, Estimate]]


class Ledger:
    """The named values of every page, computed in the order in which they depend on each other."""

    def __init__(self, pages: dict[str, tuple[str, str, int]], measured: dict[str, dict[str, Value]] | None = None):
        """pages: slug -> (file for messages, body, lines before the body). measured: slug -> values that no page computes (labs).

        What is wrong is in `problems`.
        """
        self.values: dict[str, dict[str, Value]] = dict(measured or {})
        self._pages: dict[str, _PageBlocks] = {}
        self._open: list[str] = []
        self._used: set[tuple[str, str]] = set()
        self.problems: list[Problem] = []
        for slug, (file, text, offset) in pages.items():
            self._pages[slug] = _PageBlocks(file, text, offset, list(self._parse(file, text, offset)))
        for slug in self._pages:
            self._compute(slug)
        self._check_uses()

    def _parse(self, file: str, text: str, offset: int) -> Iterator[tuple[int, Estimate]]:
        for fence in fences(text):
            if fence.info == "estimate":
                try:
                    yield fence.number + offset, parse(fence.body)
                except EstimateError as error:
                    self.problems.append(Problem(file, fence.number + offset + error.line, error.what))

    def _compute(self, slug: str) -> dict[str, Value]:
        if slug in self.values:
            return self.values[slug]
        names: dict[str, Value] = {}
        page = self._pages[slug]
        self._open.append(slug)
        for line, block in page.blocks:
            for item in (*block.inputs, *block.results):
                try:
                    if item.name in names:
                        raise ValueError(f"`{item.name}` is already a name of this page; choose another")
                    names[item.name] = self._input(item, slug) if isinstance(item, Input) else self._result(item, names, slug)
                except ValueError as error:
                    self.problems.append(Problem(page.file, line + item.line, str(error)))
        self._open.pop()
        self.values[slug] = names
        return names

    def _input(self, item: Input, slug: str) -> Value:
        if _REFERENCE.fullmatch(item.text):
            other, name = item.text.split(".")
            if other in self._open:
                raise ValueError(f"`{item.text}` needs this page, which needs it; type the number in one of the two")
            return self.find(item.text, slug)
        match = _NUMBER.fullmatch(item.text)
        if not match:
            raise ValueError(f"`{item.text}` is not a value; write a number and a unit, or `chapter.name`")
        unit = match[2].replace("%", "percent")
        return _value(UNITS.Quantity(float(match[1].replace("_", "")), parse_unit(unit)), unit, exact=True)

    def _result(self, item: Result, names: dict[str, Value], slug: str) -> Value:
        for name in _names_or_nothing(item.formula):
            self._used.add((slug, name))
        quantity = evaluate(item.formula, names)
        unit = parse_unit(item.unit)
        try:
            return _value(quantity.to(unit), item.unit.replace("%", "percent"))
        except pint.errors.DimensionalityError as error:
            raise ValueError(f"`{item.formula}` is in {error.units1 or 'no unit'}, not in `{item.unit or 'no unit'}`; correct the formula or the unit") from None

    def find(self, name: str, slug: str) -> Value:
        """The value called `name` or `chapter.name`, seen from the page `slug`. Raises ValueError."""
        page, _, own = name.rpartition(".")
        page = page or slug
        if page not in self._pages and page not in self.values:
            raise ValueError(f"unknown chapter `{page}` in `{name}`; use the file's name without .md")
        values = self.values[page] if page in self.values else self._compute(page)
        if own not in values:
            raise ValueError(f"unknown name `{name}`; no {'result of that lab' if page.startswith('lab-') else 'estimate of that page'} defines it")
        self._used.add((page, own))
        return values[own]

    def show(self, match: re.Match, slug: str) -> str:
        """The text for one `{{ … }}` (a match of USE). Raises ValueError."""
        name, unit, bare, decimals = match.groups()
        value = self.find(name, slug)
        try:
            return value.show(unit.replace("%", "percent") if unit else None, bool(bare), int(decimals) if decimals else None)
        except pint.errors.DimensionalityError as error:
            raise ValueError(f"`{name}` is in {error.units1}, it cannot be shown in `{unit}`") from None

    def shown_on(self, slug: str) -> list[str]:
        """Every value that a page may show, as text: its own, and those of other pages that its text names."""
        own = [f"{name} = {value}" for name, value in self.values[slug].items()]
        names = {match[1] for match in USE.finditer(self._pages[slug].text) if "." in match[1]}
        others = [f"{name} = {self.values.get(page, {}).get(own_name)}" for name in sorted(names) for page, own_name in [name.rsplit(".", 1)]]
        return own + others

    def _check_uses(self) -> None:
        for slug, page in self._pages.items():
            for match in USE.finditer(page.text):
                name = match[1] if "." in match[1] else f"{slug}.{match[1]}"
                self._used.add(tuple(name.rsplit(".", 1)))
        for slug, page in self._pages.items():
            for line, block in page.blocks:
                for item in (*block.inputs, *block.results):
                    if (slug, item.name) not in self._used:
                        kind, mend = ("input", "use it in a formula") if isinstance(item, Input) else ("result", "use it in the text as {{ " + item.name + " }}")
                        self.problems.append(Problem(page.file, line + item.line, f"{kind} `{item.name}` is never used; {mend} or remove it"))


def _names_or_nothing(formula: str) -> set[str]:
    try:
        return names_in(formula)
    except SyntaxError:
        return set()


def to_markdown(block: Estimate, values: dict[str, Value], label: str) -> str:
    """The block as Markdown: a titled pair of tables (inputs; results). Notes may hold Markdown and citations."""
    lines = ["/// html | div.estimate", "", f"<span class=\"label\">{label}</span> {block.title}", "{: .estimate-title }", ""]
    def shown(name: str) -> str:  # in a narrow column a value may break between its words, and a long unit after its strokes
        return _cell(values[name].show()).replace("\u00a0", " ").replace("/", "/<wbr>")

    if block.inputs:
        lines += ["| Input | Value | Where it comes from |", "|:--|--:|:--|"]
        lines += [f"| `{item.name}` | {shown(item.name)} | {_cell(item.note)} |" for item in block.inputs]
        lines += [""]
    lines += ["| Result | Value | What it means |", "|:--|--:|:--|"]
    for item in block.results:
        lines.append(f"| `{item.name} = {_readable(item.formula)}` | **{shown(item.name)}** | {_cell(item.note)} |")
    return "\n".join([*lines, "", "///"])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("$", "&#36;")


def _readable(formula: str) -> str:
    return re.sub(r"\s*\*\*\s*", "^", formula).replace("*", "×")
