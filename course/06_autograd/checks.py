"""The checks of chapter 06. Expected values come from hand, from NumPy, or from small steps."""

import math

import numpy as np

from tito.expect import check, expect, fresh, raises

SPOT = """
class Spot:
    def __init__(self, *below):
        self.edges = [(spot,) for spot in below]
"""
"""A node that only knows its edges, to be put before the code of an expectation."""


def slopes(f, x, g, eps=1e-6):
    """The gradient at x of sum(g * f(x)), by central differences in float64."""
    x = np.asarray(x, np.float64)
    found = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = eps
        found[place] = np.sum(g * (f(x + step) - f(x - step))) / (2 * eps)
    return found


# --------------------------------------------------------------------------------- the order


@check("06.1")
def order_of_a_chain():
    """In a chain z <- y <- x, the order is z, y, x."""
    expect(
        SPOT + "x = Spot()\ny = Spot(x)\nz = Spot(y)\n"
        "[['z', 'y', 'x'][[z, y, x].index(s)] for s in topological_order([z])]",
        ["z", "y", "x"],
        ask="From where does the walk begin: from the loss, or from the leaves?",
    )


@check("06.1")
def order_waits_for_the_long_way():
    """A node that is reached by a short and a long way waits for the long one."""
    expect(
        SPOT + "x = Spot()\na = Spot(x)\nb = Spot(a)\nz = Spot(x, b)\n"
        "order = topological_order([z])\n[order.index(s) for s in (z, b, a, x)]",
        [0, 1, 2, 3],
        ask="x is a direct neighbour of z. Has it got everything when z has been visited?",
    )
    expect(
        SPOT + "x = Spot()\na = Spot(x)\nb = Spot(a)\nz = Spot(b, x)\n"
        "order = topological_order([z])\n[order.index(s) for s in (z, b, a, x)]",
        [0, 1, 2, 3],
        ask="The edges of z now stand the other way round. Does your order depend on that?",
    )


@check("06.1")
def order_with_a_shared_middle():
    """Who uses a node comes before it, on every edge, also where it is used twice."""
    expect(
        SPOT + "x = Spot()\ny = Spot(x, x)\np = Spot(y, x)\nz = Spot(p, y)\n"
        "order = topological_order([z])\n[order.index(s) for s in (z, p, y, x)]",
        [0, 1, 2, 3],
        ask="y is used by p and by z. Who has to come first?",
    )
    for edges in ("p, q", "q, p"):
        expect(
            SPOT + f"x = Spot()\np = Spot(x, x)\nq = Spot(x)\nz = Spot({edges})\n"
            "order = topological_order([z])\norder.index(z), order.index(x)",
            (0, 3),
            ask="How many edges lead to x, and how many of them has p?",
        )


@check("06.1")
def order_has_everyone_once():
    """Each node stands in the order once, however many paths lead to it."""
    expect(
        SPOT + "spots = [Spot()]\nfor _ in range(12):\n"
        "    spots.append(Spot(spots[-1], spots[-1]))\n"
        "len(topological_order([spots[-1]]))",
        13,
        ask="Twelve levels, each used twice: 4096 paths lead down, but how many nodes are there?",
    )


@check("06.1")
def order_of_several_roots():
    """Roots may be several, and one may be below another."""
    expect(
        SPOT + "x = Spot()\ny = Spot(x)\nz = Spot(y)\norder = topological_order([y, z])\n"
        "[order.index(s) for s in (z, y, x)], len(order)",
        ([0, 1, 2], 3),
        ask="y is a root, and z passes a gradient to it. May y be visited first?",
    )


@check("06.1")
def order_of_a_deep_chain():
    """A chain of 30,000 nodes has an order: no recursion."""
    expect(
        SPOT + "spot = Spot()\nfor _ in range(30_000):\n    spot = Spot(spot)\n"
        "len(topological_order([spot]))",
        30_001,
        ask="Python's stack ends at about 1000 calls. Which list could take its place?",
    )


# ------------------------------------------------------------------------------ adding up


@check("06.2")
def accumulate_writes_into_the_total():
    """accumulate_ adds into the memory of total, returns it, and leaves the part alone."""
    a, b = fresh(2, 3), fresh(2, 3)
    expect(
        "total = a.copy()\nout = accumulate_(total, b)\nout is total, total",
        (True, a + b),
        a=a,
        b=b,
        ask="Which array does your line write into?",
    )


@check("06.2")
def collect_adds_up():
    """3 and 4 arrive for the same target: its gradient is 7; four parts add up too."""
    expect(
        "grads = {}\ncollect(grads, 'x', Tensor([3.0]), False)\n"
        "collect(grads, 'x', Tensor([4.0]), False)\ngrads['x'][0]",
        np.array([7.0]),
        ask="What happens to the 3 when the 4 arrives?",
    )
    a, b = fresh(3), fresh(3)
    expect(
        "grads = {}\nfor part in (a, b, a, b):\n    collect(grads, 'x', Tensor(part), False)\n"
        "grads['x'][0]",
        2 * a + 2 * b,
        a=a,
        b=b,
        ask="The total of the first two is a new array. Whose is it?",
    )


@check("06.2")
def collect_leaves_the_arrays_of_others():
    """An array that somebody else holds is not written into; one of ours may be."""
    expect(
        "mine = Tensor([1.0])\ngrads = {'x': (mine, False)}\n"
        "collect(grads, 'x', Tensor([5.0]), True)\nmine",
        np.array([1.0]),
        ask="owned was False for the first part: who else may be looking at its array?",
    )
    expect(
        "part = Tensor([5.0])\ngrads = {'x': (Tensor([1.0]), True)}\n"
        "collect(grads, 'x', part, False)\npart",
        np.array([5.0]),
        ask="Which of the two arrays may be written into?",
    )


