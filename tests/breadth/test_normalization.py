"""Norms as layers, over several batches, and dropout of whole channels."""

import copy

import numpy as np
import pytest

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor, nn

LAYERS = [
    ("BatchNorm1d", (3,), {}, (4, 3)),
    ("BatchNorm1d", (3,), {"momentum": None}, (4, 3, 5)),
    ("BatchNorm2d", (3,), {}, (4, 3, 5, 2)),
    ("BatchNorm2d", (3,), {"momentum": None, "eps": 0.1}, (4, 3, 5, 2)),
    ("BatchNorm2d", (3,), {"affine": False, "momentum": 0.5}, (4, 3, 5, 2)),
    ("BatchNorm2d", (3,), {"track_running_stats": False}, (4, 3, 5, 2)),
    ("GroupNorm", (2, 4), {}, (3, 4, 5, 2)),
    ("GroupNorm", (4, 4), {"eps": 0.1}, (3, 4, 5)),
    ("GroupNorm", (1, 4), {"affine": False}, (3, 4)),
    ("InstanceNorm1d", (3,), {}, (4, 3, 5)),
    ("InstanceNorm1d", (3,), {"affine": True}, (3, 5)),
    ("InstanceNorm2d", (3,), {"affine": True, "eps": 0.1}, (4, 3, 5, 2)),
    ("InstanceNorm2d", (3,), {"track_running_stats": True, "momentum": 0.3}, (4, 3, 5, 2)),
    ("InstanceNorm2d", (3,), {"affine": True, "track_running_stats": True}, (3, 5, 2)),
]
IDS = [f"{name} {args} {options}" for name, args, options, _ in LAYERS]


def pair_of_layers(torch, name, args, options):
    """The same layer in both libraries, with weights that are neither 1 nor 0."""
    theirs = getattr(torch.nn, name)(*args, **options)
    for parameter in theirs.parameters():
        torch.nn.init.uniform_(parameter, 0.5, 1.5)
    ours = getattr(nn, name)(*args, **options)
    state = {key: value.numpy() for key, value in theirs.state_dict().items()}
    assert {k: (v.shape, v.dtype) for k, v in ours.state_dict().items()} == {
        k: (v.shape, v.dtype) for k, v in state.items()
    }
    ours.load_state_dict(state)
    return ours, theirs


@pytest.mark.torch
@pytest.mark.parametrize(("name", "args", "options", "shape"), LAYERS, ids=IDS)
def test_layers_are_those_of_pytorch_in_training_and_then_in_evaluation(
    torch, same, name, args, options, shape
):
    ours, theirs = pair_of_layers(torch, name, args, options)
    rng = np.random.default_rng(0)
    for mode in ("train", "train", "train", "eval"):
        getattr(ours, mode)()
        getattr(theirs, mode)()
        values = (rng.normal(size=shape) * 3 + 2).astype("float32")
        x, y = Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
        out, expected = ours(x), theirs(y)
        same(out, expected, rtol=1e-4, atol=1e-5)
        (out**3).sum().backward()
        (expected**3).sum().backward()
        same(x.grad, y.grad, rtol=1e-3, atol=1e-3)
        for (key, mine), other in zip(
            ours.state_dict().items(), theirs.state_dict().values(), strict=True
        ):
            same(mine, other, rtol=1e-4, atol=1e-5), key
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        same(mine.grad, other.grad, rtol=1e-3, atol=1e-3)


@pytest.mark.torch
@pytest.mark.parametrize(("name", "args", "options", "shape"), LAYERS, ids=IDS)
def test_texts_are_those_of_pytorch(torch, name, args, options, shape):
    ours, theirs = getattr(nn, name)(*args, **options), getattr(torch.nn, name)(*args, **options)
    text = repr(theirs)
    for word in ("True", "False"):  # newer versions show whether there is a bias as well
        text = text.replace(f", bias={word}", "")
    assert repr(ours) == text


def test_momentum_none_takes_the_plain_mean_of_all_batches():
    layer = nn.BatchNorm1d(2, momentum=None)
    batches = [tt.randn(5, 2) for _ in range(4)]
    for batch in batches:
        layer(batch)
    means = np.mean([b.array.mean(0) for b in batches], 0)
    variances = np.mean([b.array.var(0, ddof=1) for b in batches], 0)
    np.testing.assert_allclose(layer.running_mean.array, means, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(layer.running_var.array, variances, rtol=1e-4)
    assert layer.num_batches_tracked.item() == 4


def test_evaluation_changes_no_statistics():
    layer = nn.BatchNorm2d(3)
    layer(tt.randn(4, 3, 2, 2))
    before = copy.deepcopy(layer.state_dict())
    layer.eval()(tt.randn(4, 3, 2, 2))
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value.array, before[name].array)


