"""The checks of chapter 07. Expected values come from NumPy in float64, or from a few by hand."""

import math

import numpy as np

from tito.expect import check, expect, fresh, raises, rng

PLAIN = """
class Plain(Optimizer):
    def update(self, param, grad, state, options):
        state["calls"] = state.get("calls", 0) + 1
        param.array -= options["lr"] * grad.array
"""
"""An optimizer with the simplest update."""


# ---------------------------------------------------------------------------------- descend


@check("07.1")
def a_step_by_hand():
    """From 3, against a gradient of 6 with lr 0.1, to 2.4."""
    w, d = np.array([3.0, -1.0], np.float32), np.array([6.0, -2.0], np.float32)
    code = "p = w.copy()\ndescend(p, d, 0.1)\np"
    expect(code, [2.4, -0.8], w=w, d=d, ask="What is 3 - 0.1 * 6, and is it in p afterwards?")


@check("07.1")
def steps_of_any_shape():
    """Values of any shape move, and the direction stays as it was."""
    for shape in ((5,), (2, 3), (2, 1, 4)):
        w, d = fresh(*shape), fresh(*shape)
        code = "p = w.copy()\ndescend(p, d, 0.25)\np"
        expect(code, w - 0.25 * d, w=w, d=d, ask="Which array does your line write into?")


@check("07.1")
def a_step_in_a_part_of_an_array():
    """A part of a larger array moves inside that array, which keeps its type."""
    d = fresh(3)
    code = "whole = np.zeros((2, 3), np.float32)\ndescend(whole[1], d, np.float64(1.0))\nwhole"
    wanted = np.stack([np.zeros(3), -d])
    expect(code, wanted, dtype="float32", d=d, ask="Does a new array come about in your line?")


# ------------------------------------------------------------------------ numbers, with_defaults


@check("07.2")
def settings_become_python_numbers():
    """NumPy scalars and tensors of one value become plain numbers, with their values."""
    code = """
group = {"lr": np.float64(0.5), "eps": np.float32(0.25), "step_size": np.int64(3)}
found = numbers(group)
[(name, type(value).__name__, value) for name, value in found.items()]
"""
    wanted = [("lr", "float", 0.5), ("eps", "float", 0.25), ("step_size", "int", 3)]
    expect(code, wanted, ask="Which method of a NumPy scalar gives the Python number?")
    code = 'value = numbers({"lr": Tensor(np.array(0.5))})["lr"]\n(type(value).__name__, value)'
    expect(code, ("float", 0.5), ask="A tensor of one value has the same method.")


@check("07.2")
def other_settings_stay():
    """Pairs, words, truth values and whole numbers stay the objects that they are."""
    code = """
group = {"betas": (0.9, 0.999), "maximize": False, "name": "bias", "eps": 1}
found = numbers(group)
[found[name] is value for name, value in group.items()]
"""
    expect(code, [True, True, True, True], ask="Which values do you convert without need?")


@check("07.2")
def the_group_is_left_alone():
    """The settings passed in are not changed; a new dictionary comes back."""
    code = """
group = {"lr": np.float64(0.5)}
found = numbers(group)
(found is group, type(group["lr"]).__name__)
"""
    expect(code, (False, "float64"), ask="Whose dictionary do you write into?")


@check("07.2")
def a_group_over_the_defaults():
    """What a group says itself counts; the defaults fill in the rest, and nobody is changed."""
    a, b = (float(value) for value in rng().uniform(0.1, 0.9, 2))
    code = """
defaults, own = {"lr": a, "momentum": 0.9}, {"params": [Tensor([1.0])], "lr": b}
group = with_defaults(defaults, own)
(group["lr"], group["momentum"], defaults, sorted(own), group is own)
"""
    wanted = (b, 0.9, {"lr": a, "momentum": 0.9}, ["lr", "params"], False)
    expect(code, wanted, a=a, b=b, ask="When both have lr, whose comes last into the dictionary?")


@check("07.2")
def parameters_as_a_list():
    """One tensor becomes a list of one, a generator becomes a list."""
    code = """
w, b = Tensor([1.0, 2.0]), Tensor([3.0])
one = with_defaults({}, {"params": w})["params"]
two = with_defaults({}, {"params": (p for p in [w, b])})["params"]
(type(one).__name__, len(one), one[0] is w, type(two).__name__, len(two))
"""
    expect(code, ("list", 1, True, "list", 2), ask="What does list() make of a single tensor?")


# ----------------------------------------------------------------------------- zero_grad, step


@check("07.3")
def gradients_are_forgotten():
    """zero_grad takes every gradient, or fills its memory with zeros and leaves a None alone."""
    code = (
        PLAIN
        + """
w, b = Tensor([1.0, 2.0]), Tensor([3.0])
w.grad = Tensor([5.0, 6.0])
b.grad = Tensor([7.0])
optimizer = Plain([{"params": [w]}, {"params": [b]}], {"lr": 0.1})
optimizer.zero_grad()
(w.grad, b.grad)
"""
    )
    expect(code, (None, None), ask="How many loops lead from the optimizer to a parameter?")
    code = (
        PLAIN
        + """
w, b = Tensor([1.0, 2.0]), Tensor([3.0])
w.grad = Tensor([5.0, 6.0])
memory = w.grad.array
Plain([w, b], {"lr": 0.1}).zero_grad(set_to_none=False)
(memory, w.grad is not None and w.grad.array is memory, b.grad)
"""
    )
    wanted = (np.zeros(2), True, None)
    expect(code, wanted, ask="What is in the old memory afterwards, and who still has it?")


