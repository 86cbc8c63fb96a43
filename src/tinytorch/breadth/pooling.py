"""More pooling, built on module 09: averages, windows that reach over the edge, sizes to order."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinytorch.breadth.convolutions import single
from tinytorch.breadth.indexing import gather
from tinytorch.core import convolutions
from tinytorch.core.activations import expect_floating
from tinytorch.core.autograd import vjp
from tinytorch.core.convolutions import lowest, output_size, padded, pair, windows
from tinytorch.core.layers import FunctionModule
from tinytorch.core.tensor import KERNELS, Tensor, apply, kernel

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AvgPool1d", "AvgPool2d", "MaxPool1d", "MaxPool2d", "Pooled", "adaptive_avg_pool1d",
    "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d", "avg_pool1d",
    "avg_pool2d", "max_pool1d", "max_pool2d",
]  # fmt: skip


class Pooled(NamedTuple):
    """The largest values, and where they lie: the number of the place in its channel."""

    values: Tensor
    indices: Tensor


# -------------------------------------------------------------------- windows beyond the edge


def pooled_size(
    size: int, kernel_size: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> int:
    """As `output_size`; with `ceil_mode` also windows that begin inside and end outside.

    >>> pooled_size(5, 2, 2, 0, 1, False), pooled_size(5, 2, 2, 0, 1, True)
    (2, 3)
    """
    if not ceil_mode:
        return output_size(size, kernel_size, stride, padding, dilation)
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    number = -(-room // stride) + 1
    if (number - 1) * stride >= size + padding:  # it would begin in the padding behind the image
        number -= 1
    if number < 1:
        raise ValueError(
            f"a window of {kernel_size} values (dilation {dilation}) does not fit into {size} "
            f"(padding {padding} on both sides). Take a smaller kernel or a larger image"
        )
    return number


def enclosed(
    x: np.ndarray,
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    ceil_mode: bool,
    value: Any,
) -> tuple[np.ndarray, tuple]:
    """`x` with a border of `value` so wide that every window fits, and the index of `x` in it."""
    sizes, inside = [], []
    for n, k, s, p, d in zip(x.shape[2:], kernel_size, stride, padding, dilation, strict=True):
        last = (pooled_size(n, k, s, p, d, ceil_mode) - 1) * s
        sizes.append(max(last + d * (k - 1) + 1, n + p))
        inside.append(slice(p, p + n))
    where = (slice(None), slice(None), *inside)
    if tuple(sizes) == x.shape[2:]:
        return x, where
    N, C = x.shape[:2]
    out = np.full((N, *sizes, C), value, x.dtype).transpose(0, 3, 1, 2)  # channels last in memory
    out[where] = x
    return out, where


@kernel("max_pool2d_ceil")
def max_pool2d_ceil_kernel(x, kernel_size, stride, padding, dilation):
    """`max_pool2d` with windows that may end outside of the image."""
    settings = kernel_size, stride, padding, dilation
    x, _ = enclosed(x, *settings, True, lowest(x.dtype))
    return KERNELS["max_pool2d"](x, kernel_size, stride, (0, 0), dilation)


@vjp("max_pool2d_ceil(x)", wrt="x")
def max_pool2d_ceil_dx(g, out, x, kernel_size, stride, padding, dilation):
    settings = kernel_size, stride, padding, dilation
    x, where = enclosed(x, *settings, True, lowest(x.dtype))
    return KERNELS["max_pool2d.vjp0"](g, out, x, kernel_size, stride, (0, 0), dilation)[where]


@kernel("max_pool2d_places")
def max_pool2d_places_kernel(x, kernel_size, stride, padding, dilation, ceil_mode):
    """For each window the place of its largest value, row * W + column; of equal ones the first."""
    W = x.shape[3]
    settings = kernel_size, stride, padding, dilation
    x, _ = enclosed(x, *settings, ceil_mode, lowest(x.dtype))
    view = windows(x, kernel_size, stride, dilation)
    best = view.reshape(*view.shape[:4], math.prod(kernel_size)).argmax(-1)
    i, j = np.divmod(best, kernel_size[1])
    rows = np.arange(best.shape[2])[:, None] * stride[0] - padding[0] + i * dilation[0]
    return rows * W + np.arange(best.shape[3]) * stride[1] - padding[1] + j * dilation[1]


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """`core`'s max_pool2d; with `return_indices` also the places of the largest values.

    >>> max_pool2d(Tensor([[[1.0, 2.0], [4.0, 3.0]]]), 2, return_indices=True)
    Pooled(values=tensor([[[4.]]]), indices=tensor([[[2]]]))
    """
    settings = kernel_size, stride, padding, dilation, ceil_mode
    values = convolutions.max_pool2d(input, *settings)  # with all refusals
    if not return_indices:
        return values
    if input.ndim == 3:
        found = max_pool2d(input.unsqueeze(0), *settings, return_indices=True)
        return Pooled(found[0][0], found[1][0])
    kernel_size = pair(kernel_size, "kernel_size")
    indices = apply(
        "max_pool2d_places",
        input.detach(),
        kernel_size=kernel_size,
        stride=kernel_size if stride is None or stride == () else pair(stride, "stride"),
        padding=pair(padding, "padding", 0),
        dilation=pair(dilation, "dilation"),
        ceil_mode=ceil_mode,
    )
    return Pooled(taken(input, indices), indices)


def taken(input: Tensor, indices: Tensor) -> Tensor:
    """The values of `input` at places numbered within each channel; one rule, gather's, for all."""
    return gather(input.flatten(2), 2, indices.flatten(2)).reshape(*indices.shape)


