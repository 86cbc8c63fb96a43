"""Module 03: modules, their attributes, state, hooks and text, and the layers of the core."""

import collections
import copy
import itertools
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor, nn
from tinytorch.core.layers import fans


def network(library, n_in=3):
    """A network with most things that a network can have, under either library."""
    nn = library.nn

    class Block(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.fc = nn.Linear(size, size)
            self.scale = nn.Parameter(library.ones(size))
            self.register_buffer("count", library.zeros(1))
            self.register_buffer("scratch", library.zeros(2), persistent=False)

        def forward(self, x):
            return x + self.scale * library.relu(self.fc(x))

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(n_in, 4, bias=False)
            self.blocks = nn.ModuleList([Block(4), Block(4)])
            self.head = nn.Sequential(
                collections.OrderedDict(
                    drop=nn.Dropout(0.2), out=nn.Linear(4, 2), bend=nn.LeakyReLU(0.1)
                )
            )
            self.tied = self.blocks[0].fc
            self.nothing = None
            self.register_parameter("missing", None)

        def forward(self, x):
            x = self.first(x)
            for block in self.blocks:
                x = block(x)
            return self.head(x)

    return Network()


def arrays(state):
    return {name: tensor.detach().numpy() for name, tensor in state.items()}


# -------------------------------------------------------------------------- what is found


@pytest.mark.torch
def test_names_of_everything_are_those_of_pytorch(torch):
    ours, theirs = network(tt), network(torch)
    for names in (
        lambda m: list(m.state_dict()),
        lambda m: list(m.state_dict(prefix="net.")),
        lambda m: [name for name, _ in m.named_parameters()],
        lambda m: [name for name, _ in m.named_parameters(remove_duplicate=False)],
        lambda m: [name for name, _ in m.named_parameters(prefix="net", recurse=False)],
        lambda m: [name for name, _ in m.named_buffers()],
        lambda m: [name for name, _ in m.named_modules()],
        lambda m: [name for name, _ in m.named_modules(remove_duplicate=False)],
        lambda m: [name for name, _ in m.named_children()],
        lambda m: [type(module).__name__ for module in m.modules()],
        lambda m: [type(module).__name__ for module in m.children()],
        lambda m: [tuple(p.shape) for p in m.parameters()],
        lambda m: [tuple(b.shape) for b in m.buffers()],
        lambda m: len(m.head),
    ):
        assert names(ours) == names(theirs)


@pytest.mark.torch
def test_a_network_is_printed_as_by_pytorch(torch):
    for make in (
        network,
        lambda t: t.nn.Linear(2, 3, bias=False),
        lambda t: t.nn.Sequential(
            t.nn.Linear(2, 3),
            t.nn.Sequential(t.nn.ReLU(), t.nn.Dropout(0.2)),
            t.nn.ModuleList([t.nn.Linear(2, 2), t.nn.Linear(2, 2), t.nn.ReLU(), t.nn.Linear(2, 2)]),
            t.nn.ModuleList([t.nn.Sequential(t.nn.ReLU()) for _ in range(3)]),
            t.nn.Flatten(),
            t.nn.Identity(),
        ),
        lambda t: t.nn.ModuleList(),
        lambda t: t.nn.Sequential(),
        lambda t: t.nn.Module(),
        lambda t: t.nn.Dropout(inplace=True),
    ):
        assert repr(make(tt)) == repr(make(torch))


@pytest.mark.torch
def test_with_the_same_state_it_computes_the_same_with_the_same_gradients(torch, same):
    ours, theirs = network(tt).eval(), network(torch).eval()
    ours.load_state_dict(arrays(theirs.state_dict()))
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    results = []
    for library, model in ((tt, ours), (torch, theirs)):
        out = model(library.tensor(x))
        (out * out).sum().backward()
        results.append([out, *(p.grad for p in model.parameters())])
    for mine, other in zip(*results, strict=True):
        same(mine, other)


def test_parameters_in_a_plain_list_are_not_found_and_in_a_module_list_they_are():
    class Plain(nn.Module):
        def __init__(self, container):
            super().__init__()
            self.layers = container([nn.Linear(2, 2)])

    assert len(list(Plain(list).parameters())) == 0
    assert len(list(Plain(nn.ModuleList).parameters())) == 2


def test_a_shared_layer_counts_once():
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    assert len(list(model.parameters())) == 2
    assert len(list(model.modules())) == 3
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]


