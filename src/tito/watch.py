"""`tito watch`: the current exercise, its verdict at every save, and one line of keys.

Two threads turn saves and keys into events; everything else happens in the order of the events.
"""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import shutil
import textwrap
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from tito import checking, learn
from tito.checking import is_green
from tito.console import Console
from tito.course import Chapter, Exercise, find_exercise
from tito.errors import Exit, TitoError
from tito.keys import Events, keyboard
from tito.runner import Runner, Tell, Verdict, ignore
from tito.verdict import bar, print_lines, row, verdict_lines
from tito.workspace import Workspace

__all__ = ["Watch"]

STEP = 20
"""Milliseconds in which further saves join the first one."""

POLL = 200
"""Milliseconds between two looks, where the system does not tell of changes."""

CLEAR = "\x1b[H\x1b[2J"


class Saves:
    """Turns saves in the workspace into events, from a thread.

    Args:
        events: where ("saved", "") goes.
        folders: those that are watched, not the folders in them.
    """

    def __init__(self, events: Events, folders: Sequence[Path]):
        self.events, self.folders = events, folders
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self) -> None:
        """Wait for saves; look for them where the system does not tell."""
        try:
            self.listen(poll=os.environ.get("TITO_POLL") == "1" or None)
        except (OSError, RuntimeError):  # as after the last watch that a user may have
            with contextlib.suppress(OSError, RuntimeError):
                self.listen(poll=True)

    def listen(self, poll: bool | None) -> None:
        """Wait for saves until told to stop."""
        import watchfiles

        for _ in watchfiles.watch(
            *self.folders, watch_filter=is_source, step=STEP, stop_event=self.stop,
            raise_interrupt=False, recursive=False, force_polling=poll, poll_delay_ms=POLL,
        ):  # fmt: skip
            self.events.put(("saved", ""))

    def close(self) -> None:
        """Stop waiting."""
        self.stop.set()


def is_source(change: object, path: str) -> bool:
    """Whether a change may be one of the learner's."""
    return path.endswith((".py", ".ipynb")) and not Path(path).name.startswith(".")


