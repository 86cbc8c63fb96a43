"""Wrong versions that learners of module 01 write, each with the words that help."""

from tito.misconceptions import wrong

# ------------------------------------------------------------------------------ 01.1 · kernels


@wrong(
    "01.1",
    "sub_kernel",
    "Your sub_kernel takes the first operand away from the second. sub(a, b) is a - b: the "
    "second is taken away.",
)
def the_other_way_round(a, b):
    return b - a


@wrong(
    "01.1",
    "mul_kernel",
    "Your mul_kernel computes the matrix product. Here each value meets the one at the same "
    "place; the matrix product is an operation of its own, in 01.5.",
)
def matrix_product(a, b):
    return a @ b


@wrong(
    "01.1",
    "div_kernel",
    "Your div_kernel drops what is behind the point: // rounds down. A quotient of floats keeps "
    "its fraction.",
)
def whole_quotients(a, b):
    return a // b


@wrong(
    "01.1",
    "abs_kernel",
    "Your abs_kernel writes into its input: whoever owns that array finds it changed. Make a "
    "new array instead.",
)
def writes_into_the_input(x):
    x[x < 0] *= -1
    return x


@wrong(
    "01.1",
    "log_kernel",
    "Your log_kernel counts powers of 10. The natural logarithm counts powers of e; it is the "
    "one whose slope is 1/x.",
)
def logarithm_to_base_ten(x):
    return np.log10(x)


@wrong(
    "01.1",
    "exp_kernel",
    "Your exp_kernel uses e rounded to three digits after the point. The error grows with every "
    "power; NumPy has the function itself.",
)
def e_rounded(x):
    return 2.718**x


# ----------------------------------------------------------------------------- 01.2 · the door


@wrong(
    "01.2",
    "run",
    "Your run hands tensors to the kernel. A kernel knows arrays only: take the .array of each "
    "tensor first.",
)
def tensors_for_the_kernel(op, tensors, options):
    return Tensor(KERNELS[op](*tensors, **options))


@wrong(
    "01.2",
    "run",
    "Your run forgets the options. A kernel such as reshape learns from them what to do: pass "
    "them on by keyword.",
)
def without_the_options(op, tensors, options):
    return Tensor(KERNELS[op](*[t.array for t in tensors]))


@wrong(
    "01.2",
    "run",
    "Your run returns the bare array of the kernel. What comes out of the door is a Tensor "
    "again, so that operations can be chained.",
)
def returns_the_array(op, tensors, options):
    return KERNELS[op](*[t.array for t in tensors], **options)


@wrong(
    "01.2",
    "run",
    "Your run hands the options to the kernel as positions. Then their order decides which is "
    "which: use ** to pass them by name.",
)
def options_by_position(op, tensors, options):
    return Tensor(KERNELS[op](*[t.array for t in tensors], *options.values()))


@wrong(
    "01.2",
    "apply",
    "Your apply calls run itself, past all listeners: autograd and the profiler would never "
    "hear of an operation. Call the last of LISTENERS.",
)
def past_the_listeners(op, *tensors, **options):
    try:
        return run(op, tensors, options)
    except REFUSALS as error:
        raise told(error, op, tensors) from error


@wrong(
    "01.2",
    "apply",
    "Your apply lets NumPy's errors pass as they are. They know neither the operation nor its "
    "operands: catch REFUSALS and raise what told makes of them.",
)
def errors_pass_untold(op, *tensors, **options):
    return LISTENERS[-1](op, tensors, options)


@wrong(
    "01.2",
    "listen",
    "Your listen takes its listener away only when the block ends well. After an error it would "
    "hear on for ever: put the removal into a finally.",
)
def stays_after_an_error(listener):
    bound = partial(listener, LISTENERS[-1])
    LISTENERS.append(bound)
    yield
    LISTENERS.remove(bound)


@wrong(
    "01.2",
    "listen",
    "Your listen always passes calls down to run, so a listener that was there before hears "
    "nothing more. Below is whoever was last until now.",
)
def below_is_always_run(listener):
    bound = partial(listener, run)
    LISTENERS.append(bound)
    try:
        yield
    finally:
        LISTENERS.remove(bound)


@wrong(
    "01.2",
    "listen",
    "Your listen puts the listener at the beginning of the list. apply asks the last one, so "
    "yours is never called.",
)
def in_front_of_the_list(listener):
    bound = partial(listener, LISTENERS[-1])
    LISTENERS.insert(0, bound)
    try:
        yield
    finally:
        LISTENERS.remove(bound)


