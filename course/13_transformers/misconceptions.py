"""Wrong versions of chapter 13, each with the sentence that helps whoever wrote it."""

from tito.misconceptions import wrong

# ------------------------------------------------------------------------------------- the norms


@wrong(
    "13.1",
    "deviations",
    "You normalise each feature over the batch: the mean and the variance go down the columns. "
    "Then a text means something else in another batch. A layer norm looks along each row.",
)
def over_the_batch(x, eps):
    centred = x - x.mean(0, keepdims=True)
    return centred, 1 / np.sqrt((centred * centred).mean(0, keepdims=True) + eps)


@wrong(
    "13.1",
    "deviations",
    "You divide the sum of squares by C - 1. That is the unbiased estimate of statistics; the "
    "norms of this field divide by C, and files of weights were trained with that.",
)
def unbiased(x, eps):
    centred = x - row_means(x)
    return centred, 1 / np.sqrt(x.var(-1, ddof=1, keepdims=True) + eps).astype(x.dtype)


@wrong(
    "13.1",
    "deviations",
    "You add eps to the standard deviation, outside of the root. Inside of it, it is added to the "
    "variance; with small variances the two differ much.",
)
def eps_outside(x, eps):
    centred = x - row_means(x)
    return centred, (1 / (np.sqrt(row_products(centred, centred)) + eps)).astype(x.dtype)


@wrong(
    "13.1",
    "deviations",
    "You compute the variance as the mean of the squares minus the square of the mean. Far from "
    "zero both are huge and nearly equal, and what is left of the difference is rounding. Take "
    "the mean away first, then square.",
)
def squares_first(x, eps):
    mean = row_means(x)
    variance = np.maximum(row_products(x, x) - mean * mean, 0)
    return x - mean, (1 / np.sqrt(variance + eps)).astype(x.dtype)


@wrong(
    "13.1",
    "deviations",
    "You divide by the variance, not by its root. A row that is twice as wide then comes out half "
    "as wide, where it should come out the same.",
)
def no_root(x, eps):
    centred = x - row_means(x)
    return centred, (1 / (row_products(centred, centred) + eps)).astype(x.dtype)


@wrong(
    "13.1",
    "layer_norm_kernel",
    "You add the bias before you multiply with the weight, so the weight scales the bias as well. "
    "First the weight, then the bias.",
)
def bias_first(x, weight, bias=None, eps=1e-5):
    out, inverse = deviations(wide_rows(x), eps)
    out = out * inverse
    out = (out if bias is None else out + bias) * weight
    return shaped_as(x, out)


@wrong(
    "13.1",
    "layer_norm_kernel",
    "Your weight multiplies nothing: the rows come out normalised, and the learned factor is "
    "lost. Multiply by the weight before the bias is added.",
)
def weight_forgotten(x, weight, bias=None, eps=1e-5):
    out, inverse = deviations(wide_rows(x), eps)
    out = out * inverse
    return shaped_as(x, out if bias is None else out + bias)


# ------------------------------------------------------------------------------------- the rules


@wrong(
    "13.1",
    "deviations",
    "You take the mean away inside of x itself. The array belongs to whoever called you: x is "
    "what came before the norm, and the sum of a block still needs it. Make a new array.",
)
def into_the_input(x, eps):
    x -= row_means(x)
    return x, 1 / np.sqrt(row_products(x, x) + eps)


@wrong(
    "13.2",
    "layer_norm_dx",
    "You treat mean and standard deviation as if they were constants. But each x changes both, "
    "and through them every output of its row. Two parts have to be taken away: the mean of h, "
    "and what lies along n.",
)
def constants(g, x, weight, eps):
    inverse = deviations(wide_rows(x), eps)[1]
    return shaped_as(x, wide_rows(g) * weight * inverse)


@wrong(
    "13.2",
    "layer_norm_dx",
    "You take away the mean of h, but not its part along n. Stretching a row does not move the "
    "output, so no gradient may be left in that direction.",
)
def only_the_mean(g, x, weight, eps):
    inverse = deviations(wide_rows(x), eps)[1]
    part = wide_rows(g) * weight
    return shaped_as(x, (part - row_means(part)) * inverse)


@wrong(
    "13.2",
    "layer_norm_dx",
    "You take away the part along n, but not the mean of h. Adding the same number to a whole row "
    "does not move the output, so no gradient may be left in that direction.",
)
def only_the_stretch(g, x, weight, eps):
    centred, inverse = deviations(wide_rows(x), eps)
    n = centred * inverse
    part = wide_rows(g) * weight
    return shaped_as(x, (part - n * row_products(part, n)) * inverse)


@wrong(
    "13.2",
    "layer_norm_dx",
    "The weight is missing from your rule. The output is n * weight, so the gradient of n is g * "
    "weight, and that is what mean and part along n are taken from.",
)
def without_weight(g, x, weight, eps):
    centred, inverse = deviations(wide_rows(x), eps)
    n, part = centred * inverse, wide_rows(g)
    return shaped_as(x, (part - row_means(part) - n * row_products(part, n)) * inverse)


@wrong(
    "13.2",
    "layer_norm_dx",
    "You multiply with the weight at the end. It has to be in h before its mean and its part "
    "along n are taken: otherwise what you take away is not what h has in those directions.",
)
def weight_at_the_end(g, x, weight, eps):
    centred, inverse = deviations(wide_rows(x), eps)
    n, part = centred * inverse, wide_rows(g)
    return shaped_as(x, (part - row_means(part) - n * row_products(part, n)) * inverse * weight)


@wrong(
    "13.2",
    "layer_norm_dweight",
    "Your weight receives g times x. It multiplies the normalised values, not x itself.",
)
def times_x(g, x, eps):
    return np.einsum("nc,nc->c", wide_rows(g), wide_rows(x))


@wrong(
    "13.2",
    "layer_norm_dweight",
    "You take the mean over the rows. The weight was used once in every row, and a value that is "
    "used k times receives the sum of k gradients.",
)
def mean_over_rows(g, x, eps):
    centred, inverse = deviations(wide_rows(x), eps)
    return (wide_rows(g) * centred * inverse).mean(0)