def as_rows(name: str, input: Tensor) -> Tensor:
    """Signals (N, C, L) or (C, L) as images of one row."""
    if input.ndim not in (2, 3):
        raise RuntimeError(f"{name}: got shape {input.shape}, expected (N, C, L) or (C, L)")
    return input.unsqueeze(-2)


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest value of each window along signals.

    Args:
        input: (N, C, L), or (C, L).
        kernel_size, stride, padding, dilation, ceil_mode: as for `max_pool2d`, a number each.
    Returns: (N, C, OL), or (C, OL); with `return_indices` also the places.

    >>> max_pool1d(Tensor([[1.0, 3.0, 2.0, 5.0]]), 2)
    tensor([[3., 5.]])
    """
    found = max_pool2d(
        as_rows("max_pool1d", input),
        (1, *single(kernel_size, "kernel_size")),
        None if stride is None or stride == () else (1, *single(stride, "stride")),
        (0, *single(padding, "padding", 0)),
        (1, *single(dilation, "dilation")),
        ceil_mode,
        return_indices,
    )
    if return_indices:
        return Pooled(found[0].squeeze(-2), found[1].squeeze(-2))
    return found.squeeze(-2)


class MaxPool1d(convolutions.MaxPool2d):
    """`max_pool1d` as a layer.

    >>> from tinytorch.core.tensor import zeros
    >>> MaxPool1d(2)(zeros(5, 8, 28)).shape
    (5, 8, 14)
    """

    pool: Callable = staticmethod(max_pool1d)

    def forward(self, input: Tensor) -> Any:
        """(N, C, ...) -> (N, C, ...)."""
        settings = self.kernel_size, self.stride, self.padding, self.dilation
        return self.pool(input, *settings, self.ceil_mode, self.return_indices)


class MaxPool2d(MaxPool1d):
    """`max_pool2d` as a layer, as in `core/convolutions.py`, with return_indices.

    >>> from tinytorch.core.tensor import zeros
    >>> MaxPool2d(2)(zeros(5, 8, 28, 28)).shape
    (5, 8, 14, 14)
    """

    pool = staticmethod(max_pool2d)


# ------------------------------------------------------------------------------------ averages


def divisors(
    size: int,
    number: int,
    kernel_size: int,
    stride: int,
    padding: int,
    include_pad: bool,
) -> np.ndarray:
    """How many values count in each of `number` windows along one side.

    What is padded counts with `include_pad`; what lies beyond the padding never does.

    >>> divisors(3, 2, 2, 2, 1, True), divisors(3, 2, 2, 2, 1, False)
    (array([2, 2]), array([1, 2]))
    """
    start = np.arange(number) * stride - padding
    end = np.minimum(start + kernel_size, size + padding)
    if include_pad:
        return end - start
    return np.minimum(end, size) - np.maximum(start, 0)


@kernel("avg_pool2d")
def avg_pool2d_kernel(
    x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    """The mean of each window: the sum of as many views as a window has values, divided."""
    full, _ = enclosed(x, kernel_size, stride, padding, (1, 1), ceil_mode, 0)
    view = windows(full, kernel_size, stride)
    out = view[..., 0, 0].copy(order="K")
    for i, j in list(np.ndindex(kernel_size))[1:]:
        out += view[..., i, j]
    counts = counts_of(
        x.shape, out.shape, kernel_size, stride, padding, count_include_pad, divisor_override
    )
    if x.dtype.kind == "f":
        out /= counts.astype(x.dtype)
        return out
    return np.trunc(out / counts).astype(x.dtype)


def counts_of(shape, out_shape, kernel_size, stride, padding, include_pad, override):
    """By how much the sum of each window is divided: (OH, OW), or one number for all."""
    if override:
        return np.array(override)
    each = zip(shape[2:], out_shape[2:], kernel_size, stride, padding, strict=True)
    down, right = (divisors(*sizes, include_pad) for sizes in each)
    counts = down[:, None] * right
    alike = counts.size and (counts == counts.flat[0]).all()
    return counts.reshape(-1)[0] if alike else counts


@vjp("avg_pool2d(x)", wrt="x")
def avg_pool2d_dx(
    g, x_shape, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    """Each window shares its gradient among its values."""
    nothing = np.broadcast_to(g.dtype.type(0), x_shape)  # takes no memory
    grad, where = enclosed(nothing, kernel_size, stride, padding, (1, 1), ceil_mode, 0)
    if grad is nothing:  # nothing was padded: take the layout that g has
        ordinary = g.flags.c_contiguous
        grad = np.zeros(x_shape, g.dtype) if ordinary else padded(nothing, (0, 0))
    counts = counts_of(
        x_shape, g.shape, kernel_size, stride, padding, count_include_pad, divisor_override
    )
    into = windows(grad, kernel_size, stride)
    share = np.divide(g, counts.astype(g.dtype), out=np.empty_like(into[..., 0, 0]))
    for i, j in np.ndindex(kernel_size):
        into[..., i, j] += share
    return grad[where]


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of each channel.

    Args:
        input: (N, C, H, W), or (C, H, W).
        kernel_size, stride, padding: a number, or a pair; the stride is kernel_size unless given.
        ceil_mode: also windows that begin within the image and end outside of it.
        count_include_pad: whether padded zeros count as values.
        divisor_override: what every sum is divided by instead.
    Returns: (N, C, OH, OW), or (C, OH, OW).
    Raises: RuntimeError when not one window fits, or a window could lie in the padding alone.

    >>> avg_pool2d(Tensor([[[[1.0, 2.0], [4.0, 5.0]]]]), 2)
    tensor([[[[3.]]]])
    """
    if input.ndim == 3:
        settings = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        return avg_pool2d(input.unsqueeze(0), *settings)[0]
    if input.ndim != 4:
        raise RuntimeError(f"avg_pool2d: got shape {input.shape}, expected (N, C, H, W)")
    kernel_size, padding = pair(kernel_size, "kernel_size"), pair(padding, "padding", 0)
    if any(2 * p > k for p, k in zip(padding, kernel_size, strict=True)):
        raise RuntimeError(
            f"avg_pool2d: padding {padding} for windows of {kernel_size}, expected at most half "
            "of their size: a window in the padding alone would have nothing to average."
        )
    if divisor_override == 0:
        raise RuntimeError("avg_pool2d: divisor_override=0, expected another number, or None")
    return apply(
        "avg_pool2d",
        input,
        kernel_size=kernel_size,
        stride=kernel_size if stride is None or stride == () else pair(stride, "stride"),
        padding=padding,
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
        divisor_override=divisor_override,
    )


