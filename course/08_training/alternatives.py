"""Right versions that are written differently from the reference."""

from tito.misconceptions import right


@right("08.1", "accuracy")
def with_a_loop(outputs, targets):
    right_ones = 0
    for row, target in zip(outputs.tolist(), targets.tolist(), strict=True):
        right_ones += row.index(max(row)) == target
    return right_ones / len(targets)


@right("08.2", "evaluate")
def with_pairs_to_the_end(model, data, loss_fn, metrics=None):
    found, weights = [], []
    functions = dict(metrics or {}, loss=loss_fn)
    with measuring(model):
        for batch in data:
            outputs = model(*batch[:-1])
            found.append([float(function(outputs, batch[-1])) for function in functions.values()])
            weights.append(batch[-1].shape[0])
    if not weights:
        raise ValueError("there were no batches to measure on")
    means = np.average(np.array(found), axis=0, weights=weights)
    return {name: float(mean) for name, mean in zip(functions, means, strict=True)}


@right("08.3", "total_norm")
def as_one_long_vector(*grads):
    long = np.concatenate([np.asarray(g, np.float64).ravel() for g in grads])
    return np.array(np.linalg.norm(long), dtype=np.result_type(*grads))


@right("08.4", "Trainer.compute_gradients")
def counted_first(self, group):
    self.optimizer.zero_grad()
    counts = [len(batch[-1]) for batch in group]
    losses = []
    for batch, count in zip(group, counts, strict=True):
        loss = self.compute_loss(batch) * (count / sum(counts))
        loss.backward()
        losses.append(loss.item())
    return math.fsum(losses)


@right("08.6", "Trainer.groups")
def with_a_list_that_is_filled(self, batches):
    group = []
    for batch in batches:
        group.append(batch)
        if len(group) == self.accumulate:
            yield tuple(group)
            group = []
    if group:
        yield group


@right("08.7", "Trainer.fit")
def with_a_for_loop(self, data, epochs, validation=None, resume=False):
    self.data = data
    self.epochs = epochs
    if resume:
        self.load_checkpoint()
    self.tell("on_fit_begin")
    for _ in range(self.epoch, epochs):
        if not self.stop:
            self.train_epoch()
            self.finish_epoch(validation)
    self.tell("on_fit_end")
    return self.history


@right("08.10", "unpack")
def by_a_table(value, arrays):
    if isinstance(value, list):
        return [unpack(item, arrays) for item in value]
    if isinstance(value, dict):
        kinds = {
            "dict": lambda pairs: {pair[0]: unpack(pair[1], arrays) for pair in pairs},
            "tuple": lambda items: tuple([unpack(item, arrays) for item in items]),
            "tensor": lambda name: Tensor(arrays[name]),
            "array": lambda name: arrays[name],
        }
        return next(kinds[kind](content) for kind, content in value.items())
    return value


@right("08.12", "write_atomically")
def removed_when_it_fails(path, parts):
    path = os.path.realpath(path)
    beside = path + "." + str(os.getpid()) + ".tmp"
    try:
        with telling_what_became_of(path):
            with open(beside, "wb") as file:
                for part in parts:
                    file.write(part)
                file.flush()
                os.fsync(file)
            os.rename(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.remove(beside)
        raise
    force_folder(path)


@right("08.13", "step")
def forgotten_by_the_model_and_again_at_the_end(model, images, labels, optimizer, loss_fn):
    model.zero_grad()
    loss = loss_fn(model(images), labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()
