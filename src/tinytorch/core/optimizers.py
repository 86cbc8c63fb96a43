"""07 · Optimizers: how parameters move once their gradients are known.

A gradient says which way is down at the place where the parameters are. How far to go, and how much
of what was seen before to take into account, is what tells one optimizer from the next. An
`Optimizer` holds the parameters, in groups with settings of their own, and what it remembers of
each. The updates are operations that write in place, and a schedule changes the learning rate
between them. Rare options and refusals are in `breadth/optimizers.py`.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial, wraps
from typing import Any

import numpy as np

from tinytorch.core.autograd import enable_grad, no_grad
from tinytorch.core.tensor import Tensor, apply, kernel

__all__ = [
    "GUARDS", "SGD", "VARIANTS", "Adam", "AdamW", "CosineAnnealingLR", "LRScheduler", "LambdaLR",
    "Optimizer", "RMSprop", "StepLR", "blocks", "blockwise", "decayed", "descend", "half_cosine",
    "numbers", "packed", "remembered", "some", "unpacked", "variant", "warmup_cosine",
    "with_defaults",
]  # fmt: skip


# ----------------------------------------------------------------------------------- one step


def descend(param: np.ndarray, direction: np.ndarray, lr: float) -> None:
    """Move the values of `param` against `direction`, in the memory where they are.

    Args:
        param: any shape; its own memory is written.
        direction: the shape of `param`; left as it is.
        lr: how much of `direction` one step is.
    Returns: None; what happened is seen in `param`.

    >>> w = np.array([3.0, -1.0])
    >>> descend(w, np.array([6.0, -2.0]), lr=0.1)
    >>> w
    array([ 2.4, -0.8])
    """
    param -= lr * direction


def numbers(group: dict[str, Any]) -> dict[str, Any]:
    """The settings of a group as Python numbers: a NumPy one would make float32 updates float64.

    Args:
        group: settings by name; left as it is. NumPy scalars (`np.generic`) and tensors of one
            value become Python numbers; everything else stays the object that it is.
    Returns: a new dictionary with the same names.

    >>> numbers({"lr": np.float64(0.1), "betas": (0.9, 0.999), "maximize": False})
    {'lr': 0.1, 'betas': (0.9, 0.999), 'maximize': False}
    """
    return {
        name: value.item() if isinstance(value, (np.generic, Tensor)) else value
        for name, value in group.items()
    }


def with_defaults(defaults: dict[str, Any], param_group: dict[str, Any]) -> dict[str, Any]:
    """A group with every setting: its own where it has one, the default where it has none.

    Args:
        defaults: settings by name; left as they are.
        param_group: "params", which is one tensor or several, and the settings in which the group
            differs; left as it is.
    Returns: a new dictionary, where "params" is a list.

    >>> w = Tensor([1.0])
    >>> group = with_defaults({"lr": 0.1, "momentum": 0.9}, {"params": w, "lr": 0.01})
    >>> group["lr"], group["momentum"], group["params"]
    (0.01, 0.9, [tensor([1.])])
    """
    group = {**defaults, **param_group}
    params = group["params"]
    group["params"] = [params] if isinstance(params, Tensor) else list(params)
    return group


# ---------------------------------------------------------------------------- the common part

GUARDS: dict[str, Callable[[Any, Any], None]] = {}  # by what is new: raises what speaks against it
VARIANTS: dict[tuple[type, str], Callable] = {}  # (optimizer, option): the update for that option


def variant(owner: type, option: str) -> Callable[[Callable], Callable]:
    """Register the decorated function as the update of `owner` where a group sets `option`."""
    return lambda update: VARIANTS.setdefault((owner, option), update)


def admit(what: str, owner: Any, new: Any) -> None:
    """Let the guard of `what`, if there is one, look at something new before it is taken in."""
    if what in GUARDS:
        GUARDS[what](owner, new)


class Optimizer:
    """Parameters in groups, the settings of each group, and what is remembered of each parameter.

    A subclass writes `update(param, grad, state, options)`, which moves one parameter.

    Args:
        params: leaf tensors, such as `model.parameters()`, or dictionaries with "params" and the
            settings in which that group differs.
        defaults: the settings, by name, of groups that do not set them.
        hints: PyTorch's foreach and fused, which say how to compute the same.
    Raises: TypeError for a single Tensor or what holds no tensors, ValueError for no parameters, a
        tensor that was computed, one that comes twice, or a setting out of range.

    >>> w, b = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    >>> optimizer = SGD([{"params": [w]}, {"params": [b], "lr": 0.0}], lr=0.5)
    >>> (w * 2 + b * 2).backward()
    >>> optimizer.step()
    >>> w.tolist(), b.tolist()
    ([0.0], [1.0])
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any], **hints: Any):
        admit("hints", self, hints)
        admit("parameters", self, params)
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Any]] = defaultdict(dict)  # of each parameter itself
        self.param_groups: list[dict[str, Any]] = []
        self._opt_called = False  # whether a step was made; schedules look at it
        params = list(params)
        admit("list of parameters", self, params)
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
        admit("settings", self, param_group)
        group = with_defaults(self.defaults, param_group)
        admit("group", self, group)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, so that the next backward does not add to them.

        Args:
            set_to_none: let go of their memory; otherwise it is kept and filled with zeros, and a
                parameter without a gradient stays without one.
        """
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param.grad = None
                elif param.grad is not None:
                    param.grad.array[...] = 0

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient.

        Args:
            closure: computes the loss and its gradients anew; it is called first, with recording
                on. The moves are made with recording off.
        Returns: what `closure` returned; None without one.
        Raises: RuntimeError when a gradient's shape is not its parameter's.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                options = numbers(group)
                update = self.update_for(options)
                for param in group["params"]:
                    if param.grad is not None:
                        update(
                            param, downhill(param, param.grad, options), self.state[param], options
                        )
        self._opt_called = True
        return loss

    def update_for(self, options: dict[str, Any]) -> Callable[[Tensor, Tensor, dict, dict], None]:
        """The function that moves a parameter: `update`, unless a rare option has a variant."""
        for (owner, option), function in VARIANTS.items():
            if options.get(option) and isinstance(self, owner):
                return partial(function, self)
        return self.update

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
        return packed(self)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned; its tensors are copied, in the parameters' dtypes.

        Raises: ValueError when the groups are of other sizes, or a tensor of another shape.
        """
        admit("saved groups", self, state_dict["param_groups"])
        self.state = defaultdict(dict, unpacked(self, state_dict))
        for group, saved in zip(self.param_groups, state_dict["param_groups"], strict=True):
            group.update(copy.deepcopy({k: v for k, v in saved.items() if k != "params"}))

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines += ["", f"Parameter Group {i}"]
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return f"{type(self).__name__} (" + "\n".join(lines) + "\n)"


