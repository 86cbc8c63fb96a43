"""New tensors: values and dtypes as in PyTorch; chance by its statistics."""

import numpy as np
import pytest

import tinytorch as tt


@pytest.mark.torch
@pytest.mark.parametrize(
    "create",
    [
        lambda t: t.eye(3),
        lambda t: t.eye(2, 3, dtype=t.int64),
        lambda t: t.eye(0),
        lambda t: t.linspace(0, 1, 5),
        lambda t: t.linspace(-1, 2, 1),
        lambda t: t.linspace(3, 0, 0),
        lambda t: t.linspace(0, 10, 5, dtype=t.int64),
        lambda t: t.logspace(0, 3, 4),
        lambda t: t.logspace(-1, 1, 3, base=2, dtype=t.float64),
        lambda t: t.zeros_like(t.arange(3)),
        lambda t: t.ones_like(t.ones(2, 2), dtype=t.float16),
        lambda t: t.full_like(t.ones(2), 7),
        lambda t: t.full_like(t.arange(2), 7),
        lambda t: t.tril_indices(3, 4, -1),
        lambda t: t.triu_indices(3, 3, 1),
        lambda t: t.ones(2, dtype=t.float64).new_zeros(2, 3),
        lambda t: t.arange(2).new_ones((2,)),
        lambda t: t.arange(2).new_full((2, 1), 3),
        lambda t: t.ones(2, dtype=t.float64).new_tensor([1, 2]),
        lambda t: t.empty(2, 3).shape and t.zeros(1),
        lambda t: t.zeros(3).fill_(2.5),
        lambda t: t.ones(3, dtype=t.int64).zero_(),
        lambda t: t.zeros(3, 3).fill_diagonal_(2),
    ],
)
def test_creation_has_the_values_and_dtypes_of_pytorch(torch, same, create):
    same(create(tt), create(torch))


@pytest.mark.torch
@pytest.mark.parametrize(
    "create",
    [
        lambda t: t.empty(2, 3),
        lambda t: t.empty_like(t.arange(3)),
        lambda t: t.rand_like(t.ones(2, 3, dtype=t.float64)),
        lambda t: t.randn_like(t.ones(2), dtype=t.float16),
        lambda t: t.randint(5, (2, 3)),
        lambda t: t.randint(2, 5, (2,)),
        lambda t: t.randint(high=5, size=(2,), dtype=t.int32),
        lambda t: t.randint_like(t.ones(3), 4),
        lambda t: t.randperm(7),
        lambda t: t.normal(0.0, 1.0, (2, 3)),
        lambda t: t.normal(t.zeros(3), t.ones(3)),
        lambda t: t.normal(t.zeros(2, 1), 2.0),
        lambda t: t.bernoulli(t.full((3,), 0.5)),
        lambda t: t.multinomial(t.tensor([1.0, 2.0]), 5, replacement=True),
        lambda t: t.multinomial(t.ones(3, 4), 2),
        lambda t: t.ones(3).uniform_(),
        lambda t: t.ones(3, dtype=t.float64).normal_(1, 2),
        lambda t: t.ones(3).bernoulli_(0.3),
        lambda t: t.ones(3, dtype=t.int64).random_(10),
        lambda t: t.ones(3).exponential_(),
    ],
)
def test_random_tensors_have_the_shape_and_dtype_of_pytorch(torch, create):
    ours, theirs = create(tt), create(torch)
    assert ours.shape == tuple(theirs.shape)
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")


def test_random_values_have_their_distribution():
    n = 20_000
    x = tt.empty(n)
    assert abs(x.uniform_(-1, 3).mean().item() - 1) < 0.05
    assert -1 <= x.min().item() <= x.max().item() < 3
    assert abs(x.normal_(2, 3).std().item() - 3) < 0.1
    assert abs(x.bernoulli_(0.2).mean().item() - 0.2) < 0.02
    assert abs(x.exponential_(2).mean().item() - 0.5) < 0.02
    assert x.random_(2, 5).unique().tolist() == [2.0, 3.0, 4.0]
    assert sorted(tt.randperm(100).tolist()) == list(range(100))
    assert set(tt.randint(3, (1000,)).tolist()) == {0, 1, 2}
    assert abs(tt.bernoulli(tt.full((n,), 0.7)).mean().item() - 0.7) < 0.02
    assert abs(tt.normal(tt.full((n,), 5.0), 0.5).mean().item() - 5) < 0.02


