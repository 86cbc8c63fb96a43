"""What the tensor stands on and no module teaches: types, devices, printing, refusals, chance.

Module 01 imports from here what would bury its ideas: the table of dtypes and PyTorch's rules for
mixing them, the answers that an array gives to Python (`len`, `float`, printing), the corners where
NumPy and PyTorch disagree, and the random generator. It imports NumPy and the standard library
alone, knows no operation, and is the same for everybody: nobody builds it.
"""

from __future__ import annotations

import math
import operator
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = [
    "CPU", "DTYPES", "KINDS", "SUM_DTYPES", "ArrayHolder", "Generator", "Table", "after_integers",
    "as_array", "block_of", "bool_", "call", "check_device", "device", "drawing", "expect_values",
    "float16", "float32", "float64", "get_default_dtype", "int8", "int16", "int32", "int64",
    "plain_index", "promote_types", "result_type", "set_default_dtype", "sizes", "supported",
    "uint8", "wanted_dtype",
]  # fmt: skip

# Overflow and 1/0 give inf or nan without a word, as in PyTorch; detect_anomaly (06) finds them.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tinytorch\.")


# ---------------------------------------------------------------------------------- the types

float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
int8, int16, int32, int64 = map(np.dtype, ("int8", "int16", "int32", "int64"))
uint8, bool_ = np.dtype("uint8"), np.dtype("bool")
DTYPES = (float16, float32, float64, int8, int16, int32, int64, uint8, bool_)
KINDS = {"b": 0, "i": 1, "u": 1, "f": 2}  # bool < integer < floating
DEFAULT = {"dtype": float32}

SUM_DTYPES = {float16: float32, **dict.fromkeys((int8, int16, int32, int64, uint8, bool_), int64)}
"""In which dtype values are added up, where it is not their own: the largest float16 is 65504."""


def get_default_dtype() -> np.dtype:
    """The dtype of new floating-point tensors: float32 unless `set_default_dtype` changed it."""
    return DEFAULT["dtype"]


def set_default_dtype(dtype: np.dtype) -> None:
    """Make `dtype` (a floating one) the type of new floating-point tensors."""
    if np.dtype(dtype).kind != "f":
        raise TypeError(f"set_default_dtype: got {dtype}, expected float16, float32 or float64")
    DEFAULT["dtype"] = np.dtype(dtype)


def supported(dtype: Any) -> np.dtype:
    """`dtype` as one of the nine types of this framework."""
    try:
        dtype = np.dtype(float if dtype is float and get_default_dtype() == float64 else dtype)
    except TypeError:
        dtype = repr(dtype)
    if dtype not in DTYPES:
        raise TypeError(f"got the dtype {dtype}, expected one of {', '.join(map(str, DTYPES))}")
    return dtype


def promote_types(a: np.dtype, b: np.dtype) -> np.dtype:
    """The smallest dtype that holds both: PyTorch's table, where a float beats every integer.

    >>> promote_types(int64, float16), promote_types(int8, uint8)
    (dtype('float16'), dtype('int16'))
    """
    if (a.kind == "f") != (b.kind == "f"):
        return a if a.kind == "f" else b
    return np.promote_types(a, b)


def result_type(a: Any, b: Any) -> np.dtype:
    """The dtype of an operation on `a` and `b`, each a Tensor or a Python number.

    A number, or a tensor without dimensions, only counts when it is of a higher kind (bool <
    integer < floating): a float32 tensor times 2.5, or times a float64 `tensor(2.5)`, is float32.

    >>> result_type(ArrayHolder(np.array([1, 2])), 0.5)
    dtype('float32')
    """
    (rank_a, type_a), (rank_b, type_b) = standing(a), standing(b)
    if rank_a == rank_b:
        return promote_types(type_a, type_b)
    high, low = (type_a, type_b) if rank_a > rank_b else (type_b, type_a)
    return promote_types(high, low) if KINDS[low.kind] > KINDS[high.kind] else high


