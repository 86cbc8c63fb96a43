"""Automatic differentiation under PyTorch's names: `tinytorch.autograd`."""

from tinytorch.breadth.function import Function, backward, set_detect_anomaly
from tinytorch.core.autograd import (
    detect_anomaly,
    enable_grad,
    grad,
    gradcheck,
    inference_mode,
    no_grad,
    set_grad_enabled,
)

__all__ = [
    "Function",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "gradcheck",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]
