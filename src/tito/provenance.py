"""Whose code runs: for each module of the course, the reference, yours, or nobody's yet.

A workspace puts its own `tinytorch/core/` before the reference on the package's `__path__`; so the
folder in which Python finds a module says whose it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

__all__ = ["Whose", "learner_folders", "module_file", "reference_folder", "sentence", "whose"]

Whose = Literal["reference", "yours", "missing"]


def reference_folder() -> Path:
    """The folder of the reference: the package's own `core/`; the package is not imported."""
    spec = find_spec("tinytorch")
    return Path(str(spec.origin if spec else "")).resolve().parent / "core"


def learner_folders() -> set[Path]:
    """The folders of core files that are not the reference's; empty before the import."""
    core = sys.modules.get("tinytorch.core")
    folders = core.__path__ if core else ()
    return {Path(folder).resolve() for folder in folders} - {reference_folder()}


def module_file(name: str) -> Path | None:
    """The file that `tinytorch.core.<name>` has come from or would come from; None without one."""
    import tinytorch.core

    full_name = f"tinytorch.core.{name}"
    if full_name in sys.modules:
        origin = sys.modules[full_name].__file__
    else:
        spec = PathFinder.find_spec(full_name, tinytorch.core.__path__)
        origin = spec.origin if spec else None
    return Path(origin).resolve() if origin else None


def whose(modules: Iterable[str] | None = None) -> dict[str, Whose]:
    """Who wrote each core module that runs; modules are found, not imported.

    Args:
        modules: names such as "tensor"; all twenty unless told otherwise.
    Returns: module name to "reference", "yours" or "missing".
    """
    from tinytorch.core import MODULES

    reference = reference_folder()

    def one(name: str) -> Whose:
        file = module_file(name)
        if file is None:
            return "missing"
        return "reference" if file.parent == reference else "yours"

    return {name: one(name) for name in (MODULES if modules is None else modules)}


def sentence(owners: dict[str, Whose]) -> str:
    """Whose code ran, in a line.

    >>> sentence({"tensor": "reference", "layers": "reference"})
    'the reference, in all 2 modules'
    >>> sentence({"tensor": "yours", "layers": "reference"})
    'tensor: yours · layers: reference'
    """
    kinds = set(owners.values())
    if kinds == {"reference"}:
        return f"the reference, in all {len(owners)} modules"
    if kinds == {"yours"}:
        return f"yours, in all {len(owners)} modules"
    return " · ".join(f"{name}: {owner}" for name, owner in owners.items())
