"""Wrong and other right versions of a chapter's definitions, read as text and never imported.

`misconceptions.py` of a chapter holds functions decorated with `wrong`, its `alternatives.py`
functions decorated with `right`. Each takes the place of a definition in a module's source.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from tito.sources import replace, segment, under_name

__all__ = ["Version", "read_versions", "right", "wrong"]

F = TypeVar("F")


def wrong(exercise: str, target: str, sentence: str) -> Callable[[F], F]:
    """Mark a version of `target` that learners write by mistake, with the words that help."""
    return lambda function: function


def right(exercise: str, target: str) -> Callable[[F], F]:
    """Mark a right version of `target` that is written differently from the reference."""
    return lambda function: function


@dataclass(frozen=True)
class Version:
    """Another version of one definition.

    Args:
        name: what the version is called in its file.
        exercise: "02.7".
        target: the definition whose place it takes.
        sentence: what helps whoever wrote it; empty for a right version.
        source: its text at column 0.
    """

    name: str
    exercise: str
    target: str
    sentence: str
    source: str

    def put_into(self, module: str, reference: str) -> str:
        """The source `module` with this version in the place of its target.

        Args:
            module: the source of the learner's module, or of the reference.
            reference: the source of the reference, which says the decorators.
        Raises: KeyError when `module` does not define the target; SyntaxError as Python does.
        """
        return replace(
            module, self.target, under_name(self.source, segment(reference, self.target))
        )


def read_versions(file: Path) -> tuple[Version, ...]:
    """The versions in `file`, in its order; none when there is no such file."""
    if not file.is_file():
        return ()
    return versions_in(file.read_text(encoding="utf-8"))


@lru_cache(maxsize=32)
def versions_in(source: str) -> tuple[Version, ...]:
    """The versions that a text holds."""
    found, lines = [], source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if getattr(getattr(decorator, "func", None), "id", "") in ("wrong", "right"):
                assert isinstance(decorator, ast.Call)
                words = [ast.literal_eval(argument) for argument in decorator.args]
                exercise, target, sentence = (*words, "")[:3]
                text = "".join(lines[node.lineno - 1 : node.end_lineno])
                found.append(Version(node.name, exercise, target, sentence, text))
    return tuple(found)
