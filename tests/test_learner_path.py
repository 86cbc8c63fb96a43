"""From `tito init` to a green module and earned milestones, by the command alone."""

import pytest
from learner_path import Learner, walk

from tito.course import chapters

ALL = [chapter.number for chapter in chapters()]


def test_a_newcomer_gets_through_the_welcome(tmp_path):
    walk(tmp_path / "work", "editor", [0], milestones=False)


@pytest.mark.slow
def test_every_module_is_built_in_notebooks_and_earns_its_milestones(tmp_path):
    """In an editor: .ci/wheel walks the same way, with what is installed from the wheel."""
    pytest.importorskip("nbclient", reason="nbclient is not installed")
    walk(tmp_path / "work", "notebook", ALL)


def test_a_milestone_runs_while_its_modules_are_being_built(tmp_path):
    learner = Learner(tmp_path / "work", "editor")
    learner.tito("start", "01")
    learner.tito("start", "04")
    result = learner.answer("milestone", "run", "1969")
    assert result["passed"]
    assert result["building"] == ["tensor", "losses"]
    assert set(result["whose"].values()) == {"reference"}
    assert not result["earned"]
    assert "still building tensor, losses" in learner.tito("milestone", "run", "1969")
