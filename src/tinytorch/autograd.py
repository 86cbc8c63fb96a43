"""Automatic differentiation under PyTorch's names: `tinytorch.autograd`."""

from tinytorch.breadth.function import Function, backward, grad, set_detect_anomaly
from tinytorch.breadth.gradmode import inference_mode, set_grad_enabled
from tinytorch.core.autograd import detect_anomaly, enable_grad, gradcheck, no_grad

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
