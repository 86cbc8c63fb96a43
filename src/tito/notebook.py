"""Notebooks: a chapter as cells, and its way back into the workspace's file.

A module whose notebook exists has it as its master: `export` writes the file from it. The cells of
the file begin with `%%given` (to read) or `%%build 01.3` (to build); one after the other they are
the file, so nothing that is added to a cell gets lost. A class that goes over several cells is
taken up again by a line `class Tensor:  # continued`. Running a build cell writes its definitions
into the file, into the framework that the kernel has imported, and checks the exercise.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from tito.course import Chapter, Exercise, find_chapter, find_exercise
from tito.errors import Exit, TitoError
from tito.files import write_atomic
from tito.sources import Definition, definitions, replace_all

if TYPE_CHECKING:
    from tito.workspace import Workspace

__all__ = ["export", "is_newer", "load_ipython_extension", "notebook", "write_notebook"]

CONTINUED = re.compile(r"^class (\w+):  # continued\n", re.MULTILINE)
MAGIC = re.compile(r"^%%(given|build|debug)[ \t]*([\d.]*)[ \t]*\n")
FIRST = """\
# Run this cell first: it brings the magic words %%given, %%build and %%debug.
%load_ext tito.notebook"""
HEAD = -1
"""Where `cut` puts what stands before the first definition."""
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


# ----------------------------------------------------------------------- from chapter to cells


def notebook(chapter: Chapter, source: str, debug: str = "") -> dict[str, Any]:
    """The notebook of a chapter, as the JSON of nbformat 4.5.

    Args:
        source: the learner's file, or the starting file.
        debug: the program of the debug-it exercise.
    """
    made_from = f"Made by tito from the chapter {chapter.key} and {chapter.file}.py."
    cells = [cell("markdown", f"<!-- {made_from} -->"), cell("code", FIRST)]
    pieces = cut(source, chapter)
    given = f"%%given {chapter.number:02d}\n"
    cells.append(cell("code", given + pieces[HEAD]))
    for number, block in enumerate(chapter.blocks):
        if block.kind in ("text", "reflect"):
            cells.append(cell("markdown", block.body))
        elif block.kind == "given" and number in pieces:
            cells.append(cell("code", given + pieces[number]))
        elif block.kind == "build" and block.exercise:
            cells.append(cell("markdown", task(block.exercise)))
            text = pieces.get(number, "")
            cells.append(cell("code", f"%%build {block.exercise.id}\n{text}"))
        elif block.kind == "debug" and block.exercise:
            cells.append(cell("markdown", task(block.exercise)))
            cells.append(cell("code", f"%%debug {block.exercise.id}\n{debug}"))
        elif block.kind == "use":
            cells.append(cell("code", block.fenced("python") or ""))
        elif block.kind == "predict":
            cells += [cell("markdown", asked(chapter, block.names[0]))]
    for i, each in enumerate(cells):
        each["id"] = f"{chapter.key}-{i:03d}"
    return {
        "cells": cells,
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def cell(kind: str, text: str) -> dict[str, Any]:
    """A cell with its text."""
    source = text.strip("\n").splitlines(keepends=True)
    base: dict[str, Any] = {"cell_type": kind, "id": "", "metadata": {}, "source": source}
    return base | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def task(exercise: Exercise) -> str:
    """What stands above the cell of an exercise."""
    dots = "●" * exercise.difficulty + "○" * (3 - exercise.difficulty)
    title = (
        f"**Exercise {exercise.id} · {exercise.title}**  {dots}  about {exercise.minutes} minutes"
    )
    return f"{title}\n\n{exercise.steps}\n"


def asked(chapter: Chapter, id: str) -> str:
    """A question to predict, as text."""
    from tito.measures import load_measures

    question = next((m.question for m in load_measures(chapter.folder) if m.id == id), "")
    return (
        f"**Predict {id}.** {question}\n\nThen type `!tito predict {id} YOUR_NUMBER` in a cell.\n"
    )


def cut(source: str, chapter: Chapter) -> dict[int, str]:
    """The text of `source` for each given and build block, by the block's place in the chapter.

    What stands between two definitions goes with the second one, what stands after the last one
    goes with it, and what stands before the first one is a piece of its own, HEAD.
    """
    owner = {
        n: i for i, b in enumerate(chapter.blocks) if b.kind in ("given", "build") for n in b.names
    }
    known = [d for d in definitions(source) if d.name in owner]
    lines = source.splitlines(keepends=True)
    head = end_of_head(source)
    pieces: dict[int, list[str]] = {HEAD: ["".join(lines[:head])]}
    opened: dict[int, str] = {}
    for i, definition in enumerate(known):
        end = definition.end if i + 1 < len(known) else len(lines)
        text, place = "".join(lines[head:end]), owner[definition.name]
        inside = class_at(definition, text, known)
        if definition.is_class:
            opened[place] = definition.name
        elif inside and opened.get(place) != inside:
            text = f"class {inside}:  # continued\n" + text.strip("\n") + "\n"
            opened[place] = inside if "." in definition.name else ""
        elif "." not in definition.name:
            opened[place] = ""
        pieces.setdefault(place, []).append(text)
        head = end
    return {place: "".join(parts).strip("\n") + "\n" for place, parts in pieces.items()}


def end_of_head(source: str) -> int:
    """How many lines the head of a file has: its docstring, imports, and list of public names."""
    end = 0
    for node in ast.parse(source).body:
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        names = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        if not (text or names or isinstance(node, (ast.Import, ast.ImportFrom))):
            break
        end = node.end_lineno or end
    return end


def class_at(definition: Definition, text: str, known: Sequence[Definition]) -> str:
    """The class inside of which a piece of text begins; empty at the top level."""
    begins = next((line for line in text.splitlines() if line.strip()), "")
    if not begins.startswith(" ") or definition.is_class:
        return ""
    before = [d.name for d in known if d.is_class and d.start <= definition.start]
    return before[-1] if before else ""


def write_notebook(workspace: Workspace, chapter: Chapter) -> Path:
    """Write the notebook of a started module, from the learner's file, where there is none yet.

    Returns: where it lies.
    Raises: TitoError when the file cannot be cut into the chapter's cells without a loss.
    """
    path = workspace.notebook(chapter)
    if path.exists():
        return path
    from tito.rework import read_mine  # it imports this file

    first = {exercise.debug: exercise for exercise in reversed(chapter.exercises)}
    source = read_mine(workspace, first[False])
    debug = read_mine(workspace, first[True]) if True in first else ""
    try:
        content = notebook(chapter, source, debug)
        same = ast.dump(ast.parse(joined(content))) == ast.dump(ast.parse(source))
    except SyntaxError as error:
        raise TitoError(
            f"{workspace.file(chapter).name} cannot be made into a notebook.",
            f"It is not Python as it stands: line {error.lineno}, {error.msg}.",
            f"Mend that line first; tito check {chapter.number:02d} shows it.", Exit.MISSED,
        ) from error  # fmt: skip
    if not same:
        raise TitoError(
            f"{workspace.file(chapter).name} cannot be made into a notebook.",
            "Its definitions stand in another order than in the chapter.",
            f"Go on in the file, or see tito diff {chapter.number:02d}.", Exit.USAGE,
        )  # fmt: skip
    workspace.write(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return path


# -------------------------------------------------------------------------- from cells to file


def code_cells(content: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Kind, exercise and text of the cells that belong to a file."""
    for each in content["cells"]:
        text = each["source"] if isinstance(each["source"], str) else "".join(each["source"])
        if each["cell_type"] == "code" and (match := MAGIC.match(text.lstrip("\n") + "\n")):
            body = (text.lstrip("\n") + "\n")[match.end() :]
            yield match[1], match[2], body.rstrip("\n") + "\n"


