"""Other shapes: moving, repeating, splitting and joining, as views where memory allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch.breadth.indexing import common_shape, index_select
from tinytorch.core.tensor import METHODS, Tensor, cat, dims, method, sizes

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_shapes", "broadcast_tensors",
    "broadcast_to", "chunk", "column_stack", "concat", "concatenate", "dstack", "hstack",
    "meshgrid", "moveaxis", "movedim", "narrow", "ravel", "repeat_interleave", "select",
    "split", "swapaxes", "swapdims", "t", "tile", "unbind", "unflatten", "vstack",
]  # fmt: skip


def part(input: Tensor, dim: int, index: Any) -> Tensor:
    """`input[..., index, ...]` with the index (a number or a slice) at `dim`."""
    place = (*[slice(None)] * dim, index)
    return input[place]


def dim_of(name: str, dim: int, input: Tensor) -> int:
    """`dim` counted from the front; a tensor without dimensions has none to work along."""
    if not input.ndim:
        raise RuntimeError(
            f"{name}: got a tensor without dimensions, expected at least one; unsqueeze it"
        )
    return dims(dim, input.ndim)


# ----------------------------------------------------------------------------- order of dimensions


@method
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """The dimensions `source` moved to the places `destination`; the others keep their order.

    >>> from tinytorch.core.tensor import zeros
    >>> movedim(zeros(2, 3, 5), 0, -1).shape
    (3, 5, 2)
    """
    before, after = ((d,) if isinstance(d, int) else tuple(d) for d in (source, destination))
    if len(before) != len(after):
        raise RuntimeError(
            f"movedim: got {len(before)} sources and {len(after)} destinations, expected as many"
        )
    before, after = (dims(d, input.ndim) for d in (before, after))
    if before is None:
        return input
    rest = iter(i for i in range(input.ndim) if i not in before)
    order = [before[after.index(i)] if i in after else next(rest) for i in range(input.ndim)]
    return input.permute(order)


@method
def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """Two dimensions exchanged: NumPy's name for `transpose`."""
    return input.transpose(axis0, axis1)


@method
def t(input: Tensor) -> Tensor:
    """A matrix with rows and columns exchanged; a vector as it is."""
    if input.ndim > 2:
        raise RuntimeError(
            f"t: got {input.shape}, expected at most 2 dimensions; use transpose or mT"
        )
    return input.T


