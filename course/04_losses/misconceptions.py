"""Wrong versions that learners write, each with the sentence that helps."""

from tito.misconceptions import wrong

# --------------------------------------------------------------------------------- 04.1 reduced


@wrong(
    "04.1",
    "reduced",
    "Your mean divides by the number of rows, not by the number of values. A loss of each value "
    "is averaged over all of them; the mean of the tensor does that by itself.",
)
def mean_over_rows(losses, reduction):
    if reduction == "mean":
        return losses.sum() / losses.shape[0]
    if reduction == "sum":
        return losses.sum()
    check_reduction(reduction)
    return losses


@wrong(
    "04.1",
    "reduced",
    'Your function takes every word that it does not know for "none", so a typing mistake in '
    "reduction= goes unnoticed. Refuse it: there is a given function for that.",
)
def any_word_will_do(losses, reduction):
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    return losses


@wrong(
    "04.1",
    "reduced",
    "Your function reduces along the first dimension alone, so losses of two dimensions stay "
    "several numbers. Without dim, sum and mean take all of them.",
)
def only_the_first_dimension(losses, reduction):
    if reduction == "mean":
        return losses.mean(0)
    if reduction == "sum":
        return losses.sum(0)
    check_reduction(reduction)
    return losses


@wrong(
    "04.1",
    "reduced",
    'Your function returns the mean for "none" too. "none" means: leave the losses as they '
    "are, one per example.",
)
def mean_for_none(losses, reduction):
    if reduction == "sum":
        return losses.sum()
    check_reduction(reduction)
    return losses.mean()


# -------------------------------------------------------------------------------- 04.2 mse_loss


@wrong(
    "04.2",
    "mse_loss",
    "Your loss takes the size of the error, not its square: 3 off costs 3 instead of 9. That is "
    "the absolute error, another loss (nn.L1Loss); this one squares.",
)
def absolute_error(input, target, *, reduction="mean"):
    same_shape("mse_loss", input, target)
    return reduced((input - target).abs(), reduction)


@wrong(
    "04.2",
    "mse_loss",
    "Your loss accepts (3,) against (3, 1) and broadcasts them to nine pairs, each prediction "
    "against every target. It trains, to nonsense. Refuse different shapes first: same_shape.",
)
def broadcasting_is_welcome(input, target, *, reduction="mean"):
    return reduced((input - target) ** 2, reduction)


@wrong(
    "04.2",
    "mse_loss",
    "Your loss is the root of the mean square. The root is good to read, in the unit of the "
    "target, but this loss is without it: its slope stays simple.",
)
def root_of_the_mean(input, target, *, reduction="mean"):
    same_shape("mse_loss", input, target)
    return reduced((input - target) ** 2, reduction).sqrt()


@wrong(
    "04.2",
    "mse_loss",
    "Your loss is a half of the squared error. Some books have the half, for a neater derivative; "
    "PyTorch and this course do not.",
)
def half_of_it(input, target, *, reduction="mean"):
    same_shape("mse_loss", input, target)
    return reduced((input - target) ** 2 / 2, reduction)


@wrong(
    "04.2",
    "mse_loss",
    "Your loss always takes the mean, whatever reduction was asked for. Hand the squares and the "
    "reduction to the function of exercise 04.1.",
)
def always_the_mean(input, target, *, reduction="mean"):
    same_shape("mse_loss", input, target)
    return ((input - target) ** 2).mean()


# ------------------------------------------------------------------------------ 04.3 nll_kernel


@wrong(
    "04.3",
    "nll_kernel",
    "Your kernel forgot the minus. Log-probabilities are negative, and a loss that is negative "
    "and gets smaller when the model gets worse leads the wrong way.",
)
def without_the_minus(log_probs, labels, share, reduction):
    losses = log_probs[np.arange(len(labels)), labels] * share
    return losses if reduction == "none" else np.add.reduce(losses)


