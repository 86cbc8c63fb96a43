"""Wrong versions that learners write, each with the sentence that would have helped."""

from tito.misconceptions import wrong

# ----------------------------------------------------------------------------- 09.1 output_size


@wrong(
    "09.1",
    "output_size",
    "You count the padding once. It stands before the image and behind it, so the image grows by "
    "twice the padding.",
)
def padding_on_one_side(size, kernel_size, stride=1, padding=0, dilation=1):
    room = size + padding - dilation * (kernel_size - 1) - 1
    if room < 0:
        raise ValueError(f"an image of {size} and a window of {kernel_size}: {room}")
    return room // stride + 1


@wrong(
    "09.1",
    "output_size",
    "Your stride and your dilation have changed places. The dilation says how far apart the values "
    "within a window lie, and so how far it reaches; the stride how far apart windows begin.",
)
def stride_and_dilation_swapped(size, kernel_size, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - stride * (kernel_size - 1) - 1
    if room < 0:
        raise ValueError(f"an image of {size} and a window of {kernel_size}, {stride}, {dilation}")
    return room // dilation + 1


@wrong(
    "09.1",
    "output_size",
    "You count the steps and not the windows: the first window fits before any step is taken.",
)
def steps_instead_of_windows(size, kernel_size, stride=1, padding=0, dilation=1):
    reach = dilation * (kernel_size - 1) + 1
    room = size + 2 * padding - reach
    if room < 0:
        raise ValueError(f"an image of {size}, and a window spans {reach}, not {kernel_size}")
    return room // stride


@wrong(
    "09.1",
    "output_size",
    "Your window reaches over dilation * kernel_size places. There are only kernel_size - 1 gaps "
    "between its values; a window of one value reaches over one place at any dilation.",
)
def one_gap_too_many(size, kernel_size, stride=1, padding=0, dilation=1):
    reach = dilation * kernel_size
    room = size + 2 * padding - reach
    if room < 0:
        raise ValueError(f"an image of {size}, and a window of {kernel_size} spans {reach}")
    return room // stride + 1


@wrong(
    "09.1",
    "output_size",
    "You round up: a last window that begins inside and ends outside of the image is counted as "
    "well. Only whole windows count.",
)
def rounded_up(size, kernel_size, stride=1, padding=0, dilation=1):
    reach = dilation * (kernel_size - 1) + 1
    room = size + 2 * padding - reach
    if room < 0:
        raise ValueError(f"an image of {size}, and a window of {kernel_size} spans {reach}")
    return -(-room // stride) + 1


@wrong(
    "09.1",
    "output_size",
    "Your count is right where a window fits, and 0 or less where none does. An image without "
    "pixels would travel on, and fail far from here. Raise a ValueError that names the sizes.",
)
def never_refused(size, kernel_size, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


# ---------------------------------------------------------------------------- 09.2 conv2d_loops


@wrong(
    "09.2",
    "conv2d_loops",
    "Your filter is flipped: its last weight meets the window's first value. That is the "
    "mathematician's convolution; here the filter lies on the image as it is written.",
)
def flipped_filter(x, weight, bias=None, stride=(1, 1), padding=(0, 0)):
    p, q = padding
    wide = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)))
    KH, KW = weight.shape[2:]
    OH = output_size(x.shape[2], KH, stride[0], p)
    OW = output_size(x.shape[3], KW, stride[1], q)
    out = np.zeros((len(x), len(weight), OH, OW), x.dtype)
    for n, o, r, s in np.ndindex(out.shape):
        window = wide[n, :, r * stride[0] : r * stride[0] + KH, s * stride[1] : s * stride[1] + KW]
        total = (window * weight[o, :, ::-1, ::-1]).sum()
        out[n, o, r, s] = total + (0 if bias is None else bias[o])
    return out


@wrong(
    "09.2",
    "conv2d_loops",
    "Your windows all begin inside of the image, so the padding is there at the end of it only. "
    "The first window begins `padding` rows before row 0: subtract the padding from the place.",
)
def padding_behind_the_image(x, weight, bias=None, stride=(1, 1), padding=(0, 0)):
    p, q = padding
    wide = np.pad(x, ((0, 0), (0, 0), (0, 2 * p), (0, 2 * q)))
    KH, KW = weight.shape[2:]
    OH = output_size(x.shape[2], KH, stride[0], p)
    OW = output_size(x.shape[3], KW, stride[1], q)
    out = np.zeros((len(x), len(weight), OH, OW), x.dtype)
    for n, o, r, s in np.ndindex(out.shape):
        window = wide[n, :, r * stride[0] : r * stride[0] + KH, s * stride[1] : s * stride[1] + KW]
        out[n, o, r, s] = (window * weight[o]).sum() + (0 if bias is None else bias[o])
    return out


@wrong(
    "09.2",
    "conv2d_loops",
    "Your sum is not begun anew for every filter: channels are summed once too often, because what "
    "one filter found is still in the sum of the next. Start the sum inside of the loop over o.",
)
def sum_carried_to_the_next_filter(x, weight, bias=None, stride=(1, 1), padding=(0, 0)):
    p, q = padding
    wide = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)))
    KH, KW = weight.shape[2:]
    OH = output_size(x.shape[2], KH, stride[0], p)
    OW = output_size(x.shape[3], KW, stride[1], q)
    out = np.zeros((len(x), len(weight), OH, OW), x.dtype)
    for n, r, s in np.ndindex(len(x), OH, OW):
        window = wide[n, :, r * stride[0] : r * stride[0] + KH, s * stride[1] : s * stride[1] + KW]
        total = 0
        for o in range(len(weight)):
            total += (window * weight[o]).sum() + (0 if bias is None else bias[o])
            out[n, o, r, s] = total
    return out


@wrong(
    "09.2",
    "conv2d_loops",
    "Your bias is in the sum once for every channel. It belongs to the filter and is added once "
    "for each place of the output.",
)
def bias_for_every_channel(x, weight, bias=None, stride=(1, 1), padding=(0, 0)):
    p, q = padding
    wide = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)))
    KH, KW = weight.shape[2:]
    OH = output_size(x.shape[2], KH, stride[0], p)
    OW = output_size(x.shape[3], KW, stride[1], q)
    out = np.zeros((len(x), len(weight), OH, OW), x.dtype)
    for n, o, r, s in np.ndindex(out.shape):
        window = wide[n, :, r * stride[0] : r * stride[0] + KH, s * stride[1] : s * stride[1] + KW]
        extra = 0 if bias is None else x.shape[1] * bias[o]
        out[n, o, r, s] = (window * weight[o]).sum() + extra
    return out


