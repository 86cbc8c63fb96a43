"""The table of attention operations that the tests share, as `operations.py` has it."""

import numpy as np
from operations import Case

import tinytorch.nn.functional  # noqa: F401 - the cases call it by the name of the library

MASKS = ("none", "causal", "bools", "numbers")
F32_AND_64 = ("float32", "float64")


def masked(source, shape, dtype, kind):
    """A mask for scores of `shape`, itself or of sizes that broadcast to it; None if not wanted."""
    if kind in ("none", "causal"):
        return None
    shape = shape[source.integer(0, len(shape) - 2) :]
    shape = tuple(1 if source.integer(0, 4) == 0 else n for n in shape)
    if kind == "numbers":
        return source.array(shape, dtype)
    return source.mask(shape)


def attention(dtypes=F32_AND_64, masks=MASKS, groups=(1,)):
    """Query, key, value (and a mask) of 2 to 4 dimensions, and the options of attention."""

    def draw(source):
        dtype, kind, group = source.dtype(dtypes), source.pick(masks), source.pick(groups)
        L, S = source.integer(1, 4), source.integer(1, 4)
        D, E = source.integer(1, 4), source.integer(1, 4)
        heads = (source.integer(1, 2),)
        batch = source.shape(0, 1, 1, 2)
        if groups == (1,) and source.integer(0, 2) == 0:
            batch = heads = ()
        queries = tuple(n * group for n in heads)
        shapes = [(*batch, *queries, L, D), (*batch, *heads, S, D), (*batch, *heads, S, E)]
        arrays = [source.array(shape, dtype) for shape in shapes]
        mask = masked(source, (*batch, *queries, L, S), dtype, kind)
        options = {
            "is_causal": kind == "causal",
            "scale": source.pick([None, 0.5, 2]),
            "enable_gqa": groups != (1,),
        }
        return [*arrays, *([] if mask is None else [mask])], options

    return draw


def stretched(source):
    """Query, key and value whose batches broadcast."""
    shapes = [tuple(n or 1 for n in shape) for shape in source.broadcast(3, 2)]
    L, S, D = (source.integer(1, 3) for _ in range(3))
    dtype = source.dtype(F32_AND_64)
    sizes = [(L, D), (S, D), (S, D)]
    arrays = [source.array((*b, *size), dtype) for b, size in zip(shapes, sizes, strict=True)]
    return arrays, {"is_causal": source.pick([False, True])}


def sdpa(library, query, key, value, mask=None, **options):
    return library.nn.functional.scaled_dot_product_attention(query, key, value, mask, **options)


# ------------------------------------------------------------------------------ multi-head layers


def layered(source):
    """The inputs of a MultiheadAttention with all its weights, its masks, and its options."""
    dtype = source.dtype(F32_AND_64)
    N, L, S, H = (source.integer(1, 3) for _ in range(4))
    C = H * source.integer(1, 2)
    kdim, vdim = source.pick([(C, C), (C, C), (C + 1, C + 2)])
    layer = {
        "embed_dim": C,
        "num_heads": H,
        "bias": source.pick([True, False]),
        "add_bias_kv": source.integer(0, 3) == 0,
        "add_zero_attn": source.integer(0, 3) == 0,
        "kdim": kdim,
        "vdim": vdim,
        "batch_first": source.pick([True, False]),
    }
    batched = source.integer(0, 3) > 0
    shapes = [(L, C), (S, kdim), (S, vdim)]
    if batched:
        shapes = [(N, n, f) if layer["batch_first"] else (n, N, f) for n, f in shapes]
    alike = source.integer(0, 2) == 0 and (kdim, vdim) == (C, C)
    shapes = shapes[:1] if alike else shapes
    L, S = (L, L) if alike else (L, S)
    arrays = [source.array(shape, dtype) for shape in shapes]
    heads = (N if batched else 1) * H
    masks = {
        "attn_mask": source.pick(
            [None, open_mask(source, (L, S)), open_mask(source, (heads, L, S))]
        ),
        "key_padding_mask": source.pick([None, open_mask(source, (N, S) if batched else (S,))]),
    }
    if source.integer(0, 2) == 0:  # numbers to be added
        masks = {k: None if m is None else (m * -1.5).astype(dtype) for k, m in masks.items()}
    call = {
        "need_weights": source.pick([True, False]),
        "average_attn_weights": source.pick([True, False]),
    }
    return arrays, {"layer": layer, "masks": masks, "call": call, "dtype": dtype}


def open_mask(source, shape):
    """True where nobody may look, but never at the first key: PyTorch has nan for a full row."""
    mask = source.mask(shape)
    mask[..., 0] = False
    return mask


def multihead(library, *inputs, layer, masks, call, dtype):
    """Output, weights, and with them the gradients of every parameter through their sum."""
    module = library.nn.MultiheadAttention(**layer, dtype=getattr(library, dtype))
    rng = np.random.default_rng(0)
    state = {
        name: library.tensor(rng.uniform(-1, 1, tuple(p.shape)), dtype=p.dtype)
        for name, p in module.state_dict().items()
    }
    module.load_state_dict(state)
    masks = {k: None if m is None else library.tensor(m) for k, m in masks.items()}
    query, key, value = inputs if len(inputs) == 3 else inputs * 3
    out, weights = module(query, key, value, **masks, **call)
    results = [out] if weights is None else [out, weights]
    loss = sum((r * r).sum() for r in results)
    grads = [] if not loss.requires_grad else autograd(library, loss, list(module.parameters()))
    return [*results, *grads]


def autograd(library, loss, parameters):
    return [g.detach() for g in library.autograd.grad(loss, parameters, retain_graph=True)]


CASES = [
    Case("scaled_dot_product_attention", sdpa, attention()),
    # PyTorch's gradients are those of float32 here, ours of shares that were rounded to float16
    Case("attention in half precision", sdpa, attention(("float16",)), gradients=False),
    Case("attention of grouped queries", sdpa, attention(groups=(1, 2, 3))),
    Case("attention of batches that broadcast", sdpa, stretched),
    # no finite differences: gradients are among its values, squares of sums in float32
    Case("MultiheadAttention", multihead, layered, smooth=False, tolerance=1e-3),
]
