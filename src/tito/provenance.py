"""Whose code runs: for each module of the course, the reference, yours, or nobody's yet.

A workspace puts its own `tinytorch/core/` before the reference on the package's `__path__`; so the
folder in which Python finds a module says whose it is.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from tito.errors import Exit, TitoError

__all__ = [
    "Whose", "core_package", "describe", "in_brief", "learner_error", "learner_folders",
    "learner_place", "module_file", "reference_folder", "sentence", "understudies", "way_out",
    "whose",
]  # fmt: skip

Whose = Literal["reference", "yours", "missing"]
STUB = "is yours to build"
"""What the error of every stub says."""
Frame = tuple[str, "int | None", str, "str | None"]
"""File, line, function and text of a place in the code."""


def reference_folder() -> Path:
    """The folder of the reference: the package's own `core/`; the package is not imported."""
    spec = find_spec("tinytorch")
    return Path(str(spec.origin if spec else "")).resolve().parent / "core"


def core_package() -> ModuleType:
    """`tinytorch.core`: MODULES, workspace(), and `__path__` with the learner's folder first.

    Before the framework is imported this is its `__init__.py` alone: importing the framework runs
    every core file, and the tool must work when one of the learner's does not run.
    """
    if loaded := sys.modules.get("tinytorch.core"):
        return loaded
    folder = reference_folder()
    spec = spec_from_file_location(
        "tinytorch_core_alone", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = module_from_spec(spec)
    spec.loader.exec_module(package)
    return package


def learner_folders() -> set[Path]:
    """The folders of core files that are not the reference's."""
    return {Path(folder).resolve() for folder in core_package().__path__} - {reference_folder()}


def module_file(name: str) -> Path | None:
    """The file that `tinytorch.core.<name>` has come from or would come from; None without one."""
    full_name = f"tinytorch.core.{name}"
    if full_name in sys.modules:
        origin = sys.modules[full_name].__file__
    else:
        stand_ins = (finder for finder in sys.meta_path if isinstance(finder, Understudy))
        specs = (finder.find_spec(full_name) for finder in stand_ins)
        spec = next(filter(None, specs), None)
        spec = spec or PathFinder.find_spec(full_name, core_package().__path__)
        origin = spec.origin if spec else None
    return Path(origin).resolve() if origin else None


def whose(modules: Iterable[str] | None = None) -> dict[str, Whose]:
    """Who wrote each core module that runs; modules are found, not imported.

    Args:
        modules: names such as "tensor"; all twenty unless told otherwise.
    Returns: module name to "reference", "yours" or "missing".
    """
    reference = reference_folder()

    def one(name: str) -> Whose:
        file = module_file(name)
        if file is None:
            return "missing"
        return "reference" if file.parent == reference else "yours"

    return {name: one(name) for name in (core_package().MODULES if modules is None else modules)}


class Understudy:
    """Finds the reference in the place of modules that the learner is still building.

    Args:
        names: of core modules.
    """

    def __init__(self, names: Iterable[str]):
        self.files = {f"tinytorch.core.{name}": reference_folder() / f"{name}.py" for name in names}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The reference's spec for one of the modules; None for everything else."""
        file = self.files.get(name)
        return spec_from_file_location(name, file) if file else None


def being_built() -> list[str]:
    """The learner's modules in which exercises are still stubs; nothing is imported."""
    files = {name: module_file(name) for name, owner in whose().items() if owner == "yours"}
    return [
        name
        for name, file in files.items()
        if file and STUB in file.read_text(encoding="utf-8", errors="replace")
    ]


@contextmanager
def understudies() -> Iterator[list[str]]:
    """Within the block, the reference is imported where the learner is still building.

    So a milestone runs from the first day on. What was imported before stays as it is.

    Yields: the names of these modules.
    """
    names = [name for name in being_built() if f"tinytorch.core.{name}" not in sys.modules]
    finder = Understudy(names)
    sys.meta_path.insert(0, finder)
    try:
        yield names
    finally:
        sys.meta_path.remove(finder)


def sentence(owners: Mapping[str, Whose]) -> str:
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


# ------------------------------------------------------------------------- whose line it was


def learner_error(error: BaseException) -> TitoError | None:
    """`error` told as one of the learner's framework: file, line and way out; None if it is not."""
    found = learner_place(error)
    if found is None:
        return None
    place, module = found
    what = f"Your framework stopped: {in_brief(error)}"
    return TitoError(what, place, way_out(module, error), Exit.MISSED)


def is_unbuilt(error: BaseException) -> bool:
    """Whether `error` is that of a stub: an exercise which the learner has not built yet."""
    return isinstance(error, NotImplementedError) and STUB in str(error)


def in_brief(error: BaseException) -> str:
    """The type and the message of an error; of a stub the message alone, for it says it all.

    >>> in_brief(ValueError("3 is no shape")), in_brief(MemoryError())
    ('ValueError: 3 is no shape', 'MemoryError')
    """
    if isinstance(error, NotImplementedError) and str(error):
        return str(error)
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}".removesuffix(": ")