def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window along signals.

    Args:
        input: (N, C, L), or (C, L).
        kernel_size, stride, padding, ceil_mode, count_include_pad: as for `avg_pool2d`, a number.
    Returns: (N, C, OL), or (C, OL).

    >>> avg_pool1d(Tensor([[1.0, 3.0, 2.0, 6.0]]), 2)
    tensor([[2., 4.]])
    """
    return avg_pool2d(
        as_rows("avg_pool1d", input),
        (1, *single(kernel_size, "kernel_size")),
        None if stride is None or stride == () else (1, *single(stride, "stride")),
        (0, *single(padding, "padding", 0)),
        ceil_mode,
        count_include_pad,
    ).squeeze(-2)


class AvgPool2d(FunctionModule):
    """`avg_pool2d` as a layer.

    >>> from tinytorch.core.tensor import zeros
    >>> AvgPool2d(2)(zeros(5, 8, 28, 28)).shape
    (5, 8, 14, 14)
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ):
        super().__init__(
            avg_pool2d,
            kernel_size=kernel_size,
            stride=kernel_size if stride is None else stride,
            padding=padding,
            ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
            divisor_override=divisor_override,
        )

    def extra_repr(self) -> str:
        """The settings of the windows."""
        names = "kernel_size", "stride", "padding"
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)


