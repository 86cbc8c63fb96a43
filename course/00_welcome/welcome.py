"""00 · Welcome: three functions on plain lists, and a machine from 1958 that works with them.

They need no library, and they are the seeds of what follows: a mean becomes a loss, a sum of
products becomes the matrix product, and a yes or no from weighted evidence becomes a neuron.
"""


def mean(values: list[float]) -> float:
    """The mean of some numbers, at least one: their sum, shared out evenly.

    >>> mean([2.0, 4.0, 9.0])
    5.0
    """
    return sum(values) / len(values)


def dot(a: list[float], b: list[float]) -> float:
    """The dot product of two lists of the same length: the sum of the products, pair by pair.

    >>> dot([1.0, 2.0, 3.0], [10.0, 0.0, 1.0])  # 1 * 10 + 2 * 0 + 3 * 1
    13.0
    """
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += x * y
    return total


def predict(inputs: list[float], weights: list[float], bias: float) -> bool:
    """Whether the evidence is for it: is the weighted sum of the inputs, plus the bias, above 0?

    Args:
        inputs: what is seen.
        weights: how much each input speaks for it; below zero, how much it speaks against it.
        bias: how much speaks for it before anything is seen.
    Returns: True or False; False when it is exactly 0.

    >>> predict([1.0, 0.0], weights=[2.0, -3.0], bias=-1.0)  # 2 - 1 is above 0
    True
    """
    return dot(inputs, weights) + bias > 0


def card(*rows: str) -> list[float]:
    """A card as a list of numbers, row by row: 1.0 for a mark, 0.0 for blank paper.

    >>> card("#..", "..#")
    [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    """
    return [1.0 if place == "#" else 0.0 for row in rows for place in row]
