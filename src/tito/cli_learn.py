"""The learner's commands: each parses, calls one function of `tito.learn` and prints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tito.console import Console
from tito.errors import Exit, TitoError

if TYPE_CHECKING:
    from tito.course import Chapter, Exercise
    from tito.workspace import Workspace

__all__ = ["COMMANDS"]

MODULE = click.argument("module", required=False, metavar="[NN]")
EXERCISE = click.argument("exercise", required=False, metavar="[EX]")
TARGET = click.argument("target", required=False, metavar="[NN|EX]")


def here() -> Workspace:
    """The workspace of the current folder."""
    from tito.workspace import Workspace

    return Workspace.find()


def chosen(workspace: Workspace, target: str | None, command: str) -> Chapter | Exercise:
    """A module or an exercise by what was typed; the current exercise where nothing was."""
    from tito.course import find_chapter
    from tito.learn import exercise_or_current

    if target and is_module(target):
        return find_chapter(target)
    return exercise_or_current(workspace, target, command)


def is_module(text: str) -> bool:
    """Whether `text` names a module."""
    from tito.course import find_chapter

    try:
        find_chapter(text)
    except TitoError:
        return False
    return True


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--style",
    type=click.Choice(["editor", "notebook"]),
    default="editor",
    help="Work in files, the default, or in notebooks.",
)
@click.pass_obj
def init(console: Console, folder: Path, style: str) -> int:
    """Make a workspace: the folder DIR in which you build.

    A program that runs in it, or below it, imports the files that you have built there, and the
    reference's in place of the others. DIR must be new or empty.
    """
    from tito.workspace import Workspace

    workspace = Workspace.create(folder, style)
    if console.json:
        console.result({"workspace": workspace.root, "style": style})
        return Exit.DONE
    console.line(f"Made the workspace {workspace.shown(workspace.root)} ({style} style).")
    console.line(f"Next: cd {workspace.shown(workspace.root)}", style="bold")
    console.line("      tito start", style="bold")
    return Exit.DONE


@click.command()
@click.pass_obj
def update(console: Console) -> int:
    """Renew README, .gitignore and tito.json of the workspace.

    Your modules, programs and notebooks are never touched; neither is a README or .gitignore that
    you have edited.
    """
    workspace = here()
    done = workspace.write_templates(workspace.style)
    if console.json:
        console.result({"files": dict(done)})
        return Exit.DONE
    words = {"yours": "edited by you, left alone"}
    console.table(["", ""], [[name, words.get(state, state)] for name, state in done])
    console.line("Your own files were not touched.")
    return Exit.DONE


@click.command()
@MODULE
@click.pass_obj
def start(console: Console, module: str | None) -> int:
    """Begin module NN, the next one unless given.

    Writes the starting file with what is to be built, and the program of the debug-it exercise; a
    file that is there already stays as it is.
    """
    from tito.course import find_chapter
    from tito.learn import begin, describe, first_unsolved, next_chapter
    from tito.screens_learn import show_started

    workspace = here()
    chapter = find_chapter(module) if module else next_chapter(workspace)
    if chapter is None:
        return finished(console)
    written = begin(workspace, chapter)
    exercise = first_unsolved(workspace, chapter)
    facts = describe(workspace, exercise) if exercise else None
    if console.json:
        console.result({"module": chapter.key, "written": written, "next": facts})
        return Exit.DONE
    show_started(console, workspace, chapter, written, facts)
    return Exit.DONE


def finished(console: Console) -> int:
    """Every module is built."""
    if console.json:
        console.result({"module": None, "written": [], "next": None})
        return Exit.DONE
    console.line("Every module is started and solved. Next: tito milestone list", style="bold")
    return Exit.DONE


@click.command("next")
@click.pass_obj
def next_command(console: Console) -> int:
    """Show the next exercise: what, where, and what to type."""
    from tito.learn import current_chapter, describe, first_unsolved
    from tito.screens_learn import show_exercise

    workspace = here()
    chapter = current_chapter(workspace)
    exercise = first_unsolved(workspace, chapter)
    if exercise is None:
        if console.json:
            console.result({"module": chapter.key, "next": None})
            return Exit.DONE
        console.line(f"{chapter.number:02d} {chapter.file} is solved. {chapter.unlocks}", wrap=True)
        console.line("Next: tito start", style="bold")
        return Exit.DONE
    facts = describe(workspace, exercise)
    if console.json:
        console.result({"module": chapter.key, "next": facts})
        return Exit.DONE
    show_exercise(console, facts)
    return Exit.DONE


@click.command()
@TARGET
@click.pass_obj
def read(console: Console, target: str | None) -> int:
    """Read the chapter of module NN, or the part about exercise EX.

    The current module's unless given. In a terminal it opens in a pager (q ends it).
    """
    from tito.course import find_chapter, find_exercise
    from tito.learn import current_chapter
    from tito.screens_learn import chapter_markdown, page, part_about

    workspace = workspace_or_none()
    if target is None:
        chapter, exercise = current_chapter(workspace or here()), None
    elif is_module(target):
        chapter, exercise = find_chapter(target), None
    else:
        exercise = find_exercise(target)
        chapter = exercise.chapter
    blocks = part_about(chapter, exercise) if exercise else chapter.blocks
    text = chapter_markdown(workspace, chapter, blocks)
    if console.json:
        console.result({"module": chapter.key, "markdown": text})
        return Exit.DONE
    begun = workspace is not None and bool(workspace.started())
    page(console, text, "Next: tito next" if begun else "")
    return Exit.DONE


def workspace_or_none() -> Workspace | None:
    """The workspace; None outside of one, where a chapter can be read all the same."""
    try:
        return here()
    except TitoError:
        return None


@click.command()
@click.pass_obj
def status(console: Console) -> int:
    """Show the map: modules, exercises, milestones, how much is yours."""
    from tito.learn import overview
    from tito.screens_learn import show_status

    found = overview(here())
    if console.json:
        console.result(found)
        return Exit.DONE
    show_status(console, found)
    return Exit.DONE


@click.command()
@EXERCISE
@click.option("--more", is_flag=True, help="The next level; so does asking again.")
@click.pass_obj
def hint(console: Console, exercise: str | None, more: bool) -> int:
    """Give a hint for exercise EX, the current one unless given.

    Three levels, each call reveals the next: a nudge, the approach, pseudo-code. What the last
    check showed on the screen leads to passages of its own.
    """
    from tito.learn import exercise_or_current, reveal_hint
    from tito.screens_learn import show_hints

    workspace = here()
    answer = reveal_hint(workspace, exercise_or_current(workspace, exercise, "hint"))
    if console.json:
        console.result(answer)
        return Exit.DONE
    show_hints(console, answer)
    return Exit.DONE


@click.command()
@EXERCISE
@click.option("--yes", is_flag=True, help="Also without an attempt.")
@click.pass_obj
def solution(console: Console, exercise: str | None, yes: bool) -> int:
    """Show the reference's solution of exercise EX, and why it is so.

    After an attempt, right or wrong, or with --yes. That you saw it is remembered, and your file
    stays as it is.
    """
    from tito.learn import exercise_or_current, show_solution
    from tito.screens_learn import show_markdown, show_source

    workspace = here()
    answer = show_solution(workspace, exercise_or_current(workspace, exercise, "solution"), yes)
    if console.json:
        console.result(answer)
        return Exit.DONE
    console.line(f"{answer['exercise']} {answer['title']}: the reference", style="bold")
    console.say()
    show_source(console, answer["source"])
    console.say()
    show_markdown(console, answer["afterwards"])
    return Exit.DONE


@click.command()
@TARGET
@click.pass_obj
def reset(console: Console, target: str | None) -> int:
    """Put exercise EX, or all files of module NN, back to the start.

    The current exercise unless given; its definitions alone change. A dated copy is kept before,
    and tito undo brings it back.
    """
    from tito.course import Exercise
    from tito.rework import reset_chapter, reset_exercise

    workspace = here()
    found = chosen(workspace, target, "reset")
    if isinstance(found, Exercise):
        answer = reset_exercise(workspace, found)
    else:
        answer = reset_chapter(workspace, found)
    if console.json:
        console.result(answer)
        return Exit.DONE
    what = f"{found.id} {found.title}" if isinstance(found, Exercise) else f"module {found.key}"
    if not answer["files"]:
        console.line(f"Nothing to reset: {what} is as it started.")
        return Exit.DONE
    console.line(f"Back to the start: {what}, in {', '.join(answer['files'])}.", wrap=True)
    if answer["copy"]:
        console.line(f"Your version is kept in {answer['copy']}; tito undo brings it back.")
    return Exit.DONE


@click.command()
@click.argument("number", required=False, type=int, metavar="[N]")
@click.option("--list", "listing", is_flag=True, help="List the dated copies.")
@click.pass_obj
def undo(console: Console, number: int | None, listing: bool) -> int:
    """Bring back the files that tito overwrote last, or copy N.

    The files as they are now are kept before, so an undo can be undone.
    """
    from tito.rework import copy_facts
    from tito.rework import undo as bring_back

    workspace = here()
    if listing:
        copies = [copy_facts(copy) for copy in workspace.copies()]
        if console.json:
            console.result({"copies": copies})
            return Exit.DONE
        if not copies:
            console.line("There are no copies yet.")
            return Exit.DONE
        rows = [[str(c["number"]), c["taken"], ", ".join(c["files"])] for c in copies]
        console.table(["N", "kept", "files"], rows)
        console.line("Bring one back with: tito undo N")
        return Exit.DONE
    answer = bring_back(workspace, number)
    if console.json:
        console.result(answer)
        return Exit.DONE
    taken = f"copy {answer['from']['number']}, kept {answer['from']['taken']}"
    console.line(f"Brought back: {', '.join(answer['restored'])} ({taken}).", wrap=True)
    if answer["kept"]:
        kept = f"What was there before is copy {answer['kept']['number']}"
        console.line(f"{kept}; tito undo brings that back.", wrap=True)
    console.line("tito check looks at the exercises anew.")
    return Exit.DONE


@click.command()
@TARGET
@click.option("--yes", is_flag=True, help="Also for exercises that are not solved yet.")
@click.pass_obj
def diff(console: Console, target: str | None, yes: bool) -> int:
    """Compare your code with the reference: exercise EX or module NN.

    Only for exercises that you have passed or whose solution you have seen, unless --yes.
    """
    from tito.course import Exercise
    from tito.rework import differences
    from tito.screens_learn import show_differences

    workspace = here()
    found = chosen(workspace, target, "diff")
    exercises = [found] if isinstance(found, Exercise) else list(found.exercises)
    answer = differences(workspace, exercises, yes)
    if console.json:
        console.result(answer)
    elif answer["diffs"]:
        show_differences(console, answer)
    if not answer["diffs"] and not console.json:
        raise TitoError(
            "The reference would give the solution away.",
            f"Not solved yet: {', '.join(answer['hidden'])}.",
            "Solve it, or see it all the same with --yes.", Exit.USAGE,
        )  # fmt: skip
    return Exit.DONE


@click.command()
@click.pass_obj
def shell(console: Console) -> int:
    """Open Python with your framework imported.

    IPython where it is installed. It says whose code it runs.
    """
    from tito.shell import open_shell

    if console.json:
        raise TitoError(
            "tito shell has no JSON answer.", "It is for typing.", "Leave --json out.", Exit.USAGE
        )
    return open_shell(here())


@click.command()
@click.argument("question", required=False, metavar="[ID]")
@click.argument("value", required=False)
@click.pass_obj
def predict(console: Console, question: str | None, value: str | None) -> int:
    """Predict a figure, then measure it with your framework.

    Without ID the questions of the current module; with ID alone it asks you.

    \b
      tito predict 01.a          asks
      tito predict 01.a 4096     compares
    """
    from tito.predictions import find_measure
    from tito.predictions import predict as compare
    from tito.screens_learn import show_comparison

    workspace = here()
    if question is None or (value is None and is_module(question)):
        return list_questions(console, workspace, question)
    chapter, each = find_measure(workspace, question)
    if value is None:
        value = ask(console, each.id, each.question, each.unit)
        if value is None:
            return Exit.DONE
    answer: dict[str, Any] = compare(workspace, chapter, each, value)
    if console.json:
        console.result(answer)
    else:
        show_comparison(console, answer)
    return Exit.DONE


def list_questions(console: Console, workspace: Workspace, module: str | None) -> int:
    """Print the questions of a module and how they stand."""
    from tito.learn import chosen_chapter
    from tito.predictions import all_questions
    from tito.screens_learn import show_questions

    questions = all_questions(workspace, chosen_chapter(workspace, module))
    if console.json:
        console.result({"questions": questions})
    else:
        show_questions(console, questions)
    return Exit.DONE


def ask(console: Console, id: str, question: str, unit: str) -> str | None:
    """Ask for a prediction; None where nobody can type, after saying how to give it."""
    if console.json:
        console.result({"id": id, "question": question, "unit": unit})
        return None
    console.line(question, wrap=True)
    if not (console.is_terminal and sys.stdin and sys.stdin.isatty()):
        console.line(f"Answer with: tito predict {id} VALUE   (in {unit})")
        return None
    try:
        return input(f"Your prediction, in {unit}: ")
    except EOFError:
        console.say()
        return None
    except KeyboardInterrupt:
        console.say()  # the cursor stands behind the question
        raise


COMMANDS = (
    init, update, start, next_command, read, status, hint, solution, reset, undo, diff, shell,
    predict,
)  # fmt: skip
"""In the order in which a learner meets them."""
