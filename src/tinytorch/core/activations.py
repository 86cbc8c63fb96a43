"""02 · Activations: the bend between two layers.

Two matrix products in a row are one matrix product: without a bend in between, a deep network can
do no more than a single layer. An activation is that bend. The first ones look at each value by
itself. The last two, softmax and log-softmax, look at a row of scores together and make it a
distribution: shares that are positive and add up to one.

For each there is a kernel on arrays, which is where the idea is, and a function on tensors, which
sends it through the door. One care runs through the file: `exp` of a large number is infinite, so
every formula is written such that it only ever sees numbers below zero.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch.core.tensor import KERNELS, Tensor, apply, dims, get_default_dtype, kernel, method

__all__ = [
    "erf", "expect_floating", "gelu", "leaky_relu", "log_softmax", "relu", "sigmoid", "softmax",
    "softplus", "tanh",
]  # fmt: skip


def expect_tensor(name: str, input: Any) -> Tensor:
    """`input` itself, refused in the name of `name` unless it is a tensor."""
    if not isinstance(input, Tensor):
        raise TypeError(
            f"{name}: got a {type(input).__name__}, expected a Tensor; write tensor(...) around it."
        )
    return input


def expect_floating(name: str, input: Any) -> Tensor:
    """`input` itself, refused in the name of `name` unless it is a tensor of floats.

    >>> expect_floating("gelu", Tensor([1.0]))
    tensor([1.])
    """
    if expect_tensor(name, input).array.dtype.kind != "f":
        raise NotImplementedError(
            f"{name}: got {input.dtype} values of shape {input.shape}, expected floating-point "
            "ones. Convert them first: x.float()"
        )
    return input


def as_floating(name: str, input: Any) -> Tensor:
    """`input` itself if it holds floats; other numbers are converted to the default dtype."""
    floats = expect_tensor(name, input).array.dtype.kind == "f"
    return input if floats else input.to(get_default_dtype())


def placed(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    """`result`; with `inplace`, `input` itself with the values of `result` written into it."""
    return input.copy_(result) if inplace else result


# --------------------------------------------------------------------------------- rectifiers


@kernel("relu")
def relu_kernel(x: np.ndarray) -> np.ndarray:
    """max(x, 0): values above zero pass, those below become zero, and nan stays nan.

    Args:
        x: any shape, any numbers; left as it is.
    Returns: the shape and dtype of `x`.

    >>> relu_kernel(np.array([-2.0, 3.0]))
    array([0., 3.])
    """
    return np.maximum(x, 0)


@method
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Rectified linear unit: each value, or 0 where it is negative.

    Args:
        input: any shape, any numbers.
        inplace: write the result into `input` itself.
    Returns: the shape and dtype of `input`, in [0, inf).
    Raises: RuntimeError for bools.
    Source: Nair and Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines", 2010.

    >>> relu(Tensor([-1.0, 0.0, 2.0]))
    tensor([0., 0., 2.])
    """
    if expect_tensor("relu", input).array.dtype.kind == "b":
        raise RuntimeError(f"relu: got bools of shape {input.shape}, expected numbers; use x.int()")
    return placed(input, apply("relu", input), inplace)


@kernel("leaky_relu")
def leaky_relu_kernel(x: np.ndarray, negative_slope: float) -> np.ndarray:
    """x above zero, negative_slope * x below; the slope may be any number, also above 1.

    Args:
        x: any shape, floating-point; left as it is.
    Returns: the shape and dtype of `x`.

    >>> leaky_relu_kernel(np.array([-2.0, 3.0]), 0.5)
    array([-1.,  3.])
    """
    # Of the two lines, the upper or the lower one. Choosing by np.where takes several times as
    # long: a branch that nobody can foresee.
    line = x * negative_slope
    return np.maximum(x, line) if negative_slope <= 1 else np.minimum(x, line)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """A rectifier that lets a little through below zero, so that no unit is dead for good.

    Args:
        input: any shape, floating-point.
        negative_slope: the slope below zero.
        inplace: write the result into `input` itself.
    Returns: the shape and dtype of `input`; with `inplace`, `input` itself.
    Raises: NotImplementedError for integers and bools.
    Source: Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic
        Models", 2013.

    >>> leaky_relu(Tensor([-1.0, 2.0]))
    tensor([-0.0100,  2.0000])
    """
    expect_floating("leaky_relu", input)
    result = apply("leaky_relu", input, negative_slope=float(negative_slope))
    return placed(input, result, inplace)


