"""A learner's core files take the reference's place, however Python is started in a workspace."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tinytorch

SOURCE = str(Path(tinytorch.__file__).parents[1])
REFERENCE = Path(tinytorch.__file__).parent / "core"
PROGRAM = "import tinytorch.core.losses as m; print(getattr(m, 'MINE', 'reference'))"


@pytest.fixture
def workspace(tmp_path):
    """A workspace whose losses.py is the learner's."""
    root = tmp_path / "workspace"
    core = root / "tinytorch/core"
    core.mkdir(parents=True)
    (root / "tito.json").write_text("{}")
    source = (REFERENCE / "losses.py").read_text(encoding="utf-8")
    (core / "losses.py").write_text(source + "\nMINE = 'mine'\n", encoding="utf-8")
    (root / "deep/er").mkdir(parents=True)
    (root / "my.py").write_text(PROGRAM)
    (root / "deep/er/my.py").write_text(PROGRAM)
    return root


def python(*arguments, cwd, seconds=120, **variables):
    """What a Python started in `cwd` prints."""
    kept = {name: value for name, value in os.environ.items() if name != "TITO_WORKSPACE"}
    done = subprocess.run(
        [sys.executable, "-B", *map(str, arguments)],
        cwd=cwd, env=kept | {"PYTHONPATH": SOURCE} | variables, capture_output=True, text=True,
        timeout=seconds,
    )  # fmt: skip
    return (done.stdout + done.stderr).strip()


def test_a_program_in_the_workspace_runs_the_learners_file(workspace):
    assert python("my.py", cwd=workspace) == "mine"


def test_a_program_in_a_subfolder_runs_it(workspace):
    assert python("my.py", cwd=workspace / "deep/er") == "mine"


def test_a_command_runs_it(workspace):
    assert python("-c", PROGRAM, cwd=workspace / "deep") == "mine"


def test_a_program_started_from_elsewhere_runs_it(workspace, tmp_path):
    assert python(workspace / "deep/er/my.py", cwd=tmp_path) == "mine"


def test_pytest_in_the_workspace_runs_it(workspace):
    test = "from tinytorch.core import losses\ndef test_mine():\n    assert losses.MINE == 'mine'\n"
    (workspace / "deep/test_mine.py").write_text(test)
    assert "1 passed" in python("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=workspace)


def test_elsewhere_the_reference_runs(workspace, tmp_path):
    assert python("-c", PROGRAM, cwd=tmp_path) == "reference"


def test_the_variable_names_the_workspace(workspace, tmp_path):
    assert python("-c", PROGRAM, cwd=tmp_path, TITO_WORKSPACE=str(workspace)) == "mine"


def test_an_empty_variable_means_no_workspace(workspace):
    assert python("my.py", cwd=workspace, TITO_WORKSPACE="") == "reference"


def test_a_variable_that_is_wrong_is_said(workspace, tmp_path):
    shown = python("my.py", cwd=workspace, TITO_WORKSPACE=str(tmp_path / "gone"))
    assert "reference" in shown
    assert "TITO_WORKSPACE" in shown
    assert "gone" in shown


def test_the_nearest_workspace_wins(workspace):
    (workspace / "deep/tito.json").write_text("{}")
    assert python("my.py", cwd=workspace / "deep/er") == "reference"


def test_the_installed_package_stays_the_package(workspace):
    shown = python("-c", "import tinytorch; print(tinytorch.__file__)", cwd=workspace)
    assert Path(shown) == Path(tinytorch.__file__)


def test_what_is_not_built_falls_through_to_the_reference(workspace):
    program = "import tinytorch.core.tensor as m; print(m.__file__)"
    assert Path(python("-c", program, cwd=workspace)) == REFERENCE / "tensor.py"


def test_a_current_folder_that_is_gone_is_no_workspace(tmp_path):
    gone = "import numpy, os; os.mkdir('x'); os.chdir('x'); os.rmdir('../x')"
    program = f"{gone}; {PROGRAM}"  # NumPy by itself cannot be imported there by Python 3.13.0
    assert python("-c", program, cwd=tmp_path) == "reference"


def test_a_file_of_the_workspace_is_imported_by_the_files_of_the_reference(workspace):
    program = (
        "import tinytorch.nn as nn, tinytorch.core.losses as m;"
        "print(nn.MSELoss is m.MSELoss, m.MSELoss.__module__)"
    )
    assert python("-c", program, cwd=workspace) == "True tinytorch.core.losses"


@pytest.mark.slow
@pytest.mark.parametrize("place", [".", "deep"])
def test_a_jupyter_kernel_in_the_workspace_runs_it(workspace, place, monkeypatch):
    client = pytest.importorskip("jupyter_client", reason="Jupyter is not installed")
    folder = workspace / place
    monkeypatch.setenv("PYTHONPATH", SOURCE)
    monkeypatch.delenv("TITO_WORKSPACE", raising=False)
    manager, kernel = client.manager.start_new_kernel(cwd=str(folder), kernel_name="python3")
    try:
        shown = []
        kernel.execute_interactive(PROGRAM, output_hook=shown.append, timeout=60)
        assert "mine" in json.dumps([m["content"] for m in shown])
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)


