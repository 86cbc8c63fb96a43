"""Values at other places of the same shape: flipped, rolled, turned; triangles and diagonals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch.core.autograd import vjp
from tinytorch.core.tensor import Tensor, apply, dims, kernel, method, sizes

__all__ = [
    "diag", "diag_embed", "diagonal", "flip", "fliplr", "flipud", "roll", "rot90", "tril",
    "triu",
]  # fmt: skip


# ----------------------------------------------------------------------------- turning and rolling


@method
def flip(input: Tensor, *along: Any, dims: Any = None) -> Tensor:
    """The values along dimensions (one by one, or as `dims`) in reverse order, as a copy.

    >>> flip(Tensor([1.0, 2.0, 3.0]), 0)
    tensor([3., 2., 1.])
    """
    return apply("flip", input, dims=counted(along if dims is None else (dims,), input.ndim))


def counted(given: tuple, ndim: int) -> tuple[int, ...]:
    """Dimensions given one by one or as a sequence, counted from the front."""
    return dims(sizes(given), ndim) or ()


@kernel("flip")
def _flip(x, dims):
    return np.flip(x, dims).copy()


@vjp("flip(x)", wrt="x")
def flip_dx(g, dims):
    return np.flip(g, dims)


@method
def fliplr(input: Tensor) -> Tensor:
    """Left and right exchanged: the second dimension in reverse order."""
    if input.ndim < 2:
        raise RuntimeError(f"fliplr: got {input.shape}, expected at least 2 dimensions")
    return flip(input, 1)


@method
def flipud(input: Tensor) -> Tensor:
    """Up and down exchanged: the first dimension in reverse order."""
    if input.ndim < 1:
        raise RuntimeError("flipud: got a tensor without dimensions, expected at least one")
    return flip(input, 0)


@method
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by `k` quarter turns in the plane of `dims`, from the first towards the second."""
    if len(dims) != 2 or input.ndim < 2:
        raise RuntimeError(
            f"rot90: got {input.shape} and dims {tuple(dims)}, expected two of its dimensions"
        )
    first, second = dims
    for _ in range(k % 4):
        input = flip(input.transpose(first, second), first)
    return input if k % 4 else input.clone()


@method
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """The values moved on by `shifts` along `dims`; what leaves at the end comes back in front.

    Without `dims` the flattened values move.

    >>> from tinytorch.core.tensor import arange
    >>> roll(arange(4), 1)
    tensor([3, 0, 1, 2])
    """
    moves = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    if dims is None:
        if len(moves) != 1:
            raise RuntimeError(f"roll: got {len(moves)} shifts and no dims, expected one per shift")
        return apply("roll", input.reshape(-1), shifts=moves, dims=(0,)).reshape(input.shape)
    along = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(along) != len(moves):
        raise RuntimeError(
            f"roll: got {len(moves)} shifts and {len(along)} dims, expected one per shift"
        )
    for dim in along:
        if not -input.ndim <= dim < input.ndim:
            raise IndexError(f"roll: dim {dim} is out of range for a tensor of shape {input.shape}")
    return apply("roll", input, shifts=moves, dims=along)


@kernel("roll")
def _roll(x, shifts, dims):
    return np.roll(x, shifts, dims)


@vjp("roll(x)", wrt="x")
def roll_dx(g, shifts, dims):
    return np.roll(g, [-n for n in shifts], dims)


# ------------------------------------------------------------------------- triangles and diagonals


def triangle(name: str, compute: Any, doc: str) -> Any:
    """Register tril or triu: part of each matrix, zeros elsewhere; so is its gradient."""

    @kernel(name)
    def run(x, diagonal=0):
        if x.ndim < 2:
            raise ValueError("expected at least 2 dimensions: the last two are a matrix")
        return compute(x, diagonal)

    @vjp(f"{name}(x)", wrt="x")
    def rule(g, diagonal):
        return compute(g, diagonal)

    def function(input: Tensor, diagonal: int = 0) -> Tensor:
        return apply(name, input, diagonal=diagonal)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return method(function)


tril = triangle("tril", np.tril, "The values on and below a diagonal of each matrix, zeros above.")
triu = triangle("triu", np.triu, "The values on and above a diagonal of each matrix, zeros below.")


@method
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of the planes of `dim1` and `dim2`, as a new last dimension: a view.

    >>> diagonal(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([1., 4.])
    """
    dim1, dim2 = dims(dim1, input.ndim), dims(dim2, input.ndim)
    if dim1 == dim2:
        raise RuntimeError(
            f"diagonal: got dim {dim1} twice for {input.shape}, expected two dimensions"
        )
    return apply("diagonal", input, offset=offset, dim1=dim1, dim2=dim2)


@kernel("diagonal", view=True)
def _diagonal(x, offset, dim1, dim2):
    out = np.diagonal(x, offset, dim1, dim2)
    out.flags.writeable = x.flags.writeable  # NumPy returns a view that cannot be written to
    return out


@vjp("diagonal(x)", wrt="x")
def diagonal_dx(g, x_shape, offset, dim1, dim2):
    grad = np.zeros(x_shape, g.dtype)
    _diagonal(grad, offset, dim1, dim2)[...] = g
    return grad


@method
def diag_embed(input: Tensor, offset: int = 0) -> Tensor:
    """Matrices with the last dimension of `input` on a diagonal: (..., n) to (..., n, n)."""
    return apply("diag_embed", input, offset=offset)


@kernel("diag_embed")
def _diag_embed(x, offset=0):
    if not x.ndim:
        raise IndexError("got a number, expected at least one dimension")
    n = x.shape[-1] + abs(offset)
    out = np.zeros((*x.shape[:-1], n, n), x.dtype)
    _diagonal(out, offset, -2, -1)[...] = x
    return out


@vjp("diag_embed(x)", wrt="x")
def diag_embed_dx(g, offset):
    return np.diagonal(g, offset, -2, -1)


@method
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix with the vector `input` on its diagonal; or the diagonal of the matrix `input`.

    >>> diag(Tensor([1.0, 2.0]))
    tensor([[1., 0.],
            [0., 2.]])
    """
    if input.ndim == 1:
        return diag_embed(input, diagonal)
    if input.ndim != 2:
        raise RuntimeError(f"diag: got {input.shape}, expected a vector or a matrix")
    return apply("diagonal", input, offset=diagonal, dim1=0, dim2=1).clone()