@check("07.3")
def a_step_of_two_groups():
    """Each parameter moves with the settings of its group; one without a gradient stays."""
    g = fresh(2)
    code = (
        PLAIN
        + """
w, b = Tensor([1.0, 2.0]), Tensor([3.0])
optimizer = Plain([{"params": [w]}, {"params": [b], "lr": 0.5}], {"lr": 0.1})
w.grad = Tensor(g)
b.grad = Tensor([4.0])
optimizer.step()
(w.array, b.array)
"""
    )
    ask = "Which lr belongs to the second group?"
    expect(code, (np.array([1, 2]) - 0.1 * g, np.array([1.0])), g=g, ask=ask)
    code = (
        PLAIN
        + """
w, b = Tensor([1.0]), Tensor([3.0])
optimizer = Plain([b, w], {"lr": 0.1})
w.grad = Tensor([2.0])
result = optimizer.step()
(w.array, b.array, b in optimizer.state, optimizer._opt_called, w.grad is not None, result)
"""
    )
    wanted = (np.array([0.8]), np.array([3.0]), False, True, True, None)
    expect(code, wanted, ask="What is .grad of a parameter that backward did not reach?")


@check("07.3")
def state_belongs_to_the_parameter():
    """Each parameter has a memory of its own; one put in the place of another begins anew."""
    code = (
        PLAIN
        + """
w, b = Tensor([1.0]), Tensor([3.0])
optimizer = Plain([w, b], {"lr": 0.1})
for _ in range(2):
    w.grad = Tensor([1.0])
    b.grad = Tensor([1.0])
    optimizer.step()
new = Tensor([5.0])
optimizer.param_groups[0]["params"][0] = new
new.grad = Tensor([1.0])
b.grad = Tensor([1.0])
optimizer.step()
[optimizer.state[param].get("calls") for param in (w, new, b)]
"""
    )
    expect(code, [2, 1, 3], ask="What is the key of self.state: a place, or the parameter?")


@check("07.3")
def what_an_update_is_given():
    """An update gets Python numbers and runs with recording off; afterwards it is on again."""
    code = (
        PLAIN
        + """
seen = []
class Watching(Plain):
    def update(self, param, grad, state, options):
        seen.append((type(options["lr"]).__name__, is_grad_enabled()))
w = Tensor([1.0])
w.grad = Tensor([1.0])
Watching([w], {"lr": np.float64(0.1)}).step()
(seen, is_grad_enabled())
"""
    )
    expect(code, ([("float", False)], True), ask="What would backward see of the update itself?")


@check("07.3")
def a_closure_comes_first():
    """The closure runs first, with recording on, even inside no_grad, and its loss is returned."""
    code = (
        PLAIN
        + """
w = Tensor([3.0], requires_grad=True)
optimizer = Plain([w], {"lr": 0.1})
def closure():
    optimizer.zero_grad()
    loss = (w * w).sum()
    loss.backward()
    return loss
with no_grad():
    loss = optimizer.step(closure)
(loss.item(), w.array)
"""
    )
    expect(code, (9.0, np.array([2.4])), ask="Was a graph recorded while the closure ran?")


@check("07.3")
def uphill_and_misfits():
    """maximize climbs, a variant of the update is used, a gradient of another shape is refused."""
    code = (
        PLAIN
        + """
w = Tensor([3.0])
w.grad = Tensor([6.0])
Plain([w], {"lr": 0.1, "maximize": True}).step()
w.array
"""
    )
    expect(code, [3.6], ask="Does the gradient pass through downhill?")
    code = (
        PLAIN
        + """
@variant(Plain, "twice")
def twice(optimizer, param, grad, state, options):
    param.array -= 2 * options["lr"] * grad.array
w = Tensor([3.0])
w.grad = Tensor([6.0])
Plain([w], {"lr": 0.1, "twice": True}).step()
w.array
"""
    )
    expect(code, [1.8], ask="Who says which update a group gets? See update_for.")
    code = PLAIN + "w = Tensor([1.0, 2.0])\nw.grad = Tensor([1.0])\nPlain([w], {'lr': 0.1}).step()"
    ask = "Does the gradient pass through downhill?"
    raises(code, RuntimeError, mentions=["(2,)", "(1,)"], ask=ask)


# -------------------------------------------------------------------------- remembered, decayed


@check("07.4")
def zeros_the_first_time():
    """The first time it is a tensor of zeros, in the state under its name."""
    code = """
state = {}
found = remembered(state, Tensor(w), "momentum_buffer")
(found, list(state), found[0] is state["momentum_buffer"])
"""
    w = fresh(2, 3)
    wanted = ([np.zeros((2, 3))], ["momentum_buffer"], True)
    expect(code, wanted, w=w, ask="What is in the state after the first time?")


