"""Arguments for the operations of operations.py: arrays of all kinds, from a source of choices."""

from collections.abc import Callable

import numpy as np

FLOATS = ("float32", "float64", "float16")
INTS = ("int64", "int32", "int8", "uint8")
NUMBERS = FLOATS + INTS
ALL = (*NUMBERS, "bool")


class Source:
    """Where the arguments of a case come from: `integer(low, high)` makes every choice.

    Args:
        smooth: float64 arrays of values that all differ and lie off the kinks of common functions,
            for finite differences; otherwise multiples of 1/4, which tie and meet the kinks.
    """

    def __init__(self, integer: Callable[[int, int], int], smooth: bool = False):
        self.integer, self.smooth = integer, smooth

    def pick(self, options):
        return options[self.integer(0, len(options) - 1)]

    def dtype(self, dtypes):
        return "float64" if self.smooth and "float64" in dtypes else self.pick(dtypes)

    def shape(self, least=0, most=3, smallest=0, largest=3):
        smallest = max(smallest, 1) if self.smooth else smallest
        return tuple(self.integer(smallest, largest) for _ in range(self.integer(least, most)))

    def array(self, shape, dtype=None, low=-3, high=3):
        """Values in a random layout: in order, transposed, or every second of a larger array."""
        rng = np.random.default_rng(self.integer(0, 999))
        dtype = dtype or ("float64" if self.smooth else "float32")
        values = self.values(rng, shape, np.dtype(dtype), low, high)
        layout = self.integer(0, 2)
        if layout == 1:
            return np.ascontiguousarray(values.T).T if values.ndim else values
        if layout == 2 and values.ndim:
            wide = np.zeros((*values.shape[:-1], 2 * values.shape[-1]), values.dtype)
            wide[..., ::2] = values
            return wide[..., ::2]
        return values

    def values(self, rng, shape, dtype, low, high):
        if dtype.kind == "b":
            return rng.random(shape) < 0.5
        if dtype.kind == "u":
            return rng.integers(max(low, 0), high + 1, shape, dtype)
        if dtype.kind == "i":
            return rng.integers(low, high + 1, shape, dtype)
        if self.smooth:
            n = int(np.prod(shape))
            steps = (np.arange(n) + rng.uniform(0.2, 0.8)) / max(n, 1)
            return rng.permutation(low + (high - low) * steps).reshape(shape)
        return (rng.integers(4 * low, 4 * high + 1, shape) / 4).astype(dtype)

    def index(self, shape, below):
        """Integers from 0 up to, without, `below`."""
        rng = np.random.default_rng(self.integer(0, 999))
        return rng.integers(0, max(below, 1), shape)

    def mask(self, shape):
        return np.random.default_rng(self.integer(0, 999)).random(shape) < 0.5

    def broadcast(self, number=2, most=3):
        """Shapes that broadcast with each other."""
        shape = self.shape(0, most)
        shapes = []
        for _ in range(number):
            part = shape[self.integer(0, len(shape)) :]
            shapes.append(tuple(1 if self.integer(0, 3) == 0 else n for n in part))
        shapes[self.integer(0, number - 1)] = shape
        return shapes

    def dim(self, ndim):
        return self.integer(-max(ndim, 1), max(ndim, 1) - 1)


# ------------------------------------------------------------------------- arguments, by kind


def one(dtypes=FLOATS, low=-3, high=3, least=0, most=3, smallest=0, **options):
    """One array; plain `options` are picked from lists."""

    def draw(source):
        shape = source.shape(least, most, smallest)
        array = source.array(shape, source.dtype(dtypes), low, high)
        return [array], {name: source.pick(values) for name, values in options.items()}

    return draw


def several(number=2, dtypes=FLOATS, low=-3, high=3, **options):
    """Arrays of one dtype whose shapes broadcast."""

    def draw(source):
        dtype = source.dtype(dtypes)
        arrays = [source.array(shape, dtype, low, high) for shape in source.broadcast(number)]
        return arrays, {name: source.pick(values) for name, values in options.items()}

    return draw


def along(dtypes=FLOATS, least=0, smallest=0, **options):
    """An array and one of its dimensions, `dim`."""

    def draw(source):
        array = source.array(source.shape(least, 3, smallest), source.dtype(dtypes))
        chosen = {name: source.pick(values) for name, values in options.items()}
        return [array], {"dim": source.dim(array.ndim), **chosen}

    return draw


def ranked(smallest=0, **options):
    """As `along`, without equal values: which of them an operation finds is not laid down."""

    def draw(source):
        shape, rng = source.shape(0, 3, smallest), np.random.default_rng(source.integer(0, 999))
        values = rng.permutation(int(np.prod(shape))).reshape(shape)
        chosen = {name: source.pick(values) for name, values in options.items()}
        return [values.astype(source.dtype(NUMBERS))], {"dim": source.dim(len(shape)), **chosen}

    return draw


def reduced(dtypes=FLOATS, several=True, smallest=0, low=-3, high=3, needed=False, **options):
    """An array, `dim` (none, one or several dimensions) and `keepdim`."""

    def draw(source):
        array = source.array(source.shape(0, 3, smallest), source.dtype(dtypes), low, high)
        chosen = {name: source.pick(values) for name, values in options.items()}
        kind = source.integer(1 if needed else 0, 2 if several and array.ndim else 1)
        if kind == 1:
            chosen.update(dim=source.dim(array.ndim), keepdim=source.pick([False, True]))
        elif kind == 2:
            order = np.random.default_rng(source.integer(0, 99)).permutation(array.ndim)
            dims = tuple(order[: source.integer(1, array.ndim)].tolist())
            chosen.update(dim=dims, keepdim=source.pick([False, True]))
        return [array], chosen

    return draw


