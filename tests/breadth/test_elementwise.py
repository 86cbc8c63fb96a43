"""Operations on each value by itself: at the edges of the numbers, in place, and refused."""

import numpy as np
import pytest

import tinytorch as tt
from tinytorch import Tensor

EDGES = [-np.inf, -1e4, -2.5, -1, -0.5, -0.0, 0.0, 0.5, 1, 1.5, 2.5, 1e4, np.inf, np.nan]
OF_ONE = [
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "exp",
    "exp2", "expm1", "floor", "frac", "isfinite", "isinf", "isnan", "log", "log10", "log1p",
    "log2", "logical_not", "nan_to_num", "neg", "reciprocal", "round", "rsqrt", "sign", "sin",
    "sinh", "sqrt", "square", "tan", "trunc",
]  # fmt: skip
OF_TWO = [
    "add", "atan2", "clamp_max", "clamp_min", "div", "eq", "floor_divide", "fmod", "ge", "gt",
    "hypot", "isclose", "le", "logaddexp", "logical_and", "logical_or", "logical_xor", "lt",
    "maximum", "minimum", "mul", "ne", "pow", "remainder", "sub",
]  # fmt: skip


def compare(ours, theirs):
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")
    np.testing.assert_allclose(ours.array, theirs.numpy(), rtol=2e-6, equal_nan=True)


@pytest.mark.torch
@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_infinities_nan_and_zeros_are_treated_as_in_pytorch(torch, name, dtype):
    x = np.array(EDGES, dtype)
    compare(getattr(tt, name)(Tensor(x)), getattr(torch, name)(torch.tensor(x)))


@pytest.mark.torch
@pytest.mark.parametrize("name", OF_TWO)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pairs_of_infinities_nan_and_zeros_are_treated_as_in_pytorch(torch, name, dtype):
    x = np.array(EDGES, dtype)
    ours = getattr(tt, name)(Tensor(x)[:, None], Tensor(x))
    compare(ours, getattr(torch, name)(torch.tensor(x)[:, None], torch.tensor(x)))


@pytest.mark.torch
@pytest.mark.parametrize("nan", [0.0, 7.0])
@pytest.mark.parametrize("posinf", [None, 5.0])
def test_nan_to_num_replaces_what_is_asked_for(torch, nan, posinf):
    x = np.array(EDGES, "float32")
    theirs = torch.tensor(x).nan_to_num(nan, posinf, -3.0)
    compare(Tensor(x).nan_to_num(nan, posinf, -3.0), theirs)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda x: x.add_(1, alpha=2), [1.0, 4.0]),
        (lambda x: x.clamp_(min=0, max=1), [0.0, 1.0]),
        (lambda x: x.floor_(), [-1.0, 2.0]),
        (lambda x: x.mul_(Tensor([2.0])), [-2.0, 4.0]),
        (lambda x: x.pow_(2), [1.0, 4.0]),
        (lambda x: x.div_(2, rounding_mode="floor"), [-1.0, 1.0]),
        (lambda x: x.lerp_(Tensor([1.0, 4.0]), 0.5), [0.0, 3.0]),
    ],
)
def test_a_trailing_underscore_changes_the_tensor_itself(change, expected):
    x = Tensor([-1.0, 2.0])
    view = x[:]
    assert change(x) is x
    assert x.tolist() == view.tolist() == expected


def test_alpha_keeps_the_dtype_of_integers():
    x = tt.tensor([1, 2])
    assert x.add(x, alpha=3).tolist() == [4, 8]
    assert x.add(x, alpha=3).dtype == tt.int64


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: tt.add(2, Tensor([1.0])), TypeError, r"expected a Tensor; write tensor\(2\)"),
        (lambda: tt.maximum(Tensor([1.0]), 0), TypeError, "maximum: got a int, expected a Tensor"),
        (
            lambda: tt.add(tt.ones(2).long(), tt.ones(2).long(), alpha=0.5),
            RuntimeError,
            "alpha=0.5",
        ),
        (lambda: tt.div(Tensor([1.0]), 2, rounding_mode="up"), RuntimeError, "rounding_mode='up'"),
        (lambda: tt.clamp(Tensor([1.0])), RuntimeError, "neither min nor max"),
        (lambda: tt.lerp(Tensor([1.0]), Tensor([1.0]).double(), 0.5), RuntimeError, "float64"),
        (lambda: tt.addcdiv(*[tt.arange(3)] * 3), RuntimeError, "int64 and int64"),
        (lambda: tt.isclose(tt.ones(2), tt.arange(2)), RuntimeError, "float32 and int64"),
        (lambda: tt.arange(3) // 0, RuntimeError, r"floor_divide\(\(3,\), \(\)\)"),
        (lambda: tt.arange(3) % 0, RuntimeError, "division by 0"),
        (lambda: tt.ones(2) & tt.ones(2), RuntimeError, "float32, expected integers or bools"),
        (lambda: Tensor([1.0]).type(), TypeError, "got no dtype"),
        (lambda: tt.arange(2).div_(2), RuntimeError, "cannot be stored in a tensor of int64"),
        (lambda: tt.ones(2).add_(tt.ones(3, 2)), RuntimeError, r"\(2,\) gave \(3, 2\)"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_unsigned_values_are_compared_with_a_negative_bound_as_numbers():
    x = tt.tensor([0, 5], dtype=tt.uint8)
    assert x.clamp(-1, 1.25).tolist() == [0.0, 1.25]


def test_conversions_are_methods_by_the_names_of_the_types():
    x = Tensor([1.5, 0.0])
    assert x.long().tolist() == [1, 0]
    assert x.bool().tolist() == [True, False]
    assert x.double().dtype == tt.float64
    assert x.int().dtype == tt.int32
    assert x.type(tt.int8).dtype == tt.int8
    assert tt.ones(2).type_as(x.half()).dtype == tt.float16
    assert x.float() is x


def test_allclose_and_equal_answer_with_a_python_bool():
    x = Tensor([1.0, float("nan")])
    assert tt.allclose(x, x) is False
    assert tt.allclose(x, x, equal_nan=True) is True
    assert tt.equal(tt.ones(2), tt.ones(2)) is True
    assert tt.equal(tt.ones(2), tt.ones(2, 1)) is False


def test_other_names_are_the_same_operations():
    x = Tensor([-1.5, 2.0])
    for name, other in [
        ("absolute", "abs"),
        ("negative", "neg"),
        ("clip", "clamp"),
        ("fix", "trunc"),
    ]:
        arguments = (0, 1) if name == "clip" else ()
        assert tt.equal(getattr(tt, name)(x, *arguments), getattr(tt, other)(x, *arguments))
    for name, other in [
        ("multiply", "mul"),
        ("divide", "div"),
        ("less", "lt"),
        ("not_equal", "ne"),
    ]:
        assert tt.equal(getattr(x, name)(x * 2), getattr(x, other)(x * 2))
