"""2017: attention is all you need.

First a task that only attention can do: ten digits backwards, where every answer hangs on one
digit somewhere else. Then the same layer, stacked and told not to look ahead, learns to write: a
GPT, letter by letter, against tables that count which letter follows which.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from textwrap import fill
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import tinytorch as torch
from tinytorch import nn
from tinytorch.core.attention import attention_weights
from tinytorch.core.tokenization import CharTokenizer
from tinytorch.core.training import Callback, Trainer, measuring
from tinytorch.core.transformers import GPT, FeedForward, generate, next_token_loss
from tinytorch.datasets import load_corpus, load_tinyshakespeare
from tinytorch.optim.lr_scheduler import LambdaLR
from tinytorch.utils.data import DataLoader, RandomSampler, TensorDataset
from tito.terminal_plot import curve, digits_row

if TYPE_CHECKING:
    from tito.stage import Stage

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"  # told apart by all readers


def run(stage: Stage) -> None:
    """Show what attention can do and its rivals cannot, then train a GPT and look inside."""
    reversal = reverse(stage)
    text, recipe = load_corpus(), TALES
    if stage.full:
        text, recipe = load_tinyshakespeare(stage.data), SHAKESPEARE
    story = write(stage, text, recipe)
    heads = probe(stage, story)
    stage.plot(as_text(reversal, story))
    stage.picture(draw(reversal, story, heads), "attention.png", "where it looks, what it learns")


# ------------------------------------------------------------------------------- digits backwards

DIGITS = 10  # in a sequence
ROUNDS, BATCHES, WIDTH = 4, 75, 32  # of training; features of a digit
WAYS = ("attention", "nothing", "attention, no positions", "convolution")


class Reverser(nn.Module):
    """One block: each digit hears of others in one of four `ways`, then thinks for itself."""

    def __init__(self, way):
        super().__init__()
        self.way = way
        self.digit, self.place = nn.Embedding(10, WIDTH), nn.Embedding(DIGITS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        if way.startswith("attention"):
            self.attention = nn.MultiheadAttention(WIDTH, num_heads=1, batch_first=True)
        elif way == "convolution":  # as of 1998: a window of three, the same at every place
            self.convolution = nn.Conv2d(WIDTH, WIDTH, (1, 3), padding=(0, 1))
        self.think = nn.Sequential(nn.LayerNorm(WIDTH), FeedForward(WIDTH))
        self.head = nn.Linear(WIDTH, 10)

    def listen(self, x):
        """What each place hears from others: (N, T, WIDTH), and how much from whom, if it looks."""
        x = self.norm(x)
        if self.way == "nothing":
            return torch.zeros_like(x), None
        if self.way == "convolution":
            image = x.transpose(1, 2).unsqueeze(2)  # (N, WIDTH, 1, T)
            return self.convolution(image).squeeze(2).transpose(1, 2), None
        return self.attention(x, x, x)

    def embed(self, digits):
        """(N, T) -> (N, T, WIDTH): which digit it is, and where it stands."""
        x = self.digit(digits)
        return x if "no positions" in self.way else x + self.place(torch.arange(digits.shape[1]))

    def forward(self, digits):
        """(N, T) -> (N, T, 10): how much speaks for each digit."""
        x = self.embed(digits)
        x = x + self.listen(x)[0]
        return self.head(x + self.think(x))


def cross_entropy(logits, targets):
    """Mean over all places of all sequences, in nats: (N, T, V), (N, T)."""
    return nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


class Reversal(NamedTuple):
    """What the way with attention did with a few fresh sequences."""

    digits: np.ndarray  # (N, T)
    weights: np.ndarray  # (N, T, T): how much each answer looks at each digit


def reverse(stage):
    """Teach four networks to reverse digits, and hold them to what they can do."""
    stage.say("Ten digits backwards: every answer stands somewhere else. Who can find it?")
    rng = np.random.default_rng(stage.seeds)
    fresh = rng.integers(0, 10, (1000, DIGITS))
    with stage.progress("reversing digits", len(WAYS) * ROUNDS * BATCHES) as bar:
        models = {way: train_reverser(way, stage.seeds, bar) for way in WAYS}
    whole, digit = {}, {}
    for way, model in models.items():
        with measuring(model):
            right = model(torch.tensor(fresh)).argmax(dim=2).numpy() == fresh[:, ::-1]
        whole[way], digit[way] = float(100 * right.all(1).mean()), float(100 * right.mean())
        stage.metric(f"{way}: sequences right", whole[way], "%")
    stage.target("attention: sequences right", whole["attention"], at_least=100, at_most=100)
    stage.target("without it: digits right", digit["nothing"], at_most=15)
    stage.target("without positions: digits right", digit["attention, no positions"], at_most=40)
    # The two in the middle are each other's neighbours, and 10 % of the rest is right by chance
    stage.target("convolution: digits right", digit["convolution"], at_least=23, at_most=35)
    model = models["attention"]
    with measuring(model):
        weights = model.listen(model.embed(torch.tensor(fresh[:3])))[1]
    return Reversal(fresh[:3], weights.numpy())


def train_reverser(way, seed, bar):
    """A network that has seen ROUNDS * BATCHES batches of 64 random sequences."""
    torch.manual_seed(seed)
    model = Reverser(way)
    digits = torch.randint(0, 10, (BATCHES * 64, DIGITS))
    loader = DataLoader(TensorDataset(digits, digits.flip(1)), batch_size=64, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    trainer = Trainer(model, cross_entropy, optimizer, callbacks=[Count(bar)])
    trainer.fit(loader, ROUNDS)
    return model


class Count(Callback):
    """Moves the progress bar."""

    def __init__(self, bar):
        self.bar = bar

    def on_step_end(self, trainer):
        self.bar.advance(1, loss=trainer.loss)


# ------------------------------------------------------------------------------------- the writer


class Recipe(NamedTuple):
    """The size of a GPT, how it is trained, and the loss that it must reach."""

    layers: int
    dim: int
    heads: int
    length: int  # characters that it sees
    epochs: int
    steps: int  # in an epoch
    lr: float
    target: float  # nats per character, on text that it has not seen


TALES = Recipe(2, 64, 4, 64, epochs=4, steps=125, lr=1e-2, target=1.5)
SHAKESPEARE = Recipe(3, 128, 4, 128, epochs=8, steps=200, lr=6e-3, target=1.65)
BATCH, WARM_UP = 16, 50
MARGIN = {"initial_indent": "    ", "subsequent_indent": "    "}  # of what it writes
LEAST = 0.7  # nats: below it the measurement is wrong, for English cannot be foretold so well


class Story(NamedTuple):
    """A GPT that has learnt to write, what it was tested on, and how it came there."""

    model: nn.Module
    tokenizer: CharTokenizer
    held: np.ndarray  # the ids of the last tenth of the text
    losses: list  # one for each step
    measured: list  # (step, loss on the held tenth)
    counted: dict  # what tables of counts reach: their name to their loss


def write(stage, text, recipe):
    """Train a GPT on nine tenths of `text`, test it on the last, and let it write."""
    tokenizer = CharTokenizer(text)
    ids = np.array(tokenizer.encode(text))
    cut = len(ids) * 9 // 10
    back = "".join(tokenizer.decode(ids[i : i + 1000]) for i in range(0, len(ids), 1000))
    same = 100 * sum(a == b for a, b in zip(back, text, strict=False)) / len(text)
    stage.target("characters that tokens bring back", same, at_least=100, at_most=100)
    torch.manual_seed(stage.seeds)
    size = (tokenizer.vocab_size, recipe.length, recipe.dim, recipe.layers, recipe.heads)
    model = GPT(*size, zero_init=True, rotary=True)
    count = sum(p.numel() for p in model.parameters())
    checkpoint = stage.checkpoint("shakespeare") if stage.full else None
    stage.say(f"\nA GPT of {count:,} numbers reads {cut:,} characters. Before, it writes:")
    held = ids[cut - 1 :]  # the first is read only
    with stage.progress("learning to write", recipe.epochs * recipe.steps) as bar:
        follow = Follow(stage, bar, tokenizer, held)
        train_writer(model, ids[:cut], recipe, follow, checkpoint)
    counted = {
        name: count_letters(text[:cut], text[cut:], order, tokenizer.vocab_size)
        for name, order in (("pairs", 2), ("triples", 3))
    }
    known, words = set(words_of(text[:cut])), words_of(follow.written)
    share = 100 * sum(word in known for word in words) / max(1, len(words))
    stage.metric("words written that are words of the text", share, "%")
    loss = follow.measured[-1][1]
    nats = "nats a character"
    stage.target("loss on unseen text", loss, at_least=LEAST, at_most=recipe.target, unit=nats)
    for name, counts in counted.items():
        stage.metric(f"a table of {name}", counts, nats)
    gained = counted["triples"] - loss
    stage.target("below a table of triples by", gained, at_least=0.1, unit=nats)
    return Story(model, tokenizer, held, follow.losses, follow.measured, counted)


def words_of(text):
    """The words of a text in small letters."""
    return re.findall(r"[a-z]+", text.lower())


def train_writer(model, ids, recipe, follow, checkpoint=None):
    """Train on windows from anywhere in `ids`; the rate rises for a while, then falls to 0."""
    windows = torch.Tensor(np.lib.stride_tricks.sliding_window_view(ids, recipe.length + 1))
    data = TensorDataset(windows[:, :-1], windows[:, 1:])  # what comes, and what comes next
    sampler = RandomSampler(data, replacement=True, num_samples=recipe.steps * BATCH)
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1]},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=recipe.lr, betas=(0.9, 0.98), weight_decay=0.1)
    steps = recipe.epochs * recipe.steps

    def rate(step):
        return min((step + 1) / WARM_UP, (steps - step) / max(1, steps - WARM_UP))

    trainer = Trainer(
        model,
        cross_entropy,
        optimizer,
        scheduler=LambdaLR(optimizer, rate),
        schedule_every="step",
        max_norm=1.0,
        callbacks=[follow],
        checkpoint=checkpoint,
    )
    loader = DataLoader(data, batch_size=BATCH, sampler=sampler)
    trainer.fit(loader, recipe.epochs, resume=checkpoint is not None)


class Follow(Callback):
    """Moves the bar, measures the loss on the held text, and lets the model write now and then."""

    def __init__(self, stage, bar, tokenizer, held):
        self.stage, self.bar, self.tokenizer, self.held = stage, bar, tokenizer, held
        self.losses, self.measured, self.written = [], [], ""

    def on_fit_begin(self, trainer):
        self.bar.advance(trainer.step)
        if not self.measured:
            self.measure(trainer)
            self.show(trainer.model)

    def on_step_end(self, trainer):
        self.losses.append(trainer.loss)
        self.bar.advance(1, loss=trainer.loss)

    def on_epoch_end(self, trainer):
        self.measure(trainer)
        if trainer.epoch == trainer.epochs // 2:
            self.stage.say("Half way:")
            self.show(trainer.model)

    def on_fit_end(self, trainer):
        self.stage.say("At the end:")
        self.show(trainer.model, 400)

    def measure(self, trainer):
        loss = mean_loss(trainer.model, self.held)
        self.measured.append([trainer.step, loss])
        self.bar.advance(0, unseen=loss)

    def show(self, model, length=160):
        """Print what the model writes at the beginning of a line."""
        start = torch.tensor([self.tokenizer.encode("\n")])
        chance = torch.Generator().manual_seed(self.stage.seeds)
        ids = generate(model, start, length, temperature=0.8, generator=chance)
        self.written = self.tokenizer.decode(ids[0]).strip()
        for line in filter(None, self.written.splitlines()):
            self.stage.console.line(fill(line, 72, **MARGIN), style="italic")

    def state_dict(self):
        return {"losses": self.losses, "measured": self.measured}


def mean_loss(model, ids):
    """Nats a character over all of `ids` but the first, in windows that do not overlap."""
    T = model.max_length
    whole = (len(ids) - 1) // T * T
    windows = np.lib.stride_tricks.sliding_window_view(ids, T + 1)[:whole:T]  # (N, T + 1)
    batches = [windows[i : i + 64] for i in range(0, len(windows), 64)]
    batches += [ids[None, whole:]] if whole < len(ids) - 1 else []
    with measuring(model):
        losses = [next_token_loss(model, torch.tensor(batch)).item() for batch in batches]
    sizes = [batch.size - len(batch) for batch in batches]
    return float(np.average(losses, weights=sizes))


def count_letters(text, held, order, letters, discount=0.75):
    """The loss on `held` of a table that counts which letter follows the `order` - 1 before it.

    Where it has seen little it leans on the table of one letter less, and that one on the next
    (absolute discounting), so that nothing is impossible to it.
    """
    tables = [defaultdict(Counter) for _ in range(order)]
    for seen, table in enumerate(tables):
        for i in range(seen, len(text)):
            table[text[i - seen : i]][text[i]] += 1
    totals = [{k: sum(counts.values()) for k, counts in table.items()} for table in tables]
    loss = 0.0
    for i, letter in enumerate(held):
        likely = 1 / letters
        for seen in range(min(order, i + 1)):
            before = held[i - seen : i]
            if counts := tables[seen].get(before):
                leant = discount * len(counts) * likely
                likely = (max(counts[letter] - discount, 0) + leant) / totals[seen][before]
        loss -= math.log(likely)
    return loss / len(held)


# ------------------------------------------------------------------------------------ a look inside


class Heads(NamedTuple):
    """What the heads of a GPT look at while it reads a piece of text."""

    text: str
    weights: list  # of each block (H, T, T)


def probe(stage, story):
    """Hold the GPT to what attention promises; returns what its heads look at."""
    model, T = story.model, story.model.max_length
    rows = np.stack([story.held[i : i + T] for i in range(0, 8 * T, T)])
    with measuring(model):
        weights = [w.numpy() for w in look(model, torch.tensor(rows))]
        leaked, differing = leak(model, rows[0]), 100 * by_context(model, story.held)
    stage.target("a later letter moves earlier scores by", leaked, at_most=0, unit="")
    stage.target("prediction that hangs on the context", differing, at_least=10)
    entropy = 100 * float(np.mean([evenness(w) for w in weights]))
    stage.target("attention, where 100 % is even", entropy, at_most=85)
    text = story.tokenizer.decode(story.held)
    size = min(T, 32)
    start = re.search(rf"(?<=\n)[^\n]{{{size}}}", text).start()
    with measuring(model):
        found = look(model, torch.tensor(story.held[None, start : start + size]))
    return Heads(text[start : start + size], [w[0].numpy() for w in found])


def look(model, ids):
    """How much each place looks at each place before it: (N, H, T, T) for each block."""
    x, found = model.position(model.token(ids)), []
    for block in model.blocks:
        q, k, _ = block.attention.project(block.norm1(x))
        found.append(attention_weights(q, k, is_causal=True))
        x = block(x)
    return found


def leak(model, ids):
    """By how much the scores of the first half change when the second half of `ids` does."""
    half = len(ids) // 2
    other = np.concatenate([ids[:half], ids[half:][::-1] ^ 1])
    pair = [model(torch.tensor(row[None]))[0, :half].numpy() for row in (ids, other)]
    return float(np.abs(pair[0] - pair[1]).max())


def by_context(model, ids):
    """How far predictions after one and the same letter lie apart: 0 for a table of pairs, to 1.

    Half the sum of the differences from their mean (total variation), over 64 contexts.
    """
    T = model.max_length
    ends = np.flatnonzero(ids[T - 1 : -1] == np.bincount(ids).argmax())[:64]
    rows = np.stack([ids[end : end + T] for end in ends])
    likely = torch.softmax(model(torch.tensor(rows))[:, -1], dim=1).numpy()
    return float(np.abs(likely - likely.mean(axis=0)).sum(axis=1).mean() / 2)


def evenness(weights):
    """The entropy of attention over that of an even look at all letters so far, from the 8th on."""
    T = weights.shape[-1]
    entropy = -(weights * np.log(np.maximum(weights, 1e-30))).sum(axis=-1)  # (N, H, T)
    return float((entropy / np.log(np.arange(1, T + 1) + 1e-9))[..., 8:].mean())


# --------------------------------------------------------------------------------------- pictures


def as_text(reversal, story):
    """Attention that goes backwards, and the loss, for a terminal."""
    labels = ["".join(map(str, digits)) for digits in reversal.digits]
    losses = curve(story.losses, height=6, label="loss, step by step")
    return digits_row(list(reversal.weights), labels) + "\n\n" + losses


def draw(reversal, story, heads):
    """The map of the reversal, the loss with its controls, and the maps of a GPT's heads."""
    from matplotlib import pyplot as plt

    layers, count = len(heads.weights), len(heads.weights[0])
    figure = plt.figure(figsize=(13, 4.2 + 2.6 * layers), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[4.2, 2.6 * layers])
    left, right = above.subplots(1, 2, width_ratios=[1, 1.7])
    draw_reversal(left, reversal)
    draw_losses(right, story)
    text = heads.text.replace("\n", " ")
    below.suptitle(f"What each head looks at while the GPT reads: {text}")
    grid = below.subplots(layers, count, squeeze=False)
    for layer, (row, weights) in enumerate(zip(grid, heads.weights, strict=True)):
        for head, (axes, one) in enumerate(zip(row, weights, strict=True)):
            axes.imshow(one, cmap="Blues", vmin=0, vmax=1)
            axes.set_title(f"layer {layer + 1}, head {head + 1}", fontsize=9)
            axes.set_xticks(range(len(text)), text, fontsize=5)
            axes.set_yticks(range(len(text)), text, fontsize=5)
            axes.tick_params(length=0)
    return figure


