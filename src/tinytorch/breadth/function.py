"""Operations with a backward of their own; backward from several tensors, grad, the anomaly switch.

A `Function` enters the table of operations as `Name.apply`. What happens within its
forward and its backward passes through the door operation by operation, unrecorded; then the call
as a whole is noted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from tinytorch.core import autograd as engine
from tinytorch.core.autograd import MODE, no_grad, vjp
from tinytorch.core.tensor import KERNELS, Tensor, apply, listen

__all__ = [
    "Function", "backward", "grad", "set_detect_anomaly",
]  # fmt: skip


class Context:
    """What `forward` leaves for `backward`: saved tensors, and any attribute that it sets.

    `needs_input_grad` says for each argument of `apply` whether its gradient is wanted.
    """

    def __init__(self, function: type[Function], args: tuple):
        self.function = function
        self.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        self.tensors_at = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        self.differentiable = True
        self.saved: list[Tensor | None] = []
        self.gradients: dict[int, np.ndarray] = {}

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors; a later change in place is noticed, and `backward` frees them."""
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    f"save_for_backward: got a {type(t).__name__}, expected tensors; keep other "
                    "values as attributes: ctx.n = n"
                )
        self.saved = list(tensors)

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What `save_for_backward` kept."""
        return tuple(self.saved)

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Say that no gradient flows through the output: it then requires none."""
        self.differentiable = False

    def mark_dirty(self, *inputs: Tensor) -> None:
        """Refused: a custom operation returns a new tensor."""
        raise NotImplementedError(
            f"{self.function.__name__}: changing an input in place within forward is not "
            "supported. Compute a new tensor, and assign it with x.copy_(...) outside."
        )


class Function:
    """An operation whose gradient you write yourself: subclass it, then call `Name.apply(...)`.

    `forward(ctx, *args)` takes tensors and other values and returns one tensor; `backward(ctx, g)`
    returns one gradient for each argument of forward, None for those without. `forward(*args)` with
    a separate `setup_context(ctx, inputs, output)` works too.

    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x * x
    >>> x = Tensor([2.0], requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor([12.])
    """

    setup_context: Any = None

    def __init_subclass__(cls) -> None:
        KERNELS[f"{cls.__name__}.apply"] = noted
        vjp(f"{cls.__name__}.apply(*inputs)", wrt="inputs")(gradient_of_input)

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Tensor:
        """Compute the output; to be written by the subclass."""
        raise NotImplementedError("a Function needs a static method forward(ctx, *args)")

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        """From the gradient of the output, one for each argument; to be written by the subclass."""
        raise NotImplementedError(
            "a Function needs a static method backward(ctx, g) for its gradient"
        )

    @classmethod
    def apply(cls, *args: Any) -> Tensor:
        """Run `forward` on `args`, and note `backward` in the graph."""
        context = Context(cls, args)
        inputs = [a for a in args if isinstance(a, Tensor)]
        plain = [a.detach() if isinstance(a, Tensor) else a for a in args]
        with no_grad():
            if cls.setup_context is None:
                out = cls.forward(context, *plain)
            else:
                out = cls.forward(*plain)
                cls.setup_context(context, tuple(plain), out)
        if not isinstance(out, Tensor):
            raise NotImplementedError(
                f"{cls.__name__}.forward returned a {type(out).__name__}, expected one Tensor. "
                "Several outputs are not supported: stack them, or write one Function for each."
            )
        if not context.differentiable:
            return out
        result = apply(f"{cls.__name__}.apply", *inputs, context=context, output=out.array)
        if result.grad_fn is not None:  # what the rule needs is what forward saved, not the inputs
            arrays = [t.array for t in context.saved if t is not None]
            result.grad_fn.kept = [arrays for _ in result.grad_fn.edges]
            context.saved = [None if t is None else MISSING for t in context.saved]
        return result


MISSING = Tensor(np.zeros(0))  # the place of a saved tensor, which the graph holds until backward


def noted(*inputs, context, output):
    """The kernel of every Function: forward has run already."""
    return output


