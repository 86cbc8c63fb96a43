"""The checks of chapter 00."""

from tito.expect import check, expect, rng


def numbers(count: int) -> list[float]:
    """Some whole numbers as floats, new at each run."""
    return [float(n) for n in rng().integers(-9, 10, count)]


# ------------------------------------------------------------------------------------------ mean


@check("00.1")
def mean_by_hand():
    """The mean of 2, 4 and 9 is 5."""
    expect("mean([2.0, 4.0, 9.0])", 5.0, ask="They add up to 15, and there are three of them.")


@check("00.1")
def mean_of_one_and_two():
    """One number is its own mean, and the mean of 1 and 2 lies between them."""
    expect("mean([7.0])", 7.0, ask="By how many numbers do you divide?")
    expect("mean([1, 2])", 1.5, ask="In Python, 3 / 2 is 1.5. What is 3 // 2?")


@check("00.1")
def mean_of_fresh_numbers():
    """It works for any list of numbers."""
    values = numbers(5)
    expect("mean(values)", sum(values) / 5, values=values)


# ------------------------------------------------------------------------------------------- dot


@check("00.2")
def dot_by_hand():
    """1 * 10 + 2 * 0 + 3 * 1 is 13."""
    ask = "How many products are there, and are all of them in the sum?"
    expect("dot([1.0, 2.0, 3.0], [10.0, 0.0, 1.0])", 13.0, ask=ask)


@check("00.2")
def dot_of_one_pair():
    """With one pair the result is their product."""
    expect("dot([3.0], [4.0])", 12.0, ask="What is your sum before the first product is added?")


@check("00.2")
def dot_of_fresh_numbers():
    """It works for lists of any length."""
    a, b = numbers(4), numbers(4)
    wanted = float(sum(a[i] * b[i] for i in range(4)))
    ask = "Pair the first with the first and the second with the second. Nothing else meets."
    expect("dot(a, b)", wanted, a=a, b=b, ask=ask)


# --------------------------------------------------------------------------------------- predict


@check("00.3")
def predict_by_hand():
    """2 * 1 - 3 * 0 - 1 is above zero, so the answer is True."""
    ask = "Each input times its weight, all of that together, plus the bias: is it above 0?"
    expect("predict([1.0, 0.0], [2.0, -3.0], -1.0)", True, ask=ask)
    expect("predict([0.0, 1.0], [2.0, -3.0], -1.0)", False, ask=ask)


@check("00.3")
def predict_with_a_bias():
    """The bias is added, and can decide."""
    ask = "What is the weighted sum, without the bias? And with it?"
    expect("predict([1.0], [1.0], -2.0)", False, ask=ask)
    expect("predict([1.0], [-1.0], 2.0)", True, ask=ask)
    expect("predict([1.0], [1.0], 3.0)", True, ask=ask)


@check("00.3")
def predict_on_the_line():
    """Exactly zero is not above zero."""
    ask = "0 > 0 is False in Python. Which sign do you compare with?"
    expect("predict([1.0, 1.0], [1.0, -1.0], 0.0)", False, ask=ask)


@check("00.3")
def predict_of_fresh_numbers():
    """It works for any inputs, weights and bias."""
    inputs, weights, bias = numbers(6), numbers(6), float(rng().integers(-9, 10)) + 0.5
    wanted = sum(x * w for x, w in zip(inputs, weights, strict=True)) + bias > 0
    expect("predict(inputs, weights, bias)", wanted, inputs=inputs, weights=weights, bias=bias)
    wanted = not wanted
    inputs, bias = [-x for x in inputs], -bias
    expect("predict(inputs, weights, bias)", wanted, inputs=inputs, weights=weights, bias=bias)
