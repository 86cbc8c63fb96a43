"""The checks of module 09: what each exercise claims, on a hand-worked example and fresh inputs."""

import itertools

import numpy as np

from tito.expect import check, expect, fresh, raises, rng


def at(offset, count, step):
    """The places at `offset`, `offset + step`, ...: `count` of them."""
    return slice(offset, offset + (count - 1) * step + 1, step)


def bordered(x, padding, value=0.0):
    """`x` with a border of `value` around height and width."""
    (above, left), (N, C, H, W) = padding, x.shape
    out = np.full((N, C, H + 2 * above, W + 2 * left), value, x.dtype)
    out[:, :, above : above + H, left : left + W] = x
    return out


def offsets(x, kernel_size, stride=(1, 1), dilation=(1, 1)):
    """For each offset within a window: it, and where its values stand in `x` (two slices)."""
    sides = []
    for size, k, s, d in zip(x.shape[2:], kernel_size, stride, dilation, strict=True):
        sides.append((size - d * (k - 1) - 1) // s + 1)
    for i, j in itertools.product(*map(range, kernel_size)):
        rows = at(i * dilation[0], sides[0], stride[0])
        yield (i, j), (slice(None), slice(None), rows, at(j * dilation[1], sides[1], stride[1]))


def convolved(x, weight, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    """The convolution, offset by offset, in float64."""
    x, out = bordered(x, padding).astype(float), 0
    for (i, j), places in offsets(x, weight.shape[2:], stride, dilation):
        out = out + np.einsum("nchw,oc->nohw", x[places], weight[:, :, i, j].astype(float))
    return out if bias is None else out + bias[:, None, None]


def all_windows(x, kernel_size, stride=(1, 1), dilation=(1, 1)):
    """A copy of all windows, (N, C, OH, OW, KH, KW)."""
    values = [x[places] for _, places in offsets(x, kernel_size, stride, dilation)]
    return np.stack(values, -1).reshape(*values[0].shape, *kernel_size)


# ----------------------------------------------------------------------------- 09.1 output_size


@check("09.1")
def test_a_plain_window():
    """A window of 3 has 6 places on 8 values, and one place on 3."""
    ask = "How many steps can the first window take to the right?"
    expect("[output_size(8, 3), output_size(3, 3), output_size(8, 1)]", [6, 1, 8], ask=ask)


@check("09.1")
def test_padding_stands_on_both_sides():
    """A window of 3 with padding 1 has as many places as there are values."""
    expect(
        "[output_size(8, 3, padding=1), output_size(8, 5, padding=2)]",
        [8, 8],
        ask="Padding 1 makes 8 values to how many?",
    )


@check("09.1")
def test_a_stride_moves_windows_apart():
    """With a stride of 2 windows begin at 0, 2, 4; what does not fit whole is left out."""
    expect(
        "[output_size(8, 3, stride=2), output_size(9, 3, stride=2), output_size(8, 2, 2)]",
        [3, 4, 4],
        ask="Where does the last window begin, and where does it end?",
    )


@check("09.1")
def test_a_dilation_makes_windows_reach_further():
    """With a dilation of 2, three values reach over 5 places; one value reaches over 1."""
    expect(
        "[output_size(8, 3, dilation=2), output_size(8, 1, dilation=4),"
        " output_size(9, 2, 1, 0, 3)]",
        [4, 8, 6],
        ask="How many gaps are there between three values?",
    )


@check("09.1")
def test_all_of_it_together():
    """Fresh settings, against counting the windows one by one."""
    for _ in range(8):
        k, s, p, d = (int(n) for n in rng().integers(1, 4, 4))
        size = d * (k - 1) + 1 + int(rng().integers(0, 6))
        fitting = sum(b + d * (k - 1) < size + 2 * p for b in range(0, size + 2 * p, s))
        expect(
            "output_size(size, k, stride, padding, dilation)",
            fitting,
            size=size,
            k=k,
            stride=s,
            padding=p,
            dilation=d,
            ask="Which of the four settings say how far one window reaches?",
        )


@check("09.1")
def test_no_window_fits():
    """An image smaller than the window is a ValueError that names its size."""
    ask = "What is the room left for moving the window here?"
    raises("output_size(4, 5)", ValueError, mentions=("4", "5"), ask=ask)
    raises("output_size(4, 3, dilation=2)", ValueError, mentions=("4", "5"), ask=ask)
    expect("output_size(3, 5, padding=1)", 1, ask="With padding this one fits, just so.")


# ---------------------------------------------------------------------------- 09.2 conv2d_loops


@check("09.2")
def test_the_example_of_the_chapter():
    """The filter lies on the image as it is written: by hand, with values and with a row."""
    expect(
        "conv2d_loops(x, weight)",
        [[[[-4.0, -4.0]]]],
        x=np.array([[[[1, 2, 3], [4, 5, 6]]]], np.float32),
        weight=np.array([[[[1, 0], [0, -1]]]], np.float32),
        ask="Which value of the window meets the filter's upper left corner?",
    )
    expect(
        "conv2d_loops(x, weight)",
        [[[[19.0, 38.0]]]],
        x=np.array([[[[1, 2, 4]]]], np.float32),
        weight=np.array([[[[-1, 10]]]], np.float32),
        ask="By hand: 1*(-1) + 2*10. Is your filter the other way round?",
    )


@check("09.2")
def test_all_channels_go_into_one_sum():
    """Two images of three channels and two filters: one number per filter and place."""
    x, weight, bias = fresh(2, 3, 3, 4), fresh(2, 3, 2, 2), fresh(2)
    expect(
        "conv2d_loops(x, weight, bias)",
        convolved(x, weight, bias),
        within=1e-4,
        dtype="float32",
        x=x,
        weight=weight,
        bias=bias,
        ask="Where does a sum begin anew, and how often is the bias in it?",
    )


@check("09.2")
def test_without_a_bias():
    """The bias may be left out."""
    x, weight = fresh(1, 2, 3, 3), fresh(3, 2, 2, 2)
    out, ask = convolved(x, weight), "What does a sum begin with when there is no bias?"
    expect("conv2d_loops(x, weight)", out, within=1e-4, x=x, weight=weight, ask=ask)


@check("09.2")
def test_padding_is_zeros_on_both_sides():
    """With padding (1, 2) windows also lie over the border, where everything is zero."""
    x, weight, bias = fresh(1, 2, 2, 3), fresh(1, 2, 2, 3), fresh(1)
    expect(
        "conv2d_loops(x, weight, bias, padding=(1, 2))",
        convolved(x, weight, bias, padding=(1, 2)),
        within=1e-4,
        x=x,
        weight=weight,
        bias=bias,
        ask="Where does the first window begin: at row 0 of the image, or before it?",
    )


@check("09.2")
def test_strides_move_the_windows():
    """A stride of (2, 3) moves windows, not the values in them."""
    x, weight, bias = fresh(1, 2, 5, 7), fresh(2, 2, 2, 2), fresh(2)
    expect(
        "conv2d_loops(x, weight, bias, (2, 3), (1, 0))",
        convolved(x, weight, bias, (2, 3), (1, 0)),
        within=1e-4,
        x=x,
        weight=weight,
        bias=bias,
        ask="At which row of the image does the window in output row 1 begin?",
    )


# --------------------------------------------------------------------------------- 09.3 windows


@check("09.3")
def test_the_windows_of_a_small_image():
    """2x3 values have two windows of 2x2; the second one begins a value further."""
    expect(
        "windows(x, (2, 2))",
        [[[[[[0, 1], [3, 4]], [[1, 2], [4, 5]]]]]],
        x=np.arange(6, dtype=np.float32).reshape(1, 1, 2, 3),
        ask="Draw the two windows. Which values do they share?",
    )


@check("09.3")
def test_images_and_channels_stay():
    """(2, 2, 3, 4) with windows of 2x3 gives (2, 2, 2, 2, 2, 3)."""
    x = fresh(2, 2, 3, 4)
    ask = "Which of the six sizes and strides does the view take over from x?"
    expect("windows(x, (2, 3))", all_windows(x, (2, 3)), x=x, ask=ask)


@check("09.3")
def test_stride_and_dilation_each_at_their_place():
    """The stride moves windows apart, the dilation the values within one."""
    x = np.arange(36, dtype=np.float32).reshape(1, 1, 6, 6)
    ask = "Six strides: which two say where the next window begins, which two the next value?"
    for stride, dilation in (((2, 3), (1, 1)), ((1, 1), (2, 3)), ((2, 1), (3, 2))):
        expect(
            "windows(x, (2, 2), stride, dilation)",
            all_windows(x, (2, 2), stride, dilation),
            x=x,
            stride=stride,
            dilation=dilation,
            ask=ask,
        )


@check("09.3")
def test_nothing_is_copied():
    """The result is a view: what is written into it stands in the image."""
    expect(
        "x = np.zeros((1, 1, 3, 3))\n"
        "view = windows(x, (2, 2))\n"
        "view[0, 0, 1, 1, 0, 0] = 7\n"
        "(np.shares_memory(view, x), x[0, 0, 1, 1])",
        (True, 7.0),
        ask="Do you make an array of windows, or a new look at the old one?",
    )


@check("09.3")
def test_any_layout_in_memory():
    """Images whose channels lie last in memory, and float64 ones, have the same windows."""
    x = fresh(2, 3, 4, 5)
    turned = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    ask = "Do you take the strides from x.strides, or compute them from the shape?"
    expect("windows(x, (3, 2))", all_windows(x, (3, 2)), x=turned, ask=ask)
    expect("windows(x, (3, 2))", all_windows(x, (3, 2)), x=x.astype(np.float64), ask=ask)


# ---------------------------------------------------------------------- 09.4 padded and columns


@check("09.4")
def test_a_border_around_one_value():
    """5 with a border of 1 row and 2 columns on each side."""
    expect(
        "padded(x, (1, 2))",
        [[[[0, 0, 0, 0, 0], [0, 0, 5, 0, 0], [0, 0, 0, 0, 0]]]],
        x=np.array([[[[5]]]], np.float32),
        ask="The first number of padding is for rows, and there is a border on both sides.",
    )


@check("09.4")
def test_the_border_has_the_value():
    """Any image, any value, the dtype of the image."""
    x = fresh(2, 2, 2, 3)
    expect("padded(x, (2, 1), -7)", bordered(x, (2, 1), -7), dtype="float32", x=x)
    for padding in ((0, 0), (0, 1)):
        ask = "Without a border the middle is everything. What is x[0:-0]?"
        expect("padded(x, padding)", bordered(x, padding), x=x, padding=padding, ask=ask)


@check("09.4")
def test_channels_lie_last_in_memory():
    """The array is laid out as (N, H, W, C), in new memory, and turned to (N, C, H, W)."""
    expect(
        "out = padded(x, (1, 1))\n"
        "(out.shape, out.transpose(0, 2, 3, 1).flags.c_contiguous, np.shares_memory(out, x))",
        ((2, 3, 6, 7), True, False),
        x=fresh(2, 3, 4, 5),
        ask="In which order did you give the sizes when you made the array?",
    )


@check("09.4")
def test_a_row_for_every_window():
    """Rows in the order of images and places, values in the order (KH, KW, C)."""
    view = fresh(2, 3, 2, 4, 2, 3)
    rows = [
        [view[n, c, row, column, i, j] for i, j, c in np.ndindex(2, 3, 3)]
        for n, row, column in np.ndindex(2, 2, 4)
    ]
    expect(
        "columns(view)",
        np.array(rows),
        dtype="float32",
        view=view,
        ask="Which of the six dimensions make up a row of the matrix, and in which order?",
    )


@check("09.4")
def test_no_images_no_rows():
    """A batch of no images gives a matrix of no rows, with all its columns."""
    expect(
        "columns(view).shape",
        (0, 12),
        view=np.zeros((0, 3, 4, 4, 2, 2), np.float32),
        ask="What can -1 mean when there are no values?",
    )


# --------------------------------------------------------------------------- 09.5 conv2d_kernel


NUMBERED = "x = np.repeat(np.arange(40, dtype=np.float32), 34 * 34).reshape(40, 1, 34, 34)\n"


@check("09.5")
def test_the_product_equals_the_example():
    """The example of 09.2 again; and two channels, by hand."""
    expect(
        "conv2d_kernel(x, weight)",
        [[[[-4.0, -4.0]]]],
        x=np.array([[[[1, 2, 3], [4, 5, 6]]]], np.float32),
        weight=np.array([[[[1, 0], [0, -1]]]], np.float32),
        ask="Compare with your loops: conv2d_loops(x, weight).",
    )
    expect(
        "conv2d_kernel(x, weight)",
        [[[[115.0]]]],
        x=np.array([[[[1, 2]], [[10, 20]]]], np.float32),
        weight=np.array([[[[1, 2]], [[3, 4]]]], np.float32),
        ask="By hand: 1*1 + 2*2 + 10*3 + 20*4. Which weight meets the 10 in yours?",
    )


@check("09.5")
def test_channels_filters_and_bias():
    """Three channels and four filters that are no squares."""
    x, weight, bias = fresh(2, 3, 3, 4), fresh(4, 3, 2, 3), fresh(4)
    ask = "Turn first, then reshape: in which order are the values of a window, and of your filter?"
    expect(
        "conv2d_kernel(x, weight, bias)",
        convolved(x, weight, bias),
        within=1e-4,
        dtype="float32",
        x=x,
        weight=weight,
        bias=bias,
        ask=ask,
    )
    out = convolved(x, weight)
    expect("conv2d_kernel(x, weight)", out, within=1e-4, x=x, weight=weight, ask=ask)


@check("09.5")
def test_stride_padding_and_dilation():
    """All settings at once."""
    x, weight, bias = fresh(1, 2, 5, 5), fresh(3, 2, 3, 2), fresh(3)
    settings = (2, 3), (1, 2), (2, 1)
    expect(
        "conv2d_kernel(x, weight, bias, stride, padding, dilation)",
        convolved(x, weight, bias, *settings),
        within=1e-4,
        x=x,
        weight=weight,
        bias=bias,
        stride=settings[0],
        padding=settings[1],
        dilation=settings[2],
        ask="Which settings does windows get, and which does padded?",
    )


@check("09.5")
def test_a_batch_of_several_chunks():
    """40 images, which are worked on in parts; every value of image n is n."""
    expect(
        NUMBERED + "conv2d_kernel(x, np.ones((1, 1, 3, 3), x.dtype)).mean((1, 2, 3))",
        9.0 * np.arange(40),
        within=1e-4,
        ask="Does each part's product go to the place of its own images?",
    )


@check("09.5")
def test_channels_of_the_result_lie_last_in_memory():
    """The result is a turned view of (N, OH, OW, O)."""
    expect(
        "out = conv2d_kernel(x, weight)\n(out.shape, out.transpose(0, 2, 3, 1).flags.c_contiguous)",
        ((2, 4, 4, 5), True),
        x=fresh(2, 3, 6, 6),
        weight=fresh(4, 3, 3, 2),
        ask="Is your last step a transpose, or does it move the values?",
    )


@check("09.5")
def test_what_does_not_fit_is_refused():
    """Channels that do not fit, and a bias of another length."""
    ask = "Does check_conv2d run before anything else?"
    raises(
        "conv2d_kernel(np.ones((1, 3, 4, 4)), np.ones((2, 2, 3, 3)))",
        ValueError,
        mentions=("(1, 3, 4, 4)", "(2, 2, 3, 3)"),
        ask=ask,
    )
    raises(
        "conv2d_kernel(np.ones((1, 2, 4, 4)), np.ones((2, 2, 3, 3)), np.ones(1))",
        ValueError,
        mentions=("(1,)", "(2,)"),
        ask=ask,
    )


# ------------------------------------------------------------- 09.6 conv2d_dbias, conv2d_dweight


@check("09.6")
def test_a_row_for_every_pixel():
    """Three pixels with two channels each; then images, and a matrix, which stays as it is."""
    ask = "Which values belong to one pixel, and where do they stand in x?"
    x = np.array([[[1, 2, 3], [10, 20, 30]]], np.float32)
    expect("pixels(x)", [[1, 10], [2, 20], [3, 30]], x=x, ask=ask)
    x = fresh(2, 3, 4, 5)
    rows = np.array([x[n, :, h, w] for n, h, w in np.ndindex(2, 4, 5)])
    expect("pixels(x)", rows, x=x, ask=ask)
    expect("pixels(x)", x[0, 0], x=x[0, 0])
    expect("pixels(x).shape", (0, 3), x=x[:0], ask="What can -1 mean without any values?")
    expect(
        "np.shares_memory(pixels(x.transpose(0, 3, 1, 2)), x)",
        True,
        x=fresh(2, 4, 5, 3),
        ask="With channels last in memory nothing has to move. Do you copy?",
    )


DWEIGHT = "conv2d_dweight(g, x, shape, stride, padding, dilation)"


def weight_gradient(g, x, shape, stride, padding, dilation):
    """The gradient of the weight, offset by offset."""
    x, grad = bordered(x, padding).astype(float), np.zeros(shape)
    for (i, j), places in offsets(x, shape[2:], stride, dilation):
        grad[:, :, i, j] = np.einsum("nohw,nchw->oc", g, x[places])
    return grad


@check("09.6")
def test_a_bias_adds_up_all_its_places():
    """1 + 2 + 3 + 4 for the one filter; fresh gradients for several."""
    expect(
        "conv2d_dbias(g)",
        [10.0],
        g=np.array([[[[1, 2], [3, 4]]]], np.float32),
        ask="At how many places was the bias added?",
    )
    g, ask = fresh(3, 4, 2, 2), "Which dimensions of g have nothing to do with the filter?"
    expect("conv2d_dbias(g)", g.sum((0, 2, 3)), within=1e-4, dtype="float32", g=g, ask=ask)


@check("09.6")
def test_a_weight_by_hand():
    """One image of three values, a filter of two: the gradients times what each weight met."""
    expect(
        "conv2d_dweight(g, x, (1, 1, 1, 2), (1, 1), (0, 0), (1, 1))",
        [[[[21.0, 42.0]]]],
        g=np.array([[[[1, 10]]]], np.float32),
        x=np.array([[[[1, 2, 4]]]], np.float32),
        ask="The first weight met 1 (gradient 1) and 2 (gradient 10). And the second?",
    )


@check("09.6")
def test_the_gradient_of_a_weight():
    """Channels, filters, and all settings."""
    for settings in (((1, 1), (0, 0), (1, 1)), ((2, 1), (1, 2), (1, 2))):
        x, shape = fresh(2, 2, 3, 4), (3, 2, 2, 3)
        g = fresh(*convolved(x, np.zeros(shape), None, *settings).shape)
        expect(
            DWEIGHT,
            weight_gradient(g, x, shape, *settings),
            within=1e-4,
            dtype="float32",
            g=g,
            x=x,
            shape=shape,
            stride=settings[0],
            padding=settings[1],
            dilation=settings[2],
            ask="The product is (O, KH KW C). In which order do you have to take it apart?",
        )


@check("09.6")
def test_several_chunks_add_up():
    """40 images, worked on in parts: every part adds its share. Every value of image n is n."""
    expect(
        NUMBERED + "g = np.ones((40, 1, 32, 32), np.float32)\n"
        "conv2d_dweight(g, x, (1, 1, 3, 3), (1, 1), (0, 0), (1, 1))",
        np.full((1, 1, 3, 3), 32 * 32 * sum(range(40))),
        within=1e-3,
        ask="Does a later part overwrite what an earlier one found?",
    )


@check("09.6")
def test_backward_reaches_weight_and_bias():
    """Through the door and the engine: the gradients lie at the parameters."""
    x, weight, bias = fresh(2, 2, 4, 4), fresh(3, 2, 3, 3), fresh(3)
    g = np.ones((2, 3, 4, 4))
    expect(
        "w, b = Tensor(weight, requires_grad=True), Tensor(bias, requires_grad=True)\n"
        "conv2d(Tensor(x), w, b, padding=1).sum().backward()\n"
        "(w.grad, b.grad, w.grad.is_contiguous())",
        (weight_gradient(g, x, weight.shape, (1, 1), (1, 1), (1, 1)), g.sum((0, 2, 3)), True),
        within=1e-4,
        x=x,
        weight=weight,
        bias=bias,
        ask="A gradient has the shape of what it belongs to, and lies contiguous in memory.",
    )


# ---------------------------------------------------------------- 09.7 add_to_windows, conv2d_dx


def input_gradient(g, weight, shape, stride, padding, dilation):
    """The gradient of the input, offset by offset."""
    grad = bordered(np.zeros(shape), padding)
    for (i, j), places in offsets(grad, weight.shape[2:], stride, dilation):
        grad[places] += np.einsum("nohw,oc->nchw", g, weight[:, :, i, j].astype(float))
    (above, left), (H, W) = padding, shape[2:]
    return grad[:, :, above : above + H, left : left + W]


@check("09.7")
def test_the_border_is_cut_off():
    """A row above and below, two columns left and right; a padding of 0 cuts nothing."""
    x = fresh(1, 2, 5, 6)
    expect("cropped(x, (1, 2))", x[:, :, 1:4, 2:4], x=x)
    for padding in ((0, 1), (1, 0), (0, 0)):
        (p, q), (H, W) = padding, x.shape[2:]
        expect(
            "cropped(x, padding)",
            x[:, :, p : H - p, q : W - q],
            x=x,
            padding=padding,
            ask="What is x[0:-0]?",
        )


@check("09.7")
def test_windows_that_overlap_add_up():
    """Three windows of two values, all ones: 1 2 2 1."""
    expect(
        "x = np.zeros((1, 1, 1, 4))\n"
        "add_to_windows(windows(x, (1, 2)), np.ones((1, 1, 1, 3, 1, 2)))\n"
        "x",
        [[[[1.0, 2.0, 2.0, 1.0]]]],
        ask="How many windows was the second pixel in?",
    )


@check("09.7")
def test_adding_to_what_is_there():
    """Fresh values, on an array that is not empty, with stride and dilation."""
    x, values = fresh(1, 2, 5, 4), fresh(1, 2, 2, 2, 3, 2)
    expected = x.copy()
    for (i, j), places in offsets(x, (3, 2), (2, 1), (1, 2)):
        expected[places] += values[..., i, j]
    expect(
        "total = x.copy()\nadd_to_windows(windows(total, (3, 2), (2, 1), (1, 2)), values)\ntotal",
        expected,
        x=x,
        values=values,
        ask="For one offset (i, j): do two windows ever have the same pixel there?",
    )


@check("09.7")
def test_a_pixel_by_hand():
    """A filter (1, 10) over three values, both outputs with gradient 1: 1, 10 + 1, 10."""
    expect(
        "conv2d_dx(g, weight, (1, 1, 1, 3), (1, 1), (0, 0), (1, 1))",
        [[[[1.0, 11.0, 10.0]]]],
        g=np.array([[[[1, 1]]]], np.float32),
        weight=np.array([[[[1, 10]]]], np.float32),
        ask="The middle value met the second weight in one window and the first in the other.",
    )


@check("09.7")
def test_the_gradient_of_the_input():
    """Channels, filters, and all settings; the shape is that of the input."""
    for settings in (((1, 1), (0, 0), (1, 1)), ((2, 1), (1, 2), (1, 2))):
        weight, shape = fresh(3, 2, 2, 3), (2, 2, 3, 4)
        g = fresh(*convolved(np.zeros(shape), weight, None, *settings).shape)
        expect(
            "conv2d_dx(g, weight, shape, stride, padding, dilation)",
            input_gradient(g, weight, shape, *settings),
            within=1e-4,
            dtype="float32",
            g=g,
            weight=weight,
            shape=shape,
            stride=settings[0],
            padding=settings[1],
            dilation=settings[2],
            ask="Which shape had the input before it was padded, and in which order are the "
            "products' columns?",
        )


@check("09.7")
def test_several_chunks_of_images():
    """40 images, worked on in parts; every gradient of image n is n."""
    expect(
        NUMBERED + "g, weight = x[:, :, 1:-1, 1:-1], np.ones((1, 1, 3, 3), x.dtype)\n"
        "conv2d_dx(g, weight, (40, 1, 34, 34), (1, 1), (0, 0), (1, 1)).sum((1, 2, 3))",
        9.0 * 32 * 32 * np.arange(40),
        within=1e-4,
        ask="Do the products of a part go to the windows of the same images?",
    )


# ----------------------------------------------------------------------------------- 09.8 Conv2d


@check("09.8")
def test_the_shape_of_a_weight():
    """(outputs, inputs of one group, height, width of the kernel)."""
    expect(
        "(Conv2d(3, 8, (2, 5)).weight.shape, Conv2d(4, 8, 3, groups=2).weight.shape,"
        " Conv2d(3, 8, 3).bias.shape, Conv2d(3, 8, 3, bias=False).bias)",
        ((8, 3, 2, 5), (8, 2, 3, 3), (8,), None),
        ask="Which sizes does a filter need to look at a window of its group?",
    )


@check("09.8")
def test_how_weights_begin():
    """All within 1 / sqrt(C * KH * KW), and some of them near it."""
    expect(
        "from tinytorch.core.tensor import manual_seed\n"
        "manual_seed(seed)\n"
        "layer = Conv2d(4, 256, (3, 5))\n"
        "bound = 1 / 60 ** 0.5\n"
        "sizes = [abs(p.detach().numpy()).max() / bound for p in (layer.weight, layer.bias)]\n"
        "[bool(0.9 < size < 1.00001) for size in sizes]",
        [True, True],
        seed=int(rng().integers(1000)),
        ask="How many values does one output see: C, or C * KH * KW?",
    )


@check("09.8")
def test_drawing_anew_keeps_the_parameters():
    """reset_parameters fills the Parameters that are there."""
    expect(
        "layer = Conv2d(2, 3, 2)\n"
        "weight, bias, before = layer.weight, layer.bias, layer.weight.detach().numpy().copy()\n"
        "layer.reset_parameters()\n"
        "moved = bool((weight.detach().numpy() != before).all())\n"
        "(layer.weight is weight, layer.bias is bias, moved)",
        (True, True, True),
        ask="An optimizer may hold the Parameters already. Does your code make new ones?",
    )


@check("09.8")
def test_settings_become_pairs():
    """A number stands for both sides; a padding may be a text, or 0."""
    expect(
        "layer = Conv2d(1, 1, 3, 2, (0, 1), 1)\n"
        "(layer.kernel_size, layer.stride, layer.padding, layer.dilation,"
        " Conv2d(1, 1, 3, padding='same').padding)",
        ((3, 3), (2, 2), (0, 1), (1, 1), "same"),
        ask="What does pair(3, 'kernel_size') give?",
    )
    raises("Conv2d(1, 1, 3, stride=0)", RuntimeError, mentions=("stride",))
    expect(
        "layer = Conv2d(1, 1, 3, dtype=np.float64)\n(layer.weight.dtype, layer.bias.dtype)",
        (np.dtype("float64"), np.dtype("float64")),
        ask="Does all of it reach ConvNd's constructor, the last arguments too?",
    )


@check("09.8")
def test_forward_uses_all_settings():
    """What the layer computes, with its own weight, bias, stride, padding and dilation."""
    x, weight, bias = fresh(2, 3, 7, 8), fresh(4, 3, 3, 2), fresh(4)
    expect(
        "layer = Conv2d(3, 4, (3, 2), stride=(2, 1), padding=1, dilation=(1, 2))\n"
        "layer.weight.data, layer.bias.data = Tensor(weight), Tensor(bias)\n"
        "layer(Tensor(x)).detach()",
        convolved(x, weight, bias, (2, 1), (1, 1), (1, 2)),
        within=1e-4,
        x=x,
        weight=weight,
        bias=bias,
        ask="Is every setting handed on, and in the order of conv2d's arguments?",
    )


@check("09.8")
def test_forward_hands_the_groups_on():
    """groups=2 asks for the operation "conv2d_grouped"; a stand-in here returns the groups."""
    expect(
        "from tinytorch.core.tensor import KERNELS\n"
        "before = dict(KERNELS)\n"
        "KERNELS['conv2d_grouped'] = lambda x, w, b, groups, **rest: np.full((1, 1), groups)\n"
        "try:\n"
        "    found = Conv2d(4, 6, 3, groups=2)(Tensor(np.ones((1, 4, 3, 3), 'f4'))).detach()\n"
        "finally:\n"
        "    KERNELS.clear()\n"
        "    KERNELS.update(before)\n"
        "found",
        [[2]],
        ask="conv2d has seven arguments. Which one did not arrive?",
    )


# ------------------------------------------------------------------------------ 09.9 max-pooling


def pooled(x, kernel_size, stride, padding=(0, 0), dilation=(1, 1)):
    """The maxima of all windows."""
    low = np.finfo(x.dtype).min
    return all_windows(bordered(x, padding, low), kernel_size, stride, dilation).max((-1, -2))


def pool_gradient(g, x, kernel_size, stride, padding, dilation):
    """Each window's gradient to the first of its largest values, window by window."""
    x = bordered(x, padding, -np.inf)
    grad = np.zeros_like(x)
    for n, c, row, column in np.ndindex(g.shape):
        best, place = -np.inf, None
        for i, j in np.ndindex(kernel_size):
            h, w = row * stride[0] + i * dilation[0], column * stride[1] + j * dilation[1]
            if x[n, c, h, w] > best:
                best, place = x[n, c, h, w], (n, c, h, w)
        grad[place] += g[n, c, row, column]
    (above, left), (H, W) = padding, x.shape[2:]
    return grad[:, :, above : H - above, left : W - left]


DPOOL = "max_pool2d_dx(g, out, x, kernel_size, stride, padding, dilation)"


def dpool(x, kernel_size, stride, padding=(0, 0), dilation=(1, 1), ask=""):
    """Expect the gradient of a pooling of `x`, of fresh gradients."""
    settings = kernel_size, stride, padding, dilation
    out = pooled(x, *settings)
    g = fresh(*out.shape)
    expect(
        DPOOL,
        pool_gradient(g, x, *settings),
        g=g,
        out=out,
        x=x,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ask=ask,
    )


@check("09.9")
def test_the_picture_of_the_chapter():
    """Four windows of 2x2: 4, 5, 7 and 6."""
    rows = [[1, 2, 5, 0], [4, 3, 1, 1], [7, 0, 6, 6], [0, 2, 0, 6]]
    expect(
        "max_pool2d_kernel(x, (2, 2), (2, 2))",
        [[[[4, 5], [7, 6]]]],
        x=np.array([[rows]], np.float32),
        ask="Which four values are in the window at the upper right?",
    )


@check("09.9")
def test_pooling_with_settings():
    """Windows that overlap, or leave gaps, in several images and channels."""
    x = fresh(2, 2, 4, 6)
    for settings in (((2, 2), (2, 2)), ((3, 2), (1, 2)), ((2, 2), (1, 3), (0, 0), (2, 1))):
        expect(
            "max_pool2d_kernel(x, *settings)",
            pooled(x, *settings),
            dtype="float32",
            x=x,
            settings=settings,
            ask="Do kernel_size, stride and dilation each reach windows?",
        )


@check("09.9")
def test_the_border_never_wins():
    """All values negative, with padding: no zero may appear."""
    x = fresh(1, 2, 4, 4, low=-3, high=-1)
    expect(
        "max_pool2d_kernel(x, (3, 3), (2, 2), (1, 1))",
        pooled(x, (3, 3), (2, 2), (1, 1)),
        x=x,
        ask="Which value loses against every number?",
    )


@check("09.9")
def test_the_gradient_goes_to_the_winner():
    """Of fresh values, each window has one winner; a winner of several windows adds up."""
    ask = "Where did the maximum of this window stand? And in how many windows was that pixel?"
    dpool(np.array([[[[1, 2, 5, 0], [4, 3, 1, 1]]]], np.float32), (2, 2), (2, 2), ask=ask)
    dpool(fresh(1, 2, 4, 6), (2, 2), (2, 2), ask=ask)
    dpool(fresh(1, 2, 5, 5), (3, 2), (1, 1), ask=ask)


@check("09.9")
def test_of_equals_the_first_gets_all():
    """A window of zeros, as after ReLU; and small whole numbers, full of ties."""
    ask = "Several values are the maximum. How much do they get together, and who gets it?"
    dpool(np.zeros((1, 1, 2, 2), np.float32), (2, 2), (2, 2), ask=ask)
    dpool(rng().integers(0, 3, (1, 2, 5, 5)).astype(np.float32), (3, 3), (2, 2), ask=ask)


@check("09.9")
def test_the_gradient_with_padding_and_dilation():
    """The border is cut off again; g comes out unchanged."""
    ask = "Can a value of the border equal a maximum? And which shape has x without its border?"
    x = rng().integers(-2, 1, (1, 2, 5, 6)).astype(np.float32)
    dpool(x, (3, 2), (2, 1), (1, 1), (1, 2), ask=ask)
    dpool(np.zeros((1, 1, 1, 2), np.float32), (3, 2), (1, 1), (1, 1), ask=ask)


# ---------------------------------------------------------------- 09.10 moments and the kernel


@check("09.10")
def test_from_pixels_back_to_images():
    """Rows (N H W, C) become (N, C, H, W) again, and (N, C) stays as it is."""
    x = fresh(2, 3, 4, 5)
    rows = x.transpose(0, 2, 3, 1).reshape(40, 3)
    ask = "The rows are (N, H, W) in this order. Where do the channels have to go?"
    expect("unpixels(rows, (2, 3, 4, 5))", x, rows=rows, ask=ask)
    expect("unpixels(rows, (40, 3))", rows, rows=rows)
    expect("np.shares_memory(unpixels(rows, (2, 3, 4, 5)), rows)", True, rows=rows, ask=ask)


@check("09.10")
def test_moments_by_hand():
    """Values 1 and 3: mean 2, variance (1 + 1) / 2 = 1."""
    expect(
        "moments_kernel(x)",
        [[2.0, 10.0], [1.0, 0.0]],
        dtype="float32",
        x=np.array([[1, 10], [3, 10]], np.float32),
        ask="Is the sum of squares divided by the number of values, or by one less?",
    )


@check("09.10")
def test_moments_over_images_and_pixels():
    """One mean and one variance per channel, whatever the number of dimensions."""
    ask = "A channel is N * H * W values. Over which dimensions does the mean go?"
    x = fresh(4, 3, 2, 5)
    expect("moments_kernel(x)", np.stack([x.mean((0, 2, 3)), x.var((0, 2, 3))]), x=x, ask=ask)
    x = fresh(4, 2, 3)
    expect("moments_kernel(x)", np.stack([x.mean((0, 2)), x.var((0, 2))]), x=x, ask=ask)


@check("09.10")
def test_values_far_from_zero():
    """Values near 4000 with a variance of some ones: no digits may be lost."""
    x = 4000 + fresh(8, 2, 4, 4)
    expect(
        "moments_kernel(x)[1]",
        x.astype(float).var((0, 2, 3)),
        within=1e-2,
        x=x,
        ask="How many digits does float32 have for 16,000,000? Subtract first, then square.",
    )


@check("09.10")
def test_standardized_by_hand():
    """(1 - 3) / sqrt(3 + 1) and (5 - 3) / sqrt(3 + 1), a row for each pixel."""
    expect(
        "standardized(x, mean, var, 1.0)",
        [[-1.0, 0.0], [1.0, 2.0]],
        dtype="float32",
        x=np.array([[1, 0], [5, 2]], np.float32),
        mean=np.array([3, 0], np.float32),
        var=np.array([3, 0], np.float32),
        ask="Where does eps go: under the root, or beside it?",
    )
    x, mean = fresh(2, 3, 2, 2), fresh(3)
    var = fresh(3, low=0.5, high=2)
    z = (x - mean[:, None, None]) / np.sqrt(var + 0.1)[:, None, None]
    expect(
        "standardized(x, mean, var, 0.1)",
        z.transpose(0, 2, 3, 1).reshape(8, 3),
        x=x,
        mean=mean,
        var=var,
        ask="One row per pixel, one column per channel.",
    )


@check("09.10")
def test_the_kernel_scales_and_shifts():
    """By the mean and variance that it is given, whether training or not."""
    x, mean, weight, bias = fresh(2, 3, 4, 2), fresh(3), fresh(3), fresh(3)
    var = fresh(3, low=0.5, high=2)
    m, v, w, b = (a[:, None, None] for a in (mean, var, weight, bias))
    for training in (True, False):
        expect(
            "batch_norm_kernel(x, mean, var, weight, bias, 1e-5, training)",
            (x - m) / np.sqrt(v + 1e-5) * w + b,
            within=1e-4,
            dtype="float32",
            x=x,
            mean=mean,
            var=var,
            weight=weight,
            bias=bias,
            training=training,
            ask="out = z * weight + bias, in the shape of x.",
        )


# ------------------------------------------------------------------------------ 09.11 batch_norm

RECORD = "mean, var = Tensor([0.0]), Tensor([1.0])\n"


@check("09.11")
def test_a_batch_by_hand():
    """1 and 3 become -1 and 1; the record goes a tenth of the way to mean 2 and variance 2."""
    expect(
        RECORD + "out = batch_norm(Tensor(x), mean, var, training=True)\n(out, mean, var)",
        ([[-1.0], [1.0]], [0.2], [1.1]),
        within=1e-4,
        x=np.array([[1], [3]], np.float32),
        ask="The output takes the biased variance (1), the record the unbiased one (2).",
    )


@check("09.11")
def test_training_standardizes_the_batch():
    """By its own mean and variance, not by the record; then weight and bias."""
    x, weight, bias = 5 + fresh(4, 2, 3, 3), fresh(2), fresh(2)
    mean, var = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
    z = (x - mean) / np.sqrt(var + 1e-5)
    code = "batch_norm(Tensor(x), Tensor([9.0, 9.0]), Tensor([4.0, 4.0]), {}, True)"
    ask = "Whose mean is taken out in training?"
    expect(
        code.format("Tensor(weight), Tensor(bias)"),
        z * weight[:, None, None] + bias[:, None, None],
        within=1e-3,
        dtype="float32",
        x=x,
        weight=weight,
        bias=bias,
        ask=ask,
    )
    expect(code.format("None, None"), z, within=1e-3, x=x, ask=ask)


@check("09.11")
def test_the_record_moves_in_place():
    """The tensors that were handed in are overwritten, by the share momentum, unbiased."""
    x = 2 + 3 * fresh(3, 2, 2, 1)
    expect(
        "mean, var = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])\n"
        "batch_norm(Tensor(x), mean, var, None, None, True, 0.3)\n"
        "(mean, var)",
        (
            0.7 * np.array([1, 2]) + 0.3 * x.mean((0, 2, 3)),
            0.7 * np.array([3, 4]) + 0.3 * x.var((0, 2, 3), ddof=1),
        ),
        within=1e-4,
        x=x,
        ask="How much of the new is taken, how much of the old is kept? Count or count - 1?",
    )


@check("09.11")
def test_evaluation_uses_the_record_and_leaves_it():
    """Each image by the record alone, which does not move."""
    x = fresh(3, 2, 2, 2)
    m, v = np.array([1.0, -1.0])[:, None, None], np.array([4.0, 9.0])[:, None, None]
    expect(
        "mean, var = Tensor([1.0, -1.0]), Tensor([4.0, 9.0])\n"
        "(batch_norm(Tensor(x), mean, var), mean, var)",
        ((x - m) / np.sqrt(v + 1e-5), [1.0, -1.0], [4.0, 9.0]),
        within=1e-4,
        x=x,
        ask="training is False unless somebody says otherwise. What may the batch decide then?",
    )


@check("09.11")
def test_no_record_at_all():
    """Training works without a record; dtype and eps are those that were asked for."""
    expect(
        "batch_norm(Tensor(x), None, None, training=True, eps=3.0)",
        [[-0.5], [0.5]],
        dtype="float64",
        x=np.array([[1.0], [3.0]]),
        ask="Are ones and zeros made in the dtype of the input?",
    )


@check("09.11")
def test_one_value_per_channel():
    """A batch of one pixel has no variance: refused in training, welcome in evaluation."""
    raises(
        "batch_norm(Tensor(np.ones((1, 3, 1, 1), 'f4')), None, None, training=True)",
        ValueError,
        mentions=("(1, 3, 1, 1)",),
        ask="Who refuses it, and do you let them?",
    )
    expect(RECORD + "batch_norm(Tensor([[5.0]]), mean, var)", [[5.0]], within=1e-3)


@check("09.11")
def test_the_moments_are_no_part_of_the_graph():
    """In training, autograd hears of x once: mean and variance come from a detached x."""
    expect(
        "out = batch_norm(Tensor(x, requires_grad=True), None, None, training=True)\n"
        "len(out.grad_fn.edges)  # inputs of the operation that want a gradient",
        1,
        x=np.array([[1], [3]], np.float32),
        ask="The rule of 09.12 knows how x moves its mean. Who would count it a second time?",
    )


# -------------------------------------------------------------------------- 09.12 the gradients


def norm_inputs():
    """Fresh x, g and weight, and the moments of x."""
    x, g, weight = fresh(3, 2, 2, 3), fresh(3, 2, 2, 3), fresh(2, low=0.5, high=2)
    return x, g, weight, x.mean((0, 2, 3)), x.var((0, 2, 3))


@check("09.12")
def test_bias_and_weight_by_hand():
    """Gradients 1 and 10 at z = -1 and z = 1: bias 11, weight 9."""
    expect(
        "(batch_norm_dbias(g), batch_norm_dweight(g, x, mean, var, 0.0))",
        ([11.0], [9.0]),
        g=np.array([[1], [10]], np.float32),
        x=np.array([[1], [3]], np.float32),
        mean=np.array([2], np.float32),
        var=np.array([1], np.float32),
        ask="What did the weight multiply: x, or the standardized x?",
    )


@check("09.12")
def test_bias_and_weight_of_images():
    """Sums over all images and pixels of a channel."""
    x, g, _, mean, var = norm_inputs()
    z = (x - mean[:, None, None]) / np.sqrt(var + 1e-5)[:, None, None]
    expect("batch_norm_dbias(g)", g.sum((0, 2, 3)), within=1e-4, dtype="float32", g=g)
    expect(
        "batch_norm_dweight(g, x, mean, var, 1e-5)",
        (g * z).sum((0, 2, 3)),
        within=1e-4,
        dtype="float32",
        g=g,
        x=x,
        mean=mean,
        var=var,
    )


def norm_gradient(g, x, mean, var, weight, eps, training):
    """The gradient of x, channel by channel, in float64."""
    dx = np.empty(x.shape)
    for c in range(x.shape[1]):
        part, z = g[:, c].astype(float), (x[:, c] - mean[c]) / np.sqrt(var[c] + eps)
        if training:
            part = part - part.mean() - z * (part * z).mean()
        dx[:, c] = part * weight[c] / np.sqrt(var[c] + eps)
    return dx


def dnorm(training, ask):
    """Expect the gradient of fresh images."""
    x, g, weight, mean, var = norm_inputs()
    expect(
        "batch_norm_dx(g, x, mean, var, weight, 1e-3, training)",
        norm_gradient(g, x, mean, var, weight, 1e-3, training),
        within=1e-4,
        dtype="float32",
        g=g,
        x=x,
        mean=mean,
        var=var,
        weight=weight,
        training=training,
        ask=ask,
    )


@check("09.12")
def test_evaluation_only_scales():
    """The record stands still: dx is g times scale."""
    dnorm(False, "In evaluation x does not move the mean. What is left of the formula?")


@check("09.12")
def test_training_takes_out_shift_and_stretch():
    """dx = scale * (g - mean(g) - z * mean(g * z))."""
    dnorm(True, "Are both means over all N * H * W values of the channel?")


@check("09.12")
def test_the_case_of_the_chapter():
    """z = -1, 1, -1, 1 and g = 4, 0, 0, 0 give 2, 0, -2, 0; g and x stay as they are."""
    column = np.ones(1, np.float32)
    for training, dx in ((True, [2.0, 0.0, -2.0, 0.0]), (False, [4.0, 0.0, 0.0, 0.0])):
        expect(
            "batch_norm_dx(g, x, 0 * one, one, one, 0.0, training)",
            np.array(dx)[:, None],
            g=np.array([[4], [0], [0], [0]], np.float32),
            x=np.array([[-1], [1], [-1], [1]], np.float32),
            one=column,
            training=training,
            ask="mean(g) is 1 and mean(g * z) is -1. And is pixels(g) an array of yours?",
        )


@check("09.12")
def test_nothing_shifts_the_channel():
    """In training, dx sums to zero in each channel, and so does dx * x."""
    x, g, weight, mean, var = norm_inputs()
    expect(
        "dx = batch_norm_dx(g, x, mean, var, weight, 0.0, True)\n"
        "(dx.sum((0, 2, 3)), (dx * x).sum((0, 2, 3)))",
        (np.zeros(2), np.zeros(2)),
        within=1e-4,
        g=g,
        x=x,
        mean=mean,
        var=var,
        weight=weight,
        ask="Raise all values of the channel by 1. By how much does the output change?",
    )


@check("09.12")
def test_backward_through_the_layer():
    """Through BatchNorm2d and the engine, in training and in evaluation."""
    x, g, *_ = norm_inputs()
    for training in (True, False):
        mean, var = (x.mean((0, 2, 3)), x.var((0, 2, 3))) if training else (np.zeros(2), np.ones(2))
        expect(
            "layer = BatchNorm2d(2).train(training)\n"
            "x = Tensor(images, requires_grad=True)\n"
            "layer(x).backward(Tensor(g))\n"
            "(x.grad, layer.bias.grad)",
            (
                norm_gradient(g, x, mean, var, np.ones(2), 1e-5, training),
                g.sum((0, 2, 3)),
            ),
            within=1e-3,
            images=x,
            g=g,
            training=training,
            ask="Each gradient has the shape of what it belongs to.",
        )


# ----------------------------------------------------------------------------- 09.13 debug it


@check("09.13")
def test_each_pixel_by_its_own_channels():
    """Two pixels with channels (0, 2) and (1, 3): their sums are 2 and 4."""
    expect(
        "layer = PerPixel(2, 1)\n"
        "layer.mix.weight.data, layer.mix.bias.data = tt.tensor([[1.0, 1.0]]), tt.tensor([0.0])\n"
        "layer(tt.Tensor(x)).detach()",
        [[[[2.0, 4.0]]]],
        x=np.arange(4, dtype=np.float32).reshape(1, 2, 1, 2),
        ask="Which values stand in the first row that goes into the Linear layer?",
    )


@check("09.13")
def test_equal_to_a_convolution_of_one_pixel():
    """Images that are no squares, several of them."""
    x, weight, bias = fresh(2, 3, 2, 4), fresh(5, 3), fresh(5)
    expect(
        "layer = PerPixel(3, 5)\n"
        "layer.mix.weight.data, layer.mix.bias.data = tt.Tensor(weight), tt.Tensor(bias)\n"
        "layer(tt.Tensor(x)).detach()",
        np.einsum("nchw,oc->nohw", x, weight) + bias[:, None, None],
        within=1e-4,
        x=x,
        weight=weight,
        bias=bias,
        ask="And on the way back: which dimension do the mixed values stand in?",
    )


@check("09.13")
def test_one_pixel_moves_one_pixel():
    """Only the pixel at the same place moves."""
    expect(
        "reach(PerPixel(3, 4), tt.Tensor(x), 1, 2)",
        1,
        x=fresh(2, 3, 3, 4),
        ask="Which outputs may depend on the pixel at row 1, column 2?",
    )
