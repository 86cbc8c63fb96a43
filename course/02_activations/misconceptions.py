"""Wrong versions that learners write, each with the sentence that helps."""

from tito.misconceptions import wrong

# ------------------------------------------------------------------------------------------ relu


@wrong(
    "02.1",
    "relu_kernel",
    "Your relu writes zeros into the array that it was given. Whoever passed it still needs the "
    "old values: the layer before, and in module 06 the gradient. Make a new array.",
)
def relu_in_place(x):
    x[x < 0] = 0
    return x


@wrong(
    "02.1",
    "relu_kernel",
    "Your relu turns nan into 0, because nan > 0 is False and nan takes the branch of the "
    "negative values. A nan says that something broke; hide it, and you find out hours later. Let "
    "it through.",
)
def relu_hides_nan(x):
    return np.where(x > 0, x, 0)


@wrong(
    "02.1",
    "relu_kernel",
    "Your relu multiplies by 0 where x is negative, and -inf times 0 is nan. Choose between the "
    "values instead of multiplying them away.",
)
def relu_multiplies_by_a_mask(x):
    return x * (x > 0)


@wrong(
    "02.1",
    "relu_kernel",
    "Your relu returns float64 for every input, because np.zeros makes float64. That is twice the "
    "memory from here on. Compare with the plain number 0, which takes the type of the array.",
)
def relu_in_float64(x):
    return np.maximum(x, np.zeros(x.shape))


@wrong(
    "02.1",
    "relu_kernel",
    "Your relu removes the minus sign: -2 becomes 2. That is the absolute value. Below zero the "
    "result is 0.",
)
def relu_as_absolute_value(x):
    return np.abs(x)


@wrong(
    "02.1",
    "relu_kernel",
    "Your relu keeps the smaller one of x and 0, so the negative values pass and the positive "
    "ones are cut. It is the other way round.",
)
def relu_upside_down(x):
    return np.minimum(x, 0)


# ------------------------------------------------------------------------------------ leaky relu


@wrong(
    "02.2",
    "leaky_relu_kernel",
    "Your leaky relu takes the larger one of x and slope * x. That is right for slopes up to 1; "
    "with a slope of 3 the line 3x is the upper one where x is positive. Treat steep slopes too.",
)
def leaky_for_small_slopes_only(x, negative_slope):
    return np.maximum(x, negative_slope * x)


@wrong(
    "02.2",
    "leaky_relu_kernel",
    "Your leaky relu stops at the constant negative_slope, as if it were a floor. It is a slope: "
    "below zero the result is negative_slope times x.",
)
def leaky_with_a_floor(x, negative_slope):
    return np.maximum(x, -negative_slope)


@wrong(
    "02.2",
    "leaky_relu_kernel",
    "Your leaky relu is positive below zero: you have turned the sign of the leak. The line goes "
    "on through zero and down.",
)
def leaky_with_the_wrong_sign(x, negative_slope):
    return np.where(x > 0, x, -negative_slope * x)


@wrong(
    "02.2",
    "leaky_relu_kernel",
    "Your leaky relu weakens the positive side and lets the negative one pass. Swap the branches.",
)
def leaky_on_the_wrong_side(x, negative_slope):
    return np.where(x > 0, negative_slope * x, x)


@wrong(
    "02.2",
    "leaky_relu_kernel",
    "Your kernel writes into the array that it was given. A kernel leaves its input alone; what "
    "inplace=True asks for is done by the function around it, with copy_.",
)
def leaky_kernel_in_place(x, negative_slope):
    x[x < 0] *= negative_slope
    return x


@wrong(
    "02.2",
    "leaky_relu",
    "Your leaky_relu ignores inplace: it always returns a new tensor. With inplace=True the "
    "values belong into the memory of the input, as in the given relu.",
)
def leaky_never_in_place(input, negative_slope=0.01, inplace=False):
    expect_floating("leaky_relu", input)
    return apply("leaky_relu", input, negative_slope=float(negative_slope))


