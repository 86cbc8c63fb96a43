"""More losses, built on module 04."""

from __future__ import annotations

import numpy as np

from tinytorch.core.activations import expect_floating
from tinytorch.core.autograd import vjp
from tinytorch.core.layers import FunctionModule
from tinytorch.core.losses import Loss, reduced, same_shape, warn_if_made_by
from tinytorch.core.tensor import Tensor, apply, kernel, where

__all__ = [
    "CosineEmbeddingLoss", "CosineSimilarity", "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss",
    "L1Loss", "MarginRankingLoss", "SmoothL1Loss", "cosine_embedding_loss", "cosine_similarity",
    "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss", "margin_ranking_loss",
    "smooth_l1_loss",
]  # fmt: skip


# -------------------------------------------------------------------------------- quantities


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """The absolute error |input - target|: twice as far off is twice as bad.

    Args:
        input: predictions, any shape.
        target: what should have come, the same shape.
        reduction: "mean" over all values, "sum", or "none".
    Raises: RuntimeError when the shapes differ.

    >>> l1_loss(Tensor([1.0, 2.0]), Tensor([1.0, 5.0]))
    tensor(1.5000)
    """
    same_shape("l1_loss", input, target)
    return reduced((input - target).abs(), reduction)


@kernel("huber")
def huber_kernel(x, delta):
    """x² / 2 up to `delta`, then on along the tangent."""
    size = np.abs(x)
    bent = np.minimum(size, delta)
    return bent * (size - 0.5 * bent)


@vjp("huber(x)", wrt="x")
def huber_dx(g, x, delta):
    return g * np.clip(x, -delta, delta)


def huber_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", delta: float = 1.0
) -> Tensor:
    """The squared error for small differences, the absolute one beyond `delta`: outliers pull less.

    Args:
        input: predictions, any shape.
        target: what should have come, the same shape.
        reduction: "mean" over all values, "sum", or "none".
        delta: above 0.
    Raises: RuntimeError when the shapes differ or delta is not above 0.
    Source: Huber, "Robust Estimation of a Location Parameter", 1964.

    >>> huber_loss(Tensor([0.5, 10.0]), Tensor([0.0, 0.0]), reduction="none")
    tensor([0.1250, 9.5000])
    """
    same_shape("huber_loss", input, target)
    if delta <= 0:
        raise RuntimeError(f"huber_loss: delta={delta}, expected a number above 0")
    return reduced(apply("huber", input - target, delta=float(delta)), reduction)


def smooth_l1_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0
) -> Tensor:
    """The absolute error, rounded off within `beta` of 0: the Huber loss divided by its delta.

    Args:
        input: predictions, any shape.
        target: what should have come, the same shape.
        reduction: "mean" over all values, "sum", or "none".
        beta: at least 0; at 0 this is `l1_loss`.
    Raises: RuntimeError when the shapes differ or beta is below 0.
    """
    same_shape("smooth_l1_loss", input, target)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss: beta={beta}, expected a number of at least 0")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    return reduced(apply("huber", input - target, delta=float(beta)) / beta, reduction)


# ---------------------------------------------------------------------------- distributions


@kernel("xlogx")
def xlogx_kernel(x):
    """x log(x), which is 0 at 0."""
    return x * np.log(np.where(x == 0, 1, x))


@vjp("xlogx(x)", wrt="x")
def xlogx_dx(g, x):
    return g * (np.log(x) + 1)


def kl_div(
    input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False
) -> Tensor:
    """The Kullback-Leibler divergence target * (log(target) - input), value by value.

    Args:
        input: log-probabilities, any shape, as from log_softmax.
        target: probabilities of the same shape, or their logarithms.
        reduction: "batchmean" divides the sum by the first size, as the formula has it; "mean" by
            the number of values; "sum" and "none".
        log_target: whether `target` holds logarithms.
    Raises: RuntimeError when the shapes differ.
    Source: Kullback and Leibler, "On Information and Sufficiency", 1951.

    >>> p, q = Tensor([[0.5, 0.5]]), Tensor([[0.25, 0.75]])
    >>> kl_div(q.log(), p, reduction="batchmean")
    tensor(0.1438)
    """
    warn_if_made_by("softmax", "kl_div", input, "log-probabilities; use log_softmax instead")
    same_shape("kl_div", input, target)
    expect_floating("kl_div: the target", target)
    if log_target:
        losses = target.exp() * (target - input)
    else:
        losses = apply("xlogx", target) - target * input
    if reduction == "batchmean":
        return losses.sum() / (input.shape[0] if input.ndim else 1)
    return reduced(losses, reduction)


