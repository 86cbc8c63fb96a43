"""Rarer samplers, joined datasets, arrays as images."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch.breadth.data import (
    ConcatDataset,
    SubsetRandomSampler,
    ToTensor,
    WeightedRandomSampler,
)
from tinytorch.core.dataloader import DataLoader
from tinytorch.core.tensor import Generator, Tensor


def seeded(seed):
    return Generator().manual_seed(seed)


@given(sizes=st.lists(st.integers(0, 5), min_size=1, max_size=5))
def test_joined_datasets_are_one_after_the_other(sizes):
    parts = [[(which, i) for i in range(size)] for which, size in enumerate(sizes)]
    joined = ConcatDataset(parts)
    everything = list(itertools.chain(*parts))
    assert list(joined) == everything
    assert [joined[i - len(joined)] for i in range(len(joined))] == everything
    with pytest.raises(IndexError, match=f"there are {len(everything)} samples"):
        joined[len(everything)]


def test_joining_nothing_is_refused():
    with pytest.raises(AssertionError, match="at least one"):
        ConcatDataset([])


def test_a_subset_sampler_shuffles_its_numbers():
    sampler = SubsetRandomSampler(range(100, 150), seeded(0))
    first, second = list(sampler), list(sampler)
    assert len(sampler) == 50
    assert sorted(first) == sorted(second) == list(range(100, 150))
    assert first != second


def test_weights_decide_how_often_a_number_comes():
    sampler = WeightedRandomSampler([1.0, 3.0, 0.0], 4000, generator=seeded(0))
    counts = np.bincount(list(sampler), minlength=3)
    assert len(sampler) == counts.sum() == 4000
    assert 900 < counts[0] < 1100  # 1,000 expected, with a standard deviation of 27
    assert counts[2] == 0


def test_without_replacement_each_number_comes_once():
    drawn = list(WeightedRandomSampler([1.0, 2.0, 0.0, 5.0], 3, replacement=False))
    assert sorted(drawn) == [0, 1, 3]


def test_a_weighted_epoch_resumes_where_it_stopped():
    def loader():
        return DataLoader(range(9), 2, sampler=WeightedRandomSampler(range(9), 20))

    first = loader()
    loop = iter(first)
    next(loop)
    resumed = loader()
    resumed.load_state_dict(first.state_dict())
    assert [b.tolist() for b in resumed] == [b.tolist() for b in loop]


@pytest.mark.torch
@pytest.mark.parametrize(
    "arguments",
    [
        ([1, 2], -1),
        ([1, 2.0], 2.5),
        ([1.0], 1, 3),
        ([[1.0]], 1),
        ([0.0, 0.0], 2),
        ([-1.0, 2.0], 2),
        ([1.0, 1.0], 3, False),
    ],
)
def test_wrong_weights_raise_what_pytorch_raises(torch, arguments):
    with pytest.raises(Exception) as expected:  # noqa: PT011 - PyTorch decides which
        list(torch.utils.data.WeightedRandomSampler(*arguments))
    with pytest.raises(expected.type, match=r"WeightedRandomSampler|num_samples"):
        list(WeightedRandomSampler(*arguments))


def test_bytes_of_an_image_become_floats_with_channels_first():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    image = ToTensor()(pixels)
    assert (image.shape, image.dtype) == ((3, 2, 4), np.float32)
    np.testing.assert_array_equal(image.array, pixels.transpose(2, 0, 1) / np.float32(255))
    assert ToTensor()(pixels[..., 0]).shape == (1, 2, 4)
    floats = ToTensor()(pixels.astype(np.float32))
    assert floats.array.max() == 23
    assert ToTensor()(image) is image
    assert isinstance(image, Tensor)
    with pytest.raises(ValueError, match=r"\(4,\), expected \(H, W\)"):
        ToTensor()(np.zeros(4))
