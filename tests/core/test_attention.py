"""Attention: who looks where, what it costs, and what stays exact."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinytorch as tt
from tinytorch.core.attention import (
    CausalSelfAttention,
    MultiheadAttention,
    additive,
    attention_loops,
    attention_weights,
    attention_weights_kernel,
    causal_mask,
    forbidding,
    grouped_matmul,
    look_up,
    merge_heads,
    merged_mask,
    scaled_dot_product_attention,
    split_heads,
    streaming_attention,
)

RNG = np.random.default_rng(0)


def normal(*shape, dtype=np.float64):
    return RNG.standard_normal(shape).astype(dtype)


def tensors(*shapes):
    return [tt.Tensor(normal(*shape)) for shape in shapes]


# ------------------------------------------------------------------------------ one query, loops


def test_a_key_that_fits_far_better_than_the_others_returns_its_value():
    keys, values = np.eye(3), normal(3, 2)
    np.testing.assert_allclose(look_up(1000 * keys[1], keys, values), values[1])


def test_equal_keys_return_the_mean_of_the_values():
    values = normal(4, 3)
    np.testing.assert_allclose(look_up(normal(2), np.ones((4, 2)), values), values.mean(0))


@given(st.integers(1, 6), st.integers(1, 6), st.booleans())
@settings(max_examples=30)
def test_the_fast_form_is_the_loop(L, S, is_causal):
    query, key, value = normal(L, 3), normal(S, 3), normal(S, 2)
    fast = scaled_dot_product_attention(
        *map(tt.Tensor, (query, key, value)), is_causal=is_causal
    ).numpy()
    np.testing.assert_allclose(fast, attention_loops(query, key, value, is_causal), atol=1e-12)


# ----------------------------------------------------------------------------------------- masks


def test_a_causal_mask_lets_a_query_see_itself_and_what_came_before():
    assert causal_mask(4).tolist() == np.tri(4, dtype=bool).tolist()
    assert causal_mask(2, 4).tolist() == np.tri(2, 4, dtype=bool).tolist()


def test_additive_masks_forbid_by_minus_infinity_and_pass_numbers_on():
    np.testing.assert_array_equal(
        additive(np.array([True, False]), np.dtype("float16")), np.array([0, -np.inf], "float16")
    )
    numbers = normal(2, 2)
    assert additive(numbers, numbers.dtype) is numbers


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_weights_add_up_to_one_and_keep_their_dtype(dtype):
    weights = attention_weights_kernel(normal(2, 3, 5).astype(dtype), is_causal=True)
    assert weights.dtype == dtype
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=2e-3)
    assert (weights[:, 0, 1:] == 0).all()


def test_weights_of_huge_scores_are_finite():
    weights = attention_weights_kernel(np.array([[1e30, -1e30, 1e30]], np.float32))
    np.testing.assert_allclose(weights, [[0.5, 0, 0.5]])


def test_a_shift_of_a_row_changes_nothing():
    scores = normal(3, 4)
    np.testing.assert_allclose(
        attention_weights_kernel(scores), attention_weights_kernel(scores + normal(3, 1))
    )


def test_scores_are_left_as_they_are():
    scores, mask = normal(3, 3), np.tri(3, dtype=bool)
    before = scores.copy()
    attention_weights_kernel(scores, mask, 0.5, True)
    np.testing.assert_array_equal(scores, before)
    assert mask.dtype == bool


def test_a_query_that_may_look_nowhere_gets_zeros_and_gives_no_gradient():
    query, key, value = (t.requires_grad_() for t in tensors((2, 3), (2, 3), (2, 3)))
    mask = tt.tensor([[False, False], [True, True]])
    out = scaled_dot_product_attention(query, key, value, mask)
    assert (out.array[0] == 0).all()
    out.sum().backward()
    assert (query.grad.array[0] == 0).all()
    assert np.isfinite(key.grad.array).all()
    assert not (value.grad.array == 0).any()


def test_no_keys_at_all_give_zeros():
    out = scaled_dot_product_attention(tt.ones(2, 3), tt.ones(0, 3), tt.ones(0, 4))
    np.testing.assert_array_equal(out.array, np.zeros((2, 4)))


def test_nan_is_passed_on_and_not_hidden():
    query = tt.tensor([[math.nan, 0.0], [1.0, 0.0]])
    out = scaled_dot_product_attention(query, tt.ones(2, 2), tt.ones(2, 2))
    assert np.isnan(out.array).tolist() == [[True, True], [False, False]]


def test_nobody_hears_the_future():
    query, key, value = tensors((6, 4), (6, 4), (6, 4))
    before = scaled_dot_product_attention(query, key, value, is_causal=True).array
    for t in (query, key, value):
        t.array[4:] = 100.0
    after = scaled_dot_product_attention(query, key, value, is_causal=True).array
    np.testing.assert_array_equal(before[:4], after[:4])


# ------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((4,), (4,), (4,)), r"query \(4,\)"),
        (((2, 4), (3, 5), (3, 4)), "4 features and keys 5"),
        (((2, 4), (3, 4), (2, 4)), "3 keys and 2 values"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(shapes, message):
    with pytest.raises(RuntimeError, match=message):
        scaled_dot_product_attention(*tensors(*shapes))


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (tt.ones(2, 3, dtype=tt.int64), "mask == 1"),
        (tt.ones(2, 3), "float32"),
        (tt.ones(3) == 1, r"shape \(3,\)"),
        (tt.ones(2, 4) == 1, r"\(2, 4\) for scores of shape \(2, 3\)"),
        (tt.ones(5, 2, 3) == 1, r"\(5, 2, 3\)"),
    ],
)
def test_masks_that_do_not_fit_are_refused(mask, message):
    with pytest.raises(RuntimeError, match=message):
        scaled_dot_product_attention(*tensors((2, 4), (3, 4), (3, 4)), mask)


def test_other_arguments_that_do_not_fit_are_refused():
    q, k, v = tensors((2, 4), (3, 4), (3, 4))
    with pytest.raises(RuntimeError, match=r"float64.*float32"):
        scaled_dot_product_attention(q, k.float(), v)
    with pytest.raises(RuntimeError, match=r"dropout_p=1\.5"):
        scaled_dot_product_attention(q, k, v, dropout_p=1.5)
    with pytest.raises(RuntimeError, match="expected one of them"):
        scaled_dot_product_attention(q, k, v, causal_mask(2, 3), is_causal=True)
    with pytest.raises(IndexError, match="enable_gqa"):
        scaled_dot_product_attention(q, k, v, enable_gqa=True)
    with pytest.raises(RuntimeError, match="4 heads of queries and 3"):
        scaled_dot_product_attention(*tensors((4, 2, 2), (3, 2, 2), (3, 2, 2)), enable_gqa=True)


# ------------------------------------------------------------------------------ dropout and heads


def test_dropout_is_seeded_and_keeps_the_expected_value():
    q, k, v = tensors((200, 8), (50, 8), (50, 4))
    tt.manual_seed(3)
    first = scaled_dot_product_attention(q, k, v, dropout_p=0.2).array
    second = scaled_dot_product_attention(q, k, v, dropout_p=0.2).array
    tt.manual_seed(3)
    again = scaled_dot_product_attention(q, k, v, dropout_p=0.2).array
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)
    plain = scaled_dot_product_attention(q, k, v).array
    assert abs((first - plain).mean()) < 0.02
    assert (scaled_dot_product_attention(q, k, v, dropout_p=1.0).array == 0).all()


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=20)
def test_heads_are_pieces_of_every_vector_and_merge_again(B, T, H, D):
    x = tt.Tensor(normal(B, T, H * D))
    heads = split_heads(x, H)
    assert heads.shape == (B, H, T, D)
    for h in range(H):
        np.testing.assert_array_equal(heads.array[:, h], x.array[..., h * D : (h + 1) * D])
    np.testing.assert_array_equal(merge_heads(heads).array, x.array)


def test_a_group_of_heads_shares_a_matrix():
    a, b = tensors((2, 6, 3, 4), (2, 3, 4, 5))
    repeated = np.repeat(b.array, 2, axis=1)
    np.testing.assert_allclose(grouped_matmul(a, b).array, a.array @ repeated)


def test_weights_of_one_head_are_those_of_the_kernel():
    q, k = tensors((3, 4), (5, 4))
    np.testing.assert_allclose(
        attention_weights(q, k, scale=2.0).array,
        attention_weights_kernel(q.array @ k.array.T * 2.0),
    )


# ---------------------------------------------------------------------------------- multi-head


def test_true_means_forbidden_in_the_masks_of_the_layer():
    mask = tt.tensor([[False, True], [False, False]])
    np.testing.assert_array_equal(
        forbidding(mask, np.dtype("float32")).array, [[0, -np.inf], [0, 0]]
    )
    layer, x = MultiheadAttention(4, 2), tt.Tensor(normal(2, 4, dtype=np.float32))
    _, weights = layer(x, x, x, attn_mask=mask)
    assert weights.array[0].tolist() == [1, 0]
    with pytest.raises(AssertionError, match="int64"):
        forbidding(tt.tensor([1, 0]), np.dtype("float32"))


def test_masks_are_merged_head_by_head():
    attn = np.zeros((6, 2, 3), bool)
    attn[4, 1, 2] = True  # example 2, head 0, query 1, key 2
    padding = np.zeros((3, 3), bool)
    padding[1, 0] = True
    merged = merged_mask(tt.tensor(attn), tt.tensor(padding), 2, np.dtype("float32")).array
    assert merged.shape == (3, 2, 2, 3)
    where = np.argwhere(merged == -np.inf).tolist()
    assert where == [[1, 0, 0, 0], [1, 0, 1, 0], [1, 1, 0, 0], [1, 1, 1, 0], [2, 0, 1, 2]]


def test_a_layer_takes_three_layouts_to_the_same_result():
    tt.manual_seed(0)
    first = MultiheadAttention(6, 3, batch_first=True)
    second = MultiheadAttention(6, 3)
    second.load_state_dict(first.state_dict())
    x = tt.Tensor(normal(1, 4, 6, dtype=np.float32))
    out, weights = first(x, x, x)
    other, other_weights = second(*[x.transpose(0, 1)] * 3)
    alone, alone_weights = first(x[0], x[0], x[0])
    np.testing.assert_allclose(out.array, other.array.swapaxes(0, 1), atol=1e-6)
    np.testing.assert_allclose(out.array[0], alone.array, atol=1e-6)
    np.testing.assert_allclose(weights.array, other_weights.array, atol=1e-6)
    assert alone_weights.shape == (4, 4)
    assert first(x, x, x, need_weights=False)[1] is None
    assert first(x, x, x, average_attn_weights=False)[1].shape == (1, 3, 4, 4)


def test_a_row_without_keys_is_zero_also_with_weights():
    layer, x = MultiheadAttention(4, 2), tt.ones(2, 4)
    out, weights = layer(x, x, x, key_padding_mask=tt.tensor([True, True]))
    assert (weights.array == 0).all()
    np.testing.assert_allclose(out.array, np.broadcast_to(layer.out_proj.bias.array, (2, 4)))


def test_the_hint_needs_its_mask():
    layer, x = MultiheadAttention(4, 2), tt.ones(2, 4)
    with pytest.raises(RuntimeError, match="hint"):
        layer(x, x, x, is_causal=True)
    _, weights = layer(x, x, x, attn_mask=causal_mask(2) == False, is_causal=True)  # noqa: E712
    assert weights.array[0].tolist() == [1, 0]


def test_sizes_of_a_layer_are_checked():
    with pytest.raises(AssertionError, match="10 features and 3 heads"):
        MultiheadAttention(10, 3)
    with pytest.raises(ValueError, match="0 features"):
        MultiheadAttention(0, 1)
    with pytest.raises(NotImplementedError, match=r"nn\.MultiheadAttention"):
        MultiheadAttention(4, 2, kdim=3)
    layer, x = MultiheadAttention(4, 2), tt.ones(2, 4)
    with pytest.raises(AssertionError, match=r"\(2, 3\)"):
        layer(x[:, :3], x, x)
    with pytest.raises(AssertionError, match="a value for every key"):
        layer(x, x, x[:1])
    with pytest.raises(AssertionError, match=r"\(L, N, C\)"):
        layer(x[None, None], x, x)
    with pytest.raises(AssertionError, match=r"key_padding_mask of shape \(3,\)"):
        layer(x, x, x, key_padding_mask=tt.tensor([True] * 3))
    with pytest.raises(RuntimeError, match=r"\(2, 2\), or \(2, 2, 2\)"):
        layer(x, x, x, attn_mask=causal_mask(3))


def test_weights_begin_within_the_bound_of_one_projection_and_biases_at_zero():
    tt.manual_seed(0)
    layer = MultiheadAttention(32, 4)
    bound = math.sqrt(6 / (4 * 32))
    assert 0.95 * bound < np.abs(layer.in_proj_weight.array).max() <= bound
    assert not layer.in_proj_bias.array.any()
    assert not layer.out_proj.bias.array.any()
    assert MultiheadAttention(4, 2, bias=False).in_proj_bias is None


def test_dropout_of_weights_is_off_in_evaluation():
    layer, x = MultiheadAttention(4, 2, dropout=0.5), tt.ones(8, 4)
    dropped = layer(x, x, x)[1].array
    assert len(np.unique(dropped.round(4))) > 1
    np.testing.assert_allclose(layer.eval()(x, x, x)[1].array, 1 / 8)


# ------------------------------------------------------------------------------- self-attention


def by_hand(layer, x):
    """The same layer with loops over examples and heads."""
    H, G = layer.num_heads, layer.num_kv_heads
    D = x.shape[-1] // H
    rows = x @ layer.qkv.weight.array.T + layer.qkv.bias.array
    outs = []
    for example in rows:
        heads = []
        for h in range(H):
            g = h // (H // G)
            q, k, v = (example[:, i * D : (i + 1) * D] for i in (h, H + g, H + G + g))
            heads.append(attention_loops(q, k, v, layer.is_causal))
        outs.append(np.concatenate(heads, -1))
    return np.stack(outs) @ layer.out_proj.weight.array.T + layer.out_proj.bias.array


@pytest.mark.parametrize(("H", "G"), [(4, None), (4, 2), (4, 1), (1, 1)])
@pytest.mark.parametrize("is_causal", [True, False])
def test_self_attention_is_its_loops(H, G, is_causal):
    tt.manual_seed(0)
    layer = CausalSelfAttention(8, H, num_kv_heads=G, is_causal=is_causal)
    x = normal(2, 5, 8, dtype=np.float32)
    np.testing.assert_allclose(layer(tt.Tensor(x)).array, by_hand(layer, x), atol=1e-5)
    assert layer(tt.Tensor(x[0])).shape == (5, 8)


def test_rotary_attention_depends_on_distances_alone():
    tt.manual_seed(0)
    layer = CausalSelfAttention(8, 2, rotary=True)
    x = tt.Tensor(normal(1, 5, 8, dtype=np.float32))
    near, far = ((q @ k.mT).array for q, k, _ in (layer.project(x), layer.project(x, 100)))
    np.testing.assert_allclose(near, far, atol=1e-4)
    plain = CausalSelfAttention(8, 2)
    plain.load_state_dict(layer.state_dict())
    assert not np.allclose(plain(x).array, layer(x).array)


def test_fewer_heads_of_keys_have_fewer_weights_and_bad_numbers_are_refused():
    assert CausalSelfAttention(8, 4, num_kv_heads=1).qkv.weight.shape == (8 + 2 * 2, 8)
    assert "num_kv_heads=1" in repr(CausalSelfAttention(8, 4, num_kv_heads=1))
    with pytest.raises(AssertionError, match="num_kv_heads"):
        CausalSelfAttention(8, 4, num_kv_heads=3)


@pytest.mark.torch
def test_self_attention_agrees_with_pytorch_in_every_gradient(torch):
    tt.manual_seed(0)
    layer = CausalSelfAttention(8, 4, num_kv_heads=2)
    x = normal(2, 5, 8, dtype=np.float32)
    ours = tt.Tensor(x, requires_grad=True)
    layer(ours).sum().backward()
    state = {n: torch.tensor(p.array, requires_grad=True) for n, p in layer.named_parameters()}
    theirs = torch.tensor(x, requires_grad=True)
    functional = torch.nn.functional
    rows = functional.linear(theirs, state["qkv.weight"], state["qkv.bias"])
    heads = rows.view(2, 5, 8, 2).transpose(1, 2)
    out = functional.scaled_dot_product_attention(
        heads[:, :4], heads[:, 4:6], heads[:, 6:], is_causal=True, enable_gqa=True
    )
    out = out.transpose(1, 2).reshape(2, 5, 8)
    functional.linear(out, state["out_proj.weight"], state["out_proj.bias"]).sum().backward()
    np.testing.assert_allclose(ours.grad.array, theirs.grad.numpy(), atol=1e-5)
    for name, parameter in layer.named_parameters():
        np.testing.assert_allclose(
            parameter.grad.array, state[name].grad.numpy(), atol=1e-4, err_msg=name
        )


# ------------------------------------------------------------------------------------- streaming


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 10), st.booleans())
@settings(max_examples=40)
def test_streaming_gives_the_same_result_for_every_block(L, S, block, is_causal):
    query, key, value = normal(2, L, 3), normal(2, S, 3), normal(2, S, 4)
    expected = scaled_dot_product_attention(
        *map(tt.Tensor, (query, key, value)), is_causal=is_causal
    ).numpy()
    streamed = streaming_attention(query, key, value, block, is_causal)
    np.testing.assert_allclose(streamed, expected, atol=1e-12)


def test_streaming_survives_scores_that_rise_and_fall_from_block_to_block():
    query, value = np.ones((1, 1)), normal(6, 2)
    key = np.array([[-800.0], [900.0], [-1000.0], [901.0], [0.0], [900.5]])
    np.testing.assert_allclose(
        streaming_attention(query, key, value, 1), attention_loops(query, key, value), atol=1e-12
    )


@pytest.mark.parametrize("is_causal", [False, True])
def test_streaming_never_holds_all_the_shares(is_causal):
    T = 1024
    query, key, value = (normal(T, 16, dtype=np.float32) for _ in range(3))

    def peak(function):
        tracemalloc.start()
        function()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    streamed = peak(lambda: streaming_attention(query, key, value, 64, is_causal))
    whole = peak(
        lambda: scaled_dot_product_attention(
            *map(tt.Tensor, (query, key, value)), is_causal=is_causal
        )
    )
    assert whole >= 4 * T * T  # one array of float32 scores
    assert streamed < whole / 4
