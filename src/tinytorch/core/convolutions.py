"""09 · Convolutions: one small set of weights that looks at every place of an image.

A convolution is written three times here. Seven loops say what it means. A view with cleverly
chosen strides shows all windows of the image at once, without a copy. And with every window laid
out as a row, the whole of it is one matrix product, which is the form that is fast. Gradients walk
the same way back. Pooling keeps the largest value of each window, and batch norm keeps signals at
one size while the layers below are still moving.

Images are (N, C, H, W): images, channels, height, width. What this file returns has its channels
last *in memory*, as a transposed view, because windows are then copied in long runs.

Source: Fukushima (1980) for the layers, LeCun et al. (1989) for learning them, Chellapilla, Puri
and Simard (2006) for the matrix product, Ioffe and Szegedy (2015) for batch norm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinytorch.core.activations import expect_floating
from tinytorch.core.autograd import vjp
from tinytorch.core.layers import Module, Parameter, fans, kaiming_uniform_, overwrite, uniform_
from tinytorch.core.tensor import Tensor, apply, kernel, ones, zeros

__all__ = [
    "BatchNorm", "BatchNorm2d", "Conv2d", "ConvNd", "MaxPool2d", "add_to_windows", "batch_norm",
    "columns", "conv2d", "conv2d_loops", "max_pool2d", "output_size", "padded", "pair", "pixels",
    "unpixels", "windows",
]  # fmt: skip


# ------------------------------------------------------------------------ where the windows fit


def pair(value: Any, name: str, least: int = 1) -> tuple[int, int]:
    """A setting for height and width: one number stands for both.

    >>> pair(3, "kernel_size"), pair((2, 1), "stride")
    ((3, 3), (2, 1))
    """
    both = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    both = both * 2 if len(both) == 1 else both
    if not all(isinstance(n, (int, np.integer)) for n in both):
        raise TypeError(f"{name}: got {value!r}, expected a whole number, or a pair of them")
    if len(both) != 2 or min(both) < least:
        raise RuntimeError(f"{name}: got {value!r}, expected a number or a pair, {least} or more")
    return int(both[0]), int(both[1])


def output_size(
    size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """How many windows fit along one side of an image.

    Args:
        size: of the image.
        kernel_size: how many values a window takes.
        stride: from one window to the next.
        padding: how many zeros stand before the image, and as many behind it.
        dilation: from one value of a window to the next.
    Raises: ValueError when not one window fits.

    >>> output_size(8, 3), output_size(8, 3, stride=2), output_size(8, 3, padding=1)
    (6, 3, 8)
    """
    reach = dilation * (kernel_size - 1) + 1  # from the first value of a window to its last
    room = size + 2 * padding - reach
    if room < 0:
        raise ValueError(
            f"a window of {kernel_size} values (dilation {dilation}) spans {reach}, and the "
            f"image has {size} (padding {padding} on both sides), expected {reach} or more. "
            "Take a smaller kernel, more padding, or a larger image"
        )
    return room // stride + 1


# ------------------------------------------------------------------------------- seven loops


def conv2d_loops(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
) -> np.ndarray:
    """The convolution as its definition says it, one product at a time: the reference.

    Args:
        x: (N, C, H, W).
        weight: (O, C, KH, KW).
        bias: (O,), or None.
    Returns: (N, O, OH, OW).

    >>> x = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    >>> conv2d_loops(x, np.array([[[[1.0, -1.0]]]]))
    array([[[[-1., -1.],
             [-1., -1.]]]])
    """
    N, C, H, W = x.shape
    O, _, KH, KW = weight.shape
    (down, right), (above, before) = stride, padding
    OH, OW = output_size(H, KH, down, above), output_size(W, KW, right, before)
    out = np.zeros((N, O, OH, OW), x.dtype)
    for n in range(N):
        for o in range(O):
            for row in range(OH):
                for column in range(OW):
                    total = 0 if bias is None else bias[o]
                    for c in range(C):
                        for i in range(KH):
                            for j in range(KW):
                                h, w = row * down + i - above, column * right + j - before
                                if 0 <= h < H and 0 <= w < W:  # elsewhere are zeros
                                    total += x[n, c, h, w] * weight[o, c, i, j]
                    out[n, o, row, column] = total
    return out


# ------------------------------------------------------------------------- all windows at once


def windows(
    x: np.ndarray,
    kernel_size: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
) -> np.ndarray:
    """All windows of all images, as a view: nothing is copied, values in two windows lie once.

    Args:
        x: (N, C, H, W), of any strides.
    Returns: (N, C, OH, OW, KH, KW), on the memory of `x`.

    >>> windows(np.arange(6).reshape(1, 1, 2, 3), (2, 2))[0, 0].tolist()
    [[[[0, 1], [3, 4]], [[1, 2], [4, 5]]]]
    """
    N, C, H, W = x.shape
    (KH, KW), (down, right), (apart, aside) = kernel_size, stride, dilation
    OH = output_size(H, KH, down, dilation=apart)
    OW = output_size(W, KW, right, dilation=aside)
    n, c, h, w = x.strides  # bytes from one image, channel, row, pixel to the next
    strides = n, c, h * down, w * right, h * apart, w * aside
    return np.lib.stride_tricks.as_strided(x, (N, C, OH, OW, KH, KW), strides)


def padded(x: np.ndarray, padding: tuple[int, int], value: float = 0) -> np.ndarray:
    """`x` with a border of `value`, and with its channels last in memory.

    Args:
        x: (N, C, H, W).
        padding: rows above and below, columns to the left and to the right.
    Returns: (N, C, H + 2 * padding[0], W + 2 * padding[1]), new memory.

    >>> padded(np.array([[[[5]]]]), (1, 1)).tolist()
    [[[[0, 0, 0], [0, 5, 0], [0, 0, 0]]]]
    """
    N, C, H, W = x.shape
    above, before = padding
    out = np.full((N, H + 2 * above, W + 2 * before, C), value, x.dtype).transpose(0, 3, 1, 2)
    out[:, :, above : above + H, before : before + W] = x
    return out


def columns(view: np.ndarray) -> np.ndarray:
    """Every window laid out as a row of a matrix: (N, C, OH, OW, KH, KW) -> (N OH OW, KH KW C)."""
    N, C, OH, OW, KH, KW = view.shape
    return view.transpose(0, 2, 3, 4, 5, 1).reshape(N * OH * OW, KH * KW * C)


def check_conv2d(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, groups: int = 1
) -> None:
    """Refuse sizes and dtypes that do not fit, in words."""
    if x.ndim != 4 or weight.ndim != 4 or x.shape[1] != weight.shape[1] * groups:
        channels = weight.shape[1] * groups if weight.ndim == 4 else "C"
        raise ValueError(
            f"the input has shape {x.shape}, expected (N, {channels}, H, W), because the weight "
            f"{weight.shape} is (outputs, channels, height, width). Check the layer's in_channels, "
            "and that channels come before height and width"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"the bias has shape {bias.shape}, expected {weight.shape[:1]}")
    if x.dtype != weight.dtype or (bias is not None and bias.dtype != x.dtype):
        raise ValueError(
            f"expected one dtype, got an input of {x.dtype} and a weight of {weight.dtype}"
            f"{'' if bias is None else f' and a bias of {bias.dtype}'}. Convert the input with "
            "x.float(), or the layer with layer.to(dtype)"
        )


CACHE_BYTES = 2**19  # half of a common second-level cache: columns are read soon after


def chunks(view: np.ndarray) -> Iterator[slice]:
    """Slices of the images in `view`, few enough that their columns stay in the cache."""
    each = view.nbytes // max(len(view), 1)
    step = max(1, CACHE_BYTES // max(each, 1))
    return (slice(first, first + step) for first in range(0, len(view), step))


@kernel("conv2d")
def conv2d_kernel(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
) -> np.ndarray:
    """The convolution as matrix products of columns, a few images at a time.

    Args:
        x: (N, C, H, W).
        weight: (O, C, KH, KW).
        bias: (O,), or None.
    Returns: (N, O, OH, OW), with channels last in memory.
    """
    check_conv2d(x, weight, bias)
    view = windows(padded(x, padding), weight.shape[2:], stride, dilation)
    N, _, OH, OW, _, _ = view.shape
    matrix = weight.transpose(2, 3, 1, 0).reshape(-1, len(weight))  # (KH KW C, O)
    out = np.empty((N, OH, OW, len(weight)), x.dtype)
    for part in chunks(view):
        out[part] = (columns(view[part]) @ matrix).reshape(-1, OH, OW, len(weight))
    if bias is not None:
        out += bias
    return out.transpose(0, 3, 1, 2)


def named_padding(name: str, kernel_size: Any, stride: Any, dilation: Any) -> tuple[Any, Any]:
    """What "same" or "valid" stand for: the padding, and how many first rows and columns to drop.

    Where "same" needs an odd number of zeros, the one more goes behind the image, as in PyTorch:
    it is computed with one more on both sides, and without the first row or column.
    """
    if name not in ("same", "valid"):
        raise ValueError(f'padding: got {name!r}, expected "same", "valid", or numbers')
    if name == "valid":
        return (0, 0), (0, 0)
    if stride != (1, 1):
        raise RuntimeError(
            f'padding="same" with stride {stride}: expected a stride of 1, since the output '
            "cannot be as large as the input otherwise. Give the padding in numbers."
        )
    missing = [d * (k - 1) for d, k in zip(dilation, kernel_size, strict=True)]
    return tuple((m + 1) // 2 for m in missing), tuple(m % 2 for m in missing)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Slide the filters of `weight` over the images, without flipping them.

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        weight: (O, C / groups, KH, KW).
        bias: (O,), or None.
        stride, dilation: a number, or one for height and one for width.
        padding: likewise, or "same" for an output of the input's size, or "valid" for none.
        groups: each of so many groups of outputs looks at its own group of channels.
    Returns: (N, O, OH, OW), or (O, OH, OW).
    Raises: RuntimeError when sizes or dtypes do not fit, or not one window fits.

    >>> edges = Tensor([[[[-1.0, 1.0]]]])
    >>> conv2d(Tensor([[[[0.0, 0.0, 5.0, 5.0]]]]), edges)
    tensor([[[[0., 5., 0.]]]])
    """
    if input.ndim == 3:
        return conv2d(input.unsqueeze(0), weight, bias, stride, padding, dilation, groups)[0]
    stride, dilation = pair(stride, "stride"), pair(dilation, "dilation")
    drop_first = (0, 0)
    if isinstance(padding, str):
        padding, drop_first = named_padding(padding, weight.shape[2:], stride, dilation)
    options = {"stride": stride, "padding": pair(padding, "padding", 0), "dilation": dilation}
    tensors = (input, weight) if bias is None else (input, weight, bias)
    if groups == 1:
        out = apply("conv2d", *tensors, **options)
    else:
        out = apply("conv2d_grouped", *tensors, groups=groups, **options)
    return out[:, :, drop_first[0] :, drop_first[1] :] if any(drop_first) else out


