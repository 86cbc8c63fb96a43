"""Schedules beyond the taught ones: forty epochs with PyTorch, states, errors."""

import numpy as np
import pytest

from tinytorch.core.tensor import Tensor
from tinytorch.optim import SGD, Adam, lr_scheduler

ONE = [
    ("MultiStepLR", {"milestones": [3, 3, 8, 20], "gamma": 0.5}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("MultiplicativeLR", {"lr_lambda": lambda epoch: 1 - 1 / (2 + epoch)}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.25, "total_iters": 1}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 1e-3, "total_iters": 10}),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.1, "total_iters": 35}),
    ("PolynomialLR", {"total_iters": 12, "power": 2.0}),
    ("CosineAnnealingWarmRestarts", {"T_0": 4}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.01}),
    ("OneCycleLR", {"max_lr": 2.0, "total_steps": 40}),
    ("OneCycleLR", {"max_lr": [2.0, 1.0], "epochs": 5, "steps_per_epoch": 8, "pct_start": 0.5}),
    ("OneCycleLR", {"max_lr": 2.0, "total_steps": 41, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 2.0, "total_steps": 40, "three_phase": True, "pct_start": 0.4}),
    ("OneCycleLR", {"max_lr": 2.0, "total_steps": 40, "cycle_momentum": False, "div_factor": 5.0}),
    ("OneCycleLR", {"max_lr": 2.0, "total_steps": 40, "max_momentum": 0.9, "base_momentum": 0.5}),
]
NAMES = [f"{name}-{'-'.join(options)}" for name, options in ONE]


def warm_up_then_cosine(module, optimizer):
    warm_up = module.LinearLR(optimizer, start_factor=0.1, total_iters=5)
    cosine = module.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.01)
    return module.SequentialLR(optimizer, [warm_up, cosine], milestones=[5])


def four_in_turn(module, optimizer):
    parts = [
        module.ConstantLR(optimizer, factor=0.5, total_iters=2),
        module.StepLR(optimizer, 3),
        module.LambdaLR(optimizer, lambda epoch: 0.8**epoch),
        module.MultiStepLR(optimizer, [0, 2]),
    ]
    return module.SequentialLR(optimizer, parts, milestones=[4, 11, 17])


def all_at_once(module, optimizer):
    parts = [module.ConstantLR(optimizer, factor=0.1, total_iters=4)]
    parts.append(module.ExponentialLR(optimizer, gamma=0.9))
    return module.ChainedScheduler(parts)


SEVERAL = [warm_up_then_cosine, four_in_turn, all_at_once]


def two_groups(library_sgd, tensor, cls_options):
    w, b = tensor([1.0, 2.0]), tensor([3.0])
    return library_sgd([{"params": [w]}, {"params": [b], "lr": 0.02}], lr=0.5, **cls_options)


def ours(cls=SGD, **options):
    return two_groups(cls, lambda v: Tensor(v, requires_grad=True), options)


def theirs(torch, name="SGD", **options):
    cls = getattr(torch.optim, name)
    return two_groups(cls, lambda v: torch.tensor(v, requires_grad=True), options)


def momenta(optimizer):
    return [group.get("momentum", group.get("betas")) for group in optimizer.param_groups]


def assert_forty_epochs_agree(pairs):
    (a, mine), (b, other) = pairs
    for _ in range(40):
        assert mine.get_last_lr() == pytest.approx(other.get_last_lr(), rel=1e-9, abs=1e-14)
        assert mine.get_last_lr() == [group["lr"] for group in a.param_groups]
        assert momenta(a) == [pytest.approx(m) for m in momenta(b)]
        for step in (a.step, b.step, mine.step, other.step):
            step()


@pytest.mark.torch
@pytest.mark.parametrize(("name", "options"), ONE, ids=NAMES)
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_forty_epochs_agree_with_pytorch(torch, name, options, optimizer):
    a = ours({"SGD": SGD, "Adam": Adam}[optimizer])
    b = theirs(torch, optimizer)
    mine = getattr(lr_scheduler, name)(a, **options)
    other = getattr(torch.optim.lr_scheduler, name)(b, **options)
    assert_forty_epochs_agree([(a, mine), (b, other)])


@pytest.mark.torch
@pytest.mark.parametrize("build", SEVERAL)
def test_schedules_of_schedules_agree_with_pytorch(torch, build):
    a, b = ours(), theirs(torch)
    mine, other = build(lr_scheduler, a), build(torch.optim.lr_scheduler, b)
    assert_forty_epochs_agree([(a, mine), (b, other)])


