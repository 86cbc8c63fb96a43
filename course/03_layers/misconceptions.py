"""Wrong versions that learners write, each with the sentence that would have helped."""

from tito.misconceptions import wrong

# --------------------------------------------------------------------------- 03.1 linear_kernel


@wrong(
    "03.1",
    "linear_kernel",
    "Your product uses the weight as it is stored. It is (outputs, inputs): each row holds the "
    "weights of one output, so it has to be transposed, or x's last size will not meet its own.",
)
def weight_not_turned(x, weight, bias=None):
    check_linear(x, weight, bias)
    out = x @ weight
    return out if bias is None else out + bias


@wrong(
    "03.1",
    "linear_kernel",
    "Your sums are right, and the bias is never added. Every output has one number of its own "
    "that is added to it, whatever the input.",
)
def bias_forgotten(x, weight, bias=None):
    check_linear(x, weight, bias)
    return x @ weight.T


@wrong(
    "03.1",
    "linear_kernel",
    "Your code adds the bias without asking whether there is one. A layer made with bias=False "
    "calls it with None, and None cannot be added.",
)
def bias_always_there(x, weight, bias=None):
    check_linear(x, weight, bias)
    return x @ weight.T + bias


@wrong(
    "03.1",
    "linear_kernel",
    "Your bias runs along the rows of the batch instead of the outputs: example 0 gets bias 0. It "
    "belongs to the last dimension, and broadcasting puts it there without any reshaping.",
)
def bias_per_example(x, weight, bias=None):
    check_linear(x, weight, bias)
    out = x @ weight.T
    if bias is None:
        return out
    return out + np.resize(bias, len(out)).reshape(-1, *[1] * (out.ndim - 1))


@wrong(
    "03.1",
    "linear_kernel",
    "Your result is a matrix whatever came in: dimensions before the last one are flattened and "
    "never restored. Let (batch, time, inputs) become (batch, time, outputs).",
)
def dimensions_lost(x, weight, bias=None):
    check_linear(x, weight, bias)
    out = x.reshape(-1, x.shape[-1]) @ weight.T
    return out if bias is None else out + bias


# --------------------------------------------------- 03.2 __setattr__, __getattr__ and _forget


@wrong(
    "03.2",
    "Module.__setattr__",
    "You store everything as an ordinary attribute. It can be read back, but nobody who looks "
    "into the tables will find it: an optimizer would have nothing to move, a file nothing to "
    "hold.",
)
def nothing_registered(self, name, value):
    object.__setattr__(self, name, value)


@wrong(
    "03.2",
    "Module.__setattr__",
    "You register every Tensor as a parameter. A plain tensor, such as a running mean or a mask, "
    "would then be learned. Only a Parameter belongs into that table.",
)
def every_tensor_registered(self, name, value):
    if isinstance(value, (Tensor, Module)):
        table = "_parameters" if isinstance(value, Tensor) else "_modules"
        if name not in getattr(self, table):
            self._forget(name)
        getattr(self, table)[name] = value
        return
    for table in KINDS:
        if name in self.__dict__.get(table, ()):
            self._register(table, name, value)
            return
    object.__setattr__(self, name, value)


@wrong(
    "03.2",
    "Module.__setattr__",
    "You put the value into the table and into the instance as well. Python looks into the "
    "instance first, so after m.bias = None the old bias is still what m.bias gives.",
)
def kept_in_two_places(self, name, value):
    for table in ("_parameters", "_modules"):
        if isinstance(value, KINDS[table]):
            entries = getattr(self, table)
            if name not in entries:
                self._forget(name)
            entries[name] = value
            object.__setattr__(self, name, value)
            return
    for table in KINDS:
        if name in self.__dict__.get(table, ()):
            self._register(table, name, value)
            return
    object.__setattr__(self, name, value)


@wrong(
    "03.2",
    "Module.__setattr__",
    "You do not forget what had the name before. After m.a = 3 and m.a = Parameter(...), the 3 is "
    "still in the instance and hides the parameter; an old module stays in its table.",
)
def old_owner_stays(self, name, value):
    for table in ("_parameters", "_modules"):
        if isinstance(value, KINDS[table]):
            getattr(self, table)[name] = value
            return
    for table in KINDS:
        if name in self.__dict__.get(table, ()):
            self._register(table, name, value)
            return
    object.__setattr__(self, name, value)


@wrong(
    "03.2",
    "Module.__setattr__",
    "You forget a name even when the new value goes to the same table. A dict gives a key that "
    "was deleted a new place at its end, so replacing a layer changes the order of all names.",
)
def place_lost(self, name, value):
    for table in ("_parameters", "_modules"):
        if isinstance(value, KINDS[table]):
            entries = getattr(self, table)
            self._forget(name)
            entries[name] = value
            return
    for table in KINDS:
        if name in self.__dict__.get(table, ()):
            self._register(table, name, value)
            return
    object.__setattr__(self, name, value)


@wrong(
    "03.2",
    "Module.__setattr__",
    "You handle parameters and modules, and everything else becomes an ordinary attribute, also "
    "under a name that a table has. So m.bias = None hides the bias instead of removing it, and a "
    "plain tensor takes a parameter's place unnoticed. Ask _register about names in a table.",
)
def names_of_tables_ignored(self, name, value):
    for table in ("_parameters", "_modules"):
        if isinstance(value, KINDS[table]):
            entries = getattr(self, table)
            if name not in entries:
                self._forget(name)
            entries[name] = value
            return
    object.__setattr__(self, name, value)


@wrong(
    "03.2",
    "Module.__getattr__",
    "Your __getattr__ asks for self._parameters. Before super().__init__() there is none, so "
    "Python calls __getattr__ for it, which asks again, until the stack is full. Look into "
    "self.__dict__.",
)
def asks_itself_for_ever(self, name):
    for entries in (self._parameters, self._buffers, self._modules):
        if name in entries:
            return entries[name]
    raise unknown_attribute(self, name)


