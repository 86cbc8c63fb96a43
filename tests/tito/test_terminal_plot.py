"""Text pictures: sizes that fit, blocks or ASCII, and no surprise on odd input."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito.terminal_plot import curve, digit, digits_row, sparkline

numbers = st.lists(st.floats(), max_size=200)


@given(numbers, st.integers(1, 80), st.booleans())
def test_a_sparkline_is_never_wider_than_asked_for(values, width, unicode):
    assert len(sparkline(values, width, unicode)) == min(width, len(values))


@given(numbers, st.integers(20, 100), st.integers(1, 12), st.booleans())
def test_a_curve_fits_its_box(values, width, height, unicode):
    lines = curve(values, width, height, "", unicode).split("\n")
    assert len(lines) <= height
    if any(map(math.isfinite, values)):
        assert len(lines) == height
        assert max(map(len, lines)) <= width


@given(numbers)
def test_ascii_is_ascii(values):
    assert sparkline(values, unicode=False).isascii()
    assert curve(values, unicode=False).isascii()


def test_a_sparkline_has_a_gap_where_there_is_no_number():
    assert sparkline([0.0, math.nan, 1.0], unicode=True) == "▁ █"


def test_a_falling_curve_goes_from_the_upper_left_to_the_lower_right():
    lines = curve([3.0, 2.0, 1.0, 0.0], 20, 4, unicode=True).split("\n")
    lengths = list(map(len, lines))
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]
    assert (lines[0].split()[0], lines[-1].split()[0]) == ("3", "0")


def test_a_constant_curve_is_one_row():
    drawn = curve([2.0] * 10, 20, 3, unicode=True).split("\n")
    assert sum("▄" in line or "▀" in line for line in drawn) == 1


@pytest.mark.parametrize("size", [(8, 8), (7, 5), (28, 28), (1, 1)])
def test_a_digit_shows_every_bright_pixel(size):
    image = np.random.default_rng(0).random(size)
    image.flat[0] = 2.0
    text = digit(image, unicode=True)
    weights = {"▄": 1, "▀": 1, "█": 2}
    threshold = (image.max() + image.min()) / 2
    assert sum(weights.get(c, 0) for c in text) == (image > threshold).sum()
    assert len(text.split("\n")) == math.ceil(size[0] / 2)


def test_a_row_of_digits_shows_as_many_as_fit():
    images = [np.eye(8)] * 20
    labels = [f"{n} not 9" for n in range(20)]
    lines = digits_row(images, labels, width=60, unicode=False).splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[-1].startswith("0 not 9   1 not 9")
    assert len(lines) == 5


def test_no_digits_make_no_text():
    assert digits_row([], []) == ""
