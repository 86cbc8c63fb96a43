"""Module 04: what is refused, and the corners; test_operations_nn.py compares at large."""

import copy
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch as tt
import tinytorch.nn.functional as F
from tinytorch import Tensor, nn
from tinytorch.core.losses import nll_kernel
from tinytorch.core.tensor import listen

SCORES = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
LABELS = np.array([0, 3, 1, 1, 2, 0])


def backward_of(library, loss, *inputs):
    """The loss and the gradients of its inputs under one library."""
    tensors = [library.tensor(a) for a in inputs]
    for t in tensors:
        t.requires_grad_(a_float(t))
    out = loss(library, *tensors)
    out.sum().backward()
    return [out, *(t.grad for t in tensors if a_float(t))]


def a_float(t):
    return "float" in str(t.dtype)


# ----------------------------------------------------------------------------- cross-entropy


@pytest.mark.torch
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("ignore_index", [-100, 1, -1])
@pytest.mark.parametrize("rest", [(), (5,), (2, 3)])
def test_every_combination_of_options_is_as_in_pytorch(
    torch, same, weighted, reduction, smoothing, ignore_index, rest
):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4, *rest))
    y = rng.integers(0, 4, (3, *rest))
    y[0] = ignore_index
    weight = np.array([1.0, 0.5, 2.0, 0.0])

    def loss(library, x, y):
        return library.nn.functional.cross_entropy(
            x, y, library.tensor(weight) if weighted else None, ignore_index=ignore_index,
            reduction=reduction, label_smoothing=smoothing,
        )  # fmt: skip

    for mine, other in zip(
        backward_of(tt, loss, x, y), backward_of(torch, loss, x, y), strict=True
    ):
        same(mine, other)


@pytest.mark.torch
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("labels", [[-100, -100, -100], []])
def test_a_mean_over_nobody_is_nan_and_moves_nothing(torch, same, labels, smoothing):
    x, y = np.zeros((len(labels), 4)), np.array(labels, int)

    def loss(library, x, y):
        return library.nn.functional.cross_entropy(x, y, label_smoothing=smoothing)

    ours = backward_of(tt, loss, x, y)
    for mine, other in zip(ours, backward_of(torch, loss, x, y), strict=True):
        same(mine, other)
    assert math.isnan(ours[0].item())
    assert not ours[1].array.any()


def test_the_gradient_is_the_shares_that_were_predicted_minus_the_true_ones():
    x = Tensor(SCORES, requires_grad=True)
    F.cross_entropy(x, Tensor(LABELS), reduction="sum").backward()
    np.testing.assert_allclose(x.grad.array, F.softmax(x, 1).array - np.eye(4)[LABELS], atol=1e-6)


@given(st.integers(1, 50))
def test_a_model_that_knows_nothing_has_the_loss_log_c(classes):
    loss = F.cross_entropy(tt.zeros(3, classes), tt.zeros(3, dtype=tt.int64))
    assert loss.item() == pytest.approx(math.log(classes), abs=1e-6)


def test_labels_are_the_same_as_their_one_hot_rows():
    x, weight = Tensor(SCORES), Tensor([1.0, 0.5, 2.0, 0.25])
    one_hot = Tensor(np.eye(4, dtype="float32")[LABELS])
    for smoothing in (0.0, 0.2):
        options = {"weight": weight, "reduction": "none", "label_smoothing": smoothing}
        labels = F.cross_entropy(x, Tensor(LABELS), **options)
        rows = F.cross_entropy(x, one_hot, **options)
        np.testing.assert_allclose(labels.array, rows.array, rtol=1e-5)


def test_the_mean_is_over_the_batch_and_not_over_the_classes():
    expected = -np.log(F.softmax(Tensor(SCORES), 1).array[np.arange(6), LABELS]).mean()
    assert F.cross_entropy(Tensor(SCORES), Tensor(LABELS)).item() == pytest.approx(expected)


def test_scores_of_ten_thousand_give_a_finite_loss():
    x = Tensor([[1e4, 0.0], [0.0, 1e4]], requires_grad=True)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss = F.cross_entropy(x, tt.tensor([1, 1]))
        loss.backward()
    assert loss.item() == 5000
    assert x.grad.tolist() == [[0.5, -0.5], [0, 0]]


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "int8"])
def test_labels_of_every_integer_type_are_taken(dtype):
    expected = F.cross_entropy(Tensor(SCORES), Tensor(LABELS)).item()
    assert F.cross_entropy(Tensor(SCORES), Tensor(LABELS.astype(dtype))).item() == expected