@wrong(
    "04.3",
    "nll_kernel",
    "Your kernel takes whole rows: log_probs[labels] uses the labels as row numbers. Each row "
    "has one label: give the row numbers and the column numbers, both.",
)
def labels_as_rows(log_probs, labels, share, reduction):
    losses = log_probs[labels] * -share
    return losses if reduction == "none" else np.add.reduce(losses)


@wrong(
    "04.3",
    "nll_kernel",
    "Your kernel takes a whole column for every label: log_probs[:, labels] has the shape "
    "(N, N), every row with every label. Row i goes with label i and with no other.",
)
def every_row_with_every_label(log_probs, labels, share, reduction):
    losses = log_probs[:, labels] * -share
    return losses if reduction == "none" else np.add.reduce(losses)


@wrong(
    "04.3",
    "nll_kernel",
    "Your kernel divides by N once more. The share already says how much an example counts: for "
    "a mean it is 1 / N.",
)
def divided_twice(log_probs, labels, share, reduction):
    losses = log_probs[np.arange(len(labels)), labels] * -share
    return losses if reduction == "none" else np.mean(losses)


@wrong(
    "04.3",
    "nll_kernel",
    "Your kernel leaves the share out, so every example counts 1. An example that is to be "
    "ignored has the share 0.",
)
def everybody_counts_one(log_probs, labels, share, reduction):
    losses = -log_probs[np.arange(len(labels)), labels]
    return losses if reduction == "none" else np.add.reduce(losses)


# --------------------------------------------------------------------------------- 04.4 rows_of


@wrong(
    "04.4",
    "rows_of",
    "Your function reshapes without moving the classes to the end first. The numbers of one row "
    "then come from one class at several pixels. Nothing fails; everything is wrong. Permute, "
    "then reshape.",
)
def reshape_alone(input):
    if input.ndim == 2:
        return input
    if input.ndim == 1:
        return input.reshape(1, *input.shape)
    return input.reshape(-1, input.shape[1])


@wrong(
    "04.4",
    "rows_of",
    "Your function exchanges dimension 1 with the last one. With three dimensions that is right; "
    "with four it also exchanges height and width, so rows and labels no longer match. Move the "
    "classes to the end and keep the order of the others.",
)
def transposed_instead_of_moved(input):
    if input.ndim == 2:
        return input
    if input.ndim == 1:
        return input.reshape(1, *input.shape)
    last = input.transpose(1, input.ndim - 1)
    return last.reshape(math.prod(last.shape[:-1]), last.shape[-1])


@wrong(
    "04.4",
    "rows_of",
    "Your function makes a column of a single example: (C, 1), C rows of one class each. One "
    "example is one row: (1, C).",
)
def one_example_as_a_column(input):
    if input.ndim == 2:
        return input
    if input.ndim == 1:
        return input.reshape(-1, 1)
    last = input.permute(0, *range(2, input.ndim), 1)
    return last.reshape(math.prod(last.shape[:-1]), last.shape[-1])


@wrong(
    "04.4",
    "rows_of",
    "Your function makes one row of each example, as Flatten does: classes and pixels in a single "
    "row. Every pixel has a label of its own, so it needs a row of its own, of C values.",
)
def one_row_per_example(input):
    if input.ndim == 2:
        return input
    if input.ndim == 1:
        return input.reshape(1, *input.shape)
    return input.reshape(input.shape[0], math.prod(input.shape[1:]))


# -------------------------------------------------------------------- 04.5 shares and finished


@wrong(
    "04.5",
    "shares",
    "Your mean divides by the number of examples. With weights, and with labels to ignore, a mean "
    "is weighted: divide by the sum of the shares, so that they add up to 1.",
)
def divided_by_the_count(labels, counts, weight, reduction):
    share = counts if weight is None else counts * weight[labels]
    if reduction != "mean" or not counts.any():
        return counts, share
    return counts / len(labels), share / len(labels)


@wrong(
    "04.5",
    "shares",
    "Your function divides by the sum of the shares when nothing counts: 0 / 0, which is nan, and "
    "reaches every gradient from there. Without a share, do not divide.",
)
def nothing_by_nothing(labels, counts, weight, reduction):
    share = counts if weight is None else counts * weight[labels]
    if reduction != "mean":
        return counts, share
    total = share.sum()
    with np.errstate(all="ignore"):
        return counts / total, share / total