def joined(content: dict[str, Any]) -> str:
    """The file that the cells of a notebook make, one after the other."""
    bodies = [body for kind, _, body in code_cells(content) if kind != "debug"]
    last = {name: i for i, body in enumerate(bodies) for name in CONTINUED.findall(body)}
    out: list[str] = []
    begins: dict[str, int] = {}  # where in `out` a class begins
    for i, body in enumerate(bodies):
        before, members, after = apart(body)
        name = next(iter(CONTINUED.findall(body)), "")
        hoisted = [before] + ([after] if i < last.get(name, i) else [])
        if name in begins:  # code at the top level cannot stand inside of a class
            for helper in filter(None, hoisted):
                out.insert(begins[name], helper)
                begins = {each: at + (at >= begins[name]) for each, at in begins.items()}
            out += [members, *([after] if len(hoisted) == 1 else [])]
        else:
            out.append(body)
        begins |= {
            opened: len(out) - 1 for opened in re.findall(r"^class (\w+)[:(](?!  # c)", body, re.M)
        }
    texts = [text.strip("\n") for text in out if text.strip()]
    between = ("\n\n" if text.startswith(" ") else "\n\n\n" for text in texts[1:])
    return (
        "".join([texts[0], *(gap + text for gap, text in zip(between, texts[1:], strict=True))])
        + "\n"
    )


def apart(body: str) -> tuple[str, str, str]:
    """What stands before a continued class in its cell, the class without its line, and the rest.

    >>> apart("class A:  # continued\\n    x = 1\\n\\ny = 2\\n")
    ('', '    x = 1\\n', '\\ny = 2\\n')
    """
    match = CONTINUED.search(body)
    if match is None:
        return "", "", body
    start, lines = body[: match.end()].count("\n"), body.splitlines(keepends=True)
    try:
        classes = [
            n for n in ast.parse(body).body if isinstance(n, ast.ClassDef) and n.lineno == start
        ]
        end = classes[0].end_lineno or len(lines)
    except (SyntaxError, IndexError):  # the check will show the learner the line
        end = len(lines)
    return body[: match.start()], "".join(lines[start:end]), "".join(lines[end:])