def downhill(param: Tensor, grad: Tensor, options: dict[str, Any]) -> Tensor:
    """The gradient of what is to shrink: that of the loss, or its negative with `maximize`."""
    if grad.array.shape != param.array.shape:
        raise RuntimeError(
            f"step: a parameter of shape {param.shape} has a gradient of shape {grad.shape}, "
            "expected the same shape. Was .grad assigned by hand?"
        )
    return -grad if options.get("maximize") else grad


def some(options: dict[str, Any], *names: str) -> dict[str, Any]:
    """The settings called `names`, of all that there are.

    >>> some({"lr": 0.1, "eps": 1e-8, "maximize": False}, "lr", "eps")
    {'lr': 0.1, 'eps': 1e-08}
    """
    return {name: options[name] for name in names}


def remembered(state: dict[str, Any], param: Tensor, *names: str) -> list[Tensor]:
    """The tensors called `names` in the state of `param`: zeros of its shape the first time.

    >>> state = {}
    >>> remembered(state, Tensor([3.0, 4.0]), "momentum_buffer")
    [tensor([0., 0.])]
    >>> list(state)
    ['momentum_buffer']
    """
    for name in names:
        if name not in state:
            state[name] = Tensor(np.zeros_like(param.array))
    return [state[name] for name in names]