@wrong(
    "13.2",
    "layer_norm_dbias",
    "You sum over the first dimension alone. With (batch, time, features) the bias was used at "
    "every time of every text: sum over all dimensions but the last.",
)
def only_the_batch(g):
    return g.sum(0)


# ------------------------------------------------------------------------------------- the layer


@wrong(
    "13.2",
    "layer_norm_dx",
    "You leave out the division by s at the end. What is left of h still goes back through the "
    "division by the standard deviation of its row.",
)
def without_the_division(g, x, weight, eps):
    centred, inverse = deviations(wide_rows(x), eps)
    n, h = centred * inverse, wide_rows(g) * weight
    return shaped_as(x, h - row_means(h) - n * row_products(h, n))


@wrong(
    "13.2",
    "layer_norm_dx",
    "You use the deviations where n is wanted. n is the normalised row: the deviations times the "
    "inverse.",
)
def deviations_for_n(g, x, weight, eps):
    centred, inverse = deviations(wide_rows(x), eps)
    h = wide_rows(g) * weight
    dx = (h - row_means(h) - centred * row_products(h, centred)) * inverse
    return shaped_as(x, dx)


@wrong(
    "13.2",
    "layer_norm_dx",
    "You take away n times the sum of h * n, which is C times too much. It is the mean of the "
    "products in each row.",
)
def sum_along_the_row(g, x, weight, eps):
    centred, inverse = deviations(wide_rows(x), eps)
    n, h = centred * inverse, wide_rows(g) * weight
    dx = (h - row_means(h) - n * (h * n).sum(-1, keepdims=True)) * inverse
    return shaped_as(x, dx)


@wrong(
    "13.3",
    "LayerNorm.__init__",
    "Your weight is a plain tensor. It is no Parameter, so nobody finds it: no optimizer moves it "
    "and no file holds it. Register it as a Parameter.",
)
def plain_tensors(
    self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None
):
    super(LayerNorm, self).__init__()
    self.normalized_shape, self.eps = sizes_of(normalized_shape), eps
    self.elementwise_affine = elementwise_affine
    self.weight = ones(*self.normalized_shape) if elementwise_affine else None
    self.bias = zeros(*self.normalized_shape) if elementwise_affine and bias else None


@wrong(
    "13.3",
    "LayerNorm.__init__",
    "With elementwise_affine=False your layer still has a bias. That option leaves out both.",
)
def bias_stays(
    self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None
):
    super(LayerNorm, self).__init__()
    self.normalized_shape, self.eps = sizes_of(normalized_shape), eps
    self.elementwise_affine = elementwise_affine
    for name, wanted in ("weight", elementwise_affine), ("bias", bias):
        values = zeros(*self.normalized_shape, device=device, dtype=dtype)
        self.register_parameter(name, Parameter(values) if wanted else None)
    self.reset_parameters()


@wrong(
    "13.3",
    "LayerNorm.reset_parameters",
    "Your weight begins as zeros. Zero times anything is zero: the layer lets nothing through, "
    "and no gradient passes it. It begins as ones.",
)
def weight_of_zeros(self):
    for parameter in (self.weight, self.bias):
        if parameter is not None:
            parameter.data.copy_(0.0)


@wrong(
    "13.3",
    "LayerNorm.reset_parameters",
    "You put new Parameters into the layer. An optimizer holds the old ones, and would move those "
    "while the layer uses the new. Write into the memory that is there.",
)
def new_parameters(self):
    if self.weight is not None:
        self.weight = Parameter(ones(*self.normalized_shape))
    if self.bias is not None:
        self.bias = Parameter(zeros(*self.normalized_shape))


@wrong(
    "13.3",
    "LayerNorm.forward",
    "Your layer keeps its eps and does not hand it on, so it computes with another one than it "
    "says.",
)
def eps_not_handed_on(self, input):
    return layer_norm(input, self.normalized_shape, self.weight, self.bias)


# -------------------------------------------------------------------------------------- RMSNorm


@wrong(
    "13.3",
    "LayerNorm.__init__",
    "Your layer does not hand on the dtype: it was asked for float64 and has float32 parameters.",
)
def dtype_lost(
    self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None
):
    super(LayerNorm, self).__init__()
    self.normalized_shape = sizes_of(normalized_shape)
    self.eps, self.elementwise_affine = eps, elementwise_affine
    for name, wanted in ("weight", elementwise_affine), ("bias", elementwise_affine and bias):
        values = Parameter(zeros(*self.normalized_shape)) if wanted else None
        self.register_parameter(name, values)
    self.reset_parameters()


@wrong(
    "13.4",
    "inverse_rms",
    "You take the mean away before you square. That is the standard deviation; the root mean "
    "square leaves the mean where it is.",
)
def centred_first(x, eps):
    return deviations(x, eps)[1]


@wrong(
    "13.4",
    "inverse_rms",
    "You sum the squares where their mean is wanted. Then the result depends on how many features "
    "there are: a vector of ones would shrink when it gets longer.",
)
def sum_of_squares(x, eps):
    return 1 / np.sqrt((x * x).sum(-1, keepdims=True) + eps).astype(x.dtype)


@wrong(
    "13.4",
    "inverse_rms",
    "You add eps outside of the root. It is added to the mean square, inside.",
)
def rms_eps_outside(x, eps):
    return (1 / (np.sqrt(row_products(x, x)) + eps)).astype(x.dtype)


@wrong(
    "13.4",
    "rms_norm_dx",
    "You take the root mean square for a constant. Each x changes it: the part of h along the row "
    "has to go.",
)
def rms_constant(g, x, weight, eps):
    return shaped_as(x, wide_rows(g) * weight * inverse_rms(wide_rows(x), eps))


@wrong(
    "13.4",
    "rms_norm_dx",
    "You take the mean of h away as well, as in a layer norm. Here a shift of the row does change "
    "the output, so that part of the gradient stays.",
)
def as_a_layer_norm(g, x, weight, eps):
    flat = wide_rows(x)
    inverse = inverse_rms(flat, eps)
    n, part = flat * inverse, wide_rows(g) * weight
    return shaped_as(x, (part - row_means(part) - n * row_products(part, n)) * inverse)


