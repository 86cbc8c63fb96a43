"""Values by index, mask and order: what the table of operations does not reach."""

import numpy as np
import pytest

import tinytorch as tt
from tinytorch import Tensor


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter:UserWarning")
@pytest.mark.parametrize(
    "pick",
    [
        lambda t, x: t.scatter(x, 1, t.tensor([[0], [2]]), x[:, 1:]),
        lambda t, x: x.scatter(0, t.tensor([[0, 1, 0]]), x, reduce="add"),
        lambda t, x: x.clone().scatter_(1, t.tensor([[0], [2]]), 9.0),
        lambda t, x: t.zeros(2, 5).scatter_add_(1, t.tensor([[0, 0, 4], [1, 2, 1]]), x),
        lambda t, x: t.take_along_dim(x, x.argsort(1), 1),
        lambda t, x: t.take_along_dim(x, t.tensor([4, 0])),
        lambda t, x: x.take_along_dim(t.tensor([[1, 0]]), dim=1),
        lambda t, x: t.index_select(x, -1, t.tensor([2, 0, 0])),
        lambda t, x: t.index_select(x, 0, t.tensor(1)),
        lambda t, x: x.index_add(1, t.tensor([0, 0]), t.ones(2, 2), alpha=3),
        lambda t, x: x.index_fill(0, t.tensor([1]), -1),
        lambda t, x: x.index_copy(1, t.tensor([2, 0]), t.zeros(2, 2)),
        lambda t, x: x.masked_fill(x > 2, t.tensor(0.5)),
        lambda t, x: x.clone().masked_fill_(x > 2, -float("inf")),
        lambda t, x: t.masked_select(x, t.tensor([True, False, True])),
        lambda t, x: x.where(x > 2, 0.0),
        lambda t, x: t.where(x > 2, x, -x),
        lambda t, x: t.where(x > 2, 1, 0),
        lambda t, x: t.where(x > 2, x, t.tensor(0.0, dtype=t.float64)),
        lambda t, x: t.nonzero(x > 2, as_tuple=True)[1],
        lambda t, x: t.nonzero(t.tensor(5.0), as_tuple=True)[0],
        lambda t, x: t.sort(x, dim=0, descending=True).indices,
        lambda t, x: x.sort(1, True)[0],
        lambda t, x: t.msort(x),
        lambda t, x: t.topk(x, 2, 0, False).values,
        lambda t, x: t.topk(x.reshape(-1), 3).indices,
        lambda t, x: t.unique(t.tensor([[1, 2], [1, 2], [0, 5]]), dim=0, return_inverse=True)[1],
        lambda t, x: t.bincount(t.tensor([0, 2, 2]), weights=t.tensor([0.5, 1.0, 2.0])),
        lambda t, x: t.searchsorted(t.tensor([1, 3, 5]), 3, right=True),
        lambda t, x: t.bucketize(x, t.tensor([1.0, 4.0]), out_int32=True),
        lambda t, x: t.nn.functional.one_hot(t.tensor([[0, 2]]), 4),
        lambda t, x: t.nn.functional.one_hot(t.tensor([0, 2], dtype=t.int64)),
    ],
)
def test_every_way_to_call_means_what_it_means_in_pytorch(torch, same, pick):
    values = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]], np.float32)
    same(pick(tt, Tensor(values)), pick(torch, torch.tensor(values)))


@pytest.mark.torch
def test_nan_counts_as_the_largest_value(torch, same):
    values = np.array([2.0, np.nan, -np.inf, np.inf, np.nan, 2.0])
    ours, theirs = Tensor(values), torch.tensor(values)
    for descending in (False, True):
        same(ours.argsort(0, descending), theirs.argsort(stable=True, descending=descending))
        same(ours.sort(0, descending).values, theirs.sort(0, descending).values)
        same(ours.topk(4, 0, descending).values, theirs.topk(4, 0, descending).values)
    same(ours.unique(), theirs.unique())


def test_sorting_is_stable_in_both_directions():
    x = Tensor([1.0, 0.0, 1.0, 0.0, 1.0])
    assert x.argsort().tolist() == [1, 3, 0, 2, 4]
    assert x.argsort(descending=True).tolist() == [0, 2, 4, 1, 3]


def test_topk_of_many_values_finds_the_largest_in_order():
    x = tt.randperm(10_000).float().reshape(100, 100)
    values, places = x.topk(5)
    assert tt.equal(values, x.sort(descending=True).values[:, :5])
    assert tt.equal(x.gather(1, places), values)


def test_the_gradient_returns_to_the_place_that_a_value_came_from():
    x = tt.tensor([3.0, 1.0, 2.0], requires_grad=True)
    (x.sort().values * tt.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [100.0, 1.0, 10.0]


index = tt.tensor([[0, 5]])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: tt.ones(2, 2).gather(1, index),
            RuntimeError,
            "index 5 is out of bounds for dim 1",
        ),
        (lambda: tt.ones(2, 2).gather(1, -index), RuntimeError, "index -5 is out of bounds"),
        (lambda: tt.ones(2).gather(0, index), RuntimeError, "2 dimensions, expected 1"),
        (lambda: tt.ones(1, 2).gather(1, index.T * 0), RuntimeError, "2 places along dim 0"),
        (lambda: tt.ones(2).gather(0, tt.ones(1)), RuntimeError, "float32, expected int64"),
        (lambda: tt.ones(2).gather(0, [0]), TypeError, "list, expected a Tensor"),
        (
            lambda: tt.ones(2).scatter(0, tt.arange(2), tt.ones(1)),
            RuntimeError,
            r"src has shape \(1,\)",
        ),
        (
            lambda: tt.ones(2).scatter(0, tt.arange(2), tt.arange(2)),
            RuntimeError,
            "src is of int64",
        ),
        (lambda: tt.ones(2).scatter(0, tt.arange(2), 1, reduce="max"), RuntimeError, "'max'"),
        (lambda: tt.ones(2).index_select(0, tt.tensor([2])), IndexError, "index 2 is out of range"),
        (lambda: tt.ones(2).index_select(0, index), IndexError, "expected a vector"),
        (
            lambda: tt.ones(2).index_add(0, tt.arange(2), tt.ones(3)),
            RuntimeError,
            "one row per index",
        ),
        (lambda: tt.ones(2).masked_fill(tt.ones(2), 0), RuntimeError, "expected a bool tensor"),
        (
            lambda: tt.ones(2).masked_fill(tt.ones(2) > 0, tt.ones(2)),
            RuntimeError,
            "expected a number",
        ),
        (lambda: tt.ones(3).topk(4), RuntimeError, "k=4 is out of range"),
        (lambda: tt.bincount(tt.tensor([-1])), RuntimeError, "from 0 upwards"),
        (lambda: tt.bincount(tt.ones(2)), RuntimeError, "float32"),
        (lambda: tt.searchsorted(tt.ones(2, 2), 1), RuntimeError, "expected a vector"),
        (
            lambda: tt.nn.functional.one_hot(tt.tensor([3]), 3),
            RuntimeError,
            "from 3 to 3, expected 0 to 2",
        ),
        (lambda: tt.nn.functional.one_hot(tt.ones(2)), RuntimeError, "float32"),
        (lambda: tt.take_along_dim(tt.ones(2, 2), tt.arange(2), 1), RuntimeError, "unsqueeze"),
    ],
)
def test_an_index_that_does_not_fit_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()