@check("07.4")
def the_same_the_next_time():
    """The next time it is the tensor of before, with what was written into it."""
    code = """
state, param = {}, Tensor([3.0, 4.0])
(first,) = remembered(state, param, "v")
first.array += 5
(second,) = remembered(state, param, "v")
(second, second is first)
"""
    ask = "Which of your lines runs when the name is in the state?"
    expect(code, (np.array([5.0, 5.0]), True), ask=ask)


@check("07.4")
def as_many_as_there_are_names():
    """Tensors come back in the order of their names; what is there is kept."""
    code = """
state = {"b": Tensor([7.0]), "step": 3}
a, b = remembered(state, Tensor([1.0]), "a", "b")
(a, b, remembered(state, Tensor([1.0]), "b"), remembered(state, Tensor([1.0])), state["step"])
"""
    wanted = (np.zeros(1), np.array([7.0]), [np.array([7.0])], [], 3)
    expect(code, wanted, ask="Which tensors were asked for, and in which order?")


@check("07.4")
def each_name_has_its_own_memory():
    """Writing into one of them changes neither the other one nor the parameter."""
    code = """
param = Tensor([1.0, 2.0])
m, v = remembered({}, param, "m", "v")
m.array += 5
(m, v, param)
"""
    wanted = (np.array([5.0, 5.0]), np.zeros(2), np.array([1.0, 2.0]))
    expect(code, wanted, ask="How many arrays does your loop make for two names?")


@check("07.4")
def memory_of_the_same_type():
    """The zeros have the dtype of the parameter."""
    code = """
params = Tensor(np.ones(2, np.float32)), Tensor(np.ones(2, np.float64))
[remembered({}, param, "v")[0].array.dtype.name for param in params]
"""
    expect(code, ["float32", "float64"], ask="Which dtype does np.zeros have, if not told?")


@check("07.4")
def decay_by_hand():
    """A gradient of 1 at the weight 2, with a decay of 0.5, becomes 1 + 0.5 * 2 = 2."""
    w, g = np.array([2.0, -4.0], np.float32), np.array([1.0, 1.0], np.float32)
    ask = "What is the slope of weight_decay/2 * w²?"
    expect("decayed(w, g, 0.5)", [2.0, -1.0], dtype="float32", w=w, g=g, ask=ask)
    expect("decayed(w, g, 0)", [1.0, 1.0], w=w, g=g)


# ----------------------------------------------------------------------------------------- SGD

SGD_KERNEL = """
p, v = w.copy(), start.copy()
for _ in range(steps):
    sgd_(p, g, v, lr=0.1, momentum=0.5, weight_decay=decay, nesterov=nesterov)
(p, v)
"""


def sgd(w, g, v, steps, decay, nesterov):
    """The recursion of SGD with lr 0.1 and momentum 0.5, in float64."""
    w, g, v = (np.asarray(each, np.float64) for each in (w, g, v))
    for _ in range(steps):
        gradient = g + decay * w
        v = 0.5 * v + gradient
        w = w - 0.1 * (gradient + 0.5 * v if nesterov else v)
    return w, v


@check("07.5")
def without_a_velocity():
    """Without momentum it is one step against the gradient, decayed."""
    w, g = fresh(2, 3), fresh(2, 3)
    code = """
p = w.copy()
sgd_(p, g, lr=0.1, momentum=0, weight_decay=0.5, nesterov=False)
p
"""
    expect(code, w - 0.1 * (g + 0.5 * w), w=w, g=g, ask="Is the decay part of the direction?")


@check("07.5")
def velocity_by_hand():
    """v = 0.5 * 2 + 1 = 2, so the weight goes from 10 to 10 - 0.1 * 2 = 9.8."""
    w, g, start = (np.array([value], np.float32) for value in (10.0, 1.0, 2.0))
    inputs = {"w": w, "g": g, "start": start, "steps": 1, "decay": 0, "nesterov": False}
    ask = "Is the new velocity in the old one's memory?"
    expect(SGD_KERNEL, (np.array([9.8]), np.array([2.0])), **inputs, ask=ask)


@check("07.5")
def velocity_of_three_steps():
    """Three steps with momentum and decay agree with the recursion."""
    w, g, start = fresh(4), fresh(4), fresh(4)
    inputs = {"w": w, "g": g, "start": start, "steps": 3, "decay": 0.3, "nesterov": False}
    ask = "Is the gradient that enters v already decayed? Does lr enter v?"
    expect(SGD_KERNEL, sgd(w, g, start, 3, 0.3, False), **inputs, ask=ask)


@check("07.5")
def nesterov_steps():
    """Nesterov goes along g + momentum * v, with the new v."""
    w, g, start = fresh(3), fresh(3), fresh(3)
    inputs = {"w": w, "g": g, "start": start, "steps": 2, "decay": 0.3, "nesterov": True}
    ask = "Which v: before or after the gradient was added?"
    expect(SGD_KERNEL, sgd(w, g, start, 2, 0.3, True), **inputs, ask=ask)


