"""Module 05: datasets, samplers, batches, the loader, its thread, resume, transforms."""

import itertools
import json
import threading
import time
import traceback
import warnings
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch.core.dataloader import (
    BatchSampler,
    Compose,
    DataLoader,
    Dataset,
    Normalize,
    RandomCrop,
    RandomHorizontalFlip,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    default_collate,
    gather,
    random_split,
    stream,
)
from tinytorch.core.tensor import Generator, Tensor, default_generator, manual_seed, rand, tensor


def seeded(seed):
    return Generator().manual_seed(seed)


def pairs(n):
    """n samples whose label tells which features belong to it."""
    return TensorDataset(
        Tensor(np.arange(n, dtype=np.float32)[:, None] * [1.0, 10.0]), Tensor(np.arange(n))
    )


def plain(batch):
    """A batch as nested lists, to compare with ==."""
    if isinstance(batch, Tensor):
        return batch.tolist()
    if isinstance(batch, dict):
        return {key: plain(part) for key, part in batch.items()}
    return [plain(part) for part in batch] if isinstance(batch, (list, tuple)) else batch


def batches(loader):
    return [plain(batch) for batch in loader]


class Squares(Dataset):
    """Counts what is asked of it."""

    def __init__(self, n, broken_at=None):
        self.n, self.broken_at, self.asked = n, broken_at, []

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        self.asked.append(index)
        if index == self.broken_at:
            raise LookupError("this sample is broken")
        return index, index**2


# ------------------------------------------------------------------------------- the samples


def test_a_sample_of_a_tensor_dataset_is_a_row_of_each_tensor():
    data = pairs(5)
    assert len(data) == 5
    features, label = data[3]
    assert features.tolist() == [3.0, 30.0]
    assert label.item() == 3


def test_tensors_of_different_lengths_are_refused_with_their_shapes():
    with pytest.raises(AssertionError, match=r"\(3, 2\), \(4,\)"):
        TensorDataset(Tensor(np.zeros((3, 2))), Tensor(np.zeros(4)))


def test_a_dataset_without_getitem_says_what_to_write():
    class Empty(Dataset):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty has no __getitem__\(self, index\)"):
        Empty()[0]


@given(
    parts=st.lists(st.integers(0, 20), min_size=1, max_size=5).filter(
        lambda parts: sum(parts) != 1
    ),
    seed=st.integers(0, 2**32),
)
def test_random_split_deals_every_sample_once(parts, seed):
    n = sum(parts)
    split = random_split(range(n), parts, seeded(seed))
    assert [len(part) for part in split] == parts
    assert sorted(itertools.chain(*split)) == list(range(n))


