"""What does a rare class do to the metrics, what do resampling and focal loss do to the ranking, and how few labels judge the result?

First two bell curves of scores, reweighted from 1:1 to 1:10,000. Then a synthetic world of posts, one in some 300 of them abusive, with known chances: logistic regression and 100 boosted
trees trained on 40,000 rows as they are, with class weights, with interpolated positives, with fewer negatives, and with focal loss. They are judged on 25,000 other
rows against the true chances: by average precision, and by the worth of acting where acting pays from 5 % on. Last, precision and recall of one rule estimated from 2,000 labels.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

DESCRIBE = (
    "On the left, area under the ROC curve and average precision of the same scores as negatives grow from one to ten thousand for each positive: the first stays at 0.92, the second falls "
    "from 0.92 to 0.01, and the curve of a model with a sharper top crosses it. On the right, average precision of boosted trees under five treatments of the training data, with the default leaf "
    "and with leaves of two positives: the untreated trees are worst with the default and among the best with the larger leaf."
)
SECONDS = 19

RATIOS = (1, 10, 100, 1_000, 10_000)
GRID = np.linspace(-6, 10, 6_401)  # of scores
POSITIVES = (10, 30, 100, 300, 1_000)  # in a test set
DRAWS, PAIRED, PAIRS = 250, 50, 300  # test sets; positives in a test set of two models; such test sets
SEEDS = (1, 2, 3)
TRAIN, JUDGED, LEVEL = 40_000, 25_000, -7.9
PAYS = 0.05  # acting on a post pays if it is abusive with more than this chance
KEPT = (1, 3, 10, 30)  # negatives for each positive
LEAF = 2  # positives that a guarded leaf should hold
BUDGET, TRIALS = 2_000, 20_000  # labels; repetitions
EDGES = (0, 0.002, 0.01, 0.02, 0.05, 0.1, 0.25, 1)  # strata by score, from the top; the rule flags the first two


def sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * z))


def logit(p):
    return np.log(p / (1 - p))


# The same scores at any imbalance


def areas(positive, negative, ratio) -> tuple[float, float]:
    """AUC and average precision of scores whose survival functions are given, with `ratio` negatives for each positive."""
    recall, false = positive(GRID), negative(GRID)
    step = -np.diff(recall)  # recall won between two thresholds
    precision = recall / (recall + ratio * false + 1e-300)
    auc = (step * (1 - (false[1:] + false[:-1]) / 2)).sum()
    return float(auc), float((step * (precision[1:] + precision[:-1]) / 2).sum())


def even(s):
    return norm.sf(s, 2)


def sharp(s):
    return 0.4 * norm.sf(s, 4) + 0.6 * norm.sf(s, 1)


def counted(positives, negatives):
    """AUC and average precision from counts by score, one row for each test set, highest score first; ties are split evenly."""
    found, false = positives.cumsum(axis=-1), negatives.cumsum(axis=-1)
    all_p, all_n = found[..., -1], false[..., -1]
    auc = (negatives * (found - positives / 2)).sum(axis=-1) / all_p / all_n
    above = np.maximum(found - positives / 2 + false - negatives / 2 + 0.5, 0.5)  # rank of the middle of a tie
    return auc, (positives * (found - positives / 2 + 0.5) / above).sum(axis=-1) / all_p


def stability(random) -> dict[str, list[float]]:
    """Spread, relative to the mean, of both areas over test sets with so many positives at 1:1,000; and how far average precision is off on average."""
    share_p, share_n = (-np.diff(sf)[::-1] for sf in (even(GRID), norm.sf(GRID)))
    truth = areas(even, norm.sf, 1_000)[1]
    out = {"auc_noise": [], "ap_noise": [], "ap_bias": []}
    for k in POSITIVES:
        auc, ap = counted(random.multinomial(k, share_p / share_p.sum(), DRAWS), random.poisson(1_000 * k * share_n, (DRAWS, len(share_n))))
        out["auc_noise"].append(100 * auc.std() / auc.mean())
        out["ap_noise"].append(100 * ap.std() / ap.mean())
        out["ap_bias"].append(100 * (ap.mean() / truth - 1))
    return out


def between(positive, negative) -> tuple[float, float]:
    """AUC and average precision of two samples of scores."""
    below = np.searchsorted(np.sort(negative), np.sort(positive)[::-1])
    rank = np.arange(1, len(positive) + 1)
    return below.mean() / len(negative), (rank / (rank + len(negative) - below)).mean()


def clearness(ratio, random) -> list[float]:
    """Mean difference over its spread, by both areas, between two models of which the second sees a little better, on the same test rows."""
    found = []
    for _ in range(PAIRS):
        seen, first, other = random.standard_normal((3, PAIRED * (1 + ratio)), dtype=np.float32)
        a, b = 0.7 * seen + 0.75 * first, 0.7 * seen + 0.65 * (0.8 * first + 0.6 * other)
        found.append(np.subtract(between(2 + b[:PAIRED], b[PAIRED:]), between(2 + a[:PAIRED], a[PAIRED:])))
    return list(np.mean(found, axis=0) / np.std(found, axis=0))


# Treatments of the training data


def world(rows: int, random):
    x = np.round(random.standard_normal((rows, 8), dtype=np.float32), 1)  # in steps of a tenth, which spares the trees a slow search for bins
    p = sigmoid(LEVEL + 1.2 * x[:, 0] + 0.9 * x[:, 1] + 1.2 * np.maximum(x[:, 2], 0) + 0.9 * x[:, 3] * x[:, 4] + 1.2 * (x[:, 5] > 1) - 0.6 * np.abs(x[:, 6])).astype(float)
    return x, p, random.random(rows) < p


def interpolated(x, rows, random, neighbors=5):
    """SMOTE: a new positive lies somewhere on the line from a positive to one of its nearest positives."""
    near = NearestNeighbors(n_neighbors=neighbors + 1).fit(x).kneighbors(x, return_distance=False)[:, 1:]
    start = random.integers(len(x), size=rows)
    end = near[start, random.integers(neighbors, size=rows)]
    return x[start] + random.random((rows, 1), dtype=np.float32) * (x[end] - x[start])


def treated(x, y, name, random):
    """Rows, labels, row weights, and by what the odds in the result are inflated."""
    yes, no = np.flatnonzero(y), np.flatnonzero(~y)
    ratio = len(no) / len(yes)
    if name == "weights":
        return x, y, np.where(y, ratio, 1.0), ratio
    if name == "smote":
        new = interpolated(x[yes], len(no) - len(yes), random)
        return np.concatenate([x, new]), np.concatenate([y, np.ones(len(new), bool)]), None, ratio
    if name.startswith("keep"):
        rows = np.concatenate([yes, random.choice(no, int(name[4:]) * len(yes), replace=False)])
        return x[rows], y[rows], None, ratio / int(name[4:])
    return x, y, None, 1.0


def focal(x, y, gamma=2.0):
    """Linear model under -(1 - q)^gamma log q, with q the probability given to what happened."""
    columns, sign = np.column_stack([np.ones(len(x)), x]).astype(float), np.where(y, 1.0, -1.0)

    def loss(b):
        margin = sign * (columns @ b)
        q, log_q = sigmoid(margin), -np.logaddexp(0, -margin)
        slope = (1 - q) ** gamma * (gamma * q * log_q - (1 - q))
        return -((1 - q) ** gamma * log_q).mean(), columns.T @ (sign * slope) / len(y)

    b = minimize(loss, np.r_[-3, np.zeros(x.shape[1])], jac=True, method="L-BFGS-B", options={"ftol": 1e-13, "gtol": 1e-9, "maxiter": 1_000}).x
    return lambda new: np.column_stack([np.ones(len(new)), new]) @ b


def log_odds(model, x):
    return logit(np.clip(model.predict_proba(x)[:, 1].astype(float), 1e-9, 1 - 1e-9))


def worth(z, p, cut) -> float:
    """Acting on a row earns 1 - PAYS if it is positive and costs PAYS if not; here for all rows with log odds above the cut."""
    return float(((p - PAYS) * (z > cut)).sum())


def ranked(s, p) -> tuple[float, float]:
    """AUC and average precision of scores of rows that are positive with chance p."""
    p = p[np.argsort(-s, kind="stable")]
    found, rows = p.cumsum(), np.arange(1, len(p) + 1)
    auc = ((1 - p) * (found - p / 2)).sum() / found[-1] / (len(p) - found[-1])
    return float(auc), float((p * (found - p + 1) / rows).sum() / found[-1])


def judged(z, p, inflated) -> dict[str, float]:
    """Ranking, and worth over that of the true chances: at one half, at the threshold that the costs give with inflated odds undone, and at the best threshold there is."""
    best, (auc, ap) = worth(logit(p), p, logit(PAYS)), ranked(z, p)
    cuts = np.quantile(z, 1 - np.geomspace(2e-4, 0.2, 150))
    values = {"half": worth(z, p, 0), "priced": worth(z, p, logit(PAYS) + np.log(inflated)), "best": max(worth(z, p, cut) for cut in cuts)}
    return {"auc": auc, "ap": ap} | {name: 100 * value / best for name, value in values.items()}


def trees(leaf=20):
    return HistGradientBoostingClassifier(max_iter=100, early_stopping=False, min_samples_leaf=leaf, random_state=0)


LINEAR = ("none", "weights", "smote", *(f"keep{k}" for k in KEPT))
TREES = ("none", "weights", "smote", "keep30", "keep10")


def label_budget(z, p, random) -> dict[str, float]:
    """Relative spread of precision and recall of a rule, estimated from BUDGET labels under four ways to choose the rows."""
    order = np.argsort(-z, kind="stable")
    cuts = [round(edge * len(p)) for edge in EDGES]
    size = np.diff(cuts)
    true, said = (np.array([values[order[a:b]].mean() for a, b in zip(cuts, cuts[1:])]) for values in (p, sigmoid(z)))
    flagged = np.arange(len(size)) < 2
    half = np.where(flagged, size / size[flagged].sum(), size / size[~flagged].sum()) / 2
    caught, missed = (size * said)[flagged].sum(), (size * said)[~flagged].sum()  # as far as the scores know
    neyman = size * np.sqrt(said * (1 - said)) * np.where(flagged, missed, caught)  # least variance of caught / (caught + missed), if they are right
    designs = {"uniform": size / size.sum(), "half": half, "equal": np.full(len(size), 1 / len(size)), "neyman": neyman / neyman.sum()}
    out = {}
    for name, share in designs.items():
        fixed = np.maximum(np.round(BUDGET * share), 1).astype(int)
        n = random.multinomial(BUDGET, share, TRIALS) if name == "uniform" else np.tile(fixed, (TRIALS, 1))
        if name in ("uniform", "half"):  # strata are known only afterward: rows count alike within the part that was drawn from
            y = random.binomial(n, true)
            parts = [np.ones(len(size), bool)] if name == "uniform" else [flagged, ~flagged]
            weight = np.zeros((TRIALS, len(size)))
            for part in parts:
                weight[:, part] = size[part].sum() / n[:, part].sum(axis=1, keepdims=True)
            positives = y * weight
            seen = np.maximum((n * weight)[:, flagged].sum(axis=1), 1e-9)
        else:
            positives = size * random.binomial(n, true) / n  # every label stands for size / n rows
            seen = size[flagged].sum()
        caught, all_of_them = positives[:, flagged].sum(axis=1), positives.sum(axis=1)
        recall = caught / np.maximum(all_of_them, 1e-9)
        out[f"found_{name}"] = float((fixed * true).sum())
        truth_p, truth_r = (size * true)[flagged].sum() / size[flagged].sum(), (size * true)[flagged].sum() / (size * true).sum()
        out[f"precision_{name}"] = 100 * float(np.sqrt(np.mean((caught / seen - truth_p) ** 2)) / truth_p)
        out[f"recall_{name}"] = 100 * float(np.sqrt(np.mean((recall - truth_r) ** 2)) / truth_r)
    # By hand: the variance of a stratified total, and the delta method for the ratio caught / (caught + missed).
    variance = size**2 * true * (1 - true) / np.maximum(np.round(BUDGET * designs["neyman"]), 1)
    caught, missed = (size * true)[flagged].sum(), (size * true)[~flagged].sum()
    spread = np.sqrt(missed**2 * variance[flagged].sum() + caught**2 * variance[~flagged].sum()) / (caught + missed) ** 2
    blind = caught / (caught + (size * true)[~flagged][:-1].sum())  # nobody labels the lowest stratum, and it counts as clean
    return out | {"precision_true": 100 * truth_p, "recall_true": 100 * truth_r, "recall_formula": 100 * spread / truth_r, "recall_blind": 100 * blind}


KEYS = ("auc", "ap", "half", "priced", "best")
RULES = ("truth", *(f"lr_{name}" for name in (*LINEAR, "focal")), *(f"guarded_{name}" for name in TREES), *(f"default_{name}" for name in TREES if name != "smote"), "guarded_keep1", "guarded_keep3")
DESIGNS = ("uniform", "half", "equal", "neyman")
LABELS = [f"{what}_{name}" for what in ("precision", "recall") for name in DESIGNS] + ["precision_true", "recall_true", "recall_formula", "recall_blind"]
# Processors differ in last digits, which may move a split of a tree; the worth of few rows moves by more than an area, and may come close to zero.
LOOSE = {"auc": 0.01, "ap": 0.1, "half": 0.5, "priced": 0.3, "best": 0.3}
TOLERANCE = {f"{rule}_{key}": 0.02 if rule in ("truth", *(f"lr_{name}" for name in LINEAR)) and key in ("auc", "ap") else LOOSE[key] for rule in RULES for key in KEYS}
TOLERANCE |= {f"{rule}_less{end}": 0.5 for rule in ("guarded_weights", "guarded_smote", "guarded_keep10") for end in ("", "_low", "_high")} | {"lr_weights_debt": 0.05, "lr_focal_debt": 0.05}
TOLERANCE |= {f"{rule}_gap{end}": 0.5 for rule in RULES for end in ("", "_low", "_high")} | {f"{kept}_{model}": 0.1 for kept in ("all", *(f"keep{k}" for k in KEPT)) for model in ("lr", "trees")} | {f"{rule}_ap_series": 0.15 for rule in RULES} | {name: 0.05 for name in LABELS} | {f"{name}_{key}": 0.05 for name in ("clear_auc", "clear_ap") for key in (10, 100, 1_000)}


def one_world(seed: int) -> dict[str, dict[str, float]]:
    random = np.random.default_rng(seed)
    x, _, y = world(TRAIN, random)
    new_x, p, _ = world(JUDGED, random)
    guard = round(LEAF * len(y) / y.sum())  # rows of the log that hold so many positives
    out = {"world": {"positives": y.sum(), "ratio": (~y).sum() / y.sum(), "guard": guard}, "truth": judged(logit(p), p, 1)}
    for name in LINEAR:
        rows, labels, weights, inflated = treated(x, y, name, random)
        out[f"lr_{name}"] = judged(log_odds(LogisticRegression(C=1e3, max_iter=500).fit(rows, labels, weights), new_x), p, inflated)
    out["lr_focal"] = judged(focal(x, y)(new_x), p, 1)
    for name in TREES:
        rows, labels, weights, inflated = treated(x, y, name, random)
        fewer = len(rows) / len(x) if name.startswith("keep") else 1  # a leaf of a smaller sample holds its positives in fewer rows
        for leaf, size in (("default", 20), ("guarded", max(20, round(guard * fewer)))):
            if f"{leaf}_{name}" not in RULES:
                continue
            z = log_odds(trees(size).fit(rows, labels, weights), new_x)
            out[f"{leaf}_{name}"] = judged(z, p, inflated)
            if (leaf, name) == ("guarded", "none"):
                out["labels"] = label_budget(z, p, random)
    for k in KEPT:
        if f"guarded_keep{k}" not in out:
            rows, labels, _, inflated = treated(x, y, f"keep{k}", random)
            out[f"guarded_keep{k}"] = judged(log_odds(trees(max(20, round(LEAF * (1 + k)))).fit(rows, labels), new_x), p, inflated)
    return out


def run() -> dict[str, float | str | list[float]]:
    random = np.random.default_rng(7)
    results: dict[str, float | str | list[float]] = {
        "train": f"{TRAIN} row", "judged": f"{JUDGED} row", "seeds": len(SEEDS), "pays": f"{100 * PAYS:g} percent", "leaf": LEAF, "budget": f"{BUDGET} label", "paired": PAIRED,
        "flagged": f"{100 * EDGES[2]:g} percent", "ratio_series": list(RATIOS), "positives_series": list(POSITIVES),
    }  # fmt: skip
    curves = {name: [areas(model, norm.sf, ratio) for ratio in RATIOS] for name, model in (("even", even), ("sharp", sharp))}
    for name, values in curves.items():
        results |= {f"{name}_auc": round(values[0][0], 4), f"{name}_ap_series": [round(ap, 5) for _, ap in values]}
        results |= {f"{name}_ap_{ratio}": round(ap, 5) for ratio, (_, ap) in zip(RATIOS, values)}
    low, high = 1.0, 100.0  # the ratio at which average precision changes its mind
    while high / low > 1.001:
        middle = np.sqrt(low * high)
        low, high = (middle, high) if areas(even, norm.sf, middle)[1] > areas(sharp, norm.sf, middle)[1] else (low, middle)
    results["crossing"] = f"{low:.1f}"
    results |= {f"half_recall_{ratio}": f"{100 / (1 + ratio * norm.sf(2) / 0.5):.4g} percent" for ratio in RATIOS}  # precision where half the positives are found
    results["lift_10000"] = round(curves["even"][-1][1] * (1 + RATIOS[-1]), 1)  # over the base rate, the average precision of random order
    for name, values in stability(random).items():
        results[f"{name}_series"] = [round(float(value), 2) for value in values]
        results |= {f"{name}_{k}": f"{value:.2f} percent" for k, value in zip(POSITIVES, values)}
    for ratio in (10, 100, 1_000):
        auc, ap = clearness(ratio, random)
        results |= {f"clear_auc_{ratio}": round(float(auc), 3), f"clear_ap_{ratio}": round(float(ap), 3)}
    results["more_positives"] = round((results["clear_auc_1000"] / results["clear_ap_1000"]) ** 2, 2)
    worlds = [one_world(seed) for seed in SEEDS]
    for key in ("positives", "ratio", "guard"):
        results[key] = f"{np.mean([found['world'][key] for found in worlds]):.0f}"
    for k in KEPT:
        results[f"rows_keep{k}"] = f"{100 * np.mean([(1 + k) / (1 + found['world']['ratio']) for found in worlds]):.2f} percent"
    for rule in RULES:
        for key in KEYS:
            value = np.mean([found[rule][key] for found in worlds])
            results[f"{rule}_{key}"] = round(float(value), 5) if key in ("auc", "ap") else f"{value:.2f} percent"
        family, _, kept = rule.partition("_")
        if family in ("lr", "guarded") and (kept == "none" or kept.startswith("keep")):  # as percent, for a chart
            results[f"{'all' if kept == 'none' else kept}_{'lr' if family == 'lr' else 'trees'}"] = f"{100 * results[f'{rule}_ap']:.3f} percent"
        values = [found[rule]["ap"] for found in worlds]
        plain = [found["lr_none" if rule.startswith("lr") else "guarded_none"]["ap"] for found in worlds]
        gaps = [100 * (value / base - 1) for value, base in zip(values, plain)]  # against no treatment, world by world
        results |= {f"{rule}_gap": f"{np.mean(gaps):.1f} percent", f"{rule}_gap_low": f"{min(gaps):.1f} percent", f"{rule}_gap_high": f"{max(gaps):.1f} percent"}
        results[f"{rule}_ap_series"] = [round(float(f(values)), 4) for f in (np.min, np.mean, np.max)]
    results |= {name: f"{np.mean([found['labels'][name] for found in worlds]):.2f} percent" for name in LABELS}
    # The same said without a minus sign, for sentences.
    for rule in ("guarded_weights", "guarded_smote", "guarded_keep10"):
        gap, low, high = (-float(results[f"{rule}_{key}"].split()[0]) for key in ("gap", "gap_high", "gap_low"))
        results |= {f"{rule}_less": f"{gap:.1f} percent", f"{rule}_less_low": f"{low:.1f} percent", f"{rule}_less_high": f"{high:.1f} percent"}
    results |= {"lr_weights_debt": f"{-float(results['lr_weights_half'].split()[0]):.0f} percent", "lr_focal_debt": f"{-float(results['lr_focal_priced'].split()[0]):.0f} percent"}
    for name in DESIGNS:
        results[f"found_{name}"] = f"{np.mean([found['labels'][f'found_{name}'] for found in worlds]):.1f}"
    results["recall_saving"] = round(float(np.mean([(found["labels"]["recall_uniform"] / found["labels"]["recall_neyman"]) ** 2 for found in worlds])), 2)
    return results


ROWS = {"none": "untreated", "weights": "class weights", "smote": "interpolated", "keep30": "30 negatives each", "keep10": "10 negatives each"}


def plot(results):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(670 / 72, 350 / 72), width_ratios=(10, 9))
    ratios = results["ratio_series"]
    left.plot(ratios, [results["even_auc"]] * len(ratios), color="guide:node-edge", linestyle="-", marker="D")
    left.plot(ratios, results["even_ap_series"], color="guide:online-edge", linestyle="-", marker="o")
    left.plot(ratios, results["sharp_ap_series"], color="guide:offline-edge", linestyle="--", marker="s")
    left.annotate("AUC", (ratios[3], results["even_auc"]), xytext=(0, -19), textcoords="offset points", ha="center")
    left.annotate("average\nprecision", (ratios[2], results["even_ap_series"][2]), xytext=(-8, -8), textcoords="offset points", ha="right", va="top")
    left.annotate("sharper top,\nlower AUC", (ratios[3], results["sharp_ap_series"][3]), xytext=(-2, 10), textcoords="offset points")
    left.set(xscale="log", xlim=(0.7, 15_000), ylim=(0, 1), title="The same scores, ever rarer positives", xlabel="negatives for each positive")
    left.set_xticks(ratios, ["1", "10", "100", "1,000", "10,000"])
    left.minorticks_off()
    for row, name in enumerate(ROWS):
        for leaf, marker, color, face, words in (("default", "s", "offline-edge", "label", "leaf of 20 rows"), ("guarded", "o", "online-edge", "online-edge", "of 2 positives")):
            if f"{leaf}_{name}" not in RULES:
                continue
            low, mean, high = (100 * value for value in results[f"{leaf}_{name}_ap_series"])
            at = row + (0.16 if leaf == "guarded" else -0.16)
            right.plot([low, high], [at, at], color=f"guide:{color}", linestyle="-", marker="")
            right.plot([mean], [at], color=f"guide:{color}", markerfacecolor=f"guide:{face}", linestyle="", marker=marker)
            if row == 0:
                right.annotate(words, (mean, at), xytext=(0, 9), textcoords="offset points", ha="center")
    right.set(xlim=(2, 12), ylim=(len(ROWS) - 0.5, -0.75), xticks=[2, 4, 6, 8, 10, 12], title="Trees: average precision, %")
    right.set_yticks(range(len(ROWS)), ROWS.values())
    return figure
