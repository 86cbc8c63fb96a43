"""05 · Data loading: from a set of samples to a stream of shuffled batches.

A *dataset* answers one question: what is sample number i? A *sampler* says in which order the
numbers come, a *collate* function makes one batch of several samples, and the `DataLoader` puts the
three together. What needs chance draws from a stream of numbers that belongs to the epoch and the
batch: the same seed gives the same batches, in the foreground, in the background, and in a run that
was stopped in the middle of an epoch and resumed. Refusals, and the
thread that loads ahead, are in `breadth/loading.py`.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
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
    "GUARDS", "PREFETCH", "BatchSampler", "Batches", "Compose", "DataLoader", "Dataset",
    "Normalize", "RandomCrop", "RandomHorizontalFlip", "RandomSampler", "Sampler",
    "SequentialSampler", "Subset", "TensorDataset", "channel_statistics", "default_collate",
    "gather", "random_split", "sizes_of_parts", "stream",
]  # fmt: skip


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

    >>> data = TensorDataset(tensor([[1.0], [2.0], [3.0]]), tensor([0, 1, 0]))
    >>> len(data), data[1]
    (3, (tensor([2.]), tensor(1)))
    """

    def __init__(self, *tensors: Tensor):
        """Keep `tensors`, one or more, each (N, ...) with the same N, as the tuple `self.tensors`.

        Raises: AssertionError, which names all shapes, when the first sizes differ.
        """
        if len({t.shape[0] for t in tensors}) > 1:
            shapes = ", ".join(str(t.shape) for t in tensors)
            raise AssertionError(
                f"TensorDataset: got shapes {shapes}, expected one number of samples in the first "
                "dimension of each. Is one of them from the other split, or transposed?"
            )
        self.tensors = tensors

    def __len__(self) -> int:
        """The number of samples, N."""
        return self.tensors[0].shape[0]

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        """Sample number `index`: the row `index` of each tensor, as a tuple."""
        return tuple(t[index] for t in self.tensors)

    def gather(self, indices: Sequence[int]) -> list[Tensor]:
        """The batch of the rows `indices`: one operation per tensor, no loop over samples.

        Returns: a list with a tensor (B, ...) for each tensor of the dataset.

        >>> TensorDataset(tensor([5, 6, 7])).gather([2, 0])
        [tensor([7, 5])]
        """
        rows = np.asarray(indices, dtype=np.intp)
        return [t[rows] for t in self.tensors]


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


class Subset(Dataset):
    """The samples of `dataset` at `indices`, in that order.

    >>> list(Subset("abcdef", [4, 0, 5]))
    ['e', 'a', 'f']
    """

    def __init__(self, dataset: Any, indices: Sequence[int]):
        """Keep both under these names; nothing is copied."""
        self.dataset, self.indices = dataset, indices

    def __len__(self) -> int:
        """How many samples there are in this subset."""
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        """Sample number `index` of this subset."""
        return self.dataset[self.indices[index]]

    def gather(self, indices: Sequence[int]) -> Any:
        """The batch of the samples that stand at `indices` of this subset, by way of `gather`."""
        return gather(self.dataset, [self.indices[i] for i in indices])


def sizes_of_parts(n: int, lengths: Sequence[float]) -> list[int]:
    """How many of `n` samples each part gets.

    Args:
        lengths: whole numbers that add up to n, or fractions that add up to 1 (`math.isclose`);
            what rounding down leaves over goes to the parts in turn, one sample each, from the
            first part on.
    Raises: ValueError for lengths that do not add up, and for negative ones; it names `n`.

    >>> sizes_of_parts(10, [0.75, 0.25]), sizes_of_parts(10, [4, 6])
    ([8, 2], [4, 6])
    """
    sizes: list[Any] = list(lengths)
    if math.isclose(sum(lengths), 1):
        sizes = [math.floor(n * fraction) for fraction in lengths]
        for i in range(n - sum(sizes)):
            sizes[i % len(sizes)] += 1
    if sum(sizes) != n or min(lengths, default=0) < 0 or any(size % 1 for size in sizes):
        raise ValueError(
            f"random_split: the lengths {list(lengths)} add up to {sum(lengths)}, expected whole "
            f"numbers that add up to {n}, the number of samples, or fractions that add up to 1."
        )
    return [int(size) for size in sizes]


