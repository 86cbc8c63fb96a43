"""Texts for language models: tales and questions that come with the package, Tiny Shakespeare.

The tales and the questions were written for this project. Tiny Shakespeare is a megabyte of his
plays, the usual first text of a small language model, and is fetched.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from tinytorch.datasets.download import Collection, DataError, Progress, RemoteFile
from tinytorch.datasets.embedded import EMBEDDED, EmbeddedCollection

__all__ = [
    "TEXTS", "TINY_SHAKESPEARE", "Question", "load_corpus", "load_questions",
    "load_tinyshakespeare",
]  # fmt: skip

TEXTS = EmbeddedCollection(
    name="texts",
    title="Tales of Low Ferry and 128 questions (come with the package)",
    folders=("",),
    files=(
        RemoteFile(
            "corpus.txt",
            28_946,
            "3243e57404ff88f1699db71caa3c0979985b124429620eaa553e0cddf4f64126",
            (),
        ),
        RemoteFile(
            "questions.tsv",
            5_509,
            "907c69f774f544da118f532c63315df0eb33fd602258d743e9b372d4ce187f4f",
            (),
        ),
    ),
    licence="MIT, as the project",
    source="written for TinyTorch, 2026",
)


def load_corpus() -> str:
    """Twenty short tales of a village, 28,946 characters of plain English; nothing is downloaded.

    >>> text = load_corpus()
    >>> text[:9], len(set(text))
    ('THE FERRY', 58)
    """
    return (EMBEDDED / "corpus.txt").read_text(encoding="ascii")


class Question(NamedTuple):
    """A question, its answer, and of which kind it is: chat, fact, capital or sum."""

    question: str
    answer: str
    kind: str


def load_questions(train: bool | None = True) -> list[Question]:
    """Short questions with their answers; nothing is downloaded.

    Args:
        train: the part to learn (112), the part that is held out (16 sums), or None for all 128.

    >>> load_questions()[0]
    Question(question='Hello.', answer='Hello! Ask me something.', kind='chat')
    >>> load_questions(train=False)[0]
    Question(question='What is 1 plus 5?', answer='6.', kind='sum')
    """
    lines = (EMBEDDED / "questions.tsv").read_text(encoding="ascii").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    wanted = {"learn", "hold out"} if train is None else {"learn" if train else "hold out"}
    return [
        Question(question, answer, kind) for kind, part, question, answer in rows if part in wanted
    ]


GITHUB = "https://raw.githubusercontent.com"

TINY_SHAKESPEARE = Collection(
    name="tinyshakespeare",
    title="Tiny Shakespeare: 1,115,394 characters of his plays",
    folders=("tinyshakespeare",),
    files=(
        RemoteFile(
            "input.txt",
            1_115_394,
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            (
                f"{GITHUB}/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
                f"{GITHUB}/jcjohnson/torch-rnn/master/data/tiny-shakespeare.txt",
            ),
        ),
    ),
    licence="public domain",
    source="William Shakespeare; selected by A. Karpathy for char-rnn, 2015",
)


def load_tinyshakespeare(
    root: str | os.PathLike | None = None,
    download: bool = False,
    progress: Progress | None = None,
) -> str:
    """The text, 1,115,394 characters.

    Args:
        root: the folder with the data; `data_root()` unless given.
        download: fetch it if it is not there.
    Raises: DataError when it is missing or no text, NetworkError when it cannot be fetched.
    """
    (path,) = TINY_SHAKESPEARE.require(["input.txt"], root, download, progress)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not text in UTF-8 ({error}). Delete it, and fetch it again."
        ) from error
