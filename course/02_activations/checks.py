"""The checks of chapter 02. Expected values come from NumPy in float64, or from a few by hand."""

import math

import numpy as np

from tito.expect import check, expect, fresh, raises, rng

LOUD = """
with np.errstate(over="raise", invalid="raise"):
    out = {}
out
"""
"""Code that turns an overflow on the way into an error."""


def want(values):
    """Expected values as float32, so that the screen shows the type that is asked for."""
    return np.asarray(values, np.float32)


normal_share = np.vectorize(lambda v: 0.5 * (1 + math.erf(v / math.sqrt(2))))


def softmax_of(x, axis):
    """Shares along `axis`, computed in float64."""
    wide = np.asarray(x, np.float64)
    powers = np.exp(wide - wide.max(axis, keepdims=True))
    return want(powers / powers.sum(axis, keepdims=True))


# ------------------------------------------------------------------------------------------ relu


@check("02.1")
def relu_by_hand():
    """Values above zero pass, values below become zero."""
    x = np.array([-2.0, 0.0, 3.0], np.float32)
    expect(
        "relu_kernel(x)", want([0.0, 0.0, 3.0]), x=x, ask="What becomes of -2, and in whose array?"
    )


@check("02.1")
def relu_of_fresh_values():
    """It works for any shape, and leaves its input as it was."""
    x = fresh(3, 4)
    expect("relu_kernel(x)", x * (x > 0), x=x, ask="Does your code write into x itself?")
    x = fresh(2, 3, 2, low=-9, high=9)
    expect("relu(Tensor(x))", x * (x > 0), x=x)


@check("02.1")
def relu_keeps_the_type():
    """float16 stays float16, float32 stays float32, integers stay integers."""
    for dtype in ("float16", "float32", "int64"):
        x = np.array([-1, 2]).astype(dtype)
        expect(
            "relu_kernel(x).dtype.name",
            dtype,
            x=x,
            ask="Which part of your formula has a type of its own, such as an array of zeros?",
        )


@check("02.1")
def relu_passes_on_what_is_no_number():
    """nan stays nan, and -inf becomes 0."""
    x = np.array([np.nan, 1.0], np.float32)
    ask = "nan > 0 is False, and so is nan < 0. Which branch does nan take in your code?"
    expect("relu_kernel(x)", want([np.nan, 1.0]), x=x, ask=ask)
    x = np.array([-np.inf, np.inf], np.float32)
    ask = "What is -inf times 0?"
    expect("relu_kernel(x)", want([0.0, np.inf]), x=x, ask=ask)


# ------------------------------------------------------------------------------------ leaky relu


@check("02.2")
def leaky_by_hand():
    """Above zero x, below zero a fraction of it."""
    x = np.array([-2.0, 3.0], np.float32)
    expect("leaky_relu_kernel(x, 0.5)", want([-1.0, 3.0]), x=x, ask="What is half of -2?")
    expect("leaky_relu(Tensor(x), 0.5)", want([-1.0, 3.0]), x=x)


@check("02.2")
def leaky_with_fresh_values():
    """It works for any shape, and leaves its input as it was."""
    x, slope = fresh(3, 4), float(rng().uniform(0.05, 0.3))
    line = np.where(x > 0, x, slope * x)
    expect("leaky_relu_kernel(x, slope)", line, x=x, slope=slope)


@check("02.2")
def leaky_with_a_steep_slope():
    """The slope may be above 1."""
    x = np.array([-1.0, 1.0], np.float32)
    ask = "With a slope of 3, which of the two lines is the upper one at x = 1?"
    expect("leaky_relu_kernel(x, 3.0)", want([-3.0, 1.0]), x=x, ask=ask)


