"""Finding milestones, and saying whose line it was when one fails."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch.core
from tito.errors import Exit, TitoError
from tito.milestones import discover, find, home, perform
from tito.provenance import sentence, whose
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


def test_a_milestone_is_earned_when_all_that_it_needs_is_yours(
    workspace, add_milestone, milestones, tmp_path
):
    (workspace / "olympics.py").write_text("")
    add_milestone(2001, "mine", needs=[20])
    add_milestone(2002, "mixed", needs=[1, 20])
    assert run(milestones, "mine", tmp_path)["earned"] is True
    result = run(milestones, "mixed", tmp_path)
    assert (result["passed"], result["earned"]) == (True, False)
    assert result["whose"] == {"tensor": "reference", "olympics": "yours"}


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
