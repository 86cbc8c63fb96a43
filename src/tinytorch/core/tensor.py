"""01 · Tensor: numbers with a shape, and the one door through which every operation passes.

The file reads from top to bottom. A kernel is a plain function from arrays to an array; the door
finds the kernel of an operation and runs it; the operators and the class are what a user types.
Nothing here knows about gradients; the fields that module 06 will use (`requires_grad`, `grad`,
`grad_fn`) only have their places. Types, printing and refusals come from `plumbing.py`.
"""

from __future__ import annotations

import contextlib
import functools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import MethodType
from typing import Any

import numpy as np

from tinytorch.core.plumbing import (
    CPU,
    KINDS,
    SUM_DTYPES,
    ArrayHolder,
    Generator,
    Table,
    after_integers,
    as_array,
    block_of,
    bool_,
    call,
    check_device,
    device,
    drawing,
    expect_values,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    plain_index,
    promote_types,
    result_type,
    set_default_dtype,
    sizes,
    supported,
    uint8,
    wanted_dtype,
)

__all__ = [
    "CPU", "KERNELS", "LISTENERS", "METHODS", "VIEWS", "Generator", "Tensor", "after_integers",
    "alignment", "apply", "arange", "array_of", "as_tensor", "assign", "binary", "bool_",
    "broadcast_shape", "call", "cat", "check_device", "creator", "default_generator", "device",
    "dims", "float16", "float32", "float64", "floating", "from_numpy", "full", "get_default_dtype",
    "int8", "int16", "int32", "int64", "kernel", "listen", "manual_seed", "method", "ones",
    "promote_types", "promoted", "rand", "randn", "result_type", "set_default_dtype", "sizes",
    "stack", "tensor", "uint8", "where", "zeros",
]  # fmt: skip


# --------------------------------------------------------------------------------- the kernels

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


@kernel("add")
def add_kernel(a, b):
    """The sum of each pair of values.

    >>> add_kernel(np.array([1.0, 2.0]), np.array([10.0, 20.0]))
    array([11., 22.])
    """
    return a + b


@kernel("sub")
def sub_kernel(a, b):
    """The difference of each pair of values.

    >>> sub_kernel(np.array([5.0, 2.0]), np.array([1.0, 4.0]))
    array([ 4., -2.])
    """
    return a - b


@kernel("mul")
def mul_kernel(a, b):
    """The product of each pair of values: place by place, not the matrix product.

    >>> mul_kernel(np.array([3.0, 2.0]), np.array([2.0, 5.0]))
    array([ 6., 10.])
    """
    return a * b


@kernel("div")
def div_kernel(a, b):
    """The quotient of each pair of values.

    >>> div_kernel(np.array([6.0, 1.0]), np.array([2.0, 4.0]))
    array([3.  , 0.25])
    """
    return a / b


@kernel("neg")
def neg_kernel(x):
    """Each value with the other sign.

    >>> neg_kernel(np.array([1.0, -2.0]))
    array([-1.,  2.])
    """
    return -x


@kernel("abs")
def abs_kernel(x):
    """The distance of each value from zero.

    >>> abs_kernel(np.array([-3.0, 4.0]))
    array([3., 4.])
    """
    return np.abs(x)


@kernel("exp")
def exp_kernel(x):
    """e to the power of each value.

    >>> exp_kernel(np.array([0.0]))
    array([1.])
    """
    return np.exp(x)


@kernel("log")
def log_kernel(x):
    """The natural logarithm of each value: the power of e that gives it.

    >>> log_kernel(np.array([1.0]))
    array([0.])
    """
    return np.log(x)


@kernel("sqrt")
def sqrt_kernel(x):
    """The square root of each value.

    >>> sqrt_kernel(np.array([9.0]))
    array([3.])
    """
    return np.sqrt(x)


@kernel("pow")
def pow_kernel(a, b):
    """`a` to the power `b`; small whole exponents are products, many times faster than pow()."""
    exponent = b.item() if b.ndim == 0 else None
    if exponent == 2:
        return a * a
    if exponent == 3:
        return a * a * a
    if exponent == 0.5:
        return np.sqrt(a)
    return np.power(a, b)


KERNELS.update(eq=np.equal, ne=np.not_equal, lt=np.less, le=np.less_equal)
KERNELS.update(gt=np.greater, ge=np.greater_equal)