@wrong(
    "03.2",
    "Module.__getattr__",
    "Your __getattr__ returns None for a name that is nowhere. A misspelt m.wieght is then None "
    "instead of an error, and hasattr says True to everything.",
)
def none_for_the_unknown(self, name):
    for table in KINDS:
        if name in self.__dict__.get(table, ()):
            return self.__dict__[table][name]
    return None


@wrong(
    "03.2",
    "Module.__getattr__",
    "Your __getattr__ lets a KeyError out. Python, hasattr and getattr with a default expect an "
    "AttributeError when an attribute is missing: raise the one that unknown_attribute makes.",
)
def key_error_for_the_unknown(self, name):
    for table in ("_parameters", "_buffers"):
        if name in self.__dict__[table]:
            return self.__dict__[table][name]
    return self.__dict__["_modules"][name]


@wrong(
    "03.2",
    "Module._forget",
    "Your _forget looks into the tables and not into the instance itself, so an ordinary "
    "attribute stays where it is and hides the parameter that gets its name.",
)
def instance_not_searched(self, name):
    for table in (getattr(self, table) for table in KINDS):
        if name in table:
            del table[name]
            self._non_persistent_buffers_set.discard(name)
            return True
    return False


# ------------------------------------------------------------------ 03.3 named_modules


@wrong(
    "03.3",
    "Module.named_modules",
    "You yield this module and its children, and stop there. A child may hold modules too: let "
    "each child answer for itself, by calling its named_modules.",
)
def children_only(self, memo=None, prefix="", remove_duplicate=True):
    memo = set() if memo is None else memo
    yield prefix, self
    for name, module in self._modules.items():
        if module is not None and module not in memo:
            if remove_duplicate:
                memo.add(module)
            yield joined(prefix, name), module


@wrong(
    "03.3",
    "Module.named_modules",
    "You visit what is inside and never yield the module itself. Then the innermost one yields "
    "nothing either, and so nobody does.",
)
def itself_left_out(self, memo=None, prefix="", remove_duplicate=True):
    memo = set() if memo is None else memo
    if self in memo:
        return
    if remove_duplicate:
        memo.add(self)
    for name, module in self._modules.items():
        if module is not None:
            yield from module.named_modules(memo, joined(prefix, name), remove_duplicate)


@wrong(
    "03.3",
    "Module.named_modules",
    "You hand down the bare name instead of the path: encoder.inner becomes inner. Two layers "
    "deep in different places then have the same name, and one overwrites the other in a file.",
)
def names_instead_of_paths(self, memo=None, prefix="", remove_duplicate=True):
    memo = set() if memo is None else memo
    if self in memo:
        return
    if remove_duplicate:
        memo.add(self)
    yield prefix, self
    for name, module in self._modules.items():
        if module is not None:
            yield from module.named_modules(memo, name, remove_duplicate)


@wrong(
    "03.3",
    "Module.named_modules",
    "Each of your calls begins with a memo of its own, so a module that stands in two places is "
    "found twice. Hand the memo on to the children.",
)
def memo_not_handed_on(self, memo=None, prefix="", remove_duplicate=True):
    memo = {self}
    yield prefix, self
    for name, module in self._modules.items():
        if module is not None and module not in memo:
            yield from module.named_modules(None, joined(prefix, name), remove_duplicate)


@wrong(
    "03.3",
    "Module.named_modules",
    "Your walk trips over an entry that is None. Such an entry notes that a module was left out; "
    "skip it.",
)
def none_not_skipped(self, memo=None, prefix="", remove_duplicate=True):
    memo = set() if memo is None else memo
    if self in memo:
        return
    if remove_duplicate:
        memo.add(self)
    yield prefix, self
    for name, module in self._modules.items():
        yield from module.named_modules(memo, joined(prefix, name), remove_duplicate)


@wrong(
    "03.3",
    "Module.named_children",
    "Your children are everything within, however deep. Only what stands in this module's own "
    "table is a child; the others are grandchildren.",
)
def grandchildren_too(self):
    return (pair for pair in self.named_modules() if pair[1] is not self)


@wrong(
    "03.3",
    "Module.named_children",
    "A module that stands in two places comes twice from your named_children. train() and apply() "
    "walk over it, and would do everything twice; remember which modules you have yielded.",
)
def child_twice(self):
    return ((name, module) for name, module in self._modules.items() if module is not None)


# --------------------------------------------------------------------------------- 03.4 _named


@wrong(
    "03.4",
    "Module._named",
    "A tensor that stands in two modules comes twice. Its gradient would be applied twice in "
    "every step of an optimizer: remember which tensors have been yielded.",
)
def shared_tensor_twice(self, table, prefix, recurse, remove_duplicate):
    every = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
    for path, module in every if recurse else [(prefix, self)]:
        for name, tensor in getattr(module, table).items():
            if tensor is not None:
                yield joined(path, name), tensor


@wrong(
    "03.4",
    "Module._named",
    "You know a tensor again by its short name. Every Linear has a weight, and only the first of "
    "them is found; remember the tensors themselves.",
)
def known_by_name(self, table, prefix, recurse, remove_duplicate):
    seen = set()
    every = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
    for path, module in every if recurse else [(prefix, self)]:
        for name, tensor in getattr(module, table).items():
            if tensor is not None and name not in seen:
                if remove_duplicate:
                    seen.add(name)
                yield joined(path, name), tensor


