"""The work that is measured, written once: `torch` is either library.

Each function prepares its data and returns a step: a function that does the work once.
"""

import itertools
from collections.abc import Callable
from types import ModuleType

from benchmarks.models import cnn, generation, gpt


def small_operations(torch: ModuleType) -> Callable[[], None]:
    """Six operations on 16x16 values, forward and backward."""
    x, b = torch.ones(16, 16) * 0.1, torch.ones(16)
    w = torch.ones(16, 16, requires_grad=True)

    def step() -> None:
        w.grad = None
        h = torch.relu(x @ w + b)
        ((h * h).exp() * 0.1).sum().backward()

    return step


def addition(torch: ModuleType) -> Callable[[], None]:
    """One addition of 4x4 values without gradients: what the door costs."""
    a, b = torch.ones(4, 4), torch.ones(4, 4)
    return lambda: a + b


def mlp(*sizes: int, batch: int) -> Callable[[ModuleType], Callable[[], None]]:
    """A training step of a network with ReLU between its layers: forward, backward, Adam."""

    def prepare(torch: ModuleType) -> Callable[[], None]:
        nn = torch.nn
        layers: list = []
        for n_in, n_out in itertools.pairwise(sizes):
            layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        model = nn.Sequential(*layers[:-1])
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        x, y = torch.rand(batch, sizes[0]), torch.randint(0, sizes[-1], (batch,))

        def step() -> None:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()

        return step

    return prepare


def cross_entropy(rows: int, classes: int) -> Callable[[ModuleType], Callable[[], None]]:
    """Cross-entropy from logits, forward and backward."""

    def prepare(torch: ModuleType) -> Callable[[], None]:
        logits = torch.randn(rows, classes, requires_grad=True)
        labels = torch.randint(0, classes, (rows,))

        def step() -> None:
            logits.grad = None
            torch.nn.functional.cross_entropy(logits, labels).backward()

        return step

    return prepare


def softmax(torch: ModuleType) -> Callable[[], None]:
    """Softmax of 1024x65 values, forward and backward."""
    x, weights = torch.randn(1024, 65, requires_grad=True), torch.randn(1024, 65)

    def step() -> None:
        x.grad = None
        (torch.softmax(x, dim=-1) * weights).sum().backward()

    return step


def optimizer(name: str, *sizes: int, **options: float) -> Callable[[ModuleType], Callable]:
    """One step of an optimizer for the parameters of a network with these layers."""

    def prepare(torch: ModuleType) -> Callable[[], None]:
        parameters = []
        for n_in, n_out in itertools.pairwise(sizes):
            for shape in ((n_out, n_in), (n_out,)):
                parameter = torch.nn.Parameter(torch.randn(*shape))
                parameter.grad = torch.randn(*shape)
                parameters.append(parameter)
        return getattr(torch.optim, name)(parameters, lr=1e-3, **options).step

    return prepare


def loading(torch: ModuleType) -> Callable[[], None]:
    """One epoch of 10,000 images of 28x28 in shuffled batches of 64."""
    images, labels = torch.rand(10_000, 784), torch.randint(0, 10, (10_000,))
    data = torch.utils.data.TensorDataset(images, labels)
    loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True)

    def step() -> None:
        for _ in loader:
            pass

    return step


WORKLOADS: dict[str, Callable[[ModuleType], Callable[[], None]]] = {
    "addition 4x4, no gradient": addition,
    "six small operations 16x16, forward + backward": small_operations,
    "MLP 784-128-10, batch 64, step": mlp(784, 128, 10, batch=64),
    "MLP 784-128-10, batch 128, step": mlp(784, 128, 10, batch=128),
    "MLP 784-512-256-10, batch 64, step": mlp(784, 512, 256, 10, batch=64),
    "MLP 784-512-256-10, batch 128, step": mlp(784, 512, 256, 10, batch=128),
    "softmax 1024x65, forward + backward": softmax,
    "cross-entropy 128x10, forward + backward": cross_entropy(128, 10),
    "cross-entropy 1024x65, forward + backward": cross_entropy(1024, 65),
    "SGD momentum, 784-128-10": optimizer("SGD", 784, 128, 10, momentum=0.9),
    "Adam, 784-128-10": optimizer("Adam", 784, 128, 10),
    "Adam, 784-512-256-10": optimizer("Adam", 784, 512, 256, 10),
    "DataLoader, 10,000 images, batch 64": loading,
    "CNN 3-32-64, 32x32, batch 64, step": cnn(32, 64, batch_norm=False, batch=64),
    "CNN 3-32-64-128 batch norm, batch 64, step": cnn(32, 64, 128, batch_norm=True, batch=64),
    "GPT 4 layers, d 128, T 64, batch 16, step": gpt(4, 128, 64, batch=16),
    "GPT 4 layers, d 256, T 128, batch 8, step": gpt(4, 256, 128, batch=8),
    "generation 4 layers, d 128, 8 to 64 tokens": generation(4, 128, 8, 64),
}
