"""03 · Layers: functions that own the numbers they learn.

A linear layer is one product and one sum. Who keeps its weights? A `Parameter` is a tensor that is
to be learned; a `Module` holds parameters, and other modules, in its attributes, and can therefore
find, save, load, convert and count all of them. The rest of the file are modules: `Linear` and how
its weights begin, dropout, a function as a layer, and a row of modules as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from tinytorch.core.activations import expect_floating, relu
from tinytorch.core.tensor import (
    Generator,
    Tensor,
    apply,
    as_tensor,
    default_generator,
    float16,
    float32,
    float64,
    kernel,
    rand,
    zeros,
)

__all__ = [
    "Dropout", "FunctionModule", "Identity", "Linear", "Module", "Numbered", "Parameter", "ReLU",
    "RemovableHandle", "Sequential", "calculate_gain", "dropout", "fans", "kaiming_uniform_",
    "linear", "overwrite", "uniform_",
]  # fmt: skip


# --------------------------------------------------------------------- outputs as weighted sums


def check_linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> None:
    """Refuse sizes and dtypes that do not fit, in words."""
    if weight.ndim != 2 or x.shape[-1:] != weight.shape[1:]:
        raise ValueError(
            f"the input has shape {x.shape}, expected (..., {weight.shape[-1]}), because the "
            f"weight {weight.shape} is (outputs, inputs). Flatten the input, or make the layer "
            "with other sizes"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"the bias has shape {bias.shape}, expected {weight.shape[:1]}")
    if x.dtype != weight.dtype or (bias is not None and bias.dtype != x.dtype):
        raise ValueError(
            f"expected one dtype, got an input of {x.dtype} and a weight of {weight.dtype}"
            f"{'' if bias is None else f' and a bias of {bias.dtype}'}. Convert the input with "
            "x.float(), or the layer with layer.to(dtype)"
        )


@kernel("linear")
def linear_kernel(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """x W^T + b: (..., inputs) and (outputs, inputs) -> (..., outputs).

    >>> linear_kernel(np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]]), np.array([0.5]))
    array([[50.5]])
    """
    check_linear(x, weight, bias)
    if x.ndim > 2:  # one product of tall matrices takes less time than many of small ones
        rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
        return linear_kernel(rows, weight, bias).reshape(*x.shape[:-1], len(weight))
    out = x @ weight.T
    if bias is not None:
        out += bias  # into the fresh product: no array of its own for the sum
    return out


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x W^T + b.

    Args:
        input: (..., inputs).
        weight: (outputs, inputs).
        bias: (outputs,), or None.
    Returns: (..., outputs).
    Raises: RuntimeError when the sizes or dtypes do not fit.

    >>> linear(Tensor([[1.0, 2.0]]), Tensor([[3.0, 4.0]]), Tensor([0.5]))
    tensor([[11.5000]])
    """
    return apply("linear", input, weight) if bias is None else apply("linear", input, weight, bias)


# ------------------------------------------------------------------------- numbers to be learned