def way_out(module: str, error: BaseException) -> str:
    """What helps when `error` comes from the learner's file of `module`."""
    if is_unbuilt(error):
        return "Build it: tito next. Outside of your workspace the reference runs alone."
    modules = core_package().MODULES
    number = f"{modules.index(module) + 1:02d}" if module in modules else module
    return (
        f"Mend it: tito check {number} says more, tito diff {number} compares with the reference. "
        f"Or go back: tito undo to the last copy, tito reset {number} to the starting file."
    )


def learner_place(error: BaseException) -> tuple[str, str] | None:
    """Where in the learner's core files `error` has its cause, in words, and in which module.

    The cause is the line that cannot be parsed, the file that lacks a name which another one
    imports, the last line of theirs on the way to the error, or the class that lacks an attribute.
    """
    folders = learner_folders()

    def theirs(file: str | None) -> bool:
        return bool(file) and Path(str(file)).resolve().parent in folders

    if isinstance(error, SyntaxError) and error.filename and theirs(error.filename):
        place = describe((error.filename, error.lineno, "", error.text), True)
        return place, Path(error.filename).stem
    frames = frames_of(error)
    if isinstance(error, ImportError) and error.path and theirs(error.path):
        return lacking(error.path, frames), Path(error.path).stem
    within = [frame for frame in frames if theirs(frame[0])]
    if within:
        return describe(within[-1], True), Path(within[-1][0]).stem
    owner = getattr(error, "obj", None) if isinstance(error, AttributeError) else None
    owner = owner if isinstance(owner, (type, ModuleType)) else type(owner)
    home = owner.__name__ if isinstance(owner, ModuleType) else owner.__module__
    file = getattr(sys.modules.get(home), "__file__", None)
    if theirs(file):
        return lacking(str(file), frames), Path(str(file)).stem
    if "null bytes" in str(error):  # Python does not say in which file
        files = (path for folder in folders for path in sorted(folder.glob("*.py")))
        if broken := next((path for path in files if b"\0" in path.read_bytes()), None):
            return f"{display(str(broken))} (yours) is no text: it has null bytes", broken.stem
    return None


def frames_of(error: BaseException) -> list[Frame]:
    """The places through which an error came, the last one last, Python's importer left out."""
    trace = traceback.extract_tb(error.__traceback__)
    return [(f.filename, f.lineno, f.name, f.line) for f in trace if "importlib" not in f.filename]


def lacking(file: str, frames: list[Frame]) -> str:
    """That `file` lacks a name which is used elsewhere."""
    asked = f", which is asked for in {describe(frames[-1], False)}" if frames else ""
    return f"{display(file)} (yours) lacks it{asked}"


def describe(frame: Frame, yours: bool) -> str:
    """A place in the code, in words.

    >>> describe(("core/losses.py", 12, "mse", "  return a - b"), True)
    'core/losses.py (yours), line 12, in mse: return a - b'
    """
    file, line, function, text = frame
    owner = " (yours)" if yours else ""
    inside = f", in {function}" if function not in ("", "<module>") else ""
    return f"{display(file)}{owner}, line {line}{inside}: {(text or '').strip()}".removesuffix(": ")


def display(file: str) -> str:
    """A path as it can be typed from here."""
    try:
        relative = os.path.relpath(file)
    except (ValueError, OSError):  # another drive; a folder that is gone
        return file
    return file if relative.startswith("..") else relative
