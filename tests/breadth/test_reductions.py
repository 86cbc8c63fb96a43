"""Many values to one: at the edges, with NaN, and refused."""

import numpy as np
import pytest

import tinytorch as tt
from tinytorch import Tensor

# PyTorch warns where no degree of freedom is left
pytestmark = pytest.mark.filterwarnings("ignore:.*degrees of freedom:UserWarning")

NAN, INF = float("nan"), float("inf")


@pytest.mark.torch
@pytest.mark.parametrize(
    "reduce",
    [
        lambda t, x: t.var(x),
        lambda t, x: t.std(x, 1),
        lambda t, x: t.std(x, dim=(0, 1), keepdim=True),
        lambda t, x: t.var(x, 1, False),
        lambda t, x: t.var(x, unbiased=False),
        lambda t, x: x.var(False),
        lambda t, x: t.var(x, 0, correction=5),
        lambda t, x: t.std_mean(x, 1),
        lambda t, x: t.norm(x, dim=(0, 1)),
        lambda t, x: t.norm(x, 2.5, 1, True),
        lambda t, x: t.norm(x, dtype=t.float64),
        lambda t, x: t.prod(x, 1, dtype=t.float64),
        lambda t, x: t.cumsum(x, 1, dtype=t.float64),
        lambda t, x: t.logsumexp(x, (0, 1)),
        lambda t, x: t.logsumexp(x * 1e4, 1),
        lambda t, x: t.count_nonzero(x - 1),
        lambda t, x: t.max(x, other=x.flip(0)),
        lambda t, x: t.nansum(x / (x - 1), 0),
        lambda t, x: t.median(x.reshape(-1)[:4]),
    ],
)
def test_the_options_mean_what_they_mean_in_pytorch(torch, same, reduce):
    values = np.array([[1.0, 2.0, 4.0], [0.5, -3.0, 1.0]], np.float32)
    ours, theirs = reduce(tt, Tensor(values)), reduce(torch, torch.tensor(values))
    if not isinstance(ours, tuple):
        ours, theirs = (ours,), (theirs,)
    for mine, other in zip(ours, theirs, strict=True):
        same(mine, other)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["max", "min", "median", "argmax", "argmin", "amax", "logsumexp"])
@pytest.mark.parametrize(
    "values", [[1.0, NAN, 3.0], [NAN, NAN], [-INF, -INF], [INF, 1.0], [-INF, 2.0]]
)
def test_nan_and_infinities_go_where_pytorch_lets_them_go(torch, same, name, values):
    ours, theirs = getattr(Tensor(values), name)(0), getattr(torch.tensor(values), name)(0)
    if isinstance(ours, tuple):
        same(ours.values, theirs.values)
        same(ours.indices, theirs.indices)
    else:
        same(ours, theirs)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "shape", "dim"),
    [
        ("sum", (0,), None), ("sum", (0, 3), 0), ("mean", (0,), None), ("prod", (0, 2), 1),
        ("var", (0,), None), ("std", (1,), None), ("std", (3, 0), 0), ("any", (0,), None),
        ("all", (0, 2), 0), ("logsumexp", (0, 2), 0), ("amax", (0, 2), 1), ("median", (0,), None),
        ("cumsum", (0,), 0), ("norm", (0,), None), ("argmax", (0, 2), 1), ("max", (2, 0), 0),
        ("nansum", (0,), None), ("count_nonzero", (0, 2), 0),
    ],
)  # fmt: skip
def test_no_values_reduce_to_what_pytorch_gives(torch, same, name, shape, dim):
    arguments = () if dim is None else (dim,)
    results = []
    for library in (tt, torch):
        result = getattr(library, name)(library.zeros(shape), *arguments)
        results.append(result[0] if isinstance(result, tuple) else result)
    same(*results)


@pytest.mark.torch
@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_products_have_the_right_gradient_around_zeros(torch, same, zeros):
    values = np.array([2.0, 3.0, 4.0, 5.0])
    values[1 : 1 + zeros] = 0
    for name in ("prod", "cumprod"):
        pair = []
        for library in (tt, torch):
            x = library.tensor(values, requires_grad=True)
            (getattr(library, name)(x, 0) * 2).sum().backward()
            pair.append(x.grad)
        same(*pair)


@pytest.mark.torch
def test_the_slope_at_a_kink_is_that_of_pytorch(torch, same):
    for values in ([0.0, 0.0], [3.0, 3.0], [0.0, 2.0], [-1.0, 1.0]):
        for function in (
            lambda x: x.std(),
            lambda x: x.norm(),
            lambda x: x.norm(1),
            lambda x: x.norm(3),
            lambda x: x.norm(float("inf")),
            lambda x: x.max(),
            lambda x: x.amin(),
            lambda x: x.max(0).values,
            lambda x: x.median(),
            lambda x: x.abs().sum(),
        ):
            pair = []
            for library in (tt, torch):
                x = library.tensor(values, dtype=library.float64, requires_grad=True)
                function(x).backward()
                pair.append(x.grad)
            same(*pair)


def test_float16_is_summed_without_overflow_where_the_result_fits():
    x = tt.full((70_000,), 2.0, dtype=tt.float16)
    assert x.var().item() == 0
    assert x.norm().item() == pytest.approx(529.15, rel=1e-3)


def test_pairs_have_names():
    x = Tensor([[3.0, 1.0], [2.0, 5.0]])
    found = x.max(1)
    assert found.values.tolist() == [3.0, 5.0]
    assert found.indices.tolist() == [0, 1]
    smallest, place = x.min(0, keepdim=True)
    assert (smallest.shape, place.shape) == ((1, 2), (1, 2))
    assert tt.aminmax(x).max.item() == 5


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: tt.arange(3).var(), RuntimeError, "int64; convert"),
        (lambda: tt.arange(3).norm(), RuntimeError, "int64; convert"),
        (lambda: tt.ones(3).var(0, True, correction=0), TypeError, "unbiased and correction"),
        (lambda: tt.ones(3).norm("nuc"), RuntimeError, "'nuc' is not supported"),
        (lambda: tt.ones(3).cumsum(1), IndexError, "dim 1 is out of range"),
        (lambda: tt.ones(0).max(), RuntimeError, r"amax\(\(0,\)\)"),
        (lambda: tt.ones(0, 2).max(0), IndexError, "dim 0"),
        (lambda: tt.ones(0, 2).median(0), IndexError, "size 0"),
        (lambda: tt.tensor(1.0).diff(), RuntimeError, "without dimensions"),
    ],
)
def test_what_cannot_be_reduced_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()
