"""Wrong versions of chapter 06, each with the sentence that helps whoever wrote it."""

from tito.misconceptions import wrong

# --------------------------------------------------------------------------------- the order


@wrong(
    "06.1",
    "topological_order",
    "You visit each node as soon as you first reach it. A node that is reached by a short way "
    "and a long one is then passed on before the long way has delivered its part. Wait until all"
    " who use the node have been visited.",
)
def as_soon_as_reached(roots):
    order, todo = {}, list(roots)
    while todo:
        spot = todo.pop()
        if spot not in order:
            order[spot] = None
            todo += [edge[0] for edge in spot.edges]
    return list(order)


@wrong(
    "06.1",
    "topological_order",
    "You go down level by level, from the roots. A node that is one step away from the loss on "
    "one path and three steps on another comes too early. The distance does not decide, but "
    "whether all who use the node have been visited.",
)
def level_by_level(roots):
    seen = dict.fromkeys(roots)
    todo = list(seen)
    for spot in todo:
        for edge in spot.edges:
            if edge[0] not in seen:
                seen[edge[0]] = None
                todo.append(edge[0])
    return todo


@wrong(
    "06.1",
    "topological_order",
    "Your function calls itself once for each node on the way down. The order is right, but a "
    "chain of some thousand operations is deeper than Python's stack. Keep the nodes that are "
    "still to be done in a list of your own.",
)
def by_recursion(roots):
    finished, seen = [], set()

    def visit(spot):
        if spot not in seen:
            seen.add(spot)
            for edge in spot.edges:
                visit(edge[0])
            finished.append(spot)

    for root in roots:
        visit(root)
    return finished[::-1]


@wrong(
    "06.1",
    "topological_order",
    "Your order begins with the leaves. That is the order of the forward pass; gradients travel "
    "the other way, from the loss down. Turn it round.",
)
def leaves_first(roots):
    finished, seen = [], set()
    for root in roots:
        stack = [(root, False)]
        while stack:
            spot, done = stack.pop()
            if done:
                finished.append(spot)
            elif spot not in seen:
                seen.add(spot)
                stack.append((spot, True))
                stack += [(edge[0], False) for edge in spot.edges]
    return finished


@wrong(
    "06.1",
    "topological_order",
    "You count how many nodes use a value, but take one off for every edge. In x * x one node "
    "uses x by two edges, so the count runs out before the other users were there. Count edges.",
)
def users_instead_of_uses(roots):
    users = dict.fromkeys(roots, 0)
    todo = list(users)
    while todo:
        for target in {edge[0] for edge in todo.pop().edges}:
            if target not in users:
                users[target] = 0
                todo.append(target)
            users[target] += 1
    ready = [root for root in roots if not users[root]]
    order = []
    while ready:
        order.append(ready.pop())
        for edge in order[-1].edges:
            users[edge[0]] -= 1
            if not users[edge[0]]:
                ready.append(edge[0])
    return order


@wrong(
    "06.1",
    "topological_order",
    "You begin with all roots. One root may be below another (somebody asks for the gradients of"
    " y and of z, and z was computed from y): then it must wait like every other node.",
)
def every_root_is_ready(roots):
    users = dict.fromkeys(roots, 0)
    todo = list(users)
    while todo:
        for edge in todo.pop().edges:
            if edge[0] not in users:
                users[edge[0]] = 0
                todo.append(edge[0])
            users[edge[0]] += 1
    ready = list(roots)
    order = []
    while ready:
        order.append(ready.pop())
        for edge in order[-1].edges:
            users[edge[0]] -= 1
            if users[edge[0]] == 0:
                ready.append(edge[0])
    return order


# --------------------------------------------------------------------------------- adding up


@wrong(
    "06.2",
    "accumulate_",
    "Your accumulate_ returns a new array, and the memory of total stays what it was. Whoever "
    "holds total, leaf.grad for one, never hears of the part. Write into it.",
)
def a_sum_that_nobody_holds(total, part):
    return total + part


@wrong(
    "06.2",
    "collect",
    "Your second part replaces the first: = where += is meant. A value that is used twice acts "
    "on the loss in two ways, and both count. Add to what has arrived.",
)
def the_last_one_wins(grads, target, part, owned):
    grads[target] = part, owned


