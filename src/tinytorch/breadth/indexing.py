"""Choosing values by index or mask, and writing them back.

What `gather` and its relatives read, the gradient writes back; where a place was read twice, it
gets the sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.core import tensor as core
from tinytorch.core.autograd import vjp
from tinytorch.core.tensor import METHODS, Tensor, apply, bool_, dims, kernel, method

__all__ = [
    "argwhere", "gather", "index_add", "index_copy", "index_fill", "index_select",
    "masked_fill", "masked_select", "nonzero", "scatter", "scatter_add", "take_along_dim",
    "where",
]  # fmt: skip


def as_index(name: str, index: Tensor) -> Tensor:
    """`index`, refused if it does not hold integers."""
    if not isinstance(index, Tensor):
        raise TypeError(
            f"{name}: the index is a {type(index).__name__}, expected a Tensor of integers"
        )
    if index.dtype.kind not in "iu":
        raise RuntimeError(
            f"{name}: the index is of {index.dtype}, expected int64. A mask selects with x[mask], "
            "or becomes an index with mask.nonzero()."
        )
    return index


def common_shape(name: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape after broadcasting; where there is none, the alignment is shown."""
    try:
        return core.broadcast_shape(*shapes)
    except ValueError as error:
        raise RuntimeError(f"{name}: {error}") from None


# ------------------------------------------------------------------------ gather, and its opposite


@method
def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """For each place in `index`, the value of `input` there, with the index along `dim` exchanged.

    Args:
        index: integers with as many dimensions as `input`, no larger than it except along `dim`.
    Returns: a tensor of the shape of `index`: `out[i][j] = input[i][index[i][j]]` for dim=1.

    >>> gather(Tensor([[1.0, 2.0], [3.0, 4.0]]), 1, core.tensor([[0, 0], [1, 0]]))
    tensor([[1., 1.],
            [4., 3.]])
    """
    dim = dims(dim, input.ndim)
    if dim is None:
        return gather(input.reshape(1), 0, index.reshape(-1)).reshape(index.shape)
    return apply("gather", input, as_index("gather", index), dim=dim)


def places(index, dim, shape):
    """`index` along `dim`, each place's own number elsewhere: an index into an array of `shape`."""
    if index.ndim != len(shape):
        raise ValueError(
            f"the index has {index.ndim} dimensions, expected {len(shape)}, as the values have"
        )
    for i, (n, size) in enumerate(zip(index.shape, shape, strict=True)):
        if i != dim and n > size:
            raise ValueError(
                f"the index has {n} places along dim {i}, where the values have {size}"
            )
    if index.size and not (index.min() >= 0 and index.max() < shape[dim]):
        wrong = index[(index < 0) | (index >= shape[dim])][0]
        raise ValueError(f"index {wrong} is out of bounds for dim {dim} with size {shape[dim]}")
    grid = [
        np.arange(n).reshape(-1, *(1,) * (index.ndim - i - 1)) for i, n in enumerate(index.shape)
    ]
    grid[dim] = index
    return tuple(grid)


@kernel("gather")
def _gather(x, index, dim):
    return x[places(index, dim, x.shape)]


@vjp("gather(x, index)", wrt="x")
def gather_dx(g, index, x_shape, dim):
    grad = np.zeros(x_shape, g.dtype)
    if index.shape[dim] == 1:  # one place per row: none is met twice
        grad[places(index, dim, x_shape)] = g
    else:
        np.add.at(grad, places(index, dim, x_shape), g)
    return grad


@method
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any, *, reduce: str | None = None
) -> Tensor:
    """A copy of `input` with `src` written to the places that `gather` would read.

    Args:
        src: a number, or a tensor at least as large as `index` in every dimension.
        reduce: "add" to add to what is there instead (then as `scatter_add`).

    >>> scatter(core.zeros(1, 3), 1, core.tensor([[2, 0]]), Tensor([[5.0, 7.0]]))
    tensor([[7., 0., 5.]])
    """
    if reduce not in (None, "add"):
        raise RuntimeError(f'scatter: reduce={reduce!r} is not supported, expected None or "add"')
    if not isinstance(src, Tensor):
        src = core.full(index.shape, src, dtype=input.dtype)
    return _scattered("scatter" if reduce is None else "scatter_add", input, dim, index, src)


