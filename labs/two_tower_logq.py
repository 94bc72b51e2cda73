"""What does the logQ correction buy in two-tower retrieval, whom does it serve, and what does a bad Q cost?

A synthetic catalog of 5,000 items with Zipf popularity, of which 1,000 are dead: their content looks like any other's, and next to nobody wants them. 4,000 people with
tastes leave 60 interactions each, seen once, in random order, in batches of 512. Two towers are trained on them with in-batch softmax under five ways to treat the
sampling probability Q, and judged on 1,000 other people. The world is synthetic, so every probability P(item | person) is known: recall@50 is computed exactly, as the
share of a person's future interactions that fall on the 50 items retrieved. Items are divided in three buckets that receive a third of all interactions each.
"""

import numpy as np

DESCRIBE = (
    "Above, recall at 50 for head, torso and tail items under seven rules. Without correction recall is low in all three; with logQ head and torso come close to the best "
    "possible while tail recall falls below the uncorrected model's. Below, one corrected model served with a growing share of log Q subtracted again: tail recall rises "
    "at first and total recall falls."
)
SECONDS = 25

ITEMS, DEAD, PEOPLE, JUDGES, EACH = 5_000, 1_000, 4_000, 1_000, 60
TASTES, FEATURES, HIDDEN, WIDTH = 8, 16, 64, 24  # latent dimensions of the world; sizes of the towers
BATCH, RATE, K = 512, 0.05, 50
SEEDS = (1, 2, 3)
BUCKETS = ("head", "torso", "tail")
KEYS = (*BUCKETS, "all", "dead")
METHODS = {  # name: (how Q is known, uniform negatives added to a batch)
    "plain": ("ignored", 0),
    "gaps": ("gaps", 0),
    "counts": ("counts", 0),
    "logq": ("exact", 0),
    "mixed": ("exact", BATCH // 2),
}
DIAL = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)  # share of log Q subtracted when serving, from none to more than half
DIALED = 0.3
# Processors differ in the last digit of a sum, and training carries that on; seen so far: 0.2 % of a recall, 3 % of the few dead slots.
JUDGED = ("best", "ratio", "popular", *METHODS, "dial")
TOLERANCE = {f"{name}_{key}{end}": 0.1 if key == "dead" else 0.01 for name in JUDGED for key in KEYS for end in ("", "_series")} | {"spread": 0.05}


class World:
    """People, items, the probabilities that join them, and a log of interactions."""

    def __init__(self, seed: int):
        random = np.random.default_rng(seed)
        tastes = random.standard_normal((PEOPLE + JUDGES, TASTES))
        topics = random.standard_normal((ITEMS, TASTES))
        popularity = -np.log(np.arange(1, ITEMS + 1))  # Zipf: the item of rank r is wanted 1/r as often
        self.dead = np.zeros(ITEMS, bool)
        self.dead[random.choice(np.arange(100, ITEMS), DEAD, replace=False)] = True
        popularity[self.dead] -= 3  # a twentieth of what their rank would give
        wanted = softmax(2 * tastes @ topics.T / np.sqrt(TASTES) + popularity)
        self.wanted = wanted[PEOPLE:]  # of the judges
        self.q = wanted[:PEOPLE].mean(axis=0)  # how often an item is in the log, hence in a batch
        self.people = seen_through_features(tastes, random)
        self.items = seen_through_features(topics, random)
        watched = np.concatenate([random.choice(ITEMS, EACH, p=row) for row in wanted[:PEOPLE]])
        order = random.permutation(len(watched))
        self.who, self.what = np.repeat(np.arange(PEOPLE), EACH)[order], watched[order]
        by_demand = np.argsort(-self.q)
        self.bucket = np.empty(ITEMS, int)
        self.bucket[by_demand] = np.digitize(np.cumsum(self.q[by_demand]), (1 / 3, 2 / 3))


