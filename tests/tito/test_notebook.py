"""Notebooks: made from the learner's file, run by Jupyter, and brought back without a loss."""

import ast
import json
import os
import sys

import pytest
from small_course import write_course

from tito.course import chapters, find_chapter
from tito.errors import TitoError
from tito.learn import begin
from tito.notebook import code_cells, export, is_newer, joined, notebook, put, write_notebook
from tito.workspace import Workspace


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A workspace on the small course, with module 00 started as a notebook."""
    monkeypatch.setenv("TITO_COURSE", str(write_course(tmp_path / "course")))
    made = Workspace.create(tmp_path / "work", "notebook")
    monkeypatch.chdir(made.root)
    monkeypatch.setenv("TITO_WORKSPACE", str(made.root))
    begin(made, find_chapter("00"))
    return made


def edit(workspace, old, new):
    """Change the text of a cell, as Jupyter saves it."""
    path = workspace.notebook(find_chapter("00"))
    content = json.loads(path.read_text(encoding="utf-8"))
    for each in content["cells"]:
        text = "".join(each["source"])
        if each["cell_type"] == "code" and old in text:
            each["source"] = text.replace(old, new)
            break
    else:
        raise AssertionError(f"no cell has {old!r}")
    path.write_text(json.dumps(content), encoding="utf-8")
    later = workspace.file(find_chapter("00")).stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))


def test_a_notebook_is_valid_and_the_same_each_time(workspace):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    chapter = find_chapter("00")
    content = notebook(chapter, chapter.starting_file(), chapter.broken())
    nbformat.validate(nbformat.from_dict(content))
    assert content == notebook(chapter, chapter.starting_file(), chapter.broken())


@pytest.mark.parametrize("key", [chapter.key for chapter in chapters()])
@pytest.mark.parametrize("solved", [False, True])
def test_the_cells_of_a_chapter_make_its_file(key, solved, monkeypatch):
    chapter = find_chapter(key)
    source = chapter.solution() if solved else chapter.starting_file()
    back = joined(notebook(chapter, source))
    assert ast.dump(ast.parse(back)) == ast.dump(ast.parse(source))
    again = joined(notebook(chapter, back))
    assert again == back


@pytest.mark.parametrize("key", [chapter.key for chapter in chapters()])
def test_a_notebook_gives_no_answer_away(key):
    from tito.prove import answer_lines

    chapter = find_chapter(key)
    debug = chapter.broken() if any(e.debug for e in chapter.exercises) else ""
    cells = notebook(chapter, chapter.starting_file(), debug)["cells"]
    shown = {" ".join(line.split()) for each in cells for line in each["source"]}
    for exercise in chapter.exercises:
        for name in exercise.built():
            assert not shown & set(answer_lines(exercise, name)), exercise.id


def test_what_is_built_in_a_cell_comes_into_the_file(workspace):
    chapter = find_chapter("00")
    edit(workspace, "raise NotImplementedError", "return sum(values) / len(values)\n    raise E")
    assert is_newer(workspace, chapter)
    assert export(workspace, chapter) == [workspace.file(chapter)]
    assert "return sum(values) / len(values)" in workspace.file(chapter).read_text()
    assert not is_newer(workspace, chapter)
    assert workspace.copies()  # of the file as it was


def test_helpers_that_a_learner_adds_are_kept_where_they_work(workspace):
    chapter = find_chapter("00")
    edit(workspace, "%%build 00.2\n", "%%build 00.2\nHALF = 0.5\n\n")
    export(workspace, chapter)
    text = workspace.file(chapter).read_text()
    tree = ast.parse(text)
    counter = next(n for n in tree.body if isinstance(n, ast.ClassDef))
    assert [m.name for m in counter.body if isinstance(m, ast.FunctionDef)] == ["__init__", "add"]
    assert "HALF = 0.5" in text


def test_a_line_that_is_no_python_still_reaches_the_file(workspace):
    chapter = find_chapter("00")
    edit(workspace, "raise NotImplementedError", "return (values\n    raise NotImplementedError")
    export(workspace, chapter)
    assert "return (values\n" in workspace.file(chapter).read_text()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3}', '{"cells": []}'])
def test_a_damaged_notebook_overwrites_nothing(workspace, content):
    chapter = find_chapter("00")
    before = workspace.file(chapter).read_text()
    workspace.notebook(chapter).write_text(content)
    with pytest.raises(TitoError) as caught:
        export(workspace, chapter)
    assert caught.value.way_out
    assert workspace.file(chapter).read_text() == before


def test_a_notebook_is_never_made_twice(workspace):
    chapter = find_chapter("00")
    edit(workspace, "raise NotImplementedError", "return 1\n    raise NotImplementedError")
    before = workspace.notebook(chapter).read_text()
    write_notebook(workspace, chapter)
    assert workspace.notebook(chapter).read_text() == before


def test_a_cell_takes_the_place_of_what_it_was_made_from(workspace):
    chapter, cell = find_chapter("00"), "UNIT = HELPER = 1\n\n\ndef mean():\n    return HELPER\n"
    new = put(chapter, chapter.solution(), cell, "00.1")
    names = {}
    exec(new, names)
    assert names["mean"]() == 1
    assert names["Counter"]().add(2) == 2
    assert new.count("HELPER = 1") == 1
    assert put(chapter, new, cell, "00.1") == new


@pytest.mark.parametrize("key", [chapter.key for chapter in chapters()])
def test_running_every_cell_as_it_is_changes_nothing(key):
    chapter = find_chapter(key)
    source = joined(notebook(chapter, chapter.solution()))
    for kind, place, body in code_cells(notebook(chapter, source)):
        if kind != "debug":
            assert put(chapter, source, body, place if kind == "build" else "") == source


@pytest.mark.parametrize("key", [chapter.key for chapter in chapters()])
def test_running_the_solved_cells_one_by_one_makes_the_solution(key):
    chapter = find_chapter(key)
    source = chapter.starting_file()
    for kind, place, body in code_cells(notebook(chapter, chapter.solution())):
        if kind == "build":
            source = put(chapter, source, body, place)
    assert ast.dump(ast.parse(source)) == ast.dump(ast.parse(chapter.solution()))


def test_methods_of_a_running_class_are_renewed(workspace):
    from types import ModuleType

    from tito.notebook import refresh

    module = ModuleType("tinytorch.core.welcome")
    module.__file__ = "welcome.py"
    before = (
        "TABLE = {}\n\nclass A:\n    def f(self): return 1\n\n"
        "class B(A):\n    def f(self): return 2\n"
        "    @property\n    def p(self): return self.v\n"
        "    @p.setter\n    def p(self, value): self.v = value\n\ndef g(): return 1\n"
        "def twice(f):\n    def run(): return 2 * f()\n    return run\n\n"
        "@twice\ndef h(): return 1\n"
    )
    exec(before, vars(module))
    made_before, imported_before, decorated_before = module.B(), module.g, module.h
    module.TABLE["kept"] = True
    sys.modules[module.__name__] = module
    try:
        refresh(
            find_chapter("00"),
            "class B:  # continued\n    def f(self):\n        return super().f() + K\n\n"
            "    @p.setter\n    def p(self, value):\n        self.v = 2 * value\n\n"
            "TABLE = {}\n\nK = 10\n\ndef g():\n    return K\n\n"
            "@twice\ndef h():\n    return K\n",
            before,
        )
    finally:
        del sys.modules[module.__name__]
    assert made_before.f() == 11
    assert module.TABLE == {"kept": True}
    assert imported_before() == 10
    assert decorated_before() == 20
    made_before.p = 4
    assert made_before.p == 8


@pytest.mark.slow
def test_jupyter_runs_a_notebook_from_top_to_bottom_and_its_cells_check_themselves(workspace):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    chapter = find_chapter("00")
    path = workspace.notebook(chapter)
    path.write_text(json.dumps(notebook(chapter, chapter.solution(), chapter.mended())))
    book = nbformat.read(path, 4)
    nbclient.NotebookClient(book, resources={"metadata": {"path": str(path.parent)}}).execute()
    said = "".join(out.text for each in book.cells for out in each.get("outputs", []))
    for exercise in chapter.exercises:
        assert f"{exercise.id} {exercise.title}: " in said
    assert workspace.progress.passed() == {exercise.id for exercise in chapter.exercises}
    kinds = [kind for kind, _, _ in code_cells(json.loads(path.read_text()))]
    assert kinds.count("build") == 2
