"""Optimizers and the taught schedules: PyTorch as the judge, states, errors, planted faults."""

import copy
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch.core import optimizers
from tinytorch.core.autograd import no_grad
from tinytorch.core.optimizers import (
    SGD,
    Adam,
    AdamW,
    CosineAnnealingLR,
    LambdaLR,
    LRScheduler,
    Optimizer,
    RMSprop,
    StepLR,
    blocks,
)
from tinytorch.core.tensor import KERNELS, Tensor, listen

SHAPES = [(4, 3), (3,), (), (0, 2), (300, 200)]  # the last one is larger than a block
OPTIONS = [
    (SGD, {"lr": 0.1}),
    (SGD, {"lr": 0.1, "momentum": 0.9}),
    (SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    (SGD, {"lr": 0.1, "maximize": True, "weight_decay": 0.1}),
    (RMSprop, {}),
    (RMSprop, {"alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    (RMSprop, {"momentum": 0.9}),
    (RMSprop, {"centered": True}),
    (RMSprop, {"centered": True, "momentum": 0.5, "alpha": 0.8}),
    (Adam, {}),
    (Adam, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    (Adam, {"lr": 0.1, "amsgrad": True}),
    (Adam, {"lr": 0.1, "maximize": True, "foreach": False, "fused": None}),
    (AdamW, {}),
    (AdamW, {"lr": 0.1, "weight_decay": 0.3, "betas": (0.8, 0.95)}),
    (AdamW, {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True, "maximize": True}),
]
NAMES = [f"{cls.__name__}-{'-'.join(options)}" for cls, options in OPTIONS]


def parameters(dtype="float32", shapes=SHAPES):
    rng = np.random.default_rng(1)
    return [Tensor(rng.standard_normal(s).astype(dtype), requires_grad=True) for s in shapes]


def as_torch(torch, params):
    return [torch.tensor(p.detach().numpy().copy(), requires_grad=True) for p in params]


def give_gradients(step, ours, theirs, torch):
    """The same random gradients on both sides; one parameter has none in every third step."""
    rng = np.random.default_rng(100 + step)
    for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
        values = np.asarray(rng.standard_normal(p.shape) * 10.0 ** rng.integers(-3, 2), p.dtype)
        absent = i == 1 and step % 3 == 0
        p.grad = None if absent else Tensor(values.copy())
        q.grad = None if absent else torch.tensor(values)


def assert_steps_agree(torch, same, cls, options, dtype="float32", steps=20, rtol=2e-5):
    ours = parameters(dtype)
    theirs = as_torch(torch, ours)
    a, b = cls(ours, **options), getattr(torch.optim, cls.__name__)(theirs, **options)
    for step in range(steps):
        give_gradients(step, ours, theirs, torch)
        a.step()
        b.step()
    for p, q in zip(ours, theirs, strict=True):
        same(p, q, rtol=rtol, atol=rtol / 10)


# ---------------------------------------------------------------------------- against PyTorch


@pytest.mark.torch
@pytest.mark.parametrize(("cls", "options"), OPTIONS, ids=NAMES)
def test_twenty_steps_agree_with_pytorch(torch, same, cls, options):
    assert_steps_agree(torch, same, cls, options)


@pytest.mark.torch
@pytest.mark.parametrize(("cls", "options"), OPTIONS, ids=NAMES)
def test_twenty_float64_steps_agree_with_pytorch_to_twelve_digits(torch, same, cls, options):
    assert_steps_agree(torch, same, cls, options, dtype="float64", rtol=1e-12)


@pytest.mark.torch
@pytest.mark.parametrize("cls", [SGD, RMSprop, Adam, AdamW])
def test_groups_keep_their_own_settings(torch, same, cls):
    ours = parameters()
    theirs = as_torch(torch, ours)

    def groups(p):
        return [
            {"params": p[:2]},
            {"params": p[2], "lr": 0.3},
            {"params": p[3:], "weight_decay": 0.5, "lr": 0.01},
        ]

    a = cls(groups(ours), lr=0.05)
    b = getattr(torch.optim, cls.__name__)(groups(theirs), lr=0.05)
    for step in range(20):
        give_gradients(step, ours, theirs, torch)
        a.step()
        b.step()
    for p, q in zip(ours, theirs, strict=True):
        same(p, q, rtol=2e-5, atol=2e-6)


@pytest.mark.torch
@pytest.mark.parametrize(("cls", "options"), OPTIONS, ids=NAMES)
def test_a_state_goes_over_to_pytorch_and_back(torch, same, cls, options):
    ours = parameters()
    theirs = as_torch(torch, ours)
    a, b = cls(ours, **options), getattr(torch.optim, cls.__name__)(theirs, **options)
    for step in range(3):
        give_gradients(step, ours, theirs, torch)
        a.step()
    for p, q in zip(ours, theirs, strict=True):
        q.data = torch.tensor(p.detach().numpy().copy())
    b.load_state_dict(converted(a.state_dict(), Tensor, lambda t: torch.tensor(t.numpy().copy())))
    for step in range(3, 6):
        give_gradients(step, ours, theirs, torch)
        a.step()
        b.step()
    for p, q in zip(ours, theirs, strict=True):
        same(p, q, rtol=2e-5, atol=2e-6)
    again = cls(ours, **options)
    state = converted(b.state_dict(), torch.Tensor, lambda t: Tensor(t.numpy().copy()))
    again.load_state_dict(state)
    for step in range(6, 9):
        give_gradients(step, ours, theirs, torch)
        again.step()
        b.step()
    for p, q in zip(ours, theirs, strict=True):
        same(p, q, rtol=3e-5, atol=3e-6)


def converted(value, kind, convert):
    """A nested state with tensors of another library."""
    if isinstance(value, kind):
        return convert(value)
    if isinstance(value, dict):
        return {k: converted(v, kind, convert) for k, v in value.items()}
    return [converted(v, kind, convert) for v in value] if isinstance(value, list) else value


@pytest.mark.torch
@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({}, {"step": lambda o: o["step"] + 1}),
        ({}, {"step": lambda o: 10**6}),
        ({"eps": 0.5}, {"eps": lambda o: o["eps"] / 2}),
        ({"weight_decay": 0.5}, {"weight_decay": lambda o: 0.0}),
        ({}, {"betas": lambda o: o["betas"][::-1]}),
    ],
    ids=["bias correction off by one", "bias correction forgotten", "eps", "decay", "betas"],
)
def test_a_planted_fault_in_adam_is_found(torch, same, monkeypatch, options, wrong):
    true = KERNELS["adam_"]

    def faulty(*arrays, **settings):
        return true(*arrays, **{**settings, **{k: v(settings) for k, v in wrong.items()}})

    monkeypatch.setitem(KERNELS, "adam_", faulty)
    with pytest.raises(AssertionError):
        assert_steps_agree(torch, same, Adam, options)


@pytest.mark.torch
def test_decay_mixed_into_the_moments_of_adamw_is_found(torch, same, monkeypatch):
    monkeypatch.setitem(KERNELS, "adamw_", KERNELS["adam_"])
    with pytest.raises(AssertionError):
        assert_steps_agree(torch, same, AdamW, {"weight_decay": 0.3})


@pytest.mark.torch
def test_damping_the_first_gradient_is_found(torch, same, monkeypatch):
    true = KERNELS["sgd_"]

    def damped(param, grad, *velocity, **settings):
        return true(param, 0.7 * grad, *velocity, **settings)

    monkeypatch.setitem(KERNELS, "sgd_", damped)
    with pytest.raises(AssertionError):
        assert_steps_agree(torch, same, SGD, {"momentum": 0.9, "dampening": 0.3})


# ------------------------------------------------------------------------------ how it is done


@given(
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=7),
    block=st.integers(1, 60),
    transposed=st.booleans(),
)
def test_blocks_visit_every_value_once_whatever_the_layout(shape, block, transposed):
    a, b = np.zeros(shape), np.zeros(shape)
    a, b = (a.T, b.T) if transposed else (a, b)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimizers, "BLOCK", block)
        for x, y in blocks(a, b):
            assert x.shape == y.shape
            x += 1
            y += 2
    assert (a == 1).all()
    assert (b == 2).all()