# ---------------------------------------------------------------------------- attributes


def test_assigning_registers_and_deleting_forgets():
    module = nn.Module()
    module.w = nn.Parameter(tt.ones(2))
    module.child = nn.Linear(1, 1)
    module.number = 3
    assert list(module.state_dict()) == ["w", "child.weight", "child.bias"]
    del module.w, module.child, module.number
    assert list(module.state_dict()) == []
    assert not hasattr(module, "number")
    with pytest.raises(AttributeError):
        del module.number


def test_a_name_belongs_to_what_was_assigned_last():
    module = nn.Module()
    module.a = None
    module.a = nn.Linear(1, 1)
    module.register_buffer("b", tt.ones(1))
    module.b = nn.Parameter(tt.ones(1))
    assert list(module.state_dict()) == ["b", "a.weight", "a.bias"]
    assert module.__dict__.get("a") is None
    module.a = None
    assert list(module.children()) == []


def test_replacing_a_layer_keeps_its_place():
    model = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1))
    model[0] = nn.Linear(1, 1, bias=False)
    assert list(model.state_dict()) == ["0.weight", "2.weight", "2.bias"]
    assert [type(m).__name__ for m in model] == ["Linear", "ReLU", "Linear"]


def test_a_buffer_can_be_overwritten_and_is_no_parameter():
    module = nn.Module()
    module.register_buffer("mean", tt.zeros(2))
    module.mean = tt.ones(2)
    assert module.state_dict()["mean"].tolist() == [1, 1]
    assert list(module.parameters()) == []


def test_completion_knows_what_is_registered():
    assert {"weight", "bias", "forward"} <= set(dir(nn.Linear(1, 1)))


class Forgetful(nn.Module):
    def __init__(self, make):
        self.make = make
        self.child = make()


@pytest.mark.parametrize("make", [lambda: nn.Linear(1, 1), lambda: nn.Parameter(tt.ones(1))])
def test_assigning_before_the_constructor_of_module_is_refused(make):
    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\).*first line of Forgetful"):
        Forgetful(make)


def test_calling_without_the_constructor_of_module_is_refused():
    module = Forgetful(int)
    with pytest.raises(AttributeError, match="Forgetful: super"):
        module(1)
    with pytest.raises(AttributeError, match="Forgetful: super"):
        module.state_dict()


