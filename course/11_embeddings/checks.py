"""What `tito check 11` looks at, exercise by exercise."""

import numpy as np

from tito.expect import check, expect, fresh, raises, rng

# ------------------------------------------------------------------- 11.1 a row by a product


def ids_below(rows, *shape):
    """Random ids, of which the first two are equal wherever there are two."""
    ids = rng().integers(0, rows, shape)
    ids.reshape(-1)[1:2] = ids.reshape(-1)[0]
    return ids


@check("11.1")
def test_a_one_hot_row_picks_a_row():
    """The example of the chapter: ids 1, 0, 1 take rows 1, 0 and 1 of the table."""
    expect(
        "one_hot_product(weight, ids)",
        np.array([[3, 4], [1, 2], [3, 4]], np.float32),
        weight=np.array([[1, 2], [3, 4]], np.float32),
        ids=np.array([1, 0, 1]),
        ask="Which columns of the one-hot row are 0, and what do they leave of the table?",
    )


@check("11.1")
def test_the_ids_keep_their_shape():
    """Ids (2, 3) and a table (5, 4) give (2, 3, 4), whichever ids occur."""
    weight, ids = fresh(5, 4), ids_below(4, 2, 3)
    expect(
        "one_hot_product(weight, ids)",
        weight[ids],
        weight=weight,
        ids=ids,
        ask="How long is a one-hot row: as many as there are ids here, or as the table has rows?",
    )


@check("11.1")
def test_a_single_id_gives_a_single_row():
    """One id of shape () gives one row of shape (4,)."""
    weight, ids = fresh(5, 4), ids_below(5, 1).reshape(())
    expect(
        "one_hot_product(weight, ids)",
        weight[ids],
        weight=weight,
        ids=ids,
        ask="The result has one dimension more than the ids. How many is that here?",
    )


@check("11.1")
def test_the_dtype_is_that_of_the_table():
    """A table of float32 gives rows of float32."""
    weight, ids = fresh(3, 2), ids_below(3, 4)
    expect(
        "one_hot_product(weight, ids)",
        weight[ids],
        dtype="float32",
        weight=weight,
        ids=ids,
        ask="Which dtype have the zeros and ones of your one-hot matrix?",
    )


# ------------------------------------------------------------------- 11.2 looking up


@check("11.2")
def test_the_first_id_outside():
    """Of [[0, 2], [3, 1]], id 3 at (1, 0) is no row of a table with 3 rows."""
    expect(
        "first_outside(ids, 3)",
        (1, 0),
        ids=np.array([[0, 2], [3, 1]]),
        ask="Rows are counted from 0. What is the number of the last of 3 rows?",
    )
    expect("first_outside(ids, 4)", None, ids=np.array([[0, 2], [3, 1]]))
    expect(
        "first_outside(ids, 3)",
        (1,),
        ids=np.array([2, 7, 0, 8]),
        ask="Two ids are outside. Which of them comes first?",
    )
    expect(
        "[type(number).__name__ for number in first_outside(ids, 3)]",
        ["int", "int"],
        ids=np.array([[0, 2], [3, 1]]),
        ask="Whose numbers does np.argwhere give, and what does .tolist() make of them?",
    )


@check("11.2")
def test_negative_ids_are_outside():
    """-1 is no row, although NumPy would take the last one; no ids at all are fine."""
    expect(
        "first_outside(ids, 3)",
        (2,),
        ids=np.array([0, 1, -1]),
        ask="What does weight[-1] give in NumPy, and would a learner want that for an id?",
    )
    expect("first_outside(ids, 3)", None, ids=np.zeros((0, 2), np.int64))


@check("11.2")
def test_rows_are_looked_up():
    """The kernel gives the rows at the ids, in the shape of the ids."""
    weight, ids = fresh(6, 3), ids_below(6, 2, 4)
    expect(
        "embedding_kernel(weight, ids)",
        weight[ids],
        dtype="float32",
        weight=weight,
        ids=ids,
        ask="What does NumPy give for an array of whole numbers as an index?",
    )
    expect("apply('embedding', Tensor(weight), tensor(ids))", weight[ids], weight=weight, ids=ids)