# ----------------------------------------------------------------- from a threshold to a curve


@kernel("sigmoid")
def sigmoid_kernel(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x), without an overflow however far from zero x lies.

    Args:
        x: any shape, floating-point; left as it is.
    Returns: the shape and dtype of `x`, in [0, 1].

    >>> sigmoid_kernel(np.array([-10000.0, 0.0, 10000.0]))
    array([0. , 0.5, 1. ])
    """
    # Below zero as e^x / (1 + e^x), which is the same: e^ never meets a positive number.
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


@method
def sigmoid(input: Tensor) -> Tensor:
    """The logistic function 1 / (1 + e^-x): a score as a probability.

    Args:
        input: any shape, any range; integers become the default dtype.
    Returns: the shape of `input`, in [0, 1]; 0.5 where the score is 0.

    >>> sigmoid(Tensor([-2.0, 0.0, 2.0]))
    tensor([0.1192, 0.5000, 0.8808])
    """
    return apply("sigmoid", as_floating("sigmoid", input))


@kernel("tanh")
def tanh_kernel(x: np.ndarray) -> np.ndarray:
    """(e^x - e^-x) / (e^x + e^-x), with all its digits, also next to zero.

    Args:
        x: any shape, floating-point; left as it is.
    Returns: the shape and dtype of `x`, in [-1, 1].

    >>> tanh_kernel(np.array([-10000.0, 0.0, 1e-10]))
    array([-1.e+00,  0.e+00,  1.e-10])
    """
    # As 2 * sigmoid(2 x) - 1 it would lose them there: 1 minus nearly 1 leaves only rounding.
    return np.tanh(x)


@method
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent: a sigmoid stretched to (-1, 1), with its middle at 0.

    Args:
        input: any shape, any range; integers become the default dtype.
    Returns: the shape of `input`, in [-1, 1].

    >>> tanh(Tensor([-1.0, 0.0, 1.0]))
    tensor([-0.7616,  0.0000,  0.7616])
    """
    return apply("tanh", as_floating("tanh", input))


@kernel("softplus")
def softplus_kernel(x: np.ndarray, beta: float, threshold: float) -> np.ndarray:
    """log(1 + e^(beta x)) / beta, and x itself where beta * x is above `threshold`.

    Args:
        x: any shape, floating-point; left as it is.
    Returns: the shape and dtype of `x`, above 0; correct to all digits far below zero too.

    >>> softplus_kernel(np.array([-10000.0, 0.0, 10000.0]), beta=1.0, threshold=20.0)
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+04])
    """
    # log(1 + e^z) = max(z, 0) + log(1 + e^-|z|): the large part is split off before e^ sees it.
    z = x * beta
    curve = np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0)
    return np.where(z > threshold, x, curve / beta)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """A smooth rectifier: log(1 + e^(beta x)) / beta, whose slope is sigmoid(beta x).

    Args:
        input: any shape, floating-point.
        beta: how sharp the bend is; the larger, the closer to relu.
        threshold: where beta * x is above it, the result is x.
    Returns: the shape and dtype of `input`, above 0.
    Raises: NotImplementedError for integers and bools.
    Source: Dugas, Bengio, Bélisle, Nadeau and Garcia, "Incorporating Second-Order Functional
        Knowledge for Better Option Pricing", 2000.

    >>> softplus(Tensor([-2.0, 0.0, 2.0]))
    tensor([0.1269, 0.6931, 2.1269])
    """
    expect_floating("softplus", input)
    return apply("softplus", input, beta=float(beta), threshold=float(threshold))


# -------------------------------------------------------------------------------------- gelu


def polynomial(z: np.ndarray, coefficients: tuple[float, ...]) -> np.ndarray:
    """The polynomial with these coefficients, highest power first, at each value of `z`.

    Args:
        z: any shape, floating-point; left as it is.
        coefficients: two or more.
    Returns: the shape and dtype of `z`.

    >>> polynomial(np.array([2.0, 3.0]), (1.0, 0.0, -1.0))  # z² - 1
    array([3., 8.])
    """
    total = np.full_like(z, coefficients[0])
    for coefficient in coefficients[1:]:
        total *= z
        total += coefficient
    return total


