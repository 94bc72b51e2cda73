"""Diagrams, drawn by the real Mermaid in the real Chromium."""

from __future__ import annotations

import asyncio
import gzip
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from lxml import etree
from weasyprint import HTML

from guide import diagrams, fonts
from guide.diagrams import DiagramError, Renderer, browser, check_size, fence_blocks, parse, render_files
from guide.diagrams.palette import CLASSES, COLOURS, LIGHT
from guide.diagrams.renderer import _refuse_lost_words
from guide.diagrams.sizes import smallest_text

STYLE = Path(__file__).resolve().parents[1] / "docs/assets/css/diagrams.css"
SVG = "{http://www.w3.org/2000/svg}"


def described(text: str) -> str:
    """The diagram with the two lines every diagram of the guide has, in lines 2 and 3."""
    first, _, rest = text.strip().partition("\n")
    return f"{first}\n  accTitle: A title\n  accDescr: A description\n{rest}\n"


SAMPLES = {
    "flowchart": """flowchart TB
  app(["App"]):::person -- "41,667 tap/s" --> log["Event stream"]:::online
  log --> job["Join job<br>score > 3"]:::offline ==> store[("Feature store")]:::store
  store --> rank{{"Ranker"}}:::model
  subgraph theirs["Not ours"]
    ads["Ad exchange"]:::external <-.-> bank["Bank"]
  end
  ads --> log""",
    "sequence": """sequenceDiagram
  autonumber
  actor U as User
  participant G as Gateway
  U->>+G: open home page
  alt score > 3
    G-->>U: 20 items
  else timeout after 80 ms
    G-)G: popular items
  end
  Note over U,G: p99 below 120 ms
  G-->>-U: done""",
    "class": """classDiagram
  class Ranker:::model {
    +float threshold
    +score(items) list~float~
  }
  class Store:::store
  <<interface>> Store
  Ranker --> "1" Store : reads features
  Ranker <|-- TwoTower""",
    "state": """stateDiagram-v2
  [*] --> Shadow:::offline
  Shadow --> Canary:::online : no regressions
  state Canary {
    [*] --> Serving
  }
  Canary --> [*] : errors > 1 %""",
    "er": """erDiagram
  USER ||--o{ IMPRESSION : sees
  IMPRESSION {
    timestamp at "server clock"
    float score
  }""",
    "gantt": """gantt
  title Rollout
  dateFormat YYYY-MM-DD
  section Model
    Shadow :done, a1, 2026-01-01, 7d
    Canary 1 % :active, a2, after a1, 7d
  section Data
    Backfill :crit, 2026-01-03, 10d""",
    "pie": """pie showData title Latency budget
  "Retrieval" : 40
  "Ranking" : 50""",
    "quadrant": """quadrantChart
  title Reach and effort
  x-axis Low effort --> High effort
  y-axis Low reach --> High reach
  quadrant-1 Plan
  "Calibration": [0.2, 0.8]""",
    "xychart": """xychart-beta
  title "Recall by candidates"
  x-axis "candidates" [10, 100, 1000]
  y-axis "recall (%)" 0 --> 100
  bar [20, 60, 92]
  line [18, 58, 90]""",
    "timeline": """timeline
  title A label matures
  section Online
    0 s : impression shown
  section Offline
    1 day : join job runs : negatives assumed""",
    "mindmap": """mindmap
  root((Ranking))
    Data
      Labels
    Model""",
    "journey": """journey
  title A cold start
  section First visit
    Open app: 5: User""",
    "git": """gitGraph
  commit id: "baseline"
  branch two-tower
  commit id: "embeddings"
  checkout main
  merge two-tower tag: "v2" """,
    "sankey": """sankey-beta
Items,Retrieved,500
Items,Filtered,300""",
    "block": """block-beta
  columns 2
  a["Gateway"] c[("Store")]
  a --> c""",
    "requirement": """requirementDiagram
  requirement latency {
    id: 1
    text: p99 below 120 ms
    risk: high
    verifymethod: test
  }""",
    "kanban": """kanban
  todo[To do]
    a[Shadow the model]""",
    "packet": """packet-beta
  0-15: "User id"
  16-31: "Item id" """,
    "architecture": """architecture-beta
  group api(cloud)[API]
  service db(database)[Database] in api
  service server(server)[Server] in api
  db:L -- R:server""",
    "radar": """radar-beta
  axis a["Recall"], b["Latency"], c["Cost"]
  curve x["Two towers"]{80, 90, 70}""",
}
TWELVE = """flowchart TB
  user(["User"]):::person --> edge["CDN"]:::external
  edge --> gw["API gateway"]:::online
  gw --> ret["Retrieval"]:::online
  ret --> ann[("ANN index")]:::store
  gw --> feat["Feature fetch"]:::online
  feat --> fs[("Feature store")]:::store
  ret --> rank{{"Ranker"}}:::model
  feat --> rank
  rank -- "top 20" --> pol["Policy"]:::online
  gw -. "log" .-> stream["Event stream"]:::offline
  stream --> join["Label join"]:::offline
  join --> train["Training"]:::offline
  train -- "weekly" --> rank"""