def is_newer(workspace: Workspace, chapter: Chapter) -> bool:
    """Whether a module has a notebook that was saved after its file."""
    path, file = workspace.notebook(chapter), workspace.file(chapter)
    if not path.is_file():
        return False
    return not file.is_file() or path.stat().st_mtime_ns > file.stat().st_mtime_ns


def export(workspace: Workspace, chapter: Chapter) -> list[Path]:
    """Write the files of a module from its notebook; a dated copy of what they were is kept.

    Returns: the files that changed.
    Raises: TitoError when there is no notebook, or it is not one.
    """
    path = workspace.notebook(chapter)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        cells = list(code_cells(content))
    except FileNotFoundError:
        raise TitoError(
            f"Module {chapter.number:02d} has no notebook.", f"There is no {path.name}.",
            f"tito notebook {chapter.number:02d} makes it from your file.", Exit.USAGE,
        ) from None  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TitoError(
            f"{path} is not a notebook that can be read.", f"{type(error).__name__}: {error}.",
            "Save it again in Jupyter, or tito undo brings the last copy back.", Exit.MISSED,
        ) from error  # fmt: skip
    if not any(kind == "build" for kind, _, _ in cells):
        raise TitoError(
            f"{path.name} holds no cell that begins with %%build.",
            "The first line of an exercise's cell says where its code belongs.",
            "Bring that line back, or delete the notebook and make it anew from your file with "
            f"tito notebook {chapter.number:02d}.", Exit.MISSED,
        )  # fmt: skip
    texts = {workspace.file(chapter): joined(content)}
    for kind, exercise, body in cells:
        if kind == "debug":
            texts[workspace.exercise_file(find_exercise(exercise))] = body
    changed = [file for file, text in texts.items() if written(workspace, file, text)]
    saved = path.stat().st_mtime_ns
    for file in texts:  # as new as the notebook, also where clocks of two machines differ
        if file.stat().st_mtime_ns < saved:
            os.utime(file, ns=(saved, saved))
    return changed


def written(workspace: Workspace, file: Path, text: str) -> bool:
    """Write `text` unless the file has it already; whether it was written."""
    if file.is_file():
        if file.read_bytes() == text.encode():
            return False
        workspace.keep(file)
    write_atomic(file, text.encode())
    return True


# ------------------------------------------------------------------------------ in the kernel


def load_ipython_extension(shell: Any) -> None:
    """Give a notebook its magic words; Jupyter calls this for `%load_ext tito.notebook`."""
    names = shell.user_ns
    for word, run in (("given", given_cell), ("build", build_cell)):
        shell.register_magic_function(partial(run, names=names), "cell", word)
    shell.register_magic_function(debug_cell, "cell", "debug")


def given_cell(line: str, text: str, names: dict[str, Any]) -> None:
    """%%given 01: code of a module that is to be read; what is changed in it goes into the file."""
    take_over(find_chapter(line.strip()), text, names)


def build_cell(line: str, text: str, names: dict[str, Any]) -> None:
    """%%build 01.3: write the cell into the file and into the running framework, and check it."""
    from tito.workspace import Workspace

    exercise = find_exercise(line.strip())
    if take_over(exercise.chapter, text, names, exercise.id):
        verdict(Workspace.find(), exercise)


def take_over(chapter: Chapter, text: str, names: dict[str, Any], exercise: str = "") -> bool:
    """Bring the code of a cell into the file and into what the kernel has loaded.

    Args:
        names: those of the notebook; a file that is no part of the framework is run in them.
    Returns: whether the cell is Python; where it is not, its fault is printed.
    """
    from tito.workspace import Workspace

    workspace = Workspace.find()
    file = workspace.file(chapter)
    source = file.read_text(encoding="utf-8")
    try:
        new = put(chapter, source, text, exercise)
    except SyntaxError as error:
        mark = " " * max((error.offset or 1) - 1, 0) + "^"
        print(f"line {(error.lineno or 0) + 1} of this cell: {error.msg}")
        print(f"    {(error.text or '').rstrip()}\n    {mark}")
        return False
    written(workspace, file, new)
    if chapter.source_file.parent == chapter.folder:
        exec(compile(new, str(file), "exec"), names)
    else:
        refresh(chapter, text, source)
    return True