@wrong(
    "06.2",
    "collect",
    "You always add into the first array. It may be the array of somebody else: a + b hands the "
    "same one to both sides. Write into it only if the pair says that it is ours.",
)
def into_the_first_array(grads, target, part, owned):
    if target not in grads:
        grads[target] = part, owned
    else:
        total, ours = grads[target]
        grads[target] = apply("accumulate_", total, part), ours


@wrong(
    "06.2",
    "collect",
    "Your condition looks at the part that arrives now. What is written into is the array that "
    "arrived first, so its flag is the one that counts.",
)
def the_wrong_flag(grads, target, part, owned):
    if target not in grads:
        grads[target] = part, owned
    else:
        total, _ = grads[target]
        grads[target] = apply("accumulate_" if owned else "add", total, part), True


@wrong(
    "06.2",
    "collect",
    "You always make a new array for the sum. The result is right, but a weight that is used a "
    "thousand times costs a thousand arrays. Where the first array is ours, add into it.",
)
def always_a_new_array(grads, target, part, owned):
    if target not in grads:
        grads[target] = part, owned
    else:
        grads[target] = apply("add", grads[target][0], part), True


@wrong(
    "06.2",
    "collect",
    "After the first sum you still say that the array belongs to somebody else. It was made by "
    "your own addition: it is ours, and the next part can be added into it.",
)
def the_sum_is_not_ours(grads, target, part, owned):
    if target not in grads:
        grads[target] = part, owned
    else:
        total, ours = grads[target]
        grads[target] = apply("accumulate_" if ours else "add", total, part), ours


@wrong(
    "06.2",
    "accumulate",
    "You replace leaf.grad. Gradients of several backwards add up until they are cleared: that "
    "is what makes a large batch out of small ones, and why zero_grad exists.",
)
def replaces_the_gradient(leaf, g, owned):
    leaf.grad = g if owned else Tensor(g.array.copy())


@wrong(
    "06.2",
    "accumulate",
    "The first gradient becomes leaf.grad as it is, also where somebody else holds its array. "
    "The next backward, or a clearing of the gradient in place, then changes it for them too. "
    "Copy it unless it is owned.",
)
def never_copies(leaf, g, owned):
    if leaf.grad is None:
        leaf.grad = g
    else:
        apply("accumulate_", leaf.grad, g)


# --------------------------------------------------------------------------------- arithmetic


@wrong(
    "06.3",
    "mul_da",
    "You return the slope without the gradient that came from above. A rule answers by the chain"
    " rule: g times the slope.",
)
def slope_without_g(g, b):
    return b + 0 * g


@wrong(
    "06.3",
    "sub_db",
    "If b grows, a - b gets smaller. The gradient of b needs a minus sign.",
)
def the_sign_of_a_difference(g):
    return g


@wrong(
    "06.3",
    "div_db",
    "You treat b as if it stood above the line. a / b falls when b grows, by a / b², which is "
    "out / b.",
)
def b_above_the_line(g, out, b):
    return g * out


@wrong(
    "06.3",
    "div_db",
    "You divide by b only once in all: out is a / b already, and one more b is missing below it.",
)
def one_b_too_few(g, out, b):
    return -g * out


@wrong(
    "06.3",
    "neg_dx",
    "You negate in place, so the caller's g is changed with it. Somebody else may still have to "
    "read that array: return a new one.",
)
def negates_g_itself(g):
    g *= -1
    return g


# -------------------------------------------------------------------------------- unbroadcast


@wrong(
    "06.4",
    "unbroadcast",
    "You sum over the dimensions that broadcasting added on the left, but not over those of size"
    " 1 that it stretched. A bias of shape (2, 1) is used once per column too.",
)
def added_dimensions_only(g, shape):
    added = max(g.ndim - len(shape), 0)
    return g.sum(tuple(range(added))) if added else g.reshape(shape) if g.size == 1 else g


@wrong(
    "06.4",
    "unbroadcast",
    "You sum over the stretched dimensions, but not over those that broadcasting added on the "
    "left. The result has more dimensions than the input had.",
)
def stretched_dimensions_only(g, shape):
    for back in range(1, min(g.ndim, len(shape)) + 1):
        if shape[-back] == 1:
            g = g.sum(-back, keepdims=True)
    return g


@wrong(
    "06.4",
    "unbroadcast",
    "You take the mean over the dimensions in which the input was stretched. A value that was "
    "used k times acts on the loss k times: its gradients are added up.",
)
def mean_instead_of_sum(g, shape):
    while g.ndim > len(shape):
        g = g.mean(0)
    g = g.reshape((1,) * (len(shape) - g.ndim) + g.shape)
    for i, n in enumerate(shape):
        if n == 1:
            g = g.mean(i, keepdims=True)
    return g


