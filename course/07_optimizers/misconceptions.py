"""Wrong versions that learners write, each with the sentence that helps."""

from tito.misconceptions import wrong

# ---------------------------------------------------------------------------------- descend


@wrong(
    "07.1",
    "descend",
    "Your step makes a new array and gives it the old name. Inside the function param is moved, "
    "the model's own memory is not, and training stands still without a word. Write into the "
    "memory that you were given.",
)
def step_into_a_new_array(param, direction, lr):
    param = param - lr * direction


@wrong(
    "07.1",
    "descend",
    "Your step goes along the gradient, which points uphill: the loss grows. Take it away instead.",
)
def step_uphill(param, direction, lr):
    param += lr * direction


@wrong(
    "07.1",
    "descend",
    "Your step scales the direction in its own memory. That is somebody's gradient, or the "
    "velocity of the next step: it must be left as it is. Let the product be an array of its own.",
)
def step_writes_into_the_direction(param, direction, lr):
    direction *= lr
    param -= direction


@wrong(
    "07.1",
    "descend",
    "Your step is as long as the whole direction; lr has no say in it. A gradient says how steep "
    "it is, not how far to go.",
)
def step_without_a_rate(param, direction, lr):
    param -= direction


# ------------------------------------------------------------------------ numbers, with_defaults


@wrong(
    "07.2",
    "numbers",
    "Your numbers returns the settings as they came. A np.float64 rate times a float32 gradient is "
    "a float64 array: the arithmetic takes twice the memory, and the result depends on how the "
    "rate was written. Take the Python number out of it.",
)
def numbers_as_they_came(group):
    return dict(group)


@wrong(
    "07.2",
    "numbers",
    "Your numbers turns everything that float() takes into a float: False becomes 0.0, and a count "
    "of 3 becomes 3.0. Convert only NumPy scalars and tensors; the rest is fine as it is.",
)
def numbers_all_floats(group):
    found = {}
    for name, value in group.items():
        try:
            found[name] = float(value)
        except (TypeError, ValueError, RuntimeError):
            found[name] = value
    return found


@wrong(
    "07.2",
    "numbers",
    "Your numbers writes into the group that it was given. That is the optimizer's own: a schedule "
    "or a checkpoint would find other types than were put there. Make a new dictionary.",
)
def numbers_in_place(group):
    for name, value in group.items():
        if isinstance(value, (np.generic, Tensor)):
            group[name] = value.item()
    return group


@wrong(
    "07.2",
    "numbers",
    "Your numbers looks for np.float64 alone. A rate can also be a np.float32, a np.int64, or a "
    "tensor of one value: np.generic is the family name of all NumPy scalars.",
)
def numbers_of_one_type(group):
    return {
        name: value.item() if isinstance(value, np.float64) else value
        for name, value in group.items()
    }


@wrong(
    "07.2",
    "with_defaults",
    "Your group takes the default where it has a setting of its own: in a dictionary made of two, "
    "what comes last wins. So a group with lr 0.01 would run with the optimizer's lr.",
)
def defaults_over_the_group(defaults, param_group):
    group = {**param_group, **defaults}
    params = group["params"]
    group["params"] = [params] if isinstance(params, Tensor) else list(params)
    return group


@wrong(
    "07.2",
    "with_defaults",
    "Your group is the dictionary of the defaults itself. The next group that is filled in then "
    "changes this one too, and the optimizer's defaults with it. Make a new dictionary.",
)
def the_defaults_themselves(defaults, param_group):
    defaults.update(param_group)
    params = defaults["params"]
    defaults["params"] = [params] if isinstance(params, Tensor) else list(params)
    return defaults


@wrong(
    "07.2",
    "with_defaults",
    "Your group takes a single tensor apart: list() walks over its rows, and the optimizer would "
    "hold slices that are no parameters. One tensor is to become a list of one.",
)
def a_tensor_taken_apart(defaults, param_group):
    group = {**defaults, **param_group}
    group["params"] = list(group["params"])
    return group


# ----------------------------------------------------------------------------- zero_grad, step


@wrong(
    "07.3",
    "Optimizer.zero_grad",
    "Your zero_grad clears the first group alone. The gradients of the others add up from step to "
    "step. Walk over all of self.param_groups.",
)
def zero_grad_of_one_group(self, set_to_none=True):
    for param in self.param_groups[0]["params"]:
        if set_to_none:
            param.grad = None
        elif param.grad is not None:
            param.grad.array[...] = 0


@wrong(
    "07.3",
    "Optimizer.zero_grad",
    "Your zero_grad lets go of the gradient in both cases. set_to_none=False promises that its "
    "memory stays, filled with zeros, for whoever holds it.",
)
def zero_grad_always_none(self, set_to_none=True):
    for group in self.param_groups:
        for param in group["params"]:
            param.grad = None


@wrong(
    "07.3",
    "Optimizer.zero_grad",
    "Your zero_grad puts new zeros in the place of the gradient, also where there was none. The "
    "old memory is not cleared, and a parameter that backward never reached now has a gradient: "
    "with momentum it would move.",
)
def zero_grad_with_new_zeros(self, set_to_none=True):
    for group in self.param_groups:
        for param in group["params"]:
            param.grad = None if set_to_none else Tensor(np.zeros_like(param.array))


