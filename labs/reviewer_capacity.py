"""What does the order of a review queue prevent when the seats are fixed, and what do the queue's labels teach?

300,000 posts a day, one in a thousand violates one of four policies, which differ in severity and in how well a score tells them apart. Views follow a heavy tail and arrive
over hours; a violation does harm by its severity times its views until it is removed. Part one: posts above a threshold wait for reviewers, who read in some order; the
middle one of three days is judged, then six hours of an event that brings new violations and many more look-alikes. The score is the exact posterior of an ordinary day, so no
order is handicapped by its calibration, except during the event. Part two: the same seats label posts for the next model while 40 % of the violations have changed their
content. Part three: labels needed to measure prevalence, by closed formula. Reviewers make no mistakes and removed posts do not come back. Everything is repeated in several worlds.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression

DESCRIBE = (
    "Left, harm prevented against seats, from a quarter to two: order by expected harm per minute is above order by score, by more the fewer seats there are, and both are above "
    "first in, first out. Right, six hours on an ordinary day and during an event: first in, first out falls furthest, the two rules by expected harm stay highest."
)
SECONDS = 18

POSTS, DAYS, STEP = 300_000, 3, 20  # a day; days; minutes between two looks at the queue
POLICIES = ("nudity", "harassment", "hate", "threat")
RATE = np.array([5, 3, 1.5, 0.5]) / 10_000  # violations per post
SEVERITY = np.array([1, 3, 8, 20.0])
GAP = np.array([6.2, 3.4, 3.8, 3.8])  # how far a violation's score lies from other posts', in standard deviations
ALIKE, HALFWAY = 0.01, 0.6  # share of look-alikes (news, reclaimed words), and how much of the gap they cover
REACH, SPREAD, GUESS = np.log(20), 1.6, 1.0  # log views: median, spread, and the error of the guess at upload
HOURS, WAIT = 8, 48  # in which views arrive, median over posts; after which a post leaves the queue
OPEN, SURE = 0.004, 0.9  # thresholds: to enter the queue, to be removed without a look
WRONG = 9.0  # price of a view of a wrongly removed post, in views of a violation of severity 1
EVENT = (36, 42, 20, 0.10)  # from hour, to hour, hate speech times so much, share of posts that are look-alikes of it
WORLDS, SEATS = 12, (0.25, 0.5, 1, 2)

SIZE, LABELS, SWEPT, CODED = 400_000, 2_400, 40_000, 0.4  # part two: posts, reviews, posts labeled by machine, share of changed violations
CATCH, CLEAR = 0.8, 0.995  # the machine's sensitivity and specificity
REPORTS = (1e-3, 5e-5)  # per view, of a violation and of another post
LESSONS = 4
# Other processors add up in another order; a tie in the queue may then fall the other way. `run` enters all names but those of settings.
TOLERANCE: dict[str, float] = {}


class Day:
    """Posts of three days: those that violate, and those whose score could matter."""

    def __init__(self, random, event=None):
        n = POSTS * DAYS
        daily = 1 - 0.6 * np.cos(2 * np.pi * (np.arange(24) + 0.5) / 24)
        born = np.sort(random.choice(24, n, p=daily / daily.sum()) + random.random(n) + 24 * random.integers(0, DAYS, n))
        kind = np.searchsorted(np.cumsum(RATE), random.random(n))  # 4: no violation
        alike = np.where((kind == 4) & (random.random(n) < ALIKE), random.integers(0, 4, n), 4)
        if event:
            start, end, times, share = event
            draw, during = random.random(n), (born >= start) & (born < end) & (kind == 4)
            alike[during & (draw > 1 - share)] = 2
            more = during & (draw < (times - 1) * RATE[2])
            kind[more], alike[more] = 2, 4
        score = random.standard_normal((n, 4), dtype=np.float32)
        for who, distance in ((kind, GAP), (alike, HALFWAY * GAP)):
            rows = np.flatnonzero(who < 4)
            score[rows, who[rows]] += distance[who[rows]].astype(np.float32)
        # Bayes: the odds of a shifted normal against a standard one are exp(z d - d²/2). Posts that cannot reach half of the lowest threshold are left out.
        reach = (np.log(OPEN / 2 * (1 - ALIKE) * (1 - RATE.sum()) / RATE) + GAP**2 / 2) / GAP
        kept = np.flatnonzero((kind < 4) | (score >= reach).any(axis=1))
        m, score = len(kept), score[kept].astype(float)
        violates = RATE * np.exp(score * GAP - GAP**2 / 2)
        similar = np.exp(score * HALFWAY * GAP - (HALFWAY * GAP) ** 2 / 2).mean(axis=1)
        self.chance = violates / (violates.sum(axis=1) + (1 - RATE.sum()) * (1 - ALIKE + ALIKE * similar))[:, None]
        self.born = born[kept]
        self.severity = np.append(SEVERITY, 0)[kind[kept]]
        self.views = np.exp(REACH + SPREAD * random.standard_normal(m))
        self.pace = HOURS * np.exp(0.8 * random.standard_normal(m))
        self.minutes = random.choice([0.6, 0.4, 2.5], m, p=[0.6, 0.3, 0.1])  # text, image, video
        signal = np.log(self.views) + GUESS * random.standard_normal(m)
        trust = SPREAD**2 / (SPREAD**2 + GUESS**2)
        self.guess = np.exp(REACH + trust * (signal - REACH) + SPREAD**2 * (1 - trust) / 2)  # expected views given the signal
        self.worth = self.chance @ SEVERITY  # expected severity: several policies at once
        self.top = self.chance.max(axis=1)
        self.harm = self.severity * self.views


def still(day, i, now, pace):
    """The share of a post's views that is still to come."""
    return np.exp(-(now - day.born[i]) / pace)