@pytest.mark.torch
@pytest.mark.parametrize(
    "act",
    [
        lambda t, m: setattr(m, "weight", t.ones(3, 2)),
        lambda t, m: setattr(m, "weight", 3),
        lambda t, m: m.unknown,
        lambda t, m: m.add_module("a.b", t.nn.ReLU()),
        lambda t, m: m.add_module("", t.nn.ReLU()),
        lambda t, m: m.add_module("weight", t.nn.ReLU()),
        lambda t, m: m.add_module("forward", t.nn.ReLU()),
        lambda t, m: m.add_module("child", 3),
        lambda t, m: m.register_buffer("weight", None),
        lambda t, m: m.register_buffer("b", 3),
        lambda t, m: m.register_parameter("p", t.ones(1)),
        lambda t, m: m.register_parameter("", None),
        lambda t, m: m.register_parameter(3, None),
        lambda t, m: t.nn.Sequential(t.nn.functional.relu),
        lambda t, m: t.nn.Sequential(t.nn.ReLU),
        lambda t, m: t.nn.Sequential(t.nn.ReLU())[1],
        lambda t, m: t.nn.ModuleList([1]),
        lambda t, m: t.nn.ModuleList([t.nn.ReLU()])(t.ones(1)),
        lambda t, m: t.nn.Module()(1),
        lambda t, m: m.train(3),
        lambda t, m: m.to(t.int32),
        lambda t, m: m.load_state_dict([]),
        lambda t, m: m.load_state_dict({"weight": 3, "bias": t.ones(3)}),
        lambda t, m: t.nn.Dropout(1.5),
        lambda t, m: t.nn.functional.dropout(t.ones(2), -0.5),
        lambda t, m: t.nn.functional.dropout(t.tensor([1, 2]), 0.5),
        lambda t, m: m(t.ones(4, 5)),
        lambda t, m: m(t.ones(4, 2).double()),
        lambda t, m: m(t.tensor([[1, 2]])),
        lambda t, m: m(t.tensor(1.0)),
        lambda t, m: t.nn.Linear(2.0, 3),
        lambda t, m: t.nn.Parameter(t.tensor([1])),
        lambda t, m: t.nn.init.kaiming_uniform_(t.ones(3)),
        lambda t, m: t.nn.init.kaiming_uniform_(t.ones(3, 3), mode="fan"),
        lambda t, m: t.nn.init.calculate_gain("gelu"),
    ],
)
def test_misuse_raises_the_family_of_pytorch(torch, act):
    families = (AttributeError, KeyError, IndexError, TypeError, ValueError, RuntimeError)
    with pytest.raises(families) as theirs:
        act(torch, torch.nn.Linear(2, 3))
    family = next(kind for kind in families if isinstance(theirs.value, kind))
    with pytest.raises(family):
        act(tt, nn.Linear(2, 3))


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda m: setattr(m, "weight", tt.ones(3, 2)), r"Linear.weight: got a Tensor.*\.data ="),
        (lambda m: m.unknown, "Linear has no attribute 'unknown'"),
        (lambda m: nn.Sequential(F.relu), r"got a function, expected a Module.*nn.ReLU\(\)"),
        (lambda m: nn.Sequential(nn.ReLU), "got the class ReLU"),
        (lambda m: nn.Sequential(nn.ReLU())[1], "index 1, and there are 1 modules"),
        (lambda m: m(tt.ones(4, 5)), r"shape \(4, 5\), expected \(..., 2\).*\(3, 2\) is \(outputs"),
        (lambda m: m(tt.ones(4, 2).double()), "float64 and a weight of float32"),
        (lambda m: F.linear(tt.ones(4, 2), m.weight, tt.ones(4)), r"\(4,\), expected \(3,\)"),
        (lambda m: nn.Module()(1), r"Module has no forward. Write forward\(self, x\)"),
        (lambda m: nn.Linear(784 / 2, 3), "392.0 and 3.*whole"),
        (lambda m: m.to(tt.int64), "int64, expected a floating-point dtype"),
        (lambda m: m.to("cuda:0"), "'cuda:0' is not available"),
        (lambda m: fans(tt.ones(3)), r"\(3,\) has no fan-in"),
    ],
)
def test_misuse_is_explained(act, words):
    with pytest.raises(Exception, match=words):
        act(nn.Linear(2, 3))


# --------------------------------------------------------------------- saving and loading


def test_the_state_shares_the_memory_of_the_module_and_has_no_history():
    layer = nn.Linear(2, 1)
    state = layer.state_dict()
    state["weight"][0] = 7.0
    assert layer.weight.tolist() == [[7.0, 7.0]]
    assert not state["weight"].requires_grad
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight


def test_loading_copies_converts_and_reports():
    source, target = nn.Linear(2, 3).double(), nn.Linear(2, 3)
    weight = target.weight
    result = target.load_state_dict(source.state_dict())
    assert repr(result) == "<All keys matched successfully>"
    assert target.weight is weight
    assert weight.dtype == tt.float32
    np.testing.assert_allclose(weight.detach().numpy(), source.weight.detach().numpy(), rtol=1e-6)
    source.weight.data.zero_()
    assert weight.detach().numpy().any()


def test_loading_lists_all_that_does_not_fit_and_changes_nothing():
    layer = nn.Linear(2, 3)
    before = layer.bias.tolist()
    state = {"weight": tt.ones(3, 5), "bias": tt.ones(3), "extra": tt.ones(1), "more": tt.ones(1)}
    with pytest.raises(RuntimeError) as caught:
        layer.load_state_dict(state)
    text = str(caught.value)
    assert "size mismatch: weight has shape (3, 5) there and (3, 2) here" in text
    assert "unexpected: extra\n" in text
    assert "unexpected: more\n" in text
    assert layer.bias.tolist() == before
    with pytest.raises(RuntimeError, match="missing: bias"):
        layer.load_state_dict({"weight": tt.ones(3, 2)})


def test_loading_without_strictness_ignores_names_but_not_shapes():
    layer = nn.Linear(2, 3)
    result = layer.load_state_dict({"bias": tt.ones(3), "extra": tt.ones(1)}, strict=False)
    assert result.missing_keys == ["weight"]
    assert result.unexpected_keys == ["extra"]
    assert layer.bias.tolist() == [1, 1, 1]
    with pytest.raises(RuntimeError, match="size mismatch"):
        layer.load_state_dict({"bias": tt.ones(4)}, strict=False)