@wrong(
    "04.5",
    "shares",
    "Your function multiplies example i by weight[i]. There is one weight per class: look up the "
    "weight of the example's label.",
)
def weight_of_the_position(labels, counts, weight, reduction):
    share = counts if weight is None else counts * np.resize(weight, counts.shape)
    if reduction != "mean" or not counts.any():
        return counts, share
    total = share.sum()
    return counts / total, share / total


@wrong(
    "04.5",
    "shares",
    "Your function divides for a sum too. Only a mean is divided; for a sum and for none each "
    "example counts as its class does.",
)
def divided_for_a_sum(labels, counts, weight, reduction):
    share = counts if weight is None else counts * weight[labels]
    if not counts.any():
        return counts, share
    total = share.sum()
    return counts / total, share / total


@wrong(
    "04.5",
    "finished",
    "Your function calls the mean of nothing 0, which is the best loss there is. 0 / 0 has no "
    "value: add nan, so that somebody notices.",
)
def the_mean_of_nothing_is_perfect(loss, share, target, reduction):
    return loss.reshape(target.shape) if reduction == "none" else loss


@wrong(
    "04.5",
    "finished",
    'Your losses stay in one row. With "none" they have the shape of their labels, so that '
    "whoever asked finds the loss of pixel (n, i) at [n, i].",
)
def left_in_a_row(loss, share, target, reduction):
    if reduction == "mean" and not share.any():
        return loss + math.nan
    return loss


# -------------------------------------------------------------------------------- 04.6 nll_loss


@wrong(
    "04.6",
    "nll_loss",
    "Your loss hands the log-probabilities on as they came, without rows_of: right for (N, C), "
    "wrong for a single example and for pixels.",
)
def only_for_two_dimensions(input, target, weight=None, *, ignore_index=-100, reduction="mean"):
    check_labels("nll_loss", input, target, weight)
    labels, _, share = counted("nll_loss", input, target, weight, ignore_index, reduction)
    loss = apply("nll", input, Tensor(labels), Tensor(share), reduction=reduction)
    return finished(loss, share, target, reduction)


@wrong(
    "04.6",
    "nll_loss",
    "Your loss picks the entries itself and never asks `counted`, so -1 takes the last class "
    "without a word, and ignore_index is ignored. Let `counted` look at the labels first.",
)
def labels_unseen(input, target, weight=None, *, ignore_index=-100, reduction="mean"):
    labels = target.array.reshape(-1)
    share = np.ones(len(labels), input.dtype) if weight is None else weight.array[labels]
    if reduction == "mean":
        share = share / share.sum()
    loss = apply("nll", rows_of(input), Tensor(labels), Tensor(share), reduction=reduction)
    return finished(loss, share, target, reduction)


@wrong(
    "04.6",
    "nll_loss",
    "Your loss takes the first of the two arrays of shares, in which the weights of the classes "
    "are missing. Exercise 7 needs that one; here each example counts as its class does.",
)
def shares_without_weights(input, target, weight=None, *, ignore_index=-100, reduction="mean"):
    check_labels("nll_loss", input, target, weight)
    labels, share, _ = counted("nll_loss", input, target, weight, ignore_index, reduction)
    loss = apply("nll", rows_of(input), Tensor(labels), Tensor(share), reduction=reduction)
    return finished(loss, share, target, reduction)


@wrong(
    "04.6",
    "nll_loss",
    "Your loss comes straight out of the kernel. Losses per pixel then lie in one row, and the "
    "mean of nothing is 0. Let `finished` have the last word.",
)
def never_finished(input, target, weight=None, *, ignore_index=-100, reduction="mean"):
    check_labels("nll_loss", input, target, weight)
    labels, _, share = counted("nll_loss", input, target, weight, ignore_index, reduction)
    return apply("nll", rows_of(input), Tensor(labels), Tensor(share), reduction=reduction)


