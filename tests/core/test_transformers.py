"""Module 13: norms, blocks, the GPT, and the way from scores to text."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor, nn
from tinytorch.core.autograd import gradcheck
from tinytorch.core.transformers import (
    GPT,
    Block,
    FeedForward,
    generate,
    keep_top_k,
    keep_top_p,
    next_token_loss,
    perplexity,
    sample_next,
    token_probabilities,
)


def small(**options):
    """A GPT for vocabularies of 11, from one and the same seed."""
    tt.manual_seed(0)
    return GPT(11, 8, 16, num_layers=2, num_heads=2, **options)


def some_ids(batch=2, length=8, below=11):
    return Tensor(np.random.default_rng(0).integers(0, below, (batch, length)))


# ------------------------------------------------------------------------------------ the norms


@given(st.integers(1, 6), st.integers(2, 9), st.integers(0, 99))
def test_layer_norm_gives_every_row_mean_0_and_variance_1(n, c, seed):
    x = np.random.default_rng(seed).normal(3, 2, (n, c))
    out = F.layer_norm(Tensor(x), (c,), eps=0).array
    np.testing.assert_allclose(out.mean(-1), 0, atol=1e-9)
    np.testing.assert_allclose((out * out).mean(-1), 1, rtol=1e-9)


def test_layer_norm_does_not_see_scale_and_shift_of_a_row():
    x = np.random.default_rng(0).normal(size=(4, 7))
    scaled = x * np.array([[1], [3], [0.5], [7]]) + np.array([[1], [2], [3], [-4]])
    a, b = (F.layer_norm(Tensor(values), (7,), eps=0).array for values in (x, scaled))
    np.testing.assert_allclose(a, b, rtol=1e-9)


def test_layer_norm_stays_exact_far_from_zero():
    x = np.random.default_rng(0).normal(size=(3, 64)) + 1000
    exact = F.layer_norm(Tensor(x), (64,)).array
    rounded = F.layer_norm(Tensor(x.astype(np.float32)), (64,)).array
    assert rounded.dtype == np.float32
    np.testing.assert_allclose(rounded, exact, atol=2e-3)  # the input itself was rounded to 6e-5


def test_a_row_of_equal_values_becomes_zeros():
    out = F.layer_norm(tt.full((2, 5), 3.0), (5,)).array
    np.testing.assert_array_equal(out, 0)


def test_norms_leave_their_inputs_alone():
    x = np.ones((2, 3), np.float32)
    w = Tensor(np.full(3, 2, np.float32), requires_grad=True)
    t = Tensor(x, requires_grad=True)
    (F.layer_norm(t, (3,), w, w) + F.rms_norm(t, (3,), w)).sum().backward()
    np.testing.assert_array_equal(x, 1)
    np.testing.assert_array_equal(w.detach().array, 2)


def test_rms_norm_of_float16_does_not_overflow():
    out = F.rms_norm(tt.full((1, 4), 1000.0).half(), (4,))
    np.testing.assert_allclose(out.array, 1)


@pytest.mark.parametrize("norm", [F.layer_norm, F.rms_norm])
def test_a_shape_that_does_not_fit_a_norm_is_refused(norm):
    with pytest.raises(RuntimeError, match=r"\(2, 3\).*ends in \(4,\)"):
        norm(tt.ones(2, 3), (4,))
    with pytest.raises(RuntimeError, match=r"shape \(2,\) and float32, expected \(3,\)"):
        norm(tt.ones(2, 3), (3,), tt.ones(2))
    with pytest.raises(RuntimeError, match=r"float32, expected .*float64"):
        norm(tt.ones(2, 3).double(), (3,), tt.ones(3))
    with pytest.raises(NotImplementedError, match="int64"):
        norm(tt.arange(3), (3,))


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("LayerNorm", {}),
        ("LayerNorm", {"bias": False}),
        ("LayerNorm", {"elementwise_affine": False, "eps": 0.1}),
        ("RMSNorm", {}),
        ("RMSNorm", {"elementwise_affine": False}),
        ("RMSNorm", {"eps": 0.5}),
    ],
)
@pytest.mark.parametrize("shape", [5, (5,), (4, 5)])
def test_norms_are_pytorchs(torch, name, options, shape):
    ours = getattr(nn, name)(shape, **options)
    theirs = getattr(torch.nn, name)(shape, **options)
    x = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    out = theirs(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(ours(Tensor(x)).detach().array, out, rtol=1e-5, atol=1e-6)


# ------------------------------------------------------------------------------------ the block


@pytest.mark.parametrize(
    ("activation", "parameters"), [("gelu", 2 * 8 * 32 + 40), ("swiglu", 3 * 8 * 24 + 56)]
)
def test_feed_forward_has_the_customary_size(activation, parameters):
    layer = FeedForward(8, activation=activation)
    assert sum(p.numel() for p in layer.parameters()) == parameters


def test_feed_forward_with_a_gate_is_shazeers_formula():
    layer = FeedForward(4, hidden=6, activation="swiglu", bias=False)
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    gate = x @ layer.gate.weight.detach().array.T
    hidden = gate / (1 + np.exp(-gate)) * (x @ layer.up.weight.detach().array.T)
    expected = hidden @ layer.down.weight.detach().array.T
    np.testing.assert_allclose(layer(Tensor(x)).detach().array, expected, rtol=1e-4, atol=1e-6)


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="'gleu', expected one of gelu, relu, swiglu"):
        FeedForward(4, activation="gleu")


def test_feed_forward_looks_at_each_position_by_itself():
    layer = FeedForward(4)
    x = tt.randn(2, 5, 4)
    whole, alone = layer(x), layer(x[:, 3])
    np.testing.assert_allclose(whole[:, 3].detach().array, alone.detach().array, atol=1e-6)


@pytest.mark.parametrize("norm_first", [True, False])
def test_a_block_is_the_two_sums_of_its_parts(norm_first):
    tt.manual_seed(0)
    block = Block(8, 2, norm_first=norm_first)
    x = tt.randn(2, 5, 8)
    if norm_first:
        middle = x + block.attention(block.norm1(x))
        expected = middle + block.feed_forward(block.norm2(middle))
    else:
        middle = block.norm1(x + block.attention(x))
        expected = block.norm2(middle + block.feed_forward(middle))
    np.testing.assert_allclose(block(x).detach().array, expected.detach().array, atol=1e-6)


def test_a_block_that_is_not_causal_sees_what_comes():
    tt.manual_seed(0)
    x = tt.randn(1, 5, 8)
    changed = x.clone()
    changed[:, 4] = 0.0
    for is_causal in (True, False):
        block = Block(8, 2, is_causal=is_causal)
        same = np.allclose(block(x)[:, 0].detach().array, block(changed)[:, 0].detach().array)
        assert same == is_causal


def test_a_block_of_float64_passes_the_gradient_check():
    tt.manual_seed(0)
    block = Block(4, 2, norm=nn.RMSNorm, activation="swiglu").double()
    assert gradcheck(block, (tt.randn(1, 3, 4, dtype=tt.float64, requires_grad=True),))


# ------------------------------------------------------------------------------------- the model


def test_logits_do_not_depend_on_the_future():
    model, ids = small(), some_ids()
    changed = ids.clone()
    changed[:, 5] = (changed[:, 5] + 1) % 11
    a, b = model(ids).detach().array, model(changed).detach().array
    np.testing.assert_array_equal(a[:, :5], b[:, :5])
    assert np.abs(a[:, 5:] - b[:, 5:]).max() > 1e-4


def test_logits_depend_on_the_order_of_the_past():
    model, ids = small(), Tensor([[1, 2, 3]]).long()
    turned = Tensor([[2, 1, 3]]).long()
    assert np.abs(model(ids)[:, 2].detach().array - model(turned)[:, 2].detach().array).max() > 1e-5


def test_a_fresh_model_knows_nothing():
    loss = next_token_loss(small(), some_ids())
    assert abs(loss.item() - math.log(11)) < 0.1


def test_the_tied_table_is_one_parameter_with_two_names():
    tied, untied = small(), small(tie_weights=False)
    assert tied.head.weight is tied.token.weight
    names = [name for name, _ in tied.named_parameters()]
    assert "token.weight" in names
    assert "head.weight" not in names
    assert {"token.weight", "head.weight"} <= set(tied.state_dict())
    counts = [sum(p.numel() for p in model.parameters()) for model in (tied, untied)]
    assert counts[1] - counts[0] == 11 * 16


def test_the_gradient_of_the_tied_table_is_the_sum_of_both_uses():
    tied, untied, ids = small(), small(tie_weights=False), some_ids()
    untied.load_state_dict(tied.state_dict())
    next_token_loss(tied, ids).backward()
    next_token_loss(untied, ids).backward()
    both = untied.token.weight.grad.array + untied.head.weight.grad.array
    np.testing.assert_allclose(tied.token.weight.grad.array, both, atol=1e-6)


def test_a_saved_tied_model_loads_and_stays_tied():
    model, other = small(), GPT(11, 8, 16, 2, 2)
    other.load_state_dict(model.state_dict())
    ids = some_ids()
    np.testing.assert_array_equal(model(ids).detach().array, other(ids).detach().array)
    assert other.head.weight is other.token.weight


def test_with_zero_init_every_block_begins_as_the_identity():
    model, ids = small(zero_init=True), some_ids()
    x = model.position(model.token(ids))
    np.testing.assert_array_equal(model.blocks(x).detach().array, x.detach().array)


def test_what_blocks_add_begins_smaller_the_more_blocks_there_are():
    model = GPT(vocab_size=8, max_length=4, dim=64, num_layers=8, num_heads=2)
    for block in model.blocks:
        for last in block.attention.out_proj, block.feed_forward.down:
            assert last.weight.array.std() == pytest.approx(0.02 / 4, rel=0.1)  # sqrt(2 * 8)
        assert block.feed_forward.up.weight.array.std() == pytest.approx(0.02, rel=0.1)


@pytest.mark.parametrize("ids", [Tensor(np.zeros((1, 9), int)), Tensor(np.zeros(3, int))])
def test_ids_of_another_shape_are_refused(ids):
    with pytest.raises(ValueError, match=r"\(9?3?,?.*\), expected \(batch, time\) with at most 8"):
        small()(ids)


def test_a_gpt_learns_a_text_by_heart():
    model = small()
    ids = Tensor(np.array([[1, 2, 3, 1, 2, 4, 1, 2, 3]]))
    optimizer = tt.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        loss = next_token_loss(model, ids)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1
    assert generate(model, ids[:, :3], 5, temperature=0).tolist() == ids[:, :8].tolist()


@pytest.mark.torch
@pytest.mark.parametrize("norm_first", [True, False])
def test_logits_loss_and_gradients_are_pytorchs(torch, norm_first):
    model, ids = small(norm_first=norm_first), some_ids(3, 9)
    state = {k: torch.tensor(v.array, requires_grad=True) for k, v in model.state_dict().items()}
    state["head.weight"] = state["token.weight"]
    theirs = logits_in_torch(torch, state, torch.tensor(ids.array[:, :-1]), norm_first)
    np.testing.assert_allclose(
        model(ids[:, :-1]).detach().array, theirs.detach().numpy(), atol=1e-5
    )
    loss = torch.nn.functional.cross_entropy(theirs.transpose(1, 2), torch.tensor(ids.array[:, 1:]))
    loss.backward()
    ours = next_token_loss(model, ids)
    ours.backward()
    assert abs(ours.item() - loss.item()) < 1e-5
    for name, p in model.named_parameters():
        np.testing.assert_allclose(p.grad.array, state[name].grad, atol=2e-5, err_msg=name)


def logits_in_torch(torch, state, ids, norm_first):
    """The same model, written with PyTorch's functions."""
    fn = torch.nn.functional

    def linear(x, name):
        return fn.linear(x, state[f"{name}.weight"], state.get(f"{name}.bias"))

    def norm(x, name):
        return fn.layer_norm(x, (16,), state[f"{name}.weight"], state[f"{name}.bias"])

    def attention(x, name):
        q, k, v = linear(x, f"{name}.qkv").chunk(3, -1)
        q, k, v = (t.unflatten(-1, (2, 8)).transpose(1, 2) for t in (q, k, v))
        out = fn.scaled_dot_product_attention(q, k, v, is_causal=True)
        return linear(out.transpose(1, 2).flatten(2), f"{name}.out_proj")

    def feed_forward(x, name):
        return linear(fn.gelu(linear(x, f"{name}.up"), approximate="tanh"), f"{name}.down")

    x = state["token.weight"][ids] + state["position.weight"][: ids.shape[1]]
    for i in range(2):
        for number, part in ("norm1", attention), ("norm2", feed_forward):
            first, name = f"blocks.{i}.{number}", f"blocks.{i}.{part.__name__}"
            x = x + part(norm(x, first), name) if norm_first else norm(x + part(x, name), first)
    return (norm(x, "norm") if norm_first else x) @ state["head.weight"].T


