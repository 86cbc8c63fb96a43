"""The checks of module 12: what each exercise claims, on a hand-worked example and fresh inputs."""

import math

import numpy as np

from tito.expect import check, expect, fresh, raises, rng

FUTURE = """
layer = {layer}
before = layer(Tensor(x)).array.copy()
other = x.copy()
other[:, 3:] = 5.0
after = layer(Tensor(other)).array
"""


def softmax(x, axis=-1):
    """Shares along an axis, in float64 and the long way."""
    x = np.asarray(x, np.float64)
    share = np.exp(x - x.max(axis=axis, keepdims=True))
    return share / share.sum(axis=axis, keepdims=True)


def attend(query, key, value, allowed=None, scale=None):
    """Attention of (..., L, D), (..., S, D), (..., S, E), in float64."""
    query, key, value = (np.asarray(a, np.float64) for a in (query, key, value))
    scores = query @ key.swapaxes(-1, -2)
    scores = scores * (scale if scale is not None else query.shape[-1] ** -0.5)
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    return softmax(scores) @ value


# ------------------------------------------------------------------------------- 12.1 look_up


@check("12.1")
def test_two_keys_by_hand():
    """Scores 4 / sqrt(4) = 2 and 0: shares 0.881 and 0.119, so 0.881 * 10 + 0.119 * 20 = 11.19."""
    expect(
        "look_up(query, keys, values)",
        [11.192029],
        within=1e-4,
        query=np.array([2.0, 0.0, 0.0, 0.0], np.float32),
        keys=np.array([[2.0, 0, 0, 0], [0, 2.0, 0, 0]], np.float32),
        values=np.array([[10.0], [20.0]], np.float32),
        ask="How many features has the query, and what is the root of that number?",
    )


@check("12.1")
def test_a_query_without_a_preference_gets_the_mean():
    """A query of zeros fits all keys alike: every value has the same share."""
    keys, values = fresh(5, 3), fresh(5, 2)
    expect(
        "look_up(query, keys, values)",
        values.mean(0),
        query=np.zeros(3, np.float32),
        keys=keys,
        values=values,
        ask="Do your shares add up to 1?",
    )


@check("12.1")
def test_as_many_values_as_keys_of_any_width():
    """Six keys of 4 features, six values of 4 features: the values are mixed, not the keys."""
    query, keys, values = fresh(4), fresh(6, 4), fresh(6, 4)
    expect(
        "look_up(query, keys, values)",
        attend(query[None], keys, values)[0],
        query=query,
        keys=keys,
        values=values,
        ask="What is compared with the query, and what is returned?",
    )


@check("12.1")
def test_scores_in_the_thousands():
    """Long vectors have large products; the shares stay finite."""
    query, keys, values = 100 * fresh(4), 100 * fresh(3, 4), fresh(3, 2)
    expect(
        "look_up(query, keys, values)",
        attend(query[None], keys, values)[0],
        within=1e-3,
        query=query,
        keys=keys,
        values=values,
        ask="What did softmax in module 02 do before the exponential, and why?",
    )


# ----------------------------------------------------------------------- 12.2 attention_loops


@check("12.2")
def test_every_query_gets_a_row():
    """Two queries, three keys: two rows, each what look_up gives."""
    query, key, value = fresh(2, 3), fresh(3, 3), fresh(3, 4)
    expect(
        "attention_loops(query, key, value)",
        attend(query, key, value),
        query=query,
        key=key,
        value=value,
        ask="Who asks: the queries or the keys? Over which of them do you loop?",
    )


@check("12.2")
def test_the_first_query_of_a_causal_row_sees_one_key():
    """With is_causal, query 0 sees key 0 alone, so its row is value 0 itself."""
    query, key, value = fresh(4, 2), fresh(4, 2), fresh(4, 3)
    expect(
        "attention_loops(query, key, value, is_causal=True)[0]",
        value[0],
        query=query,
        key=key,
        value=value,
        ask="May a query look at the key of its own position?",
    )


@check("12.2")
def test_nobody_looks_ahead():
    """With is_causal, query t sees keys 0 to t."""
    query, key, value = fresh(5, 2), fresh(5, 2), fresh(5, 3)
    expect(
        "attention_loops(query, key, value, is_causal=True)",
        attend(query, key, value, np.tri(5, dtype=bool)),
        query=query,
        key=key,
        value=value,
        ask="How many keys are there from 0 to t, t included?",
    )


# ------------------------------------------------------------------ 12.3 causal_mask, additive


@check("12.3")
def test_the_mask_of_three_positions():
    """True on the diagonal and below it."""
    expect(
        "causal_mask(3)",
        np.array([[True, False, False], [True, True, False], [True, True, True]]),
        dtype="bool",
        ask="Row t is query t. Which columns may it see, and is column t among them?",
    )


