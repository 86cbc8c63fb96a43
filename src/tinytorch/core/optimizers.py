"""07 · Optimizers: how parameters move once their gradients are known.

A gradient says which way is down at the place where the parameters are. How far to go, and how much
of what was seen before to take into account, is what tells one optimizer from the next. An
`Optimizer` holds the parameters, in groups with settings of their own, and what it remembers of
each. The updates are operations that write in place, and a schedule changes the learning rate
between them.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch.core.autograd import enable_grad, no_grad
from tinytorch.core.tensor import KERNELS, Tensor, apply, kernel

__all__ = [
    "SGD", "Adam", "AdamW", "CosineAnnealingLR", "LRScheduler", "LambdaLR", "Optimizer", "RMSprop",
    "StepLR", "blocks", "descent",
]  # fmt: skip


# ---------------------------------------------------------------------------- the common part


class Optimizer:
    """Parameters in groups, the settings of each group, and what is remembered of each parameter.

    A subclass writes `update(param, grad, state, options)`, which moves one parameter.

    Args:
        params: leaf tensors, such as `model.parameters()`, or dictionaries with "params" and the
            settings in which that group differs.
        defaults: the settings, by name, of groups that do not set them.
    Raises: TypeError for a single Tensor or what holds no tensors, ValueError for no parameters, a
        tensor that was computed, one that comes twice, or a setting out of range.

    >>> w, b = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    >>> optimizer = SGD([{"params": [w]}, {"params": [b], "lr": 0.0}], lr=0.5)
    >>> (w * 2 + b * 2).backward()
    >>> optimizer.step()
    >>> w.tolist(), b.tolist()
    ([0.0], [1.0])
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]):
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Any]] = defaultdict(dict)  # of each parameter itself
        self.param_groups: list[dict[str, Any]] = []
        self._opt_called = False  # whether a step was made; schedules look at it
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            raise TypeError(
                f"{type(self).__name__}: got a {type(params).__name__}, expected several tensors: "
                "model.parameters(), or a list such as [weight, bias]."
            )
        params = list(params)
        if not params:
            raise ValueError(
                f"{type(self).__name__}: got an empty parameter list. Was model.parameters() read "
                "before, or are the parameters in a plain list that the model does not know?"
            )
        for group in params if isinstance(params[0], dict) else [{"params": params}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take in more parameters: a dictionary with "params" and their settings.

        >>> w, more = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
        >>> optimizer = SGD([w], lr=0.1)
        >>> optimizer.add_param_group({"params": [more], "lr": 0.01})
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.1, 0.01]
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"add_param_group: got {param_group!r}, expected a dict with 'params'")
        params = param_group["params"]
        if isinstance(params, (set, frozenset)):
            raise TypeError(
                "add_param_group: got a set, whose order changes from run to run, while a saved "
                "state counts parameters. Pass a list."
            )
        group = {**self.defaults, **param_group}
        group["params"] = [params] if isinstance(params, Tensor) else list(params)
        known = {param for other in self.param_groups for param in other["params"]}
        for i, param in enumerate(group["params"]):
            check_parameter(f"{type(self).__name__}: parameter {i}", param, known)
            known.add(param)
        check_settings(type(self).__name__, group)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, so that the next backward does not add to them.

        Args:
            set_to_none: let go of their memory; otherwise it is kept and filled with zeros.
        """
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param.grad = None
                elif param.grad is not None:
                    with no_grad():
                        param.grad.copy_(0)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient.

        Args:
            closure: computes the loss and its gradients anew; it is called first.
        Returns: what `closure` returned.
        Raises: RuntimeError when a gradient's shape is not its parameter's.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                options = numbers(group)
                for param in group["params"]:
                    if param.grad is not None:
                        check_gradient(param, param.grad)
                        self.update(param, param.grad, self.state[param], options)
        self._opt_called = True
        return loss

    def update(self, param: Tensor, grad: Tensor, state: dict, options: dict) -> None:
        """Move one parameter in place.

        Args:
            state: a dictionary of its own, empty the first time, for what is remembered.
            options: the settings of its group.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no update(self, param, grad, state, options). Write one "
            "that changes `param` in place, or write step(self, closure=None) as a whole."
        )

    def state_dict(self) -> dict[str, Any]:
        """What is remembered, with parameters as numbers, for `load_state_dict`.

        Returns: {"state": {0: {...}, ...}, "param_groups": [{"params": [0, ...], ...}, ...]}, where
            parameters are counted through all groups. Tensors are not copied.

        >>> w = Tensor([1.0], requires_grad=True)
        >>> SGD([w], lr=0.1).state_dict()["param_groups"][0]["params"]
        [0]
        """
        params = [param for group in self.param_groups for param in group["params"]]
        number = {param: i for i, param in enumerate(params)}
        groups = [
            {**group, "params": [number[param] for param in group["params"]]}
            for group in self.param_groups
        ]
        state = {number[param]: self.state[param] for param in params if self.state.get(param)}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned; its tensors are copied, in the parameters' dtypes.

        Raises: ValueError when the groups are of other sizes, or a tensor of another shape.
        """
        saved = state_dict["param_groups"]
        theirs, ours = ([len(g["params"]) for g in groups] for groups in (saved, self.param_groups))
        if theirs != ours:
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: the saved groups have {theirs} "
                f"parameters, this optimizer's have {ours}. Build it with the same groups."
            )
        places = [n for group in saved for n in group["params"]]
        params = [param for group in self.param_groups for param in group["params"]]
        state: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        for n, param in zip(places, params, strict=True):
            for name, value in state_dict["state"].get(n, {}).items():
                state[param][name] = restored(name, value, param, f"parameter {n}")
        self.state = state
        for group, theirs in zip(self.param_groups, saved, strict=True):
            group.update(copy.deepcopy({k: v for k, v in theirs.items() if k != "params"}))

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines += ["", f"Parameter Group {i}"]
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return f"{type(self).__name__} (" + "\n".join(lines) + "\n)"


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


def check_settings(name: str, group: dict[str, Any]) -> None:
    """Refuse numbers out of range, NaN among them."""
    for key in ("lr", "momentum", "alpha", "weight_decay", "eps", "lr_decay"):
        if not group.get(key, 0) >= 0:
            raise ValueError(f"{name}: {key} is {group[key]}, expected a number of at least 0")
    for beta in group.get("betas", ()):
        if not 0 <= beta < 1:
            raise ValueError(f"{name}: betas are {group['betas']}, expected two numbers in [0, 1)")


def check_gradient(param: Tensor, grad: Tensor) -> None:
    """Refuse a gradient that would be broadcast."""
    if grad.array.shape != param.array.shape:
        raise RuntimeError(
            f"step: a parameter of shape {param.shape} has a gradient of shape {grad.shape}, "
            "expected the same shape. Was .grad assigned by hand?"
        )


def check_hints(name: str, hints: dict[str, Any]) -> None:
    """Accept PyTorch's hints about how to compute the same update; refuse what would change it."""
    for key, value in hints.items():
        if key in ("capturable", "differentiable") and value:
            raise NotImplementedError(
                f"{name}: {key}={value} is not supported: updates write in place and are not "
                "recorded. Leave it out."
            )
        if key not in ("foreach", "fused", "capturable", "differentiable"):
            raise TypeError(f"{name}: got an unexpected argument {key!r}")