# ------------------------------------------------------------------------ 01.3 · the operators


@wrong(
    "01.3",
    "promoted",
    "Your promoted converts the second operand to the dtype of the first. Then tensor([1, 2]) + "
    "0.5 loses the half: ask result_type for a dtype that suits both.",
)
def dtype_of_the_first(a, b, floating=False):
    first = a if isinstance(a, Tensor) else Tensor([a])
    dtype = get_default_dtype() if floating else first.dtype
    return converted(a, dtype), converted(b, dtype)


@wrong(
    "01.3",
    "promoted",
    "Your promoted lets NumPy choose between arrays, and a Python float counts as float64 "
    "there. Every 0.1 in a model would double its memory: result_type knows numbers from "
    "tensors.",
)
def a_number_counts_as_float64(a, b, floating=False):
    arrays = [np.asarray(v.array if isinstance(v, Tensor) else v) for v in (a, b)]
    common = np.promote_types(arrays[0].dtype, arrays[1].dtype)
    if floating and common.kind != "f":
        common = get_default_dtype()
    return converted(a, common), converted(b, common)


@wrong(
    "01.3",
    "promoted",
    "Your promoted ignores `floating`. A division asks for it, because the quotient of two "
    "integers is seldom an integer.",
)
def floating_is_ignored(a, b, floating=False):
    common = result_type(a, b)
    return converted(a, common), converted(b, common)


@wrong(
    "01.3",
    "promoted",
    "Your promoted makes everything the default dtype when `floating` is set, also what is "
    "float64 already. Only integers and bools need it.",
)
def floating_is_always_float32(a, b, floating=False):
    common = get_default_dtype() if floating else result_type(a, b)
    return converted(a, common), converted(b, common)


@wrong(
    "01.3",
    "binary",
    "Your binary changes the order of its operands. For + nobody sees it; 10 - x becomes x - 10.",
)
def operands_exchanged(op, a, b, floating=False):
    if not (isinstance(a, OPERANDS) and isinstance(b, OPERANDS)):
        return NotImplemented
    return apply(op, *promoted(b, a, floating))


@wrong(
    "01.3",
    "binary",
    "Your binary raises NotImplementedError. Python wants the value NotImplemented returned: "
    "then it asks the other operand, and says TypeError if that cannot either.",
)
def raises_instead(op, a, b, floating=False):
    if not (isinstance(a, OPERANDS) and isinstance(b, OPERANDS)):
        raise NotImplementedError(op)
    return apply(op, *promoted(a, b, floating))


@wrong(
    "01.3",
    "binary",
    "Your binary looks at the second operand only. In a reflected operation, such as [1] - x, "
    "the foreign object is the first.",
)
def only_the_second_operand(op, a, b, floating=False):
    if not isinstance(b, OPERANDS):
        return NotImplemented
    return apply(op, *promoted(a, b, floating))


@wrong(
    "01.3",
    "assign",
    "Your assign gives the target another array instead of writing into its own. Every view of "
    "it still looks at the old memory: apply copy_.",
)
def another_array(target, result):
    if result.shape != target.shape:
        raise RuntimeError(f"{target.shape} and {result.shape}")
    if KINDS[result.dtype.kind] > KINDS[target.dtype.kind]:
        raise RuntimeError(f"{result.dtype} into {target.dtype}")
    target.array = result.array.astype(target.dtype)
    return target


@wrong(
    "01.3",
    "assign",
    "Your assign does not compare the shapes, and copy_ stretches what is smaller without a "
    "word. Refuse two different shapes.",
)
def any_shape(target, result):
    if KINDS[result.dtype.kind] > KINDS[target.dtype.kind]:
        raise RuntimeError(f"{result.dtype} into {target.dtype}")
    apply("copy_", target, result)
    return target


@wrong(
    "01.3",
    "assign",
    "Your assign stores floats in integers and cuts off their fractions. Refuse a result of a "
    "higher kind than its target: KINDS puts them in order.",
)
def any_dtype(target, result):
    if result.shape != target.shape:
        raise RuntimeError(f"{target.shape} and {result.shape}")
    apply("copy_", target, result)
    return target


@wrong(
    "01.3",
    "assign",
    "Your assign writes, but then returns the result. Python binds what comes back: after x += "
    "1 the name x would stand for another tensor.",
)
def returns_the_result(target, result):
    if result.shape != target.shape:
        raise RuntimeError(f"{target.shape} and {result.shape}")
    if KINDS[result.dtype.kind] > KINDS[target.dtype.kind]:
        raise RuntimeError(f"{result.dtype} into {target.dtype}")
    apply("copy_", target, result)
    return result


