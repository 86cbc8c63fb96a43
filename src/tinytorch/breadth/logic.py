"""Questions about values, answered by bools, and operations on bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinytorch.breadth.elementwise import binary, expect_tensor
from tinytorch.core.tensor import KERNELS, Tensor, apply, kernel, method

__all__ = [
    "allclose", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "equal", "isclose",
    "isfinite", "isinf", "isnan", "logical_and", "logical_not", "logical_or", "logical_xor",
]  # fmt: skip


# --------------------------------------------------------------------------------------- questions


def question(name: str, compute: Callable, doc: str) -> Callable[[Tensor], Tensor]:
    """Register a function from each value to a bool."""
    KERNELS[name] = compute

    def function(input: Tensor) -> Tensor:
        return apply(name, input)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return method(function)


isnan = question("isnan", np.isnan, "Whether each value is no number.")
isinf = question("isinf", np.isinf, "Whether each value is inf or -inf.")
isfinite = question("isfinite", np.isfinite, "Whether each value is neither infinite nor NaN.")
logical_not = question("logical_not", np.logical_not, "Whether each value is zero.")
logical_and = binary("logical_and", "Whether both values are other than zero.")
logical_or = binary("logical_or", "Whether at least one value is other than zero.")
logical_xor = binary("logical_xor", "Whether exactly one of the two values is other than zero.")
KERNELS.update(logical_and=np.logical_and, logical_or=np.logical_or, logical_xor=np.logical_xor)


@method
def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Whether |input - other| <= atol + rtol * |other|, for each pair of values."""
    if input.dtype != other.dtype:
        raise RuntimeError(
            f"isclose: got {input.dtype} and {other.dtype}, expected one dtype; "
            "convert one with .to(dtype)"
        )
    return apply("isclose", input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


@kernel("isclose")
def _isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    return np.isclose(a, b, rtol, atol, equal_nan)


@method
def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether `isclose` holds for all values.

    >>> allclose(Tensor([1.0]), Tensor([1.0 + 1e-7]))
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan).array.all())


@method
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and the same values.

    >>> equal(Tensor([1.0, 2.0]), Tensor([1.0, 2.0]))
    True
    """
    return np.array_equal(expect_tensor("equal", input).array, expect_tensor("equal", other).array)


# -------------------------------------------------------------------------------------------- bits


def bits(compute: Callable) -> Callable:
    """A kernel on the bits of integers and bools; floating-point values are refused in words."""

    def run(*arrays):
        for array in arrays:
            if array.dtype.kind == "f":
                raise ValueError(
                    f"got {array.dtype}, expected integers or bools: bits of floats mean little"
                )
        return compute(*arrays)

    return run


KERNELS.update(bitwise_and=bits(np.bitwise_and), bitwise_or=bits(np.bitwise_or))
KERNELS.update(bitwise_xor=bits(np.bitwise_xor), bitwise_not=bits(np.invert))
bitwise_and = binary(
    "bitwise_and", "The bits that both have; for bools, whether both hold: `a & b`.", numbers=True
)
bitwise_or = binary(
    "bitwise_or", "The bits that one has; for bools, whether one holds: `a | b`.", numbers=True
)
bitwise_xor = binary("bitwise_xor", "The bits in which they differ: `a ^ b`.", numbers=True)


@method
def bitwise_not(input: Tensor) -> Tensor:
    """Every bit turned over; for bools, the opposite: `~x`."""
    return ~input
