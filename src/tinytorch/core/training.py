"""08 · Training: the loop around model, loss, data and optimizer, and how to stop and go on.

The loop itself is five lines. What stands around it is what a run of hours needs: measurements on
data that was not trained on, gradients kept short, a report when a number is no number any more, an
end at the right time, and a file from which a run that was killed goes on as if it had not been, to
the last bit.
"""

from __future__ import annotations

import contextlib
import copy
import glob
import itertools
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np

from tinytorch.core.autograd import detect_anomaly, no_grad
from tinytorch.core.optimizers import Optimizer
from tinytorch.core.tensor import Tensor, apply, default_generator, kernel, tensor

__all__ = [
    "Callback", "EarlyStopping", "Trainer", "accuracy", "clip_grad_norm_", "evaluate", "load_file",
    "load_state", "measuring", "read_file", "save_file", "save_state",
]  # fmt: skip

FilePath = str | os.PathLike[str]
Batches = Iterable[Any]
Measure = Callable[[Any, Any], Any]  # (outputs, targets) -> a number, the mean over a batch


# ---------------------------------------------------------------------------- the measurements


def accuracy(outputs: Tensor, targets: Tensor) -> float:
    """The part of rows whose largest output is at the target's place.

    Args:
        outputs: (N, C), any numbers of which the largest decides, such as logits.
        targets: (N,), the right places, 0 to C - 1.
    Returns: a Python float, 0 to 1.

    >>> accuracy(Tensor([[2.0, 1.0], [3.0, 0.0]]), tensor([0, 1]))
    0.5
    """
    return float((outputs.array.argmax(axis=-1) == targets.array).mean())


