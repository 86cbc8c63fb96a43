"""A picture that is SVG in a notebook or a file, and text in a terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

__all__ = ["INK", "Picture", "box", "drawing", "label"]

INK = {
    "text": "#1f2933", "quiet": "#6b7785", "line": "#9aa5b1", "paper": "#ffffff",
    "leaf": "#d9f2e3", "operation": "#dbe9fb", "loss": "#fde4c8", "faded": "#eef1f4",
}  # fmt: skip
"""The colours of drawings; each pair of text and ground has a contrast of 4.5 or more."""


@dataclass(frozen=True)
class Picture:
    """A picture.

    Args:
        svg: the picture as an SVG document.
        text: the same for a terminal.

    >>> print(Picture("<svg/>", "two lines\\nof text"))
    two lines
    of text
    """

    svg: str
    text: str

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to `path`: SVG for a name in `.svg`, text for one in `.txt`.

        Returns: the path.
        Raises: ValueError for another ending; OSError as the system gives it.
        """
        path = Path(path)
        if path.suffix not in (".svg", ".txt"):
            raise ValueError(
                f"save: got {path.name!r}, expected a name that ends in .svg or .txt. "
                "A browser opens an SVG and can print or convert it."
            )
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            part.write_text(
                self.svg if path.suffix == ".svg" else self.text + "\n", encoding="utf-8"
            )
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
        return path


def drawing(width: float, height: float, parts: Sequence[str], title: str) -> str:
    """An SVG document of `width` by `height` pixels; `title` is read out to who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="ui-monospace, Menlo, Consolas, '
        f'monospace" font-size="12" role="img" aria-label="{escape(title, quote=True)}">'
        f'<rect width="100%" height="100%" fill="{INK["paper"]}"/>' + "".join(parts) + "</svg>"
    )


def box(x: float, y: float, width: float, height: float, fill: str, radius: float = 3) -> str:
    """A rectangle with its upper left corner at (x, y)."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}" '
        f'fill="{fill}" stroke="{INK["line"]}"/>'
    )


def label(
    x: float,
    y: float,
    text: str,
    colour: str = INK["text"],
    anchor: str = "middle",
    bold: bool = False,
) -> str:
    """Text whose baseline is at y."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{weight}>'
        f"{escape(text)}</text>"
    )