@check("07.5")
def the_optimizer_remembers_velocity():
    """SGD keeps one velocity per parameter, from step to step, and none without momentum."""
    g = fresh(2, 2)
    code = """
w = Tensor(np.ones((2, 2), np.float32))
optimizer = SGD([w], lr=0.1, momentum=momentum)
for _ in range(2):
    w.grad = Tensor(g)
    optimizer.step()
(w.array, list(optimizer.state[w]))
"""
    ask = "After two steps with one gradient g, v is 1.5 g. What is remembered without momentum?"
    moved = np.ones((2, 2)) - 0.1 * g - 0.1 * 1.5 * g
    expect(code, (moved, ["momentum_buffer"]), g=g, momentum=0.5, ask=ask)
    expect(code, (np.ones((2, 2)) - 0.2 * g, []), g=g, momentum=0, ask=ask)


# ------------------------------------------------------------------------------------- RMSprop

RMSPROP_KERNEL = """
p, s = w.copy(), start.copy()
for _ in range(steps):
    rmsprop_(p, g, s, lr=0.1, alpha=0.75, eps=eps, weight_decay=decay)
(p, s)
"""


def rmsprop(w, g, s, steps, eps, decay):
    """The recursion of RMSprop with lr 0.1 and alpha 0.75, in float64."""
    w, g, s = (np.asarray(each, np.float64) for each in (w, g, s))
    for _ in range(steps):
        gradient = g + decay * w
        s = 0.75 * s + 0.25 * gradient**2
        w = w - 0.1 * gradient / (np.sqrt(s) + eps)
    return w, s


@check("07.6")
def mean_square_by_hand():
    """s = 0.25 * 36 = 9, its root is 3, and the weight goes from 3 to 3 - 0.1 * 6 / 3 = 2.8."""
    w, g, start = (np.array([value], np.float32) for value in (3.0, 6.0, 0.0))
    inputs = {"w": w, "g": g, "start": start, "steps": 1, "eps": 1e-8, "decay": 0}
    ask = "Write down s, its root, and the quotient."
    expect(RMSPROP_KERNEL, (np.array([2.8]), np.array([9.0])), **inputs, ask=ask)


@check("07.6")
def rmsprop_of_three_steps():
    """Three steps with decay agree with the recursion."""
    w, g, start = fresh(2, 3), fresh(2, 3), fresh(2, 3, low=0.5, high=2)
    inputs = {"w": w, "g": g, "start": start, "steps": 3, "eps": 1e-8, "decay": 0.4}
    ask = "Does the new square count in the root of this very step?"
    expect(RMSPROP_KERNEL, rmsprop(w, g, start, 3, 1e-8, 0.4), **inputs, ask=ask)


@check("07.6")
def eps_stands_outside_the_root():
    """eps is added to the root; a gradient of 0 moves nothing, and gives no nan."""
    w, g, start = fresh(3), fresh(3), np.zeros(3, np.float32)
    inputs = {"w": w, "g": g, "start": start, "steps": 1, "eps": 0.5, "decay": 0}
    ask = "sqrt(s) + eps, or sqrt(s + eps)?"
    expect(RMSPROP_KERNEL, rmsprop(w, g, start, 1, 0.5, 0), **inputs, ask=ask)
    inputs |= {"g": start, "eps": 1e-8}
    expect(RMSPROP_KERNEL, (w, start), **inputs, ask="What is 0 / 0?")


@check("07.6")
def the_optimizer_remembers_squares():
    """RMSprop keeps the mean square and counts the steps, per parameter."""
    code = """
w, b = Tensor([3.0]), Tensor([3.0])
optimizer = RMSprop([w, b], lr=0.1, alpha=0.75, eps=eps)
w.grad = Tensor([6.0])
optimizer.step()
b.grad = Tensor([2.0])
optimizer.step()
state = [optimizer.state[param] for param in (w, b)]
(w.array, b.array, [each["step"] for each in state], [each["square_avg"] for each in state])
"""
    w, s = rmsprop([3], [6], [0], 2, 0.5, 0)
    b, t = rmsprop([3], [2], [0], 1, 0.5, 0)
    expect(code, (w, b, [2, 1], [s, t]), eps=0.5, ask="What is remembered, and under which names?")


# ---------------------------------------------------------------------------------------- Adam

ADAM_KERNEL = """
p, m, v = w.copy(), np.zeros_like(w), np.zeros_like(w)
for i in range(len(gradients)):
    adam_(p, gradients[i], m, v, step=i + 1, lr=0.1, betas=(0.8, 0.99), eps=eps, weight_decay=decay)
(p, m, v)
"""


def adam(w, gradients, eps=1e-8, decay=0.0, shrink=0.0):
    """The recursion of Adam with lr 0.1 and betas (0.8, 0.99), and of AdamW, in float64."""
    w = np.asarray(w, np.float64)
    m, v = np.zeros_like(w), np.zeros_like(w)
    for step, gradient in enumerate(np.asarray(gradients, np.float64), 1):
        w = w * (1 - 0.1 * shrink)
        g = gradient + decay * w
        m, v = 0.8 * m + 0.2 * g, 0.99 * v + 0.01 * g * g
        w = w - 0.1 * (m / (1 - 0.8**step)) / (np.sqrt(v / (1 - 0.99**step)) + eps)
    return w, m, v


@check("07.7")
def the_first_step_by_hand():
    """m = 1.2 and v = 0.36 from a gradient of 6; corrected 6 and 36; the step is lr long."""
    w, gradients = np.array([3.0], np.float32), np.array([[6.0]], np.float32)
    wanted = (np.array([2.9]), np.array([1.2]), np.array([0.36]))
    ask = "Write down m, v, both corrected, and the quotient."
    expect(ADAM_KERNEL, wanted, w=w, gradients=gradients, eps=1e-8, decay=0, ask=ask)


