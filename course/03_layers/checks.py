"""The checks of module 03: what each exercise claims, on a hand-worked example and fresh inputs."""

import math

import numpy as np

from tito.expect import check, expect, fresh, raises, rng

NEST = """
model = Module()
model.scale = Parameter(Tensor([2.0]))
model.encoder = Module()
model.encoder.inner = Module()
model.encoder.inner.weight = Parameter(Tensor([1.0, 3.0]))
model.head = Module()
model.head.weight = Parameter(Tensor([4.0]))
"""
"""A module in a module in a module, with a parameter here and there."""


# --------------------------------------------------------------------------- 03.1 linear_kernel


@check("03.1")
def test_one_row_gives_one_sum_per_row_of_the_weight():
    """By hand: 1*10 + 2*20 + 0.5 and 1*3 + 2*4 - 1."""
    expect(
        "linear_kernel(x, weight, bias)",
        [[50.5, 10.0]],
        x=np.array([[1.0, 2.0]], np.float32),
        weight=np.array([[10.0, 20.0], [3.0, 4.0]], np.float32),
        bias=np.array([0.5, -1.0], np.float32),
        ask="Row 0 of the weight belongs to output 0. Which sum is output 0?",
    )


@check("03.1")
def test_a_batch_of_rows():
    """Four rows of three inputs become four rows of two outputs."""
    x, weight, bias = fresh(4, 3), fresh(2, 3), fresh(2)
    expect(
        "linear_kernel(x, weight, bias)",
        np.stack([(weight * row).sum(1) + bias for row in x]),
        dtype="float32",
        x=x,
        weight=weight,
        bias=bias,
        ask="x is (4, 3) and the weight (2, 3). Which of them has to be turned for a product?",
    )


@check("03.1")
def test_as_many_outputs_as_inputs():
    """With a square weight nothing complains about a weight that is not turned."""
    x, weight, bias = fresh(2, 3), fresh(3, 3), fresh(3)
    expect(
        "linear_kernel(x, weight, bias)",
        np.stack([(weight * row).sum(1) + bias for row in x]),
        x=x,
        weight=weight,
        bias=bias,
        ask="Is output j the product of x with row j of the weight, or with column j?",
    )


@check("03.1")
def test_the_bias_may_be_left_out():
    """Without a bias the sums are returned as they are."""
    x, weight = fresh(2, 3), fresh(4, 3)
    expect(
        "linear_kernel(x, weight)",
        np.stack([(weight * row).sum(1) for row in x]),
        x=x,
        weight=weight,
        ask="What is bias when the caller leaves it out?",
    )


@check("03.1")
def test_any_number_of_dimensions_before_the_last():
    """Only the last dimension is mixed: (2, 5, 3) becomes (2, 5, 4), and (3,) becomes (4,)."""
    x, weight, bias = fresh(2, 5, 3), fresh(4, 3), fresh(4)
    expect(
        "linear_kernel(x, weight, bias)",
        (x[:, :, None, :] * weight).sum(-1) + bias,
        x=x,
        weight=weight,
        bias=bias,
        ask="Which dimensions of x should still be there in the result?",
    )
    expect(
        "linear_kernel(x, weight, bias)",
        (weight * x[0, 0]).sum(1) + bias,
        x=x[0, 0],
        weight=weight,
        bias=bias,
        ask="Does your code also take a single row without a batch, of shape (3,)?",
    )


# --------------------------------------------------- 03.2 __setattr__, __getattr__ and _forget


@check("03.2")
def test_a_parameter_stands_in_the_table_of_parameters():
    """An attribute that is a Parameter is kept in _parameters, and read as an attribute."""
    x = fresh(3)
    expect(
        "m = Module()\nm.factor = Parameter(Tensor(x))\n(list(m._parameters), m.factor)",
        (["factor"], x),
        x=x,
        ask="In which table should a Parameter stand, and where does Python look for m.factor?",
    )


@check("03.2")
def test_a_module_stands_in_the_table_of_modules():
    """An attribute that is a Module is kept in _modules."""
    expect(
        "m, inner = Module(), Module()\nm.inner = inner\n(list(m._modules), m.inner is inner)",
        (["inner"], True),
        ask="Which table belongs to the class Module, by KINDS?",
    )


@check("03.2")
def test_everything_else_is_an_ordinary_attribute():
    """Numbers and plain tensors are in no table: nobody asked to learn them."""
    expect(
        "m = Module()\nm.size, m.mean = 3, Tensor([1.0, 2.0])\n"
        "(m.size, m.mean, list(m._parameters), list(m._buffers), list(m._modules))",
        (3, [1.0, 2.0], [], [], []),
        ask="Is a plain Tensor a Parameter? Which of the two may be learned?",
    )


@check("03.2")
def test_a_name_belongs_to_what_was_assigned_last():
    """Assigned again with something of another kind, a name is forgotten at its old place."""
    expect(
        "m = Module()\nm.a = 3\nm.a = Parameter(Tensor([5.0]))\n(m.a, 'a' in vars(m))",
        ([5.0], False),
        ask="Where does Python look first for m.a: in the instance, or in your tables?",
    )
    expect(
        "m = Module()\nm.a = Module()\nm.a = Parameter(Tensor([5.0]))\n"
        "(list(m._parameters), list(m._modules))",
        (["a"], []),
        ask="Is the module that was called a still in a table?",
    )


