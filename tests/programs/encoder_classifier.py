"""A Transformer encoder that finds what most of a sequence is about, in plain PyTorch idiom."""

import math

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

PAD, CLS = 0, 1


class PositionalEncoding(nn.Module):
    def __init__(self, d_model, dropout=0.0, max_len=64):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(1, max_len, d_model)
        pe[0, :, 0::2] = torch.sin(position * div_term)
        pe[0, :, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe)

    def forward(self, x):
        return self.dropout(x + self.pe[:, : x.size(1)])


class EncoderClassifier(nn.Module):
    def __init__(self, ntoken=20, d_model=32, nhead=4, d_hid=64, nlayers=2, classes=3):
        super().__init__()
        self.d_model = d_model
        self.embedding = nn.Embedding(ntoken, d_model, padding_idx=PAD)
        self.pos_encoder = PositionalEncoding(d_model)
        layer = nn.TransformerEncoderLayer(
            d_model,
            nhead,
            dim_feedforward=d_hid,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.encoder = nn.TransformerEncoder(layer, nlayers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(d_model)
        self.decoder = nn.Linear(d_model, classes)
        self.init_weights()

    def init_weights(self):
        initrange = 0.1
        self.embedding.weight.data.uniform_(-initrange, initrange)
        self.decoder.bias.data.zero_()
        self.decoder.weight.data.uniform_(-initrange, initrange)

    def forward(self, src):
        padding = src == PAD
        x = self.pos_encoder(self.embedding(src) * math.sqrt(self.d_model))
        x = self.encoder(x, src_key_padding_mask=padding)
        return self.decoder(self.norm(x[:, 0]))


def sentences(n=96, length=12):
    """Words 2 to 19 in three groups of six; the label is the group that occurs most."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, n)
    ids = np.zeros((n, length), np.int64)
    ids[:, 0] = CLS
    for row, label in zip(ids, labels, strict=True):
        size = rng.integers(6, length)
        group = np.where(rng.random(size) < 0.7, label, rng.integers(0, 3, size))
        row[1 : size + 1] = 2 + 6 * group + rng.integers(0, 6, size)
    return torch.from_numpy(ids), torch.from_numpy(labels)


def build():
    return EncoderClassifier()


def batches():
    return DataLoader(TensorDataset(*sentences()), batch_size=32, shuffle=False)


def first_step(model):
    ids, labels = next(iter(batches()))
    logits = model(ids)
    return logits, nn.functional.cross_entropy(logits, labels)


def train(model, steps=50):
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, eps=1e-6)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=10)
    losses = []
    model.train()
    while len(losses) < steps:
        for ids, labels in batches():
            optimizer.zero_grad()
            loss = criterion(model(ids), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        ids, labels = sentences()
        accuracy = (model(ids).argmax(dim=1) == labels).float().mean().item()
    return losses[:steps], accuracy
