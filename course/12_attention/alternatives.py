"""Right versions that are written differently from the reference; none of them may be accused."""

from tito.misconceptions import right


@right("12.1", "look_up")
def value_by_value(query, keys, values):
    scores = [float(key @ query) / len(query) ** 0.5 for key in keys]
    shares = [math.exp(score - max(scores)) for score in scores]
    return sum(share / sum(shares) * value for share, value in zip(shares, values, strict=True))


@right("12.2", "attention_loops")
def as_a_comprehension(query, key, value, is_causal=False):
    ends = range(1, len(query) + 1) if is_causal else [len(key)] * len(query)
    return np.array([look_up(q, key[:n], value[:n]) for q, n in zip(query, ends, strict=True)])


@right("12.3", "causal_mask")
def by_tri(T, S=None):
    return Tensor(np.tri(T, T if S is None else S, dtype=bool))


@right("12.3", "additive")
def by_filling(mask, dtype):
    if mask.dtype != bool:
        return mask
    out = np.zeros(mask.shape, dtype)
    out[~mask] = -np.inf
    return out


@right("12.4", "attention_weights_kernel")
def with_where(scores, mask=None, scale=1.0, is_causal=False):
    allowed = np.ones(scores.shape, bool)
    shares = scores * scale
    if is_causal:
        allowed &= np.tri(*scores.shape[-2:], dtype=bool)
    if mask is not None and mask.dtype == bool:
        allowed &= mask
    elif mask is not None:
        shares = shares + mask
    shares = np.where(allowed, shares, shares.dtype.type(-np.inf))
    highest = shares.max(-1, keepdims=True)
    shares = np.exp(shares - np.where(np.isfinite(highest), highest, 0).astype(shares.dtype))
    total = shares.sum(-1, keepdims=True)
    return np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)


@right("12.5", "attention_weights_dmask")
def in_two_terms(g, out):
    product = g * out
    return product - out * product.sum(axis=-1, keepdims=True)


@right("12.5", "attention_weights_dscores")
def written_out(g, out, scale):
    return (scale * out * (g - (g * out).sum(-1, keepdims=True))).astype(g.dtype)


@right("12.6", "attention_weights")
def query_scaled_first(query, key, attn_mask=None, is_causal=False, scale=None, enable_gqa=False):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    turned = key.transpose(-1, -2)
    scores = grouped_matmul(query * scale, turned) if enable_gqa else (query * scale) @ turned
    if attn_mask is None:
        return apply("attention_weights", scores, scale=1.0, is_causal=is_causal)
    check_mask(scores, attn_mask)
    return apply("attention_weights", scores, attn_mask, scale=1.0, is_causal=is_causal)


@right("12.7", "split_heads")
def piece_by_piece(x, num_heads):
    D = x.shape[-1] // num_heads
    pieces = [x[..., h * D : (h + 1) * D] for h in range(num_heads)]
    return apply("stack", *pieces, dim=x.ndim - 2)


@right("12.7", "merge_heads")
def by_joining(x):
    pieces = [x[..., h, :, :] for h in range(x.shape[-3])]
    return apply("cat", *pieces, dim=x.ndim - 2)


@right("12.8", "grouped_matmul")
def head_by_head(a, b):
    if a.ndim < 3 or b.ndim < 3:
        raise IndexError(f"attention: no dimension of heads in {a.shape} or {b.shape}")
    H, G = a.shape[-3], b.shape[-3]
    if not G or H % G:
        raise RuntimeError(f"attention: got {H} heads of queries and {G}, expected a divisor")
    outs = [a[..., h, :, :] @ b[..., h // (H // G), :, :] for h in range(H)]
    return apply("stack", *outs, dim=a.ndim - 3)


@right("12.9", "merged_mask")
def case_by_case(attn_mask, key_padding_mask, num_heads, dtype):
    total = None
    if attn_mask is not None:
        total = forbidding(attn_mask, dtype)
        if total.ndim == 3:
            NH, L, S = total.shape
            total = total.reshape(NH // num_heads, num_heads, L, S)
    if key_padding_mask is not None:
        padding = forbidding(key_padding_mask, dtype)
        if padding.ndim == 1:
            padding = padding.unsqueeze(0)
        padding = padding.unsqueeze(1).unsqueeze(1)
        total = padding if total is None else padding + total
    return total


@right("12.10", "MultiheadAttention._attend")
def through_the_function(self, query, key, value, mask):
    q, k, v = self._project(query, key, value)
    weights = attention_weights(q, k, mask)
    if self.training and self.dropout:
        weights = dropout(weights, self.dropout)
    mixed = (weights @ v).transpose(1, 2)
    return self.out_proj(mixed.reshape(*query.shape)), weights


@right("12.11", "CausalSelfAttention.forward")
def weights_by_hand(self, x):
    q, k, v = self.project(x)
    grouped = self.num_kv_heads != self.num_heads
    weights = attention_weights(q, k, None, self.is_causal, enable_gqa=grouped)
    weights = dropout(weights, self.dropout, self.training)
    out = grouped_matmul(weights, v) if grouped else weights @ v
    return self.out_proj(merge_heads(out))


@right("12.12", "streaming_attention")
def query_blocks_and_masks(query, key, value, block=64, is_causal=False):
    L, S, D = query.shape[-2], key.shape[-2], query.shape[-1]
    peak = np.full((*query.shape[:-1], 1), -np.inf, query.dtype)
    total, mixed = np.zeros_like(peak), np.zeros((*query.shape[:-1], value.shape[-1]), query.dtype)
    for start in range(0, S, block):
        end = min(start + block, S)
        scores = query @ key[..., start:end, :].swapaxes(-1, -2) / np.sqrt(D).astype(query.dtype)
        if is_causal:
            ahead = np.arange(start, end) > np.arange(L)[:, None]
            scores = np.where(ahead, query.dtype.type(-np.inf), scores)
        higher = np.maximum(peak, scores.max(-1, keepdims=True))
        fade, shares = np.exp(peak - higher), np.exp(scores - higher)
        total = fade * total + shares.sum(-1, keepdims=True)
        mixed = fade * mixed + shares @ value[..., start:end, :]
        peak = higher
    return mixed / total


@right("12.13", "Reader.forward")
def with_a_mask_of_numbers(self, tokens):
    T = tokens.shape[1]
    x = self.positions(self.table(tokens))
    mask = tt.where(causal_mask(T), 0.0, -float("inf"))
    heard, _ = self.attention(x, x, x, attn_mask=mask, need_weights=False)
    return self.head(heard)
