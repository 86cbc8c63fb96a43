"""06 · Autograd: listen at the door, note what was done, and walk the notes backwards.

A *rule* is a vector-Jacobian product: from the gradient `g` of an operation's output it computes
the gradient of one input. `record` hears every operation and notes, in a `Node`, which rules will
be wanted and what they need. `backward` visits the nodes in reverse topological order and adds up
what arrives. The operations of modules 01 to 05 stay what they are.

Source: Linnainmaa (1970) and Speelpenning (1980) for the reverse mode; the table of rules follows
Maclaurin, Duvenaud and Adams, "Autograd: Effortless Gradients in NumPy", 2015.
"""

from __future__ import annotations

import contextlib
import inspect
import linecache
import math
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tinytorch.core.tensor import (
    LISTENERS,
    VIEWS,
    Tensor,
    after_integers,
    apply,
    array_of,
    call,
    kernel,
    listen,
    method,
)

__all__ = [
    "RULES", "Node", "backward", "detect_anomaly", "enable_grad", "gradcheck", "is_grad_enabled",
    "no_grad", "record", "unbroadcast", "vjp",
]  # fmt: skip


# ------------------------------------------------------------------------------ two ideas of a walk


def topological_order(roots: Sequence[Any]) -> list:
    """Nodes and leaves below `roots`, each once, and after all that pass a gradient to it.

    Args:
        roots: where the walk begins. `node.edges` lists tuples whose first entry is a target below;
            a target that is used twice stands in two of them. The end of the graph has no edges.

    No recursion: a chain may be longer than Python's stack.
    """
    users = dict.fromkeys(roots, 0)
    todo = list(users)
    while todo:
        for edge in todo.pop().edges:
            target = edge[0]
            if target in users:
                users[target] += 1
            else:
                users[target] = 1
                todo.append(target)
    ready = [root for root in roots if not users[root]]
    order = []
    while ready:
        order.append(ready.pop())
        for edge in order[-1].edges:
            target = edge[0]
            users[target] -= 1
            if not users[target]:
                ready.append(target)
    return order


@kernel("accumulate_")
def accumulate_(total, part):
    """Add `part` into the memory of `total`.

    Args:
        total: any shape; its own memory is written.
        part: of that shape; left as it is.
    Returns: `total` itself.

    >>> total = np.array([1.0, 2.0])
    >>> accumulate_(total, np.array([10.0, 20.0])) is total, total
    (True, array([11., 22.]))
    """
    total += part
    return total


def collect(grads: dict, target: Any, part: Tensor, owned: bool) -> None:
    """Add `part` to the gradient of `target` that has arrived so far.

    Args:
        grads: by target, a pair: the gradient, and whether its array is ours alone.
        part: what one user of the target contributes.
        owned: whether nobody but us holds the array of `part`.

    A sum is written into the first part's array only if that array is ours, and is ours itself.

    >>> grads = {}
    >>> collect(grads, "x", Tensor([1.0]), False)
    >>> collect(grads, "x", Tensor([3.0]), False)
    >>> grads
    {'x': (tensor([4.]), True)}
    """
    if target not in grads:
        grads[target] = part, owned
    else:
        total, ours = grads[target]
        grads[target] = apply("accumulate_" if ours else "add", total, part), True


def accumulate(leaf: Tensor, g: Tensor, owned: bool) -> None:
    """Add the gradient `g` of one backward to `leaf.grad`, where those of earlier ones may lie.

    The first one becomes `leaf.grad` itself, or a copy of it unless `owned`: nobody else may hold
    the array of a leaf's gradient. Later ones are added in place.

    >>> x = Tensor([1.0])
    >>> accumulate(x, Tensor([2.0]), False)
    >>> accumulate(x, Tensor([2.0]), False)
    >>> x.grad
    tensor([4.])
    """
    if leaf.grad is None:
        leaf.grad = g if owned else Tensor(g.array.copy())
    else:
        apply("accumulate_", leaf.grad, g)


# ---------------------------------------------------------------------------------------- the rules


class Rule(NamedTuple):
    """What the parameters of a gradient rule ask for, read once from its signature."""

    op: str  # the name of its own kernel, such as "mul.vjp0"
    tensors: tuple[int, ...] | None  # positions: -1 is the output, 0 the first input; None is all
    facts: tuple[tuple[str, int, str], ...]  # (parameter, input, "shape" or "dtype")
    options: tuple[str, ...]  # settings of the operation
    asks: bool  # for facts or options: most rules ask for neither


