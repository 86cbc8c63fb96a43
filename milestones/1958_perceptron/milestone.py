"""1958: a neuron that learns from its mistakes, and the proof that they must come to an end.

Rosenblatt's neuron adds up its inputs, each times a weight, and answers by the sign of the sum: a
threshold, no sigmoid. While it is right it changes nothing. The last part trains the neuron that
came later, with a sigmoid in place of the threshold, by gradient descent on the same points.
"""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import tinytorch as torch
from tinytorch import nn
from tinytorch.core.training import Callback, Trainer
from tinytorch.datasets import MNIST, load_digits
from tinytorch.utils.data import DataLoader, TensorDataset
from tito.terminal_plot import digits_row

if TYPE_CHECKING:
    from tito.stage import Stage

SETS = 100  # squares, and packs of cards: each a random draw of its own
BLUE, ORANGE = "#0072B2", "#D55E00"  # told apart by all readers
GAP = 0.05  # the empty strip on either side of the line that divides a square


def run(stage: Stage) -> None:
    """Learn squares, cards and digits by Rosenblatt's rule, then a square by gradient descent."""
    stage.say("The rule: when wrong, add the input or subtract it; when right, change nothing.")
    splits = range(stage.seeds, stage.seeds + (1 if stage.full else 5))
    squares, packs, digits = [], [], []
    with stage.progress("learning", 2 * SETS + len(splits) + 1) as bar:
        for seed in range(stage.seeds, stage.seeds + SETS):
            squares.append(learn(*square(seed)))
            packs.append(learn(*cards(seed)))
            bar.advance(2, corrections=squares[-1].corrections)
        for seed in splits:
            digits.append(learn(*zeros_and_ones(stage, seed)))
            bar.advance(1, accuracy=digits[-1].tested)
        torch.manual_seed(stage.seeds)
        descent, losses = sigmoid_neuron(*square(stage.seeds)[:2])
        bar.advance(1, loss=losses[-1])
    stage.plot(as_text(packs[0].history))
    report(stage, squares, packs, digits)
    points, labels, *_ = square(stage.seeds)
    neuron = accuracy(descent[-1], points, labels)
    stage.target("the sigmoid neuron, on the square", neuron, at_least=98)
    fallen = 100 * losses[-1] / losses[0]
    stage.target("its loss, of the first one", fallen, at_most=50)
    figure = draw(squares[0], packs[0], digits[0], descent, losses, points, labels)
    stage.picture(figure, "perceptron.png", "boundaries and weights")


class Learned(NamedTuple):
    """What came of learning one set."""

    history: list  # the weights at the start and after each correction
    solved: bool  # whether the last ones made no mistake
    bound: float  # the corrections that Novikoff's proof allows
    tested: float  # percent right on fresh inputs, or on the same where there are none

    @property
    def corrections(self) -> int:
        return len(self.history) - 1


# -------------------------------------------------------------------------- Rosenblatt's rule


def with_bias(inputs):
    """The inputs with a constant 1 behind them, so that the threshold is one more weight."""
    return torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)  # (N, D + 1)


def rosenblatt(inputs, labels, limit):
    """Learn by correction: add an input whose answer was wrong to the weights, or subtract it.

    Args:
        inputs: (N, D); labels: (N,), each +1 or -1.
        limit: the number of corrections after which to give up.
    Returns: the weights (D + 1,) at the start and after each correction, and whether the last ones
        made no mistake.
    """
    inputs = with_bias(inputs)
    weights = torch.zeros(inputs.shape[1])
    history = [weights]
    while len(history) - 1 <= limit:
        before = len(history)
        for x, label in zip(inputs, labels, strict=True):
            if label * (weights @ x) <= 0:  # wrong, or undecided, as everything is at the start
                weights = weights + label * x
                history.append(weights)
        if len(history) == before:
            return history, True
    return history, False


def mistake_bound(inputs, labels, separator):
    """Novikoff's bound on the number of corrections, (R / gamma)^2, in whatever order they come.

    R is the length of the longest input, gamma the distance of the nearest one from a plane that
    divides the classes. `separator` (D + 1,) is such a plane: the one that drew the labels.
    """
    inputs = with_bias(inputs)
    R = (inputs * inputs).sum(dim=1).sqrt().amax()
    gamma = (labels * (inputs @ separator)).amin() / (separator @ separator).sqrt()
    return ((R / gamma) ** 2).item()


