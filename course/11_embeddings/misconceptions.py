"""Wrong versions that learners write, each with the sentence that would have helped."""

from tito.misconceptions import wrong

# --------------------------------------------------------------------------- 11.1 one_hot_product


@wrong(
    "11.1",
    "one_hot_product",
    "Your one-hot rows are as long as the largest id here asks for. They must be as long as the "
    "table has rows, or they cannot be multiplied with it: the table has rows that do not occur.",
)
def as_long_as_the_largest_id(weight, ids):
    one_hot = ids[..., None] == np.arange(ids.max() + 1)
    return one_hot.astype(weight.dtype) @ weight


@wrong(
    "11.1",
    "one_hot_product",
    "Your one-hot matrix is float64, and so is the product. A single array of float64 makes "
    "everything after it twice as large and slow: give it the dtype of the weight.",
)
def float64_ones(weight, ids):
    return np.eye(len(weight))[ids] @ weight


@wrong(
    "11.1",
    "one_hot_product",
    "Your result is a matrix whatever the ids' shape was. Ids (batch, time) belong to rows (batch, "
    "time, features): keep the dimensions of the ids and add one.",
)
def shape_lost(weight, ids):
    return np.eye(len(weight), dtype=weight.dtype)[np.reshape(ids, -1)] @ weight


@wrong(
    "11.1",
    "one_hot_product",
    "Your code returns the one-hot matrix itself. It says which row is meant; the product with the "
    "weight fetches it.",
)
def product_forgotten(weight, ids):
    return (ids[..., None] == np.arange(len(weight))).astype(weight.dtype)


# ---------------------------------------------------------------- 11.2 first_outside and the kernel


@wrong(
    "11.2",
    "first_outside",
    "You look for ids that are too large, and let negative ones pass. NumPy takes -1 for the last "
    "row without a word, so a bug upstream becomes a wrong word instead of an error.",
)
def negative_ids_pass(ids, rows):
    outside = np.argwhere(ids >= rows)
    return tuple(outside[0].tolist()) if len(outside) else None


@wrong(
    "11.2",
    "first_outside",
    "You compare with > rows, so the id that equals the number of rows passes. Rows are counted "
    "from 0: the last one is rows - 1.",
)
def one_too_many(ids, rows):
    outside = np.argwhere((ids < 0) | (ids > rows))
    return tuple(outside[0].tolist()) if len(outside) else None


@wrong(
    "11.2",
    "first_outside",
    "You report the last id that is outside. The first one is wanted: that is where a reader of "
    "the message begins to look.",
)
def the_last_one(ids, rows):
    outside = np.argwhere((ids < 0) | (ids >= rows))
    return tuple(outside[-1].tolist()) if len(outside) else None


@wrong(
    "11.2",
    "first_outside",
    "Your place is right, and its numbers are NumPy's: the message would say [np.int64(1), "
    "np.int64(0)]. Make Python's whole numbers of them, as .tolist() does.",
)
def numbers_of_numpy(ids, rows):
    outside = np.argwhere((ids < 0) | (ids >= rows))
    return tuple(outside[0]) if len(outside) else None


@wrong(
    "11.2",
    "first_outside",
    "Your place counts through all ids as if they stood in one row. In (batch, time) it takes two "
    "numbers to find an id: which sentence, and which word of it.",
)
def place_in_one_row(ids, rows):
    outside = np.argwhere(((ids < 0) | (ids >= rows)).reshape(-1))
    return tuple(outside[0].tolist()) if len(outside) else None


@wrong(
    "11.2",
    "first_outside",
    "You ask for the smallest and the largest id before you know that there is one. An empty batch "
    "has no smallest id; nothing in it is outside.",
)
def empty_batch_forgotten(ids, rows):
    if ids.min() >= 0 and ids.max() < rows:
        return None
    return tuple(np.argwhere((ids < 0) | (ids >= rows))[0].tolist())


@wrong(
    "11.2",
    "embedding_kernel",
    "You look the ids up without checking them. Negative ones then give rows from the end, and too "
    "large ones an error that says nothing about tokens. Call check_ids first.",
)
def unchecked(weight, ids, padding_idx=None):
    return weight[ids]


@wrong(
    "11.2",
    "embedding_kernel",
    "You move ids that are outside to the nearest row. The model then computes with a word that "
    "nobody wrote, and nobody learns of it. Let check_ids refuse them.",
)
def clipped(weight, ids, padding_idx=None):
    return weight[np.clip(ids, 0, len(weight) - 1).astype(int)]


# --------------------------------------------------------------------------- 11.3 the gradient


