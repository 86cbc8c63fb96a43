"""New tensors: by rule, like another tensor, at random; and filling those that exist."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch.core.tensor import (
    Generator,
    Tensor,
    apply,
    as_tensor,
    creator,
    default_generator,
    float32,
    float64,
    full,
    get_default_dtype,
    int64,
    method,
    sizes,
    tensor,
)

__all__ = [
    "bernoulli", "empty", "empty_like", "eye", "full_like", "linspace", "logspace",
    "multinomial", "normal", "ones_like", "rand_like", "randint", "randint_like", "randn_like",
    "randperm", "tril_indices", "triu_indices", "zeros_like",
]  # fmt: skip


# ---------------------------------------------------------------------------------------- by rule


@creator
def empty(*size, dtype=None):
    """A tensor of a size whose values are whatever lay in memory: to be overwritten."""
    return np.empty(sizes(size), dtype or get_default_dtype())


@creator
def eye(n, m=None, *, dtype=None):
    """Ones on the diagonal of n rows and `m` (or n) columns, zeros elsewhere."""
    if n < 0 or (m or 0) < 0:
        raise RuntimeError(f"eye: got {n} rows and {m} columns, expected numbers from 0 upwards")
    return np.eye(n, m, dtype=dtype or get_default_dtype())


@creator
def linspace(start, end, steps, *, dtype=None):
    """`steps` values from `start` to `end`, both included, at equal distances.

    >>> linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    if steps < 0:
        raise RuntimeError(f"linspace: got {steps} steps, expected a number from 0 upwards")
    return np.linspace(float(start), float(end), steps).astype(dtype or get_default_dtype())


@creator
def logspace(start, end, steps, base=10.0, *, dtype=None):
    """`base` to the powers of `linspace(start, end, steps)`."""
    if steps < 0:
        raise RuntimeError(f"logspace: got {steps} steps, expected a number from 0 upwards")
    powers = np.float64(base) ** np.linspace(float(start), float(end), steps)
    return powers.astype(dtype or get_default_dtype())


def triangle_indices(find: Any, row: int, col: int, offset: int, dtype: Any) -> np.ndarray:
    return np.stack(find(row, offset, col)).astype(dtype or int64)


@creator
def tril_indices(row, col, offset=0, *, dtype=None):
    """The places on and below a diagonal of a row x col matrix: (2, number of them)."""
    return triangle_indices(np.tril_indices, row, col, offset, dtype)


@creator
def triu_indices(row, col, offset=0, *, dtype=None):
    """The places on and above a diagonal of a row x col matrix: (2, number of them)."""
    return triangle_indices(np.triu_indices, row, col, offset, dtype)


# ---------------------------------------------------------------------------- like another tensor


@creator
def zeros_like(input, *, dtype=None):
    """Zeros in the shape and dtype of `input`."""
    return np.zeros(input.shape, dtype or input.dtype)


@creator
def ones_like(input, *, dtype=None):
    """Ones in the shape and dtype of `input`."""
    return np.ones(input.shape, dtype or input.dtype)


@creator
def empty_like(input, *, dtype=None):
    """A tensor in the shape and dtype of `input`, to be overwritten."""
    return np.empty(input.shape, dtype or input.dtype)


@creator
def full_like(input, fill_value, *, dtype=None):
    """One value in the shape and dtype of `input`."""
    return np.full(input.shape, fill_value, dtype or input.dtype)


@method
@creator
def new_zeros(input, *size, dtype=None):
    """Zeros of a size, in the dtype of `input`."""
    return np.zeros(sizes(size), dtype or input.dtype)


@method
@creator
def new_ones(input, *size, dtype=None):
    """Ones of a size, in the dtype of `input`."""
    return np.ones(sizes(size), dtype or input.dtype)


@method
@creator
def new_empty(input, *size, dtype=None):
    """A tensor of a size, in the dtype of `input`, to be overwritten."""
    return np.empty(sizes(size), dtype or input.dtype)


@method
@creator
def new_full(input, size, fill_value, *, dtype=None):
    """One value in a tensor of `size`, in the dtype of `input`."""
    return np.full(sizes((size,)), fill_value, dtype or input.dtype)


