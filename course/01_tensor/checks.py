"""The checks of module 01: kernels, the door, broadcasting, reductions, views, indices, joining."""

import numpy as np

from tito.expect import check, expect, fresh, raises, rng

HEARD = """
heard = []

def note(below, op, tensors, options):
    heard.append(op)
    return below(op, tensors, options)

t = Tensor(x.copy())
with listen(note):
    {}
heard
"""
"""Code that lists the operations of a piece of code on the tensor `t`."""

# ------------------------------------------------------------------------------ 01.1 · kernels


@check("01.1")
def test_kernels_by_hand():
    """Each kernel gives what can be computed by hand."""
    a, b = np.array([6.0, 1.0]), np.array([2.0, 4.0])
    expect("sub_kernel(a, b)", [4.0, -3.0], a=a, b=b, ask="Which of the two is taken away?")
    expect("mul_kernel(a, b)", [12.0, 4.0], a=a, b=b, ask="Place by place: what is 6 times 2?")
    expect("div_kernel(a, b)", [3.0, 0.25], a=a, b=b, ask="What is one divided by four?")
    expect("neg_kernel(x)", [-1.0, 2.0], x=np.array([1.0, -2.0]))
    expect("abs_kernel(x)", [3.0, 4.0], x=np.array([-3.0, 4.0]))
    expect("exp_kernel(x)", [1.0, 2.718281828], x=np.array([0.0, 1.0]), within=1e-7)
    expect("log_kernel(x)", [0.0, 2.302585093], x=np.array([1.0, 10.0]), ask="A log of which base?")
    expect("sqrt_kernel(x)", [3.0, 0.5], x=np.array([9.0, 0.25]))


@check("01.1")
def test_kernels_on_fresh_arrays():
    """They hold for arrays of any shape, keep float32, and leave their inputs alone."""
    a, b = fresh(2, 3), fresh(2, 3)
    positive = fresh(3, low=0.1, high=5)
    expect("sub_kernel(a, b)", a - b, a=a, b=b, dtype="float32")
    expect("mul_kernel(a, b)", a * b, a=a, b=b, dtype="float32")
    expect("div_kernel(a, c)", a / positive, a=a, c=positive, dtype="float32")
    expect("neg_kernel(a)", 0 - a, a=a, dtype="float32")
    expect("abs_kernel(a)", np.where(a < 0, -a, a), a=a, ask="Did you write into the input?")
    expect("exp_kernel(a)", np.e**a, a=a, dtype="float32", within=1e-4)
    expect("log_kernel(c)", np.log(positive), c=positive, dtype="float32")
    expect("sqrt_kernel(c)", positive**0.5, c=positive, dtype="float32")


@check("01.1")
def test_kernels_stand_in_the_table():
    """The table finds them by the name of their operation."""
    a, b = fresh(3), fresh(3)
    expect('KERNELS["sub"](a, b), KERNELS["mul"](a, b)', (a - b, a * b), a=a, b=b)
    expect('KERNELS["neg"](a)', 0 - a, a=a)


# ----------------------------------------------------------------------------- 01.2 · the door


@check("01.2")
def test_run_by_hand():
    """run finds the kernel, hands it arrays, and wraps the result in a Tensor."""
    x, y = np.array([1.0, 2.0]), np.array([10.0, 20.0])
    code = 'run("add", (Tensor(x), Tensor(y)), {})'
    expect(code, [11.0, 22.0], x=x, y=y, ask="What does a kernel take: tensors, or their arrays?")
    expect(f"type({code}).__name__", "Tensor", x=x, y=y, ask="What did the kernel return?")


@check("01.2")
def test_run_passes_options_by_name():
    """run gives the options to the kernel by keyword, whatever their order."""
    x = fresh(3)
    code = """
@kernel("line")
def line(x, slope, height=0.0):
    return x * np.float32(slope) + np.float32(height)

out = run("line", (Tensor(x),), {"height": 1.0, "slope": 2.0})
del KERNELS["line"]
out
"""
    expect(code, 2 * x + 1, x=x, ask="How are the entries of a dict given as keyword arguments?")


@check("01.2")
def test_apply_asks_the_last_listener():
    """apply hands operation, tensors and options to the last listener."""
    x = fresh(2, 3)
    expect('apply("reshape", Tensor(x), shape=(3, 2))', x.reshape(3, 2), x=x)
    code = """
heard = []

def listener(op, tensors, options):
    heard.append((op, len(tensors), options))
    return run(op, tensors, options)

LISTENERS.append(listener)
try:
    apply("reshape", Tensor(x), shape=(6,))
finally:
    LISTENERS.remove(listener)
heard
"""
    ask = "Whom does apply call: run, or the last one in the list?"
    expect(code, [("reshape", 1, {"shape": (6,)})], x=x, ask=ask)


@check("01.2")
def test_apply_tells_errors_in_words():
    """A kernel that refuses becomes an error with the operation and the shapes."""
    x = fresh(2, 3)
    raises(
        'apply("reshape", Tensor(x), shape=(4,))', RuntimeError, mentions=("reshape", "(2, 3)"), x=x
    )
    raises('apply("neg", [1.0])', TypeError, mentions=("neg(list)",), ask="Is every refusal told?")


