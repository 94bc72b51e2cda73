"""How much of an answer is decided before the language model reads a word: by retriever and fusion, by what a chunk carries, by where permissions are checked?

2,000 synthetic documents of ten passages. A concept has three words, and an author mostly keeps to one; a title holds the document's identifier, passages mostly do not. A
question wants one passage and asks by identifier, in the passage's own words, or in other words for the same concepts. Lexical retrieval is BM25. Dense retrieval compares mean
word vectors that were learned, by a truncated SVD of word co-occurrence, from another text in the same language; identifiers are new to it and spelled out by digits, so
neighboring numbers look alike. Both lists are fused by reciprocal rank, summed by score, or pooled and re-ranked by late interaction over the same vectors. 600 documents are local versions of
ten templates: same text, other identifier, other answers. The reader is an oracle, right exactly when the passage is in its context: its accuracy is recall by construction, and
what is measured is what moves recall. Language, share of each kind of question, and that a fact fits into one passage were chosen, not found. Everything is repeated in several worlds.
"""

import numpy as np
from scipy import sparse
from sklearn.metrics import roc_auc_score
from sklearn.utils.extmath import randomized_svd

DESCRIBE = (
    "Left, share of questions whose passage is in the context, for five ways to rank and three kinds of question: BM25 finds none asked in other words, rank fusion finds few "
    "of them, a tuned sum of scores half, a pool re-ranked by late interaction most of every kind. Right, the share of the corpus that a person may read falls from 50 to 2 percent: filtering before ranking "
    "stays near the top, filtering the pool finds seven in ten, filtering after the ranking about a quarter at every share."
)
SECONDS = 17

CONCEPTS, FORMS, LATENT, NEAR = 1_200, 3, 24, 40  # concepts, words for each, their latent dimensions, partners that a concept is mentioned with
SENTENCES, FILLERS, WIDTH = 40_000, 300, 200  # other text that word vectors come from; filler vocabulary; width of a vector
DOCUMENTS, PASSAGES, CENTERS = 2_000, 10, 4  # documents, passages in each, concepts that a document is about
CONTENT, FILLER, HABIT, NAMED = 7, 12, 0.85, 0.15  # concepts and filler words in a passage, mentions in the author's usual word, passages that repeat the identifier
FAMILIES, SIBLINGS, COPIED = 10, 60, 0.95  # templates, local versions, words that a version keeps
ASKED, QUESTIONS, WORLDS = 3, 70, 3  # concepts in a question without identifier; questions of each kind in a world
K1, B, FUSION, POOL = 1.2, 0.75, 60, 100  # BM25 and fusion at their usual constants; candidates of each retriever
BLEND, TUNED_ON = 0.85, range(3, 23)  # the cosine's weight in the tuned sum: what `tune` returns for these worlds, of which none is reported
BUDGET, PASSAGE, HEADER = 2_000, 100, 10  # tokens of context; tokens that a passage and a title count as
SHARES = (0.5, 0.1, 0.02)
KINDS = ("identifier", "own", "other")
WORDS = CONCEPTS * FORMS  # concept c has the words 3c to 3c + 2, fillers follow, then identifiers
IDS = WORDS + FILLERS
# Other processors sum in another order, so near ties may fall the other way. `run` enters all measured names.
TOLERANCE: dict[str, float] = {}


def unit(x):
    return (x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-9)).astype(np.float32)


def some(random, rows, few, many):
    """For each row, `few` different numbers below `many`."""
    return np.argpartition(random.random((rows, many)), few, axis=1)[:, :few]


def fillers(random, *shape):
    return WORDS + np.minimum(random.zipf(1.4, shape) - 1, FILLERS - 1)


def counts(texts):
    """Texts are rows of word numbers, -1 where there is no word."""
    rows, columns = np.nonzero(texts >= 0)
    return sparse.coo_matrix((np.ones(len(rows), np.float32), (rows, texts[rows, columns])), shape=(len(texts), IDS + DOCUMENTS)).tocsr()


