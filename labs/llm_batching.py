"""What do continuous batching, paged memory, chunked prefill and separate prefill machines buy when an LLM is served, and who pays for a long prompt?

A discrete-event simulation of one accelerator that serves a 70-billion-parameter model: every pass of the model takes the longer of its arithmetic and its memory traffic
(a roofline), plus a fixed overhead. Peak, bandwidth and memory are an H200's; the share of the peak that arithmetic reaches is what a published benchmark of this model on
this card implies. 1,200 requests for each machine arrive at random; prompts and answers have long tails (means near 990 and 275 tokens). Seven schedulers get the same requests at sixteen rates, three
seeds. Then one prompt in fifty grows to 16,000 tokens. Nothing is timed on a clock: the results are those of the model of the hardware.
"""

import heapq
from collections import deque

import numpy as np

DESCRIBE = (
    "Above, the 99th percentile of the time to first token, left, and of the gap between tokens, right, as requests arrive faster. Static batching and reserved memory leave "
    "the plot early; with whole prompts gaps reach most of a second, with chunks of 256 tokens they stay near 55 milliseconds, on separate machines below 32. Below, the most output "
    "tokens a second on each accelerator: static batching a fifth of what chunked prefill with paged memory reaches."
)
SECONDS = 22

# The model: 70 billion parameters in FP8, 80 layers of width 8,192, 8 KV heads of 128 numbers in 16 bits. The card: an H200.
PARAMETERS, WEIGHTS, LAYERS, WIDTH = 70e9, 70e9, 80, 8_192
KV = 2 * LAYERS * 8 * 128 * 2  # bytes of cache a token
PEAK, REACHED = 2 * 400e12 / 0.41, 0.37  # FLOP/s in FP8, and the share that a published 303 tokens/s imply
BANDWIDTH, STREAMED = 4.8e12, 0.8  # bytes/s, and the share that kernels reach; assumed
ROOM = int((0.9 * 141e9 - WEIGHTS) / KV)  # tokens of cache that fit beside the weights
OVERHEAD, NETWORK = 2e-3, 50e9  # s a pass; bytes/s between machines; both assumed
LONGEST, STATIC = 8_192, 32  # tokens reserved where memory is reserved; most requests in a static batch

REQUESTS, SEEDS = 1_200, (1, 2, 3)
RATES = tuple(np.round(np.arange(0.25, 4.01, 0.25), 2))  # requests a second on each accelerator
SHOWN, MIXED, LONG, SHARE = 3.0, 2.0, 16_000, 0.02  # the rates at which tables are read; a long prompt, and how many there are
POLICIES = {  # name: tokens a pass may hold
    "static": None, "reserved": 10**9, "whole": 10**9, "large": 1_024, "small": 256, "tiny": 128, "split": None,
}  # fmt: skip
LIMITS = {"tight": 0.035, "strict": 0.06, "loose": 0.25}  # s between tokens, at the 99th percentile
# Sums run in one order and random streams are fixed; what is left is the last digit of an exponential, which may change who comes first.
TOLERANCE: dict[str, float] = {}  # filled by run(): 0.02 for what is simulated, 0 for what is stated
FIRST = 3.0  # s to the first token, at the 99th percentile


# What a pass costs: 2 operations a parameter and token, 4 a layer and number for each earlier token attended to; the weights and the cache read from memory.
EACH, ATTENDED = 2 * PARAMETERS / (PEAK * REACHED), 4 * LAYERS * WIDTH / (PEAK * REACHED)  # s
FLOOR, READ = WEIGHTS / (BANDWIDTH * STREAMED), KV / (BANDWIDTH * STREAMED)  # s


def seconds(tokens: float, attended: float, read: float) -> float:
    """One pass: the longer of its arithmetic and its traffic, and the overhead."""
    return OVERHEAD + max(EACH * tokens + ATTENDED * attended, FLOOR + READ * read)


class Request:
    __slots__ = ("answer", "arrived", "first", "prefilled", "prompt")

    def __init__(self, arrived: float, prompt: int, answer: int):
        self.arrived, self.prompt, self.answer = arrived, prompt, answer
        self.prefilled, self.first = 0, 0.0


