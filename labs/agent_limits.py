"""Which safeguards of an agent that moves money still hold when its errors are not independent?

No language model runs here: the agent is a random number with stated error rates. Part one: a conversation is a chain of decisions and ends in a write. Errors are independent, or each
conversation has an error rate of its own with the same mean. Code catches the checkable ones, then a person takes over or the agent tries again; the customer reads the last proposal, and
objects to errors against the customer far more often than to gifts. Part two: a day of refunds under several limits, first with the agent's ordinary errors, then with a hole that
spreads among abusers, in one cohort of accounts or in all of them. Part three, by closed formula: how likely an evaluation is to see a failure of one trajectory in 500, if it can strike
any task or lives in few. Abusers do not adapt to a budget, people who take over never err, and honest customers do not come back on the same day.
"""

from collections import deque

import numpy as np

DESCRIBE = (
    "Left, dollars lost in a day under nine sets of limits, on a logarithmic axis. Ordinary errors lose a few thousand under all of them. A hole loses about 75 times more without limits and "
    "a third of that with limits for a conversation and a customer. Budgets for each cohort and hour cut a hole in one cohort to a twentieth and hardly touch one in all cohorts; a page, "
    "or the audit, cuts both. Right, chance that an evaluation of 2,400 trajectories sees a failure of one in 500: flat and high if any task can fail, falling with the trials of each task "
    "if the failure lives in one task of 100 or of 500."
)
SECONDS = 12

STEPS, ERROR = 10, 0.03  # decisions in a conversation; chance that one is wrong
ALIKE = {"free": 0, "some": 0.05, "tied": 0.25}  # correlation of two decisions of one conversation
CHECKABLE, RETRIES = 0.7, 2  # share of errors that a precondition in code can see; attempts after the first
OBJECT, GIFT, FAVOR = 0.9, 0.05, 0.5  # customer objects to an error against them, to one in their favor; share in favor
CASES = 200_000

REFUNDS, COHORTS, HISTORY, WORLDS, QUIET = 12_000, 20, 28, 12, 200  # a day; cohorts of equal size; days from which budgets are learned; repetitions; ordinary days in each, for false alarms
TICKET, WIDE, SWING = np.log(28), 0.7, 0.1  # dollars: median and spread of logs; spread of the day's volume
SLIP = 0.01  # share of refunds that the agent pays too high, by another ticket
START, PEAK, GROWTH = 9, 150, 2.0  # the hole is found at this hour; abusers an hour at most; times so many each hour
ORDERS, FANCY, WORKS = 3, np.log(70), 0.9  # orders an abuser can claim, their median, chance that the hole works
TALK, PERSON, DEVIATIONS = 100, 150, 4  # dollars a conversation, a customer; standard deviations of a budget above its mean
CLOSE, LATE, FIXED = 1 / 60, 0.5, 4  # hours: from an alarm until refunds need a person, from a refund until its audit is read, from an alarm until the hole is mended and the tool open again
AUDIT, EYE, WINDOW, ALARM = 1 / 50, 0.8, 50, 4  # share of paid refunds that a person reads within LATE, errors they see, and the alarm: so many among the last so many
TALLY = 2_400  # trajectories that an evaluation can afford
TOLERANCE: dict[str, float] = {}


