"""What a milestone and the doctor print around their work."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tito.console import Console
from tito.provenance import core_package, sentence

if TYPE_CHECKING:
    from tito.doctor import Check
    from tito.milestones import Milestone
    from tito.stage import Stage

__all__ = ["closing", "opening", "report"]

COLOURS = {"ok": "green", "warning": "yellow", "failed": "bold red"}


def shown(path: Path) -> str:
    """`path` as short as it can be typed from here."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
    return str(path) if relative.startswith("..") else relative


def opening(console: Console, milestone: Milestone, stage: Stage) -> None:
    """The milestone's title, its question, and what this run does."""
    title = f"{milestone.year} · {milestone.title}: {milestone.question}"
    console.line(title, style="bold", wrap=True)
    console.line(milestone.full if stage.full else milestone.embedded, style="dim", wrap=True)


def closing(
    console: Console, milestone: Milestone, stage: Stage, result: dict[str, Any], demo: bool
) -> None:
    """Whose code ran, where the picture and the figures are, what was missed, what to do next."""
    console.line(f"Whose code ran: {sentence(result['whose'])}", wrap=True)
    if result["building"]:
        names = ", ".join(result["building"])
        console.line(f"You are still building {names}: the reference stood in.", wrap=True)
    if result["earned"]:
        words = "Earned: every module that it needs is yours, and passes its checks."
        console.line(words, style="bold green")
    elif red := [module for module, green in result["checks"].items() if not green]:
        number = core_package().MODULES.index(red[0]) + 1
        words = f"Not earned yet: the checks of {', '.join(red)} are red: tito check {number:02d}"
        console.line(words, style="bold yellow", wrap=True)
    for picture in stage.pictures:
        console.line(f"Picture: {shown(stage.out / picture['file'])} ({picture['caption']})")
    console.line(f"Result:  {shown(stage.out / 'result.json')} ({result['seconds']:.1f} s)")
    if not stage.targets:
        console.line("Missed: the run declared no target.", style="bold red")
    for target in stage.missed:
        console.line(
            f"Missed: {target.name} is {target.shortfall} (target: {target.bounds}).",
            style="bold red",
        )
    console.line(f"Next:    {following(milestone, stage, demo)}", style="bold")


def following(milestone: Milestone, stage: Stage, demo: bool) -> str:
    """The command to try next, with what it does."""
    if not stage.passed:
        seed = f"--seed {stage.seeds + 1}"
        return f"tito milestone run {milestone.name} {seed} tries another start; tito doctor checks"
    if demo:
        return "tito milestone list: the other moments of this history, to run here"
    if stage.full or not milestone.data:
        return "tito milestone list: the others"
    minutes = milestone.minutes.get("full", "")
    return f"tito milestone run {milestone.name} --full: {', '.join(milestone.data)}, {minutes}"


def report(console: Console, checks: Iterable[Check]) -> list[Check]:
    """Print the checks of the environment and the verdict; returns the checks."""
    found = list(checks)
    console.table(
        ["", "", ""],
        [
            ((status, COLOURS[status]), name, f"{text}\n{way_out}".strip())
            for name, status, text, way_out in found
        ],
    )
    console.say()
    if failed := [check.name for check in found if check.status == "failed"]:
        console.line(f"Mend first: {', '.join(failed)}.", style="bold red")
    else:
        outside = any(c.name == "workspace" and c.found.startswith("none") for c in found)
        console.line(f"Ready. Next: tito {'demo' if outside else 'status'}", style="bold")
    return found
