"""01 · Tensor: numbers with a shape, and the one door through which every operation passes.

The file reads from top to bottom: the door, the types, the class, then the kernels. A kernel is a
plain function from arrays to an array. Nothing here knows about gradients; the fields that module
06 will use (`requires_grad`, `grad`, `grad_fn`) only have their places.
"""

from __future__ import annotations

import builtins
import functools
import math
import operator
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import MethodType
from typing import Any

import numpy as np

__all__ = [
    "KERNELS",
    "LISTENERS",
    "METHODS",
    "VIEWS",
    "Generator",
    "Tensor",
    "alignment",
    "apply",
    "arange",
    "as_tensor",
    "bool_",
    "cat",
    "creator",
    "default_generator",
    "device",
    "dims",
    "float16",
    "float32",
    "float64",
    "from_numpy",
    "full",
    "get_default_dtype",
    "int8",
    "int16",
    "int32",
    "int64",
    "kernel",
    "listen",
    "manual_seed",
    "method",
    "ones",
    "promote_types",
    "promoted",
    "rand",
    "randn",
    "result_type",
    "set_default_dtype",
    "sizes",
    "stack",
    "tensor",
    "uint8",
    "where",
    "zeros",
]  # fmt: skip

# Overflow and 1/0 give inf or nan without a word, as in PyTorch; detect_anomaly (06) finds them.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tinytorch\.")


# ---------------------------------------------------------------------------------- the door


class Table(dict):
    """Operations by name; a missing one says so in words."""

    def __missing__(self, op: str) -> Any:
        raise NotImplementedError(
            f"no kernel is registered for the operation {op!r}. "
            f"Write a function on arrays and register it with @kernel({op!r})."
        )


KERNELS: dict[str, Callable[..., Any]] = Table()
METHODS: dict[str, Callable[..., Any]] = {}
VIEWS: set[str] = set()  # operations whose result may share the memory of their first input


def kernel(op: str, view: bool = False) -> Callable[[Callable], Callable]:
    """Register the decorated function on arrays as the kernel of operation `op`.

    >>> @kernel("double")
    ... def double(x):
    ...     return x * 2
    >>> apply("double", Tensor([1.0, 2.0]))
    tensor([2., 4.])
    """

    def register(function: Callable) -> Callable:
        KERNELS[op] = function
        if view:
            VIEWS.add(op)
        return function

    return register


def method(function: Callable) -> Callable:
    """Register a plain function as a tensor method of the same name.

    >>> @method
    ... def doubled(input):
    ...     return input * 2
    >>> Tensor([1.0]).doubled()
    tensor([2.])
    """
    METHODS[function.__name__] = function
    return function


def run(op: str, tensors: Sequence[Tensor], options: dict) -> Tensor:
    """Run the kernel of `op` on plain arrays and wrap the result."""
    return Tensor(KERNELS[op](*map(array_of, tensors), **options))


array_of = operator.attrgetter("array")  # half the time of a list comprehension


LISTENERS: list[Callable] = [run]  # the last one hears a call first and passes it on below


def apply(op: str, *tensors: Tensor, **options: Any) -> Tensor:
    """Run operation `op` on `tensors`: the only way to a kernel.

    Args:
        tensors: the operands, by position.
        options: the settings of the operation (`dim`, `keepdim`, ...), by keyword.
    Raises: RuntimeError for shapes that do not fit, IndexError for a dimension or an index out of
        range, TypeError for an operand of a wrong type; each names the operation and the shapes.

    >>> apply("add", Tensor([1.0, 2.0]), Tensor([10.0]))
    tensor([11., 12.])
    """
    try:
        return LISTENERS[-1](op, tensors, options)
    except IndexError as error:
        raise IndexError(f"{call(op, tensors)}: {error}") from error
    except (TypeError, MemoryError) as error:
        raise type(error)(f"{call(op, tensors)}: {error}") from error
    except AttributeError as error:
        if all(isinstance(t, Tensor) for t in tensors):
            raise
        raise TypeError(f"{call(op, tensors)}: expected tensors; write tensor(values)") from error
    except ValueError as error:  # NumPy knows the sizes, the door knows the operation
        shapes = [t.shape for t in tensors]
        aligned = alignment(*shapes) if "broadcast" in str(error) else ""
        raise RuntimeError(f"{call(op, tensors)}: {aligned or error}") from error


