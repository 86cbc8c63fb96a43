"""How weights begin, under PyTorch's names."""

from tinytorch.breadth.init import (
    constant_,
    dirac_,
    eye_,
    kaiming_normal_,
    normal_,
    ones_,
    orthogonal_,
    sparse_,
    trunc_normal_,
    xavier_normal_,
    xavier_uniform_,
    zeros_,
)
from tinytorch.core.layers import calculate_gain, kaiming_uniform_, uniform_

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_",
    "normal_", "ones_", "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_",
    "xavier_uniform_", "zeros_",
]  # fmt: skip
