"""Prove the course: `python -m tito.prove [NN ...]`.

For each chapter: the definitions stand in it once and in the order of the file; the starting file
holds no answer; solutions typed in one by one turn green, stubs are red with the right words; every
wrong version is rejected and named, no right version is accused; hints are complete; what the
chapter says its code prints is what it prints.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tito.course import Chapter, Exercise, chapters, find_chapter
from tito.expect import NOT_BUILT
from tito.judge import (
    Code,
    Job,
    Outcome,
    accused,
    alike,
    framework,
    is_core,
    judge,
    load_checks,
    loaded,
    run_checks,
)
from tito.misconceptions import Version, read_versions
from tito.sources import code_lines, definitions, parts, segment

__all__ = ["Finding", "prove"]


SEEDS = range(2, 12)
"""Of the random inputs on which the whole solution is tried once more."""


@dataclass(frozen=True)
class Finding:
    """One thing that must hold: what, whether it does, and the details where it does not."""

    what: str
    ok: bool
    detail: str = ""
    kind: str = ""
    """"wrong" or "right" for a version of a definition."""


def prove(chapter: Chapter) -> Iterator[Finding]:
    """Everything that must hold for a chapter, one by one."""
    yield from quickly(chapter)
    with tempfile.TemporaryDirectory() as folder:
        yield from versions(chapter, Path(folder))


def quickly(chapter: Chapter) -> Iterator[Finding]:
    """All of it but the wrong and the other right versions, which take the longest."""
    yield order(chapter)
    yield share(chapter)
    yield leak(chapter)
    yield hints(chapter)
    with tempfile.TemporaryDirectory() as folder:
        yield from stages(chapter, Path(folder))
    yield from printed(chapter)


def order(chapter: Chapter) -> Finding:
    """The chapter names every definition of the file once, in the file's order."""
    said = [n for b in chapter.blocks if b.kind in ("given", "build") for n in b.names]
    is_there = [definition.name for definition in definitions(chapter.solution())]
    if said == is_there:
        return Finding("order of definitions", True)
    missing = [name for name in is_there if name not in said]
    place = next((i for i, (a, b) in enumerate(zip(said, is_there, strict=False)) if a != b), 0)
    detail = f"missing: {missing}; first difference at {said[place : place + 3]}"
    return Finding("order of definitions", False, detail)


def share(chapter: Chapter) -> Finding:
    """How many lines of code the learner builds; holds when it is something in each exercise."""
    source = chapter.solution()
    lines = {d.name: code_lines(d, source) for d in definitions(source)}
    built = {name for e in chapter.exercises if not e.debug for name in e.built()}
    per_exercise = " ".join(
        f"{e.id}:{sum(lines[n] for n in e.built())}" for e in chapter.exercises if not e.debug
    )
    mine, all_lines = sum(lines[name] for name in built), sum(lines.values())
    return Finding(f"built {mine} of {all_lines} lines ({per_exercise})", mine > 0)


def leak(chapter: Chapter) -> Finding:
    """No line of an answer stands in what the learner is given."""
    given = chapter.starting_file() + chapter.text
    flat = {" ".join(line.split()) for line in given.splitlines()}
    found = [
        f"{exercise.id} {name}: {line}"
        for exercise in chapter.exercises
        for name in exercise.built()
        for line in answer_lines(exercise, name)
        if line in flat
    ]
    return Finding("no answer is given away", not found, "; ".join(found[:5]))


def answer_lines(exercise: Exercise, name: str) -> list[str]:
    """The lines of an answer that say something, spaces evened out."""
    if exercise.debug:
        broken = {" ".join(line.split()) for line in exercise.chapter.broken().splitlines()}
        lines = segment(exercise.module_source, name).splitlines()
        flat = [" ".join(line.split()) for line in lines]
        return [line for line in flat if len(line) > 24 and line not in broken]
    body = parts(segment(exercise.module_source, name))[3]
    flat = [" ".join(line.split()) for line in body.splitlines()]
    return [line for line in flat if len(line) > 40 and not line.startswith(("#", '"', 'f"'))]


