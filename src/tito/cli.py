"""The commands of `tito`: each parses, calls one library function and prints.

Nothing heavy is imported before a command runs: `tito --help` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tito import cli_check, cli_learn, cli_notebook
from tito.console import Cell, Console
from tito.errors import Exit, TitoError

if TYPE_CHECKING:
    from tito.milestones import Milestone
    from tito.stage import Stage

__all__ = ["cli"]

EPILOG = """\b
The options work before and after a command. Text is plain
where output is no terminal, and with NO_COLOR set.

\b
Exit codes: 0 done, 1 your code failed or a target was
missed, 2 usage, 3 environment, 4 bad data, 5 network,
130 stopped with Ctrl-C.
"""


class Group(click.Group):
    """A group of commands that suggests the nearest name after a typo."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            from difflib import get_close_matches

            names = self.list_commands(ctx)
            close = get_close_matches(args[0], names, 1, 0.5)
            raise TitoError(
                f"{ctx.command_path} has no command {args[0]!r}.",
                f"It has {', '.join(names)}.",
                f"Did you mean: {ctx.command_path} {close[0]}" if close else
                f"See {ctx.command_path} --help.",
                Exit.USAGE,
            )  # fmt: skip
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order of use, not of the alphabet


SECTIONS = {
    "Learn": "init start next read check watch hint solution predict status",
    "Your files": "undo reset diff notebook export shell update",
    "Look and prove": "demo doctor milestone chat data",
}


class Commands(Group):
    """The commands of `tito`, in sections."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.commands))
        for title, names in SECTIONS.items():
            with formatter.section(title):
                found = ((name, self.commands[name]) for name in names.split())
                formatter.write_dl([(n.ljust(width), c.get_short_help_str(66)) for n, c in found])

    def list_commands(self, ctx: click.Context) -> list[str]:
        return " ".join(SECTIONS.values()).split()


def show_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Print the version and stop."""
    if value:
        import platform

        import tito

        click.echo(f"tito {tito.__version__} (Python {platform.python_version()})")
        ctx.exit()


@click.group(
    cls=Commands,
    epilog=EPILOG,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# `main` takes --plain, --json and --debug out of the command line; here they are only explained.
@click.option("--plain", is_flag=True, expose_value=False, help="No colour, no moving bars.")
@click.option("--json", is_flag=True, expose_value=False, help="Answer in JSON, alone on stdout.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of a failure.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_version,
    help="Print the version.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """TinyTorch: build a machine learning framework like PyTorch yourself, file by file, and prove
    it on milestones of the field's history.

    \b
    Try first:
      tito demo               a network learns to read digits, in seconds
      tito init my-tinytorch  your folder; cd into it, then: tito start
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


OUT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the result goes; ./tinytorch-runs/<milestone> unless given.",
)
DATA = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder of datasets; TINYTORCH_DATA or the cache unless given.",
)
SEED = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Base of the random seeds; 0 unless given.",
)


OUT_CHAT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the model is kept; ./tinytorch-runs/chat unless given.",
)


@cli.command()
@OUT
@SEED
@click.pass_obj
def demo(console: Console, out: Path | None, seed: int) -> int:
    """Train a network on 1,797 handwritten digits, here and now.

    The milestone of 1986 on the embedded 8x8 digits: it learns, shows what it misread, says whose
    code ran and what to do next. No download; a few seconds.
    """
    from tito.milestones import discover, find, runs_folder
    from tito.stage import Stage

    found = find("1986", discover())
    stage = Stage(out or runs_folder() / found.folder.name, seeds=seed, console=console)
    return play(console, found, stage, demo=True)


@cli.command()
@click.pass_obj
def doctor(console: Console) -> int:
    """Check the environment, line by line.

    Each line is ok, a warning or failed, with the way out. Exits with 3 when the environment
    cannot run the course.
    """
    from tito.doctor import examine, summary
    from tito.screens import report

    checks = report(console, examine(console))
    answer = summary(checks)
    if console.json:
        console.result(answer)
    return Exit.DONE if answer["ready"] else Exit.ENVIRONMENT


@cli.group(cls=Group, no_args_is_help=False)
def milestone() -> None:
    """Recreate moments of machine learning's history.

    Each runs on embedded data within a minute, and on the real data with --full. TITO_MILESTONES
    names another folder, for milestones of your own.
    """


@milestone.command("list")
@click.pass_obj
def milestone_list(console: Console) -> int:
    """List the milestones, and how the last run of each ended."""
    from tito.milestones import discover, last_run, runs_folder

    runs = runs_folder()
    found = [(each, last_run(each, runs)) for each in discover()]
    if console.json:
        console.result({"milestones": [m.summary() | {"last_run": run} for m, run in found]})
        return Exit.DONE
    rows = [
        [str(m.year), m.name, m.question, m.minutes.get("embedded", ""), outcome(run)]
        for m, run in found
    ]
    console.table(["year", "name", "question", "takes", "last run"], rows)
    console.line("\nRun one with: tito milestone run 1986 (real data: --full)")
    return Exit.DONE