ORDERS = {  # what is read first: the highest
    "fifo": lambda day, i, now: -day.born[i],
    "newest": lambda day, i, now: day.born[i],
    "score": lambda day, i, now: day.top[i],
    "severity": lambda day, i, now: day.worth[i],
    "reach": lambda day, i, now: day.worth[i] * day.guess[i],
    "rest": lambda day, i, now: day.worth[i] * day.guess[i] * still(day, i, now, HOURS),
    "value": lambda day, i, now: day.worth[i] * day.guess[i] * still(day, i, now, HOURS) / day.minutes[i],
    "oracle": lambda day, i, now: day.harm[i] * still(day, i, now, day.pace[i]) / day.minutes[i],
}


def removed_at_upload(day, limits):
    return (day.chance >= limits).any(axis=1)


def work(day, order, seats, enter, automatic, trim=None):
    """When each post was read, infinity if never: every STEP minutes the reviewers take the first posts that their minutes allow.

    `trim` keeps only the highest scores that fit into so many hours of work: a threshold that follows capacity.
    """
    read = np.full(len(day.born), np.inf)
    waiting = np.flatnonzero(~automatic & (day.top >= enter))
    arrivals, pool, begun, minutes = day.born[waiting], np.zeros(0, int), 0, 0.0
    for now in np.arange(STEP, DAYS * 24 * 60 + 1, STEP) / 60:
        end = np.searchsorted(arrivals, now)
        pool, begun = np.concatenate([pool, waiting[begun:end]]), end
        pool = pool[now - day.born[pool] < WAIT]
        if trim:
            best = pool[np.argsort(-day.top[pool])]
            pool = best[np.cumsum(day.minutes[best]) <= trim * 60 * seats]
        minutes += seats * STEP
        first = pool[np.argsort(-ORDERS[order](day, pool, now), kind="stable")]
        cost = np.cumsum(day.minutes[first])
        count = np.searchsorted(cost, minutes, side="right")
        minutes = 0.0 if count == len(first) else minutes - (cost[count - 1] if count else 0)  # an idle minute is lost
        read[first[:count]], pool = now, first[count:]
    return read


def judge(day, automatic, read, rows):
    """Percent of harm prevented, of violations removed, of reviews that found one; hours that those waited (median)."""
    bad, seen = day.severity > 0, np.isfinite(read)
    gone = bad & (automatic | seen)
    age = np.where(automatic, 0, np.where(seen, read, day.born) - day.born)
    saved = np.where(gone, day.harm * np.exp(-age / day.pace), 0)
    found = rows & seen & bad
    return {
        "prevented": 100 * saved[rows].sum() / day.harm[rows].sum(),
        "removed": 100 * gone[rows & bad].mean(),
        "precision": 100 * found.sum() / max(1, (rows & seen).sum()),
        "waited": np.median(age[found]) if found.any() else 0.0,
    }


