"""More optimizers, built on module 07."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinytorch.core.optimizers import Optimizer, blocks, check_hints, descent, some
from tinytorch.core.tensor import Tensor, apply, kernel

__all__ = ["Adagrad"]


@kernel("adagrad_")
def adagrad_(param, grad, total, *, lr, eps, weight_decay, maximize):
    """A step scaled by the root of the `total` of all squared gradients so far."""
    for p, g, s in blocks(param, grad, total):
        g, t = (
            descent(p, g, weight_decay, maximize),
            np.empty_like(p),
        )  # t is for what comes between
        s += np.multiply(g, g, out=t)
        np.sqrt(s, out=t)
        t += eps
        np.divide(g, t, out=t)
        t *= lr
        p -= t
    return param


class Adagrad(Optimizer):
    """A step size per value that shrinks as gradients add up: rare features keep a large one.

    s = s + g², then p = p - lr / (1 + (step - 1) * lr_decay) * g / (sqrt(s) + eps).

    Args:
        params: tensors, or groups of them.
        lr: the length of the first step, at least 0.
        lr_decay: shrinks the step size with their number, on top of s.
        weight_decay: adds weight_decay * p to the gradient.
        initial_accumulator_value: where s begins, at least 0.
        eps: keeps the division finite.
        maximize: climb instead of descending.
        hints: foreach and fused are accepted and change nothing.
    Source: Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and
        Stochastic Optimization", 2011.

    >>> w = Tensor([3.0], requires_grad=True)
    >>> optimizer = Adagrad([w], lr=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w
    tensor([2.5000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        **hints: Any,
    ):
        check_hints("Adagrad", hints)
        if not initial_accumulator_value >= 0:
            raise ValueError(
                f"Adagrad: initial_accumulator_value is {initial_accumulator_value}, expected a "
                "number of at least 0"
            )
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def update(self, param: Tensor, grad: Tensor, state: dict, options: dict) -> None:
        if not state:
            begin = np.full_like(param.array, options["initial_accumulator_value"])
            state.update(step=0, sum=Tensor(begin))
        lr = options["lr"] / (1 + state["step"] * options["lr_decay"])
        state["step"] += 1
        options = some(options, "eps", "weight_decay", "maximize")
        apply("adagrad_", param, grad, state["sum"], lr=lr, **options)