@method
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `input` with `src` added at the places that `gather` would read.

    >>> scatter_add(core.zeros(3), 0, core.tensor([1, 1]), Tensor([5.0, 3.0]))
    tensor([0., 8., 0.])
    """
    return _scattered("scatter_add", input, dim, index, src)


def _scattered(op: str, input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    dim = dims(dim, input.ndim)
    if dim is None:
        return _scattered(op, input.reshape(1), 0, index.reshape(1), src.reshape(1)).reshape(())
    if src.dtype != input.dtype:
        raise RuntimeError(
            f"{op}: src is of {src.dtype} and input of {input.dtype}, expected one dtype; "
            "convert src with .to(input.dtype)"
        )
    return apply(op, input, as_index(op, index), src, dim=dim)


def corner(array, shape):
    """The part of `array` that a smaller index of `shape` uses."""
    if array.ndim != len(shape) or any(
        n > size for n, size in zip(shape, array.shape, strict=True)
    ):
        raise ValueError(
            f"src has shape {array.shape}, expected at least the index's, {shape}, in each dim"
        )
    return array[tuple(slice(n) for n in shape)]


@kernel("scatter")
def _scatter(x, index, src, dim):
    out = x.copy()
    out[places(index, dim, x.shape)] = corner(src, index.shape)
    return out


@vjp("scatter(x, index, src)", wrt="x")
def scatter_dx(g, index, dim):
    grad = g.copy()
    grad[places(index, dim, g.shape)] = 0
    return grad


@kernel("scatter_add")
def _scatter_add(x, index, src, dim):
    out = x.copy()
    np.add.at(out, places(index, dim, x.shape), corner(src, index.shape))
    return out


@vjp("scatter_add(x, index, src)", wrt="x")
def scatter_add_dx(g):
    return g


def scatter_dsrc(g, index, src_shape, dim):
    grad = np.zeros(src_shape, g.dtype)
    corner(grad, index.shape)[...] = g[places(index, dim, g.shape)]
    return grad


for _op in ("scatter", "scatter_add"):
    vjp(f"{_op}(x, index, src)", wrt="src")(scatter_dsrc)


@method
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """As `gather`, with the other dimensions broadcast; without `dim`, of the flattened values."""
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
    dim = dims(dim, input.ndim)
    if input.ndim != indices.ndim:
        raise RuntimeError(
            f"take_along_dim: input {input.shape} and indices {indices.shape} differ in their "
            "number of dimensions, expected the same; insert one with unsqueeze"
        )
    others = [(*t.shape[:dim], 1, *t.shape[dim + 1 :]) for t in (input, indices)]
    rest = common_shape("take_along_dim", *others)
    wide = [t.expand(*rest[:dim], t.shape[dim], *rest[dim + 1 :]) for t in (input, indices)]
    return gather(wide[0], dim, wide[1])


# ---------------------------------------------------------------------------- whole rows by number


@method
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The rows (along `dim`) with the numbers in `index`, a vector; a row may come twice.

    >>> index_select(Tensor([[1.0, 2.0], [3.0, 4.0]]), 0, core.tensor([1, 1, 0]))
    tensor([[3., 4.],
            [3., 4.],
            [1., 2.]])
    """
    if index.ndim > 1:
        raise IndexError(f"index_select: the index has shape {index.shape}, expected a vector")
    index = as_index("index_select", index).reshape(-1)
    dim = dims(dim, input.ndim)
    if dim is None:
        return index_select(input.reshape(1), 0, index).reshape(())
    return apply("index_select", input, index, dim=dim)


def rows(index, dim, shape):
    """An index of whole rows along `dim`, checked against `shape`."""
    if index.size and not (index.min() >= 0 and index.max() < shape[dim]):
        wrong = index[(index < 0) | (index >= shape[dim])][0]
        raise IndexError(f"index {wrong} is out of range for dim {dim} with size {shape[dim]}")
    return (*[slice(None)] * dim, index)


@kernel("index_select")
def _index_select(x, index, dim):
    return np.take(x, rows(index, dim, x.shape)[-1], axis=dim)


@vjp("index_select(x, index)", wrt="x")
def index_select_dx(g, index, x_shape, dim):
    grad = np.zeros(x_shape, g.dtype)
    np.add.at(grad, rows(index, dim, x_shape), g)
    return grad


@method
def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1
) -> Tensor:
    """A copy of `input` with the rows of `source` added to the rows numbered in `index`.

    >>> index_add(core.zeros(3), 0, core.tensor([0, 0, 2]), Tensor([1.0, 2.0, 3.0]))
    tensor([3., 0., 3.])
    """
    return _by_rows("index_add", input, dim, index, source if alpha == 1 else source * alpha)


