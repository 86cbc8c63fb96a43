"""1986: a network with a hidden layer learns to read handwritten digits.

The error of the answer is sent backwards through the layers, and each weight learns what it has
contributed to it: backpropagation, which made hidden layers useful. The network and the way it
learns are those of 1986; its units (ReLU), its loss and its optimizer came later.
"""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import tinytorch as torch
from tinytorch import nn
from tinytorch.core.training import Callback, Trainer, accuracy
from tinytorch.datasets import MNIST, load_digits
from tinytorch.optim.lr_scheduler import OneCycleLR
from tinytorch.utils.data import DataLoader, TensorDataset
from tito.terminal_plot import digits_row

if TYPE_CHECKING:
    from tito.stage import Stage

BLUE, ORANGE = "#0072B2", "#D55E00"  # told apart by all readers


class Recipe(NamedTuple):
    """The size of a network, and how it is trained."""

    hidden: int
    epochs: int
    batch_size: int
    lr: float


SMALL = Recipe(hidden=128, epochs=30, batch_size=32, lr=1e-2)  # for 8 x 8 pixels
LARGE = Recipe(hidden=256, epochs=5, batch_size=128, lr=3e-3)  # for 28 x 28
SMOOTHING = 0.1  # of the labels: 0.91 for the right digit, 0.01 for each of the others
LEAST_LOSS = -(0.91 * math.log(0.91) + 9 * 0.01 * math.log(0.01))  # what they allow: 0.500


def run(stage: Stage) -> None:
    """Train several networks, hold them to their targets, and show what they misread."""
    stage.say("The error goes backwards through the layers; each weight learns its part in it.")
    if stage.full:
        data = (*MNIST(stage.data).tensors(), *MNIST(stage.data, train=False).tensors())
        groups = {"MNIST": train_all(stage, LARGE, [data] * 3)}
        first = min(100 * one.history[0]["val_accuracy"] for one in groups["MNIST"])
        stage.target("MNIST, 1 epoch, worst of 3", first, at_least=95)
        stage.target("MNIST, 5 epochs, mean of 3", mean(groups["MNIST"]), at_least=98.2)
    else:
        splits = [load_digits("random", stage.seeds + i) for i in range(5)]
        *random, tail = train_all(stage, SMALL, [*splits, load_digits("tail")])
        groups = {"random split": random, "tail split": [tail]}
        stage.target("random split, mean of 5", mean(random), at_least=98)
        stage.target("tail split, unfamiliar hands", tail.accuracy, at_least=93)
    losses = []
    for name, networks in groups.items():
        for i, network in enumerate(networks):
            stage.metric(f"{name}, network {i + 1}", network.accuracy, "%")
            losses.append(network.history[-1]["loss"])
    end = statistics.mean(losses)
    stage.target("loss at the end", end, at_least=round(LEAST_LOSS, 3), at_most=0.58, unit="")
    wrong = {name: misread(networks[0]) for name, networks in groups.items()}
    stage.plot(as_text([one for several in wrong.values() for one in several]))
    stage.picture(draw(groups, wrong), "digits.png", "learning, and what is misread")


# ------------------------------------------------------------------------------------ the network


def build(pixels, hidden):
    """Every pixel leads to every hidden unit, and every hidden unit to every answer."""
    return nn.Sequential(
        nn.Flatten(),  # (N, 1, H, W) -> (N, pixels)
        nn.Linear(pixels, hidden),
        nn.ReLU(),
        nn.Linear(hidden, 10),  # (N, 10): how much speaks for each digit
    )


class Trained(NamedTuple):
    """A network after training, what it was tested on, and how it came there."""

    model: nn.Module
    images: torch.Tensor  # of the test, (N, 1, H, W)
    labels: torch.Tensor  # (N,)
    history: list  # a dictionary for each epoch
    losses: list  # one for each step

    @property
    def accuracy(self):
        """Percent of the test images that it reads correctly."""
        return 100 * self.history[-1]["val_accuracy"]


def train(data, recipe, seed, bar):
    """Train a network on the first two tensors of `data`, and test it on the others.

    The test after each epoch is for the eye: nothing is chosen by it.
    """
    images, labels, test_images, test_labels = data
    mean, std = images.mean(), images.std()  # of the training images; those of the test are unknown
    torch.manual_seed(seed)
    model = build(images[0].numel(), recipe.hidden)
    train_set = TensorDataset((images - mean) / std, labels)
    test_set = TensorDataset((test_images - mean) / std, test_labels)
    loader = DataLoader(train_set, batch_size=recipe.batch_size, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.lr)
    steps = recipe.epochs * len(loader)
    follow = Follow(bar)
    trainer = Trainer(
        model,
        nn.CrossEntropyLoss(label_smoothing=SMOOTHING),
        optimizer,
        scheduler=OneCycleLR(optimizer, max_lr=recipe.lr, total_steps=steps, pct_start=0.1),
        schedule_every="step",
        metrics={"accuracy": accuracy},
        callbacks=[follow],
    )
    history = trainer.fit(loader, recipe.epochs, validation=DataLoader(test_set, batch_size=1000))
    return Trained(model, *test_set.tensors, history, follow.losses)