@check("06.2")
def collect_says_whose_array_it_is():
    """A first part is noted as it comes; a sum is ours, and the next part is written into it."""
    expect(
        "grads = {}\ncollect(grads, 'x', Tensor([1.0]), False)\n"
        "collect(grads, 'y', Tensor([1.0]), True)\ncollect(grads, 'z', Tensor([1.0]), False)\n"
        "collect(grads, 'z', Tensor([1.0]), False)\n[bool(owned) for _, owned in grads.values()]",
        [False, True, True],
        ask="Who made the array of the sum?",
    )
    expect(
        "grads = {'x': (Tensor([1.0]), True)}\ntotal = grads['x'][0].array\n"
        "collect(grads, 'x', Tensor([5.0]), True)\ngrads['x'][0].array is total",
        True,
        ask="The first array is ours alone. Is a new one needed for the sum?",
    )


@check("06.2")
def accumulate_over_two_backwards():
    """The gradients of two backwards add up in leaf.grad."""
    a, b = fresh(2, 2), fresh(2, 2)
    expect(
        "leaf = Tensor(np.zeros((2, 2), np.float32))\naccumulate(leaf, Tensor(a), False)\n"
        "accumulate(leaf, Tensor(b), False)\nleaf.grad",
        a + b,
        a=a,
        b=b,
        ask="What does PyTorch do when zero_grad() is forgotten?",
    )


@check("06.2")
def accumulate_copies_what_others_hold():
    """A gradient that is not ours is copied; one that is ours is taken as it is."""
    expect(
        "g = Tensor([1.0])\nleaf = Tensor([0.0])\naccumulate(leaf, g, False)\n"
        "leaf.grad.array[0] = 9\ng",
        np.array([1.0]),
        ask="Somebody clears leaf.grad in place. What must not change with it?",
    )
    expect(
        "g = Tensor([1.0])\nleaf = Tensor([0.0])\naccumulate(leaf, g, True)\n"
        "leaf.grad.array is g.array",
        True,
        ask="Nobody else holds this array. Why copy it?",
    )


# ------------------------------------------------------------------------------ arithmetic


@check("06.3")
def arithmetic_by_hand():
    """g = 10, a = 6, b = 2: the products and quotients as on paper."""
    g, a, b = (np.array([v], np.float32) for v in (10.0, 6.0, 2.0))
    expect(
        "mul_da(g, b), mul_db(g, a)",
        (np.array([20.0]), np.array([60.0])),
        g=g,
        a=a,
        b=b,
        ask="Of a * b, what does b's slope depend on?",
    )
    expect("div_da(g, b)", np.array([5.0]), g=g, b=b, ask="a / b is a times which number?")
    expect(
        "div_db(g, a / b, b)",
        np.array([-15.0]),
        g=g,
        a=a,
        b=b,
        ask="d(a/b)/db = -a/b². The output a/b is at hand: what is left to divide by?",
    )


@check("06.3")
def sums_and_differences():
    """A sum passes its gradient on to both; a difference turns the sign of the second."""
    g = fresh(2, 3)
    expect("add_da(g), add_db(g)", (g, g), g=g)
    expect("sub_da(g), sub_db(g)", (g, -g), g=g, ask="If b grows by 1, what does a - b do?")
    expect("neg_dx(g)", -g, g=g)


@check("06.3")
def products_and_quotients():
    """Fresh values, against small steps."""
    g, a, b = fresh(3), fresh(3), fresh(3, low=0.5, high=2)
    expect("mul_da(g, b)", slopes(lambda v: v * b, a, g), within=1e-4, g=g, b=b)
    expect("mul_db(g, a)", slopes(lambda v: a * v, b, g), within=1e-4, g=g, a=a)
    expect("div_da(g, b)", slopes(lambda v: v / b, a, g), within=1e-4, g=g, b=b)
    expect("div_db(g, a / b, b)", slopes(lambda v: a / v, b, g), within=1e-3, g=g, a=a, b=b)


# ---------------------------------------------------------------------------- unbroadcast


@check("06.4")
def unbroadcast_by_hand():
    """A row that was added to two rows gets the sum of both gradients."""
    g = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]], np.float32)
    expect(
        "unbroadcast(g, (3,))",
        np.array([11.0, 22.0, 33.0]),
        g=g,
        ask="How many times was the first value of the row used?",
    )
    expect(
        "unbroadcast(g, (2, 1))",
        np.array([[6.0], [60.0]]),
        g=g,
        ask="A column was stretched to three columns. Which axis is summed?",
    )
    expect("unbroadcast(g, ())", np.array(66.0), g=g, ask="A single number was used six times.")


@check("06.4")
def unbroadcast_of_nothing():
    """Where nothing was stretched, nothing is summed."""
    g = fresh(2, 3)
    expect("unbroadcast(g, (2, 3))", g, g=g)
    g = fresh(1, 3)
    expect("unbroadcast(g, (1, 3))", g, g=g)


@check("06.4")
def unbroadcast_of_both():
    """Added and stretched dimensions at once."""
    g = fresh(4, 2, 3)
    expect(
        "unbroadcast(g, (2, 1))",
        g.sum((0, 2), keepdims=True)[0],
        g=g,
        ask="Line the shapes up from the right: 4 2 3 over 2 1.",
    )
    expect("unbroadcast(g, (4, 1, 1))", g.sum((1, 2), keepdims=True), g=g)
    expect("unbroadcast(g, (1, 1, 3))", g.sum((0, 1), keepdims=True), g=g)
    square = fresh(3, 3)
    expect(
        "unbroadcast(g, (3,))",
        square.sum(0),
        g=square,
        ask="Both sizes are 3. Which of the two dimensions was added?",
    )
    expect("unbroadcast(g, (3, 1))", square.sum(1, keepdims=True), g=square)