@wrong(
    "07.3",
    "Optimizer.step",
    "Your step keeps what it remembers under the parameter's place in the list. When a parameter "
    "is replaced, say by a larger head, the new one inherits the velocity of the old one. Use the "
    "parameter itself as the key.",
)
def state_by_position(self, closure=None):
    loss = None
    if closure is not None:
        with enable_grad():
            loss = closure()
    self.places = getattr(self, "places", {})
    place = 0
    with no_grad():
        for group in self.param_groups:
            options = numbers(group)
            update = self.update_for(options)
            for param in group["params"]:
                if param.grad is not None:
                    state = self.state[param] = self.places.setdefault(place, {})
                    update(param, downhill(param, param.grad, options), state, options)
                place += 1
    self._opt_called = True
    return loss


@wrong(
    "07.3",
    "Optimizer.step",
    "Your step moves the parameters with recording on. Autograd then takes the update for a part "
    "of the computation: it refuses to change a leaf in place, or keeps every old step in memory. "
    "Put the moves into a no_grad block.",
)
def step_recorded(self, closure=None):
    loss = closure() if closure is not None else None
    for group in self.param_groups:
        options = numbers(group)
        update = self.update_for(options)
        for param in group["params"]:
            if param.grad is not None:
                update(param, downhill(param, param.grad, options), self.state[param], options)
    self._opt_called = True
    return loss


@wrong(
    "07.3",
    "Optimizer.step",
    "Your closure runs inside no_grad, so that its backward finds no graph. It computes a loss and "
    "gradients: it needs recording on, and enable_grad switches it on even inside no_grad.",
)
def closure_without_recording(self, closure=None):
    with no_grad():
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            options = numbers(group)
            update = self.update_for(options)
            for param in group["params"]:
                if param.grad is not None:
                    update(param, downhill(param, param.grad, options), self.state[param], options)
    self._opt_called = True
    return loss


@wrong(
    "07.3",
    "Optimizer.step",
    "Your step takes a missing gradient for a gradient. Where backward did not reach a parameter, "
    "its .grad is None, and there is nothing to do for it in this step.",
)
def step_without_asking(self, closure=None):
    loss = None
    if closure is not None:
        with enable_grad():
            loss = closure()
    with no_grad():
        for group in self.param_groups:
            options = numbers(group)
            update = self.update_for(options)
            for param in group["params"]:
                update(param, downhill(param, param.grad, options), self.state[param], options)
    self._opt_called = True
    return loss


@wrong(
    "07.3",
    "Optimizer.step",
    "Your step hands the settings of the group on as they are. A rate that came from NumPy is a "
    "np.float64, and the update would compute in float64. Pass the group through numbers first.",
)
def step_with_raw_settings(self, closure=None):
    loss = None
    if closure is not None:
        with enable_grad():
            loss = closure()
    with no_grad():
        for group in self.param_groups:
            update = self.update_for(group)
            for param in group["params"]:
                if param.grad is not None:
                    update(param, downhill(param, param.grad, group), self.state[param], group)
    self._opt_called = True
    return loss


@wrong(
    "07.3",
    "Optimizer.step",
    "Your step also clears the gradients. They are still wanted afterwards, for a log or for "
    "several backward passes; clearing them is zero_grad's work, when the loop says so.",
)
def step_clears_gradients(self, closure=None):
    loss = None
    if closure is not None:
        with enable_grad():
            loss = closure()
    with no_grad():
        for group in self.param_groups:
            options = numbers(group)
            update = self.update_for(options)
            for param in group["params"]:
                if param.grad is not None:
                    update(param, downhill(param, param.grad, options), self.state[param], options)
                    param.grad = None
    self._opt_called = True
    return loss


# ----------------------------------------------------------------------------------------- SGD


@wrong(
    "07.4",
    "decayed",
    "Your decayed writes into the gradient. Its owner did not ask for that: a second look at the "
    "same gradient, by a log or by clipping, finds the decay in it. Return a new array.",
)
def decay_into_the_gradient(param, grad, weight_decay):
    grad += weight_decay * param
    return grad


@wrong(
    "07.4",
    "decayed",
    "Your decayed adds the penalty itself, weight_decay/2 * w². What a step needs is its slope, "
    "which keeps the sign of w: weight_decay * w. A square pushes negative weights further down.",
)
def the_penalty_itself(param, grad, weight_decay):
    return grad + weight_decay / 2 * param * param


@wrong(
    "07.4",
    "decayed",
    "Your decay has the wrong sign: it is taken away from the gradient, so that weights grow. The "
    "step goes against the gradient, and so the decay must be added to it.",
)
def decay_that_grows(param, grad, weight_decay):
    return grad - weight_decay * param if weight_decay else grad


@wrong(
    "07.4",
    "remembered",
    "Your remembered makes new zeros each time: what the last step wrote is gone, and every step "
    "begins without memory. Make them only where the name is not in the state yet.",
)
def zeros_each_time(state, param, *names):
    for name in names:
        state[name] = Tensor(np.zeros_like(param.array))
    return [state[name] for name in names]


@wrong(
    "07.4",
    "remembered",
    "Your zeros are float64, which is what np.zeros makes unless told. The state of a float32 "
    "model then takes twice the memory. Take the dtype of the parameter.",
)
def zeros_of_another_type(state, param, *names):
    for name in names:
        if name not in state:
            state[name] = Tensor(np.zeros(param.shape))
    return [state[name] for name in names]