@check("01.2")
def test_listeners_nest():
    """listen puts a listener in front for the length of the block; the inner one hears first."""
    code = """
heard = []

def note(name):
    def listener(below, op, tensors, options):
        heard.append((name, op))
        return below(op, tensors, options)
    return listener

with listen(note("outer")), listen(note("inner")):
    out = apply("neg", Tensor(x))
apply("abs", Tensor(x))
heard, out
"""
    x = fresh(2)
    wanted = ([("inner", "neg"), ("outer", "neg")], -x)
    expect(code, wanted, x=x, ask="Who is below the inner one: run, or the outer one?")


@check("01.2")
def test_a_listener_leaves_also_after_an_error():
    """When the block ends with an error, its listener is gone all the same."""
    code = """
before = len(LISTENERS)

def silent(below, op, tensors, options):
    return below(op, tensors, options)

try:
    with listen(silent):
        1 / 0
except ZeroDivisionError:
    pass
left = len(LISTENERS) - before
del LISTENERS[before:]
left
"""
    expect(code, 0, ask="Which Python statement runs its last part also when an error passes?")


# ------------------------------------------------------------------------ 01.3 · the operators


@check("01.3")
def test_operators_by_hand():
    """The operators of Python work, with a tensor or a number on either side."""
    x, y = np.array([3.0, 8.0], np.float32), np.array([1.0, 2.0], np.float32)
    expect("Tensor(x) + Tensor(y)", [4.0, 10.0], x=x, y=y)
    expect("Tensor(x) - 1.0", [2.0, 7.0], x=x)
    expect("10.0 - Tensor(x)", [7.0, 2.0], x=x, ask="10 - 3 is 7. Which operand comes first?")
    expect("Tensor(x) / Tensor(y)", [3.0, 4.0], x=x, y=y)
    expect("Tensor(x) > 5.0", [False, True], x=x)


@check("01.3")
def test_the_common_dtype():
    """promoted gives both operands the dtype that holds both; a Python number adds no precision."""
    code = "[t.dtype.name for t in promoted({}, {})]"
    small, large = np.ones(2, np.float32), np.ones(2, np.float64)
    floats = ["float32", "float32"]
    expect(code.format("tensor([1, 2])", 0.5), floats, ask="What is 1 + 0.5 as an integer?")
    expect(code.format("tensor([1, 2])", "Tensor(x)"), floats, x=small)
    expect(code.format("Tensor(x)", 2.5), floats, x=small, ask="Has a float64 crept in?")
    expect(code.format(2.5, "Tensor(x)"), floats, x=small)
    expect(code.format("Tensor(x)", "Tensor(y)"), ["float64", "float64"], x=small, y=large)
    expect(code.format("tensor([1, 2])", 3), ["int64", "int64"])
    expect("promoted(tensor([1, 2]), 0.5)", ([1.0, 2.0], 0.5))


@check("01.3")
def test_division_of_integers_makes_floats():
    """With floating=True integers become floats, and floats stay what they are."""
    expect("tensor([7, 8]) / 2", [3.5, 4.0], dtype="float32", ask="When is `floating` True?")
    expect("[t.dtype.name for t in promoted(tensor([1]), 2, True)]", ["float32", "float32"])
    x = np.ones(2, np.float64)
    expect("[t.dtype.name for t in promoted(Tensor(x), 2, True)]", ["float64", "float64"], x=x)


@check("01.3")
def test_other_objects_are_not_ours():
    """Objects that are no operands are left to Python, which says TypeError in its own words."""
    expect(
        'binary("add", Tensor([1.0]), "a") is NotImplemented', True, ask="Return it or raise it?"
    )
    expect('binary("sub", [1.0], Tensor([1.0])) is NotImplemented', True, ask="Either side?")
    raises('Tensor([1.0]) + "a"', TypeError)


@check("01.3")
def test_operators_on_fresh_arrays():
    """They hold for fresh values, in the order in which they were written."""
    a, b = fresh(2, 3), fresh(2, 3)
    expect('binary("sub", Tensor(a), Tensor(b))', a - b, a=a, b=b)
    expect("2.0 * Tensor(a) - 1.0", 2 * a - 1, a=a, dtype="float32")
    expect("1.0 / Tensor(a)", 1 / a, a=a, within=1e-4)


@check("01.3")
def test_in_place_writes_into_the_same_memory():
    """x += y changes the memory of x, which every other tensor on it sees."""
    x = fresh(3)
    code = """
t = Tensor(x.copy())
other = Tensor(t.array)
t += 1.0
other
"""
    expect(code, x + 1, x=x, ask="Does `other` look at the memory that you wrote into?")
    expect("t = Tensor([1.0, 2.0])\nassign(t, Tensor([7.0, 8.0])) is t", True)
    ask = "Did you write through the door? Autograd hears of nothing else."
    expect(HEARD.format("assign(t, Tensor([5.0, 6.0]))"), ["copy_"], x=fresh(2), ask=ask)
    code = "t = Tensor([1.0, 2.0])\nassign(t, tensor([7, 8]))\nt"
    expect(code, [7.0, 8.0], dtype="float32", ask="Integers fit into floats.")