class Parameter(Tensor):
    """A tensor that is learned: as an attribute of a module it is found by `parameters()`.

    Args:
        data: a tensor, whose memory it shares.
        requires_grad: False freezes it.

    >>> Parameter(Tensor([1.0, 2.0]))
    Parameter containing:
    tensor([1., 2.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True):
        super().__init__(data, requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


def overwrite(tensor: Tensor, values: Tensor) -> Tensor:
    """Write `values` into the memory of `tensor`, unseen by autograd; returns `tensor`."""
    tensor.data.copy_(values.data)
    return tensor


# -------------------------------------------------------------------------------- the module


class Module:
    """A function with state: parameters, buffers, and modules within it.

    A subclass calls `super().__init__()`, then assigns its parameters and modules to attributes,
    and writes `forward`. Calling the module runs `forward`.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = Parameter(Tensor([3.0]))
    ...
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> model = Scale()
    >>> [name for name, _ in model.named_parameters()]
    ['factor']
    >>> model(Tensor([2.0])).item()
    6.0
    """

    training: bool

    def __init__(self) -> None:
        self.__dict__.update(
            training=True,
            _parameters={},
            _buffers={},
            _modules={},
            _non_persistent_buffers_set=set(),
            _forward_pre_hooks=[],
            _forward_hooks=[],
        )

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass writes its own."""
        raise NotImplementedError(
            f"{type(self).__name__} has no forward. Write forward(self, x), which returns what "
            f"{type(self).__name__}()(x) is to be."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._forward_pre_hooks or self._forward_hooks:
            return call_with_hooks(self, args, kwargs)
        return self.forward(*args, **kwargs)

    # Attributes: parameters, buffers and modules are kept in tables of their own

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep a parameter or a module in its table, and anything else as Python does."""
        for table in ("_parameters", "_modules"):
            if isinstance(value, KINDS[table]):
                entries = getattr(self, table)
                if name not in entries:
                    self._forget(name)
                entries[name] = value
                return
        for table in KINDS:
            if name in self.__dict__.get(table, ()):
                self._register(table, name, value)
                return
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        """Called for what is no ordinary attribute: look into the tables.

        Raises: AttributeError when it is in none of them.
        """
        for table in KINDS:
            if name in self.__dict__.get(table, ()):
                return self.__dict__[table][name]
        raise unknown_attribute(self, name)

    def _forget(self, name: str) -> bool:
        """Remove `name` wherever it is kept; says whether it was."""
        for table in (self.__dict__, *(getattr(self, table) for table in KINDS)):
            if name in table:
                del table[name]
                self._non_persistent_buffers_set.discard(name)
                return True
        return False

    def __delattr__(self, name: str) -> None:
        """Forget an attribute, wherever it is kept."""
        if not self._forget(name):
            object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = [name for table in KINDS for name in self.__dict__.get(table, ())]
        return [*object.__dir__(self), *names]

    def _register(self, table: str, name: str, value: Any) -> None:
        """Put `value` into a table, refused if it is of another kind or the name will not do."""
        who, kind = type(self).__name__, KINDS[table]
        if not isinstance(name, str):
            raise TypeError(f"{who}: got the name {name!r}, expected a string")
        if not name or "." in name:
            raise KeyError(f"{who}: got the name {name!r}, expected one without dots, not empty")
        if name not in getattr(self, table) and hasattr(self, name):
            raise KeyError(f"{who} has an attribute {name!r} already; choose another name")
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"{who}.{name}: {mistaken(value, kind)}")
        getattr(self, table)[name] = value

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """What `self.name = param` does; None notes that there is none, as for bias=False."""
        self._register("_parameters", name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Keep a tensor that is not learned but belongs to the state, such as a running mean.

        Args:
            persistent: whether it is part of `state_dict()`.
        """
        self._register("_buffers", name, tensor)
        note = set.discard if persistent else set.add
        note(self._non_persistent_buffers_set, name)

    def add_module(self, name: str, module: Module | None) -> None:
        """What `self.name = module` does, for names that are computed."""
        self._register("_modules", name, module)

    # Finding: everything in this module and in those within it, each thing once

    def named_modules(
        self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all within it, with their paths, such as "encoder.0.linear"."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, joined(prefix, name), remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all within it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly within this one, with their names."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly within this one."""
        return (module for _, module in self.named_children())

    def _named(
        self, table: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        """The entries of one table with their paths; a tensor that is shared comes once."""
        seen = set()
        every = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in every if recurse else [(prefix, self)]:
            for name, tensor in getattr(module, table).items():
                if tensor is not None and tensor not in seen:
                    if remove_duplicate:
                        seen.add(tensor)
                    yield joined(path, name), tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their paths, such as ("encoder.0.linear.weight", weight)."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters: what an optimizer takes."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their paths."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    # Saving and loading

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Tensor]:
        """All parameters and persistent buffers by path: the state that is worth a file.

        The tensors share the module's memory; `keep_vars` leaves them in the graph as well.

        >>> list(Sequential(Linear(2, 3), ReLU(), Linear(3, 1, bias=False)).state_dict())
        ['0.weight', '0.bias', '2.weight']
        """
        state = {}
        for path, module in self.named_modules(remove_duplicate=False):
            left_out = module._non_persistent_buffers_set
            buffers = {k: v for k, v in module._buffers.items() if k not in left_out}
            for name, tensor in {**module._parameters, **buffers}.items():
                if tensor is not None:
                    state[prefix + joined(path, name)] = tensor if keep_vars else tensor.detach()
        return state

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadResult:
        """Overwrite parameters and buffers with the values of `state_dict`.

        Args:
            state_dict: tensors or arrays by path, as from `state_dict()`; dtypes are converted.
            strict: whether the paths must be the same on both sides.
        Returns: the paths that were missing, and those that nothing was made of.
        Raises: RuntimeError that lists all that does not fit; then nothing was changed.
        """
        expect_state(state_dict)
        own = self.state_dict(keep_vars=True)
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        shared = {name: tensor for name, tensor in own.items() if name in state_dict}
        problems = [misfit(name, state_dict[name], tensor) for name, tensor in shared.items()]
        if strict:
            problems += [f"missing: {name}" for name in missing]
            problems += [f"unexpected: {name}" for name in unexpected]
        if any(problems):
            raise not_loaded(self, problems)
        values = [as_tensor(state_dict[name]) for name in shared]
        for tensor, value in zip(shared.values(), values, strict=True):
            overwrite(tensor, value)
        return LoadResult(missing, unexpected)

    # What happens to the whole

    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Call `fn` with every module within this one, and with this one last."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Switch to training: dropout drops, batch norm looks at the batch.

        Args:
            mode: False switches to evaluation.
        Raises: ValueError for anything but True and False.
        """
        if not isinstance(mode, bool):
            raise ValueError(f"train: got {mode!r}, expected True or False")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Module:
        """Switch to evaluation: the same input gives the same output."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Let all parameters be learned, or freeze them."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or overwrite them with zeros."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                overwrite(parameter.grad, Tensor(np.zeros_like(parameter.grad.array)))

    def to(self, *args: Any, **options: Any) -> Module:
        """Convert all floating-point parameters and buffers, as `Tensor.to` does; in place."""
        for tensor in [*self.parameters(), *self.buffers()]:
            if tensor.dtype.kind == "f":
                converted = tensor.data.to(*args, **options)
                if converted.dtype.kind != "f":
                    raise TypeError(
                        f"{type(self).__name__}.to: got {converted.dtype}, expected a "
                        "floating-point dtype: whole numbers cannot be learned in small steps."
                    )
                tensor.data = converted
                tensor.grad = None if tensor.grad is None else tensor.grad.to(*args, **options)
        return self

    def float(self) -> Module:
        """Convert to float32."""
        return self.to(float32)

    def double(self) -> Module:
        """Convert to float64."""
        return self.to(float64)

    def half(self) -> Module:
        """Convert to float16."""
        return self.to(float16)

    def cpu(self) -> Module:
        """Itself: everything is on the CPU already."""
        return self

    # Hooks: functions that are called around forward

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`; what it returns replaces the arguments.

        Args:
            prepend: before the hooks that are there already.
            with_kwargs: call `hook(module, args, kwargs)`, which returns None or both anew.
        """
        return RemovableHandle(self._forward_pre_hooks, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; what it returns replaces the output.

        Args:
            prepend: before the hooks that are there already.
            with_kwargs: call `hook(module, args, kwargs, output)`.

        >>> layer = Linear(2, 3)
        >>> handle = layer.register_forward_hook(lambda module, args, out: print(out.shape))
        >>> _ = layer(zeros(5, 2))
        (5, 3)
        >>> handle.remove()
        """
        return RemovableHandle(self._forward_hooks, (hook, with_kwargs), prepend)

    # How it is printed

    def extra_repr(self) -> str:
        """The settings to show between the parentheses."""
        return ""

    def _lines(self) -> list[str]:
        """The modules within, one entry each."""
        return [f"({name}): {module!r}" for name, module in self._modules.items()]

    def __repr__(self) -> str:
        extra, lines = self.extra_repr(), self._lines()
        if not lines and "\n" not in extra:
            return f"{type(self).__name__}({extra})"
        lines = [*extra.splitlines(), *lines]
        body = "".join("\n  " + line.replace("\n", "\n  ") for line in lines)
        return f"{type(self).__name__}({body}\n)"


KINDS: dict[str, type] = {"_parameters": Parameter, "_buffers": Tensor, "_modules": Module}


def joined(path: str, name: str) -> str:
    """`name` within the module at `path`.

    >>> joined("encoder.0", "weight"), joined("", "weight")
    ('encoder.0.weight', 'weight')
    """
    return f"{path}.{name}" if path else name


def unknown_attribute(module: Module, name: str) -> AttributeError:
    """The error for an attribute that `module` does not have."""
    who = type(module).__name__
    if "_parameters" in module.__dict__:
        return AttributeError(f"{who} has no attribute {name!r}", name=name, obj=module)
    return AttributeError(
        f"{who}: super().__init__() has not run, so there is no place yet for parameters "
        f"and modules. Make it the first line of {who}.__init__."
    )


def mistaken(value: Any, kind: type) -> str:
    """Why `value` will not do where a parameter, a tensor or a module belongs."""
    what = f"got the class {value.__name__}" if isinstance(value, type) else ""
    what = what or f"got a {type(value).__name__}"
    way_out = {
        Parameter: "Write Parameter(tensor), or overwrite the values: layer.weight.data = tensor.",
        Tensor: "Write tensor(...) around the values.",
        Module: "Write nn.ReLU() for the function relu, with parentheses after the class.",
    }
    return f"{what}, expected a {kind.__name__}. {way_out[kind]}"


def expect_state(state: Any) -> None:
    """Refuse what is no dictionary."""
    if not isinstance(state, Mapping):
        raise TypeError(
            f"load_state_dict: got a {type(state).__name__}, expected a dictionary of tensors, as "
            "from state_dict()"
        )


def misfit(name: str, value: Any, own: Tensor) -> str:
    """Why `value` cannot be loaded into the tensor `own`; empty where it can."""
    if not isinstance(value, (Tensor, np.ndarray)):
        return f"no tensor: {name} is a {type(value).__name__}"
    if value.shape != own.shape:
        return f"size mismatch: {name} has shape {value.shape} there and {own.shape} here"
    return ""


def not_loaded(module: Module, problems: list[str]) -> RuntimeError:
    """The error that lists why a state does not fit; empty texts are left out."""
    return RuntimeError(
        f"load_state_dict: the state does not fit this {type(module).__name__}, and nothing "
        "was loaded.\n  " + "\n  ".join(filter(None, problems)) + "\nBuild the model as the saved "
        "one was built; strict=False ignores missing and unexpected names."
    )


class LoadResult(NamedTuple):
    """What `load_state_dict` did not find, and what it had no use for."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"LoadResult(missing_keys={self[0]}, unexpected_keys={self[1]})"


class RemovableHandle:
    """What registering a hook returns: `remove()`, or the end of a `with` block, takes it away."""

    def __init__(self, hooks: list, entry: Any, prepend: bool = False):
        self.hooks, self.entry = hooks, entry
        hooks.insert(0 if prepend else len(hooks), entry)

    def remove(self) -> None:
        """Take the hook away; nothing happens if it is gone already."""
        self.hooks[:] = [entry for entry in self.hooks if entry is not self.entry]

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def call_with_hooks(module: Module, args: tuple, kwargs: dict) -> Any:
    """Run the hooks before, `forward`, and the hooks after it; each may replace what it saw."""
    for hook, with_kwargs in tuple(module._forward_pre_hooks):
        changed = hook(module, args, kwargs) if with_kwargs else hook(module, args)
        if changed is not None and with_kwargs:
            args, kwargs = changed
        elif changed is not None:
            args = changed if isinstance(changed, tuple) else (changed,)
    out = module.forward(*args, **kwargs)
    for hook, with_kwargs in tuple(module._forward_hooks):
        changed = hook(module, args, kwargs, out) if with_kwargs else hook(module, args, out)
        out = out if changed is None else changed
    return out


# --------------------------------------------------------------------------- how weights begin


def fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs feed one output of a weight, and how many outputs one input feeds.

    Args:
        tensor: (outputs, inputs), or (outputs, inputs, height, width) for a convolution.
    Raises: ValueError for fewer than two dimensions.

    >>> fans(zeros(10, 784)), fans(zeros(32, 3, 5, 5))
    ((784, 10), (75, 800))
    """
    if tensor.ndim < 2:
        raise ValueError(
            f"a tensor of shape {tensor.shape} has no fan-in and fan-out: expected a weight of "
            "shape (outputs, inputs, ...). For a bias, use zeros_ or uniform_."
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """How much larger weights must begin to make up for what the nonlinearity takes away.

    A rectifier zeroes half of its inputs and so halves their mean square: its gain is sqrt(2).

    Args:
        nonlinearity: "linear", "relu", "leaky_relu", "tanh", "sigmoid", "selu" or a convolution.
        param: the slope below zero of leaky_relu, 0.01 unless given.
    Raises: ValueError for another name.
    """
    slope = 0.01 if param is None else param
    gains = {
        "sigmoid": 1.0,
        "tanh": 5 / 3,
        "relu": math.sqrt(2),
        "leaky_relu": math.sqrt(2 / (1 + slope * slope)),
        "selu": 3 / 4,
    }
    if nonlinearity == "linear" or nonlinearity.startswith("conv"):
        return 1.0
    if nonlinearity not in gains:
        raise ValueError(
            f"calculate_gain: got {nonlinearity!r}, expected one of linear, {', '.join(gains)}"
        )
    return gains[nonlinearity]


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill `tensor` with random values, uniform between `a` and `b`.

    >>> values = uniform_(zeros(1000), -0.5, 0.5)
    >>> bool((values.abs() <= 0.5).array.all())
    True
    """
    values = rand(*tensor.shape, dtype=tensor.dtype, generator=generator)
    return overwrite(tensor, values * (b - a) + a)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill a weight such that signals keep their size from layer to layer.

    A sum of n products has n times the variance of one, so weights get the variance
    gain² / n. Uniform values within +-bound have the variance bound² / 3.

    Args:
        tensor: (outputs, inputs, ...).
        a: the slope below zero of the leaky_relu that follows; 0 stands for a plain relu.
        mode: "fan_in" keeps the size of signals, "fan_out" that of gradients.
    Raises: ValueError for another mode.
    Source: He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", 2015.

    >>> bool((kaiming_uniform_(zeros(50, 6)).abs() <= 1).array.all())  # sqrt(3 * 2 / 6)
    True
    """
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'kaiming_uniform_: mode={mode!r}, expected "fan_in" or "fan_out"')
    n = fans(tensor)[mode == "fan_out"]
    if not tensor.numel():
        return tensor
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3 / n)
    return uniform_(tensor, -bound, bound, generator)


# --------------------------------------------------------------------------------- the layers


class Linear(Module):
    """A fully connected layer: every output is a weighted sum of all inputs, and a bias.

    Args:
        in_features: the number of inputs.
        out_features: the number of outputs.
        bias: whether there is one.
    Raises: TypeError for sizes that are not whole numbers.

    Weights and biases begin uniform within +-1 / sqrt(in_features).

    >>> layer = Linear(784, 10)
    >>> layer(zeros(32, 784)).shape, layer.weight.shape
    ((32, 10), (10, 784))
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if not all(isinstance(n, (int, np.integer)) for n in (in_features, out_features)):
            raise TypeError(
                f"Linear: got the sizes {in_features!r} and {out_features!r}, expected whole "
                "numbers; divide with //"
            )
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(zeros(out_features, in_features, device=device, dtype=dtype))
        self.register_parameter(
            "bias", Parameter(zeros(out_features, device=device, dtype=dtype)) if bias else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and biases anew."""
        kaiming_uniform_(self.weight, a=math.sqrt(5))  # the bound is then 1 / sqrt(in_features)
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features else 0
            uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """(..., in_features) -> (..., out_features)."""
        return linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each value with probability `p`, and scale the others by 1 / (1 - p).

    So the expected value stays the same, and nothing has to be done at evaluation.

    Args:
        input: any shape, floating-point.
        p: in [0, 1].
        training: otherwise the input is returned as it is.
        inplace: write the result into `input` itself.
    Raises: ValueError when p is out of range.
    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
        Overfitting", 2014.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p={p} is no probability, expected a number between 0 and 1")
    if not training or p == 0:
        return input
    expect_floating("dropout", input)
    kept = default_generator.rng.random(input.shape, float32) >= p
    result = input * Tensor(kept.astype(input.dtype) * (1 / (1 - p) if p < 1 else 0.0))
    return input.copy_(result) if inplace else result


class Dropout(Module):
    """Dropout while training; in evaluation the input passes unchanged.

    Args:
        p: the probability with which a value is zeroed, in [0, 1].
        inplace: write the result into the input itself.

    >>> layer = Dropout(0.5)
    >>> sorted(set(layer(zeros(1000) + 1).tolist()))
    [0.0, 2.0]
    >>> layer.eval()(Tensor([1.0, 2.0]))
    tensor([1., 2.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout: p={p} is no probability, expected one between 0 and 1")
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        return dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"


class Identity(Module):
    """Returns its input: what to put where a layer is to be left out. Arguments are ignored."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """The input."""
        return input


class FunctionModule(Module):
    """A function as a module: it keeps the settings, and passes them on at every call.

    Args:
        function: called with what the module is called with, and with the settings by keyword.
        settings: kept as attributes.

    >>> class Power(FunctionModule):
    ...     def __init__(self, exponent):
    ...         super().__init__(lambda x, exponent: x**exponent, exponent=exponent)
    >>> Power(3), Power(3)(Tensor([2.0]))
    (Power(exponent=3), tensor([8.]))
    """

    def __init__(self, function: Callable, **settings: Any):
        super().__init__()
        self.function, self.settings = function, tuple(settings)
        for name, value in settings.items():
            setattr(self, name, value)

    def forward(self, *inputs: Any) -> Any:
        """The function of the inputs."""
        return self.function(*inputs, **{name: getattr(self, name) for name in self.settings})

    def extra_repr(self) -> str:
        """The settings, without inplace=False."""
        shown = {name: getattr(self, name) for name in self.settings}
        return ", ".join(f"{k}={v!r}" for k, v in shown.items() if (k, v) != ("inplace", False))


class ReLU(FunctionModule):
    """max(x, 0)."""

    def __init__(self, inplace: bool = False):
        super().__init__(relu, inplace=inplace)


# ------------------------------------------------------------------------------- modules in a row


class Numbered(Module):
    """Modules in a row: counted, walked through, and found by their number."""

    def _name(self, index: int) -> str:
        """The name of module number `index`, counted from the end where it is negative."""
        if not -len(self) <= index < len(self):
            raise IndexError(
                f"{type(self).__name__}: got the index {index}, and there are {len(self)} modules"
            )
        return list(self._modules)[index]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        """One after the other."""
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> Any:
        """The module at `index`, also from the end; a slice is of the same class as the whole."""
        if isinstance(index, slice):
            part = type(self)()
            part._modules.update(list(self._modules.items())[index])
            return part
        return self._modules[self._name(index)]


class Sequential(Numbered):
    """Modules one after the other: each takes what the one before it returns.

    Args:
        modules: the modules in their order, or one dictionary of them with names.

    `nn.Sequential` is this class and can be edited like a list as well.

    >>> model = Sequential(Linear(4, 8), ReLU(), Linear(8, 1))
    >>> model(zeros(3, 4)).shape
    (3, 1)
    >>> model[:2]
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *modules: Any):
        super().__init__()
        named = len(modules) == 1 and isinstance(modules[0], Mapping)
        for name, module in modules[0].items() if named else enumerate(modules):
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        """The output of the last module."""
        for module in self:
            input = module(input)
        return input