def standing(value: Any) -> tuple[int, np.dtype]:
    """Rank (2 with dimensions, 1 without, 0 for a Python number) and dtype of an operand."""
    if isinstance(value, ArrayHolder):
        return (2 if value.array.ndim else 1), value.array.dtype
    if isinstance(value, (bool, np.bool_)):
        return 0, bool_
    return 0, (int64 if isinstance(value, (int, np.integer)) else get_default_dtype())


# --------------------------------------------------------------------------------- the device


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


def check_device(place: Any) -> None:
    """Refuse every device but the CPU."""
    if place is not None and str(place) != "cpu":
        raise RuntimeError(
            f"device {str(place)!r} is not available: this framework computes on the CPU. "
            'Write device="cpu", or leave the argument out.'
        )


CPU = device("cpu")


# ------------------------------------------------------------- what an array tells about itself


class ArrayHolder:
    """Something that holds an array, and answers for it: shape and dtype, `len`, `float`, printing.

    The tensor of module 01 is one. What can be computed with it is not known here.
    """

    __slots__ = ("array",)
    requires_grad = False
    grad: Any = None
    grad_fn: Any = None

    def __init__(self, array: np.ndarray):
        self.array = array

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes, one per dimension."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype:
        """The type of the values."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    @property
    def device(self) -> device:
        """Where the values lie: `device("cpu")`."""
        return CPU

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this tensor."""
        return self.grad_fn is None

    def dim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    def numel(self) -> int:
        """The number of values."""
        return self.array.size

    def item(self) -> Any:
        """The only value, as a Python number."""
        if self.array.size != 1:
            raise RuntimeError(
                f"item: a tensor of shape {self.shape} has {self.array.size} values, expected one. "
                "Reduce it first (x.sum()), or use x.tolist() for all of them."
            )
        return self.array.item()

    def tolist(self) -> Any:
        """The values as nested Python lists."""
        return self.array.tolist()

    def numpy(self) -> np.ndarray:
        """The array that holds the values: shared, not copied."""
        if self.requires_grad:
            raise RuntimeError(
                "numpy: this tensor requires gradients, and changes to its array could not be "
                "recorded. Use tensor.detach().numpy()."
            )
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise RuntimeError(
                f"a tensor of shape {self.shape} is neither true nor false: it has "
                f"{self.array.size} values. Ask (x > 0).any() or (x > 0).all()."
            )
        return bool(self.array)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.dtype.kind == "f":
            raise TypeError(f"a tensor of {self.dtype} cannot be an index; expected an integer one")
        return int(self.item())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a tensor without dimensions has no length")
        return self.shape[0]

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.array.size == 1 and spec else repr(self)

    def __deepcopy__(self, memo: dict) -> Any:
        if not self.is_leaf:
            raise RuntimeError("deepcopy: only leaf tensors can be copied; use x.detach().clone()")
        make: Any = type(self)
        copy = make(self.array.copy(), self.requires_grad)
        copy.grad = None if self.grad is None else type(self.grad)(self.grad.array.copy())
        return memo.setdefault(id(self), copy)

    def __reduce__(self) -> tuple:
        return type(self), (self.array, self.requires_grad)

    def __repr__(self) -> str:
        layout: dict = {"separator": ", ", "prefix": "tensor(", "max_line_width": 80}
        text = np.array2string(self.array, **layout, **printed_floats(self.array))
        text = text.replace(", ...,", ",  ...,")
        if self.array.size == 0:
            text = f"[], size={self.shape}" if self.ndim > 1 else "[]"
        if self.dtype not in (get_default_dtype(), int64, bool_):
            text += f", dtype=tinytorch.{self.dtype}"
        if self.grad_fn is not None:
            text += f", grad_fn=<{self.grad_fn.op}>"
        elif self.requires_grad:
            text += ", requires_grad=True"
        return f"tensor({text})"