@wrong(
    "01.3",
    "assign",
    "Your assign writes into the array itself, past the door. Nobody hears of the change, and "
    "in module 06 gradients would be computed with values that are gone: apply copy_.",
)
def writes_past_the_door_in_place(target, result):
    if result.shape != target.shape:
        raise RuntimeError(f"{target.shape} and {result.shape}")
    if KINDS[result.dtype.kind] > KINDS[target.dtype.kind]:
        raise RuntimeError(f"{result.dtype} into {target.dtype}")
    target.array[...] = result.array
    return target


# ----------------------------------------------------------------------- 01.4 · broadcasting


@wrong(
    "01.4",
    "sizes_at",
    "Your sizes_at keeps the size 1. It has no say: it stretches to whatever it meets.",
)
def ones_have_a_say(dim, shapes):
    return list(dict.fromkeys(shape[dim] for shape in shapes if len(shape) >= -dim))


@wrong(
    "01.4",
    "sizes_at",
    "Your sizes_at asks every shape for the dimension, also those that are too short to have "
    "it. These have nothing to say: leave them out.",
)
def short_shapes_are_asked(dim, shapes):
    return list(dict.fromkeys(n for n in (shape[dim] for shape in shapes) if n != 1))


@wrong(
    "01.4",
    "sizes_at",
    "Your sizes_at sorts the sizes. The message that names them follows the order in which the "
    "shapes were given.",
)
def in_order_of_size(dim, shapes):
    return sorted({shape[dim] for shape in shapes if len(shape) >= -dim} - {1})


@wrong(
    "01.4",
    "sizes_at",
    "Your sizes_at names a size again for every shape that has it. Two shapes that agree would "
    "look like a quarrel: name each size once.",
)
def as_often_as_they_come(dim, shapes):
    return [shape[dim] for shape in shapes if len(shape) >= -dim and shape[dim] != 1]


@wrong(
    "01.4",
    "broadcast_shape",
    "Your broadcast_shape lines the shapes up from the left. The last dimensions belong "
    "together: count with -1, -2, ... from the right.",
)
def from_the_left(*shapes):
    together = []
    for dim in range(max(map(len, shapes), default=0)):
        met = sorted({shape[dim] for shape in shapes if len(shape) > dim} - {1})
        if len(met) > 1:
            raise ValueError(alignment(*shapes))
        together += met or [1]
    return tuple(together)


@wrong(
    "01.4",
    "broadcast_shape",
    "Your broadcast_shape takes the larger of two sizes, whatever they are. Only a size of 1 "
    "stretches: 3 and 2 have to be refused.",
)
def the_larger_size(*shapes):
    ndim = max(map(len, shapes), default=0)
    return tuple(max([1, *sizes_at(dim, shapes)]) for dim in range(-ndim, 0))


@wrong(
    "01.4",
    "broadcast_shape",
    "Your broadcast_shape goes from the last dimension to the first and forgets to turn the "
    "result round.",
)
def back_to_front(*shapes):
    together = []
    for dim in range(-1, -max(map(len, shapes), default=0) - 1, -1):
        met = sizes_at(dim, shapes)
        if len(met) > 1:
            raise ValueError(alignment(*shapes))
        together += met or [1]
    return tuple(together)


@wrong(
    "01.4",
    "broadcast_shape",
    "Your broadcast_shape drops a dimension in which all sizes are 1. It stays, with size 1: "
    "stretching never takes a dimension away.",
)
def ones_are_dropped(*shapes):
    ndim = max(map(len, shapes), default=0)
    together = []
    for dim in range(-ndim, 0):
        met = sizes_at(dim, shapes)
        if len(met) > 1:
            raise ValueError(alignment(*shapes))
        together += met
    return tuple(together)


# ---------------------------------------------------------------------- 01.5 · matrix product


@wrong(
    "01.5",
    "matmul_kernel",
    "Your matmul_kernel uses np.dot, which pairs every matrix of one batch with every matrix of "
    "the other. In a batch the first belongs to the first, the second to the second: that is @.",
)
def dot_of_batches(a, b):
    refuse_misfits = b.shape[-2] if b.ndim > 1 else (b.shape or (0,))[0]
    if not a.ndim or not b.ndim:
        raise ValueError("expected at least one dimension")
    if a.shape[-1] != refuse_misfits:
        raise ValueError(f"the inner sizes differ, {a.shape[-1]} and {refuse_misfits}")
    if a.dtype != b.dtype:
        raise ValueError(f"got {a.dtype} and {b.dtype}")
    return np.dot(a, b)