# -------------------------------------------------------------------------------- 04.7 smoothed


@wrong(
    "04.7",
    "smoothed",
    "Your label's class gets 1 - smoothing and nothing of the rest, so the row adds up to less "
    "than 1. The rest is spread over all classes, the right one among them: add, do not replace.",
)
def replaced_instead_of_added(labels, base, share, weight, classes, smoothing):
    rows = np.empty((len(labels), classes), share.dtype)
    rows[...] = base.reshape(-1, 1) * (smoothing / classes)
    if weight is not None:
        rows *= weight.array
    rows[np.arange(len(labels)), labels] = share * (1 - smoothing)
    return rows


@wrong(
    "04.7",
    "smoothed",
    "Your rest is spread over the wrong classes alone, smoothing / (C - 1) each. That is another "
    "convention; here, as in PyTorch, all C classes get their part.",
)
def spread_over_the_others(labels, base, share, weight, classes, smoothing):
    rows = np.empty((len(labels), classes), share.dtype)
    rows[...] = base.reshape(-1, 1) * (smoothing / (classes - 1))
    if weight is not None:
        rows *= weight.array
    rows[np.arange(len(labels)), labels] = share * (1 - smoothing)
    return rows


@wrong(
    "04.7",
    "smoothed",
    "Your rows do not know how much their example counts: an example to ignore still has a row. "
    "Multiply the spread part by base and the label's part by share.",
)
def shares_forgotten(labels, base, share, weight, classes, smoothing):
    rows = np.full((len(labels), classes), smoothing / classes, share.dtype)
    if weight is not None:
        rows *= weight.array
    rows[np.arange(len(labels)), labels] += 1 - smoothing
    return rows


@wrong(
    "04.7",
    "smoothed",
    "Your spread part uses share, which has the weight of the label in it, and then gets the "
    "weights of the classes once more. The spread part starts from base.",
)
def weighted_twice(labels, base, share, weight, classes, smoothing):
    rows = np.empty((len(labels), classes), share.dtype)
    rows[...] = np.reshape(share, (-1, 1)) * (smoothing / classes)
    if weight is not None:
        rows *= weight.array
    rows[np.arange(len(labels)), labels] += share * (1 - smoothing)
    return rows


@wrong(
    "04.7",
    "smoothed",
    "Your rows are float64, because np.zeros makes float64 unless it is told otherwise. Give them "
    "the type of the shares.",
)
def rows_in_float64(labels, base, share, weight, classes, smoothing):
    rows = np.zeros((len(labels), classes))
    rows += np.reshape(base, (-1, 1)) * (smoothing / classes)
    if weight is not None:
        rows *= weight.array
    rows[np.arange(len(labels)), labels] += share * (1 - smoothing)
    return rows


# -------------------------------------------------------------------------------- 04.8 surprise


@wrong(
    "04.8",
    "surprise",
    "Your classes are always the last dimension. For (N, C, d) they are dimension 1, as "
    "everywhere in PyTorch.",
)
def classes_at_the_end(input, target, weight, ignore_index, smoothing):
    check_probabilities_of_classes(input, target, ignore_index)
    classes = input.shape[-1]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    if weight is not None:
        target = target * weight
    return -(log_softmax(input, -1) * target).sum(-1)


@wrong(
    "04.8",
    "surprise",
    "Your loss averages over the classes, so it is C times too small. The classes of one example "
    "are added up; the mean is over the examples, and comes later.",
)
def mean_over_classes(input, target, weight, ignore_index, smoothing):
    check_probabilities_of_classes(input, target, ignore_index)
    dim = min(1, input.ndim - 1)
    classes = input.shape[dim]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    if weight is not None:
        target = target * weight.reshape(classes, *[1] * (input.ndim - dim - 1))
    return -(log_softmax(input, dim) * target).mean(dim)


