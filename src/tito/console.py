"""What the tool prints: with colour and live bars in a terminal, as plain lines anywhere else.

Rich is imported when the first line is printed, so that `tito --help` need not wait for it. With
`--json` the story goes to standard error and standard output carries the JSON alone.
"""

from __future__ import annotations

import codecs
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from tito.files import dumps

if TYPE_CHECKING:
    import rich.console
    import rich.progress
    import rich.text

__all__ = ["Bar", "Cell", "Console", "figure_text", "prepare_streams"]

ASCII = {
    "\N{MIDDLE DOT}": "-", "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{MINUS SIGN}": "-",
    "\N{MULTIPLICATION SIGN}": "x", "\N{PLUS-MINUS SIGN}": "+-", "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "“": '"', "”": '"', "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "≈": "~", "√": "sqrt", "•": "*",
    "─": "-", "━": "-", "│": "|", "▀": "'", "▄": ".", "█": "#", "╸": " ", "╺": " ",
}  # fmt: skip
STREAMS = ("stdout", "stderr")

Cell = str | tuple[str, str]
"""Text in a table, or text and its style."""


def ascii_fallback(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: the nearest ASCII for a character that the stream cannot show."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(ASCII.get(c, "?") for c in error.object[error.start : error.end]), error.end


def prepare_streams() -> None:
    """Make standard output and error safe to write any text to, in every locale.

    A stream that was closed before the start swallows what is written; a stream that is not UTF-8
    gets ASCII instead of an exception.
    """
    codecs.register_error("tito.ascii", ascii_fallback)
    for name in STREAMS:
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - lives as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="tito.ascii")


def figure_text(figures: dict[str, Any]) -> str:
    """Figures beside a progress bar.

    >>> figure_text({"loss": 0.123456, "accuracy": 97.25, "epoch": 3})
    'loss 0.1235  accuracy 97.25  epoch 3'
    """

    def text(value: Any) -> str:
        value = value.item() if hasattr(value, "item") else value
        return f"{value:.4g}" if isinstance(value, float) else str(value)

    return "  ".join(f"{name} {text(value)}" for name, value in figures.items())


class Bar(Protocol):
    """The progress of one piece of work."""

    def advance(self, n: float = 1, **figures: Any) -> None:
        """Count `n` more steps as done and show the latest figures."""


class LineBar:
    """Progress as lines of text: one for each fifth of the work, so that a story fits a screen."""

    def __init__(self, console: Console, description: str, total: float | None):
        self.console, self.description, self.total = console, description, total
        self.done = 0.0
        self.fifths = 0
        self.figures: dict[str, Any] = {}
        self.start = time.perf_counter()

    def advance(self, n: float = 1, **figures: Any) -> None:
        self.done += n
        self.figures.update(figures)
        if self.total and (fifths := int(5 * self.done / self.total + 1e-9)) > self.fifths:
            self.fifths = fifths
            seconds = time.perf_counter() - self.start
            values = figure_text(self.figures)
            self.console.line(
                f"{self.description}  {20 * fifths:3d} %  {seconds:.1f} s  {values}".rstrip()
            )


class LiveBar:
    """Progress as a bar that moves, drawn by Rich."""

    def __init__(self, progress: rich.progress.Progress, description: str, total: float | None):
        self.progress = progress
        self.figures: dict[str, Any] = {}
        self.task = progress.add_task(description, total=total, figures="")

    def advance(self, n: float = 1, **figures: Any) -> None:
        self.figures.update(figures)
        self.progress.update(self.task, advance=n, figures=figure_text(self.figures))


