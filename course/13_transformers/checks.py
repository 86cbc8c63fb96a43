"""The checks of module 13: what each exercise claims, on a hand-worked example and fresh inputs."""

import math

import numpy as np

from tito.expect import check, expect, fresh, raises, rng

TIMES = """
class Times(Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor
    def forward(self, x):
        return x * self.factor
"""
"""A module whose effect can be followed by hand."""

PLUS = """
class Plus(Module):
    def forward(self, x):
        return x + 1
"""

COUNTER = """
class Counter(Module):
    def __init__(self, max_length=None, size=10):
        super().__init__()
        self.size, self.seen = size, []
        if max_length:
            self.max_length = max_length
    def forward(self, ids):
        self.seen.append((ids.shape, self.training, is_grad_enabled()))
        following = (ids.array + 1) % self.size
        return Tensor(20.0 * np.eye(self.size, dtype=np.float32)[following])
"""
"""A model that is sure that the next token is one more than the token it stands on."""


def normalised(x, eps=1e-5):
    """The rows of `x` with mean 0 and standard deviation 1, in float64."""
    x = x.astype(np.float64)
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)


def softmax(z):
    """Probabilities of scores along the last dimension."""
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# ---------------------------------------------------------------------------------- 13.1 norms


@check("13.1")
def test_deviations_by_hand():
    """1, 2, 3, 6 has the mean 3 and the variance 3.5."""
    expect(
        "deviations(x, 0.0)",
        (np.array([[-2.0, -1.0, 0.0, 3.0]]), np.array([[3.5**-0.5]])),
        x=np.array([[1.0, 2.0, 3.0, 6.0]]),
        ask="What is the mean of -2, -1, 0 and 3, squared?",
    )


@check("13.1")
def test_every_row_by_itself():
    """In a square matrix nothing complains about the other axis."""
    x = fresh(4, 4)
    expect(
        "deviations(x, 1e-5)",
        (x - x.mean(1, keepdims=True), 1 / np.sqrt(x.var(1, keepdims=True) + 1e-5)),
        within=1e-4,
        x=x,
        ask="Does the mean that you take away belong to a row, or to a column?",
    )


@check("13.1")
def test_a_row_of_equal_values():
    """Its variance is 0, and eps keeps the division finite: 1 / sqrt(0.01) is 10."""
    expect(
        "deviations(x, 0.01)",
        (np.zeros((1, 3)), np.array([[10.0]])),
        x=np.full((1, 3), 4.0),
        ask="Is eps inside of the root, added to the variance?",
    )


@check("13.1")
def test_far_from_zero():
    """In float32, with a mean near 3,000, the standard deviation is still right."""
    x = (fresh(2, 8) + 3000).astype(np.float32)
    expect(
        "deviations(x, 1e-5)[1]",
        1 / np.sqrt(x.astype(np.float64).var(1, keepdims=True) + 1e-5),
        within=2e-3,
        dtype="float32",
        x=x,
        ask="Do you square before the mean is taken away, or after?",
    )


@check("13.1")
def test_layer_norm_by_hand():
    """1 and 3 become -1 and 1; then times 1 and 10, plus 0 and 5."""
    inputs = {
        "x": np.array([[1.0, 3.0]]),
        "weight": np.array([1.0, 10.0]),
        "bias": np.array([0.0, 5.0]),
    }
    ask = "In which order come the weight and the bias?"
    expect("layer_norm_kernel(x, weight, bias, 0.0)", [[-1.0, 15.0]], **inputs, ask=ask)
    expect("layer_norm_kernel(x, weight, None, 0.0)", [[-1.0, 10.0]], **inputs, ask=ask)


@check("13.1")
def test_any_number_of_dimensions():
    """(2, 3, 4) holds six vectors of four features; x itself stays as it is."""
    x, weight, bias = fresh(2, 3, 4), fresh(4), fresh(4)
    expect(
        "layer_norm_kernel(x, weight, bias)",
        normalised(x) * weight + bias,
        within=1e-4,
        dtype="float32",
        x=x,
        weight=weight,
        bias=bias,
        ask="wide_rows makes a matrix of x. Who brings the result back to its shape?",
    )


# ---------------------------------------------------------------------------------- 13.2 rules


def norm_gradient(g, x, weight, eps):
    """g times the Jacobian of each row, which is written out."""
    x, h = x.astype(np.float64), (g * weight).astype(np.float64)
    n = normalised(x, eps)
    s = np.sqrt(x.var(-1, keepdims=True) + eps)
    C = x.shape[-1]
    jacobian = np.eye(C) - 1 / C - n[..., :, None] * n[..., None, :] / C
    return (jacobian @ h[..., None])[..., 0] / s