def test_perplexity_of_a_guess_among_65_is_65():
    assert perplexity(math.log(65)) == pytest.approx(65)
    assert perplexity(tt.tensor(0.0)) == 1.0
    assert perplexity(1e6) == math.inf


# ------------------------------------------------------------------------------------- the sampling

LOGITS = np.array([2.0, 1.0, 0.5, 0.0, -1.0, -3.0])


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_temperature_divides(temperature):
    ours = token_probabilities(Tensor(LOGITS), temperature).array
    np.testing.assert_allclose(ours, softmax(LOGITS / temperature))


def test_temperature_0_is_greedy_and_takes_the_first_of_equals():
    assert sample_next(Tensor([[1.0, 3.0, 3.0], [0.0, -1.0, -2.0]]), 0).tolist() == [1, 0]


@pytest.mark.parametrize("temperature", [1e-4, 1e6])
def test_extreme_temperatures_stay_finite(temperature):
    ours = token_probabilities(Tensor(LOGITS * 100), temperature).array
    assert np.isfinite(ours).all()
    assert ours.sum() == pytest.approx(1)


@pytest.mark.parametrize("k", [1, 2, 5, 6, 7, 1000])
def test_top_k_keeps_the_k_best(k):
    ours = token_probabilities(Tensor(LOGITS), top_k=k).array
    expected = np.where(np.arange(6) < k, np.exp(LOGITS), 0)
    np.testing.assert_allclose(ours, expected / expected.sum())