@wrong(
    "11.3",
    "embedding_dweight",
    "grad[ids] += g takes the rows, adds, and puts them back. Of several copies of one row, the "
    "last one overwrites the others, and a frequent word loses nearly all of its gradient. Use "
    "something that adds in place, such as np.add.at.",
)
def plus_equals(g, ids, weight_shape, padding_idx):
    grad = np.zeros(weight_shape, g.dtype)
    grad[ids] += g
    if padding_idx is not None:
        grad[padding_idx] = 0
    return grad


@wrong(
    "11.3",
    "embedding_dweight",
    "Your rows receive the mean of their gradients. A row that was used five times must receive "
    "the sum: that is what the derivative says, and what scale_grad_by_freq is an option for.",
)
def mean_instead_of_sum(g, ids, weight_shape, padding_idx):
    grad = np.zeros(weight_shape, g.dtype)
    np.add.at(grad, ids, g)
    times = np.bincount(ids.reshape(-1), minlength=len(grad))
    grad /= np.maximum(times, 1)[:, None].astype(g.dtype)
    if padding_idx is not None:
        grad[padding_idx] = 0
    return grad


@wrong(
    "11.3",
    "embedding_dweight",
    "You ask `if padding_idx:`, and 0 counts as no. Row 0 is a row like any other, and the "
    "commonest place for padding: compare with None.",
)
def zero_is_no_padding(g, ids, weight_shape, padding_idx):
    grad = np.zeros(weight_shape, g.dtype)
    np.add.at(grad, ids, g)
    if padding_idx:
        grad[padding_idx] = 0
    return grad


@wrong(
    "11.3",
    "embedding_dweight",
    "The row of padding receives a gradient like the others. It would be learned, and the filler "
    "at the end of short sentences would begin to mean something.",
)
def padding_is_learned(g, ids, weight_shape, padding_idx):
    grad = np.zeros(weight_shape, g.dtype)
    np.add.at(grad, ids, g)
    return grad


@wrong(
    "11.3",
    "embedding_dweight",
    "You zero the row after the padding: rows are counted from 0, so padding_idx is the number of "
    "the row, without one more.",
)
def padding_off_by_one(g, ids, weight_shape, padding_idx):
    grad = np.zeros(weight_shape, g.dtype)
    np.add.at(grad, ids, g)
    if padding_idx is not None:
        grad[(padding_idx + 1) % len(grad)] = 0
    return grad


@wrong(
    "11.3",
    "embedding_dweight",
    "Your gradient is float64, because np.zeros is unless told otherwise. Give it the dtype of g, "
    "or the optimizer's numbers will grow to double size one after the other.",
)
def float64_gradient(g, ids, weight_shape, padding_idx):
    grad = np.zeros(weight_shape)
    np.add.at(grad, ids, g)
    if padding_idx is not None:
        grad[padding_idx] = 0
    return grad


# ------------------------------------------------------------------ 11.4 padding_row, embedding


@wrong(
    "11.4",
    "padding_row",
    "You hand -1 on as it is. The others compare it with ids, which are never negative, so the "
    "padding would not be found: count it from the front.",
)
def negative_stays(padding_idx, rows):
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise AssertionError(f"padding_idx={padding_idx}: the table has {rows} rows")
    return padding_idx


@wrong(
    "11.4",
    "padding_row",
    "You ask whether padding_idx is true, and 0 is not: padding with id 0 becomes no padding at "
    "all. Compare with None.",
)
def zero_becomes_none(padding_idx, rows):
    if not padding_idx:
        return None
    if not -rows <= padding_idx < rows:
        raise AssertionError(f"padding_idx={padding_idx}: the table has {rows} rows")
    return padding_idx % rows


@wrong(
    "11.4",
    "padding_row",
    "You take the remainder without looking at the range, so id 10 of a table with 10 rows becomes "
    "row 0, and a real word loses its gradient. Refuse what is no row.",
)
def wrapped_around(padding_idx, rows):
    return None if padding_idx is None else padding_idx % rows


@wrong(
    "11.4",
    "embedding",
    "You do not hand the padding on to the operation, so its rule cannot know of it, and the row "
    "of padding is learned.",
)
def padding_not_handed_on(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0,
    scale_grad_by_freq=False, sparse=False,
):  # fmt: skip
    refuse_rare("embedding", max_norm, sparse)
    op = "embedding_by_frequency" if scale_grad_by_freq else "embedding"
    return apply(op, weight, input, padding_idx=None)


@wrong(
    "11.4",
    "embedding",
    "You ignore max_norm and sparse. Whoever asks for them gets something else without a word: "
    "call refuse_rare.",
)
def rare_options_ignored(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0,
    scale_grad_by_freq=False, sparse=False,
):  # fmt: skip
    return apply("embedding", weight, input, padding_idx=padding_row(padding_idx, len(weight)))


