"""The table of operations that the tests share: how each is called, and on which inputs.

A case is called with a library, tinytorch or torch, whose names are the same:
`Case("topk", lambda t, x, k: t.topk(x, k).values, draw)`. `draw(source)` makes the arguments,
arrays and plain values, from the choices of a `Source`: Hypothesis makes them in the differential
tests, a seeded generator where a few fixed samples do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from samples import (
    ALL,
    FLOATS,
    INTS,
    NUMBERS,
    Source,
    along,
    bordered,
    dims_of,
    gathered,
    joined,
    masked,
    matrices,
    one,
    ranked,
    reduced,
    reordered,
    rows,
    several,
    shaped,
    sized,
)

from tinytorch.core.autograd import RULES
from tinytorch.core.tensor import KERNELS

F32_AND_64 = ("float32", "float64")
RULES_OF_THE_FRAMEWORK = {  # taken at import time, and without Functions: tests register some, too
    rule.op
    for op, rules in RULES.items()
    if op in KERNELS and not op.endswith(".apply")
    for rule in rules.values()
}


@dataclass(frozen=True)
class Case:
    """One operation: its name, `call(library, *tensors, **options)`, its arguments.

    `smooth` says whether finite differences are meaningful, `gradients` whether PyTorch's are
    compared, `tolerance` widens the comparison of float32 values.
    """

    name: str
    call: Callable[..., Any]
    draw: Callable[[Source], tuple[list, dict]]
    gradients: bool = True
    smooth: bool = True
    tolerance: float = 1e-5

    def __str__(self):
        return self.name


def assigned(x, index, value):
    """A copy of `x` after `x[index] = value`."""
    copy = x.clone()
    copy[index] = value
    return copy


CASES = [
    # elementwise, of one value
    *(
        Case(name, lambda t, x, name=name: getattr(t, name)(x), one(dtypes, low, high))
        for dtypes, low, high, names in [
            (NUMBERS, -3, 3, "neg abs negative square floor ceil trunc round"),
            (ALL, -3, 3, "exp exp2 expm1 sin cos atan sinh cosh asinh sign clone"),
            (ALL, -3, 3, "isnan isinf isfinite logical_not nan_to_num"),
            (ALL, -1, 1, "asin acos atanh tan"),
            (ALL, 0, 3, "log log1p log2 log10"),
            (ALL, 1, 3, "sqrt rsqrt reciprocal acosh"),
            (FLOATS, -3, 3, "frac"),
            ((*INTS, "bool"), -3, 3, "bitwise_not"),
        ]
        for name in names.split()
    ),
    Case("round to decimals", lambda t, x: t.round(x, decimals=1), one(("float32", "float64"))),
    *(
        Case(f"to {name}", lambda t, x, name=name: getattr(x, name)(), one(ALL, 0, 3))
        for name in ("half", "float", "double", "char", "short", "int", "long", "byte", "bool")
    ),
    # elementwise, of two values and more
    *(
        Case(name, lambda t, a, b, name=name: getattr(t, name)(a, b), several(2, dtypes, low, high))
        for dtypes, low, high, names in [
            (ALL, -3, 3, "add sub mul maximum minimum eq ne lt le gt ge"),
            (ALL, -3, 3, "logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor"),
            (ALL, 1, 3, "div atan2"),
            (NUMBERS, 1, 3, "fmod remainder"),
            (NUMBERS, -3, 3, "isclose"),
            (FLOATS, 1, 3, "hypot"),
            (FLOATS, -3, 3, "logaddexp"),
        ]
        for name in names.split()
    ),
    Case("negative remainder", lambda t, a, b: a % -b, several(2, NUMBERS[:-1], 1, 3)),
    Case("negative fmod", lambda t, a, b: t.fmod(-a, b), several(2, NUMBERS[:-1], 1, 3)),
    Case("pow", lambda t, a, b: a**b, several(2, FLOATS, 1, 3), tolerance=1e-4),
    Case("pow of integers", lambda t, a, b: a**b, several(2, INTS, 0, 3)),
    Case("pow by a number", lambda t, x, n: t.pow(x, n),
         one(FLOATS, 1, 3, n=[0, 1, 2, 3, 0.5, -1, 2.5])),
    Case("pow of a number", lambda t, x: t.pow(2.5, x), one(FLOATS, -2, 2), tolerance=1e-4),
    Case("floor_divide", lambda t, a, b: t.floor_divide(a, b), several(2, ALL, 1, 3),
         gradients=False),
    Case("div down", lambda t, a, b: t.div(a, b, rounding_mode="floor"), several(2, NUMBERS, 1, 3)),
    Case("div to zero", lambda t, a, b: t.div(-a, b, rounding_mode="trunc"),
         several(2, NUMBERS[:-1], 1, 3)),
    Case("div by zero", lambda t, a, b: a // b + a % b, several(2, INTS, 0, 1), gradients=False),
    Case("add with alpha", lambda t, a, b, alpha: t.add(a, b, alpha=alpha),
         several(2, NUMBERS, alpha=[2, 0.5])),
    Case("sub with alpha", lambda t, a, b: t.sub(a, b, alpha=2), several(2, NUMBERS)),
    Case("a number on the left", lambda t, x: (2 - x) * (3 / x) + 1, one(NUMBERS, 1, 3)),
    Case("a number on the right", lambda t, x: (x - 2) / 3 + 1.5 * x, one(NUMBERS, 1, 3)),
    Case("operators on bits", lambda t, a, b: (a & b) | (a ^ ~b), several(2, (*INTS, "bool"))),
    Case("lerp", lambda t, a, b: t.lerp(a, b, 0.3), several(2)),
    Case("lerp by a tensor", lambda t, a, b, w: t.lerp(a, b, w), several(3)),
    Case("addcmul", lambda t, a, b, c: t.addcmul(a, b, c, value=0.5), several(3)),
    Case("addcdiv", lambda t, a, b, c: t.addcdiv(a, b, c, value=2), several(3, FLOATS, 1, 3)),
    Case("clamp", lambda t, x, a, b: t.clamp(x, a, b),
         one(NUMBERS, a=[None, -1, -1.25, 2], b=[None, 1, 1.25])),
    Case("clamp by tensors", lambda t, x, a, b: t.clamp(x, a - 3, b + 4),
         sized("nk", "k", "nk", dtypes=NUMBERS[:-1])),
    Case("where", lambda t, m, a, b: t.where(m, a, b), masked(both=True)),
    Case("masked_fill", lambda t, m, x: x.masked_fill(m, 1), masked()),
    Case("masked_select", lambda t, m, x: t.masked_select(x, m), masked()),
    # reductions
    *(
        Case(name, lambda t, x, name=name, **o: getattr(t, name)(x, **o), draw)
        for draw, names in [
            (reduced(ALL), "sum mean amax amin any all nansum"),
            (reduced(ALL, several=False), "prod"),
            (reduced(ALL, needed=True), "logsumexp"),
            (reduced(ALL, smallest=2), "var std"),
            (reduced(FLOATS), "nanmean"),
            (reduced(NUMBERS, several=False, smallest=1), "argmax argmin"),
        ]
        for name in names.split()
    ),
    Case("var with correction", lambda t, x, c, **o: t.var(x, correction=c, **o),
         reduced(smallest=3, c=[0, 1, 2])),
    Case("std, biased", lambda t, x: t.std(x, 0, unbiased=False), one(least=1, smallest=2)),
    Case("var_mean", lambda t, x, **o: t.var_mean(x, **o), reduced(smallest=2)),
    Case("norm", lambda t, x, p, **o: t.norm(x, p, **o),
         reduced(("float32", "float64"), several=False, smallest=1,
              p=["fro", 0, 1, 2, 3, 1.5, float("inf"), -float("inf")]), tolerance=1e-4),
    Case("dist", lambda t, a, b: t.dist(a, b, 2), several(2, ("float32", "float64"))),
    Case("count_nonzero", lambda t, x, dim: t.count_nonzero(x, dim), along(ALL)),
    Case("max", lambda t, x: t.max(x), one(ALL)),
    Case("min", lambda t, x: t.min(x), one(ALL)),
    Case("max along", lambda t, x, **o: t.max(x, **o).values, along(ALL, keepdim=[False, True])),
    Case("min along", lambda t, x, **o: t.min(x, **o).values, along(ALL, keepdim=[False, True])),
    Case("max of two", lambda t, a, b: t.max(a, b), several(2, ALL)),
    Case("min of two", lambda t, a, b: t.min(a, b), several(2, ALL)),
    Case("aminmax", lambda t, x, **o: tuple(t.aminmax(x, **o)), along(ALL, keepdim=[False, True])),
    Case("median", lambda t, x: t.median(x), one(NUMBERS, smallest=1)),
    Case("median along", lambda t, x, **o: t.median(x, **o).values,
         ranked(1, keepdim=[False, True])),
    Case("cumsum", lambda t, x, dim: t.cumsum(x, dim), along(ALL)),
    Case("cumprod", lambda t, x, dim: t.cumprod(x, dim), along(ALL)),
    Case("diff", lambda t, x, dim, n: t.diff(x, n, dim), along(ALL, n=[1, 2])),
    # shapes
    Case("reshape", lambda t, x: t.reshape(x, (-1,)), one(ALL)),
    Case("view", lambda t, x: x.view(-1, 1), one(ALL, most=2)),  # of 3: also what PyTorch refuses
    Case("flatten", lambda t, x: t.flatten(x, 0, -1), one(ALL)),
    Case("flatten the end", lambda t, x: x.flatten(1), one(ALL)),
    Case("squeeze", lambda t, x: t.squeeze(x), one(ALL)),
    Case("squeeze along", lambda t, x, dim: t.squeeze(x, dim), along(ALL)),
    Case("unsqueeze", lambda t, x, dim: t.unsqueeze(x, dim), along(ALL)),
    Case("permute", lambda t, x, order: t.permute(x, order), reordered),
    Case("transpose", lambda t, x, dim: t.transpose(x, dim, -1), along(ALL)),
    Case("T", lambda t, x: x.T, one(ALL, least=2, most=2)),
    Case("mT", lambda t, x: x.mT, one(ALL, least=2)),
    Case("t", lambda t, x: t.t(x), one(ALL)),
    Case("movedim", lambda t, x, dim: t.movedim(x, dim, -1), along(ALL)),
    Case("movedim of several", lambda t, x: t.movedim(x, (0, 1), (-1, 0)), one(ALL)),
    Case("swapaxes", lambda t, x, dim: t.swapaxes(x, dim, 0), along(ALL)),
    Case("expand", lambda t, x: x.expand(2, *x.shape), one(ALL)),
    Case("expand with -1", lambda t, x: x.unsqueeze(0).expand(2, *[-1] * x.ndim), one(ALL)),
    Case("broadcast_to", lambda t, x: t.broadcast_to(x, (3, 2, 2)), one(ALL)),
    Case("broadcast_tensors", lambda t, a, b: t.broadcast_tensors(a, b), several(2, ALL)),
    Case("as others", lambda t, a, b: a.expand_as(a + b).reshape_as(a + b), several()),
    Case("repeat", lambda t, x, n: x.repeat(2, n, 1), one(ALL, n=[0, 1, 3])),
    Case("tile", lambda t, x: t.tile(x, (2, 1)), one(ALL)),
    Case("repeat_interleave", lambda t, x, dim: t.repeat_interleave(x, 2, dim), along(ALL)),
    Case("repeat_interleave by a tensor", lambda t, x: t.repeat_interleave(x, t.tensor([2, 0, 1])),
         sized("nk")),
    Case("split", lambda t, x, dim, n: t.split(x, n, dim), along(ALL, n=[1, 2, 5])),
    Case("split by sizes", lambda t, x: x.split([1, 2, 0]), one(ALL, smallest=2)),
    Case("chunk", lambda t, x, dim, n: t.chunk(x, n, dim), along(ALL, n=[1, 2, 5])),
    Case("unbind", lambda t, x, dim: t.unbind(x, dim), along(ALL)),
    Case("narrow", lambda t, x, dim: t.narrow(x, dim, 1, 1), along(ALL)),
    Case("select", lambda t, x, dim: t.select(x, dim, -1), along(ALL)),
    Case("unfold", lambda t, x, dim, step: x.unfold(dim, 2, step),
         along(ALL, least=1, step=[1, 2])),
    Case("unflatten", lambda t, x: x.reshape(-1).unflatten(0, (1, -1)), one(ALL)),
    Case("cat", lambda t, *x, dim: t.cat(x, dim), joined()),
    Case("stack", lambda t, *x, dim: t.stack(x, dim), joined(new=True)),
    Case("vstack", lambda t, a, b: t.vstack((a, b)), sized("nk", "mk")),
    Case("hstack", lambda t, a, b: t.hstack((a, b)), sized("nk", "nm")),
    Case("dstack", lambda t, a, b: t.dstack((a, b)), sized("n", "n")),
    Case("column_stack", lambda t, a, b: t.column_stack((a, b)), sized("n", "nk")),
    *(
        Case(f"atleast_{n}d", lambda t, x, n=n: getattr(t, f"atleast_{n}d")(x), one(ALL))
        for n in (1, 2, 3)
    ),
    Case("flip", lambda t, x, dims: t.flip(x, dims), dims_of()),
    Case("roll", lambda t, x, dim, n: t.roll(x, n, dim), along(ALL, n=[0, 1, -2, 7])),
    Case("roll all", lambda t, x: x.roll(2), one(ALL)),
    Case("rot90", lambda t, x, k: t.rot90(x, k), one(ALL, least=2, k=[0, 1, 2, 3, -1])),
    Case("tril", lambda t, x, k: t.tril(x, k), one(ALL, k=[-1, 0, 2])),
    Case("triu", lambda t, x, k: t.triu(x, k), one(ALL, k=[-1, 0, 2])),
    Case("diagonal", lambda t, x, k: t.diagonal(x, k, -1, 0), one(ALL, least=1, k=[-1, 0, 1])),
    Case("diag", lambda t, x, k: t.diag(x, k), one(ALL, k=[-1, 0, 1])),
    Case("diag_embed", lambda t, x, k: t.diag_embed(x, k), one(ALL, k=[-1, 0, 1])),
    Case("meshgrid", lambda t, a, b: t.meshgrid(a, b, indexing="xy"), sized("n", "m")),
    *(
        Case(f"pad, {mode}", lambda t, x, **o: t.nn.functional.pad(x, **o), bordered(mode))
        for mode in ("constant", "reflect", "replicate", "circular")
    ),
    # indices
    Case("gather", lambda t, x, i, dim: t.gather(x, dim, i), gathered(dtypes=ALL)),
    Case("scatter", lambda t, x, i, v, dim: t.scatter(x, dim, i, v), gathered(True, ALL)),
    Case("scatter a number", lambda t, x, i, dim: t.scatter(x, dim, i, 1.0), gathered()),
    Case("scatter_add", lambda t, x, i, v, dim: t.scatter_add(x, dim, i, v),
         gathered(True, NUMBERS)),
    Case("take_along_dim", lambda t, x, i: t.take_along_dim(x, i, 1),
         lambda s: ([s.array((3, 2)), s.index((1, 4), 2)], {})),
    Case("index_select", lambda t, x, i, dim: t.index_select(x, dim, i), rows(dtypes=ALL)),
    Case("index_add", lambda t, x, i, v, dim: t.index_add(x, dim, i, v, alpha=2),
         rows(True, NUMBERS)),
    Case("index_copy", lambda t, x, i, v, dim: x.index_copy(dim, i, v), rows(True, once=True)),
    Case("index_fill", lambda t, x, i, dim: x.index_fill(dim, i, 2), rows(dtypes=NUMBERS)),
    Case("getitem by slices", lambda t, x: x[1:, ..., None, ::2], one(ALL, least=2)),
    Case("getitem by arrays", lambda t, x, i: x[i, :, i],
         lambda s: ([s.array((3, 2, 3)), s.index((4,), 3)], {})),
    Case("getitem by a mask", lambda t, m, x: x[m],
         lambda s: ([s.mask((3, 2)), s.array((3, 2, 2))], {})),
    Case("setitem by slices", lambda t, x, v: assigned(x, (slice(1, None), None, ..., 0), v),
         shaped((3, 2, 2), [(), (2,), (2, 1, 2), (1, 2, 1, 2)])),
    Case("setitem by arrays", lambda t, x, v: assigned(x, (t.tensor([2, 0]), slice(None)), v),
         shaped((3, 2), [(), (1,), (2,), (2, 2)])),
    Case("setitem by a mask", lambda t, x, m: assigned(x, m, 1.5),
         lambda s: ([s.array((3, 2)), s.mask((3, 2))], {})),
    Case("copy_", lambda t, a, b: (a * 2).copy_(b[:1]), sized("nk", "mk")),
    Case("in place", lambda t, a, b: a.clone().mul_(b).add_(1).clamp_(min=0), sized("nk", "k")),
    Case("cast", lambda t, x: x.to(t.float32).to(t.float64), one(FLOATS), smooth=False),
    Case("nonzero", lambda t, x: t.nonzero(x), one(ALL)),
    Case("nonzero as a tuple", lambda t, x: t.where(x), one(ALL)),
    Case("sort", lambda t, x, **o: t.sort(x, stable=True, **o),
         along(ALL, descending=[False, True])),
    Case("argsort", lambda t, x, **o: t.argsort(x, stable=True, **o),
         along(ALL, descending=[False, True])),
    Case("topk", lambda t, x, k, **o: t.topk(x, k, **o).values,
         ranked(k=[0, 1, 2], largest=[False, True])),
    Case("unique", lambda t, x: t.unique(x, return_inverse=True, return_counts=True), one(ALL),
         gradients=False),
    Case("unique rows", lambda t, x: t.unique(x, dim=0), one(ALL, least=1, smallest=1),
         gradients=False),
    Case("bincount", lambda t, x: t.bincount(x, minlength=2), one(("int64", "int32"), 0, 5)),
    Case("searchsorted", lambda t, a, b: t.searchsorted(t.sort(a).values, b, right=True),
         sized("n", "km")),
    Case("bucketize", lambda t, a, b: t.bucketize(b, t.sort(a).values), sized("n", "km")),
    Case("isin", lambda t, a, b: t.isin(a, b.contiguous()), several(2, NUMBERS)),
    Case("one_hot", lambda t, x: t.nn.functional.one_hot(x), one(("int64",), 0, 4, smallest=1)),
    Case("argwhere", lambda t, x: t.argwhere(x), one(ALL)),
    # products
    Case("matmul", lambda t, a, b: a @ b, matrices()),
    Case("mm", lambda t, a, b: t.mm(a, b), sized("nk", "km")),
    Case("bmm", lambda t, a, b: t.bmm(a, b), sized("bnk", "bkm")),
    Case("mv", lambda t, a, b: t.mv(a, b), sized("nk", "k")),
    Case("dot", lambda t, a, b: t.dot(a, b), sized("n", "n")),
    Case("outer", lambda t, a, b: t.outer(a, b), sized("n", "m")),
    Case("inner", lambda t, a, b: t.inner(a, b), sized("nk", "mk")),
    Case("addmm", lambda t, c, a, b: t.addmm(c, a, b, beta=0.5, alpha=2), sized("m", "nk", "km")),
    Case("addmv", lambda t, c, a, b: t.addmv(c, a, b), sized("n", "nk", "k")),
    Case("baddbmm", lambda t, c, a, b: t.baddbmm(c, a, b, beta=2), sized("bnm", "bnk", "bkm")),
    Case("trace", lambda t, x: t.trace(x), sized("nk")),
    Case("tensordot", lambda t, a, b: t.tensordot(a, b, 2), sized("nkm", "kmb")),
    Case("tensordot by lists", lambda t, a, b: t.tensordot(a, b, ([0, 2], [2, 0])),
         sized("nkm", "mbn")),
    *(
        Case(f"einsum {equation}", lambda t, *x, e=equation: t.einsum(e, *x), sized(*shapes))
        for equation, *shapes in [
            ("ij->ji", "nk"), ("ij->", "nk"), ("ij->j", "nk"), ("ii->i", "nn"), ("ii",
                 "nn"), ("bii->b", "bnn"),
            ("i,i->", "n", "n"), ("i,j->ij", "n", "k"), ("ij,jk->ik", "nk", "km"), ("ij,jk", "nk",
                 "km"),
            ("bij,bjk->bik", "bnk", "bkm"), ("...ij,...jk->...ik", "bnk", "km"), ("b...,b...->...",
                 "bnk", "bnk"),
            ("ij,ij->ij", "nk", "nk"), ("ij,j->i", "nk", "k"), ("bthd,bshd->bhts", "bnkm",
                 "bnkm"), ("ij,jk,kl->il", "nk", "km", "mb"),
            ("iij,jk->ik", "nnk", "km"), ("i...->...", "nk"), (" i j , j k -> k i ", "nk",
                 "km"), ("ijk,lj->lik", "nkm", "bk"),
        ]
    ),
]  # fmt: skip
