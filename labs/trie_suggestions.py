"""Which key presses of a search box can a trie answer, which belong to a language model, and what does a stale trie cost?

A synthetic log of a week: 140,000 searches by 14,000 people, drawn from 10 million possible queries by a Zipf law with exponent 0.9. Queries are one to six words of an invented language of
8,000 words; each next word is, three times in four, one of 40 successors of the last one, so a model of word pairs is of the right kind: an optimistic case for it. One search in six may
repeat the same person's last one. The next day is held out. The trie is path-compressed, in arrays, with the best 8 queries listed at each node that has more than 8 below it. The model
of word pairs, interpolated with single words, completes the word and extends the text by a beam; with a threshold it proposes no pair that too few people typed. A simulated person types
until the wanted query is among the 8 suggestions and takes it at once, without error. On the held-out day an event of 20 new queries breaks out. Three worlds; then three each with exponent
0.8 ("flat") and with successors only one time in four ("loose"). Times are those of interpreted Python on one core, as ratios within one run.
"""

import gc
import heapq
import time
from bisect import bisect_left
from collections import Counter
from itertools import pairwise, zip_longest

import numpy as np

DESCRIBE = (
    "Left, of the key presses that happen, the share that brings the wanted query among eight suggestions, against how often the prefix was typed in the week before. At zero the trie brings nothing and the "
    "model of word pairs 13 percent; up to 31 sightings the model is level or ahead, from 32 on the trie is ahead, by one to three points; the trie with the model behind it follows the higher of the two. "
    "Right, characters saved against megabytes, logarithmic: the trie climbs from 20 to 33 percent over two decades and flattens, and the model lifts the one limited to queries of five people by 10 points "
    "and the whole trie by 13, for few bytes."
)
SECONDS = 15

SEEDS = (1, 2, 3)
VOCABULARY, SUCCESSORS, UNIVERSE = 8_000, 40, 10_000_000
SEARCHES, DAY, PEOPLE = 140_000, 20_000, 14_000  # a week, the day after, and who searches
EXPONENT, FOLLOW = 0.9, 0.75  # of the Zipf law; share of words drawn from the last word's successors
VARIANTS = {"flat": (0.8, FOLLOW), "loose": (EXPONENT, 0.25)}
K = 8
SIZES = (1_000, 3_000, 10_000, 30_000)
ASKED, TIMED = 240, 300  # held-out searches that are followed; prefixes on the clock
CROWD = 5  # people who must have searched a query, or a pair of words, before it may be shown
MU = 20.0  # pseudo-count of single words in the model of pairs
STRENGTH = 5.0  # pseudo-count of the model in the mixture
BINS = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 1024)
BORDER = 32  # sightings of a prefix, where the lines of trie and model cross
FRESH = (  # name, minutes between renewals, by the last hour, with the model behind, people before a new query is listed; the oracle knows the event's queries and their true rates
    ("daily", 0, False, False, CROWD), ("daily_model", 0, False, True, CROWD), ("hourly", 60, False, False, CROWD), ("minutes", 5, False, False, CROWD), ("hourly_recent", 60, True, False, CROWD),
    ("minutes_recent", 5, True, False, CROWD), ("minutes_first", 5, True, False, 1), ("oracle", 1, False, False, CROWD),
)  # fmt: skip
USUAL = ("daily", "daily_model", "minutes_recent")  # where the other searches are followed, too
EVENT, SHARE, START, HALF, WATCHED = 20, 0.02, 9.0, 5.0, 240  # new queries, of the day's searches, hour of the outbreak, hours in which it halves, searches that are followed


