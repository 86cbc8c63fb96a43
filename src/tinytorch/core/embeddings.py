"""11 · Embeddings: a learned vector for every id, and a mark of the place where it stands.

An id says nothing by its size. An embedding gives each id a row of a table, and the rows are
learned. That is a product with a one-hot matrix, computed without the matrix. The second half of
the file tells a model *where* an id stands, in four ways: a fixed pattern of waves, a learned row
per position, a rotation of queries and keys, and a penalty on distance.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch.core.activations import expect_floating
from tinytorch.core.autograd import vjp
from tinytorch.core.layers import Module, Parameter, overwrite
from tinytorch.core.tensor import Tensor, apply, as_tensor, float32, kernel, randn, zeros

__all__ = [
    "Embedding", "PositionalEmbedding", "alibi_bias", "alibi_slopes", "apply_rotary", "check_ids",
    "embedding", "first_outside", "nearest", "one_hot_product", "padding_row", "position_angles",
    "refuse_rare", "rotary_kernel", "sinusoidal_positions", "skip_grams",
]  # fmt: skip


# ------------------------------------------------------------------------------- rows of a table


def one_hot_product(weight: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The rows of `weight` at `ids`, as a matrix product: the long way, and what a lookup means.

    Args:
        weight: (V, D), a row of D features for each of V ids.
        ids: (...), from 0 to V - 1.
    Returns: (..., D).

    >>> one_hot_product(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 0, 1]))
    array([[3., 4.],
           [1., 2.],
           [3., 4.]])
    """
    one_hot = ids[..., None] == np.arange(len(weight))  # (..., V), True at the id
    return one_hot.astype(weight.dtype) @ weight


def check_ids(weight: np.ndarray, ids: np.ndarray) -> None:
    """Refuse ids that are no rows of the table, naming the first of them and its place."""
    if weight.ndim != 2:
        raise ValueError(f"the weight has shape {weight.shape}, expected (ids, features)")
    if ids.dtype not in (np.int64, np.int32):
        raise ValueError(
            f"the ids are {ids.dtype}, expected whole numbers of int64 or int32, because they "
            "count rows. Convert them with ids.long()"
        )
    place = first_outside(ids, len(weight))
    if place is not None:
        raise IndexError(
            f"the id {ids[place]} at {list(place)} is out of range: the table has {len(weight)} "
            f"rows, so ids go from 0 to {len(weight) - 1}. Make the table as large as the "
            "vocabulary"
        )


def first_outside(ids: np.ndarray, rows: int) -> tuple[int, ...] | None:
    """Where the first id stands that is no row of a table; None where all of them are.

    Args:
        ids: (...), whole numbers.
        rows: how many rows the table has: they are counted from 0 to rows - 1.

    >>> first_outside(np.array([[0, 2], [3, 1]]), 3), first_outside(np.array([0, 2]), 3)
    ((1, 0), None)
    """
    outside = np.argwhere((ids < 0) | (ids >= rows))
    return tuple(outside[0].tolist()) if len(outside) else None


@kernel("embedding")
def embedding_kernel(
    weight: np.ndarray, ids: np.ndarray, padding_idx: int | None = None
) -> np.ndarray:
    """The rows of `weight` at `ids`: (V, D) and (...) -> (..., D).

    Args:
        padding_idx: of no use here; its row receives no gradient.
    Raises: IndexError for an id out of range, with the id and its place.

    >>> embedding_kernel(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 0, 1]))
    array([[3., 4.],
           [1., 2.],
           [3., 4.]])
    """
    check_ids(weight, ids)
    return weight.take(ids, axis=0)  # half the time of weight[ids]


@vjp("embedding(weight, ids)", wrt="weight")
def embedding_dweight(
    g: np.ndarray, ids: np.ndarray, weight_shape: tuple[int, int], padding_idx: int | None
) -> np.ndarray:
    """Every place in the output adds its gradient to the row that it was copied from.

    Args:
        g: (..., D), one gradient for each id.
        ids: (...), in which an id may stand several times.
        weight_shape: (V, D).
        padding_idx: a row that stays zero, or None.
    Returns: (V, D), zero in the rows of ids that did not occur.

    >>> embedding_dweight(np.array([[1.0], [10.0], [100.0]]), np.array([2, 0, 2]), (3, 1), None)
    array([[ 10.],
           [  0.],
           [101.]])
    """
    grad = np.zeros(weight_shape, g.dtype)
    columns = np.arange(weight_shape[1])
    places = ids.astype(np.intp)[..., None] * len(columns) + columns  # (..., D), in the flat table
    np.add.at(grad.reshape(-1), places.reshape(-1), g.reshape(-1))  # flat: 7 times as fast as rows
    if padding_idx is not None:
        grad[padding_idx] = 0
    return grad


