"""What the learner's commands print: chapters and hints as Markdown, the map of the course."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from tito.console import Cell, Console

if TYPE_CHECKING:
    from tito.course import Block, Chapter, Exercise
    from tito.workspace import Workspace

__all__ = [
    "chapter_markdown", "page", "part_about", "show_comparison", "show_differences",
    "show_exercise", "show_hints", "show_markdown", "show_questions", "show_source",
    "show_started", "show_status",
]  # fmt: skip

WIDEST = 88
"""Columns of running text at most."""

ITEM = re.compile(r"\s*(?:[-*>]|\d+\.)\s+")
"""The beginning of a list item or a quotation."""

BEGINNING = re.compile(r"\s*(?:(?:[-*>]|\d+\.)\s+)?")
"""What the lines after the first one are indented by."""

NARROW = 100
"""Columns below which the map leaves out bars and minutes."""

SIDE_BY_SIDE = 64
"""Columns from which the map has the exercises beside the modules."""

STATES = {"passed": "green", "failed": "red", "next": "bold", "open": "dim"}
MILESTONES = {"earned": "bold green", "passed": "green", "ready": "bold", "open": "dim"}


def dots(difficulty: int) -> str:
    """How hard an exercise is, in one to three dots."""
    return "•" * difficulty


# --------------------------------------------------------------------------------------- Markdown


def reflow(text: str, width: int) -> str:
    """Markdown as plain text: paragraphs and list items filled to `width`, the rest as it is.

    >>> print(reflow("- one two\\n  three\\n\\n```text\\na long line of code\\n```", 10))
    - one two
      three
    <BLANKLINE>
    ```text
    a long line of code
    ```
    """
    out: list[str] = []
    paragraph: list[str] = []

    def fill() -> None:
        if paragraph:
            mark = BEGINNING.match(paragraph[0])
            out.extend(textwrap.wrap(
                " ".join([paragraph[0].rstrip(), *(line.strip() for line in paragraph[1:])]),
                width, subsequent_indent=" " * len(mark[0] if mark else ""),
                break_long_words=False, break_on_hyphens=False,
            ))  # fmt: skip
            paragraph.clear()

    code = False
    for line in text.splitlines():
        fence = line.lstrip().startswith("```")
        code ^= fence
        as_it_is = code or fence or not line.strip() or line.startswith(("|", "#"))
        if as_it_is or (line.startswith("    ") and not paragraph):
            fill()
            out.append(line)
            continue
        if ITEM.match(line):
            fill()
        paragraph.append(line)
    fill()
    return "\n".join(out)


def rendered(console: Console, text: str) -> Any:
    """Markdown for Rich: headings on the left, code in the terminal's own colours, unbroken."""
    from rich.markdown import CodeBlock, Heading, Markdown
    from rich.syntax import Syntax

    class Left(Heading):
        def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
            self.text.justify = "left"
            if self.tag in ("h1", "h2"):
                self.text.stylize("bold cyan")
            yield self.text

    class Code(CodeBlock):
        def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
            code = textwrap.indent(str(self.text).rstrip(), "  ")
            highlighted = Syntax("", self.lexer_name, theme=self.theme).highlight(code)
            highlighted.no_wrap, highlighted.overflow = True, "ignore"
            highlighted.rstrip()
            yield highlighted

    class Page(Markdown):
        elements = {  # noqa: RUF012 - as Rich has it
            **Markdown.elements, "heading_open": Left, "fence": Code, "code_block": Code,
        }  # fmt: skip

    return Page(text, code_theme="ansi_dark", inline_code_lexer=None, hyperlinks=False)


def show_markdown(console: Console, text: str) -> None:
    """Print Markdown: with styles in a terminal, else as the text that it is."""
    width = min(console.width, WIDEST)
    if console.plain:
        for line in reflow(text, width).splitlines():
            console.line(line)
        return
    from rich.theme import Theme

    quiet = Theme({"markdown.code": "bold", "markdown.code_block": "none"})
    with console.screen.use_theme(quiet):
        console.screen.print(rendered(console, text), width=width, crop=False)


def page(console: Console, text: str, after: str = "") -> None:
    """Show Markdown through a pager where somebody sits at a terminal, else print it.

    Args:
        after: a line to print when the pager has taken the text off the screen.
    """
    if not console.is_terminal:
        show_markdown(console, text)
        return
    import click

    with console.screen.capture() as capture:
        show_markdown(console, text)
    click.echo_via_pager(capture.get())
    if after:
        console.line(after, style="bold")