@contextlib.contextmanager
def measuring(model: Any) -> Iterator[None]:
    """Within the block `model` is in evaluation mode, and nothing is recorded.

    Afterwards, also after an error, every module is back in the mode that it had: one that was
    frozen with `module.eval()` stays so.

    >>> from tinytorch.core.layers import Dropout
    >>> layer = Dropout(0.5)
    >>> with measuring(layer):
    ...     print(layer.training)
    False
    >>> layer.training
    True
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


def evaluate(
    model: Any, data: Batches, loss_fn: Measure, metrics: Mapping[str, Measure] | None = None
) -> dict[str, float]:
    """The loss and other measurements of `model` over all of `data`: means over the examples.

    Args:
        data: batches (inputs, ..., targets).
        loss_fn: (outputs, targets) -> the mean over a batch.
        metrics: more such functions by name, for instance {"accuracy": accuracy}.
    Returns: {"loss": ..., and each metric's name: ...}. Batches count by their number of examples,
        so a shorter last one does not weigh more than it should.
    Raises: ValueError for data without batches.

    >>> from tinytorch.core.layers import Identity
    >>> two, one = tensor([[2.0, 1.0], [0.0, 3.0]]), tensor([[5.0, 1.0]])
    >>> data = [(two, tensor([0, 1])), (one, tensor([1]))]
    >>> evaluate(Identity(), data, lambda outputs, targets: outputs.mean(), {"right": accuracy})
    {'loss': 2.0, 'right': 0.6666666666666666}
    """
    measures = {"loss": loss_fn, **(metrics or {})}
    sums, count = dict.fromkeys(measures, 0.0), 0
    with measuring(model):
        for *inputs, targets in data:
            outputs = model(*inputs)
            for name, measure in measures.items():
                sums[name] += float(measure(outputs, targets)) * len(targets)
            count += len(targets)
    if not count:
        raise ValueError("evaluate: the data gave no batches, expected at least one")
    return {name: total / count for name, total in sums.items()}


# ------------------------------------------------------------------------------- the gradients


@kernel("scale_")
def scale_(x, factor):
    x *= factor
    return x


def wide(x: np.ndarray) -> np.ndarray:
    """float16 values as float32, in which their squares do not overflow; others as they are."""
    return x.astype(np.float32) if x.dtype == np.float16 else x


def gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """The gradients that `parameters` have: of one, or of those that have any."""
    several = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in several if p.grad is not None]


@kernel("total_norm")
def total_norm(*grads):
    """The length of all `grads` together: the root of the sum of all their squares.

    Args:
        grads: arrays of any shapes, also empty ones.
    Returns: an array without dimensions, of the type of the gradients.

    >>> total_norm(np.array([3.0]), np.array([[4.0]]))
    array(5.)
    """
    squares = sum(float(np.vdot(g, g)) for g in map(wide, grads))
    return np.asarray(math.sqrt(squares), np.result_type(*grads))


def shorten(grads: Iterable[Tensor], norm: float, max_norm: float) -> None:
    """Multiply all `grads`, in place, by the one factor that makes their `norm` into `max_norm`.

    The factor is max_norm / (norm + 1e-6). Gradients that are short enough keep their bits; a norm
    of NaN makes all of them NaN, so that it is noticed.
    """
    factor = float(max_norm) / (norm + 1e-6)
    if not factor >= 1:  # also when it is NaN
        with no_grad():
            for grad in grads:
                apply("scale_", grad, factor=factor)


def clip_grad_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float) -> Tensor:
    """Shorten the gradient, over all parameters together, to `max_norm`; its direction stays.

    Args:
        parameters: one or several tensors; those without a gradient are left out.
        max_norm: the greatest length that is let through.
    Returns: the norm before clipping, without dimensions; 0 if there are no gradients.
    Source: Pascanu, Mikolov and Bengio, "On the Difficulty of Training Recurrent Neural Networks",
        2013.

    >>> w = Tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> clip_grad_norm_(w, max_norm=5.0)
    tensor(10.)
    >>> w.grad
    tensor([3.0000, 4.0000])
    """
    grads = gradients(parameters)
    if not grads:
        return tensor(0.0)
    with no_grad():
        norm = apply("total_norm", *grads)
    shorten(grads, norm.item(), max_norm)
    return norm


# --------------------------------------------------------------------------------- the trainer


class Callback:
    """What a `Trainer` tells about its run: override the moments of interest.

    `trainer` has all there is to know: `epoch`, `epochs`, `batch`, `batches`, `step`, `loss`,
    `history`; setting `trainer.stop` to True ends the run after the epoch. A callback that
    remembers something returns it from `state_dict`, and it is then part of the checkpoint.
    """

    def on_fit_begin(self, trainer: Trainer) -> None:
        """The run begins, or goes on."""

    def on_epoch_begin(self, trainer: Trainer) -> None:
        """An epoch begins, or goes on."""

    def on_step_end(self, trainer: Trainer) -> None:
        """The parameters were updated."""

    def on_epoch_end(self, trainer: Trainer) -> None:
        """An epoch is over; `trainer.history[-1]` has its measurements."""

    def on_fit_end(self, trainer: Trainer) -> None:
        """The run is over."""

    def state_dict(self) -> dict[str, Any]:
        """What must be known to go on later."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        vars(self).update(state)


POSITION = ("epoch", "batch", "step", "sums", "drained", "history", "stop")  # where a run stands


class Trainer:
    """Trains a model on batches, epoch by epoch, and can be killed at any moment and resumed.

    Args:
        model: a Module.
        loss_fn: (outputs, targets) -> the mean loss over a batch, as a tensor.
        optimizer: built with the model's parameters.
        scheduler: a learning-rate schedule; stepped after each epoch, or each update with
            `schedule_every="step"`. One that wants a measurement is stepped by a callback,
            `PlateauSchedule`.
        metrics: functions (outputs, targets) -> number by name, for the validation data.
        max_norm: the length to which gradients are clipped; inf leaves them as they are.
        accumulate: batches per update. The gradient is that of the mean loss over all examples of
            these batches together, also when the last ones of an epoch are fewer or shorter: the
            gradient of a large batch in the memory of a small one.
        callbacks: told of every event, in this order.
        checkpoint: a file that always holds the latest state of the run: written after each epoch,
            and after each `checkpoint_every` updates. The one before it stays until the new one is
            complete.

    A batch is (inputs, ..., targets); override `compute_loss` for others. The history has one
    dictionary per epoch: "epoch", "loss" (the mean while training), "lr", "val_loss", "val_...".

    >>> from tinytorch.core.layers import Linear
    >>> from tinytorch.core.optimizers import SGD
    >>> x = tensor([[0.0], [1.0], [2.0], [3.0]])
    >>> model = Linear(1, 1)
    >>> def mse(outputs, targets):
    ...     return ((outputs - targets) ** 2).mean()
    >>> trainer = Trainer(model, mse, SGD(model.parameters(), lr=0.1))
    >>> history = trainer.fit([(x, 2 * x + 1)], epochs=200)
    >>> round(model.weight.item(), 3), round(model.bias.item(), 3), len(history)
    (2.0, 1.0, 200)
    """

    def __init__(
        self,
        model: Any,
        loss_fn: Measure,
        optimizer: Optimizer,
        *,
        scheduler: Any = None,
        schedule_every: str = "epoch",
        metrics: Mapping[str, Measure] | None = None,
        max_norm: float = math.inf,
        accumulate: int = 1,
        callbacks: Sequence[Callback] = (),
        checkpoint: FilePath | None = None,
        checkpoint_every: int | None = None,
    ):
        if schedule_every not in ("epoch", "step"):
            raise ValueError(f'schedule_every is {schedule_every!r}, expected "epoch" or "step"')
        if accumulate < 1:
            raise ValueError(f"accumulate is {accumulate}, expected at least one batch per update")
        self.model, self.loss_fn, self.optimizer = model, loss_fn, optimizer
        self.scheduler, self.schedule_every = scheduler, schedule_every
        self.metrics, self.max_norm, self.accumulate = metrics, max_norm, accumulate
        self.callbacks = list(callbacks)
        self.checkpoint, self.checkpoint_every = checkpoint, checkpoint_every
        self.epochs = 0  # wanted in all
        self.epoch = 0  # completed
        self.step = 0  # updates in all
        self.loss = math.nan  # of the last update
        self.history: list[dict[str, float]] = []
        self.stop = False  # set by callbacks
        self.data: Any = ()
        self.resumed: dict[str, Any] | None = None  # where in the data to go on, once
        self.clear_epoch()

    def clear_epoch(self) -> None:
        """Begin to count anew."""
        self.batch = 0  # batches of this epoch that were trained on
        self.sums = {"loss": 0.0, "examples": 0.0}
        self.drained = False  # whether the data is known to have no more batches in this epoch

    @property
    def batches(self) -> int | None:
        """How many batches an epoch has, if the data knows."""
        return len(self.data) if hasattr(self.data, "__len__") else None

    def examples(self, batch: Any) -> int:
        """How many examples a batch has, and so how much it weighs."""
        return len(batch[-1])

    def compute_loss(self, batch: Any) -> Tensor:
        """The mean loss over one batch (inputs, ..., targets)."""
        *inputs, targets = batch
        return self.loss_fn(self.model(*inputs), targets)

    def compute_gradients(self, group: Sequence[Any]) -> float:
        """Leave the gradient of the mean loss over all examples of `group`; returns that loss.

        Args:
            group: one batch or several, of which each may have another number of examples.
        """
        self.optimizer.zero_grad()
        total, mean = sum(self.examples(batch) for batch in group), 0.0
        for batch in group:
            share = self.examples(batch) / total
            loss = self.compute_loss(batch)
            (loss if share == 1 else loss * share).backward()
            mean += loss.item() * share
        return mean

    def parameters(self) -> list[Tensor]:
        """All parameters that the optimizer moves."""
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def check_step(self, group: Sequence[Any], chance: dict[str, Any], norm: float) -> None:
        """Refuse an update with numbers that are not finite, or without any gradient."""
        if not (math.isfinite(self.loss) and math.isfinite(norm)):
            raise RuntimeError(
                f"training stopped in epoch {self.epoch + 1}, at update {self.step + 1}: the loss "
                f"is {self.loss} and the norm of the gradient {norm}, expected finite numbers. The "
                "parameters are those before this update. The step was repeated and watched:\n"
                f"{self.origin(group, chance)}\n"
                "Lower the learning rate, clip the gradients (max_norm=1.0), look for odd values "
                "in the batch, or keep that operation within its range."
            )
        if not gradients(self.parameters()):
            raise RuntimeError(
                "fit: the loss gave no gradient to any parameter of the optimizer. Was it built "
                "with the parameters of another model, or are they frozen?"
            )

    def origin(self, group: Sequence[Any], chance: dict[str, Any]) -> str:
        """Repeat a step that went wrong, with the same random numbers, and say where it did."""
        default_generator.set_state(chance)
        try:
            with detect_anomaly():
                self.compute_gradients(group)
        except RuntimeError as error:
            return str(error)
        return "no operation made NaN or infinity from finite values: the numbers grew too large"

    def schedule(self, moment: str) -> None:
        """Step the learning-rate schedule, if there is one and it wants this moment."""
        if self.scheduler is not None and self.schedule_every == moment:
            self.scheduler.step()

    def count(self, group: Sequence[Any]) -> None:
        """Note that one update was made, from the batches of `group`, and their loss."""
        examples = sum(self.examples(batch) for batch in group)
        self.step += 1
        self.batch += len(group)
        self.drained = len(group) < self.accumulate
        self.sums["loss"] += self.loss * examples
        self.sums["examples"] += examples

    def mean_loss(self) -> float:
        """The mean loss over the examples of this epoch, each measured when it was trained on.

        Raises: ValueError when the epoch had no batches; names the epoch, of which the first is 1.
        """
        if not self.sums["examples"]:
            raise ValueError(
                f"fit: epoch {self.epoch + 1} had no batches, expected at least one. A generator "
                "can be read only once: pass a DataLoader or a list."
            )
        return self.sums["loss"] / self.sums["examples"]

    def train_step(self, group: Sequence[Any]) -> None:
        """One update of the parameters, from the batches of `group`.

        Raises: RuntimeError, from `check_step`, before the parameters have changed.
        """
        chance = default_generator.get_state()
        self.loss = self.compute_gradients(group)
        norm = clip_grad_norm_(self.parameters(), self.max_norm)
        self.check_step(group, chance, norm.item())
        self.optimizer.step()
        self.schedule("step")
        self.count(group)

    def evaluate(self, data: Batches) -> dict[str, float]:
        """The loss and the metrics over `data`, as the function `evaluate` measures them."""
        return evaluate(self.model, data, self.loss_fn, self.metrics)

    def remaining_batches(self) -> Iterator[Any]:
        """The batches of this epoch, without those that were trained on before a resumption."""
        resumed, self.resumed = self.resumed, None
        if resumed is None:
            self.clear_epoch()
            return iter(self.data)
        batches = self.go_on(resumed["data"])
        return iter(()) if self.drained else batches

    def tell(self, event: str) -> None:
        """Call every callback's method for `event`."""
        for callback in self.callbacks:
            getattr(callback, event)(self)

    def groups(self, batches: Iterator[Any]) -> Iterator[list[Any]]:
        """The batches in lists of `self.accumulate`; the last list may be shorter, never empty."""
        while group := list(itertools.islice(batches, self.accumulate)):
            yield group

    def train_epoch(self) -> None:
        """Train on every batch once, or on those that an interrupted epoch has left."""
        batches = self.remaining_batches()
        self.model.train()
        self.tell("on_epoch_begin")
        for group in self.groups(batches):
            self.train_step(group)
            self.tell("on_step_end")
            if self.checkpoint_every and self.step % self.checkpoint_every == 0:
                self.save()

    def finish_epoch(self, validation: Batches | None) -> None:
        """Measure, note, step the schedule, tell the callbacks, and write the checkpoint.

        The record that is added to the history has "epoch" (the first is 1), "loss", "lr" (of the
        first group of parameters), and with `validation` its measurements, as "val_" + name.
        """
        lr = float(self.optimizer.param_groups[0]["lr"])
        record = {"epoch": self.epoch + 1, "loss": self.mean_loss(), "lr": lr}
        if validation is not None:
            measured = self.evaluate(validation)
            record.update({f"val_{name}": value for name, value in measured.items()})
        self.history.append(record)
        self.epoch += 1
        self.schedule("epoch")
        self.tell("on_epoch_end")
        self.clear_epoch()
        self.save()

    def fit(
        self, data: Batches, epochs: int, validation: Batches | None = None, resume: bool = False
    ) -> list[dict[str, float]]:
        """Train until `epochs` epochs are done, those before a resumption included.

        Args:
            data: batches, anew in each epoch: a DataLoader, or a list.
            validation: batches that are measured, not trained on, after each epoch.
            resume: go on from the checkpoint, if there is one. With model, data and settings as
                before, the run ends as it would have without the interruption, bit for bit.
        Returns: the history.
        Raises: RuntimeError when loss or gradient is no finite number, with a report of the
            operation that made the first one; the parameters are then those before that step.
        """
        self.data, self.epochs = data, epochs
        if resume:
            self.load_checkpoint()
        self.tell("on_fit_begin")
        while self.epoch < epochs and not self.stop:
            self.train_epoch()
            self.finish_epoch(validation)
        self.tell("on_fit_end")
        return self.history

    def parts(self) -> dict[str, Any]:
        """What has a state of its own, by name: each has `state_dict` and `load_state_dict`."""
        parts = {"model": self.model, "optimizer": self.optimizer, "scheduler": self.scheduler}
        parts.update({f"callback {i}": part for i, part in enumerate(self.callbacks)})
        return {name: part for name, part in parts.items() if part is not None}

    def check_kinds(self, state: Mapping[str, Any]) -> None:
        """Refuse the state of a run with other parts."""
        if state.get("kinds") != self.kinds():
            raise ValueError(
                f"the state is of a run with {state.get('kinds')}, this one has {self.kinds()}. "
                "Build the trainer as before; of a file with a model alone, use "
                "model.load_state_dict()."
            )

    def kinds(self) -> dict[str, str]:
        """The class of each part, by name: what a saved state must fit."""
        return {name: type(part).__name__ for name, part in self.parts().items()}

    def state_dict(self) -> dict[str, Any]:
        """All that a run depends on, by name.

        Returns: "kinds": as `kinds` says; "parts": the state_dict of each part, by its name;
            "chance": the state of `default_generator`; "data": the state_dict of the data, or None
            if it has none; "position": a copy, down to its lists, of the attributes in POSITION.
        """
        return {
            "kinds": self.kinds(),
            "parts": {name: part.state_dict() for name, part in self.parts().items()},
            "chance": default_generator.get_state(),
            "data": self.data.state_dict() if hasattr(self.data, "state_dict") else None,
            "position": copy.deepcopy({name: getattr(self, name) for name in POSITION}),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned: the next `fit` does.

        The data is not known before `fit`, so its state is kept in `self.resumed`, as a dictionary
        {"data": state}.

        Raises: ValueError, from `check_kinds`, when the parts are not those it was saved with.
        """
        self.check_kinds(state)
        for name, part in self.parts().items():
            part.load_state_dict(state["parts"][name])
        default_generator.set_state(state["chance"])
        vars(self).update(copy.deepcopy(state["position"]))
        self.resumed = {"data": state["data"]}

    def go_on(self, data_state: dict[str, Any] | None) -> Iterator[Any]:
        """The batches of the epoch under way that were not trained on yet, in their old order.

        Args:
            data_state: what the data's `state_dict` returned, for its `load_state_dict`; None for
                data that has none, such as a list: it gives the same batches again, of which the
                first `self.batch` are done.
        """
        if data_state is None:
            return itertools.islice(self.data, self.batch, None)
        self.data.load_state_dict(data_state)
        return iter(self.data)

    def save(self, path: FilePath | None = None) -> None:
        """Write the state of the run to `path`, or to the checkpoint if there is one."""
        path = path or self.checkpoint
        if path is not None:
            save_state(self.state_dict(), path)

    def load(self, path: FilePath) -> None:
        """Go on from a file that `save` wrote."""
        self.load_state_dict(load_state(path))

    def load_checkpoint(self) -> None:
        """Go on from the checkpoint, if there is one, and sweep up what killed writers left."""
        if self.checkpoint is not None:
            remove_leftovers(self.checkpoint)
            if os.path.exists(self.checkpoint):
                self.load(self.checkpoint)


# ---------------------------------------------------------------------------------- the end


class EarlyStopping(Callback):
    """End the run when a measurement has not improved for `patience` epochs.

    Args:
        monitor: its name in the history.
        patience: at least 1.
        min_delta: the least change that counts as an improvement.
        mode: "min" if smaller is better, "max" if larger is.
        restore_best: leave the model with the parameters of its best epoch.
    Raises: ValueError, at the end of an epoch, when the history has no such measurement.

    Use it as `Trainer(..., callbacks=[EarlyStopping(patience=5, restore_best=True)])`.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 3,
        min_delta: float = 0.0,
        mode: str = "min",
        restore_best: bool = False,
    ):
        if mode not in ("min", "max"):
            raise ValueError(f'EarlyStopping: mode is {mode!r}, expected "min" or "max"')
        self.monitor, self.patience, self.min_delta = monitor, patience, min_delta
        self.sign = 1 if mode == "max" else -1
        self.restore_best = restore_best
        self.best, self.waited = -math.inf, 0  # the best of sign * value
        self.weights: dict[str, Tensor] = {}

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Compare the measurement with the best one, and stop when the patience is at an end."""
        value = self.sign * measurement(trainer, self.monitor)
        if value > self.best + self.min_delta:
            self.best, self.waited = value, 0
            if self.restore_best:
                state = trainer.model.state_dict()
                self.weights = {name: t.detach().clone() for name, t in state.items()}
        else:
            self.waited += 1
            trainer.stop = trainer.stop or self.waited >= self.patience

    def on_fit_end(self, trainer: Trainer) -> None:
        """Give the model its best parameters back, if they were kept."""
        if self.weights:
            trainer.model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """The best value, how long ago it was, and the parameters that had it."""
        return {"best": self.best, "waited": self.waited, "weights": self.weights}


def measurement(trainer: Trainer, name: str) -> float:
    """The measurement `name` of the last epoch.

    Raises: ValueError, with the names that there are, when it is not among them.
    """
    record = trainer.history[-1]
    if name not in record:
        raise ValueError(
            f"{name!r} is not among the measurements {sorted(record)}. Those of validation data "
            "begin with val_ and need fit(..., validation=data)."
        )
    return record[name]


# ------------------------------------------------------------------------- a state as one file


def plain(value: Any, place: str) -> Any:
    """A value that JSON can hold, numbers of NumPy as Python's; TypeError for what it cannot."""
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        f"{place or 'the object'} is a {type(value).__name__}, which cannot be stored: expected "
        "tensors, arrays, numbers, texts, None, or dictionaries, lists and tuples of them. Of a "
        "model or an optimizer, store its state_dict()."
    )


