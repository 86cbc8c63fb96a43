"""Checks of exercises on the learner's files: which, on what, and how it went."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tito.errors import Exit, TitoError
from tito.runner import SECONDS, Job, Runner, Tell, Verdict, ignore, verdict_of

if TYPE_CHECKING:
    from tito.course import Chapter, Exercise
    from tito.workspace import Workspace

__all__ = [
    "check", "check_modules", "is_green", "learner_files", "refresh", "targets", "time_limit",
    "to_check_again",
]  # fmt: skip


CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)
"""How a source declares its encoding (PEP 263)."""


def time_limit() -> float:
    """Seconds for one exercise: TITO_TIME_LIMIT, or 10.

    Raises: TitoError (usage) when the variable is no positive number.
    """
    given = os.environ.get("TITO_TIME_LIMIT") or str(SECONDS)
    with contextlib.suppress(ValueError):
        if 0 < (seconds := float(given)) < 1e6:
            return seconds
    raise TitoError(
        f"TITO_TIME_LIMIT is {given!r}.", "Expected a number of seconds above 0.",
        "Unset it for the usual 10 seconds.", Exit.USAGE,
    )  # fmt: skip


def unreadable(file: Path, module: str) -> tuple[str, int | None, str] | None:
    """What is wrong with a file that cannot be Python source: an error, its line, the way out.

    Args:
        module: the number of its module.
    """
    way_out = f"tito reset {module} writes the starting file; tito undo --list shows older copies."
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        way_out = way_out.replace("reset", "start", 1)
        return f"FileNotFoundError: {file.name} is missing", None, way_out
    except OSError as error:
        if file.is_dir():
            return f"IsADirectoryError: {file.name} is a folder, expected a file", None, way_out
        return f"{type(error).__name__}: {file.name}: {error.strerror}", None, "May you read it?"
    if not content.strip():
        return f"EmptyFile: {file.name} holds nothing", None, way_out
    if (place := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, place) + 1
        what = f"NotText: {file.name} holds a byte 0, which no Python source has"
        return what, line, "Save it as UTF-8 text in your editor. " + way_out
    if (stop := first_undecodable(content)) is not None:
        line = content.count(b"\n", 0, stop) + 1
        what = f"NotText: {file.name} is no UTF-8 text: the byte 0x{content[stop]:02x}"
        return what, line, "Save it as UTF-8 text in your editor. " + way_out
    return None


def first_undecodable(content: bytes) -> int | None:
    """Where a source stops being text in UTF-8, or in the encoding that its first lines declare."""
    declared = CODING.search(b"\n".join(content.split(b"\n", 2)[:2]))
    try:
        content.decode(declared[1].decode() if declared else "utf-8")
    except UnicodeDecodeError as error:
        return error.start
    except LookupError:  # no such encoding: Python says it best
        return None
    return None


def stopped_by_files(exercises: Sequence[Exercise], job: Job) -> list[Verdict]:
    """Verdicts on the exercises that cannot be judged, because a file of theirs is unreadable."""
    from tito.course import chapters

    numbers = {chapter.file: f"{chapter.number:02d}" for chapter in chapters()}
    problems = {
        key: unreadable(Path(file), numbers.get(key) or key.removeprefix("debug:"))
        for key, file in job.files.items()
    }
    verdicts = []
    for exercise in exercises:
        keys = [key for key in problems if exercise.debug or not key.startswith("debug:")]
        key = next((key for key in keys if problems[key]), None)
        if key is None or (problem := problems[key]) is None:
            continue
        what, line, way_out = problem
        place = {"file": job.files[key], "line": line, "text": "", "function": ""} if line else None
        verdicts.append(verdict_of(exercise.id, what, place, way_out, True, job))
    return verdicts


def is_green(verdict: Verdict) -> bool:
    """Whether an exercise has passed."""
    return verdict["status"] == "passed"


def learner_files(workspace: Workspace, exercises: Sequence[Exercise]) -> dict[str, str]:
    """The learner's files that `exercises` are checked on: their module's and those below it."""
    highest = max((exercise.chapter for exercise in exercises), key=lambda c: c.number)
    below = [c for c in workspace.started() if 0 < c.number < highest.number]  # 00 is used by none
    files = {chapter.file: str(workspace.file(chapter)) for chapter in (*below, highest)}
    for exercise in exercises:
        if exercise.debug:
            files[f"debug:{exercise.chapter.number:02d}"] = str(workspace.exercise_file(exercise))
    return files


def targets(workspace: Workspace, names: Sequence[str], everything: bool = False) -> list[Exercise]:
    """The exercises that are asked for: by name, all that are started, or the current one.

    Raises: TitoError (usage) for a module that was never started, and where nothing is left.
    """
    from tito.course import find_exercises
    from tito.learn import current_chapter, exercise_or_current

    current_chapter(workspace)  # refuses before the first module
    if everything:
        return [exercise for chapter in workspace.started() for exercise in chapter.exercises]
    if not names:
        return [exercise_or_current(workspace, None, "check")]
    found = {exercise.id: exercise for name in names for exercise in find_exercises(name)}
    begun = {chapter.key for chapter in workspace.started()}
    begun |= set(workspace.progress.read()["started"])  # also one whose file has gone
    for exercise in found.values():
        if exercise.chapter.key not in begun and not workspace.file(exercise.chapter).exists():
            number = f"{exercise.chapter.number:02d}"
            raise TitoError(
                f"Module {number} is not started.",
                f"This workspace has no file of {exercise.chapter.file} to check.",
                f"Start it with: tito start {number}", Exit.USAGE,
            )  # fmt: skip
    return list(found.values())


def by_chapter(exercises: Iterable[Exercise]) -> dict[Chapter, list[Exercise]]:
    """Exercises of each chapter, in the order in which they come."""
    groups: dict[str, list[Exercise]] = {}
    for exercise in exercises:
        groups.setdefault(exercise.chapter.key, []).append(exercise)
    return {group[0].chapter: group for group in groups.values()}


def refresh(workspace: Workspace, chapter: Chapter) -> None:
    """Bring a chapter's file up to date with its notebook, where there is one that is newer."""
    if workspace.notebook(chapter).exists():
        from tito.notebook import export, is_newer

        if is_newer(workspace, chapter):
            export(workspace, chapter)


