"""Programs in plain PyTorch idiom run on TinyTorch when only their imports are changed."""

import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import tinytorch as tt

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))


def load(path, library):
    """The program as a module, with `torch` in its import lines replaced by `library`."""
    source = path.read_text()
    source = re.sub(r"^import torch$", f"import {library} as torch", source, flags=re.M)
    source = re.sub(r"^(import|from) torch(?=[. ])", rf"\1 {library}", source, flags=re.M)
    module = ModuleType(path.stem)
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_learns_on_tinytorch(path):
    program = load(path, "tinytorch")
    losses, _ = program.train(program.build())
    assert len(losses) == 50
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.torch
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_gives_the_same_losses_under_both_libraries(path, torch):
    theirs, ours = load(path, "torch"), load(path, "tinytorch")
    torch.manual_seed(0)
    reference, model = theirs.build(), ours.build()
    weights = {name: tt.tensor(value.numpy()) for name, value in reference.state_dict().items()}
    model.load_state_dict(weights)
    expected, figure = theirs.train(reference)
    losses, our_figure = ours.train(model)
    np.testing.assert_allclose(losses, expected, rtol=2e-4)
    assert our_figure == pytest.approx(figure, rel=1e-3)
    for name, value in reference.state_dict().items():
        got = model.state_dict()[name].numpy()
        np.testing.assert_allclose(got, value.numpy(), rtol=2e-3, atol=2e-4)
