"""Images made larger or smaller with nothing to learn: repeated, or channels made into pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch.breadth.indexing import index_select
from tinytorch.breadth.views import expand
from tinytorch.core.activations import expect_floating
from tinytorch.core.layers import FunctionModule
from tinytorch.core.tensor import Tensor

__all__ = [
    "PixelShuffle", "PixelUnshuffle", "Upsample", "interpolate", "pixel_shuffle", "pixel_unshuffle",
]  # fmt: skip

MODES = ("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area")


def nearest(size: int, number: int, scale: float | None) -> np.ndarray:
    """For each of `number` places of the result, the place of the input it shows.

    Args:
        scale: the factor that was asked for; None takes number / size.

    >>> nearest(2, 5, None), nearest(4, 2, None)
    (array([0, 0, 0, 1, 1]), array([0, 2]))
    """
    step = np.float32(size / number if scale is None else 1 / scale)  # PyTorch's precision
    place = np.floor(np.arange(number, dtype=np.float32) * step).astype(np.int64)
    return np.minimum(place, size - 1)


def targets(
    input: Tensor, size: Any, scale_factor: Any, recompute_scale_factor: bool | None
) -> list[tuple[int, float | None]]:
    """For each side the size of the result, and the factor by which it was asked for, if it was."""
    sides = input.shape[2:]
    if (size is None) == (scale_factor is None):
        both = "neither" if size is None else "both"
        raise ValueError(f"interpolate: got {both} of size and scale_factor, expected one of them")
    given = scale_factor if size is None else size
    each = tuple(given) if isinstance(given, (tuple, list)) else (given,) * len(sides)
    if len(each) != len(sides):
        raise ValueError(
            f"interpolate: got {given} for an input of shape {input.shape}, expected a number, or "
            f"{len(sides)} of them, one for each dimension after (N, C, ...)"
        )
    if size is not None:
        return [(int(n), None) for n in each]
    kept = not recompute_scale_factor
    return [
        (math.floor(n * float(f)), float(f) if kept else None)
        for n, f in zip(sides, each, strict=True)
    ]


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Images in another size: every place of the result shows the nearest place of the input.

    Args:
        input: (N, C, L) or (N, C, H, W).
        size: of the result, a number or one for each side; or
        scale_factor: likewise, by how much larger.
        mode: "nearest"; the others of PyTorch are refused.
        recompute_scale_factor: compute the factors anew from the sizes, which are whole numbers.
    Returns: (N, C, *size).
    Raises: ValueError for sizes that are not clear; NotImplementedError for another mode.

    >>> interpolate(Tensor([[[1.0, 2.0]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    if input.ndim not in (3, 4) or mode not in MODES:
        raise NotImplementedError(
            f"interpolate: got shape {input.shape} and mode={mode!r}, expected (N, C, ...) with "
            'one or two sides, and mode="nearest"'
        )
    if mode != "nearest":
        raise NotImplementedError(
            f'interpolate: mode={mode!r} is not supported, expected "nearest". Follow it with a '
            "convolution where edges are too hard."
        )
    if align_corners is not None or antialias:
        raise ValueError(
            f"interpolate: got align_corners={align_corners} and antialias={antialias}, expected "
            'neither with mode="nearest"'
        )
    expect_floating("interpolate", input)
    wanted = targets(input, size, scale_factor, recompute_scale_factor)
    if min(input.shape[1:]) < 1 or min(n for n, _ in wanted) < 1:
        raise RuntimeError(
            f"interpolate: an input of shape {input.shape} would get the sizes "
            f"{tuple(n for n, _ in wanted)}, expected at least 1 each"
        )
    for dim, (number, scale) in enumerate(wanted, 2):
        input = resized(input, dim, number, scale)
    return input


def resized(input: Tensor, dim: int, number: int, scale: float | None) -> Tensor:
    """One side in another size."""
    before, n, after = input.shape[:dim], input.shape[dim], input.shape[dim + 1 :]
    place = nearest(n, number, scale)
    if number % n == 0 and (place == np.arange(number) // (number // n)).all():
        times = number // n  # repeated: its gradient is a sum, which takes a tenth of the time
        stretched = expand(input.unsqueeze(dim + 1), *before, n, times, *after)
        return stretched.reshape(*before, number, *after)
    return index_select(input, dim, Tensor(place))


class Upsample(FunctionModule):
    """`interpolate` as a layer.

    >>> from tinytorch.core.tensor import zeros
    >>> Upsample(scale_factor=2)(zeros(1, 3, 8, 8)).shape
    (1, 3, 16, 16)
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ):
        if isinstance(scale_factor, (tuple, list)):
            scale_factor = tuple(float(factor) for factor in scale_factor)
        super().__init__(
            interpolate,
            size=size,
            scale_factor=float(scale_factor) if isinstance(scale_factor, int) else scale_factor,
            mode=mode,
            align_corners=align_corners,
            recompute_scale_factor=recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        """The size or the factor, and the mode."""
        name = "size" if self.scale_factor is None else "scale_factor"
        return f"{name}={getattr(self, name)}, mode={self.mode!r}"


# ------------------------------------------------------------------------ channels and pixels


def divisible(name: str, input: Tensor, sizes: Sequence[int], by: int, what: str) -> None:
    """Refuse sizes that `by` does not divide."""
    if input.ndim < 3 or by < 1 or any(n % by for n in sizes):
        raise RuntimeError(
            f"{name}: got shape {input.shape}, expected (..., C, H, W) with {what} that {by} "
            "divides"
        )


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels made into pixels: (..., C r², H, W) -> (..., C, H r, W r).

    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient
        Sub-Pixel Convolutional Neural Network", 2016.

    >>> pixel_shuffle(Tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), 2)
    tensor([[[1., 2.],
             [3., 4.]]])
    """
    r = upscale_factor
    divisible("pixel_shuffle", input, input.shape[-3:-2], r * r, "channels")
    *batch, C, H, W = input.shape
    n = len(batch)
    parts = input.reshape(*batch, C // (r * r), r, r, H, W)
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)  # (..., C, H, r, W, r)
    return parts.permute(*order).reshape(*batch, C // (r * r), H * r, W * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Pixels made into channels, the inverse: (..., C, H r, W r) -> (..., C r², H, W)."""
    r = downscale_factor
    divisible("pixel_unshuffle", input, input.shape[-2:], r, "a height and a width")
    *batch, C, H, W = input.shape
    n = len(batch)
    parts = input.reshape(*batch, C, H // r, r, W // r, r)
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)  # (..., C, r, r, H, W)
    return parts.permute(*order).reshape(*batch, C * r * r, H // r, W // r)


class PixelShuffle(FunctionModule):
    """`pixel_shuffle` as a layer."""

    def __init__(self, upscale_factor: int):
        super().__init__(pixel_shuffle, upscale_factor=upscale_factor)


class PixelUnshuffle(FunctionModule):
    """`pixel_unshuffle` as a layer."""

    def __init__(self, downscale_factor: int):
        super().__init__(pixel_unshuffle, downscale_factor=downscale_factor)
