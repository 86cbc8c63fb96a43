"""Datasets for the command line: find, fetch and verify what `tinytorch.datasets` knows."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tito.console import Console
from tito.errors import Exit, TitoError

if TYPE_CHECKING:
    from tinytorch.datasets.download import Collection

__all__ = [
    "choose", "data_error", "describe", "ensure", "fetch", "folder", "size_text", "state", "verify",
]  # fmt: skip

MEGABYTE = 1e6
COLOURS = {"ok": "green", "unchecked": "yellow", "missing": "red", "different": "bold red"}


def folder(data: Path | None = None) -> Path:
    """The folder of the datasets: `data`, else TINYTORCH_DATA, else the cache."""
    from tinytorch.datasets.download import data_root

    return data_root(data)


def choose(name: str) -> Collection:
    """The dataset called `name`.

    Raises: TitoError (usage) when there is none; a typo gets a suggestion.
    """
    from tinytorch.datasets import DATASETS

    if name.lower() in DATASETS:
        return DATASETS[name.lower()]
    close = get_close_matches(name.lower(), DATASETS, 1, 0.5)
    raise TitoError(
        f"No dataset is called {name!r}.",
        f"There are {', '.join(DATASETS)}.",
        f"Did you mean {close[0]!r}?" if close else "See tito data list.",
        Exit.USAGE,
    )


def data_error(error: BaseException) -> TitoError | None:
    """`error` as a TitoError where it is about data (exit 4) or the network (exit 5), else None."""
    source = sys.modules.get("tinytorch.datasets.download")  # whoever raised it has imported it
    what, _, why = str(error).partition("\n")
    if source and isinstance(error, source.NetworkError):
        way_out = "Run the command again when the network is back: it goes on where it stopped."
        return TitoError(what, why, way_out, Exit.NETWORK)
    if source and isinstance(error, source.DataError):
        way_out = "tito data verify looks at every file; delete what is damaged and fetch it again."
        return TitoError(what, why, way_out, Exit.DATA)
    return None


def size_text(size: int) -> str:
    """Bytes in words.

    >>> size_text(11_594_722), size_text(38_120)
    ('11.6 MB', '38 kB')
    """
    return f"{size / MEGABYTE:.1f} MB" if size >= MEGABYTE else f"{size / 1e3:.0f} kB"


def state(collection: Collection, data: Path | None = None) -> str:
    """Whether a dataset is here, in a few words."""
    missing, total = len(collection.missing(data)), len(collection.files)
    if not missing:
        return "here"
    return "not here" if missing == total else f"{missing} of {total} files missing"


def place(collection: Collection, data: Path | None = None) -> str:
    """The folder in which a dataset lies, or would."""
    found = collection.find(collection.files[0].name, data)
    return str(found.parent if found else collection.folder(data))


def describe(data: Path | None = None) -> list[dict[str, Any]]:
    """What is known about each dataset."""
    from tinytorch.datasets import DATASETS

    return [
        {
            "name": name,
            "what": collection.title,
            "bytes": collection.size,
            "state": state(collection, data),
            "folder": place(collection, data),
            "licence": collection.licence,
            "source": collection.source,
        }
        for name, collection in DATASETS.items()
    ]


def download(console: Console, collection: Collection, data: Path | None) -> None:
    """Bring what is missing of a dataset, with a progress bar.

    Raises: DataError, NetworkError.
    """
    total = sum(file.size for file in collection.missing(data))
    done_before = 0
    with console.progress(f"fetching {collection.name}", total) as bar:

        def progress(done: int, total: int) -> None:
            nonlocal done_before
            bar.advance(done - done_before, MB=f"{done / MEGABYTE:.1f} of {total / MEGABYTE:.1f}")
            done_before = done

        collection.fetch(data, progress)


def ensure(console: Console, names: Iterable[str], data: Path | None) -> None:
    """Fetch those of the datasets `names` that are not here."""
    for collection in map(choose, names):
        if collection.missing(data):
            download(console, collection, data)


def fetch(console: Console, name: str, data: Path | None) -> dict[str, Any]:
    """Fetch the dataset `name` unless it is here, and verify it.

    Raises: TitoError (usage, data), DataError, NetworkError.
    """
    collection = choose(name)
    if collection.missing(data):
        console.line(f"{collection.title}, {size_text(collection.size)}", wrap=True)
        for text in (collection.source, collection.licence):
            console.line(text, wrap=True)
        download(console, collection, data)
    answer = verify(console, name, data)
    if not answer["sound"]:
        damaged = [file["file"] for file in answer["files"] if file["status"] == "different"]
        raise TitoError(
            f"{collection.name} is damaged: {', '.join(damaged)}.",
            f"The SHA-256 is not that of the published file. Folder: {place(collection, data)}",
            f"Delete the file and run again: tito data fetch {collection.name}",
            Exit.DATA,
        )
    return {"name": collection.name, "folder": place(collection, data)} | answer


def verify(console: Console, name: str | None, data: Path | None) -> dict[str, Any]:
    """Compare files with their checksums and print the verdicts.

    Args:
        name: a dataset, every file of which must be here; None for whatever is here of all.
    Returns: `sound`, and `files` with the dataset, file, status and path of each.
    """
    from tinytorch.datasets import DATASETS

    collections = [choose(name)] if name else list(DATASETS.values())
    checks = [
        (each.name, check)
        for each in collections
        if name or len(each.missing(data)) < len(each.files)
        for check in each.verify(data)
    ]
    console.table(
        ["state", "dataset", "file"],
        [((c.status, COLOURS[c.status]), dataset, c.name) for dataset, c in checks],
    )
    return {
        "sound": all(check.status in ("ok", "unchecked") for _, check in checks),
        "files": [
            {"dataset": dataset, "file": c.name, "status": c.status, "path": c.path}
            for dataset, c in checks
        ],
    }
