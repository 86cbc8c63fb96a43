"""The process in which a learner's code is judged: `python -m tito.child`.

It imports what judging needs and then waits for one job, a line of JSON on standard input; so a
process that was started beforehand answers at once. The answers go out as lines of JSON, each
behind the job's token, through a copy of standard output that the learner's code does not know:
what that code prints goes to standard error. Tracebacks of the last moment (time is up, the
interpreter crashed) leave through the same copy, without the token.

Python asks before it starts a process and is refused, so that a fork in a loop is one line in a
verdict. A limit on their number would not do: it counts all processes of the user.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import sys
import traceback
from collections.abc import Mapping
from typing import Any, NoReturn

__all__ = ["main"]

TOLD = 4000
"""Characters of a traceback that are passed on."""

REFUSED = {
    "os.fork": "os.fork()", "os.forkpty": "os.forkpty()", "os.exec": "os.exec...()",
    "os.posix_spawn": "os.posix_spawn()", "os.spawn": "os.spawn...()", "os.system": "os.system()",
    "os.startfile": "os.startfile()", "subprocess.Popen": "subprocess",
}  # fmt: skip
"""What Python calls the ways to start a process, and what a learner calls them."""

LEAVE = os._exit


class NoKeyboard(io.TextIOBase):
    """Standard input during a check."""

    def readline(self, size: int | None = -1) -> NoReturn:
        raise EOFError(
            "the code asks for keyboard input, and nobody types during a check. "
            "Let the function take the value as an argument"
        )

    def read(self, size: int | None = -1) -> NoReturn:
        self.readline()


class Channel:
    """The way out for the answers.

    Args:
        token: what a line of ours begins with.
        seconds: the time limit from one answer to the next.
    """

    def __init__(self, file: int, token: str, seconds: float):
        self.file, self.token, self.seconds, self.owner = file, token, seconds, os.getpid()

    def emit(self, event: Mapping[str, Any]) -> None:
        """Send one answer, and start the time of the next."""
        if os.getpid() != self.owner:  # a copy of this process that some C code made
            LEAVE(0)
        line = f"\n{self.token}{json.dumps(event)}\n"  # whatever stands before it on the channel
        rest = memoryview(line.encode())
        while rest:
            rest = rest[os.write(self.file, rest) :]
        faulthandler.dump_traceback_later(self.seconds, exit=True, file=self.file)


def keep_results() -> int:
    """Point standard output at standard error; returns the file of what it was."""
    results = os.dup(1)
    os.dup2(2, 1)
    return results


def guard(memory: int) -> None:
    """Close the doors that lead out of a check: keyboard, processes, exit, endless memory."""
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    sys.stdin = NoKeyboard()
    sys.addaudithook(refuse_processes)
    os._exit = refuse_exit
    limit_memory(memory)


def refuse_processes(event: str, arguments: tuple[Any, ...]) -> None:
    """Python's question whether it may do something: no for a process."""
    if event in REFUSED:
        raise PermissionError(
            f"{REFUSED[event]} starts another process, which a check does not allow. "
            "Do the work in this one"
        )


def refuse_exit(status: int = 0) -> NoReturn:
    """What `os._exit` is during a check."""
    raise SystemExit(f"os._exit({status}) ends Python at once, in the middle of a check")


def limit_memory(allowance: int) -> None:
    """Allow `allowance` bytes more than are used now, where the system (Linux) keeps to a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no file behind
        with open("/proc/self/status") as status:
            used = next(int(line.split()[1]) for line in status if line.startswith("VmData:"))
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (1024 * used + allowance, hard))


def main() -> int:
    """Wait for a job, do it, and say so."""
    from tito.judge import judge

    line = sys.stdin.buffer.readline()
    if not line:  # the job never came: whoever kept this process ready has gone
        return 0
    order = json.loads(line)
    channel = Channel(keep_results(), order["token"], order["seconds"])
    with contextlib.suppress(OSError):
        os.chdir(order["folder"])
    guard(order["memory"])
    faulthandler.enable(channel.file)
    channel.emit({"kind": "ready"})
    try:
        judge(order["job"], channel.emit)
        channel.emit({"kind": "done"})
    except BaseException as error:
        trace = traceback.extract_tb(error.__traceback__)
        frames = [[frame.filename, frame.lineno, frame.name] for frame in trace]
        told = "".join(traceback.format_exception(error))[-TOLD:]
        kind = f"{type(error).__name__}: {error}"
        channel.emit({"kind": "error", "error": kind, "frames": frames, "traceback": told})
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    LEAVE(code)  # whatever threads the learner's code has left running
