"""More callbacks for module 08's Trainer, and clipping with all of PyTorch's options."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tinytorch.core.autograd import no_grad
from tinytorch.core.tensor import Tensor, apply, kernel, tensor
from tinytorch.core.training import (
    Callback,
    FilePath,
    Trainer,
    gradients,
    measurement,
    save_state,
    shorten,
    wide,
    write_atomically,
)

__all__ = [
    "PlateauSchedule", "Progress", "SaveBest", "WriteHistory", "clip_grad_norm_",
    "clip_grad_value_",
]  # fmt: skip


# ------------------------------------------------------------------------------------ clipping


@kernel("norm_of_norms")
def norm_of_norms(*grads, order):
    """The norm of this order of all `grads`, taken as one long vector."""
    norms = [np.linalg.norm(wide(g).ravel(), order) for g in grads if g.size]
    return np.asarray(np.linalg.norm(norms, order), np.result_type(*grads))


@kernel("clip_")
def clip_(x, limit):
    return np.clip(x, -limit, limit, out=x)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Shorten the gradient, over all parameters together, to `max_norm`; its direction stays.

    Args:
        parameters: one or several tensors; those without a gradient are left out.
        max_norm: the greatest length that is let through.
        norm_type: 2 for the length as such, inf for the largest absolute value, or another order.
        error_if_nonfinite: refuse a gradient that holds NaN or infinity.
        foreach: accepted, and without effect.
    Returns: the norm before clipping, without dimensions.
    Raises: RuntimeError for a norm that is not finite, if asked to.

    >>> w = Tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> clip_grad_norm_(w, max_norm=4.0, norm_type=float("inf"))
    tensor(8.)
    >>> w.grad
    tensor([3.0000, 4.0000])
    """
    grads = gradients(parameters)
    if not grads:
        return tensor(0.0)
    with no_grad():
        if norm_type == 2:
            norm = apply("total_norm", *grads)
        else:
            norm = apply("norm_of_norms", *grads, order=float(norm_type))
    if error_if_nonfinite and not math.isfinite(norm.item()):
        raise RuntimeError(
            f"clip_grad_norm_: the norm of order {norm_type} of {len(grads)} gradients is "
            f"{norm.item()}, expected a finite number. Look for its origin with detect_anomaly()."
        )
    shorten(grads, norm.item(), max_norm)
    return norm


def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """Limit every single gradient value to -clip_value ... clip_value; the direction may change.

    >>> w = Tensor([3.0, -0.1], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> clip_grad_value_(w, 1.0)
    >>> w.grad
    tensor([ 1.0000, -0.2000])
    """
    with no_grad():
        for grad in gradients(parameters):
            apply("clip_", grad, limit=float(clip_value))


# ----------------------------------------------------------------------------------- callbacks


class Progress(Callback):
    """One line per epoch, to the terminal or wherever `write` puts it."""

    def __init__(self, write: Callable[[str], Any] = print):
        self.write = write

    def on_epoch_end(self, trainer: Trainer) -> None:
        record = {k: v for k, v in trainer.history[-1].items() if k != "epoch"}
        numbers = "  ".join(f"{name} {value:.4g}" for name, value in record.items())
        self.write(f"epoch {trainer.epoch}/{trainer.epochs}  {numbers}")

    def state_dict(self) -> dict[str, Any]:
        """Nothing: how it writes is no part of the run."""
        return {}


class SaveBest(Callback):
    """Write the model's state_dict to `path` whenever a measurement is the best so far.

    Args:
        path: the file, for `tinytorch.load`.
        monitor: the measurement's name in the history.
        mode: "min" if smaller is better, "max" if larger is.
    """

    def __init__(self, path: FilePath, monitor: str = "val_loss", mode: str = "min"):
        if mode not in ("min", "max"):
            raise ValueError(f'SaveBest: mode is {mode!r}, expected "min" or "max"')
        self.path, self.monitor = path, monitor
        self.sign = 1 if mode == "max" else -1
        self.best = -math.inf

    def on_epoch_end(self, trainer: Trainer) -> None:
        value = self.sign * measurement(trainer, self.monitor)
        if value > self.best:
            self.best = value
            save_state(trainer.model.state_dict(), self.path)

    def state_dict(self) -> dict[str, Any]:
        """The best value so far."""
        return {"best": self.best}


class PlateauSchedule(Callback):
    """Step a `ReduceLROnPlateau` with a measurement after each epoch.

    Args:
        scheduler: the schedule, built for the trainer's optimizer.
        monitor: the measurement's name in the history.
    """

    def __init__(self, scheduler: Any, monitor: str = "val_loss"):
        self.scheduler, self.monitor = scheduler, monitor

    def on_epoch_end(self, trainer: Trainer) -> None:
        self.scheduler.step(measurement(trainer, self.monitor))

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule stands."""
        return self.scheduler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Put the schedule where it stood."""
        self.scheduler.load_state_dict(state)


class WriteHistory(Callback):
    """Write the history to a JSON file after each epoch, for a plot or another program."""

    def __init__(self, path: FilePath):
        self.path = path

    def on_epoch_end(self, trainer: Trainer) -> None:
        write_atomically(self.path, [json.dumps(trainer.history, indent=1).encode()])

    def state_dict(self) -> dict[str, Any]:
        """Nothing: the history is the trainer's."""
        return {}