@check("02.2")
def leaky_through_the_door():
    """The function has the slope 0.01 by default, keeps the type, and refuses integers."""
    x = np.array([-100.0, 5.0], np.float32)
    expect("leaky_relu(Tensor(x))", want([-1.0, 5.0]), x=x)
    expect("leaky_relu(Tensor(x)).dtype.name", "float32", x=x)
    ask = "Which of the given functions refuses what is not floating-point?"
    raises("leaky_relu(tensor([1, 2]))", NotImplementedError, mentions=["leaky_relu"], ask=ask)


@check("02.2")
def leaky_in_place():
    """With inplace=True the result is the input itself, holding the new values."""
    code = """
x = Tensor([-2.0, 3.0])
out = leaky_relu(x, 0.5, inplace=True)
out is x, x.tolist()
"""
    ask = "The given relu does the same. How does it write the result into its input?"
    expect(code, (True, [-1.0, 3.0]), ask=ask)
    code = """
x = Tensor([-2.0, 3.0])
out = leaky_relu(x, 0.5)
out is x, x.tolist()
"""
    expect(code, (False, [-2.0, 3.0]), ask="Without inplace, is the input left alone?")


# --------------------------------------------------------------------------------------- sigmoid


@check("02.3")
def sigmoid_by_hand():
    """The middle is one half, and the two sides add up to one."""
    x = np.array([-2.0, 0.0, 2.0], np.float32)
    by_hand = want([0.1192029, 0.5, 0.8807971])
    expect("sigmoid_kernel(x)", by_hand, x=x, ask="e^-2 is 0.1353. What is 1 / 1.1353?")
    expect("sigmoid(Tensor(x))", by_hand, x=x)


@check("02.3")
def sigmoid_of_fresh_values():
    """It works for any shape, and keeps the type."""
    x = fresh(2, 5, low=-6, high=6)
    expect("sigmoid_kernel(x)", want(1 / (1 + np.exp(-x.astype(np.float64)))), x=x)
    expect("sigmoid_kernel(x).dtype.name", "float32", x=x)


@check("02.3")
def sigmoid_far_out_to_the_right():
    """At 1000 it is 1, and nothing overflows on the way."""
    x = np.array([1000.0], np.float32)
    ask = "Which number does e^ get here? e^1000 does not fit into any float."
    expect(LOUD.format("sigmoid_kernel(x)"), want([1.0]), x=x, ask=ask)


@check("02.3")
def sigmoid_far_out_to_the_left():
    """At -1000 it is 0, nothing overflows on the way, and at -50 all digits are there."""
    x = np.array([-1000.0], np.float32)
    ask = "Which number does e^ get here? np.where computes both of its branches, for all values."
    expect(LOUD.format("sigmoid_kernel(x)"), want([0.0]), x=x, ask=ask)
    x = np.array([-50.0, -25.0], np.float32)
    ask = "sigmoid(-50) is 1.9e-22, small but not zero. What has become of the small numbers?"
    expect("np.log(sigmoid_kernel(x))", want([-50.0, -25.0]), x=x, ask=ask)


@check("02.3")
def sigmoid_takes_integers():
    """Integers become the default type, and what is no tensor is refused."""
    expect("sigmoid(tensor([0, 2])).dtype.name", "float32", ask="as_floating is there for this.")
    raises("sigmoid(1.0)", TypeError, mentions=["sigmoid"])


# ------------------------------------------------------------------------------------------ tanh


@check("02.4")
def tanh_by_hand():
    """Zero stays zero, and the two sides mirror each other."""
    x = np.array([-1.0, 0.0, 1.0], np.float32)
    by_hand = want([-0.7615942, 0.0, 0.7615942])
    expect("tanh_kernel(x)", by_hand, x=x, ask="(2.718 - 0.368) / (2.718 + 0.368) = ?")
    expect("tanh(Tensor(x))", by_hand, x=x)


@check("02.4")
def tanh_of_fresh_values():
    """It works for any shape, and keeps the type."""
    x = fresh(4, 3)
    expect("tanh_kernel(x)", np.tanh(x), x=x)
    expect("tanh_kernel(x).dtype.name", "float32", x=x)