@wrong(
    "03.4",
    "Module._named",
    "You collect what was seen in a list, and `in` compares with ==, which for tensors compares "
    "values. Two parameters full of zeros count as one, and longer ones raise an error. A set "
    "asks first whether it is the same object.",
)
def known_by_value(self, table, prefix, recurse, remove_duplicate):
    seen = []
    every = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
    for path, module in every if recurse else [(prefix, self)]:
        for name, tensor in getattr(module, table).items():
            if tensor is not None and tensor not in seen:
                if remove_duplicate:
                    seen.append(tensor)
                yield joined(path, name), tensor


@wrong(
    "03.4",
    "Module._named",
    "Places that hold None come out as parameters. Skip them: None says that there is none.",
)
def none_is_yielded(self, table, prefix, recurse, remove_duplicate):
    seen = set()
    every = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
    for path, module in every if recurse else [(prefix, self)]:
        for name, tensor in getattr(module, table).items():
            if tensor not in seen:
                if remove_duplicate:
                    seen.add(tensor)
                yield joined(path, name), tensor


@wrong(
    "03.4",
    "Module.named_buffers",
    "Your buffers are the parameters. Each of the two questions has a table of its own: name it "
    "when you call _named.",
)
def buffers_are_parameters(self, prefix="", recurse=True, remove_duplicate=True):
    return self._named("_parameters", prefix, recurse, remove_duplicate)


@wrong(
    "03.4",
    "Module.parameters",
    "Your parameters() always goes all the way down. With recurse=False only those of this very "
    "module are meant: hand the setting on.",
)
def recurse_not_handed_on(self, recurse=True):
    return (parameter for _, parameter in self.named_parameters())


# ---------------------------------------------------------------- 03.5 state_dict and loading


@wrong(
    "03.5",
    "Module.state_dict",
    "Your state has the parameters alone. Buffers, such as the running mean of a batch norm, are "
    "not learned, and the model computes something else without them.",
)
def buffers_left_out(self, *, prefix="", keep_vars=False):
    named = self.named_modules(remove_duplicate=False)
    return {
        prefix + joined(path, name): tensor if keep_vars else tensor.detach()
        for path, module in named
        for name, tensor in module._parameters.items()
        if tensor is not None
    }


@wrong(
    "03.5",
    "Module.state_dict",
    "Your state holds copies. A model of ten gigabytes then needs twenty while it is being saved: "
    "detach() gives the values without the gradient and without a copy.",
)
def state_is_copied(self, *, prefix="", keep_vars=False):
    state = {}
    for path, module in self.named_modules(remove_duplicate=False):
        left_out = module._non_persistent_buffers_set
        buffers = {k: v for k, v in module._buffers.items() if k not in left_out}
        for name, tensor in {**module._parameters, **buffers}.items():
            if tensor is not None:
                state[prefix + joined(path, name)] = (
                    tensor if keep_vars else Tensor(tensor.array * 1)
                )
    return state


@wrong(
    "03.5",
    "Module.state_dict",
    "Your state holds the parameters themselves, which still want gradients. Whoever computes "
    "with a saved state would extend the graph of the model; detach them unless keep_vars is set.",
)
def state_wants_gradients(self, *, prefix="", keep_vars=False):
    state = {}
    for path, module in self.named_modules(remove_duplicate=False):
        left_out = module._non_persistent_buffers_set
        buffers = {k: v for k, v in module._buffers.items() if k not in left_out}
        for name, tensor in {**module._parameters, **buffers}.items():
            if tensor is not None:
                state[prefix + joined(path, name)] = tensor
    return state


@wrong(
    "03.5",
    "Module.state_dict",
    "A layer that is used in two places is saved under its first path only, as parameters() would "
    "list it. Whoever loads misses the second path: walk with remove_duplicate=False.",
)
def second_path_left_out(self, *, prefix="", keep_vars=False):
    state = {}
    for path, module in self.named_modules():
        left_out = module._non_persistent_buffers_set
        buffers = {k: v for k, v in module._buffers.items() if k not in left_out}
        for name, tensor in {**module._parameters, **buffers}.items():
            if tensor is not None:
                state[prefix + joined(path, name)] = tensor if keep_vars else tensor.detach()
    return state


@wrong(
    "03.5",
    "Module.state_dict",
    "You save every buffer, also those registered with persistent=False. They are scratch, and a "
    "file that holds them can no longer be loaded once their size changes.",
)
def scratch_is_saved(self, *, prefix="", keep_vars=False):
    state = {}
    for path, module in self.named_modules(remove_duplicate=False):
        for name, tensor in {**module._parameters, **module._buffers}.items():
            if tensor is not None:
                state[prefix + joined(path, name)] = tensor if keep_vars else tensor.detach()
    return state


@wrong(
    "03.5",
    "Module.load_state_dict",
    "You put new tensors in the place of the old parameters. An optimizer holds the old ones and "
    "would go on moving them, unseen by the model. Write the values into the parameters: "
    "overwrite.",
)
def parameters_replaced(self, state_dict, strict=True):
    expect_state(state_dict)
    own = self.state_dict(keep_vars=True)
    missing = [name for name in own if name not in state_dict]
    unexpected = [name for name in state_dict if name not in own]
    shared = [name for name in own if name in state_dict]
    problems = [misfit(name, state_dict[name], own[name]) for name in shared]
    if any(problems) or (strict and missing + unexpected):
        raise not_loaded(self, [*problems, *missing, *unexpected])
    for path, module in self.named_modules():
        for table in ("_parameters", "_buffers"):
            for name in getattr(module, table):
                if joined(path, name) in shared:
                    kind = Parameter if table == "_parameters" else Tensor
                    value = as_tensor(state_dict[joined(path, name)])
                    getattr(module, table)[name] = kind(value.array.copy())
    return LoadResult(missing, unexpected)


