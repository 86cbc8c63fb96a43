"""Predict, then measure: what shuffling, bytes and a thread that works ahead cost and save."""

from time import sleep

import numpy as np

from tito.measures import measure, seconds


@measure(
    "05.a",
    "A batch is 256 rows of 784 float32 numbers, from a set of 20,000 rows. How many times as long "
    "does your TensorDataset take to gather 256 shuffled rows as NumPy takes to copy 256 rows that "
    "lie side by side?",
    unit="times",
    within=1.0,
    explain="Both move 0.8 megabytes. The slice is one long piece, and the processor fetches what "
    "comes next before it is asked for. The shuffled rows are 256 pieces from all over 63 "
    "megabytes, which is more than the caches hold, so each begins with a wait for the memory; "
    "within a row it goes at full speed. That is why large sets on disk are shuffled in two steps: "
    "files of some thousand samples in random order, and samples within a buffer.",
)
def shuffled_against_side_by_side() -> float:
    from tinytorch import Tensor
    from tinytorch.utils.data import TensorDataset

    random = np.random.default_rng(0)
    rows = random.random((20_000, 784), np.float32)
    data, orders = TensorDataset(Tensor(rows)), random.permutation(20_000)[: 78 * 256]
    batches, starts = orders.reshape(78, 256).tolist(), range(0, 78 * 256, 256)

    def shuffled() -> None:
        for numbers in batches:
            data.gather(numbers)

    def side_by_side() -> None:
        for start in starts:
            rows[start : start + 256].copy()

    return seconds(shuffled, repeats=5) / seconds(side_by_side, repeats=5)


@measure(
    "05.b",
    "CIFAR-10 has 50,000 training pictures of 3 x 32 x 32 pixels. As bytes they take 154 megabytes "
    "(millions of bytes). How many megabytes do they take as the tensor that a network is given?",
    unit="megabytes",
    within=0.05,
    explain="A pixel is one byte, a float32 is four: 614 megabytes. In float64, which is what "
    "NumPy makes of bytes / 255, it would be 1.2 gigabytes, and nobody would have asked for it. So "
    "image sets keep the bytes and make floats per batch, which costs microseconds: the data sets "
    "of this package do, and so does torchvision.",
)
def megabytes_as_floats() -> float:
    from tinytorch import Tensor

    some = Tensor(np.zeros((500, 3, 32, 32), np.uint8))
    floats = some.float() / 255
    return floats.numpy().nbytes * 100 / 1e6


@measure(
    "05.c",
    "To load a batch takes 6 milliseconds of waiting for a disk, and to learn from it takes 4 "
    "milliseconds. An epoch has 20 batches. How many times as fast is it with num_workers=1, where "
    "a thread loads ahead?",
    unit="times",
    within=0.2,
    explain="Without the thread a batch takes 6 + 4 = 10 ms. With it, both go on at once, and the "
    "slower one sets the pace: 6 ms. So about 10 / 6 = 1.67 times as fast, a little less because "
    "nothing hides the first load. It can never be more than 2 with one worker. And it hides "
    "waiting: where loading is arithmetic, both share the processor, and in Python a lock as well, "
    "which is why PyTorch's workers are processes.",
)
def what_loading_ahead_hides() -> float:
    from tinytorch.utils.data import DataLoader, Dataset

    class Slow(Dataset):
        def __len__(self) -> int:
            return 20

        def __getitem__(self, index: int) -> int:
            sleep(0.006)
            return index

    def epoch(num_workers: int) -> None:
        for _ in DataLoader(Slow(), batch_size=1, num_workers=num_workers):
            sleep(0.004)

    return seconds(lambda: epoch(0), repeats=2) / seconds(lambda: epoch(1), repeats=2)
