"""04 · Losses: one number that says how wrong the model is.

Training makes that number smaller, so it has to say what is meant, and it has to have a slope
everywhere. For quantities there is the squared error. For classes there is the cross-entropy: how
surprised the model is by what came. It is computed from scores (logits), never from probabilities,
because the logarithm of a share that was rounded to 0 is infinite.

A loss of each example becomes one number by its `reduction`: "mean", "sum", or "none" for no
reduction. Shapes that merely could be broadcast are refused: (N,) against (N, 1) would compare
every prediction with every target, and train to nonsense without a word.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.core.activations import expect_floating, log_softmax, softplus
from tinytorch.core.layers import FunctionModule
from tinytorch.core.tensor import Tensor, alignment, apply, kernel

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "Loss", "MSELoss", "NLLLoss",
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "mse_loss",
    "nll_loss", "reduced", "same_shape",
]  # fmt: skip


def check_reduction(reduction: str) -> None:
    """Refuse any reduction but the three that there are."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction={reduction!r} is none of "mean", "sum" and "none"')


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """The losses of all examples as one number: their "mean", their "sum"; "none" leaves them.

    >>> reduced(Tensor([1.0, 3.0]), "mean")
    tensor(2.)
    """
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    check_reduction(reduction)
    return losses


# --------------------------------------------------------------------------------------- quantities


def meeting(input: tuple[int, ...], target: tuple[int, ...]) -> str:
    """What broadcasting would make of two shapes that should have been equal."""
    refusal = alignment(input, target)
    if refusal:
        return refusal
    out = np.broadcast_shapes(input, target)
    sizes = [np.prod(shape, dtype=int) for shape in (input, target, out)]
    width = max(len(str(n)) for n in out) + 2
    rows = ["".join(f"{n:>{width}}" for n in s).rjust(width * len(out)) for s in (input, target)]
    way_out = "Bring one to the shape of the other, such as target.reshape(input.shape)."
    if sizes[0] != sizes[1]:
        way_out = "Make sure that every value of the input has its own target."
    return (
        f"Broadcasting would line them up from the right and compare {sizes[0]} values with "
        f"{sizes[1]} as {out}, {sizes[2]} pairs:\n"
        f"  input   {rows[0]}\n  target  {rows[1]}\n{way_out}"
    )


def same_shape(
    name: str, input: Tensor, target: Tensor, error: type[Exception] = RuntimeError
) -> None:
    """Refuse, with `error`, predictions and targets of different shapes; show how they would meet.

    >>> same_shape("mse_loss", Tensor([1.0, 2.0]), Tensor([[1.0], [2.0]]))
    Traceback (most recent call last):
    ...
    RuntimeError: mse_loss: the input has shape (2,) and the target (2, 1), expected one shape.
    Broadcasting would line them up from the right and compare 2 values with 2 as (2, 2), 4 pairs:
      input        2
      target    2  1
    Bring one to the shape of the other, such as target.reshape(input.shape).
    """
    expect_floating(name, input)
    if not isinstance(target, Tensor):
        raise TypeError(f"{name}: the target is a {type(target).__name__}, expected a Tensor")
    if input.shape != target.shape:
        raise error(
            f"{name}: the input has shape {input.shape} and the target {target.shape}, expected "
            f"one shape.\n{meeting(input.shape, target.shape)}"
        )


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """The squared error (input - target)²: twice as far off is four times as bad.

    Args:
        input: predictions, any shape.
        target: what should have come, the same shape.
        reduction: "mean" over all values, "sum", or "none".
    Raises: RuntimeError when the shapes differ, even where they could be broadcast.

    >>> mse_loss(Tensor([1.0, 2.0]), Tensor([1.0, 5.0]))
    tensor(4.5000)
    """
    same_shape("mse_loss", input, target)
    return reduced((input - target) ** 2, reduction)


# ------------------------------------------------------------------------------------- many classes


