"""The table of convolutions, pooling and norms that the tests share, as `operations.py` has it."""

import numpy as np
from operations import Case
from operations_nn import functional

FLOATS = ("float32", "float64")
WIDE_EPS = [0.01, 0.1]  # few values are often all equal: the rounding of 0 is divided by its root


def number_or_sizes(source, low, high, sides):
    """A setting: one number, or one for each side."""
    if source.integer(0, 1):
        return source.integer(low, high)
    return tuple(source.integer(low, high) for _ in range(sides))


def batched(source, channels, sizes):
    """The shape of images or signals: (N, C, ...), sometimes without N, sometimes of none."""
    batch = source.integer(0 if source.smooth else -1, 2)
    if batch == 0:
        return (channels, *sizes)
    return (max(batch, 0), channels, *sizes)


def convolved(sides):
    """The arguments of a convolution; rarely of one that does not fit."""

    def draw(source):
        dtype, groups = source.dtype(FLOATS), source.pick([1, 1, 2, 3])
        inputs, outputs = groups * source.integer(1, 2), groups * source.integer(1, 2)
        kernel = tuple(source.integer(1, 3) for _ in range(sides))
        sizes = tuple(source.integer(3, 6) for _ in range(sides))
        wrong = 1 if not source.smooth and source.integer(0, 19) == 0 else 0
        arrays = [
            source.array(batched(source, inputs + wrong, sizes), dtype),
            source.array((outputs, inputs // groups, *kernel), dtype),
            source.array((outputs,), dtype),
        ]
        padding = source.pick(["same", "valid", 0, 1, 2, tuple(range(sides))])
        options = {
            "stride": 1 if padding == "same" else number_or_sizes(source, 1, 3, sides),
            "padding": padding,
            "dilation": number_or_sizes(source, 1, 2, sides),
            "groups": groups,
        }
        return arrays[: source.integer(2, 3)], options

    return draw


def transposed(sides):
    """The arguments of a transposed convolution; rarely of one that does not fit."""

    def draw(source):
        dtype, groups = source.dtype(FLOATS), source.pick([1, 1, 2])
        inputs, each = groups * source.integer(1, 2), source.integer(1, 2)
        kernel = tuple(source.integer(1, 3) for _ in range(sides))
        sizes = tuple(source.integer(3, 4) for _ in range(sides))  # such that something is left
        wrong = 1 if not source.smooth and source.integer(0, 19) == 0 else 0
        batch = source.pick([(), (1,), (2,)])  # PyTorch checks no sizes where there are no images
        arrays = [
            source.array((*batch, inputs + wrong, *sizes), dtype),
            source.array((inputs, each, *kernel), dtype),
            source.array((groups * each,), dtype),
        ]
        options = {
            "stride": number_or_sizes(source, 1, 3, sides),
            "padding": number_or_sizes(source, 0, 1, sides),
            "output_padding": source.pick([0, 0, 1]),
            "groups": groups,
            "dilation": number_or_sizes(source, 1, 2, sides),
        }
        return arrays[: source.integer(2, 3)], options

    return draw


def pooled(sides, dtypes=FLOATS, **options):
    """Images or signals, and windows on them, which sometimes do not fit."""

    def draw(source):
        sizes = tuple(
            source.integer(1 if source.integer(0, 3) == 0 else 3, 6) for _ in range(sides)
        )
        x = source.array(batched(source, source.integer(1, 2), sizes), source.dtype(dtypes))
        chosen = {
            "kernel_size": number_or_sizes(source, 1, 3, sides),
            "stride": source.pick([None, number_or_sizes(source, 1, 3, sides)]),
            "padding": source.pick([0, 0, 1]),
            "ceil_mode": source.pick([False, True]),
        }
        chosen |= {name: source.pick(values) for name, values in options.items()}
        if chosen["padding"] and "dilation" in chosen:
            chosen["dilation"] = 1  # a window in the padding alone: PyTorch's backward crashes
        return [x], chosen

    return draw


def adapted(sides):
    """Images or signals, and a size for the result, which may be larger, or the same (None)."""

    def draw(source):
        sizes = tuple(source.integer(1, 6) for _ in range(sides))
        x = source.array(batched(source, source.integer(1, 2), sizes), source.dtype(FLOATS))
        size = number_or_sizes(source, 1, 7, sides)
        if sides == 1:
            size = source.integer(1, 7)
        elif source.integer(0, 4) == 0:
            size = (None, source.integer(1, 4))
        return [x], {"output_size": size}

    return draw


def channelled(least=2, most=4, low=1, **options):
    """Images, signals or rows of features: (N, C, ...), and a weight and a bias, or neither."""

    def draw(source):
        dtype = source.dtype(FLOATS)
        n, channels = source.integer(low, 3), source.integer(1, 4)
        sides = [source.integer(1, 3) for _ in range(source.integer(least, most) - 2)]
        arrays = [source.array((n, channels, *sides), dtype, -3, 3)]
        factors = [source.array((channels,), dtype) for _ in range(2)]
        chosen = {name: source.pick(values) for name, values in options.items()}
        return arrays + factors * source.integer(0, 1), chosen

    return draw


def with_batch(source):
    """The arguments of batch_norm in training or in evaluation; sometimes of one value each."""
    arrays, options = channelled()(source)
    channels, dtype = arrays[0].shape[1], str(arrays[0].dtype)
    running = [source.array((channels,), dtype, low, 3) for low in (-3, 1)]
    options = {"training": source.pick([True, False]), "eps": source.pick([1e-5, 0.1])}
    x = arrays[0]
    if 1 in x.shape:  # in another layout PyTorch 2.13 gets the gradient of (1, 3, 1, 3) wrong
        x = np.ascontiguousarray(x)
    return [x, *arrays[1:]], {"running": running, **options}


def with_groups(source):
    """The arguments of group_norm."""
    arrays, _ = channelled(low=0)(source)
    channels = arrays[0].shape[1]
    divisors = [n for n in range(1, channels + 1) if channels % n == 0]
    return arrays, {"num_groups": source.pick(divisors), "eps": source.pick(WIDE_EPS)}


def enlarged(source):
    """Images or signals, and a size or a factor for each side or for all."""
    sizes = tuple(source.integer(1, 4) for _ in range(source.integer(1, 2)))
    x = source.array((source.integer(1, 2), 2, *sizes), source.dtype(FLOATS))
    if source.integer(0, 1):
        return [x], {"size": number_or_sizes(source, 1, 7, len(sizes))}
    factors = [0.5, 1, 2, 3, 1.5, 2.5]  # at 2.3, PyTorch's dimensions and gradients disagree
    factor = source.pick([source.pick(factors), tuple(source.pick(factors) for _ in sizes)])
    return [x], {"scale_factor": factor, "recompute_scale_factor": source.pick([None, True])}


def windowed(source):
    """Images, and windows on them for unfold."""
    sizes = tuple(source.integer(2, 5) for _ in range(2))
    return [source.array(batched(source, source.integer(1, 2), sizes), source.dtype(FLOATS))], {
        "kernel_size": number_or_sizes(source, 1, 3, 2),
        "dilation": number_or_sizes(source, 1, 2, 2),
        "padding": number_or_sizes(source, 0, 2, 2),
        "stride": number_or_sizes(source, 1, 2, 2),
    }


def folded(source):
    """Columns for fold, of which rarely one is too many."""
    height, width = source.integer(3, 5), source.integer(3, 5)
    kernel, padding, stride = source.integer(1, 3), source.integer(0, 1), source.integer(1, 2)
    number = 1
    for size in (height, width):
        number *= (size + 2 * padding - kernel) // stride + 1
    wrong = 1 if not source.smooth and source.integer(0, 19) == 0 else 0
    rows = source.integer(1, 2) * kernel * kernel
    shape = (rows, number + wrong)
    x = source.array(source.pick([shape, (2, *shape)]), source.dtype(FLOATS))
    options = {"kernel_size": kernel, "padding": padding, "stride": stride}
    return [x], {"output_size": (height, width), **options}


def shuffled(name):
    """Images whose channels, or whose sides, a factor divides; rarely it does not."""

    def draw(source):
        r, more = source.integer(1, 2), 1 if source.integer(0, 9) == 0 else 0
        channels, height, width = (source.integer(1, 2) for _ in range(3))
        if name == "upscale_factor":
            channels = channels * r * r + more
        else:
            height, width = height * r + more, width * r
        shape = source.pick([(2, channels, height, width), (channels, height, width)])
        return [source.array(shape, source.dtype(FLOATS))], {name: r}

    return draw


def in_order(name, draw, *names, **settings):
    """A case whose tensors are followed by options in this order: some of PyTorch's take no names.

    Tensors beyond the first are weight and bias, by name.
    """

    def call(library, x, *factors, **options):
        settings = [options.pop(key) for key in names]
        named = dict(zip(("weight", "bias"), factors, strict=False))
        return getattr(library.nn.functional, name)(x, *settings, **named, **options)

    return Case(name, call, draw, **settings)


def places(name, draw):
    """A case of the values, and of the places of the largest ones."""

    def call(library, x, **options):
        return getattr(library.nn.functional, name)(x, return_indices=True, **options)

    return Case(f"{name} with places", call, draw)


def normed(library, x, *factors, running, **options):
    """batch_norm, to which the running statistics are no inputs with a gradient."""
    statistics = [library.tensor(array) for array in running]
    return library.nn.functional.batch_norm(x, *statistics, *factors, **options)


AVERAGES = {"count_include_pad": [True, False]}

CASES = [
    functional("conv1d", convolved(1), tolerance=1e-4),
    functional("conv2d", convolved(2), tolerance=1e-4),
    functional("conv_transpose1d", transposed(1), tolerance=1e-4),
    functional("conv_transpose2d", transposed(2), tolerance=1e-4),
    functional("unfold", windowed),
    functional("fold", folded),
    functional("max_pool1d", pooled(1, dilation=[1, 2])),
    functional("max_pool2d", pooled(2, dilation=[1, 2])),
    places("max_pool1d", pooled(1, dilation=[1, 2])),
    places("max_pool2d", pooled(2, dilation=[1, 2])),
    functional("avg_pool1d", pooled(1, **AVERAGES)),
    functional("avg_pool2d", pooled(2, divisor_override=[None, None, 3], **AVERAGES)),
    functional("adaptive_avg_pool1d", adapted(1)),
    functional("adaptive_avg_pool2d", adapted(2)),
    functional("adaptive_max_pool1d", adapted(1)),
    functional("adaptive_max_pool2d", adapted(2)),
    places("adaptive_max_pool2d", adapted(2)),
    Case("batch_norm", normed, with_batch, tolerance=1e-4),
    in_order("group_norm", with_groups, "num_groups", tolerance=1e-3),
    in_order("instance_norm", channelled(3, eps=WIDE_EPS), tolerance=1e-3),
    functional("interpolate", enlarged),
    functional("pixel_shuffle", shuffled("upscale_factor")),
    functional("pixel_unshuffle", shuffled("downscale_factor")),
]