@pytest.fixture(scope="module")
def renderer(tmp_path_factory):
    with Renderer(tmp_path_factory.mktemp("diagrams")) as renderer:
        yield renderer


def draw(renderer: Renderer, text: str, strict: bool = True):
    return renderer.render(parse(described(text) if strict else text, strict))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_type_is_drawn_small_plain_and_themable(renderer, name):
    drawing = draw(renderer, SAMPLES[name])
    root = etree.fromstring(drawing.web("x").encode())
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "g", "rect", "circle", "ellipse", "line", "path", "polygon", "polyline", "text",
    }  # fmt: skip
    assert root.xpath("//@id") == ["x-title", "x-desc"]
    assert not root.xpath("//@class | //@style")
    assert not re.search(r'(fill|stroke)="#', drawing.web("x")), "a colour without a dark variant"
    assert "var(" not in drawing.print("x")
    assert len(drawing.svg) < 9_000
    assert smallest_text(drawing.svg) >= 13


def test_a_drawing_has_its_natural_size_and_an_accessible_name(renderer):
    source = 'flowchart LR\n  accTitle: P & "Q"\n  accDescr {\n    It goes\n    on <b>.\n  }\n  a["A"] --> b["B"]\n'
    root = etree.fromstring(renderer.render(parse(source)).web("fig-1").encode())
    left, top, width, height = map(float, root.get("viewBox").split())
    assert (float(root.get("width")), float(root.get("height"))) == (width, height)
    assert root.get("role") == "img" and root.get("aria-labelledby") == "fig-1-title fig-1-desc"
    assert root.findtext(f"{SVG}title") == 'P & "Q"'
    assert root.findtext(f"{SVG}desc") == "It goes on <b>."


def test_labels_keep_every_character(renderer):
    drawing = draw(renderer, 'flowchart LR\n  a["score > 3 & x < 4<br>λ ≥ 0.5 #quot;q#quot;"] -- "p > 0.1" --> b["a < b > c"]')
    assert drawing.text.split("\n") == ["p > 0.1", "score > 3 & x < 4", 'λ ≥ 0.5 "q"', "a < b > c"]


def test_a_lost_label_is_an_error(renderer):
    drawing = draw(renderer, 'flowchart LR\n  a["score 3"]')
    written = parse(described('flowchart LR\n  a["score > 3"]'))
    with pytest.raises(DiagramError, match="score > 3") as error:
        _refuse_lost_words(written, drawing.svg)
    assert error.value.line == 4
    with pytest.raises(DiagramError, match="a<b, c>d"):  # read as HTML and thrown away
        draw(renderer, 'flowchart LR\n  a["a<b, c>d"]')


def test_what_is_written_otherwise_than_drawn_is_not_taken_for_lost(renderer):
    for text in (
        "classDiagram\n  class A {\n    +items: list~float~\n    +load(): void$\n  }\n  A --> B : reads",
        'flowchart LR\n  a@{ shape: cyl, label: "Store" } --> b["B"]\n  click b href "https://example.org" "Tip"',
        "gantt\n  title A: b\n  dateFormat YYYY-MM-DD HH:mm\n  section S\n  Task :2026-01-01 10:00, 7d",
        "sequenceDiagram\n  A->>B: at 12:30<br/>said #quot;hi#quot;\n  Note right of B: a long note<br>in two lines",
        'stateDiagram-v2\n  state "Long name" as l\n  [*] --> l:::online : go\n  l : Long name',
    ):
        draw(renderer, text)


def test_two_browsers_and_another_order_give_the_same_bytes(tmp_path, renderer):
    names = ["sequence", "class", "gantt", "flowchart", "state", "mindmap", "architecture", "git"]
    first = {name: draw(renderer, SAMPLES[name]).svg for name in names}
    with Renderer(tmp_path) as other:
        again = {name: draw(other, SAMPLES[name]).svg for name in reversed(names)}
    assert first == again


