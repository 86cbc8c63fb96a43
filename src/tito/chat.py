"""`tito chat`: a talk with a small GPT that learns the course's questions on the learner's code.

What it learns is kept in the folder of the runs, for the code and the questions that it was learnt
with, so that the second talk begins at once.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tito.console import Console
from tito.errors import Exit, TitoError
from tito.files import prepare_folder
from tito.milestones import runs_folder
from tito.provenance import (
    core_package,
    in_brief,
    learner_place,
    module_file,
    reference_folder,
    sentence,
    understudies,
    way_out,
    whose,
)

if TYPE_CHECKING:
    from tinytorch.nn import Module

__all__ = ["Talk", "answered", "converse", "prepare", "report"]

NEEDED = 13  # modules, from the first on; all of them but the convolutions are at work
GREETING = "Try: Who are you? What is the capital of Peru? What is 2 plus 3? Ctrl-D ends."


@dataclass
class Talk:
    """A model that has learnt the questions, and what is known about it."""

    model: Module
    learnt: int  # questions that it answers letter for letter, of `questions`
    questions: int
    added: int  # sums that it has never seen and gets right, of `sums`
    sums: int
    whose: dict[str, Any]
    building: list[str]
    path: Path
    trained: bool  # now, not at an earlier time


def digest(seed: int) -> str:
    """Eight digits that change with the code that learns, what it learns, and the seed."""
    program = Path(__file__).with_name("answering.py")
    questions = reference_folder().parent / "datasets" / "_embedded" / "questions.tsv"
    files = [program, questions, *map(module_file, core_package().MODULES[:NEEDED])]
    texts = [file.read_bytes() for file in files if file and file.is_file()]
    return hashlib.sha256(b"\0".join([str(seed).encode(), *texts])).hexdigest()[:8]


def prepare(console: Console, seed: int = 0, fresh: bool = False, out: Path | None = None) -> Talk:
    """A model that knows the questions: the stored one if the same code learnt it, else a new one.

    Args:
        seed: of the random start.
        fresh: learn anew, whatever is stored.
        out: the folder for the model; `chat` in the folder of the runs unless given.
    Raises: TitoError when a module is missing, or when the learner's code stops.
    """
    names = list(core_package().MODULES[:NEEDED])
    with understudies() as building:
        owners = whose(names)
        folder = out or runs_folder() / "chat"
        path = folder / f"chat-{digest(seed)}.safetensors"
        stored = path.is_file() and not fresh
        try:
            model, facts = recall(path) if stored else learn(console, seed, path)
        except (TitoError, OSError):
            raise
        except Exception as error:
            raise explained(error) from error
    mine = [name for name in building if name in names]
    return Talk(model, **facts, whose=owners, building=mine, path=path, trained=not stored)


def learn(console: Console, seed: int, path: Path) -> tuple[Module, dict[str, int]]:
    """Train a model, measure it, and store both in `path`; older chats there are removed."""
    from tinytorch.core.training import save_state
    from tinytorch.datasets import load_questions
    from tito import answering

    questions, sums = load_questions(), load_questions(train=False)
    prepare_folder(path.parent)  # before the work, so that a folder that refuses costs none
    with console.progress(f"learning {len(questions)} answers", answering.STEPS) as bar:
        model = answering.train(seed, bar)
    facts = {
        "learnt": answering.right(model, questions),
        "questions": len(questions),
        "added": answering.right(model, sums),
        "sums": len(sums),
    }
    save_state({"model": model.state_dict(), "facts": facts}, path)
    for old in set(path.parent.glob("chat-*.safetensors")) - {path}:
        old.unlink()
    return model, facts


def recall(path: Path) -> tuple[Module, dict[str, int]]:
    """The model that `learn` has stored."""
    from tinytorch.core.training import load_state
    from tito import answering

    try:
        state = load_state(path)
        model = answering.build()
        model.load_state_dict(state["model"])
        return model, state["facts"]
    except (ValueError, KeyError, TypeError) as error:
        raise TitoError(
            f"{path} does not hold what was learnt.",
            f"It is damaged, or of another program: {in_brief(error)}",
            "tito chat --fresh learns anew.",
            Exit.DATA,
        ) from error


def explained(error: Exception) -> TitoError:
    """What went wrong, with the learner's line where it is theirs."""
    if found := learner_place(error):
        place, module = found
        what = f"The chat stopped: {in_brief(error)}"
        return TitoError(what, place, way_out(module, error), Exit.MISSED)
    return TitoError(
        f"The chat stopped: {in_brief(error)}",
        way_out="--debug shows the whole traceback.",
        code=Exit.MISSED,
    )