@wrong(
    "06.4",
    "unbroadcast",
    "You line the shapes up from the left. Broadcasting lines them up from the right: the "
    "missing dimensions stand in front.",
)
def lined_up_from_the_left(g, shape):
    while g.ndim > len(shape):
        g = g.sum(-1)
    g = g.reshape((1,) * (len(shape) - g.ndim) + g.shape)
    for i, n in enumerate(shape):
        if n == 1:
            g = g.sum(i, keepdims=True)
    return g


@wrong(
    "06.4",
    "unbroadcast",
    "You take the first of the copies instead of their sum. Each copy passed a gradient back, "
    "and all of them belong to the one value.",
)
def one_of_the_copies(g, shape):
    while g.ndim > len(shape):
        g = g[0]
    g = g.reshape((1,) * (len(shape) - g.ndim) + g.shape)
    for i, n in enumerate(shape):
        if n == 1:
            g = g.take([0], i)
    return g


# -------------------------------------------------------------------------------------- notes


@wrong(
    "06.5",
    "Node.__init__",
    "You keep every array for every edge. It works, but the graph then holds values that no rule"
    " will ask for: an addition needs none. Keep what rule.tensors names.",
)
def keeps_everything(self, op, tensors, options, out):
    self.op, self.edges, self.kept = op, [], []
    arrays = [t.array for t in tensors]
    for position, t in enumerate(tensors):
        if t.requires_grad:
            rule = RULES.get(op, {}).get(position) or RULES.get(op, {}).get(ANY, NO_RULE)
            settings = settings_of(rule, op, position, tensors, options) if rule.asks else {}
            self.edges.append((target_of(t), t.shape, rule.op, settings))
            self.kept.append([*arrays, out.array])


@wrong(
    "06.5",
    "Node.__init__",
    "You give every input an edge. A constant, or a batch of images, needs no gradient, and the "
    "matrix product that would compute it is a third of a layer's work. Skip inputs that do not "
    "require one.",
)
def an_edge_for_everyone(self, op, tensors, options, out):
    self.op, self.edges, self.kept = op, [], []
    arrays = [*(t.array for t in tensors), out.array]
    for position, t in enumerate(tensors):
        rule = RULES.get(op, {}).get(position) or RULES.get(op, {}).get(ANY, NO_RULE)
        settings = settings_of(rule, op, position, tensors, options) if rule.asks else {}
        self.edges.append((target_of(t), t.shape, rule.op, settings))
        wanted = range(len(tensors)) if rule.tensors is None else rule.tensors
        self.kept.append([arrays[i] for i in wanted])


@wrong(
    "06.5",
    "Node.__init__",
    "Your edges lead to the tensors instead of to the nodes that made them. The walk ends there:"
    " the gradient stays in the middle of the graph. target_of says where it goes.",
)
def edges_to_tensors(self, op, tensors, options, out):
    self.op, self.edges, self.kept = op, [], []
    arrays = [*(t.array for t in tensors), out.array]
    for position, t in enumerate(tensors):
        if t.requires_grad:
            rule = RULES.get(op, {}).get(position) or RULES.get(op, {}).get(ANY, NO_RULE)
            settings = settings_of(rule, op, position, tensors, options) if rule.asks else {}
            wanted = range(len(tensors)) if rule.tensors is None else rule.tensors
            self.edges.append((t, t.shape, rule.op, settings))
            self.kept.append([arrays[i] for i in wanted])


@wrong(
    "06.5",
    "Node.__init__",
    "You note the shape of the output. Unbroadcast needs that of the input, to which the "
    "gradient is summed back.",
)
def the_shape_of_the_output(self, op, tensors, options, out):
    self.op, self.edges, self.kept = op, [], []
    arrays = [*(t.array for t in tensors), out.array]
    for position, t in enumerate(tensors):
        if t.requires_grad:
            rule = RULES.get(op, {}).get(position) or RULES.get(op, {}).get(ANY, NO_RULE)
            settings = settings_of(rule, op, position, tensors, options) if rule.asks else {}
            wanted = range(len(tensors)) if rule.tensors is None else rule.tensors
            self.edges.append((target_of(t), (*out.shape, *out.shape), rule.op, settings))
            self.kept.append([arrays[i] for i in wanted])


