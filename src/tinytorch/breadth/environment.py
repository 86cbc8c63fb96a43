"""Where values lie, how numbers are stored, and whether something is a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.core.tensor import Tensor, check_device, get_default_dtype, method

__all__ = ["finfo", "iinfo", "is_floating_point", "is_tensor"]


def finfo(type: Any = None) -> np.finfo:
    """The limits of a floating-point dtype: eps, min, max, tiny, bits."""
    return np.finfo(get_default_dtype() if type is None else type)


def iinfo(type: Any) -> np.iinfo:
    """The limits of an integer dtype: min, max, bits."""
    return np.iinfo(type)


def is_tensor(obj: Any) -> bool:
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)


@method
def is_floating_point(input: Tensor) -> bool:
    """Whether the values are of float16, float32 or float64."""
    return input.dtype.kind == "f"


@method
def cpu(input: Tensor) -> Tensor:
    """The tensor itself: all values lie on the CPU."""
    return input


@method
def cuda(input: Tensor, device: Any = "cuda") -> Tensor:
    """Refused: there is no GPU behind this framework."""
    check_device(device)
    return input


@method
def element_size(input: Tensor) -> int:
    """The bytes of one value."""
    return input.dtype.itemsize


@method
def nelement(input: Tensor) -> int:
    """The number of values."""
    return input.numel()


@method
def ndimension(input: Tensor) -> int:
    """The number of dimensions."""
    return input.ndim


@method
def data_ptr(input: Tensor) -> int:
    """The address of the first value: equal for tensors that start at the same place in memory."""
    return input.array.ctypes.data
