"""Gradient rules for the rarer operations of modules 01 to 05, which the chapters do not teach."""

from __future__ import annotations

import math

import numpy as np

from tinytorch.core.autograd import vjp


@vjp("leaky_relu(x)", wrt="x")
def leaky_relu_dx(g, x, negative_slope):
    return g * (x > 0) + g * negative_slope * (x <= 0)


@vjp("softplus(x)", wrt="x")
def softplus_dx(g, out, x, beta, threshold):
    """The slope is sigmoid(beta x), which is 1 - e^(-beta out); 1 on the straight part."""
    return g * np.where(x * beta > threshold, 1, -np.expm1(-beta * out))


@vjp("erf(x)", wrt="x")
def erf_dx(g, x):
    return g * (2 / math.sqrt(math.pi)) * np.exp(-x * x)


@vjp("bce(p, y)", wrt="p")
def bce_dp(g, p, y):
    return g * (p - y) / np.maximum(p * (1 - p), 1e-12)


@vjp("bce(p, y)", wrt="y")
def bce_dy(g, p):
    return g * (np.maximum(np.log1p(-p), -100) - np.maximum(np.log(p), -100))


@vjp("pow(a, b)", wrt="b")
def pow_db(g, out, a, b):
    return np.where((a == 0) & (b >= 0), 0, g * out * np.log(a)).astype(g.dtype)


@vjp("cat(*tensors)", wrt="tensors")
def cat_dtensor(g, tensors_shape, position, dim):
    start = sum(shape[dim] for shape in tensors_shape[:position])
    part = [slice(None)] * g.ndim
    part[dim] = slice(start, start + tensors_shape[position][dim])
    return g[tuple(part)]


@vjp("stack(*tensors)", wrt="tensors")
def stack_dtensor(g, position, dim):
    return np.take(g, position, axis=dim)
