"""Arithmetic with options, and division with its remainders, under PyTorch's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.breadth.elementwise import expect_tensor, flat
from tinytorch.core.autograd import vjp
from tinytorch.core.tensor import KERNELS, METHODS, Tensor, apply, method, promoted

__all__ = [
    "absolute", "add", "addcdiv", "addcmul", "div", "divide", "floor_divide", "fmod", "greater",
    "greater_equal", "lerp", "less", "less_equal", "mul", "multiply", "negative", "not_equal",
    "pow", "remainder", "square", "sub", "subtract", "true_divide",
]  # fmt: skip


@method
def add(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """`input + alpha * other`.

    >>> add(Tensor([1.0, 2.0]), Tensor([2.0, 4.0]), alpha=0.5)
    tensor([2., 4.])
    """
    return expect_tensor("add", input) + scaled(other, alpha)


@method
def sub(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """`input - alpha * other`."""
    return expect_tensor("sub", input) - scaled(other, alpha)


def scaled(other: Any, alpha: float) -> Any:
    """`alpha * other` in the dtype of `other`."""
    if isinstance(alpha, float) and isinstance(other, Tensor) and other.dtype.kind != "f":
        raise RuntimeError(
            f"alpha={alpha} is not a whole number, and the values are of {other.dtype}. "
            "Convert them first: x.float()"
        )
    return other if alpha == 1 else other * alpha


@method
def mul(input: Tensor, other: Any) -> Tensor:
    """`input * other`."""
    return expect_tensor("mul", input) * other


@method
def div(input: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """`input / other`, rounded down for the mode "floor", towards zero for "trunc".

    >>> div(Tensor([-7.0, 7.0]), 2, rounding_mode="trunc")
    tensor([-3.,  3.])
    """
    expect_tensor("div", input)
    if rounding_mode is None:
        return input / other
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(
            f'div: rounding_mode={rounding_mode!r}, expected None, "trunc" or "floor"'
        )
    return apply(
        "floor_divide" if rounding_mode == "floor" else "trunc_divide", *promoted(input, other)
    )


@method
def pow(input: Any, exponent: Any) -> Tensor:
    """`input` to the power `exponent`; one of the two may be a number.

    >>> pow(2, Tensor([1.0, 3.0]))
    tensor([2., 8.])
    """
    return input**exponent


@method
def floor_divide(input: Tensor, other: Any) -> Tensor:
    """The quotient rounded down, as Python's `//`.

    >>> floor_divide(Tensor([-7.0, 7.0]), 2)
    tensor([-4.,  3.])
    """
    return expect_tensor("floor_divide", input) // other


@method
def remainder(input: Any, other: Any) -> Tensor:
    """What `//` leaves over, with the sign of the divisor: Python's `%`."""
    return input % other


@method
def fmod(input: Tensor, other: Any) -> Tensor:
    """What a division rounded towards zero leaves over, with the sign of `input`.

    >>> fmod(Tensor([-7.0, 7.0]), 4)
    tensor([-3.,  3.])
    """
    return apply("fmod", *promoted(expect_tensor("fmod", input), other))


def division(compute: Callable) -> Callable:
    """A kernel for whole quotients or remainders: integers divided by 0 have no value to give."""

    def divide(a, b):
        if a.dtype.kind != "f":
            if a.dtype.kind == "b":
                raise ValueError("bools cannot be divided; convert them first: x.int()")
            if not b.all() and 0 not in np.broadcast_shapes(a.shape, b.shape):
                raise ValueError("an integer division by 0 has no result (ZeroDivisionError)")
        return compute(a, b)

    return divide


def trunc_divide(a, b):
    """The quotient without its fraction."""
    if a.dtype.kind == "f":
        return np.trunc(a / b)
    return np.floor_divide(a, b) + ((np.remainder(a, b) != 0) & ((a < 0) != (b < 0))).astype(
        a.dtype
    )


KERNELS.update(
    floor_divide=division(np.floor_divide),
    trunc_divide=division(trunc_divide),
    remainder=division(np.remainder),
    fmod=division(np.fmod),
)


@vjp("remainder(a, b)", wrt="a")
def remainder_da(g):
    return g


@vjp("remainder(a, b)", wrt="b")
def remainder_db(g, a, b):
    return -g * np.floor_divide(a, b)


@vjp("fmod(a, b)", wrt="a")
def fmod_da(g):
    return g


@vjp("fmod(a, b)", wrt="b")
def fmod_db(g, a, b):
    return -g * np.trunc(a / b)


for _op in ("floor_divide", "trunc_divide"):
    vjp(f"{_op}(a, b)", wrt="a")(flat)
    vjp(f"{_op}(a, b)", wrt="b")(flat)


@method
def square(input: Tensor) -> Tensor:
    """Each value times itself."""
    return input**2


@method
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """`input + weight * (end - input)`: the values on the way from `input` to `end`.

    >>> lerp(Tensor([0.0]), Tensor([10.0]), 0.25)
    tensor([2.5000])
    """
    for other in (end, weight):
        if isinstance(other, Tensor) and other.dtype != input.dtype:
            raise RuntimeError(
                f"lerp: got {input.dtype} and {other.dtype}, expected one dtype; "
                "convert one with .to(dtype)"
            )
    return input + weight * (end - input)


@method
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """`input + value * tensor1 * tensor2`."""
    return input + value * tensor1 * tensor2


@method
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """`input + value * tensor1 / tensor2`, for floating-point values."""
    if tensor1.dtype.kind != "f" and tensor2.dtype.kind != "f":
        raise RuntimeError(
            f"addcdiv: got {tensor1.dtype} and {tensor2.dtype}, expected floating-point values; "
            "convert them with x.float()"
        )
    return input + value * (tensor1 / tensor2)


# ------------------------------------------------------------------------------------- other names


subtract, multiply, divide, true_divide = sub, mul, div, div
negative, absolute, not_equal = Tensor.neg, Tensor.abs, Tensor.ne
greater, greater_equal, less, less_equal = Tensor.gt, Tensor.ge, Tensor.lt, Tensor.le

METHODS.update(
    subtract=sub, multiply=mul, divide=div, true_divide=div, negative=negative, absolute=absolute,
    not_equal=not_equal, greater=greater, greater_equal=greater_equal, less=less,
    less_equal=less_equal,
)  # fmt: skip
