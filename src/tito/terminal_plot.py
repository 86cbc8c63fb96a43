"""Small pictures in a terminal: a sparkline, a curve, digits. Text in, text out; ASCII on request.

`unicode=None` asks the terminal: block characters where standard output can show them.
"""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Sequence

import numpy as np

__all__ = ["curve", "digit", "digits_row", "sparkline"]

LEVELS = {True: "▁▂▃▄▅▆▇█", False: "_.-:=+*#"}
HALVES = {True: " ▄▀█", False: " .'#"}  # nothing, lower half, upper half, both


def shows_blocks(unicode: bool | None) -> bool:
    """Whether to draw with block characters; None looks at standard output."""
    if unicode is not None:
        return unicode
    try:
        "▀█".encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeError:
        return False
    return True


def halves(pixels: np.ndarray, unicode: bool | None) -> list[str]:
    """Rows of text for pixels that are on or off: a character shows two, one above the other.

    Args:
        pixels: (H, W) of bool.
    Returns: ceil(H / 2) strings of W characters.
    """
    pixels = np.pad(pixels, ((0, pixels.shape[0] % 2), (0, 0)))
    characters = HALVES[shows_blocks(unicode)]
    code = 2 * pixels[::2].astype(int) + pixels[1::2]  # (ceil(H / 2), W)
    return ["".join(characters[value] for value in row) for row in code]


def resample(values: Sequence[float], width: int) -> list[float]:
    """At most `width` values: the mean of each of `width` equal runs of `values`.

    >>> resample([1.0, 3.0, 5.0, 7.0], 2)
    [2.0, 6.0]
    """
    array = np.asarray(values, dtype=float).reshape(-1)
    runs = np.array_split(array, min(width, array.size)) if array.size else []
    with np.errstate(all="ignore"):  # inf and nan are left out later, without a warning now
        return [float(run.mean()) for run in runs]


def scaled(values: Sequence[float], steps: int) -> list[int | None]:
    """The step of each value, from 0 for the least to `steps` - 1; None for nan and inf."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return [None] * len(values)
    low, high = min(finite) / 2, max(finite) / 2  # halves: the span of all floats has no overflow
    span = (high - low) or 1.0
    return [
        round((value / 2 - low) / span * (steps - 1)) if math.isfinite(value) else None
        for value in values
    ]


def sparkline(values: Sequence[float], width: int = 40, unicode: bool | None = None) -> str:
    """A row of bars as high as the values; a gap stands for nan and inf.

    Args:
        values: any numbers; more than `width` of them are averaged in runs.
        width: characters at most.
    Returns: one line of at most `width` characters, empty for no values.

    >>> sparkline([1, 2, 3, 4, 8], unicode=True)
    '▁▂▃▄█'
    >>> sparkline([1, 2, 3, 4, 8], unicode=False)
    '_.-:#'
    """
    levels = LEVELS[shows_blocks(unicode)]
    steps = scaled(resample(values, width), len(levels))
    return "".join(" " if step is None else levels[step] for step in steps)


def curve(
    values: Sequence[float],
    width: int = 60,
    height: int = 8,
    label: str = "",
    unicode: bool | None = None,
) -> str:
    """A curve on `height` lines, its greatest and least value at the left.

    Args:
        values: any numbers; more than fit are averaged in runs.
        width: characters of a line, the numbers included (at least 20).
        height: lines of the curve; the label stands on one more, above it.
        label: what the curve shows.

    >>> print(curve([3.0, 2.0, 0.0, 0.0], width=20, height=2, label="loss", unicode=True))
    loss
       3 ▀▄
       0   █▄
    """
    points = resample(values, max(1, width - 11))  # "-1.23e+100 " is the longest margin
    finite = [point for point in points if math.isfinite(point)]
    if not finite:
        return f"{label}: no finite value to draw".removeprefix(": ")
    pixels = np.zeros((2 * height, len(points)), dtype=bool)
    before = None
    for column, step in enumerate(scaled(points, 2 * height)):
        if step is not None:
            start = step if before is None else before + (step > before) - (step < before)
            low, high = sorted((start, step))
            pixels[2 * height - 1 - high : 2 * height - low, column] = True  # joined to the last
        before = step
    ends = {0: f"{max(finite):.3g}", height - 1: f"{min(finite):.3g}"}
    margin = max(4, *map(len, ends.values()))
    rows = [
        f"{ends.get(i, ''):>{margin}} {row}".rstrip()
        for i, row in enumerate(halves(pixels, unicode))
    ]
    return "\n".join([label, *rows] if label else rows)


def digit(image: np.ndarray, unicode: bool | None = None) -> str:
    """A small grey picture in half blocks: what is brighter than half of the range is drawn.

    Args:
        image: (H, W), any range.
    Returns: ceil(H / 2) lines of W characters.

    >>> print(digit([[0, 9, 0], [0, 9, 0], [9, 9, 9]], unicode=True))
     █
    ▀▀▀
    """
    pixels = np.asarray(image, dtype=float)
    threshold = (pixels.max() + pixels.min()) / 2 if pixels.size else 0.0
    return "\n".join(row.rstrip() for row in halves(pixels > threshold, unicode))


def digits_row(
    images: Sequence[np.ndarray],
    labels: Sequence[str],
    width: int | None = None,
    unicode: bool | None = None,
) -> str:
    """Pictures side by side, each over its label; as many as fit into `width`.

    Args:
        images: each (H, W), all of one size.
        labels: one short text per image, such as "4, read 9".
        width: characters of a line at most; the terminal's, up to 80, unless given.

    >>> print(digits_row([[[0, 1], [1, 0]], [[1, 1], [1, 0]]], ["one", "two"], unicode=True))
    ▄▀   █▀
    one  two
    """
    room = width or min(80, shutil.get_terminal_size().columns or 80)
    lines: list[str] = []
    for image, label in zip(images, labels, strict=True):
        block = [*digit(image, unicode).split("\n"), label]
        cell = max(map(len, [*block, " " * np.shape(image)[1]]))
        if not lines:
            lines = [row.ljust(cell) for row in block]
        elif len(lines[0]) + 2 + cell <= room:
            lines = [left + "  " + row.ljust(cell) for left, row in zip(lines, block, strict=True)]
    return "\n".join(line.rstrip() for line in lines)