@wrong(
    "07.4",
    "remembered",
    "Your names share one tensor. Adam's m and v would be written into the same memory. Each name "
    "needs zeros of its own.",
)
def one_tensor_for_all_names(state, param, *names):
    zeros = Tensor(np.zeros_like(param.array))
    for name in names:
        if name not in state:
            state[name] = zeros
    return [state[name] for name in names]


@wrong(
    "07.4",
    "remembered",
    "Your remembered returns everything that is in the state, in the order of its making. There "
    "may be a count in it, too. Return the tensors of the names that were asked for.",
)
def everything_in_the_state(state, param, *names):
    for name in names:
        if name not in state:
            state[name] = Tensor(np.zeros_like(param.array))
    return list(state.values())


@wrong(
    "07.4",
    "remembered",
    "Your memory begins with the values of the parameter, in the parameter's own array. A velocity "
    "begins at zero, and whoever writes into it must not write into the weights.",
)
def memory_begins_with_the_weights(state, param, *names):
    for name in names:
        if name not in state:
            state[name] = Tensor(param.array)
    return [state[name] for name in names]


@wrong(
    "07.5",
    "sgd_",
    "Your velocity is a new array under the old name. The optimizer's own stays at zero, so each "
    "step begins without memory. Write the new velocity into the memory of the old one.",
)
def velocity_in_a_new_array(param, grad, velocity=None, *, lr, momentum, weight_decay, nesterov):
    direction = grad = decayed(param, grad, weight_decay)
    if velocity is not None:
        velocity = momentum * velocity + grad
        direction = grad + momentum * velocity if nesterov else velocity
    descend(param, direction, lr)


@wrong(
    "07.5",
    "sgd_",
    "Your velocity is a running mean: the gradient enters with a share of 1 - momentum. SGD's "
    "velocity is a sum, the whole gradient enters, and with momentum 0.9 it grows up to ten times "
    "as long. Both are used; PyTorch's SGD is the sum.",
)
def velocity_as_a_mean(param, grad, velocity=None, *, lr, momentum, weight_decay, nesterov):
    direction = grad = decayed(param, grad, weight_decay)
    if velocity is not None:
        velocity *= momentum
        velocity += (1 - momentum) * grad
        direction = grad + momentum * velocity if nesterov else velocity
    descend(param, direction, lr)


@wrong(
    "07.5",
    "sgd_",
    "Your velocity has lr in it, as in the papers. Then a schedule that lowers lr does not slow "
    "down what is already under way. PyTorch's velocity is made of gradients, and lr scales the "
    "step alone.",
)
def velocity_with_the_rate(param, grad, velocity=None, *, lr, momentum, weight_decay, nesterov):
    grad = decayed(param, grad, weight_decay)
    if velocity is None:
        descend(param, grad, lr)
        return
    velocity *= momentum
    velocity += lr * grad
    param -= lr * grad + momentum * velocity if nesterov else velocity


@wrong(
    "07.5",
    "sgd_",
    "Your Nesterov step uses the velocity of before. First the gradient is added to the velocity, "
    "then the step goes along g + momentum * v: the old one makes it one step late.",
)
def nesterov_one_step_late(param, grad, velocity=None, *, lr, momentum, weight_decay, nesterov):
    direction = grad = decayed(param, grad, weight_decay)
    if velocity is not None:
        old = velocity.copy()
        velocity *= momentum
        velocity += grad
        direction = grad + momentum * old if nesterov else velocity
    descend(param, direction, lr)


@wrong(
    "07.5",
    "sgd_",
    "Your decay acts on the step, but does not enter the velocity. In SGD the decay is a part of "
    "the gradient, so that it gathers speed with it: decay first, then everything else.",
)
def decay_beside_the_velocity(param, grad, velocity=None, *, lr, momentum, weight_decay, nesterov):
    direction = grad
    if velocity is not None:
        velocity *= momentum
        velocity += grad
        direction = grad + momentum * velocity if nesterov else velocity
    descend(param, decayed(param, direction, weight_decay), lr)


@wrong(
    "07.5",
    "SGD.update",
    "Your SGD makes a new velocity in each step: it is zero whenever a gradient arrives, and "
    "momentum has nothing to keep. Let remembered look into the state first.",
)
def a_velocity_for_one_step(self, param, grad, state, options):
    velocity = []
    if options["momentum"]:
        velocity = [Tensor(np.zeros_like(param.array))]
        state["momentum_buffer"] = velocity[0]
    options = some(options, "lr", "momentum", "weight_decay", "nesterov")
    apply("sgd_", param, grad, *velocity, **options)


@wrong(
    "07.5",
    "SGD.update",
    "Your SGD remembers a velocity even without momentum. The steps are right, but it is one more "
    "copy of the model in memory that nobody reads.",
)
def a_velocity_that_nobody_reads(self, param, grad, state, options):
    velocity = remembered(state, param, "momentum_buffer")
    options = some(options, "lr", "momentum", "weight_decay", "nesterov")
    apply("sgd_", param, grad, *velocity, **options)


# ------------------------------------------------------------------------------------- RMSprop


