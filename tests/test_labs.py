"""Labs: what was measured is kept, compared, named for the prose and drawn; what is wrong is said."""

import re
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT

from guide import labs
from guide.diagrams import check_size
from guide.diagrams.palette import LIGHT
from guide.errors import GuideError

LAB = '''"""How much is a half?

Two numbers are read from a file, and one is drawn at random.
"""
from pathlib import Path

import numpy as np

TOLERANCE = {"share": 0.1, "share_series": 0.1}


def run():
    share, other = map(float, Path(__file__).with_suffix(".txt").read_text().split())
    drawn = np.random.default_rng(1).random(3)
    print("a lab may talk")
    return {"share": f"{share} percent", "other": other, "drawn": drawn[0], "share_series": [share, 2 * share], "x_series": drawn.round(3)}


def plot(results):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    for factor in (1, 2, 3):
        axes.plot([0, 1], [factor * value for value in results["share_series"]], label=f"{factor} & more")
    axes.bar([0.5], [results["other"]], width=0.1, color="guide:tint-1")
    axes.set(title="Shares, %", ylabel="turned")
    axes.legend()
    return figure
'''
DRAWS = '"""Q?"""\n\ndef run():\n    return {"a": 1}\n\ndef plot(results):\n    import matplotlib.pyplot as plt\n\n    figure, axes = plt.subplots()\n    %s\n    return figure\n'


@pytest.fixture
def here(tmp_path):
    """A folder of labs with one small lab, and a function that runs any lab of it."""
    folder = tmp_path / "labs"
    folder.mkdir()
    (folder / "half_share.py").write_text(LAB)
    (folder / "half_share.txt").write_text("31.2 0.5")

    def run(name: str = "half_share", update: bool = False, code: str | None = None) -> labs.Report:
        if code is not None:
            (folder / f"{name}.py").write_text(code)
        return labs.run_lab(name, update, folder, tmp_path / "plots")

    return SimpleNamespace(folder=folder, plots=tmp_path / "plots", results=folder / "results" / "half_share.json", plot=tmp_path / "plots" / "half_share.svg", run=run)


def problems(run, *arguments, **named) -> list[str]:
    with pytest.raises(GuideError) as error:
        run(*arguments, **named)
    return [str(problem) for problem in error.value.problems]


def test_what_was_measured_is_kept_and_holds(here):
    first = here.run()
    assert not first.holds and first.written == () and not here.results.exists() and "new      share: measured 31.2 percent" in str(first)
    updated = here.run(update=True)
    assert updated.written == (here.results, here.plot) and updated.holds
    kept = here.results.read_bytes(), here.plot.read_bytes()
    again = here.run()
    assert again.holds and again.plot_holds and [check.name for check in again.checks] == ["drawn", "other", "share", "share_series", "x_series"]
    assert "holds    share: committed 31.2 percent, measured 31.2 percent (10 % allowed)" in str(again)
    here.run(update=True)
    assert kept == (here.results.read_bytes(), here.plot.read_bytes()), "two runs must write the same bytes"
    assert not list(here.folder.rglob("__pycache__"))


def test_results_are_values_of_the_prose(here):
    here.run(update=True)
    values, wrong = labs.read_results(here.results.parent)
    assert wrong == []
    assert list(values) == ["lab-half-share"] and set(values["lab-half-share"]) == {"share", "other", "drawn"}
    share, other = values["lab-half-share"]["share"], values["lab-half-share"]["other"]
    assert (share.show(), share.show(decimals=2), other.show(), share.exact) == ("31.2\u00a0%", "31.20\u00a0%", "0.5", False)
    assert (2 * share.quantity).to("").magnitude == pytest.approx(0.624), "a percent is a hundredth, in formulas too"


@pytest.mark.parametrize(
    ("numbers", "differing"),
    [("31.2 0.5", []), ("34.2 0.5", []), ("28.2 0.5", []), ("35.2 0.5", ["share", "share_series"]), ("31.2 0.5000001", ["other"])],
)
def test_tolerance(here, numbers, differing):
    here.run(update=True)
    (here.folder / "half_share.txt").write_text(numbers)
    report = here.run()
    assert [check.name for check in report.checks if not check.holds] == differing
    assert report.holds == (not differing) and report.plot_holds, "the plot is drawn from what was committed"
    assert str(report).count("DIFFERS") == len(differing)


def test_results_that_come_go_or_change_their_unit(here):
    here.run(update=True)
    report = here.run(code=LAB.replace('"other": other', '"another": other').replace("{share} percent", "{share} ms"))
    assert {check.name for check in report.checks if not check.holds} == {"other", "another", "share"} and "gone     other: committed 0.5" in str(report)