@wrong(
    "13.4",
    "rms_norm_dweight",
    "Your weight receives g times x. It multiplies the row after the division.",
)
def rms_times_x(g, x, eps):
    return np.einsum("nc,nc->c", wide_rows(g), wide_rows(x))


# ---------------------------------------------------------------------------------- feed-forward


@wrong(
    "13.5",
    "FeedForward.forward",
    "Your network has no bend between its two layers. Two linear layers after each other are one "
    "linear layer: the hidden width buys nothing.",
)
def no_bend(self, input):
    hidden = self.up(input)
    if self.activation == "swiglu":
        hidden = self.gate(input) * hidden
    return self.dropout(self.down(hidden))


@wrong(
    "13.5",
    "FeedForward.forward",
    "You bend after the second layer. The bend belongs between the two: what goes out is added to "
    "the stream, and may be of any sign and size.",
)
def bend_at_the_end(self, input):
    out = ACTIVATIONS[self.activation](self.down(self.up(input)))
    return self.dropout(out)


@wrong(
    "13.5",
    "FeedForward.forward",
    "You bend what up gives and leave the gate as it is. The bend is the gate's: it decides how "
    "much of the other one passes.",
)
def wrong_one_bent(self, input):
    bend = ACTIVATIONS[self.activation]
    hidden = bend(self.up(input))
    if self.activation == "swiglu":
        hidden = hidden * self.gate(input)
    return self.dropout(self.down(hidden))


@wrong(
    "13.5",
    "FeedForward.forward",
    "You add gate and value. A gate multiplies: near 0 it closes.",
)
def gate_added(self, input):
    bend = ACTIVATIONS[self.activation]
    if self.activation == "swiglu":
        hidden = bend(self.gate(input)) + self.up(input)
    else:
        hidden = bend(self.up(input))
    return self.dropout(self.down(hidden))


@wrong(
    "13.5",
    "FeedForward.forward",
    "The dropout of your network is never used: it would be kept, printed, and have no effect. It "
    "is the last thing that happens to the output.",
)
def dropout_unused(self, input):
    bend = ACTIVATIONS[self.activation]
    if self.activation == "swiglu":
        return self.down(bend(self.gate(input)) * self.up(input))
    return self.down(bend(self.up(input)))


# -------------------------------------------------------------------------------------- the block


@wrong(
    "13.5",
    "FeedForward.__init__",
    'Your network has a gate with every activation. Without "swiglu" nobody uses it: it is '
    "counted, saved and never trained.",
)
def always_a_gate(self, dim, hidden=None, activation="gelu", dropout=0.0, bias=True):
    super(FeedForward, self).__init__()
    if activation not in ACTIVATIONS:
        raise ValueError(f"no activation {activation}, expected one of {sorted(ACTIVATIONS)}")
    self.activation = activation
    hidden = hidden or hidden_size(dim, activation)
    self.up = Linear(dim, hidden, bias=bias)
    self.gate = Linear(dim, hidden, bias=bias)
    self.down = Linear(hidden, dim, bias=bias)
    self.dropout = Dropout(dropout)


@wrong(
    "13.6",
    "Block.forward",
    "You replace x with what attention makes of it. It is to be added: without the sums nothing "
    "of the input is left after some blocks, and no gradient comes back.",
)
def no_sums(self, input):
    x = input
    if self.norm_first:
        x = self.dropout(self.attention(self.norm1(x)))
        return self.feed_forward(self.norm2(x))
    x = self.norm1(self.dropout(self.attention(x)))
    return self.norm2(self.feed_forward(x))


@wrong(
    "13.6",
    "Block.forward",
    "You have swapped the two places of the norms: norm_first means that each part reads a "
    "normalised x, and that nothing stands on the way of the sums.",
)
def swapped(self, input):
    x = input
    if not self.norm_first:
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.feed_forward(self.norm2(x))
    x = self.norm1(x + self.dropout(self.attention(x)))
    return self.norm2(x + self.feed_forward(x))


@wrong(
    "13.6",
    "Block.forward",
    "You normalise x once and use it for both: for attention and in the sum. The straight way "
    "from input to output must stay free of norms; only what attention reads is normalised.",
)
def norm_on_the_line(self, input):
    x = input
    if self.norm_first:
        x = self.norm1(x)
        x = x + self.dropout(self.attention(x))
        x = self.norm2(x)
        return x + self.feed_forward(x)
    x = self.norm1(x + self.dropout(self.attention(x)))
    return self.norm2(x + self.feed_forward(x))


@wrong(
    "13.6",
    "Block.forward",
    "You overwrite x with its first norm, so the sum after attention begins from that. Attention "
    "reads the norm of x; what it gives is added to x itself.",
)
def first_norm_on_the_line(self, input):
    x = input
    if self.norm_first:
        x = self.norm1(x)
        x = x + self.dropout(self.attention(x))
        return x + self.feed_forward(self.norm2(x))
    x = self.norm1(x + self.dropout(self.attention(x)))
    return self.norm2(x + self.feed_forward(x))


@wrong(
    "13.6",
    "Block.forward",
    "Your feed-forward network reads the input of the block, not what attention has added to it. "
    "The two parts come one after the other.",
)
def side_by_side(self, input):
    x = input
    if self.norm_first:
        return x + self.dropout(self.attention(self.norm1(x))) + self.feed_forward(self.norm2(x))
    return self.norm2(self.norm1(x + self.dropout(self.attention(x))) + self.feed_forward(x))


@wrong(
    "13.6",
    "Block.forward",
    "You drop from the sum, and so from x as well. Only what attention adds goes through the "
    "dropout; the stream itself stays whole.",
)
def drops_the_stream(self, input):
    x = input
    if self.norm_first:
        x = self.dropout(x + self.attention(self.norm1(x)))
        return x + self.feed_forward(self.norm2(x))
    x = self.norm1(self.dropout(x + self.attention(x)))
    return self.norm2(x + self.feed_forward(x))