def test_loading_is_seen_by_a_backward_that_needs_the_old_weights():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    loss = model(tt.ones(1, 2)).sum()
    model.load_state_dict(model.state_dict())
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_a_copy_is_independent_and_keeps_what_is_tied():
    model = network(tt)
    other = copy.deepcopy(model)
    assert other.tied is other.blocks[0].fc
    other.first.weight.data.zero_()
    assert model.first.weight.detach().numpy().any()
    assert repr(other) == repr(model)


def test_a_module_survives_pickling():
    model = nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(0.3))
    other = pickle.loads(pickle.dumps(model))
    x = tt.randn(4, 2)
    np.testing.assert_array_equal(other(x).detach().numpy(), model(x).detach().numpy())


# ------------------------------------------------------------------ what happens to the whole


def test_train_and_eval_reach_every_module():
    model = network(tt)
    assert all(m.training for m in model.modules())
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    model.head.train()
    assert [m.training for m in model.head.modules()] == [True] * 4
    assert not model.training


def test_a_module_may_refuse_to_train():
    class Frozen(nn.Module):
        def train(self, mode=True):
            return super().train(False)

    model = nn.Sequential(Frozen())
    assert not model.train()[0].training


@pytest.mark.parametrize(
    ("convert", "dtype"),
    [
        (lambda m: m.double(), tt.float64),
        (lambda m: m.half(), tt.float16),
        (lambda m: m.double().float(), tt.float32),
        (lambda m: m.to(tt.float64), tt.float64),
        (lambda m: m.to("cpu", tt.float64), tt.float64),
        (lambda m: m.to(dtype=tt.float16), tt.float16),
        (lambda m: m.to(tt.zeros(1, dtype=tt.float64)), tt.float64),
        (lambda m: m.to("cpu"), tt.float32),
        (lambda m: m.cpu(), tt.float32),
    ],
)
def test_conversion_reaches_parameters_floating_buffers_and_gradients(convert, dtype):
    model = nn.Sequential(nn.Linear(2, 2))
    model.register_buffer("mean", tt.zeros(1))
    model.register_buffer("count", tt.zeros(1, dtype=tt.int64))
    model(tt.ones(1, 2)).sum().backward()
    weight = model[0].weight
    assert convert(model) is model
    assert model[0].weight is weight
    assert weight.dtype == weight.grad.dtype == model.mean.dtype == dtype
    assert model.count.dtype == tt.int64


def test_apply_visits_the_inner_modules_first():
    seen = []
    model = nn.Sequential(nn.Sequential(nn.ReLU()), nn.Linear(1, 1))
    assert model.apply(seen.append) is model
    assert seen == [model[0][0], model[0], model[1], model]


def test_gradients_are_forgotten_or_zeroed_and_parameters_frozen():
    layer = nn.Linear(2, 1)
    layer(tt.ones(1, 2)).sum().backward()
    layer.zero_grad(set_to_none=False)
    assert layer.weight.grad.tolist() == [[0, 0]]
    layer.zero_grad()
    assert layer.weight.grad is None
    assert layer.requires_grad_(False) is layer
    assert not layer(tt.ones(1, 2)).requires_grad
    assert layer.requires_grad_().weight.requires_grad


# ---------------------------------------------------------------------------------- hooks


def test_hooks_see_and_replace_what_goes_in_and_out():
    layer, seen = nn.Identity(), []
    first = layer.register_forward_pre_hook(lambda m, args: seen.append((m, args)))
    layer.register_forward_pre_hook(lambda m, args: args[0] + 1)
    layer.register_forward_hook(lambda m, args, out: out * 10)
    layer.register_forward_hook(lambda m, args, out: seen.append((args[0].item(), out.item())))
    assert layer(tt.tensor(1.0)).item() == 20
    assert seen[0][0] is layer
    assert seen[0][1][0].item() == 1
    assert seen[1] == (2.0, 20.0)
    first.remove()
    first.remove()
    assert layer(tt.tensor(1.0)).item() == 20
    assert len(seen) == 3


