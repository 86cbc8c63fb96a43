"""Module 06: the engine. That every rule is right is shown in tests/test_operations.py."""

import gc
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch as tt
from tinytorch.autograd import detect_anomaly, grad, gradcheck, set_detect_anomaly
from tinytorch.core.autograd import RULES, unbroadcast, vjp
from tinytorch.core.tensor import KERNELS, apply, kernel


def leaf(*values, dtype=tt.float32):
    return tt.tensor(values, dtype=dtype, requires_grad=True)


@pytest.fixture
def operation():
    """Register an operation for one test: `operation(name, kernel, rule)`."""
    added = []

    def register(name, compute, rule=None):
        kernel(name)(compute)
        added.append(name)
        if rule is not None:
            vjp(f"{name}(x)", wrt="x")(rule)
        return lambda x: apply(name, x)

    yield register
    for name in added:
        del KERNELS[name]
        RULES.pop(name, None)


# ---------------------------------------------------------------------- leaves and their gradients


def test_gradients_of_several_backwards_add_up_until_they_are_cleared():
    x = leaf(2.0)
    for expected in (4.0, 8.0):
        (x * x).backward()
        assert x.grad.item() == expected
    x.grad = None
    (x * x).backward()
    assert x.grad.item() == 4


def test_a_value_used_on_several_paths_gets_the_sum_in_one_visit():
    x = leaf(3.0)
    y = x * x
    z = y * x + y  # x^3 + x^2
    z.backward()
    assert x.grad.item() == 3 * 9 + 2 * 3


def test_only_the_gradients_that_are_wanted_are_computed():
    x, w = tt.ones(2, 3), tt.ones(3, 4, requires_grad=True)
    heard = []

    def note(below, op, tensors, options):
        heard.append(op)
        return below(op, tensors, options)

    y = (x @ w).sum()
    with tt.core.tensor.listen(note):
        y.backward()
    assert "matmul.vjp1" in heard
    assert "matmul.vjp0" not in heard
    assert x.grad is None


@pytest.mark.parametrize("change", [lambda a, b: a.grad.fill_(7), lambda a, b: a.grad.add_(1)])
def test_no_two_leaves_share_the_memory_of_a_gradient(change):
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (a + b).sum().backward()
    change(a, b)
    assert b.grad.tolist() == [1.0, 1.0]


def test_the_gradient_that_was_passed_in_is_not_touched():
    x, g = leaf(1.0, 2.0), tt.ones(2)
    x.backward(g)
    x.backward(g)
    (x + 0).backward(g)
    assert g.tolist() == [1.0, 1.0]
    assert x.grad.tolist() == [3.0, 3.0]


def test_results_require_gradients_exactly_when_an_input_does():
    x, c = leaf(1.0), tt.ones(1)
    assert (x * c).requires_grad
    assert not (c * c).requires_grad
    assert not (x > 0).requires_grad
    assert not x.argmax().requires_grad
    assert not x.detach().requires_grad
    assert not (x * c).detach().requires_grad
    assert (x * c).is_leaf is False
    assert x.is_leaf


def test_detach_cuts_the_graph_and_shares_memory():
    x = leaf(2.0)
    y = x * x
    (y.detach() * x).backward()
    assert x.grad.item() == 4
    assert y.detach().array is y.array


def test_gradients_have_the_dtype_and_the_shape_of_their_leaf():
    x = leaf(1.0, 2.0, dtype=tt.float16)
    w = tt.ones(3, 1, dtype=tt.float64, requires_grad=True)
    (x * w).sum().backward()
    assert (x.grad.dtype, x.grad.shape) == (tt.float16, (2,))
    assert (w.grad.dtype, w.grad.shape) == (tt.float64, (3, 1))


@given(st.lists(st.integers(0, 3), max_size=4), st.data())
def test_unbroadcast_undoes_every_broadcast(shape, data):
    kept = data.draw(st.integers(0, len(shape)))
    small = tuple(data.draw(st.sampled_from([1, n])) for n in shape[len(shape) - kept :])
    g = np.random.default_rng(0).normal(size=shape)
    assert unbroadcast(g, small).shape == small
    stretched = np.broadcast_to(np.zeros(small), shape)
    np.testing.assert_allclose(unbroadcast(g, small).sum(), (g + stretched).sum(), atol=1e-12)


# ----------------------------------------------------------------------------- walking the graph


def test_a_chain_of_100_000_operations_goes_forward_backward_and_away():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1
    del y
    gc.collect()


def test_a_graph_can_be_walked_again_with_retain_graph():
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 12


def test_a_second_backward_names_the_operation_and_both_ways_out():
    x = leaf(3.0)
    y = (x * x).exp()
    y.backward()
    with pytest.raises(RuntimeError, match=r"'exp' .*retain_graph=True"):
        y.backward()


