"""Predict, then measure: what a loss costs."""

from tito.measures import measure


@measure(
    "04.a",
    "A batch of 8 texts, 512 positions each, 50,000 words to choose from, float32. How many "
    "million bytes are the scores, before any loss is computed?",
    unit="million bytes",
    within=0.1,
    explain="8 * 512 * 50,000 scores of 4 bytes each: 819 million bytes. The log-shares are as "
    "many again, and their gradients once more. The measurement uses one position, and "
    "multiplies; the full batch would not fit everywhere.",
)
def bytes_of_the_scores() -> float:
    import tinytorch as torch

    scores = torch.zeros(1, 50_000)
    return 8 * 512 * scores.numpy().nbytes / 1e6


@measure(
    "04.b",
    "The loss of 256 examples with 1,000 classes each, and the Linear layer from 512 features that "
    "made the scores: the layer takes how many times as long as the loss?",
    unit="times",
    within=1.5,
    explain="The layer multiplies 512 numbers for each score, the loss takes a maximum, an "
    "exponential and a logarithm. A matrix product runs at the speed of the processor, the loss at "
    "the speed of the memory and of e^, so 512 multiplications cost only a few times as much as "
    "one exponential. The fewer features, the more the loss weighs.",
)
def layer_against_loss() -> float:
    from statistics import median
    from time import perf_counter

    import tinytorch as torch
    from tinytorch import nn

    torch.manual_seed(0)
    layer, features = nn.Linear(512, 1000), torch.randn(256, 512)
    labels = torch.randint(0, 1000, (256,))
    criterion = nn.CrossEntropyLoss()
    ratios = []
    with torch.no_grad():
        for _ in range(15):
            start = perf_counter()
            scores = layer(features)
            middle = perf_counter()
            criterion(scores, labels)
            ratios.append((middle - start) / (perf_counter() - middle))
    return median(ratios)


@measure(
    "04.c",
    "Two scores, the right one behind by d. From which whole number d on does the detour "
    "-log(softmax) give infinity in float32? (e^-88 is about 6e-39.)",
    unit="",
    within=0.1,
    explain="The share is e^-d. float32 ends at about 1e-45, by way of numbers with fewer and "
    "fewer digits, so e^-103 is the last one that is not 0. cross_entropy gives d itself, for any "
    "d: log-softmax never makes the share.",
)
def where_the_detour_ends() -> float:
    import numpy as np

    import tinytorch as torch

    for d in range(1, 200):
        share = torch.softmax(torch.tensor([[float(d), 0.0]]), dim=1)
        if np.isinf(share.log().numpy()[0, 1]):
            return d
    return 200
