"""Many values to one: spread, products, extremes with their places, norms; and running totals."""

from __future__ import annotations

import builtins
import math
from typing import Any, NamedTuple

import numpy as np

from tinytorch.breadth.indexing import gather, masked_fill
from tinytorch.breadth.logic import isnan
from tinytorch.breadth.ordering import Selection
from tinytorch.breadth.shaping import part
from tinytorch.core.autograd import extremum_dx, restored, vjp
from tinytorch.core.plumbing import expect_values
from tinytorch.core.tensor import Tensor, apply, dims, floating, kernel, method, promoted, uint8

__all__ = [
    "all", "amin", "aminmax", "any", "argmin", "count_nonzero", "cumprod", "cumsum", "diff",
    "dist", "logsumexp", "max", "median", "min", "nanmean", "nansum", "norm", "prod", "std",
    "std_mean", "var", "var_mean",
]  # fmt: skip


def count(shape, dim):
    """How many values are reduced to one."""
    among = range(len(shape)) if dim is None else np.atleast_1d(dim)
    return math.prod(shape[i] for i in among)


# ----------------------------------------------------------------------------------- spread


@method
def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance over `dim`: the sum of squared distances from the mean, over n - correction.

    Args:
        correction: 1 unless given, which makes the mean of many small samples' variances right;
            0 divides by n. `unbiased=False` is an older way to write `correction=0`.

    >>> var(Tensor([1.0, 2.0, 3.0])), var(Tensor([1.0, 2.0, 3.0]), correction=0)
    (tensor(1.), tensor(0.6667))
    """
    return _spread("var", input, dim, unbiased, keepdim, correction)


@method
def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation over `dim`: the square root of `var`, with its arguments."""
    return _spread("std", input, dim, unbiased, keepdim, correction)


def _spread(
    op: str, input: Tensor, dim: Any, unbiased: Any, keepdim: bool, correction: Any
) -> Tensor:
    if isinstance(dim, bool):  # x.var(False) is an older way to write x.var(unbiased=False)
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise TypeError(f"{op}: got both unbiased and correction, expected one of them")
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    dim = dims(dim, input.ndim)
    return apply(op, input, dim=dim, keepdim=keepdim, correction=correction)


@kernel("var")
def _var(x, dim=None, keepdim=False, correction=1):
    if x.dtype.kind != "f":
        raise ValueError(
            f"expected floating-point values, got {x.dtype}; convert them with x.float()"
        )
    wide = x.astype(np.float32) if x.dtype == np.float16 else x
    n = count(x.shape, dim)
    distance = wide - wide.sum(dim, keepdims=True) / wide.dtype.type(n)
    total = np.square(distance).sum(dim, keepdims=keepdim, dtype=wide.dtype)
    return (total / wide.dtype.type(builtins.max(n - correction, 0))).astype(x.dtype)


@vjp("var(x)", wrt="x")
def var_dx(g, x, dim, keepdim, correction):
    slope = x.dtype.type(np.divide(2, builtins.max(count(x.shape, dim) - correction, 0)))
    return restored(g, dim, keepdim, x.ndim) * (slope * (x - x.mean(dim, keepdims=True)))


@kernel("std")
def _std(x, dim=None, keepdim=False, correction=1):
    return np.sqrt(_var(x, dim, keepdim, correction))


@vjp("std(x)", wrt="x")
def std_dx(g, out, x, dim, keepdim, correction):
    """Through the square root; where all values are equal, no direction is better: zero."""
    through_root = np.divide(g, 2 * out, out=np.zeros_like(g), where=out != 0)
    return var_dx(through_root, x, dim, keepdim, correction)


def var_mean(input: Tensor, dim: Any = None, **options: Any) -> tuple[Tensor, Tensor]:
    """The variance and the mean over `dim`; `options` as for `var`."""
    return var(input, dim, **options), input.mean(dim, options.get("keepdim", False))