def test_random_split_repeats_with_its_seed_and_differs_without():
    first, again, other = (
        random_split(range(50), [0.5, 0.5], seeded(seed))[0].indices for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("lengths", [[3, 3], [0.5, 0.6], [0.5, -0.5, 1.0], [11, -1], [2.5, 7.5]])
def test_lengths_that_do_not_add_up_are_refused(lengths):
    with pytest.raises(ValueError, match="random_split"):
        random_split(range(10), lengths)


@pytest.mark.torch
@given(n=st.integers(1, 60), cut=st.integers(0, 100))
def test_random_split_rounds_fractions_as_pytorch(torch, n, cut):
    fractions = [cut / 100, 1 - cut / 100]
    ours = [len(part) for part in random_split(range(n), fractions)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of an empty part
        theirs = [len(part) for part in torch.utils.data.random_split(range(n), fractions)]
    assert ours == theirs


# --------------------------------------------------------------------------------- the order


@given(n=st.integers(1, 200), seed=st.integers(0, 2**62))
def test_a_random_order_has_every_number_once(n, seed):
    assert sorted(RandomSampler(range(n), generator=seeded(seed))) == list(range(n))


def test_each_epoch_has_another_order():
    sampler = RandomSampler(range(100))
    first, second = list(sampler), list(sampler)
    assert first != second
    assert sorted(first) == sorted(second)


def test_every_order_of_three_is_about_as_likely():
    generator = seeded(0)
    orders = [tuple(RandomSampler("abc", generator=generator)) for _ in range(3000)]
    counts = [orders.count(order) for order in itertools.permutations(range(3))]
    assert min(counts) > 400  # 500 expected, with a standard deviation of 20
    assert sum(counts) == 3000


def test_drawing_with_replacement_repeats_numbers():
    drawn = list(RandomSampler(range(100), replacement=True, num_samples=300, generator=seeded(0)))
    assert len(drawn) == 300
    assert 80 < len(set(drawn)) <= 100
    once = list(RandomSampler(range(100), replacement=True, generator=seeded(0)))
    assert len(set(once)) < 100


def test_more_samples_than_there_are_go_through_the_set_again():
    drawn = list(RandomSampler(range(3), num_samples=7, generator=seeded(0)))
    assert sorted(drawn[:3]) == sorted(drawn[3:6]) == [0, 1, 2]
    assert len(drawn) == 7


@given(n=st.integers(0, 50), batch_size=st.integers(1, 12), drop_last=st.booleans())
def test_batches_cut_the_order_into_pieces(n, batch_size, drop_last):
    sampler = BatchSampler(SequentialSampler(range(n)), batch_size, drop_last)
    cut = list(sampler)
    assert len(cut) == len(sampler)
    kept = n - n % batch_size if drop_last else n
    assert list(itertools.chain(*cut)) == list(range(kept))
    assert all(len(batch) == batch_size for batch in cut[: n // batch_size])


# --------------------------------------------------------------------------------- the batch

Point = namedtuple("Point", "x y")


def collate_cases(make):
    """Samples built with `make`, a library's function from nested lists to a tensor."""
    return {
        "tensors": [make([1.0, 2.0]), make([3.0, 4.0])],
        "tensors without dimensions": [make(1), make(2)],
        "arrays": [np.ones((2, 3), np.float32), np.zeros((2, 3), np.float32)],
        "integers": [1, 2, 3],
        "floats": [0.5, 1.5],
        "bools": [True, False],
        "an integer first": [1, True, 2.5],
        "float64 scalars": [np.float64(1), np.float64(2)],
        "float32 scalars": [np.float32(1), np.float32(2)],
        "int64 scalars": [np.int64(1), np.int64(2)],
        "texts": ["a", "b"],
        "bytes": [b"a", b"b"],
        "tuples": [(make([1.0]), 0), (make([2.0]), 1)],
        "lists": [[1, 2.0], [3, 4.0]],
        "dictionaries": [{"a": 1, "b": make([1.0])}, {"a": 2, "b": make([2.0])}],
        "named tuples": [Point(1, 2.0), Point(3, 4.0)],
        "nested": [({"a": (1, "x")}, [2.0]), ({"a": (3, "y")}, [4.0])],
        "one sample": [(make([1.0]), 5)],
    }


@pytest.mark.torch
@pytest.mark.parametrize("case", collate_cases(lambda values: values))
def test_collating_gives_what_pytorch_gives(torch, case):
    ours = default_collate(collate_cases(tensor)[case])
    theirs = torch.utils.data.default_collate(collate_cases(torch.tensor)[case])
    compare(torch, ours, theirs)


def compare(torch, ours, theirs):
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, Tensor)
        assert ours.array.dtype == theirs.numpy().dtype
        np.testing.assert_array_equal(ours.array, theirs.numpy())
        return
    assert type(ours) is type(theirs)
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    if isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        for our_part, their_part in zip(ours, theirs, strict=True):
            compare(torch, our_part, their_part)
    else:
        assert ours == theirs


def test_samples_of_different_shapes_are_refused_with_both_shapes():
    with pytest.raises(RuntimeError, match=r"sample 0 and sample 2 .*\(2,\) and \(3,\)"):
        default_collate([tensor([1, 2]), tensor([3, 4]), tensor([5, 6, 7])])


def test_samples_of_different_lengths_are_refused():
    with pytest.raises(RuntimeError, match="lengths 2 and 1"):
        default_collate([(1, 2), (3,)])


def test_what_cannot_be_collated_is_named():
    with pytest.raises(TypeError, match="NoneType"):
        default_collate([None, None])


arrays = hnp.arrays(
    dtype=st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_]),
    shape=hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6),
)


