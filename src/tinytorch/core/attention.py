"""12 · Attention: every position asks, all positions answer, and the weights say whom it heard.

A query is compared with every key; softmax makes shares of the scores; the output is that mixture
of the values. The file begins with one query and a loop, turns them into matrix products, says by
masks who may look where, runs several heads side by side, and ends with the form that never holds
all the shares at once.

Source: Vaswani et al., "Attention Is All You Need", 2017. Comparing a state with all others and
mixing them by softmax is older: Bahdanau, Cho and Bengio, "Neural Machine Translation by Jointly
Learning to Align and Translate", 2014.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch.core.activations import expect_floating
from tinytorch.core.autograd import vjp
from tinytorch.core.embeddings import apply_rotary
from tinytorch.core.layers import Linear, Module, Parameter, dropout, linear, uniform_
from tinytorch.core.tensor import (
    Tensor,
    apply,
    bool_,
    broadcast_shape,
    kernel,
    where,
    zeros,
)

__all__ = [
    "CausalSelfAttention", "MultiheadAttention", "attention_loops", "attention_weights",
    "causal_mask", "grouped_matmul", "look_up", "merge_heads", "scaled_dot_product_attention",
    "split_heads", "streaming_attention",
]  # fmt: skip


# ------------------------------------------------------------------------- one query, then many


def look_up(query: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Ask all keys at once: the mixture of the values, by how well each key fits the query.

    Args:
        query: (D,).
        keys: (S, D), one for each value.
        values: (S, E).
    Returns: (E,), the values weighted by softmax(keys @ query / sqrt(D)).

    >>> keys = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> look_up(np.array([0.0, 0.0]), keys, np.array([[10.0], [20.0]]))
    array([15.])
    """
    scores = keys @ query / math.sqrt(len(query))
    shares = np.exp(scores - scores.max())
    return shares / shares.sum() @ values


def attention_loops(
    query: np.ndarray, key: np.ndarray, value: np.ndarray, is_causal: bool = False
) -> np.ndarray:
    """Attention with a loop over the queries: slow, and what the fast forms are held against.

    Args:
        query: (L, D).
        key: (S, D).
        value: (S, E).
        is_causal: query number t sees keys 0 to t only.
    Returns: (L, E).
    """
    rows = []
    for t, one in enumerate(query):
        end = t + 1 if is_causal else len(key)
        rows.append(look_up(one, key[:end], value[:end]))
    return np.stack(rows)


# ------------------------------------------------------------------------------ who may look where


def causal_mask(T: int, S: int | None = None) -> Tensor:
    """Who may look where when nobody may look ahead: True at (t, s) for s up to and with t.

    Args:
        T: how many queries.
        S: how many keys; as many as queries where it is not given.
    Returns: (T, S), bools.

    >>> causal_mask(3)
    tensor([[ True, False, False],
            [ True,  True, False],
            [ True,  True,  True]])
    """
    queries, keys = np.arange(T), np.arange(T if S is None else S)
    return Tensor(keys <= queries[:, None])


def additive(mask: np.ndarray, dtype: Any) -> np.ndarray:
    """A mask as what is added to the scores: 0 where True, -inf where False; numbers as they are.

    >>> additive(np.array([True, False]), np.float32)
    array([  0., -inf], dtype=float32)
    """
    if mask.dtype != bool:
        return mask
    nothing, never = np.array([0, -np.inf], dtype)  # np.where(mask, 0, -np.inf) would be float64
    return np.where(mask, nothing, never)


# ------------------------------------------------------------------------ from scores to shares