@wrong(
    "13.6",
    "Block.__init__",
    "You use one norm in both places. They are two layers with factors of their own: what "
    "attention likes to read is not what the network likes.",
)
def one_norm(
    self, dim, num_heads, dropout=0.0, norm_first=True, norm=LayerNorm, hidden=None,
    activation="gelu", bias=True, **attention,
):  # fmt: skip
    super(Block, self).__init__()
    self.norm_first = norm_first
    self.norm1 = self.norm2 = norm(dim)
    self.attention = CausalSelfAttention(dim, num_heads, dropout, bias=bias, **attention)
    self.feed_forward = FeedForward(dim, hidden, activation, dropout, bias)
    self.dropout = Dropout(dropout)


# -------------------------------------------------------------------------------------- the model


@wrong(
    "13.6",
    "Block.forward",
    "You drop twice from what the feed-forward network gives. It has its dropout inside; the one "
    "of the block is for what attention gives.",
)
def dropped_twice(self, input):
    x = input
    if self.norm_first:
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.dropout(self.feed_forward(self.norm2(x)))
    x = self.norm1(x + self.dropout(self.attention(x)))
    return self.norm2(x + self.dropout(self.feed_forward(x)))


@wrong(
    "13.6",
    "Block.forward",
    "Your sum is written into the input: += changes the tensor that the caller still holds. Write "
    "x = x + ..., which makes a new one.",
)
def sum_in_place(self, input):
    x = input
    if self.norm_first:
        x += self.dropout(self.attention(self.norm1(x)))
        x += self.feed_forward(self.norm2(x))
        return x
    x = self.norm1(x + self.dropout(self.attention(x)))
    return self.norm2(x + self.feed_forward(x))


@wrong(
    "13.7",
    "GPT.__init__",
    "You copy the table into the head. Two Parameters with equal values are equal for one step: "
    "then each goes its own way, and both are counted. Give the head the very same Parameter.",
)
def tied_by_copy(
    self, vocab_size, max_length, dim, num_layers, num_heads, dropout=0.0, tie_weights=True,
    zero_init=False, **block,
):  # fmt: skip
    super(GPT, self).__init__()
    self.max_length = max_length
    self.token = Embedding(vocab_size, dim)
    rotary = block.get("rotary", False)
    self.position = Identity() if rotary else PositionalEmbedding(max_length, dim)
    self.dropout = Dropout(dropout)
    blocks = [Block(dim, num_heads, dropout, **block) for _ in range(num_layers)]
    self.blocks = Sequential(*blocks)
    first = block.get("norm_first", True)
    self.norm = block.get("norm", LayerNorm)(dim) if first else Identity()
    self.head = Linear(dim, vocab_size, bias=False)
    self.apply(begin_small)
    for layer in blocks:
        for last in layer.attention.out_proj, layer.feed_forward.down:
            share = 0.0 if zero_init else 1 / math.sqrt(2 * num_layers)
            overwrite(last.weight, last.weight.data * share)
    if tie_weights:
        overwrite(self.head.weight, self.token.weight.data)


@wrong(
    "13.7",
    "GPT.__init__",
    "All your blocks are one and the same module, written num_layers times: a list times a number "
    "repeats the object. Make each one anew.",
)
def one_block_many_times(
    self, vocab_size, max_length, dim, num_layers, num_heads, dropout=0.0, tie_weights=True,
    zero_init=False, **block,
):  # fmt: skip
    super(GPT, self).__init__()
    self.max_length = max_length
    self.token = Embedding(vocab_size, dim)
    rotary = block.get("rotary", False)
    self.position = Identity() if rotary else PositionalEmbedding(max_length, dim)
    self.dropout = Dropout(dropout)
    blocks = [Block(dim, num_heads, dropout, **block)] * num_layers
    self.blocks = Sequential(*blocks)
    first = block.get("norm_first", True)
    self.norm = block.get("norm", LayerNorm)(dim) if first else Identity()
    self.head = Linear(dim, vocab_size, bias=False)
    self.apply(begin_small)
    for last in blocks[0].attention.out_proj, blocks[0].feed_forward.down:
        share = 0.0 if zero_init else 1 / math.sqrt(2 * num_layers)
        overwrite(last.weight, last.weight.data * share)
    if tie_weights:
        self.head.weight = self.token.weight


@wrong(
    "13.7",
    "GPT.__init__",
    "You keep the blocks in a plain list. A module does not look into lists: the blocks have no "
    "parameters for it, and nothing of them is trained or saved. Sequential is a home for them.",
)
def blocks_in_a_list(
    self, vocab_size, max_length, dim, num_layers, num_heads, dropout=0.0, tie_weights=True,
    zero_init=False, **block,
):  # fmt: skip
    super(GPT, self).__init__()
    self.max_length = max_length
    self.token = Embedding(vocab_size, dim)
    rotary = block.get("rotary", False)
    self.position = Identity() if rotary else PositionalEmbedding(max_length, dim)
    self.dropout = Dropout(dropout)
    self.blocks = [Block(dim, num_heads, dropout, **block) for _ in range(num_layers)]
    first = block.get("norm_first", True)
    self.norm = block.get("norm", LayerNorm)(dim) if first else Identity()
    self.head = Linear(dim, vocab_size, bias=False)
    self.apply(begin_small)
    if tie_weights:
        self.head.weight = self.token.weight


@wrong(
    "13.7",
    "GPT.__init__",
    "What writes into the stream is no smaller in the end. Either begin_small came afterwards and "
    "wrote over it, or the product was made and never written into the Parameter.",
)
def scaled_too_early(
    self, vocab_size, max_length, dim, num_layers, num_heads, dropout=0.0, tie_weights=True,
    zero_init=False, **block,
):  # fmt: skip
    super(GPT, self).__init__()
    self.max_length = max_length
    self.token = Embedding(vocab_size, dim)
    rotary = block.get("rotary", False)
    self.position = Identity() if rotary else PositionalEmbedding(max_length, dim)
    self.dropout = Dropout(dropout)
    blocks = [Block(dim, num_heads, dropout, **block) for _ in range(num_layers)]
    for layer in blocks:
        for last in layer.attention.out_proj, layer.feed_forward.down:
            share = 0.0 if zero_init else 1 / math.sqrt(2 * num_layers)
            overwrite(last.weight, last.weight.data * share)
    self.blocks = Sequential(*blocks)
    first = block.get("norm_first", True)
    self.norm = block.get("norm", LayerNorm)(dim) if first else Identity()
    self.head = Linear(dim, vocab_size, bias=False)
    self.apply(begin_small)
    if tie_weights:
        self.head.weight = self.token.weight