def gathered(with_source=False, dtypes=FLOATS):
    """An array, `dim`, an index for gather or scatter, and values of the shape of the index."""

    def draw(source):
        x = source.array(source.shape(1, 3, 1), source.dtype(dtypes))
        dim = source.dim(x.ndim)
        shape = [source.integer(0, n) for n in x.shape]
        shape[dim] = source.integer(0, 4)
        if not with_source:
            return [x, source.index(shape, x.shape[dim])], {"dim": dim}
        index = source.index(shape, x.shape[dim])
        if index.size:  # a place that is written twice keeps either value: take each once
            order = np.argsort(np.random.default_rng(0).random(x.shape), dim % x.ndim)
            shape[dim] = min(shape[dim], x.shape[dim])
            index = order[tuple(slice(n) for n in shape)]
        return [x, index, source.array(index.shape, str(x.dtype))], {"dim": dim}

    return draw


def rows(with_source=False, dtypes=FLOATS, once=False):
    """An array, `dim`, a vector of row numbers (some twice, or each `once`), and rows for them."""

    def draw(source):
        x = source.array(source.shape(1, 3, 1), source.dtype(dtypes))
        dim = source.dim(x.ndim)
        index = source.index((source.integer(0, 4),), x.shape[dim])
        index = np.unique(index)[::-1].copy() if once else index
        if not with_source:
            return [x, index], {"dim": dim}
        shape = list(x.shape)
        shape[dim] = len(index)
        return [x, index, source.array(shape, str(x.dtype))], {"dim": dim}

    return draw


def masked(dtypes=ALL, both=False):
    """An array (or two), and a mask that broadcasts with it."""

    def draw(source):
        shapes = source.broadcast(3 if both else 2)
        dtype = source.dtype(dtypes)
        return [source.mask(shapes[0]), *(source.array(s, dtype) for s in shapes[1:])], {}

    return draw


def matrices(left=(1, 4), right=(1, 4), dtypes=("float32", "float64")):
    """Two arrays whose inner sizes fit, of all ranks that matmul takes; rarely they do not fit."""

    def draw(source):
        n, k, m = (source.integer(1 if source.smooth else 0, 3) for _ in range(3))
        batch = source.broadcast(2, 2)
        ranks = source.integer(*left), source.integer(*right)
        wrong = 1 if not source.smooth and source.integer(0, 19) == 0 else 0
        a = (k,) if ranks[0] == 1 else (*batch[0][: ranks[0] - 2], n, k)
        b = (k + wrong,) if ranks[1] == 1 else (*batch[1][: ranks[1] - 2], k + wrong, m)
        dtype = source.dtype(dtypes)
        return [source.array(a, dtype), source.array(b, dtype)], {}

    return draw


def sized(*shapes, dtypes=("float32", "float64")):
    """Arrays of shapes written with letters: sized("nk", "km")."""

    def draw(source):
        size = {letter: source.integer(1 if source.smooth else 0, 3) for letter in "bnkm"}
        dtype = source.dtype(dtypes)
        return [source.array([size[c] for c in shape], dtype) for shape in shapes], {}

    return draw


def shaped(shape, others):
    """An array of one shape and an array of one of several others."""

    def draw(source):
        return [source.array(shape), source.array(source.pick(others))], {}

    return draw


def joined(new=False):
    """Three arrays to be joined along `dim`."""

    def draw(source):
        shape, dtype = list(source.shape(0 if new else 1, 3)), source.dtype(ALL)
        dim = source.dim(len(shape) + new)
        arrays = []
        for _ in range(3):
            if not new:
                shape[dim] = source.integer(0, 3)
            arrays.append(source.array(tuple(shape), dtype))
        return arrays, {"dim": dim}

    return draw


def reordered(source):
    """An array, and all its dimensions in a random order."""
    x = source.array(source.shape(0, 4), source.dtype(ALL))
    order = np.random.default_rng(source.integer(0, 99)).permutation(x.ndim)
    return [x], {"order": tuple(order.tolist())}


def dims_of(least=1):
    """An array, and a few of its dimensions."""

    def draw(source):
        x = source.array(source.shape(least, 3), source.dtype(ALL))
        order = np.random.default_rng(source.integer(0, 99)).permutation(x.ndim)
        return [x], {"dims": tuple(order[: source.integer(0, x.ndim)].tolist())}

    return draw


def bordered(mode):
    """An array and a border that mostly fits it, in F.pad's order."""

    def draw(source):
        if mode == "constant":
            x = source.array(source.shape(0, 3), source.dtype(ALL))
            pairs = source.integer(0, x.ndim)
            low = -1
        else:
            x = source.array((2, *source.shape(2, 2, 2)), source.dtype(("float32", "float64")))
            pairs, low = source.integer(1, 2), 0
            x = x if pairs == 2 else x[:, 0]
        return [x], {"pad": [source.integer(low, 2) for _ in range(2 * pairs)], "mode": mode}

    return draw
