"""Wrong versions that learners write, each with the sentence that would have helped."""

from tito.misconceptions import wrong

# ------------------------------------------------------------------------------- 12.1 look_up


@wrong(
    "12.1",
    "look_up",
    "You divide the scores by the number of features, not by its root. A sum of D products has the "
    "deviation sqrt(D); divided by D the scores are so small that all keys look alike.",
)
def divided_by_d(query, keys, values):
    scores = keys @ query / len(query)
    shares = np.exp(scores - scores.max())
    return shares / shares.sum() @ values


@wrong(
    "12.1",
    "look_up",
    "Your scores are not scaled. The longer the vectors, the larger their products: one key then "
    "takes nearly everything, and softmax passes hardly any gradient. Divide by sqrt(D).",
)
def not_scaled(query, keys, values):
    scores = keys @ query
    shares = np.exp(scores - scores.max())
    return shares / shares.sum() @ values


@wrong(
    "12.1",
    "look_up",
    "You mix the keys. Keys are only compared with the query; what is returned is the mixture of "
    "the values that belong to them.",
)
def keys_are_mixed(query, keys, values):
    scores = keys @ query / math.sqrt(len(query))
    shares = np.exp(scores - scores.max())
    return shares / shares.sum() @ keys


@wrong(
    "12.1",
    "look_up",
    "Your e to the power of a score overflows for large scores, and inf / inf is nan. Take the "
    "largest score away from all of them first: the shares stay the same.",
)
def overflowing(query, keys, values):
    shares = np.exp(keys @ query / math.sqrt(len(query)))
    return shares / shares.sum() @ values


@wrong(
    "12.1",
    "look_up",
    "Your shares do not add up to 1: they are not divided by their sum. The result then grows with "
    "the number of keys, and is no mixture.",
)
def not_normalised(query, keys, values):
    scores = keys @ query / math.sqrt(len(query))
    return np.exp(scores - scores.max()) @ values


# ----------------------------------------------------------------------- 12.2 attention_loops


@wrong(
    "12.2",
    "attention_loops",
    "Your causal query t sees the keys before t and not its own: the end of a slice is not part of "
    "it. Query 0 has nothing to look at then. Keys 0 to t are t + 1 keys.",
)
def without_oneself(query, key, value, is_causal=False):
    rows = []
    for t, one in enumerate(query):
        end = t if is_causal else len(key)
        rows.append(look_up(one, key[:end], value[:end]))
    return np.stack(rows)


@wrong(
    "12.2",
    "attention_loops",
    "Your causal query t sees one key too many, number t + 1. That is the very token a language "
    "model has to predict: it would copy it, and have learned nothing.",
)
def one_ahead(query, key, value, is_causal=False):
    rows = []
    for t, one in enumerate(query):
        end = t + 2 if is_causal else len(key)
        rows.append(look_up(one, key[:end], value[:end]))
    return np.stack(rows)


@wrong(
    "12.2",
    "attention_loops",
    "is_causal changes nothing in your version: every query sees all keys.",
)
def never_causal(query, key, value, is_causal=False):
    return np.stack([look_up(one, key, value) for one in query])


@wrong(
    "12.2",
    "attention_loops",
    "You cut the keys at the front and the values at the back. Every key has a value of its own: "
    "both are cut at the same place.",
)
def values_from_the_back(query, key, value, is_causal=False):
    rows = []
    for t, one in enumerate(query):
        end = t + 1 if is_causal else len(key)
        rows.append(look_up(one, key[:end], value[-end:]))
    return np.stack(rows)


# ------------------------------------------------------------------ 12.3 causal_mask, additive


@wrong(
    "12.3",
    "causal_mask",
    "Your mask is off by one: a position may not even look at itself. Row 0 is then False "
    "throughout, and what hears nothing learns nothing.",
)
def diagonal_closed(T, S=None):
    queries, keys = np.arange(T), np.arange(T if S is None else S)
    return Tensor(keys < queries[:, None])


@wrong(
    "12.3",
    "causal_mask",
    "Your mask is turned: it shows every query the future and hides the past. Rows are queries; "
    "key s is allowed where s is at most t.",
)
def turned_round(T, S=None):
    queries, keys = np.arange(T), np.arange(T if S is None else S)
    return Tensor(keys >= queries[:, None])


@wrong(
    "12.3",
    "causal_mask",
    "Your mask is always square: S, the number of keys, is not looked at.",
)
def always_square(T, S=None):
    return Tensor(np.tri(T, dtype=bool))


@wrong(
    "12.3",
    "causal_mask",
    "Your mask holds the numbers 0 and 1. Added to scores, a 1 is a small preference and hides "
    "nothing. A mask that says who may look holds bools.",
)
def zeros_and_ones(T, S=None):
    return Tensor(np.tri(T, T if S is None else S, dtype=np.float32))


@wrong(
    "12.3",
    "additive",
    "You turn the bools into the numbers 0 and 1. Added to scores they change next to nothing: "
    "every key is still seen, and a model with it trains a little and teaches nothing. What "
    "is hidden needs -inf.",
)
def as_zero_and_one(mask, dtype):
    return mask.astype(dtype)