def test_a_plot_that_is_not_the_committed_one(here):
    here.run(update=True)
    here.plot.write_text(here.plot.read_text().replace("turned", "twisted"))
    report = here.run()
    assert not report.holds and all(check.holds for check in report.checks) and "run `guide lab half_share --update`" in str(report)


def test_a_plot_in_the_guides_looks(here):
    here.run(update=True)
    drawn = here.plot.read_text()
    assert set(re.findall(r"#[0-9a-f]{6}\b", drawn)) <= set(LIGHT.values())
    assert re.findall(r'\bid="(.*?)"', drawn) == ["lab-half-share-title", "lab-half-share-desc"] and not re.search(r"<(use|defs|style|metadata|clipPath)\b|style=", drawn)
    assert '<title id="lab-half-share-title">How much is a half?</title>' in drawn and "one is drawn at random.</desc>" in drawn
    assert 'font-family="Plex Sans,' in drawn and check_size(drawn) == []
    words = re.findall(r"<text([^>]*)>([^<]*)", drawn)
    assert "Shares, %" in [text for _, text in words] and "1 &amp; more" in [text for _, text in words]
    assert all("font-size" in attributes for attributes, _ in words) and any("rotate(-90" in attributes for attributes, text in words if text == "turned")
    dashes = [re.search(r'stroke-dasharray="(.*?)"', line) for line in drawn.splitlines() if 'stroke-width="2"' in line]
    assert len({dash[1] if dash else "" for dash in dashes}) == 3, "lines must differ without color"


def test_the_plot_on_a_page(here):
    here.run(update=True)
    html = labs.figure_html("half_share", here.plots)
    assert html.startswith("<svg ") and html.endswith("</svg>") and f"var(--mm-online-edge,{LIGHT['online-edge']})" in html and not re.search(r'"#[0-9a-f]{6}"', html)
    assert problems(labs.figure_html, "nobody", here.plots) == ["docs/assets/labs/nobody.svg: no plot of a lab `nobody`; there are half_share"]
    assert "no plot of a lab" in problems(labs.figure_html, "../labs/results", here.plots)[0]


def test_the_fence(here, monkeypatch):
    here.run(update=True)
    reported = []
    page = SimpleNamespace(fence_lines={"half_share": 12, "nobody": 40}, report=lambda line, what: reported.append((line, what)))
    monkeypatch.setattr(labs, "PLOTS", here.plots)
    html = labs.lab_fence("half_share\n", "lab", "lab", {}, SimpleNamespace(guide_page=page))
    assert html.startswith('<div class="diagram"><svg ') and html.endswith("</svg></div>") and reported == []
    assert labs.lab_fence("nobody", "lab", "lab", {}, SimpleNamespace(guide_page=page)) == ""
    assert reported == [(41, "no plot of a lab `nobody`; there are half_share")]


def test_a_lab_without_a_plot(here):
    here.run(update=True)
    report = here.run(update=True, code=LAB.partition("def plot")[0])
    assert report.written == (here.results,) and not here.plot.exists() and here.run().holds


def test_a_missing_lab(here):
    assert problems(here.run, "nobody") == ["labs/nobody.py: no such lab; there are half_share"]
    assert "no such lab" in problems(here.run, "../labs/half_share")[0]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ('"""Q?"""\n\n\ndef helper():\n    return 1 / 0\n\n\ndef run():\n    return {"a": helper()}\n', "labs/broken.py:5: ZeroDivisionError: division by zero"),
        ('"""Q?"""\n\ndef run(:\n', "labs/broken.py:3: SyntaxError: invalid syntax (broken.py, line 3)"),
        ('"""Q?"""\nimport guide\n', "labs/broken.py:2: ModuleNotFoundError: No module named 'guide'"),
        ('"""Q?"""\n', "labs/broken.py: AttributeError: module 'broken' has no attribute 'run'"),
        ('"""Q?"""\nimport os\n\n\ndef run():\n    os._exit(7)\n', "labs/broken.py: its Python ended with code 7: no message"),
        ('def run():\n    return {"a": 1}\n', "labs/broken.py:1: no docstring; begin the lab with its question"),
    ],
)
def test_a_broken_lab(here, code, message):
    assert problems(here.run, "broken", code=code) == [message]


def test_a_lab_that_takes_too_long(here, monkeypatch):
    monkeypatch.setattr(labs, "TIMEOUT", 1)
    assert problems(here.run, "slow", code='"""Q?"""\nimport time\n\n\ndef run():\n    time.sleep(60)\n') == ["labs/slow.py: not done after 1 s; make it smaller"]


