"""Wrong versions that learners write, each with the sentence that helps."""

from tito.misconceptions import wrong


@wrong(
    "00.1",
    "mean",
    "Your mean is the sum, not yet divided by how many numbers there are.",
)
def mean_is_the_sum(values):
    return sum(values)


@wrong(
    "00.1",
    "mean",
    "Your mean divides with //, which drops what stands behind the point: the mean of 1 and 2 "
    "becomes 1. Use /.",
)
def mean_in_whole_numbers(values):
    return sum(values) // len(values)


@wrong(
    "00.1",
    "mean",
    "Your mean divides by one less than there are numbers. Python counts places from 0, but len "
    "counts things.",
)
def mean_by_one_less(values):
    return sum(values) / max(len(values) - 1, 1)


@wrong(
    "00.1",
    "mean",
    "Your mean always divides by 3. That fits the example; the number to divide by is the length "
    "of the list.",
)
def mean_of_three(values):
    return sum(values) / 3


@wrong(
    "00.1",
    "mean",
    "Your mean is the number half way between the smallest and the largest. The others have a say "
    "as well: add all up.",
)
def mean_of_the_extremes(values):
    return (min(values) + max(values)) / 2


@wrong(
    "00.1",
    "mean",
    "Your mean is the one in the middle of the sorted list, which is called the median. Add all "
    "up and divide.",
)
def mean_is_the_median(values):
    return sorted(values)[len(values) // 2]


@wrong(
    "00.2",
    "dot",
    "Your dot returns from within the loop, after the first product. Move the return to the left, "
    "so that it comes after the loop.",
)
def dot_returns_too_early(a, b):
    total = 0.0
    for x, y in zip(a, b):
        total += x * y
        return total


@wrong(
    "00.2",
    "dot",
    "Your dot keeps the last product only: with = each round replaces the one before. Add to the "
    "total, with +=.",
)
def dot_keeps_the_last(a, b):
    for x, y in zip(a, b):
        total = x * y
    return total


@wrong(
    "00.2",
    "dot",
    "Your dot lets every number of a meet every number of b. Each meets its own partner only: the "
    "one at the same place.",
)
def dot_of_all_pairs(a, b):
    total = 0.0
    for x in a:
        for y in b:
            total += x * y
    return total


@wrong(
    "00.2",
    "dot",
    "Your dot starts from 1 instead of 0, so every result is one too large.",
)
def dot_starts_from_one(a, b):
    total = 1.0
    for x, y in zip(a, b):
        total += x * y
    return total


@wrong(
    "00.2",
    "dot",
    "Your dot leaves the last pair out. range(n) already stops before n; there is nothing to take "
    "off.",
)
def dot_without_the_last(a, b):
    return sum(a[i] * b[i] for i in range(len(a) - 1))


@wrong(
    "00.2",
    "dot",
    "Your dot returns the list of products. One step is missing: their sum.",
)
def dot_as_a_list(a, b):
    return [x * y for x, y in zip(a, b)]


@wrong(
    "00.2",
    "dot",
    "Your dot adds the partners instead of multiplying them.",
)
def dot_of_sums(a, b):
    return sum(x + y for x, y in zip(a, b))


@wrong(
    "00.3",
    "predict",
    "Your predict forgets the bias. It is added to the weighted sum before you compare.",
)
def predict_without_bias(inputs, weights, bias):
    return dot(inputs, weights) > 0


@wrong(
    "00.3",
    "predict",
    "Your predict says True when the sum is exactly 0. The docstring wants it above 0: > instead "
    "of >=.",
)
def predict_on_the_wrong_side_of_zero(inputs, weights, bias):
    return dot(inputs, weights) + bias >= 0


@wrong(
    "00.3",
    "predict",
    "Your predict returns the sum itself. The question is whether it is above 0: compare, and "
    "return True or False.",
)
def predict_returns_the_sum(inputs, weights, bias):
    return dot(inputs, weights) + bias


@wrong(
    "00.3",
    "predict",
    "Your predict is the wrong way round: it says True when the evidence speaks against it.",
)
def predict_turned_round(inputs, weights, bias):
    return dot(inputs, weights) + bias < 0


@wrong(
    "00.3",
    "predict",
    "Your predict compares the weighted sum with the bias. They belong on the same side: the sum "
    "plus the bias is compared with 0.",
)
def predict_compares_with_the_bias(inputs, weights, bias):
    return dot(inputs, weights) > bias


@wrong(
    "00.3",
    "predict",
    "Your predict adds up the inputs as they are. Each must be multiplied by its weight first; "
    "dot does both.",
)
def predict_without_weights(inputs, weights, bias):
    return sum(inputs) + bias > 0