@wrong(
    "02.2",
    "leaky_relu",
    "Your leaky_relu accepts integers. A hundredth of an integer is no integer; PyTorch refuses "
    "them and so does expect_floating.",
)
def leaky_of_integers(input, negative_slope=0.01, inplace=False):
    result = apply("leaky_relu", input, negative_slope=float(negative_slope))
    return placed(input, result, inplace)


@wrong(
    "02.2",
    "leaky_relu",
    "Your leaky_relu always leaks a hundredth: the argument negative_slope does not reach the "
    "kernel. Pass it on by keyword.",
)
def leaky_with_a_fixed_slope(input, negative_slope=0.01, inplace=False):
    expect_floating("leaky_relu", input)
    result = apply("leaky_relu", input, negative_slope=0.01)
    return placed(input, result, inplace)


# --------------------------------------------------------------------------------------- sigmoid


@wrong(
    "02.3",
    "sigmoid_kernel",
    "Your sigmoid is the formula as it stands. For x = -1000 it computes e^1000, which overflows: "
    "here the result happens to survive (1 / inf is 0), in the next formula it is nan. Use e^x / "
    "(1 + e^x), which is the same number, where x is negative.",
)
def sigmoid_as_it_stands(x):
    return 1 / (1 + np.exp(-x))


@wrong(
    "02.3",
    "sigmoid_kernel",
    "Your sigmoid gives nan for large x: e^1000 is inf, and inf / inf is nan. This form is safe "
    "for negative x only; for positive x the other one is, 1 / (1 + e^-x).",
)
def sigmoid_by_positive_powers(x):
    return np.exp(x) / (1 + np.exp(x))


@wrong(
    "02.3",
    "sigmoid_kernel",
    "Your sigmoid has both safe forms, and np.where computes both of them for every value, the "
    "overflowing one too, before it chooses. Make e^ see only numbers that are not positive: of "
    "-|x|.",
)
def sigmoid_by_where(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))


@wrong(
    "02.3",
    "sigmoid_kernel",
    "Your sigmoid cuts x off before the formula, so all scores beyond the cut get the same "
    "probability. The logarithm of it, which a loss takes, is then wrong. No cut is needed.",
)
def sigmoid_of_clipped_scores(x):
    return 1 / (1 + np.exp(-np.clip(x, -20, 20)))


@wrong(
    "02.3",
    "sigmoid_kernel",
    "Your sigmoid is mirrored: it falls where it should rise. Check the sign in the exponent.",
)
def sigmoid_mirrored(x):
    return np.exp(-np.maximum(x, 0)) / (1 + np.exp(-np.abs(x)))


@wrong(
    "02.3",
    "sigmoid",
    "Your sigmoid hands integers to the kernel as they are, and NumPy makes float64 of them. "
    "Convert them to the default type first; as_floating does that, and refuses what is no "
    "tensor.",
)
def sigmoid_of_raw_integers(input):
    return apply("sigmoid", expect_tensor("sigmoid", input))


# ------------------------------------------------------------------------------------------ tanh


