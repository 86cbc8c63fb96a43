"""Judging: run the checks of exercises on the learner's files, and name misconceptions.

It runs inside a process of its own (`tito.checking` starts it), because the learner's code may do
anything. The core modules are loaded under their own names without the package around them, so
that a check of module 05 sees modules 01 to 05 and nothing else: the learner's file where there is
one, the reference in place of the others.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import linecache
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tito import expect
from tito.course import Chapter, Exercise, chapters, find_exercise
from tito.expect import Failure, Session, same_notes, smallest
from tito.misconceptions import Version, read_versions
from tito.sources import segment

__all__ = ["Job", "accused", "imported_session", "judge"]

CORE = "tinytorch.core."
PRINTED = 4_000
"""How many characters of what the learner's code prints are kept."""


@dataclass(frozen=True)
class Code:
    """A file to be loaded as a module: where it lies, and its text where that is not the file's."""

    file: Path
    text: str | None = None

    def read(self) -> str:
        """The source; SyntaxError with a line where the file is not Python text."""
        if self.text is not None:
            return self.text
        content = self.file.read_bytes()
        try:
            return importlib.util.decode_source(content)
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            message = f"the file is not UTF-8 text: byte {content[error.start]:#04x}"
            raise SyntaxError(message, (str(self.file), line, 1, None)) from error
        except SyntaxError as error:
            error.filename = str(self.file)
            raise


class Loader:
    """Finds and loads core modules: the given files first, then the reference up to a module.

    Args:
        code: what takes the place of the reference, by module name.
        last: the number of the last module that may be imported.
    """

    def __init__(self, code: dict[str, Code], last: int):
        self.code, self.last = code, last

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The spec of a core module; None for everything else."""
        short = name.removeprefix(CORE)
        if not name.startswith(CORE) or "." in short:
            return None
        number = next((c.number for c in chapters() if c.file == short), 0)
        if number > self.last:
            raise ImportError(
                f"{name} is built in module {number:02d}, and this is module {self.last:02d}: "
                "import what was built before it"
            )
        if short not in self.code:
            return None
        return importlib.util.spec_from_file_location(
            name,
            self.code[short].file,
            loader=self,  # type: ignore[arg-type]
        )

    def create_module(self, spec: ModuleSpec) -> None:
        """Let Python make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the source in the module."""
        run_source(self.code[module.__name__.removeprefix(CORE)], module)


def run_source(code: Code, module: ModuleType) -> None:
    """Compile the text of a file and run it as `module`; tracebacks show its lines."""
    text = code.read()
    lines = text.splitlines(keepends=True)
    linecache.cache[str(code.file)] = (len(text), None, lines, str(code.file))
    module.__file__ = str(code.file)
    exec(compiled(text, str(code.file)), vars(module))


@lru_cache(maxsize=64)
def compiled(text: str, file: str) -> CodeType:
    """The code of a source; the same text is compiled once."""
    return compile(text, file, "exec", dont_inherit=True)


def unload() -> dict[str, ModuleType]:
    """Unload the framework, so that the next import loads it anew; returns what was loaded."""
    names = [n for n in sys.modules if n == "tinytorch" or n.startswith("tinytorch.")]
    return {name: sys.modules.pop(name) for name in names}


@contextmanager
def framework(code: dict[str, Code], last: int, whole: bool = False) -> Iterator[None]:
    """Within the block, core modules are loaded from `code` or from the reference.

    Args:
        last: the number of the last module that may be imported.
        whole: import the whole package, as a program does, instead of the core modules alone.
    """
    before = unload()
    workspace = os.environ.pop("TITO_WORKSPACE", None)
    os.environ["TITO_WORKSPACE"] = ""  # the files are named by the job, not found around it
    loader = Loader(code, 99 if whole else last)
    sys.meta_path.insert(0, loader)
    try:
        if not whole:
            package = importlib.util.find_spec("tinytorch")
            assert package is not None
            assert package.submodule_search_locations
            root = Path(package.submodule_search_locations[0])
            for name, folder in (("tinytorch", root), ("tinytorch.core", root / "core")):
                module = ModuleType(name)
                module.__path__ = [str(folder)]
                sys.modules[name] = module
        yield
    finally:
        sys.meta_path.remove(loader)
        unload()
        sys.modules.update(before)
        del os.environ["TITO_WORKSPACE"]
        if workspace is not None:
            os.environ["TITO_WORKSPACE"] = workspace


def names_for(exercise: Exercise, code: dict[str, Code]) -> dict[str, Any]:
    """The names that the checks of an exercise see; loads its module within `framework`."""
    chapter = exercise.chapter
    if exercise.debug:
        module = ModuleType("debug")
        run_source(code[f"debug:{chapter.number:02d}"], module)
        return vars(module)
    names: dict[str, Any] = {}
    for earlier in chapters():
        if 0 < earlier.number < chapter.number and is_core(earlier):
            module = importlib.import_module(CORE + earlier.file)
            names |= {name: getattr(module, name) for name in getattr(module, "__all__", ())}
    if is_core(chapter):
        return names | vars(importlib.import_module(CORE + chapter.file))
    module = ModuleType(chapter.file)
    run_source(code.get(chapter.file, Code(chapter.source_file)), module)
    return names | vars(module)


def is_core(chapter: Chapter) -> bool:
    """Whether the chapter's source is a core module, not a file of its own."""
    return not (chapter.folder / f"{chapter.file}.py").is_file()


