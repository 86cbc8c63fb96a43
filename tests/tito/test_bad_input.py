"""What learners' files may do or be: each ends in a verdict with clear words and their line."""

import os
import signal
import sys
import time

import pytest
from small_course import write_course

from tito import checking, learn
from tito.course import find_chapter, find_exercise
from tito.verdict import verdict_lines
from tito.workspace import Workspace

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the limit is one of Linux")
POSIX = pytest.mark.skipif(os.name != "posix", reason="the call is one of POSIX")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("TITO_COURSE", str(write_course(tmp_path / "course")))
    monkeypatch.delenv("TITO_WORKSPACE", raising=False)
    workspace = Workspace.create(tmp_path / "mine")
    monkeypatch.chdir(workspace.root)
    learn.begin(workspace, find_chapter("00"))
    return workspace


@pytest.fixture
def check(workspace):
    """The verdicts on 00.1 and 00.2 with `body` in the function of 00.1, and their screens."""

    def run(body):
        source = find_chapter("00").solution()
        lines = source.splitlines(keepends=True)
        start = next(i for i, line in enumerate(lines) if "total = 0.0" in line)
        text = "".join(f"    {line}\n" for line in body.splitlines())
        write(workspace, "".join([*lines[:start], text, *lines[start:]]))
        return looked_at(workspace)

    return run


def write(workspace, content):
    file = workspace.file(find_chapter("00"))
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def looked_at(workspace, *ids):
    exercises = [find_exercise(id) for id in ids or ("00.1", "00.2")]
    verdicts = checking.check(workspace, exercises, find=False)
    screens = [
        " ".join(" ".join(line.plain for line in verdict_lines(workspace, *pair, 100)).split())
        for pair in zip(exercises, verdicts, strict=True)
    ]
    return [each["status"] for each in verdicts], screens


def line_of(workspace, text):
    lines = workspace.file(find_chapter("00")).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


RAISED = {
    "sys.exit": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "exit": ("raise SystemExit", "SystemExit"),
    "os._exit": ("import os; os._exit(0)", "os._exit(0) ends Python at once"),
    "recursion": ("return mean(values)", "RecursionError"),
    "keyboard": ("name = input('your name')", "asks for keyboard input"),
    "stdin": ("import sys; sys.stdin.read()", "asks for keyboard input"),
    "system": ("import os; os.system('true')", "os.system() starts another process"),
    "subprocess": ("import subprocess; subprocess.run(['true'])", "subprocess starts another"),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
}


@pytest.mark.parametrize("name", RAISED)
def test_what_would_end_the_program_is_an_error_at_its_line(name, check, workspace):
    body, words = RAISED[name]
    status, screens = check(body)
    assert status == ["failed", "passed"]
    assert words in screens[0]
    assert f"welcome.py:{line_of(workspace, body)}, in mean > {body}" in screens[0]


@POSIX
def test_a_fork_bomb_is_one_line_in_a_verdict(check, workspace):
    status, screens = check("import os\nwhile True:\n    os.fork()")
    assert status == ["failed", "passed"]
    assert "os.fork() starts another process" in screens[0]
    assert f"welcome.py:{line_of(workspace, 'os.fork()')}" in screens[0]


@POSIX
def test_a_copy_of_the_process_made_by_c_code_says_nothing_and_does_not_stay(check, tmp_path):
    mark = tmp_path / "pids"
    status, _ = check(
        "import ctypes, os, time\n"
        "child = ctypes.CDLL(None).fork()\n"
        f"with open({str(mark)!r}, 'a') as file: file.write(f'{{child}}\\n')\n"
        "if child == 0: time.sleep(60)"
    )
    assert status == ["passed", "passed"]
    for pid in {int(word) for word in mark.read_text().split()} - {0}:
        for _ in range(100):
            if gone(pid):
                break
            time.sleep(0.05)
        assert gone(pid)


