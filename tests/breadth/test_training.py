"""Clipping with all its options, and the rarer callbacks: what they write, and how they go on."""

import json
import math

import numpy as np
import pytest

from tinytorch.breadth.serialization import load
from tinytorch.breadth.training import (
    PlateauSchedule,
    Progress,
    SaveBest,
    WriteHistory,
    clip_grad_norm_,
    clip_grad_value_,
)
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


# ------------------------------------------------------------------------------------ clipping


def gradients(shapes=((3, 4), (5,), (), (0, 2)), scale=3.0):
    rng = np.random.default_rng(2)
    values = [np.asarray(scale * rng.standard_normal(s), "f4") for s in shapes]
    params = [Tensor(np.zeros(s, "f4"), requires_grad=True) for s in shapes]
    for p, g in zip(params, values, strict=True):
        p.grad = Tensor(g.copy())
    return [*params, Tensor(np.zeros(2, "f4"), requires_grad=True)], values  # the last has none


def in_torch(torch, params):
    theirs = [torch.zeros(p.shape, requires_grad=True) for p in params]
    for p, q in zip(params, theirs, strict=True):
        q.grad = None if p.grad is None else torch.tensor(p.grad.numpy().copy())
    return theirs


@pytest.mark.torch
@pytest.mark.parametrize("norm_type", [1, 2.0, 3, math.inf])
@pytest.mark.parametrize("max_norm", [0.5, 5, 1e6])
@pytest.mark.parametrize("scale", [3.0, 1e-6, math.nan])
def test_clipping_by_norm_agrees_with_pytorch(torch, same, norm_type, max_norm, scale):
    shapes = ((3, 4), (5,), ()) if norm_type == math.inf else ((3, 4), (5,), (), (0, 2))
    params, _ = gradients(shapes, scale)
    theirs = in_torch(torch, params)
    norm = clip_grad_norm_(iter(params), max_norm, norm_type)
    expected = torch.nn.utils.clip_grad_norm_(iter(theirs), max_norm, norm_type)
    same(norm, expected)
    for p, q in zip(params[:-1], theirs[:-1], strict=True):
        same(p.grad, q.grad, atol=0)
    assert params[-1].grad is None


@pytest.mark.torch
def test_clipping_by_value_agrees_with_pytorch(torch, same):
    params, _ = gradients()
    theirs = in_torch(torch, params)
    clip_grad_value_(params, 1.5)
    torch.nn.utils.clip_grad_value_(theirs, 1.5)
    for p, q in zip(params[:-1], theirs[:-1], strict=True):
        same(p.grad, q.grad, rtol=0, atol=0)


def test_a_single_tensor_and_no_gradients_can_be_clipped():
    w = Tensor(np.zeros(2, "f4"), requires_grad=True)
    assert clip_grad_norm_([w], 1.0).item() == 0
    w.grad = Tensor(np.array([3, 4], "f4"))
    assert clip_grad_norm_(w, 1.0).item() == 5
    assert w.grad.tolist() == pytest.approx([0.6, 0.8], rel=1e-5)


@pytest.mark.parametrize("norm_type", [2, math.inf])
def test_the_norm_of_float16_gradients_does_not_overflow(norm_type):
    w = Tensor(np.zeros(2, "f2"), requires_grad=True)
    w.grad = Tensor(np.array([300, 400], "f2"))  # 400 squared is more than float16 holds
    norm = clip_grad_norm_(w, 5.0, norm_type)
    assert (norm.item(), norm.dtype) == (500 if norm_type == 2 else 400, np.float16)


def test_a_norm_that_is_not_finite_is_refused_when_asked_to():
    params, _ = gradients(scale=math.nan)
    with pytest.raises(RuntimeError, match=r"norm of order 2.0 of 4 gradients is nan"):
        clip_grad_norm_(params, 1.0, error_if_nonfinite=True)


# ------------------------------------------------------------------------------------ progress


def test_progress_writes_a_line_per_epoch():
    lines = []
    trainer = scripted([0.5, 0.25], lambda _: Progress(lines.append))
    fit(trainer, 2)
    assert len(lines) == 2
    assert lines[1].startswith("epoch 2/2  loss ")
    assert "  lr 0.1  val_loss 0.25" in lines[1]