@check("06.4")
def unbroadcast_with_fewer_dimensions():
    """A g with fewer dimensions than the shape gets the leading ones back."""
    g = fresh(3)
    expect("unbroadcast(g, (1, 3))", g[None], g=g, ask="Only 1s are missing. Is there a sum?")
    expect("unbroadcast(g, (1, 1, 1))", g.sum().reshape(1, 1, 1), g=g)


# ---------------------------------------------------------------------------------- notes

LEAVES = "x = Tensor(a, True)\ny = Tensor(b, True)\n"


PAIR = "x = Tensor([1.0, 2.0], True)\ny = Tensor([3.0, 4.0], True)\n"
KEPT = "[[array.tolist() for array in arrays] for arrays in ({}).grad_fn.kept]"


@check("06.5")
def node_of_a_product():
    """x * y with both wanted: two edges, to x and to y, and each keeps the other's array."""
    expect(
        PAIR + "node = (x * y).grad_fn\nnode.op, [e[1:] for e in node.edges]",
        ("mul", [((2,), "mul.vjp0", {}), ((2,), "mul.vjp1", {})]),
        ask="An edge is a tuple of four. Which rule serves input number i?",
    )
    expect(
        PAIR + "node = (x * y).grad_fn\nnode.edges[0][0] is x, node.edges[1][0] is y",
        (True, True),
        ask="Where does the gradient of a leaf go?",
    )
    expect(
        PAIR + KEPT.format("x * y"),
        [[[3.0, 4.0]], [[1.0, 2.0]]],
        ask="mul_da(g, b) and mul_db(g, a): what does each of them ask for?",
    )


@check("06.5")
def node_keeps_what_is_wanted():
    """A sum keeps no array; a product with a constant keeps one; a quotient keeps its output."""
    expect(
        PAIR + KEPT.format("x + y"),
        [[], []],
        ask="add_da(g) asks for nothing. What need be kept?",
    )
    expect(
        PAIR + KEPT.format("x * Tensor([5.0, 6.0])"),
        [[[5.0, 6.0]]],
        ask="The second input requires no gradient. Does it get an edge?",
    )
    expect(
        PAIR + KEPT.format("Tensor([6.0, 6.0]) / y"),
        [[[2.0, 1.5], [3.0, 4.0]]],
        ask="div_db(g, out, b): position -1 is the output.",
    )


@check("06.5")
def node_leads_to_nodes():
    """An edge leads to the node that made the input, not to the tensor."""
    a, b = fresh(2), fresh(2)
    expect(
        LEAVES + "z = x * y\nw = z + x\n"
        "w.grad_fn.edges[0][0] is z.grad_fn, w.grad_fn.edges[1][0] is x",
        (True, True),
        a=a,
        b=b,
        ask="target_of says where the gradient of a tensor goes.",
    )


@check("06.5")
def node_notes_settings():
    """Shapes and options that a rule asks for stand in the edge."""
    a = fresh(2, 3)
    expect(
        "x = Tensor(a, True)\nx.sum(1).grad_fn.edges[0][3]",
        {"dim": 1, "keepdim": False, "x_shape": (2, 3)},
        a=a,
        ask="settings_of gathers them, for a rule that asks.",
    )
    expect(
        "x = Tensor(a, True)\n(x * Tensor([2.0])).grad_fn.edges[0][1]",
        (2, 3),
        a=a,
        ask="Which shape will unbroadcast need: that of the input or of the output?",
    )


@check("06.5")
def node_without_a_rule():
    """An operation without a rule is noted all the same: refusing is for backward."""
    a = fresh(2)
    expect(
        "kernel('halved')(lambda x: x / 2)\nx = Tensor(a, True)\n"
        "node = apply('halved', x).grad_fn\nnode.edges[0][2]",
        "no rule",
        a=a,
        ask="NO_RULE is there for this case.",
    )


@check("06.5")
def node_of_a_rule_for_all_inputs():
    """A rule of op(*inputs) serves every input, and gets them all if it asks for *inputs."""
    both = (
        "kernel('both')(lambda *inputs: inputs[0] + inputs[1])\n"
        "vjp('both(*inputs)', wrt='inputs')(lambda g, *inputs: g)\n" + PAIR
    )
    expect(
        both + "[e[2] for e in apply('both', x, y).grad_fn.edges]",
        ["both.vjp", "both.vjp"],
        ask="Such a rule stands in RULES['both'] under ANY.",
    )
    expect(
        both + KEPT.format("apply('both', x, y)"),
        [[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]],
        ask="What does rule.tensors = None mean?",
    )


# ------------------------------------------------------------------------------- one step


@check("06.6")
def gradients_of_a_product():
    """From g = 10, x = 3, y = 4: 40 goes to x and 30 to y."""
    a, b = np.array([3.0], np.float32), np.array([4.0], np.float32)
    expect(
        LEAVES + "parts = (x * y).grad_fn.gradients(Tensor([10.0]))\n"
        "[(target is t, part) for (target, part), t in zip(parts, (x, y))]",
        [(True, np.array([40.0])), (True, np.array([30.0]))],
        a=a,
        b=b,
        ask="What does each edge's rule need beside g?",
    )


@check("06.6")
def gradients_have_the_shape_of_the_input():
    """Where an input was stretched, its gradient is summed back."""
    a, b, g = fresh(2, 3), fresh(3), fresh(2, 3)
    expect(
        LEAVES + "[part for _, part in (x * y).grad_fn.gradients(Tensor(g))]",
        [g * b, (g * a).sum(0)],
        a=a,
        b=b,
        g=g,
        ask="Which shape stands in the edge, and which does the rule's result have?",
    )


