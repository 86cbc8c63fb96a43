"""Checks of chapter 04: losses."""

import math

import numpy as np

from tito.expect import check, expect, fresh, raises, rng


def log_softmax(scores):
    """The log of the shares of each row, computed in float64."""
    wide = np.asarray(scores, np.float64)
    shifted = wide - wide.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def rows(x):
    """(N, C, d1, ...) with the classes at the end, one row per label."""
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def at_labels(log_probs, labels):
    """Minus the entry at the label of each row."""
    return -log_probs[np.arange(len(labels)), labels]


def sigmoid(scores):
    """The probability of yes, computed in float64."""
    return 1 / (1 + np.exp(-np.asarray(scores, np.float64)))


def single(values):
    """Values as float32: what a loss of float32 tensors returns."""
    return np.asarray(values).astype(np.float32)


# ------------------------------------------------------------------------------ 04.1 reduced


@check("04.1")
def test_the_mean_of_two_losses():
    """The mean of the losses 1 and 3 is 2."""
    expect('reduced(Tensor([1.0, 3.0]), "mean")', 2.0, ask="Which method of a tensor is this?")


@check("04.1")
def test_the_sum_of_losses():
    """The sum adds the losses up, over every dimension."""
    losses = fresh(2, 3, low=0)
    expect(
        'reduced(Tensor(losses), "sum")',
        float(losses.sum()),
        losses=losses,
        ask="How many numbers does a sum over all dimensions leave?",
    )


@check("04.1")
def test_no_reduction():
    """With "none" every example keeps its loss."""
    losses = fresh(4, low=0)
    expect('reduced(Tensor(losses), "none")', losses, losses=losses)


@check("04.1")
def test_any_mean():
    """The mean is over all values, whatever the shape."""
    losses = fresh(3, 2, 2, low=0)
    expect('reduced(Tensor(losses), "mean")', float(losses.mean()), losses=losses)


@check("04.1")
def test_an_unknown_reduction_is_refused():
    """A reduction that does not exist is refused, with its name."""
    raises(
        'reduced(Tensor([1.0]), "avg")',
        ValueError,
        mentions=("'avg'",),
        ask="Which given function refuses an unknown reduction?",
    )


# ----------------------------------------------------------------------------- 04.2 mse_loss


@check("04.2")
def test_one_of_two_is_three_off():
    """Right once and 3 off once: (0 + 9) / 2 is 4.5."""
    expect("mse_loss(Tensor([1.0, 2.0]), Tensor([1.0, 5.0]))", 4.5)


@check("04.2")
def test_too_much_is_as_bad_as_too_little():
    """An error of -2 costs as much as one of +2."""
    expect("mse_loss(Tensor([1.0]), Tensor([3.0]))", 4.0)
    expect("mse_loss(Tensor([5.0]), Tensor([3.0]))", 4.0)


@check("04.2")
def test_any_predictions():
    """The mean is over all values, not over the rows."""
    x, y = fresh(5, 3), fresh(5, 3)
    expect("mse_loss(Tensor(x), Tensor(y))", float(((x - y) ** 2).mean()), x=x, y=y)


@check("04.2")
def test_sum_and_none():
    """The reduction that was asked for is used."""
    x, y = fresh(4), fresh(4)
    squares = (x - y) ** 2
    expect('mse_loss(Tensor(x), Tensor(y), reduction="none")', squares, x=x, y=y)
    expect('mse_loss(Tensor(x), Tensor(y), reduction="sum")', float(squares.sum()), x=x, y=y)


@check("04.2")
def test_shapes_that_would_broadcast_are_refused():
    """(3,) against (3, 1) is refused, with both shapes, although it could be broadcast."""
    raises(
        "mse_loss(Tensor([1.0, 2.0, 3.0]), Tensor([[1.0], [2.0], [3.0]]))",
        RuntimeError,
        mentions=("(3,)", "(3, 1)"),
        ask="What shape has a (3,) minus a (3, 1), and which pairs does it compare?",
    )


# --------------------------------------------------------------------------- 04.3 nll_kernel

TABLE = np.array([[-0.1, -2.4], [-0.7, -0.7], [-3.0, -0.05]])