@method
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The values in the shape of `other`."""
    return input.reshape(other.shape)


@method
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """The values in the shape of `other`, never a copy."""
    return input.view(other.shape)


@method
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """Stretched to the shape of `other`, without a copy."""
    return input.expand(other.shape)


@method
def ravel(input: Tensor) -> Tensor:
    """All values in one dimension: a view where memory allows."""
    return input.reshape(-1)


@method
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """The dimension `dim` split into several of `sizes`, one of which may be -1.

    >>> unflatten(Tensor([1.0, 2.0, 3.0, 4.0]), 0, (2, -1))
    tensor([[1., 2.],
            [3., 4.]])
    """
    dim, n = dim_of("unflatten", dim, input), input.size(dim)
    known = math.prod(size for size in sizes if size != -1)
    if (known != n) if -1 not in sizes else (not known or n % known):
        raise RuntimeError(
            f"unflatten: dim {dim} of {input.shape} cannot be split into {tuple(sizes)}"
        )
    sizes = [n // known if size == -1 else size for size in sizes]
    return input.reshape(*input.shape[:dim], *sizes, *input.shape[dim + 1 :])


# -------------------------------------------------------------------------------------- stretching


@method
def broadcast_to(input: Tensor, shape: Sequence[int]) -> Tensor:
    """`input` stretched to `shape`, without a copy."""
    return input.expand(*shape)


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that tensors of `shapes` have after broadcasting.

    >>> broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    return common_shape("broadcast_shapes", *((s,) if isinstance(s, int) else s for s in shapes))


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """All tensors stretched to their common shape."""
    shape = broadcast_shapes(*(t.shape for t in tensors))
    return tuple(t.expand(shape) for t in tensors)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid: each vector stretched over the dimensions of all others.

    Args:
        indexing: "ij" for rows first; "xy" exchanges the first two dimensions.

    >>> from tinytorch.core.tensor import arange
    >>> meshgrid(arange(2), arange(3))[1]
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'meshgrid: indexing={indexing!r}, expected "ij" or "xy"')
    vectors = list(
        tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    )
    for vector in vectors:
        if vector.ndim > 1:
            raise RuntimeError(f"meshgrid: got {vector.shape}, expected vectors")
    shape = [vector.numel() for vector in vectors]
    grids = []
    for i, vector in enumerate(vectors):
        own_dim = [n if i == place else 1 for place, n in enumerate(shape)]
        wide = vector.reshape(own_dim).expand(shape)
        grids.append(wide.transpose(0, 1) if indexing == "xy" and len(shape) > 1 else wide)
    return tuple(grids)


@method
def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """Copies of the whole tensor side by side, `repeats` of them along each dimension.

    >>> Tensor([1.0, 2.0]).repeat(2, 2)
    tensor([[1., 2., 1., 2.],
            [1., 2., 1., 2.]])
    """
    repeats = sizes(repeats)
    if len(repeats) < input.ndim:
        raise RuntimeError(
            f"repeat: got {len(repeats)} numbers for the shape {input.shape}, expected at least "
            "one per dim"
        )
    if any(n < 0 for n in repeats):
        raise RuntimeError(f"repeat: got {repeats}, expected numbers from 0 upwards")
    shape = (1,) * (len(repeats) - input.ndim) + input.shape
    apart = [n for size in shape for n in (1, size)]
    wide = [n for pair in zip(repeats, shape, strict=True) for n in pair]
    whole = [n * size for n, size in zip(repeats, shape, strict=True)]
    return input.reshape(apart).expand(wide).clone().reshape(whole)


@method
def tile(input: Tensor, *repeats: Any, dims: Any = None) -> Tensor:
    """As `repeat`, where missing numbers in front count as 1."""
    repeats = sizes(repeats if dims is None else (dims,))
    return repeat(input, (1,) * (input.ndim - len(repeats)) + repeats)


@method
def repeat_interleave(
    input: Tensor, repeats: Any, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each value (or each row along `dim`) `repeats` times in a row: one number, or one per row.

    >>> repeat_interleave(Tensor([1.0, 2.0]), 2)
    tensor([1., 1., 2., 2.])
    """
    if dim is None:
        input, dim = input.reshape(-1), 0
    if not input.ndim:
        raise IndexError(
            "repeat_interleave: got a tensor without dimensions, expected at least one"
        )
    dim, counts = dims(dim, input.ndim), repeats.array if isinstance(repeats, Tensor) else repeats
    if np.size(counts) not in (1, input.size(dim)):
        raise RuntimeError(
            f"repeat_interleave: got {np.size(counts)} repeats for {input.size(dim)} rows along "
            f"dim {dim}, expected one number, or one per row"
        )
    if np.min(counts, initial=0) < 0:
        raise RuntimeError(f"repeat_interleave: got {repeats}, expected numbers from 0 upwards")
    return index_select(input, dim, Tensor(np.repeat(np.arange(input.size(dim)), counts)))


# ------------------------------------------------------------------------------ parts, and joining


@method
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """The part of `length` from `start` along `dim`: a view."""
    dim, n = dim_of("narrow", dim, input), input.size(dim)
    first = int(start) + (n if start < 0 else 0)
    if not -n <= start <= n:
        raise IndexError(f"narrow: start {start} is out of range for dim {dim} of {input.shape}")
    if length < 0 or first + length > n:
        raise RuntimeError(
            f"narrow: {length} values from {first} do not fit in the {n} along dim {dim} of "
            f"{input.shape}"
        )
    return part(input, dim, slice(first, first + length))