def test_top_k_keeps_all_that_tie_with_the_last():
    assert np.isfinite(keep_top_k(np.array([1.0, 2.0, 1.0, 0.0]), 2)).tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("p", "kept"), [(1e-9, 1), (0.2, 1), (0.5, 1), (0.500001, 2), (0.799, 2), (0.801, 3), (1.0, 4)]
)
def test_top_p_keeps_the_fewest_that_reach_p(p, kept):
    scores = np.log(np.array([0.3, 0.5, 0.15, 0.05]))
    likeliest = np.argsort(-scores)[:kept]
    assert set(np.flatnonzero(np.isfinite(keep_top_p(scores, p)))) == set(likeliest)


@given(st.integers(0, 999), st.floats(0.01, 1.0))
def test_top_p_reaches_p_and_would_not_without_its_last(seed, p):
    scores = np.random.default_rng(seed).normal(size=(3, 7)) * 2
    for row, kept in zip(scores, np.isfinite(keep_top_p(scores, p)), strict=True):
        likely = softmax(row)
        assert likely[kept].sum() >= p - 1e-9
        assert likely[kept].sum() - likely[kept].min() < p or kept.sum() == 1
        assert not kept.all() or likely[kept].min() >= 0


def test_draws_come_as_often_as_their_probabilities_say():
    n = 20_000
    logits = Tensor(np.tile(LOGITS, (n, 1)))
    generator = tt.Generator().manual_seed(0)
    for options in ({}, {"temperature": 0.7}, {"top_k": 3}, {"top_p": 0.8, "temperature": 1.5}):
        likely = token_probabilities(Tensor(LOGITS), **options).array
        drawn = sample_next(logits, **options, generator=generator).array
        counts = np.bincount(drawn, minlength=6)
        assert not counts[likely == 0].any()
        # five standard deviations of a binomial count, some 1 in 10^6 by chance
        assert (np.abs(counts - n * likely) <= 5 * np.sqrt(n * likely * (1 - likely)) + 1e-9).all()


