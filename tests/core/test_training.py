"""Clipping and evaluation with PyTorch as the judge, and the Trainer: its steps and its stops."""

import math

import numpy as np
import pytest

from tinytorch.core.autograd import is_grad_enabled
from tinytorch.core.dataloader import DataLoader, TensorDataset
from tinytorch.core.layers import Dropout, Linear, Module
from tinytorch.core.optimizers import SGD, Adam, LambdaLR, StepLR
from tinytorch.core.tensor import Tensor, manual_seed, tensor
from tinytorch.core.training import (
    Callback,
    EarlyStopping,
    Trainer,
    accuracy,
    clip_grad_norm_,
    evaluate,
    save_state,
)


class Net(Module):
    """Two layers with chance between them."""

    def __init__(self, p=0.25):
        super().__init__()
        self.first, self.dropout, self.last = Linear(4, 6), Dropout(p), Linear(6, 2)

    def forward(self, x):
        return self.last(self.dropout(self.first(x).tanh()))


def mse(outputs, targets):
    return ((outputs - targets) ** 2).mean()


def batches(sizes=(4, 4, 4, 3), dtype="f4"):
    rng = np.random.default_rng(5)
    return [
        [Tensor(rng.standard_normal((n, width)).astype(dtype)) for width in (4, 2)] for n in sizes
    ]


def trainer_of(model, lr=0.1, **options):
    return Trainer(model, mse, SGD(model.parameters(), lr=lr), **options)


def weights(model):
    return {name: t.detach().array.copy() for name, t in model.state_dict().items()}


def assert_same_bits(one, two):
    assert one.keys() == two.keys()
    for name in one:
        assert one[name].tobytes() == two[name].tobytes(), name


# ------------------------------------------------------------------------------------ clipping


def gradients(shapes=((3, 4), (5,), (), (0, 2)), scale=3.0):
    rng = np.random.default_rng(2)
    values = [np.asarray(scale * rng.standard_normal(s), "f4") for s in shapes]
    params = [Tensor(np.zeros(s, "f4"), requires_grad=True) for s in shapes]
    for p, g in zip(params, values, strict=True):
        p.grad = Tensor(g.copy())
    return [*params, Tensor(np.zeros(2, "f4"), requires_grad=True)], values  # the last has none


def in_torch(torch, params):
    theirs = [torch.zeros(p.shape, requires_grad=True) for p in params]
    for p, q in zip(params, theirs, strict=True):
        q.grad = None if p.grad is None else torch.tensor(p.grad.numpy().copy())
    return theirs


@pytest.mark.torch
@pytest.mark.parametrize("max_norm", [0.5, 5, 1e6])
@pytest.mark.parametrize("scale", [3.0, 1e-6, math.nan])
def test_clipping_agrees_with_pytorch(torch, same, max_norm, scale):
    params, _ = gradients(scale=scale)
    theirs = in_torch(torch, params)
    norm = clip_grad_norm_(iter(params), max_norm)
    expected = torch.nn.utils.clip_grad_norm_(iter(theirs), max_norm)
    same(norm, expected)
    for p, q in zip(params[:-1], theirs[:-1], strict=True):
        same(p.grad, q.grad, atol=0)
    assert params[-1].grad is None


def test_a_short_gradient_keeps_its_bits():
    params, values = gradients(scale=1e-3)
    clip_grad_norm_(params, 1.0)
    for p, g in zip(params, values, strict=False):
        assert p.grad.array.tobytes() == g.tobytes()


def test_a_single_tensor_and_no_gradients_can_be_clipped():
    w = Tensor(np.zeros(2, "f4"), requires_grad=True)
    assert clip_grad_norm_([w], 1.0).item() == 0
    w.grad = Tensor(np.array([3, 4], "f4"))
    assert clip_grad_norm_(w, 1.0).item() == 5
    assert w.grad.tolist() == pytest.approx([0.6, 0.8], rel=1e-5)


def test_the_norm_of_float16_gradients_does_not_overflow():
    w = Tensor(np.zeros(2, "f2"), requires_grad=True)
    w.grad = Tensor(np.array([300, 400], "f2"))  # 400 squared is more than float16 holds
    norm = clip_grad_norm_(w, 5.0)
    assert (norm.item(), norm.dtype) == (500, np.float16)
    assert w.grad.tolist() == pytest.approx([3, 4], rel=1e-2)


# ---------------------------------------------------------------------------------- evaluation