@check("02.4")
def tanh_far_out():
    """At 1000 it is 1 and at -1000 it is -1."""
    x = np.array([-1000.0, 1000.0], np.float32)
    ask = "What is inf / inf?"
    expect("tanh_kernel(x)", want([-1.0, 1.0]), x=x, ask=ask)


@check("02.4")
def tanh_keeps_its_digits_near_zero():
    """Near zero tanh(x) is x: the quotient is 1, to five digits."""
    x = np.array([0.0001, -0.00001], np.float32)
    ask = "Subtract two numbers that agree in six of their seven digits: how many are left?"
    expect("tanh_kernel(x) / x", want([1.0, 1.0]), x=x, ask=ask)


@check("02.4")
def tanh_takes_integers():
    """Integers become the default type."""
    expect("tanh(tensor([0, 1])).dtype.name", "float32", ask="What did sigmoid do with integers?")


# -------------------------------------------------------------------------------------- softplus


@check("02.5")
def softplus_by_hand():
    """At zero it is log(2), and softplus(x) - softplus(-x) is x."""
    x = np.array([-2.0, 0.0, 2.0], np.float32)
    by_hand = want([0.126928, 0.6931472, 2.126928])
    expect("softplus_kernel(x, 1.0, 20.0)", by_hand, x=x, ask="log(1 + e^0) = ?")
    expect("softplus(Tensor(x))", by_hand, x=x)


@check("02.5")
def softplus_with_beta():
    """beta sharpens the bend, and the result is divided by it again."""
    x = fresh(2, 3)
    wanted = want(np.log(1 + np.exp(4.0 * x.astype(np.float64))) / 4.0)
    ask = "At x = 1 and beta = 4 the result should be just above 1. Is yours just above 4?"
    expect("softplus_kernel(x, 4.0, 20.0)", wanted, x=x, ask=ask)
    expect("softplus(Tensor(x), beta=4.0)", wanted, x=x)
    expect("softplus_kernel(x, 4.0, 20.0).dtype.name", "float32", x=x)


@check("02.5")
def softplus_beyond_the_threshold():
    """Where beta * x is above the threshold, the result is x itself."""
    x = np.array([0.4, 0.6, 1.2], np.float32)
    wanted = want([math.log(1 + math.exp(0.8)) / 2, 0.6, 1.2])
    ask = "Which is compared with the threshold, x or beta * x?"
    expect("softplus_kernel(x, 2.0, 1.0)", wanted, x=x, ask=ask)


@check("02.5")
def softplus_far_out_to_the_right():
    """At 1000 it is 1000, and nothing overflows on the way."""
    x = np.array([1000.0], np.float32)
    ask = "np.where computes both of its branches. Which number does e^ get in yours?"
    expect(LOUD.format("softplus_kernel(x, 1.0, 20.0)"), want([1000.0]), x=x, ask=ask)


@check("02.5")
def softplus_far_out_to_the_left():
    """At -30 it is e^-30: tiny, and right to all its digits."""
    x = np.array([-30.0, -18.0], np.float32)
    ask = "In float32, what is 1 + 0.00000001? NumPy has a function for log(1 + tiny)."
    expect("np.log(softplus_kernel(x, 1.0, 20.0))", want([-30.0, -18.0]), x=x, ask=ask)


@check("02.5")
def softplus_refuses_integers():
    """Integers are refused, in the name of softplus."""
    raises("softplus(tensor([1, 2]))", NotImplementedError, mentions=["softplus"])


# ---------------------------------------------------------------------------------- a polynomial


@check("02.6")
def polynomial_by_hand():
    """z² - 1 at 2 and at 3."""
    z = np.array([2.0, 3.0], np.float32)
    ask = "The coefficients 1, 0, -1 stand for 1 z² + 0 z - 1. What is that at z = 2?"
    expect("polynomial(z, (1.0, 0.0, -1.0))", want([3.0, 8.0]), z=z, ask=ask)