def steps(random, alike):
    """Shares of conversations, and dollars lost in 1,000 of them, under guards that are added one by one."""
    # Beta with parameters a and b: mean a / (a + b), correlation of two decisions 1 / (a + b + 1).
    rate = random.beta(ERROR * (1 / alike - 1), (1 - ERROR) * (1 / alike - 1), CASES) if alike else np.full(CASES, ERROR)
    amount = np.exp(TICKET + WIDE * random.standard_normal(CASES))
    wrong = np.zeros((RETRIES + 1, CASES, STEPS), bool)
    for attempt in range(RETRIES + 1):
        wrong[attempt] = random.random((CASES, STEPS)) < rate[:, None]
    seen = random.random((RETRIES + 1, CASES, STEPS)) < CHECKABLE
    gift, objects = random.random(CASES) < FAVOR, random.random(CASES)
    found = {}

    def outcome(name, bad, handed):
        good = ~bad & ~handed
        shop, customer = bad & ~handed & gift, bad & ~handed & ~gift
        found.update({f"{name}_right": 100 * good.mean(), f"{name}_wrong": 100 * (bad & ~handed).mean(), f"{name}_handed": 100 * handed.mean()})
        found.update({f"{name}_shop": 1000 * (amount * shop).mean(), f"{name}_customer": 1000 * (amount * customer).mean()})

    outcome("none", wrong[0].any(axis=1), np.zeros(CASES, bool))
    hidden, caught = wrong & ~seen, wrong & seen
    bad, handed = hidden[0].any(axis=1), caught[0].any(axis=1)
    outcome("checks", bad, handed)  # a refused call goes to a person at once
    stops = objects < np.where(gift, GIFT, OBJECT)
    outcome("sure", bad, handed | bad & stops)  # the same, and the customer confirms
    slipped, stuck = hidden[0].copy(), caught[0].copy()
    for attempt in range(1, RETRIES + 1):
        slipped |= stuck & hidden[attempt]
        stuck &= caught[attempt]
    bad, handed = slipped.any(axis=1), stuck.any(axis=1)
    outcome("retry", bad, handed)
    outcome("confirm", bad, handed | bad & stops)
    bad, handed = slipped[:, :-1].any(axis=1) | hidden[0][:, -1], stuck[:, :-1].any(axis=1) | caught[0][:, -1]
    outcome("mixed", bad, handed | bad & stops)  # tries again before the write, hands over if the write itself is refused
    return found


def hours(random, count):
    daily = 1 - 0.6 * np.cos(2 * np.pi * (np.arange(24) + 0.5) / 24)
    return random.choice(24, count, p=daily / daily.sum())


def honest(random):
    """A day of legitimate refunds: hour, cohort, dollars owed, dollars paid too much."""
    count = random.poisson(REFUNDS * np.exp(SWING * random.standard_normal() - SWING**2 / 2))
    owed = np.exp(TICKET + WIDE * random.standard_normal(count))
    extra = np.where(random.random(count) < SLIP, np.exp(TICKET + WIDE * random.standard_normal(count)), 0)
    return np.sort(hours(random, count) + random.random(count)), random.integers(0, COHORTS, count), owed, extra


def abuse(random, spread):
    """Claims through the hole: hour, cohort, dollars, account. Abusers tell each other until PEAK an hour."""
    now = np.concatenate([hour + random.random(random.poisson(min(PEAK, GROWTH ** (hour - START + 1)))) for hour in range(START, 24)])
    account = np.repeat(np.arange(len(now)), ORDERS)
    cohort = random.integers(0, COHORTS, len(now))[account] if spread else np.zeros(len(account), int)
    when = np.repeat(now, ORDERS) + np.tile(np.arange(ORDERS), len(now)) * 0.2
    order = np.argsort(when, kind="stable")
    order = order[when[order] < 24]
    return when[order], cohort[order], np.exp(FANCY + WIDE * random.standard_normal(len(account)))[order], account[order]


def budgets(random):
    """Mean and DEVIATIONS standard deviations of dollars paid by the agent, learned from HISTORY ordinary days under the limit for a conversation."""
    spent = np.zeros((HISTORY, 24, COHORTS))
    for past in range(HISTORY):
        when, cohort, owed, extra = honest(random)
        kept = owed + extra <= TALK
        np.add.at(spent[past], (when.astype(int)[kept], cohort[kept]), (owed + extra)[kept])

    def limit(dollars):
        return dollars.mean(axis=0) + DEVIATIONS * dollars.std(axis=0, ddof=1)

    pooled = np.moveaxis(spent, 2, 0).reshape(-1, 24)  # cohorts are alike here
    found = {"day": limit(spent.sum(axis=(1, 2))), "shop": limit(spent.sum(axis=2)), "cohort": limit(pooled)}
    return found | {"night_shop": found["shop"][START:].sum(), "night_cohort": found["cohort"][START:].sum()}  # all that may be paid while the hole is open