@check("13.2")
def test_two_features_cannot_move():
    """With C = 2 every row becomes -1 and 1: no gradient is left."""
    expect(
        "layer_norm_dx(g, x, weight, 0.0)",
        [[0.0, 0.0]],
        g=np.array([[3.0, -7.0]]),
        x=np.array([[1.0, 3.0]]),
        weight=np.array([1.0, 2.0]),
        ask="h is [3, -14], n is [-1, 1]. What is left of h without its mean and its part along n?",
    )


@check("13.2")
def test_the_gradient_of_fresh_rows():
    """As the Jacobian of the norm says, written out for each row."""
    g, x, weight = fresh(3, 5), fresh(3, 5), fresh(5, low=0.5)
    expect(
        "layer_norm_dx(g, x, weight, 1e-5)",
        norm_gradient(g, x, weight, 1e-5),
        within=1e-3,
        dtype="float32",
        g=g,
        x=x,
        weight=weight,
        ask="Which of the three terms is missing, or too large: h, its mean, its part along n?",
    )


@check("13.2")
def test_the_gradient_has_the_shape_of_x():
    """(2, 3, 4) in, (2, 3, 4) out, each row by itself."""
    g, x, weight = fresh(2, 3, 4), fresh(2, 3, 4), fresh(4, low=0.5)
    expect(
        "layer_norm_dx(g, x, weight, 0.1)",
        norm_gradient(g, x, weight, 0.1),
        within=1e-3,
        g=g,
        x=x,
        weight=weight,
        ask="Where does eps belong in the rule?",
    )


@check("13.2")
def test_weight_and_bias_collect_from_all_rows():
    """A weight receives g * n of every row, a bias g of every row."""
    g, x = fresh(2, 3, 4), fresh(2, 3, 4)
    expect(
        "layer_norm_dweight(g, x, 1e-5)",
        (g * normalised(x)).sum((0, 1)),
        within=1e-3,
        g=g,
        x=x,
        ask="What does the weight multiply: x, or the normalised x? How often is it used?",
    )
    expect("layer_norm_dbias(g)", g.sum((0, 1)), within=1e-4, g=g, ask="A sum, or a mean?")


# ----------------------------------------------------------------------------- 13.3 LayerNorm


@check("13.3")
def test_a_layer_begins_without_effect_of_its_own():
    """The weight is ones, the bias zeros, both Parameters of normalized_shape."""
    expect(
        "layer = LayerNorm(3)\n(layer.normalized_shape, dict(layer.named_parameters()))",
        ((3,), {"weight": np.ones(3), "bias": np.zeros(3)}),
        ask="Which parameters does the layer know? Print dict(layer.named_parameters()).",
    )
    expect(
        "layer = LayerNorm((2, 3))\n[layer.weight.shape, layer.bias.shape]",
        [(2, 3), (2, 3)],
        ask="normalized_shape may have several sizes.",
    )
    expect(
        "layer = LayerNorm(2, dtype=float64)\n"
        "[str(part.array.dtype) for part in layer.parameters()]",
        ["float64", "float64"],
        ask="The dtype was given to `__init__`. To whom did it go from there?",
    )


@check("13.3")
def test_parameters_can_be_left_out():
    """Without elementwise_affine there are none; bias=False leaves the weight."""
    expect(
        "a, b = LayerNorm(3, elementwise_affine=False), LayerNorm(3, bias=False)\n"
        "(a.weight, a.bias, list(b.state_dict()), b.bias, a.elementwise_affine)",
        (None, None, ["weight"], None, False),
        ask="What is layer.bias where there is none? register_parameter takes None.",
    )


@check("13.3")
def test_forward_uses_all_that_the_layer_keeps():
    """Weight, bias and eps, on a fresh input."""
    x, weight, bias = fresh(2, 4), fresh(4), fresh(4)
    expect(
        "layer = LayerNorm(4, eps=0.5)\noverwrite(layer.weight, Tensor(weight))\n"
        "overwrite(layer.bias, Tensor(bias))\nlayer(Tensor(x))",
        normalised(x, 0.5) * weight + bias,
        within=1e-4,
        x=x,
        weight=weight,
        bias=bias,
        ask="Which settings does layer_norm take, and which of them did you hand on?",
    )
    expect("LayerNorm(4, elementwise_affine=False)(Tensor(x))", normalised(x), within=1e-4, x=x)