@wrong(
    "02.4",
    "tanh_kernel",
    "Your tanh is the definition as it stands. At 1000 both e^x are inf, and inf / inf is nan. "
    "NumPy's own function knows better, or divide top and bottom by the larger power.",
)
def tanh_as_it_stands(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


@wrong(
    "02.4",
    "tanh_kernel",
    "Your tanh is a stretched sigmoid: correct on paper. Near zero it subtracts 1 from nearly 1, "
    "and most digits cancel. Small values are what a fresh network has most of; use a form that "
    "keeps them.",
)
def tanh_from_sigmoid(x):
    return 2 * sigmoid_kernel(2 * x) - 1


@wrong(
    "02.4",
    "tanh_kernel",
    "Your tanh lies between 0 and 1: it is a sigmoid of 2x, not yet stretched to the range from "
    "-1 to 1.",
)
def tanh_not_stretched(x):
    return sigmoid_kernel(2 * x)


@wrong(
    "02.4",
    "tanh_kernel",
    "Your tanh divides the powers the wrong way round: e^x + e^-x belongs below the line. At zero "
    "the result must be 0.",
)
def tanh_upside_down(x):
    return 1 / np.tanh(x)


@wrong(
    "02.4",
    "tanh",
    "Your tanh hands integers to the kernel as they are, and NumPy makes float64 of them. Convert "
    "them to the default type first, as sigmoid does.",
)
def tanh_of_raw_integers(input):
    return apply("tanh", expect_tensor("tanh", input))


# -------------------------------------------------------------------------------------- softplus


@wrong(
    "02.5",
    "softplus_kernel",
    "Your softplus computes e^z for all values before np.where chooses, and e^1000 overflows. "
    "Split the large part off: log(1 + e^z) = max(z, 0) + log(1 + e^-|z|).",
)
def softplus_that_overflows(x, beta, threshold):
    z = x * beta
    return np.where(z > threshold, x, np.log1p(np.exp(z)) / beta)


@wrong(
    "02.5",
    "softplus_kernel",
    "Your softplus adds 1 to e^-30 and takes the logarithm. In float32 the sum is 1 and the "
    "logarithm 0: the small number is lost in the addition. np.log1p(t) is log(1 + t) without the "
    "addition.",
)
def softplus_with_log(x, beta, threshold):
    z = x * beta
    curve = np.log(1 + np.exp(-np.abs(z))) + np.maximum(z, 0)
    return np.where(z > threshold, x, curve / beta)


@wrong(
    "02.5",
    "softplus_kernel",
    "Your softplus is not divided by beta, so its slope far out is beta instead of 1.",
)
def softplus_not_divided(x, beta, threshold):
    z = x * beta
    curve = np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0)
    return np.where(z > threshold, x, curve)


@wrong(
    "02.5",
    "softplus_kernel",
    "Your softplus compares x with the threshold. PyTorch compares beta * x: the threshold says "
    "how large the exponent may be.",
)
def softplus_threshold_of_x(x, beta, threshold):
    z = x * beta
    curve = np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0)
    return np.where(x > threshold, x, curve / beta)


@wrong(
    "02.5",
    "softplus_kernel",
    "Your softplus has no straight part: where beta * x is above the threshold, the result is x "
    "itself.",
)
def softplus_without_threshold(x, beta, threshold):
    z = x * beta
    return (np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0)) / beta


@wrong(
    "02.5",
    "softplus",
    "Your softplus accepts integers. Refuse them with expect_floating, which speaks in the name "
    "that you give it.",
)
def softplus_of_integers(input, beta=1.0, threshold=20.0):
    return apply("softplus", input, beta=float(beta), threshold=float(threshold))


# ---------------------------------------------------------------------------------- a polynomial