def accuracy(weights, inputs, labels):
    """Percent of the answers that are right."""
    right = labels * (with_bias(inputs) @ weights) > 0
    return 100 * right.float().mean().item()


def learn(inputs, labels, separator=None, fresh=None):
    """Apply the rule until no mistake is left; then test on `fresh` inputs and labels, if any."""
    bound = math.inf if separator is None else mistake_bound(inputs, labels, separator)
    history, solved = rosenblatt(inputs, labels, limit=min(bound, 1000))
    return Learned(history, solved, bound, accuracy(history[-1], *(fresh or (inputs, labels))))


# ----------------------------------------------------------------------------------- the data


def square(seed, count=200):
    """Points in a square, divided by a random line that none of them comes near.

    Returns: points (count, 2), labels (count,), and the line (3,).
    """
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * math.pi)
    line = np.array([math.cos(angle), math.sin(angle), rng.uniform(-0.3, 0.3)])
    points = rng.uniform(-1, 1, (3 * count, 2))
    distance = points @ line[:2] + line[2]
    far = np.flatnonzero(abs(distance) >= GAP)[:count]
    return tensors(points[far], np.sign(distance[far]), line)


def cards(seed, count=200):
    """Cards of 20 x 20 points with a mark of 4 x 6, anywhere on the left (-1) or the right (+1).

    Returns: cards (count, 400), labels (count,), a plane (401,) that divides them, fresh cards.
    """
    rng = np.random.default_rng(seed)
    labels = rng.choice([-1, 1], 2 * count)
    images = np.zeros((2 * count, 20, 20))
    for image, label in zip(images, labels, strict=True):
        top, left = rng.integers(0, 15), rng.integers(0, 7) + (10 if label > 0 else 0)
        image[top : top + 6, left : left + 4] = 1
    halves = np.tile(np.repeat([-1, 1], 10), 20)  # minus the left half, plus the right half
    images, labels, plane = tensors(images.reshape(-1, 400), labels, np.append(halves, 0))
    return images[:count], labels[:count], plane, (images[count:], labels[count:])


def zeros_and_ones(stage, seed):
    """Images of handwritten zeros (-1) and ones (+1): train images, labels, no plane, test set."""
    if stage.full:
        sets = MNIST(stage.data).tensors(), MNIST(stage.data, train=False).tensors()
    else:
        digits = load_digits(split="random", seed=seed)
        sets = digits[:2], digits[2:]
    train, test = (
        (images[labels < 2].flatten(1), 2.0 * labels[labels < 2].float() - 1.0)
        for images, labels in sets
    )
    return *train, None, test


def tensors(*arrays):
    return [torch.from_numpy(array.astype(np.float32)) for array in arrays]


# -------------------------------------------------------------------------- the sigmoid neuron


class Path(Callback):
    """Notes the loss that led to each step, and the weights (3,) after it."""

    def __init__(self):
        self.losses, self.history = [], []

    def on_step_end(self, trainer):
        neuron = trainer.model[0]
        self.losses.append(trainer.loss)
        self.history.append(torch.cat([neuron.weight[0], neuron.bias]).detach())


def sigmoid_neuron(points, labels, steps=300):
    """Train a neuron with a sigmoid by gradient descent, on all the points at once."""
    targets = (labels > 0).float().unsqueeze(1)  # (N, 1): the label as a probability
    loader = DataLoader(TensorDataset(points, targets), batch_size=len(points))
    model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    path = Path()
    Trainer(model, nn.BCELoss(), optimizer, callbacks=[path]).fit(loader, epochs=steps)
    return path.history, path.losses


# --------------------------------------------------------------------- the report, the picture


