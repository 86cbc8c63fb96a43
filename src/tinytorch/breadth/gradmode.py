"""Recording switched by a value, and under the name that PyTorch recommends for inference."""

from __future__ import annotations

import contextlib
from typing import Any

from tinytorch.core.autograd import MODE, Switch

__all__ = ["inference_mode", "set_grad_enabled"]


class set_grad_enabled(contextlib.ContextDecorator):
    """Switch recording on or off, at once or for a `with` block or a decorated function.

    >>> from tinytorch import Tensor
    >>> x = Tensor([1.0], requires_grad=True)
    >>> with set_grad_enabled(False):
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __init__(self, mode: bool):
        self.mode = bool(mode)
        self.before = MODE.enabled
        MODE.enabled = self.mode

    def __call__(self, function: Any) -> Any:
        MODE.enabled = self.before  # a decorator switches when the function is called
        return Switch(self.mode)(function)

    def __enter__(self) -> None:
        MODE.enabled = self.mode

    def __exit__(self, *error: object) -> None:
        MODE.enabled = self.before


def inference_mode(mode: bool = True) -> Any:
    """`no_grad` under the name that PyTorch recommends for inference."""
    return Switch(MODE.enabled and not mode) if isinstance(mode, bool) else Switch(False)(mode)
