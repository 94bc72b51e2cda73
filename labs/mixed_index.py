"""What does visual search find while its index holds vectors of two encoder versions, and what repairs it?

A synthetic shop: 100 categories of products, each product a point near its category's center. A photo shows the product and a nuisance (pose, light, background), bent and
mixed into 80 numbers; a customer's photo has three times the nuisance of the seller's, and a shift of its own. A two-layer encoder is trained on pairs of both photos with
InfoNCE and its gradient written out. The old version knew 600 products of half the categories, the new one 8,000 of all. The index holds one seller's photo of each of
10,000 other products; a query is a customer's photo, and it succeeds if its product is among the ten nearest in an exact scan, so no error of an index is in the figures.
A random share of the index is embedded again. Everything is repeated in four worlds, with weights drawn anew.
"""

import numpy as np

DESCRIBE = (
    "Recall at 10 against the share of the index that has been embedded again. Left, a new query encoder over a mixture of unrelated versions: recall rises almost in a straight line from zero and passes "
    "the old index only near the end; with the old index complete and the scores of both averaged it never falls below. Right, an old index mapped by a rotation and a compatible new version: the first starts "
    "below the old level, the second just above it, both dip by several points and recover; with one number added to all old scores the compatible version hardly dips."
)
SECONDS = 18

CATEGORIES, SPREAD, LATENT, NUISANCE = 100, 0.4, 24, 12
PIXELS, HIDDEN, WIDTH = 80, 96, 32
OLD, NEW = (600, 50, 200), (8_000, CATEGORIES, 400)  # products, categories, steps
BATCH, TAU, RATE = 192, 0.07, 0.004
ITEMS, QUERIES, HELD, K = 10_000, 600, 300, 10
TOP = 5  # that people grade
SHARES = (0, 0.1, 0.25, 0.5, 0.75, 0.9, 1)
ANCHORS = (30, 100, 300, 1_000)
FITTED = 1_000  # anchors of the rotation in the mixed index
SEEDS = (1, 2, 3, 4)
VERSIONS = ("fresh", "tuned", "compatible")
TOLERANCE: dict[str, float] = {}  # entered by run: sums in another order end in other weights


class World:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.centers = self.normal(CATEGORIES, LATENT)
        self.bend = self.normal(LATENT + NUISANCE, 128) * np.float32(1.5 / np.sqrt(LATENT + NUISANCE))
        self.mix = self.normal(128, PIXELS) / np.float32(np.sqrt(128))
        self.street = self.normal(NUISANCE)  # what all customers' photos have in common

    def normal(self, *shape):
        return self.random.standard_normal(shape, dtype=np.float32)

    def products(self, count, categories=CATEGORIES):
        return self.centers[self.random.integers(0, categories, count)] + SPREAD * self.normal(count, LATENT)

    def photo(self, product, customer):
        nuisance = self.normal(len(product), NUISANCE) * (1.5 if customer else 0.5) + customer * self.street
        seen = np.tanh(np.column_stack([product, nuisance]) @ self.bend) @ self.mix
        return seen + 0.1 * self.normal(*seen.shape)


class Encoder:
    """x -> relu(x A + a) B, scaled to unit length; Adam."""

    def __init__(self, random, start=None):
        self.p = [w.copy() for w in start.p] if start else [
            (random.standard_normal((PIXELS, HIDDEN)) * np.sqrt(2 / PIXELS)).astype(np.float32),
            np.zeros(HIDDEN, np.float32),
            (random.standard_normal((HIDDEN, WIDTH)) / np.sqrt(HIDDEN)).astype(np.float32),
        ]  # fmt: skip
        self.first, self.second, self.steps = [np.zeros_like(w) for w in self.p], [np.zeros_like(w) for w in self.p], 0

    def forward(self, x):
        hidden = np.maximum(x @ self.p[0] + self.p[1], 0)
        y = hidden @ self.p[2]
        length = np.linalg.norm(y, axis=1, keepdims=True)
        return hidden, y / length, length

    def __call__(self, x):
        return self.forward(x)[1]

    def backward(self, x, hidden, unit, length, slope):
        slope = (slope - unit * (slope * unit).sum(axis=1, keepdims=True)) / length  # through the scaling: only what is tangential
        inner = (slope @ self.p[2].T) * (hidden > 0)
        return [x.T @ inner, inner.sum(axis=0), hidden.T @ slope]

    def step(self, gradient, rate):
        self.steps += 1
        for w, m, v, g in zip(self.p, self.first, self.second, gradient):
            m += 0.1 * (g - m)
            v += 0.01 * (g * g - v)
            w -= rate * (m / (1 - 0.9**self.steps)) / (np.sqrt(v / (1 - 0.99**self.steps)) + 1e-8)


