"""What the learner has done, in a small file that is hard to lose.

`.tito/progress.json` is written whole or not at all, by one process at a time, and its twin
`progress.backup.json` is written right after it. A file that cannot be read is kept aside and the
twin takes its place; one from a newer tito is left alone. Whatever happens is said in a line.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from tito.errors import TitoError, os_error
from tito.files import write_json

__all__ = ["Progress", "exclusive"]

VERSION = 1
"""Of the file's format; a tito refuses a file with a higher number."""

PATIENCE = 10.0  # seconds to wait for another process
FAILURE = 4000  # characters kept of what a failed check said


SAID: set[str] = set()
"""The lines that this process has said."""


def say_once(text: str) -> None:
    """Print a line to standard error, the first time that it comes."""
    if text not in SAID:
        SAID.add(text)
        with contextlib.suppress(OSError):
            print(text, file=sys.stderr, flush=True)


def try_lock(file: IO) -> bool:
    """Lock `file` if nobody else holds it; closing the file lets go."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Within the block, no other process or thread is in such a block for the lock file `path`.

    The lock belongs to the open file: it ends with the process, so there are no stale ones.

    Raises: OSError when the file cannot be written, TimeoutError when the lock stays taken.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + PATIENCE
    with open(path, "ab") as file:
        while not try_lock(file):
            if time.monotonic() > end:
                raise TimeoutError(None, "another tito holds the lock")
            time.sleep(0.01)
        yield


def today() -> str:
    """The day, as progress remembers it."""
    return datetime.now().astimezone().date().isoformat()


def empty() -> dict[str, Any]:
    """The progress of somebody who has not begun."""
    return {"version": VERSION, "started": [], "exercises": {}, "predictions": {}}


def is_sound(state: Any) -> bool:
    """Whether `state` has the form of this version."""
    if not isinstance(state, dict) or not isinstance(state.get("started"), list):
        return False
    tables = (state.get("exercises"), state.get("predictions"))
    return all(
        isinstance(table, dict) and all(isinstance(entry, dict) for entry in table.values())
        for table in tables
    ) and all(isinstance(key, str) for key in state["started"])


class Progress:
    """The progress of one workspace.

    Args:
        folder: the workspace's `.tito`.
        say: where a line goes when something had to be repaired or cannot be saved.
    """

    def __init__(self, folder: Path, say: Callable[[str], None] = say_once):
        self.folder, self.say = folder, say
        self.file = folder / "progress.json"
        self.backup = folder / "progress.backup.json"

    # ------------------------------------------------------------------------------- questions

    def read(self) -> dict[str, Any]:
        """The whole state: `started`, `exercises`, `predictions`.

        Raises: TitoError (environment) when the file is from a newer tito or may not be read.
        """
        with self.alone() as writable:
            return self.load(writable)

    def exercise(self, id: str) -> dict[str, Any]:
        """What is known about an exercise: passed, attempts, hints, solution, failure."""
        return self.read()["exercises"].get(id, {})

    def passed(self) -> set[str]:
        """The exercises whose last check was green."""
        return {id for id, entry in self.read()["exercises"].items() if entry.get("passed")}

    # ------------------------------------------------------------------------------ statements

    def create(self) -> None:
        """Write the state of somebody who has not begun, unless there is a state."""
        with self.change():
            pass

    def record_start(self, key: str) -> None:
        """The module `key` is the one that is worked on."""
        with self.change() as state:
            state["started"] = [other for other in state["started"] if other != key] + [key]

    def record_check(
        self, exercise_id: str, passed: bool, seconds: float, failure: str = ""
    ) -> None:
        """An exercise was checked; `failure` is what was shown when it is red."""
        with self.change(exercise_id) as state:
            entry = state["exercises"][exercise_id]
            entry["attempts"] = entry.get("attempts", 0) + 1
            entry["passed"], entry["seconds"] = bool(passed), round(seconds, 3)
            entry["failure"] = "" if passed else failure[:FAILURE]
            if passed:
                entry.setdefault("passed_on", today())

    def record_reset(self, exercise_ids: list[str]) -> None:
        """Exercises are back at their stubs."""
        with self.change(*exercise_ids) as state:
            for id in exercise_ids:
                state["exercises"][id] |= {"passed": False, "failure": ""}

    def record_hint(self, id: str, level: int) -> None:
        """The hints of an exercise were shown up to `level`, 1 to 3."""
        with self.change(id) as state:
            entry = state["exercises"][id]
            entry["hints"] = max(level, entry.get("hints", 0))

    def record_solution(self, id: str) -> None:
        """The solution of an exercise was shown."""
        with self.change(id) as state:
            state["exercises"][id].setdefault("solution", today())

    def record_prediction(self, id: str, guess: float, measured: float) -> None:
        """A prediction was compared with the measurement; the first one is kept as well."""
        with self.change() as state:
            entry = state["predictions"].setdefault(id, {"first": guess})
            entry |= {"guess": guess, "measured": measured}

    # ---------------------------------------------------------------------------- how it is kept

    @contextlib.contextmanager
    def change(self, *exercise_ids: str) -> Iterator[dict[str, Any]]:
        """The state, to be changed within the block and saved at its end.

        Args:
            exercise_ids: exercises that get an entry if they have none.
        """
        with self.alone() as writable:
            state = self.load(writable)
            for id in exercise_ids:
                state["exercises"].setdefault(id, {})
            yield state
            if writable:
                self.save(state)

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Hold the lock; gives whether it could be had, else nothing can be saved."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(exclusive(self.folder / "progress.lock"))
                writable = True
            except OSError as error:
                self.cannot_save(error.strerror or str(error))
                writable = False
            yield writable

    def save(self, state: dict[str, Any]) -> None:
        """Write the file, then its twin; what cannot be written is said."""
        try:
            write_json(self.file, state)
            write_json(self.backup, state)
        except TitoError as error:
            self.cannot_save(error.why)

    def cannot_save(self, why: str) -> None:
        """Say that this run leaves no trace."""
        self.say(f"Progress cannot be saved in {self.folder} ({why}); all else works.")

    def load(self, writable: bool) -> dict[str, Any]:
        """The state from the file, else from its twin, else an empty one; says which."""
        state, damage = self.parse(self.file)
        if state is not None:
            return state
        spare, _ = self.parse(self.backup)
        if spare is None and not damage and not self.backup.exists():
            if self.has_work():
                self.say(
                    f"There is no record of your progress in {self.folder}; your files are all "
                    "there. tito check --all looks at them and records it anew."
                )
            return empty()
        self.repair(spare, damage, writable)
        return spare or empty()

    def has_work(self) -> bool:
        """Whether the workspace has files of the learner, so that there should be a record."""
        return any((self.folder.parent / "tinytorch" / "core").glob("*.py"))

    def parse(self, file: Path) -> tuple[dict[str, Any] | None, str]:
        """The state in `file`, or None and why it cannot be used; no reason where there is none.

        Raises: TitoError (environment) when it is from a newer tito or may not be read.
        """
        try:
            state = json.loads(file.read_bytes().decode("utf-8"))
        except FileNotFoundError:
            return None, ""
        except OSError as error:
            way_out = f"Give yourself the right to read it, or move it away: {file}"
            raise os_error(f"read your progress in {file}", error, way_out) from error
        except (ValueError, RecursionError):
            return None, "it is not JSON"
        version = state.get("version") if isinstance(state, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise TitoError(
                f"{file} was written by a newer tito.",
                f"Its format is {version}; this tito knows {VERSION}. Nothing was changed.",
                "python -m pip install --upgrade tinytorch-course",
            )
        if version != VERSION or not is_sound(state):
            return None, "it has not the form of a progress file"
        return state, ""

    def repair(self, spare: dict[str, Any] | None, damage: str, writable: bool) -> None:
        """Put a damaged file aside, the twin's state in its place, and say so."""
        aside = ""
        if writable:
            for file in (self.file, self.backup) if spare is None else (self.file,):
                if kept := self.put_aside(file):
                    aside = f" The damaged file is kept: {kept.name}."
            if spare is not None:
                self.save(spare)
        what = f"{self.file.name} was damaged ({damage})" if damage else (
            f"{self.file.name} was missing"
        )  # fmt: skip
        if spare is not None:
            self.say(f"{what}; your progress was restored from its backup.{aside}")
        else:
            self.say(
                f"{what}, and there is no usable backup.{aside} Your files are all there: "
                "tito check --all looks at them and records your progress anew."
            )

    def put_aside(self, file: Path) -> Path | None:
        """Rename a damaged file to a name that is free."""
        if not file.exists():
            return None
        numbers = (n for n in range(1, 10_000))
        names = (file.with_name(f"{file.stem}.damaged-{n}.json") for n in numbers)
        free = next(name for name in names if not name.exists())
        try:
            os.replace(file, free)
        except OSError:
            return None
        return free