def imported_session(exercise: str, name: str) -> Session:
    """A session on the framework that is imported, for checks that pytest runs."""
    found = find_exercise(exercise)
    files = {f"debug:{found.chapter.number:02d}": Code(found.chapter.folder / "debug.py")}
    return Session(names_for(found, files), (), 0, name)


def load_checks(chapter: Chapter) -> dict[str, list[Callable[[], None]]]:
    """The checks of a chapter by exercise, in their order."""
    module = ModuleType(f"checks_{chapter.key}")
    run_source(Code(chapter.folder / "checks.py"), module)
    found: dict[str, list[Callable[[], None]]] = {}
    for value in vars(module).values():
        if hasattr(value, "exercise"):
            found.setdefault(value.exercise, []).append(value)
    return found


@dataclass
class Outcome:
    """What the checks of an exercise saw: their answers for the verdict, and their notes."""

    checks: list[dict[str, Any]]
    notes: list[Any]
    unbuilt: bool = False
    crashed: bool = False

    @property
    def status(self) -> str:
        """In a word."""
        if all(each["ok"] for each in self.checks):
            return "passed"
        return "crashed" if self.crashed else "not built" if self.unbuilt else "failed"


def run_checks(
    exercise: Exercise, checks: Sequence[Callable[[], None]], code: dict[str, Code], seed: int
) -> Outcome:
    """Run the checks of an exercise; its module is loaded within `framework`."""
    files = expect.file_names(each.file for each in code.values())
    outcome = Outcome([], [])
    try:
        names = names_for(exercise, code)
    except BaseException as error:
        failure = Failure(f"import {exercise.chapter.file}")
        Session({}, files, seed, "load").note_error(error, failure)
        answer = {"name": "load", "claim": "The file can be loaded.", "ok": False}
        return Outcome([{**answer, "failure": asdict(failure)}], [], crashed=True)
    for function in checks:
        session = Session(names, files, seed, function.__name__)
        expect.running.append(session)
        try:
            function()
        except Exception as error:
            session.note_error(error, Failure(traceback.format_exc(limit=-1)))
        finally:
            expect.running.remove(session)
        failures = session.failures
        outcome.checks.append({
            "name": function.__name__,
            "claim": " ".join((function.__doc__ or function.__name__).split()),
            "ok": not failures,
            "failure": asdict(smallest(failures)) if failures else None,
        })  # fmt: skip
        outcome.notes += session.notes
        outcome.unbuilt |= bool(session.unbuilt)
    return outcome


class Limited(io.StringIO):
    """Text up to a length; the rest is dropped."""

    def write(self, text: str) -> int:
        if (room := PRINTED - self.tell()) > 0:
            super().write(text[:room])
        return len(text)


@dataclass
class Job:
    """What is to be judged.

    Args:
        exercises: in the order of judging.
        code: the learner's files by module name; "debug:06" is a debug-it file.
        seed: of the random inputs.
        find: whether misconceptions are looked for.
    """

    exercises: list[Exercise]
    code: dict[str, Code]
    seed: int = 0
    find: bool = True


def read_job(job: dict[str, Any]) -> Job:
    """A job as it comes in JSON."""
    return Job(
        [find_exercise(each) for each in job["exercises"]],
        {name: Code(Path(file)) for name, file in job["files"].items()},
        int(job.get("seed", 0)),
        bool(job.get("find", True)),
    )


def judge(job: dict[str, Any], emit: Callable[[dict[str, Any]], None]) -> None:
    """Judge the exercises of a job, and emit what was found.

    Args:
        job: {"exercises": ids, "files": {module: path}, "seed": int, "find": bool}.
        emit: called with a "verdict" per exercise as soon as it is there, and, after all of them,
            with a "misconception" for each failed exercise whose behaviour is that of a wrong
            version.
    """
    work = read_job(job)
    failed = []
    for exercises in by_place(work.exercises):
        with loaded(exercises[0], work.code):
            checks = load_checks(exercises[0].chapter)
            for exercise in exercises:
                outcome = announce(exercise, checks.get(exercise.id, []), work, emit)
                if outcome.status == "failed":
                    failed.append((exercise, outcome))
    for exercise, outcome in failed if work.find else []:
        if version := accused(exercise, outcome, work):
            emit({
                "kind": "misconception", "exercise": exercise.id, "name": version.name,
                "sentence": version.sentence,
            })  # fmt: skip


