"""The graph that a loss remembers: operations, shapes, gradients, and the memory it holds."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from tinytorch.core.autograd import Node, topological_order
from tinytorch.core.tensor import Tensor
from tinytorch.viz.picture import INK, Picture, box, drawing, label

__all__ = ["graph"]

WIDTH, HEIGHT = 148, 60  # of a box
ACROSS, DOWN = 172, 96  # from box to box
MOST = 400
"""Boxes in a drawing; a larger graph cannot be looked at."""


def graph(loss: Tensor, names: dict[str, Tensor] | None = None) -> Picture:
    """The graph behind `loss`: a box per operation and leaf, from the leaves down to the loss.

    Each box has the shape of its result, the length (2-norm) of the gradient that arrives there
    when the loss goes backward, and the bytes that the operation keeps for it, memory of leaves
    aside. No `.grad` is changed, and nothing is freed.

    Args:
        loss: a single number that requires gradients.
        names: leaves to be called by name, as in `dict(model.named_parameters())`.
    Raises: RuntimeError for a tensor without a graph, one of several values, or a graph of more
        than 400 boxes.

    >>> w = Tensor([3.0, 4.0], requires_grad=True)
    >>> print(graph((w * w).sum(), {"w": w}))
    2 operations, 1 leaf; 0 bytes are kept for backward
    leaf w  (2,)  gradient 10
    mul  (2,)  gradient 1.41  <- w, w
    sum  ()  gradient 1  <- mul
    """
    if loss.grad_fn is None or loss.numel() != 1:
        raise RuntimeError(
            f"graph: got a tensor of shape {loss.shape}"
            + (" without a graph. " if loss.grad_fn is None else ", expected a single number. ")
            + "Compute a loss from tensors that require gradients, and call graph(loss) before "
            "backward."
        )
    order = topological_order([loss.grad_fn])
    if len(order) > MOST:
        raise RuntimeError(
            f"graph: the loss has {len(order)} operations and leaves, and a picture of more than "
            f"{MOST} shows nothing. Draw the loss of one layer, or of fewer steps."
        )
    gradients = lengths(order, loss)
    shapes = {loss.grad_fn: loss.shape} | {
        edge[0]: edge[1] for node in order if isinstance(node, Node) for edge in node.edges
    }
    kept, total = memory(order)
    called = titles(order, names or {})
    lines = {
        target: [
            str(tuple(shapes[target])),
            f"gradient {gradients[target]:.3g}",
            kept.get(target, ""),
        ]
        for target in order
    }
    nodes = sum(isinstance(target, Node) for target in order)
    leaves = len(order) - nodes
    title = (
        f"{nodes} operation{'s' * (nodes != 1)}, {leaves} {'leaf' if leaves == 1 else 'leaves'}; "
        f"{size(total)} are kept for backward"
    )
    return Picture(as_svg(order, called, lines, title), as_text(order, called, lines, title))


def lengths(order: list, loss: Tensor) -> dict[Any, float]:
    """The 2-norm of the gradient at each node and leaf of the graph."""
    gradients: dict[Any, np.ndarray] = {loss.grad_fn: np.ones_like(loss.array)}
    found = dict.fromkeys(order, 0.0)
    for target in order:
        if target not in gradients:
            continue
        g = gradients.pop(target)
        found[target] = float(np.sqrt(np.sum(np.square(g, dtype=np.float64))))
        if isinstance(target, Node):
            for below, part in target.gradients(Tensor(g)):
                gradients[below] = (
                    gradients[below] + part.array if below in gradients else part.array
                )
    return found


def owner(array: np.ndarray) -> np.ndarray:
    """The array whose memory `array` shares."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def memory(order: list) -> tuple[dict[Any, str], int]:
    """What each node keeps, in words, and the bytes of all; memory of leaves is not counted."""
    seen = {id(owner(leaf.array)) for leaf in order if isinstance(leaf, Tensor)}
    words, total = {}, 0
    for node in order:
        mine = 0
        for array in (a for arrays in getattr(node, "kept", None) or () for a in arrays):
            if id(whole := owner(array)) not in seen:
                seen.add(id(whole))
                mine += whole.nbytes
        if mine:
            words[node] = f"keeps {size(mine)}"
        total += mine
    return words, total


def size(count: int) -> str:
    """A number of bytes in words.

    >>> size(512), size(2048)
    ('512 bytes', '2.0 KiB')
    """
    if count < 1024:
        return f"{count} byte{'s' * (count != 1)}"
    for unit in ("KiB", "MiB"):
        count /= 1024  # type: ignore[assignment]
        if count < 1024:
            return f"{count:.1f} {unit}"
    return f"{count / 1024:.1f} GiB"


