"""The checks of chapter 08. Expected values come from NumPy in float64, or from a few by hand."""

import json

import numpy as np

from tito.expect import check, expect, fresh, raises, rng, running


def lend(source: str) -> None:
    """Let the code of this check use what `source` defines with the learner's framework."""
    names = {"np": np, **running[-1].names}
    exec(source, names)
    running[-1].names.update(names)


def small() -> str:
    """A model with one weight, and batches of single numbers."""
    lend("""
def line(w=1.0):
    model = Linear(1, 1, bias=False)
    model.weight.array[...] = w
    return model

def column(*values):
    return Tensor([[float(v)] for v in values])
""")
    return "# line(w): a model with one weight, y = w x; column(1, 2): a tensor of shape (2, 1)\n"


def ear() -> str:
    """A callback that writes down what it is told."""
    lend("""
class Ear(Callback):
    def __init__(self):
        self.heard = []

    def on_fit_begin(self, trainer):
        self.heard.append("fit begins")

    def on_epoch_begin(self, trainer):
        self.heard.append(f"epoch begins, {trainer.epoch} done, train {trainer.model.training}")

    def on_step_end(self, trainer):
        self.heard.append(f"step {trainer.step}")

    def on_epoch_end(self, trainer):
        self.heard.append(f"epoch ends, {trainer.epoch} done, {len(trainer.history)} noted")

    def on_fit_end(self, trainer):
        self.heard.append("fit ends")
""")
    return "# Ear(): a callback that writes down all that it is told\n"


def runs() -> str:
    """A run with chance in the model and a memory in the optimizer, which can be interrupted."""
    lend("""
class Net(Module):
    def __init__(self):
        super().__init__()
        self.first, self.dropout, self.last = Linear(3, 4), Dropout(0.4), Linear(4, 1)

    def forward(self, x):
        return self.last(self.dropout(self.first(x)))

class Break(Callback):
    def __init__(self, after):
        self.after = after

    def on_step_end(self, trainer):
        if trainer.step == self.after:
            raise KeyboardInterrupt

    def state_dict(self):
        return {}

def built(seed, after=0):
    manual_seed(seed)
    model = Net()
    optimizer = SGD(model.parameters(), lr=0.01, momentum=0.9)
    return Trainer(model, mse_loss, optimizer, callbacks=[Break(after)])

def run(trainer, data, state=None):
    if state is not None:
        trainer.load_state_dict(state)
    try:
        trainer.fit(data, epochs=2)
    except KeyboardInterrupt:
        pass
    return trainer

def weights(trainer):
    return [p.tolist() for p in trainer.model.parameters()]

def memory(trainer):
    of_each = trainer.optimizer.state_dict()["state"].values()
    return [value.tolist() for each in of_each for value in each.values()]
""")
    return "# built(seed, after=0): a trainer with dropout, interrupted after so many updates\n"


def scripted() -> str:
    """A run whose validation losses are given; the weight is the number of the epoch."""
    lend("""
class Fake:
    stop = False

def play(values, stop=False, **options):
    trainer, model = Fake(), Linear(1, 1, bias=False)
    trainer.model, trainer.history, trainer.stop = model, [], stop
    ear = EarlyStopping(**options)
    for value in values:
        trainer.history.append({"val_loss": value})
        model.weight.array[...] = len(trainer.history)
        ear.on_epoch_end(trainer)
        if trainer.stop and not stop:
            break
    ear.on_fit_end(trainer)
    return len(trainer.history), trainer.stop, model.weight.item(), ear.state_dict()
""")
    return (
        "# play(val_losses, ...): a run with EarlyStopping(...), whose weight is the epoch's\n"
        "# number; gives the epochs, stop, the weight at the end, the state_dict\n"
    )


def written() -> str:
    """The header and the values of a file that save_file writes."""
    lend("""
import tempfile

def file_of(arrays, metadata=None):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file")
        save_file(arrays, path, metadata)
        with open(path, "rb") as file:
            found = file.read()
    start = 8 + int.from_bytes(found[:8], "little")
    return json.loads(found[8:start]), found[start:]
""")
    return "# file_of(arrays, metadata): header and values of the file that save_file writes\n"


# ------------------------------------------------------------------------------------ 08.1 accuracy


@check("08.1")
def accuracy_by_hand():
    """Of three rows, two have their largest number at the target's place."""
    outputs = np.array([[2.0, 1.0], [3.0, 0.0], [0.0, 0.1]], np.float32)
    targets = np.array([0, 1, 1])
    expect(
        "accuracy(Tensor(outputs), tensor(targets))",
        2 / 3,
        outputs=outputs,
        targets=targets,
        ask="The largest numbers stand at the places 0, 0 and 1. How many of those are right?",
    )


@check("08.1")
def accuracy_of_fresh_outputs():
    """It works for any number of rows and classes."""
    outputs, targets = fresh(7, 4), rng().integers(0, 4, 7)
    right = float(np.mean(np.argmax(outputs, 1) == targets))
    expect("accuracy(Tensor(outputs), tensor(targets))", right, outputs=outputs, targets=targets)
    targets = outputs.argmax(1)
    expect("accuracy(Tensor(outputs), tensor(targets))", 1.0, outputs=outputs, targets=targets)


@check("08.1")
def accuracy_with_as_many_rows_as_classes():
    """It looks along each row, also when there are as many rows as classes."""
    outputs = np.array([[1.0, 9.0, 0.0], [0.0, 8.0, 1.0], [2.0, 7.0, 0.0]], np.float32)
    targets = np.array([1, 1, 0])
    expect(
        "accuracy(Tensor(outputs), tensor(targets))",
        2 / 3,
        outputs=outputs,
        targets=targets,
        ask="Which axis counts the classes, of one example?",
    )


@check("08.1")
def accuracy_is_a_number_of_python():
    """The result is a float of Python, which can be printed and written to a file."""
    code = "type(accuracy(tensor([[1.0, 0.0]]), tensor([0]))).__name__"
    expect(code, "float", ask="What type has the mean of an array of NumPy?")


# ------------------------------------------------------------------------------------ 08.2 evaluate


@check("08.2")
def measuring_switches_dropout_off():
    """Within the block every module is in evaluation mode."""
    code = """
model = Sequential(Linear(2, 2), Dropout(0.5))
with measuring(model):
    modes = [module.training for module in model.modules()]
modes
"""
    expect(code, [False, False, False], ask="What does Dropout do while model.training is True?")


@check("08.2")
def measuring_records_nothing():
    """Within the block nothing is recorded; after it recording goes on."""
    code = """
model = Linear(2, 1)
with measuring(model):
    inside = model(tensor([[1.0, 2.0]])).requires_grad
inside, model(tensor([[1.0, 2.0]])).requires_grad
"""
    ask = "Module 06 has a block in which nothing is recorded. Where does it belong here?"
    expect(code, (False, True), ask=ask)