def gone(pid):
    """Whether a process has ended, though nobody may have asked how."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().split()[2] in "ZX"
    except OSError:
        return True


def test_an_endless_loop_ends_at_its_line(check, workspace, monkeypatch):
    monkeypatch.setenv("TITO_TIME_LIMIT", "0.5")
    status, screens = check("while True:\n    pass")
    assert status == ["crashed", "passed"]
    assert "TimeoutError: it was still running after 0.5 s" in screens[0]
    first = line_of(workspace, "while True:")
    assert any(f"welcome.py:{line}, in mean" in screens[0] for line in (first, first + 1))


def test_an_endless_loop_that_catches_everything_ends_too(check, monkeypatch):
    monkeypatch.setenv("TITO_TIME_LIMIT", "0.5")
    body = (
        "while True:\n    try:\n        print('x' * 1000)\n    except BaseException:\n        pass"
    )
    status, screens = check(body)
    assert status == ["crashed", "passed"]
    assert "TimeoutError" in screens[0]


def test_an_endless_loop_at_import_is_told_once_per_file(workspace, monkeypatch):
    monkeypatch.setenv("TITO_TIME_LIMIT", "0.5")
    write(workspace, "while True:\n    pass\n")
    status, screens = looked_at(workspace)
    assert status == ["crashed", "crashed"]
    for screen in screens:
        assert "The file can be loaded" in screen
        assert "welcome.py:1" in screen or "welcome.py:2" in screen


def test_after_two_endless_exercises_the_others_are_skipped(workspace, monkeypatch):
    monkeypatch.setenv("TITO_TIME_LIMIT", "0.5")
    source = find_chapter("00").solution().replace("total = 0.0", "while True: pass")
    write(workspace, source.replace("self.count += step", "while True: pass"))
    status, screens = looked_at(workspace, "00.1", "00.2", "00.3")
    assert status == ["crashed", "crashed", "crashed"]
    assert "TimeoutError" in screens[1]
    assert "Skipped" in screens[2]


@POSIX
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import ctypes; ctypes.string_at(0)", "Segmentation fault"),
        ("import os; os.abort()", "Aborted"),
    ],
)
def test_a_crash_of_the_interpreter_names_the_line(body, words, check, workspace):
    status, screens = check(body)
    assert status == ["crashed", "passed"]
    assert words in screens[0]
    assert f"welcome.py:{line_of(workspace, body)}, in mean > {body}" in screens[0]


@POSIX
def test_a_process_that_is_killed_is_told_with_the_signal(check):
    status, screens = check(f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})")
    assert status == ["crashed", "passed"]
    assert "SIGKILL" in screens[0]


@LINUX
@pytest.mark.parametrize(
    "body", ["big = [0] * 10**11", "import numpy; big = numpy.ones(10**9, numpy.float64)"]
)
def test_a_huge_allocation_is_an_error_at_its_line(body, check, workspace):
    status, screens = check(body)
    assert status == ["failed", "passed"]
    assert "MemoryError" in screens[0]
    assert "2 GiB" in screens[0]
    assert f"welcome.py:{line_of(workspace, body)}" in screens[0]


def test_printing_megabytes_is_cut(check):
    status, screens = check("for _ in range(20_000): print('spam ' * 20)")
    assert status == ["passed", "passed"]
    assert "Printed spam spam" in screens[0]
    assert "lines more" in screens[0]
    assert len(screens[0]) < 2000


def test_writing_past_print_harms_nothing(check):
    status, _ = check("import os\nfor f in (1, 2): os.write(f, b'x' * 10**6)")
    assert status == ["passed", "passed"]


@POSIX
def test_a_thread_that_never_ends_does_not_hold_the_verdict(check):
    status, _ = check(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()"
    )
    assert status == ["passed", "passed"]


# --------------------------------------------------------------------------- files that are not


NO_SOURCE = {
    "syntax": ("def mean(values)\n    return 1\n", "SyntaxError: expected ':'", 1),
    "bracket": ("x = 1\ny = (\n", "SyntaxError: '(' was never closed", 2),
    "tabs": ("def mean(v):\n        x = 1\n\treturn x\n", "TabError", 3),
    "indentation": ("def mean(v):\nreturn 1\n", "IndentationError", 2),
    "latin-1": ("x = 1\ny = 'café'\n".encode("latin-1"), "NotText", 2),
    "latin-1 far down": (b"x = 1\n" * 9 + b"y = '\xe9'\n", "is no UTF-8 text: the byte 0xe9", 10),
    "utf-16": ("x = 1\n".encode("utf-16"), "NotText", 1),
    "binary": (b"\x7fELF\x02\x01\n\x01\0\0\0", "NotText", 2),
    "raises": ("x = 1\nraise ValueError('at import')\n", "ValueError: at import", 2),
    "exits": ("import sys\nsys.exit()\n", "SystemExit", 2),
    "import": ("import numpyy\n", "ModuleNotFoundError: No module named 'numpyy'", 1),
}


@pytest.mark.parametrize("name", NO_SOURCE)
def test_a_file_that_cannot_be_loaded_is_told_with_its_line(name, workspace):
    content, words, line = NO_SOURCE[name]
    write(workspace, content)
    status, screens = looked_at(workspace)
    assert status == ["crashed", "crashed"]
    for screen in screens:
        assert words in screen
        assert f"welcome.py:{line}" in screen


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_file_is_told(content, workspace):
    write(workspace, content)
    status, screens = looked_at(workspace)
    assert status == ["crashed", "crashed"]
    assert "welcome.py holds nothing" in screens[0]
    assert "tito reset 00 writes the starting file" in screens[0]


def test_a_broken_welcome_does_not_stop_the_modules_that_never_use_it(workspace):
    learn.begin(workspace, find_chapter("01"))
    write(workspace, b"\xff\xfe")
    assert looked_at(workspace, "01.1")[0] == ["not built"]


def test_a_file_that_declares_its_encoding_is_read_by_it(workspace):
    source = "# coding: latin-1\n# é\n" + find_chapter("00").solution()
    write(workspace, source.encode("latin-1"))
    assert looked_at(workspace)[0] == ["passed", "passed"]


def test_a_definition_that_was_deleted_is_named(workspace):
    write(workspace, "UNIT = 1\n")
    status, screens = looked_at(workspace)
    assert status == ["failed", "failed"]
    assert "NameError: name 'mean' is not defined" in screens[0]
    assert "does not define mean" in screens[0]
    assert "tito reset 00.1" in screens[0]


def test_a_missing_file_and_a_folder_in_its_place_are_told(workspace):
    file = workspace.file(find_chapter("00"))
    file.unlink()
    screen = looked_at(workspace)[1][0]
    assert "welcome.py is missing" in screen
    assert "tito start 00 writes the starting file" in screen
    file.mkdir()
    assert "welcome.py is a folder" in looked_at(workspace)[1][0]


def test_the_command_finds_the_module_whose_file_is_gone(workspace, capsys):
    from tito.__main__ import main

    learn.begin(workspace, find_chapter("01"))
    workspace.file(find_chapter("00")).unlink()
    assert main(["check", "00"]) == 1
    assert "welcome.py is missing" in capsys.readouterr().out


def test_a_byte_order_mark_does_no_harm(workspace):
    write(workspace, find_chapter("00").solution().encode("utf-8-sig"))
    assert looked_at(workspace)[0] == ["passed", "passed"]


def test_a_path_with_letters_of_any_language_is_named(tmp_path, workspace, monkeypatch):
    monkeypatch.setenv("TITO_TIME_LIMIT", "0.5")
    other = Workspace.create(tmp_path / "día 学ぶ")
    monkeypatch.chdir(other.root)
    learn.begin(other, find_chapter("00"))
    source = find_chapter("00").solution()
    other.file(find_chapter("00")).write_text(source.replace("total = 0.0", "while True: pass"))
    status, screens = looked_at(other)
    assert status == ["crashed", "passed"]
    assert "in mean > while True: pass" in screens[0]