@check("01.3")
def test_in_place_refuses_what_does_not_fit():
    """assign refuses another shape and a higher kind of dtype, and names both."""
    ask = "Would copy_ have broadcast it without a word?"
    raises(
        "assign(Tensor([1.0, 2.0, 3.0]), Tensor([5.0]))",
        RuntimeError, mentions=("(3,)", "(1,)"), ask=ask,
    )  # fmt: skip
    raises(
        "assign(tensor([1, 2]), Tensor([0.5, 0.5]))",
        RuntimeError, mentions=("float32", "int64"), ask="What is left of 0.5 as an integer?",
    )  # fmt: skip


# ----------------------------------------------------------------------- 01.4 · broadcasting


@check("01.4")
def test_sizes_that_meet():
    """sizes_at counts dimensions from the last one, leaves out 1, and names each size once."""
    expect("sizes_at(-1, [(2, 3), (3,)])", [3], ask="Both have 3 there. How often is it named?")
    expect("sizes_at(-2, [(2, 3), (3,)])", [2], ask="Has the shape (3,) a dim -2?")
    expect("sizes_at(-1, [(5, 1), (4,)])", [4])
    expect("sizes_at(-1, [(7,), (2,), (1,), (7,)])", [7, 2], ask="In the order of the shapes?")
    expect("sizes_at(-1, [(1,), (1, 1)])", [])


@check("01.4")
def test_shapes_by_hand():
    """broadcast_shape gives the examples of the chapter."""
    expect("broadcast_shape((2, 3), (3,))", (2, 3), ask="Lined up from the right, who meets whom?")
    expect("broadcast_shape((3,), (3, 1))", (3, 3), ask="What does 3 do with 1?")
    expect("broadcast_shape((4, 1, 3), (5, 1))", (4, 5, 3))
    expect("broadcast_shape((2, 1), (1, 1))", (2, 1), ask="What if all of them are 1?")
    expect("broadcast_shape((), (2,))", (2,))
    expect("broadcast_shape((0, 3), (1, 3))", (0, 3), ask="Is 0 a size like any other?")


@check("01.4")
def test_fresh_shapes():
    """It agrees with NumPy on fresh shapes, two or three at a time."""
    for number in (2, 3, 3):
        whole = rng().integers(2, 6, rng().integers(1, 5))
        shapes = []
        for _ in range(number):
            ones = rng().random(len(whole)) < 0.4
            part = np.where(ones, 1, whole)[rng().integers(0, len(whole)) :]
            shapes.append(tuple(part.tolist()))
        wanted = np.broadcast_shapes(*shapes)
        expect(f"broadcast_shape({', '.join(map(str, shapes))})", wanted)


@check("01.4")
def test_shapes_that_do_not_meet():
    """Two different sizes, neither of them 1, are refused, and the message says where."""
    ask = "Sizes must be equal, or one of them 1. Nothing else stretches."
    words = ("sizes 3 and 2 meet at dim -1",)
    raises("broadcast_shape((2, 3), (2,))", ValueError, mentions=words, ask=ask)
    words = ("sizes 2 and 4 meet at dim -2",)
    raises("broadcast_shape((2, 3), (4, 3))", ValueError, mentions=words, ask=ask)
    raises("broadcast_shape((0,), (2,))", ValueError, ask=ask)
    raises(
        "apply('add', Tensor(np.ones((2, 3))), Tensor(np.ones(2)))",
        RuntimeError, mentions=("add((2, 3), (2,))", "meet at dim -1"),
    )  # fmt: skip


# ---------------------------------------------------------------------- 01.5 · matrix product


@check("01.5")
def test_products_by_hand():
    """Each entry is a row of the left times a column of the right."""
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    b = np.array([[10.0, 0.0], [1.0, 100.0]])
    expect("matmul_kernel(a, b)", [[12.0, 200.0], [34.0, 400.0]], a=a, b=b)
    expect("matmul_kernel(a, v)", [12.0, 34.0], a=a, v=np.array([10.0, 1.0]))
    expect("matmul_kernel(v, a)", [13.0, 24.0], a=a, v=np.array([10.0, 1.0]))
    expect("matmul_kernel(v, v)", 101.0, v=np.array([10.0, 1.0]), ask="A row times a column?")


@check("01.5")
def test_shapes_of_products():
    """(n, k) times (k, m) is (n, m), on fresh values."""
    a, b, v = fresh(4, 3), fresh(3, 2), fresh(3)
    expect("matmul_kernel(a, b)", np.einsum("nk,km->nm", a, b), a=a, b=b, dtype="float32")
    expect("Tensor(a) @ Tensor(b)", np.einsum("nk,km->nm", a, b), a=a, b=b)
    expect("matmul_kernel(v, b)", np.einsum("k,km->m", v, b), v=v, b=b)


