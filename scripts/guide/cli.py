"""The command line: `guide build`, `guide check`, `guide diagram`, `guide lab`, `guide new`, `guide bench`, `guide verify`, `guide ids`, `guide figures`, `guide pictures`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from guide.errors import GuideError


class _Group(click.Group):
    """Prints the problems of a GuideError, one a line, and exits with 1."""

    def invoke(self, context: click.Context):
        try:
            return super().invoke(context)
        except GuideError as error:
            click.echo(str(error), err=True)
            sys.exit(1)


@click.group(cls=_Group)
def main() -> None:
    """The press of the ML System Design Field Guide."""


@main.command()
def build() -> None:
    """Build the site, the book and the chapter PDFs into site/."""
    from guide import build as press

    press.log_to_terminal()
    click.echo(f"{'output':<34}{'size':>12}{'seconds':>10}")
    for name, size, seconds in press.build():
        click.echo(f"{name:<34}{_size(size):>12}{f'{seconds:.1f}' if seconds else '':>10}")


@main.command()
def check() -> None:
    """Hold the chapters against the contract of CONTRIBUTING.md."""
    from guide.cache import ROOT
    from guide.check import RULES
    from guide.check import check as hold
    from guide.library import Library

    library = Library.read(ROOT / "docs")
    if problems := hold(library):
        raise GuideError(problems)
    click.echo(f"{len(library.sources)} pages keep {len(RULES)} rules")


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", default="diagrams", show_default=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the SVG files.")
def diagram(files: tuple[Path, ...], out: Path) -> None:
    """Draw the Mermaid fences of Markdown or .mmd FILES to SVG files."""
    from guide import diagrams

    written, problems = diagrams.render_files(files, out)
    for path in written:
        click.echo(path)
    if problems:
        raise GuideError(problems)


@main.command()
@click.argument("names", nargs=-1)
@click.option("--update", is_flag=True, help="Keep what is measured as the new result.")
def lab(names: tuple[str, ...], update: bool) -> None:
    """Measure labs again (all, if none is NAMED) and say whether their committed results hold."""
    from guide import labs

    reports = [labs.run_lab(name, update) for name in names or labs.names()]
    for report in reports:
        click.echo(report)
    if not all(report.holds for report in reports):
        sys.exit(1)


@main.command()
def ids() -> None:
    """Give new questions an id, and let rewritten ones keep theirs."""
    from guide import questions
    from guide.cache import ROOT
    from guide.library import Library

    library = Library.read(ROOT / "docs")
    given = questions.give_ids(library.asked(), library.ids)
    questions.write_ids(ROOT / "docs" / questions.IDS, given)
    click.echo(f"{len(given)} questions, {len(set(given.values()) - set(library.ids.values()))} of them new, {len(set(library.ids.values()) - set(given.values()))} gone")


@main.command()
@click.argument("site", default="site", type=click.Path(exists=True, file_okay=False, path_type=Path))
def verify(site: Path) -> None:
    """Compare the pages of a built SITE with its PDFs."""
    from guide import verify as conscience

    if problems := conscience.verify(site):
        raise GuideError(problems)
    click.echo(f"{len(conscience.chapters(site))} chapters: nothing lost")


@main.command()
@click.argument("kind", type=click.Choice(["case", "deep-dive", "tradeoff", "lab"]))
@click.argument("slug")
def new(kind: str, slug: str) -> None:
    """Start a chapter or a lab from its template."""
    from datetime import date

    from guide import scaffold
    from guide.cache import ROOT

    path = scaffold.create(kind, slug, ROOT, date.today()).relative_to(ROOT).as_posix()
    click.echo(path)
    click.echo(f"now: make lab NAME={slug}, with --update the first time" if kind == "lab" else f"now add `- {path.removeprefix('docs/')}` to the nav of mkdocs.yml, and run make check")


@main.command()
def bench() -> None:
    """Measure builds and first views, in one run."""
    from guide import bench as stopwatch

    click.echo(stopwatch.table())


@main.command()
@click.option("--check", is_flag=True, help="Only say whether README is up to date.")
def figures(check: bool) -> None:
    """Write the figures of the built guide into README."""
    from guide import figures as counting
    from guide.cache import ROOT
    from guide.errors import Problem
    from guide.library import Library

    readme = ROOT / "README.md"
    text = readme.read_text("utf-8")
    table = counting.readme_table(Library.read(ROOT / "docs"), ROOT / "site")
    if not check:
        readme.write_text(counting.replace_table(text, table), "utf-8")
    elif counting.written_table(text) != table:
        raise GuideError([Problem("README.md", 0, "its figures are out of date; run `make figures`")])
    click.echo(table)


@main.command()
def pictures() -> None:
    """Take the pictures of README from the built guide."""
    from guide import pictures as camera
    from guide.cache import ROOT

    for path in camera.take(ROOT / "site"):
        click.echo(path)


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB" if size else ""


if __name__ == "__main__":
    main()
