"""The judge: verdicts on a learner's files, and the misconceptions it names."""

import sys

import pytest
from small_course import write_course

from tito.course import find_chapter, find_exercise
from tito.judge import judge
from tito.prove import prove


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.setenv("TITO_COURSE", str(write_course(tmp_path / "course")))
    return tmp_path / "course"


@pytest.fixture
def verdict(course, tmp_path):
    """Judge the text of a welcome.py; returns the verdict and the misconception's name."""

    def run(text, exercise="00.1", **options):
        file = tmp_path / "welcome.py"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        debug = tmp_path / "debug.py"
        debug.write_text(find_chapter("00").broken())
        files = {"welcome": str(file), "debug:00": str(debug)}
        found = []
        judge({"exercises": [exercise], "files": files, "seed": 3, **options}, found.append)
        named = [each["name"] for each in found if each["kind"] == "misconception"]
        answer = next(each for each in found if each["kind"] == "verdict")
        return answer, (named[0] if named else None)

    return run


def starting(solved=0):
    return find_chapter("00").starting_file(solved)


def test_the_small_course_holds(course):
    for number in ("00", "01"):
        for finding in prove(find_chapter(number)):
            assert finding.ok, f"{finding.what}: {finding.detail}"


def test_an_untouched_file_is_not_built(verdict):
    answer, named = verdict(starting())
    assert answer["status"] == "not built"
    assert named is None
    assert "00.1: mean is yours to build" in answer["checks"][0]["failure"]["error"]


def test_a_solution_passes_while_later_exercises_are_stubs(verdict):
    assert verdict(starting(1))[0]["status"] == "passed"
    assert verdict(starting(1), "00.2")[0]["status"] == "not built"


def test_a_wrong_version_is_named_however_it_is_written(verdict):
    text = starting(1).replace("return total / len(values)", "return total / (1 + len(values))")
    answer, named = verdict(text)
    assert answer["status"] == "failed"
    assert named == "one_too_many"


def test_a_wrong_version_that_nobody_knows_is_not_accused(verdict):
    text = starting(1).replace("return total / len(values)", "return total / len(values) + 7")
    answer, named = verdict(text)
    assert answer["status"] == "failed"
    assert named is None


def test_a_fault_in_something_that_is_used_is_not_blamed_on_the_exercise(verdict):
    text = starting(2).replace("self.count = 0", "self.count = 10")
    answer, named = verdict(text, "00.2")
    assert answer["status"] == "failed"
    assert named == "elsewhere"


def test_the_failure_with_the_smallest_input_is_shown(course):
    from tito.expect import Failure, smallest

    assert smallest([Failure("big", size=9), Failure("small", size=1)]).code == "small"


@pytest.mark.parametrize(
    ("text", "error", "line"),
    [
        ("def mean(values)\n    return 1\n", "SyntaxError", 1),
        ("def mean(values):\n\tif values:\n        return 1\n", "TabError", 3),
        (b"def mean(values):\n    return '\xff'\n", "SyntaxError", 2),
        ("x = 1\ny = x / 0\n", "ZeroDivisionError", 2),
        ("import sys\nsys.exit(3)\n", "SystemExit", 2),
        ("from tinytorch.core.tensor import nothing\n", "ImportError", 1),
        ("def f():\n    return f()\nf()\n", "RecursionError", 2),
    ],
)
def test_a_file_that_cannot_be_loaded_names_its_line(verdict, text, error, line):
    answer, _ = verdict(text)
    assert answer["status"] == "crashed"
    failure = answer["checks"][0]["failure"]
    assert failure["error"].startswith(error)
    assert failure["place"]["line"] == line
    assert failure["place"]["file"].endswith("welcome.py")


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"\x89PNG\r\n\x1a\n"])
def test_an_empty_or_binary_file_is_no_solution(verdict, content):
    assert verdict(content)[0]["status"] in ("crashed", "failed")


def test_a_learner_cannot_pass_by_printing_or_leaving(verdict):
    text = starting(1).replace("return total / len(values)", "raise SystemExit(0)")
    assert verdict(text)[0]["status"] == "failed"


def test_what_is_printed_is_kept_in_part(verdict):
    text = starting(1).replace("total = 0.0", "print('x' * 100_000)\n    total = 0.0")
    answer, _ = verdict(text)
    assert answer["status"] == "passed"
    assert 0 < len(answer["printed"]) <= 4_000


def test_inputs_are_the_same_for_a_seed_and_new_for_another(verdict):
    text = starting(1).replace("return total / len(values)", "return 0")
    shown = [
        verdict(text, find=False)[0]["checks"][1]["failure"]["inputs"],
        verdict(text, find=False)[0]["checks"][1]["failure"]["inputs"],
        verdict(text, find=False, seed=4)[0]["checks"][1]["failure"]["inputs"],
    ]
    assert shown[0] == shown[1] != shown[2]


def test_the_debug_exercise_is_judged_on_its_own_file(verdict, tmp_path):
    answer, named = verdict(starting(), "00.3")
    assert answer["status"] == "failed"
    assert named == "without_last"


def test_judging_leaves_the_framework_of_this_process_alone(verdict):
    import tinytorch

    before = sys.modules["tinytorch.core.tensor"]
    verdict(starting(1))
    assert sys.modules["tinytorch.core.tensor"] is before
    assert sys.modules["tinytorch"] is tinytorch


def test_a_check_is_an_ordinary_test_function(course):
    from tito.judge import load_checks

    for check in load_checks(find_chapter("00"))["00.1"]:
        check()  # on the reference, as pytest would run it


def test_a_core_chapter_sees_nothing_that_is_built_later(monkeypatch):
    from tito.judge import framework

    monkeypatch.delenv("TITO_COURSE", raising=False)
    with framework({}, last=1):
        import tinytorch.core.tensor

        assert "tinytorch.core.autograd" not in sys.modules
        with pytest.raises(ImportError, match="built in module"):
            import tinytorch.core.layers  # noqa: F401


def test_exercises_know_their_definitions(course):
    assert find_exercise("00.2").built() == ("Counter.add",)