@wrong(
    "06.5",
    "Node.__init__",
    "Position -1 is the output. Your list of arrays ends with the last input, so a rule that "
    "asks for the output gets an input instead.",
)
def no_place_for_the_output(self, op, tensors, options, out):
    self.op, self.edges, self.kept = op, [], []
    arrays = [t.array for t in tensors]
    for position, t in enumerate(tensors):
        if t.requires_grad:
            rule = RULES.get(op, {}).get(position) or RULES.get(op, {}).get(ANY, NO_RULE)
            settings = settings_of(rule, op, position, tensors, options) if rule.asks else {}
            wanted = range(len(tensors)) if rule.tensors is None else rule.tensors
            self.edges.append((target_of(t), t.shape, rule.op, settings))
            self.kept.append([arrays[i] for i in wanted])


# ----------------------------------------------------------------------------------- one step


@wrong(
    "06.6",
    "Node.gradients",
    "You return what the rule computed, without summing back where the input was stretched. Its "
    "gradient then has the shape of the output, and a bias of shape (3,) gets one of (2, 3).",
)
def without_summing_back(self, g, useful=None):
    return [
        (target, apply(rule, g, *map(Tensor, arrays), **settings))
        for (target, _, rule, settings), arrays in self.opened(useful)
    ]


@wrong(
    "06.6",
    "Node.gradients",
    "You run the rule without the settings that stand in its edge. A rule of a reduction then "
    "does not know along which dimension it went.",
)
def without_settings(self, g, useful=None):
    parts = []
    for (target, shape, rule, _), arrays in self.opened(useful):
        part = apply(rule, g, *map(Tensor, arrays))
        if part.shape != shape:
            part = apply("unbroadcast", part, shape=shape)
        parts.append((target, part))
    return parts


@wrong(
    "06.6",
    "Node.gradients",
    "You call the rules past the door. The numbers are right, but nobody who listens hears the "
    "backward pass: no profiler, and no detector of NaN. Use apply.",
)
def past_the_door(self, g, useful=None):
    from tinytorch.core.tensor import KERNELS

    parts = []
    for (target, shape, rule, settings), arrays in self.opened(useful):
        part = KERNELS[rule](g.array, *arrays, **settings)
        parts.append((target, Tensor(part if part.shape == shape else unbroadcast(part, shape))))
    return parts


@wrong(
    "06.6",
    "Node.gradients",
    "You go through all edges, whether they are useful or not. grad(loss, x) then computes the "
    "gradients of all weights only to drop them. Hand `useful` on to opened.",
)
def useful_or_not(self, g, useful=None):
    parts = []
    for (target, shape, rule, settings), arrays in self.opened():
        part = apply(rule, g, *map(Tensor, arrays), **settings)
        if part.shape != shape:
            part = apply("unbroadcast", part, shape=shape)
        parts.append((target, part))
    return parts


# ----------------------------------------------------------------------------------- the walk


@wrong(
    "06.7",
    "backward",
    "You begin at the tensor instead of at the node that made it. A tensor has no edges, so the "
    "walk ends where it begins, and its own grad is all that is set. target_of leads to the "
    "node.",
)
def begins_at_the_tensor(tensor, gradient=None, retain_graph=False, create_graph=False):
    refuse_create_graph(create_graph)
    propagate({tensor: seed(tensor, gradient)}, retain_graph)


@wrong(
    "06.7",
    "backward",
    "You start from ones, whatever gradient was passed in. seed looks at it, and refuses one of "
    "the wrong shape.",
)
def always_from_ones(tensor, gradient=None, retain_graph=False, create_graph=False):
    refuse_create_graph(create_graph)
    ones = Tensor(np.ones(tensor.shape, tensor.dtype))
    propagate({target_of(tensor): ones}, retain_graph)


@wrong(
    "06.7",
    "walk",
    "Your walk adds to .grad even where found is given. Then gradcheck and grad, which only ask, "
    "leave gradients behind in the leaves.",
)
def leaves_are_touched_by_questions(order, grads, retain_graph=False, useful=None, found=None):
    for target in order:
        if target in grads:
            g, owned = grads.pop(target)
            if target._hooks or found:
                g, owned = looked_at(target, g, found), False
            if isinstance(target, Node):
                parts = target.gradients(g, useful)
                for below, part in parts:
                    new = part.array is not g.array and part.array.base is None
                    collect(grads, below, part, new)
                if parts and not retain_graph:
                    target.free()
            else:
                accumulate(target, g, owned)