@check("01.5")
def test_batches_of_products():
    """What stands before the last two dimensions is a batch, and batches broadcast."""
    a, b = fresh(2, 4, 3), fresh(2, 3, 5)
    ask = "Which matrices of the two batches belong together?"
    expect("matmul_kernel(a, b)", np.einsum("bnk,bkm->bnm", a, b), a=a, b=b, ask=ask)
    a, b = fresh(3, 1, 2, 4), fresh(2, 4, 2)
    ask = "Where are the rows of the right side, when a batch stands before them?"
    wanted = np.einsum("xynk,ykm->xynm", np.repeat(a, 2, 1), b)
    expect("matmul_kernel(a, b)", wanted, a=a, b=b, ask=ask)
    expect("matmul_kernel(a, w)", np.einsum("bnk,km->bnm", a[0], b[0]), a=a[0], w=b[0])


@check("01.5")
def test_refused_products():
    """What does not fit is refused in words."""
    a, b = fresh(2, 3), fresh(2, 3)
    raises("matmul_kernel(a, b)", ValueError, mentions=("inner sizes", "3", "2"), a=a, b=b)
    raises("matmul_kernel(a, v)", ValueError, mentions=("inner sizes", "3", "2"), a=a, v=fresh(2))
    raises("Tensor(a) @ Tensor(b)", RuntimeError, mentions=("matmul((2, 3), (2, 3))",), a=a, b=b)
    raises("matmul_kernel(x, a)", ValueError, mentions=("dimension",), x=np.float32(2), a=a)
    square = np.ones((3, 3), np.float32)
    raises(
        "matmul_kernel(a, b)", ValueError, mentions=("float32", "float64"),
        a=square, b=np.ones((3, 3)), ask="NumPy would turn both into float64 without a word.",
    )  # fmt: skip
    raises("matmul_kernel(a, b)", ValueError, a=fresh(2, 2, 3), b=fresh(3, 3, 2))


# --------------------------------------------------------------------------- 01.6 · dimensions


@check("01.6")
def test_dimensions_are_counted_from_the_front():
    """dims counts from the front, takes several, and None stands for all."""
    expect("dims(0, 3), dims(2, 3), dims(-1, 3), dims(-3, 3)", (0, 2, 2, 0))
    expect("dims((0, -1), 3), dims([1], 2)", ((0, 2), (1,)), ask="Several give a tuple.")
    expect("dims(None, 3), dims((), 3)", (None, None))
    expect("dims(0, 0), dims(-1, 0)", (None, None), ask="What is left of a tensor without dims?")


@check("01.6")
def test_dimensions_that_are_not_there():
    """dims refuses a number out of range, and a dimension that is named twice."""
    ask = "The remainder of 2 by 2 is 0, which is in range. Was 2?"
    raises("dims(2, 2)", IndexError, mentions=("2", "-2"), ask=ask)
    raises("dims(-4, 3)", IndexError, mentions=("-4", "-3", "2"))
    raises("dims(1, 0)", IndexError, mentions=("1",))
    raises("dims((0, -3), 3)", RuntimeError, ask="Counted from the front, which are they?")


@check("01.6")
def test_every_dimension_by_its_two_numbers():
    """Of n dimensions, number k is also number k - n; several are counted one by one."""
    ndim = int(rng().integers(2, 7))
    expect("[dims(k - ndim, ndim) for k in range(ndim)]", list(range(ndim)), ndim=ndim)
    expect(
        "dims(tuple(range(-ndim, 0)), ndim)",
        tuple(range(ndim)),
        ndim=ndim,
        ask="Each of several is counted by the rule for one. Who knows that rule already?",
    )


# --------------------------------------------------------------------------- 01.7 · reductions


@check("01.7")
def test_sums_and_means_by_hand():
    """A sum over dim 0 adds the rows, one over dim 1 the columns."""
    x = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]], np.float32)
    expect("sum_kernel(x, 0)", [11.0, 22.0, 33.0], x=x, ask="Which dimension is gone?")
    expect("sum_kernel(x, 1)", [6.0, 60.0], x=x)
    expect("sum_kernel(x)", 66.0, x=x)
    expect("sum_kernel(x, 1, keepdim=True)", [[6.0], [60.0]], x=x)
    expect("mean_kernel(x, 1)", [2.0, 20.0], x=x, dtype="float32", ask="How many are added up?")
    expect("mean_kernel(x, 0)", [5.5, 11.0, 16.5], x=x)
    expect("mean_kernel(x, None, True)", [[11.0]], x=x)


@check("01.7")
def test_several_dimensions():
    """Several dimensions go at once, also with fresh values."""
    x = fresh(2, 3, 4)
    expect("sum_kernel(x, (0, 2))", x.sum((0, 2)), x=x, within=1e-4, dtype="float32")
    expect("mean_kernel(x, (0, 2), True)", x.mean((0, 2), keepdims=True), x=x, within=1e-4)
    expect("Tensor(x).sum((0, -1))", x.sum((0, 2)), x=x, within=1e-4)
    expect("Tensor(x).mean(-1)", x.mean(2), x=x, within=1e-4, dtype="float32")