def by_place(exercises: Sequence[Exercise]) -> list[list[Exercise]]:
    """Exercises in groups that are judged on the same loaded modules."""
    groups: list[list[Exercise]] = []
    for exercise in exercises:
        same = groups and (groups[-1][0].chapter.key, groups[-1][0].debug) == (
            exercise.chapter.key, exercise.debug,
        )  # fmt: skip
        if same:
            groups[-1].append(exercise)
        else:
            groups.append([exercise])
    return groups


def loaded(exercise: Exercise, code: dict[str, Code]) -> Any:
    """The `framework` that an exercise is judged on: the learner's files up to its module."""
    number = exercise.chapter.number
    below = {c.file for c in chapters() if c.number <= number}
    mine = {name: each for name, each in code.items() if name in below}
    return framework(mine, number, whole=exercise.debug)


def announce(
    exercise: Exercise,
    checks: list[Callable[[], None]],
    work: Job,
    emit: Callable[[dict[str, Any]], None],
) -> Outcome:
    """Run the checks of an exercise and emit the verdict."""
    emit({"kind": "begin", "exercise": exercise.id})
    printed, start = Limited(), time.perf_counter()
    with redirect_stdout(printed):
        outcome = run_checks(exercise, checks, work.code, work.seed)
    emit({
        "kind": "verdict", "exercise": exercise.id, "status": outcome.status,
        "checks": outcome.checks, "seed": work.seed, "printed": printed.getvalue(),
        "seconds": round(time.perf_counter() - start, 4),
    })  # fmt: skip
    return outcome


def accused(
    exercise: Exercise, outcome: Outcome, work: Job, known: dict[Any, list[Any]] | None = None
) -> Version | None:
    """The wrong version that behaves as the learner's does, in every expectation of the checks.

    Only definitions that matter are suspected: those with the reference's version in whose place
    the checks would see something else. Where there is none, the fault lies in what they use.

    Args:
        known: what versions are known to see, for whoever asks often.
    """
    known = {} if known is None else known
    suspects = []
    for name in exercise.built():
        right = Version("reference", exercise.id, name, "", segment(exercise.module_source, name))
        if not same_notes(outcome.notes, notes_of(right, exercise, work, known)):
            suspects.append(name)
    return alike(exercise, outcome, work, suspects, known) if suspects else elsewhere(exercise)


def alike(
    exercise: Exercise,
    outcome: Outcome,
    work: Job,
    names: Sequence[str],
    known: dict[Any, list[Any]],
) -> Version | None:
    """The first wrong version of one of these definitions with which the checks see the same."""
    for version in read_versions(exercise.chapter.folder / "misconceptions.py"):
        if (
            version.exercise == exercise.id
            and version.target in names
            and same_notes(outcome.notes, notes_of(version, exercise, work, known))
        ):
            return version
    return None


def elsewhere(exercise: Exercise) -> Version:
    """What to say when the reference fails in the place of the learner's definitions, too."""
    names = " and ".join(exercise.built())
    sentence = (
        f"With the reference's {names} in the place of yours the checks see the same, so the fault "
        "is not there. It is in something that is used: an exercise before this one, or a "
        f"given definition that was changed. Ask tito check {exercise.chapter.number:02d}."
    )
    return Version("elsewhere", exercise.id, "", sentence, "")


def notes_of(
    version: Version, exercise: Exercise, work: Job, known: dict[Any, list[Any]]
) -> list[Any]:
    """What the checks of an exercise see with `version` in the learner's file."""
    chapter = exercise.chapter
    key = f"debug:{chapter.number:02d}" if exercise.debug else chapter.file
    reference = Code(chapter.folder / "debug.py" if exercise.debug else chapter.source_file)
    mine = work.code.get(key, reference)
    try:
        text = version.put_into(mine.read(), exercise.module_source)
    except (KeyError, SyntaxError):  # the learner's file has no such definition to put it into
        return []
    if (exercise.id, work.seed, text) not in known:
        code = work.code | {key: Code(mine.file, text)}
        with loaded(exercise, code), redirect_stdout(Limited()):
            checks = load_checks(chapter)[exercise.id]
            outcome = run_checks(exercise, checks, code, work.seed)
        known[exercise.id, work.seed, text] = outcome.notes
    return known[exercise.id, work.seed, text]
