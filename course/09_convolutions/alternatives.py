"""Right versions that are written differently from the reference; none of them may be accused."""

from tito.misconceptions import right


@right("09.1", "output_size")
def by_counting(size, kernel_size, stride=1, padding=0, dilation=1):
    end = size + 2 * padding
    reach = dilation * (kernel_size - 1) + 1
    firsts = [first for first in range(0, max(end, 0), stride) if first + reach <= end]
    if not firsts:
        raise ValueError(f"{size} values with padding {padding}, but a window spans {reach}")
    return len(firsts)


@right("09.2", "conv2d_loops")
def with_a_padded_copy(x, weight, bias=None, stride=(1, 1), padding=(0, 0)):
    p, q = padding
    wide = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)))
    KH, KW = weight.shape[2:]
    OH = output_size(x.shape[2], KH, stride[0], p)
    OW = output_size(x.shape[3], KW, stride[1], q)
    out = np.zeros((len(x), len(weight), OH, OW), x.dtype)
    for n, o, r, s in np.ndindex(out.shape):
        window = wide[n, :, r * stride[0] : r * stride[0] + KH, s * stride[1] : s * stride[1] + KW]
        out[n, o, r, s] = (window * weight[o]).sum() + (0 if bias is None else bias[o])
    return out


@right("09.3", "windows")
def by_numpy(x, kernel_size, stride=(1, 1), dilation=(1, 1)):
    for size, k, s, d in zip(x.shape[2:], kernel_size, stride, dilation, strict=True):
        output_size(size, k, s, 0, d)
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True))
    view = np.lib.stride_tricks.sliding_window_view(x, spans, axis=(2, 3), writeable=True)
    (down, right), (apart, aside) = stride, dilation
    return view[:, :, ::down, ::right, ::apart, ::aside]


@right("09.5", "conv2d_kernel")
def all_images_at_once(x, weight, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    check_conv2d(x, weight, bias)
    view = windows(padded(x, padding), weight.shape[2:], stride, dilation)
    flat = weight.transpose(0, 2, 3, 1).reshape(len(weight), -1)
    out = columns(view) @ flat.T
    if bias is not None:
        out = out + bias
    return out.reshape(len(x), *view.shape[2:4], len(weight)).transpose(0, 3, 1, 2)


@right("09.6", "conv2d_dbias")
def by_sum(g):
    return g.sum((0, 2, 3))


@right("09.6", "conv2d_dweight")
def by_einsum(g, x, weight_shape, stride, padding, dilation):
    view = windows(padded(x, padding), weight_shape[2:], stride, dilation)
    return np.ascontiguousarray(np.einsum("noyx,ncyxij->ocij", g, view))


@right("09.7", "conv2d_dx")
def offset_by_offset(g, weight, x_shape, stride, padding, dilation):
    grad = padded(np.zeros(x_shape, g.dtype), padding)
    view = windows(grad, weight.shape[2:], stride, dilation)
    add_to_windows(view, np.einsum("noyx,ocij->ncyxij", g, weight))
    return cropped(grad, padding)


@right("09.9", "max_pool2d_kernel")
def over_two_dimensions(x, kernel_size, stride, padding=(0, 0), dilation=(1, 1)):
    x = padded(x, padding, lowest(x.dtype))
    return windows(x, kernel_size, stride, dilation).max(axis=(-1, -2))


@right("09.9", "max_pool2d_dx")
def with_a_mask_of_those_who_wait(g, out, x, kernel_size, stride, padding, dilation):
    x = padded(x, padding, lowest(x.dtype))
    grad = np.zeros_like(x)
    seen = windows(x, kernel_size, stride, dilation)
    into = windows(grad, kernel_size, stride, dilation)
    waiting = np.ones(out.shape, bool)
    for i, j in np.ndindex(*kernel_size):
        found = waiting & (seen[..., i, j] == out)
        waiting = waiting & ~found
        into[..., i, j] += np.where(found, g, 0)
    return cropped(grad, padding)


@right("09.10", "moments_kernel")
def by_mean_and_var(x):
    axes = tuple(d for d in range(x.ndim) if d != 1)
    return np.stack([x.mean(axes), x.var(axes)])


@right("09.12", "batch_norm_dx")
def written_out(g, x, mean, var, weight, eps, training):
    rows, z = pixels(g), standardized(x, mean, var, eps)
    if training:
        rows = rows - rows.mean(0) - z * (rows * z).mean(0)
    return unpixels(rows * (weight / np.sqrt(var + x.dtype.type(eps))), x.shape)