@wrong(
    "02.6",
    "polynomial",
    "Your polynomial takes the lowest power first. Here the first coefficient belongs to the "
    "highest power: (2, 3, 5) at 10 is 235, not 532.",
)
def polynomial_backwards(z, coefficients):
    total = np.full_like(z, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * z + coefficient
    return total


@wrong(
    "02.6",
    "polynomial",
    "Your polynomial adds before it multiplies, so that the last coefficient is multiplied by z "
    "as well: every power is one too high.",
)
def polynomial_one_power_too_high(z, coefficients):
    total = np.zeros_like(z)
    for coefficient in coefficients:
        total = (total + coefficient) * z
    return total


@wrong(
    "02.6",
    "polynomial",
    "Your polynomial uses the first coefficient twice: as the start, and again in the loop. Start "
    "with it and go on with the second one, or start with zero and go through all.",
)
def polynomial_first_twice(z, coefficients):
    total = np.full_like(z, coefficients[0])
    for coefficient in coefficients:
        total = total * z + coefficient
    return total


@wrong(
    "02.6",
    "polynomial",
    "Your polynomial works in the memory of z: `total = z` is a second name for the same array, "
    "and `total *= ...` writes into it. Begin with an array of its own.",
)
def polynomial_in_the_memory_of_z(z, coefficients):
    old = z.copy()
    total = z
    total *= 0
    total += coefficients[0]
    for coefficient in coefficients[1:]:
        total *= old
        total += coefficient
    return total


# ------------------------------------------------------------------------------------------ gelu


@wrong(
    "02.7",
    "gelu_kernel",
    "Your gelu asks erf for x itself. erf measures in steps of sqrt(2) standard deviations: the "
    "share below x is (1 + erf(x / sqrt(2))) / 2.",
)
def gelu_without_the_root(x, approximate):
    if approximate == "none":
        return x * 0.5 * (1 + erf_kernel(x))
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


@wrong(
    "02.7",
    "gelu_kernel",
    "Your gelu is twice as large as it should be: 1 + erf goes from 0 to 2, and a share goes from "
    "0 to 1.",
)
def gelu_not_halved(x, approximate):
    if approximate == "none":
        return x * (1 + erf_kernel(x * math.sqrt(0.5)))
    return x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


@wrong(
    "02.7",
    "gelu_kernel",
    'Your gelu gives the approximation for both words. "none" asks for the exact form, with erf.',
)
def gelu_always_by_tanh(x, approximate):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


@wrong(
    "02.7",
    "gelu_kernel",
    'Your gelu gives the exact form for both words. Look at approximate: "tanh" asks for the '
    "paper's approximation.",
)
def gelu_never_by_tanh(x, approximate):
    return 0.5 * x * (1 + erf_kernel(x * math.sqrt(0.5)))


@wrong(
    "02.7",
    "gelu_kernel",
    "Your gelu is x * sigmoid(1.702 x), the paper's other approximation. It is off by up to 0.02, "
    "and no weights trained with the exact form fit it.",
)
def gelu_by_sigmoid(x, approximate):
    return x * sigmoid_kernel(1.702 * x)


@wrong(
    "02.7",
    "gelu_kernel",
    "Your gelu returns float64: np.sqrt gives a NumPy number, which has a type of its own and is "
    "stronger than float32. math.sqrt gives a plain number, which takes the type of the array.",
)
def gelu_in_float64(x, approximate):
    if approximate == "none":
        return x * 0.5 * (1 + erf_kernel(x / np.sqrt(2)))
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x * x * x)))


@wrong(
    "02.7",
    "gelu_kernel",
    "In your approximation the 0.044715 stands outside of the cube, or the root on the wrong side "
    "of the bracket: it is sqrt(2 / pi) * (x + 0.044715 * x³).",
)
def gelu_with_misplaced_brackets(x, approximate):
    if approximate == "none":
        return x * 0.5 * (1 + erf_kernel(x * math.sqrt(0.5)))
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * x + 0.044715 * x * x * x))


@wrong(
    "02.7",
    "gelu",
    "Your gelu takes any word for approximate: a typo silently chooses the approximation. Refuse "
    'what is neither "none" nor "tanh", with the word in the message.',
)
def gelu_takes_any_word(input, approximate="none"):
    return apply("gelu", expect_floating("gelu", input), approximate=approximate)


# --------------------------------------------------------------------------------------- softmax


@wrong(
    "02.8",
    "largest",
    "Your softmax subtracts the maximum of the whole batch; rows then depend on each other, and a "
    "row far below the best one becomes nan. Take the maximum along dim, and keep the dimension.",
)
def largest_of_the_batch(x, dim):
    return np.maximum.reduce(x, axis=None, keepdims=True, initial=-np.inf)


@wrong(
    "02.8",
    "largest",
    "Your largest drops the dimension, so that (N,) meets (N, C) and lines up with the wrong "
    "axis. In a square batch nobody complains and the shares are wrong. keepdims=True keeps a 1 "
    "in its place.",
)
def largest_without_its_dimension(x, dim):
    return np.maximum.reduce(x, axis=dim, initial=-np.inf)


@wrong(
    "02.8",
    "largest",
    "Your largest always looks along the last dimension. For scores of shape (batch, classes) "
    "that happens to be right; use dim.",
)
def largest_of_the_last_dim(x, dim):
    return np.maximum.reduce(x, axis=-1, keepdims=True, initial=-np.inf)


