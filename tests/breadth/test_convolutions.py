"""Convolutions as layers: what PyTorch's do, how they begin, and what is refused."""

import numpy as np
import pytest

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor, nn
from tinytorch.core import convolutions
from tinytorch.core.convolutions import conv2d_loops
from tinytorch.core.tensor import KERNELS

IMAGES, SIGNALS = (2, 4, 7, 6), (2, 4, 9)
LAYERS = [
    ("Conv1d", (4, 6, 3), {}, SIGNALS),
    ("Conv1d", (4, 6, (3,)), {"stride": (2,), "padding": (1,), "bias": False}, SIGNALS),
    ("Conv1d", (4, 6, 4), {"padding": "same", "dilation": 2, "groups": 2}, SIGNALS),
    ("Conv1d", (4, 4, 3), {"padding": 2, "padding_mode": "circular"}, (4, 9)),
    ("Conv1d", (4, 4, 2), {"padding": "same", "padding_mode": "reflect"}, SIGNALS),
    ("Conv2d", (4, 6, 3), {}, IMAGES),
    ("Conv2d", (4, 6, (3, 2)), {"stride": (2, 1), "padding": (1, 0), "bias": False}, IMAGES),
    ("Conv2d", (4, 4, 3), {"groups": 4, "dilation": (2, 1)}, IMAGES),
    ("Conv2d", (4, 6, 4), {"padding": "same", "groups": 2}, (4, 7, 6)),
    ("Conv2d", (4, 6, 3), {"padding": "valid"}, IMAGES),
    ("Conv2d", (4, 6, 3), {"padding": 1, "padding_mode": "reflect"}, IMAGES),
    ("Conv2d", (4, 6, 3), {"padding": (2, 1), "padding_mode": "replicate"}, IMAGES),
    ("Conv2d", (4, 6, (4, 3)), {"padding": "same", "padding_mode": "circular"}, IMAGES),
    ("Conv2d", (4, 6, 3), {"padding": "valid", "padding_mode": "circular"}, IMAGES),
    ("ConvTranspose1d", (4, 6, 3), {"stride": 2, "output_padding": 1}, SIGNALS),
    ("ConvTranspose1d", (4, 6, (3,)), {"groups": 2, "bias": False}, (4, 9)),
    ("ConvTranspose2d", (4, 6, 4), {"stride": 2, "padding": 1}, IMAGES),
    ("ConvTranspose2d", (4, 8, 3), {"groups": 4, "output_padding": 1, "dilation": 2}, IMAGES),
    ("ConvTranspose2d", (4, 6, (3, 2)), {"stride": (3, 1), "bias": False}, (4, 7, 6)),
    ("Unfold", (3,), {"stride": 2, "padding": 1}, IMAGES),
    ("Fold", ((5, 4), 2), {}, (2, 8, 12)),
]
IDS = [f"{name} {args} {options}" for name, args, options, _ in LAYERS]


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Using padding='same' with even")  # PyTorch's, about speed
@pytest.mark.parametrize(("name", "args", "options", "shape"), LAYERS, ids=IDS)
def test_layers_are_those_of_pytorch(torch, same, name, args, options, shape):
    ours, theirs = getattr(nn, name)(*args, **options), getattr(torch.nn, name)(*args, **options)
    assert repr(ours) == repr(theirs)
    state = {key: value.numpy() for key, value in theirs.state_dict().items()}
    assert list(ours.state_dict()) == list(state)
    ours.load_state_dict(state)
    values = np.random.default_rng(0).normal(size=shape).astype("float32")
    x, y = Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    out, expected = ours(x), theirs(y)
    same(out, expected, rtol=1e-4, atol=1e-5)
    (out * out).sum().backward()
    (expected * expected).sum().backward()
    same(x.grad, y.grad, rtol=1e-4, atol=1e-4)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        same(mine.grad, other.grad, rtol=1e-4, atol=1e-3)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("Conv1d", (50, 200, 5)),
        ("Conv2d", (30, 100, 3)),
        ("ConvTranspose1d", (200, 50, 5)),
        ("ConvTranspose2d", (100, 30, 3)),
    ],
)
@pytest.mark.parametrize("groups", [1, 5])
def test_weights_begin_with_pytorchs_distribution(torch, name, args, groups):
    ours = getattr(nn, name)(*args, groups=groups)
    theirs = getattr(torch.nn, name)(*args, groups=groups)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        size, expected = np.abs(mine.array), np.abs(other.detach().numpy())
        tolerance = 0.01 if size.size > 1000 else 0.2
        np.testing.assert_allclose(size.max(), expected.max(), rtol=tolerance)
        np.testing.assert_allclose(size.mean(), expected.mean(), rtol=tolerance * 5)


