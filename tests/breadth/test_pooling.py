"""Pooling as layers, the places of largest values, and what is refused."""

import numpy as np
import pytest

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor, nn
from tinytorch.breadth.pooling import edges
from tinytorch.core import convolutions

IMAGES, SIGNALS = (2, 3, 7, 6), (2, 3, 9)
LAYERS = [
    ("MaxPool1d", (2,), {}, SIGNALS),
    ("MaxPool1d", (3,), {"stride": 2, "padding": 1, "ceil_mode": True}, (3, 9)),
    ("MaxPool2d", (2,), {}, IMAGES),
    ("MaxPool2d", ((3, 2),), {"stride": (2, 1), "padding": (1, 0)}, IMAGES),
    ("MaxPool2d", (3, 2), {"ceil_mode": True}, (3, 6, 6)),
    ("MaxPool2d", (2,), {"dilation": 2, "stride": 1}, IMAGES),
    ("AvgPool1d", (2,), {}, SIGNALS),
    ("AvgPool1d", (3, 2, 1), {"count_include_pad": False}, (3, 9)),
    ("AvgPool2d", (2,), {}, IMAGES),
    ("AvgPool2d", ((3, 2), (2, 1)), {"padding": (1, 0), "ceil_mode": True}, IMAGES),
    ("AvgPool2d", (3,), {"padding": 1, "count_include_pad": False, "stride": 2}, IMAGES),
    ("AvgPool2d", (2,), {"divisor_override": 3}, (3, 6, 6)),
    ("AdaptiveAvgPool1d", (4,), {}, SIGNALS),
    ("AdaptiveAvgPool2d", (1,), {}, IMAGES),
    ("AdaptiveAvgPool2d", ((3, 4),), {}, IMAGES),
    ("AdaptiveAvgPool2d", ((None, 9),), {}, (3, 7, 6)),
    ("AdaptiveMaxPool1d", (4,), {}, SIGNALS),
    ("AdaptiveMaxPool2d", ((3, 4),), {}, IMAGES),
    ("AdaptiveMaxPool2d", (9,), {}, (3, 7, 6)),
]
IDS = [f"{name} {args} {options}" for name, args, options, _ in LAYERS]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "args", "options", "shape"), LAYERS, ids=IDS)
def test_layers_are_those_of_pytorch(torch, same, name, args, options, shape):
    ours, theirs = getattr(nn, name)(*args, **options), getattr(torch.nn, name)(*args, **options)
    assert repr(ours) == repr(theirs)
    values = np.random.default_rng(0).normal(size=shape).astype("float32")
    x, y = Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    out, expected = ours(x), theirs(y)
    same(out, expected)
    (out * out).sum().backward()
    (expected * expected).sum().backward()
    same(x.grad, y.grad)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "args", "shape"),
    [
        ("MaxPool1d", (2, 1), SIGNALS),
        ("MaxPool2d", (3, 2, 1), IMAGES),
        ("MaxPool2d", (2, None, 0, 1), (3, 6, 6)),
        ("AdaptiveMaxPool1d", (4,), (3, 9)),
        ("AdaptiveMaxPool2d", (4,), IMAGES),
    ],
)
def test_places_of_the_largest_values_are_those_of_pytorch(torch, same, name, args, shape):
    x = np.random.default_rng(0).integers(0, 4, shape).astype("float32")  # with equal values
    ours = getattr(nn, name)(*args, return_indices=True)(Tensor(x))
    theirs = getattr(torch.nn, name)(*args, return_indices=True)(torch.tensor(x))
    for mine, other in zip(ours, theirs, strict=True):
        same(mine, other)


def test_a_window_over_the_edge_counts_what_lies_inside():
    x = tt.ones(1, 1, 5, 5)
    assert F.avg_pool2d(x, 2, ceil_mode=True).shape == (1, 1, 3, 3)
    assert (F.avg_pool2d(x, 2, ceil_mode=True).array == 1).all()
    assert F.avg_pool2d(x, 2, padding=1).array[0, 0, 0, 0] == 0.25
    assert F.avg_pool2d(x, 2, padding=1, count_include_pad=False).array[0, 0, 0, 0] == 1


