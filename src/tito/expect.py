"""What checks are written with: `expect` and `raises` run code as a learner would type it.

A check is an ordinary test function. Every `expect` in it runs, also after one that failed, and
notes what it saw: the verdict shows the failure with the smallest input, and the finder of
misconceptions compares the notes with those of the wrong versions in the bank.
"""

from __future__ import annotations

import ast
import copy
import traceback
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Failure", "Session", "check", "expect", "fresh", "raises", "rng", "running"]

NOT_BUILT = "is yours to build (tito hint "
"""What the message of every stub contains."""

ITEMS = 12
"""How many parts of a list of arrays are shown."""


@dataclass
class Failure:
    """What a failed expectation has to show, each field as text.

    Args:
        code: what was run.
        inputs: the names of the inputs and their values.
        expected, actual: the values side by side.
        difference: the first place where they differ.
        shapes: how the shapes of the inputs and the results meet.
        error: the exception that came instead, "RuntimeError: ...".
        place: file, line, function and text of the learner's line behind the error.
        ask: a question to think about.
        size: how many values the inputs have; the smallest failure is shown.
    """

    code: str
    inputs: list[list[str]] = field(default_factory=list)
    expected: str = ""
    actual: str = ""
    difference: str = ""
    shapes: str = ""
    error: str = ""
    place: dict[str, Any] | None = None
    ask: str = ""
    size: int = 0


class Session:
    """The run of one check: the names that its code sees, its random numbers, and its notes.

    Args:
        names: the names that the code of `expect` sees.
        files: the learner's files; the last line of a traceback in one of them is the place.
        seed: with the name of the check, the seed of its random inputs.
        name: the name of the check.
    """

    def __init__(self, names: dict[str, Any], files: Iterable[str], seed: int, name: str):
        self.names = {"np": np, **names}
        self.files = set(files)
        self.rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
        self.failures: list[Failure] = []
        self.notes: list[Any] = []
        self.unbuilt = ""

    def execute(self, code: str, inputs: dict[str, Any]) -> Any:
        """Run `code`, and return the value of its last line."""
        tree = ast.parse(code.strip("\n"))
        names = {**self.names, **inputs}
        last = tree.body.pop()
        exec(compile(tree, "<check>", "exec"), names)
        if not isinstance(last, ast.Expr):
            exec(compile(ast.Module([last], []), "<check>", "exec"), names)
            return None
        return eval(compile(ast.Expression(last.value), "<check>", "eval"), names)

    def place(self, error: BaseException) -> dict[str, Any] | None:
        """The learner's line behind `error`."""
        frames = traceback.extract_tb(error.__traceback__)
        if isinstance(error, SyntaxError) and error.filename in self.files:
            text = (error.text or "").strip()
            return {"file": error.filename, "line": error.lineno, "function": "", "text": text}
        for frame in reversed(frames):
            if frame.filename in self.files:
                return {
                    "file": frame.filename,
                    "line": frame.lineno,
                    "function": frame.name,
                    "text": (frame.line or "").strip(),
                }
        return None

    def note(self, what: Any, failure: Failure | None = None) -> None:
        """Keep what an expectation saw, and its failure."""
        self.notes.append(what)
        if failure is not None:
            self.failures.append(failure)

    def note_error(self, error: BaseException, failure: Failure) -> None:
        """Keep an exception that was not expected."""
        message = " ".join(str(error).split())
        if isinstance(error, NotImplementedError) and NOT_BUILT in message:
            self.unbuilt = message
        failure.error = f"{type(error).__name__}: {error}".removesuffix(": ")
        failure.place = self.place(error)
        self.note(("error", type(error).__name__), failure)


running: list[Session] = []
"""The session of the check that runs now, last."""