def seen_through_features(latent, random):
    """What a model gets to see of a latent vector: a noisy projection, and a constant."""
    view = latent @ random.standard_normal((TASTES, FEATURES)) / np.sqrt(TASTES) + 0.3 * random.standard_normal((len(latent), FEATURES))
    return np.column_stack([view, np.ones(len(latent))]).astype(np.float32)


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class TwoTowers:
    """u = W2 relu(W1 x) for a person, v = C content + E[id] for an item, score u.v; trained by Adagrad."""

    def __init__(self, world: World, random):
        self.world = world
        shapes = {"w1": (FEATURES + 1, HIDDEN), "w2": (HIDDEN, WIDTH), "c": (FEATURES + 1, WIDTH), "e": (ITEMS, WIDTH)}
        scales = {"w1": 0.25, "w2": 0.1, "c": 0.1, "e": 0.01}
        self.p = {name: (scales[name] * random.standard_normal(shape)).astype(np.float32) for name, shape in shapes.items()}
        self.squares = {name: np.full_like(weights, 0.1) for name, weights in self.p.items()}

    def people(self, x):
        return np.maximum(x @ self.p["w1"], 0) @ self.p["w2"]

    def items(self, ids):
        return self.world.items[ids] @ self.p["c"] + self.p["e"][ids]

    def step(self, who, candidates, log_q):
        """One step on the loss -log softmax(u.v - log q); row i's positive is candidate i."""
        x, content = self.world.people[who], self.world.items[candidates]
        hidden = np.maximum(x @ self.p["w1"], 0)
        u, v = hidden @ self.p["w2"], self.items(candidates)
        slope = softmax(u @ v.T - log_q)  # the gradient with respect to the scores: softmax minus the positive
        slope[np.arange(len(who)), np.arange(len(who))] -= 1
        slope /= 64
        du, dv = slope @ v, slope.T @ u
        gradient = {"w2": hidden.T @ du, "w1": x.T @ ((du @ self.p["w2"].T) * (hidden > 0)), "c": content.T @ dv, "e": np.zeros_like(self.p["e"])}
        np.add.at(gradient["e"], candidates, dv)
        for name, slope in gradient.items():
            self.squares[name] += slope**2
            self.p[name] -= RATE * slope / np.sqrt(self.squares[name])


class Frequency:
    """log Q of the items of a batch, by one of four ways of knowing it. A constant added to all of them cancels in the softmax."""

    def __init__(self, how: str, uniform: int, world: World):
        self.how, self.uniform, self.world = how, uniform, world
        self.gap, self.last, self.step = np.full(ITEMS, 20.0), np.zeros(ITEMS), 0
        self.count = np.full(ITEMS, 0.5)

    def log_q(self, batch, candidates):
        if self.how == "ignored":
            return np.zeros(len(candidates), np.float32)
        if self.how == "gaps":  # Yi et al. 2019: a moving average of the steps between two batches that hold the item
            self.step += 1
            present = np.unique(batch)
            self.gap[present] += 0.05 * (self.step - self.last[present] - self.gap[present])
            self.last[present] = self.step
            q = 1 / self.gap
        elif self.how == "counts":  # of rows so far, every item starting with half a row
            np.add.at(self.count, batch, 1)
            q = self.count
        else:  # what the generator knows, mixed with the uniform share
            q = (BATCH * self.world.q + self.uniform / ITEMS) / (BATCH + self.uniform)
        return np.log(q[candidates]).astype(np.float32)


def train(world: World, how: str, uniform: int, seed: int) -> TwoTowers:
    random = np.random.default_rng(1_000 + seed)
    towers, frequency = TwoTowers(world, random), Frequency(how, uniform, world)
    for start in range(0, len(world.who) - BATCH + 1, BATCH):
        batch = world.what[start : start + BATCH]
        candidates = np.concatenate([batch, random.integers(0, ITEMS, uniform)])
        towers.step(world.who[start : start + BATCH], candidates, frequency.log_q(batch, candidates))
    return towers


def judge(world: World, scores) -> dict[str, float]:
    """recall@K in each bucket and in all, and the share of the K slots that dead items take."""
    top = np.argpartition(-scores, K, axis=1)[:, :K]
    won = np.take_along_axis(world.wanted, top, axis=1)
    found = {name: won[world.bucket[top] == j].sum() / world.wanted[:, world.bucket == j].sum() for j, name in enumerate(BUCKETS)}
    return found | {"all": won.sum() / len(won), "dead": world.dead[top].mean()}


