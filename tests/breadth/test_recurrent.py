"""Recurrent networks against PyTorch: values, memories and all gradients, in every arrangement."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinytorch as tt
from tinytorch import Tensor, nn
from tinytorch.breadth.recurrent import steps
from tinytorch.nn.utils.rnn import pad_sequence

LAYERS = ("RNN", "LSTM", "GRU")


def memories(hx):
    """The tensors of a memory, one or two."""
    return list(hx) if isinstance(hx, tuple) else [hx]


def pair_of_models(torch, name, *sizes, **options):
    """The same model in both libraries, with the same weights."""
    theirs = getattr(torch.nn, name)(*sizes, **options)
    if "dtype" in options:
        options["dtype"] = str(options["dtype"]).removeprefix("torch.")
    ours = getattr(nn, name)(*sizes, **options)
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    return ours, theirs


def compare(same, ours, theirs, arrays, torch):
    """Outputs, memories and gradients of weights, input and first memory."""
    mine = [Tensor(a.copy(), requires_grad=True) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    results = []
    for model, (x, *hx) in ((ours, mine), (theirs, other)):
        hx = (tuple(hx) if "LSTM" in type(model).__name__ else hx[0]) if hx else None
        out = model(x, hx)
        parts = memories(out) if type(model).__name__.endswith("Cell") else [out[0]]
        parts += [] if len(parts) > 1 or type(model).__name__.endswith("Cell") else memories(out[1])
        results.append(parts)
        sum((part * part * (i + 1)).sum() for i, part in enumerate(parts)).backward()
    tolerance = {"rtol": 1e-4, "atol": 1e-5}
    for part, expected in zip(*results, strict=True):
        same(part, expected, **tolerance)
    for tensor, expected in zip(mine, other, strict=True):
        same(tensor.grad, expected.grad, **tolerance)
    for tensor, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        same(tensor.grad, expected.grad, **tolerance)


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_those_of_pytorch_in_every_arrangement(torch, same, name):
    @settings(max_examples=40)
    @given(st.data())
    def check(data):
        size = {key: data.draw(st.integers(1, 4), key) for key in "TNIHL"}
        flag = {key: data.draw(st.booleans(), key) for key in ("bias", "batch_first", "both")}
        batched, memory = data.draw(st.booleans(), "batched"), data.draw(st.booleans(), "memory")
        options = {"bias": flag["bias"], "batch_first": flag["batch_first"]}
        if name == "RNN":
            options["nonlinearity"] = data.draw(st.sampled_from(["tanh", "relu"]))
        if data.draw(st.booleans(), "double"):
            options["dtype"] = torch.float64
        layers = (size["L"] + 1) // 2
        ours, theirs = pair_of_models(
            torch, name, size["I"], size["H"], layers, bidirectional=flag["both"], **options
        )
        dtype = next(ours.parameters()).dtype
        rng = np.random.default_rng(data.draw(st.integers(0, 99)))
        shape = [size["T"], size["N"], size["I"]] if batched else [size["T"], size["I"]]
        if batched and flag["batch_first"]:
            shape[:2] = shape[1::-1]
        first = [layers * (1 + flag["both"]), *([size["N"]] * batched), size["H"]]
        shapes = [shape, *([first] * (2 if name == "LSTM" else 1) * memory)]
        compare(same, ours, theirs, [rng.normal(size=s).astype(dtype) for s in shapes], torch)

    check()


@pytest.mark.torch
@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize(
    ("batched", "memory", "bias"), list(itertools.product([True, False], repeat=3))
)
def test_cells_are_those_of_pytorch(torch, same, name, batched, memory, bias):
    ours, theirs = pair_of_models(torch, name, 3, 4, bias=bias)
    batch = [2] * batched
    shapes = [[*batch, 3], *([[*batch, 4]] * (2 if name == "LSTMCell" else 1) * memory)]
    rng = np.random.default_rng(0)
    compare(same, ours, theirs, [rng.normal(size=s).astype("float32") for s in shapes], torch)


@pytest.mark.torch
@pytest.mark.parametrize(
    "make",
    [
        lambda nn: nn.RNN(3, 4, 2, "relu", False, True, 0.5, True),
        lambda nn: nn.RNN(3, 4),
        lambda nn: nn.LSTM(3, 4, 2, bidirectional=True),
        lambda nn: nn.LSTM(3, 4, 2, False, True, 0.25),
        lambda nn: nn.GRU(3, 4, num_layers=3, bias=False),
        lambda nn: nn.RNNCell(3, 4, False, "relu"),
        lambda nn: nn.LSTMCell(3, 4),
        lambda nn: nn.GRUCell(3, 4, bias=False),
    ],
)
def test_states_and_texts_are_those_of_pytorch(torch, make):
    ours, theirs = make(nn), make(torch.nn)
    assert [(k, tuple(v.shape)) for k, v in ours.state_dict().items()] == [
        (k, tuple(v.shape)) for k, v in theirs.state_dict().items()
    ]
    assert repr(ours) == repr(theirs)
    if hasattr(theirs, "all_weights"):
        assert [len(part) for part in ours.all_weights] == [len(p) for p in theirs.all_weights]


def test_weights_begin_uniform_within_one_over_the_root_of_the_hidden_size():
    layer = nn.LSTM(3, 100, 2)
    for parameter in layer.parameters():
        values = parameter.array
        assert -0.1 <= values.min() < -0.09
        assert 0.09 < values.max() <= 0.1
        assert abs(values.mean()) < 0.01


def test_dropout_lies_between_layers_only_and_only_in_training():
    x = tt.randn(50, 4, 3)
    layer = nn.GRU(3, 8, num_layers=2, dropout=0.5)
    assert not np.allclose(layer(x)[0].array, layer(x)[0].array)
    layer.eval()
    np.testing.assert_array_equal(layer(x)[0].array, layer(x)[0].array)
    everything = nn.GRU(3, 8, num_layers=2, dropout=1.0)
    nothing_read = everything(tt.zeros(50, 4, 3))[0]  # the last layer reads zeros in either case
    np.testing.assert_array_equal(everything(x)[0].array, nothing_read.array)
    assert (everything(x)[0].array != 0).all()  # its own outputs are not dropped


def test_dropout_without_a_second_layer_is_pointed_out():
    with pytest.warns(UserWarning, match="does nothing with num_layers=1"):
        nn.RNN(3, 4, dropout=0.5)


def test_a_second_direction_reads_from_the_end():
    layer = nn.RNN(2, 3, bidirectional=True)
    x = tt.randn(5, 1, 2)
    out, h = layer(x)
    np.testing.assert_array_equal(out.array[-1, :, :3], h.array[0])
    np.testing.assert_array_equal(out.array[0, :, 3:], h.array[1])


def test_a_sequence_in_two_parts_gives_what_the_whole_gives():
    layer = nn.LSTM(3, 4, num_layers=2)
    x = tt.randn(6, 2, 3)
    whole, (h, c) = layer(x)
    first, memory = layer(x[:4])
    second, (h2, c2) = layer(x[4:], memory)
    np.testing.assert_allclose(tt.cat([first, second]).array, whole.array, rtol=1e-6)
    np.testing.assert_allclose(h2.array, h.array, rtol=1e-6)
    np.testing.assert_allclose(c2.array, c.array, rtol=1e-6)


def test_a_layer_is_its_cell_applied_step_by_step():
    cell, layer = nn.GRUCell(3, 4), nn.GRU(3, 4)
    layer.load_state_dict({f"{k}_l0": v for k, v in cell.state_dict().items()})
    x, h = tt.randn(5, 2, 3), None
    for t in range(5):
        h = cell(x[t], h)
    np.testing.assert_allclose(layer(x)[1][0].array, h.array, rtol=1e-6)


@pytest.mark.parametrize("number", [1, 2, 3, 7, 8])
def test_steps_are_the_parts_in_their_order_with_their_gradients(number):
    x = Tensor(np.arange(2.0 * number).reshape(number, 2), requires_grad=True)
    parts = steps(x)
    np.testing.assert_array_equal(np.stack([part.array for part in parts]), x.array)
    sum((part * (i + 1)).sum() for i, part in enumerate(parts)).backward()
    np.testing.assert_array_equal(x.grad.array[:, 0], np.arange(1, number + 1))


def test_long_sequences_learn_without_recursion():
    layer = nn.RNN(1, 2)
    x = tt.randn(3000, 1, 1).requires_grad_()
    layer(x)[0][-1].sum().backward()
    assert np.isfinite(layer.weight_hh_l0.grad.array).all()


REFUSED = [
    ("input of other features", lambda t: t.nn.LSTM(3, 4)(t.zeros(2, 2, 5)), r"\(2, 2, 5\)"),
    ("input of one dimension", lambda t: t.nn.LSTM(3, 4)(t.zeros(3)), r"\(3,\)"),
    ("no steps", lambda t: t.nn.GRU(3, 4)(t.zeros(0, 2, 3)), r"\(0, 2, 3\)"),
    ("float64", lambda t: t.nn.GRU(3, 4)(t.zeros(2, 2, 3).double()), "float64"),
    (
        "h of another batch",
        lambda t: t.nn.LSTM(3, 4)(t.zeros(2, 2, 3), (t.zeros(1, 3, 4), t.zeros(1, 2, 4))),
        r"\(1, 3, 4\).*\(1, 2, 4\)",
    ),
    (
        "h without a batch",
        lambda t: t.nn.GRU(3, 4)(t.zeros(2, 2, 3), t.zeros(1, 4)),
        r"\(1, 4\).*\(1, 2, 4\)",
    ),
    ("nonlinearity", lambda t: t.nn.RNN(3, 4, nonlinearity="x"), "'x'"),
    ("dropout beyond 1", lambda t: t.nn.RNN(3, 4, 2, dropout=2), "dropout=2"),
    ("dropout of True", lambda t: t.nn.RNN(3, 4, 2, dropout=True), "dropout=True"),
    ("no hidden units", lambda t: t.nn.RNN(3, 0), "hidden_size=0"),
    ("a broken size", lambda t: t.nn.RNN(3, 4.0), "hidden_size=4.0"),
    ("no layers", lambda t: t.nn.RNN(3, 4, 0), "num_layers=0"),
    ("half a layer", lambda t: t.nn.RNN(3, 4, 1.5), "num_layers=1.5"),
    ("no inputs", lambda t: t.nn.RNN(0, 4), "input_size=0"),
    ("proj_size of a GRU", lambda t: t.nn.GRU(3, 4, proj_size=2), "proj_size=2"),
    ("cell: three dimensions", lambda t: t.nn.GRUCell(3, 4)(t.zeros(2, 2, 3)), r"\(2, 2, 3\)"),
    ("cell: features", lambda t: t.nn.GRUCell(3, 4)(t.zeros(2, 5)), r"\(2, 5\)"),
    (
        "cell: a tensor for a pair",
        lambda t: t.nn.LSTMCell(3, 4)(t.zeros(2, 3), t.zeros(2, 4)),
        "pair",
    ),
    (
        "cell: h of another batch",
        lambda t: t.nn.GRUCell(3, 4)(t.zeros(2, 3), t.zeros(3, 4)),
        r"\(3, 4\).*\(2, 4\)",
    ),
]


@pytest.mark.parametrize(("make", "text"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_does_not_fit_is_refused_in_words(make, text):
    with pytest.raises((ValueError, TypeError, RuntimeError), match=text):
        make(tt)


@pytest.mark.torch
@pytest.mark.parametrize("make", [r[1] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refusals_are_of_pytorchs_types(same_refusal, make):
    same_refusal(make)


def test_smaller_outputs_are_refused():
    with pytest.raises(NotImplementedError, match="Linear"):
        nn.LSTM(3, 4, proj_size=2)


# ----------------------------------------------------------------- sequences of several lengths


@pytest.mark.torch
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("features", [(), (2,), (2, 3)])
def test_padded_sequences_are_those_of_pytorch(torch, same, batch_first, side, features):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(n, *features)).astype("float32") for n in (3, 1, 0, 4)]
    options = {"batch_first": batch_first, "padding_value": -1.0, "padding_side": side}
    mine = [Tensor(a, requires_grad=True) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    ours, theirs = pad_sequence(mine, **options), torch.nn.utils.rnn.pad_sequence(other, **options)
    same(ours, theirs)
    (ours * ours).sum().backward()
    (theirs * theirs).sum().backward()
    for x, y in zip(mine, other, strict=True):
        same(x.grad, y.grad)


@pytest.mark.parametrize("shapes", [[], [(2, 3), (2, 4)], [()]])
def test_sequences_that_do_not_fit_are_refused(shapes):
    with pytest.raises(RuntimeError, match="pad_sequence"):
        pad_sequence([tt.zeros(*shape) for shape in shapes])
    with pytest.raises(RuntimeError, match="'middle'"):
        pad_sequence([tt.zeros(2)], padding_side="middle")