@check("02.6")
def polynomial_in_the_right_order():
    """The highest power comes first: (2, 3, 5) is 2 z² + 3 z + 5."""
    z = np.array([10.0], np.float32)
    ask = "At z = 10 the digits of the result are the coefficients. Which comes first?"
    expect("polynomial(z, (2.0, 3.0, 5.0))", want([235.0]), z=z, ask=ask)
    expect("polynomial(z, (4.0, 7.0))", want([47.0]), z=z, ask=ask)


@check("02.6")
def polynomial_with_fresh_values():
    """It agrees with NumPy's polyval, keeps the type, and leaves z as it was."""
    z = fresh(3, 4, low=-1, high=1)
    coefficients = tuple(float(c) for c in rng().uniform(-2, 2, 5).round(2))
    wanted = want(np.polyval(coefficients, z.astype(np.float64)))
    expect("polynomial(z, coefficients)", wanted, z=z, coefficients=coefficients)
    expect("polynomial(z, (1.0, 2.0, 3.0)).dtype.name", "float32", z=z)


@check("02.6")
def polynomial_inside_erf():
    """The given erf, which evaluates some of them, is right in float32 and in float64."""
    for dtype in (np.float32, np.float64):
        x = np.array([-1.0, 0.25, 2.0], dtype)
        expect("erf(Tensor(x))", want([math.erf(v) for v in x]), x=x)


# ------------------------------------------------------------------------------------------ gelu


@check("02.7")
def gelu_by_hand():
    """84.13 % of a normal distribution lies below 1, so gelu(1) is 0.8413."""
    x = np.array([-1.0, 0.0, 1.0], np.float32)
    by_hand = want([-0.1586553, 0.0, 0.8413447])
    ask = "The share below 1 is (1 + erf(1 / sqrt(2))) / 2. What is yours?"
    expect('gelu_kernel(x, "none")', by_hand, x=x, ask=ask)
    expect("gelu(Tensor(x))", by_hand, x=x)


@check("02.7")
def gelu_of_fresh_values():
    """It works for any shape, and leaves its input as it was."""
    x = fresh(3, 4, low=-4, high=4)
    wide = x.astype(np.float64)
    expect('gelu_kernel(x, "none")', want(wide * normal_share(wide)), x=x)


@check("02.7")
def gelu_by_tanh():
    """The approximation differs from the exact form in the fourth digit."""
    x = np.array([-1.0, 2.0], np.float32)
    wide = x.astype(np.float64)
    inner = math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3)
    wanted = want(0.5 * wide * (1 + np.tanh(inner)))
    ask = "Is approximate looked at? Then: where do the 0.044715 and the square root belong?"
    expect('gelu_kernel(x, "tanh")', wanted, x=x, ask=ask)
    expect('gelu(Tensor(x), approximate="tanh")', wanted, x=x)


@check("02.7")
def gelu_keeps_the_type():
    """float32 in, float32 out, in both forms."""
    x = fresh(4)
    ask = "np.sqrt(2) is a NumPy float64, which turns float32 into float64. math.sqrt(2) does not."
    expect('gelu_kernel(x, "none").dtype.name', "float32", x=x, ask=ask)
    expect('gelu_kernel(x, "tanh").dtype.name', "float32", x=x, ask=ask)


@check("02.7")
def gelu_refuses_what_it_does_not_know():
    """Another word than "none" or "tanh" is refused, and so are integers."""
    code = 'gelu(Tensor([1.0]), approximate="fast")'
    raises(code, RuntimeError, mentions=["fast"], ask="Is the word looked at before it is used?")
    raises("gelu(tensor([1, 2]))", NotImplementedError, mentions=["gelu"])


# --------------------------------------------------------------------------------------- softmax


@check("02.8")
def largest_of_each_row():
    """The maximum along dim, kept as a dimension of size 1."""
    x = np.array([[1.0, 5.0], [7.0, 2.0]], np.float32)
    ask = "The largest of row 0 is 5, of row 1 it is 7. And in which shape are they wanted?"
    expect("largest(x, 1)", want([[5.0], [7.0]]), x=x, ask=ask)
    expect("largest(x, 0)", want([[7.0, 5.0]]), x=x)