@kernel("nll")
def nll_kernel(
    log_probs: np.ndarray, labels: np.ndarray, share: np.ndarray, reduction: str
) -> np.ndarray:
    """Minus the log-probability at each label, times the share with which the example counts.

    Args:
        log_probs: (N, C).
        labels: (N,), class numbers in 0 to C - 1.
        share: (N,), or a single number for all: 1 / N makes the sum a mean.
        reduction: the losses are added up unless it is "none".
    Returns: (N,) for "none", else a single number, in the type of log_probs.

    >>> log_probs, labels = np.array([[-0.1, -2.4], [-0.7, -0.7]]), np.array([1, 0])
    >>> nll_kernel(log_probs, labels, np.array(0.5), "none")
    array([1.2 , 0.35])
    """
    losses = log_probs[np.arange(len(labels)), labels] * -share
    return losses if reduction == "none" else np.add.reduce(losses)


def rows_of(input: Tensor) -> Tensor:
    """(C,), (N, C) or (N, C, d1, ...) as one row of C values per label.

    >>> rows_of(Tensor(np.zeros((2, 3, 4, 5)))).shape
    (40, 3)
    """
    if input.ndim == 2:
        return input
    if input.ndim == 1:
        return input.reshape(1, *input.shape)
    last = input.permute(0, *range(2, input.ndim), 1)  # (N, d1, ..., C)
    return last.reshape(math.prod(last.shape[:-1]), last.shape[-1])