@wrong(
    "03.5",
    "Module.load_state_dict",
    "You write each value as soon as it fits, and raise at the first that does not. The model is "
    "then half old and half new, and nobody knows which half. Look at everything first.",
)
def half_is_loaded(self, state_dict, strict=True):
    expect_state(state_dict)
    own = self.state_dict(keep_vars=True)
    missing = [name for name in own if name not in state_dict]
    unexpected = [name for name in state_dict if name not in own]
    problems = [f"missing: {name}" for name in missing] if strict else []
    problems += [f"unexpected: {name}" for name in unexpected] if strict else []
    for name, tensor in own.items():
        if name in state_dict:
            if problem := misfit(name, state_dict[name], tensor):
                problems.append(problem)
            else:
                overwrite(tensor, as_tensor(state_dict[name]))
    if problems:
        raise not_loaded(self, problems)
    return LoadResult(missing, unexpected)


@wrong(
    "03.5",
    "Module.load_state_dict",
    "You raise at the first problem. Whoever loads a file with forty wrong names mends one, runs, "
    "mends the next ... Collect all problems, then raise once.",
)
def first_problem_only(self, state_dict, strict=True):
    expect_state(state_dict)
    own = self.state_dict(keep_vars=True)
    missing = [name for name in own if name not in state_dict]
    unexpected = [name for name in state_dict if name not in own]
    shared = [name for name in own if name in state_dict]
    problems = [f"missing: {name}" for name in missing] if strict else []
    problems += [f"unexpected: {name}" for name in unexpected] if strict else []
    problems += filter(None, (misfit(name, state_dict[name], own[name]) for name in shared))
    if problems:
        raise not_loaded(self, problems[:1])
    for name in shared:
        overwrite(own[name], as_tensor(state_dict[name]))
    return LoadResult(missing, unexpected)


@wrong(
    "03.5",
    "Module.load_state_dict",
    "You load what fits and say nothing about names that are missing or unknown. A model whose "
    "names have changed would load nothing at all and answer at random; with strict, refuse.",
)
def differences_ignored(self, state_dict, strict=True):
    expect_state(state_dict)
    own = self.state_dict(keep_vars=True)
    missing = [name for name in own if name not in state_dict]
    unexpected = [name for name in state_dict if name not in own]
    shared = [name for name in own if name in state_dict]
    problems = [misfit(name, state_dict[name], own[name]) for name in shared]
    if any(problems):
        raise not_loaded(self, problems)
    for name in shared:
        overwrite(own[name], as_tensor(state_dict[name]))
    return LoadResult(missing, unexpected)


@wrong(
    "03.5",
    "Module.load_state_dict",
    "With strict=False you also forgive wrong sizes. A name can be left out on purpose; a tensor "
    "of another size can only be a mistake, and there is nothing sensible to do with it.",
)
def sizes_forgiven(self, state_dict, strict=True):
    expect_state(state_dict)
    own = self.state_dict(keep_vars=True)
    missing = [name for name in own if name not in state_dict]
    unexpected = [name for name in state_dict if name not in own]
    fits = [n for n in own if n in state_dict and not misfit(n, state_dict[n], own[n])]
    problems = [misfit(n, state_dict[n], own[n]) for n in own if n in state_dict]
    problems += [f"missing: {name}" for name in missing]
    problems += [f"unexpected: {name}" for name in unexpected]
    if strict and any(problems):
        raise not_loaded(self, problems)
    for name in fits:
        overwrite(own[name], as_tensor(state_dict[name]))
    return LoadResult(missing, unexpected)


# ------------------------------------------------------ 03.6 what happens to the whole model


@wrong(
    "03.6",
    "Module.apply",
    "You call the function with the module first and with its children afterwards. apply works "
    "from the inside out, so that a module can rely on what was done to its parts.",
)
def outside_first(self, fn):
    fn(self)
    for child in self.children():
        child.apply(fn)
    return self


@wrong(
    "03.6",
    "Module.train",
    "You switch this module alone. The dropout three levels down goes on dropping, and evaluation "
    "gives another answer at each call: tell the children too.",
)
def own_switch_only(self, mode=True):
    if not isinstance(mode, bool):
        raise ValueError(f"train: got {mode!r}, expected True or False")
    self.training = mode
    return self


@wrong(
    "03.6",
    "Module.train",
    "You pass train() on to the children without the mode, so eval() switches the outermost "
    "module off and all the others on.",
)
def mode_not_passed_on(self, mode=True):
    if not isinstance(mode, bool):
        raise ValueError(f"train: got {mode!r}, expected True or False")
    self.training = mode
    for child in self.children():
        child.train()
    return self


@wrong(
    "03.6",
    "Module.train",
    "Your train returns nothing, so model = Net().eval() is None. Return self, as all methods "
    "here do that change the whole.",
)
def nothing_returned(self, mode=True):
    if not isinstance(mode, bool):
        raise ValueError(f"train: got {mode!r}, expected True or False")
    for module in self.modules():
        module.training = mode


@wrong(
    "03.6",
    "Module.train",
    "You accept any mode that Python takes for true. train('off') would switch training on: "
    "refuse what is not True or False.",
)
def any_mode_accepted(self, mode=True):
    for module in self.modules():
        module.training = bool(mode)
    return self


@wrong(
    "03.6",
    "Module.requires_grad_",
    "You set requires_grad on the module. That is a new attribute which nobody reads; the mark "
    "belongs on each parameter.",
)
def mark_on_the_module(self, requires_grad=True):
    self.requires_grad = requires_grad
    return self


@wrong(
    "03.6",
    "Module.zero_grad",
    "You write zeros where None is wanted. A gradient of zeros takes memory, and an optimizer "
    "moves by it (weight decay, momentum); None says that there is none.",
)
def zeros_instead_of_none(self, set_to_none=True):
    for parameter in self.parameters():
        parameter.grad = Tensor(np.zeros_like(parameter.array))