@check("08.2")
def measuring_leaves_each_module_as_it_was():
    """A module that was frozen with eval() before is still frozen after the block."""
    code = """
model = Sequential(Linear(2, 2), Dropout(0.5))
model[0].eval()
with measuring(model):
    pass
[module.training for module in model.modules()]
"""
    ask = "Somebody froze one layer on purpose. How can the block know that afterwards?"
    expect(code, [True, False, True], ask=ask)


@check("08.2")
def measuring_survives_an_error():
    """After an error in the block the modes are as before, and the error goes on."""
    code = """
model = Dropout(0.5)
try:
    with measuring(model):
        raise KeyError("stop")
except KeyError:
    heard = True
heard, model.training, is_grad_enabled()
"""
    ask = "Which lines of a generator run after yield when the block has raised?"
    expect(code, (True, True, True), ask=ask)


@check("08.2")
def evaluate_counts_examples():
    """Three examples with the loss 1 and one with the loss 5 have the mean loss 2."""
    code = (
        small()
        + """
batches = [(column(1, 1, 1), column(0, 0, 0)), (column(5), column(0))]
evaluate(line(), batches, lambda outputs, targets: (outputs - targets).mean())
"""
    )
    ask = "(1 + 1 + 1 + 5) / 4 is 2. The mean of the two batch means is 3. Which one is asked for?"
    expect(code, {"loss": 2.0}, ask=ask)


@check("08.2")
def evaluate_measures_all_that_is_asked():
    """Loss and metrics are those of all examples in one large batch."""
    x, y = fresh(7, 2), rng().integers(0, 2, 7)
    code = """
manual_seed(0)
model = Sequential(Dropout(0.5))
cuts = [slice(0, 3), slice(3, 6), slice(6, 7)]
batches = [(Tensor(x[c]), tensor(y[c])) for c in cuts]
out = evaluate(model, batches, cross_entropy, {"right": accuracy})
sorted(out.items())
"""
    wide = x.astype(np.float64)
    logs = wide - np.log(np.exp(wide).sum(1, keepdims=True))
    loss, right = -logs[np.arange(7), y].mean(), (wide.argmax(1) == y).mean()
    ask = "Is the model in evaluation mode while it is measured?"
    expect(code, [("loss", float(loss)), ("right", float(right))], x=x, y=y, ask=ask)


@check("08.2")
def evaluate_takes_batches_with_several_inputs():
    """A batch may have several inputs before its targets; they all go to the model."""
    code = """
class Add(Module):
    def forward(self, a, b):
        return a + b

batch = (tensor([1.0, 2.0]), tensor([10.0, 20.0]), tensor([0.0, 0.0]))
evaluate(Add(), [batch], mse_loss)
"""
    expect(code, {"loss": (11.0**2 + 22.0**2) / 2}, ask="What is the last one, and what the rest?")


@check("08.2")
def evaluate_of_nothing():
    """Data without batches is refused with a ValueError that says so."""
    raises("evaluate(Linear(1, 1), [], mse_loss)", ValueError, mentions=["no batches"])


# ------------------------------------------------------------------------------------ 08.3 clipping


@check("08.3")
def gradients_of_those_that_have_one():
    """Parameters without a gradient are left out; a single tensor counts as one parameter."""
    code = """
a, b = tensor([1.0], requires_grad=True), tensor([2.0], requires_grad=True)
a.grad = tensor([5.0])
[g.tolist() for g in gradients([a, b])], [g.tolist() for g in gradients(a)]
"""
    ask = "What happens in a loop over one tensor? What does it give out?"
    expect(code, ([[5.0]], [[5.0]]), ask=ask)


@check("08.3")
def total_norm_by_hand():
    """The gradients (3) and (4) have the length 5 together."""
    a, b = np.array([3.0], np.float32), np.array([[4.0]], np.float32)
    expect("total_norm(a, b)", np.array(5.0), dtype="float32", a=a, b=b, ask="3*3 + 4*4 = 25")
    x, y, z = fresh(3, 4), fresh(5), fresh(0, 2)
    length = np.sqrt((x.astype("f8") ** 2).sum() + (y.astype("f8") ** 2).sum())
    expect("total_norm(x, y, z)", np.array(length), x=x, y=y, z=z)


@check("08.3")
def total_norm_of_float16():
    """Gradients in float16 do not overflow when they are squared."""
    g = np.array([300.0, 400.0], np.float16)
    ask = "400 squared is 160000. What is the largest number of float16?"
    expect("total_norm(g)", np.array(500.0), dtype="float16", g=g, ask=ask)
    expect("wide(g)", np.array([300.0, 400.0]), dtype="float32", g=g, ask="Which type is wide?")
    x = fresh(3).astype(np.float64)
    expect("wide(x)", x, dtype="float64", x=x, ask="Which types would float32 make narrower?")


@check("08.3")
def clipping_keeps_the_direction():
    """Gradients (3, 0) and (4) become (0.6, 0) and (0.8): shorter, in the same proportion."""
    code = """
a, b = tensor([0.0, 0.0], requires_grad=True), tensor([0.0], requires_grad=True)
a.grad, b.grad = tensor([3.0, 0.0]), tensor([4.0])
norm = clip_grad_norm_([a, b], 1.0)
norm.item(), a.grad.tolist(), b.grad.tolist()
"""
    ask = "Before, the second gradient was 4/3 of the first. And after? Whose length is limited?"
    expect(code, (5.0, [0.6, 0.0], [0.8]), ask=ask)


@check("08.3")
def clipping_leaves_short_gradients():
    """A gradient shorter than max_norm keeps its bits; max_norm may be inf."""
    g = fresh(6, low=-0.1, high=0.1)
    code = """
w = Tensor(np.zeros(6, "f4"), requires_grad=True)
w.grad = Tensor(g.copy())
clip_grad_norm_(w, limit)
w.grad.array.tobytes() == g.tobytes()
"""
    ask = "The factor is above 1 here. Should a short gradient be made longer?"
    expect(code, True, g=g, limit=1.0, ask=ask)
    expect(code, True, g=g, limit=float("inf"), ask="What is inf divided by the norm?")


@check("08.3")
def clipping_works_in_place_and_says_the_old_norm():
    """The gradient's own array is changed, and the norm returned is the one before."""
    code = """
w = tensor([0.0, 0.0], requires_grad=True)
w.grad = tensor([3.0, 4.0])
before = w.grad.array
norm = clip_grad_norm_(w, 2.5)
w.grad.array is before, norm.item(), w.grad.tolist()
"""
    expect(code, (True, 5.0, [1.5, 2.0]), ask="Which one did the optimizer get, the old or a new?")
    expect("clip_grad_norm_([tensor([1.0], requires_grad=True)], 1.0)", np.array(0.0))