@check("01.7")
def test_sums_have_room():
    """Integers are added up as int64, and half precision does not overflow on the way."""
    bytes_ = np.full(3, 200, np.uint8)
    expect(
        "sum_kernel(x, 0, True)", [600], x=bytes_, dtype="int64", ask="What is a byte's largest?"
    )
    expect("sum_kernel(x, 0, True)", [2], x=np.array([True, False, True]), dtype="int64")
    half = np.full((1, 1000), 100, np.float16)
    ask = "A float16 ends at 65504. In which dtype do you add?"
    expect("mean_kernel(x, 1)", [100.0], x=half, dtype="float16", ask=ask)
    expect("sum_kernel(x, 1)", [1000.0], x=half / 100, dtype="float16")
    raises("mean_kernel(x)", ValueError, mentions=("int64",), x=np.array([1, 2]))


@check("01.7")
def test_largest_values():
    """amax and argmax find the largest along dim; the first one where several are largest."""
    x = np.array([[1.0, 5.0, 5.0], [7.0, 2.0, 0.0]], np.float32)
    expect("amax_kernel(x, 1)", [5.0, 7.0], x=x)
    expect("amax_kernel(x, 0, True)", [[7.0, 5.0, 5.0]], x=x)
    expect("argmax_kernel(x, 1)", [1, 0], x=x, ask="Which of two equal ones?")
    expect("argmax_kernel(x, 0)", [1, 0, 0], x=x, ask="Along dim 0: counted within a column?")
    expect("argmax_kernel(x)", 3, x=x, ask="Without dim: counted through all values?")
    y = fresh(3, 4)
    expect("Tensor(y).argmax(-1, keepdim=True)", y.argmax(1)[:, None], y=y)
    expect("Tensor(y).amax()", y.max(), y=y)
    raises("amax_kernel(x, 0)", IndexError, x=np.ones((0, 3)), ask="The largest of none?")


# --------------------------------------------------------------------------------- 01.8 · shape


@check("01.8")
def test_reshape_by_hand():
    """reshape keeps the order in which the values are read, and takes sizes either way."""
    x = np.arange(6)
    expect("Tensor(x).reshape(2, 3)", [[0, 1, 2], [3, 4, 5]], x=x)
    expect("Tensor(x).reshape((3, 2))", [[0, 1], [2, 3], [4, 5]], x=x)
    expect("Tensor(x).reshape(2, -1).shape", (2, 3), x=x)
    raises("Tensor(x).reshape(4)", RuntimeError, mentions=("reshape((6,))",), x=x)


@check("01.8")
def test_reshape_is_a_view_through_the_door():
    """reshape shares the memory and is heard as the operation reshape."""
    code = "t = Tensor(x)\nnp.shares_memory(t.reshape(3, 2).array, t.array)"
    expect(code, True, x=fresh(2, 3), ask="Was there a copy?")
    code = HEARD.format("t.reshape(6)")
    ask = "Everything passes through apply. Module 06 will hear nothing else."
    expect(code, ["reshape"], x=fresh(2, 3), ask=ask)
    for call in ("flatten()", "unsqueeze(0)", "squeeze()"):
        expect(HEARD.format(f"t.{call}"), ["reshape"], x=fresh(1, 3), ask=ask)


@check("01.8")
def test_flatten():
    """flatten makes dimensions start_dim to end_dim, both included, into one."""
    x = fresh(2, 3, 4, 5)
    expect("Tensor(x).flatten()", x.reshape(-1), x=x)
    expect("Tensor(x).flatten(1)", x.reshape(2, 60), x=x)
    expect("Tensor(x).flatten(1, 2)", x.reshape(2, 12, 5), x=x, ask="Does dim 2 belong to it?")
    expect("Tensor(x).flatten(-2, -1).shape", (2, 3, 20), x=x)
    expect("Tensor(x).flatten()", [5.0], x=np.array(5.0), ask="A tensor without dimensions?")


@check("01.8")
def test_unsqueeze():
    """unsqueeze inserts a size of 1 so that it is dimension dim of the result."""
    x = fresh(2, 3)
    expect("Tensor(x).unsqueeze(0).shape", (1, 2, 3), x=x)
    expect("Tensor(x).unsqueeze(1)", x[:, None], x=x)
    ask = "Of the result: how many dimensions does it have?"
    expect("Tensor(x).unsqueeze(-1).shape", (2, 3, 1), x=x, ask=ask)
    expect("Tensor(x).unsqueeze(2).shape", (2, 3, 1), x=x, ask=ask)
    raises("Tensor(x).unsqueeze(3)", IndexError, x=x)


@check("01.8")
def test_squeeze():
    """squeeze removes sizes of 1: all of them, or only those that dim names."""
    x = fresh(1, 2, 1, 3)
    expect("Tensor(x).squeeze()", x.reshape(2, 3), x=x)
    expect("Tensor(x).squeeze(0).shape", (2, 1, 3), x=x, ask="Only the one that was named?")
    expect("Tensor(x).squeeze(-2).shape", (1, 2, 3), x=x)
    expect("Tensor(x).squeeze((0, 2)).shape", (2, 3), x=x)
    expect("Tensor(x).squeeze(1).shape", (1, 2, 1, 3), x=x, ask="Its size is 2. What can go?")


