"""Bags of rows, and gradients by frequency, beyond what the table of operations compares."""

import numpy as np
import pytest

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import nn

TABLE = tt.tensor([[1.0], [10.0], [100.0]])


def test_a_bag_is_the_sum_or_the_mean_of_its_rows():
    ids = tt.tensor([[0, 1], [2, 2]])
    assert F.embedding_bag(ids, TABLE, mode="sum").tolist() == [[11], [200]]
    assert F.embedding_bag(ids, TABLE).tolist() == [[5.5], [100]]


def test_an_empty_bag_and_a_bag_of_padding_are_zero():
    ids, offsets = tt.tensor([1, 1, 0]), tt.tensor([0, 2, 2])
    out = F.embedding_bag(ids, TABLE, offsets, padding_idx=0)
    assert out.tolist() == [[10], [0], [0]]


def test_gradients_by_frequency_are_means():
    table = nn.Embedding(3, 1, scale_grad_by_freq=True)
    (table(tt.tensor([0, 0, 2])) * tt.tensor([[1.0], [3.0], [5.0]])).sum().backward()
    assert table.weight.grad.tolist() == [[2], [0], [5]]


def test_a_bag_module_learns_to_tell_texts_apart():
    tt.manual_seed(0)
    ids, labels = tt.tensor([[0, 1, 2], [3, 4, 5], [2, 0, 1], [5, 3, 3]]), tt.tensor([0, 1, 0, 1])
    model = nn.Sequential(nn.EmbeddingBag(6, 4), nn.Linear(4, 2))
    optimizer = tt.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(30):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(ids), labels)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


@pytest.mark.torch
def test_the_bag_module_is_that_of_pytorch(torch):
    ours, theirs = nn.EmbeddingBag(5, 3, padding_idx=1), torch.nn.EmbeddingBag(5, 3, padding_idx=1)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours) == repr(theirs)
    weight = theirs.weight.detach().numpy()
    ours.load_state_dict({"weight": weight})
    ids, offsets = [0, 1, 4, 2, 2], [0, 2, 3]
    out = ours(tt.tensor(ids), tt.tensor(offsets)).detach().numpy()
    expected = theirs(torch.tensor(ids), torch.tensor(offsets)).detach().numpy()
    np.testing.assert_allclose(out, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"mode": "max"}, ValueError, "mode='max'"),
        ({"max_norm": 1.0}, NotImplementedError, "max_norm=1.0"),
        ({"sparse": True}, NotImplementedError, "sparse=True"),
        ({"offsets": tt.tensor([0])}, ValueError, r"\(2, 2\) with offsets of shape \(1,\)"),
        ({"per_sample_weights": tt.ones(2, 2)}, NotImplementedError, "per_sample_weights"),
        (
            {"per_sample_weights": tt.ones(2), "mode": "sum"},
            ValueError,
            r"shape \(2,\), expected \(2, 2\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(settings, error, words):
    with pytest.raises(error, match=words):
        F.embedding_bag(tt.tensor([[0, 1], [1, 2]]), TABLE, **settings)


@pytest.mark.parametrize("offsets", [[1, 2], [0, 2, 1], [0, 4]])
def test_offsets_that_do_not_fit_are_refused(offsets):
    with pytest.raises(RuntimeError, match=r"got the offsets .* for 3 ids"):
        F.embedding_bag(tt.tensor([0, 1, 2]), TABLE, tt.tensor(offsets))


def test_ids_in_a_row_need_offsets():
    with pytest.raises(ValueError, match="with no offsets"):
        F.embedding_bag(tt.tensor([0, 1, 2]), TABLE)
