"""Runs one lab in the labs' own Python; started by guide.labs, of which it imports nothing.

The request comes as JSON on standard input, the answer goes as JSON into the file it names: a lab may print what it likes.
"""

import importlib
import io
import json
import sys
import traceback
from importlib import metadata
from pathlib import Path


def answer(request: dict) -> dict:
    """What the lab says of itself, what it measured, and its plot as matplotlib writes it; or the error and its line in the lab."""
    path = Path(request["folder"]) / f"{request['lab']}.py"
    sys.path.insert(0, request["folder"])
    try:
        lab = importlib.import_module(request["lab"])
        measured = json.loads(json.dumps(lab.run(), default=lambda value: value.tolist()))  # as the file will hold it
        said = {"doc": lab.__doc__ or "", "describe": getattr(lab, "DESCRIBE", ""), "seconds": getattr(lab, "SECONDS", None), "tolerance": getattr(lab, "TOLERANCE", {})}
        plot = draw(lab.plot(request["committed"] or measured), request) if prepare(lab, request) else None
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}", "line": line_of(error, path)}
    return {**said, "results": measured, "plot": plot, "packages": packages(request["packages"])}


def line_of(error: Exception, path: Path) -> int:
    """The last line of the lab that the error passed through; 0 if none."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 0
    return next((frame.lineno or 0 for frame in reversed(traceback.extract_tb(error.__traceback__)) if frame.filename == str(path)), 0)


def packages(direct: list[str]) -> dict[str, str]:
    """The versions of those packages that were used."""
    loaded = {name.partition(".")[0] for name in sys.modules}
    used = {package for module, names in metadata.packages_distributions().items() if module in loaded for package in names}
    return {name: metadata.version(name) for name in direct if name in used}


def prepare(lab, request: dict) -> bool:
    """Gives matplotlib the guide's looks; False if the lab draws nothing."""
    if not hasattr(lab, "plot"):
        return False
    import matplotlib
    from cycler import cycler
    from matplotlib import colors, font_manager

    for file in request["fonts"]:
        font_manager.fontManager.addfont(file)
    colors.get_named_colors_mapping().update({f"guide:{name}": value for name, value in request["colors"].items()})
    matplotlib.rcParams.update(request["style"])
    matplotlib.rcParams["axes.prop_cycle"] = cycler(**request["cycle"])
    return True


def draw(figure, request: dict) -> str:
    # Clipping would need ids, of which a page may hold each only once; so what is drawn must lie inside its axes.
    for artist in figure.findobj():
        artist.set_clip_on(False)
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return file.getvalue()


if __name__ == "__main__":
    asked = json.loads(sys.stdin.read())
    Path(asked["answer"]).write_text(json.dumps(answer(asked)), "utf-8")