def match(day, automatic, seats):
    """The threshold that fills the seats on an average day."""
    scores = np.sort(day.top[~automatic])[::-1]
    return scores[int(DAYS * seats * 24 * 60 / day.minutes.mean())]


def ordinary(day):
    """Every order at one seat, the two best rules and the worst at several, and what is left."""
    rows = (day.born >= 24) & (day.born < 48)
    sure, priced, none = removed_at_upload(day, SURE), removed_at_upload(day, WRONG / (WRONG + SEVERITY)), np.zeros(len(day.born), bool)
    found = {"load": day.minutes[rows & ~sure & (day.top >= OPEN)].sum() / (24 * 60)}
    settings = {f"{order}_open": (order, 1, OPEN) for order in ORDERS}
    settings |= {f"{order}_matched": (order, 1, match(day, sure, 1)) for order in ("fifo", "newest", "score", "value")}
    for seats in SEATS:
        name = f"{seats:g}".replace(".", "_")
        settings |= {f"fifo_seats_{name}": ("fifo", seats, match(day, sure, seats)), f"score_seats_{name}": ("score", seats, OPEN), f"value_seats_{name}": ("value", seats, OPEN)}
    done = {setting: work(day, *setting, sure) for setting in set(settings.values())}
    for name, setting in settings.items():
        found |= {f"{name}_{key}": value for key, value in judge(day, sure, done[setting], rows).items()}
    bad, never = rows & (day.severity > 0), np.full(len(day.born), np.inf)
    read = done["value", 1, OPEN]
    for name, automatic in (("sure", sure), ("priced", priced)):
        alone = judge(day, automatic, never, rows)
        both = judge(day, automatic, read if name == "sure" else work(day, "value", 1, OPEN, automatic), rows)
        found |= {f"{name}_prevented": alone["prevented"], f"{name}_removed": alone["removed"], f"{name}_both": both["prevented"]}
        found |= {f"{name}_right": 100 * bad[automatic & rows].mean(), f"{name}_wrong": (automatic & rows & ~bad).sum()}
    found["queue_alone"] = judge(day, none, work(day, "value", 1, OPEN, none), rows)["prevented"]
    lost, seen = np.where(bad, day.harm, 0), np.isfinite(read)
    found["left_below"] = 100 * lost[~sure & (day.top < OPEN)].sum() / lost.sum()  # never entered the queue
    found["left_unread"] = 100 * lost[~sure & (day.top >= OPEN) & ~seen].sum() / lost.sum()
    found["left_early"] = 100 - found["value_open_prevented"] - found["left_below"] - found["left_unread"]  # seen before the decision
    found["oracle_over_value"] = found["oracle_open_prevented"] - found["value_open_prevented"]
    found |= {f"value_over_{other}": found["value_open_prevented"] - found[f"{other}_prevented"] for other in ("score_open", "fifo_matched", "value_matched")}
    return found


def burst(day, name):
    """The same six hours with or without an event, under thresholds that were set for an ordinary day or that follow capacity."""
    rows = (day.born >= EVENT[0]) & (day.born < EVENT[1])
    sure, priced = removed_at_upload(day, SURE), removed_at_upload(day, WRONG / (WRONG + SEVERITY))
    bad = day.severity > 0
    found = {f"{name}_violations": (rows & bad).sum(), f"{name}_flagged": (rows & ~sure & (day.top >= 0.02)).sum()}
    found |= {f"{name}_{rule}_right": 100 * bad[automatic & rows].mean() for rule, automatic in (("sure", sure), ("priced", priced))}
    for rule, order, enter, trim in (("fifo", "fifo", 0.02, None), ("trim", "fifo", OPEN, 1), ("score", "score", OPEN, None), ("fixed", "value", 0.02, None), ("value", "value", OPEN, None)):
        measured = judge(day, sure, work(day, order, 1, enter, sure, trim), rows)
        found |= {f"{name}_{rule}_{key}": value for key, value in measured.items()}
    return found


