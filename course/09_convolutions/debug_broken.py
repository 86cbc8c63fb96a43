"""Debug it: the pixel that reaches too far.

A colleague mixes the channels of every pixel with a Linear layer, a "1x1 convolution". Each pixel
is to be treated for itself. It runs, and three things are odd:

  * on images of one pixel it is equal to Conv2d, on larger ones it is not;
  * the shapes are right, and a network with it trains, only worse than with Conv2d;
  * when one pixel of the input moves, pixels elsewhere in the output move.

All three have one cause, in PerPixel.forward. Find it, and mend it in as few lines as you can.
"""

import numpy as np

import tinytorch as tt
from tinytorch import nn


class PerPixel(nn.Module):
    """A Linear layer over the channels of every pixel: a convolution with windows of 1x1.

    Args:
        in_channels, out_channels: of the images that come in and go out.
    """

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.mix = nn.Linear(in_channels, out_channels)

    def forward(self, x):
        """(N, in_channels, H, W) -> (N, out_channels, H, W)."""
        N, C, H, W = x.shape
        rows = x.reshape(N * H * W, C)
        mixed = self.mix(rows)
        return mixed.reshape(N, -1, H, W)


def reach(layer, x, row, column):
    """How many pixels of the output move when the pixel at (row, column) of `x` does."""
    moved = x.numpy().copy()
    moved[:, :, row, column] += 1
    with tt.no_grad():
        difference = np.abs(layer(tt.Tensor(moved)).numpy() - layer(x).numpy())
    return int((difference.sum(axis=(0, 1)) > 1e-6).sum())


if __name__ == "__main__":
    tt.manual_seed(0)
    layer, conv = PerPixel(3, 4), nn.Conv2d(3, 4, 1)
    conv.weight.data = layer.mix.weight.data.reshape(4, 3, 1, 1)
    conv.bias.data = layer.mix.bias.data
    for side in (1, 5):
        x = tt.randn(2, 3, side, side)
        equal = np.allclose(layer(x).detach().numpy(), conv(x).detach().numpy(), atol=1e-6)
        print(f"{side}x{side}: shape {layer(x).shape}, equal to Conv2d: {equal}")
    print("pixels that move with one pixel:", reach(layer, x, 2, 2))
