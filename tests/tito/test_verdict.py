"""A verdict on the screen: what is shown, side by side or not, where the difference is marked."""

from dataclasses import replace

import pytest
from small_course import write_course

from tito import learn
from tito.course import find_chapter, find_exercise
from tito.verdict import bar, compared, first_difference, headline, row, verdict_lines
from tito.workspace import Workspace


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("TITO_COURSE", str(write_course(tmp_path / "course")))
    monkeypatch.delenv("TITO_WORKSPACE", raising=False)
    workspace = Workspace.create(tmp_path / "mine")
    monkeypatch.chdir(workspace.root)
    learn.begin(workspace, find_chapter("00"))
    return workspace


FAILURE = {
    "code": "mean(x)", "inputs": [["x", "[[1, 2],\n [3, 4]]"]], "expected": "[1, 2.5]",
    "actual": "[1, 3.5]", "difference": "at [1]: expected 2.5, got 3.5", "shapes": "x  2 2\ngot  2",
    "error": "", "place": None, "ask": "What is half of five?",
}  # fmt: skip


def made(status="failed", printed="", misconception=None, claims=("The first claim.",), **failure):
    checks = [
        {"name": f"test_{i}", "claim": claim, "ok": False, "failure": FAILURE | failure}
        for i, claim in enumerate(claims)
    ]
    if status == "passed":
        checks = [each | {"ok": True, "failure": None} for each in checks]
    return {
        "kind": "verdict", "exercise": "00.1", "status": status, "checks": checks, "seed": 7,
        "seconds": 0.25, "printed": printed, "misconception": misconception,
    }  # fmt: skip


def screen(workspace, verdict, width=80, **options):
    lines = verdict_lines(workspace, find_exercise("00.1"), verdict, width, **options)
    return [line.plain for line in lines]


def test_a_red_verdict_shows_call_values_difference_place_and_question(workspace):
    found = {"name": "no_division", "sentence": "You add up and forget to divide."}
    lines = screen(workspace, made(misconception=found, claims=("The first claim.", "Another.")))
    assert lines == [
        "00.1 A mean: 2 of 2 checks fail  0.25 s",
        "  Check     The first claim.",
        "  Call      mean(x)",
        "  with      x = [[1, 2],",
        "                 [3, 4]]",
        "            Expected    Actual",
        "            [1, 2.5]    [1, 3.5]",
        "                ^^^         ^^^",
        "  Differs   at [1]: expected 2.5, got 3.5",
        "  Shapes    x  2 2",
        "            got  2",
        "  Where     welcome.py:7",
        "  Found     You add up and forget to divide.",
        "  Think     What is half of five?",
        "  Also red  Another.",
        "  Help      tito hint 00.1; the same inputs again: tito check 00.1 --seed 7",
    ]


def test_an_error_names_the_line_of_the_learner(workspace):
    file = str(workspace.root / "welcome.py")
    place = {"file": file, "line": 9, "function": "mean", "text": "total += values"}
    lines = screen(workspace, made(error="TypeError: no", place=place, actual="", difference=""))
    shown = "\n".join(lines)
    assert "  Expected  [1, 2.5]\n  Error     TypeError: no\n" in shown
    assert "  Where     welcome.py:9, in mean\n            > total += values\n" in shown


def test_a_file_that_cannot_be_loaded_has_no_call_and_no_seed(workspace):
    place = {"file": str(workspace.root / "welcome.py"), "line": 3, "function": "", "text": "x = ("}
    verdict = made("crashed", error="SyntaxError: '(' was never closed", place=place, expected="")
    verdict["checks"][0] |= {"name": "load", "claim": "The file can be loaded."}
    shown = "\n".join(screen(workspace, verdict))
    assert shown.startswith("00.1 A mean: the code could not be checked")
    assert "Stopped   SyntaxError" in shown
    assert "welcome.py:3\n            > x = (" in shown
    assert "bracket" in shown
    assert "Call" not in shown
    assert "--seed" not in shown


def test_what_is_not_built_is_told_without_fuss(workspace):
    lines = screen(workspace, made("not built"))
    assert lines == [
        "00.1 A mean: not built yet, red as every exercise at first  0.25 s",
        "  Build     mean in welcome.py:7",
        "  Help      tito hint 00.1; the text: tito read 00.1",
    ]


def test_a_program_to_mend_waits_for_what_is_not_built(workspace):
    exercise = find_exercise("00.3")
    assert exercise.debug
    lines = verdict_lines(workspace, exercise, made("not built"), 100)
    assert lines[0].plain.startswith(
        f"00.3 {exercise.title}: waits for something that is not built"
    )
    assert lines[1].plain.startswith(f"  Mend      {exercise.definitions[0]} in debug")