@check("04.3")
def test_the_right_entries_are_picked():
    """Of each row the entry at its label counts: 0.1, 0.7 and 0.05 for the labels 0, 1, 1."""
    expect(
        'nll_kernel(log_probs, labels, np.array(1.0), "none")',
        np.array([0.1, 0.7, 0.05]),
        log_probs=TABLE.copy(),
        labels=np.array([0, 1, 1]),
        ask="Row 0 wants column 0, row 1 column 1, row 2 column 1: which index pairs are these?",
    )


@check("04.3")
def test_one_share_for_all_makes_a_mean():
    """With the share 1/3 the sum is the mean."""
    expect(
        'nll_kernel(log_probs, labels, np.array(1 / 3), "mean")',
        0.85 / 3,
        log_probs=TABLE.copy(),
        labels=np.array([0, 1, 1]),
    )


@check("04.3")
def test_every_example_has_its_own_share():
    """A share per example: those with 0 do not count."""
    log_probs = single(log_softmax(fresh(6, 4)))
    labels = rng().integers(0, 4, 6)
    share = single([0.0, 1.0, 0.5, 0.0, 2.0, 1.0])
    losses = at_labels(log_probs, labels) * share
    expect(
        'nll_kernel(log_probs, labels, share, "sum")',
        float(losses.sum()),
        log_probs=log_probs,
        labels=labels,
        share=share,
    )
    expect(
        'nll_kernel(log_probs, labels, share, "none")',
        losses,
        log_probs=log_probs,
        labels=labels,
        share=share,
    )


@check("04.3")
def test_the_type_is_kept():
    """float32 in, float32 out."""
    expect(
        'nll_kernel(log_probs, labels, share, "none")',
        single([0.1 / 3, 0.7 / 3, 0.05 / 3]),
        dtype="float32",
        log_probs=single(TABLE),
        labels=np.array([0, 1, 1]),
        share=np.array(1 / 3, np.float32),
    )


# ------------------------------------------------------------------------------ 04.4 rows_of


@check("04.4")
def test_a_batch_of_rows_is_one_already():
    """(N, C) stays as it is."""
    x = fresh(4, 3)
    expect("rows_of(Tensor(x))", x, x=x)


@check("04.4")
def test_one_example_becomes_one_row():
    """(C,) becomes (1, C)."""
    x = fresh(3)
    expect("rows_of(Tensor(x))", x.reshape(1, 3), x=x)


@check("04.4")
def test_a_picture_of_classes_becomes_a_row_per_pixel():
    """(1, 2, 1, 3), two classes at three pixels, becomes three rows of two."""
    x = single([[[[1, 2, 3]], [[10, 20, 30]]]])
    expect(
        "rows_of(Tensor(x))",
        single([[1, 10], [2, 20], [3, 30]]),
        x=x,
        ask="Which values belong to one pixel? They must stand next to each other before reshape.",
    )


@check("04.4")
def test_any_number_of_dimensions():
    """(N, C, d1, d2) becomes (N * d1 * d2, C), in the order of the labels (N, d1, d2)."""
    x = fresh(2, 3, 4, 5)
    expect("rows_of(Tensor(x))", rows(x), x=x)
    y = fresh(2, 3, 4)
    expect("rows_of(Tensor(y))", rows(y), y=y)


@check("04.4")
def test_nothing_has_no_rows():
    """A batch of no pictures has no rows, of C classes still."""
    expect("rows_of(Tensor(x)).shape", (0, 3), x=np.zeros((0, 3, 2), np.float32))


# ------------------------------------------------------------------ 04.5 shares and finished


@check("04.5")
def test_a_mean_is_weighted():
    """Weights 1 and 3: of a mean, the second class has three quarters."""
    expect(
        'shares(labels, counts, weight, "mean")',
        (np.array([0.25, 0.25]), np.array([0.25, 0.75])),
        labels=np.array([0, 1]),
        counts=np.array([1.0, 1.0]),
        weight=np.array([1.0, 3.0]),
        ask="By what do you divide, so that the shares with weights add up to 1?",
    )


@check("04.5")
def test_what_is_ignored_has_no_share():
    """Two of three examples count: each has a half of the mean."""
    expect(
        'shares(labels, counts, None, "mean")',
        (np.array([0.5, 0.0, 0.5]), np.array([0.5, 0.0, 0.5])),
        labels=np.array([1, 0, 1]),
        counts=np.array([1.0, 0.0, 1.0]),
    )


