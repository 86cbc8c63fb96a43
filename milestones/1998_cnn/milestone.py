"""1998: a convolutional network reads digits, and the same idea tells photographs apart.

A layer of 1986 has a weight for every pixel, and must learn an edge anew at each place. A filter is
a few weights that look at every place; pooling keeps what was found and forgets where exactly. The
networks are of the kind of LeNet-5, with ReLU, maxima, batch norm and AdamW, as is usual today.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import tinytorch as torch
from tinytorch import nn
from tinytorch.core.convolutions import conv2d_loops
from tinytorch.core.dataloader import (
    Compose,
    Normalize,
    RandomCrop,
    RandomHorizontalFlip,
    channel_statistics,
)
from tinytorch.core.training import Callback, Trainer, accuracy, measuring
from tinytorch.datasets import CIFAR10, DATASETS, MNIST, Digits
from tinytorch.optim.lr_scheduler import LambdaLR
from tinytorch.utils.data import DataLoader
from tito.terminal_plot import digits_row

if TYPE_CHECKING:
    from tito.console import Bar
    from tito.stage import Stage


class Recipe(NamedTuple):
    """How a network is trained: AdamW, the rate rises over `warm_up` of the steps, then falls."""

    epochs: int
    batch_size: int
    lr: float
    warm_up: float = 0.2
    betas: tuple[float, float] = (0.9, 0.999)


SMALL = Recipe(epochs=12, batch_size=32, lr=1e-2, warm_up=0.0)  # for 8 x 8 pixels
PERIOD = Recipe(epochs=2, batch_size=64, lr=4e-3)  # for 28 x 28
COLOUR = Recipe(epochs=4, batch_size=128, lr=1e-2, betas=(0.9, 0.99))  # for 3 x 32 x 32
NETWORKS = 5  # on random splits
CROPS_FROM = 8  # epochs of COLOUR: fewer see each photograph too seldom to need it moved as well
SMOOTHING = 0.1  # of the labels: 0.91 for the right class, 0.01 for each of the others
LOOPED = 1e-4  # how far the convolution may be from seven loops, in float32


def run(stage: Stage) -> None:
    """Train networks, hold them to their targets, and show their filters and mistakes."""
    stage.say("A filter is a few weights that look at every place of an image.")
    networks = on_real_data(stage) if stage.full else on_small_digits(stage)
    stage.say(
        "Two probes: how far the filters moved, in lengths of what they were at the start, and the "
        "gap between the first layer and its definition, seven loops, on one image."
    )
    for name, network in networks.items():
        stage.target(f"filters moved, {name}", moved(network), at_least=0.3, unit="")
        gap = distance_from_loops(network)
        stage.target(f"gap to seven loops, {name}", gap, at_most=LOOPED, unit="")
    mistakes = {name: misread(network) for name, network in networks.items()}
    stage.plot(as_text(networks, mistakes))
    figure = draw(networks, mistakes)
    stage.picture(figure, "filters.png", "filters, what they see, and mistakes")


def on_small_digits(stage):
    """Networks on random splits and one on the tail split; returns one of each to look at."""
    splits = [digits("random", stage.seeds + i) for i in range(NETWORKS)] + [digits("tail")]
    tasks = [Task(*split, small_network, SMALL) for split in splits]
    with stage.progress("learning to read", sum(task.steps for task in tasks)) as bar:
        trained = [train(task, stage.seeds + i, Follow(bar)) for i, task in enumerate(tasks)]
    *random, tail = trained
    mean = statistics.mean(network.accuracy for network in random)
    stage.target(f"random split, mean of {NETWORKS}", mean, at_least=98)
    stage.target("tail split, unfamiliar hands", tail.accuracy, at_least=95)
    for i, network in enumerate(random):
        stage.metric(f"random split, network {i + 1}", network.accuracy, "%")
    return {"random split": random[0], "tail split": tail}


def on_real_data(stage):
    """A network of the size of 1998 on MNIST, and one for photographs on CIFAR-10."""
    epochs = stage.epochs
    say_whose_files(stage)
    period = alone(stage, "MNIST", Task(*mnist(stage.data), period_network, PERIOD))
    stage.target("MNIST, 2 epochs", period.accuracy, at_least=98.5)
    stage.say("Aim: 77.5 % after 4 epochs, 80 % after 12. The target leaves room for bad luck.")
    photographs = cifar10(stage.data, crops=epochs >= CROPS_FROM)
    task = Task(*photographs, colour_network, COLOUR._replace(epochs=epochs))
    colour = alone(stage, "CIFAR-10", task)
    target = 79 if epochs >= 12 else 77
    stage.target(f"CIFAR-10, {epochs} epochs", colour.accuracy, at_least=target)
    return {"MNIST": period, "CIFAR-10": colour}


def alone(stage, name, task):
    """Train one network under its own bar; a run that was stopped goes on from its checkpoint."""
    checkpoint = stage.checkpoint(f"{name.lower()}-{task.recipe.epochs}-epochs")
    with stage.progress(name, task.steps) as bar:
        network = train(task, stage.seeds, Follow(bar, stage.say), checkpoint)
    stage.metric(f"{name}, seconds per epoch", statistics.mean(network.seconds), "s")
    return network


# ---------------------------------------------------------------------------------- the networks


def small_network():
    """For 8 x 8 pixels: 6,090 weights."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 16, 4, 4)
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 32, 2, 2)
        nn.Flatten(),
        nn.Linear(128, 10),  # (N, 10): how much speaks for each digit
    )