# ------------------------------------------------------------------- how two things compare


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`: 1 same direction, 0 at right angles.

    Args:
        x1, x2: shapes that can be broadcast.
        eps: lengths below it count as this.
    Returns: the broadcast shape without `dim`, in [-1, 1].

    >>> cosine_similarity(Tensor([[1.0, 0.0]]), Tensor([[1.0, 1.0]]))
    tensor([0.7071])
    """
    expect_floating("cosine_similarity", x1)
    least = max(eps * eps, float(np.finfo(x1.dtype).smallest_subnormal))  # not 0 in float16
    lengths = [(x * x).sum(dim).clamp_min(least).sqrt() for x in (x1, x2)]
    return (x1 * x2).sum(dim) / (lengths[0] * lengths[1])


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    *,
    margin: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    """1 - cos for pairs that belong together (target 1), max(0, cos - margin) for others (-1).

    Args:
        input1, input2: (N, D) or (D,).
        target: (N,) or (), of 1 and -1.
        margin: how similar the others may be, from -1 to 1.
        reduction: "mean", "sum" or "none".
    """
    same_shape("cosine_embedding_loss", input1, input2)
    cos = cosine_similarity(input1, input2, dim=-1, eps=1e-6)
    same_shape("cosine_embedding_loss", cos, target)
    return reduced(where(target == 1, 1 - cos, (cos - margin).clamp_min(0)), reduction)


def hinge_embedding_loss(
    input: Tensor, target: Tensor, *, margin: float = 1.0, reduction: str = "mean"
) -> Tensor:
    """A distance itself where the target is 1, max(0, margin - distance) where it is -1.

    Args:
        input: distances, any shape.
        target: 1 and -1, the same shape.
        margin: how far apart is far enough.
        reduction: "mean", "sum" or "none".
    """
    same_shape("hinge_embedding_loss", input, target)
    return reduced(where(target == 1, input, (margin - input).clamp_min(0)), reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    *,
    margin: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    """max(0, -target * (input1 - input2) + margin): 1 wants the first one larger, -1 the second.

    Args:
        input1, input2: scores, any shape.
        target: 1 and -1, the same shape.
        margin: by how much at least.
        reduction: "mean", "sum" or "none".
    """
    same_shape("margin_ranking_loss", input1, input2)
    same_shape("margin_ranking_loss", input1, target)
    return reduced((margin - target * (input1 - input2)).clamp_min(0), reduction)


# -------------------------------------------------------------------------------- as modules


class L1Loss(Loss):
    """`l1_loss` as a module."""

    def __init__(self, *, reduction: str = "mean"):
        super().__init__(l1_loss, {}, reduction=reduction)


class SmoothL1Loss(Loss):
    """`smooth_l1_loss` as a module."""

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0):
        super().__init__(smooth_l1_loss, {}, reduction=reduction, beta=beta)


class HuberLoss(Loss):
    """`huber_loss` as a module."""

    def __init__(self, *, reduction: str = "mean", delta: float = 1.0):
        super().__init__(huber_loss, {}, reduction=reduction, delta=delta)


class KLDivLoss(Loss):
    """`kl_div` as a module."""

    def __init__(self, *, reduction: str = "mean", log_target: bool = False):
        super().__init__(kl_div, {}, reduction=reduction, log_target=log_target)


class CosineEmbeddingLoss(Loss):
    """`cosine_embedding_loss` as a module."""

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean"):
        super().__init__(cosine_embedding_loss, {}, margin=margin, reduction=reduction)


class HingeEmbeddingLoss(Loss):
    """`hinge_embedding_loss` as a module."""

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean"):
        super().__init__(hinge_embedding_loss, {}, margin=margin, reduction=reduction)


class MarginRankingLoss(Loss):
    """`margin_ranking_loss` as a module."""

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean"):
        super().__init__(margin_ranking_loss, {}, margin=margin, reduction=reduction)


class CosineSimilarity(FunctionModule):
    """`cosine_similarity` as a module."""

    def __init__(self, dim: int = 1, eps: float = 1e-8):
        super().__init__(cosine_similarity, dim=dim, eps=eps)
