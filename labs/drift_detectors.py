"""Which drift alarms go with harm, how often do they ring for nothing, and how soon do they ring?

A yes/no outcome depends on four of sixteen columns, with a kink in one of them that the model, a logistic regression, cannot bend to. The model is fitted once. Then days
of 1,000 rows pass under it. All probabilities are known, so harm is exact: the share of the model's information that a change destroys, measured against the true
probability of every row. Thirteen statistics, seven of inputs or scores and six that need labels, get limits for the same rate of false alarms, one in 60 days, from
days on which nothing changed. Then they face a calendar with weekends, eight changes, and 50 random ones. At the end, two ways to measure how fast a model fades. All of
it in three worlds, which differ in how the columns hang together.
"""

import numpy as np
from scipy.stats import spearmanr

DESCRIBE = (
    "Above, nine changes against thirteen detectors; a full dot means the alarm rings within two weeks in every run, the number beside it after how many days. Input detectors ring on "
    "day one for shifts and broken columns, harmful or not, and not at all when a weight changes. Label detectors ring for changed weights and priors. Below, 150 random changes: "
    "PSI has no upward relation to harm, with large values at zero harm and large harm at the lowest values; the test of coefficients rises with harm."
)
SECONDS = 17

COLUMNS, BINS, ROWS, REFERENCE = 16, 10, 1_000, 20_000
WEIGHTS = np.r_[0.9, 0.7, 0.5, 0.35, np.zeros(12)]  # of the log odds
LEVEL, KINK = -2.6, 0.6  # intercept, and what each unit of column 1 beyond 1 adds
BUDGET, HORIZON, DELAY = 60, 14, 7  # days between false alarms; days watched after a change; days until a label is known
QUIET, FRESH, CHANGED, PATHS = 400, 150, 30, 100  # days to set limits, to check them, of each change; orders in which the days of a change are run through
SIZES, MANY, TRIALS = (200, 1_000, 5_000, 20_000), 200, 100  # for the rule of thumb: daily rows, columns, days
SEEDS, CALENDAR = (1, 2, 3), 84
RANDOM_CHANGES, POOLED = 50, 3_000  # random changes in a world, and the rows of each
AGES, TESTED, LIVES = (0, 7, 14, 21, 28), 14, 5  # ages of models in the decay part, days they are compared on, repetitions


def logistic(z):
    return 1 / (1 + np.exp(-z))


class World:
    """Rows of one day under a change of a certain size; `size` 1 is the whole change."""

    def __init__(self, random):
        self.random = random
        self.mix = np.eye(COLUMNS) + 0.25 * random.standard_normal((COLUMNS, COLUMNS)) / 2
        self.mix /= np.sqrt((self.mix**2).sum(axis=0))  # every column has variance 1

    def day(self, rows, shift=None, weights=WEIGHTS, level=LEVEL, keep=1.0, null=None):
        """`shift` moves columns, `keep` thins out positives, `null` = (column, share of rows) arrives as 0."""
        want = rows if keep == 1 else int(rows * 1.3)
        x = self.random.standard_normal((want, COLUMNS)) @ self.mix
        if shift is not None:
            x += shift
        p = logistic(level + x @ weights + KINK * np.maximum(0, x[:, 1] - 1))
        y = self.random.random(want) < p
        if keep < 1:  # another prior with the same rows given the label
            stays = ~y | (self.random.random(want) < keep)
            x, y, p = x[stays][:rows], y[stays][:rows], (keep * p / (1 - p + keep * p))[stays][:rows]
        if null is not None:
            gone = self.random.random(len(x)) < null[1]
            x = x.copy()
            x[gone, null[0]] = 0  # what the pipeline fills in
        return x, y.astype(float), p


def fit(x, y):
    """Logistic regression by Newton's steps."""
    x, w = np.column_stack([np.ones(len(x)), x]), np.zeros(x.shape[1] + 1)
    for _ in range(8):
        p = logistic(x @ w)
        w += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(len(w)), x.T @ (y - p))
    return w


def entropy(p):
    return -p * np.log(p) - (1 - p) * np.log(1 - p)


def regret(p, s):
    """What predicting s costs where p is true, in nats a row; 0 for the best possible model."""
    return float(np.mean(p * np.log(p / s) + (1 - p) * np.log((1 - p) / (1 - s))))


