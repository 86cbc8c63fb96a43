"""13 · Transformers: blocks of attention and thought, stacked into a model that writes.

A block is two sums: each vector of a sequence takes in what attention brings from the others, and
then what a small network makes of it alone. Norms keep the sizes in hand, and the sums keep a
straight way for the gradient. A stack of blocks on top of embeddings is a GPT: it gives a score to
every possible next token, and the rest of the file turns scores into text.

Source: Vaswani et al., "Attention Is All You Need", 2017; Radford et al., "Improving Language
Understanding by Generative Pre-Training", 2018, and "Language Models are Unsupervised Multitask
Learners", 2019.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from tinytorch.core.activations import expect_floating, gelu, relu, softmax_kernel
from tinytorch.core.attention import CausalSelfAttention
from tinytorch.core.autograd import rows, vjp
from tinytorch.core.embeddings import Embedding, PositionalEmbedding
from tinytorch.core.layers import (
    Dropout,
    Identity,
    Linear,
    Module,
    Parameter,
    Sequential,
    overwrite,
)
from tinytorch.core.losses import cross_entropy
from tinytorch.core.tensor import (
    Generator,
    Tensor,
    apply,
    cat,
    default_generator,
    kernel,
    ones,
    randn,
    zeros,
)
from tinytorch.core.training import measuring

__all__ = [
    "GPT", "Block", "FeedForward", "LayerNorm", "RMSNorm", "generate", "keep_top_k", "keep_top_p",
    "layer_norm", "next_token_loss", "perplexity", "rms_norm", "sample_next", "token_probabilities",
]  # fmt: skip


# ---------------------------------------------------------------------------------------- the norms


def check_norm(name: str, input: Tensor, shape: tuple[int, ...], *factors: Tensor | None) -> None:
    """Refuse an input that does not end in `shape`, and a weight or bias that is not of it."""
    expect_floating(name, input)
    if not shape or input.shape[-len(shape) :] != shape:
        raise RuntimeError(
            f"{name}: the input has shape {input.shape}, expected one that ends in {shape}, the "
            "features to normalise. Give the sizes of its last dimensions as normalized_shape."
        )
    for factor in factors:
        if factor is not None and (factor.shape, factor.dtype) != (shape, input.dtype):
            raise RuntimeError(
                f"{name}: got a weight or bias of shape {factor.shape} and {factor.dtype}, "
                f"expected {shape} and {input.dtype}, as the input has. Convert with "
                "layer.to(dtype), or make the layer with other sizes."
            )


def row_means(x: np.ndarray) -> np.ndarray:
    """The mean of each row as a column: (N, C) -> (N, 1).

    >>> row_means(np.array([[1.0, 3.0], [10.0, 20.0]]))
    array([[ 2.],
           [15.]])
    """
    # A product with ones is a sum, and BLAS takes a third of the time that np.mean takes.
    return (x @ np.ones((x.shape[-1], 1), x.dtype)) / x.dtype.type(x.shape[-1])


def row_products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The mean of a * b in each row as a column: (N, C), (N, C) -> (N, 1), without an array a * b.

    >>> row_products(np.array([[1.0, 3.0]]), np.array([[2.0, 4.0]]))
    array([[7.]])
    """
    return np.einsum("nc,nc->n", a, b)[:, None] / a.dtype.type(a.shape[-1])


def wide_rows(x: np.ndarray) -> np.ndarray:
    """`x` as a matrix of rows; float16 becomes float32, in whose range the squares stay."""
    return rows(x.astype(np.float32) if x.dtype == np.float16 else x)


def shaped_as(x: np.ndarray, out: np.ndarray) -> np.ndarray:
    """`out`, a matrix of rows, in the shape and dtype of `x`: the way back from `wide_rows`."""
    return out.reshape(x.shape).astype(x.dtype, copy=False)


