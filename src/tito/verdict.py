"""A verdict as a learner reads it: what was called, what came, where it differs, what to ask.

The functions give lines of Rich text, which a command prints and `tito watch` fits into a window.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tito.learn import where
from tito.sources import definitions

if TYPE_CHECKING:
    from tito.console import Console
    from tito.course import Exercise
    from tito.runner import Verdict
    from tito.workspace import Workspace

__all__ = ["after_green", "bar", "headline", "print_lines", "row", "verdict_lines"]

LABEL = 10
"""Columns of the labels at the left, with the space after them."""

WIDEST = 100
"""Columns of prose at most: longer lines are hard to read."""

TOKEN = re.compile(r"[^\s,()\[\]{}:]+")
DTYPE = re.compile(r"(float|u?int|bool|complex)\d*")

EXPLAINED = {
    "RecursionError": "The function calls itself without an end: which call should be the last?",
    "MemoryError": "A check may take 2 GiB. How large is what this line makes, in bytes?",
    "SystemExit": "The line ends the whole program. Return a value, or raise an error, instead.",
    "EOFError": "Where could the value come from, if nobody types it?",
    "TabError": "Let your editor put four spaces where it now puts a tab.",
    "SyntaxError": "On this line or the one before: is a bracket, a quote or a colon missing?",
    "IndentationError": "Does each block stand four spaces further in than the line above it?",
}
"""A question or a way out where the error alone says what happened."""


def verdict_lines(
    workspace: Workspace, exercise: Exercise, verdict: Verdict, width: int, brief: bool = False
) -> list[Text]:
    """The verdict on one exercise.

    Args:
        width: columns of the window.
        brief: for a window of few lines: long values are cut, and commands left out.
    """
    width = min(width, 2 * WIDEST) - 1
    lines = [headline(exercise, verdict)]
    if verdict["status"] == "not built":
        return lines + to_build(workspace, exercise, width, brief)
    failed = [check for check in verdict["checks"] if not check["ok"]]
    if failed:
        lines += failure_lines(failed[0], workspace, exercise, width, brief)
        if found := verdict.get("misconception"):
            lines += labelled("Found", found["sentence"], width, "bold yellow")
        if gone := deleted(failed[0]["failure"], workspace, exercise):
            lines += labelled("Missing", gone, width, "bold yellow")
        elif ask := question(failed[0]["failure"]):
            lines += labelled("Think", ask, width, "cyan")
    for number, check in enumerate(failed[1:2] if brief else failed[1:]):
        more = f" (and {len(failed) - 2} more)" if brief and len(failed) > 2 else ""
        lines += labelled("" if number else "Also red", check["claim"] + more, width, "dim")
    if verdict["printed"].strip():
        lines += labelled("Printed", beginning(verdict["printed"]), width, "dim")
    if failed and not brief:
        lines += labelled("Help", f"tito hint {exercise.id}{again(failed[0], verdict)}", width)
    return lines


def headline(exercise: Exercise, verdict: Verdict) -> Text:
    """The exercise and how it stands, in a line."""
    checks = verdict["checks"]
    red = sum(not check["ok"] for check in checks)
    words, style = {
        "passed": (f"all {len(checks)} checks pass", "bold green"),
        "failed": (f"{red} of {len(checks)} checks fail", "bold red"),
        "not built": (
            "waits for something that is not built yet"
            if exercise.debug
            else "not built yet, red as every exercise at first",
            "bold yellow",
        ),
        "crashed": ("the code could not be checked", "bold red"),
    }[verdict["status"]]
    if len(checks) == 1 and verdict["status"] != "crashed":
        words = words.replace("all 1 checks pass", "its check passes").replace(
            "1 of 1 checks fail", "its check fails"
        )
    seconds = f"  {verdict['seconds']:.2f} s" if verdict["seconds"] >= 0.005 else ""
    return Text.assemble((f"{exercise.id} {exercise.title}: ", "bold"), (words, style), seconds)


def row(exercise: Exercise, verdict: Verdict) -> Text:
    """The exercise and how it stands, as a line of a list."""
    word, style = {
        "passed": ("green", "green"), "failed": ("red", "bold red"),
        "not built": ("to build", "yellow"), "crashed": ("red", "bold red"),
    }[verdict["status"]]  # fmt: skip
    reason = "" if verdict["status"] in ("passed", "not built") else short_reason(verdict)
    width = max(len(each.id) for each in exercise.chapter.exercises)
    return Text.assemble(
        f"  {exercise.id:<{width}}  ", (f"{word:<8}", style), f"  {exercise.title}", (reason, "dim")
    )


def short_reason(verdict: Verdict) -> str:
    """Why an exercise is red, in a few words."""
    failed = [check for check in verdict["checks"] if not check["ok"]]
    error = failed[0]["failure"]["error"]
    return f": {error.splitlines()[0][:60]}" if error else f": {len(failed)} checks fail"


def to_build(
    workspace: Workspace, exercise: Exercise, width: int, brief: bool = False
) -> list[Text]:
    """What there is to build, and where."""
    what = f"{', '.join(exercise.definitions)} in {where(workspace, exercise)}"
    if exercise.debug:
        what += ", when the exercises that it uses are built (tito next)"
    lines = labelled("Mend" if exercise.debug else "Build", what, width)
    if brief:
        return lines
    help_text = f"tito hint {exercise.id}; the text: tito read {exercise.id}"
    return lines + labelled("Help", help_text, width)


def failure_lines(
    check: dict[str, Any], workspace: Workspace, exercise: Exercise, width: int, brief: bool = False
) -> list[Text]:
    """A failed check: the call, the values, the place."""
    failure = shortened(check["failure"]) if brief else check["failure"]
    lines = labelled("Check", check["claim"], width)
    if failure["code"] and check["name"] not in ("load", "run"):
        lines += labelled("Call", failure["code"], width, wrap=False)
        values = [given for name, value in failure["inputs"] for given in assigned(name, value)]
        lines += labelled("with", "\n".join(values), width, wrap=False)
    if failure["error"]:
        if failure["expected"]:
            lines += labelled("Expected", failure["expected"], width, wrap=False)
        lines += labelled("Error" if failure["expected"] else "Stopped", failure["error"], width)
        lines += place_lines(failure["place"], workspace, width)
    elif failure["actual"]:
        lines += compared(failure["expected"], failure["actual"], failure["difference"], width)
    if failure["difference"]:
        lines += labelled("Differs", failure["difference"], width, "bold")
    if failure["shapes"]:
        lines += labelled("Shapes", failure["shapes"], width, wrap=False)
    if not failure["error"] and check["name"] not in ("load", "run"):
        lines += labelled("Where", where(workspace, exercise), width)
    return lines


def shortened(failure: dict[str, Any]) -> dict[str, Any]:
    """A failure with four lines of each value, and with the shapes only where they differ."""
    values = {name: beginning(failure[name]) for name in ("expected", "actual")}
    inputs = [[name, beginning(value)] for name, value in failure["inputs"]]
    shapes = failure["shapes"] if "shape" in failure["difference"] + failure["error"] else ""
    return failure | values | {"inputs": inputs, "shapes": shapes}


def assigned(name: str, value: str) -> list[str]:
    """`name = value`, the lines of an array below each other.

    >>> assigned("x", "[[1, 2],\\n [3, 4]]")
    ['x = [[1, 2],', '     [3, 4]]']
    """
    first, *rest = value.split("\n")
    return [f"{name} = {first}", *(" " * (len(name) + 3) + line for line in rest)]


def place_lines(found: dict[str, Any] | None, workspace: Workspace, width: int) -> list[Text]:
    """The learner's line behind an error."""
    if found is None:
        return []
    inside = found["function"]
    line = f"{workspace.shown(Path(found['file']))}:{found['line']}"
    line += f", in {inside}" if inside not in ("", "<module>") else ""
    lines = labelled("Where", line, width)
    if found["text"]:
        lines += labelled("", f"> {found['text']}", width, "bold", wrap=False)
    return lines


