"""When do offline metrics disagree about which ranker is better, and which of the disagreements is the data's fault?

800 queries over a catalog of 2,000 items; each item is relevant to a query or not, by a known probability, in three markets of different richness. Three rankers see the
same taste. `even` sees every item with the same noise. `sharp` sees a third of the catalog almost exactly and the rest not at all, like a model that lives on item history.
`level` sees a little less than `even`, but knows which market is rich. They are built to differ in shape, so the lab shows what can happen, not how often it does. They are
compared by eight metrics on complete labels, then with sampled negatives, then on clicks logged by a page whose order is `even`'s own. Intervals: 1,000 bootstrap resamples
of queries. Everything is repeated in three worlds.
"""

import numpy as np
from sklearn.metrics import ndcg_score

DESCRIBE = (
    "Upper left, the relative advantage of the sharp ranker over the even one: negative for AUC, recall at 100 and average precision, positive for precision at 10, NDCG at 10 "
    "and reciprocal rank. Upper right, the difference in NDCG at 10 is negative with few sampled negatives and positive with all. Below, estimates of the same difference from "
    "clicks: far below the truth without exploration, with and without weighting; near the truth, with wide intervals, when some pages are shuffled and clicks are weighted."
)
SECONDS = 18

QUERIES, ITEMS, K, DEEP = 800, 2_000, 10, 100
CANDIDATES, PAGE, VIEWS = 200, 20, 75  # of a query: items re-ranked, places on the page, page views in the log
WANTED, UNWANTED = 0.6, 0.03  # clicks per item that is seen, relevant or not
NEGATIVES = (10, 30, 100, 300, 1_000, ITEMS)  # the last: all of them
EXPLORED = (0, 0.05, 0.2)  # share of page views that are shuffled
SEEDS = (1, 2, 3)
RESAMPLES, EQUALS, CLIP = 1_000, 20, 50
METRICS = {"auc": "AUC, per query", "deep": "recall@100", "ap": "average precision", "p": "precision@10", "rr": "reciprocal rank", "ndcg": "NDCG@10"}
# Other processors add up in another order, which can move the fifth digit; `run` enters all names but those of counts.
TOLERANCE: dict[str, float] = {}


def ranks(scores):
    """The place of every item in its row, from 0."""
    order = np.argsort(-scores, axis=1)
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.broadcast_to(np.arange(scores.shape[1]), order.shape), axis=1)
    return places


def discount(places):
    """What a place is worth to DCG@K."""
    return np.where(places < K, 1 / np.log2(places + 2), 0)


def per_query(places, relevant):
    """Metrics of every query, written out; a query without a relevant item has none of them."""
    items = places.shape[1]
    positives = relevant.sum(axis=1)
    negatives = items - positives
    above = (places * relevant).sum(axis=1) - positives * (positives - 1) / 2  # (negative, positive) pairs in the wrong order
    by_place = np.empty_like(relevant)
    np.put_along_axis(by_place, places, relevant, axis=1)
    precision = np.cumsum(by_place, axis=1) / np.arange(1, items + 1)
    best = np.cumsum(discount(np.arange(items)))[np.minimum(positives, K) - 1]
    dcg = (discount(places) * relevant).sum(axis=1)
    return {
        "auc": 1 - above / (positives * negatives),
        "deep": ((places < DEEP) & relevant).sum(axis=1) / positives,
        "ap": (precision * by_place).sum(axis=1) / positives,
        "p": ((places < K) & relevant).sum(axis=1) / K,
        "rr": 1 / (np.where(relevant, places, items).min(axis=1) + 1),
        "ndcg": dcg / best,
        "dcg": dcg,
    }


def pooled_auc(scores, relevant):
    """The chance that a relevant row outranks another, whatever their queries."""
    scores, relevant = scores.ravel(), relevant.ravel()
    place = np.empty(len(scores))
    place[np.argsort(scores)] = np.arange(1, len(scores) + 1)
    positives = relevant.sum()
    return (place[relevant].sum() - positives * (positives + 1) / 2) / (positives * (len(scores) - positives))


def beaten_by(scores, relevant):
    """For every relevant item: its query, how many irrelevant items of the query rank above it, and how many there are."""
    rows, above = [], []
    for row, (score, good) in enumerate(zip(scores, relevant)):
        others = np.sort(score[~good])
        above.append(len(others) - np.searchsorted(others, score[good]))
        rows.append(np.full(good.sum(), row))
    rows, above = np.concatenate(rows), np.concatenate(above)
    return rows, above, (~relevant).sum(axis=1)[rows]


def sampled_ndcg(rows, above, others, size, random, scaled=False):
    """NDCG@K of each relevant item alone among some random irrelevant ones, averaged over a query's relevant items.

    Drawing `size` items without replacement leaves a hypergeometric number above the relevant one. `scaled` multiplies that number by others/size, to guess the place in
    the full list.
    """
    if size < ITEMS:
        above = random.hypergeometric(above, others - above, size) * (others / size if scaled else 1)
    return np.bincount(rows, discount(above)) / np.bincount(rows)


