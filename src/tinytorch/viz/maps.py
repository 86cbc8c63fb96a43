"""Who looks where: attention weights as a map."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from tinytorch.viz.picture import INK, Picture, box, drawing, label
from tinytorch.viz.plots import SHADES

__all__ = ["attention"]

CELL = 26
"""The side of a cell in pixels; half of it in a map of many columns."""
CHARACTER = 7.3
"""The width of a letter in pixels."""
WIDTH = 1200
"""The width of a drawing in pixels, beyond which further heads begin a new row."""
COLUMNS = 74
"""The width of a terminal that a map may take."""


def attention(
    weights: Any, tokens: Sequence[Any] | None = None, queries: Sequence[Any] | None = None
) -> Picture:
    """Attention weights as a map: a row for each query, a column for each key, dark is much.

    Args:
        weights: (L, S), or (H, L, S) for a map per head, or those of one example, (1, H, L, S).
        tokens: what stands at the S keys, texts or anything that prints; numbers unless given.
        queries: what stands at the L queries; `tokens` where there are as many.
    Raises: ValueError for other shapes, or another number of tokens.

    >>> import tinytorch
    >>> print(attention(tinytorch.tensor([[1.0, 0.0], [0.25, 0.75]]), ["tea", "hot"]))
    percent   tea  hot
    tea       100    .
    hot        25   75
    """
    maps, columns, rows = fitted(weights, tokens, queries)
    heads = [f"head {h}" for h in range(len(maps))] if len(maps) > 1 else [""]
    width = max(4, *(len(text) + 2 for text in columns))
    if 10 + width * len(columns) > COLUMNS:
        width = 4 if 10 + 4 * len(columns) <= COLUMNS else 1
    texts = [
        (f"{head}\n" if head else "") + table(grid, columns, rows, width)
        for head, grid in zip(heads, maps, strict=True)
    ]
    return Picture(svg_of_maps(maps, heads, columns, rows), "\n\n".join(texts))


def fitted(
    weights: Any, tokens: Sequence[Any] | None, queries: Sequence[Any] | None
) -> tuple[np.ndarray, list[str], list[str]]:
    """The maps (H, L, S), and the names of keys and of queries, as many as there are."""
    maps = np.asarray(weights.detach().numpy() if hasattr(weights, "detach") else weights)
    if maps.ndim == 4 and len(maps) == 1:
        maps = maps[0]
    if maps.ndim == 2:
        maps = maps[None]
    if maps.ndim != 3 or not maps.size:
        raise ValueError(
            f"attention: got weights of shape {maps.shape}, expected (L, S), or (H, L, S) for "
            "several heads. Take one example of a batch: weights[0]"
        )
    _, L, S = maps.shape
    columns = [shown(t) for t in (range(S) if tokens is None else tokens)]
    if queries is None:
        queries = columns if len(columns) == L else range(L)
    rows = [shown(t) for t in queries]
    if (len(rows), len(columns)) != (L, S):
        raise ValueError(
            f"attention: got {len(columns)} tokens and {len(rows)} queries for weights of shape "
            f"{maps.shape}, expected {S} and {L}"
        )
    return maps.astype(float), columns, rows


def shown(token: Any) -> str:
    """A token on one line, at most eight characters of it; a blank stays visible."""
    text = token if isinstance(token, str) else str(token)
    text = text.replace("\n", "\\n").replace("\t", "\\t").replace(" ", "_")
    return text if len(text) <= 8 else text[:7] + "~"


def table(grid: np.ndarray, columns: list[str], rows: list[str], width: int) -> str:
    """A map for a terminal: in percent, or as shades where the columns are narrow."""
    if width == 1:
        shades = np.clip((grid * len(SHADES)).astype(int), 0, len(SHADES) - 1)
        lines = [
            f"{r:<8}  |{''.join(SHADES[s] for s in s_row)}|"
            for r, s_row in zip(rows, shades, strict=True)
        ]
        return "\n".join(["shades: ' ' is none, '*' is all", *lines])
    head = f"{'percent':<8}" + "".join(f"{c[: width - 1]:>{width}}" for c in columns)
    lines = [head]
    for name, row in zip(rows, grid, strict=True):
        cells = ("." if value == 0 else f"{100 * value:.0f}" for value in row)
        lines.append(f"{name:<8}" + "".join(f"{cell:>{width}}" for cell in cells))
    return "\n".join(lines)


def shade(value: float) -> str:
    """White for 0, a deep blue for 1."""
    value = min(max(float(value), 0.0), 1.0) ** 0.7 if np.isfinite(value) else 0.0
    return "#" + "".join(f"{round(255 + (deep - 255) * value):02x}" for deep in (0x12, 0x4E, 0x8C))


def svg_of_maps(maps: np.ndarray, heads: list[str], columns: list[str], rows: list[str]) -> str:
    """The maps side by side, as many in a row as fit, the keys named above, a legend below."""
    _, L, S = maps.shape
    cell = CELL if S <= 24 else CELL / 2
    left = 18 + CHARACTER * max(len(name) for name in rows)
    top = (40 if len(maps) > 1 else 16) + 0.9 * CHARACTER * max(len(name) for name in columns)
    wide, high = left + S * cell + 24, top + L * cell + 16
    across = max(1, min(len(maps), 4, int(WIDTH // wide)))
    parts = []
    for number, (head, grid) in enumerate(zip(heads, maps, strict=True)):
        x0, y0 = 10 + number % across * wide, 10 + number // across * high
        parts.append(label(x0 + left, y0 + 14, head, anchor="start", bold=True))
        parts += one_map(x0 + left, y0 + top, cell, grid, columns, rows)
    bottom = 18 + -(-len(maps) // across) * high
    return drawing(
        max(20 + across * wide, 330), bottom + 46, parts + legend(bottom), "who looks where"
    )


def one_map(
    x0: float, y0: float, cell: float, grid: np.ndarray, columns: list[str], rows: list[str]
) -> list[str]:
    """A map whose upper left corner is (x0, y0); pointing at a cell tells its number."""
    parts = []
    tilted = max(len(name) for name in columns) > 2
    for j, name in enumerate(columns):
        x, y = x0 + (j + 0.5) * cell, y0 - 8
        turn = f' transform="rotate(-60 {x:.1f} {y:.1f}) translate(0 4)"' if tilted else ""
        text = label(x, y, name, anchor="start" if tilted else "middle")
        parts.append(f"<g{turn}>{text}</g>")
    for i, name in enumerate(rows):
        y = y0 + i * cell
        parts.append(label(x0 - 8, y + cell / 2 + 4, name, anchor="end"))
        for j, value in enumerate(grid[i]):
            told = escape(f"{name} hears {columns[j]}: {value:.1%}")
            square = box(x0 + j * cell, y, cell, cell, shade(value), 0)
            parts.append(f"<g><title>{told}</title>{square}</g>")
    return parts


def legend(y: float) -> list[str]:
    """What the shades and the sides of a map mean, from y downwards."""
    parts = []
    for place, value in enumerate((0, 0.25, 0.5, 0.75, 1)):
        parts.append(box(10 + 62 * place, y, 14, 14, shade(value), 0))
        parts.append(label(30 + 62 * place, y + 11, f"{value:.0%}", anchor="start"))
    told = "row: the query that asks, column: the key"
    parts.append(label(10, y + 34, told, INK["quiet"], "start"))
    return parts
