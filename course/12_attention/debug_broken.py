"""Debug it: the reader that knows the future.

A colleague trains a model to predict the next digit, and tries it on random digits first. Nobody
can predict those: the loss should stay at ln 10 = 2.30. It falls far below.

  * the printed loss falls below 0.3, on digits that are drawn anew for every step;
  * changing the last digit of a sequence changes what is predicted long before it;
  * the prediction at the last position does not depend on the digits at all.

All three have one cause. Find it, and mend it in as few lines as you can.
"""

import math

import tinytorch as tt
from tinytorch import nn
from tinytorch.core.attention import causal_mask
from tinytorch.core.embeddings import PositionalEmbedding


class Reader(nn.Module):
    """Reads digits from left to right, and after each one bets on the next.

    Args:
        dim: the features of every position.
        length: the longest sequence.
    """

    def __init__(self, dim=32, length=16):
        super().__init__()
        self.table = nn.Embedding(10, dim)
        self.positions = PositionalEmbedding(length, dim)
        self.attention = nn.MultiheadAttention(dim, 2, batch_first=True)
        self.head = nn.Linear(dim, 10)

    def forward(self, tokens):
        """(B, T) digits -> (B, T, 10) scores for the digit after each."""
        x = self.positions(self.table(tokens))
        mask = causal_mask(tokens.shape[1])  # a position sees itself and the past
        heard, _ = self.attention(x, x, x, attn_mask=mask, need_weights=False)
        return self.head(heard)


if __name__ == "__main__":
    tt.manual_seed(0)
    reader = Reader()
    optimizer = tt.optim.Adam(reader.parameters(), lr=0.01)
    print(f"random digits: no reader can do better than ln 10 = {math.log(10):.2f} for long")
    for step in range(1, 301):
        tokens = tt.randint(0, 10, (32, 12))
        scores = reader(tokens[:, :-1])
        loss = nn.functional.cross_entropy(scores.reshape(-1, 10), tokens[:, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.2f}")