def test_groups_are_convolutions_side_by_side():
    layer = nn.Conv2d(6, 9, 3, groups=3, padding=1)
    x = tt.randn(2, 6, 5, 5)
    parts = [
        conv2d_loops(
            x.array[:, 2 * i : 2 * i + 2],
            layer.weight.array[3 * i : 3 * i + 3],
            layer.bias.array[3 * i : 3 * i + 3],
            padding=(1, 1),
        )
        for i in range(3)
    ]
    np.testing.assert_allclose(layer(x).array, np.concatenate(parts, 1), rtol=1e-4, atol=1e-5)


def test_a_depthwise_convolution_is_a_convolution_for_each_channel():
    layer = nn.Conv2d(4, 4, 3, groups=4, bias=False)
    x = tt.randn(2, 4, 6, 6)
    for i, channel in enumerate(x.array.swapaxes(0, 1)):
        expected = conv2d_loops(channel[:, None], layer.weight.array[i : i + 1])
        np.testing.assert_allclose(layer(x).array[:, i : i + 1], expected, rtol=1e-4, atol=1e-5)


def test_everything_is_computed_by_the_kernel_of_module_09():
    """A learner's kernel, or a faster one, serves groups, signals and transposed convolutions."""
    calls = [
        ("conv2d", lambda: F.conv1d(tt.ones(1, 2, 5), tt.ones(3, 2, 2))),
        ("conv2d", lambda: F.conv2d(tt.ones(1, 4, 5, 5), tt.ones(4, 2, 2, 2), groups=2)),
        ("conv2d.vjp0", lambda: F.conv_transpose2d(tt.ones(1, 3, 5, 5), tt.ones(3, 2, 2, 2))),
    ]
    for op, compute in calls:
        kernel, heard = KERNELS[op], []

        def noted(*args, kernel=kernel, heard=heard, **options):
            heard.append(args)
            return kernel(*args, **options)

        KERNELS[op] = noted
        try:
            compute()
        finally:
            KERNELS[op] = kernel
        assert heard, op


def test_a_transposed_convolution_is_the_way_back_of_a_convolution():
    """<conv(x), y> = <x, conv_transpose(y)>: that is what transposed means."""
    rng = np.random.default_rng(0)
    x, y = Tensor(rng.normal(size=(2, 3, 8, 7))), Tensor(rng.normal(size=(2, 5, 4, 3)))
    weight = Tensor(rng.normal(size=(5, 3, 3, 3)))
    there = F.conv2d(x, weight, stride=2, padding=1)
    y = y[:, :, : there.shape[2], :]
    y = tt.cat([y, y], dim=3)[:, :, :, : there.shape[3]]
    back = F.conv_transpose2d(y, weight, stride=2, padding=1, output_padding=(1, 0))
    assert back.shape == x.shape
    np.testing.assert_allclose((there * y).sum().item(), (x * back).sum().item())


@pytest.mark.parametrize("wanted", [(11, 11), (12, 11), (1, 6, 12, 12)])
def test_a_transposed_convolution_makes_the_size_that_is_wanted(wanted):
    layer = nn.ConvTranspose2d(4, 6, 3, stride=2)
    assert layer(tt.zeros(1, 4, 5, 5), output_size=wanted).shape == (1, 6, *wanted[-2:])


def test_fold_adds_up_what_unfold_laid_out():
    x = Tensor(np.arange(12.0).reshape(1, 1, 3, 4))
    once = F.fold(F.unfold(tt.ones(1, 1, 3, 4), 2), (3, 4), 2)
    np.testing.assert_array_equal(F.fold(F.unfold(x, 2), (3, 4), 2).array, (x * once).array)


def test_unfold_and_a_matrix_product_are_a_convolution():
    x, weight = tt.randn(2, 3, 6, 5), tt.randn(4, 3, 3, 2)
    columns = F.unfold(x, (3, 2))
    out = (weight.reshape(4, -1) @ columns).reshape(2, 4, 4, 4)
    np.testing.assert_allclose(out.array, F.conv2d(x, weight).array, rtol=1e-4, atol=1e-5)


def test_nn_has_the_layer_of_module_09_with_more_borders():
    assert issubclass(nn.Conv2d, convolutions.Conv2d)
    with pytest.raises(ValueError, match="padding_mode='reflect'"):
        convolutions.Conv2d(1, 1, 1, padding_mode="reflect")


