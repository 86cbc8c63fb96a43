"""The table of activations, layers and losses that the tests share, as `operations.py` has it."""

import numpy as np
from operations import Case
from samples import ALL, FLOATS, NUMBERS, along, one

import tinytorch.nn.functional  # noqa: F401 - the cases call it by the name of the library

REDUCTIONS = ("mean", "sum", "none")


def pair(low=-3, high=3, reductions=REDUCTIONS, **options):
    """Two arrays of one shape and dtype, and how their loss is reduced."""

    def draw(source):
        shape, dtype = source.shape(), source.dtype(FLOATS)
        arrays = [source.array(shape, dtype, low, high) for _ in range(2)]
        chosen = {name: source.pick(values) for name, values in options.items()}
        return arrays, {"reduction": source.pick(reductions), **chosen}

    return draw


def factored(low, high, *names):
    """As `pair`, and factors that fit it, or None, under `names`."""

    def draw(source):
        arrays, options = pair(low, high)(source)
        for name in names:
            shape = arrays[0].shape[source.integer(0, arrays[0].ndim) :]
            factor = source.array(shape, str(arrays[0].dtype), 0, 3)
            options[name] = source.pick([None, factor])
        return arrays, options

    return draw


def probable(source):
    """The arguments of binary_cross_entropy, off 0 and 1: PyTorch's gradient of the target is
    infinite there, where its loss is not."""
    (p, y), options = factored(0, 1, "weight")(source)
    return [p * p.dtype.type(0.5) + p.dtype.type(0.25), y], options


def scores(source):
    """Scores (C,), (N, C) or (N, C, d1, ...), and the shape of their labels."""
    classes, ndim = source.integer(1, 4), source.integer(1, 4)
    if ndim == 1:
        shape = (classes,)
    else:
        shape = (source.integer(0, 3), classes, *(source.integer(1, 3) for _ in range(ndim - 2)))
    dtype = source.dtype(("float32", "float64"))
    return source.array(shape, dtype), shape[: ndim > 1] + shape[2:], classes


def labelled(smoothing=(0.0,)):
    """Scores with class numbers, and the options of a loss of classes."""

    def draw(source):
        x, shape, classes = scores(source)
        options = {
            "weight": source.pick([None, source.array((classes,), str(x.dtype), 0, 3)]),
            "ignore_index": source.pick([-100, 0, classes - 1]),
            "reduction": source.pick(REDUCTIONS),
            "label_smoothing": source.pick(smoothing),
        }
        if smoothing == (0.0,):  # nll_loss has none, and PyTorch's backward wants this layout
            x = np.ascontiguousarray(x)
            del options["label_smoothing"]
        return [x, source.index(shape, classes)], options

    return draw


def distributed(source):
    """Scores with the probabilities of all classes."""
    x, _, classes = scores(source)
    options = {
        "weight": source.pick([None, source.array((classes,), str(x.dtype), 0, 3)]),
        "reduction": source.pick(REDUCTIONS),
        "label_smoothing": source.pick([0.0, 0.3]),
    }
    return [x, source.array(x.shape, str(x.dtype), 0, 1)], options


def weights(source):
    """The arguments of linear: inputs of 1 to 4 dimensions, a weight, mostly a bias."""
    dtype = source.dtype(FLOATS)
    n_in, n_out = source.integer(1, 4), source.integer(1, 4)
    x = source.array((*source.shape(0, 3), n_in), dtype)
    arrays = [x, source.array((n_out, n_in), dtype), source.array((n_out,), dtype)]
    return arrays[: source.integer(2, 3)], {}


def two_inputs(source):
    """The arguments of bilinear."""
    shape, dtype = source.shape(0, 2), source.dtype(("float32", "float64"))
    a, b, out = (source.integer(1, 3) for _ in range(3))
    sizes = [(*shape, a), (*shape, b), (out, a, b), (out,)]
    return [source.array(size, dtype) for size in sizes], {}


def slopes(source):
    """The arguments of prelu."""
    x = source.array(source.shape(1, 3, 1), source.dtype(("float32", "float64")))
    channels = x.shape[1] if x.ndim > 1 else 1
    return [x, source.array((source.pick([1, channels]),), str(x.dtype))], {}


