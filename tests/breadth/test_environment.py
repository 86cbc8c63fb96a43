"""Devices, limits of dtypes, and questions about tensors."""

import pytest

import tinytorch as tt


def test_a_program_that_asks_for_a_device_runs():
    device = tt.device("cuda" if tt.cuda.is_available() else "cpu")
    x = tt.ones(2, device=device).to(device)
    y = tt.zeros(2, device=x.device)
    assert x.device == y.device == device == "cpu"
    assert x.cpu() is x
    assert tt.cuda.device_count() == 0
    tt.cuda.manual_seed_all(0)


@pytest.mark.torch
@pytest.mark.parametrize("arguments", [("cpu",), ("cuda",), ("cuda:1",), ("cuda", 1)])
def test_a_device_is_written_as_in_pytorch(torch, arguments):
    ours, theirs = tt.device(*arguments), torch.device(*arguments)
    assert (str(ours), repr(ours)) == (str(theirs), repr(theirs))
    assert (ours.type, ours.index) == (theirs.type, theirs.index)


@pytest.mark.parametrize(
    "use",
    [
        lambda: tt.ones(1).to(tt.device("cuda")),
        lambda: tt.ones(1, device=tt.device("cuda", 0)),
        lambda: tt.ones(1).cuda(),
    ],
)
def test_every_other_device_is_refused_when_it_is_used(use):
    with pytest.raises(RuntimeError, match="computes on the CPU"):
        use()


def test_a_device_needs_a_name():
    with pytest.raises(RuntimeError, match="expected a name"):
        tt.device("c p u")


@pytest.mark.torch
def test_limits_are_those_of_pytorch(torch):
    for name in ("float16", "float32", "float64"):
        ours, theirs = tt.finfo(getattr(tt, name)), torch.finfo(getattr(torch, name))
        for fact in ("eps", "min", "max", "tiny", "bits", "smallest_normal"):
            assert float(getattr(ours, fact)) == float(getattr(theirs, fact))
    for name in ("int8", "uint8", "int32", "int64"):
        ours, theirs = tt.iinfo(getattr(tt, name)), torch.iinfo(getattr(torch, name))
        assert (ours.min, ours.max, ours.bits) == (theirs.min, theirs.max, theirs.bits)
    assert tt.finfo().dtype == "float32"


def test_questions_about_a_tensor():
    x = tt.ones(2, 3, dtype=tt.float64)
    assert tt.is_tensor(x)
    assert not tt.is_tensor([1.0])
    assert tt.is_floating_point(x)
    assert not x.long().is_floating_point()
    assert (x.element_size(), x.nelement(), x.ndimension()) == (8, 6, 2)
    assert x.data_ptr() == x.T.data_ptr() != x.clone().data_ptr()