def test_a_hook_lasts_as_long_as_its_block_and_may_remove_itself():
    layer, seen = nn.Identity(), []
    with layer.register_forward_hook(lambda *_: seen.append("block")):
        layer(tt.ones(1))
    handle = layer.register_forward_hook(lambda *_: (seen.append("once"), handle.remove())[1])
    layer.register_forward_hook(lambda *_: seen.append("always"))
    layer(tt.ones(1))
    layer(tt.ones(1))
    assert seen == ["block", "once", "always", "always"]


@pytest.mark.torch
def test_hooks_run_in_the_order_of_pytorch(torch):
    orders = []
    for library in (tt, torch):
        layer, seen = library.nn.Identity(), []

        def note(name, seen=seen):
            return lambda *_: seen.append(name)

        layer.register_forward_pre_hook(note("before"))
        layer.register_forward_pre_hook(note("before, prepended"), prepend=True)
        layer.register_forward_hook(note("after"))
        layer.register_forward_hook(note("after, prepended"), prepend=True)
        layer(library.ones(1))
        orders.append(seen)
    assert orders[0] == orders[1]


def test_hooks_with_keywords_see_and_replace_them():
    class Sum(nn.Module):
        def forward(self, a, b=0):
            return a + b

    module, seen = Sum(), []
    module.register_forward_pre_hook(
        lambda m, args, kwargs: (args, {"b": kwargs["b"] * 2}), with_kwargs=True
    )
    module.register_forward_hook(
        lambda m, args, kwargs, out: seen.append((args, kwargs, out)), with_kwargs=True
    )
    assert module(1, b=5) == 11
    assert seen == [((1,), {"b": 10}, 11)]


# ------------------------------------------------------------------------------ beginnings


@pytest.mark.parametrize(("n_in", "n_out"), [(784, 128), (100, 300), (1, 50)])
def test_linear_begins_within_the_bounds_of_pytorch_and_fills_them(n_in, n_out):
    layer, bound = nn.Linear(n_in, n_out), 1 / math.sqrt(n_in)
    for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
        assert np.abs(values).max() <= bound * (1 + 1e-6)
        assert np.abs(values).max() > 0.9 * bound
        assert values.min() < 0 < values.max()
    if n_in > 1:
        assert layer.weight.detach().numpy().std() == pytest.approx(bound / math.sqrt(3), rel=0.02)


@pytest.mark.torch
@pytest.mark.parametrize(
    "gain", [("linear",), ("conv2d",), ("sigmoid",), ("tanh",), ("relu",), ("leaky_relu",),
             ("leaky_relu", 0.5), ("selu",)],
)  # fmt: skip
def test_gains_are_those_of_pytorch(torch, gain):
    assert tt.nn.init.calculate_gain(*gain) == pytest.approx(torch.nn.init.calculate_gain(*gain))


@pytest.mark.parametrize("shape", [(40, 50), (30, 4, 5, 5)])
@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
def test_kaiming_keeps_the_size_of_signals(shape, mode):
    weight = nn.init.kaiming_uniform_(tt.zeros(*shape), mode=mode, nonlinearity="relu")
    n = fans(weight)[mode == "fan_out"]
    assert weight.array.var() == pytest.approx(2 / n, rel=0.1)
    assert np.abs(weight.array).max() <= math.sqrt(6 / n)


def test_the_seed_decides_how_weights_begin():
    weights = []
    for seed in (1, 1, 2):
        tt.manual_seed(seed)
        weights.append(nn.Linear(5, 5).weight.tolist())
    assert weights[0] == weights[1] != weights[2]


def test_a_generator_of_its_own_leaves_the_others_alone():
    tt.manual_seed(0)
    expected = tt.rand(3).tolist()
    tt.manual_seed(0)
    nn.init.uniform_(tt.zeros(3), generator=tt.Generator().manual_seed(1))
    assert tt.rand(3).tolist() == expected


def test_weights_are_overwritten_without_a_trace_in_the_graph():
    weight = nn.Parameter(tt.zeros(3, 3))
    assert nn.init.kaiming_uniform_(weight) is weight
    assert weight.grad_fn is None
    assert weight.requires_grad


def test_layers_may_have_no_inputs_or_no_outputs():
    assert nn.Linear(0, 3)(tt.ones(2, 0)).shape == (2, 3)
    assert nn.Linear(3, 0)(tt.ones(2, 3)).shape == (2, 0)


# ---------------------------------------------------------------------------------- layers


