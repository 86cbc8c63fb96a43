"""More of embeddings, built on module 11: gradients by frequency, and bags of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.core.autograd import vjp
from tinytorch.core.embeddings import (
    Embedding,
    embedding,
    embedding_dweight,
    embedding_kernel,
    padding_row,
    refuse_rare,
)
from tinytorch.core.tensor import KERNELS, Tensor, apply, kernel

__all__ = ["EmbeddingBag", "embedding_bag"]

KERNELS["embedding_by_frequency"] = embedding_kernel


@vjp("embedding_by_frequency(weight, ids)", wrt="weight")
def embedding_by_frequency_dweight(g, ids, weight_shape, padding_idx):
    """The gradient of `embedding`, each row divided by how often its id occurs."""
    grad = embedding_dweight(g, ids, weight_shape, padding_idx)
    times = np.bincount(ids.reshape(-1), minlength=len(grad))
    return grad / np.maximum(times, 1).astype(g.dtype)[:, None]


@kernel("bags")
def bags_kernel(rows, bags, number):
    """The sum of the rows of each bag, (N, D) and (N,) -> (number, D); an empty bag is zero."""
    return embedding_dweight(rows, bags, (number, rows.shape[1]), None)


@vjp("bags(rows, bags)", wrt="rows")
def bags_drows(g, bags):
    """Every row receives the gradient of its bag."""
    return g[bags]


def starts_of(input: Tensor, offsets: Tensor | None, last: bool) -> tuple[np.ndarray, np.ndarray]:
    """All ids in a row, and where each bag begins among them.

    Args:
        last: whether the last offset is the end of the last bag.
    Raises: ValueError for shapes or offsets that do not fit.
    """
    if input.ndim == 2 and offsets is None:
        return input.array.reshape(-1), np.arange(input.shape[0]) * input.shape[1]
    if input.ndim != 1 or offsets is None or offsets.ndim != 1:
        with_offsets = "no offsets" if offsets is None else f"offsets of shape {offsets.shape}"
        raise ValueError(
            f"embedding_bag: got ids of shape {input.shape} with {with_offsets}, expected (bags, "
            "ids) without offsets, or (ids,) with offsets (bags,), where each bag begins"
        )
    starts = offsets.array
    steps = np.diff(starts, append=len(input))
    if len(starts) and (starts[0] != 0 or (steps < 0).any()):
        raise RuntimeError(
            f"embedding_bag: got the offsets {starts.tolist()} for {len(input)} ids, expected them "
            f"to begin with 0, not to fall, and to stay within {len(input)}"
        )
    return input.array, starts[:-1] if last else starts


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum or the mean of the rows at the ids of each bag: a text as one vector.

    Args:
        input: (B, N), B bags of N ids; or (N,), all ids, with `offsets`.
        weight: (V, D), one row per id.
        offsets: (B,), where in `input` each bag begins.
        mode: "sum" or "mean"; "max" is refused.
        per_sample_weights: a factor for each id, in the shape of `input`; with "sum" alone.
        include_last_offset: whether the last offset is the end of the last bag.
        padding_idx: ids that count for nothing, neither in the sum nor in its number.
    Returns: (B, D); an empty bag is zero.
    Raises: ValueError or RuntimeError for shapes, offsets or settings that do not fit.

    >>> from tinytorch.core.tensor import tensor
    >>> table = Tensor([[1.0], [10.0], [100.0]])
    >>> embedding_bag(tensor([0, 1, 2]), table, tensor([0, 1]), mode="sum")
    tensor([[  1.],
            [110.]])
    """
    refuse_rare("embedding_bag", max_norm, sparse)
    if mode not in ("sum", "mean"):
        raise ValueError(f'embedding_bag: got mode={mode!r}, expected "sum" or "mean"')
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            f'embedding_bag: got per_sample_weights with mode={mode!r}, expected mode="sum"'
        )
    ids, starts = starts_of(input, offsets, include_last_offset)
    sizes = np.diff(starts, append=len(ids))
    bags = np.repeat(np.arange(len(starts)), sizes)
    padding_idx = padding_row(padding_idx, len(weight))
    counts = np.ones(ids.shape, bool) if padding_idx is None else ids != padding_idx
    rows = embedding(
        Tensor(ids), weight, padding_idx, scale_grad_by_freq=scale_grad_by_freq
    )  # (N, D)
    if per_sample_weights is not None:
        if per_sample_weights.shape != input.shape:
            raise ValueError(
                f"embedding_bag: got per_sample_weights of shape {per_sample_weights.shape}, "
                f"expected {input.shape}, one for each id"
            )
        rows = rows * per_sample_weights.reshape(-1, 1)
    if padding_idx is not None:
        rows = rows * Tensor(counts[:, None].astype(rows.dtype))
    total = apply("bags", rows, Tensor(bags), number=len(starts))
    if mode == "sum":
        return total
    number = np.bincount(bags, counts, len(starts))
    return total / Tensor(np.maximum(number, 1)[:, None].astype(rows.dtype))


class EmbeddingBag(Embedding):
    """`embedding_bag` with a table of its own: the sum or the mean of the rows of each bag.

    Args:
        num_embeddings: how many ids there are.
        embedding_dim: how many features each has.
        mode: "sum" or "mean".
        padding_idx: the id of padding, which counts for nothing.

    >>> from tinytorch.core.tensor import tensor
    >>> EmbeddingBag(10, 3)(tensor([[1, 2, 4, 5], [4, 3, 2, 9]])).shape
    (2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(
            num_embeddings,
            embedding_dim,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            device,
            dtype,
        )
        self.mode, self.include_last_offset = mode, include_last_offset

    def forward(
        self,
        input: Tensor,
        offsets: Tensor | None = None,
        per_sample_weights: Tensor | None = None,
    ) -> Tensor:
        """Ids (B, N), or (N,) with offsets (B,), to (B, embedding_dim)."""
        return embedding_bag(
            input,
            self.weight,
            offsets,
            scale_grad_by_freq=self.scale_grad_by_freq,
            mode=self.mode,
            per_sample_weights=per_sample_weights,
            include_last_offset=self.include_last_offset,
            padding_idx=self.padding_idx,
        )

    def extra_repr(self) -> str:
        """The sizes, the mode, and the id of padding where there is one."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}, mode={self.mode!r}{padding}"