def random_split(
    dataset: Any, lengths: Sequence[float], generator: Generator | None = None
) -> list[Subset]:
    """Parts of `dataset` that share no sample, of the given lengths, drawn at random.

    Args:
        lengths: as for `sizes_of_parts`, which raises ValueError when they do not add up.
        generator: where the chance comes from; the same seed gives the same parts.
            The default generator if None.

    >>> [len(part) for part in random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    sizes = sizes_of_parts(len(dataset), lengths)
    order = (generator or default_generator).rng.permutation(len(dataset)).tolist()
    ends = itertools.accumulate(sizes)
    return [Subset(dataset, order[end - k : end]) for end, k in zip(ends, sizes, strict=True)]


# --------------------------------------------------------------------------------- the order

GUARDS: dict[str, Callable[[Mapping[str, Any]], None]] = {}  # by what is called; they refuse


def admit(what: str, arguments: Mapping[str, Any]) -> None:
    """Let the guard of `what`, if there is one, look at the arguments before they are used."""
    if what in GUARDS:
        GUARDS[what](arguments)


LOADING = threading.local()  # .stream: where this thread draws from while it loads a batch


def stream(generator: Generator | None = None) -> Generator:
    """Where to draw from: the generator given, else the stream of the batch being loaded.

    Samplers and transforms ask here. Each batch of each epoch has a stream of its own, so what is
    drawn for it depends neither on the batches before it nor on what the training loop draws in the
    meantime. Outside of a DataLoader it is the default generator.
    """
    return generator or getattr(LOADING, "stream", None) or default_generator


class Sampler:
    """An order of sample numbers: write `__iter__`, and `__len__` where the number is known."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(
            f"{type(self).__name__} has no __iter__(self). Write one that yields sample numbers."
        )


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
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self.num_samples = len(data_source) if num_samples is None else num_samples
        admit("RandomSampler", vars(self))

    def __len__(self) -> int:
        """How many numbers one round yields."""
        return self.num_samples

    def __iter__(self) -> Iterator[int]:
        """Yield `num_samples` numbers, as Python integers, drawn anew at each call.

        Without replacement every number comes once before any comes again: more than N numbers
        are one random order after the other, the last one cut short.
        """
        n, rng = len(self.data_source), stream(self.generator).rng
        if self.replacement:
            yield from rng.integers(n, size=self.num_samples).tolist()
            return
        for start in range(0, self.num_samples, n):
            yield from rng.permutation(n)[: self.num_samples - start].tolist()


class SequentialSampler(Sampler):
    """The numbers 0, 1, ..., N - 1."""

    def __init__(self, data_source: Any):
        """Keep `data_source`, of which only the length is ever asked for."""
        self.data_source = data_source

    def __len__(self) -> int:
        """N, the number of samples."""
        return len(self.data_source)

    def __iter__(self) -> Iterator[int]:
        """An iterator over the numbers, from 0 on."""
        return iter(range(len(self.data_source)))


