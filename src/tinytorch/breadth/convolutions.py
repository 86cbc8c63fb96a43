"""More convolutions, built on module 09: groups, one dimension, borders, and the way back up.

Everything here is a way to call the operation `conv2d` and its gradient rules. A signal is an image
of one row. A group is a convolution of its own. And a transposed convolution is what `conv2d` does
backwards: its forward is the gradient rule of the input, and its own gradients are a forward
convolution and the gradient rule of the weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinytorch.breadth.preparation import pad
from tinytorch.core import convolutions
from tinytorch.core.autograd import vjp
from tinytorch.core.convolutions import (
    ConvNd,
    add_to_windows,
    check_conv2d,
    conv2d,
    cropped,
    named_padding,
    output_size,
    padded,
    pair,
    pixels,
    windows,
)
from tinytorch.core.layers import FunctionModule
from tinytorch.core.tensor import KERNELS, Tensor, apply, kernel

__all__ = [
    "Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d", "Fold", "Unfold", "conv1d",
    "conv_transpose1d", "conv_transpose2d", "fold", "single", "unfold",
]  # fmt: skip

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


# ------------------------------------------------------------------------------------- groups


def each_group(groups: int, *arrays: tuple[np.ndarray, int]) -> list[list[np.ndarray]]:
    """For every group its share of each array, along the dimension that stands beside the array."""
    return [list(parts) for parts in zip(*(np.split(a, groups, d) for a, d in arrays), strict=True)]


def by_channels(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The channels of several images, one after the other, with channels last in memory."""
    return np.concatenate([p.transpose(0, 2, 3, 1) for p in parts], 3).transpose(0, 3, 1, 2)


def is_depthwise(weight_shape: tuple[int, ...], groups: int) -> bool:
    """Whether every channel has one filter, and each output one channel."""
    return weight_shape[0] == groups and weight_shape[1] == 1


@kernel("conv2d_grouped")
def conv2d_grouped_kernel(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    groups: int,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
) -> np.ndarray:
    """A convolution for each group of channels.

    Args:
        x: (N, C, H, W).
        weight: (O, C / groups, KH, KW); O / groups filters for each group.
    Returns: (N, O, OH, OW).
    """
    if groups < 1 or len(weight) % groups:
        raise ValueError(
            f"got groups={groups} for a weight of shape {weight.shape}, expected groups that "
            f"divide its {len(weight)} outputs"
        )
    check_conv2d(x, weight, bias, groups)
    if is_depthwise(weight.shape, groups):
        view = windows(padded(x, padding), weight.shape[2:], stride, dilation)
        out = sum_of_offsets(view, weight[:, 0])
    else:
        settings = stride, padding, dilation
        shares = each_group(groups, (x, 1), (weight, 0))
        out = by_channels([KERNELS["conv2d"](*share, None, *settings) for share in shares])
    if bias is not None:
        out += bias[:, None, None]
    return out


