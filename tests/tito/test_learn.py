"""The learner's commands, as a learner types them, on a course of two small chapters."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_course import write_course

import tito
from tito.__main__ import main
from tito.cli_learn import ask
from tito.console import Console
from tito.course import find_chapter, find_exercise
from tito.learn import overview, place
from tito.screens_learn import page, reflow, show_exercise, show_markdown
from tito.workspace import Workspace

CORE = "tinytorch/core/second.py"


@pytest.fixture
def workspace(tmp_path, milestones, monkeypatch):
    """A workspace of the small course; the current folder is in it."""
    monkeypatch.setenv("TITO_COURSE", str(write_course(tmp_path / "course")))
    monkeypatch.setenv("TITO_MILESTONES", str(milestones))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("TITO_WORKSPACE", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    workspace = Workspace.create(tmp_path / "mine")
    monkeypatch.chdir(workspace.root)
    return workspace


@pytest.fixture
def run(workspace, capsys):
    """Run a command line; returns what it printed, after looking at its exit code."""

    def run(*arguments, code=0):
        capsys.readouterr()
        assert main(arguments) == code, capsys.readouterr()
        shown = capsys.readouterr()
        return shown.out if code == 0 else shown.err

    return run


def answer(run, *arguments):
    return json.loads(run(*arguments, "--json"))


def solve(workspace, *ids):
    for id in ids:
        workspace.progress.record_check(id, True, 0.1)


def core(workspace):
    return (workspace.root / CORE).read_text(encoding="utf-8")


def write_core(workspace, old, new):
    assert old in core(workspace)
    (workspace.root / CORE).write_text(core(workspace).replace(old, new), encoding="utf-8")


STUB = 'raise NotImplementedError("exercise 01.1: mean is yours to build (tito hint 01.1)")'


# ---------------------------------------------------------------------------- init, update, start


def test_init_says_what_to_type_next(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = run("init", "fresh", "--style", "notebook")
    assert "cd fresh" in shown
    assert "tito start" in shown
    assert Workspace(tmp_path / "fresh").style == "notebook"


def test_init_refuses_a_folder_in_use(run, tmp_path):
    shown = run("init", str(tmp_path / "course"), code=2)
    assert "in use" in shown
    assert "Do: " in shown


def test_update_tells_what_changed(run, workspace):
    (workspace.root / "README.md").write_text("mine")
    shown = run("update")
    assert "edited by you, left alone" in shown
    assert (workspace.root / "README.md").read_text() == "mine"


def test_start_writes_the_starting_files_and_says_three_things(run, workspace):
    shown = run("start", "01").splitlines()
    assert core(workspace) == find_chapter("01").starting_file()
    assert (workspace.root / "debug/01_second.py").read_text() == find_chapter("01").broken()
    assert len(shown) == 4
    assert CORE in shown[0]
    assert [line[:2] for line in shown[1:]] == ["1.", "2.", "3."]
    assert "tito read 01" in shown[1]
    assert re.search(rf"build 01\.1 +in {CORE}:\d+", shown[2])
    assert "tito check 01.1" in shown[3]


def test_start_never_overwrites(run, workspace):
    run("start", "01")
    write_core(workspace, STUB, "return 3.0")
    before = core(workspace)
    assert "nothing written" in run("start", "01")
    assert core(workspace) == before


def test_start_alone_goes_on_where_the_learner_is(run, workspace):
    assert answer(run, "start")["module"] == "00_welcome"
    assert answer(run, "start")["module"] == "00_welcome"  # it is not solved yet
    solve(workspace, "00.1", "00.2", "00.3")
    assert answer(run, "start")["module"] == "01_second"
    solve(workspace, "01.1", "01.2", "01.3")
    assert answer(run, "start")["module"] is None
    assert "tito milestone list" in run("start")


def test_before_the_first_module_every_command_says_how_to_begin(run):
    for command in ("next", "hint", "solution", "diff", "reset", "predict", "read"):
        assert "tito start" in run(command, code=2)


def test_outside_a_workspace_every_command_says_how_to_make_one(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in ("status", "start", "next", "hint", "undo", "update", "shell", "read"):
        assert "tito init" in run(command, code=3)
    assert "What is a mean?" in run("read", "00")


# --------------------------------------------------------------------------------- next, read


def test_next_names_file_and_line(run, workspace):
    run("start", "01")
    facts = answer(run, "next")["next"]
    assert (facts["id"], facts["difficulty"], facts["minutes"]) == ("01.1", 1, 2)
    line = core(workspace).splitlines()[facts["line"] - 1]
    assert facts["file"] == CORE
    assert line.startswith("def mean(")
    shown = run("next")
    for text in (f"{CORE}:{facts['line']}", "tito read 01.1", "tito check 01.1", "tito hint 01.1"):
        assert text in shown


def test_many_names_stand_below_each_other(capsys):
    names = [f"kernel_number_{n}" for n in range(9)]
    facts = {"id": "01.1", "title": "Kernels", "definitions": names, "difficulty": 1}
    facts |= {"minutes": 2, "debug": False, "where": f"{CORE}:7"}
    show_exercise(Console(), facts)
    lines = capsys.readouterr().out.splitlines()
    build = next(i for i, line in enumerate(lines) if line.startswith("  build  kernel_number_0"))
    assert lines[build + 1].startswith("         kernel_number_")


def test_next_goes_to_the_first_unsolved(run, workspace):
    run("start", "01")
    solve(workspace, "01.1", "01.3")
    assert answer(run, "next")["next"]["id"] == "01.2"
    solve(workspace, "01.2")
    assert answer(run, "next")["next"] is None
    assert "tito start" in run("next")


def test_a_line_is_found_in_a_file_that_cannot_be_parsed(run, workspace):
    run("start", "01")
    write_core(workspace, STUB, "return (")
    file, line = place(workspace, find_exercise("01.2"))
    assert "def add(" in file.read_text().splitlines()[line - 1]


def test_a_debug_exercise_has_its_own_file(run, workspace):
    run("start", "01")
    solve(workspace, "01.1", "01.2")
    assert answer(run, "next")["next"]["file"] == os.path.join("debug", "01_second.py")


def test_a_chapter_is_read_with_the_commands_to_type(run):
    shown = run("read", "00")
    for text in (
        "What is a mean?", "00.1 · A mean", "tito check 00.1", "Given", "tito predict 00.a",
        "How many numbers are in range(10)?", "print(mean([1, 2, 6]))", "3.0", "Why?",
    ):  # fmt: skip
        assert text in shown
    assert ":::" not in shown
    assert "\x1b" not in shown


def test_an_exercise_is_read_by_itself(run):
    shown = run("read", "00.2")
    assert "Now count." in shown
    assert "tito check 00.2" in shown
    assert "What is a mean?" not in shown
    assert "A total" not in shown


def test_prose_is_wrapped_and_code_is_not():
    code = "x = " + "1 + " * 30 + "1"
    text = f"- {'word ' * 30}\n```python\n{code}\n```\n"
    lines = reflow(text, 40).splitlines()
    assert code in lines
    assert all(len(line) <= 40 for line in lines if line != code)
    assert lines[1].startswith("  word")
    assert reflow("one\ntwo\n\nthree\nfour\n1. a\n2. b\n", 40).splitlines() == [
        "one two", "", "three four", "1. a", "2. b",
    ]  # fmt: skip


def test_the_pager_gets_colour_only_where_there_is_colour(workspace, monkeypatch):
    paged = []
    monkeypatch.setattr("click.echo_via_pager", paged.append)

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    page(Console(file=Terminal()), "# Title\n\nText with `code`.\n")
    plain = Terminal()
    page(Console(file=plain, plain=True), "# Title\n\nText with `code`.\n", "Next: tito next")
    assert "\x1b[" in paged[0]
    assert paged[1] == "# Title\n\nText with `code`.\n"
    assert plain.getvalue() == "Next: tito next\n"  # the chapter has left the screen


def test_code_in_a_chapter_is_never_broken_into_lines(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    diagram = "a" + " " * 70 + "b"
    terminal = Terminal()
    show_markdown(Console(file=terminal), f"Text.\n\n```text\n{diagram}\n```\n\nMore.\n")
    lines = re.sub(r"\x1b\[[\d;]*m", "", terminal.getvalue()).splitlines()
    assert [line.rstrip() for line in lines] == ["Text.", "", f"  {diagram}", "", "More."]


# ------------------------------------------------------------------------------------ status


def test_status_knows_how_far_the_learner_is(run, workspace):
    run("start", "00")
    solve(workspace, "00.1", "00.2", "00.3")
    run("start", "01")
    solve(workspace, "01.1")
    workspace.progress.record_check("01.2", False, 0.1, failure="3 is not 4")
    workspace.progress.record_solution("01.2")
    found = answer(run, "status")
    assert [module["state"] for module in found["modules"]] == ["done", "started"]
    assert [module["solved"] for module in found["modules"]] == [3, 1]
    assert [each["state"] for each in found["exercises"]] == ["passed", "failed", "open"]
    assert [each["solution_seen"] for each in found["exercises"]] == [False, True, False]
    assert 0.5 < found["share"] < 1
    shown = run("status")
    assert "done" in shown
    assert "1 of 3" in shown
    assert "seen" in shown


def test_the_share_counts_lines_of_solved_exercises(workspace, run):
    run("start", "01")
    assert overview(workspace)["share"] == 0
    solve(workspace, *(f"0{n}.{k}" for n in (0, 1) for k in (1, 2, 3)))
    assert overview(workspace)["share"] == 1


def test_status_in_a_narrow_window_breaks_no_word(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    run("start", "01")
    shown = run("status")
    for text in ("00 welcome  not started", "01 second   0 of 3", "next  01.1 A mean"):
        assert text in shown


@pytest.mark.parametrize("width", [80, 120])
def test_status_fits_the_screen(run, workspace, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    run("start", "01")
    workspace.progress.record_solution("01.3")
    lines = run("status").splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= 24


def test_a_milestone_that_is_not_earned_says_that_it_runs_and_what_it_waits_for(run):
    assert "open: runs already; earned with" in run("status")


def test_milestones_are_open_ready_passed_or_earned(run, workspace, add_milestone):
    add_milestone(2001, "first", needs=[1])
    run("start", "01")

    def states():
        found = answer(run, "status")["milestones"]
        return {each["name"]: each["state"] for each in found}["first"]

    assert states() == "open"
    solve(workspace, "01.1", "01.2", "01.3")
    assert states() == "ready"
    result = workspace.root / "tinytorch-runs/2001_first/result.json"
    result.parent.mkdir(parents=True)
    result.write_text('{"passed": true, "earned": false}')
    assert states() == "passed"
    result.write_text('{"passed": true, "earned": true}')
    assert states() == "earned"
    assert "2001 first" in run("status")


# -------------------------------------------------------------------------- hints, solutions


def test_each_call_reveals_the_next_hint(run, workspace):
    run("start", "01")
    for level, name in enumerate(("nudge 1", "approach 1", "pseudo 1"), 1):
        shown = run("hint", *(["--more"] if level == 2 else []))
        assert name in shown
        assert f"Hint {level} of 3" in shown
        assert workspace.progress.exercise("01.1")["hints"] == level
    assert "no further hint" in run("hint")
    assert "after an attempt: tito solution 01.1" in run("hint")
    workspace.progress.record_check("01.1", False, 0.1, failure="red")
    assert "after an attempt" not in run("hint")
    assert answer(run, "hint")["new"] == 0


def test_a_hint_is_found_by_what_the_last_check_showed(run, workspace):
    run("start", "01")
    assert "The list is empty." not in run("hint", "01.2")
    workspace.progress.record_check(
        "01.2", False, 0.1, failure="ZeroDivisionError: DIVISION by zero"
    )
    assert "The list is empty." in run("hint", "01.2")


def test_a_solution_comes_after_an_attempt(run, workspace):
    run("start", "01")
    before = core(workspace)
    shown = run("solution", code=2)
    assert "tito check 01.1" in shown
    assert "--yes" in shown
    assert "a look at the untouched exercise does not count" in shown
    assert "solution" not in workspace.progress.exercise("01.1")
    workspace.progress.record_check("01.1", False, 0.1, failure="red")
    shown = run("solution")
    assert "total += value" in shown
    assert "afterwards 1" in shown
    assert "solution" in workspace.progress.exercise("01.1")
    assert core(workspace) == before


def test_a_solution_comes_at_once_when_insisted_on(run, workspace):
    run("start", "01")
    assert "self.count += step" in run("solution", "01.2", "--yes")
    assert "self.count += step" in run("solution", "01.2")  # it was seen before


# ------------------------------------------------------------------------- reset, undo, diff


def test_reset_changes_one_definition_and_keeps_a_copy(run, workspace):
    run("start", "01")
    start = core(workspace)
    write_core(workspace, STUB, "return 3.0")
    write_core(workspace, "UNIT = 1", "UNIT = 1\nMINE = 2")
    mine = core(workspace)
    solve(workspace, "01.1")
    assert "tito undo" in run("reset", "01.1")
    assert core(workspace) == start.replace("UNIT = 1", "UNIT = 1\nMINE = 2")
    assert workspace.progress.passed() == set()
    run("undo")
    assert core(workspace) == mine


@pytest.mark.parametrize("id", ["01.1", "01.2"])
def test_reset_brings_a_deleted_definition_back(run, workspace, id):
    from tito.sources import definitions, replace

    run("start", "01")
    start = core(workspace)
    name = find_exercise(id).definitions[0]
    (workspace.root / CORE).write_text(replace(start, name, ""))
    run("reset", id)
    assert [d.name for d in definitions(core(workspace))] == [d.name for d in definitions(start)]


def test_reset_of_a_module_brings_all_its_files_back(run, workspace):
    run("start", "01")
    files = [workspace.root / CORE, workspace.root / "debug/01_second.py"]
    start = [file.read_text() for file in files]
    for file in files:
        file.write_text("not Python (")
    solve(workspace, "01.1", "01.2")
    run("reset", "01")
    assert [file.read_text() for file in files] == start
    assert workspace.progress.passed() == set()
    run("undo")
    assert [file.read_text() for file in files] == ["not Python ("] * 2
    run("undo")
    assert [file.read_text() for file in files] == start


def test_reset_of_the_debug_exercise(run, workspace):
    run("start", "01")
    file = workspace.root / "debug/01_second.py"
    file.write_text(find_chapter("01").mended())
    run("reset", "01.3")
    assert file.read_text() == find_chapter("01").broken()


def test_reset_with_nothing_to_do_says_so(run, workspace):
    run("start", "01")
    assert "as it started" in run("reset", "01.1")
    assert workspace.copies() == []


def test_a_file_that_cannot_be_parsed_names_its_line_and_the_way_out(run, workspace):
    run("start", "01")
    write_core(workspace, STUB, "return (")
    for arguments in (("reset", "01.2"), ("diff", "01.2", "--yes")):
        shown = run(*arguments, code=1)
        assert re.search(rf"{CORE}, line \d+:", shown)
        assert "tito undo" in shown
        assert "tito reset 01" in shown


def test_a_file_that_is_gone_leads_to_start(run, workspace):
    run("start", "01")
    (workspace.root / CORE).unlink()
    assert "tito start 01" in run("reset", "01.1", code=2)


def test_undo_knows_when_there_is_nothing_to_undo(run):
    assert "nothing to undo" in run("undo", code=2)
    assert run("undo", "--list") == "There are no copies yet.\n"


def test_undo_lists_copies_and_brings_any_of_them_back(run, workspace):
    run("start", "01")
    for text in ("return 1.0", "return 2.0"):
        write_core(workspace, STUB, text)
        run("reset", "01.1")
    assert [copy["number"] for copy in answer(run, "undo", "--list")["copies"]] == [1, 2]
    run("undo", "1")
    assert "return 1.0" in core(workspace)
    run("undo")
    assert STUB in core(workspace)
    assert "There is no copy 9" in run("undo", "9", code=2)


def test_diff_shows_mine_against_the_reference_after_green(run, workspace):
    run("start", "01")
    write_core(workspace, STUB, "return sum(values) / len(values)")
    assert "--yes" in run("diff", "01.1", code=2)
    solve(workspace, "01.1")
    shown = run("diff", "01.1")
    assert "-    return sum(values) / len(values)" in shown
    assert "+    total = 0.0" in shown


def test_diff_of_a_module_leaves_out_what_is_not_solved(run, workspace):
    run("start", "01")
    solve(workspace, "01.1")
    shown = run("diff", "01")
    assert "yours: mean" in shown
    assert "Left out, not solved yet: 01.2, 01.3" in shown
    assert "self.count += step" not in shown
    assert "self.count += step" in run("diff", "01", "--yes")


def test_diff_of_the_same_says_so(run, workspace):
    run("start", "01")
    (workspace.root / CORE).write_text(find_chapter("01").solution())
    solve(workspace, "01.1")
    assert "the same as the reference" in run("diff", "01.1")


# -------------------------------------------------------------------------------- notebook style


@pytest.fixture
def notebook(run, workspace):
    """The notebook of module 01, in which the learner has built 01.1 and noted something."""
    facts = json.loads((workspace.root / "tito.json").read_text())
    (workspace.root / "tito.json").write_text(json.dumps(facts | {"style": "notebook"}))
    assert "notebooks" in run("start", "01")
    path = workspace.notebook(find_chapter("01"))
    content = json.loads(path.read_text(encoding="utf-8"))
    (cell,) = (c for c in content["cells"] if "".join(c["source"]).startswith("%%build 01.1"))
    cell["source"] = "".join(cell["source"]).replace(STUB, "return 3.0")
    content["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "my note"})
    path.write_text(json.dumps(content), encoding="utf-8")
    later = (workspace.root / CORE).stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))
    return path


@pytest.mark.parametrize("installed", [True, False])
def test_a_notebook_says_how_to_open_it(run, monkeypatch, installed):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if installed else None)
    run("start", "01")
    shown = run("notebook", "01")
    assert "jupyter lab notebooks" in shown
    assert ("pip install jupyterlab" in shown) is not installed


def test_with_a_notebook_the_place_of_an_exercise_is_its_cell(run, notebook):
    cell = os.path.join("notebooks", "01_second.ipynb") + ", cell 01.1"
    assert cell in run("next")
    assert cell in run("start")
    assert cell in run("watch", "01.1", "--plain")


def test_no_notebook_is_made_of_a_file_that_is_not_there_or_no_text(run, workspace):
    assert "tito start 01" in run("notebook", "01", code=2)
    run("start", "01")
    (workspace.root / CORE).write_bytes(b"x = '\xe9'\n")
    assert "no UTF-8 text" in run("notebook", "01", code=1)


def test_reset_of_an_exercise_resets_its_cell_and_leaves_the_others(run, workspace, notebook):
    run("reset", "01.1")
    text = notebook.read_text(encoding="utf-8")
    assert "return 3.0" not in text
    assert "my note" in text
    assert STUB in core(workspace)
    run("undo")
    assert "return 3.0" in notebook.read_text(encoding="utf-8")
    assert "return 3.0" in core(workspace)


def test_reset_of_a_module_makes_its_notebook_anew(run, workspace, notebook):
    run("reset", "01")
    assert "my note" not in notebook.read_text(encoding="utf-8")
    run("undo")
    assert "my note" in notebook.read_text(encoding="utf-8")


def test_a_notebook_that_is_no_json_is_made_anew(run, workspace, notebook):
    notebook.write_text("{", encoding="utf-8")
    os.utime(notebook, ns=(0, 0))
    write_core(workspace, STUB, "return 3.0")
    run("reset", "01.1")
    assert "%%build 01.1" in notebook.read_text(encoding="utf-8")


# ------------------------------------------------------------------------------ predict, shell


def test_predict_lists_asks_and_compares(run, workspace):
    run("start", "01")
    assert "How many numbers" in run("predict")
    assert "tito predict 01.a VALUE" in run("predict", "01.a")
    shown = run("predict", "01.a", "1,000")
    assert "Too high by a factor of 100" in shown
    assert "you said  1,000 numbers" in shown
    assert shown.splitlines()[-1] == "Next: tito next"
    assert "Ten." in shown
    assert "Right." in run("predict", "a", "10")
    assert workspace.progress.read()["predictions"]["01.a"] == {
        "first": 1000.0, "guess": 10.0, "measured": 10.0,
    }  # fmt: skip
    assert "you said 10, measured 10 numbers" in run("predict", "01")


@pytest.mark.parametrize("value", ["ten", "nan", "inf", ""])
def test_a_prediction_is_a_number(run, value):
    run("start", "01")
    assert "is no number" in run("predict", "01.a", value, code=2)


def test_after_an_answer_the_next_open_question_is_named(run, tmp_path):
    run("start", "01")
    file = tmp_path / "course/01_second/measures.py"
    text = file.read_text()
    more = text[text.index("@measure") :].replace("01.a", "01.b").replace("def ", "def other_")
    file.write_text(f"{text}\n\n{more}")
    assert run("predict", "01.a", "10").splitlines()[-1] == "Next: tito predict 01.b"
    assert run("predict", "01.b", "10").splitlines()[-1] == "Next: tito next"


def test_an_unknown_question_lists_those_there_are(run):
    assert "01.a" in run("predict", "01.z", "3", code=2)


def measure(tmp_path, body):
    text = (
        "from tito.measures import measure\n"
        "@measure('01.a', 'How many?', unit='numbers')\n"
        f"def many() -> float:\n    {body}\n"
    )
    (tmp_path / "course/01_second/measures.py").write_text(text)


def test_a_measurement_that_fails_names_the_learners_line(run, workspace, tmp_path):
    run("start", "01")
    measure(tmp_path, "from tinytorch.core.second import mean; return mean([1])")
    shown = run("predict", "01.a", "3", code=1)
    assert shown.count("exercise 01.1: mean is yours to build") == 1
    assert "Build it first" in shown
    write_core(workspace, STUB, "return 1 / 0")
    shown = run("predict", "01.a", "3", code=1)
    assert "ZeroDivisionError" in shown
    assert f"{CORE} (yours), line" in shown
    assert workspace.progress.read()["predictions"] == {}


def test_ctrl_c_at_a_question_begins_a_new_line(run, monkeypatch, capsys):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    def interrupted(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    monkeypatch.setattr(sys, "stdin", Terminal())
    terminal = Terminal()
    with pytest.raises(KeyboardInterrupt):
        ask(Console(file=terminal, plain=True), "01.a", "How many?", "numbers")
    assert terminal.getvalue() == "How many?\n\n"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("while True: pass", "was stopped after"),
        ("import os; os._exit(3)", "Python ended with 3"),
        ("return float('nan')", "it came to nan"),
    ],
)
def test_a_measurement_that_does_not_come_back_is_told(run, tmp_path, monkeypatch, body, words):
    run("start", "01")
    monkeypatch.setattr("tito.predictions.TIME_LIMIT", 3.0)
    measure(tmp_path, body)
    assert words in run("predict", "01.a", "3", code=1)


def test_the_shell_has_the_learners_framework(run, workspace):
    run("start", "00")
    program = (
        "from tito.shell import open_shell; from tito.workspace import Workspace; import sys\n"
        "import tito.shell; tito.shell.find_spec = lambda name: None\n"
        "sys.exit(open_shell(Workspace.find()))"
    )
    source = str(Path(tito.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", program], input="print(tinytorch.ones(2).sum().item())\n",
        env=os.environ | {"PYTHONPATH": source}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "Whose code: the reference" in done.stdout
    assert "2.0" in done.stdout
    assert done.returncode == 0


# ---------------------------------------------------------------------------------- in common


@pytest.mark.parametrize("name", ["1", "01", "second", "sec", "01_second", "SECOND"])
def test_a_module_is_known_by_number_name_and_prefix(run, name):
    assert answer(run, "start", name)["module"] == "01_second"
    assert answer(run, "read", name)["module"] == "01_second"


@pytest.mark.parametrize("name", ["1.2", "01.2", "second.2"])
def test_an_exercise_is_known_by_number_and_by_name(run, name):
    run("start", "01")
    assert answer(run, "hint", name)["exercise"] == "01.2"


def test_a_typo_gets_a_suggestion(run):
    assert "Did you mean 'second'?" in run("start", "secnd", code=2)


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",), ("next",), ("hint",), ("solution", "--yes"), ("read",), ("predict",),
        ("undo", "--list"), ("update",), ("start",), ("diff", "--yes"), ("reset",),
    ],
)  # fmt: skip
def test_every_answer_is_json_alone(run, arguments):
    run("start", "01")
    assert isinstance(answer(run, *arguments), dict)


def test_progress_that_cannot_be_saved_stops_nobody(run, workspace, monkeypatch, capsys):
    run("start", "01")

    def refuse(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tito.progress.exclusive", refuse)
    assert "nudge 1" in run("hint")
    assert "01.1" in run("next")


def test_a_workspace_that_cannot_be_written_is_told_in_words(run, workspace, monkeypatch):
    def refuse(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tito.files.os.replace", refuse)
    shown = run("start", "01", code=3)
    assert "Permission denied" in shown
    assert f"make {workspace.root} writable" in shown
    assert "--out" not in shown


def test_progress_of_a_newer_tito_is_refused_in_words(run, workspace):
    (workspace.root / ".tito/progress.json").write_text('{"version": 99}')
    assert "newer tito" in run("status", code=3)