class Detectors:
    """Reference statistics, and the daily statistics that are compared with them."""

    def __init__(self, world):
        x, y, p = world.day(REFERENCE)
        self.weights = fit(x, y)
        x, y, p = world.day(REFERENCE)  # a second sample, as the reference should not be the training rows
        self.world, self.columns, self.scores = world, np.sort(x, axis=0)[::5], np.sort(self.score(x))  # every fifth quantile is enough for the cumulative shares
        self.cuts = np.quantile(x, np.arange(1, BINS) / BINS, axis=0)
        self.score_cuts = np.quantile(self.scores, np.arange(1, BINS) / BINS)
        wide, self.frequencies = self.squares(x), world.random.standard_normal((COLUMNS, 32)) / 4
        self.mean, self.covariance, self.wide = wide.mean(axis=0), np.cov(wide.T) + 1e-3 * np.eye(wide.shape[1]), wide[:2_000]
        self.waves = self.kernel(x).mean(axis=0)
        self.loss = -np.mean(y * np.log(self.score(x)) + (1 - y) * np.log(1 - self.score(x)))

    def score(self, x):
        return logistic(self.weights[0] + x @ self.weights[1:])

    def squares(self, x):
        return np.column_stack([x, x**2, x == 0])

    def kernel(self, x):
        """Random waves whose mean products are a Gaussian kernel: the distance of their means is an estimate of MMD."""
        z = x @ self.frequencies
        return np.column_stack([np.cos(z), np.sin(z)])

    def psi(self, values, cuts):
        n = len(values)
        shares = (np.bincount(np.searchsorted(cuts, values), minlength=BINS) + 0.5) / (n + BINS / 2)
        return float(np.sum((shares - 1 / BINS) * np.log(shares * BINS)))

    def ks(self, values, reference):
        """The largest gap between two cumulative shares, at the values of today, just before and just after each."""
        values, n = np.sort(values), len(values)
        before = np.searchsorted(reference, values, "left") / len(reference), np.searchsorted(reference, values, "right") / len(reference)
        return float(max(np.max(np.arange(1, n + 1) / n - before[0]), np.max(before[1] - np.arange(n) / n)))

    def domain(self, x):
        """A linear classifier on columns, squares and zeros tells today from the reference; its AUC on rows it has not seen."""
        half, wide = len(x) // 2, self.squares(x)
        direction = np.linalg.solve(self.covariance, wide[:half].mean(axis=0) - self.mean)
        here, there = wide[half:] @ direction, np.sort(self.wide @ direction)
        places = np.searchsorted(there, here, "left") + np.searchsorted(there, here, "right")
        return float(places.mean() / 2 / len(there))

    def today(self, x, y, p):
        s, n = self.score(x), len(x)
        logit, slope = np.log(s / (1 - s)), s * (1 - s)
        residual = y - s
        design = np.column_stack([np.ones(n), x])
        pull = design.T @ residual
        return {
            "psi": max(self.psi(x[:, j], self.cuts[:, j]) for j in range(COLUMNS)),
            "ks": max(self.ks(x[:, j], self.columns[:, j]) for j in range(COLUMNS)),
            "score_psi": self.psi(s, self.score_cuts),
            "domain": self.domain(x),
            "mmd": float(np.sum((self.kernel(x).mean(axis=0) - self.waves) ** 2)),
            "zeros": float((x == 0).mean(axis=0).max()),
            "mean_score": float((s.mean() - self.scores.mean()) / (self.scores.std() / np.sqrt(n))),
            "ratio": float(residual.sum() / np.sqrt(slope.sum())),  # predicted over seen, in standard errors
            "loss": float(-np.mean(y * np.log(s) + (1 - y) * np.log(1 - s)) - self.loss),
            "surprise": float(-(residual * logit).sum() / np.sqrt((slope * logit**2).sum())),  # the loss minus the loss it expects of itself
            "coefficients": float(pull @ np.linalg.solve((design * slope[:, None]).T @ design + 1e-6 * np.eye(COLUMNS + 1), pull)),  # which weight would a refit change?
            "regret": regret(p, s),
        }


