"""Where values lie, how numbers are stored, and whether something is a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.core.tensor import Tensor, check_device, get_default_dtype, method

__all__ = [
    "device", "finfo", "iinfo", "is_floating_point", "is_tensor",
]  # fmt: skip


class device(str):
    """The name of a place for values: `device("cpu")`, equal to the string "cpu".

    Any name can be written down; only the CPU can be used, and `x.to(device("cuda"))` says so.

    >>> device("cuda", 1), device("cpu") == "cpu"
    (device(type='cuda', index=1), True)
    """

    def __new__(cls, type: str, index: int | None = None) -> device:
        name = type if index is None else f"{type}:{index}"
        kind, colon, number = name.partition(":")
        if not kind.isidentifier() or (colon and not number.isdigit()):
            raise RuntimeError(f'device: got {name!r}, expected a name such as "cpu" or "cuda:0"')
        return super().__new__(cls, name)

    @property
    def type(self) -> str:
        """The kind of device: "cpu"."""
        return str(self).partition(":")[0]

    @property
    def index(self) -> Any:
        """Which one of its kind, or None."""
        return int(str(self).partition(":")[2]) if ":" in self else None

    def __repr__(self) -> str:
        return f"device(type={self.type!r}" + (
            ")" if self.index is None else f", index={self.index})"
        )


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
