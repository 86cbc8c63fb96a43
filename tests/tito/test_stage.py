"""What a milestone tells its stage is recorded, judged and shown."""

import io
import math

import numpy as np
import pytest

import tinytorch as tt
from tito.console import Console
from tito.stage import Stage, Target


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path / "out")


def shown(stage):
    return stage.console.file.getvalue()


def test_a_target_is_recorded_and_told(stage):
    stage.target("accuracy", 97.4, at_least=95)
    assert stage.passed
    assert stage.figures()["metrics"]["accuracy"] == {"value": 97.4, "unit": "%"}
    assert shown(stage) == "accuracy  97.4 %  (target: at least 95 %)  reached\n"


@pytest.mark.parametrize(
    ("value", "bounds", "reached"),
    [
        (95.0, {"at_least": 95}, True),
        (94.9, {"at_least": 95}, False),
        (0.5, {"at_most": 0.5}, True),
        (0.6, {"at_most": 0.5}, False),
        (3.0, {"at_least": 1, "at_most": 2}, False),
        (math.nan, {"at_least": 95}, False),
        (math.nan, {"at_most": 95}, False),
        (-math.inf, {"at_most": 95}, True),
    ],
)
def test_bounds_are_inclusive_and_nan_reaches_nothing(stage, value, bounds, reached):
    stage.target("figure", value, **bounds)
    assert stage.passed is reached


def test_the_shortfall_says_by_how_much_and_in_which_direction():
    assert Target("a", 91.25, 95, None, "%").shortfall == "3.75 % too low"
    assert Target("loss", 2.0, None, 1.5, "").shortfall == "0.5 too high"
    assert Target("loss", math.nan, None, 1.5, "").shortfall == "no number"


def test_bounds_are_told_in_words():
    assert Target("a", 1, 95, None, "%").bounds == "at least 95 %"
    assert Target("a", 1, 1, 2.5, "").bounds == "at least 1 and at most 2.5"
    assert Target("tables", 1, 14, 14, "").bounds == "exactly 14"


def test_a_target_without_a_bound_is_refused(stage):
    with pytest.raises(ValueError, match="at_least or at_most"):
        stage.target("accuracy", 97.4)


def test_one_missed_target_fails_the_run(stage):
    stage.target("accuracy", 97.4, at_least=95)
    stage.target("loss", 0.4, at_most=0.1, unit="")
    assert not stage.passed
    assert [target.name for target in stage.missed] == ["loss"]


def test_tensors_and_numpy_numbers_are_figures_too(stage):
    stage.target("tensor", tt.tensor(96.0), at_least=95)
    stage.target("numpy", np.float32(96.0), at_least=95)
    assert stage.passed


@pytest.mark.parametrize("name", ["error [test]", "w[0]", "[/oops]"])
def test_names_with_brackets_are_shown_as_they_are(stage, name):
    stage.target(name, 1.0, at_least=0)
    assert shown(stage).startswith(name)


def test_text_that_is_not_valid_markup_is_shown_as_it_is(stage):
    stage.say("see [/nowhere]")
    stage.say("a [bold]net[/]")
    assert shown(stage) == "see [/nowhere]\na net\n"


def test_a_picture_is_a_png_in_the_result_folder_and_its_figure_is_closed(stage, tmp_path):
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(1, 1))
    axes.plot([0, 1])
    path = stage.picture(figure, "line.png", "a line")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert pyplot.get_fignums() == []
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["line.png"]
    assert stage.figures()["pictures"] == [{"file": "line.png", "caption": "a line"}]


def test_plots_are_for_terminals_and_for_those_who_ask_for_text(tmp_path):
    def plotted(**options):
        stage = Stage(tmp_path, console=Console(file=io.StringIO(), **options))
        stage.plot("█▄\n▀█")
        return shown(stage)

    assert plotted() == ""
    assert plotted(plain=True) == "█▄\n▀█\n"


def test_progress_lines_carry_the_latest_figures(stage):
    with stage.progress("training", total=4) as bar:
        for step in range(4):
            bar.advance(loss=np.float32(1 / 3), step=step)
    lines = shown(stage).splitlines()
    assert len(lines) == 4
    assert lines[-1].startswith("training  100 %")
    assert lines[-1].endswith("loss 0.3333  step 3")


@pytest.mark.parametrize("total", [0, None])
def test_progress_without_a_total_is_quiet(stage, total):
    with stage.progress("reading", total) as bar:
        bar.advance()
    assert shown(stage) == ""


# --------------------------------------------------------------------------------- checkpoints


def stopped(stage, name="training"):
    """The checkpoint of a run that was stopped, and what its stage said."""
    path = stage.checkpoint(name)
    path.write_text("state")
    return path


def again(stage, **changes):
    """The stage of the next run in the same folder; `changes` are those of its attributes."""
    another = Stage(stage.out)
    vars(another).update(changes)
    return another


def test_the_same_run_finds_the_checkpoint_of_the_one_that_was_stopped(stage):
    path = stopped(stage)
    assert shown(stage).startswith("Ctrl-C stops it")
    another = again(stage)
    assert another.checkpoint("training") == path
    assert path.exists()
    assert shown(another) == "Going on after the last whole epoch of the run that was stopped.\n"


@pytest.mark.parametrize(
    ("changes", "words"), [({"code": "changed"}, "the code has changed"), ({"fresh": True}, "")]
)
def test_changed_code_and_fresh_begin_anew(stage, changes, words):
    old = stopped(stage)
    another = again(stage, **changes)
    assert not another.checkpoint("training").exists()
    assert not old.exists()
    assert words in shown(another)
    assert "Going on" not in shown(another)


def test_another_seed_and_another_name_leave_the_checkpoint_alone(stage):
    path = stopped(stage)
    assert again(stage, seeds=1).checkpoint("training") != path
    assert again(stage, code="changed").checkpoint("training-12") != path
    assert path.exists()


def test_ctrl_c_is_explained_once(stage):
    for name in ("first", "second"):
        stage.checkpoint(name)
    assert shown(stage).count("Ctrl-C") == 1


def test_checkpoints_are_removed_in_the_end(stage):
    path = stopped(stage)
    stage.checkpoint("never-written")
    stage.remove_checkpoints()
    assert not path.exists()