@wrong(
    "06.7",
    "walk",
    "Your walk never asks looked_at. Hooks are not called then, and whoever asked for a gradient "
    "through found gets none.",
)
def nobody_may_look(order, grads, retain_graph=False, useful=None, found=None):
    for target in order:
        if target in grads:
            g, owned = grads.pop(target)
            if isinstance(target, Node):
                parts = target.gradients(g, useful)
                for below, part in parts:
                    new = part.array is not g.array and part.array.base is None
                    collect(grads, below, part, new)
                if parts and not retain_graph:
                    target.free()
            elif found is None:
                accumulate(target, g, owned)


@wrong(
    "06.7",
    "walk",
    "A gradient that a hook has seen is still taken for yours. The hook may have kept it, and the "
    "next sum is written into what it kept. After looked_at it is no longer yours alone.",
)
def still_owned_after_a_look(order, grads, retain_graph=False, useful=None, found=None):
    for target in order:
        if target in grads:
            g, owned = grads.pop(target)
            if target._hooks or found:
                g = looked_at(target, g, found)
            if isinstance(target, Node):
                parts = target.gradients(g, useful)
                for below, part in parts:
                    new = part.array is not g.array and part.array.base is None
                    collect(grads, below, part, new)
                if parts and not retain_graph:
                    target.free()
            elif found is None:
                accumulate(target, g, owned)


@wrong(
    "06.7",
    "walk",
    "You never free what the nodes kept. A second backward through the same graph then goes "
    "through silently, and the memory of a step stays until the loss is gone. Call free unless "
    "the graph is to be retained.",
)
def never_frees(order, grads, retain_graph=False, useful=None, found=None):
    for target in order:
        if target in grads:
            g, owned = grads.pop(target)
            if target._hooks or found:
                g, owned = looked_at(target, g, found), False
            if isinstance(target, Node):
                for below, part in target.gradients(g, useful):
                    new = part.array is not g.array and part.array.base is None
                    collect(grads, below, part, new)
            elif found is None:
                accumulate(target, g, owned)


@wrong(
    "06.7",
    "walk",
    "You treat every part as new. A rule may return g itself, as that of + does twice: then two "
    "places own one array, and a sum that is written into it appears in both.",
)
def everything_is_new(order, grads, retain_graph=False, useful=None, found=None):
    for target in order:
        if target in grads:
            g, owned = grads.pop(target)
            if target._hooks or found:
                g, owned = looked_at(target, g, found), False
            if isinstance(target, Node):
                parts = target.gradients(g, useful)
                for below, part in parts:
                    collect(grads, below, part, True)
                if parts and not retain_graph:
                    target.free()
            elif found is None:
                accumulate(target, g, owned)


@wrong(
    "06.7",
    "walk",
    "You recognise g itself, but not a view of it. A slice or a transpose is another array "
    "object on the same memory: its base is not None.",
)
def a_view_is_new(order, grads, retain_graph=False, useful=None, found=None):
    for target in order:
        if target in grads:
            g, owned = grads.pop(target)
            if target._hooks or found:
                g, owned = looked_at(target, g, found), False
            if isinstance(target, Node):
                parts = target.gradients(g, useful)
                for below, part in parts:
                    collect(grads, below, part, part.array is not g.array)
                if parts and not retain_graph:
                    target.free()
            elif found is None:
                accumulate(target, g, owned)


@wrong(
    "06.7",
    "walk",
    "You put each part into the table with =. Where a value was used twice, the second part "
    "replaces the first. collect adds them up.",
)
def parts_replace_each_other(order, grads, retain_graph=False, useful=None, found=None):
    for target in order:
        if target in grads:
            g, owned = grads.pop(target)
            if target._hooks or found:
                g, owned = looked_at(target, g, found), False
            if isinstance(target, Node):
                parts = target.gradients(g, useful)
                for below, part in parts:
                    grads[below] = part, False
                if parts and not retain_graph:
                    target.free()
            elif found is None:
                accumulate(target, g, owned)


@wrong(
    "06.7",
    "backward",
    "You free the graph in every case: retain_graph is not handed on. Whoever asks for it wants "
    "to walk the same graph again.",
)
def retain_graph_is_dropped(tensor, gradient=None, retain_graph=False, create_graph=False):
    refuse_create_graph(create_graph)
    propagate({target_of(tensor): seed(tensor, gradient)}, False)