@check("03.2")
def test_a_replaced_parameter_keeps_its_place():
    """Overwriting a parameter with another one does not change the order of the names."""
    expect(
        "m = Module()\nm.a, m.b = Parameter(Tensor([1.0])), Parameter(Tensor([2.0]))\n"
        "m.a = Parameter(Tensor([7.0]))\n(list(m._parameters), m.a)",
        (["a", "b"], [7.0]),
        ask="What happens to the order of a dict when a key is deleted and set again?",
    )


@check("03.2")
def test_a_name_of_a_table_accepts_none_and_refuses_plain_tensors():
    """m.bias = None notes that there is no bias; a plain tensor in its place is refused."""
    expect(
        "m = Module()\nm.bias = Parameter(Tensor([1.0]))\nm.bias = None\n"
        "(list(m._parameters), m.bias)",
        (["bias"], None),
        ask="Which function decides what may be put under a name that a table has already?",
    )
    raises(
        "m = Module()\nm.bias = Parameter(Tensor([1.0]))\nm.bias = Tensor([2.0])",
        TypeError,
        mentions=("bias", "Parameter"),
        ask="Did the assignment of a plain tensor pass through _register?",
    )


@check("03.2")
def test_what_is_not_there_is_an_attribute_error():
    """A name in no table raises AttributeError, so that hasattr works."""
    raises(
        "m = Module()\nm.wieght",
        AttributeError,
        mentions=("wieght",),
        ask="Does your __getattr__ end with the error that unknown_attribute makes?",
    )
    expect(
        "m = Module()\nm.w = Parameter(Tensor([1.0]))\n(hasattr(m, 'w'), hasattr(m, 'v'))",
        (True, False),
    )


@check("03.2")
def test_a_forgotten_constructor_is_told_in_words():
    """Without super().__init__() there are no tables yet; the error says so."""
    raises(
        "class Hasty(Module):\n    def __init__(self):\n"
        "        self.w = Parameter(Tensor([1.0]))\nhasty = Hasty()",
        AttributeError,
        mentions=("super().__init__()",),
        ask="There are no tables yet. Does your __getattr__ ask for an attribute that is missing?",
    )


@check("03.2")
def test_deleting_an_attribute():
    """del removes a name wherever it is kept; a name that is nowhere is an AttributeError."""
    expect(
        "m = Module()\nm.a, m.b = Parameter(Tensor([1.0])), 2\ndel m.a, m.b\n"
        "(list(m._parameters), hasattr(m, 'a'), hasattr(m, 'b'))",
        ([], False, False),
        ask="Which of your functions forgets a name?",
    )
    raises("m = Module()\ndel m.nothing", AttributeError)


@check("03.2")
def test_forgetting_says_whether_there_was_something():
    """_forget removes a name from wherever it is kept, and returns whether it was there."""
    expect(
        "m = Module()\nm.a, m.b, m.c = 1, Parameter(Tensor([1.0])), Module()\n"
        "said = [m._forget(name) for name in ('a', 'b', 'c', 'd')]\n"
        "(said, [hasattr(m, name) for name in ('a', 'b', 'c', 'd')])",
        ([True, True, True, False], [False, False, False, False]),
        ask="A name may be in the instance's __dict__ or in one of three tables. All searched?",
    )


# ------------------------------------------------------------------ 03.3 named_modules


@check("03.3")
def test_modules_come_with_their_paths():
    """First the module itself under the empty path, then what is in it, however deep."""
    expect(
        NEST + "[name for name, _ in model.named_modules()]",
        ["", "encoder", "encoder.inner", "head"],
        ask="Who knows what is inside the encoder: the model, or the encoder?",
    )
    expect(
        NEST + "dict(model.named_modules())['encoder.inner'] is model.encoder.inner",
        True,
    )


@check("03.3")
def test_a_chain_of_any_depth():
    """Modules within modules, as deep as they go."""
    depth = int(rng().integers(4, 9))
    expect(
        "model = inner = Module()\nfor _ in range(depth):\n    inner.next = Module()\n"
        "    inner = inner.next\n[name for name, _ in model.named_modules()]",
        [".".join(["next"] * n) for n in range(depth + 1)],
        depth=depth,
        ask="What path does a module hand to the modules within it?",
    )


@check("03.3")
def test_a_module_in_two_places_comes_once():
    """A shared module is found under the first of its names."""
    expect(
        NEST + "model.again = model.encoder\n[name for name, _ in model.named_modules()]",
        ["", "encoder", "encoder.inner", "head"],
        ask="What goes from call to call and remembers which modules have been seen?",
    )
    expect(
        NEST + "model.again = model.encoder\n"
        "[name for name, _ in model.named_modules(remove_duplicate=False)]",
        ["", "encoder", "encoder.inner", "head", "again", "again.inner"],
        ask="With remove_duplicate=False, does anything get into the memo?",
    )


@check("03.3")
def test_children_are_the_modules_directly_within():
    """named_children does not go deeper, and yields a shared module once."""
    expect(
        NEST + "model.again = model.encoder\n[name for name, _ in model.named_children()]",
        ["encoder", "head"],
        ask="Is the inner module of the encoder a child of the model?",
    )


