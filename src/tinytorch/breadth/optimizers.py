"""More optimizers, the rare options of those of module 07, and what all of them refuse."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tinytorch.core.optimizers import (
    GUARDS,
    SGD,
    Adam,
    LambdaLR,
    LRScheduler,
    Optimizer,
    RMSprop,
    blockwise,
    decayed,
    descend,
    remembered,
    some,
    variant,
)
from tinytorch.core.tensor import Tensor, apply, kernel

__all__ = ["Adagrad"]


# ------------------------------------------------------------------------------ the refusals


def guard(what: str) -> Callable[[Callable], Callable]:
    """Register the decorated function as the one that looks at each new `what`."""
    return lambda function: GUARDS.setdefault(what, function)


@guard("hints")
def check_hints(optimizer: Optimizer, hints: dict[str, Any]) -> None:
    """Accept PyTorch's hints about how to compute the same update; refuse what would change it."""
    name = type(optimizer).__name__
    for key, value in hints.items():
        if key in ("capturable", "differentiable") and value:
            raise NotImplementedError(
                f"{name}: {key}={value} is not supported: updates write in place and are not "
                "recorded. Leave it out."
            )
        if key not in ("foreach", "fused", "capturable", "differentiable"):
            raise TypeError(f"{name}: got an unexpected argument {key!r}")


@guard("parameters")
def check_parameters(optimizer: Optimizer, params: Any) -> None:
    """Refuse what is not several tensors."""
    if isinstance(params, Tensor) or not isinstance(params, Iterable):
        raise TypeError(
            f"{type(optimizer).__name__}: got a {type(params).__name__}, expected several tensors: "
            "model.parameters(), or a list such as [weight, bias]."
        )


@guard("list of parameters")
def check_not_empty(optimizer: Optimizer, params: list) -> None:
    """Refuse to optimize nothing, and Nesterov's step without a velocity."""
    name, defaults = type(optimizer).__name__, optimizer.defaults
    if not params:
        raise ValueError(
            f"{name}: got an empty parameter list. Was model.parameters() read "
            "before, or are the parameters in a plain list that the model does not know?"
        )
    momentum, dampening = defaults.get("momentum", 0), defaults.get("dampening", 0)
    if defaults.get("nesterov") and (momentum <= 0 or dampening != 0):
        raise ValueError(
            f"{name}: nesterov with momentum={momentum} and dampening={dampening}, expected a "
            "momentum above 0 and a dampening of 0"
        )


@guard("settings")
def check_group(optimizer: Optimizer, param_group: Any) -> None:
    """Refuse what is not a group, and parameters without an order."""
    if not isinstance(param_group, dict):
        raise TypeError(f"add_param_group: got {param_group!r}, expected a dict with 'params'")
    if isinstance(param_group["params"], (set, frozenset)):
        raise TypeError(
            "add_param_group: got a set, whose order changes from run to run, while a saved "
            "state counts parameters. Pass a list."
        )


@guard("group")
def check_members(optimizer: Optimizer, group: dict[str, Any]) -> None:
    """Refuse what an optimizer cannot move, a parameter that comes twice, settings out of range."""
    name = type(optimizer).__name__
    known = {param for other in optimizer.param_groups for param in other["params"]}
    for i, param in enumerate(group["params"]):
        check_parameter(f"{name}: parameter {i}", param, known)
        known.add(param)
    for key in ("lr", "momentum", "alpha", "weight_decay", "eps", "lr_decay"):
        if not group.get(key, 0) >= 0:  # NaN is not either
            raise ValueError(f"{name}: {key} is {group[key]}, expected a number of at least 0")
    for beta in group.get("betas", ()):
        if not 0 <= beta < 1:
            raise ValueError(f"{name}: betas are {group['betas']}, expected two numbers in [0, 1)")