def refuse_rare(name: str, max_norm: float | None, sparse: bool) -> None:
    """Refuse what PyTorch's embeddings can do and these cannot."""
    if max_norm is not None:
        raise NotImplementedError(
            f"{name}: max_norm={max_norm} is not supported, expected None: it would change the "
            "table during forward. Clip its rows yourself, within no_grad()."
        )
    if sparse:
        raise NotImplementedError(
            f"{name}: sparse=True is not supported, expected False: gradients are whole tables."
        )


def padding_row(padding_idx: int | None, rows: int) -> int | None:
    """The row that stands for padding, counted from the front; None where there is none.

    Raises: AssertionError, as PyTorch does, for a number out of range.

    >>> padding_row(-1, 10), padding_row(None, 10)
    (9, None)
    """
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise AssertionError(
            f"padding_idx={padding_idx} is out of range: the table has {rows} rows, expected a "
            f"number from {-rows} to {rows - 1}"
        )
    return padding_idx % rows


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of `weight` at the ids in `input`.

    Args:
        input: (...), ids of int64 or int32, from 0 to V - 1.
        weight: (V, D), one row per id.
        padding_idx: a row that receives no gradient; negative numbers count from the end.
        scale_grad_by_freq: divide the gradient of a row by how often its id occurs.
    Returns: (..., D).
    Raises: IndexError for an id out of range, RuntimeError for ids that are not whole numbers.

    >>> from tinytorch.core.tensor import tensor
    >>> embedding(tensor([1, 0]), Tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    refuse_rare("embedding", max_norm, sparse)
    op = "embedding_by_frequency" if scale_grad_by_freq else "embedding"
    return apply(op, weight, input, padding_idx=padding_row(padding_idx, len(weight)))


class Embedding(Module):
    """A table with a learned row for every id.

    Args:
        num_embeddings: how many ids there are, V.
        embedding_dim: how many features each has, D.
        padding_idx: the id of padding: its row begins as zeros and receives no gradient.
        scale_grad_by_freq: divide the gradient of a row by how often its id occurs.
    Raises: AssertionError for a padding_idx out of range.

    Rows begin with values from the normal distribution, as PyTorch's do.

    >>> from tinytorch.core.tensor import tensor
    >>> table = Embedding(65, 128)
    >>> table(tensor([[1, 2, 3], [4, 4, 4]])).shape
    (2, 3, 128)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        refuse_rare("Embedding", max_norm, sparse)
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding_row(padding_idx, num_embeddings)
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self.weight = Parameter(zeros(num_embeddings, embedding_dim, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all rows anew, and zero the row of padding."""
        overwrite(self.weight, randn(*self.weight.shape, dtype=self.weight.dtype))
        if self.padding_idx is not None:
            self.weight.data[self.padding_idx] = 0

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        **settings: Any,
    ) -> Embedding:
        """An Embedding on the memory of `embeddings`, (V, D), with all rows as they are.

        Args:
            freeze: whether the rows stay as they are in training.

        >>> table = Embedding.from_pretrained(Tensor([[1.0, 2.0], [3.0, 4.0]]))
        >>> table.weight.requires_grad
        False
        """
        if embeddings.ndim != 2:
            raise AssertionError(
                f"from_pretrained: got a tensor of shape {embeddings.shape}, expected (ids, "
                "features)"
            )
        table = cls(0, embeddings.shape[1], **settings)
        table.num_embeddings = len(embeddings)
        table.padding_idx = padding_row(padding_idx, len(embeddings))
        table.weight = Parameter(embeddings, requires_grad=not freeze)
        return table

    def forward(self, input: Tensor) -> Tensor:
        """Ids (...) -> rows (..., embedding_dim)."""
        return embedding(
            input, self.weight, self.padding_idx, scale_grad_by_freq=self.scale_grad_by_freq
        )

    def extra_repr(self) -> str:
        """The sizes, and the id of padding where there is one."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"


# -------------------------------------------------------------------- rows that mean something


def skip_grams(ids: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Every id of a text paired with each of its neighbours: what predicts, and what is predicted.

    Args:
        ids: (N,), a text.
        window: how far away a neighbour may be, on either side; at least 1.
    Returns: two arrays of the same length, the ids and their neighbours, pair by pair.
    Source: Mikolov et al., "Efficient Estimation of Word Representations in Vector Space", 2013.

    >>> words, neighbours = skip_grams(np.array([5, 6, 7]), 1)
    >>> sorted(zip(words.tolist(), neighbours.tolist()))
    [(5, 6), (6, 5), (6, 7), (7, 6)]
    """
    words, neighbours = [], []
    for distance in range(1, window + 1):
        left, right = ids[:-distance], ids[distance:]
        words += [left, right]
        neighbours += [right, left]
    return np.concatenate(words), np.concatenate(neighbours)


