"""Right versions that are written differently from the reference; none of them may be accused."""

from tito.misconceptions import right


@right("11.1", "one_hot_product")
def by_the_identity(weight, ids):
    return np.eye(len(weight), dtype=weight.dtype)[ids] @ weight


@right("11.1", "one_hot_product")
def with_a_loop(weight, ids):
    one_hot = np.zeros((ids.size, len(weight)), weight.dtype)
    for row, token in zip(one_hot, ids.reshape(-1), strict=True):
        row[token] = 1
    return (one_hot @ weight).reshape(*ids.shape, weight.shape[1])


@right("11.2", "first_outside")
def one_by_one(ids, rows):
    for place in np.ndindex(ids.shape):
        if not 0 <= ids[place] < rows:
            return place
    return None


@right("11.2", "embedding_kernel")
def by_index(weight, ids, padding_idx=None):
    check_ids(weight, ids)
    return weight[ids]


@right("11.3", "embedding_dweight")
def on_rows(g, ids, weight_shape, padding_idx):
    grad = np.zeros(weight_shape, dtype=g.dtype)
    np.add.at(grad, ids, g)
    if padding_idx is not None:
        grad[padding_idx] = 0
    return grad


@right("11.3", "embedding_dweight")
def place_by_place(g, ids, weight_shape, padding_idx):
    grad = np.zeros(weight_shape, dtype=g.dtype)
    for place in np.ndindex(ids.shape):
        if ids[place] != padding_idx:
            grad[ids[place]] += g[place]
    return grad


@right("11.3", "embedding_dweight")
def by_product(g, ids, weight_shape, padding_idx):
    one_hot = (ids.reshape(-1, 1) == np.arange(weight_shape[0])).astype(g.dtype)
    grad = one_hot.T @ g.reshape(ids.size, weight_shape[1])
    if padding_idx is not None:
        grad[padding_idx] = 0
    return grad


@right("11.4", "padding_row")
def step_by_step(padding_idx, rows):
    if padding_idx is None:
        return None
    assert -rows <= padding_idx < rows, f"padding_idx={padding_idx}: the table has {rows} rows"
    return padding_idx + rows if padding_idx < 0 else padding_idx


@right("11.5", "Embedding.reset_parameters")
def into_the_array(self):
    self.weight.array[...] = randn(*self.weight.shape).array
    if self.padding_idx is not None:
        self.weight.array[self.padding_idx] = 0.0


@right("11.6", "skip_grams")
def pair_by_pair(ids, window):
    found = []
    for i, word in enumerate(ids):
        for j in range(max(i - window, 0), min(i + window + 1, len(ids))):
            if j != i:
                found.append((word, ids[j]))
    both = np.array(found)
    return both[:, 0], both[:, 1]


@right("11.6", "nearest")
def by_unit_rows(weight, row, k=5):
    rows = weight.array / (np.linalg.norm(weight.array, axis=1, keepdims=True) + 1e-12)
    pairs = [(n, float(c)) for n, c in enumerate(rows @ rows[row]) if n != row]
    return sorted(pairs, key=lambda pair: -pair[1])[:k]


@right("11.7", "position_angles")
def by_division(positions, dim, base=10000.0):
    if dim % 2 != 0:
        raise ValueError(f"cannot pair {dim} features")
    clocks = [base ** (2 * i / dim) for i in range(dim // 2)]
    return np.stack([positions / clock for clock in clocks], axis=-1)


@right("11.7", "sinusoidal_positions")
def into_every_second(length, dim, base=10000.0):
    out = np.zeros((length, dim), np.float32)
    angles = position_angles(np.arange(length), dim, base)
    out[:, 0::2] = np.sin(angles)
    out[:, 1::2] = np.cos(angles)
    return Tensor(out)


@right("11.8", "PositionalEmbedding.forward")
def by_lookup(self, input, offset=0):
    places = np.arange(offset, offset + input.shape[-2])
    if places[0] < 0 or places[-1] >= len(self.weight):
        raise IndexError(f"no row for {tuple(input.shape)}: the table has {len(self.weight)} rows")
    return input + embedding(Tensor(places), self.weight)


@right("11.9", "rotary_kernel")
def with_slices(x, angles):
    cos, sin = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
    out = np.empty(np.broadcast_shapes(x.shape, (*angles.shape[:-1], x.shape[-1])), x.dtype)
    out[..., 0::2] = x[..., 0::2] * cos - x[..., 1::2] * sin
    out[..., 1::2] = x[..., 0::2] * sin + x[..., 1::2] * cos
    return out


@right("11.9", "rotary_dx")
def written_out(g, angles):
    a, b = g[..., 0::2], g[..., 1::2]
    cos, sin = np.cos(angles).astype(g.dtype), np.sin(angles).astype(g.dtype)
    return np.stack([a * cos + b * sin, b * cos - a * sin], axis=-1).reshape(g.shape)


@right("11.10", "alibi_slopes")
def one_after_the_other(num_heads):
    if num_heads <= 0:
        raise ValueError(f"cannot make slopes for {num_heads} heads")
    power = 1
    while power * 2 <= num_heads:
        power *= 2
    slopes = [2.0 ** (-8 * n / power) for n in range(1, power + 1)]
    slopes += [2.0 ** (-4 * n / power) for n in range(1, 2 * power + 1, 2)]
    return Tensor(np.array(slopes[:num_heads], np.float32))


@right("11.10", "alibi_bias")
def with_loops(num_heads, length):
    out = np.zeros((num_heads, length, length), np.float32)
    for h, slope in enumerate(alibi_slopes(num_heads).tolist()):
        for i in range(length):
            for j in range(length):
                out[h, i, j] = -slope * abs(i - j) if i != j else 0.0
    return Tensor(out)


@right("11.11", "FirstOrLast.marked")
def sliced_from_the_table(self, ids):
    return self.words(ids) + self.places.weight[: ids.shape[1]]
