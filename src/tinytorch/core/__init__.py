"""The framework that is taught: twenty files, each importing only those above it.

Below them lies `plumbing.py`, which no module teaches.

In a learner's workspace their own files take over: the folder `tinytorch/core/` of the workspace
comes first on this package's path. A file that is not there yet falls through to the one here.
"""

import os
import sys

MODULES = (
    "tensor",
    "activations",
    "layers",
    "losses",
    "dataloader",
    "autograd",
    "optimizers",
    "training",
    "convolutions",
    "tokenization",
    "embeddings",
    "attention",
    "transformers",
    "profiling",
    "quantization",
    "compression",
    "acceleration",
    "memoization",
    "benchmarking",
    "olympics",
)
"""The files of this package in building order: `MODULES[0]` is module 01."""


def workspace() -> str | None:
    """The folder of the learner's workspace; None where there is none.

    It is the one that TITO_WORKSPACE names (empty: none), else the nearest folder with a
    `tito.json` at or above the current folder, else at or above the program that runs.
    """
    named = os.environ.get("TITO_WORKSPACE")
    if named is not None:
        return os.path.abspath(os.path.expanduser(named)) if named else None
    for start in (os.curdir, *sys.path[:1]):
        try:
            folder = os.path.abspath(start)
        except OSError:  # the current folder is gone
            continue
        above = None
        while folder != above:
            if os.path.isfile(os.path.join(folder, "tito.json")):
                return folder
            folder, above = os.path.dirname(folder), folder
    return None


if root := workspace():
    __path__.insert(0, os.path.join(root, "tinytorch", "core"))
    if not os.path.isfile(os.path.join(root, "tito.json")):  # only the variable can be wrong
        import warnings

        warnings.warn(
            f"TITO_WORKSPACE is {root!r}, expected a folder with a tito.json. The reference runs; "
            "name your workspace, or unset the variable.",
            stacklevel=2,
        )
