"""Adagrad: twenty steps with PyTorch, its state, its errors."""

import copy

import numpy as np
import pytest

from tinytorch.core.tensor import KERNELS, Tensor
from tinytorch.optim import Adagrad

OPTIONS = [
    {},
    {"lr": 0.1, "lr_decay": 0.2},
    {"lr": 0.1, "weight_decay": 0.1, "maximize": True},
    {"initial_accumulator_value": 0.5, "eps": 1e-3},
]


def parameters(dtype="float32"):
    rng = np.random.default_rng(1)
    shapes = [(4, 3), (), (300, 200)]  # the last one is larger than a block
    return [Tensor(np.asarray(rng.standard_normal(s), dtype), requires_grad=True) for s in shapes]


def gradients(step, params):
    rng = np.random.default_rng(100 + step)
    for p in params:
        p.grad = Tensor(np.asarray(rng.standard_normal(p.shape), p.dtype))


def assert_steps_agree(torch, same, options, dtype="float32", rtol=2e-5):
    ours = parameters(dtype)
    theirs = [torch.tensor(p.detach().numpy().copy(), requires_grad=True) for p in ours]
    a, b = Adagrad(ours, **options), torch.optim.Adagrad(theirs, **options)
    for step in range(20):
        gradients(step, ours)
        for p, q in zip(ours, theirs, strict=True):
            q.grad = torch.tensor(p.grad.numpy().copy())
        a.step()
        b.step()
    for p, q in zip(ours, theirs, strict=True):
        same(p, q, rtol=rtol, atol=rtol / 10)


@pytest.mark.torch
@pytest.mark.parametrize("options", OPTIONS, ids="-".join)
@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 2e-5), ("float64", 1e-12)])
def test_twenty_steps_agree_with_pytorch(torch, same, options, dtype, rtol):
    assert_steps_agree(torch, same, options, dtype, rtol)


@pytest.mark.torch
def test_forgetting_past_gradients_is_found(torch, same, monkeypatch):
    true = KERNELS["adagrad_"]

    def forgetful(param, grad, total, **options):
        total *= 0.9
        return true(param, grad, total, **options)

    monkeypatch.setitem(KERNELS, "adagrad_", forgetful)
    with pytest.raises(AssertionError):
        assert_steps_agree(torch, same, {})


@pytest.mark.parametrize("options", OPTIONS, ids="-".join)
def test_a_loaded_state_goes_on_with_the_same_bits(options):
    straight = parameters()
    optimizer = Adagrad(straight, **options)
    for step in range(3):
        gradients(step, straight)
        optimizer.step()
    resumed = copy.deepcopy(straight)
    other = Adagrad(resumed)
    other.load_state_dict(optimizer.state_dict())
    for step in range(3, 6):
        for params in (straight, resumed):
            gradients(step, params)
        optimizer.step()
        other.step()
    for p, q in zip(straight, resumed, strict=True):
        assert p.array.tobytes() == q.array.tobytes()


@pytest.mark.parametrize("name", ["lr", "lr_decay", "weight_decay", "initial_accumulator_value"])
def test_settings_out_of_range_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} is -1"):
        Adagrad(parameters(), **{name: -1})