def gradient_of_input(g, *saved, inputs_shape, inputs_dtype, position, context):
    """The rule of every Function: one call of backward gives the gradients of all inputs."""
    place = context.tensors_at[position]
    if place == context.needs_input_grad.index(True):  # the first one that is asked for
        run_backward(context, g, saved)
    gradient, shape = context.gradients.pop(place, None), inputs_shape[position]
    if gradient is None:
        return np.zeros(shape, inputs_dtype[position])
    if gradient.shape != shape:
        raise RuntimeError(
            f"{context.function.__name__}.backward returned a gradient of shape {gradient.shape} "
            f"for argument {place}, which has shape {shape}; expected the same shape"
        )
    return gradient.astype(inputs_dtype[position], copy=False).view()  # the array may be the user's


def run_backward(context: Context, g: np.ndarray, saved: Sequence[np.ndarray]) -> None:
    """Call `backward` with the saved tensors in place, and sort its gradients by argument."""
    pattern, arrays = context.saved, iter(saved)
    context.saved = [None if t is None else Tensor(next(arrays)) for t in pattern]
    try:
        gradients = context.function.backward(context, Tensor(g))
    finally:
        context.saved = pattern
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    expected = len(context.needs_input_grad)
    if len(gradients) < expected or any(extra is not None for extra in gradients[expected:]):
        raise RuntimeError(
            f"{context.function.__name__}.backward returned {len(gradients)} gradients, expected "
            f"{expected}: one for each argument of forward, None where there is none"
        )
    for place, wanted in enumerate(context.needs_input_grad):
        if wanted and gradients[place] is not None:
            context.gradients[place] = gradients[place].array


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> None:
    """Add the gradients of the sum of `tensors` to the `.grad` of the leaves, in one walk.

    Args:
        grad_tensors: the gradient of each tensor; not needed for single numbers.

    >>> x = Tensor([3.0], requires_grad=True)
    >>> backward([x * 2, x * x])
    >>> x.grad
    tensor([8.])
    """
    engine.refuse_create_graph(create_graph)
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    given = [grad_tensors] if isinstance(grad_tensors, Tensor) else list(grad_tensors or [])
    if given and len(given) != len(tensors):
        raise RuntimeError(
            f"backward: got {len(tensors)} tensors and {len(given)} gradients, expected as many"
        )
    roots: dict[Any, Tensor] = {}
    for i, tensor in enumerate(tensors):
        g, target = engine.seed(tensor, given[i] if given else None), engine.target_of(tensor)
        roots[target] = roots[target] + g if target in roots else g
    engine.propagate(roots, bool(retain_graph))


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool = False,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple:
    """The gradients of the sum of `outputs` with respect to `inputs`, leaving every `.grad` alone.

    Raises: RuntimeError if an input was not used, unless `allow_unused` (it then gets None).

    >>> x = Tensor([3.0], requires_grad=True)
    >>> grad(x * x, x)
    (tensor([6.]),)
    """
    engine.refuse_create_graph(create_graph)
    outputs = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    given = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs or [])
    roots: dict[Any, Tensor] = {}
    for i, output in enumerate(outputs):
        g = engine.seed(output, given[i] if given else None)
        target = engine.target_of(output)
        roots[target] = roots[target] + g if target in roots else g
    for i, t in enumerate(inputs):
        if not t.requires_grad:
            raise RuntimeError(f"grad: input {i} of shape {t.shape} does not require gradients.")
    found: dict[Any, Any] = {engine.target_of(t): None for t in inputs}
    engine.propagate(roots, retain_graph, found)
    results = tuple(found[engine.target_of(t)] for t in inputs)
    for i, t in enumerate(inputs):
        if results[i] is None and not allow_unused:
            raise RuntimeError(
                f"grad: input {i} of shape {t.shape} was not used to compute the outputs. Pass "
                "allow_unused=True if that is expected; its gradient is then None."
            )
    return results


class set_detect_anomaly(contextlib.ContextDecorator):
    """Switch anomaly detection on or off for this thread, at once or for a `with` block.

    >>> with set_detect_anomaly(True):
    ...     _ = Tensor([1.0]).log()
    """

    watching: ClassVar[list] = []  # one listener, once some thread has switched it on

    def __init__(self, mode: bool, check_nan: bool = True):
        self.before = MODE.anomaly
        self.switch(bool(mode and check_nan))

    def switch(self, on: bool) -> None:
        """Set the mode, and see to it that the listener is there."""
        MODE.anomaly = on
        if on and not self.watching:
            self.watching.append(listen(engine.watch))
            self.watching[0].__enter__()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        self.switch(self.before)
