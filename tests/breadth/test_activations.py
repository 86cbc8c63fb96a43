"""More activations at their edges, and all of them as layers."""

import numpy as np
import pytest

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor, nn

NAMES = [
    "celu", "elu", "hardsigmoid", "hardswish", "hardtanh", "logsigmoid", "mish", "relu6", "selu",
    "silu", "softsign",
]  # fmt: skip
LAYERS = {
    "CELU": [(), (0.5,), (0.5, True)],
    "ELU": [(), (0.5,)],
    "GELU": [(), ("tanh",)],
    "GLU": [(), (0,)],
    "Hardsigmoid": [()],
    "Hardswish": [()],
    "Hardtanh": [(), (-2.0, 0.5)],
    "LeakyReLU": [(), (0.2,), (0.2, True)],
    "LogSigmoid": [()],
    "LogSoftmax": [(1,)],
    "Mish": [(), (True,)],
    "PReLU": [(), (6, 0.1)],
    "ReLU": [(), (True,)],
    "ReLU6": [(), (True,)],
    "SELU": [(), (True,)],
    "SiLU": [(), (True,)],
    "Sigmoid": [()],
    "Softmax": [(1,), (-1,)],
    "Softmin": [(0,)],
    "Softplus": [(), (2.0, 5.0)],
    "Softsign": [()],
    "Tanh": [()],
}


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_values_and_gradients_far_out_are_those_of_pytorch(torch, same, name):
    x = np.array([-1e4, -1000.0, -100.0, -20.5, -0.0, 0.0, 20.5, 100.0, 1000.0, 1e4])
    ours, theirs = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        out = getattr(F, name)(ours)
        out.sum().backward()
    expected = getattr(torch.nn.functional, name)(theirs)
    expected.sum().backward()
    same(out, expected)
    same(ours.grad, theirs.grad)


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_minus_infinity_is_treated_as_in_pytorch(torch, same, name):
    x = np.array([-np.inf, np.nan], "float32")
    same(getattr(F, name)(Tensor(x)), getattr(torch.nn.functional, name)(torch.tensor(x)))


@pytest.mark.torch
@pytest.mark.parametrize(("name", "args"), [(n, a) for n, every in LAYERS.items() for a in every])
def test_layers_compute_and_print_what_those_of_pytorch_do(torch, same, name, args):
    x = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    ours, theirs = getattr(nn, name)(*args), getattr(torch.nn, name)(*args)
    same(ours(Tensor(x.copy())), theirs(torch.tensor(x)))
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())


@pytest.mark.parametrize(
    "name", ["celu", "elu", "hardsigmoid", "hardswish", "hardtanh", "mish", "relu6", "selu", "silu"]
)
def test_in_place_means_into_the_memory_of_the_input(name):
    x = Tensor([-1.0, 2.0])
    expected = getattr(F, name)(x).tolist()
    assert getattr(F, name)(x, inplace=True) is x
    assert x.tolist() == expected


def test_prelu_learns_one_slope_per_channel():
    layer = nn.PReLU(3)
    layer(Tensor(-np.ones((2, 3, 4), "float32"))).sum().backward()
    assert layer.weight.grad.tolist() == [-8.0, -8.0, -8.0]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.glu(tt.zeros(2, 3)), RuntimeError, r"\(2, 3\), expected an even size"),
        (lambda: F.prelu(tt.zeros(2, 3), tt.zeros(2)), RuntimeError, "the 3 channels"),
        (lambda: F.hardtanh(tt.zeros(2), 1.0, -1.0), ValueError, "lies above"),
        (lambda: F.celu(tt.zeros(2), 0), RuntimeError, "alpha is 0"),
        (lambda: F.elu(tt.tensor([1])), RuntimeError, "int64"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()
