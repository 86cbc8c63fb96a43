"""Custom operations: forward, backward, what is saved, what is refused."""

import numpy as np
import pytest

import tinytorch as tt
from tinytorch.autograd import Function, gradcheck


class Power(Function):
    """x to the power n, with its rule."""

    @staticmethod
    def forward(ctx, x, n):
        ctx.save_for_backward(x)
        ctx.n = n
        return x**n

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * ctx.n * x ** (ctx.n - 1), None


class Product(Function):
    """a * b, each gradient only where it is wanted."""

    calls = 0

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, None, b)
        return a * b

    @staticmethod
    def backward(ctx, g):
        Product.calls += 1
        a, nothing, b = ctx.saved_tensors
        assert nothing is None
        wants_a, wants_b = ctx.needs_input_grad
        return g * b if wants_a else None, g * a if wants_b else None


def leaf(*values):
    return tt.tensor(values, dtype=tt.float64, requires_grad=True)


def test_a_custom_operation_has_the_gradient_that_its_backward_gives():
    x = leaf(2.0, 3.0)
    y = Power.apply(x, 3)
    assert y.tolist() == [8.0, 27.0]
    y.sum().backward()
    assert x.grad.tolist() == [12.0, 27.0]
    assert gradcheck(lambda x: Power.apply(x * 2, 2), leaf(1.0, 2.0))
    assert repr(Power.apply(leaf(1.0), 2)).endswith("grad_fn=<Power.apply>)")


def test_backward_runs_once_for_all_inputs_and_knows_which_are_wanted():
    a, b = leaf(2.0), leaf(5.0)
    Product.calls = 0
    Product.apply(a, b).backward()
    assert (a.grad.item(), b.grad.item(), Product.calls) == (5.0, 2.0, 1)
    a, c = leaf(2.0), tt.tensor([7.0], dtype=tt.float64)
    Product.apply(c, a).backward()
    assert a.grad.item() == 7


def test_one_tensor_may_be_several_inputs():
    x = leaf(3.0)
    Product.apply(x, x).backward()
    assert x.grad.item() == 6


def test_none_for_a_wanted_gradient_counts_as_zero():
    class Silent(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return None

    x = leaf(1.0)
    (Silent.apply(x) + x).backward()
    assert x.grad.item() == 1


def test_setup_context_may_stand_apart_from_forward():
    class Scale(Function):
        @staticmethod
        def forward(x, factor):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.factor = inputs[1]
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx, g):
            assert ctx.saved_tensors[0].shape == g.shape
            return g * ctx.factor, None

    x = leaf(1.0, 2.0)
    Scale.apply(x, 3.0).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_a_gradient_can_be_reversed_by_an_operation_that_returns_its_input():
    class Reverse(Function):
        @staticmethod
        def forward(ctx, x):
            return x.view_as(x)

        @staticmethod
        def backward(ctx, g):
            return -g

    x = leaf(1.0, 2.0)
    y = Reverse.apply(x)
    y.sum().backward()
    assert x.grad.tolist() == [-1.0, -1.0]
    assert x.is_leaf


def test_a_gradient_array_that_backward_returns_stays_untouched():
    constant = tt.ones(2, dtype=tt.float64)

    class Fixed(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return constant

    x = leaf(1.0, 2.0)
    (Fixed.apply(x) + x * 2).sum().backward()
    Fixed.apply(x).sum().backward()
    x.grad.add_(1)
    assert constant.tolist() == [1.0, 1.0]


def test_nothing_is_recorded_within_forward_or_without_need():
    class Look(Function):
        @staticmethod
        def forward(ctx, x):
            assert not (x * 2).requires_grad
            assert not tt.is_grad_enabled()
            return x * 2

        @staticmethod
        def backward(ctx, g):
            assert not tt.is_grad_enabled()
            return g * 2

    Look.apply(leaf(1.0)).backward()
    assert not Look.apply(tt.ones(1)).requires_grad
    with tt.no_grad():
        assert not Look.apply(leaf(1.0)).requires_grad


def test_an_output_marked_non_differentiable_requires_no_gradient():
    class Sign(Function):
        @staticmethod
        def forward(ctx, x):
            out = x.sign()
            ctx.mark_non_differentiable(out)
            return out

    assert not Sign.apply(leaf(1.0)).requires_grad


def test_saved_tensors_are_freed_and_watched_like_those_of_any_operation():
    x = leaf(2.0)
    y = Power.apply(x, 2)
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8
    with pytest.raises(RuntimeError, match=r"'Power\.apply' kept .*retain_graph=True"):
        y.backward()
    z = x * 1
    y = Power.apply(z, 2)
    z.add_(1)
    with pytest.raises(RuntimeError, match=r"'Power\.apply' needs .* changed in place"):
        y.backward()


def returning(result, inputs=2):
    class Returns(Function):
        @staticmethod
        def forward(ctx, *args):
            return args[0] * 1

        @staticmethod
        def backward(ctx, g):
            return result

    return lambda: Returns.apply(*[leaf(1.0, 2.0) for _ in range(inputs)]).sum().backward()


def forwarding(make):
    class Forwards(Function):
        @staticmethod
        def forward(ctx, x):
            return make(ctx, x)

    return lambda: Forwards.apply(leaf(1.0))


def backward_of(call):
    out = call()
    out.backward()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            returning(tt.ones(2)),
            RuntimeError,
            r"Returns\.backward returned 1 gradients, expected 2",
        ),
        (returning((tt.ones(3), None)), RuntimeError, r"shape \(3,\) for argument 0, .*\(2,\)"),
        (forwarding(lambda ctx, x: (x, x)), NotImplementedError, "returned a tuple.*stack them"),
        (forwarding(lambda ctx, x: ctx.mark_dirty(x)), NotImplementedError, "in place"),
        (
            forwarding(lambda ctx, x: ctx.save_for_backward(3)),
            TypeError,
            "got a int, expected tensors",
        ),
        (forwarding(lambda ctx, x: x * 1), NotImplementedError, "backward"),
        (lambda: Function.apply(leaf(1.0)), NotImplementedError, "forward"),
    ],
)
def test_what_a_function_may_not_do_is_said_in_words(call, error, words):
    with pytest.raises(error, match=words):
        backward_of(call)


@pytest.mark.torch
def test_the_same_source_runs_in_pytorch_with_equal_results(torch):
    results = []
    for library in (tt, torch):

        class Swish(library.autograd.Function):
            @staticmethod
            def forward(ctx, x, beta):
                gate = 1 / (1 + (-beta * x).exp())
                ctx.save_for_backward(x, gate)
                ctx.beta = beta
                return x * gate

            @staticmethod
            def backward(ctx, g):
                x, gate = ctx.saved_tensors
                return g * (gate + ctx.beta * x * gate * (1 - gate)), None

        x = library.linspace(-2, 2, 7, dtype=library.float64).requires_grad_()
        Swish.apply(x * 2, 1.5).sum().backward()
        results.append(x.grad.numpy())
    np.testing.assert_allclose(*results, rtol=1e-12)