def titles(order: list, names: dict[str, Tensor]) -> dict[Any, str]:
    """What each box is called; operations that occur twice are numbered, from the leaves on."""
    given = {id(tensor): name for name, tensor in names.items()}
    count: dict[str, int] = defaultdict(int)
    often: dict[str, int] = defaultdict(int)
    for target in order:
        often[target.op if isinstance(target, Node) else "leaf"] += 1
    called = {}
    for target in reversed(order):
        kind = target.op if isinstance(target, Node) else "leaf"
        count[kind] += 1
        number = f" {count[kind]}" if often[kind] > 1 else ""
        called[target] = given.get(id(target)) or kind + number
    return called


def as_text(order: list, called: dict, lines: dict, title: str) -> str:
    """A line per box, the leaves first."""
    rows = [title]
    for target in reversed(order):
        below = [called[edge[0]] for edge in target.edges] if isinstance(target, Node) else []
        name = called[target] if below else f"leaf {called[target].removeprefix('leaf ')}"
        row = "  ".join(filter(None, [name, *lines[target]]))
        rows.append(row + (f"  <- {', '.join(below)}" if below else ""))
    return "\n".join(rows)


def layers(order: list) -> list[list[Any]]:
    """The boxes in rows, the loss last; a box stands above everything that uses it."""
    depth = dict.fromkeys(order, 0)
    for target in order:
        if isinstance(target, Node):
            for edge in target.edges:
                depth[edge[0]] = max(depth[edge[0]], depth[target] + 1)
    rows: list[list[Any]] = [[] for _ in range(max(depth.values()) + 1)]
    for target in order:
        rows[depth[target]].append(target)
    return rows[::-1]


def places(order: list) -> dict[Any, tuple[float, float]]:
    """The middle of each box: below the middle of what it uses, as far as there is room."""
    rows = layers(order)
    width = max(map(len, rows)) * ACROSS
    users: dict[Any, list[Any]] = defaultdict(list)
    for target in order:
        for edge in getattr(target, "edges", ()):
            users[edge[0]].append(target)
    at: dict[Any, tuple[float, float]] = {}
    for number in range(len(rows) - 1, -1, -1):  # from the loss up
        row = rows[number]

        def wish(target: Any) -> float:
            xs = [at[user][0] for user in users[target] if user in at]
            return sum(xs) / len(xs) if xs else width / 2

        row.sort(key=wish)
        left = (width - len(row) * ACROSS) / 2
        for i, target in enumerate(row):
            at[target] = (left + (i + 0.5) * ACROSS, 52 + HEIGHT / 2 + number * DOWN)
    return at


def as_svg(order: list, called: dict, lines: dict, title: str) -> str:
    """The drawing: rows of boxes, and an arrow for each tensor that an operation takes."""
    at = places(order)
    width = max(max(x for x, _ in at.values()) + ACROSS / 2, 9 * len(title))
    height = max(y for _, y in at.values()) + HEIGHT / 2 + 16
    parts = [
        '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{INK["line"]}"/></marker>'
        "</defs>",
        label(12, 24, title, INK["quiet"], "start"),
    ]
    for target in order:
        for edge in getattr(target, "edges", ()):
            (x, y), (X, Y) = at[edge[0]], at[target]
            y, Y = y + HEIGHT / 2, Y - HEIGHT / 2
            bend = (Y - y) / 2
            parts.append(
                f'<path d="M{x:.1f} {y:.1f}C{x:.1f} {y + bend:.1f} {X:.1f} {Y - bend:.1f} '
                f'{X:.1f} {Y:.1f}" fill="none" stroke="{INK["line"]}" marker-end="url(#end)"/>'
            )
    for target in order:
        x, y = at[target]
        fill = INK[
            "loss" if target is order[0] else "operation" if isinstance(target, Node) else "leaf"
        ]
        left, top = x - WIDTH / 2, y - HEIGHT / 2
        parts.append(box(left, top, WIDTH, HEIGHT, fill, 6))
        shape, gradient, keeps = lines[target]
        parts.append(label(x, top + 16, f"{called[target]}  {shape}"[:22], bold=True))
        parts.append(label(x, top + 34, gradient, INK["quiet"]))
        parts.append(label(x, top + 50, keeps, INK["quiet"]))
    return drawing(width, height, parts, title)