def test_the_mean_of_whole_channels_is_the_pool_of_size_1():
    x = tt.randn(2, 3, 5, 4)
    out = nn.AdaptiveAvgPool2d(1)(x)
    np.testing.assert_allclose(out.array[..., 0, 0], x.array.mean((2, 3)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("size", "number"), [(1, 1), (5, 3), (6, 3), (3, 7), (4, 0)])
def test_windows_of_an_adaptive_pool_cover_everything(size, number):
    start, end = edges(size, number)
    assert len(start) == number
    covered = {place for a, b in zip(start, end, strict=True) for place in range(a, b)}
    assert covered == (set(range(size)) if number else set())
    assert (end > start).all()


def test_averages_of_whole_numbers_are_whole_and_rounded_to_zero():
    x = Tensor(np.array([[[1, 2], [-1, -2]]]).reshape(1, 2, 1, 2))
    assert F.avg_pool2d(x, (1, 2)).array.ravel().tolist() == [1, -1]


def test_nn_has_the_layer_of_module_09_with_places():
    assert issubclass(nn.MaxPool2d, convolutions.MaxPool2d)
    values, indices = F.max_pool2d(tt.randn(1, 1, 4, 4), 2, return_indices=True)
    assert (values.shape, indices.dtype) == ((1, 1, 2, 2), tt.int64)


def test_gradients_of_places_go_where_the_values_were():
    x = Tensor([[[1.0, 5.0, 2.0, 3.0]]], requires_grad=True)
    values, _ = F.max_pool1d(x, 2, return_indices=True)
    (values * Tensor([10.0, 20.0])).sum().backward()
    assert x.grad.tolist() == [[[0, 10, 0, 20]]]


REFUSED = [
    ("MaxPool2d of two dimensions", lambda t: t.nn.MaxPool2d(2)(t.zeros(5, 5)), r"\(5, 5\)"),
    ("MaxPool2d too small", lambda t: t.nn.MaxPool2d(2)(t.zeros(1, 3, 1, 5)), "2"),
    ("MaxPool2d wide padding", lambda t: t.nn.MaxPool2d(2, padding=2)(t.zeros(1, 3, 5, 5)), "2"),
    ("MaxPool2d no stride", lambda t: t.nn.MaxPool2d(2, stride=0)(t.zeros(1, 3, 5, 5)), "0"),
    ("MaxPool1d of one dimension", lambda t: t.nn.MaxPool1d(2)(t.zeros(5)), r"\(5,\)"),
    ("AvgPool2d wide padding", lambda t: t.nn.AvgPool2d(2, padding=2)(t.zeros(1, 3, 5, 5)), "2"),
    (
        "AvgPool2d divisor",
        lambda t: t.nn.AvgPool2d(2, divisor_override=0)(t.zeros(1, 3, 5, 5)),
        "divisor_override=0",
    ),
    ("AvgPool1d too short", lambda t: t.nn.AvgPool1d(2)(t.zeros(3, 1)), "2"),
    ("adaptive, dimensions", lambda t: t.nn.AdaptiveAvgPool2d(3)(t.zeros(5, 5)), r"\(5, 5\)"),
    ("adaptive, empty", lambda t: t.nn.AdaptiveAvgPool2d(2)(t.zeros(1, 2, 0, 5)), "0"),
    ("adaptive, below 0", lambda t: t.nn.AdaptiveAvgPool2d(-2)(t.zeros(1, 2, 3, 5)), "-2"),
    ("adaptive maximum", lambda t: t.nn.AdaptiveMaxPool2d(2)(t.zeros(1, 2, 0, 5)), "0"),
]


@pytest.mark.parametrize(("make", "text"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_does_not_fit_is_refused_in_words(make, text):
    with pytest.raises((ValueError, TypeError, RuntimeError), match=text):
        make(tt)


@pytest.mark.torch
@pytest.mark.parametrize("make", [r[1] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refusals_are_of_pytorchs_types(same_refusal, make):
    same_refusal(make)
