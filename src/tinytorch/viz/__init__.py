"""Pictures of what the framework does: graphs, broadcasts, strides, functions, curves, attention.

Each function returns a `Picture`: it shows itself in a notebook, `print` draws it in a terminal,
and `save` writes it as SVG. What is drawn is taken from the tensors at hand, so a learner sees
their own code at work.
"""

from tinytorch.viz.graph import graph
from tinytorch.viz.maps import attention
from tinytorch.viz.picture import Picture
from tinytorch.viz.plots import activations, curves, landscape
from tinytorch.viz.shapes import broadcast, strides

__all__ = [
    "Picture", "activations", "attention", "broadcast", "curves", "graph", "landscape", "strides",
]  # fmt: skip