@check("12.3")
def test_more_keys_than_queries_and_the_other_way_round():
    """Rows are queries and columns keys, both counted from 0."""
    T, S = (int(n) for n in rng().integers(2, 6, 2))
    expect("causal_mask(T, S)", np.tri(T, S + 3, dtype=bool), T=T, S=S + 3, ask="What is S?")
    expect("causal_mask(T, S)", np.tri(T + 3, S, dtype=bool), T=T + 3, S=S, ask="What is S?")


@check("12.3")
def test_what_may_be_seen_adds_nothing():
    """True adds 0 to a score; False adds -inf, which no score can make up for."""
    mask = rng().random((3, 4)) < 0.5
    mask[0, :2] = True, False
    expect(
        "additive(mask, np.dtype('float32'))",
        np.where(mask, 0.0, -np.inf),
        dtype="float32",
        mask=mask,
        ask="What has to be added to a score, so that e to the power of it is 0?",
    )


@check("12.3")
def test_numbers_are_added_as_they_are():
    """A mask that holds numbers already is passed on, also its zeros."""
    mask = fresh(2, 3)
    mask[0] = 0.0
    expect(
        "additive(mask, np.dtype('float32'))",
        mask,
        dtype="float32",
        mask=mask,
        ask="Which masks does this function translate: all, or those of bools?",
    )


@check("12.3")
def test_half_precision():
    """In float16 the mask is float16 too."""
    expect(
        "additive(mask, np.dtype('float16'))",
        np.array([0.0, -np.inf]),
        dtype="float16",
        mask=np.array([True, False]),
        ask="Of which dtype is what you return?",
    )


# ------------------------------------------------------------------ 12.4 attention_weights_kernel


@check("12.4")
def test_two_positions_by_hand():
    """Row 1 has the scores 0 and ln 3: shares 1/4 and 3/4."""
    expect(
        "attention_weights_kernel(scores)",
        [[0.5, 0.5], [0.25, 0.75]],
        scores=np.array([[7.0, 7.0], [0.0, math.log(3)]], np.float32),
        ask="What adds up to 1: the rows or the columns?",
    )


@check("12.4")
def test_a_batch_of_heads_with_a_scale():
    """Scores (2, 3, 4, 5) times the scale, then shares along the last dimension."""
    scores = fresh(2, 3, 4, 5)
    expect(
        "attention_weights_kernel(scores, scale=0.25)",
        softmax(scores * 0.25),
        dtype="float32",
        scores=scores,
        ask="Is the scale used, and before the exponential?",
    )


@check("12.4")
def test_behind_a_mask_nothing_is_seen():
    """Bools: the shares of what may be seen add up to 1, the others are 0."""
    scores = fresh(2, 3, 4)
    mask = rng().random((3, 4)) < 0.5
    mask[:, 1], mask[0, 2] = True, False
    expect(
        "attention_weights_kernel(scores, mask)",
        softmax(np.where(mask, scores, -np.inf)),
        dtype="float32",
        scores=scores,
        mask=mask,
        ask="If a key is hidden, who gets its share?",
    )


@check("12.4")
def test_a_mask_of_numbers_is_added_to_the_scaled_scores():
    """Numbers, as of ALiBi in module 11, are added after the scale."""
    scores, mask = fresh(2, 3, 3), fresh(3, 3)
    expect(
        "attention_weights_kernel(scores, mask, scale=0.5)",
        softmax(scores * 0.5 + mask),
        scores=scores,
        mask=mask,
        ask="Is the mask scaled as well?",
    )


@check("12.4")
def test_causal_weights():
    """is_causal: the first query sees itself alone, the last one everything."""
    scores = fresh(2, 4, 4)
    expect(
        "attention_weights_kernel(scores, is_causal=True)",
        softmax(np.where(np.tri(4, dtype=bool), scores, -np.inf)),
        dtype="float32",
        scores=scores,
        ask="Which keys may query 0 see?",
    )


@check("12.4")
def test_a_query_that_sees_nothing_gets_zeros():
    """A row of which everything is masked is 0, not nan."""
    expect(
        "attention_weights_kernel(scores, mask)",
        [[0.0, 0.0], [0.5, 0.5]],
        scores=np.ones((2, 2), np.float32),
        mask=np.array([[False, False], [True, True]]),
        ask="What is -inf - (-inf), and what is 0 / 0?",
    )


@check("12.4")
def test_rows_of_very_different_size():
    """A row of scores near 1000 and one near -1000: each has its own maximum."""
    scores = fresh(2, 3) + np.array([[1000], [-1000]], np.float32)
    expect(
        "attention_weights_kernel(scores)",
        softmax(scores),
        within=1e-3,
        scores=scores,
        ask="Of which scores do you take the maximum?",
    )


# ------------------------------------------------------------------------------- 12.5 the rules


@check("12.5")
def test_a_mask_of_numbers_by_hand():
    """Shares 1/2 and 1/2, g = (1, 0): <g, out> = 1/2, so 1/2 * (1 - 1/2) and 1/2 * (0 - 1/2)."""
    expect(
        "attention_weights_dmask(g, out)",
        [[0.25, -0.25]],
        g=np.array([[1.0, 0.0]], np.float32),
        out=np.array([[0.5, 0.5]], np.float32),
        ask="A share that rises takes from all others. Which sum says how much?",
    )


