"""More learning-rate schedules, built on module 07."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tinytorch.core.optimizers import SGD, LambdaLR, LRScheduler, Optimizer
from tinytorch.core.tensor import Tensor

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingWarmRestarts", "ExponentialLR", "LinearLR",
    "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR", "ReduceLROnPlateau",
    "SequentialLR", "preview",
]  # fmt: skip


def preview(build: Callable[[Optimizer], LRScheduler], epochs: int, lr: float = 1.0) -> list[float]:
    """The rates that a schedule will set, for a look or a picture before the run.

    Args:
        build: makes the schedule for an optimizer, which here has nothing to move.
        epochs: how many rates are wanted.
        lr: the optimizer's own rate.

    >>> preview(lambda optimizer: ExponentialLR(optimizer, gamma=0.5), 3)
    [1.0, 0.5, 0.25]
    """
    optimizer = SGD([Tensor([0.0])], lr)
    schedule = build(optimizer)
    rates = schedule.get_last_lr()[:1]
    for _ in range(epochs - 1):
        optimizer.step()
        schedule.step()
        rates += schedule.get_last_lr()[:1]
    return rates


# --------------------------------------------------------------------- one formula per schedule


class MultiStepLR(LRScheduler):
    """The rate times `gamma` at each of the epochs in `milestones`.

    >>> preview(lambda optimizer: MultiStepLR(optimizer, milestones=[2, 3], gamma=0.5), 4)
    [1.0, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ):
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch not in self.milestones:
            return self.current()
        factor = self.gamma ** self.milestones[self.last_epoch]
        return [lr * factor for lr in self.current()]


class ExponentialLR(LRScheduler):
    """The rate times `gamma` after every epoch.

    >>> preview(lambda optimizer: ExponentialLR(optimizer, gamma=0.5), 3)
    [1.0, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        factor = self.gamma if self.last_epoch else 1
        return [lr * factor for lr in self.current()]


class MultiplicativeLR(LambdaLR):
    """The rate times `lr_lambda(epoch)` after every epoch, so that the factors multiply.

    >>> preview(lambda optimizer: MultiplicativeLR(optimizer, lambda epoch: 0.5), 3)
    [1.0, 0.5, 0.25]
    """

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return self.current()
        factors = [function(self.last_epoch) for function in self.lr_lambdas]
        return [lr * factor for lr, factor in zip(self.current(), factors, strict=True)]


class ConstantLR(LRScheduler):
    """The rate times `factor` for `total_iters` epochs, then the rate itself.

    Raises: ValueError for a factor outside 0 to 1.

    >>> preview(lambda optimizer: ConstantLR(optimizer, factor=0.5, total_iters=2), 3)
    [0.5, 0.5, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ):
        if not 0 <= factor <= 1:
            raise ValueError(f"ConstantLR: factor is {factor}, expected a number from 0 to 1")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        factor = 1.0
        if self.last_epoch == 0:
            factor = self.factor
        elif self.last_epoch == self.total_iters:
            factor = 1.0 / self.factor
        return [lr * factor for lr in self.current()]


class LinearLR(LRScheduler):
    """The rate times a factor from `start_factor` to `end_factor`, in `total_iters` equal steps.

    With a small start it is the usual warm-up.

    Raises: ValueError for a start outside (0, 1] or an end outside [0, 1].

    >>> preview(lambda optimizer: LinearLR(optimizer, start_factor=0.5, total_iters=2), 4)
    [0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ):
        if not (0 < start_factor <= 1 and 0 <= end_factor <= 1):
            raise ValueError(
                f"LinearLR: the factors are {start_factor} to {end_factor}, expected a start above "
                "0 and both at most 1"
            )
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        factor = 1.0
        if self.last_epoch == 0:
            factor = self.start_factor
        elif self.last_epoch <= self.total_iters:
            rise = self.end_factor - self.start_factor
            before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
            factor = 1.0 + rise / before
        return [lr * factor for lr in self.current()]


class PolynomialLR(LRScheduler):
    """The first rate times (1 - epoch / total_iters) ** power, and 0 from then on.

    >>> preview(lambda optimizer: PolynomialLR(optimizer, total_iters=4), 3)
    [1.0, 0.75, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        total_iters: int = 5,
        power: float = 1.0,
        last_epoch: int = -1,
    ):
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0 or self.last_epoch > self.total_iters:
            return self.current()
        before, now = (1.0 - e / self.total_iters for e in (self.last_epoch - 1, self.last_epoch))
        return [lr * (now / before) ** self.power for lr in self.current()]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine wave down to `eta_min`, again and again, each `T_mult` times as long.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.

    >>> preview(lambda optimizer: CosineAnnealingWarmRestarts(optimizer, T_0=2), 5)
    [1.0, 0.5, 1.0, 0.5, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ):
        for name, value in (("T_0", T_0), ("T_mult", T_mult)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"CosineAnnealingWarmRestarts: {name} is {value!r}, expected a whole number of "
                    "at least 1"
                )
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        epoch, length = self.last_epoch, self.T_0
        while epoch >= length:
            epoch, length = epoch - length, length * self.T_mult
        height = (1 + math.cos(math.pi * epoch / length)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]