def part_about(chapter: Chapter, exercise: Exercise) -> list[Block]:
    """The pieces of a chapter that lead to an exercise: from behind the one before, to its check.

    The text before an exercise is cut at the last heading in it.
    """
    blocks = list(chapter.blocks)
    start = next(i for i, b in enumerate(blocks) if b.exercise is exercise)
    end = start + 1
    while end < len(blocks) and blocks[end].kind not in ("build", "debug"):
        end += 1
        if blocks[end - 1].kind == "check":
            break
    while start and blocks[start - 1].kind in ("text", "given"):
        start -= 1
        heading = list(re.finditer(r"^#{1,3} ", blocks[start].body, re.MULTILINE))
        if heading:
            cut = replace(blocks[start], body=blocks[start].body[heading[-1].start() :])
            return [cut, *blocks[start + 1 : end]]
    return blocks[start:end]


def chapter_markdown(workspace: Workspace | None, chapter: Chapter, blocks: Iterable[Block]) -> str:
    """Pieces of a chapter as one Markdown text, directives with the command to type."""
    from tito.measures import load_measures

    questions = {each.id: each.question for each in load_measures(chapter.folder)}
    file = chapter.file + ".py"
    if workspace and workspace.file(chapter).is_file():
        file = workspace.shown(workspace.file(chapter))
    texts = (block_markdown(block, file, questions) for block in blocks)
    return "\n\n".join(text.strip("\n") for text in texts if text.strip()) + "\n"


def block_markdown(block: Block, file: str, questions: dict[str, str]) -> str:
    """One piece of a chapter as Markdown.

    Args:
        file: the learner's file of the chapter, as typed from here.
        questions: those of the chapter's measures, by id.
    """
    if block.kind in ("build", "debug") and (exercise := block.exercise):
        verb = "Mend" if exercise.debug else "Build"
        facts = f"{dots(exercise.difficulty)}  {exercise.minutes} minutes"
        head = f"### {exercise.id} · {exercise.title}"
        where = f"debug/{exercise.chapter.key}.py" if exercise.debug else file
        return f"{head}\n\n{facts}. {verb} {listed(block.names)} in `{where}`.\n\n{block.body}"
    if block.kind == "given":
        return f"**Given** in `{file}`, to read: {listed(block.names)}.\n\n{block.body}"
    if block.kind == "check":
        return f"**Check:** `tito check {', '.join(block.names)}`\n\n{block.body}"
    if block.kind == "use":
        return block.body.replace("```output", "It prints:\n\n```text")
    if block.kind == "predict":
        asked = "\n\n".join(questions.get(id, "") for id in block.names)
        return f"**Predict:** {asked}\n\n`tito predict {', '.join(block.names)}`\n\n{block.body}"
    return block.body


def listed(names: tuple[str, ...]) -> str:
    """Names in a sentence; a long list by its ends.

    >>> listed(("add", "mul"))
    '`add`, `mul`'
    """
    if len(names) > 6:
        return f"`{names[0]}` ... `{names[-1]}` ({len(names)} definitions)"
    return ", ".join(f"`{name}`" for name in names)


def show_source(console: Console, source: str) -> None:
    """Print Python source, highlighted where there is colour."""
    if console.plain:
        for line in source.splitlines():
            console.line(line)
        return
    from rich.syntax import Syntax

    console.screen.print(
        Syntax(source.rstrip("\n"), "python", theme="ansi_dark", background_color="default")
    )


def show_diff(console: Console, lines: Iterable[str]) -> None:
    """Print a unified diff: what is mine alone in red, what is the reference's alone in green."""
    for line in lines:
        style = {"-": "red", "+": "green", "@": "cyan"}.get(line[:1], "")
        console.line(line, style="bold" if line.startswith(("---", "+++")) else style)


def show_differences(console: Console, answer: dict[str, Any]) -> None:
    """The diffs of several definitions, and what was left out."""
    for each in answer["diffs"]:
        if each["lines"]:
            show_diff(console, each["lines"])
        else:
            console.line(f"{each['exercise']} {each['name']}: the same as the reference.")
    if answer["hidden"]:
        hidden = ", ".join(answer["hidden"])
        console.line(f"Left out, not solved yet: {hidden} (--yes shows them).", wrap=True)


# ------------------------------------------------------------------------------------ the screens


