"""Debug it: the writer that stutters.

A colleague trains a small GPT with a data pipeline of their own. Three things are odd:

  * after fifty steps the loss is nearly 0, though the text branches in many places;
  * it is as good on a text that the model has never seen;
  * when it writes, it repeats one letter forever.

All three have one cause. Find it, and mend it in as few lines as you can.
"""

import tinytorch as tt
from tinytorch.core.transformers import GPT, generate
from tinytorch.nn import functional as F

TEXT = "the cat sat on the mat and the rat sat on the cat and the cat ate the rat. " * 4
LETTERS = sorted(set(TEXT))


def windows(ids, starts, length):
    """Parts of a text to learn from: what is read, and what is to be foretold.

    Args:
        ids: (N,), the tokens of the text.
        starts: where the parts begin, a list of numbers up to N - length - 1.
    Returns: inputs and targets, each (len(starts), length).
    """
    inputs = tt.stack([ids[start : start + length] for start in starts])
    targets = tt.stack([ids[start : start + length] for start in starts])
    return inputs, targets


def train(steps=50, length=16):
    """A small model after some steps, and its last loss."""
    tt.manual_seed(0)
    ids = tt.tensor([LETTERS.index(letter) for letter in TEXT])
    model = GPT(len(LETTERS), length, dim=32, num_layers=2, num_heads=2)
    optimizer = tt.optim.AdamW(model.parameters(), lr=1e-2)
    for step in range(steps):
        starts = [(37 * step + 19 * i) % (len(ids) - length) for i in range(8)]
        inputs, targets = windows(ids, starts, length)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        loss.backward()
        optimizer.step()
    return model, loss.item()


if __name__ == "__main__":
    model, loss = train()
    print(f"loss after 50 steps: {loss:.3f}")
    start = tt.tensor([[LETTERS.index("t")]])
    print("".join(LETTERS[i] for i in generate(model, start, 40, temperature=0)[0].tolist()))
