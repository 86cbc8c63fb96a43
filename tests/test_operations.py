"""Every operation against PyTorch, and every gradient rule against finite differences."""

import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operations import CASES as TENSOR_CASES
from operations import RULES_OF_THE_FRAMEWORK
from operations_attention import CASES as ATTENTION_CASES
from operations_conv import CASES as CONV_CASES
from operations_embedding import CASES as EMBEDDING_CASES
from operations_nn import CASES as NN_CASES
from operations_transformer import CASES as TRANSFORMER_CASES
from samples import Source

import tinytorch as tt
from tinytorch.core.autograd import gradcheck
from tinytorch.core.tensor import KERNELS, listen

CASES = [
    *TENSOR_CASES,
    *NN_CASES,
    *CONV_CASES,
    *EMBEDDING_CASES,
    *ATTENTION_CASES,
    *TRANSFORMER_CASES,
]
FAMILIES = (IndexError, TypeError, ValueError, RuntimeError)
DIFFERENTIABLE = [case for case in CASES if case.gradients]


def parts(result):
    """The tensors of a result, which may be one, several, or a number."""
    return list(result) if isinstance(result, (tuple, list)) else [result]


def outcome(library, case, arrays, options, to_tensor):
    """The results and gradients of a case under one library, or the family of its error."""
    floats = [a.dtype.kind == "f" for a in arrays]
    tensors = [to_tensor(a) for a in arrays]
    if case.gradients:
        for tensor, floating in zip(tensors, floats, strict=True):
            tensor.requires_grad_(floating)
    try:
        results = parts(case.call(library, *tensors, **options))
    except FAMILIES as error:
        return error, []
    moving = [r for r in results if getattr(r, "requires_grad", False)]
    if moving:
        sum((r * cotangent(library, r)).sum() for r in moving).backward()
    grads = [
        np.zeros(a.shape, a.dtype) if t.grad is None else t.grad
        for a, t in zip(arrays, tensors, strict=True)
    ]
    return results, grads


def cotangent(library, result):
    """The gradient to start from: no two values of it are equal."""
    n = int(np.prod(result.shape))
    values = np.linspace(0.5, 1.5, n).reshape(tuple(result.shape))
    return library.tensor(values, dtype=result.dtype)


def as_array(value):
    if hasattr(value, "detach"):
        value = value.detach().numpy()
    return np.asarray(value)


def agree(case, ours, theirs):
    """Assert equal shapes, dtypes and values, each as exactly as its dtype allows."""
    assert len(ours) == len(theirs)
    for mine, other in zip(map(as_array, ours), map(as_array, theirs), strict=True):
        assert mine.shape == other.shape
        assert mine.dtype == other.dtype
        rtol = {"float16": 1e-2, "float32": case.tolerance}.get(str(mine.dtype), 1e-7)
        np.testing.assert_allclose(mine, other, rtol=rtol, atol=rtol, equal_nan=True)


def differ_from_torch(torch, case, source):
    """Run one sample of a case under both libraries and compare all there is."""
    arrays, options = case.draw(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of .T on vectors, of var of one value, ...
        theirs, their_grads = outcome(torch, case, arrays, options, torch.tensor)
    if isinstance(theirs, Exception) and "not implemented for" in str(theirs):
        return  # a dtype that PyTorch's CPU kernels lack
    ours, our_grads = outcome(tt, case, arrays, options, tt.Tensor)
    if isinstance(ours, Exception) and not isinstance(theirs, Exception):
        raise ours
    if isinstance(theirs, Exception):
        assert isinstance(ours, FAMILIES), f"PyTorch raises {theirs!r}, TinyTorch gives {ours}"
        family = next(kind for kind in FAMILIES if isinstance(theirs, kind))
        assert isinstance(ours, family), f"PyTorch raises {theirs!r}, TinyTorch {ours!r}"
        return
    agree(case, ours, theirs)
    agree(case, our_grads, their_grads)


@pytest.mark.torch
@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_dtypes_gradients_and_errors_are_those_of_pytorch(torch, case):
    @settings(max_examples=25)
    @given(st.data())
    def check(data):
        draw = data.draw
        differ_from_torch(torch, case, Source(lambda low, high: draw(st.integers(low, high))))

    check()


@pytest.mark.torch
@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "div", "maximum", "atan2", "hypot", "pow", "lerp", "where"]
)
def test_a_tensor_used_twice_gets_the_sum_of_its_gradients(torch, name):
    values = np.array([[0.5, 1.5], [2.0, 3.0]])

    def twice(library, x):
        if name == "where":
            return library.where(x > 1, x * 2, x)
        if name == "lerp":
            return library.lerp(x, x * x, 0.5)
        return getattr(library, name)(x, x)

    ours, theirs = tt.Tensor(values), torch.tensor(values)
    for library, x in ((tt, ours), (torch, theirs)):
        twice(library, x.requires_grad_()).sum().backward()
    np.testing.assert_allclose(ours.grad.array, theirs.grad.numpy(), rtol=1e-12)


