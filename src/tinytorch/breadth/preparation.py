"""What nn.functional has to prepare inputs: borders around images, class numbers as rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tinytorch.breadth.indexing import index_select
from tinytorch.core.autograd import vjp
from tinytorch.core.tensor import Tensor, apply, arange, int64, kernel

__all__ = [
    "one_hot", "pad",
]  # fmt: skip


def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """`input` with a border; negative numbers cut instead.

    Args:
        pad: how much before and after, in pairs that start with the last dimension:
            (left, right, top, bottom, ...).
        mode: "constant" borders are filled with `value` (0), "replicate" ones with the outermost
            value, "reflect" ones mirror the inside, "circular" ones continue at the other end.

    >>> pad(Tensor([1.0, 2.0, 3.0]), (2, 1), "reflect")
    tensor([3., 2., 1., 2., 3., 2.])
    """
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise RuntimeError(
            f"pad: got {len(pad)} numbers for {input.shape}, expected pairs, at most one per dim"
        )
    pairs = [(0, 0)] * input.ndim
    for i in range(len(pad) // 2):
        pairs[-1 - i] = (int(pad[2 * i]), int(pad[2 * i + 1]))
    for dim, (before, after) in enumerate(pairs):
        if min(before, after, before + after) < -input.shape[dim]:
            raise RuntimeError(
                f"pad: {(before, after)} cuts more than dim {dim} of {input.shape} has"
            )
    if mode == "constant":
        return apply("pad", input, pads=tuple(pairs), value=0 if value is None else value)
    if value is not None:
        raise ValueError(f"pad: the mode {mode!r} takes no value, got {value}; leave it out")
    for dim, pair in enumerate(pairs):
        if pair != (0, 0):
            input = index_select(input, dim, border(mode, input.shape[dim], *pair))
    return input


def border(mode: str, n: int, before: int, after: int) -> Tensor:
    """For each place of a padded dimension of size `n`, the place where its value comes from."""
    widest = {"reflect": n - 1, "circular": n, "replicate": math.inf if n else 0}
    if mode not in widest:
        raise NotImplementedError(
            f'pad: mode={mode!r}, expected "constant", "reflect", "replicate" or "circular"'
        )
    if max(before, after) > widest[mode]:
        raise RuntimeError(
            f"pad: a {mode} border of {(before, after)} is wider than a dim of size {n} allows"
        )
    place = np.arange(-before, n + after)
    if mode == "circular":  # what is cut off does not come back at the other end
        start, stop = max(-before, 0), n - max(-after, 0)
        place = start + (place - start) % max(stop - start, 1)
    elif mode == "reflect":
        place = n - 1 - np.abs(n - 1 - np.abs(place))
    return Tensor(np.clip(place, 0, n - 1))


@kernel("pad")
def _pad(x, pads, value=0):
    shape = [n + before + after for n, (before, after) in zip(x.shape, pads, strict=True)]
    out = np.full(shape, value, x.dtype)
    out[inside(shape, pads, 1)] = x[inside(x.shape, pads, -1)]
    return out


def inside(shape, pads, sign):
    """Without the border (sign 1), or without what is cut off (sign -1)."""
    return tuple(
        slice(max(sign * before, 0), n - max(sign * after, 0))
        for n, (before, after) in zip(shape, pads, strict=True)
    )


@vjp("pad(x)", wrt="x")
def pad_dx(g, x_shape, pads):
    grad = np.zeros(x_shape, g.dtype)
    grad[inside(x_shape, pads, -1)] = g[inside(g.shape, pads, 1)]
    return grad


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Each class number as a row of zeros with a single 1: (...) -> (..., num_classes), int64.

    >>> one_hot(arange(3)[1:])
    tensor([[0, 1, 0],
            [0, 0, 1]])
    """
    if tensor.dtype != int64:
        raise RuntimeError(
            f"one_hot: got {tensor.dtype}, expected class numbers of int64: x.long()"
        )
    if num_classes == -1:
        if not tensor.numel():
            raise RuntimeError(
                f"one_hot: got no values, {tensor.shape}: name the number of classes"
            )
        num_classes = int(tensor.array.max()) + 1
    if tensor.numel() and not (tensor.array.min() >= 0 and tensor.array.max() < num_classes):
        raise RuntimeError(
            f"one_hot: got class numbers from {tensor.array.min()} to {tensor.array.max()}, "
            f"expected 0 to {num_classes - 1}"
        )
    return (tensor.unsqueeze(-1) == arange(num_classes)).to(int64)