@check("07.7")
def the_first_step_is_lr_long():
    """A first gradient of 0.001 or of 1000 makes the same step."""
    w, gradients = np.zeros(3, np.float32), np.array([[1e-3, -1.0, 1e3]], np.float32)
    code = ADAM_KERNEL + "p"
    ask = "By which two numbers are m and v too small in the first step?"
    wanted = [-0.1, 0.1, -0.1]
    expect(code, wanted, within=1e-4, w=w, gradients=gradients, eps=1e-8, decay=0, ask=ask)


@check("07.7")
def adam_of_five_steps():
    """Five steps with changing gradients and decay agree with the recursion, as do m and v."""
    w, gradients = fresh(2, 3), fresh(5, 2, 3)
    inputs = {"w": w, "gradients": gradients, "eps": 1e-8, "decay": 0.3}
    ask = "In m and v stand the uncorrected means. Do your corrected ones stay apart?"
    expect(ADAM_KERNEL, adam(w, gradients, decay=0.3), **inputs, within=1e-4, ask=ask)


@check("07.7")
def eps_after_the_correction():
    """eps is added to the root of the corrected v."""
    w, gradients = fresh(3), fresh(2, 3)
    inputs = {"w": w, "gradients": gradients, "eps": 0.5, "decay": 0}
    ask = "Is your eps inside the root, or added before the correction?"
    expect(ADAM_KERNEL, adam(w, gradients, eps=0.5), **inputs, ask=ask)


@check("07.7")
def each_parameter_counts_its_steps():
    """The count is 1 in a parameter's first step, whenever that comes."""
    code = """
w, b = Tensor([3.0]), Tensor([3.0])
optimizer = Adam([w, b], lr=0.1, betas=(0.8, 0.99))
for round in range(3):
    w.grad = Tensor([6.0])
    if round:
        b.grad = Tensor([0.5])
    optimizer.step()
found = [optimizer.state[param] for param in (w, b)]
(w.array, b.array, [each["step"] for each in found], [each["exp_avg_sq"] for each in found])
"""
    w, _, v = adam([3], [[6]] * 3)
    b, _, u = adam([3], [[0.5]] * 2)
    ask = "What is state['step'] when adam_ is called for the first time?"
    expect(code, (w, b, [3, 2], [v, u]), within=1e-4, ask=ask)


@check("07.7")
def adam_calls_its_own_operation():
    """The operation is the one that self.op names, so that a subclass can name another."""
    code = """
@kernel("noted_")
def noted_(param, *averages, step, lr, betas, eps, weight_decay):
    param += step
    return param
class Noted(Adam):
    op = "noted_"
w = Tensor([3.0])
w.grad = Tensor([6.0])
Noted([w]).step()
w.array
"""
    expect(code, [4.0], ask="AdamW will be such a subclass. Where does its operation's name stand?")


# --------------------------------------------------------------------------------------- AdamW

ADAMW_KERNEL = """
p, m, v = w.copy(), np.zeros_like(w), np.zeros_like(w)
more = {"lr": 0.1, "betas": (0.8, 0.99), "eps": 1e-8, "weight_decay": decay}
for i in range(len(gradients)):
    adamw_(p, gradients[i], m, v, step=i + 1, **more)
(p, m, v)
"""


@check("07.8")
def decay_alone_by_hand():
    """With a gradient of 0 the weight 2 becomes 2 - 0.1 * 0.5 * 2 = 1.9, and m stays 0."""
    w, gradients = np.array([2.0], np.float32), np.zeros((1, 1), np.float32)
    wanted = (np.array([1.9]), np.zeros(1), np.zeros(1))
    ask = "Who sees the decay: the parameter, or the averages?"
    expect(ADAMW_KERNEL, wanted, w=w, gradients=gradients, decay=0.5, ask=ask)


@check("07.8")
def shrink_then_move():
    """Four steps agree with the recursion: shrink, then Adam's move; m and v see no decay."""
    w, gradients = fresh(2, 3), fresh(4, 2, 3)
    ask = "Is the shrunk weight where Adam's move begins? Does lr scale the decay?"
    wanted = adam(w, gradients, shrink=0.5)
    expect(ADAMW_KERNEL, wanted, w=w, gradients=gradients, decay=0.5, within=1e-4, ask=ask)


@check("07.8")
def no_decay_is_adam():
    """With a decay of 0 it is Adam."""
    w, gradients = fresh(3), fresh(3, 3)
    inputs = {"w": w, "gradients": gradients, "decay": 0.0}
    expect(ADAMW_KERNEL, adam(w, gradients), **inputs, within=1e-4, ask="What is left of it at 0?")


@check("07.8")
def large_and_small_gradients_shrink_alike():
    """The optimizer shrinks each weight at one rate, whatever its gradient."""
    code = """
w = Tensor([10.0, 10.0])
optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
w.grad = Tensor([1000.0, 0.001])
optimizer.step()
w.array
"""
    expect(code, [9.4, 9.4], within=1e-4, ask="10 * 0.95 - 0.1: which part is missing or doubled?")