def test_running_statistics_are_saved_and_loaded():
    layer, other = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
    layer(tt.randn(4, 3, 2, 2))
    other.load_state_dict(layer.state_dict())
    x = tt.randn(4, 3, 2, 2)
    np.testing.assert_array_equal(layer.eval()(x).array, other.eval()(x).array)


def test_statistics_are_no_parameters():
    assert [name for name, _ in nn.BatchNorm2d(3).named_parameters()] == ["weight", "bias"]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_a_group_norm_depends_on_neither_size_nor_the_other_images(scale):
    layer, x = nn.GroupNorm(2, 4, eps=0), tt.randn(3, 4, 6, 6)
    np.testing.assert_allclose(layer(x).array, layer(x * scale + scale).array, rtol=1e-2, atol=1e-3)
    np.testing.assert_allclose(layer(x).array[:1], layer(x[:1]).array, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(nn.Dropout1d, (50, 40, 3)), (nn.Dropout2d, (50, 40, 2, 3)), (nn.Dropout1d, (2000, 3))],
)
def test_channels_are_dropped_as_a_whole(layer, shape):
    out = layer(0.25)(tt.ones(*shape)).array
    channels = out.reshape(2000, -1)
    assert (channels == channels[:, :1]).all()
    np.testing.assert_allclose(sorted(set(channels[:, 0].tolist())), [0, 4 / 3], rtol=1e-6)
    assert abs((channels[:, 0] == 0).mean() - 0.25) < 0.03
    assert (layer(0.25).eval()(tt.ones(*shape)).array == 1).all()
    assert (layer(1.0)(tt.ones(*shape)).array == 0).all()


def test_dropout_in_place_writes_into_its_input():
    for layer, shape in ((nn.Dropout2d, (4, 5, 2, 2)), (nn.Dropout1d, (4, 5))):
        x = tt.ones(*shape)
        assert layer(0.5, inplace=True)(x) is x
        assert (x.array == 0).any()


def test_gradients_pass_where_values_did():
    x = tt.ones(20, 10, 3).requires_grad_()
    out = F.dropout1d(x, 0.5)
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.array, out.array)


REFUSED = [
    ("BatchNorm1d dimensions", lambda t: t.nn.BatchNorm1d(3)(t.zeros(2, 3, 4, 5)), "2, 3, 4, 5"),
    ("BatchNorm2d dimensions", lambda t: t.nn.BatchNorm2d(3)(t.zeros(2, 3)), r"\(2, 3\)"),
    ("BatchNorm1d of one value", lambda t: t.nn.BatchNorm1d(3)(t.zeros(1, 3)), r"\(1, 3\)"),
    ("BatchNorm2d channels", lambda t: t.nn.BatchNorm2d(3)(t.zeros(2, 4, 5, 5)), "2, 4, 5, 5"),
    ("GroupNorm groups", lambda t: t.nn.GroupNorm(2, 3), "num_groups=2"),
    ("GroupNorm dimensions", lambda t: t.nn.GroupNorm(2, 4)(t.zeros(4)), r"\(4,\)"),
    ("GroupNorm channels", lambda t: t.nn.GroupNorm(2, 4)(t.zeros(2, 6, 3)), r"\(2, 6, 3\)"),
    ("GroupNorm of one value", lambda t: t.nn.GroupNorm(4, 4)(t.zeros(1, 4)), r"\(1, 4\)"),
    (
        "InstanceNorm2d channels",
        lambda t: t.nn.InstanceNorm2d(3, affine=True)(t.zeros(2, 4, 5, 5)),
        "2, 4, 5, 5",
    ),
    ("InstanceNorm2d dimensions", lambda t: t.nn.InstanceNorm2d(3)(t.zeros(5, 5)), r"\(5, 5\)"),
    (
        "InstanceNorm2d of one value",
        lambda t: t.nn.InstanceNorm2d(3)(t.zeros(2, 3, 1, 1)),
        "2, 3, 1, 1",
    ),
    ("Dropout2d beyond 1", lambda t: t.nn.Dropout2d(2), "p=2"),
    ("dropout2d beyond 1", lambda t: t.nn.functional.dropout2d(t.zeros(2, 3, 4, 4), 2), "p=2"),
    ("Dropout1d dimensions", lambda t: t.nn.Dropout1d()(t.zeros(2, 3, 4, 5)), "2, 3, 4, 5"),
]


@pytest.mark.parametrize(("make", "text"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_does_not_fit_is_refused_in_words(make, text):
    with pytest.raises((ValueError, RuntimeError), match=text):
        make(tt)


@pytest.mark.torch
@pytest.mark.parametrize("make", [r[1] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refusals_are_of_pytorchs_types(same_refusal, make):
    same_refusal(make)