def decayed(param: np.ndarray, grad: np.ndarray, weight_decay: float) -> np.ndarray:
    """The gradient of the loss plus weight_decay/2 times the sum of the squares of `param`.

    Args:
        param, grad: of one shape; both are left as they are.
    Returns: that shape; `grad` itself when weight_decay is 0.

    >>> decayed(np.array([2.0]), np.array([1.0]), weight_decay=0.5)
    array([2.])
    """
    return grad + weight_decay * param if weight_decay else grad


# ------------------------------------------------------------------------------- the updates

BLOCK = 131072  # values: five arrays of them are 2.6 MB, about a second-level cache


def blocks(*arrays: np.ndarray) -> Iterator[Sequence[np.ndarray]]:
    """Arrays of one shape, some rows at a time, as views; a single value as a row of one.

    An update reads and writes the same values in a dozen small operations. Done block by block they
    are still in the cache, and so is the memory for what comes between, which a large array would
    get from the system anew, page by page.

    >>> [len(rows) for (rows,) in blocks(np.zeros((3, BLOCK // 2)))]
    [2, 1]
    """
    first = arrays[0]
    if first.size <= BLOCK:
        yield arrays if first.ndim else [array.reshape(1) for array in arrays]
        return
    rows = max(1, BLOCK * len(first) // first.size)
    for start in range(0, len(first), rows):
        yield [array[start : start + rows] for array in arrays]


def blockwise(update: Callable[..., None]) -> Callable[..., np.ndarray]:
    """Make a function that changes its first array in place work on one block after the other.

    >>> @blockwise
    ... def double_(x, *, by):
    ...     x *= by
    >>> double_(np.array([1.0, 2.0]), by=2)
    array([2., 4.])
    """

    @wraps(update)
    def over_blocks(param: np.ndarray, *others: np.ndarray, **settings: Any) -> np.ndarray:
        for part in blocks(param, *others):
            update(*part, **settings)
        return param

    return over_blocks


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted.

    g = g + weight_decay * p; v = momentum * v + g; p = p - lr * v; without momentum v is g.

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

    settings = ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize")

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0, dampening: float = 0,
        weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False, **hints: Any,
    ):  # fmt: skip
        super().__init__(params, some(locals(), *self.settings), **hints)

    def update(self, param: Tensor, grad: Tensor, state: dict, options: dict) -> None:
        """Move one parameter by the operation "sgd_", which gets a velocity if there is momentum.

        Args:
            param, grad: of one shape.
            state: where "momentum_buffer" is remembered, and only if momentum is not 0.
            options: of these, "sgd_" gets lr, momentum, weight_decay and nesterov.
        """
        velocity = remembered(state, param, "momentum_buffer") if options["momentum"] else []
        options = some(options, "lr", "momentum", "weight_decay", "nesterov")
        apply("sgd_", param, grad, *velocity, **options)


@kernel("sgd_")
@blockwise
def sgd_(param, grad, velocity=None, *, lr, momentum, weight_decay, nesterov):
    """One step along the gradient, or along the velocity that gradients build up.

    Args:
        param, velocity: of one shape; both are written in place. No velocity: no momentum.
        grad: that shape; left as it is.
        momentum: how much of the velocity is kept; the gradient, decayed, is added to it.
        nesterov: go along the gradient plus `momentum` times the new velocity.

    >>> w, v = np.array([10.0]), np.array([2.0])
    >>> sgd_(w, np.array([1.0]), v, lr=0.1, momentum=0.5, weight_decay=0, nesterov=False)
    array([9.8])
    >>> v
    array([2.])
    """
    direction = grad = decayed(param, grad, weight_decay)
    if velocity is not None:
        velocity *= momentum
        velocity += grad
        direction = grad + momentum * velocity if nesterov else velocity
    descend(param, direction, lr)


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

    settings = ("lr", "alpha", "eps", "weight_decay", "momentum", "centered", "maximize")

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
        weight_decay: float = 0, momentum: float = 0, centered: bool = False, *,
        maximize: bool = False, **hints: Any,
    ):  # fmt: skip
        super().__init__(params, some(locals(), *self.settings), **hints)

    def update(self, param: Tensor, grad: Tensor, state: dict, options: dict) -> None:
        """Move one parameter by the operation "rmsprop_", and count its steps in state["step"].

        Args:
            param, grad: of one shape.
            state: where "square_avg" is remembered, and "step": 1 after the first step.
            options: of these, "rmsprop_" gets lr, alpha, eps and weight_decay.
        """
        (square,) = remembered(state, param, "square_avg")
        state["step"] = state.get("step", 0) + 1
        apply(
            "rmsprop_", param, grad, square, **some(options, "lr", "alpha", "eps", "weight_decay")
        )