@kernel("attention_weights")
def attention_weights_kernel(
    scores: np.ndarray,
    mask: np.ndarray | None = None,
    scale: float = 1.0,
    is_causal: bool = False,
) -> np.ndarray:
    """Softmax along the last dimension of scores * scale, after the masks.

    Args:
        scores: (..., L, S), floating-point; left as they are.
        mask: broadcasts to the scores: bools, True where a query may look, or numbers to be added.
        is_causal: nobody looks ahead.
    Returns: (..., L, S), in [0, 1]; a row adds up to 1, or to 0 where everything is masked.

    >>> attention_weights_kernel(np.zeros((2, 2)), is_causal=True)
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    shares = scores * scale
    if is_causal:
        shares += additive(np.tri(*scores.shape[-2:], dtype=bool), scores.dtype)
    if mask is not None:
        shares += additive(mask, scores.dtype)
    # The two limits matter in a row where all is hidden: its maximum would be -inf, -inf - (-inf)
    # is nan, and its sum is 0. The sum of any other row has the summand e^0.
    shares -= np.maximum.reduce(shares, -1, keepdims=True, initial=np.finfo(shares.dtype).min)
    np.exp(shares, shares)
    total = np.einsum("...s->...", shares)  # three times as fast as np.add.reduce on short rows
    shares /= np.maximum(total, 1)[..., None]
    return shares


@vjp("attention_weights(scores, mask)", wrt="mask")
def attention_weights_dmask(g: np.ndarray, out: np.ndarray) -> np.ndarray:
    """out * (g - <g, out>): a mask of numbers is added, so it has the gradient of the sum."""
    grad = g - np.einsum("...s,...s->...", g, out)[..., None]
    grad *= out
    return grad


@vjp("attention_weights(scores, mask)", wrt="scores")
def attention_weights_dscores(g: np.ndarray, out: np.ndarray, scale: float) -> np.ndarray:
    """scale * out * (g - <g, out>), which is 0 wherever the share is: also behind a mask."""
    grad = attention_weights_dmask(g, out)
    grad *= scale
    return grad


# ----------------------------------------------------------------------------- attention itself


def check_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
) -> None:
    """Refuse shapes and dtypes that do not fit, in words."""
    shapes = f"query {query.shape}, key {key.shape}, value {value.shape}"
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(f"attention: got {shapes}, expected (..., length, features) each")
    for tensor in (query, key, value):
        expect_floating("attention", tensor)
        if tensor.dtype != query.dtype:
            raise RuntimeError(
                f"attention: got a query of {query.dtype}, a key of {key.dtype} and a value of "
                f"{value.dtype}, expected one dtype. Convert with x.to(dtype)"
            )
    if query.shape[-1] != key.shape[-1]:
        raise RuntimeError(
            f"attention: got {shapes}: queries have {query.shape[-1]} features and keys "
            f"{key.shape[-1]}, expected as many. They are compared by their product"
        )
    if key.shape[-2] != value.shape[-2]:
        raise RuntimeError(
            f"attention: got {shapes}: {key.shape[-2]} keys and {value.shape[-2]} values, expected "
            "a value for every key"
        )
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"attention: dropout_p={dropout_p}, expected a number from 0 to 1")
    if mask is not None and is_causal:
        raise RuntimeError(
            "attention: got a mask and is_causal=True, expected one of them. Put both into one "
            "mask: mask & causal_mask(L, S)"
        )
    if mask is not None and (mask.ndim < 2 or mask.dtype not in (bool_, query.dtype)):
        raise RuntimeError(
            f"attention: got a mask of {mask.dtype} and shape {mask.shape}, expected (..., "
            f"{query.shape[-2]}, {key.shape[-2]}) of bools, True where a query may look, or of "
            f"{query.dtype} to be added to the scores. Make bools of 0 and 1 with mask == 1"
        )


def check_mask(scores: Tensor, mask: Tensor) -> None:
    """Refuse a mask that does not broadcast to the scores."""
    try:
        fits = broadcast_shape(scores.shape, mask.shape) == scores.shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"attention: got a mask of shape {mask.shape} for scores of shape {scores.shape}, "
            "expected one that broadcasts to it: the last two sizes are queries and keys"
        )


def attention_weights(
    query: Tensor,
    key: Tensor,
    attn_mask: Tensor | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """How much each query listens to each key: softmax(Q K^T * scale), after the masks.

    Args:
        query: (..., H, L, D).
        key: (..., H, S, D); with enable_gqa it may have fewer heads, a divisor of H.
        attn_mask: broadcasts to (..., L, S): bools, True where a query may look, or numbers to add.
        is_causal: query number t sees keys 0 to t only.
        scale: 1 / sqrt(D) unless given.
    Returns: (..., H, L, S); a row adds up to 1, or to 0 where everything is masked.

    >>> attention_weights(zeros(2, 4), zeros(2, 4), is_causal=True)
    tensor([[1.0000, 0.0000],
            [0.5000, 0.5000]])
    """
    if scale is None:
        scale = 1 / math.sqrt(max(query.shape[-1], 1))
    product = grouped_matmul if enable_gqa else Tensor.matmul
    scores = product(query, key.mT)  # (..., H, L, S)
    masks = []
    if attn_mask is not None:
        check_mask(scores, attn_mask)
        masks = [attn_mask]
    return apply("attention_weights", scores, *masks, scale=float(scale), is_causal=is_causal)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(Q K^T / sqrt(D)) V: for each query the values, mixed by how well their keys fit.

    Args:
        query: (..., H, L, D), floating-point.
        key: (..., H, S, D).
        value: (..., H, S, E).
        attn_mask: broadcasts to (..., H, L, S): bools, True where a query may look, or numbers of
            the query's dtype, added to the scores; -inf forbids.
        dropout_p: the share of weights that is dropped, here always: pass 0 in evaluation.
        is_causal: query number t sees keys 0 to t only.
        scale: what scores are multiplied with; 1 / sqrt(D) unless given.
        enable_gqa: key and value may have fewer heads, a divisor of H; each serves a group.
    Returns: (..., H, L, E); zeros for a query that may look nowhere.
    Raises: RuntimeError for shapes, dtypes, masks or numbers of heads that do not fit.
    Source: Vaswani et al., "Attention Is All You Need", 2017; enable_gqa: Ainslie et al., "GQA",
        2023.

    >>> q, k = Tensor([[8.0, 0.0]]), Tensor([[1.0, 0.0], [-1.0, 0.0]])
    >>> scaled_dot_product_attention(q, k, Tensor([[10.0], [20.0]]))
    tensor([[10.0001]])
    """
    check_attention(query, key, value, attn_mask, dropout_p, is_causal)
    product = grouped_matmul if enable_gqa else Tensor.matmul
    weights = attention_weights(query, key, attn_mask, is_causal, scale, enable_gqa)
    return product(dropout(weights, dropout_p), value)


