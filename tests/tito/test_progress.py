"""Progress is never lost, never taken for empty in silence, and never ends in a traceback."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tito
from tito.errors import Exit, TitoError
from tito.progress import Progress, exclusive

SOURCES = os.environ | {"PYTHONPATH": str(Path(tito.__file__).parents[1])}

needs_rights = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)


@pytest.fixture
def said():
    """The lines that a progress has said."""
    return []


@pytest.fixture
def progress(tmp_path, said):
    """The progress of a workspace in which one exercise is solved."""
    progress = Progress(tmp_path / ".tito", said.append)
    progress.create()
    progress.record_start("01_tensor")
    progress.record_check("01.1", True, 0.5)
    return progress


def test_what_was_recorded_is_read(progress, said):
    progress.record_check("01.2", False, 0.25, failure="shapes (2,) and (3,)")
    progress.record_hint("01.2", 2)
    progress.record_hint("01.2", 1)
    progress.record_solution("01.2")
    progress.record_prediction("01.a", 64, 128)
    progress.record_prediction("01.a", 100, 128)
    again = Progress(progress.folder)
    assert again.passed() == {"01.1"}
    entry = again.exercise("01.2")
    assert (entry["attempts"], entry["hints"], entry["passed"]) == (1, 2, False)
    assert entry["failure"] == "shapes (2,) and (3,)"
    assert "solution" in entry
    assert again.read()["predictions"]["01.a"] == {"first": 64, "guess": 100, "measured": 128}
    assert again.exercise("01.3") == {}
    assert said == []


def test_the_last_check_counts(progress):
    progress.record_check("01.1", False, 0.1, failure="red again")
    assert progress.passed() == set()
    progress.record_check("01.1", True, 0.1)
    assert progress.exercise("01.1")["failure"] == ""
    assert progress.exercise("01.1")["attempts"] == 3


def test_a_reset_takes_the_pass_back_and_keeps_the_history(progress):
    progress.record_reset(["01.1"])
    assert progress.passed() == set()
    assert progress.exercise("01.1")["attempts"] == 1


def test_the_module_started_last_comes_last(progress):
    progress.record_start("02_activations")
    progress.record_start("01_tensor")
    assert progress.read()["started"] == ["02_activations", "01_tensor"]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"\0" * 100, b"[" * 100_000,
        b'{"version": 1}', b'{"version": 1, "started": {}, "exercises": [], "predictions": {}}',
        b'{"version": 1, "started": [], "exercises": {"01.1": 3}, "predictions": {}}',
        b'{"version": "x", "started": [], "exercises": {}, "predictions": {}}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_restored_from_the_backup_and_kept_aside(progress, said, content):
    progress.file.write_bytes(content)
    assert progress.passed() == {"01.1"}
    assert len(said) == 1
    assert "restored from its backup" in said[0]
    assert (progress.folder / "progress.damaged-1.json").read_bytes() == content
    assert Progress(progress.folder, said.append).passed() == {"01.1"}
    assert len(said) == 1  # it is mended


def test_a_change_after_damage_loses_nothing(progress, said):
    progress.file.write_bytes(b"{")
    progress.record_check("01.2", True, 0.1)
    assert progress.passed() == {"01.1", "01.2"}
    assert len(said) == 1


def test_every_damaged_file_is_kept(progress):
    for content in (b"first", b"second"):
        progress.file.write_bytes(content)
        progress.read()
    kept = sorted(progress.folder.glob("progress.damaged-*.json"))
    assert [file.read_bytes() for file in kept] == [b"first", b"second"]


def test_a_deleted_file_is_rebuilt_from_the_backup(progress, said):
    progress.file.unlink()
    assert progress.passed() == {"01.1"}
    assert progress.file.exists()
    assert "missing" in said[0]


def test_without_a_backup_it_is_said_and_nothing_is_thrown_away(progress, said):
    progress.file.write_bytes(b"{")
    progress.backup.write_bytes(b"[")
    assert progress.passed() == set()
    assert "no usable backup" in said[0]
    assert "tito check --all" in said[0]
    kept = {file.read_bytes() for file in progress.folder.glob("*.damaged-*.json")}
    assert kept == {b"{", b"["}


def test_a_damaged_backup_alone_does_no_harm(progress, said):
    progress.backup.write_bytes(b"{")
    progress.record_check("01.2", True, 0.1)
    assert progress.passed() == {"01.1", "01.2"}
    assert json.loads(progress.backup.read_bytes()) == json.loads(progress.file.read_bytes())
    assert said == []


def test_a_folder_that_lost_everything_says_so_when_there_is_work(tmp_path, said):
    core = tmp_path / "tinytorch/core"
    core.mkdir(parents=True)
    Progress(tmp_path / ".tito", said.append).read()
    assert said == []
    (core / "tensor.py").touch()
    Progress(tmp_path / ".tito", said.append).read()
    assert "no record of your progress" in said[0]


@pytest.mark.parametrize("which", ["file", "backup"])
def test_a_file_from_a_newer_tito_is_refused_and_untouched(progress, which):
    newer = b'{"version": 99, "exercises": "in another form"}'
    if which == "backup":
        progress.file.unlink()
    getattr(progress, which).write_bytes(newer)
    for act in (progress.read, lambda: progress.record_check("01.2", True, 0.1)):
        with pytest.raises(TitoError, match="newer tito") as caught:
            act()
        assert caught.value.code == Exit.ENVIRONMENT
        assert "pip install --upgrade" in caught.value.way_out
    assert getattr(progress, which).read_bytes() == newer


@needs_rights
def test_in_a_read_only_folder_all_but_saving_works(progress, said):
    progress.folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        progress.record_check("01.2", True, 0.1)
        assert progress.passed() == {"01.1"}
        assert "cannot be saved" in said[0]
    finally:
        progress.folder.chmod(stat.S_IRWXU)


def test_where_nothing_can_be_written_all_but_saving_works(progress, said, monkeypatch):
    """The same for root, whom no folder refuses."""

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    before = progress.file.read_bytes()
    monkeypatch.setattr("tito.files.os.replace", refuse)
    progress.record_check("01.2", True, 0.1)
    monkeypatch.setattr("tito.progress.exclusive", refuse)
    progress.record_check("01.3", True, 0.1)
    assert progress.passed() == {"01.1"}
    assert progress.file.read_bytes() == before
    assert all("cannot be saved" in line and "Permission denied" in line for line in said)
    assert said


def test_damage_in_a_read_only_folder_is_read_around(progress, said, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    progress.file.write_bytes(b"{")
    monkeypatch.setattr("tito.progress.exclusive", refuse)
    assert progress.passed() == {"01.1"}
    assert progress.file.read_bytes() == b"{"


def test_a_folder_in_the_place_of_the_file_is_told_in_words(progress):
    progress.file.unlink()
    progress.file.mkdir()
    with pytest.raises(TitoError, match="could not read your progress") as caught:
        progress.read()
    assert str(progress.file) in caught.value.way_out


def test_a_lock_that_stays_taken_does_not_hold_anybody_up(progress, said, monkeypatch):
    monkeypatch.setattr("tito.progress.PATIENCE", 0.05)
    with exclusive(progress.folder / "progress.lock"):
        progress.record_check("01.2", True, 0.1)
    assert "another tito" in said[0]
    assert progress.passed() == {"01.1"}


def test_eight_processes_at_once_lose_nothing(progress):
    program = (
        "import sys; from pathlib import Path; from tito.progress import Progress\n"
        "for number in range(20):\n"
        "    Progress(Path(sys.argv[1])).record_check(f'{sys.argv[2]}.{number}', True, 0.1)\n"
    )
    workers = [
        subprocess.Popen([sys.executable, "-c", program, progress.folder, str(worker)], env=SOURCES)
        for worker in range(10, 18)
    ]
    assert [worker.wait(timeout=60) for worker in workers] == [0] * 8
    assert len(progress.passed()) == 1 + 8 * 20
    assert json.loads(progress.backup.read_bytes()) == json.loads(progress.file.read_bytes())


def test_a_process_that_is_killed_while_it_writes_leaves_a_whole_file(progress):
    program = (
        "import os, sys; from pathlib import Path; from tito import files, progress\n"
        "def die(*args): os._exit(9)\n"
        "files.os.replace = die\n"
        f"progress.Progress(Path({str(progress.folder)!r})).record_check('01.2', True, 0.1)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], env=SOURCES, timeout=60)
    assert done.returncode == 9
    assert progress.passed() == {"01.1"}


@given(content=st.binary(max_size=60))
def test_no_bytes_end_in_a_traceback(content, tmp_path_factory):
    progress = Progress(tmp_path_factory.mktemp("progress"), lambda line: None)
    progress.record_check("01.1", True, 0.5)
    progress.file.write_bytes(content)
    assert progress.passed() == {"01.1"}


def test_no_posix_module_is_needed_to_import_it():
    program = (
        "import sys; sys.modules['fcntl'] = None; import tito.progress, tito.workspace; print('ok')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=SOURCES, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "ok\n"
