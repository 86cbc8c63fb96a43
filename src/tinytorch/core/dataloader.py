"""05 · Data loading: from a set of samples to a stream of shuffled batches.

A *dataset* answers one question: what is sample number i? A *sampler* says in which order the
numbers come, a *collate* function makes one batch of several samples, and the `DataLoader` puts the
three together. What needs chance draws from a stream of numbers that belongs to the epoch and the
batch: the same seed gives the same batches, in the foreground, in the background, and in a run that
was stopped in the middle of an epoch and resumed.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from collections.abc import Generator as Steps
from typing import Any, cast

import numpy as np

from tinytorch.core.tensor import (
    Generator,
    Tensor,
    as_tensor,
    default_generator,
    float64,
    stack,
    tensor,
)

__all__ = [
    "BatchSampler", "Compose", "DataLoader", "Dataset", "Normalize", "RandomCrop",
    "RandomHorizontalFlip", "RandomSampler", "Sampler", "SequentialSampler", "Subset",
    "TensorDataset", "default_collate", "gather", "random_split", "stream",
]  # fmt: skip


Batches = Steps[Any, None, None]  # what yields batch after batch and can be closed


# ------------------------------------------------------------------------------- the samples


class Dataset:
    """Samples by number: write `__getitem__(index)` and `__len__()`, and a DataLoader can serve it.

    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, index):
    ...         return index, index**2
    >>> Squares()[3]
    (3, 9)
    """

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} has no __getitem__(self, index). Write one that returns sample "
            "number `index`, for instance as a pair (input, target)."
        )


class TensorDataset(Dataset):
    """Tensors whose first dimension counts the samples: sample i is the tuple of their rows i.

    Args:
        tensors: one or more, each (N, ...) with the same N.
    Raises: AssertionError when the first sizes differ.

    >>> data = TensorDataset(tensor([[1.0], [2.0], [3.0]]), tensor([0, 1, 0]))
    >>> len(data), data[1]
    (3, (tensor([2.]), tensor(1)))
    """

    def __init__(self, *tensors: Tensor):
        if len({t.shape[0] for t in tensors}) > 1:
            shapes = ", ".join(str(t.shape) for t in tensors)
            raise AssertionError(
                f"TensorDataset: got shapes {shapes}, expected one number of samples in the first "
                "dimension of each. Is one of them from the other split, or transposed?"
            )
        self.tensors = tensors

    def __len__(self) -> int:
        return self.tensors[0].shape[0]

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(t[index] for t in self.tensors)

    def gather(self, indices: Sequence[int]) -> list[Tensor]:
        """The batch of the rows `indices`: one operation per tensor, no loop over samples."""
        rows = np.asarray(indices, dtype=np.intp)
        return [t[rows] for t in self.tensors]


class Subset(Dataset):
    """The samples of `dataset` at `indices`, in that order.

    >>> list(Subset("abcdef", [4, 0, 5]))
    ['e', 'a', 'f']
    """

    def __init__(self, dataset: Any, indices: Sequence[int]):
        self.dataset, self.indices = dataset, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[index]]

    def gather(self, indices: Sequence[int]) -> Any:
        """The batch of the samples that stand at `indices` of this subset."""
        return gather(self.dataset, [self.indices[i] for i in indices])


def random_split(
    dataset: Any, lengths: Sequence[float], generator: Generator | None = None
) -> list[Subset]:
    """Parts of `dataset` that share no sample, of the given lengths, drawn at random.

    Args:
        lengths: whole numbers that add up to `len(dataset)`, or fractions that add up to 1; what
            rounding down leaves over goes to the parts in turn, one sample each.
        generator: where the chance comes from; the same seed gives the same parts.
    Raises: ValueError for lengths that do not add up.

    >>> [len(part) for part in random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    n, total = len(dataset), sum(lengths)
    counts = [int(length) for length in lengths]
    if math.isclose(total, 1):
        if not all(0 <= fraction <= 1 for fraction in lengths):
            raise ValueError(f"random_split: got {lengths}, expected fractions between 0 and 1")
        counts = [math.floor(n * fraction) for fraction in lengths]
        for i in range(n - sum(counts)):
            counts[i % len(counts)] += 1
    elif total != n or counts != list(lengths) or min(counts, default=0) < 0:
        raise ValueError(
            f"random_split: the lengths {list(lengths)} add up to {total}, expected whole numbers "
            f"that add up to {n}, the number of samples, or fractions that add up to 1."
        )
    order = (generator or default_generator).rng.permutation(n).tolist()
    ends = itertools.accumulate(counts)
    return [Subset(dataset, order[end - k : end]) for end, k in zip(ends, counts, strict=True)]


# --------------------------------------------------------------------------------- the order


class Sampler:
    """An order of sample numbers: write `__iter__`, and `__len__` where the number is known."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(
            f"{type(self).__name__} has no __iter__(self). Write one that yields sample numbers."
        )


class SequentialSampler(Sampler):
    """The numbers 0, 1, ..., N - 1."""

    def __init__(self, data_source: Any):
        self.data_source = data_source

    def __len__(self) -> int:
        return len(self.data_source)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))


class RandomSampler(Sampler):
    """The numbers 0 to N - 1 in a new random order each time it is iterated over.

    Args:
        replacement: draw each number from all N, so that some come twice and others not at all.
        num_samples: how many to draw, N unless given.
        generator: where the chance comes from.

    >>> order = list(RandomSampler("abcd", generator=Generator().manual_seed(0)))
    >>> sorted(order)
    [0, 1, 2, 3]
    """

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ):
        if not isinstance(replacement, bool):
            raise TypeError(
                f"RandomSampler: replacement is {replacement!r}, expected True or False"
            )
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        wanted = len(data_source) if num_samples is None else num_samples
        self.num_samples = positive("num_samples", wanted)

    def __len__(self) -> int:
        return self.num_samples

    def __iter__(self) -> Iterator[int]:
        n, rng = len(self.data_source), stream(self.generator).rng
        if self.replacement:
            yield from rng.integers(n, size=self.num_samples).tolist()
            return
        for start in range(0, self.num_samples, n):  # once through, unless more than N are wanted
            yield from rng.permutation(n)[: self.num_samples - start].tolist()


class BatchSampler(Sampler):
    """Lists of `batch_size` numbers from `sampler`; the last one may be shorter, or is dropped.

    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool):
        if not isinstance(drop_last, bool):
            raise ValueError(f"BatchSampler: drop_last is {drop_last!r}, expected True or False")
        self.sampler, self.drop_last = sampler, drop_last
        self.batch_size = positive("batch_size", batch_size)

    def __len__(self) -> int:
        n = len(cast(Sized, self.sampler))
        return n // self.batch_size if self.drop_last else math.ceil(n / self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        numbers = iter(self.sampler)
        while batch := list(itertools.islice(numbers, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch


def positive(name: str, value: Any) -> int:
    """`value` if it is a whole number above zero, else a ValueError that names it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value <= 0:
        raise ValueError(f"{name} is {value!r}, expected a whole number of at least 1")
    return int(value)


# --------------------------------------------------------------------------------- the batch


def default_collate(samples: Sequence[Any]) -> Any:
    """One batch of several samples: equal tensors are stacked, numbers become a tensor.

    Args:
        samples: tensors or arrays of one shape; numbers; texts, which stay as they are; or tuples,
            lists and dictionaries of these, which are collated part by part. As in PyTorch, a batch
            of tuples is a list, and Python floats become float64.
    Raises: RuntimeError for shapes or lengths that differ, TypeError for what cannot be collated.

    >>> default_collate([(tensor([1.0, 2.0]), 0), (tensor([3.0, 4.0]), 1)])
    [tensor([[1., 2.], [3., 4.]]), tensor([0, 1])]
    """
    first = samples[0]
    if isinstance(first, Tensor):
        alike("shapes", [sample.shape for sample in samples])
        return stack(samples)  # (B, ...)
    if isinstance(first, np.ndarray):
        return default_collate([as_tensor(sample) for sample in samples])
    if isinstance(first, np.generic):
        return as_tensor(np.array(samples))
    if isinstance(first, (int, float)):
        return tensor(list(samples), dtype=float64 if isinstance(first, float) else None)
    if isinstance(first, (str, bytes)):
        return samples
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, Sequence):
        alike("lengths", [len(sample) for sample in samples])
        columns = [default_collate(column) for column in zip(*samples, strict=True)]
        named = hasattr(first, "_fields")  # a named tuple stays one
        return type(first)(*columns) if named else columns
    raise TypeError(
        f"default_collate: got samples with a {type(first).__name__}, expected tensors, arrays, "
        "numbers, texts, or tuples, lists and dictionaries of them. Write a collate_fn for others."
    )


def alike(what: str, values: list) -> None:
    """Refuse samples that differ in `what`."""
    if len(set(values)) > 1:
        i = next(i for i, value in enumerate(values) if value != values[0])
        raise RuntimeError(
            f"default_collate: sample 0 and sample {i} of the batch have the {what} {values[0]} "
            f"and {values[i]}, expected equal ones. Crop or pad them, or write a collate_fn for it."
        )


def gather(dataset: Any, indices: Sequence[int]) -> Any:
    """The collated batch of `dataset[i] for i in indices`.

    A dataset that knows a faster way has a method `gather(indices)` with the same result.

    >>> gather([1, 4, 9, 16], [3, 0])
    tensor([16, 1])
    """
    for owner in type(dataset).__mro__:
        if "gather" in vars(owner):
            return dataset.gather(indices)
        if "__getitem__" in vars(owner):  # written after the fast way, which does not know of it
            break
    return default_collate([dataset[i] for i in indices])


# -------------------------------------------------------------------------------- the chance


class Stream(Generator):
    """The random numbers that belong to one seed; made only when the first one is drawn."""

    def __init__(self, seed: int):
        self._seed = seed

    @functools.cached_property
    def rng(self) -> np.random.Generator:  # type: ignore[override]
        return np.random.default_rng(self._seed)


LOADING = threading.local()  # .stream: where this thread draws from while it loads a batch


def stream(generator: Generator | None = None) -> Generator:
    """Where to draw from: the generator given, else the stream of the batch being loaded.

    Samplers and transforms ask here. Each batch of each epoch has a stream of its own, so what is
    drawn for it depends neither on the batches before it nor on what the training loop draws in the
    meantime. Outside of a DataLoader it is the default generator.
    """
    return generator or getattr(LOADING, "stream", None) or default_generator


@contextlib.contextmanager
def drawing_from(source: Generator) -> Iterator[None]:
    """Within the block, samplers and transforms of this thread draw from `source`."""
    before, LOADING.stream = getattr(LOADING, "stream", None), source
    try:
        yield
    finally:
        LOADING.stream = before


# -------------------------------------------------------------------------------- the loader


class DataLoader:
    """The samples of `dataset` in batches: each `for` loop over it is one epoch.

    Args:
        dataset: has `dataset[i]` and `len(dataset)`.
        batch_size: samples per batch; the last batch holds what is left, or with `drop_last=True`
            is left out when it would be smaller.
        shuffle: a new random order each epoch; `generator` says where the chance comes from.
        sampler: an order of one's own, instead of `shuffle`.
        batch_sampler: lists of sample numbers, instead of the batch size and the order.
        num_workers: with 1 or more, ONE thread prepares batches in the background, up to
            `prefetch_factor` (2) per worker ahead. Batches, order and random numbers are those of
            `num_workers=0`; it pays where NumPy takes long over a batch.
        collate_fn: makes the batch of a list of samples; `default_collate` unless given.
        pin_memory, persistent_workers: accepted, and without effect on the CPU.
    Raises: ValueError for arguments that exclude each other or that are not supported.

    >>> data = TensorDataset(tensor([[1.0], [2.0], [3.0]]), tensor([0, 1, 0]))
    >>> for x, y in DataLoader(data, batch_size=2):
    ...     print(x.shape, y)
    (2, 1) tensor([0, 1])
    (1, 1) tensor([0])
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[Sequence[int]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
    ):
        processes = timeout or worker_init_fn or multiprocessing_context
        check_workers(num_workers, prefetch_factor, processes)
        check_order(dataset, batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset, self.generator = dataset, generator
        self.num_workers, self.prefetch_factor = num_workers, prefetch_factor or 2
        self.collate_fn = collate_fn or default_collate
        self.batch_size, self.drop_last = batch_size if batch_sampler is None else None, drop_last
        self.batch_sampler: Any = batch_sampler
        if batch_sampler is None:
            if sampler is None:
                sampler = RandomSampler(dataset) if shuffle else SequentialSampler(dataset)
            self.batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.sampler: Any = getattr(self.batch_sampler, "sampler", self.batch_sampler)
        of_sampler = getattr(self.sampler, "generator", None)
        self._generators = [g for g in (generator, of_sampler) if g is not None]
        self._epoch: dict[str, Any] | None = None  # the epoch under way, as `state_dict` returns it
        self._resuming = False

    def __len__(self) -> int:
        return len(self.batch_sampler)

    def __iter__(self) -> Iterator[Any]:
        if not self._resuming:
            seed = int((self.generator or default_generator).rng.integers(2**62))
            self._epoch = {"seed": seed, "batches": 0, "generators": self._states()}
        epoch, self._resuming = cast(dict, self._epoch), False
        batches = self._load(epoch["seed"], skip=epoch["batches"])
        if self.num_workers:
            batches = prefetch(batches, self.num_workers * self.prefetch_factor)
        with contextlib.closing(batches):  # also when the loop over it is left early
            for batch in batches:
                epoch["batches"] += 1
                yield batch
        if self._epoch is epoch:
            self._epoch = None

    def _load(self, seed: int, skip: int) -> Batches:
        """The batches of the epoch that belongs to `seed`, without the first `skip`."""
        order, numbers = Stream(seed), iter(self.batch_sampler)
        for count in itertools.count(1):
            with drawing_from(order):
                indices = next(numbers, None)
            if indices is None:
                return
            if count > skip:
                with drawing_from(Stream(seed + count)):
                    batch = self._fetch(indices)
                yield batch

    def _fetch(self, indices: Sequence[int]) -> Any:
        if self.collate_fn is default_collate:
            return gather(self.dataset, indices)
        return self.collate_fn([self.dataset[i] for i in indices])

    def _states(self) -> list[dict]:
        return [generator.get_state() for generator in self._generators]

    def state_dict(self) -> dict[str, Any]:
        """Where the epoch under way stands: its seed and how many batches it has given out.

        A loader with the same arguments goes on from there, bit for bit, after `load_state_dict`.
        Only numbers, texts, lists and dictionaries, so it can be written as JSON. Transforms keep
        up as long as they were given no generator of their own.
        """
        return dict(self._epoch or {"seed": None, "batches": 0, "generators": self._states()})

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Make the next loop go on after the batches that were given out, without loading those.

        >>> loader = DataLoader(range(6), batch_size=2, shuffle=True)
        >>> for batch in loader:
        ...     break
        >>> resumed = DataLoader(range(6), batch_size=2, shuffle=True)
        >>> resumed.load_state_dict(loader.state_dict())
        >>> len(list(resumed)), len(list(resumed))
        (2, 3)
        """
        saved = state.get("generators", ())
        if set(state) != {"seed", "batches", "generators"} or len(saved) != len(self._generators):
            raise ValueError(
                f"DataLoader.load_state_dict: got {sorted(state)} with {len(saved)} generators, "
                f"expected seed, batches and generators with {len(self._generators)}. Was it saved "
                "by a loader with the same arguments?"
            )
        for generator, generator_state in zip(self._generators, saved, strict=True):
            generator.set_state(generator_state)
        self._resuming = state["seed"] is not None
        self._epoch = dict(state) if self._resuming else None


def check_workers(num_workers: int, prefetch_factor: int | None, processes: Any) -> None:
    """Refuse what a loader with one background thread cannot do."""
    if isinstance(num_workers, bool) or not isinstance(num_workers, int) or num_workers < 0:
        raise ValueError(f"DataLoader: num_workers is {num_workers!r}, expected 0 or more")
    if prefetch_factor is not None and num_workers == 0:
        raise ValueError(
            f"DataLoader: prefetch_factor is {prefetch_factor} with num_workers=0, where nothing "
            "is loaded ahead. Set num_workers=1, or leave prefetch_factor out."
        )
    if prefetch_factor is not None:
        positive("DataLoader: prefetch_factor", prefetch_factor)
    if processes:
        raise ValueError(
            "DataLoader: timeout, worker_init_fn and multiprocessing_context are about worker "
            "processes, and here one thread loads ahead. Leave them out."
        )


def check_order(
    dataset: Any,
    batch_size: Any,
    shuffle: Any,
    sampler: Any,
    batch_sampler: Any,
    drop_last: bool,
) -> None:
    """Refuse a dataset without numbers, and settings that would decide the order twice."""
    ordered = sampler is not None or batch_sampler is not None
    if not hasattr(dataset, "__getitem__") or not (ordered or hasattr(dataset, "__len__")):
        raise TypeError(
            f"DataLoader: a {type(dataset).__name__} has no dataset[i] or no len(dataset). Streams "
            "without numbers are not supported: write a Dataset, or put the samples in a list."
        )
    elsewhere = batch_size != 1 or shuffle or sampler is not None or drop_last
    if batch_sampler is not None and elsewhere:
        raise ValueError(
            "DataLoader: a batch_sampler sets the batches and their order, so batch_size, shuffle, "
            "sampler and drop_last must be left out."
        )
    if sampler is not None and shuffle:
        raise ValueError("DataLoader: a sampler sets the order, so leave out shuffle=True.")
    if batch_size is None:
        raise ValueError(
            "DataLoader: batch_size=None, single samples without a batch dimension, is not "
            "supported. Loop over the dataset itself."
        )


def prefetch(batches: Batches, ahead: int) -> Batches:
    """What `batches` yields, in the same order, while a thread works up to `ahead` items in front.

    An error in the thread is raised here, in its turn and with the traceback of where it happened.
    Closing the generator stops the thread.

    >>> list(prefetch((n * n for n in range(4)), ahead=2))
    [0, 1, 4, 9]
    """
    ready: queue.SimpleQueue = queue.SimpleQueue()
    free = threading.Semaphore(ahead)  # places for items that nobody has taken yet
    closed = threading.Event()

    def work() -> None:
        try:
            while free.acquire() and not closed.is_set():
                ready.put((next(batches), None))
        except BaseException as error:  # StopIteration too: the end is told like any other news
            ready.put((None, error))

    thread = threading.Thread(target=work, name="tinytorch-prefetch", daemon=True)
    thread.start()
    try:
        while True:
            batch, error = ready.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            free.release()
            yield batch
    finally:
        closed.set()
        free.release()
        thread.join()


# ---------------------------------------------------------------------------- the transforms


class Compose:
    """Transforms one after the other.

    >>> halve_twice = Compose([lambda x: x / 2, lambda x: x / 2])
    >>> halve_twice(8.0)
    2.0
    """

    def __init__(self, transforms: Sequence[Callable]):
        self.transforms = transforms

    @property
    def takes_batches(self) -> bool:
        """Whether every part takes a whole batch (N, C, H, W) as well as one image (C, H, W)."""
        return all(getattr(transform, "takes_batches", False) for transform in self.transforms)

    def __call__(self, image: Any) -> Any:
        for transform in self.transforms:
            image = transform(image)
        return image


class Normalize:
    """Subtract `mean` and divide by `std`, channel by channel.

    Args:
        mean, std: one number per channel, measured on the training images: those of the test set
            are not known when the model is built.
    Raises: TypeError for images of integers, ValueError when the channels do not match.

    >>> Normalize(mean=[0.5], std=[0.25])(tensor([[[0.5, 1.0]]]))
    tensor([[[0., 2.]]])
    """

    takes_batches = True

    def __init__(self, mean: Sequence[float], std: Sequence[float]):
        if len(mean) != len(std) or not all(std):
            raise ValueError(
                f"Normalize: got mean {list(mean)} and std {list(std)}, expected one number per "
                "channel in each, and no std of 0. A constant channel needs a std of 1."
            )
        self.mean = tensor(list(mean)).reshape(-1, 1, 1)  # (C, 1, 1)
        self.std = tensor(list(std)).reshape(-1, 1, 1)

    def __call__(self, image: Tensor) -> Tensor:
        C = images_of(image, "Normalize").shape[1]
        if image.dtype.kind != "f":
            raise TypeError(
                f"Normalize: got an image of {image.dtype}, expected floats in 0 to 1: image / 255"
            )
        if len(self.mean) != C:
            raise ValueError(
                f"Normalize: the image of shape {image.shape} has {C} channels, the mean has "
                f"{len(self.mean)} numbers. Images are (C, H, W), in batches (N, C, H, W)."
            )
        return (image - self.mean.to(image.dtype)) / self.std.to(image.dtype)


class RandomHorizontalFlip:
    """Each image mirrored left to right with probability `p`.

    >>> RandomHorizontalFlip(p=1.0)(tensor([[[1.0, 2.0, 3.0]]]))
    tensor([[[3., 2., 1.]]])
    """

    takes_batches = True

    def __init__(self, p: float = 0.5, generator: Generator | None = None):
        if not 0 <= p <= 1:
            raise ValueError(f"RandomHorizontalFlip: p is {p}, expected a probability, 0 to 1")
        self.p, self.generator = p, generator

    def __call__(self, image: Tensor) -> Tensor:
        images = images_of(image, "RandomHorizontalFlip")  # (N, C, H, W)
        mirrored = stream(self.generator).rng.random(len(images)) < self.p  # (N,)
        out = images.copy()
        out[mirrored] = images[mirrored][..., ::-1]
        return Tensor(out.reshape(image.shape))


class RandomCrop:
    """A window of `size` at a random place of each image, after a border of `padding` was added.

    Args:
        size: (height, width), or one number for both.
        padding: pixels added on all four sides.
        padding_mode: "constant" adds black (zeros), "reflect" mirrors the image at its edge.
    Raises: ValueError when the window is larger than the padded image.

    >>> crop = RandomCrop(2, generator=Generator().manual_seed(0))
    >>> crop(tensor([[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]]))
    tensor([[[1., 1.],
             [1., 1.]]])
    """

    takes_batches = True

    def __init__(
        self,
        size: int | tuple[int, int],
        padding: int = 0,
        padding_mode: str = "constant",
        generator: Generator | None = None,
    ):
        if padding_mode not in ("constant", "reflect"):
            raise ValueError(
                f'RandomCrop: padding_mode is {padding_mode!r}, expected "constant" or "reflect"'
            )
        self.size = (size, size) if isinstance(size, int) else tuple(size)
        self.padding, self.padding_mode, self.generator = padding, padding_mode, generator

    def __call__(self, image: Tensor) -> Tensor:
        border = (self.padding, self.padding)
        images = images_of(image, "RandomCrop")
        images = np.pad(images, ((0, 0), (0, 0), border, border), self.padding_mode)  # type: ignore[call-overload]
        (N, C, H, W), (height, width) = images.shape, self.size
        if height > H or width > W:
            raise ValueError(
                f"RandomCrop: a window of {height}x{width} does not fit into images of {H}x{W} "
                f"(padding of {self.padding} included). Make it smaller, or the padding larger."
            )
        rng = stream(self.generator).rng
        tops, lefts = rng.integers(H - height + 1, size=N), rng.integers(W - width + 1, size=N)
        out = np.empty((N, C, height, width), images.dtype)
        for i, (top, left) in enumerate(zip(tops.tolist(), lefts.tolist(), strict=True)):
            out[i] = images[i, :, top : top + height, left : left + width]
        return Tensor(out.reshape(*image.shape[:-2], height, width))


def images_of(image: Tensor, name: str) -> np.ndarray:
    """The values of one image (C, H, W) or a batch (N, C, H, W) as an array (N, C, H, W)."""
    if not isinstance(image, Tensor) or image.ndim not in (3, 4):
        raise TypeError(
            f"{name}: got {getattr(image, 'shape', type(image).__name__)}, expected a Tensor of "
            "shape (C, H, W) or (N, C, H, W): channels first. ToTensor() makes one of an array."
        )
    return image.array if image.ndim == 4 else image.array[None]