# ------------------------------------------------------------------------------------ several heads


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Cut every vector into one piece per head, and put the heads before the positions.

    Args:
        x: (..., T, C).
        num_heads: H, a divisor of C.
    Returns: (..., H, T, C / H); head h of position t is x[t, h * C / H : (h + 1) * C / H].

    >>> x = Tensor([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
    >>> split_heads(x, 2)[0]
    tensor([[1., 2.],
            [5., 6.]])
    """
    *batch, T, C = x.shape
    return x.reshape(*batch, T, num_heads, C // num_heads).transpose(-3, -2)


def merge_heads(x: Tensor) -> Tensor:
    """Put the pieces of every position side by side again: `split_heads` undone.

    Args:
        x: (..., H, T, D).
    Returns: (..., T, H * D).

    >>> merge_heads(split_heads(zeros(5, 7, 6), 3)).shape
    (5, 7, 6)
    """
    return x.transpose(-3, -2).flatten(-2)


def grouped_matmul(a: Tensor, b: Tensor) -> Tensor:
    """a @ b, where each of the fewer matrices in `b` serves several neighbouring heads of `a`.

    Args:
        a: (..., H, L, X).
        b: (..., G, X, Y), G a divisor of H.
    Returns: (..., H, L, Y); head h meets matrix h // (H / G).
    Raises: RuntimeError where G does not divide H; IndexError without a dimension of heads.

    >>> grouped_matmul(zeros(4, 5, 2), zeros(2, 2, 3)).shape
    (4, 5, 3)
    """
    if min(a.ndim, b.ndim) < 3:
        raise IndexError(
            f"attention: got {a.shape} and {b.shape} with enable_gqa=True, expected (..., heads, "
            "length, features). Leave enable_gqa out where there are no heads"
        )
    H, L, X = a.shape[-3:]
    G = b.shape[-3]
    if G == H:
        return a @ b
    if not G or H % G:
        raise RuntimeError(
            f"attention: got {H} heads of queries and {G} of keys or values, expected a number "
            "that divides the heads of the queries"
        )
    out = a.reshape(*a.shape[:-3], G, H // G * L, X) @ b  # (..., G, H/G * L, Y)
    return out.reshape(*out.shape[:-3], H, L, b.shape[-1])


def forbidding(mask: Tensor, dtype: Any) -> Tensor:
    """What is added to scores for a mask of MultiheadAttention, where True means "may not look".

    Raises: AssertionError for a mask of integers.

    >>> forbidding(causal_mask(2), np.dtype("float32"))
    tensor([[-inf, 0.],
            [-inf, -inf]])
    """
    if mask.dtype == bool_:
        return where(mask, -math.inf, 0.0).to(dtype)
    if mask.dtype.kind != "f":
        raise AssertionError(
            f"MultiheadAttention: got a mask of {mask.dtype}, expected bools, True where a query "
            "may not look, or numbers to be added. Make bools of 0 and 1 with mask == 1"
        )
    return mask.to(dtype)


def merged_mask(
    attn_mask: Tensor | None, key_padding_mask: Tensor | None, num_heads: int, dtype: Any
) -> Tensor | None:
    """Both masks of a MultiheadAttention as one that is added to its scores.

    Args:
        attn_mask: (L, S) for all, or (N * H, L, S), head h of example n at n * H + h.
        key_padding_mask: (N, S), the same for every query and head, or (S,) without a batch.
        num_heads: H.
        dtype: that of the scores.
    Returns: broadcasts to (N, H, L, S), 0 where one may look and -inf where not; None if both are.

    >>> merged_mask(None, causal_mask(1, 3), 1, np.dtype("float32"))
    tensor([[[[-inf, 0., 0.]]]])
    """
    masks = []
    if attn_mask is not None:
        mask = forbidding(attn_mask, dtype)
        masks.append(mask.reshape(-1, num_heads, *mask.shape[1:]) if mask.ndim == 3 else mask)
    if key_padding_mask is not None:
        masks.append(
            forbidding(key_padding_mask, dtype).reshape(-1, 1, 1, key_padding_mask.shape[-1])
        )
    return masks[0] + masks[1] if len(masks) == 2 else masks[0] if masks else None


def check_heads(name: str, dim: int, num_heads: int) -> None:
    """Refuse sizes of a layer that cannot be cut into heads; the errors are PyTorch's."""
    if dim <= 0 or num_heads <= 0:
        raise ValueError(f"{name}: got {dim} features and {num_heads} heads, expected some of each")
    if dim % num_heads:
        raise AssertionError(
            f"{name}: got {dim} features and {num_heads} heads, expected a number of heads that "
            "divides the features"
        )


class MultiheadAttention(Module):
    """Attention of several heads, each on its own projection of queries, keys and values.

    Args:
        embed_dim: the features of queries and of the output, C.
        num_heads: H, a divisor of C; each head has C / H features.
        dropout: the share of attention weights dropped in training.
        bias: whether the projections have one.
        add_bias_kv, add_zero_attn, kdim, vdim: `nn.MultiheadAttention` has them; here they are
            refused.
        batch_first: inputs are (N, L, C) rather than (L, N, C).
    Raises: ValueError or AssertionError for sizes that do not fit.
    Source: Vaswani et al., "Attention Is All You Need", 2017.

    In the masks of this class True means "may NOT look", as in PyTorch; in those of
    `scaled_dot_product_attention` it means "may look".

    >>> attention, x = MultiheadAttention(8, 2, batch_first=True), zeros(3, 5, 8)
    >>> out, weights = attention(x, x, x)
    >>> out.shape, weights.shape
    ((3, 5, 8), (3, 5, 5))
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
        super().__init__()
        check_heads("MultiheadAttention", embed_dim, num_heads)
        if add_bias_kv or add_zero_attn or {kdim, vdim} - {None, embed_dim}:
            raise NotImplementedError(
                "MultiheadAttention: got add_bias_kv, add_zero_attn, kdim or vdim, expected none "
                "of them in module 12; tinytorch.nn.MultiheadAttention has them"
            )
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.dropout, self.batch_first = dropout, batch_first
        options = {"device": device, "dtype": dtype}
        self.in_proj_weight = Parameter(zeros(3 * embed_dim, embed_dim, **options))
        self.register_parameter(
            "in_proj_bias", Parameter(zeros(3 * embed_dim, **options)) if bias else None
        )
        self.out_proj = Linear(embed_dim, embed_dim, bias, **options)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw the weights anew, all three projections from one range; biases become 0."""
        bound = math.sqrt(6 / sum(self.in_proj_weight.shape))
        uniform_(self.in_proj_weight, -bound, bound)
        if self.in_proj_bias is not None:
            uniform_(self.in_proj_bias, 0, 0)
            uniform_(self.out_proj.bias, 0, 0)

    def _check(
        self, query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None
    ) -> None:
        """Refuse shapes that do not fit, with PyTorch's kinds of errors."""
        shapes = f"query {query.shape}, key {key.shape}, value {value.shape}"
        if query.ndim not in (2, 3) or not query.ndim == key.ndim == value.ndim:
            raise AssertionError(
                f"MultiheadAttention: got {shapes}, expected (length, features) each, or with a "
                f"batch {'(N, L, C)' if self.batch_first else '(L, N, C)'}"
            )
        if query.shape[-1] != self.embed_dim or key.shape[:-1] != value.shape[:-1]:
            raise AssertionError(
                f"MultiheadAttention: got {shapes}, expected queries of {self.embed_dim} features, "
                "and a value for every key"
            )
        batched, first = query.ndim == 3, self.batch_first
        N = query.shape[0 if first else 1] if batched else 1
        L, S = (t.shape[1 if batched and first else 0] for t in (query, key))
        if padding is not None and padding.shape != ((N, S) if batched else (S,)):
            raise AssertionError(
                f"MultiheadAttention: got a key_padding_mask of shape {padding.shape}, expected "
                f"{(N, S) if batched else (S,)}: one value for each key"
            )
        if mask is not None and mask.shape not in ((L, S), (N * self.num_heads, L, S)):
            raise RuntimeError(
                f"MultiheadAttention: got an attn_mask of shape {mask.shape}, expected {(L, S)}, "
                f"or {(N * self.num_heads, L, S)} for every head of every example"
            )

    def _project(self, query: Tensor, key: Tensor, value: Tensor) -> list[Tensor]:
        """Queries, keys and values of all heads: three times (N, T, C) -> (N, H, T, D)."""
        C, parts = self.embed_dim, []
        for i, x in enumerate((query, key, value)):
            rows = slice(i * C, (i + 1) * C)
            bias = None if self.in_proj_bias is None else self.in_proj_bias[rows]
            parts.append(split_heads(linear(x, self.in_proj_weight[rows], bias), self.num_heads))
        return parts

    def _attend(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Every head attends, the last projection mixes what they found.

        Args:
            query: (N, L, C).
            key, value: (N, S, C).
            mask: None, or what is added to the scores; broadcasts to (N, H, L, S).
        Returns: the output (N, L, C), and the weights (N, H, L, S), after dropout.
        """
        q, k, v = self._project(query, key, value)
        weights = dropout(attention_weights(q, k, mask), self.dropout, self.training)
        return self.out_proj(merge_heads(weights @ v)), weights

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend, and say how much everyone listened to whom.

        Args:
            query: (L, N, C), or (N, L, C) with batch_first, or (L, C).
            key, value: the same with S for L.
            key_padding_mask: (N, S), or (S,): True at keys that nobody may look at, or numbers.
            need_weights: whether the weights are returned; else None.
            attn_mask: (L, S) or (N * H, L, S): True where a query may not look, or numbers.
            average_attn_weights: return (N, L, S), else (N, H, L, S).
            is_causal: a promise that attn_mask is the causal one, which must be given too.
        Returns: the output, of the shape of `query`, and the weights (after dropout) or None.
        Raises: AssertionError or RuntimeError for shapes that do not fit.

        A query that may look nowhere hears nothing, 0; PyTorch gives nan with need_weights.
        """
        self._check(query, key, value, key_padding_mask, attn_mask)
        if is_causal and attn_mask is None:
            raise RuntimeError(
                "MultiheadAttention: got is_causal=True without an attn_mask, expected both: it "
                "is a hint. Write attn_mask=causal_mask(L) == False"
            )
        batched, first = query.ndim == 3, self.batch_first
        if not batched:
            query, key, value = (x.unsqueeze(0) for x in (query, key, value))
        elif not first:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        mask = merged_mask(attn_mask, key_padding_mask, self.num_heads, query.dtype)
        out, weights = self._attend(query, key, value, mask)  # (N, L, C), (N, H, L, S)
        if not batched:
            out, weights = out[0], weights[0]
        elif not first:
            out = out.transpose(0, 1)
        if not need_weights:
            return out, None
        return out, weights.mean(-3) if average_attn_weights else weights


class CausalSelfAttention(Module):
    """A sequence looks at itself, nobody ahead: queries, keys and values from one projection.

    Args:
        dim: the features of every position, C.
        num_heads: the heads of the queries, H, a divisor of C.
        dropout: the share of attention weights dropped in training.
        num_kv_heads: the heads of keys and values, G, a divisor of H: 1 is multi-query attention,
            fewer than H grouped-query attention; H unless given.
        bias: whether the projections have one.
        rotary: turn queries and keys by their positions (module 11).
        is_causal: False lets everyone look everywhere.
    Raises: ValueError or AssertionError for sizes that do not fit.

    >>> CausalSelfAttention(8, 4, num_kv_heads=2)(zeros(3, 5, 8)).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        dropout: float = 0.0,
        num_kv_heads: int | None = None,
        bias: bool = True,
        rotary: bool = False,
        is_causal: bool = True,
    ):
        super().__init__()
        check_heads("CausalSelfAttention", dim, num_heads)
        self.num_heads = num_heads
        self.num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        check_heads("CausalSelfAttention: num_kv_heads", num_heads, self.num_kv_heads)
        self.dropout, self.rotary, self.is_causal = dropout, rotary, is_causal
        D = dim // num_heads
        self.qkv = Linear(dim, (num_heads + 2 * self.num_kv_heads) * D, bias)
        self.out_proj = Linear(dim, dim, bias)

    def project(self, x: Tensor, positions: Any = None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values: (..., T, C) -> (..., H, T, D), and twice (..., G, T, D)."""
        H, G = self.num_heads, self.num_kv_heads
        heads = split_heads(self.qkv(x), H + 2 * G)  # (..., H + 2G, T, D)
        q, k, v = heads[..., :H, :, :], heads[..., H : H + G, :, :], heads[..., H + G :, :, :]
        if self.rotary:
            q, k = apply_rotary(q, positions), apply_rotary(k, positions)
        return q, k, v

    def forward(self, x: Tensor) -> Tensor:
        """(..., T, C) -> (..., T, C)."""
        q, k, v = self.project(x)
        out = scaled_dot_product_attention(
            q,
            k,
            v,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=self.is_causal,
            enable_gqa=self.num_kv_heads != self.num_heads,
        )
        return self.out_proj(merge_heads(out))

    def extra_repr(self) -> str:
        """The settings that differ from one layer to another."""
        shown = f"num_heads={self.num_heads}, num_kv_heads={self.num_kv_heads}"
        return f"{shown}, dropout={self.dropout}, rotary={self.rotary}, is_causal={self.is_causal}"


# ------------------------------------------------------------------- without all shares at once


def streaming_attention(
    query: np.ndarray,
    key: np.ndarray,
    value: np.ndarray,
    block: int = 64,
    is_causal: bool = False,
) -> np.ndarray:
    """Attention that meets the keys block by block, and holds no array of L x S.

    For every query three things are kept: the largest score so far, m; the sum of e^(score - m) so
    far; and the sum of the values with those weights. When a block brings a larger m, the two sums
    are scaled by e^(old m - new m), as if m had been known from the start.

    Args:
        query: (..., L, D).
        key: (..., S, D).
        value: (..., S, E).
        block: how many keys at a time, from 1 up.
        is_causal: query number t sees keys 0 to t only.
    Returns: (..., L, E).
    Source: Milakov and Gimelshein, "Online Normalizer Calculation for Softmax", 2018; Rabe and
        Staats, "Self-attention Does Not Need O(n^2) Memory", 2021; Dao et al., "FlashAttention",
        2022.
    """
    L, S = query.shape[-2], key.shape[-2]
    query = query * (1 / math.sqrt(query.shape[-1]))
    peak = np.full((*query.shape[:-1], 1), np.finfo(query.dtype).min, query.dtype)
    total = np.zeros_like(peak)
    mixed = np.zeros((*query.shape[:-1], value.shape[-1]), query.dtype)
    for start in range(0, S, block):
        scores = query @ key[..., start : start + block, :].swapaxes(-1, -2)  # (..., L, block)
        if is_causal:
            keys = np.arange(start, start + scores.shape[-1])
            scores += additive(keys <= np.arange(L)[:, None], scores.dtype)
        higher = np.maximum(peak, scores.max(-1, keepdims=True))
        shares = np.exp(scores - higher)
        fade = np.exp(peak - higher)
        total = total * fade + shares.sum(-1, keepdims=True)
        mixed = mixed * fade + shares @ value[..., start : start + block, :]
        peak = higher
    return mixed / total