def quiet(random, budget):
    """Shares of ordinary days on which a budget or the audit raises an alarm; share of paid refunds that are wrong; what an abuser may add to a cohort's hour if one in a month rings."""
    alarms, days, share = np.zeros(3), np.zeros((QUIET, 24, COHORTS)), []
    for past in range(QUIET):
        when, cohort, owed, extra = honest(random)
        paid = owed + extra
        kept = paid <= TALK
        spent = days[past]
        np.add.at(spent, (when.astype(int)[kept], cohort[kept]), paid[kept])
        share.append((extra > 0)[kept].mean())
        wrong = ((extra > 0) & (random.random(len(extra)) < EYE))[kept & (random.random(len(extra)) < AUDIT)]
        alarms += (spent.sum(axis=1) > budget["shop"]).any(), (spent > budget["cohort"][:, None]).any(), np.convolve(wrong, np.ones(WINDOW), "valid").max() >= ALARM
    room = budget["cohort"] - np.quantile(days, 1 - 1 / 720, axis=(0, 2))
    return dict(zip(("quiet_shop", "quiet_cohort", "quiet_audit"), 100 * alarms / QUIET)) | {"quiet_wrong": 100 * np.mean(share), "slack_quiet": room.mean()}


BASE = ("talk", "person")
RULES = {  # which limits hold
    "none": (), "talk": ("talk",), "person": BASE, "day": (*BASE, "day"), "shop": (*BASE, "shop"), "cohort": (*BASE, "cohort"), "page": (*BASE, "shop", "cohort", "page"),
    "audit": (*BASE, "audit"), "full": (*BASE, "shop", "cohort", "page", "audit"),
}  # fmt: skip


def day(ordinary, claims, budget, rule, luck, read):
    """Dollars lost to the hole and to ordinary errors, legitimate refunds that went to a person, hours from the first claim to the first alarm, whether the shop's budget rang."""
    on = set(RULES[rule])
    when, cohort, owed, extra = (np.concatenate([mine, theirs]) for mine, theirs in zip(ordinary, (*claims[:2], np.zeros(len(claims[0])), np.where(luck < WORKS, claims[2], 0))))
    account = np.concatenate([np.full(len(ordinary[0]), -1), claims[3]])
    today, shop, spent, person = 0.0, [0.0] * 24, [[0.0] * COHORTS for _ in range(24)], {}
    pending, seen = deque(), deque(maxlen=WINDOW)  # audits that are being read, and the last ones that were
    closed, opened, through = [np.inf] * COHORTS, [0.0] * COHORTS, [0.0] * COHORTS  # by cohort: from when, until when; dollars that the hole has cost
    fixed, alarm, bell = np.inf, np.inf, False
    lost = {"hole": 0.0, "errors": 0.0, "people": 0}
    order = np.argsort(when, kind="stable")
    for now, group, due, more, who, eye in zip(*(column[order].tolist() for column in (when, cohort, owed, extra, account, read))):
        hour, pay, abuser = int(now), due + more, who >= 0
        if abuser and (pay == 0 or now >= fixed):
            continue
        over_shop = ("day" in on and today + pay > budget["day"]) or ("shop" in on and shop[hour] + pay > budget["shop"][hour])
        over_cohort = "cohort" in on and spent[hour][group] + pay > budget["cohort"][hour]
        while pending and pending[0][0] <= now:
            seen.append(pending.popleft()[1])
        found = "audit" in on and len(seen) == WINDOW and sum(seen) >= ALARM
        stop = closed[group] <= now < opened[group] or ("talk" in on and pay > TALK) or ("person" in on and abuser and person.get(who, 0.0) + pay > PERSON)
        if found or (not stop and (over_shop or over_cohort)):
            alarm, bell = min(alarm, now), bell or over_shop and not stop
            if found or "page" in on:  # the whole tool, unless one cohort's budget says where
                where = range(COHORTS) if found or over_shop else (group,)
                if any(through[which] for which in where):  # a false alarm mends nothing
                    fixed = min(fixed, now + FIXED)
                if found:  # the count starts anew
                    pending.clear(), seen.clear()
                for which in where:
                    if now >= opened[which]:
                        closed[which], opened[which] = now + CLOSE, fixed if now < fixed < np.inf else now + FIXED
            stop = stop or over_shop or over_cohort
        if stop:
            lost["people"] += not abuser
            continue
        today, shop[hour] = today + pay, shop[hour] + pay
        spent[hour][group] += pay
        if abuser:
            person[who] = person.get(who, 0.0) + pay
        if eye < AUDIT:
            pending.append((now + LATE, more > 0 and eye < AUDIT * EYE))
        lost["hole" if abuser else "errors"] += more
        through[group] += more * abuser
    return {"lost": lost["hole"] + lost["errors"], **lost, "noticed": alarm - (claims[0][0] if len(claims[0]) else 0), "alarmed": 100 * float(np.isfinite(alarm)), "bell": 100 * float(bell)}


