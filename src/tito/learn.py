"""What the learner's commands do: where they are, start, status, hints, solutions.

Each function works on a workspace and returns plain data; `tito.cli_learn` parses and prints.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tito.errors import Exit, TitoError
from tito.workspace import Workspace

if TYPE_CHECKING:
    from tito.course import Chapter, Exercise

__all__ = [
    "begin", "chosen_chapter", "current_chapter", "describe", "exercise_or_current",
    "first_unsolved", "next_chapter", "overview", "place", "reveal_hint", "show_solution",
    "starting_files", "where",
]  # fmt: skip

LEVELS = ("nudge", "approach", "pseudo-code")


# --------------------------------------------------------------------------- where the learner is


def current_chapter(workspace: Workspace) -> Chapter:
    """The module that was started last.

    Raises: TitoError (usage) before the first one.
    """
    here = {chapter.key: chapter for chapter in workspace.started()}
    if not here:
        raise TitoError("No module is started yet.", "", "Begin with: tito start", Exit.USAGE)
    order = [key for key in workspace.progress.read()["started"] if key in here]
    return here[order[-1]] if order else list(here.values())[-1]


def first_unsolved(workspace: Workspace, chapter: Chapter) -> Exercise | None:
    """The first exercise of a chapter that has not passed its checks."""
    passed = workspace.progress.passed()
    return next((each for each in chapter.exercises if each.id not in passed), None)


def next_chapter(workspace: Workspace) -> Chapter | None:
    """The chapter to start without being told which: the current one while it has unsolved
    exercises, else the first one that is not started; None at the end of the course."""
    from tito.course import chapters

    if workspace.started():
        current = current_chapter(workspace)
        if first_unsolved(workspace, current):
            return current
    return next((each for each in chapters() if not workspace.file(each).exists()), None)


def chosen_chapter(workspace: Workspace, text: str | None) -> Chapter:
    """The chapter called `text`, else the current one."""
    from tito.course import find_chapter

    return find_chapter(text) if text else current_chapter(workspace)


def exercise_or_current(workspace: Workspace, text: str | None, command: str) -> Exercise:
    """The exercise called `text`, else the first unsolved one of the current module.

    Args:
        command: for the way out, where all are solved.
    """
    from tito.course import find_exercise

    if text:
        return find_exercise(text)
    chapter = current_chapter(workspace)
    if found := first_unsolved(workspace, chapter):
        return found
    raise TitoError(
        f"Every exercise of {chapter.number:02d} {chapter.file} is solved.", "",
        f"Name one, as in tito {command} {chapter.exercises[0].id}, or go on with: tito start",
        Exit.USAGE,
    )  # fmt: skip


def place(workspace: Workspace, exercise: Exercise) -> tuple[Path, int]:
    """The file and the line where an exercise is to be solved; line 1 when it is not found."""
    from tito.sources import find

    file, names = workspace.exercise_file(exercise), exercise.definitions
    try:
        source = file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return file, 1
    for name in names[1:] if len(names) > 1 and names[1].startswith(names[0] + ".") else names:
        try:
            return file, find(source, name).node.lineno
        except KeyError:
            continue
        except (SyntaxError, ValueError):  # a file that is being worked on
            word = re.escape(name.rpartition(".")[2])
            if match := re.search(rf"^[ \t]*(?:def|class) +{word}\b", source, re.MULTILINE):
                return file, source.count("\n", 0, match.start()) + 1
    return file, 1


def where(workspace: Workspace, exercise: Exercise) -> str:
    """Where an exercise is to be solved: the cell of a notebook, else file and line."""
    notebook = workspace.notebook(exercise.chapter)
    if notebook.is_file():
        return f"{workspace.shown(notebook)}, cell {exercise.id}"
    file, line = place(workspace, exercise)
    return f"{workspace.shown(file)}:{line}"


def describe(workspace: Workspace, exercise: Exercise) -> dict[str, Any]:
    """An exercise: what, how hard, where, and how it stands."""
    entry = workspace.progress.exercise(exercise.id)
    file, line = place(workspace, exercise)
    return {
        "id": exercise.id,
        "title": exercise.title,
        "definitions": list(exercise.definitions),
        "difficulty": exercise.difficulty,
        "minutes": exercise.minutes,
        "debug": exercise.debug,
        "file": workspace.shown(file),
        "line": line,
        "where": where(workspace, exercise),
        "state": state_of(entry),
        "attempts": entry.get("attempts", 0),
        "hints": entry.get("hints", 0),
        "solution_seen": "solution" in entry,
    }


def state_of(entry: dict[str, Any]) -> str:
    """How an exercise stands: "passed", "failed" or "open"."""
    if entry.get("passed"):
        return "passed"
    return "failed" if entry.get("failure") not in (None, "", "not built yet") else "open"


# ------------------------------------------------------------------------------------------ start


def begin(workspace: Workspace, chapter: Chapter) -> list[str]:
    """Write a chapter's starting files, where there are none yet, and make it the current one.

    Returns: the files that were written.
    """
    written = []
    for file, text in starting_files(workspace, chapter).items():
        if not os.path.lexists(file):
            workspace.write(file, text)
            written.append(workspace.shown(file))
    if workspace.style == "notebook" and not os.path.lexists(workspace.notebook(chapter)):
        from tito.notebook import write_notebook

        write_notebook(workspace, chapter)
        written.append(workspace.shown(workspace.notebook(chapter)))
    workspace.progress.record_start(chapter.key)
    return written


def starting_files(workspace: Workspace, chapter: Chapter) -> dict[Path, str]:
    """What a learner begins a chapter with: its file, and the program of its debug-it exercise."""
    files = {workspace.file(chapter): chapter.starting_file()}
    return files | {
        workspace.exercise_file(each): chapter.broken() for each in chapter.exercises if each.debug
    }


# ----------------------------------------------------------------------------------------- status


def overview(workspace: Workspace) -> dict[str, Any]:
    """The map: modules, the exercises of the current one, milestones, the share that is theirs."""
    from tito.course import chapters

    state = workspace.progress.read()
    known = chapters()
    passed = {id for id, entry in state["exercises"].items() if entry.get("passed")}
    modules = [module_state(workspace, chapter, passed) for chapter in known]
    current = current_chapter(workspace) if workspace.started() else None
    built = {chapter.number: built_lines(chapter) for chapter in known}
    mine = sum(n for lines in built.values() for id, n in lines.items() if id in passed)
    total = sum(n for lines in built.values() for n in lines.values())
    done = {module["number"] for module in modules if module["state"] == "done"}
    return {
        "workspace": str(workspace.root),
        "style": workspace.style,
        "share": mine / total if total else 0.0,
        "lines": {"yours": mine, "all": total},
        "modules": modules,
        "current": current.key if current else None,
        "exercises": [describe(workspace, e) for e in current.exercises] if current else [],
        "milestones": milestone_states(workspace, done),
    }


def module_state(workspace: Workspace, chapter: Chapter, passed: set[str]) -> dict[str, Any]:
    """How a module stands: "not started", "started" or "done"."""
    solved = sum(exercise.id in passed for exercise in chapter.exercises)
    state = "not started"
    if workspace.file(chapter).is_file():
        state = "done" if solved == len(chapter.exercises) else "started"
    return {
        "number": chapter.number,
        "name": chapter.file,
        "title": chapter.title,
        "state": state,
        "solved": solved,
        "exercises": len(chapter.exercises),
    }


def built_lines(chapter: Chapter) -> dict[str, int]:
    """The lines of code that each exercise of a chapter asks for, by its id."""
    from tito.sources import code_lines, definitions

    source = chapter.solution()
    known = {d.name: d for d in definitions(source) if not d.is_class}
    return {
        exercise.id: sum(
            code_lines(known[name], source) for name in exercise.definitions if name in known
        )
        for exercise in chapter.exercises
        if not exercise.debug
    }


def milestone_states(workspace: Workspace, done: set[int]) -> list[dict[str, Any]]:
    """How each milestone stands: "open", "ready", "passed" or "earned".

    Args:
        done: the numbers of the modules whose exercises are all solved.
    """
    from tito.milestones import RUNS, discover, last_run

    found = []
    for milestone in discover():
        run = last_run(milestone, workspace.root / RUNS) or {}
        missing = [number for number in milestone.needs if number not in done]
        state = "open" if missing else "ready"
        if run.get("passed"):
            state = "earned" if run.get("earned") else "passed"
        found.append(
            {"year": milestone.year, "name": milestone.name, "state": state, "missing": missing}
        )
    return found


# ------------------------------------------------------------------------------ hints, solutions


def reveal_hint(workspace: Workspace, exercise: Exercise) -> dict[str, Any]:
    """Reveal the next hint of an exercise; those that were revealed before come along.

    Returns: `hints` with level, name and text of each, `new` (the level that is new, 0 when there
        was none left), `attempts`, and `passages` that speak of what the last check showed.
    """
    from tito.course import passages

    entry = workspace.progress.exercise(exercise.id)
    texts = exercise.hints.levels
    before = min(int(entry.get("hints", 0)), len(texts))
    level = min(before + 1, len(texts))
    if level > before:
        workspace.progress.record_hint(exercise.id, level)
    hints = [
        {"level": number, "name": LEVELS[number - 1], "text": text}
        for number, text in enumerate(texts[:level], 1)
        if text
    ]
    return {
        "exercise": exercise.id,
        "title": exercise.title,
        "hints": hints,
        "new": level if level > before else 0,
        "attempts": entry.get("attempts", 0),
        "passages": passages(exercise.chapter, entry.get("failure") or "") or [],
    }


def show_solution(workspace: Workspace, exercise: Exercise, yes: bool = False) -> dict[str, Any]:
    """The reference's solution of an exercise and why it is so; that it was seen is remembered.

    Args:
        yes: also without an attempt.
    Raises: TitoError (usage) before the first attempt.
    """
    entry = workspace.progress.exercise(exercise.id)
    if not (yes or entry.get("attempts") or "solution" in entry):
        raise TitoError(
            f"You have not tried {exercise.id} {exercise.title} yet.",
            f"Build something, right or wrong, and tito check {exercise.id}: then the solution "
            "shows itself\n(a look at the untouched exercise does not count).",
            f"A hint gives less away: tito hint {exercise.id}\n"
            f"To see the solution all the same: tito solution {exercise.id} --yes",
            Exit.USAGE,
        )
    workspace.progress.record_solution(exercise.id)
    return {
        "exercise": exercise.id,
        "title": exercise.title,
        "source": exercise.solution(),
        "afterwards": exercise.hints.afterwards,
    }