def test_no_trace_of_the_day_of_the_build(renderer):
    long = "gantt\n  dateFormat YYYY-MM-DD\n  section A\n  Task :2020-01-01, 2099-01-01"
    marked, unmarked = draw(renderer, long), draw(renderer, long.replace("  section", "  todayMarker off\n  section"))
    assert marked.svg == unmarked.svg


def test_ids_of_two_diagrams_on_a_page_differ():
    one, two = (diagrams.inline_svg(described(SAMPLES[name])) for name in ("flowchart", "state"))
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (one, two)]
    assert not ids[0] & ids[1] and one == diagrams.inline_svg(described(SAMPLES["flowchart"]))


def test_twelve_nodes_are_a_small_file(renderer):
    drawing = draw(renderer, TWELVE)
    assert len(drawing.web("x")) < 15_000
    assert len(gzip.compress(drawing.web("x").encode())) < 3_000


BROKEN = {  # (diagram, line of the mistake)
    "flowchart": ('flowchart LR\n  %% a remark\n\n  a["A"] --> b["B"]\n  b --> [', 7),
    "sequence": ("sequenceDiagram\n  A->>B: hi\n  A-B: x\n  A->>B: ho", 5),
    "state": ("stateDiagram-v2\n  a --> b\n  a -> b\n  b --> a", 5),
    "class": ("classDiagram\n  class A\n  A <|--\n  B --> A", 5),
    "er": ("erDiagram\n  A ||--o{ B : x\n  A |-o B : y", 5),
    "pie": ('pie\n  "a" : 1\n  "b" x 3', 5),
    "gantt": ("gantt\n  dateFormat YYYY-MM-DD\n  Task: 2026-13-40, 3d", 5),
    "no type": ("drawing\n  a --> b", 1),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_is_one_line_with_its_place(renderer, name):
    text, line = BROKEN[name]
    with pytest.raises(DiagramError) as error:
        draw(renderer, text)
    assert error.value.line == line
    assert "\n" not in error.value.message and 10 < len(error.value.message) < 200


@pytest.mark.parametrize(
    "line, said",
    [
        ("style a fill:#f00", "no `style` of your own"),
        ("a --> b; linkStyle 0 stroke:red", "no `linkStyle` of your own"),
        ("classDef hot fill:#f00", "no `classDef` of your own"),
        ("%%{init: {'theme': 'dark'}}%%", "no %%{init} of your own"),
        ("a:::hot --> b", "unknown class `:::hot`"),
    ],
)
def test_looks_of_the_authors_own_are_refused(line, said):
    with pytest.raises(DiagramError, match=re.escape(said)) as error:
        parse(described(f'flowchart LR\n  a["A"] --> b["style guide"]\n  {line}'))
    assert error.value.line == 5


def test_what_else_the_guide_refuses(renderer):
    for source, line, said in [
        ("", 1, "empty"),
        ("flowchart LR\n  a --> b\n", 1, "accTitle"),
        ("flowchart LR\n  accTitle: t\n  a --> b\n", 1, "accDescr"),
        ("---\nconfig:\n  theme: dark\n---\n" + described("flowchart LR\n  a --> b"), 1, "front matter"),
    ]:
        with pytest.raises(DiagramError, match=said) as error:
            parse(source)
        assert error.value.line == line
    for text, line, said in [
        ('flowchart LR\n  a["A"]\n  b["B 🚀"]', 5, "U\\+1F680"),
        ("sequenceDiagram\n  rect rgb(191, 223, 255)\n  A->>B: hi\n  end", 1, "#bfdfff"),
        ('treemap-beta\n"Cost"\n    "GPU": 30', 1, "clip path"),
    ]:
        with pytest.raises(DiagramError, match=said) as error:
            draw(renderer, text)
        assert error.value.line == line


def test_anybodys_diagram_may_look_as_it_likes(renderer):
    drawing = draw(renderer, "%%{init: {'theme': 'dark'}}%%\nflowchart LR\n  a[A 🚀]:::x --> b\n  classDef x fill:#abcdef", strict=False)
    assert 'fill="#abcdef"' in drawing.web("x") and "<title" not in drawing.web("x")
    assert "A 🚀" in drawing.text


def test_classes_are_drawn_in_flowcharts_states_and_classes(renderer):
    for text in (
        "flowchart LR\n" + "\n".join(f'  {name}["N"]:::{name}' for name in CLASSES),
        "stateDiagram-v2\n" + "\n".join(f"  [*] --> {name}s:::{name}" for name in CLASSES),
        "classDiagram\n" + "\n".join(f"  class {name}s:::{name}" for name in CLASSES),
    ):
        drawing = draw(renderer, text)
        for name in CLASSES:
            assert f'fill="{LIGHT[name]}"' in drawing.svg and f'stroke="{LIGHT[name + "-edge"]}"' in drawing.svg


def test_any_thread_may_draw(tmp_path):
    with Renderer(tmp_path) as renderer:

        def one(i: int) -> str:
            return draw(renderer, f'flowchart LR\n  a["Node {i}"]').text

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(one, range(8))) == [f"Node {i}" for i in range(8)]

        async def inside_a_loop() -> str:
            return one(9)

        with ThreadPoolExecutor(1) as pool:  # this thread may hold the loop of another test's browser
            assert pool.submit(lambda: asyncio.run(inside_a_loop())).result() == "Node 9"
        renderer.close()
        assert one(10) == "Node 10"