def std_mean(input: Tensor, dim: Any = None, **options: Any) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean over `dim`; `options` as for `var`."""
    return std(input, dim, **options), input.mean(dim, options.get("keepdim", False))


# --------------------------------------------------------------------------- products and sums


@method
def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The product over `dim`, or of all values; integers and bools as int64.

    >>> prod(Tensor([2.0, 3.0, 4.0]))
    tensor(24.)
    """
    source = input if dtype is None else input.to(dtype)
    return apply("prod", source, dim=dims(dim, input.ndim), keepdim=keepdim)


@kernel("prod")
def _prod(x, dim=None, keepdim=False):
    return x.prod(axis=dim, keepdims=keepdim, dtype=None if x.dtype.kind == "f" else np.int64)


@vjp("prod(x)", wrt="x")
def prod_dx(g, x, dim, keepdim):
    """The product of all the others: of those before times those after. Right for zeros too."""
    flat = x.reshape(-1) if dim is None else np.moveaxis(x, dim, -1)
    ones = np.ones_like(flat[..., :1])
    before = np.cumprod(np.concatenate([ones, flat[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([ones, flat[..., :0:-1]], -1), -1)[..., ::-1]
    others = before * after if flat.shape[-1] else flat
    others = others.reshape(x.shape) if dim is None else np.moveaxis(others, -1, dim)
    return restored(g, dim, keepdim, x.ndim) * others


@method
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))) over `dim`; the largest value is taken out first, so nothing overflows.

    >>> logsumexp(Tensor([1000.0, 0.0]), 0)
    tensor(1000.)
    """
    return apply("logsumexp", floating(input), dim=dims(dim, input.ndim), keepdim=keepdim)


@kernel("logsumexp")
def _logsumexp(x, dim=None, keepdim=False):
    top = x.max(axis=dim, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)  # inf - inf would be NaN
    total = np.log(np.exp(x - top).sum(dim, keepdims=True)) + top
    return total if keepdim else total.squeeze(tuple(range(x.ndim)) if dim is None else dim)


@vjp("logsumexp(x)", wrt="x")
def logsumexp_dx(g, out, x, dim, keepdim):
    out = restored(out, dim, keepdim, x.ndim)
    return restored(g, dim, keepdim, x.ndim) * np.exp(x - np.where(out == -np.inf, 0, out))


@method
def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim` of the values that are numbers."""
    return masked_fill(input, isnan(input), 0).sum(dim, keepdim, dtype)