# Coefficients, highest power first, of the rational functions in W. J. Cody, "Rational Chebyshev
# Approximations for the Error Function", 1969. NEAR is erf(z) / z in powers of z², FAR is
# (1 - erf(z)) * e^(z²) in powers of z. SINGLE is erf(z) / z in powers of z² too, up to 3.92, where
# float32 cannot tell erf from 1 any more: fitted for its 7 digits, and cheaper.
NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560e00, 1.13864154151050156e02,
     3.77485237685302021e02, 3.20937758913846947e03),
    (1.0, 2.36012909523441209e01, 2.44024637934444173e02, 1.28261652607737228e03,
     2.84423683343917062e03),
)  # fmt: skip
FAR = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e00,
     6.61191906371416295e01, 2.98635138197400131e02, 8.81952221241769090e02,
     1.71204761263407058e03, 2.05107837782607147e03, 1.23033935479799725e03),
    (1.0, 1.57449261107098347e01, 1.17693950891312499e02, 5.37181101862009858e02,
     1.62138957456669019e03, 3.29079923573345963e03, 4.36261909014324716e03,
     3.43936767414372164e03, 1.23033935480374942e03),
)  # fmt: skip


SINGLE = (
    (1.992435638e-08, -1.957704090e-06, 1.418233351e-04, 3.700554039e-03, 5.057006509e-02,
     1.999003597e-01, 1.128379110e00),
    (9.557769441e-04, 1.435109442e-02, 1.149883623e-01, 5.104887426e-01, 1.0),
)  # fmt: skip


@kernel("erf")
def erf_kernel(x: np.ndarray) -> np.ndarray:
    """The error function, to the last digit or two of float32 and float64 (NumPy has none).

    >>> erf_kernel(np.array([-10.0, 0.5])) - [math.erf(-10.0), math.erf(0.5)]
    array([0., 0.])
    """
    if x.dtype == np.float16:  # its largest number is smaller than what the polynomials reach
        return erf_kernel(x.astype(np.float32)).astype(np.float16)
    if x.dtype == np.float32:
        z = np.clip(x, -3.92, 3.92)
        square = z * z
        z *= polynomial(square, SINGLE[0])
        z /= polynomial(square, SINGLE[1])
        return np.clip(z, -1, 1)
    z = np.minimum(np.abs(x), 6)  # beyond 6, erf is 1 to all digits
    square = z * z
    near = z * (polynomial(square, NEAR[0]) / polynomial(square, NEAR[1]))
    far = 1 - np.exp(-square) * (polynomial(z, FAR[0]) / polynomial(z, FAR[1]))
    is_near = z < 0.5
    return np.copysign(near * is_near + far * ~is_near, x)


@method
def erf(input: Tensor) -> Tensor:
    """The error function: how much of a normal distribution lies within x * sqrt(2) of its mean.

    >>> erf(Tensor([-1.0, 0.0, 1.0]))
    tensor([-0.8427,  0.0000,  0.8427])
    """
    return apply("erf", as_floating("erf", input))


@kernel("gelu")
def gelu_kernel(x: np.ndarray, approximate: str) -> np.ndarray:
    """x times the share of a normal distribution that lies below x.

    Args:
        x: any shape, floating-point; left as it is.
        approximate: "none" for that share from erf, "tanh" for the paper's approximation of it,
            (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x³))) / 2.
    Returns: the shape and dtype of `x`.

    >>> gelu_kernel(np.array([-1.0, 1.0]), "none").round(4)
    array([-0.1587,  0.8413])
    """
    # One array throughout, and x³ as a product: x**3 takes a hundred times as long.
    if approximate == "none":
        share = KERNELS["erf"](x * math.sqrt(0.5))
    else:
        share = x * x
        share *= 0.044715
        share += 1
        share *= x
        share *= math.sqrt(2 / math.pi)
        share = np.tanh(share)
    share += 1
    share *= 0.5
    share *= x
    return share


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Gaussian error linear unit: x * P(Z < x) for a standard normal Z, a rectifier bent softly.

    Args:
        input: any shape, floating-point.
        approximate: "none" for the exact form, with erf; "tanh" for a faster one within 5e-4.
    Returns: the shape and dtype of `input`, from about -0.17 up.
    Raises: RuntimeError for another word, NotImplementedError for integers and bools.
    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units (GELUs)", 2016.

    >>> gelu(Tensor([-1.0, 0.0, 1.0])), gelu(Tensor([1.0]), approximate="tanh")
    (tensor([-0.1587,  0.0000,  0.8413]), tensor([0.8412]))
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f'gelu: approximate={approximate!r}, expected "none" or "tanh"')
    return apply("gelu", expect_floating("gelu", input), approximate=approximate)