def deleted(failure: dict[str, Any], workspace: Workspace, exercise: Exercise) -> str:
    """What was looked up in vain because the learner's file does not define it, in a sentence."""
    file = workspace.exercise_file(exercise)
    if not failure["error"].startswith(("NameError", "AttributeError")):
        return ""
    try:
        known = {definition.name for definition in definitions(file.read_text("utf-8-sig"))}
    except (OSError, ValueError, SyntaxError):
        return ""
    gone = ", ".join(name for name in exercise.definitions if name not in known)
    return gone and f"{file.name} does not define {gone}; tito reset {exercise.id} brings it back."


def question(failure: dict[str, Any]) -> str:
    """The question to think about: that of the check, else one that fits the error."""
    if failure["actual"] == "None" != failure["expected"]:
        return "The function returns None. Does every way through it end in `return`?"
    kind = failure["error"].partition(":")[0]
    return EXPLAINED.get(kind) or failure["ask"]


def beginning(text: str, lines: int = 4) -> str:
    """The first lines of what was printed.

    >>> beginning("a\\nb\\nc\\nd\\n", 2)
    'a\\nb\\n... (2 lines more)'
    """
    found = text.strip("\n").split("\n")
    shown = [line[:200] for line in found[: lines if len(found) > lines + 1 else None]]
    more = len(found) - len(shown)
    return "\n".join([*shown, f"... ({more} lines more)"] if more else shown)


def again(check: dict[str, Any], verdict: Verdict) -> str:
    """How to draw the same inputs again."""
    if check["name"] in ("load", "run") or not check["failure"]["inputs"]:
        return ""
    return f"; the same inputs again: tito check {verdict['exercise']} --seed {verdict['seed']}"


