"""The doctor finds what is broken, says the way out, and examines the rest all the same."""

import io
import json
import sys

import pytest

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
