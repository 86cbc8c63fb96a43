"""Putting values in order, counting them, and finding their place.

Operations that find places (argsort, topk) have no gradient themselves; the values are then
gathered from those places, and the gradient returns to where they came from.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinytorch.breadth.indexing import as_index, gather
from tinytorch.core import tensor as core
from tinytorch.core.tensor import Tensor, apply, dims, int32, kernel, method

__all__ = [
    "argsort", "bincount", "bucketize", "isin", "msort", "searchsorted", "sort", "topk",
    "unique",
]  # fmt: skip


class Selection(NamedTuple):
    """Values and where they were found: what sort, topk, max and median over a `dim` return."""

    values: Tensor
    indices: Tensor


# ------------------------------------------------------------------------------------------- order


@method
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that put the values along `dim` in order; NaN counts as the largest value.

    Equal values keep their order, with or without `stable`.

    >>> argsort(Tensor([3.0, 1.0, 2.0]))
    tensor([1, 2, 0])
    """
    return apply("argsort", input, dim=dims(dim, input.ndim), descending=descending)


@kernel("argsort")
def _argsort(x, dim, descending=False):
    if dim is None:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(x, axis=dim, kind="stable")
    backwards = np.argsort(np.flip(x, dim), axis=dim, kind="stable")  # equal values: last one first
    return x.shape[dim] - 1 - np.flip(backwards, dim)


@method
def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Selection:
    """The values along `dim` in order, and where they were.

    >>> sort(Tensor([3.0, 1.0, 2.0])).values
    tensor([1., 2., 3.])
    """
    order = argsort(input, dim, descending, stable)
    return Selection(gather(input, dim, order), order)


def msort(input: Tensor) -> Tensor:
    """The values along the first dimension in order."""
    return sort(input, 0).values


@method
def topk(
    input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> Selection:
    """The `k` largest (or smallest) values along `dim`, in order, and where they were.

    >>> topk(Tensor([1.0, 9.0, 5.0]), 2)
    Selection(values=tensor([9., 5.]), indices=tensor([1, 2]))
    """
    n = input.size(dim) if input.ndim else 1
    if not 0 <= k <= n:
        raise RuntimeError(
            f"topk: k={k} is out of range: input {input.shape} has {n} values along dim {dim}"
        )
    if not input.ndim:
        return Selection(*(t.reshape(()) for t in topk(input.reshape(1), 1)))
    order = apply("topk", input, k=int(k), dim=dims(dim, input.ndim), largest=largest)
    return Selection(gather(input, dim, order), order)


@kernel("topk")
def _topk(x, k, dim, largest=True):
    """Indices: part off k values in linear time, then order just those."""
    x = np.moveaxis(x, dim, -1)
    n = x.shape[-1]
    if 0 < k < n:
        part = np.argpartition(x, n - k if largest else k - 1, axis=-1)
        part = part[..., n - k :] if largest else part[..., :k]
        order = _argsort(np.take_along_axis(x, part, -1), -1, largest)
        found = np.take_along_axis(part, order, -1)
    else:
        found = _argsort(x, -1, largest)[..., :k]
    return np.moveaxis(found, -1, dim).copy()


@method
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different values (or rows along `dim`) in ascending order.

    Returns: the values; then, where asked for, for each value of `input` the number of its equal
        among them, and how often each occurs.

    >>> unique(core.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    values, inverse, counts = np.unique(  # three results of one search, so not through the door
        input.array,
        return_inverse=True,
        return_counts=True,
        axis=dims(dim, input.ndim),
        equal_nan=False,
    )
    inverse = inverse.reshape(input.shape if dim is None else -1)
    found = [(values, True), (inverse, return_inverse), (counts, return_counts)]
    wanted = tuple(Tensor(array) for array, asked in found if asked)
    return wanted if len(wanted) > 1 else wanted[0]


@method
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often 0, 1, 2, ... occur in a vector (or the sum of their `weights`).

    >>> bincount(core.tensor([1, 1, 3]))
    tensor([0, 2, 0, 1])
    """
    if input.ndim != 1 or as_index("bincount", input).array.min(initial=0) < 0:
        raise RuntimeError(
            f"bincount: got {input.shape}, expected a vector of integers from 0 upwards"
        )
    return apply("bincount", input, *([] if weights is None else [weights]), minlength=minlength)


@kernel("bincount")
def _bincount(x, weights=None, minlength=0):
    counts = np.bincount(x, weights, minlength)
    return counts if weights is None or weights.dtype.kind != "f" else counts.astype(weights.dtype)


def searchsorted(
    sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """For each value of `input`, the place in an ascending vector where it would be inserted.

    >>> searchsorted(Tensor([1.0, 3.0, 5.0]), Tensor([3.0, 4.0]))
    tensor([1, 2])
    """
    if sorted_sequence.ndim != 1:
        raise RuntimeError(
            f"searchsorted: the sequence has shape {sorted_sequence.shape}, expected a vector; "
            "search the rows of a matrix one by one"
        )
    values = input if isinstance(input, Tensor) else core.tensor(input)
    found = apply("searchsorted", sorted_sequence, values, right=right)
    return found.to(int32) if out_int32 else found


@kernel("searchsorted")
def _searchsorted(sequence, values, right=False):
    return np.asarray(np.searchsorted(sequence, values, "right" if right else "left"))


def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """The number of the interval between `boundaries` in which each value of `input` lies."""
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def isin(elements: Tensor, test_elements: Any) -> Tensor:
    """Whether each of `elements` occurs in `test_elements`."""
    known = test_elements if isinstance(test_elements, Tensor) else core.tensor(test_elements)
    return apply("isin", elements, known)


@kernel("isin")
def _isin(elements, known):
    return np.isin(elements, known)
