"""Predict, then measure: what the graph holds, what checkpointing trades, what backward costs."""

from tito.measures import measure


@measure(
    "06.a",
    "A batch of 64 images of 784 float32 values goes through Linear(784, 128), ReLU, "
    "Linear(128, 10) and cross-entropy. How many bytes do the nodes of the graph keep, each "
    "array counted once?",
    unit="bytes",
    within=0.1,
    explain="Five sixths are the batch itself: 64 * 784 * 4 = 200,704 bytes, for the gradient "
    "of the first weight. ReLU's output, 32,768, serves its own rule and the second "
    "weight's. The second weight (5,120) is kept for the way back to the hidden layer; "
    "the first one is not, since no gradient goes to the images. The loss adds "
    "log-probabilities (2,560), labels (512) and one share (4). Only ReLU's output and "
    "the log-probabilities are kept alive by the graph alone; the rest was there "
    "anyway. In a deep network it is the outputs of the layers that fill the memory, "
    "and they grow with the batch.",
)
def bytes_of_the_graph() -> float:
    """Adds up what `kept` holds, by the learner's own order."""
    import tinytorch as torch
    from tinytorch import nn
    from tinytorch.core.autograd import Node, topological_order
    from tinytorch.nn.functional import cross_entropy

    network = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    loss = cross_entropy(network(torch.rand(64, 784)), torch.tensor([3] * 64))
    nodes = [spot for spot in topological_order([loss.grad_fn]) if isinstance(spot, Node)]
    arrays = {id(array): array for node in nodes for kept in node.kept or () for array in kept}
    return float(sum(array.nbytes for array in arrays.values()))


@measure(
    "06.b",
    "64 layers h = tanh(h) on 100,000 values. With checkpoints every 8 layers, how many times "
    "less memory is in use at the peak of forward and backward than without?",
    unit="times",
    within=0.4,
    explain="Without checkpoints, 64 outputs are held. With them, 8 inputs of segments and the "
    "8 outputs of one segment: 64 / 16 = 4, a little less because gradients need some "
    "arrays in both cases. Segments of sqrt(n) layers are the best choice, and the "
    "memory then grows like 2 * sqrt(n) instead of n. The price is a second forward "
    "pass, about a third more time. torch.utils.checkpoint does this; large language "
    "models are hardly ever trained without it.",
)
def memory_saved_by_checkpoints() -> float:
    """The peak of allocated memory without checkpoints, over that with them."""
    import tracemalloc

    import tinytorch as torch

    def forward(x, layers):
        for _ in range(layers):
            x = x.tanh()
        return x

    def plain(x):
        y = forward(x, 64)
        y.backward(torch.ones(len(y)))

    def checkpointed(x):
        inputs = [x]
        with torch.no_grad():
            for _ in range(7):
                inputs.append(forward(inputs[-1], 8))
        g = torch.ones(len(x))
        while inputs:
            start = inputs.pop().detach()
            start.requires_grad = True
            forward(start, 8).backward(g)
            g, start.grad = start.grad, None

    def peak(run):
        x = torch.rand(100_000)
        x.requires_grad = True
        tracemalloc.start()
        run(x)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    return peak(plain) / peak(checkpointed)


@measure(
    "06.c",
    "Eight layers Linear(512, 512) with ReLU between them, a batch of 256. How many times as "
    "long as the forward pass does backward take?",
    unit="times",
    within=0.5,
    explain="Per layer the forward pass has one matrix product, backward two: one for the "
    "input, one for the weight. The first layer needs only the second of them, so that "
    "15 products stand against 8; the bias and ReLU cost more ahead than back, which "
    "lowers the figure further. Hence the rule of thumb by which training is planned: a"
    " step costs about three forward passes, for any number of weights.",
)
def backward_over_forward() -> float:
    """The median time of backward over that of forward."""
    from statistics import median
    from time import perf_counter

    import tinytorch as torch
    from tinytorch import nn

    layers = [layer for _ in range(8) for layer in (nn.Linear(512, 512), nn.ReLU())]
    network, x = nn.Sequential(*layers), torch.rand(256, 512)
    ahead, back = [], []
    for _ in range(12):
        for p in network.parameters():
            p.grad = None
        start = perf_counter()
        loss = network(x).sum()
        middle = perf_counter()
        loss.backward()
        ahead.append(middle - start)
        back.append(perf_counter() - middle)
    return median(back[2:]) / median(ahead[2:])