TWO_SIDED = ("mean_score", "ratio", "surprise")
SEQUENTIAL = {"cusum_score": "mean_score", "cusum_ratio": "ratio", "cusum_surprise": "surprise"}
INPUTS = ("psi", "ks", "score_psi", "domain", "mmd", "zeros", "cusum_score")
LABELS = ("ratio", "loss", "surprise", "coefficients", "cusum_ratio", "cusum_surprise")
DAILY = tuple(name for name in (*INPUTS, *LABELS) if name not in SEQUENTIAL)


def cusum(values, slack=0.5):
    """Page's sums upward and downward: what exceeds the slack adds up, and the sum never falls below zero."""
    up = down = 0.0
    sums = []
    for value in values:
        up, down = max(0.0, up + value - slack), max(0.0, down - value - slack)
        sums.append(max(up, down))
    return np.array(sums)


def statistics(days):
    """Each detector's series over days; two-sided ones in absolute value."""
    series = {name: np.array([day[name] for day in days]) for name in days[0]}
    return {name: np.abs(values) if name in TWO_SIDED else values for name, values in series.items()} | {name: cusum(series[of]) for name, of in SEQUENTIAL.items()}


def limits(days, random):
    """For each detector the limit that rings once in BUDGET days: a quantile, or for sums the limit whose mean time to alarm is BUDGET."""
    series = statistics(days)
    found = {name: float(np.quantile(series[name], 1 - 1 / BUDGET)) for name in DAILY}
    for name, of in SEQUENTIAL.items():
        values = np.array([day[of] for day in days])
        paths = np.maximum.accumulate([cusum(random.choice(values, 8 * BUDGET)) for _ in range(100)], axis=1)
        low, high = 0.5, 40.0
        for _ in range(20):
            middle = (low + high) / 2
            low, high = (middle, high) if (paths <= middle).sum(axis=1).mean() < BUDGET else (low, middle)
        found[name] = middle
    return found


def first_alarm(days, limit, random):
    """Days until each detector rings, over random orders of the days of a change; None for those that have not rung within the horizon."""
    waits = {name: [] for name in limit}
    for _ in range(PATHS):
        series = statistics([days[i] for i in random.integers(0, len(days), HORIZON)])
        for name in limit:
            rings = series[name] > limit[name]
            waits[name].append(rings.argmax() + 1 if rings.any() else np.inf)
    return {name: np.array(wait) for name, wait in waits.items()}


def shift(**columns):
    vector = np.zeros(COLUMNS)
    for name, size in columns.items():
        vector[int(name[1:])] = size
    return vector


def weighted(**columns):
    vector = WEIGHTS.copy()
    for name, value in columns.items():
        vector[int(name[1:])] = value
    return vector


def restless(world, day, **extra):
    """A quiet day of a real calendar: every column's mean wobbles, and four columns move on weekends. The model is right about both."""
    moved = world.random.normal(0, 0.05, COLUMNS)
    moved[2:6] += 0.3 * (day % 7 >= 5)
    return world.day(ROWS, shift=moved + extra.get("shift", 0))


CHANGES = {  # name: (words, what a day is like when a share of the change has happened)
    "none": ("no change", lambda share: {}),
    "shift": ("inputs shift, model right", lambda share: {"shift": shift(c2=0.5, c3=0.5)}),
    "idle": ("unused column breaks", lambda share: {"null": (12, 1.0)}),
    "kink": ("input shifts past kink", lambda share: {"shift": shift(c1=0.8)}),
    "null": ("column 0, a third null", lambda share: {"null": (0, 0.33)}),
    "concept": ("a weight falls", lambda share: {"weights": weighted(c0=0.3)}),
    "swap": ("two weights swap", lambda share: {"weights": weighted(c0=0.35, c3=0.9)}),
    "prior": ("fewer positives", lambda share: {"keep": 0.67}),
    "slow": ("it falls over 14 days", lambda share: {"weights": weighted(c0=0.9 - 0.6 * share)}),
}


def information(world, detectors):
    """What the model knows on quiet days, in nats: how much less it loses than the base rate would, and its regret."""
    x, y, p = world.day(REFERENCE)
    s = detectors.score(x)
    return float(entropy(np.mean(p)) - np.mean(entropy(p))) - regret(p, s), regret(p, s)