@check("12.5")
def test_scores_are_scaled_before_they_count():
    """The rule for the scores: the same, times the scale."""
    g, out = fresh(2, 3, 4), softmax(fresh(2, 3, 4)).astype(np.float32)
    inner = (g * out).sum(-1, keepdims=True)
    expect(
        "attention_weights_dscores(g, out, 0.25)",
        out * (g - inner) * 0.25,
        dtype="float32",
        g=g,
        out=out,
        ask="The scores met a scale on the way in. What does that do on the way back?",
    )
    expect("attention_weights_dmask(g, out)", out * (g - inner), g=g, out=out)


@check("12.5")
def test_behind_a_mask_there_is_no_gradient():
    """Where the share is 0, also in a row of zeros, the gradient is 0."""
    g = fresh(2, 3)
    expect(
        "attention_weights_dscores(g, out, 1.0)",
        [[0.0, 0.0, 0.0], [0.25 * (g[1, 0] - g[1, 2]), 0.0, 0.25 * (g[1, 2] - g[1, 0])]],
        g=g,
        out=np.array([[0.0, 0.0, 0.0], [0.5, 0.0, 0.5]], np.float32),
        ask="What is 0 times anything finite?",
    )


@check("12.5")
def test_the_rules_agree_with_differences():
    """gradcheck moves every score and every number of the mask a little, and compares."""
    scores, mask = rng().standard_normal((2, 3, 3)), rng().standard_normal((3, 3))
    expect(
        "from tinytorch.core.autograd import gradcheck\n"
        "function = lambda s, m: apply('attention_weights', s, m, scale=0.5, is_causal=True)\n"
        "gradcheck(function, [Tensor(scores, True), Tensor(mask, True)])",
        True,
        scores=scores,
        mask=mask,
    )


# --------------------------------------------------- 12.6 attention_weights and the whole


@check("12.6")
def test_scores_are_divided_by_the_root_of_the_features():
    """A product of 16 features, 8, divided by 4: the shares are those of 2 and 0."""
    expect(
        "attention_weights(Tensor(query), Tensor(key))",
        softmax([[2.0, 0.0]]),
        query=np.full((1, 16), 0.5, np.float32),
        key=np.stack([np.ones(16), np.zeros(16)]).astype(np.float32),
        ask="The variance of a sum of D products is D. By what is its deviation divided?",
    )


@check("12.6")
def test_weights_of_a_batch_of_heads():
    """(2, 3, 4, 5) against (2, 3, 6, 5): weights (2, 3, 4, 6), masks and scales handed on."""
    q, k, mask = fresh(2, 3, 4, 5), fresh(2, 3, 6, 5), rng().random((4, 6)) < 0.7
    mask[:, 0] = True
    scores = q @ k.swapaxes(-1, -2)
    expect(
        "attention_weights(Tensor(q), Tensor(k), Tensor(mask), scale=0.3)",
        softmax(np.where(mask, scores * 0.3, -np.inf)),
        q=q,
        k=k,
        mask=mask,
        ask="Are both the mask and the scale handed on?",
    )
    expect(
        "attention_weights(Tensor(q), Tensor(k), is_causal=True)",
        softmax(np.where(np.tri(4, 6, dtype=bool), scores / math.sqrt(5), -np.inf)),
        q=q,
        k=k,
        ask="Is is_causal handed on?",
    )


@check("12.6")
def test_a_mask_that_does_not_fit_is_refused():
    """check_mask(scores, mask) says which shapes met."""
    raises(
        "attention_weights(Tensor(q), Tensor(k), Tensor(mask))",
        RuntimeError,
        mentions=("(3, 3)", "(2, 4)"),
        ask="Is check_mask called, with the scores?",
        q=fresh(2, 5),
        k=fresh(4, 5),
        mask=np.ones((3, 3), bool),
    )


@check("12.6")
def test_the_values_are_mixed():
    """Attention of (2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7) is (2, 3, 4, 7)."""
    q, k, v = fresh(2, 3, 4, 5), fresh(2, 3, 6, 5), fresh(2, 3, 6, 7)
    expect(
        "scaled_dot_product_attention(Tensor(q), Tensor(k), Tensor(v))",
        attend(q, k, v),
        dtype="float32",
        q=q,
        k=k,
        v=v,
        ask="Which product turns weights (L, S) and values (S, E) into (L, E)?",
    )


