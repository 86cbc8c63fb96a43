"""Functions of each value by itself: trigonometry, logarithms, rounding, limits.

Every function is also a tensor method, and with a trailing underscore it works in place
(`x.clamp_(min=0)`). An operation that is new here has its kernel and its gradient rules beside it;
the others are written with operations that exist.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.core.autograd import vjp
from tinytorch.core.tensor import (
    KERNELS,
    METHODS,
    Tensor,
    apply,
    floating,
    kernel,
    method,
    promoted,
)

__all__ = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "clamp", "clamp_max",
    "clamp_min", "clip", "cos", "cosh", "exp2", "expm1", "fix", "floor", "frac", "hypot",
    "log1p", "log2", "log10", "logaddexp", "maximum", "minimum", "nan_to_num", "reciprocal",
    "round", "rsqrt", "sign", "sin", "sinh", "tan", "trunc",
]  # fmt: skip


def expect_tensor(name: str, value: Any) -> Tensor:
    """`value`, refused if it is no tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name}: got a {type(value).__name__}, expected a Tensor; write tensor({value!r})"
        )
    return value


def binary(
    name: str, doc: str, floats: bool = False, numbers: bool = False
) -> Callable[[Tensor, Any], Tensor]:
    """The function and method of the operation `name` on two values of a common dtype.

    Args:
        floats: whether integers are converted to floats.
        numbers: whether the second operand may be a Python number.
    """

    def function(input: Tensor, other: Any) -> Tensor:
        if not numbers:
            expect_tensor(name, other)
        return apply(name, *promoted(expect_tensor(name, input), other, floats))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return method(function)


# -------------------------------------------------------------------------- functions of one value


def unary(name: str, compute: Callable, rule: Callable, doc: str) -> Callable[[Tensor], Tensor]:
    """Register a function of one value: kernel, rule and method; integers become floats."""
    KERNELS[name] = compute
    vjp(f"{name}(x)", wrt="x")(rule)

    def function(input: Tensor) -> Tensor:
        return apply(name, floating(input))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return method(function)


LN2, LN10 = float(np.log(2)), float(np.log(10))

sin = unary("sin", np.sin, lambda g, x: g * np.cos(x), "The sine of each value, in radians.")
cos = unary("cos", np.cos, lambda g, x: -g * np.sin(x), "The cosine of each value, in radians.")
tan = unary(
    "tan", np.tan, lambda g, out: g * (1 + out * out), "The tangent of each value, in radians."
)
asin = unary("asin", np.arcsin, lambda g, x: g / np.sqrt(1 - x * x), "The angle whose sine it is.")
acos = unary(
    "acos", np.arccos, lambda g, x: -g / np.sqrt(1 - x * x), "The angle whose cosine it is."
)
atan = unary("atan", np.arctan, lambda g, x: g / (1 + x * x), "The angle whose tangent it is.")
sinh = unary("sinh", np.sinh, lambda g, x: g * np.cosh(x), "The hyperbolic sine of each value.")
cosh = unary("cosh", np.cosh, lambda g, x: g * np.sinh(x), "The hyperbolic cosine of each value.")
asinh = unary("asinh", np.arcsinh, lambda g, x: g / np.sqrt(x * x + 1), "The inverse of sinh.")
acosh = unary("acosh", np.arccosh, lambda g, x: g / np.sqrt(x * x - 1), "The inverse of cosh.")
atanh = unary("atanh", np.arctanh, lambda g, x: g / (1 - x * x), "The inverse of tanh.")
exp2 = unary("exp2", np.exp2, lambda g, out: g * out * LN2, "2 to the power of each value.")
expm1 = unary("expm1", np.expm1, lambda g, out: g * (out + 1), "exp(x) - 1, exact near 0.")
log1p = unary("log1p", np.log1p, lambda g, x: g / (x + 1), "log(1 + x), exact near 0.")
log2 = unary("log2", np.log2, lambda g, x: g / (x * LN2), "The logarithm to base 2.")
log10 = unary("log10", np.log10, lambda g, x: g / (x * LN10), "The logarithm to base 10.")
reciprocal = unary("reciprocal", lambda x: 1 / x, lambda g, out: -g * out * out, "1 / x.")
rsqrt = unary(
    "rsqrt", lambda x: 1 / np.sqrt(x), lambda g, out: -0.5 * g * out * out * out, "1 / sqrt(x)."
)


def flat(g):
    """The gradient of a function made of steps: zero wherever there is one."""
    return np.zeros_like(g)


def rounding(name: str, compute: Callable, doc: str) -> Callable[[Tensor], Tensor]:
    """Register a function made of steps: integers stay as they are, and its gradient is zero."""

    @kernel(name)
    def run(x):
        return compute(x) if x.dtype.kind == "f" else x.copy()

    vjp(f"{name}(x)", wrt="x")(flat)

    def function(input: Tensor) -> Tensor:
        return apply(name, input)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return method(function)


