"""More losses: their corners, what is refused, and all of them as modules."""

import numpy as np
import pytest

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor, nn

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
Y = np.random.default_rng(1).normal(size=(4, 3)).astype("float32")
SIGNS = np.array([1, -1, 1, -1], "float32")
MODULES = [
    ("L1Loss", {}, (X, Y)),
    ("SmoothL1Loss", {"beta": 0.5}, (X, Y)),
    ("HuberLoss", {"delta": 0.5}, (X, Y)),
    ("KLDivLoss", {"log_target": True, "reduction": "sum"}, (X, Y)),
    ("KLDivLoss", {"reduction": "batchmean"}, (X, np.abs(Y))),
    ("CosineEmbeddingLoss", {"margin": 0.1}, (X, Y, SIGNS)),
    ("CosineSimilarity", {"dim": 0}, (X, Y)),
    ("HingeEmbeddingLoss", {"margin": 0.5}, (X[:, 0], SIGNS)),
    ("MarginRankingLoss", {"margin": 0.1}, (X[:, 0], Y[:, 0], SIGNS)),
]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "options", "inputs"), MODULES)
def test_modules_are_those_of_pytorch(torch, same, name, options, inputs):
    ours, theirs = getattr(nn, name)(**options), getattr(torch.nn, name)(**options)
    same(ours(*map(Tensor, inputs)), theirs(*map(torch.tensor, inputs)))
    assert list(ours.state_dict()) == list(theirs.state_dict())


def test_a_probability_of_zero_adds_nothing_to_the_divergence():
    p, log_q = Tensor([[0.0, 1.0]]), Tensor([[0.25, 0.75]]).log()
    assert F.kl_div(log_q, p, reduction="sum").item() == pytest.approx(-np.log(0.75))


def test_distributions_do_not_diverge_from_themselves():
    p = F.softmax(Tensor(X), 1)
    assert F.kl_div(F.log_softmax(Tensor(X), 1), p, reduction="sum").item() == pytest.approx(
        0, abs=1e-6
    )
    assert (
        F.kl_div(F.log_softmax(Tensor(X), 1), F.softmax(Tensor(Y), 1), reduction="sum").item() > 0
    )


def test_a_divergence_from_shares_instead_of_their_logarithms_is_pointed_out():
    x = Tensor(X, requires_grad=True)
    with pytest.warns(UserWarning, match="kl_div: the input was made by softmax"):
        F.kl_div(F.softmax(x, 1), F.softmax(Tensor(Y), 1))


def test_huber_is_square_within_delta_and_straight_beyond():
    x = Tensor(np.array([-3.0, -1.0, 0.5, 2.0]), requires_grad=True)
    loss = F.huber_loss(x, tt.zeros(4).double(), reduction="sum", delta=1.0)
    loss.backward()
    assert loss.item() == 2.5 + 0.5 + 0.125 + 1.5
    assert x.grad.tolist() == [-1, -1, 0.5, 1]


def test_the_cosine_of_a_vector_of_zeros_is_zero_and_has_a_gradient():
    x = Tensor(np.zeros((1, 3)), requires_grad=True)
    out = F.cosine_similarity(x, Tensor(np.ones((1, 3))))
    out.sum().backward()
    assert out.tolist() == [0]
    assert np.isfinite(x.grad.array).all()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.huber_loss(Tensor(X), Tensor(Y), delta=0.0), RuntimeError, "delta=0.0"),
        (lambda: F.smooth_l1_loss(Tensor(X), Tensor(Y), beta=-1.0), RuntimeError, "beta=-1.0"),
        (lambda: F.kl_div(Tensor(X), Tensor(Y), reduction="avg"), ValueError, "avg"),
        (
            lambda: F.l1_loss(tt.zeros(3), tt.zeros(3, 1)),
            RuntimeError,
            r"\(3,\) and the target \(3, 1\)",
        ),
        (
            lambda: F.cosine_embedding_loss(Tensor(X), Tensor(Y), tt.ones(3)),
            RuntimeError,
            r"\(3,\)",
        ),
        (lambda: F.margin_ranking_loss(Tensor(X), Tensor(Y), tt.ones(3)), RuntimeError, r"\(3,\)"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()
