"""Checks of the learner's files in processes of their own, and the command `tito check`."""

import io
import json
import os
import re
import subprocess
import sys
import time

import pytest
from small_course import write_course

from tito import checking, learn, runner
from tito.__main__ import main
from tito.cli_check import patience
from tito.console import Console
from tito.course import find_chapter, find_exercise
from tito.errors import TitoError
from tito.runner import Runner
from tito.sources import replace, segment
from tito.workspace import Workspace


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A workspace of the small course with module 00 started; the current folder is in it."""
    monkeypatch.setenv("TITO_COURSE", str(write_course(tmp_path / "course")))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("TITO_WORKSPACE", raising=False)
    monkeypatch.delenv("TITO_TIME_LIMIT", raising=False)
    workspace = Workspace.create(tmp_path / "mine")
    monkeypatch.chdir(workspace.root)
    learn.begin(workspace, find_chapter("00"))
    return workspace


@pytest.fixture
def tito(workspace, capsys):
    """Run a command line; returns its exit code, what it printed, and what it complained of."""

    def run(*arguments):
        capsys.readouterr()
        code = main(arguments)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def solve(workspace, id, change=lambda text: text):
    """Write the solution of an exercise, changed, into the learner's file."""
    exercise = find_exercise(id)
    file = workspace.exercise_file(exercise)
    for name in exercise.definitions:
        new = change(segment(exercise.module_source, name))
        file.write_text(replace(file.read_text(), name, new))


def solve_module(workspace, number):
    for exercise in find_chapter(number).exercises:
        solve(workspace, exercise.id)


def statuses(workspace, *ids, **options):
    exercises = [find_exercise(id) for id in ids]
    return [each["status"] for each in checking.check(workspace, exercises, **options)]


# ------------------------------------------------------------------------------------ verdicts


def test_every_exercise_gets_its_verdict_in_order(workspace):
    solve(workspace, "00.2")
    assert statuses(workspace, "00.3", "00.1", "00.2") == ["failed", "not built", "passed"]


def test_a_misconception_is_told_after_the_verdicts(workspace):
    solve(workspace, "00.1", lambda text: text.replace("len(values)", "(len(values) + 1)"))
    heard = []
    found = checking.check(workspace, [find_exercise("00.1")], tell=heard.append)
    assert found[0]["misconception"]["name"] == "one_too_many"
    kinds = [answer["kind"] for answer in heard]
    assert kinds.index("verdict") < kinds.index("misconception")
    quiet = checking.check(workspace, [find_exercise("00.1")], find=False)
    assert quiet[0]["misconception"] is None


def test_progress_remembers_verdicts_but_not_a_first_look(workspace):
    statuses(workspace, "00.1", "00.3")
    entries = workspace.progress.read()["exercises"]
    assert "00.1" not in entries
    assert entries["00.3"]["attempts"] == 1
    assert "expected 6, got 3" in entries["00.3"]["failure"]
    solve(workspace, "00.1")
    statuses(workspace, "00.1", record=False)
    assert workspace.progress.passed() == set()
    statuses(workspace, "00.1")
    assert workspace.progress.passed() == {"00.1"}


def test_back_at_its_stub_an_exercise_is_not_passed_any_more(workspace):
    solve(workspace, "00.1")
    statuses(workspace, "00.1")
    workspace.file(find_chapter("00")).write_text(find_chapter("00").starting_file())
    assert statuses(workspace, "00.1") == ["not built"]
    assert workspace.progress.passed() == set()


def test_the_seed_decides_the_inputs(workspace):
    solve(workspace, "00.1", lambda text: text.replace("0.0", "1.0 * (len(values) > 2)"))

    def inputs(seed):
        verdict = checking.check(workspace, [find_exercise("00.1")], seed=seed)[0]
        failed = [check["failure"] for check in verdict["checks"] if not check["ok"]]
        return failed[0]["inputs"]

    assert inputs(1) == inputs(1) != inputs(2)


