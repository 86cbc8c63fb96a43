"""MNIST's format and its two sets, from small files; and the real ones where they are."""

import gzip
import os
import struct

import numpy as np
import pytest

from tinytorch.core.dataloader import Compose, DataLoader, Normalize, RandomCrop
from tinytorch.core.tensor import Tensor
from tinytorch.datasets import DATASETS, MNIST, DataError, FashionMNIST, NetworkError, read_idx

CODES = {"u1": 0x08, "i1": 0x09, ">i2": 0x0B, ">i4": 0x0C, ">f4": 0x0D, ">f8": 0x0E}


def idx(array, code=0x08):
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


@pytest.fixture
def root(tmp_path):
    """A root with MNIST of 30 and 20 images: one half compressed, the other not."""
    folder, rng = tmp_path / "mnist", np.random.default_rng(0)
    folder.mkdir()
    for part, n in (("train", 30), ("t10k", 20)):
        images = idx(rng.integers(0, 256, (n, 28, 28), np.uint8))
        labels = idx(np.arange(n, dtype=np.uint8) % 10)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    return tmp_path


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_array_of_every_type_is_read_back(tmp_path, dtype, pack):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    (tmp_path / "file").write_bytes(pack(idx(array, CODES[dtype])))
    read = read_idx(tmp_path / "file")
    assert read.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(read, array)


GOOD = idx(np.zeros((3, 4), np.uint8))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "begins with the bytes"),
        (b"<!DOCTYPE html>", "3c 21 44 4f"),
        (b"\0\0\x07\x01" + GOOD[4:], "00 00 07 01"),
        (b"\0\0\x08\x00", "00 00 08 00"),
        (GOOD[:6], "announces an array"),
        (GOOD[:-1], r"shape \(3, 4\), 12 bytes .* and 11 or more follow"),
        (GOOD + b"x", r"shape \(3, 4\), 12 bytes .* and 13 or more follow"),
        (gzip.compress(GOOD, mtime=0)[:-9], "is damaged"),
        (gzip.compress(GOOD, mtime=0)[:-4] + b"xxxx", "is damaged"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "at most 268,435,456 are read"),
    ],
)
def test_a_file_that_is_not_right_is_refused_with_its_name(tmp_path, data, words):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(DataError, match=words) as caught:
        read_idx(tmp_path / "file")
    assert str(tmp_path / "file") in str(caught.value)


def test_more_than_the_header_announces_is_not_unpacked(tmp_path):
    bomb = gzip.compress(GOOD + bytes(30_000_000), 1)
    (tmp_path / "file").write_bytes(bomb)
    with pytest.raises(DataError, match="13 or more follow"):
        read_idx(tmp_path / "file")


def test_a_sample_is_a_float_image_with_one_channel_and_an_int(root):
    train, test = MNIST(root), MNIST(root, train=False)
    assert (len(train), len(test)) == (30, 20)
    image, label = train[13]
    assert isinstance(image, Tensor)
    assert (image.shape, image.dtype) == ((1, 28, 28), np.float32)
    assert (type(label), label) == (int, 3)
    np.testing.assert_array_equal(image.array[0], train.data.array[13] / np.float32(255))
    assert (train.data.shape, train.data.dtype) == ((30, 28, 28), np.uint8)
    assert train.targets.tolist()[:12] == [*range(10), 0, 1]


def test_all_images_at_once_are_the_samples(root):
    train = MNIST(root)
    images, labels = train.tensors()
    assert (images.dtype, labels.dtype) == (np.float32, np.int64)
    np.testing.assert_array_equal(images.array, np.stack([image.array for image, _ in train]))
    assert labels.tolist() == [label for _, label in train]