REFUSED = [
    ("Conv1d of one dimension", lambda t: t.nn.Conv1d(3, 4, 3)(t.zeros(5)), r"\(5,\)"),
    ("Conv1d channels", lambda t: t.nn.Conv1d(3, 4, 3)(t.zeros(2, 4, 5)), r"4, 1, 5"),
    ("Conv1d too short", lambda t: t.nn.Conv1d(3, 4, 3)(t.zeros(2, 3, 2)), "3"),
    ("Conv1d float64", lambda t: t.nn.Conv1d(3, 4, 3)(t.zeros(2, 3, 5).double()), "float64"),
    ("Conv1d same, stride 2", lambda t: t.nn.Conv1d(3, 4, 3, 2, "same"), r"stride \(2,\)"),
    ("Conv1d padding name", lambda t: t.nn.Conv1d(3, 4, 3, padding="some"), "'some'"),
    ("Conv1d padding mode", lambda t: t.nn.Conv1d(3, 4, 3, padding_mode="x"), "'x'"),
    ("Conv2d channels", lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(2, 4, 5, 5)), r"\(2, 4, 5, 5\)"),
    ("Conv2d dimensions", lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(5, 5)), r"\(5, 5\)"),
    ("Conv2d too small", lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(2, 3, 2, 5)), "3"),
    ("Conv2d groups", lambda t: t.nn.Conv2d(3, 4, 3, groups=2), "groups=2"),
    ("Conv2d groups of outputs", lambda t: t.nn.Conv2d(4, 3, 3, groups=2), "groups=2"),
    ("Conv2d no groups", lambda t: t.nn.Conv2d(4, 4, 3, groups=0), "groups=0"),
    ("Conv2d same, stride 2", lambda t: t.nn.Conv2d(4, 4, 3, 2, "same"), r"stride \(2, 2\)"),
    (
        "Conv2d wide reflection",
        lambda t: t.nn.Conv2d(4, 4, 3, padding=3, padding_mode="reflect")(t.zeros(1, 4, 3, 3)),
        r"\(3, 3\)",
    ),
    (
        "groups of the function",
        lambda t: t.nn.functional.conv2d(t.zeros(1, 4, 5, 5), t.zeros(4, 2, 3, 3), groups=3),
        "groups=3",
    ),
    (
        "output_padding",
        lambda t: t.nn.ConvTranspose2d(4, 6, 3, output_padding=1)(t.zeros(1, 4, 5, 5)),
        "output_padding=1",
    ),
    (
        "output_size",
        lambda t: t.nn.ConvTranspose2d(4, 6, 3, 2)(t.zeros(1, 4, 5, 5), output_size=(13, 11)),
        r"\(13, 11\)",
    ),
    (
        "padding mode of a transposed one",
        lambda t: t.nn.ConvTranspose2d(4, 6, 3, padding_mode="reflect"),
        "'reflect'",
    ),
    (
        "nothing left",
        lambda t: t.nn.ConvTranspose2d(4, 6, 3, padding=4)(t.zeros(1, 4, 2, 2)),
        "padding 4",
    ),
    (
        "channels of a transposed one",
        lambda t: t.nn.ConvTranspose2d(4, 6, 3)(t.zeros(1, 3, 5, 5)),
        r"\(1, 3, 5, 5\)",
    ),
    ("unfold", lambda t: t.nn.functional.unfold(t.zeros(2, 3, 5, 5), 6), "6"),
    ("fold rows", lambda t: t.nn.functional.fold(t.zeros(2, 26, 9), (5, 5), 3), r"\(2, 26, 9\)"),
    ("fold columns", lambda t: t.nn.functional.fold(t.zeros(2, 27, 8), (5, 5), 3), r"3 by 3"),
]


@pytest.mark.parametrize(("make", "text"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_does_not_fit_is_refused_in_words(make, text):
    with pytest.raises((ValueError, TypeError, RuntimeError), match=text):
        make(tt)


@pytest.mark.torch
@pytest.mark.parametrize("make", [r[1] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refusals_are_of_pytorchs_types(same_refusal, make):
    same_refusal(make)


def test_what_a_convolution_returns_can_be_flattened_by_view():
    out = nn.Conv2d(3, 4, 3)(tt.randn(2, 3, 6, 6))
    assert not out.array.flags.c_contiguous  # channels lie last in memory
    flat = out.view(out.size(0), -1)
    np.testing.assert_array_equal(flat.detach().numpy(), out.detach().numpy().reshape(2, -1))
    flat.sum().backward()
    with pytest.raises(RuntimeError, match="without a copy"):
        out.transpose(0, 1).view(-1)
