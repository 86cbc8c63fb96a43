"""The order of the house: a core file imports NumPy, the standard library, and files above it.

Below them all lies plumbing.py, which is no module of the course and imports no file of the core.
"""

import ast
import sys
from pathlib import Path

import pytest

import tinytorch.core
from tinytorch.core import MODULES

CORE = Path(tinytorch.core.__file__).parent
FILES = sorted(CORE.glob("[a-z]*.py"))
HOUSE = ("plumbing", *MODULES)


def imported(source):
    """The modules that a source text imports, wherever the import stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "core files import by full name"
            yield node.module


def breaks_the_rule(name, source):
    """The imports of the core file `name` that it may not have."""
    above = {f"tinytorch.core.{module}" for module in HOUSE[: HOUSE.index(name)]}
    return [
        module
        for module in imported(source)
        if module not in above and module.split(".")[0] not in {"numpy", *sys.stdlib_module_names}
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_core_file_imports_only_files_above_it(path):
    assert path.stem in HOUSE
    assert breaks_the_rule(path.stem, path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "import torch",
        "from tinytorch.core.optimizers import Adam",
        "from tinytorch.breadth import linalg",
        "import tinytorch",
        "def f():\n    from tinytorch.core.training import fit",
    ],
)
def test_the_rule_is_seen_to_be_broken(line):
    assert breaks_the_rule("autograd", line)


def test_the_plumbing_imports_no_file_of_the_core():
    assert breaks_the_rule("plumbing", "from tinytorch.core.tensor import Tensor")


def test_nothing_that_is_installed_imports_pytorch():
    for package in ("tinytorch", "tito"):
        for path in (CORE.parents[1] / package).rglob("*.py"):
            roots = {module.split(".")[0] for module in imported_anywhere(path)}
            assert "torch" not in roots, path


def imported_anywhere(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
