"""Which dtype comes out: every pair of dtypes, with dimensions or none, and Python's numbers."""

import operator
import warnings

import numpy as np
import pytest

import tinytorch as tt

pytestmark = pytest.mark.torch

DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")
OPERATORS = {
    "+": operator.add, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "-": operator.sub, "==": operator.eq, "<": operator.lt,
    "&": operator.and_,
    "maximum": lambda a, b: library_of(a, b).maximum(a, b),
    "atan2": lambda a, b: library_of(a, b).atan2(a, b),
    "fmod": lambda a, b: library_of(a, b).fmod(a, b),
    "where": lambda a, b: library_of(a, b).where(library_of(a, b).tensor([True, False]), a, b),
}  # fmt: skip
REFUSES_BOOLS = ("-", "**")


def library_of(*operands):
    if any(isinstance(x, tt.Tensor) for x in operands):
        return tt
    return pytest.importorskip("torch", reason="PyTorch is not installed")


def outcome(function, *operands):
    """The dtype and the values of a result, or the family of its error."""
    try:
        result = function(*operands)
    except TypeError:
        return TypeError, None
    except RuntimeError as error:
        return None if "not implemented for" in str(error) else RuntimeError, None
    return str(result.dtype).removeprefix("torch."), result.tolist()


def operands(torch, first, second, kind):
    """The same two operands for both libraries: vectors, or the second without dimensions."""
    a, b = np.ones(2, first), np.array([1, 2] if kind == "vector" else 2).astype(second)
    return [(torch.tensor(a), torch.tensor(b)), (tt.Tensor(a), tt.Tensor(b))]


def check(symbol, theirs, ours, reflected=False):
    function = OPERATORS[symbol]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pairs = [pair[::-1] if reflected else pair for pair in (theirs, ours)]
        (dtype, values), (our_dtype, our_values) = (outcome(function, *pair) for pair in pairs)
    if dtype is None or (symbol in REFUSES_BOOLS and bool in map(kind_of, ours)):
        return  # PyTorch has no kernel for it, or refuses what counts as 0 and 1 here
    assert our_dtype == dtype, f"{pairs[1]}"
    assert our_values == (values and pytest.approx(values, rel=1e-3)), f"{pairs[1]}"


def kind_of(operand):
    return bool if "bool" in str(getattr(operand, "dtype", type(operand))) else float


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("kind", ["vector", "number"])
def test_two_tensors_have_the_dtype_that_pytorch_gives_them(torch, symbol, kind):
    for first in DTYPES:
        for second in DTYPES:
            for reflected in (False, True):
                check(symbol, *operands(torch, first, second, kind), reflected)


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("number", [True, 2, 2.5], ids=["bool", "int", "float"])
def test_a_python_number_counts_only_when_it_is_of_a_higher_kind(torch, symbol, number):
    for dtype in DTYPES:
        for shape in ((2,), ()):
            a = np.ones(shape, dtype)
            pairs = (torch.tensor(a), number), (tt.Tensor(a), number)
            check(symbol, *pairs)
            if symbol not in ("maximum", "fmod", "atan2"):  # these want a tensor first
                check(symbol, *pairs, reflected=True)


def test_promote_types_and_result_type_are_those_of_pytorch(torch):
    for first in DTYPES:
        for second in DTYPES:
            expected = torch.promote_types(getattr(torch, first), getattr(torch, second))
            found = tt.promote_types(np.dtype(first), np.dtype(second))
            assert str(found) == str(expected).removeprefix("torch.")
            for kind in ("vector", "number"):
                theirs, ours = operands(torch, first, second, kind)
                expected = torch.result_type(*theirs)
                assert str(tt.result_type(*ours)) == str(expected).removeprefix("torch.")


@pytest.mark.parametrize("join", ["cat", "stack"])
def test_joining_promotes_over_all_tensors(torch, join):
    for first in DTYPES:
        for second in DTYPES:
            theirs, ours = operands(torch, first, second, "vector")
            expected, found = getattr(torch, join)(theirs), getattr(tt, join)(ours)
            assert str(found.dtype) == str(expected.dtype).removeprefix("torch.")


def test_the_default_dtype_decides_what_integers_become(torch):
    before = tt.get_default_dtype()
    try:
        for dtype in ("float64", "float32", "float16"):
            tt.set_default_dtype(getattr(tt, dtype))
            torch.set_default_dtype(getattr(torch, dtype))
            for function in (
                lambda t: t.tensor([1.0]),
                lambda t: t.tensor([1, 2]) / 2,
                lambda t: t.tensor([1, 2]) * 0.5,
                lambda t: t.tensor([1, 2]).sqrt(),
                lambda t: t.zeros(2),
                lambda t: t.rand(2) + t.randn(2),
                lambda t: t.arange(0, 1, 0.5),
            ):
                assert str(function(tt).dtype) == str(function(torch).dtype).removeprefix("torch.")
    finally:
        tt.set_default_dtype(before)
        torch.set_default_dtype(torch.float32)


def test_an_integer_default_dtype_is_refused():
    with pytest.raises(TypeError, match="int64"):
        tt.set_default_dtype(tt.int64)
