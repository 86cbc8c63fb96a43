"""How weights begin: bounds, means and deviations, measured on large tensors."""

import math

import numpy as np
import pytest

import tinytorch as tt
from tinytorch import nn
from tinytorch.nn import init

SHAPES = [(200, 300), (40, 20, 5, 5)]


def fan(shape):
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("fill", "variance", "bounded"),
    [
        (lambda t: init.xavier_uniform_(t), lambda i, o: 2 / (i + o), True),
        (lambda t: init.xavier_uniform_(t, gain=2), lambda i, o: 8 / (i + o), True),
        (lambda t: init.xavier_normal_(t), lambda i, o: 2 / (i + o), False),
        (lambda t: init.kaiming_normal_(t), lambda i, o: 2 / i, False),
        (lambda t: init.kaiming_normal_(t, mode="fan_out"), lambda i, o: 2 / o, False),
        (lambda t: init.kaiming_normal_(t, nonlinearity="linear"), lambda i, o: 1 / i, False),
        (lambda t: init.kaiming_uniform_(t, a=math.sqrt(5)), lambda i, o: 1 / (3 * i), True),
        (lambda t: init.uniform_(t, -2, 4), lambda i, o: 3, False),
        (lambda t: init.normal_(t, 1, 3), lambda i, o: 9, False),
    ],
)
def test_variance_and_bounds_are_what_the_formula_says(shape, fill, variance, bounded):
    tensor = tt.zeros(*shape)
    assert fill(tensor) is tensor
    expected = variance(*fan(shape))
    assert tensor.array.var() == pytest.approx(expected, rel=0.05)
    if bounded:
        bound = math.sqrt(3 * expected)
        assert 0.99 * bound < np.abs(tensor.array).max() <= bound * (1 + 1e-6)
        assert abs(tensor.array.mean()) < 0.02 * bound


def test_bounds_of_uniform_are_kept():
    values = init.uniform_(tt.zeros(100, 100), -2, 4).array
    assert -2 <= values.min() < -1.99
    assert 3.99 < values.max() <= 4


@pytest.mark.parametrize(("mean", "std", "a", "b"), [(0, 1, -2, 2), (1, 0.5, 1, 3), (0, 1, 2, 3)])
def test_truncated_values_follow_the_normal_density_within_the_bounds(mean, std, a, b):
    values = init.trunc_normal_(tt.zeros(200, 200), mean, std, a, b).array
    assert a <= values.min()
    assert values.max() <= b
    grid = np.linspace(a, b, 10001)
    density = np.exp(-0.5 * ((grid - mean) / std) ** 2)
    assert values.mean() == pytest.approx((grid * density).sum() / density.sum(), abs=0.02)


def test_an_interval_far_out_is_refused():
    with pytest.raises(ValueError, match=r"share of .* lies within \[8"):
        init.trunc_normal_(tt.zeros(3), a=8.0, b=9.0)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (4, 2, 3)])
@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_orthogonal_rows_or_columns_have_the_length_of_the_gain(shape, gain):
    w = init.orthogonal_(tt.zeros(*shape), gain).array.reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-5)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "shape", "args"),
    [
        ("constant_", (2, 3), (0.3,)),
        ("zeros_", (2,), ()),
        ("ones_", (2, 1), ()),
        ("eye_", (2, 3), ()),
        ("dirac_", (4, 2, 3), ()),
        ("dirac_", (4, 2, 3, 3), (2,)),
        ("dirac_", (2, 3, 3, 3, 3), ()),
    ],
)
def test_fixed_beginnings_are_those_of_pytorch(torch, same, name, shape, args):
    ours = getattr(init, name)(tt.full(shape, 7.0), *args)
    same(ours, getattr(torch.nn.init, name)(torch.full(shape, 7.0), *args))


def test_a_share_of_each_column_is_zero():
    values = init.sparse_(tt.zeros(10, 50), 0.25, std=2.0).array
    assert ((values == 0).sum(0) == 3).all()
    assert values[values != 0].std() == pytest.approx(2, rel=0.2)


@pytest.mark.parametrize("dtype", [tt.float16, tt.float32, tt.float64])
def test_the_dtype_and_the_graph_are_left_alone(dtype):
    p = nn.Parameter(tt.zeros(4, 4, dtype=dtype))
    for fill in (init.xavier_normal_, init.orthogonal_, init.trunc_normal_, init.eye_, init.ones_):
        assert fill(p) is p
        assert p.dtype == dtype
        assert p.grad_fn is None


def test_the_seed_and_the_generator_decide():
    def draw(fill):
        tt.manual_seed(5)
        first = fill(tt.zeros(3, 3)).tolist()
        tt.manual_seed(5)
        assert fill(tt.zeros(3, 3)).tolist() == first
        own = fill(tt.zeros(3, 3), generator=tt.Generator().manual_seed(9)).tolist()
        assert fill(tt.zeros(3, 3), generator=tt.Generator().manual_seed(9)).tolist() == own
        assert own != first

    for fill in (
        init.normal_, init.xavier_uniform_, init.xavier_normal_, init.kaiming_normal_,
        init.trunc_normal_, init.orthogonal_,
    ):  # fmt: skip
        draw(fill)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: init.xavier_uniform_(tt.zeros(3)), r"\(3,\) has no fan-in"),
        (lambda: init.kaiming_normal_(tt.zeros(3, 3), mode="in"), "mode='in'"),
        (lambda: init.eye_(tt.zeros(3)), r"got shape \(3,\), expected a matrix"),
        (lambda: init.sparse_(tt.zeros(3), 0.1), "expected a matrix"),
        (lambda: init.orthogonal_(tt.zeros(3)), "at least 2 dimensions"),
        (lambda: init.dirac_(tt.zeros(3, 3)), r"\(3, 3\) and 1 groups"),
        (lambda: init.dirac_(tt.zeros(3, 3, 3), 2), "2 groups"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
