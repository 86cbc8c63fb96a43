"""What the image sets have in common: bytes in memory, floats on demand, a batch in one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinytorch.core.dataloader import Dataset, default_collate
from tinytorch.core.tensor import Tensor

__all__ = ["ImageDataset"]


class ImageDataset(Dataset):
    """Images with labels; sample i is (image, label): a float32 (C, H, W) in 0 to 1, and an int.

    Args:
        images: (N, C, H, W) bytes.
        labels: (N,) class numbers.
        transform: a function of an image. One with the attribute `takes_batches`, as those of
            `core.dataloader` have, gets a whole batch at once from a DataLoader, which is faster.
        target_transform: a function of a label.
        white: the byte that stands for 1.0.
    """

    classes: tuple[str, ...] = ()

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        transform: Callable[[Tensor], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
        white: int = 255,
    ):
        self.images, self.labels = images, labels.astype(np.int64)
        self.transform, self.target_transform, self.white = transform, target_transform, white

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, label = self._floats(self.images[index]), int(self.labels[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label

    def gather(self, indices: Sequence[int]) -> Any:
        """The batch of the samples `indices`: in one step, unless a transform takes single ones."""
        batched = self.transform is None or getattr(self.transform, "takes_batches", False)
        if not batched or self.target_transform is not None:
            return default_collate([self[i] for i in indices])
        rows = np.asarray(indices, dtype=np.intp)
        images = self._floats(self.images[rows])  # (B, C, H, W)
        return [
            images if self.transform is None else self.transform(images),
            Tensor(self.labels[rows]),
        ]

    def tensors(self) -> tuple[Tensor, Tensor]:
        """All images (N, C, H, W) as float32 in 0 to 1, and all labels (N,) as int64.

        Without the transforms: they are for samples and batches.
        """
        return self._floats(self.images), Tensor(self.labels)

    def _floats(self, images: np.ndarray) -> Tensor:
        return Tensor(np.divide(images, np.float32(self.white), dtype=np.float32))
