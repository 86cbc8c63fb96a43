"""A small convolutional network that tells noisy shapes apart, in plain PyTorch idiom."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, padding=2)
        self.conv2 = nn.Conv2d(8, 16, kernel_size=3, stride=1, padding="same")
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(16 * 4 * 4, 32)
        self.fc2 = nn.Linear(32, classes)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


def shapes(n=96, size=16):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, n)
    rows, columns = np.mgrid[:size, :size]
    pictures = rng.normal(0, 0.2, (n, 1, size, size))
    for picture, label in zip(pictures[:, 0], labels, strict=True):
        down, right = rows - rng.integers(5, 11), columns - rng.integers(5, 11)
        picture += [
            (abs(down) <= 3) & (abs(right) <= 3),
            abs(down**2 + right**2 - 11) <= 6,
            (abs(down) <= 1) | (abs(right) <= 1),
            abs(down - right) <= 1,
        ][label]
    return torch.from_numpy(pictures.astype(np.float32)), torch.from_numpy(labels)


def build():
    return Net()


def batches():
    return DataLoader(TensorDataset(*shapes()), batch_size=32, shuffle=False)


def first_step(model):
    inputs, labels = next(iter(batches()))
    outputs = model(inputs)
    return outputs, F.cross_entropy(outputs, labels)


def train(model, steps=50):
    loader = batches()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
    losses = []
    model.train()
    while len(losses) < steps:
        for inputs, labels in loader:
            optimizer.zero_grad()
            outputs = model(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for inputs, labels in loader:
            _, predicted = torch.max(model(inputs), 1)
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
    return losses[:steps], correct / total