@wrong(
    "13.7",
    "GPT.__init__",
    "The options of the blocks do not arrive in your blocks: norm_first=False, say, would be "
    "accepted and change nothing.",
)
def options_lost(
    self, vocab_size, max_length, dim, num_layers, num_heads, dropout=0.0, tie_weights=True,
    zero_init=False, **block,
):  # fmt: skip
    super(GPT, self).__init__()
    self.max_length = max_length
    self.token = Embedding(vocab_size, dim)
    rotary = block.get("rotary", False)
    self.position = Identity() if rotary else PositionalEmbedding(max_length, dim)
    self.dropout = Dropout(dropout)
    blocks = [Block(dim, num_heads, dropout) for _ in range(num_layers)]
    self.blocks = Sequential(*blocks)
    first = block.get("norm_first", True)
    self.norm = block.get("norm", LayerNorm)(dim) if first else Identity()
    self.head = Linear(dim, vocab_size, bias=False)
    self.apply(begin_small)
    for layer in blocks:
        for last in layer.attention.out_proj, layer.feed_forward.down:
            share = 0.0 if zero_init else 1 / math.sqrt(2 * num_layers)
            overwrite(last.weight, last.weight.data * share)
    if tie_weights:
        self.head.weight = self.token.weight


# ------------------------------------------------------------------------------ forward and loss


@wrong(
    "13.7",
    "GPT.__init__",
    "Your last norm is always a LayerNorm, whatever class the blocks were given. A model of "
    "RMSNorms has one at the end too.",
)
def always_a_layer_norm(
    self, vocab_size, max_length, dim, num_layers, num_heads, dropout=0.0, tie_weights=True,
    zero_init=False, **block,
):  # fmt: skip
    super(GPT, self).__init__()
    self.max_length = max_length
    self.token = Embedding(vocab_size, dim)
    rotary = block.get("rotary", False)
    self.position = Identity() if rotary else PositionalEmbedding(max_length, dim)
    self.dropout = Dropout(dropout)
    blocks = [Block(dim, num_heads, dropout, **block) for _ in range(num_layers)]
    self.blocks = Sequential(*blocks)
    first = block.get("norm_first", True)
    self.norm = LayerNorm(dim) if first else Identity()
    self.head = Linear(dim, vocab_size, bias=False)
    self.apply(begin_small)
    for layer in blocks:
        for last in layer.attention.out_proj, layer.feed_forward.down:
            share = 0.0 if zero_init else 1 / math.sqrt(2 * num_layers)
            overwrite(last.weight, last.weight.data * share)
    if tie_weights:
        self.head.weight = self.token.weight


@wrong(
    "13.7",
    "GPT.__init__",
    "You ask whether the option rotary is there, not what it says: rotary=False loses the "
    "positions too.",
)
def asked_for_the_name(
    self, vocab_size, max_length, dim, num_layers, num_heads, dropout=0.0, tie_weights=True,
    zero_init=False, **block,
):  # fmt: skip
    super(GPT, self).__init__()
    self.max_length = max_length
    self.token = Embedding(vocab_size, dim)
    rotary = "rotary" in block
    self.position = Identity() if rotary else PositionalEmbedding(max_length, dim)
    self.dropout = Dropout(dropout)
    blocks = [Block(dim, num_heads, dropout, **block) for _ in range(num_layers)]
    self.blocks = Sequential(*blocks)
    first = block.get("norm_first", True)
    self.norm = block.get("norm", LayerNorm)(dim) if first else Identity()
    self.head = Linear(dim, vocab_size, bias=False)
    self.apply(begin_small)
    for layer in blocks:
        for last in layer.attention.out_proj, layer.feed_forward.down:
            share = 0.0 if zero_init else 1 / math.sqrt(2 * num_layers)
            overwrite(last.weight, last.weight.data * share)
    if tie_weights:
        self.head.weight = self.token.weight


@wrong(
    "13.8",
    "GPT.forward",
    "You do not add the positions. For attention a text is then a bag of tokens: all that its "
    "mask tells it is which of them came before.",
)
def without_positions(self, ids):
    if ids.ndim != 2 or ids.shape[1] > self.max_length:
        raise ValueError(f"GPT: got {ids.shape}, expected (batch, time up to {self.max_length})")
    return self.head(self.norm(self.blocks(self.dropout(self.token(ids)))))


@wrong(
    "13.8",
    "GPT.forward",
    "You leave out the last norm. With pre-norm, the stream that reaches the head was never "
    "normalised itself, and is as large as the sum of all that was added.",
)
def without_the_last_norm(self, ids):
    if ids.ndim != 2 or ids.shape[1] > self.max_length:
        raise ValueError(f"GPT: got {ids.shape}, expected (batch, time up to {self.max_length})")
    return self.head(self.blocks(self.dropout(self.position(self.token(ids)))))


@wrong(
    "13.8",
    "GPT.forward",
    "You normalise before the blocks. With pre-norm each block does that for itself; what is left "
    "without a norm is the stream after the last one.",
)
def norm_before_the_blocks(self, ids):
    if ids.ndim != 2 or ids.shape[1] > self.max_length:
        raise ValueError(f"GPT: got {ids.shape}, expected (batch, time up to {self.max_length})")
    return self.head(self.blocks(self.norm(self.dropout(self.position(self.token(ids))))))


@wrong(
    "13.8",
    "next_token_loss",
    "You compare the scores at each place with the token that the model has just read there. It "
    "learns to repeat, in no time, and nothing else. The target is the token after it.",
)
def not_shifted(model, ids):
    return cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, :-1].flatten())