@check("06.6")
def gradients_go_through_the_door():
    """Rules and the summing back are operations: a listener hears them."""
    a, b = fresh(2, 3), fresh(3)
    expect(
        "heard = []\ndef note(below, op, tensors, options):\n    heard.append(op)\n"
        "    return below(op, tensors, options)\n" + LEAVES + "node = (x * y).grad_fn\n"
        "with listen(note):\n    node.gradients(Tensor(np.ones((2, 3), np.float32)))\nheard",
        ["mul.vjp0", "mul.vjp1", "unbroadcast"],
        a=a,
        b=b,
        ask="How could a profiler see the backward pass?",
    )


@check("06.6")
def gradients_that_are_useful():
    """With `useful`, only the edges to those targets are computed."""
    a, b = fresh(2), fresh(2)
    expect(
        LEAVES + "parts = (x * y).grad_fn.gradients(Tensor([1.0, 1.0]), {y})\n"
        "[(target is y, part) for target, part in parts]",
        [(True, a)],
        a=a,
        b=b,
        ask="`opened` takes `useful` too.",
    )


@check("06.6")
def gradients_get_their_settings():
    """A rule gets the options and shapes that its edge noted."""
    expect(
        "kernel('times')(lambda x, k: x * k)\n"
        "vjp('times(x)', wrt='x')(lambda g, k: g * k)\n"
        "x = Tensor([1.0], True)\n"
        "apply('times', x, k=5).grad_fn.gradients(Tensor([2.0]))[0][1]",
        np.array([10.0]),
        ask="What is the fourth entry of an edge for?",
    )


# ------------------------------------------------------------------------------- the walk


@check("06.7")
def backward_by_hand():
    """y = x * x; z = y * x + y at x = 3 gives 33; fresh values agree with small steps."""
    expect(
        "x = Tensor([3.0], True)\ny = x * x\nz = y * x + y\nz.backward()\nx.grad",
        np.array([33.0]),
        ask="y is used twice, x three times. Is every part counted once?",
    )
    a, b, g = fresh(3), fresh(3, low=1), fresh(3)
    out = [
        slopes(lambda v: (v * b - v / b) * v, a, g),
        slopes(lambda v: (a * v - a / v) * a, b, g),
    ]
    expect(
        LEAVES + "((x * y - x / y) * x).backward(Tensor(g))\n[x.grad, y.grad]",
        out,
        within=1e-3,
        a=a,
        b=b,
        g=g,
    )


@check("06.7")
def backward_twice_adds_up():
    """Two backwards add up in .grad; through one graph they need retain_graph=True."""
    expect(
        "x = Tensor([3.0], True)\nfor _ in range(2):\n    y = x * x\n"
        "    (y * 2).backward()\nx.grad",
        np.array([24.0]),
        ask="12 comes from each backward.",
    )
    expect(
        "x = Tensor([3.0], True)\nz = (x * x) * 2\nz.backward(retain_graph=True)\n"
        "z.backward()\nx.grad",
        np.array([24.0]),
        ask="Do gradients in the middle of the graph survive into the second backward?",
    )
    raises(
        "x = Tensor([3.0], True)\nz = x * x\nz.backward()\nz.backward()",
        RuntimeError,
        mentions=("retain_graph=True",),
        ask="Who calls free()?",
    )


@check("06.7")
def backward_shares_no_buffer():
    """No two leaves share the memory of a gradient, nor does one with the gradient passed in."""
    expect(
        "x = Tensor([1.0], True)\ny = Tensor([1.0], True)\n(x + y).backward(Tensor([1.0]))\n"
        "x.grad.array[0] = 9\ny.grad",
        np.array([1.0]),
        ask="add_da and add_db both return g itself. Is it new?",
    )
    expect(
        "g = Tensor([1.0, 1.0])\nx = Tensor([1.0, 1.0], True)\ny = x + 0.0\n"
        "(y + y).backward(g)\n[g, x.grad]",
        [np.array([1.0, 1.0]), np.array([2.0, 2.0])],
        ask="Into whose array was the second part added?",
    )
    expect(
        "kernel('same')(lambda x: x + 0)\nvjp('same(x)', wrt='x')(lambda g: g[:])\n"
        "x = Tensor([1.0], True)\ng = Tensor([1.0])\n"
        "(apply('same', x) + apply('same', x)).backward(g)\n[x.grad, g]",
        [np.array([2.0]), np.array([1.0])],
        ask="A view of g looks like another array. Whose memory is it?",
    )


@check("06.7")
def backward_needs_one_number():
    """A start from several values needs a gradient, and its shape."""
    raises("(Tensor([1.0, 2.0], True) * 2).backward()", RuntimeError, mentions=("(2,)",))
    raises(
        "(Tensor([1.0, 2.0], True) * 2).backward(Tensor([1.0]))",
        RuntimeError,
        mentions=("(1,)", "(2,)"),
        ask="seed looks at both.",
    )
    raises(
        "(Tensor([1.0], True) * 2).backward(create_graph=True)",
        NotImplementedError,
        mentions=("create_graph",),
        ask="refuse_create_graph has the words.",
    )


@check("06.7")
def backward_lets_hooks_look():
    """Hooks and found see complete gradients: hooks may change them, found leaves no trace."""
    expect(
        "x = Tensor([3.0], True)\nx._hooks = [lambda g: g * 2]\n(x * x).backward()\nx.grad",
        np.array([12.0]),
        ask="looked_at returns the gradient to go on with. Who goes on with it?",
    )
    expect(
        "seen = []\nx = Tensor([3.0], True)\nx._hooks = [seen.append]\n(x * x).backward()\n"
        "x.grad.array[0] = 9\nseen",
        [np.array([6.0])],
        ask="The hook kept the gradient that it was shown. Is its array ours alone?",
    )
    expect(
        PAIR + "z = x * y\nfound = {x: None}\n"
        "propagate({target_of(z): Tensor([1.0, 10.0])}, False, found)\nfound[x], x.grad, y.grad",
        (np.array([3.0, 40.0]), None, None),
        ask="found is for those who only ask. What may they not leave behind?",
    )