@wrong(
    "03.6",
    "Module.zero_grad",
    "You forget the gradients of this module's own parameters and not those of the modules within.",
)
def own_gradients_only(self, set_to_none=True):
    for parameter in self._parameters.values():
        if parameter is not None and set_to_none:
            parameter.grad = None
        elif parameter is not None and parameter.grad is not None:
            overwrite(parameter.grad, Tensor(np.zeros_like(parameter.grad.array)))


# ------------------------------------------------------------------ 03.7 fans, calculate_gain


@wrong(
    "03.7",
    "fans",
    "You return them in the order of the shape. The weight is (outputs, inputs), and the first of "
    "the two fans is the number of inputs that feed one output.",
)
def fans_swapped(tensor):
    if tensor.ndim < 2:
        raise ValueError(f"a tensor of shape {tensor.shape} has no fans")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[0] * field, tensor.shape[1] * field


@wrong(
    "03.7",
    "fans",
    "You look at the first two sizes alone. In a convolution one output sums over every place of "
    "the filter: multiply both fans by the sizes that follow.",
)
def field_forgotten(tensor):
    if tensor.ndim < 2:
        raise ValueError(f"a tensor of shape {tensor.shape} has no fans")
    return tensor.shape[1], tensor.shape[0]


@wrong(
    "03.7",
    "fans",
    "A bias of shape (3,) ends in an IndexError about a tuple. Say in words, with the shape, that "
    "it has no fans: raise ValueError when there are fewer than two dimensions.",
)
def vector_not_refused(tensor):
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


@wrong(
    "03.7",
    "calculate_gain",
    "Your gains make up for the loss in variance, and a gain is a size: its square root. With 2 "
    "for relu, signals grow by the root of 2 in every layer.",
)
def gain_is_a_variance(nonlinearity, param=None):
    slope = 0.01 if param is None else param
    gains = {
        "sigmoid": 1.0, "tanh": 5 / 3, "relu": 2.0, "leaky_relu": 2 / (1 + slope**2), "selu": 0.75,
    }  # fmt: skip
    if nonlinearity == "linear" or nonlinearity.startswith("conv"):
        return 1.0
    if nonlinearity not in gains:
        raise ValueError(f"calculate_gain: got {nonlinearity!r}")
    return gains[nonlinearity]


@wrong(
    "03.7",
    "calculate_gain",
    "The slope of your leaky_relu is not squared. What falls below zero is a times as large, so "
    "its mean square is a² times as large.",
)
def slope_not_squared(nonlinearity, param=None):
    slope = 0.01 if param is None else param
    gains = {
        "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2),
        "leaky_relu": math.sqrt(2 / (1 + slope)), "selu": 0.75,
    }  # fmt: skip
    if nonlinearity == "linear" or nonlinearity.startswith("conv"):
        return 1.0
    if nonlinearity not in gains:
        raise ValueError(f"calculate_gain: got {nonlinearity!r}")
    return gains[nonlinearity]


@wrong(
    "03.7",
    "calculate_gain",
    "A slope of 0 is taken for no slope at all, because `param or 0.01` asks whether it is true. "
    "Compare with None.",
)
def zero_taken_for_none(nonlinearity, param=None):
    slope = param or 0.01
    gains = {
        "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2),
        "leaky_relu": math.sqrt(2 / (1 + slope**2)), "selu": 0.75,
    }  # fmt: skip
    if nonlinearity == "linear" or nonlinearity.startswith("conv"):
        return 1.0
    if nonlinearity not in gains:
        raise ValueError(f"calculate_gain: got {nonlinearity!r}")
    return gains[nonlinearity]


# ----------------------------------------------------------- 03.8 uniform_, kaiming_uniform_


@wrong(
    "03.8",
    "uniform_",
    "You return new random values and leave the tensor as it was. The underscore promises to fill "
    "it: write the values into its memory with overwrite, and return the tensor.",
)
def new_tensor_returned(tensor, a=0.0, b=1.0, generator=None):
    return rand(*tensor.shape, dtype=tensor.dtype, generator=generator) * (b - a) + a


@wrong(
    "03.8",
    "uniform_",
    "You stretch the values by b instead of by b - a. Between 3 and 5 they would run from 3 to 8.",
)
def stretched_by_the_upper_end(tensor, a=0.0, b=1.0, generator=None):
    values = rand(*tensor.shape, dtype=tensor.dtype, generator=generator)
    return overwrite(tensor, values * b + a)


@wrong(
    "03.8",
    "uniform_",
    "You draw from the default generator even when one is passed in. Then whatever else draws "
    "random numbers changes your weights, and your weights change everything drawn after them.",
)
def generator_ignored(tensor, a=0.0, b=1.0, generator=None):
    return overwrite(tensor, rand(*tensor.shape, dtype=tensor.dtype) * (b - a) + a)


@wrong(
    "03.8",
    "uniform_",
    "You give the tensor another array instead of filling the one it has. Whoever shares its "
    "memory (a state_dict, a view) still sees the old values. Write with overwrite.",
)
def memory_exchanged(tensor, a=0.0, b=1.0, generator=None):
    values = rand(*tensor.shape, dtype=tensor.dtype, generator=generator)
    tensor.array = (values * (b - a) + a).array
    return tensor


@wrong(
    "03.8",
    "kaiming_uniform_",
    "You take the wanted deviation for the bound. Uniform values within +-bound have the "
    "deviation bound / sqrt(3), so yours are too small by that factor, in every layer.",
)
def deviation_taken_for_the_bound(
    tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None
):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming_uniform_: mode={mode!r}")
    n = fans(tensor)[mode == "fan_out"]
    bound = calculate_gain(nonlinearity, a) / math.sqrt(n)
    return uniform_(tensor, -bound, bound, generator)


