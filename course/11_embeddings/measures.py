"""Predict, then measure: what a lookup saves, what a batch leaves untouched, what turning keeps."""

import math
import time

import numpy as np

from tito.measures import measure


@measure(
    "11.a",
    "A table has 5,000 rows of 64 features, and 256 ids are to be looked up. How many times as "
    "long does the product with a one-hot matrix take as the lookup? (The matrix is made "
    "beforehand: only the product counts.) An order of magnitude is enough.",
    unit="times",
    within=3.0,
    explain="The product computes 2 * 256 * 5,000 * 64 = 164 million operations, nearly all of "
    "them with a factor of 0; the lookup copies 65,536 bytes. A processor does some tens of "
    "operations in the time of one copied number, or the ratio would be larger still. It grows "
    "with the vocabulary: at 50,000 rows it is ten times as much. No framework ever computes the "
    "product, and yet it is what the lookup means: the gradient rule is the product's.",
)
def product_over_lookup() -> float:
    """Seconds of the one-hot product divided by the seconds of the lookup, the best of several."""
    import tinytorch as tt
    from tinytorch.nn import functional

    rng = np.random.default_rng(0)
    ids = rng.integers(0, 5000, 256)
    table = tt.Tensor(rng.standard_normal((5000, 64)).astype(np.float32))
    one_hot = tt.Tensor((ids[:, None] == np.arange(5000)).astype(np.float32))
    lookup = tt.Tensor(ids)
    best = {"product": math.inf, "lookup": math.inf}
    for _ in range(9):
        start = time.perf_counter()
        one_hot @ table
        middle = time.perf_counter()
        for _ in range(20):
            functional.embedding(lookup, table)
        best["product"] = min(best["product"], middle - start)
        best["lookup"] = min(best["lookup"], (time.perf_counter() - middle) / 20)
    return best["product"] / best["lookup"]


@measure(
    "11.b",
    "A table of 50,000 rows and 64 features gets a batch of 16 x 64 random ids, and backward fills "
    "its gradient. How many percent of the rows of that gradient are not zero?",
    unit="percent",
    within=0.1,
    explain="1,024 ids touch at most 1,024 rows, 2.05 percent; a few ids occur twice. The other 98 "
    "percent of 12.8 megabytes are zeros, which are made, added to grad, read by the optimizer and "
    "written back in every step. In a text it is fewer still, since few words make up most of it. "
    "That is why tables of millions of rows, as for products in a shop, are trained with sparse "
    "gradients, and language models, whose batches hold millions of tokens, are not.",
)
def rows_that_were_touched() -> float:
    """Percent of the rows of weight.grad with a value that is not 0."""
    import tinytorch as tt
    from tinytorch import nn

    table = nn.Embedding(50_000, 64)
    table(tt.Tensor(np.random.default_rng(0).integers(0, 50_000, (16, 64)))).sum().backward()
    return 100 * float(table.weight.grad.array.any(axis=1).mean())


@measure(
    "11.c",
    "With rotary positions, a query at position 7 and a key at position 3 meet with some score. "
    "The same two are moved to positions 10,007 and 10,003. Divide the new score by the old one: "
    "what comes out? (Two random vectors of 64 features in float32.)",
    unit="times",
    within=0.01,
    explain="1, to four digits and more: both vectors were turned 10,000 steps further, by the "
    "same angles, and the angle between them is what it was. The angles are computed in float64, "
    "because in float32 an angle of 10,007 radians is wrong by up to half a thousandth. What stays "
    "the same is the score of a distance that the model knows; a distance that is longer than any "
    "in training has a score that nobody has looked at, as the readers above have shown.",
)
def score_after_a_move() -> float:
    """The score at 10,007 and 10,003 divided by that at 7 and 3."""
    import tinytorch as tt
    from tinytorch.core.embeddings import apply_rotary

    generator = tt.Generator().manual_seed(1)
    query, key = (tt.randn(1, 64, generator=generator) for _ in range(2))

    def score(i: int, j: int) -> float:
        return (apply_rotary(query, i) * apply_rotary(key, j)).sum().item()

    return score(10_007, 10_003) / score(7, 3)