def test_sampling_takes_any_leading_dimensions():
    logits = tt.randn(2, 3, 5)
    assert sample_next(logits).shape == (2, 3)
    assert sample_next(logits[0, 0]).shape == ()
    assert sample_next(logits).dtype == tt.int64


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": -1.0}, "temperature=-1.0"),
        ({"temperature": math.nan}, "temperature=nan"),
        ({"top_k": 0}, "top_k=0"),
        ({"top_p": 0.0}, "top_p=0.0"),
        ({"top_p": 1.5}, "top_p=1.5"),
    ],
)
def test_settings_that_mean_nothing_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        sample_next(Tensor(LOGITS), **options)


def test_the_same_seed_writes_the_same_text():
    model, start = small(), some_ids(2, 3)
    texts = [
        generate(model, start, 10, generator=tt.Generator().manual_seed(seed)).tolist()
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]


def test_generating_leaves_the_mode_and_keeps_the_prompt():
    model, start = small(dropout=0.5), some_ids(2, 3)
    out = generate(model, start, 20, temperature=0)
    assert model.training
    assert out.shape == (2, 23)
    assert out[:, :3].tolist() == start.tolist()
    assert not out.requires_grad
    assert out.tolist() == generate(model, start, 20, temperature=0).tolist()


def test_generating_sees_the_last_tokens_when_the_text_is_long():
    model, ids = small(), some_ids(1, 12)
    new = generate(model, ids, 1, temperature=0)[:, -1]
    assert new.tolist() == model(ids[:, -8:])[:, -1].argmax(-1).tolist()


@pytest.mark.parametrize("ids", [Tensor(np.zeros((1, 0), int)), Tensor(np.zeros(3, int))])
def test_a_prompt_of_nothing_is_refused(ids):
    with pytest.raises(ValueError, match="expected \\(batch, time\\) with at least one token"):
        generate(small(), ids, 1)
