"""Layers and losses as functions, under PyTorch's names."""

from tinytorch.breadth.activations import (
    celu,
    elu,
    glu,
    hardsigmoid,
    hardswish,
    hardtanh,
    logsigmoid,
    mish,
    prelu,
    relu6,
    selu,
    silu,
    softmin,
    softsign,
)
from tinytorch.breadth.convolutions import (
    conv1d,
    conv_transpose1d,
    conv_transpose2d,
    fold,
    unfold,
)
from tinytorch.breadth.embeddings import embedding_bag
from tinytorch.breadth.losses import (
    cosine_embedding_loss,
    cosine_similarity,
    hinge_embedding_loss,
    huber_loss,
    kl_div,
    l1_loss,
    margin_ranking_loss,
    smooth_l1_loss,
)
from tinytorch.breadth.modules import bilinear
from tinytorch.breadth.normalization import (
    dropout1d,
    dropout2d,
    group_norm,
    instance_norm,
)
from tinytorch.breadth.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    avg_pool1d,
    avg_pool2d,
    max_pool1d,
    max_pool2d,
)
from tinytorch.breadth.preparation import one_hot, pad
from tinytorch.breadth.resizing import (
    interpolate,
    pixel_shuffle,
    pixel_unshuffle,
)
from tinytorch.core.activations import (
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    softmax,
    softplus,
    tanh,
)
from tinytorch.core.attention import scaled_dot_product_attention
from tinytorch.core.convolutions import batch_norm, conv2d
from tinytorch.core.embeddings import embedding
from tinytorch.core.layers import dropout, linear
from tinytorch.core.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    mse_loss,
    nll_loss,
)
from tinytorch.core.transformers import layer_norm, rms_norm

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "avg_pool1d", "avg_pool2d", "batch_norm", "bilinear", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "celu", "conv1d", "conv2d", "conv_transpose1d",
    "conv_transpose2d", "cosine_embedding_loss", "cosine_similarity", "cross_entropy",
    "dropout", "dropout1d", "dropout2d", "elu", "embedding", "embedding_bag", "fold", "gelu",
    "glu", "group_norm", "hardsigmoid", "hardswish", "hardtanh", "hinge_embedding_loss",
    "huber_loss", "instance_norm", "interpolate", "kl_div", "l1_loss", "layer_norm",
    "leaky_relu", "linear", "log_softmax", "logsigmoid", "margin_ranking_loss", "max_pool1d",
    "max_pool2d", "mish", "mse_loss", "nll_loss", "one_hot", "pad", "pixel_shuffle",
    "pixel_unshuffle", "prelu", "relu", "relu6", "rms_norm", "scaled_dot_product_attention",
    "selu", "sigmoid", "silu", "smooth_l1_loss", "softmax", "softmin", "softplus", "softsign",
    "tanh", "unfold",
]  # fmt: skip