@wrong(
    "07.6",
    "rmsprop_",
    "Your eps is inside the root. The root of 1e-8 is 1e-4, so where gradients are small your "
    "divisor is ten thousand times larger than meant. Take the root first, then add eps.",
)
def eps_inside_the_root(param, grad, square, *, lr, alpha, eps, weight_decay):
    grad = decayed(param, grad, weight_decay)
    square *= alpha
    square += (1 - alpha) * grad * grad
    descend(param, grad / np.sqrt(square + eps), lr)


@wrong(
    "07.6",
    "rmsprop_",
    "Your RMSprop divides by the mean square, without the root. Then a gradient that is ten times "
    "as large makes a step a tenth as long. With the root all steps are about lr long.",
)
def divided_by_the_square(param, grad, square, *, lr, alpha, eps, weight_decay):
    grad = decayed(param, grad, weight_decay)
    square *= alpha
    square += (1 - alpha) * grad * grad
    descend(param, grad / (square + eps), lr)


@wrong(
    "07.6",
    "rmsprop_",
    "Your shares are exchanged: the new square enters with alpha. With alpha = 0.99 the mean is "
    "then nearly the last square alone, and every step is lr long, noise included.",
)
def shares_exchanged(param, grad, square, *, lr, alpha, eps, weight_decay):
    grad = decayed(param, grad, weight_decay)
    square *= 1 - alpha
    square += alpha * grad * grad
    descend(param, grad / (np.sqrt(square) + eps), lr)


@wrong(
    "07.6",
    "rmsprop_",
    "Your RMSprop divides by the mean of before this step. In the first step that is zero, and "
    "the step is a million times too long. Bring the mean up to date first.",
)
def divided_by_the_old_mean(param, grad, square, *, lr, alpha, eps, weight_decay):
    grad = decayed(param, grad, weight_decay)
    descend(param, grad / (np.sqrt(square) + eps), lr)
    square *= alpha
    square += (1 - alpha) * grad * grad


@wrong(
    "07.6",
    "rmsprop_",
    "Your mean is one of gradients, not of their squares. Gradients of both signs cancel in it, "
    "and the root of a negative mean is nan.",
)
def mean_without_the_square(param, grad, square, *, lr, alpha, eps, weight_decay):
    grad = decayed(param, grad, weight_decay)
    square *= alpha
    square += (1 - alpha) * grad
    descend(param, grad / (np.sqrt(square) + eps), lr)


@wrong(
    "07.6",
    "RMSprop.update",
    'Your RMSprop counts one step less: state["step"] is 0 after the first one. PyTorch\'s is 1, '
    "and Adam will need it so.",
)
def rmsprop_counts_from_zero(self, param, grad, state, options):
    (square,) = remembered(state, param, "square_avg")
    state["step"] = state.get("step", -1) + 1
    apply("rmsprop_", param, grad, square, **some(options, "lr", "alpha", "eps", "weight_decay"))


# ---------------------------------------------------------------------------------------- Adam


@wrong(
    "07.7",
    "adam_",
    "Your Adam forgets the bias correction. Both means began at zero; with the usual betas m is "
    "ten times too small in the first step and the root of v thirty times, so the first steps are "
    "three times as long as lr, in directions that one batch has chosen.",
)
def without_correction(param, grad, exp_avg, exp_avg_sq, *, step, lr, betas, eps, weight_decay):
    grad = decayed(param, grad, weight_decay)
    exp_avg[...] = betas[0] * exp_avg + (1 - betas[0]) * grad
    exp_avg_sq[...] = betas[1] * exp_avg_sq + (1 - betas[1]) * grad * grad
    descend(param, exp_avg / (np.sqrt(exp_avg_sq) + eps), lr)


@wrong(
    "07.7",
    "adam_",
    "Your bias correction is off by one: in the first step the exponent must be 1, and step is 1 "
    "there already. With step + 1 it corrects too little, with step - 1 it divides by zero.",
)
def correction_off_by_one(param, grad, exp_avg, exp_avg_sq, *, step, lr, betas, eps, weight_decay):
    grad = decayed(param, grad, weight_decay)
    exp_avg[...] = betas[0] * exp_avg + (1 - betas[0]) * grad
    exp_avg_sq[...] = betas[1] * exp_avg_sq + (1 - betas[1]) * grad * grad
    m = exp_avg / (1 - betas[0] ** (step + 1))
    v = exp_avg_sq / (1 - betas[1] ** (step + 1))
    descend(param, m / (np.sqrt(v) + eps), lr)


@wrong(
    "07.7",
    "adam_",
    "Your Adam corrects m alone. v began at zero as well, and its error is the larger one: with "
    "beta2 = 0.999 it lasts for a thousand steps.",
)
def correction_of_one_mean(param, grad, exp_avg, exp_avg_sq, *, step, lr, betas, eps, weight_decay):
    grad = decayed(param, grad, weight_decay)
    exp_avg[...] = betas[0] * exp_avg + (1 - betas[0]) * grad
    exp_avg_sq[...] = betas[1] * exp_avg_sq + (1 - betas[1]) * grad * grad
    m = exp_avg / (1 - betas[0] ** step)
    descend(param, m / (np.sqrt(exp_avg_sq) + eps), lr)


