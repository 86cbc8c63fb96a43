"""Rare options of multi-head attention, built on module 12."""

from __future__ import annotations

from typing import Any

from tinytorch.breadth.init import xavier_normal_, xavier_uniform_
from tinytorch.core import attention
from tinytorch.core.attention import check_heads, split_heads
from tinytorch.core.layers import Linear, Parameter, linear
from tinytorch.core.tensor import Tensor, cat, zeros

__all__ = ["MultiheadAttention"]


def widened(x: Tensor, column: Tensor) -> Tensor:
    """`x` (N, H, S, D) with one more position at its end, the same for every example."""
    N, H, _, D = x.shape
    return cat([x, column + zeros(N, H, 1, D, dtype=x.dtype)], dim=-2)


class MultiheadAttention(attention.MultiheadAttention):
    """Attention of several heads, with all of PyTorch's options.

    Args:
        embed_dim: the features of queries and of the output, C.
        num_heads: H, a divisor of C; each head has C / H features.
        dropout: the share of attention weights dropped in training.
        bias: whether the projections have one.
        add_bias_kv: one more key and value, learned, that every query may look at.
        add_zero_attn: one more key and value of zeros, for queries that want to hear nothing.
        kdim, vdim: the features of keys and of values, C unless given.
        batch_first: inputs are (N, L, C) rather than (L, N, C).

    In its masks True means "may NOT look".

    >>> attention, x = MultiheadAttention(8, 2, kdim=4, vdim=6), zeros(5, 3, 8)
    >>> attention(x, zeros(7, 3, 4), zeros(7, 3, 6))[1].shape
    (3, 5, 7)
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        attention.Module.__init__(self)
        check_heads("MultiheadAttention", embed_dim, num_heads)
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        options = {"device": device, "dtype": dtype}
        one_matrix = self.kdim == self.vdim == embed_dim
        for name, features in zip("qkv", (embed_dim, self.kdim, self.vdim), strict=True):
            weight = None if one_matrix else Parameter(zeros(embed_dim, features, **options))
            self.register_parameter(f"{name}_proj_weight", weight)
        weight = Parameter(zeros(3 * embed_dim, embed_dim, **options)) if one_matrix else None
        self.register_parameter("in_proj_weight", weight)
        self.register_parameter(
            "in_proj_bias", Parameter(zeros(3 * embed_dim, **options)) if bias else None
        )
        self.out_proj = Linear(embed_dim, embed_dim, bias, **options)
        for name in ("bias_k", "bias_v"):
            extra = Parameter(zeros(1, 1, embed_dim, **options)) if add_bias_kv else None
            self.register_parameter(name, extra)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw the weights anew; biases of the projections become 0."""
        if self.in_proj_weight is not None:
            xavier_uniform_(self.in_proj_weight)
        else:
            for weight in (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
                xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            self.in_proj_bias.data.fill_(0)
            self.out_proj.bias.data.fill_(0)
        if self.bias_k is not None:
            xavier_normal_(self.bias_k)
            xavier_normal_(self.bias_v)

    def _project(self, query: Tensor, key: Tensor, value: Tensor) -> list[Tensor]:
        """Queries, keys and values of all heads, and the keys and values that are not input."""
        q, k, v = self._parts(query, key, value)
        if self.bias_k is not None:
            k = widened(k, split_heads(self.bias_k, self.num_heads))
            v = widened(v, split_heads(self.bias_v, self.num_heads))
        if self.add_zero_attn:
            nothing = zeros(1, dtype=k.dtype)
            k, v = widened(k, nothing), widened(v, nothing)
        return [q, k, v]

    def _parts(self, query: Tensor, key: Tensor, value: Tensor) -> list[Tensor]:
        """Three times (N, T, features) -> (N, H, T, D)."""
        if self.in_proj_weight is None:
            weights = self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
            biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
            pairs = zip((query, key, value), weights, biases, strict=True)
            return [split_heads(linear(x, w, b), self.num_heads) for x, w, b in pairs]
        if query is key and key is value:  # one product takes less time than three
            heads = split_heads(
                linear(query, self.in_proj_weight, self.in_proj_bias), 3 * self.num_heads
            )
            return list(heads.chunk(3, 1))
        return super()._project(query, key, value)

    def _attend(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """As for the class of module 12; everyone may look at the keys that are not input."""
        added = (self.bias_k is not None) + bool(self.add_zero_attn)
        if mask is not None and added:
            mask = cat([mask, zeros(*mask.shape[:-1], added, dtype=mask.dtype)], dim=-1)
        return super()._attend(query, key, value, mask)
