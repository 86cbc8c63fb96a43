"""The milestones reach their targets, and miss them when anything that they need is broken."""

import json
import sys

import numpy as np
import pytest

from tinytorch.core import MODULES, dataloader, layers, training
from tinytorch.core.tensor import KERNELS, Tensor
from tinytorch.datasets import MNIST
from tinytorch.datasets.download import DataError
from tito import milestones
from tito.stage import Stage

NAMES = ("perceptron", "xor", "mlp")


def load(name):
    """A milestone, and the module of its program."""
    milestone = milestones.find(name, milestones.discover())
    return milestone, sys.modules[milestones.load(milestone).__module__]


@pytest.fixture(scope="module", params=NAMES)
def finished(request, tmp_path_factory):
    """A milestone that was run on the embedded data, its folder, and its result."""
    milestone, folder = load(request.param)[0], tmp_path_factory.mktemp(request.param)
    return milestone, folder, milestones.perform(milestone, Stage(folder))


def test_the_milestone_reaches_its_targets_on_the_embedded_data(finished):
    _, folder, result = finished
    assert [target for target in result["targets"] if not target["reached"]] == []
    assert result["passed"]
    assert json.loads((folder / "result.json").read_text())["mode"] == "embedded"


def test_the_milestone_leaves_one_picture(finished):
    _, folder, result = finished
    (picture,) = result["pictures"]
    assert (folder / picture["file"]).read_bytes().startswith(b"\x89PNG")


def test_the_milestone_needs_what_its_own_code_rests_on(finished):
    assert finished[0].modules == list(MODULES[:8])


def test_the_page_fits_on_a_screen_and_says_how_to_run_it(finished):
    milestone = finished[0]
    page = (milestone.folder / "README.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {milestone.year}: ")
    assert f"tito milestone run {milestone.name}" in page
    assert len(page.splitlines()) <= 50


@pytest.mark.slow
@pytest.mark.parametrize("name", ["perceptron", "mlp"])
def test_the_milestone_reaches_its_targets_on_mnist(name, tmp_path):
    try:
        MNIST(train=False)
    except DataError:
        pytest.skip("MNIST is not here: TINYTORCH_DATA names no folder that has it")
    result = milestones.perform(load(name)[0], Stage(tmp_path, full=True))
    assert [target for target in result["targets"] if not target["reached"]] == []
    assert result["mode"] == "full"


# -------------------------------------------------------------------------------- the knockouts
#
# One fault in each of the eight modules. A milestone that passed all the same would not need the
# module. The faults are in the forward direction or in a rule, not in both.


def small(name, monkeypatch):
    """The program of a milestone with less to do, and without its picture, which takes longest."""
    program = load(name)[1]
    monkeypatch.setattr(program, "draw", lambda *args: None)
    monkeypatch.setattr(Stage, "picture", lambda *args: None)
    if name == "perceptron":
        monkeypatch.setattr(program, "SETS", 3)
    elif name == "xor":
        monkeypatch.setattr(program, "NETWORKS", 10)
        monkeypatch.setattr(program, "STEPS", 200)
    else:
        train = program.train_all
        two = lambda stage, recipe, tasks: train(stage, recipe._replace(epochs=8), tasks[-2:])  # noqa: E731
        monkeypatch.setattr(program, "train_all", two)
    return program


@pytest.mark.parametrize("name", NAMES)
def test_the_small_milestone_of_the_knockouts_passes_unbroken(name, monkeypatch, tmp_path):
    stage = Stage(tmp_path)
    small(name, monkeypatch).run(stage)
    assert stage.missed == []


def lost(op):
    """A kernel that gives zeros of the right shape."""

    def knock_out(monkeypatch, program):
        kernel = KERNELS[op]
        monkeypatch.setitem(KERNELS, op, lambda *a, **o: np.zeros_like(kernel(*a, **o)))

    return knock_out


def standing_still(op):
    """An optimizer whose update changes nothing."""

    def knock_out(monkeypatch, program):
        monkeypatch.setitem(KERNELS, op, lambda param, *arrays, **options: param)

    return knock_out


