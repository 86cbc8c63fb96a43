"""Keys as they are pressed, without Enter where the terminal can do that.

`termios` and `msvcrt` are imported when they are needed, so that this works, line by line, where
there is neither.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator

__all__ = ["keyboard"]

Events = queue.Queue[tuple[str, str]]
"""What happens: ("key", a character), ("end", "") of the input, ("saved", "")."""

WAIT = 0.1
"""Seconds from one look at whether to stop to the next."""


@contextlib.contextmanager
def keyboard(events: Events, single: bool) -> Iterator[bool]:
    """Within the block, keys become events; gives whether they need no Enter.

    Args:
        single: ask for keys without Enter; they are had at a terminal only.
    """
    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        stack.callback(stop.set)
        read = None
        if single and sys.stdin is not None and sys.stdin.isatty():
            read = unix_keys(stack, events, stop) or windows_keys(events, stop)
        reader = read or (lambda: lines(events))
        threading.Thread(target=reader, daemon=True).start()
        yield read is not None


def lines(events: Events) -> None:
    """The first character of every line; the end of the input is one too."""
    with contextlib.suppress(OSError, ValueError):
        for line in sys.stdin or ():
            events.put(("key", line.strip()[:1].lower() or " "))
    events.put(("end", ""))


def unix_keys(
    stack: contextlib.ExitStack, events: Events, stop: threading.Event
) -> Callable[[], None] | None:
    """Put the terminal into the mode of single keys until `stack` closes; None without termios."""
    try:
        import select
        import termios
        import tty
    except ImportError:
        return None
    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    stack.callback(termios.tcsetattr, file, termios.TCSADRAIN, before)
    tty.setcbreak(file)

    def come_back(*_: object) -> None:  # from Ctrl-Z: the shell has set its own mode meanwhile
        tty.setcbreak(file)
        events.put(("key", " "))

    stack.callback(signal.signal, signal.SIGCONT, signal.signal(signal.SIGCONT, come_back))

    def read() -> None:
        while not stop.is_set():
            if not select.select([file], [], [], WAIT)[0]:
                continue
            try:
                pressed = os.read(file, 64).decode(errors="ignore")
            except OSError:  # the terminal has been closed
                pressed = ""
            if not pressed or "\x04" in pressed:
                events.put(("end", ""))
                return
            if not pressed.startswith("\x1b"):  # an arrow or function key
                for key in pressed:
                    events.put(("key", key.lower()))

    return read


def windows_keys(events: Events, stop: threading.Event) -> Callable[[], None] | None:
    """Read single keys from the Windows console; None elsewhere."""
    if sys.platform != "win32":
        return None
    import msvcrt

    def read() -> None:
        while not stop.wait(WAIT / 2):
            while msvcrt.kbhit():
                key = msvcrt.getwch()
                if key in "\x00\xe0":  # the first half of an arrow or function key
                    msvcrt.getwch()
                else:
                    events.put(("key", key.lower()))

    return read