# ---------------------------------------------------------------------------------- one value


@wrong(
    "06.8",
    "sigmoid_dx",
    "You apply the sigmoid once more. The rule is given the output, which is s(x) already: the "
    "slope is out * (1 - out).",
)
def sigmoid_of_the_output(g, out):
    share = 1 / (1 + np.exp(-out))
    return g * share * (1 - share)


@wrong(
    "06.8",
    "tanh_dx",
    "You apply tanh once more. The rule is given the output: the slope is 1 - out².",
)
def tanh_of_the_output(g, out):
    return g * (1 - np.tanh(out) ** 2)


@wrong(
    "06.8",
    "relu_dx",
    "You let the gradient through where the output is 0. Below zero a small step changes "
    "nothing, so nothing goes back there; at exactly 0 the agreement, ours and PyTorch's, is 0 "
    "too.",
)
def relu_at_zero(g, out):
    return g * (out >= 0)


@wrong(
    "06.8",
    "gelu_dx",
    "x * share(x) is a product, and you have only one of the two terms: share stands there, but "
    "when x moves, share moves too.",
)
def one_term_of_two(g, out, x, approximate):
    return g * np.divide(out, x, out=np.full_like(x, 0.5), where=x != 0)


@wrong(
    "06.8",
    "pow_da",
    "Your formula is b * a^(b-1), which is right until b is 0 and a is 0: 0 * 0^(-1) is 0 times "
    "infinity, and one NaN spoils the whole step. The slope of a^0 is 0.",
)
def nan_at_zero(g, a, b):
    return g * b * np.power(a, b - 1)


@wrong(
    "06.8",
    "sqrt_dx",
    "1 / (2 * sqrt(x)) is what you mean, but out is sqrt(x) already, and you take the root again.",
)
def root_of_the_root(g, out):
    return g / (2 * np.sqrt(out))


# ----------------------------------------------------------------------------- matrix products


@wrong(
    "06.9",
    "matmul_da",
    "You left out the transpose. Where the matrices are square nothing complains, and the "
    "gradient is wrong all the same: dA = G Bᵀ.",
)
def without_the_transpose(g, b, a_shape):
    if len(a_shape) == 1:
        return (b @ g[..., None])[..., 0] if b.ndim > 1 else g * b
    return (
        g[..., None] * b
        if b.ndim == 1
        else g @ (b if b.shape[-1] == b.shape[-2] else b.swapaxes(-1, -2))
    )


@wrong(
    "06.9",
    "matmul_db",
    "You have the two factors the wrong way round. dB = Aᵀ G has the shape of B; Gᵀ A is its "
    "transpose.",
)
def factors_the_wrong_way(g, a, b_shape):
    if len(b_shape) == 1 or a.ndim == 1:
        return g[..., None] * a if a.ndim > 1 else a[:, None] * g[..., None, :]
    return g.swapaxes(-1, -2) @ a


@wrong(
    "06.9",
    "matmul_db",
    "Your .T turns all dimensions of a batch round, not only the last two. Swap axes -1 and -2.",
)
def all_axes_turned(g, a, b_shape):
    if len(b_shape) == 1:
        return rows(g[..., None] * a).sum(0) if a.ndim > 1 else g * a
    if a.ndim == 1:
        return a[:, None] * g[..., None, :]
    return a.T @ g


@wrong(
    "06.9",
    "linear_dweight",
    "Your gradient of the weight has the shape (in, out). The weight is stored as (out, in): "
    "each row belongs to one output.",
)
def weight_the_other_way(g, x):
    return rows(x).T @ rows(g)


@wrong(
    "06.9",
    "linear_dbias",
    "You take the mean over the batch. Each example adds its gradient; whether the loss is a "
    "mean was decided in the loss, and is in g already.",
)
def mean_over_the_batch(g):
    return rows(g).mean(0)


@wrong(
    "06.9",
    "linear_dbias",
    "You sum over the first dimension only. A batch of sequences has two dimensions before the "
    "last one, and the bias was used along both.",
)
def first_dimension_only(g):
    return g.sum(0)


# ---------------------------------------------------------------------------------- reductions


@wrong(
    "06.10",
    "stretched",
    "Your stretched makes a float64 array, which is what np.empty and np.ones do unless told. From "
    "there on the whole backward pass computes in float64. Keep the dtype of g.",
)
def stretched_into_float64(g, shape):
    return np.ones(shape) * g


