"""What is done to all parameters at once, under PyTorch's names."""

from tinytorch.breadth.modules import parameters_to_vector, vector_to_parameters
from tinytorch.breadth.training import clip_grad_norm_, clip_grad_value_
from tinytorch.nn.utils import rnn

__all__ = [
    "clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "rnn", "vector_to_parameters",
]  # fmt: skip
