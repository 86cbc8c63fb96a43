"""Predict, then measure: what columns cost, how often a weight works, where loops lose time."""

import math
import time

from tito.measures import measure


@measure(
    "09.a",
    "A batch of 64 images (32 channels, 16x16, float32) goes through filters of 3x3 with padding "
    "1. How many times as many bytes as the images do the columns of the whole batch have?",
    unit="times",
    within=0.05,
    explain="With padding 1 there is a window for every pixel, and each window writes 9 values "
    "per channel: 9 times the images, here 18.9 MB instead of 2.1. At 224x224 with 64 channels it "
    "would be 7.4 GB. So nobody keeps them: yours are made a few images at a time, used for one "
    "product, and forgotten; the backward pass makes them again. GPU libraries go further and "
    "gather the windows on the way into the product (implicit GEMM), so that the columns never "
    "exist in memory at all.",
)
def bytes_of_the_columns() -> float:
    """Bytes of the learner's columns over the bytes of the images."""
    import numpy as np

    from tinytorch.core.convolutions import columns, padded, windows

    x = np.zeros((64, 32, 16, 16), np.float32)
    return columns(windows(padded(x, (1, 1)), (3, 3))).nbytes / x.nbytes


@measure(
    "09.b",
    "Conv2d(32, 64, 3, padding=1) looks at one image of 16x16. For how many products is each of "
    "its weights used?",
    unit="products",
    within=0.02,
    explain="A weight is used once per place: 16 * 16 = 256 times per image (at the border the "
    "pixel is a zero, but the product is made). 18,432 weights so make 4.7 million products, or "
    "9.4 million floating-point operations. A Linear layer uses each weight once per image. Reuse "
    "makes convolutions a good match for processors: a weight that was read from memory works 256 "
    "times before the next one is needed. It also makes the gradient of a weight a sum of 256 "
    "terms per image, which is why filters learn from few images.",
)
def products_per_weight() -> float:
    """Products of the learner's matrix product, over the number of weights."""
    import numpy as np

    from tinytorch.core.convolutions import columns, padded, windows
    from tinytorch.nn import Conv2d

    layer = Conv2d(32, 64, 3, padding=1)
    x = np.zeros((1, 32, 16, 16), np.float32)
    rows = columns(windows(padded(x, (1, 1)), (3, 3)))
    return rows.size * len(layer.weight) / layer.weight.numel()


@measure(
    "09.c",
    "A batch of 64 images (3 channels, 32x32) goes through 32 filters of 3x3. By which power of "
    "ten is the matrix product faster than the seven loops? Answer 3 for a thousandfold.",
    unit="powers of ten",
    within=0.3,
    explain="Around four: the loops need half a minute to a minute, and the product some "
    "milliseconds. Per multiplication that is hundreds of nanoseconds against less than a tenth of "
    "one. The product does eight or sixteen multiplications in one instruction, and starts one or "
    "two of those in each cycle; Python needs hundreds of instructions to find two numbers, box "
    "them, check their types, multiply, and count a loop. This ratio measures the interpreter. It "
    "is no merit of the columns as such: the same loops without any columns, but compiled, come "
    "within a small factor of the product.",
)
def loops_against_product() -> float:
    """log10 of the seconds per product, loops over matrix product; the loops on a small image."""
    import numpy as np

    from tinytorch.core.convolutions import conv2d_kernel, conv2d_loops

    generator = np.random.default_rng(0)
    weight = generator.normal(size=(32, 3, 3, 3)).astype(np.float32)
    x = generator.normal(size=(64, 3, 32, 32)).astype(np.float32)

    def per_output(function, images, repeat):
        best = math.inf
        for _ in range(repeat):
            start = time.perf_counter()
            out = function(images, weight)
            best = min(best, time.perf_counter() - start)
        return best / out.size

    slow = per_output(conv2d_loops, x[:1, :, :10, :10], 2)
    return math.log10(slow / per_output(conv2d_kernel, x, 5))


@measure(
    "09.d",
    "The same 9,216 multiplications by loops: on an image of 4.6 kB, and on one of 64 MB whose "
    "windows lie far apart, with every cache emptied before. How many times longer does the "
    "second take?",
    unit="times",
    within=0.7,
    explain="Hardly longer at all. The 3,072 rows of the windows have to be fetched from main "
    "memory, 50 to 100 nanoseconds each, so a few hundred microseconds; the interpreter needs some "
    "milliseconds for the same loops, and the noise of your machine is of that size. Do the same "
    "without the interpreter, windows(...).copy(), and the far image takes 5 to 10 times as long "
    "as the near one: there memory is the cost. So when Python loops are slow, look at the "
    "interpreter first. Caches matter after that, in compiled code.",
)
def far_against_near() -> float:
    """Seconds of the loops on scattered windows, over those on a small image."""
    import numpy as np

    from tinytorch.core.convolutions import conv2d_loops

    generator = np.random.default_rng(0)
    near = generator.normal(size=(1, 1, 34, 34)).astype(np.float32)
    far = np.ones((1, 1, 4096, 4096), np.float32)
    weight = generator.normal(size=(1, 1, 3, 3)).astype(np.float32)
    other = np.zeros(2**24, np.float32)
    best = {"near": math.inf, "far": math.inf}
    for _ in range(5):
        start = time.perf_counter()
        conv2d_loops(near, weight)
        best["near"] = min(best["near"], time.perf_counter() - start)
        other += 1  # 64 MB of something else: what was in the caches is gone
        start = time.perf_counter()
        conv2d_loops(far, weight, None, (128, 128))
        best["far"] = min(best["far"], time.perf_counter() - start)
    return best["far"] / best["near"]
