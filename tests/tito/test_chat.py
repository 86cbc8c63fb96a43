"""The chat learns, remembers, answers a question or a pipe, and says whose code ran."""

import contextlib
import io
import json
import subprocess
import sys

import pytest

from tinytorch.datasets import load_questions
from tito import answering, chat
from tito.console import Console
from tito.errors import Exit, TitoError


class Bar:
    """A progress bar that counts."""

    def __init__(self):
        self.steps = 0

    def advance(self, n=1, **figures):
        self.steps += n


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a model that has learnt little: three rounds instead of all."""
    folder = tmp_path_factory.mktemp("chat")
    patch = pytest.MonkeyPatch()
    patch.setattr(answering, "EPOCHS", 3)
    patch.setattr(answering, "STEPS", 12)
    patch.setattr(answering, "WARM_UP", 2)
    chat.prepare(Console(file=io.StringIO()), out=folder)
    patch.undo()
    return folder


@pytest.fixture
def talk(folder):
    """The talk with that model."""
    return chat.prepare(Console(file=io.StringIO()), out=folder)


def test_every_question_and_its_answer_fit_into_what_the_model_sees():
    for question in load_questions(train=None):
        line = f"{question.question}\n{question.answer}\n"
        assert len(line) <= answering.LENGTH + 1
        assert answering.TOKENS.decode(answering.TOKENS.encode(line)) == line


def test_only_the_letters_of_the_answer_are_learnt():
    questions = load_questions()
    inputs, targets = (t.numpy() for t in answering.examples(questions).tensors)
    for i, question in enumerate(questions):
        asked = targets[i] != answering.NOTHING
        assert answering.TOKENS.decode(targets[i][asked]) == question.answer + "\n"
        start = len(question.question)
        assert answering.TOKENS.decode(inputs[i][: start + 1]) == question.question + "\n"
        assert asked[start]
        assert not asked[:start].any()


def test_the_steps_that_the_bar_is_told_are_those_that_are_made():
    assert len(load_questions()) == 4 * answering.BATCH
    assert answering.STEPS == 4 * answering.EPOCHS


@pytest.mark.slow
def test_a_trained_model_knows_the_answers():
    bar = Bar()
    model = answering.train(0, bar)
    assert bar.steps == answering.STEPS
    questions = load_questions()
    assert answering.right(model, questions) >= len(questions) - 3
    said = answering.answer(model, "What is the capital of France?")
    assert said.text == "Paris."
    assert 0.8 < said.sure <= 1


def test_letters_that_the_model_does_not_know_and_long_questions_are_read_all_the_same():
    assert answering.readable("  Où?\n") == "O??\n"
    long = answering.readable("why " * 100 + "end")
    assert len(long) == answering.LENGTH
    assert long.endswith("end\n")


def test_the_second_talk_remembers_and_the_first_one_learns(folder, talk):
    assert not talk.trained
    assert (talk.questions, talk.sums) == (112, 16)
    assert [path.name for path in folder.iterdir()] == [talk.path.name]


def test_other_code_or_another_seed_learns_anew(folder, talk, monkeypatch):
    assert f"chat-{chat.digest(0)}" == talk.path.stem
    assert chat.digest(1) != chat.digest(0)
    module_file = chat.module_file
    other = lambda name: module_file("tensor" if name == "attention" else name)  # noqa: E731
    monkeypatch.setattr(chat, "module_file", other)
    assert f"chat-{chat.digest(0)}" != talk.path.stem


def test_an_answer_says_how_sure_it_is_and_whether_it_knows_the_question(talk):
    told = chat.answered(talk, " What is a tensor? ")
    assert told["question"] == "What is a tensor?"
    assert told["learnt"]
    assert 0 <= told["sure"] <= 1
    assert not chat.answered(talk, "What is [bold]ß[/bold]?")["learnt"]


def test_an_empty_question_is_refused_before_anything_is_learnt(command, tmp_path):
    done = command("chat", " ", "--out", str(tmp_path / "model"))
    assert done.returncode == Exit.USAGE
    assert "The question is empty." in done.stderr
    assert not (tmp_path / "model").exists()


def never(*args):
    raise AssertionError("it has begun to learn")


def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_learnt(monkeypatch, tmp_path):
    monkeypatch.setattr(answering, "train", never)
    (tmp_path / "file").touch()
    with pytest.raises(TitoError, match="could not write to the folder"):
        chat.prepare(Console(file=io.StringIO()), out=tmp_path / "file" / "model")


@pytest.mark.parametrize("full", [False, True])
def test_an_older_model_stays_until_the_new_one_is_stored(talk, monkeypatch, tmp_path, full):
    def no_space(*args):
        raise OSError("No space left on device")

    monkeypatch.setattr(answering, "train", lambda *args: talk.model)
    monkeypatch.setattr(answering, "right", lambda *args: 0)
    if full:
        monkeypatch.setattr("tinytorch.core.training.save_state", no_space)
    old = tmp_path / "chat-00000000.safetensors"
    old.touch()
    with pytest.raises(OSError, match="space") if full else contextlib.nullcontext():
        chat.prepare(Console(file=io.StringIO()), out=tmp_path)
    assert old.exists() == full


def test_lines_from_a_pipe_are_answered_one_by_one(talk, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hello.\n\nWho are [you]?\n"))
    console = Console(file=io.StringIO())
    answers = chat.converse(console, talk)
    assert [told["question"] for told in answers] == ["Hello.", "Who are [you]?"]
    printed = console.file.getvalue()
    assert "> Hello." in printed
    assert "> Who are [you]?" in printed
    assert "never seen" in printed


@pytest.mark.parametrize("end", [EOFError, KeyboardInterrupt])
def test_ctrl_d_and_ctrl_c_end_the_talk_without_a_word(talk, monkeypatch, end):
    lines = iter(["Hello."])

    def type_in(prompt):
        for line in lines:
            return line
        raise end

    keyboard = io.StringIO()
    keyboard.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", keyboard)
    monkeypatch.setattr("builtins.input", type_in)
    answers = chat.converse(Console(file=io.StringIO()), talk)
    assert [told["question"] for told in answers] == ["Hello."]


def test_a_damaged_model_is_an_error_with_a_way_out(talk, tmp_path):
    (tmp_path / talk.path.name).write_bytes(b"no model")
    with pytest.raises(TitoError, match="does not hold") as caught:
        chat.prepare(Console(file=io.StringIO()), out=tmp_path)
    assert caught.value.code == Exit.DATA
    assert "--fresh" in caught.value.way_out


def test_the_command_answers_one_question_in_json(folder, command):
    done = command("chat", "What", "is", "a", "loss?", "--json", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    (told,) = answer["answers"]
    assert told["question"] == "What is a loss?"
    assert answer["trained"] is False
    assert set(answer["whose"].values()) == {"reference"}
    assert len(answer["whose"]) == chat.NEEDED


def test_the_command_answers_lines_from_standard_input(folder, environment, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tito", "chat", "--out", str(folder)],
        input="Who are you?\nAre you sure?\n", cwd=tmp_path, env=environment,
        capture_output=True, encoding="utf-8", timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n> ") == 2
    assert "Whose code runs: the reference" in done.stdout


def test_an_empty_standard_input_is_no_question(folder, environment, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tito", "chat", "--json", "--out", str(folder)],
        stdin=subprocess.DEVNULL, cwd=tmp_path, env=environment,
        capture_output=True, encoding="utf-8", timeout=60,
    )  # fmt: skip
    assert json.loads(done.stdout)["answers"] == []


def test_a_stub_of_the_learners_is_named(monkeypatch, tmp_path):
    def stub(*args):
        raise NotImplementedError("GPT.forward is yours to build")

    monkeypatch.setattr(answering, "train", stub)
    with pytest.raises(TitoError, match=r"GPT\.forward is yours to build") as caught:
        chat.prepare(Console(file=io.StringIO()), out=tmp_path)
    assert caught.value.code == Exit.MISSED
