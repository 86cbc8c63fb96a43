"""A run that is killed with SIGKILL, again and again, and resumed, ends as if it had not been."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

import tinytorch

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")

PROGRAM = '''
import os, signal, sys, time
import numpy as np
import tinytorch
from tinytorch.core import training
from tinytorch.core.dataloader import DataLoader, TensorDataset
from tinytorch.core.layers import Dropout, Linear, Module
from tinytorch.core.optimizers import AdamW, CosineAnnealingLR
from tinytorch.core.tensor import Tensor, manual_seed

path, where, count, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])


def die_when(place, left=[count]):
    """SIGKILL at the `count`-th time that `place` is reached."""
    if place == where:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)


class Net(Module):
    def __init__(self):
        super().__init__()
        self.first, self.dropout, self.last = Linear(4, 8), Dropout(0.3), Linear(8, 2)

    def forward(self, x):
        return self.last(self.dropout(self.first(x)))


class Hook(training.Callback):
    def on_step_end(self, trainer):
        time.sleep(pause)
        die_when("update")


fsync, replace = os.fsync, os.replace
os.fsync = lambda file: (die_when("write"), fsync(file))
os.replace = lambda a, b: (replace(a, b), die_when("replace"))

manual_seed(5)
rng = np.random.default_rng(5)
data = TensorDataset(*[Tensor(rng.standard_normal((23, n)).astype("f4")) for n in (4, 2)])
model = Net()
optimizer = AdamW(model.parameters(), lr=0.05)
trainer = training.Trainer(
    model,
    lambda outputs, targets: ((outputs - targets) ** 2).mean(),
    optimizer,
    scheduler=CosineAnnealingLR(optimizer, T_max=20),
    schedule_every="step",
    accumulate=2,
    callbacks=[Hook()],
    checkpoint=path,
    checkpoint_every=2,
)
loader = DataLoader(data, batch_size=4, shuffle=True, num_workers=1)
trainer.fit(loader, epochs=5, validation=[data.tensors], resume=True)
'''


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Start the program with a checkpoint, and where it is to die."""
    folder = tmp_path_factory.mktemp("killed")
    script = folder / "program.py"
    script.write_text(PROGRAM)
    source = pathlib.Path(tinytorch.__file__).parents[1]
    search = os.pathsep.join([str(source), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])

    def start(path, where="nowhere", count=1, pause=0.0):
        arguments = [sys.executable, script, path, where, str(count), str(pause)]
        return subprocess.Popen(arguments, env={**os.environ, "PYTHONPATH": search})

    straight = folder / "straight"
    assert start(straight).wait() == 0
    start.expected = straight.read_bytes()
    return start


def test_killed_between_updates_and_while_writing_a_run_ends_with_the_same_bytes(program, tmp_path):
    path = tmp_path / "run"
    for where, count in (("update", 3), ("write", 3), ("replace", 2), ("update", 4), ("write", 1)):
        assert program(path, where, count).wait() == -signal.SIGKILL
        assert path.read_bytes() != program.expected
    assert len(list(tmp_path.iterdir())) == 2  # the last writer left half a file
    assert program(path).wait() == 0
    assert path.read_bytes() == program.expected
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_killed_at_any_time_a_run_ends_with_the_same_bytes(program, tmp_path):
    path = tmp_path / "run"
    for moment in (0.02, 0.09, 0.05):  # seconds after its first checkpoint, or the one before
        before = path.stat().st_mtime_ns if path.exists() else None
        process = program(path, pause=0.02)
        while not path.exists() or path.stat().st_mtime_ns == before:
            time.sleep(0.005)
            assert process.poll() is None
        time.sleep(moment)
        process.kill()
        process.wait()
    assert program(path).wait() == 0
    assert path.read_bytes() == program.expected