@check("13.3")
def test_reset_begins_anew():
    """reset_parameters writes ones and zeros into the parameters that are there."""
    expect(
        "layer = LayerNorm(2)\nkept = layer.weight\noverwrite(layer.weight, Tensor([5.0, 6.0]))\n"
        "overwrite(layer.bias, Tensor([7.0, 8.0]))\nlayer.reset_parameters()\n"
        "(layer.weight is kept, kept, layer.bias)",
        (True, np.ones(2), np.zeros(2)),
        ask="Is it the same Parameter afterwards, with other values? An optimizer may hold it.",
    )


# -------------------------------------------------------------------------------- 13.4 RMSNorm


@check("13.4")
def test_root_mean_square_by_hand():
    """1 and 7: the mean square is 25, so they are divided by 5."""
    expect("inverse_rms(x, 0.0)", [[0.2]], x=np.array([[1.0, 7.0]]), ask="(1 + 49) / 2 is ...?")
    expect(
        "rms_norm_kernel(x, weight, 0.0)",
        [[0.2, 2.8]],
        x=np.array([[1.0, 7.0]]),
        weight=np.array([1.0, 2.0]),
        ask="Is the mean taken away? It stays here.",
    )


@check("13.4")
def test_root_mean_square_of_fresh_rows():
    """(2, 3, 4), with an eps that is felt; x itself stays as it is."""
    x, weight = fresh(2, 3, 4), fresh(4)
    wide = x.astype(np.float64)
    expect(
        "rms_norm_kernel(x, weight, 0.5)",
        wide / np.sqrt((wide * wide).mean(-1, keepdims=True) + 0.5) * weight,
        dtype="float32",
        x=x,
        weight=weight,
        ask="Is eps added to the mean square, inside of the root?",
    )


@check("13.4")
def test_the_gradient_of_a_stretch_is_gone():
    """By the Jacobian: only the part along the row is taken away."""
    g, x, weight = fresh(3, 4), fresh(3, 4, low=0.2), fresh(4, low=0.5)
    wide, h = x.astype(np.float64), (g * weight).astype(np.float64)
    s = np.sqrt((wide * wide).mean(-1, keepdims=True) + 1e-5)
    n = wide / s
    expect(
        "rms_norm_dx(g, x, weight, 1e-5)",
        (h - n * (h * n).mean(-1, keepdims=True)) / s,
        within=1e-3,
        g=g,
        x=x,
        weight=weight,
        ask="Here a shift does change the output. Which part of h must go, and which must stay?",
    )


@check("13.4")
def test_the_weight_collects_from_all_rows():
    """g times the normalised values, summed over all rows."""
    g, x = fresh(2, 3, 4), fresh(2, 3, 4)
    n = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    expect("rms_norm_dweight(g, x, 1e-5)", (g * n).sum((0, 1)), within=1e-3, g=g, x=x)


# ---------------------------------------------------------------------------- 13.5 FeedForward


@check("13.5")
def test_the_parts_of_a_feed_forward_network():
    """Up to four times the width and down again; with a gate, three matrices of 8/3."""
    shapes = "{name: p.shape for name, p in sorted(FeedForward(6, **options).named_parameters())}"
    ask = "Print FeedForward(6). Which layers are there, and how wide?"
    plain = {"down.bias": (6,), "down.weight": (6, 24), "up.bias": (24,), "up.weight": (24, 6)}
    expect(shapes, plain, options={}, ask=ask)
    expect(
        shapes,
        {"down.weight": (6, 16), "gate.weight": (16, 6), "up.weight": (16, 6)},
        options={"activation": "swiglu", "bias": False},
        ask=ask,
    )
    expect(
        shapes,
        {"down.weight": (6, 5), "up.weight": (5, 6)},
        options={"hidden": 5, "bias": False, "activation": "relu"},
        ask=ask,
    )


@check("13.5")
def test_up_bend_down():
    """With relu, so that it can be computed by hand, and with gelu."""
    x, up, down = fresh(2, 3, 4), fresh(5, 4), fresh(4, 5)
    code = (
        "layer = FeedForward(4, 5, activation, bias=False)\n"
        "overwrite(layer.up.weight, Tensor(up))\noverwrite(layer.down.weight, Tensor(down))\n"
        "layer(Tensor(x))"
    )
    hidden = x @ up.T
    ask = "Between which two layers is the bend?"
    inputs = {"x": x, "up": up, "down": down, "ask": ask, "within": 1e-4}
    expect(code, np.maximum(hidden, 0) @ down.T, activation="relu", **inputs)
    bent = hidden * 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (hidden + 0.044715 * hidden**3)))
    expect(code, bent @ down.T, activation="gelu", **inputs)