def test_a_parameter_shares_the_memory_of_its_tensor_and_stays_a_parameter():
    values = tt.ones(2)
    p = nn.Parameter(values)
    p.data -= 1
    assert values.tolist() == [0, 0]
    assert type(copy.deepcopy(p)) is type(pickle.loads(pickle.dumps(p))) is nn.Parameter
    assert type(p * 1) is Tensor
    assert not nn.Parameter(values, requires_grad=False).requires_grad


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_dropout_zeroes_a_share_and_scales_the_rest(p):
    out = F.dropout(tt.ones(100, 1000), p).array
    assert (out == 0).mean() == pytest.approx(p, abs=0.005)
    if p < 1:
        np.testing.assert_allclose(out[out != 0], 1 / (1 - p), rtol=1e-6)
        assert out.mean() == pytest.approx(1, abs=0.02)


def test_dropout_lets_gradients_through_where_it_let_values_through():
    x = Tensor(np.ones((50, 50)), requires_grad=True)
    out = F.dropout(x, 0.5)
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.array, out.array)


def test_dropout_rests_in_evaluation_and_draws_anew_in_training():
    layer, x = nn.Dropout(0.5), tt.ones(100)
    assert layer(x).tolist() != layer(x).tolist()
    assert layer.eval()(x) is x
    tt.manual_seed(3)
    first = F.dropout(x).tolist()
    tt.manual_seed(3)
    assert F.dropout(x).tolist() == first


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dropout_keeps_the_dtype_and_works_in_place(dtype):
    x = Tensor(np.ones(50, dtype))
    assert F.dropout(x, 0.3).dtype == dtype
    assert F.dropout(x, 1.0, inplace=True) is x
    assert not x.array.any()


@pytest.mark.torch
@pytest.mark.parametrize(("start", "end"), [(1, -1), (0, -1), (0, 1), (2, 2)])
def test_flatten_is_that_of_pytorch(torch, same, start, end):
    x = np.arange(24.0).reshape(2, 3, 4)
    ours, theirs = nn.Flatten(start, end), torch.nn.Flatten(start, end)
    same(ours(Tensor(x)), theirs(torch.tensor(x)))


@given(st.lists(st.integers(0, 3), max_size=3))
def test_linear_takes_any_number_of_dimensions(shape):
    weight = np.arange(6.0).reshape(3, 2)
    x = np.random.default_rng(0).normal(size=(*shape, 2))
    out = F.linear(Tensor(x), Tensor(weight), Tensor(np.ones(3)))
    np.testing.assert_allclose(out.array, x @ weight.T + 1)


# ------------------------------------------------------------------------------ containers

OPERATIONS = {
    "append": lambda t, m: m.append(t.nn.Tanh()),
    "extend": lambda t, m: m.extend([t.nn.Tanh(), t.nn.Sigmoid()]),
    "insert": lambda t, m: m.insert(1, t.nn.Tanh()),
    "replace": lambda t, m: m.__setitem__(-1, t.nn.Tanh()),
    "delete": lambda t, m: m.__delitem__(0),
    "delete some": lambda t, m: m.__delitem__(slice(1, None)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("container", ["Sequential", "ModuleList"])
def test_containers_change_as_those_of_pytorch(torch, name, container):
    results = []
    for library in (tt, torch):
        layers = [library.nn.ReLU(), library.nn.Identity(), library.nn.Flatten()]
        model = library.nn.ModuleList(layers)
        if container == "Sequential":
            model = library.nn.Sequential(*layers)
        OPERATIONS[name](library, model)
        parts = [repr(model[i]) for i in range(-len(model), len(model))]
        parts += [repr(model[1:]), repr(model[::-1]), repr(list(model))]
        results.append((repr(model), parts))
    assert results[0] == results[1]


def test_slices_of_a_sequential_share_its_modules_and_keep_their_names():
    model = nn.Sequential({"up": nn.Linear(1, 2), "bend": nn.ReLU(), "down": nn.Linear(2, 1)})
    part = model[1:]
    assert type(part) is nn.Sequential
    assert [name for name, _ in part.named_children()] == ["bend", "down"]
    assert part[1] is model.down


def test_a_module_list_takes_a_generator():
    layers = nn.ModuleList(nn.Linear(n, m) for n, m in itertools.pairwise([1, 2, 3]))
    assert [tuple(p.shape) for p in layers.parameters()] == [(2, 1), (2,), (3, 2), (3,)]
