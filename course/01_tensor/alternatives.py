"""Right versions that are written differently from the reference: none of them is accused."""

from tito.misconceptions import right


@right("01.1", "abs_kernel")
def abs_by_comparing(x):
    return np.maximum(x, -x)


@right("01.2", "run")
def run_with_a_loop(op, tensors, options):
    function = KERNELS[op]
    arrays = []
    for t in tensors:
        arrays.append(t.array)
    out = function(*arrays, **options)
    return Tensor(out)


@right("01.2", "listen")
def listen_with_a_closure(listener):
    below = LISTENERS[-1]

    def bound(op, tensors, options):
        return listener(below, op, tensors, options)

    LISTENERS.append(bound)
    try:
        yield
    finally:
        LISTENERS.remove(bound)


@right("01.3", "promoted")
def promoted_without_quick_roads(a, b, floating=False):
    dtype = result_type(a, b)
    if floating and dtype.kind != "f":
        dtype = get_default_dtype()
    return converted(a, dtype), converted(b, dtype)


@right("01.4", "broadcast_shape")
def padded_with_ones(*shapes):
    ndim = max([len(shape) for shape in shapes], default=0)
    padded = [(1,) * (ndim - len(shape)) + tuple(shape) for shape in shapes]
    result = []
    for column in zip(*padded, strict=True):
        size = 1
        for n in column:
            if n == 1 or n == size:
                continue
            if size != 1:
                raise ValueError(alignment(*shapes))
            size = n
        result.append(size)
    return tuple(result)


@right("01.5", "matmul_kernel")
def product_by_einsum(a, b):
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError("a number has no dimensions to multiply along")
    if a.dtype != b.dtype:
        raise ValueError(f"the left side is {a.dtype}, the right side {b.dtype}")
    if b.ndim == 1:
        if a.shape[-1] != len(b):
            raise ValueError(f"the inner sizes differ: {a.shape[-1]} and {len(b)}")
        return np.einsum("...k,k->...", a, b)
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"the inner sizes differ: {a.shape[-1]} and {b.shape[-2]}")
    if a.ndim == 1:
        return np.einsum("k,...km->...m", a, b)
    return np.einsum("...nk,...km->...nm", a, b)


@right("01.6", "dims")
def dims_by_listing(dim, ndim):
    if dim is None:
        return None
    if isinstance(dim, (tuple, list)):
        found = [dims(d, ndim) for d in dim]
        if None not in found and len(found) != len(set(found)):
            raise RuntimeError(f"{dim} names one dimension twice")
        return tuple(found) if found and None not in found else None
    known = list(range(ndim)) or [None]
    if dim >= len(known) or dim < -len(known):
        raise IndexError(f"there is no dim {dim}, only {-len(known)} to {len(known) - 1}")
    return known[dim]


@right("01.8", "Tensor.squeeze")
def squeeze_with_a_loop(self, dim=None):
    if dim is None:
        named = list(range(self.ndim))
    elif isinstance(dim, (tuple, list)):
        named = [d % self.ndim for d in dim]
    else:
        named = [dims(dim, self.ndim)]
    kept = []
    for place, size in enumerate(self.shape):
        if not (size == 1 and place in named):
            kept.append(size)
    return self.reshape(kept)


@right("01.9", "Tensor.is_contiguous")
def as_numpy_says(self):
    return self.array.flags["C_CONTIGUOUS"]


@right("01.10", "getitem_kernel")
def always_with_an_ellipsis(x, index):
    x, index = after_integers(x, index)
    index = index if isinstance(index, tuple) else (index,)
    if not any(part is Ellipsis for part in index):
        index = (*index, ...)
    return x[index]


@right("01.12", "stack_kernel")
def stack_by_cat(*tensors, dim=0):
    return np.concatenate([np.expand_dims(t, dim) for t in tensors], axis=dim)


@right("01.13", "without_paper")
def with_where(images):
    import tinytorch as tt

    less = images - images.mean((1, 2, 3), keepdim=True)
    return tt.where(less < 0, 0.0, less)