def test_finding_the_workspace_costs_next_to_nothing(workspace):
    """Counted, not timed: a look at one file per folder, and no import."""
    program = (
        "import os, sys; looked = []; real = os.path.isfile;"
        "os.path.isfile = lambda p: looked.append(p) or real(p);"
        "from tito.provenance import core_package; before = set(sys.modules);"
        "package = core_package(); looked.clear(); package.workspace();"
        "print(len(looked), sorted({'numpy', 'warnings', 'json'} & (set(sys.modules) - before)))"
    )
    assert python("-c", program, cwd=workspace / "deep/er") == "3 []"


BUILT = [name for name in tinytorch.core.MODULES if (REFERENCE / f"{name}.py").is_file()]
STEP = (
    "import tinytorch as t; from tinytorch import nn, optim; m = nn.Linear(2, 1);"
    "o = optim.SGD(m.parameters(), lr=0.1); nn.functional.mse_loss(m(t.ones(3, 2)), t.ones(3, 1))"
    ".backward(); o.step(); from tito.provenance import sentence, whose; print(sentence(whose({})))"
)


@pytest.fixture(params=BUILT)
def only_one(request, tmp_path):
    """A workspace that holds one module: the reference's own text, as the learner's file."""
    core = tmp_path / "tinytorch/core"
    core.mkdir(parents=True)
    (tmp_path / "tito.json").write_text("{}")
    shutil.copy(REFERENCE / f"{request.param}.py", core)
    return tmp_path


def test_any_one_module_of_the_learner_works_with_the_reference_for_the_others(only_one):
    (mine,) = (only_one / "tinytorch/core").glob("*.py")
    shown = python("-c", STEP.format(BUILT), cwd=only_one)
    assert f"{mine.stem}: yours" in shown
    assert shown.count("yours") == 1
    assert shown.count("reference") == len(BUILT) - 1


@pytest.mark.slow
def test_the_suites_of_all_modules_pass_on_any_one_module_of_the_learner(only_one):
    tests = Path(__file__).parent / "core"
    shown = python(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", tests,
        cwd=tests.parents[1], TITO_WORKSPACE=str(only_one), seconds=600,
    )  # fmt: skip
    assert " passed" in shown.splitlines()[-1]
    assert "failed" not in shown.splitlines()[-1]


def test_a_workspace_of_all_modules_is_the_learners_altogether(tmp_path):
    """Whose code it is goes by the folder: the same text in the workspace is the learner's."""
    core = tmp_path / "tinytorch/core"
    core.mkdir(parents=True)
    (tmp_path / "tito.json").write_text("{}")
    for name in BUILT:
        shutil.copy(REFERENCE / f"{name}.py", core)
    shown = python("-c", STEP.format(BUILT), cwd=tmp_path)
    assert shown == f"yours, in all {len(BUILT)} modules"
