"""Chapters are read, found by what users type, and made into starting files."""

import ast
import shutil

import pytest
from small_course import write_course

from tito.course import chapters, discover, find_chapter, find_exercise, find_exercises, passages
from tito.errors import Exit, TitoError


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.setenv("TITO_COURSE", str(write_course(tmp_path / "course")))
    return tmp_path / "course"


def test_a_chapter_is_its_front_matter_and_its_blocks(course):
    first = chapters()[0]
    assert (first.number, first.file, first.minutes, first.needs) == (0, "welcome", 10, ())
    kinds = [block.kind for block in first.blocks if block.kind != "text"]
    expected = "build check use given build check debug predict reflect"
    assert kinds == expected.split()
    assert [exercise.id for exercise in first.exercises] == ["00.1", "00.2", "00.3"]


def test_a_range_names_every_definition_between_its_ends(course):
    given = next(block for block in chapters()[0].blocks if block.kind == "given")
    assert given.names == ("Counter", "Counter.__init__")


def test_a_starting_file_has_stubs_and_says_where_it_comes_from(course):
    text = find_chapter("00").starting_file()
    first = text.splitlines()[0]
    assert "generated" in first or "made by tito" in first
    assert "00_welcome" in first
    assert "exercise 00.1: mean is yours to build" in text
    assert "total += value" not in text
    assert "self.count = 0" in text  # given
    ast.parse(text)


def test_exercises_can_be_solved_one_by_one(course):
    chapter = find_chapter("0")
    assert "total += value" in chapter.starting_file(solved=1)
    assert "self.count += step" not in chapter.starting_file(solved=1)
    assert chapter.starting_file(solved=3).endswith(chapter.solution())


@pytest.mark.parametrize("text", ["0", "00", "welcome", "wel", "00_welcome", "WELCOME", " 00 "])
def test_a_module_is_found_by_number_name_or_prefix(course, text):
    assert find_chapter(text).key == "00_welcome"


@pytest.mark.parametrize("text", ["00.2", "0.2", "welcome.2", "wel.2"])
def test_an_exercise_is_found_by_number(course, text):
    assert find_exercise(text).id == "00.2"


@pytest.mark.parametrize("text", ["Counter.add", "add", "counter"])
def test_an_exercise_is_found_by_a_definition_that_only_it_builds(course, text):
    with pytest.raises(TitoError, match="several exercises"):  # both chapters have it
        find_exercise(text)
    shutil.rmtree(course / "01_second")
    discover.cache_clear()
    assert find_exercise(text).id == "00.2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("welcom3", "Did you mean 'welcome'"),
        ("00.9", "00.1 to 00.3"),
        ("17", "No module is called '17'"),
        ("", "No module"),
        ("zzz", "zzz"),
    ],
)
def test_what_is_not_found_is_refused_with_a_way_out(course, text, words):
    with pytest.raises(TitoError) as caught:
        find_exercises(text)
    assert words in str(caught.value)
    assert caught.value.way_out
    assert caught.value.code == Exit.USAGE


def test_a_module_is_no_exercise(course):
    with pytest.raises(TitoError, match="is a module, expected an exercise"):
        find_exercise("00")


def test_hints_have_levels_and_passages_are_found_by_what_is_on_the_screen(course):
    exercise = find_exercise("00.1")
    assert exercise.hints.levels == ("nudge 1", "approach 1", "pseudo 1")
    assert passages(exercise.chapter, "ZeroDivisionError: Division by zero") == [
        "The list is empty."
    ]
    assert passages(exercise.chapter, "all well") == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("---\ntitle", "title", "front matter"),
        ("tier: foundation\n", "", "front matter has"),
        ("minutes: 10", "minutes: ten", "ten"),
        ("{build} mean", "{bild} mean", "a directive 'bild'"),
        ("{build} mean", "{build} means", "names 'means'"),
        (":exercise: 00.2", ":exercise: 00.5", "expected"),
        (":difficulty: 1\n", "", "difficulty"),
        ("1. Why?\n:::", "1. Why?", "is not closed"),
    ],
)
def test_a_damaged_chapter_is_named_with_its_fault(course, old, new, words):
    file = course / "00_welcome" / "chapter.md"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TitoError) as caught:
        find_chapter("00").blocks  # noqa: B018
    assert words in str(caught.value)
    assert "chapter.md" in str(caught.value)


def test_no_course_is_told_with_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TITO_COURSE", str(tmp_path))
    with pytest.raises(TitoError, match="holds no chapter"):
        chapters()
