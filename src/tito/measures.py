"""Predict, then measure: questions of a chapter whose answer the learner's own code gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from time import perf_counter

__all__ = ["Measure", "load_measures", "measure", "seconds"]


@dataclass(frozen=True)
class Measure:
    """A question, and the measurement that answers it.

    Args:
        id: "06.a".
        question: what to predict, with its unit.
        function: measures with the framework that is imported, and returns the number.
        unit: "bytes", "times", "seconds" ...
        within: the relative distance up to which a prediction counts as right.
        explain: why it is so, and what a production framework does about it.
    """

    id: str
    question: str
    function: Callable[[], float]
    unit: str
    within: float
    explain: str

    def close(self, guess: float, measured: float) -> bool:
        """Whether a prediction is right, up or down by the factor 1 + within.

        >>> Measure("01.a", "?", float, "bytes", 1.0, "").close(50, 100)
        True
        """
        if guess <= 0 or measured <= 0:
            return math.isclose(guess, measured, abs_tol=1e-12)
        return abs(math.log(guess / measured)) <= math.log1p(self.within) + 1e-12


def measure(
    id: str, question: str, unit: str, within: float = 0.1, explain: str = ""
) -> Callable[[Callable[[], float]], Measure]:
    """Turn a function that measures into a `Measure`."""
    return lambda function: Measure(id, question, function, unit, within, explain)


def seconds(function: Callable[[], object], repeats: int = 20) -> float:
    """The shortest of several runs, after one to warm up: what the machine can do undisturbed."""
    function()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        function()
        times.append(perf_counter() - start)
    return min(times)


def load_measures(folder: Path) -> list[Measure]:
    """The measures of the chapter in `folder`, in their order; none when it has no such file."""
    file = folder / "measures.py"
    if not file.is_file():
        return []
    loader = SourceFileLoader(f"tito_measures_{folder.name}", str(file))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return [value for value in vars(module).values() if isinstance(value, Measure)]