@pytest.mark.parametrize("cls", [SGD, RMSprop, Adam, AdamW])
def test_a_numpy_learning_rate_gives_the_same_bits(cls):
    one, two = parameters(), parameters()
    for params, lr in ((one, 0.1), (two, np.float64(0.1))):
        optimizer = cls(params, lr=lr)
        for step in range(3):
            for p in params:
                p.grad = Tensor(np.full(p.shape, 0.3 + step, p.dtype))
            optimizer.step()
    for p, q in zip(one, two, strict=True):
        assert p.dtype == q.dtype == np.float32
        assert p.tolist() == q.tolist()


def test_updates_pass_through_the_door_one_per_parameter():
    heard = []

    def note(below, op, tensors, options):
        heard.append((op, tensors[0].shape, type(options["lr"])))
        return below(op, tensors, options)

    w, b = parameters(shapes=[(2, 2), (2,)])
    optimizer = AdamW([w, b], lr=np.float64(0.1))
    w.grad, b.grad = Tensor(np.ones((2, 2), "f4")), Tensor(np.ones(2, "f4"))
    with listen(note):
        optimizer.step()
    assert heard == [("adamw_", (2, 2), float), ("adamw_", (2,), float)]


@pytest.mark.parametrize("cls", [SGD, RMSprop, Adam, AdamW])
def test_a_step_writes_into_the_parameter_and_leaves_the_gradient_alone(cls):
    w = Tensor(np.ones((3, 2), "f4"), requires_grad=True)
    memory, g = w.array, Tensor(np.full((3, 2), 2.0, "f4"))
    w.grad = g
    cls([w], weight_decay=0.1, maximize=True).step()
    assert w.array is memory
    assert (w.array != 1).all()
    assert (g.array == 2).all()
    assert w.requires_grad
    assert w.grad_fn is None


