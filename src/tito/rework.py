"""Going back: reset to the starting text, undo an overwrite, compare with the reference.

Every overwrite keeps a dated copy first, so nothing that a learner wrote is lost.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tito.checking import refresh
from tito.errors import Exit, TitoError, os_error
from tito.files import write_atomic, write_json
from tito.learn import starting_files
from tito.workspace import Copy, Workspace

if TYPE_CHECKING:
    from tito.course import Chapter, Exercise

__all__ = ["copy_facts", "differences", "reset_chapter", "reset_exercise", "undo"]


def read_mine(workspace: Workspace, exercise: Exercise) -> str:
    """The learner's file in which an exercise stands.

    Raises: TitoError when it is not there, or is no text.
    """
    file, number = workspace.exercise_file(exercise), f"{exercise.chapter.number:02d}"
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise TitoError(
            f"There is no {workspace.shown(file)}.", "",
            f"Write it with: tito start {number}", Exit.USAGE,
        ) from None  # fmt: skip
    except UnicodeDecodeError as error:
        raise TitoError(
            f"{workspace.shown(file)} is no UTF-8 text: {error}.", "",
            f"Save it as UTF-8; or tito undo, or tito reset {number} (a copy is kept).",
            Exit.MISSED,
        ) from error  # fmt: skip
    except OSError as error:
        raise os_error(f"read {file}", error, "Make it readable.") from error


def unreadable(workspace: Workspace, exercise: Exercise, error: SyntaxError) -> TitoError:
    """A file of the learner that Python cannot parse, in words."""
    file, number = workspace.exercise_file(exercise), f"{exercise.chapter.number:02d}"
    return TitoError(
        f"{workspace.shown(file)}, line {error.lineno}: {error.msg}.",
        (error.text or "").strip(),
        f"Mend that line first; or tito undo, or tito reset {number} (a copy is kept).",
        Exit.MISSED,
    )


def reset_exercise(workspace: Workspace, exercise: Exercise) -> dict[str, Any]:
    """Put the definitions of an exercise back to where they started; a copy is kept before.

    Returns: `reset` (exercises), `files` and `copy` as typed from here.
    Raises: TitoError when the file of the learner is not there or cannot be parsed.
    """
    refresh(workspace, exercise.chapter)
    mine = read_mine(workspace, exercise)
    chapter, file = exercise.chapter, workspace.exercise_file(exercise)
    start = chapter.broken() if exercise.debug else chapter.starting_file()
    names = exercise.definitions if exercise.debug else exercise.built()
    try:
        new = put_back(mine, start, names)
    except SyntaxError as error:
        raise unreadable(workspace, exercise, error) from error
    except KeyError as error:
        raise TitoError(
            f"{workspace.shown(file)} has no class for {error.args[0]}.", "",
            f"Start the whole file again (a copy is kept): tito reset {chapter.number:02d}",
            Exit.USAGE,
        ) from error  # fmt: skip
    return overwrite(workspace, chapter, {file: new}, [exercise])


def put_back(mine: str, start: str, names: Iterable[str]) -> str:
    """`mine` with the definitions `names` as they are in `start`; a deleted one comes back.

    Raises: SyntaxError when `mine` cannot be parsed, KeyError when a method's class is gone.
    """
    from tito.sources import definitions, replace, segment

    order = [definition.name for definition in definitions(start)]
    for name in names:
        text = segment(start, name)
        try:
            mine = replace(mine, name, text)
            continue
        except KeyError:
            ends = {definition.name: definition.end for definition in definitions(mine)}
        owner = name.rpartition(".")[0]
        before = [n for n in order[: order.index(name)] if n in ends]
        if owner:
            before = [n for n in before if n == owner or n.startswith(f"{owner}.")]
            if not before:
                raise KeyError(name)
            text = "".join(f"    {line}".rstrip(" ") for line in text.splitlines(keepends=True))
        lines = mine.splitlines(keepends=True)
        end = ends[before[-1]] if before else 0
        gap = "\n" if owner else "\n\n"
        mine = "".join([*lines[:end], gap, text, "" if owner else "\n", *lines[end:]])
    return mine


def reset_chapter(workspace: Workspace, chapter: Chapter) -> dict[str, Any]:
    """Put all files of a chapter back to where they started; copies are kept before."""
    files = starting_files(workspace, chapter)
    answer = overwrite(workspace, chapter, files, list(chapter.exercises))
    workspace.progress.record_start(chapter.key)
    return answer


def overwrite(
    workspace: Workspace, chapter: Chapter, files: dict[Path, str], exercises: list[Exercise]
) -> dict[str, Any]:
    """Write files, and the chapter's notebook if there is one, after a common copy of them.

    Nothing is written when the files are so already.
    """
    notebook = workspace.notebook(chapter)
    if not notebook.is_file():
        files = {file: text for file, text in files.items() if text_of(file) != text}
    paths = [*files, *([notebook] if notebook.is_file() else [])]
    kept = workspace.keep(*paths)
    for file, text in files.items():
        workspace.write(file, text)
    if notebook.is_file():
        renew_notebook(workspace, chapter, exercises)
    workspace.progress.record_reset([exercise.id for exercise in exercises])
    return {
        "reset": [exercise.id for exercise in exercises],
        "files": [workspace.shown(path) for path in paths],
        "copy": workspace.shown(workspace.copies()[-1].folder) if kept else None,
    }


def text_of(file: Path) -> str | None:
    """The text of a file; None where there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def renew_notebook(workspace: Workspace, chapter: Chapter, exercises: list[Exercise]) -> None:
    """Put the cells of `exercises` back to where they started; the other cells stay.

    The notebook of a whole chapter is the one that it started with, and one that does not have
    these cells any more is made anew from the learner's file.
    """
    from tito.notebook import notebook, write_notebook

    path = workspace.notebook(chapter)
    debug = chapter.broken() if any(each.debug for each in chapter.exercises) else ""
    content = notebook(chapter, chapter.starting_file(), debug)
    if len(exercises) == len(chapter.exercises):
        write_json(path, content)
        return
    old = path.read_bytes()
    if changed := with_cells_of(content, old, exercises):
        write_json(path, changed)
        return
    path.unlink()
    try:
        write_notebook(workspace, chapter)
    except TitoError:
        write_atomic(path, old)
        raise