def restored(name: str, value: Any, param: Tensor, owner: str) -> Any:
    """A saved value as the state of `param`: a tensor is copied, a count becomes a whole number."""
    if name == "step":
        return int(value)
    if not isinstance(value, Tensor):
        return copy.deepcopy(value)
    if value.shape != param.shape:
        raise ValueError(
            f"load_state_dict: {name!r} of {owner} has shape {value.shape}, the parameter "
            f"{param.shape}. Are the parameters in another order than when it was saved?"
        )
    return Tensor(np.array(value.array, param.dtype))


def numbers(group: dict[str, Any]) -> dict[str, Any]:
    """The settings of a group as Python numbers: a NumPy one would make float32 updates float64."""
    return {
        name: value.item() if isinstance(value, (np.generic, Tensor)) else value
        for name, value in group.items()
    }


def some(options: dict[str, Any], *names: str) -> dict[str, Any]:
    """The settings that an update needs, of all that a group has."""
    return {name: options[name] for name in names}


def zeros_like(param: Tensor) -> Tensor:
    """Zeros to begin a running average with, laid out in memory as the parameter is."""
    return Tensor(np.zeros_like(param.array))


# ------------------------------------------------------------------------------- the updates

BLOCK = 131072  # values: five arrays of them are 2.6 MB, about a second-level cache