class Follow(Callback):
    """Moves the progress bar, and keeps the loss of every step."""

    def __init__(self, bar):
        self.bar, self.losses = bar, []

    def on_step_end(self, trainer):
        self.losses.append(trainer.loss)
        self.bar.advance(1, loss=trainer.loss)

    def on_epoch_end(self, trainer):
        self.bar.advance(0, accuracy=100 * trainer.history[-1]["val_accuracy"])


def train_all(stage, recipe, tasks):
    """Train one network for each task, all of them under one progress bar."""
    steps = sum(recipe.epochs * -(-len(data[0]) // recipe.batch_size) for data in tasks)
    with stage.progress("learning to read", steps) as bar:
        return [train(data, recipe, stage.seeds + i, bar) for i, data in enumerate(tasks)]


def mean(networks):
    return statistics.mean(network.accuracy for network in networks)


# ------------------------------------------------------------------------------- what it misreads


class Misread(NamedTuple):
    """A test image that a network takes for something else."""

    image: torch.Tensor  # (H, W)
    label: int
    answer: int


def misread(network):
    """The images that `network` gets wrong, those first of which it is surest."""
    with torch.no_grad():
        sure, answers = torch.softmax(network.model(network.images), dim=1).max(dim=1)
    found = [i for i, label in enumerate(network.labels.tolist()) if answers[i].item() != label]
    found.sort(key=lambda i: -sure[i].item())
    images, labels = network.images, network.labels
    return [Misread(images[i, 0], int(labels[i]), int(answers[i])) for i in found]


def as_text(wrong):
    """The first misread digits for a terminal; those of 28 x 28 at half their size."""
    images = [one.image.numpy() for one in wrong[:5]]
    if images and len(images[0]) == 28:
        images = [image.reshape(14, 2, 14, 2).mean(axis=(1, 3)) for image in images]
    return digits_row(images, [f"{one.label}, read {one.answer}" for one in wrong[:5]])


def draw(groups, wrong):
    """The loss and the accuracy while learning, and what each group's first network misreads."""
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=(11.5, 6), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.7])
    loss, read = left.subplots(2, 1)
    for (name, networks), colour in zip(groups.items(), (BLUE, ORANGE), strict=False):
        losses = np.array(networks[0].losses)
        window = 1 + len(losses) // 50
        smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
        loss.plot(range(1, len(losses) + 1), losses, color=colour, lw=0.4, alpha=0.3)
        loss.plot(range(window // 2 + 1, window // 2 + 1 + len(smooth)), smooth, color=colour, lw=2)
        for i, network in enumerate(networks):
            line = [100 * epoch["val_accuracy"] for epoch in network.history]
            label = f"{name}: {mean(networks):.1f} %" if i == 0 else None
            read.plot(range(1, len(line) + 1), line, color=colour, lw=1.5, label=label)
    loss.axhline(LEAST_LOSS, color="black", ls=":", lw=1)
    loss.text(1, 0.45, "the least that smoothed labels allow", va="top")
    loss.set(title="Loss of each step, and its running mean", xlabel="step", xscale="log")
    loss.set_ylim(0, 2.5)
    read.set(title="Test images read correctly, %", xlabel="epoch")
    read.legend(loc="lower right", frameon=False)
    for axes in (loss, read):
        axes.grid(alpha=0.3)
    rows = [1, 2] if len(groups) == 2 else [3]
    parts = right.subfigures(len(groups), 1, height_ratios=rows, squeeze=False).flat
    for part, count, (name, images) in zip(parts, rows, wrong.items(), strict=True):
        tested = len(groups[name][0].labels)
        draw_digits(part, count, images, f"{name}: {len(images)} of {tested:,} misread")
    return figure


def draw_digits(figure, rows, wrong, title):
    """Up to six misread digits in each row: what it is, and what it was taken for."""
    more = f"; here the {6 * rows} it was surest of" if len(wrong) > 6 * rows else ""
    figure.suptitle(title + more)
    for i, axes in enumerate(figure.subplots(rows, 6).flat):
        axes.axis("off")
        if i < len(wrong):
            axes.imshow(wrong[i].image.numpy(), cmap="Greys")
            axes.set_title(f"{wrong[i].label}, read {wrong[i].answer}", fontsize=10)