@check("04.5")
def test_a_sum_divides_by_nothing():
    """For a sum and for none, each example counts as its class does."""
    counts, weight = np.array([1.0, 0.0, 1.0]), np.array([2.0, 5.0])
    for reduction in ("sum", "none"):
        expect(
            f'shares(labels, counts, weight, "{reduction}")',
            (counts, np.array([5.0, 0.0, 2.0])),
            labels=np.array([1, 0, 0]),
            counts=counts,
            weight=weight,
        )


@check("04.5")
def test_where_nothing_counts():
    """Nothing counts: shares of 0, and no division by 0."""
    expect(
        'shares(labels, counts, None, "mean")',
        (np.zeros(2), np.zeros(2)),
        labels=np.array([0, 1]),
        counts=np.zeros(2),
        ask="0 / 0 is nan. When must you not divide?",
    )


@check("04.5")
def test_losses_get_the_shape_of_their_labels():
    """With "none" the six losses of labels (2, 3) come out as (2, 3)."""
    losses = fresh(6, low=0)
    expect(
        'finished(Tensor(losses), np.array(1.0), Tensor(labels), "none")',
        losses.reshape(2, 3),
        losses=losses,
        labels=np.array([[0, 1, 0], [1, 1, 0]]),
    )


@check("04.5")
def test_a_loss_that_is_finished_stays():
    """A mean of something, and a sum of nothing, come out as they went in."""
    labels = np.array([1, 0])
    expect(
        'finished(Tensor(1.5), share, Tensor(labels), "mean")',
        1.5,
        share=single([0.0, 1.0]),
        labels=labels,
    )
    expect(
        'finished(Tensor(0.0), share, Tensor(labels), "sum")',
        0.0,
        share=single([0, 0]),
        labels=labels,
    )


@check("04.5")
def test_a_mean_of_nothing_is_nan():
    """Every share of a mean is 0: the loss is nan, as 0 / 0 is."""
    expect(
        'finished(Tensor(0.0), share, Tensor(labels), "mean")',
        math.nan,
        ask="Which share must there be for a mean of something?",
        share=single([0, 0]),
        labels=np.array([1, 1]),
    )


# ------------------------------------------------------------------------------ 04.6 nll_loss


@check("04.6")
def test_the_loss_by_hand():
    """Log-probabilities -2.4 and -0.7 at the labels: the loss is 1.55."""
    expect("nll_loss(Tensor([[-0.1, -2.4], [-0.7, -0.7]]), tensor([1, 0]))", 1.55)


@check("04.6")
def test_any_loss():
    """Each reduction, with weights and with a label to ignore."""
    log_probs = single(log_softmax(fresh(8, 5)))
    labels = rng().integers(0, 5, 8)
    labels[3] = 2
    weight = fresh(5, low=0.5)
    counts = single(labels != 2)
    losses = at_labels(log_probs, labels) * weight[labels] * counts
    inputs = {"log_probs": log_probs, "labels": labels, "weight": weight}
    call = "nll_loss(Tensor(log_probs), Tensor(labels), Tensor(weight), ignore_index=2"
    expect(call + ', reduction="none")', losses, **inputs)
    expect(call + ', reduction="sum")', float(losses.sum()), **inputs)
    expect(call + ")", float(losses.sum() / (weight[labels] * counts).sum()), **inputs)


@check("04.6")
def test_a_single_example():
    """(C,) with one label of shape (): its loss is a single number."""
    log_probs = fresh(4, low=-3, high=0)
    call = "nll_loss(Tensor(log_probs), tensor(2)"
    expect(call + ")", float(-log_probs[2]), log_probs=log_probs)
    expect(call + ', reduction="none")', float(-log_probs[2]), log_probs=log_probs)


@check("04.6")
def test_a_loss_per_pixel():
    """(N, C, d) with labels (N, d): with "none" the losses have the shape of the labels."""
    log_probs = fresh(2, 3, 4, low=-3, high=0)
    labels = rng().integers(0, 3, (2, 4))
    expect(
        'nll_loss(Tensor(log_probs), Tensor(labels), reduction="none")',
        at_labels(rows(log_probs), labels.reshape(-1)).reshape(2, 4),
        log_probs=log_probs,
        labels=labels,
    )


@check("04.6")
def test_everything_is_ignored():
    """Every label is ignored: the mean is nan, the sum is 0."""
    call = "nll_loss(Tensor([[-0.1, -2.4]]), tensor([1]), ignore_index=1"
    expect(call + ")", math.nan, ask="Which function of exercise 5 makes the nan?")
    expect(call + ', reduction="sum")', 0.0)