def test_examples_and_not_batches_are_averaged():
    model, data = Net(), batches((4, 4, 1))
    whole = [Tensor(np.concatenate([b[i].array for b in data])) for i in (0, 1)]
    parts = evaluate(model, data, mse, {"largest": lambda o, t: o.array.argmax(1).mean()})
    once = evaluate(model, [whole], mse, {"largest": lambda o, t: o.array.argmax(1).mean()})
    assert parts == pytest.approx(once)
    assert set(parts) == {"loss", "largest"}


def test_evaluation_records_nothing_and_leaves_every_module_in_its_mode():
    model = Net()
    model.train()
    model.first.eval()  # frozen on purpose

    def loss(outputs, targets):
        assert not is_grad_enabled()
        assert not model.dropout.training
        return mse(outputs, targets)

    evaluate(model, batches(), loss)
    assert [m.training for m in model.modules()] == [True, False, True, True]
    with pytest.raises(ZeroDivisionError):
        evaluate(model, batches(), lambda o, t: 1 / 0)
    assert [m.training for m in model.modules()] == [True, False, True, True]


def test_evaluation_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no batches"):
        evaluate(Net(), [], mse)


def test_accuracy_counts_rows_whose_largest_output_is_at_the_target():
    outputs = tensor([[1.0, 3.0, 2.0], [5.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 2.0, 1.0]])
    assert accuracy(outputs, tensor([1, 0, 1, 0])) == 0.5


# ------------------------------------------------------------------------------ the five lines


