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
    "the speed of the memory and of e^, so 512 multiplications cost nowhere near 512 times as much "
    "as one exponential. The fewer features, the more the loss weighs.",
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
    "A classifier of ten classes ends with a softmax by mistake, and cross_entropy takes its "
    "shares for scores. It is as right as can be: a share of 1 for the right class, 0 for the "
    "others. What is its loss?",
    unit="",
    within=0.1,
    explain="-log(e / (e + 9)), 1.46: the second softmax sees scores of 1 and 0. A guesser has "
    "2.30, so the whole of learning happens between these two, in small steps. A loss that comes "
    "down to about 1.5 on ten classes and stays there means: look for the second softmax.",
)
def best_loss_of_two_softmaxes() -> float:
    import tinytorch as torch
    from tinytorch.nn import functional as F

    scores = torch.tensor([[1000.0] + [0.0] * 9])
    return F.cross_entropy(torch.softmax(scores, dim=1), torch.tensor([0])).item()