@wrong(
    "01.5",
    "matmul_kernel",
    "Your matmul_kernel multiplies place by place. An entry of the matrix product is a whole "
    "row of the left times a whole column of the right, added up.",
)
def place_by_place(a, b):
    if not a.ndim or not b.ndim:
        raise ValueError("expected at least one dimension")
    if a.dtype != b.dtype:
        raise ValueError(f"got {a.dtype} and {b.dtype}")
    return a * b


@wrong(
    "01.5",
    "matmul_kernel",
    "Your matmul_kernel takes the first size of the right side for its rows. In a batch the "
    "rows are the last dimension but one.",
)
def first_size_of_the_right(a, b):
    if not a.ndim or not b.ndim:
        raise ValueError("expected at least one dimension")
    if a.shape[-1] != b.shape[0]:
        raise ValueError(f"the inner sizes differ, {a.shape[-1]} and {b.shape[0]}")
    if a.dtype != b.dtype:
        raise ValueError(f"got {a.dtype} and {b.dtype}")
    return a @ b


@wrong(
    "01.5",
    "matmul_kernel",
    "Your matmul_kernel leaves the refusals to NumPy. It stops most misfits, but in words about "
    "gufuncs; and it turns float32 times float64 into float64 without any.",
)
def numpy_decides(a, b):
    return a @ b


@wrong(
    "01.5",
    "matmul_kernel",
    "Your matmul_kernel transposes the right side when the sizes do not fit. The caller's "
    "mistake then gives numbers instead of an error: refuse it.",
)
def transposes_by_itself(a, b):
    if not a.ndim or not b.ndim:
        raise ValueError("expected at least one dimension")
    if a.dtype != b.dtype:
        raise ValueError(f"got {a.dtype} and {b.dtype}")
    inner = b.shape[-2] if b.ndim > 1 else b.shape[0]
    if a.shape[-1] != inner and b.shape[-1] != a.shape[-1]:
        raise ValueError(f"the inner sizes differ, {a.shape[-1]} and {inner}")
    return a @ (b if a.shape[-1] == inner else b.swapaxes(-1, -2))


# --------------------------------------------------------------------------- 01.6 · dimensions


@wrong(
    "01.6",
    "dims",
    "Your dims takes the remainder of every number, so that dim 2 of a matrix becomes its dim "
    "0. Look whether the number is in range first.",
)
def the_remainder_of_any(dim, ndim):
    if dim is None:
        return None
    if isinstance(dim, (tuple, list)):
        several = tuple(d % max(ndim, 1) for d in dim)
        if len(set(several)) < len(several):
            raise RuntimeError(f"dim {dim} names a dimension twice")
        return several or None
    return dim % ndim if ndim else None


@wrong(
    "01.6",
    "dims",
    "Your dims compares several numbers before it counts them from the front. 0 and -3 are then "
    "two different ones, and are the same of three dimensions.",
)
def twice_by_another_name(dim, ndim):
    if dim is None:
        return None
    if isinstance(dim, (tuple, list)):
        if len(set(dim)) < len(dim):
            raise RuntimeError(f"dim {dim} names a dimension twice")
        return tuple(dims(d, ndim) for d in dim) or None
    if not -max(ndim, 1) <= dim < max(ndim, 1):
        raise IndexError(f"dim {dim} is out of range {-max(ndim, 1)} to {max(ndim, 1) - 1}")
    return dim % ndim if ndim else None


@wrong(
    "01.6",
    "dims",
    "Your dims leaves negative numbers as they are. NumPy takes them, but whoever compares or "
    "slices with them, as flatten will, is led astray: count from the front.",
)
def negative_numbers_stay(dim, ndim):
    if dim is None:
        return None
    if isinstance(dim, (tuple, list)):
        several = tuple(dims(d, ndim) for d in dim)
        if len({d % max(ndim, 1) for d in dim}) < len(several):
            raise RuntimeError(f"dim {dim} names a dimension twice")
        return several or None
    if not -max(ndim, 1) <= dim < max(ndim, 1):
        raise IndexError(f"dim {dim} is out of range {-max(ndim, 1)} to {max(ndim, 1) - 1}")
    return dim if ndim else None


# --------------------------------------------------------------------------- 01.7 · reductions


@wrong(
    "01.7",
    "sum_kernel",
    "Your sum_kernel adds integers in their own dtype: three bytes of 200 give 88, because a "
    "byte starts again at 256. SUM_DTYPES says where there is room.",
)
def bytes_run_over(x, dim=None, keepdim=False):
    return x.sum(axis=dim, dtype=x.dtype, keepdims=keepdim)