@check("08.3")
def clipping_of_no_number():
    """A gradient that holds NaN becomes NaN as a whole, so that nobody goes on with half of it."""
    code = """
w = tensor([0.0, 0.0], requires_grad=True)
w.grad = tensor([1.0, float("nan")])
clip_grad_norm_(w, 10.0)
w.grad.tolist()
"""
    ask = "NaN < 1 is False, and so is NaN >= 1. Which of the two questions does your code ask?"
    expect(code, [float("nan"), float("nan")], ask=ask)


# --------------------------------------------------------------------- 08.4 the gradient of a group


def group() -> str:
    """A trainer of such a model, which makes an update from two batches."""
    return (
        small()
        + """
model = line()
trainer = Trainer(model, mse_loss, SGD(model.parameters(), lr=0.1), accumulate=2)
"""
    )


@check("08.4")
def loss_of_one_batch():
    """The model gets all inputs of a batch; the loss function gets outputs, then targets."""
    code = """
class Difference(Module):
    def forward(self, a, b):
        return a - b

optimizer = SGD([tensor([1.0], requires_grad=True)])
trainer = Trainer(Difference(), lambda outputs, targets: outputs - 2 * targets, optimizer)
trainer.compute_loss([tensor(7.0), tensor(3.0), tensor(1.0)])
"""
    ask = "7 - 3 = 4 comes out of the model; 4 - 2 * 1 = 2 is the loss."
    expect(code, np.array(2.0), ask=ask)


@check("08.4")
def examples_of_a_batch():
    """A batch has as many examples as targets, whatever its inputs look like."""
    code = """
trainer = Trainer(Linear(1, 1), mse_loss, SGD([tensor([1.0], requires_grad=True)]))
inputs, targets = tensor([[1.0, 2.0]]), tensor([0, 1, 1])
trainer.examples((inputs, targets)), trainer.examples([inputs, inputs, targets])
"""
    expect(code, (3, 3), ask="Which item of a batch are the targets?")


@check("08.4")
def gradient_of_one_batch():
    """For y = w x with w = 1, x = 1, 2, 3 and targets 0 the loss is 14/3, its slope 28/3."""
    code = (
        group()
        + """
loss = trainer.compute_gradients([(column(1, 2, 3), column(0, 0, 0))])
loss, type(loss).__name__, model.weight.grad.item()
"""
    )
    expect(
        code,
        (14 / 3, "float", 28 / 3),
        ask="(1 + 4 + 9) / 3, and twice that for the slope.",
    )


@check("08.4")
def gradient_of_a_group():
    """Three examples in one batch and one in the next weigh as four examples in one batch."""
    code = (
        group()
        + """
loss = trainer.compute_gradients([(column(1, 2, 3), column(0, 0, 0)), (column(4), column(0))])
loss, model.weight.grad.item()
"""
    )
    ask = "(1 + 4 + 9 + 16) / 4 is 7.5. How large is the share of the first batch, 3/4 or 1/2?"
    expect(code, (7.5, 15.0), ask=ask)


@check("08.4")
def gradient_starts_from_nothing():
    """What an earlier group has left in .grad is forgotten first."""
    code = (
        group()
        + """
group = [(column(1, 2, 3), column(0, 0, 0)), (column(4), column(0))]
trainer.compute_gradients(group)
trainer.compute_gradients(group)
model.weight.grad.item()
"""
    )
    ask = "backward adds to .grad. What stands there when the second group begins?"
    expect(code, 15.0, ask=ask)


@check("08.4")
def gradient_of_a_short_group():
    """A group that is not full, of fresh batches, has the gradient of all its examples together."""
    first, second, third = (int(n) for n in rng().integers(1, 5, 3))
    x, cuts = fresh(first + second + third, 1), [first, first + second]
    code = (
        small()
        + """
model = line(0.5)
trainer = Trainer(model, mse_loss, SGD(model.parameters(), lr=0.1), accumulate=8)
parts = np.split(x, cuts)
loss = trainer.compute_gradients([(Tensor(part), Tensor(2 * part)) for part in parts])
loss, model.weight.grad.item()
"""
    )
    square = float((x.astype(np.float64) ** 2).mean())
    ask = "Three batches came, accumulate is 8. By what does your code divide?"
    expect(code, (2.25 * square, -3 * square), x=x, cuts=cuts, ask=ask)


# ---------------------------------------------------------------------------------- 08.5 one update


@check("08.5")
def count_by_hand():
    """Two batches with three examples in all: the loss counts three times, the update once."""
    code = (
        group()
        + """
trainer.loss = 2.0
trainer.count([(column(1, 2), column(0, 0)), (column(3), column(0))])
trainer.loss = 5.0
trainer.count([(column(4), column(0))])
trainer.step, trainer.batch, trainer.sums["loss"], trainer.sums["examples"], trainer.drained
"""
    )
    ask = "2.0 * 3 + 5.0 * 1 = 11. The last group had one batch where two were wanted."
    expect(code, (2, 3, 11.0, 4, True), ask=ask)


@check("08.5")
def mean_loss_by_hand():
    """The sum of the losses, each times its examples, divided by the examples."""
    code = group() + "trainer.sums = {'loss': 11.0, 'examples': 4}\ntrainer.mean_loss()"
    expect(code, 2.75, ask="11 / 4 is 2.75.")
    code = group() + "trainer.epoch = 6\ntrainer.mean_loss()"
    raises(code, ValueError, mentions=["epoch 7 had no batches"], ask="6 epochs are done.")


@check("08.5")
def schedule_at_its_moment():
    """The schedule is stepped at the moment that it wants, and may be missing."""
    code = (
        small()
        + """
model, rates = line(), []
for every in ("step", "epoch"):
    optimizer = SGD(model.parameters(), lr=1.0)
    optimizer.step()
    lower = LambdaLR(optimizer, lambda n: 0.5 ** n)
    trainer = Trainer(model, mse_loss, optimizer, scheduler=lower, schedule_every=every)
    trainer.schedule("epoch")
    rates.append(optimizer.param_groups[0]["lr"])
Trainer(model, mse_loss, optimizer).schedule("epoch")
rates
"""
    )
    expect(code, [1.0, 0.5], ask='Which of the two asked to be stepped at every "epoch"?')


@check("08.5")
def step_by_hand():
    """From w = 1 with the slope 15 and the rate 0.1, w becomes -0.5."""
    code = (
        group()
        + """
trainer.train_step([(column(1, 2, 3), column(0, 0, 0)), (column(4), column(0))])
model.weight.item(), trainer.loss, trainer.step, trainer.batch, trainer.drained
"""
    )
    expect(code, (-0.5, 7.5, 1, 2, False), ask="1 - 0.1 * 15 = -0.5")


