"""The handwritten digits that come with this package: 1,797 images of 8x8, no network needed.

They lie in the order in which they were collected from 13 people. A split by position ("tail")
tests with hands that the training part hardly shows, and is harder than a random one by several
points of accuracy: a result on these digits must name its split.

Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
Repository, 1998; the part for testing. Licence: CC BY 4.0.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.core.tensor import Tensor
from tinytorch.datasets.download import RemoteFile
from tinytorch.datasets.embedded import EMBEDDED, EmbeddedCollection
from tinytorch.datasets.images import ImageDataset

__all__ = ["DIGITS_FILES", "Digits", "digit_arrays", "load_digits"]


@functools.cache
def digit_arrays() -> tuple[np.ndarray, np.ndarray]:
    """All images (1797, 8, 8), bytes of 0 (paper) to 16 (ink), and labels (1797,), read-only.

    >>> images, labels = digit_arrays()
    >>> images.shape, labels[:10].tolist()
    ((1797, 8, 8), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    with np.load(EMBEDDED / "digits.npz", allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]
    images.flags.writeable = labels.flags.writeable = False
    return images, labels


def split_rows(split: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers to train on (1,437) and to test with (360)."""
    n = len(digit_arrays()[1])
    if split not in ("random", "tail"):
        raise ValueError(
            f"digits: split is {split!r}, expected 'random' (80/20 at random) or 'tail' (the first "
            "80 % to train on, the last 20 % to test with)"
        )
    order = np.random.default_rng(seed).permutation(n) if split == "random" else np.arange(n)
    return order[: n * 8 // 10], order[n * 8 // 10 :]


class Digits(ImageDataset):
    """Handwritten digits, (1, 8, 8) in 0 to 1, ten classes; nothing is downloaded.

    Args:
        train: the part to train on (1,437), the one to test with (360), or None for all 1,797 in
            the order of collection.
        split: "random", 80/20 at random by `seed`, or "tail", first 80 % and last 20 %.
        transform, target_transform: functions of an image and of a label.

    >>> image, label = Digits(train=None)[3]
    >>> image.shape, label
    ((1, 8, 8), 3)
    """

    classes = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

    def __init__(
        self,
        train: bool | None = True,
        split: str = "random",
        seed: int = 0,
        transform: Callable[[Tensor], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
    ):
        images, labels = digit_arrays()
        self.train, self.split = train, split
        if train is not None:
            rows = split_rows(split, seed)[0 if train else 1]
            images, labels = images[rows], labels[rows]
        super().__init__(images[:, None], labels, transform, target_transform, white=16)

    @property
    def data(self) -> Tensor:
        """The images as bytes of 0 to 16, (N, 8, 8)."""
        return Tensor(self.images[:, 0])

    @property
    def targets(self) -> Tensor:
        """The labels, (N,) int64."""
        return Tensor(self.labels)


def load_digits(split: str = "random", seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images (1437, 1, 8, 8), their labels, test images (360, 1, 8, 8), their labels.

    Args:
        split: "random", 80/20 at random by `seed`, or "tail", first 80 % and last 20 %.
    Raises: ValueError for another split.

    >>> [t.shape for t in load_digits("tail")]
    [(1437, 1, 8, 8), (1437,), (360, 1, 8, 8), (360,)]
    """
    train, test = (Digits(part, split, seed) for part in (True, False))
    return *train.tensors(), *test.tensors()


DIGITS_FILES = EmbeddedCollection(
    name="digits",
    title="UCI digits: 1,797 handwritten digits, 8x8 (comes with the package)",
    folders=("",),
    files=(
        RemoteFile(
            "digits.npz",
            44_656,
            "0aa6166fb343499086819fa45ff9fbc1068df96dfd2c504e9c7c732db02344b9",
            (),
        ),
    ),
    licence="CC BY 4.0, E. Alpaydin and C. Kaynak",
    source="UCI Machine Learning Repository, Optical Recognition of Handwritten Digits, 1998",
)