@check("13.5")
def test_a_gate_multiplies():
    """SwiGLU: what the gate gives, times its own sigmoid, multiplies what up gives."""
    x, up, gate, down = fresh(2, 4), fresh(5, 4), fresh(5, 4), fresh(4, 5)
    z = x @ gate.T
    expect(
        "layer = FeedForward(4, 5, 'swiglu', bias=False)\n"
        "for part, values in (layer.up, up), (layer.gate, gate), (layer.down, down):\n"
        "    overwrite(part.weight, Tensor(values))\nlayer(Tensor(x))",
        (z / (1 + np.exp(-z)) * (x @ up.T)) @ down.T,
        within=1e-4,
        x=x,
        up=up,
        gate=gate,
        down=down,
        ask="Which of the two projections is bent, and which is not?",
    )


@check("13.5")
def test_dropout_and_refusal():
    """With p = 1 nothing comes out in training; an unknown activation is named."""
    x = fresh(2, 4)
    expect(
        "_ = manual_seed(0)\nlayer = FeedForward(4, dropout=1.0)\nlayer(Tensor(x))",
        np.zeros((2, 4)),
        x=x,
        ask="What is the last thing that happens to the output?",
    )
    raises(
        "FeedForward(4, activation='gleu')",
        ValueError,
        mentions=("gleu",),
        ask="What happens when a name is misspelt: now, or at the first forward?",
    )


# ---------------------------------------------------------------------------------- 13.6 Block

HAND_MADE = (
    TIMES + "block = Block(4, 2, norm_first=norm_first, dropout=p)\n"
    "block.norm1, block.attention = Times(10), Times(2)\n"
    "block.norm2, block.feed_forward = Times(100), Times(3)\n"
    "block(Tensor(x))"
)


@check("13.6")
def test_two_sums_with_the_norm_first():
    """Attention that doubles, a network that triples, norms of 10 and 100: 1 + 20, then + 6300."""
    x = np.full((1, 2, 4), 1.0)
    expect(
        HAND_MADE,
        np.full((1, 2, 4), 6321.0),
        norm_first=True,
        p=0.0,
        x=x,
        ask="1 + 2 * (10 * 1) is 21. What does the network read: 21, or 100 * 21?",
    )


@check("13.6")
def test_two_sums_with_the_norm_after():
    """The same parts: 10 * (1 + 2), then 100 * (30 + 90)."""
    x = np.full((1, 2, 4), 1.0)
    expect(
        HAND_MADE,
        np.full((1, 2, 4), 12000.0),
        norm_first=False,
        p=0.0,
        x=x,
        ask="Copy the lower picture of the chapter, and write the numbers at its arrows.",
    )


@check("13.6")
def test_what_attention_gives_can_be_dropped():
    """With p = 1, attention adds nothing in training: 1, then + 300."""
    x = np.full((1, 2, 4), 1.0)
    expect(
        HAND_MADE,
        np.full((1, 2, 4), 301.0),
        norm_first=True,
        p=1.0,
        x=x,
        ask="What is dropped: what attention gives, or also the x that it is added to?",
    )


@check("13.6")
def test_the_parts_of_a_block():
    """Names, classes and options are handed on."""
    expect(
        "block = Block(8, 4, dropout=0.25)\n"
        "sorted({name.split('.')[0] for name in block.state_dict()})",
        ["attention", "feed_forward", "norm1", "norm2"],
        ask="Which modules does the block know?",
    )
    expect(
        "block = Block(8, 4, 0.25, norm=RMSNorm, hidden=5, activation='swiglu', bias=False,\n"
        "              num_kv_heads=2, is_causal=False)\n"
        "(type(block.norm1).__name__, type(block.norm2).__name__, block.norm1 is block.norm2,\n"
        " block.feed_forward.gate.weight.shape, block.feed_forward.up.bias,\n"
        " block.attention.out_proj.bias, block.attention.num_kv_heads, block.attention.is_causal,\n"
        " block.attention.dropout, block.feed_forward.dropout.p, block.dropout.p)",
        ("RMSNorm", "RMSNorm", False, (5, 8), None, None, 2, False, 0.25, 0.25, 0.25),
        ask="Which of the options did not arrive?",
    )


# ------------------------------------------------------------------------------ 13.7 GPT.__init__

SMALL = "model = GPT(11, 8, 16, num_layers=3, num_heads=4{})\n"