@given(features=arrays, data=st.data())
def test_gathering_rows_equals_collating_samples(features, data):
    n = len(features)
    dataset = TensorDataset(Tensor(features), Tensor(np.arange(n)))
    index = st.integers(-n, n - 1)
    numbers = data.draw(st.lists(index, min_size=1, max_size=8))
    inner = data.draw(st.lists(index, min_size=n, max_size=n))
    for source in (dataset, Subset(dataset, inner), Subset(Subset(dataset, inner), inner)):
        fast, slow = source.gather(numbers), default_collate([source[i] for i in numbers])
        assert type(fast) is type(slow) is list
        for ours, expected in zip(fast, slow, strict=True):
            assert ours.dtype == expected.dtype
            np.testing.assert_array_equal(ours.array, expected.array)


@pytest.mark.parametrize("base", [TensorDataset, Subset])
def test_a_subclass_with_its_own_samples_is_asked_for_them(base):
    class Negated(base):
        def __getitem__(self, index):
            features, label = super().__getitem__(index)
            return -features, label

    data = Negated(*pairs(4).tensors) if base is TensorDataset else Negated(pairs(4), [0, 1, 2, 3])
    features, labels = gather(data, [2, 1])
    assert features.tolist() == [[-2.0, -20.0], [-1.0, -10.0]]
    assert labels.tolist() == [2, 1]


# -------------------------------------------------------------------------------- the loader


@pytest.mark.torch
@given(
    n=st.integers(1, 20),
    batch_size=st.integers(1, 7),
    drop_last=st.booleans(),
    workers=st.integers(0, 1),
)
def test_batches_are_pytorchs(torch, n, batch_size, drop_last, workers):
    x, y = np.random.default_rng(n).random((n, 3), np.float32), np.arange(n)
    ours = DataLoader(
        TensorDataset(Tensor(x), Tensor(y)), batch_size, drop_last=drop_last, num_workers=workers
    )
    data = torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
    theirs = torch.utils.data.DataLoader(data, batch_size, drop_last=drop_last)
    assert len(ours) == len(theirs)
    for our_batch, their_batch in zip(ours, theirs, strict=True):
        compare(torch, our_batch, their_batch)


@given(n=st.integers(1, 30), batch_size=st.integers(1, 8), workers=st.integers(0, 1))
def test_shuffling_keeps_features_with_their_labels(n, batch_size, workers):
    seen = []
    loader = DataLoader(pairs(n), batch_size, shuffle=True, num_workers=workers)
    for features, labels in loader:
        np.testing.assert_array_equal(features.array, labels.array[:, None] * [1.0, 10.0])
        seen += labels.tolist()
    assert sorted(seen) == list(range(n))


def test_each_loop_is_another_order_and_a_seed_repeats_them_all():
    def epochs(seed):
        loader = DataLoader(range(50), 7, shuffle=True, generator=seeded(seed))
        return [batches(loader) for _ in range(3)]

    assert epochs(1) == epochs(1)
    assert epochs(1) != epochs(2)
    first, second, third = epochs(1)
    assert first != second != third


def test_without_a_generator_manual_seed_decides():
    loader = DataLoader(range(50), 7, shuffle=True)
    manual_seed(3)
    first = batches(loader)
    manual_seed(3)
    assert batches(loader) == first
    assert batches(loader) != first


def test_two_loops_at_once_do_not_disturb_each_other():
    loader = DataLoader(range(10), 2)
    assert [plain(a) == plain(b) for a, b in zip(loader, loader, strict=True)] == [True] * 5