@check("08.5")
def step_clips_first():
    """The gradient is clipped before the parameters move by it."""
    code = (
        small()
        + """
model = line()
trainer = Trainer(model, mse_loss, SGD(model.parameters(), lr=1.0), max_norm=0.25)
trainer.train_step([(column(1, 2, 3), column(0, 0, 0))])
model.weight.item()
"""
    )
    ask = "With the rate 1 and a gradient of length 0.25, how far may w move?"
    expect(code, 0.75, ask=ask)


@check("08.5")
def step_moves_the_schedule_after_the_update():
    """A schedule for each step is stepped once, after the optimizer has used the old rate."""
    code = (
        small()
        + """
model = line()
optimizer = SGD(model.parameters(), lr=0.1)
scheduler = LambdaLR(optimizer, lambda n: 0.5 ** n)
trainer = Trainer(model, mse_loss, optimizer, scheduler=scheduler, schedule_every="step")
trainer.train_step([(column(1), column(0))])
model.weight.item(), optimizer.param_groups[0]["lr"]
"""
    )
    ask = "The slope is 2. The first update uses the rate 0.1, the next one will use 0.05."
    expect(code, (0.8, 0.05), ask=ask)


@check("08.5")
def step_refuses_what_is_no_number():
    """A loss that is NaN is refused with a report, and the parameters stay as they were."""
    code = (
        small()
        + """
model = line(-1.0)
optimizer = SGD(model.parameters(), lr=0.1)
trainer = Trainer(model, lambda outputs, targets: outputs.log().mean(), optimizer)
try:
    trainer.train_step([(column(1, 2, 3), column(0, 0, 0))])
    report = "no report"
except RuntimeError as error:
    report = str(error)
"training stopped" in report, "log" in report, model.weight.item(), trainer.step
"""
    )
    ask = "Does your step look at the numbers before the parameters move, or after?"
    expect(code, (True, True, -1.0, 0), ask=ask)


@check("08.5")
def step_notes_the_chance_it_began_with():
    """check_step gets the state of the random numbers from before the forward pass."""
    code = """
class Watched(Trainer):
    def check_step(self, group, chance, norm):
        self.seen = chance, norm

model = Sequential(Dropout(0.5), Linear(4, 1))
trainer = Watched(model, mse_loss, SGD(model.parameters(), lr=0.1))
before = default_generator.get_state()
trainer.train_step([(Tensor(np.ones((2, 4), "f4")), Tensor(np.ones((2, 1), "f4")))])
trainer.seen[0] == before, type(trainer.seen[1]).__name__
"""
    ask = "To repeat a step, dropout must draw the same numbers. When did it draw them?"
    expect(code, (True, "float"), ask=ask)


# ----------------------------------------------------------------------------------- 08.6 one epoch


@check("08.6")
def everyone_is_told():
    """tell calls the method of that name of every callback, in order, with the trainer."""
    code = (
        small()
        + """
class Named(Callback):
    def __init__(self, name):
        self.name = name

    def on_step_end(self, trainer):
        heard.append((self.name, "step", trainer is told))

    def on_fit_end(self, trainer):
        heard.append((self.name, "end", trainer is told))

heard, model = [], line()
ears = [Named("first"), Named("second")]
told = Trainer(model, mse_loss, SGD(model.parameters(), lr=0.1), callbacks=ears)
told.tell("on_step_end")
told.tell("on_fit_end")
heard
"""
    )
    heard = [(name, what, True) for what in ("step", "end") for name in ("first", "second")]
    expect(code, heard, ask="Which methods of which callbacks are to be called, and with what?")


@check("08.6")
def batches_come_in_groups():
    """Lists of accumulate batches; the last one has the rest, and no list is empty."""
    code = group() + "[list(each) for each in trainer.groups(iter(letters))]"
    expect(code, [["a", "b"], ["c", "d"], ["e"]], letters="abcde", ask="What is left for the last?")
    expect(code, [["a", "b"], ["c", "d"]], letters="abcd", ask="How many groups are four batches?")
    expect(code, [], letters="", ask="How many groups are no batches?")


@check("08.6")
def batches_are_taken_when_they_are_needed():
    """The first group is there before a third batch was asked for."""
    code = (
        group()
        + """
def loading():
    for name in "abc":
        loaded.append(name)
        yield name

loaded = []
first = next(iter(trainer.groups(loading())))
list(first), loaded
"""
    )
    ask = "How much memory would all batches of an epoch take at the same time?"
    expect(code, (["a", "b"], ["a", "b"]), ask=ask)


@check("08.6")
def epoch_trains_on_every_group():
    """Five batches in groups of two are three updates, in training mode, each one told."""
    code = (
        small()
        + ear()
        + """
model = line()
model.eval()
ear = Ear()
optimizer = SGD(model.parameters(), lr=0.01)
trainer = Trainer(model, mse_loss, optimizer, accumulate=2, callbacks=[ear])
trainer.data = [(column(1), column(0))] * 5
trainer.train_epoch()
trainer.step, trainer.batch, ear.heard
"""
    )
    heard = ["epoch begins, 0 done, train True", "step 1", "step 2", "step 3"]
    ask = "groups gives lists of two batches, and the rest. What is to be done with each?"
    expect(code, (3, 5, heard), ask=ask)


@check("08.6")
def epoch_saves_every_so_many_updates():
    """With checkpoint_every=2 the run is saved after the updates 2 and 4."""
    code = (
        small()
        + """
class Saver(Trainer):
    saved = ()

    def save(self):
        self.saved += (self.step,)

model = line()
trainer = Saver(model, mse_loss, SGD(model.parameters(), lr=0.01), checkpoint_every=every)
trainer.data = [(column(1), column(0))] * 5
trainer.train_epoch()
trainer.saved
"""
    )
    expect(code, (2, 4), every=2, ask="Which updates can be divided by 2 without a rest?")
    expect(code, (), every=None, ask="checkpoint_every is None when nothing was asked for.")


# --------------------------------------------------------------------------------------- 08.7 a run


@check("08.7")
def epoch_is_measured_and_noted():
    """The record has the number, the mean loss, the rate that was used, and the validation."""
    code = (
        small()
        + """
model = line()
optimizer = SGD(model.parameters(), lr=0.0)
scheduler = LambdaLR(optimizer, lambda n: n + 1.0)
optimizer.param_groups[0]["lr"] = 0.25
optimizer.step()
trainer = Trainer(model, mse_loss, optimizer, scheduler=scheduler, metrics={"two": lambda o, t: 2})
trainer.step, trainer.sums = 3, {"loss": 12.0, "examples": 4.0}
trainer.finish_epoch([(column(1, 2, 3), column(0, 0, 0))])
sorted(trainer.history[0].items()), trainer.epoch
"""
    )
    record = [("epoch", 1), ("loss", 3.0), ("lr", 0.25), ("val_loss", 14 / 3), ("val_two", 2.0)]
    ask = "Which rate moved the parameters in this epoch: the one before or after the schedule?"
    expect(code, (record, 1), ask=ask)


