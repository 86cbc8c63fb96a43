"""Python source as the course sees it: definitions by name, cut out, replaced, or made into stubs.

A *definition* is a top-level function or class, or a method, which is called `Class.method`. The
entry of a class is its header: what stands before its first method.
"""

from __future__ import annotations

import ast
import inspect
import io
import textwrap
import tokenize
from dataclasses import dataclass
from functools import lru_cache

__all__ = [
    "Definition",
    "code_lines",
    "definitions",
    "replace",
    "replace_all",
    "segment",
    "stub",
    "under_name",
]

Function = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Definition:
    """Where a definition stands.

    Args:
        name: "softmax", "Tensor", "Tensor.reshape"; a property's setter is "Tensor.data.setter".
        start, end: its first line (of the decorators) and its last one, counted from 1.
        node: its syntax tree.
    """

    name: str
    start: int
    end: int
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

    @property
    def is_class(self) -> bool:
        """Whether it is the header of a class."""
        return isinstance(self.node, ast.ClassDef)


def definitions(source: str) -> list[Definition]:
    """The definitions of `source`, in its order.

    Raises: SyntaxError as Python does.

    >>> [d.name for d in definitions("class A:\\n    def f(self): ...\\n\\ndef g(): ...\\n")]
    ['A', 'A.f', 'g']
    """
    return list(parsed(source))


@lru_cache(maxsize=16)  # a chapter asks for its core file some dozens of times
def parsed(source: str) -> tuple[Definition, ...]:
    """What `definitions` returns; a source is parsed once, so nobody may change the nodes."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            methods = [child for child in node.body if isinstance(child, Function)]
            end = first_line(methods[0]) - 1 if methods else last_line(node)
            found.append(Definition(node.name, first_line(node), end, node))
            found += [
                Definition(f"{node.name}.{name_of(m)}", first_line(m), last_line(m), m)
                for m in methods
            ]
        elif isinstance(node, Function):
            found.append(Definition(node.name, first_line(node), last_line(node), node))
    return tuple(found)


def name_of(method: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """A method's name; the setter of a property gets `.setter`."""
    setter = any(isinstance(d, ast.Attribute) and d.attr == "setter" for d in method.decorator_list)
    return method.name + (".setter" if setter else "")