def check_parameter(name: str, param: Any, known: set[Tensor]) -> None:
    """Refuse what an optimizer cannot move."""
    if not isinstance(param, Tensor):
        hint = "Pass model.parameters()." if hasattr(param, "parameters") else ""
        raise TypeError(f"{name} is a {type(param).__name__}, expected a Tensor. {hint}".rstrip())
    if not param.is_leaf:
        raise ValueError(
            f"{name} of shape {param.shape} is not a leaf: {param.grad_fn.op!r} computed it, and "
            "the next forward pass would compute it again. Pass the tensors that it came from, or "
            "call .requires_grad_() after the computation, not before."
        )
    if param in known:
        raise ValueError(
            f"{name} of shape {param.shape} came before: it would move twice per step. List each "
            "parameter once, also across groups."
        )


@guard("saved groups")
def check_saved(optimizer: Optimizer, saved: list[dict[str, Any]]) -> None:
    """Refuse a state of groups of other sizes."""
    theirs, ours = ([len(g["params"]) for g in side] for side in (saved, optimizer.param_groups))
    if theirs != ours:
        raise ValueError(
            f"{type(optimizer).__name__}.load_state_dict: the saved groups have {theirs} "
            f"parameters, this optimizer's have {ours}. Build it with the same groups."
        )


@guard("saved value")
def check_saved_value(param: Tensor, saved: tuple[str, Any, int]) -> None:
    """Refuse a saved tensor of another shape than its parameter's; a count has none."""
    name, value, number = saved
    if isinstance(value, Tensor) and name != "step" and value.shape != param.shape:
        raise ValueError(
            f"load_state_dict: {name!r} of parameter {number} has shape {value.shape}, the "
            f"parameter {param.shape}. Are the parameters in another order than when it was saved?"
        )


@guard("schedule")
def check_schedule(schedule: LRScheduler, new: tuple[Any, int]) -> None:
    """Refuse a schedule of something else, one that begins in the middle, functions too few."""
    (optimizer, last_epoch), name = new, type(schedule).__name__
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{name}: got a {type(optimizer).__name__}, expected an Optimizer")
    if last_epoch != -1:
        raise NotImplementedError(
            f"{name}: last_epoch={last_epoch} is not supported. Build the schedule anew and resume "
            "it with load_state_dict(), as the optimizer."
        )
    groups = len(optimizer.param_groups)
    if isinstance(schedule, LambdaLR) and len(schedule.lr_lambdas) != groups:
        raise ValueError(
            f"{name}: got {len(schedule.lr_lambdas)} functions for {groups} groups of "
            "parameters, expected one for each, or a single one for all"
        )


# --------------------------------------------------------------------------- the rare options


@kernel("sgd_damped_")
@blockwise
def sgd_damped_(param, grad, velocity, *, lr, momentum, dampening, weight_decay, nesterov):
    """`sgd_`, where a part of each gradient but the first stays out of the velocity."""
    grad = decayed(param, grad, weight_decay)
    velocity *= momentum
    velocity += (1 - dampening) * grad
    descend(param, grad + momentum * velocity if nesterov else velocity, lr)


@variant(SGD, "dampening")
def damped(optimizer: SGD, param: Tensor, grad: Tensor, state: dict, options: dict) -> None:
    """SGD's update in groups that set `dampening`."""
    if not options["momentum"] or "momentum_buffer" not in state:  # the first one is not damped
        optimizer.update(param, grad, state, options)
        return
    velocity = state["momentum_buffer"]
    names = ("lr", "momentum", "dampening", "weight_decay", "nesterov")
    apply("sgd_damped_", param, grad, velocity, **some(options, *names))