# ------------------------------------------------------------------- rules against differences


def smooth_source(seed):
    rng = np.random.default_rng(seed)
    return Source(lambda low, high: int(rng.integers(low, high + 1)), smooth=True)


def samples(case, count):
    """Float64 arguments of a case, those that can be differentiated, and its function of them."""
    for seed in range(count):
        arrays, options = case.draw(smooth_source(seed))
        tensors = [tt.Tensor(a.copy(), requires_grad=a.dtype == np.float64) for a in arrays]

        def function(*tensors, options=options):
            results = parts(case.call(tt, *tensors, **options))
            floats = [r.reshape(-1) for r in results if r.dtype == np.float64]
            return tt.cat(floats) if floats else tt.zeros(0)

        try:
            moving = function(*tensors).requires_grad
        except FAMILIES:
            continue  # a sample that is refused: the comparison with PyTorch looks at those
        if moving:
            yield function, tensors


@pytest.mark.parametrize("case", [case for case in DIFFERENTIABLE if case.smooth], ids=str)
def test_gradients_agree_with_finite_differences(case):
    for function, tensors in samples(case, 3):
        assert gradcheck(function, tensors)


def test_every_rule_is_compared_with_finite_differences():
    heard = set()

    def note(below, op, tensors, options):
        heard.add(op)
        return below(op, tensors, options)

    with listen(note):
        for case in DIFFERENTIABLE:
            for function, tensors in samples(case, 3):
                function(*tensors).sum().backward()
    assert RULES_OF_THE_FRAMEWORK - heard == set()


# ---------------------------------------------------------------------------------- planted faults


@contextmanager
def planted(op, fault):
    """Within the block, `op` is computed by `fault(kernel)`."""
    kernel = KERNELS[op]
    KERNELS[op] = fault(kernel)
    try:
        yield
    finally:
        KERNELS[op] = kernel


def wrong_factor(rule):
    return lambda *args, **options: rule(*args, **options) * np.float32(1.01)


def dropped(rule):
    return lambda *args, **options: 0 * rule(*args, **options)


def biased(kernel):
    return lambda x, dim=None, keepdim=False, correction=1: kernel(x, dim, keepdim, 0)


def widened(kernel):
    return lambda *args, **options: kernel(*args, **options).astype(np.float64)


FAULTS = [
    ("mul", "mul.vjp0", wrong_factor),
    ("matmul", "matmul.vjp1", dropped),
    ("gather", "gather.vjp0", dropped),
    ("var", "var", biased),
    ("exp", "exp", widened),
    ("softmax", "softmax.vjp0", dropped),
    ("log_softmax", "log_softmax.vjp0", wrong_factor),
    ("linear", "linear.vjp1", dropped),
    ("linear", "linear.vjp2", wrong_factor),
    ("cross_entropy", "nll.vjp0", wrong_factor),
    ("gelu", "gelu.vjp0", wrong_factor),
    ("binary_cross_entropy_with_logits", "softplus.vjp0", dropped),
    ("mse_loss", "mean", widened),
    ("silu", "silu.vjp0", wrong_factor),
    ("huber_loss", "huber.vjp0", dropped),
    ("conv2d", "conv2d.vjp1", wrong_factor),
    ("conv_transpose2d", "conv2d.vjp0", wrong_factor),
    ("batch_norm", "batch_norm.vjp0", dropped),
    ("embedding", "embedding.vjp0", dropped),
    ("apply_rotary", "rotary.vjp0", wrong_factor),
    ("scaled_dot_product_attention", "attention_weights.vjp0", wrong_factor),
    ("scaled_dot_product_attention", "attention_weights.vjp1", dropped),
    ("layer_norm", "layer_norm.vjp0", dropped),
]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "op", "fault"), FAULTS, ids=[op for _, op, _ in FAULTS])
def test_a_planted_fault_turns_the_comparison_with_pytorch_red(torch, name, op, fault):
    case = next(case for case in CASES if case.name == name)

    def compare_samples():
        for seed in range(30):
            rng = np.random.default_rng(seed)
            source = Source(lambda low, high, rng=rng: int(rng.integers(low, high + 1)))
            differ_from_torch(torch, case, source)

    compare_samples()
    with planted(op, fault), pytest.raises(AssertionError):
        compare_samples()


RULES = [fault for fault in FAULTS if ".vjp" in fault[1]]


@pytest.mark.parametrize(("name", "op", "fault"), RULES, ids=[op for _, op, _ in RULES])
def test_a_planted_fault_turns_the_finite_differences_red(name, op, fault):
    case = next(case for case in CASES if case.name == name)

    def check_samples():
        for function, tensors in samples(case, 8):
            gradcheck(function, tensors)

    check_samples()
    with planted(op, fault), pytest.raises(RuntimeError, match="the rules give"):
        check_samples()