@kernel("rmsprop_")
@blockwise
def rmsprop_(param, grad, square, *, lr, alpha, eps, weight_decay):
    """A step along the gradient, divided by the root of the running mean of its squares.

    Args:
        param, square: of one shape; both are written in place.
        grad: that shape; left as it is. With weight_decay it is decayed first.
        alpha: how much of the mean is kept; the new square has a share of 1 - alpha.
        eps: is added to the root.

    >>> w, s = np.array([3.0]), np.array([0.0])
    >>> rmsprop_(w, np.array([6.0]), s, lr=0.1, alpha=0.75, eps=1e-8, weight_decay=0)
    array([2.8])
    >>> s
    array([9.])
    """
    grad = decayed(param, grad, weight_decay)
    t = (1 - alpha) * grad  # one array for all that comes between
    t *= grad
    square *= alpha
    square += t
    np.sqrt(square, out=t)
    t += eps
    np.divide(grad, t, out=t)
    t *= lr
    param -= t  # as `descend`, without another array


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
    settings = ("lr", "betas", "eps", "weight_decay", "amsgrad", "maximize")

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, amsgrad: bool = False, *,
        maximize: bool = False, **hints: Any,
    ):  # fmt: skip
        super().__init__(params, some(locals(), *self.settings), **hints)

    def update(self, param: Tensor, grad: Tensor, state: dict, options: dict) -> None:
        """Move one parameter by the operation `self.op`, which is told how many steps it made.

        Args:
            param, grad: of one shape.
            state: where "exp_avg" (m), "exp_avg_sq" (v) and "step" are remembered; the operation
                gets step=1 the first time.
            options: of these, the operation gets lr, betas, eps and weight_decay.
        """
        averages = remembered(state, param, "exp_avg", "exp_avg_sq")
        state["step"] = state.get("step", 0) + 1
        options = some(options, "lr", "betas", "eps", "weight_decay")
        apply(self.op, param, grad, *averages, step=state["step"], **options)


@kernel("adam_")
@blockwise
def adam_(param, grad, exp_avg, exp_avg_sq, *, step, lr, betas, eps, weight_decay):
    """A step along the mean gradient m, divided by the root of the mean square v.

    Args:
        param, exp_avg (m), exp_avg_sq (v): of one shape; all three are written in place.
        grad: that shape; left as it is. With weight_decay it is decayed first.
        step: 1 in the first step; both means began at zero, and are divided by 1 - beta**step.
        eps: is added to the root of the divided mean square.

    >>> w, m, v = np.array([3.0]), np.array([0.0]), np.array([0.0])
    >>> adam_(w, np.array([6.0]), m, v, step=1, lr=0.1, betas=(0.8, 0.99), eps=1e-8, weight_decay=0)
    array([2.9])
    >>> m, v
    (array([1.2]), array([0.36]))
    """
    beta1, beta2 = betas
    grad = decayed(param, grad, weight_decay)
    t = (1 - beta1) * grad  # one array for all that comes between
    exp_avg *= beta1
    exp_avg += t
    np.multiply(grad, grad, out=t)
    t *= 1 - beta2
    exp_avg_sq *= beta2
    exp_avg_sq += t
    root = math.sqrt(1 - beta2**step)  # two numbers are corrected instead of two arrays
    np.sqrt(exp_avg_sq, out=t)
    t += eps * root
    np.divide(exp_avg, t, out=t)
    t *= lr * root / (1 - beta1**step)
    param -= t


