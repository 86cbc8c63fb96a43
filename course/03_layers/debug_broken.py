"""Debug it: the tower that forgets.

A colleague stacks layers of any sizes with a class of their own. It runs, its outputs have the
right shape, and yet three things are odd:

  * the printed number of parameters is 0, whatever the sizes;
  * after eval(), the same input gives another output at every call;
  * a saved tower is loaded without an error, and then answers differently from the one saved.

All three have one cause. Find it, and mend it in as few lines as you can.
"""

import itertools

import tinytorch as tt
from tinytorch import nn


class Tower(nn.Module):
    """Linear layers one after the other, each but the last followed by ReLU and dropout.

    Args:
        sizes: the width of the input, of every layer in between, and of the output.
        p: the probability with which a value in between is dropped.
    """

    def __init__(self, sizes, p=0.1):
        super().__init__()
        self.sizes = tuple(sizes)
        self.layers = []
        for n_in, n_out in itertools.pairwise(sizes[:-1]):
            self.layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(p)]
        self.layers.append(nn.Linear(sizes[-2], sizes[-1]))

    def forward(self, x):
        """(N, sizes[0]) -> (N, sizes[-1])."""
        for layer in self.layers:
            x = layer(x)
        return x


if __name__ == "__main__":
    tower = Tower([64, 32, 32, 10])
    print("parameters:", sum(p.numel() for p in tower.parameters()))
    tower.eval()
    x = tt.ones(1, 64)
    print("two calls after eval() agree:", tower(x).tolist() == tower(x).tolist())
    other = Tower([64, 32, 32, 10]).eval()
    print("loading says:", other.load_state_dict(tower.state_dict()))
    print("the loaded tower agrees:", other(x).tolist() == tower(x).tolist())
