"""The settings under which Mermaid draws: one look, one layout, every colour from the palette."""

from __future__ import annotations

from guide.diagrams.palette import FONT, LIGHT, LINES, TINTS

TEXT_PX = 16
SMALL_PX = 14  # the smallest text of a chart: 14 px are 7.6 pt in the book

# Mermaid 12 has defaults of its own for these three in every type of diagram (neo, redux, elk).
LOOK = {"theme": "base", "look": "classic", "layout": "dagre"}
TYPES = (
    "agentflow architecture block c4 class cynefin er eventmodeling flowchart gantt gitGraph ishikawa journey kanban "
    "mindmap packet pie quadrantChart radar railroad requirement sankey sequence state swimlane timeline treeView "
    "treemap usecase venn wardley xyChart"
).split()

# What no variable reaches. Sizes: nothing under SMALL_PX. Labels: the line they sit on must not show through.
CSS = f"""
text, tspan {{ font-family: "{FONT}" !important }}
text.journey-section, text.task {{ fill: {LIGHT["text"]} !important }}
.sequenceNumber {{ font-size: 13px !important }}
.actor-man text {{ transform: translate(0, 6px) }}
.radarCurve-0, .radarLegendBox-0 {{ stroke: {LINES[0]} !important }}
.radarCurve-1, .radarLegendBox-1 {{ stroke: {LINES[1]} !important }}
.radarCurve-2, .radarLegendBox-2 {{ stroke: {LINES[2]} !important }}
.edgeLabel rect, .labelBkg {{ opacity: 1 !important; fill: {LIGHT["label"]} !important }}
.node :is(rect, path, polygon, circle, ellipse) {{ stroke-width: 1.5px }}
.edgePath path, .flowchart-link, .transition, .relation, .relationshipLine {{ stroke-width: 1.5px }}
.edge-thickness-thick {{ stroke-width: 3px !important }}
.edge-pattern-dotted {{ stroke-dasharray: 3 4 !important }}
.edgeTerminals, .edgeTerminals tspan {{ font-size: {SMALL_PX}px }}
.actor-line {{ stroke-width: 1px }}
.grid .tick {{ opacity: 1 }} .grid .tick line {{ stroke: {LIGHT["grid"]} }} .grid .tick text {{ font-size: {SMALL_PX}px }}
.section:is(rect) {{ fill: none !important }}
[class^="bar-plot"] rect {{ fill-opacity: 0.35 }} .eventWrapper, .taskWrapper {{ filter: none }}
text[font-size="4ex"] {{ font-size: 18px; font-weight: 400 }}
.sections rect {{ fill: {LIGHT["cluster"]} !important; stroke: {LIGHT["cluster-edge"]} !important }}
.packetByte, .packetLabel, .packetTitle {{ font-size: {SMALL_PX}px }}
"""