def test_a_run_is_the_loop_written_out_bit_for_bit():
    manual_seed(1)
    ours = Net()
    manual_seed(1)
    plain = Net()
    trainer = trainer_of(ours)
    manual_seed(2)
    history = trainer.fit(batches(), epochs=3)
    manual_seed(2)
    optimizer, losses = SGD(plain.parameters(), lr=0.1), []
    for _ in range(3):
        for x, y in batches():
            optimizer.zero_grad()
            loss = mse(plain(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item() * len(y))
    assert_same_bits(weights(ours), weights(plain))
    assert [r["loss"] for r in history] == pytest.approx(np.reshape(losses, (3, 4)).sum(1) / 15)
    assert trainer.step == 12
    assert [r["epoch"] for r in history] == [1, 2, 3]


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    def run(seed):
        manual_seed(seed)
        model = Net()
        data = TensorDataset(
            *[Tensor(np.concatenate([b[i].array for b in batches()])) for i in (0, 1)]
        )
        trainer_of(model).fit(DataLoader(data, 4, shuffle=True), epochs=2)
        return weights(model)

    assert_same_bits(run(3), run(3))
    assert run(3)["last.weight"].tobytes() != run(4)["last.weight"].tobytes()


def naive_accumulation(self, group):
    """What is often written: every batch counts the same, also the short one."""
    self.optimizer.zero_grad()
    for batch in group:
        (self.compute_loss(batch) / self.accumulate).backward()
    return 0.0


@pytest.mark.parametrize("sizes", [(4, 4, 4, 4), (4, 4, 4, 3), (4, 4, 4), (4, 4, 1), (2,)])
@pytest.mark.parametrize("naive", [False, True])
def test_accumulated_gradients_are_those_of_the_large_batch(monkeypatch, sizes, naive):
    """Two batches per update; the naive way differs as soon as a group is not full."""
    data = batches(sizes, "f8")
    if naive:
        monkeypatch.setattr(Trainer, "compute_gradients", naive_accumulation)
    results = []
    for accumulate in (2, 1):
        manual_seed(0)
        model = Net(p=0.0)
        for p in model.parameters():
            p.data = Tensor(p.array.astype("f8"))
        groups = data if accumulate == 2 else merged(data, 2)
        trainer_of(model, accumulate=accumulate).fit(groups, epochs=2)
        results.append(weights(model))
    one, two = results
    equal = all(np.allclose(one[k], two[k], rtol=1e-10, atol=1e-12) for k in one)
    assert equal != (naive and sizes != (4, 4, 4, 4))


def merged(data, k):
    groups = [data[i : i + k] for i in range(0, len(data), k)]
    return [
        [Tensor(np.concatenate([b[i].array for b in group])) for i in (0, 1)] for group in groups
    ]


def test_the_history_has_the_mean_loss_the_rate_and_the_validation():
    model = Net(p=0.0)
    trainer = trainer_of(model, lr=0.0, metrics={"zero": lambda o, t: 0})
    (record,) = trainer.fit(batches(), epochs=1, validation=batches())
    assert record["loss"] == pytest.approx(record["val_loss"])  # lr is 0: the same model
    assert record["val_zero"] == 0
    assert record["lr"] == 0.0


def test_a_schedule_steps_after_each_epoch_or_each_update():
    for every, expected in (("epoch", 3), ("step", 12)):
        model = Net()
        trainer = trainer_of(model, schedule_every=every)
        trainer.scheduler = LambdaLR(trainer.optimizer, lambda n: 0.5**n)
        trainer.fit(batches(), epochs=3)
        assert trainer.scheduler.last_epoch == expected
        assert trainer.optimizer.param_groups[0]["lr"] == 0.1 * 0.5**expected


def test_gradients_are_clipped_before_the_update():
    model = Net()
    before = weights(model)
    trainer_of(model, lr=1.0, max_norm=1e-3).fit(batches((4,)), epochs=1)
    after = weights(model)
    moved = math.sqrt(sum(((after[k] - before[k]) ** 2).sum() for k in after))
    assert moved == pytest.approx(1e-3, rel=1e-2)


def test_callbacks_hear_every_event_in_order():
    heard = []

    class Ear(Callback):
        def on_fit_begin(self, trainer):
            heard.append("fit")

        def on_epoch_begin(self, trainer):
            heard.append(f"epoch {trainer.epoch}/{trainer.epochs}")

        def on_step_end(self, trainer):
            heard.append((trainer.step, trainer.batch, trainer.batches))
            assert math.isfinite(trainer.loss)

        def on_epoch_end(self, trainer):
            heard.append(len(trainer.history))

        def on_fit_end(self, trainer):
            heard.append("end")

    trainer_of(Net(), callbacks=[Ear()], accumulate=3).fit(batches(), epochs=2)
    steps = [[(1, 3, 4), (2, 4, 4)], [(3, 3, 4), (4, 4, 4)]]
    assert heard == ["fit", "epoch 0/2", *steps[0], 1, "epoch 1/2", *steps[1], 2, "end"]


# -------------------------------------------------------------------------------- early stops


class Scripted(Trainer):
    """A trainer whose validation losses are given."""

    script = ()

    def evaluate(self, data):
        return {"loss": self.script[self.epoch]}


def scripted(script, *callbacks):
    model = Net()
    trainer = Scripted(model, mse, SGD(model.parameters(), lr=0.1), callbacks=callbacks)
    trainer.script = script
    return trainer


@pytest.mark.parametrize(
    ("script", "options", "epochs"),
    [
        ([5, 4, 3, 2, 1, 1, 1, 1], {"patience": 2}, 7),
        ([5, 6, 7, 1, 1, 1, 1, 1], {"patience": 2}, 3),
        ([5, 6, 4, 6, 3, 6, 2, 6], {"patience": 2}, 8),
        ([1, 2, 3, 3, 3, 3, 3, 3], {"patience": 1, "mode": "max"}, 4),
        ([5, 4.9, 4.8, 4.7, 1, 1, 1, 1], {"patience": 3, "min_delta": 0.5}, 4),
        ([math.nan] * 8, {"patience": 3}, 3),
    ],
)
def test_a_run_stops_when_nothing_improves(script, options, epochs):
    trainer = scripted(script, EarlyStopping(**options))
    trainer.fit(batches((2,)), epochs=8, validation=[1])
    assert trainer.epoch == epochs
    assert trainer.stop == (epochs < 8)


def test_the_best_weights_can_be_restored():
    trainer = scripted([3, 1, 2, 2, 2], EarlyStopping(patience=3, restore_best=True))
    seen = []

    class Note(Callback):
        def on_epoch_end(self, trainer):
            seen.append(weights(trainer.model))

    trainer.callbacks.append(Note())
    trainer.fit(batches((2,)), epochs=9, validation=[1])
    assert len(seen) == 5
    assert_same_bits(weights(trainer.model), seen[1])


def test_a_measurement_that_is_missing_is_named():
    with pytest.raises(ValueError, match=r"'val_loss' is not among.*validation=data"):
        trainer_of(Net(), callbacks=[EarlyStopping()]).fit(batches(), epochs=1)


# ------------------------------------------------------------- numbers that are none any more


class Logarithm(Module):
    """Takes a logarithm, of which the batches decide whether it exists."""

    def __init__(self, p=0.0):
        super().__init__()
        self.layer, self.dropout = Linear(4, 2), Dropout(p)

    def forward(self, x):
        return self.layer(self.dropout(x).log())  # the line that makes it


def positive(zero_in=2):
    data = [[Tensor(np.abs(x.array) + 0.1), y] for x, y in batches()]
    data[zero_in][0].array[1, 3] = 0.0
    return data


def test_a_loss_that_is_no_number_stops_the_run_with_the_operation_that_made_it():
    model = Logarithm()
    trainer = trainer_of(model)
    with pytest.raises(RuntimeError, match="training stopped in epoch 1, at update 3") as caught:
        trainer.fit(positive(), epochs=2)
    report = str(caught.value)
    assert "log((4, 4)) made -inf at [1, 3], from finite values" in report
    assert "test_training.py" in report
    assert "# the line that makes it" in report
    assert all(np.isfinite(w).all() for w in weights(model).values())


def test_the_parameters_are_those_before_the_step_that_went_wrong():
    model, twin = Logarithm(), Logarithm()
    twin.load_state_dict(model.state_dict())
    with pytest.raises(RuntimeError, match="training stopped"):
        trainer_of(model).fit(positive(), epochs=1)
    trainer_of(twin).fit(positive()[:2], epochs=1)
    assert_same_bits(weights(model), weights(twin))


def test_chance_is_repeated_when_the_step_is():
    """Dropout makes the zero: with other random numbers the report would not find it again."""
    for seed in range(6):
        manual_seed(seed)
        with pytest.raises(RuntimeError, match=r"log\(\(4, 4\)\) made -inf"):
            trainer_of(Logarithm(p=0.02)).fit(positive()[:2] * 20, epochs=5)


def test_a_gradient_that_is_no_number_stops_the_run_before_it_reaches_the_weights():
    class Root(Module):
        def __init__(self):
            super().__init__()
            self.layer = Linear(4, 2)

        def forward(self, x):
            return (self.layer(x) * 0).sqrt()  # finite, but its slope at 0 is not

    model = Root()
    before = weights(model)
    with pytest.raises(RuntimeError, match=r"sqrt\.vjp0.*in backward") as caught:
        trainer_of(model).fit(batches(), epochs=1)
    assert "# finite, but its slope at 0 is not" in str(caught.value)
    assert_same_bits(weights(model), before)


def test_numbers_that_grow_too_large_are_told_from_those_that_are_none():
    huge = [[Tensor(x.array * np.float32(1e25)), y] for x, y in batches()]
    trainer = Trainer(model := Linear(4, 2), lambda o, t: o.mean(), SGD(model.parameters()))
    with pytest.raises(RuntimeError, match="norm of the gradient inf") as caught:
        trainer.fit(huge, epochs=1)
    assert "the numbers grew too large" in str(caught.value)


# ----------------------------------------------------------------------------------- misuse


def test_an_optimizer_of_another_model_is_noticed():
    other = Net()
    trainer = Trainer(Net(), mse, SGD(other.parameters(), lr=0.1))
    with pytest.raises(RuntimeError, match="no gradient to any parameter of the optimizer"):
        trainer.fit(batches(), epochs=1)


def test_data_that_can_be_read_only_once_is_noticed():
    trainer = trainer_of(Net())
    with pytest.raises(ValueError, match=r"epoch 2 had no batches.*only once"):
        trainer.fit(iter(batches()), epochs=2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"accumulate": 0}, "accumulate is 0"),
        ({"schedule_every": "batch"}, "schedule_every is 'batch'"),
    ],
)
def test_settings_out_of_range_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        trainer_of(Net(), **options)
    with pytest.raises(ValueError, match="mode is 'least'"):
        EarlyStopping(mode="least")


