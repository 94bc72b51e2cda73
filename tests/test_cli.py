"""The command line, run as an author runs it."""

import os
import subprocess
import sys

from conftest import ROOT

GOOD = "# Text\n\n```mermaid\nflowchart LR\n  a --> b\n```\n"
BAD = "Text.\n\n~~~ mermaid\nflowchart LR\n  a -->\n~~~\n"


def guide(*arguments, cwd=ROOT) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "guide.cli", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, env=os.environ)


def test_diagram_draws_what_it_can_and_names_the_rest(tmp_path):
    (tmp_path / "good.md").write_text(GOOD)
    (tmp_path / "bad.md").write_text(BAD)
    (tmp_path / "one.mmd").write_text("sequenceDiagram\n  A->>B: hello\n")
    done = guide("diagram", "good.md", "bad.md", "one.mmd", "--out", "out", cwd=tmp_path)
    assert done.returncode == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["good-1.svg", "one-1.svg"]
    assert "bad.md:" in done.stderr and "Traceback" not in done.stderr
    assert "hello" in (tmp_path / "out/one-1.svg").read_text()


def test_verify_passes_the_built_site(site):
    done = guide("verify", site)
    assert done.returncode == 0 and "nothing lost" in done.stdout


def test_figures_of_readme_are_up_to_date(site):
    done = guide("figures", "--check")
    assert done.returncode == 0, done.stderr