def run() -> dict[str, float | str | list[float]]:
    measured: dict[str, list[dict[str, float]]] = {}
    sizes, crowded = [], []
    for seed in SEEDS:
        world = World(seed)
        sizes.append([(world.bucket == j).sum() for j in range(len(BUCKETS))])
        often = BATCH * world.q > 1  # in a batch more than once, on average
        crowded.append((often.sum(), 100 * world.q[often].sum()))
        references = {"best": world.wanted, "ratio": world.wanted / world.q, "popular": np.broadcast_to(world.q, world.wanted.shape)}
        for name, scores in references.items():
            measured.setdefault(name, []).append(judge(world, scores))
        for name, (how, uniform) in METHODS.items():
            towers = train(world, how, uniform, seed)
            scores = towers.people(world.people[PEOPLE:]) @ towers.items(np.arange(ITEMS)).T
            measured.setdefault(name, []).append(judge(world, scores))
        for share in DIAL:  # the last model, the one with mixed negatives, served with some of the correction taken back
            measured.setdefault(f"dial{share:g}", []).append(judge(world, scores - share * np.log(world.q)))
    results: dict[str, float | str | list[float]] = {
        "items": f"{ITEMS} item", "dead_items": f"{DEAD} item", "people": f"{PEOPLE} person", "judges": f"{JUDGES} person", "rows": f"{PEOPLE * EACH} row",
        "batch": f"{BATCH} row", "uniform": f"{METHODS['mixed'][1]} item", "k": f"{K} item", "seeds": len(SEEDS), "dial_share": DIALED, "dial_share_series": list(DIAL),
    }  # fmt: skip
    results |= {f"{name}_items": f"{np.mean(size):.0f} item" for name, size in zip(BUCKETS, zip(*sizes))}
    results |= {"crowded_items": f"{np.mean(crowded, axis=0)[0]:.0f} item", "crowded_share": f"{np.mean(crowded, axis=0)[1]:.1f} percent"}
    for name in JUDGED[:-1]:
        for key in KEYS:
            values = [100 * found[key] for found in measured[name]]
            results[f"{name}_{key}"] = f"{np.mean(values):.2f} percent"
            results[f"{name}_{key}_series"] = [round(float(f(values)), 2) for f in (np.min, np.mean, np.max)]
    for key in KEYS:
        curve = [100 * float(np.mean([found[key] for found in measured[f"dial{share:g}"]])) for share in DIAL]
        results[f"dial_{key}_series"] = [round(value, 2) for value in curve]
        results[f"dial_{key}"] = f"{curve[DIAL.index(DIALED)]:.2f} percent"
    results["spread"] = f"{max(max(s) - min(s) for name in METHODS for key in KEYS if (s := results[f'{name}_{key}_series'])) / 2:.1f} percent"
    return results


ROWS = {  # as the plot names them, from the top
    "best": "best possible", "popular": "most popular", "plain": "no correction", "gaps": "logQ, Q from gaps", "counts": "logQ, Q counted", "logq": "logQ, exact Q", "mixed": "and uniform items",
}  # fmt: skip


def plot(results):
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(660 / 72, 470 / 72))
    figure.suptitle(f"Recall@{K} by bucket, and slots given to dead items, %", x=0, ha="left", fontsize=14, fontweight="semibold")
    grid = figure.add_gridspec(2, len(KEYS), height_ratios=(6, 5))
    for column, key in enumerate(KEYS):
        axes = figure.add_subplot(grid[0, column])
        for row, name in enumerate(ROWS):
            low, mean, high = results[f"{name}_{key}_series"]
            reference = name in ("best", "popular")
            color, face = ("guide:node-edge", "guide:label") if reference else ("guide:offline-edge",) * 2 if name == "plain" else ("guide:online-edge",) * 2
            axes.plot([0, mean], [row, row], color="guide:grid", linestyle="-", marker="")
            axes.plot([low, high], [row, row], color=color, linestyle="-", marker="")
            axes.plot([mean], [row], color=color, markerfacecolor=face, linestyle="", marker="s" if name == "plain" else "o")
            axes.annotate(f"{mean:.1f}", (mean, row), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=13)
        axes.set(xlim=(-14, 116), ylim=(len(ROWS) - 0.5, -0.9), xticks=[], yticks=range(len(ROWS)))
        axes.set_title("dead slots" if key == "dead" else key, fontweight="normal")
        axes.set_yticklabels(ROWS.values() if column == 0 else [""] * len(ROWS))
        axes.grid(False)
        axes.spines["bottom"].set_visible(False)
    axes = figure.add_subplot(grid[1, :])
    for key, words, style, marker, color, where in (("all", "recall, all items", "-", "o", "online-edge", (1, -20)), ("tail", "recall, tail", "--", "s", "online-edge", (1, 9)), ("dead", "dead slots", ":", "^", "node-edge", (4, -16))):
        shares, curve = results["dial_share_series"], results[f"dial_{key}_series"]
        axes.plot(shares, curve, linestyle=style, marker=marker, color=f"guide:{color}")
        axes.annotate(words, (shares[where[0]], curve[where[0]]), xytext=(8, where[1]), textcoords="offset points")
    axes.set(xlim=(-0.015, 0.615), ylim=(-2, 72), xticks=results["dial_share_series"], title="One corrected model, log Q subtracted again when serving, %", xlabel="share of log Q subtracted")
    return figure