@check("11.2")
def test_a_lookup_refuses_what_is_no_row():
    """The error names the id and its place; ids that are floats are refused too."""
    weight = fresh(3, 2)
    raises(
        "embedding_kernel(weight, ids)",
        IndexError,
        mentions=("the id 3 at [1, 0]", "3 rows"),
        ask="Who makes that message? It is given.",
        weight=weight,
        ids=np.array([[0, 2], [3, 1]]),
    )
    raises(
        "embedding_kernel(weight, ids)",
        IndexError,
        mentions=("the id -1 at [0]",),
        weight=weight,
        ids=np.array([-1]),
    )
    raises(
        "embedding_kernel(weight, ids)",
        ValueError,
        mentions=("float32",),
        weight=weight,
        ids=np.array([1.0], np.float32),
    )


# ------------------------------------------------------------------- 11.3 the gradient


@check("11.3")
def test_a_row_that_was_used_twice_gets_both_gradients():
    """The example of the chapter: id 2 occurs twice, id 1 never."""
    expect(
        "embedding_dweight(g, ids, (3, 1), None)",
        np.array([[10], [0], [101]], np.float32),
        g=np.array([[1], [10], [100]], np.float32),
        ids=np.array([2, 0, 2]),
        ask="How much must row 2 receive, if two places of the output were copied from it?",
    )


@check("11.3")
def test_the_gradient_is_that_of_the_one_hot_product():
    """For ids of any shape: the transposed one-hot matrix times the gradient."""
    g, ids = fresh(2, 5, 3), ids_below(4, 2, 5)
    one_hot = np.eye(4)[ids.reshape(-1)]
    expect(
        "embedding_dweight(g, ids, (4, 3), None)",
        one_hot.T @ g.reshape(-1, 3),
        dtype="float32",
        g=g,
        ids=ids,
        ask="How do (batch, time) places of ids become one long row, and g's with them?",
    )
    expect(
        "embedding_dweight(g, ids, (4, 3), None)", one_hot.T @ g.reshape(-1, 3), g=g,
        ids=ids.astype(np.int32),
    )  # fmt: skip
    expect(
        "embedding_dweight(g, ids, (4, 3), None)", np.zeros((4, 3)),
        g=g[:, :0], ids=ids[:, :0],
        ask="No ids: what is the gradient of a table that nobody looked at?",
    )  # fmt: skip


@check("11.3")
def test_padding_receives_no_gradient():
    """The row of padding stays zero, also when it is row 0."""
    g, ids = fresh(6, 2), np.array([0, 1, 2, 0, 2, 1])
    whole = np.eye(3)[ids].T @ g
    for padding in (2, 0):
        expected = whole.copy()
        expected[padding] = 0
        expect(
            "embedding_dweight(g, ids, (3, 2), padding)",
            expected,
            g=g,
            ids=ids,
            padding=padding,
            ask="Is 0 a row like any other? What does `if 0:` do?",
        )


@check("11.3")
def test_it_is_the_rule_of_the_operation():
    """backward through a lookup fills the gradient of the table."""
    weight, ids, factors = fresh(5, 2), ids_below(5, 3, 2), fresh(3, 2, 2)
    expect(
        "table = Tensor(weight, requires_grad=True)\n"
        "rows = apply('embedding', table, tensor(ids), padding_idx=None)\n"
        "(rows * Tensor(factors)).sum().backward()\n"
        "table.grad",
        np.eye(5)[ids.reshape(-1)].T @ factors.reshape(-1, 2),
        weight=weight,
        ids=ids,
        factors=factors,
    )


# ------------------------------------------------------------------- 11.4 the function


@check("11.4")
def test_padding_is_counted_from_the_front():
    """-1 is the last row; 0 stays 0; None stays None."""
    expect("[padding_row(n, 10) for n in (3, 0, -1, -10)]", [3, 0, 9, 0], ask="What is -1 + 10?")
    expect("padding_row(None, 10)", None)
    expect("padding_row(0, 10)", 0, ask="Is `not padding_idx` true for 0?")


