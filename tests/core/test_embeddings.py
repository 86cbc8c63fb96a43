"""Module 11: rows of a table and their gradients, and four ways to say where something stands."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor, nn
from tinytorch.core.embeddings import (
    PositionalEmbedding,
    alibi_bias,
    alibi_slopes,
    apply_rotary,
    embedding_dweight,
    nearest,
    one_hot_product,
    position_angles,
    rotary_kernel,
    sinusoidal_positions,
)

TABLE = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


# ---------------------------------------------------------------------------------- the table


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 999))
def test_a_lookup_is_a_product_with_a_one_hot_matrix(rows, features, seed):
    rng = np.random.default_rng(seed)
    weight, ids = rng.standard_normal((rows, features)), rng.integers(0, rows, (2, 3))
    looked_up = F.embedding(Tensor(ids), Tensor(weight)).array
    np.testing.assert_array_equal(looked_up, one_hot_product(weight, ids))


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 9), st.integers(0, 999))
def test_the_gradient_is_that_of_the_one_hot_product(rows, features, number, seed):
    rng = np.random.default_rng(seed)
    ids, g = rng.integers(0, rows, number), rng.standard_normal((number, features))
    expected = np.eye(rows)[ids].T @ g
    got = embedding_dweight(g, ids, (rows, features), None)
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_a_repeated_id_gets_the_sum_of_its_gradients():
    table = nn.Embedding(4, 2)
    (table(tt.tensor([1, 1, 3, 1])) * Tensor([[1.0], [10.0], [5.0], [100.0]])).sum().backward()
    assert table.weight.grad.tolist() == [[0, 0], [111, 111], [0, 0], [5, 5]]


def test_a_gradient_that_is_no_block_of_memory_is_added_all_the_same():
    g = np.arange(24.0).reshape(4, 6)[:, ::2]
    got = embedding_dweight(g, np.array([1, 0, 1, 1]), (2, 3), None)
    np.testing.assert_array_equal(got, [g[1], g[0] + g[2] + g[3]])
    assert not np.shares_memory(got, g)


def test_small_integer_ids_do_not_overflow_in_the_gradient_of_a_large_table():
    ids = np.array([70_000], np.int32)
    got = embedding_dweight(np.ones((1, 40_000), np.float32), ids, (70_001, 40_000), None)
    assert got[70_000].all()
    assert got[0, 0] == 0


def test_no_ids_give_no_rows_and_a_zero_gradient():
    table = nn.Embedding(4, 2)
    rows = table(tt.zeros(0, 3).long())
    assert rows.shape == (0, 3, 2)
    rows.sum().backward()
    assert table.weight.grad.tolist() == [[0, 0]] * 4


@pytest.mark.parametrize(("ids", "bad", "place"), [([[0, 1], [2, 3]], 3, [1, 1]), ([-1], -1, [0])])
def test_an_id_out_of_range_is_named_with_its_place(ids, bad, place):
    with pytest.raises(IndexError) as refusal:
        F.embedding(tt.tensor(ids), TABLE)
    text = str(refusal.value)
    assert f"the id {bad} at {place}" in text
    assert "3 rows" in text
    assert "from 0 to 2" in text


@pytest.mark.parametrize("dtype", [tt.float32, tt.bool, tt.int8, tt.uint8])
def test_ids_that_are_no_row_numbers_are_refused(dtype):
    with pytest.raises(RuntimeError, match=rf"the ids are {np.dtype(dtype)}.*ids\.long\(\)"):
        F.embedding(tt.ones(2).to(dtype), TABLE)


def test_a_weight_that_is_no_table_is_refused():
    with pytest.raises(RuntimeError, match=r"\(3,\), expected \(ids, features\)"):
        F.embedding(tt.tensor([0]), tt.zeros(3))


# ---------------------------------------------------------------------------------- the module


def test_rows_begin_normal_and_padding_begins_as_zeros():
    tt.manual_seed(0)
    weight = nn.Embedding(1000, 20, padding_idx=-1).weight.array
    assert abs(weight[:-1].mean()) < 0.03
    assert abs(weight[:-1].std() - 1) < 0.03
    assert not weight[-1].any()


def test_padding_receives_no_gradient():
    table = nn.Embedding(3, 2, padding_idx=0)
    table(tt.tensor([[0, 1], [0, 2]])).sum().backward()
    assert table.weight.grad.tolist() == [[0, 0], [1, 1], [1, 1]]


@pytest.mark.parametrize("padding_idx", [3, -4])
def test_padding_outside_the_table_is_refused(padding_idx):
    with pytest.raises(AssertionError, match=f"{padding_idx} is out of range: the table has 3"):
        nn.Embedding(3, 2, padding_idx=padding_idx)


@pytest.mark.parametrize(("setting", "value"), [("max_norm", 1.0), ("sparse", True)])
def test_what_is_not_supported_is_refused(setting, value):
    for refused in (
        lambda: nn.Embedding(3, 2, **{setting: value}),
        lambda: F.embedding(tt.tensor([0]), TABLE, **{setting: value}),
    ):
        with pytest.raises(NotImplementedError, match=f"{setting}={value}"):
            refused()


def test_pretrained_rows_are_shared_and_frozen_unless_asked():
    rows = Tensor(np.arange(6.0).reshape(3, 2))
    table = nn.Embedding.from_pretrained(rows, padding_idx=1)
    assert not table.weight.requires_grad
    assert table.weight.tolist() == rows.tolist()  # the row of padding too
    assert np.shares_memory(table.weight.array, rows.array)
    assert repr(table) == "Embedding(3, 2, padding_idx=1)"
    assert nn.Embedding.from_pretrained(rows, freeze=False).weight.requires_grad
    with pytest.raises(AssertionError, match=r"\(2,\), expected \(ids, features\)"):
        nn.Embedding.from_pretrained(Tensor([1.0, 2.0]))


@pytest.mark.torch
def test_the_module_has_the_names_and_the_text_of_pytorch(torch):
    for settings in ({}, {"padding_idx": -2}, {"padding_idx": 0, "scale_grad_by_freq": True}):
        ours, theirs = nn.Embedding(5, 3, **settings), torch.nn.Embedding(5, 3, **settings)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        for name in ("num_embeddings", "embedding_dim", "padding_idx", "max_norm", "sparse"):
            assert getattr(ours, name) == getattr(theirs, name)
        assert repr(ours) == repr(theirs).replace(", scale_grad_by_freq=True", "")


@pytest.mark.torch
def test_a_training_step_on_a_tied_table_is_that_of_pytorch(torch):
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((7, 4)).astype(np.float32)
    ids = rng.integers(0, 7, (3, 5))
    steps = []
    for library in (tt, torch):
        table = library.nn.Embedding(7, 4, padding_idx=2)
        table.load_state_dict({"weight": library.tensor(weight)})
        optimizer = library.optim.SGD(table.parameters(), lr=0.1)
        scores = table(library.tensor(ids)) @ table.weight.T
        library.nn.functional.cross_entropy(
            scores.flatten(0, 1), library.tensor(ids.reshape(-1))
        ).backward()
        optimizer.step()
        steps.append(table.weight.detach().numpy())
    np.testing.assert_allclose(*steps, rtol=1e-5)


def test_nearest_rows_are_sorted_by_cosine_and_leave_out_the_row_itself():
    table = Tensor([[1.0, 0.0], [5.0, 0.1], [0.0, 1.0], [-2.0, 0.0], [0.0, 0.0]])
    found = nearest(table, 0, k=10)
    assert [row for row, _ in found] == [1, 2, 4, 3]
    np.testing.assert_allclose([c for _, c in found], [0.9998, 0, 0, -1], atol=1e-4)
    assert nearest(table, 0, k=1) == found[:1]


# -------------------------------------------------------------------- positions that are added


def test_waves_are_those_of_the_paper():
    length, dim = 50, 12
    waves = sinusoidal_positions(length, dim)
    assert waves.dtype == np.float32
    for t in (0, 7, 49):
        for i in range(dim // 2):
            angle = t / 10000 ** (2 * i / dim)
            pair = waves.array[t, 2 * i : 2 * i + 2]
            np.testing.assert_allclose(pair, [math.sin(angle), math.cos(angle)], atol=1e-6)


def test_waves_of_neighbours_are_alike_whatever_their_place():
    waves = sinusoidal_positions(500, 32).array
    products = waves @ waves.T
    np.testing.assert_allclose(np.diagonal(products, 3), products[0, 3], atol=1e-4)


def test_angles_need_pairs():
    with pytest.raises(ValueError, match="got 5 features, expected an even number"):
        sinusoidal_positions(3, 5)
    with pytest.raises(ValueError, match="got 3 features"):
        apply_rotary(tt.zeros(2, 3))


def test_learned_positions_are_added_along_time():
    positions = PositionalEmbedding(6, 3)
    x = tt.zeros(2, 4, 3)
    assert positions(x).tolist() == [positions.weight[:4].tolist()] * 2
    assert positions(x[:, :1], offset=5).tolist() == [[positions.weight[5].tolist()]] * 2


def test_learned_positions_gather_the_gradients_of_the_batch():
    positions = PositionalEmbedding(5, 2)
    positions(tt.zeros(3, 4, 2)).sum().backward()
    assert positions.weight.grad.tolist() == [[3, 3]] * 4 + [[0, 0]]


def test_a_learned_table_ends():
    positions = PositionalEmbedding(4, 2)
    with pytest.raises(IndexError, match="positions 0 to 4, and the table has 4 rows"):
        positions(tt.zeros(1, 5, 2))
    with pytest.raises(IndexError, match="positions 4 to 4"):
        positions(tt.zeros(1, 1, 2), offset=4)


# ------------------------------------------------------------- positions that are met by attention


@given(st.integers(0, 5000), st.integers(0, 50), st.integers(0, 999))
def test_a_rotary_score_depends_on_the_distance_alone(shift, distance, seed):
    rng = np.random.default_rng(seed)
    q, k = rng.standard_normal((2, 1, 16))

    def score(i, j):
        return (apply_rotary(Tensor(q), i) * apply_rotary(Tensor(k), j)).sum().item()

    np.testing.assert_allclose(score(shift + distance, shift), score(distance, 0), atol=1e-9)


def test_a_rotation_keeps_lengths_dtypes_and_its_input():
    for dtype, exact in ((np.float16, 1e-2), (np.float32, 1e-5), (np.float64, 1e-12)):
        x = np.random.default_rng(0).standard_normal((2, 5, 6)).astype(dtype)
        before = x.copy()
        turned = apply_rotary(Tensor(x), 3).array
        assert turned.dtype == dtype
        np.testing.assert_array_equal(x, before)
        lengths = [np.sqrt((a.astype(np.float64) ** 2).sum(-1)) for a in (x, turned)]
        np.testing.assert_allclose(*lengths, rtol=exact)


def test_a_rotation_of_an_array_that_is_no_block_of_memory():
    x = np.random.default_rng(0).standard_normal((3, 2, 4, 12))[..., ::2].swapaxes(0, 1)
    angles = position_angles(np.arange(4), 6)
    expected = rotary_kernel(np.ascontiguousarray(x), angles)
    np.testing.assert_array_equal(rotary_kernel(x, angles), expected)


def test_positions_are_a_start_or_one_for_each_vector():
    x = tt.randn(2, 3, 4)
    whole = apply_rotary(x)
    for positions in ([0, 1, 2], np.arange(3), tt.arange(3), 0, tt.arange(3).reshape(1, 3)):
        np.testing.assert_array_equal(apply_rotary(x, positions).array, whole.array)
    last = apply_rotary(x[:, 2:], 2)
    np.testing.assert_allclose(last.array, whole.array[:, 2:], rtol=1e-6)
    with pytest.raises(ValueError, match=r"got 2 positions for \(2, 3, 4\), expected 3"):
        apply_rotary(x, [0, 1])


def test_integers_are_not_turned():
    with pytest.raises(NotImplementedError, match="int64"):
        apply_rotary(tt.ones(2, 4).long())


def test_slopes_are_those_of_the_paper():
    np.testing.assert_allclose(alibi_slopes(8).array, [2.0**-n for n in range(1, 9)])
    np.testing.assert_allclose(
        alibi_slopes(16).array, [2.0 ** (-n / 2) for n in range(1, 17)], rtol=1e-6
    )
    assert alibi_slopes(1).tolist() == [2.0**-8]


@pytest.mark.parametrize(("heads", "power"), [(3, 2), (6, 4), (12, 8), (20, 16)])
def test_slopes_between_powers_of_two_are_filled_up_from_the_next(heads, power):
    slopes = alibi_slopes(heads).array
    np.testing.assert_array_equal(slopes[:power], alibi_slopes(power).array)
    extra = alibi_slopes(2 * power).array[::2][: heads - power]
    np.testing.assert_array_equal(slopes[power:], extra)


@pytest.mark.parametrize("heads", [0, -2])
def test_without_heads_there_are_no_slopes(heads):
    with pytest.raises(ValueError, match=f"got {heads} heads, expected at least 1"):
        alibi_slopes(heads)


def test_the_bias_falls_with_distance_and_never_rises_above_zero():
    bias = alibi_bias(4, 6).array
    assert bias.shape == (4, 6, 6)
    assert bias.dtype == np.float32
    assert (np.diff(bias[:, 5], axis=-1) > 0).all()  # of the last query: nearer keys, higher scores
    assert (np.diagonal(bias, axis1=1, axis2=2) == 0).all()
    np.testing.assert_allclose(bias[2, 5, 1], -4 * alibi_slopes(4).array[2])