def with_cells_of(
    fresh: dict[str, Any], old: bytes, exercises: list[Exercise]
) -> dict[str, Any] | None:
    """The notebook `old` with the cells of `exercises` from `fresh`; None if it lacks them."""
    try:
        content = json.loads(old)
        for each in exercises:
            mark = f"%%{'debug' if each.debug else 'build'} {each.id}"
            (new,) = (cell for cell in fresh["cells"] if source_of(cell).startswith(mark))
            (cell,) = (cell for cell in content["cells"] if source_of(cell).startswith(mark))
            cell["source"] = new["source"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return content


def source_of(cell: dict[str, Any]) -> str:
    """The text of a notebook's cell."""
    source = cell["source"]
    return (source if isinstance(source, str) else "".join(source)).lstrip("\n")


def undo(workspace: Workspace, number: int | None = None) -> dict[str, Any]:
    """Bring back the latest copy, or copy `number`; the files as they are now are kept before.

    Raises: TitoError (usage) when there is none.
    """
    copies = {copy.number: copy for copy in workspace.copies()}
    if not copies:
        raise TitoError(
            "There is nothing to undo.", "tito has overwritten no file of this workspace.",
            "Your editor's own undo knows what you typed.", Exit.USAGE,
        )  # fmt: skip
    if number is not None and number not in copies:
        raise TitoError(
            f"There is no copy {number}.", f"There are {', '.join(map(str, copies))}.",
            "See them with: tito undo --list", Exit.USAGE,
        )  # fmt: skip
    copy = copies[max(copies) if number is None else number]
    kept = workspace.restore(copy)
    return {
        "restored": [workspace.shown(workspace.root / file) for file in copy.files],
        "from": copy_facts(copy),
        "kept": copy_facts(kept) if kept else None,
    }


def copy_facts(copy: Copy) -> dict[str, Any]:
    """A dated copy for a program to read."""
    files = [file.as_posix() for file in copy.files]
    return {"number": copy.number, "taken": copy.taken, "files": files}


def differences(
    workspace: Workspace, exercises: Iterable[Exercise], yes: bool = False
) -> dict[str, Any]:
    """The learner's definitions against the reference's, as unified diffs.

    Args:
        yes: also for exercises that are neither passed nor shown.
    Returns: `diffs` with exercise, name and lines of each (no lines where they are equal), and
        `hidden`, the exercises whose solution this would give away.
    Raises: TitoError when a file of the learner cannot be parsed.
    """
    state = workspace.progress.read()["exercises"]
    diffs, hidden = [], []
    for exercise in exercises:
        entry = state.get(exercise.id, {})
        if not (yes or entry.get("passed") or "solution" in entry):
            hidden.append(exercise.id)
            continue
        refresh(workspace, exercise.chapter)
        mine = read_mine(workspace, exercise)
        for name in exercise.definitions:
            try:
                lines = difference(mine, exercise.module_source, name)
            except SyntaxError as error:
                raise unreadable(workspace, exercise, error) from error
            diffs.append({"exercise": exercise.id, "name": name, "lines": lines})
    return {"diffs": diffs, "hidden": hidden}


def difference(mine: str, reference: str, name: str) -> list[str]:
    """The unified diff of one definition, without line ends."""
    from tito.sources import segment

    try:
        ours = segment(mine, name).splitlines()
    except KeyError:
        ours = []
    theirs = segment(reference, name).splitlines()
    return list(difflib.unified_diff(ours, theirs, f"yours: {name}", f"reference: {name}", "", "",
                                     lineterm=""))  # fmt: skip