def show_started(
    console: Console,
    workspace: Workspace,
    chapter: Chapter,
    written: list[str],
    facts: dict[str, Any] | None,
) -> None:
    """What was written, and what to do next in three lines."""
    name = f"{chapter.number:02d} {chapter.title}"
    files = f"wrote {', '.join(written)}" if written else "your files are there, nothing written"
    console.line(f"{name}: {files}.", style="bold", wrap=True)
    number = f"{chapter.number:02d}"
    if facts is None:
        console.line(f"It is solved. The chapter: tito read {number}. Go on with: tito start")
        return
    read = f"the chapter, {chapter.minutes} minutes in {len(chapter.exercises)} exercises"
    steps = [
        [f"1. tito read {number}", read],
        [f"2. build {facts['id']}", f"in {facts['where']}"],
        [f"3. tito check {facts['id']}", "red until you have built it: that is right"],
    ]
    console.table(["", ""], steps)


def show_hints(console: Console, answer: dict[str, Any], keys: bool = False) -> None:
    """The hints that are revealed, the new one last, and passages found by the failure.

    Args:
        keys: whether the way on is a key of `tito watch`, not a command.
    """
    id = answer["exercise"]
    console.line(f"{id} {answer['title']}", style="bold")
    for each in answer["hints"]:
        style = "bold" if each["level"] == answer["new"] else "dim"
        console.say()
        console.line(f"Hint {each['level']} of 3: {each['name']}", style=style)
        show_markdown(console, each["text"])
    for text in answer["passages"]:
        console.say()
        console.line("About what the last check showed", style="bold")
        show_markdown(console, text)
    console.say()
    if answer["hints"] and answer["hints"][-1]["level"] < 3:
        console.line(f"More: {'h' if keys else f'tito hint {id}'}", style="dim")
    else:
        when = "The solution" if answer["attempts"] else "The solution, after an attempt"
        way = "s shows the solution" if keys else f"{when}: tito solution {id}"
        console.line(f"There is no further hint. {way}", style="dim")


def show_questions(console: Console, questions: list[dict[str, Any]]) -> None:
    """The questions to predict, and how the predictions ended."""
    if not questions:
        console.line("This module has no questions to predict.")
        return
    for each in questions:
        console.line(f"{each['id']}  {each['question']}", wrap=True)
        if each["guess"] is not None:
            unit = each["unit"]
            said, measured = figure(each["guess"]), figure(each["measured"])
            console.line(f"      you said {said}, measured {measured} {unit}", style="dim")
    console.line(f"Answer with: tito predict {questions[0]['id']}", style="bold")


def show_exercise(console: Console, facts: dict[str, Any]) -> None:
    """An exercise: what it is, where, what to read and what to type."""
    id = facts["id"]
    minutes = f"{facts['minutes']} minutes"
    console.line(f"{id} {facts['title']}   {dots(facts['difficulty'])} {minutes}", style="bold")
    verb = "mend" if facts["debug"] else "build"
    console.line(f"  where  {facts['where']}")
    names = ", ".join(facts["definitions"])
    room = max(min(console.width, WIDEST) - 9, 20)
    for number, part in enumerate(textwrap.wrap(names, room, break_long_words=False)):
        console.line(f"  {'' if number else verb:5}  {part}")
    console.line(f"  read   tito read {id}")
    console.line(f"  check  tito check {id}   (tito watch does it on every save)")
    console.line(f"  stuck  tito hint {id}")


def show_status(console: Console, found: dict[str, Any]) -> None:
    """The map of the course: modules beside the exercises of the current one, then milestones."""
    lines, share = found["lines"], found["share"]
    console.line(
        f"{100 * share:.0f} % of the framework is yours "
        f"({lines['yours']:,} of {lines['all']:,} lines to build)   {found['style']} style",
        style="bold",
    )
    narrow = console.width < NARROW
    beside = console.width >= SIDE_BY_SIDE
    width = max(12, console.width - (49 if narrow else 59) if beside else console.width - 12)
    left, right = list(module_rows(found, narrow)), list(exercise_rows(found, width, narrow))
    empty = ("", "")
    console.say()
    if beside:
        console.table([""] * 5, [
            [*(a or (empty, empty)), *(b or (empty, empty, empty))]
            for a, b in zip_longest(left, right)
        ])  # fmt: skip
    else:
        console.table(["", ""], left)
        console.say()
        console.table(["", "", ""], right)
    console.say()
    for each in found["milestones"]:
        console.line(milestone_line(each), style=MILESTONES[each["state"]])
    console.line(f"Next: {following(found)}", style="bold")