@wrong(
    "13.8",
    "next_token_loss",
    "You shift in the wrong direction: the model is asked for the token before the one that it "
    "reads, which it has read a moment ago.",
)
def shifted_back(model, ids):
    return cross_entropy(model(ids[:, 1:]).flatten(0, 1), ids[:, :-1].flatten())


@wrong(
    "13.8",
    "next_token_loss",
    "Your scores get the right shape and the wrong order: time comes first in them and the batch "
    "first in the labels, so places meet the labels of others. Join batch and time on both sides "
    "without turning anything.",
)
def time_first(model, ids):
    scores = model(ids[:, :-1])
    return cross_entropy(scores.transpose(0, 1).flatten(0, 1), ids[:, 1:].flatten())


@wrong(
    "13.8",
    "next_token_loss",
    "You reshape the scores to (V, N) and turn the result. The values are dealt out anew: a row "
    "holds parts of several places. The last dimension has to stay together.",
)
def classes_first(model, ids):
    scores = model(ids[:, :-1])
    return cross_entropy(scores.reshape(scores.shape[-1], -1).T, ids[:, 1:].flatten())


@wrong(
    "13.8",
    "perplexity",
    "You take a power of 2. The losses here are in nats, which are logarithms to the base e; with "
    "losses in bits it would be 2.",
)
def base_two(loss):
    loss = float(loss)
    return 2.0**loss if loss < 700 else math.inf


# ------------------------------------------------------------------------------- top-k and top-p


@wrong(
    "13.9",
    "keep_top_k",
    "You keep the k smallest scores. Sorting is upwards: the best ones are at the end.",
)
def the_smallest(scores, k):
    k = min(k, scores.shape[-1])
    most = np.sort(scores, axis=-1)[..., k - 1, None]
    return np.where(scores > most, -np.inf, scores)


@wrong(
    "13.9",
    "keep_top_k",
    "You put 0 where a score is to be cut. A score of 0 is an ordinary score, and e^0 is 1: such "
    "tokens are drawn, often even. The score that is never drawn is -inf.",
)
def zero_for_never(scores, k):
    k = min(k, scores.shape[-1])
    return np.where(scores < np.sort(scores, axis=-1)[..., -k, None], 0.0, scores)


@wrong(
    "13.9",
    "keep_top_k",
    "You take the k-th largest score of everything, not of each row. One text then takes the "
    "places of another.",
)
def of_all_rows(scores, k):
    k = min(k, scores.shape[-1])
    return np.where(scores < np.sort(scores, axis=None)[-k], -np.inf, scores)


@wrong(
    "13.9",
    "keep_top_p",
    "You keep tokens while the sum that includes them is at most p. If the likeliest alone is "
    "above p, it falls too, and nothing is left. Ask what those before it reach without it.",
)
def drops_the_first(scores, p):
    if p >= 1:
        return scores
    order = np.argsort(-scores, axis=-1, kind="stable")
    likely = softmax_kernel(np.take_along_axis(scores, order, -1), -1)
    kept = np.empty(scores.shape, bool)
    np.put_along_axis(kept, order, np.cumsum(likely, -1) <= p, -1)
    return np.where(kept, scores, -np.inf)


@wrong(
    "13.9",
    "keep_top_p",
    "You do not bring the answers back to the places that the tokens came from: the first places "
    "of the row are kept, whoever stands there.",
)
def not_brought_back(scores, p):
    if p >= 1:
        return scores
    likely = softmax_kernel(-np.sort(-scores, axis=-1), -1)
    return np.where(np.cumsum(likely, -1) - likely < p, scores, -np.inf)


@wrong(
    "13.9",
    "keep_top_p",
    "You add up the probabilities in the order of the vocabulary. The fewest that reach p are "
    "found by beginning with the likeliest.",
)
def unsorted(scores, p):
    likely = softmax_kernel(scores, -1)
    return np.where(np.cumsum(likely, -1) - likely < p, scores, -np.inf)


@wrong(
    "13.9",
    "keep_top_p",
    "You keep every token whose own probability is at least p. Top-p is about what they reach "
    "together.",
)
def each_by_itself(scores, p):
    likely = softmax_kernel(scores, -1)
    keep = (likely >= p) | (scores == scores.max(-1, keepdims=True)) | (p >= 1)
    return np.where(keep, scores, -np.inf)


# --------------------------------------------------------------------------------------- drawing


@wrong(
    "13.9",
    "keep_top_k",
    "You write -inf into the scores that were handed in. The caller still holds them, and may "
    "want to draw with another k. Return a new array.",
)
def into_the_scores(scores, k):
    k = min(k, scores.shape[-1])
    scores[scores < np.sort(scores, axis=-1)[..., -k, None]] = -np.inf
    return scores


@wrong(
    "13.9",
    "keep_top_p",
    "You keep tokens while the sum that includes them is below p. If the likeliest alone reaches "
    "p, it falls too, and nothing is left. Ask what those before it reach without it.",
)
def drops_the_first_and_the_last(scores, p):
    order = np.argsort(-scores, axis=-1, kind="stable")
    likely = softmax_kernel(np.take_along_axis(scores, order, -1), -1)
    kept = np.empty(scores.shape, bool)
    np.put_along_axis(kept, order, np.cumsum(likely, -1) < p, -1)
    return np.where(kept, scores, -np.inf)


@wrong(
    "13.9",
    "keep_top_p",
    "You take the answers by the order that sorted the row. That sorts a second time; on the way "
    "back each answer is put where its token came from.",
)
def sorted_twice(scores, p):
    if p >= 1:
        return scores
    order = np.argsort(-scores, axis=-1, kind="stable")
    likely = softmax_kernel(np.take_along_axis(scores, order, -1), -1)
    before = np.cumsum(likely, axis=-1) - likely
    return np.where(np.take_along_axis(before < p, order, -1), scores, -np.inf)