NO_RULE = Rule("no rule", (), (), (), True)
RULES: dict[str, dict[int, Rule]] = {}
CONSTANT = {"detach"}  # operations through which no gradient flows
ANY = -1  # the key of a rule that serves every input of an operation such as cat(*tensors)


def vjp(signature: str, wrt: str) -> Callable[[Callable], Callable]:
    """Register a gradient rule: `@vjp("mul(a, b)", wrt="a")`.

    The rule's parameters say what it needs, by name and in this order: `g`, the gradient of the
    output; then `out`, the output, and inputs; then `<input>_shape` or `<input>_dtype`, and options
    of the operation. The graph keeps just that. A rule of `op(*inputs)` serves every input: it can
    ask for `position`, which one is meant, `inputs_shape`, all their shapes, and `*inputs`.

    A rule returns a new array, `g` itself or a view of it. Where the input was broadcast, the
    engine sums the result back to the input's shape, so elementwise rules are plain calculus.

    >>> @kernel("cube")
    ... def cube(x):
    ...     return x * x * x
    >>> @vjp("cube(x)", wrt="x")
    ... def cube_dx(g, x):
    ...     return g * 3 * x * x
    >>> x = Tensor([2.0], requires_grad=True)
    >>> apply("cube", x).backward()
    >>> x.grad
    tensor([12.])
    """
    op, names = signature.rstrip(")").split("(")
    inputs = [name.strip().lstrip("*") for name in names.split(",")]
    which = ANY if "*" in names else inputs.index(wrt)

    def register(rule: Callable) -> Callable:
        tensors: list[int] = []
        facts, options, every = [], [], False
        for name, parameter in list(inspect.signature(rule).parameters.items())[1:]:
            owner, _, fact = name.rpartition("_")
            if parameter.kind is parameter.VAR_POSITIONAL:
                every = True
            elif name == "out":
                tensors.append(-1)
            elif name in inputs:
                tensors.append(inputs.index(name))
            elif owner in inputs and fact in ("shape", "dtype"):
                facts.append((name, ANY if which is ANY else inputs.index(owner), fact))
            else:
                options.append(name)
            if tensors and name in inputs and (facts or options):
                raise TypeError(
                    f"the rule for {signature}: write {name!r} before shapes and options"
                )
        name = f"{op}.vjp" if which is ANY else f"{op}.vjp{which}"
        needs = None if every else tuple(tensors)
        asks = bool(facts or options)
        RULES.setdefault(op, {})[which] = Rule(name, needs, tuple(facts), tuple(options), asks)
        return kernel(name)(rule)

    return register


@vjp("add(a, b)", wrt="a")
def add_da(g):
    return g


@vjp("add(a, b)", wrt="b")
def add_db(g):
    return g


@vjp("sub(a, b)", wrt="a")
def sub_da(g):
    return g


@vjp("sub(a, b)", wrt="b")
def sub_db(g):
    return -g


@vjp("mul(a, b)", wrt="a")
def mul_da(g, b):
    return g * b


@vjp("mul(a, b)", wrt="b")
def mul_db(g, a):
    return g * a


@vjp("div(a, b)", wrt="a")
def div_da(g, b):
    return g / b


@vjp("div(a, b)", wrt="b")
def div_db(g, out, b):
    return -g * out / b


@vjp("neg(x)", wrt="x")
def neg_dx(g):
    return -g


@kernel("unbroadcast")
def unbroadcast(g, shape):
    """Sum `g` over the dimensions in which an input of `shape` was stretched.

    A value that was used k times receives the sum of k gradients.

    >>> unbroadcast(np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    """
    added = g.ndim - len(shape)
    if added < 0:  # an assignment had dropped leading 1s
        return unbroadcast(g, shape[-added:]).reshape(shape)
    stretched = [i + added for i, n in enumerate(shape) if n == 1 and g.shape[i + added] != 1]
    return g.sum(axis=(*range(added), *stretched), keepdims=True).reshape(shape)


# ---------------------------------------------------------------------------------------- the graph

WRITES: dict[int, int] = {}  # for memory that was changed in place: the time of the last change
CLOCK = [0]  # the number of in-place changes so far


class Mode(threading.local):
    """Whether operations are recorded, and watched for NaN: each thread has its own."""

    enabled = True
    anomaly = False
    line = ""  # in a backward under detect_anomaly: where the node was computed forward


MODE = Mode()