def test_state_belongs_to_the_parameter_and_not_to_its_place():
    first, second = parameters(shapes=[(2,), (2,)])
    optimizer = Adam([first, second])
    for p in (first, second):
        p.grad = Tensor(np.ones(2, "f4"))
    optimizer.step()
    replacement = Tensor(np.zeros(2, "f4"), requires_grad=True)
    replacement.grad = Tensor(np.ones(2, "f4"))
    optimizer.param_groups[0]["params"][0] = replacement
    optimizer.step()
    assert optimizer.state[replacement]["step"] == 1
    assert optimizer.state[second]["step"] == 2
    assert replacement.tolist() == pytest.approx([-1e-3, -1e-3], rel=1e-4)  # a first step again
    assert set(optimizer.state_dict()["state"]) == {0, 1}


def test_zero_grad_lets_go_of_gradients_or_fills_them_with_zeros():
    w, b = parameters(shapes=[(2,), (2,)])
    w.grad = kept = Tensor(np.ones(2, "f4"))
    optimizer = SGD([w, b])
    optimizer.zero_grad(set_to_none=False)
    assert w.grad is kept
    assert kept.tolist() == [0, 0]
    assert b.grad is None
    optimizer.zero_grad()
    assert w.grad is None


def test_a_closure_is_called_with_recording_on_and_its_loss_returned():
    (w,) = parameters(shapes=[()])
    optimizer = SGD([w], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = w * w
        loss.backward()
        return loss

    before = w.item()
    with no_grad():
        assert optimizer.step(closure).item() == pytest.approx(before**2)
    assert w.item() == pytest.approx(0.0, abs=1e-6)


def test_an_optimizer_written_the_pytorch_way_works():
    class SignDescent(Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.data -= group["lr"] * p.grad / p.grad.abs()

    w = Tensor([3.0, -4.0], requires_grad=True)
    optimizer = SignDescent([w])
    schedule = StepLR(optimizer, 1)
    (w * w).sum().backward()
    optimizer.step()
    assert w.tolist() == pytest.approx([2.9, -3.9])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # whether an overridden step was called is not known
        schedule.step()


def test_float16_parameters_move_in_float16():
    w = Tensor(np.ones(3, "f2"), requires_grad=True)
    optimizer = SGD([w], lr=0.5, momentum=0.9)
    w.grad = Tensor(np.ones(3, "f2"))
    optimizer.step()
    assert w.dtype == np.float16
    assert w.tolist() == [0.5, 0.5, 0.5]


def test_the_settings_are_printed():
    text = repr(SGD(parameters(), lr=0.25))
    assert text.startswith("SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.25")


# --------------------------------------------------------------------------------- the state


@pytest.mark.parametrize(("cls", "options"), OPTIONS, ids=NAMES)
def test_a_loaded_state_goes_on_with_the_same_bits(cls, options):
    def gradients(params, step):
        rng = np.random.default_rng(step)
        for p in params:
            p.grad = Tensor(np.asarray(rng.standard_normal(p.shape), p.dtype))

    straight = parameters()
    optimizer = cls(straight, **options)
    for step in range(3):
        gradients(straight, step)
        optimizer.step()
    resumed = copy.deepcopy(straight)
    other = cls(resumed, **{**options, "lr": 123.0})
    other.load_state_dict(optimizer.state_dict())
    for step in range(3, 6):
        gradients(straight, step)
        gradients(resumed, step)
        optimizer.step()
        other.step()
    for p, q in zip(straight, resumed, strict=True):
        assert p.array.tobytes() == q.array.tobytes()
    assert other.param_groups[0]["lr"] == optimizer.param_groups[0]["lr"]


def test_a_loaded_state_shares_no_memory_with_the_saved_one():
    (w,) = parameters(shapes=[(2,)])
    w.grad = Tensor(np.ones(2, "f4"))
    optimizer = Adam([w])
    optimizer.step()
    other = Adam([w])
    other.load_state_dict(optimizer.state_dict())
    other.step()
    assert optimizer.state[w]["step"] == 1
    assert optimizer.state[w]["exp_avg"].tolist() == pytest.approx([0.1, 0.1])


def test_state_dict_counts_parameters_through_all_groups():
    a, b, c = parameters(shapes=[(2,)] * 3)
    optimizer = SGD([{"params": [a]}, {"params": [b, c], "lr": 0.5}], momentum=0.9)
    for p in (a, c):
        p.grad = Tensor(np.ones(2, "f4"))
    optimizer.step()
    state = optimizer.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0], [1, 2]]
    assert [group["lr"] for group in state["param_groups"]] == [1e-3, 0.5]
    assert {i: list(s) for i, s in state["state"].items()} == {
        0: ["momentum_buffer"],
        2: ["momentum_buffer"],
    }