@check("13.7")
def test_the_names_and_the_number_of_parameters():
    """12 L C² and the rest, as counted by hand; the shared table counts once."""
    block = 12 * 16 * 16 + (48 + 16 + 64 + 16) + 4 * 16
    code = SMALL.format("{}") + "sum(p.numel() for p in model.parameters())"
    ask = "Print [(name, p.shape) for name, p in model.named_parameters()]. What is missing?"
    tables = (11 + 8) * 16
    expect(code.format(""), 3 * block + tables + 32, ask=ask)
    expect(code.format(", tie_weights=False"), 3 * block + tables + 32 + 11 * 16, ask=ask)
    expect(
        SMALL.format("") + "sorted({name.split('.')[0] for name in model.state_dict()})",
        ["blocks", "head", "norm", "position", "token"],
        ask="A plain list of blocks is known to nobody (03.3).",
    )


@check("13.7")
def test_the_table_is_shared():
    """One Parameter under two names, not a copy: what one use changes, the other sees."""
    expect(
        SMALL.format("") + "(model.head.weight is model.token.weight, len(model.blocks))",
        (True, 3),
        ask="Is it the same object, or the same values in another one?",
    )
    expect(SMALL.format(", tie_weights=False") + "model.head.weight is model.token.weight", False)


@check("13.7")
def test_how_it_begins():
    """Standard deviation 0.02, biases 0; what writes into the stream is smaller by sqrt(2 L)."""
    code = (
        "_ = manual_seed(0)\n"
        "model = GPT(50, 8, 64, num_layers=2, num_heads=4{})\nblock = model.blocks[1]\n"
        "parts = (model.token, block.attention.qkv, block.feed_forward.up,\n"
        "         block.attention.out_proj, block.feed_forward.down)\n"
        "[float(part.weight.array.std()) for part in parts] + "
        "[float(np.abs(block.feed_forward.up.bias.array).max())]"
    )
    ask = "Who calls begin_small, and is it called before or after the output layers are scaled?"
    small = [0.02, 0.02, 0.02, 0.01, 0.01, 0.0]
    expect(code.format(""), small, within=2e-3, ask=ask)
    expect(code.format(", zero_init=True"), [*small[:3], 0.0, 0.0, 0.0], within=2e-3, ask=ask)


@check("13.7")
def test_options_change_the_parts():
    """post-norm needs no last norm, rotary no table of positions; blocks get their options."""
    names = "(type(model.norm).__name__, type(model.position).__name__, model.blocks[2].norm_first)"
    ask = "Which part depends on which option?"
    expect(SMALL.format("") + names, ("LayerNorm", "PositionalEmbedding", True), ask=ask)
    expect(
        SMALL.format(", norm_first=False") + names,
        ("Identity", "PositionalEmbedding", False),
        ask=ask,
    )
    expect(
        SMALL.format(", rotary=True, norm=RMSNorm") + names, ("RMSNorm", "Identity", True), ask=ask
    )
    expect(
        SMALL.format(", rotary=False") + names, ("LayerNorm", "PositionalEmbedding", True), ask=ask
    )
    expect(
        SMALL.format(", dropout=0.25")
        + "(model.dropout.p, model.blocks[0].dropout.p, model.max_length, model.head.bias)",
        (0.25, 0.25, 8, None),
        ask=ask,
    )


# ------------------------------------------------------------------------- 13.8 forward and loss


@check("13.8")
def test_tokens_plus_positions_times_the_head():
    """Without blocks and norm: rows of the table, plus positions, times the head."""
    token, position, head = fresh(5, 4), fresh(6, 4), fresh(5, 4)
    ids = rng().integers(0, 5, (2, 3))
    expect(
        "model = GPT(5, 6, 4, 1, 1, tie_weights=False)\nmodel.blocks = model.norm = Identity()\n"
        "for part, values in ((model.token, token), (model.position, position),\n"
        "                     (model.head, head)):\n"
        "    overwrite(part.weight, Tensor(values))\nmodel(Tensor(ids))",
        (token[ids] + position[:3]) @ head.T,
        within=1e-4,
        ids=ids,
        token=token,
        position=position,
        head=head,
        ask="Does the model know where a token stands?",
    )


@check("13.8")
def test_blocks_then_norm_then_head():
    """Blocks that double and a norm that adds 1, in this order."""
    token = fresh(5, 4)
    ids = rng().integers(0, 5, (1, 3))
    expect(
        TIMES + PLUS + "model = GPT(5, 6, 4, 1, 1)\n"
        "model.blocks, model.norm = Times(2), Plus()\n"
        "model.position = Identity()\noverwrite(model.token.weight, Tensor(token))\n"
        "model(Tensor(ids))",
        (token[ids] * 2 + 1) @ token.T,
        within=1e-4,
        ids=ids,
        token=token,
        ask="2 x + 1, or 2 (x + 1)?",
    )
    expect(
        "model = GPT(5, 6, 4, 1, 1, dropout=1.0)\nmodel.blocks = model.norm = Identity()\n"
        "float(np.abs(model(Tensor(ids)).array).max())",
        0.0,
        ids=ids,
        ask="Where does the model's own dropout stand?",
    )