def test_memory_is_freed_while_backward_goes():
    x = leaf(*[1.0] * 10)
    first = x * 2
    second = first.exp()
    kept = weakref.ref(second.array)
    loss = second.sum()
    del second
    alive = []
    first.register_hook(lambda g: alive.append(kept() is not None))
    assert kept() is not None
    loss.backward()
    assert alive == [False]


def test_a_graph_that_nobody_holds_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        x = leaf(*[1.0] * 10)
        y = (x * 2).exp().sin()
        kept = weakref.ref(y.array)
        del y
        assert kept() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: (leaf(1.0, 2.0) * 2).backward(),
            r"single number, and this tensor has shape \(2,\)",
        ),
        (lambda: tt.ones(1).backward(), r"shape \(1,\).*no input .* requires_grad=True"),
        (lambda: tt.arange(3).sum().backward(), "int64 values never do"),
        (lambda: (leaf(1.0) > 0).backward(), "bool values never do"),
        (lambda: tt.arange(3).requires_grad_(), r"int64.*x\.float\(\)"),
        (lambda: (leaf(1.0, 2.0) * 2).backward(tt.ones(3)), r"shape \(3,\) for .* shape \(2,\)"),
        (lambda: (leaf(1.0) * 2).requires_grad_(False), "'mul'.*detach"),
    ],
)
def test_each_misuse_has_a_text_of_its_own(call, words):
    with pytest.raises(RuntimeError, match=words):
        call()


def test_gradients_of_gradients_are_refused_in_words():
    with pytest.raises(NotImplementedError, match="create_graph=True"):
        (leaf(1.0) * 2).backward(create_graph=True)
    with pytest.raises(NotImplementedError, match="create_graph=True"):
        grad(leaf(1.0) * 2, leaf(1.0), create_graph=True)


def test_an_operation_without_a_rule_says_so_when_its_gradient_is_wanted(operation):
    halve = operation("halve", lambda x: x / 2)
    with pytest.raises(NotImplementedError, match=r"'halve'.*shape \(1,\)"):
        halve(leaf(1.0)).backward()


def test_a_rule_asks_for_shapes_and_options_after_values():
    with pytest.raises(TypeError, match="write 'x' before"):
        vjp("unknown(x)", wrt="x")(lambda g, x_shape, x: g)


# ----------------------------------------------------------------------------------------- grad()


def test_grad_returns_gradients_and_leaves_every_grad_alone():
    x, w = leaf(2.0), leaf(5.0)
    y = x * w
    gx, gw = grad(y, [x, w])
    assert (gx.item(), gw.item()) == (5.0, 2.0)
    assert x.grad is None
    assert w.grad is None


def test_grad_reaches_the_middle_of_a_graph_and_stops_there():
    x = leaf(2.0)
    y = x * x
    z = y * 3
    (gy,) = grad(z, y)
    assert gy.item() == 3
    y.backward(gy)  # the part below y was not used up
    assert x.grad.item() == 12


def test_grad_of_several_outputs_is_the_gradient_of_their_weighted_sum():
    x = leaf(1.0, 2.0)
    outputs = [x * 2, (x * x).sum()]
    (g,) = grad(outputs, x, [tt.tensor([1.0, 10.0]), None])
    assert g.tolist() == [4.0, 24.0]


def test_grad_of_an_unused_input_is_refused_or_none():
    x, other = leaf(1.0), leaf(1.0)
    with pytest.raises(RuntimeError, match=r"input 1 of shape .* allow_unused=True"):
        grad(x * 2, [x, other])
    assert grad(x * 2, [x, other], allow_unused=True)[1] is None
    with pytest.raises(RuntimeError, match="does not require gradients"):
        grad(x * 2, tt.ones(1))


def test_backward_from_several_tensors_walks_once():
    x = leaf(3.0)
    y = x * x
    tt.autograd.backward([y, y * 2])
    assert x.grad.item() == 18
    with pytest.raises(RuntimeError, match="2 tensors and 1 gradients"):
        tt.autograd.backward([x * 2, x * 3], [tt.ones(1)])


# -------------------------------------------------------------------------------- changes in place


def test_a_change_of_what_backward_needs_is_caught():
    x = leaf(1.0, 2.0)
    y = x * 2
    z = y * y
    y += 1
    with pytest.raises(RuntimeError, match=r"shape \(2,\) that 'mul' needs .* changed in place"):
        z.sum().backward()