@check("02.8")
def softmax_by_hand():
    """e^1, e^2 and e^3 are 2.718, 7.389 and 20.086; their shares are 9, 24 and 67 %."""
    x = np.array([[1.0, 2.0, 3.0]], np.float32)
    by_hand = want([[0.0900306, 0.2447285, 0.6652410]])
    expect("softmax_kernel(x, 1)", by_hand, x=x, ask="Do the shares of the row add up to 1?")
    expect("softmax(Tensor(x), 1)", by_hand, x=x)


@check("02.8")
def softmax_along_each_dim():
    """The values that compete are those along dim, whichever it is."""
    x = fresh(3, 3)
    ask = "Sum your result along dim 0. Is every sum 1? Which shape has the sum that you divide by?"
    expect("softmax_kernel(x, 0)", softmax_of(x, 0), x=x, ask=ask)
    expect("softmax_kernel(x, 1)", softmax_of(x, 1), x=x, ask=ask)
    x = fresh(2, 3, 4)
    expect("softmax(Tensor(x), 1)", softmax_of(x, 1), x=x)
    expect("softmax(Tensor(x), -1)", softmax_of(x, -1), x=x)


@check("02.8")
def softmax_far_out():
    """Scores of 1000 give shares, not nan."""
    x = np.array([[1000.0, 1001.0]], np.float32)
    ask = "A shift of all scores of a row changes no share. Which shift keeps e^ from overflowing?"
    expect(LOUD.format("softmax_kernel(x, 1)"), softmax_of(x, 1), x=x, ask=ask)


@check("02.8")
def softmax_row_by_row():
    """A row has the same shares whatever the other rows of its batch are."""
    x = np.array([[0.0, 1.0], [500.0, 501.0]], np.float32)
    ask = "Row 0 alone gives 0.269 and 0.731. What does it learn from the row below it?"
    expect("softmax_kernel(x, 1)", softmax_of(x, 1), x=x, ask=ask)


@check("02.8")
def largest_of_no_values():
    """A row without values has -inf as its largest, and no shares."""
    x = np.zeros((2, 0), np.float32)
    ask = "A row without values has no maximum. The docstring says what stands for it."
    expect("largest(x, 1)", want([[-np.inf], [-np.inf]]), x=x, ask=ask)
    expect("softmax(Tensor(x), 1)", np.zeros((2, 0), np.float32), x=x)


@check("02.8")
def softmax_through_the_door():
    """It keeps the type, converts to dtype when told, and refuses a missing dim."""
    x = fresh(2, 3)
    expect("softmax(Tensor(x), 1).dtype.name", "float32", x=x)
    ask = "scores_of takes the wanted dtype. Is it passed on?"
    expect("softmax(tensor([1, 2]), 0, dtype=float64).dtype.name", "float64", ask=ask)
    raises("softmax(Tensor(x))", TypeError, mentions=["dim is missing"], x=x)


# ----------------------------------------------------------------------------------- log-softmax


@check("02.9")
def log_softmax_by_hand():
    """Two equal scores have one half each, and log(1/2) is -0.6931."""
    x = np.array([0.0, 0.0], np.float32)
    by_hand = want([-0.6931472, -0.6931472])
    expect("log_softmax_kernel(x, 0)", by_hand, x=x, ask="log(e^0 + e^0) = ?")
    expect("log_softmax(Tensor(x), 0)", by_hand, x=x)


@check("02.9")
def log_softmax_along_each_dim():
    """It is the logarithm of softmax, along either dim, and leaves its input as it was."""
    x = fresh(3, 3)
    ask = "e^ of your result should add up to 1 along dim. Does it?"
    expect("log_softmax_kernel(x, 1)", np.log(softmax_of(x, 1)), x=x, ask=ask)
    expect("log_softmax_kernel(x, 0)", np.log(softmax_of(x, 0)), x=x, ask=ask)