def test_a_collate_function_gets_the_list_of_samples():
    loader = DataLoader(Squares(5), batch_size=2, collate_fn=lambda samples: samples)
    assert list(loader) == [[(0, 0), (1, 1)], [(2, 4), (3, 9)], [(4, 16)]]


def test_samplers_of_ones_own_set_the_order():
    assert batches(DataLoader(range(9), 2, sampler=[8, 0, 4])) == [[8, 0], [4]]
    loader = DataLoader(range(9), batch_sampler=[[8], [0, 4, 2]])
    assert batches(loader) == [[8], [0, 4, 2]]
    assert (loader.batch_size, len(loader)) == (None, 2)
    assert batches(DataLoader(range(9), batch_sampler=[])) == []


def error_cases(data):
    """Wrong arguments, as functions of a library's `torch.utils.data`."""
    return {
        "batch_size=0": lambda: data.DataLoader([1], batch_size=0),
        "batch_size=2.0": lambda: data.DataLoader([1], batch_size=2.0),
        "batch_size=True": lambda: data.BatchSampler([1], True, False),
        "sampler and shuffle": lambda: data.DataLoader([1], sampler=[0], shuffle=True),
        "batch_sampler and batch_size": lambda: data.DataLoader([1], 2, batch_sampler=[[0]]),
        "batch_sampler and shuffle": lambda: data.DataLoader(
            [1], shuffle=True, batch_sampler=[[0]]
        ),
        "batch_sampler and drop_last": lambda: data.DataLoader(
            [1], drop_last=True, batch_sampler=[[0]]
        ),
        "num_workers=-1": lambda: data.DataLoader([1], num_workers=-1),
        "prefetch_factor without workers": lambda: data.DataLoader([1], prefetch_factor=2),
        "shuffling nothing": lambda: data.DataLoader([], shuffle=True),
        "num_samples=0": lambda: data.RandomSampler([1], num_samples=0),
        "replacement=3": lambda: data.RandomSampler([1], replacement=3),
        "drop_last=3": lambda: data.BatchSampler([0], 1, 3),
        "unequal tensors": lambda: data.TensorDataset(*data.wrong_tensors),
        "wrong lengths": lambda: data.random_split(range(10), [3, 3]),
        "wrong fractions": lambda: data.random_split(range(10), [0.5, 0.6]),
        "negative fraction": lambda: data.random_split(range(10), [0.5, -0.5, 1.0]),
        "unequal shapes": lambda: data.default_collate(data.wrong_tensors),
        "unequal lengths": lambda: data.default_collate([(1, 2), (1,)]),
        "no samples": lambda: data.default_collate([]),
        "an object": lambda: data.default_collate([object()]),
        "another key": lambda: data.default_collate([{"a": 1}, {"b": 1}]),
        "no length": lambda: len(data.DataLoader(range(3), sampler=(i for i in [0]))),
        "index out of range": lambda: list(data.DataLoader(range(3), sampler=[5])),
    }


@pytest.mark.torch
@pytest.mark.parametrize("case", error_cases(None))
def test_wrong_arguments_raise_what_pytorch_raises(torch, case, monkeypatch):
    import tinytorch.core.dataloader as ours

    theirs = torch.utils.data
    wrong = (torch.zeros(2), torch.zeros(3))
    monkeypatch.setattr(theirs, "wrong_tensors", wrong, raising=False)
    monkeypatch.setattr(
        ours, "wrong_tensors", [tensor([0.0] * 2), tensor([0.0] * 3)], raising=False
    )
    with pytest.raises(Exception) as expected:  # noqa: PT011 - PyTorch decides which
        error_cases(theirs)[case]()
    with pytest.raises(expected.type):
        error_cases(ours)[case]()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"batch_size": None}, "batch_size=None"),
        ({"timeout": 3}, "worker processes"),
        ({"worker_init_fn": print}, "worker processes"),
        ({"multiprocessing_context": "spawn"}, "worker processes"),
        ({"num_workers": 1.5}, "num_workers is 1.5"),
        ({"num_workers": 1, "prefetch_factor": 0}, "prefetch_factor is 0"),
    ],
)
def test_what_is_not_supported_is_refused_in_words(arguments, words):
    with pytest.raises(ValueError, match=words):
        DataLoader(range(3), **arguments)


