"""Tensor methods that convert to another dtype, by its name: `x.long()`, `x.type_as(y)`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.core.tensor import (
    METHODS,
    Tensor,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    method,
    uint8,
)

__all__: list[str] = []  # methods alone: in PyTorch's functions, these names are dtypes


def conversion(name: str, dtype: np.dtype) -> None:
    """Register `x.name()`, which converts to `dtype`."""

    def convert(input: Tensor) -> Tensor:
        return input.to(dtype)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"The values as {dtype}."
    method(convert)


TYPES: dict[str, np.dtype] = {
    "half": float16, "float": float32, "double": float64, "char": int8, "short": int16,
    "int": int32, "long": int64, "byte": uint8, "bool": bool_,
}  # fmt: skip

for _name, _dtype in TYPES.items():
    conversion(_name, _dtype)


@method
def type_as(input: Tensor, other: Tensor) -> Tensor:
    """The values in the dtype of `other`."""
    return input.to(other.dtype)


def as_type(input: Tensor, dtype: Any = None) -> Tensor:
    """The values as `dtype`: the method `x.type(float64)`."""
    if dtype is None:
        raise TypeError(
            f"type: got no dtype, expected one such as float64; its own is x.dtype, {input.dtype}"
        )
    return input.to(dtype)


METHODS["type"] = as_type
