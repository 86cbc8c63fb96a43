"""CIFAR-10 from small files in both layouts, folders and archives; hostile archives are refused."""

import dataclasses
import gzip
import hashlib
import io
import os
import pickle
import tarfile

import numpy as np
import pytest

from tinytorch.core.dataloader import DataLoader
from tinytorch.datasets import CIFAR10, DATASETS, DataError, cifar
from tinytorch.datasets.cifar import BINARY, PICKLED, read_binary, read_pickled

N = 4  # images per file


def arrays(name):
    """The images and labels of the file `name`, each file with others."""
    seed = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"]
    rng = np.random.default_rng(([*seed, "test_batch"]).index(name.removesuffix(".bin")))
    return rng.integers(0, 256, (N, 3072), np.uint8), rng.integers(0, 10, N, np.uint8)


def binary(name):
    images, labels = arrays(name)
    return np.concatenate([labels[:, None], images], axis=1).tobytes()


def pickled(name):
    images, labels = arrays(name)
    batch = {b"batch_label": b"x", b"labels": labels.tolist(), b"data": images}
    return pickle.dumps(batch, protocol=2)


def files(layout):
    write = binary if layout is BINARY else pickled
    return {name: write(name) for name in [*layout.train, *layout.test]}


def archive(path, members, mode="w:gz"):
    """A tar file of (TarInfo or name, bytes)."""
    with tarfile.open(path, mode) as tar:
        for member, data in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            if info.isreg():
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def expected(layout, train):
    names = layout.train if train else layout.test
    parts = [arrays(name) for name in names]
    images = np.concatenate([images for images, _ in parts]).reshape(-1, 3, 32, 32)
    return images, np.concatenate([labels for _, labels in parts])


def lay_out(root, layout, form):
    root.mkdir(parents=True, exist_ok=True)
    if form == "folder":
        (root / layout.folder).mkdir()
        for name, data in files(layout).items():
            (root / layout.folder / name).write_bytes(data)
    else:
        members = [("readme.html", b"not ours")]
        members += [(f"{layout.folder}/{name}", data) for name, data in files(layout).items()]
        archive(root / layout.archive, members[::-1])


@pytest.mark.parametrize("layout", [BINARY, PICKLED])
@pytest.mark.parametrize("form", ["folder", "archive"])
@pytest.mark.parametrize("place", ["cifar10", ""])
def test_both_layouts_are_read_from_folders_and_archives(tmp_path, layout, form, place):
    lay_out(tmp_path / place, layout, form)
    for train in (True, False):
        data, (images, labels) = CIFAR10(tmp_path, train), expected(layout, train)
        np.testing.assert_array_equal(data.images, images)
        assert data.targets == labels.tolist()
        np.testing.assert_array_equal(data.data, images.transpose(0, 2, 3, 1))
        image, label = data[2]
        assert (image.shape, image.dtype) == ((3, 32, 32), np.float32)
        np.testing.assert_array_equal(image.array, images[2] / np.float32(255))
        assert data.classes[label] == CIFAR10.classes[labels[2]]


def test_a_loader_gives_batches_of_it(tmp_path):
    lay_out(tmp_path, BINARY, "folder")
    images, labels = next(iter(DataLoader(CIFAR10(tmp_path), 8)))
    np.testing.assert_array_equal(images.array * 255, expected(BINARY, True)[0][:8])
    assert labels.tolist() == expected(BINARY, True)[1][:8].tolist()


def test_pickles_of_python_2_are_read():
    images, labels = arrays("test_batch")
    text = b"U\x04"  # the operation for a short text, and its length
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
        b"(K\x01(K\x04M\x00\x0ctcnumpy\ndtype\n(U\x02u1K\x00K\x01tR"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + b"T\x00\x30\x00\x00"
        + images.tobytes()
        + b"tb"
    )
    numbers = b"".join(b"K" + bytes([label]) for label in labels)
    data = b"\x80\x02}(" + text + b"data" + array + b"U\x06labels](" + numbers + b"eu."
    read, read_labels = read_pickled(data, "a test")
    np.testing.assert_array_equal(read.reshape(N, -1), images)
    np.testing.assert_array_equal(read_labels, labels)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 bytes, expected a multiple of 3,073"),
        (bytes(3072), "3,072 bytes, expected a multiple of 3,073"),
        (b"\x0a" + bytes(3072), "the label 10, expected 0 to 9"),
    ],
)
def test_rows_that_cannot_be_are_refused(data, words):
    with pytest.raises(DataError, match=f"a test has .*{words}"):
        read_binary(data, "a test")


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ([1, 2], "holds a list"),
        ({b"labels": [1]}, "expected a dictionary with an array"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]}, r"\(2, 3072\) of uint8"),
        ({b"data": np.zeros((1, 3072), np.int16), b"labels": [1]}, r"\(1, 3072\) of int16"),
        ({b"data": np.zeros((1, 3072), np.uint8), b"labels": [-1]}, "expected 0 to 9"),
        ({b"data": np.zeros((1, 3072), np.uint8), b"labels": [b"x"]}, "labels"),
    ],
)
def test_batches_that_cannot_be_are_refused(batch, words):
    with pytest.raises(DataError, match=words):
        read_pickled(pickle.dumps(batch, 2), "a test")


# --------------------------------------------------------------------------- hostile archives