@wrong(
    "03.8",
    "kaiming_uniform_",
    "You divide by n where its square root belongs. A sum of n terms grows like the root of n; "
    "with your weights every layer makes the signal smaller by about that root.",
)
def root_of_n_forgotten(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming_uniform_: mode={mode!r}")
    n = fans(tensor)[mode == "fan_out"]
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3) / n
    return uniform_(tensor, -bound, bound, generator)


@wrong(
    "03.8",
    "kaiming_uniform_",
    'You always count the inputs. mode="fan_out" asks for the outputs, which keeps the size of '
    "gradients on the way back.",
)
def mode_ignored(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming_uniform_: mode={mode!r}")
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3 / fans(tensor)[0])
    return uniform_(tensor, -bound, bound, generator)


@wrong(
    "03.8",
    "kaiming_uniform_",
    "You draw between 0 and the bound. All weights are then positive, all outputs large, and "
    "their mean grows from layer to layer; the values have to lie on both sides of zero.",
)
def positive_only(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming_uniform_: mode={mode!r}")
    n = fans(tensor)[mode == "fan_out"]
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3 / n)
    return uniform_(tensor, 0.0, bound, generator)


@wrong(
    "03.8",
    "kaiming_uniform_",
    "The generator stops at your function. Hand it on to uniform_, or the seed of the caller "
    "decides nothing.",
)
def generator_not_handed_on(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming_uniform_: mode={mode!r}")
    n = fans(tensor)[mode == "fan_out"]
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3 / n)
    return uniform_(tensor, -bound, bound)


# -------------------------------------------------------------------------------- 03.9 Linear


@wrong(
    "03.9",
    "Linear.__init__",
    "Your weight is (inputs, outputs). The kernel transposes it, files of other frameworks hold "
    "it as (outputs, inputs), and the fan-in is its size along dimension 1.",
)
def weight_in_by_out(self, in_features, out_features, bias=True, device=None, dtype=None):
    Module.__init__(self)
    if not isinstance(in_features, int):
        raise TypeError(f"Linear: got {in_features!r}")
    self.in_features, self.out_features = in_features, out_features
    self.weight = Parameter(zeros(in_features, out_features, dtype=dtype))
    self.register_parameter("bias", Parameter(zeros(out_features, dtype=dtype)) if bias else None)
    self.reset_parameters()


@wrong(
    "03.9",
    "Linear.__init__",
    "Your weight and bias are plain tensors. The layer computes, and yet no optimizer and no file "
    "will ever hear of them: wrap each in Parameter.",
)
def plain_tensors(self, in_features, out_features, bias=True, device=None, dtype=None):
    Module.__init__(self)
    if not isinstance(in_features, int):
        raise TypeError(f"Linear: got {in_features!r}")
    self.in_features, self.out_features = in_features, out_features
    self.weight = zeros(out_features, in_features, dtype=dtype)
    self.bias = zeros(out_features, dtype=dtype) if bias else None
    self.reset_parameters()


@wrong(
    "03.9",
    "Linear.__init__",
    "With bias=False your layer still has a bias, which begins at random and is learned. There "
    "must be none: register the name with None.",
)
def bias_in_any_case(self, in_features, out_features, bias=True, device=None, dtype=None):
    Module.__init__(self)
    if not isinstance(in_features, int):
        raise TypeError(f"Linear: got {in_features!r}")
    self.in_features, self.out_features = in_features, out_features
    self.weight = Parameter(zeros(out_features, in_features, dtype=dtype))
    self.bias = Parameter(zeros(out_features, dtype=dtype))
    self.reset_parameters()


@wrong(
    "03.9",
    "Linear.__init__",
    "You never draw the weights, so they stay at zero. In a network of such layers all units of a "
    "layer compute the same and are corrected alike, for ever: it is as good as one unit.",
)
def zeros_for_ever(self, in_features, out_features, bias=True, device=None, dtype=None):
    Module.__init__(self)
    if not isinstance(in_features, int):
        raise TypeError(f"Linear: got {in_features!r}")
    self.in_features, self.out_features = in_features, out_features
    self.weight = Parameter(zeros(out_features, in_features, dtype=dtype))
    self.register_parameter("bias", Parameter(zeros(out_features, dtype=dtype)) if bias else None)


@wrong(
    "03.9",
    "Linear.__init__",
    "Sizes that are no whole numbers pass unchecked, or are cut: 784 / 2 is 392.0, and a message "
    "about it helps more than an error somewhere in NumPy, or than a layer of another size.",
)
def sizes_cut(self, in_features, out_features, bias=True, device=None, dtype=None):
    Module.__init__(self)
    in_features, out_features = int(in_features), int(out_features)
    self.in_features, self.out_features = in_features, out_features
    self.weight = Parameter(zeros(out_features, in_features, dtype=dtype))
    self.register_parameter("bias", Parameter(zeros(out_features, dtype=dtype)) if bias else None)
    self.reset_parameters()


@wrong(
    "03.9",
    "Linear.reset_parameters",
    "You fill the weight with one number. In a network of such layers every unit of a layer "
    "computes the same and is corrected alike: only a random beginning makes units different.",
)
def one_number_for_all(self):
    bound = 1 / math.sqrt(self.in_features)
    overwrite(self.weight, zeros(*self.weight.shape, dtype=self.weight.dtype) + bound)
    if self.bias is not None:
        uniform_(self.bias, -bound, bound)


@wrong(
    "03.9",
    "Linear.reset_parameters",
    "Your bound is 1 / in_features, without the root. The sum of n products is only about the "
    "root of n times as large as one of them, so the outputs come out far too small.",
)
def bound_without_root(self):
    bound = 1 / self.in_features
    uniform_(self.weight, -bound, bound)
    if self.bias is not None:
        uniform_(self.bias, -bound, bound)