@kernel("reshape", view=True)
def reshape_kernel(x, shape):
    """The same values in another shape."""
    return x.reshape(shape)


@kernel("permute", view=True)
def permute_kernel(x, order):
    """The dimensions in another order."""
    return x.transpose(order)


@kernel("detach", view=True)
def detach_kernel(x):
    """The same array."""
    return x


@kernel("clone")
def clone_kernel(x):
    """A copy in order."""
    return x.copy()


@kernel("cast")
def cast_kernel(x, dtype):
    """A copy in another dtype."""
    return x.astype(dtype)


@kernel("copy_")
def copy_kernel(x, source):
    """`x` itself, overwritten with `source`."""
    x[...] = source
    return x


# ----------------------------------------------------------------------------------- the door

array_of = operator.attrgetter("array")  # half the time of a list comprehension


def run(op: str, tensors: Sequence[Tensor], options: dict) -> Tensor:
    """Run the kernel of `op` on plain arrays and wrap the result.

    Args:
        op: the name of the operation.
        tensors: its operands; the kernel gets their arrays, by position.
        options: its settings; the kernel gets them by keyword.

    >>> run("add", (Tensor([1.0, 2.0]), Tensor([10.0, 20.0])), {})
    tensor([11., 22.])
    """
    return Tensor(KERNELS[op](*map(array_of, tensors), **options))


LISTENERS: list[Callable] = [run]  # the last one hears a call first and passes it on below
REFUSALS = (AttributeError, IndexError, MemoryError, TypeError, ValueError)  # of NumPy's functions


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
    except REFUSALS as error:
        raise told(error, op, tensors) from error


@contextlib.contextmanager
def listen(listener: Callable) -> Iterator[None]:
    """Within the block, `listener(below, op, tensors, options)` hears every operation.

    `below(op, tensors, options)` is the listener that was the last one before: the rest of the way.

    >>> def count(below, op, tensors, options):
    ...     print("heard", op)
    ...     return below(op, tensors, options)
    >>> with listen(count):
    ...     _ = apply("neg", Tensor([1.0]))
    heard neg
    """
    bound = partial(listener, LISTENERS[-1])
    LISTENERS.append(bound)
    try:
        yield
    finally:
        LISTENERS.remove(bound)


def told(error: Exception, op: str, tensors: Sequence[Any]) -> Exception:
    """What a kernel's `error` becomes at the door: PyTorch's type, the operation, the shapes."""
    kind: Any = next(kind for kind in REFUSALS if isinstance(error, kind))
    text = str(error)
    if kind is AttributeError and not all(isinstance(t, Tensor) for t in tensors):
        kind, text = TypeError, "expected tensors; write tensor(values)"
    if kind is TypeError and "numpy boolean" in text:
        text = "bools have no sign and no difference; write ~x or a ^ b, or convert: x.int()"
        kind = RuntimeError
    if kind is ValueError:
        kind = RuntimeError
        if "broadcast" in text and "lined up" not in text:  # NumPy does not say where
            text = alignment(*(t.shape for t in tensors)) or text
    return kind(f"{call(op, tensors)}: {text}")


# ------------------------------------------------------------------------------ the operators


def converted(value: Any, dtype: np.dtype) -> Tensor:
    """A tensor or a Python number as a tensor of `dtype`; itself where nothing changes."""
    if isinstance(value, Tensor):
        return value if value.array.dtype is dtype else value.to(dtype)
    return Tensor(np.asarray(value).astype(dtype))


def floating(x: Tensor) -> Tensor:
    """`x` itself, or as the default dtype where its values are integers or bools.

    >>> floating(tensor([1, 2]))
    tensor([1., 2.])
    """
    return x if x.array.dtype.kind == "f" else x.to(get_default_dtype())