def sum_of_offsets(view: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """One filter for each channel: (N, C, OH, OW, KH, KW) and (C, KH, KW) -> (N, C, OH, OW).

    A matrix product has nothing to do here; a product and a sum for each offset in the window do.
    """
    out = np.zeros_like(view[..., 0, 0])
    part = np.empty_like(out)  # one array for all products: fresh memory costs more than they do
    for i, j in np.ndindex(filters.shape[1:]):
        np.multiply(view[..., i, j], filters[:, i, j, None, None], out=part)
        out += part
    return out


@vjp("conv2d_grouped(x, weight, bias)", wrt="x")
def conv2d_grouped_dx(g, weight, x_shape, groups, stride, padding, dilation):
    if is_depthwise(weight.shape, groups):
        grad = padded(np.zeros(x_shape, g.dtype), padding)
        into = windows(grad, weight.shape[2:], stride, dilation)
        g = padded(g, (0, 0))  # channels last in memory, as `into` is
        part = np.empty_like(g)
        for i, j in np.ndindex(weight.shape[2:]):
            into[..., i, j] += np.multiply(g, weight[:, 0, i, j, None, None], out=part)
        return cropped(grad, padding)
    N, C, H, W = x_shape
    rule, shape = KERNELS["conv2d.vjp0"], (N, C // groups, H, W)
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    shares = each_group(groups, (g, 1), (weight, 0))
    return by_channels([rule(*share, x_shape=shape, **settings) for share in shares])


@vjp("conv2d_grouped(x, weight, bias)", wrt="weight")
def conv2d_grouped_dweight(g, x, weight_shape, groups, stride, padding, dilation):
    O, C, KH, KW = weight_shape
    if is_depthwise(weight_shape, groups):
        view, rows = windows(padded(x, padding), (KH, KW), stride, dilation), pixels(g)
        grad = np.empty(weight_shape, g.dtype)
        for i, j in np.ndindex(KH, KW):
            grad[:, 0, i, j] = np.einsum("nc,nc->c", rows, pixels(view[..., i, j]))
        return grad
    rule, shape = KERNELS["conv2d.vjp1"], (O // groups, C, KH, KW)
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    shares = each_group(groups, (g, 1), (x, 1))
    return np.concatenate([rule(*share, weight_shape=shape, **settings) for share in shares])


@vjp("conv2d_grouped(x, weight, bias)", wrt="bias")
def conv2d_grouped_dbias(g):
    rows = pixels(g)
    return np.ones(len(rows), g.dtype) @ rows


# --------------------------------------------------------------------------------- one dimension


def single(value: Any, name: str, least: int = 1) -> tuple[int]:
    """A setting for one dimension: a number, or a tuple of one.

    >>> single(3, "kernel_size"), single((2,), "stride")
    ((3,), (2,))
    """
    if isinstance(value, (tuple, list)) and len(value) != 1:
        raise TypeError(f"{name}: got {value!r}, expected a whole number: there is one dimension")
    return pair(value, name, least)[:1]


def as_row(name: str, input: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Signals (N, C, L) as images of one row, (N, C, 1, L), and their filters likewise."""
    if input.ndim != 3 or weight.ndim != 3:
        raise RuntimeError(
            f"{name}: the input has shape {input.shape} and the weight {weight.shape}, expected "
            "(N, C, L), or (C, L), and a weight of three dimensions"
        )
    return input.unsqueeze(-2), weight.unsqueeze(-2)


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Slide filters along signals, without flipping them.

    Args:
        input: (N, C, L), or (C, L) for one signal.
        weight: (O, C / groups, K).
        bias: (O,), or None.
        stride, dilation: a number.
        padding: a number, or "same" for an output as long as the input, or "valid" for none.
        groups: each of so many groups of outputs looks at its own group of channels.
    Returns: (N, O, OL), or (O, OL).
    Raises: RuntimeError when sizes or dtypes do not fit, or not one window fits.

    >>> conv1d(Tensor([[0.0, 0.0, 5.0, 5.0]]), Tensor([[[-1.0, 1.0]]]))
    tensor([[0., 5., 0.]])
    """
    if input.ndim == 2:
        return conv1d(input.unsqueeze(0), weight, bias, stride, padding, dilation, groups)[0]
    x, filters = as_row("conv1d", input, weight)
    if not isinstance(padding, str):
        padding = (0, *single(padding, "padding", 0))
    stride, dilation = (1, *single(stride, "stride")), (1, *single(dilation, "dilation"))
    return conv2d(x, filters, bias, stride, padding, dilation, groups).squeeze(-2)


# ------------------------------------------------------------------------------------- borders


class Bordered(ConvNd):
    """A convolution whose input may get another border than zeros."""

    padding_modes = PADDING_MODES
    convolve: Callable = staticmethod(conv2d)

    def forward(self, input: Tensor) -> Tensor:
        """(N, in_channels, ...) -> (N, out_channels, ...)."""
        padding = self.padding
        if self.padding_mode != "zeros":
            input = pad(input, self.border(), self.padding_mode)
            padding = 0
        settings = self.stride, padding, self.dilation, self.groups
        return self.convolve(input, self.weight, self.bias, *settings)

    def border(self) -> list[int]:
        """How much before and after each dimension, from the last one on, as `pad` takes it."""
        if self.padding == "valid":
            return [0] * 2 * len(self.kernel_size)
        if self.padding == "same":
            missing = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return [n for m in reversed(missing) for n in (m // 2, m - m // 2)]
        return [n for n in reversed(self.padding) for _ in range(2)]


class Conv1d(Bordered):
    """Filters that slide along signals; each gives one channel of the output.

    Args: as for `conv1d`; padding_mode is "zeros", "reflect", "replicate" or "circular".

    >>> from tinytorch.core.tensor import zeros
    >>> layer = Conv1d(3, 8, kernel_size=5, padding="same")
    >>> layer.weight.shape, layer(zeros(2, 3, 100)).shape
    ((8, 3, 5), (2, 8, 100))
    """

    convolve = staticmethod(conv1d)

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
        kernel_size = single(kernel_size, "kernel_size")
        stride, dilation = single(stride, "stride"), single(dilation, "dilation")
        if not isinstance(padding, str):
            padding = single(padding, "padding", 0)
        elif padding == "same" and stride != (1,):
            raise ValueError(f'Conv1d: padding="same" with stride {stride}, expected a stride of 1')
        else:
            named_padding(padding, kernel_size, (1, 1), dilation)
        settings = stride, padding, dilation, groups, bias, padding_mode, device, dtype
        super().__init__(in_channels, out_channels, kernel_size, *settings)


class Conv2d(Bordered, convolutions.Conv2d):
    """Filters that slide over images, as in `core/convolutions.py`, with any border.

    Args: as for `conv2d`; padding_mode is "zeros", "reflect", "replicate" or "circular".

    >>> from tinytorch.core.tensor import zeros
    >>> Conv2d(3, 8, 3, padding=1, padding_mode="reflect")(zeros(5, 3, 28, 28)).shape
    (5, 8, 28, 28)
    """


# ---------------------------------------------------------------------------- the way back up


@kernel("conv_transpose2d")
def conv_transpose2d_kernel(
    x: np.ndarray,
    weight: np.ndarray,
    *,
    size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
) -> np.ndarray:
    """What `conv2d` with this weight would pass back to its input.

    Args:
        x: (N, C, H, W), in the place of the gradient of `conv2d`'s output.
        weight: (C, O / groups, KH, KW).
        size: height and width of the result.
    Returns: (N, O, *size).
    """
    if groups < 1 or x.shape[1] != len(weight) or len(weight) % groups:
        raise ValueError(
            f"the input has shape {x.shape}, expected {len(weight)} channels, because the weight "
            f"{weight.shape} is (inputs, outputs / groups, height, width), and groups={groups} "
            "that divide them"
        )
    if x.dtype != weight.dtype:
        raise ValueError(
            f"expected one dtype, got an input of {x.dtype} and a weight of {weight.dtype}. "
            "Convert the input with x.float(), or the layer with layer.to(dtype)"
        )
    shape = (len(x), weight.shape[1] * groups, *size)
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    x = for_all_windows(x, size, weight.shape[2:], **settings)
    if groups == 1:
        return KERNELS["conv2d.vjp0"](x, weight, x_shape=shape, **settings)
    return conv2d_grouped_dx(x, weight, shape, groups, stride, padding, dilation)


def for_all_windows(x, size, kernel_size, stride, padding, dilation):
    """`x` with zeros behind it, one value for every window of an image of `size`.

    There are more windows than values where output_padding is as large as the stride, which a
    dilation allows.
    """
    each = zip(size, kernel_size, stride, padding, dilation, strict=True)
    missing = [output_size(*sizes) - n for sizes, n in zip(each, x.shape[2:], strict=True)]
    return np.pad(x, [(0, 0), (0, 0), *((0, n) for n in missing)]) if any(missing) else x


@vjp("conv_transpose2d(x, weight)", wrt="x")
def conv_transpose2d_dx(g, weight, x_shape, stride, padding, dilation, groups):
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    if groups == 1:
        grad = KERNELS["conv2d"](g, weight, None, **settings)
    else:
        grad = conv2d_grouped_kernel(g, weight, None, groups=groups, **settings)
    return grad[:, :, : x_shape[2], : x_shape[3]]


@vjp("conv_transpose2d(x, weight)", wrt="weight")
def conv_transpose2d_dweight(g, x, weight_shape, stride, padding, dilation, groups):
    settings = stride, padding, dilation
    x = for_all_windows(x, g.shape[2:], weight_shape[2:], *settings)
    if groups == 1:
        return KERNELS["conv2d.vjp1"](x, g, weight_shape, *settings)
    return conv2d_grouped_dweight(x, g, weight_shape, groups, *settings)


def transposed_size(
    size: int, kernel_size: int, stride: int, padding: int, output_padding: int, dilation: int
) -> int:
    """The size of which a convolution makes `size`; there are `stride` of them, this is the least.

    Args:
        output_padding: how much more than the least.

    >>> transposed_size(3, 2, 2, 0, 0, 1), transposed_size(3, 2, 2, 0, 1, 1)
    (6, 7)
    """
    if not 0 <= output_padding < max(stride, dilation):
        raise ValueError(
            f"got output_padding={output_padding}, expected less than the stride {stride} or the "
            f"dilation {dilation}"
        )
    result = (size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1
    if result < 1:
        raise ValueError(
            f"{size} values with padding {padding} come to a size of {result}, expected at least "
            "1. Take less padding"
        )
    return result


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """A convolution the other way: every value puts a filter, times itself, into the result.

    Where `conv2d` with a stride makes images smaller, this makes them larger.

    Args:
        input: (N, C, H, W), or (C, H, W).
        weight: (C, O / groups, KH, KW).
        bias: (O,), or None.
        stride, dilation: a number or a pair: of the convolution that this one goes back.
        padding: what that convolution added, and is cut off here.
        output_padding: how many rows and columns more, since sizes are rounded in `conv2d`.
    Returns: (N, O, OH, OW), or (O, OH, OW).
    Raises: RuntimeError when sizes or dtypes do not fit.
    Source: Zeiler, Krishnan, Taylor and Fergus, "Deconvolutional Networks", 2010.

    >>> conv_transpose2d(Tensor([[[1.0, 2.0]]]), Tensor([[[[1.0, 10.0]]]]), stride=(1, 2))
    tensor([[[ 1., 10.,  2., 20.]]])
    """
    if input.ndim == 3:
        settings = stride, padding, output_padding, groups, dilation
        return conv_transpose2d(input.unsqueeze(0), weight, bias, *settings)[0]
    if input.ndim != 4 or weight.ndim != 4:
        raise RuntimeError(
            f"conv_transpose2d: the input has shape {input.shape} and the weight {weight.shape}, "
            "expected (N, C, H, W) and (C, outputs, height, width)"
        )
    strides, dilations = pair(stride, "stride"), pair(dilation, "dilation")
    pads, more = pair(padding, "padding", 0), pair(output_padding, "output_padding", 0)
    try:
        size = tuple(
            transposed_size(*sizes)
            for sizes in zip(
                input.shape[2:], weight.shape[2:], strides, pads, more, dilations, strict=True
            )
        )
    except ValueError as error:
        raise RuntimeError(f"conv_transpose2d: {error}.") from error
    options = {"stride": strides, "padding": pads, "dilation": dilations, "groups": groups}
    out = apply("conv_transpose2d", input, weight, size=size, **options)
    if bias is None:
        return out
    if bias.shape != out.shape[1:2]:
        raise RuntimeError(
            f"conv_transpose2d: the bias has shape {bias.shape}, expected {out.shape[1:2]}"
        )
    return out + bias.reshape(-1, 1, 1)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """As `conv_transpose2d`, for signals.

    Args:
        input: (N, C, L), or (C, L).
        weight: (C, O / groups, K).
    Returns: (N, O, OL), or (O, OL).

    >>> conv_transpose1d(Tensor([[1.0, 2.0]]), Tensor([[[1.0, 10.0]]]), stride=2)
    tensor([[ 1., 10.,  2., 20.]])
    """
    if input.ndim == 2:
        settings = stride, padding, output_padding, groups, dilation
        return conv_transpose1d(input.unsqueeze(0), weight, bias, *settings)[0]
    x, filters = as_row("conv_transpose1d", input, weight)
    return conv_transpose2d(
        x,
        filters,
        bias,
        (1, *single(stride, "stride")),
        (0, *single(padding, "padding", 0)),
        (0, *single(output_padding, "output_padding", 0)),
        groups,
        (1, *single(dilation, "dilation")),
    ).squeeze(-2)


class Transposed(ConvNd):
    """What transposed convolutions share."""

    convolve: Callable
    expand: Callable  # a setting as a tuple

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(
            in_channels,
            out_channels,
            self.expand(kernel_size, "kernel_size"),
            self.expand(stride, "stride"),
            self.expand(padding, "padding", 0),
            self.expand(dilation, "dilation"),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )
        self.output_padding = self.expand(output_padding, "output_padding", 0)

    def weight_shape(self) -> tuple[int, ...]:
        """(inputs, outputs of one group, *kernel_size)."""
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """(N, in_channels, ...) -> (N, out_channels, ...).

        Args:
            output_size: the size that is wanted, in the place of output_padding.
        Raises: ValueError when it is not among the possible ones.
        """
        more = self.output_padding if output_size is None else self.missing(input, output_size)
        settings = self.stride, self.padding, more, self.groups, self.dilation
        return self.convolve(input, self.weight, self.bias, *settings)

    def missing(self, input: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        """By how much each wanted size is more than the least one."""
        n = len(self.kernel_size)
        wanted = tuple(output_size)[-n:]
        settings = self.kernel_size, self.stride, self.padding, (0,) * n, self.dilation
        each = zip(input.shape[-n:], *settings, strict=True)
        least = tuple(transposed_size(*sizes) for sizes in each)
        more = tuple(a - b for a, b in zip(wanted, least, strict=True))
        if any(m < 0 or m >= s for m, s in zip(more, self.stride, strict=True)):
            most = tuple(a + s - 1 for a, s in zip(least, self.stride, strict=True))
            raise ValueError(
                f"{type(self).__name__}: got output_size={wanted}, expected one from {least} to "
                f"{most} for an input of shape {input.shape}"
            )
        return more

    def extra_repr(self) -> str:
        """The settings that are not the default."""
        text = super().extra_repr()
        if not any(self.output_padding):
            return text
        ends = [text.index(part) for part in (", groups", ", bias") if part in text]
        end = min(ends, default=len(text))
        return f"{text[:end]}, output_padding={self.output_padding}{text[end:]}"


class ConvTranspose1d(Transposed):
    """`conv_transpose1d` as a layer: signals become longer.

    >>> from tinytorch.core.tensor import zeros
    >>> ConvTranspose1d(8, 3, kernel_size=4, stride=2, padding=1)(zeros(2, 8, 50)).shape
    (2, 3, 100)
    """

    convolve, expand = staticmethod(conv_transpose1d), staticmethod(single)


class ConvTranspose2d(Transposed):
    """`conv_transpose2d` as a layer: images become larger.

    >>> from tinytorch.core.tensor import zeros
    >>> ConvTranspose2d(8, 3, kernel_size=4, stride=2, padding=1)(zeros(2, 8, 14, 14)).shape
    (2, 3, 28, 28)
    """

    convolve, expand = staticmethod(conv_transpose2d), staticmethod(pair)


# ------------------------------------------------------------------------- windows as columns


@kernel("unfold_windows")
def unfold_kernel(x, kernel_size, stride, padding, dilation):
    """Every window as a column: (N, C, H, W) -> (N, C KH KW, OH OW)."""
    view = windows(padded(x, padding), kernel_size, stride, dilation)
    N, C, OH, OW, KH, KW = view.shape
    return view.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * KH * KW, OH * OW)


@kernel("fold_windows")
def fold_kernel(x, size, kernel_size, stride, padding, dilation):
    """Every column added into its window: (N, C KH KW, OH OW) -> (N, C, *size)."""
    KH, KW = kernel_size
    C = x.shape[1] // (KH * KW)
    out = padded(np.zeros((len(x), C, *size), x.dtype), padding)
    view = windows(out, kernel_size, stride, dilation)
    OH, OW = view.shape[2:4]
    values = x.reshape(len(x), C, KH, KW, OH, OW).transpose(0, 1, 4, 5, 2, 3)
    add_to_windows(view, values)
    return cropped(out, padding)


@vjp("unfold_windows(x)", wrt="x")
def unfold_dx(g, x_shape, kernel_size, stride, padding, dilation):
    return fold_kernel(g, x_shape[2:], kernel_size, stride, padding, dilation)


@vjp("fold_windows(x)", wrt="x")
def fold_dx(g, kernel_size, stride, padding, dilation):
    return unfold_kernel(g, kernel_size, stride, padding, dilation)


def window_settings(kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> dict:
    """The options of `unfold` and `fold`, as pairs."""
    return {
        "kernel_size": pair(kernel_size, "kernel_size"),
        "dilation": pair(dilation, "dilation"),
        "padding": pair(padding, "padding", 0),
        "stride": pair(stride, "stride"),
    }


def unfold(
    input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Every window of the images as a column.

    Args:
        input: (N, C, H, W), or (C, H, W).
    Returns: (N, C * KH * KW, number of windows), or without N.
    Raises: RuntimeError when not one window fits.

    >>> unfold(Tensor([[[1.0, 2.0, 3.0]]]), (1, 2))
    tensor([[1., 2.],
            [2., 3.]])
    """
    settings = window_settings(kernel_size, dilation, padding, stride)
    if input.ndim == 3:
        return apply("unfold_windows", input.unsqueeze(0), **settings)[0]
    if input.ndim != 4:
        raise RuntimeError(
            f"unfold: the input has shape {input.shape}, expected (N, C, H, W) or (C, H, W)"
        )
    return apply("unfold_windows", input, **settings)


def fold(
    input: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """Columns added into the windows of an image: what overlaps is summed, as in a gradient.

    Args:
        input: (N, C * KH * KW, number of windows), or without N.
        output_size: height and width of the images.
    Returns: (N, C, *output_size), or without N.
    Raises: RuntimeError when the sizes do not fit.

    >>> fold(Tensor([[1.0, 2.0], [2.0, 3.0]]), (1, 3), (1, 2))
    tensor([[[1., 4., 3.]]])
    """
    if input.ndim == 2:
        settings = output_size, kernel_size, dilation, padding, stride
        return fold(input.unsqueeze(0), *settings)[0]
    options = window_settings(kernel_size, dilation, padding, stride)
    size = pair(output_size, "output_size")
    names = "kernel_size", "stride", "padding", "dilation"
    each = zip(size, *(options[name] for name in names), strict=True)
    down, right = (output_size_or_zero(*sizes) for sizes in each)
    area = options["kernel_size"][0] * options["kernel_size"][1]
    if input.ndim != 3 or input.shape[1] % area or input.shape[2] != down * right:
        raise RuntimeError(
            f"fold: the input has shape {input.shape}, expected (N, a multiple of {area}, "
            f"{down * right}), because {size} has {down} by {right} windows of "
            f"{options['kernel_size']}"
        )
    return apply("fold_windows", input, size=size, **options)


def output_size_or_zero(*sizes: int) -> int:
    """`output_size`, and 0 where not one window fits."""
    try:
        return output_size(*sizes)
    except ValueError:
        return 0


class Unfold(FunctionModule):
    """`unfold` as a module."""

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1):
        settings = {"kernel_size": kernel_size, "dilation": dilation}
        super().__init__(unfold, **settings, padding=padding, stride=stride)


class Fold(FunctionModule):
    """`fold` as a module."""

    def __init__(
        self,
        output_size: Any,
        kernel_size: Any,
        dilation: Any = 1,
        padding: Any = 0,
        stride: Any = 1,
    ):
        settings = {"output_size": output_size, "kernel_size": kernel_size, "dilation": dilation}
        super().__init__(fold, **settings, padding=padding, stride=stride)