@check("04.6")
def test_a_label_that_is_no_class_is_refused():
    """-1 is refused with its place, where NumPy would take the last class."""
    raises(
        "nll_loss(Tensor([[-0.1, -2.4], [-0.7, -0.7]]), tensor([0, -1]))",
        IndexError,
        mentions=("[1]", "-1"),
        ask="What does NumPy take for the index -1? Which given function looks at the labels?",
    )


# ----------------------------------------------------------------------------- 04.7 smoothed


@check("04.7")
def test_a_fifth_over_four_classes():
    """Smoothing 0.2 over 4 classes: 0.05 everywhere, and 0.8 more at the label."""
    expect(
        "smoothed(np.array([1]), np.array(1.0), np.array(1.0), None, 4, 0.2)",
        np.array([[0.05, 0.85, 0.05, 0.05]]),
        ask="The label's class is one of the classes that the rest is spread over. Has it both?",
    )


@check("04.7")
def test_rows_add_up_to_how_much_they_count():
    """Each row adds up to the share of its example."""
    labels, share = rng().integers(0, 6, 5), fresh(5, low=0.1)
    expect(
        "smoothed(labels, share, share, None, 6, 0.3).sum(axis=1)",
        share,
        labels=labels,
        share=share,
    )


@check("04.7")
def test_any_rows():
    """The right part at the label, the rest everywhere."""
    labels, share = rng().integers(0, 4, 6), fresh(6, low=0.1)
    expected = np.repeat(share[:, None] * 0.1 / 4, 4, axis=1)
    expected[np.arange(6), labels] += share * 0.9
    expect("smoothed(labels, share, share, None, 4, 0.1)", expected, labels=labels, share=share)


@check("04.7")
def test_the_spread_part_has_the_weights_of_its_classes():
    """With weights, the spread part of class c counts weight[c]; the share has the label's."""
    labels, base = np.array([0, 2]), np.array([0.5, 0.5])
    weight = np.array([1.0, 2.0, 4.0])
    share = base * weight[labels]
    expected = base[:, None] * (0.3 / 3) * weight
    expected[np.arange(2), labels] += share * 0.7
    expect(
        "smoothed(labels, base, share, Tensor(weight), 3, 0.3)",
        expected,
        labels=labels,
        base=base,
        share=share,
        weight=weight,
    )


@check("04.7")
def test_the_type_of_the_shares():
    """The rows have the type of the shares."""
    expect(
        "smoothed(np.array([0]), share, share, None, 2, 0.5)",
        single([[0.75, 0.25]]),
        dtype="float32",
        share=single([1]),
    )


# ----------------------------------------------------------------------------- 04.8 surprise


@check("04.8")
def test_a_certain_target_is_the_loss_of_its_class():
    """All on one class: minus the log of its share."""
    expect(
        "surprise(Tensor([[0.0, 0.0]]), Tensor([[1.0, 0.0]]), None, -100, 0.0)",
        single([math.log(2)]),
    )


@check("04.8")
def test_any_targets():
    """Each class counts by its part of the target."""
    x = fresh(4, 3)
    target = fresh(4, 3, low=0.1)
    target /= target.sum(axis=1, keepdims=True)
    expect(
        "surprise(Tensor(x), Tensor(target), None, -100, 0.0)",
        single(-(log_softmax(x) * target).sum(axis=1)),
        x=x,
        target=target,
    )


@check("04.8")
def test_classes_are_in_dimension_one():
    """(N, C, d): the classes are dimension 1, and are added up there."""
    x, target = fresh(2, 3, 4), fresh(2, 3, 4, low=0.1)
    expected = -(log_softmax(rows(x)) * rows(target)).sum(axis=1)
    expect(
        "surprise(Tensor(x), Tensor(target), None, -100, 0.0)",
        single(expected.reshape(2, 4)),
        x=x,
        target=target,
    )


@check("04.8")
def test_one_example_without_a_batch():
    """(C,) has its classes in dimension 0."""
    x, target = fresh(3), single([0.2, 0.3, 0.5])
    expect(
        "surprise(Tensor(x), Tensor(target), None, -100, 0.0)",
        float(-(log_softmax(x[None]) * target).sum()),
        x=x,
        target=target,
    )


