"""More activations, built on modules 02 and 03, and all of them as layers.

Each new operation has its kernel and its gradient rules beside its function; what can be written
with operations that exist is written so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.core.activations import (
    expect_floating,
    gelu,
    leaky_relu,
    log_softmax,
    placed,
    sigmoid,
    softmax,
    softplus,
    tanh,
)
from tinytorch.core.autograd import vjp
from tinytorch.core.layers import FunctionModule, Module, Parameter
from tinytorch.core.tensor import KERNELS, Tensor, apply, full, kernel, method

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "SELU", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU",
    "LogSigmoid", "LogSoftmax", "Mish", "PReLU", "ReLU6", "SiLU", "Sigmoid", "Softmax", "Softmin",
    "Softplus", "Softsign", "Tanh", "celu", "elu", "glu", "hardsigmoid", "hardswish", "hardtanh",
    "logsigmoid", "mish", "prelu", "relu6", "selu", "silu", "softmin", "softsign",
]  # fmt: skip


# --------------------------------------------------------------- rectifiers that bend smoothly


@kernel("elu")
def elu_kernel(x, alpha, scale, input_scale):
    """scale * x above zero, scale * alpha * (e^(input_scale x) - 1) below."""
    below = np.expm1(np.minimum(x, 0) * input_scale) * alpha
    return (np.maximum(x, 0) + below) * scale


@vjp("elu(x)", wrt="x")
def elu_dx(g, x, alpha, scale, input_scale):
    below = np.exp(np.minimum(x, 0) * input_scale) * (alpha * input_scale)
    return g * (((x > 0) + below * (x <= 0)) * scale)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Exponential linear unit: x above zero, alpha * (e^x - 1) below, so it tends to -alpha.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and Accurate Deep Network Learning by
        Exponential Linear Units (ELUs)", 2015.

    >>> elu(Tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    expect_floating("elu", input)
    result = apply("elu", input, alpha=float(alpha), scale=1.0, input_scale=1.0)
    return placed(input, result, inplace)


SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """An elu whose two constants drive mean 0 and variance 1 through the layers.

    Source: Klambauer et al., "Self-Normalizing Neural Networks", 2017.

    >>> selu(Tensor([-1.0, 1.0]))
    tensor([-1.1113,  1.0507])
    """
    expect_floating("selu", input)
    result = apply("elu", input, alpha=SELU_ALPHA, scale=SELU_SCALE, input_scale=1.0)
    return placed(input, result, inplace)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """An elu with a slope of 1 at zero for every alpha: alpha * (e^(x / alpha) - 1) below.

    Raises: RuntimeError when alpha is 0.
    Source: Barron, "Continuously Differentiable Exponential Linear Units", 2017.
    """
    expect_floating("celu", input)
    if alpha == 0:
        raise RuntimeError("celu: alpha is 0, expected another number: values are divided by it")
    result = apply("elu", input, alpha=float(alpha), scale=1.0, input_scale=1 / alpha)
    return placed(input, result, inplace)


@kernel("silu")
def silu_kernel(x):
    return x * KERNELS["sigmoid"](x)


@vjp("silu(x)", wrt="x")
def silu_dx(g, x):
    share = KERNELS["sigmoid"](x)
    return g * share * (1 + x * (1 - share))


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x * sigmoid(x), also called swish: a rectifier that dips below zero before it rises.

    Source: Elfwing, Uchibe and Doya, "Sigmoid-Weighted Linear Units for Neural Network Function
        Approximation in Reinforcement Learning", 2017.

    >>> silu(Tensor([-1.0, 0.0, 1.0]))
    tensor([-0.2689,  0.0000,  0.7311])
    """
    return placed(input, apply("silu", expect_floating("silu", input)), inplace)


@kernel("mish")
def mish_kernel(x):
    return x * np.tanh(KERNELS["softplus"](x, 1.0, 20.0))


