"""tinytorch.save and load: state_dicts of models and optimizers, and what is refused."""

import io

import numpy as np
import pytest
import safetensors.numpy

from tinytorch.breadth.serialization import load, save
from tinytorch.core.layers import Linear, Sequential
from tinytorch.core.tensor import Tensor
from tinytorch.optim import Adam


def test_a_model_and_its_optimizer_come_back_as_they_were(tmp_path):
    model = Sequential(Linear(3, 2), Linear(2, 1))
    optimizer = Adam(model.parameters(), lr=0.1)
    model(Tensor(np.ones((4, 3), "f4"))).sum().backward()
    optimizer.step()
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 7}
    save(state, tmp_path / "run.pt")
    got = load(tmp_path / "run.pt", map_location="cpu")
    assert got["epoch"] == 7
    twin = Sequential(Linear(3, 2), Linear(2, 1))
    twin.load_state_dict(got["model"])
    other = Adam(twin.parameters())
    other.load_state_dict(got["optimizer"])
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        q.grad = p.grad
    for each in (optimizer, other):
        each.step()
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        assert p.array.tobytes() == q.array.tobytes()


def test_another_program_finds_the_weights_under_their_names(tmp_path):
    model = Linear(3, 2)
    save(model.state_dict(), str(tmp_path / "model.safetensors"))
    got = safetensors.numpy.load_file(tmp_path / "model.safetensors")
    assert got["weight"].tolist() == model.weight.tolist()
    assert set(got) == {"weight", "bias"}


@pytest.mark.torch
@pytest.mark.parametrize("old", [False, True])
def test_a_file_of_torch_save_is_told_from_a_damaged_one(torch, tmp_path, old):
    path = tmp_path / "model.pt"
    torch.save({"w": torch.ones(2)}, path, _use_new_zipfile_serialization=not old)
    with pytest.raises(ValueError, match=r"written by torch\.save, as a pickle"):
        load(path)
    path.write_bytes(b"anything else")
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        load(path)


def test_what_is_not_supported_is_refused_in_words(tmp_path):
    path = tmp_path / "model"
    with pytest.raises(TypeError, match=r"the object is a Linear.*state_dict\(\)"):
        save(Linear(1, 1), path)
    with pytest.raises(TypeError, match="got a BytesIO, expected the path"):
        save({}, io.BytesIO())
    with pytest.raises(TypeError, match="load: got a BytesIO"):
        load(io.BytesIO())
    save({}, path)
    with pytest.raises(NotImplementedError, match="weights_only=False"):
        load(path, weights_only=False)
    with pytest.raises(RuntimeError, match="'cuda' is not available"):
        load(path, map_location="cuda")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "absent")
