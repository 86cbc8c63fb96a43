"""Products of vectors, matrices and tensors; `einsum` writes all of them as one line of letters."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any

from tinytorch.breadth.turning import diagonal
from tinytorch.core.tensor import Tensor, dims, method

__all__ = [
    "addmm", "addmv", "baddbmm", "bmm", "dot", "einsum", "inner", "mm", "mv", "outer",
    "tensordot", "trace",
]  # fmt: skip


# ------------------------------------------------------------------------- products by their ranks


def expect_ranks(name: str, *wanted: tuple[Tensor, int]) -> None:
    """Refuse tensors that do not have just the wanted numbers of dimensions."""
    if any(tensor.ndim != ndim for tensor, ndim in wanted):
        raise RuntimeError(
            f"{name}: got {' and '.join(str(tensor.shape) for tensor, _ in wanted)}, expected "
            f"{' and '.join(str(ndim) for _, ndim in wanted)} dimensions; matmul takes all ranks"
        )


@method
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices: (n, k) @ (k, m) -> (n, m)."""
    expect_ranks("mm", (input, 2), (mat2, 2))
    return input @ mat2


@method
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices: (B, n, k) @ (B, k, m) -> (B, n, m)."""
    expect_ranks("bmm", (input, 3), (mat2, 3))
    if input.shape[0] != mat2.shape[0]:
        raise RuntimeError(
            f"bmm: got batches of {input.shape} and {mat2.shape}, expected the same size"
        )
    return input @ mat2


@method
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix and a vector: (n, k) @ (k,) -> (n,)."""
    expect_ranks("mv", (input, 2), (vec, 1))
    return input @ vec


@method
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two vectors' values.

    >>> dot(Tensor([1.0, 2.0]), Tensor([3.0, 4.0]))
    tensor(11.)
    """
    expect_ranks("dot", (input, 1), (tensor, 1))
    return input @ tensor


@method
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every value of one vector times every value of the other: (n,), (m,) -> (n, m)."""
    expect_ranks("outer", (input, 1), (vec2, 1))
    return input.unsqueeze(1) * vec2


@method
def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """`beta * input + alpha * (mat1 @ mat2)`."""
    return weighted(input, mm(mat1, mat2), beta, alpha)


@method
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """`beta * input + alpha * (mat @ vec)`."""
    return weighted(input, mv(mat, vec), beta, alpha)


@method
def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """`beta * input + alpha * (batch1 @ batch2)`, for batches of matrices."""
    return weighted(input, bmm(batch1, batch2), beta, alpha)


def weighted(input: Tensor, product: Tensor, beta: float, alpha: float) -> Tensor:
    """`beta * input + alpha * product`, of the shape of the product."""
    if input.dtype != product.dtype:
        raise RuntimeError(
            f"got {input.dtype} and {product.dtype}, expected one dtype; convert one with .to"
        )
    if alpha != 1:
        product = product * alpha
    return product + (input if beta == 1 else input * beta).expand(product.shape)


@method
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    expect_ranks("trace", (input, 2))
    return diagonal(input).sum()


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The products of all values, summed over pairs of dimensions.

    Args:
        dims: the last `dims` of `a` with the first `dims` of `b`; or two lists, of the dimensions
            of `a` and of those of `b` that they meet.

    >>> from tinytorch.core.tensor import ones
    >>> tensordot(ones(2, 3, 4), ones(3, 4, 5)).shape
    (2, 5)
    """
    of_a, of_b = (range(a.ndim - dims, a.ndim), range(dims)) if isinstance(dims, int) else dims
    if len(of_a) != len(of_b) or (isinstance(dims, int) and not 0 <= dims <= min(a.ndim, b.ndim)):
        raise RuntimeError(
            f"tensordot: dims {dims} do not pair dimensions of {a.shape} with {b.shape}"
        )
    labels_a, labels_b = list(range(a.ndim)), list(range(a.ndim, a.ndim + b.ndim))
    for i, j in zip(of_a, of_b, strict=True):
        if a.size(i) != b.size(j):
            raise RuntimeError(
                f"tensordot: dim {i} of {a.shape} meets dim {j} of {b.shape}, expected equal sizes"
            )
        labels_b[counted(j, b)] = labels_a[counted(i, a)]
    kept = [n for n in labels_a + labels_b if (n in labels_a) != (n in labels_b)]
    return contract([a, b], [labels_a, labels_b], kept)


def counted(dim: int, x: Tensor) -> int:
    """`dim` counted from the front."""
    return dims(dim, x.ndim)


@method
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The products summed over the last dimensions of both; plain multiplication for a number."""
    return tensordot(input, other, ([-1], [-1])) if input.ndim and other.ndim else input * other