@check("08.7")
def epoch_is_counted_before_it_is_told_and_saved():
    """Callbacks find the epoch counted and noted; the counts are cleared before the file."""
    code = (
        small()
        + ear()
        + """
class Saver(Trainer):
    saved = None

    def save(self):
        self.saved = self.epoch, len(self.history), self.batch, self.sums["examples"]

model = line()
ear = Ear()
trainer = Saver(model, mse_loss, SGD(model.parameters(), lr=0.1), callbacks=[ear])
trainer.batch, trainer.sums = 2, {"loss": 12.0, "examples": 4.0}
trainer.finish_epoch(None)
ear.heard, trainer.saved, sorted(trainer.history[0])
"""
    )
    expected = (["epoch ends, 1 done, 1 noted"], (1, 1, 0, 0.0), ["epoch", "loss", "lr"])
    ask = "A run that goes on from this file begins a new epoch. What must its counters say?"
    expect(code, expected, ask=ask)


@check("08.7")
def run_of_two_epochs():
    """fit tells everything in order, and returns the history."""
    code = (
        small()
        + ear()
        + """
model = line()
ear = Ear()
trainer = Trainer(model, mse_loss, SGD(model.parameters(), lr=0.25), callbacks=[ear])
history = trainer.fit([(column(1), column(0))], epochs=2)
ear.heard, history is trainer.history, [r["loss"] for r in history], model.weight.item()
"""
    )
    heard = [
        "fit begins", "epoch begins, 0 done, train True", "step 1", "epoch ends, 1 done, 1 noted",
        "epoch begins, 1 done, train True", "step 2", "epoch ends, 2 done, 2 noted", "fit ends",
    ]  # fmt: skip
    expect(code, (heard, True, [1.0, 0.25], 0.25), ask="w: 1, then 0.5, then 0.25.")


@check("08.7")
def run_goes_on_to_the_number_of_epochs_in_all():
    """fit(..., epochs=3) after fit(..., epochs=2) trains one epoch more."""
    code = (
        small()
        + """
model = line()
trainer = Trainer(model, mse_loss, SGD(model.parameters(), lr=0.25))
data = [(column(1), column(0))]
trainer.fit(data, epochs=2)
trainer.fit(data, epochs=3)
trainer.step, trainer.epoch, len(trainer.history), trainer.epochs
"""
    )
    ask = "epochs counts those in all. How many were done when the second fit began?"
    expect(code, (3, 3, 3, 3), ask=ask)


@check("08.7")
def run_stops_when_a_callback_says_so():
    """trainer.stop = True ends the run after the epoch, and on_fit_end is still told."""
    code = (
        small()
        + """
class Stop(Callback):
    ended = False

    def on_epoch_end(self, trainer):
        trainer.stop = trainer.epoch == 2

    def on_fit_end(self, trainer):
        self.ended = True

model = line()
stop = Stop()
trainer = Trainer(model, mse_loss, SGD(model.parameters(), lr=0.25), callbacks=[stop])
trainer.fit([(column(1), column(0))], epochs=9)
trainer.epoch, stop.ended
"""
    )
    expect(code, (2, True), ask="What is asked before each epoch?")


@check("08.7")
def run_needs_data_that_can_be_read_again():
    """A generator is used up after one epoch: fit refuses it by name of the epoch."""
    code = (
        small()
        + """
model = line()
trainer = Trainer(model, mse_loss, SGD(model.parameters(), lr=0.25))
trainer.fit(iter([(column(1), column(0))]), epochs=2)
"""
    )
    raises(
        code,
        ValueError,
        mentions=["epoch 2 had no batches"],
        ask="Who works out the loss?",
    )


# ------------------------------------------------------------------------------ 08.8 stop and go on


@check("08.8")
def state_has_all_parts():
    """The state names its parts and kinds, the chance, the data and the position."""
    code = (
        runs()
        + """
trainer = built(1)
trainer.fit([(Tensor(x), Tensor(y))], epochs=1)
state = trainer.state_dict()
position = sorted(state["position"]) == sorted(POSITION)
chance = state["chance"] == default_generator.get_state()
sorted(state), state["kinds"], sorted(state["parts"]), state["data"], position, chance
"""
    )
    kinds = {"model": "Net", "optimizer": "SGD", "callback 0": "Break"}
    keys = ["chance", "data", "kinds", "parts", "position"]
    expected = (keys, kinds, sorted(kinds), None, True, True)
    expect(code, expected, x=fresh(3, 3), y=fresh(3, 1), ask="Which five entries are named?")


@check("08.8")
def state_does_not_move_on():
    """A state that was taken after one epoch still says so when the run has gone on."""
    code = (
        runs()
        + """
trainer = built(1)
data = [(Tensor(x), Tensor(y))]
trainer.fit(data, epochs=1)
position = trainer.state_dict()["position"]
trainer.fit(data, epochs=3)
position["epoch"], len(position["history"])
"""
    )
    ask = "The history is one list, to which the trainer adds. Whose list is in the state?"
    expect(code, (1, 1), x=fresh(3, 3), y=fresh(3, 1), ask=ask)


@check("08.8")
def state_of_a_loader():
    """The state of a run over a loader has the loader's own state: one batch was given out."""
    code = (
        runs()
        + """
loader = DataLoader(TensorDataset(Tensor(x), Tensor(y)), batch_size=2, shuffle=True)
state = run(built(1, after=1), loader).state_dict()
state["data"] == loader.state_dict(), state["data"]["batches"], state["position"]["batch"]
"""
    )
    ask = "A list has no state_dict, a loader has one. How do you find out?"
    expect(code, (True, 1, 1), x=fresh(5, 3), y=fresh(5, 1), ask=ask)


@check("08.8")
def state_goes_to_everyone():
    """After load_state_dict weights, velocities, random numbers and position are those saved."""
    code = (
        runs()
        + """
first = run(built(1, after=3), [(Tensor(x), Tensor(y))] * 2)
state = first.state_dict()
other = built(99)
other.load_state_dict(state)
found = {
    "weights": weights(other) == weights(first),
    "velocities": memory(other) == memory(first),
    "chance": default_generator.get_state() == state["chance"],
    "position": (other.epoch, other.batch, other.step, len(other.history)),
    "resumed": other.resumed,
}
sorted(found.items())
"""
    )
    expected = {
        "chance": True,
        "position": (1, 1, 3, 1),
        "resumed": {"data": None},
        "velocities": True,
        "weights": True,
    }
    ask = "Who has not got back what was theirs?"
    expect(code, sorted(expected.items()), x=fresh(3, 3), y=fresh(3, 1), ask=ask)


