"""PyTorch's transformer layers against PyTorch, with weights carried over: values and gradients."""

import itertools

import numpy as np
import pytest

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor, nn

pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor")  # PyTorch's, about speed

C, H, N, S, T = 8, 2, 3, 6, 4  # features, heads, batch, lengths of source and target
PADDING = np.arange(S) >= np.array([[6], [4], [2]])  # (N, S): True at padding
WINDOW = np.abs(np.arange(S)[:, None] - np.arange(S)) > 2  # (S, S): True is too far
AHEAD = np.triu(np.ones((T, T), bool), 1)
LATER = np.where(AHEAD, -np.inf, 0).astype("float32")


def carried_over(torch, make):
    """The same model in both libraries, with PyTorch's weights, in training mode."""
    theirs = make(torch)
    for parameter in theirs.parameters():  # norms and biases begin as 1 and 0, which hides mistakes
        torch.nn.init.uniform_(parameter, -0.5, 0.5)
    ours = make(tt)
    state = {key: value.numpy() for key, value in theirs.state_dict().items()}
    assert list(ours.state_dict()) == list(state)
    ours.load_state_dict(state)
    return ours, theirs


def compare(torch, same, make, shapes, masks=None, mode="train"):
    """Outputs and the gradients of inputs and of all weights."""
    ours, theirs = carried_over(torch, make)
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype("float32") for shape in shapes]
    goal = rng.normal(size=shapes[-1] if len(shapes) == 1 else shapes[0]).astype("float32")
    results = []
    for library, model in ((tt, ours), (torch, theirs)):
        getattr(model, mode)()
        inputs = [library.tensor(a).requires_grad_() for a in arrays]
        options = {
            key: library.tensor(value) if isinstance(value, np.ndarray) else value
            for key, value in (masks or {}).items()
        }
        out = model(*inputs, **options)
        if tuple(out.shape) != goal.shape:
            goal = rng.normal(size=tuple(out.shape)).astype("float32")
        (out * library.tensor(goal)).sum().backward()
        results.append([out, *(x.grad for x in inputs), *(p.grad for p in model.parameters())])
    for mine, other in zip(*results, strict=True):
        same(mine, other, rtol=2e-4, atol=2e-5)


def encoder_layer(library, **options):
    return library.nn.TransformerEncoderLayer(C, H, 16, dropout=0.0, **options)


def decoder_layer(library, **options):
    return library.nn.TransformerDecoderLayer(C, H, 16, dropout=0.0, **options)


ENCODER_MASKS = {
    "none": {},
    "window": {"src_mask": WINDOW},
    "padding": {"src_key_padding_mask": PADDING},
    "both": {"src_mask": WINDOW, "src_key_padding_mask": PADDING},
    "numbers": {"src_mask": np.where(WINDOW, -np.inf, 0.5).astype("float32")},
    "per head": {"src_mask": np.random.default_rng(1).random((N * H, S, S)) < 0.3},
    "causal": {"src_mask": np.triu(np.ones((S, S), bool), 1), "is_causal": True},
}
ENCODER_MASKS["per head"]["src_mask"][..., 0] = False  # everyone may look somewhere


@pytest.mark.torch
@pytest.mark.parametrize("masks", ENCODER_MASKS.values(), ids=list(ENCODER_MASKS))
@pytest.mark.parametrize("norm_first", [False, True])
def test_an_encoder_layer_is_pytorchs_under_every_mask(torch, same, masks, norm_first):
    def make(library):
        return encoder_layer(library, norm_first=norm_first, batch_first=True)

    compare(torch, same, make, [(N, S, C)], masks)


@pytest.mark.torch
@pytest.mark.parametrize(
    "options",
    [
        {"activation": "gelu"},
        {"bias": False},
        {"layer_norm_eps": 0.1},
        {"batch_first": False},
    ],
    ids=str,
)
def test_an_encoder_layer_is_pytorchs_with_every_option(torch, same, options):
    shape = (N, S, C) if options.get("batch_first", True) else (S, N, C)
    options = {"batch_first": True, **options}
    compare(torch, same, lambda library: encoder_layer(library, **options), [shape])
    compare(torch, same, lambda library: encoder_layer(library, **options), [(S, C)])


