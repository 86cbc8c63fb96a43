"""The names that users meet: every one of them exists in PyTorch too."""

import importlib
import inspect

import pytest

import tinytorch as tt
from tinytorch.core.tensor import METHODS

BEYOND_PYTORCH = {"preview": "the rates of a schedule, before a run"}  # name: why it is there


def test_every_public_name_is_listed_once_and_exists():
    assert len(tt.__all__) == len(set(tt.__all__))
    for name in tt.__all__:
        assert hasattr(tt, name)


@pytest.mark.torch
def test_every_public_name_exists_in_pytorch(torch):
    for name in tt.__all__:
        assert hasattr(torch, name) or name in BEYOND_PYTORCH
    for name in tt.autograd.__all__:
        assert hasattr(torch.autograd, name)
    for name in tt.cuda.__all__:
        assert hasattr(torch.cuda, name)


FACES = [
    "nn", "nn.functional", "nn.init", "nn.utils", "nn.utils.rnn", "optim", "optim.lr_scheduler",
    "utils.data",
]  # fmt: skip


@pytest.mark.parametrize("path", [*FACES, "autograd", "transforms"])
def test_a_face_only_gathers_what_core_and_breadth_define(path):
    face = importlib.import_module(f"tinytorch.{path}")
    assert face.__all__
    for name in face.__all__:
        home = getattr(face, name)
        if not inspect.ismodule(home):
            assert home.__module__.startswith(("tinytorch.core.", "tinytorch.breadth."))


@pytest.mark.torch
@pytest.mark.parametrize("path", FACES)
def test_every_name_of_a_face_exists_in_pytorch(torch, path):
    theirs = importlib.import_module(f"torch.{path}")
    for name in importlib.import_module(f"tinytorch.{path}").__all__:
        assert hasattr(theirs, name) or name in BEYOND_PYTORCH, name


@pytest.mark.torch
def test_every_method_of_a_tensor_exists_in_pytorch(torch):
    for name in (*METHODS, *vars(tt.Tensor)):
        if not name.startswith("_") and name not in ("array", "edges"):
            assert hasattr(torch.Tensor, name), name


ISSUE = """
    sum mean var std max min amax amin argmax argmin prod any all logsumexp cumsum norm reshape
    flatten squeeze unsqueeze transpose permute cat stack split chunk where clamp gather scatter
    index_select tril triu roll flip sort topk einsum matmul clone detach zeros ones full arange
    tensor manual_seed Generator no_grad enable_grad inference_mode set_grad_enabled is_tensor
"""
METHODS_OF_THE_ISSUE = """
    sum mean var std max min amax amin argmax argmin prod any all logsumexp cumsum norm reshape view
    flatten squeeze unsqueeze transpose permute expand repeat split chunk where clamp masked_fill
    gather scatter scatter_ index_select tril triu roll flip sort topk clone detach item numpy
    tolist to contiguous matmul backward requires_grad_ register_hook retain_grad
"""


def test_what_the_framework_promises_is_there_as_function_and_as_method():
    x = tt.ones(1)
    assert [name for name in ISSUE.split() if not hasattr(tt, name)] == []
    assert [name for name in METHODS_OF_THE_ISSUE.split() if not hasattr(x, name)] == []


def test_aliases_of_dtypes_are_the_dtypes():
    assert (tt.float, tt.double, tt.half) == (tt.float32, tt.float64, tt.float16)
    assert (tt.long, tt.int, tt.short) == (tt.int64, tt.int32, tt.int16)
    assert tt.zeros(1, dtype=tt.bool).dtype == tt.bool
    assert isinstance(tt.float32, tt.dtype)