def answered(talk: Talk, question: str) -> dict[str, Any]:
    """The answer to one question, and how far to trust it: whether the question was learnt."""
    from tinytorch.datasets import load_questions
    from tito.answering import answer

    said = answer(talk.model, question)
    known = {each.question: each.answer for each in load_questions()}
    return {
        "question": question.strip(),
        "answer": said.text,
        "sure": round(said.sure, 4),
        "learnt": question.strip() in known,
    }


def typed(console: Console) -> Iterator[str]:
    """The lines that somebody types, or that come from a file; Ctrl-D and Ctrl-C end them."""
    asking = sys.stdin.isatty() and not console.json
    try:
        if not asking:
            yield from (line.strip() for line in sys.stdin)
            return
        while True:
            yield input("> ").strip()
    except (EOFError, KeyboardInterrupt):
        if asking:
            console.line("")  # the prompt's line ends here


def converse(console: Console, talk: Talk, questions: Iterable[str] | None = None) -> list[dict]:
    """Answer `questions`, or what is typed, one after the other; returns the answers."""
    answers = []
    for question in typed(console) if questions is None else questions:
        if not question.strip():
            continue
        told = answered(talk, question)
        answers.append(told)
        if not sys.stdin.isatty() and questions is None:
            console.line(f"> {told['question']}")
        note = f"{100 * told['sure']:.0f} % sure"
        note += "" if told["learnt"] else ", and it has never seen this question"
        console.say(f"{plain(told['answer']) or '...'}  [dim]({note})[/]")
    return answers


def plain(text: str) -> str:
    """`text` without meaning for Rich's markup."""
    from rich.markup import escape

    return escape(text)


def introduce(console: Console, talk: Talk) -> None:
    """Say what was learnt, how well, and whose code runs."""
    how = "Learnt just now" if talk.trained else "Remembered from the last time"
    console.line(
        f"{how}: {talk.learnt} of {talk.questions} answers, letter for letter. Of {talk.sums} sums "
        f"that were held out, {talk.added} are right: it remembers, it does not calculate.",
        wrap=True,
    )
    console.line(f"Whose code runs: {sentence(talk.whose)}", wrap=True)
    if talk.building:
        names = ", ".join(talk.building)
        console.line(f"You are still building {names}: the reference stands in.", wrap=True)


def report(
    console: Console, questions: list[str] | None, seed: int, fresh: bool, out: Path | None
) -> dict[str, Any]:
    """Learn or remember, answer `questions` or what is typed, and say it all for a program."""
    if questions is not None and not all(map(str.strip, questions)):
        raise TitoError(
            "The question is empty.", way_out='tito chat "Who are you?"', code=Exit.USAGE
        )
    talk = prepare(console, seed, fresh, out)
    introduce(console, talk)
    if questions is None and sys.stdin.isatty() and not console.json:
        console.line(GREETING, style="bold")
    answers = converse(console, talk, questions)
    figures = {name: getattr(talk, name) for name in ("learnt", "questions", "added", "sums")}
    return {
        "answers": answers, "figures": figures, "trained": talk.trained, "whose": talk.whose,
        "building": talk.building, "model": str(talk.path),
    }  # fmt: skip
