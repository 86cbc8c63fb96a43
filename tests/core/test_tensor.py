"""Module 01: creation, the door, shapes, indexing and assignment, views, printing."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch as tt
from tinytorch import Tensor
from tinytorch.core.tensor import (
    KERNELS,
    METHODS,
    alignment,
    apply,
    broadcast_shape,
    kernel,
    listen,
    method,
)

# ------------------------------------------------------------------------------------ creation


def test_lists_become_float32_and_arrays_are_kept_as_they_are():
    array = np.arange(3)
    assert Tensor([1, 2]).dtype == tt.float32
    assert Tensor(array).array is array
    assert Tensor(np.float64(2)).dtype == tt.float64


@pytest.mark.torch
@pytest.mark.parametrize(
    "data",
    [
        1, 1.5, True, [], [1, 2], [1, 2.0], [True, False], [[1.0], [2.0]], (1, 2), [[]], [True, 2],
        np.float64(1.5), np.arange(3, dtype=np.int32), [np.float32(1), 2],
    ],
    ids=repr,
)  # fmt: skip
def test_tensor_infers_dtype_and_shape_as_pytorch_does(torch, same, data):
    same(tt.tensor(data), torch.tensor(data))


def test_tensor_copies_and_from_numpy_does_not():
    array = np.zeros(2, np.float32)
    tt.tensor(array)[0] = 1
    assert array[0] == 0
    tt.from_numpy(array)[0] = 1
    assert array[0] == 1
    assert tt.as_tensor(array).array is array


def test_nested_tensors_are_values_too():
    assert tt.tensor([tt.tensor(1.0), tt.tensor(2.0)]).tolist() == [1.0, 2.0]
    assert tt.tensor([tt.tensor(1), 2]).dtype == tt.int64


@pytest.mark.torch
@pytest.mark.parametrize(
    "create",
    [
        lambda t: t.zeros(2, 3),
        lambda t: t.zeros((2, 3), dtype=t.int64),
        lambda t: t.ones([2]),
        lambda t: t.ones(()),
        lambda t: t.full((2, 2), 7),
        lambda t: t.full((2,), 1.5),
        lambda t: t.full((2,), True),
        lambda t: t.full((2,), 3, dtype=t.float16),
        lambda t: t.arange(5),
        lambda t: t.arange(2, 8, 3),
        lambda t: t.arange(0, 1, 0.25),
        lambda t: t.arange(3.0),
        lambda t: t.arange(5, 1, -2),
        lambda t: t.arange(3, dtype=t.float64),
        lambda t: t.as_tensor([1.0, 2.0], dtype=t.float64),
    ],
)
def test_creation_has_the_values_and_dtypes_of_pytorch(torch, same, create):
    same(create(tt), create(torch))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: Tensor(3), TypeError, r"zeros\(2, 3\)"),
        (lambda: Tensor(2, 3), TypeError, "takes values, not sizes"),
        (lambda: tt.tensor([[1.0], [2.0, 3.0]]), ValueError, "lists of different lengths"),
        (lambda: tt.tensor([1], requires_grad=True), RuntimeError, r"int64.*x.float\(\)"),
        (lambda: tt.zeros(2, dtype="complex64"), TypeError, "complex64, expected one of float16"),
        (lambda: tt.zeros(2, device="cuda"), RuntimeError, "'cuda' is not available"),
        (lambda: tt.cat([]), RuntimeError, "no tensors"),
        (lambda: Tensor([1.0, 2.0]).item(), RuntimeError, r"shape \(2,\)"),
        (lambda: bool(Tensor([1.0, 2.0])), RuntimeError, r"\.any\(\) or .*\.all\(\)"),
        (lambda: len(tt.tensor(1.0)), TypeError, "no length"),
        (lambda: list(range(10))[tt.tensor(1.0)], TypeError, "float32 cannot be an index"),
        (lambda: Tensor([1.0]).nonsense, AttributeError, "'nonsense'"),
        (lambda: tt.ones(2, 3) + tt.ones(2), RuntimeError, "sizes 3 and 2 meet at dim -1"),
        (lambda: tt.ones(2, 3) @ tt.ones(2, 3), RuntimeError, r"inner sizes differ, 3 .* 2"),
        (lambda: tt.ones(2) @ tt.ones(2).double(), RuntimeError, "float32 and float64"),
        (lambda: tt.tensor(2.0) @ tt.ones(2), RuntimeError, "use \\* for numbers"),
        (lambda: tt.ones(2).sum(1), IndexError, "dim 1 is out of range"),
        (lambda: tt.ones(2, 2).sum((0, 0)), RuntimeError, "same dimension twice"),
        (lambda: tt.arange(3).mean(), RuntimeError, "int64; convert"),
        (lambda: tt.ones(2, 3).reshape(4), RuntimeError, r"reshape\(\(2, 3\)\)"),
        (lambda: tt.ones(2, 3).T.view(6), RuntimeError, r"x\.reshape"),
        (lambda: tt.ones(2, 3).permute(0), RuntimeError, "2 dimensions"),
        (lambda: tt.ones(2).expand(3), RuntimeError, r"expand\(\(2,\)\)"),
        (lambda: tt.where(tt.ones(2), 1.0, 0.0), RuntimeError, "float32, expected a bool tensor"),
        (lambda: tt.ones(2).to("cuda"), RuntimeError, "'cuda' is not available"),
        (lambda: tt.ones(2, requires_grad=True).numpy(), RuntimeError, r"detach\(\)\.numpy\(\)"),
        (lambda: tt.ones(2) + "a", TypeError, "unsupported operand"),
    ],
)
def test_misuse_is_refused_in_words_that_name_shapes_and_a_way_out(call, error, words):
    with pytest.raises(error, match=words):
        call()


# ------------------------------------------------------------------------------------ the door


def test_a_registered_kernel_is_an_operation_and_a_method_at_once():
    @kernel("tripled")
    def tripled_kernel(x):
        return 3 * x

    @method
    def tripled(input):
        return apply("tripled", input)

    x = Tensor([1.0, 2.0])
    try:
        assert x.tripled().tolist() == [3.0, 6.0]
        assert x.tripled_() is x
        assert x.tolist() == [3.0, 6.0]
    finally:
        del KERNELS["tripled"], METHODS["tripled"]


def test_listeners_hear_every_operation_and_the_last_one_hears_it_first():
    heard = []

    def listener(name):
        def note(below, op, tensors, options):
            heard.append((name, op))
            return below(op, tensors, options)

        return note

    with listen(listener("outer")), listen(listener("inner")):
        (Tensor([1.0]) + 1).sum()
    Tensor([1.0]).exp()
    assert heard == [("inner", "add"), ("outer", "add"), ("inner", "sum"), ("outer", "sum")]


def test_an_unknown_operation_says_how_to_register_it():
    with pytest.raises(NotImplementedError, match="@kernel\\('nothing'\\)"):
        apply("nothing", Tensor([1.0]))


@given(st.lists(st.lists(st.integers(0, 4), max_size=4).map(tuple), max_size=3))
def test_shapes_broadcast_as_in_numpy_and_alignment_speaks_up_where_they_do_not(shapes):
    try:
        expected = np.broadcast_shapes(*shapes)
    except ValueError:
        words = alignment(*shapes)
        assert "lined up from the right" in words
        with pytest.raises(ValueError, match="lined up from the right"):
            broadcast_shape(*shapes)
    else:
        assert broadcast_shape(*shapes) == expected
        assert alignment(*shapes) == ""


def test_batches_that_do_not_meet_are_shown_without_the_matrices():
    with pytest.raises(RuntimeError, match="sizes 2 and 5 meet at dim -1"):
        tt.ones(2, 3, 4) @ tt.ones(5, 4, 6)


def test_a_kernel_that_refuses_keeps_the_kind_of_its_error():
    x = tt.ones(2, 3)
    with pytest.raises(IndexError, match=r"permute\(\(2, 3\)\)"):  # NumPy's is a ValueError too
        apply("permute", x, order=(0, 5))
    with pytest.raises(RuntimeError, match="bools have no sign"):
        (x > 0).neg()
    with pytest.raises(RuntimeError, match="bools have no sign and no difference"):
        (x > 0) - (x > 0)


# --------------------------------------------------------------------- indexing and assignment

ROWS, COLUMNS, DEPTH = 3, 4, 2


def part_of(size):
    """An index of one dimension: a number, a slice, integers, a mask."""
    return st.one_of(
        st.integers(-size, size - 1),
        st.builds(
            slice,
            st.none() | st.integers(-size - 1, size + 1),
            st.none() | st.integers(-size - 1, size + 1),
            st.none() | st.integers(1, 3),
        ),
        st.lists(st.integers(-size, size - 1), min_size=2, max_size=2).map(np.array),
        st.lists(st.booleans(), min_size=size, max_size=size)
        .filter(lambda mask: sum(mask) == 2)
        .map(np.array),
    )


@st.composite
def indices(draw):
    """An index of a (3, 4, 2) tensor: a mixture of parts, with None and Ellipsis among them."""
    sizes = (ROWS, COLUMNS, DEPTH)
    number = draw(st.integers(0, 3))
    parts = [draw(part_of(size)) for size in sizes[:number]]
    if draw(st.booleans()):
        missing = draw(st.integers(0, number))
        last = [draw(part_of(size)) for size in sizes[3 - missing :]]
        parts = [*parts[: number - missing], ..., *last]
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), None)
    return tuple(parts) if len(parts) != 1 or draw(st.booleans()) else parts[0]


def with_tensors(library, index):
    """The arrays within an index as tensors of `library`."""
    if isinstance(index, tuple):
        return tuple(with_tensors(library, part) for part in index)
    return library.tensor(index) if isinstance(index, np.ndarray) else index


def both(torch):
    values = np.arange(ROWS * COLUMNS * DEPTH, dtype=np.float64).reshape(ROWS, COLUMNS, DEPTH)
    return tt.Tensor(values.copy()), torch.tensor(values)


def either(call):
    """What a call returns, or the family of its error."""
    try:
        return call()
    except (IndexError, RuntimeError) as error:
        return IndexError if isinstance(error, IndexError) else RuntimeError


@pytest.mark.torch
@given(index=indices())
def test_indexing_selects_what_pytorch_selects_with_its_gradient(torch, same, index):
    ours, theirs = both(torch)
    ours.requires_grad_()
    theirs.requires_grad_()
    found = either(lambda: ours[with_tensors(tt, index)])
    expected = either(lambda: theirs[with_tensors(torch, index)])
    if isinstance(expected, type):
        assert found is expected
        return
    same(found, expected)
    weights = np.arange(1.0, expected.numel() + 1).reshape(expected.shape)
    (found * tt.Tensor(weights)).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    same(ours.grad, theirs.grad)


@pytest.mark.torch
@given(index=indices(), number=st.booleans())
def test_assignment_writes_where_pytorch_writes_with_its_gradient(torch, same, index, number):
    ours, theirs = both(torch)
    shape = either(lambda: tuple(theirs[with_tensors(torch, index)].shape))
    if isinstance(shape, type):
        return
    places = np.arange(theirs.numel()).reshape(theirs.shape)[index]
    if np.unique(places).size != np.size(places):
        return  # a place that is written twice keeps either value
    values = np.full(() if number else shape[-1:], 0.5)
    grads = []
    for library, x in ((tt, ours), (torch, theirs)):
        x.requires_grad_()
        value = library.tensor(values, requires_grad=True)
        changed = x * 2
        changed[with_tensors(library, index)] = value
        (changed * changed).sum().backward()
        grads.append((changed, x.grad, value.grad))
    for mine, other in zip(*grads, strict=True):
        same(mine, other)


@pytest.mark.torch
@pytest.mark.parametrize(
    "index",
    [3, (0, 0, 0, 0), (slice(None), 7), [5], 1.5, np.array([0, 9]), np.array([True, False])],
)
def test_an_index_that_does_not_fit_is_an_index_error_as_in_pytorch(torch, index):
    for library, x in zip((tt, torch), both(torch), strict=True):
        with pytest.raises((IndexError, TypeError)) as caught:
            x[with_tensors(library, index)]
        assert library is torch or isinstance(caught.value, IndexError)


def test_a_slice_with_a_negative_step_is_a_value_error_as_in_pytorch():
    with pytest.raises(ValueError, match="flip"):
        tt.ones(3)[::-1]


@pytest.mark.torch
@pytest.mark.parametrize(
    ("index", "shape"),
    [
        ((0, 1), (1,)),
        ((0, 1), (1, 1, 1)),
        (0, (1, 1, 3)),
        (slice(0, 2), (1, 2, 3)),
        (np.array([[True, False, True], [False, True, False]]), (1, 3)),
        ((0, 1), (2,)),
        (0, (2, 3)),
    ],
)
def test_leading_sizes_of_1_do_not_count_in_what_is_written_as_in_pytorch(torch, index, shape):
    found = []
    for library in (tt, torch):
        x = library.zeros(2, 3)
        value = library.full(shape, 5.0, requires_grad=True)
        try:
            changed = x * 1
            changed[with_tensors(library, index)] = value
        except RuntimeError:
            found.append("refused")
            continue
        (changed * changed).sum().backward()
        found.append((changed.tolist(), value.grad.tolist()))
    assert found[0] == found[1]


def test_values_that_do_not_fit_the_place_are_refused_with_both_shapes():
    with pytest.raises(RuntimeError, match=r"setitem_\(\(3, 2\), \(3,\)\)"):
        tt.ones(3, 2)[0] = tt.ones(3)


def test_a_python_list_is_an_index_of_rows_and_a_uint8_tensor_is_a_mask():
    x = Tensor([10.0, 20.0, 30.0])
    assert x[[0, 2]].tolist() == [10.0, 30.0]
    assert x[[True, False, True]].tolist() == [10.0, 30.0]
    assert x[tt.tensor([1, 0, 1], dtype=tt.uint8)].tolist() == [10.0, 30.0]


def test_a_mask_without_dimensions_selects_a_number_with_its_gradient():
    x = tt.tensor(2.0, requires_grad=True)
    found = x[tt.tensor(True)]
    assert found.tolist() == [2.0]
    found.sum().backward()
    assert x.grad.item() == 1


def test_a_tensor_without_dimensions_is_an_index_as_a_number_is():
    x = tt.arange(6).reshape(2, 3)
    assert x[tt.tensor(1)].tolist() == [3, 4, 5]
    assert x[tt.tensor(1), tt.tensor(-1)].item() == 5
    assert ["a", "b"][tt.tensor(1)] == "b"


# --------------------------------------------------------------------------------------- views


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[1:],
        lambda x: x[0],
        lambda x: x[0, 0],
        lambda x: x[..., None],
        lambda x: x.T,
        lambda x: x.transpose(0, 1),
        lambda x: x.permute(1, 0),
        lambda x: x.reshape(-1),
        lambda x: x.view(3, 2),
        lambda x: x.flatten(),
        lambda x: x.unsqueeze(0),
        lambda x: x.squeeze(),
        lambda x: x.detach(),
        lambda x: x.data,
        lambda x: x.narrow(0, 0, 1),
        lambda x: x.select(1, 0),
        lambda x: x.split(1)[0],
        lambda x: x.chunk(2)[0],
        lambda x: x.unbind()[0],
        lambda x: x.diagonal(),
        lambda x: x.movedim(0, 1),
        lambda x: x.swapaxes(0, 1),
        lambda x: x.unflatten(1, (1, 3)),
        lambda x: next(iter(x)),
    ],
)
def test_a_view_shares_memory_in_both_directions(view):
    x = tt.zeros(2, 3)
    part = view(x)
    part.fill_(1)
    assert x.sum().item() == part.numel()
    x.fill_(2)
    assert (part == 2).all()


@pytest.mark.parametrize(
    "copied",
    [
        lambda x: x.clone(),
        lambda x: x.T.reshape(-1),
        lambda x: x.T.contiguous(),
        lambda x: x.flip(0),
        lambda x: x.roll(0, 0),
        lambda x: x.repeat(1, 1),
        lambda x: x[[0, 1]],
        lambda x: x[x == 0],
        lambda x: x.to(tt.float64),
        lambda x: x.to(tt.float32, copy=True),
        lambda x: x.tril(2),
        lambda x: x.floor(),
        lambda x: x.sort().values,
        lambda x: x.diag(),
        lambda x: tt.cat([x]),
        lambda x: tt.tensor(x),
        lambda x: copy.deepcopy(x),
    ],
)
def test_a_copy_has_memory_of_its_own(copied):
    x = tt.zeros(2, 3)
    copied(x).fill_(1)
    assert x.sum().item() == 0


def test_expand_takes_no_memory():
    wide = Tensor([[1.0], [2.0]]).expand(2, 1000)
    assert wide.stride() == (1, 0)
    assert wide.sum().item() == 3000


def test_contiguous_and_to_return_the_tensor_itself_where_nothing_changes():
    x = tt.ones(2, 3)
    assert x.contiguous() is x
    assert x.to(tt.float32) is x
    assert x.to("cpu") is x
    assert not x.T.is_contiguous()
    assert x.T.stride() == (1, 3)


@given(
    st.lists(st.integers(0, 3), max_size=4),
    st.randoms(use_true_random=False),
    st.integers(1, 2),
)
def test_contiguous_means_what_it_means_in_numpy(shape, random, step):
    order = random.sample(range(len(shape)), len(shape))
    array = np.zeros(shape, np.float32).transpose(order)[..., ::step] if shape else np.zeros(())
    assert Tensor(array).is_contiguous() == array.flags.c_contiguous


def test_in_place_operators_change_memory_and_never_the_dtype():
    x = tt.ones(2)
    view = x[:]
    x += 1
    x *= 3
    x -= Tensor([1.0, 2.0])
    x /= 2
    x **= 2
    assert x is not view
    assert view.tolist() == [6.25, 4.0]
    whole = tt.ones(2, dtype=tt.int64)
    whole += 2
    assert whole.dtype == tt.int64
    with pytest.raises(RuntimeError, match="float32, which cannot be stored in a tensor of int64"):
        whole += 0.5
    narrow = tt.ones(1)
    with pytest.raises(RuntimeError, match=r"\(1,\) gave \(3,\)"):
        narrow += tt.ones(3)


# ------------------------------------------------------------------------- the whole tensor


def test_python_sees_numbers_in_tensors():
    x = tt.tensor(2.5)
    assert float(x) == 2.5
    assert int(x) == 2
    assert f"{x:.2f}" == "2.50"
    assert math.sqrt(tt.tensor(4.0)) == 2
    assert list(range(3))[tt.tensor(1)] == 1
    assert np.asarray(tt.ones(2)).tolist() == [1.0, 1.0]
    assert 2.0 in Tensor([1.0, 2.0])
    assert len(tt.ones(3, 2)) == 3
    assert [row.tolist() for row in tt.ones(2, 1)] == [[1.0], [1.0]]
    assert tt.ones(2, 3).size() == (2, 3)
    assert tt.ones(2, 3).size(-1) == tt.ones(2, 3).shape[-1] == 3
    assert (tt.ones(2, 3).dim(), tt.ones(2, 3).numel()) == (2, 6)


def test_numpy_arrays_and_tensors_mix_with_the_tensor_in_charge():
    x = tt.ones(2)
    assert isinstance(np.float32(2) * x, Tensor)
    assert (x * np.float64(2)).dtype == tt.float32


def test_tensors_are_hashed_by_identity_and_compared_by_value():
    x, y = tt.ones(2), tt.ones(2)
    assert len({x, y}) == 2
    assert (x == y).tolist() == [True, True]


def test_copies_and_pickles_keep_values_gradients_wanted_and_dtype():
    x = tt.ones(2, dtype=tt.float64, requires_grad=True)
    for other in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert other.requires_grad
        assert other.dtype == tt.float64
        assert other.tolist() == [1.0, 1.0]
    with pytest.raises(RuntimeError, match=r"detach\(\)\.clone\(\)"):
        copy.deepcopy(x * 2)


def test_a_seed_repeats_the_numbers_and_a_generator_has_its_own():
    first = tt.manual_seed(3)
    a, b = tt.rand(3), tt.randn(3)
    tt.manual_seed(3)
    own = tt.Generator().manual_seed(9)
    tt.rand(2, generator=own)
    assert tt.equal(tt.rand(3), a)
    assert tt.equal(tt.randn(3), b)
    state = own.get_state()
    c = tt.rand(2, generator=own)
    own.set_state(state)
    assert tt.equal(tt.rand(2, generator=own), c)
    assert first.initial_seed() == 3


def test_random_values_have_their_distribution():
    uniform, normal = tt.rand(20_000), tt.randn(20_000)
    assert 0 <= uniform.min() <= uniform.max() < 1
    assert abs(uniform.mean().item() - 0.5) < 0.01
    assert abs(normal.mean().item()) < 0.03
    assert abs(normal.std().item() - 1) < 0.02


# ------------------------------------------------------------------------------------ printing


@pytest.mark.torch
@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.tensor(1.0),
        lambda t: t.tensor(3),
        lambda t: t.tensor(True),
        lambda t: t.tensor([]),
        lambda t: t.zeros(2, 0),
        lambda t: t.tensor([1.0, 2.0]),
        lambda t: t.tensor([1.0, 12.0, -3.0]),
        lambda t: t.tensor([0.5, -1.25]),
        lambda t: t.tensor([1.0, 1e-7]),
        lambda t: t.tensor([1e5, 0.1]),
        lambda t: t.tensor([123456.0, 0.5]),
        lambda t: t.tensor([1e10, 1.0]),
        lambda t: t.tensor([1e-5, 2e-5]),
        lambda t: t.tensor([float("nan"), 1.0, float("inf")]),
        lambda t: t.tensor([float("nan"), 1.5, -float("inf")]),
        lambda t: t.tensor([float("inf")]),
        lambda t: t.tensor([1, -20, 300]),
        lambda t: t.tensor([[1, 2], [3, 40]]),
        lambda t: t.tensor([True, False]),
        lambda t: t.tensor([[1.0, 2.0], [3.0, 4.5]]),
        lambda t: t.arange(8.0).reshape(2, 2, 2),
        lambda t: t.tensor([1.0], requires_grad=True),
        lambda t: t.arange(40.0) / 7,
        lambda t: t.arange(2000),
        lambda t: t.arange(2000.0).reshape(40, 50),
        lambda t: t.zeros(3),
    ],
)
def test_a_printed_tensor_looks_as_in_pytorch(torch, make):
    assert repr(make(tt)) == repr(make(torch))


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float64", "float16", "int32", "uint8"])
def test_a_dtype_other_than_the_default_is_printed(torch, dtype):
    ours = repr(tt.ones(2, dtype=getattr(tt, dtype)))
    theirs = repr(torch.ones(2, dtype=getattr(torch, dtype)))
    assert ours == theirs.replace("torch.", "tinytorch.")


def test_the_operation_that_made_a_tensor_is_printed():
    assert repr(Tensor([1.0], requires_grad=True) * 2) == "tensor([2.], grad_fn=<mul>)"


def test_a_device_is_named_as_in_pytorch_and_only_the_cpu_is_there():
    x = tt.zeros(2, device=tt.device("cpu"))
    assert x.device == tt.device("cpu") == "cpu"
    assert (x.device.type, x.device.index) == ("cpu", None)
    assert x.to(x.device) is x
    with pytest.raises(RuntimeError, match="'cuda:1' is not available"):
        x.to(tt.device("cuda", 1))


def test_half_precision_means_do_not_overflow_on_the_way():
    x = tt.full((1000,), 100.0, dtype=tt.float16)
    assert x.mean().item() == 100.0
    assert x.mean().dtype == x.sum().dtype == tt.float16


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: tt.tensor(1.0).size(0), IndexError, "without dimensions"),
        (lambda: tt.zeros(2.0), TypeError, "float"),
        (lambda: apply("exp", [1.0, 2.0]), TypeError, "expected tensors"),
    ],
)
def test_what_has_no_sizes_or_is_no_tensor_is_refused_with_the_type_of_pytorch(call, error, words):
    with pytest.raises(error, match=words):
        call()
