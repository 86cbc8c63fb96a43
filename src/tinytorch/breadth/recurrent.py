"""What came before attention: networks that read a sequence step by step and keep a memory.

A step takes what is read now and the memory of what came before, and returns the new memory. Three
steps are here, each used by a cell (one step) and by a layer (all steps, several layers deep, in
one direction or in both). They are composed of the operations of modules 01 to 03, so their
gradients come by themselves: backward goes back through time because the graph does.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np

from tinytorch.breadth.preparation import pad
from tinytorch.breadth.shaping import chunk
from tinytorch.core.activations import relu, sigmoid, tanh
from tinytorch.core.layers import Module, Parameter, dropout, linear, uniform_
from tinytorch.core.tensor import Tensor, cat, stack, zeros

__all__ = [
    "GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell", "gru_step", "lstm_step",
    "pad_sequence", "rnn_step",
]  # fmt: skip

State = tuple[Tensor, ...]  # the memory: (h,), or (h, c) for an LSTM, of (N, hidden) each


# -------------------------------------------------------------------------------- the three steps


def rnn_step(
    x: Tensor, state: State, weight: Tensor, bias: Tensor | None, nonlinearity: str = "tanh"
) -> State:
    """h' = tanh(x + W h + b).

    Args:
        x: (N, hidden), what is read, multiplied by its weight already.
        state: (h,), of (N, hidden).
        weight: (hidden, hidden).
        nonlinearity: "tanh" or "relu".
    Source: Elman, "Finding Structure in Time", 1990.

    >>> rnn_step(Tensor([[1.0]]), (Tensor([[2.0]]),), Tensor([[3.0]]), None, "relu")
    (tensor([[7.]]),)
    """
    (h,) = state
    new = x + linear(h, weight, bias)
    return (relu(new) if nonlinearity == "relu" else tanh(new),)


def lstm_step(x: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
    """c' = f c + i g and h' = o tanh(c'): gates say what to forget, to write, and to show.

    What lasts is in c, which is changed by sums and not by products with a matrix: so gradients
    reach far back.

    Args:
        x: (N, 4 hidden): what is read, multiplied by its weight already, for i, f, g and o.
        state: (h, c), of (N, hidden) each.
        weight: (4 hidden, hidden).
    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997; f is from Gers,
        Schmidhuber and Cummins, "Learning to Forget", 2000.
    """
    h, c = state
    i, f, g, o = chunk(x + linear(h, weight, bias), 4, 1)  # (N, hidden) each
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def gru_step(x: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
    """h' = (1 - z) n + z h: one gate to keep or to replace, one to look at the memory or not.

    Args:
        x: (N, 3 hidden): what is read, multiplied by its weight already, for r, z and n.
        state: (h,), of (N, hidden).
        weight: (3 hidden, hidden).
    Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014; with the
        gate r behind the product, as in PyTorch.
    """
    (h,) = state
    from_x, from_h = chunk(x, 3, 1), chunk(linear(h, weight, bias), 3, 1)
    r, z = (sigmoid(a + b) for a, b in zip(from_x[:2], from_h[:2], strict=True))
    n = tanh(from_x[2] + r * from_h[2])
    return (n + z * (h - n),)


# ------------------------------------------------------------------- what cells and layers share


class Recurrent(Module):
    """Sizes, weights and refusals of recurrent cells and layers."""

    gates = 1  # how many blocks of hidden_size rows a weight has
    states = 1  # how many tensors the memory has
    nonlinearity = ""  # of a plain RNN

    def __init__(self, input_size: int, hidden_size: int, bias: bool):
        super().__init__()
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if not isinstance(size, (int, np.integer)):
                raise TypeError(f"{self._name()}: got {name}={size!r}, expected a whole number")
            if size <= 0:
                raise ValueError(f"{self._name()}: got {name}={size}, expected at least 1")
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias

    def _name(self) -> str:
        return type(self).__name__

    def _add_weights(self, suffix: str, inputs: int, **options: Any) -> None:
        """Make the four parameters of one step; without a bias its two places stay empty."""
        rows = self.gates * self.hidden_size
        sizes = {
            "weight_ih": (rows, inputs),
            "weight_hh": (rows, self.hidden_size),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
        }
        for name, size in sizes.items():
            wanted = self.bias or name.startswith("weight")
            value = Parameter(zeros(size, **options)) if wanted else None
            self.register_parameter(name + suffix, value)

    def reset_parameters(self) -> None:
        """Draw all weights and biases anew, uniform within +-1 / sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            uniform_(parameter, -bound, bound)

    def _step(self, x: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
        """The new memory."""
        raise NotImplementedError(f"{self._name()} has no step; use RNN, LSTM or GRU")

    def _check_input(self, input: Tensor, ranks: tuple[int, int]) -> None:
        """Refuse what does not have the right number of dimensions, or of features."""
        if input.ndim not in ranks:
            raise ValueError(
                f"{self._name()}: the input has shape {input.shape}, expected {ranks[1]} "
                f"dimensions, or {ranks[0]} for a single example"
            )
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{self._name()}: the input has shape {input.shape}, expected "
                f"(..., {self.input_size}), because input_size={self.input_size}. Make the layer "
                f"with input_size={input.shape[-1]}, or move the features to the last dimension."
            )

    def _checked_state(self, hx: Any, input: Tensor, size: tuple[int, ...]) -> State:
        """The memory to begin with, as a tuple: zeros unless given; refused if it does not fit."""
        if hx is None:
            return tuple(zeros(size, dtype=input.dtype) for _ in range(self.states))
        kind = Tensor if self.states == 1 else (tuple, list)
        if not isinstance(hx, kind):
            raise TypeError(
                f"{self._name()}: the memory is a {type(hx).__name__}, expected "
                f"{'a tensor' if self.states == 1 else 'the pair (h_0, c_0)'}"
            )
        state = (hx,) if isinstance(hx, Tensor) else tuple(hx)
        shapes = [part.shape for part in state]
        if shapes != [size] * self.states:
            raise RuntimeError(
                f"{self._name()}: the memory has the shapes {shapes}, expected {self.states} of "
                f"{size} for an input of shape {input.shape}"
            )
        return state


class _Elman:
    """What makes a cell or a layer a plain recurrent network."""

    def _choose(self: Any, nonlinearity: str) -> None:
        """Keep the nonlinearity; refuse an unknown one."""
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f'{self._name()}: nonlinearity={nonlinearity!r}, expected "tanh" or "relu"'
            )
        self.nonlinearity = nonlinearity

    def _step(self: Any, x: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
        return rnn_step(x, state, weight, bias, self.nonlinearity)


class _LongShortTerm:
    """What makes a cell or a layer an LSTM."""

    gates, states = 4, 2

    def _step(self, x: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
        return lstm_step(x, state, weight, bias)


class _Gated:
    """What makes a cell or a layer a GRU."""

    gates = 3

    def _step(self, x: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
        return gru_step(x, state, weight, bias)


# -------------------------------------------------------------------------------------- one step


class Cell(Recurrent):
    """One step of a recurrent network as a module."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(input_size, hidden_size, bias)
        self._add_weights("", input_size, device=device, dtype=dtype)
        self.reset_parameters()

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        """(N, input_size) or (input_size,), and the memory, to the new memory."""
        self._check_input(input, (1, 2))
        state = self._checked_state(hx, input, (*input.shape[:-1], self.hidden_size))
        single = input.ndim == 1
        if single:
            input, state = input.unsqueeze(0), tuple(part.unsqueeze(0) for part in state)
        x = linear(input, self.weight_ih, self.bias_ih)
        state = self._step(x, state, self.weight_hh, self.bias_hh)
        if single:
            state = tuple(part.squeeze(0) for part in state)
        return state if self.states > 1 else state[0]

    def extra_repr(self) -> str:
        """The sizes, and what is not as usual."""
        text = f"{self.input_size}, {self.hidden_size}"
        text += "" if self.bias else ", bias=False"
        return text + (", nonlinearity=relu" if self.nonlinearity == "relu" else "")


class RNNCell(_Elman, Cell):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), one step.

    Args:
        nonlinearity: "tanh" or "relu".

    >>> RNNCell(3, 5)(zeros(2, 3)).shape
    (2, 5)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self._choose(nonlinearity)


class LSTMCell(_LongShortTerm, Cell):
    """`lstm_step` as a module: input and (h, c) to the new (h, c).

    >>> h, c = LSTMCell(3, 5)(zeros(2, 3))
    >>> h.shape, c.shape
    ((2, 5), (2, 5))
    """


class GRUCell(_Gated, Cell):
    """`gru_step` as a module: input and h to the new h.

    >>> GRUCell(3, 5)(zeros(2, 3), zeros(2, 5)).shape
    (2, 5)
    """


# -------------------------------------------------------------------------------------- all steps


def steps(x: Tensor) -> list[Tensor]:
    """x[0], x[1], ...

    Taken by halves: the gradient of a part is as large as the whole, and T parts of the whole
    would add up to T² values in backward; halves of halves to T log T.

    >>> steps(Tensor([1.0, 2.0, 3.0]))
    [tensor(1.), tensor(2.), tensor(3.)]
    """
    if len(x) == 1:
        return [x[0]]
    half = len(x) // 2
    return steps(x[:half]) + steps(x[half:])


class Layers(Recurrent):
    """A recurrent network of several layers, in one direction or in both, over all steps."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(input_size, hidden_size, bias)
        self._check_settings(num_layers, dropout, proj_size)
        self.num_layers, self.batch_first = num_layers, batch_first
        self.dropout, self.bidirectional = float(dropout), bidirectional
        self.directions = ("", "_reverse") if bidirectional else ("",)
        for layer in range(num_layers):
            inputs = len(self.directions) * hidden_size if layer else input_size
            for direction in self.directions:
                self._add_weights(f"_l{layer}{direction}", inputs, device=device, dtype=dtype)
        self.reset_parameters()

    def _check_settings(self, num_layers: int, dropout: float, proj_size: int) -> None:
        """Refuse what makes no sense, and what is not here."""
        who = self._name()
        if not isinstance(num_layers, (int, np.integer)):
            raise TypeError(f"{who}: got num_layers={num_layers!r}, expected a whole number")
        if num_layers <= 0:
            raise ValueError(f"{who}: got num_layers={num_layers}, expected at least 1")
        if isinstance(dropout, bool) or not isinstance(dropout, Real) or not 0 <= dropout <= 1:
            raise ValueError(f"{who}: dropout={dropout!r}, expected a probability from 0 to 1")
        if dropout and num_layers == 1:
            warnings.warn(
                f"{who}: dropout={dropout} does nothing with num_layers=1: it lies between layers",
                stacklevel=4,
            )
        if proj_size and self.states == 1:
            raise ValueError(f"{who}: proj_size={proj_size}, expected 0; only an LSTM has one")
        if proj_size:
            raise NotImplementedError(
                f"{who}: proj_size={proj_size}, expected 0: smaller outputs are not supported. "
                "Put a Linear layer behind it."
            )

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        parameters = list(self.parameters())
        n = 4 if self.bias else 2
        return [parameters[i : i + n] for i in range(0, len(parameters), n)]

    def flatten_parameters(self) -> None:
        """Nothing: PyTorch puts the weights side by side for a GPU here."""

    def forward(self, input: Tensor, hx: Any = None) -> tuple[Tensor, Any]:
        """All steps of a sequence.

        Args:
            input: (T, N, input_size); (N, T, input_size) with batch_first; (T, input_size).
            hx: h_0 of (num_layers * directions, N, hidden_size), for an LSTM the pair (h_0, c_0);
                without N for a single sequence; zeros unless given.
        Returns: the last layer's h at every step, shaped like the input with directions *
            hidden_size features; and the memory after the last step, shaped like `hx`.
        """
        x, state, single = self._prepared(input, hx)
        last: list[State] = []  # for each layer and direction, the memory at its end
        for layer in range(self.num_layers):
            if layer:
                x = dropout(x, self.dropout, self.training)
            outs = []
            for direction in self.directions:
                start = tuple(part[len(last)] for part in state)
                out, end = self._run(x, start, f"_l{layer}{direction}")
                outs.append(out)
                last.append(end)
            x = cat(outs, dim=-1) if len(outs) > 1 else outs[0]  # (T, N, directions * hidden)
        ends = tuple(stack(parts) for parts in zip(*last, strict=True))
        if single:
            x, ends = x.squeeze(1), tuple(part.squeeze(1) for part in ends)
        elif self.batch_first:
            x = x.transpose(0, 1)
        return x, (ends if self.states > 1 else ends[0])

    def _prepared(self, input: Tensor, hx: Any) -> tuple[Tensor, State, bool]:
        """Input (T, N, input_size), the memory to begin with, and whether N was added."""
        self._check_input(input, (2, 3))
        own = next(self.parameters()).dtype
        if input.dtype != own:
            raise ValueError(
                f"{self._name()}: the input has the dtype {input.dtype}, expected {own}. Convert "
                "the input with x.to(dtype), or the layer with layer.to(dtype)."
            )
        single = input.ndim == 2
        x = input.transpose(0, 1) if self.batch_first and not single else input
        if not len(x):
            raise RuntimeError(
                f"{self._name()}: the input has shape {input.shape}, expected at least one step"
            )
        batch = () if single else (x.shape[1],)
        number = self.num_layers * len(self.directions)
        state = self._checked_state(hx, input, (number, *batch, self.hidden_size))
        if single:
            x, state = x.unsqueeze(1), tuple(part.unsqueeze(1) for part in state)
        return x, state, single

    def _run(self, x: Tensor, state: State, suffix: str) -> tuple[Tensor, State]:
        """One layer in one direction: (T, N, inputs) to (T, N, hidden) and the last memory."""
        names = ("weight_ih", "bias_ih", "weight_hh", "bias_hh")
        weight_ih, bias_ih, weight_hh, bias_hh = (getattr(self, name + suffix) for name in names)
        read = steps(linear(x, weight_ih, bias_ih))  # one product for all steps
        backwards = suffix.endswith("_reverse")
        out = []
        for now in reversed(read) if backwards else read:
            state = self._step(now, state, weight_hh, bias_hh)
            out.append(state[0])
        return stack(out[::-1] if backwards else out), state

    def extra_repr(self) -> str:
        """The sizes, and what is not as usual."""
        usual = {
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0.0,
            "bidirectional": False,
        }
        unusual = [f"{k}={getattr(self, k)}" for k, v in usual.items() if getattr(self, k) != v]
        return ", ".join([f"{self.input_size}", f"{self.hidden_size}", *unusual])


class RNN(_Elman, Layers):
    """A plain recurrent network: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), step by step.

    Args:
        num_layers: each further layer reads the outputs of the one before it.
        nonlinearity: "tanh" or "relu".
        batch_first: whether inputs and outputs are (N, T, ...) instead of (T, N, ...).
        dropout: of the outputs between layers.
        bidirectional: a second network reads from the end; outputs are both, side by side.
    Raises: ValueError, TypeError for sizes and settings that make no sense.

    >>> out, h = RNN(3, 5, num_layers=2, batch_first=True)(zeros(4, 7, 3))
    >>> out.shape, h.shape
    ((4, 7, 5), (2, 4, 5))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        **options: Any,
    ):
        settings = (num_layers, bias, batch_first, dropout, bidirectional)
        super().__init__(input_size, hidden_size, *settings, **options)
        self._choose(nonlinearity)


class LSTM(_LongShortTerm, Layers):
    """Long short-term memory, layer over layer; its memory is the pair (h, c).

    Args: as for RNN, without a nonlinearity. proj_size is refused.

    >>> out, (h, c) = LSTM(3, 5, bidirectional=True)(zeros(7, 4, 3))
    >>> out.shape, h.shape, c.shape
    ((7, 4, 10), (2, 4, 5), (2, 4, 5))
    """


class GRU(_Gated, Layers):
    """Gated recurrent units, layer over layer.

    Args: as for RNN, without a nonlinearity.

    >>> out, h = GRU(3, 5)(zeros(7, 3))  # one sequence, without a batch
    >>> out.shape, h.shape
    ((7, 5), (1, 5))
    """


# ----------------------------------------------------------------- sequences of several lengths


def pad_sequence(
    sequences: Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences of different lengths as one tensor: the shorter ones are filled up.

    Args:
        sequences: (length, ...) each; all but the lengths are the same.
        batch_first: (N, T, ...) instead of (T, N, ...).
        padding_value: what they are filled up with.
        padding_side: "right" or "left".
    Raises: RuntimeError for no sequences, and for shapes that do not fit.

    >>> pad_sequence([Tensor([1.0, 2.0]), Tensor([3.0])], batch_first=True)
    tensor([[1., 2.],
            [3., 0.]])
    """
    sequences = list(sequences)
    if padding_side not in ("right", "left"):
        raise RuntimeError(
            f'pad_sequence: padding_side={padding_side!r}, expected "right" or "left"'
        )
    shapes = [sequence.shape for sequence in sequences]
    if len({shape[1:] for shape in shapes}) != 1 or () in shapes:
        raise RuntimeError(
            f"pad_sequence: got sequences of the shapes {shapes}, expected at least one, and all "
            "sizes but the first to be the same"
        )
    longest = max(map(len, sequences))
    full = []
    for sequence in sequences:
        missing = longest - len(sequence)
        sides = (0, missing) if padding_side == "right" else (missing, 0)
        border = (0, 0) * (sequence.ndim - 1) + sides  # of the last dimension first
        full.append(pad(sequence, border, value=padding_value))
    return stack(full, dim=0 if batch_first else 1)