@check("03.3")
def test_modules_that_are_none_are_skipped():
    """None stands for a module that is left out."""
    expect(
        "m = Module()\nm.a, m.b = Module(), Module()\nm.a = None\n"
        "([name for name, _ in m.named_modules()], [name for name, _ in m.named_children()])",
        (["", "b"], ["b"]),
        ask="Can None be asked for its modules?",
    )


@check("03.3")
def test_modules_and_children_come_without_names():
    """modules() goes all the way down, children() one step."""
    expect(
        NEST + "found = list(model.modules())\n"
        "[len(found), found[0] is model, found[2] is model.encoder.inner]",
        [4, True, True],
        ask="named_modules yields pairs. Which half of each is asked for here?",
    )
    expect(
        NEST + "found = list(model.children())\n"
        "[len(found), found[0] is model.encoder, found[1] is model.head]",
        [2, True, True],
        ask="Is the model one of its own children? Is the inner module?",
    )


# --------------------------------------------------------------------------------- 03.4 _named


@check("03.4")
def test_parameters_come_with_their_paths():
    """A parameter's path is its module's path, a dot, and its name."""
    expect(
        NEST + "[name for name, _ in model.named_parameters()]",
        ["scale", "encoder.inner.weight", "head.weight"],
        ask="Two parameters here are called weight. Are they the same tensor?",
    )
    expect(
        NEST + "[p.tolist() for p in model.parameters()]",
        [[2.0], [1.0, 3.0], [4.0]],
    )


@check("03.4")
def test_a_parameter_in_two_places_comes_once():
    """Tied weights are one tensor: an optimizer must not move it twice."""
    expect(
        NEST + "model.head.tied = model.encoder.inner.weight\n"
        "[name for name, _ in model.named_parameters()]",
        ["scale", "encoder.inner.weight", "head.weight"],
        ask="Is a tensor known again by its name, by its values, or by being the same object?",
    )
    expect(
        NEST + "model.head.tied = model.encoder.inner.weight\n"
        "[name for name, _ in model.named_parameters(remove_duplicate=False)]",
        ["scale", "encoder.inner.weight", "head.weight", "head.tied"],
    )


@check("03.4")
def test_equal_values_are_not_the_same_tensor():
    """Two parameters that happen to hold the same values are both found."""
    expect(
        "m = Module()\nm.a, m.b = Parameter(Tensor([0.0])), Parameter(Tensor([0.0]))\n"
        "[name for name, _ in m.named_parameters()]",
        ["a", "b"],
        ask="What does == compare, for two tensors? What does a set compare first?",
    )


@check("03.4")
def test_prefix_and_recurse():
    """prefix is put before every path; recurse=False stays in this module."""
    expect(
        NEST + "[name for name, _ in model.named_parameters(prefix='net')]",
        ["net.scale", "net.encoder.inner.weight", "net.head.weight"],
    )
    expect(
        NEST + "[name for name, _ in model.named_parameters(prefix='net', recurse=False)]",
        ["net.scale"],
        ask="Which pair of path and module is the only one to look at without recursion?",
    )


@check("03.4")
def test_places_that_hold_none_are_skipped():
    """None stands for a parameter that is left out, as the bias with bias=False."""
    expect(
        "m = Module()\nm.a, m.b = Parameter(Tensor([1.0])), Parameter(Tensor([1.0]))\n"
        "m.a = None\n[name for name, _ in m.named_parameters()]",
        ["b"],
        ask="What does your loop over a table do with an entry that is None?",
    )


@check("03.4")
def test_buffers_are_found_apart_from_parameters():
    """Both are tensors, and an optimizer must not be given a running mean."""
    expect(
        NEST + "model.head.register_buffer('mean', Tensor([9.0]))\n"
        "([name for name, _ in model.named_buffers(prefix='net')],\n"
        " [b.tolist() for b in model.buffers()], list(model.buffers(recurse=False)))",
        (["net.head.mean"], [[9.0]], []),
        ask="Which table of each module is looked into?",
    )
    expect(
        NEST + "[p.tolist() for p in model.parameters(recurse=False)]",
        [[2.0]],
        ask="Is recurse handed on?",
    )


# ---------------------------------------------------------------- 03.5 state_dict and loading

STATE = NEST + "model.head.register_buffer('mean', Tensor([9.0]))\n"
LOAD = STATE + (
    "state = {'scale': Tensor([-1.0]), 'encoder.inner.weight': Tensor([-2.0, -3.0]),\n"
    "         'head.weight': Tensor([-4.0]), 'head.mean': Tensor([-5.0])}\n"
)
VALUES = "[p.tolist() for p in model.parameters()]"


@check("03.5")
def test_the_state_has_parameters_and_buffers_by_path():
    """Parameters first and then buffers, module by module."""
    expect(
        STATE + "model.state_dict()",
        {
            "scale": [2.0],
            "encoder.inner.weight": [1.0, 3.0],
            "head.weight": [4.0],
            "head.mean": [9.0],
        },
        ask="Which two tables of every module are worth saving?",
    )


@check("03.5")
def test_a_shared_tensor_is_saved_under_each_of_its_paths():
    """Whoever loads finds every path that the model has; prefix goes before each."""
    expect(
        STATE + "model.again = model.head\nlist(model.state_dict(prefix='net.'))",
        ["net.scale", "net.encoder.inner.weight", "net.head.weight", "net.head.mean",
         "net.again.weight", "net.again.mean"],
        ask="Does your walk through the modules leave out those that it has seen?",
    )  # fmt: skip


