"""Print the seconds from a save to its verdict: `python -m benchmarks.check_latency [NN ...]`.

For every exercise of a chapter its solved file is saved in a workspace, and again with a wrong
version in it. `warm` is what `tito watch` takes, from the save to the verdict, the notice of the
save included; `named` goes on until the misconception is found; `cold` is one check in a
process that starts then. A chapter's figures are the median and the slowest of its exercises.
"""

from __future__ import annotations

import argparse
import os
import queue
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tito import checking, learn
from tito.course import Chapter, Exercise, chapters, find_chapter
from tito.keys import Events
from tito.misconceptions import read_versions
from tito.runner import Runner
from tito.watch import Saves
from tito.workspace import Workspace


class Bench:
    """A workspace with every chapter solved, and a warm runner."""

    def __init__(self, root: Path, known: Sequence[Chapter]):
        self.workspace = Workspace.create(root)
        for chapter in known:
            learn.begin(self.workspace, chapter)
            self.save(chapter.exercises[0], chapter.solution())
            for exercise in chapter.exercises:
                if exercise.debug:
                    self.save(exercise, chapter.mended())
        self.events: Events = queue.Queue()
        self.runner = Runner(warm=True)
        self.saves = Saves(self.events, [root, root / "tinytorch" / "core", root / "debug"])

    def save(self, exercise: Exercise, text: str) -> None:
        """Write the file of an exercise."""
        self.workspace.exercise_file(exercise).write_text(text, encoding="utf-8")

    def warm(self, exercise: Exercise, text: str) -> tuple[float, float, dict[str, Any]]:
        """Seconds from a save to the verdict and to the end, and the verdict."""
        time.sleep(0.6)  # the next process gets ready, and a save before this one is forgotten
        while not self.events.empty():
            self.events.get()
        start = time.perf_counter()
        heard: list[float] = []
        self.save(exercise, text)
        self.events.get(timeout=30)

        def hear(answer: dict[str, Any]) -> None:
            if answer["kind"] == "verdict":
                heard.append(time.perf_counter() - start)

        verdict = checking.check(self.workspace, [exercise], runner=self.runner, tell=hear)[0]
        return heard[0], time.perf_counter() - start, verdict

    def cold(self, exercise: Exercise) -> float:
        """Seconds of one check in a process that starts now."""
        start = time.perf_counter()
        checking.check(self.workspace, [exercise])
        return time.perf_counter() - start


def wrong_text(exercise: Exercise) -> str | None:
    """The file with the last misconception of an exercise; the finder tries all before it."""
    versions = read_versions(exercise.chapter.folder / "misconceptions.py")
    mine = [version for version in versions if version.exercise == exercise.id]
    source = exercise.module_source
    return mine[-1].put_into(source, source) if mine else None


def measure(bench: Bench, chapter: Chapter) -> tuple[list[float], list[float], float, list[str]]:
    """A chapter's seconds to a verdict and to a name, the cold ones, and what was not green."""
    warm, named, surprises = [], [], []
    for exercise in chapter.exercises:
        seconds, _, verdict = bench.warm(exercise, exercise.module_source)
        warm.append(seconds)
        if not checking.is_green(verdict):
            surprises.append(f"{exercise.id} {verdict['status']}")
        if wrong := wrong_text(exercise):
            seconds, whole, _ = bench.warm(exercise, wrong)
            warm.append(seconds)
            named.append(whole)
            bench.save(exercise, exercise.module_source)
    return warm, named, bench.cold(chapter.exercises[-1]), surprises


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.check_latency", description=__doc__)
    parser.add_argument("only", nargs="*", help="chapters; 01 to 08 unless told")
    args = parser.parse_args()
    known = [find_chapter(name) for name in args.only] or [c for c in chapters() if c.number]
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # as tito sets them
    print(f"{'chapter':<16} {'saves':>5} {'warm':>6} {'slowest':>8} {'named':>7} {'cold':>6}")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "workspace", known)
        try:
            for chapter in known:
                warm, named, cold, surprises = measure(bench, chapter)
                print(
                    f"{chapter.key:<16} {len(warm):5} {statistics.median(warm):6.2f} "
                    f"{max(warm):8.2f} {max(named, default=0):7.2f} {cold:6.2f}  "
                    f"{', '.join(surprises)}".rstrip(),
                    flush=True,
                )
        finally:
            bench.saves.close()
            bench.runner.close()


if __name__ == "__main__":
    main()
