"""The stage on which a milestone runs: it tells its story here and is held to its targets here."""

from __future__ import annotations

import io
import os
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tito.console import Bar, Console
from tito.files import write_atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Stage", "Target"]


@dataclass(frozen=True)
class Target:
    """A figure that a milestone must reach."""

    name: str
    value: float
    at_least: float | None
    at_most: float | None
    unit: str

    @property
    def reached(self) -> bool:
        """Whether the value is within the bounds; nan never is."""
        above = self.at_least is None or self.value >= self.at_least
        below = self.at_most is None or self.value <= self.at_most
        return above and below and self.value == self.value

    @property
    def bounds(self) -> str:
        """The bounds in words, such as "at least 95 %"."""
        if self.at_least == self.at_most and self.at_least is not None:
            return f"exactly {with_unit(self.at_least, self.unit)}"
        limits = {"at least": self.at_least, "at most": self.at_most}
        return " and ".join(
            f"{word} {with_unit(limit, self.unit)}"
            for word, limit in limits.items()
            if limit is not None
        )

    @property
    def shortfall(self) -> str:
        """By how much the target was missed, such as "3.8 % too low"."""
        if self.at_least is not None and self.value < self.at_least:
            return f"{with_unit(self.at_least - self.value, self.unit)} too low"
        if self.at_most is not None and self.value > self.at_most:
            return f"{with_unit(self.value - self.at_most, self.unit)} too high"
        return "no number"


def with_unit(value: float, unit: str) -> str:
    """A figure with its unit, in four digits or, for large counts, six.

    >>> with_unit(97.36111, "%"), with_unit(12345, "")
    ('97.36 %', '12345')
    """
    return f"{value:.{4 if abs(value) < 1000 else 6}g} {unit}".rstrip()


class Stage:
    """What a milestone's `run(stage)` speaks to.

    Args:
        out: the result folder; made when the first file is written there.
        full: run on the full data, as --full asks.
        data: the folder with the datasets, None for the usual places.
        seeds: the base of the run's random seeds.
        console: where the story goes; nowhere unless told otherwise, which is what tests want.
        epochs: of the full run, as --epochs asks; None for the milestone's own number.
        fresh: begin anew where an earlier run was stopped, as --fresh asks.
    """

    def __init__(
        self,
        out: Path,
        full: bool = False,
        data: Path | None = None,
        seeds: int = 0,
        console: Console | None = None,
        epochs: int | None = None,
        fresh: bool = False,
    ):
        self.out, self.full, self.data, self.seeds = Path(out), full, data, seeds
        self.console = console or Console(file=io.StringIO())
        self.epochs, self.fresh = epochs, fresh
        self.code = "code"  # a digest of what runs, from `perform`
        self.checkpoints: list[Path] = []
        self.going_on = False  # from the checkpoint of a run that was stopped
        self.metrics: dict[str, dict[str, Any]] = {}
        self.targets: list[Target] = []
        self.pictures: list[dict[str, str]] = []
        os.environ["MPLBACKEND"] = "Agg"  # pictures go to files; no window, no display needed

    def say(self, text: str = "") -> None:
        """Print a line or a paragraph of the story; Rich's markup is understood."""
        self.console.say(text)

    def progress(self, description: str, total: float | None = None) -> AbstractContextManager[Bar]:
        """Follow work: `with stage.progress("training", 20) as bar: bar.advance(loss=x)`."""
        return self.console.progress(description, total)

    def metric(self, name: str, value: float, unit: str = "") -> None:
        """Record a figure for result.json."""
        self.metrics[name] = {"value": value, "unit": unit}

    def target(
        self,
        name: str,
        value: float,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        unit: str = "%",
    ) -> None:
        """Record a figure that must be reached, and say whether it was.

        Args:
            name: what was measured.
            value: the measured figure; nan misses every target.
            at_least: the lower bound, inclusive.
            at_most: the upper bound, inclusive.
            unit: printed after the figures.
        Raises: ValueError without a bound.
        """
        if at_least is None and at_most is None:
            raise ValueError(
                f"target {name!r} has no bound, expected at_least or at_most. "
                "Give one, or record the figure with stage.metric()."
            )
        from rich.markup import escape

        target = Target(name, float(value), at_least, at_most, unit)
        self.metric(name, target.value, unit)
        self.targets.append(target)
        verdict = "[green]reached[/]" if target.reached else "[bold red]missed[/]"
        figure, bounds = escape(with_unit(target.value, unit)), escape(target.bounds)
        self.say(f"{escape(name)}  [bold]{figure}[/]  (target: {bounds})  {verdict}")

    def picture(self, figure: Figure, filename: str, caption: str) -> Path:
        """Save a Matplotlib figure as a PNG in the result folder, atomically, and close it.

        Args:
            figure: the figure.
            filename: such as "boundary.png".
            caption: what it shows, in one line.
        Returns: the path of the file.
        """
        from matplotlib import pyplot

        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=150)
        pyplot.close(figure)
        path = self.out / filename
        write_atomic(path, buffer.getvalue())
        self.pictures.append({"file": filename, "caption": caption})
        return path

    def plot(self, text: str) -> None:
        """Print a small picture made of text: in a terminal, or where --plain asks for text."""
        if self.console.is_terminal or self.console.asked_plain:
            for line in text.split("\n"):
                self.console.line(line)

    def checkpoint(self, name: str) -> Path:
        """The file in which a long training keeps its state, for `Trainer(checkpoint=...)`.

        It lies in the result folder. A run that was stopped has left it, and `fit(resume=True)`
        goes on from there if the seed and the code are the same; a finished run removes it.

        Args:
            name: what is trained, with every option that changes it, such as "cifar10-12-epochs".
        """
        run = f"{name}-seed-{self.seeds}"
        path = self.out / f"{run}.{self.code}.safetensors"
        found = set(self.out.glob(f"{run}.*.safetensors"))
        if path in found and not self.fresh:
            self.going_on = True
            self.say("Going on after the last whole epoch of the run that was stopped.")
        else:
            if found and not self.fresh:
                self.say("A run was stopped here, and the code has changed since: from the start.")
            for old in found:
                old.unlink()
            if not self.checkpoints:
                self.say("Ctrl-C stops it; the same command goes on after the last whole epoch.")
        self.out.mkdir(parents=True, exist_ok=True)
        self.checkpoints.append(path)
        return path

    def remove_checkpoints(self) -> None:
        """Remove what was kept to go on from: the run came to its end."""
        for path in self.checkpoints:
            path.unlink(missing_ok=True)

    @property
    def missed(self) -> list[Target]:
        """The targets that were not reached."""
        return [target for target in self.targets if not target.reached]

    @property
    def passed(self) -> bool:
        """Whether the run declared targets and reached them all."""
        return bool(self.targets) and not self.missed

    def figures(self) -> dict[str, Any]:
        """Metrics, targets and pictures as they go into result.json."""
        return {
            "metrics": self.metrics,
            "targets": [asdict(target) | {"reached": target.reached} for target in self.targets],
            "pictures": self.pictures,
        }
