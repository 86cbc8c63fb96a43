"""Module 02 at its edges; tests/test_operations_nn.py compares values and gradients at large."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor
from tinytorch.core.activations import erf_kernel

FUNCTIONS = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "sigmoid": F.sigmoid,
    "tanh": F.tanh,
    "softplus": F.softplus,
    "gelu": F.gelu,
}
EDGES = [-np.inf, -1e4, -1000.0, -100.0, -20.5, -0.0, 0.0, 20.5, 100.0, 1000.0, 1e4, np.nan]
rows = st.lists(st.floats(-50, 50), min_size=1, max_size=6)


@pytest.mark.torch
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_far_out_are_those_of_pytorch(torch, same, name, dtype):
    edges = EDGES if name == "gelu" else [*EDGES, np.inf]  # PyTorch's gelu(inf) is nan, ours is inf
    x = np.array(edges, dtype)
    same(FUNCTIONS[name](Tensor(x)), getattr(torch.nn.functional, name)(torch.tensor(x)))


@pytest.mark.torch
@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_far_out_are_those_of_pytorch(torch, same, name):
    x = np.array(EDGES[1:-1], "float64")
    ours, theirs = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    FUNCTIONS[name](ours).sum().backward()
    getattr(torch.nn.functional, name)(theirs).sum().backward()
    same(ours.grad, theirs.grad)


@pytest.mark.parametrize("name", [*FUNCTIONS, "softmax", "log_softmax"])
def test_nothing_overflows_at_ten_thousand(name):
    x = Tensor(np.array([-1e4, -1.0, 0.0, 1.0, 1e4], "float32"), requires_grad=True)
    function = FUNCTIONS.get(name) or (lambda x: getattr(F, name)(x, -1))
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        out = function(x)
        out.sum().backward()
    assert np.isfinite(out.array).all()
    assert np.isfinite(x.grad.array).all()


@given(rows, st.floats(-1000, 1000))
def test_softmax_is_unchanged_by_a_shift(row, shift):
    x = Tensor(np.array(row))
    np.testing.assert_allclose(F.softmax(x + shift, 0).array, F.softmax(x, 0).array, rtol=1e-9)


@given(rows)
def test_softmax_gives_shares_in_the_order_of_the_scores(row):
    shares = F.softmax(Tensor(np.array(row)), 0).array
    assert shares.sum() == pytest.approx(1)
    assert (shares >= 0).all()
    assert (np.diff(shares[np.argsort(row)]) >= 0).all()


@given(rows)
def test_log_softmax_is_the_logarithm_of_softmax(row):
    x = Tensor(np.array(row))
    shares = np.exp(F.log_softmax(x, 0).array)
    np.testing.assert_allclose(shares, F.softmax(x, 0).array, rtol=1e-12)


def test_tanh_keeps_its_digits_next_to_zero():
    x = np.logspace(-30, -3, 28).astype("float32")
    np.testing.assert_allclose(F.tanh(Tensor(x)).array, x, rtol=1e-6)


def test_softmax_competes_along_the_dimension_that_is_named():
    x = Tensor(np.random.default_rng(0).normal(size=(2, 3, 4)))
    for dim in (-3, -2, -1, 0, 1, 2):
        np.testing.assert_allclose(F.softmax(x, dim).array.sum(dim), 1)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_scores_of_minus_infinity_are_treated_as_in_pytorch(torch, same, name):
    x = np.array([[-np.inf, 0, 1], [-np.inf] * 3, [np.inf, 0, 1], [0, np.nan, 1]], "float32")
    same(getattr(tt, name)(Tensor(x), 1), getattr(torch, name)(torch.tensor(x), 1))


def test_a_masked_score_gets_no_share_and_no_gradient():
    x = Tensor(np.array([-np.inf, 1.0, 2.0]), requires_grad=True)
    out = F.softmax(x, 0)
    (out * Tensor(np.array([1.0, 2.0, 3.0]))).sum().backward()
    assert out.array[0] == 0
    assert x.grad.array[0] == 0
    assert np.isfinite(x.grad.array).all()


def test_log_softmax_is_finite_where_the_share_rounds_to_zero():
    x = Tensor([0.0, 1e4])
    assert F.softmax(x, 0).tolist() == [0, 1]
    assert F.log_softmax(x, 0).tolist() == [-1e4, 0]


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (0, 3)])
def test_scores_may_be_one_number_or_none(shape):
    x = Tensor(np.zeros(shape, "float32"))
    assert F.softmax(x, -1).shape == shape
    assert F.log_softmax(x, -1).shape == shape


def test_erf_is_exact_to_the_last_digits():
    x = np.concatenate([np.linspace(-7, 7, 20001), np.logspace(-300, -1, 500), [np.inf, -np.inf]])
    exact = np.array([math.erf(v) for v in x])
    assert np.abs(erf_kernel(x) - exact).max() < 4e-16
    assert (np.abs(erf_kernel(x) - exact) <= 5e-16 * np.abs(exact)).all()
    single = x.astype("float32")
    single = single[np.abs(single) > 1e-30]
    exact = np.array([math.erf(v) for v in single])
    assert (np.abs(erf_kernel(single) - exact) <= 4e-7 * np.abs(exact)).all()
    assert np.isnan(erf_kernel(np.array([np.nan]))).all()


def test_erf_of_half_precision_does_not_overflow_on_the_way():
    x = np.linspace(-8, 8, 33, dtype="float16")
    exact = np.array([math.erf(v) for v in x])
    assert erf_kernel(x).dtype == np.float16
    np.testing.assert_allclose(erf_kernel(x), exact, atol=5e-4)


def test_the_quick_gelu_is_close_to_the_exact_one():
    x = Tensor(np.linspace(-8, 8, 1001))
    gap = np.abs(F.gelu(x).array - F.gelu(x, approximate="tanh").array)
    assert 1e-4 < gap.max() < 5e-4


@pytest.mark.parametrize("function", [F.relu, F.leaky_relu])
def test_in_place_means_into_the_memory_of_the_input(function):
    x = Tensor([-1.0, 2.0])
    view = x[:]
    assert function(x, inplace=True) is x
    np.testing.assert_array_equal(view.array, function(Tensor([-1.0, 2.0])).array)


def test_in_place_is_refused_where_a_leaf_would_lose_its_gradient():
    with pytest.raises(RuntimeError, match="in place"):
        F.relu(Tensor([1.0], requires_grad=True), inplace=True)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float16", "float64"])
def test_relu_keeps_the_dtype(dtype):
    assert F.relu(Tensor(np.array([0, 2], dtype))).dtype == dtype


@pytest.mark.parametrize("function", [F.sigmoid, F.tanh, tt.erf])
def test_curves_turn_integers_into_floats(function):
    assert function(tt.tensor([0, 2])).dtype == tt.float32


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.softmax(tt.zeros(2, 3)), TypeError, "dim is missing"),
        (lambda: F.log_softmax(tt.zeros(2, 3)), TypeError, "dim=-1 for scores of shape"),
        (lambda: F.softmax(tt.zeros(2, 3), 2), IndexError, "dim 2 is out of range"),
        (lambda: F.softmax(tt.tensor([1, 2]), 0), RuntimeError, r"int64 values of shape \(2,\)"),
        (lambda: F.gelu(tt.tensor([1, 2])), RuntimeError, r"x\.float\(\)"),
        (lambda: F.gelu(tt.zeros(1), approximate="fast"), RuntimeError, '"none" or "tanh"'),
        (lambda: F.softplus([1.0]), TypeError, "softplus: got a list"),
        (lambda: F.relu(np.ones(2)), TypeError, "relu: got a ndarray"),
        (lambda: F.sigmoid(1.0), TypeError, "sigmoid: got a float"),
        (lambda: F.softmax([1.0], 0), TypeError, "softmax: got a list"),
        (lambda: F.relu(tt.tensor([True])), RuntimeError, r"bools of shape \(1,\)"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()