def printed_floats(array: np.ndarray) -> dict:
    """How floats are printed, as by PyTorch: `1.` where all are whole, else with four digits."""
    if array.dtype.kind != "f":
        return {}
    counting = array[np.isfinite(array) & (array != 0)].astype(float64)
    finite = np.abs(counting)
    small, large = finite.min(initial=math.inf), finite.max(initial=0)
    whole = bool((finite == np.trunc(finite)).all())
    wide = large / small > 1000 or large >= 1e8 or (small < 1e-4 and not whole)
    spec = ".4e" if wide else ".0f" if whole else ".4f"

    def text(value: float) -> str:
        return format(value, spec) + "." * (spec == ".0f" and math.isfinite(value))

    width = max((len(text(value)) for value in counting.tolist()), default=0)
    return {"formatter": {"float_kind": lambda value: text(value).rjust(width)}}


# ------------------------------------------------------------------------------ what comes in


def as_array(data: Any, requires_grad: Any = False) -> Any:
    """What `Tensor(data)` holds when `data` is not a plain array already."""
    if isinstance(data, ArrayHolder):
        return data.array
    if isinstance(data, int) or not isinstance(requires_grad, bool):
        raise TypeError(
            "Tensor(...) takes values, not sizes: Tensor([1.0, 2.0]). For a tensor of a given size "
            "write zeros(2, 3) or empty(2, 3), for a single number tensor(5)."
        )
    if isinstance(data, np.generic) or hasattr(data, "__array_namespace__"):
        return np.asarray(data) if isinstance(data, np.generic) else data  # another device's array
    return block_of(data, get_default_dtype())


def block_of(data: Any, dtype: Any = None) -> np.ndarray:
    """Nested lists (also of tensors) as an array; the dtype inferred as PyTorch does."""
    if isinstance(data, ArrayHolder):
        data = data.array
    elif isinstance(data, (list, tuple)) and any(isinstance(v, ArrayHolder) for v in data):
        data = [v.tolist() if isinstance(v, ArrayHolder) else v for v in data]
    try:
        array = np.array(data)
    except ValueError as error:
        raise ValueError(f"tensor: nested lists of different lengths ({error})") from None
    if dtype is None and array.dtype == float64 and not isinstance(data, (np.ndarray, np.generic)):
        dtype = get_default_dtype()
    return array.astype(supported(dtype or array.dtype), copy=False)


def sizes(shape: Sequence) -> tuple[int, ...]:
    """Sizes given one by one, or as one tuple or list.

    >>> sizes((2, 3)), sizes(([2, 3],))
    ((2, 3), (2, 3))
    """
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = shape[0]
    return tuple(operator.index(n) for n in shape)


def wanted_dtype(wanted: Sequence, dtype: Any, options: dict) -> Any:
    """Which dtype the arguments of `x.to(...)` ask for; None for none. A device must be "cpu"."""
    check_device(options.get("device"))
    for each in wanted:
        if isinstance(each, str):
            check_device(each)
        else:
            dtype = each.dtype if isinstance(each, ArrayHolder) else each
    return dtype


# --------------------------------------------------------------------------------- the indices


def plain_index(index: Any) -> Any:
    """An index without tensors: what NumPy's indexing takes."""
    if isinstance(index, tuple):
        return tuple(plain_index(part) for part in index)
    if isinstance(index, ArrayHolder):
        if index.dtype.kind == "f":
            raise IndexError(f"an index of {index.dtype}; expected integers, bools or slices")
        if index.dtype == uint8:  # PyTorch's masks before there were bools
            return index.array.astype(bool)
        return index.array if index.ndim or index.dtype == bool_ else int(index.array)
    if isinstance(index, slice):
        if index.step is not None and index.step <= 0:
            raise ValueError(f"a slice with the step {index.step}; expected 1 or more, or use flip")
        ends = (index.start, index.stop, index.step)
        return slice(*(None if n is None else n.__index__() for n in ends))
    return np.asarray(index, int if not index else None) if isinstance(index, list) else index