@wrong(
    "04.8",
    "surprise",
    "Your smoothing adds the rest without taking it away first, so the targets add up to more "
    "than 1. The old target keeps the part 1 - smoothing.",
)
def smoothing_on_top(input, target, weight, ignore_index, smoothing):
    check_probabilities_of_classes(input, target, ignore_index)
    dim = min(1, input.ndim - 1)
    classes = input.shape[dim]
    if smoothing:
        target = target + smoothing / classes
    if weight is not None:
        target = target * weight.reshape(classes, *[1] * (input.ndim - dim - 1))
    return -(log_softmax(input, dim) * target).sum(dim)


@wrong(
    "04.8",
    "surprise",
    "Your weights multiply along the last dimension. They belong to the classes: give them the "
    "shape (C, 1, ...) so that they meet dimension 1.",
)
def weights_along_the_last_dimension(input, target, weight, ignore_index, smoothing):
    check_probabilities_of_classes(input, target, ignore_index)
    dim = min(1, input.ndim - 1)
    classes = input.shape[dim]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    if weight is not None:
        target = target * weight
    return -(log_softmax(input, dim) * target).sum(dim)


@wrong(
    "04.8",
    "surprise",
    "Your loss compares the target with the shares, not with their logarithms: it is minus the "
    "mean share. A certain mistake then costs 1 at most, where it should cost without a bound.",
)
def shares_instead_of_logs(input, target, weight, ignore_index, smoothing):
    check_probabilities_of_classes(input, target, ignore_index)
    dim = min(1, input.ndim - 1)
    classes = input.shape[dim]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    if weight is not None:
        target = target * weight.reshape(classes, *[1] * (input.ndim - dim - 1))
    return -(log_softmax(input, dim).exp() * target).sum(dim)


# --------------------------------------------------------------------------- 04.9 cross_entropy