@check("03.5")
def test_scratch_buffers_are_not_saved():
    """Buffers registered with persistent=False, and places that hold None, are left out."""
    expect(
        STATE + "model.register_buffer('scratch', Tensor([0.0]), persistent=False)\n"
        "model.register_parameter('bias', None)\nlist(model.state_dict())",
        ["scale", "encoder.inner.weight", "head.weight", "head.mean"],
        ask="Where does a module note which of its buffers are not worth saving?",
    )


@check("03.5")
def test_the_state_shares_the_memory_and_not_the_history():
    """The entries are detached views: no copies, and no gradients wanted."""
    expect(
        STATE + "state = model.state_dict()\nstate['scale'].copy_(Tensor([5.0]))\n"
        "(model.scale.tolist(), state['scale'].requires_grad,\n"
        " model.state_dict(keep_vars=True)['scale'] is model.scale)",
        ([5.0], False, True),
        ask="What does detach() give: a copy, or the same memory without the gradient?",
    )


@check("03.5")
def test_loading_overwrites_the_values_in_place():
    """The parameters stay the same objects, so whoever holds them sees the new values."""
    expect(
        LOAD + "weight = model.head.weight\nmodel.load_state_dict(state)\n"
        f"({VALUES}, model.head.mean.tolist(), model.head.weight is weight)",
        ([[-1.0], [-2.0, -3.0], [-4.0]], [-5.0], True),
        ask="An optimizer holds the old tensors. Would it still reach the model's weights?",
    )


@check("03.5")
def test_loading_refuses_and_lists_everything_that_does_not_fit():
    """A missing path, one too many and a wrong size are all named in one error."""
    raises(
        LOAD + "del state['head.mean']\nstate['extra'] = Tensor([0.0])\n"
        "state['encoder.inner.weight'] = Tensor([1.0])\nmodel.load_state_dict(state)",
        RuntimeError,
        mentions=("head.mean", "extra", "encoder.inner.weight"),
        ask="Do you collect all problems before you raise?",
    )


@check("03.5")
def test_one_name_more_or_less_is_refused():
    """A single missing path, or a single unexpected one, is reason enough."""
    raises(
        LOAD + "del state['head.mean']\nmodel.load_state_dict(state).missing_keys",
        RuntimeError,
        mentions=("head.mean",),
        ask="With strict, is a path that the state lacks a problem?",
    )
    raises(
        LOAD + "state['extra'] = Tensor([0.0])\nmodel.load_state_dict(state).unexpected_keys",
        RuntimeError,
        mentions=("extra",),
    )


@check("03.5")
def test_a_refused_state_changes_nothing():
    """Half a model of new values and half of old ones is worse than either."""
    expect(
        LOAD + "state['head.weight'] = Tensor([1.0, 2.0, 3.0])\ntry:\n"
        "    model.load_state_dict(state)\nexcept RuntimeError as error:\n    said = str(error)\n"
        f"('head.weight' in said, {VALUES})",
        (True, [[2.0], [1.0, 3.0], [4.0]]),
        ask="When do you know that everything fits: before the first value is written, or after?",
    )


@check("03.5")
def test_without_strict_names_may_differ():
    """strict=False loads what is there and reports the rest."""
    expect(
        LOAD + "del state['scale']\nstate['extra'] = Tensor([0.0])\n"
        "result = model.load_state_dict(state, strict=False)\n"
        f"(result.missing_keys, result.unexpected_keys, {VALUES})",
        (["scale"], ["extra"], [[2.0], [-2.0, -3.0], [-4.0]]),
        ask="Which problems does strict=False forgive, and what is returned?",
    )
    raises(
        LOAD + "state['scale'] = Tensor([1.0, 2.0])\nmodel.load_state_dict(state, strict=False)",
        RuntimeError,
        mentions=("scale",),
        ask="A wrong size cannot be forgiven. Is it a problem without strict as well?",
    )


# ------------------------------------------------------ 03.6 what happens to the whole model


@check("03.6")
def test_apply_visits_the_inner_modules_first():
    """apply calls the function with what is inside, then with the module itself."""
    expect(
        NEST + "seen = []\nmodel.apply(seen.append)\n"
        "names = {module: name for name, module in model.named_modules()}\n"
        "[names[module] for module in seen]",
        ["encoder.inner", "encoder", "head", ""],
        ask="Is the function called with this module before or after its children?",
    )


@check("03.6")
def test_train_and_eval_reach_every_module():
    """One call on the outermost module switches all of them."""
    expect(
        NEST + "model.eval()\noff = [m.training for m in model.modules()]\nmodel.train()\n"
        "(off, [m.training for m in model.modules()])",
        ([False] * 4, [True] * 4),
        ask="Who tells the modules within the encoder?",
    )
    expect(
        NEST + "model.encoder.eval()\n[m.training for m in model.modules()]",
        [True, False, False, True],
    )
    expect(
        NEST + "model.head.training = False\nmodel.train()\n[m.training for m in model.modules()]",
        [True, True, True, True],
        ask="The head was off before. Which mode do the children get?",
    )


