"""Products: einsum on generated equations, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch as tt
from tinytorch import Tensor

LETTERS = "abcd"


@st.composite
def equations(draw):
    """An equation over a few letters, with diagonals, "...", sums, and a result or none."""
    size = {letter: draw(st.integers(1, 3)) for letter in LETTERS}
    dots = tuple(draw(st.lists(st.integers(1, 2), max_size=2)))
    groups, shapes = [], []
    for _ in range(draw(st.integers(1, 3))):
        group = draw(st.text(LETTERS, max_size=3))
        shape = [size[letter] for letter in group]
        if draw(st.booleans()):
            place = draw(st.integers(0, len(group)))
            part = dots[draw(st.integers(0, len(dots))) :]
            shape[place:place] = [1 if draw(st.booleans()) else n for n in part]
            group = group[:place] + "..." + group[place:]
        groups.append(group)
        shapes.append(tuple(shape))
    equation = ",".join(groups)
    if draw(st.booleans()):
        known = sorted(set("".join(groups)) - {"."})
        kept = draw(st.lists(st.sampled_from(known), unique=True)) if known else []
        equation += "->" + ("..." if "..." in equation else "") + "".join(kept)
    return equation, shapes


@pytest.mark.torch
@given(equations())
def test_einsum_agrees_with_pytorch_on_generated_equations(torch, same, case):
    equation, shapes = case
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in shapes]
    ours = [tt.Tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    found, expected = tt.einsum(equation, *ours), torch.einsum(equation, *theirs)
    same(found, expected)
    found.sum().backward()
    expected.sum().backward()
    for mine, other in zip(ours, theirs, strict=True):
        same(mine.grad, other.grad)


@pytest.mark.torch
def test_einsum_takes_numbers_for_letters_and_a_list_of_operands(torch, same):
    a, b = np.ones((2, 3)), np.ones((3, 4))
    for library, x, y in ((tt, Tensor(a), Tensor(b)), (torch, torch.tensor(a), torch.tensor(b))):
        results = [
            library.einsum(x, [0, 1], y, [1, 2], [2, 0]),
            library.einsum(x, [..., 7], y, [7, 3]),
            library.einsum("ij,jk", [x, y]),
        ]
        if library is tt:
            ours = results
    for mine, other in zip(ours, results, strict=True):
        same(mine, other)


@pytest.mark.torch
@pytest.mark.parametrize("dims", [0, 1, 2, ([0], [1]), ([-1, 0], [0, 1]), ([], [])])
def test_tensordot_pairs_the_dimensions_that_pytorch_pairs(torch, same, dims):
    a = np.arange(8.0).reshape(2, 2, 2)
    b = np.arange(4.0).reshape(2, 2)
    same(
        tt.tensordot(Tensor(a), Tensor(b), dims),
        torch.tensordot(torch.tensor(a), torch.tensor(b), dims),
    )


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["int64", "float16", "float64"])
def test_products_keep_their_dtype(torch, same, dtype):
    a = np.arange(6).reshape(2, 3).astype(dtype)
    for multiply in (
        lambda t, x: x @ x.T,
        lambda t, x: t.mm(x, x.T),
        lambda t, x: t.einsum("ij,kj->ik", x, x),
        lambda t, x: t.outer(x[0], x[1]),
        lambda t, x: t.inner(x, x),
        lambda t, x: t.addmm(x.T @ x, x.T, x),
        lambda t, x: t.trace(x),
    ):
        same(multiply(tt, Tensor(a)), multiply(torch, torch.tensor(a)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tt.mm(tt.ones(2), tt.ones(2, 2)), r"\(2,\) and \(2, 2\), expected 2 and 2"),
        (lambda: tt.bmm(tt.ones(2, 2, 2), tt.ones(3, 2, 2)), "expected the same size"),
        (lambda: tt.dot(tt.ones(2), tt.ones(3)), "inner sizes differ"),
        (lambda: tt.trace(tt.ones(2)), "expected 2 dimensions"),
        (
            lambda: tt.addmm(tt.ones(2).double(), tt.ones(2, 2), tt.ones(2, 2)),
            "float64 and float32",
        ),
        (lambda: tt.addmm(tt.ones(3), tt.ones(2, 2), tt.ones(2, 2)), "expand"),
        (lambda: tt.tensordot(tt.ones(2), tt.ones(2), 2), "dims 2 do not pair"),
        (lambda: tt.tensordot(tt.ones(2), tt.ones(3), 1), r"dim 0 of \(2,\) meets dim 0 of \(3,\)"),
        (lambda: tt.einsum("ij,jk", tt.ones(2, 2)), "2 groups of letters for 1 operands"),
        (lambda: tt.einsum("ij", tt.ones(2)), "names 2 dimensions of an operand with 1"),
        (lambda: tt.einsum("i", tt.ones(2, 2)), "names 1 dimensions of an operand with 2"),
        (
            lambda: tt.einsum("ij,jk->ik", tt.ones(2, 3), tt.ones(2, 2)),
            "'j' stands for the sizes 3 and 2",
        ),
        (lambda: tt.einsum("ii->i", tt.ones(2, 3)), "'i' stands for the sizes 2 and 3"),
        (lambda: tt.einsum("i->k", tt.ones(2)), "'k' of the result"),
        (lambda: tt.einsum("i->ii", tt.ones(2)), "must occur once"),
        (lambda: tt.einsum("i1", tt.ones(2, 2)), "found '1'"),
    ],
)
def test_products_that_do_not_fit_are_refused_with_their_shapes(call, words):
    with pytest.raises(RuntimeError, match=words):
        call()