@wrong(
    "02.8",
    "largest",
    "Your largest fails for a row without values: NumPy does not know what the maximum of nothing "
    "is. Give the reduction an initial value that is below every score.",
)
def largest_of_nothing(x, dim):
    return x.max(axis=dim, keepdims=True)


@wrong(
    "02.8",
    "largest",
    "Your largest starts from 0, so a row of negative scores gets 0 as its maximum. Begin below "
    "every number: with -inf.",
)
def largest_from_zero(x, dim):
    return np.maximum.reduce(x, axis=dim, keepdims=True, initial=0)


@wrong(
    "02.8",
    "softmax_kernel",
    "Your softmax takes e^ of the scores as they are, and e^1000 overflows: inf / inf is nan. "
    "Subtract the row's largest score first; no share changes by that.",
)
def softmax_that_overflows(x, dim):
    share = np.exp(x)
    return share / share.sum(axis=dim, keepdims=True)


@wrong(
    "02.8",
    "softmax_kernel",
    "Your softmax always competes along the last dimension. The caller says along which: use dim "
    "in both reductions.",
)
def softmax_along_the_last_dim(x, dim):
    share = np.exp(x - largest(x, -1))
    return share / share.sum(axis=-1, keepdims=True)


@wrong(
    "02.8",
    "softmax_kernel",
    "Your softmax divides by the sum over the whole batch: all shares together add up to 1, not "
    "those of each row. Sum along dim, and keep the dimension.",
)
def softmax_of_the_whole_batch(x, dim):
    share = np.exp(x - largest(x, dim))
    return share / share.sum()


@wrong(
    "02.8",
    "softmax_kernel",
    "Your softmax divides by a sum of shape (N,). Lined up from the right it meets the classes, "
    "not the rows; in a square batch that passes unseen. Keep the dimension that you summed over.",
)
def softmax_sum_without_its_dimension(x, dim):
    share = np.exp(x - largest(x, dim))
    return share / share.sum(axis=dim)


@wrong(
    "02.8",
    "softmax_kernel",
    "Your softmax divides the scores by their sum, without e^. Then negative scores get negative "
    "shares, and a shift changes everything.",
)
def softmax_without_powers(x, dim):
    return x / x.sum(axis=dim, keepdims=True)


@wrong(
    "02.8",
    "softmax_kernel",
    "Your softmax subtracts the maximum from the array that it was given, and the caller's scores "
    "are gone. Write `x - m`, which makes a new array, not `x -= m`.",
)
def softmax_in_place(x, dim):
    x -= largest(x, dim)
    share = np.exp(x)
    return share / share.sum(axis=dim, keepdims=True)


@wrong(
    "02.8",
    "softmax",
    "Your softmax does not pass dtype on, so scores cannot be converted first. scores_of takes "
    "it, and refuses a missing dim.",
)
def softmax_without_dtype(input, dim=None, *, dtype=None):
    scores = scores_of("softmax", input, dim, None)
    return apply("softmax", scores, dim=dims(dim, scores.ndim))


# ----------------------------------------------------------------------------------- log-softmax


@wrong(
    "02.9",
    "log_softmax_kernel",
    "Your log-softmax is the logarithm of softmax. A share of e^-1000 is rounded to 0, and log(0) "
    "is -inf: one such row makes a whole loss infinite. Never make the share: log(e^x / s) = x - "
    "log(s).",
)
def log_of_softmax(x, dim):
    return np.log(softmax_kernel(x, dim))


@wrong(
    "02.9",
    "log_softmax_kernel",
    "Your log-softmax takes e^ of the scores as they are, and e^1000 overflows. Shift the row by "
    "its largest score first, here as in softmax.",
)
def log_softmax_that_overflows(x, dim):
    return x - np.log(np.exp(x).sum(axis=dim, keepdims=True))


