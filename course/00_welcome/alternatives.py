"""Right versions that are written differently."""

from tito.misconceptions import right


@right("00.1", "mean")
def mean_by_a_loop(values):
    total = 0
    for value in values:
        total = total + value
    return total / len(values)


@right("00.1", "mean")
def mean_by_its_parts(values):
    return sum(value / len(values) for value in values)


@right("00.2", "dot")
def dot_in_one_line(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


@right("00.2", "dot")
def dot_by_places(a, b):
    total = 0
    for i in range(len(a)):
        total = total + a[i] * b[i]
    return total


@right("00.3", "predict")
def predict_with_if(inputs, weights, bias):
    total = bias
    for i, weight in enumerate(weights):
        total = total + inputs[i] * weight
    answer = False
    if total > 0:
        answer = True
    return answer