def test_a_warm_runner_gives_the_same_verdicts_from_another_process_each_time(workspace):
    solve(workspace, "00.1")
    with Runner(warm=True) as warm:
        processes = set()
        for _ in range(3):
            processes.add(warm.spare.process.pid)
            assert statuses(workspace, "00.1", "00.2", runner=warm) == ["passed", "not built"]
        spare = warm.spare
        assert len(processes) == 3
    assert spare.process.poll() is not None


def test_a_spare_that_died_meanwhile_is_told_in_words(workspace):
    with Runner(warm=True) as warm:
        warm.spare.process.kill()
        warm.spare.process.wait()
        with pytest.raises(TitoError, match="did not start"):
            statuses(workspace, "00.1", runner=warm)


def test_a_process_that_cannot_start_says_why(workspace, monkeypatch, tmp_path):
    (tmp_path / "numpy.py").write_text("raise ImportError('no numpy for you')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(TitoError, match="no numpy for you"):
        statuses(workspace, "00.1")


def test_modules_are_checked_for_milestones_without_a_trace(workspace):
    assert checking.check_modules(workspace, ["welcome", "second"]) == {
        "welcome": False, "second": False,
    }  # fmt: skip
    solve_module(workspace, "00")
    assert checking.check_modules(workspace, ["welcome"]) == {"welcome": True}
    assert workspace.progress.read()["exercises"] == {}


def test_a_notebook_is_exported_before_the_check(workspace, monkeypatch):
    from tito import notebook

    exported = []
    path = workspace.notebook(find_chapter("00"))
    path.parent.mkdir()
    path.write_text("{}")
    monkeypatch.setattr(notebook, "is_newer", lambda *_: True)
    monkeypatch.setattr(notebook, "export", lambda _, chapter: exported.append(chapter.key))
    statuses(workspace, "00.1", "00.2")
    assert exported == ["00_welcome"]


def test_the_learner_cannot_forge_a_verdict_by_printing(workspace):
    forged = '{"kind": "verdict", "exercise": "00.1", "status": "passed", "checks": []}'
    lines = [f"for line in ('', {forged!r}):", "    print(line)"]
    lines += ["    import os, sys", "    os.write(1, (line + '\\n').encode())"]
    lines += ["    sys.__stdout__.write(line + '\\n')", "    sys.__stdout__.flush()"]
    body = "".join(f"    {line}\n" for line in lines)
    solve(
        workspace, "00.1", lambda text: text.replace("    total = 0.0\n", body + "    total = 7\n")
    )
    assert statuses(workspace, "00.1", "00.2") == ["failed", "not built"]


def test_a_file_in_the_workspace_does_not_hide_a_library(workspace):
    (workspace.root / "numpy.py").write_text("raise SystemExit")
    (workspace.root / "json.py").write_text("raise SystemExit")
    solve(workspace, "00.1")
    assert statuses(workspace, "00.1") == ["passed"]


@pytest.mark.parametrize("given", ["", "0", "-1", "many", "nan", "inf"])
def test_a_time_limit_is_a_number_above_zero(given, monkeypatch):
    monkeypatch.setenv("TITO_TIME_LIMIT", given)
    if not given:
        assert checking.time_limit() == runner.SECONDS
        return
    with pytest.raises(TitoError, match=re.escape(repr(given))):
        checking.time_limit()


# ------------------------------------------------------------------------------- the command


def test_check_takes_the_current_exercise(workspace, tito):
    code, out, _ = tito("check")
    assert code == 1
    assert out.startswith("00.1 A mean: not built yet")
    assert "mean in welcome.py:7" in out
    solve(workspace, "00.1")
    code, out, _ = tito("check")
    assert code == 0
    assert "00.1 A mean: all 3 checks pass" in out
    assert "tito next" in out
    assert "tito solution 00.1" in out
    assert tito("check")[1].startswith("00.2 Counting")


def test_check_of_a_module_shows_the_first_red_one_in_full(workspace, tito):
    solve(workspace, "00.2", lambda text: text.replace("+= step", "+= 1"))
    code, out, _ = tito("check", "00")
    assert code == 1
    rows = out.splitlines()[:3]
    assert [row.split()[1] for row in rows] == ["to", "red", "red"]
    assert "You go up by one, whatever the step." in out
    assert "You" not in tito("check", "00", "--no-find")[1]
    assert out.count("Check  ") == 1


@pytest.mark.parametrize(("terminal", "seconds", "told"), [
    (True, 0.0, True), (True, 60.0, False), (False, 0.0, False),
])  # fmt: skip
def test_somebody_who_waits_is_told_that_the_check_goes_on(terminal, seconds, told, monkeypatch):
    monkeypatch.setattr("tito.cli_check.PATIENCE", seconds)
    console = Console(plain=True, file=io.StringIO())
    console.is_terminal = terminal
    with patience(console):
        deadline = time.monotonic() + (30 if told else 0.1)
        while not console.file.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
    assert console.file.getvalue().startswith("Still running; each exercise has 10 s" * told)
    assert bool(console.file.getvalue()) is told


def test_check_in_json(workspace, tito):
    solve(workspace, "00.1")
    code, out, err = tito("check", "00.1", "00.2", "--json", "--seed", "5")
    answer = json.loads(out)
    assert code == 1
    assert not answer["green"]
    assert [each["status"] for each in answer["exercises"]] == ["passed", "not built"]
    assert {each["seed"] for each in answer["exercises"]} == {5}
    assert "not built" in err


@pytest.mark.parametrize("names", [("01",), ("01.1",), ("second",)])
def test_a_module_that_was_never_started_is_a_usage_error(names, tito):
    code, out, err = tito("check", *names)
    assert (code, out) == (2, "")
    assert "tito start 01" in err


def test_check_before_the_first_module_says_how_to_begin(tmp_path, monkeypatch, tito):
    empty = Workspace.create(tmp_path / "empty")
    monkeypatch.chdir(empty.root)
    for arguments in ((), ("--all",), ("00",)):
        code, _, err = tito("check", *arguments)
        assert code == 2
        assert "tito start" in err


def test_at_the_end_of_a_module_a_regression_is_named(workspace, tito):
    solve_module(workspace, "00")
    assert tito("check", "--all")[0] == 0
    learn.begin(workspace, find_chapter("01"))
    solve_module(workspace, "01")
    code, out, _ = tito("check", "01.1", "01.2")
    assert code == 0
    assert "Checked again" not in out
    code, out, _ = tito("check", "01.3")
    assert code == 0
    assert "Checked again, still green: 5 exercises" in out
    assert "Module 01 is complete" in out
    solve(workspace, "00.2", lambda text: text.replace("return self.count", "return None"))
    code, out, _ = tito("check", "01")
    assert code == 1
    assert "Regression: 00.2 was green before" in out
    assert "You do not answer" in out
    assert "tito next" not in out
    assert "00.2" not in workspace.progress.passed()
    code, out, _ = tito("check", "--all", "--json")
    assert json.loads(out)["regressions"] == []
    assert code == 1


def test_check_runs_as_a_command_and_leaves_no_process(workspace, environment, tmp_path):
    solve(
        workspace, "00.1", lambda text: text.replace("total = 0.0", "import time; time.sleep(60)")
    )
    kept = environment | {"TITO_COURSE": str(tmp_path / "course"), "TITO_TIME_LIMIT": "0.5"}
    done = subprocess.run(
        [sys.executable, "-m", "tito", "check", "00.1"], cwd=workspace.root, env=kept,
        capture_output=True, encoding="utf-8", timeout=60,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "TimeoutError: it was still running after 0.5 s" in done.stdout
    assert "welcome.py:" in done.stdout
    assert not [pid for pid in children_of(os.getpid()) if "tito.child" in command_of(pid)]


def children_of(parent):
    """The processes that `parent` has started; none where the system does not tell."""
    try:
        with open(f"/proc/{parent}/task/{parent}/children") as file:
            return file.read().split()
    except OSError:
        return []


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            return file.read()
    except OSError:
        return ""
