"""PyTorch's transformer layers, built on modules 12 and 13: encoders, decoders, and the two as one.

An encoder layer looks at its own sequence; a decoder layer looks back at what it has written, and
then at what the encoder has read. Masks are PyTorch's: True, or minus infinity, hides.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.breadth.attention import MultiheadAttention
from tinytorch.breadth.init import xavier_uniform_
from tinytorch.breadth.modules import ModuleList
from tinytorch.core.activations import gelu, relu
from tinytorch.core.layers import Dropout, Linear, Module
from tinytorch.core.tensor import Tensor, get_default_dtype
from tinytorch.core.transformers import LayerNorm

__all__ = [
    "Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder",
    "TransformerEncoderLayer",
]  # fmt: skip


def activation_of(activation: str | Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The function of that name, or the function itself."""
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise RuntimeError(
            f'activation: got {activation!r}, expected "relu", "gelu", or a function of a tensor'
        )
    return {"relu": relu, "gelu": gelu}[activation]


class Layer(Module):
    """What encoder and decoder layers share: the network for each position, and the sums."""

    attentions: tuple[str, ...]  # the names of the parts that attend

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        options = {"bias": bias, "device": device, "dtype": dtype}
        settings = {"dropout": dropout, "batch_first": batch_first, **options}
        for name in self.attentions:
            self.add_module(name, MultiheadAttention(d_model, nhead, **settings))
        self.linear1 = Linear(d_model, dim_feedforward, **options)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **options)
        self.norm_first = norm_first
        numbers = range(1, len(self.attentions) + 2)
        for i in numbers:
            self.add_module(f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, **options))
        for i in numbers:
            self.add_module(f"dropout{i}", Dropout(dropout))
        self.activation = activation_of(activation)

    def _added(self, number: int, x: Tensor, part: Callable[[Tensor], Tensor]) -> Tensor:
        """x and what `part` makes of it, with norm and dropout of this number."""
        norm, dropout = getattr(self, f"norm{number}"), getattr(self, f"dropout{number}")
        if self.norm_first:
            return x + dropout(part(norm(x)))
        return norm(x + dropout(part(x)))

    def _think(self, x: Tensor) -> Tensor:
        """The small network, which each position goes through by itself."""
        return self.linear2(self.dropout(self.activation(self.linear1(x))))

    def _attend(
        self,
        name: str,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None,
        padding: Tensor | None,
        is_causal: bool,
    ) -> Tensor:
        """What the attention of this name brings from `memory` to each position of `x`."""
        return getattr(self, name)(
            x,
            memory,
            memory,
            attn_mask=mask,
            key_padding_mask=padding,
            is_causal=is_causal,
            need_weights=False,
        )[0]


class TransformerEncoderLayer(Layer):
    """Self-attention and a small network, each added to its input and normalised.

    Args:
        d_model: the features of each position.
        nhead: the heads, a divisor of d_model.
        dim_feedforward: the features in the middle of the small network.
        dropout: in attention, in the network, and of what is added.
        activation: "relu", "gelu", or a function.
        layer_norm_eps: added to the variance in norms.
        batch_first: (N, T, d_model) instead of (T, N, d_model).
        norm_first: normalise what each part reads, instead of each sum.
        bias: whether linear layers and norms have one.
    Source: Vaswani et al., "Attention Is All You Need", 2017.

    >>> from tinytorch.core.tensor import zeros
    >>> TransformerEncoderLayer(8, 2, 32, batch_first=True)(zeros(3, 5, 8)).shape
    (3, 5, 8)
    """

    attentions = ("self_attn",)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """One layer.

        Args:
            src: (T, N, d_model), (N, T, d_model) with batch_first, or (T, d_model).
            src_mask: (T, T) or (N * nhead, T, T): True or -inf where nobody may look.
            src_key_padding_mask: (N, T): True at positions that are only padding.
            is_causal: a promise that src_mask is the causal one, which must be given too.
        Returns: the shape of `src`.
        """

        def look(x: Tensor) -> Tensor:
            return self._attend("self_attn", x, x, src_mask, src_key_padding_mask, is_causal)

        return self._added(2, self._added(1, src, look), self._think)