def call(op: str, tensors: Sequence[Any]) -> str:
    """A call as text: the operation and the shapes that it got."""
    return f"{op}({', '.join(str(getattr(t, 'shape', type(t).__name__)) for t in tensors)})"


class listen:
    """Within the block, `listener(below, op, tensors, options)` hears every operation.

    >>> def count(below, op, tensors, options):
    ...     print("heard", op)
    ...     return below(op, tensors, options)
    >>> with listen(count):
    ...     _ = Tensor([1.0]) + 1
    heard add
    """

    def __init__(self, listener: Callable):
        self.listener = listener

    def __enter__(self) -> None:
        self.bound = partial(self.listener, LISTENERS[-1])
        LISTENERS.append(self.bound)

    def __exit__(self, *error: object) -> None:
        LISTENERS.remove(self.bound)


def alignment(*shapes: tuple[int, ...]) -> str:
    """Say how `shapes` meet when they are lined up from the right; empty where they broadcast.

    >>> print(alignment((2, 3), (2,)))
    the shapes do not broadcast: lined up from the right, sizes 3 and 2 meet at dim -1
        2  3
           2
           ^ sizes must be equal, or one of them 1
    """
    width = max((len(str(n)) for shape in shapes for n in shape), default=1) + 2
    for back in range(1, max(map(len, shapes), default=0) + 1):
        met = [shape[-back] for shape in shapes if len(shape) >= back]
        unequal = sorted({n for n in met if n != 1}, key=met.index)
        if len(unequal) > 1:
            ndim = max(map(len, shapes))
            rows = ["".join(f"{n:>{width}}" for n in s).rjust(width * ndim) for s in shapes]
            mark = " " * (width * (ndim - back) + width - 1) + "^"
            return (
                "the shapes do not broadcast: lined up from the right, "
                f"sizes {' and '.join(map(str, unequal))} meet at dim {-back}\n"
                + "\n".join("  " + row for row in rows)
                + f"\n  {mark} sizes must be equal, or one of them 1"
            )
    return ""


# --------------------------------------------------------------------------------- the types

float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
int8, int16, int32, int64 = map(np.dtype, ("int8", "int16", "int32", "int64"))
uint8, bool_ = np.dtype("uint8"), np.dtype("bool")
DTYPES = (float16, float32, float64, int8, int16, int32, int64, uint8, bool_)
KINDS = {"b": 0, "i": 1, "u": 1, "f": 2}  # bool < integer < floating
DEFAULT = {"dtype": float32}


def get_default_dtype() -> np.dtype:
    """The dtype of new floating-point tensors: float32 unless `set_default_dtype` changed it."""
    return DEFAULT["dtype"]