@check("03.6")
def test_each_returns_the_model():
    """They return the module, so that calls can be chained."""
    expect(
        NEST + "[model.eval() is model, model.train() is model, model.requires_grad_() is model,\n"
        " model.apply(lambda module: None) is model]",
        [True] * 4,
        ask="What does a function without return give back?",
    )


@check("03.6")
def test_a_mode_that_is_no_boolean_is_refused():
    """train('off') would be true for Python: ValueError, which names what came."""
    raises(
        "Module().train('off').training",
        ValueError,
        mentions=("off",),
        ask="Is every text that is not empty true?",
    )


@check("03.6")
def test_freezing_reaches_every_parameter():
    """requires_grad_(False) freezes all parameters, requires_grad_() lets all be learned."""
    expect(
        NEST + "model.requires_grad_(False)\nfrozen = [p.requires_grad for p in "
        "model.parameters()]\nmodel.requires_grad_()\n"
        "(frozen, [p.requires_grad for p in model.parameters()])",
        ([False] * 3, [True] * 3),
        ask="Is the mark on the parameters, or on the module?",
    )


@check("03.6")
def test_gradients_are_forgotten_or_zeroed():
    """zero_grad sets .grad to None; with set_to_none=False it writes zeros into it."""
    expect(
        NEST + "for p in model.parameters():\n    p.grad = Tensor(p.array * 10)\n"
        "model.zero_grad()\n[p.grad for p in model.parameters()]",
        [None, None, None],
        ask="Which value stands for: there is no gradient yet?",
    )
    expect(
        NEST + "model.scale.grad = grad = Tensor([7.0])\nmodel.zero_grad(set_to_none=False)\n"
        "(model.scale.grad.tolist(), model.scale.grad is grad, model.head.weight.grad)",
        ([0.0], True, None),
        ask="A parameter without a gradient: does it have one afterwards?",
    )


# ------------------------------------------------------------------ 03.7 fans, calculate_gain


@check("03.7")
def test_fans_of_a_matrix():
    """(10, 784): each output is fed by 784 inputs, each input feeds 10 outputs."""
    expect(
        "fans(zeros(10, 784))",
        (784, 10),
        ask="The weight is (outputs, inputs). How many inputs feed one output?",
    )


@check("03.7")
def test_fans_of_a_convolution():
    """(outputs, inputs, height, width): each input channel counts with all its places."""
    out, inp, high, wide = (int(n) for n in rng().permutation([2, 3, 5, 7]))
    expect(
        "fans(zeros(*shape))",
        (inp * high * wide, out * high * wide),
        shape=(out, inp, high, wide),
        ask="A 5x5 filter over 3 channels sums how many products?",
    )


@check("03.7")
def test_a_vector_has_no_fans():
    """Fewer than two dimensions: ValueError with the shape."""
    raises("fans(zeros(3))", ValueError, mentions=("(3,)",), ask="What is the size at index 1?")


@check("03.7")
def test_the_gain_of_a_rectifier():
    """relu halves the mean square: twice the variance, the square root of 2 in size."""
    expect(
        "calculate_gain('relu')",
        math.sqrt(2),
        ask="Variance goes with the square of the size. Is the gain a size or a variance?",
    )


@check("03.7")
def test_the_gain_of_a_leaky_rectifier():
    """With the slope a below zero, (1 + a²) / 2 of the mean square is left."""
    slope = float(rng().uniform(0.2, 0.9))
    expect(
        "calculate_gain('leaky_relu', slope)",
        math.sqrt(2 / (1 + slope**2)),
        slope=slope,
        ask="What share of the mean square is left, and what makes up for it?",
    )
    expect("calculate_gain('leaky_relu')", math.sqrt(2 / 1.0001), within=1e-7)
    expect(
        "abs(calculate_gain('leaky_relu', 0) - calculate_gain('relu')) < 1e-9",
        True,
        ask="Is a slope of 0 a slope?",
    )


@check("03.7")
def test_the_other_gains():
    """linear and convolutions take nothing away; tanh, sigmoid and selu are given."""
    expect(
        "[calculate_gain(n) for n in ('linear', 'conv2d', 'sigmoid', 'tanh', 'selu')]",
        [1.0, 1.0, 1.0, 5 / 3, 0.75],
    )
    raises("calculate_gain('rleu')", ValueError, mentions=("rleu",))


# ----------------------------------------------------------- 03.8 uniform_, kaiming_uniform_


@check("03.8")
def test_values_lie_between_the_bounds_and_fill_the_range():
    """10,000 values between 3 and 5: the smallest is close to 3, the largest to 5."""
    expect(
        "v = uniform_(zeros(100, 100), 3.0, 5.0).array\n"
        "[round(float(v.min()), 1), round(float(v.max()), 1), round(float(v.mean()), 1)]",
        [3.0, 5.0, 4.0],
        ask="rand() is uniform between 0 and 1. What stretches it, and what moves it?",
    )
    expect(
        "v = uniform_(zeros(10000)).array\n[round(float(v.min()), 1), round(float(v.max()), 1)]",
        [0.0, 1.0],
    )


@check("03.8")
def test_the_tensor_itself_is_filled():
    """The underscore in the name: the memory of the tensor is overwritten, and it is returned."""
    expect(
        "t = zeros(50)\nmemory = t.array\nout = uniform_(t, 1.0, 2.0)\n"
        "(out is t, bool((memory >= 1).all()))",
        (True, True),
        ask="Does the tensor that came in hold the new values, in its own memory?",
    )