class AvgPool1d(FunctionModule):
    """`avg_pool1d` as a layer.

    >>> from tinytorch.core.tensor import zeros
    >>> AvgPool1d(2)(zeros(5, 8, 28)).shape
    (5, 8, 14)
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ):
        stride = kernel_size if stride is None else stride
        super().__init__(
            avg_pool1d,
            kernel_size=single(kernel_size, "kernel_size"),
            stride=single(stride, "stride"),
            padding=single(padding, "padding", 0),
            ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
        )

    extra_repr = AvgPool2d.extra_repr


# ------------------------------------------------------------------------------- sizes to order


def edges(size: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Where `number` windows begin and end that cover `size` values; they may overlap.

    >>> edges(5, 3)
    (array([0, 1, 3]), array([2, 4, 5]))
    """
    i = np.arange(number)
    return i * size // max(number, 1), -(-(i + 1) * size // max(number, 1))


def wanted_size(name: str, input: Tensor, output_size: Any) -> tuple[int, int]:
    """Height and width of the result: None stands for the input's own."""
    both = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * 2
    if input.ndim not in (3, 4):
        raise RuntimeError(f"{name}: got shape {input.shape}, expected (N, C, H, W) or (C, H, W)")
    if 0 in input.shape[1:]:
        raise RuntimeError(
            f"{name}: got shape {input.shape}, expected no size of 0 but that of the batch"
        )
    sizes = [n if n is not None else own for n, own in zip(both, input.shape[-2:], strict=True)]
    if min(sizes) < 0:
        raise RuntimeError(f"{name}: got output_size={output_size}, expected 0 or more")
    return sizes[0], sizes[1]


