"""More containers and layers, and parameters as one vector."""

import numpy as np
import pytest

import tinytorch as tt
from tinytorch import Tensor, nn
from tinytorch.core import layers
from tinytorch.nn.utils import parameters_to_vector, vector_to_parameters


@pytest.mark.torch
@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.nn.ModuleDict({"a": t.nn.Linear(2, 3), "b": t.nn.ReLU()}),
        lambda t: t.nn.ModuleDict([("a", t.nn.ReLU())]),
        lambda t: t.nn.ModuleDict(),
        lambda t: t.nn.Bilinear(2, 3, 4),
        lambda t: t.nn.Bilinear(2, 3, 4, bias=False),
        lambda t: t.nn.Unflatten(1, (2, 3)),
        lambda t: t.nn.ParameterList([t.nn.Parameter(t.ones(2, 2)), t.ones(3)]),
        lambda t: t.nn.ParameterDict({"w": t.ones(2, 2)}),
    ],
)
def test_names_in_the_state_are_those_of_pytorch(torch, make):
    ours, theirs = make(tt), make(torch)
    assert [(k, tuple(v.shape)) for k, v in ours.state_dict().items()] == [
        (k, tuple(v.shape)) for k, v in theirs.state_dict().items()
    ]
    if not isinstance(ours, (nn.ParameterList, nn.ParameterDict)):  # printed in our own way
        assert repr(ours) == repr(theirs)


def test_a_module_dict_is_a_dictionary_whose_modules_are_found():
    parts = nn.ModuleDict({"a": nn.Linear(1, 1)})
    parts["b"] = nn.ReLU()
    parts.update({"c": nn.Linear(1, 1, bias=False)})
    assert (list(parts), len(parts), "b" in parts) == (["a", "b", "c"], 3, True)
    assert list(parts.keys()) == [name for name, _ in parts.items()]
    assert len(list(parts.parameters())) == 3
    removed = parts.pop("a")
    assert isinstance(removed, nn.Linear)
    del parts["b"]
    assert list(parts.values()) == [parts["c"]]
    parts.clear()
    assert len(parts) == 0
    with pytest.raises(TypeError, match="expected a Module"):
        parts["x"] = 3


def test_parameters_in_a_list_are_found_and_learned():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = nn.ParameterList(tt.ones(2) for _ in range(3))

        def forward(self, x):
            for w in self.weights:
                x = x * w
            return x

    model = Model()
    model.weights[1] = tt.zeros(2)
    model.weights.append(nn.Parameter(tt.ones(2)))
    model(tt.ones(2)).sum().backward()
    assert [name for name, _ in model.named_parameters()] == [f"weights.{i}" for i in range(4)]
    assert all(p.grad is not None for p in model.parameters())
    assert len(model.weights[1:3]) == 2
    assert "(0): Parameter containing: [float32 of size 2]" in repr(model)


def test_parameters_in_a_dictionary_are_found():
    params = nn.ParameterDict({"a": tt.ones(1)})
    params["b"] = tt.zeros(1)
    del params["a"]
    assert (list(params), len(params), "b" in params) == (["b"], 1, True)
    assert list(params.keys()) == ["b"]
    assert list(params.values()) == list(params.parameters()) == [params["b"]]
    assert dict(params.items()) == {"b": params["b"]}
    with pytest.raises(TypeError, match="expected a Parameter"):
        params["c"] = 3


def test_unflatten_undoes_flatten():
    x = tt.randn(4, 2, 3)
    np.testing.assert_array_equal(nn.Unflatten(1, (2, 3))(nn.Flatten()(x)).array, x.array)


def test_bilinear_begins_within_its_bounds_and_checks_its_inputs():
    layer = nn.Bilinear(4, 3, 50)
    assert np.abs(layer.weight.detach().numpy()).max() <= 0.5
    assert layer(tt.ones(2, 4), tt.ones(2, 3)).shape == (2, 50)
    with pytest.raises(RuntimeError, match=r"\(2, 4\) and \(3, 3\)"):
        layer(tt.ones(2, 4), tt.ones(3, 3))
    with pytest.raises(ValueError, match="in1_features=0"):
        nn.Bilinear(0, 1, 1)


def test_parameters_become_a_vector_and_come_back():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    vector = parameters_to_vector(model.parameters())
    assert vector.shape == (13,)
    before = [p.tolist() for p in model.parameters()]
    vector_to_parameters(vector * 0, model.parameters())
    assert not parameters_to_vector(model.parameters()).array.any()
    vector_to_parameters(vector, model.parameters())
    assert [p.tolist() for p in model.parameters()] == before


@pytest.mark.parametrize(
    ("vector", "error", "words"),
    [
        (tt.ones(4), RuntimeError, r"shape \(4,\), and the parameters have 3 values"),
        ([1.0, 2.0, 3.0], TypeError, "got a list"),
    ],
)
def test_a_vector_that_does_not_fit_is_refused(vector, error, words):
    with pytest.raises(error, match=words):
        vector_to_parameters(vector, nn.Linear(2, 1).parameters())


def test_the_vector_carries_gradients():
    layer = nn.Linear(2, 1)
    (parameters_to_vector(layer.parameters()) * Tensor([1.0, 2.0, 3.0])).sum().backward()
    assert layer.weight.grad.tolist() == [[1.0, 2.0]]
    assert layer.bias.grad.tolist() == [3.0]


def test_a_sequential_is_the_cores_with_the_verbs_of_a_list():
    model = nn.Sequential(nn.Linear(2, 3)).append(nn.ReLU()).insert(0, nn.Flatten())
    assert isinstance(model, layers.Sequential)
    assert type(model[1:]) is nn.Sequential
    assert [name for name, _ in model.named_parameters()] == ["1.weight", "1.bias"]
    assert not hasattr(layers.Sequential(), "append")
