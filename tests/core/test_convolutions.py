"""Module 09: windows, convolutions in three forms, pooling, batch norm, and their gradients."""

import itertools
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor, nn
from tinytorch.core import convolutions
from tinytorch.core.autograd import gradcheck
from tinytorch.core.convolutions import (
    BatchNorm,
    add_to_windows,
    batch_norm_dx,
    chunks,
    columns,
    conv2d_kernel,
    conv2d_loops,
    max_pool2d_kernel,
    moments_kernel,
    output_size,
    padded,
    pair,
    pixels,
    unpixels,
    windows,
)

RNG = np.random.default_rng(9)


def images(*shape, dtype=np.float32):
    return RNG.uniform(-2, 2, shape).astype(dtype)


def channels_last(x):
    """`x` with the same values and its channels last in memory."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


@st.composite
def settings_of_a_convolution(draw):
    """Image, weight, bias, stride, padding and dilation for which at least one window fits."""
    two = st.tuples(st.integers(1, 3), st.integers(1, 3))
    kernel_size, stride, dilation = draw(two), draw(two), draw(two)
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    sides = [
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 3))
        for k, p, d in zip(kernel_size, padding, dilation, strict=True)
    ]
    N, C, O = (draw(st.integers(1, 3)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    shapes = (N, C, *sides), (O, C, *kernel_size), (O,)
    return *(rng.uniform(-2, 2, shape) for shape in shapes), stride, padding, dilation


# ------------------------------------------------------------------------------------ the sizes


@given(*[st.integers(1, n) for n in (12, 4, 4)], st.integers(0, 3), st.integers(1, 3))
def test_the_output_size_counts_the_windows_that_fit(size, kernel, stride, padding, dilation):
    last = size + padding - 1
    firsts = range(-padding, size + padding, stride)
    fitting = sum(first + dilation * (kernel - 1) <= last for first in firsts)
    if fitting:
        assert output_size(size, kernel, stride, padding, dilation) == fitting
    else:
        with pytest.raises(ValueError, match=rf"image has {size}"):
            output_size(size, kernel, stride, padding, dilation)


def test_a_number_stands_for_height_and_width():
    assert pair(3, "stride") == pair((3,), "stride") == pair([3, 3], "stride") == (3, 3)
    with pytest.raises(RuntimeError, match=r"stride: got \(1, 2, 3\), expected a number or a pair"):
        pair((1, 2, 3), "stride")
    for value in (1.5, (1.5, 2)):
        with pytest.raises(TypeError, match="whole number"):
            pair(value, "stride")
    with pytest.raises(RuntimeError, match="stride: got 0, expected a number or a pair, 1 or more"):
        pair(0, "stride")


# ---------------------------------------------------------------------------------- the windows


def test_windows_are_a_view_and_show_each_place():
    x = images(2, 3, 7, 9)
    view = windows(x, (3, 2), (2, 1), (1, 3))
    assert np.shares_memory(view, x)
    assert view.shape == (2, 3, 3, 6, 3, 2)
    for row, column, i, j in itertools.product(range(3), range(6), range(3), range(2)):
        expected = x[:, :, row * 2 + i, column + j * 3]
        np.testing.assert_array_equal(view[:, :, row, column, i, j], expected)


@pytest.mark.parametrize("turn", [lambda x: x, channels_last, lambda x: x[:, ::2, ::-1, 1:]])
def test_windows_follow_any_strides(turn):
    x = turn(images(2, 4, 5, 6))
    expected = windows(np.ascontiguousarray(x), (2, 2))
    np.testing.assert_array_equal(windows(x, (2, 2)), expected)


def test_padding_puts_a_border_on_all_sides_and_channels_last():
    x = images(2, 3, 4, 5)
    out = padded(x, (1, 2), -7)
    assert out.shape == (2, 3, 6, 9)
    np.testing.assert_array_equal(out[:, :, 1:-1, 2:-2], x)
    assert (out == -7).sum() == out.size - x.size
    assert out.transpose(0, 2, 3, 1).flags.c_contiguous


def test_columns_have_a_row_for_each_window():
    x = images(2, 3, 4, 4)
    rows = columns(windows(x, (2, 2)))
    assert rows.shape == (2 * 3 * 3, 2 * 2 * 3)
    np.testing.assert_array_equal(rows[4], x[0, :, 1:3, 1:3].transpose(1, 2, 0).ravel())


def test_adding_to_windows_sums_where_they_overlap():
    grad, values = np.zeros((1, 2, 5, 5)), images(1, 2, 3, 3, 3, 3, dtype=float)
    add_to_windows(windows(grad, (3, 3)), values)
    expected = np.zeros_like(grad)
    for row, column in np.ndindex(3, 3):
        expected[:, :, row : row + 3, column : column + 3] += values[:, :, row, column]
    np.testing.assert_allclose(grad, expected)


@given(st.sampled_from([(2, 3), (2, 3, 4), (2, 3, 4, 5)]))
def test_pixels_and_back(shape):
    x = images(*shape)
    np.testing.assert_array_equal(unpixels(pixels(x), shape), x)
    assert pixels(x).shape == (x.size // 3, 3)


def test_pixels_of_channels_last_are_a_view():
    x = channels_last(images(2, 3, 4, 5))
    assert np.shares_memory(pixels(x), x)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_chunks_cover_all_images_once(monkeypatch, count):
    view = windows(images(count, 2, 4, 4), (2, 2))
    monkeypatch.setattr(convolutions, "CACHE_BYTES", 2 * 2 * 9 * 4 * 4 + 1)
    parts = list(chunks(view))
    assert [n for part in parts for n in range(count)[part]] == list(range(count))
    assert len(parts) == -(-count // 2)


# ------------------------------------------------------------------------------ the convolution


def test_an_edge_filter_by_hand_is_not_flipped():
    x = np.array([[[[1.0, 2.0, 4.0]]]])
    weight = np.array([[[[-1.0, 10.0]]]])
    for convolve in (conv2d_loops, conv2d_kernel):
        np.testing.assert_array_equal(convolve(x, weight), [[[[19.0, 38.0]]]])


@given(settings_of_a_convolution())
def test_the_product_agrees_with_the_loops(case):
    x, weight, bias, stride, padding, _ = case
    try:
        expected = conv2d_loops(x, weight, bias, stride, padding)
    except ValueError:
        with pytest.raises(ValueError, match="spans"):
            conv2d_kernel(x, weight, bias, stride, padding)
        return
    np.testing.assert_allclose(conv2d_kernel(x, weight, bias, stride, padding), expected)


@given(settings_of_a_convolution())
def test_the_gradients_of_a_convolution_agree_with_differences(case):
    x, weight, bias, *settings = case
    inputs = [Tensor(a, requires_grad=True) for a in (x[:1], weight[:2], bias[:2])]
    assert gradcheck(lambda x, weight, bias: F.conv2d(x, weight, bias, *settings), inputs)


@pytest.mark.torch
@given(settings_of_a_convolution(), st.booleans(), st.sampled_from([None, "same", "valid"]))
def test_values_and_gradients_are_those_of_pytorch(torch, case, with_bias, name):
    x, weight, bias, stride, padding, dilation = case
    if name:
        stride, padding = (1, 1), name
    arrays = [x, weight, bias] if with_bias else [x, weight]
    results = []
    for library, make in ((tt, Tensor), (torch, torch.tensor)):
        tensors = [make(a).requires_grad_() for a in arrays]
        inputs = tensors if with_bias else [*tensors, None]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # PyTorch warns that "same" may cost a copy
                out = library.nn.functional.conv2d(*inputs, stride, padding, dilation)
        except RuntimeError:
            results.append(None)
            continue
        out.backward(make(np.linspace(0.5, 1.5, out.numel()).reshape(tuple(out.shape))))
        results.append([out.detach().numpy(), *(t.grad.numpy() for t in tensors)])
    ours, theirs = results
    assert (ours is None) == (theirs is None)
    for mine, other in zip(ours or (), theirs or (), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9)


def test_the_result_does_not_depend_on_the_chunks(monkeypatch):
    x, weight = images(5, 3, 6, 6), images(4, 3, 3, 3)
    whole = [Tensor(a, requires_grad=True) for a in (x, weight)]
    F.conv2d(*whole, padding=1).sum().backward()
    monkeypatch.setattr(convolutions, "CACHE_BYTES", 1)
    single = [Tensor(a, requires_grad=True) for a in (x, weight)]
    F.conv2d(*single, padding=1).sum().backward()
    for one, other in zip(whole, single, strict=True):
        np.testing.assert_allclose(one.grad.array, other.grad.array, rtol=1e-5, atol=1e-4)


def test_the_result_has_its_channels_last_in_memory():
    out = F.conv2d(Tensor(images(2, 3, 5, 5)), Tensor(images(4, 3, 3, 3)))
    assert out.array.transpose(0, 2, 3, 1).flags.c_contiguous
    pooled = F.max_pool2d(out, 2, 1)
    assert pooled.array.transpose(0, 2, 3, 1).flags.c_contiguous


def test_one_image_without_a_batch():
    x, weight = Tensor(images(3, 5, 5)), Tensor(images(4, 3, 3, 3))
    np.testing.assert_array_equal(
        F.conv2d(x, weight).array, F.conv2d(x.unsqueeze(0), weight).array[0]
    )
    np.testing.assert_array_equal(
        F.max_pool2d(x, 2).array, F.max_pool2d(x.unsqueeze(0), 2).array[0]
    )


def test_a_batch_of_no_images():
    weight = Tensor(images(4, 3, 3, 3), requires_grad=True)
    out = F.max_pool2d(F.conv2d(tt.zeros(0, 3, 8, 8), weight), 2)
    assert out.shape == (0, 4, 3, 3)
    out.sum().backward()
    assert not weight.grad.array.any()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64])
def test_the_dtype_is_kept(dtype):
    x, weight = np.ones((1, 2, 3, 3), dtype), np.ones((1, 2, 3, 3), dtype)
    assert F.conv2d(Tensor(x), Tensor(weight)).dtype == dtype
    assert F.max_pool2d(Tensor(x), 2, padding=1).dtype == dtype


def test_inputs_and_gradients_are_left_alone():
    arrays = [images(2, 3, 5, 5), images(4, 3, 3, 3), images(4)]
    copies = [a.copy() for a in arrays]
    x, weight, bias = (Tensor(a, requires_grad=True) for a in arrays)
    g = Tensor(images(2, 4, 2, 2))
    before = g.array.copy()
    F.max_pool2d(F.conv2d(x, weight, bias, padding=1), 2).backward(g)
    for array, copy in zip([*arrays, g.array], [*copies, before], strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (((2, 3, 5, 5), (4, 2, 3, 3)), r"\(2, 3, 5, 5\), expected \(N, 2, H, W\)"),
        (((2, 5), (4, 2, 3, 3)), r"\(2, 5\), expected"),
        (((2, 3, 5, 5), (4, 3, 3, 3), (5,)), r"bias has shape \(5,\), expected \(4,\)"),
        (((2, 3, 5, 5), (4, 3, 6, 3)), r"spans 6, and the image has 5"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_words(shapes, words):
    with pytest.raises(RuntimeError, match=words):
        F.conv2d(*(tt.zeros(*shape) for shape in shapes))


def test_dtypes_are_not_mixed():
    with pytest.raises(RuntimeError, match="input of float64 and a weight of float32"):
        F.conv2d(tt.zeros(1, 1, 3, 3, dtype=tt.float64), tt.zeros(1, 1, 3, 3))


def test_names_for_the_padding():
    x, weight = tt.zeros(1, 1, 7, 7), tt.zeros(1, 1, 4, 3)
    assert F.conv2d(x, weight, padding="same").shape == (1, 1, 7, 7)
    assert F.conv2d(x, weight, padding="valid").shape == (1, 1, 4, 5)
    with pytest.raises(RuntimeError, match="stride of 1"):
        F.conv2d(x, weight, padding="same", stride=2)
    with pytest.raises(ValueError, match="'some'"):
        F.conv2d(x, weight, padding="some")
    with pytest.raises(ValueError, match="stride of 1"):
        nn.Conv2d(1, 1, 3, padding="same", stride=2)
    with pytest.raises(ValueError, match="'some'"):
        nn.Conv2d(1, 1, 3, padding="some")


# ------------------------------------------------------------------------------------- the layer


def test_the_layer_begins_within_its_bound():
    tt.manual_seed(0)
    layer = nn.Conv2d(8, 64, (3, 5))
    bound = 1 / np.sqrt(8 * 15)
    for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
        assert np.abs(values).max() <= bound
        assert np.abs(values).max() > 0.9 * bound
    assert nn.Conv2d(1, 1, 3, bias=False).bias is None


@pytest.mark.torch
@pytest.mark.parametrize(
    "arguments",
    [
        {"kernel_size": 3},
        {"kernel_size": (3, 2), "stride": 2, "padding": (1, 0), "bias": False},
        {"kernel_size": 3, "padding": "same", "dilation": 2, "groups": 2},
    ],
)
def test_the_layer_is_described_and_saved_as_by_pytorch(torch, arguments):
    ours, theirs = (library.nn.Conv2d(4, 8, **arguments) for library in (tt, torch))
    assert repr(ours) == repr(theirs)
    assert {k: v.shape for k, v in ours.state_dict().items()} == {
        k: tuple(v.shape) for k, v in theirs.state_dict().items()
    }


def test_the_layer_refuses_groups_that_do_not_divide():
    with pytest.raises(ValueError, match="3 channels in, 4 out and groups=2"):
        nn.Conv2d(3, 4, 3, groups=2)


def test_layers_can_be_pickled():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.MaxPool2d(2)).eval()
    x = Tensor(images(2, 1, 8, 8))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(net))(x).array, net(x).array)


# ------------------------------------------------------------------------------------ max-pooling


def test_max_pooling_by_hand():
    x = Tensor([[[[1.0, 2.0, 0.0], [4.0, 3.0, 7.0], [5.0, 5.0, 1.0]]]])
    np.testing.assert_array_equal(F.max_pool2d(x, 2).array, [[[[4.0]]]])
    np.testing.assert_array_equal(F.max_pool2d(x, 2, 1).array, [[[[4.0, 7.0], [5.0, 7.0]]]])


def test_the_gradient_of_equals_goes_to_the_first_alone():
    x = tt.zeros(1, 1, 2, 4).requires_grad_()
    F.max_pool2d(x, 2).backward(Tensor([[[[3.0, 5.0]]]]))
    np.testing.assert_array_equal(x.grad.array, [[[[3, 0, 5, 0], [0, 0, 0, 0]]]])


@pytest.mark.torch
@given(
    st.integers(1, 3), st.integers(1, 3), st.integers(0, 1), st.integers(1, 2), st.integers(0, 99)
)
def test_pooling_and_its_ties_are_those_of_pytorch(torch, kernel, stride, padding, dilation, seed):
    x = np.random.default_rng(seed).integers(0, 3, (2, 2, 7, 6)).astype(np.float64)
    padding = min(padding, kernel // 2)
    results = []
    for library, make in ((tt, Tensor), (torch, torch.tensor)):
        t = make(x).requires_grad_()
        out = library.nn.functional.max_pool2d(t, kernel, stride, padding, dilation)
        out.backward(make(np.linspace(0.5, 1.5, out.numel()).reshape(tuple(out.shape))))
        results.append((out.detach().numpy(), t.grad.numpy()))
    for mine, other in zip(*results, strict=True):
        np.testing.assert_allclose(mine, other)


def test_padding_never_wins():
    x = -np.ones((1, 1, 2, 2), np.float32)
    assert (F.max_pool2d(Tensor(x), 3, 1, padding=1).array == -1).all()
    assert (max_pool2d_kernel(x.astype(int), (3, 3), (1, 1), (1, 1)) == -1).all()


def test_nan_is_the_largest_value():
    x = np.array([[[[1.0, np.nan], [2.0, 3.0]]]])
    assert np.isnan(max_pool2d_kernel(x, (2, 2), (2, 2))).all()


def test_pooling_refuses_what_has_no_meaning():
    x = tt.zeros(1, 1, 4, 4)
    with pytest.raises(RuntimeError, match=r"padding \(2, 2\) for windows of \(3, 3\)"):
        F.max_pool2d(x, 3, padding=2)
    with pytest.raises(RuntimeError, match=r"got shape \(4, 4\)"):
        F.max_pool2d(tt.zeros(4, 4), 2)
    with pytest.raises(RuntimeError, match="spans 5"):
        F.max_pool2d(x, 5)


# ------------------------------------------------------------------------------------- batch norm


def test_moments_are_over_images_and_pixels():
    x = images(4, 3, 5, 2)
    mean, var = moments_kernel(x)
    np.testing.assert_allclose(mean, x.mean((0, 2, 3)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(var, x.var((0, 2, 3)), rtol=1e-5)


def test_moments_of_values_far_from_zero_are_exact():
    x = (1e4 + images(64, 2, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(moments_kernel(x)[1], x.astype(float).var((0, 2, 3)), rtol=1e-3)


def test_training_standardizes_each_channel():
    layer = nn.BatchNorm2d(3)
    x = 5 + 3 * images(8, 3, 4, 4)
    out = layer(Tensor(x)).detach().numpy()
    np.testing.assert_allclose(out.mean((0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(out.var((0, 2, 3)), 1, atol=1e-4)


def test_the_record_is_unbiased_and_the_output_is_not():
    layer = nn.BatchNorm2d(1)
    out = layer(Tensor([[[[1.0]]], [[[3.0]]]]))
    np.testing.assert_allclose(out.detach().numpy().ravel(), [-1, 1], rtol=1e-4)
    assert layer.running_mean.item() == pytest.approx(0.1 * 2)
    assert layer.running_var.item() == pytest.approx(0.9 + 0.1 * 2)  # 2 = ((1-2)² + (3-2)²) / 1
    assert layer.num_batches_tracked.item() == 1


def test_evaluation_looks_at_the_record_alone_and_leaves_it():
    layer = nn.BatchNorm2d(2)
    layer(Tensor(images(8, 2, 3, 3)))
    layer.eval()
    state = {name: t.numpy().copy() for name, t in layer.state_dict().items()}
    x = Tensor(images(4, 2, 3, 3))
    np.testing.assert_allclose(layer(x).array[:1], layer(x[:1]).array, rtol=1e-6)
    for name, t in layer.state_dict().items():
        np.testing.assert_array_equal(t.numpy(), state[name])


def test_one_value_per_channel_is_refused_in_training():
    layer = nn.BatchNorm2d(3)
    with pytest.raises(ValueError, match=r"\(1, 3, 1, 1\), so one value per channel"):
        layer(tt.zeros(1, 3, 1, 1))
    assert layer.eval()(tt.zeros(1, 3, 1, 1)).shape == (1, 3, 1, 1)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"BatchNorm2d: got shape \(2, 3\), expected 4 dim"):
        nn.BatchNorm2d(3)(tt.zeros(2, 3))
    with pytest.raises(RuntimeError, match=r"\(2, 4, 1, 1\), expected 3 channels"):
        nn.BatchNorm2d(3)(tt.zeros(2, 4, 1, 1))
    with pytest.raises(RuntimeError, match="running_mean"):
        F.batch_norm(tt.zeros(2, 3), None, None)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(4, 2), (3, 2, 3), (2, 2, 3, 2)])
def test_the_gradients_of_batch_norm_agree_with_differences(training, shape):
    inputs = [Tensor(images(*s, dtype=float), requires_grad=True) for s in (shape, (2,), (2,))]
    mean, var = Tensor(np.array([0.5, -1.0])), Tensor(np.array([2.0, 0.7]))

    def function(x, weight, bias):
        return F.batch_norm(x, mean.clone(), var.clone(), weight, bias, training)

    assert gradcheck(function, inputs)


def test_a_shift_or_a_stretch_of_the_batch_has_no_gradient():
    x, g = images(8, 2, dtype=float), images(8, 2, dtype=float)
    mean, var = moments_kernel(x)
    dx = batch_norm_dx(g, x, mean, var, np.ones(2), 0.0, True)
    np.testing.assert_allclose(dx.sum(0), 0, atol=1e-12)
    np.testing.assert_allclose((dx * x).sum(0), 0, atol=1e-12)


@pytest.mark.torch
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"momentum": None},
        {"affine": False},
        {"bias": False},
        {"track_running_stats": False},
        {"momentum": 0.3, "eps": 0.1},
    ],
)
def test_batch_norm_is_that_of_pytorch_over_several_batches(torch, options):
    ours, theirs = tt.nn.BatchNorm2d(3, **options), torch.nn.BatchNorm2d(3, **options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for training in (True, True, False):
        x = 2 + 3 * images(4, 3, 5, 2)
        mine, other = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        for layer, t in ((ours.train(training), mine), (theirs.train(training), other)):
            out = layer(t)
            (out * out * out).sum().backward()
        np.testing.assert_allclose(mine.grad.array, other.grad.numpy(), rtol=2e-3, atol=1e-3)
        for name, value in ours.state_dict().items():
            np.testing.assert_allclose(value.numpy(), theirs.state_dict()[name], rtol=1e-5)


def test_the_base_takes_any_number_of_dimensions():
    layer = BatchNorm(2)
    for shape in ((4, 2), (4, 2, 3), (4, 2, 3, 3)):
        assert layer(tt.zeros(*shape)).shape == shape


# ------------------------------------------------------------------------------- put to work


def test_a_small_network_learns_which_way_a_line_runs():
    tt.manual_seed(3)
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 64)
    x = rng.normal(0, 0.3, (64, 1, 8, 8)).astype(np.float32)
    for image, label in zip(x[:, 0], labels, strict=True):
        place = rng.integers(0, 8)
        (image if label else image.T)[place] += 2
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(36, 2),
    )  # fmt: skip
    optimizer = tt.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(40):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(Tensor(x)), Tensor(labels))
        loss.backward()
        optimizer.step()
    accuracy = (net.eval()(Tensor(x)).argmax(1).array == labels).mean()
    assert accuracy > 0.95
