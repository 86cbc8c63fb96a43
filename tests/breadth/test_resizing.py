"""Images in other sizes, as layers, and what is refused."""

import numpy as np
import pytest

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor, nn

LAYERS = [
    ("Upsample", {"scale_factor": 2}, (2, 3, 4, 5)),
    ("Upsample", {"scale_factor": (2, 3)}, (2, 3, 4, 5)),
    ("Upsample", {"size": (6, 3)}, (2, 3, 4, 5)),
    ("Upsample", {"size": 7}, (2, 3, 4)),
    ("PixelShuffle", {"upscale_factor": 2}, (2, 8, 3, 4)),
    ("PixelUnshuffle", {"downscale_factor": 2}, (8, 6, 4)),
]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "options", "shape"), LAYERS, ids=str)
def test_layers_are_those_of_pytorch(torch, same, name, options, shape):
    ours, theirs = getattr(nn, name)(**options), getattr(torch.nn, name)(**options)
    assert repr(ours) == repr(theirs)
    values = np.random.default_rng(0).normal(size=shape).astype("float32")
    x, y = Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    out, expected = ours(x), theirs(y)
    same(out, expected)
    (out * out).sum().backward()
    (expected * expected).sum().backward()
    same(x.grad, y.grad)


def test_twice_the_size_repeats_every_pixel_and_sums_the_gradients():
    x = Tensor([[[[1.0, 2.0]]]], requires_grad=True)
    out = F.interpolate(x, scale_factor=2)
    assert out.tolist() == [[[[1, 1, 2, 2], [1, 1, 2, 2]]]]
    out.sum().backward()
    assert x.grad.tolist() == [[[[4, 4]]]]


def test_unshuffling_undoes_shuffling():
    x = tt.randn(2, 8, 3, 5)
    np.testing.assert_array_equal(F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2).array, x.array)


REFUSED = [
    ("neither", lambda f, t: f.interpolate(t.zeros(1, 2, 3)), "neither"),
    ("both", lambda f, t: f.interpolate(t.zeros(1, 2, 3), size=4, scale_factor=2), "both"),
    ("sizes", lambda f, t: f.interpolate(t.zeros(1, 2, 3), size=(4, 5)), r"\(4, 5\)"),
    ("dimensions", lambda f, t: f.interpolate(t.zeros(2, 3), size=4), r"\(2, 3\)"),
    ("nothing", lambda f, t: f.interpolate(t.zeros(1, 2, 3), scale_factor=0.1), r"\(0,\)"),
    ("mode", lambda f, t: f.interpolate(t.zeros(1, 2, 3), scale_factor=2, mode="x"), "'x'"),
    (
        "corners",
        lambda f, t: f.interpolate(t.zeros(1, 2, 3), scale_factor=2, align_corners=True),
        "align_corners=True",
    ),
    ("whole numbers", lambda f, t: f.interpolate(t.zeros(1, 2, 3).long(), size=6), "int64"),
    ("channels", lambda f, t: f.pixel_shuffle(t.zeros(2, 3, 5, 5), 2), r"\(2, 3, 5, 5\)"),
    ("sides", lambda f, t: f.pixel_unshuffle(t.zeros(2, 3, 5, 4), 2), r"\(2, 3, 5, 4\)"),
]


@pytest.mark.parametrize(("make", "text"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_does_not_fit_is_refused_in_words(make, text):
    with pytest.raises((ValueError, RuntimeError, NotImplementedError), match=text):
        make(F, tt)


@pytest.mark.torch
@pytest.mark.parametrize("make", [r[1] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refusals_are_of_pytorchs_types(same_refusal, make):
    same_refusal(lambda t: make(t.nn.functional, t))


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "area"])
def test_other_modes_are_refused_with_a_way_out(mode):
    with pytest.raises(NotImplementedError, match="convolution"):
        F.interpolate(tt.zeros(1, 2, 3, 3), scale_factor=2, mode=mode)