def after_integers(x: np.ndarray, index: Any) -> tuple[np.ndarray, Any]:
    """What single integers pick from `x`, and the index for what is left: PyTorch's order.

    Where arrays are in the index, NumPy takes the integers for arrays as well, and both them and an
    ellipsis that stands for nothing would move dimensions to the front.
    """
    parts = index if isinstance(index, tuple) else (index,)
    if not any(isinstance(part, np.ndarray) for part in parts):
        return x, index
    all_taken = sum(map(dims_taken, parts)) == x.ndim
    if all_taken:
        parts = tuple(part for part in parts if part is not Ellipsis)
    first: list = []
    for part in parts:
        single = isinstance(part, (int, np.integer)) or part is Ellipsis
        first += [part] if single else [slice(None)] * dims_taken(part)
    first += [...] if all_taken else []  # a view, where NumPy would copy a single number
    rest = tuple(part for part in parts if not isinstance(part, (int, np.integer)))
    return x[tuple(first)], rest


def dims_taken(part: Any) -> int:
    """How many dimensions a part of an index speaks of; a mask takes as many as it has."""
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if isinstance(part, np.ndarray) and part.dtype == bool_ else 1


# -------------------------------------------------------------------------------- the refusals


class Table(dict):
    """Operations by name; a missing one says so in words."""

    def __missing__(self, op: str) -> Any:
        raise NotImplementedError(
            f"no kernel is registered for the operation {op!r}. "
            f"Write a function on arrays and register it with @kernel({op!r})."
        )


def call(op: str, tensors: Sequence[Any]) -> str:
    """A call as text: the operation and the shapes that it got.

    >>> call("add", [np.ones((2, 3)), 5])
    'add((2, 3), int)'
    """
    return f"{op}({', '.join(str(getattr(t, 'shape', type(t).__name__)) for t in tensors)})"


def drawing(shapes: Sequence[tuple[int, ...]], dim: int, unequal: Sequence[int]) -> str:
    """A refusal as text: `shapes` lined up from the right, a mark where `unequal` sizes meet."""
    width = max(len(str(n)) for shape in shapes for n in shape) + 2
    ndim = max(map(len, shapes))
    rows = ["".join(f"{n:>{width}}" for n in s).rjust(width * ndim) for s in shapes]
    mark = " " * (width * (ndim + dim) + width - 1) + "^"
    return (
        "the shapes do not broadcast: lined up from the right, "
        f"sizes {' and '.join(map(str, unequal))} meet at dim {dim}\n"
        + "\n".join("  " + row for row in rows)
        + f"\n  {mark} sizes must be equal, or one of them 1"
    )


def expect_values(x: np.ndarray, dim: Any) -> None:
    """Refuse to look for the largest or smallest of no values; NumPy sees to it without a dim."""
    if dim is not None and not x.size and not all(x.shape[d] for d in np.atleast_1d(dim)):
        raise IndexError(f"dim {dim} has no values to choose from; check x.numel() first")


# ---------------------------------------------------------------------------------- the chance


class Generator:
    """A stream of random numbers of its own; the same seed gives the same numbers.

    >>> first, second = Generator().manual_seed(7), Generator().manual_seed(7)
    >>> bool((first.rng.random(3) == second.rng.random(3)).all())
    True
    """

    def __init__(self, device: Any = "cpu"):
        check_device(device)
        self.seed()

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to `seed`; returns the generator itself."""
        self._seed = int(seed)
        self.rng = np.random.default_rng(self._seed % 2**64)
        return self

    def seed(self) -> int:
        """Start a stream from the system's entropy, and return its seed."""
        return self.manual_seed(int.from_bytes(os.urandom(8), "little") >> 1).initial_seed()

    def initial_seed(self) -> int:
        """The seed that the stream started from."""
        return self._seed

    def get_state(self) -> dict:
        """Where the stream stands, as a dictionary of numbers and names."""
        return {"seed": self._seed, **self.rng.bit_generator.state}

    def set_state(self, state: dict) -> None:
        """Go back to where `get_state` was called."""
        self._seed = state["seed"]
        self.rng.bit_generator.state = {k: v for k, v in state.items() if k != "seed"}