@kernel("adamw_")
@blockwise
def adamw_(param, grad, *averages, lr, weight_decay, **options):
    """Shrink the parameter by lr * weight_decay of itself, then let Adam move it without decay.

    Args:
        param, averages: of one shape; written in place. `averages` are Adam's m and v.
        grad: that shape; left as it is.
        options: what "adam_" takes besides: step, betas, eps.

    >>> w, m, v = np.array([2.0]), np.array([0.0]), np.array([0.0])
    >>> more = {"step": 1, "betas": (0.9, 0.99), "eps": 1e-8}
    >>> adamw_(w, np.array([0.0]), m, v, lr=0.1, weight_decay=0.5, **more)
    array([1.9])
    >>> m
    array([0.])
    """
    param *= 1 - lr * weight_decay
    adam_(param, grad, *averages, lr=lr, weight_decay=0, **options)


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
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 1e-2, amsgrad: bool = False, *,
        maximize: bool = False, **hints: Any,
    ):  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, **hints)


# ------------------------------------------------------------------------ the state, as numbers


def packed(optimizer: Optimizer) -> dict[str, Any]:
    """The state and the settings of an optimizer, with a number in the place of each parameter.

    Args:
        optimizer: left as it is.
    Returns: {"state": {0: {...}, 2: {...}}, "param_groups": [{"params": [0, 1], ...}, ...]}.
        Parameters are counted from 0 through all groups. "state" has an entry for a parameter if
        something is remembered of it; "param_groups" has each group, as a new dictionary.

    >>> w, b = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    >>> optimizer = RMSprop([w, b])
    >>> (b * 2).backward()
    >>> optimizer.step()
    >>> list(packed(optimizer)["state"]), packed(optimizer)["param_groups"][0]["params"]
    ([1], [0, 1])
    """
    params = [param for group in optimizer.param_groups for param in group["params"]]
    number = {param: i for i, param in enumerate(params)}
    groups = [
        {**group, "params": [number[param] for param in group["params"]]}
        for group in optimizer.param_groups
    ]
    remembered = {i: optimizer.state[p] for p, i in number.items() if optimizer.state.get(p)}
    return {"state": remembered, "param_groups": groups}


def unpacked(optimizer: Optimizer, saved: Mapping[str, Any]) -> dict[Tensor, dict[str, Any]]:
    """A state that `packed` wrote, by parameter: the numbers of the groups meet their parameters.

    Args:
        optimizer: has groups of the same sizes, but perhaps other parameters; left as it is.
        saved: what `packed` returned; left as it is.
    Returns: for each parameter that has a saved state, a new dictionary with each of its values
        passed through `restored(name, value, param, number)`, which copies it.
    """
    numbers = [n for group in saved["param_groups"] for n in group["params"]]
    params = [param for group in optimizer.param_groups for param in group["params"]]
    return {
        param: {name: restored(name, value, param, n) for name, value in saved["state"][n].items()}
        for n, param in zip(numbers, params, strict=True)
        if n in saved["state"]
    }


