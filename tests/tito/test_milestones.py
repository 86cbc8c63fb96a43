"""Finding milestones, and saying whose line it was when one fails."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch.core
import tito
from tito.errors import Exit, TitoError
from tito.milestones import digest, discover, find, home, perform, refuse_epochs
from tito.provenance import learner_error, sentence, whose
from tito.stage import Stage


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A folder of core files that comes before the reference, as a learner's workspace does."""
    folder = tmp_path / "workspace/tinytorch/core"
    folder.mkdir(parents=True)
    monkeypatch.setattr(tinytorch.core, "__path__", [str(folder), *tinytorch.core.__path__])
    yield folder
    for name in ("olympics", "benchmarking"):
        sys.modules.pop(f"tinytorch.core.{name}", None)
        vars(tinytorch.core).pop(name, None)


def test_milestones_come_in_the_order_of_history(milestones):
    assert [each.year for each in discover(milestones)] == [1958, 1969, 1986]


def test_the_milestones_of_the_checkout_or_the_wheel_are_found(monkeypatch):
    monkeypatch.delenv("TITO_MILESTONES", raising=False)
    assert home().is_dir()


def test_every_year_and_name_finds_its_milestone(milestones):
    found = discover(milestones)
    for milestone in found:
        for name in (*milestone.names, str(milestone.year)[:3], milestone.name.upper()):
            assert find(name, found) is milestone


@given(st.text(max_size=12))
def test_any_other_name_is_a_usage_error_that_lists_them(name):
    class Fake:
        year, name, names = 1986, "mlp", ("1986", "mlp", "1986_mlp")

    if any(each.startswith(name.lower()) for each in Fake.names):
        assert find(name, [Fake]) is Fake
    else:
        with pytest.raises(TitoError, match="1986 mlp") as caught:
            find(name, [Fake])
        assert caught.value.code == Exit.USAGE


def test_modules_belong_to_whom_their_file_belongs(workspace):
    (workspace / "olympics.py").write_text("")
    owners = whose()
    assert list(owners) == list(tinytorch.core.MODULES)
    assert owners["tensor"] == "reference"
    assert owners["olympics"] == "yours"
    assert "tinytorch.core.olympics" not in sys.modules


def test_a_module_that_nobody_wrote_is_missing(workspace, monkeypatch):
    monkeypatch.setattr(tinytorch.core, "__path__", [str(workspace)])
    assert whose(["olympics"]) == {"olympics": "missing"}


def test_mixed_owners_are_listed():
    assert sentence({"a": "yours", "b": "yours"}) == "yours, in all 2 modules"
    assert sentence({"a": "yours", "b": "reference"}) == "a: yours · b: reference"


def run(milestones, name, tmp_path):
    return perform(find(name, discover(milestones)), Stage(tmp_path / "out"))


@pytest.fixture
def judged(monkeypatch, tmp_path):
    """What the checks say about the modules, settable; and which modules they were asked about."""
    from tito import checking
    from tito.workspace import Workspace

    said = {"passes": True, "asked": []}

    def check_modules(workspace, modules):
        said["asked"] = list(modules)
        return dict.fromkeys(modules, said["passes"])

    monkeypatch.setattr(checking, "check_modules", check_modules)
    monkeypatch.setattr(Workspace, "find", lambda: Workspace(tmp_path))
    return said


def test_a_milestone_is_earned_when_all_that_it_needs_is_yours_and_passes(
    workspace, add_milestone, milestones, tmp_path, judged
):
    (workspace / "olympics.py").write_text("")
    add_milestone(2001, "mine", needs=[20])
    result = run(milestones, "mine", tmp_path)
    assert (result["earned"], result["checks"]) == (True, {"olympics": True})
    judged["passes"] = False
    result = run(milestones, "mine", tmp_path)
    assert (result["passed"], result["earned"]) == (True, False)
    assert result["checks"] == {"olympics": False}


def test_a_milestone_is_not_earned_on_the_reference(
    workspace, add_milestone, milestones, tmp_path, judged
):
    (workspace / "olympics.py").write_text("")
    add_milestone(2002, "mixed", needs=[1, 20])
    result = run(milestones, "mixed", tmp_path)
    assert (result["passed"], result["earned"]) == (True, False)
    assert result["whose"] == {"tensor": "reference", "olympics": "yours"}
    assert judged["asked"] == []


def test_a_missed_target_earns_nothing(workspace, add_milestone, milestones, tmp_path, judged):
    (workspace / "olympics.py").write_text("")
    add_milestone(2003, "missed", needs=[20], accuracy=10.0)
    assert run(milestones, "missed", tmp_path)["earned"] is False
    assert judged["asked"] == []


