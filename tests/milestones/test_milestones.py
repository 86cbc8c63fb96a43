"""The milestones reach their targets, and miss them when anything that they need is broken."""

import contextlib
import json
import sys
from functools import partial

import numpy as np
import pytest

from tinytorch.core import MODULES, dataloader, layers, training
from tinytorch.core.tensor import KERNELS, Tensor
from tinytorch.datasets import MNIST, Check, ImageDataset
from tinytorch.datasets.download import DataError
from tito import milestones
from tito.stage import Stage

NAMES = ("perceptron", "xor", "mlp", "cnn", "transformer")
# Those that take their time run with the slow tests
LONG = ("cnn", "transformer")
TIMED = [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in NAMES]
# How many modules each needs, from the first on
NEEDED = {"perceptron": 8, "xor": 8, "mlp": 8, "cnn": 9, "transformer": 13}


def load(name):
    """A milestone, and the module of its program."""
    milestone = milestones.find(name, milestones.discover())
    return milestone, sys.modules[milestones.load(milestone).__module__]


@pytest.fixture(scope="module", params=TIMED)
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
    assert finished[0].modules == list(MODULES[: NEEDED[finished[0].name]])


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


class Noise(ImageDataset):
    """A few images without meaning, in the place of MNIST or CIFAR-10."""

    def __init__(self, shape, folder, train=True):
        rng = np.random.default_rng(int(train))
        images = rng.integers(0, 256, (96 if train else 32, *shape), np.uint8)
        super().__init__(images, np.arange(len(images)) % 10)
        self.classes = tuple("abcdefghij")


@pytest.fixture
def small_cnn(monkeypatch):
    """The program of 1998, with little noise for its real data, and crops from 3 epochs on."""
    program = load("cnn")[1]
    monkeypatch.setattr(program, "MNIST", partial(Noise, (1, 28, 28)))
    monkeypatch.setattr(program, "CIFAR10", partial(Noise, (3, 32, 32)))
    monkeypatch.setattr(program, "CROPS_FROM", 3)
    return program


def without_times(stage):
    return {name: one for name, one in stage.metrics.items() if "seconds" not in name}


@pytest.mark.slow
def test_a_full_run_of_1998_that_was_stopped_ends_as_if_it_had_not_been(
    small_cnn, monkeypatch, tmp_path
):
    whole = Stage(tmp_path / "whole", full=True, data=tmp_path, epochs=4)
    small_cnn.run(whole)
    assert whole.metrics["CIFAR-10, seconds per epoch"]["value"] > 0
    assert len(whole.pictures) == 1

    def interrupt(self, trainer):
        if trainer.epoch == 3:
            raise KeyboardInterrupt

    folder = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        patch.setattr(small_cnn.Follow, "on_step_end", interrupt)
        with pytest.raises(KeyboardInterrupt):
            small_cnn.run(Stage(folder, full=True, data=tmp_path, epochs=4))
    stage = Stage(folder, full=True, data=tmp_path, epochs=4)
    small_cnn.run(stage)
    shown = stage.console.file.getvalue()
    assert shown.count("Going on after the last whole epoch") == 2  # MNIST was finished
    assert "epoch 3 of 4" not in shown
    assert "epoch 4 of 4" in shown
    assert without_times(stage) == without_times(whole)


def test_files_of_cifar_10_that_are_not_the_published_ones_are_named(
    small_cnn, monkeypatch, tmp_path
):
    collection = small_cnn.DATASETS["cifar10"]
    for status, told in (("ok", False), ("different", True)):
        monkeypatch.setattr(
            type(collection), "verify", lambda *args, status=status: [Check("test_batch", status)]
        )
        stage = Stage(tmp_path, full=True)
        small_cnn.say_whose_files(stage)
        assert ("not the published files" in stage.console.file.getvalue()) is told


# -------------------------------------------------------------------------------- the knockouts
#
# One fault in each module that is needed. A milestone that passed all the same would not need the
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
    elif name == "cnn":
        monkeypatch.setattr(program, "NETWORKS", 1)
        monkeypatch.setattr(program, "SMALL", program.SMALL._replace(epochs=9))
    elif name == "transformer":
        recipe = program.Recipe(1, 64, 4, 32, epochs=3, steps=60, lr=1e-2, target=2.1)
        monkeypatch.setattr(program, "TALES", recipe)
        monkeypatch.setattr(program, "ROUNDS", 1)
        monkeypatch.setattr(program, "count_letters", lambda *args: 3.0)
        monkeypatch.setattr(program.Follow, "show", lambda *args: None)
    else:
        train = program.train_all
        two = lambda stage, recipe, tasks: train(stage, recipe._replace(epochs=8), tasks[-2:])  # noqa: E731
        monkeypatch.setattr(program, "train_all", two)
    return program


@pytest.mark.parametrize("name", TIMED)
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


def wrong_sign(monkeypatch, program):
    """A cross-entropy that is the larger the better the answer."""
    cross_entropy = program.nn.CrossEntropyLoss(label_smoothing=program.SMOOTHING)
    wrong = lambda **options: lambda *args: -cross_entropy(*args)  # noqa: E731
    monkeypatch.setattr(program.nn, "CrossEntropyLoss", wrong)