# ---------------------------------------------------------------------------- packed, unpacked

TWO_GROUPS = """
a, b, c = Tensor([1.0]), Tensor([2.0]), Tensor([3.0])
groups = [{"params": [a, b]}, {"params": [c], "lr": 0.5}]
optimizer = SGD(groups, lr=0.1, momentum=0.9)
b.grad = Tensor([4.0])
c.grad = Tensor([5.0])
optimizer.step()
"""


@check("07.9")
def parameters_are_counted_through():
    """Parameters become 0, 1 and 2 through both groups; settings stand beside them."""
    code = (
        TWO_GROUPS
        + """
groups = packed(optimizer)["param_groups"]
[(group["params"], group["lr"], group["momentum"]) for group in groups]
"""
    )
    wanted = [([0, 1], 0.1, 0.9), ([2], 0.5, 0.9)]
    expect(code, wanted, ask="Where does the count of the second group begin?")


@check("07.9")
def only_what_is_remembered():
    """The state has an entry under the number of each parameter that remembers something."""
    code = (
        TWO_GROUPS
        + """
state = packed(optimizer)["state"]
{number: state[number]["momentum_buffer"] for number in sorted(state)}
"""
    )
    wanted = {1: np.array([4.0]), 2: np.array([5.0])}
    expect(code, wanted, ask="The first parameter had no gradient. What is there to save of it?")


@check("07.9")
def packing_changes_nothing():
    """The optimizer is as before: its groups hold parameters, and no state was added."""
    code = (
        TWO_GROUPS
        + """
saved = packed(optimizer)
saved["param_groups"][0]["lr"] = 7
groups = optimizer.param_groups
now = (groups[0]["lr"], len(optimizer.state))
(groups[0]["params"][1] is b, groups[1]["params"][0] is c, *now)
"""
    )
    expect(code, (True, True, 0.1, 2), ask="Whose dictionaries do you write into?")


@check("07.9")
def unpacked_for_new_parameters():
    """Each state meets the parameter at its place of another optimizer, as a copy."""
    code = (
        TWO_GROUPS
        + """
x, y, z = Tensor([7.0]), Tensor([8.0]), Tensor([9.0])
other = SGD([{"params": [x, y]}, {"params": [z]}], lr=0.1, momentum=0.9)
state = unpacked(other, packed(optimizer))
([param in state for param in (x, y, z)], state[y]["momentum_buffer"], state[z]["momentum_buffer"])
"""
    )
    wanted = ([False, True, True], np.array([4.0]), np.array([5.0]))
    expect(code, wanted, ask="Number 1 belongs to y. What do you pair with what?")
    code = (
        TWO_GROUPS
        + """
saved = packed(optimizer)
state = unpacked(optimizer, saved)
state[b]["momentum_buffer"].array[...] = 0
(saved["state"][1]["momentum_buffer"], optimizer.state[b]["momentum_buffer"])
"""
    )
    wanted = (np.array([4.0]), np.array([4.0]))
    expect(code, wanted, ask="Which given function copies a value?")


@check("07.9")
def training_goes_on():
    """A loaded Adam goes on as if nothing had happened, to the last bit."""
    gradients = fresh(4, 3)
    code = """
def run(w, optimizer, some):
    for g in some:
        w.grad = Tensor(g)
        optimizer.step()
straight = Tensor([1.0, 2.0, 3.0])
optimizer = Adam([straight], lr=0.1)
run(straight, optimizer, gradients[:2])
resumed = Tensor(straight.array.copy())
other = Adam([resumed], lr=0.7)
other.load_state_dict(optimizer.state_dict())
run(straight, optimizer, gradients[2:])
run(resumed, other, gradients[2:])
resumed.array - straight.array
"""
    ask = "What must be the same in the other optimizer for its next step to be the same?"
    expect(code, np.zeros(3), within=0, gradients=gradients, ask=ask)


@check("07.9")
def a_value_for_its_new_owner():
    """A tensor takes the dtype of the parameter, "step" is an int; the guard looks first."""
    code = """
w, saved = Tensor(np.ones(2, np.float32)), [1, 2]
found = restored("exp_avg", Tensor(np.array([4.0, 5.0])), w, 0)
step = restored("step", Tensor(np.array(7.0)), w, 0)
other = restored("history", saved, w, 0)
(found, found.array.dtype.name, type(step).__name__, step, other, other is saved)
"""
    wanted = (np.array([4.0, 5.0]), "float32", "int", 7, [1, 2], False)
    expect(code, wanted, ask="Which of your three cases does each of the values take?")
    code = """
seen, before = [], dict(GUARDS)
GUARDS["saved value"] = lambda owner, new: seen.append((owner is w, new))
w = Tensor([1.0])
restored("step", 2, w, 5)
GUARDS.clear()
GUARDS.update(before)
seen
"""
    expect(code, [(True, ("step", 2, 5))], ask="What comes first, the look or the copy?")


# ---------------------------------------------------------------------------------- LRScheduler

SCHEDULE = """
def rates(optimizer, schedule, count):
    found = [optimizer.param_groups[0]["lr"]]
    for _ in range(count - 1):
        optimizer.step()
        schedule.step()
        found.append(optimizer.param_groups[0]["lr"])
    return found
"""