def test_results_go_into_the_workspace_from_any_folder_of_it(tmp_path, monkeypatch):
    from tinytorch import core
    from tito.milestones import runs_folder

    assert core.workspace() is None
    assert runs_folder().as_posix() == "tinytorch-runs"
    (tmp_path / "tito.json").touch()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert runs_folder() == tmp_path / "tinytorch-runs"


def test_a_failure_in_the_learners_file_names_their_line(
    workspace, add_milestone, milestones, tmp_path
):
    (workspace / "olympics.py").write_text("def score(x):\n    return x.nothing\n")
    use = "from tinytorch.core.olympics import score; score(3)"
    add_milestone(2001, "mine", needs=[20], extra=use)
    with pytest.raises(TitoError, match="has no attribute 'nothing'") as caught:
        run(milestones, "mine", tmp_path)
    assert caught.value.code == Exit.MISSED
    place = f"{workspace / 'olympics.py'} (yours), line 2, in score: return x.nothing"
    assert caught.value.why == place


def test_a_syntax_error_in_the_learners_file_names_their_line(
    workspace, add_milestone, milestones, tmp_path
):
    (workspace / "benchmarking.py").write_text("x = 1\ndef score(x:\n    return x\n")
    add_milestone(2001, "mine", needs=[19], extra="import tinytorch.core.benchmarking")
    with pytest.raises(TitoError, match="SyntaxError") as caught:
        run(milestones, "mine", tmp_path)
    assert caught.value.code == Exit.MISSED
    assert "benchmarking.py (yours), line 2: def score(x:" in caught.value.why


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("raise MemoryError", Exit.ENVIRONMENT),
        ("raise OSError(28, 'No space left on device')", Exit.ENVIRONMENT),
        ("import a_package_that_is_not_there", Exit.ENVIRONMENT),
        ("raise RecursionError('too deep')", Exit.MISSED),
    ],
)
def test_the_environment_is_told_apart_from_the_code(
    add_milestone, milestones, tmp_path, statement, code
):
    add_milestone(2001, "failing", extra=statement)
    with pytest.raises(TitoError) as caught:
        run(milestones, "failing", tmp_path)
    assert caught.value.code == code


def test_an_interrupted_run_keeps_the_result_of_the_last_one(add_milestone, milestones, tmp_path):
    folder = add_milestone(2001, "waiter")
    result = run(milestones, "waiter", tmp_path)
    (folder / "milestone.py").write_text("def run(stage): raise KeyboardInterrupt\n# changed")
    with pytest.raises(KeyboardInterrupt):
        run(milestones, "waiter", tmp_path)
    assert result["finished"] in (tmp_path / "out/result.json").read_text()


def test_the_seed_and_the_versions_go_into_the_result(milestones, tmp_path):
    milestone = find("1958", discover(milestones))
    result = perform(milestone, Stage(tmp_path, seeds=7))
    assert result["seeds"] == 7
    assert set(result["versions"]) == {"tinytorch", "numpy", "python", "platform"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"full": True}, 4), ({"full": True, "epochs": 12}, 12), ({}, None)],
)
def test_the_epochs_of_a_full_run_are_the_milestones_own_or_those_asked_for(
    add_milestone, milestones, tmp_path, options, expected
):
    add_milestone(2001, "long", epochs=4)
    stage = Stage(tmp_path / "out", **options)
    result = perform(find("long", discover(milestones)), stage)
    assert (stage.epochs, result["epochs"]) == (expected, expected)


def test_epochs_are_refused_where_they_are_part_of_the_recipe(add_milestone, milestones):
    add_milestone(2001, "long", epochs=4)
    found = discover(milestones)
    refuse_epochs(find("long", found), full=True)
    with pytest.raises(TitoError, match="together with --full") as caught:
        refuse_epochs(find("long", found), full=False)
    assert caught.value.way_out == "tito milestone run long --full --epochs 4"
    with pytest.raises(TitoError, match="no use for --epochs") as caught:
        refuse_epochs(find("1958", found), full=True)
    assert caught.value.code == Exit.USAGE


KEEPS = "path = stage.checkpoint('training'); path.touch()"


@pytest.mark.parametrize(("then", "left"), [("", 0), ("; 1 / 0", 1)])
def test_a_checkpoint_lives_until_a_run_has_come_to_its_end(
    add_milestone, milestones, tmp_path, then, left
):
    add_milestone(2001, "keeper", extra=KEEPS + then)
    with contextlib.suppress(TitoError):
        run(milestones, "keeper", tmp_path)
    assert len(list((tmp_path / "out").glob("training-seed-0.*.safetensors"))) == left