def set_default_dtype(dtype: np.dtype) -> None:
    """Make `dtype` (a floating one) the type of new floating-point tensors."""
    if np.dtype(dtype).kind != "f":
        raise TypeError(f"set_default_dtype: got {dtype}, expected float16, float32 or float64")
    DEFAULT["dtype"] = np.dtype(dtype)


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

    >>> result_type(tensor([1, 2]), 0.5)
    dtype('float32')
    """
    (rank_a, type_a), (rank_b, type_b) = _standing(a), _standing(b)
    if rank_a == rank_b:
        return promote_types(type_a, type_b)
    high, low = (type_a, type_b) if rank_a > rank_b else (type_b, type_a)
    return promote_types(high, low) if KINDS[low.kind] > KINDS[high.kind] else high


def _standing(value: Any) -> tuple[int, np.dtype]:
    """Rank (2 with dimensions, 1 without, 0 for a Python number) and dtype of an operand."""
    if isinstance(value, Tensor):
        return (2 if value.array.ndim else 1), value.array.dtype
    if isinstance(value, (bool, np.bool_)):
        return 0, bool_
    return 0, (int64 if isinstance(value, (int, np.integer)) else get_default_dtype())


def promoted(a: Any, b: Any, floating: bool = False) -> tuple[Tensor, Tensor]:
    """Both operands as tensors of their common dtype (`floating`: of at least the default one).

    >>> promoted(tensor([1, 2]), 0.5)
    (tensor([1., 2.]), tensor(0.5000))
    """
    if isinstance(a, Tensor) and isinstance(b, Tensor):  # the common cases, without a detour
        if a.array.dtype is b.array.dtype and not floating:
            return a, b
    elif type(b) is float and isinstance(a, Tensor) and a.array.dtype.kind == "f":
        return a, Tensor(np.array(b, a.array.dtype))
    elif type(a) is float and isinstance(b, Tensor) and b.array.dtype.kind == "f":
        return Tensor(np.array(a, b.array.dtype)), b
    common = result_type(a, b)
    if floating and common.kind != "f":
        common = get_default_dtype()
    return _as(a, common), _as(b, common)


def _as(value: Any, dtype: np.dtype) -> Tensor:
    if isinstance(value, Tensor):
        return value if value.array.dtype is dtype else value.to(dtype)
    return Tensor(np.asarray(value).astype(dtype))


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

# --------------------------------------------------------------------------------- the class


def operators(op: str, floating: bool = False) -> tuple[Callable, Callable, Callable]:
    """The three methods of a binary operator: `a + b`, the reflected `b + a`, and `a += b`."""

    def forward(self, other):
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return apply(op, *promoted(self, other, floating))

    def reflected(self, other):
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return apply(op, *promoted(other, self, floating))

    def inplace(self, other):
        result = forward(self, other)
        return result if result is NotImplemented else self._assign(result)

    return forward, reflected, inplace


class Tensor:
    """Numbers with a shape: a NumPy array, and the places where autograd keeps its notes.

    Args:
        data: an array, stored as it is (no copy, its dtype kept), or nested lists, which become
            the default dtype, float32. `tensor(...)` infers the dtype instead and copies.
        requires_grad: whether operations on it are recorded for `backward` (module 06).

    >>> x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> x.shape, (x @ x).sum().item()
    ((2, 2), 54.0)
    """

    # Module 06 uses the last five: `_base` leads from a view to the tensor whose memory it shares,
    # `_hooks` are called with a leaf's gradient.
    __slots__ = ("__weakref__", "array", "requires_grad", "grad", "grad_fn", "_base", "_hooks")  # noqa: RUF023
    __array_priority__ = 1000  # `ndarray * tensor` asks the tensor first
    is_cuda = False
    edges: tuple = ()  # a tensor is the end of the graph; module 06 gives edges to operations

    def __init__(self, data: Any, requires_grad: bool = False):
        if type(data) is not np.ndarray:
            data = as_array(data, requires_grad)
        self.array = data
        self.requires_grad = requires_grad
        self.grad: Tensor | None = None
        self.grad_fn: Any = None
        self._base: Any = None
        self._hooks: list[Callable] | None = None
        if requires_grad and data.dtype.kind != "f":
            raise RuntimeError(
                f"a tensor of {data.dtype} cannot require gradients: only floating-point values "
                "can be moved by a small step. Convert it first: x.float()"
            )

    def __getattr__(self, name: str) -> Any:
        """What the class does not have, the table of methods may; `x.op_()` is `op` in place."""
        if name in METHODS:
            return MethodType(METHODS[name], self)
        if name[-1] == "_" and name[0] != "_":
            function = METHODS.get(name[:-1]) or getattr(type(self), name[:-1], None)
            if function is not None:
                return lambda *args, **options: self._assign(function(self, *args, **options))
        raise AttributeError(f"a Tensor has no attribute or operation {name!r}")

    def _assign(self, result: Tensor) -> Tensor:
        """Write `result` into this tensor's own memory: every in-place operation ends here."""
        if result.shape != self.shape:
            raise RuntimeError(
                f"an in-place operation on a tensor of shape {self.shape} gave {result.shape}, and "
                "memory cannot grow in place. Write x = x + y instead of x += y."
            )
        if KINDS[result.dtype.kind] > KINDS[self.dtype.kind]:
            raise RuntimeError(
                f"an in-place operation gave {result.dtype}, which cannot be stored in a tensor of "
                f"{self.dtype}. Convert the tensor first, as x = x.to({result.dtype})."
            )
        apply("copy_", self, result)
        return self

    # What it is

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

    @property
    def data(self) -> Tensor:
        """A tensor on the same memory, without a history; assigning replaces the memory."""
        return Tensor(self.array)

    @data.setter
    def data(self, value: Tensor) -> None:
        self.array = value.array

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size along `dim`."""
        if dim is not None and not self.shape:
            raise IndexError("size: a tensor without dimensions has no sizes to ask for")
        return self.shape if dim is None else self.shape[dims(dim, self.ndim)]

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

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).array.any())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.array.size == 1 and spec else repr(self)

    def __deepcopy__(self, memo: dict) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError("deepcopy: only leaf tensors can be copied; use x.detach().clone()")
        copy = type(self)(self.array.copy(), self.requires_grad)
        copy.grad = None if self.grad is None else Tensor(self.grad.array.copy())
        return memo.setdefault(id(self), copy)

    def __reduce__(self) -> tuple:
        return type(self), (self.array, self.requires_grad)

    def __repr__(self) -> str:
        layout: dict = {"separator": ", ", "prefix": "tensor(", "max_line_width": 80}
        text = np.array2string(self.array, **layout, **_format(self.array))
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

    # Arithmetic and comparison

    __add__, __radd__, __iadd__ = operators("add")
    __sub__, __rsub__, __isub__ = operators("sub")
    __mul__, __rmul__, __imul__ = operators("mul")
    __truediv__, __rtruediv__, __itruediv__ = operators("div", floating=True)
    __pow__, __rpow__, __ipow__ = operators("pow")
    __floordiv__, __rfloordiv__, __ifloordiv__ = operators("floor_divide")
    __mod__, __rmod__, __imod__ = operators("remainder")
    __and__, __rand__, __iand__ = operators("bitwise_and")
    __or__, __ror__, __ior__ = operators("bitwise_or")
    __xor__, __rxor__, __ixor__ = operators("bitwise_xor")
    eq, ne, lt, le, gt, ge = (operators(op)[0] for op in ("eq", "ne", "lt", "le", "gt", "ge"))
    __eq__, __ne__, __lt__, __le__, __gt__, __ge__ = eq, ne, lt, le, gt, ge
    __hash__ = object.__hash__

    def __neg__(self) -> Tensor:
        return apply("neg", self)

    def __pos__(self) -> Tensor:
        return self

    def __abs__(self) -> Tensor:
        return apply("abs", self)

    def __invert__(self) -> Tensor:
        return apply("bitwise_not", self)

    def __matmul__(self, other: Tensor) -> Tensor:
        return apply("matmul", self, other) if isinstance(other, Tensor) else NotImplemented

    def exp(self) -> Tensor:
        """e to the power of each value."""
        return apply("exp", _floating(self))

    def log(self) -> Tensor:
        """The natural logarithm of each value."""
        return apply("log", _floating(self))

    def sqrt(self) -> Tensor:
        """The square root of each value."""
        return apply("sqrt", _floating(self))

    abs, neg, matmul = __abs__, __neg__, __matmul__

    # Reductions: `dim` is an integer, several of them, or None for all

    def sum(self, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
        """The sum over `dim`; integers and bools are summed as int64."""
        source = self if dtype is None else self.to(dtype)
        return apply("sum", source, dim=dims(dim, self.ndim), keepdim=keepdim)

    def mean(self, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
        """The arithmetic mean over `dim` of floating-point values."""
        source = self if dtype is None else self.to(dtype)
        return apply("mean", source, dim=dims(dim, self.ndim), keepdim=keepdim)

    def amax(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        """The largest value over `dim`."""
        return apply("amax", self, dim=dims(dim, self.ndim), keepdim=keepdim)

    def amin(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        """The smallest value over `dim`."""
        return apply("amin", self, dim=dims(dim, self.ndim), keepdim=keepdim)

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Where the largest value is along `dim` (in the flattened tensor without it)."""
        return apply("argmax", self, dim=dims(dim, self.ndim), keepdim=keepdim)

    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Where the smallest value is along `dim` (in the flattened tensor without it)."""
        return apply("argmin", self, dim=dims(dim, self.ndim), keepdim=keepdim)

    # Shape: the same values, seen otherwise

    def reshape(self, *shape: Any) -> Tensor:
        """The same values in another shape, as a view if it can be; -1 is the size that fits."""
        return apply("reshape", self, shape=sizes(shape))

    def permute(self, *order: Any) -> Tensor:
        """The dimensions in another order: a view with other strides."""
        order = dims(sizes(order), self.ndim) or ()
        if len(order) != self.ndim:
            raise RuntimeError(f"permute: got {order} for {self.ndim} dimensions, of {self.shape}")
        return apply("permute", self, order=order)

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Exchange two dimensions: a view with other strides."""
        order = list(range(self.ndim))
        if order:
            dim0, dim1 = dims(dim0, self.ndim), dims(dim1, self.ndim)
            order[dim0], order[dim1] = dim1, dim0
        return apply("permute", self, order=tuple(order))

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order."""
        return apply("permute", self, order=tuple(reversed(range(self.ndim))))

    @property
    def mT(self) -> Tensor:
        """The last two dimensions exchanged."""
        return self.transpose(-2, -1)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Dimensions `start_dim` to `end_dim` made into one."""
        start, end = dims(start_dim, self.ndim), dims(end_dim, self.ndim)
        if not self.shape:
            return self.reshape(1)
        middle = math.prod(self.shape[start : end + 1])
        return self.reshape(*self.shape[:start], middle, *self.shape[end + 1 :])

    def unsqueeze(self, dim: int) -> Tensor:
        """A dimension of size 1 inserted at `dim`."""
        dim = dims(dim, self.ndim + 1)
        return self.reshape(*self.shape[:dim], 1, *self.shape[dim:])

    def squeeze(self, dim: Any = None) -> Tensor:
        """Dimensions of size 1 removed: all of them, or those among `dim`."""
        among = range(self.ndim) if dim is None else np.atleast_1d(dims(dim, self.ndim) or 0)
        return self.reshape(*[n for i, n in enumerate(self.shape) if n != 1 or i not in among])

    # Memory: copies, types, parts

    def clone(self) -> Tensor:
        """A copy in memory of its own, still connected to the graph."""
        return apply("clone", self)

    def detach(self) -> Tensor:
        """The same memory without a history."""
        return apply("detach", self)

    def contiguous(self) -> Tensor:
        """Itself if its values lie in memory in order, else a copy that does."""
        return self if self.array.flags.c_contiguous else apply("clone", self)

    def is_contiguous(self) -> bool:
        """Whether the values lie in memory in the order in which they are read."""
        return self.array.flags.c_contiguous

    def stride(self, dim: int | None = None) -> Any:
        """How many values lie between neighbours along each dimension (or along `dim`)."""
        strides = tuple(n // self.array.itemsize for n in self.array.strides)
        return strides if dim is None else strides[dims(dim, self.ndim)]

    def to(self, *args: Any, dtype: Any = None, **options: Any) -> Tensor:
        """The values as another dtype (or the dtype of another tensor); a device must be "cpu".

        >>> tensor([1, 2]).to(float32)
        tensor([1., 2.])
        """
        check_device(options.get("device"))
        for wanted in args:
            if isinstance(wanted, Tensor):
                dtype = wanted.dtype
            elif isinstance(wanted, str):
                check_device(wanted)
            else:
                dtype = wanted
        if dtype is None or self.array.dtype == dtype:
            return self.clone() if options.get("copy") else self
        return apply("cast", self, dtype=supported(dtype))

    def copy_(self, source: Any) -> Tensor:
        """Overwrite the values with those of `source`, broadcast and converted."""
        apply("copy_", self, source if isinstance(source, Tensor) else _as(source, self.dtype))
        return self

    def __getitem__(self, index: Any) -> Tensor:
        return apply("getitem", self, index=plain_index(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        value = value if isinstance(value, Tensor) else _as(value, self.dtype)
        apply("setitem_", self, value, index=plain_index(index))


OPERANDS = (Tensor, int, float, np.generic)


def as_array(data: Any, requires_grad: Any = False) -> Any:
    """What `Tensor(data)` holds when `data` is not a plain array already."""
    if isinstance(data, Tensor):
        return data.array
    if isinstance(data, int) or not isinstance(requires_grad, bool):
        raise TypeError(
            "Tensor(...) takes values, not sizes: Tensor([1.0, 2.0]). For a tensor of a given size "
            "write zeros(2, 3) or empty(2, 3), for a single number tensor(5)."
        )
    if isinstance(data, np.generic) or hasattr(data, "__array_namespace__"):
        return np.asarray(data) if isinstance(data, np.generic) else data  # another device's array
    return block_of(data, get_default_dtype())


def supported(dtype: Any) -> np.dtype:
    """`dtype` as one of the nine types of this framework."""
    try:
        dtype = np.dtype(float if dtype is float and get_default_dtype() == float64 else dtype)
    except TypeError:
        dtype = repr(dtype)
    if dtype not in DTYPES:
        raise TypeError(f"got the dtype {dtype}, expected one of {', '.join(map(str, DTYPES))}")
    return dtype


def _floating(x: Tensor) -> Tensor:
    return x if x.array.dtype.kind == "f" else x.to(get_default_dtype())


def dims(dim: Any, ndim: int) -> Any:
    """Dimension numbers checked and counted from the front; None stands for all.

    >>> dims(-1, 3), dims((0, -1), 3)
    (2, (0, 2))
    """
    if dim is None:
        return None
    if isinstance(dim, (tuple, list)):
        several = tuple(dims(d, ndim) for d in dim)
        if ndim and len(set(several)) < len(several):
            raise RuntimeError(f"dim {tuple(dim)} names the same dimension twice")
        return several if several and ndim else None
    if not -max(ndim, 1) <= dim < max(ndim, 1):
        raise IndexError(
            f"dim {dim} is out of range: a tensor with {ndim} dimensions has dims "
            f"{-max(ndim, 1)} to {max(ndim, 1) - 1}"
        )
    return (dim % ndim) if ndim else None


def sizes(shape: Sequence) -> tuple[int, ...]:
    """Sizes given one by one, or as one tuple or list."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = shape[0]
    return tuple(operator.index(n) for n in shape)


def plain_index(index: Any) -> Any:
    """An index without tensors: what NumPy's indexing takes."""
    if isinstance(index, tuple):
        return tuple(plain_index(part) for part in index)
    if isinstance(index, Tensor):
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


def _format(array: np.ndarray) -> dict:
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


# ------------------------------------------------------------------------------- the kernels


@kernel("add")
def add(a, b):
    return a + b


@kernel("sub")
def sub(a, b):
    try:
        return a - b
    except TypeError:
        raise ValueError("bools have no difference; write a ^ b, or convert: a.int()") from None


@kernel("mul")
def mul(a, b):
    return a * b


@kernel("div")
def div(a, b):
    return a / b


@kernel("pow")
def pow(a, b):
    """`a` to the power `b`; small whole exponents are products, many times faster than pow()."""
    exponent = b.item() if b.ndim == 0 else None
    if exponent == 2:
        return a * a
    if exponent == 3:
        return a * a * a
    if exponent == 0.5:
        return np.sqrt(a)
    return np.power(a, b)


@kernel("neg")
def neg(x):
    try:
        return -x
    except TypeError:
        raise ValueError("bools have no sign; write ~x for the opposite") from None


@kernel("abs")
def abs(x):
    return np.abs(x)


@kernel("exp")
def exp(x):
    return np.exp(x)


@kernel("log")
def log(x):
    return np.log(x)


@kernel("sqrt")
def sqrt(x):
    return np.sqrt(x)


KERNELS.update(eq=np.equal, ne=np.not_equal, lt=np.less, le=np.less_equal)
KERNELS.update(gt=np.greater, ge=np.greater_equal)


@kernel("where")
def _where(condition, a, b):
    return np.where(condition, a, b)


@kernel("matmul")
def matmul(a, b):
    """The matrix product, (..., n, k) @ (..., k, m) -> (..., n, m); a vector is a row or column."""
    if not a.ndim or not b.ndim:
        raise ValueError("expected at least one dimension on each side; use * for numbers")
    inner = b.shape[-2] if b.ndim > 1 else b.shape[0]
    if a.shape[-1] != inner:
        raise ValueError(
            f"the inner sizes differ, {a.shape[-1]} on the left and {inner} on the right. "
            "Columns of the left must equal rows of the right; is a .T missing?"
        )
    if a.dtype is not b.dtype and a.dtype != b.dtype:
        raise ValueError(
            f"expected one dtype, got {a.dtype} and {b.dtype}; convert with .to(dtype)"
        )
    return a @ b


@kernel("sum")
def sum(x, dim=None, keepdim=False):
    if x.dtype is float16:  # its largest number, 65504, is soon passed on the way
        return np.add.reduce(x, dim, float32, keepdims=keepdim).astype(float16)
    return np.add.reduce(x, dim, None if x.dtype.kind == "f" else int64, keepdims=keepdim)


@kernel("mean")
def mean(x, dim=None, keepdim=False):
    if x.dtype.kind != "f":
        raise ValueError(f"expected floating-point values, got {x.dtype}; convert with x.float()")
    total = np.add.reduce(x, dim, float32 if x.dtype is float16 else None, keepdims=keepdim)
    mean = total / total.dtype.type(x.size / total.size if total.size else math.nan)
    return mean.astype(x.dtype, copy=False)


@kernel("amax")
def amax(x, dim=None, keepdim=False):
    expect_values(x, dim)
    return x.max(axis=dim, keepdims=keepdim)


@kernel("amin")
def amin(x, dim=None, keepdim=False):
    expect_values(x, dim)
    return x.min(axis=dim, keepdims=keepdim)


@kernel("argmax")
def argmax(x, dim=None, keepdim=False):
    expect_values(x, range(x.ndim) if dim is None else dim)
    return x.argmax(axis=dim, keepdims=keepdim)


@kernel("argmin")
def argmin(x, dim=None, keepdim=False):
    expect_values(x, range(x.ndim) if dim is None else dim)
    return x.argmin(axis=dim, keepdims=keepdim)


def expect_values(x, dim):
    """Refuse to look for the largest or smallest of no values; NumPy sees to it without a dim."""
    if dim is not None and not x.size and not all(x.shape[d] for d in np.atleast_1d(dim)):
        raise IndexError(f"dim {dim} has no values to choose from; check x.numel() first")


@kernel("reshape", view=True)
def reshape(x, shape):
    return x.reshape(shape)


@kernel("permute", view=True)
def permute(x, order):
    return x.transpose(order)


@kernel("detach", view=True)
def detach(x):
    return x


@kernel("clone")
def clone(x):
    return x.copy()


@kernel("cast")
def cast(x, dtype):
    return x.astype(dtype)


def after_integers(x, index):
    """What single integers pick from `x`, and the index for what is left: PyTorch's order.

    Where arrays are in the index, NumPy takes the integers for arrays as well, and both them and an
    ellipsis that stands for nothing would move dimensions to the front.
    """
    parts = index if isinstance(index, tuple) else (index,)
    if not any(isinstance(part, np.ndarray) for part in parts):
        return x, index
    all_taken = builtins.sum(map(dims_taken, parts)) == x.ndim
    if all_taken:
        parts = tuple(part for part in parts if part is not Ellipsis)
    first: list = []
    for part in parts:
        single = isinstance(part, (int, np.integer)) or part is Ellipsis
        first += [part] if single else [slice(None)] * dims_taken(part)
    first += [...] if all_taken else []  # a view, where NumPy would copy a single number
    rest = tuple(part for part in parts if not isinstance(part, (int, np.integer)))
    return x[tuple(first)], rest


def dims_taken(part):
    """How many dimensions a part of an index speaks of; a mask takes as many as it has."""
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if isinstance(part, np.ndarray) and part.dtype == bool_ else 1


@kernel("getitem", view=True)
def getitem(x, index):
    x, index = after_integers(x, index)
    out = x[index]
    if isinstance(out, np.ndarray):
        return out
    return x[(*index, ...) if isinstance(index, tuple) else (index, ...)]  # one value, as a view


@kernel("setitem_")
def setitem_(x, value, index):
    part, rest = after_integers(x, index)
    part[rest] = value
    return x


@kernel("copy_")
def copy_(x, source):
    x[...] = source
    return x


@kernel("cat")
def _cat(*tensors, dim=0):
    return np.concatenate(tensors, axis=dim)


@kernel("stack")
def _stack(*tensors, dim=0):
    return np.stack(tensors, axis=dim)


# ---------------------------------------------------------------------- joining and choosing


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """`tensors` one after the other along `dim`; their other sizes are equal.

    >>> cat([Tensor([1.0]), Tensor([2.0, 3.0])])
    tensor([1., 2., 3.])
    """
    tensors = _common(tensors, "cat")
    return apply("cat", *tensors, dim=dims(dim, tensors[0].ndim))


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """`tensors` of one shape side by side along a new dimension `dim`.

    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]).shape
    (2, 2)
    """
    tensors = _common(tensors, "stack")
    return apply("stack", *tensors, dim=dims(dim, tensors[0].ndim + 1))


def _common(tensors: Sequence[Tensor], name: str) -> list[Tensor]:
    tensors = list(tensors)
    if not tensors:
        raise RuntimeError(f"{name}: got no tensors, expected at least one")
    if len({t.array.dtype for t in tensors}) == 1:
        return tensors
    dtype = functools.reduce(promote_types, (t.dtype for t in tensors))
    return [t.to(dtype) for t in tensors]


def where(condition: Tensor, input: Any, other: Any) -> Tensor:
    """Values of `input` where `condition` holds, of `other` elsewhere, all broadcast.

    >>> where(Tensor([1.0, -1.0]) > 0, 5.0, 0.0)
    tensor([5., 0.])
    """
    if condition.dtype != bool_:
        raise RuntimeError(f"where: a condition of {condition.dtype}, expected bool, such as x > 0")
    return apply("where", condition, *promoted(input, other))


# ------------------------------------------------------------------------ creation and chance


def block_of(data: Any, dtype: Any = None) -> np.ndarray:
    """Nested lists (also of tensors) as an array; the dtype inferred as PyTorch does."""
    if isinstance(data, Tensor):
        data = data.array
    elif isinstance(data, (list, tuple)) and any(isinstance(v, Tensor) for v in data):
        data = [v.tolist() if isinstance(v, Tensor) else v for v in data]
    try:
        array = np.array(data)
    except ValueError as error:
        raise ValueError(f"tensor: nested lists of different lengths ({error})") from None
    if dtype is None and array.dtype == float64 and not isinstance(data, (np.ndarray, np.generic)):
        dtype = get_default_dtype()
    return array.astype(supported(dtype or array.dtype), copy=False)


def creator(function: Callable[..., np.ndarray]) -> Callable[..., Tensor]:
    """Make a function that returns an array into one that returns a Tensor.

    It then also takes `dtype` (the default one unless given), `device` and `requires_grad`.
    """

    @functools.wraps(function)
    def create(*args, dtype=None, device=None, requires_grad=False, **options):
        check_device(device)
        array = function(*args, dtype=None if dtype is None else supported(dtype), **options)
        return Tensor(array, requires_grad)

    return create


def tensor(data: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A copy of `data` as a tensor: floats become float32, integers int64, arrays keep their dtype.

    >>> tensor([1, 2, 3]).dtype, tensor([1.0, 2.0])
    (dtype('int64'), tensor([1., 2.]))
    """
    check_device(device)
    return Tensor(block_of(data, dtype), requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without a copy where it is a tensor or an array already."""
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray):
        return from_numpy(data).to(dtype)
    return tensor(data, dtype, device)


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor on the memory of `array`.

    >>> a = np.zeros(2, np.float32)
    >>> from_numpy(a)[0] = 1
    >>> a
    array([1., 0.], dtype=float32)
    """
    supported(array.dtype)
    return Tensor(array)


@creator
def zeros(*size, dtype=None):
    """A tensor of zeros: `zeros(2, 3)` or `zeros((2, 3))`."""
    return np.zeros(sizes(size), dtype or get_default_dtype())


@creator
def ones(*size, dtype=None):
    """A tensor of ones."""
    return np.ones(sizes(size), dtype or get_default_dtype())


@creator
def full(size, fill_value, *, dtype=None):
    """A tensor of `size` filled with one value, in the dtype of that value unless told."""
    if dtype is None:
        dtype = _standing(fill_value)[1]
    return np.full(sizes((size,)), fill_value, dtype)


@creator
def arange(start, end=None, step=1, *, dtype=None):
    """Values from `start` up to, without, `end` in steps of `step`.

    >>> arange(3)
    tensor([0, 1, 2])
    """
    start, end = (0, start) if end is None else (start, end)
    if dtype is None and any(isinstance(n, float) for n in (start, end, step)):
        dtype = get_default_dtype()
    return np.arange(start, end, step).astype(dtype or int64)


class Generator:
    """A stream of random numbers of its own; the same seed gives the same numbers.

    >>> first, second = Generator().manual_seed(7), Generator().manual_seed(7)
    >>> bool((rand(3, generator=first) == rand(3, generator=second)).array.all())
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


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed the generator that is used where no other is given.

    >>> _ = manual_seed(0)
    >>> first = rand(2)
    >>> _ = manual_seed(0)
    >>> bool((rand(2) == first).array.all())
    True
    """
    return default_generator.manual_seed(seed)


@creator
def rand(*size, dtype=None, generator=None):
    """Random values, uniform in [0, 1)."""
    rng = (generator or default_generator).rng
    dtype = dtype or get_default_dtype()
    values = rng.random(sizes(size), float64 if dtype == float64 else float32)
    return values.astype(dtype, copy=False)


@creator
def randn(*size, dtype=None, generator=None):
    """Random values from the normal distribution with mean 0 and standard deviation 1."""
    rng = (generator or default_generator).rng
    dtype = dtype or get_default_dtype()
    values = rng.standard_normal(sizes(size), float64 if dtype == float64 else float32)
    return values.astype(dtype, copy=False)
