"""A classifier of points on two spirals, in plain PyTorch idiom."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Classifier(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(hidden, 3))

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return self.head(x)


def spirals(n=128):
    rng = np.random.default_rng(0)
    t = rng.uniform(0.5, 3.0, n)
    label = rng.integers(0, 3, n)
    angle = t * 2 + label * 2 * np.pi / 3
    points = np.stack([t * np.cos(angle), t * np.sin(angle)], axis=1) + rng.normal(0, 0.05, (n, 2))
    return torch.from_numpy(points.astype(np.float32)), torch.from_numpy(label.astype(np.int64))


def build():
    return Classifier()


def batches():
    return DataLoader(TensorDataset(*spirals()), batch_size=24, shuffle=False)


def first_step(model):
    points, labels = next(iter(batches()))
    logits = model(points)
    return logits, F.cross_entropy(logits, labels, label_smoothing=0.05)


def train(model, steps=50):
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = model.to(device)
    loader = batches()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.01)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
    losses = []
    while len(losses) < steps:
        for points, labels in loader:
            points, labels = points.to(device), labels.to(device)
            optimizer.zero_grad()
            logits = model(points)
            loss = criterion(logits, labels)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        points, labels = spirals()
        accuracy = (model(points).argmax(dim=1) == labels).float().mean().item()
    return losses[:steps], accuracy