@method
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of `input` whose rows numbered in `index` are those of `source`."""
    return _by_rows("index_copy", input, dim, index, source)


@method
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of `input` whose rows numbered in `index` hold `value`."""
    dim = dims(dim, input.ndim)
    shape = (*input.shape[:dim], index.numel(), *input.shape[dim + 1 :])
    filled = value if isinstance(value, Tensor) else core.tensor(value, dtype=input.dtype)
    return _by_rows("index_copy", input, dim, index, filled.expand(shape))


def _by_rows(op: str, input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    dim = dims(dim, input.ndim)
    if dim is None:
        return _by_rows(op, input.reshape(1), 0, index, source.reshape(1)).reshape(())
    index = as_index(op, index).reshape(-1)
    expected = (*input.shape[:dim], index.numel(), *input.shape[dim + 1 :])
    if source.shape != expected or source.dtype != input.dtype:
        kind = IndexError if op == "index_copy" and source.ndim != input.ndim else RuntimeError
        raise kind(
            f"{op}: source is {source.shape} of {source.dtype}, expected {expected} of "
            f"{input.dtype}: one row per index"
        )
    return apply(op, input, index, source, dim=dim)


@kernel("index_add")
def _index_add(x, index, source, dim):
    out = x.copy()
    np.add.at(out, rows(index, dim, x.shape), source)
    return out


@vjp("index_add(x, index, source)", wrt="x")
def index_add_dx(g):
    return g


@kernel("index_copy")
def _index_copy(x, index, source, dim):
    out = x.copy()
    out[rows(index, dim, x.shape)] = source
    return out


@vjp("index_copy(x, index, source)", wrt="x")
def index_copy_dx(g, index, dim):
    grad = g.copy()
    grad[rows(index, dim, g.shape)] = 0
    return grad


def rows_dsource(g, index, dim):
    return g[rows(index, dim, g.shape)]


for _op in ("index_add", "index_copy"):
    vjp(f"{_op}(x, index, source)", wrt="source")(rows_dsource)


# ------------------------------------------------------------------------------------------- masks


def expect_mask(name: str, mask: Any) -> Tensor:
    """`mask`, refused if it does not hold bools."""
    if not isinstance(mask, Tensor) or mask.dtype != bool_:
        found = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise RuntimeError(
            f"{name}: the mask is of {found}, expected a bool tensor: write x > 0 or x.bool()"
        )
    return mask


@method
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`value` (a number, or a tensor without dimensions) where `mask` holds, `input` elsewhere.

    >>> masked_fill(Tensor([1.0, 2.0]), core.tensor([True, False]), -float("inf"))
    tensor([-inf, 2.])
    """
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(
            f"masked_fill: value has shape {value.shape}, expected a number; use where(...)"
        )
    if not isinstance(value, Tensor):
        value = core.tensor(value, dtype=input.dtype)
    return apply("where", expect_mask("masked_fill", mask), value.to(input.dtype), input)


@method
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The values where `mask` holds, as a vector; the two broadcast.

    >>> masked_select(Tensor([1.0, 2.0, 3.0]), core.tensor([True, False, True]))
    tensor([1., 3.])
    """
    shape = common_shape("masked_select", input.shape, expect_mask("masked_select", mask).shape)
    return input.expand(shape)[mask.expand(shape)]


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """Values of `input` where `condition` holds, of `other` elsewhere, all broadcast.

    With the condition alone: where it holds, as `nonzero(condition, as_tuple=True)`.

    >>> where(Tensor([1.0, -1.0]) > 0, 5.0, 0.0)
    tensor([5., 0.])
    """
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    return core.where(expect_mask("where", condition), input, other)


def where_method(input: Tensor, condition: Tensor, other: Any) -> Tensor:
    """`x.where(condition, other)`: its own values where `condition` holds."""
    return where(condition, input, other)


METHODS["where"] = where_method


@method
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Where values are other than zero: one row of indices for each, or one vector per dimension.

    >>> nonzero(Tensor([[0.0, 5.0], [7.0, 0.0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    found = apply("nonzero", input if input.ndim or not as_tuple else input.reshape(1))
    return tuple(found[:, i] for i in range(found.shape[1])) if as_tuple else found


@kernel("nonzero")
def _nonzero(x):
    return np.argwhere(x)


@method
def argwhere(input: Tensor) -> Tensor:
    """Where values are other than zero: one row of indices for each."""
    return nonzero(input)
