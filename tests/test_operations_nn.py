"""Every activation, layer and loss against PyTorch, and their rules against finite differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operations_nn import CASES
from samples import Source
from test_operations import differ_from_torch, dropped, planted, samples, widened, wrong_factor

from tinytorch.core.autograd import gradcheck


@pytest.mark.torch
@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_dtypes_gradients_and_errors_are_those_of_pytorch(torch, case):
    @settings(max_examples=25)
    @given(st.data())
    def check(data):
        draw = data.draw
        differ_from_torch(torch, case, Source(lambda low, high: draw(st.integers(low, high))))

    check()


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=str)
def test_gradients_agree_with_finite_differences(case):
    for function, tensors in samples(case, 3):
        assert gradcheck(function, tensors)


FAULTS = [
    ("softmax", "softmax.vjp0", dropped),
    ("log_softmax", "log_softmax.vjp0", wrong_factor),
    ("linear", "linear.vjp1", dropped),
    ("linear", "linear.vjp2", wrong_factor),
    ("cross_entropy", "nll.vjp0", wrong_factor),
    ("gelu", "gelu.vjp0", wrong_factor),
    ("binary_cross_entropy_with_logits", "softplus.vjp0", dropped),
    ("mse_loss", "mean", widened),
    ("silu", "silu.vjp0", wrong_factor),
    ("huber_loss", "huber.vjp0", dropped),
]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "op", "fault"), FAULTS, ids=[op for _, op, _ in FAULTS])
def test_a_planted_fault_turns_the_comparison_with_pytorch_red(torch, name, op, fault):
    case = next(case for case in CASES if case.name == name)

    def compare_samples():
        for seed in range(30):
            rng = np.random.default_rng(seed)
            source = Source(lambda low, high, rng=rng: int(rng.integers(low, high + 1)))
            differ_from_torch(torch, case, source)

    compare_samples()
    with planted(op, fault), pytest.raises(AssertionError):
        compare_samples()


RULES = [fault for fault in FAULTS if ".vjp" in fault[1]]


@pytest.mark.parametrize(("name", "op", "fault"), RULES, ids=[op for _, op, _ in RULES])
def test_a_planted_fault_turns_the_finite_differences_red(name, op, fault):
    case = next(case for case in CASES if case.name == name)

    def check_samples():
        for function, tensors in samples(case, 8):
            gradcheck(function, tensors)

    check_samples()
    with planted(op, fault), pytest.raises(RuntimeError, match="the rules give"):
        check_samples()
