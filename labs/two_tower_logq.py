"""What does the logQ correction buy in two-tower retrieval, whom does it serve, and what does a bad Q cost?

A synthetic catalog of 5,000 items with Zipf popularity, of which 1,000 are dead: their content looks like any other's, and next to nobody wants them. 4,000 people with
tastes leave 60 interactions each, seen once, in random order, in batches of 512. Two towers are trained on them with in-batch softmax under five ways to treat the
sampling probability Q, and judged on 2,000 other people. The world is synthetic, so every probability P(item | person) is known: recall@50 is computed exactly, as the
share of a person's future interactions that fall on the 50 items retrieved. Items are divided in three buckets that receive a third of all interactions each.
"""

import numpy as np

DESCRIBE = (
    "Left, recall at 50 for head, torso and tail items under six rules. Without correction recall is low in all three; with logQ head and torso come close to the best "
    "possible while tail recall falls below the uncorrected model's. Right, one corrected model served with a growing share of log Q subtracted again: tail recall rises "
    "at first and total recall falls."
)
SECONDS = 40

ITEMS, DEAD, PEOPLE, JUDGES, EACH = 5_000, 1_000, 4_000, 2_000, 60
TASTES, FEATURES, HIDDEN, WIDTH = 8, 16, 64, 24  # latent dimensions of the world; sizes of the towers
BATCH, RATE, K = 512, 0.05, 50
SEEDS = (1, 2, 3)
BUCKETS = ("head", "torso", "tail")
METHODS = {  # name: (how Q is known, uniform negatives added to a batch)
    "plain": ("ignored", 0),
    "gaps": ("gaps", 0),
    "counts": ("counts", 0),
    "logq": ("exact", 0),
    "mixed": ("exact", BATCH),
}
DIAL = np.arange(0, 1.01, 0.1)  # share of log Q subtracted when serving
TOLERANCE: dict[str, float] = {}


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
    dial: list[list[dict[str, float]]] = []
    sizes = []
    for seed in SEEDS:
        world = World(seed)
        sizes.append([(world.bucket == j).sum() for j in range(3)])
        references = {"best": world.wanted, "ratio": world.wanted / world.q, "popular": np.broadcast_to(world.q, world.wanted.shape)}
        for name, scores in references.items():
            measured.setdefault(name, []).append(judge(world, scores))
        for name, (how, uniform) in METHODS.items():
            towers = train(world, how, uniform, seed)
            scores = towers.people(world.people[PEOPLE:]) @ towers.items(np.arange(ITEMS)).T
            measured.setdefault(name, []).append(judge(world, scores))
            if name == "mixed":
                dial.append([judge(world, scores - share * np.log(world.q)) for share in DIAL])
    results: dict[str, float | str | list[float]] = {f"{name}_items": round(float(np.mean(size))) for name, size in zip(BUCKETS, zip(*sizes))}
    for name, seeds in measured.items():
        for key in (*BUCKETS, "all", "dead"):
            values = [100 * found[key] for found in seeds]
            results[f"{name}_{key}"] = f"{np.mean(values):.2f} percent"
            results[f"{name}_{key}_series"] = [round(float(f(values)), 2) for f in (np.min, np.mean, np.max)]
    for key in ("tail", "all", "dead"):
        results[f"dial_{key}_series"] = [round(100 * float(np.mean([seed[i][key] for seed in dial])), 2) for i in range(len(DIAL))]
    return results


if __name__ == "__main__":
    import json, time
    t = time.time(); r = run(); print(round(time.time() - t, 1)); 
    for k, v in r.items():
        if "series" not in k or "dial" in k: print(k, v)
    print({k: v for k, v in r.items() if k.endswith('_series') and 'dial' not in k})