@check("04.8")
def test_smoothing_of_targets():
    """Smoothing takes a part of each target and spreads it over the classes."""
    x, target = fresh(3, 4), np.eye(4, dtype=np.float32)[:3]
    soft = target * 0.8 + 0.2 / 4
    expect(
        "surprise(Tensor(x), Tensor(target), None, -100, 0.2)",
        single(-(log_softmax(x) * soft).sum(axis=1)),
        x=x,
        target=target,
    )


@check("04.8")
def test_weights_of_classes():
    """With weights, class c counts weight[c] times, in every dimension."""
    x, target = fresh(2, 3, 2), fresh(2, 3, 2, low=0.1)
    weight = single([1, 2, 4])
    expected = -(log_softmax(rows(x)) * rows(target) * weight).sum(axis=1)
    expect(
        "surprise(Tensor(x), Tensor(target), Tensor(weight), -100, 0.0)",
        single(expected.reshape(2, 2)),
        x=x,
        target=target,
        weight=weight,
    )


# ------------------------------------------------------------------------ 04.9 cross_entropy


@check("04.9")
def test_who_knows_nothing_loses_log_c():
    """Ten equal scores: the loss is log 10, 2.3026."""
    expect("cross_entropy(Tensor(np.zeros((1, 10), np.float32)), tensor([3]))", math.log(10))


@check("04.9")
def test_two_rows_by_hand():
    """Scores (2, 0, 0) for class 0 and (0, 0, 0) for class 2: (0.2396 + 1.0986) / 2."""
    expect(
        "cross_entropy(Tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), tensor([0, 2]))",
        0.6690874,
        ask="The scores are no shares yet. Which function of module 02 makes log-shares of them?",
    )


@check("04.9")
def test_any_scores():
    """The mean over the examples, not over the classes."""
    x, labels = fresh(6, 5, low=-8, high=8), rng().integers(0, 5, 6)
    losses = at_labels(log_softmax(x), labels)
    inputs = {"x": x, "labels": labels}
    expect("cross_entropy(Tensor(x), Tensor(labels))", float(losses.mean()), **inputs)
    expect('cross_entropy(Tensor(x), Tensor(labels), reduction="none")', single(losses), **inputs)


@check("04.9")
def test_scores_of_a_thousand():
    """Scores of ±1000 give a loss of 2000, not inf and not nan."""
    expect("cross_entropy(Tensor([[1000.0, -1000.0]]), tensor([1]))", 2000.0)
    expect("cross_entropy(Tensor([[1000.0, -1000.0]]), tensor([0]))", 0.0)


@check("04.9")
def test_weights_and_labels_to_ignore():
    """The mean divides by the weights of the labels that count."""
    x, labels = fresh(6, 4), np.array([0, 1, 3, 1, 2, 0])
    weight = single([1, 2, 0.5, 4])
    counts = weight[labels] * (labels != 3)
    losses = at_labels(log_softmax(x), labels) * counts
    expect(
        "cross_entropy(Tensor(x), Tensor(labels), Tensor(weight), ignore_index=3)",
        float(losses.sum() / counts.sum()),
        x=x,
        labels=labels,
        weight=weight,
    )


@check("04.9")
def test_smoothed_labels():
    """With label_smoothing the rest is spread over the classes."""
    x, labels = fresh(5, 4), rng().integers(0, 4, 5)
    soft = np.full((5, 4), 0.1 / 4)
    soft[np.arange(5), labels] += 0.9
    losses = -(log_softmax(x) * soft).sum(axis=1)
    inputs = {"x": x, "labels": labels}
    call = "cross_entropy(Tensor(x), Tensor(labels), label_smoothing=0.1"
    expect(call + ")", float(losses.mean()), **inputs)
    expect(call + ', reduction="none")', single(losses), **inputs)


@check("04.9")
def test_targets_that_are_distributions():
    """A target of floats is a distribution over the classes."""
    x, target = fresh(4, 3), fresh(4, 3, low=0.1)
    target /= target.sum(axis=1, keepdims=True)
    losses = -(log_softmax(x) * target).sum(axis=1)
    expect("cross_entropy(Tensor(x), Tensor(target))", float(losses.mean()), x=x, target=target)


@check("04.9")
def test_a_class_per_pixel():
    """(N, C, d1, d2) with labels (N, d1, d2)."""
    x, labels = fresh(2, 3, 2, 2), rng().integers(0, 3, (2, 2, 2))
    losses = at_labels(log_softmax(rows(x)), labels.reshape(-1))
    expect(
        'cross_entropy(Tensor(x), Tensor(labels), reduction="none")',
        single(losses.reshape(2, 2, 2)),
        x=x,
        labels=labels,
    )


