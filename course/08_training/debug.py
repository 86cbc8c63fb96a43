"""A program that reads digits, and two reports about it.

First report: "I trained it for ten epochs, and the loss is 2.3134 after each of them, the same to
the last digit. Learning rate up, learning rate down: no change." Second report, by somebody who had
mended that: "After 25 epochs it reads 99.8 % of the test images. Of new digits, which I prepared in
the same way, it reads 98.4 %. What is wrong with my digits?" Nothing is.

There is one fault behind each report. Find both.
"""

import tinytorch as torch
from tinytorch import nn
from tinytorch.datasets import load_digits


def split(count: int, share: float, seed: int) -> tuple[list[int], list[int]]:
    """The numbers 0 to count - 1, shuffled, in two lists: for training, `share` for the test."""
    torch.manual_seed(seed)
    order = torch.randperm(count).tolist()
    tested = int(count * share)
    return order[tested:], order[:tested]


def prepared(train: torch.Tensor, test: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Both sets of images, moved and scaled to mean 0 and spread 1 of the training images."""
    mean, spread = train.mean(), ((train - train.mean()) ** 2).mean().sqrt()
    return (train - mean) / spread, (test - mean) / spread


def step(model: nn.Module, images, labels, optimizer, loss_fn) -> float:
    """One update of the model's parameters from one batch; returns the loss before it."""
    optimizer.zero_grad()
    loss = loss_fn(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def train(epochs: int, seed: int) -> tuple[list[float], float]:
    """The mean loss of each epoch, and the part of the test images that is read correctly."""
    parts = load_digits("random", seed)
    images, labels = torch.cat([parts[0], parts[2]]), torch.cat([parts[1], parts[3]])
    mine, unseen = split(len(images), 0.25, seed)
    x, x_test = prepared(images[mine], images[unseen])
    y, y_test = labels[mine], labels[unseen]
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer, loss_fn = torch.optim.Adam(model.parameters(), lr=0.01), nn.CrossEntropyLoss()
    losses = []
    for _ in range(epochs):
        starts = range(0, len(x), 64)
        each = [step(model, x[i : i + 64], y[i : i + 64], optimizer, loss_fn) for i in starts]
        losses.append(sum(each) / len(each))
    with torch.no_grad():
        right = (model(x_test).argmax(dim=1) == y_test).sum().item()
    return losses, right / len(y_test)