# --------------------------------------------------------------------------- 11.5 the module


@wrong(
    "11.5",
    "Embedding.reset_parameters",
    "The row of padding begins with random numbers. It never changes, since it has no gradient, so "
    "every filler would add the same noise for ever: zero it.",
)
def padding_begins_at_random(self):
    overwrite(self.weight, randn(*self.weight.shape, dtype=self.weight.dtype))


@wrong(
    "11.5",
    "Embedding.reset_parameters",
    "You ask `if self.padding_idx:`, and 0 counts as no. Row 0 then begins at random although it "
    "is the padding: compare with None.",
)
def row_zero_not_zeroed(self):
    overwrite(self.weight, randn(*self.weight.shape, dtype=self.weight.dtype))
    if self.padding_idx:
        self.weight.data[self.padding_idx] = 0


@wrong(
    "11.5",
    "Embedding.reset_parameters",
    "You make a new Parameter. An optimizer that was made before goes on moving the old one: fill "
    "the one that is there.",
)
def a_new_parameter(self):
    self.weight = Parameter(randn(*self.weight.shape, dtype=self.weight.dtype))
    if self.padding_idx is not None:
        self.weight.data[self.padding_idx] = 0


@wrong(
    "11.5",
    "Embedding.reset_parameters",
    "Your rows begin uniform. They have the right mean, and not the deviation 1 of the normal "
    "distribution that PyTorch draws them from.",
)
def uniform_rows(self):
    from tinytorch.core.tensor import rand

    values = rand(*self.weight.shape, dtype=self.weight.dtype)
    overwrite(self.weight, (values * 2 - 1) * 3**0.5)
    if self.padding_idx is not None:
        self.weight.data[self.padding_idx] = 0


@wrong(
    "11.5",
    "Embedding.from_pretrained",
    "You overwrite the row of padding with zeros. Pretrained rows are taken as they are; the "
    "tensor that came in belongs to somebody, and shares this memory.",
)
def pretrained_padding_zeroed(cls, embeddings, freeze=True, padding_idx=None, **settings):
    if embeddings.ndim != 2:
        raise AssertionError(f"from_pretrained: got {embeddings.shape}, expected (ids, features)")
    table = cls(0, embeddings.shape[1], **settings)
    table.num_embeddings = len(embeddings)
    table.padding_idx = padding_row(padding_idx, len(embeddings))
    table.weight = Parameter(embeddings, requires_grad=not freeze)
    if padding_idx is not None:
        table.weight.data[padding_idx] = 0
    return table


@wrong(
    "11.5",
    "Embedding.from_pretrained",
    "Your pretrained rows go on learning. The default of freeze is True: the Parameter then does "
    "not require gradients.",
)
def never_frozen(cls, embeddings, freeze=True, padding_idx=None, **settings):
    if embeddings.ndim != 2:
        raise AssertionError(f"from_pretrained: got {embeddings.shape}, expected (ids, features)")
    table = cls(0, embeddings.shape[1], **settings)
    table.num_embeddings = len(embeddings)
    table.padding_idx = padding_row(padding_idx, len(embeddings))
    table.weight = Parameter(embeddings)
    return table


@wrong(
    "11.5",
    "Embedding.from_pretrained",
    "You hand the padding to the table of 0 rows, which has no such row and refuses it. Make the "
    "table without it, and set padding_idx when the rows are there.",
)
def padding_of_no_rows(cls, embeddings, freeze=True, padding_idx=None, **settings):
    if embeddings.ndim != 2:
        raise AssertionError(f"from_pretrained: got {embeddings.shape}, expected (ids, features)")
    table = cls(0, embeddings.shape[1], padding_idx, **settings)
    table.num_embeddings = len(embeddings)
    table.weight = Parameter(embeddings, requires_grad=not freeze)
    return table


@wrong(
    "11.5",
    "Embedding.from_pretrained",
    "You keep padding_idx as it came. -1 would be printed and compared as -1 from then on: count "
    "it from the front of the rows that came in.",
)
def pretrained_padding_not_counted(cls, embeddings, freeze=True, padding_idx=None, **settings):
    if embeddings.ndim != 2:
        raise AssertionError(f"from_pretrained: got {embeddings.shape}, expected (ids, features)")
    table = cls(0, embeddings.shape[1], **settings)
    table.num_embeddings, table.padding_idx = len(embeddings), padding_idx
    table.weight = Parameter(embeddings, requires_grad=not freeze)
    return table