def money():
    """All rules on the same days: no hole, a hole in one cohort, a hole in all."""
    found = {}
    for world in range(WORLDS):
        random = np.random.default_rng(world)
        budget, ordinary = budgets(random), honest(random)
        total = ordinary[2] + ordinary[3]
        found.setdefault("paid", []).append(total[total <= TALK].sum())
        nothing = tuple(np.zeros(0, kind) for kind in (float, int, float, int))
        for which, claims in (("calm", nothing), ("one", abuse(random, False)), ("all", abuse(random, True))):
            luck, read = random.random(len(claims[0])), random.random(len(claims[0]) + len(ordinary[0]))
            found.setdefault(f"{which}_claims", []).append(len(claims[0]))
            for rule in RULES:
                for name, value in day(ordinary, claims, budget, rule, luck, read).items():
                    found.setdefault(f"{which}_{rule}_{name}", []).append(value)
        for name, value in ({name: budget[name] for name in ("night_shop", "night_cohort")} | quiet(np.random.default_rng(1000 + world), budget)).items():
            found.setdefault(name, []).append(value)
    return found


def sight(tasks, trials, share):
    """Chance that at least one of tasks * trials trajectories fails, if a task can fail with probability `share` and then does so in 1/500/share of its trials."""
    each = (1 / 500) / share
    return 1 - (1 - share * (1 - (1 - each) ** trials)) ** tasks


