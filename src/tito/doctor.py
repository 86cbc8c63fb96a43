"""The environment, line by line: what is fine, what to mind, what stands in the way."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import tito
from tito.console import Console
from tito.errors import TitoError
from tito.provenance import core_package, is_unbuilt, learner_error, whose

__all__ = ["Check", "examine", "summary"]

Status = Literal["ok", "warning", "failed"]
GIB = 2**30
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Finding(NamedTuple):
    """What a check found; `way_out` says what to do unless all is well."""

    status: Status
    found: str
    way_out: str = ""


class Check(NamedTuple):
    """One line of the report."""

    name: str
    status: Status
    found: str
    way_out: str


def python() -> Finding:
    """Which Python runs, and that it has room for large arrays."""
    found = f"{platform.python_version()} ({platform.python_implementation()}) at {sys.executable}"
    if sys.maxsize < 2**32:
        return Finding("warning", f"{found}, 32 bits", "Install a 64-bit Python for large arrays.")
    return Finding("ok", found)


def system() -> Finding:
    """The operating system and the processor."""
    return Finding("ok", platform.platform())


def package() -> Finding:
    """TinyTorch, and that no other package of its name is in the way."""
    spec = importlib.util.find_spec("tinytorch")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    found = f"{tito.__version__} in {folder}"
    if folder is None or folder.parent != Path(tito.__file__).parents[1]:
        way_out = "Another package of that name is in the way: pip uninstall tinytorch."
        if folder and (folder.parent / "tito.json").is_file():
            way_out = f"It hides the installed package: delete {folder / '__init__.py'}."
        return Finding("failed", found, way_out)
    return Finding("ok", found)


def numpy() -> Finding:
    """NumPy 2.1 or later, and the BLAS behind its matrix product."""
    import numpy as np

    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    found = f"{np.__version__}, BLAS {blas.get('name', 'unknown')} {blas.get('version', '')}"
    if tuple(map(int, np.__version__.split(".")[:2])) < (2, 1):
        return Finding("failed", found, 'pip install --upgrade "numpy>=2.1"')
    return Finding("ok", found)


def workspace() -> Finding:
    """The workspace here: the learner's modules, and that nothing in it is in Python's way."""
    from tito.workspace import Workspace

    if core_package().workspace() is None:
        return Finding("ok", "none here; tito init DIR makes one")
    here = Workspace.find()
    package_file = here.root / "tinytorch" / "__init__.py"
    if package_file.exists():
        found = f"{package_file} hides the installed tinytorch from programs in the workspace"
        return Finding("failed", found, "Delete it: only the files in tinytorch/core/ count.")
    hiding = sorted(
        file.name
        for file in here.root.glob("*.py")
        if file.stem in sys.stdlib_module_names or file.stem in ("numpy", "tito")
    )
    if hiding:
        found = f"{here.root}: {', '.join(hiding)} would be imported in place of Python's own"
        return Finding("warning", found, "Give it another name.")
    mine = [name for name, owner in whose().items() if owner == "yours"]
    built = f"yours: {', '.join(mine)}" if mine else "no module of yours yet"
    passed = len(here.progress.passed())
    return Finding("ok", f"{here.root}, {here.style} style; {built}; exercises solved: {passed}")


def threads() -> Finding:
    """Processor cores for this process, and limits set by the environment."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    limits = [f"{name}={os.environ[name]}" for name in THREADS if name in os.environ]
    return Finding("ok", ", ".join([f"{cores} cores", *limits]))


def memory() -> Finding:
    """Memory that is free now, where the system tells."""
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        free = os.sysconf("SC_AVPHYS_PAGES") * page / GIB
        total = os.sysconf("SC_PHYS_PAGES") * page / GIB
    except (AttributeError, OSError, ValueError):
        return Finding("ok", "not told by this system; the course needs about 1 GiB")
    found = f"{free:.1f} GiB free of {total:.1f} GiB"
    if total < 1:
        return Finding("warning", found, "CIFAR-10 needs about 1 GiB; the rest will run.")
    return Finding("ok", found)


def terminal(console: Console) -> Finding:
    """The terminal: size, encoding, and whether colour and live bars are used."""
    encoding = getattr(console.file, "encoding", None) or "unknown"
    size = shutil.get_terminal_size()
    style = "plain text" if console.plain else "colour and live bars"
    found = f"{size.columns}x{size.lines}, {encoding}, {style}"
    if console.is_terminal and size.columns < 60:
        return Finding("warning", found, "Lines fit in 60 columns or more.")
    if not console.unicode:
        return Finding("warning", found, "Pictures use ASCII; PYTHONUTF8=1 brings blocks.")
    return Finding("ok", found)