def tied_ndcg(scores, relevant):
    """NDCG@K of a score with ties, broken for the relevant items, by luck (the mean over all orders), and against them."""
    items = scores.shape[1]
    worth, values = discount(np.arange(items)), []
    for row, good in zip(scores, relevant):
        best = worth[: min(good.sum(), items)].sum()
        groups, group, size = np.unique(-row, return_inverse=True, return_counts=True)  # from the top
        starts = np.concatenate([[0], np.cumsum(size)])
        total = np.concatenate([[0], np.cumsum(worth)])
        shared = ((total[starts[1:]] - total[starts[:-1]]) / size)[group]  # each member gets the mean discount of its group's places
        values.append([worth[np.lexsort((~good, -row)).argsort()][good].sum() / best, shared[good].sum() / best, worth[np.lexsort((good, -row)).argsort()][good].sum() / best])
    return np.mean(values, axis=0)


def bootstrap(values, random):
    """The mean over queries, and what lies 95 % of the time around it if queries are drawn again."""
    weights = random.multinomial(len(values), np.full(len(values), 1 / len(values)), RESAMPLES)
    means = weights @ values / len(values)
    return values.mean(), *np.quantile(means, (0.025, 0.975)), means.std()


class World:
    """Queries, items, what is relevant, and what three rankers make of it."""

    def __init__(self, random):
        self.market = random.integers(0, 3, QUERIES)
        level = np.array([-7.5, -6.0, -4.5])[self.market] + 0.3 * random.standard_normal(QUERIES)
        self.taste = random.standard_normal((QUERIES, ITEMS))
        self.relevant = random.random((QUERIES, ITEMS)) < 1 / (1 + np.exp(-level[:, None] - 2 * self.taste))
        self.relevant[np.arange(QUERIES), self.taste.argmax(axis=1)] = True  # every query has an answer

        def noise(size):
            return size * random.standard_normal((QUERIES, ITEMS))

        known = random.random(ITEMS) < 0.35
        self.scores = {
            "even": self.taste + noise(0.9),
            "sharp": np.where(known, self.taste + noise(0.3), noise(0.3)),  # an unknown item gets the mean, and a little noise
            "level": self.taste + noise(1.0) + (level[:, None] - level.mean()) / 2,
        }
        self.places = {name: ranks(scores) for name, scores in self.scores.items()}


def compare_by_metric(world, random):
    """Every ranker by every metric, and the sharp ranker's relative advantage over the even one with its interval."""
    measured = {name: per_query(places, world.relevant) for name, places in world.places.items()}
    found = {f"{name}_{key}": values.mean() for name, metrics in measured.items() for key, values in metrics.items()}
    for key in METRICS:
        even, sharp = measured["even"][key], measured["sharp"][key]
        found[f"edge_{key}_interval"] = [100 * value / even.mean() for value in bootstrap(sharp - even, random)[:3]]
    for name in ("even", "level"):
        found[f"{name}_pooled"] = pooled_auc(world.scores[name], world.relevant)
        for market in range(3):
            inside = world.market == market
            found[f"{name}_pooled_{market}"] = pooled_auc(world.scores[name][inside], world.relevant[inside])
    return found


def compare_by_sample(world, random):
    """The difference in NDCG@K, sharp minus even, as more irrelevant items are ranked."""
    found, beaten = {}, {name: beaten_by(world.scores[name], world.relevant) for name in ("even", "sharp")}
    for name, size in {**{f"sampled_{'all' if size == ITEMS else size}": size for size in NEGATIVES}, "scaled": 100}.items():
        even, sharp = (sampled_ndcg(*beaten[ranker], size, random, scaled=name == "scaled") for ranker in beaten)
        found[f"{name}_interval"] = list(bootstrap(sharp - even, random)[:3])
        found |= {f"{name}_even": even.mean(), f"{name}_sharp": sharp.mean()}
    return found


def examined(places, steepness):
    """The chance that a place of the page is looked at."""
    return np.where(places < PAGE, (np.minimum(places, PAGE - 1) + 1.0) ** -steepness, 0)


