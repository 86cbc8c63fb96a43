"""More containers and layers, built on module 03, and parameters as one long vector."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tinytorch.breadth.linalg import einsum
from tinytorch.core import layers
from tinytorch.core.layers import Module, Numbered, Parameter, overwrite, uniform_
from tinytorch.core.tensor import Tensor, cat, zeros

__all__ = [
    "Bilinear", "Flatten", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList",
    "Sequential", "Unflatten", "bilinear", "parameters_to_vector", "vector_to_parameters",
]  # fmt: skip


# -------------------------------------------------------------------------------- containers


class Editable(Numbered):
    """Modules in a row that can be changed like a list; what follows gets new numbers."""

    def __setitem__(self, index: int, module: Module) -> None:
        self._register("_modules", self._name(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)[index] if isinstance(index, slice) else [self._name(index)]
        self._renumber(module for name, module in self._modules.items() if name not in names)

    def _renumber(self, modules: Iterable[Module]) -> None:
        modules = list(modules)
        self._modules.clear()
        self.extend(modules)

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add several modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Put a module in before the one at `index`."""
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)
        return self


class Sequential(Editable, layers.Sequential):
    """Modules one after the other, as in `core/layers.py`, which can be changed like a list.

    >>> from tinytorch.core.layers import Linear, ReLU
    >>> model = Sequential(Linear(4, 8), ReLU()).append(Linear(8, 1))
    >>> model(zeros(3, 4)).shape, len(model)
    ((3, 1), 3)
    """


class ModuleList(Editable):
    """A list whose modules are found: parameters in a plain Python list are not.

    >>> from tinytorch.core.layers import Linear
    >>> blocks = ModuleList(Linear(4, 4) for _ in range(3))
    >>> len(list(blocks.parameters()))
    6
    >>> blocks
    ModuleList(
      (0-2): 3 x Linear(in_features=4, out_features=4, bias=True)
    )
    """

    def __init__(self, modules: Iterable[Module] | None = None):
        super().__init__()
        self.extend(modules or ())

    def _lines(self) -> list[str]:
        """One entry for a run of modules that look alike."""
        runs: list[list] = []  # [text, first, last]
        for i, text in enumerate(map(repr, self)):
            if runs and runs[-1][0] == text:
                runs[-1][2] = i
            else:
                runs.append([text, i, i])
        return [
            f"({i}): {text}" if i == last else f"({i}-{last}): {last - i + 1} x {text}"
            for text, i, last in runs
        ]


class ModuleDict(Module):
    """A dictionary whose modules are found by `parameters()` and the like.

    >>> from tinytorch.core.layers import Linear, ReLU
    >>> parts = ModuleDict({"up": Linear(2, 8), "bend": ReLU()})
    >>> parts
    ModuleDict(
      (up): Linear(in_features=2, out_features=8, bias=True)
      (bend): ReLU()
    )
    >>> "up" in parts, len(parts)
    (True, 2)
    """

    def __init__(self, modules: Mapping[str, Module] | None = None):
        super().__init__()
        self.update(modules or {})

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Module]]:
        """Names and modules."""
        return self._modules.items()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules, from a dictionary or from pairs."""
        for key, module in dict(modules).items():
            self[key] = module

    def pop(self, key: str) -> Module:
        """Remove a module, and return it."""
        return self._modules.pop(key)

    def clear(self) -> None:
        """Remove all modules."""
        self._modules.clear()


def parameter(value: Any) -> Any:
    """A plain tensor as a Parameter; anything else as it is."""
    return (
        Parameter(value)
        if isinstance(value, Tensor) and not isinstance(value, Parameter)
        else value
    )


class _Parameters(Module):
    """What ParameterList and ParameterDict share: their entries, and how they are printed."""

    def __len__(self) -> int:
        return len(self._parameters)

    def _lines(self) -> list[str]:
        return [
            f"({name}): Parameter containing: [{p.dtype} of size {'x'.join(map(str, p.shape))}]"
            for name, p in self._parameters.items()
        ]


class ParameterList(_Parameters):
    """A list whose parameters are found; plain tensors in it become parameters.

    >>> weights = ParameterList([Tensor([1.0]), Tensor([2.0])])
    >>> len(list(weights.parameters())), weights[-1].item()
    (2, 2.0)
    """

    def __init__(self, values: Iterable[Any] = ()):
        super().__init__()
        self.extend(values)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._parameters.values())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return ParameterList(list(self)[index])
        return list(self)[index]

    def __setitem__(self, index: int, value: Any) -> None:
        self.register_parameter(list(self._parameters)[index], parameter(value))

    def append(self, value: Any) -> ParameterList:
        """Add a parameter at the end."""
        self.register_parameter(str(len(self)), parameter(value))
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add several parameters at the end."""
        for value in values:
            self.append(value)
        return self