@pytest.mark.torch
def test_an_activation_may_be_a_function_or_a_module(torch, same):
    for make in (
        lambda t: encoder_layer(t, activation=t.tanh),
        lambda t: encoder_layer(t, activation=t.nn.SiLU()),
    ):
        compare(torch, same, make, [(S, N, C)])


DECODER_MASKS = {
    "none": {},
    "causal": {"tgt_mask": AHEAD, "tgt_is_causal": True},
    "causal, in numbers": {"tgt_mask": LATER},
    "padded memory": {"tgt_mask": AHEAD, "memory_key_padding_mask": PADDING},
    "all": {
        "tgt_mask": AHEAD,
        "memory_mask": np.arange(S) > np.arange(T)[:, None] + 1,
        "tgt_key_padding_mask": np.arange(T) >= np.array([[4], [3], [2]]),
        "memory_key_padding_mask": PADDING,
    },
}


@pytest.mark.torch
@pytest.mark.parametrize("masks", DECODER_MASKS.values(), ids=list(DECODER_MASKS))
@pytest.mark.parametrize("norm_first", [False, True])
def test_a_decoder_layer_is_pytorchs_under_every_mask(torch, same, masks, norm_first):
    def make(library):
        return decoder_layer(library, norm_first=norm_first, batch_first=True)

    compare(torch, same, make, [(N, T, C), (N, S, C)], masks)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("norm", "mode"), list(itertools.product([True, False], ["train", "eval"]))
)
def test_an_encoder_is_pytorchs(torch, same, norm, mode):
    def make(library):
        last = library.nn.LayerNorm(C) if norm else None
        layer = encoder_layer(library, batch_first=True)
        return library.nn.TransformerEncoder(layer, 2, last, enable_nested_tensor=False)

    masks = {"src_key_padding_mask": PADDING}
    compare(torch, same, make, [(N, S, C)], masks, mode)


@pytest.mark.torch
def test_a_decoder_is_pytorchs(torch, same):
    def make(library):
        return library.nn.TransformerDecoder(
            decoder_layer(library), 2, norm=library.nn.LayerNorm(C)
        )

    compare(torch, same, make, [(T, N, C), (S, N, C)], {"tgt_mask": LATER})


@pytest.mark.torch
@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_a_transformer_is_pytorchs(torch, same, norm_first, bias):
    def make(library):
        return library.nn.Transformer(
            C, H, 2, 2, 16, 0.0, "gelu", batch_first=True, norm_first=norm_first, bias=bias
        )

    masks = {
        "tgt_mask": AHEAD,
        "src_key_padding_mask": PADDING,
        "memory_key_padding_mask": PADDING,
        "tgt_is_causal": True,
    }
    compare(torch, same, make, [(N, S, C), (N, T, C)], masks)


@pytest.mark.torch
def test_texts_are_those_of_pytorch_but_for_one_class(torch):
    def make(library):
        return library.nn.Transformer(C, H, 2, 1, 16, activation="gelu", batch_first=True)

    theirs = repr(make(torch)).replace("NonDynamicallyQuantizableLinear", "Linear")
    assert repr(make(tt)) == theirs


@pytest.mark.torch
@pytest.mark.parametrize("size", [0, 1, 4])
def test_the_causal_mask_is_that_of_pytorch(torch, same, size):
    make = "generate_square_subsequent_mask"
    same(getattr(nn.Transformer, make)(size), getattr(torch.nn.Transformer, make)(size))


def test_copies_begin_alike_and_learn_apart():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(C, H, 16), 2)
    first, second = (layer.linear1.weight for layer in encoder.layers)
    np.testing.assert_array_equal(first.array, second.array)
    assert first is not second
    assert not np.shares_memory(first.array, second.array)
    model = nn.Transformer(C, H, 2, 2, 16)
    first, second = (layer.linear1.weight for layer in model.encoder.layers)
    assert (first.array != second.array).any()  # the whole draws every matrix anew


def test_weights_begin_as_xavier_says():
    model = nn.Transformer(64, 4, 1, 1, 128)
    weight = model.decoder.layers[0].linear1.weight.array
    bound = np.sqrt(6 / (64 + 128))
    assert 0.95 * bound < np.abs(weight).max() <= bound
    assert (model.encoder.norm.weight.array == 1).all()
    assert (model.encoder.layers[0].self_attn.in_proj_bias.array == 0).all()


