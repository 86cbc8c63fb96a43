"""What checks say about values, and what they note."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tito import expect as module
from tito.expect import Session, difference, expect, plain, raises, same_notes, show
from tito.verdict import compared


@pytest.fixture
def session():
    session = Session({"twice": lambda x: x * 2, "spoil": spoil}, [__file__], 0, "test")
    module.running.append(session)
    yield session
    module.running.remove(session)


def spoil(x):
    x[0] = 99
    return x


def only(session):
    assert len(session.failures) == 1
    return session.failures[0]


def test_what_is_right_leaves_no_failure(session):
    expect("twice(x)", equals=[2.0, 4.0], x=np.array([1.0, 2.0]))
    assert not session.failures
    assert len(session.notes) == 1


def test_a_failure_names_the_first_difference(session):
    expect("twice(x)", equals=np.array([2.0, 5.0]), x=np.array([1.0, 2.0]), ask="Why?")
    failure = only(session)
    assert failure.difference == "at [1]: expected 5, got 4 (1 of 2 values differ)"
    assert failure.ask == "Why?"
    assert failure.inputs[0][0] == "x"
    assert "shape (2,)" in failure.actual


def test_a_wrong_shape_is_told_before_any_value(session):
    expect("twice(x)", equals=np.zeros((2, 1)), x=np.zeros(2))
    assert only(session).difference == "expected the shape (2, 1), got (2,)"
    assert "expected  2  1" in only(session).shapes.replace("   ", "  ")


def test_a_wrong_dtype_is_told_when_it_matters(session):
    expect("twice(x)", equals=[2.0], dtype="float32", x=np.array([1.0]))
    assert only(session).difference == "expected values of float32, got float64"


def test_an_input_that_is_written_into_is_told(session):
    expect("spoil(x).copy()", equals=[99.0, 2.0], x=np.array([1.0, 2.0]))
    assert only(session).difference.startswith("the input x was changed")


def test_a_check_goes_on_after_a_failure(session):
    expect("twice(1)", equals=3)
    expect("twice(undefined)", equals=3)
    expect("twice(2)", equals=4)
    assert len(session.failures) == 2
    assert [note[0] for note in session.notes] == ["value", "error", "value"]


def test_several_lines_are_run_and_the_last_one_is_the_value(session):
    expect("y = twice(3)\nfor _ in range(2):\n    y = twice(y)\ny", equals=24)
    assert not session.failures


def test_an_error_names_the_line_of_the_file(session):
    expect("spoil(5)", equals=1)
    failure = only(session)
    assert failure.error.startswith("TypeError: ")
    assert failure.place["text"] == "x[0] = 99"
    assert failure.place["function"] == "spoil"


@pytest.mark.parametrize(
    ("code", "kind", "mentions", "difference"),
    [
        ("1 / 0", ZeroDivisionError, (), None),
        ("1 / 0", ZeroDivisionError, ("zero",), None),
        ("1 / 0", ZeroDivisionError, ("(2, 3)",), "the message does not name (2, 3)"),
        ("1 / 1", ZeroDivisionError, (), "no error came, expected ZeroDivisionError"),
        ("[][0]", ZeroDivisionError, (), ""),
    ],
)
def test_an_error_that_is_asked_for(session, code, kind, mentions, difference):
    raises(code, kind, mentions=mentions)
    assert [failure.difference for failure in session.failures] == (
        [] if difference is None else [difference]
    )


def test_a_stub_is_recognised_and_is_no_error_that_was_asked_for():
    def f():
        raise NotImplementedError("exercise 01.3: f is yours to build (tito hint 01.3)")

    session = Session({"f": f}, [], 0, "test")
    module.running.append(session)
    raises("f()", NotImplementedError)
    module.running.remove(session)
    assert session.unbuilt
    assert session.failures


@pytest.mark.parametrize(
    ("actual", "expected", "words"),
    [
        (1.0, 1.0, ""),
        (True, 1, "expected 1, got True"),
        (np.float32(2), 2, ""),
        (np.array(2.0), 2.0, ""),
        (np.array([2.0]), 2.0, "expected the shape (), got (1,)"),
        ((1, 2), (1, 2), ""),
        ([1, 2], (1, 2), "expected a tuple of 2, got a list of 2"),
        ((1, 2, 3), (1, 2), "expected 2 items, got 3"),
        ([[]], [[1]], "at [0]: expected 1 item, got 0"),
        ({"a": 1}, {"b": 1}, "expected the keys ['b'], got ['a']"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "at ['a'][1]: expected 3, got 2"),
        (np.array([np.nan]), np.array([np.nan]), ""),
        (None, 1.0, "expected 1, got None"),
        ("a", np.zeros(2), "expected numbers of shape (2,), got 'a'"),
        (
            np.zeros(2),
            [np.zeros(1), np.zeros(2)],
            "expected a list of 2, got an array of shape (2,)",
        ),
        (
            [np.zeros(1), np.zeros(2)],
            np.zeros(2),
            "expected numbers of shape (2,), got a list of 2",
        ),
        (
            np.zeros((2, 2)),
            [np.zeros(2), np.zeros(2)],
            "expected a list of 2, got an array of shape (2, 2)",
        ),
        (
            [np.zeros(2), np.zeros(2)],
            np.zeros((2, 2)),
            "expected numbers of shape (2, 2), got a list of 2",
        ),
        ([1.0, 2.0], np.array([1.0, 2.0]), ""),
        (np.zeros(2), ["a", "b"], "expected a list of 2, got an array of shape (2,)"),
        (np.zeros((2, 2)), {"a": 1}, "expected the keys ['a'], got ndarray"),
        (np.zeros(3), None, "expected None, got an array of shape (3,)"),
        (
            np.array([True, True]),
            np.array([True, False]),
            "at [1]: expected False, got True (1 of 2 values differ)",
        ),
        (np.array([12345678]), np.array([12345679]), ""),
        (np.array([123456]), np.array([123467]), "at [0]: expected 123467, got 123456"),
        (np.array([1j]), np.array([1j]), ""),
        (
            np.array(["a"]),
            np.array(["b"]),
            "expected ['b']   shape (1,), <U1, got an array of shape (1,)",
        ),
        (10**400, 10**400, ""),
        (10**400, 1.0, "expected 1, got 1" + "0" * 399 + " ..."),
        (
            [1, [2, np.zeros(3)]],
            [1, [2, np.zeros(2)]],
            "at [1][1]: expected the shape (2,), got (3,)",
        ),
        (np.array([True]), np.array([1.0]), "expected float64, got bool"),
    ],
)
def test_differences_are_told_in_words(actual, expected, words):
    assert difference(actual, expected, 1e-6) == words


def test_the_same_seed_gives_the_same_inputs_and_another_one_others():
    draws = [Session({}, [], seed, "test").rng.random() for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_notes_agree_when_values_and_ends_do():
    one = [("value", np.array([1.0]), {}, "", 1e-5), ("error", "ValueError")]
    assert same_notes(
        one, [("value", np.array([1.0 + 1e-7]), {}, "", 1e-5), ("error", "ValueError")]
    )
    assert not same_notes(one, [("value", np.array([1.1]), {}, "", 1e-5), ("error", "ValueError")])
    assert not same_notes(one, [("value", np.array([1.0]), {}, "", 1e-5), ("error", "TypeError")])
    assert not same_notes(one, one[:1])


def test_a_type_that_was_asked_for_is_part_of_what_was_seen(session):
    expect("twice(x)", equals=[2.0], dtype="float64", x=np.array([1.0]))
    expect("twice(x)", equals=[2.0], dtype="float64", x=np.array([1.0], np.float32))
    first, second = session.notes
    assert not same_notes([first], [(*second[:2], first[2], *second[3:])])


def test_a_long_array_is_shown_in_a_few_lines():
    assert len(show(np.zeros((100, 100))).splitlines()) < 12
    assert "\n\n" not in show(np.zeros((2, 2, 2, 2)))


def test_a_list_of_arrays_has_a_line_for_each_with_its_index():
    assert show([np.array([1.0, 2.0]), 3]).splitlines() == [
        "[0] [1., 2.]   (2,) float64",
        "[1] 3",
    ]
    nested = (np.array(5), {"a": [np.array([[1], [2]]), [6, 7]]})
    assert show(nested).splitlines() == [
        "[0]         5   () int64",
        "[1]['a'][0] [[1],",
        "             [2]]",
        "            (2, 1) int64",
        "[1]['a'][1] [6, 7]",
    ]


def test_lists_without_arrays_stay_on_a_line():
    assert show([1, (2.5, "a")]) == "[1, (2.5, 'a')]"
    assert show({"a": [5**0.5, 3.0]}) == "{'a': [2.236068, 3.0]}"
    assert show([]) == "[]"
    assert show([[], np.zeros(1)]).splitlines()[0] == "[0] []"


def test_what_is_compared_with_arrays_is_taken_apart_like_them():
    wanted, got = [np.array([1.0]), [np.array([2.0]), 3]], [[1.0], [2.0, 3]]
    assert show(got, like=wanted).splitlines() == ["[0]    [1.0]", "[1][0] 2", "[1][1] 3"]
    assert show(None, like=wanted) == "None"
    assert show(np.zeros(2), like=wanted) == show(np.zeros(2))


def test_a_long_list_of_arrays_is_cut():
    lines = show([np.array([i]) for i in range(40)]).splitlines()
    assert len(lines) == module.ITEMS + 1
    assert lines[-1] == "... (28 more)"


def test_lists_of_arrays_stand_side_by_side(session):
    wanted = (np.array([2.0, 4.0]), [np.array([1]), 7])
    expect("(twice(x), [twice(x)[:1], 7])", equals=wanted, x=np.array([1.0, 2.0]))
    failure = only(session)
    lines = compared(failure.expected, failure.actual, failure.difference, 80)
    assert [line.plain.strip() for line in lines] == [
        "Expected                          Actual",
        "[0]    [2., 4.]   (2,) float64    [0]    [2., 4.]   (2,) float64",
        "[1][0] [1]   (1,) int64           [1][0] [2.]   (1,) float64",
        "^                                 ^^",
        "[1][1] 7                          [1][1] 7",
    ]
    assert failure.difference == "at [1][0][0]: expected 1, got 2"


def test_inputs_of_any_shape_are_shown_and_counted(session):
    expect("len(x)", equals=3, x=[np.zeros(2), {"a": np.zeros(3)}])
    failure = only(session)
    assert failure.size == 5
    assert failure.inputs[0][1].startswith("[0]      [0., 0.]")


def test_a_tensor_for_a_list_of_arrays_is_told(session):
    expect("twice(x)", equals=[np.zeros(1), np.zeros((2, 2))], x=np.zeros(3))
    failure = only(session)
    assert failure.difference == "expected a list of 2, got an array of shape (3,)"
    assert "expected" not in failure.shapes


class Rude:
    """What no operation gets along with."""

    def __eq__(self, other):
        raise RuntimeError("no")

    __hash__ = None

    def __repr__(self):
        raise RuntimeError("no")

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no")


def nested(scalars, dtypes):
    """Scalars and arrays, and lists, tuples and dicts of them, within each other."""
    shapes = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
    return st.recursive(
        st.one_of(scalars, arrays.arrays(st.sampled_from(dtypes), shapes)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.lists(inner, max_size=3).map(tuple),
            st.dictionaries(st.one_of(st.text(max_size=2), st.integers(0, 2)), inner, max_size=3),
        ),
        max_leaves=8,
    )


PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(10**310, 10**320), st.floats(),
    st.text(max_size=3), st.binary(max_size=3), st.sets(st.integers(), max_size=2),
)  # fmt: skip
PLAIN_DTYPES = ["f2", "f4", "f8", "i8", "u1", "u8", "bool", "U2"]
VALUES = nested(
    st.one_of(PLAIN, st.complex_numbers(), st.builds(Rude)), [*PLAIN_DTYPES, "c16", "M8[s]"]
)


def test_an_object_that_answers_nothing_is_told_apart_from_another():
    assert difference(Rude(), 1.0, 1e-5) == "expected 1, got <Rude, whose repr raises RuntimeError>"
    assert difference(Rude(), np.zeros(1), 1e-5).startswith("expected numbers of shape (1,), got <")
    assert difference(Rude(), Rude(), 1e-5)


@given(VALUES, VALUES)
@example(np.zeros(2), [np.zeros(1), np.zeros(2)])
@example([np.zeros(1), np.zeros(2)], np.zeros(2))
@example([[1], [2, 3]], np.zeros(2))
@example(np.array([True]), np.array([False]))
def test_any_two_values_are_compared_and_shown(actual, expected):
    assert isinstance(difference(actual, expected, 1e-5), str)
    assert show(actual, like=expected)
    assert show(expected, like=actual)


@given(nested(PLAIN, PLAIN_DTYPES))
def test_a_value_does_not_differ_from_itself(value):
    assert difference(plain(value), value, 1e-5) == ""