@check("12.6")
def test_all_settings_arrive():
    """Masks, is_causal and scale do what they say; keys and values are not mixed up."""
    q, k, v = fresh(3, 4), fresh(3, 4), fresh(3, 4)
    expect(
        "scaled_dot_product_attention(Tensor(q), Tensor(k), Tensor(v), is_causal=True, scale=2.0)",
        attend(q, k, v, np.tri(3, dtype=bool), 2.0),
        within=1e-4,
        q=q,
        k=k,
        v=v,
        ask="What is compared with the queries, and what is mixed?",
    )
    expect(
        "mask = Tensor(np.eye(3, dtype=bool))\n"
        "scaled_dot_product_attention(Tensor(q), Tensor(k), Tensor(v), mask)",
        v,
        q=q,
        k=k,
        v=v,
        ask="Who may look at itself alone gets its own value.",
    )


@check("12.6")
def test_dropout_drops_weights():
    """With p = 0.5, each weight is 0 or doubled; p = 1.5 is refused."""
    expect(
        "out = scaled_dot_product_attention(Tensor(q), Tensor(k), Tensor(v), dropout_p=0.5)\n"
        "sorted(set(out.array.round(3).ravel().tolist()))",
        [0.0, 0.5],
        q=np.zeros((40, 2), np.float32),
        k=np.zeros((4, 2), np.float32),
        v=np.eye(4, dtype=np.float32),
        ask="Which array is dropped from: the weights, or what they give?",
    )
    expect(
        "out = scaled_dot_product_attention(Tensor(q), Tensor(k), Tensor(v), dropout_p=0.5)\n"
        "bool(((out.array > 0.2) & (out.array < 1.8)).any())",
        True,
        q=np.zeros((40, 2), np.float32),
        k=np.zeros((8, 2), np.float32),
        v=np.ones((8, 1), np.float32),
        ask="A sum of eight weights, some of them dropped: is it ever between nothing and all?",
    )
    raises(
        "x = Tensor(np.ones((2, 2), np.float32))\n"
        "scaled_dot_product_attention(x, x, x, dropout_p=1.5)",
        RuntimeError,
        mentions=("1.5",),
        ask="Does check_attention see all that was passed?",
    )


# ------------------------------------------------------------------- 12.7 split and merge heads


@check("12.7")
def test_two_heads_by_hand():
    """Positions (1 2 3 4) and (5 6 7 8): head 0 has 1 2 and 5 6, head 1 has 3 4 and 7 8."""
    expect(
        "split_heads(Tensor(x), 2)",
        [[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [7.0, 8.0]]],
        x=np.arange(1, 9, dtype=np.float32).reshape(2, 4),
        ask="Does head 0 hold something of every position?",
    )


@check("12.7")
def test_a_batch_is_split():
    """(2, 5, 12) in 3 heads is (2, 3, 5, 4)."""
    x = fresh(2, 5, 12)
    expect(
        "split_heads(Tensor(x), 3)",
        np.stack([x[..., 4 * h : 4 * h + 4] for h in range(3)], axis=1),
        x=x,
        ask="Feature 4 of a position belongs to which head?",
    )


@check("12.7")
def test_pieces_are_put_side_by_side():
    """(2, 3, 5, 4) becomes (2, 5, 12), head 0 first."""
    x = fresh(2, 3, 5, 4)
    expect(
        "merge_heads(Tensor(x))",
        np.concatenate([x[:, h] for h in range(3)], axis=-1),
        x=x,
        ask="Which two dimensions have to be neighbours before they can become one?",
    )


@check("12.7")
def test_merging_undoes_splitting():
    """There and back is the same tensor, for any number of heads."""
    H, D, T = (int(n) for n in rng().integers(2, 5, 3))
    x = fresh(2, T, H * D)
    expect("merge_heads(split_heads(Tensor(x), H))", x, x=x, H=H)


# -------------------------------------------------------------------------- 12.8 grouped_matmul


@check("12.8")
def test_neighbouring_heads_share_a_matrix():
    """Four heads and two matrices: heads 0 and 1 meet matrix 0, heads 2 and 3 matrix 1."""
    expect(
        "grouped_matmul(Tensor(a), Tensor(b))",
        [[[10.0]], [[20.0]], [[300.0]], [[400.0]]],
        a=np.array([1, 2, 3, 4], np.float32).reshape(4, 1, 1),
        b=np.array([10, 100], np.float32).reshape(2, 1, 1),
        ask="Which heads are neighbours?",
    )


@check("12.8")
def test_groups_in_a_batch():
    """(2, 6, 4, 3) and (2, 2, 3, 5): each matrix serves three heads."""
    a, b = fresh(2, 6, 4, 3), fresh(2, 2, 3, 5)
    expect(
        "grouped_matmul(Tensor(a), Tensor(b))",
        a @ np.repeat(b, 3, axis=1),
        a=a,
        b=b,
        ask="If three heads stand below each other, of which shape is their one product?",
    )


@check("12.8")
def test_a_matrix_for_every_head_and_one_for_all():
    """With as many matrices as heads it is a plain product; with one, all heads share it."""
    a, b = fresh(3, 2, 4), fresh(3, 4, 5)
    expect("grouped_matmul(Tensor(a), Tensor(b))", a @ b, a=a, b=b)
    expect("grouped_matmul(Tensor(a), Tensor(b))", a @ b[:1], a=a, b=b[:1])