@method
def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim` of the values that are numbers."""
    return nansum(input, dim, keepdim, dtype=dtype) / (~isnan(input)).sum(dim, keepdim)


@method
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many values over `dim` are other than zero."""
    return (input != 0).sum(dim)


# ---------------------------------------------------------------------------------- extremes


@method
def amin(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The smallest value over `dim`."""
    return apply("amin", input, dim=dims(dim, input.ndim), keepdim=keepdim)


@kernel("amin")
def _amin(x, dim=None, keepdim=False):
    expect_values(x, dim)
    return x.min(axis=dim, keepdims=keepdim)


@method
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest value is along `dim` (in the flattened tensor without it)."""
    return apply("argmin", input, dim=dims(dim, input.ndim), keepdim=keepdim)


@kernel("argmin")
def _argmin(x, dim=None, keepdim=False):
    expect_values(x, range(x.ndim) if dim is None else dim)
    return x.argmin(axis=dim, keepdims=keepdim)


def top(op: str, input: Tensor, dim: int, keepdim: bool) -> Selection:
    """The value along `dim` to which argmax (or argmin, ...) points, and where it is."""
    index = apply(op, input, dim=dims(dim, input.ndim), keepdim=True)
    found = Selection(gather(input, dim, index), index)
    return found if keepdim or not input.ndim else Selection(*(t.squeeze(dim) for t in found))


@method
def max(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None
) -> Any:
    """The largest value; with `dim`, the largest along it and where; with a tensor, as `maximum`.

    Returns: a tensor, or for a `dim` the pair (values, indices). The gradient of `max(x)` is shared
        by equal values, that of `max(x, dim)` goes to the one at the index.

    >>> max(Tensor([[1.0, 5.0], [7.0, 2.0]]), 1)
    Selection(values=tensor([5., 7.]), indices=tensor([1, 0]))
    """
    if other is not None or isinstance(dim, Tensor):
        return apply("maximum", *promoted(input, dim if other is None else other))
    return input.amax() if dim is None else top("argmax", input, dim, keepdim)


@method
def min(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None
) -> Any:
    """The smallest value; with `dim`, along it and where; with a tensor, as `minimum`."""
    if other is not None or isinstance(dim, Tensor):
        return apply("minimum", *promoted(input, dim if other is None else other))
    return input.amin() if dim is None else top("argmin", input, dim, keepdim)


class MinMax(NamedTuple):
    """What `aminmax` returns."""

    min: Tensor
    max: Tensor


@method
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """The smallest and the largest value over `dim`."""
    return MinMax(input.amin(dim, keepdim), input.amax(dim, keepdim))


@method
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle value; of an even number of values, the lower one of the middle two.

    Returns: a tensor, or for a `dim` the pair (values, indices). NaN if one of the values is.

    >>> median(Tensor([4.0, 1.0, 3.0, 2.0]))
    tensor(2.)
    """
    return (
        apply("median", input, dim=None, keepdim=False)
        if dim is None
        else top("argmedian", input, dim, keepdim)
    )


@kernel("median")
def _median(x, dim=None, keepdim=False):
    if not x.size:
        return np.full((), np.nan, x.dtype)
    return x.reshape(-1)[_argmedian(x.reshape(-1), 0)[0]]


vjp("median(x)", wrt="x")(extremum_dx)


@kernel("argmedian")
def _argmedian(x, dim, keepdim=True):
    if dim is None:
        return np.zeros((), np.int64)
    if not x.shape[dim]:
        raise IndexError(f"dim {dim} has size 0, expected at least one value")
    middle = np.argsort(x, dim, kind="stable").take([(x.shape[dim] - 1) // 2], dim)
    isnan = np.isnan(x)
    return np.where(isnan.any(dim, keepdims=True), isnan.argmax(dim, keepdims=True), middle)


# ------------------------------------------------------------------------------ yes or no


@method
def any(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether some value over `dim` is other than zero."""
    return apply("any", input, dim=dims(dim, input.ndim), keepdim=keepdim)


@method
def all(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether all values over `dim` are other than zero."""
    return apply("all", input, dim=dims(dim, input.ndim), keepdim=keepdim)


@kernel("any")
def _any(x, dim=None, keepdim=False):
    return x.any(axis=dim, keepdims=keepdim).astype(uint8 if x.dtype == uint8 else bool)


@kernel("all")
def _all(x, dim=None, keepdim=False):
    return x.all(axis=dim, keepdims=keepdim).astype(uint8 if x.dtype == uint8 else bool)


# -------------------------------------------------------------------------------------- norms


@method
def norm(
    input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    """The p-norm of the values over `dim`: sum(|x|**p)**(1/p); the Euclidean length for 2 or "fro".

    Args:
        p: a number; inf is the largest magnitude, -inf the smallest, 0 counts values other than 0.

    >>> norm(Tensor([3.0, -4.0])), norm(Tensor([3.0, -4.0]), 1)
    (tensor(5.), tensor(7.))
    """
    if p in ("fro", None):
        p = 2
    if isinstance(p, str):
        raise RuntimeError(f'norm: p={p!r} is not supported, expected a number or "fro"')
    source = input if dtype is None else input.to(dtype)
    return apply("norm", source, p=float(p), dim=dims(dim, input.ndim), keepdim=keepdim)


@kernel("norm")
def _norm(x, p=2.0, dim=None, keepdim=False):
    if x.dtype.kind != "f":
        raise ValueError(
            f"expected floating-point values, got {x.dtype}; convert them with x.float()"
        )
    size = np.abs(x.astype(np.float32) if x.dtype == np.float16 else x)
    if np.isinf(p):
        out = (size.max if p > 0 else size.min)(axis=dim, keepdims=keepdim)
    elif p == 0:
        out = (size != 0).sum(dim, keepdims=keepdim)
    elif p == 2:
        out = np.sqrt(np.square(size).sum(dim, keepdims=keepdim))
    else:
        out = (size**p).sum(dim, keepdims=keepdim) ** (1 / p)
    return np.asarray(out).astype(x.dtype, copy=False)


@vjp("norm(x)", wrt="x")
def norm_dx(g, out, x, p, dim, keepdim):
    """g sign(x) (|x| / out)**(p-1); zero at the kink of the norm, where x or all of it is zero."""
    g, out = restored(g, dim, keepdim, x.ndim), restored(out, dim, keepdim, x.ndim)
    if p == 0:
        return np.zeros_like(x)
    if np.isinf(p):
        hit = np.abs(x) == out
        return np.sign(x) * hit * (g / hit.sum(dim, keepdims=True)).astype(g.dtype)
    share = np.divide(np.abs(x), out, out=np.zeros_like(x), where=(x != 0) & (out != 0))
    return g * np.sign(x) * np.power(share, p - 1, out=np.zeros_like(x), where=share != 0)


@method
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of `input - other`."""
    return norm(input - other, p)


# ------------------------------------------------------------------------------ running totals


@method
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The sum of all values up to each place along `dim`; integers and bools as int64.

    >>> cumsum(Tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 3., 6.])
    """
    source = input if dtype is None else input.to(dtype)
    return apply("cumsum", source, dim=dims(dim, input.ndim))


@kernel("cumsum")
def _cumsum(x, dim):
    total = np.cumsum(x, axis=dim, dtype=None if x.dtype.kind == "f" else np.int64)
    return total.reshape(x.shape)  # without a dim, x is a single number


@vjp("cumsum(x)", wrt="x")
def cumsum_dx(g, dim):
    """Each value is part of its own total and of all later ones."""
    return g if dim is None else np.flip(np.cumsum(np.flip(g, dim), axis=dim), dim)


@method
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The product of all values up to each place along `dim`; integers and bools as int64."""
    source = input if dtype is None else input.to(dtype)
    return apply("cumprod", source, dim=dims(dim, input.ndim))


@kernel("cumprod")
def _cumprod(x, dim):
    total = np.cumprod(x, axis=dim, dtype=None if x.dtype.kind == "f" else np.int64)
    return total.reshape(x.shape)


@vjp("cumprod(x)", wrt="x")
def cumprod_dx(g, x, dim):
    """What precedes a value, times all that follows from it: a sum built up from the end.

    Dividing the products by the value would be quicker, and wrong for zeros.
    """
    if dim is None or not x.size:
        return g
    rows, g = np.moveaxis(x, dim, 0), np.moveaxis(g, dim, 0)
    grad = np.cumprod(np.concatenate([np.ones_like(rows[:1]), rows[:-1]]), axis=0)
    following = np.zeros_like(rows[0])
    for i in range(len(rows) - 1, -1, -1):
        following = g[i] + (rows[i + 1] * following if i + 1 < len(rows) else 0)
        grad[i] *= following
    return np.moveaxis(grad, 0, dim)


@method
def diff(input: Tensor, n: int = 1, dim: int = -1) -> Tensor:
    """What lies between neighbours along `dim`, taken `n` times.

    >>> diff(Tensor([1.0, 4.0, 9.0]))
    tensor([3., 5.])
    """
    dim = dims(dim, input.ndim)
    if dim is None:
        raise RuntimeError("diff: got a tensor without dimensions, expected at least one")
    for _ in range(n):
        before, after = part(input, dim, slice(None, -1)), part(input, dim, slice(1, None))
        input = after ^ before if input.dtype == bool else after - before
    return input