def memory(array: np.ndarray) -> np.ndarray:
    """The array that owns the memory which `array` looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def target_of(t: Tensor) -> Any:
    """Where the gradient of `t` goes: to the node that made it, or to `t` if it is a leaf."""
    node = t.grad_fn
    if node is None:
        return t
    if node.clock != CLOCK[0] and WRITES.get(id(memory(t.array)), 0) > node.clock:
        raise RuntimeError(
            f"a tensor of shape {t.shape} shares memory with one that was changed in place after "
            f"{node.op!r} made it, so its recorded history is no longer true. "
            "Change the tensor that you go on with, or write x = x.clone() before the change."
        )
    return node


def settings_of(
    rule: Rule, op: str, position: int, tensors: Sequence[Tensor], options: dict
) -> dict:
    """The options, shapes and dtypes that a rule of `op` asks for its input at `position`."""
    if rule is NO_RULE:
        return {"operation": op, "shape": tensors[position].shape}
    settings = {name: options[name] for name in rule.options if name in options}
    for name, i, fact in rule.facts:
        every = [getattr(t.array, fact) for t in tensors]
        settings[name] = every if i == ANY else every[i]
    if "position" in rule.options:
        settings["position"] = position
    return settings


@kernel("no rule")
def no_rule(g, operation, shape):
    """What is run in the place of a rule that nobody has written."""
    raise NotImplementedError(
        f"{operation!r} has no gradient rule for its input of shape {shape}. "
        f'Register one with @vjp("{operation}(...)", wrt=...), or use no_grad().'
    )


class Node:
    """One recorded operation.

    For each input that wants a gradient, `edges` has a tuple of four: where the gradient goes (the
    node that made the input, or the input itself if it is a leaf), the input's shape, the name of
    the rule and its settings. `kept` has, for each edge, the list of arrays that the rule needs,
    until `free` lets go of them.
    """

    __slots__ = ("_hooks", "clock", "edges", "kept", "op", "where")
    op: str
    edges: list[tuple]
    kept: list[list[np.ndarray]] | None
    clock: int  # when it was recorded, for the refusal of values that were changed since
    where: str  # under detect_anomaly, the line of code that computed it
    _hooks: list[Callable] | None  # called with the gradient of its output

    def __init__(self, op: str, tensors: Sequence[Tensor], options: dict, out: Tensor):
        """Note what the rules of `op` will need; its input number i has the rule RULES[op][i].

        Args:
            tensors: the inputs.
            out: the output.

        >>> a, b = Tensor([2.0], requires_grad=True), Tensor([3.0])
        >>> node = Node("mul", (a, b), {}, a * b)
        >>> node.edges == [(a, (1,), "mul.vjp0", {})], node.kept
        (True, [[array([3.], dtype=float32)]])
        """
        self.op = op
        self.edges, self.kept = [], []
        arrays = [*map(array_of, tensors), out.array]  # so that -1 is the output
        rules = RULES.get(op, {})
        for position, t in enumerate(tensors):
            if t.requires_grad:
                rule = rules.get(position) or rules.get(ANY, NO_RULE)
                settings = settings_of(rule, op, position, tensors, options) if rule.asks else {}
                wanted = range(len(tensors)) if rule.tensors is None else rule.tensors
                self.edges.append((target_of(t), arrays[position].shape, rule.op, settings))
                self.kept.append([*map(arrays.__getitem__, wanted)])

    def opened(self, useful: set | None = None) -> Iterable[tuple[tuple, list[np.ndarray]]]:
        """Each edge (to a `useful` target) with its arrays; refused if those are no longer true."""
        if useful is not None and useful.isdisjoint(edge[0] for edge in self.edges):
            return ()
        if self.kept is None:
            raise RuntimeError(
                f"backward: the values that {self.op!r} kept for its gradient are gone, because an "
                "earlier backward freed them. Compute the loss again before each backward, or call "
                "the earlier one as loss.backward(retain_graph=True)."
            )
        if self.clock != CLOCK[0]:  # something was changed in place since: was it one of these?
            for array in (array for arrays in self.kept for array in arrays):
                if WRITES.get(id(memory(array)), 0) > self.clock:
                    raise RuntimeError(
                        f"backward: a tensor of shape {array.shape} that {self.op!r} needs for "
                        "its gradient was changed in place after the operation. Write x = x + y "
                        "instead of x += y there, or change a clone."
                    )
        if self.where:
            MODE.line = self.where
        pairs = zip(self.edges, self.kept, strict=True)
        return pairs if useful is None else [pair for pair in pairs if pair[0][0] in useful]

    def free(self) -> None:
        """Let go of the arrays; a second backward is refused if there were any."""
        if any(self.kept or ()):
            self.kept = None

    def gradients(self, g: Tensor, useful: set | None = None) -> list[tuple[Any, Tensor]]:
        """For each edge (to a `useful` target) the target and its gradient, by the edge's rule.

        Args:
            g: the gradient of the output.

        >>> a = Tensor([2.0], requires_grad=True)
        >>> b = Tensor([3.0, 4.0])
        >>> ((target, part),) = (a * b).grad_fn.gradients(Tensor([1.0, 10.0]))
        >>> target is a, part  # a was stretched, so the two gradients are added up
        (True, tensor([43.]))
        """
        parts = []
        for (target, shape, rule, settings), arrays in self.opened(useful):
            part = apply(rule, g, *map(Tensor, arrays), **settings)
            if part.array.shape != shape:
                part = apply("unbroadcast", part, shape=shape)
            parts.append((target, part))
        return parts


# ------------------------------------------------------------------------------------- the listener


def record(below: Callable, op: str, tensors: Sequence[Tensor], options: dict) -> Tensor:
    """Hear an operation; if gradients are on and an input requires one, note it in the graph."""
    if op[-1] == "_":
        return record_inplace(below, op, tensors, options)
    out = below(op, tensors, options)
    if op in VIEWS and out.array.base is not None:
        share_memory(tensors[0], out)
    if MODE.enabled:
        for t in tensors:
            if t.requires_grad:
                if out.array.dtype.kind == "f" and op not in CONSTANT:
                    out.grad_fn = node = Node(op, tensors, options, out)
                    node.clock, node._hooks = CLOCK[0], None
                    node.where = user_line() if MODE.anomaly else ""
                    out.requires_grad = True
                break
    return out


LISTENERS.append(partial(record, LISTENERS[-1]))


def share_memory(base: Tensor, out: Tensor) -> None:
    """Let a view know the tensor whose memory it looks at."""
    if memory(base.array) is memory(out.array):
        out._base = base._base or weakref.ref(base)


def record_inplace(below: Callable, op: str, tensors: Sequence[Tensor], options: dict) -> Tensor:
    """Hear an operation that overwrites its first input: note the time, and mend the history."""
    target = tensors[0]
    recording = MODE.enabled and any(t.requires_grad for t in tensors)
    if recording:
        refuse_lost_history(target)
        node = Node(op, tensors, options, target)
        node.where, node._hooks = user_line() if MODE.anomaly else "", None
        for source in tensors[1:]:
            keep_a_copy(source.grad_fn, target.array)
    below(op, tensors, options)
    CLOCK[0] += 1
    WRITES[id(memory(target.array))] = CLOCK[0]
    if recording:
        node.clock = CLOCK[0]
        target.grad_fn, target.requires_grad = node, True
    return target


def refuse_lost_history(target: Tensor) -> None:
    """Refuse an in-place change that gradients could not follow."""
    source: Any = target_of(target) if target.requires_grad else None
    while isinstance(source, Node) and source.op in VIEWS:
        source = source.edges[0][0]
    if isinstance(source, Tensor):
        raise RuntimeError(
            f"a leaf tensor of shape {source.shape} that requires gradients cannot be changed in "
            "place while operations are recorded: it would lose its own gradient. Change it within "
            "no_grad(), or write y = x + 1 instead of x += 1."
        )
    if target._base is not None and target._base() is not None and not target.requires_grad:
        raise RuntimeError(
            f"writing a value that requires gradients through a view of shape {target.shape}: the "
            "tensor that owns the memory would not hear of it. Assign through the owner, as in "
            "owner[index] = value."
        )


def keep_a_copy(node: Any, array: np.ndarray) -> None:
    """`x *= w` needs the old x for w's gradient: its node gets a copy before the overwriting."""
    for arrays in getattr(node, "kept", None) or ():
        arrays[:] = [array.copy() if kept is array else kept for kept in arrays]