@check("07.10")
def a_step_of_a_schedule():
    """step goes to the next epoch, asks get_lr, and sets the rate of each group."""
    code = """
class Halving(LRScheduler):
    def get_lr(self):
        return [lr / 2**self.last_epoch for lr in self.base_lrs]
groups = [{"params": Tensor([1.0])}, {"params": Tensor([2.0]), "lr": 0.4}]
optimizer = SGD(groups, lr=0.8)
schedule = Halving(optimizer)
first = schedule.get_last_lr()
optimizer.step()
schedule.step()
now = [group["lr"] for group in optimizer.param_groups]
(first, now, schedule.get_last_lr(), schedule.last_epoch, schedule._step_count)
"""
    wanted = ([0.8, 0.4], [0.4, 0.2], [0.4, 0.2], 1, 2)
    expect(code, wanted, ask="Which epoch does get_lr see: the one that ends, or the next one?")


@check("07.10")
def a_schedule_too_early():
    """A schedule that goes on before the optimizer's first step warns, once."""
    code = """
import warnings
class Constant(LRScheduler):
    def get_lr(self):
        return self.base_lrs
counts = []
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    schedule = Constant(SGD([Tensor([1.0])], lr=0.8))
    counts.append(len(caught))
    for _ in range(2):
        schedule.step()
        counts.append(len(caught))
counts
"""
    ask = "warn_of_a_skipped_rate looks at self._step_count: what must it still be then?"
    expect(code, [0, 1, 1], ask=ask)


@check("07.10")
def rates_from_the_beginning():
    """The rates of epoch 0 are set when the schedule is built."""
    lr = float(rng().uniform(0.5, 1))
    code = """
class Rising(LRScheduler):
    def get_lr(self):
        return [lr * (self.last_epoch + 1) / 4 for lr in self.base_lrs]
optimizer = SGD([Tensor([1.0])], lr=lr)
schedule = Rising(optimizer)
(optimizer.param_groups[0]["lr"], schedule.base_lrs, schedule.last_epoch, schedule._step_count)
"""
    ask = "Which epoch does a new schedule begin with, and who takes it there?"
    expect(code, (lr / 4, [lr], 0, 1), lr=lr, ask=ask)


@check("07.10")
def the_first_rate_is_kept():
    """A second schedule starts from the first rate too, not from the one that is set now."""
    code = """
class Half(LRScheduler):
    def get_lr(self):
        return [lr / 2 for lr in self.base_lrs]
optimizer = SGD([{"params": Tensor([1.0])}, {"params": Tensor([2.0]), "lr": 0.4}], lr=0.8)
first, second = Half(optimizer), Half(optimizer)
(second.base_lrs, [group["initial_lr"] for group in optimizer.param_groups])
"""
    wanted = ([0.8, 0.4], [0.8, 0.4])
    expect(code, wanted, ask='When a group has an "initial_lr", who wrote it, and when?')


@check("07.10")
def the_guard_of_schedules():
    """The guard of a "schedule" looks at the optimizer and at last_epoch before anything else."""
    code = """
class Constant(LRScheduler):
    def get_lr(self):
        return self.base_lrs
seen, before = [], dict(GUARDS)
GUARDS["schedule"] = lambda owner, new: seen.append((new[0] is optimizer, new[1], len(vars(owner))))
optimizer = SGD([Tensor([1.0])], lr=0.8)
schedule = Constant(optimizer)
GUARDS.clear()
GUARDS.update(before)
(seen, schedule.optimizer is optimizer)
"""
    expect(code, ([(True, -1, 0)], True), ask="What does the guard see of a schedule so far?")


# --------------------------------------------------------------------------------------- StepLR


@check("07.11")
def a_stair():
    """With step_size 2 and gamma 0.1 the rates are 0.5, 0.5, 0.05, 0.05, 0.005."""
    code = (
        SCHEDULE
        + """
optimizer = SGD([Tensor([1.0])], lr=0.5)
rates(optimizer, StepLR(optimizer, step_size=2, gamma=0.1), 5)
"""
    )
    wanted = [0.5, 0.5, 0.05, 0.05, 0.005]
    expect(code, wanted, ask="Is 0 a multiple of step_size, and should the rate fall there?")