@check("11.4")
def test_padding_outside_the_table_is_refused():
    """10 and -11 are no rows of a table with 10: an AssertionError with both numbers."""
    raises(
        "padding_row(10, 10)",
        AssertionError,
        mentions=("10 rows",),
        ask="Which is the last row?",
    )
    raises(
        "padding_row(-11, 10)",
        AssertionError,
        mentions=("-11",),
        ask="How far can one count from the end of 10 rows?",
    )


@check("11.4")
def test_the_function_looks_up_tensors():
    """embedding(ids, weight) gives rows; ids come first, as in PyTorch."""
    weight, ids = fresh(4, 3), ids_below(4, 2, 2)
    expect("embedding(tensor(ids), Tensor(weight))", weight[ids], weight=weight, ids=ids)
    raises(
        "embedding(tensor([9]), Tensor(weight))",
        IndexError,
        mentions=("the id 9 at [0]",),
        weight=weight,
    )


@check("11.4")
def test_the_function_hands_on_the_padding():
    """With padding_idx=-1 the last row of the table has no gradient."""
    expect(
        "table = Tensor(np.ones((3, 2), np.float32), requires_grad=True)\n"
        "embedding(tensor([0, 2, 2, 0]), table, padding_idx=-1).sum().backward()\n"
        "table.grad",
        np.array([[2, 2], [0, 0], [0, 0]]),
        ask="Does the rule hear of the padding, and counted from the front?",
    )


@check("11.4")
def test_what_is_not_supported_is_refused():
    """max_norm and sparse go to refuse_rare."""
    raises(
        "embedding(tensor([0]), ones(2, 2), max_norm=1.0)",
        NotImplementedError,
        mentions=("embedding: max_norm=1.0",),
    )


# ------------------------------------------------------------------- 11.5 the module


@check("11.5")
def test_a_table_is_one_parameter():
    """Embedding(7, 3) has one parameter, weight (7, 3)."""
    expect(
        "[(name, p.shape) for name, p in Embedding(7, 3).named_parameters()]",
        [("weight", (7, 3))],
        ask="What makes a tensor one that is found?",
    )
    expect(
        "table = Embedding(7, 3, padding_idx=-1)\n"
        "[table.num_embeddings, table.embedding_dim, table.padding_idx]",
        [7, 3, 6],
        ask="Who counts the padding from the front?",
    )
    expect("str(Embedding(7, 3, dtype=float64).weight.dtype)", "float64")


@check("11.5")
def test_calling_it_looks_up():
    """With known rows the output is known."""
    weight, ids = fresh(5, 2), ids_below(5, 2, 3)
    expect(
        "table = Embedding(5, 2)\ntable.load_state_dict({'weight': weight})\ntable(tensor(ids))",
        weight[ids],
        weight=weight,
        ids=ids,
    )


@check("11.5")
def test_rows_begin_normal():
    """Mean 0 and deviation 1, as torch.nn.Embedding has it."""
    expect(
        "manual_seed(0)\nvalues = Embedding(2000, 20).weight.array\n"
        "[round(abs(float(values.mean())), 1), round(float(values.std()), 1)]",
        [0.0, 1.0],
        ask="Which function draws from the normal distribution?",
    )
    expect(
        "manual_seed(0)\nround(float((np.abs(Embedding(2000, 20).weight.array) > 1.8).mean()), 2)",
        0.07,
        ask="Seven normal values in a hundred lie further out than 1.8. How many of yours do?",
    )


@check("11.5")
def test_padding_begins_as_zeros_and_stays_there():
    """The row of padding is zero at the start, also row 0, and has no gradient."""
    for padding in (0, 2, -1):
        expect(
            "table = Embedding(4, 3, padding_idx=padding)\n"
            "table(tensor([0, 1, 2, 3])).sum().backward()\n"
            "[bool(row.any()) for row in table.weight.array] + table.weight.grad[:, 0].tolist()",
            [n != padding % 4 for n in range(4)] + [float(n != padding % 4) for n in range(4)],
            padding=padding,
            ask="Which row is zero? And does forward tell the function of the padding?",
        )