def hints(chapter: Chapter) -> Finding:
    """Every exercise has three hints and an explanation for afterwards."""
    poor = [
        exercise.id
        for exercise in chapter.exercises
        if not all((*exercise.hints.levels, exercise.hints.afterwards))
    ]
    return Finding("three hints and an explanation each", not poor, ", ".join(poor))


def verdicts(
    exercises: list[Exercise], files: dict[str, Path], seed: int = 1
) -> dict[str, dict[str, Any]]:
    """Verdicts by exercise."""
    found: list[dict[str, Any]] = []
    ids = [exercise.id for exercise in exercises]
    paths = {name: str(file) for name, file in files.items()}
    judge({"exercises": ids, "files": paths, "seed": seed, "find": False}, found.append)
    return {each["exercise"]: each for each in found if each["kind"] == "verdict"}


def write_files(chapter: Chapter, folder: Path, source: str, debug: str) -> dict[str, Path]:
    """A learner's files of the chapter."""
    files = {chapter.file: folder / f"{chapter.file}.py"}
    files[chapter.file].write_text(source, encoding="utf-8")
    if any(exercise.debug for exercise in chapter.exercises):
        files[f"debug:{chapter.number:02d}"] = folder / "debug.py"
        (folder / "debug.py").write_text(debug, encoding="utf-8")
    return files


def stages(chapter: Chapter, folder: Path) -> Iterator[Finding]:
    """Stubs are red with the right words; each solution typed in turns its exercise green."""
    debug = chapter.broken() if any(e.debug for e in chapter.exercises) else ""
    for solved in range(len(chapter.exercises) + 1):
        last = solved == len(chapter.exercises)
        files = write_files(
            chapter,
            folder,
            chapter.starting_file(solved),
            chapter.mended() if last and debug else debug,
        )
        so_far = list(chapter.exercises[: solved + 1])
        found = verdicts(so_far, files)
        for exercise in so_far:
            verdict = found[exercise.id]
            if exercise.number <= solved and verdict["status"] != "passed":
                why = f"with {solved} solved: {first_failure(verdict)}"
                yield Finding(f"{exercise.id} solution", False, why)
            if exercise.number == solved + 1:
                yield untouched(exercise, verdict)
    for seed in SEEDS:
        for verdict in verdicts(list(chapter.exercises), files, seed).values():
            if verdict["status"] != "passed":
                why = f"with the seed {seed}: {first_failure(verdict)}"
                yield Finding(f"{verdict['exercise']} solution", False, why)
    yield Finding("solutions typed in one by one turn green, for every seed", True)


def untouched(exercise: Exercise, verdict: dict[str, Any]) -> Finding:
    """An untouched exercise is red, and says so in the right words."""
    checks = verdict["checks"]
    wanted = "failed" if exercise.debug else "not built"
    words = exercise.debug or any(
        NOT_BUILT in (c["failure"] or {}).get("error", "") for c in checks
    )
    green = [c["name"] for c in checks if c["ok"]]
    ok = verdict["status"] == wanted and words and bool(checks) and (exercise.debug or not green)
    detail = "" if ok else f"{verdict['status']}, green: {green}; {first_failure(verdict)}"
    return Finding(f"{exercise.id} untouched is red ({len(checks)} checks)", ok, detail)


def first_failure(verdict: dict[str, Any]) -> str:
    """The first failed check of a verdict, in a line."""
    for each in verdict["checks"]:
        if failure := each["failure"]:
            text = failure["error"] or failure["difference"]
            return f"{verdict['exercise']} {each['name']}: {failure['code']!r}: {text}"
    return f"{verdict['exercise']} has no failed check of {len(verdict['checks'])}"


def versions(chapter: Chapter, folder: Path) -> Iterator[Finding]:
    """Wrong versions are rejected and named; right versions pass and are not accused."""
    bad = read_versions(chapter.folder / "misconceptions.py")
    good = read_versions(chapter.folder / "alternatives.py")
    known: dict[Any, list[Any]] = {}
    for exercise in chapter.exercises:
        mine = [version for version in bad if version.exercise == exercise.id]
        few = f"{exercise.id} has {len(mine)} wrong versions"
        yield Finding(few, len(mine) >= 3)
        for version in mine:
            outcome, name = tried(exercise, version, folder, known)
            ok = outcome.status == "failed" and name == version.name
            detail = "" if ok else f"{outcome.status}, named: {name or 'nothing'}"
            yield Finding(f"{exercise.id} wrong: {version.name}", ok, detail, "wrong")
    yield Finding(f"{len(good)} differently written right versions", len(good) >= 3)
    for version in good:
        exercise = next(e for e in chapter.exercises if e.id == version.exercise)
        outcome, name = tried(exercise, version, folder, known)
        detail = f"accused of {name}" if name else ""
        if outcome.status != "passed":
            detail = first_failure({"exercise": exercise.id, "checks": outcome.checks})
        yield Finding(f"{exercise.id} right: {version.name}", not detail, detail, "right")