@wrong(
    "06.10",
    "mean_dx",
    "You pass the whole gradient to every value. Each of n values moves the mean by only 1/n.",
)
def mean_like_a_sum(g, x_shape, dim, keepdim):
    return stretched(restored(g, dim, keepdim, len(x_shape)), x_shape)


@wrong(
    "06.10",
    "mean_dx",
    "You divide by the number of all values. A mean along one dimension has only that "
    "dimension's values in it: as many as the input has per value of g.",
)
def divided_by_all(g, x_shape, dim, keepdim):
    return stretched(restored(g, dim, keepdim, len(x_shape)) / math.prod(x_shape), x_shape)


@wrong(
    "06.10",
    "restored",
    "You let NumPy line the shapes up from the right. The dimension that was reduced may have "
    "been in the middle or at the end: it must come back where it was.",
)
def trusting_broadcast(g, dim, keepdim, ndim):
    return g


@wrong(
    "06.10",
    "extremum_dx",
    "Where several values tie, you give the whole gradient to each of them. Together they get "
    "too much: they share it.",
)
def everyone_gets_all(g, out, x, dim, keepdim):
    hit = x == restored(out, dim, keepdim, x.ndim)
    return (hit * restored(g, dim, keepdim, x.ndim)).astype(g.dtype)


@wrong(
    "06.10",
    "softmax_dx",
    "You treat softmax as if each value stood alone, like a sigmoid: out * (1 - out). Raising "
    "one score lowers the shares of all others, and that part is missing.",
)
def like_a_sigmoid(g, out, dim):
    return g * out * (1 - out)


@wrong(
    "06.10",
    "softmax_dx",
    "You sum over the whole array. Rows do not compete with each other: sum along dim, and keep "
    "it.",
)
def sum_of_the_whole_batch(g, out, dim):
    return out * (g - (g * out).sum())


@wrong(
    "06.10",
    "log_softmax_dx",
    "You subtract the shares themselves, as cross-entropy does when g is -1 at the label and 0 "
    "elsewhere. In general, each share is multiplied by the sum of g along dim.",
)
def only_for_cross_entropy(g, out, dim):
    return g - np.exp(out)


# -------------------------------------------------------------------------------------- moving


@wrong(
    "06.11",
    "getitem_dx",
    "grad[places] += g writes once per place: where a place was taken twice, the second gradient"
    " replaces the first. np.add.at adds both.",
)
def taken_twice_counted_once(g, x_shape, index):
    grad = np.zeros(x_shape, g.dtype)
    part, rest = after_integers(grad, index)
    part[rest] = g
    return grad


@wrong(
    "06.11",
    "permute_dx",
    "You permute by the same order again. That is the way back only for a swap of two: in "
    "general, the inverse order leads back.",
)
def the_same_order_again(g, order):
    return g.transpose(order)


@wrong(
    "06.11",
    "setitem_dx",
    "You write the zeros into g itself. The rule for the value, and others, still have to read "
    "it: change a copy.",
)
def zeros_into_g(g, index):
    part, rest = after_integers(g, index)
    part[rest] = 0
    return g


@wrong(
    "06.11",
    "setitem_dx",
    "You pass the whole gradient on. What was overwritten cannot act on the loss any more: its "
    "gradient is 0 there.",
)
def overwritten_values_count(g, index):
    return g.copy()


@wrong(
    "06.11",
    "nll_dlog_probs",
    "The loss is minus the log-probability at the label. Without the minus sign the network "
    "learns to be wrong.",
)
def sign_of_the_loss(g, labels, share, log_probs_shape):
    grad = np.zeros(log_probs_shape, np.float32)
    grad[np.arange(len(labels)), labels] = g * share
    return grad


@wrong(
    "06.11",
    "nll_dlog_probs",
    "grad[:, labels] takes all labels in every row. Row 0 goes with label 0, row 1 with label 1:"
    " give both indices.",
)
def every_label_in_every_row(g, labels, share, log_probs_shape):
    grad = np.zeros(log_probs_shape, np.float32)
    grad[:, labels] = (g * -share)[..., None] if np.ndim(g * -share) else g * -share
    return grad


# --------------------------------------------------------------------------------------- tools


@wrong(
    "06.12",
    "Switch.__exit__",
    "You set the mode to True at the end of the block. Within another no_grad that switches "
    "recording on too early: go back to what it was before.",
)
def always_on_afterwards(self, *error):
    self.before.pop()
    MODE.enabled = True


