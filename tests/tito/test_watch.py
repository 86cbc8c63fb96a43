"""`tito watch`: a verdict per save, keys, and a terminal that is left clean."""

import io
import os
import queue
import subprocess
import sys
import threading
import time

import pytest
from small_course import write_course

from tito import learn
from tito.console import Console
from tito.course import find_chapter, find_exercise
from tito.errors import TitoError
from tito.keys import keyboard
from tito.runner import Runner
from tito.sources import replace, segment
from tito.watch import Saves, Watch
from tito.workspace import Workspace

PATIENCE = 60  # seconds, on a busy machine


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("TITO_COURSE", str(write_course(tmp_path / "course")))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.delenv("TITO_WORKSPACE", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    workspace = Workspace.create(tmp_path / "mine")
    monkeypatch.chdir(workspace.root)
    learn.begin(workspace, find_chapter("00"))
    return workspace


def solve(workspace, id):
    exercise = find_exercise(id)
    file = workspace.exercise_file(exercise)
    text = file.read_text()
    for name in exercise.definitions:
        text = replace(text, name, segment(exercise.module_source, name))
    file.write_text(text)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def session(workspace):
    """A session whose keys are pressed by the test; `shown()` is its screen."""
    watch = Watch(Console(file=Terminal()), workspace)
    watch.single = True
    with Runner() as watch.runner:
        watch.saves = Saves(watch.events, watch.folders())
        watch.check()
        yield watch
        watch.saves.close()


def shown(watch):
    """What stands on the screen, without colours."""
    import re

    screen = watch.console.file.getvalue().rpartition("\x1b[H\x1b[2J")[2]
    return re.sub(r"\x1b\[[0-9;]*m", "", screen)


# -------------------------------------------------------------------------------- the session


def test_the_screen_has_task_verdict_progress_and_keys(session):
    lines = shown(session).splitlines()
    assert lines[0].startswith("00.1 A mean  • 2 min  welcome.py:7")
    assert "1. Add the values up." in lines[1]
    assert any("not built yet" in line for line in lines)
    assert "0 of 3" in lines[-2]
    assert lines[-1] == "h hint  l list  a check all  r reset  s solution  q quit"


def test_a_check_that_takes_its_time_has_been_announced(session):
    told = []

    def judged(exercises, tell=None):
        told.append(shown(session))
        return [session.verdict for _ in exercises]

    session.judged = judged
    session.check()
    assert told[0].endswith("Checking ...\n")


def test_steps_that_do_not_fit_are_left_to_the_chapter(session):
    object.__setattr__(session.exercise, "steps", "\n".join(f"{n}. Step." for n in range(1, 31)))
    assert [line.plain for line in session.steps(80, 40)][-1] == "  30. Step."
    lines = [line.plain for line in session.steps(80, 12)]
    assert len(lines) == 12
    assert lines[-1] == "  ... tito read 00.1 has the rest"
    assert session.steps(80, 2) == []


def test_after_green_the_next_one_is_offered_and_not_taken(session, workspace):
    solve(workspace, "00.1")
    session.check()
    screen = shown(session)
    assert "all 3 checks pass" in screen
    assert "1 of 3" in screen
    assert "n next" in screen
    assert "s shows the reference" in screen
    assert session.exercise.id == "00.1"
    session.press("n")
    assert session.exercise.id == "00.2"
    assert "00.2 Counting" in shown(session)
    session.press("n")
    assert session.exercise.id == "00.2"
    assert "n next" not in shown(session)


def test_the_next_one_is_not_given_before_green(session):
    session.go_to(find_exercise("00.2"))
    session.press("n")
    assert session.exercise.id == "00.2"


def test_hints_come_one_after_the_other_and_space_leads_back(session):
    session.press("h")
    assert "nudge 1" in shown(session)
    session.press("h")
    assert "approach 1" in shown(session)
    assert "space back" in shown(session)
    assert "More: h" in shown(session)
    session.press(" ")
    assert "not built yet" in shown(session)


def test_the_solution_before_green_is_shown_only_after_yes(session):
    session.press("s")
    assert "See the solution? y/n" in shown(session)
    assert "return total" not in shown(session)
    session.press("x")
    assert "return total" not in shown(session)
    session.press("y")
    assert "return total" not in shown(session)
    session.press("s")
    session.press("y")
    assert "return total" in shown(session)
    assert "afterwards 1" in shown(session)
    assert "solution" in session.workspace.progress.exercise("00.1")


def test_after_green_the_solution_needs_no_question(session, workspace):
    solve(workspace, "00.1")
    session.check()
    session.press("s")
    assert "afterwards 1" in shown(session)


def test_reset_asks_and_keeps_a_copy(session, workspace):
    solve(workspace, "00.1")
    session.check()
    file = workspace.file(find_chapter("00"))
    before = file.read_text()
    session.press("r")
    session.press("n")
    assert file.read_text() == before
    session.press("r")
    session.press("y")
    assert "is yours to build" in file.read_text()
    assert "not built yet" in shown(session)
    assert workspace.copies()


def test_the_list_and_the_check_of_all(session, workspace):
    session.press("l")
    listed = shown(session)
    assert ">  00.1  open" in listed
    assert "A total that is too small" in listed
    session.press("a")
    assert "00.3  red" in shown(session)
    assert session.exercise.id == "00.1"


def test_at_the_end_of_the_module_the_next_module_is_asked_for(session, workspace):
    for id in ("00.2", "00.3", "00.1"):
        solve(workspace, id)
    for id in ("00.2", "00.3"):
        workspace.progress.record_check(id, True, 0.1)
    session.check()
    session.press("n")
    assert "Start 01 Welcome? y/n" in shown(session)
    assert [chapter.number for chapter in workspace.started()] == [0]
    session.press("y")
    assert session.exercise.id == "01.1"
    assert [chapter.number for chapter in workspace.started()] == [0, 1]


def test_a_regression_at_the_end_of_a_module_is_named(session, workspace):
    for id in ("00.2", "00.3"):
        workspace.progress.record_check(id, True, 0.1)  # and their files say otherwise
    solve(workspace, "00.1")
    session.check()
    assert "Regression: 00.2, 00.3 was green before" in shown(session)


def test_the_screen_fits_into_24_lines_whatever_the_verdict(session, workspace):
    text = find_chapter("00").solution()
    body = "print('\\n'.join('spam' * 9 for _ in range(99)))\n    import numpy as np\n"
    change = text.replace("total = 0.0", f"{body}    return np.ones((9, 9, 9))")
    workspace.file(find_chapter("00")).write_text(change)
    session.check()
    screen = shown(session)
    assert len(screen.splitlines()) < 24
    assert screen.splitlines()[-1].startswith("h hint")
    assert "Expected" in screen


def test_a_failure_of_the_tool_stands_on_the_screen(session, monkeypatch):
    from tito import checking

    def refuse(*_):
        raise TitoError("The notebook cannot be read.", "It is a picture.", "Save it again.")

    monkeypatch.setattr(checking, "refresh", refuse)
    session.check()
    screen = shown(session)
    assert "The notebook cannot be read.\nIt is a picture.\nSave it again.\n" in screen


def test_a_save_of_another_kind_of_file_is_no_reason(session, workspace):
    assert session.fingerprint() == session.seen
    (workspace.root / "notes.py").write_text("x = 1\n")
    assert session.fingerprint() == session.seen
    solve(workspace, "00.1")
    assert session.fingerprint() != session.seen


# ---------------------------------------------------------------------------------- the saves


@pytest.mark.parametrize("poll", ["", "1"])
def test_a_save_becomes_an_event(poll, tmp_path, monkeypatch):
    monkeypatch.setenv("TITO_POLL", poll)
    events = queue.Queue()
    saves = Saves(events, [tmp_path])
    try:
        (tmp_path / ".hidden.py").write_text("")
        (tmp_path / "notes.txt").write_text("")
        for attempt in range(100):  # the first saves may come before it listens
            (tmp_path / "part").write_text(f"x = {attempt}\n")
            os.replace(tmp_path / "part", tmp_path / "tensor.py")  # as many editors save
            try:
                assert events.get(timeout=0.5) == ("saved", "")
                break
            except queue.Empty:
                continue
        else:
            pytest.fail("no event")
    finally:
        saves.close()
        saves.thread.join(PATIENCE)
    assert not saves.thread.is_alive()


def test_without_notification_it_polls(tmp_path, monkeypatch):
    import watchfiles

    asked = []

    def watch(*folders, force_polling, **options):
        asked.append(force_polling)
        if not force_polling:
            raise OSError(28, "no space left for watches")
        return iter([{"a change"}])

    monkeypatch.setattr(watchfiles, "watch", watch)
    monkeypatch.delenv("TITO_POLL", raising=False)
    events = queue.Queue()
    Saves(events, [tmp_path]).thread.join(PATIENCE)
    assert asked == [None, True]
    assert events.get_nowait() == ("saved", "")


# ----------------------------------------------------------------------------------- the keys


def test_lines_are_keys_where_there_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("hint\n\nQ\n"))
    events = queue.Queue()
    with keyboard(events, single=True) as single:
        assert not single
        found = [events.get(timeout=PATIENCE) for _ in range(4)]
    assert found == [("key", "h"), ("key", " "), ("key", "q"), ("end", "")]


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is one of POSIX")
def test_single_keys_arrive_and_the_terminal_is_as_it_was(monkeypatch):
    import termios

    master, slave = os.openpty()
    with open(slave, closefd=True) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        before = termios.tcgetattr(slave)
        events = queue.Queue()
        with keyboard(events, single=True) as single:
            assert single
            assert not termios.tcgetattr(slave)[3] & termios.ICANON
            for pressed in (b"H", b"\x1b[A", b"q"):
                os.write(master, pressed)
                time.sleep(0.05)  # as a person types: an arrow key arrives by itself
            assert [events.get(timeout=PATIENCE) for _ in range(2)] == [("key", "h"), ("key", "q")]
        assert termios.tcgetattr(slave) == before
    os.close(master)