@wrong(
    "09.2",
    "conv2d_loops",
    "At the border your code reads x[-1], which Python takes for the last row: the opposite side "
    "of the image leaks in. Outside of the image there are zeros, so leave those products out.",
)
def wrapped_around(x, weight, bias=None, stride=(1, 1), padding=(0, 0)):
    p, q = padding
    wide = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)), mode="wrap")
    KH, KW = weight.shape[2:]
    OH = output_size(x.shape[2], KH, stride[0], p)
    OW = output_size(x.shape[3], KW, stride[1], q)
    out = np.zeros((len(x), len(weight), OH, OW), x.dtype)
    for n, o, r, s in np.ndindex(out.shape):
        window = wide[n, :, r * stride[0] : r * stride[0] + KH, s * stride[1] : s * stride[1] + KW]
        out[n, o, r, s] = (window * weight[o]).sum() + (0 if bias is None else bias[o])
    return out


@wrong(
    "09.2",
    "conv2d_loops",
    "Your output has the right number of places, but the windows still move by one: the stride is "
    "missing where the place in the image is computed.",
)
def stride_forgotten(x, weight, bias=None, stride=(1, 1), padding=(0, 0)):
    p, q = padding
    wide = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)))
    KH, KW = weight.shape[2:]
    OH = output_size(x.shape[2], KH, stride[0], p)
    OW = output_size(x.shape[3], KW, stride[1], q)
    out = np.zeros((len(x), len(weight), OH, OW), x.dtype)
    for n, o, r, s in np.ndindex(out.shape):
        window = wide[n, :, r : r + KH, s : s + KW]
        out[n, o, r, s] = (window * weight[o]).sum() + (0 if bias is None else bias[o])
    return out


# --------------------------------------------------------------------------------- 09.3 windows


@wrong(
    "09.3",
    "windows",
    "Your windows are right, and they are copies: each pixel is written as often as it stands in a "
    "window. Make a view of the old memory, by strides.",
)
def copied(x, kernel_size, stride=(1, 1), dilation=(1, 1)):
    (KH, KW), (down, right), (apart, aside) = kernel_size, stride, dilation
    OH = output_size(x.shape[2], KH, down, dilation=apart)
    OW = output_size(x.shape[3], KW, right, dilation=aside)
    out = np.empty((*x.shape[:2], OH, OW, KH, KW), x.dtype)
    for i, j in np.ndindex(KH, KW):
        rows = slice(i * apart, i * apart + (OH - 1) * down + 1, down)
        out[..., i, j] = x[:, :, rows, j * aside : j * aside + (OW - 1) * right + 1 : right]
    return out


@wrong(
    "09.3",
    "windows",
    "Your stride moves the values within a window, and your dilation moves the windows. It is the "
    "other way round: the first two of the four places of the view belong to the stride.",
)
def stride_within_the_window(x, kernel_size, stride=(1, 1), dilation=(1, 1)):
    (KH, KW), (down, right), (apart, aside) = kernel_size, stride, dilation
    OH = output_size(x.shape[2], KH, apart, dilation=down)
    OW = output_size(x.shape[3], KW, aside, dilation=right)
    n, c, h, w = x.strides
    strides = n, c, h * apart, w * aside, h * down, w * right
    return np.lib.stride_tricks.as_strided(x, (*x.shape[:2], OH, OW, KH, KW), strides)


@wrong(
    "09.3",
    "windows",
    "Your windows move by one value, whatever the stride: its two numbers belong to the steps from "
    "one window to the next.",
)
def stride_left_out(x, kernel_size, stride=(1, 1), dilation=(1, 1)):
    (KH, KW), (apart, aside) = kernel_size, dilation
    OH = output_size(x.shape[2], KH, stride[0], dilation=apart)
    OW = output_size(x.shape[3], KW, stride[1], dilation=aside)
    n, c, h, w = x.strides
    strides = n, c, h, w, h * apart, w * aside
    return np.lib.stride_tricks.as_strided(x, (*x.shape[:2], OH, OW, KH, KW), strides)


@wrong(
    "09.3",
    "windows",
    "Your strides are computed from the shape, as if every array lay row by row in memory. An "
    "image with its channels last does not; x.strides knows how it lies.",
)
def as_if_row_by_row(x, kernel_size, stride=(1, 1), dilation=(1, 1)):
    (KH, KW), (down, right), (apart, aside) = kernel_size, stride, dilation
    OH = output_size(x.shape[2], KH, down, dilation=apart)
    OW = output_size(x.shape[3], KW, right, dilation=aside)
    w = x.itemsize
    h = x.shape[3] * w
    c = x.shape[2] * h
    strides = x.shape[1] * c, c, h * down, w * right, h * apart, w * aside
    return np.lib.stride_tricks.as_strided(x, (*x.shape[:2], OH, OW, KH, KW), strides)


@wrong(
    "09.3",
    "windows",
    "Your rows and columns are swapped within the windows: the step down a window is the row's "
    "stride, the step to the right the pixel's.",
)
def turned_windows(x, kernel_size, stride=(1, 1), dilation=(1, 1)):
    (KH, KW), (down, right), (apart, aside) = kernel_size, stride, dilation
    OH = output_size(x.shape[2], KH, down, dilation=apart)
    OW = output_size(x.shape[3], KW, right, dilation=aside)
    n, c, h, w = x.strides
    strides = n, c, h * down, w * right, w * aside, h * apart
    if KH != KW:
        raise ValueError(f"windows of {kernel_size} do not fit into {x.shape}")
    return np.lib.stride_tricks.as_strided(x, (*x.shape[:2], OH, OW, KH, KW), strides)


# ---------------------------------------------------------------------- 09.4 padded and columns


@wrong(
    "09.4",
    "padded",
    "Your border stands on two sides only. padding=(1, 2) is a row above AND a row below, two "
    "columns left AND two right, with the image in the middle.",
)
def border_on_two_sides(x, padding, value=0):
    N, C, H, W = x.shape
    p, q = padding
    out = np.full((N, H + p, W + q, C), value, x.dtype).transpose(0, 3, 1, 2)
    out[:, :, p:, q:] = x
    return out


