"""Files that are either the old one or the new one, never half of it."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from tito.errors import os_error

__all__ = ["dumps", "prepare_folder", "read_json", "write_atomic", "write_json"]


def write_atomic(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader or a crash at any moment sees a whole file.

    Args:
        path: the file to write; its folder is made when missing.
        content: the bytes of the new file.
    Raises: TitoError (environment) when the folder cannot be written; the old file stays.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())  # on disk before the name changes hands
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        way_out = "Free some space, or choose another folder with --out DIR."
        raise os_error(f"write {path}", error, way_out) from error


def prepare_folder(folder: Path) -> None:
    """Make `folder` and prove that it can be written, before minutes of work depend on it.

    Raises: TitoError (environment) when it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".tito-{os.getpid()}.part"
        probe.touch()
        probe.unlink()
    except OSError as error:
        way_out = "Choose a folder of yours with --out DIR, or run tito from one."
        raise os_error(f"write to the folder {folder}", error, way_out) from error


def plain(value: Any) -> Any:
    """`value` in the types of JSON: NumPy scalars become numbers, inf and nan become None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if hasattr(value, "item"):
        return plain(value.item())
    return str(value)


def dumps(value: Any) -> str:
    """`value` as indented JSON that every reader accepts; what is no number becomes null.

    >>> print(dumps({"loss": float("nan"), "seeds": (0, 1)}))
    {
      "loss": null,
      "seeds": [
        0,
        1
      ]
    }
    """
    return json.dumps(plain(value), indent=2, ensure_ascii=True, allow_nan=False)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as a JSON file, atomically."""
    write_atomic(path, (dumps(value) + "\n").encode())


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in the JSON file at `path`; None where there is none or it cannot be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
