"""Leaves and hooks: ask for a gradient; look at one, or change it, on its way."""

from __future__ import annotations

import weakref
from collections.abc import Callable

from tinytorch.core.layers import RemovableHandle
from tinytorch.core.tensor import Tensor, method

__all__ = ["register_hook", "requires_grad_", "retain_grad"]


@method
def requires_grad_(tensor: Tensor, requires_grad: bool = True) -> Tensor:
    """Say whether operations on this leaf are recorded; returns the tensor."""
    if requires_grad and tensor.array.dtype.kind != "f":
        raise RuntimeError(
            f"a tensor of {tensor.dtype} requires gradients, but only floating-point values can be "
            "moved by a small step. Convert it first: x.float()"
        )
    if not requires_grad and tensor.grad_fn is not None:
        raise RuntimeError(
            f"requires_grad_(False): the tensor was made by {tensor.grad_fn.op!r} and has a "
            "history; use x.detach() for a tensor without one."
        )
    tensor.requires_grad = requires_grad
    return tensor


@method
def register_hook(tensor: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Call `hook(gradient)` when this tensor's gradient is complete; what it returns replaces it.

    >>> x = Tensor([1.0], requires_grad=True)
    >>> handle = x.register_hook(lambda g: g * 10)
    >>> (x * 2).backward()
    >>> x.grad
    tensor([20.])
    """
    if not tensor.requires_grad:
        raise RuntimeError(
            f"register_hook: a tensor of shape {tensor.shape} that does not require gradients gets "
            "none. Set requires_grad=True before computing with it."
        )
    owner = tensor if tensor.grad_fn is None else tensor.grad_fn
    owner._hooks = owner._hooks or []
    return RemovableHandle(owner._hooks, hook)


@method
def retain_grad(tensor: Tensor) -> None:
    """Keep the gradient of a tensor in the middle of the graph, as leaves do.

    >>> x = Tensor([3.0], requires_grad=True)
    >>> y = x * x
    >>> y.retain_grad()
    >>> (y * 2).backward()
    >>> y.grad
    tensor([2.])
    """
    if tensor.grad_fn is None:
        return  # a leaf keeps its gradient anyway
    me = weakref.ref(tensor)  # the graph must not keep the tensor alive

    def keep(g: Tensor) -> None:
        alive = me()
        if alive is not None:
            alive.grad = g.clone() if alive.grad is None else alive.grad + g

    register_hook(tensor, keep)