def first_line(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    """The line of the first decorator, or of the definition."""
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def last_line(node: ast.stmt) -> int:
    """The last line of a statement."""
    return node.end_lineno or node.lineno


def find(source: str, name: str) -> Definition:
    """The definition called `name`; the last one where a name is used twice, as Python does.

    Raises: KeyError when there is none.
    """
    for definition in reversed(definitions(source)):
        if definition.name == name:
            return definition
    raise KeyError(name)


def segment(source: str, name: str) -> str:
    """The text of a definition, from its decorators on, moved to column 0.

    >>> segment("class A:\\n    def f(self):\\n        return 1\\n", "A.f")
    'def f(self):\\n    return 1\\n'
    """
    definition = find(source, name)
    lines = source.splitlines()[definition.start - 1 : definition.end]
    return textwrap.dedent("\n".join(lines)).rstrip() + "\n"


def replace(source: str, name: str, new: str) -> str:
    """`source` with the text `new` (at column 0) in the place of the definition `name`.

    Raises: KeyError when there is no such definition.

    >>> print(replace("def f():\\n    return 1\\n\\nx = 2\\n", "f", "def f():\\n    return 3"))
    def f():
        return 3
    <BLANKLINE>
    x = 2
    <BLANKLINE>
    """
    return replace_all(source, {name: new})


def replace_all(source: str, texts: dict[str, str]) -> str:
    """`source` with several definitions replaced, by name."""
    known = {definition.name: definition for definition in definitions(source)}
    lines = source.splitlines(keepends=True)
    places = sorted(((known[name], new) for name, new in texts.items()), key=lambda p: -p[0].start)
    for definition, new in places:  # from the last one up, so that line numbers stay right
        margin = " " * definition.node.col_offset
        text = textwrap.dedent(new).strip("\n") + "\n"
        lines[definition.start - 1 : definition.end] = [textwrap.indent(text, margin)]
    return "".join(lines)


def parts(definition_source: str) -> tuple[str, str, str, str]:
    """Decorators, signature, docstring and body of a function at column 0, each as text.

    >>> parts('@kernel("f")\\ndef f(x):\\n    "Doc."\\n    return x\\n')
    ('@kernel("f")\\n', 'def f(x):\\n', '    "Doc."\\n', '    return x\\n')
    """
    node = ast.parse(definition_source).body[0]
    assert isinstance(node, Function)
    lines = definition_source.splitlines(keepends=True)
    head = signature_end(definition_source, node.lineno)
    docstring = ast.get_docstring(node, clean=False) is not None
    body = last_line(node.body[0]) if docstring else head
    return (
        "".join(lines[: node.lineno - 1]),
        "".join(lines[node.lineno - 1 : head]),
        "".join(lines[head:body]),
        "".join(lines[body:]),
    )


def signature_end(source: str, start: int) -> int:
    """The line on which the signature that begins on line `start` ends with its colon."""
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.start[0] < start or token.type != tokenize.OP:
            continue
        if token.string in "([{":
            depth += 1
        elif token.string in ")]}":
            depth -= 1
        elif token.string == ":" and depth == 0:
            return token.end[0]
    raise ValueError("expected a function")


def stub(definition_source: str, exercise: str, name: str, steps: str) -> str:
    """A function without its answer: decorators, signature, docstring, the steps, and an error.

    Args:
        definition_source: the function at column 0, as `segment` returns it.
        exercise: the exercise that it belongs to, "01.3".
        name: what the definition is called.
        steps: what to do, as text; becomes a comment. May be empty.

    >>> print(stub("def f(x):\\n    return x * 2\\n", "01.3", "f", "1. Double it."))
    def f(x):
        # 1. Double it.
        raise NotImplementedError("exercise 01.3: f is yours to build (tito hint 01.3)")
    <BLANKLINE>
    """
    decorators, signature, docstring, _ = parts(definition_source)
    signature = signature.rstrip()
    if not signature.endswith(":"):  # a body on the line of the signature
        node = ast.parse(definition_source).body[0]
        assert isinstance(node, Function)
        signature = signature[: node.body[0].col_offset].rstrip()
    comment = "".join(
        textwrap.fill(line, 96, initial_indent="    # ", subsequent_indent="    #    ") + "\n"
        for line in steps.splitlines()
        if line.strip()
    )
    message = f'"exercise {exercise}: {name} is yours to build (tito hint {exercise})"'
    error = f"    raise NotImplementedError({message})\n"
    if len(error) > 101:
        error = f"    raise NotImplementedError(\n        {message}\n    )\n"
    return decorators + signature + "\n" + docstring + comment + error


def under_name(definition_source: str, reference: str) -> str:
    """A function under the name and the decorators of another one.

    Args:
        definition_source: a function at column 0, with decorators of its own, which are dropped.
        reference: the function, at column 0, whose name and decorators it gets.

    >>> print(under_name("def mine(x):\\n    return x\\n", '@kernel("f")\\ndef f(y): ...\\n'))
    @kernel("f")
    def f(x):
        return x
    <BLANKLINE>
    """
    node, named = ast.parse(definition_source).body[0], ast.parse(reference).body[0]
    assert isinstance(node, Function)
    assert isinstance(named, Function)
    _, signature, docstring, body = parts(definition_source)
    decorators = "".join(reference.splitlines(keepends=True)[: named.lineno - 1])
    return decorators + signature.replace(node.name, named.name, 1) + docstring + body


def code_lines(definition: Definition, source: str) -> int:
    """How many lines of code a definition has: no docstrings, comments, blank lines.

    >>> text = 'def f(x):\\n    "Doc."\\n\\n    # why\\n    return x\\n'
    >>> code_lines(definitions(text)[0], text)
    2
    """
    skipped: set[int] = set()
    for node in ast.walk(definition.node):
        if isinstance(node, (*Function, ast.ClassDef)) and inspect.cleandoc(
            ast.get_docstring(node) or ""
        ):
            skipped |= set(range(node.body[0].lineno, last_line(node.body[0]) + 1))
    lines = source.splitlines()
    return sum(
        1
        for number in range(definition.start, definition.end + 1)
        if number not in skipped
        and lines[number - 1].strip()
        and not lines[number - 1].lstrip().startswith("#")
    )