def blame(query, item):
    """InfoNCE, -log softmax of the own item among the batch's: its derivative by the scores."""
    scores = query @ item.T / TAU
    power = np.exp(scores - scores.max(axis=1, keepdims=True))
    return ((power / power.sum(axis=1, keepdims=True) - np.eye(len(query))) / len(query) / TAU).astype(np.float32)


def train(world, encoder, products, steps, old=None):
    """With `old`, each query must also find its item among the old version's vectors: backward-compatible training."""
    for step in range(steps):
        rows = world.random.integers(0, len(products), BATCH)
        asked, shown = world.photo(products[rows], True), world.photo(products[rows], False)
        u, v = encoder.forward(asked), encoder.forward(shown)
        wrong = blame(u[1], v[1])
        du, dv = wrong @ v[1], wrong.T @ u[1]
        if old is not None:
            before = old(shown)
            du = du + blame(u[1], before) @ before
        sides = zip(encoder.backward(asked, *u, du), encoder.backward(shown, *v, dv))
        encoder.step([a + b for a, b in sides], RATE * min(1, 2 * (1 - step / steps)))
    return encoder


def rotation(source, target):
    """Orthogonal Procrustes: the W with W'W = 1 that minimizes |source W - target|."""
    left, _, right = np.linalg.svd(source.T @ target)
    return left @ right


def hits(low, high, own, renewed):
    """Whether fewer than K items score above the own one, if the first `renewed` items have new vectors and the others old ones."""
    rows = np.arange(len(own))
    mine = np.where(own < renewed, high[rows, own], low[rows, own])[:, None]
    return (high[:, :renewed] > mine).sum(axis=1) + (low[:, renewed:] > mine).sum(axis=1) < K


def fused(order, low_rank, own, renewed, absent=2):
    """Both indexes asked and reciprocal ranks added, 1 / (60 + rank); a waiting item has only its old rank, which counts `absent` times. Columns: items in `order` of their new scores."""
    done = order < renewed
    old = 1 / (60 + low_rank)
    score = old + np.where(done, 1 / (60 + done.cumsum(axis=1, dtype=np.float32)), np.float32(absent - 1) * old)
    return (score > score[order == own[:, None]][:, None]).sum(axis=1) < K


def sureness(scores, own):
    """Calibration: logit of a match = a + b * score, by Newton's method, from held-out queries; their ten best other items are the non-matches."""
    rows = np.arange(len(own))
    match = scores[rows, own]
    scores = scores.copy()
    scores[rows, own] = -9
    other = np.partition(scores, -10, axis=1)[:, -10:].ravel()
    x = np.column_stack([np.ones(len(match) + len(other)), np.concatenate([match, other])]).astype(float)
    y, b = np.arange(len(x)) < len(match), np.zeros(2)
    for _ in range(12):
        p = 1 / (1 + np.exp(-x @ b))
        b += np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + 1e-6 * np.eye(2), x.T @ (y - p))
    return b.astype(np.float32)


