"""Rare options of multi-head attention; operations_attention.py compares their values."""

import numpy as np
import pytest

import tinytorch as tt
from tinytorch import nn
from tinytorch.core.attention import MultiheadAttention as TaughtAttention

OPTIONS = [
    {},
    {"bias": False},
    {"kdim": 3, "vdim": 5},
    {"kdim": 3, "bias": False},
    {"add_bias_kv": True, "add_zero_attn": True},
    {"add_bias_kv": True, "vdim": 2, "bias": False},
]


@pytest.mark.torch
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_state_and_parameters_are_named_and_ordered_as_in_pytorch(torch, options):
    ours = nn.MultiheadAttention(4, 2, **options)
    theirs = torch.nn.MultiheadAttention(4, 2, **options)
    for mine, other in (
        (ours.state_dict(), theirs.state_dict()),
        (dict(ours.named_parameters()), dict(theirs.named_parameters())),
    ):
        assert [(n, t.shape) for n, t in mine.items()] == [
            (n, tuple(t.shape)) for n, t in other.items()
        ]


@pytest.mark.torch
def test_weights_begin_as_in_pytorch(torch):
    tt.manual_seed(0)
    options = {"kdim": 48, "vdim": 96, "add_bias_kv": True}
    ours = nn.MultiheadAttention(64, 4, **options)
    theirs = torch.nn.MultiheadAttention(64, 4, **options)
    for name, parameter in ours.named_parameters():
        expected = dict(theirs.named_parameters())[name].std(correction=0).item()
        assert parameter.array.std() == pytest.approx(expected, rel=0.2, abs=1e-9), name


def test_the_taught_layer_and_this_one_agree():
    tt.manual_seed(0)
    taught, full = TaughtAttention(8, 2), nn.MultiheadAttention(8, 2)
    full.load_state_dict(taught.state_dict())
    x = tt.randn(5, 3, 8)
    for a, b in zip(taught(x, x, x), full(x, x, x), strict=True):
        np.testing.assert_allclose(a.array, b.array, atol=1e-6)
    other = tt.randn(4, 3, 8)
    np.testing.assert_allclose(
        taught(x, other, other)[0].array, full(x, other, other)[0].array, atol=1e-6
    )


def test_a_key_of_zeros_takes_what_nobody_else_gets():
    layer, x = nn.MultiheadAttention(4, 2, add_zero_attn=True, batch_first=True), tt.ones(1, 3, 4)
    forbidden = tt.tensor([[True, True, True]])
    out, weights = layer(x, x, x, key_padding_mask=forbidden)
    assert weights.shape == (1, 3, 4)
    np.testing.assert_array_equal(weights.array[0], [[0, 0, 0, 1]] * 3)
    np.testing.assert_allclose(out.array, 0, atol=1e-7)


def test_sizes_are_checked_here_too():
    with pytest.raises(AssertionError, match="9 features and 2 heads"):
        nn.MultiheadAttention(9, 2)
