"""The rarer callbacks: what they write, and that they go on after a resumption."""

import json

import numpy as np
import pytest

from tinytorch.breadth.serialization import load
from tinytorch.breadth.training import PlateauSchedule, SaveBest, WriteHistory
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor
from tinytorch.core.training import Trainer
from tinytorch.optim import SGD
from tinytorch.optim.lr_scheduler import ReduceLROnPlateau


class Scripted(Trainer):
    """A trainer whose validation losses are given."""

    script = ()

    def evaluate(self, data):
        return {"loss": self.script[self.epoch]}


def scripted(script, build, checkpoint=None):
    model = Linear(2, 1)
    optimizer = SGD(model.parameters(), lr=0.1)
    loss = lambda outputs, targets: ((outputs - targets) ** 2).mean()  # noqa: E731
    trainer = Scripted(model, loss, optimizer, callbacks=[build(optimizer)], checkpoint=checkpoint)
    trainer.script = script
    return trainer


def fit(trainer, epochs, **options):
    data = [[Tensor(np.ones((3, 2), "f4")), Tensor(np.ones((3, 1), "f4"))]]
    trainer.fit(data, epochs, validation=[1], **options)


@pytest.mark.parametrize(("mode", "best"), [("min", 3), ("max", 2)])
def test_the_best_weights_are_written(tmp_path, mode, best):
    path = tmp_path / "best"
    trainer = scripted([3, 4, 1, 2], lambda _: SaveBest(path, mode=mode))
    weights = []
    for epoch in range(1, 5):
        fit(trainer, epoch)
        weights.append(trainer.model.weight.tolist())
    assert load(path)["weight"].tolist() == weights[best - 1]
    assert load(path)["weight"].tolist() != weights[-1]


def test_the_best_value_is_remembered_by_a_resumed_run(tmp_path):
    def build(_):
        return SaveBest(tmp_path / "best")

    fit(scripted([1, 5, 5], build, tmp_path / "run"), 1)
    before = (tmp_path / "best").read_bytes()
    fit(scripted([1, 5, 5], build, tmp_path / "run"), 3, resume=True)
    assert (tmp_path / "best").read_bytes() == before


def test_a_plateau_lowers_the_rate_also_in_a_resumed_run(tmp_path):
    def build(optimizer):
        return PlateauSchedule(ReduceLROnPlateau(optimizer, patience=1))

    straight = scripted([1, 1, 1, 1], build)
    fit(straight, 4)
    fit(scripted([1, 1, 1, 1], build, tmp_path / "run"), 2)
    resumed = scripted([1, 1, 1, 1], build, tmp_path / "run")
    fit(resumed, 4, resume=True)
    rates = [record["lr"] for record in straight.history]
    assert rates == pytest.approx([0.1, 0.1, 0.1, 0.01])
    assert [record["lr"] for record in resumed.history] == rates


def test_the_history_is_written_as_json(tmp_path):
    trainer = scripted([1, 2], lambda _: WriteHistory(tmp_path / "history.json"))
    fit(trainer, 2)
    assert json.loads((tmp_path / "history.json").read_text()) == trainer.history


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="mode is 'best'"):
        SaveBest("path", mode="best")
