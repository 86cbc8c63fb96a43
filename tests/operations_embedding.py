"""The table of embedding operations that the tests share, as `operations.py` has it."""

import numpy as np
from operations import Case

import tinytorch.nn.functional  # noqa: F401 - the cases call it by the name of the library
from tinytorch.core.embeddings import apply_rotary


def looked_up(source):
    """A table, ids that are mostly rows of it, and an id of padding.

    Its gradient is zero on purpose, which finite differences would call wrong.
    """
    rows, features = source.integer(1, 5), source.integer(1, 4)
    weight = source.array((rows, features), source.dtype(("float32", "float64", "float16")))
    beyond = 0 if source.smooth else source.integer(-8, 1)  # one sample in ten goes too far
    ids = source.index(source.shape(0, 3), rows + max(beyond, 0)).astype(
        source.pick(["int64", "int64", "int32"])
    )
    padding_idx = None if source.smooth else source.pick([None, source.integer(-rows, rows - 1)])
    return [weight], {"input": ids, "padding_idx": padding_idx}


def counted(source):
    """As `looked_up`, each row's gradient divided by how often its id occurs."""
    arrays, options = looked_up(source)
    return arrays, {**options, "scale_grad_by_freq": True}


def bagged(source):
    """A table, ids in bags as rows of a matrix or by offsets, and what becomes of them."""
    rows, mode = source.integer(1, 5), source.pick(["sum", "mean"])
    dtype = source.dtype(("float32", "float64"))
    weight = source.array((rows, source.integer(1, 4)), dtype)
    bags, number = source.integer(1, 3), source.integer(1, 4)
    options = {"mode": mode, "padding_idx": source.pick([None, source.integer(-rows, rows - 1)])}
    if source.pick([True, False]):
        ids = source.index((bags, number), rows)
    else:
        ids = source.index((number,), rows)
        inner = sorted(source.integer(0, number) for _ in range(bags - 1))
        last = source.pick([False, True])
        options["offsets"] = np.array([0, *inner, *[number] * last])
        options["include_last_offset"] = last
    arrays = [weight]
    if mode == "sum" and source.pick([True, False]):
        arrays.append(source.array(ids.shape, dtype))
    return arrays, {"input": ids, **options}


def turned(source):
    """Vectors in rows, the position of the first one, and the base of the angles."""
    shape = (*source.shape(0, 2), source.integer(1, 4), 2 * source.integer(1, 3))
    x = source.array(shape, source.dtype(("float32", "float64")))
    return [x], {"start": source.integer(0, 100), "base": source.pick([10000.0, 10.0])}


def embed(library, weight, input, **options):
    """`embedding` at `input`, as the library has it."""
    return library.nn.functional.embedding(library.tensor(input), weight, **options)


def embed_bags(library, weight, factors=None, *, input, offsets=None, **options):
    """`embedding_bag`, with a factor for each id or without."""
    offsets = None if offsets is None else library.tensor(offsets)
    return library.nn.functional.embedding_bag(
        library.tensor(input), weight, offsets, per_sample_weights=factors, **options
    )


def rotate(library, x, start, base):
    """`apply_rotary`; PyTorch has none, so there it is written with sines, cosines and slices."""
    if library.__name__ == "tinytorch":
        return apply_rotary(x, start, base)
    length, features = x.shape[-2:]
    clocks = base ** (-library.arange(0, features, 2, dtype=library.float64) / features)
    angles = (start + library.arange(length, dtype=library.float64))[:, None] * clocks
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x[..., 0::2], x[..., 1::2]
    return library.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)


CASES = [
    Case("embedding", embed, looked_up),
    Case("embedding by frequency", embed, counted, smooth=False),
    Case("embedding_bag", embed_bags, bagged),
    Case("apply_rotary", rotate, turned),
]