@wrong(
    "01.7",
    "sum_kernel",
    "Your sum_kernel ignores keepdim. With keepdim=True the summed dimension stays, with size "
    "1, so that the result broadcasts against what it came from.",
)
def keepdim_is_ignored(x, dim=None, keepdim=False):
    total = x.sum(axis=dim, dtype=SUM_DTYPES.get(x.dtype))
    return total.astype(np.float16) if x.dtype == np.float16 else total


@wrong(
    "01.7",
    "mean_kernel",
    "Your mean_kernel always divides by the number of rows. How many values were added up "
    "depends on dim: it is the size before over the size after.",
)
def divides_by_the_rows(x, dim=None, keepdim=False):
    if x.dtype.kind != "f":
        raise ValueError(f"got {x.dtype}")
    total = x.sum(axis=dim, dtype=SUM_DTYPES.get(x.dtype), keepdims=keepdim)
    return (total / x.shape[0]).astype(x.dtype)


@wrong(
    "01.7",
    "mean_kernel",
    "Your mean_kernel adds float16 values in float16, whose largest number is 65504: a thousand "
    "times 100 is infinite there. SUM_DTYPES says where there is room.",
)
def half_precision_runs_over(x, dim=None, keepdim=False):
    if x.dtype.kind != "f":
        raise ValueError(f"got {x.dtype}")
    total = x.sum(axis=dim, dtype=x.dtype, keepdims=keepdim)
    return (total / (x.size / max(total.size, 1))).astype(x.dtype)


@wrong(
    "01.7",
    "mean_kernel",
    "Your mean_kernel accepts integers. The mean of integers is no integer, and PyTorch makes "
    "the caller say which float is meant: refuse them.",
)
def means_of_integers(x, dim=None, keepdim=False):
    wide = np.float32 if x.dtype == np.float16 else None
    mean = x.mean(axis=dim, dtype=wide, keepdims=keepdim)
    return mean.astype(x.dtype) if x.dtype.kind == "f" else mean


@wrong(
    "01.7",
    "argmax_kernel",
    "Your argmax_kernel counts through all values although a dim was given. Along dim 1 the "
    "answer is a place within each row.",
)
def counted_through_all(x, dim=None, keepdim=False):
    return np.asarray(x.argmax())


@wrong(
    "01.7",
    "argmax_kernel",
    "Your argmax_kernel finds the last of several largest values. The first one counts.",
)
def the_last_of_equals(x, dim=None, keepdim=False):
    if dim is None:
        return x.size - 1 - x.reshape(-1)[::-1].argmax()
    return x.shape[dim] - 1 - np.flip(x, dim).argmax(axis=dim, keepdims=keepdim)


@wrong(
    "01.7",
    "amax_kernel",
    "Your amax_kernel takes the largest of all values although a dim was given. Along dim 1 "
    "there is a largest value in each row.",
)
def the_largest_of_all(x, dim=None, keepdim=False):
    expect_values(x, dim)
    return np.asarray(x.max())


# --------------------------------------------------------------------------------- 01.8 · shape


@wrong(
    "01.8",
    "Tensor.reshape",
    "Your reshape reads the values column by column. The order of reading is row by row: the "
    "last index runs fastest.",
)
def column_by_column(self, *shape):
    return Tensor(self.array.reshape(sizes(shape), order="F"))


@wrong(
    "01.8",
    "Tensor.reshape",
    "Your reshape does the work itself, past the door. Listeners do not hear of it, and in "
    "module 06 gradients would end here: use apply.",
)
def past_the_door(self, *shape):
    try:
        return Tensor(self.array.reshape(sizes(shape)))
    except ValueError as error:
        raise RuntimeError(f"reshape({self.shape}): {error}") from None


@wrong(
    "01.8",
    "Tensor.reshape",
    "Your reshape copies the values. A view on the same memory is enough, costs nothing, and "
    "lets changes through.",
)
def always_a_copy(self, *shape):
    return apply("reshape", self.clone(), shape=sizes(shape))


@wrong(
    "01.8",
    "Tensor.flatten",
    "Your flatten leaves out end_dim. It belongs to the dimensions that are joined: a slice has "
    "to go one further.",
)
def without_the_end(self, start_dim=0, end_dim=-1):
    if not self.shape:
        return self.reshape(1)
    start, end = dims(start_dim, self.ndim), dims(end_dim, self.ndim)
    middle = math.prod(self.shape[start:end])
    return self.reshape(*self.shape[:start], middle, *self.shape[end:])