@wrong(
    "11.5",
    "Embedding.forward",
    "Your forward does not tell the function which id is padding, so its row receives a gradient, "
    "and moves away from zero in the first step.",
)
def forward_without_padding(self, input):
    return embedding(input, self.weight)


# --------------------------------------------------------------------------- 11.6 neighbours


@wrong(
    "11.6",
    "skip_grams",
    "Your pairs look in one direction only: each word with those after it. A word's company "
    "stands on both sides.",
)
def one_direction(ids, window):
    words, neighbours = [], []
    for distance in range(1, window + 1):
        words.append(ids[:-distance])
        neighbours.append(ids[distance:])
    return np.concatenate(words), np.concatenate(neighbours)


@wrong(
    "11.6",
    "skip_grams",
    "You pair words at one distance only, that of the window. The window is how far it reaches: "
    "all distances from 1 on belong to it.",
)
def edge_of_the_window(ids, window):
    left, right = ids[:-window], ids[window:]
    return np.concatenate([left, right]), np.concatenate([right, left])


@wrong(
    "11.6",
    "skip_grams",
    "Your text is a ring: np.roll brings the last word in front of the first. They never stood "
    "beside each other.",
)
def text_as_a_ring(ids, window):
    distances = [d for d in range(-window, window + 1) if d]
    return np.tile(ids, len(distances)), np.concatenate([np.roll(ids, d) for d in distances])


@wrong(
    "11.6",
    "skip_grams",
    "Your slice ends at len(ids) - d, and for a distance beyond the text that is below 0, which "
    "counts from the end: words come back that have no neighbour. Skip such distances.",
)
def beyond_the_text(ids, window):
    words, neighbours = [], []
    for distance in range(1, window + 1):
        left, right = ids[: len(ids) - distance], ids[distance:]
        words += [left, right]
        neighbours += [right, left]
    return np.concatenate(words), np.concatenate(neighbours)


@wrong(
    "11.6",
    "skip_grams",
    "You pair each word with itself as well. That is the easiest prediction of all, and it says "
    "nothing about company: begin with distance 1.",
)
def each_with_itself(ids, window):
    words, neighbours = [ids], [ids]
    for distance in range(1, window + 1):
        words += [ids[:-distance], ids[distance:]]
        neighbours += [ids[distance:], ids[:-distance]]
    return np.concatenate(words), np.concatenate(neighbours)


@wrong(
    "11.6",
    "nearest",
    "You compare by the product alone, and long rows win whatever their direction. Divide by both "
    "lengths: only the angle is to count.",
)
def long_rows_win(weight, row, k=5):
    table = weight.array
    products = table @ table[row]
    products[row] = -math.inf
    order = np.argsort(-products, kind="stable")[: min(k, len(table) - 1)]
    return [(int(i), float(products[i])) for i in order]


@wrong(
    "11.6",
    "nearest",
    "The nearest row that you find is the row itself, with a cosine of 1. Leave it out.",
)
def itself_the_nearest(weight, row, k=5):
    table = weight.array
    lengths = np.linalg.norm(table, axis=1)
    cosines = table @ table[row] / np.maximum(lengths * lengths[row], 1e-12)
    return [(int(i), float(cosines[i])) for i in np.argsort(-cosines, kind="stable")[:k]]


@wrong(
    "11.6",
    "nearest",
    "You drop the first of your order and take it for the row itself. A row that points the same "
    "way may come before it, and is lost instead: leave the row out by its number.",
)
def first_one_dropped(weight, row, k=5):
    table = weight.array
    lengths = np.linalg.norm(table, axis=1)
    cosines = table @ table[row] / np.maximum(lengths * lengths[row], 1e-12)
    order = np.argsort(-cosines, kind="stable")[1 : k + 1]
    return [(int(i), float(cosines[i])) for i in order]


@wrong(
    "11.6",
    "nearest",
    "A row of zeros makes your division 0 / 0, which is NaN, and NaN has no place in any order. "
    "The padding is such a row: see to it that the length you divide by is never quite 0.",
)
def zeros_become_nan(weight, row, k=5):
    table = weight.array
    lengths = np.linalg.norm(table, axis=1)
    with np.errstate(invalid="ignore"):
        cosines = table @ table[row] / lengths / lengths[row]
    order = [int(i) for i in np.argsort(cosines)[::-1] if i != row]
    return [(i, float(cosines[i])) for i in order[:k]]


@wrong(
    "11.6",
    "nearest",
    "Your list begins with the rows that point the other way: argsort puts the smallest first, and "
    "the nearest row has the largest cosine.",
)
def farthest_first(weight, row, k=5):
    table = weight.array
    lengths = np.linalg.norm(table, axis=1)
    cosines = table @ table[row] / np.maximum(lengths * lengths[row], 1e-12)
    order = [int(i) for i in np.argsort(cosines, kind="stable") if i != row]
    return [(i, float(cosines[i])) for i in order[:k]]


