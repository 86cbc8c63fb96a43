"""The command `tito`: exit codes, and failures told in words."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from tito import DISTRIBUTION
from tito.console import Console, prepare_streams
from tito.data import data_error
from tito.errors import Exit, TitoError, os_error
from tito.provenance import learner_error

if TYPE_CHECKING:
    import click

__all__ = ["main"]

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""One thread unless the user says otherwise: products as small as those of the first milestones
gain nothing from a second one, and on a busy machine waiting for it takes several times as long."""

GLOBAL_OPTIONS = ("--plain", "--json", "--debug")
"""Valid anywhere on the command line; `tito.cli` documents them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (the process's own unless given); returns the exit code."""
    prepare_streams()
    for name in THREADS:  # before NumPy is imported
        os.environ.setdefault(name, "1")
    given = list(sys.argv[1:] if arguments is None else arguments)
    plain, json, debug = (name in given for name in GLOBAL_OPTIONS)
    console = Console(plain=plain, json=json, debug=debug)
    try:
        from tito.cli import cli

        code = invoke(cli, [word for word in given if word not in GLOBAL_OPTIONS], console)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not spoil the exit
        say("Stopped. No file is half written; run the command again whenever you like.")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        silence(sys.stdout)
        return Exit.BROKEN_PIPE
    except Exception as error:
        return fail(error, console)


def invoke(command: click.Group, arguments: list[str], console: Console) -> int:
    """Run the click command, and return its exit code."""
    import click

    try:
        with command.make_context("tito", arguments, obj=console) as context:
            return int(command.invoke(context) or 0)
    except click.exceptions.Exit as stop:  # --help and --version
        return stop.exit_code
    except click.ClickException as error:
        where = getattr(error, "ctx", None)
        path = where.command_path if where else "tito"
        raise TitoError(
            error.format_message(), way_out=f"See {path} --help.", code=Exit.USAGE
        ) from error


def fail(error: Exception, console: Console) -> int:
    """Tell what failed, why, and what to do; returns the exit code, which is never 0."""
    if console.debug:
        traceback.print_exception(error)
    told = in_words(error)
    parts = {"Failed": told.what, "Why": told.why, "Do": told.way_out}
    lines = (f"{label:>6}: {text}" for label, text in parts.items() if text)
    say("\n".join(line.replace("\n", "\n" + " " * 8) for line in lines))
    try:
        if console.json:
            error_parts = {"what": told.what, "why": told.why, "way_out": told.way_out}
            console.result({"error": error_parts, "exit": int(told.code)})
        sys.stdout.flush()
    except OSError:  # the failure may be that nobody can read standard output
        silence(sys.stdout)
    return told.code


def in_words(error: Exception) -> TitoError:
    """`error` as what, why and the way out."""
    if isinstance(error, TitoError):
        return error
    if told := data_error(error):
        return told
    if told := learner_error(error):
        return told
    if isinstance(error, OSError):
        return os_error("go on", error, "Free some space or choose other folders; see tito doctor.")
    if isinstance(error, ModuleNotFoundError):
        return TitoError(
            f"The package {error.name} is missing.",
            "tito is installed without what it needs.",
            f"python -m pip install --force-reinstall {DISTRIBUTION}",
        )
    return TitoError(
        f"tito itself failed: {type(error).__name__}: {error}",
        "This is a defect of the tool, not of your code.",
        "Run again with --debug and report what it prints.",
    )


def say(text: str) -> None:
    """Print to standard error, where somebody may or may not be listening."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def silence(stream: TextIO) -> None:
    """Let what is still in the buffer of a broken stream go nowhere, without a word at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
