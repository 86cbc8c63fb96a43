"""A network with shortcuts that does not learn.

`swish` is an activation that somebody added: x times sigmoid(x), with a kernel and a rule. Its
author ran gradcheck on it, and it passed. In a plain network it trains. In a block with a shortcut,
x + swish(x), the loss creeps, and nobody sees why: there is no error, no NaN, no wrong shape.

    x = tensor([2.0], requires_grad=True)
    swish(x).backward()     # x.grad is 1.0908, as it should be
    block(x).backward()     # on a new x: 2.1816, where 1 + 1.0908 was expected

Find out what happens to the gradient of the shortcut, and mend the function that is at fault.
"""

import numpy as np

from tinytorch import Tensor
from tinytorch.core.autograd import vjp
from tinytorch.core.tensor import apply, kernel


@kernel("course_swish")
def swish_kernel(x):
    """x * sigmoid(x), on an array."""
    return x / (1 + np.exp(-x))


@vjp("course_swish(x)", wrt="x")
def swish_dx(g, x):
    """The slope of x * s(x) is s + x * s * (1 - s), where s is the sigmoid."""
    share = 1 / (1 + np.exp(-x))
    slope = share + x * share * (1 - share)
    return g * slope


def swish(x: Tensor) -> Tensor:
    """The activation, on a tensor."""
    return apply("course_swish", x)


def block(x: Tensor) -> Tensor:
    """A layer with a shortcut around it: what swish makes of x is added to x."""
    return x + swish(x)