def period_network():
    """Of the size of LeNet-5, for 28 x 28 pixels: filters of 5 x 5, maps that shrink to 5 x 5."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 8, 14, 14)
        nn.Conv2d(8, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 16, 5, 5)
        nn.Flatten(),
        nn.Linear(400, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def colour_network():
    """For photographs. The first layer halves the image at once, which saves most of the work."""
    return nn.Sequential(
        *filters(3, 24, kernel_size=4, stride=2),  # (N, 24, 16, 16)
        *filters(24, 48),
        nn.MaxPool2d(2),  # (N, 48, 8, 8)
        *filters(48, 96),
        nn.MaxPool2d(2),  # (N, 96, 4, 4)
        *filters(96, 96),
        nn.MaxPool2d(2),  # (N, 96, 2, 2)
        nn.Flatten(),
        nn.Linear(384, 10),
    )


def filters(channels, number, kernel_size=3, stride=1):
    """A convolution without bias, which the batch norm after it would take away, and a ReLU."""
    return (
        nn.Conv2d(channels, number, kernel_size, stride, padding=1, bias=False),
        nn.BatchNorm2d(number),
        nn.ReLU(),
    )


# -------------------------------------------------------------------------------------- the data


def digits(split, seed=0):
    return normalised(Digits(True, split, seed), Digits(False, split, seed))


def mnist(folder):
    return normalised(MNIST(folder), MNIST(folder, train=False))


def cifar10(folder, crops):
    """CIFAR-10; half of the photographs to train on are mirrored, and moved by up to 2 pixels."""
    moves = [RandomCrop(32, padding=2, padding_mode="reflect")] if crops else []
    augment = [RandomHorizontalFlip(), *moves]
    return normalised(CIFAR10(folder), CIFAR10(folder, train=False), augment)


def normalised(train_set, test_set, augment=()):
    """Both sets by the mean and deviation of up to 5,000 training images.

    The images stay bytes in memory; each batch becomes floats when it is needed.
    """
    sample = train_set.gather(range(min(5000, len(train_set))))[0]
    normalize = Normalize(*channel_statistics(sample))
    train_set.transform, test_set.transform = Compose([*augment, normalize]), normalize
    return train_set, test_set


def say_whose_files(stage):
    """Say it where CIFAR-10 does not lie here as published: the figures then hold for this copy."""
    checks = DATASETS["cifar10"].verify(stage.data)
    if any(check.status == "different" for check in checks):
        stage.say(
            "These are not the published files of CIFAR-10, perhaps decoded from JPEG copies: "
            "the figures hold for them (tito data verify cifar10)."
        )


# ------------------------------------------------------------------------------------- training


class Task(NamedTuple):
    """What to learn, what to test on, which network, and how."""

    train_set: Any
    test_set: Any
    build: Callable[[], nn.Module]
    recipe: Recipe

    @property
    def steps(self):
        return self.recipe.epochs * -(-len(self.train_set) // self.recipe.batch_size)


class Trained(NamedTuple):
    """A network after training, and how it came there."""

    task: Task
    model: nn.Module
    before: np.ndarray  # the filters of the first layer as they were drawn
    history: list  # a dictionary for each epoch
    seconds: list  # of each epoch, its test included

    @property
    def accuracy(self):
        """Percent of the test images that it gets right."""
        return 100 * self.history[-1]["val_accuracy"]

    @property
    def filters(self):
        """The filters of the first layer, (number, channels, height, width)."""
        return self.model[0].weight.detach().numpy()


def train(task, seed, follow, checkpoint=None):
    """Train and test a network. The test after each epoch is for the eye: it chooses nothing."""
    recipe = task.recipe
    torch.manual_seed(seed)
    model = task.build()
    before = model[0].weight.detach().numpy().copy()
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.lr, betas=recipe.betas)
    trainer = Trainer(
        model,
        nn.CrossEntropyLoss(label_smoothing=SMOOTHING),
        optimizer,
        scheduler=LambdaLR(optimizer, up_and_down(task.steps, recipe.warm_up)),
        schedule_every="step",
        metrics={"accuracy": accuracy},
        callbacks=[follow],
        checkpoint=checkpoint,
    )
    history = trainer.fit(
        DataLoader(task.train_set, batch_size=recipe.batch_size, shuffle=True),
        recipe.epochs,
        validation=test_batches(task),
        resume=checkpoint is not None,
    )
    return Trained(task, model, before, history, follow.seconds)


def up_and_down(steps, warm_up):
    """The part of the learning rate at each step: from 0 up to 1, then down to 0, in lines."""
    rise = warm_up * steps
    return lambda step: (step + 1) / (rise + 1) if step < rise else (steps - step) / (steps - rise)


def test_batches(task):
    return DataLoader(task.test_set, batch_size=500)


class Follow(Callback):
    """Moves the progress bar, times the epochs, and tells of each if `say` is given."""

    def __init__(self, bar: Bar, say: Callable[[str], None] | None = None):
        self.bar, self.say = bar, say
        self.seconds: list[float] = []

    def on_fit_begin(self, trainer):
        self.bar.advance(trainer.step)  # of a run that goes on

    def on_epoch_begin(self, trainer):
        self.start = time.perf_counter()

    def on_step_end(self, trainer):
        self.bar.advance(1, loss=trainer.loss)

    def on_epoch_end(self, trainer):
        self.seconds.append(time.perf_counter() - self.start)
        percent = 100 * trainer.history[-1]["val_accuracy"]
        self.bar.advance(0, accuracy=percent)
        if self.say:
            where = f"epoch {trainer.epoch} of {trainer.epochs}"
            self.say(f"{where}: {percent:.2f} % right, {self.seconds[-1]:.0f} s")

    def state_dict(self):
        return {"seconds": self.seconds}


# ----------------------------------------------------------------------------------- the probes


def moved(network):
    """How far training has moved the filters of the first layer, in lengths of what they were."""
    return float(np.linalg.norm(network.filters - network.before) / np.linalg.norm(network.before))


def distance_from_loops(network):
    """The largest difference between the first layer and seven loops, on one test image."""
    image, layer = network.task.test_set.gather([0])[0], network.model[0]
    bias = None if layer.bias is None else layer.bias.detach().numpy()
    looped = conv2d_loops(image.numpy(), network.filters, bias, layer.stride, layer.padding)
    with measuring(layer):
        return float(np.abs(layer(image).numpy() - looped).max())


def seen(network, image):
    """What the filters of the first layer find in an image, (number, height, width)."""
    with measuring(network.model):
        for layer in network.model:
            image = layer(image)
            if isinstance(layer, nn.ReLU):
                return image[0].numpy()


# --------------------------------------------------------------------------------- its mistakes


class Misread(NamedTuple):
    """A test image that a network takes for something else."""

    place: int  # in the test set
    label: str
    answer: str


def misread(network):
    """What `network` gets wrong, those first of which it is surest."""
    model, test_set = network.model, network.task.test_set
    with measuring(model):
        chances = [torch.softmax(model(x), dim=1).numpy() for x, _ in test_batches(network.task)]
    sure = np.concatenate(chances)  # (N, 10)
    answers = sure.argmax(axis=1)
    wrong = np.flatnonzero(answers != test_set.labels)
    names = test_set.classes or [str(number) for number in range(10)]
    return [
        Misread(i, names[test_set.labels[i]], names[answers[i]])
        for i in wrong[np.argsort(-sure.max(axis=1)[wrong], kind="stable")]
    ]


def as_shown(test_set, place):
    """A test image for the eye: (H, W), or (H, W, 3) in colour."""
    image = test_set.images[place].transpose(1, 2, 0)
    return image if image.shape[2] == 3 else image[:, :, 0]


def as_text(networks, mistakes):
    """For a terminal: digits and what the filters see in one, or each kind of photograph."""
    (name, network), *_ = networks.items()
    test_set = network.task.test_set
    maps = seen(network, test_set.gather([0])[0])
    found = np.argsort(-maps.std(axis=(1, 2)))[:4]  # the filters with most to say
    images = [as_shown(test_set, 0), *maps[found]]
    labels = ["an image", *(f"filter {i + 1}" for i in found)]
    rows = [f"What filters see ({name})", digits_row(halved(images), labels), ""]
    for name, network in networks.items():
        if network.task.test_set.images.shape[1] == 3:
            rows += ["", f"{name}: right of each kind", by_class(network, mistakes[name])]
            continue
        wrong = mistakes[name][:5]
        images = [as_shown(network.task.test_set, one.place) for one in wrong]
        labels = [f"{one.label}, read {one.answer}" for one in wrong]
        rows += [f"Misread ({name})", digits_row(halved(images), labels)]
    return "\n".join(rows)


def halved(images):
    """Images of 28 x 28 at half their size, smaller ones as they are."""
    if not len(images) or len(images[0]) < 28:
        return images
    return [image.reshape(14, 2, 14, 2).mean(axis=(1, 3)) for image in images]


def by_class(network, wrong):
    """A line for each class: how many of its images are right, and what most others are taken for.

    airplane    ################      80 %, else ship
    """
    test_set, lines = network.task.test_set, []
    for number, name in enumerate(test_set.classes):
        count = int((test_set.labels == number).sum())
        taken_for = [one.answer for one in wrong if one.label == name]
        share = 1 - len(taken_for) / count
        most = f", else {statistics.mode(taken_for)}" if taken_for else ""
        lines.append(f"{name:<11} {'█' * round(20 * share):<20} {100 * share:3.0f} %{most}")
    return "\n".join(lines)


# ----------------------------------------------------------------------------------- the picture


def draw(networks, mistakes):
    """A column for each network: its filters before and after, what they see, its mistakes."""
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=(12, 9), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06)
    columns = figure.subfigures(1, len(networks), squeeze=False)[0]
    for column, (name, network) in zip(columns, networks.items(), strict=True):
        column.suptitle(f"{name}: {network.accuracy:.2f} % right", fontweight="bold")
        before, after, maps, wrong = column.subfigures(4, 1, height_ratios=[2, 2, 2.6, 3.6])
        draw_tiles(before, painted(network.before), "Filters of the first layer, at the start")
        draw_tiles(after, painted(network.filters), "The same filters after training")
        draw_maps(maps, network)
        draw_mistakes(wrong, network, mistakes[name])
    return figure


def painted(weights):
    """Filters (number, C, H, W) as pictures in 0 to 1, each from its least to its greatest."""
    pictures = weights.transpose(0, 2, 3, 1)  # (number, H, W, C)
    least = pictures.min(axis=(1, 2, 3), keepdims=True)
    greatest = pictures.max(axis=(1, 2, 3), keepdims=True)
    pictures = (pictures - least) / (greatest - least)
    return pictures if pictures.shape[3] == 3 else pictures[..., 0]


def draw_tiles(figure, pictures, title, columns=0, rows=0, titles=()):
    """Small pictures in rows, each under its title if there are any."""
    figure.suptitle(title, fontsize=10)
    columns = columns or (12 if len(pictures) > 16 else 8)
    rows = rows or -(-len(pictures) // columns)
    for i, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        axes.set(xticks=[], yticks=[], frame_on=i < len(pictures))
        axes.spines[:].set(color="silver")
        if i < len(pictures):
            axes.imshow(pictures[i], cmap="gray")
            if titles:
                axes.set_title(titles[i], fontsize=8)


def draw_maps(figure, network):
    """One test image, and what each filter of the first layer finds in it."""
    test_set = network.task.test_set
    left, right = figure.subfigures(1, 2, width_ratios=[1, 4])
    draw_tiles(left, [as_shown(test_set, 0)], "One image", columns=1)
    maps = seen(network, test_set.gather([0])[0])
    draw_tiles(right, maps, "What each filter finds in it", columns=8)


def draw_mistakes(figure, network, wrong):
    """The mistakes of which the network was surest: what it is, and what it was taken for."""
    test_set, shown = network.task.test_set, wrong[:12]
    pictures = [as_shown(test_set, one.place) for one in shown]
    titles = [f"{one.label},\nread {one.answer}" for one in shown]
    title = f"{len(wrong):,} of {len(test_set):,} mistaken"
    if len(wrong) > len(shown):
        title += f"; here the {len(shown)} it was surest of"
    draw_tiles(figure, pictures, title, columns=6, rows=2, titles=titles)
