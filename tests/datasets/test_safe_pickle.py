"""Pickles of plain data are read; what else a pickle asks for is refused and does not happen."""

import os
import pickle
import pickletools
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch.datasets import DataError
from tinytorch.datasets.safe_pickle import KNOWN, safe_loads

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(min_size=1),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), inner, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=10,
)


@given(value=plain, protocol=st.sampled_from([2, 3, 4]))
def test_plain_values_come_back(value, protocol):
    assert safe_loads(pickle.dumps(value, protocol), "a test") == value


@given(
    array=hnp.arrays(
        st.sampled_from(["u1", "i8", ">i4", "f4", "?", "f2"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        elements={"allow_nan": False},
        fill=st.nothing(),
    ),
    protocol=st.sampled_from([2, 3, 4]),
    order=st.sampled_from("CF"),
)
def test_arrays_come_back(array, protocol, order):
    if array.size == 0 and protocol == 2:
        return  # spelled with a call of bytes(), which no published file needs
    array = np.asarray(array, order=order)
    data = pickle.dumps({"data": array}, protocol)
    read = safe_loads(data, "a test")["data"]
    assert isinstance(read, np.ndarray)
    assert read.dtype == pickle.loads(data)["data"].dtype
    np.testing.assert_array_equal(read, array)


class Calls:
    """Pickles as a call of `function`."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


HOSTILE = {
    "a command": Calls(os.system, "touch escaped"),
    "an evaluation": Calls(eval, "open('escaped', 'w')"),
    "a file": Calls(open, "escaped", "w"),
    "an import": Calls(__import__, "antigravity"),
    "a NumPy function": Calls(np.zeros, 3),
    "a class": OrderedDict(a=1),
    "a path": Path("escaped"),
    "an object array": np.array([Calls(os.system, "touch escaped")], object),
    "an array of records": np.zeros(2, [("a", "u1")]),
    "an array of text": np.array(["ab"]),
    "a float": 1.5,
    "a set": {1, 2},
    "a bytearray": bytearray(b"x"),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_anything_else_is_refused_and_does_not_happen(case, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps({"data": HOSTILE[case]}, protocol)
    with pytest.raises(DataError, match="the download is not a pickle of plain data"):
        safe_loads(data, "the download")
    assert not list(tmp_path.iterdir())


def assembled(*parts):
    """A pickle by hand: bytes of operations."""
    return b"\x80\x02" + b"".join(parts) + b"."


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
TYPE = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR"


def array_state(shape, dtype, values):
    return b"(K\x01" + shape + dtype + b"\x89" + values + b"tb"


@pytest.mark.parametrize(
    "data",
    [
        assembled(b"cos\nsystem\n(U\x0ctouch escapedtR"),
        assembled(b"(ios\nsystem\n"),  # INST
        assembled(b"cnumpy\nndarray\n(J\xff\xff\xff\x7ft\x81"),  # NEWOBJ of an enormous array
        assembled(b"\x82\x01"),  # EXT1: a name from a registry
        assembled(b"U\x01xQ"),  # BINPERSID
        assembled(b"cnumpy\ndtype\n}U\x08functionU\x01xsb"),  # BUILD: change a function
        assembled(b"cnumpy\ndtype\nN}U\x08functionU\x01xs\x86b"),
        assembled(b"c_codecs\nencode\n(X\x01\x00\x00\x00xX\x03\x00\x00\x00hextR"),
        assembled(ARRAY, array_state(b"(K\x04t", TYPE, b"U\x03abc")),  # 4 bytes announced, 3 there
        assembled(ARRAY, array_state(b"(J\xff\xff\xff\xffJ\xff\xff\xff\xfft", TYPE, b"U\x01a")),
        assembled(ARRAY, array_state(b"(K\x01t", b"U\x02O8", b"]U\x01aa")),
        assembled(ARRAY, array_state(b"(K\x01t", b"cnumpy\ndtype\n(U\x02O8tR", b"]U\x01aa")),
        assembled(b"N", b"r\xff\xff\xff\xff"),  # LONG_BINPUT: room for four billion values
        b"",
        b"\x80\x02}",
        b"<html>not found</html>",
        assembled(b"(" * 100_000),
    ],
)  # fmt: skip
def test_pickles_made_by_hand_are_refused(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = {name: known.function for name, known in KNOWN.items()}
    with pytest.raises(DataError):
        safe_loads(data, "a test")
    assert not list(tmp_path.iterdir())
    assert {name: known.function for name, known in KNOWN.items()} == before


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (assembled(b"cos\nsystem\n"), r"got the name os\.system"),
        (assembled(b"N", b"r\xff\xff\xff\x0f"), "got the place 268435455 to remember a value"),
        (assembled(b"K\x01\x85\x81"), "got the operation NEWOBJ"),
    ],
)
def test_what_a_pickle_asks_for_is_named(data, words):
    with pytest.raises(DataError, match=words):
        safe_loads(data, "a test")


def test_the_pickles_made_by_hand_differ_from_a_right_one_in_one_thing():
    right = assembled(ARRAY, array_state(b"(K\x03t", TYPE, b"U\x03abc"))
    assert safe_loads(right, "a test").tolist() == [97, 98, 99]
    assert [op.name for op, *_ in pickletools.genops(right)][-2:] == ["BUILD", "STOP"]