@check("11.5")
def test_reset_draws_anew_into_the_same_parameter():
    """reset_parameters changes the values, not the object."""
    expect(
        "table = Embedding(4, 3)\nweight, before = table.weight, table.weight.array.copy()\n"
        "table.reset_parameters()\n"
        "(table.weight is weight, bool((table.weight.array == before).any()))",
        (True, False),
        ask="An optimizer holds the old Parameter. Does the table still use that one?",
    )


@check("11.5")
def test_pretrained_rows():
    """from_pretrained takes the rows as they are, shares their memory, and freezes them."""
    rows = fresh(4, 2, low=1)
    expect(
        "table = Embedding.from_pretrained(Tensor(rows), padding_idx=-1)\n"
        "(table.weight, table.weight.requires_grad, np.shares_memory(table.weight.array, rows),\n"
        " table.num_embeddings, table.padding_idx)",
        (rows, False, True, 4, 3),
        rows=rows,
        ask="Are the rows copied, drawn anew, or zeroed anywhere? Which row is -1, from the front?",
    )
    expect(
        "Embedding.from_pretrained(Tensor(rows), freeze=False).weight.requires_grad",
        True,
        rows=rows,
    )
    raises(
        "Embedding.from_pretrained(Tensor(rows[0])).weight",
        AssertionError,
        mentions=("(2,)",),
        rows=rows,
    )


# ------------------------------------------------------------------- 11.6 neighbours


def pairs(ids, window):
    """Every pair of places that are at most `window` apart, one by one."""
    n = len(ids)
    return sorted(
        (int(ids[i]), int(ids[j]))
        for i in range(n)
        for j in range(n)
        if 0 < abs(i - j) <= window
    )  # fmt: skip


PAIRED = (
    "words, neighbours = skip_grams(ids, window)\nsorted(zip(words.tolist(), neighbours.tolist()))"
)


@check("11.6")
def test_every_word_with_its_neighbours():
    """The text 5, 6, 7 with a window of 1: the one in the middle has two neighbours."""
    expect(
        PAIRED,
        [(5, 6), (6, 5), (6, 7), (7, 6)],
        ids=np.array([5, 6, 7]),
        window=1,
        ask="Who stands on the left of 6, and who on the right?",
    )


@check("11.6")
def test_the_window_reaches_up_to_its_size():
    """All distances up to the window, and no neighbours beyond the ends of the text."""
    ids = rng().permutation(9)[:6]
    expect(
        PAIRED,
        pairs(ids, 2),
        ids=ids,
        window=2,
        ask="Are all distances up to the window there, and does a text end at its end?",
    )
    expect(
        PAIRED,
        pairs(ids[:2], 4),
        ids=ids[:2],
        window=4,
        ask="How many pairs does a text of two words have, however long the window is?",
    )


@check("11.6")
def test_the_nearest_row_points_the_same_way():
    """The angle decides, not the length; the row itself is left out."""
    expect(
        "[(row, round(cosine, 3)) for row, cosine in nearest(Tensor(table), 0, k=2)]",
        [(2, 0.707), (1, 0.0)],
        table=np.array([[1, 0], [0, 2], [3, 3], [-5, 0]], np.float32),
        ask="Row 3 is long. By what are the products divided, so that length does not count?",
    )
    expect(
        "[row for row, cosine in nearest(Tensor(table), 1, k=3)]",
        [2, 0, 3],
        table=np.array([[9, 0], [1, 1], [1, 2], [-1, 9]], np.float32),
    )


