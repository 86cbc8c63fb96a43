"""A reader of digits that learns from a box of scanned pictures.

The story: Ada looks at the samples one by one, and each picture is what its label says. Ben goes
through the box batch by batch, from front to back, and the reader gets nine digits in ten right.
Cem does what everybody does for training, he sets `shuffle=True`, and the reader is right in one of
ten: the ten mean pictures look alike. Nobody touched the reader.

The pictures lie in a box that is quickest to read from front to back, so a batch is read in that
order, whatever the order in which its samples are asked for.
"""

from collections.abc import Sequence

import numpy as np

import tinytorch as torch
from tinytorch import Tensor
from tinytorch.utils.data import DataLoader, Dataset


def read_batch(pictures: np.ndarray, labels: np.ndarray, numbers: Sequence[int]) -> list[Tensor]:
    """The batch of the samples `numbers`, in that order, read from the box from front to back.

    Args:
        pictures: (N, D), bytes; labels: (N,).
        numbers: which samples, in any order; a number may come twice.
    Returns: the pictures as float32 in 0 to 1, (B, D), and their labels, (B,).
    """
    rows = np.asarray(numbers)
    way = np.sort(rows)  # from front to back
    read = (pictures[way] / 16).astype(np.float32)
    return [Tensor(read), Tensor(labels[rows])]


class Box(Dataset):
    """Scanned pictures with their labels."""

    def __init__(self, pictures: np.ndarray, labels: np.ndarray):
        self.pictures, self.labels = pictures, labels

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return Tensor((self.pictures[index] / 16).astype(np.float32)), int(self.labels[index])

    def gather(self, indices: Sequence[int]) -> list[Tensor]:
        return read_batch(self.pictures, self.labels, indices)


def mean_pictures(loader: DataLoader, classes: int, size: int) -> Tensor:
    """The mean of the pictures of each class, (classes, size), in one pass over the loader."""
    total, count = np.zeros((classes, size)), np.zeros((classes, 1))
    for pictures, labels in loader:
        np.add.at(total, labels.numpy(), pictures.numpy())
        np.add.at(count, labels.numpy(), 1)
    return torch.tensor((total / count).astype(np.float32))
