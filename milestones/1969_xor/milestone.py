"""1969: what one layer cannot compute, and what a hidden layer can.

A neuron divides the plane by a line. First every way in which a line can divide four points is
counted. Then a neuron is trained on exclusive or all the same, and networks with a hidden layer: a
hundred of each, with a random start of its own, side by side in one batch of matrix products.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import tinytorch as torch
from tinytorch import nn
from tinytorch.core.training import Callback, Trainer
from tinytorch.nn import functional as F
from tinytorch.utils.data import DataLoader, TensorDataset
from tito.terminal_plot import digits_row

if TYPE_CHECKING:
    from tito.stage import Stage

CORNERS = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]  # false is -1, true is +1
XOR = [0.0, 1.0, 1.0, 0.0]  # true where one of the two is, and only one
NETWORKS, STEPS = 100, 400
BLUE, ORANGE = "#0072B2", "#D55E00"  # told apart by all readers


def run(stage: Stage) -> None:
    """Count what a line can do, then train networks without and with a hidden layer."""
    tables = half_planes()
    best = max(sum(a == b for a, b in zip(table, XOR, strict=True)) for table in tables)
    stage.say(
        f"Of the 16 truth tables of two inputs, one line can draw {len(tables)}. "
        f"It gets at most {best} points of exclusive or right."
    )
    torch.manual_seed(stage.seeds)
    with stage.progress("training", 3 * STEPS) as bar:
        neuron = nn.Sequential(Linears(2, 1))
        nn.init.normal_(neuron[0].bias)  # so that it may start with any line
        one = train(neuron, bar)
        eight = train(nn.Sequential(Linears(2, 8), nn.Tanh(), Linears(8, 1)), bar)
        two = train(nn.Sequential(Linears(2, 2), nn.Tanh(), Linears(2, 1)), bar)
    stage.target("tables a line can draw", len(tables), at_least=14, at_most=14, unit="")
    stage.target("one layer: most points right, ever", one.right.max(), at_most=3, unit="of 4")
    distance = abs(one.losses[-1] - math.log(2)).max()
    stage.target("one layer: loss, off ln 2 by", distance, at_most=1e-6, unit="")
    stage.target("8 hidden units: solved", 100 * eight.solved.mean(), at_least=100)
    stuck = float(100 * (~two.solved).mean())
    stage.metric("2 hidden units: stuck", stuck, "%")
    stage.say(
        f"2 hidden units would be enough, yet [bold]{stuck:.0f} %[/] of the networks are stuck, "
        "most with a loss of ln 2 / 2: two points learnt, and the other two at 50:50."
    )
    stage.plot(as_text(eight, two))
    stage.picture(draw(tables, one, eight, two), "xor.png", "lines, and how they are bent")


# ----------------------------------------------------------------------------- what a line can do


def half_planes():
    """Every way in which a line can divide the four corners: truth table -> (direction, place).

    Seen along a direction the corners stand in an order, and a line across that direction cuts the
    order in two. The order changes only where two of them tie, at multiples of 45 degrees. So eight
    directions, one between each two of those, and five cuts across each are all there are.
    """
    tables = {}
    for eighth in range(8):
        angle = (eighth + 0.5) * math.pi / 4
        direction = torch.tensor([math.cos(angle), math.sin(angle)])
        places = torch.tensor(CORNERS) @ direction  # (4,)
        for cut in [-1.6, *(places + 0.4).tolist()]:  # before all of them, and behind each
            table = (places > cut).float().tolist()
            tables[tuple(table)] = direction.tolist(), cut
    return tables


# ------------------------------------------------------------------------------------ the networks


class Linears(nn.Module):
    """A hundred linear layers side by side, each with weights of its own.

    (4, in_features) or (100, 4, in_features) -> (100, 4, out_features)
    """

    def __init__(self, in_features, out_features):
        super().__init__()
        bound = math.sqrt(6 / (in_features + out_features))  # Glorot and Bengio, 2010
        weight = (2 * torch.rand(NETWORKS, in_features, out_features) - 1) * bound
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(NETWORKS, 1, out_features))

    def forward(self, x):
        return x @ self.weight + self.bias


def cross_entropy(logits, targets):
    """The loss of each network: (100, 4, 1) and (4, 1) -> (100,)."""
    targets = targets.expand(logits.shape)
    loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return loss.mean(dim=(1, 2))


class Trained(NamedTuple):
    """A hundred networks after training, and how they came there."""

    model: nn.Module
    losses: np.ndarray  # (STEPS, 100)
    right: np.ndarray  # (STEPS, 100): how many of the four points were answered right

    @property
    def solved(self):
        return self.right[-1] == 4

    @property
    def stuck(self):
        """The number of a network that stayed at a loss of ln 2 / 2; 0 if there is none."""
        return int(np.argmax(abs(self.losses[-1] - math.log(2) / 2) < 0.02))


class Watch(Callback):
    """Notes the loss of each network, and how many of its four answers are right, at every step."""

    def __init__(self, bar):
        self.bar, self.losses, self.right = bar, [], []

    def on_step_end(self, trainer):
        points, targets = trainer.data.dataset.tensors
        with torch.no_grad():
            logits = trainer.model(points)
            right = ((logits > 0) == (targets > 0)).sum(dim=(1, 2))
        self.losses.append(cross_entropy(logits, targets).numpy())
        self.right.append(right.numpy())
        self.bar.advance(1, loss=trainer.loss / NETWORKS, solved=int((right == 4).sum()))


def train(model, bar):
    """Train all networks of `model` on the four points at once, by gradient descent."""
    data = TensorDataset(torch.tensor(CORNERS), torch.tensor(XOR).unsqueeze(1))  # (4, 2), (4, 1)
    watch = Watch(bar)
    trainer = Trainer(
        model,
        lambda logits, targets: cross_entropy(logits, targets).sum(),  # each sees its own gradient
        torch.optim.SGD(model.parameters(), lr=1.0),
        callbacks=[watch],
    )
    trainer.fit(DataLoader(data, batch_size=4), epochs=STEPS)
    return Trained(model, np.array(watch.losses), np.array(watch.right))


# ------------------------------------------------------------------------------------- the picture


def answer(model, number, places):
    """What network `number` answers at `places` (N, 2): N probabilities of true."""
    with torch.no_grad():
        logits = model(torch.from_numpy(np.array(places, np.float32)))[number]  # (N, 1)
    return torch.sigmoid(logits).numpy()[:, 0]


def answers(model, number, side):
    """What it answers everywhere in the square: (len(side), len(side)), the first row below."""
    places = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    return answer(model, number, places).reshape(len(side), len(side))


def as_text(eight, two):
    """Where a network that solves it and one that is stuck say true, for a terminal."""
    side = np.linspace(-1.9, 1.9, 14)
    images = [answers(eight.model, 0, side)[::-1], answers(two.model, two.stuck, side)[::-1]]
    return digits_row(images, ["8 units, bent", "2 units, stuck"])


def draw(tables, one, eight, two):
    """All sixteen truth tables, what three networks answer in the whole square, and the losses."""
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=(11, 6.2), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    top, bottom = figure.subfigures(2, 1, height_ratios=[1, 1.25])
    top.suptitle(f"One line can draw {len(tables)} of the 16 truth tables")
    for number, axes in enumerate(top.subplots(2, 8).flat):
        table = tuple(float(number >> bit & 1) for bit in (3, 2, 1, 0))
        corners(axes, table, size=40)
        if table in tables:
            (x, y), cut = tables[table]
            axes.axline((x * cut, y * cut), (x * cut - y, y * cut + x), color="black", lw=1.2)
            axes.spines[:].set_color("lightgrey")
        else:
            axes.set_xlabel("no line")
            axes.spines[:].set_linewidth(2)
    panels = bottom.subplots(1, 4)
    draw_answers(panels[0], one.model, 0, "one layer: undecided")
    draw_answers(panels[1], eight.model, 0, "8 hidden units")
    draw_answers(panels[2], two.model, two.stuck, "2 hidden units, stuck")
    loss_curves(panels[3], two)
    return figure


def corners(axes, table, size):
    """The four points: a blue disc where the table says true, an orange triangle where false."""
    for point, value in zip(CORNERS, table, strict=True):
        colour, mark = (BLUE, "o") if value else (ORANGE, "^")
        axes.scatter(*point, s=size, c=colour, marker=mark, edgecolors="white", zorder=3)
    axes.set(xlim=(-1.9, 1.9), ylim=(-1.9, 1.9), xticks=[], yticks=[], aspect="equal")


def draw_answers(axes, model, number, title):
    """What a network answers everywhere in the square, and where it is undecided."""
    from matplotlib.colors import LinearSegmentedColormap

    side = np.linspace(-1.9, 1.9, 81)
    yes = answers(model, number, side)
    colours = LinearSegmentedColormap.from_list("answers", [ORANGE, "white", BLUE])
    square = {"origin": "lower", "extent": (-1.9, 1.9, -1.9, 1.9), "interpolation": "bilinear"}
    axes.imshow(yes, cmap=colours, vmin=0, vmax=1, alpha=0.55, **square)
    if np.ptp(yes) > 0.01:
        axes.contour(side, side, yes, levels=[0.5], colors="black", linewidths=2)
    corners(axes, XOR, size=110)
    for (x, y), p in zip(CORNERS, answer(model, number, CORNERS), strict=True):
        paper = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1}
        axes.text(x, y - 0.5, f"{p:.2f}", ha="center", va="center", bbox=paper)
    axes.set_title(title)


def loss_curves(axes, two):
    """The losses of the networks with two hidden units: those that solve it, and those stuck."""
    steps = range(1, len(two.losses) + 1)
    for solved, colour, label in ((True, BLUE, "solved"), (False, ORANGE, "stuck")):
        losses = two.losses[:, two.solved == solved]
        axes.semilogx(steps, losses, color=colour, lw=0.7, alpha=0.6)
        axes.plot([], color=colour, label=f"{losses.shape[1]} {label}")
    for level in (math.log(2), math.log(2) / 2):
        axes.axhline(level, color="black", ls=":", lw=1)
    axes.text(STEPS, math.log(2) + 0.01, "ln 2", ha="right")
    axes.text(1, math.log(2) / 2 - 0.02, "ln 2 / 2", va="top")
    axes.set(xlabel="step (logarithmic)", ylim=(0, 1), box_aspect=1)
    axes.set_title("2 hidden units: loss")
    axes.legend(loc="lower left", frameon=False)