# --------------------------------------------------------------------------------- one cycle


class OneCycleLR(LRScheduler):
    """Up to `max_lr`, then down to nearly nothing, within `total_steps`; call it after each update.

    The rate rises from max_lr / div_factor in the first `pct_start` of the steps and ends at
    1 / final_div_factor of where it began. Momentum (Adam's beta1) goes the opposite way.

    Args:
        optimizer: whose rates are set.
        max_lr: the highest rate, or one per group.
        total_steps: the number of updates; or give `epochs` and `steps_per_epoch`.
        anneal_strategy: "cos" or "linear", the form of the slopes.
        cycle_momentum: move momentum between `max_momentum` and `base_momentum`.
        three_phase: come down to the first rate, as steeply as up, before the last descent.
    Raises: ValueError for settings out of range, and by the step after the last one.
    Source: Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
        Learning Rates", 2018.

    >>> def cycle(optimizer):
    ...     return OneCycleLR(optimizer, max_lr=1.0, total_steps=10, anneal_strategy="linear")
    >>> [round(lr, 2) for lr in preview(cycle, 10)]
    [0.04, 0.52, 1.0, 0.86, 0.71, 0.57, 0.43, 0.29, 0.14, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ):
        self.total_steps = steps_of(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start is {pct_start}, expected a part, 0 to 1")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f'OneCycleLR: anneal_strategy is {anneal_strategy!r}, expected "cos" or "linear"'
            )
        self.anneal_strategy, self.cycle_momentum = anneal_strategy, cycle_momentum
        up = pct_start * self.total_steps - 1
        self.phases: list[tuple[float, str, str]] = [(up, "initial", "max")]  # end, from, to
        if three_phase:
            self.phases.append((2 * pct_start * self.total_steps - 2, "max", "initial"))
        self.phases.append((self.total_steps - 1, self.phases[-1][2], "min"))
        peaks = per_group(max_lr, optimizer, "max_lr")
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["initial_lr"], group["max_lr"] = peak / div_factor, peak
            group["min_lr"] = group["initial_lr"] / final_div_factor
        if cycle_momentum:
            if not {"momentum", "betas"} & set(optimizer.defaults):
                raise ValueError(
                    f"OneCycleLR: {type(optimizer).__name__} has neither momentum nor betas. "
                    "Write cycle_momentum=False."
                )
            highs = per_group(max_momentum, optimizer, "max_momentum")
            lows = per_group(base_momentum, optimizer, "base_momentum")
            for group, high, low in zip(optimizer.param_groups, highs, lows, strict=True):
                group["max_momentum"], group["base_momentum"] = high, low
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"OneCycleLR: step {self.last_epoch} of a cycle of {self.total_steps}. Give "
                "total_steps the number of updates of the whole run."
            )
        over = [end for end, _, _ in self.phases[:-1] if end < self.last_epoch]
        begin = over[-1] if over else 0.0
        end, start, goal = self.phases[len(over)]
        part = (self.last_epoch - begin) / (end - begin) if end > begin else 1.0
        for group in self.optimizer.param_groups if self.cycle_momentum else ():
            low, high = group["base_momentum"], group["max_momentum"]
            ends = [low if place == "max" else high for place in (start, goal)]
            set_momentum(group, self.between(ends[0], ends[1], part))
        groups = self.optimizer.param_groups
        return [self.between(g[f"{start}_lr"], g[f"{goal}_lr"], part) for g in groups]

    def between(self, start: float, end: float, part: float) -> float:
        """The value at `part` (0 to 1) of the way."""
        if self.anneal_strategy == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2 * (1 + math.cos(math.pi * part))


def steps_of(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    """The number of steps in a cycle, given as such or as a product."""
    given = (total_steps,) if total_steps is not None else (epochs, steps_per_epoch)
    if not all(isinstance(n, int) and n > 0 for n in given):
        raise ValueError(
            f"OneCycleLR: total_steps={total_steps}, epochs={epochs}, steps_per_epoch="
            f"{steps_per_epoch}, expected total_steps, or both others, as whole numbers above 0"
        )
    return math.prod(n for n in given if n is not None)


def per_group(value: float | Sequence[float], optimizer: Optimizer, name: str) -> list[float]:
    """One value per group of parameters, given as such or as one for all."""
    groups = len(optimizer.param_groups)
    values = [value] * groups if isinstance(value, (int, float)) else list(value)
    if len(values) != groups:
        raise ValueError(
            f"expected one {name} for each of the {groups} groups of parameters, got {len(values)}"
        )
    return values


def set_momentum(group: dict[str, Any], momentum: float) -> None:
    """Set the momentum of a group: the first of its betas, if it has them."""
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


# ------------------------------------------------------------------------ schedules of schedules


class Several(LRScheduler):
    """What schedules made of schedules share."""

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler]):
        name = type(self).__name__
        if not schedulers:
            raise ValueError(f"{name}: got no schedulers, expected at least one")
        for i, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(f"{name}: number {i} is a {type(scheduler).__name__}, no schedule")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{name}: number {i} is a ReduceLROnPlateau, whose step needs a measurement. "
                    "Step it on its own."
                )
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"{name}: number {i} was built for another optimizer")
        self.optimizer, self._schedulers = optimizer, list(schedulers)

    def state_dict(self) -> dict[str, Any]:
        """Where the schedules stand."""
        inner = [scheduler.state_dict() for scheduler in self._schedulers]
        return {**super().state_dict(), "_schedulers": inner}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        inner = state_dict["_schedulers"]
        for scheduler, state in zip(self._schedulers, inner, strict=True):
            scheduler.load_state_dict(state)
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_schedulers"})


class SequentialLR(Several):
    """One schedule after the other; at each of `milestones` the next one begins.

    Args:
        optimizer: the one that all the schedules were built for.
        schedulers: the schedules, each built with its own epochs from 0.
        milestones: the epochs at which the second, third, ... takes over.

    >>> def warm_up_then_decay(optimizer):
    ...     warm_up = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    ...     decay = ExponentialLR(optimizer, gamma=0.1)
    ...     return SequentialLR(optimizer, [warm_up, decay], milestones=[2])
    >>> preview(warm_up_then_decay, 4)
    [0.5, 0.75, 1.0, 0.1]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ):
        super().__init__(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(schedulers)} schedulers and {len(milestones)} milestones, "
                "expected one milestone between each two"
            )
        if last_epoch != -1:
            raise NotImplementedError(
                f"SequentialLR: last_epoch={last_epoch} is not supported; use load_state_dict()"
            )
        self._milestones, self.last_epoch = list(milestones), -1
        self.step()

    def step(self) -> None:
        """Go on to the next epoch, by the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if self.last_epoch == (self._milestones[turn - 1] if turn else 0):
            self.begin(scheduler)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def begin(self, scheduler: LRScheduler) -> None:
        """Start a schedule at its epoch 0, whatever rates the one before has left."""
        for group, lr in zip(self.optimizer.param_groups, scheduler.base_lrs, strict=True):
            group["lr"] = lr
        scheduler.last_epoch, scheduler._step_count = -1, 0
        scheduler.step()


class ChainedScheduler(Several):
    """Several schedules at the same time: their factors multiply.

    >>> def both(optimizer):
    ...     return ChainedScheduler([ExponentialLR(optimizer, 0.5), ConstantLR(optimizer, 0.5, 2)])
    >>> preview(both, 3)
    [0.5, 0.25, 0.25]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None):
        own = getattr(schedulers[0], "optimizer", None) if schedulers else None
        super().__init__(optimizer or own, schedulers)  # type: ignore[arg-type]
        self._last_lr = self.current()

    def step(self) -> None:
        """Go on to the next epoch, in all schedules."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self.current()


class ReduceLROnPlateau(LRScheduler):
    """The rate times `factor` when a measurement has not improved for more than `patience` epochs.

    Args:
        optimizer: whose rates are set.
        mode: "min" if smaller is better, "max" if larger is.
        factor: below 1.
        patience: how many epochs without improvement are borne.
        threshold: the least improvement that counts, as a part of the best value
            (`threshold_mode` "rel") or as such ("abs").
        cooldown: epochs after a reduction in which nothing is counted.
        min_lr: the lowest rate, or one per group.
        eps: reductions by less than this are left out.

    >>> optimizer = SGD([Tensor([1.0])], lr=1.0)
    >>> schedule = ReduceLROnPlateau(optimizer, patience=1)
    >>> for loss in (0.5, 0.5, 0.5):
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.1]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ):
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"ReduceLROnPlateau: got a {type(optimizer).__name__}, expected an Optimizer"
            )
        if factor >= 1:
            raise ValueError(f"ReduceLROnPlateau: factor is {factor}, expected less than 1")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"ReduceLROnPlateau: mode is {mode!r} and threshold_mode {threshold_mode!r}, "
                'expected "min" or "max", and "rel" or "abs"'
            )
        self.optimizer = optimizer
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.min_lrs = per_group(min_lr, optimizer, "min_lr")
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0
        self._last_lr = self.current()

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Tell the epoch's measurement, a number or a tensor with one value."""
        value = float(metrics)
        self.last_epoch += 1
        self.num_bad_epochs += 1
        if self.is_better(value):
            self.best, self.num_bad_epochs = value, 0
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self.reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self.current()

    def is_better(self, value: float) -> bool:
        """Whether `value` improves on the best so far by the threshold."""
        sign = -1 if self.mode == "min" else 1
        if self.threshold_mode == "rel":
            goal = self.best * (1 + sign * self.threshold)
        else:
            goal = self.best + sign * self.threshold
        return sign * value > sign * goal

    def reduce(self) -> None:
        """Lower each group's rate, down to its `min_lr` at most."""
        for group, low in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            lr = max(group["lr"] * self.factor, low)
            if group["lr"] - lr > self.eps:
                group["lr"] = lr
