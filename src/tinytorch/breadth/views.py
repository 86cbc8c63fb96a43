"""Views beyond reshape and permute: `view`, which never copies, and `expand`, which stretches."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.core.autograd import vjp
from tinytorch.core.tensor import Tensor, apply, kernel, method, sizes

__all__ = ["expand", "view"]


@method
def view(tensor: Tensor, *shape: Any) -> Tensor:
    """As `reshape`, but without a copy: refused where the memory does not allow it.

    Args:
        shape: the sizes; -1 stands for the one that fits.
    Raises: RuntimeError where the strides would need a copy.

    What convolutions return has its channels last in memory, where PyTorch has them second; it is
    copied into that order first, so that programs may flatten it by `view` as they do there.

    >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).view(-1)
    tensor([1., 2., 3., 4.])
    """
    if len(shape) == 1 and isinstance(shape[0], np.dtype):
        raise TypeError(f"view: got {shape[0]}, expected sizes; for a conversion use x.to(dtype)")
    return apply("view", tensor, shape=sizes(shape))


@kernel("view", view=True)
def _view(x, shape):
    try:
        return np.reshape(x, shape, copy=False)
    except ValueError as error:
        if "copy" not in str(error):
            raise
        if x.ndim > 2 and np.moveaxis(x, 1, -1).flags.c_contiguous:
            return x.reshape(shape)
        raise ValueError(
            f"the strides {x.strides} (in bytes) do not allow the shape {shape} without a copy; "
            "use x.reshape(...), or x.contiguous().view(...)"
        ) from None


@vjp("view(x)", wrt="x")
def view_dx(g, x_shape):
    return g.reshape(x_shape)


@method
def expand(tensor: Tensor, *shape: Any) -> Tensor:
    """Dimensions of size 1 stretched without a copy; -1 keeps a size.

    >>> Tensor([[1.0], [2.0]]).expand(2, 3)
    tensor([[1., 1., 1.],
            [2., 2., 2.]])
    """
    shape = sizes(shape)
    missing = len(shape) - tensor.ndim
    shape = tuple(tensor.shape[i - missing] if n == -1 else n for i, n in enumerate(shape))
    return apply("expand", tensor, shape=shape)


@kernel("expand", view=True)
def _expand(x, shape):
    return np.broadcast_to(x, shape)


@vjp("expand(x)", wrt="x")
def expand_dx(g):
    return g
