"""What else steadies signals: norms of groups and of single images, and dropout of channels.

Batch norm depends on the other images of a batch. The norms here look at one image at a time, so
they do the same in training and in evaluation, and with a batch of one.
"""

from __future__ import annotations

import math
from typing import Any

from tinytorch.core.activations import expect_floating
from tinytorch.core.convolutions import BatchNorm, batch_norm
from tinytorch.core.layers import Dropout, Module, Parameter, overwrite
from tinytorch.core.tensor import Tensor, default_generator, float32, ones, zeros
from tinytorch.core.transformers import layer_norm

__all__ = [
    "BatchNorm1d", "Dropout1d", "Dropout2d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d",
    "dropout1d", "dropout2d", "group_norm", "instance_norm",
]  # fmt: skip


class BatchNorm1d(BatchNorm):
    """Batch norm of features (N, C), or of signals (N, C, L).

    >>> BatchNorm1d(3)(zeros(8, 3)).shape, BatchNorm1d(3)(zeros(8, 3, 20)).shape
    ((8, 3), (8, 3, 20))
    """

    dims = (2, 3)


# -------------------------------------------------------------------- norms of a single image


def affine(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """Each channel times its weight, plus its bias: (N, C, ...) and (C,)."""
    shape = (-1,) + (1,) * (x.ndim - 2)
    x = x if weight is None else x * weight.reshape(*shape)
    return x if bias is None else x + bias.reshape(*shape)


def check_affine(name: str, input: Tensor, *factors: Tensor | None) -> None:
    """Refuse a weight or bias that is not one number for each channel."""
    for factor in factors:
        if factor is not None and factor.shape != input.shape[1:2]:
            raise RuntimeError(
                f"{name}: got a weight or bias of shape {factor.shape} for an input of shape "
                f"{input.shape}, expected {input.shape[1:2]}, a number for each channel"
            )


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Shift and scale each group of channels of each image to mean 0 and variance 1.

    Args:
        input: (N, C, ...).
        num_groups: divides C.
        weight, bias: (C,), or None: what then multiplies each channel, and what is added.
        eps: added to the variance.
    Returns: the shape of `input`.
    Raises: RuntimeError when shapes do not fit; ValueError for a single value in all.
    Source: Wu and He, "Group Normalization", 2018.

    >>> group_norm(Tensor([[1.0, 3.0, 10.0, 30.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    if input.ndim < 2 or num_groups < 1 or input.shape[1] % num_groups:
        raise RuntimeError(
            f"group_norm: got shape {input.shape} and num_groups={num_groups}, expected (N, C, "
            "...) and a number of groups that divides C"
        )
    check_affine("group_norm", input, weight, bias)
    if input.numel() == num_groups:
        raise ValueError(
            f"group_norm: got shape {input.shape} and num_groups={num_groups}: expected more than "
            "one value per group, whose variance would be 0"
        )
    each = math.prod(input.shape[1:]) // num_groups
    rows = input.reshape(input.shape[0], num_groups, each)
    return affine(layer_norm(rows, each, eps=eps).reshape(*input.shape), weight, bias)


class GroupNorm(Module):
    """`group_norm` with a learned factor and summand for each channel.

    Args:
        num_groups: divides num_channels. 1 is a layer norm of the whole image.
        eps: added to the variance.
        affine: whether there are weight and bias.
    Raises: ValueError when the groups do not divide the channels.

    >>> GroupNorm(4, 32)(zeros(2, 32, 7, 7)).shape
    (2, 32, 7, 7)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(
                f"GroupNorm: got {num_channels} channels and num_groups={num_groups}, expected a "
                "number of groups that divides them"
            )
        self.num_groups, self.num_channels = num_groups, num_channels
        self.eps, self.affine = eps, affine
        for name, values in (("weight", ones), ("bias", zeros)):
            start = values(num_channels, device=device, dtype=dtype)
            self.register_parameter(name, Parameter(start) if affine else None)

    def forward(self, input: Tensor) -> Tensor:
        """(N, num_channels, ...) -> the same shape."""
        return group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Shift and scale each channel of each image to mean 0 and variance 1.

    Args:
        input: (N, C, ...).
        running_mean, running_var: (C,), moved towards the means over the batch by `momentum`, and
            used instead of the image's own without `use_input_stats`; or None.
        weight, bias: (C,), or None.
    Returns: the shape of `input`.
    Raises: ValueError for a single value per channel.
    Source: Ulyanov, Vedaldi and Lempitsky, "Instance Normalization", 2016.
    """
    check_affine("instance_norm", input, weight, bias)
    if not use_input_stats:
        settings = running_mean, running_var, weight, bias, False, momentum, eps
        return batch_norm(input, *settings)
    n = math.prod(input.shape[2:])
    if n == 1:
        raise ValueError(
            f"instance_norm: got shape {input.shape}, expected more than one value per channel: "
            "its variance would be 0"
        )
    if running_mean is not None and running_var is not None:
        rows = input.detach().flatten(2)  # (N, C, n)
        mean = rows.mean(2, keepdim=True)
        var = ((rows - mean) ** 2).sum(2) / (n - 1)
        for running, now in ((running_mean, mean.mean((0, 2))), (running_var, var.mean(0))):
            overwrite(running, running * (1 - momentum) + now * momentum)
    return group_norm(input, input.shape[1], weight, bias, eps)


class InstanceNorm2d(BatchNorm):
    """`instance_norm` of images: (N, C, H, W), or (C, H, W).

    Args: as for `BatchNorm2d`, but neither weight and bias nor running statistics unless asked for.

    >>> InstanceNorm2d(3)(zeros(2, 3, 8, 8)).shape
    (2, 3, 8, 8)
    """

    dims = (3, 4)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        settings = num_features, eps, momentum, affine, track_running_stats
        super().__init__(*settings, device=device, dtype=dtype)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) -> the same shape."""
        if input.ndim == min(self.dims):
            return self.forward(input.unsqueeze(0))[0]
        if input.ndim not in self.dims or input.shape[1] != self.num_features:
            raise ValueError(
                f"{type(self).__name__}: got shape {input.shape}, expected {max(self.dims)} "
                f"dimensions, or {min(self.dims)} without a batch, and {self.num_features} channels"
            )
        return instance_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            self.momentum or 0.0,
            self.eps,
        )


class InstanceNorm1d(InstanceNorm2d):
    """`instance_norm` of signals: (N, C, L), or (C, L)."""

    dims = (2, 3)


# ---------------------------------------------------------------------------- dropout of channels


def drop_channels(name: str, input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """Zero whole channels of (N, C, ...) with probability `p`; scale the others by 1 / (1 - p)."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p={p} is no probability, expected a number between 0 and 1")
    if input.ndim < 2:
        raise RuntimeError(f"{name}: got shape {input.shape}, expected (N, C, ...)")
    if not training or p == 0:
        return input
    expect_floating(name, input)
    shape = input.shape[:2] + (1,) * (input.ndim - 2)
    kept = default_generator.rng.random(shape, float32) >= p
    result = input * Tensor(kept.astype(input.dtype) * (1 / (1 - p) if p < 1 else 0.0))
    return input.copy_(result) if inplace else result


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Zero whole channels of signals with probability `p`, and scale the others by 1 / (1 - p).

    Neighbours in a signal say much the same, so a single value that is missing is no loss.

    Args:
        input: (N, C, L), or (C, L).
        p: in [0, 1].
        training: otherwise the input is returned as it is.
        inplace: write the result into `input` itself.
    Raises: ValueError when p is out of range, RuntimeError for other numbers of dimensions.
    Source: Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.
    """
    if input.ndim not in (2, 3):
        raise RuntimeError(f"dropout1d: got shape {input.shape}, expected (N, C, L) or (C, L)")
    if input.ndim == 2:
        result = drop_channels("dropout1d", input.unsqueeze(0), p, training, inplace)
        return input if inplace else result.squeeze(0)
    return drop_channels("dropout1d", input, p, training, inplace)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Zero whole channels of images with probability `p`, and scale the others by 1 / (1 - p).

    Args: as for `dropout1d`.
        input: (N, C, H, W). Of three dimensions the first is the batch, as in PyTorch.
    """
    return drop_channels("dropout2d", input, p, training, inplace)


class Dropout1d(Dropout):
    """`dropout1d` while training; in evaluation the input passes unchanged."""

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, L), to the same shape."""
        return dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(Dropout):
    """`dropout2d` while training; in evaluation the input passes unchanged.

    >>> channels = Dropout2d(0.5)(ones(10, 10, 2, 2)).sum((2, 3))
    >>> sorted(set(channels.flatten().tolist()))
    [0.0, 8.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W), to the same shape."""
        return dropout2d(input, self.p, self.training, self.inplace)