def blocks(*arrays: np.ndarray) -> Iterator[Sequence[np.ndarray]]:
    """Arrays of one shape, some rows at a time, as views.

    An update reads and writes the same values in a dozen small operations. Done block by block they
    are still in the cache, and so is the memory for what comes between, which a large array would
    get from the system anew, page by page.

    >>> [len(rows) for (rows,) in blocks(np.zeros((3, BLOCK // 2)))]
    [2, 1]
    """
    first = arrays[0]
    if first.size <= BLOCK:
        yield arrays
        return
    rows = max(1, BLOCK * len(first) // first.size)
    for start in range(0, len(first), rows):
        yield [array[start : start + rows] for array in arrays]


def descent(p: np.ndarray, g: np.ndarray, weight_decay: float, maximize: bool) -> np.ndarray:
    """The gradient of what shrinks: the loss (or its negative) and weight_decay/2 times p squared.

    >>> descent(np.array([2.0]), np.array([1.0]), weight_decay=0.5, maximize=False)
    array([2.])
    """
    if maximize:
        g = -g
    return g + weight_decay * p if weight_decay else g


@kernel("sgd_")
def sgd_(param, grad, *velocity, lr, momentum, dampening, weight_decay, nesterov, maximize):
    """One step along the gradient, or along the `velocity` that gradients build up."""
    for p, g, *v in blocks(param, grad, *velocity):
        g = descent(p, g, weight_decay, maximize)
        if v:
            v[0] *= momentum
            v[0] += (1 - dampening) * g if dampening else g
            g = g + momentum * v[0] if nesterov else v[0]
        p -= lr * g
    return param


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted.

    v = momentum * v + (1 - dampening) * g, then p = p - lr * v; without momentum v is g.

    Args:
        params: tensors, or groups of them.
        lr: the step size, at least 0.
        momentum: how much of the velocity is kept, in [0, 1).
        dampening: how much of each gradient but the first is left out of the velocity.
        weight_decay: adds weight_decay * p to the gradient.
        nesterov: look one momentum step ahead: p = p - lr * (g + momentum * v).
        maximize: climb instead of descending.
        hints: foreach and fused are accepted and change nothing.
    Source: Polyak, 1964; Sutskever et al., "On the Importance of Initialization and Momentum in
        Deep Learning", 2013.

    >>> w = Tensor([3.0], requires_grad=True)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w
    tensor([2.4000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **hints: Any,
    ):
        check_hints("SGD", hints)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"SGD: nesterov with momentum={momentum} and dampening={dampening}, expected a "
                "momentum above 0 and a dampening of 0"
            )
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def update(self, param: Tensor, grad: Tensor, state: dict, options: dict) -> None:
        velocity = []
        if options["momentum"]:
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = zeros_like(param)
                options = {**options, "dampening": 0}  # the first gradient is the velocity
            velocity = [state["momentum_buffer"]]
        names = ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize")
        apply("sgd_", param, grad, *velocity, **some(options, *names))


@kernel("rmsprop_")
def rmsprop_(
    param, grad, square, *more, lr, alpha, eps, weight_decay, momentum, centered, maximize
):
    """A step scaled by the root of the running mean `square` of squared gradients.

    `more` has the velocity if there is momentum, then the running mean of gradients if centered.
    """
    for p, g, s, *others in blocks(param, grad, square, *more):
        g, t = (
            descent(p, g, weight_decay, maximize),
            np.empty_like(p),
        )  # t is for what comes between
        np.multiply(g, g, out=t)
        t *= 1 - alpha
        s *= alpha
        s += t
        if centered:  # the variance, s - mean**2, instead of the mean square
            mean = others[-1]
            np.subtract(g, mean, out=t)
            t *= 1 - alpha
            mean += t
            np.multiply(mean, mean, out=t)
            s = np.subtract(s, t, out=t)
        np.sqrt(s, out=t)
        t += eps
        np.divide(g, t, out=t)
        if momentum:
            others[0] *= momentum
            others[0] += t
            t[...] = others[0]
        t *= lr
        p -= t
    return param


class RMSprop(Optimizer):
    """A step size per value: each is divided by the root mean square of its recent gradients.

    s = alpha * s + (1 - alpha) * g², then p = p - lr * g / (sqrt(s) + eps).

    Args:
        params: tensors, or groups of them.
        lr: about the distance of one step, at least 0.
        alpha: how much of the mean square is kept; 0.99 looks back over some 100 steps.
        eps: keeps the division finite.
        weight_decay: adds weight_decay * p to the gradient.
        momentum: steps build up a velocity, as in `SGD`.
        centered: divide by the standard deviation instead, mean² being taken off s.
        maximize: climb instead of descending.
        hints: foreach and fused are accepted and change nothing.
    Source: Tieleman and Hinton, "Neural Networks for Machine Learning", lecture 6.5, 2012.

    >>> w = Tensor([3.0, 300.0], requires_grad=True)
    >>> optimizer = RMSprop([w], lr=0.1, alpha=0.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()  # one distance for both, though one gradient is 100 times the other
    >>> w
    tensor([  2.9000, 299.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
        **hints: Any,
    ):
        check_hints("RMSprop", hints)
        defaults = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def update(self, param: Tensor, grad: Tensor, state: dict, options: dict) -> None:
        averages = ["square_avg"]
        averages += ["momentum_buffer"] if options["momentum"] else []
        averages += ["grad_avg"] if options["centered"] else []
        for name in averages:
            if name not in state:
                state[name] = zeros_like(param)
        state["step"] = state.get("step", 0) + 1
        names = ("lr", "alpha", "eps", "weight_decay", "momentum", "centered", "maximize")
        options = some(options, *names)
        apply("rmsprop_", param, grad, *(state[name] for name in averages), **options)


@kernel("adam_")
def adam_(param, grad, exp_avg, exp_avg_sq, *peak, step, lr, betas, eps, weight_decay, maximize):
    """A step along the mean gradient m, scaled by the root of the mean square v.

    Both start at zero and are too small at first, by 1 - beta**step. The correction is done on the
    step size and eps, once, instead of on every value (section 2 of the paper). `peak`, if given,
    holds the largest v so far, and takes its place.
    """
    beta1, beta2 = betas
    root = math.sqrt(1 - beta2**step)
    rate = lr * root / (1 - beta1**step)
    for p, g, m, v, *top in blocks(param, grad, exp_avg, exp_avg_sq, *peak):
        g, t = (
            descent(p, g, weight_decay, maximize),
            np.empty_like(p),
        )  # t is for what comes between
        m *= beta1  # m = beta1 * m + (1 - beta1) * g
        m += np.multiply(g, 1 - beta1, out=t)
        v *= beta2  # v = beta2 * v + (1 - beta2) * g * g
        np.multiply(g, g, out=t)
        t *= 1 - beta2
        v += t
        if top:
            v = np.maximum(top[0], v, out=top[0])
        np.sqrt(v, out=t)  # p = p - rate * m / (sqrt(v) + eps * root)
        t += eps * root
        np.divide(m, t, out=t)
        t *= rate
        p -= t
    return param


class Adam(Optimizer):
    """Momentum and a step size per value, both from running means of the gradients.

    m = beta1 * m + (1 - beta1) * g and v = beta2 * v + (1 - beta2) * g², each divided by
    1 - beta**step because it began at zero; then p = p - lr * m / (sqrt(v) + eps).

    Args:
        params: tensors, or groups of them.
        lr: about the longest distance of one step, at least 0.
        betas: how much of m and of v is kept, each in [0, 1).
        eps: keeps the division finite.
        weight_decay: adds weight_decay * p to the gradient, and so to m and v; see `AdamW`.
        amsgrad: divide by the largest v so far (Reddi et al., 2018).
        maximize: climb instead of descending.
        hints: foreach and fused are accepted and change nothing.
    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.

    >>> w = Tensor([3.0, -300.0], requires_grad=True)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()  # the first step is lr long, whatever the gradient
    >>> w
    tensor([   2.9000, -299.9000], requires_grad=True)
    """

    op = "adam_"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **hints: Any,
    ):
        check_hints(type(self).__name__, hints)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def update(self, param: Tensor, grad: Tensor, state: dict, options: dict) -> None:
        averages = ["exp_avg", "exp_avg_sq"]
        averages += ["max_exp_avg_sq"] if options["amsgrad"] else []
        for name in averages:
            if name not in state:
                state[name] = zeros_like(param)
        state["step"] = state.get("step", 0) + 1
        options = some(options, "lr", "betas", "eps", "weight_decay", "maximize")
        options["step"] = state["step"]
        apply(self.op, param, grad, *(state[name] for name in averages), **options)


@kernel("adamw_")
def adamw_(param, grad, *averages, lr, weight_decay, **options):
    """Shrink the parameter, then let Adam move it: the decay stays out of the averages."""
    if weight_decay:
        param *= 1 - lr * weight_decay
    return KERNELS["adam_"](param, grad, *averages, lr=lr, weight_decay=0, **options)


class AdamW(Adam):
    """Adam whose weight decay acts on the parameter alone: p = p - lr * weight_decay * p.

    In `Adam` the decay is part of the gradient, and the division by sqrt(v) undoes it where
    gradients are large. Here every value shrinks at the same rate.

    Args: those of `Adam`, with a weight_decay of 0.01 unless told.
    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.

    >>> w = Tensor([2.0], requires_grad=True)
    >>> optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * 0).backward()
    >>> optimizer.step()
    >>> w
    tensor([1.9000], requires_grad=True)
    """

    op = "adamw_"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **hints: Any,
    ):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, **hints)


# ------------------------------------------------------------------------------- the schedules


class LRScheduler:
    """A learning rate that changes: call `step()` after the optimizer's, per epoch or per update.

    A subclass writes `get_lr()`: one rate per group for the epoch `self.last_epoch`, which counts
    from 0. It starts from `self.base_lrs`, the rates that the groups had at first, or from the
    present ones, so that several schedules can act on one optimizer.

    >>> class Halving(LRScheduler):
    ...     def get_lr(self):
    ...         return [lr / 2**self.last_epoch for lr in self.base_lrs]
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=0.8)
    >>> schedule = Halving(optimizer)
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     schedule.step()
    >>> schedule.get_last_lr()
    [0.2]
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1):
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{type(self).__name__}: got a {type(optimizer).__name__}, expected an Optimizer"
            )
        if last_epoch != -1:
            raise NotImplementedError(
                f"{type(self).__name__}: last_epoch={last_epoch} is not supported. Build the "
                "schedule anew and resume it with load_state_dict(), as the optimizer."
            )
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = -1
        self._step_count = 0
        self.step()

    def get_lr(self) -> list[float]:
        """The rate of each group at `self.last_epoch`."""
        raise NotImplementedError(
            f"{type(self).__name__} has no get_lr(self). Write one that returns a list with the "
            "learning rate of each group at self.last_epoch."
        )

    def current(self) -> list[float]:
        """The present rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def step(self) -> None:
        """Go on to the next epoch and set its rates."""
        if self._step_count == 1:
            warn_of_a_skipped_rate(self.optimizer)
        self._step_count += 1
        self.last_epoch += 1
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            group["lr"] = lr
        self._last_lr = self.current()

    def get_last_lr(self) -> list[float]:
        """The rates that the last `step` set, one per group."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule stands: all its attributes but the optimizer."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned; the present rates are the optimizer's state."""
        vars(self).update(state_dict)


