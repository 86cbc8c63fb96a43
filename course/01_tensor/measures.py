"""Predict, then measure: what views and copies cost, and where float32 stops counting."""

import tracemalloc

import numpy as np

from tito.measures import measure, seconds


@measure(
    "01.a",
    "x has the shape (1000, 1000) and is of float32. How many bytes of new memory does "
    "x.T.contiguous() take, rounded to a thousand?",
    unit="bytes",
    within=0.02,
    explain="A million values of four bytes: x.T alone takes none, because it only exchanges two "
    "strides, but values in another order need a place of their own. PyTorch works the same way; "
    "its transpose is in aten/src/ATen/native/TensorShape.cpp and only computes sizes and strides.",
)
def bytes_of_a_transposed_copy() -> float:
    from tinytorch import Tensor

    x = Tensor(np.ones((1000, 1000), np.float32))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        copy = x.T.contiguous()
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    return round(after - before, -3) if copy.shape == (1000, 1000) else 0


@measure(
    "01.b",
    "x is a 4000 x 4000 float32 tensor. How many times as long does it take to sum one column, "
    "x[:, j].sum(), as one row, x[i].sum()? (All of them are timed, one after the other.)",
    unit="times",
    within=1.0,
    explain="Memory comes in lines of 64 bytes, sixteen float32 values. A row uses all sixteen of "
    "them; a column uses one and throws fifteen away, and its next value lies 16,000 bytes on. The "
    "additions are the same: what differs is the way to memory. Compilers and BLAS therefore work "
    "in blocks that fit into the cache, and PyTorch orders the dimensions of a reduction by stride "
    "before it begins (TensorIterator.cpp, reorder_dimensions).",
)
def columns_against_rows() -> float:
    from tinytorch import Tensor

    x = Tensor(np.ones((4000, 4000), np.float32))
    rows = [x[i] for i in range(0, 4000, 10)]
    columns = [x[:, j] for j in range(0, 4000, 10)]
    by_rows = seconds(lambda: [row.sum() for row in rows])
    by_columns = seconds(lambda: [column.sum() for column in columns])
    return by_columns / by_rows


@measure(
    "01.c",
    "A float32 total stands at 16,777,000. You write total += 1.0 a thousand times. Where does it "
    "stand then?",
    unit="(a number)",
    within=1e-6,
    explain="At 2**24 = 16,777,216, and there it stays: a float32 has 24 binary digits, the next "
    "number after it is 16,777,218, and the 1 in between is rounded away. sum() gets further, "
    "because NumPy adds in pairs: partial sums of like size, so that a small number never meets a "
    "huge one. PyTorch does it in cascade_sum (aten/src/ATen/native/cpu/SumKernel.cpp). Whoever "
    "adds up a loss over an epoch in float32 should remember it.",
)
def where_a_running_total_stops() -> float:
    from tinytorch import Tensor

    total = Tensor(np.array([16_777_000], np.float32))
    for _ in range(1000):
        total += 1.0
    return total.item()