# -------------------------------------------------------------- 04.10 weighted and bce_kernel


@check("04.10")
def test_a_kernel_by_hand():
    """0.9 for a yes costs 0.1054, 0.2 for a no 0.2231."""
    expect(
        "bce_kernel(p, y)",
        np.array([0.1053605, 0.2231436]),
        p=np.array([0.9, 0.2]),
        y=np.array([1.0, 0.0]),
    )


@check("04.10")
def test_any_probabilities():
    """Both parts, for any probabilities and targets, in the type of p."""
    p, y = fresh(3, 4, low=0.1, high=0.9), fresh(3, 4, low=0.0, high=1.0)
    expect(
        "bce_kernel(p, y)", -(y * np.log(p) + (1 - y) * np.log(1 - p)), dtype="float32", p=p, y=y
    )


@check("04.10")
def test_a_weight_may_be_repeated():
    """Losses times their weights; a weight of (2,) is repeated for every row of (3, 2)."""
    losses = fresh(3, 2, low=0)
    weight = single([1, 10])
    expect(
        'weighted("weight", Tensor(losses), Tensor(weight))',
        losses * weight,
        losses=losses,
        weight=weight,
    )
    expect('weighted("weight", Tensor(losses), None)', losses, losses=losses)


@check("04.10")
def test_losses_are_never_repeated():
    """A weight of (3,) for losses of (3, 1) is refused, with its name and both shapes."""
    raises(
        'weighted("pos_weight", Tensor([[1.0], [2.0], [3.0]]), Tensor([1.0, 2.0, 3.0]))',
        RuntimeError,
        mentions=("pos_weight", "(3, 1)", "(3,)"),
        ask="What shape has the product?",
    )


@check("04.10")
def test_certain_and_wrong():
    """A probability of 0 for a yes, and of 1 for a no, cost 100, not inf."""
    expect("bce_kernel(np.array([0.0, 1.0]), np.array([1.0, 0.0]))", np.array([100.0, 100.0]))
    expect("bce_kernel(np.array([0.0, 1.0]), np.array([0.0, 1.0]))", np.array([0.0, 0.0]))


@check("04.10")
def test_tiny_probabilities_keep_their_digits():
    """1e-12 for a no costs 1e-12."""
    expect(
        "bce_kernel(p, y)",
        np.array([1e-12]),
        within=1e-18,
        p=np.array([1e-12]),
        y=np.array([0.0]),
        ask="What is 1 - 1e-12 in seven digits? Which function of NumPy does not make that sum?",
    )


# --------------------------------------------- 04.11 yes or no, from probabilities and scores


@check("04.11")
def test_yes_and_no_by_hand():
    """0.9 for a yes and 0.2 for a no: (0.1054 + 0.2231) / 2."""
    expect("binary_cross_entropy(Tensor([0.9, 0.2]), Tensor([1.0, 0.0]))", 0.1642520)


@check("04.11")
def test_the_same_from_scores():
    """From a score: the same as from its sigmoid."""
    x = fresh(3, 4)
    y = single(fresh(3, 4) > 0)
    p = sigmoid(x)
    losses = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    inputs = {"x": x, "y": y}
    call = "binary_cross_entropy_with_logits(Tensor(x), Tensor(y)"
    expect(call + ', reduction="none")', single(losses), **inputs)
    expect(call + ")", float(losses.mean()), **inputs)


@check("04.11")
def test_large_scores():
    """Scores of ±1000 give losses of 0 and 1000."""
    expect(
        'binary_cross_entropy_with_logits(Tensor(x), Tensor(y), reduction="none")',
        single([0, 1000, 1000, 0]),
        x=single([1000, -1000, 1000, -1000]),
        y=single([1, 1, 0, 0]),
        ask="Does e^ get a large positive number anywhere on your way?",
    )


@check("04.11")
def test_weights():
    """weight is a factor of each loss, pos_weight one of the yes part alone."""
    x, y, w = fresh(4), single([1, 0, 1, 0]), fresh(4, low=0.5)
    p = sigmoid(x)
    yes, no = -y * np.log(p), -(1 - y) * np.log(1 - p)
    expect(
        "binary_cross_entropy_with_logits(Tensor(x), Tensor(y), pos_weight=Tensor([3.0]))",
        float((3 * yes + no).mean()),
        x=x,
        y=y,
    )
    expect(
        "binary_cross_entropy_with_logits(Tensor(x), Tensor(y), Tensor(w))",
        float(((yes + no) * w).mean()),
        x=x,
        y=y,
        w=w,
    )