@check("02.9")
def log_softmax_of_a_hopeless_score():
    """A score that lies 1000 below the best has the logarithm -1000, not -inf."""
    x = np.array([0.0, 1000.0], np.float32)
    ask = "The share itself is e^-1000, which no float can hold. Does your code make the share?"
    expect("log_softmax_kernel(x, 0)", want([-1000.0, 0.0]), x=x, ask=ask)


@check("02.9")
def log_softmax_far_out():
    """Large scores do not overflow on the way, and rows do not look at each other."""
    x = np.array([[1000.0, 1001.0]], np.float32)
    ask = "What does e^ get? The same shift as in softmax helps, and has to come off again."
    wanted = np.log(softmax_of(x, 1))  # compared loosely: m + log(sum) rounds at 1000
    expect(LOUD.format("log_softmax_kernel(x, 1)"), wanted, within=1e-4, x=x, ask=ask)
    x = np.array([[0.0, 1.0], [500.0, 501.0]], np.float32)
    wanted = np.log(softmax_of(x, 1))
    expect("log_softmax_kernel(x, 1)", wanted, within=1e-4, x=x, ask=ask)


@check("02.9")
def log_softmax_through_the_door():
    """It keeps the type, converts to dtype when told, and refuses a missing dim."""
    x = fresh(2, 3)
    expect("log_softmax(Tensor(x), 1).dtype.name", "float32", x=x)
    expect("log_softmax(tensor([1, 2]), 0, dtype=float64).dtype.name", "float64")
    raises("log_softmax(Tensor(x))", TypeError, mentions=["dim is missing"], x=x)


# -------------------------------------------------------------------------------------- debug it


@check("02.10")
def a_picture_alone():
    """One picture alone gets probabilities, not nan."""
    images = np.array([[1.0, 0.0, 0.0, 0.0]], np.float32)
    templates = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]], np.float32)
    code = "probabilities(Tensor(images), Tensor(templates))"
    ask = "The scores of this picture are 1 and 0. What is left after each step?"
    wanted = softmax_of(want([[1.0, -1.0]]), 1)
    expect(code, wanted, images=images, templates=templates, ask=ask)


@check("02.10")
def each_row_adds_up_to_one():
    """The probabilities of a picture add up to 1."""
    images, templates = fresh(5, 2), fresh(3, 2)
    code = "probabilities(Tensor(images), Tensor(templates)).sum(dim=1)"
    expect(
        code,
        want(np.ones(5)),
        images=images,
        templates=templates,
        ask="Along which dim do the classes lie?",
    )


@check("02.10")
def a_picture_in_company():
    """A picture has the same probabilities in any batch."""
    images, templates = fresh(4, 2), fresh(3, 2)
    code = """
whole = probabilities(Tensor(images), Tensor(templates))
part = probabilities(Tensor(images[1:3]), Tensor(templates))
whole.numpy()[1:3] - part.numpy()
"""
    ask = "Print each step for the batch and for two of its rows. Where do the rows part?"
    expect(code, want(np.zeros((2, 3))), images=images, templates=templates, ask=ask)


@check("02.10")
def contrast_and_temperature():
    """Each picture's scores are brought to mean 0 and spread 1, then divided by the temperature."""
    images, templates = fresh(4, 2), fresh(3, 2)
    scores = images.astype(np.float64) @ templates.T.astype(np.float64)
    centred = scores - scores.mean(1, keepdims=True)
    standard = centred / np.sqrt((centred**2).mean(1, keepdims=True))
    code = "probabilities(Tensor(images), Tensor(templates), temperature=0.5)"
    ask = "Mean and spread of what? The docstring says: of the picture's own scores."
    expect(
        code,
        softmax_of(standard / 0.5, 1),
        within=1e-4,
        images=images,
        templates=templates,
        ask=ask,
    )