def with_version(exercise: Exercise, version: Version, folder: Path) -> dict[str, Path]:
    """The files of a learner who solved everything and wrote `version`."""
    chapter = exercise.chapter
    source, reference = chapter.solution(), exercise.module_source
    debug = chapter.mended() if any(e.debug for e in chapter.exercises) else ""
    if exercise.debug:
        debug = version.put_into(debug, reference)
    else:
        source = version.put_into(source, reference)
    return write_files(chapter, folder, source, debug)


def tried(
    exercise: Exercise, version: Version, folder: Path, known: dict[Any, list[Any]]
) -> tuple[Outcome, str]:
    """What the checks say about a version, and the misconception that it is taken for."""
    files = with_version(exercise, version, folder)
    work = Job([exercise], {name: Code(file) for name, file in files.items()}, seed=1)
    with loaded(exercise, work.code), redirect_stdout(io.StringIO()):
        checks = load_checks(exercise.chapter)[exercise.id]
        outcome = run_checks(exercise, checks, work.code, 1)
    if outcome.status == "passed":  # nobody would ask; it must not look like a wrong version
        found = alike(exercise, outcome, work, exercise.definitions, known)
    else:
        found = accused(exercise, outcome, work, known)
    return outcome, found.name if found else ""


def printed(chapter: Chapter) -> Iterator[Finding]:
    """The use blocks print what the chapter says."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with framework({}, 99, whole=True):
        if not is_core(chapter):
            exec(compile(chapter.solution(), chapter.file, "exec"), names)
        for number, block in enumerate((b for b in chapter.blocks if b.kind == "use"), 1):
            code, expected = block.fenced("python"), block.fenced("output")
            out = io.StringIO()
            try:
                with redirect_stdout(out):
                    exec(compile(code or "", f"use block {number}", "exec"), names)
            except Exception as error:
                yield Finding(f"use block {number}", False, f"{type(error).__name__}: {error}")
                continue
            same = expected is None or out.getvalue().strip() == expected.strip()
            detail = "" if same else f"printed:\n{out.getvalue()}expected:\n{expected}"
            yield Finding(f"use block {number}", same, detail)


def main(arguments: list[str]) -> int:
    """Prove the chapters named, or all; prints a line each and a table, returns the exit code."""
    failed = 0
    table: list[tuple[str, ...]] = [
        ("chapter", "exercises", "wrong versions", "named", "right versions", "accused")
    ]
    for chapter in [find_chapter(each) for each in arguments] or chapters():
        print(f"{chapter.number:02d} {chapter.title}")
        findings = []
        for finding in prove(chapter):
            findings.append(finding)
            print(f"  {'ok  ' if finding.ok else 'FAIL'} {finding.what}", flush=True)
            if not finding.ok and finding.detail:
                print("       " + finding.detail.replace("\n", "\n       "))
        failed += sum(not finding.ok for finding in findings)
        table.append(counts(chapter, findings))
    print()
    for row in table:
        print(f"{row[0]:<16}" + "".join(f"{cell:>16}" for cell in row[1:]))
    print(f"{failed} failed" if failed else "all is well")
    return 1 if failed else 0


def counts(chapter: Chapter, findings: list[Finding]) -> tuple[str, ...]:
    """A chapter's row of the table: versions, and how they fared."""
    wrong = [finding.ok for finding in findings if finding.kind == "wrong"]
    right = [finding.ok for finding in findings if finding.kind == "right"]
    figures = (len(chapter.exercises), len(wrong), sum(wrong), len(right), right.count(False))
    return (chapter.key, *map(str, figures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