@check("13.8")
def test_ids_that_do_not_fit_are_refused():
    """One dimension, or more tokens than positions: the message names the shape."""
    code = "GPT(5, 6, 4, 1, 1)(Tensor(ids))"
    ask = "Which shapes does forward take?"
    raises(code, ValueError, mentions=("(3,)",), ids=np.zeros(3, np.int64), ask=ask)
    raises(code, ValueError, mentions=("(1, 7)", "6"), ids=np.zeros((1, 7), np.int64), ask=ask)


@check("13.8")
def test_the_loss_asks_for_the_next_token():
    """A model that knows that one more follows is not surprised by 3, 4, 5 but by 3, 3, 3."""
    ask = "What has the model read when it is asked, and what comes next in the text?"
    code = COUNTER + "next_token_loss(Counter(), Tensor(ids)) < 0.01"
    expect(code, np.array(True), ids=np.array([[3, 4, 5, 6], [7, 8, 9, 0]]), ask=ask)
    expect(code, np.array(False), ids=np.array([[3, 3, 3, 3], [7, 7, 7, 7]]), ask=ask)
    expect(code, np.array(False), ids=np.array([[6, 5, 4, 3], [9, 8, 7, 6]]), ask=ask)


@check("13.8")
def test_scores_meet_their_own_labels():
    """With fresh scores for every place, against -log of the probability of each next token."""
    scores, ids = fresh(2, 3, 5), rng().integers(0, 5, (2, 4))
    share = softmax(scores.astype(np.float64))
    right = np.take_along_axis(share, ids[:, 1:, None], -1)
    expect(
        "next_token_loss(lambda ids: Tensor(scores), Tensor(ids))",
        np.float64(-np.log(right).mean()),
        scores=scores,
        ids=ids,
        ask="Which row of the (6, 5) scores belongs to text 1, place 0? Which label stands there?",
    )


@check("13.8")
def test_perplexity():
    """A loss of log(65) is a guess among 65; certainty is 1; a huge loss is inf."""
    code = "[perplexity(loss) for loss in (np.log(65.0), Tensor([0.0])[0], 1e5)]"
    expect(code, [65.0, 1.0, math.inf], ask="e, or 2? Nats are in powers of e.")


# --------------------------------------------------------------------------- 13.9 top-k and top-p


@check("13.9")
def test_top_k_by_hand():
    """The two best stay where they are, the others become -inf."""
    expect(
        "keep_top_k(scores, 2)",
        [-np.inf, 3.0, 2.0],
        scores=np.array([1.0, 3.0, 2.0]),
        ask="Are they still in their places, with their own scores?",
    )
    expect(
        "keep_top_k(scores, 9)",
        [1.0, 3.0, 2.0],
        scores=np.array([1.0, 3.0, 2.0]),
        ask="There are three scores. Which one do you look for as the ninth?",
    )
    expect(
        "keep_top_k(scores, 2)",
        [1.0, 2.0, 1.0, -np.inf],
        scores=np.array([1.0, 2.0, 1.0, 0.0]),
        ask="What ties with the k-th stays too.",
    )


@check("13.9")
def test_top_k_of_every_row():
    """Fresh scores, (2, 3, 7), each row by itself."""
    scores = fresh(2, 3, 7).astype(np.float64)
    rank = np.argsort(np.argsort(-scores, -1), -1)
    expect("keep_top_k(scores, 3)", np.where(rank < 3, scores, -np.inf), scores=scores)


@check("13.9")
def test_top_p_by_hand():
    """0.2, 0.5, 0.3: for p = 0.6 the second and the third, for any p up to 0.5 the second alone."""
    scores = np.log([0.2, 0.5, 0.3])
    ask = "Is the likeliest one always kept? What do those before it reach?"
    for p, kept in ((0.6, [1, 2]), (0.45, [1]), (0.01, [1]), (0.9, [0, 1, 2]), (1.0, [0, 1, 2])):
        keeps = np.isin(np.arange(3), kept)
        expect(
            "keep_top_p(scores, p)", np.where(keeps, scores, -np.inf), scores=scores, p=p, ask=ask
        )
    expect(
        "keep_top_p(scores, 1.0)",
        [0.0, -60.0],
        scores=np.array([0.0, -60.0]),
        ask="At p = 1 nothing is cut. Rounded, the first one alone reaches 1: is 1 below p?",
    )


