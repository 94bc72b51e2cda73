"""The colours of every diagram and the settings under which Mermaid draws them.

Two accents carry meaning: indigo is the online path (a request waits), burnt orange the offline path (nobody
waits). Everything else is a neutral or a tint of one of the two.

Mermaid is always given the light values. Each light value therefore stands for exactly one name, which is what
lets the finished drawing be printed as it is and, for the web, have each value replaced by `var(--mm-NAME, …)`.
"""

# name: (light, dark). `label` is the page behind the diagram; the near-duplicates (#fffffe, #1d2434, …) are
# deliberate: two names may look alike in one scheme and differ in the other.
COLOURS: dict[str, tuple[str, str]] = {
    "text": ("#1c2333", "#e6e9f0"),
    "line": ("#5b677a", "#9aa6ba"),
    "label": ("#fffffe", "#1e2129"),
    "grid": ("#dfe4eb", "#3a4250"),
    "node": ("#f2f4f7", "#2a303c"),
    "node-edge": ("#6b788c", "#8a97ac"),
    "cluster": ("#f8f9fb", "#232833"),
    "cluster-edge": ("#b4bfcc", "#566175"),
    "note": ("#f5f1e8", "#37332b"),
    "note-edge": ("#91856a", "#8f8468"),
    "person": ("#ffffff", "#14171d"),
    "person-edge": ("#1d2434", "#e5e8ef"),
    "external": ("#fdfdfd", "#1b1e25"),
    "external-edge": ("#6a7689", "#8d99ad"),
    "store": ("#dae4ec", "#25384a"),
    "store-edge": ("#486983", "#8cb3d2"),
    "online": ("#e5e9ff", "#28325f"),
    "online-edge": ("#3d51d6", "#93a5ff"),
    "offline": ("#fdeadb", "#4a2b14"),
    "offline-edge": ("#b2500d", "#f39a50"),
    "model": ("#bac5ff", "#3e4ca0"),
    "model-edge": ("#2a39a8", "#b9c4ff"),
    # Fills of charts and sections, in the order they are used; text on them has the colour `text`.
    "tint-1": ("#c7d0ff", "#36438f"),
    "tint-2": ("#fad2b0", "#6b3c17"),
    "tint-3": ("#cbdae5", "#2b4760"),
    "tint-4": ("#a3b2fa", "#4452a8"),
    "tint-5": ("#f2ba8b", "#82491c"),
    "tint-6": ("#a8c0d1", "#3b5f7d"),
    "tint-7": ("#e9edfe", "#272f58"),
    "tint-8": ("#fdeede", "#442915"),
}
LIGHT = {name: light for name, (light, _) in COLOURS.items()}
# Colours that stand in Mermaid's code where no setting reaches them, and what they become.
ADOPTED = {
    "#000000": "text", "#666666": "line", "#999999": "node-edge", "#efefef": "node",
    "#fff8dc": "note", "#8fbc8f": "online-edge", "#7cfc00": "offline-edge",  # journey
    "#087ebf": "online-edge",  # icons of an architecture
    "#4e79a7": "online-edge", "#f28e2c": "offline-edge", "#e15759": "store-edge", "#76b7b2": "node-edge",  # sankey
    "#59a14f": "tint-4", "#edc949": "tint-5", "#af7aa1": "tint-6", "#ff9da7": "tint-1", "#9c755f": "tint-2",
    "#bab0ab": "tint-3",
}  # fmt: skip
TINTS = [LIGHT[f"tint-{i}"] for i in range(1, 9)]
LINES = [LIGHT[name] for name in ("online-edge", "offline-edge", "store-edge", "node-edge", "tint-4", "tint-5")]

# What an author may write after `:::`. Shape and, for `external`, a dashed edge tell them apart without colour.
CLASSES = ("person", "online", "offline", "store", "model", "external")
CLASS_DEFINITIONS = [
    f"classDef {name} fill:{LIGHT[name]},stroke:{LIGHT[name + '-edge']},color:{LIGHT['text']}"
    + (",stroke-dasharray:5" if name == "external" else "")
    for name in CLASSES
]

FONT = "Plex Sans"
FONT_FALLBACK = f"{FONT},IBM Plex Sans,system-ui,sans-serif"
