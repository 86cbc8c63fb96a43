"""The learner's tool: the command `tito` and its library."""

from __future__ import annotations

__all__ = ["__version__"]

DISTRIBUTION = "tinytorch-course"
"""The name on the package index; the import names are `tinytorch` and `tito`."""

__version__: str


def __getattr__(name: str) -> str:
    """Look `__version__` up when it is asked for: `tito --help` has no time for the metadata."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0+checkout"  # run from a checkout that is not installed