def test_a_change_of_an_output_that_backward_needs_is_caught():
    x = leaf(1.0)
    y = x.exp()
    y.mul_(2)
    with pytest.raises(RuntimeError, match="'exp' needs"):
        y.backward()


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.data.add_(1),
        lambda x: x.detach().mul_(2),
        lambda x: x[0].fill_(5),
        lambda x: x.T.zero_(),
    ],
)
def test_a_change_through_a_view_or_under_no_grad_is_caught(change):
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    with tt.no_grad():
        change(x)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_a_change_of_what_backward_does_not_need_is_allowed():
    x = leaf(1.0, 2.0)
    y = x + 1
    z = (y + 2).sum()
    y.mul_(3)
    z.backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_in_place_operations_are_part_of_the_graph():
    x = leaf(1.0, 2.0)
    y = x * 2
    y *= 3
    y += x
    y[0] = 0
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 7.0]


def test_multiplying_in_place_by_a_weight_keeps_the_old_value_for_its_gradient():
    x, w = leaf(3.0), leaf(5.0)
    y = x * 1
    y *= w
    y.backward()
    assert (x.grad.item(), w.grad.item()) == (5.0, 3.0)


def test_a_value_with_history_can_be_written_into_a_plain_tensor():
    x, y = leaf(3.0), tt.zeros(2)
    y[1] = x[0] * 2
    y.sum().backward()
    assert x.grad.item() == 2


def test_a_leaf_is_changed_under_no_grad_only():
    x = leaf(1.0, 2.0)
    for change in (lambda: x.add_(1), lambda: x[0].mul_(2), lambda: x.view(2, 1).zero_()):
        with pytest.raises(RuntimeError, match=r"leaf tensor of shape \(2,\).*no_grad\(\)"):
            change()
    with tt.no_grad():
        x -= 0.5
    x.data -= 0.5
    assert x.tolist() == [0.0, 1.0]
    assert x.requires_grad
    assert x.is_leaf


def test_a_view_from_before_a_change_is_refused_afterwards():
    x = leaf(1.0, 2.0)
    y = x * 2
    view = y[0]
    y *= 3
    with pytest.raises(RuntimeError, match=r"shape \(\) shares memory .*changed in place"):
        view * 2
    (y[0] * 2).backward()
    assert x.grad.tolist() == [12.0, 0.0]


def test_a_value_with_history_written_through_a_view_is_refused():
    owner = tt.zeros(2)
    with pytest.raises(RuntimeError, match=r"owner\[index\] = value"):
        owner[0].copy_(leaf(1.0)[0])


# ------------------------------------------------------------------------------------------ modes


@pytest.mark.parametrize("off", [tt.no_grad, tt.inference_mode, lambda: tt.set_grad_enabled(False)])
def test_nothing_is_recorded_within_a_block_that_switches_it_off(off):
    x = leaf(1.0)
    with off():
        assert not tt.is_grad_enabled()
        assert not (x * 2).requires_grad
        with tt.enable_grad():
            assert (x * 2).requires_grad
        assert not tt.is_grad_enabled()
    assert (x * 2).requires_grad


def test_an_error_within_a_block_restores_the_mode():
    with pytest.raises(ValueError, match="out"), tt.no_grad():
        raise ValueError("out")
    assert tt.is_grad_enabled()


@pytest.mark.parametrize(
    "switch",
    [
        lambda f: tt.no_grad(f),
        lambda f: tt.no_grad()(f),
        lambda f: tt.inference_mode(f),
        lambda f: tt.inference_mode()(f),
        lambda f: tt.set_grad_enabled(False)(f),
    ],
)
def test_the_switches_are_decorators_too(switch):
    @switch
    def double(x):
        return double(x - 1) * 2 if x.item() > 1 else x * 2

    assert tt.is_grad_enabled()
    assert not double(leaf(2.0)).requires_grad
    assert tt.is_grad_enabled()
    assert double.__name__ == "double"


def test_a_decorated_function_restores_the_mode_that_it_was_called_in():
    recording = tt.set_grad_enabled(True)(lambda x: x * 2)
    with tt.no_grad():
        assert recording(leaf(1.0)).requires_grad
        assert not tt.is_grad_enabled()


def test_a_decorated_function_runs_in_several_threads_at_once():
    inside, others = threading.Barrier(2), []

    @tt.no_grad()
    def look():
        inside.wait(5)  # both threads are within the function
        return tt.is_grad_enabled()

    def work():
        others.append((look(), tt.is_grad_enabled()))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert others == [(False, True), (False, True)]


def test_set_grad_enabled_works_at_once():
    tt.set_grad_enabled(False)
    try:
        assert not (leaf(1.0) * 2).requires_grad
    finally:
        tt.set_grad_enabled(True)


def test_inference_mode_false_changes_nothing():
    with tt.inference_mode(False):
        assert (leaf(1.0) * 2).requires_grad


def test_each_thread_has_its_own_mode():
    inside, leave = threading.Event(), threading.Event()

    def work():
        with tt.no_grad():
            inside.set()
            leave.wait(5)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(5)
    recorded = (leaf(1.0) * 2).requires_grad
    leave.set()
    thread.join()
    assert recorded


