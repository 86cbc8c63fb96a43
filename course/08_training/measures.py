"""The questions of chapter 08 to which the learner's own code has the answer."""

from tito.measures import measure


@measure(
    "08.a",
    "A network 784-256-10 learns from batches of 64 images with Adam. Of the time of one step "
    "(take the batch from the loader, forward, loss, backward, update), how many percent go into "
    "the update, which is optimizer.step()?",
    unit="percent",
    within=1.0,
    explain="The update touches each of the 203,530 parameters once, whatever the batch size, and "
    "reads and writes four numbers for each: parameter, gradient and Adam's two moments. Forward "
    "and backward do work for each image. So the share of the update falls as batches grow, and "
    "rises with the memory of the optimizer: SGD would take a fraction of Adam's time. Large "
    "frameworks update all parameters with one call (PyTorch's fused=True), because the time here "
    "is that of memory, not of arithmetic.",
)
def share_of_the_update() -> float:
    """Steps measured part by part; the median over the steps."""
    import statistics
    from time import perf_counter

    import tinytorch as torch
    from tinytorch import nn
    from tinytorch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer, loss_fn = torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    data = TensorDataset(torch.randn(64 * 60, 784), torch.randint(0, 10, (64 * 60,)))
    shares = []
    start = perf_counter()
    for x, y in DataLoader(data, batch_size=64, shuffle=True):
        optimizer.zero_grad()
        loss_fn(model(x), y).backward()
        before = perf_counter()
        optimizer.step()
        end = perf_counter()
        shares.append(100 * (end - before) / (end - start))
        start = end
    return statistics.median(shares[10:])


@measure(
    "08.b",
    "Gradients of 2048 images on a network 64-1024-10: once in one batch of 2048, once in 16 "
    "batches of 128 with accumulate=16. How many times as much memory does the one batch need at "
    "its peak, beyond what was there before? (The gradients of the parameters take 0.3 MB either "
    "way.)",
    unit="times",
    within=0.8,
    explain="What grows with the batch is what the graph keeps between forward and backward: here "
    "the hidden values, 1024 numbers for each image, and arrays of that size on the way. Sixteen "
    "small graphs that follow one another need a sixteenth of it. The gradients of the parameters, "
    "which have no batch axis, stay as they are, so the ratio is a little below 16. The time is "
    "nearly the same, as long as a small batch keeps the processor busy. That is how models are "
    "trained whose one large batch would not fit on any machine.",
)
def memory_of_one_large_batch() -> float:
    """Peaks as tracemalloc sees them: NumPy reports its arrays to it."""
    import tracemalloc

    import tinytorch as torch
    from tinytorch import nn
    from tinytorch.core.training import Trainer

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 1024), nn.ReLU(), nn.Linear(1024, 10))
    x, y = torch.randn(2048, 64), torch.randint(0, 10, (2048,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, accumulate=16)
    small = [(x[i : i + 128], y[i : i + 128]) for i in range(0, 2048, 128)]
    peaks = []
    tracemalloc.start()
    for group in ([(x, y)], small):
        trainer.compute_gradients(group)  # warm up; the gradients then lie in memory
        optimizer.zero_grad()
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        trainer.compute_gradients(group)
        peaks.append(tracemalloc.get_traced_memory()[1] - before)
        optimizer.zero_grad()
    tracemalloc.stop()
    return peaks[0] / peaks[1]


@measure(
    "08.c",
    "The same network 784-256-10 has 203,530 parameters in float32. How many bytes has the "
    "checkpoint of a run with Adam, after its first epoch?",
    unit="bytes",
    within=0.05,
    explain="Three arrays of the size of the model: the parameters and Adam's two moments, 203,530 "
    "x 4 x 3 = 2,442,360 bytes. Names, places, settings, random numbers and history are the rest, "
    "a few thousand bytes. The gradients are missing: the next step makes new ones. So a model of "
    "7 billion parameters, 28 GB in float32, has checkpoints of 84 GB, and writing them often is a "
    "question of bandwidth.",
)
def bytes_of_a_checkpoint() -> float:
    """A run of one step, and the size of its file."""
    import os
    import tempfile

    import tinytorch as torch
    from tinytorch import nn
    from tinytorch.core.training import Trainer

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    batches = [(torch.randn(64, 784), torch.randint(0, 10, (64,)))]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run.safetensors")
        optimizer = torch.optim.Adam(model.parameters())
        Trainer(model, nn.CrossEntropyLoss(), optimizer, checkpoint=path).fit(batches, epochs=1)
        return os.path.getsize(path)
