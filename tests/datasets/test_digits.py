"""The embedded digits are all there, in their order, and split as their names say; and the text."""

import hashlib
import os

import numpy as np
import pytest

from tinytorch.core.dataloader import DataLoader
from tinytorch.datasets import DATASETS, DataError, Digits, load_digits, load_tinyshakespeare
from tinytorch.datasets.digits import EMBEDDED, digit_arrays


def test_the_digits_are_the_published_ones_in_their_order():
    images, labels = digit_arrays()
    assert (images.shape, images.dtype, labels.shape) == ((1797, 8, 8), np.uint8, (1797,))
    assert (images.min(), images.max()) == (0, 16)
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as the UCI page gives them
    assert np.bincount(labels).tolist() == counts
    assert labels[:30].tolist() == [*range(10)] * 3
    assert labels[-5:].tolist() == [9, 0, 8, 9, 8]
    assert images[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert images.sum() == 561718


def test_the_embedded_file_is_the_one_with_the_digest():
    (check,) = DATASETS["digits"].verify()
    assert (check.status, check.path) == ("ok", EMBEDDED / "digits.npz")
    readme = (EMBEDDED / "README.md").read_text()
    assert DATASETS["digits"].files[0].sha256 in readme
    assert "CC BY 4.0" in DATASETS["digits"].licence
    assert (EMBEDDED / "digits.npz").stat().st_size == DATASETS["digits"].size
    assert DATASETS["digits"].fetch() == EMBEDDED


def test_the_tail_split_keeps_the_order_of_collection():
    x, y, x_test, y_test = load_digits("tail")
    images, labels = digit_arrays()
    assert (x.shape, x.dtype, y.dtype) == ((1437, 1, 8, 8), np.float32, np.int64)
    np.testing.assert_array_equal(np.concatenate([x.array, x_test.array])[:, 0] * 16, images)
    np.testing.assert_array_equal(np.concatenate([y.array, y_test.array]), labels)


def test_the_random_split_deals_each_digit_once_and_repeats_with_its_seed():
    x, y, x_test, _ = load_digits("random", seed=1)
    assert (len(x), len(x_test)) == (1437, 360)
    rows = np.concatenate([x.array, x_test.array]).reshape(1797, 64) * 16
    everything = digit_arrays()[0].reshape(1797, 64)
    assert sorted(map(tuple, rows)) == sorted(map(tuple, everything.astype(np.float32)))
    np.testing.assert_array_equal(load_digits(seed=1)[1].array, y.array)
    assert (load_digits(seed=2)[1].array != y.array).any()
    assert (load_digits()[3].array == Digits(False, seed=0).labels).all()


def test_another_split_is_refused():
    with pytest.raises(ValueError, match="'half', expected 'random'"):
        load_digits("half")


def test_the_set_serves_samples_and_batches():
    train, test, everything = Digits(), Digits(train=False), Digits(train=None)
    assert (len(train), len(test), len(everything)) == (1437, 360, 1797)
    image, label = everything[3]
    assert (image.shape, float(image.amax()), label) == ((1, 8, 8), 15 / 16, 3)
    images, labels = next(iter(DataLoader(test, 16)))
    np.testing.assert_array_equal(images.array, test.tensors()[0].array[:16])
    np.testing.assert_array_equal(labels.array, test.targets.array[:16])
    assert test.data.shape == (360, 8, 8)


def test_the_arrays_that_all_share_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        digit_arrays()[0][0, 0, 0] = 1


def test_the_text_is_found_read_and_refused_when_it_is_none(tmp_path):
    with pytest.raises(DataError, match=r"input\.txt \(1,115,394 bytes\)"):
        load_tinyshakespeare(tmp_path)
    (tmp_path / "tinyshakespeare").mkdir()
    path = tmp_path / "tinyshakespeare" / "input.txt"
    path.write_text("First Citizen:\n")
    assert load_tinyshakespeare(tmp_path) == "First Citizen:\n"
    assert [check.status for check in DATASETS["tinyshakespeare"].verify(tmp_path)] == ["different"]
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="not text in UTF-8"):
        load_tinyshakespeare(tmp_path)


def test_the_real_text_is_the_published_one():
    if not os.environ.get("TINYTORCH_DATA") or DATASETS["tinyshakespeare"].missing():
        pytest.skip("TINYTORCH_DATA names no folder with Tiny Shakespeare")
    text = load_tinyshakespeare()
    assert len(set(text)) == 65
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == DATASETS["tinyshakespeare"].files[0].sha256