# ---------------------------------------------------------------------------------------- backwards


def seed(tensor: Tensor, gradient: Tensor | None) -> Tensor:
    """The gradient to start from: 1 for a loss that is a single number."""
    if not tensor.requires_grad:
        reason = (
            "no input of its computation has requires_grad=True, or it was computed within "
            "no_grad() or from detached values"
        )
        if tensor.dtype.kind != "f":
            reason = f"{tensor.dtype} values never do; convert what it was computed from to floats"
        raise RuntimeError(
            f"backward: the tensor of shape {tensor.shape} does not require gradients: {reason}."
        )
    if gradient is None:
        if tensor.array.size != 1:
            raise RuntimeError(
                f"backward: the gradient starts from a single number, and this tensor has shape "
                f"{tensor.shape}. Reduce it first (loss.sum() or loss.mean()), or pass gradient=."
            )
        one = np.empty(tensor.shape, tensor.dtype)
        one.fill(1)
        return Tensor(one)
    if gradient.shape != tensor.shape:
        raise RuntimeError(
            f"backward: got a gradient of shape {gradient.shape} for a tensor of shape "
            f"{tensor.shape}, expected the same shape."
        )
    return gradient.to(tensor.dtype)


def refuse_create_graph(create_graph: bool) -> None:
    if create_graph:
        raise NotImplementedError(
            "create_graph=True (gradients of gradients) is not supported: rules work on arrays and "
            "are not recorded. For a second derivative, take finite differences of the first."
        )