@check("12.8")
def test_numbers_of_heads_that_do_not_divide_are_refused():
    """Four heads and three matrices: a RuntimeError that names both numbers."""
    raises(
        "grouped_matmul(Tensor(a), Tensor(b))",
        RuntimeError,
        mentions=("4", "3"),
        ask="Which remainder says that the groups come out even?",
        a=fresh(4, 2, 2),
        b=fresh(3, 2, 2),
    )


@check("12.8")
def test_a_product_without_heads_is_refused():
    """Fewer than three dimensions on a side: an IndexError that shows both shapes."""
    for a, b in ((fresh(5, 2), fresh(2, 2, 3)), (fresh(4, 5, 2), fresh(2, 3))):
        raises(
            "grouped_matmul(Tensor(a), Tensor(b))",
            IndexError,
            mentions=(str(a.shape), str(b.shape)),
            ask="Which dimension holds the heads, and is it there on both sides?",
            a=a,
            b=b,
        )


@check("12.8")
def test_attention_with_fewer_heads_of_keys():
    """enable_gqa=True: four heads of queries, two of keys and values, as if each stood twice."""
    q, k, v = fresh(4, 2, 3), fresh(2, 3, 3), fresh(2, 3, 2)
    expect(
        "scaled_dot_product_attention(Tensor(q), Tensor(k), Tensor(v), enable_gqa=True)",
        attend(q, np.repeat(k, 2, axis=0), np.repeat(v, 2, axis=0)),
        q=q,
        k=k,
        v=v,
        ask="Both products of 12.6 meet fewer heads: that with the keys, and that with the values?",
    )


# ------------------------------------------------------------- 12.9 forbidding and merged_mask


@check("12.9")
def test_true_forbids():
    """In the masks of MultiheadAttention True means "may not look"."""
    expect(
        "forbidding(Tensor(mask), np.dtype('float32'))",
        [-np.inf, 0.0, 0.0],
        dtype="float32",
        mask=np.array([True, False, False]),
        ask="Read it aloud: True, may NOT look. What is added there?",
    )


@check("12.9")
def test_numbers_pass_and_integers_do_not():
    """Floating-point numbers are added as they are; 0 and 1 as integers are refused by name."""
    x = fresh(2, 3)
    expect("forbidding(Tensor(x), np.dtype('float64'))", x, dtype="float64", x=x)
    half = x.astype(np.float16)
    expect("forbidding(Tensor(half), np.dtype('float32'))", half, dtype="float32", half=half)
    raises(
        "forbidding(Tensor(mask), np.dtype('float32'))",
        AssertionError,
        mentions=("int64",),
        ask="Should 0 and 1 be added to scores?",
        mask=np.array([0, 1]),
    )


@check("12.9")
def test_no_mask_is_none():
    """Without masks there is nothing to add; one mask alone is that mask."""
    expect("merged_mask(None, None, 2, np.dtype('float32'))", None)
    mask = rng().random((3, 4)) < 0.5
    expect(
        "(merged_mask(Tensor(mask), None, 2, np.dtype('float32')) + Tensor(zero))",
        np.broadcast_to(np.where(mask, -np.inf, 0.0), (5, 2, 3, 4)),
        mask=mask,
        zero=np.zeros((5, 2, 3, 4), np.float32),
        ask="(L, S) is the same for all examples and heads. Does it broadcast to (N, H, L, S)?",
    )


@check("12.9")
def test_padding_hides_a_key_from_everyone():
    """key_padding_mask (N, S): a key that is padding is hidden from every query and head."""
    padding = rng().random((3, 3)) < 0.5
    padding[0] = True, False, False
    expect(
        "merged_mask(None, Tensor(padding), 2, np.dtype('float32')) + Tensor(zero)",
        np.broadcast_to(np.where(padding, -np.inf, 0.0)[:, None, None], (3, 2, 3, 3)),
        padding=padding,
        zero=np.zeros((3, 2, 3, 3), np.float32),
        ask="Which of N, H, L and S does a padding mask know? Which of them have size 1?",
    )


@check("12.9")
def test_a_mask_per_head_and_both_at_once():
    """attn_mask (N * H, L, S): head h of example n at n * H + h; both masks hide what they hide."""
    attn, padding = rng().random((6, 2, 3)) < 0.4, rng().random((3, 3)) < 0.4
    hidden = attn.reshape(3, 2, 2, 3) | padding[:, None, None]
    expect(
        "merged_mask(Tensor(attn), Tensor(padding), 2, np.dtype('float32'))",
        np.where(hidden, -np.inf, 0.0),
        attn=attn,
        padding=padding,
        ask="What is -inf + 0, and what is -inf + (-inf)?",
    )


# ----------------------------------------------------------- 12.10 MultiheadAttention