def random_change(random):
    """One change of one kind; the kinds are equally frequent, which is our choice, and so is their size."""
    kind = random.choice(KINDS)
    column = int(random.integers(0, COLUMNS // 2))  # half of them are used by the model
    if kind == "shift":
        vector = np.zeros(COLUMNS)
        vector[[column, (column + 3) % 8]] = random.normal(0, 0.4, 2)
        return kind, {"shift": vector}
    if kind == "weights":
        vector = WEIGHTS.copy()
        vector[:4] *= random.uniform(0.4, 1.6, 4)
        return kind, {"weights": vector}
    return kind, {"keep": random.uniform(0.5, 1)} if kind == "prior" else {"null": (column, random.uniform(0, 1))}


def rule_of_thumb(random):
    """PSI of columns that have not changed, by daily rows: the mean, what theory says, and how often one column of MANY exceeds 0.1 or 0.25 on a day."""
    found = {}
    base = random.multinomial(REFERENCE, np.full(BINS, 1 / BINS), MANY) / REFERENCE
    for rows in SIZES:
        shares = (random.multinomial(rows, np.full(BINS, 1 / BINS), (TRIALS, MANY)) + 0.5) / (rows + BINS / 2)
        psi = np.sum((shares - base) * np.log(shares / base), axis=2)
        found |= {f"psi_{rows}": psi.mean(), f"psi_theory_{rows}": (BINS - 1) * (1 / rows + 1 / REFERENCE), f"psi_highest_{rows}": psi.max(axis=1).mean()}
        found |= {f"over_{100 * limit:.0f}_{rows}": 100 * (psi.max(axis=1) > limit).mean() for limit in (0.1, 0.25)}
    return found


def decay(random):
    """How fast does a model fade? The weights wander. Models of five ages are judged on the same days (paired), and one model is followed as it ages (tracked)."""
    estimates = []
    for _ in range(LIVES):
        world, weights, models, losses = World(random), WEIGHTS.copy(), {}, {}
        last = max(AGES)
        for day in range(last + TESTED):
            weights = weights + np.where(WEIGHTS > 0, random.normal(0, 0.035, COLUMNS), 0)
            if last - day in AGES:
                models[last - day] = fit(*world.day(REFERENCE // 2, weights=weights)[:2])
            x, y, p = world.day(ROWS, weights=weights)
            for age, w in models.items():
                s = logistic(w[0] + x @ w[1:])
                losses[age, day] = (-np.mean(y * np.log(s) + (1 - y) * np.log(1 - s)), regret(p, s))
        tested = range(last, last + TESTED)
        paired = np.array([[losses[age, day] for day in tested] for age in AGES]).mean(axis=1)
        followed = np.array([losses[last, day] for day in range(last)])
        slopes = [np.polyfit(np.array(AGES) / 7, paired[:, k], 1)[0] for k in (0, 1)], [np.polyfit(np.arange(last) / 7, followed[:, k], 1)[0] for k in (0, 1)]
        estimates.append([slopes[0][0], slopes[0][1], slopes[1][0], slopes[1][1]])
    return np.array(estimates)


def measure(seed: int):
    """One world: numbers that are averaged over worlds, waiting times that are pooled, and the random changes."""
    random = np.random.default_rng(seed)
    world = World(random)
    detectors = Detectors(world)
    known, base = information(world, detectors)
    found = {"base": 100 * world.day(REFERENCE)[1].mean()}

    quiet = [detectors.today(*world.day(ROWS)) for _ in range(QUIET + FRESH)]
    limit = limits(quiet[:QUIET], random)
    fresh = statistics(quiet[QUIET:])
    found |= {"fresh": np.mean([BUDGET * np.mean(fresh[name] > limit[name]) for name in DAILY]), "psi_limit": limit["psi"]}

    series = statistics([detectors.today(*restless(world, day)) for day in range(CALENDAR)])
    found |= {f"calendar_{name}": BUDGET * np.mean(series[name] > limit[name]) for name in DAILY}
    found["calendar_psi_limit"] = np.quantile(series["psi"], 1 - 1 / BUDGET)
    for name, day, bar in (("small_seen", lambda i: restless(world, i, shift=shift(c2=0.3)), found["calendar_psi_limit"]), ("small_seen_quiet", lambda i: world.day(ROWS, shift=shift(c2=0.3)), limit["psi"])):
        found[name] = 100 * np.mean([max(detectors.psi(x[:, j], detectors.cuts[:, j]) for j in range(COLUMNS)) > bar for x, _, _ in map(day, range(42))])

    waits = {}
    for name, (_, make) in CHANGES.items():
        if name == "slow":
            runs = [[detectors.today(*world.day(ROWS, **make((i + 1) / HORIZON))) for i in range(HORIZON)] for _ in range(5)]
            rings = [{key: series[key] > limit[key] for key in limit} for series in map(statistics, runs)]
            waits[name] = {key: np.array([ring[key].argmax() + 1 if ring[key].any() else np.inf for ring in rings]) for key in limit}
            days = [run[-1] for run in runs]
        else:
            days = quiet[QUIET:] if name == "none" else [detectors.today(*world.day(ROWS, **make(1))) for _ in range(CHANGED)]
            waits[name] = first_alarm(days, limit, random)
        found |= {f"{name}_harm": 100 * (np.mean([day["regret"] for day in days]) - base) / known, f"{name}_psi": np.mean([day["psi"] for day in days])}

    changes = [random_change(random) for _ in range(RANDOM_CHANGES)]
    seen = [detectors.today(*world.day(POOLED, **how)) for _, how in changes]
    harm = np.array([100 * (day["regret"] - base) / known for day in seen])
    values = {name: np.array([abs(day[name]) if name in TWO_SIDED else day[name] for day in seen]) for name in DAILY}
    found |= {f"{name}_rank": spearmanr(values[name], harm)[0] for name in DAILY}
    clouds = {"harm": harm, "psi": values["psi"], "coefficients": values["coefficients"], "kind": np.array([KINDS.index(kind) for kind, _ in changes])}
    return found, waits, clouds, 100 * decay(random) / known


def run() -> dict[str, float | str | list[float]]:
    worlds, waits, clouds, fades = zip(*map(measure, SEEDS))
    results: dict[str, float | str | list[float]] = {
        "rows": f"{ROWS} row", "columns": COLUMNS, "budget": f"{BUDGET} day", "horizon": f"{HORIZON} day", "delay": f"{DELAY} day", "reference": f"{REFERENCE} row",
        "many": MANY, "paired_days": TESTED, "random_changes": RANDOM_CHANGES * len(SEEDS), "worlds": len(SEEDS), "chance": f"{100 * (1 - (1 - 1 / BUDGET) ** HORIZON):.3g} percent",
    }  # fmt: skip
    thumb = rule_of_thumb(np.random.default_rng(0))
    results |= {name: f"{value:.3g} percent" if name.startswith("over") else float(f"{value:.3g}") for name, value in thumb.items()}
    for name in worlds[0]:
        values = [float(f"{world[name]:.3g}") for world in worlds]
        percent = name == "base" or name.startswith("small") or name.endswith("_harm")
        mean = f"{np.mean(values):.3g}"
        results |= {name: f"{mean} percent" if percent else float(mean), f"{name}_worlds_series": values}
        if name.endswith("_rank"):
            results |= {f"{name}_low": round(min(values), 2), f"{name}_high": round(max(values), 2)}
    for change in CHANGES:
        for name in (*INPUTS, *LABELS):
            wait = np.concatenate([one[change][name] for one in waits])
            middle = np.median(wait)
            results[f"{change}_{name}_rung"] = f"{100 * np.mean(np.isfinite(wait)):.3g} percent"
            results[f"{change}_{name}_days"] = f"{middle if np.isfinite(middle) else HORIZON + 1:.3g} day"  # the second: not within the horizon
    results |= {f"{name}_series": [round(float(value), 4 if name == "psi" else 2) for cloud in clouds for value in cloud[name]] for name in clouds[0]}
    fades = np.concatenate(fades)
    results |= {f"fade_{name}": f"{fades[:, i].mean():.3g} percent" for i, name in enumerate(("paired", "true", "tracked", "tracked_true"))}
    results |= {f"fade_{name}_error": f"{(fades[:, i] - fades[:, i + 1]).std(ddof=1):.3g} percent" for i, name in ((0, "paired"), (2, "tracked"))}
    return results


KINDS = ("shift", "null", "prior", "weights")

# Other processors round sums differently. That can move a count of alarms by one, and a rank or a limit a little; harm near zero is a difference of equals.
TOLERANCE = {f"{change}_{name}_{what}": 0.1 for change in CHANGES for name in (*INPUTS, *LABELS) for what in ("rung", "days")}
TOLERANCE |= {f"calendar_{name}{end}": 0.3 for name in (*DAILY, "psi_limit") for end in ("", "_worlds_series")}
TOLERANCE |= {f"{name}{end}": 0.1 for name in ("fresh", "small_seen", "small_seen_quiet") for end in ("", "_worlds_series")}
TOLERANCE |= {f"{change}_harm{end}": 0.9 if change in ("none", "idle", "shift") else 0.02 for change in CHANGES for end in ("", "_worlds_series")}
TOLERANCE |= {f"{change}_psi{end}": 0.01 for change in CHANGES for end in ("", "_worlds_series")}
TOLERANCE |= {f"{name}_rank{end}": 0.2 for name in DAILY for end in ("", "_worlds_series", "_low", "_high")} | {"harm_series": 0.1}
TOLERANCE |= {f"fade_{name}": 0.02 for name in ("paired", "true", "tracked", "tracked_true", "paired_error", "tracked_error")}

HEADS = {
    "psi": "PSI", "ks": "KS", "score_psi": "PSI of scores", "domain": "classifier", "mmd": "MMD", "zeros": "zeros", "cusum_score": "CUSUM, score",
    "ratio": "ratio", "loss": "log loss", "surprise": "loss − expected", "coefficients": "coefficients", "cusum_ratio": "CUSUM, ratio", "cusum_surprise": "CUSUM, loss",
}  # fmt: skip


def plot(results):
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(660 / 72, 640 / 72))
    grid = figure.add_gridspec(2, 2, height_ratios=(8, 5))
    axes = figure.add_subplot(grid[0, :])
    order = sorted(CHANGES, key=lambda name: (name != "none", float(results[f"{name}_harm"].split()[0])))
    chance = float(results["chance"].split()[0])
    for column, name in enumerate(HEADS):
        color = "guide:offline-edge" if name in INPUTS else "guide:online-edge"
        for row, change in enumerate(order):
            rung = float(results[f"{change}_{name}_rung"].split()[0])
            axes.plot([column], [row], linestyle="", marker=".", color="guide:line", markersize=3)
            if rung > chance:
                axes.plot([column], [row], linestyle="", marker="o", color=color, markeredgewidth=0, markersize=15 * ((rung - chance) / (100 - chance)) ** 0.5)
            if rung >= 75 and change != "none":
                axes.annotate(f"{np.ceil(float(results[f'{change}_{name}_days'].split()[0])):.0f}", (column, row), xytext=(9, -5), textcoords="offset points", fontsize=13)
    axes.axvline(len(INPUTS) - 0.5 + 0.1, color="guide:line", linestyle="--", marker="", linewidth=1)
    axes.set(xlim=(-0.6, len(HEADS) - 0.3), ylim=(len(order) - 0.5, -0.6), xticks=range(len(HEADS)), yticks=range(len(order)))
    harms = [max(0, round(float(results[f"{name}_harm"].split()[0]))) for name in order]
    axes.set_yticklabels([f"{CHANGES[name][0]}, {harm} %" for name, harm in zip(order, harms)])
    axes.xaxis.tick_top()
    axes.set_xticklabels(HEADS.values(), rotation=60, ha="left", rotation_mode="anchor")
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    harm, kinds = np.array(results["harm_series"]), np.array(results["kind_series"])
    styles = (("inputs shift", "s", "offline-edge"), ("nulls", "^", "node-edge"), ("prior", "D", "online-edge"), ("weights", "o", "online-edge"))
    for place, name, words, ticks in ((grid[1, 0], "psi", "PSI, worst column", (0.01, 0.1, 1)), (grid[1, 1], "coefficients", "test of coefficients", (10, 30, 100, 300))):
        axes = figure.add_subplot(place)
        for kind, (label, marker, color) in enumerate(styles):
            here = kinds == kind
            face = {"markerfacecolor": "guide:label"} if label == "prior" else {}
            axes.plot(np.array(results[f"{name}_series"])[here], harm[here], linestyle="", marker=marker, markersize=5, color=f"guide:{color}", label=label, **face)
        axes.set(xscale="log", xlabel=words, ylim=(-2, 42), xticks=ticks)
        axes.set_xticklabels([f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        if name == "psi":
            axes.set_ylabel("harm, %")
        else:
            axes.legend(loc="upper left", handletextpad=0.1, borderaxespad=0)
    return figure