def restored(name: str, value: Any, param: Tensor, number: int) -> Any:
    """A saved value for the state of `param`, as a copy.

    Args:
        name: what it is called in the state.
        value: left as it is, whatever happens to the copy.
        number: the number of `param`, for the words of the guard of a "saved value".
    Returns: for the name "step" a whole number; for another tensor a new one, in the dtype of
        `param`; for anything else `copy.deepcopy` of it.

    >>> restored("step", 3.0, Tensor([1.0]), 0)
    3
    """
    admit("saved value", param, (name, value, number))
    if isinstance(value, Tensor) and name != "step":
        return Tensor(np.array(value.array, param.dtype))
    return int(value) if name == "step" else copy.deepcopy(value)


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
        """Take note of the optimizer and of its first rates, and begin with epoch 0.

        Args:
            optimizer: each of its groups gets its present rate under "initial_lr", unless it has
                one from a schedule before.
            last_epoch: looked at by the guard alone, which accepts -1.
        """
        admit("schedule", self, (optimizer, last_epoch))
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = -1
        self._step_count = 0
        self.step()

    def step(self) -> None:
        """Go on to the next epoch and set its rates, which `get_last_lr` returns afterwards.

        The count of the calls is `self._step_count`, the epoch `self.last_epoch`, the rates that
        were set `self._last_lr`.
        """
        self.warn_of_a_skipped_rate()
        self._step_count += 1
        self.last_epoch += 1
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            group["lr"] = lr
        self._last_lr = self.current()

    def get_lr(self) -> list[float]:
        """The rate of each group at `self.last_epoch`."""
        raise NotImplementedError(
            f"{type(self).__name__} has no get_lr(self). Write one that returns a list with the "
            "learning rate of each group at self.last_epoch."
        )

    def current(self) -> list[float]:
        """The present rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def get_last_lr(self) -> list[float]:
        """The rates that the last `step` set, one per group."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule stands: all its attributes but the optimizer."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned; the present rates are the optimizer's state."""
        vars(self).update(state_dict)

    def warn_of_a_skipped_rate(self) -> None:
        """Warn when the schedule goes on before the optimizer has used its first rate."""
        optimizer = self.optimizer
        overridden = type(optimizer).step is not Optimizer.step  # nobody knows whether it stepped
        if self._step_count == 1 and not (optimizer._opt_called or overridden):
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`: the first "
                "learning rate of the schedule is skipped. Call optimizer.step() first, then the "
                "scheduler's.",
                UserWarning,
                stacklevel=3,
            )


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
        """The present rates, times `self.gamma` when `self.last_epoch` is a multiple of
        `self.step_size` other than 0.
        """
        if self.last_epoch == 0 or self.last_epoch % self.step_size:
            return self.current()
        return [lr * self.gamma for lr in self.current()]


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
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Callable],
        last_epoch: int = -1,
    ):  # fmt: skip
        groups = len(optimizer.param_groups)
        self.lr_lambdas = [lr_lambda] * groups if callable(lr_lambda) else list(lr_lambda)
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule stands, without the functions: code is not stored."""
        return {name: v for name, v in super().state_dict().items() if name != "lr_lambdas"}

    def get_lr(self) -> list[float]:
        """For each group, its entry of `self.base_lrs` times its function at `self.last_epoch`.

        The functions, one per group, are in `self.lr_lambdas`.
        """
        factors = [function(self.last_epoch) for function in self.lr_lambdas]
        return [lr * factor for lr, factor in zip(self.base_lrs, factors, strict=True)]


def half_cosine(epoch: float, length: float) -> float:
    """Half a cosine wave: 1 at epoch 0, 1/2 in the middle, 0 at epoch `length`.

    >>> half_cosine(0, 4), round(half_cosine(1, 4), 4), half_cosine(4, 4)
    (1.0, 0.8536, 0.0)
    """
    return (1 + math.cos(math.pi * epoch / length)) / 2


def warmup_cosine(warmup: int, total: int) -> Callable[[int], float]:
    """A function for `LambdaLR`: up to 1 in `warmup` epochs, then down to 0 at epoch `total`.

    Args:
        warmup: how many epochs the factor climbs: 1/warmup, 2/warmup ... 1; may be 0.
        total: the epoch at which the half cosine that begins at epoch `warmup` has come down to 0;
            above `warmup`. From there on the factor is 0.
    Returns: a function from the epoch, counted from 0, to the factor.

    >>> [round(factor, 3) for factor in map(warmup_cosine(2, 6), range(8))]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    def factor(epoch: int) -> float:
        if epoch < warmup:
            return (epoch + 1) / warmup
        return half_cosine(min(epoch, total) - warmup, total - warmup)

    return factor


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

    def get_lr(self) -> list[float]:
        """From the present rates on, so that other schedules may act on them too."""
        if self.last_epoch == 0:
            return self.current()
        before, now = (half_cosine(e, self.T_max) for e in (self.last_epoch - 1, self.last_epoch))
        if (self.last_epoch - 1) % (2 * self.T_max) == self.T_max:  # `before` is 0, at the bottom
            bases = zip(self.current(), self.base_lrs, strict=True)
            return [lr + (base - self.eta_min) * now for lr, base in bases]
        return [self.eta_min + (lr - self.eta_min) * now / before for lr in self.current()]