# ------------------------------------------------------------------------------------------ einsum


def einsum(equation: Any, *operands: Any) -> Tensor:
    """Einstein's sum: name each dimension by a letter; letters missing after "->" are summed over.

    Args:
        equation: one group of letters per operand, then the result: "bij,bjk->bik". A letter twice
            in a group takes the diagonal, "..." stands for further dimensions, which broadcast,
            and without "->" the letters that occur once stay, in alphabetical order.
        operands: the tensors; or `einsum(a, [0, 1], b, [1, 2], [0, 2])`, with numbers for letters.

    >>> a, b = Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([1.0, 10.0])
    >>> einsum("ij,j->i", a, b)
    tensor([21., 43.])
    """
    if isinstance(equation, Tensor):
        equation, operands = from_lists((equation, *operands))
    elif len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    groups, result = parse(equation, operands)
    pairs = [
        with_diagonals(equation, operand, group)
        for operand, group in zip(operands, groups, strict=True)
    ]
    tensors, labels = [x for x, _ in pairs], [group for _, group in pairs]
    size = sizes_of(equation, tensors, labels)
    for i, (x, group) in enumerate(pairs):
        whole = tuple(size[label] for label in group)
        tensors[i] = x if x.shape == whole else x.expand(whole)
    return contract(tensors, labels, result)


def with_diagonals(equation: str, x: Tensor, group: list) -> tuple[Tensor, list]:
    """A label that stands twice in a group becomes one, of the diagonal, as the last dimension."""
    for label in dict.fromkeys(group):
        while group.count(label) > 1:
            first = group.index(label)
            second = group.index(label, first + 1)
            if x.shape[first] != x.shape[second]:
                raise RuntimeError(
                    f"einsum({equation!r}): {label!r} stands for the sizes {x.shape[first]} and "
                    f"{x.shape[second]} of one operand of shape {x.shape}, expected the same twice"
                )
            x = diagonal(x, 0, first, second)
            group = [n for i, n in enumerate(group) if i not in (first, second)] + [label]
    return x, group


def from_lists(arguments: Sequence[Any]) -> tuple[str, tuple]:
    """The form with numbers, as an equation and its operands."""
    letters = string.ascii_uppercase + string.ascii_lowercase  # PyTorch's order

    def spell(labels: Sequence[Any]) -> str:
        return "".join("..." if label is Ellipsis else letters[label] for label in labels)

    operands, groups = arguments[0::2], arguments[1::2]
    if len(arguments) % 2:  # the last list stands alone: it is the result
        equation = ",".join(map(spell, groups)) + "->" + spell(operands[-1])
        return equation, tuple(operands[:-1])
    return ",".join(map(spell, groups)), tuple(operands)


def parse(equation: str, operands: Sequence[Tensor]) -> tuple[list[list], list]:
    """The labels of each operand's dimensions, and those of the result.

    A letter is its own label; the dimensions behind "..." are numbered from the right, -1, -2, ...
    """
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    texts = inputs.split(",")
    if len(texts) != len(operands):
        raise RuntimeError(
            f"einsum({equation!r}): {len(texts)} groups of letters for {len(operands)} operands"
        )
    groups = [spelled(equation, text, x.ndim) for text, x in zip(texts, operands, strict=True)]
    dots = sorted({label for group in groups for label in group if isinstance(label, int)})
    if arrow:
        result = spelled(
            equation, output, len(output.replace("...", "")) + len(dots) * ("..." in output)
        )
    else:
        every = [label for group in groups for label in group if isinstance(label, str)]
        result = dots + sorted(letter for letter in set(every) if every.count(letter) == 1)
    known = {label for group in groups for label in group}
    for letter in result:
        if letter not in known or result.count(letter) > 1:
            raise RuntimeError(
                f"einsum({equation!r}): {letter!r} of the result must occur once, and in an operand"
            )
    return groups, result