def test_a_stream_without_numbers_is_refused_in_words():
    with pytest.raises(TypeError, match=r"generator has no dataset\[i\]"):
        DataLoader(i for i in range(3))


# ---------------------------------------------------------------------------- the background


def loader_threads():
    return [thread for thread in threading.enumerate() if thread.name == "tinytorch-prefetch"]


def augmented(workers, **options):
    """A loader that draws for the order and for each image."""
    images = Tensor(np.random.default_rng(0).random((20, 1, 6, 6), np.float32))
    transform = Compose([RandomCrop(6, padding=2), RandomHorizontalFlip()])

    class Images(Dataset):
        def __len__(self):
            return 20

        def __getitem__(self, index):
            return transform(images[index]), index

    return DataLoader(Images(), 3, shuffle=True, num_workers=workers, **options)


@pytest.mark.parametrize("options", [{}, {"prefetch_factor": 5}])
def test_the_background_changes_no_batch_whatever_the_loop_draws(options):
    def run(workers, draws):
        manual_seed(1)
        seen = []
        for _ in range(2):
            for batch in augmented(workers, **(options if workers else {})):
                seen.append(plain(batch))
                if draws:
                    rand(7)
        return seen

    assert run(0, False)[:7] == run(1, False)[:7] == run(1, True)[:7] == run(0, True)[:7]
    assert run(0, True) == run(1, True)


def test_the_thread_ends_with_the_epoch():
    assert len(list(DataLoader(range(10), 3, num_workers=1))) == 4
    assert not loader_threads()


def test_the_thread_ends_when_the_loop_is_left():
    for batch in DataLoader(range(100), 3, num_workers=1):
        assert plain(batch) == [0, 1, 2]
        assert len(loader_threads()) == 1
        break
    assert not loader_threads()
    assert plain(next(iter(DataLoader(range(100), 3, num_workers=1)))) == [0, 1, 2]
    assert not loader_threads()


def test_the_thread_ends_when_the_loop_raises():
    def loop():
        for _ in DataLoader(range(100), 3, num_workers=1):
            raise KeyError("in the loop")

    with pytest.raises(KeyError, match="in the loop"):
        loop()
    assert not loader_threads()


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_while_loading_comes_in_its_turn_and_names_its_place(workers):
    loader, seen = DataLoader(Squares(10, broken_at=5), 2, num_workers=workers), []
    with pytest.raises(LookupError, match="this sample is broken") as caught:
        seen.extend(map(plain, loader))
    assert seen == [[[0, 1], [0, 1]], [[2, 3], [4, 9]]]
    place = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (place.name, place.filename) == ("__getitem__", __file__)
    assert not loader_threads()


def test_the_thread_works_ahead_up_to_its_limit_and_no_further():
    data = Squares(100)
    loop = iter(DataLoader(data, 1, num_workers=1, prefetch_factor=3))
    next(loop)
    deadline = time.monotonic() + 10
    while len(data.asked) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert data.asked == [0, 1, 2, 3]
    loop.close()


# ----------------------------------------------------------------------------- stop and resume


def resumable(workers=0, generator=None, sampler_generator=None):
    if sampler_generator is None:
        return augmented(workers, generator=generator)
    loader = augmented(workers, generator=generator)
    sampler = RandomSampler(loader.dataset, generator=sampler_generator)
    return DataLoader(loader.dataset, 3, sampler=sampler, num_workers=workers, generator=generator)


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("own", ["none", "loader", "sampler", "both"])
@pytest.mark.parametrize("stop", [1, 4, 7])
def test_a_stopped_epoch_goes_on_with_the_same_batches_and_so_do_the_next(workers, own, stop):
    def make(seed):
        loader = seeded(seed) if own in ("loader", "both") else None
        sampler = seeded(seed + 1) if own in ("sampler", "both") else None
        return resumable(workers, loader, sampler)

    manual_seed(5)
    loader = make(10)
    batches(loader)  # an epoch before
    expected, state = [], None
    for number, batch in enumerate(loader, start=1):
        if number > stop:
            expected.append(plain(batch))
        if number == stop:
            state = json.loads(json.dumps(loader.state_dict()))
            default = default_generator.get_state()
    expected += batches(loader)

    manual_seed(99)  # another process: nothing is as it was
    resumed = make(20)
    resumed.load_state_dict(state)
    default_generator.set_state(default)
    assert batches(resumed) + batches(resumed) == expected


