"""Predict, then measure: the learner's guess beside what their framework does.

A measurement runs in a process of its own, with a time limit: it is the learner's code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tito.errors import Exit, TitoError
from tito.files import write_json
from tito.learn import current_chapter
from tito.measures import Measure, load_measures
from tito.workspace import Workspace

if TYPE_CHECKING:
    from tito.course import Chapter

__all__ = ["all_questions", "find_measure", "measure_here", "predict"]

HERE = Path(__file__).parents[1]
"""Where a measurement runs: this tito is found there, and no file of the learner hides another."""

TIME_LIMIT = 120.0  # seconds for one measurement
RUNNER = "from tito.predictions import measure_here; measure_here()"


def all_questions(workspace: Workspace, chapter: Chapter) -> list[dict[str, Any]]:
    """The questions of a chapter, and what was predicted and measured."""
    answers = workspace.progress.read()["predictions"]
    return [
        {
            "id": each.id,
            "question": each.question,
            "unit": each.unit,
            "guess": answers.get(each.id, {}).get("guess"),
            "measured": answers.get(each.id, {}).get("measured"),
        }
        for each in load_measures(chapter.folder)
    ]


def find_measure(workspace: Workspace, text: str) -> tuple[Chapter, Measure]:
    """The question called `text`: "01.a", or "a" in the current module.

    Raises: TitoError (usage) when there is none.
    """
    from tito.course import find_chapter

    head, dot, letter = text.strip().lower().rpartition(".")
    chapter = find_chapter(head) if dot else current_chapter(workspace)
    found = load_measures(chapter.folder)
    for each in found:
        if each.id.rpartition(".")[2].lower() == letter:
            return chapter, each
    there = ", ".join(each.id for each in found)
    raise TitoError(
        f"No question is called {text!r}.",
        f"Module {chapter.number:02d} has {there or 'none'}.",
        f"See them with: tito predict {chapter.number:02d}", Exit.USAGE,
    )  # fmt: skip


def number_from(text: str) -> float:
    """A number as people write it.

    >>> number_from("1,024"), number_from("2_000"), number_from("4e6")
    (1024.0, 2000.0, 4000000.0)
    """
    try:
        value = float(text.strip().replace(",", "").replace("_", ""))
    except ValueError:
        value = float("nan")
    if value - value != 0:  # inf and nan
        raise TitoError(
            f"{text!r} is no number.", "", "Write it in digits, as in 1024, 0.5 or 4e6.", Exit.USAGE
        )
    return value


def predict(workspace: Workspace, chapter: Chapter, each: Measure, guess: str) -> dict[str, Any]:
    """Measure with the learner's framework and compare with what was predicted.

    Raises: TitoError when `guess` is no number, or the measurement fails or takes too long.
    """
    value = number_from(guess)
    measured = measure_apart(workspace, chapter, each)
    workspace.progress.record_prediction(each.id, value, measured)
    still_open = (
        question["id"]
        for question in all_questions(workspace, chapter)
        if question["guess"] is None and question["id"] != each.id
    )
    return {
        "id": each.id,
        "question": each.question,
        "unit": each.unit,
        "guess": value,
        "measured": measured,
        "right": each.close(value, measured),
        "explain": each.explain,
        "next": next(still_open, None),
    }


def measure_apart(workspace: Workspace, chapter: Chapter, each: Measure) -> float:
    """The figure that a measure finds, in a process of its own with a time limit."""
    with tempfile.TemporaryDirectory() as folder:
        answer_file = Path(folder) / "answer.json"
        command = [sys.executable, "-c", RUNNER, str(chapter.folder), each.id, str(answer_file)]
        try:
            done = subprocess.run(
                command, cwd=HERE, env=workspace.environment(), timeout=TIME_LIMIT,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise TitoError(
                f"The measurement {each.id} was stopped after {TIME_LIMIT:.0f} seconds.",
                "It runs on your framework; somewhere it does not come to an end, or is very slow.",
                f"See what your checks say: tito check {chapter.number:02d}", Exit.MISSED,
            ) from error  # fmt: skip
        try:
            answer = json.loads(answer_file.read_bytes())
        except (OSError, ValueError):
            told = done.stderr.decode(errors="replace").strip().splitlines()
            answer = {"error": told[-1] if told else f"Python ended with {done.returncode}"}
    if "value" in answer:
        return float(answer["value"])
    if answer.get("unbuilt"):
        raise TitoError(
            f"The measurement {each.id} needs something that you have not built yet.",
            answer["error"], f"Build it first, then: tito predict {each.id}", Exit.MISSED,
        )  # fmt: skip
    raise TitoError(
        f"The measurement {each.id} stopped: {answer['error']}",
        (answer.get("place") or "").replace(f"{workspace.root}{os.sep}", ""),
        f"It runs on your framework: tito check {chapter.number:02d} says what is not right yet.",
        Exit.MISSED,
    )  # fmt: skip


def measure_here() -> None:
    """In the process of a measurement: measure, and write the answer to the file that was named."""
    from tito.provenance import in_brief, is_unbuilt, learner_place

    folder, id, answer_file = sys.argv[1:]
    answer: dict[str, Any]
    try:
        each = next(each for each in load_measures(Path(folder)) if each.id == id)
        value = float(each.function())
        answer = {"value": value} if value - value == 0 else {"error": f"it came to {value}"}
    except Exception as error:
        found = learner_place(error)
        answer = {"error": in_brief(error), "place": found[0] if found else ""}
        answer["unbuilt"] = is_unbuilt(error)
    write_json(Path(answer_file), answer)