@check("13.9")
def test_top_p_of_every_row():
    """Fresh scores, (2, 4, 6): the fewest that reach p, each back in its place."""
    scores, p = fresh(2, 4, 6).astype(np.float64), float(rng().uniform(0.3, 0.8))
    share = softmax(scores)
    likelier = (share[..., None, :] > share[..., :, None]) * share[..., None, :]
    expect(
        "keep_top_p(scores, p)",
        np.where(likelier.sum(-1) < p, scores, -np.inf),
        scores=scores,
        p=p,
        ask="You sorted the row. Did each yes or no find its way back?",
    )


# ------------------------------------------------------------------------------- 13.10 drawing


@check("13.10")
def test_temperature_by_hand():
    """log 4 and log 1: 0.8 and 0.2; at 0.5 they are log 16 and log 1, at 2 log 2 and log 1."""
    scores = np.log([4.0, 1.0])
    ask = "At temperature 0.5, do the differences between scores grow or shrink?"
    for temperature, first in ((1.0, 4 / 5), (0.5, 16 / 17), (2.0, 2 / 3), (0.0, 1.0)):
        expect(
            "token_probabilities(Tensor(scores), temperature)",
            [first, 1 - first],
            scores=scores,
            temperature=temperature,
            ask=ask,
        )


@check("13.10")
def test_the_temperature_decides_what_top_p_keeps():
    """log 9, log 4 and log 1: at temperature 2 they are 3, 2 and 1 sixths; 5 / 6 are below 0.9."""
    expect(
        "token_probabilities(Tensor(scores), 2.0, top_p=0.9)",
        [3 / 6, 2 / 6, 1 / 6],
        scores=np.log([9.0, 4.0, 1.0]),
        ask="Which probabilities does top-p look at: before the temperature, or after?",
    )


@check("13.10")
def test_probabilities_of_every_row():
    """Fresh scores: divided, cut to the 4 best, cut to 0.7, and shared out again, in float64."""
    scores = fresh(3, 6)
    expect(
        "token_probabilities(Tensor(scores), 0.7)",
        softmax(scores.astype(np.float64) / 0.7),
        within=1e-6,
        dtype="float64",
        scores=scores,
    )
    expect(
        "token_probabilities(Tensor(scores), 0.7, top_k=4, top_p=0.7)",
        cut(scores.astype(np.float64) / 0.7, 4, 0.7),
        scores=scores,
        ask="Temperature, then top-k, then top-p of what is left, then softmax.",
    )
    expect(
        "token_probabilities(Tensor(scores), 0)",
        np.eye(6)[scores.argmax(-1)],
        scores=scores,
        ask="At temperature 0, who has probability 1, and in which row?",
    )
    expect(
        "token_probabilities(Tensor(scores), 0)",
        [0.0, 1.0, 0.0],
        scores=np.array([1.0, 3.0, 3.0]),
        ask="Two are the best. Which one does greedy take?",
    )
    raises("token_probabilities(Tensor(scores), -1.0)", ValueError, scores=scores)


def cut(scores, k, p):
    """Probabilities after top-k and top-p, by looking at each pair of tokens."""
    rank = np.argsort(np.argsort(-scores, -1), -1)
    share = softmax(np.where(rank < k, scores, -np.inf))
    likelier = (share[..., None, :] > share[..., :, None]) * share[..., None, :]
    share = np.where(likelier.sum(-1) < p, share, 0)
    return share / share.sum(-1, keepdims=True)


@check("13.10")
def test_tokens_come_as_often_as_they_should():
    """4,000 draws from 0.5, 0.3, 0.2 and 0: how often each came."""
    scores = np.tile(np.log([0.5, 0.3, 0.2, 1e-30]), (4000, 1))
    expect(
        "_ = manual_seed(0)\nids = sample_next(Tensor(scores))\n"
        "(np.bincount(ids.array, minlength=4) / 4000, ids.shape)",
        (np.array([0.5, 0.3, 0.2, 0.0]), (4000,)),
        within=0.045,
        scores=scores,
        ask="Do you draw by probabilities, or by the scores, or take the best?",
    )


@check("13.10")
def test_the_same_seed_draws_the_same():
    """The numbers come from the generator that is handed in, and from no other."""
    expect(
        "draws = []\nfor seed in (1, 1, 2):\n"
        "    g = Generator().manual_seed(seed)\n"
        "    draws.append(sample_next(Tensor(scores), generator=g).tolist())\n"
        "(draws[0] == draws[1], draws[0] == draws[2])",
        (True, False),
        scores=np.zeros((30, 9)),
        ask="Where do your random numbers come from?",
    )