# ------------------------------------------------------------------------------- 01.9 · strides


@check("01.9")
def test_permute():
    """permute moves dimensions together with their values, without a copy."""
    x = np.arange(6).reshape(2, 3)
    ask = "Row 0 was 0 1 2. Where do these three stand afterwards?"
    expect("Tensor(x).permute(1, 0)", [[0, 3], [1, 4], [2, 5]], x=x, ask=ask)
    y = fresh(2, 3, 4)
    expect("Tensor(y).permute(2, 0, 1)", np.moveaxis(y, 2, 0), y=y, ask="order[0] comes first.")
    expect("Tensor(y).permute((-1, 1, 0)).shape", (4, 3, 2), y=y)
    code = "t = Tensor(y)\nnp.shares_memory(t.permute(1, 0, 2).array, t.array)"
    expect(code, True, y=y)
    raises("Tensor(y).permute(1, 0)", RuntimeError, mentions=("(1, 0)", "(2, 3, 4)"), y=y)
    raises("Tensor(y).permute(0, 0, 1)", RuntimeError, y=y)


@check("01.9")
def test_transpose():
    """transpose exchanges two dimensions and leaves the others where they are."""
    x = fresh(2, 3, 4)
    expect("Tensor(x).transpose(0, 1)", np.swapaxes(x, 0, 1), x=x, ask="Did dim 2 stay?")
    expect("Tensor(x).transpose(-1, 0)", np.swapaxes(x, 0, 2), x=x)
    expect("Tensor(x).mT", np.swapaxes(x, 1, 2), x=x)
    expect("Tensor(x).transpose(0, 0)", x, x=x)
    code = "t = Tensor(x)\nnp.shares_memory(t.transpose(0, 1).array, t.array)"
    expect(code, True, x=x, ask="A transpose needs no copy: who moved?")
    raises("Tensor(x).transpose(0, 3)", IndexError, x=x)


@check("01.9")
def test_strides_are_counted_in_values():
    """stride says how many values, not bytes, lie between neighbours."""
    x = fresh(2, 3, 4)
    expect("Tensor(x).stride()", (12, 4, 1), x=x, ask="How many bytes has a float32?")
    expect("Tensor(x).stride(-2), Tensor(x).stride(0)", (4, 12), x=x)
    expect("Tensor(x.transpose(2, 0, 1)).stride()", (1, 12, 4), x=x)
    expect("Tensor(x[:, ::2]).stride()", (12, 8, 1), x=x)
    expect("Tensor(x).stride()", (3, 1), x=np.ones((2, 3), np.int16))


@check("01.9")
def test_what_lies_in_order():
    """is_contiguous: the values lie one after the other, in the order of reading, without gaps."""
    x = np.ones((4, 6), np.float32)
    expect("Tensor(x).is_contiguous()", True, x=x)
    expect("Tensor(x.T).is_contiguous()", False, x=x)
    expect("Tensor(x[:, :3]).is_contiguous()", False, x=x, ask="Is there a gap after each row?")
    expect("Tensor(x[1:3]).is_contiguous()", True, x=x, ask="Whole rows: is there a gap?")
    expect("Tensor(x[:, :1]).is_contiguous()", False, x=x)
    ask = "A dimension of size 1 has no neighbours. Does its stride matter?"
    expect("Tensor(x[:1, :3]).is_contiguous()", True, x=x, ask=ask)
    expect("Tensor(x[:0].T).is_contiguous()", True, x=x, ask="No values at all: out of order?")


@check("01.9")
def test_contiguous_copies_only_where_it_must():
    """contiguous returns the tensor itself where it is in order already, else a copy in order."""
    x = fresh(3, 2)
    expect("t = Tensor(x)\nt.contiguous() is t", True, x=x, ask="Is a copy needed here?")
    expect("Tensor(x.T).contiguous()", x.T, x=x)
    expect("Tensor(x.T).contiguous().array.flags.c_contiguous", True, x=x)
    expect("np.shares_memory(Tensor(x.T).contiguous().array, x)", False, x=x)


@check("01.9")
def test_moved_dimensions_are_heard():
    """Both ways to move dimensions pass through the door, as the operation permute."""
    ask = "Did the work go through apply?"
    expect(HEARD.format("t.permute(1, 0)"), ["permute"], x=fresh(2, 3), ask=ask)
    expect(HEARD.format("t.transpose(0, 1)"), ["permute"], x=fresh(2, 3), ask=ask)


# ------------------------------------------------------------------------------- 01.10 · indices


@check("01.10")
def test_parts():
    """Numbers, slices, None, masks and tensors of numbers choose what they choose in PyTorch."""
    x = fresh(3, 4)
    expect("Tensor(x)[1]", x[1], x=x)
    expect("Tensor(x)[-1, 1:3]", x[2, 1:3], x=x)
    expect("Tensor(x)[..., None].shape", (3, 4, 1), x=x)
    expect("Tensor(x)[1, 2]", x[1, 2], x=x)
    expect("Tensor(x)[Tensor(x) > 0]", x[x > 0], x=x)
    expect("Tensor(x)[tensor([2, 0])]", x[[2, 0]], x=x)
    raises("Tensor(x)[3]", IndexError, mentions=("getitem((3, 4))",), x=x)