# ----------------------------------------------------------------------- the gradients of it


def pixels(x: np.ndarray) -> np.ndarray:
    """A row for every pixel: (N, C, ...) -> (N ..., C), without a copy if channels are last.

    >>> pixels(np.array([[[1, 2, 3], [10, 20, 30]]])).tolist()
    [[1, 10], [2, 20], [3, 30]]
    """
    return np.moveaxis(x, 1, -1).reshape(math.prod(x.shape[:1] + x.shape[2:]), x.shape[1])


@vjp("conv2d(x, weight, bias)", wrt="bias")
def conv2d_dbias(g):
    """A bias is added at every pixel of every image: it gets the gradients of all of them."""
    rows = pixels(g)
    return np.ones(len(rows), g.dtype) @ rows  # a product sums columns faster than sum(0)


@vjp("conv2d(x, weight, bias)", wrt="weight")
def conv2d_dweight(g, x, weight_shape, stride, padding, dilation):
    """As for a linear layer: every window adds the outer product of its gradient and itself."""
    O, C, KH, KW = weight_shape
    view = windows(padded(x, padding), (KH, KW), stride, dilation)
    total = np.zeros((O, KH * KW * C), g.dtype)
    for part in chunks(view):
        total += pixels(g[part]).T @ columns(view[part])
    return np.ascontiguousarray(total.reshape(O, KH, KW, C).transpose(0, 3, 1, 2))


