"""What prepares sequences for recurrent networks, under PyTorch's names."""

from tinytorch.breadth.recurrent import pad_sequence

__all__ = ["pad_sequence"]
