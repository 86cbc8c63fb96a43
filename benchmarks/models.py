"""The networks whose steps are measured, in plain PyTorch idiom: `torch` is either library."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

__all__ = ["cnn", "generation", "gpt"]


def cnn(*channels: int, batch_norm: bool, batch: int) -> Callable[[ModuleType], Callable[[], None]]:
    """A training step on images of 32x32: a convolution 3x3, ReLU and pooling per stage, Adam."""

    def prepare(torch: ModuleType) -> Callable[[], None]:
        nn = torch.nn
        layers: list = []
        for n_in, n_out in zip((3, *channels), channels, strict=False):
            layers.append(nn.Conv2d(n_in, n_out, 3, padding=1))
            layers += [nn.BatchNorm2d(n_out)] if batch_norm else []
            layers += [nn.ReLU(), nn.MaxPool2d(2)]
        side = 32 // 2 ** len(channels)
        model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * side * side, 10))
        x, y = torch.rand(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
        return training_step(torch, model, x, y)

    return prepare


def training_step(torch: ModuleType, model: Any, x: Any, y: Any) -> Callable[[], None]:
    """Forward, cross-entropy over the last dimension, backward, Adam."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> None:
        optimizer.zero_grad()
        scores = model(x).flatten(0, -2)  # (rows, classes)
        loss = torch.nn.functional.cross_entropy(scores, y.flatten())
        loss.backward()
        optimizer.step()

    return step


def language_model(torch: ModuleType, layers: int, dim: int, heads: int, length: int) -> Any:
    """A GPT as one writes it for PyTorch, over 65 characters, with tied weights."""
    nn: Any = torch.nn

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv = nn.Linear(dim, 3 * dim)
            self.proj = nn.Linear(dim, dim)

        def forward(self, x):
            B, T, C = x.shape  # batch, time, channels
            q, k, v = self.qkv(x).split(dim, dim=2)
            q, k, v = (t.view(B, T, heads, C // heads).transpose(1, 2) for t in (q, k, v))
            y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.proj(y.transpose(1, 2).reshape(B, T, C))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.attention = nn.LayerNorm(dim), Attention()
            self.norm2 = nn.LayerNorm(dim)
            self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

        def forward(self, x):
            x = x + self.attention(self.norm1(x))
            return x + self.mlp(self.norm2(x))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.positions = nn.Embedding(65, dim), nn.Embedding(length, dim)
            self.blocks = nn.Sequential(*(Block() for _ in range(layers)))
            self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, 65, bias=False)
            self.head.weight = self.tokens.weight

        def forward(self, ids):
            x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1]))
            return self.head(self.norm(self.blocks(x)))

    return GPT()


def gpt(layers: int, dim: int, length: int, batch: int) -> Callable[[ModuleType], Callable]:
    """A training step of a GPT with four heads."""

    def prepare(torch: ModuleType) -> Callable[[], None]:
        model = language_model(torch, layers, dim, 4, length)
        ids = torch.randint(0, 65, (batch, length + 1))
        return training_step(torch, model, ids[:, :-1], ids[:, 1:])

    return prepare


def generation(layers: int, dim: int, start: int, end: int) -> Callable[[ModuleType], Callable]:
    """One text drawn token by token from `start` to `end` tokens, each from the whole context."""

    def prepare(torch: ModuleType) -> Callable[[], None]:
        model = language_model(torch, layers, dim, 4, end)
        model.eval()

        def step() -> None:
            ids = torch.zeros(1, start, dtype=torch.long)
            with torch.no_grad():
                while ids.shape[1] < end:
                    shares = torch.softmax(model(ids)[:, -1], dim=-1)
                    ids = torch.cat([ids, torch.multinomial(shares, 1)], dim=1)

        return step

    return prepare