@check("06.7")
def backward_of_a_deep_chain():
    """A chain of 2000 additions: no recursion."""
    expect(
        "x = Tensor([1.0], True)\ny = x\nfor _ in range(2000):\n    y = y + 1.0\n"
        "y.backward()\nx.grad",
        np.array([1.0]),
    )


# ----------------------------------------------------------------------------- one value


@check("06.8")
def slopes_by_hand():
    """Slopes that are known: exp at 0 is 1, log at 2 is 1/2, sqrt at 4 is 1/4."""
    g = np.array([10.0], np.float32)
    x = np.array([4.0], np.float32)
    expect("exp_dx(g, g / 10)", np.array([10.0]), g=g, ask="out = e^0 = 1")
    expect("log_dx(g, x / 2)", np.array([5.0]), g=g, x=x)
    expect("sqrt_dx(g, x / 2)", np.array([2.5]), g=g, x=x, ask="out = 2. What is 1 / (2 * 2)?")
    expect("abs_dx(g, -x)", np.array([-10.0]), g=g, x=x)
    expect(
        "relu_dx(g, x), relu_dx(g, 0 * x)",
        (np.array([10.0]), np.array([0.0])),
        g=g,
        x=x,
        ask="Where the output is 0, does a small step change it?",
    )


@check("06.8")
def slopes_of_curves():
    """exp, log, sqrt, sigmoid, tanh against small steps."""
    g, x = fresh(2, 3), fresh(2, 3)
    p = fresh(2, 3, low=0.5, high=3)
    expect("exp_dx(g, np.exp(x))", slopes(np.exp, x, g), within=1e-4, g=g, x=x)
    expect("log_dx(g, p)", slopes(np.log, p, g), within=1e-4, g=g, p=p)
    expect("sqrt_dx(g, np.sqrt(p))", slopes(np.sqrt, p, g), within=1e-4, g=g, p=p)
    expect(
        "tanh_dx(g, np.tanh(x))",
        slopes(np.tanh, x, g),
        within=1e-4,
        g=g,
        x=x,
        ask="The rule is given the output, not x. What is 1 - tanh(x)²?",
    )
    logistic = 1 / (1 + np.exp(-x.astype(np.float64)))
    expect(
        "sigmoid_dx(g, s)",
        g * logistic * (1 - logistic),
        within=1e-4,
        g=g,
        s=logistic.astype(np.float32),
    )


@check("06.8")
def slopes_of_powers():
    """a^b: the slope is b a^(b-1), also for negative bases, and 0 everywhere when b is 0."""
    g, a = fresh(3), fresh(3)
    for b in (2.0, 3.0, 1.0):
        expect(
            "pow_da(g, a, np.array(b, np.float32))",
            g * b * a ** (b - 1),
            within=1e-4,
            g=g,
            a=a,
            b=b,
        )
    expect(
        "pow_da(g, 0 * a, np.zeros((), np.float32))",
        0 * g,
        g=g,
        a=a,
        ask="0 * 0^(-1) is 0 times infinity. What is the slope of a^0?",
    )
    b = np.array([0.0, 1.0, 3.0], np.float32)
    expect(
        "pow_da(g, a, b)",
        g * b * np.where(b == 0, 1, a ** np.maximum(b - 1, 0)),
        within=1e-4,
        g=g,
        a=a,
        b=b,
    )


@check("06.8")
def slopes_of_gelu():
    """Both forms of gelu, also at 0, where out / x would be 0 / 0."""
    share = np.vectorize(lambda v: 0.5 * (1 + math.erf(v / math.sqrt(2))))
    c = math.sqrt(2 / math.pi)
    g = fresh(5)
    x = np.concatenate([fresh(4), [0.0]]).astype(np.float32)
    exact = slopes(lambda v: v * share(v), x, g)
    bent = slopes(lambda v: v * 0.5 * (1 + np.tanh(c * (v + 0.044715 * v**3))), x, g)
    out = (x * share(x)).astype(np.float32)
    expect(
        "gelu_dx(g, out, x, 'none')",
        exact,
        within=1e-3,
        g=g,
        out=out,
        x=x,
        ask="x * share(x) is a product: which two terms does its slope have?",
    )
    out = (x * 0.5 * (1 + np.tanh(c * (x + 0.044715 * x**3)))).astype(np.float32)
    expect("gelu_dx(g, out, x, 'tanh')", bent, within=1e-3, g=g, out=out, x=x)


@check("06.8")
def slopes_of_a_choice():
    """where(condition, a, b): each value's gradient goes to the side that it came from."""
    g = fresh(2, 3)
    condition = g > 0.3
    expect("where_da(g, c), where_db(g, c)", (g * condition, g * ~condition), g=g, c=condition)


# --------------------------------------------------------------------------- matrix products


@check("06.9")
def products_by_hand():
    """(1, 2) @ (2, 1): dA = G Bᵀ and dB = Aᵀ G, with numbers."""
    g = np.array([[10.0]], np.float32)
    a, b = np.array([[1.0, 2.0]], np.float32), np.array([[3.0], [4.0]], np.float32)
    expect(
        "matmul_da(g, b, (1, 2))",
        np.array([[30.0, 40.0]]),
        g=g,
        b=b,
        ask="out = 1 * 3 + 2 * 4. If the 1 grows by 1, by how much does out?",
    )
    expect(
        "matmul_db(g, a, (2, 1))",
        np.array([[10.0], [20.0]]),
        g=g,
        a=a,
        ask="Which shape must dB have?",
    )