def projected(x, w, b, i, H):
    """Part i of the packed projection of x (N, T, C), as (N, H, T, D)."""
    C = x.shape[-1]
    y = x @ w[i * C : (i + 1) * C].T + b[i * C : (i + 1) * C]
    return y.reshape(*y.shape[:2], H, C // H).swapaxes(1, 2)


def layered():
    """Weights of a layer of 6 features, with biases that matter."""
    return {"w": fresh(18, 6), "b": fresh(18), "wo": fresh(6, 6), "bo": fresh(6)}


MAKE = """
layer = MultiheadAttention(6, 3, batch_first=True)
layer.load_state_dict({"in_proj_weight": w, "in_proj_bias": b, "out_proj.weight": wo,
                       "out_proj.bias": bo})
"""


@check("12.10")
def test_each_input_has_a_projection_of_its_own():
    """Rows 0 to C - 1 of the weight make queries, the next C keys, the last C values."""
    q, k, v, p = fresh(1, 2, 6), fresh(1, 3, 6), fresh(1, 3, 6), layered()
    expect(
        MAKE + "layer._project(Tensor(q), Tensor(k), Tensor(v))",
        [projected(x, p["w"], p["b"], i, 3) for i, x in enumerate((q, k, v))],
        q=q,
        k=k,
        v=v,
        ask="Which rows of the weight, and of the bias, belong to the keys?",
        **p,
    )


@check("12.10")
def test_without_a_bias():
    """bias=False: in_proj_bias is None, and nothing is added."""
    x, w = fresh(1, 2, 6), fresh(18, 6)
    expect(
        "layer = MultiheadAttention(6, 2, bias=False, batch_first=True)\n"
        "layer.in_proj_weight.data.copy_(Tensor(w))\nlayer._project(*[Tensor(x)] * 3)",
        [projected(x, w, np.zeros(18), i, 2) for i in range(3)],
        x=x,
        w=w,
        ask="What is in_proj_bias when there is none, and can it be cut into parts?",
    )


def multihead(q, k, v, p, mask=None):
    """The output and the weights of all heads, in float64."""
    parts = [projected(x, p["w"], p["b"], i, 3) for i, x in enumerate((q, k, v))]
    scores = parts[0] @ parts[1].swapaxes(-1, -2) / math.sqrt(2)
    weights = softmax(scores if mask is None else scores + mask)
    mixed = weights @ parts[2]
    merged = mixed.swapaxes(1, 2).reshape(*q.shape)
    return merged @ p["wo"].T + p["bo"], weights


@check("12.10")
def test_heads_attend_and_are_mixed():
    """_attend returns the output (N, L, C) and the weights (N, H, L, S)."""
    q, k, v, p = fresh(2, 2, 6), fresh(2, 3, 6), fresh(2, 3, 6), layered()
    mask = np.array([[0, -np.inf, 0], [0, 0, -np.inf]], np.float32)
    expect(
        MAKE + "layer._attend(Tensor(q), Tensor(k), Tensor(v), Tensor(mask))",
        multihead(q, k, v, p, mask),
        within=1e-4,
        q=q,
        k=k,
        v=v,
        mask=mask,
        ask="Project, weigh, drop, mix, merge, project once more. Which step is missing?",
        **p,
    )


@check("12.10")
def test_the_whole_layer_with_masks():
    """forward: nobody looks ahead, padding is hidden, weights are the mean over the heads."""
    x, p = fresh(2, 4, 6), layered()
    out, weights = multihead(x, x, x, p, np.where(np.tri(4, dtype=bool), 0, -np.inf))
    expect(
        MAKE + "x = Tensor(x)\nlayer(x, x, x, attn_mask=causal_mask(4) == False)",
        (out, weights.mean(1)),
        within=1e-4,
        x=x,
        **p,
    )


@check("12.10")
def test_dropout_is_for_training():
    """In training weights are dropped, in evaluation none."""
    expect(
        "layer = MultiheadAttention(4, 2, dropout=0.5)\nx = Tensor(np.ones((16, 4), np.float32))\n"
        "train = layer(x, x, x, average_attn_weights=False)[1].array\n"
        "test = layer.eval()(x, x, x, average_attn_weights=False)[1].array\n"
        "(bool((train == 0).any()), bool((test == 0).any()))",
        (True, False),
        ask="Who knows whether the layer is training?",
    )


# ----------------------------------------------------------- 12.11 CausalSelfAttention


@check("12.11")
def test_one_projection_makes_queries_keys_and_values():
    """dim 8, 4 heads, 2 for keys and values: 4, 2 and 2 heads of 2 features, in this order."""
    x, w, b = fresh(3, 5, 8), fresh(16, 8), fresh(16)
    rows = (x @ w.T + b).reshape(3, 5, 8, 2).swapaxes(1, 2)
    expect(
        "layer = CausalSelfAttention(8, 4, num_kv_heads=2)\n"
        "layer.qkv.weight.data.copy_(Tensor(w))\n"
        "layer.qkv.bias.data.copy_(Tensor(b))\nlayer.project(Tensor(x))",
        (rows[:, :4], rows[:, 4:6], rows[:, 6:]),
        within=1e-4,
        x=x,
        w=w,
        b=b,
        ask="The projection has H + 2 G heads. Which of them are the keys?",
    )


@check("12.11")
def test_sizes_and_settings_of_the_layer():
    """The weights have the sizes asked for; what does not come out even is refused."""
    expect(
        "layer = CausalSelfAttention(12, 6, num_kv_heads=2, bias=False)\n"
        "[(name, p.shape) for name, p in layer.named_parameters()]",
        [("qkv.weight", (20, 12)), ("out_proj.weight", (12, 12))],
        ask="Six heads of queries, two of keys and two of values, of 2 features each. How many?",
    )
    raises("CausalSelfAttention(10, 4)", AssertionError, mentions=("10", "4"))
    raises(
        "CausalSelfAttention(8, 4, num_kv_heads=3)",
        AssertionError,
        mentions=("4", "3"),
        ask="Which two numbers does check_heads have to see for the heads of keys?",
    )


@check("12.11")
def test_queries_and_keys_are_turned_and_values_are_not():
    """rotary=True: apply_rotary on queries and keys; positions are handed on."""
    x = fresh(2, 3, 4)
    expect(
        "layer = CausalSelfAttention(4, 2, rotary=True)\nq, k, v = layer.project(Tensor(x), 7)\n"
        "layer.rotary = False\nplain = layer.project(Tensor(x))\n"
        "[np.abs(a.array - b.array).max() < 1e-5 for a, b in\n"
        " zip((q, k, v), (apply_rotary(plain[0], 7), apply_rotary(plain[1], 7), plain[2]))]",
        [True, True, True],
        x=x,
        ask="Which of the three are compared with each other?",
    )


@check("12.11")
def test_the_layer_attends_in_every_head():
    """forward: project, attend, merge, project: (N, T, C) stays (N, T, C)."""
    x, w, wo = fresh(2, 5, 6), fresh(18, 6), fresh(6, 6)
    q, k, v = ((x @ w[6 * i : 6 * i + 6].T).reshape(2, 5, 3, 2).swapaxes(1, 2) for i in range(3))
    mixed = attend(q, k, v, np.tri(5, dtype=bool)).swapaxes(1, 2).reshape(2, 5, 6)
    expect(
        "layer = CausalSelfAttention(6, 3, bias=False)\n"
        'layer.load_state_dict({"qkv.weight": w, "out_proj.weight": wo})\nlayer(Tensor(x))',
        mixed @ wo.T,
        within=1e-4,
        x=x,
        w=w,
        wo=wo,
        ask="Are the heads side by side again before the last projection?",
    )


@check("12.11")
def test_a_sequence_without_a_batch():
    """(T, C) gives what a batch of one gives, from project to the output."""
    x = fresh(3, 8)
    expect(
        "layer = CausalSelfAttention(8, 4, num_kv_heads=2)\n"
        "alone, batch = layer.project(Tensor(x)), layer.project(Tensor(x[None]))\n"
        "[(a.shape, bool(np.allclose(a.array, b.array[0], atol=1e-5)))\n"
        " for a, b in zip((*alone, layer(Tensor(x))), (*batch, layer(Tensor(x[None]))))]",
        [((4, 3, 2), True), ((2, 3, 2), True), ((2, 3, 2), True), ((3, 8), True)],
        x=x,
        ask="Counted from the end, which dimension holds the heads?",
    )


@check("12.11")
def test_the_future_has_no_influence():
    """Changing positions 3 and 4 leaves the outputs 0 to 2 as they were."""
    x = fresh(2, 5, 8)
    expect(
        FUTURE.format(layer="CausalSelfAttention(8, 2)")
        + "alike = (before == after).all(axis=(0, 2))\nalike.tolist()",
        [True, True, True, False, False],
        x=x,
        ask="Who hands is_causal on?",
    )
    expect(
        FUTURE.format(layer="CausalSelfAttention(8, 2, is_causal=False)")
        + "bool((before[:, :3] == after[:, :3]).all())",
        False,
        x=x,
        ask="Is is_causal a setting of the layer, or always on?",
    )


@check("12.11")
def test_fewer_heads_of_keys():
    """num_kv_heads=1: every head of queries looks at the same keys."""
    x = fresh(2, 3, 8)
    expect(
        "layer = CausalSelfAttention(8, 4, num_kv_heads=1)\nlayer(Tensor(x)).shape",
        (2, 3, 8),
        x=x,
        ask="Which setting of scaled_dot_product_attention allows fewer heads of keys?",
    )


@check("12.11")
def test_evaluation_repeats_itself():
    """With dropout=0.5, two calls differ in training and agree after eval()."""
    x = fresh(2, 6, 8)
    expect(
        "layer = CausalSelfAttention(8, 2, dropout=0.5)\n"
        "alike = lambda: bool((layer(Tensor(x)).array == layer(Tensor(x)).array).all())\n"
        "first = alike()\nlayer.eval()\n(first, alike())",
        (False, True),
        x=x,
        ask="scaled_dot_product_attention always drops. What do you pass in evaluation?",
    )


# ----------------------------------------------------------------- 12.12 streaming_attention


@check("12.12")
def test_blocks_of_every_size_give_the_same():
    """Seven keys in blocks of 1, 2, 3 and 100."""
    q, k, v = fresh(3, 4), fresh(7, 4), fresh(7, 2)
    for block in (1, 2, 3, 100):
        expect(
            "streaming_attention(query, key, value, block)",
            attend(q, k, v),
            within=1e-4,
            query=q,
            key=k,
            value=v,
            block=block,
            ask="A new block brings a higher score. What has to happen to the sums so far?",
        )


@check("12.12")
def test_a_batch_of_heads_in_blocks():
    """(1, 2, 2, 3), (1, 2, 3, 3), (1, 2, 3, 2) in blocks of 2; float32 stays float32."""
    q, k, v = fresh(1, 2, 2, 3), fresh(1, 2, 3, 3), fresh(1, 2, 3, 2)
    expect(
        "streaming_attention(query, key, value, 2)",
        attend(q, k, v),
        within=1e-4,
        dtype="float32",
        query=q,
        key=k,
        value=v,
        ask="Which dimension is cut into blocks, and of which dtype are your sums?",
    )


@check("12.12")
def test_scores_that_rise_in_the_last_block():
    """The best key comes last, and by far: the sums so far fade to nothing."""
    q, v = np.ones((1, 1), np.float32), fresh(5, 2)
    expect(
        "streaming_attention(query, key, value, 2)",
        v[4:],
        query=q,
        key=np.array([[-300], [200], [-500], [100], [900]], np.float32),
        value=v,
        ask="Which power of e turns sums taken with the old maximum into sums with the new one?",
    )


@check("12.12")
def test_causal_in_blocks():
    """Six positions in blocks of 4: the keys of the second block are numbers 4 and 5."""
    q, k, v = fresh(6, 3), fresh(6, 3), fresh(6, 2)
    expect(
        "streaming_attention(query, key, value, 4, is_causal=True)",
        attend(q, k, v, np.tri(6, dtype=bool)),
        within=1e-4,
        query=q,
        key=k,
        value=v,
        ask="Which number has the first key of the second block?",
    )


@check("12.12")
def test_no_array_of_all_shares():
    """1000 queries and keys in blocks of 20: the peak stays below a third of 1000 x 1000 floats."""
    q, k, v = fresh(1000, 8), fresh(1000, 8), fresh(1000, 8)
    expect(
        "import tracemalloc\nstreaming_attention(query, key, value, 20)\ntracemalloc.start()\n"
        "streaming_attention(query, key, value, 20)\n"
        "peak = tracemalloc.get_traced_memory()[1]\ntracemalloc.stop()\npeak < 1000 * 1000 * 4 / 3",
        True,
        query=q,
        key=k,
        value=v,
        ask="How large is the largest array that you make?",
    )


# ---------------------------------------------------------------------------- 12.13 debug it


@check("12.13")
def test_the_future_does_not_leak():
    """Another last token leaves all predictions before it as they were."""
    tokens = rng().integers(0, 10, (3, 6))
    expect(
        "tt.manual_seed(0)\nreader = Reader()\nbefore = reader(tt.tensor(tokens)).array.copy()\n"
        "other = tokens.copy()\nother[:, 4:] = (other[:, 4:] + 3) % 10\n"
        "after = reader(tt.tensor(other)).array\n"
        "float(np.abs(before[:, :4] - after[:, :4]).max()) < 1e-6",
        True,
        tokens=tokens,
        ask="In the mask of this layer, what does True mean?",
    )


@check("12.13")
def test_the_past_is_seen():
    """Another first token changes what is predicted at every later position."""
    tokens = rng().integers(0, 10, (3, 6))
    expect(
        "tt.manual_seed(0)\nreader = Reader()\nbefore = reader(tt.tensor(tokens)).array.copy()\n"
        "other = tokens.copy()\nother[:, 0] = (other[:, 0] + 3) % 10\n"
        "after = reader(tt.tensor(other)).array\n"
        "bool((np.abs(before - after).max(axis=(0, 2)) > 1e-7).all())",
        True,
        tokens=tokens,
        ask="Can the last position see anything at all?",
    )


@check("12.13")
def test_every_position_sees_itself():
    """In a sequence of one digit, the prediction depends on that digit."""
    digit = int(rng().integers(0, 10))
    expect(
        "tt.manual_seed(0)\nreader = Reader()\n"
        "scores = [reader(tt.tensor([[d]])).array for d in (digit, (digit + 3) % 10)]\n"
        "bool(np.abs(scores[0] - scores[1]).max() > 1e-7)",
        True,
        digit=digit,
        ask="Is the diagonal of your mask open?",
    )