# ------------------------------------------------------------------------- stopping and going on


class Stop(Callback):
    """Raises after a number of updates: an interrupted run."""

    def __init__(self, after):
        self.after = after

    def on_step_end(self, trainer):
        if trainer.step == self.after:
            raise KeyboardInterrupt

    def state_dict(self):
        return {}


def tensors(n=15):
    rng = np.random.default_rng(5)
    return TensorDataset(*[Tensor(rng.standard_normal((n, w)).astype("f4")) for w in (4, 2)])


DATA = {
    "list": lambda: batches(),
    "loader": lambda: DataLoader(tensors(), 4, shuffle=True),
    "prefetching loader": lambda: DataLoader(tensors(), 4, shuffle=True, num_workers=1),
}


class Interrupted:
    """Batches that cannot be read for the `at`-th time."""

    def __init__(self, at):
        self.at, self.read = at, 0

    def __iter__(self):
        self.read += 1
        if self.read == self.at:
            raise KeyboardInterrupt
        return iter(batches((5,)))


def run_of(path, data, stop=None, accumulate=1, validation=None):
    """A run with chance in the order and in the model, a schedule, and something to remember."""
    manual_seed(11)
    model = Net()
    optimizer = Adam(model.parameters(), lr=0.05)
    callbacks = [EarlyStopping(patience=2, monitor="val_loss", restore_best=True), Stop(stop)]
    trainer = Trainer(
        model,
        mse,
        optimizer,
        scheduler=StepLR(optimizer, 3, gamma=0.8),
        schedule_every="step",
        max_norm=1.0,
        accumulate=accumulate,
        callbacks=callbacks,
        checkpoint=path,
        checkpoint_every=2,
    )
    try:
        trainer.fit(data, epochs=4, validation=Interrupted(validation), resume=True)
    except KeyboardInterrupt:
        return None
    return trainer


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_resumed_run_ends_with_the_same_bytes_wherever_it_was_stopped(tmp_path, kind, accumulate):
    path = tmp_path / "straight"
    straight = run_of(path, DATA[kind](), accumulate=accumulate)
    expected = path.read_bytes()
    for stop in range(1, straight.step + 1):
        path = tmp_path / f"stopped after {stop}"
        assert run_of(path, DATA[kind](), stop, accumulate) is None
        resumed = run_of(path, DATA[kind](), accumulate=accumulate)
        assert path.read_bytes() == expected  # weights, moments, schedule, chance, place, history
        assert resumed.history == straight.history
        assert_same_bits(weights(resumed.model), weights(straight.model))


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("accumulate", [1, 2, 3])
def test_a_run_stopped_between_the_last_batch_and_the_next_epoch_is_resumed(
    tmp_path, kind, accumulate
):
    """The last checkpoint is then of an epoch whose batches are all done, but not measured."""
    run_of(tmp_path / "straight", DATA[kind](), accumulate=accumulate)
    for epoch in (1, 2, 3):
        path = tmp_path / f"stopped in {epoch}"
        assert run_of(path, DATA[kind](), accumulate=accumulate, validation=epoch) is None
        run_of(path, DATA[kind](), accumulate=accumulate)
        assert path.read_bytes() == (tmp_path / "straight").read_bytes()


