"""The table of transformer operations that the tests share, as `operations.py` has it."""

from operations import Case
from samples import FLOATS

import tinytorch.nn.functional  # noqa: F401 - the cases call it by the name of the library


def normalised(source, names):
    """An input (..., *sizes), the sizes, and factors of them under `names`, or None."""
    dtype = source.dtype(FLOATS)
    sizes = tuple(source.integer(2, 4) for _ in range(source.integer(1, 2)))
    arrays = [source.array((*source.shape(0, 2), *sizes), dtype)]
    options = {"sizes": sizes, "eps": source.pick([1e-5, 0.1])}
    for name in names:
        options[name] = source.pick([True, False])
        if options[name]:
            arrays.append(source.array(sizes, dtype))
    return arrays, options


def norm(name, *names):
    """The case of a norm; whether it has weight and bias is drawn."""

    def call(library, x, *factors, sizes, eps, **given):
        rest = iter(factors)
        settings = {key: next(rest) if wanted else None for key, wanted in given.items()}
        return getattr(library.nn.functional, name)(x, sizes, **settings, eps=eps)

    return Case(name, call, lambda source: normalised(source, names), tolerance=1e-4)


CASES = [
    norm("layer_norm", "weight", "bias"),
    norm("rms_norm", "weight"),
]