def check_labels(name: str, input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    """Refuse scores, labels and weights whose shapes or dtypes do not fit."""
    expect_floating(name, input)
    if not isinstance(target, Tensor):
        raise TypeError(f"{name}: the target is a {type(target).__name__}, expected a Tensor")
    if not input.ndim:
        raise RuntimeError(f"{name}: the input is a single number, expected (C,) or (N, C, ...)")
    expected = input.shape[:1] * (input.ndim > 1) + input.shape[2:]
    if target.dtype.kind not in "iu":
        raise RuntimeError(
            f"{name}: the target holds {target.dtype} values, expected class numbers of an "
            f"integer dtype and shape {expected}; write target.long()"
        )
    if target.shape != expected:
        error = ValueError if target.ndim == len(expected) == 1 else RuntimeError
        way_out = "Give every row of scores one class number."
        if target.shape == input.shape:
            way_out = (
                "For one row of 0 and 1 per example, write target.argmax(dim=1); for "
                "probabilities, target.float()."
            )
        elif math.prod(target.shape) == math.prod(expected):
            way_out = (
                f"Write target.reshape{expected}." if expected else "Write target.reshape(())."
            )
        raise error(
            f"{name}: the input has shape {input.shape} and the target {target.shape}, expected "
            f"class numbers of shape {expected}. {way_out}"
        )
    if weight is not None:
        check_weight(name, input, weight)


def check_range(name: str, target: Tensor, counts: np.ndarray, classes: int) -> None:
    """Refuse the first label that is no class, where NumPy would take -1 for the last one."""
    labels = target.array
    wrong = counts.reshape(labels.shape) & ((labels < 0) | (labels >= classes))
    if wrong.any():
        place = np.argwhere(wrong)[0].tolist()
        raise IndexError(
            f"{name}: target{place} is {labels[tuple(place)]}, and the {classes} classes have the "
            f"numbers 0 to {classes - 1} ({wrong.sum()} of {labels.size} labels are none of them). "
            f"To leave out a label, pass ignore_index={labels[tuple(place)]}."
        )


def check_weight(name: str, input: Tensor, weight: Tensor) -> None:
    """Refuse weights that are not one number per class in the dtype of the scores."""
    classes = input.shape[min(1, input.ndim - 1)]
    if weight.shape != (classes,) or weight.dtype != input.dtype:
        raise RuntimeError(
            f"{name}: the weight has shape {weight.shape} and dtype {weight.dtype}, expected one "
            f"number per class, ({classes},), of {input.dtype}"
        )


def warn_if_made_by(op: str, name: str, input: Tensor, expected: str) -> None:
    """Warn of a loss that is given shares where it computes them itself."""
    if getattr(getattr(input, "grad_fn", None), "op", None) == op:
        warnings.warn(f"{name}: the input was made by {op}; expected {expected}.", stacklevel=3)


def counted(
    name: str,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The labels in a row, and their `shares`; labels that are no class are refused."""
    check_reduction(reduction)
    labels, classes = target.array.reshape(-1), input.shape[min(1, input.ndim - 1)]
    unsigned = labels.view(f"u{labels.itemsize}")  # a negative number then is a very large one
    valid = unsigned.max(initial=0) < classes and not 0 <= ignore_index < classes
    if valid and weight is None and len(labels):  # the common case: all count the same
        share = np.array(1 / len(labels) if reduction == "mean" else 1, input.dtype)
        return labels, share, share
    counts = labels != ignore_index
    check_range(name, target, counts, classes)
    labels, each = np.where(counts, labels, 0), counts.astype(input.dtype)
    return labels, *shares(labels, each, None if weight is None else weight.array, reduction)


def shares(
    labels: np.ndarray, counts: np.ndarray, weight: np.ndarray | None, reduction: str
) -> tuple[np.ndarray, np.ndarray]:
    """How much each example counts: without the weights of the classes, and with them.

    For a mean both are divided by the sum of the shares with weights, so those add up to 1. An
    example that does not count has the share 0, also where nothing counts.

    Args:
        labels: (N,), class numbers.
        counts: (N,), 1 for an example that counts, 0 for one to ignore, in the type of the losses.
        weight: (C,), how much each class counts; None for all the same.
        reduction: "mean", "sum" or "none".
    Returns: two arrays (N,).

    >>> shares(np.array([0, 1]), np.array([1.0, 1.0]), np.array([1.0, 3.0]), "mean")
    (array([0.25, 0.25]), array([0.25, 0.75]))
    """
    share = counts if weight is None else counts * weight[labels]
    if reduction != "mean" or not counts.any():
        return counts, share
    total = share.sum()
    return counts / total, share / total


def finished(loss: Tensor, share: np.ndarray, target: Tensor, reduction: str) -> Tensor:
    """Losses in the shape of their labels, or their sum; a mean of nothing is nan.

    Args:
        loss: the losses, (N,), where the reduction is "none"; else a single number.
        share: (N,), how much each example counts, or a single number for all.
        target: the labels, with N values in their own shape.
        reduction: "mean", "sum" or "none".

    >>> finished(Tensor([0.7, 2.4]), np.array([1.0, 1.0]), Tensor([[1], [0]]), "none").shape
    (2, 1)
    """
    if reduction == "none":
        return loss.reshape(target.shape)
    if reduction == "mean" and not share.any():
        return loss + math.nan  # added, so that the gradients stay 0
    return loss


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood: minus the log-probability that was given to the right class.

    Args:
        input: log-probabilities, (C,), (N, C) or (N, C, d1, ...), as from log_softmax.
        target: class numbers, (), (N,) or (N, d1, ...), of an integer dtype.
        weight: (C,), how much each class counts.
        ignore_index: examples with this label do not count.
        reduction: "mean", in which an example has the weight of its label, "sum" or "none".
    Raises: IndexError for a label that is no class, RuntimeError or ValueError for what does not
        fit otherwise.

    >>> from tinytorch.core.tensor import tensor
    >>> nll_loss(Tensor([[-0.1, -2.4], [-0.7, -0.7]]), tensor([1, 0]))
    tensor(1.5500)
    """
    warn_if_made_by("softmax", "nll_loss", input, "log-probabilities; use log_softmax instead")
    check_labels("nll_loss", input, target, weight)
    labels, _, share = counted("nll_loss", input, target, weight, ignore_index, reduction)
    loss = apply("nll", rows_of(input), Tensor(labels), Tensor(share), reduction=reduction)
    return finished(loss, share, target, reduction)


def smoothed(
    labels: np.ndarray,
    base: np.ndarray,
    share: np.ndarray,
    weight: Tensor | None,
    classes: int,
    smoothing: float,
) -> np.ndarray:
    """Labels as distributions: 1 - smoothing at the label, the rest spread evenly over all classes.

    Args:
        labels: (N,), class numbers.
        base: (N,), or a single number for all: how much each example counts.
        share: the same with the weight of the example's label in it.
        weight: (C,), how much each class counts in the spread part; None for all the same.
        classes: their number, C.
        smoothing: the part that is spread, from 0 to 1.
    Returns: (N, C), in the type of share; each row is multiplied by how much the example counts.

    >>> smoothed(np.array([1]), np.array(1.0), np.array(1.0), None, 4, 0.2)
    array([[0.05, 0.85, 0.05, 0.05]])
    """
    rows = np.empty((len(labels), classes), share.dtype)
    rows[...] = base.reshape(-1, 1) * (smoothing / classes)
    if weight is not None:
        rows *= weight.array
    rows[np.arange(len(labels)), labels] += share * (1 - smoothing)
    return rows


def check_smoothing(label_smoothing: float) -> None:
    """Refuse a share that is none."""
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(
            f"cross_entropy: label_smoothing={label_smoothing}, expected a number from 0 to 1"
        )


def check_probabilities_of_classes(input: Tensor, target: Tensor, ignore_index: int) -> None:
    """Refuse targets that are meant as probabilities but do not match the scores."""
    expect_floating("cross_entropy", input)
    if target.shape != input.shape or not input.ndim:
        raise RuntimeError(
            f"cross_entropy: the target holds {target.dtype} values of shape {target.shape}, and "
            f"the input has shape {input.shape}. Class numbers are integers: write "
            "target.long(). Probabilities have the shape of the input."
        )
    if ignore_index >= 0:
        raise RuntimeError(
            f"cross_entropy: ignore_index={ignore_index} is for class numbers, and the target "
            "holds probabilities. Make its rows 0 where they should not count."
        )


def surprise(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, smoothing: float
) -> Tensor:
    """The cross-entropy for targets that are distributions: -sum(target * log(softmax(input))).

    Args:
        input: scores, (C,), (N, C) or (N, C, d1, ...).
        target: probabilities of the same shape.
        weight: (C,), how much each class counts.
        ignore_index: for class numbers alone; refused here when it is not negative.
        smoothing: this part of each target, from 0 to 1, is spread over all classes evenly.
    Returns: the loss of each example, the shape of `input` without C.

    >>> surprise(Tensor([[2.0, 1.0, 0.0]]), Tensor([[0.5, 0.5, 0.0]]), None, -100, 0.0)
    tensor([0.9076])
    """
    check_probabilities_of_classes(input, target, ignore_index)
    dim = min(1, input.ndim - 1)
    classes = input.shape[dim]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    if weight is not None:
        check_weight("cross_entropy", input, weight)
        target = target * weight.reshape(classes, *[1] * (input.ndim - dim - 1))
    return -(log_softmax(input, dim) * target).sum(dim)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """How surprised the scores are by the classes: -log(softmax(input)) at the target.

    A model that knows nothing about C classes has the loss log(C). Its gradient is what one would
    wish for: the predicted shares minus the true ones.

    Args:
        input: scores (logits), (C,), (N, C) or (N, C, d1, ...), not passed through softmax.
        target: class numbers, (), (N,) or (N, d1, ...), of an integer dtype; or probabilities of
            all classes, of the shape of the input and floating-point.
        weight: (C,), how much each class counts.
        ignore_index: examples with this label do not count.
        reduction: "mean", in which an example has the weight of its label, "sum" or "none".
        label_smoothing: this part of each target, in [0, 1], is spread over all classes evenly.
    Raises: IndexError for a label that is no class, RuntimeError or ValueError for what does not
        fit otherwise.
    Source: label smoothing, Szegedy et al., "Rethinking the Inception Architecture", 2015.

    >>> from tinytorch.core.tensor import tensor
    >>> cross_entropy(Tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), tensor([0, 2]))
    tensor(0.6691)
    """
    warn_if_made_by("softmax", "cross_entropy", input, "the scores; leave the softmax out")
    check_smoothing(label_smoothing)
    if isinstance(target, Tensor) and target.dtype.kind == "f":
        losses = surprise(input, target, weight, ignore_index, label_smoothing)
        return reduced(losses, reduction)
    check_labels("cross_entropy", input, target, weight)
    log_probs = log_softmax(rows_of(input), dim=1)  # (N, C)
    labels, base, share = counted("cross_entropy", input, target, weight, ignore_index, reduction)
    if label_smoothing:
        smooth = smoothed(labels, base, share, weight, log_probs.shape[1], label_smoothing)
        loss = (log_probs * Tensor(-smooth)).sum(dim=1 if reduction == "none" else None)
    else:
        loss = apply("nll", log_probs, Tensor(labels), Tensor(share), reduction=reduction)
    return finished(loss, share, target, reduction)


# ---------------------------------------------------------------------------------------- yes or no


def weighted(what: str, losses: Tensor, weight: Tensor | None) -> Tensor:
    """`losses` times `weight`, refused if the product has more values than there are losses.

    Args:
        what: the name of the weight, for the message.
        losses: any shape.
        weight: a shape that can be broadcast to that of the losses; None leaves them as they are.
    Raises: RuntimeError with `what` and both shapes when the losses would be broadcast.

    >>> weighted("weight", Tensor([[1.0, 2.0]]), Tensor([10.0]))
    tensor([[10., 20.]])
    """
    if weight is None:
        return losses
    product = losses * weight
    if product.shape != losses.shape:
        raise RuntimeError(
            f"{what} of shape {weight.shape} does not fit losses of shape {losses.shape}: the "
            f"product would have shape {product.shape}. Expected one factor per loss, or a shape "
            "that can be broadcast to them."
        )
    return product


@kernel("bce")
def bce_kernel(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """-(y log(p) + (1 - y) log(1 - p)), with logarithms of at least -100.

    A probability that was rounded to 0 would otherwise make the loss infinite.

    Args:
        p: probabilities of yes, any shape, from 0 to 1.
        y: 1 for yes, 0 for no, or anything between; the same shape.

    >>> bce_kernel(np.array([0.5, 0.0]), np.array([1.0, 1.0]))
    array([  0.69314718, 100.        ])
    """
    return -(y * np.maximum(np.log(p), -100) + (1 - y) * np.maximum(np.log1p(-p), -100))


def check_probabilities(input: Tensor, target: Tensor) -> None:
    """Refuse values that are no probabilities, or of two dtypes."""
    if input.dtype != target.dtype:
        raise RuntimeError(
            f"binary_cross_entropy: got an input of {input.dtype} and a target of {target.dtype}, "
            f"expected one dtype; write target.to(input.dtype)"
        )
    for what, t in (("input", input), ("target", target)):
        if not ((t.array >= 0) & (t.array <= 1)).all():
            raise RuntimeError(
                f"binary_cross_entropy: the {what} has values from {t.array.min():.4g} to "
                f"{t.array.max():.4g}, expected probabilities from 0 to 1. For scores of any size "
                "use binary_cross_entropy_with_logits."
            )


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """The cross-entropy of yes and no, from probabilities.

    Args:
        input: probabilities of yes, any shape, in [0, 1].
        target: 1 for yes, 0 for no, or anything between; the same shape and dtype.
        weight: a factor for each value, which can be broadcast.
        reduction: "mean" over all values, "sum" or "none".
    Raises: ValueError when the shapes differ, RuntimeError for values that are no probabilities.

    >>> binary_cross_entropy(Tensor([0.9, 0.2]), Tensor([1.0, 0.0]))
    tensor(0.1643)
    """
    same_shape("binary_cross_entropy", input, target, ValueError)
    check_probabilities(input, target)
    return reduced(weighted("weight", apply("bce", input, target), weight), reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The cross-entropy of yes and no, from scores; sigmoid is part of it.

    With p = sigmoid(x), log(p) is -softplus(-x) and log(1 - p) is -softplus(x). Nothing is
    rounded to 0 on the way, however large the score is.

    Args:
        input: scores (logits), any shape: above 0 for yes.
        target: 1 for yes, 0 for no, or anything between; the same shape.
        weight: a factor for each value, which can be broadcast.
        reduction: "mean" over all values, "sum" or "none".
        pos_weight: a factor for the yes part, which can be broadcast: above 1 where yes is rare.
    Raises: ValueError when the shapes differ.

    >>> binary_cross_entropy_with_logits(Tensor([0.0, 10000.0]), Tensor([1.0, 1.0]))
    tensor(0.3466)
    """
    name = "binary_cross_entropy_with_logits"
    warn_if_made_by("sigmoid", name, input, "the scores; leave the sigmoid out")
    same_shape(name, input, target, ValueError)
    expect_floating(f"{name}: the target", target)
    if pos_weight is None:
        losses = softplus(input) - input * target  # since softplus(-x) = softplus(x) - x
    else:
        yes = weighted("pos_weight", target * softplus(-input), pos_weight)
        losses = yes + (1 - target) * softplus(input)
    return reduced(weighted("weight", losses, weight), reduction)


# -------------------------------------------------------------------------------- losses as modules


class Loss(FunctionModule):
    """A loss function as a module; its weights are buffers, so they are saved and converted.

    Args:
        function: called with input, target and, by keyword, the settings and the buffers.
        buffers: weights by name; None where there is none.
        settings: kept as attributes.
    """

    def __init__(self, function: Callable, buffers: dict[str, Tensor | None], **settings: Any):
        super().__init__(function, **settings)
        for name, buffer in buffers.items():
            self.register_buffer(name, buffer)
        self.settings += tuple(buffers)

    def extra_repr(self) -> str:
        """Nothing, as in PyTorch."""
        return ""


class CrossEntropyLoss(Loss):
    """`cross_entropy` as a module.

    >>> from tinytorch.core.tensor import tensor
    >>> criterion = CrossEntropyLoss(label_smoothing=0.1)
    >>> criterion(Tensor([[2.0, 0.0]]), tensor([0]))
    tensor(0.2269)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):
        super().__init__(
            cross_entropy,
            {"weight": weight},
            ignore_index=ignore_index,
            reduction=reduction,
            label_smoothing=label_smoothing,
        )


class MSELoss(Loss):
    """`mse_loss` as a module."""

    def __init__(self, *, reduction: str = "mean"):
        super().__init__(mse_loss, {}, reduction=reduction)


class NLLLoss(Loss):
    """`nll_loss` as a module."""

    def __init__(
        self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
    ):
        buffers = {"weight": weight}
        super().__init__(nll_loss, buffers, ignore_index=ignore_index, reduction=reduction)


class BCELoss(Loss):
    """`binary_cross_entropy` as a module."""

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean"):
        super().__init__(binary_cross_entropy, {"weight": weight}, reduction=reduction)


class BCEWithLogitsLoss(Loss):
    """`binary_cross_entropy_with_logits` as a module."""

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ):
        buffers = {"weight": weight, "pos_weight": pos_weight}
        super().__init__(binary_cross_entropy_with_logits, buffers, reduction=reduction)