@wrong(
    "04.9",
    "cross_entropy",
    "Your loss takes the scores for log-probabilities. Scores can be any size; log_softmax makes "
    "log-shares of them first.",
)
def scores_as_log_probabilities(
    input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    check_smoothing(label_smoothing)
    if isinstance(target, Tensor) and target.dtype.kind == "f":
        losses = surprise(input, target, weight, ignore_index, label_smoothing)
        return reduced(losses, reduction)
    check_labels("cross_entropy", input, target, weight)
    rows = rows_of(input)
    labels, base, share = counted("cross_entropy", input, target, weight, ignore_index, reduction)
    if label_smoothing:
        smooth = smoothed(labels, base, share, weight, rows.shape[1], label_smoothing)
        loss = (rows * Tensor(-smooth)).sum(dim=1 if reduction == "none" else None)
    else:
        loss = apply("nll", rows, Tensor(labels), Tensor(share), reduction=reduction)
    return finished(loss, share, target, reduction)


@wrong(
    "04.9",
    "cross_entropy",
    "Your loss computes the shares first and their logarithm after. A share that was rounded to 0 "
    "has the logarithm minus infinity: scores 2000 apart give inf. log_softmax never makes that "
    "detour.",
)
def log_of_softmax(
    input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    check_smoothing(label_smoothing)
    if isinstance(target, Tensor) and target.dtype.kind == "f":
        losses = surprise(input, target, weight, ignore_index, label_smoothing)
        return reduced(losses, reduction)
    check_labels("cross_entropy", input, target, weight)
    log_probs = log_softmax(rows_of(input), dim=1).exp().log()  # softmax, and its logarithm
    labels, base, share = counted("cross_entropy", input, target, weight, ignore_index, reduction)
    if label_smoothing:
        smooth = smoothed(labels, base, share, weight, log_probs.shape[1], label_smoothing)
        loss = (log_probs * Tensor(-smooth)).sum(dim=1 if reduction == "none" else None)
    else:
        loss = apply("nll", log_probs, Tensor(labels), Tensor(share), reduction=reduction)
    return finished(loss, share, target, reduction)


@wrong(
    "04.9",
    "cross_entropy",
    "Your loss passes the scores through softmax and then takes the log-softmax of that: twice. "
    "Shares lie between 0 and 1, so the second one is nearly even, and the loss hardly moves. "
    "This loss takes the scores as they are.",
)
def softmax_twice(
    input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    check_smoothing(label_smoothing)
    if isinstance(target, Tensor) and target.dtype.kind == "f":
        losses = surprise(input, target, weight, ignore_index, label_smoothing)
        return reduced(losses, reduction)
    check_labels("cross_entropy", input, target, weight)
    log_probs = log_softmax(log_softmax(rows_of(input), dim=1).exp(), dim=1)
    labels, base, share = counted("cross_entropy", input, target, weight, ignore_index, reduction)
    if label_smoothing:
        smooth = smoothed(labels, base, share, weight, log_probs.shape[1], label_smoothing)
        loss = (log_probs * Tensor(-smooth)).sum(dim=1 if reduction == "none" else None)
    else:
        loss = apply("nll", log_probs, Tensor(labels), Tensor(share), reduction=reduction)
    return finished(loss, share, target, reduction)


@wrong(
    "04.9",
    "cross_entropy",
    "Your shares are taken along the batch, dim 0: the examples compete with each other instead "
    "of the classes. After rows_of the classes are dim 1.",
)
def along_the_batch(
    input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    check_smoothing(label_smoothing)
    if isinstance(target, Tensor) and target.dtype.kind == "f":
        losses = surprise(input, target, weight, ignore_index, label_smoothing)
        return reduced(losses, reduction)
    check_labels("cross_entropy", input, target, weight)
    log_probs = log_softmax(rows_of(input), dim=0)
    labels, base, share = counted("cross_entropy", input, target, weight, ignore_index, reduction)
    if label_smoothing:
        smooth = smoothed(labels, base, share, weight, log_probs.shape[1], label_smoothing)
        loss = (log_probs * Tensor(-smooth)).sum(dim=1 if reduction == "none" else None)
    else:
        loss = apply("nll", log_probs, Tensor(labels), Tensor(share), reduction=reduction)
    return finished(loss, share, target, reduction)


@wrong(
    "04.9",
    "cross_entropy",
    "Your loss leaves label_smoothing out: it is checked and never used. With it, the targets are "
    "the rows of `smoothed`, and every log-share counts by its part.",
)
def smoothing_unused(
    input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    check_smoothing(label_smoothing)
    if isinstance(target, Tensor) and target.dtype.kind == "f":
        losses = surprise(input, target, weight, ignore_index, label_smoothing)
        return reduced(losses, reduction)
    check_labels("cross_entropy", input, target, weight)
    log_probs = log_softmax(rows_of(input), dim=1)
    labels, _, share = counted("cross_entropy", input, target, weight, ignore_index, reduction)
    loss = apply("nll", log_probs, Tensor(labels), Tensor(share), reduction=reduction)
    return finished(loss, share, target, reduction)


@wrong(
    "04.9",
    "cross_entropy",
    "Your loss is divided by the number of classes as well: with ten classes it starts at 0.23 "
    "instead of 2.30, and so does every step. The mean is over the examples alone.",
)
def mean_over_classes_too(
    input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    check_smoothing(label_smoothing)
    if isinstance(target, Tensor) and target.dtype.kind == "f":
        losses = surprise(input, target, weight, ignore_index, label_smoothing)
        return reduced(losses, reduction)
    check_labels("cross_entropy", input, target, weight)
    log_probs = log_softmax(rows_of(input), dim=1)
    labels, base, share = counted("cross_entropy", input, target, weight, ignore_index, reduction)
    if label_smoothing:
        smooth = smoothed(labels, base, share, weight, log_probs.shape[1], label_smoothing)
        loss = (log_probs * Tensor(-smooth)).sum(dim=1 if reduction == "none" else None)
    else:
        loss = apply("nll", log_probs, Tensor(labels), Tensor(share), reduction=reduction)
    if reduction == "mean":
        loss = loss / log_probs.shape[1]
    return finished(loss, share, target, reduction)


# ------------------------------------------------------------------------------ 04.10 yes or no


@wrong(
    "04.10",
    "weighted",
    "Your function multiplies whatever comes. A weight of (3,) turns three losses of shape (3, 1) "
    "into nine, and their mean is taken over the wrong things. Compare the shapes before and "
    "after.",
)
def repeated_losses(what, losses, weight):
    return losses if weight is None else losses * weight


@wrong(
    "04.10",
    "weighted",
    "Your function asks for a weight of exactly the shape of the losses. One number per column, or "
    "one for all, may be repeated; only the losses may not.",
)
def no_repeating_at_all(what, losses, weight):
    if weight is not None and weight.shape != losses.shape:
        raise RuntimeError(f"{what} of shape {weight.shape} does not fit losses of {losses.shape}")
    return losses if weight is None else losses * weight


@wrong(
    "04.10",
    "bce_kernel",
    "Your kernel has no floor: log(0) is minus infinity, and 0 times infinity is nan. Hold both "
    "logarithms at -100 or above.",
)
def without_a_floor(p, y):
    with np.errstate(all="ignore"):
        return -(y * np.log(p) + (1 - y) * np.log1p(-p))


@wrong(
    "04.10",
    "bce_kernel",
    "Your kernel computes 1 - p before the logarithm. For p = 1e-12 the subtraction loses digits "
    "that log1p(-p) keeps.",
)
def one_minus_p_first(p, y):
    with np.errstate(all="ignore"):
        return -(y * np.maximum(np.log(p), -100) + (1 - y) * np.maximum(np.log(1 - p), -100))


@wrong(
    "04.10",
    "bce_kernel",
    "Your kernel only looks at the yes part: who says yes to everything has no loss at all. The "
    "no part, (1 - y) log(1 - p), belongs to it.",
)
def only_the_yes_part(p, y):
    return -(y * np.maximum(np.log(p), -100))


@wrong(
    "04.11",
    "binary_cross_entropy_with_logits",
    "Your loss goes through the probability: sigmoid first, logarithm after. For a score of 1000 "
    "the probability is 1, the logarithm of what is left is stopped at -100, and the loss is 100 "
    "instead of 1000. With softplus nothing is rounded on the way.",
)
def through_the_probability(input, target, weight=None, *, reduction="mean", pos_weight=None):
    name = "binary_cross_entropy_with_logits"
    same_shape(name, input, target, ValueError)
    p = (-softplus(-input)).exp()  # sigmoid
    yes, no = apply("bce", p, p * 0 + 1), apply("bce", p, p * 0)
    yes = target * (yes if pos_weight is None else yes * pos_weight)
    losses = yes + (1 - target) * no
    return reduced(weighted("weight", losses, weight), reduction)


@wrong(
    "04.11",
    "binary_cross_entropy_with_logits",
    "Your pos_weight multiplies the whole loss. It is a factor of the yes part alone: it makes a "
    "missed yes dearer, and leaves a false alarm as it was.",
)
def pos_weight_for_all(input, target, weight=None, *, reduction="mean", pos_weight=None):
    name = "binary_cross_entropy_with_logits"
    same_shape(name, input, target, ValueError)
    losses = softplus(input) - input * target
    if pos_weight is not None:
        losses = losses * pos_weight
    return reduced(weighted("weight", losses, weight), reduction)


@wrong(
    "04.11",
    "binary_cross_entropy_with_logits",
    "Your signs are turned: a score above 0 means yes, so log(sigmoid(x)) is -softplus(-x). As it "
    "stands the loss rewards the opposite of the target.",
)
def signs_turned(input, target, weight=None, *, reduction="mean", pos_weight=None):
    name = "binary_cross_entropy_with_logits"
    same_shape(name, input, target, ValueError)
    yes = target * softplus(input)
    if pos_weight is not None:
        yes = yes * pos_weight
    losses = yes + (1 - target) * softplus(-input)
    return reduced(weighted("weight", losses, weight), reduction)


@wrong(
    "04.11",
    "binary_cross_entropy",
    "Your loss takes any number for a probability. A score of 2 has no log(1 - p), and the nan "
    "turns up much later. Refuse what is no probability: check_probabilities.",
)
def any_number_is_a_probability(input, target, weight=None, *, reduction="mean"):
    same_shape("binary_cross_entropy", input, target, ValueError)
    return reduced(weighted("weight", apply("bce", input, target), weight), reduction)


# ------------------------------------------------------------------------------- 04.12 modules


@wrong(
    "04.12",
    "Loss.__init__",
    "Your weights are plain attributes, not buffers: state_dict does not save them. "
    "register_buffer makes a tensor part of the module's state without training it.",
)
def a_plain_attribute(self, function, buffers, **settings):
    super().__init__(function, **settings)
    for name, buffer in buffers.items():
        object.__setattr__(self, name, buffer)
    self.settings += tuple(buffers)


@wrong(
    "04.12",
    "Loss.__init__",
    "Your loss registers its weights and never passes them on: the function is called without "
    "them. Add their names to self.settings, which says what is passed.",
)
def never_passed_on(self, function, buffers, **settings):
    super().__init__(function, **settings)
    for name, buffer in buffers.items():
        self.register_buffer(name, buffer)


@wrong(
    "04.12",
    "CrossEntropyLoss.__init__",
    "Your module keeps ignore_index and reduction, and forgets label_smoothing. Every setting "
    "that the constructor takes has to reach the function.",
)
def smoothing_lost(self, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    super().__init__(
        cross_entropy, {"weight": weight}, ignore_index=ignore_index, reduction=reduction
    )


@wrong(
    "04.12",
    "CrossEntropyLoss.__init__",
    "Your module makes the weights of the classes a Parameter: an optimizer would train them, and "
    "find that the lowest loss has weights of 0. They are a buffer.",
)
def trained_weights(self, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    from tinytorch.core.layers import Parameter

    super().__init__(
        cross_entropy,
        {},
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
    self.weight = None if weight is None else Parameter(weight.array)
    self.settings += ("weight",)


# -------------------------------------------------------------------------------- 04.13 debug it


@wrong(
    "04.13",
    "loss_of_line",
    "The predictions still have the shape (N, 1) and the targets (N,): their difference is (N, N), "
    "every prediction against every target. Print the shapes of both, and give them one.",
)
def still_every_pair(slope, shift, x, y):
    inputs = Tensor(x).reshape(-1, 1)
    weight = Tensor(np.array([[slope]], np.float32))
    errors = (inputs @ weight + shift) - Tensor(y)
    return (errors**2).mean().item()


@wrong(
    "04.13",
    "loss_of_line",
    "You made N numbers of the (N, N) errors by a mean. The shape is right now, and every "
    "prediction is compared with the mean of all targets. Mend the shapes before the subtraction, "
    "not after.",
)
def mended_afterwards(slope, shift, x, y):
    inputs = Tensor(x).reshape(-1, 1)
    weight = Tensor(np.array([[slope]], np.float32))
    errors = ((inputs @ weight + shift) - Tensor(y)).mean(1)
    return (errors**2).mean().item()


@wrong(
    "04.13",
    "loss_of_line",
    "Now the shapes agree, but you sum the squares. The mean was asked for: a loss should not "
    "grow with the number of points.",
)
def summed(slope, shift, x, y):
    inputs = Tensor(x).reshape(-1, 1)
    weight = Tensor(np.array([[slope]], np.float32))
    errors = (inputs @ weight + shift) - Tensor(y).reshape(-1, 1)
    return (errors**2).sum().item()


@wrong(
    "04.13",
    "loss_of_line",
    "You average before you square: errors of +1 and -1 then cancel, and a line that is wrong "
    "everywhere can have no loss. Square first.",
)
def mean_before_square(slope, shift, x, y):
    inputs = Tensor(x).reshape(-1, 1)
    weight = Tensor(np.array([[slope]], np.float32))
    errors = (inputs @ weight + shift) - Tensor(y).reshape(-1, 1)
    return errors.mean().item() ** 2
