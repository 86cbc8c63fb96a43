"""A line is fitted, and every line is as bad as the next.

Somebody looks for the slope of a line through some points. They try several slopes, and keep the
one with the lowest loss. But a line that goes through every single point still has a large loss,
and the slope that wins is not the one that made the points.
"""

import numpy as np

from tinytorch import Tensor


def loss_of_line(slope, shift, x, y):
    """The mean squared error of the line slope * x + shift at the points (x, y).

    Args:
        x, y: arrays of shape (N,).
    Returns: a Python float.
    """
    inputs = Tensor(x).reshape(-1, 1)  # (N, 1), as a Linear layer wants them
    weight = Tensor(np.array([[slope]], np.float32))
    predictions = inputs @ weight + shift  # (N, 1)
    errors = predictions - Tensor(y)
    return (errors**2).mean().item()


def best_slope(x, y, slopes):
    """The slope, among `slopes`, of the line through the origin with the lowest loss."""
    losses = [loss_of_line(slope, 0.0, x, y) for slope in slopes]
    return slopes[int(np.argmin(losses))]