@wrong(
    "03.9",
    "Linear.reset_parameters",
    "Weights between -1 and 1, whatever the width: a sum of 784 such products is too large for "
    "anything after it. The bound has to shrink with the root of the number of inputs.",
)
def too_large(self):
    uniform_(self.weight, -1.0, 1.0)
    if self.bias is not None:
        uniform_(self.bias, -1.0, 1.0)


@wrong(
    "03.9",
    "Linear.reset_parameters",
    "You draw the weights and leave the biases at zero. That is a sound choice of other "
    "frameworks; this layer promises both within +-1 / sqrt(in_features).",
)
def biases_left_at_zero(self):
    kaiming_uniform_(self.weight, a=math.sqrt(5))


@wrong(
    "03.9",
    "Linear.reset_parameters",
    "You make new Parameters. Whoever holds the old ones, an optimizer above all, goes on with "
    "tensors that the layer no longer uses. Fill the ones that are there.",
)
def parameters_made_anew(self):
    bound = 1 / math.sqrt(self.in_features)
    self.weight = Parameter(
        uniform_(zeros(*self.weight.shape), -bound, bound).to(self.weight.dtype)
    )
    if self.bias is not None:
        uniform_(self.bias, -bound, bound)


@wrong(
    "03.9",
    "Linear.forward",
    "Your forward leaves the bias out, so it is registered, saved and never used.",
)
def forward_without_bias(self, input):
    return linear(input, self.weight)


# ------------------------------------------------------------------------------- 03.10 dropout


@wrong(
    "03.10",
    "dropout",
    "You drop values and leave the others as they are. The sum behind them is then smaller in "
    "training than at evaluation, and the next layer meets numbers that it never saw.",
)
def not_rescaled(input, p=0.5, training=True, inplace=False):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p={p}")
    if not training or p == 0:
        return input
    kept = default_generator.rng.random(input.shape, float32) >= p
    result = input * Tensor(kept.astype(input.dtype))
    return input.copy_(result) if inplace else result


@wrong(
    "03.10",
    "dropout",
    "You take p for the probability to keep a value. In the paper it is; here and in PyTorch p is "
    "the probability to lose it.",
)
def p_keeps(input, p=0.5, training=True, inplace=False):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p={p}")
    if not training or p == 0:
        return input
    kept = default_generator.rng.random(input.shape, float32) < p
    result = input * Tensor(kept.astype(input.dtype) / p)
    return input.copy_(result) if inplace else result


@wrong(
    "03.10",
    "dropout",
    "You scale by 1 / p. A share of 1 - p survives, so 1 / (1 - p) keeps the mean; for p = 0.5 "
    "the two are the same, which hides it.",
)
def scaled_by_one_over_p(input, p=0.5, training=True, inplace=False):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p={p}")
    if not training or p == 0:
        return input
    kept = default_generator.rng.random(input.shape, float32) >= p
    result = input * Tensor(kept.astype(input.dtype) / p)
    return input.copy_(result) if inplace else result


@wrong(
    "03.10",
    "dropout",
    "Your dropout drops at evaluation too, so a model gives another answer each time it is asked. "
    "Return the input when training is False.",
)
def active_at_evaluation(input, p=0.5, training=True, inplace=False):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p={p}")
    kept = default_generator.rng.random(input.shape, float32) >= p
    result = input * Tensor(kept.astype(input.dtype) * (1 / (1 - p) if p < 1 else 0.0))
    return input.copy_(result) if inplace else result


@wrong(
    "03.10",
    "dropout",
    "You scale at evaluation as the paper of 2014 did, and in training as well. One of the two is "
    "enough: with 1 / (1 - p) in training, evaluation has nothing to do.",
)
def scaled_twice(input, p=0.5, training=True, inplace=False):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p={p}")
    if not training:
        return input * (1 - p)
    kept = default_generator.rng.random(input.shape, float32) >= p
    result = input * Tensor(kept.astype(input.dtype) * (1 / (1 - p) if p < 1 else 0.0))
    return input.copy_(result) if inplace else result


@wrong(
    "03.10",
    "dropout",
    "You draw one mask for the whole batch, so every example loses the same features. Draw as "
    "many numbers as the input has values.",
)
def one_mask_for_the_batch(input, p=0.5, training=True, inplace=False):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p={p}")
    if not training or p == 0:
        return input
    kept = default_generator.rng.random(input.shape[-1:], float32) >= p
    result = input * Tensor(kept.astype(input.dtype) * (1 / (1 - p) if p < 1 else 0.0))
    return input.copy_(result) if inplace else result


@wrong(
    "03.10",
    "dropout",
    "With p = 1 you divide by zero, and 0 times infinity is nan. Everything is dropped there: the "
    "result is zeros.",
)
def divides_by_zero(input, p=0.5, training=True, inplace=False):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p={p}")
    if not training or p == 0:
        return input
    kept = default_generator.rng.random(input.shape, float32) >= p
    result = Tensor(input.array * kept / np.float32(1 - p))
    return input.copy_(result) if inplace else result


@wrong(
    "03.10",
    "dropout",
    "Your random numbers come from NumPy's own generator, which manual_seed does not set: a run "
    "cannot be repeated. Draw from default_generator.rng.",
)
def generator_of_its_own(input, p=0.5, training=True, inplace=False):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p={p}")
    if not training or p == 0:
        return input
    kept = np.random.default_rng().random(input.shape) >= p
    result = input * Tensor(kept.astype(input.dtype) * (1 / (1 - p) if p < 1 else 0.0))
    return input.copy_(result) if inplace else result


