"""Module 08's files: the safetensors format against its own library, damage, atomic writing."""

import errno
import json
import os
import pathlib
import stat
import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch.core.tensor import Generator, Tensor
from tinytorch.core.training import (
    load_file,
    load_state,
    pack,
    read_file,
    save_file,
    save_state,
    unpack,
    write_atomically,
)

DTYPES = ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "?"]
ARRAYS = {
    "matrix": np.arange(6, dtype="f4").reshape(2, 3),
    "number": np.array(2.5, "f4"),
    "empty": np.zeros((0, 3), "f8"),
    "nothing": np.zeros(0, "f2"),
    "half": np.array([1.5, -2, np.inf, np.nan], "f2"),
    "flags": np.array([[True, False], [False, False]]),
    "fortran": np.asfortranarray(np.arange(12, dtype="i8").reshape(3, 4)),
    "transposed": np.arange(24, dtype="f8").reshape(2, 3, 4).transpose(2, 0, 1),
    "strided": np.arange(20, dtype="i2")[::-3],
    "spread": np.broadcast_to(np.array([1, 2], "u1"), (3, 2)),
    "big endian": np.arange(5).astype(">i4"),
    "name with ümlaut and \n": np.array([-1, 127], "i1"),
}


def assert_same_arrays(got, expected):
    assert set(got) == set(expected)
    for name, array in expected.items():
        assert got[name].shape == array.shape, name
        assert got[name].dtype == array.dtype.newbyteorder("="), name
        assert got[name].tobytes() == np.ascontiguousarray(array.astype(got[name].dtype)).tobytes()


# ---------------------------------------------------------------------------------- the format


def test_the_library_reads_what_we_write(tmp_path):
    save_file(ARRAYS, tmp_path / "a.safetensors", {"who": "tinytorch"})
    assert_same_arrays(safetensors.numpy.load_file(tmp_path / "a.safetensors"), ARRAYS)
    with safetensors.safe_open(tmp_path / "a.safetensors", "numpy") as file:
        assert file.metadata() == {"who": "tinytorch"}


def test_we_read_what_the_library_writes(tmp_path):
    # safetensors 0.8.0 writes arrays that are not C-contiguous wrongly, so it gets copies that are
    arrays = {
        k: np.asarray(v.astype(v.dtype.newbyteorder("=")), order="C") for k, v in ARRAYS.items()
    }
    safetensors.numpy.save_file(arrays, tmp_path / "a.safetensors", {"who": "the library"})
    got, metadata = read_file(tmp_path / "a.safetensors")
    assert_same_arrays(got, ARRAYS)
    assert metadata == {"who": "the library"}


@given(
    arrays=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        st.sampled_from(DTYPES).flatmap(
            lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
        ),
        max_size=5,
    )
)
def test_arrays_come_back_with_the_same_bits_by_either_reader(tmp_path_factory, arrays):
    path = tmp_path_factory.mktemp("files") / "a.safetensors"
    arrays = {name: np.asfortranarray(a) if a.ndim else a for name, a in arrays.items()}
    save_file(arrays, path)
    assert_same_arrays(load_file(path), arrays)
    assert_same_arrays(safetensors.numpy.load_file(path), arrays)


def test_loaded_arrays_can_be_written_to_and_are_aligned(tmp_path):
    save_file({"byte": np.ones(3, "u1"), "wide": np.ones(3, "f8")}, tmp_path / "a")
    for array in load_file(tmp_path / "a").values():
        array += 1
        assert array.flags.aligned
        assert array.tolist() == [2, 2, 2]
    header = (tmp_path / "a").read_bytes()
    assert int.from_bytes(header[:8], "little") % 8 == 0  # so that the first array is aligned too


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"z": np.zeros(2, complex)}, "'z' is an array of complex128"),
        ({"o": np.array([None])}, "'o' is an array of object"),
        ({"__metadata__": np.zeros(2)}, "another name"),
    ],
)
def test_what_the_format_cannot_hold_is_refused_and_no_file_is_left(tmp_path, arrays, words):
    with pytest.raises(TypeError, match=words):
        save_file(arrays, tmp_path / "a")
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------------------------- the damage


