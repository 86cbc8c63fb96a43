"""Definitions of a source: found, cut out, replaced, made into stubs."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch.core
from tito.sources import definitions, replace, replace_all, segment, stub, under_name

SOURCE = '''\
"""A module."""

import math

LIMIT = 3


@register("area")
def area(
    radius: float,
    *,
    unit: str = "m: or km",
) -> float:
    """The area of a circle.

    >>> area(1)
    """
    # the secret
    return math.pi * radius**2


class Shape:
    """A shape."""

    sides = 0

    @property
    def name(self):
        return self._name

    @name.setter
    def name(self, value):
        self._name = value

    def grow(self, by): self.size += by
'''

CORE = sorted(Path(next(iter(tinytorch.core.__path__))).glob("[a-z]*.py"))


def test_definitions_stand_in_the_order_of_the_file():
    names = [definition.name for definition in definitions(SOURCE)]
    assert names == ["area", "Shape", "Shape.name", "Shape.name.setter", "Shape.grow"]


def test_the_header_of_a_class_ends_before_its_first_method():
    assert segment(SOURCE, "Shape").rstrip().endswith("sides = 0")


def test_a_stub_keeps_signature_and_docstring_and_loses_the_answer():
    text = stub(segment(SOURCE, "area"), "03.2", "area", "1. Square it.\n2. Scale it.")
    assert text.startswith('@register("area")\ndef area(')
    assert ">>> area(1)" in text
    assert "# 1. Square it." in text
    assert "secret" not in text
    assert "math.pi" not in text
    function = next(n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))
    assert isinstance(function.body[-1], ast.Raise)


def test_a_stub_of_a_body_on_the_line_of_the_signature_loses_it_too():
    text = stub(segment(SOURCE, "Shape.grow"), "03.3", "Shape.grow", "")
    assert "self.size" not in text
    ast.parse(text)


def test_a_stub_says_which_exercise_it_is_and_where_help_is():
    names = {}
    exec(stub("def f(x):\n    return x\n", "01.3", "f", ""), names)
    with pytest.raises(NotImplementedError, match=r"01\.3: f is yours.*tito hint 01\.3"):
        names["f"](1)


def test_what_is_replaced_keeps_everything_else():
    new = replace(SOURCE, "Shape.name", "@property\ndef name(self):\n    return 'x'\n")
    assert "        return 'x'\n" in new
    assert segment(new, "area") == segment(SOURCE, "area")
    assert segment(new, "Shape.name.setter") == segment(SOURCE, "Shape.name.setter")


def test_an_unknown_name_is_refused():
    with pytest.raises(KeyError, match="volume"):
        replace(SOURCE, "volume", "def volume(): ...")


def test_a_version_gets_the_name_and_the_decorators_of_its_target():
    version = '@wrong("03.2", "area", "No.")\ndef twice(radius, *, unit="m"):\n    return 2\n'
    text = under_name(version, segment(SOURCE, "area"))
    assert text.startswith('@register("area")\ndef area(radius')
    assert "wrong" not in text


@pytest.mark.parametrize("file", CORE, ids=lambda file: file.stem)
def test_replacing_every_definition_by_itself_changes_nothing(file):
    source = file.read_text(encoding="utf-8")
    texts = {d.name: segment(source, d.name) for d in definitions(source) if not d.is_class}
    assert ast.dump(ast.parse(replace_all(source, texts))) == ast.dump(ast.parse(source))


@given(st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1), st.data())
def test_replacing_one_function_leaves_the_others(names, data):
    source = "\n\n".join(f"def {name}(x):\n    return {i}" for i, name in enumerate(names)) + "\n"
    target = data.draw(st.sampled_from(names))
    new = replace(source, target, f"def {target}(x):\n    return 'new'\n")
    for name in names:
        assert (segment(new, name) == segment(source, name)) == (name != target)
