"""Wrong versions that learners of chapter 08 write, each with the sentence that helps."""

from tito.misconceptions import wrong

# ------------------------------------------------------------------------------------ 08.1 accuracy


@wrong(
    "08.1",
    "accuracy",
    "Your accuracy looks down each column, where the numbers of different examples stand. The "
    "classes of one example stand in its row: take the largest along the last axis.",
)
def along_the_batch(outputs, targets):
    best = outputs.array.argmax(axis=0)
    return float((best[: len(targets.array)] == targets.array[: len(best)]).mean())


@wrong(
    "08.1",
    "accuracy",
    "Your accuracy is the number of right answers, so it grows with the number of rows. Divide it "
    "by how many rows there are.",
)
def a_count(outputs, targets):
    return float((outputs.array.argmax(axis=-1) == targets.array).sum())


@wrong(
    "08.1",
    "accuracy",
    "Your accuracy compares the largest value itself with the target. What must agree with the "
    "target is the place where the largest value stands.",
)
def the_value_not_the_place(outputs, targets):
    return float((outputs.array.max(axis=-1) == targets.array).mean())


@wrong(
    "08.1",
    "accuracy",
    "Your accuracy is in percent, 0 to 100. What is asked for is the part that is right, 0 to 1.",
)
def percent(outputs, targets):
    return 100 * float((outputs.array.argmax(axis=-1) == targets.array).mean())


@wrong(
    "08.1",
    "accuracy",
    "Your accuracy is a number of NumPy. JSON cannot write it, and a history full of such numbers "
    "cannot be saved: turn it into a float of Python at the end.",
)
def numpy_number(outputs, targets):
    return (outputs.array.argmax(axis=-1) == targets.array).mean()


# ------------------------------------------------------------------------------------ 08.2 evaluate


@wrong(
    "08.2",
    "measuring",
    "Your block leaves the model in training mode, so dropout drops values while it is measured, "
    "and every measurement comes out worse and different each time. Call model.eval() first.",
)
def still_training(model):
    with no_grad():
        yield