def looked_at(target: Any, g: Tensor, found: dict | None) -> Tensor:
    """The complete gradient of `target`, after its hooks: each may look at it, or return another.

    If `found` asks for the gradient of this target, it is noted there.
    """
    for hook in tuple(target._hooks or ()):
        changed = hook(g)
        g = changed if isinstance(changed, Tensor) else g
    if found and target in found:
        found[target] = g
    return g


def propagate(roots: dict[Any, Tensor], retain_graph: bool, found: dict | None = None) -> None:
    """Walk from `roots`, each with its gradient, with recording off.

    With `found`, the gradients of its targets are put into it, and leaves keep the ones they have.
    """
    order = topological_order(list(roots))
    useful = None if found is None else leading_to(found, order)
    before, MODE.enabled = MODE.enabled, False
    try:
        walk(order, {root: (g, False) for root, g in roots.items()}, retain_graph, useful, found)
    finally:
        MODE.enabled = before


def leading_to(wanted: dict, order: list) -> set:
    """Those in `order` through which a gradient reaches something in `wanted`."""
    useful: set = set()
    for target in reversed(order):
        if target in wanted or not useful.isdisjoint(edge[0] for edge in target.edges):
            useful.add(target)
    return useful


def walk(
    order: list,
    grads: dict,
    retain_graph: bool = False,
    useful: set | None = None,
    found: dict | None = None,
) -> None:
    """Visit the targets in `order`; pass the gradients in `grads` down to the leaves.

    Args:
        order: nodes and leaves, each after all that pass a gradient to it.
        grads: by target, the gradient that has arrived so far, and whether its array is ours.
        retain_graph: keep what the rules need, for another walk.
        useful, found: for `grad`, handed on to `Node.gradients` and `looked_at`; where `found` is
            given, leaves are left alone.
    """
    for target in order:
        if target not in grads:
            continue
        g, owned = grads.pop(target)
        if target._hooks or found:
            g, owned = looked_at(target, g, found), False
        if isinstance(target, Node):
            parts = target.gradients(g, useful)
            for below, part in parts:
                new = part.array is not g.array and part.array.base is None
                collect(grads, below, part, new)
            if parts and not retain_graph:
                target.free()
        elif found is None:
            accumulate(target, g, owned)