def posts(random, coded, size):
    """Features, kind (0: violation as known, 1: with changed content, 2: none), views, reports. Dimensions 0 to 2 or 3 to 5 are content, 9 to 11 the account's past."""
    kind = np.searchsorted(np.cumsum([RATE.sum() * (1 - coded), RATE.sum() * coded]), random.random(size))
    x = random.standard_normal((size, 12), dtype=np.float32)
    alike = np.where((kind == 2) & (random.random(size) < ALIKE), random.integers(0, 2, size), 2)
    for which, content in enumerate((slice(0, 3), slice(3, 6))):
        x[kind == which, content] += 3.2 / np.sqrt(3)
        x[kind == which, 9:] += 1.5 / np.sqrt(3)
        x[alike == which, content] += HALFWAY * 3.2 / np.sqrt(3)
    views = np.exp(REACH + SPREAD * random.standard_normal(size))
    return x, kind, views, random.poisson(views * np.where(kind < 2, *REPORTS))


def fit(x, y):
    return LogisticRegression(solver="newton-cholesky").fit(x, y)


def lessons(random):
    """Models trained on what the seats labeled, judged on all posts of the next day at the same seats."""
    x, kind, *_ = posts(random, 0, SIZE)
    old = fit(x, kind < 2)
    x, kind, views, reports = posts(random, CODED, SIZE)
    bad, order = kind < 2, np.argsort(-old.decision_function(x))
    test, truth, *_ = posts(random, CODED, SIZE)

    def chance(rows, labels):
        return fit(x[rows], labels).predict_proba(test)[:, 1] if labels.any() else np.full(SIZE, RATE.sum())  # without a single violation there is nothing to fit

    def verdict(name, p, labeled=()):
        read = np.argsort(-p)[:LABELS]
        found = {f"{name}_{which}": 100 * (truth[read] == i).sum() / (truth == i).sum() for i, which in enumerate(("known", "coded"))}
        found |= {f"{name}_all": 100 * (truth[read] < 2).sum() / (truth < 2).sum(), f"{name}_level": p.mean() / (truth < 2).mean()}
        return found | ({f"{name}_positives": bad[labeled].sum(), f"{name}_changed": (kind[labeled] == 1).sum()} if len(labeled) else {})

    found = verdict("old", old.predict_proba(test)[:, 1])
    head, rest = order[: LABELS * 9 // 10], order[LABELS * 9 // 10 :]
    arms = {"queue": order[:LABELS], "random": random.choice(SIZE, LABELS, replace=False)}
    arms["reports"] = np.concatenate([head, rest[np.argsort(-(reports[rest] + random.random(SIZE - len(head)) / 2))][: LABELS // 10]])
    for name, rows in arms.items():
        found |= verdict(name, chance(rows, bad[rows]), rows)
    swept = random.choice(order[LABELS:], SWEPT, replace=False)
    machine = np.where(bad[swept], random.random(SWEPT) < CATCH, random.random(SWEPT) > CLEAR)
    confirmed, top = machine & bad[swept], order[: LABELS - machine.sum()]  # people read what the machine flagged, so the queue gets less
    first = chance(top, bad[top])
    found |= {"flags": machine.sum(), "confirmed": confirmed.sum(), "queue_rate": bad[order[:LABELS]].mean() / RATE.sum()}
    rows = np.concatenate([top, swept])
    found |= verdict("one", chance(rows, np.concatenate([bad[top], confirmed])))
    found |= verdict("second", 1 - (1 - first) * (1 - chance(swept, confirmed)))
    found |= verdict("believed", 1 - (1 - first) * (1 - chance(swept, machine)))
    for name, (x, kind, views, _) in {"blind": (x, kind, views, reports), "calm": posts(random, 0, SIZE)}.items():
        p, harm = old.predict_proba(x)[:, 1], views * (kind < 2)
        # Views drawn with chance q proportional to views * g, each weighted by 1/q. The relative variance of one label is sum(harm/g) sum(views g) / sum(harm)² - 1.
        for design, g in (("uniform", np.ones(SIZE)), ("root", np.sqrt(p)), ("floor", np.sqrt(p + RATE.sum() / 10))):
            found[f"labels_{name}_{design}"] = np.array([(harm / g).sum(), (views * g).sum(), harm.sum()])
    return found


def run() -> dict[str, float | str | list[float]]:
    queue, taught = [], []
    for seed in range(WORLDS):
        day = Day(np.random.default_rng(seed))
        queue.append(ordinary(day) | burst(day, "calm") | burst(Day(np.random.default_rng(100 + seed), EVENT), "event"))
    for seed in range(LESSONS):
        found = lessons(np.random.default_rng(200 + seed))
        taught.append({name if name.startswith("labels_") else f"teach_{name}": value for name, value in found.items()})
    results: dict[str, float | str | list[float]] = {
        "posts": f"{POSTS} post", "worlds": WORLDS, "lessons": LESSONS, "labels": f"{LABELS} label", "swept": f"{SWEPT} label", "pool": f"{SIZE} post",
        "coded": f"{100 * CODED:g} percent", "seats_series": list(SEATS), "wait": f"{WAIT} hour",
    }  # fmt: skip
    exact = set(results)
    units = {"waited": "hour", "wrong": "post", "violations": "post", "flagged": "post", "positives": "label", "changed": "label", "flags": "review", "confirmed": "post"}
    plain = ("load", "level", "rate")
    for found in (queue, taught):
        for name in found[0]:
            values = np.array([one[name] for one in found], float)
            last = name.rsplit("_", 1)[-1]
            if name.startswith("labels_"):  # for a standard error of a tenth of the prevalence; all worlds pooled, then each
                unit, (inverse, drawn, harm) = "label", values.mean(axis=0)
                middle, values = (inverse * drawn / harm**2 - 1) / 0.1**2, (values[:, 0] * values[:, 1] / values[:, 2] ** 2 - 1) / 0.1**2
            else:
                unit, middle = units.get(last, "" if last in plain else "percent"), values.mean()
            results[name] = f"{middle:.5g} {unit}" if unit else float(f"{middle:.5g}")
            if name.startswith(("value_over", "teach_second_coded", "labels_")):
                results |= {f"{name}_{end}": f"{value:.5g} {unit}" for end, value in (("least", values.min()), ("most", values.max()))}
            results[f"{name}_worlds_series"] = [float(f"{value:.5g}") for value in values]
    results["spread"] = f"{np.std([one['value_open_prevented'] for one in queue], ddof=1):.5g} percent"
    TOLERANCE.update({name: 0.02 for name in results if name not in exact})
    return results


def plot(results):
    import matplotlib.pyplot as plt

    def value(name):
        return float(str(results[name]).split()[0])

    figure, (left, right) = plt.subplots(1, 2, figsize=(660 / 72, 300 / 72), gridspec_kw={"width_ratios": (1, 1)})
    seats = results["seats_series"]
    for rule, words, color, line, mark, at in (
        ("value", "expected harm\nper minute", "guide:online-edge", "-", "o", (0.24, 77)), ("score", "score", "guide:offline-edge", "--", "s", (0.56, 55)),
        ("fifo", "first in, first out", "guide:node-edge", ":", "^", (0.62, 40)),
    ):  # fmt: skip
        left.plot(seats, [value(f"{rule}_seats_{s:g}_prevented".replace(".", "_")) for s in seats], color=color, linestyle=line, marker=mark)
        left.annotate(words, at, fontsize=13)
    left.set(xscale="log", xlim=(0.22, 2.3), ylim=(30, 90), xticks=seats, title="Harm prevented, %", xlabel="seats")
    left.set_xticklabels([f"{s:g}" for s in seats])
    left.minorticks_off()
    rules = {"fifo": "first in, fixed", "trim": "first in, capacity", "score": "score, low", "fixed": "harm, fixed", "value": "harm, low"}
    for row, rule in enumerate(rules):
        calm, event = value(f"calm_{rule}_prevented"), value(f"event_{rule}_prevented")
        right.plot([calm, event], [row, row], color="guide:line", linestyle="-", marker="")
        right.plot([calm], [row], color="guide:offline-edge", linestyle="", marker="s")
        right.plot([event], [row], color="guide:online-edge", linestyle="", marker="o")
        right.annotate(f"{event:.0f}", (event, row), xytext=(-24, -5), textcoords="offset points", fontsize=13)
        right.annotate(f"{calm:.0f}", (calm, row), xytext=(9, -5), textcoords="offset points", fontsize=13)
    right.annotate("event", (value("event_fifo_prevented"), 0), xytext=(-14, 11), textcoords="offset points", fontsize=13)
    right.annotate("ordinary", (value("calm_fifo_prevented"), 0), xytext=(-20, 11), textcoords="offset points", fontsize=13)
    right.set(ylim=(len(rules) - 0.5, -0.8), xlim=(10, 95), yticks=range(len(rules)), title="Six hours, one seat, %")
    right.set_yticklabels(rules.values())
    right.grid(False)
    figure.tight_layout()
    return figure