class TransformerDecoderLayer(Layer):
    """Self-attention, attention to a memory, and a small network, each added and normalised.

    Args: as for TransformerEncoderLayer.

    >>> from tinytorch.core.tensor import zeros
    >>> TransformerDecoderLayer(8, 2, 32)(zeros(5, 3, 8), zeros(7, 3, 8)).shape
    (5, 3, 8)
    """

    attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """One layer.

        Args:
            tgt: (T, N, d_model), (N, T, d_model) with batch_first, or (T, d_model).
            memory: what an encoder returned, with S for T.
            tgt_mask, memory_mask: (T, T) and (T, S): True or -inf where nobody may look.
            tgt_key_padding_mask, memory_key_padding_mask: (N, T) and (N, S): True at padding.
            tgt_is_causal, memory_is_causal: a promise about the mask, which must be given too.
        Returns: the shape of `tgt`.
        """

        def look_back(x: Tensor) -> Tensor:
            return self._attend("self_attn", x, x, tgt_mask, tgt_key_padding_mask, tgt_is_causal)

        def look_over(x: Tensor) -> Tensor:
            settings = memory_mask, memory_key_padding_mask, memory_is_causal
            return self._attend("multihead_attn", x, memory, *settings)

        x = self._added(1, tgt, look_back)
        x = self._added(2, x, look_over)
        return self._added(3, x, self._think)


# ------------------------------------------------------------------------------- layers in a row


class TransformerEncoder(Module):
    """Several copies of an encoder layer, one after the other.

    Args:
        encoder_layer: is copied; all copies begin with the same weights.
        num_layers: how many.
        norm: what the last output goes through, or None.
        enable_nested_tensor, mask_check: PyTorch has them for speed; nothing depends on them here.

    >>> from tinytorch.core.tensor import zeros
    >>> TransformerEncoder(TransformerEncoderLayer(8, 2, 32), 3)(zeros(5, 4, 8)).shape
    (5, 4, 8)
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ):
        super().__init__()
        self.layers = ModuleList(copy.deepcopy(encoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """All layers; arguments as for a layer.

        What comes out at positions of padding means nothing. PyTorch makes it 0 in evaluation
        unless enable_nested_tensor=False.
        """
        for layer in self.layers:
            src = layer(
                src,
                src_mask=mask,
                src_key_padding_mask=src_key_padding_mask,
                is_causal=bool(is_causal),
            )
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """Several copies of a decoder layer, one after the other; all look at the same memory.

    Args: as for TransformerEncoder.
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None):
        super().__init__()
        self.layers = ModuleList(copy.deepcopy(decoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """All layers; arguments as for a layer."""
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder that reads one sequence, and a decoder that writes another.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first, bias: as for TransformerEncoderLayer.
        num_encoder_layers, num_decoder_layers: how many.
        custom_encoder, custom_decoder: modules to take instead.

    >>> from tinytorch.core.tensor import zeros
    >>> model = Transformer(8, 2, 1, 1, 32, batch_first=True)
    >>> model(zeros(3, 7, 8), zeros(3, 5, 8)).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        common = {"bias": bias, "device": device, "dtype": dtype}
        settings: tuple[Any, ...] = (d_model, nhead, dim_feedforward, dropout, activation)
        settings += (layer_norm_eps, batch_first, norm_first)
        if custom_encoder is None:
            norm = LayerNorm(d_model, eps=layer_norm_eps, **common)
            reader = TransformerEncoderLayer(*settings, **common)
            custom_encoder = TransformerEncoder(reader, num_encoder_layers, norm)
        self.encoder = custom_encoder
        if custom_decoder is None:
            norm = LayerNorm(d_model, eps=layer_norm_eps, **common)
            writer = TransformerDecoderLayer(*settings, **common)
            custom_decoder = TransformerDecoder(writer, num_decoder_layers, norm)
        self.decoder = custom_decoder
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw all matrices anew, each layer its own."""
        for parameter in self.parameters():
            if parameter.ndim > 1:
                xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Read `src`, and compute the decoder's output for every position of `tgt`.

        Args:
            src: (S, N, d_model), (N, S, d_model) with batch_first, or (S, d_model).
            tgt: the same with T for S.
            src_mask, tgt_mask, memory_mask: (S, S), (T, T), (T, S): True or -inf hides.
            src_key_padding_mask, memory_key_padding_mask: (N, S): True at padding.
            tgt_key_padding_mask: (N, T).
        Returns: the shape of `tgt`.
        Raises: RuntimeError when batches or features do not fit.
        """
        batch = 0 if self.batch_first else 1
        fits = src.ndim == tgt.ndim and src.shape[-1] == tgt.shape[-1] == self.d_model
        if not fits or (src.ndim == 3 and src.shape[batch] != tgt.shape[batch]):
            raise RuntimeError(
                f"Transformer: got src of shape {src.shape} and tgt of shape {tgt.shape}, expected "
                f"{self.d_model} features, and the same batch in dimension {batch}"
            )
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The causal mask: 0 where a position may look, minus infinity at all that come after it.

        >>> Transformer.generate_square_subsequent_mask(3)
        tensor([[0., -inf, -inf],
                [0., 0., -inf],
                [0., 0., 0.]])
        """
        ahead = np.triu(np.ones((sz, sz), bool), 1)
        return Tensor(np.where(ahead, -math.inf, 0.0)).to(dtype or get_default_dtype())
