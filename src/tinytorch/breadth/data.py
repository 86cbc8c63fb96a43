"""More ways to order, join and read samples: rarer samplers, concatenation, arrays as images."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from tinytorch.breadth.loading import positive
from tinytorch.core.dataloader import Dataset, Sampler, stream
from tinytorch.core.tensor import Generator, Tensor

__all__ = ["ConcatDataset", "SubsetRandomSampler", "ToTensor", "WeightedRandomSampler"]


class ConcatDataset(Dataset):
    """The samples of several datasets, one set after the other.

    Raises: AssertionError for no datasets, IndexError for an index out of range.

    >>> joined = ConcatDataset(["abc", "de"])
    >>> len(joined), joined[3], joined[-1]
    (5, 'd', 'e')
    """

    def __init__(self, datasets: Iterable[Any]):
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("ConcatDataset: got no datasets, expected at least one")
        self.cumulative_sizes = list(itertools.accumulate(map(len, self.datasets)))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(
                f"ConcatDataset: the index is {index}, expected {-len(self)} to {len(self) - 1}: "
                f"there are {len(self)} samples."
            )
        index %= len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        start = self.cumulative_sizes[which] - len(self.datasets[which])
        return self.datasets[which][index - start]


class SubsetRandomSampler(Sampler):
    """The numbers in `indices`, in a new random order each time.

    >>> sorted(SubsetRandomSampler([7, 3, 5]))
    [3, 5, 7]
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None):
        self.indices, self.generator = indices, generator

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[int]:
        for i in stream(self.generator).rng.permutation(len(self.indices)).tolist():
            yield self.indices[i]


class WeightedRandomSampler(Sampler):
    """`num_samples` numbers from 0 to N - 1, each as likely as its weight among `weights`.

    Args:
        weights: N numbers of at least 0; they need not add up to 1.
        replacement: whether a number can come more than once.
    Raises: ValueError for a wrong argument, RuntimeError for weights that allow no drawing.

    >>> list(WeightedRandomSampler([0.0, 2.0, 0.0], num_samples=3))
    [1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ):
        self.weights = np.asarray(weights, dtype=np.float64)
        if self.weights.ndim != 1 or not isinstance(replacement, bool):
            raise ValueError(
                f"WeightedRandomSampler: got weights of shape {self.weights.shape} and replacement="
                f"{replacement!r}, expected one row of numbers, and True or False"
            )
        self.num_samples = positive("num_samples", num_samples)
        drawable = int((self.weights > 0).sum())
        wanted = 1 if replacement else self.num_samples
        if not (self.weights >= 0).all() or drawable < wanted:
            raise RuntimeError(
                f"WeightedRandomSampler: {drawable} of {len(self.weights)} weights are above 0 and "
                f"{int((self.weights < 0).sum())} below; expected at least {wanted} above, and "
                "none below. Draw fewer, or with replacement=True."
            )
        self.replacement, self.generator = replacement, generator

    def __len__(self) -> int:
        return self.num_samples

    def __iter__(self) -> Iterator[int]:
        chances = self.weights / self.weights.sum()
        rng, n = stream(self.generator).rng, len(chances)
        yield from rng.choice(n, self.num_samples, self.replacement, chances).tolist()


class ToTensor:
    """An image array (H, W) or (H, W, C) as a Tensor (C, H, W): bytes become float32 in 0 to 1.

    The images of `tinytorch.datasets` are Tensors already, and pass unchanged.

    >>> ToTensor()(np.full((2, 2, 3), 255, np.uint8)).shape
    (3, 2, 2)
    """

    takes_batches = True

    def __call__(self, image: Any) -> Tensor:
        if isinstance(image, Tensor):
            return image
        pixels = np.asarray(image)
        if pixels.ndim not in (2, 3):
            raise ValueError(
                f"ToTensor: got an image of shape {pixels.shape}, expected (H, W) or (H, W, C)"
            )
        pixels = np.atleast_3d(pixels).transpose(2, 0, 1)  # (C, H, W)
        if pixels.dtype == np.uint8:
            return Tensor(np.divide(pixels, np.float32(255), dtype=np.float32))
        return Tensor(np.ascontiguousarray(pixels))
