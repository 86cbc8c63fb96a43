"""Errors of the tool: what happened, why, the way out, and the exit code that says it to a program.

The codes: 0 done, 1 the learner's code failed or a target was missed, 2 usage, 3 environment,
4 bad data, 5 network, 130 interrupted by Ctrl-C. A reader who closed the pipe gets 141, as from
any other command.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Exit", "TitoError", "os_error"]


class Exit(IntEnum):
    """Exit codes of `tito`."""

    DONE = 0
    MISSED = 1
    USAGE = 2
    ENVIRONMENT = 3
    DATA = 4
    NETWORK = 5
    INTERRUPTED = 130
    BROKEN_PIPE = 141


class TitoError(Exception):
    """A failure that the user can act on.

    Args:
        what: what failed, in one sentence.
        why: the cause, with the values that matter; may be empty.
        way_out: what to do next; may be empty.
        code: the exit code of the process.

    >>> str(TitoError("No milestone is named 'mpl'.", way_out="Did you mean 'mlp'?"))
    "No milestone is named 'mpl'. Did you mean 'mlp'?"
    """

    def __init__(self, what: str, why: str = "", way_out: str = "", code: Exit = Exit.ENVIRONMENT):
        super().__init__(what, why, way_out)
        self.what, self.why, self.way_out, self.code = what, why, way_out, code

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.way_out) if part)


def os_error(action: str, error: OSError, way_out: str) -> TitoError:
    """The environment refused `action`: a TitoError with the system's own reason.

    >>> os_error("write result.json", OSError(28, "No space left on device"), "Free some.").why
    'No space left on device'
    """
    return TitoError(f"tito could not {action}.", error.strerror or str(error), way_out)