def labelled(label: str, text: str, width: int, style: str = "", wrap: bool = True) -> list[Text]:
    """Text in the column right of a label; nothing for no text."""
    if not text:
        return []
    lines: list[str] = []
    for line in text.split("\n"):
        room = min(width, WIDEST) - LABEL - 2
        parts = textwrap.wrap(line, max(room, 20), break_on_hyphens=False) if wrap else [line]
        lines += parts or [""]
    return [
        Text.assemble(f"  {(label if i == 0 else ''):<{LABEL}}", (line, style))
        for i, line in enumerate(lines)
    ]


def compared(expected: str, actual: str, difference: str, width: int) -> list[Text]:
    """Expected and actual side by side, or one above the other where they are too wide."""
    left, right = expected.split("\n"), actual.split("\n")
    types = difference.startswith("expected values of")
    spot = first_difference(left, right, types)
    column = max(map(len, [*left, "Expected"])) + 4
    room = width - LABEL - 2
    if column + max(map(len, right)) > room:
        blocks = [("Expected", marked(left, spot, 0)), ("Actual", marked(right, spot, 1))]
        return [
            Text.assemble(f"  {(label if i == 0 else ''):<{LABEL}}", line)
            for label, block in blocks
            for i, line in enumerate(block)
        ]
    lines = [Text.assemble(" " * (LABEL + 2), f"{'Expected':<{column}}", "Actual", style="dim")]
    columns = marked(left, spot, 0), marked(right, spot, 1)
    for i in range(max(map(len, columns))):
        ours, theirs = (block[i] if i < len(block) else Text() for block in columns)
        gap = " " * (column - len(ours.plain))
        line = Text.assemble(" " * (LABEL + 2), ours, gap, theirs)
        line.rstrip()
        lines.append(line)
    return lines


Spot = tuple[int, tuple[int, int], tuple[int, int]]
"""A line, and where the difference stands in it: begin and end, left and right."""


def first_difference(left: Sequence[str], right: Sequence[str], types: bool) -> Spot | None:
    """Where two values differ first, word by word; numbers that are close are the same.

    Args:
        types: whether the types of the values count.

    >>> first_difference(["[1., 2.5]"], ["[1.0, 3]"], False)
    (0, (5, 8), (6, 7))
    """
    for number, (ours, theirs) in enumerate(zip(left, right, strict=False)):
        words = [
            [w for w in TOKEN.finditer(line) if types or not DTYPE.fullmatch(w[0])]
            for line in (ours, theirs)
        ]
        for a, b in zip(*words, strict=False):
            if not same_word(a[0], b[0]):
                return number, a.span(), b.span()
        if len(words[0]) != len(words[1]):
            return number, rest(words[0], words[1], ours), rest(words[1], words[0], theirs)
    return None


def rest(mine: Sequence[re.Match[str]], other: Sequence[Any], line: str) -> tuple[int, int]:
    """The first word that the other line does not have, or the end of this one."""
    return mine[len(other)].span() if len(mine) > len(other) else (len(line), len(line) + 1)


def same_word(a: str, b: str) -> bool:
    """Whether two words are the same text, or numbers that agree to five digits."""
    if a == b:
        return True
    try:
        return math.isclose(float(a), float(b), rel_tol=1e-5, abs_tol=1e-7)
    except ValueError:
        return False


def marked(lines: Sequence[str], spot: Spot | None, side: int) -> list[Text]:
    """The lines of a value, the first difference coloured and underlined with carets."""
    found = []
    for number, line in enumerate(lines):
        text = Text(line)
        found.append(text)
        if spot and spot[0] == number:
            begin, end = spot[2] if side else spot[1]
            text.stylize("bold red" if side else "bold green", begin, end)
            found.append(Text(" " * begin + "^" * (end - begin), "red" if side else "green"))
    return found


def after_green(exercise: Exercise, complete: bool) -> list[Text]:
    """What to do after a green exercise, in a line."""
    number = f"{exercise.chapter.number:02d}"
    what = f"Module {number} is complete. Next: tito next" if complete else "Next: tito next"
    return [
        Text.assemble(
            (what, "bold"), f"  (compare with the reference: tito solution {exercise.id})"
        )
    ]


def bar(done: int, total: int, width: int, unicode: bool = True) -> str:
    """Progress as a bar.

    >>> bar(3, 8, 16, unicode=False)
    '######----------'
    """
    filled = round(width * done / total) if total else 0
    full, empty = ("█", "░") if unicode else ("#", "-")
    return full * filled + empty * (width - filled)


def print_lines(console: Console, lines: Iterable[Text]) -> None:
    """Print lines as they are: unwrapped, so that they can be copied and searched."""
    for line in lines:
        console.screen.print(line, soft_wrap=True)