def test_a_state_of_other_groups_or_shapes_is_refused_and_changes_nothing():
    a, b = parameters(shapes=[(2,), (3,)])
    for p in (a, b):
        p.grad = Tensor(np.ones(p.shape, "f4"))
    optimizer = Adam([a, b])
    optimizer.step()
    saved = optimizer.state_dict()
    with pytest.raises(ValueError, match=r"\[2\] parameters.*have \[1, 1\]"):
        Adam([{"params": [a]}, {"params": [b]}]).load_state_dict(saved)
    swapped = Adam([b, a], lr=0.5)
    with pytest.raises(ValueError, match=r"'exp_avg' of parameter 0 has shape \(2,\).*\(3,\)"):
        swapped.load_state_dict(saved)
    assert not swapped.state
    assert swapped.param_groups[0]["lr"] == 0.5


# -------------------------------------------------------------------------------- the errors


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ([], ValueError, "empty parameter list"),
        (iter([]), ValueError, "empty parameter list"),
        (Tensor([1.0], requires_grad=True), TypeError, "got a Tensor, expected several"),
        (3, TypeError, "got a int"),
        ([1.0], TypeError, "parameter 0 is a float"),
        (["weight"], TypeError, "parameter 0 is a str"),
        ([{"params": [Tensor([1.0]), None]}], TypeError, "parameter 1 is a NoneType"),
    ],
)
@pytest.mark.parametrize("cls", [SGD, RMSprop, Adam, AdamW])
def test_what_holds_no_parameters_is_refused(cls, params, error, words):
    with pytest.raises(error, match=words):
        cls(copy.copy(params))


def test_a_tensor_that_was_computed_is_refused():
    w = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ValueError, match=r"parameter 0 of shape \(2,\) is not a leaf: 'mul'"):
        SGD([w * 2])


def test_a_parameter_that_comes_twice_is_refused():
    w, b = parameters(shapes=[(2,), (3,)])
    with pytest.raises(ValueError, match=r"parameter 2 of shape \(2,\) came before"):
        SGD([w, b, w])
    with pytest.raises(ValueError, match=r"came before"):
        SGD([{"params": [w]}, {"params": [b, w]}])
    with pytest.raises(TypeError, match="expected a dict"):
        SGD([w]).add_param_group([b])
    with pytest.raises(TypeError, match="got a set, whose order changes"):
        SGD([w]).add_param_group({"params": {b}})


@pytest.mark.parametrize(
    ("cls", "options"),
    [
        (SGD, {"lr": -0.1}),
        (SGD, {"lr": math.nan}),
        (SGD, {"momentum": -1}),
        (SGD, {"weight_decay": -1}),
        (RMSprop, {"alpha": -0.1}),
        (RMSprop, {"eps": -1e-8}),
        (RMSprop, {"momentum": -1}),
        (Adam, {"lr": -1}),
        (Adam, {"betas": (1.0, 0.9)}),
        (Adam, {"betas": (0.9, -0.1)}),
        (AdamW, {"weight_decay": -1}),
    ],
)
def test_settings_out_of_range_are_refused_also_in_a_group(cls, options):
    (name, value), *_ = options.items()
    with pytest.raises(ValueError, match=name):
        cls(parameters(), **options)
    with pytest.raises(ValueError, match=name):
        cls([{"params": parameters(), name: value}])


def test_nesterov_without_momentum_is_refused():
    for options in ({}, {"momentum": 0.9, "dampening": 0.1}):
        with pytest.raises(ValueError, match="nesterov"):
            SGD(parameters(), nesterov=True, **options)