def test_delivered_batches_are_not_loaded_again():
    loader = DataLoader(Squares(20), 4, shuffle=True)
    loop = iter(loader)
    before = [number for _ in range(3) for number in plain(next(loop))[0]]
    data = Squares(20)
    resumed = DataLoader(data, 4, shuffle=True)
    resumed.load_state_dict(loader.state_dict())
    after = [number for batch in resumed for number in plain(batch)[0]]
    assert data.asked == after
    assert sorted(before + after) == list(range(20))


def test_batches_loaded_ahead_do_not_count_as_given_out():
    loader = DataLoader(Squares(20), 2, num_workers=1, prefetch_factor=4)
    loop = iter(loader)
    next(loop)
    assert loader.state_dict()["batches"] == 1
    loop.close()


def test_between_epochs_the_state_begins_a_new_one():
    loader = DataLoader(range(20), 3, shuffle=True, generator=seeded(4))
    batches(loader)
    state = loader.state_dict()
    assert (state["seed"], state["batches"]) == (None, 0)
    expected = batches(loader)
    resumed = DataLoader(range(20), 3, shuffle=True, generator=seeded(8))
    resumed.load_state_dict(state)
    assert batches(resumed) == expected


def test_a_loaded_state_can_be_saved_before_it_is_used():
    loader = DataLoader(range(20), 3, shuffle=True)
    next(iter(loader))
    resumed = DataLoader(range(20), 3, shuffle=True)
    resumed.load_state_dict(loader.state_dict())
    assert resumed.state_dict() == loader.state_dict()


def test_the_state_of_another_kind_of_loader_is_refused():
    loader = DataLoader(range(20), 3, shuffle=True, generator=seeded(4))
    with pytest.raises(ValueError, match="same arguments"):
        DataLoader(range(20), 3, shuffle=True).load_state_dict(loader.state_dict())
    with pytest.raises(ValueError, match="expected seed, batches and generators"):
        loader.load_state_dict({"epoch": 3})


def test_a_sampler_of_ones_own_is_resumable_when_it_draws_from_the_stream():
    class Coins(Sampler):
        def __len__(self):
            return 12

        def __iter__(self):
            for _ in range(12):
                yield int(stream().rng.integers(100))  # one draw per number, as late as can be

    loader = DataLoader(range(100), 3, sampler=Coins())
    loop = iter(loader)
    next(loop)
    state, expected = loader.state_dict(), [plain(batch) for batch in loop]
    resumed = DataLoader(range(100), 3, sampler=Coins())
    resumed.load_state_dict(state)
    assert batches(resumed) == expected


# ---------------------------------------------------------------------------- the transforms


def photographs(n=4, c=3, h=5, w=7, seed=0):
    return Tensor(np.random.default_rng(seed).random((n, c, h, w), np.float32))


