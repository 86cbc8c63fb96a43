"""XOR with a hidden layer, by hand-written gradient descent on `.data`, in plain PyTorch idiom."""

import torch
from torch import nn


def build():
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    for module in model:
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    return model


def table():
    x = torch.tensor([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    return x, torch.tensor([[0.0], [1.0], [1.0], [0.0]])


def first_step(model):
    x, y = table()
    logits = model(x)
    return logits, nn.BCEWithLogitsLoss()(logits, y)


def train(model, steps=50):
    x, y = table()
    criterion = nn.BCEWithLogitsLoss()
    losses = []
    for _ in range(steps):
        loss = criterion(model(x), y)
        model.zero_grad()
        loss.backward()
        for param in model.parameters():
            param.data -= 1.0 * param.grad
        losses.append(loss.item())
    with torch.no_grad():
        accuracy = ((torch.sigmoid(model(x)) > 0.5).float() == y).float().mean().item()
    return losses, accuracy