def compare_by_clicks(world, random):
    """The difference in DCG@K of clicks, sharp minus even, as the even ranker's own log tells it."""
    retrieved = np.argsort(-(world.taste + 0.7 * random.standard_normal(world.taste.shape)), axis=1)[:, :CANDIDATES]
    attraction = np.where(np.take_along_axis(world.relevant, retrieved, axis=1), WANTED, UNWANTED)
    places = {name: ranks(np.take_along_axis(world.scores[name], retrieved, axis=1)) for name in ("even", "sharp")}
    gained = discount(places["sharp"]) - discount(places["even"])  # what a click on the item adds to the difference
    truth, *interval, _ = bootstrap((gained * attraction).sum(axis=1), random)
    found = {"truth_interval": [truth, *interval]}
    found["absent"] = 100 * (discount(places["sharp"]) * (places["even"] >= PAGE)).sum() / discount(places["sharp"]).sum()
    shown = examined(places["even"], 1)
    for share in EXPLORED:
        clicks = np.zeros(attraction.shape)
        for _ in range(VIEWS):
            shuffled = random.permuted(np.broadcast_to(np.arange(CANDIDATES), attraction.shape), axis=1) if share else places["even"]
            seen = np.where(random.random((QUERIES, 1)) < share, examined(shuffled, 1), shown)
            clicks += random.random(attraction.shape) < seen * attraction
        name = f"log{100 * share:.0f}"

        def estimate(weight):
            return list(bootstrap((gained * clicks * weight).sum(axis=1) / VIEWS, random)[:3])

        found[f"{name}_naive_interval"] = estimate(1)
        for how, steepness in (("flat", 0.5), ("right", 1), ("steep", 1.5)):
            by_chance = examined(np.arange(PAGE), steepness).sum() / CANDIDATES
            propensity = (1 - share) * examined(places["even"], steepness) + share * by_chance  # of being looked at, over both kinds of page
            weight = np.divide(1, propensity, out=np.zeros_like(propensity), where=propensity > 0)
            found[f"{name}_{how}_interval"] = estimate(weight)
            if how == "right":
                found[f"{name}_clipped_interval"] = estimate(np.minimum(weight, CLIP))
                found[f"{name}_weight"] = weight.max()
    by_chance = examined(np.arange(PAGE), 1).sum() / CANDIDATES
    found["explored_value"] = 100 * (attraction * by_chance).sum() / (attraction * shown).sum()
    low, high = found["log20_right_interval"][1:]
    found["views_needed"] = QUERIES * VIEWS * ((high - low) / 2 / truth) ** 2  # until the interval is as narrow as the difference is large
    return found


def noise_of_the_test(world, random):
    """How much of a difference is the sample's: paired or not, by row or by query, the best of twenty equals, ties."""
    even = per_query(world.places["even"], world.relevant)["ndcg"]
    noise = world.scores["even"] - world.taste
    better = world.taste + 0.95 * (0.95 * noise + np.sqrt(1 - 0.95**2) * 0.9 * random.standard_normal(noise.shape))  # last month's ranker with 5 % less noise
    gain = per_query(ranks(better), world.relevant)["ndcg"] - even
    found = {"gain": gain.mean(), "paired": bootstrap(gain, random)[3]}
    found["unpaired"] = np.hypot(bootstrap(even, random)[3], bootstrap(even + gain, random)[3])
    found |= {f"{name}_queries": QUERIES * (2.8 * found[name] / found["gain"]) ** 2 for name in ("paired", "unpaired")}
    positives = world.relevant.sum(axis=1)
    hits = ((world.places["even"] < DEEP) & world.relevant).sum(axis=1)
    recall = hits.sum() / positives.sum()
    by_row = np.sqrt(recall * (1 - recall) / positives.sum())
    found["row_narrow"] = bootstrap((hits - recall * positives) / positives.mean(), random)[3] / by_row  # linearized ratio of sums
    half, scores = QUERIES // 2, []
    for _ in range(EQUALS):
        top = np.argpartition(-(world.taste + 0.9 * random.standard_normal(world.taste.shape, dtype=np.float32)), K, axis=1)[:, :K]
        scores.append(np.take_along_axis(world.relevant, top, axis=1).mean(axis=1))
    test, fresh = np.array(scores)[:, :half].mean(axis=1), np.array(scores)[:, half:].mean(axis=1)
    best = test.argmax()
    found |= {"best_test": 100 * (test[best] / test.mean() - 1), "best_fresh": 100 * (fresh[best] / fresh.mean() - 1)}
    coarse = np.round(2 * world.scores["even"]) / 2
    found["tie_levels"] = np.mean([len(np.unique(row)) for row in coarse])
    last = [[0] * 8 + [1, 1]]  # a constant score, and the relevant rows at the end of the file
    found |= {f"constant_{how}": ndcg_score(last, [[0.5] * 10], ignore_ties=how == "ignored") for how in ("averaged", "ignored")}
    found |= zip(("tie_for", "tie_luck", "tie_against"), tied_ndcg(coarse, world.relevant))
    return found