@wrong(
    "07.7",
    "adam_",
    "Your corrected means are written into the state. The next step then averages corrected "
    "values and corrects them again. Let the state be the plain means; the corrected ones live "
    "for one step.",
)
def correction_kept_in_the_state(
    param, grad, exp_avg, exp_avg_sq, *, step, lr, betas, eps, weight_decay
):
    grad = decayed(param, grad, weight_decay)
    exp_avg[...] = betas[0] * exp_avg + (1 - betas[0]) * grad
    exp_avg_sq[...] = betas[1] * exp_avg_sq + (1 - betas[1]) * grad * grad
    exp_avg /= 1 - betas[0] ** step
    exp_avg_sq /= 1 - betas[1] ** step
    descend(param, exp_avg / (np.sqrt(exp_avg_sq) + eps), lr)


@wrong(
    "07.7",
    "adam_",
    "Your eps is inside the root. The root of 1e-8 is 1e-4, and where gradients are small it is "
    "that which your steps are divided by. Take the root first, then add eps.",
)
def adam_eps_inside_the_root(
    param, grad, exp_avg, exp_avg_sq, *, step, lr, betas, eps, weight_decay
):
    grad = decayed(param, grad, weight_decay)
    exp_avg[...] = betas[0] * exp_avg + (1 - betas[0]) * grad
    exp_avg_sq[...] = betas[1] * exp_avg_sq + (1 - betas[1]) * grad * grad
    m, v = exp_avg / (1 - betas[0] ** step), exp_avg_sq / (1 - betas[1] ** step)
    descend(param, m / np.sqrt(v + eps), lr)


@wrong(
    "07.7",
    "adam_",
    "Your eps is added before the correction, so that it is corrected too and counts thirty times "
    "as much in the first steps. It belongs to the root of the corrected v.",
)
def eps_before_the_correction(
    param, grad, exp_avg, exp_avg_sq, *, step, lr, betas, eps, weight_decay
):
    grad = decayed(param, grad, weight_decay)
    exp_avg[...] = betas[0] * exp_avg + (1 - betas[0]) * grad
    exp_avg_sq[...] = betas[1] * exp_avg_sq + (1 - betas[1]) * grad * grad
    rate = lr * math.sqrt(1 - betas[1] ** step) / (1 - betas[0] ** step)
    descend(param, exp_avg / (np.sqrt(exp_avg_sq) + eps), rate)


@wrong(
    "07.7",
    "adam_",
    "Your betas are exchanged: m, the direction, looks back over a thousand steps, and v over ten. "
    "The first of the pair belongs to m.",
)
def betas_exchanged(param, grad, exp_avg, exp_avg_sq, *, step, lr, betas, eps, weight_decay):
    beta2, beta1 = betas
    grad = decayed(param, grad, weight_decay)
    exp_avg[...] = beta1 * exp_avg + (1 - beta1) * grad
    exp_avg_sq[...] = beta2 * exp_avg_sq + (1 - beta2) * grad * grad
    m, v = exp_avg / (1 - beta1**step), exp_avg_sq / (1 - beta2**step)
    descend(param, m / (np.sqrt(v) + eps), lr)


@wrong(
    "07.7",
    "Adam.update",
    "Your Adam calls its operation before it counts the step. In the first step beta**0 is 1, and "
    "the correction divides by zero. Count first.",
)
def counted_too_late(self, param, grad, state, options):
    averages = remembered(state, param, "exp_avg", "exp_avg_sq")
    state.setdefault("step", 0)
    options = some(options, "lr", "betas", "eps", "weight_decay")
    apply(self.op, param, grad, *averages, step=state["step"], **options)
    state["step"] += 1


@wrong(
    "07.7",
    "Adam.update",
    "Your Adam has one count for all parameters. One that joins later, a layer that was frozen, "
    "has fresh means and an old count: it gets no correction when it needs it most. Keep the count "
    "in the parameter's own state.",
)
def one_count_for_all(self, param, grad, state, options):
    averages = remembered(state, param, "exp_avg", "exp_avg_sq")
    first = self.param_groups[0]["params"][0]
    if param is first:
        self.count = getattr(self, "count", 0) + 1
    state["step"] = getattr(self, "count", 1)
    options = some(options, "lr", "betas", "eps", "weight_decay")
    apply(self.op, param, grad, *averages, step=state["step"], **options)


# --------------------------------------------------------------------------------------- AdamW


@wrong(
    "07.8",
    "adamw_",
    "Your decay is mixed into the gradient, and so into both means: that is Adam, not AdamW. The "
    "division by the root of v then undoes it, and every weight shrinks by about lr, however large "
    "it is. Keep the decay away from the means.",
)
def decay_in_the_moments(param, grad, *averages, lr, weight_decay, **options):
    adam_(param, grad, *averages, lr=lr, weight_decay=weight_decay, **options)


@wrong(
    "07.8",
    "adamw_",
    "Your decay does not know lr: each step takes weight_decay of the weight away, 1 % at the "
    "default. PyTorch's AdamW scales it with lr, so that a schedule slows down both.",
)
def decay_without_the_rate(param, grad, *averages, lr, weight_decay, **options):
    param *= 1 - weight_decay
    adam_(param, grad, *averages, lr=lr, weight_decay=0, **options)


