"""The small GPT behind `tito chat`: it learns the course's questions by heart, and answers.

This file imports the framework. `tito.chat` does not, and imports this one when it is known whose
code is to run.
"""

from __future__ import annotations

import math
import string
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import tinytorch as torch
from tinytorch import nn
from tinytorch.core.tokenization import CharTokenizer
from tinytorch.core.training import Callback, Trainer, measuring
from tinytorch.core.transformers import GPT
from tinytorch.datasets.text import Question, load_questions
from tinytorch.optim.lr_scheduler import LambdaLR
from tinytorch.utils.data import DataLoader, TensorDataset

if TYPE_CHECKING:
    from tito.console import Bar

__all__ = ["STEPS", "Answer", "answer", "build", "right", "train"]

LETTERS = "\n" + string.digits + string.ascii_letters + string.punctuation + " "
TOKENS = CharTokenizer(LETTERS)
LENGTH = 64  # letters that it sees: the longest question with its answer has 60
NOTHING = -100  # what cross_entropy leaves out
EPOCHS, BATCH, LR, WARM_UP = 110, 28, 1e-2, 20
STEPS = EPOCHS * 4  # 112 questions in batches of 28


class Answer(NamedTuple):
    """What it said, and the probability that it gave to exactly that."""

    text: str
    sure: float


def build() -> nn.Module:
    """The model before training."""
    return GPT(TOKENS.vocab_size, LENGTH, dim=64, num_layers=1, num_heads=4, zero_init=True)


def examples(questions: list[Question]) -> TensorDataset:
    """Questions and answers as ids, and what is to be foretold: the letters of the answers alone.

    Returns: inputs and targets, (N, LENGTH) each. A newline ends the question and the answer.
    """
    ids = np.zeros((len(questions), LENGTH + 1), np.int64)
    targets = np.full_like(ids, NOTHING)
    for row, target, (question, text, _) in zip(ids, targets, questions, strict=True):
        letters = TOKENS.encode(f"{question}\n{text}\n")
        row[: len(letters)] = letters
        start = len(question) + 1
        target[start : len(letters)] = letters[start:]
    used = int((targets != NOTHING).any(axis=0).nonzero()[0].max())  # nothing stands further on
    return TensorDataset(torch.tensor(ids[:, :used]), torch.tensor(targets[:, 1 : used + 1]))


class Follow(Callback):
    """Moves the progress bar."""

    def __init__(self, bar: Bar):
        self.bar = bar

    def on_step_end(self, trainer: Trainer) -> None:
        self.bar.advance(1, loss=trainer.loss)


def train(seed: int, bar: Bar) -> nn.Module:
    """A model that has learnt the questions; the bar counts STEPS steps."""
    torch.manual_seed(seed)
    model = build()
    data = examples(load_questions())
    loader = DataLoader(data, batch_size=BATCH, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, betas=(0.9, 0.98), weight_decay=0.01)

    def rate(step: int) -> float:
        return min((step + 1) / WARM_UP, (STEPS - step) / (STEPS - WARM_UP))

    def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=NOTHING
        )

    trainer = Trainer(
        model,
        loss,
        optimizer,
        scheduler=LambdaLR(optimizer, rate),
        schedule_every="step",
        max_norm=1.0,
        callbacks=[Follow(bar)],
    )
    trainer.fit(loader, EPOCHS)
    return model


def readable(question: str) -> str:
    """The end of the question that the model can see, with ? for letters that it does not know."""
    known = "".join(c if c in TOKENS.ids and c != "\n" else "?" for c in question.strip())
    return known[-(LENGTH - 1) :] + "\n"


def answer(model: nn.Module, question: str) -> Answer:
    """The likeliest letters after the question, one by one, to the end of the line."""
    ids, sure, start = TOKENS.encode(readable(question)), 0.0, len(readable(question))
    with measuring(model):
        while len(ids) < start + LENGTH:
            likely = torch.softmax(model(torch.tensor([ids[-LENGTH:]]))[0, -1], dim=0).numpy()
            letter = int(likely.argmax())
            sure += math.log(likely[letter])
            ids.append(letter)
            if TOKENS.vocab[letter] == "\n":
                break
    return Answer(TOKENS.decode(ids[start:]).strip(), math.exp(sure))


def right(model: nn.Module, questions: list[Question]) -> int:
    """How many of the questions it answers letter for letter."""
    return sum(answer(model, each.question).text == each.answer for each in questions)