@wrong(
    "06.12",
    "Switch.__exit__",
    "Your __exit__ returns a true value, which tells Python that the error is dealt with: errors"
    " in the block vanish. Return nothing.",
)
def swallows_errors(self, *error):
    MODE.enabled = self.before.pop()
    return True


@wrong(
    "06.12",
    "Switch.__enter__",
    "You remember only the latest mode. When one switch is entered twice, the first one is lost."
    " `before` is a list: append to it.",
)
def room_for_one(self):
    self.before = [MODE.enabled]
    MODE.enabled = self.mode


@wrong(
    "06.12",
    "differences",
    "You compare x + eps with x itself. The slope is then that of a point half a step to the "
    "right; looking to both sides, the error is that of eps², not eps.",
)
def to_one_side(value, array, eps):
    numeric = np.zeros(array.shape)
    with no_grad():
        for place in np.ndindex(array.shape):
            here = array[place]
            below = value()
            array[place] = here + eps
            numeric[place] = (value() - below) / eps
            array[place] = here
    return numeric


@wrong(
    "06.12",
    "differences",
    "You do not put the entry back before you move the next one. From the second entry on, you "
    "measure at another point, and the caller's tensor is changed.",
)
def not_put_back(value, array, eps):
    numeric = np.zeros(array.shape)
    with no_grad():
        for place in np.ndindex(array.shape):
            array[place] += eps
            above = value()
            array[place] -= 2 * eps
            numeric[place] = (above - value()) / (2 * eps)
    return numeric


@wrong(
    "06.12",
    "gradcheck",
    "You compare the gradients of the plain sum. Operations whose values always add up to the "
    "same, such as softmax, then pass with any rule. Weigh the values, each by another number.",
)
def plain_sum(function, inputs, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True):
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    moved, out = movable(inputs), function(*inputs)
    found = {target_of(t): None for t in moved}
    propagate({target_of(out): Tensor(np.ones(out.shape))}, False, found)
    for number, t in enumerate(moved):
        numeric = differences(lambda: function(*inputs).array.sum(), t.array, eps)
        g = found[target_of(t)]
        got = np.zeros(t.shape) if g is None else g.array
        if not agree(number, got, numeric, rtol, atol, raise_exception):
            return False
    return True


@wrong(
    "06.12",
    "gradcheck",
    "You look at the first input only. An operation has a rule for each of its inputs, and each "
    "can be wrong.",
)
def first_input_only(function, inputs, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True):
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    moved, out = movable(inputs)[:1], function(*inputs)
    weights = Tensor(np.random.default_rng(0).uniform(0.5, 1.5, out.shape))
    found = {target_of(t): None for t in moved}
    propagate({target_of(out): weights}, False, found)
    for number, t in enumerate(moved):
        numeric = differences(lambda: (function(*inputs).array * weights.array).sum(), t.array, eps)
        g = found[target_of(t)]
        got = np.zeros(t.shape) if g is None else g.array
        if not agree(number, got, numeric, rtol, atol, raise_exception):
            return False
    return True


# -------------------------------------------------------------------------------------- debug it


@wrong(
    "06.13",
    "swish_dx",
    "The fault is still there: g is changed in place. + handed the same array to the shortcut, "
    "and that one waits to be read. Compute a new array.",
)
def still_in_place(g, x):
    share = 1 / (1 + np.exp(-x))
    np.multiply(g, share + x * share * (1 - share), out=g)
    return g


@wrong(
    "06.13",
    "swish_dx",
    "You repaired the shortcut's share by adding it into the rule. A rule knows one operation: "
    "swish alone now gets a gradient that is too large by g.",
)
def the_shortcut_in_the_rule(g, x):
    share = 1 / (1 + np.exp(-x))
    return g + g * (share + x * share * (1 - share))


@wrong(
    "06.13",
    "swish_dx",
    "g is left alone now, but the slope has lost a term: when x moves, the sigmoid moves with it.",
)
def half_of_the_slope(g, x):
    return g / (1 + np.exp(-x))


@wrong(
    "06.13",
    "swish_dx",
    "g is left alone now, but a sign has turned: the sigmoid rises with x, so its term is added.",
)
def a_turned_sign(g, x):
    share = 1 / (1 + np.exp(-x))
    return g * (share - x * share * (1 - share))