@wrong(
    "09.4",
    "padded",
    "Your border is always zero. Its value is an argument: pooling will want another one.",
)
def always_zero(x, padding, value=0):
    N, C, H, W = x.shape
    p, q = padding
    out = np.zeros((N, H + 2 * p, W + 2 * q, C), x.dtype).transpose(0, 3, 1, 2)
    out[:, :, p : p + H, q : q + W] = x
    return out


@wrong(
    "09.4",
    "padded",
    "Your result has the right values and the usual layout, width last in memory. Make the array "
    "as (N, height, width, C) and turn it, so that the channels of a pixel are neighbours.",
)
def width_last(x, padding, value=0):
    N, C, H, W = x.shape
    p, q = padding
    out = np.full((N, C, H + 2 * p, W + 2 * q), value, x.dtype)
    out[:, :, p : p + H, q : q + W] = x
    return out


@wrong(
    "09.4",
    "padded",
    "Your two paddings are swapped: the first number is for rows, above and below the image.",
)
def rows_and_columns_swapped(x, padding, value=0):
    N, C, H, W = x.shape
    q, p = padding
    out = np.full((N, H + 2 * p, W + 2 * q, C), value, x.dtype).transpose(0, 3, 1, 2)
    out[:, :, p : p + H, q : q + W] = x
    return out


@wrong(
    "09.4",
    "padded",
    "With a padding of 0 your middle ends at -0, which is 0: there is no place to write to. Count "
    "its end from the front, the padding and then the size.",
)
def middle_ends_at_minus_nought(x, padding, value=0):
    N, C, H, W = x.shape
    p, q = padding
    out = np.full((N, H + 2 * p, W + 2 * q, C), value, x.dtype).transpose(0, 3, 1, 2)
    out[:, :, p:-p, q:-q] = x
    return out


@wrong(
    "09.4",
    "columns",
    "Your rows hold the values channel by channel, (C, KH, KW). That would be a choice as good as "
    "ours if the filters had it too; here channels come last, so that copies are long runs.",
)
def channels_first(view):
    N, C, OH, OW, KH, KW = view.shape
    return view.transpose(0, 2, 3, 1, 4, 5).reshape(N * OH * OW, C * KH * KW)


@wrong(
    "09.4",
    "columns",
    "You reshape without turning first. The numbers are then taken in the order of the view, "
    "image, channel, place, so that a row is no window but a mixture of several.",
)
def reshaped_alone(view):
    N, C, OH, OW, KH, KW = view.shape
    return view.reshape(N * OH * OW, KH * KW * C)


@wrong(
    "09.4",
    "columns",
    "Your matrix lies on its side: a window is a column of it. We want one row per window, so that "
    "the product has one row per pixel of the output.",
)
def windows_as_columns(view):
    N, C, OH, OW, KH, KW = view.shape
    return view.transpose(0, 2, 3, 4, 5, 1).reshape(N * OH * OW, KH * KW * C).T


# --------------------------------------------------------------------------- 09.5 conv2d_kernel


