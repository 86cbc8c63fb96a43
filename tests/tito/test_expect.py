"""What checks say about values, and what they note."""

import numpy as np
import pytest

from tito import expect as module
from tito.expect import Session, difference, expect, raises, same_notes, show


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
        ([1, 2], (1, 2), "expected a tuple, got [1, 2]"),
        ((1, 2, 3), (1, 2), "expected 2 items, got 3"),
        ({"a": 1}, {"b": 1}, "expected the keys ['b'], got ['a']"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "at ['a'][1]: expected 3, got 2"),
        (np.array([np.nan]), np.array([np.nan]), ""),
        (None, 1.0, "expected 1, got None"),
        ("a", np.zeros(2), "expected numbers, got 'a'"),
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
    assert same_notes(one, [("value", np.array([1.0 + 1e-7]), {}, "", 1e-5), ("error", "ValueError")])
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