@check("01.10")
def test_views_and_copies():
    """A part chosen by numbers and slices shares the memory; one chosen by a tensor is a copy."""
    shares = "t = Tensor(x)\nnp.shares_memory(t[{}].array, t.array)"
    x = fresh(3, 4)
    expect(shares.format("1:"), True, x=x)
    expect(shares.format("0, 1:"), True, x=x)
    expect(shares.format("1, 2"), True, x=x, ask="What does NumPy return for one value?")
    expect(shares.format("tensor([0, 1])"), False, x=x)
    code = "t = Tensor(x.copy())\npart = t[1, 2]\npart += 10.0\nt[1, 2]"
    expect(code, x[1, 2] + 10, x=x, ask="Did the change reach the memory of t?")


@check("01.10")
def test_writing_into_parts():
    """x[index] = value changes x itself, also through a mask, and the value broadcasts."""
    x = fresh(2, 3)
    wanted = x.copy()
    wanted[0] = 5
    expect("t = Tensor(x.copy())\nt[0] = 5.0\nt", wanted, x=x, dtype="float32")
    wanted = np.where(x > 0, 9, x)
    ask = "x[mask] on the right of an = is a copy. Into what do you write?"
    expect("t = Tensor(x.copy())\nt[Tensor(x) > 0] = 9\nt", wanted, x=x, ask=ask)
    wanted = x.copy()
    wanted[:, 1] = [7, 8]
    expect("t = Tensor(x.copy())\nt[:, 1] = tensor([7, 8])\nt", wanted, x=x, dtype="float32")
    wanted = x.copy()
    wanted[1, 2] = 4
    code = "t = Tensor(x.copy())\nt[1, 2] = Tensor([4.0])\nt[1, 2] = Tensor([[4.0]])\nt"
    expect(code, wanted, x=x, ask="The rule of 01.4: is (1,) another shape than () to it?")
    raises("t = Tensor(x.copy())\nt[0] = Tensor([1.0, 2.0])", RuntimeError, x=x,
           mentions=("setitem_((2, 3), (2,))",))  # fmt: skip


@check("01.10")
def test_numbers_and_tensors_in_one_index():
    """Where a number and a tensor meet in one index, the dimensions keep PyTorch's order."""
    x = fresh(2, 3, 4)
    expect("Tensor(x)[0, :, tensor([1, 3])]", x[0][:, [1, 3]], x=x, ask="after_integers helps.")
    wanted = x.copy()
    wanted[0][:, [1, 3]] = [[1, 2], [3, 4], [5, 6]]
    code = "t = Tensor(x.copy())\nt[0, :, tensor([1, 3])] = Tensor([[1.0, 2], [3, 4], [5, 6]])\nt"
    expect(code, wanted, x=x, ask="after_integers serves both kernels.")


@check("01.10")
def test_indices_pass_through_the_door():
    """Reading and writing parts are operations, which listeners hear."""
    code = HEARD.format("t[0]; t[1] = tensor(2.0)")
    expect(code, ["getitem", "setitem_"], x=fresh(3), ask="Did both go through apply?")


# ------------------------------------------------------------------------------ 01.11 · making


@check("01.11")
def test_new_tensors():
    """zeros, ones and full take a size and a dtype; float32 unless told or told by the value."""
    expect("zeros(2, 3)", np.zeros((2, 3)))
    expect("ones((2,))", [1.0, 1.0])
    names = "zeros(2).dtype.name, ones(2).dtype.name"
    expect(names, ("float32", "float32"), ask="Which dtype does NumPy take when it is not told?")
    expect("ones(2, dtype=int64)", [1, 1], dtype="int64")
    expect("zeros(1, dtype=bool_).dtype.name", "bool")
    expect("full((2, 2), 7)", [[7, 7], [7, 7]])
    expect("full((2, 2), 7).dtype.name", "int64", ask="What is the dtype of 7?")
    expect("full((2,), 0.5)", [0.5, 0.5], dtype="float32")
    expect("full((1,), True).dtype.name", "bool")
    expect("full((2,), 3, dtype=float64)", [3.0, 3.0], dtype="float64")


@check("01.11")
def test_arange():
    """arange counts from start up to, without, end; integers unless a float is among them."""
    expect("arange(4)", [0, 1, 2, 3], dtype="int64", ask="Does the end belong to it?")
    expect("arange(2, 8, 3)", [2, 5], dtype="int64")
    expect(
        "arange(0, 1, 0.25)", [0.0, 0.25, 0.5, 0.75], dtype="float32", ask="Any float among them?"
    )
    expect("arange(3.0)", [0.0, 1.0, 2.0], dtype="float32")
    expect("arange(3, dtype=float64)", [0.0, 1.0, 2.0], dtype="float64")