def uphill(monkeypatch, program):
    """A loss with the wrong sign."""
    kernel = KERNELS["nll"]
    monkeypatch.setitem(KERNELS, "nll", lambda *args, **options: -kernel(*args, **options))
    gradient = KERNELS["nll.vjp0"]
    monkeypatch.setitem(KERNELS, "nll.vjp0", lambda *a, **options: -gradient(*a, **options))


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


def filters_turned(monkeypatch, program):
    """A convolution whose filters stand on their heads: it learns, and is no convolution."""
    kernel = KERNELS["conv2d"]
    turned = lambda x, weight, *rest, **o: kernel(x, weight[:, :, ::-1, ::-1], *rest, **o)  # noqa: E731
    monkeypatch.setitem(KERNELS, "conv2d", turned)


def capitals_forgotten(monkeypatch, program):
    """A tokenizer that loses something of the text."""
    encode = program.CharTokenizer.encode
    wrong = lambda self, text: encode(self, text.lower())  # noqa: E731
    monkeypatch.setattr(program.CharTokenizer, "encode", wrong)


def looking_ahead(monkeypatch, program):
    """Attention that does not mind what is_causal asks of it."""
    kernel = KERNELS["attention_weights"]
    wrong = lambda *scores, is_causal, **options: kernel(*scores, is_causal=False, **options)  # noqa: E731
    monkeypatch.setitem(KERNELS, "attention_weights", wrong)


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
    "cnn": [
        (1, lost("sub"), "random split"),
        (2, lost("relu"), "random split"),
        (3, lost("linear"), "random split"),
        (4, wrong_sign, "random split"),
        (5, labels_apart, "random split"),
        (6, lost("linear.vjp0"), "filters moved"),
        (7, standing_still("adamw_"), "random split"),
        (8, one_epoch, "random split, mean"),
        (9, filters_turned, "gap to seven loops"),
    ],
    "transformer": [
        (1, lost("matmul"), "attention: sequences right"),
        (2, lost("softmax"), "prediction that hangs"),
        (3, lost("linear"), "attention: sequences right"),
        (4, uphill, "attention: sequences right"),
        (5, labels_apart, "attention: sequences right"),
        (6, lost("linear.vjp1"), "attention: sequences right"),
        (7, standing_still("adamw_"), "loss on unseen text"),
        (8, one_epoch, "loss on unseen text"),
        (9, lost("conv2d"), "convolution: digits right"),
        (10, capitals_forgotten, "characters that tokens bring back"),
        (11, lost("embedding"), "attention: sequences right"),
        (12, looking_ahead, "a later letter"),
        (13, lost("layer_norm"), "loss on unseen text"),
    ],
}


class Missed(Exception):  # noqa: N818
    """The target of which it was expected was missed."""


class Impatient(Stage):
    """A stage that goes home when the target that is to be missed was missed."""

    awaited = ""

    def target(self, name, *args, **bounds):
        super().target(name, *args, **bounds)
        if self.awaited in name and not self.targets[-1].reached:
            raise Missed


@pytest.mark.parametrize(
    ("name", "number", "knock_out", "target"),
    [
        pytest.param(
            name,
            *rest,
            id=f"{name}-{rest[0]:02}-{MODULES[rest[0] - 1]}",
            marks=pytest.mark.slow if name in LONG else (),
        )
        for name, faults in KNOCKOUTS.items()
        for rest in faults
    ],
)
def test_the_milestone_misses_its_target_when_a_module_is_broken(
    name, number, knock_out, target, monkeypatch, tmp_path
):
    program, stage = small(name, monkeypatch), Impatient(tmp_path)
    stage.awaited = target
    knock_out(monkeypatch, program)
    with contextlib.suppress(Missed):
        program.run(stage)
    assert any(target in missed.name for missed in stage.missed), stage.figures()


def test_a_transformer_that_was_stopped_goes_on_to_the_same_end(monkeypatch, tmp_path):
    program = small("transformer", monkeypatch)
    recipe = program.Recipe(1, 16, 2, 16, epochs=3, steps=5, lr=1e-2, target=9.0)
    text = program.load_corpus()[:4000]

    def write(folder):
        folder.mkdir(exist_ok=True)
        return program.write(Stage(folder, full=True), text, recipe)

    whole = write(tmp_path / "whole")
    follow = program.Follow.on_step_end

    def stop(self, trainer):
        if trainer.step == 8:
            raise KeyboardInterrupt
        follow(self, trainer)

    monkeypatch.setattr(program.Follow, "on_step_end", stop)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "stopped")
    monkeypatch.setattr(program.Follow, "on_step_end", follow)
    story = write(tmp_path / "stopped")
    assert story.losses == whole.losses
    assert story.measured == whole.measured


@pytest.mark.parametrize("name", NAMES)
def test_each_needed_module_has_a_knockout(name):
    assert [number for number, *_ in KNOCKOUTS[name]] == list(load(name)[0].needs)
