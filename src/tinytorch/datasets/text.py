"""Tiny Shakespeare: a megabyte of his plays, the usual first text of a small language model."""

from __future__ import annotations

import os

from tinytorch.datasets.download import Collection, DataError, Progress, RemoteFile

__all__ = ["TINY_SHAKESPEARE", "load_tinyshakespeare"]

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
