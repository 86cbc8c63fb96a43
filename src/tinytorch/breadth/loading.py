"""What stands behind data loading: the thread that loads ahead, and what is refused, in words.

The classes of `core/dataloader.py` show each new set of arguments to the guard of their name.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinytorch.core.dataloader import GUARDS, PREFETCH, Batches

__all__ = ["guard", "positive", "prefetch"]


# ------------------------------------------------------------------------------ loading ahead


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


PREFETCH.append(prefetch)


# ---------------------------------------------------------------------------------- refusals


def guard(what: str) -> Callable[[Callable], Callable]:
    """Register the decorated function as the one that looks at the arguments of `what`."""
    return lambda function: GUARDS.setdefault(what, function)


def positive(name: str, value: Any) -> int:
    """`value` if it is a whole number above zero, else a ValueError that names it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value <= 0:
        raise ValueError(f"{name} is {value!r}, expected a whole number of at least 1")
    return int(value)


@guard("RandomSampler")
def check_random_sampler(given: Mapping[str, Any]) -> None:
    if not isinstance(given["replacement"], bool):
        raise TypeError(
            f"RandomSampler: replacement is {given['replacement']!r}, expected True or False"
        )
    positive("num_samples", given["num_samples"])


@guard("BatchSampler")
def check_batch_sampler(given: Mapping[str, Any]) -> None:
    if not isinstance(given["drop_last"], bool):
        raise ValueError(
            f"BatchSampler: drop_last is {given['drop_last']!r}, expected True or False"
        )
    positive("batch_size", given["batch_size"])


@guard("DataLoader")
def check_loader(given: Mapping[str, Any]) -> None:
    """Refuse what one background thread cannot do, and settings that decide the order twice."""
    processes = given["timeout"] or given["worker_init_fn"] or given["multiprocessing_context"]
    check_workers(given["num_workers"], given["prefetch_factor"], processes)
    order = ("dataset", "batch_size", "shuffle", "sampler", "batch_sampler", "drop_last")
    check_order(*(given[name] for name in order))


@guard("DataLoader.load_state_dict")
def check_state(given: Mapping[str, Any]) -> None:
    state, generators = given["state"], given["self"]._generators
    saved = state.get("generators", ())
    if set(state) != {"seed", "batches", "generators"} or len(saved) != len(generators):
        raise ValueError(
            f"DataLoader.load_state_dict: got {sorted(state)} with {len(saved)} generators, "
            f"expected seed, batches and generators with {len(generators)}. Was it saved "
            "by a loader with the same arguments?"
        )


@guard("Normalize")
def check_normalize(given: Mapping[str, Any]) -> None:
    mean, std = given["mean"], given["std"]
    if len(mean) != len(std) or not all(std):
        raise ValueError(
            f"Normalize: got mean {list(mean)} and std {list(std)}, expected one number per "
            "channel in each, and no std of 0. A constant channel needs a std of 1."
        )


@guard("RandomCrop")
def check_crop(given: Mapping[str, Any]) -> None:
    mode = given["padding_mode"]
    if mode not in ("constant", "reflect"):
        raise ValueError(f'RandomCrop: padding_mode is {mode!r}, expected "constant" or "reflect"')


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
