"""Right versions that are written differently from the reference."""

from tito.misconceptions import right


@right("07.1", "descend")
def descend_value_by_value(param, direction, lr):
    for place in np.ndindex(param.shape):
        param[place] = param[place] - lr * direction[place]


@right("07.3", "Optimizer.zero_grad")
def zero_grad_by_a_list(self, set_to_none=True):
    params = [param for group in self.param_groups for param in group["params"]]
    for param in params:
        if param.grad is None:
            continue
        if set_to_none:
            param.grad = None
        else:
            param.grad.array.fill(0)


@right("07.4", "remembered")
def remembered_by_setdefault(state, param, *names):
    return [state.setdefault(n, Tensor(np.zeros(param.shape, param.array.dtype))) for n in names]


@right("07.5", "sgd_")
def sgd_in_two_branches(param, grad, velocity=None, *, lr, momentum, weight_decay, nesterov):
    g = grad + weight_decay * param
    if velocity is None:
        param[...] = param - lr * g
    else:
        np.add(momentum * velocity, g, out=velocity)
        if nesterov:
            param[...] = param - lr * (g + momentum * velocity)
        else:
            param[...] = param - lr * velocity


@right("07.6", "rmsprop_")
def rmsprop_as_the_formula(param, grad, square, *, lr, alpha, eps, weight_decay):
    g = decayed(param, grad, weight_decay)
    square += (1 - alpha) * (g * g - square)
    param -= lr * g / (square**0.5 + eps)


@right("07.7", "adam_")
def adam_as_the_paper(param, grad, exp_avg, exp_avg_sq, *, step, lr, betas, eps, weight_decay):
    beta1, beta2 = betas
    g = decayed(param, grad, weight_decay)
    exp_avg[...] = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_sq[...] = beta2 * exp_avg_sq + (1 - beta2) * g**2
    m_hat = exp_avg / (1 - beta1**step)
    v_hat = exp_avg_sq / (1 - beta2**step)
    param -= lr * m_hat / (np.sqrt(v_hat) + eps)


@right("07.7", "Adam.update")
def update_that_begins_once(self, param, grad, state, options):
    if not state:
        state["step"] = 0
        state["exp_avg"] = Tensor(np.zeros_like(param.array))
        state["exp_avg_sq"] = Tensor(np.zeros_like(param.array))
    state["step"] += 1
    apply(
        self.op, param, grad, state["exp_avg"], state["exp_avg_sq"], step=state["step"],
        lr=options["lr"], betas=options["betas"], eps=options["eps"],
        weight_decay=options["weight_decay"],
    )  # fmt: skip


@right("07.9", "packed")
def packed_in_one_walk(optimizer):
    state, groups, number = {}, [], 0
    for group in optimizer.param_groups:
        places = []
        for param in group["params"]:
            if optimizer.state.get(param):
                state[number] = optimizer.state[param]
            places.append(number)
            number += 1
        groups.append({**group, "params": places})
    return {"state": state, "param_groups": groups}


@right("07.9", "restored")
def restored_by_cases(name, value, param, number):
    admit("saved value", param, (name, value, number))
    if name == "step":
        return int(value.item() if isinstance(value, Tensor) else value)
    if isinstance(value, Tensor):
        return Tensor(value.array.astype(param.array.dtype))
    return copy.deepcopy(value)


@right("07.10", "LRScheduler.__init__")
def first_rates_in_one_loop(self, optimizer, last_epoch=-1):
    admit("schedule", self, (optimizer, last_epoch))
    self.optimizer, self.base_lrs = optimizer, []
    for group in optimizer.param_groups:
        if "initial_lr" not in group:
            group["initial_lr"] = group["lr"]
        self.base_lrs.append(group["initial_lr"])
    self._step_count, self.last_epoch = 0, -1
    self.step()


@right("07.12", "warmup_cosine")
def warmup_as_a_lambda(warmup, total):
    return lambda epoch: (
        (epoch + 1) / warmup
        if epoch < warmup
        else 0.0
        if epoch >= total
        else 0.5 + 0.5 * math.cos(math.pi * (epoch - warmup) / (total - warmup))
    )