def nearest(weight: Tensor, row: int, k: int = 5) -> list[tuple[int, float]]:
    """The `k` rows of a table that point most nearly the same way as one of them.

    Args:
        weight: (V, D).
        row: which row to compare with, from 0 to V - 1; it is left out of the answer.
    Returns: pairs of a row's number and the cosine of the angle, from -1 to 1, the largest first.

    >>> nearest(Tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]]), 0, k=1)
    [(2, 0.707...)]
    """
    table = weight.array
    lengths = np.sqrt((table * table).sum(axis=1))
    cosines = table @ table[row] / np.maximum(lengths * lengths[row], 1e-12)
    cosines[row] = -math.inf
    order = np.argsort(-cosines, kind="stable")[: min(k, len(table) - 1)]
    return [(int(i), float(cosines[i])) for i in order]


# ----------------------------------------------------------------- positions that are added


def position_angles(positions: np.ndarray, dim: int, base: float = 10000.0) -> np.ndarray:
    """One angle for each position and each pair of features: how far its hand has turned.

    A position is read off dim / 2 clocks. The hand of clock i turns by base^(-2i / dim) per
    position: by one radian on the first clock, almost `base` times more slowly on the last.

    Args:
        positions: (..., T), whole numbers.
        dim: how many features, an even number.
    Returns: (..., T, dim / 2), in radians, in float64: in float32 the angles of late positions
        would be off.
    Raises: ValueError for an odd `dim`.

    >>> position_angles(np.array([0, 1, 2]), 4)
    array([[0.  , 0.  ],
           [1.  , 0.01],
           [2.  , 0.02]])
    """
    if dim % 2:
        raise ValueError(
            f"got {dim} features, expected an even number: a sine and a cosine share an angle"
        )
    speeds = base ** (-np.arange(0, dim, 2) / dim)  # (dim / 2,), radians per position
    return positions[..., None] * speeds


def sinusoidal_positions(length: int, dim: int, base: float = 10000.0) -> Tensor:
    """A pattern of waves for each position: fast ones in the first features, slow ones in the last.

    Features 2i and 2i + 1 of position t are the sine and the cosine of t / base^(2i / dim).

    Args:
        length: how many positions, T.
        dim: how many features, an even number.
    Returns: (T, dim), from -1 to 1, in float32.
    Raises: ValueError for an odd `dim`.
    Source: Vaswani et al., "Attention Is All You Need", 2017, section 3.5.

    >>> sinusoidal_positions(2, 4)
    tensor([[0.0000, 1.0000, 0.0000, 1.0000],
            [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    angles = position_angles(np.arange(length), dim, base)  # (T, dim / 2)
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1)  # (T, dim / 2, 2)
    return Tensor(waves.reshape(length, dim).astype(float32))


class PositionalEmbedding(Module):
    """A learned vector for each position, added to what stands there.

    Args:
        max_length: how many positions there are; a longer sequence is refused.
        dim: how many features.

    Rows begin small, with a standard deviation of 0.02, as in GPT-2.

    >>> PositionalEmbedding(64, 128)(zeros(16, 10, 128)).shape
    (16, 10, 128)
    """

    def __init__(self, max_length: int, dim: int):
        super().__init__()
        self.max_length, self.dim = max_length, dim
        self.weight = Parameter(randn(max_length, dim) * 0.02)

    def forward(self, input: Tensor, offset: int = 0) -> Tensor:
        """(..., T, dim) -> (..., T, dim), the first of the T being at position `offset`.

        Raises: IndexError for positions that the table does not have.
        """
        end = offset + input.shape[-2]
        if offset < 0 or end > self.max_length:
            raise IndexError(
                f"PositionalEmbedding: {tuple(input.shape)} needs positions {offset} to {end - 1}, "
                f"and the table has {self.max_length} rows. Make max_length larger before "
                "training, or cut the sequence."
            )
        return input + self.weight[offset:end]

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.max_length}, {self.dim}"


# ------------------------------------------------------- positions that are met by attention


@kernel("rotary")
def rotary_kernel(x: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Turn each pair of features, 2i and 2i + 1, by an angle of its own.

    A pair (a, b) is the complex number a + bi, which a product with e^(i angle) turns:
    (a cos - b sin, a sin + b cos).

    Args:
        x: (..., T, D), D even.
        angles: (..., T, D / 2).
    Returns: the shape and dtype of x; no vector changes its length.

    >>> rotary_kernel(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[np.pi / 2], [np.pi]])).round(9)
    array([[ 0.,  1.],
           [-0., -2.]])
    """
    half = x.dtype == np.float16  # complex numbers of two float16 do not exist
    pairs = np.ascontiguousarray(x, np.float32 if half else x.dtype)
    kind = np.complex128 if pairs.dtype == np.float64 else np.complex64
    turned = pairs.view(kind) * np.exp(1j * angles).astype(kind)  # (..., T, D / 2)
    return turned.view(pairs.dtype).astype(x.dtype, copy=False)