# --------------------------------------------------------------------------- 11.7 waves


@wrong(
    "11.7",
    "position_angles",
    "Your clocks become faster from feature to feature: the exponent lacks its minus sign. The "
    "last clock is to be the slowest.",
)
def clocks_become_faster(positions, dim, base=10000.0):
    if dim % 2:
        raise ValueError(f"got {dim} features, expected an even number")
    return positions[..., None] * base ** (np.arange(0, dim, 2) / dim)


@wrong(
    "11.7",
    "position_angles",
    "Your exponent is -i / dim where -2i / dim is meant. Clock i belongs to features 2i and "
    "2i + 1, and the last clock should be nearly `base` times slower than the first one.",
)
def half_the_exponent(positions, dim, base=10000.0):
    if dim % 2:
        raise ValueError(f"got {dim} features, expected an even number")
    return positions[..., None] * base ** (-np.arange(dim // 2) / dim)


@wrong(
    "11.7",
    "position_angles",
    "Your angles are float32. It holds 24 bits, so late positions lose their last digits, and with "
    "them the difference to their neighbours: compute angles in float64.",
)
def float32_angles(positions, dim, base=10000.0):
    if dim % 2:
        raise ValueError(f"got {dim} features, expected an even number")
    speeds = base ** (-np.arange(0, dim, 2, dtype=np.float32) / np.float32(dim))
    return positions[..., None].astype(np.float32) * speeds.astype(np.float32)


@wrong(
    "11.7",
    "position_angles",
    "You count positions from 1. The first one is 0, where every clock stands at 0: everybody else "
    "who loads these weights counts so.",
)
def positions_from_one(positions, dim, base=10000.0):
    if dim % 2:
        raise ValueError(f"got {dim} features, expected an even number")
    return (positions[..., None] + 1) * base ** (-np.arange(0, dim, 2) / dim)


@wrong(
    "11.7",
    "sinusoidal_positions",
    "You have exchanged sine and cosine: feature 0 at position 0 is 1 with you. The sine comes "
    "first, in the even features.",
)
def sine_and_cosine_exchanged(length, dim, base=10000.0):
    angles = position_angles(np.arange(length), dim, base)
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return Tensor(waves.reshape(length, dim).astype(float32))


@wrong(
    "11.7",
    "sinusoidal_positions",
    "You put all sines first and all cosines after them. The pair of one clock stands side by "
    "side: sine, cosine, sine, cosine.",
)
def halves_instead_of_pairs(length, dim, base=10000.0):
    angles = position_angles(np.arange(length), dim, base)
    return Tensor(np.concatenate([np.sin(angles), np.cos(angles)], axis=-1).astype(float32))


@wrong(
    "11.7",
    "sinusoidal_positions",
    "Your waves are float64, and whatever they are added to becomes float64 as well. The angles "
    "need the digits; their sines and cosines do not.",
)
def float64_waves(length, dim, base=10000.0):
    angles = position_angles(np.arange(length), dim, base)
    return Tensor(np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, dim))


@wrong(
    "11.7",
    "sinusoidal_positions",
    "You do not hand the base on, so your clocks turn with 10000 whatever is asked for.",
)
def base_not_handed_on(length, dim, base=10000.0):
    angles = position_angles(np.arange(length), dim)
    return Tensor(
        np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, dim).astype(float32)
    )


# --------------------------------------------------------------------------- 11.8 learned positions


@wrong(
    "11.8",
    "PositionalEmbedding.forward",
    "You add row b to sequence b: the position runs along the batch. Every word of a sentence then "
    "gets the same mark, and the answer depends on its place in the batch. Time is the axis before "
    "the last.",
)
def along_the_batch(self, input, offset=0):
    if offset < 0 or offset + input.shape[-2] > self.max_length:
        raise IndexError(f"{tuple(input.shape)}: the table has {self.max_length} rows")
    return input + self.weight[offset : offset + input.shape[0]].unsqueeze(1)


@wrong(
    "11.8",
    "PositionalEmbedding.forward",
    "You read the time from axis 1. That is right for (batch, time, dim) alone; one sequence "
    "without a batch has its features there. Time is the axis before the last: count from the end.",
)
def time_is_axis_one(self, input, offset=0):
    end = offset + input.shape[1]
    if offset < 0 or end > self.max_length:
        raise IndexError(f"{tuple(input.shape)}: the table has {self.max_length} rows")
    return input + self.weight[offset:end]