@wrong(
    "03.10",
    "Dropout.forward",
    "Your layer drops always: it does not look at self.training, which is what eval() sets.",
)
def layer_drops_always(self, input):
    return dropout(input, self.p, inplace=self.inplace)


# --------------------------------------------------------------------------- 03.11 Sequential


@wrong(
    "03.11",
    "Sequential.__init__",
    "You keep the modules in a plain list. A module looks into its tables only, so none of the "
    "parameters is found: add each with add_module.",
)
def in_a_plain_list(self, *modules):
    Module.__init__(self)
    self.layers = list(modules)


@wrong(
    "03.11",
    "Sequential.__init__",
    "Your names are not the plain numbers 0, 1, 2. They are part of every saved file, and a file "
    "that another Sequential wrote could not be loaded.",
)
def names_of_its_own(self, *modules):
    Module.__init__(self)
    named = len(modules) == 1 and isinstance(modules[0], Mapping)
    for name, module in modules[0].items() if named else enumerate(modules, 1):
        self.add_module(str(name), module)


@wrong(
    "03.11",
    "Sequential.__init__",
    "A dictionary of modules is not unpacked: it arrives as one single argument, and its names "
    "are to be the names of the modules.",
)
def dictionary_not_unpacked(self, *modules):
    Module.__init__(self)
    for number, module in enumerate(modules):
        self.add_module(str(number), module)


@wrong(
    "03.11",
    "Sequential.forward",
    "Every module of yours gets the first input, and only the last one's output is returned. Each "
    "has to take what the one before it returned.",
)
def all_get_the_input(self, input):
    out = input
    for module in self:
        out = module(input)
    return out


@wrong(
    "03.11",
    "Sequential.forward",
    "You run the modules from the last to the first, as f(g(x)) reads. A Sequential runs them in "
    "the order in which they are written.",
)
def last_one_first(self, input):
    for module in reversed(list(self)):
        input = module(input)
    return input


@wrong(
    "03.11",
    "Sequential.forward",
    "You return inside the loop, after the first module.",
)
def returns_after_the_first(self, input):
    for module in self:
        return module(input)
    return input


@wrong(
    "03.11",
    "Numbered.__getitem__",
    "A slice of your row is a list of modules, which cannot be called. Make an empty row of the "
    "same class and put the chosen entries into its table.",
)
def slice_is_a_list(self, index):
    if isinstance(index, slice):
        return list(self._modules.values())[index]
    return self._modules[self._name(index)]


@wrong(
    "03.11",
    "Numbered.__getitem__",
    "You look up the number as a text. That finds neither row[-1], nor row[0] when the modules "
    "have names, and a number too large ends in a KeyError; _name(index) knows all three.",
)
def number_taken_for_the_name(self, index):
    if isinstance(index, slice):
        part = type(self)()
        part._modules.update(list(self._modules.items())[index])
        return part
    return self._modules[str(index)]


@wrong(
    "03.11",
    "Numbered.__getitem__",
    "The pieces that you cut get new numbers, so row[1:] calls module 1 by the name 0. A piece "
    "shares modules with the whole: keep their names, too.",
)
def piece_renumbered(self, index):
    if isinstance(index, slice):
        return type(self)(*list(self._modules.values())[index])
    return self._modules[self._name(index)]


# ----------------------------------------------------------------------------- 03.12 debug it


@wrong(
    "03.12",
    "Tower.__init__",
    "A list or a tuple hides the modules in it. What is searched are attributes that are modules; "
    "nn.ModuleList or nn.Sequential are modules that hold others.",
)
def a_tuple_instead(self, sizes, p=0.1):
    nn.Module.__init__(self)
    layers = []
    for n_in, n_out in itertools.pairwise(sizes[:-1]):
        layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(p)]
    self.layers = (*layers, nn.Linear(sizes[-2], sizes[-1]))


@wrong(
    "03.12",
    "Tower.__init__",
    "You give the parameters to the tower and leave the modules in the list. They are counted "
    "now, and eval() still does not reach the dropout.",
)
def parameters_alone(self, sizes, p=0.1):
    nn.Module.__init__(self)
    self.layers = []
    for n_in, n_out in itertools.pairwise(sizes[:-1]):
        self.layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(p)]
    self.layers.append(nn.Linear(sizes[-2], sizes[-1]))
    found = [each for layer in self.layers for each in layer.parameters()]
    for number, parameter in enumerate(found):
        self.register_parameter(f"p{number}", parameter)


@wrong(
    "03.12",
    "Tower.__init__",
    "You register every module under the same name, so each pushes out the one before, and the "
    "last layer alone is found.",
)
def one_name_for_all(self, sizes, p=0.1):
    nn.Module.__init__(self)
    self.layers = []
    for n_in, n_out in itertools.pairwise(sizes[:-1]):
        self.layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(p)]
    self.layers.append(nn.Linear(sizes[-2], sizes[-1]))
    for layer in self.layers:
        self.layer = layer


@wrong(
    "03.12",
    "Tower.__init__",
    "You took the dropout out. Its output no longer changes from call to call, but the colleague "
    "wanted it, and the list is still a list.",
)
def dropout_removed(self, sizes, p=0.1):
    nn.Module.__init__(self)
    self.layers = []
    for n_in, n_out in itertools.pairwise(sizes[:-1]):
        self.layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    self.layers.append(nn.Linear(sizes[-2], sizes[-1]))


@wrong(
    "03.12",
    "Tower.__init__",
    "Your row ends with ReLU and dropout as well. The last layer gives scores, which may be "
    "negative: nothing comes after it.",
)
def nothing_left_of_the_scores(self, sizes, p=0.1):
    nn.Module.__init__(self)
    self.layers = nn.ModuleList()
    for n_in, n_out in itertools.pairwise(sizes):
        self.layers.extend([nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(p)])
