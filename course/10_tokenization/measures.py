"""Predict, then measure: what a vocabulary buys, who pays, and what the fast trainer saves."""

from tito.measures import measure


@measure(
    "10.a",
    "With the 256 bytes alone the corpus of the course has one token per character. A tokenizer is "
    "trained on it, and its vocabulary is doubled once, to 512 ids. How many times shorter does "
    "the corpus become, compared with bytes?",
    unit="times",
    within=0.25,
    explain="The first merges are the commonest pairs of the language, and each saves hundreds of "
    "tokens; the 256th saves fourteen. Doubling again, to 1,024 ids, shortens the text only by "
    "another quarter. A larger vocabulary helps less and less, and its table grows with every id. "
    "Large models end at 30,000 to 200,000 ids, with some four characters of English per token. "
    "And be careful: measured on a text that was not in the training, the figure is smaller.",
)
def what_256_merges_buy() -> float:
    """Tokens as bytes divided by tokens after 256 merges."""
    from tinytorch.core.tokenization import BPETokenizer, sequence_lengths
    from tinytorch.datasets import load_corpus

    corpus = load_corpus()
    lengths = sequence_lengths(BPETokenizer.train(corpus, 512), corpus, [256, 512])
    return lengths[256] / lengths[512]


@measure(
    "10.b",
    "The tokenizer with 1,024 ids, trained on the English corpus, encodes a Japanese sentence. How "
    "many tokens does it need per character?",
    unit="tokens per character",
    within=0.1,
    explain="Each of these characters has three bytes in UTF-8, no merge of an English text "
    "applies to them, and so every byte is a token. English has more than three characters per "
    "token here. The same sentence costs several times as many tokens, fills the context of a "
    "model several times as fast, and, where tokens are billed, costs several times as much. What "
    "is in the training text of a tokenizer decides who pays; production tokenizers draw that text "
    "from many languages for this reason.",
)
def who_pays() -> float:
    """Tokens per character of a sentence whose script the training never saw."""
    from tinytorch.core.tokenization import BPETokenizer
    from tinytorch.datasets import load_corpus

    sentence = "灯台の明かりは夜の海を照らしている"
    return len(BPETokenizer.train(load_corpus(), 1024).encode(sentence)) / len(sentence)


@measure(
    "10.c",
    "Both trainers learn 120 merges from the corpus of the course. How many times longer does "
    "the naive trainer take than the fast one?",
    unit="times",
    within=2.0,
    explain="The naive trainer walks over all pieces for every merge: twice the merges, twice the "
    "time. The fast one builds its chain once, and then touches the places of one pair per merge, "
    "fewer and fewer of them, since later pairs are rarer. So the factor grows with the number of "
    "merges, and with tens of thousands of them the naive one is out of the question. The figure "
    "depends on your machine less than most, because both run in the same Python.",
)
def what_places_save() -> float:
    """Seconds of train_naive over seconds of train_fast; the best of a few runs."""
    import math
    from collections import Counter
    from time import perf_counter

    from tinytorch.core.tokenization import pretokenize, train_fast, train_naive
    from tinytorch.datasets import load_corpus

    pieces = Counter(pretokenize(load_corpus()))
    slow = fast = math.inf
    for _ in range(2):
        start = perf_counter()
        train_naive(pieces, 120)
        middle = perf_counter()
        train_fast(pieces, 120)
        slow, fast = min(slow, middle - start), min(fast, perf_counter() - middle)
    return slow / fast