def below(place: str, key: Any) -> str:
    """The place of what stands under `key` at `place`; TypeError for a key that JSON cannot hold.

    >>> below("model", "w"), below("", 0)
    ('model.w', '0')
    """
    if key is None or isinstance(key, (bool, int, float, str)):
        return f"{place}.{key}" if place else str(key)
    raise TypeError(f"{place or 'the object'} has the key {key!r}, expected a text or a number")


def keep(array: np.ndarray, name: str, arrays: dict[str, np.ndarray]) -> str:
    """Put `array` into `arrays`; returns its name there, one that was free."""
    while name in arrays:  # {"a.b": x, "a": {"b": y}}
        name += "'"
    arrays[name] = array
    return name


def pack(value: Any, place: str, arrays: dict[str, np.ndarray]) -> Any:
    """`value` as JSON; its tensors go to `arrays`, under the names of their places.

    Args:
        value: any nesting of dictionaries, lists, tuples, tensors, arrays, numbers and texts.
        place: where it stands: "" for the whole, "model.0" for value["model"][0].
        arrays: filled while packing, by `keep`.
    Returns: {"dict": [[key, packed], ...]}, {"tuple": [packed, ...]}, {"tensor": its name in
        arrays}, {"array": its name}, a list of packed values, or the value itself.
    Raises: TypeError, from `plain` and `below`, for anything else, named by its place.

    >>> arrays = {}
    >>> pack({"lr": 0.1, "m": tensor([1.0])}, "", arrays), arrays
    ({'dict': [['lr', 0.1], ['m', {'tensor': 'm'}]]}, {'m': array([1.], dtype=float32)})
    """
    if isinstance(value, Tensor):
        return {"tensor": keep(value.array, place, arrays)}
    if isinstance(value, np.ndarray):
        return {"array": keep(value, place, arrays)}
    if isinstance(value, (list, tuple)):
        items = [pack(item, below(place, i), arrays) for i, item in enumerate(value)]
        return {"tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, Mapping):
        pairs = [[key, pack(item, below(place, key), arrays)] for key, item in value.items()]
        return {"dict": pairs}
    return plain(value, place)


def unpack(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """What `pack` was given.

    >>> unpack({"dict": [["lr", 0.1], ["m", {"tensor": "m"}]]}, {"m": np.ones(1)})
    {'lr': 0.1, 'm': tensor([1.], dtype=tinytorch.float64)}
    """
    if isinstance(value, list):
        return [unpack(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "dict":
        return {key: unpack(item, arrays) for key, item in content}
    if kind == "tuple":
        return tuple(unpack(item, arrays) for item in content)
    return Tensor(arrays[content]) if kind == "tensor" else arrays[content]


CODES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip
CODE_OF = {name: code for code, name in CODES.items()}
LONGEST_HEADER = 100_000_000  # bytes; the format's own limit
DAMAGE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)  # how JSON disappoints


def code_of(array: np.ndarray, name: str) -> str:
    """The format's code for an array's type: F32 for float32."""
    if array.dtype.name not in CODE_OF or name == "__metadata__":
        raise TypeError(
            f"{name!r} is an array of {array.dtype}, expected one of {', '.join(CODE_OF)} under "
            "another name than '__metadata__'"
        )
    return CODE_OF[array.dtype.name]


def check_length(length: int) -> None:
    """Refuse a header of more bytes than the format allows."""
    if length > LONGEST_HEADER:
        raise ValueError(
            f"the header has {length} bytes, expected at most {LONGEST_HEADER}: store long lists "
            "of numbers as tensors"
        )


def little_endian(array: np.ndarray) -> np.ndarray:
    """The array with the lowest byte of each value first, as the format wants it."""
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def layout(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The place of each array in the data: one after the other, those of wide values first.

    Sorted by the size of one value, the largest first, and then by name, every array begins at a
    multiple of its value's size, from which a processor reads at full speed.

    Returns: by name {"dtype": code, "shape": list, "data_offsets": [begin, end]}, in that order.

    >>> layout({"b": np.zeros(3, "int8"), "a": np.zeros((2, 1), "float32")})["a"]
    {'dtype': 'F32', 'shape': [2, 1], 'data_offsets': [0, 8]}
    """
    header, end = {}, 0
    for name in sorted(arrays, key=lambda name: (-arrays[name].itemsize, name)):
        array = arrays[name]
        begin, end = end, end + array.nbytes
        header[name] = {
            "dtype": code_of(array, name),
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
    return header


def opening(header: Mapping[str, Any]) -> bytes:
    """How the file begins: 8 bytes with the header's length, lowest byte first, then the header.

    The header is JSON in UTF-8, and ends in as many spaces as make its length a multiple of 8.

    Raises: ValueError, from `check_length`, for a header longer than the format allows.

    >>> opening({"a": 1})
    b'\\x08\\x00\\x00\\x00\\x00\\x00\\x00\\x00{"a": 1}'
    """
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    check_length(len(text))
    return len(text).to_bytes(8, "little") + text


@contextlib.contextmanager
def telling_what_became_of(path: str) -> Iterator[None]:
    """An OSError in the block also says what `path` holds, and what to do."""
    try:
        yield
    except OSError as error:
        raise OSError(
            error.errno,
            f"{path} could not be written ({error.strerror}); what it held before is still there. "
            "Free some space, or write to another folder.",
        ) from error


def force_folder(path: str) -> None:
    """Force the entry of the file `path` in its folder onto the disk, on systems that can."""
    with contextlib.suppress(OSError):
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def remove_leftovers(path: FilePath) -> None:
    """Remove what writers of `path` that were killed have left beside it."""
    for name in glob.glob(glob.escape(os.path.realpath(path)) + ".*.tmp"):
        with contextlib.suppress(OSError):
            os.unlink(name)


def write_atomically(path: FilePath, parts: Iterable[bytes]) -> None:
    """Write a file so that `path` holds all of it, or what it held before, whatever happens.

    The parts go into a file beside it, `path`.NUMBER.tmp with the number of the process, which is
    forced onto the disk and then takes over the name in one step. Where `path` is a link, the file
    that it leads to is replaced. A writer that fails removes the file beside; one that is killed
    can leave it behind, never half of this one.

    Raises: OSError when the disk is full or the folder cannot be written to.
    """
    path = os.path.realpath(path)
    beside = f"{path}.{os.getpid()}.tmp"
    with telling_what_became_of(path):
        try:
            with open(beside, "wb") as file:
                file.writelines(parts)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(beside)
    force_folder(path)


def save_file(
    arrays: Mapping[str, np.ndarray], path: FilePath, metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays by name in the safetensors format, atomically.

    The file is its `opening`, with `metadata` under the name "__metadata__" before the entries of
    the `layout` if there is any; then the values of the arrays in the order of the layout, each in
    C order and with the lowest byte first. Nothing in it is code.

    Args:
        arrays: of any layout; float16 to float64, int8 to int64, uint8 or bool.
        metadata: texts by name, kept in the header.
    Raises: TypeError for another type or name.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "numbers.safetensors")
    ...     save_file({"weight": np.eye(2, dtype="float32")}, path, {"made by": "hand"})
    ...     read_file(path)
    ({'weight': array([[1., 0.],
           [0., 1.]], dtype=float32)}, {'made by': 'hand'})
    """
    places = layout(arrays)
    header = {"__metadata__": dict(metadata), **places} if metadata else places
    values = (little_endian(arrays[name]).tobytes() for name in places)  # tobytes() is in C order
    write_atomically(path, itertools.chain([opening(header)], values))


def save_state(state: Any, path: FilePath) -> None:
    """Write nested dictionaries, lists, numbers, texts and tensors to one safetensors file.

    The tensors are stored under the names of their places ("model.0.weight"), so that any program
    that reads the format finds them; the rest is JSON in the metadata, under the name "tinytorch".
    One file is the simplest thing that can be replaced as a whole.

    Raises: TypeError for anything else, named by its place.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "run.safetensors")
    ...     save_state({"step": 3, "model": {"bias": tensor([1.0])}}, path)
    ...     load_state(path), list(load_file(path))
    ({'step': 3, 'model': {'bias': tensor([1.])}}, ['model.bias'])
    """
    arrays: dict[str, np.ndarray] = {}
    tree = pack(state, "", arrays)
    save_file(arrays, path, {"tinytorch": json.dumps(tree)})


def check_layout(header: Mapping[str, Any], size: int) -> None:
    """Refuse a header whose arrays do not fill `size` bytes one after the other."""
    end = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        code, shape, (begin, stop) = entry["dtype"], entry["shape"], entry["data_offsets"]
        if code not in CODES:
            raise ValueError(f"{name!r} is of type {code}, expected one of {', '.join(CODES)}")
        if not all(isinstance(n, int) and n >= 0 for n in shape):
            raise ValueError(f"{name!r} has the shape {shape}, expected a list of sizes")
        length = math.prod(shape) * np.dtype(CODES[code]).itemsize
        if (begin, stop) != (end, end + length):
            raise ValueError(
                f"{name!r}, {code} of shape {shape}, lies at bytes {begin} to {stop}, expected "
                f"{end} to {end + length}"
            )
        end = stop
    if end != size:
        raise ValueError(f"its header speaks of {end} bytes of arrays, and {size} are there")


def read_header(file: BinaryIO) -> tuple[dict[str, Any], dict[str, str]]:
    """The header and the metadata of an open safetensors file, which is left where the data begins.

    Nothing of what the header says is believed before it was held against the file's size.
    """
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(8), "little")
    try:
        if size < 8 or length > min(size - 8, LONGEST_HEADER):
            raise ValueError(
                f"its {size} bytes begin with {length} as the length of its header. Was the "
                "download or the copy cut short, or is it of another format?"
            )
        header = json.loads(file.read(length))
        metadata = header.pop("__metadata__", {})
        check_layout(header, size - file.tell())
    except DAMAGE as error:
        raise ValueError(f"{file.name} is not a whole safetensors file: {error}") from None
    return header, metadata


def read_file(path: FilePath) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of a safetensors file by name, and its metadata.

    Raises: ValueError when the file is cut short or is not of this format.
    """
    arrays = {}
    with open(path, "rb") as file:
        header, metadata = read_header(file)
        start = file.tell()
        for name, entry in header.items():
            file.seek(start + entry["data_offsets"][0])
            dtype = np.dtype(CODES[entry["dtype"]])
            values = np.fromfile(file, dtype.newbyteorder("<"), math.prod(entry["shape"]))
            arrays[name] = values.astype(dtype, copy=False).reshape(entry["shape"])
    return arrays, metadata


def load_file(path: FilePath) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file by name."""
    return read_file(path)[0]


def load_state(path: FilePath) -> Any:
    """What `save_state` was given; of another program's file, its tensors by name."""
    arrays, metadata = read_file(path)
    if "tinytorch" not in metadata:
        return {name: Tensor(array) for name, array in arrays.items()}
    try:
        return unpack(json.loads(metadata["tinytorch"]), arrays)
    except DAMAGE as error:
        raise ValueError(f"{os.fspath(path)}: its metadata is damaged: {error!r}") from None