@pytest.mark.torch
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mode": "max", "patience": 2, "factor": 0.5},
        {"patience": 1, "threshold": 0.1, "threshold_mode": "abs", "cooldown": 2},
        {"mode": "max", "patience": 0, "threshold": 0.2, "threshold_mode": "abs"},
        {"patience": 0, "min_lr": [0.1, 0.001], "factor": 0.5},
        {"patience": 0, "factor": 0.1, "eps": 1e-2},
    ],
    ids="-".join,
)
def test_a_plateau_is_seen_when_pytorch_sees_it(torch, options):
    a, b = ours(), theirs(torch)
    mine = lr_scheduler.ReduceLROnPlateau(a, **options)
    other = torch.optim.lr_scheduler.ReduceLROnPlateau(b, **options)
    rng = np.random.default_rng(3)
    for loss in np.concatenate([np.linspace(3, 1, 15), 1 + rng.standard_normal(45) / 10]):
        mine.step(Tensor(np.array(loss, "f4")))
        other.step(torch.tensor(loss, dtype=torch.float32))
        assert mine.get_last_lr() == pytest.approx(other.get_last_lr(), rel=1e-12)
        assert mine.num_bad_epochs == other.num_bad_epochs
    assert mine.get_last_lr() != [0.5, 0.02]


BUILDS = [
    *[
        lambda optimizer, name=name, options=options: getattr(lr_scheduler, name)(
            optimizer, **options
        )
        for name, options in ONE
    ],
    *[lambda optimizer, build=build: build(lr_scheduler, optimizer) for build in SEVERAL],
]


@pytest.mark.parametrize("build", BUILDS, ids=NAMES + [build.__name__ for build in SEVERAL])
def test_a_loaded_schedule_goes_on_where_it_was(build):
    one, two = ours(), ours()
    first = build(one)
    for _ in range(7):
        one.step()
        first.step()
    second = build(two)
    two.load_state_dict(one.state_dict())
    second.load_state_dict(first.state_dict())
    for _ in range(20):
        for step in (one.step, first.step, two.step, second.step):
            step()
        assert second.get_last_lr() == first.get_last_lr()
        assert [g["lr"] for g in two.param_groups] == [g["lr"] for g in one.param_groups]
        assert momenta(two) == momenta(one)


def test_a_loaded_plateau_goes_on_counting():
    one, two = ours(), ours()
    first, second = (lr_scheduler.ReduceLROnPlateau(o, patience=3) for o in (one, two))
    for _ in range(3):
        first.step(1.0)
    second.load_state_dict(first.state_dict())
    for _ in range(2):
        second.step(1.0)
    assert second.get_last_lr() == pytest.approx([0.05, 0.002])


def test_a_preview_leaves_no_trace_and_starts_with_the_first_rate():
    rates = lr_scheduler.preview(lambda o: lr_scheduler.LinearLR(o, 0.5, total_iters=2), 4, lr=0.1)
    assert rates == pytest.approx([0.05, 0.075, 0.1, 0.1])


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda o: lr_scheduler.ConstantLR(o, factor=1.5), "factor is 1.5"),
        (lambda o: lr_scheduler.LinearLR(o, start_factor=0), "factors are 0 to 1"),
        (lambda o: lr_scheduler.LinearLR(o, end_factor=1.5), "to 1.5"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=0), "T_0 is 0"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=2, T_mult=0.5), "T_mult is 0.5"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0), "total_steps=None"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0, total_steps=0), "total_steps=0"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0, epochs=2), "steps_per_epoch=None"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 9, pct_start=1.5), "pct_start is 1.5"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 9, anneal_strategy="sin"), "'sin'"),
        (lambda o: lr_scheduler.OneCycleLR(o, [1.0], 9), "2 groups of parameters, got 1"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0), "factor is 1.0"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, mode="mean"), "mode is 'mean'"),
        (lambda o: lr_scheduler.SequentialLR(o, [], []), "got no schedulers"),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 2)], [3]),
            "1 schedulers and 1 milestones",
        ),
        (
            lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.ReduceLROnPlateau(o)]),
            "needs a measurement",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(ours(), [lr_scheduler.StepLR(o, 2)], []),
            "another optimizer",
        ),
    ],
)
def test_settings_out_of_range_are_refused(build, words):
    with pytest.raises(ValueError, match=words):
        build(ours())


def test_a_cycle_ends():
    optimizer = ours()
    schedule = lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=3)
    for _ in range(3):
        optimizer.step()
        schedule.step()
    with pytest.raises(ValueError, match="step 4 of a cycle of 3"):
        schedule.step()


def test_a_cycle_without_momentum_to_move_is_refused():
    from tinytorch.optim import Adagrad

    with pytest.raises(ValueError, match="Adagrad has neither momentum nor betas"):
        lr_scheduler.OneCycleLR(ours(Adagrad), 1.0, total_steps=3)
