"""Files are whole, whatever happens; JSON is JSON."""

import errno
import json
import os

import numpy as np
import pytest

from tito.errors import Exit, TitoError
from tito.files import dumps, prepare_folder, read_json, write_atomic, write_json


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, step):
    def refuse(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "result.json"
    write_atomic(path, b"old")
    monkeypatch.setattr(os, step, refuse)
    with pytest.raises(TitoError, match="No space left") as caught:
        write_atomic(path, b"new")
    assert caught.value.code == Exit.ENVIRONMENT
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    path = tmp_path / "result.json"
    write_atomic(path, b"old")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_makes_the_folder_and_replaces_what_was_there(tmp_path):
    path = tmp_path / "a/b/result.json"
    write_json(path, {"run": 1})
    write_json(path, {"run": 2})
    assert read_json(path) == {"run": 2}


def test_prepare_folder_leaves_it_empty(tmp_path):
    prepare_folder(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_prepare_folder_refuses_a_place_below_a_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TitoError, match="--out DIR"):
        prepare_folder(tmp_path / "file" / "below")


def test_numbers_that_json_does_not_know_become_null(tmp_path):
    values = {
        "nan": float("nan"),
        "inf": np.float32(np.inf),
        "scalar": np.int64(3),
        "path": tmp_path,
    }
    answer = json.loads(dumps(values))
    assert answer == {"nan": None, "inf": None, "scalar": 3, "path": str(tmp_path)}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"null"])
def test_a_damaged_result_reads_as_none(tmp_path, content):
    path = tmp_path / "result.json"
    path.write_bytes(content)
    assert read_json(path) is None
    assert read_json(tmp_path / "missing.json") is None