@kernel("rmsprop_more_")
@blockwise
def rmsprop_more_(param, grad, square, *more, lr, alpha, eps, weight_decay, momentum, centered):
    """`rmsprop_` with a velocity, with a centred mean square, or with both.

    `more` has the velocity if there is momentum, then the running mean of gradients if centered.
    """
    grad = decayed(param, grad, weight_decay)
    t = (1 - alpha) * grad  # one array for all that comes between
    t *= grad
    square *= alpha
    square += t
    if centered:  # the variance, square - mean**2, instead of the mean square
        mean = more[-1]
        np.subtract(grad, mean, out=t)
        t *= 1 - alpha
        mean += t
        np.multiply(mean, mean, out=t)
        square = np.subtract(square, t, out=t)
    np.sqrt(square, out=t)
    t += eps
    np.divide(grad, t, out=t)
    if momentum:
        velocity = more[0]
        velocity *= momentum
        velocity += t
        t = velocity
    descend(param, t, lr)


@variant(RMSprop, "centered")
@variant(RMSprop, "momentum")
def rmsprop_with_more(
    optimizer: RMSprop, param: Tensor, grad: Tensor, state: dict, options: dict
) -> None:
    """RMSprop's update in groups that set `momentum` or `centered`."""
    names = ["square_avg"]
    names += ["momentum_buffer"] if options["momentum"] else []
    names += ["grad_avg"] if options["centered"] else []
    averages = remembered(state, param, *names)
    state["step"] = state.get("step", 0) + 1
    options = some(options, "lr", "alpha", "eps", "weight_decay", "momentum", "centered")
    apply("rmsprop_more_", param, grad, *averages, **options)


@kernel("amsgrad_")
@blockwise
def amsgrad_(param, grad, exp_avg, exp_avg_sq, peak, *, step, lr, betas, eps, decay, shrink):
    """`adam_`, where `peak`, the largest mean square so far, takes the place of the mean square.

    `decay` goes into the gradient, as in Adam; the parameter is multiplied by `shrink`, as in
    AdamW.
    """
    beta1, beta2 = betas
    param *= shrink
    grad = decayed(param, grad, decay)
    t = (1 - beta1) * grad  # one array for all that comes between
    exp_avg *= beta1
    exp_avg += t
    np.multiply(grad, grad, out=t)
    t *= 1 - beta2
    exp_avg_sq *= beta2
    exp_avg_sq += t
    np.maximum(peak, exp_avg_sq, out=peak)
    root = math.sqrt(1 - beta2**step)
    np.sqrt(peak, out=t)
    t += eps * root
    np.divide(exp_avg, t, out=t)
    t *= lr * root / (1 - beta1**step)
    param -= t


@variant(Adam, "amsgrad")
def amsgrad(optimizer: Adam, param: Tensor, grad: Tensor, state: dict, options: dict) -> None:
    """Adam's and AdamW's update in groups that set `amsgrad`."""
    averages = remembered(state, param, "exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    state["step"] = state.get("step", 0) + 1
    decay, shrink = options["weight_decay"], 1.0
    if optimizer.op == "adamw_":
        decay, shrink = 0, 1 - options["lr"] * decay
    options = {**some(options, "lr", "betas", "eps"), "decay": decay, "shrink": shrink}
    apply("amsgrad_", param, grad, *averages, step=state["step"], **options)


# --------------------------------------------------------------------------------- Adagrad


@kernel("adagrad_")
@blockwise
def adagrad_(param, grad, total, *, lr, eps, weight_decay):
    """A step scaled by the root of the `total` of all squared gradients so far."""
    grad = decayed(param, grad, weight_decay)
    t = grad * grad  # one array for all that comes between
    total += t
    np.sqrt(total, out=t)
    t += eps
    np.divide(grad, t, out=t)
    t *= lr
    param -= t


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
        super().__init__(params, defaults, **hints)

    def update(self, param: Tensor, grad: Tensor, state: dict, options: dict) -> None:
        if not state:
            begin = np.full_like(param.array, options["initial_accumulator_value"])
            state.update(step=0, sum=Tensor(begin))
        lr = options["lr"] / (1 + state["step"] * options["lr_decay"])
        state["step"] += 1
        options = some(options, "eps", "weight_decay")
        apply("adagrad_", param, grad, state["sum"], lr=lr, **options)