def promoted(a: Any, b: Any, floating: bool = False) -> tuple[Tensor, Tensor]:
    """Both operands as tensors of their common dtype.

    Args:
        a, b: each a tensor or a Python number.
        floating: whether integers become floats of the default dtype, as for a division.

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
    return converted(a, common), converted(b, common)


def binary(op: str, a: Any, b: Any, floating: bool = False) -> Any:
    """Operation `op` on two operands in their common dtype; NotImplemented for other objects.

    >>> binary("sub", 1.0, Tensor([0.25, 3.0]))
    tensor([ 0.7500, -2.0000])
    >>> binary("add", Tensor([1.0]), "a word")
    NotImplemented
    """
    if not (isinstance(a, OPERANDS) and isinstance(b, OPERANDS)):
        return NotImplemented
    return apply(op, *promoted(a, b, floating))


def assign(target: Tensor, result: Tensor) -> Tensor:
    """Write `result` into the memory of `target`, and return `target`: `x += y` ends here.

    Raises: RuntimeError, naming both shapes, where they differ; RuntimeError, naming both dtypes,
        where `result` is of a higher kind (bool < integer < floating) than `target`.

    >>> x = Tensor([1.0, 2.0])
    >>> assign(x, Tensor([7.0, 8.0])) is x, x
    (True, tensor([7., 8.]))
    """
    if result.shape != target.shape:
        raise RuntimeError(
            f"an in-place operation on a tensor of shape {target.shape} gave {result.shape}, and "
            "memory cannot grow in place. Write x = x + y instead of x += y."
        )
    if KINDS[result.dtype.kind] > KINDS[target.dtype.kind]:
        raise RuntimeError(
            f"an in-place operation gave {result.dtype}, which cannot be stored in a tensor of "
            f"{target.dtype}. Convert the tensor first, as x = x.to({result.dtype})."
        )
    apply("copy_", target, result)
    return target


def operators(op: str, floating: bool = False) -> tuple[Callable, Callable, Callable]:
    """The three methods of a binary operator: `a + b`, the reflected `b + a`, and `a += b`."""

    def forward(self, other):
        return binary(op, self, other, floating)

    def reflected(self, other):
        return binary(op, other, self, floating)

    def inplace(self, other):
        result = binary(op, self, other, floating)
        return result if result is NotImplemented else assign(self, result)

    return forward, reflected, inplace


# ------------------------------------------------------------------------------ broadcasting


def sizes_at(dim: int, shapes: Sequence[tuple[int, ...]]) -> list[int]:
    """The sizes that meet at `dim`, each once and in the order of `shapes`; 1 is left out.

    Args:
        dim: -1 is the last dimension of every shape, -2 the one before it, and so on. A shape that
            is too short to have it has nothing to say.

    >>> sizes_at(-1, [(2, 3), (3,)]), sizes_at(-2, [(2, 3), (3,)]), sizes_at(-1, [(5, 1), (4,)])
    ([3], [2], [4])
    """
    met = [shape[dim] for shape in shapes if len(shape) >= -dim]
    return list(dict.fromkeys(n for n in met if n != 1))


def broadcast_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that `shapes` have together once each is stretched to it.

    Raises: ValueError with their `alignment` where two sizes meet that differ and are not 1.

    >>> broadcast_shape((2, 1), (3,)), broadcast_shape((4, 1, 3), (5, 1))
    ((2, 3), (4, 5, 3))
    """
    ndim = max(map(len, shapes), default=0)
    together: list[int] = []
    for dim in range(-ndim, 0):
        met = sizes_at(dim, shapes)
        if len(met) > 1:
            raise ValueError(alignment(*shapes))
        together += met or [1]
    return tuple(together)


def alignment(*shapes: tuple[int, ...]) -> str:
    """Say how `shapes` meet when they are lined up from the right; empty where they broadcast.

    >>> print(alignment((2, 3), (2,)))
    the shapes do not broadcast: lined up from the right, sizes 3 and 2 meet at dim -1
        2  3
           2
           ^ sizes must be equal, or one of them 1
    """
    for dim in range(-1, -max(map(len, shapes), default=0) - 1, -1):
        unequal = sizes_at(dim, shapes)
        if len(unequal) > 1:
            return drawing(shapes, dim, unequal)
    return ""


# ------------------------------------------------------------- the matrix product, reductions


@kernel("matmul")
def matmul_kernel(a, b):
    """The matrix product, (..., n, k) @ (..., k, m) -> (..., n, m); a vector is a row or column.

    What stands before the last two dimensions is a batch of matrices; batches broadcast.

    Raises: ValueError where one side has no dimensions; "the inner sizes differ", with both sizes;
        where the dtypes differ, with both of them; where the batches do not broadcast.

    >>> matmul_kernel(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0]))
    array([12., 34.])
    """
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
    if a.ndim > 2 and b.ndim > 2:
        broadcast_shape(a.shape[:-2], b.shape[:-2])
    return a @ b