def one_world(seed):
    world = World(seed)
    known, many = world.products(*OLD[:2]), world.products(*NEW[:2])
    old = train(world, Encoder(world.random), known, OLD[2])
    versions = {
        "old": old, "fresh": train(world, Encoder(world.random), many, NEW[2]), "tuned": train(world, Encoder(world.random, old), many, NEW[2]),
        "compatible": train(world, Encoder(world.random), many, NEW[2], old),
    }  # fmt: skip
    items = world.products(ITEMS)  # in the order in which they will be embedded again
    shown = world.photo(items, False)
    own = world.random.choice(ITEMS, QUERIES + HELD, replace=False)
    asked = world.photo(items[own], True)
    anchor = np.setdiff1d(np.arange(ITEMS), own)
    own, own_held = own[:QUERIES], own[QUERIES:]
    index = {name: encoder(shown) for name, encoder in versions.items()}
    query = {name: encoder(asked[:QUERIES]) for name, encoder in versions.items()}
    test = {name: encoder(asked[QUERIES:]) for name, encoder in versions.items()}
    full = {name: query[name] @ index[name].T for name in versions}
    out = {f"{name}_self": hits(full[name], full[name], own, ITEMS).mean() for name in versions}
    out |= {f"{name}_all_best": full[name].max(axis=1).mean() for name in ("old", "fresh", "tuned")}
    tops = [np.argpartition(-full[name][:200], TOP, axis=1)[:, :TOP] for name in ("old", "tuned")]
    out["overlap_tuned"] = np.mean([len(set(a) & set(b)) / TOP for a, b in zip(*tops)])
    # New listings that come with new vectors while the old encoder still asks.
    few = ITEMS // 20
    late = hits(full["old"], query["old"] @ index["fresh"].T, own, few)
    out["early_found"], out["early_others"] = late[own < few].mean(), late[own >= few].mean()

    def turned(n):
        return index["old"] @ rotation(index["old"][anchor[:n]], index["fresh"][anchor[:n]])

    known_pair = anchor[:FITTED]  # a free linear map of the new query into the old space, by least squares
    free = np.linalg.lstsq(index["fresh"][known_pair], index["old"][known_pair], rcond=None)[0]
    out["linear_1000"] = hits(query["fresh"] @ free @ index["old"].T, full["fresh"], own, 0).mean()
    out["linear_share"] = out["linear_1000"] / out["fresh_self"]

    curves = {"anchors": [hits(query["fresh"] @ turned(n).T, full["fresh"], own, 0).mean() for n in ANCHORS]}
    # What each plan compares with the old vectors, and with the new ones.
    plans = {name: (name, index["old"], name) for name in VERSIONS}
    plans |= {"mapped": ("fresh", turned(FITTED), "fresh"), "merged": ("old", index["old"], "fresh")}
    for name, (asks_old, vectors, asks_new) in plans.items():
        low, high = query[asks_old] @ vectors.T, full[asks_new]
        low_held, high_held = test[asks_old] @ vectors.T, test[asks_new] @ index[asks_new].T
        ways = {name: (low, high)}
        if name == "merged":
            (a, b), (c, d) = sureness(low_held, own_held), sureness(high_held, own_held)
            ways["calibrated"] = (a + b * low, c + d * high)
            # From here on the old index stays complete: what is in both is scored in both.
            ways["averaged"] = (low, (low + high) / 2)
            order, low_rank = (-high).argsort(axis=1), np.empty_like(low)
            np.put_along_axis(low_rank, (-low).argsort(axis=1), np.arange(1, ITEMS + 1, dtype=np.float32)[None], axis=1)
            low_rank = np.take_along_axis(low_rank, order, axis=1)
            finds = [fused(order, low_rank, own, int(share * ITEMS)) for share in SHARES]
            curves["fused"], good = [found.mean() for found in finds], finds[SHARES.index(0.5)]
            out["fused_waiting"] = good[own >= ITEMS // 2].mean()
            out["fused_once"] = fused(order, low_rank, own, ITEMS // 2, absent=1).mean()
        elif name in ("tuned", "compatible"):
            rows = np.arange(HELD)
            out[f"{name}_gap"] = gap = (high_held[rows, own_held] - low_held[rows, own_held]).mean()
            ways[f"{name}_lifted"] = (low + gap, high)  # one number added to every old score
        for way, (low, high) in ways.items():
            curves[way] = [hits(low, high, own, int(share * ITEMS)).mean() for share in SHARES]
            half = ITEMS // 2
            good = hits(low, high, own, half)
            out[f"{way}_renewed"], out[f"{way}_waiting"] = good[own < half].mean(), good[own >= half].mean()
            mixed = np.concatenate([high[:200, :half], low[:200, half:]], axis=1)
            out[f"{way}_slots"] = (np.argpartition(-mixed, K, axis=1)[:, :K] >= half).mean()  # of ten results, those with old vectors
            if way in ("fresh", "tuned"):
                out[f"{way}_half_best"], out[f"{way}_none_best"] = mixed.max(axis=1).mean(), low.max(axis=1).mean()
    return out, curves


def run() -> dict[str, float | str | list[float]]:
    worlds = [one_world(seed) for seed in SEEDS]
    results: dict[str, float | str | list[float]] = {
        "worlds": len(SEEDS), "items": f"{ITEMS} item", "queries": f"{QUERIES} query", "width": WIDTH, "old_products": OLD[0], "new_products": NEW[0], "old_categories": OLD[1],
        "categories": CATEGORIES, "fitted": FITTED, "shares_series": [100 * share for share in SHARES], "anchors_at_series": list(ANCHORS), "held": HELD,
    }  # fmt: skip
    exact = set(results)
    plain = ("_gap", "_best")

    def enter(name, values):
        scale = 1 if name.endswith(plain) else 100
        unit = "" if scale == 1 else " percent"
        for key, value in ((name, np.mean(values)), (f"{name}_low", np.min(values)), (f"{name}_high", np.max(values))):
            results[key] = f"{scale * value:.4g}{unit}" if unit else float(f"{value:.4g}")

    for name in worlds[0][0]:
        enter(name, [out[name] for out, _ in worlds])
    for name in worlds[0][1]:
        curves = np.array([curve[name] for _, curve in worlds])
        results[f"{name}_series"] = [float(f"{100 * value:.4g}") for value in curves.mean(axis=0)]
        if name == "anchors":
            for n, column in zip(ANCHORS, curves.T):
                enter(f"anchors_{n}", column)
            continue
        for share, column in zip(SHARES[1:-1], curves.T[1:-1]):
            enter(f"{name}_at_{share * 100:.0f}", column)
        enter(f"{name}_start", curves[:, 0])
        enter(f"{name}_end", curves[:, -1])
        if name not in ("fresh", "averaged", "fused", "calibrated", "tuned_lifted"):
            enter(f"{name}_dip", curves[:, 0] - curves.min(axis=1))  # points lost on the way, against the start
    for name in ("fresh", "merged"):  # from which share on it beats the old index, kept
        curve, shares = np.array(results[f"{name}_series"]), 100 * np.array(SHARES)
        last = np.flatnonzero(curve < 100 * np.mean([out["old_self"] for out, _ in worlds]))[-1]
        results[f"{name}_even"] = f"{np.interp(100 * np.mean([out['old_self'] for out, _ in worlds]), curve[last : last + 2], shares[last : last + 2]):.3g} percent"
    start, fell = {}, {}
    for name in ("tuned", "compatible", "mapped", "merged", "averaged", "fused"):
        curves = np.array([curve[name] for _, curve in worlds])
        start[name], fell[name] = curves[:, 0], curves.min(axis=1) < curves[:, 0]
    counts = {f"worlds_{name}_falls": int(fell[name].sum()) for name in ("tuned", "compatible", "mapped", "merged")} | {
        "worlds_averaged_holds": int((~fell["averaged"]).sum()),
        "worlds_fused_above": sum(curve["fused"][SHARES.index(0.5)] > out["old_self"] for out, curve in worlds),
        "worlds_compatible_starts_above": int((start["compatible"] > start["merged"]).sum()),
    }  # fmt: skip
    results |= counts
    exact |= set(counts) - {"worlds_averaged_holds", "worlds_compatible_starts_above"}  # these two hang on two queries in a world
    TOLERANCE.update({name: 0.04 for name in results if name not in exact})
    TOLERANCE.update({name: 0.4 for name in results if "_dip" in name})  # differences
    TOLERANCE.update({name: 0.9 for name in results if any(part in name for part in ("fresh_start", "early_found", "fresh_waiting", "fresh_slots", "fresh_series", "lifted_dip"))})  # near zero
    TOLERANCE.update({"worlds_averaged_holds": 0.25, "worlds_compatible_starts_above": 0.25, "overlap_tuned_low": 0.06})
    return results


def plot(results):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(660 / 72, 330 / 72))
    x, kept = results["shares_series"], float(str(results["old_self"]).split()[0])
    left.plot(x, results["fresh_series"], color="guide:offline-edge", linestyle=":", marker="^")
    left.plot(x, results["averaged_series"], color="guide:online-edge", linestyle="-", marker="o")
    left.annotate("both scores averaged", (0, 93), fontsize=13)
    left.annotate("new vectors,\nnew query", (52, 22), fontsize=13)
    for axes, words, at in ((left, "old, kept", (0, 74)), (right, "old, kept", (0, 85.6))):
        axes.axhline(kept, color="guide:node-edge", linestyle="--", marker="")
        axes.annotate(words, at, fontsize=13)
        axes.set(xlim=(-4, 104), xticks=(0, 25, 50, 75, 100), xlabel="% embedded again")
    styles = {"compatible_lifted": ("guide:online-edge", "-", "o"), "compatible": ("guide:node-edge", "-.", "D"), "mapped": ("guide:offline-edge", ":", "s")}
    for name, (color, line, mark) in styles.items():
        right.plot(x, results[f"{name}_series"], color=color, linestyle=line, marker=mark)
    right.annotate("compatible,\nlifted", (96, 90.2), fontsize=13, ha="right")
    right.annotate("compatible", (38, 77.2), fontsize=13)
    right.annotate("mapped", (42, 69.3), fontsize=13)
    left.set(ylim=(0, 102), title="Unrelated versions, recall %")
    right.set(ylim=(67, 95), title="Versions made to agree, recall %")
    figure.tight_layout()
    return figure
