"""Right versions that are written differently from the reference; none of them may be accused."""

from tito.misconceptions import right


@right("04.1", "reduced")
def as_a_table(losses, reduction):
    check_reduction(reduction)
    ways = {"mean": Tensor.mean, "sum": Tensor.sum, "none": lambda each: each}
    return ways[reduction](losses)


@right("04.2", "mse_loss")
def by_a_product(input, target, *, reduction="mean"):
    same_shape("mse_loss", input, target)
    error = target - input
    return reduced(error * error, reduction)


@right("04.3", "nll_kernel")
def with_a_loop(log_probs, labels, share, reduction):
    share = np.broadcast_to(share, labels.shape)
    losses = np.zeros(len(labels), log_probs.dtype)
    for row, label in enumerate(labels):
        losses[row] = -log_probs[row, label] * share[row]
    return losses if reduction == "none" else losses.sum()


@right("04.4", "rows_of")
def by_one_path(input):
    if input.ndim == 1:
        input = input.unsqueeze(0)
    order = [0, *range(2, input.ndim), 1]
    moved = input.permute(*order)
    rows = 1
    for size in moved.shape[:-1]:
        rows *= size
    return moved.reshape(rows, input.shape[1])


@right("04.5", "shares")
def step_by_step(labels, counts, weight, reduction):
    base, share = counts.copy(), counts.copy()
    if weight is not None:
        share *= np.take(weight, labels)
    if reduction == "mean" and counts.max(initial=0) > 0:
        total = share.sum()
        base /= total
        share /= total
    return base, share


@right("04.7", "smoothed")
def from_an_identity_matrix(labels, base, share, weight, classes, smoothing):
    right = np.eye(classes, dtype=share.dtype)[labels] * np.reshape(share, (-1, 1))
    even = np.ones((len(labels), classes), share.dtype) * np.reshape(base, (-1, 1)) / classes
    if weight is not None:
        even = even * weight.array
    return (right * (1 - smoothing) + even * smoothing).astype(share.dtype)


@right("04.11", "binary_cross_entropy_with_logits")
def from_both_softplus(input, target, weight=None, *, reduction="mean", pos_weight=None):
    same_shape("binary_cross_entropy_with_logits", input, target, ValueError)
    yes = target * softplus(-input)
    if pos_weight is not None:
        yes = yes * pos_weight
    losses = yes + (1 - target) * softplus(input)
    return reduced(weighted("weight", losses, weight), reduction)