def spread(*keys):
    """A number in [0, 1), the same whenever the keys are (SplitMix64)."""
    x = np.uint64(0)
    with np.errstate(over="ignore"):
        for key in keys:
            x = (x ^ np.asarray(key).astype(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(11)).astype(float) * 2.0**-53


def zipf(u, s, most):
    """Ranks 1 to `most` with probability proportional to rank^-s, from uniform numbers, by the inverse of the integral."""
    rank = np.exp(u * np.log(most + 1)) if s == 1 else (u * ((most + 1) ** (1 - s) - 1) + 1) ** (1 / (1 - s))
    return rank.astype(np.int64).clip(1, most)


def distinct(values):
    """Each value once, in order; by sorting, which here is faster than NumPy's hashes."""
    values = np.sort(values)
    return values[np.concatenate([[True], values[1:] != values[:-1]])]


def invent(random):
    """Words of syllables, the frequent ones shorter."""
    size = 4 * VOCABULARY
    letters = [random.choice(list(of), (size, 4), p=weight / weight.sum()) for of, weight in (("tnsrlcdpmbghfkvwjyz", np.arange(1.0, 20) ** -0.6), ("eaoiuy", np.arange(1.0, 7) ** -0.7))]
    longer, longest, closed = random.random((3, size))
    words: dict[str, None] = {}
    for i in range(size):
        syllables = 1 + (len(words) > 150) + (longer[i] < 0.5) + (len(words) > 2_000 and longest[i] < 0.4)
        words.setdefault("".join(letters[0][i, j] + letters[1][i, j] for j in range(syllables)) + (letters[0][i, 3] if closed[i] < 0.5 else ""))
        if len(words) == VOCABULARY:
            return list(words)
    raise ValueError("too few words")


def compose(ranks, seed, words, follow):
    """The query of each rank: its length from a Poisson law whose mean grows with the rank, its words from a chain."""
    mean, u = 0.7 + 0.25 * np.log10(ranks), spread(ranks, seed, 1)
    part = np.exp(-mean)
    below, length = part.copy(), np.ones(len(ranks), int)
    for k in range(1, 6):
        length += u > below
        part = part * mean / k
        below += part
    chain = [zipf(spread(ranks, seed, 2), 1, VOCABULARY)]
    for j in range(1, 6):
        successor = zipf(spread(chain[-1], zipf(spread(ranks, seed, 10 + j), 1.2, SUCCESSORS), seed, 3), 0.9, VOCABULARY)
        chain.append(np.where(spread(ranks, seed, 20 + j) < follow, successor, zipf(spread(ranks, seed, 30 + j), 1, VOCABULARY)))
    return [" ".join([words[k] for k in row[:many]]) for row, many in zip((np.stack(chain, 1) - 1).tolist(), length.tolist())]


class Log:
    """A week of searches and the day after: queries, how often and by how many people each was searched, and what is held out."""

    def __init__(self, seed, exponent, follow):
        self.random = random = np.random.default_rng(seed)
        words = invent(random)
        ranks = zipf(random.random(SEARCHES + DAY), exponent, UNIVERSE)
        person = random.integers(0, PEOPLE, SEARCHES)
        order = np.argsort(person, kind="stable")
        last = np.roll(order, 1)[np.argsort(order)]  # the same person's search before this one
        again = (random.random(SEARCHES) < 1 / 6) & (person[last] == person) & (last < np.arange(SEARCHES))
        ranks[:SEARCHES][again] = ranks[last[again]]
        found, which = np.unique(ranks, return_inverse=True)
        ids: dict[str, int] = {}
        query = np.array([ids.setdefault(text, len(ids)) for text in compose(found, seed, words, follow)])[which]
        self.queries, self.held = list(ids), query[SEARCHES:]
        self.count = np.bincount(query[:SEARCHES], minlength=len(ids))
        self.seen = np.flatnonzero(self.count)
        who = distinct(query[:SEARCHES] * PEOPLE + person)
        self.people = np.bincount(who // PEOPLE, minlength=len(ids))
        self.pairs = who  # query and person
        fresh = compose(np.arange(1_000, 1_400), seed + 1_000, words, follow)
        self.event = [text for text in dict.fromkeys(fresh) if text not in ids][:EVENT]

    def most(self, size):
        """The most frequent queries of the week."""
        return self.seen[np.argsort(-self.count[self.seen], kind="stable")[:size]]


class Trie:
    """A path-compressed trie in arrays. Leaves are the queries in order of the alphabet; a node is a range of leaves; edges are told apart by one byte and compared with the query itself."""

    def __init__(self, log, keep):
        ids = sorted(keep.tolist(), key=log.queries.__getitem__)
        self.text = text = [log.queries[i] for i in ids]
        self.count = log.count[ids]
        self.total = np.concatenate([[0], self.count.cumsum()])
        self.place = {query: leaf for leaf, query in enumerate(text)}
        byte = np.array(text, dtype="S").view(np.uint8).reshape(len(text), -1)
        differ = byte[1:] != byte[:-1]
        common = differ.argmax(axis=1)  # bytes that neighbors share
        self.bytes_of_text = sum(map(len, text))
        self.letters = self.bytes_of_text - int(common.sum()) + 1  # nodes, if each had one character
        self.depth, self.low, self.high, kids = [], [], [], []
        stack = [(0, 0, [])]
        for leaf, shared in enumerate([*common.tolist(), -1]):
            child, start = ~leaf, leaf  # leaves are written as complements
            while stack and stack[-1][0] > shared:
                depth, start, mine = stack.pop()
                mine.append(child)
                child = len(kids)
                for column, value in zip((self.depth, self.low, self.high, kids), (depth, start, leaf + 1, mine)):
                    column.append(value)
            if stack and stack[-1][0] == shared:
                stack[-1][2].append(child)
            elif stack:
                stack.append((shared, start, [child]))
        self.first, self.label, self.child = [0], [], []
        above, over = [-1] * len(kids), [-1] * len(text)
        for node, mine in enumerate(kids):
            for child in mine:
                query = text[~child if child < 0 else self.low[child]]
                self.label.append(query[self.depth[node] : self.depth[node] + 1])
                self.child.append(child)
                (over if child < 0 else above)[~child if child < 0 else child] = node
            self.first.append(len(self.child))
        self.root = len(kids) - 1
        # From the best query to the worst, each climbs until it meets a node whose list is full: all above are full too.
        self.lists = {node: [] for node in range(len(kids)) if self.high[node] - self.low[node] > K}
        self.best = [0] * len(kids)
        self.score = self.count.tolist()
        for leaf in np.argsort(-self.count, kind="stable").tolist():
            node, climbing = over[leaf], True
            while node >= 0 and climbing:
                climbing = False
                if not self.best[node]:
                    self.best[node], climbing = self.score[leaf], True
                if node not in self.lists:
                    climbing = True
                elif len(self.lists[node]) < K:
                    self.lists[node].append(leaf)
                    climbing = True
                node = above[node]

    def find(self, prefix):
        """The node, or the complement of the leaf, below which all queries with this prefix lie; None if there is none."""
        node = self.root
        while True:
            depth = self.depth[node]
            if depth >= len(prefix):
                return node if self.text[self.low[node]].startswith(prefix) else None
            try:
                node = self.child[self.label.index(prefix[depth], self.first[node], self.first[node + 1])]
            except ValueError:
                return None
            if node < 0:
                return node if self.text[~node].startswith(prefix) else None

    def span(self, node):
        return (~node, ~node + 1) if node < 0 else (self.low[node], self.high[node])

    def listed(self, node):
        """Read the list; below a node without one there are at most K leaves."""
        if node in self.lists:
            return self.lists[node]
        return sorted(range(*self.span(node)), key=lambda leaf: -self.score[leaf])

    def walked(self, node):
        """The same from the best score below each node: always open the most promising. Returns nodes and leaves touched, too."""
        if node < 0:
            return [~node], 1
        heap, found, touched = [(-self.best[node], node)], [], 1
        while heap and len(found) < K:
            _, at = heapq.heappop(heap)
            if at < 0:
                found.append(~at)
                continue
            for child in self.child[self.first[at] : self.first[at + 1]]:
                heapq.heappush(heap, (-(self.score[~child] if child < 0 else self.best[child]), child))
                touched += 1
        return found, touched

    def scanned(self, node):
        """The same by looking at every score below."""
        low, high = self.span(node)
        part = self.count[low:high]
        if len(part) > K:
            part = np.argpartition(-part, K - 1)[:K]
            return (low + part[np.argsort(-self.count[low + part], kind="stable")]).tolist()
        return (low + np.argsort(-part, kind="stable")).tolist()

    def size(self):
        """Bytes: text with a 4-byte offset and a 2-byte score a query; depth 1, first edge, low and high 4 each a node; byte and child an edge; lists of 4-byte leaves and where each begins."""
        nodes = len(self.depth)
        return {
            "text": self.bytes_of_text + 6 * len(self.text), "nodes": 13 * nodes + 5 * len(self.child), "lists": 4 * K * len(self.lists) + 4 * nodes,
            "every": 4 * sum(min(K, high - low) for low, high in zip(self.low, self.high)) + 4 * nodes, "letters": self.letters * (9 + 4 * K),
        }  # fmt: skip


class Words:
    """Which pairs of neighboring words each query consists of; "^" begins a query, "$" ends it."""

    def __init__(self, log, people=True):
        ids: dict[tuple[str, str], int] = {}
        pairs, many = [], []
        for i in log.seen.tolist():
            row = ["^", *log.queries[i].split(), "$"]
            pairs += [ids.setdefault(pair, len(ids)) for pair in pairwise(row)]
            many.append(len(row) - 1)
        self.pairs, self.pair, self.query = list(ids), np.array(pairs), np.repeat(log.seen, many)
        if not people:
            self.people = np.zeros(len(ids), int)
            return
        # A person counts once for a pair, however many of his queries contain it.
        of, who = np.divmod(log.pairs, PEOPLE)
        width = np.zeros(len(log.queries), int)
        width[log.seen] = many
        begin = np.zeros(len(log.queries), int)
        begin[log.seen] = np.cumsum(many) - many
        wide = width[of]
        at = np.repeat(begin[of] - np.cumsum(wide) + wide, wide) + np.arange(wide.sum())
        people = distinct(self.pair[at] * PEOPLE + np.repeat(who, wide))
        self.people = np.bincount(people // PEOPLE, minlength=len(ids))


class Pairs:
    """P(next word | word) from counts, interpolated with single words: (c(v, w) + MU P(w)) / (c(v) + MU)."""

    def __init__(self, words, weight, crowd=0, strict=True):
        """`weight` of each query, its count; with a crowd, only pairs that so many people have searched, and unless it is lax no pair beyond them."""
        self.closed = crowd > 0 and strict
        counts = np.bincount(words.pair, weight[words.query], len(words.pairs)) * (words.people >= crowd)
        follow: dict[str, dict[str, float]] = {}
        single: dict[str, float] = {}
        for (before, word), count in zip(words.pairs, counts.tolist()):
            if count:
                follow.setdefault(before, {})[word] = count
                single[word] = single.get(word, 0) + count
        total = sum(single.values())
        self.single = {word: count / total for word, count in single.items()}
        self.follow, self.sum = follow, {before: sum(after.values()) for before, after in follow.items()}
        self.sorted = {before: sorted(after) for before, after in follow.items()}
        self.words = sorted(self.single)
        self.mass = np.concatenate([[0], np.cumsum([self.single[word] for word in self.words])])
        self.entries = sum(map(len, follow.values()))
        self.nexts: dict[str, list] = {}
        self.starts: dict[str, list] = {}
        self.memory: dict[tuple[str, str], list] = {}

    def megabytes(self):
        """8 bytes a pair for word and count, 8 a word and its text."""
        return (8 * self.entries + sum(8 + len(word) for word in self.words)) / 1e6

    def chance(self, before, word):
        return (self.follow.get(before, {}).get(word, 0) + MU * self.single.get(word, 0)) / (self.sum.get(before, 0) + MU)

    def next(self, before):
        """The likeliest next words, the end among them; approximately, from the successors and the most frequent words."""
        if before not in self.nexts:
            known = self.follow.get(before, {})
            candidates = sorted(known, key=known.__getitem__, reverse=True)[:K] + ["$"] * (not self.closed or "$" in known)
            self.nexts[before] = sorted({(self.chance(before, word), word) for word in candidates}, reverse=True)
        return self.nexts[before]

    def begin(self, before, partial):
        """The likeliest words that begin with `partial` after `before`, and the chance of all of them together."""
        known = self.sorted.get(before, [])
        low, high = bisect_left(known, partial), bisect_left(known, partial + "~")
        first, last = bisect_left(self.words, partial), bisect_left(self.words, partial + "~")
        if partial not in self.starts:
            self.starts[partial] = [] if self.closed else heapq.nlargest(K, (word for word in self.words[first:last] if word != "$"), key=self.single.__getitem__)
        count = self.follow.get(before, {})
        mine = [word for word in known[low:high] if word != "$"]
        best = sorted({(self.chance(before, word), word) for word in (*sorted(mine, key=count.__getitem__, reverse=True)[:K], *self.starts[partial])}, reverse=True)[:K]
        return best, (sum(count[word] for word in mine) + MU * (self.mass[last] - self.mass[first])) / (self.sum.get(before, 0) + MU)

    def complete(self, prefix, keep=True):
        """The K likeliest queries that begin with the prefix, each with its chance given the prefix."""
        head, _, partial = prefix.rpartition(" ")
        before = head.rpartition(" ")[2] if head else "^"
        if not keep or (before, partial) not in self.memory:
            words, whole = self.begin(before, partial)
            beam, done = [(chance / whole, word, word) for chance, word in words], []
            for _ in range(4):
                grown = []
                for chance, tail, word in beam:
                    for step, after in self.next(word):
                        (done if after == "$" else grown).append((chance * step, tail if after == "$" else f"{tail} {after}", after))
                done = sorted(done, reverse=True)[:K]
                beam = sorted((one for one in grown if len(done) < K or one[0] > done[-1][0]), reverse=True)[:K]
            self.memory[before, partial] = [(tail, chance) for chance, tail, _ in done]
        start = f"{head} " if head else ""
        return [(start + tail, chance) for tail, chance in self.memory[before, partial]]

    def score(self, query, prefix):
        """The chance of this query given the prefix."""
        head, _, partial = prefix.rpartition(" ")
        before = head.rpartition(" ")[2] if head else "^"
        chance = 1 / max(self.begin(before, partial)[1], 1e-12)
        for word in (*query[len(head) + bool(head) :].split(" "), "$"):
            chance *= self.chance(before, word)
            before = word
        return chance


def typed(trie, queries):
    """A person types until the trie shows the query: the share of characters saved."""
    saved = 0
    for query in queries:
        wanted = trie.place.get(query, -1)
        taken = next((length for length in range(1, len(query)) if wanted in trie.listed(trie.find(query[:length]))), len(query)) if wanted >= 0 else len(query)
        saved += len(query) - taken
    return 100 * saved / sum(map(len, queries))


def blend(trie, model, prefix, node, strength):
    """The mean of the posterior of P(query | prefix): counts, with the model as a prior worth `strength` searches."""
    leaves = trie.listed(node) if node is not None else []
    chance = dict(model.complete(prefix))
    for leaf in leaves:
        if trie.text[leaf] not in chance:
            chance[trie.text[leaf]] = model.score(trie.text[leaf], prefix)
    count = {query: trie.score[trie.place[query]] if query in trie.place else 0 for query in chance}
    return heapq.nlargest(K, chance, key=lambda query: count[query] + strength * chance[query])


def unlicensed(prefix, query, permitted):
    """Whether a proposed text holds a pair outside `permitted`; what the person has typed before it is not held against it."""
    typed = prefix.count(" ")
    return any(pair not in permitted for pair in [*pairwise(["^", *query.split(), "$"])][typed:])


def interleaved(trie, model, prefix, node):
    """Trie and model in turns."""
    both = [[trie.text[leaf] for leaf in trie.listed(node)] if node is not None else [], [query for query, _ in model.complete(prefix)]]
    return list(dict.fromkeys(query for turn in zip_longest(*both) for query in turn if query is not None))[:K]


def chosen(trie, model, prefix, node):
    """One of the two: the trie from BORDER sightings on, the model below."""
    low, high = trie.span(node) if node is not None else (0, 0)
    return [trie.text[leaf] for leaf in trie.listed(node)] if trie.total[high] - trie.total[low] >= BORDER else [query for query, _ in model.complete(prefix)]


def filled(trie, model, prefix, node):
    """The trie's list, and the model's best for what is missing of K."""
    own = [trie.text[leaf] for leaf in trie.listed(node)] if node is not None else []
    return own if len(own) >= K else own + [query for query, _ in model.complete(prefix) if query not in own][: K - len(own)]


def asked(trie, suggesters, queries):
    """On key presses that happen, until trie or model has shown the query: success among K by how often the prefix was typed. For each way: characters saved. And how often, until the last way has
    shown it, the trie's list is empty or short."""
    hits = {name: np.zeros((len(BINS), 2)) for name in suggesters}
    saved, total, lists = dict.fromkeys(suggesters, 0), sum(map(len, queries)), np.zeros(3)
    for query in queries:
        taken = dict.fromkeys(suggesters, 0)
        for length in range(1, len(query)):
            prefix = query[:length]
            node = trie.find(prefix)
            low, high = trie.span(node) if node is not None else (0, 0)
            place = np.searchsorted(BINS, trie.total[high] - trie.total[low], side="right") - 1
            fresh = not (taken["trie"] or taken["model"])
            for name, suggest in suggesters.items():
                if not taken[name]:
                    right = query in suggest(prefix, node)
                    hits[name][place] += (right, 1) if fresh else 0
                    taken[name] = length if right else 0
            lists += (1, high == low, 0 < high - low < K) if taken[name] in (0, length) else 0
            if all(taken.values()):
                break
        for name in suggesters:
            saved[name] += len(query) - taken[name] if taken[name] else 0
    return hits, {name: 100 * value / total for name, value in saved.items()}, 100 * lists[1:] / lists[0]


def clock(calls):
    """Seconds of each call, the best of three, so that a median over calls tells of their work and not of the scheduler; the model's tables of next words are warm by then."""
    times = []
    for call in calls:
        tries = []
        for _ in range(3):
            start = time.perf_counter()
            call()
            tries.append(time.perf_counter() - start)
        times.append(min(tries))
    return np.array(times)


def freshness(log, trie, model):
    """Of the event's searches and of the others: characters saved, and shown by the fourth key, for lists renewed daily, hourly or every five minutes, with two ways to count."""
    random = log.random
    weight = 1 / np.arange(1, EVENT + 1)
    many = round(SHARE * DAY)
    hours = START - HALF * np.log2(1 - random.random(3 * many))
    hours = np.sort(hours[hours < 24][:many])
    which = random.choice(EVENT, many, p=weight / weight.sum())
    rest = np.sort(random.choice(DAY, WATCHED, replace=False))
    searches = [(hours[i], log.event[which[i]], True) for i in random.choice(many, WATCHED, replace=False)] + [(24 * (i + 0.5) / DAY, log.queries[log.held[i]], False) for i in rest]
    person = random.integers(0, PEOPLE, many)
    stamps, people = [hours[which == i] for i in range(EVENT)], []
    for i, times in enumerate(stamps):  # when each further person joined
        _, joined = np.unique(person[which == i], return_index=True)
        people.append(np.sort(times[joined]))
    held, weekly = log.held.tolist(), np.where(log.people >= CROWD, log.count, 0).tolist()
    found = {}
    for name, minutes, recent, help, crowd in FRESH:
        saved, early = np.zeros((2, 2)), np.zeros((2, 2))
        for at, query, new in searches:
            if not new and name not in USUAL:
                continue
            until = np.floor(at * 60 / minutes) * minutes / 60 if minutes else 0
            upto = [np.searchsorted(times, until) for times in stamps]
            known = {text: count / (168 + until) for text, count, joined in zip(log.event, upto, people) if np.searchsorted(joined, until) >= crowd}  # an hour, over the week and today
            if recent:  # every query, new or old, that enough people have searched: by the last hour, if that is more
                known = {text: max(known[text], count - np.searchsorted(times, until - 1)) for text, count, times in zip(log.event, upto, stamps) if text in known}
                hour = Counter(held[max(round((until - 1) * DAY / 24), 0) : round(until * DAY / 24)])
                known |= {log.queries[i]: max(count, weekly[i] / 168) for i, count in hour.items() if weekly[i] >= CROWD and log.queries[i][0] == query[0]}
            if name == "oracle":
                known = {text: many * part * np.log(2) / HALF * 2 ** ((START - at) / HALF) * (at >= START) for text, part in zip(log.event, weight / weight.sum())}
            taken = 0
            for length in range(1, len(query)):
                prefix = query[:length]
                node = trie.find(prefix)
                rates = {trie.text[leaf]: trie.score[leaf] / 168 for leaf in trie.listed(node)} if node is not None else {}
                known = {text: rate for text, rate in known.items() if text.startswith(prefix)}
                rates |= known
                shown = heapq.nlargest(K, rates, key=rates.__getitem__)
                if query in shown or (help and query in [text for text, _ in model.complete(prefix)][: K - len(shown)]):
                    taken = length
                    break
            saved[int(new)] += (len(query) - taken if taken else 0, len(query))
            early[int(new)] += (0 < taken <= 4, 1)
        for row, words in ((1, "event"), (0, "usual"))[: 1 + (name in USUAL)]:
            found |= {f"{words}_{name}": 100 * saved[row, 0] / saved[row, 1], f"{words}_{name}_early": 100 * early[row, 0] / early[row, 1]}
    gains = {"often": ("event_minutes", "event_hourly"), "window": ("event_hourly_recent", "event_hourly")}
    return found | {f"gain_{name}": found[one] - found[other] for name, (one, other) in gains.items()} | {"usual_loss": found["usual_daily"] - found["usual_minutes_recent"]}


def megabytes(trie):
    return sum(trie.size()[part] for part in ("text", "nodes", "lists")) / 1e6


def world(seed, exponent=EXPONENT, follow=FOLLOW, whole=True):
    log = Log(seed, exponent, follow)
    held = [log.queries[i] for i in log.held[:TIMED]]
    queries = held[:ASKED]
    found = {"unseen": 100 * np.mean(log.count[log.held] == 0), "distinct": len(log.seen), "length": np.mean([len(query) for query in held])}
    full = Trie(log, log.seen)
    tries = {size: Trie(log, log.most(size)) for size in SIZES} | {"all": full, "safe": Trie(log, log.seen[log.people[log.seen] >= CROWD])} if whole else {}
    for name, trie in tries.items():
        found |= {f"saved_{name}": typed(trie, queries), f"bytes_{name}": megabytes(trie)}
    words = Words(log, whole)
    model = Pairs(words, log.count)

    def own(trie):
        return lambda prefix, node: [trie.text[leaf] for leaf in trie.listed(node)] if node is not None else []

    def alone(model):
        return lambda prefix, node: [query for query, _ in model.complete(prefix)]

    ways = {"trie": own(full), "model": alone(model)}
    if whole:
        ways |= {"blend": lambda prefix, node: blend(full, model, prefix, node, STRENGTH)}
        ways |= {"interleave": lambda prefix, node: interleaved(full, model, prefix, node), "choose": lambda prefix, node: chosen(full, model, prefix, node)}
    hits, saved, (empty, short) = asked(full, ways | {"fill": lambda prefix, node: filled(full, model, prefix, node)}, queries)
    found |= {f"way_{name}": value for name, value in saved.items()} | {"empty": empty, "short": short}
    if not whole:
        return found, hits
    safe, careful, lax = tries["safe"], Pairs(words, log.count, CROWD), Pairs(words, log.count, CROWD, strict=False)
    for name, part in (("few", slice(1, BINS.index(BORDER))), ("many", slice(BINS.index(BORDER), None))):
        found |= {f"{name}_{way}": 100 * hits[way][part, 0].sum() / hits[way][part, 1].sum() for way in ("trie", "model")}
    found |= {"kept_safe": len(safe.text), "lonely": 100 * np.mean(log.people[log.count >= CROWD] < CROWD)}
    found |= {"pairs": model.entries, "pairs_safe": careful.entries, "bytes_pairs": model.megabytes(), "bytes_pairs_safe": careful.megabytes()}
    permitted, added = {pair for pair, people in zip(words.pairs, words.people.tolist()) if people >= CROWD}, {True: [], False: []}

    def watched(model, strict):
        def suggest(prefix, node):
            shown = filled(safe, model, prefix, node)
            added[strict] += [unlicensed(prefix, query, permitted) for query in shown if query not in safe.place]
            return shown

        return suggest

    _, saved, (empty, short) = asked(safe, {"trie": own(safe), "model": alone(careful), "loose": watched(lax, False), "fill": watched(careful, True)}, queries)
    found |= {f"safe_{name}": value for name, value in saved.items()} | {"empty_safe": empty, "short_safe": short, "unlicensed": 100 * np.mean(added[False]), "licensed": 100 * np.mean(added[True])}
    size, nodes = full.size(), len(full.depth)
    found |= {f"query_{part}": size[part] / len(full.text) for part in size}
    found |= {"nodes_query": nodes / len(full.text), "letters_query": full.letters / len(full.text), "listed": 100 * len(full.lists) / nodes}
    prefixes = [query[: log.random.integers(1, len(query))] for query in held[:TIMED] if len(query) > 1]
    inside = [(prefix, node) for prefix in prefixes if (node := full.find(prefix)) is not None]
    for name, work in (("scan", [full.span(node)[1] - full.span(node)[0] for _, node in inside]), ("walk", [full.walked(node)[1] for _, node in inside])):
        found |= {f"{name}_median": np.median(work), f"{name}_p99": np.quantile(work, 0.99)}
    times = {name: clock([lambda p=prefix, way=way: way(full.find(p)) for prefix, _ in inside]) for name, way in (("list", full.listed), ("walk", full.walked), ("scan", full.scanned))}
    times["model"] = clock([lambda p=prefix: model.complete(p, keep=False) for prefix in prefixes[:80]])
    for name in ("walk", "scan", "model"):
        found |= {f"time_{name}_median": np.median(times[name]) / np.median(times["list"])}
    found |= freshness(log, full, model)
    return found, hits


TOLERANCE: dict[str, float] = {}  # filled by run(): logarithms differ in their last digit and move a word here and there; clocks differ much more
UNITS = {"distinct": "query", "kept": "query", "pairs": "", "bytes": "MB", "query": "byte/query", "nodes": "node/query", "letters": "node/query", "scan": "query", "walk": "node", "time": "", "length": "character"}


def run() -> dict[str, float | str | list[float]]:
    gc.disable()  # millions of small lists and no cycles: the collector would only walk them
    worlds = [world(seed) for seed in SEEDS]
    results: dict[str, float | str | list[float]] = {
        "searches": f"{SEARCHES} query", "people": f"{PEOPLE} person", "worlds": len(SEEDS), "k": K, "crowd": f"{CROWD} person", "universe": f"{UNIVERSE} query", "asked": f"{len(SEEDS) * ASKED} query",
        "event_queries": f"{EVENT} query", "event_share": f"{100 * SHARE:g} percent", "bins_series": list(BINS), "kept_series": [*SIZES],
    }  # fmt: skip
    exact = set(results)

    def add(name, values, spread=True):
        unit = UNITS.get(name.split("_", 1)[0], "percent")
        written = [f"{value:.5g} {unit}" if unit else float(f"{value:.5g}") for value in (np.mean(values), np.min(values), np.max(values))]
        results.update(zip((name, f"{name}_low", f"{name}_high"), written) if spread else [(name, written[0])])

    for name in worlds[0][0]:
        add(name, [found[name] for found, _ in worlds], spread=not name.startswith("time_"))
    for variant, (exponent, follow) in VARIANTS.items():
        others = [world(seed, exponent, follow, whole=False)[0] for seed in SEEDS]
        for name in ("unseen", "empty", "short", "way_trie", "way_model", "way_fill"):
            add(f"{name}_{variant}", [found[name] for found in others], spread=False)
    gc.enable()
    for way in ("trie", "model", "fill"):
        hits = sum(hits[way] for _, hits in worlds)
        results[f"hits_{way}_series"] = [float(f"{value:.4g}") for value in 100 * hits[:, 0] / hits[:, 1]]
        for low, value in zip(BINS, results[f"hits_{way}_series"]):
            results[f"hits_{way}_{low}"] = f"{value:.4g} percent"
    results["presses_series"] = hits[:, 1].tolist()
    for name, one, other, sign in (
        ("needs", "empty", "short", 1), ("needs_safe", "empty_safe", "short_safe", 1), ("both_safe", "bytes_safe", "bytes_pairs_safe", 1), ("gain_pairs", "way_fill", "way_trie", -1), ("gain_safe", "safe_fill", "safe_trie", -1), ("gain_last", "saved_all", "saved_30000", -1),
        ("half", "bytes_all", "bytes_30000", -1),
    ):  # fmt: skip
        (x, unit), (y, _) = str(results[one]).split(), str(results[other]).split()
        results[name] = f"{float(x) + sign * float(y):.4g} {unit}"
    TOLERANCE.update({name: 0.4 if name.startswith("time_") else 0.1 if name.startswith("gain_") else 0.05 for name in results if name not in exact})
    return results


def plot(results):
    import matplotlib.pyplot as plt

    def value(name):
        return float(str(results[name]).split()[0])

    figure, (left, right) = plt.subplots(1, 2, figsize=(660 / 72, 310 / 72))
    bins = results["bins_series"]
    for way, words, color, line, mark, at in (("trie", "trie", "guide:online-edge", "-", "o", None), ("model", "model", "guide:offline-edge", "--", "s", None), ("fill", "both", "guide:node-edge", ":", "^", None)):
        left.plot(range(len(bins)), results[f"hits_{way}_series"], color=color, linestyle=line, marker=mark)
    left.set(ylim=(-0.5, 17), xticks=range(0, len(bins), 2), yticks=range(0, 16, 5), title="Wanted query shown, %", xlabel="times the prefix was typed that week")
    left.set_xticklabels([f"{low}" for low in bins[::2]])
    left.annotate("trie", (0.45, 0.4), fontsize=13)
    left.annotate("pairs of words", (6.0, 2.9), fontsize=13)
    left.annotate("both", (0.35, 13.0), fontsize=13)
    sizes = [*results["kept_series"], "all"]
    right.plot([value(f"bytes_{size}") for size in sizes], [value(f"saved_{size}") for size in sizes], color="guide:online-edge", linestyle="-", marker="o")
    for which, way, trie, pairs in (("safe_trie", "safe_fill", "bytes_safe", "bytes_pairs_safe"), ("way_trie", "way_fill", "bytes_all", "bytes_pairs")):
        across, up = [value(trie), value(trie) + value(pairs)], [value(which), value(way)]
        right.plot(across, up, color="guide:offline-edge", linestyle="--", marker="")
        right.plot(across[1:], up[1:], color="guide:offline-edge", linestyle="", marker="s")
    right.plot([value("bytes_safe")], [value("safe_trie")], color="guide:offline-edge", linestyle="", marker="D")
    right.annotate("five people,\nwith pairs", (0.03, 36), fontsize=13)
    right.annotate("five people", (0.1, 17), fontsize=13)
    right.annotate("all, with\npairs", (0.8, 44), fontsize=13)
    right.annotate("trie", (0.6, 24), fontsize=13)
    right.set(xscale="log", xlim=(0.025, 6), ylim=(10, 52), xticks=[0.03, 0.1, 0.3, 1, 3], title="Characters saved, %", xlabel="MB")
    right.set_xticklabels(["0.03", "0.1", "0.3", "1", "3"])
    right.minorticks_off()
    figure.tight_layout()
    return figure
