"""Debug it: the model that reads the batch instead of the sentence.

A sentence holds the letters A and B once each, among others. The model is to say which of the two
comes first. Every word is marked with its place, so it could know. Three things are odd:

  * it learns nothing: it is right half of the time, after any number of steps;
  * its answer for one sentence changes with the other sentences of the batch;
  * a sentence and its reverse get the same answer.

All three have one cause. Find it, and mend it in as few characters as you can.
"""

import numpy as np

import tinytorch as tt
from tinytorch import nn
from tinytorch.nn import functional as F

A, B, LENGTH = 0, 1, 8


class FirstOrLast(nn.Module):
    """Which of two letters comes first: a vector for each word, one for its place, a small network.

    Args:
        letters: how many letters there are.
        dim: how many features a vector has.
    """

    def __init__(self, letters, dim=16):
        super().__init__()
        self.words = nn.Embedding(letters, dim)
        self.places = nn.Embedding(512, dim)  # it was 8, until an IndexError asked for more
        self.inner, self.out = nn.Linear(dim, 32), nn.Linear(32, 2)

    def marked(self, ids):
        """Ids (batch, time) -> vectors (batch, time, dim) that know their word and their place."""
        x = self.words(ids)
        rows = self.places(tt.arange(x.shape[0]))
        return x + rows.unsqueeze(1)

    def forward(self, ids):
        """Ids (batch, time) -> two scores (batch, 2)."""
        hidden = F.relu(self.inner(self.marked(ids)))
        return self.out(hidden.sum(dim=1))


def sentences(rng, number, letters=6):
    """Random sentences of LENGTH words with one A and one B; 0 where A comes first, else 1."""
    ids = rng.integers(2, letters, (number, LENGTH))
    places = np.argsort(rng.random((number, LENGTH)), axis=1)[:, :2]  # two different ones
    np.put_along_axis(ids, places, np.array([[A, B]]), axis=1)
    return tt.tensor(ids), tt.tensor((places[:, 0] > places[:, 1]).astype(np.int64))


def accuracy(steps):
    """Train for so many steps, and say how often the model is right on new sentences."""
    tt.manual_seed(0)
    rng = np.random.default_rng(0)
    model = FirstOrLast(6)
    optimizer = tt.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(steps):
        ids, labels = sentences(rng, 64)
        optimizer.zero_grad()
        F.cross_entropy(model(ids), labels).backward()
        optimizer.step()
    ids, labels = sentences(rng, 500)
    return (model(ids).argmax(1) == labels).float().mean().item()


if __name__ == "__main__":
    print("right:", round(accuracy(100), 2))
    tt.manual_seed(0)
    model, sentence = FirstOrLast(6), [2, 0, 3, 1]
    for others in ([], [[4, 4, 0, 1]]):
        answer = model(tt.tensor([*others, sentence]))[-1].tolist()
        print(f"in a batch of {1 + len(others)}:", [round(value, 2) for value in answer])
    answer = model(tt.tensor([sentence[::-1]]))[0].tolist()
    print("in reverse:   ", [round(value, 2) for value in answer])
