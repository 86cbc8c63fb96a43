"""The framework that is taught: twenty files, each importing only those above it."""

MODULES = (
    "tensor",
    "activations",
    "layers",
    "losses",
    "dataloader",
    "autograd",
    "optimizers",
    "training",
    "convolutions",
    "tokenization",
    "embeddings",
    "attention",
    "transformers",
    "profiling",
    "quantization",
    "compression",
    "acceleration",
    "memoization",
    "benchmarking",
    "olympics",
)
"""The files of this package in building order: `MODULES[0]` is module 01."""