def written(path, header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


def entry(begin, end, shape=(1,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    ("header", "data", "words"),
    [
        ({"a": entry(0, 8, [2])}, b"\0" * 4, "speaks of 8 bytes of arrays, and 4 are there"),
        ({"a": entry(0, 4)}, b"\0" * 8, "speaks of 4 bytes of arrays, and 8 are there"),
        ({"a": entry(0, 4), "b": entry(0, 4)}, b"\0" * 4, "'b'.*lies at bytes 0 to 4, expected 4"),
        ({"a": entry(0, 8, [2]), "b": entry(4, 8)}, b"\0" * 8, "lies at bytes 4 to 8, expected 8"),
        ({"a": entry(4, 8)}, b"\0" * 8, "lies at bytes 4 to 8, expected 0 to 4"),
        ({"a": entry(0, 4, [2])}, b"\0" * 4, "expected 0 to 8"),
        ({"a": entry(0, 8, [1])}, b"\0" * 8, "expected 0 to 4"),
        ({"a": entry(0, -4, [-1])}, b"", r"has the shape \[-1\]"),
        ({"a": entry(0, 4, [1.0])}, b"\0" * 4, r"has the shape \[1.0\]"),
        ({"a": entry(0, 2**62, [2**60])}, b"", "and 0 are there"),
        ({"a": entry(0, 2, [1], "BF16")}, b"\0" * 2, "is of type BF16, expected one of F64, F32"),
        ({"a": {"dtype": "F32", "shape": [1]}}, b"\0" * 4, "data_offsets"),
        ({"a": 3}, b"", "whole safetensors file"),
        ([1, 2], b"", "whole safetensors file"),
        (b"not JSON", b"", "whole safetensors file"),
        (b"\xff\xfe", b"", "whole safetensors file"),
        (b"[" * 100_000, b"", "whole safetensors file"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(tmp_path, header, data, words):
    with pytest.raises(ValueError, match=words):
        read_file(written(tmp_path / "a.safetensors", header, data))


@pytest.mark.parametrize("length", [0, 5, 8, 9, 40, -1])
def test_a_file_that_was_cut_short_is_refused(tmp_path, length):
    path = tmp_path / "a.safetensors"
    save_file({"a": np.arange(100, dtype="f4")}, path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match=r"a\.safetensors is not a whole safetensors file"):
        read_file(path)


def test_a_header_that_claims_to_be_enormous_is_not_read(tmp_path):
    path = written(tmp_path / "a", b"{}", length=2**60)
    with pytest.raises(ValueError, match=f"begin with {2**60} as the length of its header"):
        read_file(path)


def test_the_library_also_refuses_what_we_refuse(tmp_path):
    for header in ({"a": entry(4, 8)}, {"a": entry(0, 8, [1])}, b"not JSON"):
        with pytest.raises(safetensors.SafetensorError):
            safetensors.numpy.load_file(written(tmp_path / "a", header, b"\0" * 8))


# ----------------------------------------------------------------------------- nested states

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
STATES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers()), inner, max_size=3),
    ),
    max_leaves=12,
)


@given(STATES)
def test_a_nested_state_comes_back_as_it_was(state):
    assert unpack(json.loads(json.dumps(pack(state, "", {}))), {}) == state


def test_tensors_anywhere_come_back_with_their_bits_and_order(tmp_path):
    state = {
        "b": Tensor(np.ones((2, 2), "f2")),
        "a": [Tensor(np.array(3)), (Tensor(np.zeros((0, 2), "f8")), None)],
        7: {"x.y": Tensor(np.array([True])), "x": {"y": np.arange(3)}},
        "chance": Generator().manual_seed(3).get_state(),
        "nan": float("nan"),
        "lr": np.float32(0.5),
    }
    save_state(state, tmp_path / "s")
    got = load_state(tmp_path / "s")
    assert list(got) == list(state)
    assert got["b"].dtype == np.float16
    assert got["a"][0].shape == ()
    assert got["a"][1][0].shape == (0, 2)
    assert got[7]["x.y"].tolist() == [True]
    assert isinstance(got[7]["x"]["y"], np.ndarray)
    assert got[7]["x"]["y"].tolist() == [0, 1, 2]
    assert got["chance"] == state["chance"]
    assert got["nan"] != got["nan"]
    assert got["lr"] == 0.5


def test_a_state_dict_lies_in_the_file_under_its_own_names(tmp_path):
    save_state({"0.weight": Tensor([[1.0]]), "0.bias": Tensor([2.0])}, tmp_path / "s")
    assert set(safetensors.numpy.load_file(tmp_path / "s")) == {"0.weight", "0.bias"}


def test_a_file_of_another_program_is_its_tensors_by_name(tmp_path):
    safetensors.numpy.save_file({"w": np.arange(3)}, tmp_path / "s", {"format": "pt"})
    got = load_state(tmp_path / "s")
    assert got["w"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"model": {"hook": len}}, "model.hook is a builtin_function_or_method"),
        ([1, {2}], "1 is a set"),
        (object(), "the object is a object"),
        ({"a": {(1, 2): 3}}, r"a has the key \(1, 2\)"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_its_place(tmp_path, state, words):
    with pytest.raises(TypeError, match=words):
        save_state(state, tmp_path / "s")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text", ["{", '{"tensor": "absent"}', '{"dict": 3}', "{}", '{"dict": [[1]]}']
)
def test_damaged_metadata_is_refused(tmp_path, text):
    save_file({}, tmp_path / "s", {"tinytorch": text})
    with pytest.raises(ValueError, match="metadata is damaged"):
        load_state(tmp_path / "s")


# ---------------------------------------------------------------------------- writing at once


@pytest.fixture
def old(tmp_path):
    """A file that is whole, and stands to be replaced."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    return path


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
def test_when_writing_fails_the_old_file_stays_and_nothing_else(old, monkeypatch, broken):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    def parts():
        yield b"new"
        if broken == "write":
            full()

    if broken != "write":
        monkeypatch.setattr(os, broken, full)
    with pytest.raises(OSError, match=r"No space left on device.*still there") as caught:
        write_atomically(old, parts())
    assert caught.value.errno == errno.ENOSPC
    assert old.read_bytes() == b"old"
    assert os.listdir(old.parent) == ["file"]


def test_an_interrupt_while_writing_leaves_the_old_file_and_nothing_else(old):
    def parts():
        yield b"new"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(old, parts())
    assert old.read_bytes() == b"old"
    assert os.listdir(old.parent) == ["file"]


def test_the_new_file_takes_the_place_of_the_old_one_also_through_a_link(old):
    link = old.with_name("link")
    link.symlink_to(old)
    write_atomically(link, [b"new", b" file"])
    assert old.read_bytes() == b"new file"
    assert link.is_symlink()
    ordinary = old.with_name("ordinary")
    ordinary.write_bytes(b"")
    assert stat.filemode(old.stat().st_mode) == stat.filemode(ordinary.stat().st_mode)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        write_atomically(tmp_path / "absent" / "file", [b""])


def test_a_full_disk_leaves_the_last_good_state(tmp_path):
    """A limit on the size of files makes the system itself refuse, in a process of its own."""
    pytest.importorskip("resource", reason="limits on the size of files are of POSIX systems")
    program = (
        "import resource, signal, sys, numpy as np\n"
        "from tinytorch.core.tensor import Tensor\n"
        "from tinytorch.core.training import save_state, load_state\n"
        "path = sys.argv[1]\n"
        "save_state({'step': 1, 'w': Tensor(np.ones(10, 'f4'))}, path)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try:\n"
        "    save_state({'step': 2, 'w': Tensor(np.ones(10_000, 'f4'))}, path)\n"
        "except OSError as error:\n"
        "    print(error.errno, load_state(path)['step'])\n"
    )
    path = tmp_path / "state"
    source = pathlib.Path(sys.modules["tinytorch"].__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", program, path],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(errno.EFBIG), "1"]
    assert os.listdir(tmp_path) == ["state"]
