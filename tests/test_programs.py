"""Programs in plain PyTorch idiom run on TinyTorch when only their imports are changed.

Each program in programs/ has three functions:

    build()              a new model
    first_step(model)    (logits, loss) of its first batch, in training, before any update
    train(model)         (the losses of 50 steps, one more figure of the trained model)

Data is synthetic and made by NumPy or by arithmetic, and nothing is drawn while training, so that
equal weights must lead to equal figures under both libraries.
"""

import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import tinytorch as tt

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
each_program = pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)


def load(path, library):
    """The program as a module, with `torch` in its import lines replaced by `library`."""
    source = path.read_text(encoding="utf-8")
    source = re.sub(r"^import torch$", f"import {library} as torch", source, flags=re.M)
    source = re.sub(r"^(import|from) torch(?=[. ])", rf"\1 {library}", source, flags=re.M)
    module = ModuleType(path.stem)
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


@pytest.fixture
def pair(path, torch):
    """The program and a model of it under PyTorch, and under TinyTorch with the same weights."""
    theirs, ours = load(path, "torch"), load(path, "tinytorch")
    torch.manual_seed(0)
    reference, model = theirs.build(), ours.build()
    state = reference.state_dict()
    assert list(model.state_dict()) == list(state)
    model.load_state_dict({name: tt.tensor(value.numpy()) for name, value in state.items()})
    return theirs, reference, ours, model


def close(got, expected, what, within, scale=0.0):
    """Assert that two arrays agree, relative to the largest number among them, or to `scale`."""
    got, expected = got.detach().numpy(), expected.detach().numpy()
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype), what
    atol = within * max(scale, float(np.abs(expected).max()))
    np.testing.assert_allclose(got, expected, rtol=within, atol=atol, err_msg=what)


@each_program
def test_a_program_learns_on_tinytorch(path):
    program = load(path, "tinytorch")
    losses, _ = program.train(program.build())
    assert len(losses) == 50
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.torch
@each_program
def test_the_first_step_agrees_in_logits_loss_and_every_gradient(pair):
    theirs, reference, ours, model = pair
    expected_logits, expected_loss = theirs.first_step(reference)
    logits, loss = ours.first_step(model)
    close(logits, expected_logits, "logits", 1e-5)
    close(loss, expected_loss, "loss", 1e-5)
    expected_loss.backward()
    loss.backward()
    expected = {name: parameter.grad for name, parameter in reference.named_parameters()}
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    assert list(gradients) == list(expected)
    # Some gradients are sums that cancel (a bias before a BatchNorm): what is left is rounding
    scale = 1e-2 * max(float(gradient.abs().max()) for gradient in expected.values())
    for name, gradient in gradients.items():
        close(gradient, expected[name], f"gradient of {name}", 1e-4, scale)


@pytest.mark.torch
@each_program
def test_a_program_gives_the_same_losses_under_both_libraries(pair):
    theirs, reference, ours, model = pair
    expected, figure = theirs.train(reference)
    losses, our_figure = ours.train(model)
    # Rounding grows in 50 steps: where a ReLU or a maximum hangs in the balance, it decides
    np.testing.assert_allclose(losses, expected, rtol=1e-3)
    assert our_figure == pytest.approx(figure, rel=1e-3)
    for name, value in reference.state_dict().items():
        got = model.state_dict()[name].numpy()
        np.testing.assert_allclose(got, value.numpy(), rtol=5e-3, atol=1e-3, err_msg=name)


@pytest.mark.torch
@each_program
def test_weights_of_pytorch_load_through_safetensors(path, pair, tmp_path):
    safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    theirs, reference, ours, _ = pair
    state = {name: value.clone() for name, value in reference.state_dict().items()}  # tied weights
    safetensors.save_file(state, tmp_path / "model.safetensors")
    model = ours.build()
    model.load_state_dict(tt.load(tmp_path / "model.safetensors"))
    for name, value in model.state_dict().items():
        assert value.numpy().dtype == state[name].numpy().dtype, name
        np.testing.assert_array_equal(value.numpy(), state[name].numpy(), err_msg=name)
    close(ours.first_step(model)[0], theirs.first_step(reference)[0], "logits", 1e-5)


@pytest.mark.torch
@each_program
def test_weights_of_tinytorch_load_through_safetensors(path, torch, tmp_path):
    safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    theirs, ours = load(path, "torch"), load(path, "tinytorch")
    model, reference = ours.build(), theirs.build()
    tt.save(model.state_dict(), tmp_path / "model.safetensors")
    state = safetensors.load_file(tmp_path / "model.safetensors")
    reference.load_state_dict(state)
    for name, value in model.state_dict().items():
        assert value.numpy().dtype == state[name].numpy().dtype, name
        np.testing.assert_array_equal(value.numpy(), state[name].numpy(), err_msg=name)
    close(ours.first_step(model)[0], theirs.first_step(reference)[0], "logits", 1e-5)