# --------------------------------------------------------------------------------- as a command


class Process:
    """`tito watch` as a process; what it prints is read as it comes."""

    def __init__(self, workspace, environment, *arguments, **streams):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tito", "watch", *arguments], cwd=workspace.root,
            env=environment | {"TITO_COURSE": os.environ["TITO_COURSE"], "COLUMNS": "80"},
            **({"stdin": subprocess.PIPE, "stdout": subprocess.PIPE} | streams),
        )  # fmt: skip
        self.text = ""
        if self.process.stdout:
            threading.Thread(target=self.read, args=(self.process.stdout.fileno(),)).start()

    def read(self, file):
        while True:
            try:
                piece = os.read(file, 4096)
            except OSError:
                return
            if not piece:
                return
            self.text += piece.decode(errors="replace")

    def wait_for(self, text, times=1):
        end = time.monotonic() + PATIENCE
        while self.text.count(text) < times:
            assert time.monotonic() < end, self.text
            time.sleep(0.02)


def test_without_a_terminal_it_prints_a_verdict_per_save_and_ends_with_its_input(
    workspace, environment
):
    watch = Process(workspace, environment)
    watch.wait_for("not built yet")
    watch.wait_for("q quit")
    time.sleep(0.5)
    solve(workspace, "00.1")
    watch.wait_for("all 3 checks pass")
    assert "\x1b" not in watch.text
    assert watch.text.count("00.1 A mean  •") == 2
    watch.process.stdin.close()
    assert watch.process.wait(PATIENCE) == 0
    watch.process.stdout.close()


def test_json_is_refused(workspace, capsys):
    from tito.__main__ import main

    assert main(["watch", "--json"]) == 2
    assert "tito check --json" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is one of POSIX")
def test_ctrl_c_leaves_the_terminal_clean(workspace, environment):
    import termios

    master, slave = os.openpty()
    before = termios.tcgetattr(slave)
    streams = {"stdin": slave, "stdout": slave, "stderr": slave}
    watch = Process(workspace, environment | {"TERM": "xterm"}, start_new_session=True, **streams)
    reader = threading.Thread(target=watch.read, args=(master,), daemon=True)
    reader.start()
    watch.wait_for("quit")
    os.write(master, b"h")
    watch.wait_for("nudge 1")
    watch.process.send_signal(2)
    assert watch.process.wait(PATIENCE) == 130
    watch.wait_for("Stopped.")
    assert termios.tcgetattr(slave) == before
    assert "Traceback" not in watch.text
    os.close(slave)
    reader.join(5)
    os.close(master)
