"""Small milestones in a temporary folder, and the command `tito` run on them as a process."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tito

SOURCE = str(Path(tito.__file__).parents[1])

PROGRAM = """
def run(stage):
    stage.say("A story.")
    print("printed by the program")
    with stage.progress("training", 20) as bar:
        for step in range(20):
            bar.advance(loss=1 / (1 + step))
    stage.metric("steps", 20)
    stage.target("accuracy", {accuracy}, at_least=95)
    {extra}
"""


def write_milestone(
    root, year, name, accuracy=97.5, extra="", needs=(1, 6), data=(), program=PROGRAM, epochs=None
):
    """A milestone whose accuracy is known beforehand; `extra` is one more statement of its run."""
    folder = root / f"{year}_{name}"
    folder.mkdir(parents=True)
    facts = {
        "year": year, "name": name, "title": f"The {name}", "question": f"What can a {name} learn?",
        "needs": list(needs), "embedded": "quick", "full": "the real thing", "data": list(data),
        "minutes": {"embedded": "seconds", "full": "2 min"}, "epochs": epochs,
    }  # fmt: skip
    (folder / "milestone.json").write_text(json.dumps(facts))
    (folder / "milestone.py").write_text(program.format(accuracy=accuracy, extra=extra or "pass"))
    return folder


@pytest.fixture
def milestones(tmp_path):
    """A folder of three milestones: one passes, one misses its target, one raises."""
    root = tmp_path / "milestones"
    write_milestone(root, 1958, "perceptron")
    write_milestone(root, 1969, "xor", accuracy=75.0)
    write_milestone(root, 1986, "mlp", extra="raise ValueError('shapes (3, 4) and (5, 2)')")
    return root


@pytest.fixture
def add_milestone(milestones):
    """Add a milestone to the folder of milestones: `add_milestone(year, name, ...)`."""
    return functools.partial(write_milestone, milestones)


@pytest.fixture
def environment(tmp_path, milestones):
    """Environment variables for a `tito` that sees nothing of this machine's data."""
    drop = {"NO_COLOR", "COLUMNS", "LINES", "TERM", "TINYTORCH_DATA", "no_proxy", "NO_PROXY"}
    kept = {name: value for name, value in os.environ.items() if name not in drop}
    return kept | {
        "PYTHONPATH": SOURCE,
        "PYTHONUTF8": "1",
        "TITO_MILESTONES": str(milestones),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "MPLCONFIGDIR": str(tmp_path / "matplotlib"),
    }


@pytest.fixture
def command(tmp_path, environment):
    """Run `tito` as a process in a temporary folder; returns what it printed and its exit code."""

    def run(*arguments, stdout=subprocess.PIPE, encoding="utf-8", **variables):
        return subprocess.run(
            [sys.executable, "-m", "tito", *arguments],
            cwd=tmp_path, env=environment | variables, encoding=encoding,
            stdout=stdout, stderr=subprocess.PIPE, timeout=60,
        )  # fmt: skip

    return run


@pytest.fixture
def here(tmp_path, milestones, monkeypatch):
    """The same surroundings for a `main()` that is called in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TITO_MILESTONES", str(milestones))
    monkeypatch.setenv("TINYTORCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path