def test_forgetting_the_random_numbers_would_be_noticed(tmp_path, monkeypatch):
    straight = run_of(tmp_path / "a", DATA["loader"]())
    assert run_of(tmp_path / "b", DATA["loader"](), stop=5) is None
    load = Trainer.load_state_dict
    monkeypatch.setattr(
        Trainer, "load_state_dict", lambda self, state: (load(self, state), manual_seed(0))
    )
    resumed = run_of(tmp_path / "b", DATA["loader"]())
    assert resumed.history != straight.history


def test_a_run_that_is_over_is_not_run_again(tmp_path):
    path = tmp_path / "run"
    first = run_of(path, DATA["loader"]())
    written = path.read_bytes()
    again = run_of(path, DATA["loader"]())
    assert again.step == first.step
    assert path.read_bytes() == written


def test_without_resume_an_epoch_begins_anew_after_an_interrupt():
    trainer = trainer_of(Net(), callbacks=[Stop(2)])
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(batches(), epochs=1)
    trainer.fit(batches(), epochs=1)
    assert (trainer.step, trainer.epoch, len(trainer.history)) == (6, 1, 1)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    path = tmp_path / "run"
    model = Net()
    trainer_of(model, checkpoint=path).fit(batches(), epochs=1)
    other = Trainer(model, mse, Adam(model.parameters()))
    with pytest.raises(ValueError, match=r"'SGD'.*this one has.*'Adam'"):
        other.load(path)
    save_state(model.state_dict(), path)
    with pytest.raises(ValueError, match=r"model.load_state_dict\(\)"):
        other.load(path)


def test_resuming_sweeps_up_what_killed_writers_left_of_this_checkpoint_alone(tmp_path):
    for name in ("run.1234.tmp", "other.1234.tmp"):
        (tmp_path / name).write_bytes(b"half")
    trainer_of(Net(), checkpoint=tmp_path / "run").fit(batches(), epochs=1, resume=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.1234.tmp", "run"]


def test_a_checkpoint_is_written_every_so_many_updates(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(Trainer, "save", lambda self: saved.append((self.epoch, self.step)))
    trainer_of(Net(), checkpoint=tmp_path / "run", checkpoint_every=3).fit(batches(), epochs=2)
    assert saved == [(0, 3), (1, 4), (1, 6), (2, 8)]
