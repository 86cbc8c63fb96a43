"""Judging in a process of its own, with limits on time and memory.

The process (`tito.child`) is started fresh for every job and killed after it with everything that
it may have started, so nothing that a learner's code does outlives its verdict. A `Runner` that is
`warm` keeps one process waiting, which has already imported NumPy.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from tito.errors import TitoError

__all__ = ["SECONDS", "Job", "Runner", "Tell", "Verdict", "ignore", "verdict_of"]

Verdict = dict[str, Any]
"""What `tito.judge` says about an exercise, and the `misconception` that was found, or None."""

Tell = Callable[[dict[str, Any]], None]
"""What is given every verdict at once, and every misconception when it is found."""

SECONDS = 10.0
"""Time limit of one exercise; generous, for a slow machine. TITO_TIME_LIMIT is another."""

MEMORY = 2 * 2**30
"""Bytes that a job may take beyond what its process has when it starts."""

START = 60.0
"""Seconds in which a process must be ready on the slowest of machines."""

GRACE = 3.0
"""Seconds after the time limit in which the process must have ended by itself."""

LINE = 2**24
"""Bytes of one answer at most."""

NOISE = 2**16
"""Bytes kept of what is no answer."""

FRAME = re.compile(r'^ +File "(.*)", line (\d+) in (.*)$', re.MULTILINE)


def ignore(answer: dict[str, Any]) -> None:
    """The `Tell` of who waits for the end."""


@dataclass
class Job:
    """Exercises to judge, and the learner's files by the name of their module."""

    exercises: list[str]
    files: dict[str, str]
    folder: str
    seed: int = 0
    find: bool = True
    seconds: float = SECONDS

    def order(self, token: str) -> bytes:
        """The line that the process waits for."""
        course = os.environ.get("TITO_COURSE")
        job = {
            "exercises": self.exercises, "files": self.files, "seed": self.seed,
            "find": self.find, "course": str(Path(course).absolute()) if course else None,
        }  # fmt: skip
        order = {"token": token, "seconds": self.seconds, "memory": MEMORY, "folder": self.folder}
        return (json.dumps({**order, "job": job}) + "\n").encode()


@dataclass
class Ending:
    """How a process ended that has not done its job.

    Args:
        code: its exit code, negative for a signal; None when it had to be killed.
        dump: tracebacks that the interpreter wrote at the last moment.
        error: what `tito.child` says about an exception that nobody caught.
    """

    code: int | None
    dump: str
    error: dict[str, Any] = field(default_factory=dict)

    @property
    def overdue(self) -> bool:
        """Whether time ran out."""
        return self.code is None or "Timeout (" in self.dump

    def told(self, seconds: float) -> tuple[str, str]:
        """What happened, as "Type: message", and a question to think about."""
        if self.overdue:
            ask = "Which loop does not end here? What changes in it from one round to the next?"
            return f"TimeoutError: it was still running after {seconds:g} s", ask
        if self.error:
            return self.error["error"], "What does this line do to the program that calls it?"
        fatal = re.search(
            r"^(?:Fatal Python error|Windows fatal exception): (.*)$", self.dump, re.M
        )
        if fatal:
            ask = "Which call on this line leaves Python, or calls itself without an end?"
            return f"Crash: Python itself stopped, {fatal[1].strip()}", ask
        ask = "What in your code could end the whole program, or take all memory?"
        return f"Crash: the program ended in mid-check, {exit_text(self.code)}", ask

    def place(self, files: Iterable[str]) -> dict[str, Any] | None:
        """The learner's line that ran last."""
        frames = FRAME.findall(self.dump)
        frames = frames or [tuple(map(str, f)) for f in reversed(self.error.get("frames", []))]
        written = {file.encode("ascii", "backslashreplace").decode(): file for file in files}
        written |= {file: file for file in files}
        for name, line, function in frames:
            if name in written:
                text = line_of(written[name], int(line))
                return {
                    "file": written[name], "line": int(line), "text": text, "function": function,
                }  # fmt: skip
        return None


def exit_text(code: int | None) -> str:
    """An exit code in words.

    >>> exit_text(3)
    'with exit code 3'
    """
    if code is None or code >= 0:
        return f"with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"by the signal {signal.Signals(-code).name}"
    return f"by the signal {-code}"


def line_of(file: str, number: int) -> str:
    """A line of a file without its indentation; empty where there is none."""
    with contextlib.suppress(OSError, IndexError):
        lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[number - 1].strip()
    return ""


