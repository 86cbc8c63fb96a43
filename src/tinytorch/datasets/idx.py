"""MNIST and Fashion-MNIST, and the IDX format in which they were published.

An IDX file begins with two zero bytes, the code of its type and the number of dimensions; then come
the sizes as big-endian 32-bit numbers, then the values.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
recognition", 1998; Xiao, Rasul and Vollgraf, "Fashion-MNIST", 2017.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch.core.tensor import Tensor
from tinytorch.datasets.download import Collection, DataError, Progress, RemoteFile, content
from tinytorch.datasets.images import ImageDataset

__all__ = ["FASHION_MNIST", "MNIST", "MNIST_FILES", "FashionMNIST", "read_idx"]

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
LIMIT = 1 << 28  # bytes of an array: no header may ask for more memory than this


def read_idx(path: str | os.PathLike) -> np.ndarray:
    """The array in an IDX file, which may be compressed with gzip.

    Raises: DataError for a file that is no IDX file, or is too short or too long for its header.
    """
    path = Path(path)
    with content(path) as file:
        head = file.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in TYPES or not 1 <= head[3] <= 4:
            raise DataError(
                f"{path} begins with the bytes {head.hex(' ')}, expected those of an IDX file: 00 "
                "00, a type, a number of dimensions. Delete it, and fetch the data again."
            )
        dtype, sizes = np.dtype(TYPES[head[2]]), file.read(4 * head[3])
        shape = struct.unpack(f">{len(sizes) // 4}I", sizes[: len(sizes) // 4 * 4])
        expected = math.prod(shape) * dtype.itemsize
        values = file.read(expected + 1) if expected <= LIMIT else b""
    if len(shape) != head[3] or len(values) != expected:
        raise DataError(
            f"{path} announces an array of shape {shape}, {expected:,} bytes (at most {LIMIT:,} "
            f"are read), and {len(values):,} or more follow. Delete it, and fetch the data again."
        )
    return np.frombuffer(values, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


class MNIST(ImageDataset):
    """Handwritten digits: 60,000 to train on and 10,000 to test with, 28x28, ten classes.

    Args:
        root: the folder with the data; `data_root()` unless given.
        train: the training images, or those for the test.
        transform, target_transform: functions of an image (1, 28, 28) and of a label.
        download: fetch the files that are missing.
        progress: called with (bytes done, bytes in total) during a download.
    Raises: DataError when files are missing or damaged, NetworkError when they cannot be fetched.
    """

    classes = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

    def __init__(
        self,
        root: str | os.PathLike | None = None,
        train: bool = True,
        transform: Callable[[Tensor], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
        download: bool = False,
        progress: Progress | None = None,
    ):
        self.train, published = train, self.collection()
        part = "train" if train else "t10k"
        names = [f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz"]
        paths = published.require(names, root, download, progress)
        images, labels = map(read_idx, paths)
        if (
            images.shape[1:] != (28, 28)
            or labels.shape != images.shape[:1]
            or labels.max(initial=0) > 9
        ):
            raise DataError(
                f"{paths[0]}: got images {images.shape} and labels {labels.shape} up to "
                f"{labels.max(initial=0)}, expected (N, 28, 28) and (N,) of 0 to 9. Is it another "
                "set in the same format?"
            )
        super().__init__(images[:, None], labels, transform, target_transform)  # (N, 1, 28, 28)

    @staticmethod
    def collection() -> Collection:
        """Where the files come from."""
        return MNIST_FILES

    @property
    def data(self) -> Tensor:
        """The images as they were published: bytes, (N, 28, 28)."""
        return Tensor(self.images[:, 0])

    @property
    def targets(self) -> Tensor:
        """The labels, (N,) int64."""
        return Tensor(self.labels)


class FashionMNIST(MNIST):
    """Articles of clothing in the format of MNIST: 60,000 and 10,000 images, 28x28, ten classes."""

    classes = (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot",
    )  # fmt: skip

    @staticmethod
    def collection() -> Collection:
        """Where the files come from."""
        return FASHION_MNIST


def four_files(mirrors: tuple[str, ...], facts: dict[str, tuple]) -> tuple[RemoteFile, ...]:
    """The four IDX files of a set: size and SHA-256 as published, then of the content if known."""
    return tuple(
        RemoteFile(name, size, sha256, tuple(f"{mirror}/{name}" for mirror in mirrors), *unpacked)
        for name, (size, sha256, *unpacked) in facts.items()
    )


MNIST_FILES = Collection(
    name="mnist",
    title="MNIST: 70,000 handwritten digits, 28x28",
    folders=("mnist", "MNIST/raw"),
    # The digests of the contents were computed from the published bytes.
    files=four_files(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist",
            "https://storage.googleapis.com/cvdf-datasets/mnist",
        ),
        {
            "train-images-idx3-ubyte.gz": (
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                47_040_016,
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            "train-labels-idx1-ubyte.gz": (
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                60_008,
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            "t10k-images-idx3-ubyte.gz": (
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                7_840_016,
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            "t10k-labels-idx1-ubyte.gz": (
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                10_008,
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        },
    ),
    licence="CC BY-SA 3.0, Y. LeCun and C. Cortes; derived from NIST Special Databases 1 and 3",
    source="LeCun, Bottou, Bengio and Haffner, 1998",
)

FASHION_MNIST = Collection(
    name="fashion-mnist",
    title="Fashion-MNIST: 70,000 articles of clothing, 28x28",
    folders=("fashion-mnist", "FashionMNIST/raw"),
    files=four_files(
        (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        ),
        {
            "train-images-idx3-ubyte.gz": (
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            "train-labels-idx1-ubyte.gz": (
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            "t10k-images-idx3-ubyte.gz": (
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            "t10k-labels-idx1-ubyte.gz": (
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        },
    ),
    licence="MIT, Zalando SE",
    source="Xiao, Rasul and Vollgraf, 2017",
)