def cropped(x: np.ndarray, padding: tuple[int, int]) -> np.ndarray:
    """`x` without the border that `padded` gave it: a view."""
    (above, before), (H, W) = padding, x.shape[2:]
    return x[:, :, above : H - above, before : W - before]


def add_to_windows(view: np.ndarray, values: np.ndarray) -> None:
    """Add `values` into the array that `view` shows the windows of.

    Windows overlap, and `view += values` would keep one of the sums that meet in a place. For
    one offset within the window all places are different, so it is done offset by offset.

    Args:
        view: (N, C, OH, OW, KH, KW), from `windows`; its memory is written.
        values: of that shape.

    >>> x = np.zeros((1, 1, 1, 4))
    >>> add_to_windows(windows(x, (1, 2)), np.ones((1, 1, 1, 3, 1, 2)))
    >>> x
    array([[[[1., 2., 2., 1.]]]])
    """
    for i, j in np.ndindex(view.shape[4:]):
        view[..., i, j] += values[..., i, j]


@vjp("conv2d(x, weight, bias)", wrt="x")
def conv2d_dx(g, weight, x_shape, stride, padding, dilation):
    """Every window gets its gradient times the weight, and a pixel adds up those of its windows."""
    O, C, KH, KW = weight.shape
    OH, OW = g.shape[2:]
    grad = padded(np.zeros(x_shape, g.dtype), padding)
    view = windows(grad, (KH, KW), stride, dilation)
    matrix = weight.transpose(0, 2, 3, 1).reshape(O, -1)  # (O, KH KW C)
    for part in chunks(view):
        rows = (pixels(g[part]) @ matrix).reshape(-1, OH, OW, KH, KW, C)
        add_to_windows(view[part], rows.transpose(0, 5, 1, 2, 3, 4))
    return cropped(grad, padding)