@wrong(
    "07.8",
    "adamw_",
    "Your weight shrinks after the move, so that the move shrinks too. PyTorch shrinks first. The "
    "difference is small, and it adds up.",
)
def shrunk_after_the_move(param, grad, *averages, lr, weight_decay, **options):
    adam_(param, grad, *averages, lr=lr, weight_decay=0, **options)
    param *= 1 - lr * weight_decay


@wrong(
    "07.8",
    "adamw_",
    "Your weight decays twice, once by shrinking and once through the gradient. Tell Adam that "
    "there is no decay left for it.",
)
def decayed_twice(param, grad, *averages, lr, weight_decay, **options):
    param *= 1 - lr * weight_decay
    adam_(param, grad, *averages, lr=lr, weight_decay=weight_decay, **options)


# ---------------------------------------------------------------------------- packed, unpacked


@wrong(
    "07.9",
    "packed",
    "Your numbers begin at 0 in each group, so that two parameters share a number, and one state "
    "is lost. Count through all groups.",
)
def numbers_per_group(optimizer):
    state, groups = {}, []
    for group in optimizer.param_groups:
        for i, param in enumerate(group["params"]):
            if optimizer.state.get(param):
                state[i] = optimizer.state[param]
        groups.append({**group, "params": list(range(len(group["params"])))})
    return {"state": state, "param_groups": groups}


@wrong(
    "07.9",
    "packed",
    "Your packed writes the numbers into the optimizer's own groups. They hold integers from then "
    "on, and the next step has no parameter to move: a run that saves a checkpoint breaks by it. "
    "Make new dictionaries.",
)
def groups_overwritten(optimizer):
    params = [param for group in optimizer.param_groups for param in group["params"]]
    place = {param: i for i, param in enumerate(params)}
    for group in optimizer.param_groups:
        group["params"] = [place[param] for param in group["params"]]
    state = {i: optimizer.state[p] for p, i in place.items() if optimizer.state.get(p)}
    return {"state": state, "param_groups": optimizer.param_groups}


@wrong(
    "07.9",
    "packed",
    "Your packed asks for the state of every parameter, also of those that have none. Asking a "
    "defaultdict makes an empty entry: the optimizer is changed by being saved, and the file has "
    "entries without content.",
)
def state_of_everyone(optimizer):
    params = [param for group in optimizer.param_groups for param in group["params"]]
    place = {param: i for i, param in enumerate(params)}
    groups = [
        {**group, "params": [place[param] for param in group["params"]]}
        for group in optimizer.param_groups
    ]
    return {"state": {place[p]: optimizer.state[p] for p in params}, "param_groups": groups}


@wrong(
    "07.9",
    "packed",
    "Your state counts only the parameters that remember something. A parameter without a gradient "
    "then moves all later numbers by one, and they no longer agree with those in the groups.",
)
def numbers_of_the_remembered(optimizer):
    params = [param for group in optimizer.param_groups for param in group["params"]]
    place = {param: i for i, param in enumerate(params)}
    groups = [
        {**group, "params": [place[param] for param in group["params"]]}
        for group in optimizer.param_groups
    ]
    states = [optimizer.state[p] for p in params if optimizer.state.get(p)]
    return {"state": dict(enumerate(states)), "param_groups": groups}


@wrong(
    "07.9",
    "unpacked",
    "Your unpacked deals the saved states out in a row, to the first parameters that come. One "
    "that had no state when it was saved shifts all others. A state belongs to the parameter at "
    "its number.",
)
def dealt_out_in_a_row(optimizer, saved):
    params = [param for group in optimizer.param_groups for param in group["params"]]
    return {
        param: {
            name: restored(name, value, param, number)
            for name, value in saved["state"][number].items()
        }
        for param, number in zip(params, saved["state"], strict=False)
    }


@wrong(
    "07.9",
    "unpacked",
    "Your state holds the saved tensors themselves. Two optimizers then write into one velocity, "
    "and a saved state changes while training goes on. restored makes the copy.",
)
def saved_tensors_themselves(optimizer, saved):
    params = [param for group in optimizer.param_groups for param in group["params"]]
    places = [n for group in saved["param_groups"] for n in group["params"]]
    pairs = zip(places, params, strict=True)
    return {param: dict(saved["state"][n]) for n, param in pairs if n in saved["state"]}


@wrong(
    "07.9",
    "restored",
    "Your restored keeps the dtype of the saved tensor. A state that was saved by a float64 model "
    "goes on in float64 beside float32 weights. Copy it into the dtype of param.",
)
def the_saved_type(name, value, param, number):
    admit("saved value", param, (name, value, number))
    if isinstance(value, Tensor) and name != "step":
        return Tensor(value.array.copy())
    return int(value) if name == "step" else copy.deepcopy(value)


@wrong(
    "07.9",
    "restored",
    'Your restored hands out "step" as it was saved. That may be a tensor or a float; Adam takes a '
    "power with it, and the next file has another type in it. Make an int of it.",
)
def a_count_as_it_was_saved(name, value, param, number):
    admit("saved value", param, (name, value, number))
    if isinstance(value, Tensor):
        return Tensor(np.array(value.array, param.dtype))
    return copy.deepcopy(value)