def test_what_is_not_supported_is_refused_in_words():
    with pytest.raises(NotImplementedError, match="capturable=True"):
        Adam(parameters(), capturable=True)
    with pytest.raises(TypeError, match="unexpected argument 'learning_rate'"):
        Adam(parameters(), learning_rate=0.1)
    (w,) = parameters(shapes=[()])
    w.grad = Tensor(np.ones((), "f4"))
    with pytest.raises(NotImplementedError, match="has no update"):
        Optimizer([w], {"lr": 0.1}).step()


def test_a_gradient_of_another_shape_is_refused_before_anything_moves():
    (w,) = parameters(shapes=[(2, 3)])
    before = w.tolist()
    w.grad = Tensor(np.ones(3, "f4"))
    with pytest.raises(RuntimeError, match=r"\(2, 3\) has a gradient of shape \(3,\)"):
        SGD([w]).step()
    assert w.tolist() == before


# ------------------------------------------------------------------------------ the schedules


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("StepLR", {"step_size": 7}),
        ("StepLR", {"step_size": 1, "gamma": 0.9}),
        ("CosineAnnealingLR", {"T_max": 10}),
        ("CosineAnnealingLR", {"T_max": 1}),
        ("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.03}),
        ("LambdaLR", {"lr_lambda": lambda epoch: 1 / (1 + epoch)}),
        ("LambdaLR", {"lr_lambda": [lambda e: 0.9**e, lambda e: min(1, (e + 1) / 5)]}),
    ],
)
def test_forty_epochs_of_a_schedule_agree_with_pytorch(torch, name, options):
    ours = parameters(shapes=[(2,), (3,)])
    theirs = as_torch(torch, ours)
    a = SGD([{"params": ours[:1]}, {"params": ours[1:], "lr": 0.02}], lr=0.5)
    b = torch.optim.SGD([{"params": theirs[:1]}, {"params": theirs[1:], "lr": 0.02}], lr=0.5)
    mine = getattr(optimizers, name)(a, **options)
    other = getattr(torch.optim.lr_scheduler, name)(b, **options)
    for _ in range(40):
        assert mine.get_last_lr() == pytest.approx(other.get_last_lr(), rel=1e-9, abs=1e-15)
        assert mine.get_last_lr() == [group["lr"] for group in a.param_groups]
        for step in (a.step, b.step, mine.step, other.step):
            step()


def test_a_schedule_built_on_another_multiplies_its_factors():
    optimizer = SGD(parameters(), lr=1.0)
    first, second = StepLR(optimizer, 2, gamma=0.5), CosineAnnealingLR(optimizer, T_max=4)
    for _ in range(2):
        optimizer.step()
        first.step()
        second.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.5 * 0.5)


@pytest.mark.parametrize(
    "build",
    [
        lambda optimizer: StepLR(optimizer, 3),
        lambda optimizer: CosineAnnealingLR(optimizer, T_max=7),
        lambda optimizer: LambdaLR(optimizer, lambda epoch: 0.9**epoch),
    ],
    ids=["StepLR", "CosineAnnealingLR", "LambdaLR"],
)
def test_a_loaded_schedule_goes_on_where_it_was(build):
    one, two = SGD(parameters(), lr=1.0), SGD(parameters(), lr=1.0)
    first = build(one)
    for _ in range(5):
        one.step()
        first.step()
    second = build(two)
    two.load_state_dict(one.state_dict())
    second.load_state_dict(first.state_dict())
    assert not any(callable(value) for value in first.state_dict().values())
    for _ in range(10):
        for step in (one.step, first.step, two.step, second.step):
            step()
        assert first.get_last_lr() == second.get_last_lr()
        assert two.param_groups[0]["lr"] == one.param_groups[0]["lr"]


def test_a_schedule_that_steps_before_its_optimizer_warns_once():
    optimizer = SGD(parameters())
    schedule = StepLR(optimizer, 2)
    with pytest.warns(UserWarning, match=r"lr_scheduler.step\(\)` before `optimizer.step\(\)"):
        schedule.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schedule.step()
        optimizer.step()
        StepLR(optimizer, 2).step()


def test_misuse_of_a_schedule_is_refused():
    optimizer = SGD(parameters())
    with pytest.raises(TypeError, match="got a list, expected an Optimizer"):
        StepLR([], 2)
    with pytest.raises(NotImplementedError, match="load_state_dict"):
        StepLR(optimizer, 2, last_epoch=3)
    with pytest.raises(ValueError, match="got 2 functions for 1 groups"):
        LambdaLR(optimizer, [lambda e: 1.0] * 2)
    with pytest.raises(NotImplementedError, match="has no get_lr"):
        LRScheduler(optimizer)