@check("11.6")
def test_zeros_and_twins():
    """A row of zeros has the cosine 0; a twin has 1, and only the row itself is left out."""
    expect(
        "[(row, round(float(cosine), 3)) for row, cosine in nearest(Tensor(table), 0)]",
        [(2, 0.8), (1, 0.0), (3, -0.6)],
        table=np.array([[3, 4], [0, 0], [0, 2], [-1, 0]], np.float32),
        ask="Row 1 has the length 0. What does NumPy make of 0 / 0?",
    )
    expect(
        "[sorted(n for n, _ in nearest(Tensor(table), row, k=2)) for row in (0, 1, 2)]",
        [[1, 2], [0, 2], [0, 1]],
        table=np.array([[1, 0], [2, 0], [4, 0], [0, 1]], np.float32),
        ask="Three rows share a direction. Is the first in your order always the row itself?",
    )


@check("11.6")
def test_neighbours_come_nearest_first():
    """Sorted by cosine; never more than there are other rows."""
    table = fresh(6, 4)
    lengths = np.linalg.norm(table, axis=1)
    cosines = table @ table[2] / lengths / lengths[2]
    order = [int(n) for n in np.argsort(-cosines) if n != 2]
    expect("[row for row, _ in nearest(Tensor(table), 2, k=3)]", order[:3], table=table)
    expect(
        "[cosine for _, cosine in nearest(Tensor(table), 2, k=9)]",
        [float(cosines[n]) for n in order],
        table=table,
        ask="How many other rows are there?",
    )


# ------------------------------------------------------------------- 11.7 waves


@check("11.7")
def test_each_clock_is_slower_than_the_one_before():
    """Four features are two clocks: one radian per position, and a hundredth of it."""
    expect(
        "position_angles(np.array([0, 1, 2]), 4)",
        np.array([[0, 0], [1, 0.01], [2, 0.02]]),
        ask="10000 to the power -2/4 is 0.01. Which power is it for clock 0?",
    )
    expect(
        "position_angles(positions, 6, base=8.0)",
        np.array([[[5.0, 2.5, 1.25]], [[-1.0, -0.5, -0.25]]]),
        positions=np.array([[5], [-1]]),
        ask="6 features, 3 clocks: 8^0, 8^(-2/6), 8^(-4/6).",
    )


@check("11.7")
def test_late_positions_keep_their_digits():
    """Angles are float64; an odd number of features is a ValueError that names it."""
    expect(
        "position_angles(np.array([16777217]), 2)",
        np.array([[16777217.0]]),
        within=1e-12,
        dtype="float64",
        ask="float32 has 24 bits: 16777217 is the first whole number that it cannot hold.",
    )
    raises("position_angles(np.arange(3), 5)", ValueError, mentions=("5 features",))


@check("11.7")
def test_sine_and_cosine_stand_side_by_side():
    """Position 1: sin 1, cos 1, sin 0.01, cos 0.01, in this order."""
    expect(
        "sinusoidal_positions(2, 4)",
        np.array([[0, 1, 0, 1], [0.841471, 0.540302, 0.01, 0.99995]], np.float32),
        dtype="float32",
        ask="Features 2i and 2i + 1 belong to clock i. Which of them is 0 at position 0?",
    )