class Child:
    """A process that waits for a job. What is read from it is limited; it cannot block itself."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tito.child"],
            cwd=Path(__file__).parents[1],  # here Python finds this tito and no file of the learner
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )  # fmt: skip
        self.token = secrets.token_hex(8).encode()
        self.answers: queue.Queue[bytes | None] = queue.Queue()
        self.dump = self.noise = b""
        pipes = ((self.listen, self.process.stdout), (self.drain, self.process.stderr))
        self.threads = [
            threading.Thread(target=target, args=(stream,), daemon=True) for target, stream in pipes
        ]
        for thread in self.threads:
            thread.start()

    def listen(self, stream: IO[bytes]) -> None:
        """Pass the answers on, and None at their end; keep the last of what else comes."""
        with stream:
            while line := stream.readline(LINE):
                if line.startswith(self.token):
                    self.answers.put(line[len(self.token) :])
                else:
                    self.dump = (self.dump + line)[-NOISE:]
        self.answers.put(None)

    def drain(self, stream: IO[bytes]) -> None:
        """Keep the last of what the process prints."""
        with stream:
            while piece := os.read(stream.fileno(), NOISE):
                self.noise = (self.noise + piece)[-NOISE:]

    def run(self, job: Job, tell: Tell) -> Ending | None:
        """Do a job and `tell` every answer; returns how it ended unless it ended well.

        Raises: TitoError (environment) when the process cannot even start.
        """
        try:
            assert self.process.stdin is not None
            with contextlib.suppress(OSError):  # a process that has died shows itself below
                self.process.stdin.write(job.order(self.token.decode()))
                self.process.stdin.close()
            if self.next_answer(START) is None:
                raise self.no_start()
            while (answer := self.next_answer(job.seconds + GRACE)) is not None:
                if answer["kind"] == "done":
                    return None
                if answer["kind"] == "error":
                    return Ending(1, "", answer)
                tell(answer)
            return Ending(self.exit_code(), self.dump.decode("utf-8", "replace"))
        finally:
            self.close()

    def next_answer(self, seconds: float) -> dict[str, Any] | None:
        """The next answer; None at the end of the process, and after `seconds` without one."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            with contextlib.suppress(queue.Empty):
                answer = self.answers.get(timeout=0.2)
                return None if answer is None else json.loads(answer)
            if ended:  # something that it started holds the pipe open
                return None
        return None

    def no_start(self) -> TitoError:
        """What kept the process from starting."""
        self.close()
        told = self.noise.decode("utf-8", "replace").strip().splitlines()
        why = told[-1] if told else f"It said nothing for {START:g} seconds."
        return TitoError(
            "The process that checks your code did not start.", why, "See tito doctor."
        )

    def exit_code(self) -> int | None:
        """The exit code, or None of a process that does not end."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(0.5)
        return None

    def close(self) -> None:
        """End the process and what it has started."""
        with contextlib.suppress(OSError, AttributeError):  # no group is left; Windows has none
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        for thread in self.threads:
            thread.join(0.5)


class Runner:
    """Judges exercises in processes; a `warm` one keeps a process waiting for the next job."""

    def __init__(self, warm: bool = False):
        self.warm = warm
        self.spare: Child | None = Child() if warm else None

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process that waits."""
        if self.spare is not None:
            self.spare.close()
        self.spare = None

    def take(self) -> Child:
        """The waiting process, or a new one."""
        child, self.spare = self.spare or Child(), None
        return child

    def judge(self, job: Job, tell: Tell = ignore) -> list[Verdict]:
        """The verdicts on a job's exercises, in their order.

        A process that ends early is followed by another one for the exercises that are left: the
        one that was being checked has crashed, and all of its file if that was being loaded.
        """
        found: dict[str, Verdict] = {}

        def hear(answer: dict[str, Any]) -> None:
            if answer["kind"] == "verdict":
                found[answer["exercise"]] = answer | {"misconception": None}
            elif answer["kind"] == "misconception":
                found[answer["exercise"]]["misconception"] = {
                    "sentence": answer["sentence"], "name": answer["name"],
                }  # fmt: skip
            tell(answer)

        overdue = 0
        while left := [each for each in job.exercises if each not in found]:
            ending = self.take().run(replace(job, exercises=left), hear)
            if self.warm and self.spare is None:
                self.spare = Child()
            left = [each for each in left if each not in found]
            if ending is None or not left:
                if left:
                    raise defect(left[0], "It ended without a verdict.")
                break
            overdue += ending.overdue
            for verdict in crashed(ending, left, job, give_up=overdue > 1):
                hear(verdict)
        return [found[each] for each in job.exercises]


def defect(exercise: str, why: str) -> TitoError:
    """The tool could not judge an exercise."""
    way_out = "This is a defect of the tool, not of your code: report it with what --debug shows."
    return TitoError(f"The checks of {exercise} could not run.", why, way_out)


def crashed(ending: Ending, left: list[str], job: Job, give_up: bool) -> list[Verdict]:
    """Verdicts after a process that ended early: on the exercise that ran, and what it blocks."""
    place = ending.place(job.files.values())
    if ending.error and place is None:
        trace = RuntimeError(ending.error["traceback"])
        raise defect(left[0], ending.error["error"]) from trace
    error, ask = ending.told(job.seconds)
    loading = place is not None and place["function"] == "<module>"
    verdicts = [verdict_of(left[0], error, place, ask, loading, job)]
    for exercise in left[1:] if loading or give_up else []:
        if loading:
            verdicts.append(verdict_of(exercise, error, place, ask, loading, job))
        else:
            skipped = f"Skipped: {left[0]} and another exercise ran out of time first"
            verdicts.append(verdict_of(exercise, skipped, None, "", loading, job))
    return verdicts


def verdict_of(
    exercise: str, error: str, place: dict[str, Any] | None, ask: str, loading: bool, job: Job
) -> Verdict:
    """The verdict on an exercise whose process has ended."""
    failure: dict[str, Any] = {
        "code": "", "inputs": [], "expected": "", "actual": "", "difference": "", "shapes": "",
        "error": error, "place": place, "ask": ask,
    }  # fmt: skip
    claim = "The file can be loaded" if loading else "The code comes to its end"
    check = {"name": "load" if loading else "run", "claim": claim, "ok": False, "failure": failure}
    return {
        "kind": "verdict", "exercise": exercise, "status": "crashed", "checks": [check],
        "seed": job.seed, "seconds": job.seconds if error.startswith("Timeout") else 0.0,
        "printed": "", "misconception": None,
    }  # fmt: skip
