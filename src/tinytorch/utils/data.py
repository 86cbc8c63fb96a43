"""Datasets, samplers and the loader, under PyTorch's names."""

from tinytorch.breadth.data import ConcatDataset, SubsetRandomSampler, WeightedRandomSampler
from tinytorch.core.dataloader import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    default_collate,
    random_split,
)

__all__ = [
    "BatchSampler", "ConcatDataset", "DataLoader", "Dataset", "RandomSampler", "Sampler",
    "SequentialSampler", "Subset", "SubsetRandomSampler", "TensorDataset", "WeightedRandomSampler",
    "default_collate", "random_split",
]  # fmt: skip
