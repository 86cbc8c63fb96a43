"""Right versions that are written differently."""

from tito.misconceptions import right


@right("02.1", "relu_kernel")
def relu_by_where(x):
    return np.where(x < 0, 0, x)


@right("02.1", "relu_kernel")
def relu_in_a_copy(x):
    out = x.copy()
    out[out < 0] = 0
    return out


@right("02.2", "leaky_relu_kernel")
def leaky_by_where(x, negative_slope):
    return np.where(x > 0, x, x * negative_slope)


@right("02.2", "leaky_relu_kernel")
def leaky_as_a_sum(x, negative_slope):
    return np.maximum(x, 0) + negative_slope * np.minimum(x, 0)


@right("02.3", "sigmoid_kernel")
def sigmoid_with_a_mask(x):
    power = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, power) / (1 + power)


@right("02.3", "sigmoid_kernel")
def sigmoid_half_by_half(x):
    out = np.empty_like(x)
    right_half = x >= 0
    out[right_half] = 1 / (1 + np.exp(-x[right_half]))
    power = np.exp(x[~right_half])
    out[~right_half] = power / (1 + power)
    return out


@right("02.4", "tanh_kernel")
def tanh_by_expm1(x):
    t = np.expm1(-2 * np.abs(x))  # e^-2|x| - 1, exact near zero
    return np.copysign(-t / (t + 2), x)


@right("02.5", "softplus_kernel")
def softplus_by_logaddexp(x, beta, threshold):
    z = beta * x
    return np.where(z > threshold, x, np.logaddexp(0, z) / beta)


@right("02.6", "polynomial")
def polynomial_from_zero(z, coefficients):
    total = 0
    for coefficient in coefficients:
        total = total * z + coefficient
    return total


@right("02.6", "polynomial")
def polynomial_by_powers(z, coefficients):
    return sum(c * z**k for k, c in enumerate(reversed(coefficients)))


@right("02.7", "gelu_kernel")
def gelu_on_one_line_each(x, approximate):
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + KERNELS["erf"](x / math.sqrt(2)))


@right("02.8", "largest")
def largest_by_max(x, dim):
    return x.max(axis=dim, keepdims=True, initial=-np.inf)


@right("02.8", "softmax_kernel")
def softmax_on_two_lines(x, dim):
    powers = np.exp(x - largest(x, dim))
    return powers / powers.sum(axis=dim, keepdims=True)


@right("02.9", "log_softmax_kernel")
def log_softmax_by_log_sum_exp(x, dim):
    m = largest(x, dim)
    return x - (m + np.log(np.exp(x - m).sum(axis=dim, keepdims=True)))


@right("02.10", "probabilities")
def probabilities_with_std(images, templates, temperature=1.0):
    scores = similarity(images, templates)
    scores = scores - scores.mean(1, keepdim=True)
    scores = scores / (scores**2).mean(1, keepdim=True) ** 0.5
    return (scores / temperature).softmax(-1)
