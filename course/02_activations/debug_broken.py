"""A reader of digits that says how sure it is.

The story: Ada tests it on the first ten test pictures and is content. Ben sends the same pictures
one at a time and gets nan. Cem sends them by the hundred, and picture 1, which was a 2 in Ada's
batch, is an 8 in his. Nobody touched the pictures or the templates.

Each picture is compared with a template for each class. To make pictures with faint and with heavy
ink comparable, a picture's scores are brought to mean 0 and spread 1 before the softmax.
"""

import tinytorch as torch
from tinytorch import Tensor


def similarity(images: Tensor, templates: Tensor) -> Tensor:
    """How well each picture fits each template: (N, D) and (C, D), to (N, C)."""
    return images @ templates.T


def probabilities(images: Tensor, templates: Tensor, temperature: float = 1.0) -> Tensor:
    """The probabilities of the classes for each picture, from its own scores alone.

    Args:
        images: (N, D), a picture per row; N may be 1.
        templates: (C, D), a template per class.
        temperature: above 1 less sure, below 1 more sure.
    Returns: (N, C), each row adds up to 1.
    """
    scores = similarity(images, templates)  # (N, C)
    centred = scores - scores.mean(dim=0, keepdim=True)
    spread = (centred * centred).mean(dim=0, keepdim=True).sqrt()
    return torch.softmax(centred / spread / temperature, dim=1)


def read(images: Tensor, templates: Tensor) -> list[tuple[int, float]]:
    """For each picture the likeliest class, and its probability."""
    shares = probabilities(images, templates)
    return [(int(row.argmax()), round(float(row.amax()), 3)) for row in shares]