@method
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The part with the number `index` along `dim`, which disappears: a view."""
    if not input.ndim:
        raise IndexError("select: got a tensor without dimensions, expected at least one")
    return part(input, dims(dim, input.ndim), int(index))


@method
def split(input: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts along `dim`: of one size (the last may be smaller), or of the sizes in a list. Views.

    >>> from tinytorch.core.tensor import arange
    >>> split(arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    dim = dim_of("split", dim, input)
    n, lengths = input.size(dim), split_size_or_sections
    if isinstance(lengths, int):
        if lengths < 0 or (lengths == 0 and n):
            raise RuntimeError(f"split: got the size {lengths}, expected a positive one")
        starts = range(0, n or 1, lengths or 1)
        lengths = [min(lengths, n - start) for start in starts]
    if sum(lengths) != n or min(lengths, default=0) < 0:
        raise RuntimeError(
            f"split: the sizes {list(lengths)} do not add up to {n}, the size of dim {dim}"
        )
    ends = np.cumsum(lengths).tolist()
    return tuple(
        part(input, dim, slice(end - k, end)) for end, k in zip(ends, lengths, strict=True)
    )


@method
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` parts along `dim` of equal size; the last may be smaller. Views."""
    if chunks <= 0:
        raise RuntimeError(f"chunk: got {chunks} chunks, expected at least 1")
    n = input.size(dim_of("chunk", dim, input))
    return split(input, -(-n // chunks), dim) if n else split(input, [0] * chunks, dim)


@method
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All parts along `dim`, which disappears, as a tuple: views."""
    if not input.ndim:
        raise IndexError("unbind: got a tensor without dimensions, expected at least one")
    dim = dims(dim, input.ndim)
    return tuple(part(input, dim, i) for i in range(input.size(dim)))


@method
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` along `dimension`, each `step` further, as a new last dimension: a copy.

    >>> from tinytorch.core.tensor import arange
    >>> arange(5).unfold(0, 3, 2)
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    dim = dim_of("unfold", dimension, input)
    if not 0 <= size <= input.size(dim) or step <= 0:
        raise RuntimeError(
            f"unfold: got size {size} and step {step} for {input.size(dim)} values along dim "
            f"{dim}; expected a size that fits and a positive step"
        )
    starts = np.arange(0, input.size(dim) - size + 1, step)
    places = Tensor((starts[:, None] + np.arange(size)).reshape(-1))
    shape = (*input.shape[:dim], len(starts), size, *input.shape[dim + 1 :])
    return index_select(input, dim, places).reshape(shape).movedim(dim + 1, -1)


def atleast(n: int, input: Tensor) -> Tensor:
    """`input` with dimensions of size 1 added until it has `n`, as NumPy places them."""
    if n == 3 and input.ndim == 2:
        return input.unsqueeze(-1)
    if n >= 2 and input.ndim == 1:
        return atleast(n, input.unsqueeze(0))
    return input.reshape((1,) * n) if not input.ndim else input


def each(n: int, tensors: Any) -> Any:
    """`atleast(n, ...)` of one tensor, of several, or of a sequence of them."""
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return atleast(n, tensors[0])
    return tuple(atleast(n, t) for t in (tensors[0] if len(tensors) == 1 else tensors))


def atleast_1d(*tensors: Any) -> Any:
    """Numbers as vectors of one value; everything else as it is."""
    return each(1, tensors)


def atleast_2d(*tensors: Any) -> Any:
    """Numbers and vectors as matrices of one row."""
    return each(2, tensors)


def atleast_3d(*tensors: Any) -> Any:
    """At least three dimensions: a vector becomes (1, n, 1), a matrix (n, m, 1)."""
    return each(3, tensors)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """One below the other: joined along the first of at least two dimensions."""
    return cat([atleast(2, t) for t in tensors], 0)


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Side by side: joined along the second dimension, vectors along their only one."""
    tensors = [atleast(1, t) for t in tensors]
    return cat(tensors, 0 if tensors and tensors[0].ndim == 1 else 1)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """One behind the other: joined along the third dimension."""
    return cat([atleast(3, t) for t in tensors], 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Side by side, vectors as columns."""
    return cat([t.reshape(t.numel(), 1) if t.ndim < 2 else t for t in tensors], 1)


# ------------------------------------------------------------------------------------- other names


moveaxis, swapdims, concat, concatenate = movedim, swapaxes, cat, cat
METHODS.update(moveaxis=movedim, swapdims=swapaxes)