@wrong(
    "01.8",
    "Tensor.flatten",
    "Your flatten always joins all dimensions. flatten(1) keeps the first one, which in a batch "
    "of images counts the images.",
)
def always_everything(self, start_dim=0, end_dim=-1):
    return self.reshape(self.numel())


@wrong(
    "01.8",
    "Tensor.unsqueeze",
    "Your unsqueeze counts from the end of the shape that it got. The result has one dimension "
    "more, and -1 is its last one.",
)
def end_of_the_old_shape(self, dim):
    dim = dims(dim, self.ndim) if dim < 0 else dims(dim, self.ndim + 1)
    return self.reshape(*self.shape[:dim], 1, *self.shape[dim:])


@wrong(
    "01.8",
    "Tensor.squeeze",
    "Your squeeze removes every size of 1, also when dim names one of them. A batch with a "
    "single image would lose its batch: remove only what was named.",
)
def all_of_them_always(self, dim=None):
    return self.reshape(*[n for n in self.shape if n != 1])


@wrong(
    "01.8",
    "Tensor.squeeze",
    "Your squeeze refuses a dimension whose size is not 1, as NumPy does. In PyTorch, and here, "
    "it simply stays.",
)
def refuses_other_sizes(self, dim=None):
    axis = tuple(dim) if isinstance(dim, (tuple, list)) else dim
    return self.reshape(*np.squeeze(self.array, axis).shape)


@wrong(
    "01.8",
    "Tensor.unsqueeze",
    "Your unsqueeze indexes the array itself, past the door. Listeners do not hear of it: "
    "compute the shape and call self.reshape.",
)
def unsqueezed_past_the_door(self, dim):
    return Tensor(np.expand_dims(self.array, dims(dim, self.ndim + 1)))


# ------------------------------------------------------------------------------- 01.9 · strides


@wrong(
    "01.9",
    "Tensor.permute",
    "Your permute only changes the sizes: reshape keeps the order of reading, so every value "
    "ends up in a wrong place. Dimensions have to move with their values: apply permute.",
)
def permute_by_reshape(self, *order):
    order = dims(sizes(order), self.ndim) or ()
    if len(order) != self.ndim:
        raise RuntimeError(f"permute: got {order} for {self.shape}")
    return self.reshape(*[self.shape[i] for i in order])


@wrong(
    "01.9",
    "Tensor.permute",
    "Your permute turns the order round: order[0] says which old dimension comes first, not "
    "where the old first one goes. For two dimensions that is the same, for three it is not.",
)
def the_inverse_order(self, *order):
    order = dims(sizes(order), self.ndim) or ()
    if len(order) != self.ndim:
        raise RuntimeError(f"permute: got {order} for {self.shape}")
    return apply("permute", self, order=tuple(order.index(i) for i in range(self.ndim)))


@wrong(
    "01.9",
    "Tensor.transpose",
    "Your transpose reverses all dimensions. It exchanges two, and the others stay where they are.",
)
def all_reversed(self, dim0, dim1):
    dims((dim0,), self.ndim), dims((dim1,), self.ndim)
    return self.T


@wrong(
    "01.9",
    "Tensor.transpose",
    "Your transpose exchanges the sizes with reshape, which leaves the values in their order of "
    "reading. They have to move: give permute an order with two numbers exchanged.",
)
def transpose_by_reshape(self, dim0, dim1):
    shape = list(self.shape)
    dim0, dim1 = dims(dim0, self.ndim), dims(dim1, self.ndim)
    shape[dim0], shape[dim1] = shape[dim1], shape[dim0]
    return self.reshape(*shape)


@wrong(
    "01.9",
    "Tensor.stride",
    "Your stride counts bytes, as NumPy does. Here it counts values: divide by the bytes of "
    "one, array.itemsize.",
)
def counted_in_bytes(self, dim=None):
    return self.array.strides if dim is None else self.array.strides[dims(dim, self.ndim)]


@wrong(
    "01.9",
    "Tensor.is_contiguous",
    "Your is_contiguous only asks whether strides get smaller from left to right. So they do in "
    "a slice of columns, with a gap after each row: the stride has to be the product of the "
    "sizes behind it.",
)
def strides_get_smaller(self):
    steps = [step for n, step in zip(self.shape, self.stride(), strict=True) if n > 1]
    return steps == sorted(steps, reverse=True) or not self.numel()