@check("11.7")
def test_the_pattern_of_the_paper():
    """Every value is that of the formula."""
    length, dim, base = int(rng().integers(3, 9)), 6, float(rng().integers(10, 1000))
    expected = [
        [
            (np.cos if n % 2 else np.sin)(t / base ** (2 * (n // 2) / dim))
            for n in range(dim)
        ]
        for t in range(length)
    ]  # fmt: skip
    expect(
        "sinusoidal_positions(length, 6, base)",
        np.array(expected, np.float32),
        length=length,
        base=base,
        ask="By what factor is the second clock slower than the first, for this base?",
    )


# ------------------------------------------------------------------- 11.8 learned positions


@check("11.8")
def test_a_learned_table_of_small_values():
    """One parameter, weight (max_length, dim), with a deviation of 0.02."""
    expect(
        "[(name, p.shape) for name, p in PositionalEmbedding(9, 4).named_parameters()]",
        [("weight", (9, 4))],
    )
    expect(
        "manual_seed(0)\nround(float(PositionalEmbedding(500, 40).weight.array.std()), 3)",
        0.02,
        ask="randn has the deviation 1. What makes it 0.02?",
    )


@check("11.8")
def test_row_t_is_added_at_time_t():
    """(batch, time, features): every sequence of the batch gets the same rows, along time."""
    weight, x = fresh(6, 3), fresh(4, 4, 3)
    expect(
        "positions = PositionalEmbedding(6, 3)\n"
        "positions.load_state_dict({'weight': weight})\npositions(Tensor(x))",
        x + weight[:4],
        weight=weight,
        x=x,
        ask="Which axis is time: the first one, or the one before the last?",
    )
    expect(
        "positions = PositionalEmbedding(6, 3)\n"
        "positions.load_state_dict({'weight': weight})\npositions(Tensor(x[:2, :1, :]), offset=5)",
        x[:2, :1] + weight[5:],
        weight=weight,
        x=x,
        ask="With an offset, which row belongs to the first vector?",
    )
    expect(
        "positions = PositionalEmbedding(6, 3)\n"
        "positions.load_state_dict({'weight': weight})\npositions(Tensor(x))",
        x[0] + weight[:4],
        weight=weight,
        x=x[0],
        ask="One sequence alone, (time, dim): which of its axes is the last but one?",
    )


@check("11.8")
def test_the_table_ends():
    """All rows may be used; one position more is an IndexError that says so."""
    x = fresh(2, 5, 3)
    expect("PositionalEmbedding(5, 3)(Tensor(x)).shape", (2, 5, 3), x=x)
    raises(
        "PositionalEmbedding(4, 3)(Tensor(x)).shape",
        IndexError,
        mentions=("4 rows", "(2, 5, 3)"),
        ask="What should happen at a position that nobody has trained?",
        x=x,
    )
    raises("PositionalEmbedding(5, 3)(Tensor(x), offset=1).shape", IndexError, x=x)
    raises(
        "PositionalEmbedding(9, 3)(Tensor(x), offset=-1).shape",
        IndexError,
        ask="Which row is -1 for a slice, and is there a position before the first?",
        x=x,
    )


@check("11.8")
def test_rows_gather_the_gradients_of_the_batch():
    """Three sequences of length 2 in a table of 4: rows 0 and 1 were used three times."""
    expect(
        "positions = PositionalEmbedding(4, 2)\npositions(zeros(3, 2, 2)).sum().backward()\n"
        "positions.weight.grad",
        np.array([[3, 3], [3, 3], [0, 0], [0, 0]]),
        ask="Is the weight part of the graph, or only its array?",
    )


# ------------------------------------------------------------------- 11.9 rotary


def rotated(x, angles):
    """The rotation, pair by pair."""
    out = np.empty(np.broadcast_shapes(x.shape, (*angles.shape[:-1], x.shape[-1])), x.dtype)
    a, b = x[..., 0::2], x[..., 1::2]
    out[..., 0::2] = a * np.cos(angles) - b * np.sin(angles)
    out[..., 1::2] = a * np.sin(angles) + b * np.cos(angles)
    return out


@check("11.9")
def test_a_quarter_turn():
    """(1, 0) by 90 degrees is (0, 1); (0, 2) by 180 degrees is (0, -2)."""
    expect(
        "rotary_kernel(x, angles)",
        np.array([[0, 1], [0, -2]], np.float32),
        x=np.array([[1, 0], [0, 2]], np.float32),
        angles=np.array([[np.pi / 2], [np.pi]]),
        ask="Which way round does a positive angle turn, and which of the two gets the minus?",
    )


@check("11.9")
def test_neighbours_are_a_pair():
    """Features 2i and 2i + 1 turn by angle i; dtype and input stay."""
    x, angles = fresh(2, 4), fresh(2, 2).astype(np.float64)
    expect(
        "rotary_kernel(x, angles)",
        rotated(x, angles),
        dtype="float32",
        x=x,
        angles=angles,
        ask="Which two features make a pair: neighbours, or one from each half?",
    )
    wide = fresh(2, 8)
    expect(
        "rotary_kernel(x[:, ::2], angles)", rotated(wide[:, ::2], angles), x=wide, angles=angles,
        ask="These features lie apart in memory. Does your code need them side by side?",
    )  # fmt: skip
    small = x.astype(np.float16)
    expect(
        "rotary_kernel(x, angles)",
        rotated(small, angles),
        within=1e-2,
        dtype="float16",
        x=small,
        angles=angles,
        ask="float16 has no complex numbers, and the angles are float64. Which dtype comes out?",
    )


@check("11.9")
def test_the_gradient_is_turned_back():
    """The rule undoes the rotation; differences agree."""
    g, angles = fresh(3, 4), fresh(3, 2).astype(np.float64)
    expect(
        "rotary_dx(g, angles)",
        rotated(g, -angles),
        g=g,
        angles=angles,
        ask="The gradient of out = R x is the transpose of R times g. What does it do?",
    )
    expect(
        "gradcheck(lambda x: apply_rotary(x), Tensor(x, requires_grad=True))",
        True,
        x=fresh(3, 4).astype(np.float64),
    )


@check("11.9")
def test_vectors_turn_by_their_position():
    """Position 0 stays, position 1 turns by one step of each clock; T is the axis before last."""
    x = fresh(2, 5, 3, 4)
    angles = np.arange(3)[:, None] * np.array([1, 0.01])
    expect(
        "apply_rotary(Tensor(x))",
        rotated(x, angles),
        x=x,
        ask="x is (batch, heads, time, features). Along which axis do positions count?",
    )
    expect(
        "apply_rotary(Tensor(x), base=100.0)",
        rotated(x, np.arange(3)[:, None] * np.array([1, 0.1])),
        x=x,
    )


@check("11.9")
def test_positions_may_be_given():
    """A number is the position of the first vector; several are those of all."""
    x = fresh(2, 3, 2)
    expect(
        "apply_rotary(Tensor(x), 7)",
        rotated(x, np.array([[7], [8], [9]])),
        x=x,
        ask="A cache asks for one vector at position 7. Do yours begin at 0 all the same?",
    )
    places = rng().integers(0, 50, (2, 3))
    expect(
        "[apply_rotary(Tensor(x), tensor(places)), apply_rotary(Tensor(x), [4, 4, 0])]",
        [rotated(x, places[..., None]), rotated(x, np.array([[4], [4], [0]]))],
        x=x,
        places=places,
        ask="Positions may be (..., T): which of their sizes is how many there are?",
    )
    raises(
        "apply_rotary(Tensor(x), [1, 2])",
        ValueError,
        mentions=("2 positions", "(2, 3, 2)"),
        ask="Three vectors and two positions: which of them would be turned, and how far?",
        x=x,
    )
    raises(
        "apply_rotary(tensor([[1, 0], [1, 0]]))",
        NotImplementedError,
        mentions=("apply_rotary", "int64"),
        ask="Turned whole numbers are no whole numbers. Who refuses them? It is of module 02.",
    )


@check("11.9")
def test_a_score_depends_on_the_distance():
    """q at 9 and k at 4 meet as q at 1009 and k at 1004 do."""
    q, k = fresh(1, 8), fresh(1, 8)
    turned = rotated(q.astype(np.float64), 5.0 * 10000.0 ** (-np.arange(0, 8, 2) / 8))
    expect(
        "[(apply_rotary(Tensor(q), 4 + t + 5) * apply_rotary(Tensor(k), 4 + t)).sum()\n"
        " for t in (0, 1000)]",
        [(turned * k).sum()] * 2,
        within=1e-4,
        q=q,
        k=k,
    )


# ------------------------------------------------------------------- 11.10 ALiBi


@check("11.10")
def test_slopes_are_halved_from_head_to_head():
    """8 heads: 1/2, 1/4, ... 1/256."""
    expect(
        "alibi_slopes(8)",
        (2.0 ** -np.arange(1, 9)).astype(np.float32),
        dtype="float32",
        ask="The first slope is 2^(-8 / heads), and so is the factor from each to the next.",
    )
    expect("alibi_slopes(4)", np.array([0.25, 0.0625, 0.015625, 0.00390625]))
    expect("alibi_slopes(1)", np.array([2.0**-8]))


@check("11.10")
def test_other_numbers_of_heads():
    """6 heads: the 4 slopes of four, then the first and the third of eight."""
    expect(
        "alibi_slopes(6)",
        np.array([2.0**-n for n in (2, 4, 6, 8, 1, 3)]),
        ask="The next smaller power of two is 4. Which slopes of 8 heads come after its own?",
    )
    expect("alibi_slopes(3)", np.array([2.0**-n for n in (4, 8, 2)]))
    raises("alibi_slopes(0)", ValueError, mentions=("0 heads",))


@check("11.10")
def test_nearer_keys_lose_less():
    """Head 0 of 8, three positions: 0 on the diagonal, -0.5 beside it, -1 beyond."""
    expect(
        "alibi_bias(8, 3)[0]",
        np.array([[0, -0.5, -1], [-0.5, 0, -0.5], [-1, -0.5, 0]], np.float32),
        dtype="float32",
        ask="It is added to a score, and softmax prefers large ones. Which sign punishes?",
    )


@check("11.10")
def test_every_head_has_its_slope():
    """(H, T, T): head h punishes with slope h."""
    length = int(rng().integers(2, 6))
    places = np.arange(length)
    distance = np.abs(places[:, None] - places)
    slopes = 2.0 ** (-2 * np.arange(1, 5))
    expect(
        "alibi_bias(4, length)",
        -slopes[:, None, None] * distance,
        length=length,
        ask="Which shape must (H,) have to meet (T, T) as (H, T, T)?",
    )


# ------------------------------------------------------------------- 11.11 debug it


@check("11.11")
def test_a_sentence_is_read_alike_in_every_company():
    """The answer for a sentence does not depend on the other sentences of its batch."""
    ids = rng().integers(0, 10, (4, 4))
    expect(
        "tt.manual_seed(0)\nmodel = FirstOrLast(10)\n"
        "together = model(tt.tensor(ids)).array\n"
        "alone = np.concatenate([model(tt.tensor(ids[n : n + 1])).array for n in range(4)])\n"
        "bool(np.allclose(together, alone, atol=1e-5))",
        True,
        ids=ids,
        ask="Which row of the table is added to the third sentence of a batch?",
    )


@check("11.11")
def test_the_order_of_words_counts():
    """The same words in another order give another answer."""
    expect(
        "tt.manual_seed(0)\nmodel = FirstOrLast(10)\n"
        "a, b = (model(tt.tensor([ids])).array for ids in ([1, 2, 3, 4], [4, 3, 2, 1]))\n"
        "bool(np.allclose(a, b, atol=1e-5))",
        False,
        ask="With no mark of the place, a sum of vectors is the same in every order.",
    )


@check("11.11")
def test_row_t_goes_to_word_t():
    """Position t of the table is added to the word at time t, unchanged and once."""
    words, places, ids = fresh(5, 2), fresh(3, 2), np.array([[3, 2, 4], [1, 1, 0]])
    expect(
        "tt.manual_seed(0)\nmodel = FirstOrLast(5, dim=2)\n"
        "model.words.weight.data.copy_(tt.tensor(words))\n"
        "model.places.weight.data[:3] = tt.tensor(places)\n"
        "model.marked(tt.tensor(ids))",
        words[ids] + places,
        words=words,
        places=places,
        ids=ids,
        ask="words(ids) is (batch, time, features). Along which axis do places belong?",
    )


@check("11.11")
def test_it_learns_who_came_first():
    """A hundred steps on its task, and it is right nine times in ten."""
    expect(
        "accuracy(steps=100) > 0.9",
        True,
        ask="What does the model know about the place of a word?",
    )