def _theme() -> dict:
    """Every colour a diagram of the guide can use; what is left out, Mermaid derives from other colours."""
    of = {
        "text": """primaryTextColor secondaryTextColor tertiaryTextColor textColor titleColor nodeTextColor
            actorTextColor signalTextColor labelTextColor loopTextColor noteTextColor taskTextColor
            taskTextOutsideColor taskTextLightColor taskTextDarkColor taskTextClickableColor transitionLabelColor
            stateLabelColor classText scaleLabelColor pieTitleTextColor pieSectionTextColor pieLegendTextColor
            quadrant1TextFill quadrant2TextFill quadrant3TextFill quadrant4TextFill quadrantPointTextFill
            quadrantXAxisTextFill quadrantYAxisTextFill quadrantTitleFill requirementTextColor relationLabelColor
            branchLabelColor tagLabelColor commitLabelColor errorTextColor vennTitleTextColor vennSetTextColor""",
        "line": """lineColor arrowheadColor defaultLinkColor signalColor transitionColor relationColor
            archEdgeColor archEdgeArrowColor specialStateColor innerEndBackground vertLineColor todayLineColor""",
        "label": """background edgeLabelBackground relationLabelBackground labelBackgroundColor altSectionBkgColor
            sequenceNumberColor quadrant1Fill quadrant3Fill""",
        "grid": "gridColor excludeBkgColor",
        "node": """primaryColor mainBkg nodeBkg actorBkg labelBoxBkgColor stateBkg requirementBackground rowEven
            commitLabelBackground personBkg attributeBackgroundColorEven""",
        "node-edge": """primaryBorderColor secondaryBorderColor tertiaryBorderColor nodeBorder actorBorder
            labelBoxBorderColor requirementBorderColor border1 border2 tagLabelBorder personBorder compositeBorder
            quadrantInternalBorderStrokeFill quadrantExternalBorderStrokeFill archGroupBorderColor""",
        "cluster": """secondaryColor tertiaryColor clusterBkg sectionBkgColor sectionBkgColor2 rectBkgColor altBackground
            compositeBackground compositeTitleBackground errorBkgColor rowOdd attributeBackgroundColorOdd quadrant2Fill quadrant4Fill""",
        "cluster-edge": "clusterBorder flowContainerStroke pieStrokeColor pieOuterStrokeColor actorLineColor",
        "note": "noteBkgColor",
        "note-edge": "noteBorderColor",
        "store": "tagLabelBackground doneTaskBkgColor activationBkgColor",
        "store-edge": "doneTaskBorderColor activationBorderColor",
        "online": "taskBkgColor",
        "online-edge": "taskBorderColor activeTaskBorderColor quadrantPointFill",
        "model": "activeTaskBkgColor",
        "offline": "critBkgColor",
        "offline-edge": "critBorderColor",
    }
    theme: dict = {variable: LIGHT[name] for name, variables in of.items() for variable in variables.split()}
    for i in range(12):
        tint = TINTS[i % len(TINTS)]
        theme |= {f"cScale{i}": tint, f"cScalePeer{i}": LIGHT["node-edge"], f"cScaleInv{i}": LIGHT["line"],
                  f"cScaleLabel{i}": LIGHT["text"], f"pie{i + 1}": tint, f"venn{i + 1}": tint, f"fillType{i}": tint,
                  f"surface{i}": tint, f"surfacePeer{i}": LIGHT["node-edge"]}
    for i in range(8):
        theme |= {f"git{i}": TINTS[i], f"gitInv{i}": LIGHT["text"], f"gitBranchLabel{i}": LIGHT["text"]}
    axis = {f"{axis}Axis{part}Color": LIGHT["text"] for axis in "xy" for part in ("Title", "Label")}
    axis |= {f"{axis}Axis{part}Color": LIGHT["line"] for axis in "xy" for part in ("Tick", "Line")}
    return theme | {
        "fontFamily": f'"{FONT}"',
        "fontSize": f"{TEXT_PX}px",
        "pieOpacity": "1",
        "pieTitleTextSize": "18px",
        "pieSectionTextSize": f"{TEXT_PX}px",
        "pieLegendTextSize": f"{TEXT_PX}px",
        "tagLabelFontSize": f"{SMALL_PX}px",
        "commitLabelFontSize": f"{SMALL_PX}px",
        "useGradient": False,
        "dropShadow": "none",
        "xyChart": axis | {
            "backgroundColor": "transparent", "titleColor": LIGHT["text"], "dataLabelColor": LIGHT["text"],
            "legendTextColor": LIGHT["text"], "plotColorPalette": ",".join(LINES),
        },
        "radar": {"axisColor": LIGHT["line"], "graticuleColor": LIGHT["cluster"], "graticuleOpacity": 1,
                  "axisLabelFontSize": SMALL_PX, "legendFontSize": SMALL_PX, "curveOpacity": 0.3},
    }


def config() -> dict:
    """What `mermaid.initialize` is given."""
    settings: dict = {name: dict(LOOK) for name in TYPES}
    settings["flowchart"] |= {
        "htmlLabels": False, "wrappingWidth": 220, "padding": 12, "minNodeWidth": 40, "nodeSpacing": 36,
        "rankSpacing": 36, "subGraphTitleMargin": {"top": 6, "bottom": 6},
    }
    settings["sequence"] |= {"mirrorActors": False, "width": 120, "height": 60, "actorMargin": 40}
    settings["er"] |= {"rankSpacing": 100}
    settings["gantt"] |= {"useWidth": 690, "fontSize": SMALL_PX, "sectionFontSize": SMALL_PX, "barHeight": 24,
                          "leftPadding": 100}
    settings["quadrantChart"] |= {"pointLabelFontSize": SMALL_PX, "titleFontSize": 18,
                                  "quadrantTextTopPadding": 10}
    settings["xyChart"] |= {"width": 660, "height": 400, "titleFontSize": 18}
    settings["packet"] |= {"bitWidth": 20}
    settings["class"] |= {"htmlLabels": False}
    settings["state"] |= {"minNodeWidth": 10}
    settings["journey"] |= {"textPlacement": "tspan", "sectionFills": TINTS[:3], "titleFontSize": "18px"}
    settings["sankey"] |= {"linkColor": "source", "width": 560, "height": 340}
    settings["radar"] |= {"width": 440, "height": 440}
    settings["timeline"] |= {"leftMargin": 0}
    return settings | {
        "startOnLoad": False,
        "securityLevel": "strict",
        "suppressErrorRendering": True,
        "htmlLabels": False,  # WeasyPrint draws no foreignObject
        "handDrawnSeed": 1,
        "deterministicIds": True,
        "deterministicIDSeed": "guide",
        "fontFamily": f'"{FONT}"',
        "fontSize": TEXT_PX,
        "themeVariables": _theme(),
        "themeCSS": CSS,
        **LOOK,
    }