def test_a_run_that_cannot_go_on_from_a_damaged_checkpoint_names_the_way_out(
    add_milestone, milestones, tmp_path
):
    reads = "; from tinytorch.core.training import load_state; load_state(path)"
    add_milestone(2001, "keeper", extra=KEEPS + reads)
    for way_out in ("--debug", "--fresh begins anew"):  # the second run finds what the first left
        with pytest.raises(TitoError) as caught:
            run(milestones, "keeper", tmp_path)
        assert way_out in caught.value.way_out


def test_the_digest_changes_with_the_program_and_with_the_modules_it_needs(
    workspace, add_milestone, milestones
):
    (workspace / "olympics.py").write_text("x = 1")
    folder = add_milestone(2001, "mine", needs=[20])
    milestone = find("mine", discover(milestones))
    digests = [digest(milestone)]
    (workspace / "olympics.py").write_text("x = 2")
    digests.append(digest(milestone))
    (folder / "milestone.py").write_text("def run(stage): pass")
    digests.append(digest(milestone))
    assert len(set(digests)) == 3
    assert digest(milestone) == digests[-1]


# ------------------------------------------------------------------ what the learner's file broke


def told(code):
    """What the learner is told about the error that `code` raises."""
    with pytest.raises(Exception, match=r".") as caught:
        exec(compile(code, "somewhere.py", "exec"), {})
    return learner_error(caught.value)


@pytest.mark.parametrize(
    ("text", "use", "words"),
    [
        ("x = 1\ndef f(x:\n", "", ["SyntaxError", "olympics.py (yours), line 2: def f(x:"]),
        ("x = 1\n  y = 2\n", "", ["IndentationError", "olympics.py (yours), line 2"]),
        ("x = 1\nraise ValueError('no')\n", "", ["ValueError: no", "olympics.py (yours), line 2"]),
        ("x = 1\0\n", "", ["null bytes", "olympics.py (yours)"]),
        ("", "from tinytorch.core.olympics import score",
         ["cannot import name 'score'", "olympics.py (yours) lacks it", "somewhere.py, line 1"]),
        ("class Event: pass\n", "from tinytorch.core.olympics import Event\nEvent.run",
         ["no attribute 'run'", "olympics.py (yours) lacks it", "somewhere.py, line 2"]),
        ("class Event: pass\n", "from tinytorch.core.olympics import Event\nEvent().run",
         ["no attribute 'run'", "olympics.py (yours) lacks it"]),
        ("", "import tinytorch.core.olympics as o\no.score",
         ["no attribute 'score'", "olympics.py (yours) lacks it"]),
    ],
)  # fmt: skip
def test_the_learners_file_is_named_with_the_way_out(workspace, text, use, words):
    (workspace / "olympics.py").write_text(text)
    error = told(use or "import tinytorch.core.olympics")
    assert error.code == Exit.MISSED
    for word in (*words, "tito undo", "tito reset 20", "tito diff 20", "tito check 20"):
        assert word in str(error), word


def test_what_is_not_built_is_to_be_built_and_nothing_to_go_back_from(workspace):
    stub = "def f(): raise NotImplementedError('exercise 20.1: f is yours to build')\n"
    (workspace / "olympics.py").write_text(stub)
    error = told("from tinytorch.core.olympics import f\nf()")
    assert "stopped: exercise 20.1: f is yours to build" in error.what
    assert "line 1, in f" in error.why
    assert "tito next" in error.way_out
    assert "reset" not in error.way_out


@pytest.mark.parametrize(
    "code",
    ["import tinytorch.core.olympics\n1 / 0", "import nowhere", "[].nothing", "eval('x =')"],
)
def test_an_error_of_somebody_else_is_not_the_learners(workspace, code):
    (workspace / "olympics.py").write_text("x = 1\n")
    assert told(code) is None


def test_modules_are_found_without_running_them(tmp_path, milestones):
    """`tito milestone list` must work when a file of the learner does not."""
    core = tmp_path / "mine/tinytorch/core"
    core.mkdir(parents=True)
    (tmp_path / "mine/tito.json").write_text("{}")
    (core / "tensor.py").write_text("not Python (")
    program = (
        "import sys; from tito.provenance import whose; owners = whose();"
        "print(owners['tensor'], owners['layers'], 'numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path / "mine", capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(Path(tito.__file__).parents[1])}, timeout=60,
    )  # fmt: skip
    assert done.stdout == "yours reference False\n"