@check("07.11")
def stairs_of_any_height():
    """The epochs that are multiples of step_size, and no others, take the present rate down."""
    lr, gamma, size = float(rng().uniform(0.5, 1)), float(rng().uniform(0.2, 0.8)), 3
    code = (
        SCHEDULE
        + """
groups = [{"params": Tensor([1.0])}, {"params": Tensor([2.0]), "lr": 1.0}]
optimizer = SGD(groups, lr=lr)
schedule = StepLR(optimizer, size, gamma)
(rates(optimizer, schedule, 8), schedule.get_last_lr())
"""
    )
    wanted = [lr * gamma ** (epoch // size) for epoch in range(8)]
    inputs = {"lr": lr, "gamma": gamma, "size": size}
    ask = "Does the second group fall from its own rate?"
    expect(code, (wanted, [wanted[-1], gamma**2]), **inputs, ask=ask)


@check("07.11")
def a_rate_that_someone_else_changed():
    """StepLR multiplies the present rate, so that another schedule can act beside it."""
    code = (
        SCHEDULE
        + """
optimizer = SGD([Tensor([1.0])], lr=1.0)
first, second = StepLR(optimizer, 1, gamma=0.5), StepLR(optimizer, 2, gamma=0.1)
for _ in range(2):
    optimizer.step()
    first.step()
    second.step()
optimizer.param_groups[0]["lr"]
"""
    )
    expect(code, 0.025, ask="From which rate do you start: the first one, or the present one?")


# ------------------------------------------------------------------------- LambdaLR and cosine


@check("07.12")
def a_function_of_the_epoch():
    """LambdaLR gives each group its first rate times its function of the epoch."""
    code = (
        SCHEDULE
        + """
groups = [{"params": Tensor([1.0])}, {"params": Tensor([2.0]), "lr": 2.0}]
optimizer = SGD(groups, lr=1.0)
schedule = LambdaLR(optimizer, [lambda epoch: 1 / (1 + epoch), lambda epoch: 0.5**epoch])
(rates(optimizer, schedule, 4), schedule.get_last_lr())
"""
    )
    wanted = ([1.0, 1 / 2, 1 / 3, 1 / 4], [1 / 4, 2.0 / 8])
    expect(code, wanted, ask="At epoch 2 the factor is 1/3: of the first rate, or of the last?")


@check("07.12")
def half_a_wave():
    """It is 1 at the beginning, 1/2 in the middle, 0 at the end."""
    expect("[half_cosine(epoch, 4) for epoch in range(5)]", [
        1.0, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2, 0.0,
    ], ask="How far does the angle go in `length` epochs?")  # fmt: skip
    length = int(rng().integers(5, 50))
    wanted = (1 + math.cos(math.pi * 3 / length)) / 2
    expect("half_cosine(3, length)", wanted, length=length)


@check("07.12")
def warm_up_by_hand():
    """Two epochs up, four down: 1/2, 1, 1, 0.854, 1/2, 0.146, and 0 from epoch 6 on."""
    wanted = [0.5, 1.0, 1.0, 0.853553, 0.5, 0.146447, 0.0, 0.0, 0.0]
    ask = "Is the factor of epoch 0 more than 0? Where does the wave begin, and where does it end?"
    expect("[warmup_cosine(2, 6)(epoch) for epoch in range(9)]", wanted, ask=ask)


@check("07.12")
def warm_up_of_any_length():
    """Any warm-up, also none, is followed by half a wave down to `total`."""
    warmup, total = int(rng().integers(2, 6)), int(rng().integers(10, 20))
    for begin in (0, warmup):
        wave = [(1 + math.cos(math.pi * i / (total - begin))) / 2 for i in range(total - begin)]
        wanted = [(i + 1) / begin for i in range(begin)] + wave + [0.0, 0.0]
        code = "[warmup_cosine(begin, total)(epoch) for epoch in range(total + 2)]"
        ask = "How many epochs does the wave have when the first ones are for the warm-up?"
        expect(code, wanted, begin=begin, total=total, ask=ask)


@check("07.12")
def in_a_schedule():
    """Handed to LambdaLR, it drives the rate of an optimizer."""
    code = (
        SCHEDULE
        + """
optimizer = SGD([Tensor([1.0])], lr=0.2)
rates(optimizer, LambdaLR(optimizer, warmup_cosine(2, 4)), 5)
"""
    )
    expect(code, [0.1, 0.2, 0.2, 0.1, 0.0], ask="Is what warmup_cosine returns a function?")


# ------------------------------------------------------------------------------------ debug it

RUN = """
torch.manual_seed(seed)
model = nn.Linear(64, 10)
record = train(model, digits(200), epochs=4, lr=0.05)
"""


@check("07.13")
def a_rate_for_each_update():
    """Each update has the rate that the schedule means for it: up in 5 of them, then down."""
    seed = int(rng().integers(1000))
    up = [0.05 * (i + 1) / 5 for i in range(5)]
    down = [0.05 * (1 + math.cos(math.pi * i / 15)) / 2 for i in range(15)]
    ask = "Write the first rates of record['rates'] beside those that the schedule should give."
    code = RUN + "[round(rate, 4) for rate in record['rates']]"
    wanted = [round(rate, 4) for rate in up + down]
    expect(code, wanted, within=2e-4, seed=seed, ask=ask)


@check("07.13")
def the_schedule_has_ended():
    """At the end the schedule has taken as many steps as there were updates, and the rate is 0."""
    code = RUN + "(record['schedule'].last_epoch, record['schedule'].get_last_lr()[0])"
    expect(code, (20, 0.0), seed=0, ask="Which loop counts updates, and in which one is its step?")


@check("07.13")
def nothing_is_skipped():
    """PyTorch's warning about a skipped first rate does not appear."""
    code = f"""
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    {RUN.strip().replace(chr(10), chr(10) + "    ")}
[str(each.message)[:44] for each in caught]
"""
    expect(code, [], seed=1, ask="Who goes first in an update: the optimizer, or the schedule?")


@check("07.13")
def it_learns():
    """Within four epochs the loss falls below half of where it began."""
    code = RUN + "bool(sum(record['losses'][-5:]) / 5 < 0.5 * record['losses'][0])"
    expect(code, True, seed=int(rng().integers(1000)), ask="How long are the steps at the end?")