def deviations(x: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """How far each value lies from the mean of its row, and 1 / the standard deviation of the row.

    Args:
        x: (N, C), floating-point.
        eps: added to the variance, so that a row of equal values is not divided by zero.
    Returns: (N, C) and (N, 1). The variance divides by C, not by C - 1.

    >>> deviations(np.array([[1.0, 3.0]]), 0.0)
    (array([[-1.,  1.]]), array([[1.]]))
    """
    # First the deviations and then their squares: the mean of x² minus the square of the mean
    # leaves nothing but rounding where the mean is large.
    centred = x - row_means(x)
    variance = row_products(centred, centred)
    return centred, 1 / np.sqrt(variance + x.dtype.type(eps))


@kernel("layer_norm")
def layer_norm_kernel(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, eps: float = 1e-5
) -> np.ndarray:
    """Each row with mean 0 and standard deviation 1, times `weight`, plus `bias`.

    Args:
        x: (..., C).
        weight, bias: (C,).
    Returns: the shape and dtype of `x`.

    >>> layer_norm_kernel(np.array([[1.0, 3.0]]), np.array([1.0, 10.0]), np.array([0.0, 5.0]), 0.0)
    array([[-1., 15.]])
    """
    out, inverse = deviations(wide_rows(x), eps)
    out *= inverse
    out *= weight
    if bias is not None:
        out += bias
    return shaped_as(x, out)


@vjp("layer_norm(x, weight, bias)", wrt="x")
def layer_norm_dx(g, x, weight, eps):
    """g * weight, without its mean and without its part along the normalised row; over the std.

    The row was moved to mean 0 and stretched to standard deviation 1: what would move or stretch it
    before that has no effect on the output, so it gets no gradient.
    """
    centred, inverse = deviations(wide_rows(x), eps)
    part = wide_rows(g) * weight
    centred *= row_products(part, centred) * (inverse * inverse)
    part -= centred
    part -= row_means(part)  # the row of deviations has none, so the order does not matter
    part *= inverse
    return shaped_as(x, part)


@vjp("layer_norm(x, weight, bias)", wrt="weight")
def layer_norm_dweight(g, x, eps):
    """Each row adds its gradient times its normalised values."""
    centred, inverse = deviations(wide_rows(x), eps)
    centred *= inverse
    return np.einsum("nc,nc->c", wide_rows(g), centred).astype(g.dtype, copy=False)


@vjp("layer_norm(x, weight, bias)", wrt="bias")
def layer_norm_dbias(g):
    """Each row adds its gradient."""
    return np.add.reduce(wide_rows(g), 0).astype(g.dtype, copy=False)


def sizes_of(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    """One size, or several, as a tuple.

    >>> sizes_of(8), sizes_of([2, 4])
    ((8,), (2, 4))
    """
    return tuple(np.atleast_1d(normalized_shape).tolist())


def layer_norm(
    input: Tensor,
    normalized_shape: int | Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise the features of each example by themselves: mean 0, standard deviation 1.

    Args:
        input: (..., *normalized_shape), floating-point.
        normalized_shape: the sizes of the last dimensions, over which mean and variance are taken.
        weight, bias: of that shape: what multiplies the result, and what is added; or None.
        eps: added to the variance.
    Returns: the shape of `input`.
    Raises: RuntimeError when shapes or dtypes do not fit.
    Source: Ba, Kiros and Hinton, "Layer Normalization", 2016.

    >>> layer_norm(Tensor([[1.0, 3.0], [10.0, 30.0]]), (2,))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """
    shape = sizes_of(normalized_shape)
    check_norm("layer_norm", input, shape, weight, bias)
    weight = ones(*shape, dtype=input.dtype) if weight is None else weight
    if len(shape) > 1:  # several dimensions are normalised as one
        bias = None if bias is None else bias.flatten()
        flat = input.flatten(-len(shape))  # (..., C)
        return layer_norm(flat, weight.numel(), weight.flatten(), bias, eps).reshape(*input.shape)
    factors = (weight,) if bias is None else (weight, bias)
    return apply("layer_norm", input, *factors, eps=float(eps))


class LayerNorm(Module):
    """Layer normalisation with a learned factor and summand for each feature.

    Args:
        normalized_shape: the number of features, or the sizes of the last dimensions.
        eps: added to the variance.
        elementwise_affine: whether there are weight and bias.
        bias: whether there is a bias beside the weight.

    The weight begins as ones and the bias as zeros.

    >>> LayerNorm(2)(Tensor([[1.0, 3.0]]))
    tensor([[-1.0000,  1.0000]], grad_fn=<layer_norm>)
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self.normalized_shape, self.eps = sizes_of(normalized_shape), eps
        self.elementwise_affine = elementwise_affine
        for name, wanted in ("weight", elementwise_affine), ("bias", elementwise_affine and bias):
            values = zeros(*self.normalized_shape, device=device, dtype=dtype)
            self.register_parameter(name, Parameter(values) if wanted else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights 1, biases 0."""
        if self.weight is not None:
            self.weight.data.copy_(1.0)
        if self.bias is not None:
            self.bias.data.copy_(0.0)

    def forward(self, input: Tensor) -> Tensor:
        """(..., *normalized_shape), to the same shape."""
        return layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


def inverse_rms(x: np.ndarray, eps: float) -> np.ndarray:
    """1 / the root mean square of each row: (N, C) -> (N, 1).

    >>> inverse_rms(np.array([[1.0, 7.0]]), 0.0)
    array([[0.2]])
    """
    return 1 / np.sqrt(row_products(x, x) + x.dtype.type(eps))


@kernel("rms_norm")
def rms_norm_kernel(x: np.ndarray, weight: np.ndarray, eps: float) -> np.ndarray:
    """Each row divided by its root mean square, times `weight`: a norm that moves no mean.

    Args:
        x: (..., C).
        weight: (C,).
    Returns: the shape and dtype of `x`.

    >>> rms_norm_kernel(np.array([[1.0, 7.0]]), np.array([5.0, 5.0]), 0.0)
    array([[1., 7.]])
    """
    flat = wide_rows(x)
    out = flat * inverse_rms(flat, eps)
    out *= weight
    return shaped_as(x, out)


@vjp("rms_norm(x, weight)", wrt="x")
def rms_norm_dx(g, x, weight, eps):
    """g * weight without its part along the row, over the root mean square."""
    flat = wide_rows(x)
    inverse = inverse_rms(flat, eps)
    part = wide_rows(g) * weight
    part -= flat * (row_products(part, flat) * (inverse * inverse))
    part *= inverse
    return shaped_as(x, part)


@vjp("rms_norm(x, weight)", wrt="weight")
def rms_norm_dweight(g, x, eps):
    """Each row adds its gradient times its normalised values."""
    flat = wide_rows(x)
    scaled = flat * inverse_rms(flat, eps)
    return np.einsum("nc,nc->c", wide_rows(g), scaled).astype(g.dtype, copy=False)


def rms_norm(
    input: Tensor,
    normalized_shape: int | Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Divide the features of each example by their root mean square; their mean stays.

    Args:
        input: (..., *normalized_shape), floating-point.
        normalized_shape: the sizes of the last dimensions.
        weight: of that shape: what multiplies the result, or None.
        eps: added to the mean square; the smallest step from 1 in the input's dtype unless given.
    Returns: the shape of `input`.
    Raises: RuntimeError when shapes or dtypes do not fit.
    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.

    >>> rms_norm(Tensor([[3.0, 4.0]]), (2,))
    tensor([[0.8485, 1.1314]])
    """
    shape = sizes_of(normalized_shape)
    check_norm("rms_norm", input, shape, weight)
    weight = ones(*shape, dtype=input.dtype) if weight is None else weight
    eps = float(np.finfo(input.dtype).eps if eps is None else eps)
    if len(shape) > 1:
        flat = input.flatten(-len(shape))
        return rms_norm(flat, weight.numel(), weight.flatten(), eps).reshape(*input.shape)
    return apply("rms_norm", input, weight, eps=eps)


class RMSNorm(Module):
    """A norm with a learned factor for each feature that leaves the mean where it is.

    Args:
        normalized_shape: the number of features, or the sizes of the last dimensions.
        eps: added to the mean square; the smallest step from 1 in the dtype unless given.
        elementwise_affine: whether there is a weight; it begins as ones.

    >>> RMSNorm(2, elementwise_affine=False)(Tensor([[3.0, 4.0]]))
    tensor([[0.8485, 1.1314]])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self.normalized_shape = sizes_of(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        values = ones(*self.normalized_shape, device=device, dtype=dtype)
        self.register_parameter("weight", Parameter(values) if elementwise_affine else None)

    def reset_parameters(self) -> None:
        """Weights 1."""
        if self.weight is not None:
            self.weight.data.copy_(1.0)

    def forward(self, input: Tensor) -> Tensor:
        """(..., *normalized_shape), to the same shape."""
        return rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


# ------------------------------------------------------------------------------------ the block

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": partial(gelu, approximate="tanh"),  # the form that GPT-2 uses
    "relu": relu,
    "swiglu": lambda gate: gate * gate.sigmoid(),
}


def hidden_size(dim: int, activation: str) -> int:
    """How wide a feed-forward network is by custom.

    Four times `dim`; with "swiglu", whose third matrix is to be paid for, 8/3 of it, rounded up to
    a multiple of 8.

    >>> hidden_size(128, "gelu"), hidden_size(128, "swiglu")
    (512, 344)
    """
    return -(-8 * dim // 24) * 8 if activation == "swiglu" else 4 * dim


class FeedForward(Module):
    """The small network that each position of a sequence goes through by itself.

    Args:
        dim: the features that come in and go out.
        hidden: the features in between; by custom unless given, see `hidden_size`.
        activation: "gelu", "relu", or "swiglu", in which a second projection of the input, bent by
            x * sigmoid(x), gates the first.
        dropout: the probability with which a value that goes out is zeroed in training.
        bias: whether the linear layers have one.
    Raises: ValueError for another activation.
    Source: Vaswani et al., 2017; for the gated one, Shazeer, "GLU Variants Improve Transformer",
        2020.

    >>> FeedForward(8)(zeros(2, 5, 8)).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        dim: int,
        hidden: int | None = None,
        activation: str = "gelu",
        dropout: float = 0.0,
        bias: bool = True,
    ):
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(
                f"FeedForward: activation={activation!r}, expected one of {', '.join(ACTIVATIONS)}"
            )
        hidden = hidden_size(dim, activation) if hidden is None else hidden
        self.activation = activation
        self.up = Linear(dim, hidden, bias)
        if activation == "swiglu":
            self.gate = Linear(dim, hidden, bias)
        self.down = Linear(hidden, dim, bias)
        self.dropout = Dropout(dropout)

    def forward(self, input: Tensor) -> Tensor:
        """(..., dim) -> (..., dim)."""
        bend = ACTIVATIONS[self.activation]
        if self.activation == "swiglu":
            hidden = bend(self.gate(input)) * self.up(input)  # (..., hidden)
        else:
            hidden = bend(self.up(input))
        return self.dropout(self.down(hidden))


class Block(Module):
    """One layer of a transformer: attention and a feed-forward network, each added to its input.

    Args:
        dim: the features of each position.
        num_heads: how many heads look at once.
        dropout: for the attention's shares and for what is added, in training.
        norm_first: normalise what each part reads (GPT-2 and since); False normalises each sum (the
            paper of 2017).
        norm: the class of the norms, LayerNorm or RMSNorm.
        hidden, activation: of the feed-forward network.
        bias: whether the linear layers have one.
        attention: further options of CausalSelfAttention: num_kv_heads, rotary, is_causal.

    >>> Block(8, num_heads=2)(zeros(2, 5, 8)).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        dropout: float = 0.0,
        norm_first: bool = True,
        norm: Callable[[int], Module] = LayerNorm,
        hidden: int | None = None,
        activation: str = "gelu",
        bias: bool = True,
        **attention: Any,
    ):
        super().__init__()
        self.norm_first = norm_first
        self.norm1, self.norm2 = norm(dim), norm(dim)
        self.attention = CausalSelfAttention(dim, num_heads, dropout, bias=bias, **attention)
        self.feed_forward = FeedForward(dim, hidden, activation, dropout, bias)
        self.dropout = Dropout(dropout)

    def forward(self, input: Tensor) -> Tensor:
        """(B, T, dim) -> (B, T, dim)."""
        x = input
        if self.norm_first:
            x = x + self.dropout(self.attention(self.norm1(x)))
            return x + self.feed_forward(self.norm2(x))
        x = self.norm1(x + self.dropout(self.attention(x)))
        return self.norm2(x + self.feed_forward(x))

    def extra_repr(self) -> str:
        """Where the norms stand."""
        return f"norm_first={self.norm_first}"


# ------------------------------------------------------------------------------------- the model


def begin_small(module: Module) -> None:
    """Weights of linear layers and embeddings normal with standard deviation 0.02, biases zero.

    For `model.apply(begin_small)`. Scores are then near zero and every token about equally likely.
    """
    if isinstance(module, (Linear, Embedding)):
        overwrite(module.weight, randn(*module.weight.shape, dtype=module.weight.dtype) * 0.02)
    if isinstance(module, Linear) and module.bias is not None:
        overwrite(module.bias, zeros(*module.bias.shape, dtype=module.bias.dtype))


class GPT(Module):
    """A decoder of text: from tokens to a score for each possible next one, at every position.

    Args:
        vocab_size: how many tokens there are.
        max_length: how many positions the model has been given.
        dim: the features of each position.
        num_layers: how many blocks.
        num_heads: heads in each block.
        dropout: in training, after the embeddings and in each block.
        tie_weights: read tokens in and score them with one and the same table (Press and Wolf,
            "Using the Output Embedding to Improve Language Models", 2016).
        zero_init: let every block begin as the identity, instead of shrinking what blocks add by
            sqrt(2 * num_layers), as GPT-2 does.
        block: further options of the blocks, such as norm_first, norm and activation. With rotary
            there is no table of positions.

    >>> model = GPT(vocab_size=65, max_length=32, dim=16, num_layers=2, num_heads=2)
    >>> model(Tensor(np.zeros((4, 10), np.int64))).shape  # 4 texts of 10 tokens
    (4, 10, 65)
    """

    def __init__(
        self,
        vocab_size: int,
        max_length: int,
        dim: int,
        num_layers: int,
        num_heads: int,
        dropout: float = 0.0,
        tie_weights: bool = True,
        zero_init: bool = False,
        **block: Any,
    ):
        super().__init__()
        self.max_length = max_length
        self.token = Embedding(vocab_size, dim)
        rotary = block.get("rotary", False)
        self.position = Identity() if rotary else PositionalEmbedding(max_length, dim)
        self.dropout = Dropout(dropout)
        blocks = [Block(dim, num_heads, dropout, **block) for _ in range(num_layers)]
        self.blocks = Sequential(*blocks)
        first = block.get("norm_first", True)  # with norms after each sum, the last one is there
        self.norm = block.get("norm", LayerNorm)(dim) if first else Identity()
        self.head = Linear(dim, vocab_size, bias=False)
        self.apply(begin_small)
        for layer in blocks:
            for last in layer.attention.out_proj, layer.feed_forward.down:
                share = 0.0 if zero_init else 1 / math.sqrt(2 * num_layers)
                overwrite(last.weight, last.weight.data * share)
        if tie_weights:
            self.head.weight = self.token.weight

    def forward(self, ids: Tensor) -> Tensor:
        """(B, T) -> (B, T, vocab_size): at each position the scores of the token after it.

        Raises: ValueError unless the ids are (B, T) and T is at most max_length.
        """
        if ids.ndim != 2 or ids.shape[1] > self.max_length:
            raise ValueError(
                f"GPT: got ids of shape {ids.shape}, expected (batch, time) with at most "
                f"{self.max_length} in time. Add a batch dimension with ids.unsqueeze(0), or keep "
                f"the last {self.max_length} tokens."
            )
        x = self.dropout(self.position(self.token(ids)))  # (B, T, dim)
        return self.head(self.norm(self.blocks(x)))  # (B, T, vocab_size)


def next_token_loss(model: Module, ids: Tensor) -> Tensor:
    """How surprised `model` is by each token of `ids` after those before it: a mean in nats.

    Args:
        model: from ids (B, T) to scores (B, T, vocab_size).
        ids: (B, T + 1): all but the last are read, all but the first are to be foretold.

    A model that knows nothing of V tokens has the loss log(V).
    """
    scores = model(ids[:, :-1])  # (B, T, V)
    targets = ids[:, 1:]  # (B, T)
    return cross_entropy(scores.flatten(0, 1), targets.flatten())


def perplexity(loss: float | Tensor) -> float:
    """e to the power of a mean loss in nats: among how many equally likely tokens it is a guess.

    >>> round(perplexity(math.log(65)), 4)
    65.0
    """
    loss = float(loss)
    return math.exp(loss) if loss < 700 else math.inf


# ------------------------------------------------------------------------------ from scores to text


def keep_top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """The scores with all but the `k` largest of each row at -inf; those that tie with them stay.

    Args:
        scores: (..., V); left as it is.
        k: 1 or more; from V up, everything stays.
    Source: Fan, Lewis and Dauphin, "Hierarchical Neural Story Generation", 2018.

    >>> keep_top_k(np.array([1.0, 3.0, 2.0]), 2)
    array([-inf,   3.,   2.])
    """
    k = min(k, scores.shape[-1])
    least = np.sort(scores, axis=-1)[..., -k, None]  # (..., 1)
    return np.where(scores < least, -np.inf, scores)


def keep_top_p(scores: np.ndarray, p: float) -> np.ndarray:
    """The scores of the fewest tokens that together reach probability `p`, the others at -inf.

    Args:
        scores: (..., V); left as it is.
        p: above 0, to 1. The likeliest token always stays; at 1 everything does.
    Source: Holtzman, Buys, Du, Forbes and Choi, "The Curious Case of Neural Text Degeneration",
        2019.

    >>> keep_top_p(np.log([0.2, 0.5, 0.3]), 0.6).round(2)
    array([ -inf, -0.69, -1.2 ])
    """
    if p >= 1:
        return scores
    order = np.argsort(-scores, axis=-1, kind="stable")  # (..., V), the likeliest first
    likely = softmax_kernel(np.take_along_axis(scores, order, -1), -1)
    before = np.cumsum(likely, axis=-1) - likely  # what the likelier ones reach without it
    kept = np.empty(scores.shape, bool)
    np.put_along_axis(kept, order, before < p, -1)
    return np.where(kept, scores, -np.inf)


def check_sampling(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Refuse settings that mean nothing."""
    if not temperature >= 0:
        raise ValueError(f"temperature={temperature}, expected 1 (as it is), 0 (greedy) or more")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k={top_k}, expected 1 or more, or None for all tokens")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p={top_p}, expected a probability above 0, or None for all tokens")


def token_probabilities(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Tensor:
    """With which probability each token is to be drawn, given its score.

    Args:
        logits: (..., V), scores.
        temperature: what scores are divided by: below 1 the likely become likelier, above 1 all
            come closer, at 0 the best one alone is left (the first of those that tie).
        top_k: how many of the best may be drawn.
        top_p: draw from the fewest that together reach this probability (after top_k).
    Returns: (..., V) in float64, adding up to 1.
    Raises: ValueError for settings out of range.

    >>> token_probabilities(Tensor([2.0, 1.0, 0.0]), temperature=0.5)
    tensor([0.8668, 0.1173, 0.0159], dtype=tinytorch.float64)
    """
    check_sampling(temperature, top_k, top_p)
    scores = logits.array.astype(np.float64)
    if temperature == 0:
        best = scores.argmax(-1)[..., None]
        return Tensor((np.arange(scores.shape[-1]) == best).astype(np.float64))
    scores /= temperature
    if top_k is not None:
        scores = keep_top_k(scores, top_k)
    if top_p is not None:
        scores = keep_top_p(scores, top_p)
    return Tensor(softmax_kernel(scores, -1))


def sample_next(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """Draw a token by the probabilities of `token_probabilities`.

    Args:
        logits: (..., V), scores.
        temperature, top_k, top_p: see there.
        generator: where the random numbers come from; the default one unless given.
    Returns: (...), integers from 0 to V - 1.

    >>> sample_next(Tensor([[0.0, 9.0], [5.0, 1.0]]), temperature=0)
    tensor([1, 0])
    """
    likely = token_probabilities(logits, temperature, top_k, top_p).array
    # The probabilities side by side are a line from 0 to 1: a uniform number falls on one of them.
    ends = np.cumsum(likely, axis=-1)  # (..., V)
    ends /= ends[..., -1:]  # rounding had left the last one just beside 1
    drawn = (generator or default_generator).rng.random((*ends.shape[:-1], 1))
    return Tensor((ends <= drawn).sum(-1))


def generate(
    model: Module,
    ids: Tensor,
    max_new_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """Let `model` go on with `ids`, one token at a time, each chosen with all before it in view.

    Args:
        model: from ids (B, T) to scores (B, T, V); in evaluation mode while it writes. Where it has
            a `max_length`, it sees that many of the last tokens.
        ids: (B, T), the prompts; T is at least 1.
        temperature, top_k, top_p, generator: see `sample_next`.
    Returns: (B, T + max_new_tokens), the prompts first.
    """
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(
            f"generate: got ids of shape {ids.shape}, expected (batch, time) with at least one "
            "token each; start with a token that stands for the beginning, such as a newline."
        )
    seen = getattr(model, "max_length", None) or ids.shape[1] + max_new_tokens
    with measuring(model):
        for _ in range(max_new_tokens):
            logits = model(ids[:, -seen:])[:, -1]  # (B, V): what comes after the last token
            new = sample_next(logits, temperature, top_k, top_p, generator)
            ids = cat([ids, new.unsqueeze(1)], dim=1)
    return ids