# --------------------------------------------------------------------------------- the layer


def check_settings(
    who: str, channels: tuple[int, int], groups: int, padding: Any, stride: Any
) -> None:
    """Refuse groups that do not divide the channels in and out, and "same" with a stride."""
    if groups < 1 or any(n % groups for n in channels):
        raise ValueError(
            f"{who}: got {channels[0]} channels in, {channels[1]} out and groups={groups}, "
            "expected groups that divide both"
        )
    if isinstance(padding, str) and padding not in ("same", "valid"):
        raise ValueError(f'{who}: padding={padding!r}, expected "same", "valid", or numbers')
    if padding == "same" and any(n != 1 for n in stride):
        raise ValueError(
            f'{who}: padding="same" with stride {stride}, expected a stride of 1. Give the '
            "padding in numbers"
        )


class ConvNd(Module):
    """What convolutions of any number of dimensions share: settings, weight and bias.

    Args:
        in_channels, out_channels: of the images that come in and go out.
        kernel_size, stride, padding, dilation: a tuple each, or padding as a name.
        groups: divides both numbers of channels.
        bias: whether there is one.

    Weights and biases begin uniform within +-1 / sqrt(in_channels / groups * values of a kernel).
    """

    padding_modes: tuple[str, ...] = ("zeros",)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: Any,
        dilation: tuple[int, ...],
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        who, channels = type(self).__name__, (in_channels, out_channels)
        check_settings(who, channels, groups, padding, stride)
        if padding_mode not in self.padding_modes:
            raise ValueError(
                f"{who}: padding_mode={padding_mode!r}, expected one of "
                f"{', '.join(self.padding_modes)}"
            )
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation
        self.padding, self.padding_mode = padding, padding_mode
        shape = self.weight_shape()
        self.weight = Parameter(zeros(*shape, device=device, dtype=dtype))
        values = Parameter(zeros(out_channels, device=device, dtype=dtype)) if bias else None
        self.register_parameter("bias", values)
        self.reset_parameters()

    def extra_repr(self) -> str:
        """The settings that are not the default."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        text += f", stride={self.stride}"
        plain = {"padding": 0, "dilation": 1}
        for name, default in plain.items():
            value = getattr(self, name)
            if value != (default,) * len(self.kernel_size):
                text += f", {name}={value}"
        text += f", groups={self.groups}" if self.groups != 1 else ""
        text += ", bias=False" if self.bias is None else ""
        mode = f", padding_mode={self.padding_mode}"
        return text + (mode if self.padding_mode != "zeros" else "")

    def weight_shape(self) -> tuple[int, ...]:
        """(outputs, inputs of one group, *kernel_size)."""
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def reset_parameters(self) -> None:
        """Draw weights and biases anew."""
        kaiming_uniform_(self.weight, a=math.sqrt(5))  # the bound is then 1 / sqrt(fan_in)
        if self.bias is not None:
            fan_in, _ = fans(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in else 0
            uniform_(self.bias, -bound, bound)


class Conv2d(ConvNd):
    """Filters that slide over images; each gives one channel of the output.

    Args: as for `conv2d`; in_channels and out_channels are numbers of channels.

    >>> layer = Conv2d(3, 32, kernel_size=3, padding=1)
    >>> layer.weight.shape, layer(zeros(5, 3, 28, 28)).shape
    ((32, 3, 3, 3), (5, 32, 28, 28))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        kernel_size, stride = pair(kernel_size, "kernel_size"), pair(stride, "stride")
        dilation = pair(dilation, "dilation")
        padding = padding if isinstance(padding, str) else pair(padding, "padding", 0)
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, OH, OW)."""
        settings = self.stride, self.padding, self.dilation, self.groups
        return conv2d(input, self.weight, self.bias, *settings)


# --------------------------------------------------------------------------------- max-pooling


def lowest(dtype: np.dtype) -> Any:
    """A value that loses every comparison: minus infinity, or the smallest integer."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