def spelled(equation: str, text: str, ndim: int) -> list:
    """A group of letters as labels, "..." filled up to `ndim` dimensions."""
    before, dots, after = text.partition("...")
    missing = ndim - len(before) - len(after)
    if missing < 0 or (missing and not dots):
        raise RuntimeError(
            f"einsum({equation!r}): the group {text!r} names {len(before + after)} dimensions of "
            f"an operand with {ndim}"
        )
    wrong = [letter for letter in before + after if letter not in string.ascii_letters]
    if wrong:
        raise RuntimeError(
            f"einsum({equation!r}): found {wrong[0]!r}, expected letters, ',', '...' and '->'"
        )
    return [*before, *range(-missing, 0), *after]


def sizes_of(equation: str, tensors: Sequence[Tensor], labels: Sequence[list]) -> dict[Any, int]:
    """The size that each label stands for; only a size of 1 may differ from the others."""
    sizes: dict[Any, int] = {}
    for x, group in zip(tensors, labels, strict=True):
        for label, n in zip(group, x.shape, strict=True):
            if sizes.setdefault(label, n) == 1:
                sizes[label] = n
            if n not in (1, sizes[label]):
                name = repr(label) if isinstance(label, str) else f"dim {label} of '...'"
                shapes = ", ".join(str(x.shape) for x in tensors)
                raise RuntimeError(
                    f"einsum({equation!r}): {name} stands for the sizes {sizes[label]} and {n} in "
                    f"{shapes}, expected one size"
                )
    return sizes


# ------------------------------------------------------------- contractions, label by label


def contract(tensors: Sequence[Tensor], labels: Sequence[list], result: list) -> Tensor:
    """Multiply the tensors from left to right; sum each label as soon as nobody needs it."""
    product, have = tensors[0], labels[0]
    for i, (factor, group) in enumerate(zip(tensors[1:], labels[1:], strict=True), start=2):
        product, have = pairwise(product, have, factor, group, {*result}.union(*labels[i:]))
    product, have = summed(product, have, {*result})
    return arranged(product, have, result)


def summed(x: Tensor, labels: list, needed: set) -> tuple[Tensor, list]:
    """`x` summed over the labels that are not needed."""
    gone = [i for i, label in enumerate(labels) if label not in needed]
    return (x.sum(gone) if gone else x), [label for label in labels if label in needed]


def arranged(x: Tensor, labels: list, *groups: list) -> Tensor:
    """The dimensions of `x`, which has `labels`, in the order of `groups`."""
    order = [label for group in groups for label in group]
    return x if order == labels else x.permute([labels.index(label) for label in order])


def pairwise(a: Tensor, of_a: list, b: Tensor, of_b: list, needed: set) -> tuple[Tensor, list]:
    """The product of two tensors, summed over the labels that both have and nobody needs.

    With labels to sum it is a batch of matrix products:
    (*batch, only a, sum) @ (*batch, sum, only b).
    """
    a, of_a = summed(a, of_a, needed.union(of_b))
    b, of_b = summed(b, of_b, needed.union(of_a))
    only_a = [label for label in of_a if label not in of_b]
    only_b = [label for label in of_b if label not in of_a]
    batch = [label for label in of_a if label in of_b and label in needed]
    total = [label for label in of_a if label in of_b and label not in needed]
    out = [*batch, *only_a, *only_b]
    size = dict(zip([*of_a, *of_b], [*a.shape, *b.shape], strict=True))
    if not total:
        a = arranged(a, of_a, batch, only_a)
        b = arranged(b, of_b, batch, only_b)
        spread = [size[n] for n in batch] + [1] * len(only_a) + [size[n] for n in only_b]
        return a.reshape(*a.shape, *[1] * len(only_b)) * b.reshape(spread), out
    a = merged(arranged(a, of_a, batch, only_a, total), len(batch), len(only_a))
    b = merged(arranged(b, of_b, batch, total, only_b), len(batch), len(total))
    return (a @ b).reshape([size[label] for label in out]), out


def merged(x: Tensor, batch: int, rows: int) -> Tensor:
    """A batch of matrices: `batch` dimensions, then `rows` of them as one, then the rest as one."""
    middle, rest = x.shape[batch : batch + rows], x.shape[batch + rows :]
    shape = (*x.shape[:batch], math.prod(middle), math.prod(rest))
    return x if x.shape == shape else x.reshape(shape)
