"""More ways for weights to begin, under PyTorch's names; `core/layers.py` has those of Linear."""

from __future__ import annotations

import math

import numpy as np

from tinytorch.core.layers import calculate_gain, fans, overwrite, uniform_
from tinytorch.core.tensor import Generator, Tensor, default_generator, randn

__all__ = [
    "constant_", "dirac_", "eye_", "kaiming_normal_", "normal_", "ones_", "orthogonal_", "sparse_",
    "trunc_normal_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip


def write(tensor: Tensor, values: np.ndarray) -> Tensor:
    """Overwrite `tensor` with `values`, broadcast and converted."""
    return overwrite(tensor, Tensor(values))


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill `tensor` with normally distributed values."""
    values = randn(*tensor.shape, dtype=tensor.dtype, generator=generator)
    return overwrite(tensor, values * std + mean)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill `tensor` with one value.

    >>> constant_(Tensor([1.0, 2.0]), 0.5)
    tensor([0.5000, 0.5000])
    """
    return write(tensor, np.array(val))


def zeros_(tensor: Tensor) -> Tensor:
    """Fill `tensor` with zeros: right for biases; weights would make all units alike."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill `tensor` with ones."""
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """Make a matrix the identity, as far as it goes.

    >>> eye_(Tensor([[5.0, 5.0], [5.0, 5.0]]))
    tensor([[1., 0.],
            [0., 1.]])
    """
    expect_matrix("eye_", tensor)
    return write(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def expect_matrix(name: str, tensor: Tensor) -> None:
    """Refuse what has not two dimensions."""
    if tensor.ndim != 2:
        raise ValueError(f"{name}: got shape {tensor.shape}, expected a matrix")


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Uniform values with the variance 2 / (fan_in + fan_out): right for tanh and sigmoid.

    A compromise: signals forward would like 1 / fan_in, gradients backward 1 / fan_out.

    Source: Glorot and Bengio, "Understanding the Difficulty of Training Deep Feedforward Neural
        Networks", 2010.
    """
    bound = gain * math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normally distributed values with the variance 2 / (fan_in + fan_out)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(fans(tensor))), generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Normally distributed values with the variance gain² / n; see `kaiming_uniform_`."""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'kaiming_normal_: mode={mode!r}, expected "fan_in" or "fan_out"')
    n = fans(tensor)[mode == "fan_out"]
    if not tensor.numel():
        return tensor
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(n), generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Normally distributed values, drawn anew where they fall outside [a, b].

    Raises: ValueError when the interval is so far out that this would not end.

    >>> values = trunc_normal_(Tensor([0.0] * 100), a=-0.5, b=0.5)
    >>> bool((values.abs() <= 0.5).array.all())
    True
    """
    inside = 0.5 * (
        math.erf((b - mean) / std / math.sqrt(2)) - math.erf((a - mean) / std / math.sqrt(2))
    )
    if inside < 1e-3:
        raise ValueError(
            f"trunc_normal_: a share of {inside:.1e} of the normal distribution with mean {mean} "
            f"and deviation {std} lies within [{a}, {b}], expected at least 0.001"
        )
    rng = (generator or default_generator).rng
    values = rng.normal(mean, std, tensor.shape)
    while (outside := (values < a) | (values > b)).any():
        values[outside] = rng.normal(mean, std, int(outside.sum()))
    return write(tensor, values)


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Rows or columns, whichever are fewer, that are orthogonal and of length `gain`.

    Such a matrix keeps the length of what it is applied to. More than two dimensions are seen as a
    matrix of the first against the others.

    Source: Saxe, McClelland and Ganguli, "Exact Solutions to the Nonlinear Dynamics of Learning in
        Deep Linear Neural Networks", 2013.

    >>> w = orthogonal_(Tensor(np.zeros((3, 5))))
    >>> np.round(w.array @ w.array.T, 6) + 0.0
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    if tensor.ndim < 2:
        raise ValueError(f"orthogonal_: got shape {tensor.shape}, expected at least 2 dimensions")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    if not rows * columns:
        return tensor
    rng = (generator or default_generator).rng
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.sign(np.diag(r))  # without it the distribution would not be uniform
    return write(tensor, gain * (q.T if rows < columns else q).reshape(tensor.shape))


def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """Normally distributed values, with the share `sparsity` of each column set to zero.

    Source: Martens, "Deep Learning via Hessian-Free Optimization", 2010.
    """
    expect_matrix("sparse_", tensor)
    rows, columns = tensor.shape
    rng = (generator or default_generator).rng
    order = rng.random((rows, columns)).argsort(axis=0)
    kept = order >= math.ceil(sparsity * rows)
    return write(tensor, rng.normal(0.0, std, (rows, columns)) * kept)


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The convolution that changes nothing: a 1 in the middle of each channel's own filter.

    >>> dirac_(Tensor(np.full((1, 1, 3), 5.0, np.float32)))
    tensor([[[0., 1., 0.]]])
    """
    if tensor.ndim not in (3, 4, 5) or tensor.shape[0] % groups:
        raise ValueError(
            f"dirac_: got shape {tensor.shape} and {groups} groups, expected a filter (outputs, "
            "inputs, size, ...) of 3 to 5 dimensions whose outputs can be shared among the groups"
        )
    values = np.zeros(tensor.shape)
    outputs = tensor.shape[0] // groups
    middle = tuple(n // 2 for n in tensor.shape[2:])
    for group in range(groups):
        for i in range(min(outputs, tensor.shape[1])):
            place = (group * outputs + i, i, *middle)
            values[place] = 1
    return write(tensor, values)