def test_labels_are_left_as_they_were():
    y = Tensor(np.array([0, -100, 3]))
    F.cross_entropy(Tensor(SCORES[:3]), y, label_smoothing=0.1)
    assert y.tolist() == [0, -100, 3]


def test_the_common_case_costs_two_operations():
    heard = []

    def note(below, op, tensors, options):
        heard.append(op)
        return below(op, tensors, options)

    x = Tensor(SCORES, requires_grad=True)
    with listen(note):
        F.cross_entropy(x, Tensor(LABELS)).backward()
    assert heard == ["log_softmax", "nll", "nll.vjp0", "log_softmax.vjp0"]


def test_nll_is_the_loop_that_it_stands_for():
    log_probs = np.log(np.random.default_rng(0).dirichlet(np.ones(4), 6))
    expected = [-log_probs[i, label] / 6 for i, label in enumerate(LABELS)]
    share = np.array(1 / 6)
    np.testing.assert_allclose(nll_kernel(log_probs, LABELS, share, "none"), expected)
    np.testing.assert_allclose(nll_kernel(log_probs, LABELS, share, "mean"), sum(expected))


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 1, 2, 3, 4, 0], r"target\[4\] is 4, and the 4 classes have the numbers 0 to 3"),
        ([0, 1, -1, 3, 0, 0], r"target\[2\] is -1.*ignore_index=-1"),
        ([9, 9, 0, 0, 0, 0], "2 of 6 labels are none of them"),
    ],
)
def test_a_label_that_is_no_class_is_named_with_its_place(loss, labels, words):
    with pytest.raises(IndexError, match=words):
        loss(Tensor(SCORES), tt.tensor(labels))


def test_a_label_of_minus_one_can_be_ignored_on_purpose():
    y = tt.tensor([0, -1])
    expected = F.cross_entropy(Tensor(SCORES[:1]), tt.tensor([0])).item()
    assert F.cross_entropy(Tensor(SCORES[:2]), y, ignore_index=-1).item() == expected


@pytest.mark.parametrize(
    ("input", "target", "options", "error", "words"),
    [
        ((4, 3), np.zeros(3, int), {}, ValueError, r"\(4, 3\) and the target \(3,\)"),
        ((4, 3), np.zeros((4, 1), int), {}, RuntimeError, r"target\.reshape\(4,\)"),
        ((4, 3), np.zeros((4, 3), int), {}, RuntimeError, r"argmax\(dim=1\)"),
        ((4, 3), np.zeros(4, "float32"), {}, RuntimeError, r"target\.long\(\)"),
        ((4, 3), np.zeros(4, bool), {}, RuntimeError, "bool values, expected class numbers"),
        ((4, 3), np.zeros((4, 2), "float32"), {}, RuntimeError, "shape of the input"),
        ((4, 3, 5), np.zeros((4, 4), int), {}, RuntimeError, r"of shape \(4, 5\)"),
        ((3,), np.zeros(1, int), {}, RuntimeError, r"target\.reshape\(\(\)\)"),
        ((), np.zeros((), int), {}, RuntimeError, "single number"),
        ((4, 3), np.zeros((4, 3), "float32"), {"ignore_index": 1}, RuntimeError, "probabilities"),
        ((4, 3), np.zeros(4, int), {"label_smoothing": 1.5}, RuntimeError, "from 0 to 1"),
        ((4, 3), np.zeros(4, int), {"reduction": "average"}, ValueError, "'average' is none of"),
        ((4, 3), np.zeros(4, int), {"weight": tt.ones(2)}, RuntimeError, r"expected one.*\(3,\)"),
        ((4, 3), np.zeros((4, 3), "float32"), {"weight": tt.ones(2)}, RuntimeError, r"\(3,\)"),
    ],
)  # fmt: skip
def test_targets_that_do_not_fit_are_refused_with_the_way_out(input, target, options, error, words):
    with pytest.raises(error, match=words):
        F.cross_entropy(tt.zeros(*input), Tensor(target), **options)