def test_a_forgotten_return_is_asked_about(workspace):
    lines = screen(workspace, made(actual="None", difference="expected 5, got None"), width=100)
    assert (
        "  Think     The function returns None. Does every way through it end in `return`?" in lines
    )
    lines = screen(workspace, made(actual="None", expected="None"))
    assert "  Think     What is half of five?" in lines


def test_the_lines_of_a_list_stand_in_columns(workspace):
    first = find_exercise("00.1")
    many = [replace(first, id=f"00.{number}") for number in (1, 10)]
    first.chapter.__dict__["exercises"] = many
    starts = [row(each, made("not built")).plain.index("to build") for each in many]
    assert starts[0] == starts[1]


def test_a_green_verdict_is_one_line(workspace):
    assert screen(workspace, made("passed")) == ["00.1 A mean: its check passes  0.25 s"]
    two = made("passed", claims=("a", "b"))
    assert headline(find_exercise("00.1"), two).plain.startswith("00.1 A mean: all 2 checks pass")


@pytest.mark.parametrize(
    ("status", "word"), [("passed", "green"), ("failed", "red"), ("not built", "to build")]
)
def test_a_row_of_a_list_says_the_status_in_a_word(status, word, workspace):
    assert row(find_exercise("00.1"), made(status)).plain.startswith(f"  00.1  {word} ")


def test_what_was_printed_is_shown_in_part(workspace):
    shown = screen(workspace, made(printed="\n".join(f"line {i}" for i in range(50))))
    at = shown.index("  Printed   line 0")
    assert shown[at + 4] == "            ... (46 lines more)"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_prose_keeps_to_the_width(width, workspace):
    long = "word " * 60
    found = {"name": "x", "sentence": long}
    verdict = made(misconception=found, claims=(long, long), ask=long, difference=long)
    assert max(map(len, screen(workspace, verdict, width))) <= width


def test_wide_values_stand_one_above_the_other():
    wide = "[" + ", ".join("1.5" for _ in range(14)) + "]"
    lines = [line.plain for line in compared(wide, wide.replace("1.5]", "2.5]"), "", 79)]
    assert lines[0].startswith("  Expected  [1.5")
    assert lines[2].startswith("  Actual    [1.5")
    assert lines[1].index("^") == lines[3].index("^") == lines[2].index("2.5")


def test_values_side_by_side_have_their_columns_and_colours():
    lines = compared("[1, 2]\n[3, 4]", "[1, 2]\n[9, 4]", "", 79)
    assert [line.plain.strip() for line in lines] == [
        "Expected    Actual", "[1, 2]      [1, 2]", "[3, 4]      [9, 4]", "^           ^",
    ]  # fmt: skip
    styles = {lines[2].plain[span.start : span.end]: str(span.style) for span in lines[2].spans}
    assert styles["3"] == "bold green"
    assert styles["9"] == "bold red"


def test_a_longer_value_is_marked_at_its_end():
    assert first_difference(["[1, 2]"], ["[1, 2, 3]"], False) == (0, (6, 7), (7, 8))
    assert first_difference(["[1]"], ["[1]"], False) is None


def test_types_are_marked_only_where_they_matter():
    left, right = ["[1]   shape (1,), float32"], ["[1]   shape (1,), float64"]
    assert first_difference(left, right, False) is None
    number, _, span = first_difference(left, right, True)
    assert right[number][slice(*span)] == "float64"


def test_numbers_that_only_look_different_are_the_same():
    assert first_difference(["[0.5, 1.]"], ["[0.500000, 1]"], False) is None


def test_a_brief_verdict_cuts_values_and_leaves_commands_out(workspace):
    rows = "\n".join(f"[{i}, {i}]" for i in range(30))
    verdict = made(expected=rows, actual=rows + "!", inputs=[["x", rows]], claims=("a", "b", "c"))
    full, brief = (screen(workspace, verdict, brief=each) for each in (False, True))
    assert len(full) > 60
    assert len(brief) < 20
    assert "Help" not in "\n".join(brief)
    assert "  Also red  b (and 1 more)" in brief
    assert "Shapes" not in "\n".join(brief)
    wrong_shape = made(difference="expected the shape (2,), got (3,)")
    assert "Shapes" in "\n".join(screen(workspace, wrong_shape, brief=True))


def test_progress_is_a_bar():
    assert bar(0, 4, 8, False) == "--------"
    assert bar(4, 4, 8, False) == "########"
    assert bar(0, 0, 4) == "░░░░"
