"""The milestones: which there are, what one needs, and a run of it with its result.

A milestone is a folder `YYYY_name/` with `milestone.json` (what it is) and `milestone.py` (its
`run(stage)`). They lie inside the installed package, or beside `src/` in a checkout;
`TITO_MILESTONES` names another folder, for milestones of your own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import tito
from tito.data import data_error, ensure
from tito.errors import Exit, TitoError, os_error
from tito.files import prepare_folder, read_json, write_json
from tito.provenance import (
    Whose,
    core_package,
    describe,
    in_brief,
    learner_place,
    module_file,
    understudies,
    way_out,
    whose,
)
from tito.stage import Stage

__all__ = [
    "RUNS", "Milestone", "discover", "find", "last_run", "perform", "refuse_epochs", "runs_folder",
]  # fmt: skip

RUNS = "tinytorch-runs"
"""The folder for results, in the workspace or under the current one."""


def runs_folder() -> Path:
    """Where results go unless told otherwise: into the workspace, outside of one right here."""
    root = core_package().workspace()
    return Path(root or "") / RUNS


@dataclass(frozen=True)
class Milestone:
    """What milestone.json says, and where the milestone lies.

    `epochs` is the length of the full run where --epochs may choose another, else None.
    """

    year: int
    name: str
    title: str
    question: str
    needs: tuple[int, ...]
    embedded: str
    full: str
    data: tuple[str, ...]
    minutes: dict[str, str]
    folder: Path
    epochs: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What a user may call it."""
        return (str(self.year), self.name.lower(), self.folder.name.lower())

    @property
    def modules(self) -> list[str]:
        """Names of the core modules that it needs."""
        known = core_package().MODULES
        return [known[number - 1] for number in self.needs]

    def summary(self) -> dict[str, Any]:
        """The milestone for a program to read."""
        return asdict(self) | {"folder": str(self.folder)}


def home() -> Path:
    """The folder that holds the milestones."""
    if given := os.environ.get("TITO_MILESTONES"):
        return Path(given)
    installed = Path(__file__).parent / "_milestones"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "milestones"


def read(folder: Path) -> Milestone:
    """The milestone in `folder`, from its milestone.json."""
    facts = read_json(folder / "milestone.json")
    try:
        facts = {**(facts or {}), "folder": folder}
        return Milestone(**facts | {key: tuple(facts[key]) for key in ("needs", "data")})
    except (KeyError, TypeError) as error:
        raise TitoError(
            f"{folder / 'milestone.json'} does not describe a milestone.",
            f"A field is missing, unknown or of the wrong kind: {error}.",
            "Install tinytorch-course again.",
        ) from error


def discover(root: Path | None = None) -> list[Milestone]:
    """All milestones in `root`, the oldest first.

    Raises: TitoError (environment) when there is none or one cannot be read.
    """
    root = root or home()
    found = [read(file.parent) for file in sorted(root.glob("*/milestone.json"))]
    if not found:
        raise TitoError(
            "No milestone was found.",
            f"The folder {root} holds none.",
            "Install tinytorch-course again, or set TITO_MILESTONES to a folder of milestones.",
        )
    return sorted(found, key=lambda milestone: milestone.year)


def find(name: str, milestones: Sequence[Milestone]) -> Milestone:
    """The milestone called `name`: its year, its name, or the beginning of either.

    Raises: TitoError (usage) when none or several fit; a typo gets a suggestion.
    """
    wanted = name.lower()
    exact = [milestone for milestone in milestones if wanted in milestone.names]
    fits = exact or [m for m in milestones if any(n.startswith(wanted) for n in m.names)]
    if len(fits) == 1:
        return fits[0]
    if fits:
        several = ", ".join(f"{m.year} {m.name}" for m in fits)
        raise TitoError(
            f"{name!r} fits several milestones.", f"It could be {several}.",
            "Write one more letter, or the year.", Exit.USAGE,
        )  # fmt: skip
    close = get_close_matches(wanted, [n for m in milestones for n in m.names], 1, 0.5)
    known = ", ".join(f"{m.year} {m.name}" for m in milestones)
    raise TitoError(
        f"No milestone is called {name!r}.",
        f"There are {known}.",
        f"Did you mean {close[0]!r}?" if close else "See tito milestone list.",
        Exit.USAGE,
    )


def last_run(milestone: Milestone, runs: Path) -> dict[str, Any] | None:
    """The result of the last run under the folder `runs`; None before the first one."""
    return read_json(runs / milestone.folder.name / "result.json")


def refuse_epochs(milestone: Milestone, full: bool) -> None:
    """Raise, for a run with --epochs, where the number of epochs is part of the recipe."""
    if milestone.epochs and full:
        return
    title = f"The {milestone.year} {milestone.name} milestone"
    if milestone.epochs:
        raise TitoError(
            f"{title} takes --epochs together with --full.",
            "On the embedded data the number of epochs is part of the recipe.",
            f"tito milestone run {milestone.name} --full --epochs {milestone.epochs}",
            Exit.USAGE,
        )
    raise TitoError(
        f"{title} has no use for --epochs.",
        "Its length is part of the recipe.",
        f"Leave it out: tito milestone run {milestone.name}{' --full' if full else ''}",
        Exit.USAGE,
    )