def averaging(size: int, number: int, dtype: Any) -> Tensor:
    """The matrix (number, size) that takes the mean over each window of `edges`.

    >>> averaging(4, 2, "float32")
    tensor([[0.5000, 0.5000, 0.0000, 0.0000],
            [0.0000, 0.0000, 0.5000, 0.5000]])
    """
    start, end = (side[:, None] for side in edges(size, number))
    place = np.arange(size)
    inside = (place >= start) & (place < end)
    return Tensor((inside / (end - start)).astype(dtype))


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The means of windows that are chosen such that the result has the size that is wanted.

    Args:
        input: (N, C, H, W), or (C, H, W).
        output_size: a number, or a pair; None keeps the input's. 1 is the mean of each channel.
    Returns: (N, C, *output_size), or (C, *output_size).

    >>> adaptive_avg_pool2d(Tensor([[[1.0, 2.0], [4.0, 5.0]]]), 1)
    tensor([[[3.]]])
    """
    expect_floating("adaptive_avg_pool2d", input)
    size = wanted_size("adaptive_avg_pool2d", input, output_size)
    if size == (1, 1):
        return input.mean((-2, -1), keepdim=True)
    down, right = (
        averaging(n, number, input.dtype) for n, number in zip(input.shape[-2:], size, strict=True)
    )
    return down @ (input @ right.T)  # a mean along each side


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """As `adaptive_avg_pool2d`, for signals: (N, C, L) -> (N, C, output_size).

    >>> adaptive_avg_pool1d(Tensor([[1.0, 3.0, 2.0, 6.0]]), 2)
    tensor([[2., 4.]])
    """
    (size,) = single(output_size, "output_size", 0)
    return adaptive_avg_pool2d(as_rows("adaptive_avg_pool1d", input), (1, size)).squeeze(-2)


@kernel("adaptive_max_pool2d_places")
def adaptive_max_pool2d_places_kernel(x, size):
    """For each window of `edges` the place of its largest value: (N, C, H, W) -> (N, C, *size)."""
    N, C, H, W = x.shape
    out = np.empty((N, C, *size), np.int64)
    for i, (top, bottom) in enumerate(zip(*edges(H, size[0]), strict=True)):
        for j, (left, right) in enumerate(zip(*edges(W, size[1]), strict=True)):
            window = x[:, :, top:bottom, left:right].reshape(N, C, (bottom - top) * (right - left))
            row, column = np.divmod(window.argmax(-1), right - left)
            out[:, :, i, j] = (top + row) * W + left + column
    return out


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest values of windows that are chosen such that the result has a size to order.

    Args:
        input: (N, C, H, W), or (C, H, W).
        output_size: a number, or a pair; None keeps the input's.
    Returns: (N, C, *output_size), or (C, *output_size); with `return_indices` also the places.

    >>> adaptive_max_pool2d(Tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]]]), (1, 2))
    tensor([[[5., 5.]]])
    """
    size = wanted_size("adaptive_max_pool2d", input, output_size)
    x = input.unsqueeze(0) if input.ndim == 3 else input
    indices = apply("adaptive_max_pool2d_places", x.detach(), size=size)
    found = Pooled(taken(x, indices), indices)
    if input.ndim == 3:
        found = Pooled(found.values[0], found.indices[0])
    return found if return_indices else found.values


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """As `adaptive_max_pool2d`, for signals: (N, C, L) -> (N, C, output_size).

    >>> adaptive_max_pool1d(Tensor([[1.0, 3.0, 2.0, 6.0]]), 2)
    tensor([[3., 6.]])
    """
    (size,) = single(output_size, "output_size", 0)
    rows = as_rows("adaptive_max_pool1d", input)
    values, indices = adaptive_max_pool2d(rows, (1, size), return_indices=True)
    found = Pooled(values.squeeze(-2), indices.squeeze(-2))
    return found if return_indices else found.values


class _Adaptive(FunctionModule):
    """A pooling to a size to order, as a layer."""

    pool: Callable

    def __init__(self, output_size: Any, **settings: Any):
        super().__init__(type(self).pool, output_size=output_size, **settings)

    def extra_repr(self) -> str:
        """The size."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_Adaptive):
    """`adaptive_avg_pool1d` as a layer."""

    pool = staticmethod(adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_Adaptive):
    """`adaptive_avg_pool2d` as a layer; `AdaptiveAvgPool2d(1)` ends many networks of convolutions.

    >>> from tinytorch.core.tensor import zeros
    >>> AdaptiveAvgPool2d(1)(zeros(5, 8, 7, 9)).shape
    (5, 8, 1, 1)
    """

    pool = staticmethod(adaptive_avg_pool2d)


class AdaptiveMaxPool1d(_Adaptive):
    """`adaptive_max_pool1d` as a layer."""

    pool = staticmethod(adaptive_max_pool1d)

    def __init__(self, output_size: Any, return_indices: bool = False):
        super().__init__(output_size, return_indices=return_indices)


class AdaptiveMaxPool2d(AdaptiveMaxPool1d):
    """`adaptive_max_pool2d` as a layer."""

    pool = staticmethod(adaptive_max_pool2d)