@kernel("max_pool2d")
def max_pool2d_kernel(
    x: np.ndarray,
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
) -> np.ndarray:
    """The largest value of each window: the maximum of as many views as a window has values.

    >>> max_pool2d_kernel(np.array([[[[1, 2, 5, 0], [4, 3, 1, 1]]]]), (2, 2), (2, 2)).tolist()
    [[[[4, 5]]]]
    """
    if any(padding):
        x = padded(x, padding, lowest(x.dtype))
    view = windows(x, kernel_size, stride, dilation)
    out = view[..., 0, 0].copy(order="K")
    for i, j in np.ndindex(kernel_size):
        np.maximum(out, view[..., i, j], out=out)
    return out


@vjp("max_pool2d(x)", wrt="x")
def max_pool2d_dx(g, out, x, kernel_size, stride, padding, dilation):
    """The gradient of a window goes to its largest value; of equal ones, to the first."""
    x = padded(x, padding, lowest(x.dtype)) if any(padding) else x
    grad = np.zeros_like(x)
    seen = windows(x, kernel_size, stride, dilation)
    into = windows(grad, kernel_size, stride, dilation)
    left = np.empty_like(out)  # laid out in memory as `out` and `x` are
    left[...] = g
    for i, j in np.ndindex(kernel_size):
        part = left * (seen[..., i, j] == out)
        into[..., i, j] += part
        left -= part  # what was given away once is gone for the equals that follow
    return cropped(grad, padding)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """The largest value of each window of each channel.

    Args:
        input: (N, C, H, W), or (C, H, W).
        kernel_size, stride, padding, dilation: a number, or a pair; the stride is kernel_size
            unless given. What is padded never wins.
        ceil_mode: also windows that begin within the image and end outside of it.
    Returns: (N, C, OH, OW), or (C, OH, OW).
    Raises: RuntimeError when not one window fits, or a window could lie in the padding alone.

    >>> max_pool2d(Tensor([[[[1.0, 2.0], [4.0, 3.0]]]]), 2)
    tensor([[[[4.]]]])
    """
    if return_indices:
        raise NotImplementedError("max_pool2d: return_indices=True is not supported; only values")
    if input.ndim == 3:
        return max_pool2d(input.unsqueeze(0), kernel_size, stride, padding, dilation, ceil_mode)[0]
    if input.ndim != 4:
        raise RuntimeError(f"max_pool2d: got shape {input.shape}, expected (N, C, H, W)")
    kernel_size, padding = pair(kernel_size, "kernel_size"), pair(padding, "padding", 0)
    if any(2 * p > k for p, k in zip(padding, kernel_size, strict=True)):
        raise RuntimeError(
            f"max_pool2d: padding {padding} for windows of {kernel_size}, expected at most half "
            "of their size: a window in the padding alone would have no largest value."
        )
    return apply(
        "max_pool2d_ceil" if ceil_mode else "max_pool2d",
        input,
        kernel_size=kernel_size,
        stride=kernel_size if stride is None or stride == () else pair(stride, "stride"),
        padding=padding,
        dilation=pair(dilation, "dilation"),
    )