def load(milestone: Milestone) -> Callable[[Stage], None]:
    """The `run` function of the milestone's program."""
    file = milestone.folder / "milestone.py"
    spec = importlib.util.spec_from_file_location(f"tito_milestone_{milestone.name}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise TitoError(f"{file} is missing.", way_out="Install tinytorch-course again.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickles of the program look it up
    spec.loader.exec_module(module)
    return module.run


def perform(milestone: Milestone, stage: Stage) -> dict[str, Any]:
    """Run a milestone on `stage` and write result.json into the result folder.

    Returns: the content of result.json.
    Raises: TitoError with the exit code: 1 when the code under the milestone fails (result.json
        then says so), 3 for the environment, 4 and 5 for the data.
    """
    if stage.full:
        stage.epochs = stage.epochs or milestone.epochs
    with understudies() as building:
        stage.code = digest(milestone)
        result, error = attempt(milestone, stage)
    result["building"] = [name for name in building if name in milestone.modules]
    write_json(stage.out / "result.json", result)
    if error:
        raise error
    stage.remove_checkpoints()
    return result


def digest(milestone: Milestone) -> str:
    """Eight digits that change with the program and with the modules that it needs.

    A run that was stopped goes on only with the code that began it: so a milestone is earned by
    code that has done all of the work.
    """
    files = [milestone.folder / "milestone.py", *map(module_file, milestone.modules)]
    texts = (file.read_bytes() for file in files if file and file.is_file())
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:8]


def attempt(milestone: Milestone, stage: Stage) -> tuple[dict[str, Any], TitoError | None]:
    """Run a milestone; returns what result.json says, and the error that goes with it."""
    prepare_folder(stage.out)
    start = time.perf_counter()
    owners: dict[str, Whose] = {}
    error: TitoError | None = None
    try:
        owners = whose(milestone.modules)
        refuse_missing(milestone, owners)
        if stage.full:
            ensure(stage.console, milestone.data, stage.data)
        with redirect_stdout(stage.console.file):  # what the program prints belongs to the story
            load(milestone)(stage)
    except (TitoError, BrokenPipeError):
        raise
    except (Exception, SystemExit) as cause:
        error = explain(cause, milestone)
        if stage.going_on:
            error.way_out += " If it is the state of the stopped run: --fresh begins anew."
        if error.code != Exit.MISSED:
            raise error from cause
        error.__cause__ = cause
    seconds = time.perf_counter() - start
    checks = check_learner(stage, owners) if stage.passed and error is None else {}
    return record(milestone, stage, owners, checks, seconds, error), error


def check_learner(stage: Stage, owners: dict[str, Whose]) -> dict[str, bool]:
    """Whether each module passes its checks; asked where every one that ran is the learner's."""
    if set(owners.values()) != {"yours"}:
        return {}
    from tito.checking import check_modules
    from tito.workspace import Workspace

    stage.console.line(f"Reached with your code. Checking your {len(owners)} modules ...")
    return check_modules(Workspace.find(), list(owners))


def record(
    milestone: Milestone,
    stage: Stage,
    owners: dict[str, Whose],
    checks: dict[str, bool],
    seconds: float,
    error: TitoError | None,
) -> dict[str, Any]:
    """What result.json says about a run."""
    passed = stage.passed and error is None
    return {
        "milestone": milestone.name,
        "mode": "full" if stage.full else "embedded",
        "passed": passed,
        **stage.figures(),
        "seconds": round(seconds, 3),
        "seeds": stage.seeds,
        "epochs": stage.epochs,
        "versions": versions(),
        "whose": owners,
        "checks": checks,
        "earned": passed and bool(checks) and all(checks.values()),
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **({"error": f"{error.what} ({error.why})"} if error else {}),
    }


def refuse_missing(milestone: Milestone, owners: dict[str, Whose]) -> None:
    """Raise where a module that the milestone needs is not there."""
    missing = [name for name, owner in owners.items() if owner == "missing"]
    if missing:
        raise TitoError(
            f"The {milestone.year} {milestone.name} milestone cannot run.",
            f"It needs modules that this installation does not have: {', '.join(missing)}.",
            "Install a newer tinytorch-course.",
        )


def versions() -> dict[str, str]:
    """What the figures of a run depend on."""
    import numpy

    return {
        "tinytorch": tito.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


def explain(error: BaseException, milestone: Milestone) -> TitoError:
    """What went wrong inside a milestone, in terms of whose line it was."""
    if known := data_error(error):
        return known
    place, module = blame(error, milestone)
    if isinstance(error, MemoryError):
        return TitoError("The milestone ran out of memory.", place, "Close other programs first.")
    if not module and isinstance(error, OSError):
        return os_error(f"run the {milestone.name} milestone", error, "See tito doctor.")
    if not module and isinstance(error, ModuleNotFoundError):
        return TitoError(f"{error}.", place, "Install what is missing; tito doctor names it.")
    return TitoError(
        f"The {milestone.year} {milestone.name} milestone stopped: {in_brief(error)}",
        place,
        way_out(module, error) if module else "--debug shows the whole traceback.",
        Exit.MISSED,
    )


def blame(error: BaseException, milestone: Milestone) -> tuple[str, str]:
    """The place in the code behind `error`, and the learner's module in which it is, if any.

    The learner's own core files come first, then the milestone's program, then whatever raised.
    """
    if found := learner_place(error):
        return found
    trace = traceback.extract_tb(error.__traceback__)
    frames = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in trace]
    program = [f for f in frames if Path(f[0]).resolve().parent == milestone.folder.resolve()]
    return describe((program or frames)[-1], False), ""
