"""Data sets: images and texts to learn from, fetched with their digests checked, or embedded.

`DATASETS` lists them by name, with files, sizes, digests, sources and licences; the loaders find
them below `data_root()`, which is `$TINYTORCH_DATA` or the user's cache folder.
"""

from tinytorch.datasets.cifar import CIFAR10, CIFAR10_FILES
from tinytorch.datasets.digits import DIGITS_FILES, Digits, load_digits
from tinytorch.datasets.download import Check, Collection, DataError, NetworkError, data_root
from tinytorch.datasets.idx import FASHION_MNIST, MNIST, MNIST_FILES, FashionMNIST, read_idx
from tinytorch.datasets.images import ImageDataset
from tinytorch.datasets.text import (
    TEXTS,
    TINY_SHAKESPEARE,
    Question,
    load_corpus,
    load_questions,
    load_tinyshakespeare,
)

__all__ = [
    "CIFAR10", "DATASETS", "MNIST", "Check", "Collection", "DataError", "Digits", "FashionMNIST",
    "ImageDataset", "NetworkError", "Question", "data_root", "load_corpus", "load_digits",
    "load_questions", "load_tinyshakespeare", "read_idx",
]  # fmt: skip

COLLECTIONS = (
    DIGITS_FILES, TEXTS, MNIST_FILES, FASHION_MNIST, CIFAR10_FILES, TINY_SHAKESPEARE,
)  # fmt: skip
DATASETS: dict[str, Collection] = {collection.name: collection for collection in COLLECTIONS}