def check(exercise: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Mark a test function as a check of `exercise`; its docstring says what is claimed.

    Outside of `tito check`, under pytest for example, it judges the framework that is imported and
    raises AssertionError with what it found.
    """

    def register(function: Callable[[], None]) -> Callable[[], None]:
        @wraps(function)
        def run() -> None:
            if running:
                return function()
            from tito.judge import imported_session

            session = imported_session(exercise, function.__name__)
            running.append(session)
            try:
                function()
            finally:
                running.remove(session)
            if session.failures:
                raise AssertionError(as_text(smallest(session.failures)))
            return None

        run.exercise = exercise  # type: ignore[attr-defined]
        return run

    return register


def smallest(failures: Sequence[Failure]) -> Failure:
    """The failure with the smallest input; the first of them where several are."""
    return min(failures, key=lambda failure: failure.size)


def as_text(failure: Failure) -> str:
    """A failure as plain text."""
    lines = [failure.code, *(f"  {name} = {value}" for name, value in failure.inputs)]
    parts = (("expected", failure.expected), ("got", failure.actual or failure.error))
    lines += [f"{title}: {text}" for title, text in parts if text]
    return "\n".join([*lines, *filter(None, (failure.difference, failure.shapes, failure.ask))])


def rng() -> np.random.Generator:
    """The random numbers of the check that runs: seeded, new at each run of `tito check`."""
    return running[-1].rng


def fresh(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """A float32 array of `shape` with uniform values between `low` and `high`."""
    return rng().uniform(low, high, shape).astype(np.float32)


def expect(
    code: str,
    equals: Any,
    *,
    within: float = 1e-5,
    dtype: str | None = None,
    ask: str = "",
    **inputs: Any,
) -> None:
    """Run `code` and compare the value of its last line with `equals`.

    Args:
        code: Python as the learner would type it; it sees the names of the module, of the modules
            before it, `np`, and the inputs.
        equals: arrays, numbers, texts, or lists, tuples and dicts of them.
        within: relative and absolute tolerance of numbers.
        dtype: the type that the result must have, where that matters.
        ask: one question to think about when it fails.
        inputs: the values of the names in `code`; arrays among them must come out unchanged.
    """
    session = running[-1]
    before = copy.deepcopy(inputs)
    failure = described(code, before, ask)
    failure.expected = typed(equals, dtype)
    try:
        actual = plain(session.execute(code, inputs))
    except BaseException as error:
        session.note_error(error, failure)
        return
    failure.expected = typed(equals, dtype, like=actual)
    failure.actual = show(actual, like=equals)
    failure.difference = difference(actual, equals, within) or other_dtype(actual, dtype)
    if not failure.difference:
        failure.difference = changed(before, inputs)
    failure.shapes = meeting(before, actual, equals)
    after = {name: plain(value) for name, value in inputs.items()}
    kind = str(getattr(actual, "dtype", "")) if dtype else ""
    saw = ("value", actual, after, kind, within)
    session.note(saw, failure if failure.difference else None)


def typed(equals: Any, dtype: str | None, like: Any = None) -> str:
    """`equals` as a screen shows it, with the type that its values must have.

    >>> typed(np.array([1.0, 2.0]), "float32")
    '[1., 2.]   shape (2,), float32'
    """
    if dtype and isinstance(equals, np.ndarray):
        return show(equals.astype(dtype), like=like)
    return show(equals, like=like) + (f" of {dtype}" if dtype else "")


def raises(
    code: str,
    error: type[BaseException],
    *,
    mentions: Sequence[str] = (),
    ask: str = "",
    **inputs: Any,
) -> None:
    """Run `code`, which must raise `error` with each of the texts `mentions` in its message."""
    session = running[-1]
    failure = described(code, inputs, ask)
    failure.expected = f"{error.__name__}" + "".join(f", which names {text}" for text in mentions)
    try:
        actual = plain(session.execute(code, inputs))
    except error as caught:
        missing = [text for text in mentions if text not in str(caught)]
        unbuilt = isinstance(caught, NotImplementedError) and NOT_BUILT in str(caught)
        if unbuilt or missing:
            session.note_error(caught, failure)
            failure.difference = "the message does not name " + ", ".join(missing)
            return
        session.note(("raised", error.__name__))
    except BaseException as caught:
        session.note_error(caught, failure)
    else:
        failure.actual = show(actual)
        failure.difference = f"no error came, expected {error.__name__}"
        session.note(("value", actual, {}, "", 1e-5), failure)


def described(code: str, inputs: dict[str, Any], ask: str) -> Failure:
    """A failure that says what is run on which inputs."""
    size = sum(count(plain(value)) for value in inputs.values() if not callable(value))
    shown = [[name, show(value)] for name, value in inputs.items()]
    return Failure(code.strip("\n"), shown, ask=ask, size=size)


def count(value: Any) -> int:
    """How many values there are in arrays and in lists of them."""
    if isinstance(value, (list, tuple, dict)):
        return sum(map(count, items(value).values()))
    return value.size if isinstance(value, np.ndarray) else 1


def plain(value: Any) -> Any:
    """`value` as arrays and Python values, in memory of its own: a Tensor becomes its array."""
    array = getattr(value, "array", None)
    if isinstance(array, np.ndarray) and not isinstance(value, np.ndarray):
        return array.copy()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return (
            type(value)(map(plain, value)) if type(value) in (list, tuple) else [*map(plain, value)]
        )
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def items(value: Any) -> dict[Any, Any]:
    """The items of a list, a tuple or a dict by their index; none for anything else."""
    if isinstance(value, (list, tuple)):
        return dict(enumerate(value))
    return value if isinstance(value, dict) else {}


def holds_arrays(value: Any) -> bool:
    """Whether there is an array in a list, a tuple or a dict, or in one within it."""
    return any(isinstance(each, np.ndarray) or holds_arrays(each) for each in items(value).values())


def parts(value: Any, like: Any, place: str = "") -> list[tuple[str, Any]]:
    """What is shown on lines of its own, with its place: `value`, taken apart as far as arrays lie.

    Args:
        like: what `value` is compared with; it is taken apart where this one holds arrays, too.

    >>> parts(([np.zeros(1), 2], [3, 4]), None)
    [('[0][0]', array([0.])), ('[0][1]', 2), ('[1]', [3, 4])]
    """
    if not (holds_arrays(value) or holds_arrays(like)):
        return [(place, value)]
    other = items(like)
    inner = [
        part
        for key, item in items(value).items()
        for part in parts(item, other.get(key), f"{place}[{show(key)}]")
    ]
    return inner or [(place, value)]


def show(value: Any, like: Any = None) -> str:
    """A value as the failure shows it: an item of a list that holds arrays begins a line.

    Args:
        like: what it is compared with, so that both sides are taken apart alike.

    >>> print(show([np.array([1.0, 2.0]), (np.array([[3], [4]]), "five")]))
    [0]    [1., 2.]   (2,) float64
    [1][0] [[3],
            [4]]
           (2, 1) int64
    [1][1] 'five'
    """
    value = plain(value)
    if isinstance(value, np.ndarray):
        return show_array(value, f"shape {value.shape}, {value.dtype}")
    if isinstance(value, float):
        return f"{value:.7g}"
    found = parts(value, plain(like))
    if found[0][0]:
        width = max(len(place) for place, _ in found[:ITEMS]) + 1
        lines = [place.ljust(width) + show_part(part, width) for place, part in found[:ITEMS]]
        more = len(found) - ITEMS
        return "\n".join([*lines, f"... ({more} more)"] if more > 0 else lines)
    try:
        text = repr(rounded(value))
    except Exception as error:  # a class of the learner's, whose __repr__ is not there yet
        text = f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"
    return text if len(text) <= 400 else text[:400] + " ..."


def rounded(value: Any) -> Any:
    """`value` with the numbers of its lists as a failure shows them, to seven digits."""
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, (list, tuple)):
        return type(value)(map(rounded, value))
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


def show_array(array: np.ndarray, layout: str) -> str:
    """The values of an array, and its layout behind or below them."""
    text = np.array2string(array, precision=6, threshold=60, edgeitems=3, separator=", ")
    text = "\n".join(filter(None, text.split("\n")))  # NumPy sets blank lines between blocks
    return f"{text}   {layout}" if "\n" not in text else f"{text}\n{layout}"


def show_part(part: Any, width: int) -> str:
    """A part of a list, to stand behind its place: lines after the first are moved by `width`."""
    is_array = isinstance(part, np.ndarray)
    text = show_array(part, f"{part.shape} {part.dtype}") if is_array else show(part)
    return text.replace("\n", "\n" + " " * width)


def named(value: Any) -> str:
    """A value within a sentence: arrays by their shape, lists by their length."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    return show(value)


def as_numbers(value: Any) -> Any:
    """`value` as an array if it can be one of numbers; as it is otherwise.

    A list of arrays stays a list: whoever asks for one tensor does not mean several.
    """
    if holds_arrays(value):
        return value
    try:
        array = np.asarray(value)
    except Exception:  # rows of different lengths, or whatever an object of the learner's raises
        return value
    return array if array.dtype.kind in "biuf" else value


def equal(actual: Any, expected: Any) -> bool:
    """Whether two values of one type say that they are equal."""
    try:
        return type(actual) is type(expected) and bool(actual == expected)
    except Exception:  # an __eq__ of the learner's, or one that answers with an array
        return False


def difference(actual: Any, expected: Any, within: float) -> str:
    """The first place where two values differ, in words; empty where they agree.

    >>> difference([1.0, 2.5], [1.0, 2.0], 1e-6)
    'at [1]: expected 2, got 2.5'
    """
    actual, expected = plain(actual), plain(expected)
    if isinstance(actual, np.ndarray) and isinstance(expected, (list, int, float, bool)):
        expected = as_numbers(expected)
    if isinstance(expected, np.ndarray):
        return array_difference(actual, expected, within)
    if isinstance(expected, (list, tuple)):
        return sequence_difference(actual, expected, within)
    if isinstance(expected, dict):
        if not isinstance(actual, dict) or not equal(list(actual), list(expected)):
            keys = show(list(actual)) if isinstance(actual, dict) else type(actual).__name__
            return f"expected the keys {show(list(expected))}, got {keys}"
        return next(filter(None, (
            prefixed(f"[{show(key)}]", difference(actual[key], expected[key], within))
            for key in expected
        )), "")  # fmt: skip
    numbers = isinstance(expected, (int, float)) and isinstance(actual, (int, float))
    if numbers and bool not in (type(actual), type(expected)):
        same = close(actual, expected, within)
    else:
        same = equal(actual, expected)
    return "" if same else f"expected {show(expected)}, got {named(actual)}"


def close(actual: float, expected: float, within: float) -> bool:
    """Whether two numbers agree, or are both nan."""
    try:
        return bool(np.isclose(actual, expected, within, within, equal_nan=True))
    except (OverflowError, TypeError):  # integers beyond those of NumPy
        return actual == expected


def prefixed(place: str, text: str) -> str:
    """A difference inside a container."""
    inner = text.removeprefix("at ")
    return f"at {place}{'' if text.startswith('at [') else ': '}{inner}" if text else ""


def sequence_difference(actual: Any, expected: Sequence[Any], within: float) -> str:
    """The first difference between two lists or tuples."""
    if type(actual) is not type(expected):
        return f"expected {named(expected)}, got {named(actual)}"
    for i, (a, e) in enumerate(zip(actual, expected, strict=False)):
        if text := difference(a, e, within):
            return prefixed(f"[{i}]", text)
    if len(actual) != len(expected):
        return f"expected {len(expected)} item{'s'[: len(expected) != 1]}, got {len(actual)}"
    return ""


def array_difference(actual: Any, expected: np.ndarray, within: float) -> str:
    """The first difference of a value from an array."""
    array = as_numbers(actual)
    if expected.dtype.kind not in "biuf":
        same = isinstance(actual, np.ndarray) and equal(actual.tolist(), expected.tolist())
        return "" if same else f"expected {show(expected)}, got {named(actual)}"
    if not isinstance(array, np.ndarray):
        return f"expected numbers of shape {expected.shape}, got {named(actual)}"
    if array.shape != expected.shape:
        return f"expected the shape {expected.shape}, got {array.shape}"
    if (array.dtype.kind == "b") != (expected.dtype.kind == "b"):
        return f"expected {expected.dtype}, got {array.dtype}"
    with np.errstate(invalid="ignore"):  # np.empty may hold signalling NaNs
        got, wanted = np.asarray(array, np.float64), np.asarray(expected, np.float64)
    far = np.argwhere(~np.isclose(got, wanted, within, within, equal_nan=True))
    if not len(far):
        return ""
    place = tuple(far[0].tolist())
    where = f"at [{', '.join(map(str, place))}]" if place else "at the only value"
    among = f" ({len(far)} of {array.size} values differ)" if array.size > 1 else ""
    return f"{where}: expected {show(expected[place])}, got {show(array[place])}{among}"


def other_dtype(actual: Any, dtype: str | None) -> str:
    """What is wrong with the type of the values."""
    if dtype is None or str(getattr(actual, "dtype", "")) == dtype:
        return ""
    return f"expected values of {dtype}, got {getattr(actual, 'dtype', type(actual).__name__)}"


def changed(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Which input array the code has written into."""
    for name, value in before.items():
        if isinstance(value, np.ndarray) and not np.array_equal(
            value, after[name], equal_nan=value.dtype.kind == "f"
        ):
            return (
                f"the input {name} was changed: it was {show(value)}, now it is {show(after[name])}"
            )
    return ""


def meeting(inputs: dict[str, Any], actual: Any, expected: Any) -> str:
    """How the shapes meet: those of the inputs and of both results, lined up from the right."""
    rows = {name: np.shape(v) for name, v in inputs.items() if isinstance(v, np.ndarray)}
    if not rows or not isinstance(actual, np.ndarray):
        return ""
    rows |= {"got": actual.shape}
    if isinstance(wanted := as_numbers(expected), np.ndarray):
        rows |= {"expected": wanted.shape}
    width = max([len(str(n)) for shape in rows.values() for n in shape], default=1) + 2
    columns = max(len(shape) for shape in rows.values()) * width
    label = max(map(len, rows))
    return "\n".join(
        f"{name:<{label}} {''.join(f'{n:>{width}}' for n in shape):>{columns}}".rstrip()
        + ("  ()" if not shape else "")
        for name, shape in rows.items()
    )


def same_notes(mine: Sequence[Any], theirs: Sequence[Any]) -> bool:
    """Whether two runs of the same checks saw the same."""
    return len(mine) == len(theirs) and all(map(same_note, mine, theirs))


def same_note(mine: Any, theirs: Any) -> bool:
    """Whether two notes agree: the same kind of end, and values within what was asked for."""
    if mine[:1] != theirs[:1]:
        return False
    if mine[0] != "value":
        return mine == theirs
    pairs = zip(mine[1:4], theirs[1:4], strict=True)
    return not any(difference(a, b, mine[4]) for a, b in pairs)


def file_names(files: Iterable[Path]) -> list[str]:
    """Paths as tracebacks write them."""
    return [str(file) for file in files]