def test_nothing_ahead_is_seen_under_the_causal_mask():
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(C, H, 16, dropout=0.0), 2)
    mask = nn.Transformer.generate_square_subsequent_mask(S)
    x = tt.randn(S, 1, C)
    before = model(x, mask=mask, is_causal=True)
    x[3:] = 7.0
    after = model(x, mask=mask, is_causal=True)
    np.testing.assert_array_equal(before.array[:3], after.array[:3])
    assert (before.array[3:] != after.array[3:]).all()


def test_padding_is_not_looked_at():
    layer = nn.TransformerEncoderLayer(C, H, 16, dropout=0.0, batch_first=True)
    x, padding = tt.randn(N, S, C), Tensor(PADDING)
    before = layer(x, src_key_padding_mask=padding).array
    changed = tt.where(padding.unsqueeze(-1), 9.0, x)
    after = layer(changed, src_key_padding_mask=padding).array
    np.testing.assert_array_equal(before[~PADDING], after[~PADDING])


def test_dropout_works_in_training_only():
    layer = nn.TransformerDecoderLayer(C, H, 16, dropout=0.5)
    x, memory = tt.randn(T, N, C), tt.randn(S, N, C)
    assert (layer(x, memory).array != layer(x, memory).array).any()
    layer.eval()
    np.testing.assert_array_equal(layer(x, memory).array, layer(x, memory).array)


def test_own_encoders_and_decoders_can_be_put_in():
    class Double(nn.Module):
        def forward(self, src, **masks):
            return src * 2

    class Sum(nn.Module):
        def forward(self, tgt, memory, **masks):
            return tgt + memory

    model = nn.Transformer(C, H, custom_encoder=Double(), custom_decoder=Sum())
    assert (model(tt.ones(T, N, C), tt.ones(T, N, C)).array == 3).all()


def test_a_model_learns_to_copy_a_sequence_backwards():
    model = nn.Transformer(16, 2, 1, 1, 32, dropout=0.0, batch_first=True)
    table = nn.Embedding(6, 16)
    head = nn.Linear(16, 6)
    places = tt.randn(1, 4, 16)
    parameters = [*model.parameters(), *table.parameters(), *head.parameters()]
    optimizer = tt.optim.Adam(parameters, lr=0.01)
    ids = tt.tensor(np.random.default_rng(0).integers(0, 6, (32, 4)))
    losses = []
    for _ in range(60):
        queries = places + tt.zeros(32, 4, 16)
        scores = head(model(table(ids) + places, queries))  # (32, 4, 6)
        loss = F.cross_entropy(scores.flatten(0, 1), ids.flip(1).flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 1.5
    assert losses[-1] < 0.3


REFUSED = [
    ("heads", lambda t: t.nn.TransformerEncoderLayer(8, 3), "3"),
    ("activation", lambda t: t.nn.TransformerEncoderLayer(8, 2, activation="tanh"), "'tanh'"),
    (
        "causal without a mask",
        lambda t: encoder_layer(t)(t.zeros(S, N, C), is_causal=True),
        "attn_mask",
    ),
    (
        "mask of another size",
        lambda t: encoder_layer(t)(t.zeros(S, N, C), src_mask=t.zeros(4, 4)),
        r"\(4, 4\)",
    ),
    ("features", lambda t: encoder_layer(t)(t.zeros(S, N, 7)), r"\(6, 3, 7\)"),
    (
        "batches",
        lambda t: t.nn.Transformer(C, H, 1, 1, 16)(t.zeros(5, 2, C), t.zeros(4, 3, C)),
        r"\(5, 2, 8\).*\(4, 3, 8\)",
    ),
    (
        "features of both",
        lambda t: t.nn.Transformer(C, H, 1, 1, 16)(t.zeros(5, 2, 7), t.zeros(4, 2, 7)),
        r"\(5, 2, 7\)",
    ),
]


@pytest.mark.parametrize(("make", "text"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_does_not_fit_is_refused_in_words(make, text):
    with pytest.raises((ValueError, AssertionError, RuntimeError), match=text):
        make(tt)


@pytest.mark.torch
@pytest.mark.parametrize("make", [r[1] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refusals_are_of_pytorchs_types(same_refusal, make):
    same_refusal(make)
