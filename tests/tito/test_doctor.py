"""The doctor finds what is broken, says the way out, and examines the rest all the same."""

import io
import json
import sys
from pathlib import Path

import pytest

import tinytorch.core.losses
from tito import doctor
from tito.__main__ import main
from tito.console import Console


def checks(**options):
    found = doctor.examine(Console(file=io.StringIO(), **options))
    return {check.name: check for check in found}


def test_a_sound_environment_is_ready(here, capsys):
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "Ready. Next: tito demo" in shown
    assert "self-check" in shown


def test_every_failing_line_has_a_way_out(here, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    found = checks()
    assert found["Matplotlib"].status == "failed"
    assert "pip install" in found["Matplotlib"].way_out
    assert found["NumPy"].status == "ok"


def test_a_failed_check_exits_with_3(here, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["doctor", "--json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert answer["ready"] is False
    assert [c["name"] for c in answer["checks"] if c["status"] == "failed"] == ["Matplotlib"]


def test_an_old_numpy_fails(here, monkeypatch):
    import numpy

    monkeypatch.setattr(numpy, "__version__", "1.26.4")
    assert checks()["NumPy"].status == "failed"


def test_another_package_of_the_same_name_fails(here, monkeypatch):
    from importlib.machinery import ModuleSpec

    other = ModuleSpec("tinytorch", None, origin="/elsewhere/tinytorch/__init__.py")
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: other)
    check = checks()["TinyTorch"]
    assert check.status == "failed"
    assert "pip uninstall tinytorch" in check.way_out


def test_a_loss_that_does_not_fall_fails(here, monkeypatch):
    from tinytorch import optim

    monkeypatch.setattr(optim.SGD, "step", lambda self: None)
    assert checks()["self-check"].status == "failed"


def test_a_data_folder_that_cannot_be_written_is_a_warning(here, monkeypatch):
    (here / "file").touch()
    monkeypatch.setenv("TINYTORCH_DATA", str(here / "file"))
    check = checks()["data folder"]
    assert check.status == "warning"
    assert "TINYTORCH_DATA" in check.way_out


def test_the_doctor_makes_no_folders(here):
    before = sorted(here.rglob("*"))
    checks()
    assert sorted(here.rglob("*")) == before


def test_a_terminal_that_cannot_show_blocks_is_a_warning(here):
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    found = {check.name: check for check in doctor.examine(console)}
    assert found["terminal"].status == "warning"
    assert "ascii" in found["terminal"].found


@pytest.mark.parametrize("installed", [True, False])
def test_pytorch_is_never_needed(here, monkeypatch, installed):
    real = doctor.importlib.util.find_spec
    monkeypatch.setattr(
        doctor.importlib.util,
        "find_spec",
        lambda name: (object() if installed else None) if name == "torch" else real(name),
    )
    assert checks()["PyTorch"].status == "ok"


# ------------------------------------------------------------------------------- in a workspace


@pytest.fixture
def workspace(here, monkeypatch):
    """A workspace; the current folder is in it."""
    from tito.workspace import Workspace

    workspace = Workspace.create(here / "mine")
    monkeypatch.chdir(workspace.root)
    return workspace


def test_without_a_workspace_the_doctor_says_how_to_make_one(here):
    check = checks()["workspace"]
    assert (check.status, "tito init" in check.found) == ("ok", True)


def test_the_workspace_has_its_line(workspace):
    workspace.progress.record_check("01.1", True, 0.1)
    check = checks()["workspace"]
    assert check.status == "ok"
    for text in (str(workspace.root), "editor style", "exercises solved: 1"):
        assert text in check.found


def test_in_a_workspace_the_doctor_leads_back_to_the_course(workspace, capsys):
    assert main(["doctor"]) == 0
    assert "Ready. Next: tito status" in capsys.readouterr().out


def test_a_package_file_in_the_workspace_fails(workspace):
    (workspace.root / "tinytorch/__init__.py").touch()
    check = checks()["workspace"]
    assert check.status == "failed"
    assert "Delete it" in check.way_out


def test_a_file_that_hides_one_of_pythons_is_a_warning(workspace):
    (workspace.root / "random.py").touch()
    check = checks()["workspace"]
    assert (check.status, "random.py" in check.found) == ("warning", True)


def test_a_wrong_variable_fails_in_words(here, monkeypatch):
    monkeypatch.setenv("TITO_WORKSPACE", str(here / "gone"))
    check = checks()["workspace"]
    assert (check.status, "TITO_WORKSPACE" in check.found) == ("failed", True)
    assert "tito init" in check.way_out


def test_a_file_of_the_learner_that_breaks_the_self_check_is_not_reinstalled(command, tmp_path):
    core = tmp_path / "tinytorch/core"
    core.mkdir(parents=True)
    (tmp_path / "tito.json").write_text("{}")
    (core / "losses.py").write_text("def mse_loss(input, target:\n")
    done = command("doctor", "--json")
    assert done.returncode == 3
    found = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert [name for name, check in found.items() if check["status"] == "failed"] == ["self-check"]
    assert "losses.py (yours), line 1" in found["self-check"]["found"]
    assert "tito check 04" in found["self-check"]["way_out"]
    assert "tito undo" in found["self-check"]["way_out"]
    assert "install" not in found["self-check"]["way_out"]
    assert found["datasets"]["status"] == "warning"


def test_what_is_not_built_yet_is_no_illness(command, tmp_path):
    core = tmp_path / "tinytorch/core"
    core.mkdir(parents=True)
    (tmp_path / "tito.json").write_text("{}")
    stub = "exercise 04.2: mse_loss is yours to build (tito hint 04.2)"
    reference = Path(tinytorch.core.losses.__file__).read_text(encoding="utf-8")
    text = f"{reference}\n\ndef mse_loss(*a, **k):\n    raise NotImplementedError({stub!r})\n"
    (core / "losses.py").write_text(text, encoding="utf-8")
    done = command("doctor")
    assert done.returncode == 0, done.stdout
    assert "waits for exercise 04.2" in done.stdout
    assert "Ready. Next: tito status" in done.stdout


def test_a_loss_that_does_not_fall_on_the_learners_code_leads_to_the_checks(here, monkeypatch):
    from tinytorch import optim

    monkeypatch.setattr(optim.SGD, "step", lambda self: None)
    monkeypatch.setattr(doctor, "whose", lambda: {"optimizers": "yours"})
    assert "tito check" in checks()["self-check"].way_out