class Watch:
    """A session of `tito watch`.

    Args:
        target: the exercise to begin with, the current one unless given.
    """

    def __init__(self, console: Console, workspace: Workspace, target: str | None = None):
        self.console, self.workspace = console, workspace
        names = [target] if target else []
        wanted = checking.targets(workspace, names)
        passed = workspace.progress.passed()
        self.exercise = next((e for e in wanted if e.id not in passed), wanted[0])
        self.verdict: Verdict | None = None
        self.note: list[Text] = []
        self.asked: Callable[[], None] | None = None
        self.seen: object = None
        self.events: Events = queue.Queue()
        self.redraws = not console.plain
        self.single = False

    # ------------------------------------------------------------------------------- the session

    def run(self) -> int:
        """Watch until the learner quits or the input ends."""
        with contextlib.ExitStack() as stack:
            self.runner = stack.enter_context(Runner(warm=True))
            self.saves = Saves(self.events, self.folders())
            stack.callback(lambda: self.saves.close())
            self.single = stack.enter_context(keyboard(self.events, self.console.is_terminal))
            self.check()
            for kind, key in self.happenings():
                if kind == "end" or (kind == "key" and key == "q" and self.asked is None):
                    break
                if kind == "saved" and self.fingerprint() != self.seen:
                    self.asked = None
                    self.check()
                elif kind == "key":
                    self.press(key)
        return Exit.DONE

    def happenings(self) -> Iterator[tuple[str, str]]:
        """Events as they come."""
        while True:
            with contextlib.suppress(queue.Empty):
                yield self.events.get(timeout=0.5)  # Windows hears Ctrl-C between two waits

    def folders(self) -> list[Path]:
        """The folders with files of the learner."""
        root = self.workspace.root
        all_of_them = (root, root / "tinytorch" / "core", root / "debug", root / "notebooks")
        return [folder for folder in all_of_them if folder.is_dir()]

    def fingerprint(self) -> list[tuple[str, int, int]]:
        """What changes when a file is saved that matters to the exercise."""
        files = checking.learner_files(self.workspace, [self.exercise]).values()
        found = []
        for file in (*files, str(self.workspace.notebook(self.exercise.chapter))):
            with contextlib.suppress(OSError):
                facts = os.stat(file)
                found.append((file, facts.st_mtime_ns, facts.st_size))
        return found

    # --------------------------------------------------------------------------------- the checks

    def check(self) -> None:
        """Check the exercise and show the verdict; at the end of a module check again what was."""
        self.note = []
        if self.redraws:
            self.console.line("Checking ...", "dim")
        with self.told():
            checking.refresh(self.workspace, self.exercise.chapter)
            self.seen = self.fingerprint()
            verdicts = self.judged([self.exercise], self.hear)
            self.verdict = verdicts[0]
            again = checking.to_check_again(self.workspace, verdicts, [self.exercise])
            repeated = zip(again, self.judged(again), strict=True)
            broken = [exercise.id for exercise, verdict in repeated if not is_green(verdict)]
            if broken:
                text = f"Regression: {', '.join(broken)} was green before, and is red now."
                self.note = [Text(text, "bold red")]
        self.draw()

    def judged(self, exercises: Sequence[Exercise], tell: Tell = ignore) -> list[Verdict]:
        """Verdicts on the learner's files as they are, with inputs that are new each time."""
        seed = secrets.randbelow(10_000)
        return checking.check(self.workspace, exercises, seed=seed, runner=self.runner, tell=tell)

    def hear(self, answer: dict[str, Any]) -> None:
        """Show a verdict before the search for a misconception."""
        if answer["kind"] == "verdict" and self.redraws:
            self.verdict = answer
            self.draw()

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Within the block, a failure of the tool becomes a note on the screen."""
        try:
            yield
        except TitoError as error:
            self.verdict = None
            parts = (("bold red", error.what), ("", error.why), ("", error.way_out))
            self.note = [Text(text, style) for style, text in parts if text]

    @property
    def green(self) -> bool:
        """Whether the exercise has just passed."""
        return self.verdict is not None and is_green(self.verdict)

    # ----------------------------------------------------------------------------------- the keys

    def press(self, key: str) -> None:
        """Do what a key stands for; while a question is open, y does it and the rest does not."""
        if self.asked is not None:
            answer, self.asked = self.asked, None
            if key == "y":
                with self.told():
                    return answer()
            return self.draw()
        action = {
            "h": self.hint, "n": self.next, "l": self.list, "a": self.check_all,
            "r": self.reset, "s": self.solution, " ": self.draw, "\r": self.draw, "\n": self.draw,
        }.get(key)  # fmt: skip
        if action is None:
            return None
        with self.told():
            return action()
        return self.draw()

    def ask(self, question: str, action: Callable[[], None]) -> None:
        """Ask before doing something."""
        self.asked = action
        enter = "" if self.single else " and Enter"
        self.console.line(f"{question} y/n{enter}", "bold yellow")

    def hint(self) -> None:
        """Reveal the next hint."""
        from tito.screens_learn import show_hints

        answer = learn.reveal_hint(self.workspace, self.exercise)
        self.page(lambda: show_hints(self.console, answer, keys=True))

    def solution(self) -> None:
        """Show the reference and why it is written so; before green only when asked twice."""
        if self.green:
            return self.show_solution()
        return self.ask(f"{self.exercise.id} is not green. See the solution?", self.show_solution)

    def show_solution(self) -> None:
        """The reference's solution and the explanation."""
        from tito.screens_learn import show_markdown, show_source

        answer = learn.show_solution(self.workspace, self.exercise, yes=True)

        def show() -> None:
            self.console.line(f"The reference: {answer['exercise']} {answer['title']}\n", "bold")
            show_source(self.console, answer["source"])
            if answer["afterwards"]:
                self.console.line("\nWhy it is written so\n", "bold")
                show_markdown(self.console, answer["afterwards"])

        self.page(show)

    def reset(self) -> None:
        """Put the exercise back to its start, after a question."""

        def do() -> None:
            from tito.rework import reset_exercise

            reset_exercise(self.workspace, self.exercise)
            self.check()

        self.ask(f"Put {self.exercise.id} back to its start? A copy is kept (tito undo).", do)

    def next(self) -> None:
        """Go on to the next exercise, where this one is green."""
        if not self.green:
            return self.draw()
        following = learn.first_unsolved(self.workspace, self.exercise.chapter)
        if following is not None:
            return self.go_to(following)
        chapter = learn.next_chapter(self.workspace)
        if chapter is None:
            self.note = [Text("That was the last module there is.", "bold green")]
            return self.draw()
        unsolved = learn.first_unsolved(self.workspace, chapter)
        if chapter.key in {each.key for each in self.workspace.started()} and unsolved:
            return self.go_to(unsolved)
        name = f"{chapter.number:02d} {chapter.title}"
        return self.ask(f"This module is complete. Start {name}?", lambda: self.start(chapter))

    def start(self, chapter: Chapter) -> None:
        """Start a module and go to its first exercise."""
        learn.begin(self.workspace, chapter)
        self.saves.close()
        self.saves = Saves(self.events, self.folders())
        self.go_to(learn.first_unsolved(self.workspace, chapter) or chapter.exercises[0])

    def go_to(self, exercise: Exercise) -> None:
        """Make another exercise the one that is watched."""
        self.exercise, self.verdict = exercise, None
        self.check()

    def list(self) -> None:
        """List the exercises of the module and how they stand."""
        facts = [learn.describe(self.workspace, each) for each in self.exercise.chapter.exercises]
        states = {"passed": "green", "failed": "red", "open": ""}
        rows = [
            [
                ">" if each["id"] == self.exercise.id else "", each["id"],
                (each["state"], states[each["state"]]), each["title"], f"{each['minutes']} min",
            ]
            for each in facts
        ]  # fmt: skip
        self.page(lambda: self.console.table([""] * 5, rows))

    def check_all(self) -> None:
        """Check every exercise of the module."""

        def show() -> None:
            def hear(answer: dict[str, Any]) -> None:
                if answer["kind"] == "verdict":
                    print_lines(self.console, [row(find_exercise(answer["exercise"]), answer)])

            self.judged(self.exercise.chapter.exercises, hear)

        self.page(show)

    # --------------------------------------------------------------------------------- the screen

    def page(self, show: Callable[[], None]) -> None:
        """Show something instead of the verdict, until the next save or a space."""
        self.clear()
        show()
        self.console.line("")
        print_lines(self.console, [self.keys(back=True)])

    def clear(self) -> None:
        """An empty screen, or a line where screens follow each other."""
        if self.redraws:
            self.console.file.write(CLEAR)
        else:
            self.console.line("-" * min(self.console.width, 79))

    def draw(self) -> None:
        """The whole screen: task, verdict, progress, keys."""
        self.clear()
        size = shutil.get_terminal_size()
        width, height = self.console.width, size.lines if self.redraws else 10_000
        footer = [*self.note, self.progress(width), self.keys()]
        room = max(height - len(footer) - 4, 6)  # two blank lines, the title, and the cursor's line
        middle = self.middle(width)
        if len(middle) > room:
            more = f"  ... tito check {self.exercise.id} shows the rest"
            middle = [*middle[: room - 1], Text(more, "dim")]
        steps = self.steps(width, room - len(middle))
        lines = [self.title(), *steps, Text(), *middle, Text(), *footer]
        print_lines(self.console, lines)
        self.console.file.flush()

    def middle(self, width: int) -> Sequence[Text]:
        """The verdict, or that there is none."""
        if self.verdict is None:
            return [Text("No verdict.", "dim")]
        lines = verdict_lines(self.workspace, self.exercise, self.verdict, width, brief=True)
        if self.green:
            text = "  s shows the reference and why it is written so; n goes on."
            lines.append(Text(text))
        return lines

    def title(self) -> Text:
        """The exercise: what, how hard, how long, where."""
        exercise = self.exercise
        facts = f"  {'•' * exercise.difficulty} {exercise.minutes} min  "
        return Text.assemble(
            (f"{exercise.id} {exercise.title}", "bold cyan"), facts,
            (learn.where(self.workspace, exercise), "bold"),
        )  # fmt: skip

    def steps(self, width: int, room: int) -> Sequence[Text]:
        """What to do, as far as there is room for it."""
        wrapped = [
            part
            for line in self.exercise.steps.splitlines()
            for part in textwrap.wrap(line.strip(), min(width, 100) - 3, subsequent_indent="   ")
        ]
        if len(wrapped) > room:
            rest = f"... tito read {self.exercise.id} has the rest"
            wrapped = [*wrapped[: room - 1], rest] if room > 2 else []
        return [Text(f"  {line}", "dim") for line in wrapped]

    def progress(self, width: int) -> Text:
        """How much of the module is done."""
        chapter = self.exercise.chapter
        passed = self.workspace.progress.passed() | ({self.exercise.id} if self.green else set())
        done, total = sum(e.id in passed for e in chapter.exercises), len(chapter.exercises)
        drawn = bar(done, total, 20 if width < 100 else 40, self.console.unicode)
        name = f"{chapter.number:02d} {chapter.title}"
        return Text.assemble((name, "bold"), "  ", (drawn, "green"), f"  {done} of {total}")

    def keys(self, back: bool = False) -> Text:
        """The keys, and what they do."""
        names = ["space back"] if back else []
        names += ["h hint", *(["n next"] if self.green else []), "l list", "a check all"]
        names += ["r reset", "s solution", "q quit"]
        text = Text("" if self.single else "Key and Enter: ")
        for name in names:
            key, _, word = name.partition(" ")
            text.append(key, "bold reverse" if self.redraws else "bold").append(f" {word}  ")
        text.rstrip()
        return text
