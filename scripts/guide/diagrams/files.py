"""Draws the diagrams of files as files, for `guide diagram FILE…`: anybody's Markdown, not only the guide's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from guide.diagrams.renderer import Renderer
from guide.diagrams.source import DiagramError, fence_blocks, parse
from guide.errors import Problem


def render_files(
    paths: Iterable[Path], out: Path, palette: str = "print", strict: bool = False
) -> tuple[list[Path], list[Problem]]:
    """Draws every diagram of the files into `out` as `<stem>-<n>.svg`; returns (files written, all problems).

    `palette` is `print` (literal colours) or `web` (variables). What cannot be read or drawn is a problem; the rest
    is drawn all the same.
    """
    written, problems = [], []
    with Renderer() as renderer:
        for path in paths:
            try:
                text = path.read_text("utf8")
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
                problems.append(Problem(str(path), 0, f"cannot be read: {reason}"))
                continue
            for n, (line, source) in enumerate(fence_blocks(text, path.suffix), 1):
                name = f"{path.stem}-{n}"
                try:
                    drawing = renderer.render(parse(source, strict))
                except DiagramError as error:
                    problems.append(Problem(str(path), line + error.line - 1, error.message))
                    continue
                target = out / f"{name}.svg"
                out.mkdir(parents=True, exist_ok=True)
                target.write_text(getattr(drawing, palette)(name) + "\n", "utf8")
                if target in written:
                    problems.append(Problem(str(path), line, f"{target.name} is written twice: two files share a name"))
                written.append(target)
    return written, problems