class Console:
    """The tool's output: `say` a line, show a `table`, follow work with `progress`.

    Args:
        plain: text only, as asked for by --plain.
        json: the story goes to standard error, `result` to standard output.
        debug: show tracebacks.
        file: where the story goes; standard output unless told otherwise.
    """

    def __init__(
        self,
        *,
        plain: bool = False,
        json: bool = False,
        debug: bool = False,
        file: TextIO | None = None,
    ):
        self.json, self.debug, self.asked_plain = json, debug, plain
        self.file: TextIO = file or (sys.stderr if json else sys.stdout)
        self.is_terminal = self.file.isatty()
        no_colour = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        self.plain = plain or no_colour or not self.is_terminal

    @property
    def unicode(self) -> bool:
        """Whether the output can show block characters."""
        try:
            "▀█·→".encode(getattr(self.file, "encoding", None) or "utf-8")
        except UnicodeError:
            return False
        return True

    @cached_property
    def screen(self) -> rich.console.Console:
        """The Rich console that writes the story."""
        import rich.console

        class Console(rich.console.Console):
            def on_broken_pipe(self) -> None:
                raise BrokenPipeError  # main() knows what to do; Rich would exit with 1

        shared: dict[str, Any] = {"file": self.file, "highlight": False, "emoji": False}
        if self.plain:
            width = shutil.get_terminal_size().columns or 80  # Python 3.10 lets a 0 through
            return Console(
                **shared, width=width, force_terminal=False, color_system=None, no_color=True
            )
        return Console(**shared, force_terminal=True)

    @property
    def width(self) -> int:
        """Columns to fill at most."""
        return self.screen.width

    def text(self, markup: str) -> rich.text.Text:
        """`markup` as text with its styles; text that is not valid markup stands as it is."""
        from rich.errors import MarkupError
        from rich.text import Text

        try:
            return Text.from_markup(markup, emoji=False)
        except MarkupError:
            return Text(markup)

    def say(self, markup: str = "") -> None:
        """Print a line or a paragraph, wrapped at the width; Rich's markup is understood."""
        self.screen.print(self.text(markup))

    def line(self, text: str, style: str = "", wrap: bool = False) -> None:
        """Print literal text; unwrapped unless asked for, so that it can be copied and searched."""
        from rich.text import Text

        self.screen.print(Text(text, style=style), soft_wrap=not wrap)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """Print columns, without a frame; cells are literal text, or text and its style."""
        from rich.table import Table
        from rich.text import Text

        table = Table(
            box=None, pad_edge=False, header_style="bold", show_header=any(headers), expand=False
        )
        for header in headers:
            table.add_column(header, overflow="fold")
        for row in rows:
            cells = (cell if isinstance(cell, tuple) else (cell, "") for cell in row)
            table.add_row(*(Text(text, style) for text, style in cells))
        if not self.plain:
            self.screen.print(table)
            return
        with self.screen.capture() as capture:
            self.screen.print(table)
        for line in capture.get().splitlines():
            self.line(line.rstrip())  # Rich fills the last column with blanks

    @contextmanager
    def progress(self, description: str, total: float | None = None) -> Iterator[Bar]:
        """Show the progress of the work inside the block.

        Args:
            description: what is being done, in two or three words.
            total: the number of steps, None where it is not known.
        """
        if self.plain:
            yield LineBar(self, description, total)
            return
        with self.live() as progress:
            yield LiveBar(progress, description, total)

    def live(self) -> rich.progress.Progress:
        """A Rich progress display that leaves room for two figures, in 60 columns too."""
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.table import Column

        sizes = {60: (16, 8), 80: (24, 12), 100: (40, 30)}  # columns: (description, bar)
        words, bar = sizes[max(size for size in sizes if size <= max(self.width, 60))]

        def text(template: str, **column: Any) -> TextColumn:
            shape = Column(no_wrap=True, overflow="ellipsis", **column)
            return TextColumn(template, markup=False, table_column=shape)

        columns = [
            text("{task.description}", max_width=words),
            BarColumn(bar_width=bar),
            text("{task.percentage:>3.0f} %", min_width=5),
            text("{task.fields[figures]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        ]
        return Progress(*columns[: 5 if self.width >= 80 else 4], console=self.screen)

    def result(self, value: Any) -> None:
        """Print `value` as the JSON answer of the command, on standard output."""
        sys.stdout.write(dumps(value) + "\n")