def outcome(run: dict[str, Any] | None) -> Cell:
    """How the last run ended, in a word and its colour."""
    if run is None:
        return "-"
    if not run.get("passed"):
        return ("failed" if run.get("error") else "missed", "red")
    return ("earned" if run.get("earned") else "passed", "green")


@milestone.command("run")
@click.argument("name")
@click.option("--full", is_flag=True, help="On the real data: slower, and fetched when missing.")
@DATA
@OUT
@SEED
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    metavar="N",
    help="How long to train with --full, where that is a choice (1998: 4).",
)
@click.option("--fresh", is_flag=True, help="Begin anew, also where a run was stopped.")
@click.pass_obj
def milestone_run(
    console: Console,
    name: str,
    full: bool,
    data: Path | None,
    out: Path | None,
    seed: int,
    epochs: int | None,
    fresh: bool,
) -> int:
    """Run the milestone NAME.

    NAME is its year, its name, or the beginning of either.

    \b
      tito milestone run 1986          on the embedded digits
      tito milestone run mlp --full    on MNIST

    A long run that was stopped with Ctrl-C goes on when the same command is given again.
    """
    from tito.milestones import discover, find, refuse_epochs, runs_folder
    from tito.stage import Stage

    found = find(name, discover())
    if epochs is not None:
        refuse_epochs(found, full)
    out = out or runs_folder() / found.folder.name
    return play(console, found, Stage(out, full, data, seed, console, epochs, fresh))


def play(console: Console, milestone: Milestone, stage: Stage, demo: bool = False) -> int:
    """Run a milestone, print how it ended, and return the exit code."""
    from tito.milestones import perform
    from tito.screens import closing, opening

    opening(console, milestone, stage)
    result = perform(milestone, stage)
    closing(console, milestone, stage, result, demo)
    if console.json:
        console.result(result)
    return Exit.DONE if result["passed"] else Exit.MISSED


@cli.command()
@click.argument("question", nargs=-1)
@click.option("--fresh", is_flag=True, help="Learn anew, also where a model is stored.")
@OUT_CHAT
@SEED
@click.pass_obj
def chat(
    console: Console, question: tuple[str, ...], fresh: bool, out: Path | None, seed: int
) -> int:
    """Talk with a small GPT that learns on your code, in seconds.

    It learns the course's own questions and answers by heart. Give a QUESTION for one answer, or
    none to talk; lines from a file or a pipe are answered one by one.

    \b
      tito chat
      tito chat "What is the capital of Peru?"
    """
    from tito.chat import report

    asked = [" ".join(question)] if question else None
    answer = report(console, asked, seed, fresh, out)
    if console.json:
        console.result(answer)
    return Exit.DONE


@cli.group(cls=Group, no_args_is_help=False)
def data() -> None:
    """Datasets: which there are, fetch one, verify the files."""


@data.command("list")
@DATA
@click.pass_obj
def data_list(console: Console, data: Path | None) -> int:
    """List the datasets, their sizes, and whether each is here."""
    from tito.data import describe, folder, size_text

    sets = describe(data)
    if console.json:
        console.result({"folder": folder(data), "datasets": sets})
        return Exit.DONE
    rows = [(each["name"], each["what"], size_text(each["bytes"]), each["state"]) for each in sets]
    console.table(["name", "what", "size", "state"], rows)
    console.line(f"\nFolder: {folder(data)} (TINYTORCH_DATA or --data names another)")
    console.line("Fetch one with: tito data fetch mnist")
    return Exit.DONE


@data.command("fetch")
@click.argument("name")
@DATA
@click.pass_obj
def data_fetch(console: Console, name: str, data: Path | None) -> int:
    """Download the dataset NAME and verify it.

    An interrupted download goes on where it stopped.
    """
    from tito.data import fetch

    answer = fetch(console, name, data)
    if console.json:
        console.result(answer)
    return Exit.DONE


@data.command("verify")
@click.argument("name", required=False)
@DATA
@click.pass_obj
def data_verify(console: Console, name: str | None, data: Path | None) -> int:
    """Compare the files of the dataset NAME, or of all that are here, with their checksums.

    Exits with 4 when a file is damaged, or missing in a dataset that was named.
    """
    from tito.data import verify

    answer = verify(console, name, data)
    if console.json:
        console.result(answer)
    if answer["sound"]:
        return Exit.DONE
    console.line("Delete what is different; fetch what is missing with: tito data fetch NAME")
    return Exit.DATA


for command in (*cli_learn.COMMANDS, *cli_check.COMMANDS, *cli_notebook.COMMANDS):
    cli.add_command(command)