@check("03.8")
def test_a_generator_of_its_own():
    """Same seed, same values; and the default generator is left as it was."""
    expect(
        "a = uniform_(zeros(9), generator=Generator().manual_seed(seed))\n"
        "b = uniform_(zeros(9), generator=Generator().manual_seed(seed))\n"
        "a.tolist() == b.tolist()",
        True,
        seed=int(rng().integers(1000)),
        ask="Which generator do the values come from when one is passed in?",
    )
    expect(
        "manual_seed(1)\nfirst = rand(4)\nmanual_seed(1)\n"
        "uniform_(zeros(9), generator=Generator().manual_seed(2))\n"
        "rand(4).tolist() == first.tolist()",
        True,
        ask="Did filling one tensor use up random numbers of somebody else?",
    )


@check("03.8")
def test_weights_get_the_variance_gain_squared_over_n():
    """The deviation of the values, divided by gain / sqrt(fan_in), is 1."""
    expect(
        "w = kaiming_uniform_(zeros(200, 300), nonlinearity='relu')\n"
        "round(float(w.array.std()) / np.sqrt(2 / 300), 1)",
        1.0,
        ask="Uniform values within +-bound have the variance bound² / 3. Which bound do you need?",
    )
    expect(
        "w = kaiming_uniform_(zeros(200, 300), nonlinearity='relu')\n"
        "round(float(np.abs(w.array).max()) / np.sqrt(6 / 300), 2)",
        1.0,
    )


@check("03.8")
def test_mode_and_slope_change_the_bound():
    """fan_out counts outputs; a is the slope of the leaky_relu that follows."""
    expect(
        "w = kaiming_uniform_(zeros(100, 900), mode='fan_out', nonlinearity='relu')\n"
        "round(float(np.abs(w.array).max()) / np.sqrt(6 / 100), 2)",
        1.0,
        ask="Which of the two fans does mode choose?",
    )
    expect(
        "w = kaiming_uniform_(zeros(300, 100), a=np.sqrt(5))\n"
        "round(float(np.abs(w.array).max()) * np.sqrt(100), 2)",
        1.0,
        ask="With a = sqrt(5) the gain is sqrt(1/3). What is left of sqrt(3 / n) times that?",
    )
    raises("kaiming_uniform_(zeros(2, 2), mode='fan')", ValueError, mentions=("'fan'",))


@check("03.8")
def test_it_fills_in_place_from_the_generator():
    """The tensor itself is filled and returned, with random numbers of the generator."""
    expect(
        "t = zeros(5, 5)\nout = kaiming_uniform_(t, generator=Generator().manual_seed(4))\n"
        "again = kaiming_uniform_(zeros(5, 5), generator=Generator().manual_seed(4))\n"
        "(out is t, bool(t.array.any()), bool((t.array == again.array).all()))",
        (True, True, True),
        ask="Is the generator passed on?",
    )


# -------------------------------------------------------------------------------- 03.9 Linear


@check("03.9")
def test_a_layer_owns_a_weight_and_a_bias():
    """Linear(3, 2) has a weight (2, 3) and a bias (2,), both found as parameters."""
    expect(
        "layer = Linear(3, 2)\n[(name, p.shape) for name, p in layer.named_parameters()]",
        [("weight", (2, 3)), ("bias", (2,))],
        ask="The weight is (outputs, inputs). What makes a tensor one that is found?",
    )
    expect("layer = Linear(3, 2)\n(layer.in_features, layer.out_features)", (3, 2))


@check("03.9")
def test_calling_it_computes_x_w_t_plus_b():
    """With known weights the output is known."""
    x, weight, bias = fresh(4, 3), fresh(2, 3), fresh(2)
    expect(
        "layer = Linear(3, 2)\nlayer.load_state_dict({'weight': weight, 'bias': bias})\n"
        "layer(Tensor(x))",
        x @ weight.T + bias,
        x=x,
        weight=weight,
        bias=bias,
        ask="Which function of this file computes it already?",
    )


@check("03.9")
def test_a_layer_without_bias():
    """bias=False: layer.bias is None, it is no parameter, and nothing is added."""
    x, weight = fresh(4, 3), fresh(2, 3)
    expect(
        "layer = Linear(3, 2, bias=False)\nlayer.load_state_dict({'weight': weight})\n"
        "(layer.bias, [name for name, _ in layer.named_parameters()], layer(Tensor(x)))",
        (None, ["weight"], x @ weight.T),
        x=x,
        weight=weight,
        ask="How does a module note that it has a place for a bias and nothing in it?",
    )


@check("03.9")
def test_weights_and_biases_begin_within_one_over_the_root_of_the_inputs():
    """Largest weight and largest bias, times sqrt(in_features), are 1."""
    expect(
        "layer = Linear(100, 2000)\n"
        "[f'{np.abs(p.array).max() * 10:.1g}' for p in layer.parameters()]",
        ["1", "1"],
        ask="Are both drawn, and with the same bound 1 / sqrt(in_features)?",
    )
    expect(
        "layer = Linear(100, 2000)\n[f'{p.array.std() * 10:.1g}' for p in layer.parameters()]",
        ["0.6", "0.6"],
        ask="Uniform within +-bound has the deviation bound / sqrt(3). Is yours spread evenly?",
    )


