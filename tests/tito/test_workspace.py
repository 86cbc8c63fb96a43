"""A workspace is made, found, renewed, and keeps a copy of whatever is overwritten."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_course import write_course

import tito
from tito.course import find_chapter, find_exercise
from tito.errors import Exit, TitoError
from tito.workspace import Workspace, digest


@pytest.fixture(autouse=True)
def course(tmp_path, monkeypatch):
    monkeypatch.setenv("TITO_COURSE", str(write_course(tmp_path / "course")))
    monkeypatch.delenv("TITO_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "mine")


def test_a_new_workspace_holds_what_it_needs_and_no_package_file(workspace):
    names = {path.name for path in workspace.root.iterdir()}
    assert names == {"README.md", ".gitignore", "tito.json", "tinytorch", ".tito"}
    assert list(workspace.root.rglob("__init__.py")) == []
    assert workspace.style == "editor"
    assert workspace.progress.read()["exercises"] == {}


def test_the_readme_fits_on_one_screen(workspace):
    lines = (workspace.root / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 81


def test_git_sees_the_learners_files_and_their_progress_alone(workspace):
    (workspace.root / "tinytorch/core/second.py").touch()
    workspace.keep(workspace.root / "tinytorch/core/second.py")
    git = ["git", "-C", str(workspace.root)]
    subprocess.run([*git, "init", "-q"], check=True, timeout=60)
    shown = subprocess.run(
        [*git, "ls-files", "-o", "--exclude-standard"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout.split()  # fmt: skip
    expected = [
        ".gitignore", ".tito/progress.json", "README.md", "tinytorch/core/second.py", "tito.json",
    ]  # fmt: skip
    assert sorted(shown) == sorted(expected)


@pytest.mark.parametrize("name", [".git", ".venv", ".vscode"])
def test_a_cloned_repository_can_become_a_workspace(tmp_path, name):
    (tmp_path / "cloned" / name).mkdir(parents=True)
    assert Workspace.create(tmp_path / "cloned").root.name == "cloned"


def test_a_folder_in_use_is_refused_and_untouched(tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used/thesis.tex").touch()
    with pytest.raises(TitoError, match="in use") as caught:
        Workspace.create(tmp_path / "used")
    assert caught.value.code == Exit.USAGE
    assert "thesis.tex" in caught.value.why
    assert [path.name for path in (tmp_path / "used").iterdir()] == ["thesis.tex"]


def test_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TitoError, match="is a file, expected a folder"):
        Workspace.create(tmp_path / "file")


def test_a_folder_that_is_closed_to_the_user_is_told(tmp_path, monkeypatch):
    is_file = Path.is_file

    def closed(path, **options):
        if "closed" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path, **options)

    monkeypatch.setattr(Path, "is_file", closed)
    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(TitoError) as caught:
        Workspace.create(tmp_path / "closed" / "mine")
    assert caught.value.what.startswith("tito could not make")
    assert "Choose a folder" in caught.value.way_out


def test_a_workspace_is_not_made_twice_nor_inside_another(workspace):
    with pytest.raises(TitoError, match="workspace already"):
        Workspace.create(workspace.root)
    with pytest.raises(TitoError, match="inside the workspace"):
        Workspace.create(workspace.root / "inner")


def test_it_is_found_from_any_folder_below(workspace, monkeypatch):
    deep = workspace.root / "a/b"
    deep.mkdir(parents=True)
    assert Workspace.find(deep).root == workspace.root
    monkeypatch.chdir(deep)
    assert Workspace.find().root == workspace.root


def test_the_variable_comes_before_the_current_folder(workspace, tmp_path, monkeypatch):
    other = Workspace.create(tmp_path / "other")
    monkeypatch.chdir(other.root)
    monkeypatch.setenv("TITO_WORKSPACE", str(workspace.root))
    assert Workspace.find().root == workspace.root
    monkeypatch.setenv("TITO_WORKSPACE", "")
    with pytest.raises(TitoError, match="no workspace"):
        Workspace.find()


def test_without_one_the_way_out_is_init(tmp_path, monkeypatch):
    with pytest.raises(TitoError, match="no workspace") as caught:
        Workspace.find()
    assert caught.value.code == Exit.ENVIRONMENT
    assert "tito init" in caught.value.way_out
    monkeypatch.setenv("TITO_WORKSPACE", str(tmp_path / "gone"))
    with pytest.raises(TitoError, match="TITO_WORKSPACE names"):
        Workspace.find()


def test_a_workspace_of_a_newer_tito_is_refused(workspace):
    (workspace.root / "tito.json").write_text('{"version": 99}')
    with pytest.raises(TitoError, match="newer tito"):
        Workspace.find(workspace.root)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"style": "stone tablet"}'])
def test_a_damaged_tito_json_is_mended_by_update(workspace, content):
    (workspace.root / "tito.json").write_text(content)
    found = Workspace.find(workspace.root)
    assert found.style == "editor"
    found.write_templates(found.style)
    assert json.loads((workspace.root / "tito.json").read_text())["style"] == "editor"


def test_every_chapter_and_exercise_has_its_place(workspace):
    def inside(path):
        return path.relative_to(workspace.root).as_posix()

    assert inside(workspace.file(find_chapter("00"))) == "welcome.py"
    assert inside(workspace.file(find_chapter("01"))) == "tinytorch/core/second.py"
    assert inside(workspace.exercise_file(find_exercise("01.1"))) == "tinytorch/core/second.py"
    assert inside(workspace.exercise_file(find_exercise("01.3"))) == "debug/01_second.py"
    assert inside(workspace.notebook(find_chapter("01"))) == "notebooks/01_second.ipynb"


def test_started_are_the_chapters_whose_file_is_there(workspace):
    assert workspace.started() == []
    workspace.file(find_chapter("01")).touch()
    assert [chapter.number for chapter in workspace.started()] == [1]


# ------------------------------------------------------------------------------------- update


def test_update_says_what_it_did(workspace):
    (workspace.root / ".gitignore").unlink()
    done = dict(workspace.write_templates("editor"))
    assert done == {"README.md": "as it was", ".gitignore": "written", "tito.json": "as it was"}


def test_update_renews_what_an_older_tito_wrote(workspace):
    old = workspace.root / "README.md"
    facts = json.loads((workspace.root / "tito.json").read_text())
    old.write_text("An older README.\n")
    facts["written"]["README.md"] = digest(old.read_bytes())
    (workspace.root / "tito.json").write_text(json.dumps(facts))
    assert dict(workspace.write_templates("editor"))["README.md"] == "renewed"
    assert old.read_text(encoding="utf-8").startswith("# My TinyTorch")


def test_update_never_touches_what_the_learner_wrote(workspace):
    mine = {
        workspace.root / "README.md": "My own page.\n",
        workspace.root / ".gitignore": "secret\n",
        workspace.root / "tinytorch/core/second.py": "x = 1\n",
        workspace.root / "notes.md": "notes\n",
    }
    for file, text in mine.items():
        file.write_text(text)
    for _ in range(2):
        done = dict(workspace.write_templates("editor"))
        assert done["README.md"] == done[".gitignore"] == "yours"
    assert {file: file.read_text() for file in mine} == mine


# ------------------------------------------------------------------------------------- copies


def test_a_copy_is_dated_and_restored(workspace):
    file = workspace.root / "tinytorch/core/second.py"
    file.write_text("first\n")
    copy = workspace.keep(file)
    assert copy.read_text() == "first\n"
    assert copy.is_relative_to(workspace.root / ".tito/copies")
    file.write_text("second\n")
    workspace.restore(workspace.copies()[-1])
    assert file.read_text() == "first\n"


def test_restoring_can_be_undone(workspace):
    file = workspace.root / "welcome.py"
    file.write_text("first\n")
    workspace.keep(file)
    file.write_text("second\n")
    for expected in ("first\n", "second\n", "first\n"):
        workspace.restore(workspace.copies()[-1])
        assert file.read_text() == expected


def test_files_that_were_kept_together_come_back_together(workspace):
    files = [workspace.root / "welcome.py", workspace.root / "tinytorch/core/second.py"]
    for file in files:
        file.write_text(f"{file.name}\n")
    workspace.keep(*files)
    for file in files:
        file.write_text("overwritten\n")
    workspace.restore(workspace.copies()[-1])
    assert [file.read_text() for file in files] == ["welcome.py\n", "second.py\n"]


def test_there_is_no_copy_of_nothing(workspace):
    assert workspace.keep(workspace.root / "not-there.py") is None
    assert workspace.copies() == []


def test_copies_are_numbered_beyond_ten(workspace):
    file = workspace.root / "welcome.py"
    for number in range(12):
        file.write_text(f"{number}\n")
        workspace.keep(file)
    copies = workspace.copies()
    assert [copy.number for copy in copies] == list(range(1, 13))
    assert (copies[-1].folder / "welcome.py").read_text() == "11\n"


def test_without_a_copy_nothing_is_overwritten(workspace, monkeypatch):
    file = workspace.root / "welcome.py"
    file.write_text("mine\n")

    def refuse(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tito.workspace.shutil.copyfile", refuse)
    with pytest.raises(TitoError, match="could not keep a copy") as caught:
        workspace.keep(file)
    assert "Nothing was overwritten" in caught.value.way_out


def test_two_processes_never_share_a_copy(workspace):
    file = workspace.root / "welcome.py"
    file.write_text("mine\n")
    program = (
        "import sys; from pathlib import Path; from tito.workspace import Workspace\n"
        "root = Path(sys.argv[1])\n"
        "for _ in range(10): Workspace(root).keep(root / 'welcome.py')\n"
    )
    environment = {"PYTHONPATH": str(Path(tito.__file__).parents[1])}
    workers = [
        subprocess.Popen([sys.executable, "-c", program, workspace.root], env=environment)
        for _ in range(3)
    ]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0]
    assert [copy.number for copy in workspace.copies()] == list(range(1, 31))


def test_a_workspace_that_has_lost_its_mark_becomes_one_again_with_all_its_work(tmp_path):
    workspace = Workspace.create(tmp_path / "work")
    mine = workspace.root / "tinytorch" / "core" / "tensor.py"
    mine.write_text("MINE = 1\n")
    (workspace.root / "README.md").write_text("mine too\n")
    workspace.progress.record_check("00.1", True, 0.1)
    (workspace.root / "tito.json").unlink()
    again = Workspace.create(tmp_path / "work")
    assert mine.read_text() == "MINE = 1\n"
    assert (again.root / "README.md").read_text() == "mine too\n"
    assert again.progress.passed() == {"00.1"}