@wrong(
    "13.9",
    "keep_top_p",
    "At p = 1 your sums decide, and rounding makes the sum of the likely ones 1 before all tokens "
    "are in. Nothing is cut there: return the scores at once.",
)
def sums_at_one(scores, p):
    order = np.argsort(-scores, axis=-1, kind="stable")
    likely = softmax_kernel(np.take_along_axis(scores, order, -1), -1)
    kept = np.empty(scores.shape, bool)
    np.put_along_axis(kept, order, np.cumsum(likely, axis=-1) - likely < p, -1)
    return np.where(kept, scores, -np.inf)


@wrong(
    "13.10",
    "token_probabilities",
    "You multiply by the temperature. Then 0.5 makes the text wilder and 2 tamer, the wrong way "
    "round: scores are divided.",
)
def multiplied(logits, temperature=1.0, top_k=None, top_p=None):
    check_sampling(temperature, top_k, top_p)
    scores = logits.array.astype(np.float64)
    if temperature == 0:
        return Tensor((np.arange(scores.shape[-1]) == scores.argmax(-1)[..., None]) * 1.0)
    scores = scores * temperature
    scores = scores if top_k is None else keep_top_k(scores, top_k)
    scores = scores if top_p is None else keep_top_p(scores, top_p)
    return Tensor(softmax_kernel(scores, -1))


@wrong(
    "13.10",
    "token_probabilities",
    "You divide the probabilities, after softmax, and share out again. That changes nothing: a "
    "factor cancels. The scores are divided, before softmax.",
)
def after_softmax(logits, temperature=1.0, top_k=None, top_p=None):
    check_sampling(temperature, top_k, top_p)
    scores = logits.array.astype(np.float64)
    if temperature == 0:
        return Tensor((np.arange(scores.shape[-1]) == scores.argmax(-1)[..., None]) * 1.0)
    scores = scores if top_k is None else keep_top_k(scores, top_k)
    scores = scores if top_p is None else keep_top_p(scores, top_p)
    likely = softmax_kernel(scores, -1) / temperature
    return Tensor(likely / likely.sum(-1, keepdims=True))


@wrong(
    "13.10",
    "token_probabilities",
    "You cut first and divide by the temperature last. What top-p keeps depends on the "
    "probabilities, and those are only known after the temperature.",
)
def temperature_last(logits, temperature=1.0, top_k=None, top_p=None):
    check_sampling(temperature, top_k, top_p)
    scores = logits.array.astype(np.float64)
    if temperature == 0:
        return Tensor((np.arange(scores.shape[-1]) == scores.argmax(-1)[..., None]) * 1.0)
    scores = scores if top_k is None else keep_top_k(scores, top_k)
    scores = scores if top_p is None else keep_top_p(scores, top_p)
    return Tensor(softmax_kernel(scores / temperature, -1))