def test_a_diagram_that_hangs_is_an_error_and_the_next_one_is_drawn(tmp_path, monkeypatch):
    with Renderer(tmp_path) as renderer:
        draw(renderer, 'flowchart LR\n  a["A"]')
        with monkeypatch.context() as patch:
            patch.setattr(browser, "TIMEOUT_S", 0.5)
            patch.setattr(browser, "DRAW", "() => { for (;;) {} }")
            with pytest.raises(DiagramError, match="did not finish within"):
                draw(renderer, 'flowchart LR\n  b["B"]')
        assert draw(renderer, 'flowchart LR\n  b["B"]').text == "B"


def test_a_browser_that_dies_is_an_error_and_the_next_one_is_drawn(tmp_path, monkeypatch):
    with Renderer(tmp_path) as renderer:
        with monkeypatch.context() as patch:
            patch.setattr(browser, "DRAW", "() => { window.close(); return new Promise(() => {}) }")
            with pytest.raises(DiagramError, match="the browser stopped"):
                draw(renderer, 'flowchart LR\n  a["A"]')
        assert draw(renderer, 'flowchart LR\n  a["A"]').text == "A"


def test_a_process_ends_without_closing_anything(tmp_path):
    code = (
        "import sys; from pathlib import Path; from guide.diagrams import Renderer, parse\n"
        "print(Renderer(Path(sys.argv[1])).render(parse('flowchart LR\\n a', strict=False)).text)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a\n", "")


