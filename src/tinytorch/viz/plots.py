"""Functions and their slopes, a loss surface with the paths across it, and training curves.

Matplotlib draws the pictures; in a terminal they are drawn with characters.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import tinytorch
from tinytorch.viz.picture import Picture

__all__ = ["activations", "curves", "landscape"]

SHADES = " .:-=+*"


def figure(width: float, height: float, columns: int = 1) -> tuple[Any, Any]:
    """A figure of `columns` panels that belongs to nobody's screen."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), layout="constrained")
    return made, made.subplots(1, columns)


def svg_of(drawn: Any) -> str:
    """The SVG of a figure, the same each time."""
    import matplotlib

    out = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "tinytorch", "svg.fonttype": "none"}):
        drawn.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()[out.getvalue().index("<svg") :]


def activations(*names: str, low: float = -4.0, high: float = 4.0) -> Picture:
    """Activation functions and their slopes, from `low` to `high`.

    Args:
        names: functions of `tinytorch.nn.functional` or `tinytorch`: "relu", "gelu", "tanh" ...
    Raises: ValueError for a name that is neither.

    >>> print(activations("relu", low=-1, high=1).text.splitlines()[0])
    relu from -1 to 1
    """
    x = np.linspace(low, high, 401)
    drawn, (left, right) = figure(8, 3.2, 2)
    texts = []
    for name in names or ("relu", "sigmoid", "tanh"):
        y = function_called(name)(tinytorch.tensor(x)).detach().numpy()
        left.plot(x, y, label=name)
        right.plot(x, np.gradient(y, x), label=name)
        texts.append(f"{name} from {low:g} to {high:g}\n{plotted(y)}")
    left.set_title("value")
    right.set_title("slope")
    for panel in (left, right):
        panel.axhline(0, color="0.8", zorder=0)
        panel.grid(alpha=0.3)
    left.legend()
    return Picture(svg_of(drawn), "\n\n".join(texts))


def function_called(name: str) -> Callable[[Any], Any]:
    """The function of one tensor that is called `name`."""
    found = getattr(tinytorch.nn.functional, name, None) or getattr(tinytorch, name, None)
    if not callable(found):
        raise ValueError(
            f"activations: got {name!r}, expected the name of a function such as 'relu' or 'gelu'"
        )
    return found


def plotted(values: Sequence[float] | np.ndarray) -> str:
    """A curve drawn with characters."""
    from tito.terminal_plot import curve  # of the same distribution; drawn on request only

    at = np.linspace(0, len(values) - 1, max(len(values), 50))  # a short history fills the width
    return curve(np.interp(at, np.arange(len(values)), values).tolist())


def landscape(
    function: Callable[[float, float], float],
    paths: Mapping[str, Sequence[Any]] | None = None,
    x: tuple[float, float] = (-2.0, 2.0),
    y: tuple[float, float] = (-2.0, 2.0),
) -> Picture:
    """A surface over two parameters as contours, with the paths that optimizers took across it.

    Args:
        function: the height at (x, y), as a number or a tensor of one.
        paths: points (x, y) in their order, by the name of who walked.
        x, y: the range that is drawn.

    >>> picture = landscape(lambda x, y: x * x + 10 * y * y, {"SGD": [(2, 1), (1, 0), (0, 0)]})
    >>> picture.text.splitlines()[-1]
    'x from -2 to 2, y from -2 to 2, light is low; 1 = SGD, from (2, 1) to (0, 0)'
    """
    across, up = np.linspace(*x, 61), np.linspace(*y, 61)
    heights = np.array([[float(function(float(a), float(b))) for a in across] for b in up])
    drawn, panel = figure(6, 5)
    levels = np.quantile(heights[np.isfinite(heights)], np.linspace(0, 1, 25))
    panel.contour(across, up, heights, np.unique(levels), colors="0.75", linewidths=0.8)
    for name, points in (paths or {}).items():
        walked = np.array([[float(value) for value in point] for point in points])
        panel.plot(walked[:, 0], walked[:, 1], marker=".", label=name)
    panel.set(xlim=x, ylim=y, xlabel="x", ylabel="y")
    if paths:
        panel.legend()
    return Picture(svg_of(drawn), landscape_text(heights, paths or {}, x, y))


def landscape_text(
    heights: np.ndarray,
    paths: Mapping[str, Sequence[Any]],
    x: tuple[float, float],
    y: tuple[float, float],
) -> str:
    """The surface as shades, low is light, with the number of each path at its points."""
    rank = np.argsort(np.argsort(heights[::-3, ::1], axis=None)).reshape(heights[::-3, ::1].shape)
    shade = rank * len(SHADES) // rank.size
    grid = [[SHADES[value] for value in row] for row in shade]
    legend = []
    for number, (name, points) in enumerate(paths.items(), 1):
        for point in points:
            column = round((float(point[0]) - x[0]) / (x[1] - x[0]) * (len(grid[0]) - 1))
            row = round((y[1] - float(point[1])) / (y[1] - y[0]) * (len(grid) - 1))
            if 0 <= row < len(grid) and 0 <= column < len(grid[0]):
                grid[row][column] = str(number)
        ends = " to ".join(
            f"({float(p[0]):.3g}, {float(p[1]):.3g})" for p in (points[0], points[-1])
        )
        legend.append(f"{number} = {name}, from {ends}")
    ranges = f"x from {x[0]:g} to {x[1]:g}, y from {y[0]:g} to {y[1]:g}, light is low"
    return "\n".join([*("".join(row) for row in grid), "; ".join([ranges, *legend])])


def curves(histories: Mapping[str, Sequence[float]], title: str = "", log: bool = False) -> Picture:
    """Training curves: one line per name, over the steps or epochs at which they were noted.

    Args:
        histories: values by name, as in {"train": [...], "test": [...]}.
        log: draw the values on a logarithmic axis.

    >>> print(curves({"loss": [1.0, 0.5, 0.25]}).text.splitlines()[0])
    loss: 3 values, first 1, last 0.25, least 0.25
    """
    drawn, panel = figure(7, 3.6)
    texts = [title] if title else []
    for name, values in histories.items():
        values = [float(value) for value in values]
        panel.plot(range(1, len(values) + 1), values, label=name, marker="." * (len(values) < 40))
        if values:
            ends = f"first {values[0]:.4g}, last {values[-1]:.4g}, least {min(values):.4g}"
            texts.append(f"{name}: {len(values)} values, {ends}\n{plotted(values)}")
    if log:
        panel.set_yscale("log")
    panel.grid(alpha=0.3)
    panel.legend()
    panel.set(title=title, xlabel="step")
    panel.xaxis.get_major_locator().set_params(integer=True)
    return Picture(svg_of(drawn), "\n".join(texts))
