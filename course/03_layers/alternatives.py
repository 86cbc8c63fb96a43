"""Right versions that are written differently from the reference; none of them may be accused."""

from tito.misconceptions import right


@right("03.1", "linear_kernel")
def in_one_line(x, weight, bias=None):
    return x @ weight.T if bias is None else x @ weight.T + bias


@right("03.1", "linear_kernel")
def by_einsum(x, weight, bias=None):
    out = np.einsum("...i,oi->...o", x, weight)
    return out if bias is None else out + bias


@right("03.2", "Module.__setattr__")
def kind_by_kind(self, name, value):
    if isinstance(value, Parameter):
        table = "_parameters"
    elif isinstance(value, Module):
        table = "_modules"
    else:
        for table in KINDS:
            if name in self.__dict__.get(table, {}):
                return self._register(table, name, value)
        return object.__setattr__(self, name, value)
    if name not in getattr(self, table):
        self._forget(name)
    getattr(self, table)[name] = value


@right("03.2", "Module.__getattr__")
def tables_by_name(self, name):
    for table in ("_parameters", "_buffers", "_modules"):
        entries = self.__dict__.get(table)
        if entries is not None and name in entries:
            return entries[name]
    raise unknown_attribute(self, name)


@right("03.3", "Module.named_modules")
def with_a_stack(self, memo=None, prefix="", remove_duplicate=True):
    seen = set() if memo is None else memo
    waiting = [(prefix, self)]
    while waiting:
        path, module = waiting.pop()
        if module in seen:
            continue
        if remove_duplicate:
            seen.add(module)
        yield path, module
        inside = [(joined(path, n), m) for n, m in module._modules.items() if m is not None]
        waiting += reversed(inside)


@right("03.4", "Module._named")
def by_identity(self, table, prefix, recurse, remove_duplicate):
    every = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
    found = {}
    for path, module in list(every) if recurse else [(prefix, self)]:
        for name, tensor in getattr(module, table).items():
            if tensor is None:
                continue
            key = id(tensor) if remove_duplicate else len(found)
            found.setdefault(key, (joined(path, name), tensor))
    return iter(found.values())


@right("03.5", "Module.load_state_dict")
def problem_by_problem(self, state_dict, strict=True):
    expect_state(state_dict)
    own = self.state_dict(keep_vars=True)
    problems, missing, unexpected, work = [], [], [], []
    for name, tensor in own.items():
        if name not in state_dict:
            missing.append(name)
        elif problem := misfit(name, state_dict[name], tensor):
            problems.append(problem)
        else:
            work.append((tensor, as_tensor(state_dict[name])))
    unexpected = sorted(set(state_dict) - set(own))
    if strict:
        problems += [f"missing: {each}" for each in missing]
        problems += [f"unexpected: {each}" for each in unexpected]
    if problems:
        raise not_loaded(self, problems)
    for tensor, value in work:
        overwrite(tensor, value)
    return LoadResult(missing, unexpected)


@right("03.6", "Module.train")
def all_at_once(self, mode=True):
    if mode not in (True, False):
        raise ValueError(f"train: got {mode!r}, expected True or False")
    for module in self.modules():
        module.training = mode
    return self


@right("03.8", "uniform_")
def drawn_by_numpy(tensor, a=0.0, b=1.0, generator=None):
    rng = (generator or default_generator).rng
    tensor.array[...] = rng.uniform(a, b, tensor.shape)
    return tensor


@right("03.8", "kaiming_uniform_")
def deviation_first(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    choices = dict(zip(("fan_in", "fan_out"), fans(tensor), strict=True))
    if mode not in choices:
        raise ValueError(f"kaiming_uniform_: got the mode {mode!r}, expected fan_in or fan_out")
    deviation = calculate_gain(nonlinearity, a) / choices[mode] ** 0.5
    bound = 3**0.5 * deviation
    return uniform_(tensor, -bound, bound, generator=generator)


@right("03.9", "Linear.reset_parameters")
def both_by_the_bound(self):
    bound = self.in_features**-0.5
    for parameter in self.parameters():
        uniform_(parameter, -bound, bound)


@right("03.10", "dropout")
def by_division(input, p=0.5, training=True, inplace=False):
    if p < 0 or p > 1:
        raise ValueError(f"dropout: got p={p}, expected a number from 0 to 1")
    if not training:
        return input
    keep = 1 - p
    mask = default_generator.rng.random(input.shape) < keep
    scale = mask.astype(input.dtype) / keep if keep else np.zeros(input.shape, input.dtype)
    out = input * Tensor(scale)
    return input.copy_(out) if inplace else out


@right("03.11", "Numbered.__getitem__")
def through_the_names(self, index):
    names = list(self._modules)
    if not isinstance(index, slice):
        return self._modules[names[index]]
    piece = type(self)()
    for name in names[index]:
        piece.add_module(name, self._modules[name])
    return piece


@right("03.12", "Tower.__init__")
def as_a_sequential(self, sizes, p=0.1):
    nn.Module.__init__(self)
    layers = []
    for n_in, n_out in itertools.pairwise(sizes[:-1]):
        layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(p)]
    self.layers = nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))