@check("01.11")
def test_sizes_in_both_forms():
    """A size may come as numbers or as one tuple, and is none at all for a single value."""
    rows, columns = (int(n) for n in rng().integers(1, 5, 2))
    code = "{0}(a, b).shape, {0}((a, b)).shape, {0}([a, b]).shape"
    wanted = ((rows, columns),) * 3
    ask = "sizes, from the plumbing, brings all forms into one."
    expect(code.format("zeros"), wanted, a=rows, b=columns, ask=ask)
    expect(code.format("ones"), wanted, a=rows, b=columns, ask=ask)
    ask = "full gets its size as one thing: a tuple, or a number."
    wanted = ((rows, columns), (rows,))
    expect("full((a, b), 0.5).shape, full(a, 0.5).shape", wanted, a=rows, b=columns, ask=ask)
    expect("ones(()).shape, full((), 2.0).item()", ((), 2.0))


# ----------------------------------------------------------------- 01.12 · choosing and joining


@check("01.12")
def test_where():
    """where chooses place by place; what is not chosen has no influence."""
    x = fresh(3, 2)
    expect("where(Tensor(x) > 0, Tensor(x), 0.0)", np.where(x > 0, x, 0), x=x, dtype="float32")
    expect("where(Tensor(x) > 0, 1, 0)", np.where(x > 0, 1, 0), x=x, dtype="int64")
    c, a, b = np.array([True, False]), np.array([1.0, np.inf]), np.array([np.nan, 2.0])
    ask = "What is 0 times infinity?"
    expect("where(Tensor(c), Tensor(a), Tensor(b))", [1.0, 2.0], c=c, a=a, b=b, ask=ask)
    raises("where(Tensor(x), 1.0, 0.0)", RuntimeError, mentions=("float32",), x=x)


@check("01.12")
def test_cat():
    """cat joins along a dimension that is there, in the common dtype."""
    x, y = fresh(2, 3), fresh(1, 3)
    expect("cat([Tensor(x), Tensor(y)])", np.vstack([x, y]), x=x, y=y)
    z = fresh(2, 1)
    expect("cat([Tensor(x), Tensor(z)], -1)", np.hstack([x, z]), x=x, z=z)
    expect("cat((tensor([1]), Tensor([0.5])))", [1.0, 0.5], dtype="float32")
    raises("cat([])", RuntimeError)
    raises("cat([Tensor(x), Tensor(z)])", RuntimeError, mentions=("(2, 3)", "(2, 1)"), x=x, z=z)


@check("01.12")
def test_stack():
    """stack makes a new dimension, also counted from the end of the result."""
    x, y = fresh(2, 3), fresh(2, 3)
    expect("stack([Tensor(x), Tensor(y)])", np.array([x, y]), x=x, y=y, ask="How many dims?")
    expect("stack([Tensor(x), Tensor(y)], 1)", np.stack([x, y], 1), x=x, y=y)
    ask = "The result has one dimension more. Which one is its last?"
    expect("stack([Tensor(x), Tensor(y)], -1)", np.stack([x, y], 2), x=x, y=y, ask=ask)
    raises("stack([Tensor(x), Tensor(y)], 3)", IndexError, x=x, y=y)


@check("01.12")
def test_joining_is_heard():
    """where, cat and stack are operations, which listeners hear."""
    code = HEARD.format("where(t > 0, t, 0.0); cat([t, t]); stack([t, t])")
    expect(code, ["gt", "where", "cat", "stack"], x=fresh(2), ask="Did all go through apply?")


# ----------------------------------------------------------------------------- 01.13 · debug it


@check("01.13")
def test_the_images_stay_what_they_were():
    """The images that were given are unchanged afterwards."""
    x = fresh(3, 1, 2, 2, low=0, high=1)
    code = "images = Tensor(x.copy())\nwithout_paper(images)\nimages"
    expect(code, x, x=x, ask="Which line makes a tensor with memory of its own?")


@check("01.13")
def test_the_result_is_right():
    """Each image loses its own mean, and what is below 0 becomes 0."""
    x = np.array([[[[0.0, 0.25], [0.25, 0.5]]], [[[1.0, 0.5], [0.5, 0.0]]]], np.float32)
    wanted = np.array([[[[0.0, 0.0], [0.0, 0.25]]], [[[0.5, 0.0], [0.0, 0.0]]]], np.float32)
    ask = "The means are 0.25 and 0.5: one for each image."
    expect("without_paper(Tensor(x.copy()))", wanted, x=x, ask=ask)
    x = fresh(3, 1, 4, 4, low=0, high=1)
    expect("without_paper(Tensor(x.copy()))", ink(x), x=x)


@check("01.13")
def test_asking_twice_gives_the_same():
    """A second call on the same images gives the same answer."""
    x = fresh(2, 1, 4, 4, low=0, high=1)
    code = "images = Tensor(x.copy())\nwithout_paper(images)\nwithout_paper(images)"
    expect(code, ink(x), x=x, ask="What did the second call get to see?")


def ink(x):
    """The images without their paper, in NumPy."""
    return np.maximum(x - x.mean((1, 2, 3), keepdims=True), 0)