# ----------------------------------------------------------------- from scores to distributions


def scores_of(name: str, input: Tensor, dim: int | None, dtype: Any) -> Tensor:
    """`input` in the wanted dtype, refused if it holds no floats or no `dim` is given."""
    if dim is None:
        raise TypeError(
            f"{name}: dim is missing. It names the dimension whose values add up to 1: dim=-1 for "
            "scores of shape (batch, classes)."
        )
    expect_tensor(name, input)
    return expect_floating(name, input if dtype is None else input.to(dtype))


def largest(x: np.ndarray, dim: int | None) -> np.ndarray:
    """The maximum along `dim`, kept as a dimension of size 1; -inf where there are no values.

    >>> largest(np.array([[1.0, 5.0], [7.0, 2.0]]), 1)
    array([[5.],
           [7.]])
    """
    return np.maximum.reduce(x, axis=dim, keepdims=True, initial=-np.inf)


@kernel("softmax")
def softmax_kernel(x: np.ndarray, dim: int | None) -> np.ndarray:
    """e^x, divided by its sum along `dim`.

    Args:
        x: any shape, floating-point, any range; left as it is.
    Returns: the shape and dtype of `x`, in [0, 1].

    >>> softmax_kernel(np.array([1000.0, 1000.0]), 0)
    array([0.5, 0.5])
    """
    # Taking the row's own maximum away first changes no share, since e^(x - m) = e^x / e^m, and
    # keeps e^ from overflowing: the largest one is then e^0.
    share = np.exp(x - largest(x, dim))
    share /= np.add.reduce(share, axis=dim, keepdims=True)
    return share


@method
def softmax(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """Scores as shares: positive, adding up to 1 along `dim`, a larger share for a larger score.

    Args:
        input: (..., classes, ...), floating-point, any range; -inf stands for a share of 0.
        dim: the dimension of the scores that compete; must be given.
        dtype: convert to this type first.
    Returns: the shape of `input`, in [0, 1]; nan where all scores are -inf.
    Source: Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs",
        1990.

    >>> softmax(Tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), dim=1)
    tensor([[0.0900, 0.2447, 0.6652],
            [0.3333, 0.3333, 0.3333]])
    """
    scores = scores_of("softmax", input, dim, dtype)
    return apply("softmax", scores, dim=dims(dim, scores.ndim))


@kernel("log_softmax")
def log_softmax_kernel(x: np.ndarray, dim: int | None) -> np.ndarray:
    """The logarithm of the shares along `dim`, finite also where a share is too small to store.

    Args:
        x: any shape, floating-point, any range; left as it is.
    Returns: the shape and dtype of `x`, at most 0.

    >>> log_softmax_kernel(np.array([0.0, 1000.0]), 0)
    array([-1000.,     0.])
    """
    # log(e^x / sum) = x - log(sum). The share of a hopeless class is rounded to 0, and log(0) is
    # -inf; its logarithm is a plain number, if it never was a share.
    shifted = x - largest(x, dim)
    shifted -= np.log(np.add.reduce(np.exp(shifted), axis=dim, keepdims=True))
    return shifted


@method
def log_softmax(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """The logarithms of the shares that softmax gives, exact where the shares round to 0.

    Args:
        input: (..., classes, ...), floating-point, any range.
        dim: the dimension of the scores that compete; must be given.
        dtype: convert to this type first.
    Returns: the shape of `input`, at most 0.

    >>> log_softmax(Tensor([0.0, 0.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    scores = scores_of("log_softmax", input, dim, dtype)
    return apply("log_softmax", scores, dim=dims(dim, scores.ndim))
