"""Other shapes: what the table of operations does not reach, and what is refused."""

import numpy as np
import pytest

import tinytorch as tt
from tinytorch import Tensor


@pytest.mark.torch
@pytest.mark.parametrize(
    "change",
    [
        lambda t, x: t.flip(x, dims=(0, -1)),
        lambda t, x: x.flip(0, 1),
        lambda t, x: t.tile(x, dims=(2,)),
        lambda t, x: x.tile(2, 1, 1, 1),
        lambda t, x: t.roll(x, (1, -1), (0, 2)),
        lambda t, x: t.roll(x, shifts=2, dims=1),
        lambda t, x: t.movedim(x, (0, 2), (2, 1)),
        lambda t, x: t.moveaxis(x, -1, 0),
        lambda t, x: t.swapdims(x, 0, 2),
        lambda t, x: t.rot90(x, 1, (1, 2)),
        lambda t, x: t.fliplr(x),
        lambda t, x: t.flipud(x),
        lambda t, x: t.ravel(x),
        lambda t, x: t.concat((x, x), 1),
        lambda t, x: t.concatenate([x, x]),
        lambda t, x: x.repeat(2, 1, 1, 2),
        lambda t, x: x.repeat((1, 2, 1)),
        lambda t, x: x.repeat_interleave(t.tensor([1, 0, 2]), dim=1),
        lambda t, x: x.repeat_interleave(t.tensor(2), dim=2),
        lambda t, x: x.split([2, 0, 1], dim=1)[2],
        lambda t, x: x.split(2, -1)[-1],
        lambda t, x: x.view_as(t.zeros(4, 6)),
        lambda t, x: x.expand(5, -1, -1, -1),
        lambda t, x: x.unflatten(-1, (2, 2)),
        lambda t, x: x.diagonal(dim1=-1, dim2=-2, offset=1),
        lambda t, x: x.unfold(2, 3, 1),
        lambda t, x: t.meshgrid([t.arange(2), t.arange(3)], indexing="ij")[0],
        lambda t, x: t.atleast_3d(t.tensor(1.0), t.ones(2))[1],
        lambda t, x: t.broadcast_to(x[:1], (5, 3, 4)),
        lambda t, x: t.tensor(t.broadcast_shapes((2, 1), (3,), ())),
        lambda t, x: t.empty(0).chunk(3)[2],
        lambda t, x: t.narrow(x, 1, -2, 2),
    ],
)
def test_every_way_to_call_means_what_it_means_in_pytorch(torch, same, change):
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    same(change(tt, Tensor(values)), change(torch, torch.tensor(values)))


@pytest.mark.torch
@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("border", [(1, 2), (1, 0, 2, 1), (0, 0), (-1, 2), (2, 2, -1, 0)])
def test_borders_are_those_of_pytorch(torch, same, mode, border):
    values = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    if len(border) == 2:
        values = values[0]
    same(
        tt.nn.functional.pad(Tensor(values), border, mode),
        torch.nn.functional.pad(torch.tensor(values), border, mode),
    )


def test_an_image_is_padded_with_the_value_that_is_asked_for():
    padded = tt.nn.functional.pad(tt.zeros(1, 1), (1, 0, 0, 1), value=5)
    assert padded.tolist() == [[5.0, 0.0], [5.0, 5.0]]


def test_writing_to_the_diagonal_changes_the_matrix():
    x = tt.zeros(2, 3)
    x.diagonal().fill_(1)
    assert x.tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


pad = tt.nn.functional.pad


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: tt.ones(2, 3).movedim((0, 1), 0), RuntimeError, "2 sources and 1 dest"),
        (lambda: tt.ones(2, 2, 2).t(), RuntimeError, r"\(2, 2, 2\), expected at most 2"),
        (lambda: tt.ones(6).unflatten(0, (4, 2)), RuntimeError, r"\(6,\) .* into \(4, 2\)"),
        (lambda: tt.ones(2, 3).repeat(2), RuntimeError, r"1 numbers for the shape \(2, 3\)"),
        (lambda: tt.ones(2).repeat(-1), RuntimeError, "from 0 upwards"),
        (lambda: tt.ones(3).repeat_interleave(tt.tensor([1, 2])), RuntimeError, "2 repeats for 3"),
        (lambda: tt.ones(5).split([2, 2]), RuntimeError, r"\[2, 2\] do not add up to 5"),
        (lambda: tt.ones(5).split(0), RuntimeError, "the size 0"),
        (lambda: tt.ones(5).chunk(0), RuntimeError, "0 chunks"),
        (lambda: tt.tensor(1.0).split(1), RuntimeError, "without dimensions"),
        (lambda: tt.tensor(1.0).unbind(), IndexError, "without dimensions"),
        (lambda: tt.ones(3).narrow(0, 2, 2), RuntimeError, "2 values from 2 do not fit in the 3"),
        (lambda: tt.ones(3).narrow(0, 4, 0), IndexError, "start 4"),
        (lambda: tt.ones(3).select(0, 3), IndexError, "out of bounds"),
        (lambda: tt.ones(3).unfold(0, 4, 1), RuntimeError, "size 4"),
        (lambda: tt.ones(3).flip(1), IndexError, "dim 1 is out of range"),
        (lambda: tt.ones(3).flip(0, 0), RuntimeError, "twice"),
        (lambda: tt.ones(3).roll((1, 2)), RuntimeError, "2 shifts and no dims"),
        (lambda: tt.ones(3).tril(), RuntimeError, "at least 2 dimensions"),
        (lambda: tt.ones(3, 3).diagonal(0, 1, 1), RuntimeError, "dim 1 twice"),
        (lambda: tt.ones(2, 2, 2).diag(), RuntimeError, "a vector or a matrix"),
        (lambda: tt.meshgrid(tt.ones(2, 2)), RuntimeError, r"\(2, 2\), expected vectors"),
        (lambda: tt.meshgrid(tt.ones(2), indexing="ji"), RuntimeError, "'ji'"),
        (lambda: tt.broadcast_shapes((2,), (3,)), RuntimeError, "do not broadcast"),
        (lambda: pad(tt.ones(3), (1,)), RuntimeError, "1 numbers"),
        (lambda: pad(tt.ones(3), (-4, 2)), RuntimeError, "cuts more than"),
        (lambda: pad(tt.ones(1, 3), (3, 0), "reflect"), RuntimeError, "size 3 allows"),
        (lambda: pad(tt.ones(1, 3), (1, 0), "mirror"), NotImplementedError, "'mirror'"),
        (lambda: pad(tt.ones(1, 3), (1, 0), "reflect", 2), ValueError, "takes no value"),
    ],
)
def test_what_has_no_such_shape_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()