@check("06.9")
def products_of_matrices():
    """Fresh matrices, and batches of them."""
    for left, right in (((2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4)), ((3, 3), (3, 3))):
        a, b = fresh(*left), fresh(*right)
        g = fresh(*left[:-1], right[-1])
        expect(
            "matmul_da(g, b, shape)",
            g @ b.swapaxes(-1, -2),
            within=1e-4,
            g=g,
            b=b,
            shape=left,
            ask="dA = G Bᵀ. On square matrices only the numbers tell that a transpose is missing.",
        )
        expect(
            "matmul_db(g, a, shape)",
            a.swapaxes(-1, -2) @ g,
            within=1e-4,
            g=g,
            a=a,
            shape=right,
            ask="dB = Aᵀ G, in this order, for each matrix of the batch.",
        )


@check("06.9")
def products_with_a_shared_matrix():
    """A batch (5, 2, 3) shares one matrix (3, 4): its gradient adds up over the batch."""
    a, b, g = fresh(5, 2, 3), fresh(3, 4), fresh(5, 2, 4)
    expect("matmul_da(g, b, (5, 2, 3))", g @ b.T, within=1e-4, g=g, b=b)
    expect(
        "unbroadcast(matmul_db(g, a, (3, 4)), (3, 4))",
        np.einsum("nij,nik->jk", a, g),
        within=1e-4,
        g=g,
        a=a,
        ask="One product of two tall matrices does it: rows(a) and rows(g).",
    )


@check("06.9")
def products_with_vectors():
    """A vector is the row or the column that it stood for, and loses that dimension again."""
    m, v, w = fresh(2, 3), fresh(3), fresh(2)
    k = np.array(1.5, np.float32)
    expect(
        "matmul_da(k, w, (3,)), matmul_db(k, v, (3,))",
        (1.5 * v, 1.5 * v),
        k=k,
        w=v,
        v=v,
        ask="Two vectors give one number.",
    )
    expect("matmul_da(w, v, (2, 3))", np.outer(w, v), w=w, v=v)
    expect("matmul_db(w, m, (3,))", m.T @ w, within=1e-4, w=w, m=m)
    n = fresh(2, 3)
    g = fresh(3)
    expect("matmul_da(g, n, (2,))", n @ g, within=1e-4, g=g, n=n)
    expect("matmul_db(g, w, (2, 3))", np.outer(w, g), g=g, w=w)
    stack, g = fresh(5, 2, 3), fresh(5, 3)
    expect(
        "unbroadcast(matmul_da(g, s, (2,)), (2,))",
        np.einsum("nij,nj->i", stack, g),
        within=1e-4,
        g=g,
        s=stack,
    )
    g = fresh(5, 2)
    expect(
        "unbroadcast(matmul_db(g, s, (3,)), (3,))",
        np.einsum("nij,ni->j", stack, g),
        within=1e-4,
        g=g,
        s=stack,
    )


@check("06.9")
def rules_of_linear():
    """x @ W.T + b: three gradients, in the shapes of x, W and b."""
    x, w, g = fresh(4, 3), fresh(2, 3), fresh(4, 2)
    expect("linear_dx(g, w)", g @ w, within=1e-4, g=g, w=w)
    expect(
        "linear_dweight(g, x)",
        g.T @ x,
        within=1e-4,
        g=g,
        x=x,
        ask="W has the shape (out, in). Which of the two factors is transposed?",
    )
    expect("linear_dbias(g)", g.sum(0), within=1e-4, g=g)
    x, g = fresh(5, 4, 3), fresh(5, 4, 2)
    expect("linear_dx(g, w)", g @ w, within=1e-4, g=g, w=w)
    expect("linear_dweight(g, x)", np.einsum("nbo,nbi->oi", g, x), within=1e-4, g=g, x=x)
    expect("linear_dbias(g)", g.sum((0, 1)), within=1e-4, g=g)


# --------------------------------------------------------------------------------- reductions


@check("06.10")
def columns_and_rows_are_stretched():
    """Each place gets the value that it came from, in g's type."""
    for shape in ((2, 1), (1, 3), (1, 1)):
        g = fresh(*shape)
        wanted = np.broadcast_to(g, (2, 3))
        expect("stretched(g, (2, 3))", wanted, dtype="float32", g=g, ask="Which dtype has g?")


@check("06.10")
def sums_by_hand():
    """Every value of a sum gets the whole gradient, every value of a mean its share."""
    expect(
        "sum_dx(np.float32(3.0).reshape(()), (2, 2), None, False)",
        np.full((2, 2), 3.0),
        ask="If one of four values grows by 1, by how much does their sum?",
    )
    expect(
        "mean_dx(np.float32(8.0).reshape(()), (2, 2), None, False)",
        np.full((2, 2), 2.0),
        ask="And their mean?",
    )


@check("06.10")
def sums_along_a_dimension():
    """Reduced dimensions come back, and the shape is that of the input."""
    for dim, keepdim in (
        (0, False),
        (1, False),
        (1, True),
        (-1, False),
        ((0, 2), False),
        (None, True),
    ):
        x = fresh(2, 3, 4)
        g = np.asarray(fresh(*np.sum(x, axis=dim, keepdims=keepdim).shape))
        wide = np.sum(x, axis=dim, keepdims=True).shape
        out = np.broadcast_to(g.reshape(wide), x.shape)
        size = x.size / g.size
        expect(
            "sum_dx(g, (2, 3, 4), dim, keepdim)",
            out,
            g=g,
            dim=dim,
            keepdim=keepdim,
            ask="At which place must the missing dimension stand again?",
        )
        expect(
            "mean_dx(g, (2, 3, 4), dim, keepdim)",
            out / size,
            g=g,
            dim=dim,
            keepdim=keepdim,
            ask="How many values went into each mean?",
        )