def draw_reversal(axes, reversal):
    """How much each answer of the first sequence looks at each of its digits."""
    digits = reversal.digits[0].astype(str)
    axes.imshow(reversal.weights[0], cmap="Blues", vmin=0, vmax=1)
    axes.set(title="Reversal: which digit each answer looks at", xlabel="digit", ylabel="answer")
    axes.set_xticks(range(DIGITS), digits)
    axes.set_yticks(range(DIGITS), digits[::-1])


def draw_losses(axes, story):
    """The loss of each step, that on unseen text, and what tables of counts reach."""
    losses = np.array(story.losses)
    window = 1 + len(losses) // 50
    smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
    axes.plot(range(1, len(losses) + 1), losses, color=BLUE, lw=0.4, alpha=0.3)
    steps = np.arange(len(smooth)) + window // 2 + 1
    axes.plot(steps, smooth, color=BLUE, lw=2, label="while training")
    label = f"on unseen text: {story.measured[-1][1]:.3f}"
    axes.plot(*zip(*story.measured, strict=True), "o-", color=ORANGE, lw=2, label=label)
    for (name, loss), style in zip(story.counted.items(), ("--", ":"), strict=True):
        axes.axhline(loss, color=GREY, ls=style, lw=1.5, label=f"a table of {name}: {loss:.3f}")
    axes.set(title="Loss of the GPT, in nats a character", xlabel="step")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