@check("03.9")
def test_two_outputs_do_not_begin_alike():
    """Equal rows would compute the same, and be corrected alike."""
    expect(
        "layer = Linear(6, 4)\nlen({tuple(row) for row in layer.weight.tolist()})",
        4,
        ask="How many different rows has a weight of zeros?",
    )


@check("03.9")
def test_reset_draws_anew_into_the_same_parameters():
    """reset_parameters changes the values, not the objects."""
    expect(
        "layer = Linear(5, 4)\nweight, before = layer.weight, layer.weight.array.copy()\n"
        "layer.reset_parameters()\n"
        "(layer.weight is weight, bool((layer.weight.array == before).any()))",
        (True, False),
        ask="An optimizer holds the old Parameter. Does the layer still use that one?",
    )


@check("03.9")
def test_sizes_and_dtype():
    """784 / 2 is no size: TypeError with the number. dtype goes to weight and bias."""
    raises(
        "Linear(784 / 2, 3).in_features",
        TypeError,
        mentions=("392.0",),
        ask="What is 784 / 2 in Python?",
    )
    expect(
        "layer = Linear(3, 2, dtype=float64)\n[str(p.dtype) for p in layer.parameters()]",
        ["float64", "float64"],
    )


# ------------------------------------------------------------------------------- 03.10 dropout


@check("03.10")
def test_half_of_the_values_survive_and_are_doubled():
    """With p = 0.5, ones become zeros and twos."""
    expect(
        "sorted(set(dropout(ones(1000), 0.5).tolist()))",
        [0.0, 2.0],
        ask="If half of the values are gone, what keeps their sum about the same?",
    )


@check("03.10")
def test_p_is_the_share_that_is_dropped():
    """With p = 0.2, a fifth is zeroed and the rest scaled by 1 / 0.8."""
    expect(
        "out = dropout(ones(100, 1000), 0.2).array\n"
        "(round(float((out == 0).mean()), 1), float(out.max()), round(float(out.mean()), 1))",
        (0.2, 1.25, 1.0),
        ask="Is p the probability to keep a value, or to lose it?",
    )
    x = fresh(6, 5, low=1.0)
    expect(
        "out = dropout(Tensor(x), 0.2).array\nbool(((out == 0) | np.isclose(out, x / 0.8)).all())",
        True,
        x=x,
        ask="Is every value either zero or the input times 1 / (1 - p)?",
    )


@check("03.10")
def test_every_value_has_a_draw_of_its_own():
    """Rows lose different values, and a second call loses others than the first."""
    expect(
        "out = dropout(ones(50, 40), 0.5).array\n"
        "(len({tuple(row) for row in out}), len({tuple(column) for column in out.T}))",
        (50, 40),
        ask="Which shape do your random numbers have?",
    )
    expect("x = ones(100)\ndropout(x).tolist() == dropout(x).tolist()", False)


@check("03.10")
def test_at_evaluation_nothing_happens():
    """training=False returns the input itself, not scaled."""
    x = fresh(2, 3)
    expect(
        "manual_seed(1)\ndropout(Tensor(x), 0.7, training=False)",
        x,
        x=x,
        ask="What must change at evaluation, if training has kept the mean already?",
    )


@check("03.10")
def test_the_ends_of_the_range():
    """p = 0 changes nothing, p = 1 leaves zeros, other values are refused."""
    x = fresh(2, 3)
    expect("dropout(Tensor(x), 0.0)", x, x=x)
    expect("dropout(Tensor(x), 1.0)", np.zeros((2, 3)), x=x, ask="What is 1 / (1 - p) for p = 1?")
    raises("dropout(ones(2), 1.5)", ValueError, mentions=("1.5",))
    raises("Dropout(-0.5)", ValueError, mentions=("-0.5",))


@check("03.10")
def test_the_seed_decides_what_is_dropped():
    """The mask comes from the default generator, so that a run can be repeated."""
    expect(
        "manual_seed(3)\nfirst = dropout(ones(100)).tolist()\nmanual_seed(3)\n"
        "dropout(ones(100)).tolist() == first",
        True,
        ask="Which generator does manual_seed set?",
    )


@check("03.10")
def test_in_place():
    """inplace=True writes the result into the input, and returns it."""
    expect(
        "x = ones(100)\nout = dropout(x, 1.0, inplace=True)\n(out is x, bool(x.array.any()))",
        (True, False),
    )


@check("03.10")
def test_the_layer_knows_whether_it_trains():
    """Dropout drops while training; after eval() its input passes unchanged."""
    expect(
        "layer = Dropout(0.5)\nsorted(set(layer(ones(1000)).tolist()))",
        [0.0, 2.0],
    )
    x = fresh(50)
    expect(
        "manual_seed(1)\nlayer = Dropout(0.5)\nlayer.eval()(Tensor(x))",
        x,
        x=x,
        ask="Which attribute did eval() change?",
    )
    expect("layer = Dropout(0.3)\n(layer.p, layer.inplace)", (0.3, False))


# --------------------------------------------------------------------------- 03.11 Sequential

ROW = (
    "row = Sequential(FunctionModule(lambda x: x + 1), FunctionModule(lambda x: x * 10),\n"
    "                 FunctionModule(lambda x: x - 3))\n"
)