@wrong(
    "12.3",
    "additive",
    "You multiply -inf with 0 where one may look, and that is nan. Nothing can be multiplied with "
    "-inf: choose between the two numbers.",
)
def infinity_times_nothing(mask, dtype):
    return (~mask).astype(dtype) * dtype.type(-np.inf) if mask.dtype == bool else mask


@wrong(
    "12.3",
    "additive",
    "You forbid where the mask says True. Here True means: may look.",
)
def the_wrong_way_round(mask, dtype):
    if mask.dtype != bool:
        return mask
    return np.where(mask, -np.inf, 0).astype(dtype)


@wrong(
    "12.3",
    "additive",
    "You hide with a large negative number instead of -inf. In a row where everything is hidden, "
    "the same large number everywhere makes all shares equal; and float16 ends at 65,504.",
)
def a_large_number(mask, dtype):
    if mask.dtype != bool:
        return mask
    return np.where(mask, 0, -1e4).astype(dtype)


@wrong(
    "12.3",
    "additive",
    "You treat numbers as bools. A mask of numbers is what is to be added, as it stands; only "
    "bools are translated.",
)
def numbers_as_bools(mask, dtype):
    return np.where(mask, 0, -np.inf).astype(dtype)


@wrong(
    "12.3",
    "additive",
    "What you return is float64 whatever was asked for. Added to float32 scores it would make "
    "everything after it twice as large and slow.",
)
def dtype_ignored(mask, dtype):
    return mask if mask.dtype != bool else np.where(mask, 0.0, -np.inf)


# ------------------------------------------------------------------ 12.4 attention_weights_kernel