@pytest.mark.parametrize("replacement", [False, True])
def test_multinomial_draws_in_proportion_to_the_weights(replacement):
    weights = tt.tensor([0.0, 1.0, 3.0, 6.0]).expand(5000, 4)
    first = tt.multinomial(weights, 1 if replacement else 2, replacement=replacement)[:, 0]
    shares = tt.bincount(first, minlength=4) / 5000
    np.testing.assert_allclose(shares.array, [0, 0.1, 0.3, 0.6], atol=0.03)


def test_multinomial_without_replacement_draws_every_index_once():
    for _ in range(20):
        drawn = tt.multinomial(tt.tensor([1.0, 0.0, 5.0, 1e-6]), 3).tolist()
        assert sorted(drawn) == [0, 2, 3]


def test_a_generator_decides_and_the_default_one_is_seeded():
    creators = [
        lambda g: tt.rand_like(tt.ones(3), generator=g),
        lambda g: tt.randint(100, (5,), generator=g),
        lambda g: tt.randperm(10, generator=g),
        lambda g: tt.normal(0.0, 1.0, (3,), generator=g),
        lambda g: tt.bernoulli(tt.full((9,), 0.5), generator=g),
        lambda g: tt.multinomial(tt.ones(9), 4, generator=g),
        lambda g: tt.ones(3).uniform_(generator=g),
        lambda g: tt.ones(3).normal_(generator=g),
    ]
    for create in creators:
        runs = [create(tt.Generator().manual_seed(5)).tolist() for _ in range(2)]
        assert runs[0] == runs[1]
        tt.manual_seed(5)
        assert create(None).tolist() == runs[0]


def test_filling_a_leaf_is_refused_while_operations_are_recorded():
    x = tt.ones(2, requires_grad=True)
    for fill in (x.zero_, x.normal_, x.uniform_, lambda: x.fill_(1)):
        with pytest.raises(RuntimeError, match="no_grad"):
            fill()
    with tt.no_grad():
        assert x.zero_() is x


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: tt.eye(-1), RuntimeError, "-1 rows"),
        (lambda: tt.linspace(0, 1, -1), RuntimeError, "-1 steps"),
        (lambda: tt.randint(5, 5, (2,)), RuntimeError, "low=5, high=5"),
        (lambda: tt.normal(0.0, 1.0), TypeError, "no size"),
        (lambda: tt.normal(0.0, -1.0, (2,)), RuntimeError, "negative"),
        (lambda: tt.ones(2).normal_(0, -1), RuntimeError, "is -1"),
        (lambda: tt.ones(2).uniform_(2, 1), RuntimeError, "2 to 1"),
        (lambda: tt.ones(2).exponential_(0), RuntimeError, "lambd=0"),
        (lambda: tt.ones(2).random_(), RuntimeError, "bounds 0 and 0"),
        (lambda: tt.bernoulli(tt.tensor([1.5])), RuntimeError, r"in \[0, 1\]"),
        (lambda: tt.multinomial(tt.tensor([1.0, -1.0]), 1), RuntimeError, "negative"),
        (lambda: tt.multinomial(tt.zeros(2), 1), RuntimeError, "sums to 0"),
        (lambda: tt.multinomial(tt.tensor([1.0, 0.0]), 2), RuntimeError, "replacement=True"),
        (lambda: tt.multinomial(tt.ones(2, 2, 2), 1), RuntimeError, r"\(2, 2, 2\)"),
        (lambda: tt.ones(2, 2, 2).fill_diagonal_(1), RuntimeError, "expected a matrix"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()
