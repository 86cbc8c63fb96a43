"""The sets that come with the package: their folder, and a collection that is always there."""

from __future__ import annotations

import os
from pathlib import Path

from tinytorch.datasets.download import Collection

__all__ = ["EMBEDDED", "EmbeddedCollection"]

EMBEDDED = Path(__file__).parent / "_embedded"


class EmbeddedCollection(Collection):
    """A set that comes with the package: always there."""

    def folder(self, root: str | os.PathLike | None = None) -> Path:
        """The package's own folder, whatever the root."""
        return EMBEDDED

    def find(self, name: str, root: str | os.PathLike | None = None) -> Path | None:
        """The file in the package."""
        return EMBEDDED / name
