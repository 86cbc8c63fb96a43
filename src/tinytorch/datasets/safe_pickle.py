"""Pickle files, read by someone who does not trust them.

A pickle is a program: to load it is to let it call what it names. This reader runs only the
operations that build values, and knows only the names that arrays and bytes need; behind each
stands a function of this file. So nothing can come out but dictionaries, lists, tuples, whole
numbers, bytes, text and arrays of plain numbers, and nothing else can happen on the way.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from tinytorch.datasets.download import DataError

__all__ = ["safe_loads"]

# What builds values, in the protocols 2 to 4, without making instances of classes.
OPERATIONS = {
    "PROTO", "FRAME", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2",
    "LONG1", "SHORT_BINSTRING", "BINSTRING", "SHORT_BINBYTES", "BINBYTES", "SHORT_BINUNICODE",
    "BINUNICODE", "EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2",
    "TUPLE3", "EMPTY_DICT", "SETITEM", "SETITEMS", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET",
    "MEMOIZE", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD",
}  # fmt: skip
TYPES = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")


class Array(np.ndarray):
    """An array whose contents come from a pickle: shape, type and bytes are checked to agree."""

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, is_fortran, values = state
        if not isinstance(dtype, Type) or not isinstance(values, bytes):
            raise pickle.UnpicklingError("an array without plain bytes")
        if len(values) != math.prod(shape) * dtype.dtype.itemsize or min(shape, default=0) < 0:
            raise pickle.UnpicklingError(f"{len(values)} bytes for an array of shape {shape}")
        state = 1, shape, dtype.dtype, bool(is_fortran), values
        super().__setstate__(cast(Any, state))


class Type:
    """The type of an array: plain numbers of one size."""

    def __init__(self, code: Any, *_: Any):
        text = code.decode("ascii") if isinstance(code, bytes) else code
        if text not in TYPES:
            raise pickle.UnpicklingError(f"the type {code!r}")
        self.dtype: Any = np.dtype(text)

    def __setstate__(self, state: Any) -> None:
        order = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        if order not in ("<", ">", "|", "=") or any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError(f"the type description {state!r}")
        self.dtype = self.dtype.newbyteorder(order)


class Known:
    """A name that a pickle may use: callable, and closed to changes."""

    __slots__ = ("function",)

    def __init__(self, function: Callable):
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a change to a function")


def empty_array(*_: Any) -> Array:
    """An array that waits for its contents."""
    return Array((0,), np.uint8)


def latin1_bytes(text: str, encoding: str) -> bytes:
    """Bytes, as protocol 2 spells them in Python 3."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"the encoding {encoding!r}")
    return text.encode("latin1")


KNOWN = {
    ("numpy.core.multiarray", "_reconstruct"): Known(empty_array),
    ("numpy._core.multiarray", "_reconstruct"): Known(empty_array),
    ("numpy", "ndarray"): Known(empty_array),
    ("numpy", "dtype"): Known(Type),
    ("_codecs", "encode"): Known(latin1_bytes),
}


class Reader(pickle.Unpickler):
    """An unpickler that finds the names in `KNOWN` and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in KNOWN:
            raise pickle.UnpicklingError(f"the name {module}.{name}")
        return KNOWN[module, name]


def safe_loads(data: bytes, source: str) -> Any:
    """The value in the pickle `data`: dictionaries, lists, tuples, numbers, bytes, text, arrays.

    Args:
        source: the file's name, for messages.
    Raises: DataError for a damaged pickle and for one that wants anything else.

    >>> safe_loads(pickle.dumps({"labels": [1, 2]}, protocol=2), "an example")
    {'labels': [1, 2]}
    """
    try:
        for operation, argument, _ in pickletools.genops(data):
            if operation.name not in OPERATIONS:
                raise pickle.UnpicklingError(f"the operation {operation.name}")
            if operation.name == "LONG_BINPUT" and cast(int, argument) > len(data):
                raise pickle.UnpicklingError(f"the place {argument} to remember a value")
        return Reader(io.BytesIO(data), encoding="bytes").load()
    except Exception as error:  # a hostile file may raise anything
        raise DataError(
            f"{source} is not a pickle of plain data: got {error}, expected dictionaries, lists, "
            "numbers, bytes and arrays alone. Do not open it otherwise: delete it, and fetch the "
            "data again."
        ) from error
