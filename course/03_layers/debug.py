"""Debug it, mended: the tower keeps its layers where a module looks for them."""

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
        layers = []
        for n_in, n_out in itertools.pairwise(sizes[:-1]):
            layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(p)]
        layers.append(nn.Linear(sizes[-2], sizes[-1]))
        self.layers = nn.ModuleList(layers)  # a list whose modules are found

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