@given(seed=st.integers(0, 1000), channels=st.integers(1, 3))
def test_normalised_channels_have_mean_0_and_std_1(seed, channels):
    images = photographs(6, channels, seed=seed)
    mean, std = images.array.mean((0, 2, 3)), images.array.std((0, 2, 3))
    out = Normalize(mean.tolist(), std.tolist())(images)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.array.mean((0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(out.array.std((0, 2, 3)), 1, atol=1e-4)
    np.testing.assert_array_equal(Normalize(mean, std)(images[2]).array, out.array[2])


def test_normalising_refuses_bytes_other_channels_and_a_std_of_0():
    with pytest.raises(TypeError, match="uint8"):
        Normalize([0.5], [0.5])(Tensor(np.zeros((1, 2, 2), np.uint8)))
    with pytest.raises(ValueError, match=r"\(4, 3, 5, 7\) has 3 channels, the mean has 2"):
        Normalize([0.5, 0.5], [1, 1])(photographs())
    with pytest.raises(ValueError, match="std of 0"):
        Normalize([0.5], [0.0])
    with pytest.raises(TypeError, match=r"\(2, 2\), expected a Tensor of shape \(C, H, W\)"):
        Normalize([0.5], [0.5])(Tensor(np.zeros((2, 2), np.float32)))


def test_a_flip_mirrors_columns_and_leaves_its_input_alone():
    images = photographs()
    before = images.array.copy()
    np.testing.assert_array_equal(RandomHorizontalFlip(1.0)(images).array, before[..., ::-1])
    np.testing.assert_array_equal(RandomHorizontalFlip(0.0)(images).array, before)
    np.testing.assert_array_equal(images.array, before)


def test_each_image_of_a_batch_is_flipped_for_itself():
    images = photographs(1000, 1, 1, 2)
    out = RandomHorizontalFlip(0.3, seeded(0))(images).array
    flipped = (out != images.array).any((1, 2, 3))
    assert 230 < flipped.sum() < 370  # 300 expected, with a standard deviation of 14
    np.testing.assert_array_equal(out[flipped], images.array[flipped][..., ::-1])


def test_a_probability_above_1_is_refused():
    with pytest.raises(ValueError, match=r"p is 1\.5"):
        RandomHorizontalFlip(1.5)


@given(
    size=st.tuples(st.integers(1, 5), st.integers(1, 7)),
    padding=st.integers(0, 3),
    mode=st.sampled_from(["constant", "reflect"]),
    seed=st.integers(0, 100),
)
def test_a_crop_is_a_window_of_the_padded_image(size, padding, mode, seed):
    images = photographs(3)
    out = RandomCrop(size, padding, mode, seeded(seed))(images).array
    assert out.shape == (3, 3, *size)
    around = [(0, 0), (0, 0), (padding, padding), (padding, padding)]
    padded = np.pad(images.array, around, mode)
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=(2, 3))
    for image, its_windows in zip(out, windows, strict=True):  # its_windows: (C, tops, lefts, h, w)
        assert (its_windows == image[:, None, None]).all((0, 3, 4)).any()


def test_every_place_of_a_crop_comes_up():
    image = Tensor(np.arange(12, dtype=np.float32).reshape(1, 3, 4))
    crop = RandomCrop((2, 2), generator=seeded(0))
    corners = {crop(image).array[0, 0, 0] for _ in range(200)}
    assert corners == {0, 1, 2, 4, 5, 6}


def test_a_window_larger_than_the_image_is_refused_with_both_sizes():
    with pytest.raises(ValueError, match=r"10x10 does not fit into images of 7x9 \(padding of 1"):
        RandomCrop(10, padding=1)(photographs())
    with pytest.raises(ValueError, match="'edge'"):
        RandomCrop(3, padding_mode="edge")


def test_transforms_repeat_with_their_generator():
    def run(seed):
        generator = seeded(seed)
        both = Compose(
            [RandomCrop(4, 1, generator=generator), RandomHorizontalFlip(0.5, generator)]
        )
        return both(photographs()).tolist()

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_an_empty_batch_passes_every_transform():
    chain = Compose([RandomCrop(4, 1), RandomHorizontalFlip(), Normalize([0.5] * 3, [0.5] * 3)])
    assert chain(photographs(0)).shape == (0, 3, 4, 4)


def test_a_composition_takes_batches_when_all_its_parts_do():
    assert Compose([RandomCrop(4), RandomHorizontalFlip()]).takes_batches
    assert not Compose([RandomCrop(4), lambda image: image]).takes_batches