@vjp("mish(x)", wrt="x")
def mish_dx(g, x):
    t = np.tanh(KERNELS["softplus"](x, 1.0, 20.0))
    return g * (t + x * (1 - t * t) * KERNELS["sigmoid"](x))


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * tanh(softplus(x)).

    Source: Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019.
    """
    return placed(input, apply("mish", expect_floating("mish", input)), inplace)


@kernel("prelu")
def prelu_kernel(x, weight):
    return np.where(x > 0, x, x * weight)


@vjp("prelu(x, weight)", wrt="x")
def prelu_dx(g, x, weight):
    return g * (x > 0) + g * weight * (x <= 0)


@vjp("prelu(x, weight)", wrt="weight")
def prelu_dweight(g, x):
    return g * x * (x <= 0)


@method
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """A leaky relu that learns its slope below zero.

    Args:
        input: (N, C, ...), or any shape with a single slope.
        weight: (1,), or (C,) for a slope per channel.
    Source: He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", 2015.

    >>> prelu(Tensor([[-1.0, -1.0]]), Tensor([0.1, 0.5]))
    tensor([[-0.1000, -0.5000]])
    """
    expect_floating("prelu", input)
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.ndim > 1 or weight.numel() not in (1, channels):
        raise RuntimeError(
            f"prelu: the weight has shape {weight.shape}, expected (1,) or one slope for each of "
            f"the {channels} channels of the input {input.shape}"
        )
    if weight.numel() == 1:
        return apply("prelu", input, weight.reshape([1] * input.ndim))
    return apply("prelu", input, weight.reshape(channels, *[1] * (input.ndim - 2)))


# ------------------------------------------------------------------- straight lines with corners


@kernel("hardtanh")
def hardtanh_kernel(x, min_val, max_val):
    return np.minimum(np.maximum(x, min_val), max_val)


@vjp("hardtanh(x)", wrt="x")
def hardtanh_dx(g, x, min_val, max_val):
    return g * ((x > min_val) & (x < max_val))


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """Values cut off below `min_val` and above `max_val`.

    >>> hardtanh(Tensor([-2.0, 0.5, 2.0]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val={min_val} lies above max_val={max_val}")
    expect_floating("hardtanh", input)
    result = apply("hardtanh", input, min_val=float(min_val), max_val=float(max_val))
    return placed(input, result, inplace)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """A relu that is cut off at 6.

    >>> relu6(Tensor([-1.0, 3.0, 8.0]))
    tensor([0., 3., 6.])
    """
    return hardtanh(input, 0.0, 6.0, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """A sigmoid of three straight lines: (x + 3) / 6, cut off at 0 and 1."""
    return placed(input, relu6(input + 3) / 6, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * hardsigmoid(x).

    Source: Howard et al., "Searching for MobileNetV3", 2019.
    """
    return placed(input, input * hardsigmoid(input), inplace)


# ------------------------------------------------------------------------ made from the others


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|): a tanh that takes its time.

    >>> softsign(Tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    return input / (input.abs() + 1)


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), as -softplus(-x): exact where the sigmoid rounds to 0.

    >>> logsigmoid(Tensor([-10000.0, 0.0]))
    tensor([-1.0000e+04, -6.9315e-01])
    """
    return -softplus(-expect_floating("logsigmoid", input))


def softmin(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """softmax(-x): the smallest score gets the largest share."""
    return softmax(-input, dim, dtype=dtype)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """Gated linear unit: the first half along `dim`, each value times the sigmoid of its gate.

    Args:
        input: (..., 2 * features, ...); `dim` is the axis to halve.
    Returns: (..., features, ...).
    Raises: RuntimeError when the size along `dim` is odd.
    Source: Dauphin et al., "Language Modeling with Gated Convolutional Networks", 2016.

    >>> glu(Tensor([[1.0, 2.0, 0.0, 0.0]]))
    tensor([[0.5000, 1.0000]])
    """
    expect_floating("glu", input)
    if not input.ndim or input.size(dim) % 2:
        raise RuntimeError(
            f"glu: the input has shape {input.shape}, expected an even size along dim {dim}. Let "
            "the layer before it put out twice the features that are wanted after it."
        )
    value, gate = input.chunk(2, dim)
    return value * sigmoid(gate)


# -------------------------------------------------------------------------------- as layers


class LeakyReLU(FunctionModule):
    """x above zero, negative_slope * x below."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False):
        super().__init__(leaky_relu, negative_slope=negative_slope, inplace=inplace)


class Sigmoid(FunctionModule):
    """1 / (1 + e^-x)."""

    def __init__(self) -> None:
        super().__init__(sigmoid)


class Tanh(FunctionModule):
    """The hyperbolic tangent."""

    def __init__(self) -> None:
        super().__init__(tanh)


class Softplus(FunctionModule):
    """log(1 + e^(beta x)) / beta."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        super().__init__(softplus, beta=beta, threshold=threshold)


class GELU(FunctionModule):
    """x * P(Z < x) for a standard normal Z, exact or by tanh."""

    def __init__(self, approximate: str = "none"):
        super().__init__(gelu, approximate=approximate)


class Softmax(FunctionModule):
    """Scores as shares along `dim`. Not before a cross-entropy, which takes the scores."""

    def __init__(self, dim: int | None = None):
        super().__init__(softmax, dim=dim)


class LogSoftmax(FunctionModule):
    """The logarithms of the shares that softmax gives along `dim`."""

    def __init__(self, dim: int | None = None):
        super().__init__(log_softmax, dim=dim)


class ELU(FunctionModule):
    """`elu` as a layer."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        super().__init__(elu, alpha=alpha, inplace=inplace)


class SELU(FunctionModule):
    """`selu` as a layer."""

    def __init__(self, inplace: bool = False):
        super().__init__(selu, inplace=inplace)


class CELU(FunctionModule):
    """`celu` as a layer."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        super().__init__(celu, alpha=alpha, inplace=inplace)


class SiLU(FunctionModule):
    """`silu` as a layer."""

    def __init__(self, inplace: bool = False):
        super().__init__(silu, inplace=inplace)


class Mish(FunctionModule):
    """`mish` as a layer."""

    def __init__(self, inplace: bool = False):
        super().__init__(mish, inplace=inplace)


class Hardtanh(FunctionModule):
    """`hardtanh` as a layer."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False):
        super().__init__(hardtanh, min_val=min_val, max_val=max_val, inplace=inplace)


class ReLU6(FunctionModule):
    """`relu6` as a layer."""

    def __init__(self, inplace: bool = False):
        super().__init__(relu6, inplace=inplace)


class Hardsigmoid(FunctionModule):
    """`hardsigmoid` as a layer."""

    def __init__(self, inplace: bool = False):
        super().__init__(hardsigmoid, inplace=inplace)


class Hardswish(FunctionModule):
    """`hardswish` as a layer."""

    def __init__(self, inplace: bool = False):
        super().__init__(hardswish, inplace=inplace)


class Softsign(FunctionModule):
    """`softsign` as a layer."""

    def __init__(self) -> None:
        super().__init__(softsign)


class LogSigmoid(FunctionModule):
    """`logsigmoid` as a layer."""

    def __init__(self) -> None:
        super().__init__(logsigmoid)


class Softmin(FunctionModule):
    """`softmin` as a layer."""

    def __init__(self, dim: int | None = None):
        super().__init__(softmin, dim=dim)


class GLU(FunctionModule):
    """`glu` as a layer."""

    def __init__(self, dim: int = -1):
        super().__init__(glu, dim=dim)


class PReLU(Module):
    """`prelu` with the slopes as a parameter.

    Args:
        num_parameters: 1, or the number of channels.
        init: where the slopes begin.
    """

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ):
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        slopes = full((num_parameters,), float(init), device=device, dtype=dtype)
        self.weight = Parameter(slopes)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...), to the same shape."""
        return prelu(input, self.weight)

    def extra_repr(self) -> str:
        """The number of slopes."""
        return f"num_parameters={self.num_parameters}"