@check("08.8")
def going_on_in_a_list():
    """Of a list, the batches that were trained on are left out."""
    code = """
trainer = Trainer(Linear(1, 1), mse_loss, SGD([tensor([1.0], requires_grad=True)]))
trainer.data, trainer.batch = ["a", "b", "c", "d", "e"], 2
list(trainer.go_on(None))
"""
    ask = "Two batches are done. Which ones are left?"
    expect(code, ["c", "d", "e"], ask=ask)


@check("08.8")
def going_on_in_a_loader():
    """A loader gets its state back, and then gives what is left by itself."""
    code = """
loader = DataLoader(range(6), batch_size=2, shuffle=True)
batches = iter(loader)
next(batches)
state = loader.state_dict()
left = [batch.tolist() for batch in batches]
trainer = Trainer(Linear(1, 1), mse_loss, SGD([tensor([1.0], requires_grad=True)]))
trainer.data, trainer.batch = DataLoader(range(6), batch_size=2, shuffle=True), 1
[batch.tolist() for batch in trainer.go_on(state)] == left, len(left)
"""
    expect(code, (True, 2), ask="Is it the same shuffle? And is nothing left out twice?")


RESUME = """
straight = run(built(1), batches())
state = run(built(1, after=stop), batches()).state_dict()
resumed = run(built(99), batches(), state)
resumed.step, resumed.history == straight.history, weights(resumed) == weights(straight)
"""
"""A run in one go, and one that was interrupted and goes on with other random numbers."""


@check("08.8")
def run_over_a_list_goes_on():
    """Interrupted in the middle of an epoch over a list, the run ends with the same bits."""
    code = (
        runs()
        + """
def batches():
    return [(Tensor(x[i : i + 2]), Tensor(y[i : i + 2])) for i in (0, 2, 4)]
"""
    )
    x, y = fresh(5, 3), fresh(5, 1)
    ask = "A list gives the same batches again. How many of them are done already?"
    for stop in (2, 4):
        expect(code + RESUME, (6, True, True), x=x, y=y, stop=stop, ask=ask)


@check("08.8")
def run_over_a_shuffled_loader_goes_on():
    """With a shuffling loader, the resumed epoch gives the batches that were left, in order."""
    code = (
        runs()
        + """
def batches():
    return DataLoader(TensorDataset(Tensor(x), Tensor(y)), batch_size=2, shuffle=True)
"""
    )
    x, y = fresh(7, 3), fresh(7, 1)
    ask = "The loader has a state of its own. Who hands it back before the loop goes on?"
    for stop in (1, 3, 6):
        expect(code + RESUME, (8, True, True), x=x, y=y, stop=stop, ask=ask)


@check("08.8")
def state_of_another_run():
    """A state with other parts is refused, and names both kinds."""
    code = (
        runs()
        + """
state = built(1).state_dict()
other = built(2)
other.optimizer = Adam(other.model.parameters())
other.load_state_dict(state)
"""
    )
    raises(
        code,
        ValueError,
        mentions=["'SGD'", "'Adam'"],
        ask="Which method refuses it for you?",
    )


# ------------------------------------------------------------------------------ 08.9 early stopping


@check("08.9")
def stops_after_patience():
    """With patience 2 the run stops at the second epoch that is not better than the best."""
    code = scripted() + "play(values, patience=2)[:2]"
    ask = "The best is 3. How many epochs in a row were not better when you stopped?"
    expect(code, (5, True), values=[5.0, 4.0, 3.0, 3.0, 3.5, 1.0], ask=ask)
    expect(
        code,
        (6, False),
        values=[5.0, 6.0, 4.0, 6.0, 3.0, 6.0],
        ask="Who clears the count?",
    )


@check("08.9")
def compares_with_the_best():
    """A loss that falls again, but not below the best, is no improvement."""
    code = scripted() + "play([2.0, 9.0, 8.0, 7.0, 6.0], patience=3)[:2]"
    expect(code, (4, True), ask="8 is better than 9. Is it better than the best so far?")


@check("08.9")
def wants_an_improvement_of_min_delta():
    """Changes that are smaller than min_delta do not count; mode="max" wants large values."""
    code = scripted() + "play([5.0, 4.9, 4.8, 4.7], patience=3, min_delta=0.5)[:2]"
    expect(code, (4, True), ask="By how much must a loss be smaller?")
    code = scripted() + 'play([1.0, 2.0, 3.0, 2.0, 2.0, 9.0], patience=2, mode="max")[:2]'
    expect(
        code,
        (5, True),
        ask="self.sign turns the comparison round. Where does it come in?",
    )


@check("08.9")
def no_number_is_no_improvement():
    """NaN is never better than anything."""
    code = scripted() + 'play([float("nan")] * 6, patience=3)[:2]'
    expect(code, (3, True), ask="What is NaN > 1? And NaN <= 1?")


@check("08.9")
def gives_the_best_weights_back():
    """With restore_best=True the model ends with the weights of its best epoch."""
    code = scripted() + "play([3.0, 1.0, 2.0, 2.0], patience=2, restore_best=best)[1:3]"
    ask = "state_dict gives the parameters themselves. What do they hold two epochs later?"
    expect(code, (True, 2.0), best=True, ask=ask)
    expect(code, (True, 4.0), best=False, ask="Nobody asked for the best weights here.")


@check("08.9")
def leaves_the_stop_of_others():
    """A run that somebody else has stopped stays stopped."""
    code = scripted() + "play([1.0, 1.0], stop=True, patience=9)[1]"
    expect(code, True, ask="Does your code write False into trainer.stop?")


@check("08.9")
def measurement_of_the_last_epoch():
    """It is that of the last record; an unknown name is refused, together with those known."""
    lend("class Noted:\n    history = [{'loss': 3.0, 'lr': 0.5}, {'loss': 2.0, 'lr': 0.1}]\n")
    shown = "# Noted(): its history has the losses 3.0 and 2.0\n"
    expect(shown + "measurement(Noted(), 'loss')", 2.0, ask="Which record is the last?")
    code = shown + "measurement(Noted(), 'val_loss')"
    ask = "What must somebody know who forgot the validation data?"
    raises(code, ValueError, mentions=["'val_loss'", "loss", "lr"], ask=ask)


@check("08.9")
def remembers_when_resumed():
    """best, waited and weights are part of the state, so that a resumed run goes on counting."""
    code = (
        scripted()
        + """
state = play([3.0, 1.0, 2.0], patience=2, restore_best=True)[3]
sorted(state), state["best"], state["waited"], [t.item() for t in state["weights"].values()]
"""
    )
    expected = (["best", "waited", "weights"], -1.0, 1, [2.0])
    expect(code, expected, ask="The best is kept with its sign: -1 for a loss of 1.")


