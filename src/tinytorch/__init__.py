"""TinyTorch: a small PyTorch that you can build yourself. `import tinytorch as torch` works.

This file only gathers names: the tensor and its first operations come from `core`, the others from
`breadth`. Every name means here what it means in PyTorch.
"""

from math import e, inf, nan, pi

from numpy import dtype

from tinytorch import autograd, cuda, nn, optim, utils
from tinytorch.breadth import (
    arithmetic,
    creation,
    elementwise,
    environment,
    indexing,
    linalg,
    logic,
    ordering,
    reductions,
    shaping,
    turning,
)
from tinytorch.breadth.arithmetic import *  # noqa: F403
from tinytorch.breadth.creation import *  # noqa: F403
from tinytorch.breadth.elementwise import *  # noqa: F403
from tinytorch.breadth.environment import *  # noqa: F403
from tinytorch.breadth.gradmode import inference_mode, set_grad_enabled
from tinytorch.breadth.indexing import *  # noqa: F403
from tinytorch.breadth.linalg import *  # noqa: F403
from tinytorch.breadth.logic import *  # noqa: F403
from tinytorch.breadth.ordering import *  # noqa: F403
from tinytorch.breadth.reductions import *  # noqa: F403
from tinytorch.breadth.serialization import load, save
from tinytorch.breadth.shaping import *  # noqa: F403
from tinytorch.breadth.turning import *  # noqa: F403
from tinytorch.core.activations import erf, log_softmax, relu, sigmoid, softmax, tanh
from tinytorch.core.autograd import enable_grad, is_grad_enabled, no_grad
from tinytorch.core.tensor import (
    Generator,
    Tensor,
    arange,
    as_tensor,
    bool_,
    cat,
    default_generator,
    device,
    float16,
    float32,
    float64,
    from_numpy,
    full,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    manual_seed,
    ones,
    promote_types,
    rand,
    randn,
    result_type,
    set_default_dtype,
    stack,
    tensor,
    uint8,
    zeros,
)

# The methods that the class was born with, as functions
abs, exp, log, neg, sqrt, matmul = (
    Tensor.abs, Tensor.exp, Tensor.log, Tensor.neg, Tensor.sqrt, Tensor.matmul,
)  # fmt: skip
eq, ne, lt, le, gt, ge = Tensor.eq, Tensor.ne, Tensor.lt, Tensor.le, Tensor.gt, Tensor.ge
sum, mean, amax = Tensor.sum, Tensor.mean, Tensor.amax
argmax, numel = Tensor.argmax, Tensor.numel
reshape, permute, transpose, flatten = (
    Tensor.reshape, Tensor.permute, Tensor.transpose, Tensor.flatten,
)  # fmt: skip
squeeze, unsqueeze, clone, detach = Tensor.squeeze, Tensor.unsqueeze, Tensor.clone, Tensor.detach

# Types under their other names
half, float, double = float16, float32, float64
short, int, long, bool = int16, int32, int64, bool_
Size, newaxis = tuple, None

__all__ = [
    "Generator", "Size", "Tensor", "abs", "amax", "arange", "argmax",
    "as_tensor", "autograd", "bool", "cat", "clone", "cuda", "default_generator", "detach",
    "device", "double", "dtype", "e", "enable_grad", "eq", "erf", "exp", "flatten", "float",
    "float16", "float32", "float64", "from_numpy", "full", "ge", "get_default_dtype", "gt",
    "half", "inf", "inference_mode", "int", "int8", "int16", "int32", "int64",
    "is_grad_enabled", "le", "load", "log", "log_softmax", "long", "lt", "manual_seed",
    "matmul", "mean", "nan", "ne", "neg", "newaxis", "nn", "no_grad", "numel", "ones", "optim",
    "permute", "pi", "promote_types", "rand", "randn", "relu", "reshape", "result_type", "save",
    "set_default_dtype", "set_grad_enabled", "short", "sigmoid", "softmax", "sqrt", "squeeze",
    "stack", "sum", "tanh", "tensor", "transpose", "uint8", "unsqueeze", "utils", "zeros",
]  # fmt: skip
__all__ += arithmetic.__all__
__all__ += creation.__all__
__all__ += elementwise.__all__
__all__ += environment.__all__
__all__ += indexing.__all__
__all__ += linalg.__all__
__all__ += logic.__all__
__all__ += ordering.__all__
__all__ += reductions.__all__
__all__ += shaping.__all__
__all__ += turning.__all__
