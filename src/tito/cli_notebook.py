"""The commands `tito notebook` and `tito export`."""

from __future__ import annotations

import click

from tito.console import Console
from tito.errors import Exit

__all__ = ["COMMANDS"]


@click.command()
@click.argument("module", required=False)
@click.pass_obj
def notebook(console: Console, module: str | None) -> int:
    """Work on MODULE in a notebook, made from your file.

    From then on the notebook is the master: its build cells check themselves, and check and
    export bring the file up to date. Delete the notebook to go back to the file.
    """
    from importlib.util import find_spec

    from tito.learn import chosen_chapter
    from tito.notebook import write_notebook
    from tito.workspace import Workspace

    workspace = Workspace.find()
    chapter = chosen_chapter(workspace, module)
    new = not workspace.notebook(chapter).exists()
    path = workspace.shown(write_notebook(workspace, chapter))
    console.line(f"{'Made' if new else 'There is'} {path}")
    console.line(f"Open it with: jupyter lab {path}")
    if find_spec("jupyterlab") is None:
        console.line("Not installed yet: python -m pip install jupyterlab (VS Code opens it, too)")
    if console.json:
        console.result({"notebook": path, "new": new})
    return Exit.DONE


@click.command()
@click.argument("module", required=False)
@click.pass_obj
def export(console: Console, module: str | None) -> int:
    """Write the file of MODULE from its notebook.

    tito check does it by itself. A dated copy of the file is kept; tito undo brings it back.
    """
    from tito.learn import chosen_chapter
    from tito.notebook import export as write
    from tito.workspace import Workspace

    workspace = Workspace.find()
    files = [workspace.shown(path) for path in write(workspace, chosen_chapter(workspace, module))]
    for file in files:
        console.line(f"Wrote {file}")
    if not files:
        console.line("The file is as the notebook has it.")
    if console.json:
        console.result({"written": files})
    return Exit.DONE


COMMANDS = (notebook, export)