# ---------------------------------------------------------------------------- 08.10 pack and unpack


@check("08.10")
def pack_by_hand():
    """Tensors go to arrays under the name of their place; the rest is JSON."""
    code = """
arrays = {}
packed = pack({"step": 3, "model": {"w": tensor([1.0, 2.0])}}, "", arrays)
packed, arrays
"""
    tree = {"dict": [["step", 3], ["model", {"dict": [["w", {"tensor": "model.w"}]]}]]}
    ask = 'The tensor stands at "model", and there at "w". Which name is that?'
    expect(code, (tree, {"model.w": np.array([1.0, 2.0])}), ask=ask)
    ask = "A key that is a number stays a number. Where would JSON leave it alone?"
    expect('pack({0: 1.5}, "", {})', {"dict": [[0, 1.5]]}, ask=ask)


@check("08.10")
def pack_of_lists_and_tuples():
    """The items of a list are named by their numbers, and a tuple stays a tuple."""
    code = """
arrays = {}
packed = pack({"m": [tensor([1.0]), (np.array([2]), None)]}, "", arrays)
packed, sorted(arrays)
"""
    inner = {"tuple": [{"array": "m.1.0"}, None]}
    expected = ({"dict": [["m", [{"tensor": "m.0"}, inner]]]}, ["m.0", "m.1.0"])
    expect(code, expected, ask="JSON knows lists only. How can a tuple be told from a list?")


@check("08.10")
def unpack_by_hand():
    """What lies deep in the tree is put together too."""
    tree = {"dict": [["a", {"tuple": [1, {"array": "a.1"}]}], ["b", [{"dict": [[0, None]]}]]]}
    code = 'unpack(tree, {"a.1": np.array([1.0, 2.0])})'
    expected = {"a": (1, np.array([1.0, 2.0])), "b": [{0: None}]}
    expect(code, expected, tree=tree, ask="What is still packed in what you return?")


@check("08.10")
def packed_state_comes_back():
    """Whatever is packed, written as JSON and unpacked is what it was."""
    state = {"a": [1, 2.5, "text", None, True], 7: {"b": (1, (2, [3]))}, "": {}}
    code = """
arrays = {}
text = json.dumps(pack(state, "", arrays))
unpack(json.loads(text), arrays) == state
"""
    expect(code, True, state=state, ask="The key 7 is a number. What does JSON make of it?")
    x, y = fresh(2, 3), fresh(4)
    code = """
arrays = {}
text = json.dumps(pack([Tensor(x), {"y": y}], "", arrays))
one, two = unpack(json.loads(text), arrays)
isinstance(one, Tensor), isinstance(two["y"], np.ndarray), one, two["y"]
"""
    expect(code, (True, True, x, y), x=x, y=y, ask="Which kind was it before: tensor or array?")


@check("08.10")
def pack_when_two_places_have_one_name():
    """Two tensors whose places have the same name keep both their values."""
    code = """
state = {"a.b": tensor([1.0]), "a": {"b": tensor([2.0])}}
arrays = {}
pack(state, "", arrays)
sorted(array.item() for array in arrays.values())
"""
    expect(code, [1.0, 2.0], ask="Which of the given functions finds a free name?")


@check("08.10")
def pack_of_a_number_from_numpy():
    """A number of NumPy becomes one of Python, which JSON can write."""
    code = 'type(pack({"lr": np.float32(0.5)}, "", {})["dict"][0][1]).__name__'
    expect(code, "float", ask="Which method gives the Python number of a NumPy one?")


@check("08.10")
def pack_refuses_the_rest_by_its_place():
    """What cannot be stored is refused by the name of its place, and so is a key."""
    raises('pack({"model": {"hook": {1, 2}}}, "", {})', TypeError, mentions=["model.hook", "set"])
    raises('pack({"a": {(1, 2): 3}}, "", {})', TypeError, mentions=["a has the key (1, 2)"])


# ----------------------------------------------------------------------- 08.11 the plan of the file


@check("08.11")
def layout_by_hand():
    """Two float32 and three int8 values lie at the bytes 0 to 8 and 8 to 11."""
    code = 'layout({"w": np.zeros((2, 1), "float32"), "c": np.zeros(3, "int8")})'
    expected = {
        "w": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
        "c": {"dtype": "I8", "shape": [3], "data_offsets": [8, 11]},
    }
    expect(code, expected, ask="A float32 has four bytes. Where do two of them end?")


@check("08.11")
def layout_of_wide_values_first():
    """Wide values come first, and names decide among equals, so that every array is aligned."""
    code = """
header = layout({"a": np.zeros(3, "int8"), "z": np.zeros(1), "c": np.zeros(2, "f4"),
                 "b": np.zeros((2, 2), "f4"), "n": np.zeros((0, 5), "f4")})
[(name, entry["data_offsets"]) for name, entry in header.items()]
"""
    places = [("z", [0, 8]), ("b", [8, 24]), ("c", [24, 32]), ("n", [32, 32]), ("a", [32, 35])]
    expect(code, places, ask="In which order do 8-byte, 4-byte and 1-byte values come?")


@check("08.11")
def opening_by_hand():
    """8 bytes with the length, lowest first; then JSON, filled up to a multiple of 8."""
    expect('opening({"a": 1})', b'\x08\0\0\0\0\0\0\0{"a": 1}', ask='{"a": 1} has 8 characters.')
    text = b'{"abc": 12}     '
    ask = "The JSON has 11 characters. How many spaces bring it to 16, and who counts them?"
    expect('opening({"abc": 12})', len(text).to_bytes(8, "little") + text, ask=ask)