@wrong(
    "01.9",
    "Tensor.is_contiguous",
    "Your is_contiguous looks at the stride of every dimension. One of size 1 has no neighbours "
    "to be far from: leave it out.",
)
def also_where_the_size_is_one(self):
    expected = 1
    for size, step in zip(reversed(self.shape), reversed(self.stride()), strict=True):
        if step != expected and self.numel():
            return False
        expected *= size
    return True


@wrong(
    "01.9",
    "Tensor.contiguous",
    "Your contiguous copies also what is in order already. A tensor that needs nothing is "
    "returned as it is.",
)
def copies_always(self):
    return self.clone()


@wrong(
    "01.9",
    "Tensor.contiguous",
    'Your contiguous copies the values but keeps their strange order: NumPy\'s copy(order="K") '
    "does. Read in order: the operation clone does.",
)
def copies_in_the_old_order(self):
    return self if self.is_contiguous() else Tensor(self.array.copy(order="K"))


@wrong(
    "01.9",
    "Tensor.transpose",
    "Your transpose lets NumPy exchange the dimensions, past the door. The numbers are right, "
    "but nobody hears of it, and gradients would end here: apply permute.",
)
def transposed_past_the_door(self, dim0, dim1):
    return Tensor(self.array.swapaxes(dims(dim0, self.ndim), dims(dim1, self.ndim)))


# ------------------------------------------------------------------------------- 01.10 · indices


@wrong(
    "01.10",
    "getitem_kernel",
    "Your getitem_kernel copies every part. A part that numbers and slices choose is a view: a "
    "change of it is a change of the whole.",
)
def parts_are_copies(x, index):
    x, index = after_integers(x, index)
    return np.array(x[index])


@wrong(
    "01.10",
    "getitem_kernel",
    "Your getitem_kernel returns a single value as a number of its own. NumPy copies it out of "
    "the memory; with ... at the end of the index it gives a view without dimensions.",
)
def a_number_of_its_own(x, index):
    x, index = after_integers(x, index)
    return np.asarray(x[index])


@wrong(
    "01.10",
    "getitem_kernel",
    "Your getitem_kernel leaves a mixture of numbers and arrays to NumPy, which moves "
    "dimensions to the front there. after_integers takes the numbers out first, as PyTorch "
    "does.",
)
def numbers_taken_for_arrays(x, index):
    out = x[index]
    if isinstance(out, np.ndarray):
        return out
    return x[(*index, ...) if isinstance(index, tuple) else (index, ...)]


@wrong(
    "01.10",
    "setitem_kernel",
    "Your setitem_kernel takes the part first and writes into that. For a mask or an array the "
    "part is a copy, and x never hears of it: assign to part[rest].",
)
def writes_into_a_copy(x, value, index):
    part, rest = after_integers(x, index)
    chosen = np.asarray(part[rest])
    chosen[...] = value
    return x


@wrong(
    "01.10",
    "setitem_kernel",
    "Your setitem_kernel changes a copy and returns it. An operation whose name ends in _ "
    "writes into the memory of its first tensor.",
)
def changes_a_copy(x, value, index):
    x = x.copy()
    part, rest = after_integers(x, index)
    part[rest] = value.reshape(()) if value.size == 1 else value
    return x


@wrong(
    "01.10",
    "setitem_kernel",
    "Your setitem_kernel leaves sizes of 1 to NumPy, which refuses an array of shape (1,) for a "
    "single place. By the rule of broadcasting they say nothing: drop them from the front.",
)
def one_value_with_a_dimension(x, value, index):
    part, rest = after_integers(x, index)
    part[rest] = value
    return x


@wrong(
    "01.10",
    "Tensor.__setitem__",
    "Your __setitem__ writes into the array itself, past the door. Nobody hears of it, and "
    "autograd would use values that are no longer there: apply setitem_.",
)
def writes_past_the_door(self, index, value):
    value = value if isinstance(value, Tensor) else converted(value, self.dtype)
    try:
        setitem_kernel(self.array, value.array, plain_index(index))
    except ValueError as error:
        raise RuntimeError(f"setitem_({self.shape}, {value.shape}): {error}") from None


@wrong(
    "01.10",
    "Tensor.__setitem__",
    "Your __setitem__ hands a Python number to the door, which takes tensors only. Convert it "
    "to a tensor of the same dtype first.",
)
def numbers_are_no_tensors(self, index, value):
    apply("setitem_", self, value, index=plain_index(index))


# ------------------------------------------------------------------------------ 01.11 · making


@wrong(
    "01.11",
    "zeros",
    "Your zeros leaves the dtype to NumPy, which takes float64: twice the memory of float32. "
    "Without a dtype it is the default one.",
)
def numpys_dtype(*size, dtype=None):
    return np.zeros(sizes(size), dtype)


