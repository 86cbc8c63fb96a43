"""A course of two chapters, small enough to read, for the tests of the tool."""

from __future__ import annotations

from pathlib import Path

__all__ = ["write_course"]

WELCOME = '''\
"""Welcome."""

UNIT = 1


def mean(values):
    """The mean of a list of numbers.

    >>> mean([1, 2])
    1.5
    """
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


class Counter:
    """Counts."""

    def __init__(self):
        self.count = 0

    def add(self, step=UNIT):
        """Count `step` more."""
        self.count += step
        return self.count
'''

CHAPTER = """\
---
title: Welcome
module: 00
file: welcome
tier: foundation
minutes: 10
needs: none
unlocks: the second chapter
---

# 00 · Welcome

What is a mean?

:::{build} mean
:exercise: 00.1
:title: A mean
:difficulty: 1
:minutes: 2

1. Add the values up.
2. Divide by how many there are.
:::

:::{check} 00.1
:::

:::{use}
```python
print(mean([1, 2, 6]))
```
```output
3.0
```
:::

Now count.

:::{given} Counter ... Counter.__init__
:::

:::{build} Counter.add
:exercise: 00.2
:title: Counting
:difficulty: 2
:minutes: 3

1. Go up by the step.
:::

:::{check} 00.2
:::

:::{debug} total
:exercise: 00.3
:title: A total that is too small
:difficulty: 1
:minutes: 4

1. Find out which value is left out.
:::

:::{predict} 00.a
:::

:::{reflect}
1. Why?
:::
"""

CHECKS = '''\
"""Checks of the welcome."""

import numpy as np

from tito.expect import check, expect, fresh, raises


@check("00.1")
def test_two_numbers():
    """The mean of 1 and 2 is 1.5."""
    expect("mean([1, 2])", 1.5, ask="What is the sum?")


@check("00.1")
def test_any_numbers():
    """The mean of any numbers is their sum by their count."""
    x = fresh(7)
    expect("mean(x)", float(np.mean(x)), x=x)


@check("00.1")
def test_no_numbers():
    """No numbers have no mean."""
    raises("mean([])", ZeroDivisionError)


@check("00.2")
def test_counting():
    """A counter goes up."""
    expect("c = Counter()\\nc.add()\\nc.add(3)\\nc.count", 4)


@check("00.2")
def test_answer():
    """A counter answers with its count."""
    expect("Counter().add(2)", 2)


@check("00.3")
def test_total():
    """A total takes every value."""
    expect("total([1, 2, 3])", 6)


@check("00.3")
def test_total_of_one():
    """One value is its own total."""
    expect("total([5])", 5)
'''

WRONG = '''\
"""Wrong versions of the welcome."""

from tito.misconceptions import wrong


@wrong("00.1", "mean", "You add up and forget to divide.")
def no_division(values):
    values[0] / 1 if len(values) else 1 / 0
    return float(sum(values))


@wrong("00.1", "mean", "You divide by one too many.")
def one_too_many(values):
    return sum(values) / (len(values) + 1)


@wrong("00.1", "mean", "You return inside of the loop.")
def early(values):
    for value in values:
        return value / len(values)


@wrong("00.2", "Counter.add", "You start anew at each call.")
def anew(self, step=1):
    self.count = step
    return self.count


@wrong("00.2", "Counter.add", "You go up by one, whatever the step.")
def by_one(self, step=1):
    self.count += 1
    return self.count


@wrong("00.2", "Counter.add", "You do not answer.")
def silent(self, step=1):
    self.count += step


@wrong("00.3", "total", "The last value is still left out.")
def without_last(values):
    return sum(values[:-1])


@wrong("00.3", "total", "The first value is left out now.")
def without_first(values):
    return sum(values[1:])


@wrong("00.3", "total", "You count the values.")
def counted(values):
    return len(values)
'''

RIGHT = '''\
"""Other right versions of the welcome."""

from tito.misconceptions import right


@right("00.1", "mean")
def with_sum(values):
    return sum(values) / len(values)


@right("00.1", "mean")
def by_index(numbers):
    total = 0
    for i in range(len(numbers)):
        total = total + numbers[i]
    return total / len(numbers)


@right("00.2", "Counter.add")
def spelled_out(self, step=1):
    self.count = self.count + step
    return self.count
'''

HINTS = "".join(
    f"## 00.{i}\n### nudge\nnudge {i}\n### approach\napproach {i}\n"
    f"### pseudo-code\npseudo {i}\n### afterwards\nafterwards {i}\n\n"
    for i in (1, 2, 3)
) + ("## when you see: division by zero\nThe list is empty.\n")

MEASURES = '''\
"""Measures of the welcome."""

from tito.measures import measure


@measure("00.a", "How many numbers are in range(10)?", unit="numbers", within=0.1, explain="Ten.")
def numbers() -> float:
    return len(range(10))
'''

MENDED = '''\
"""A total that was too small."""


def total(values):
    """The sum of all values."""
    found = 0
    for i in range(len(values)):
        found += values[i]
    return found
'''


def write_course(folder: Path) -> Path:
    """Write the course into `folder`; returns it, for TITO_COURSE."""
    texts = {
        "welcome.py": WELCOME,
        "chapter.md": CHAPTER,
        "checks.py": CHECKS,
        "misconceptions.py": WRONG,
        "alternatives.py": RIGHT,
        "hints.md": HINTS,
        "measures.py": MEASURES,
        "debug.py": MENDED,
        "debug_broken.py": MENDED.replace("range(len(values))", "range(len(values) - 1)"),
    }
    for number, name in (("00", "welcome"), ("01", "second")):
        chapter = folder / f"{number}_{name}"
        chapter.mkdir(parents=True)
        for file, text in texts.items():
            own = file.replace("welcome", name)
            (chapter / own).write_text(
                text.replace("00.", f"{number}.")
                .replace("module: 00", f"module: {number}")
                .replace("file: welcome", f"file: {name}")
                .replace("needs: none", "needs: none" if number == "00" else "needs: 00"),
                encoding="utf-8",
            )
    return folder