def test_integer_scores_and_lists_are_refused():
    with pytest.raises(RuntimeError, match="int64"):
        F.cross_entropy(tt.zeros(4, 3, dtype=tt.int64), tt.zeros(4, dtype=tt.int64))
    with pytest.raises(TypeError, match="the target is a list"):
        F.cross_entropy(tt.zeros(4, 3), [0, 1, 2, 0])


@pytest.mark.parametrize(
    ("loss", "activation", "words"),
    [
        (
            F.cross_entropy,
            lambda x: F.softmax(x, 1),
            "cross_entropy: the input was made by softmax",
        ),
        (F.nll_loss, lambda x: F.softmax(x, 1), "log_softmax"),
        (F.binary_cross_entropy_with_logits, F.sigmoid, "leave the sigmoid out"),
    ],
)
def test_an_activation_that_the_loss_has_within_it_is_pointed_out(loss, activation, words):
    x = Tensor(SCORES, requires_grad=True)
    target = Tensor(SCORES * 0) if loss is F.binary_cross_entropy_with_logits else Tensor(LABELS)
    with pytest.warns(UserWarning, match=words):
        loss(activation(x), target)


# -------------------------------------------------------------------- quantities, yes and no

ELEMENTWISE = [
    (F.mse_loss, RuntimeError),
    (F.l1_loss, RuntimeError),
    (F.smooth_l1_loss, RuntimeError),
    (F.huber_loss, RuntimeError),
    (F.kl_div, RuntimeError),
    (F.binary_cross_entropy, ValueError),
    (F.binary_cross_entropy_with_logits, ValueError),
]


@pytest.mark.parametrize(("loss", "error"), ELEMENTWISE)
@pytest.mark.parametrize("shapes", [((3,), (3, 1)), ((3, 1), (3,)), ((2, 3), (3,)), ((2, 3), ())])
def test_shapes_that_would_broadcast_by_accident_are_refused(loss, error, shapes):
    with pytest.raises(error, match="expected one shape") as caught:
        loss(tt.zeros(*shapes[0]), tt.zeros(*shapes[1]))
    assert str(shapes[0]) in str(caught.value)
    assert str(shapes[1]) in str(caught.value)


def test_the_refusal_shows_how_the_shapes_would_meet():
    with pytest.raises(RuntimeError) as caught:
        F.mse_loss(tt.zeros(32), tt.zeros(32, 1))
    assert str(caught.value).splitlines()[1:] == [
        "Broadcasting would line them up from the right and compare 32 values with 32 as (32, 32), "
        "1024 pairs:",
        "  input         32",
        "  target    32   1",
        "Bring one to the shape of the other, such as target.reshape(input.shape).",
    ]
    with pytest.raises(RuntimeError, match="sizes 3 and 2 meet at dim -1"):
        F.mse_loss(tt.zeros(4, 3), tt.zeros(4, 2))


@pytest.mark.torch
@pytest.mark.parametrize("p", [0.0, 1.0, 1e-30, 0.5])
@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
def test_certain_mistakes_cost_a_hundred_and_not_infinity(torch, same, p, y):
    def loss(library, x):
        return library.nn.functional.binary_cross_entropy(x, library.tensor([y]).double())

    for mine, other in zip(
        backward_of(tt, loss, np.array([p])), backward_of(torch, loss, np.array([p])), strict=True
    ):
        same(mine, other)


@pytest.mark.torch
@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
@pytest.mark.parametrize("pos_weight", [None, 3.0])
def test_scores_of_every_size_give_the_loss_and_slope_of_pytorch(torch, same, y, pos_weight):
    x = np.array([-1e4, -100.0, -1.0, 0.0, 1.0, 100.0, 1e4])

    def loss(library, x):
        factor = None if pos_weight is None else library.tensor([pos_weight]).double()
        return library.nn.functional.binary_cross_entropy_with_logits(
            x, library.full((7,), y).double(), reduction="none", pos_weight=factor
        )

    with np.errstate(over="raise", invalid="raise", divide="raise"):
        ours = backward_of(tt, loss, x)
    for mine, other in zip(ours, backward_of(torch, loss, x), strict=True):
        same(mine, other)