@pytest.mark.parametrize(
    ("results", "tolerance", "message"),
    [
        ("{}", "{}", "gives no results"),
        ("[1]", "{}", "gives no results"),
        ("{'Big Name': 1}", "{}", "`Big Name` is not a name of a result"),
        ("{'a': True}", "{}", "`a`: `True` is not a value"),
        ("{'a': float('nan')}", "{}", "`a`: `nan` is not a value"),
        ("{'a': None}", "{}", "`a`: `None` is not a value"),
        ("{'a': 'plenty'}", "{}", "`a`: `plenty` is not a value"),
        ("{'a': '3 flurbs'}", "{}", "`a`: unknown unit `flurbs`"),
        ("{'a': [1, 2]}", "{}", "`a`: `[1, 2]` is not a value"),
        ("{'a_series': 1}", "{}", "`a_series` is not a list of numbers"),
        ("{'a_series': ['x']}", "{}", "`a_series` is not a list of numbers"),
        ("{'a': 1}", "{'b': 0.1}", "`TOLERANCE` names `b`, which is no result"),
        ("{'a': 1}", "{'a': 2}", "`TOLERANCE` of `a` is 2; give a share"),
        ("{'a': 1}", "{'a': -0.1}", "`TOLERANCE` of `a` is -0.1; give a share"),
    ],
)
def test_bad_results(here, results, tolerance, message):
    found = problems(here.run, "bad", update=True, code=f'"""Q?"""\n\nTOLERANCE = {tolerance}\n\n\ndef run():\n    return {results}\n')
    assert len(found) == 1 and found[0].startswith("labs/bad.py: ") and message in found[0]
    assert not (here.folder / "results" / "bad.json").exists()


@pytest.mark.parametrize(
    ("draws", "message"),
    [
        ("axes.plot([1, 2], color='red')", "the plot has colors of its own (#ff0000)"),
        ("axes.bar([1], [2], color='guide:tint-1', hatch='//')", "the plot holds a hatch"),
        ("axes.imshow([[1, 2]])", "the plot holds an image"),
        ("axes.set_title('$x^2$')", "the plot holds a formula"),
        ("axes.set_title('tiny', fontsize=4)", "the plot is too small to read"),
    ],
)
def test_bad_plots(here, draws, message):
    assert message in problems(here.run, "bad", update=True, code=DRAWS % draws)[0]


def test_results_that_cannot_be_used(here):
    here.run(update=True)
    (here.folder / "half_share.py").write_text(LAB + "# changed\n")
    values, wrong = labs.read_results(here.results.parent)
    assert [str(problem) for problem in wrong] == ["labs/half_share.py: changed after its results were taken; run `guide lab half_share --update`"]
    assert "lab-half-share" in values, "those who name its values must not all complain too"
    (here.folder / "half_share.py").write_bytes(LAB.replace("\n", "\r\n").encode())
    assert labs.read_results(here.results.parent)[1] == [], "line ends do not count"
    (here.folder / "half_share.py").unlink()
    assert "the results of a lab that is not there" in str(labs.read_results(here.results.parent)[1][0])
    here.results.write_text('{"results": {"a": "many"}}')
    assert "`a`: `many` is not a value" in str(labs.read_results(here.results.parent)[1][0])
    here.results.write_text("[]")
    assert "holds no `results`" in str(labs.read_results(here.results.parent)[1][0])
    here.results.write_text("{\n<<<<<<<")
    assert str(labs.read_results(here.results.parent)[1][0]).startswith("labs/results/half_share.json:2: not the results of a lab")


def test_no_results_at_all(tmp_path):
    assert labs.read_results(tmp_path / "nothing") == ({}, [])


def test_no_python_for_the_labs(here, monkeypatch):
    monkeypatch.setattr(labs, "PYTHON", Path("/nowhere/.venv-labs/bin/python"))
    assert "python3 -m venv .venv-labs" in problems(here.run)[0]


def test_the_labs_packages_are_pinned_with_hashes_and_name_no_host():
    pinned = (ROOT / "labs" / "requirements.txt").read_text("utf-8")
    assert "--hash=sha256:" in pinned and not re.search(r"://|--index|--find-links|@ file", pinned)
    for name, version in re.findall(r"^([\w-]+)==(\S+)", (ROOT / "labs" / "requirements.in").read_text("utf-8"), re.M):
        assert re.search(rf"^{name}=={re.escape(version)} ", pinned, re.M), f"{name} changed; run `make lock`"


def test_every_lab_has_results():
    assert {f"lab-{name.replace('_', '-')}" for name in labs.names()} == set(labs.read_results()[0])


QUICK = 30  # s
SLOW = [name for name in labs.names() if (labs.seconds(name) or 0) >= QUICK]


@pytest.mark.parametrize("name", [name for name in labs.names() if name not in SLOW] + ([SLOW[date.today().toordinal() % len(SLOW)]] if SLOW else []))
def test_a_lab_measures_what_was_committed(name):
    """Every quick lab, and one of the others, another each day."""
    report = labs.run_lab(name)
    assert report.holds, str(report)