def dims(dim: Any, ndim: int) -> Any:
    """Dimension numbers checked and counted from the front; None stands for all.

    Args:
        dim: a number from -ndim to ndim - 1, several of them, or None. An empty tuple is None.
        ndim: how many dimensions there are. Without any (0), 0 and -1 are allowed and mean None.
    Raises: IndexError for a number out of range, naming it and the range; RuntimeError where one
        dimension is named twice.

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


@kernel("sum")
def sum_kernel(x, dim=None, keepdim=False):
    """The sum over `dim`; a sum of integers or bools is int64.

    Args:
        dim: as `dims` returns it: a number, several of them, or None for all.
        keepdim: whether the dimensions that were summed stay, with size 1.

    >>> sum_kernel(np.array([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    array([4., 6.])
    """
    total = np.add.reduce(x, dim, SUM_DTYPES.get(x.dtype), keepdims=keepdim)
    return total.astype(float16) if x.dtype is float16 else total


@kernel("mean")
def mean_kernel(x, dim=None, keepdim=False):
    """The arithmetic mean over `dim`, in the dtype of `x`.

    Raises: ValueError, naming the dtype, for values that are not floating-point.

    >>> mean_kernel(np.array([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    array([1.5, 3.5])
    """
    if x.dtype.kind != "f":
        raise ValueError(f"expected floating-point values, got {x.dtype}; convert with x.float()")
    total = np.add.reduce(x, dim, SUM_DTYPES.get(x.dtype), keepdims=keepdim)
    return (total / (x.size / max(total.size, 1))).astype(x.dtype, copy=False)


@kernel("amax")
def amax_kernel(x, dim=None, keepdim=False):
    """The largest value over `dim`; `expect_values` refuses to look among none.

    >>> amax_kernel(np.array([[1.0, 5.0], [3.0, 4.0]]), dim=1)
    array([5., 4.])
    """
    expect_values(x, dim)
    return x.max(axis=dim, keepdims=keepdim)


@kernel("argmax")
def argmax_kernel(x, dim=None, keepdim=False):
    """Where the largest value is along `dim`, the first one if several; None counts through all.

    >>> argmax_kernel(np.array([[1.0, 5.0], [3.0, 4.0]]), dim=0)
    array([1, 0])
    """
    expect_values(x, range(x.ndim) if dim is None else dim)
    return x.argmax(axis=dim, keepdims=keepdim)


# --------------------------------------------------------------------------------- the class


class Tensor(ArrayHolder):
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
    __slots__ = ("__weakref__", "requires_grad", "grad", "grad_fn", "_base", "_hooks")  # noqa: RUF023
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
                return lambda *args, **options: assign(self, function(self, *args, **options))
        raise AttributeError(f"a Tensor has no attribute or operation {name!r}")

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

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).array.any())

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
        return apply("exp", floating(self))

    def log(self) -> Tensor:
        """The natural logarithm of each value."""
        return apply("log", floating(self))

    def sqrt(self) -> Tensor:
        """The square root of each value."""
        return apply("sqrt", floating(self))

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

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Where the largest value is along `dim` (in the flattened tensor without it)."""
        return apply("argmax", self, dim=dims(dim, self.ndim), keepdim=keepdim)

    # Shape: the same values, seen otherwise

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order."""
        return apply("permute", self, order=tuple(reversed(range(self.ndim))))

    @property
    def mT(self) -> Tensor:
        """The last two dimensions exchanged."""
        return self.transpose(-2, -1)

    def reshape(self, *shape: Any) -> Tensor:
        """The same values in another shape, as a view if it can be; -1 is the size that fits.

        >>> arange(6).reshape(2, 3)
        tensor([[0, 1, 2],
                [3, 4, 5]])
        """
        return apply("reshape", self, shape=sizes(shape))

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Dimensions `start_dim` to `end_dim`, both included, made into one.

        A tensor without dimensions becomes one with a single dimension, of size 1.

        >>> ones(2, 3, 4).flatten(1).shape
        (2, 12)
        """
        start, end = dims(start_dim, self.ndim), dims(end_dim, self.ndim)
        if not self.shape:
            return self.reshape(1)
        middle = math.prod(self.shape[start : end + 1])
        return self.reshape(*self.shape[:start], middle, *self.shape[end + 1 :])

    def unsqueeze(self, dim: int) -> Tensor:
        """A dimension of size 1 inserted, so that it is dimension `dim` of the result.

        >>> ones(2, 3).unsqueeze(1).shape, ones(2, 3).unsqueeze(-1).shape
        ((2, 1, 3), (2, 3, 1))
        """
        dim = dims(dim, self.ndim + 1)
        return self.reshape(*self.shape[:dim], 1, *self.shape[dim:])

    def squeeze(self, dim: Any = None) -> Tensor:
        """Dimensions of size 1 removed: all of them, or those among `dim`, a number or several.

        >>> ones(1, 2, 1).squeeze().shape, ones(1, 2, 1).squeeze(0).shape
        ((2,), (2, 1))
        """
        among = range(self.ndim) if dim is None else np.atleast_1d(dims(dim, self.ndim) or 0)
        return self.reshape(*[n for i, n in enumerate(self.shape) if n != 1 or i not in among])

    def permute(self, *order: Any) -> Tensor:
        """The dimensions in another order: a view with other strides.

        Args:
            order: which of the old dimensions comes first, second, ...; each is named once.
        Raises: RuntimeError, naming the order and the shape, unless it names every dimension.

        >>> ones(2, 3, 4).permute(2, 0, 1).shape
        (4, 2, 3)
        """
        order = dims(sizes(order), self.ndim) or ()
        if len(order) != self.ndim:
            raise RuntimeError(f"permute: got {order} for {self.ndim} dimensions, of {self.shape}")
        return apply("permute", self, order=order)

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Exchange two dimensions: a view with other strides.

        >>> ones(2, 3, 4).transpose(0, -1).shape
        (4, 3, 2)
        """
        order = list(range(self.ndim))
        if order:
            dim0, dim1 = dims(dim0, self.ndim), dims(dim1, self.ndim)
            order[dim0], order[dim1] = dim1, dim0
        return apply("permute", self, order=tuple(order))

    # Memory: where the values lie, copies, types, parts

    def stride(self, dim: int | None = None) -> Any:
        """How many values lie between neighbours along each dimension, or along `dim`.

        >>> ones(2, 3).stride(), ones(2, 3).T.stride(), ones(2, 3).stride(0)
        ((3, 1), (1, 3), 3)
        """
        strides = tuple(n // self.array.itemsize for n in self.array.strides)
        return strides if dim is None else strides[dims(dim, self.ndim)]

    def is_contiguous(self) -> bool:
        """Whether the values lie in memory in the order in which they are read, without gaps.

        A dimension of size 1 has no neighbours, so its stride does not count; no values at all
        are in order.

        >>> ones(2, 3).is_contiguous(), ones(2, 3).T.is_contiguous()
        (True, False)
        """
        expected = 1
        for size, step in zip(reversed(self.shape), reversed(self.stride()), strict=True):
            if size > 1 and step != expected:
                return self.numel() == 0
            expected *= size
        return True

    def contiguous(self) -> Tensor:
        """Itself if its values lie in memory in order, else a copy that does."""
        return self if self.is_contiguous() else self.clone()

    def clone(self) -> Tensor:
        """A copy in memory of its own, still connected to the graph."""
        return apply("clone", self)

    def detach(self) -> Tensor:
        """The same memory without a history."""
        return apply("detach", self)

    def to(self, *args: Any, dtype: Any = None, **options: Any) -> Tensor:
        """The values as another dtype (or the dtype of another tensor); a device must be "cpu".

        >>> tensor([1, 2]).to(float32)
        tensor([1., 2.])
        """
        dtype = wanted_dtype(args, dtype, options)
        if dtype is None or self.array.dtype == dtype:
            return self.clone() if options.get("copy") else self
        return apply("cast", self, dtype=supported(dtype))

    def copy_(self, source: Any) -> Tensor:
        """Overwrite the values with those of `source`, broadcast and converted."""
        source = source if isinstance(source, Tensor) else converted(source, self.dtype)
        apply("copy_", self, source)
        return self

    def __getitem__(self, index: Any) -> Tensor:
        """The part of the tensor at `index`: numbers, slices, ..., None, tensors, or several.

        >>> arange(6).reshape(2, 3)[1, :2]
        tensor([3, 4])
        """
        return apply("getitem", self, index=plain_index(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        """Overwrite the part at `index` with a tensor or a number, which broadcasts to it.

        >>> x = zeros(3)
        >>> x[1:] = 5
        >>> x
        tensor([0., 5., 5.])
        """
        value = value if isinstance(value, Tensor) else converted(value, self.dtype)
        apply("setitem_", self, value, index=plain_index(index))


OPERANDS = (Tensor, int, float, np.generic)


@kernel("getitem", view=True)
def getitem_kernel(x, index):
    """The part of `x` at `index`: a view of its memory, unless arrays are in the index.

    A single value is an array without dimensions, on the memory of `x` too.

    >>> x = np.array([1.0, 2.0])
    >>> getitem_kernel(x, 0)[...] = 7
    >>> x
    array([7., 2.])
    """
    x, index = after_integers(x, index)
    out = x[index]
    if isinstance(out, np.ndarray):
        return out
    return x[(*index, ...) if isinstance(index, tuple) else (index, ...)]  # one value, as a view


@kernel("setitem_")
def setitem_kernel(x, value, index):
    """`x` itself, its part at `index` overwritten with `value`.

    Sizes of 1 with which the shape of `value` begins do not count: (1,) fits into a single place.

    >>> setitem_kernel(np.zeros(3), np.array(5.0), slice(1, None))
    array([0., 5., 5.])
    """
    part, rest = after_integers(x, index)
    while value.shape[:1] == (1,):  # (1,) is () by the rule of broadcasting; NumPy asks for ()
        value = value.reshape(value.shape[1:])
    part[rest] = value
    return x


# ---------------------------------------------------------------------- creation and joining


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


def together(tensors: Sequence[Tensor], name: str) -> list[Tensor]:
    """`tensors` in their common dtype; refused in the name of `name` where there are none."""
    tensors = list(tensors)
    if not tensors:
        raise RuntimeError(f"{name}: got no tensors, expected at least one")
    if len({t.array.dtype for t in tensors}) == 1:
        return tensors
    dtype = functools.reduce(promote_types, (t.dtype for t in tensors))
    return [t.to(dtype) for t in tensors]


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
        dtype = result_type(fill_value, False)  # False is of the lowest kind and changes nothing
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


@kernel("where")
def where_kernel(condition, a, b):
    """`a` where `condition` holds, `b` elsewhere.

    >>> where_kernel(np.array([True, False]), np.array([1.0, 2.0]), np.array([8.0, 9.0]))
    array([1., 9.])
    """
    return np.where(condition, a, b)


def where(condition: Tensor, input: Any, other: Any) -> Tensor:
    """Values of `input` where `condition` holds, of `other` elsewhere, all broadcast.

    Raises: RuntimeError, naming the dtype, for a condition that does not hold bools.

    >>> where(Tensor([1.0, -1.0]) > 0, 5.0, 0.0)
    tensor([5., 0.])
    """
    if condition.dtype != bool_:
        raise RuntimeError(f"where: a condition of {condition.dtype}, expected bool, such as x > 0")
    return apply("where", condition, *promoted(input, other))


@kernel("cat")
def cat_kernel(*tensors, dim=0):
    """The arrays one after the other along `dim`."""
    return np.concatenate(tensors, axis=dim)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """`tensors` one after the other along `dim`; their other sizes are equal.

    >>> cat([Tensor([1.0]), Tensor([2.0, 3.0])])
    tensor([1., 2., 3.])
    """
    tensors = together(tensors, "cat")
    return apply("cat", *tensors, dim=dims(dim, tensors[0].ndim))


@kernel("stack")
def stack_kernel(*tensors, dim=0):
    """The arrays side by side along a new dimension `dim`."""
    return np.stack(tensors, axis=dim)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """`tensors` of one shape side by side along a new dimension `dim`.

    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]).shape
    (2, 2)
    """
    tensors = together(tensors, "stack")
    return apply("stack", *tensors, dim=dims(dim, tensors[0].ndim + 1))


# ------------------------------------------------------------------------------------ chance

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
