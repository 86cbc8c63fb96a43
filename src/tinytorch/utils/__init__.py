"""PyTorch's `utils`: here, `utils.data`."""

from tinytorch.utils import data

__all__ = ["data"]