@wrong(
    "07.9",
    "restored",
    "Your restored copies tensors, and hands out everything else as it is. A list in the state is "
    "then shared with the saved state: both change when one does. copy.deepcopy copies it.",
)
def only_tensors_are_copied(name, value, param, number):
    admit("saved value", param, (name, value, number))
    if isinstance(value, Tensor) and name != "step":
        return Tensor(np.array(value.array, param.dtype))
    return int(value) if name == "step" else value


# ----------------------------------------------------------------------------------- LRScheduler


@wrong(
    "07.10",
    "LRScheduler.__init__",
    "Your schedule does not make its first step when it is built. The first update then has the "
    "rate of the optimizer, not that of epoch 0, and a warm-up begins at full speed.",
)
def no_step_at_the_beginning(self, optimizer, last_epoch=-1):
    admit("schedule", self, (optimizer, last_epoch))
    self.optimizer = optimizer
    for group in optimizer.param_groups:
        group.setdefault("initial_lr", group["lr"])
    self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
    self.last_epoch, self._step_count = 0, 1
    self._last_lr = self.current()


@wrong(
    "07.10",
    "LRScheduler.__init__",
    "Your first rates are the present ones, also where a group has an initial_lr already. A second "
    "schedule takes what the first one has set for the first rate. Leave an entry that is there.",
)
def the_present_rate_for_the_first(self, optimizer, last_epoch=-1):
    admit("schedule", self, (optimizer, last_epoch))
    self.optimizer = optimizer
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
    self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
    self.last_epoch, self._step_count = -1, 0
    self.step()


@wrong(
    "07.10",
    "LRScheduler.__init__",
    "Your schedule begins at epoch 0 and makes a step, so that it stands at epoch 1 before the "
    "first update, and the rate of epoch 0 is never used. Begin at -1.",
)
def a_beginning_at_epoch_1(self, optimizer, last_epoch=-1):
    admit("schedule", self, (optimizer, last_epoch))
    self.optimizer = optimizer
    for group in optimizer.param_groups:
        group.setdefault("initial_lr", group["lr"])
    self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
    self.last_epoch, self._step_count = 0, 0
    self.step()


@wrong(
    "07.10",
    "LRScheduler.step",
    "Your schedule asks for the rates before it goes to the next epoch, so that every rate comes "
    "one epoch late, and get_lr sees epoch -1 at first. Go on first, then ask.",
)
def rates_of_the_epoch_before(self):
    self.warn_of_a_skipped_rate()
    rates = self.get_lr()
    self._step_count += 1
    self.last_epoch += 1
    for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
        group["lr"] = lr
    self._last_lr = self.current()


@wrong(
    "07.10",
    "LRScheduler.step",
    "Your schedule gives every group the first rate. get_lr returns one rate per group, in the "
    "order of the groups: pair them.",
)
def one_rate_for_all_groups(self):
    self.warn_of_a_skipped_rate()
    self._step_count += 1
    self.last_epoch += 1
    rates = self.get_lr()
    for group in self.optimizer.param_groups:
        group["lr"] = rates[0]
    self._last_lr = self.current()


@wrong(
    "07.10",
    "LRScheduler.step",
    "Your schedule multiplies the present rate by what get_lr returns. That is a rate already, not "
    "a factor: set it.",
)
def rates_taken_for_factors(self):
    self.warn_of_a_skipped_rate()
    self._step_count += 1
    self.last_epoch += 1
    for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
        group["lr"] *= lr
    self._last_lr = self.current()


@wrong(
    "07.10",
    "LRScheduler.step",
    "Your schedule counts before it warns. The warning is for the second call, the first one that "
    "a user makes, and it recognises it by a count of 1: ask it first.",
)
def warned_after_counting(self):
    self._step_count += 1
    self.warn_of_a_skipped_rate()
    self.last_epoch += 1
    for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
        group["lr"] = lr
    self._last_lr = self.current()


# ---------------------------------------------------------------------------------------- StepLR


@wrong(
    "07.11",
    "StepLR.get_lr",
    "Your stair falls at epoch 0 already, because 0 is a multiple of everything. The first rate is "
    "never used. Leave epoch 0 out.",
)
def a_fall_at_the_beginning(self):
    if self.last_epoch % self.step_size:
        return self.current()
    return [lr * self.gamma for lr in self.current()]


