"""More callbacks for module 08's Trainer."""

from __future__ import annotations

import json
import math
from typing import Any

from tinytorch.core.training import (
    Callback,
    FilePath,
    Trainer,
    measurement,
    save_state,
    write_atomically,
)

__all__ = ["PlateauSchedule", "SaveBest", "WriteHistory"]


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
