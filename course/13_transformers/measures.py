"""Predict, then measure: what a GPT weighs, costs, keeps, and how it fares with its norms."""

import numpy as np

from tito.measures import measure, seconds


@measure(
    "13.a",
    "How many parameters has GPT(vocab_size=65, max_length=128, dim=256, num_layers=4, "
    "num_heads=4), with tied weights?",
    unit="parameters",
    within=0.05,
    explain="12 * 4 * 256² = 3,145,728 in the matrices of the blocks, (65 + 128) * 256 = 49,408 "
    "in the two tables, and 13,824 biases and factors of norms. Width counts twice, depth once. "
    "GPT-2's smallest model, by the same count: 12 * 12 * 768² = 85 million in the blocks and 39 "
    "million in the tables, for its vocabulary has 50,257 tokens.",
)
def parameters_of_a_gpt() -> float:
    from tinytorch.core.transformers import GPT

    model = GPT(65, 128, 256, 4, 4)
    return float(sum(p.numel() for p in model.parameters()))


def products(op, arrays, out):
    """How many products the operation needs, for those that are matrix products."""
    shapes = [a.shape for a in arrays]
    if op == "matmul":
        return out.size * shapes[0][-1]
    if op in ("matmul.vjp0", "matmul.vjp1"):
        g, other = shapes[0], shapes[1]
        return int(np.prod(g)) * (other[-2] if op == "matmul.vjp0" else other[-1])
    if op == "linear":
        return out.size * shapes[0][-1]
    if op in ("linear.vjp0", "linear.vjp1"):
        return int(np.prod(shapes[0])) * shapes[1][-1]
    return 0


@measure(
    "13.b",
    "A training step of GPT(65, 64, 128, 4, 4), about 0.8 million parameters N: how many million "
    "floating-point operations per token, in the matrix products?",
    unit="million",
    within=0.15,
    explain="6 N is 4.86 million. What is measured is a little more: attention multiplies queries "
    "with keys and shares with values, 2 * T * C products per token and layer, and twice that on "
    "the way back, which no parameter pays for. At T = 64 it is 8 percent; it grows with T, and "
    "at T = 6 C = 768 it is as much as the rest. The positions' table, which is only added, is in "
    "N and costs nothing.",
)
def operations_per_token() -> float:
    import tinytorch as tt
    from tinytorch.core.tensor import listen
    from tinytorch.core.transformers import GPT, next_token_loss

    counted = [0]

    def count(below, op, tensors, options):
        out = below(op, tensors, options)
        counted[0] += products(op, [t.array for t in tensors], out.array)
        return out

    model = GPT(65, 64, 128, 4, 4)
    ids = tt.tensor(np.random.default_rng(0).integers(0, 65, (2, 65)))
    with listen(count):
        next_token_loss(model, ids).backward()
    return 2 * counted[0] / (2 * 64) / 1e6


@measure(
    "13.c",
    "Learning to count from 0 to 26, over and over; 25 steps at a rate of 0.01: how many nats is "
    "the loss of the pre-norm model below that of the post-norm model? (Both begin at 3.3.)",
    unit="nats",
    within=0.6,
    explain="The post-norm model has learned nothing: it still guesses among 27 tokens. Each of "
    "its 24 norms divides the straight way by about the square root of 2, so what the first block "
    "says of the input has all but drowned at the end, and large steps hit the last layers. The "
    "pre-norm model is at half of its loss. Those who trained post-norm models, in 2017, raised "
    "the rate slowly over thousands of steps (warmup_cosine of module 07 does that).",
)
def what_the_place_of_the_norm_costs() -> float:
    return after_steps(norm_first=False) - after_steps(norm_first=True)


def after_steps(norm_first: bool) -> float:
    """The loss of a deep model after a few steps."""
    import tinytorch as tt
    from tinytorch.core.transformers import GPT, next_token_loss

    tt.manual_seed(0)
    model = GPT(27, 16, 32, 12, 4, norm_first=norm_first)
    for module in model.blocks.modules():
        if isinstance(module, tt.nn.Linear):
            tt.nn.init.xavier_normal_(module.weight)
    optimizer = tt.optim.AdamW(model.parameters(), lr=0.01)
    rng = np.random.default_rng(0)
    for _ in range(25):
        ids = (rng.integers(0, 27, (8, 1)) + np.arange(17)) % 27
        optimizer.zero_grad()
        loss = next_token_loss(model, tt.tensor(ids))
        loss.backward()
        optimizer.step()
    return loss.item()


@measure(
    "13.d",
    "GPT(65, 64, 128, 4, 4), whose parameters are 3.2 MB: how many MB does the graph of one "
    "forward hold for 16 texts of 64 tokens?",
    unit="MB",
    within=0.5,
    explain="One stream for 16 texts of 64 tokens is 0.5 MB, and each block keeps many: what its "
    "norms and linear layers read, queries, keys and values, the shares of attention (16 * 4 * 64 "
    "* 64 numbers), and four times the width twice in the feed-forward network. It grows with the "
    "batch, and the parameters do not: memory is what limits a batch. Frameworks trade it for "
    "time by computing a block again on the way back (torch.utils.checkpoint).",
)
def megabytes_kept() -> float:
    import tinytorch as tt
    from tinytorch.core.transformers import GPT, next_token_loss

    model = GPT(65, 64, 128, 4, 4)
    ids = tt.tensor(np.random.default_rng(0).integers(0, 65, (16, 65)))
    own = {id(owner(p.array)) for p in model.parameters()}
    todo, seen, kept = [next_token_loss(model, ids).grad_fn], set(), {}
    while todo:
        node = todo.pop()
        if node in seen or not hasattr(node, "kept"):
            continue
        seen.add(node)
        todo += [edge[0] for edge in node.edges]
        for array in (array for arrays in node.kept for array in arrays):
            kept[id(owner(array))] = owner(array).nbytes
    return sum(size for key, size in kept.items() if key not in own) / 1e6


def owner(array: np.ndarray) -> np.ndarray:
    """The array that owns the memory which `array` looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


@measure(
    "13.e",
    "How many times as long does generate take for one more token after 256 tokens as after 32?",
    unit="times",
    within=1.0,
    explain="The matrices see all tokens again, so their work grows with T, and attention's with "
    "T². A text of T tokens costs T times that. Nearly all of it was computed before: the keys "
    "and values of old tokens do not change, because nobody looks ahead. Small models lose some "
    "of it in what every call costs, whatever its size.",
)
def cost_of_one_more_token() -> float:
    import tinytorch as tt
    from tinytorch.core.transformers import GPT, generate

    model = GPT(65, 256, 64, 2, 4)
    short, long = tt.zeros(1, 32).long(), tt.zeros(1, 256).long()
    once = seconds(lambda: generate(model, short, 1, temperature=0))
    return seconds(lambda: generate(model, long, 1, temperature=0)) / once
