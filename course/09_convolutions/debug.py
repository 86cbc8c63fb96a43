"""Debug it, mended: every pixel's channels in one row, for themselves."""

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
        rows = x.permute(0, 2, 3, 1).reshape(N * H * W, C)  # turned first: a row is a pixel
        mixed = self.mix(rows)
        return mixed.reshape(N, H, W, -1).permute(0, 3, 1, 2)


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