def remember(workspace: Workspace, verdicts: Iterable[Verdict]) -> None:
    """Record verdicts in the progress; a first look at what is not built yet is no attempt."""
    known = workspace.progress.read()["exercises"]
    for verdict in verdicts:
        id = verdict["exercise"]
        if verdict["status"] == "not built" and not known.get(id, {}).get("attempts"):
            continue
        text = "" if is_green(verdict) else failure_text(verdict)
        workspace.progress.record_check(id, is_green(verdict), verdict["seconds"], failure=text)


def check(
    workspace: Workspace,
    exercises: Sequence[Exercise],
    *,
    seed: int = 0,
    find: bool = True,
    runner: Runner | None = None,
    tell: Tell = ignore,
    record: bool = True,
) -> list[Verdict]:
    """Check exercises on the learner's files, and remember how it went.

    Args:
        seed: of the random inputs.
        find: also look for the misconception behind a failure.
        runner: what judges; a cold one unless given.
        tell: is given every verdict at once, and every misconception when it is found.
        record: write the outcome into the progress of the workspace.
    """
    verdicts: list[Verdict] = []
    for chapter, group in by_chapter(exercises).items():
        refresh(workspace, chapter)
        job = Job(
            [exercise.id for exercise in group], learner_files(workspace, group),
            str(workspace.root), seed, find, time_limit(),
        )  # fmt: skip
        found = judged(group, job, runner or Runner(), tell)
        if record:
            remember(workspace, found)
        verdicts += found
    return verdicts


def judged(exercises: Sequence[Exercise], job: Job, runner: Runner, tell: Tell) -> list[Verdict]:
    """The verdicts of a job in the order of its exercises; unreadable files need no process."""
    stopped = {verdict["exercise"]: verdict for verdict in stopped_by_files(exercises, job)}
    for verdict in stopped.values():
        tell(verdict)
    rest = replace(job, exercises=[each for each in job.exercises if each not in stopped])
    found = {verdict["exercise"]: verdict for verdict in runner.judge(rest, tell)}
    return [(stopped | found)[each] for each in job.exercises]


def failure_text(verdict: Verdict) -> str:
    """What a learner sees of a failure, in a few lines: hints are found by it."""
    if verdict["status"] == "not built":
        return "not built yet"
    failure = first_failure(verdict)["failure"]
    parts = (failure["error"], failure["difference"], failure["code"], failure["shapes"])
    return "\n".join(part for part in parts if part)


def first_failure(verdict: Verdict) -> dict[str, Any]:
    """The first check that did not hold."""
    return next(check for check in verdict["checks"] if not check["ok"])


def to_check_again(
    workspace: Workspace, verdicts: Sequence[Verdict], exercises: Sequence[Exercise]
) -> list[Exercise]:
    """What to check again at the end of a module: the rest of it, and the modules before it.

    Returns: nothing unless all of `exercises` are green and one of their modules is complete by it.
    """
    if not all(map(is_green, verdicts)):
        return []
    passed = workspace.progress.passed()
    complete = [
        chapter.number
        for chapter in by_chapter(exercises)
        if all(exercise.id in passed for exercise in chapter.exercises)
    ]
    checked = {exercise.id for exercise in exercises}
    return [
        exercise
        for chapter in workspace.started()
        if complete and chapter.number <= max(complete)
        for exercise in chapter.exercises
        if exercise.id in passed and exercise.id not in checked
    ]


def check_modules(workspace: Workspace, names: Iterable[str]) -> dict[str, bool]:
    """Whether each of these modules is the learner's and passes its checks; nothing is recorded.

    Args:
        names: names of core files, such as "tensor".
    """
    started = {chapter.file: chapter for chapter in workspace.started()}
    answer = {}
    with Runner(warm=True) as runner:
        for name in names:
            exercises = list(started[name].exercises) if name in started else []
            verdicts = check(workspace, exercises, find=False, runner=runner, record=False)
            answer[name] = bool(verdicts) and all(map(is_green, verdicts))
    return answer