def traffic(rate: float, seed: int, long: float = 0, machines: int = 1) -> list[Request]:
    """Requests in the order of their arrival, as many for each machine; a share of them with long prompts."""
    random, count = np.random.default_rng(seed), REQUESTS * machines
    arrivals = np.cumsum(random.exponential(1 / rate / machines, count))
    prompts = np.clip(random.lognormal(np.log(700), 0.8, count), 16, 6_000).astype(int)
    answers = np.clip(random.lognormal(np.log(200), 0.8, count), 4, 2_000).astype(int)
    prompts[random.random(count) < long] = LONG
    return [Request(float(at), int(prompt), int(answer)) for at, prompt, answer in zip(arrivals, prompts, answers)]


class Meter:
    """Gaps between tokens, each with the number of requests that waited so long, and how many were being answered."""

    def __init__(self):
        self.gaps, self.waiting, self.most = [], [], 0

    def quantile(self, share: float) -> float:
        order = np.argsort(self.gaps)
        reached = np.cumsum(np.array(self.waiting)[order])
        return float(np.array(self.gaps)[order][np.searchsorted(reached, share * reached[-1])])


def static(requests: list[Request], meter: Meter) -> float:
    """A batch is formed, prefilled, and decoded until its longest answer ends; memory is reserved for the longest sequence. Returns the time of the last token."""
    waiting, clock, slots = deque(requests), 0.0, min(STATIC, ROOM // LONGEST)
    while waiting:
        clock = max(clock, waiting[0].arrived)
        batch = []
        while waiting and len(batch) < slots and waiting[0].arrived <= clock:
            batch.append(waiting.popleft())
        clock += seconds(sum(r.prompt for r in batch), sum(r.prompt**2 / 2 for r in batch), 0)
        for request in batch:
            request.first = clock
        steps = np.arange(1, max(r.answer for r in batch))
        context = sum(r.prompt for r in batch) + len(batch) * (steps - 1)  # rows that have ended are still computed
        spans = OVERHEAD + np.maximum(EACH * len(batch) + ATTENDED * context, FLOOR + READ * context)
        alive = len(batch) - np.searchsorted(np.sort([r.answer for r in batch]), steps, side="right")
        meter.gaps.extend(spans[alive > 0].tolist())
        meter.waiting.extend(alive[alive > 0].tolist())
        meter.most = max(meter.most, len(batch))
        clock += float(spans.sum())
    return clock


def continuous(requests: list[Request], meter: Meter, budget: int, reserve: int = 0, shortest: bool = False) -> float:
    """Every pass takes a token for each running request and fills the rest of its budget with prompts. Memory is taken for prompt and answer, or reserved."""
    arriving, waiting, prefilling = deque(requests), deque(), []
    running: list[tuple[int, int, Request]] = []  # by the pass in which they end
    clock, step, context, used = 0.0, 0, 0, 0
    gaps, waits = meter.gaps, meter.waiting
    while arriving or waiting or prefilling or running:
        while arriving and arriving[0].arrived <= clock:
            waiting.append(arriving.popleft())
        if not (waiting or prefilling or running):
            clock = arriving[0].arrived
            continue
        while waiting and used + (reserve or waiting[0].prompt + waiting[0].answer) <= ROOM:
            used += reserve or waiting[0].prompt + waiting[0].answer
            prefilling.append(waiting.popleft())
        if shortest:
            prefilling.sort(key=lambda r: r.prompt - r.prefilled)
        decoding = len(running)
        tokens, attended, read, ready = decoding, context, context, []
        for request in prefilling:
            chunk = min(budget - tokens, request.prompt - request.prefilled)
            if chunk <= 0:
                break
            attended += chunk * (request.prefilled + chunk / 2)
            read += request.prefilled
            tokens += chunk
            request.prefilled += chunk
            if request.prefilled == request.prompt:
                ready.append(request)
        if ready:
            prefilling = prefilling[len(ready) :]
        span = OVERHEAD + max(EACH * tokens + ATTENDED * attended, FLOOR + READ * read)
        clock, step, context = clock + span, step + 1, context + decoding
        if decoding:
            gaps.append(span)
            waits.append(decoding)
        for request in ready:
            request.first = clock
            context += request.prompt + 1
            heapq.heappush(running, (step + request.answer - 1, id(request), request))
        while running and running[0][0] <= step:
            request = heapq.heappop(running)[2]
            context -= request.prompt + request.answer
            used -= reserve or request.prompt + request.answer
    meter.most = max(waits)
    return clock


def split(requests: list[Request], meter: Meter, machines: int = 3) -> float:
    """All machines but one prefill, whole prompts in the order of arrival; the cache goes over the network to the last, which only decodes."""
    free, moved = [0.0] * (machines - 1), []
    for request in requests:
        start = max(request.arrived, heapq.heappop(free))
        request.first = start + seconds(request.prompt, request.prompt**2 / 2, 0)
        heapq.heappush(free, request.first)
        moved.append(Request(request.first + KV * request.prompt / NETWORK, request.prompt, request.answer - 1))
        moved[-1].prefilled = request.prompt - 1  # the pass that takes it in makes its second token
    end = continuous(sorted(moved, key=lambda r: r.arrived), meter, budget=10**9)
    for request, copy in zip(requests, moved):
        meter.gaps.append(copy.first - request.first)  # the gap across the network
        meter.waiting.append(1)
    return end


def serve(policy: str, rate: float, seed: int, long: float = 0, shortest: bool = False) -> dict[str, float]:
    machines = 3 if policy == "split" else 1
    requests, meter = traffic(rate, seed, long, machines), Meter()
    if policy == "static":
        end = static(requests, meter)
    elif policy == "split":
        end = split(requests, meter, machines)
    else:
        end = continuous(requests, meter, POLICIES[policy], LONGEST if policy == "reserved" else 0, shortest)
    judged = requests[len(requests) // 10 :]  # the first ones found an empty machine
    waits = [r.first - r.arrived for r in judged]
    short = [r.first - r.arrived for r in judged if r.prompt < LONG]
    return {
        "first_half": float(np.median(waits)), "first": float(np.quantile(waits, 0.99)), "short": float(np.quantile(short, 0.99)),
        "patient": float(np.quantile([r.first - r.arrived for r in judged if r.prompt == LONG] or [0], 0.99)),
        "gap_half": meter.quantile(0.5), "gap": meter.quantile(0.99), "worst": max(meter.gaps),
        "tokens": sum(r.answer for r in requests) / end / machines, "together": meter.most,
    }  # fmt: skip


def run() -> dict[str, float | str | list[float]]:
    results: dict[str, float | str | list[float]] = {
        "requests": f"{REQUESTS} request", "seeds": len(SEEDS), "rates_series": [float(rate) for rate in RATES], "shown": f"{SHOWN} request/s", "mixed": f"{MIXED} request/s",
        "room": f"{ROOM} token", "slots": f"{ROOM // LONGEST} request", "long": f"{LONG} token", "long_share": f"{100 * SHARE:.0f} percent", "small": f"{POLICIES['small']} token",
        "large": f"{POLICIES['large']} token", "first_limit": f"{FIRST} s", "tiny": f"{POLICIES['tiny']} token",
        "floor": f"{1000 * seconds(1, 0, 0):.2f} ms", "token_time": f"{1000 * EACH:.4f} ms/token", "long_time": f"{seconds(LONG, LONG**2 / 2, 0):.3f} s",
        "knee": f"{FLOOR / EACH:.1f} token", "small_time": f"{1000 * seconds(POLICIES['small'], 0, 0):.1f} ms",
        "large_time": f"{1000 * seconds(POLICIES['large'], 0, 0):.1f} ms",
    } | {name: f"{1000 * limit:.0f} ms" for name, limit in LIMITS.items()}  # fmt: skip
    sample = traffic(1, SEEDS[0])
    results |= {"prompt": f"{np.mean([r.prompt for r in sample]):.0f} token", "answer": f"{np.mean([r.answer for r in sample]):.0f} token"}
    stated = set(results)
    for policy in POLICIES:
        grid = [[serve(policy, rate, seed) for rate in RATES] for seed in SEEDS]
        for name in ("first", "gap", "tokens", "together"):
            results[f"{policy}_{name}_series"] = [float(f"{np.mean([row[i][name] for row in grid]):.5g}") for i in range(len(RATES))]
        ceilings = [max(point["tokens"] for point in row) for row in grid]
        results[f"{policy}_ceiling"] = f"{np.mean(ceilings):.0f} token/s"
        results[f"{policy}_ceiling_series"] = [round(value, 1) for value in ceilings]
        shown = [row[RATES.index(SHOWN)] for row in grid]
        for name, unit, scale in (("first_half", "s", 1), ("first", "s", 1), ("gap_half", "ms", 1000), ("gap", "ms", 1000), ("worst", "ms", 1000), ("together", "request", 1)):
            results[f"{policy}_{name}"] = f"{scale * np.mean([point[name] for point in shown]):.4g} {unit}"
        for limit, gap in LIMITS.items():  # the highest rate at which both promises hold, at it and at all lower ones
            good = [next((RATES[max(i - 1, 0)] if i else 0.0 for i, point in enumerate(row) if point["gap"] > gap or point["first"] > FIRST), RATES[-1]) for row in grid]
            results[f"{policy}_{limit}"] = f"{np.mean(good):.2f} request/s"
            results[f"{policy}_{limit}_series"] = [float(value) for value in good]
    for name, policy, shortest in (("whole", "whole", False), ("queue", "small", False), ("shortest", "small", True), ("split", "split", False)):
        points = [serve(policy, MIXED, seed, SHARE, shortest) for seed in SEEDS]
        results |= {f"long_{name}_short": f"{np.mean([p['short'] for p in points]):.3g} s", f"long_{name}_gap": f"{1000 * np.mean([p['gap'] for p in points]):.4g} ms", f"long_{name}_worst": f"{np.mean([p['worst'] for p in points]):.3g} s", f"long_{name}_patient": f"{np.mean([p['patient'] for p in points]):.3g} s"}
    for name, limit, against in (("over_whole", "strict", "whole"), ("over_small", "strict", "small"), ("over_tiny", "tight", "tiny"), ("over_large", "loose", "large")):
        results[name] = round(float(np.mean(results[f"split_{limit}_series"]) / np.mean(results[f"{against}_{limit}_series"])), 2)
    TOLERANCE.update({name: 0.02 for name in results if name not in stated})
    return results


LOOKS = {  # name, color, dash, marker
    "static": ("static", "guide:node-edge", "-.", "D"), "reserved": ("reserved", "guide:node-edge", ":", "^"), "whole": ("paged", "guide:offline-edge", "--", "s"),
    "small": ("chunks", "guide:online-edge", "-", "o"), "split": ("separate", "guide:online-edge", ":", "^"),
}  # fmt: skip


def plot(results):
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    figure = plt.figure(figsize=(660 / 72, 500 / 72))
    grid = figure.add_gridspec(2, 2, height_ratios=(6, 4))
    panels = (
        ("first", 1, "p99 time to first token, s", (0.7, 40), (1, 3, 10, 30), {"reserved": (0.95, 16), "whole": (3.05, 14), "small": (1.75, 2.6), "split": (2.75, 1.25)}),
        ("gap", 1000, "p99 gap between tokens, ms", (15, 1_500), (20, 50, 200, 1_000), {"whole": (2.5, 900), "reserved": (3.3, 210), "small": (2.1, 66), "split": (2.1, 17.5)}),
    )  # fmt: skip
    for column, (name, scale, title, limits, ticks, words) in enumerate(panels):
        axes = figure.add_subplot(grid[0, column])
        for policy, point in words.items():  # static batching is off both: 30 seconds to the first token at the lowest rate, even gaps for the few it serves
            word, color, dash, marker = LOOKS[policy]
            points = [(rate, scale * value) for rate, value in zip(results["rates_series"], results[f"{policy}_{name}_series"]) if scale * value <= limits[1]]
            axes.plot(*zip(*points), color=color, linestyle=dash, marker=marker, markersize=5)
            axes.annotate(word, point, color=color)
        axes.set(yscale="log", ylim=limits, xlim=(0, 4.4), title=title, xlabel="requests/s per accelerator", xticks=range(5))
        axes.yaxis.set_major_locator(FixedLocator(ticks))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes = figure.add_subplot(grid[1, :])
    for row, (policy, (_, color, _, _)) in enumerate(LOOKS.items()):
        mean = np.mean(results[f"{policy}_ceiling_series"])
        axes.barh(row, mean, color=color, height=0.62)
        axes.annotate(f"{mean:,.0f}", (mean, row), xytext=(6, -5), textcoords="offset points")
    axes.set(xlim=(0, 1_120), ylim=(len(LOOKS) - 0.5, -0.5), xticks=[], yticks=range(len(LOOKS)), title="Most output tokens/s per accelerator")
    axes.set_yticklabels([word for word, *_ in LOOKS.values()])
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    return figure