@wrong(
    "01.11",
    "full",
    "Your full always makes floats. full((2,), 7) holds integers: without a dtype the value "
    "itself decides.",
)
def always_floats(size, fill_value, *, dtype=None):
    return np.full(sizes((size,)), fill_value, dtype or get_default_dtype())


@wrong(
    "01.11",
    "arange",
    "Your arange contains its end. As with Python's range, the end is where it stops before: "
    "arange(4) has four values, 0 to 3.",
)
def the_end_belongs_to_it(start, end=None, step=1, *, dtype=None):
    start, end = (0, start) if end is None else (start, end)
    if dtype is None and any(isinstance(n, float) for n in (start, end, step)):
        dtype = get_default_dtype()
    return np.arange(start, end + step, step).astype(dtype or int64)


@wrong(
    "01.11",
    "arange",
    "Your arange always makes integers. arange(0, 1, 0.25) would be four zeros: when one of its "
    "three numbers is a float, its values are floats.",
)
def always_integers(start, end=None, step=1, *, dtype=None):
    start, end = (0, start) if end is None else (start, end)
    return np.arange(start, end, step).astype(dtype or int64)


# ----------------------------------------------------------------- 01.12 · choosing and joining


@wrong(
    "01.12",
    "where_kernel",
    "Your where_kernel multiplies by 1 and 0 and adds. What is not chosen still counts: 0 times "
    "infinity is NaN. Choose instead of computing.",
)
def chosen_by_multiplying(condition, a, b):
    return condition * a + (1 - condition) * b


@wrong(
    "01.12",
    "where",
    "Your where accepts a condition of floats, and takes every value but 0 for true. That is "
    "nearly always a forgotten comparison: refuse it.",
)
def any_condition(condition, input, other):
    return apply("where", condition, *promoted(input, other))


@wrong(
    "01.12",
    "stack",
    "Your stack counts dim from the end of the tensors that it got. The result has one "
    "dimension more, and -1 is its last one.",
)
def end_of_the_old_shapes(tensors, dim=0):
    tensors = together(tensors, "stack")
    ndim = tensors[0].ndim
    return apply("stack", *tensors, dim=dims(dim, ndim) if dim < 0 else dims(dim, ndim + 1))


@wrong(
    "01.12",
    "stack_kernel",
    "Your stack_kernel joins along a dimension that is there, as cat does. stack makes a new "
    "one: two images of 8x8 become one array of 2x8x8.",
)
def the_same_as_cat(*tensors, dim=0):
    return np.concatenate(tensors, axis=dim)


@wrong(
    "01.12",
    "cat",
    "Your cat joins the arrays itself, past the door. The numbers are right, but nobody hears "
    "of it: apply the operation cat.",
)
def joined_past_the_door(tensors, dim=0):
    tensors = together(tensors, "cat")
    try:
        return Tensor(np.concatenate([t.array for t in tensors], dims(dim, tensors[0].ndim)))
    except ValueError as error:
        raise RuntimeError(f"cat{tuple(t.shape for t in tensors)}: {error}") from None


@wrong(
    "01.12",
    "cat_kernel",
    "Your cat_kernel ignores dim and always joins along the first one.",
)
def always_along_the_first(*tensors, dim=0):
    return np.concatenate(tensors)


# ----------------------------------------------------------------------------- 01.13 · debug it


@wrong(
    "01.13",
    "without_paper",
    "reshape still gives you a view here, so the writes go into the images. contiguous() and "
    "detach() do not copy what is in order already: a clone does.",
)
def still_a_view(images):
    flat = images.reshape(len(images), -1).contiguous()
    flat -= flat.mean(1, keepdim=True)
    flat[flat < 0] = 0.0
    return flat.reshape(images.shape)


@wrong(
    "01.13",
    "without_paper",
    "You take the mean over all images together. A dark scan then keeps its paper and a light "
    "one loses its ink: one mean for each image, dim 1 with keepdim.",
)
def one_mean_for_all(images):
    flat = images.reshape(len(images), -1).clone()
    flat -= flat.mean()
    flat[flat < 0] = 0.0
    return flat.reshape(images.shape)


@wrong(
    "01.13",
    "without_paper",
    "You make a clone and write into it, but return the images that you were given. The clone "
    "holds the answer.",
)
def returns_the_images(images):
    flat = images.reshape(len(images), -1).clone()
    flat -= flat.mean(1, keepdim=True)
    flat[flat < 0] = 0.0
    return images