def linked(name, kind):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def hostile(root, members, mode="w:gz"):
    root.mkdir(exist_ok=True)
    archive(root / BINARY.archive, members, mode)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_a_link_in_the_place_of_a_file_is_refused(tmp_path, kind):
    hostile(tmp_path, [(linked(f"{BINARY.folder}/test_batch.bin", kind), b"")])
    with pytest.raises(DataError, match=r"test_batch\.bin is a link, or too large"):
        CIFAR10(tmp_path, train=False)


def test_members_that_point_out_of_the_folder_are_never_written(tmp_path):
    root = tmp_path / "root"
    good = [(f"{BINARY.folder}/{name}", data) for name, data in files(BINARY).items()]
    outside = [("../escaped", b"x"), ("/tmp/escaped", b"x"), (f"{BINARY.folder}/../../up", b"x")]
    hostile(root, outside + good)
    assert len(CIFAR10(root)) == 5 * N
    assert [path.name for path in tmp_path.rglob("*")] == ["root", BINARY.archive]


def test_a_member_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(cifar, "MEMBER_LIMIT", 10_000)
    hostile(tmp_path, [(f"{BINARY.folder}/test_batch.bin", bytes(12_292))])
    with pytest.raises(DataError, match="too large"):
        CIFAR10(tmp_path, train=False)


def test_an_archive_that_unpacks_without_end_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(cifar, "ARCHIVE_LIMIT", 1_000_000)
    hostile(tmp_path, [("padding", bytes(50_000_000)), (f"{BINARY.folder}/test_batch.bin", b"")])
    assert (tmp_path / BINARY.archive).stat().st_size < 100_000
    with pytest.raises(DataError, match="unpacks to more than the published one"):
        CIFAR10(tmp_path, train=False)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: gzip.compress(b"no tar file" * 1000),
        lambda data: b"<html>not found</html>",
        lambda data: data[:-100] + bytes(100),
    ],
)
def test_a_damaged_archive_is_refused_with_its_name(tmp_path, damage):
    lay_out(tmp_path, BINARY, "archive")
    path = tmp_path / BINARY.archive
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=r"cifar-10-binary\.tar\.gz is"):
        [CIFAR10(tmp_path, train) for train in (True, False)]


def test_an_archive_without_a_file_says_which(tmp_path):
    hostile(tmp_path, [(f"{BINARY.folder}/data_batch_1.bin", binary("data_batch_1"))])
    with pytest.raises(DataError, match=r"it lacks data_batch_2\.bin, data_batch_3"):
        CIFAR10(tmp_path)


# --------------------------------------------------------------------------- fetch and verify


@pytest.fixture
def published(server, tmp_path, monkeypatch):
    """The small archive as the published one, with its digests."""
    lay_out(tmp_path / "origin", BINARY, "archive")
    data = (tmp_path / "origin" / BINARY.archive).read_bytes()
    digests = {name: hashlib.sha256(part).hexdigest() for name, part in files(BINARY).items()}
    test = {name: digests.pop(name) for name in BINARY.test}
    small = dataclasses.replace(
        BINARY, train=digests, test=test, archive_sha256=hashlib.sha256(data).hexdigest()
    )
    monkeypatch.setattr(cifar, "BINARY", small)
    collection = dataclasses.replace(
        DATASETS["cifar10"], files=(server.publish(BINARY.archive, data),)
    )
    monkeypatch.setattr(cifar, "CIFAR10_FILES", collection)
    return collection


def test_a_fetched_archive_is_unpacked_and_deleted(published, server, tmp_path):
    assert [check.status for check in published.verify(tmp_path)] == ["missing"]
    assert len(CIFAR10(tmp_path, download=True)) == 5 * N
    assert [path.name for path in (tmp_path / "cifar10").iterdir() if path.name[0] != "."] == [
        BINARY.folder
    ]
    checks = published.verify(tmp_path)
    assert [check.status for check in checks] == ["ok"] * 6
    checks[2].path.write_bytes(b"x")
    assert [check.status for check in published.verify(tmp_path)].count("different") == 1
    published.fetch(tmp_path)
    assert len(server.requests) == 1


def test_an_incomplete_folder_is_completed(published, tmp_path):
    folder = tmp_path / "cifar10" / BINARY.folder
    folder.mkdir(parents=True)
    (folder / "data_batch_1.bin").write_bytes(binary("data_batch_1"))
    assert len(CIFAR10(tmp_path, download=True)) == 5 * N


def test_an_archive_put_there_by_hand_is_verified(published, tmp_path):
    data = (tmp_path / "origin" / BINARY.archive).read_bytes()
    (tmp_path / "cifar10").mkdir()
    path = tmp_path / "cifar10" / BINARY.archive
    for content, status in ((data, "ok"), (data + b"x", "different")):
        path.write_bytes(content)
        assert published.verify(tmp_path) == [(BINARY.archive, status, path)]


def test_without_data_the_message_says_where_it_goes(tmp_path):
    with pytest.raises(DataError) as caught:
        CIFAR10(tmp_path)
    assert f"put these files into {tmp_path / 'cifar10'}" in str(caught.value)
    assert "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz" in str(caught.value)


def test_the_real_set_has_its_counts():
    if not os.environ.get("TINYTORCH_DATA") or DATASETS["cifar10"].missing():
        pytest.skip("TINYTORCH_DATA names no folder with CIFAR-10")
    train, test = CIFAR10(), CIFAR10(train=False)
    assert np.bincount(train.labels).tolist() == [5000] * 10
    assert np.bincount(test.labels).tolist() == [1000] * 10
    means = train.images.mean((0, 2, 3)) / 255
    np.testing.assert_allclose(means, [0.4914, 0.4822, 0.4465], atol=5e-4)