@wrong(
    "02.9",
    "log_softmax_kernel",
    "Your log-softmax shifts the scores inside the sum and not outside of it: the result is too "
    "large by the row's maximum. Use the shifted scores in both places.",
)
def log_softmax_half_shifted(x, dim):
    return x - np.log(np.exp(x - largest(x, dim)).sum(axis=dim, keepdims=True))


@wrong(
    "02.9",
    "log_softmax_kernel",
    "Your log-softmax subtracts the maximum of the whole batch; a row far below the best one has "
    "only zeros left, and log(0) is -inf. Take the maximum along dim.",
)
def log_softmax_with_the_maximum_of_the_batch(x, dim):
    shifted = x - x.max()
    return shifted - np.log(np.exp(shifted).sum(axis=dim, keepdims=True))


@wrong(
    "02.9",
    "log_softmax_kernel",
    "Your log-softmax always looks along the last dimension. Use dim, in the maximum and in the "
    "sum.",
)
def log_softmax_along_the_last_dim(x, dim):
    shifted = x - largest(x, -1)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


@wrong(
    "02.9",
    "log_softmax_kernel",
    "Your log-softmax shifts the array that it was given, and the caller's scores are gone. The "
    "first subtraction must make a new array; after that you may work in it.",
)
def log_softmax_in_place(x, dim):
    x -= largest(x, dim)
    x -= np.log(np.exp(x).sum(axis=dim, keepdims=True))
    return x


@wrong(
    "02.9",
    "log_softmax_kernel",
    "Your log-softmax adds a small number before the logarithm. That hides the -inf, and every "
    "hopeless score gets the same -18 or so: a loss learns nothing from it. Do not make the share "
    "at all.",
)
def log_softmax_with_epsilon(x, dim):
    return np.log(softmax_kernel(x, dim) + 1e-8)


# -------------------------------------------------------------------------------------- debug it


@wrong(
    "02.10",
    "probabilities",
    "The mean is now the picture's own, the spread is still that of the batch. Both lines have "
    "the same fault.",
)
def spread_of_the_batch(images, templates, temperature=1.0):
    scores = similarity(images, templates)
    centred = scores - scores.mean(dim=1, keepdim=True)
    spread = (centred * centred).mean(dim=0, keepdim=True).sqrt()
    return torch.softmax(centred / spread / temperature, dim=1)


@wrong(
    "02.10",
    "probabilities",
    "The spread is now the picture's own, the mean is still that of the batch. Both lines have "
    "the same fault.",
)
def mean_of_the_batch(images, templates, temperature=1.0):
    scores = similarity(images, templates)
    centred = scores - scores.mean(dim=0, keepdim=True)
    spread = (centred * centred).mean(dim=1, keepdim=True).sqrt()
    return torch.softmax(centred / spread / temperature, dim=1)


@wrong(
    "02.10",
    "probabilities",
    "Mean and spread are taken over all scores of the batch now. A picture alone gets "
    "probabilities, and in company it still depends on the others. Each row needs its own two "
    "numbers.",
)
def mean_and_spread_of_all(images, templates, temperature=1.0):
    scores = similarity(images, templates)
    centred = scores - scores.mean()
    spread = (centred * centred).mean().sqrt()
    return torch.softmax(centred / spread / temperature, dim=1)


@wrong(
    "02.10",
    "probabilities",
    "You took the scaling out. Rows are independent now, and pictures with heavy ink are surer "
    "than faint ones again, which is what it was there for. Keep it, per picture.",
)
def without_scaling(images, templates, temperature=1.0):
    return torch.softmax(similarity(images, templates) / temperature, dim=1)


@wrong(
    "02.10",
    "probabilities",
    "Your softmax runs over the pictures: they compete with each other for each class, and rows "
    "do not add up to 1. The classes lie along dim 1.",
)
def softmax_over_the_pictures(images, templates, temperature=1.0):
    scores = similarity(images, templates)
    centred = scores - scores.mean(dim=1, keepdim=True)
    spread = (centred * centred).mean(dim=1, keepdim=True).sqrt()
    return torch.softmax(centred / spread / temperature, dim=0)
