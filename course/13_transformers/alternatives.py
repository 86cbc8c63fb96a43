"""Right versions that are written differently from the reference; none of them may be accused."""

from tito.misconceptions import right


@right("13.1", "deviations")
def by_means(x, eps):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred, (1 / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + eps)).astype(x.dtype)


@right("13.1", "layer_norm_kernel")
def without_rows(x, weight, bias=None, eps=1e-5):
    centred = x - x.mean(-1, keepdims=True)
    out = centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + eps) * weight
    return (out if bias is None else out + bias).astype(x.dtype)


@right("13.2", "layer_norm_dx")
def term_by_term(g, x, weight, eps):
    centred, inverse = deviations(wide_rows(x), eps)
    n = centred * inverse
    h = wide_rows(g) * weight
    dx = (h - h.mean(1, keepdims=True) - n * (h * n).mean(1, keepdims=True)) * inverse
    return shaped_as(x, dx.astype(x.dtype))


@right("13.2", "layer_norm_dweight")
def summed_over_rows(g, x, eps):
    centred, inverse = deviations(wide_rows(x), eps)
    return (wide_rows(g) * centred * inverse).sum(axis=0)


@right("13.4", "rms_norm_dx")
def two_products(g, x, weight, eps):
    flat = wide_rows(x)
    inverse = inverse_rms(flat, eps)
    n, h = flat * inverse, wide_rows(g) * weight
    return shaped_as(x, inverse * (h - n * (h * n).mean(-1, keepdims=True)))


@right("13.5", "FeedForward.forward")
def gate_first(self, input):
    value = self.up(input)
    if hasattr(self, "gate"):
        value = value * ACTIVATIONS["swiglu"](self.gate(input))
    else:
        value = ACTIVATIONS[self.activation](value)
    return self.dropout(self.down(value))


@right("13.6", "Block.forward")
def with_a_loop(self, input):
    x = input
    parts = (
        (self.norm1, lambda x: self.dropout(self.attention(x))),
        (self.norm2, self.feed_forward),
    )
    for norm, part in parts:
        x = x + part(norm(x)) if self.norm_first else norm(x + part(x))
    return x


@right("13.8", "next_token_loss")
def by_reshape(model, ids):
    scores = model(ids[:, :-1])
    B, T, V = scores.shape
    return cross_entropy(scores.reshape(B * T, V), ids[:, 1:].reshape(B * T))


@right("13.8", "next_token_loss")
def classes_second(model, ids):
    return cross_entropy(model(ids[:, :-1]).transpose(1, 2), ids[:, 1:])


@right("13.9", "keep_top_k")
def by_partition(scores, k):
    k = min(k, scores.shape[-1])
    least = np.partition(scores, scores.shape[-1] - k, axis=-1)[..., [scores.shape[-1] - k]]
    return np.where(scores >= least, scores, -np.inf)


@right("13.9", "keep_top_p")
def row_by_row(scores, p):
    if p >= 1:
        return scores
    out = np.full(scores.shape, -np.inf)
    for place in np.ndindex(*scores.shape[:-1]):
        likely, reached = softmax_kernel(scores[place], -1), 0.0
        for token in np.argsort(-scores[place], kind="stable"):
            out[(*place, token)] = scores[(*place, token)]
            reached += likely[token]
            if reached >= p:
                break
    return out


@right("13.10", "sample_next")
def by_noise(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    likely = token_probabilities(logits, temperature, top_k, top_p).array
    noise = (generator or default_generator).rng.exponential(size=likely.shape)
    return Tensor((likely / noise).argmax(-1))


@right("13.10", "sample_next")
def by_choice(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    likely = token_probabilities(logits, temperature, top_k, top_p).array
    rng = (generator or default_generator).rng
    flat = likely.reshape(-1, likely.shape[-1])
    drawn = np.array([rng.choice(likely.shape[-1], p=row / row.sum()) for row in flat])
    return Tensor(drawn.reshape(likely.shape[:-1]))


@right("13.11", "generate")
def with_a_list(
    model, ids, max_new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None
):
    if ids.ndim != 2 or ids.shape[1] == 0:
        raise ValueError(f"ids of shape {ids.shape}, expected (batch, time) with a token or more")
    limit = getattr(model, "max_length", None)
    columns = [ids]
    with measuring(model):
        for _ in range(max_new_tokens):
            text = cat(columns, dim=1)
            start = max(text.shape[1] - limit, 0) if limit else 0
            scores = model(text[:, start:])[:, -1, :]
            columns.append(sample_next(scores, temperature, top_k, top_p, generator).unsqueeze(1))
    return cat(columns, dim=1)


@right("13.5", "FeedForward.__init__")
def gate_last(self, dim, hidden=None, activation="gelu", dropout=0.0, bias=True):
    super(FeedForward, self).__init__()
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation {activation!r}: expected one of {list(ACTIVATIONS)}")
    self.activation = activation
    hidden = hidden_size(dim, activation) if hidden is None else hidden
    self.up, self.down = Linear(dim, hidden, bias), Linear(hidden, dim, bias)
    if activation == "swiglu":
        self.gate = Linear(dim, hidden, bias)
    self.dropout = Dropout(dropout)


@right("13.11", "generate")
def where_it_has_the_attribute(
    model, ids, max_new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None
):
    if len(ids.shape) != 2 or ids.shape[1] == 0:
        raise ValueError(f"generate: ids {ids.shape}, expected (B, T) with T of at least 1")
    with measuring(model):
        for _ in range(max_new_tokens):
            shown = ids[:, -model.max_length :] if hasattr(model, "max_length") else ids
            scores = model(shown)[:, -1]
            new = sample_next(scores, temperature, top_k, top_p, generator)
            ids = cat([ids, new.reshape(-1, 1)], dim=1)
    return ids