class BatchSampler(Sampler):
    """Lists of `batch_size` numbers from `sampler`; the last one may be shorter, or is dropped.

    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool):
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last
        admit("BatchSampler", vars(self))

    def __len__(self) -> int:
        """How many lists one round yields, from `len(self.sampler)`: nothing is drawn for it."""
        n = len(cast(Sized, self.sampler))
        return n // self.batch_size if self.drop_last else math.ceil(n / self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the lists one by one, each as soon as its numbers have come from `sampler`."""
        numbers = iter(self.sampler)
        while batch := list(itertools.islice(numbers, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch


# --------------------------------------------------------------------------------- the batch


def collate_values(samples: Sequence[Any]) -> Any:
    """The batch of samples that have no parts: arrays, numbers, texts."""
    first = samples[0]
    if isinstance(first, np.ndarray):
        return default_collate([as_tensor(sample) for sample in samples])
    if isinstance(first, np.generic):
        return as_tensor(np.array(samples))
    if isinstance(first, (int, float)):
        return tensor(list(samples), dtype=float64 if isinstance(first, float) else None)
    if isinstance(first, (str, bytes)):
        return samples
    raise TypeError(
        f"default_collate: got samples with a {type(first).__name__}, expected tensors, arrays, "
        "numbers, texts, or tuples, lists and dictionaries of them. Write a collate_fn for others."
    )


def regrouped(first: Any, columns: list) -> Any:
    """The collated parts as a list; where the sample `first` is a named tuple, as one of its kind.

    >>> regrouped((1, 2), ["ones", "twos"])
    ['ones', 'twos']
    """
    return type(first)(*columns) if hasattr(first, "_fields") else columns


def alike(what: str, values: list) -> None:
    """Refuse samples whose `values` are not all equal: their shapes, or their lengths.

    Raises: RuntimeError, which names `what`, the value of sample 0, and the number and the value of
        the first sample that differs from it.
    """
    if len(set(values)) > 1:
        i = next(i for i, value in enumerate(values) if value != values[0])
        raise RuntimeError(
            f"default_collate: sample 0 and sample {i} of the batch have the {what} {values[0]} "
            f"and {values[i]}, expected equal ones. Crop or pad them, or write a collate_fn for it."
        )


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
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, Sequence) and not isinstance(first, (str, bytes)):
        alike("lengths", [len(sample) for sample in samples])
        columns = [default_collate(column) for column in zip(*samples, strict=True)]
        return regrouped(first, columns)
    return collate_values(samples)


# -------------------------------------------------------------------------------- the chance


class Stream(Generator):
    """The random numbers that belong to one seed; made only when the first one is drawn."""

    def __init__(self, seed: int):
        self._seed = seed

    @functools.cached_property
    def rng(self) -> np.random.Generator:  # type: ignore[override]
        return np.random.default_rng(self._seed)


@contextlib.contextmanager
def drawing_from(source: Generator) -> Iterator[None]:
    """Within the block, samplers and transforms of this thread draw from `source`."""
    before, LOADING.stream = getattr(LOADING, "stream", None), source
    try:
        yield
    finally:
        LOADING.stream = before


# -------------------------------------------------------------------------------- the loader

Batches = Steps[Any, None, None]  # what yields batch after batch and can be closed
PREFETCH: list[Callable[[Batches, int], Batches]] = []  # works ahead in a thread


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
        admit("DataLoader", locals())
        self.dataset, self.generator, self.drop_last = dataset, generator, drop_last
        self.num_workers, self.prefetch_factor = num_workers, prefetch_factor or 2
        self.collate_fn = collate_fn or default_collate
        self.batch_size = batch_size if batch_sampler is None else None
        self.batch_sampler: Any = batch_sampler
        if batch_sampler is None:
            self.batch_sampler = self._in_batches(sampler, bool(shuffle))
        self.sampler: Any = getattr(self.batch_sampler, "sampler", self.batch_sampler)
        of_sampler = getattr(self.sampler, "generator", None)
        self._generators = [g for g in (generator, of_sampler) if g is not None]
        self._epoch: dict[str, Any] | None = None  # the epoch under way, as `state_dict` returns it
        self._resuming = False

    def _in_batches(self, sampler: Iterable[int] | None, shuffle: bool) -> BatchSampler:
        """Lists of sample numbers, by `self.batch_size` and `self.drop_last`.

        Args:
            sampler: the order; if None, a random one with `shuffle` and 0, 1, 2, ... without.
        """
        if sampler is None:
            sampler = RandomSampler(self.dataset) if shuffle else SequentialSampler(self.dataset)
        return BatchSampler(sampler, cast(int, self.batch_size), self.drop_last)

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        return len(self.batch_sampler)

    def _fetch(self, indices: Sequence[int]) -> Any:
        """The batch of the samples `indices`: by `self.collate_fn`, or the fast way by `gather`.

        `gather` is only for `default_collate`, whose result it promises; a function of one's own
        gets the list of the samples.
        """
        if self.collate_fn is default_collate:
            return gather(self.dataset, indices)
        return self.collate_fn([self.dataset[i] for i in indices])

    def _load(self, seed: int, skip: int = 0) -> Batches:
        """Yield the batches of the epoch that belongs to `seed`, without loading the first `skip`.

        The order is drawn from `Stream(seed)`, and what chance batch number k = 1, 2, ... needs,
        from `Stream(seed + k)`. Nothing of it is seen outside: while the caller works with a batch,
        `stream()` is what it was.
        """
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

    def __iter__(self) -> Iterator[Any]:
        if not self._resuming:
            seed = int((self.generator or default_generator).rng.integers(2**62))
            self._epoch = {"seed": seed, "batches": 0, "generators": self._states()}
        epoch, self._resuming = cast(dict, self._epoch), False
        batches = self._load(epoch["seed"], skip=epoch["batches"])
        if self.num_workers:
            batches = PREFETCH[0](batches, self.num_workers * self.prefetch_factor)
        with contextlib.closing(batches):  # also when the loop over it is left early
            for batch in batches:
                epoch["batches"] += 1
                yield batch
        if self._epoch is epoch:
            self._epoch = None

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
        admit("DataLoader.load_state_dict", locals())
        for generator, generator_state in zip(self._generators, state["generators"], strict=True):
            generator.set_state(generator_state)
        self._resuming = state["seed"] is not None
        self._epoch = dict(state) if self._resuming else None


# ---------------------------------------------------------------------------- the transforms


def images_of(image: Tensor, name: str) -> np.ndarray:
    """The values of one image (C, H, W) or a batch (N, C, H, W) as an array (N, C, H, W)."""
    if not isinstance(image, Tensor) or image.ndim not in (3, 4):
        raise TypeError(
            f"{name}: got {getattr(image, 'shape', type(image).__name__)}, expected a Tensor of "
            "shape (C, H, W) or (N, C, H, W): channels first. ToTensor() makes one of an array."
        )
    return image.array if image.ndim == 4 else image.array[None]


class Normalize:
    """Subtract `mean` and divide by `std`, channel by channel.

    Args:
        mean, std: one number per channel, measured on the training images (`channel_statistics`):
            those of the test set are not known when the model is built.
    Raises: TypeError for images of integers, ValueError when the channels do not match.

    >>> Normalize(mean=[0.5], std=[0.25])(tensor([[[0.5, 1.0]]]))
    tensor([[[0., 2.]]])
    """

    takes_batches = True

    def __init__(self, mean: Sequence[float], std: Sequence[float]):
        admit("Normalize", locals())
        self.mean = tensor(list(mean)).reshape(-1, 1, 1)  # (C, 1, 1)
        self.std = tensor(list(std)).reshape(-1, 1, 1)

    def expect(self, image: Tensor) -> None:
        """Refuse what is no image of floats with as many channels as there are means.

        Raises: TypeError, by `images_of`, for what is no image, and for integers, which names their
            dtype; ValueError, which names the shape of the image, for other channels.
        """
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

    def __call__(self, image: Tensor) -> Tensor:
        """The image (C, H, W), or the batch (N, C, H, W), normalised, in its own dtype."""
        self.expect(image)
        return (image - self.mean.to(image.dtype)) / self.std.to(image.dtype)


def channel_statistics(images: Tensor) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel over all images, for `Normalize`.

    Args:
        images: (N, C, H, W), those to train on and no others; floats in 0 to 1.
    Returns: C means and C standard deviations (the root of the mean squared distance from the
        mean), computed in float64, as lists of Python numbers.

    >>> channel_statistics(tensor([[[[0.0, 1.0]], [[0.5, 0.5]]]]))
    ([0.5, 0.5], [0.5, 0.0])
    """
    values = images.array.astype(np.float64)
    return values.mean((0, 2, 3)).tolist(), values.std((0, 2, 3)).tolist()


class Compose:
    """Transforms one after the other.

    >>> halve_twice = Compose([lambda x: x / 2, lambda x: x / 2])
    >>> halve_twice(8.0)
    2.0
    """

    def __init__(self, transforms: Sequence[Callable]):
        """Keep `transforms`."""
        self.transforms = transforms

    @property
    def takes_batches(self) -> bool:
        """Whether every part takes a whole batch (N, C, H, W) as well as one image (C, H, W).

        A part says so by an attribute of this name; one without it takes single images.
        """
        return all(getattr(transform, "takes_batches", False) for transform in self.transforms)

    def __call__(self, image: Any) -> Any:
        """What the last transform makes of what the one before it made, and so on from `image`."""
        for transform in self.transforms:
            image = transform(image)
        return image


class RandomHorizontalFlip:
    """Each image mirrored left to right with probability `p`.

    >>> RandomHorizontalFlip(p=1.0)(tensor([[[1.0, 2.0, 3.0]]]))
    tensor([[[3., 2., 1.]]])
    """

    takes_batches = True

    def __init__(self, p: float = 0.5, generator: Generator | None = None):
        """Keep `p` and `generator`. Raises: ValueError, which names p, outside of 0 to 1."""
        if not 0 <= p <= 1:
            raise ValueError(f"RandomHorizontalFlip: p is {p}, expected a probability, 0 to 1")
        self.p, self.generator = p, generator

    def __call__(self, image: Tensor) -> Tensor:
        """The image (C, H, W), or the batch (N, C, H, W) with each image flipped for itself.

        Returns: a new tensor of the same shape and dtype.
        """
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
        admit("RandomCrop", locals())
        self.size = (size, size) if isinstance(size, int) else tuple(size)
        self.padding, self.padding_mode, self.generator = padding, padding_mode, generator

    def __call__(self, image: Tensor) -> Tensor:
        """The image (C, H, W), or the batch (N, C, H, W), each image cropped at its own place.

        Returns: (C, height, width) or (N, C, height, width); every place that fits is as likely.
        Raises: ValueError, which names both sizes, when the window is larger than the padded image.
        """
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
