"""Broadcasting and strides, drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.core.tensor import Tensor, alignment, apply, promoted
from tinytorch.viz.graph import owner
from tinytorch.viz.picture import INK, Picture, box, drawing, label

__all__ = ["broadcast", "strides"]

CELL = 34
MOST = 12
"""Rows and columns that are drawn; of a larger tensor the first ones."""
SIGNS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "pow": "**",
    "eq": "==",
    "gt": ">",
    "lt": "<",
}


def broadcast(a: Any, b: Any, op: str = "add") -> Picture:
    """How two tensors meet: lined up from the right, the smaller one repeated where it has size 1.

    Args:
        a, b: tensors, whose values are shown, or shapes as tuples.
        op: the operation that brings them together.
    Raises: RuntimeError when the shapes do not broadcast, with the place where they clash.

    >>> print(broadcast((3, 1), (4,)))
    a      3  1   repeated along dim -1, 4 times
    b         4   repeated along dim -2, 3 times
    a + b  3  4
    """
    shapes = [tuple(x) if isinstance(x, (tuple, list)) else tuple(x.shape) for x in (a, b)]
    if clash := alignment(*shapes):
        raise RuntimeError(f"broadcast: {clash}")
    whole = np.broadcast_shapes(*shapes)
    names = ["a", "b", f"a {SIGNS.get(op, op)} b"]
    rows = [*shapes, whole]
    width = max([len(str(n)) for n in whole], default=1) + 2
    texts = [
        f"{name:<{len(names[2])}}{''.join(f'{n:>{width}}' for n in shape):>{width * len(whole)}}"
        f"   {repeats(shape, whole)}".rstrip()
        for name, shape in zip(names, rows, strict=True)
    ]
    arrays: list[np.ndarray | None] = [None, None, None]
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        arrays = [a.array, b.array, apply(op, *promoted(a, b)).array]
    return Picture(broadcast_svg(names, rows, whole, arrays), "\n".join(texts))


def repeats(shape: tuple[int, ...], whole: tuple[int, ...]) -> str:
    """Along which dimensions a shape is repeated to become `whole`, in words."""
    padded = (1,) * (len(whole) - len(shape)) + shape
    found = [
        f"dim {i - len(whole)}, {n} times"
        for i, (m, n) in enumerate(zip(padded, whole, strict=True))
        if m != n
    ]
    return "repeated along " + " and ".join(found) if found else ""


def plane(shape: tuple[int, ...]) -> tuple[int, int]:
    """The last two sizes; 1 where there are fewer."""
    padded = (1, 1, *shape)
    return padded[-2], padded[-1]


def broadcast_svg(
    names: list[str], shapes: list, whole: tuple[int, ...], arrays: list[np.ndarray | None]
) -> str:
    """Three grids of the last two dimensions; repeated cells are pale."""
    H, W = (min(n, MOST) for n in plane(whole))
    gap = 44
    parts = []
    for number, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        left = 20 + number * (W * CELL + gap)
        parts.append(label(left, 24, f"{name}  {tuple(shape)}", anchor="start", bold=True))
        h, w = plane(shape)
        values = arrays[number]
        for i in range(H):
            for j in range(W):
                own = i < h and j < w
                fill = INK["loss"] if number == 2 else INK["operation"] if own else INK["faded"]
                x, y = left + j * CELL, 40 + i * CELL
                parts.append(box(x, y, CELL, CELL, fill))
                if values is not None:
                    grid = values.reshape(-1, h, w)[0]
                    text = f"{grid[min(i, h - 1), min(j, w - 1)]:.3g}"[:5]
                    parts.append(label(x + CELL / 2, y + 21, text, INK["text" if own else "quiet"]))
    height = 40 + H * CELL + 40
    parts.append(
        label(20, height - 14, "pale cells are repeated, not stored", INK["quiet"], "start")
    )
    return drawing(40 + 3 * W * CELL + 2 * gap, height, parts, "a broadcast")


def strides(x: Tensor) -> Picture:
    """Where the values of `x` lie: its memory as a row, and for each cell the place it reads.

    Of more than two dimensions the last two are drawn, at index 0 of the others.

    >>> print(strides(Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).T))
    shape (3, 2)  strides (1, 3)  memory of 6 values, not contiguous
    place of each value in memory:
       0  3
       1  4
       2  5
    """
    array, whole = x.array, owner(x.array)
    steps = tuple(n // array.itemsize for n in array.strides)
    address = array.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    first = address // array.itemsize
    flat = array.reshape(array.shape) if array.ndim >= 2 else array[(None,) * (2 - array.ndim)]
    H, W = (min(n, MOST) for n in flat.shape[-2:])
    down, across = (n // array.itemsize for n in flat.strides[-2:])
    offsets = [[first + i * down + j * across for j in range(W)] for i in range(H)]
    kind = "contiguous" if array.flags.c_contiguous else "not contiguous"
    head = f"shape {array.shape}  strides {steps}  memory of {whole.size} values, {kind}"
    width = max([len(str(n)) for row in offsets for n in row], default=1) + 2
    lines = ["  " + "".join(f"{n:>{width}}" for n in row).removeprefix(" ") for row in offsets]
    text = "\n".join([head, "place of each value in memory:", *lines])
    return Picture(strides_svg(flat, offsets, head, whole), text)


def strides_svg(flat: np.ndarray, offsets: list[list[int]], head: str, whole: np.ndarray) -> str:
    """The memory above, the cells below; both coloured by the row that a value is in."""
    values = flat[(0,) * (flat.ndim - 2)]
    rows = {place: i for i, row in enumerate(offsets) for place in row}
    shown = min(whole.size, 24)
    palette = ["#dbe9fb", "#fde4c8", "#d9f2e3", "#f3dcf0", "#fff3c4", "#dff3f5"]
    parts = [label(20, 24, head, anchor="start", bold=True)]
    parts.append(label(20, 56, "memory", INK["quiet"], "start"))
    for place in range(shown):
        x = 20 + place * CELL
        fill = palette[rows[place] % len(palette)] if place in rows else INK["faded"]
        parts.append(box(x, 66, CELL, CELL, fill))
        parts.append(label(x + CELL / 2, 66 + 21, str(place)))
    if shown < whole.size:
        parts.append(label(20 + shown * CELL + 8, 66 + 21, "...", anchor="start"))
    parts.append(label(20, 132, "value and its place in memory", INK["quiet"], "start"))
    for i, row in enumerate(offsets):
        for j, place in enumerate(row):
            x, y = 20 + j * 2 * CELL, 142 + i * CELL
            parts.append(box(x, y, 2 * CELL, CELL, palette[i % len(palette)]))
            parts.append(label(x + CELL, y + 21, f"{values[i, j]:.3g} @{place}"))
    width = max(
        40 + shown * CELL + 30, 40 + 2 * CELL * max(map(len, offsets), default=0), 8 * len(head)
    )
    return drawing(width, 162 + len(offsets) * CELL, parts, head)
