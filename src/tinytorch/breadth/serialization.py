"""`tinytorch.save` and `tinytorch.load`: state_dicts in files, without pickles."""

from __future__ import annotations

import os
from typing import Any

from tinytorch.core.tensor import check_device
from tinytorch.core.training import FilePath, load_state, save_state

__all__ = ["load", "save"]

PICKLED = (b"PK\x03\x04", b"\x80\x02\x8a\n")  # how the files of torch.save begin


def save(obj: Any, f: FilePath) -> None:
    """Write a state_dict, or any nesting of dictionaries, lists, tensors, numbers and texts.

    The file is in the safetensors format, with what is not a tensor as JSON in its metadata. It
    holds no code, and it replaces an older one only when it is complete.

    Args:
        obj: what to store; of a model or an optimizer, its `state_dict()`.
        f: the file's path.
    Raises: TypeError for anything else within `obj`, named by its place, or for an open file.

    >>> import os, tempfile
    >>> from tinytorch.core.tensor import Tensor
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "state.safetensors")
    ...     save({"weight": Tensor([1.0, 2.0]), "epoch": 3}, path)
    ...     load(path)
    {'weight': tensor([1., 2.]), 'epoch': 3}
    """
    save_state(obj, path_of(f, "save"))


def load(f: FilePath, map_location: Any = None, weights_only: bool = True) -> Any:
    """Read what `save` wrote; of another program's safetensors file, its tensors by name.

    Args:
        f: the file's path.
        map_location: None or "cpu".
        weights_only: True; there is nothing else in these files.
    Raises: ValueError for a file that is cut short or of another format, RuntimeError for another
        device, NotImplementedError for weights_only=False.
    """
    check_device(map_location)
    if not weights_only:
        raise NotImplementedError(
            "load: weights_only=False is not supported: these files hold tensors, numbers and "
            "texts, and no code that could be run. Leave it out."
        )
    path = path_of(f, "load")
    try:
        return load_state(path)
    except ValueError:
        with open(path, "rb") as file:
            if file.read(4) not in PICKLED:
                raise
        raise ValueError(
            f"load: {path} was written by torch.save, as a pickle, which can run code when it is "
            "read. Convert it where PyTorch is installed: "
            "safetensors.torch.save_file(torch.load(path, weights_only=True), new_path)."
        ) from None


def path_of(f: Any, name: str) -> str:
    """The path `f`, refused if it is an open file."""
    if not isinstance(f, (str, os.PathLike)):
        raise TypeError(f"{name}: got a {type(f).__name__}, expected the path of a file")
    return os.fspath(f)
