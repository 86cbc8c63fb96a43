"""Optimizers and learning-rate schedules, under PyTorch's names."""

from tinytorch.breadth.optimizers import Adagrad
from tinytorch.core.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from tinytorch.optim import lr_scheduler

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
