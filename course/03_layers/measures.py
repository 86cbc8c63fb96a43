"""Predict, then measure: what width costs, what a careless beginning does, what a batch saves."""

import math
import time

from tito.measures import measure


@measure(
    "03.a",
    "A network for 28x28 images has the layers 784 -> H -> H -> 10. H goes from 256 to 512. How "
    "many times as many parameters does it have then?",
    unit="times",
    within=0.1,
    explain="The matrix between the two hidden layers has H * H weights and grows fourfold; the "
    "first one has 784 * H and only doubles. With 256 the first one is the larger part, so the sum "
    "stays closer to 2 than to 4. The wider the network, the more its inner matrices decide, and "
    "the closer doubling the width comes to four times the memory. Transformers are all inner "
    "matrices: there the rule of thumb is four.",
)
def growth_of_parameters() -> float:
    """Parameters at H = 512 divided by parameters at H = 256, counted through the model."""
    from tinytorch import nn

    def count(width: int) -> int:
        model = nn.Sequential(
            nn.Linear(784, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, 10),
        )  # fmt: skip
        return sum(parameter.numel() for parameter in model.parameters())

    return count(512) / count(256)


@measure(
    "03.b",
    "Ten layers, each 256 -> 256 without bias and followed by relu. The weights are drawn from a "
    "normal distribution with variance 1, the input too. By which power of ten has the size of the "
    "signal (its root mean square) grown after the tenth layer? Answer 3 for a thousandfold.",
    unit="powers of ten",
    within=0.15,
    explain="A sum of 256 products of variance 1 has variance 256, and relu halves the mean "
    "square: each layer multiplies the mean square by 128, the size by 11.3. Ten times that is "
    "11.3 to the 10th, some 3 * 10^10. At layer 37 float32 is full (3 * 10^38), and what follows "
    "is inf and nan. kaiming_uniform_ divides by exactly this 128. Production frameworks draw "
    "weights so, and put normalisation between the layers besides (modules 09 and 13).",
)
def growth_through_ten_layers() -> float:
    """log10 of the root mean square after ten layers of the learner's linear and relu."""
    import tinytorch as tt
    from tinytorch.nn import functional

    generator = tt.Generator().manual_seed(3)
    x = tt.randn(256, 256, generator=generator)
    for _ in range(10):
        x = functional.relu(functional.linear(x, tt.randn(256, 256, generator=generator)))
    return math.log10(math.sqrt((x * x).mean().item()))


@measure(
    "03.c",
    "256 examples go through Linear(256, 256): once as one batch, and once in 256 calls with one "
    "example each. How many times longer do the single calls take?",
    unit="times",
    within=1.5,
    explain="Both do the same 33.6 million floating-point operations. The single calls pass the "
    "door 256 times, and each reads the whole weight, 262,144 bytes, for one product per number "
    "read. In a batch a number that was read serves 256 rows, from the fastest memory there is. "
    "That is why servers collect requests into batches, and why a chat model that writes one token "
    "at a time is bound by memory, not by arithmetic. The figure depends on your machine.",
)
def what_a_batch_saves() -> float:
    """Seconds of 256 single calls divided by the seconds of one batch, the best of several."""
    import tinytorch as tt
    from tinytorch import nn

    layer, x = nn.Linear(256, 256), tt.randn(256, 256)
    rows = [x[i : i + 1] for i in range(256)]
    best = {"batch": math.inf, "rows": math.inf}
    with tt.no_grad():
        for _ in range(7):
            start = time.perf_counter()
            layer(x)
            middle = time.perf_counter()
            for row in rows:
                layer(row)
            best["batch"] = min(best["batch"], middle - start)
            best["rows"] = min(best["rows"], time.perf_counter() - middle)
    return best["rows"] / best["batch"]