def run() -> dict[str, float | str | list[float]]:
    found = []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        world = World(random)
        found.append(compare_by_metric(world, random) | compare_by_sample(world, random) | compare_by_clicks(world, random) | noise_of_the_test(world, random))
        found[-1]["positives"] = world.relevant.sum(axis=1).mean()
    results: dict[str, float | str | list[float]] = {
        "queries": f"{QUERIES} query", "items": f"{ITEMS} item", "candidates": f"{CANDIDATES} item", "page": f"{PAGE} item", "views": f"{QUERIES * VIEWS} view",
        "resamples": RESAMPLES, "equals": EQUALS, "clip": CLIP, "negatives_series": list(NEGATIVES), "worlds": len(SEEDS),
    }  # fmt: skip
    exact = set(results)
    for name in found[0]:
        unit = " percent" if name.startswith(("edge_", "absent", "explored_value", "best_")) else " view" if name == "views_needed" else " query" if name.endswith("_queries") else ""

        def written(value):
            return f"{value:.5g}{unit}" if unit else float(f"{value:.5g}")

        values = np.array([one[name] for one in found])
        if name.endswith("_interval"):  # in the middle of the worlds; then each world's estimate
            name, middle, values = name.removesuffix("_interval"), values.mean(axis=0), values[:, 0]
            results[f"{name}_series"] = [float(f"{value:.5g}") for value in middle]
            results |= {f"{name}_{end}": written(value) for end, value in zip(("mean", "low", "high", "half"), (*middle, (middle[2] - middle[1]) / 2))}
        else:
            results[name] = written(values.mean())
        results[f"{name}_worlds_series"] = [float(f"{value:.5g}") for value in values]
    TOLERANCE.update({name: 0.005 for name in results if name not in exact})
    return results


def plot(results):
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(660 / 72, 520 / 72))
    grid = figure.add_gridspec(2, 2, height_ratios=(5, 6))
    axes = figure.add_subplot(grid[0, 0])
    for row, (key, words) in enumerate(METRICS.items()):
        mean, low, high = results[f"edge_{key}_series"]
        axes.plot([low, high], [row, row], color="guide:online-edge", linestyle="-", marker="")
        axes.plot([mean], [row], color="guide:online-edge", linestyle="", marker="o")
        axes.annotate(f"{mean:+.0f}".replace("-", "−"), (high, row), xytext=(6, -4), textcoords="offset points", fontsize=13)
    axes.axvline(0, color="guide:line", linestyle="-", marker="")
    axes.set(ylim=(len(METRICS) - 0.5, -0.7), xlim=(-34, 40), yticks=range(len(METRICS)), title="Advantage of sharp, %")
    axes.set_yticklabels(METRICS.values())
    axes.grid(False)
    axes = figure.add_subplot(grid[0, 1])
    sizes = results["negatives_series"]
    curve = np.array([results[f"sampled_{'all' if size == sizes[-1] else size}_series"] for size in sizes])
    axes.axhline(0, color="guide:line", linestyle="-", marker="")
    axes.vlines(sizes, curve[:, 1], curve[:, 2], color="guide:online-edge")
    axes.plot(sizes, curve[:, 0], color="guide:online-edge", linestyle="-", marker="o")
    axes.set(xscale="log", xlim=(7, 2_900), ylim=(-0.2, 0.05), xticks=sizes, title="NDCG@10, sharp − even", xlabel="irrelevant items ranked")
    axes.set_xticklabels([*map(str, sizes[:-2]), "1k", "all"])
    axes.minorticks_off()
    axes = figure.add_subplot(grid[1, :])
    rows = {
        "log0_naive": "clicks as logged", "log0_right": "weighted", "log5_right": "weighted, 5 % shuffled", "log20_right": "weighted, 20 % shuffled",
        "log20_clipped": "20 %, weights capped at 50", "log20_flat": "20 %, attention too flat", "log20_steep": "20 %, attention too steep",
    }  # fmt: skip
    for row, name in enumerate(rows):
        mean, low, high = results[f"{name}_series"]
        right = row in (2, 3)
        color = "guide:online-edge" if right else "guide:offline-edge"
        axes.plot([low, high], [row, row], color=color, linestyle="-", marker="")
        axes.plot([mean], [row], color=color, linestyle="", marker="o" if right else "s")
        axes.annotate(f"{mean:+.2f}".replace("-", "−"), (high, row), xytext=(6, -4), textcoords="offset points", fontsize=13)
    truth = results["truth_mean"]
    axes.axvline(0, color="guide:line", linestyle="-", marker="")
    axes.axvline(truth, color="guide:node-edge", linestyle="--", marker="")
    axes.annotate(f"truth {truth:+.2f}", (truth, -0.75), xytext=(5, -3), textcoords="offset points", fontsize=13)
    axes.set(ylim=(len(rows) - 0.5, -1), xlim=(-0.62, 0.7), yticks=range(len(rows)), title="DCG@10 of clicks, sharp − even, from even's own log")
    axes.set_yticklabels(rows.values())
    axes.grid(False)
    return figure