class ParameterDict(_Parameters):
    """A dictionary whose parameters are found; plain tensors in it become parameters."""

    def __init__(self, parameters: Mapping[str, Any] | None = None):
        super().__init__()
        self.update(parameters or {})

    def __getitem__(self, key: str) -> Parameter:
        return self._parameters[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.register_parameter(key, parameter(value))

    def __delitem__(self, key: str) -> None:
        del self._parameters[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __contains__(self, key: object) -> bool:
        return key in self._parameters

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._parameters.keys()

    def values(self) -> Iterable[Parameter]:
        """The parameters."""
        return self._parameters.values()

    def items(self) -> Iterable[tuple[str, Parameter]]:
        """Names and parameters."""
        return self._parameters.items()

    def update(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Add parameters, from a dictionary or from pairs."""
        for key, value in dict(parameters).items():
            self[key] = value


# ------------------------------------------------------------------------------------ layers


class Flatten(Module):
    """Dimensions `start_dim` to `end_dim` made into one: an image becomes a row.

    >>> Flatten()(zeros(32, 28, 28)).shape
    (32, 784)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        """(N, d1, d2, ...) -> (N, d1 * d2 * ...)."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dimension made into several: the inverse of Flatten.

    >>> Unflatten(1, (2, 3))(zeros(5, 6)).shape
    (5, 2, 3)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]):
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        """(..., n, ...) -> (..., *unflattened_size, ...)."""
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """The dimension and its sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x1^T W x2 + b, with a matrix W for each output.

    Args:
        input1: (..., inputs1).
        input2: (..., inputs2), with the same sizes before.
        weight: (outputs, inputs1, inputs2).
        bias: (outputs,), or None.
    Returns: (..., outputs).

    >>> bilinear(Tensor([[2.0]]), Tensor([[3.0]]), Tensor([[[10.0]]]))
    tensor([[60.]])
    """
    if input1.shape[:-1] != input2.shape[:-1]:
        raise RuntimeError(
            f"bilinear: the inputs have shapes {input1.shape} and {input2.shape}, expected the "
            "same sizes but for the last one"
        )
    out = einsum("...i,oij,...j->...o", input1, weight, input2)
    return out if bias is None else out + bias


class Bilinear(Module):
    """A layer of two inputs whose outputs are weighted sums of all products of their features."""

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"Bilinear: in1_features={in1_features}, expected at least 1")
        self.in1_features, self.in2_features = in1_features, in2_features
        self.out_features = out_features
        size = (out_features, in1_features, in2_features)
        self.weight = Parameter(zeros(size, device=device, dtype=dtype))
        self.register_parameter(
            "bias", Parameter(zeros(out_features, device=device, dtype=dtype)) if bias else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and biases anew, uniform within +-1 / sqrt(in1_features)."""
        for tensor in self.parameters():
            bound = 1 / math.sqrt(self.in1_features)
            uniform_(tensor, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """(..., in1_features) and (..., in2_features) -> (..., out_features)."""
        return bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


# --------------------------------------------------------------- parameters as one long vector


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters, one after the other, as one vector.

    >>> parameters_to_vector([Tensor([[1.0, 2.0]]), Tensor([3.0])])
    tensor([1., 2., 3.])
    """
    return cat([p.reshape(p.numel()) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Overwrite the parameters with the values of a vector, in order.

    Raises: TypeError for what is no tensor, RuntimeError when their number differs.
    """
    parameters = list(parameters)
    if not isinstance(vec, Tensor):
        raise TypeError(f"vector_to_parameters: got a {type(vec).__name__}, expected a Tensor")
    needed = sum(p.numel() for p in parameters)
    if vec.shape != (needed,):
        raise RuntimeError(
            f"vector_to_parameters: the vector has shape {vec.shape}, and the parameters have "
            f"{needed} values: expected ({needed},)"
        )
    start = 0
    for p in parameters:
        overwrite(p, vec.detach()[start : start + p.numel()].reshape(*p.shape))
        start += p.numel()