@check("04.11")
def test_what_is_no_probability_is_refused():
    """A score is refused where a probability is expected, and shapes must be equal."""
    raises("binary_cross_entropy(Tensor([2.0]), Tensor([1.0]))", RuntimeError, mentions=("2",))
    raises(
        "binary_cross_entropy_with_logits(Tensor([2.0, 1.0]), Tensor([[1.0], [1.0]]))",
        ValueError,
        mentions=("(2,)", "(2, 1)"),
    )


# ------------------------------------------------------------------------------ 04.12 modules


@check("04.12")
def test_a_loss_calls_its_function():
    """A loss is a module around a function."""
    expect(
        'Loss(mse_loss, {}, reduction="sum")(Tensor([1.0, 2.0]), Tensor([1.0, 5.0]))',
        9.0,
        ask="FunctionModule keeps settings and passes them on. Who tells it which?",
    )


@check("04.12")
def test_the_settings_reach_the_function():
    """CrossEntropyLoss passes every setting on."""
    x, labels = fresh(6, 3), np.array([0, 1, 2, 1, 0, 2])
    soft = np.full((6, 3), 0.2 / 3)
    soft[np.arange(6), labels] += 0.8
    losses = -(log_softmax(x) * soft).sum(axis=1) * (labels != 1)
    inputs = {"x": x, "labels": labels}
    settings = 'ignore_index=1, reduction="none", label_smoothing=0.2'
    expect(f"CrossEntropyLoss({settings})(Tensor(x), Tensor(labels))", single(losses), **inputs)


@check("04.12")
def test_a_weight_is_a_buffer():
    """The weights of the classes are a buffer: they are saved, and converted with the module."""
    expect(
        "list(CrossEntropyLoss(weight=Tensor([1.0, 2.0])).state_dict())",
        ["weight"],
        ask="Which method of Module makes a tensor part of the state without training it?",
    )
    expect("len(list(CrossEntropyLoss(weight=Tensor([1.0, 2.0])).parameters()))", 0)


@check("04.12")
def test_the_weight_is_used():
    """The weight reaches the function too."""
    expect(
        "CrossEntropyLoss(Tensor([1.0, 3.0]))(Tensor([[2.0, 0.0], [0.0, 0.0]]), tensor([0, 1]))",
        (math.log1p(math.exp(-2)) + 3 * math.log(2)) / 4,
    )
    expect("NLLLoss(Tensor([1.0, 3.0]))(Tensor([[-1.0, -5.0]]), tensor([1]))", 5.0)
    expect(
        "BCEWithLogitsLoss(pos_weight=Tensor([3.0]))(Tensor([0.0]), Tensor([1.0]))",
        3 * math.log(2),
    )


@check("04.12")
def test_a_loss_is_printed_by_its_name():
    """A loss is printed without its settings, as in PyTorch."""
    expect("repr(CrossEntropyLoss(label_smoothing=0.1))", "CrossEntropyLoss()")


@check("04.12")
def test_without_a_weight():
    """No weight is a buffer without a value, and nothing is saved."""
    expect("CrossEntropyLoss().weight", None)
    expect("list(CrossEntropyLoss().state_dict())", [])


# ----------------------------------------------------------------------------- 04.13 debug it


@check("04.13")
def test_the_loss_of_a_perfect_prediction():
    """A line that goes through every point has no error."""
    expect(
        "loss_of_line(2.0, 1.0, x, 2 * x + 1)",
        0.0,
        x=single([0, 1, 2, 3]),
        ask="Print the shapes of the predictions, the targets and their difference.",
    )


@check("04.13")
def test_the_loss_of_any_line():
    """The mean of the squared errors, a prediction against its own target."""
    x, y = fresh(6), fresh(6)
    expect(
        "loss_of_line(0.5, -1.0, x, y)",
        float(np.mean((0.5 * x - 1.0 - y) ** 2)),
        x=x,
        y=y,
    )


@check("04.13")
def test_the_best_slope_is_found():
    """Of five slopes, the one that made the data has the lowest loss."""
    expect(
        "best_slope(x, 3 * x, [1.0, 2.0, 3.0, 4.0, 5.0])",
        3.0,
        x=single([-1, 0.5, 1, 2.5]),
    )