@wrong(
    "11.8",
    "PositionalEmbedding.forward",
    "You look at the end of the positions and not at their beginning. A slice from -1 begins at "
    "the last row, or is empty, and no error comes: refuse an offset below 0.",
)
def before_the_first(self, input, offset=0):
    end = offset + input.shape[-2]
    if end > self.max_length:
        raise IndexError(f"{tuple(input.shape)}: the table has {self.max_length} rows")
    return input + self.weight[offset:end]


@wrong(
    "11.8",
    "PositionalEmbedding.forward",
    "You always add the first rows. With an offset, the first vector stands at that position: "
    "whoever continues a text hands in only its new words.",
)
def offset_ignored(self, input, offset=0):
    end = offset + input.shape[-2]
    if offset < 0 or end > self.max_length:
        raise IndexError(f"{tuple(input.shape)}: the table has {self.max_length} rows")
    return input + self.weight[: input.shape[-2]]


@wrong(
    "11.8",
    "PositionalEmbedding.forward",
    "Beyond its end your table begins again at row 0. The model would take word 1,024 for the "
    "first one, and say so with confidence: raise an IndexError.",
)
def begins_again(self, input, offset=0):
    places = np.arange(offset, offset + input.shape[-2]) % self.max_length
    return input + self.weight[places]


@wrong(
    "11.8",
    "PositionalEmbedding.forward",
    "You refuse a sequence that is exactly as long as the table. The end of a range is one past "
    "its last position: it may equal max_length.",
)
def last_row_never_used(self, input, offset=0):
    end = offset + input.shape[-2]
    if offset < 0 or end >= self.max_length:
        raise IndexError(f"{tuple(input.shape)}: the table has {self.max_length} rows")
    return input + self.weight[offset:end]


@wrong(
    "11.8",
    "PositionalEmbedding.forward",
    "You add the array of the weight, which is no part of the graph. The sum is right, and the "
    "table never learns: use the Parameter itself.",
)
def outside_of_the_graph(self, input, offset=0):
    end = offset + input.shape[-2]
    if offset < 0 or end > self.max_length:
        raise IndexError(f"{tuple(input.shape)}: the table has {self.max_length} rows")
    return input + Tensor(self.weight.array[offset:end], requires_grad=True)


@wrong(
    "11.8",
    "PositionalEmbedding.__init__",
    "Your rows begin with a deviation of 1, as large as the words that they are added to. They are "
    "a mark, not a message: 0.02 is what GPT-2 begins with.",
)
def as_loud_as_the_words(self, max_length, dim):
    Module.__init__(self)
    self.max_length, self.dim = max_length, dim
    self.weight = Parameter(randn(max_length, dim))


# --------------------------------------------------------------------------- 11.9 rotary


@wrong(
    "11.9",
    "rotary_kernel",
    "Your pairs are feature i and feature i + D/2. Some programs do it so, but the angles here "
    "belong to neighbours, 2i and 2i + 1: weights of one are nonsense in the other.",
)
def halves_as_pairs(x, angles):
    half = x.shape[-1] // 2
    cos, sin = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)


@wrong(
    "11.9",
    "rotary_kernel",
    "You turn the other way: the minus stands before the wrong sine. Distances still count, but "
    "with the sign exchanged, so before and after change places.",
)
def the_other_way_round(x, angles):
    cos, sin = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
    a, b = x[..., 0::2], x[..., 1::2]
    return np.stack([a * cos + b * sin, b * cos - a * sin], axis=-1).reshape(x.shape)


@wrong(
    "11.9",
    "rotary_kernel",
    "You have exchanged sine and cosine. At angle 0 nothing may happen, and cos 0 is the 1 that "
    "keeps a value as it is.",
)
def sine_for_cosine(x, angles):
    cos, sin = np.sin(angles).astype(x.dtype), np.cos(angles).astype(x.dtype)
    a, b = x[..., 0::2], x[..., 1::2]
    return np.stack([a * cos - b * sin, a * sin + b * cos], axis=-1).reshape(x.shape)


@wrong(
    "11.9",
    "rotary_kernel",
    "Your result is float64, because the angles are. Compute sines and cosines there, and convert "
    "them to the dtype of x before the product.",
)
def float64_vectors(x, angles):
    a, b = x[..., 0::2], x[..., 1::2]
    cos, sin = np.cos(angles), np.sin(angles)
    return np.stack([a * cos - b * sin, a * sin + b * cos], axis=-1).reshape(x.shape)


@wrong(
    "11.9",
    "rotary_kernel",
    "You view the array as complex numbers before its values lie side by side. A slice or a "
    "transpose has gaps between them: np.ascontiguousarray closes them.",
)
def gaps_between_the_values(x, angles):
    kind = np.complex128 if x.dtype == np.float64 else np.complex64
    return (x.view(kind) * np.exp(1j * angles).astype(kind)).view(x.dtype)