floor = rounding("floor", np.floor, "The largest whole number that is not above each value.")
ceil = rounding("ceil", np.ceil, "The smallest whole number that is not below each value.")
trunc = rounding("trunc", np.trunc, "Each value without its fraction.")


@method
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest number with `decimals` digits; a half goes to the even neighbour.

    >>> round(Tensor([0.5, 1.5, 2.34]))
    tensor([0., 2., 2.])
    """
    return apply("round", input, decimals=decimals)


@kernel("round")
def _round(x, decimals=0):
    return np.round(x, decimals)


@method
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1, as each value is negative, zero or positive."""
    return apply("sign", input)


@kernel("sign")
def _sign(x):
    if x.dtype.kind == "b":
        return x.copy()
    return (x > 0).astype(x.dtype) - (x < 0).astype(x.dtype)  # 0 for NaN, where np.sign has NaN


for _op in ("round", "sign"):
    vjp(f"{_op}(x)", wrt="x")(flat)


@method
def frac(input: Tensor) -> Tensor:
    """What `trunc` takes away: the fraction of each value, with its sign."""
    return input - trunc(input)


# ------------------------------------------------------------------------- functions of two values


KERNELS.update(
    maximum=np.maximum, minimum=np.minimum, atan2=np.arctan2, hypot=np.hypot, logaddexp=np.logaddexp
)
maximum = binary("maximum", "The larger of two values; NaN if one of them is.")
minimum = binary("minimum", "The smaller of two values; NaN if one of them is.")
atan2 = binary("atan2", "The angle of the point (other, input), in (-pi, pi].", floats=True)
hypot = binary("hypot", "sqrt(input**2 + other**2), the length of the diagonal.", floats=True)
logaddexp = binary("logaddexp", "log(exp(input) + exp(other)), without overflow.", floats=True)


@vjp("maximum(a, b)", wrt="a")
def maximum_da(g, a, b):
    """All to the larger one; equal values share."""
    return np.where(a < b, 0, np.where(a == b, g / 2, g))


@vjp("maximum(a, b)", wrt="b")
def maximum_db(g, a, b):
    return maximum_da(g, b, a)


@vjp("minimum(a, b)", wrt="a")
def minimum_da(g, a, b):
    return np.where(a > b, 0, np.where(a == b, g / 2, g))


@vjp("minimum(a, b)", wrt="b")
def minimum_db(g, a, b):
    return minimum_da(g, b, a)


@vjp("atan2(a, b)", wrt="a")
def atan2_da(g, a, b):
    return g * b / (a * a + b * b)


@vjp("atan2(a, b)", wrt="b")
def atan2_db(g, a, b):
    return -g * a / (a * a + b * b)


@vjp("hypot(a, b)", wrt="a")
def hypot_da(g, out, a):
    return g * a / out


@vjp("hypot(a, b)", wrt="b")
def hypot_db(g, out, b):
    return g * b / out


@vjp("logaddexp(a, b)", wrt="a")
def logaddexp_da(g, out, a):
    return g * np.exp(a - out)


@vjp("logaddexp(a, b)", wrt="b")
def logaddexp_db(g, out, b):
    return g * np.exp(b - out)


# ------------------------------------------------------------------------------------------ limits


@method
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Values below `min` raised to it, values above `max` lowered to it: numbers or tensors.

    >>> clamp(Tensor([-2.0, 0.5, 3.0]), min=0, max=1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("clamp: got neither min nor max, expected at least one of them")
    if max is not None:  # before `min` is compared: clamp(uint8 values, -1, 1.5) compares floats
        input, max = promoted(input, max)
    if min is not None:
        input = clamp_min(input, min)
    return input if max is None else clamp_max(input, max)


clamp_min = binary("clamp_min", "Values below `min` raised to it.", numbers=True)
clamp_max = binary("clamp_max", "Values above `max` lowered to it.", numbers=True)
KERNELS.update(clamp_min=np.maximum, clamp_max=np.minimum)


@vjp("clamp_min(x, low)", wrt="x")
def clamp_min_dx(g, x, low):
    return np.where(x >= low, g, 0)


@vjp("clamp_min(x, low)", wrt="low")
def clamp_min_dlow(g, x, low):
    return np.where(x < low, g, 0)


@vjp("clamp_max(x, high)", wrt="x")
def clamp_max_dx(g, x, high):
    return np.where(x <= high, g, 0)


@vjp("clamp_max(x, high)", wrt="high")
def clamp_max_dhigh(g, x, high):
    return np.where(x > high, g, 0)


@method
def nan_to_num(
    input: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Numbers in place of NaN, inf and -inf; the infinities become the dtype's extremes.

    >>> nan_to_num(Tensor([float("nan"), 1.0]), nan=5.0)
    tensor([5., 1.])
    """
    return apply("nan_to_num", input, nan=nan, posinf=posinf, neginf=neginf)


@kernel("nan_to_num")
def _nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@vjp("nan_to_num(x)", wrt="x")
def nan_to_num_dx(g, x):
    return np.where(np.isfinite(x), g, 0)


clip, fix = clamp, trunc
METHODS.update(clip=clamp, fix=trunc)