@check("06.10")
def extremes():
    """The gradient of a maximum goes to where it is; those that tie share it equally."""
    x = np.array([[1.0, 5.0, 2.0], [4.0, 0.0, 4.0]], np.float32)
    g = np.array([10.0, 6.0], np.float32)
    expect(
        "extremum_dx(g, x.max(1), x, 1, False)",
        np.array([[0, 10.0, 0], [3.0, 0, 3.0]]),
        g=g,
        x=x,
        ask="Two values tie in the second row: how do they divide 6?",
    )
    expect(
        "extremum_dx(g[0], x.min(), x, None, False)", np.array([[0, 0, 0], [0, 10.0, 0]]), g=g, x=x
    )
    y = fresh(2, 3)
    k = fresh(1, 3)
    expect(
        "extremum_dx(g, x.max(0, keepdims=True), x, 0, True)",
        np.where(y == y.max(0, keepdims=True), k, 0),
        g=k,
        x=y,
    )


def shares(v, axis):
    power = np.exp(v - v.max(axis, keepdims=True))
    return power / power.sum(axis, keepdims=True)


@check("06.10")
def distributions():
    """softmax and log-softmax against small steps, along each dimension."""
    for dim in (0, 1):
        x, g = fresh(2, 3), fresh(2, 3)
        p = shares(x, dim)
        expect(
            "softmax_dx(g, p, dim)",
            slopes(lambda v, d=dim: shares(v, d), x, g),
            within=1e-4,
            g=g,
            p=p,
            dim=dim,
            ask="Raising one score lowers the shares of the others. Where is that?",
        )
        expect(
            "log_softmax_dx(g, np.log(p), dim)",
            slopes(lambda v, d=dim: np.log(shares(v, d)), x, g),
            within=1e-4,
            g=g,
            p=p,
            dim=dim,
        )


@check("06.10")
def distributions_by_hand():
    """Two equal scores, g = (1, 0): their shares' slopes are 1/4 and -1/4."""
    p, g = np.array([0.5, 0.5], np.float32), np.array([1.0, 0.0], np.float32)
    expect("softmax_dx(g, p, 0)", np.array([0.25, -0.25]), p=p, g=g)
    expect(
        "log_softmax_dx(g, np.log(p), 0)",
        np.array([0.5, -0.5]),
        p=p,
        g=g,
        ask="g minus the share, times the sum of g.",
    )


# ---------------------------------------------------------------------------------- moving


@check("06.11")
def shapes_and_orders():
    """The gradient goes the same way back: reshape to the old shape, permute by the inverse."""
    g = fresh(2, 3, 4)
    expect("reshape_dx(g, (6, 4))", g.reshape(6, 4), g=g)
    x = fresh(3, 4, 2)
    expect(
        "permute_dx(g, (2, 0, 1))",
        x * 0 + g.transpose(1, 2, 0),
        g=g,
        x=x,
        ask="x of shape (3, 4, 2) was permuted by (2, 0, 1). Which order leads back?",
    )


@check("06.11")
def reading():
    """Zeros, except where values were taken from; what was taken twice gets both gradients."""
    g = np.array([10.0, 1.0], np.float32)
    expect("getitem_dx(g, (4,), slice(1, 3))", np.array([0.0, 10.0, 1.0, 0.0]), g=g)
    expect(
        "getitem_dx(g, (3,), np.array([2, 2]))",
        np.array([0.0, 0.0, 11.0]),
        g=g,
        ask="Place 2 was taken twice. What does grad[[2, 2]] += g do?",
    )
    expect("getitem_dx(g, (2, 2), 1)", np.array([[0.0, 0.0], [10.0, 1.0]]), g=g)
    mask = np.array([True, False, True])
    expect("getitem_dx(g, (3,), mask)", np.array([10.0, 0.0, 1.0]), g=g, mask=mask)
    g = fresh(2, 3)
    places = np.array([1, 0])
    full = np.zeros((4, 2, 3), np.float32)
    full[2, places] = g
    expect(
        "getitem_dx(g, (4, 2, 3), (2, places))",
        full,
        g=g,
        places=places,
        ask="after_integers parts an index into what single integers pick, and the rest.",
    )


@check("06.11")
def writing():
    """x[index] = value: x gets no gradient where it was overwritten, value gets that part."""
    g = np.array([1.0, 2.0, 3.0], np.float32)
    expect(
        "setitem_dx(g, slice(0, 2))",
        np.array([0.0, 0.0, 3.0]),
        g=g,
        ask="The old values were overwritten. Can they change the loss? And is g still g?",
    )
    expect("setitem_dvalue(g, slice(0, 2))", np.array([1.0, 2.0]), g=g)
    places = np.array([2, 0])
    expect("setitem_dx(g, places)", np.array([0.0, 2.0, 0.0]), g=g, places=places)
    expect("setitem_dvalue(g, places)", np.array([3.0, 1.0]), g=g, places=places)
    expect("copy_dx(g), copy_dsource(g)", (0 * g, g), g=g)


@check("06.11")
def picked_by_labels():
    """Each row of log-probabilities gets one value: minus g times its share, at its label."""
    labels = np.array([2, 0])
    share = np.array([0.5, 0.5], np.float32)
    expect(
        "nll_dlog_probs(np.float32(10.0), labels, share, (2, 3))",
        np.array([[0, 0, -5.0], [-5.0, 0, 0]]),
        labels=labels,
        share=share,
        ask="The loss is minus the sum of share * log_probs at the labels.",
    )
    g = fresh(2)
    expect(
        "nll_dlog_probs(g, labels, share, (2, 3))",
        np.array([[0, 0, -g[0] / 2], [-g[1] / 2, 0, 0]]),
        g=g,
        labels=labels,
        share=share,
        ask="With reduction='none' there is a gradient for each row.",
    )


# ----------------------------------------------------------------------------------- tools