class MaxPool2d(Module):
    """The largest value of each window, as a layer.

    Args: as for `max_pool2d`.

    >>> MaxPool2d(2)(zeros(5, 8, 28, 28)).shape
    (5, 8, 14, 14)
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ):
        super().__init__()
        self.kernel_size, self.padding, self.dilation = kernel_size, padding, dilation
        self.stride = kernel_size if stride is None else stride
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, OH, OW)."""
        settings = self.kernel_size, self.stride, self.padding, self.dilation
        return max_pool2d(input, *settings, self.ceil_mode, self.return_indices)

    def extra_repr(self) -> str:
        """The settings."""
        names = "kernel_size", "stride", "padding", "dilation", "ceil_mode"
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)


# ---------------------------------------------------------------------------------- batch norm


def unpixels(rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The way back from `pixels`: (N ..., C) -> (N, C, ...), a view with channels last."""
    N, C, *sides = shape
    return np.moveaxis(rows.reshape(N, *sides, C), -1, 1)


@kernel("moments")
def moments_kernel(x: np.ndarray) -> np.ndarray:
    """Mean and variance of every channel, over all images and pixels.

    Args:
        x: (N, C, ...).
    Returns: (2, C): the means; the variances about them, as the mean of the squares (biased).

    >>> moments_kernel(np.array([[1.0, 10.0], [3.0, 10.0]]))
    array([[ 2., 10.],
           [ 1.,  0.]])
    """
    rows = pixels(x)
    share = np.full(len(rows), 1 / len(rows), x.dtype)
    mean = share @ rows  # a product sums columns in less time than rows.mean(0)
    off = rows - mean
    off *= off
    return np.stack([mean, share @ off])


def standardized(x: np.ndarray, mean: np.ndarray, var: np.ndarray, eps: float) -> np.ndarray:
    """Mean 0 and variance 1 in every channel, a row for every pixel: (N, C, ...) -> (N ..., C).

    >>> standardized(np.array([[1.0], [5.0]]), np.array([3.0]), np.array([4.0]), 0.0)
    array([[-1.],
           [ 1.]])
    """
    rows = pixels(x) - mean
    rows *= 1 / np.sqrt(var + x.dtype.type(eps))
    return rows


@kernel("batch_norm")
def batch_norm_kernel(
    x: np.ndarray,
    mean: np.ndarray,
    var: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    eps: float,
    training: bool,
) -> np.ndarray:
    """(x - mean) / sqrt(var + eps) * weight + bias, channel by channel.

    Args:
        x: (N, C, ...).
        mean, var, weight, bias: (C,) each.
        training: whether mean and var are those of x; nothing but the gradient asks for it.
    Returns: as x, with channels last in memory.
    """
    rows = standardized(x, mean, var, eps)
    rows *= weight
    rows += bias
    return unpixels(rows, x.shape)


def check_batch_norm(input: Tensor, running_mean: Tensor | None, training: bool) -> None:
    """Refuse whole numbers, one value per channel in training, and evaluation without a record."""
    expect_floating("batch_norm", input)
    if input.ndim < 2:
        raise RuntimeError(f"batch_norm: got shape {input.shape}, expected (N, C, ...)")
    if training and input.numel() <= input.shape[1]:
        raise ValueError(
            f"batch_norm: got shape {input.shape}, so one value per channel, expected more while "
            "training: its variance is 0, and nothing would be left of it. Take a larger batch "
            "(drop_last=True drops a last one of one), or call model.eval() first."
        )
    if not training and running_mean is None:
        raise RuntimeError(
            "batch_norm: training=False needs running_mean and running_var, got None"
        )


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Shift and scale every channel to mean 0 and variance 1, then by weight and bias.

    Args:
        input: (N, C, ...).
        running_mean, running_var: (C,), what evaluation uses. Training moves them, in place, by
            the share `momentum` towards the mean and the unbiased variance of the batch; None
            keeps no such record.
        weight, bias: (C,), or None for ones and zeros.
        training: use mean and biased variance of this batch.
        eps: added to the variance, so that a constant channel does not divide by zero.
    Returns: as input.
    Raises: ValueError in training with one value per channel, whose variance would be 0.
    Source: Ioffe and Szegedy, "Batch Normalization", 2015.

    >>> batch_norm(Tensor([[1.0], [3.0]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    check_batch_norm(input, running_mean, training)
    channels = input.shape[1]
    weight = ones(channels, dtype=input.dtype) if weight is None else weight
    bias = zeros(channels, dtype=input.dtype) if bias is None else bias
    mean: Any = running_mean
    var: Any = running_var
    if training:
        mean, var = apply("moments", input.detach())
        if running_mean is not None and running_var is not None:
            count = input.numel() // channels
            unbiased = var * (count / (count - 1))
            overwrite(running_mean, running_mean * (1 - momentum) + mean * momentum)
            overwrite(running_var, running_var * (1 - momentum) + unbiased * momentum)
    return apply("batch_norm", input, mean, var, weight, bias, eps=eps, training=training)


@vjp("batch_norm(x, mean, var, weight, bias)", wrt="bias")
def batch_norm_dbias(g):
    """The bias of a channel is added to all its values: it gets the gradients of all."""
    rows = pixels(g)
    return np.ones(len(rows), g.dtype) @ rows


@vjp("batch_norm(x, mean, var, weight, bias)", wrt="weight")
def batch_norm_dweight(g, x, mean, var, eps):
    """The weight multiplies the standardized values."""
    return np.einsum("nc,nc->c", pixels(g), standardized(x, mean, var, eps))


@vjp("batch_norm(x, mean, var, weight, bias)", wrt="x")
def batch_norm_dx(g, x, mean, var, weight, eps, training):
    """scale * (g - mean(g) - z * mean(g * z)), where z is what the weight multiplied.

    In training x also moves its own mean and variance. What would only shift or stretch the whole
    channel is undone by them, so it is taken out of the gradient. In evaluation they stand still.
    """
    rows = pixels(g)
    scale = weight / np.sqrt(var + x.dtype.type(eps))
    if not training:
        return unpixels(rows * scale, x.shape)
    share = np.full(len(rows), 1 / len(rows), g.dtype)
    out = standardized(x, mean, var, eps)
    out *= np.einsum("nc,nc->c", rows, out) * -share[0]
    out += rows
    out -= share @ rows
    out *= scale
    return unpixels(out, x.shape)


class BatchNorm(Module):
    """Batch norm of inputs of any number of dimensions.

    Args:
        num_features: the number of channels.
        eps: added to the variance.
        momentum: the share of the new batch in the running statistics; None takes the plain mean
            of all batches.
        affine: whether there are a weight and, unless `bias` is False, a bias to learn.
        track_running_stats: whether there are running statistics; without, evaluation uses the
            batch as well.
    """

    dims: tuple[int, ...] = ()  # which numbers of dimensions an input may have; () for any

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        nought = zeros(num_features, device=device, dtype=dtype)
        one = ones(num_features, device=device, dtype=dtype)
        self.register_parameter("weight", Parameter(one.clone()) if affine else None)
        self.register_parameter("bias", Parameter(nought.clone()) if affine and bias else None)
        self.register_buffer("running_mean", nought if track_running_stats else None)
        self.register_buffer("running_var", one if track_running_stats else None)
        count = Tensor(np.array(0)) if track_running_stats else None
        self.register_buffer("num_batches_tracked", count)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) -> the same shape."""
        self.check_input(input)
        share = self.momentum
        if self.training and self.running_mean is not None:
            self.num_batches_tracked += 1
            share = 1 / int(self.num_batches_tracked) if share is None else share
        training = self.training or self.running_mean is None
        settings = self.weight, self.bias, training, share or 0.0, self.eps
        return batch_norm(input, self.running_mean, self.running_var, *settings)

    def check_input(self, input: Tensor) -> None:
        """Refuse another number of dimensions or of channels."""
        who = type(self).__name__
        if self.dims and input.ndim not in self.dims:
            wanted = " or ".join(map(str, self.dims))
            raise ValueError(f"{who}: got shape {input.shape}, expected {wanted} dimensions")
        if input.shape[1] != self.num_features:
            raise RuntimeError(
                f"{who}: got shape {input.shape}, expected {self.num_features} channels, in the "
                "second dimension. Check num_features"
            )

    def extra_repr(self) -> str:
        """The settings."""
        names = "eps", "momentum", "affine", "track_running_stats"
        settings = ", ".join(f"{name}={getattr(self, name)}" for name in names)
        return f"{self.num_features}, {settings}"


class BatchNorm2d(BatchNorm):
    """Batch norm of images: (N, C, H, W).

    >>> layer = BatchNorm2d(3)
    >>> layer(zeros(8, 3, 4, 4)).shape
    (8, 3, 4, 4)
    """

    dims = (4,)
