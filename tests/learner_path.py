"""A learner's way through all chapters, by the command alone.

`python tests/learner_path.py FOLDER [editor|notebook] [NN ...]` makes a workspace in FOLDER, starts
each module, sees its exercises red, types the solutions in one by one, sees them turn green, and
earns the milestones on the files that came of it. It needs nothing but an installed tinytorch, and
for notebooks Jupyter's nbclient and ipykernel. Stops with an error at the first thing that is not
as a learner should find it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tito.course import Chapter, Exercise, chapters
from tito.notebook import notebook
from tito.sources import replace, segment
from tito.workspace import Workspace

__all__ = ["Learner", "walk"]

MILESTONES = ("1958", "1969", "1986", "1998", "2017")


class Learner:
    """Somebody who types commands in a workspace.

    Args:
        root: the folder of the workspace.
        style: "editor" or "notebook".
    """

    def __init__(self, root: Path, style: str):
        self.root, self.style = root, style
        self.environment = {
            name: value for name, value in os.environ.items() if name != "TITO_WORKSPACE"
        }
        self.tito("init", str(root), "--style", style, folder=root.parent)
        self.workspace = Workspace(root)

    def tito(self, *words: str, code: int = 0, says: str = "", folder: Path | None = None) -> str:
        """Type a command, which must end with `code` and say `says`; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "tito", *words],
            cwd=folder or self.root, env=self.environment, capture_output=True, text=True,
            encoding="utf-8", timeout=600, check=False,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == code, (
            f"tito {' '.join(words)} ended with {done.returncode}:\n{said}"
        )
        assert says in said, f"tito {' '.join(words)} did not say {says!r}:\n{said}"
        assert "Traceback" not in said, said
        return done.stdout

    def answer(self, *words: str) -> dict[str, Any]:
        """The JSON that a command answers with."""
        return json.loads(self.tito(*words, "--json"))

    def build(self, chapter: Chapter) -> None:
        """Do a whole module."""
        number = f"{chapter.number:02d}"
        self.tito("start", number)
        first = chapter.exercises[0]
        self.tito("check", number, code=1, says="not built yet")
        self.tito("check", first.id, code=1, says="not built yet")
        before = self.share()
        if self.style == "notebook":
            self.solve_notebook(chapter)
        else:
            for exercise in chapter.exercises:
                self.solve(exercise)
                self.tito("check", exercise.id)
        self.tito("check", number)
        assert self.share() > before, f"status did not move in module {number}"

    def share(self) -> float:
        """How much of the framework is the learner's."""
        return self.answer("status")["share"]

    def solve(self, exercise: Exercise) -> None:
        """Type the solution of an exercise into its file."""
        file = self.workspace.exercise_file(exercise)
        text = file.read_text(encoding="utf-8")
        for name in exercise.definitions:
            text = replace(text, name, segment(exercise.module_source, name))
        file.write_text(text, encoding="utf-8")

    def solve_notebook(self, chapter: Chapter) -> None:
        """Type the solutions into the cells, let Jupyter run them all, and save."""
        import nbclient
        import nbformat

        path = self.workspace.notebook(chapter)
        debug = chapter.mended() if any(e.debug for e in chapter.exercises) else ""
        content = notebook(chapter, chapter.solution(), debug)
        book = nbformat.reads(json.dumps(content), 4)
        where = {"metadata": {"path": str(path.parent)}}
        nbclient.NotebookClient(book, timeout=600, resources=where).execute()
        said = "".join(out.get("text", "") for c in book.cells for out in c.get("outputs", []))
        for exercise in chapter.exercises:
            verdict = next(line for line in said.splitlines() if line.startswith(exercise.id))
            assert "pass" in verdict, verdict
        nbformat.write(book, path)


def walk(folder: Path, style: str, numbers: list[int], milestones: bool = True) -> None:
    """Build the modules with these numbers, and earn the milestones where all are built."""
    learner = Learner(folder, style)
    for chapter in chapters():
        if chapter.number in numbers:
            start = time.perf_counter()
            learner.build(chapter)
            count = len(chapter.exercises)
            seconds = time.perf_counter() - start
            print(f"{chapter.key}: {count} exercises green, {seconds:.0f} s", flush=True)
    for year in MILESTONES if milestones else ():
        result = learner.answer("milestone", "run", year)
        assert result["earned"], f"{year} was not earned: {result['whose']}"
        print(f"milestone {year}: earned", flush=True)
    states = {m["number"]: m["state"] for m in learner.answer("status")["modules"]}
    assert all(states[number] == "done" for number in numbers), states


if __name__ == "__main__":
    chosen = [int(each) for each in sys.argv[3:]] or [chapter.number for chapter in chapters()]
    walk(
        Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "editor", chosen, not sys.argv[3:]
    )