@pytest.mark.parametrize(
    ("transform", "target_transform"),
    [
        (None, None),
        (Normalize([0.1307], [0.3081]), None),
        (lambda image: image - image.mean(), None),
        (None, lambda label: -label),
    ],
)
def test_a_loader_gives_the_samples_whatever_way_it_takes(root, transform, target_transform):
    train = MNIST(root, True, transform, target_transform)
    start = 0
    for images, labels in DataLoader(train, 7):
        samples = [train[i] for i in range(start, start + len(labels))]
        np.testing.assert_array_equal(images.array, np.stack([image.array for image, _ in samples]))
        assert labels.tolist() == [label for _, label in samples]
        start += len(labels)
    assert start == 30


def test_a_transform_that_takes_batches_is_called_once_per_batch(root):
    shapes = []

    class Watch:
        takes_batches = True

        def __call__(self, images):
            shapes.append(images.shape)
            return images

    train = MNIST(root, transform=Compose([Watch(), RandomCrop(24)]))
    images, _ = next(iter(DataLoader(train, 8)))
    assert images.shape == (8, 1, 24, 24)
    assert shapes == [(8, 1, 28, 28)]


def test_torchvisions_folders_are_found_too(root, tmp_path):
    (tmp_path / "MNIST").mkdir()
    (root / "mnist").rename(tmp_path / "MNIST" / "raw")
    assert len(MNIST(tmp_path)) == 30


def test_the_variable_names_the_root(root, monkeypatch):
    monkeypatch.setenv("TINYTORCH_DATA", str(root))
    assert len(MNIST()) == 30


def test_one_half_is_enough_for_that_half(root):
    (root / "mnist" / "t10k-labels-idx1-ubyte").unlink()
    assert len(MNIST(root)) == 30
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz"):
        MNIST(root, train=False)


def test_another_set_in_the_same_format_is_refused_with_its_shapes(root):
    for labels, words in (
        (np.zeros(31, np.uint8), r"images \(30, 28, 28\) and labels \(31,\) up to 0"),
        (np.arange(30, dtype=np.uint8), r"images \(30, 28, 28\) and labels \(30,\) up to 29"),
    ):
        (root / "mnist" / "train-labels-idx1-ubyte").write_bytes(idx(labels))
        with pytest.raises(DataError, match=words):
            MNIST(root)


def test_missing_files_are_fetched_when_asked_for(tmp_path, monkeypatch, server):
    packed = {
        f"{part}-{kind}-ubyte.gz": gzip.compress(idx(array))
        for part in ("train", "t10k")
        for kind, array in (
            ("images-idx3", np.zeros((2, 28, 28), np.uint8)),
            ("labels-idx1", np.ones(2, np.uint8)),
        )
    }
    files = tuple(server.publish(name, data) for name, data in packed.items())
    small = FashionMNIST.collection().__class__("small", "", ("small",), files, "", "")
    monkeypatch.setattr(FashionMNIST, "collection", staticmethod(lambda: small))
    with pytest.raises(DataError, match="tito data fetch small"):
        FashionMNIST(tmp_path)
    seen = []
    train = FashionMNIST(tmp_path, download=True, progress=lambda done, total: seen.append(done))
    assert train[1][1] == 1
    assert FashionMNIST.classes[train[1][1]] == "Trouser"
    assert seen[-1] == small.size
    server.files.clear()
    (tmp_path / "small" / files[0].name).unlink()
    with pytest.raises(NetworkError, match="404"):
        FashionMNIST(tmp_path, download=True)


def test_the_real_files_are_the_published_ones():
    if not os.environ.get("TINYTORCH_DATA") or DATASETS["mnist"].missing():
        pytest.skip("TINYTORCH_DATA names no folder with MNIST")
    assert [check.status for check in DATASETS["mnist"].verify()] == ["ok"] * 4
    train, test = MNIST(), MNIST(train=False)
    assert np.bincount(train.labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949
    ]  # fmt: skip
    assert (len(train), len(test)) == (60_000, 10_000)
    assert round(train.images.mean() / 255, 4) == 0.1307