@check("03.11")
def test_each_takes_what_the_one_before_returns():
    """(2 + 1) * 10 - 3 is 27."""
    expect(
        ROW + "row(Tensor([2.0]))",
        [27.0],
        ask="What goes into the second module: the input, or the output of the first?",
    )
    x = fresh(3, 2)
    expect(ROW + "row(Tensor(x))", (x + 1) * 10 - 3, within=1e-4, x=x)
    expect("Sequential()(Tensor(x))", x, x=x, ask="What is a row of no modules?")


@check("03.11")
def test_modules_are_found_under_their_numbers():
    """The parameters of a row are called 0.weight, 0.bias, 2.weight ..."""
    expect(
        "[name for name, _ in Sequential(Linear(2, 3), ReLU(), Linear(3, 1, bias=False))"
        ".named_parameters()]",
        ["0.weight", "0.bias", "2.weight"],
        ask="Are the modules in the table of modules, and under which names?",
    )


@check("03.11")
def test_a_dictionary_gives_names():
    """Sequential({"up": ..., "down": ...}) keeps the names of the dictionary."""
    expect(
        "row = Sequential({'up': Linear(2, 3), 'bend': ReLU(), 'down': Linear(3, 1)})\n"
        "([name for name, _ in row.named_children()], row(ones(5, 2)).shape)",
        (["up", "bend", "down"], (5, 1)),
        ask="What arrives as the only module when a dictionary is passed?",
    )


@check("03.11")
def test_what_is_no_module_is_refused():
    """A function in the row is a TypeError: add_module refuses it."""
    raises("len(Sequential(relu))", TypeError, mentions=("function",), ask="Who checks the kind?")


@check("03.11")
def test_counted_and_walked_through():
    """len() counts the modules; a loop sees them in order."""
    expect(
        "a, b = ReLU(), Identity()\nrow = Sequential(a, b)\n"
        "(len(row), [module is each for module, each in zip(row, (a, b))])",
        (2, [True, True]),
    )


@check("03.11")
def test_found_by_number_and_cut_in_pieces():
    """row[0], row[-1], and row[1:], which is a row again."""
    expect(
        "a, b, c = ReLU(), Identity(), Linear(1, 1)\nrow = Sequential(a, b, c)\n"
        "[row[0] is a, row[1] is b, row[-1] is c]",
        [True, True, True],
        ask="_name(index) gives the name for a number. In which table does the module stand?",
    )
    expect(
        ROW + "(type(row[:2]).__name__, row[:2](Tensor([2.0])))",
        ("Sequential", np.array([30.0])),
        ask="Can the first two modules of a row be called like a row?",
    )
    expect(
        "a, b, c = ReLU(), Identity(), ReLU()\npart = Sequential(a, b, c)[1:]\n"
        "(len(part), part[0] is b, [name for name, _ in part.named_children()])",
        (2, True, ["1", "2"]),
        ask="Do the modules of a piece keep their names?",
    )
    raises("Sequential(ReLU())[1]", IndexError)


# ----------------------------------------------------------------------------- 03.12 debug it


@check("03.12")
def test_all_parameters_are_found():
    """A tower of three layers has six parameters."""
    expect(
        "[tuple(p.shape) for p in Tower([4, 8, 8, 2]).parameters()]",
        [(8, 4), (8,), (8, 8), (8,), (2, 8), (2,)],
        ask="Which attributes of a module does named_modules look at?",
    )


@check("03.12")
def test_evaluation_reaches_the_dropout():
    """After eval() the same input gives the same output, twice."""
    expect(
        "tower = Tower([4, 64, 64, 2]).eval()\nx = tt.ones(8, 4)\n"
        "(tower.training, tower(x).tolist() == tower(x).tolist())",
        (False, True),
        ask="Whom does eval() tell? Print [m.training for m in tower.modules()].",
    )


@check("03.12")
def test_a_saved_tower_can_be_restored():
    """A second tower that loads the state of the first one computes the same."""
    x = fresh(5, 4)
    expect(
        "first, second = Tower([4, 8, 8, 2]).eval(), Tower([4, 8, 8, 2]).eval()\n"
        "second.load_state_dict(first.state_dict())\n"
        "bool((first(tt.tensor(x)) == second(tt.tensor(x))).array.all())",
        True,
        x=x,
        ask="How many entries has the state?",
    )


@check("03.12")
def test_the_tower_still_computes_what_it_did():
    """With zero weights and the last bias known, the output is that bias."""
    bias = fresh(2, low=0.5) * np.array([-1, 1], np.float32)
    expect(
        "tower = Tower([4, 8, 8, 2]).eval()\nfor p in tower.parameters():\n"
        "    p.data.zero_()\nlist(tower.parameters())[-1].data.copy_(tt.tensor(bias))\n"
        "tower(tt.ones(3, 4))",
        np.tile(bias, (3, 1)),
        bias=bias,
        ask="Do the layers run in their order, with nothing after the last one?",
    )
    expect(
        "tt.manual_seed(1)\ntower = Tower([4, 100, 2])\nbefore = tower(tt.ones(1, 4)).tolist()\n"
        "tower(tt.ones(1, 4)).tolist() == before",
        False,
        ask="Does the tower still drop values while it trains?",
    )