@check("06.12")
def switches():
    """Within no_grad nothing is recorded, after it everything is; also in blocks within blocks."""
    expect(
        "x = Tensor([1.0], True)\nwith no_grad():\n    y = x * 2\n"
        "z = x * 2\ny.requires_grad, z.requires_grad",
        (False, True),
        ask="Who sets MODE.enabled back?",
    )
    expect(
        "seen = []\nwith no_grad():\n    with enable_grad():\n"
        "        seen.append(is_grad_enabled())\n    seen.append(is_grad_enabled())\n"
        "seen.append(is_grad_enabled())\nseen",
        [True, False, True],
        ask="What was the mode before the inner block?",
    )
    expect(
        "off = no_grad()\nwith off:\n    with off:\n        pass\nis_grad_enabled()",
        True,
        ask="One switch, entered twice: how many modes has it to remember?",
    )


@check("06.12")
def switches_let_errors_through():
    """An error within the block goes on, and the mode is what it was."""
    expect(
        "try:\n    with no_grad():\n        raise KeyError('out')\nexcept KeyError:\n"
        "    caught = True\nelse:\n    caught = False\ncaught, is_grad_enabled()",
        (True, True),
        ask="What does a true value returned by __exit__ mean to Python?",
    )


@check("06.12")
def differences_by_hand():
    """x³ at 2 in steps of 1: (27 - 1) / 2 = 13, from both sides."""
    x = np.array([2.0])
    expect(
        "differences(lambda: float(x[0] ** 3), x, 1.0)",
        np.array([13.0]),
        x=x,
        ask="Both neighbours count: x + eps and x - eps.",
    )
    y = np.array([[1.0, 2.0], [3.0, 4.0]])
    expect(
        "differences(lambda: float((y * y).sum()), y, 0.5)",
        2 * y,
        y=y,
        ask="Is every entry put back before the next one is moved?",
    )
    expect(
        "t = Tensor(np.array([2.0]), True)\nmodes = []\ndef value():\n"
        "    modes.append(is_grad_enabled())\n    return 0.0\n"
        "differences(value, t.array, 0.1)\nmodes, is_grad_enabled()",
        ([False, False], True),
        ask="Nobody will walk back through these. Need they be recorded?",
    )


@check("06.12")
def gradcheck_of_right_rules():
    """Right rules pass, with several inputs, and with one that is not used."""
    a, b = (fresh(2, 3).astype(np.float64) for _ in range(2))
    expect(LEAVES + "gradcheck(lambda x, y: x * y + x, (x, y))", True, a=a, b=b)
    expect(
        LEAVES + "gradcheck(lambda x, y: x * 2, (x, y))",
        True,
        a=a,
        b=b,
        ask="The gradient of an input that was not used is None: which number is that?",
    )
    expect("gradcheck(lambda x: x * x, Tensor(a, True))", True, a=a)
    expect(
        "t = Tensor(a, True)\ngradcheck(lambda x: x.sum(), t)\nt.grad is None",
        True,
        a=a,
        ask="Checking should leave no trace.",
    )


WRONG = """
kernel("thrice")(lambda x: x * 3)
vjp("thrice(x)", wrt="x")(lambda g: g * 2)
"""
HIDDEN = """
kernel("center")(lambda x: x - x.mean())
vjp("center(x)", wrt="x")(lambda g: 0 * g)
"""


@check("06.12")
def gradcheck_of_wrong_rules():
    """A wrong rule is reported, or False with raise_exception=False."""
    raises(
        WRONG + "gradcheck(lambda x: apply('thrice', x), Tensor(np.ones((2,)), True))",
        RuntimeError,
        mentions=("input 0", "(2,)", "[0]"),
        ask="disagreement has the words.",
    )
    expect(
        WRONG + "gradcheck(lambda x: apply('thrice', x), Tensor(np.ones((2,)), True), "
        "raise_exception=False)",
        False,
    )
    raises(
        WRONG + "gradcheck(lambda x, y: x + apply('thrice', y), "
        "(Tensor(np.ones((2,)), True), Tensor(np.ones((2,)), True)))",
        RuntimeError,
        mentions=("input 1",),
        ask="Are all inputs compared?",
    )
    raises(
        HIDDEN + "gradcheck(lambda x: apply('center', x), Tensor(np.ones((3,)), True))",
        RuntimeError,
        ask="The values of center always add up to 0. Can the plain sum show a wrong rule?",
    )
    raises("gradcheck(lambda x: x * x, Tensor([1.0], True))", ValueError, mentions=("float64",))


# -------------------------------------------------------------------------------- debug it


@check("06.13")
def swish_alone():
    """The gradient of swish by itself."""
    x = fresh(3)
    curve = slopes(lambda v: v / (1 + np.exp(-v)), x, 1.0)
    expect(
        "t = Tensor(x, requires_grad=True)\nswish(t).sum().backward()\nt.grad",
        curve,
        within=1e-3,
        x=x,
    )


@check("06.13")
def swish_with_a_shortcut():
    """The gradient of x + swish(x): that of the shortcut is 1."""
    x = fresh(3)
    curve = 1 + slopes(lambda v: v / (1 + np.exp(-v)), x, 1.0)
    expect(
        "t = Tensor(x, requires_grad=True)\nblock(t).sum().backward()\nt.grad",
        curve,
        within=1e-3,
        x=x,
        ask="Whose array does the rule write into, and who else is still to read it?",
    )


@check("06.13")
def the_rule_is_a_pure_function():
    """A rule leaves what it is given as it was."""
    g, x = fresh(3), fresh(3)
    expect(
        "swish_dx(g, x)",
        g * slopes(lambda v: v / (1 + np.exp(-v)), x, 1.0),
        within=1e-3,
        g=g,
        x=x,
        ask="Is g still what it was?",
    )


@check("06.13")
def two_layers_deep():
    """Blocks upon blocks agree with small steps."""
    x = np.array([0.5, -1.0])
    expect(
        "from tinytorch.autograd import gradcheck\n"
        "gradcheck(lambda t: block(block(t)), Tensor(x, requires_grad=True), "
        "raise_exception=False)",
        True,
        x=x,
    )
