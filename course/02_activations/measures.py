"""Predict, then measure: what an activation costs, and what float32 can hold."""

import numpy as np

from tito.measures import measure, seconds


@measure(
    "02.a",
    "How many times as long as relu does the exact gelu take, on 100,000 float32 values?",
    unit="times",
    within=1.0,
    explain="relu is one pass over the memory with one comparison per value. The exact gelu "
    "evaluates two polynomials for each value, and each NumPy operation is a pass of its own: "
    "about thirty of them. gelu by tanh needs nine. A production framework "
    "makes one pass: GeluKernelImpl in PyTorch's aten/src/ATen/native/cpu/Activation.cpp does all "
    "steps on a handful of values while they are in registers.",
)
def gelu_against_relu() -> float:
    from tinytorch import Tensor
    from tinytorch.core.activations import gelu, relu

    x = Tensor(np.random.default_rng(0).normal(size=100_000).astype(np.float32))
    return seconds(lambda: gelu(x)) / seconds(lambda: relu(x))


@measure(
    "02.b",
    "How many times as long as the formula 1 / (1 + np.exp(-x)) does your stable sigmoid take, on "
    "100,000 float32 values?",
    unit="times",
    within=0.6,
    explain="The formula needs one exponential. A form that is safe on both sides needs a second "
    "one, or a choice between two branches, and a few passes more. About twice the time is the "
    "price of never meeting inf. A compiled kernel pays less: it holds |x| in a register.",
)
def price_of_a_stable_sigmoid() -> float:
    from tinytorch.core.activations import sigmoid_kernel

    x = np.random.default_rng(0).normal(size=100_000).astype(np.float32)
    return seconds(lambda: sigmoid_kernel(x)) / seconds(lambda: 1 / (1 + np.exp(-x)))


@measure(
    "02.c",
    "In float32: how far must a score lie below the best one before log(softmax) is -inf?",
    unit="(a difference of scores)",
    within=0.1,
    explain="The smallest positive float32 is about 1.4e-45, which is e^-103.3; what is less than "
    "half of it is rounded to 0. In float16 the smallest one is 6e-8, and it happens at 18, which "
    "scores reach in any trained network. log_softmax has no such edge, in any type.",
)
def gap_at_which_the_share_is_lost() -> float:
    from tinytorch import Tensor
    from tinytorch.core.activations import softmax

    gap = 1
    while softmax(Tensor([0.0, -float(gap)]), 0).log().numpy()[1] > -np.inf:
        gap += 1
    return float(gap)