def module_rows(found: dict[str, Any], narrow: bool) -> Iterator[tuple[Cell, Cell]]:
    """The modules: name, and how far, with a bar where there is room."""
    for module in found["modules"]:
        name = f"{module['number']:02d} {module['name']}"
        current = found["current"] == f"{module['number']:02d}_{module['name']}"
        if module["state"] == "not started":
            yield (name, "dim"), ("not started", "dim")
            continue
        done = module["state"] == "done"
        full = round(6 * module["solved"] / max(module["exercises"], 1))
        bar = "" if narrow else "█" * full + "─" * (6 - full) + " "
        style = "green" if done else "bold" if current else ""
        text = "done" if done else f"{module['solved']} of {module['exercises']}"
        yield (name, style), (f"{bar}{text}", style)


def exercise_rows(
    found: dict[str, Any], width: int, narrow: bool
) -> Iterator[tuple[Cell, Cell, Cell]]:
    """The exercises of the current module: state, title of at most `width`, difficulty, minutes."""
    first = next((e["id"] for e in found["exercises"] if e["state"] != "passed"), None)
    for each in found["exercises"]:
        state = each["state"]
        if each["id"] == first and state == "open":
            state = "next"
        title = textwrap.shorten(f"{each['id']} {each['title']}", width, placeholder=" ...")
        mark = dots(each["difficulty"])
        if not narrow:
            mark = f"{mark:<3} {each['minutes']:2d} min"
        if each["solution_seen"]:
            mark = f"{mark:<3} seen"
        yield (state, STATES[state]), (title, STATES[state]), (mark, "dim")


def milestone_line(each: dict[str, Any]) -> str:
    """A milestone and what it waits for; it runs at any time, on the reference where need be."""
    text = f"{each['year']} {each['name']:<12} {each['state']}"
    if each["state"] == "open":
        return f"{text}: runs already; earned with {ranges(each['missing'])} yours"
    command = f"tito milestone run {each['name']}"
    if each["state"] == "ready" or (each["state"] == "passed" and not each["missing"]):
        return f"{text}: earn it with {command}"
    return text


def ranges(numbers: list[int]) -> str:
    """Module numbers, neighbours drawn together.

    >>> ranges([1, 2, 3, 6, 8])
    '01-03, 06, 08'
    """
    groups: list[list[int]] = []
    for number in numbers:
        if groups and number == groups[-1][-1] + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    return ", ".join(
        f"{group[0]:02d}-{group[-1]:02d}" if len(group) > 1 else f"{group[0]:02d}"
        for group in groups
    )


def following(found: dict[str, Any]) -> str:
    """The command to type after the status."""
    if not any(module["state"] != "not started" for module in found["modules"]):
        return "tito start"
    if any(each["state"] != "passed" for each in found["exercises"]):
        return "tito next"
    ready = [each for each in found["milestones"] if each["state"] == "ready"]
    return f"tito milestone run {ready[0]['name']}" if ready else "tito start"


def figure(value: float) -> str:
    """A figure as people write it.

    >>> figure(4001000.0), figure(12345.678), figure(0.123456789)
    ('4,001,000', '12,345.7', '0.123457')
    """
    if value.is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.1f}" if 1e4 <= abs(value) < 1e15 else f"{value:,.6g}"


def show_comparison(console: Console, answer: dict[str, Any]) -> None:
    """A prediction beside its measurement, and why."""
    guess, measured, unit = answer["guess"], answer["measured"], answer["unit"]
    console.table(
        ["", ""],
        [["you said", f"{figure(guess)} {unit}"], ["measured", f"{figure(measured)} {unit}"]],
    )
    if answer["right"]:
        console.line("Right.", style="bold green")
    elif guess > 0 and measured > 0:
        factor = max(guess / measured, measured / guess)
        which = "high" if guess > measured else "low"
        size = f"by a factor of {factor:.3g}" if factor >= 1.1 else f"by {100 * (factor - 1):.2g} %"
        console.line(f"Too {which} {size}.", style="bold yellow")
    else:
        console.line("Not that.", style="bold yellow")
    console.say()
    show_markdown(console, answer["explain"])
    more = f"predict {answer['next']}" if answer["next"] else "next"
    console.line(f"\nNext: tito {more}", style="bold")