@wrong(
    "12.4",
    "attention_weights_kernel",
    "You mask after softmax. The hidden keys have taken their share already, and the rest no "
    "longer adds up to 1. Mask the scores, and let softmax hand out what there is.",
)
def masked_after_softmax(scores, mask=None, scale=1.0, is_causal=False):
    shares = scores * scale
    if mask is not None and mask.dtype != bool:
        shares = shares + mask
    shares = np.exp(shares - shares.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    if is_causal:
        shares = shares * np.tri(*scores.shape[-2:], dtype=scores.dtype)
    if mask is not None and mask.dtype == bool:
        shares = shares * mask
    return shares


@wrong(
    "12.4",
    "attention_weights_kernel",
    "You add the mask of bools as it is, as 0 and 1. That prefers some keys a little and hides "
    "none. Translate it first, with additive.",
)
def bools_added(scores, mask=None, scale=1.0, is_causal=False):
    shares = scores * scale
    if is_causal:
        shares += additive(np.tri(*scores.shape[-2:], dtype=bool), scores.dtype)
    if mask is not None:
        shares += mask
    shares -= np.maximum.reduce(shares, -1, keepdims=True, initial=np.finfo(shares.dtype).min)
    shares = np.exp(shares)
    return shares / np.maximum(shares.sum(-1, keepdims=True), 1)


@wrong(
    "12.4",
    "attention_weights_kernel",
    "Your softmax runs over the queries: the columns add up to 1. Each query spreads its own "
    "attention over the keys, which is the last dimension.",
)
def over_the_wrong_axis(scores, mask=None, scale=1.0, is_causal=False):
    shares = scores * scale
    if is_causal:
        shares += additive(np.tri(*scores.shape[-2:], dtype=bool), scores.dtype)
    if mask is not None:
        shares += additive(mask, scores.dtype)
    shares -= np.maximum.reduce(shares, -2, keepdims=True, initial=np.finfo(shares.dtype).min)
    shares = np.exp(shares)
    return shares / np.maximum(shares.sum(-2, keepdims=True), 1)


@wrong(
    "12.4",
    "attention_weights_kernel",
    "A row where everything is hidden becomes nan: -inf - (-inf), and then 0 / 0. One padded "
    "sentence would turn a whole model into nan. Keep the maximum finite and the sum away from 0.",
)
def nan_for_nothing(scores, mask=None, scale=1.0, is_causal=False):
    shares = scores * scale
    if is_causal:
        shares += additive(np.tri(*scores.shape[-2:], dtype=bool), scores.dtype)
    if mask is not None:
        shares += additive(mask, scores.dtype)
    shares = np.exp(shares - shares.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


@wrong(
    "12.4",
    "attention_weights_kernel",
    "You take the maximum of all scores. A row far below it gets e to the power of a huge negative "
    "number, 0, everywhere. Every row has a maximum of its own.",
)
def one_maximum_for_all(scores, mask=None, scale=1.0, is_causal=False):
    shares = scores * scale
    if is_causal:
        shares += additive(np.tri(*scores.shape[-2:], dtype=bool), scores.dtype)
    if mask is not None:
        shares += additive(mask, scores.dtype)
    shares = np.exp(shares - shares.max())
    total = shares.sum(-1, keepdims=True)
    return shares / np.where(total == 0, 1, total)


@wrong(
    "12.4",
    "attention_weights_kernel",
    "You scale after adding the mask, so a mask of numbers is scaled as well. Scores are scaled "
    "first; a mask is added as it is.",
)
def mask_scaled_too(scores, mask=None, scale=1.0, is_causal=False):
    shares = scores.copy()
    if is_causal:
        shares += additive(np.tri(*scores.shape[-2:], dtype=bool), scores.dtype)
    if mask is not None:
        shares = shares + additive(mask, scores.dtype)
    shares = shares * scale
    shares -= np.maximum.reduce(shares, -1, keepdims=True, initial=np.finfo(shares.dtype).min)
    shares = np.exp(shares)
    return shares / np.maximum(shares.sum(-1, keepdims=True), 1)


@wrong(
    "12.4",
    "attention_weights_kernel",
    "You write into the scores that you were given. Somebody may still need them: make an array of "
    "your own first, then work in that one.",
)
def in_the_input(scores, mask=None, scale=1.0, is_causal=False):
    scores *= scale
    if is_causal:
        scores += additive(np.tri(*scores.shape[-2:], dtype=bool), scores.dtype)
    if mask is not None:
        scores += additive(mask, scores.dtype)
    scores -= np.maximum.reduce(scores, -1, keepdims=True, initial=np.finfo(scores.dtype).min)
    np.exp(scores, scores)
    scores /= np.maximum(scores.sum(-1, keepdims=True), 1)
    return scores


@wrong(
    "12.4",
    "attention_weights_kernel",
    "is_causal closes the diagonal, too: query t should see keys 0 to t, and t is one of them.",
)
def causal_off_by_one(scores, mask=None, scale=1.0, is_causal=False):
    shares = scores * scale
    if is_causal:
        shares += additive(np.tri(*scores.shape[-2:], k=-1, dtype=bool), scores.dtype)
    if mask is not None:
        shares += additive(mask, scores.dtype)
    shares -= np.maximum.reduce(shares, -1, keepdims=True, initial=np.finfo(shares.dtype).min)
    shares = np.exp(shares)
    return shares / np.maximum(shares.sum(-1, keepdims=True), 1)


@wrong(
    "12.4",
    "attention_weights_kernel",
    "Your shares are float64, although the scores are float32: an array of numbers like 0.0 and "
    "-inf is float64 unless told otherwise, and whatever it is added to becomes float64 too.",
)
def float64_creeps_in(scores, mask=None, scale=1.0, is_causal=False):
    shares = scores * scale
    if is_causal:
        shares = shares + np.where(np.tri(*scores.shape[-2:], dtype=bool), 0.0, -np.inf)
    if mask is not None:
        shares = shares + (np.where(mask, 0.0, -np.inf) if mask.dtype == bool else mask)
    top = shares.max(-1, keepdims=True)
    shares = np.exp(shares - np.where(np.isneginf(top), 0, top))
    return shares / np.maximum(shares.sum(-1, keepdims=True), 1)


# ------------------------------------------------------------------------------- 12.5 the rules


@wrong(
    "12.5",
    "attention_weights_dmask",
    "Your sum of g * out loses its last dimension, so it does not meet the rows it belongs to: (L, "
    "S) - (L,) is refused, or with L = S subtracts the sums column by column. Keep it as a "
    "dimension of size 1.",
)
def dimension_lost(g, out):
    return out * (g - (g * out).sum(-1))


@wrong(
    "12.5",
    "attention_weights_dmask",
    "You treat every share as if it stood alone: out * g. When one score rises, its share is taken "
    "from all others of the row: subtract what the row loses, the sum of g * out.",
)
def nothing_is_taken(g, out):
    return out * g


@wrong(
    "12.5",
    "attention_weights_dmask",
    "You pass g on unchanged. The mask is added to the scores, not to the shares: between the two "
    "lies softmax, whose rule this is.",
)
def passed_on(g, out):
    return g


@wrong(
    "12.5",
    "attention_weights_dmask",
    "Your sum of g * out runs over everything. The shares of one row do not take from another row: "
    "sum along the last dimension, and keep it.",
)
def sum_of_everything(g, out):
    return out * (g - (g * out).sum())


@wrong(
    "12.5",
    "attention_weights_dmask",
    "Your sum runs over the queries. A row is one query with its keys: sum along the last one.",
)
def sum_over_queries(g, out):
    return out * (g - (g * out).sum(-2, keepdims=True))


@wrong(
    "12.5",
    "attention_weights_dscores",
    "The scale is missing on the way back. Scores entered multiplied with it, so a step of a score "
    "counts only that much.",
)
def scale_forgotten(g, out, scale):
    return attention_weights_dmask(g, out)


@wrong(
    "12.5",
    "attention_weights_dscores",
    "You divide by the scale. A product with a number has that number as its slope.",
)
def divided_by_the_scale(g, out, scale):
    return attention_weights_dmask(g, out) / scale


# --------------------------------------------------- 12.6 attention_weights and the whole


@wrong(
    "12.6",
    "attention_weights",
    "You scale by 1 / D. The deviation of a sum of D products is sqrt(D): with 1 / D, the scores "
    "of long vectors are all nearly 0, and attention stays uniform.",
)
def scaled_by_d(query, key, attn_mask=None, is_causal=False, scale=None, enable_gqa=False):
    scale = 1 / query.shape[-1] if scale is None else scale
    product = grouped_matmul if enable_gqa else Tensor.matmul
    scores = product(query, key.mT)
    masks = [] if attn_mask is None else [attn_mask]
    if masks:
        check_mask(scores, attn_mask)
    return apply("attention_weights", scores, *masks, scale=scale, is_causal=is_causal)


@wrong(
    "12.6",
    "attention_weights",
    "You hand on a mask of None as if it were a tensor. Without a mask the operation has one "
    "operand, the scores.",
)
def none_as_an_operand(query, key, attn_mask=None, is_causal=False, scale=None, enable_gqa=False):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    product = grouped_matmul if enable_gqa else Tensor.matmul
    scores = product(query, key.mT)
    if attn_mask is not None:
        check_mask(scores, attn_mask)
    return apply("attention_weights", scores, attn_mask, scale=scale, is_causal=is_causal)


@wrong(
    "12.6",
    "attention_weights",
    "Your mask is taken and never used.",
)
def mask_not_used(query, key, attn_mask=None, is_causal=False, scale=None, enable_gqa=False):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    product = grouped_matmul if enable_gqa else Tensor.matmul
    scores = product(query, key.mT)
    if attn_mask is not None:
        check_mask(scores, attn_mask)
    return apply("attention_weights", scores, scale=scale, is_causal=is_causal)


@wrong(
    "12.6",
    "attention_weights",
    "A scale that is passed in changes nothing: you always take 1 / sqrt(D). That one is the "
    "default, for when scale is None.",
)
def scale_ignored(query, key, attn_mask=None, is_causal=False, scale=None, enable_gqa=False):
    product = grouped_matmul if enable_gqa else Tensor.matmul
    scores = product(query, key.mT)
    masks = [] if attn_mask is None else [attn_mask]
    if masks:
        check_mask(scores, attn_mask)
    scale = query.shape[-1] ** -0.5
    return apply("attention_weights", scores, *masks, scale=scale, is_causal=is_causal)


@wrong(
    "12.6",
    "attention_weights",
    "is_causal is taken and not handed on to the operation.",
)
def causal_ignored(query, key, attn_mask=None, is_causal=False, scale=None, enable_gqa=False):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    product = grouped_matmul if enable_gqa else Tensor.matmul
    scores = product(query, key.mT)
    masks = [] if attn_mask is None else [attn_mask]
    if masks:
        check_mask(scores, attn_mask)
    return apply("attention_weights", scores, *masks, scale=scale, is_causal=False)


@wrong(
    "12.6",
    "scaled_dot_product_attention",
    "Keys and values are swapped: you compare with the values and mix the keys. As long as both "
    "have one shape nothing complains.",
)
def keys_and_values_swapped(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    check_attention(query, key, value, attn_mask, dropout_p, is_causal)
    product = grouped_matmul if enable_gqa else Tensor.matmul
    weights = attention_weights(query, value, attn_mask, is_causal, scale, enable_gqa)
    return product(dropout(weights, dropout_p), key)


@wrong(
    "12.6",
    "scaled_dot_product_attention",
    "You drop values of the output. Attention drops weights: a query then misses a few of the "
    "keys, and not parts of what it heard.",
)
def output_dropped(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    check_attention(query, key, value, attn_mask, dropout_p, is_causal)
    product = grouped_matmul if enable_gqa else Tensor.matmul
    weights = attention_weights(query, key, attn_mask, is_causal, scale, enable_gqa)
    return dropout(product(weights, value), dropout_p)


@wrong(
    "12.6",
    "scaled_dot_product_attention",
    "dropout_p is looked at and never applied.",
)
def no_dropout(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    check_attention(query, key, value, attn_mask, dropout_p, is_causal)
    product = grouped_matmul if enable_gqa else Tensor.matmul
    return product(attention_weights(query, key, attn_mask, is_causal, scale, enable_gqa), value)


# ------------------------------------------------------------------- 12.7 split and merge heads


@wrong(
    "12.7",
    "split_heads",
    "You reshape straight to (H, T, C / H). The values are then dealt out in the order of memory: "
    "head 0 gets the first positions whole, and positions mix. Cut C first, then exchange "
    "heads and positions.",
)
def reshaped_without_transpose(x, num_heads):
    *batch, T, C = x.shape
    return x.reshape(*batch, num_heads, T, C // num_heads)


@wrong(
    "12.7",
    "split_heads",
    "The features are cut, but the heads still stand behind the positions: (T, H, D). A product of "
    "matrices works on the last two dimensions, so positions and features belong there.",
)
def heads_behind_positions(x, num_heads):
    *batch, T, C = x.shape
    return x.reshape(*batch, T, num_heads, C // num_heads)


@wrong(
    "12.7",
    "split_heads",
    "You deal the features out in turn: head 0 gets features 0, H, 2H. A head is a run of "
    "neighbouring features: cut C into (H, D), not into (D, H).",
)
def dealt_in_turn(x, num_heads):
    *batch, T, C = x.shape
    return x.reshape(*batch, T, C // num_heads, num_heads).transpose(-1, -2).transpose(-3, -2)


@wrong(
    "12.7",
    "merge_heads",
    "You make one dimension of heads and features without bringing them together first. Positions "
    "stand between them, so the values come out in another order.",
)
def merged_without_transpose(x):
    *batch, H, T, D = x.shape
    return x.reshape(*batch, T, H * D)


@wrong(
    "12.7",
    "merge_heads",
    "You exchange heads and features, so the features come before the heads: position t begins "
    "with the first feature of every head. All of head 0 comes first.",
)
def features_first(x):
    *batch, H, T, D = x.shape
    return x.transpose(-3, -2).transpose(-1, -2).reshape(*batch, T, H * D)


# -------------------------------------------------------------------------- 12.8 grouped_matmul


@wrong(
    "12.8",
    "grouped_matmul",
    "You deal the heads out in turn: head h meets matrix h % G. Neighbours share a matrix, h // "
    "(H / G), and weights that were saved elsewhere rely on it.",
)
def in_turn(a, b):
    H, G = a.shape[-3], b.shape[-3]
    if not G or H % G:
        raise RuntimeError(f"attention: got {H} heads and {G}, expected a divisor")
    parts = [a[..., i : i + G, :, :] @ b for i in range(0, H, G)]
    return apply("cat", *parts, dim=a.ndim - 3)


@wrong(
    "12.8",
    "grouped_matmul",
    "Your product is right and keeps the shape of the groups. Give the heads their dimension.",
)
def shape_of_groups(a, b):
    H, L, X = a.shape[-3:]
    G = b.shape[-3]
    if G == H:
        return a @ b
    if not G or H % G:
        raise RuntimeError(f"attention: got {H} heads and {G}, expected a divisor")
    return a.reshape(*a.shape[:-3], G, H // G * L, X) @ b


@wrong(
    "12.8",
    "grouped_matmul",
    "You multiply as if the numbers of heads were equal. NumPy broadcasts one matrix over all "
    "heads, but never two over four.",
)
def plain_product(a, b):
    return a @ b


@wrong(
    "12.8",
    "grouped_matmul",
    "Heads that do not come out even are not refused; some meet the wrong matrix, or none.",
)
def never_refused(a, b):
    H, G = a.shape[-3], b.shape[-3]
    if G == H:
        return a @ b
    size = -(-H // G)
    parts = [a[..., h, :, :] @ b[..., h // size, :, :] for h in range(H)]
    return apply("stack", *parts, dim=a.ndim - 3)


@wrong(
    "12.8",
    "grouped_matmul",
    "Without a dimension of heads your product fails with a message about unpacking or reshaping, "
    "or takes the batch for the heads. Look at the dimensions first and say which shapes came.",
)
def heads_taken_for_granted(a, b):
    H, L, X = a.shape[-3:]
    G = b.shape[-3]
    if G == H:
        return a @ b
    if not G or H % G:
        raise RuntimeError(f"attention: got {H} heads and {G}, expected a divisor")
    return (a.reshape(*a.shape[:-3], G, H // G * L, X) @ b).reshape(*a.shape[:-1], b.shape[-1])


# ------------------------------------------------------------- 12.9 forbidding and merged_mask


@wrong(
    "12.9",
    "forbidding",
    "You read the mask as scaled_dot_product_attention does, True = may look. In the masks of "
    "MultiheadAttention True means the opposite, and mixing them up shows the future.",
)
def read_the_other_way(mask, dtype):
    if mask.dtype == bool_:
        return where(mask, 0.0, -math.inf).to(dtype)
    if mask.dtype.kind != "f":
        raise AssertionError(f"got a mask of {mask.dtype}")
    return mask.to(dtype)


@wrong(
    "12.9",
    "forbidding",
    "Integers are let through, so 0 and 1 would be added to the scores as if they were 0 and "
    "-inf. Refuse them by name.",
)
def integers_added(mask, dtype):
    return where(mask, -math.inf, 0.0).to(dtype) if mask.dtype == bool_ else mask.to(dtype)


@wrong(
    "12.9",
    "merged_mask",
    "Your padding mask hides queries instead of keys: (N, S) went to the third dimension. Padding "
    "is what nobody may look at: S is the last one.",
)
def padding_hides_queries(attn_mask, key_padding_mask, num_heads, dtype):
    masks = []
    if attn_mask is not None:
        mask = forbidding(attn_mask, dtype)
        masks.append(mask.reshape(-1, num_heads, *mask.shape[1:]) if mask.ndim == 3 else mask)
    if key_padding_mask is not None:
        S = key_padding_mask.shape[-1]
        masks.append(forbidding(key_padding_mask, dtype).reshape(-1, 1, S, 1))
    return masks[0] + masks[1] if len(masks) == 2 else masks[0] if masks else None


@wrong(
    "12.9",
    "merged_mask",
    "When both masks are given, you use only one of them.",
)
def only_one_of_them(attn_mask, key_padding_mask, num_heads, dtype):
    if attn_mask is not None:
        mask = forbidding(attn_mask, dtype)
        return mask.reshape(-1, num_heads, *mask.shape[1:]) if mask.ndim == 3 else mask
    if key_padding_mask is None:
        return None
    return forbidding(key_padding_mask, dtype).reshape(-1, 1, 1, key_padding_mask.shape[-1])


@wrong(
    "12.9",
    "merged_mask",
    "You take the first dimension of a mask (N * H, L, S) as (H, N). Examples come first: head h "
    "of example n is number n * H + h.",
)
def heads_before_examples(attn_mask, key_padding_mask, num_heads, dtype):
    masks = []
    if attn_mask is not None:
        mask = forbidding(attn_mask, dtype)
        if mask.ndim == 3:
            mask = mask.reshape(num_heads, -1, *mask.shape[1:]).transpose(0, 1)
        masks.append(mask)
    if key_padding_mask is not None:
        S = key_padding_mask.shape[-1]
        masks.append(forbidding(key_padding_mask, dtype).reshape(-1, 1, 1, S))
    return masks[0] + masks[1] if len(masks) == 2 else masks[0] if masks else None


# ----------------------------------------------------------- 12.10 MultiheadAttention


@wrong(
    "12.10",
    "MultiheadAttention._project",
    "All three use the same rows of the weight. Then a query can only look for what it is itself. "
    "Rows 0 to C - 1 make queries, the next C keys, the last C values.",
)
def one_projection_for_all(self, query, key, value):
    C, parts = self.embed_dim, []
    for x in (query, key, value):
        bias = None if self.in_proj_bias is None else self.in_proj_bias[:C]
        parts.append(split_heads(linear(x, self.in_proj_weight[:C], bias), self.num_heads))
    return parts


@wrong(
    "12.10",
    "MultiheadAttention._project",
    "You project the query three times. It works for self-attention, where all three are the same, "
    "and looks at nothing else in any other.",
)
def query_three_times(self, query, key, value):
    C, parts = self.embed_dim, []
    for i in range(3):
        rows = slice(i * C, (i + 1) * C)
        bias = None if self.in_proj_bias is None else self.in_proj_bias[rows]
        part = linear(query, self.in_proj_weight[rows], bias)
        parts.append(split_heads(part, self.num_heads))
    return parts


@wrong(
    "12.10",
    "MultiheadAttention._project",
    "The bias of the projections is never added.",
)
def no_bias(self, query, key, value):
    C = self.embed_dim
    return [
        split_heads(linear(x, self.in_proj_weight[i * C : (i + 1) * C]), self.num_heads)
        for i, x in enumerate((query, key, value))
    ]


@wrong(
    "12.10",
    "MultiheadAttention._attend",
    "The last projection is missing. Without it the heads stand side by side and never meet.",
)
def heads_never_meet(self, query, key, value, mask):
    q, k, v = self._project(query, key, value)
    weights = dropout(attention_weights(q, k, mask), self.dropout, self.training)
    return merge_heads(weights @ v), weights


@wrong(
    "12.10",
    "MultiheadAttention._attend",
    "Your layer drops weights in evaluation, too. Hand the layer's own training switch to dropout.",
)
def always_dropping(self, query, key, value, mask):
    q, k, v = self._project(query, key, value)
    weights = dropout(attention_weights(q, k, mask), self.dropout)
    return self.out_proj(merge_heads(weights @ v)), weights


@wrong(
    "12.10",
    "MultiheadAttention._attend",
    "The mask stays behind: your heads see everything.",
)
def mask_left_behind(self, query, key, value, mask):
    q, k, v = self._project(query, key, value)
    weights = dropout(attention_weights(q, k), self.dropout, self.training)
    return self.out_proj(merge_heads(weights @ v)), weights


# ----------------------------------------------------------- 12.11 CausalSelfAttention


@wrong(
    "12.11",
    "CausalSelfAttention.__init__",
    "Your projection always has 3 * dim features. With fewer heads of keys and values it has "
    "H + 2 G heads of D features: that is what num_kv_heads saves.",
)
def always_three_times(
    self,
    dim,
    num_heads,
    dropout=0.0,
    num_kv_heads=None,
    bias=True,
    rotary=False,
    is_causal=True,
):
    Module.__init__(self)
    check_heads("CausalSelfAttention", dim, num_heads)
    self.num_heads = num_heads
    self.num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
    check_heads("CausalSelfAttention", num_heads, self.num_kv_heads)
    self.dropout, self.rotary, self.is_causal = dropout, rotary, is_causal
    self.qkv = Linear(dim, 3 * dim, bias)
    self.out_proj = Linear(dim, dim, bias)


@wrong(
    "12.11",
    "CausalSelfAttention.project",
    "You take the values before the keys. The rows of the projection are queries, keys, values, in "
    "this order; with weights from elsewhere yours would compare with values.",
)
def values_before_keys(self, x, positions=None):
    H, G = self.num_heads, self.num_kv_heads
    heads = split_heads(self.qkv(x), H + 2 * G)
    q, v, k = heads[..., :H, :, :], heads[..., H : H + G, :, :], heads[..., H + G :, :, :]
    if self.rotary:
        q, k = apply_rotary(q, positions), apply_rotary(k, positions)
    return q, k, v


@wrong(
    "12.11",
    "CausalSelfAttention.project",
    "You count the dimension of the heads from the front. For one sequence without a batch the "
    "second dimension is that of the positions: count from the end.",
)
def heads_counted_from_the_front(self, x, positions=None):
    H, G = self.num_heads, self.num_kv_heads
    heads = split_heads(self.qkv(x), H + 2 * G)
    q, k, v = heads[:, :H], heads[:, H : H + G], heads[:, H + G :]
    if self.rotary:
        q, k = apply_rotary(q, positions), apply_rotary(k, positions)
    return q, k, v


@wrong(
    "12.11",
    "CausalSelfAttention.project",
    "You turn the values as well. Positions matter where things are compared; the values are only "
    "mixed, and would come out turned.",
)
def values_turned(self, x, positions=None):
    H, G = self.num_heads, self.num_kv_heads
    heads = split_heads(self.qkv(x), H + 2 * G)
    if self.rotary:
        heads = apply_rotary(heads, positions)
    return heads[..., :H, :, :], heads[..., H : H + G, :, :], heads[..., H + G :, :, :]


@wrong(
    "12.11",
    "CausalSelfAttention.project",
    "rotary is never looked at, or its positions stay behind.",
)
def never_turned(self, x, positions=None):
    H, G = self.num_heads, self.num_kv_heads
    heads = split_heads(self.qkv(x), H + 2 * G)
    return heads[..., :H, :, :], heads[..., H : H + G, :, :], heads[..., H + G :, :, :]


@wrong(
    "12.11",
    "CausalSelfAttention.forward",
    "is_causal is not handed on: every position sees the future. In training the loss would look "
    "wonderful.",
)
def future_in_sight(self, x):
    q, k, v = self.project(x)
    p = self.dropout if self.training else 0.0
    grouped = self.num_kv_heads != self.num_heads
    out = scaled_dot_product_attention(q, k, v, dropout_p=p, enable_gqa=grouped)
    return self.out_proj(merge_heads(out))


@wrong(
    "12.11",
    "CausalSelfAttention.forward",
    "scaled_dot_product_attention knows nothing of training and evaluation, it drops whenever p is "
    "above 0. Pass 0 when the layer is not training.",
)
def dropping_in_evaluation(self, x):
    q, k, v = self.project(x)
    out = scaled_dot_product_attention(
        q, k, v, dropout_p=self.dropout, is_causal=self.is_causal,
        enable_gqa=self.num_kv_heads != self.num_heads,
    )  # fmt: skip
    return self.out_proj(merge_heads(out))


@wrong(
    "12.11",
    "CausalSelfAttention.forward",
    "You give the output back its shape with a reshape alone. Heads and positions change places "
    "that way; merge_heads puts the heads of every position side by side.",
)
def reshaped_back(self, x):
    q, k, v = self.project(x)
    out = scaled_dot_product_attention(
        q, k, v, dropout_p=self.dropout if self.training else 0.0, is_causal=self.is_causal,
        enable_gqa=self.num_kv_heads != self.num_heads,
    )  # fmt: skip
    return self.out_proj(out.reshape(*x.shape))


# ----------------------------------------------------------------- 12.12 streaming_attention


@wrong(
    "12.12",
    "streaming_attention",
    "The sums so far keep the weights of the old maximum. When a block brings a higher score, they "
    "have to fade by e^(old - new), or early keys count far too much.",
)
def nothing_fades(query, key, value, block=64, is_causal=False):
    query = query * (1 / math.sqrt(query.shape[-1]))
    peak = np.full((*query.shape[:-1], 1), np.finfo(query.dtype).min, query.dtype)
    total, mixed = np.zeros_like(peak), 0
    for start in range(0, key.shape[-2], block):
        scores = query @ key[..., start : start + block, :].swapaxes(-1, -2)
        if is_causal:
            keys = np.arange(start, start + scores.shape[-1])
            allowed = keys <= np.arange(query.shape[-2])[:, None]
            scores += additive(allowed, scores.dtype)
        peak = np.maximum(peak, scores.max(-1, keepdims=True))
        shares = np.exp(scores - peak)
        total = total + shares.sum(-1, keepdims=True)
        mixed = mixed + shares @ value[..., start : start + block, :]
    return mixed / total


@wrong(
    "12.12",
    "streaming_attention",
    "The sum of the values fades and the sum of the weights does not. The two are divided in the "
    "end, so they have to be counted from the same maximum.",
)
def one_of_two_fades(query, key, value, block=64, is_causal=False):
    query = query * (1 / math.sqrt(query.shape[-1]))
    peak = np.full((*query.shape[:-1], 1), np.finfo(query.dtype).min, query.dtype)
    total, mixed = np.zeros_like(peak), 0
    for start in range(0, key.shape[-2], block):
        scores = query @ key[..., start : start + block, :].swapaxes(-1, -2)
        if is_causal:
            keys = np.arange(start, start + scores.shape[-1])
            allowed = keys <= np.arange(query.shape[-2])[:, None]
            scores += additive(allowed, scores.dtype)
        higher = np.maximum(peak, scores.max(-1, keepdims=True))
        shares = np.exp(scores - higher)
        total = total + shares.sum(-1, keepdims=True)
        mixed = mixed * np.exp(peak - higher) + shares @ value[..., start : start + block, :]
        peak = higher
    return mixed / total


@wrong(
    "12.12",
    "streaming_attention",
    "In every block you count the keys from 0 again. Query 4 may see keys 0 to 4, and the first "
    "key of the second block is number `block`.",
)
def every_block_from_zero(query, key, value, block=64, is_causal=False):
    query = query * (1 / math.sqrt(query.shape[-1]))
    peak = np.full((*query.shape[:-1], 1), np.finfo(query.dtype).min, query.dtype)
    total, mixed = np.zeros_like(peak), 0
    for start in range(0, key.shape[-2], block):
        scores = query @ key[..., start : start + block, :].swapaxes(-1, -2)
        if is_causal:
            allowed = np.tri(*scores.shape[-2:], dtype=bool)
            scores += additive(allowed, scores.dtype)
        higher = np.maximum(peak, scores.max(-1, keepdims=True))
        shares, fade = np.exp(scores - higher), np.exp(peak - higher)
        total = total * fade + shares.sum(-1, keepdims=True)
        mixed = mixed * fade + shares @ value[..., start : start + block, :]
        peak = higher
    return mixed / total


@wrong(
    "12.12",
    "streaming_attention",
    "Your sums are float64, and so is what comes out of float32: that is twice the memory, in a "
    "function that is there to save it. Make them in the dtype of the query.",
)
def sums_of_float64(query, key, value, block=64, is_causal=False):
    L, S = query.shape[-2], key.shape[-2]
    peak = np.full((*query.shape[:-1], 1), np.finfo(query.dtype).min)
    total, mixed = np.zeros(peak.shape), np.zeros((*query.shape[:-1], value.shape[-1]))
    for start in range(0, S, block):
        end = min(start + block, S)
        scores = query @ key[..., start:end, :].swapaxes(-1, -2) / math.sqrt(query.shape[-1])
        if is_causal:
            scores += additive(np.arange(start, end) <= np.arange(L)[:, None], scores.dtype)
        higher = np.maximum(peak, scores.max(-1, keepdims=True))
        shares, fade = np.exp(scores - higher), np.exp(peak - higher)
        total = total * fade + shares.sum(-1, keepdims=True)
        mixed = mixed * fade + shares @ value[..., start:end, :]
        peak = higher
    return mixed / total


@wrong(
    "12.12",
    "streaming_attention",
    "The numbers of your last block go beyond the last key. It may be shorter than the others: "
    "count the keys that are there.",
)
def last_block_taken_for_full(query, key, value, block=64, is_causal=False):
    L, D = query.shape[-2:]
    query = query * (1 / math.sqrt(D))
    peak = np.full((*query.shape[:-1], 1), np.finfo(query.dtype).min, query.dtype)
    total, mixed = np.zeros_like(peak), 0
    for start in range(0, key.shape[-2], block):
        scores = query @ key[..., start : start + block, :].swapaxes(-1, -2)
        if is_causal:
            allowed = np.arange(start, start + block) <= np.arange(L)[:, None]
            scores = scores + additive(allowed, scores.dtype)
        higher = np.maximum(peak, scores.max(-1, keepdims=True))
        shares, fade = np.exp(scores - higher), np.exp(peak - higher)
        total = total * fade + shares.sum(-1, keepdims=True)
        mixed = mixed * fade + shares @ value[..., start : start + block, :]
        peak = higher
    return mixed / total


@wrong(
    "12.12",
    "streaming_attention",
    "You take softmax block by block and add the results: each block then weighs the same, however "
    "badly its keys fit. One softmax runs over all keys; divide once, at the end.",
)
def a_softmax_per_block(query, key, value, block=64, is_causal=False):
    query = query * (1 / math.sqrt(query.shape[-1]))
    mixed, blocks = 0, 0
    for start in range(0, key.shape[-2], block):
        scores = query @ key[..., start : start + block, :].swapaxes(-1, -2)
        if is_causal:
            keys = np.arange(start, start + scores.shape[-1])
            allowed = keys <= np.arange(query.shape[-2])[:, None]
            scores += additive(allowed, scores.dtype)
        shares = attention_weights_kernel(scores)
        mixed = mixed + shares @ value[..., start : start + block, :]
        blocks += 1
    return mixed / blocks


@wrong(
    "12.12",
    "streaming_attention",
    "The result is right, and it was made from all scores at once: the array of L x S is there, "
    "which is what this form does without.",
)
def all_at_once(query, key, value, block=64, is_causal=False):
    scores = query @ key.swapaxes(-1, -2)
    scale = 1 / math.sqrt(query.shape[-1])
    return attention_weights_kernel(scores, None, scale, is_causal) @ value


# ---------------------------------------------------------------------------- 12.13 debug it


@wrong(
    "12.13",
    "Reader.forward",
    "Now nobody sees anything but the past: the diagonal is closed too, and the first position "
    "hears nothing. A position may look at itself.",
)
def diagonal_forbidden(self, tokens):
    T = tokens.shape[1]
    x = self.positions(self.table(tokens))
    rows = tt.arange(T)
    mask = rows.unsqueeze(0) >= rows.unsqueeze(1)
    heard, _ = self.attention(x, x, x, attn_mask=mask, need_weights=False)
    return self.head(heard)


@wrong(
    "12.13",
    "Reader.forward",
    "Without a mask everybody sees everything, the future included. Keep the mask, and look at "
    "what True means in it.",
)
def no_mask_at_all(self, tokens):
    x = self.positions(self.table(tokens))
    heard, _ = self.attention(x, x, x, need_weights=False)
    return self.head(heard)


@wrong(
    "12.13",
    "Reader.forward",
    "Your mask lets a position see itself and nothing else. That leaks nothing, and a reader that "
    "forgets all it read predicts nothing.",
)
def only_oneself(self, tokens):
    T = tokens.shape[1]
    x = self.positions(self.table(tokens))
    rows = tt.arange(T)
    mask = rows.unsqueeze(0) != rows.unsqueeze(1)
    heard, _ = self.attention(x, x, x, attn_mask=mask, need_weights=False)
    return self.head(heard)