def warn_of_a_skipped_rate(optimizer: Optimizer) -> None:
    """Warn when a schedule goes on before the optimizer has used its first rate."""
    overridden = type(optimizer).step is not Optimizer.step  # then nobody knows whether it stepped
    if not (optimizer._opt_called or overridden):
        warnings.warn(
            "Detected call of `lr_scheduler.step()` before `optimizer.step()`: the first learning "
            "rate of the schedule is skipped. Call optimizer.step() first, then the scheduler's.",
            UserWarning,
            stacklevel=3,
        )


class LambdaLR(LRScheduler):
    """The first rate times `lr_lambda(epoch)`: any schedule, warm-up among them.

    Args:
        optimizer: whose rates are set.
        lr_lambda: a function from the epoch, counted from 0, to a factor; or one for each group.

    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=0.8)
    >>> schedule = LambdaLR(optimizer, lambda epoch: min(1.0, (epoch + 1) / 4))  # warm-up
    >>> schedule.get_last_lr()
    [0.2]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ):
        groups = len(optimizer.param_groups)
        self.lr_lambdas = [lr_lambda] * groups if callable(lr_lambda) else list(lr_lambda)
        if len(self.lr_lambdas) != groups:
            raise ValueError(
                f"LambdaLR: got {len(self.lr_lambdas)} functions for {groups} groups of "
                "parameters, expected one for each, or a single one for all"
            )
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        factors = [function(self.last_epoch) for function in self.lr_lambdas]
        return [lr * factor for lr, factor in zip(self.base_lrs, factors, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule stands, without the functions: code is not stored."""
        return {name: v for name, v in super().state_dict().items() if name != "lr_lambdas"}


class StepLR(LRScheduler):
    """The rate times `gamma` after every `step_size` epochs.

    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=0.5)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.1)
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     schedule.step()
    >>> schedule.get_last_lr()
    [0.05]
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0 or self.last_epoch % self.step_size:
            return self.current()
        return [lr * self.gamma for lr in self.current()]


class CosineAnnealingLR(LRScheduler):
    """From the first rate down to `eta_min` in `T_max` epochs, along half a cosine wave.

    lr = eta_min + (base - eta_min) * (1 + cos(pi * epoch / T_max)) / 2; after T_max it rises again.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.

    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = CosineAnnealingLR(optimizer, T_max=2)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def height(self, epoch: int) -> float:
        """Where the wave stands: 1 at first, 0 at T_max."""
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return self.current()
        before, now = self.height(self.last_epoch - 1), self.height(self.last_epoch)
        if (self.last_epoch - 1) % (2 * self.T_max) == self.T_max:  # `before` is 0, at the bottom
            bases = zip(self.current(), self.base_lrs, strict=True)
            return [lr + (base - self.eta_min) * now for lr, base in bases]
        return [self.eta_min + (lr - self.eta_min) * now / before for lr in self.current()]