@wrong(
    "11.9",
    "rotary_kernel",
    "Your product is complex128, because e^(it) of float64 angles is. Seen as float32, each of its "
    "numbers falls apart into two, and the vectors come out twice as long: convert e^(it) to the "
    "complex kind that fits x before the product.",
)
def doubles_seen_as_singles(x, angles):
    pairs = np.ascontiguousarray(x).view(np.complex64)
    return (pairs * np.exp(1j * angles)).view(np.float32)


@wrong(
    "11.9",
    "rotary_kernel",
    "You see x as complex64 whatever its dtype is. That takes float32 pairs; two float64 are a "
    "complex128, and float16 has to be converted first, and back at the end.",
)
def always_complex64(x, angles):
    pairs = np.ascontiguousarray(x).view(np.complex64)
    return (pairs * np.exp(1j * angles).astype(np.complex64)).view(x.dtype)


@wrong(
    "11.9",
    "rotary_dx",
    "Your gradient is turned the same way as the vectors were. The transpose of a rotation is the "
    "rotation back: turn by minus the angle.",
)
def gradient_turned_on(g, angles):
    return rotary_kernel(g, angles)


@wrong(
    "11.9",
    "rotary_dx",
    "Your gradient is not turned at all. What leaves a rotation has another direction than what "
    "went in, and so has its gradient: turn it back.",
)
def gradient_not_turned(g, angles):
    return g.copy()


@wrong(
    "11.9",
    "apply_rotary",
    "You take the length of positions for their number. They may be (batch, time), a row for each "
    "sequence: their last size is the one that must be that of the vectors.",
)
def counted_along_the_batch(x, positions=None, base=10000.0):
    expect_floating("apply_rotary", x)
    places = as_tensor(0 if positions is None else positions).array
    if not places.ndim:
        places = places + np.arange(x.shape[-2])
    if len(places) != x.shape[-2]:
        raise ValueError(f"got {len(places)} positions for {tuple(x.shape)}")
    return apply("rotary", x, Tensor(position_angles(places, x.shape[-1], base)))


@wrong(
    "11.9",
    "apply_rotary",
    "Your positions count along the wrong axis: x is (..., time, features), and the heads stand "
    "before the time. Count along the axis before the last.",
)
def positions_along_the_heads(x, positions=None, base=10000.0):
    expect_floating("apply_rotary", x)
    places = as_tensor(0 if positions is None else positions).array
    if not places.ndim:
        places = (places + np.arange(x.shape[-3]))[:, None] + np.zeros(x.shape[-2], int)
    if places.shape[-1] != x.shape[-2]:
        raise ValueError(f"got {places.shape[-1]} positions for {tuple(x.shape)}")
    return apply("rotary", x, Tensor(position_angles(places, x.shape[-1], base)))


@wrong(
    "11.9",
    "apply_rotary",
    "A single position means the place of the first vector. Yours begin at 0 whatever is handed "
    "in, so a text that is continued would be read from its beginning.",
)
def start_ignored(x, positions=None, base=10000.0):
    expect_floating("apply_rotary", x)
    places = as_tensor(0 if positions is None else positions).array
    if not places.ndim:
        places = np.arange(x.shape[-2])
    if places.shape[-1] != x.shape[-2]:
        raise ValueError(f"got {places.shape[-1]} positions for {tuple(x.shape)}")
    return apply("rotary", x, Tensor(position_angles(places, x.shape[-1], base)))


@wrong(
    "11.9",
    "apply_rotary",
    "You count from 1. Distances do not care, and that is why it is easy to miss; a given position "
    "does: the first vector stands at 0.",
)
def counted_from_one(x, positions=None, base=10000.0):
    expect_floating("apply_rotary", x)
    places = as_tensor(1 if positions is None else positions).array
    if not places.ndim:
        places = places + np.arange(x.shape[-2])
    if places.shape[-1] != x.shape[-2]:
        raise ValueError(f"got {places.shape[-1]} positions for {tuple(x.shape)}")
    return apply("rotary", x, Tensor(position_angles(places, x.shape[-1], base)))


# --------------------------------------------------------------------------- 11.10 ALiBi


@wrong(
    "11.10",
    "alibi_slopes",
    "Your series begins with 1. Its first value is its factor, 2^(-8 / heads): count the exponents "
    "from 1, not from 0.",
)
def begins_with_one(num_heads):
    if num_heads < 1:
        raise ValueError(f"got {num_heads} heads")
    power = 2 ** int(math.log2(num_heads))
    first = 2.0 ** (-8 / power * np.arange(power))
    rest = 2.0 ** (-4 / power * np.arange(2 * power))[::2]
    return Tensor(np.concatenate([first, rest])[:num_heads].astype(float32))