@vjp("rotary(x, angles)", wrt="x")
def rotary_dx(g: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """The gradient is turned back: the transpose of a rotation is its inverse."""
    return rotary_kernel(g, -angles)


def apply_rotary(x: Tensor, positions: Any = None, base: float = 10000.0) -> Tensor:
    """Rotary position embedding: turn queries or keys by angles that grow with their position.

    The product of a query and a key that were both turned depends on the distance of their
    positions alone. Values are not turned. Pairs are neighbours, 2i and 2i + 1, as in the paper;
    other programs pair i with i + D / 2, which is the same up to the order of the features.

    Args:
        x: (..., T, D), D even.
        positions: (..., T), whole numbers; a single one is that of the first row; None is 0.
    Returns: (..., T, D), every vector as long as before.
    Raises: ValueError for an odd D, or another number of positions than T.
    Source: Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021.

    >>> apply_rotary(Tensor([[1.0, 0.0], [1.0, 0.0]]))
    tensor([[1.0000, 0.0000],
            [0.5403, 0.8415]])
    """
    expect_floating("apply_rotary", x)
    places = as_tensor(0 if positions is None else positions).array
    if not places.ndim:
        places = places + np.arange(x.shape[-2])
    if places.shape[-1] != x.shape[-2]:
        raise ValueError(
            f"apply_rotary: got {places.shape[-1]} positions for {tuple(x.shape)}, expected "
            f"{x.shape[-2]}, one for each vector, or the first one alone"
        )
    return apply("rotary", x, Tensor(position_angles(places, x.shape[-1], base)))


def alibi_slopes(num_heads: int) -> Tensor:
    """How steeply each head counts distance against a key: a falling series of powers of two.

    For 8 heads 1/2, 1/4, ... 1/256: they begin with 2^(-8 / heads), which is also their ratio.
    Where the number of heads is no power of two, the slopes of the next smaller one are followed by
    every second one of twice as many heads.

    Args:
        num_heads: how many heads, H.
    Returns: (H,), in (0, 1).
    Raises: ValueError for fewer than one head.
    Source: Press, Smith and Lewis, "Train Short, Test Long", 2021, and their program.

    >>> alibi_slopes(4)
    tensor([0.2500, 0.0625, 0.0156, 0.0039])
    """

    def series(n: int) -> np.ndarray:
        return 2.0 ** (-8 / n * np.arange(1, n + 1))

    if num_heads < 1:
        raise ValueError(f"alibi_slopes: got {num_heads} heads, expected at least 1")
    power = 2 ** int(math.log2(num_heads))
    slopes = np.concatenate([series(power), series(2 * power)[::2]])
    return Tensor(slopes[:num_heads].astype(float32))


def alibi_bias(num_heads: int, length: int) -> Tensor:
    """What ALiBi adds to the scores of attention: minus the distance, times the head's slope.

    Args:
        num_heads: how many heads, H.
        length: how many positions, T.
    Returns: (H, T, T), for queries i and keys j: -slope * |i - j|, so 0 on the diagonal. A causal
        mask is a matter of its own.
    Source: as for `alibi_slopes`.

    >>> alibi_bias(8, 3)[0]
    tensor([[ 0.0000, -0.5000, -1.0000],
            [-0.5000,  0.0000, -0.5000],
            [-1.0000, -0.5000,  0.0000]])
    """
    places = np.arange(length)
    penalties = (-np.abs(places[:, None] - places)).astype(float32)  # (T, T)
    return Tensor(alibi_slopes(num_heads).array[:, None, None] * penalties)