@wrong(
    "08.2",
    "measuring",
    "Your block records every operation, as if backward were to follow. It costs the memory of a "
    "whole graph per batch, for nothing: put no_grad around what happens in the block.",
)
def still_recording(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@wrong(
    "08.2",
    "measuring",
    "After your block every module is in training mode, also one that somebody had frozen with "
    "eval(). Note the mode of each module before, and give each its own back.",
)
def everything_to_training(model):
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        model.train()


@wrong(
    "08.2",
    "measuring",
    "When something goes wrong inside your block, the model stays in evaluation mode for the rest "
    "of the program. Restore the modes in a finally, which runs after an error too.",
)
def not_after_an_error(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with no_grad():
        yield
    for module, training in modes:
        module.training = training


@wrong(
    "08.2",
    "evaluate",
    "Your evaluate takes the mean of the batch means, so a last batch with one example in it "
    "counts as much as a full one. Let each batch count by its number of examples.",
)
def mean_of_batch_means(model, data, loss_fn, metrics=None):
    measures = {"loss": loss_fn, **(metrics or {})}
    sums, count = dict.fromkeys(measures, 0.0), 0
    with measuring(model):
        for *inputs, targets in data:
            outputs = model(*inputs)
            for name, measure in measures.items():
                sums[name] += float(measure(outputs, targets))
            count += 1
    if not count:
        raise ValueError("evaluate: the data gave no batches")
    return {name: total / count for name, total in sums.items()}


@wrong(
    "08.2",
    "evaluate",
    "Your evaluate runs the model in whatever mode it is in, usually training mode, with dropout "
    "at work. Measure inside the block that you have built.",
)
def without_the_block(model, data, loss_fn, metrics=None):
    measures = {"loss": loss_fn, **(metrics or {})}
    sums, count = dict.fromkeys(measures, 0.0), 0
    for *inputs, targets in data:
        outputs = model(*inputs)
        for name, measure in measures.items():
            sums[name] += float(measure(outputs, targets)) * len(targets)
        count += len(targets)
    if not count:
        raise ValueError("evaluate: the data gave no batches")
    return {name: total / count for name, total in sums.items()}


@wrong(
    "08.2",
    "evaluate",
    "Your evaluate returns what it measured on the last batch alone. Add up over all batches, and "
    "divide once at the end.",
)
def the_last_batch(model, data, loss_fn, metrics=None):
    measures = {"loss": loss_fn, **(metrics or {})}
    found = {}
    with measuring(model):
        for *inputs, targets in data:
            outputs = model(*inputs)
            found = {name: float(measure(outputs, targets)) for name, measure in measures.items()}
    if not found:
        raise ValueError("evaluate: the data gave no batches")
    return found


@wrong(
    "08.2",
    "evaluate",
    "Your evaluate hands the model one input alone. A batch may have several before its targets: "
    "take the last one as the targets, and pass on all the others.",
)
def one_input(model, data, loss_fn, metrics=None):
    measures = {"loss": loss_fn, **(metrics or {})}
    sums, count = dict.fromkeys(measures, 0.0), 0
    with measuring(model):
        for inputs, targets in data:
            outputs = model(inputs)
            for name, measure in measures.items():
                sums[name] += float(measure(outputs, targets)) * len(targets)
            count += len(targets)
    if not count:
        raise ValueError("evaluate: the data gave no batches")
    return {name: total / count for name, total in sums.items()}


# ------------------------------------------------------------------------------------ 08.3 clipping


@wrong(
    "08.3",
    "wide",
    "You make every array float32, also float64, which was wider. Only float16 is too narrow for "
    "its own squares: leave the other types as they are.",
)
def everything_as_float32(x):
    return x.astype(np.float32)


@wrong(
    "08.3",
    "gradients",
    "Your list has a None for every parameter without a gradient, on which the next function "
    "fails. Leave those parameters out.",
)
def with_the_missing(parameters):
    several = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in several]


@wrong(
    "08.3",
    "gradients",
    "Given one tensor, your code loops over its rows, which have no gradient of their own. A "
    "single tensor is one parameter.",
)
def rows_of_a_tensor(parameters):
    return [p.grad for p in parameters if p.grad is not None]


@wrong(
    "08.3",
    "total_norm",
    "Your norm adds up the lengths of the gradients: 3 and 4 give 7. They are parts of one long "
    "vector, whose length is the root of the sum of all squares: 5.",
)
def sum_of_lengths(*grads):
    total = sum(float(np.sqrt(np.vdot(g, g))) for g in map(wide, grads))
    return np.asarray(total, np.result_type(*grads))


@wrong(
    "08.3",
    "total_norm",
    "Your norm is the sum of the squares. Its root is the length.",
)
def without_the_root(*grads):
    return np.asarray(sum(float(np.vdot(g, g)) for g in map(wide, grads)), np.result_type(*grads))


@wrong(
    "08.3",
    "total_norm",
    "Your norm squares float16 values as float16, and everything above 255 overflows to inf. Use "
    "`wide` before squaring.",
)
def squares_in_float16(*grads):
    squares = sum(float((g * g).sum()) for g in grads)
    return np.asarray(math.sqrt(squares), np.result_type(*grads))


@wrong(
    "08.3",
    "shorten",
    "You clip each gradient by its own length. Long ones are cut, short ones are not, and so the "
    "direction of the step changes. One factor, from the length of all together, is for all.",
)
def each_by_itself(grads, norm, max_norm):
    with no_grad():
        for grad in grads:
            own = math.sqrt(float((grad.array.astype("f8") ** 2).sum()))
            factor = float(max_norm) / (own + 1e-6)
            if not factor >= 1:
                apply("scale_", grad, factor=factor)


@wrong(
    "08.3",
    "shorten",
    "You bring every gradient to the length max_norm, also a short one, which is made longer. Near "
    "the minimum, where gradients are small, such steps never get smaller.",
)
def always_scaled(grads, norm, max_norm):
    factor = float(max_norm) / (norm + 1e-6)
    with no_grad():
        for grad in grads:
            apply("scale_", grad, factor=factor)


@wrong(
    "08.3",
    "shorten",
    "You make new, shorter gradients, and nobody gets them: the parameters still hold the old "
    "ones. Write into the gradients themselves; the kernel scale_ does.",
)
def new_tensors(grads, norm, max_norm):
    factor = float(max_norm) / (norm + 1e-6)
    if factor < 1:
        grads = [grad * factor for grad in grads]


@wrong(
    "08.3",
    "shorten",
    "A factor that is NaN is neither below 1 nor at least 1, and your question lets it pass: the "
    "optimizer would get a gradient of which half is NaN. Ask whether the factor is at least 1.",
)
def nan_passes(grads, norm, max_norm):
    factor = float(max_norm) / (norm + 1e-6)
    if factor < 1:
        with no_grad():
            for grad in grads:
                apply("scale_", grad, factor=factor)


@wrong(
    "08.3",
    "clip_grad_norm_",
    "You return the norm after clipping, which is max_norm nearly always and tells nothing. The "
    "norm before is what one wants to see: it warns when a run begins to go wrong.",
)
def norm_afterwards(parameters, max_norm):
    grads = gradients(parameters)
    if not grads:
        return tensor(0.0)
    with no_grad():
        shorten(grads, apply("total_norm", *grads).item(), max_norm)
        return apply("total_norm", *grads)


# --------------------------------------------------------------------- 08.4 the gradient of a group


@wrong(
    "08.4",
    "Trainer.compute_loss",
    "You pass the targets to the loss function first. Squared errors do not notice; cross-entropy "
    "and most others do. The outputs of the model come first.",
)
def targets_first(self, batch):
    *inputs, targets = batch
    return self.loss_fn(targets, self.model(*inputs))


@wrong(
    "08.4",
    "Trainer.compute_gradients",
    "You never forget the gradients of the group before. backward adds to .grad, so each step "
    "follows the sum of all gradients since the beginning. Begin with zero_grad.",
)
def never_forgotten(self, group):
    total, mean = sum(self.examples(batch) for batch in group), 0.0
    for batch in group:
        share = self.examples(batch) / total
        loss = self.compute_loss(batch)
        (loss * share).backward()
        mean += loss.item() * share
    return mean


@wrong(
    "08.4",
    "Trainer.compute_gradients",
    "You forget the gradients before each batch, so of a group only its last batch is left. Forget "
    "them once, before the loop; within the group they are to add up.",
)
def forgotten_within_the_group(self, group):
    total, mean = sum(self.examples(batch) for batch in group), 0.0
    for batch in group:
        self.optimizer.zero_grad()
        share = self.examples(batch) / total
        loss = self.compute_loss(batch)
        (loss * share).backward()
        mean += loss.item() * share
    return mean


@wrong(
    "08.4",
    "Trainer.compute_gradients",
    "You forget the gradients at the end, after they were made. The optimizer finds none, and "
    "nothing moves. Forget the old ones before the new ones are made.",
)
def forgotten_at_the_end(self, group):
    total, mean = sum(self.examples(batch) for batch in group), 0.0
    for batch in group:
        share = self.examples(batch) / total
        loss = self.compute_loss(batch)
        (loss * share).backward()
        mean += loss.item() * share
    self.optimizer.zero_grad(set_to_none=False)
    return mean


@wrong(
    "08.4",
    "Trainer.compute_gradients",
    "Every batch of your group counts the same, so the single example of a short batch weighs as "
    "much as all of a full one. Weigh each batch by its share of the examples.",
)
def every_batch_the_same(self, group):
    self.optimizer.zero_grad()
    mean = 0.0
    for batch in group:
        loss = self.compute_loss(batch)
        (loss / len(group)).backward()
        mean += loss.item() / len(group)
    return mean


@wrong(
    "08.4",
    "Trainer.compute_gradients",
    "You divide by self.accumulate. The last group of an epoch has fewer batches than that, and "
    "its gradient comes out too small. Weigh by the examples that are really there.",
)
def divided_by_accumulate(self, group):
    self.optimizer.zero_grad()
    mean = 0.0
    for batch in group:
        loss = self.compute_loss(batch)
        (loss / self.accumulate).backward()
        mean += loss.item() / self.accumulate
    return mean


@wrong(
    "08.4",
    "Trainer.compute_gradients",
    "The gradients of your batches are added up and never divided: twice the batches make twice "
    "the step. Multiply each loss by its batch's share before backward.",
)
def a_sum(self, group):
    self.optimizer.zero_grad()
    total, mean = sum(self.examples(batch) for batch in group), 0.0
    for batch in group:
        loss = self.compute_loss(batch)
        loss.backward()
        mean += loss.item() * self.examples(batch) / total
    return mean


# ---------------------------------------------------------------------------------- 08.5 one update


@wrong(
    "08.5",
    "Trainer.count",
    "You add up the losses without their weight, and divide by examples later: the loss of an "
    "epoch then depends on the batch size. Add the loss times the number of its examples.",
)
def unweighted_sum(self, group):
    self.step += 1
    self.batch += len(group)
    self.drained = len(group) < self.accumulate
    self.sums["loss"] += self.loss
    self.sums["examples"] += sum(self.examples(batch) for batch in group)


@wrong(
    "08.5",
    "Trainer.count",
    "You count one batch per update, but a group may have several. A run that goes on from such a "
    "count trains on some batches twice.",
)
def groups_not_batches(self, group):
    examples = sum(self.examples(batch) for batch in group)
    self.step += 1
    self.batch += 1
    self.drained = len(group) < self.accumulate
    self.sums["loss"] += self.loss * examples
    self.sums["examples"] += examples


@wrong(
    "08.5",
    "Trainer.mean_loss",
    "You divide by the number of batches. The sum has each loss times its examples in it, so only "
    "their number brings it back to a mean.",
)
def by_the_batches(self):
    if not self.sums["examples"]:
        raise ValueError(f"fit: epoch {self.epoch + 1} had no batches")
    return self.sums["loss"] / max(self.batch, 1)


@wrong(
    "08.5",
    "Trainer.mean_loss",
    "Your message counts epochs from 0, the history from 1. self.epoch is the number of those that "
    "are done; the one under way is the next.",
)
def epochs_from_zero(self):
    if not self.sums["examples"]:
        raise ValueError(f"fit: epoch {self.epoch} had no batches")
    return self.sums["loss"] / self.sums["examples"]


@wrong(
    "08.5",
    "Trainer.schedule",
    "You step the schedule whenever you are called. It is called after each update and after each "
    "epoch, and wants one of the two: compare the moment with self.schedule_every.",
)
def at_every_moment(self, moment):
    if self.scheduler is not None:
        self.scheduler.step()


@wrong(
    "08.5",
    "Trainer.train_step",
    "You clip after the optimizer has moved the parameters, when it is too late to shorten "
    "anything. Clip between the gradients and the update.",
)
def clipped_too_late(self, group):
    chance = default_generator.get_state()
    self.loss = self.compute_gradients(group)
    norm = clip_grad_norm_(self.parameters(), math.inf)
    self.check_step(group, chance, norm.item())
    self.optimizer.step()
    clip_grad_norm_(self.parameters(), self.max_norm)
    self.schedule("step")
    self.count(group)


@wrong(
    "08.5",
    "Trainer.train_step",
    "You look at the numbers after the parameters have moved. One NaN is then in every weight, and "
    "the run is lost. Check before the update.",
)
def checked_too_late(self, group):
    chance = default_generator.get_state()
    self.loss = self.compute_gradients(group)
    norm = clip_grad_norm_(self.parameters(), self.max_norm)
    self.optimizer.step()
    self.check_step(group, chance, norm.item())
    self.schedule("step")
    self.count(group)


@wrong(
    "08.5",
    "Trainer.train_step",
    "You step the schedule before the optimizer, so the first rate is never used. PyTorch warns of "
    "the same order: first optimizer.step(), then scheduler.step().",
)
def schedule_first(self, group):
    chance = default_generator.get_state()
    self.loss = self.compute_gradients(group)
    norm = clip_grad_norm_(self.parameters(), self.max_norm)
    self.check_step(group, chance, norm.item())
    self.schedule("step")
    self.optimizer.step()
    self.count(group)


@wrong(
    "08.5",
    "Trainer.train_step",
    "You note the random numbers after the forward pass has drawn from them. When the step is "
    "repeated, dropout drops other values, and the fault may not show again. Note them first.",
)
def chance_noted_late(self, group):
    self.loss = self.compute_gradients(group)
    chance = default_generator.get_state()
    norm = clip_grad_norm_(self.parameters(), self.max_norm)
    self.check_step(group, chance, norm.item())
    self.optimizer.step()
    self.schedule("step")
    self.count(group)


# ----------------------------------------------------------------------------------- 08.6 one epoch


@wrong(
    "08.6",
    "Trainer.groups",
    "Your last group is dropped when it is not full. Its examples would never be trained on in "
    "this epoch: give out what is left, too.",
)
def without_the_rest(self, batches):
    group = []
    for batch in batches:
        group.append(batch)
        if len(group) == self.accumulate:
            yield group
            group = []


@wrong(
    "08.6",
    "Trainer.groups",
    "You yield what is left even if nothing is left. An empty group has no examples, and a share "
    "of nothing is a division by zero: yield it only if there is something in it.",
)
def an_empty_rest(self, batches):
    group = []
    for batch in batches:
        group.append(batch)
        if len(group) == self.accumulate:
            yield group
            group = []
    yield group


@wrong(
    "08.6",
    "Trainer.groups",
    "You read all batches before you give out the first group, so a whole data set lies in memory "
    "at once. Take as many as the next group needs, and yield it.",
)
def all_at_once(self, batches):
    every = list(batches)
    for start in range(0, len(every), self.accumulate):
        yield every[start : start + self.accumulate]


@wrong(
    "08.6",
    "Trainer.tell",
    "You tell the first callback alone. There may be several, and each has asked to be told.",
)
def only_the_first(self, event):
    for callback in self.callbacks[:1]:
        getattr(callback, event)(self)


@wrong(
    "08.6",
    "Trainer.train_epoch",
    "You do not switch the model to training mode. After the first measurement it may be in "
    "evaluation mode, and then dropout never works again. Call model.train() in each epoch.",
)
def mode_left_as_it_is(self):
    batches = self.remaining_batches()
    self.tell("on_epoch_begin")
    for group in self.groups(batches):
        self.train_step(group)
        self.tell("on_step_end")
        if self.checkpoint_every and self.step % self.checkpoint_every == 0:
            self.save()


@wrong(
    "08.6",
    "Trainer.train_epoch",
    "You make an update for every batch, and accumulate has no effect. Take the batches in groups "
    "of self.accumulate.",
)
def one_batch_per_update(self):
    batches = self.remaining_batches()
    self.model.train()
    self.tell("on_epoch_begin")
    for batch in batches:
        self.train_step([batch])
        self.tell("on_step_end")
        if self.checkpoint_every and self.step % self.checkpoint_every == 0:
            self.save()


@wrong(
    "08.6",
    "Trainer.train_epoch",
    "You save after each update, also when nobody asked for it. Writing a file takes longer than "
    "a step: save when the number of updates is a multiple of checkpoint_every.",
)
def saved_at_every_step(self):
    batches = self.remaining_batches()
    self.model.train()
    self.tell("on_epoch_begin")
    for group in self.groups(batches):
        self.train_step(group)
        self.tell("on_step_end")
        self.save()


# --------------------------------------------------------------------------------------- 08.7 a run


@wrong(
    "08.7",
    "Trainer.finish_epoch",
    "You step the schedule before you note the rate, so the history names the rate of the next "
    "epoch. Note first, then step.",
)
def rate_of_the_next_epoch(self, validation):
    self.schedule("epoch")
    lr = float(self.optimizer.param_groups[0]["lr"])
    record = {"epoch": self.epoch + 1, "loss": self.mean_loss(), "lr": lr}
    if validation is not None:
        measured = self.evaluate(validation)
        record.update({f"val_{name}": value for name, value in measured.items()})
    self.history.append(record)
    self.epoch += 1
    self.tell("on_epoch_end")
    self.clear_epoch()
    self.save()


@wrong(
    "08.7",
    "Trainer.finish_epoch",
    "You put the validation's numbers under their bare names, and its loss overwrites the loss of "
    "training. Write val_ before each name.",
)
def loss_overwritten(self, validation):
    lr = float(self.optimizer.param_groups[0]["lr"])
    record = {"epoch": self.epoch + 1, "loss": self.mean_loss(), "lr": lr}
    if validation is not None:
        record.update(self.evaluate(validation))
    self.history.append(record)
    self.epoch += 1
    self.schedule("epoch")
    self.tell("on_epoch_end")
    self.clear_epoch()
    self.save()


@wrong(
    "08.7",
    "Trainer.finish_epoch",
    "You save before the epoch is counted and its counters are cleared. A run that goes on from "
    "this file repeats the end of the epoch. Save last of all.",
)
def saved_too_early(self, validation):
    lr = float(self.optimizer.param_groups[0]["lr"])
    record = {"epoch": self.epoch + 1, "loss": self.mean_loss(), "lr": lr}
    if validation is not None:
        measured = self.evaluate(validation)
        record.update({f"val_{name}": value for name, value in measured.items()})
    self.history.append(record)
    self.save()
    self.epoch += 1
    self.schedule("epoch")
    self.tell("on_epoch_end")
    self.clear_epoch()


@wrong(
    "08.7",
    "Trainer.finish_epoch",
    "You tell the callbacks before the epoch is counted and noted: they find the history of the "
    "epoch before, or none. Tell them when the record stands in the history.",
)
def told_too_early(self, validation):
    lr = float(self.optimizer.param_groups[0]["lr"])
    record = {"epoch": self.epoch + 1, "loss": self.mean_loss(), "lr": lr}
    if validation is not None:
        measured = self.evaluate(validation)
        record.update({f"val_{name}": value for name, value in measured.items()})
    self.tell("on_epoch_end")
    self.history.append(record)
    self.epoch += 1
    self.schedule("epoch")
    self.clear_epoch()
    self.save()


@wrong(
    "08.7",
    "Trainer.fit",
    "You train `epochs` epochs more each time. epochs counts those in all, the ones before an "
    "interruption included: ask how many are done.",
)
def so_many_more(self, data, epochs, validation=None, resume=False):
    self.data, self.epochs = data, epochs
    if resume:
        self.load_checkpoint()
    self.tell("on_fit_begin")
    for _ in range(epochs):
        if self.stop:
            break
        self.train_epoch()
        self.finish_epoch(validation)
    self.tell("on_fit_end")
    return self.history


@wrong(
    "08.7",
    "Trainer.fit",
    "You never look at self.stop, so no callback can end your run. Ask before each epoch.",
)
def deaf_to_stop(self, data, epochs, validation=None, resume=False):
    self.data, self.epochs = data, epochs
    if resume:
        self.load_checkpoint()
    self.tell("on_fit_begin")
    while self.epoch < epochs:
        self.train_epoch()
        self.finish_epoch(validation)
    self.tell("on_fit_end")
    return self.history


# ------------------------------------------------------------------------------ 08.8 stop and go on


@wrong(
    "08.8",
    "Trainer.kinds",
    "Your kinds name the module of a class, too. When its file gets another name, all old states "
    "are refused. Take the name of the class alone.",
)
def with_the_module(self):
    return {name: repr(type(part)) for name, part in self.parts().items()}


@wrong(
    "08.8",
    "Trainer.state_dict",
    "The history in your state is the trainer's own list, which goes on growing. A state is a "
    "moment: copy what will change, down to the lists in it.",
)
def a_list_that_grows(self):
    return {
        "kinds": self.kinds(),
        "parts": {name: part.state_dict() for name, part in self.parts().items()},
        "chance": default_generator.get_state(),
        "data": self.data.state_dict() if hasattr(self.data, "state_dict") else None,
        "position": {name: getattr(self, name) for name in POSITION},
    }


@wrong(
    "08.8",
    "Trainer.state_dict",
    "Your state says nothing of the data, so a resumed epoch begins with another shuffle: some "
    "examples come twice, others never. Ask the data for its state where it has one.",
)
def data_forgotten(self):
    return {
        "kinds": self.kinds(),
        "parts": {name: part.state_dict() for name, part in self.parts().items()},
        "chance": default_generator.get_state(),
        "data": None,
        "position": copy.deepcopy({name: getattr(self, name) for name in POSITION}),
    }


@wrong(
    "08.8",
    "Trainer.load_state_dict",
    "You leave the random numbers where they are. Dropout and the next shuffle then draw others, "
    "and the resumed run is another run. Set the state of default_generator.",
)
def other_chance(self, state):
    self.check_kinds(state)
    for name, part in self.parts().items():
        part.load_state_dict(state["parts"][name])
    vars(self).update(copy.deepcopy(state["position"]))
    self.resumed = {"data": state["data"]}


@wrong(
    "08.8",
    "Trainer.load_state_dict",
    "You load the model alone. The optimizer has a memory too: without its velocities and moments "
    "the resumed run makes other steps. Load every part.",
)
def the_model_alone(self, state):
    self.check_kinds(state)
    self.model.load_state_dict(state["parts"]["model"])
    default_generator.set_state(state["chance"])
    vars(self).update(copy.deepcopy(state["position"]))
    self.resumed = {"data": state["data"]}


@wrong(
    "08.8",
    "Trainer.load_state_dict",
    "You do not note where in the data to go on, so the next fit begins the epoch anew and trains "
    "twice on what was done. Keep the data's state in self.resumed.",
)
def place_forgotten(self, state):
    self.check_kinds(state)
    for name, part in self.parts().items():
        part.load_state_dict(state["parts"][name])
    default_generator.set_state(state["chance"])
    vars(self).update(copy.deepcopy(state["position"]))


@wrong(
    "08.8",
    "Trainer.load_state_dict",
    "You load whatever comes, also the state of a run with another optimizer. The mistake then "
    "shows far away from here, or not at all. Let check_kinds look first.",
)
def whatever_comes(self, state):
    for name, part in self.parts().items():
        part.load_state_dict(state["parts"][name])
    default_generator.set_state(state["chance"])
    vars(self).update(copy.deepcopy(state["position"]))
    self.resumed = {"data": state["data"]}


@wrong(
    "08.8",
    "Trainer.go_on",
    "A list begins at its first batch again, and your resumed epoch trains twice on those that "
    "were done. Leave out the first self.batch of them.",
)
def list_from_the_start(self, data_state):
    if data_state is not None:
        self.data.load_state_dict(data_state)
    return iter(self.data)


@wrong(
    "08.8",
    "Trainer.go_on",
    "You skip batches of a loader that was not told where it stood: it shuffles anew, and you skip "
    "the wrong ones. Hand its state back; it then gives only what is left.",
)
def skipping_a_new_order(self, data_state):
    return itertools.islice(self.data, self.batch, None)


@wrong(
    "08.8",
    "Trainer.go_on",
    "The loader, once it has its state back, gives only the batches that are left, and you skip as "
    "many again. Skip for data without a state alone.",
)
def skipped_twice(self, data_state):
    if data_state is not None:
        self.data.load_state_dict(data_state)
    return itertools.islice(self.data, self.batch, None)


# ------------------------------------------------------------------------------ 08.9 early stopping


@wrong(
    "08.9",
    "EarlyStopping.on_epoch_end",
    "You compare with the epoch before, so a loss that rose and falls a little counts as progress. "
    "Compare with the best one so far.",
)
def better_than_the_last(self, trainer):
    value = self.sign * measurement(trainer, self.monitor)
    if value > self.best + self.min_delta:
        self.waited = 0
        if self.restore_best:
            state = trainer.model.state_dict()
            self.weights = {name: t.detach().clone() for name, t in state.items()}
    else:
        self.waited += 1
        trainer.stop = trainer.stop or self.waited >= self.patience
    self.best = value


@wrong(
    "08.9",
    "EarlyStopping.on_epoch_end",
    "Your count of bad epochs never goes back to 0, so bad epochs here and there add up and end a "
    "run that is still getting better. Clear it at each improvement.",
)
def count_never_cleared(self, trainer):
    value = self.sign * measurement(trainer, self.monitor)
    if value > self.best + self.min_delta:
        self.best = value
        if self.restore_best:
            state = trainer.model.state_dict()
            self.weights = {name: t.detach().clone() for name, t in state.items()}
    else:
        self.waited += 1
        trainer.stop = trainer.stop or self.waited >= self.patience


@wrong(
    "08.9",
    "EarlyStopping.on_epoch_end",
    "You wait one epoch more than the patience. With patience=2 the second epoch without an "
    "improvement is the last.",
)
def one_epoch_late(self, trainer):
    value = self.sign * measurement(trainer, self.monitor)
    if value > self.best + self.min_delta:
        self.best, self.waited = value, 0
        if self.restore_best:
            state = trainer.model.state_dict()
            self.weights = {name: t.detach().clone() for name, t in state.items()}
    else:
        self.waited += 1
        trainer.stop = trainer.stop or self.waited > self.patience


@wrong(
    "08.9",
    "EarlyStopping.on_epoch_end",
    "You keep the parameters themselves, not what they were. The optimizer goes on writing into "
    "them, and the best weights turn into the last ones. Keep detached clones.",
)
def weights_that_move_on(self, trainer):
    value = self.sign * measurement(trainer, self.monitor)
    if value > self.best + self.min_delta:
        self.best, self.waited = value, 0
        if self.restore_best:
            self.weights = dict(trainer.model.state_dict())
    else:
        self.waited += 1
        trainer.stop = trainer.stop or self.waited >= self.patience


@wrong(
    "08.9",
    "EarlyStopping.on_epoch_end",
    "You take the best to be the smallest, whatever mode says. self.sign turns the measurement so "
    "that larger is always better: use it.",
)
def sign_forgotten(self, trainer):
    value = -measurement(trainer, self.monitor)
    if value > self.best + self.min_delta:
        self.best, self.waited = value, 0
        if self.restore_best:
            state = trainer.model.state_dict()
            self.weights = {name: t.detach().clone() for name, t in state.items()}
    else:
        self.waited += 1
        trainer.stop = trainer.stop or self.waited >= self.patience


@wrong(
    "08.9",
    "EarlyStopping.on_epoch_end",
    "You set trainer.stop to False while you are content, and so overrule another callback that "
    "has asked for the end. Only ever set it to True.",
)
def overruling_others(self, trainer):
    value = self.sign * measurement(trainer, self.monitor)
    if value > self.best + self.min_delta:
        self.best, self.waited = value, 0
        if self.restore_best:
            state = trainer.model.state_dict()
            self.weights = {name: t.detach().clone() for name, t in state.items()}
    else:
        self.waited += 1
    trainer.stop = self.waited >= self.patience


@wrong(
    "08.9",
    "EarlyStopping.on_epoch_end",
    "You ask whether the loss is worse, and NaN is neither better nor worse: your run would wait "
    "for ever. Ask whether it is better.",
)
def nan_is_not_worse(self, trainer):
    value = self.sign * measurement(trainer, self.monitor)
    if value <= self.best + self.min_delta:
        self.waited += 1
        trainer.stop = trainer.stop or self.waited >= self.patience
    else:
        self.best, self.waited = value, 0
        if self.restore_best:
            state = trainer.model.state_dict()
            self.weights = {name: t.detach().clone() for name, t in state.items()}


@wrong(
    "08.9",
    "measurement",
    "You take the measurement of the first epoch, which never changes. The last record of the "
    "history is the newest.",
)
def of_the_first_epoch(trainer, name):
    record = trainer.history[0]
    if name not in record:
        raise ValueError(f"{name!r} is not among {sorted(record)}")
    return record[name]


@wrong(
    "08.9",
    "measurement",
    "An unknown name ends in a bare KeyError, or in None. Whoever forgot the validation data wants "
    "to read which measurements there are: raise a ValueError with the names.",
)
def nothing_said(trainer, name):
    return trainer.history[-1].get(name)


# ---------------------------------------------------------------------------- 08.10 pack and unpack


@wrong(
    "08.10",
    "pack",
    "Your dictionaries become JSON objects, and JSON turns every key into a text: the parameter 0 "
    'of the optimizer comes back as "0" and is not found. Keep pairs of key and value.',
)
def keys_become_texts(value, place, arrays):
    if isinstance(value, Tensor):
        return {"tensor": keep(value.array, place, arrays)}
    if isinstance(value, np.ndarray):
        return {"array": keep(value, place, arrays)}
    if isinstance(value, (list, tuple)):
        items = [pack(item, below(place, i), arrays) for i, item in enumerate(value)]
        return {"tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, Mapping):
        pairs = [[str(key), pack(item, below(place, key), arrays)] for key, item in value.items()]
        return {"dict": pairs}
    return plain(value, place)


@wrong(
    "08.10",
    "pack",
    "Your tuples become lists, and come back as lists: Adam's betas would. Mark a tuple as one.",
)
def tuples_become_lists(value, place, arrays):
    if isinstance(value, Tensor):
        return {"tensor": keep(value.array, place, arrays)}
    if isinstance(value, np.ndarray):
        return {"array": keep(value, place, arrays)}
    if isinstance(value, (list, tuple)):
        return [pack(item, below(place, i), arrays) for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        pairs = [[key, pack(item, below(place, key), arrays)] for key, item in value.items()]
        return {"dict": pairs}
    return plain(value, place)


@wrong(
    "08.10",
    "pack",
    "Your tensors are named by their last key alone, so the weights of two layers get one name. "
    "Pass on the whole place: the given below makes it from the place so far and the key.",
)
def the_last_key_alone(value, place, arrays):
    if isinstance(value, Tensor):
        return {"tensor": keep(value.array, place, arrays)}
    if isinstance(value, np.ndarray):
        return {"array": keep(value, place, arrays)}
    if isinstance(value, (list, tuple)):
        items = [pack(item, str(i), arrays) for i, item in enumerate(value)]
        return {"tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, Mapping):
        below(place, next(iter(value), None))
        pairs = [[key, pack(item, str(key), arrays)] for key, item in value.items()]
        return {"dict": pairs}
    return plain(value, place)


@wrong(
    "08.10",
    "pack",
    "You write an array under a name that is taken, and the one that was there is lost. The given "
    "function keep finds a free name.",
)
def one_name_for_two(value, place, arrays):
    if isinstance(value, (Tensor, np.ndarray)):
        arrays[place] = value.array if isinstance(value, Tensor) else value
        return {"tensor" if isinstance(value, Tensor) else "array": place}
    if isinstance(value, (list, tuple)):
        items = [pack(item, below(place, i), arrays) for i, item in enumerate(value)]
        return {"tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, Mapping):
        pairs = [[key, pack(item, below(place, key), arrays)] for key, item in value.items()]
        return {"dict": pairs}
    return plain(value, place)


@wrong(
    "08.10",
    "pack",
    "You return what is left as it came, whatever it is: a set, a class, a number of NumPy. JSON "
    "refuses it later, and nobody knows where it stood. The given plain does both, and says it.",
)
def whatever_is_left(value, place, arrays):
    if isinstance(value, Tensor):
        return {"tensor": keep(value.array, place, arrays)}
    if isinstance(value, np.ndarray):
        return {"array": keep(value, place, arrays)}
    if isinstance(value, (list, tuple)):
        items = [pack(item, below(place, i), arrays) for i, item in enumerate(value)]
        return {"tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, Mapping):
        pairs = [[key, pack(item, below(place, key), arrays)] for key, item in value.items()]
        return {"dict": pairs}
    return value


@wrong(
    "08.10",
    "unpack",
    "Everything comes back as a tensor, also what was an array. The mark that pack has left says "
    "which of the two it was.",
)
def all_tensors(value, arrays):
    if isinstance(value, list):
        return [unpack(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "dict":
        return {key: unpack(item, arrays) for key, item in content}
    if kind == "tuple":
        return tuple(unpack(item, arrays) for item in content)
    return Tensor(arrays[content])


@wrong(
    "08.10",
    "unpack",
    "You unpack the outermost level alone; what lies deeper stays packed. Call unpack on every "
    "item.",
)
def one_level_deep(value, arrays):
    if isinstance(value, list):
        return list(value)
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "dict":
        return {key: item for key, item in content}
    if kind == "tuple":
        return tuple(content)
    return Tensor(arrays[content]) if kind == "tensor" else arrays[content]


# ----------------------------------------------------------------------- 08.11 the plan of the file


@wrong(
    "08.11",
    "layout",
    "Your places count values, not bytes: two float32 end at 2 instead of 8. Use the number of "
    "bytes of each array.",
)
def values_not_bytes(arrays):
    header, end = {}, 0
    for name in sorted(arrays, key=lambda name: (-arrays[name].itemsize, name)):
        array = arrays[name]
        begin, end = end, end + array.size
        header[name] = {
            "dtype": code_of(array, name),
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
    return header


@wrong(
    "08.11",
    "layout",
    "You write where an array begins and how long it is. The format wants begin and end, the end "
    "not included, as in a slice of Python.",
)
def begin_and_length(arrays):
    header, end = {}, 0
    for name in sorted(arrays, key=lambda name: (-arrays[name].itemsize, name)):
        array = arrays[name]
        header[name] = {
            "dtype": code_of(array, name),
            "shape": list(array.shape),
            "data_offsets": [end, array.nbytes],
        }
        end += array.nbytes
    return header


@wrong(
    "08.11",
    "layout",
    "You keep the order in which the arrays came. An int8 array of odd length then shifts all that "
    "follow to odd places, where a processor reads slowly. Wide values first.",
)
def as_they_came(arrays):
    header, end = {}, 0
    for name, array in arrays.items():
        begin, end = end, end + array.nbytes
        header[name] = {
            "dtype": code_of(array, name),
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
    return header


@wrong(
    "08.11",
    "opening",
    "Your length has its highest byte first. The format wants the lowest byte first, as the "
    "processors of our time keep it.",
)
def highest_byte_first(header):
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    check_length(len(text))
    return len(text).to_bytes(8, "big") + text


@wrong(
    "08.11",
    "opening",
    "You count the header before you fill it up with spaces: a reader would take the spaces for "
    "the first values. Fill up first, then count.",
)
def spaces_not_counted(header):
    text = json.dumps(header).encode()
    check_length(len(text))
    return len(text).to_bytes(8, "little") + text + b" " * (-len(text) % 8)


@wrong(
    "08.11",
    "opening",
    "You do not fill the header up, so the values begin at any odd place. Add spaces until its "
    "length is a multiple of 8.",
)
def not_filled_up(header):
    text = json.dumps(header).encode()
    check_length(-(-len(text) // 8) * 8)
    return len(text).to_bytes(8, "little") + text


# ------------------------------------------------------------------------------ 08.12 onto the disk


@wrong(
    "08.12",
    "write_atomically",
    "You open the file itself for writing, which empties it at once. Whoever is killed now has "
    "neither the old state nor the new one. Write to a file beside it.",
)
def over_the_old_one(path, parts):
    path = os.path.realpath(path)
    with telling_what_became_of(path), open(path, "wb") as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())
    force_folder(path)


@wrong(
    "08.12",
    "write_atomically",
    "You let the new file take over the name before its bytes are forced onto the disk. If the "
    "power fails then, the name stands for an empty file. flush and fsync before os.replace.",
)
def never_forced(path, parts):
    path = os.path.realpath(path)
    beside = f"{path}.{os.getpid()}.tmp"
    with telling_what_became_of(path):
        try:
            with open(beside, "wb") as file:
                file.writelines(parts)
            os.replace(beside, path)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(beside)
    force_folder(path)


@wrong(
    "08.12",
    "write_atomically",
    "You call fsync while Python still holds the bytes: it forces an empty file onto the disk. "
    "Call flush on the file first.",
)
def forced_before_flushed(path, parts):
    path = os.path.realpath(path)
    beside = f"{path}.{os.getpid()}.tmp"
    with telling_what_became_of(path):
        try:
            with open(beside, "wb") as file:
                file.writelines(parts)
                os.fsync(file.fileno())
            os.replace(beside, path)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(beside)
    force_folder(path)


@wrong(
    "08.12",
    "write_atomically",
    "When the writing fails, your second file stays behind, and a full disk stays full. Remove it "
    "in a finally, which runs after every error.",
)
def left_behind(path, parts):
    path = os.path.realpath(path)
    beside = f"{path}.{os.getpid()}.tmp"
    with telling_what_became_of(path):
        with open(beside, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    force_folder(path)


@wrong(
    "08.12",
    "write_atomically",
    "Where the path is a link, your file takes the place of the link, and the file that it leads "
    "to keeps the old state. Follow the link first, with os.path.realpath.",
)
def in_place_of_the_link(path, parts):
    path = os.fspath(path)
    beside = f"{path}.{os.getpid()}.tmp"
    with telling_what_became_of(path):
        try:
            with open(beside, "wb") as file:
                file.writelines(parts)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(beside)
    force_folder(path)


@wrong(
    "08.12",
    "save_file",
    "Your values come in the order in which the arrays were given, the header's places in another "
    "one. Every array would be read from the bytes of its neighbour. Follow the layout.",
)
def values_in_another_order(arrays, path, metadata=None):
    places = layout(arrays)
    header = {"__metadata__": dict(metadata), **places} if metadata else places
    values = (little_endian(array).tobytes() for array in arrays.values())
    write_atomically(path, itertools.chain([opening(header)], values))


@wrong(
    "08.12",
    "save_file",
    "You write an empty entry for metadata that nobody gave. Leave it out where there is none.",
)
def empty_metadata(arrays, path, metadata=None):
    places = layout(arrays)
    header = {"__metadata__": dict(metadata or {}), **places}
    values = (little_endian(arrays[name]).tobytes() for name in places)
    write_atomically(path, itertools.chain([opening(header)], values))


# ----------------------------------------------------------------------------------- 08.13 debug it


@wrong(
    "08.13",
    "step",
    "You no longer forget the gradients at all, and each step adds those of all steps before. "
    "Forget them before backward makes new ones.",
)
def no_forgetting(model, images, labels, optimizer, loss_fn):
    loss = loss_fn(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong(
    "08.13",
    "step",
    "The gradients are still forgotten between backward and the update, so nothing moves. Follow "
    ".grad from line to line: who makes it, who uses it, who clears it?",
)
def still_between(model, images, labels, optimizer, loss_fn):
    loss = loss_fn(model(images), labels)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@wrong(
    "08.13",
    "split",
    "Your training list still holds every number, those of the test among them. Cut the shuffled "
    "list once: one piece for the test, the rest for training.",
)
def test_images_among_the_rest(count, share, seed):
    torch.manual_seed(seed)
    order = torch.randperm(count).tolist()
    tested = int(count * share)
    return order, order[:tested]


@wrong(
    "08.13",
    "split",
    "You shuffle twice and cut each order by itself, so the two pieces overlap by chance. Shuffle "
    "once, and cut that one order in two.",
)
def shuffled_twice(count, share, seed):
    torch.manual_seed(seed)
    tested = int(count * share)
    return torch.randperm(count).tolist()[tested:], torch.randperm(count).tolist()[:tested]