def test_backward_runs_in_several_threads_at_once():
    results = []

    def work(n):
        x = leaf(float(n))
        for _ in range(50):
            x.grad = None
            (x * x).exp().log().backward()
        results.append((n, x.grad.item()))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(n, pytest.approx(2 * n)) for n in range(1, 5)]


# ------------------------------------------------------------------------------------------ hooks


def test_a_hook_sees_the_whole_gradient_and_may_replace_it():
    x = leaf(2.0)
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append(g.item()))
    x.register_hook(lambda g: g * 10)
    (y + y * y).backward()
    assert seen == [1 + 2 * 6]
    assert x.grad.item() == 13 * 3 * 10


def test_a_hook_can_be_taken_away():
    x = leaf(2.0)
    handle = x.register_hook(lambda g: g * 10)
    handle.remove()
    handle.remove()
    (x * 1).backward()
    assert x.grad.item() == 1


def test_a_hook_on_a_tensor_without_gradient_is_refused():
    with pytest.raises(RuntimeError, match=r"shape \(2,\).*gets none"):
        tt.ones(2).register_hook(print)


def test_retain_grad_keeps_the_gradient_of_the_middle():
    x = leaf(2.0)
    y = x * 3
    y.retain_grad()
    (y * y).backward()
    assert y.grad.item() == 12
    assert x.grad.item() == 36


# -------------------------------------------------------------------------------------- debugging


def test_the_first_nan_or_infinity_is_reported_with_operation_shapes_and_line():
    x = tt.tensor([1.0, 0.0])
    with detect_anomaly(), pytest.raises(RuntimeError) as caught:
        x.log()  # the line of user code
    text = str(caught.value)
    assert "log((2,)) made -inf at [1], from finite values" in text
    assert "test_autograd.py" in text
    assert "x.log()  # the line of user code" in text


def test_in_backward_the_report_leads_to_the_line_that_computed_forward():
    x = leaf(0.0)
    with detect_anomaly():
        y = x.sqrt()  # fine forward, infinite slope
        with pytest.raises(RuntimeError) as caught:
            y.backward()
    text = str(caught.value)
    assert "sqrt.vjp0" in text
    assert "in backward" in text
    assert "y = x.sqrt()  # fine forward, infinite slope" in text


def test_nan_that_came_in_is_told_from_nan_that_was_made():
    with detect_anomaly(), pytest.raises(RuntimeError, match="input 0 already held NaN"):
        tt.tensor([float("nan")]) * 2
    x = tt.tensor([float("inf")])
    with detect_anomaly(), pytest.raises(RuntimeError, match="made nan at"):
        x - x


def test_infinities_that_were_asked_for_are_not_reported():
    scores = leaf(1.0, 2.0, 3.0)
    mask = tt.tensor([False, True, False])
    with detect_anomaly():
        masked = scores.masked_fill(mask, -float("inf"))
        weights = (masked - masked.logsumexp(0)).exp()
        weights[0].backward()
        tt.full((2,), -float("inf"))
    assert weights[1].item() == 0
    assert np.isfinite(scores.grad.array).all()


def test_without_anomaly_detection_nothing_is_raised_and_after_it_neither():
    with detect_anomaly():
        pass
    assert tt.tensor([0.0]).log().item() == -float("inf")
    with detect_anomaly(check_nan=False):
        assert tt.tensor([0.0]).log().item() == -float("inf")


def test_anomaly_detection_can_be_switched_on_without_a_block():
    set_detect_anomaly(True)
    try:
        with pytest.raises(RuntimeError, match="log"):
            tt.tensor([0.0]).log()
    finally:
        set_detect_anomaly(False)
    tt.tensor([0.0]).log()
    with set_detect_anomaly(True), pytest.raises(RuntimeError, match="log"):
        tt.tensor([0.0]).log()
    tt.tensor([0.0]).log()


def test_gradcheck_finds_a_planted_wrong_rule(operation):
    right = operation("cubed", lambda x: x**3, lambda g, x: g * 3 * x * x)
    wrong = operation("cubed_wrongly", lambda x: x**3, lambda g, x: g * 2 * x * x)
    x = leaf(1.0, 2.0, dtype=tt.float64)
    assert gradcheck(right, x)
    with pytest.raises(RuntimeError, match=r"input 0 of shape \(2,\) at \[0\]: the rules give"):
        gradcheck(wrong, x)
    assert not gradcheck(wrong, x, raise_exception=False)


def test_gradcheck_wants_float64():
    with pytest.raises(ValueError, match=r"float32.*float64"):
        gradcheck(lambda x: x * x, leaf(1.0))