def test_a_score_of_exactly_zero_is_pulled_both_ways():
    x = Tensor([0.0, 0.0], requires_grad=True)
    F.binary_cross_entropy_with_logits(x, Tensor([0.0, 1.0]), reduction="sum").backward()
    assert x.grad.tolist() == [0.5, -0.5]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.binary_cross_entropy(Tensor([1.5]), Tensor([1.0])), RuntimeError,
         "from 1.5 to 1.5.*binary_cross_entropy_with_logits"),
        (lambda: F.binary_cross_entropy(Tensor([np.nan]), Tensor([1.0])), RuntimeError, "nan"),
        (lambda: F.binary_cross_entropy(Tensor([0.5]), Tensor([2.0])), RuntimeError, "the target"),
        (lambda: F.binary_cross_entropy(Tensor([0.5]), tt.tensor([1])), RuntimeError,
         "float32 and a target of int64"),
        (lambda: F.binary_cross_entropy_with_logits(Tensor([0.5]), tt.tensor([1])), RuntimeError,
         "the target: got int64"),
        (lambda: F.binary_cross_entropy(Tensor([0.5]), Tensor([1.0]), tt.ones(2)), RuntimeError,
         r"weight of shape \(2,\) does not fit losses of shape \(1,\)"),
        (lambda: F.binary_cross_entropy_with_logits(
            Tensor([0.5]), Tensor([1.0]), pos_weight=tt.ones(3)), RuntimeError, "pos_weight"),
        (lambda: F.mse_loss(tt.tensor([1]), tt.tensor([1])), RuntimeError, "int64"),
        (lambda: F.mse_loss(Tensor([1.0]), 1.0), TypeError, "the target is a float"),
        (lambda: F.mse_loss(Tensor([1.0]), Tensor([1.0]), reduction="avg"), ValueError, "avg"),
        (lambda: F.mse_loss(Tensor([1.0]), Tensor([1.0]), False), TypeError, "positional"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


# ------------------------------------------------------------------------------- as modules

MODULES = [
    ("MSELoss", "mse_loss", {}),
    ("NLLLoss", "nll_loss", {"weight": [1.0, 2.0, 0.5, 1.0], "ignore_index": 1}),
    ("CrossEntropyLoss", "cross_entropy", {"weight": [1.0, 2.0, 0.5, 1.0], "label_smoothing": 0.1}),
    ("BCELoss", "binary_cross_entropy", {"weight": [1.0, 2.0, 0.5, 1.0]}),
    ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits", {"pos_weight": [3.0, 1.0, 1.0, 2.0]}),
]


@pytest.mark.torch
@pytest.mark.parametrize(("module", "function", "options"), MODULES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_modules_are_those_of_pytorch(torch, same, module, function, options, reduction):
    results = []
    for library in (tt, torch):
        made = {k: library.tensor(v) if isinstance(v, list) else v for k, v in options.items()}
        loss = getattr(library.nn, module)(reduction=reduction, **made)
        x = library.tensor(SCORES)
        x = x.log_softmax(1) if module == "NLLLoss" else x.sigmoid() if module == "BCELoss" else x
        y = library.tensor(LABELS)
        y = y if "weight" in options and module != "BCELoss" else library.tensor(SCORES).sigmoid()
        results.append((loss(x, y), repr(loss), list(loss.state_dict()), list(loss.parameters())))
    same(results[0][0], results[1][0])
    assert results[0][1:] == results[1][1:]


def test_weights_of_a_loss_are_converted_and_copied_with_it():
    loss = nn.CrossEntropyLoss(weight=tt.ones(4))
    other = copy.deepcopy(loss).double()
    assert (loss.weight.dtype, other.weight.dtype) == (tt.float32, tt.float64)
    loss(Tensor(SCORES), Tensor(LABELS))
    other(Tensor(SCORES.astype("float64")), Tensor(LABELS))


def test_the_settings_of_a_loss_can_be_changed_later():
    loss = nn.CrossEntropyLoss()
    loss.reduction = "none"
    assert loss(Tensor(SCORES), Tensor(LABELS)).shape == (6,)


@given(st.sampled_from(list(itertools.product([(), (0,), (2, 3)], ["mean", "sum", "none"]))))
def test_empty_and_single_values_have_a_loss(case):
    shape, reduction = case
    x = Tensor(np.ones(shape, "float32"))
    loss = F.mse_loss(x, x, reduction=reduction)
    assert loss.shape == (shape if reduction == "none" else ())
    assert np.isnan(loss.array).all() or not loss.array.any()