def run() -> dict[str, float | str | list[float]]:
    results: dict[str, float | str | list[float]] = {
        "steps": STEPS, "error": f"{100 * ERROR:g} percent", "checkable": f"{100 * CHECKABLE:g} percent", "retries": RETRIES, "objects": f"{100 * OBJECT:g} percent",
        "gifts": f"{100 * GIFT:g} percent", "some": ALIKE["some"], "tied": ALIKE["tied"], "cases": f"{CASES} request", "refunds": f"{REFUNDS} request/day", "cohorts": COHORTS, "history": f"{HISTORY} day", "worlds": WORLDS,
        "slip": f"{100 * SLIP:g} percent", "talk": f"{TALK} dollar/request", "person": f"{PERSON} dollar/person", "deviations": DEVIATIONS, "close": f"{60 * CLOSE:g} minute", "late": f"{60 * LATE:g} minute", "fixed": f"{FIXED} hour", "audited": round(1 / AUDIT), "eye": f"{100 * EYE:g} percent", "window": WINDOW, "alarm": ALARM, "peak": f"{PEAK} person/hour",
        "orders": f"{ORDERS} request/person", "start": START, "tally": TALLY, "power": f"{100 * (1 - ERROR) ** STEPS:.4g} percent",
    }  # fmt: skip
    exact = set(results)
    units = {"shop": "dollar", "customer": "dollar"}
    for name, alike in ALIKE.items():
        measured = steps(np.random.default_rng(77), alike)
        for key, value in measured.items():
            results[f"{name}_{key}"] = f"{value:.4g} {units.get(key.rsplit('_', 1)[-1], 'percent')}"
        for who in ("customer", "shop"):  # what confirmation prevents
            results[f"{name}_stops_{who}"] = f"{100 * (1 - measured[f'confirm_{who}'] / measured[f'retry_{who}']):.4g} percent"
        for guard, result in (("confirm", "rate"), ("mixed", "mixed_rate")):  # more resolved for each more wrong, by trying again instead of handing over
            right, wrong = (measured[f"{guard}_{key}"] - measured[f"sure_{key}"] for key in ("right", "wrong"))
            results[f"{name}_{result}"] = float(f"{right / wrong:.4g}")
    for key, values in money().items():
        last = key.rsplit("_", 1)[-1]
        values = np.array(values, float)
        if last == "noticed" and key.startswith("calm"):
            continue
        if last == "noticed":
            values = values[np.isfinite(values)]
            if not len(values):
                continue
            values = 60 * values
        unit = {"claims": "request", "people": "request", "noticed": "minute", "alarmed": "percent", "bell": "percent", "paid": "dollar/day", "lost": "dollar/day", "hole": "dollar/day", "errors": "dollar/day"}.get(last, {"quiet": "percent", "slack": "dollar/hour"}.get(key.split("_")[0], "dollar"))
        middle = np.median(values) if last == "noticed" else values.mean()
        results[key] = f"{middle:.4g} {unit}"
        if last in ("lost", "hole"):
            results |= {f"{key}_least": f"{values.min():.4g} {unit}", f"{key}_most": f"{values.max():.4g} {unit}"}
    trials = [1, 2, 4, 8, 16, 24]
    results["trials_series"] = trials
    for name, share in (("any", 1.0), ("hundredth", 0.01), ("always", 1 / 500)):
        values = [100 * sight(TALLY // m, m, share) for m in trials]
        results[f"see_{name}_series"] = [float(f"{value:.4g}") for value in values]
        results |= {f"see_{name}_{m}": f"{value:.4g} percent" for m, value in zip(trials, values)}
    exact |= {name for name in results if name.startswith(("see_", "trials"))}
    TOLERANCE.update({name: 0.02 for name in results if name not in exact})
    return results


def plot(results):
    import matplotlib.pyplot as plt

    def value(name):
        return float(str(results[name]).split()[0])

    figure, (left, right) = plt.subplots(1, 2, figsize=(660 / 72, 360 / 72), gridspec_kw={"width_ratios": (1.3, 1)})
    rules = {"none": "none", "talk": "conversation", "person": "+ customer", "day": "++ day", "shop": "++ hour, shop", "cohort": "++ hour, cohort", "page": "++ both, page", "audit": "++ audit", "full": "++ all three"}
    rows = [0, 1, 2, 3, 4, 5, 6.8, 7.8, 8.8]  # a gap for the words
    for row, rule in zip(rows, rules):
        calm, one, every = (value(f"{which}_{rule}_lost") / 1000 for which in ("calm", "one", "all"))
        left.plot([min(calm, one, every), max(calm, one, every)], [row, row], color="guide:line", linestyle="-", marker="")
        left.plot([calm], [row], color="guide:offline-edge", linestyle="", marker="s")
        left.plot([every], [row], color="guide:node-edge", linestyle="", marker="^")
        left.plot([one], [row], color="guide:online-edge", linestyle="", marker="o")
        if rule == "cohort":
            for words, at in (("no hole", calm), ("in one", one), ("in all", every)):
                left.annotate(words, (at, row), xytext=(0, -9), textcoords="offset points", fontsize=13, ha="center", va="top")
    left.set(xscale="log", xlim=(1.3, 600), xticks=[3, 10, 30, 100, 300], ylim=(9.4, -0.6), yticks=rows, title="Lost in a day, $1,000")
    left.set_xticklabels(["3", "10", "30", "100", "300"])
    left.set_yticklabels(rules.values())
    left.minorticks_off()
    left.grid(False)
    for name, words, line, mark, color, at in (
        ("any", "any task", "-", "o", "guide:online-edge", (5.2, 105)), ("hundredth", "1 in 100", "--", "s", "guide:offline-edge", (4.8, 76)), ("always", "1 in 500", ":", "^", "guide:node-edge", (1.2, 50)),
    ):  # fmt: skip
        right.plot(results["trials_series"], results[f"see_{name}_series"], color=color, linestyle=line, marker=mark)
        right.annotate(words, at, fontsize=13)
    right.set(xscale="log", ylim=(0, 118), yticks=[0, 25, 50, 75, 100], xlim=(0.85, 30), xticks=results["trials_series"], title="Failure seen, %", xlabel="trials of each task")
    right.set_xticklabels(results["trials_series"])
    right.minorticks_off()
    figure.tight_layout()
    return figure