@wrong(
    "11.10",
    "alibi_slopes",
    "You use the series of H heads for every H. For a number that is no power of two, the series "
    "of the next smaller one comes first, and values of the next larger one fill up.",
)
def one_series_for_all(num_heads):
    if num_heads < 1:
        raise ValueError(f"got {num_heads} heads")
    return Tensor((2.0 ** (-8 / num_heads * np.arange(1, num_heads + 1))).astype(float32))


@wrong(
    "11.10",
    "alibi_slopes",
    "You fill up with the slopes of twice the heads as they come. Half of those are there already: "
    "take every second one, from the first.",
)
def filled_up_in_order(num_heads):
    if num_heads < 1:
        raise ValueError(f"got {num_heads} heads")
    power = 2 ** int(math.log2(num_heads))
    first = 2.0 ** (-8 / power * np.arange(1, power + 1))
    rest = 2.0 ** (-4 / power * np.arange(1, 2 * power + 1))
    return Tensor(np.concatenate([first, rest])[:num_heads].astype(float32))


@wrong(
    "11.10",
    "alibi_bias",
    "Your bias grows with distance: far keys are preferred, and the model looks at the other end "
    "of the text. It is added to the scores, so a penalty is negative.",
)
def far_keys_preferred(num_heads, length):
    places = np.arange(length)
    distances = np.abs(places[:, None] - places).astype(float32)
    return Tensor(alibi_slopes(num_heads).array[:, None, None] * distances)


@wrong(
    "11.10",
    "alibi_bias",
    "You use i - j with its sign, so keys after the query get a bonus instead of a penalty. A "
    "distance has no sign: take its absolute value.",
)
def a_bonus_for_the_future(num_heads, length):
    places = np.arange(length)
    steps = (places - places[:, None]).astype(float32)
    return Tensor(alibi_slopes(num_heads).array[:, None, None] * steps)


@wrong(
    "11.10",
    "alibi_bias",
    "All your heads punish distance alike. Each head has a slope of its own, so that some look "
    "near and some look far: (H,) must become (H, 1, 1) to meet (T, T).",
)
def one_slope_for_all(num_heads, length):
    places = np.arange(length)
    penalties = (-np.abs(places[:, None] - places)).astype(float32)
    slopes = np.full((num_heads, 1, 1), alibi_slopes(num_heads).array[0])
    return Tensor(slopes * penalties)


@wrong(
    "11.10",
    "alibi_bias",
    "Your bias is float64: distances are int64, and NumPy makes float64 of int64 times float32. "
    "Added to the scores, it would make everything after it float64 too: convert the distances.",
)
def float64_bias(num_heads, length):
    places = np.arange(length)
    distances = np.abs(places[:, None] - places)
    return Tensor(-alibi_slopes(num_heads).array[:, None, None] * distances)


# --------------------------------------------------------------------------- 11.11 debug it


@wrong(
    "11.11",
    "FirstOrLast.marked",
    "You fetch other rows now, and unsqueeze(1) still lays them along the batch. Write down both "
    "shapes, and line them up from the right.",
)
def still_along_the_batch(self, ids):
    x = self.words(ids)
    return x + self.places(tt.arange(x.shape[1])).unsqueeze(1)


@wrong(
    "11.11",
    "FirstOrLast.marked",
    "The rows lie along the right axis now, and you still fetch one for each sentence. How many "
    "places does a sentence have?",
)
def a_row_for_each_sentence(self, ids):
    x = self.words(ids)
    return x + self.places(tt.arange(x.shape[0]))


@wrong(
    "11.11",
    "FirstOrLast.marked",
    "Without places, the company of a sentence no longer matters, and neither does the order of "
    "its words. The marks are needed; they stood along the wrong axis.",
)
def marks_removed(self, ids):
    return self.words(ids)


@wrong(
    "11.11",
    "FirstOrLast.marked",
    "Each word gets one number for its place, added to all of its features, instead of a row of "
    "features. Let (time, dim) meet (batch, time, dim) as it is.",
)
def one_number_per_place(self, ids):
    x = self.words(ids)
    return x + self.places(tt.arange(x.shape[1])).sum(1, keepdim=True)


@wrong(
    "11.11",
    "FirstOrLast.marked",
    "Your places begin at 1, so row 0 is never learned and the table ends one word too early. "
    "Count from 0.",
)
def places_from_one(self, ids):
    x = self.words(ids)
    return x + self.places(tt.arange(1, x.shape[1] + 1))