def embedded(source):
    """Two batches of vectors, and 1 or -1 for each pair."""
    dtype = source.dtype(("float32", "float64"))
    shape = (source.integer(1, 3), source.integer(1, 4))
    signs = source.mask(shape[:1]) * 2 - 1
    arrays = [source.array(shape, dtype) for _ in range(2)]
    return arrays, {"target": signs.astype(dtype), "margin": source.pick([0.0, 0.25])}


def pair_of_vectors(source):
    """Arrays of one shape, and the dimension along which they are vectors."""
    shape, dtype = source.shape(1), source.dtype(("float32", "float64"))
    return [source.array(shape, dtype) for _ in range(2)], {"dim": source.dim(len(shape))}


def signed(number):
    """Arrays of one shape, and 1 or -1 for each value."""

    def draw(source):
        shape, dtype = source.shape(), source.dtype(("float32", "float64"))
        signs = (source.mask(shape) * 2 - 1).astype(dtype)
        arrays = [source.array(shape, dtype) for _ in range(number)]
        options = {"reduction": source.pick(REDUCTIONS), "margin": source.pick([0.0, 0.6])}
        return arrays, {"target": signs, **options}

    return draw


def functional(name, draw, **settings):
    """A case of that function of nn.functional; arrays among its options become tensors."""

    def call(library, *tensors, **options):
        for key, value in options.items():
            if isinstance(value, (np.ndarray, np.generic)):
                options[key] = library.tensor(value)
        target = [options.pop("target")] if "target" in options else []
        return getattr(library.nn.functional, name)(*tensors, *target, **options)

    return Case(name, call, draw, **settings)


def method(name, draw, **settings):
    """A case of the tensor method of that name, and of the function beside it."""

    def call(library, x, **options):
        return [getattr(x, name)(**options), getattr(library, name)(x, **options)]

    return Case(f"{name} as method", call, draw, **settings)


CASES = [
    functional("relu", one(NUMBERS, inplace=[False])),
    functional("leaky_relu", one(negative_slope=[0.01, 0.5, 1.0, 2.0, -0.5, 0.0])),
    functional("sigmoid", one(ALL)),
    functional("tanh", one(ALL)),
    functional("softplus", one(beta=[1.0, 0.5, 4], threshold=[20.0, 2.0]), smooth=False),
    functional("gelu", one(approximate=["none", "tanh"])),
    functional("softmax", along()),
    functional("log_softmax", along()),
    functional("softmin", along()),
    functional("elu", one(alpha=[1.0, 0.5])),
    functional("selu", one()),
    functional("celu", one(alpha=[1.0, 0.5, 2])),
    functional("silu", one()),
    functional("mish", one()),
    functional("relu6", one(low=-8, high=8)),
    functional("hardtanh", one(min_val=[-1.0, -2.0], max_val=[1.0, 0.5])),
    functional("hardsigmoid", one(low=-4, high=4)),
    functional("hardswish", one(low=-4, high=4)),
    functional("softsign", one(ALL)),
    functional("logsigmoid", one()),
    functional("glu", along()),
    functional("prelu", slopes),
    method("relu", one()),
    method("sigmoid", one()),
    method("tanh", one()),
    method("erf", one(ALL)),
    method("softmax", along()),
    method("log_softmax", along()),
    functional("linear", weights),
    functional("bilinear", two_inputs),
    functional("mse_loss", pair()),
    functional("l1_loss", pair()),
    functional("smooth_l1_loss", pair(beta=[1.0, 0.5, 0.0])),
    functional("huber_loss", pair(delta=[1.0, 0.5])),
    functional("kl_div", pair(low=1, high=3, reductions=(*REDUCTIONS, "batchmean"))),
    functional("kl_div", pair(log_target=[True])),
    functional("nll_loss", labelled()),
    functional("cross_entropy", labelled((0.0, 0.1, 1.0))),
    functional("cross_entropy", distributed),
    functional("binary_cross_entropy", probable),
    functional("binary_cross_entropy_with_logits", factored(-3, 3, "weight", "pos_weight")),
    functional("cosine_similarity", pair_of_vectors),
    functional("cosine_embedding_loss", embedded),
    functional("hinge_embedding_loss", signed(1)),
    functional("margin_ranking_loss", signed(2)),
]