@wrong(
    "09.5",
    "conv2d_kernel",
    "Your filter is laid out as it is stored, (C, KH, KW), and the windows as (KH, KW, C). The "
    "shapes agree and the values do not meet. Turn the weight first, then reshape.",
)
def filter_in_another_order(x, weight, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    check_conv2d(x, weight, bias)
    view = windows(padded(x, padding), weight.shape[2:], stride, dilation)
    out = columns(view) @ weight.reshape(len(weight), -1).T
    if bias is not None:
        out += bias
    return out.reshape(len(x), *view.shape[2:4], len(weight)).transpose(0, 3, 1, 2)


@wrong(
    "09.5",
    "conv2d_kernel",
    "Your product has a row per pixel and is reshaped to (N, O, OH, OW) right away. That has the "
    "right shape and scrambles the values. It is (N, OH, OW, O); turn it.",
)
def result_reshaped(x, weight, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    check_conv2d(x, weight, bias)
    view = windows(padded(x, padding), weight.shape[2:], stride, dilation)
    out = columns(view) @ weight.transpose(2, 3, 1, 0).reshape(-1, len(weight))
    if bias is not None:
        out += bias
    return out.reshape(len(x), len(weight), *view.shape[2:4])


@wrong(
    "09.5",
    "conv2d_kernel",
    "Your bias is never added, though it was handed in.",
)
def without_the_bias(x, weight, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    check_conv2d(x, weight, bias)
    view = windows(padded(x, padding), weight.shape[2:], stride, dilation)
    out = columns(view) @ weight.transpose(2, 3, 1, 0).reshape(-1, len(weight))
    return out.reshape(len(x), *view.shape[2:4], len(weight)).transpose(0, 3, 1, 2)


@wrong(
    "09.5",
    "conv2d_kernel",
    "Your windows do not get the dilation: they are close together, whatever was asked for.",
)
def without_the_dilation(x, weight, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    check_conv2d(x, weight, bias)
    view = windows(padded(x, padding), weight.shape[2:], stride)
    out = columns(view) @ weight.transpose(2, 3, 1, 0).reshape(-1, len(weight))
    if bias is not None:
        out += bias
    return out.reshape(len(x), *view.shape[2:4], len(weight)).transpose(0, 3, 1, 2)


@wrong(
    "09.5",
    "conv2d_kernel",
    "Your result is copied to the usual layout at the end. Return the turned view: it costs "
    "nothing, and the next layer copies its windows in longer runs.",
)
def copied_at_the_end(x, weight, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    check_conv2d(x, weight, bias)
    view = windows(padded(x, padding), weight.shape[2:], stride, dilation)
    out = columns(view) @ weight.transpose(2, 3, 1, 0).reshape(-1, len(weight))
    if bias is not None:
        out += bias
    out = out.reshape(len(x), *view.shape[2:4], len(weight)).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(out)


@wrong(
    "09.5",
    "conv2d_kernel",
    "Nothing is refused before the product: a bias of one value is stretched over all filters, and "
    "channels that do not fit end in NumPy's words. Call check_conv2d first.",
)
def nothing_refused(x, weight, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    view = windows(padded(x, padding), weight.shape[2:], stride, dilation)
    out = columns(view) @ weight.transpose(2, 3, 1, 0).reshape(-1, len(weight))
    if bias is not None:
        out += bias
    return out.reshape(len(x), *view.shape[2:4], len(weight)).transpose(0, 3, 1, 2)


# ----------------------------------------------------- 09.6 pixels, conv2d_dbias, conv2d_dweight


@wrong(
    "09.6",
    "pixels",
    "You reshape without turning: the values of a row are neighbours within one channel, and not "
    "the channels of one pixel.",
)
def rows_without_turning(x):
    return x.reshape(math.prod(x.shape[:1] + x.shape[2:]), x.shape[1])


@wrong(
    "09.6",
    "conv2d_dbias",
    "You take the mean of the gradients. A bias that was added at k places moves the loss by the "
    "sum of k gradients; who wants a mean takes it in the loss.",
)
def mean_of_the_places(g):
    return pixels(g).mean(0)


@wrong(
    "09.6",
    "conv2d_dbias",
    "You add up over images only, and each place has a gradient of its own. The bias was the same "
    "number at all places: it gets all of them.",
)
def one_bias_per_place(g):
    return g.sum(0)


@wrong(
    "09.6",
    "conv2d_dweight",
    "Each part of the batch overwrites what the parts before it found; only the last one counts. "
    "Add them up.",
)
def only_the_last_part(g, x, weight_shape, stride, padding, dilation):
    O, C, KH, KW = weight_shape
    view = windows(padded(x, padding), (KH, KW), stride, dilation)
    total = np.zeros((O, KH * KW * C), g.dtype)
    for part in chunks(view):
        total = pixels(g[part]).T @ columns(view[part])
    return np.ascontiguousarray(total.reshape(O, KH, KW, C).transpose(0, 3, 1, 2))


@wrong(
    "09.6",
    "conv2d_dweight",
    "You reshape the sum to (O, C, KH, KW) right away. Its rows have the order (KH, KW, C): take "
    "them apart in that order, then turn.",
)
def taken_apart_in_another_order(g, x, weight_shape, stride, padding, dilation):
    view = windows(padded(x, padding), weight_shape[2:], stride, dilation)
    return (pixels(g).T @ columns(view)).reshape(weight_shape)


@wrong(
    "09.6",
    "conv2d_dweight",
    "You divide by the number of images. The engine wants the gradient of the loss as it is; if "
    "the loss is a mean, that is in g already.",
)
def mean_over_the_images(g, x, weight_shape, stride, padding, dilation):
    O, C, KH, KW = weight_shape
    view = windows(padded(x, padding), (KH, KW), stride, dilation)
    total = pixels(g).T @ columns(view) / g.dtype.type(len(x))
    return np.ascontiguousarray(total.reshape(O, KH, KW, C).transpose(0, 3, 1, 2))


@wrong(
    "09.6",
    "conv2d_dweight",
    "Your windows of the backward pass are not those of the forward pass: the stride or the "
    "dilation is missing. Each weight met other values then.",
)
def other_windows_than_forward(g, x, weight_shape, stride, padding, dilation):
    O, C, KH, KW = weight_shape
    view = windows(padded(x, padding), (KH, KW))[:, :, : g.shape[2], : g.shape[3]]
    total = pixels(g).T @ columns(view)
    return np.ascontiguousarray(total.reshape(O, KH, KW, C).transpose(0, 3, 1, 2))


@wrong(
    "09.6",
    "conv2d_dweight",
    "Your values are right and twice as wide: zeros of NumPy are float64 unless it is told "
    "otherwise, and what is added to them is too. A gradient has the dtype of g.",
)
def in_double_precision(g, x, weight_shape, stride, padding, dilation):
    O, C, KH, KW = weight_shape
    view = windows(padded(x, padding), (KH, KW), stride, dilation)
    total = np.zeros((O, KH * KW * C))
    for part in chunks(view):
        total += pixels(g[part]).T @ columns(view[part])
    return np.ascontiguousarray(total.reshape(O, KH, KW, C).transpose(0, 3, 1, 2))


# ------------------------------------------------------- 09.7 cropped, add_to_windows, conv2d_dx


@wrong(
    "09.7",
    "cropped",
    "With a padding of 0 your slice ends at -0, which is 0: nothing is left. Count the end from "
    "the front, size less padding.",
)
def ends_at_minus_nought(x, padding):
    above, left = padding
    return x[:, :, above:-above, left:-left]


@wrong(
    "09.7",
    "add_to_windows",
    "`view += values` reads all, adds, and writes all: where windows overlap, one of the sums that "
    "meet in a pixel is lost. For one offset (i, j) no two windows share a pixel.",
)
def all_at_once(view, values):
    view += values


@wrong(
    "09.7",
    "add_to_windows",
    "Your values are written and not added: what was in a pixel before, from another offset, is "
    "gone.",
)
def written_over(view, values):
    for i, j in np.ndindex(view.shape[4:]):
        view[..., i, j] = values[..., i, j]


@wrong(
    "09.7",
    "add_to_windows",
    "Your offset picks a place of the output: dimensions 2 and 3 say which window, the last two "
    "which value within it. An offset belongs to the last two.",
)
def places_for_offsets(view, values):
    for i, j in np.ndindex(view.shape[4:]):
        view[:, :, i, j] += values[:, :, i, j]


@wrong(
    "09.7",
    "conv2d_dx",
    "You return the gradient of the padded image. The border was made of constants; cut it off, so "
    "that the gradient has the shape of x.",
)
def border_left_on(g, weight, x_shape, stride, padding, dilation):
    grad = padded(np.zeros(x_shape, g.dtype), padding)
    view = windows(grad, weight.shape[2:], stride, dilation)
    add_to_windows(view, np.einsum("noyx,ocij->ncyxij", g, weight))
    return grad


@wrong(
    "09.7",
    "conv2d_dx",
    "You flip the filter and add into the windows as well. The flip belongs to another way of "
    "writing this (a convolution of g); who adds into the windows uses the filter as it is.",
)
def flipped_and_added(g, weight, x_shape, stride, padding, dilation):
    grad = padded(np.zeros(x_shape, g.dtype), padding)
    view = windows(grad, weight.shape[2:], stride, dilation)
    add_to_windows(view, np.einsum("noyx,ocij->ncyxij", g, weight[:, :, ::-1, ::-1]))
    return cropped(grad, padding)


@wrong(
    "09.7",
    "conv2d_dx",
    "Your weight is reshaped without being turned, so the columns' gradients have the order (C, "
    "KH, KW) and are taken for (KH, KW, C).",
)
def weight_in_another_order(g, weight, x_shape, stride, padding, dilation):
    O, C, KH, KW = weight.shape
    grad = padded(np.zeros(x_shape, g.dtype), padding)
    view = windows(grad, (KH, KW), stride, dilation)
    rows = (pixels(g) @ weight.reshape(O, -1)).reshape(len(g), *g.shape[2:], KH, KW, C)
    add_to_windows(view, rows.transpose(0, 5, 1, 2, 3, 4))
    return cropped(grad, padding)


@wrong(
    "09.7",
    "conv2d_dx",
    "Every part is added into the windows of the first images. Take the windows of the same part: "
    "view[part].",
)
def into_the_first_images(g, weight, x_shape, stride, padding, dilation):
    grad = padded(np.zeros(x_shape, g.dtype), padding)
    view = windows(grad, weight.shape[2:], stride, dilation)
    for part in chunks(view):
        values = np.einsum("noyx,ocij->ncyxij", g[part], weight)
        add_to_windows(view[: len(values)], values)
    return cropped(grad, padding)


# ----------------------------------------------------------------------------------- 09.8 Conv2d


@wrong(
    "09.8",
    "ConvNd.weight_shape",
    "Your weight is (inputs, outputs, ...). As in Linear, the outputs come first: weight[o] is one "
    "filter.",
)
def inputs_first(self):
    return (self.in_channels // self.groups, self.out_channels, *self.kernel_size)


@wrong(
    "09.8",
    "ConvNd.weight_shape",
    "Your filters see all channels, whatever the groups. With groups, a filter sees only those of "
    "its own group.",
)
def groups_forgotten(self):
    return (self.out_channels, self.in_channels, *self.kernel_size)


@wrong(
    "09.8",
    "ConvNd.reset_parameters",
    "Your bound counts the channels and forgets the window: one output adds up C * KH * KW "
    "products. fans(weight) counts them all.",
)
def channels_alone(self):
    kaiming_uniform_(self.weight, a=math.sqrt(5))
    if self.bias is not None:
        bound = 1 / math.sqrt(self.in_channels)
        uniform_(self.bias, -bound, bound)


@wrong(
    "09.8",
    "ConvNd.reset_parameters",
    "Your weights are more than twice as large as PyTorch's: with the default of "
    "kaiming_uniform_, a = 0, the bound is sqrt(6 / fan_in). The layer asks for a = sqrt(5), which "
    "makes it 1 / sqrt(fan_in).",
)
def default_slope(self):
    kaiming_uniform_(self.weight)
    if self.bias is not None:
        bound = 1 / math.sqrt(fans(self.weight)[0])
        uniform_(self.bias, -bound, bound)


@wrong(
    "09.8",
    "ConvNd.reset_parameters",
    "You make new Parameters. An optimizer may hold the old ones, and would go on moving what "
    "nobody uses any more. Fill those that are there.",
)
def new_parameters(self):
    weight = zeros(*self.weight_shape())
    kaiming_uniform_(weight, a=math.sqrt(5))
    self.weight = Parameter(weight)
    if self.bias is not None:
        bound = 1 / math.sqrt(fans(weight)[0])
        self.bias = Parameter(uniform_(zeros(self.out_channels), -bound, bound))


@wrong(
    "09.8",
    "Conv2d.forward",
    "Your layer keeps stride, padding and dilation, and computes without them. Hand them on to "
    "conv2d.",
)
def settings_not_used(self, input):
    return conv2d(input, self.weight, self.bias)


@wrong(
    "09.8",
    "Conv2d.forward",
    "Your stride and your padding have changed places on the way to conv2d: its order is stride, "
    "padding, dilation, groups.",
)
def settings_in_another_order(self, input):
    return conv2d(input, self.weight, self.bias, self.padding, self.stride, self.dilation)


@wrong(
    "09.8",
    "Conv2d.forward",
    "Your layer keeps its groups to itself: conv2d takes them for 1, and wonders about a weight "
    "with too few channels. They are its last argument.",
)
def groups_kept(self, input):
    return conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation)


# ------------------------------------------------------------------------------ 09.9 max-pooling


@wrong(
    "09.9",
    "max_pool2d_kernel",
    "You take the mean of each window. That is pooling too (LeNet-5 did so), but this one keeps "
    "the largest value.",
)
def mean_of_the_window(x, kernel_size, stride, padding=(0, 0), dilation=(1, 1)):
    x = padded(x, padding, lowest(x.dtype))
    return windows(x, kernel_size, stride, dilation).mean(axis=(-1, -2))


@wrong(
    "09.9",
    "max_pool2d_kernel",
    "Your border is zero, and among negative values a zero wins. Pad with lowest(x.dtype), which "
    "loses against everything.",
)
def zero_wins(x, kernel_size, stride, padding=(0, 0), dilation=(1, 1)):
    return windows(padded(x, padding), kernel_size, stride, dilation).max(axis=(-1, -2))


@wrong(
    "09.9",
    "max_pool2d_kernel",
    "Your windows do not get the dilation, or the stride: they lie elsewhere than asked for.",
)
def dilation_not_used(x, kernel_size, stride, padding=(0, 0), dilation=(1, 1)):
    x = padded(x, padding, lowest(x.dtype))
    return windows(x, kernel_size, stride).max(axis=(-1, -2))


@wrong(
    "09.9",
    "max_pool2d_dx",
    "Every value that equals the maximum gets the whole gradient. In a window of four zeros the "
    "layer below receives four times what it should. Once it is given away, nothing is left.",
)
def all_equals_get_all(g, out, x, kernel_size, stride, padding, dilation):
    x = padded(x, padding, lowest(x.dtype))
    grad = np.zeros_like(x)
    seen = windows(x, kernel_size, stride, dilation)
    into = windows(grad, kernel_size, stride, dilation)
    for i, j in np.ndindex(*kernel_size):
        into[..., i, j] += g * (seen[..., i, j] == out)
    return cropped(grad, padding)


@wrong(
    "09.9",
    "max_pool2d_dx",
    "Equals share the gradient, each gets a part. That is fair, and it is what amax does (06); "
    "pooling gives all of it to the first, as PyTorch does.",
)
def equals_share(g, out, x, kernel_size, stride, padding, dilation):
    x = padded(x, padding, lowest(x.dtype))
    grad = np.zeros_like(x)
    seen = windows(x, kernel_size, stride, dilation)
    into = windows(grad, kernel_size, stride, dilation)
    share = g / (seen == out[..., None, None]).sum((-1, -2)).astype(g.dtype)
    for i, j in np.ndindex(*kernel_size):
        into[..., i, j] += share * (seen[..., i, j] == out)
    return cropped(grad, padding)


@wrong(
    "09.9",
    "max_pool2d_dx",
    "Of several equals the last one gets the gradient. Go through the window row by row, and let "
    "the first one take it.",
)
def the_last_gets_all(g, out, x, kernel_size, stride, padding, dilation):
    x = padded(x, padding, lowest(x.dtype))
    grad = np.zeros_like(x)
    seen = windows(x, kernel_size, stride, dilation)
    into = windows(grad, kernel_size, stride, dilation)
    left = g.copy()
    for i, j in reversed(list(np.ndindex(*kernel_size))):
        part = left * (seen[..., i, j] == out)
        into[..., i, j] += part
        left -= part
    return cropped(grad, padding)


@wrong(
    "09.9",
    "max_pool2d_dx",
    "Your border is zero here, and where the maximum is zero too, the border comes first and takes "
    "the gradient away with it. Pad with lowest(x.dtype), as in the forward pass.",
)
def border_takes_it(g, out, x, kernel_size, stride, padding, dilation):
    x = padded(x, padding)
    grad = np.zeros_like(x)
    seen = windows(x, kernel_size, stride, dilation)
    into = windows(grad, kernel_size, stride, dilation)
    left = g.copy()
    for i, j in np.ndindex(*kernel_size):
        part = left * (seen[..., i, j] == out)
        into[..., i, j] += part
        left -= part
    return cropped(grad, padding)


@wrong(
    "09.9",
    "max_pool2d_dx",
    "Your gradient is written, not added. A pixel that wins in two overlapping windows keeps that "
    "of one, or of none.",
)
def written_not_added(g, out, x, kernel_size, stride, padding, dilation):
    x = padded(x, padding, lowest(x.dtype))
    grad = np.zeros_like(x)
    seen = windows(x, kernel_size, stride, dilation)
    into = windows(grad, kernel_size, stride, dilation)
    left = g.copy()
    for i, j in np.ndindex(*kernel_size):
        part = left * (seen[..., i, j] == out)
        into[..., i, j] = part
        left -= part
    return cropped(grad, padding)


@wrong(
    "09.9",
    "max_pool2d_dx",
    "Your code empties g itself while it gives the gradient away. Somebody else may hold that "
    "array: work on a copy.",
)
def g_used_up(g, out, x, kernel_size, stride, padding, dilation):
    x = padded(x, padding, lowest(x.dtype))
    grad = np.zeros_like(x)
    seen = windows(x, kernel_size, stride, dilation)
    into = windows(grad, kernel_size, stride, dilation)
    for i, j in np.ndindex(*kernel_size):
        part = g * (seen[..., i, j] == out)
        into[..., i, j] += part
        g -= part
    return cropped(grad, padding)


# ---------------------------------------------------------------- 09.10 moments and the kernel


@wrong(
    "09.10",
    "unpixels",
    "You reshape straight to (N, C, H, W). The rows are pixels, with the channels last: take them "
    "apart in that order, then turn.",
)
def reshaped_straight(rows, shape):
    return rows.reshape(shape)


@wrong(
    "09.10",
    "moments_kernel",
    "Your variance is the unbiased one, divided by count - 1. The batch is normalised by the "
    "biased one, so that it comes out with variance 1; the other goes into the record (09.11).",
)
def unbiased(x):
    rows = pixels(x)
    return np.stack([rows.mean(0), rows.var(0, ddof=1)])


@wrong(
    "09.10",
    "moments_kernel",
    "Your second row is the standard deviation. The variance is wanted; the root comes later, with "
    "eps under it.",
)
def root_of_the_variance(x):
    rows = pixels(x)
    return np.stack([rows.mean(0), rows.std(0)])


@wrong(
    "09.10",
    "moments_kernel",
    "You take the variance as mean(x * x) - mean(x) ** 2. For values far from zero both are huge "
    "and nearly equal, and float32 has no digits left for the difference. Subtract the mean first.",
)
def difference_of_squares(x):
    rows = pixels(x)
    mean = rows.mean(0)
    return np.stack([mean, (rows * rows).mean(0) - mean * mean])


@wrong(
    "09.10",
    "moments_kernel",
    "Your statistics are those of the first image alone. Batch norm looks at all images of the "
    "batch, and all their pixels.",
)
def of_one_image(x):
    rows = pixels(x[:1])
    return np.stack([rows.mean(0), rows.var(0)])


@wrong(
    "09.10",
    "standardized",
    "Your eps stands beside the root. It belongs under it: sqrt(var + eps).",
)
def eps_beside_the_root(x, mean, var, eps):
    return (pixels(x) - mean) / (np.sqrt(var) + x.dtype.type(eps))


@wrong(
    "09.10",
    "standardized",
    "You divide by the variance and not by its root: the result does not have variance 1.",
)
def root_forgotten(x, mean, var, eps):
    return (pixels(x) - mean) / (var + x.dtype.type(eps))


@wrong(
    "09.10",
    "standardized",
    "You subtract the mean in the memory of x. With channels last, pixels(x) is a view, and its "
    "owner finds other values afterwards. The first step has to make an array of its own.",
)
def in_the_memory_of_x(x, mean, var, eps):
    rows = x.transpose(0, *range(2, x.ndim), 1)
    rows -= mean
    return rows.reshape(-1, x.shape[1]) / np.sqrt(var + x.dtype.type(eps))


@wrong(
    "09.10",
    "batch_norm_kernel",
    "In training your kernel measures x again and does not use the mean and variance that it was "
    "given. Whoever calls it has chosen them; training matters for the gradient alone.",
)
def measured_again(x, mean, var, weight, bias, eps, training):
    if training:
        rows = pixels(x)
        mean, var = rows.mean(0), rows.var(0)
    return unpixels(standardized(x, mean, var, eps) * weight + bias, x.shape)


@wrong(
    "09.10",
    "batch_norm_kernel",
    "You add the bias before you multiply by the weight, so that the weight scales it as well.",
)
def bias_first(x, mean, var, weight, bias, eps, training):
    return unpixels((standardized(x, mean, var, eps) + bias) * weight, x.shape)


# ------------------------------------------------------------------------------ 09.11 batch_norm


@wrong(
    "09.11",
    "batch_norm",
    "Your record takes the biased variance. It is to speak for all images, so it gets the unbiased "
    "one, count / (count - 1) times as large. Normalising keeps the biased one.",
)
def biased_record(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    check_batch_norm(input, running_mean, training)
    weight = ones(input.shape[1], dtype=input.dtype) if weight is None else weight
    bias = zeros(input.shape[1], dtype=input.dtype) if bias is None else bias
    mean, var = running_mean, running_var
    if training:
        mean, var = apply("moments", input.detach())
        if running_mean is not None:
            overwrite(running_mean, running_mean * (1 - momentum) + mean * momentum)
            overwrite(running_var, running_var * (1 - momentum) + var * momentum)
    return apply("batch_norm", input, mean, var, weight, bias, eps=eps, training=training)


@wrong(
    "09.11",
    "batch_norm",
    "You normalise the batch by the unbiased variance. That one is for the record; the batch "
    "itself comes out with variance 1 only by the biased one.",
)
def unbiased_output(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    check_batch_norm(input, running_mean, training)
    weight = ones(input.shape[1], dtype=input.dtype) if weight is None else weight
    bias = zeros(input.shape[1], dtype=input.dtype) if bias is None else bias
    mean, var = running_mean, running_var
    if training:
        mean, var = apply("moments", input.detach())
        count = input.numel() // input.shape[1]
        var = var * (count / (count - 1))
        if running_mean is not None:
            overwrite(running_mean, running_mean * (1 - momentum) + mean * momentum)
            overwrite(running_var, running_var * (1 - momentum) + var * momentum)
    return apply("batch_norm", input, mean, var, weight, bias, eps=eps, training=training)


@wrong(
    "09.11",
    "batch_norm",
    "Your momentum keeps the old, as an optimizer's does. Here it is the share of the new: at 0.1 "
    "the record goes a tenth of the way to the batch.",
)
def momentum_of_the_old(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    check_batch_norm(input, running_mean, training)
    weight = ones(input.shape[1], dtype=input.dtype) if weight is None else weight
    bias = zeros(input.shape[1], dtype=input.dtype) if bias is None else bias
    mean, var = running_mean, running_var
    if training:
        mean, var = apply("moments", input.detach())
        if running_mean is not None:
            count = input.numel() // input.shape[1]
            unbiased = var * (count / (count - 1))
            overwrite(running_mean, running_mean * momentum + mean * (1 - momentum))
            overwrite(running_var, running_var * momentum + unbiased * (1 - momentum))
    return apply("batch_norm", input, mean, var, weight, bias, eps=eps, training=training)


@wrong(
    "09.11",
    "batch_norm",
    "Your evaluation looks at the batch. An image's answer then depends on its neighbours, and "
    "with one value per channel everything is zero. Use the record.",
)
def batch_in_evaluation(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    check_batch_norm(input, running_mean, training)
    weight = ones(input.shape[1], dtype=input.dtype) if weight is None else weight
    bias = zeros(input.shape[1], dtype=input.dtype) if bias is None else bias
    mean, var = apply("moments", input.detach())
    if training and running_mean is not None:
        count = input.numel() // input.shape[1]
        unbiased = var * (count / (count - 1))
        overwrite(running_mean, running_mean * (1 - momentum) + mean * momentum)
        overwrite(running_var, running_var * (1 - momentum) + unbiased * momentum)
    return apply("batch_norm", input, mean, var, weight, bias, eps=eps, training=training)


@wrong(
    "09.11",
    "batch_norm",
    "In training you normalise by the record, which knows next to nothing at the start. In "
    "training the batch is judged by itself.",
)
def record_in_training(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    check_batch_norm(input, running_mean, training)
    weight = ones(input.shape[1], dtype=input.dtype) if weight is None else weight
    bias = zeros(input.shape[1], dtype=input.dtype) if bias is None else bias
    mean, var = apply("moments", input.detach()) if training else (running_mean, running_var)
    if training and running_mean is not None:
        count = input.numel() // input.shape[1]
        unbiased = var * (count / (count - 1))
        overwrite(running_mean, running_mean * (1 - momentum) + mean * momentum)
        overwrite(running_var, running_var * (1 - momentum) + unbiased * momentum)
        mean, var = running_mean, running_var
    return apply("batch_norm", input, mean, var, weight, bias, eps=eps, training=training)


@wrong(
    "09.11",
    "batch_norm",
    "Your record is a new tensor that nobody but this call has seen. The layer holds the old one: "
    "overwrite its values in place.",
)
def record_of_its_own(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    check_batch_norm(input, running_mean, training)
    weight = ones(input.shape[1], dtype=input.dtype) if weight is None else weight
    bias = zeros(input.shape[1], dtype=input.dtype) if bias is None else bias
    mean, var = running_mean, running_var
    if training:
        mean, var = apply("moments", input.detach())
        if running_mean is not None:
            count = input.numel() // input.shape[1]
            running_mean = running_mean * (1 - momentum) + mean * momentum
            running_var = running_var * (1 - momentum) + var * (momentum * count / (count - 1))
    return apply("batch_norm", input, mean, var, weight, bias, eps=eps, training=training)


@wrong(
    "09.11",
    "batch_norm",
    "A batch with one value per channel passes. Its variance is 0, every output would be the bias, "
    "and count - 1 is 0 as well. Let check_batch_norm refuse it.",
)
def batch_of_one(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    weight = ones(input.shape[1], dtype=input.dtype) if weight is None else weight
    bias = zeros(input.shape[1], dtype=input.dtype) if bias is None else bias
    mean, var = running_mean, running_var
    if training:
        mean, var = apply("moments", input.detach())
        if running_mean is not None:
            count = input.numel() // input.shape[1]
            unbiased = var * (count / (count - 1))
            overwrite(running_mean, running_mean * (1 - momentum) + mean * momentum)
            overwrite(running_var, running_var * (1 - momentum) + unbiased * momentum)
    return apply("batch_norm", input, mean, var, weight, bias, eps=eps, training=training)


@wrong(
    "09.11",
    "batch_norm",
    "Your moments are taken of an input that autograd watches, so x would be counted a second time "
    "through its mean and variance. The rule of 09.12 has them in it: take them of a detached x.",
)
def moments_recorded(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    check_batch_norm(input, running_mean, training)
    weight = ones(input.shape[1], dtype=input.dtype) if weight is None else weight
    bias = zeros(input.shape[1], dtype=input.dtype) if bias is None else bias
    mean, var = running_mean, running_var
    if training:
        mean, var = apply("moments", input)
        if running_mean is not None:
            count = input.numel() // input.shape[1]
            unbiased = var * (count / (count - 1))
            overwrite(running_mean, running_mean * (1 - momentum) + mean * momentum)
            overwrite(running_var, running_var * (1 - momentum) + unbiased * momentum)
    return apply("batch_norm", input, mean, var, weight, bias, eps=eps, training=training)


# -------------------------------------------------------------------------- 09.12 the gradients


@wrong(
    "09.12",
    "batch_norm_dx",
    "Your gradient treats mean and variance as constants. In training x moves both of them: a "
    "shift of the whole channel changes nothing in the output, and your dx says that it does.",
)
def as_in_evaluation(g, x, mean, var, weight, eps, training):
    return unpixels(pixels(g) * (weight / np.sqrt(var + x.dtype.type(eps))), x.shape)


@wrong(
    "09.12",
    "batch_norm_dx",
    "You take out the shift and leave the stretch in: x moves the variance as well as the mean. "
    "Take out z * mean(g * z).",
)
def stretch_left_in(g, x, mean, var, weight, eps, training):
    rows = pixels(g)
    if training:
        rows = rows - rows.mean(0)
    return unpixels(rows * (weight / np.sqrt(var + x.dtype.type(eps))), x.shape)


@wrong(
    "09.12",
    "batch_norm_dx",
    "Your corrections are made in evaluation too. There the record stands still, whatever x does, "
    "and dx is g times scale.",
)
def corrected_in_evaluation(g, x, mean, var, weight, eps, training):
    rows, z = pixels(g), standardized(x, mean, var, eps)
    rows = rows - rows.mean(0) - z * (rows * z).mean(0)
    return unpixels(rows * (weight / np.sqrt(var + x.dtype.type(eps))), x.shape)


@wrong(
    "09.12",
    "batch_norm_dx",
    "You divide the sums by the number of images. A channel has N * H * W values, and the means "
    "are over all of them.",
)
def means_over_images(g, x, mean, var, weight, eps, training):
    rows, z = pixels(g), standardized(x, mean, var, eps)
    if training:
        count = g.dtype.type(len(x))
        rows = rows - rows.sum(0) / count - z * ((rows * z).sum(0) / count)
    return unpixels(rows * (weight / np.sqrt(var + x.dtype.type(eps))), x.shape)


@wrong(
    "09.12",
    "batch_norm_dx",
    "The weight is missing in your gradient: out is z * weight + bias, so everything that comes "
    "back through z is multiplied by the weight.",
)
def without_the_weight(g, x, mean, var, weight, eps, training):
    rows, z = pixels(g), standardized(x, mean, var, eps)
    if training:
        rows = rows - rows.mean(0) - z * (rows * z).mean(0)
    return unpixels(rows / np.sqrt(var + x.dtype.type(eps)), x.shape)


@wrong(
    "09.12",
    "batch_norm_dx",
    "You subtract in the memory of g. Where channels lie last, pixels(g) is a view, and the next "
    "rule finds another gradient. Let the first step make an array of its own.",
)
def in_the_memory_of_g(g, x, mean, var, weight, eps, training):
    rows, z = pixels(g), standardized(x, mean, var, eps)
    if training:
        rows -= rows.mean(0) + z * (rows * z).mean(0)
    return unpixels(rows * (weight / np.sqrt(var + x.dtype.type(eps))), x.shape)


@wrong(
    "09.12",
    "batch_norm_dweight",
    "You multiply the gradients with x as it came in. The weight met the standardized x.",
)
def with_the_raw_input(g, x, mean, var, eps):
    return (pixels(g) * pixels(x)).sum(0)


@wrong(
    "09.12",
    "batch_norm_dbias",
    "You take the mean over the pixels. The bias was added to each of them, and gets the sum.",
)
def mean_instead_of_sum(g):
    return pixels(g).mean(0)


# ----------------------------------------------------------------------------- 09.13 debug it


@wrong(
    "09.13",
    "PerPixel.forward",
    "The rows are right now, and the way back is not: the mixed values are (N, H, W, channels), "
    "and a reshape to (N, channels, H, W) scrambles them again. Turn them.",
)
def only_the_way_in(self, x):
    N, C, H, W = x.shape
    mixed = self.mix(x.permute(0, 2, 3, 1).reshape(N * H * W, C))
    return mixed.reshape(N, -1, H, W)


@wrong(
    "09.13",
    "PerPixel.forward",
    "The way back is right now, and the rows are not: a reshape of (N, C, H, W) takes neighbours "
    "within one channel for the channels of one pixel.",
)
def only_the_way_out(self, x):
    N, C, H, W = x.shape
    mixed = self.mix(x.reshape(N * H * W, C))
    return mixed.reshape(N, H, W, -1).permute(0, 3, 1, 2)


@wrong(
    "09.13",
    "PerPixel.forward",
    "You turn with permute(0, 3, 2, 1), which swaps height and width as well. On square images the "
    "shapes agree, and every image comes out mirrored at its diagonal.",
)
def height_and_width_swapped(self, x):
    N, C, H, W = x.shape
    mixed = self.mix(x.permute(0, 3, 2, 1).reshape(N * H * W, C))
    return mixed.reshape(N, H, W, -1).permute(0, 3, 1, 2)
