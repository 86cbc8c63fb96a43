"""The ink that kept fading.

Scanned digits have grey paper around the ink. `without_paper` takes the mean of each image away
from it, and what is then below 0 becomes 0: the ink is left. The first report was fine. But the
more often anybody asked, the less ink there was, and the network that was trained afterwards
learned from digits that had grown thin. Nobody had written to the images, so they said.
"""

from tinytorch import Tensor
from tinytorch.datasets import load_digits


def without_paper(images: Tensor) -> Tensor:
    """Images less the mean of each, and 0 where that is negative.

    Args:
        images: (N, 1, height, width), 0 for paper and 1 for ink; they stay as they are.
    Returns: new images of the same shape.
    """
    flat = images.reshape(len(images), -1).clone()  # (N, pixels)
    flat -= flat.mean(1, keepdim=True)
    flat[flat < 0] = 0.0
    return flat.reshape(images.shape)


def report(images: Tensor, times: int = 3) -> None:
    """Ask several times how much ink there is on average: the answer should never change."""
    for number in range(times):
        ink = without_paper(images).sum((1, 2, 3)).mean()
        print(f"report {number + 1}: {ink:.3f} of ink per digit")


if __name__ == "__main__":
    report(load_digits()[0])