@wrong(
    "07.11",
    "StepLR.get_lr",
    "Your stair computes each rate from the first one. Alone that is right; beside a second "
    "schedule each undoes what the other did. Multiply the present rate.",
)
def from_the_first_rate(self):
    factor = self.gamma ** (self.last_epoch // self.step_size)
    return [lr * factor for lr in self.base_lrs]


@wrong(
    "07.11",
    "StepLR.get_lr",
    "Your rate falls in every epoch, once the first step_size are over. It is to fall only where "
    "the epoch is a multiple of step_size.",
)
def a_slide_instead_of_a_stair(self):
    if self.last_epoch < self.step_size:
        return self.current()
    return [lr * self.gamma for lr in self.current()]


# ------------------------------------------------------------------------- LambdaLR and cosine


@wrong(
    "07.12",
    "LambdaLR.get_lr",
    "Your LambdaLR multiplies the present rate, so that the factors of all epochs pile up. A "
    "factor of lr_lambda is meant for the first rate.",
)
def factors_that_pile_up(self):
    factors = [function(self.last_epoch) for function in self.lr_lambdas]
    return [lr * factor for lr, factor in zip(self.current(), factors, strict=True)]


@wrong(
    "07.12",
    "LambdaLR.get_lr",
    "Your LambdaLR uses the first function for all groups. self.lr_lambdas has one for each: pair "
    "them with the rates.",
)
def one_function_for_all(self):
    return [lr * self.lr_lambdas[0](self.last_epoch) for lr in self.base_lrs]


@wrong(
    "07.12",
    "half_cosine",
    "Your wave is a whole one: at the end it is back at 1. From 1 to 0 is half of it, an angle of "
    "pi.",
)
def a_whole_wave(epoch, length):
    return (1 + math.cos(2 * math.pi * epoch / length)) / 2


@wrong(
    "07.12",
    "half_cosine",
    "Your wave goes from 1 to -1: a negative rate climbs. Lift the cosine by 1 and halve it.",
)
def a_wave_below_zero(epoch, length):
    return math.cos(math.pi * epoch / length)


@wrong(
    "07.12",
    "warmup_cosine",
    "Your warm-up begins at 0: the first update is computed and then thrown away, and the last "
    "epoch of the warm-up has not reached 1. Count the epochs from 1 here.",
)
def warm_up_from_zero(warmup, total):
    def factor(epoch):
        if epoch < warmup:
            return epoch / warmup
        return half_cosine(min(epoch, total) - warmup, total - warmup)

    return factor


@wrong(
    "07.12",
    "warmup_cosine",
    "Your wave does not know of the warm-up: it begins in the middle of its way, so the rate jumps "
    "down where the warm-up ends. It has total - warmup epochs, and begins at epoch warmup.",
)
def a_wave_that_began_before(warmup, total):
    def factor(epoch):
        if epoch < warmup:
            return (epoch + 1) / warmup
        return half_cosine(min(epoch, total), total)

    return factor


@wrong(
    "07.12",
    "warmup_cosine",
    "Your rate rises again after the end, because a cosine does. A run that lasts one epoch longer "
    "than planned would begin to shake. From total on the factor is 0.",
)
def up_again_after_the_end(warmup, total):
    def factor(epoch):
        if epoch < warmup:
            return (epoch + 1) / warmup
        return half_cosine(epoch - warmup, total - warmup)

    return factor


# ------------------------------------------------------------------------------------ debug it


@wrong(
    "07.13",
    "train",
    "Your schedule goes on once per epoch, while its warm-up and its length are counted in "
    "updates. Its step belongs into the loop that makes updates.",
)
def schedule_once_per_epoch(model, data, epochs, lr, batch=40):
    images, labels = data
    starts = range(0, len(images), batch)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    factor = warmup_cosine(5, total=epochs * len(starts))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    losses, rates = [], []
    for _ in range(epochs):
        for i in starts:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images[i : i + batch]), labels[i : i + batch])
            loss.backward()
            losses.append(loss.item())
            rates.append(schedule.get_last_lr()[0])
            optimizer.step()
        schedule.step()
    return {"losses": losses, "rates": rates, "schedule": schedule}


@wrong(
    "07.13",
    "train",
    "Your schedule goes on before the optimizer. The rate of the first epoch, the smallest of the "
    "warm-up, is never used, and all others come one update early. The optimizer goes first.",
)
def schedule_before_the_optimizer(model, data, epochs, lr, batch=40):
    images, labels = data
    starts = range(0, len(images), batch)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    factor = warmup_cosine(5, total=epochs * len(starts))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    losses, rates = [], []
    for _ in range(epochs):
        for i in starts:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images[i : i + batch]), labels[i : i + batch])
            loss.backward()
            losses.append(loss.item())
            schedule.step()
            rates.append(schedule.get_last_lr()[0])
            optimizer.step()
    return {"losses": losses, "rates": rates, "schedule": schedule}


@wrong(
    "07.13",
    "train",
    "Your schedule still goes on once per epoch; you have shortened it to the number of epochs. "
    "The rate now reaches its end, but stands still within an epoch, and five epochs of warm-up "
    "are more than the whole run. Count in updates.",
)
def schedule_counted_in_epochs(model, data, epochs, lr, batch=40):
    images, labels = data
    starts = range(0, len(images), batch)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup_cosine(1, total=epochs))
    losses, rates = [], []
    for _ in range(epochs):
        for i in starts:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images[i : i + batch]), labels[i : i + batch])
            loss.backward()
            losses.append(loss.item())
            rates.append(schedule.get_last_lr()[0])
            optimizer.step()
        schedule.step()
    return {"losses": losses, "rates": rates, "schedule": schedule}


@wrong(
    "07.13",
    "train",
    "Your schedule goes on in both loops, so that each epoch swallows one rate more than it has "
    "updates. One step of the schedule for each step of the optimizer.",
)
def schedule_in_both_loops(model, data, epochs, lr, batch=40):
    images, labels = data
    starts = range(0, len(images), batch)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    factor = warmup_cosine(5, total=epochs * len(starts))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    losses, rates = [], []
    for _ in range(epochs):
        for i in starts:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images[i : i + batch]), labels[i : i + batch])
            loss.backward()
            losses.append(loss.item())
            rates.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        schedule.step()
    return {"losses": losses, "rates": rates, "schedule": schedule}