def report(stage, squares, packs, digits):
    """Hold what Rosenblatt's rule did against what was promised."""
    learnt = squares + packs + digits
    solved = 100 * statistics.mean(one.solved for one in learnt)
    stage.target(f"{len(learnt)} sets, learnt to the end", solved, at_least=100)
    used = 100 * max(one.corrections / one.bound for one in squares + packs)
    stage.target("corrections, of those allowed", used, at_most=100)
    stage.target("cards never seen", statistics.mean(one.tested for one in packs), at_least=99)
    tested = statistics.mean(one.tested for one in digits)
    if stage.full:
        stage.target("MNIST 0 against 1, test set", tested, at_least=99.9)
    else:
        stage.target("digits 0 against 1, 5 random splits", tested, at_least=98)
    median = statistics.median
    stage.metric("corrections on a square, median", median(one.corrections for one in squares))
    stage.metric("allowed on a square, median", median(one.bound for one in squares))
    stage.metric("corrections on a pack of cards, most", max(one.corrections for one in packs))
    stage.metric("allowed on a pack of cards", packs[0].bound)


def moments(history):
    """Some numbers of corrections to look back at: the first two, half of them, and all."""
    last = len(history) - 1
    return sorted({i for i in (1, 2, last // 2, last) if 0 < i <= last})


def as_text(history):
    """The weights on the cards as text: dark where they speak for the right."""
    shown = moments(history)
    images = [pixels(history[i]).reshape(10, 2, 10, 2).sum(axis=(1, 3)) for i in shown]
    return digits_row(images, [f"after {i}" for i in shown])


def pixels(weights):
    """The weights without the last one, as the square picture that they look at."""
    side = math.isqrt(len(weights) - 1)
    return weights[:-1].numpy().reshape(side, side)


def draw(learnt, pack, digits, descent, losses, points, labels):
    """The boundary by corrections and by descent, the loss, the weights on cards and digits."""
    from matplotlib import pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap

    figure = plt.figure(figsize=(10.5, 7.2), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.45, 1])
    left, middle, right = top.subplots(1, 3)
    boundaries(left, points, labels, learnt.history)
    left.set_title(
        f"The rule: {learnt.corrections} corrections\n(the proof allows {learnt.bound:,.0f})"
    )
    steps = [i for i in (0, 1, 3, 6, 12, 25, 50, 100) if i < len(descent) - 1] + [len(descent) - 1]
    boundaries(middle, points, labels, [descent[i] for i in steps])
    middle.set_title(f"A sigmoid and gradient descent:\n{len(descent)} steps, {len(steps)} drawn")
    right.semilogx(range(1, len(losses) + 1), losses, color=BLUE, lw=2.5)
    right.set(xlabel="step (logarithmic)", ylim=(0, None), box_aspect=1)
    right.set_title("Its loss\n(binary cross-entropy)")
    right.grid(alpha=0.3)
    images = [(f"cards, after {i}", pack.history[i]) for i in moments(pack.history)]
    images.append((f"digits, after {digits.corrections}", digits.history[-1]))
    colours = LinearSegmentedColormap.from_list("signs", [ORANGE, "white", BLUE])
    panels = bottom.subplots(1, len(images), squeeze=False)[0]
    for axes, (title, weights) in zip(panels, images, strict=True):
        weights = pixels(weights)
        limit = abs(weights).max() or 1
        axes.imshow(weights, cmap=colours, vmin=-limit, vmax=limit)
        axes.set(title=title, xticks=[], yticks=[])
    bottom.suptitle(
        "What the weights look like: a correction adds a card (blue: right) or takes it away "
        "(orange: left); likewise a 1 or a 0"
    )
    return figure


def boundaries(axes, points, labels, history):
    """The points, and the lines on which the neuron was undecided: pale at first, black at last."""
    from matplotlib import colormaps

    for sign, colour, mark in ((1, BLUE, "o"), (-1, ORANGE, "^")):
        axes.scatter(*points[labels == sign].numpy().T, s=12, c=colour, marker=mark, lw=0)
    lines = [weights.tolist() for weights in history if weights[:2].abs().amax() > 0]
    for i, (a, b, c) in enumerate(lines, start=1):
        foot = np.array([a, b]) * -c / (a * a + b * b)  # the point of the line nearest to (0, 0)
        shade = colormaps["Greys"](0.2 + 0.8 * i / len(lines))
        width = 2.5 if i == len(lines) else 0.8
        axes.axline(foot, foot + np.array([-b, a]), color=shade, lw=width, zorder=0)
    axes.set(xlim=(-1.03, 1.03), ylim=(-1.03, 1.03), xticks=[], yticks=[], aspect="equal")
