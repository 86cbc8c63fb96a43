"""Right versions that are written differently from the reference: the checks accept them."""

from tito.misconceptions import right


@right("06.1", "topological_order")
def postorder_reversed(roots):
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
    return finished[::-1]


@right("06.2", "accumulate_")
def by_np_add(total, part):
    return np.add(total, part, out=total)


@right("06.2", "collect")
def always_a_new_sum_or_a_write(grads, target, part, owned):
    before = grads.get(target)
    if before is None:
        grads[target] = (part, owned)
    elif before[1]:
        before[0].array[...] += part.array
    else:
        grads[target] = (Tensor(before[0].array + part.array), True)


@right("06.4", "unbroadcast")
def one_axis_after_the_other(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    g = g.reshape((1,) * (len(shape) - g.ndim) + g.shape)
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


@right("06.7", "walk")
def with_a_table_of_its_own(order, grads, retain_graph=False, useful=None, found=None):
    for spot in order:
        pair = grads.pop(spot, None)
        if pair is None:
            continue
        g, ours = pair
        if spot._hooks or found:
            g, ours = looked_at(spot, g, found), False
        if not isinstance(spot, Node):
            if found is None:
                accumulate(spot, g, ours)
            continue
        freed = False
        for below, part in spot.gradients(g, useful):
            freed = True
            collect(grads, below, part, not np.shares_memory(part.array, g.array))
        if freed and not retain_graph:
            spot.free()


@right("06.9", "matmul_db")
def by_moving_the_axes(g, a, b_shape):
    if len(b_shape) == 1:
        return np.tensordot(g, a, axes=g.ndim) if g.ndim else g * a
    if a.ndim == 1:
        return np.einsum("k,...m->...km", a, g)
    return np.swapaxes(a, -2, -1) @ g


@right("06.10", "stretched")
def always_a_view(g, shape):
    return np.broadcast_to(g, shape)


@right("06.10", "softmax_dx")
def weighted_minus_mean(g, out, dim):
    weighted = out * g
    return weighted - out * weighted.sum(dim, keepdims=True)


@right("06.11", "getitem_dx")
def always_add_at(g, x_shape, index):
    grad = np.zeros(x_shape, g.dtype)
    part, rest = after_integers(grad, index)
    np.add.at(part, rest, g)
    return grad