@wrong(
    "13.10",
    "sample_next",
    "You use the scores as if they were probabilities. Scores can be negative and add up to "
    "anything; softmax, with the settings, makes probabilities of them first.",
)
def from_the_scores(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    scores = logits.array - logits.array.min(-1, keepdims=True) + 1e-9
    if temperature == 0 or top_k == 1:
        return Tensor(scores.argmax(-1))
    ends = np.cumsum(scores / scores.sum(-1, keepdims=True), axis=-1)
    drawn = (generator or default_generator).rng.random((*ends.shape[:-1], 1))
    return Tensor((ends <= drawn).sum(-1).clip(0, ends.shape[-1] - 1))


@wrong(
    "13.10",
    "sample_next",
    "You always take the best token. That is what temperature 0 is for; otherwise one is drawn, "
    "with the probabilities that the settings give.",
)
def always_the_best(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    return Tensor(token_probabilities(logits, temperature, top_k, top_p).array.argmax(-1))


@wrong(
    "13.10",
    "sample_next",
    "Your random numbers do not come from the generator that was handed in, so the same seed "
    "gives another text each time.",
)
def another_generator(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    ends = np.cumsum(token_probabilities(logits, temperature, top_k, top_p).array, axis=-1)
    drawn = default_generator.rng.random((*ends.shape[:-1], 1))
    return Tensor((ends / ends[..., -1:] <= drawn).sum(-1))


@wrong(
    "13.10",
    "sample_next",
    "You use one random number for all rows, so texts of one batch make the same choices.",
)
def one_number_for_all(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    ends = np.cumsum(token_probabilities(logits, temperature, top_k, top_p).array, axis=-1)
    drawn = (generator or default_generator).rng.random()
    return Tensor((ends / ends[..., -1:] <= drawn).sum(-1))


# --------------------------------------------------------------------------------------- writing


@wrong(
    "13.10",
    "token_probabilities",
    "At temperature 0 all that tie for the best get a share, or 1 each. Greedy is one token: the "
    "first of them.",
)
def all_that_tie(logits, temperature=1.0, top_k=None, top_p=None):
    check_sampling(temperature, top_k, top_p)
    scores = logits.array.astype(np.float64)
    if temperature == 0:
        return Tensor((scores == scores.max(-1, keepdims=True)).astype(np.float64))
    scores = scores / temperature
    scores = scores if top_k is None else keep_top_k(scores, top_k)
    scores = scores if top_p is None else keep_top_p(scores, top_p)
    return Tensor(softmax_kernel(scores, -1))


@wrong(
    "13.11",
    "generate",
    "You draw from the scores at the first position: they say what comes after the first token. "
    "After the last token comes what the last position says.",
)
def from_the_first_position(
    model, ids, max_new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None
):
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(f"generate: got ids of shape {ids.shape}, expected (batch, time)")
    seen = getattr(model, "max_length", None) or ids.shape[1] + max_new_tokens
    with measuring(model):
        for _ in range(max_new_tokens):
            new = sample_next(model(ids[:, -seen:])[:, 0], temperature, top_k, top_p, generator)
            ids = cat([ids, new.unsqueeze(1)], dim=1)
    return ids


@wrong(
    "13.11",
    "generate",
    "You show the model the last token alone. What it knows of the text is what it is shown; "
    "there is no memory between calls (that is module 18).",
)
def the_last_token_alone(
    model, ids, max_new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None
):
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(f"generate: got ids of shape {ids.shape}, expected (batch, time)")
    with measuring(model):
        for _ in range(max_new_tokens):
            new = sample_next(model(ids[:, -1:])[:, -1], temperature, top_k, top_p, generator)
            ids = cat([ids, new.unsqueeze(1)], dim=1)
    return ids


@wrong(
    "13.11",
    "generate",
    "You show the model the first max_length tokens of a long text. It goes on from the end, so "
    "it must see the end.",
)
def the_beginning_of_the_text(
    model, ids, max_new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None
):
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(f"generate: got ids of shape {ids.shape}, expected (batch, time)")
    seen = getattr(model, "max_length", None) or ids.shape[1] + max_new_tokens
    with measuring(model):
        for _ in range(max_new_tokens):
            new = sample_next(model(ids[:, :seen])[:, -1], temperature, top_k, top_p, generator)
            ids = cat([ids, new.unsqueeze(1)], dim=1)
    return ids


@wrong(
    "13.11",
    "generate",
    "You cut the text itself to max_length, and so lose its beginning in what you return. Cut "
    "only what the model is shown.",
)
def text_cut(model, ids, max_new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None):
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(f"generate: got ids of shape {ids.shape}, expected (batch, time)")
    seen = getattr(model, "max_length", None) or ids.shape[1] + max_new_tokens
    with measuring(model):
        for _ in range(max_new_tokens):
            ids = ids[:, -seen:]
            new = sample_next(model(ids)[:, -1], temperature, top_k, top_p, generator)
            ids = cat([ids, new.unsqueeze(1)], dim=1)
    return ids


@wrong(
    "13.11",
    "generate",
    "Your model writes in training mode, so dropout drops while it writes. `measuring` switches "
    "to evaluation and back.",
)
def in_training_mode(
    model, ids, max_new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None
):
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(f"generate: got ids of shape {ids.shape}, expected (batch, time)")
    seen = getattr(model, "max_length", None) or ids.shape[1] + max_new_tokens
    for _ in range(max_new_tokens):
        new = sample_next(model(ids[:, -seen:])[:, -1], temperature, top_k, top_p, generator)
        ids = cat([ids, new.unsqueeze(1)], dim=1)
    return ids


@wrong(
    "13.11",
    "generate",
    "You leave the model in evaluation mode when you are done. Whoever trains on after a sample "
    "would train without dropout, and never know.",
)
def left_in_evaluation(
    model, ids, max_new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None
):
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(f"generate: got ids of shape {ids.shape}, expected (batch, time)")
    seen = getattr(model, "max_length", None) or ids.shape[1] + max_new_tokens
    model.eval()
    for _ in range(max_new_tokens):
        new = sample_next(model(ids[:, -seen:])[:, -1], temperature, top_k, top_p, generator)
        ids = cat([ids, new.unsqueeze(1)], dim=1)
    return ids


@wrong(
    "13.11",
    "generate",
    "Your settings do not arrive in sample_next: temperature, top_k, top_p and generator are "
    "accepted and change nothing.",
)
def settings_lost(
    model, ids, max_new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None
):
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(f"generate: got ids of shape {ids.shape}, expected (batch, time)")
    seen = getattr(model, "max_length", None) or ids.shape[1] + max_new_tokens
    with measuring(model):
        for _ in range(max_new_tokens):
            new = sample_next(model(ids[:, -seen:])[:, -1], temperature)
            ids = cat([ids, new.unsqueeze(1)], dim=1)
    return ids


# -------------------------------------------------------------------------------------- debug it


@wrong(
    "13.11",
    "generate",
    "Your model writes in evaluation mode, but everything is recorded for a backward that never "
    "comes. `measuring` switches that off too.",
)
def recorded(model, ids, max_new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None):
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(f"generate: got ids of shape {ids.shape}, expected (batch, time)")
    seen = getattr(model, "max_length", None) or ids.shape[1] + max_new_tokens
    was = model.training
    model.eval()
    for _ in range(max_new_tokens):
        new = sample_next(model(ids[:, -seen:])[:, -1], temperature, top_k, top_p, generator)
        ids = cat([ids, new.unsqueeze(1)], dim=1)
    model.train(was)
    return ids


@wrong(
    "13.11",
    "generate",
    "You let a prompt without a token through. There is no last position to draw from; refuse it "
    "by name, before the model is asked.",
)
def empty_prompt(
    model, ids, max_new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None
):
    if ids.ndim != 2:
        raise ValueError(f"generate: got ids of shape {ids.shape}, expected (batch, time)")
    seen = getattr(model, "max_length", None) or ids.shape[1] + max_new_tokens
    with measuring(model):
        for _ in range(max_new_tokens):
            new = sample_next(model(ids[:, -seen:])[:, -1], temperature, top_k, top_p, generator)
            ids = cat([ids, new.unsqueeze(1)], dim=1)
    return ids


@wrong(
    "13.12",
    "windows",
    "Your targets are still the tokens that the model reads. It is asked for what it has in front "
    "of it: its loss falls to 0, and it can only repeat.",
)
def still_the_same(ids, starts, length):
    inputs = tt.stack([ids[start : start + length] for start in starts])
    return inputs, inputs


@wrong(
    "13.12",
    "windows",
    "Your targets are the tokens before those that the model reads. It has read them already; the "
    "one to be foretold comes after.",
)
def one_back(ids, starts, length):
    inputs = tt.stack([ids[start + 1 : start + length + 1] for start in starts])
    targets = tt.stack([ids[start : start + length] for start in starts])
    return inputs, targets


@wrong(
    "13.12",
    "windows",
    "You shift around in a circle: the last target is the first token of the same window, which "
    "does not come after the last one. Take the token that the text has there.",
)
def in_a_circle(ids, starts, length):
    inputs = tt.stack([ids[start : start + length] for start in starts])
    return inputs, tt.cat([inputs[:, 1:], inputs[:, :1]], dim=1)


@wrong(
    "13.12",
    "windows",
    "You make both a token shorter. The shift is right, but the last place of each window is "
    "lost, and nobody learns to use the full length.",
)
def one_shorter(ids, starts, length):
    whole = tt.stack([ids[start : start + length] for start in starts])
    return whole[:, :-1], whole[:, 1:]