@check("08.11")
def opening_of_a_long_header():
    """A length above 255 takes the second byte; one above the format's limit is refused."""
    header = {f"layer {i}": [i, i] for i in range(int(rng().integers(30, 60)))}
    code = "found = opening(header)\nfound[:8], len(found) % 8, json.loads(found[8:]) == header"
    length = -(-len(json.dumps(header)) // 8) * 8
    expect(code, (length.to_bytes(8, "little"), 0, True), header=header)
    code = """
limits = check_length.__globals__
limits["LONGEST_HEADER"] = 8
try:
    opening({"abc": 1})
finally:
    limits["LONGEST_HEADER"] = 100_000_000
"""
    raises(code, ValueError, mentions=["16 bytes"], ask="Which given function knows the limit?")


# ------------------------------------------------------------------------------ 08.12 onto the disk


def disk() -> str:
    """A folder with an old file, and a disk that writes down what happens to it."""
    lend("""
import errno, stat, tempfile

def on_disk(write, full=None):
    events, kept = [], {name: getattr(os, name) for name in ("fsync", "replace", "rename")}
    def noted(name):
        def call(*arguments, **options):
            if name == "fsync":
                found = os.fstat(getattr(arguments[0], "fileno", lambda: arguments[0])())
                if stat.S_ISREG(found.st_mode):
                    events.append(f"fsync of {found.st_size} bytes")
            else:
                events.append("the name moves")
            if full == name:
                raise OSError(errno.ENOSPC, "No space left on device")
            return kept[name](*arguments, **options)
        return call
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run")
        with open(path, "wb") as file:
            file.write(b"old")
        for name in kept:
            setattr(os, name, noted(name))
        try:
            write(path)
        except Exception as error:
            events.append(f"{type(error).__name__}: {error}")
        finally:
            for name in kept:
                setattr(os, name, kept[name])
        with open(path, "rb") as file:
            names = [name.replace(str(os.getpid()), "NUMBER") for name in os.listdir(folder)]
            return file.read(), sorted(names), events
""")
    return (
        "# on_disk(write): write(path) where path holds b'old'; gives the content afterwards, the\n"
        '# names in the folder, and what was done; full="fsync" is a disk that is full\n'
    )


@check("08.12")
def file_is_replaced():
    """All parts are in the file afterwards, and nothing else is in the folder."""
    code = disk() + "on_disk(lambda path: write_atomically(path, iter([b'new', b'er'])))[:2]"
    expect(code, (b"newer", ["run"]), ask="Which of the two files has the name at the end?")


@check("08.12")
def bytes_are_on_the_disk_before_the_name_moves():
    """The bytes are forced onto the disk, all of them, and then the file takes over the name."""
    code = disk() + "on_disk(lambda path: write_atomically(path, [b'newer']))[2]"
    ask = "Where are the bytes after write: with Python, with the operating system, on the disk?"
    expect(code, ["fsync of 5 bytes", "the name moves"], ask=ask)


@check("08.12")
def old_file_survives_a_failure():
    """When parts fail or the disk is full, the old content stays, and nothing beside it."""
    code = (
        disk()
        + """
def parts():
    yield b"half of the"
    raise KeyError("new")

on_disk(lambda path: write_atomically(path, parts()))
"""
    )
    expected = (b"old", ["run"], ["KeyError: 'new'"])
    expect(code, expected, ask="Which file did the first part go into, and where is it now?")
    code = (
        disk()
        + """
old, names, events = on_disk(lambda path: write_atomically(path, [b"newer"]), full="fsync")
old, names, "what it held before is still there" in events[-1]
"""
    )
    expect(code, (b"old", ["run"], True), ask="Which given block says what became of the file?")


@check("08.12")
def link_stays_a_link():
    """Where the path is a link, the file that it leads to is replaced."""
    code = """
import tempfile
with tempfile.TemporaryDirectory() as folder:
    file, link = os.path.join(folder, "file"), os.path.join(folder, "link")
    write_atomically(file, [b"old"])
    try:
        os.symlink(file, link)
    except OSError:  # not every system lets everybody make links
        link = file
    write_atomically(link, [b"new"])
    with open(file, "rb") as opened:
        found = os.path.islink(link) or link == file, opened.read()
found
"""
    expect(code, (True, b"new"), ask="What does os.path.realpath make of a link?")


@check("08.12")
def file_holds_header_and_values():
    """A file is its opening and then the bytes of the arrays, in the order of the header."""
    x, n = fresh(2, 3), rng().integers(0, 100, 3).astype(np.int8)
    code = (
        written()
        + """
header, values = file_of({"n": n, "x": x}, {"by": "me"})
header["__metadata__"], header["x"]["data_offsets"], values
"""
    )
    expected = ({"by": "me"}, [0, 24], x.tobytes() + n.tobytes())
    ask = "The header says that x comes first. Do its bytes?"
    expect(code, expected, x=x, n=n, ask=ask)


@check("08.12")
def file_without_metadata():
    """Without metadata the header has the arrays alone; a turned array is written row by row."""
    x = fresh(2, 3)
    code = written() + 'header, values = file_of({"x": x.T})\nlist(header), values'
    row_by_row = np.ascontiguousarray(x.T).tobytes()
    expect(code, (["x"], row_by_row), x=x, ask="Which order does tobytes use?")


@check("08.12")
def state_comes_back_from_a_file():
    """A nested state comes back from its file, and any program finds its tensors by name."""
    x = fresh(3)
    code = """
import tempfile
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "run")
    save_state({"step": 3, "model": [{"w": Tensor(x)}, (1, None)]}, path)
    state, names = load_state(path), list(load_file(path))
state["step"], state["model"][1], state["model"][0]["w"], names
"""
    ask = "Under which name in the metadata does load_state look for the rest?"
    expect(code, (3, (1, None), x, ["model.0.w"]), x=x, ask=ask)


# ----------------------------------------------------------------------------------- 08.13 debug it


@check("08.13")
def the_test_set_stays_unknown():
    """Mean and spread come from the training images alone, and serve for both sets."""
    train = np.array([[0.0, 2.0], [2.0, 4.0]], np.float32)
    test = np.array([[102.0, 2.0]], np.float32)
    ask = "Would the first training image look different if the test images were others?"
    expect(
        "[t.tolist() for t in prepared(torch.Tensor(train), torch.Tensor(test))]",
        [((train - 2) / np.sqrt(2)).tolist(), ((test - 2) / np.sqrt(2)).tolist()],
        train=train,
        test=test,
        ask=ask,
    )


@check("08.13")
def the_two_sets_share_no_image():
    """No image is in both sets, and none is lost."""
    code = "train, test = split(10, 0.3, 0)\nsorted(train + test), len(test)"
    expect(code, (list(range(10)), 3), ask="Which numbers are in both lists?")
    code = "train, test = split(101, 0.25, 5)\nsorted(train + test) == list(range(101)), len(test)"
    expect(code, (True, 25), ask="Which numbers are in both lists?")


@check("08.13")
def the_gradients_are_forgotten_before_they_are_made():
    """One step moves the weights by the gradient of its batch, whatever was in .grad before."""
    code = """
model = nn.Linear(1, 1, bias=False)
model.weight.data.fill_(1.0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model.weight.grad = torch.tensor([[100.0]])
x, y = torch.tensor([[1.0]]), torch.tensor([[0.0]])
loss = step(model, x, y, optimizer, nn.MSELoss())
round(model.weight.item(), 5), loss
"""
    ask = "The loss is 1, its slope 2, the rate 0.1. Follow .grad through the lines of the step."
    expect(code, (0.8, 1.0), ask=ask)


@check("08.13")
def the_model_learns():
    """After five epochs it reads more than 90 % of unseen digits."""
    code = "losses, right = train(epochs=5, seed=0)\nlosses[-1] < losses[0] / 2, right > 0.9"
    expect(code, (True, True), ask="Print the loss of each epoch. Does it fall?")
