"""`tito shell`: Python with the learner's framework imported."""

from __future__ import annotations

import signal
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

from tito.workspace import Workspace

__all__ = ["open_shell", "welcome"]

GREETING = "import tito.shell; tito.shell.welcome(globals()); del tito"


def open_shell(workspace: Workspace) -> int:
    """Open Python, or IPython where it is installed, with the learner's framework imported."""
    ipython = ["-m", "IPython", "--no-banner", "--no-confirm-exit"]
    program = ipython if find_spec("IPython") else ["-q"]
    command = [sys.executable, *program, "-i", "-c", GREETING]
    before = signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C belongs to the shell
    try:
        return subprocess.call(command, cwd=workspace.root, env=workspace.environment())
    finally:
        signal.signal(signal.SIGINT, before)


def welcome(names: dict[str, Any]) -> None:
    """Import the framework into the shell's `names` and say whose code it is."""
    from tito.provenance import learner_error, sentence, whose

    owners = {name: owner for name, owner in whose().items() if owner != "missing"}
    try:
        import numpy

        import tinytorch
    except Exception as error:
        told = learner_error(error)
        if told is None:
            raise
        print(f"tinytorch cannot be imported. {told}")
        return
    names |= {"tinytorch": tinytorch, "torch": tinytorch, "np": numpy}
    print("tinytorch (also as torch) and np are imported; Ctrl-D ends.")
    mine = [name for name, owner in owners.items() if owner == "yours"]
    whose_code = f"{', '.join(mine)}: yours; the others: reference"
    if len(mine) in (0, len(owners)):
        whose_code = sentence(owners)
    print(f"Whose code: {whose_code}")