def without_biases(monkeypatch, program):
    """A Module that does not know all of its parameters."""
    named = layers.Module.named_parameters
    monkeypatch.setattr(
        layers.Module,
        "parameters",
        lambda self, **o: (p for name, p in named(self, **o) if not name.endswith("bias")),
    )


def answers_confused(monkeypatch, program):
    """A loss that takes yes for no."""
    kernel = KERNELS["bce"]
    monkeypatch.setitem(KERNELS, "bce", lambda p, y: kernel(p, 1 - y))


def doubled_yes_or_no(monkeypatch, program):
    """A loss with a wrong factor."""
    loss = program.F.binary_cross_entropy_with_logits
    wrong = lambda *args, **options: loss(*args, **options) * 2  # noqa: E731
    monkeypatch.setattr(program.F, "binary_cross_entropy_with_logits", wrong)


def mean_over_classes_too(monkeypatch, program):
    """A cross-entropy that is averaged over the ten classes as well as over the batch."""
    cross_entropy = program.nn.CrossEntropyLoss(label_smoothing=program.SMOOTHING)
    wrong = lambda **options: lambda *args: cross_entropy(*args) / 10  # noqa: E731
    monkeypatch.setattr(program.nn, "CrossEntropyLoss", wrong)


def labels_apart(monkeypatch, program):
    """A loader that hands out each input with the label of its neighbour."""
    gather = dataloader.gather

    def wrong(dataset, indices):
        inputs, targets = gather(dataset, indices)
        return [inputs, Tensor(np.roll(targets.array, 1, axis=0))]

    monkeypatch.setattr(dataloader, "gather", wrong)


def one_epoch(monkeypatch, program):
    """A training loop that comes to its end too early."""
    fit = training.Trainer.fit
    monkeypatch.setattr(
        training.Trainer, "fit", lambda self, data, epochs, **o: fit(self, data, 1, **o)
    )


KNOCKOUTS = {
    "perceptron": [
        (1, lost("matmul"), "sets, learnt to the end"),
        (2, lost("sigmoid"), "the sigmoid neuron"),
        (3, lost("linear"), "the sigmoid neuron"),
        (4, answers_confused, "its loss"),
        (5, labels_apart, "the sigmoid neuron"),
        (6, lost("linear.vjp1"), "the sigmoid neuron"),
        (7, standing_still("sgd_"), "its loss"),
        (8, one_epoch, "its loss"),
    ],
    "xor": [
        (1, lost("matmul"), "tables a line can draw"),
        (2, lost("tanh"), "8 hidden units"),
        (3, without_biases, "8 hidden units"),
        (4, doubled_yes_or_no, "one layer: loss"),
        (5, labels_apart, "8 hidden units"),
        (6, lost("tanh.vjp0"), "8 hidden units"),
        (7, standing_still("sgd_"), "8 hidden units"),
        (8, one_epoch, "8 hidden units"),
    ],
    "mlp": [
        (1, lost("reshape"), "random split"),
        (2, lost("relu"), "random split"),
        (3, lost("linear"), "random split"),
        (4, mean_over_classes_too, "loss at the end"),
        (5, labels_apart, "random split"),
        (6, lost("linear.vjp1"), "random split"),
        (7, standing_still("adam_"), "random split"),
        (8, one_epoch, "random split"),
    ],
}


@pytest.mark.parametrize(
    ("name", "number", "knock_out", "target"),
    [
        pytest.param(name, *rest, id=f"{name}-{rest[0]:02}-{MODULES[rest[0] - 1]}")
        for name, faults in KNOCKOUTS.items()
        for rest in faults
    ],
)
def test_the_milestone_misses_its_target_when_a_module_is_broken(
    name, number, knock_out, target, monkeypatch, tmp_path
):
    program, stage = small(name, monkeypatch), Stage(tmp_path)
    knock_out(monkeypatch, program)
    program.run(stage)
    assert any(target in missed.name for missed in stage.missed), stage.figures()


@pytest.mark.parametrize("name", NAMES)
def test_each_needed_module_has_a_knockout(name):
    assert [number for number, *_ in KNOCKOUTS[name]] == list(load(name)[0].needs)