def debug_cell(line: str, text: str) -> None:
    """%%debug 01.9: write the cell into the file of the debug-it exercise, and check it."""
    from tito.workspace import Workspace

    workspace, exercise = Workspace.find(), find_exercise(line.strip())
    written(workspace, workspace.exercise_file(exercise), text.rstrip("\n") + "\n")
    verdict(workspace, exercise)


def put(chapter: Chapter, source: str, text: str, exercise: str = "") -> str:
    """The file `source` with a cell in the place of what it was made from.

    Args:
        text: the cell, without its first line.
        exercise: the exercise of a build cell; a given cell is found by what it defines.
    Raises: SyntaxError when the cell is not Python.
    """
    mine = {d.name for d in definitions(text) if not d.is_class}
    content = notebook(chapter, source)
    for each in content["cells"]:
        match = MAGIC.match("".join(each["source"]) + "\n")
        if match is None or each["cell_type"] != "code":
            continue
        body = ("".join(each["source"]) + "\n")[match.end() :]
        if match[1] == "build" and match[2] == exercise:
            break
        if match[1] == "given" and not exercise and mine & {d.name for d in definitions(body)}:
            break
    else:  # imports, or a file whose order is not the chapter's
        return replace_all(source, texts_of(text, source))
    each["source"] = [match[0] + text]
    return joined(content)


def texts_of(text: str, source: str) -> dict[str, str]:
    """The definitions of a cell that stand in `source`, by name."""
    known = {definition.name for definition in definitions(source)}
    lines = text.splitlines(keepends=True)
    return {
        d.name: textwrap.dedent("".join(lines[d.start - 1 : d.end]))
        for d in definitions(text)
        if d.name in known and not d.is_class
    }


def refresh(chapter: Chapter, text: str, before: str) -> None:
    """Give the running framework what a cell has changed, so that tensors made earlier go on.

    Functions keep their identity and get new code; methods are put into the class.

    Args:
        text: the cell.
        before: the file as it was: what stands there already is left alone.
    """
    module = sys.modules.get(f"tinytorch.core.{chapter.file}")
    if module is None:
        return
    old = {d.name: ast.dump(d.node) for d in definitions(before) if not d.is_class}
    new = {d.name: d.node for d in definitions(text) if not d.is_class}
    there = {ast.dump(node) for node in ast.parse(before).body}
    for node in ast.parse(text).body:
        # what stood there before is not run again: it would empty the table of kernels
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef)) and ast.dump(node) not in there:
            run_in(module, node)
    for name, node in new.items():
        if ast.dump(node) == old.get(name):
            continue
        owner = getattr(module, name.partition(".")[0], None)
        if "." not in name:
            run_in(module, node)
        elif isinstance(owner, type):
            assert isinstance(node, ast.FunctionDef)
            setattr(owner, node.name, compiled(node, module, owner))


def run_in(module: ModuleType, node: ast.stmt) -> None:
    """Run a statement in a module; a function that was there gets the new code."""
    name = getattr(node, "name", "")
    old = vars(module).get(name)
    exec(compile(ast.Module([node], []), str(module.__file__), "exec"), vars(module))
    new = vars(module).get(name)
    if isinstance(old, FunctionType) and isinstance(new, FunctionType):
        renew(old, new)


def renew(old: FunctionType, new: FunctionType) -> None:
    """Give a function, which others may have imported, the code of another one.

    A decorated one keeps what it wraps in a cell: that gets the new content.
    """
    if old.__code__.co_freevars == new.__code__.co_freevars:
        for mine, theirs in zip(old.__closure__ or (), new.__closure__ or (), strict=True):
            mine.cell_contents = theirs.cell_contents
        old.__code__, old.__defaults__ = new.__code__, new.__defaults__
        old.__kwdefaults__ = new.__kwdefaults__


def compiled(method: ast.FunctionDef, module: ModuleType, owner: type) -> Any:
    """A method as `owner` would have it: `super()` works in it, and `@name.setter` too."""
    maker = ast.parse(f"def make(__class__, {method.name}): return {method.name}").body[0]
    assert isinstance(maker, ast.FunctionDef)
    maker.body.insert(0, method)
    names: dict[str, Any] = {}
    tree = ast.fix_missing_locations(ast.Module([maker], []))
    exec(compile(tree, str(module.__file__), "exec"), vars(module), names)
    made = names["make"](owner, vars(owner).get(method.name))
    if inspect.isfunction(made):
        made.__qualname__ = f"{owner.__name__}.{method.name}"
    return made


def verdict(workspace: Workspace, exercise: Exercise) -> None:
    """Check an exercise on the files as they are, and print what came of it."""
    from tito.checking import check, is_green
    from tito.verdict import headline, verdict_lines

    answer = check(workspace, [exercise])[0]
    lines = [headline(exercise, answer)]
    if not is_green(answer):
        lines = verdict_lines(workspace, exercise, answer, 100)
    print("\n".join(line.plain for line in lines))
