"""The commands that judge: check once, or watch and check at every save."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import click

from tito.console import Console
from tito.errors import Exit, TitoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tito.course import Exercise
    from tito.runner import Verdict
    from tito.workspace import Workspace

__all__ = ["COMMANDS"]

PATIENCE = 2.0  # seconds of silence


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--all", "everything", is_flag=True, help="Every exercise of every started module.")
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="N", help="Of the random inputs; new at each run."
)
@click.option("--no-find", is_flag=True, help="Do not look for the misconception behind a failure.")
@click.pass_obj
def check(
    console: Console, targets: tuple[str, ...], everything: bool, seed: int | None, no_find: bool
) -> int:
    """Check your code: the current exercise, or each TARGET.

    A TARGET is an exercise (01.3, matmul) or a module (01, tensor). Each check runs in a process
    of its own with 10 seconds (TITO_TIME_LIMIT) and 2 GiB. At the end of a module all earlier
    ones are checked again. Exits with 0 when everything that was asked for is green, else with 1.

    \b
      tito check            the exercise that you are at
      tito check 01.3       one exercise
      tito check 01 --seed 7
    """
    import secrets

    from tito import checking
    from tito.runner import Runner
    from tito.workspace import Workspace

    workspace = Workspace.find()
    seed = secrets.randbelow(10_000) if seed is None else seed
    with patience(console), Runner(warm=True) as runner:  # it gets ready while the course is read
        exercises = checking.targets(workspace, targets, everything)
        report = Report(console, workspace, exercises)
        options: dict[str, Any] = {"seed": seed, "find": not no_find, "runner": runner}
        verdicts = checking.check(workspace, exercises, tell=report.hear, **options)
        report.verdicts(verdicts)
        again = checking.to_check_again(workspace, verdicts, exercises)
        repeated = checking.check(workspace, again, **options)
    report.regressions(again, repeated)
    report.close(verdicts, repeated)
    green = all(map(checking.is_green, [*verdicts, *repeated]))
    return Exit.DONE if green else Exit.MISSED


@contextlib.contextmanager
def patience(console: Console) -> Iterator[None]:
    """Within the block, say once that the check goes on, to somebody who has waited a while."""
    from tito.checking import time_limit

    text = f"Still running; each exercise has {time_limit():g} s (Ctrl-C stops)."
    timer = threading.Timer(PATIENCE, console.line, [text, "dim"])
    timer.daemon = True
    if console.is_terminal:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Report:
    """What `tito check` prints.

    Args:
        exercises: those that were asked for.
    """

    def __init__(self, console: Console, workspace: Workspace, exercises: Sequence[Exercise]):
        self.console, self.workspace = console, workspace
        self.exercises = {exercise.id: exercise for exercise in exercises}

    def hear(self, answer: dict[str, Any]) -> None:
        """A line per exercise, as soon as it is judged, where several were asked for."""
        if answer["kind"] == "verdict" and len(self.exercises) > 1:
            from tito.verdict import print_lines, row

            print_lines(self.console, [row(self.exercises[answer["exercise"]], answer)])

    def verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """The first red exercise in full; of one exercise always the whole verdict.

        Something that was tried comes before what is not built, and the programs to mend come last.
        """
        from tito.verdict import print_lines, verdict_lines

        def urgency(verdict: Verdict) -> tuple[bool, bool, bool]:
            status, debug = verdict["status"], self.exercises[verdict["exercise"]].debug
            return status == "passed", debug, status == "not built"

        shown = min(verdicts, key=urgency)
        if len(verdicts) > 1:
            if shown["status"] == "passed":
                return
            self.console.line("")
        exercise = self.exercises[shown["exercise"]]
        lines = verdict_lines(self.workspace, exercise, shown, self.console.width)
        print_lines(self.console, lines)

    def regressions(self, exercises: Sequence[Exercise], verdicts: Sequence[Verdict]) -> None:
        """What was green before and is not any more."""
        from tito.verdict import print_lines, verdict_lines

        broken = [
            (exercise, verdict)
            for exercise, verdict in zip(exercises, verdicts, strict=True)
            if verdict["status"] != "passed"
        ]
        if not broken:
            if exercises:
                count = f"{len(exercises)} exercise{'s' if len(exercises) > 1 else ''}"
                self.console.line(f"Checked again, still green: {count} done before.", "dim")
            return
        names = ", ".join(exercise.id for exercise, _ in broken)
        self.console.line(f"\nRegression: {names} was green before, and is red now.", "bold red")
        lines = verdict_lines(self.workspace, *broken[0], self.console.width)
        print_lines(self.console, lines)

    def close(self, verdicts: Sequence[Verdict], repeated: Sequence[Verdict]) -> None:
        """What to do next, or the answer in JSON."""
        from tito.checking import is_green
        from tito.verdict import after_green, print_lines

        green = all(map(is_green, [*verdicts, *repeated]))
        if self.console.json:
            regressions = [v["exercise"] for v in repeated if not is_green(v)]
            answer = {"green": green, "exercises": list(verdicts), "regressions": regressions}
            self.console.result(answer)
        elif green:
            passed = self.workspace.progress.passed()
            last = list(self.exercises.values())[-1]
            complete = all(exercise.id in passed for exercise in last.chapter.exercises)
            print_lines(self.console, after_green(last, complete))


@click.command()
@click.argument("target", required=False)
@click.pass_obj
def watch(console: Console, target: str | None) -> int:
    """Check the current exercise, or TARGET, at every save.

    Shows the task, the verdict and what you can do by pressing one key; Ctrl-C or q ends it. It
    goes on to another exercise only when you ask for it. TITO_POLL=1 looks for changes where the
    system does not tell of them (network folders, some containers). Without a terminal it prints
    a verdict per save, and ends with its input.
    """
    from tito.watch import Watch
    from tito.workspace import Workspace

    if console.json:
        raise TitoError(
            "tito watch has no JSON answer.", "It speaks to a person until it is stopped.",
            "Use tito check --json.", Exit.USAGE,
        )  # fmt: skip
    return Watch(console, Workspace.find(), target).run()


COMMANDS = (check, watch)