@method
def backward(
    tensor: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> None:
    """Add the gradient of `tensor` to the `.grad` of every leaf that it was computed from.

    Args:
        gradient: the gradient of `tensor` itself, of its shape; 1 for a single number.
        retain_graph: keep what the rules need, for another backward through the same graph.
    Raises: RuntimeError where there is nothing to go back through, where a part was freed by an
        earlier backward, or where a value that is needed was changed in place.

    >>> x = Tensor([3.0], requires_grad=True)
    >>> (x * x + x).backward()
    >>> x.grad
    tensor([7.])
    """
    refuse_create_graph(create_graph)
    propagate({target_of(tensor): seed(tensor, gradient)}, retain_graph)


# ----------------------------------------------------------------------- rules: one value at a time


@vjp("pow(a, b)", wrt="a")
def pow_da(g, a, b):
    if b.ndim == 0 and b == 2:
        return 2 * g * a
    return np.where(b == 0, 0, g * b * np.power(a, np.where(b == 0, 1, b - 1))).astype(g.dtype)


@vjp("exp(x)", wrt="x")
def exp_dx(g, out):
    return g * out


@vjp("log(x)", wrt="x")
def log_dx(g, x):
    return g / x


@vjp("sqrt(x)", wrt="x")
def sqrt_dx(g, out):
    return g / (2 * out)


@vjp("abs(x)", wrt="x")
def abs_dx(g, x):
    return g * np.sign(x)


@vjp("relu(x)", wrt="x")
def relu_dx(g, out):
    return g * (out > 0)


@vjp("sigmoid(x)", wrt="x")
def sigmoid_dx(g, out):
    return g * out * (1 - out)


@vjp("tanh(x)", wrt="x")
def tanh_dx(g, out):
    return g * (1 - out * out)


@vjp("gelu(x)", wrt="x")
def gelu_dx(g, out, x, approximate):
    """x * share(x) has the slope share + x * share', and the share is out / x (a half at 0)."""
    share = np.divide(out, x, out=np.full_like(x, 0.5), where=x != 0)
    slope, c = x * x, math.sqrt(2 / math.pi)
    if approximate == "none":
        slope *= -0.5
        slope = np.exp(slope)
        slope *= 0.5 * c
    else:  # share = (1 + tanh(u)) / 2, and tanh' = 1 - tanh², so share' = 2 share (1 - share) u'
        slope *= 3 * 0.044715
        slope += 1
        slope *= 2 * c
        slope *= share
        slope *= 1 - share
    slope *= x
    slope += share
    slope *= g
    return slope


@vjp("where(condition, a, b)", wrt="a")
def where_da(g, condition):
    return np.where(condition, g, g.dtype.type(0))


@vjp("where(condition, a, b)", wrt="b")
def where_db(g, condition):
    return np.where(condition, g.dtype.type(0), g)


# --------------------------------------------------------------------------- rules: matrix products


def rows(x):
    """(..., n) as a matrix of rows, (-1, n); NumPy's -1 does not know what to do without values."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


@vjp("matmul(a, b)", wrt="a")
def matmul_da(g, b, a_shape):
    """dA = G B^T; a vector is treated as the matrix that it stood for."""
    if len(a_shape) == 1:
        return (b @ g[..., None])[..., 0] if b.ndim > 1 else g * b
    return g[..., None] * b if b.ndim == 1 else g @ b.swapaxes(-1, -2)


@vjp("matmul(a, b)", wrt="b")
def matmul_db(g, a, b_shape):
    """dB = A^T G."""
    if len(b_shape) == 1:
        return rows(g[..., None] * a).sum(0) if a.ndim > 1 else g * a
    if a.ndim == 1:
        return a[:, None] * g[..., None, :]
    if len(b_shape) == 2:  # a batch shares the matrix: one product sums over the whole batch
        return rows(a).T @ rows(g)
    return a.swapaxes(-1, -2) @ g


@vjp("linear(x, weight, bias)", wrt="x")
def linear_dx(g, weight):
    return g @ weight


@vjp("linear(x, weight, bias)", wrt="weight")
def linear_dweight(g, x):
    """Every example adds the outer product of its gradient and its input."""
    return rows(g).T @ rows(x)


@vjp("linear(x, weight, bias)", wrt="bias")
def linear_dbias(g):
    """Every example adds its gradient."""
    return np.add.reduce(rows(g), 0)


# -------------------------------------------------------------------------------- rules: reductions


def stretched(g, shape):
    """`g` repeated to `shape`, in its dtype: each new place reads the value that it came from.

    Args:
        g: broadcasts to `shape`; left as it is.
    Returns: of `shape`; it may be a view without memory of its own, as np.broadcast_to makes one.

    >>> stretched(np.array([[1.0], [2.0]]), (2, 3))
    array([[1., 1., 1.],
           [2., 2., 2.]])
    """
    if math.prod(shape) > 2**16:
        return np.broadcast_to(g, shape)
    full = np.empty(shape, g.dtype)  # np.broadcast_to takes six times as long for a small one
    full[...] = g
    return full


def restored(g, dim, keepdim, ndim):
    """Give a reduced gradient its missing dimensions back, as size 1."""
    if keepdim or dim is None:
        return g.reshape((1,) * ndim) if dim is None else g
    return np.expand_dims(g, dim)


@vjp("sum(x)", wrt="x")
def sum_dx(g, x_shape, dim, keepdim):
    return stretched(restored(g, dim, keepdim, len(x_shape)), x_shape)


@vjp("mean(x)", wrt="x")
def mean_dx(g, x_shape, dim, keepdim):
    g = restored(g, dim, keepdim, len(x_shape))
    return stretched(g / g.dtype.type(math.prod(x_shape) / max(g.size, 1)), x_shape)


@vjp("amax(x)", wrt="x")
@vjp("amin(x)", wrt="x")
def extremum_dx(g, out, x, dim, keepdim):
    """The gradient goes to the extreme values; those that tie share it equally."""
    hit = x == restored(out, dim, keepdim, x.ndim)
    share = restored(g, dim, keepdim, x.ndim) / hit.sum(axis=dim, keepdims=True)
    return (hit * share).astype(g.dtype, copy=False)


@vjp("softmax(x)", wrt="x")
def softmax_dx(g, out, dim):
    """out * (g - <g, out>): raising one score lowers the shares of all others."""
    return out * (g - (g * out).sum(axis=dim, keepdims=True))


@vjp("log_softmax(x)", wrt="x")
def log_softmax_dx(g, out, dim):
    return g - np.exp(out) * g.sum(axis=dim, keepdims=True)


# --------------------------------------------------------------------- rules: values that only move


@vjp("clone(x)", wrt="x")
def clone_dx(g):
    return g


@vjp("cast(x)", wrt="x")
def cast_dx(g, x_dtype):
    if x_dtype.kind != "f":
        raise RuntimeError(
            f"a tensor of {x_dtype} requires gradients, but only floating-point values can be "
            "moved by a small step. Convert it first: x.float()"
        )
    return g.astype(x_dtype)


@vjp("copy_(x, source)", wrt="x")
def copy_dx(g):
    return np.zeros_like(g)


@vjp("copy_(x, source)", wrt="source")
def copy_dsource(g):
    return g


@vjp("reshape(x)", wrt="x")
def reshape_dx(g, x_shape):
    return g.reshape(x_shape)


@vjp("permute(x)", wrt="x")
def permute_dx(g, order):
    return g.transpose(np.argsort(order))


@vjp("getitem(x)", wrt="x")
def getitem_dx(g, x_shape, index):
    """Zeros, except where the values were taken from; a place that was taken twice gets both."""
    grad = np.zeros(x_shape, g.dtype)
    part, rest = after_integers(grad, index)
    places = rest if isinstance(rest, tuple) else (rest,)
    if any(isinstance(place, np.ndarray) and place.dtype != bool for place in places):
        np.add.at(part, rest, g)
    else:
        part[rest] = g
    return grad


@vjp("setitem_(x, value)", wrt="x")
def setitem_dx(g, index):
    g = g.copy()
    part, rest = after_integers(g, index)
    part[rest] = 0
    return g


@vjp("setitem_(x, value)", wrt="value")
def setitem_dvalue(g, index):
    part, rest = after_integers(g, index)
    return part[rest]


@vjp("nll(log_probs, labels, share)", wrt="log_probs")
def nll_dlog_probs(g, labels, share, log_probs_shape):
    """Each row has one value that counts: the one at its label."""
    grad = np.zeros(log_probs_shape, g.dtype)
    grad[np.arange(len(labels)), labels] = g * -share
    return grad


# ----------------------------------------------------------------- two tools: no_grad and gradcheck


def no_grad(function: Callable | None = None) -> Any:
    """Do not record: for a `with no_grad():` block, or a function decorated with it.

    >>> x = Tensor([1.0], requires_grad=True)
    >>> with no_grad():
    ...     x -= 0.5
    >>> x
    tensor([0.5000], requires_grad=True)
    """
    return Switch(False) if function is None else Switch(False)(function)


def enable_grad(function: Callable | None = None) -> Any:
    """Record, also within `no_grad`."""
    return Switch(True) if function is None else Switch(True)(function)


def is_grad_enabled() -> bool:
    """Whether this thread records operations."""
    return MODE.enabled


def movable(inputs: Sequence[Tensor]) -> list[Tensor]:
    """Those of `inputs` that require gradients, refused unless they are float64."""
    moved = [t for t in inputs if t.requires_grad]
    for t in moved:
        if t.dtype != np.float64:
            raise ValueError(f"gradcheck: an input is {t.dtype}; differences of 1e-6 need float64")
    return moved


def agree(
    number: int, got: np.ndarray, numeric: np.ndarray, rtol: float, atol: float, report: bool
) -> bool:
    """Whether two gradients of input `number` are close; if not, the first place as an error.

    Args:
        got, numeric: of the input's shape: what the rules give, and what the differences give.
        rtol, atol: as in np.isclose.
        report: raise RuntimeError where they differ; otherwise say False.
    """
    wrong = ~np.isclose(got, numeric, rtol, atol)
    if report and wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        raise RuntimeError(
            f"gradcheck: input {number} of shape {got.shape} at {list(place)}: the rules give "
            f"{got[place]:.6g}, the differences {numeric[place]:.6g} "
            f"({wrong.sum()} of {got.size} values differ)."
        )
    return not wrong.any()


class Switch(contextlib.ContextDecorator):
    """Recording set to `mode` within a `with` block or a decorated function.

    Blocks may lie within each other, also of one and the same switch.
    """

    def __init__(self, mode: bool):
        self.mode = mode
        self.before: list[bool] = []

    def _recreate_cm(self) -> Switch:
        return Switch(self.mode)  # for each call of a decorated function, in whatever thread

    def __enter__(self) -> None:
        """Remember how MODE.enabled was, in `before`, and set it to `mode`."""
        self.before.append(MODE.enabled)
        MODE.enabled = self.mode

    def __exit__(self, *error: object) -> None:
        """Set MODE.enabled back to what it was before the block; errors go on."""
        MODE.enabled = self.before.pop()


def differences(value: Callable[[], float], array: np.ndarray, eps: float) -> np.ndarray:
    """Central differences of `value()` in each entry of `array`, which is moved and put back.

    The slope between the values at x + eps and x - eps, with recording off.

    >>> x = np.array([3.0])
    >>> differences(lambda: float(x[0] ** 2), x, 0.5), x
    (array([6.]), array([3.]))
    """
    numeric = np.zeros(array.shape)
    with no_grad():
        for place in np.ndindex(array.shape):
            here = array[place]
            array[place] = here + eps
            above = value()
            array[place] = here - eps
            numeric[place] = (above - value()) / (2 * eps)
            array[place] = here
    return numeric


def gradcheck(
    function: Callable[..., Tensor],
    inputs: Any,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Compare the gradients of `function(*inputs)` with central differences.

    Args:
        inputs: float64 tensors; those with requires_grad are moved, one value at a time, by +-eps.
    Raises: RuntimeError naming the input, the place, and both values, at the first that differ.

    >>> gradcheck(lambda x: x * x, Tensor(np.array([1.0, 2.0]), requires_grad=True))
    True
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    moved = movable(inputs)
    out = function(*inputs)
    weights = Tensor(np.random.default_rng(0).uniform(0.5, 1.5, out.shape))  # all different
    found: dict[Any, Any] = {target_of(t): None for t in moved}
    propagate({target_of(out): seed(out, weights)}, False, found)
    for number, t in enumerate(moved):
        numeric = differences(lambda: (function(*inputs) * weights).sum().item(), t.array, eps)
        g = found[target_of(t)]
        got = np.zeros(t.shape) if g is None else g.array
        if not agree(number, got, numeric, rtol, atol, raise_exception):
            return False
    return True


# -------------------------------------------------------------------- the operation that made a NaN


def user_line() -> str:
    """The innermost line of code outside the framework, as `file:number: source`."""
    frame: Any = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("tinytorch."):
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    return f"{file}:{line}: {linecache.getline(file, line).strip()}"


@contextlib.contextmanager
def detect_anomaly(check_nan: bool = True) -> Iterator[None]:
    """Within the block, stop at the operation that makes the first NaN or infinity.

    The error names the operation, its shapes and the line of your code; in a backward pass, the
    line where the operation was computed forward. It costs a look at every result.

    >>> x = Tensor([0.0], requires_grad=True)
    >>> with detect_anomaly():
    ...     x.log()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    RuntimeError: log((1,)) made -inf at [0], from finite values...
    """
    before, MODE.anomaly = MODE.anomaly, bool(check_nan)
    try:
        if check_nan:
            with listen(watch):
                yield
        else:
            yield
    finally:
        MODE.anomaly = before


def watch(below: Callable, op: str, tensors: Sequence[Tensor], options: dict) -> Tensor:
    """A listener that raises at the first NaN or infinity that was not there before."""
    out = below(op, tensors, options)
    if not MODE.anomaly or out.array.dtype.kind != "f" or np.isfinite(out.array).all():
        return out
    floats = [(i, t.array) for i, t in enumerate(tensors) if t.array.dtype.kind == "f"]
    came_in = [i for i, array in floats if np.isnan(array).any()]
    wanted = any(isinstance(v, float) and not np.isfinite(v) for v in options.values())
    finite = all(np.isfinite(array).all() for _, array in floats)
    isnan = np.isnan(out.array)
    if not isnan.any() and (wanted or not finite):
        return out  # an infinity that was asked for, as in masked_fill(mask, -inf)
    place = np.argwhere(isnan if isnan.any() else ~np.isfinite(out.array))[0].tolist()
    value = out.array[tuple(place)]
    source = f"input {came_in[0]} already held NaN" if came_in else "from finite values"
    backwards = "in backward, at" if ".vjp" in op else "at"
    line = MODE.line if ".vjp" in op else user_line()
    raise RuntimeError(
        f"{call(op, tensors)} made {value} at {place}, {source}, {backwards}\n  {line}"
    )