def pictures() -> Finding:
    """Matplotlib, by drawing a small picture in memory."""
    import io

    os.environ["MPLBACKEND"] = "Agg"
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([0, 1])
    figure.savefig(io.BytesIO(), format="png")
    return Finding("ok", f"{matplotlib.__version__}, drew a picture")


def writable(folder: Path, way_out: str) -> Finding:
    """Whether files can be written in `folder`, or where it would be made, by writing one."""
    existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"tito")
        free = shutil.disk_usage(existing).free / GIB
    except OSError as error:
        return Finding("warning", f"{folder}: {error.strerror or error}", way_out)
    found = f"{folder} can be written, {free:.1f} GiB free"
    if free < 1:
        return Finding("warning", found, "Free some space: CIFAR-10 takes 0.4 GiB.")
    return Finding("ok", found)


def torch() -> Finding:
    """PyTorch, with which only the developers' tests compare."""
    found = "installed" if importlib.util.find_spec("torch") else "not installed"
    return Finding("ok", f"{found}; not needed, only the project's tests compare with it")


def self_check() -> Finding:
    """One training step by the framework: the loss of a line fitted to points must fall."""
    import tinytorch as torch
    from tinytorch import nn, optim

    x = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    y = 2 * x + 1
    model = nn.Linear(1, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    losses = []
    for _ in range(2):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    found = f"loss {losses[0]:.3f} -> {losses[1]:.3f} after one step of gradient descent"
    if not losses[1] < losses[0]:
        if "yours" in whose().values():
            return Finding("failed", found, "It must fall: tito check --all says where it breaks.")
        return Finding("failed", found, "It must fall; install tinytorch-course again.")
    return Finding("ok", found)


def datasets() -> Finding:
    """The datasets at hand."""
    from tinytorch.datasets import DATASETS
    from tito.data import state

    states = {name: state(collection) for name, collection in DATASETS.items()}
    here = ", ".join(name for name, found in states.items() if found == "here")
    rest = ", ".join(name for name, found in states.items() if found != "here")
    return Finding("ok", f"here: {here}" + (f"; to fetch when wanted: {rest}" if rest else ""))


def data_folder() -> Finding:
    """The folder into which datasets are downloaded."""
    from tito.data import folder

    return writable(folder(), "Set TINYTORCH_DATA to a folder that you can write.")


def current_folder() -> Finding:
    """The current folder, where results go."""
    return writable(Path.cwd(), "Change to a folder of yours, or use --out DIR.")


def failure(name: str, error: Exception) -> Finding:
    """The check `name` raised; where the learner's code is behind it, their line and way out."""
    if is_unbuilt(error):  # in the middle of a module, as it should be
        return Finding("ok", f"waits for {error}")
    told = error if isinstance(error, TitoError) else learner_error(error)
    if told and told is not error and name != "self-check":
        return Finding("warning", "not examined: your framework stops", "See self-check below.")
    if told:
        return Finding("failed", f"{told.what} {told.why}".strip(), told.way_out)
    way_out = f"python -m pip install --force-reinstall {tito.DISTRIBUTION}"
    return Finding("failed", f"{type(error).__name__}: {error}", way_out)


def examine(console: Console) -> Iterator[Check]:
    """Every check of the environment, one after the other.

    A check that raises has failed; the ones after it still run.
    """
    checks: dict[str, Callable[[], Finding]] = {
        "Python": python,
        "platform": system,
        "TinyTorch": package,
        "NumPy": numpy,
        "Matplotlib": pictures,
        "workspace": workspace,
        "threads": threads,
        "memory": memory,
        "terminal": lambda: terminal(console),
        "this folder": current_folder,
        "data folder": data_folder,
        "datasets": datasets,
        "PyTorch": torch,
        "self-check": self_check,
    }
    for name, check in checks.items():
        try:
            finding = check()
        except Exception as error:
            finding = failure(name, error)
        yield Check(name, *finding)


def summary(checks: list[Check]) -> dict[str, Any]:
    """The report for a program to read."""
    return {
        "ready": all(check.status != "failed" for check in checks),
        "checks": [check._asdict() for check in checks],
    }