@method
def new_tensor(input: Tensor, data: Any, dtype: Any = None, **options: Any) -> Tensor:
    """A tensor with a copy of `data`, in the dtype of `input`."""
    return tensor(data, dtype or input.dtype, **options)


# -------------------------------------------------------------------------------------- at random


def rng_of(generator: Generator | None) -> np.random.Generator:
    """NumPy's generator behind `generator`, or behind the default one."""
    return (generator or default_generator).rng


def draw(sample: Any, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Values from `rng.random` or `rng.standard_normal`, which know float32 and float64."""
    return sample(shape, float64 if dtype == float64 else float32).astype(dtype, copy=False)


@creator
def rand_like(input, *, dtype=None, generator=None):
    """Random values, uniform in [0, 1), in the shape and dtype of `input`."""
    return draw(rng_of(generator).random, input.shape, dtype or input.dtype)


@creator
def randn_like(input, *, dtype=None, generator=None):
    """Random values from the standard normal distribution, in the shape and dtype of `input`."""
    return draw(rng_of(generator).standard_normal, input.shape, dtype or input.dtype)


@creator
def randint(low=0, high=None, size=None, *, dtype=None, generator=None):
    """Random integers from `low` (or 0) up to, without, `high`.

    >>> randint(10, (2, 3)).shape, randint(5, 10, (2,)).shape
    ((2, 3), (2,))
    """
    if size is None and isinstance(high, (tuple, list)):
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if size is None or low >= high:
        raise RuntimeError(
            f"randint: got low={low}, high={high}, size={size}, expected low < high and a size"
        )
    return rng_of(generator).integers(low, high, sizes((size,))).astype(dtype or int64)


@creator
def randint_like(input, low=0, high=None, *, dtype=None, generator=None):
    """Random integers from `low` up to, without, `high`, in the shape and dtype of `input`."""
    low, high = (0, low) if high is None else (low, high)
    return rng_of(generator).integers(low, high, input.shape).astype(dtype or input.dtype)


@creator
def randperm(n, *, dtype=None, generator=None):
    """The numbers 0 to n - 1 in random order."""
    return rng_of(generator).permutation(n).astype(dtype or int64)


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
) -> Tensor:
    """Random values with a mean and a standard deviation: numbers with a `size`, or tensors.

    >>> normal(0.0, 1.0, (2, 3)).shape
    (2, 3)
    """
    given = [t for t in (mean, std) if isinstance(t, Tensor)]
    if not given and size is None:
        raise TypeError(
            "normal: got two numbers and no size, expected a size or a tensor for one of them"
        )
    if (std.array if isinstance(std, Tensor) else np.asarray(std)).min(initial=0) < 0:
        raise RuntimeError(f"normal: the standard deviation is {std}, expected no negative value")
    dtype = given[0].dtype if given else dtype or get_default_dtype()
    shape = np.broadcast_shapes(*(t.shape for t in given)) if given else sizes((size,))
    return Tensor(draw(rng_of(generator).standard_normal, shape, dtype)) * std + mean


@method
def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None
) -> Tensor:
    """1 with the probability that `input` gives at each place (or `p` at all), otherwise 0."""
    chance = input.array if p is None else np.asarray(p)
    if chance.dtype.kind != "f" or not ((chance >= 0) & (chance <= 1)).all():
        raise RuntimeError(
            f"bernoulli: got {chance.dtype}, expected floating-point values in [0, 1]"
        )
    return Tensor((rng_of(generator).random(input.shape) < chance).astype(input.dtype))


@method
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Indices drawn from each row of weights, in proportion to them.

    Args:
        input: weights from 0 upwards, (n,) or (rows, n), not all zero in a row.
        replacement: whether an index may be drawn again.
    Returns: int64, (num_samples,) or (rows, num_samples).
    Source: without replacement, by Efraimidis and Spirakis, "Weighted random sampling with a
        reservoir", 2006: the largest of u**(1/weight) are such a sample.

    >>> multinomial(Tensor([0.0, 1.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    weights = input.array.astype(np.float64)
    if input.dtype.kind != "f" or input.ndim not in (1, 2) or not num_samples > 0:
        raise RuntimeError(
            f"multinomial: got {input.shape} of {input.dtype} and num_samples={num_samples}, "
            "expected floats in one or two dimensions, and at least one sample"
        )
    if not (np.isfinite(weights) & (weights >= 0)).all() or not weights.sum(-1).all():
        raise RuntimeError(
            "multinomial: a weight is negative, infinite or NaN, or a row sums to 0; "
            "expected weights from 0 upwards, some of them positive"
        )
    if not replacement and num_samples > (weights > 0).sum(-1).min():
        raise RuntimeError(
            f"multinomial: {num_samples} samples without replacement from fewer positive weights; "
            "pass replacement=True"
        )
    rng = rng_of(generator)
    if replacement:
        steps = np.cumsum(weights, -1).reshape(-1, weights.shape[-1])
        points = rng.random((len(steps), num_samples)) * steps[:, -1:]
        found = [np.searchsorted(*pair, "right") for pair in zip(steps, points, strict=True)]
        return Tensor(np.reshape(found, (*input.shape[:-1], num_samples)))
    waiting = rng.exponential(size=weights.shape) / np.where(weights > 0, weights, math.nan)
    return Tensor(np.argsort(waiting, -1)[..., :num_samples])  # NaN, for weight 0, comes last


# ------------------------------------------------------------------------ filling what exists


@method
def fill_(input: Tensor, value: Any) -> Tensor:
    """Overwrite all values with one; returns the tensor itself."""
    return input.copy_(value)


@method
def zero_(input: Tensor) -> Tensor:
    """Overwrite all values with zero; returns the tensor itself."""
    return input.copy_(0)


def overwrite(input: Tensor, values: np.ndarray) -> Tensor:
    apply("copy_", input, Tensor(values))
    return input


@method
def uniform_(
    input: Tensor, from_: float = 0, to: float = 1, *, generator: Generator | None = None
) -> Tensor:
    """Overwrite with random values, uniform in [from_, to); returns the tensor itself."""
    if not from_ <= to:
        raise RuntimeError(
            f"uniform_: got the interval {from_} to {to}, expected the smaller bound first"
        )
    values = draw(rng_of(generator).random, input.shape, input.dtype)
    return overwrite(input, values * (to - from_) + from_)


@method
def normal_(
    input: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None
) -> Tensor:
    """Overwrite with normally distributed values; returns the tensor itself."""
    if not std >= 0:
        raise RuntimeError(f"normal_: the standard deviation is {std}, expected no negative number")
    values = draw(rng_of(generator).standard_normal, input.shape, input.dtype)
    return overwrite(input, values * std + mean)


@method
def bernoulli_(input: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Overwrite with 1 with probability `p`, otherwise 0; returns the tensor itself."""
    chance = as_tensor(p).array
    return overwrite(input, (rng_of(generator).random(input.shape) < chance).astype(input.dtype))


@method
def random_(
    input: Tensor, from_: int = 0, to: int | None = None, *, generator: Generator | None = None
) -> Tensor:
    """Overwrite with random integers from `from_` up to, without, `to`; returns the tensor."""
    low, high = (0, from_) if to is None else (from_, to)
    if low >= high:
        raise RuntimeError(
            f"random_: got the bounds {low} and {high}, expected the lower one first; "
            "write random_(high) or random_(low, high)"
        )
    return overwrite(input, rng_of(generator).integers(low, high, input.shape).astype(input.dtype))


@method
def exponential_(input: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Overwrite with exponentially distributed values with mean 1 / `lambd`; returns the tensor."""
    if not lambd > 0:
        raise RuntimeError(f"exponential_: got lambd={lambd}, expected a positive number")
    return overwrite(
        input, rng_of(generator).exponential(1 / lambd, input.shape).astype(input.dtype)
    )


@method
def fill_diagonal_(input: Tensor, fill_value: float) -> Tensor:
    """Overwrite the diagonal of a matrix with one value; returns the tensor itself."""
    if input.ndim != 2:
        raise RuntimeError(f"fill_diagonal_: got {input.shape}, expected a matrix")
    places = np.arange(min(input.shape))
    input[places, places] = full((), fill_value, dtype=input.dtype)
    return input
