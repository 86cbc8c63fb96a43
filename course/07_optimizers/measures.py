"""Predict, then measure: what an optimizer remembers, and how long its steps are."""

from collections.abc import Callable
from time import perf_counter

import numpy as np

from tito.measures import measure


def shortest(*functions: Callable[[], object], rounds: int = 9) -> list[float]:
    """The shortest time of each function, in turns, after one round to warm up."""
    found = [float("inf")] * len(functions)
    for round in range(rounds + 1):
        for i, function in enumerate(functions):
            start = perf_counter()
            function()
            if round:
                found[i] = min(found[i], perf_counter() - start)
    return found


@measure(
    "07.a",
    "How many bytes does your Adam remember for a network of Linear(784, 128) and Linear(128, 10), "
    "after its first step? (SGD with momentum remembers half of it.)",
    unit="bytes",
    within=0.05,
    explain="784 * 128 + 128 + 128 * 10 + 10 = 101,770 values, each with an m and a v of 4 bytes: "
    "814,160 bytes, twice the weights themselves. In mixed precision it is worse: weights and "
    "gradients take 2 bytes each, but m, v and a precise copy of the weights stay in float32, 12 "
    "bytes of 16. That is why the optimizer is the first thing that is dealt out over machines.",
)
def bytes_that_adam_remembers() -> float:
    from tinytorch import Tensor, nn, optim

    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = optim.Adam(model.parameters())
    for param in model.parameters():
        param.grad = Tensor(np.ones(param.shape, np.float32))
    optimizer.step()
    values = [value for state in optimizer.state.values() for value in state.values()]
    return sum(value.array.nbytes for value in values if isinstance(value, Tensor))


@measure(
    "07.b",
    "How many times as long as a step of plain SGD does a step of your Adam take, for one "
    "parameter of four million float32 values?",
    unit="times",
    within=1.0,
    explain="By bytes alone it would be 28 against 12, a little over two. The rest are the passes "
    "that NumPy makes over each block: a dozen operations where SGD has two, in the cache but not "
    "for free. The reference reuses one array for all that comes between; if yours makes a new one "
    "for each operation, it is some 20 % slower. PyTorch's fused kernel makes one pass over the "
    "memory and comes close to the ratio of the bytes.",
)
def adam_against_sgd() -> float:
    from tinytorch import Tensor, optim

    def step(cls: type) -> Callable[[], object]:
        param = Tensor(np.zeros((1024, 4096), np.float32), requires_grad=True)
        param.grad = Tensor(np.ones((1024, 4096), np.float32))
        return cls([param], lr=1e-3).step

    slow, quick = shortest(step(optim.Adam), step(optim.SGD))
    return slow / quick


@measure(
    "07.c",
    "A weight had a gradient of 0 for ten thousand steps of Adam (betas 0.9 and 0.999). Now comes "
    "a gradient of 1. How long is the step, in units of lr?",
    unit="times lr",
    within=0.15,
    explain="m becomes 0.1 and v 0.001, and the corrections are long 1: 0.1 / sqrt(0.001) = 3.16. "
    "The size of the gradient cancels, so it makes no difference whether it is 1 or 1000. It is "
    "the longest step that Adam can make from a rest, (1 - beta1) / sqrt(1 - beta2), as section "
    "2.1 of the paper says, and rare words, rare pixels and thawed layers make it. A smaller "
    "beta2, such as the 0.95 of many language models, brings it down to 0.45.",
)
def a_step_after_a_long_rest() -> float:
    from tinytorch import Tensor, optim

    param = Tensor(np.zeros(1), requires_grad=True)
    optimizer = optim.Adam([param], lr=1.0)
    param.grad = Tensor(np.zeros(1))
    for _ in range(10_000):
        optimizer.step()
    before = param.item()
    param.grad = Tensor(np.ones(1))
    optimizer.step()
    return before - param.item()