class Language:
    """Which concepts are mentioned together, and word vectors learned from text that is not in the corpus."""

    def __init__(self, random):
        latent = random.standard_normal((CONCEPTS, LATENT))
        self.near = np.argsort(-(latent @ latent.T - np.eye(CONCEPTS) * 1e9), axis=1)[:, :NEAR]
        center = random.integers(0, CONCEPTS, SENTENCES)
        concepts = self.around(random, center)
        words = np.column_stack([concepts * FORMS + random.integers(0, FORMS, concepts.shape), fillers(random, SENTENCES, 4)])
        x = counts(words)[:, :IDS]
        pairs = (x.T @ x).tocoo()
        apart = pairs.row != pairs.col
        row, column, n = pairs.row[apart], pairs.col[apart], pairs.data[apart].astype(float)
        margin = np.bincount(row, n, IDS)
        # Pointwise mutual information: log of how much more often two words share a sentence than by chance; its positive part is factored.
        pmi = np.maximum(np.log(n * n.sum() / (margin[row] * margin[column])), 0)
        u, s, _ = randomized_svd(sparse.coo_matrix((pmi, (row, column)), shape=(IDS, IDS)).tocsr(), WIDTH, n_iter=3, random_state=0)
        share = np.asarray(x.sum(axis=0)).ravel() / x.sum()
        self.weight = np.append(1e-4 / (1e-4 + share), np.ones(DOCUMENTS))  # frequent words count less
        digits = random.standard_normal((4, 10, WIDTH))
        number = np.arange(DOCUMENTS)
        self.vectors = unit(np.vstack([u * np.sqrt(s), sum(digits[i, number // 10**i % 10] for i in range(4))]))

    def around(self, random, center):
        return np.column_stack([center, self.near[center[:, None], some(random, len(center), CONTENT - 1, NEAR)]])

    def embed(self, texts):
        return unit(np.asarray(counts(texts) @ (self.vectors * self.weight[:, None])))


class World:
    def __init__(self, language, random):
        self.random = random
        topic = random.integers(0, CONCEPTS, DOCUMENTS)
        about = np.column_stack([topic, language.near[topic[:, None], some(random, DOCUMENTS, CENTERS - 1, NEAR)]])
        usual = random.integers(0, FORMS, (DOCUMENTS, CONCEPTS))
        every = np.repeat(np.arange(DOCUMENTS), PASSAGES)
        concepts = language.around(random, about[every, random.integers(0, CENTERS, len(every))])
        mentions = np.repeat(concepts, 2, axis=1)
        form = np.where(random.random(mentions.shape) < HABIT, usual[every[:, None], mentions], random.integers(0, FORMS, mentions.shape))
        words = mentions * FORMS + form
        words[:, 1::2][random.random(concepts.shape) < 0.5] = -1  # every concept is mentioned once or twice
        text = np.column_stack([words, fillers(random, len(every), FILLER)]).reshape(DOCUMENTS, PASSAGES, -1)
        titles = about[:, :2] * FORMS + usual[np.arange(DOCUMENTS)[:, None], about[:, :2]]
        self.topic, self.concepts = topic, concepts.reshape(DOCUMENTS, PASSAGES, CONTENT)
        for first in range(0, FAMILIES * SIBLINGS, SIBLINGS):
            for copy in range(first + 1, first + SIBLINGS):
                self.topic[copy], self.concepts[copy], titles[copy] = self.topic[first], self.concepts[first], titles[first]
                changed = (random.random(text[first].shape) > COPIED) & (text[first] >= 0) & (text[first] < WORDS)
                text[copy] = np.where(changed, text[first] - text[first] % FORMS + random.integers(0, FORMS, text[first].shape), text[first])
        name = IDS + np.arange(DOCUMENTS)
        named = np.where(random.random((DOCUMENTS, PASSAGES)) < NAMED, name[:, None], -1)
        self.text, self.titles = np.concatenate([text, named[:, :, None]], axis=2), np.column_stack([name, titles])

    def question(self, kind, document, passage):
        random, present = self.random, set(self.text[document, passage])
        if kind == "identifier":
            words = [IDS + document, random.choice(self.concepts[document, passage]) * FORMS + random.integers(FORMS), -1]
        else:
            words = []
            for concept in random.permutation(self.concepts[document, passage]):
                forms = [concept * FORMS + f for f in range(FORMS) if (concept * FORMS + f in present) == (kind == "own")]
                words += [random.choice(forms)] if forms and len(words) < ASKED else []
        return [*words, *[-1] * (ASKED - len(words)), *fillers(random, 3)]

    def chunks(self, size, header):
        """`size` passages in a row, with the title in front of every chunk or of the first one only."""
        body = self.text.reshape(DOCUMENTS, PASSAGES // size, -1)
        title = np.repeat(self.titles[:, None, :], body.shape[1], axis=1)
        if not header:
            title[:, 1:] = -1
        return np.concatenate([title, body], axis=2).reshape(DOCUMENTS * body.shape[1], -1)


class Index:
    def __init__(self, language, texts):
        self.language, self.texts = language, texts
        tf = counts(texts)
        n, df = tf.shape[0], np.bincount(tf.indices, minlength=tf.shape[1])
        self.idf = np.log(1 + (n - df + 0.5) / (df + 0.5))
        # BM25: idf tf (k1 + 1) / (tf + k1 (1 - b + b length / mean length)), summed over the words of the question
        length = np.asarray(tf.sum(axis=1)).ravel()
        norm = np.repeat(K1 * (1 - B + B * length / length.mean()), np.diff(tf.indptr))
        tf.data = (tf.data * (K1 + 1) / (tf.data + norm) * self.idf[tf.indices]).astype(np.float32)
        self.lexical, self.dense = tf.T.tocsr(), language.embed(texts)
        self.lookup = np.vstack([language.vectors, np.zeros(WIDTH, np.float32)])  # the last row stands for -1, no word

    def scores(self, questions):
        return (counts(questions) @ self.lexical).toarray(), self.language.embed(questions) @ self.dense.T

    def rerank(self, question, pool):
        """Late interaction: each word of the question takes its most similar word of the chunk, weighted as in BM25. 1 if every word is there."""
        words = question[question >= 0]
        alike = self.lookup @ self.lookup[words].T
        return alike[self.texts[pool]].max(axis=1) @ self.idf[words] / self.idf[words].sum()


def top(scores, allowed, depth=POOL):
    """The best `depth` allowed chunks with a positive score, best first."""
    masked = np.where(allowed, scores, 0)
    best = np.argpartition(-masked, depth)[:depth]
    best = best[np.argsort(-masked[best], kind="stable")]
    return best[masked[best] > 0]


def fuse(lists, constant=FUSION, window=POOL):
    """Reciprocal rank fusion: 1 / (constant + rank), summed over the lists that hold the chunk in their first `window`; best first, with scores."""
    chunks, where = np.unique(np.concatenate([one[:window] for one in lists]), return_inverse=True)
    ranks = np.concatenate([np.arange(1, len(one[:window]) + 1) for one in lists])
    total = np.bincount(where, 1 / (constant + ranks))
    order = np.argsort(-total, kind="stable")
    return chunks[order], total[order]


def blend(lists, lexical, dense, weight):
    """The union of the lists by a weighted sum of scores; each retriever's scores are brought to 0 to 1 over the union."""
    chunks = np.unique(np.concatenate(lists))

    def scaled(scores):
        return (scores[chunks] - scores[chunks].min()) / max(np.ptp(scores[chunks]), 1e-9)

    return chunks[np.argsort(-((1 - weight) * scaled(lexical) + weight * scaled(dense)), kind="stable")]


def ask(index, question, lexical, dense, allowed, k):
    """Every ranking of one question, and the scores that could tell that the answer is missing."""
    lists = top(lexical, allowed), top(dense, allowed)
    fused, score = fuse(lists)
    pool = np.unique(np.concatenate([one[: POOL // 2] for one in lists]))  # at most as many as one list holds
    late = index.rerank(question, pool)
    rankings = {"bm25": lists[0], "dense": lists[1], "rrf": fused, "late": pool[np.argsort(-late, kind="stable")]}
    rankings |= {"sum": blend(lists, lexical, dense, 0.5), "blend": blend(lists, lexical, dense, BLEND)}
    rankings |= {"rrf_ten": fuse(lists, 10)[0], "rrf_one": fuse(lists, 1)[0], "rrf_window": fuse(lists, FUSION, k)[0]}
    scores = {"bm25": lexical[lists[0][0]] if len(lists[0]) else 0, "dense": dense[lists[1][0]], "rrf": score[0], "late": late.max()}
    return {name: order[:k] for name, order in rankings.items()} | {"pool": rankings["late"]}, scores


def taken(size, header):
    return int(BUDGET // (size * PASSAGE + header * HEADER))


def drawn(world, random):
    """Questions of each kind about single documents."""
    asked = [(kind, random.integers(FAMILIES * SIBLINGS, DOCUMENTS), random.integers(PASSAGES)) for kind in KINDS for _ in range(QUESTIONS)]
    return asked, np.array([world.question(*one) for one in asked])


def tune():
    """The cosine's weight that finds most in worlds that `run` does not report. Takes half a minute; `run` uses its result, BLEND."""
    language, weights = Language(np.random.default_rng(1_000)), np.arange(0.5, 0.96, 0.05)
    found = np.zeros(len(weights))
    for seed in TUNED_ON:
        random = np.random.default_rng(seed)
        world = World(language, random)
        asked, questions = drawn(world, random)
        lexical, dense = (index := Index(language, world.chunks(1, 1))).scores(questions)
        everything = np.ones(len(index.texts), bool)
        for i, (_, document, passage) in enumerate(asked):
            lists = top(lexical[i], everything), top(dense[i], everything)
            found += [document * PASSAGES + passage in blend(lists, lexical[i], dense[i], weight)[: taken(1, 1)] for weight in weights]
    return weights[found.argmax()]


def levers(world, language, random):
    """Retrievers at one setting, chunks and titles at equal tokens, and scores when the document is gone."""
    asked, questions = drawn(world, random)
    found, scores = {}, {}
    for size, title in ((1, 1), (1, 0), (5, 1), (10, 1)):
        index, k, each = Index(language, world.chunks(size, title)), taken(size, title), PASSAGES // size
        lexical, dense = index.scores(questions)
        setting = "" if (size, title) == (1, 1) else f"_{size}" if title else "_bare"
        for i, (kind, document, passage) in enumerate(asked):
            everything = np.ones(lexical.shape[1], bool)
            contexts, here = ask(index, questions[i], lexical[i], dense[i], everything, k)
            for name, context in contexts.items():
                if setting and name not in ("bm25", "dense", "rrf", "late", "pool"):
                    continue
                for group in ("all",) if setting and name != "late" else (kind, "all"):
                    found.setdefault(f"{name}_{group}{setting}", []).append(100 * (document * each + passage // size in context))
            if not setting:
                everything[document * each : (document + 1) * each] = False
                there = ask(index, questions[i], lexical[i], dense[i], everything, k)[1]
                for name in here:
                    scores.setdefault(name, []).append((here[name], there[name]))
    means = {name: np.mean(values) for name, values in found.items()}
    for name, pairs in scores.items():
        present, gone = np.array(pairs).T
        means[f"tell_{name}"] = roc_auc_score(np.repeat([1, 0], len(present)), np.append(present, gone))
        means[f"refused_{name}"] = 100 * np.mean(gone < np.quantile(present, 0.1))  # when one answerable question in ten is refused
    return means


def permissions(world, language, random):
    """Questions about local versions and about single documents: filtered before ranking, in the pool, or after ranking."""
    index, k, found = Index(language, world.chunks(1, 1)), taken(1, 1), {}
    owner = np.repeat(np.arange(DOCUMENTS), PASSAGES)
    for group, low, high in (("version", 0, FAMILIES * SIBLINGS), ("single", FAMILIES * SIBLINGS, DOCUMENTS)):
        asked = [(KINDS[1 + n % 2], random.integers(low, high), random.integers(PASSAGES)) for n in range(QUESTIONS)]  # no identifiers: "our travel policy"
        questions = np.array([world.question(*one) for one in asked])
        lexical, dense = index.scores(questions)
        for i, (_, document, passage) in enumerate(asked):
            plain, _ = ask(index, questions[i], lexical[i], dense[i], np.ones(len(owner), bool), k)
            for share in SHARES:
                reads = random.random(DOCUMENTS) < share
                if group == "version":
                    reads[document // SIBLINGS * SIBLINGS :][:SIBLINGS] = False  # other offices' versions
                reads[document] = True
                allowed = reads[owner]
                before, _ = ask(index, questions[i], lexical[i], dense[i], allowed, k)
                contexts = {"before": before["late"], "pool": plain["pool"][allowed[plain["pool"]]][:k], "after": plain["late"][allowed[plain["late"]]]}
                for way, context in contexts.items():
                    name = f"{way}_{group}_{100 * share:g}"
                    found.setdefault(name, []).append(100 * (document * PASSAGES + passage in context))
                    found.setdefault(f"{name}_kept", []).append(len(context))
                    if way == "after" and group == "version":
                        found.setdefault(f"{name}_empty", []).append(100 * (len(context) == 0))
    return {name: np.mean(values) for name, values in found.items()}


def run() -> dict[str, float | str | list[float]]:
    language, worlds = Language(np.random.default_rng(1_000)), []
    for seed in range(WORLDS):
        random = np.random.default_rng(seed)
        world = World(language, random)
        worlds.append(levers(world, language, random) | permissions(world, language, random))
    results: dict[str, float | str | list[float]] = {
        "documents": f"{DOCUMENTS} document", "passages": DOCUMENTS * PASSAGES, "worlds": WORLDS, "kinds": len(KINDS), "questions": f"{WORLDS * QUESTIONS} query",
        "families": FAMILIES, "versions": SIBLINGS, "words": FORMS, "budget": f"{BUDGET} token", "passage_tokens": f"{PASSAGE} token", "title_tokens": f"{HEADER} token",
        "named": f"{100 * NAMED:g} percent", "taken": taken(1, 1), "taken_5": taken(5, 1), "taken_10": taken(10, 1), "pool": POOL, "fusion": FUSION,
        "blend_weight": BLEND, "tuned_on": len(TUNED_ON), "competing": DOCUMENTS * PASSAGES * min(SHARES),
        "share_series": [100 * share for share in SHARES],
    }  # fmt: skip
    for name in worlds[0]:
        values = np.array([one[name] for one in worlds])
        unit_of = "" if name.startswith("tell") or name.endswith("kept") else " percent"
        kept = {"": values.mean()} | ({"_least": values.min(), "_most": values.max()} if name.endswith("_all") else {})
        for suffix, value in kept.items():
            results[name + suffix] = f"{value:.4g}{unit_of}" if unit_of else float(f"{value:.4g}")
            TOLERANCE[name + suffix] = (min(0.9, 2 / value) if value else 0) if unit_of else 0.02  # two points: four questions of a kind
    mean = {name: np.mean([one[name] for one in worlds]) for name in worlds[0]}
    for lead, (more, less) in {
        "late_over_blend": ("late_all", "blend_all"), "blend_over_ten": ("blend_all", "rrf_ten_all"), "ten_over_dense": ("rrf_ten_all", "dense_all"),
        "dense_over_rrf": ("dense_all", "rrf_all"), "title_gains": ("late_all", "late_all_bare"), "filter_gains": ("before_version_2", "after_version_2"),
    }.items():  # fmt: skip
        results[lead] = f"{mean[more] - mean[less]:.4g} percent"
        TOLERANCE[lead] = 0.9  # the order of the two must hold
    return results


def plot(results):
    import matplotlib.pyplot as plt

    def value(name):
        return float(str(results[name]).split()[0])

    figure, (left, right) = plt.subplots(1, 2, figsize=(660 / 72, 320 / 72), gridspec_kw={"width_ratios": (1.05, 1)})
    rows = (("bm25", "BM25"), ("dense", "dense"), ("rrf", "fused, 60"), ("blend", "tuned sum"), ("late", "pool, re-ranked"))
    looks = {"identifier": ("guide:online-edge", "o"), "own": ("guide:node-edge", "^"), "other": ("guide:offline-edge", "s")}
    for row, (name, _) in enumerate(rows):
        places = [value(f"{name}_{kind}") for kind in KINDS]
        left.plot([min(places), max(places)], [row, row], color="guide:line", linestyle="-", marker="")
        for kind, (color, mark) in looks.items():
            left.plot([value(f"{name}_{kind}")], [row], color=color, linestyle="", marker=mark)
    left.annotate("other words", (value("bm25_other"), 0), xytext=(-6, 10), textcoords="offset points", fontsize=13)
    left.annotate("identifier", (value("bm25_identifier"), 0), xytext=(-62, 10), textcoords="offset points", fontsize=13)
    left.annotate("own", (value("bm25_own"), 0), xytext=(-12, 10), textcoords="offset points", fontsize=13)
    left.set(ylim=(len(rows) - 0.5, -0.8), xlim=(-5, 108), yticks=range(len(rows)), title="Passage in context, %")
    left.set_yticklabels([words for _, words in rows])
    left.grid(False)
    shares = results["share_series"]
    for way, words, color, line, mark, at in (
        ("before", "before ranking", "guide:online-edge", "-", "o", (46, 88)), ("pool", "within the pool", "guide:node-edge", ":", "^", (46, 61)), ("after", "after ranking", "guide:offline-edge", "--", "s", (46, 34)),
    ):  # fmt: skip
        right.plot(shares, [value(f"{way}_version_{share:g}") for share in shares], color=color, linestyle=line, marker=mark)
        right.annotate(words, at, fontsize=13)
    right.set(xscale="log", xlim=(65, 1.6), ylim=(0, 105), xticks=shares, title="Local versions, %", xlabel="% of documents readable")
    right.set_xticklabels([f"{share:g}" for share in shares])
    right.minorticks_off()
    figure.tight_layout()
    return figure