@check("13.10")
def test_any_leading_dimensions():
    """(2, 3, 5) scores give (2, 3) tokens; greedy takes the best of each row."""
    scores = fresh(2, 3, 5)
    expect("sample_next(Tensor(scores), temperature=0)", scores.argmax(-1), scores=scores)
    expect("sample_next(Tensor(scores[0, 0]), top_k=1)", scores[0, 0].argmax(), scores=scores)


# ------------------------------------------------------------------------------- 13.11 generate


@check("13.11")
def test_counting_on():
    """A model that is sure that one more follows goes on counting, in every row."""
    expect(
        COUNTER + "generate(Counter(), Tensor(ids), 4, temperature=0)",
        [[3, 4, 5, 6, 7, 8], [7, 8, 9, 0, 1, 2]],
        ids=np.array([[3, 4], [7, 8]]),
        ask="Which position's scores tell what comes after the last token?",
    )
    expect(COUNTER + "generate(Counter(), Tensor(ids), 0)", [[3, 4]], ids=np.array([[3, 4]]))


@check("13.11")
def test_what_the_model_is_shown():
    """Tokens up to max_length, in evaluation mode, nothing recorded; afterwards as before."""
    ask = "Each call was (shape of the ids, training, recording). Which differs first, and how?"
    code = (
        "model = Counter({})\n_ = generate(model, Tensor(ids), 4, temperature=0)\n"
        "(model.seen, model.training)"
    )
    shapes = {"": [2, 3, 4, 5], "3": [2, 3, 3, 3]}
    for limit, lengths in shapes.items():
        expect(
            COUNTER + code.format(limit),
            ([((1, length), False, False) for length in lengths], True),
            ids=np.array([[3, 4]]),
            ask=ask,
        )


@check("13.11")
def test_a_long_prompt_is_kept_whole():
    """The model sees the last three tokens; what is returned has them all."""
    expect(
        COUNTER + "generate(Counter(3), Tensor(ids), 2, temperature=0)",
        [[1, 1, 1, 1, 5, 6, 7]],
        ids=np.array([[1, 1, 1, 1, 5]]),
        ask="Do you shorten what the model sees, or what you return?",
    )


@check("13.11")
def test_settings_are_handed_on():
    """With a seed it is repeatable; with top_k = 1 it is greedy; what has no token is refused."""
    expect(
        "class Flat(Module):\n    def forward(self, ids):\n"
        "        return Tensor(np.zeros((*ids.shape, 9)))\n"
        "texts = [generate(Flat(), Tensor(ids), 12, generator=Generator().manual_seed(s))\n"
        "         .tolist() for s in (1, 1, 2)]\n(texts[0] == texts[1], texts[0] == texts[2])",
        (True, False),
        ids=np.array([[0]]),
        ask="Does the generator arrive where numbers are drawn?",
    )
    expect(
        COUNTER + "_ = manual_seed(0)\n"
        "generate(Counter(), Tensor(ids), 3, temperature=1000.0, top_k=1)",
        [[3, 4, 5, 6]],
        ids=np.array([[3]]),
        ask="Do all four settings arrive?",
    )
    for shape in (2,), (1, 0):
        raises(
            COUNTER + "generate(Counter(), Tensor(ids), 1)",
            ValueError,
            mentions=(str(shape),),
            ids=np.zeros(shape, np.int64),
            ask="Has it two dimensions, and at least one token to begin with?",
        )


# ------------------------------------------------------------------------------- 13.12 debug it


@check("13.12")
def test_the_target_is_the_token_after():
    """Of 10, 11, 12, ...: read 10, 11, 12 and foretell 11, 12, 13."""
    expect(
        "windows(tt.tensor(ids), [0, 4], 3)",
        (np.array([[10, 11, 12], [14, 15, 16]]), np.array([[11, 12, 13], [15, 16, 17]])),
        ids=np.arange(10, 20),
        ask="Put a target under its input. Which token comes after it in the text?",
    )


@check("13.12")
def test_windows_of_a_fresh_text():
    """The same for a text of fresh tokens and one long window."""
    ids = rng().integers(0, 50, 20)
    expect(
        "windows(tt.tensor(ids), starts, 9)",
        (np.stack([ids[2:11], ids[10:19]]), np.stack([ids[3:12], ids[11:20]])),
        ids=ids,
        starts=[2, 10],
    )


@check("13.12")
def test_the_last_window_is_whole():
    """The latest start that the docstring allows still has all its targets."""
    expect(
        "[part.shape for part in windows(tt.tensor(ids), [6], 3)]",
        [(1, 3), (1, 3)],
        ids=np.arange(10),
        ask="Inputs and targets have the same shape.",
    )