def test_a_kept_drawing_needs_no_browser_and_a_spoilt_one_is_drawn_again(tmp_path, monkeypatch):
    with Renderer(tmp_path) as renderer:
        drawn = draw(renderer, SAMPLES["pie"]).svg
        (kept,) = tmp_path.iterdir()
        good = kept.read_bytes()
        for spoilt in (b"", good[: len(good) // 2], good.replace(b"Ranking", b"Banking"), b"\xff\xfe"):
            kept.write_bytes(spoilt)
            assert draw(renderer, SAMPLES["pie"]).svg == drawn
            assert kept.read_bytes() == good
    monkeypatch.setattr(browser, "find_browser", lambda: None)
    with Renderer(tmp_path) as renderer:
        assert draw(renderer, SAMPLES["pie"]).svg == drawn
        with pytest.raises(diagrams.NoBrowserError):
            draw(renderer, SAMPLES["er"])


def test_a_change_of_words_for_screen_readers_draws_nothing_anew(tmp_path):
    with Renderer(tmp_path) as renderer:
        source = described(SAMPLES["pie"])
        one = renderer.render(parse(source)).web("x")
        two = renderer.render(parse(source.replace("A title", "Another title"))).web("x")
    assert one != two and len(list(tmp_path.iterdir())) == 1


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_style_sheet_has_the_palette_in_both_schemes():
    style = STYLE.read_text("utf8")
    light, dark = (dict(re.findall(r"--mm-([\w-]+): (#\w{6});", part)) for part in style.split("@media screen"))
    assert light == LIGHT and dark == {name: value for name, (_, value) in COLOURS.items()}
    assert all(one != other for one, other in combinations(LIGHT.values(), 2)), "a light value must mean one name"


@pytest.mark.parametrize("scheme", (0, 1), ids=("light", "dark"))
def test_contrast(scheme):
    colour = {name: values[scheme] for name, values in COLOURS.items()}
    fills = [name for name in colour if f"{name}-edge" in colour or name.startswith("tint-") or name == "label"]
    for name in fills:
        assert contrast(colour["text"], colour[name]) >= 4.5, f"text on {name}"
    assert contrast(colour["label"], colour["line"]) >= 4.5, "a message's number on its circle"
    for name in [*CLASSES, "node", "note"]:
        assert contrast(colour[f"{name}-edge"], colour["label"]) >= 3, f"{name}-edge on the page"
    assert contrast(colour["line"], colour["label"]) >= 3 and contrast(colour["line"], colour["cluster"]) >= 3


def test_print_is_literal_and_fits_the_page(renderer):
    web = draw(renderer, SAMPLES["flowchart"]).web("x")
    printed = diagrams.for_print(web)
    width, height = map(float, re.search(r'width="([\d.]+)" height="([\d.]+)"', printed).groups())
    assert "var(" not in printed and width <= 514 and height <= 600
    assert re.search(r'viewBox="[^"]+"', web)[0] in printed


def test_the_book_shows_every_word_in_the_diagrams_typeface(renderer, tmp_path):
    drawings = [draw(renderer, SAMPLES[name]) for name in ("flowchart", "sequence", "state", "xychart")]
    faces = "".join(
        f'@font-face {{ font-family: "Plex Sans"; font-weight: {weight}; src: url({fonts.plex("sans", style).as_uri()}) }}'
        for weight, style in ((400, "Regular"), (600, "SemiBold"))
    )
    body = "".join(diagrams.for_print(drawing.web(f"d{i}")) for i, drawing in enumerate(drawings))
    page = f"<html lang=en><title>t</title><style>{faces} body {{ font-family: 'Plex Sans' }}</style>{body}"
    HTML(string=page).write_pdf(tmp_path / "book.pdf", pdf_variant="pdf/ua-1")
    document = pypdfium2.PdfDocument(tmp_path / "book.pdf")
    text = "".join("".join(sheet.get_textpage().get_text_range().split()) for sheet in document)
    for drawing in drawings:
        for line in drawing.text.split("\n"):
            assert "".join(line.split()) in text
    with pikepdf.open(tmp_path / "book.pdf") as pdf:
        used = {str(font.BaseFont) for sheet in pdf.pages for font in sheet.Resources.get("/Font", {}).values()}
    assert used and all("Plex" in name for name in used), used


def test_sizes(renderer):
    chain = "flowchart {}\n" + " --> ".join(f'  n{i}["Node number {i}"]' for i in range(12))
    assert check_size(draw(renderer, TWELVE).svg) == []
    (wide,) = check_size(draw(renderer, chain.format("LR")).svg)
    assert "break the chain in rows" in wide
    (tall,) = check_size(draw(renderer, chain.format("TB") + "\n  n11 --> x[\"X\"] --> y[\"Y\"] --> z[\"Z\"]").svg)
    assert "split it in two" in tall
    with pytest.raises(DiagramError, match="break the chain"):
        diagrams.inline_svg(described(chain.format("LR")))


def test_the_example_of_the_contributors_guide_is_readable(renderer):
    text = Path(__file__).resolve().parents[1].joinpath("CONTRIBUTING.md").read_text("utf8")
    (source,) = [source for _, source in fence_blocks(text.replace("````markdown", "").replace("````", ""), ".md")]
    drawing = renderer.render(parse(source.replace("{{ peak_events }}", "417,000 event/s")))
    assert check_size(drawing.svg) == []


def test_fences_are_found_wherever_markdown_allows_them():
    text = """
```mermaid
a
```
~~~~ mermaid
b
```
~~~~
    ``` {.mermaid #fig}
    c
      d
    ```
> ```mermaid title="x"
> e
> ```
```python
```mermaid
```
`````markdown
```mermaid
not one
```
`````
```mermaid
open to the end"""
    assert fence_blocks(text, ".md") == [
        (3, "a\n"), (6, "b\n```\n"), (10, "c\n  d\n"), (14, "e\n"), (25, "open to the end\n"),
    ]  # fmt: skip
    assert fence_blocks("graph TD\n", ".mmd") == [(1, "graph TD\n")]


def test_files_are_drawn_and_all_problems_told(tmp_path):
    (tmp_path / "a.md").write_text("# A\n```mermaid\ngraph TD\n  a --> b\n```\n\n```mermaid\ngraph TD\n  a -->\n  b -->\n```\n```mermaid\npie\n  \"x\" : 1\n```\n")
    (tmp_path / "b.mmd").write_text("nothing known\n")
    (tmp_path / "c.md").write_bytes(b"\xff\xfe")
    written, problems = render_files([tmp_path / name for name in ("a.md", "b.mmd", "c.md", "gone.md")], tmp_path / "out")
    assert [path.name for path in written] == ["a-1.svg", "a-3.svg"]
    assert all(etree.parse(path).getroot().tag == f"{SVG}svg" for path in written)
    places = [str(problem).removeprefix(f"{tmp_path}/").split(": ")[0] for problem in problems]
    assert places == ["a.md:10", "b.mmd:1", "c.md", "gone.md"]
