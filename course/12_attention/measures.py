"""Predict, then measure: what everybody looking at everybody costs, and what streaming saves."""

import tracemalloc

from tito.measures import measure


@measure(
    "12.a",
    "4 heads, 1,024 positions, 32 features each, in float32. How many bytes are the attention "
    "weights of one sequence?",
    unit="bytes",
    within=0.02,
    explain="Every head has a weight for every pair: 4 * 1,024 * 1,024 numbers of 4 bytes are "
    "16,777,216 bytes. Queries, keys and values together are 1.6 million. And this is one layer, "
    "one sequence: 12 layers at batch 16 keep 3.2 GB of weights for the backward pass.",
)
def bytes_of_the_weights() -> float:
    """The size of the array that the learner's attention_weights returns."""
    import tinytorch as tt
    from tinytorch.core.attention import attention_weights

    generator = tt.Generator().manual_seed(0)
    query, key = (tt.randn(4, 1024, 32, generator=generator) for _ in range(2))
    return float(attention_weights(query, key).numpy().nbytes)


def peak_of(function) -> int:
    """The most bytes of NumPy arrays that were held at one time while `function` ran."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@measure(
    "12.b",
    "Attention of one head with 32 features, first for 512 positions, then for 1,024. How many "
    "times as much memory does it need at its peak?",
    unit="times",
    within=0.1,
    explain="Twice as many queries times twice as many keys: four times as many scores, and beside "
    "them the queries, keys and values hardly count. The arithmetic grows fourfold as well. From "
    "1,024 to 131,072 positions, the length of a long document, it is 16,384 times.",
)
def growth_of_attention() -> float:
    """Peak memory at 1,024 positions divided by that at 512."""
    import tinytorch as tt
    from tinytorch.nn import functional

    def peak(length: int) -> int:
        generator = tt.Generator().manual_seed(0)
        q, k, v = (tt.randn(1, length, 32, generator=generator) for _ in range(3))
        return peak_of(lambda: functional.scaled_dot_product_attention(q, k, v, is_causal=True))

    return peak(1024) / peak(512)


@measure(
    "12.c",
    "2,048 positions, 32 features. How many times less memory does streaming_attention with blocks "
    "of 64 keys need at its peak than the form that holds all weights?",
    unit="times",
    within=1.0,
    explain="All weights are 2,048 x 2,048, 16.8 MB, and there is a second such array while they "
    "are made; a block is 2,048 x 64, half a megabyte, of which a few exist at a time. Twice "
    "as many positions double this factor: streaming grows with the length, not with its "
    "square. The arithmetic is the same, and so is the result. On a graphics card blocks of "
    "queries and keys fit into the fast memory on the chip, and what is saved is the way to "
    "the slow one: that is why FlashAttention is faster as well.",
)
def what_streaming_saves() -> float:
    """Peak memory of the whole form divided by that of the streaming one."""
    import numpy as np

    import tinytorch as tt
    from tinytorch.core.attention import streaming_attention
    from tinytorch.nn import functional

    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal((2048, 32), dtype=np.float32) for _ in range(3))
    streamed = peak_of(lambda: streaming_attention(q, k, v, 64))
    tensors = [tt.Tensor(x) for x in (q, k, v)]
    return peak_of(lambda: functional.scaled_dot_product_attention(*tensors)) / streamed
