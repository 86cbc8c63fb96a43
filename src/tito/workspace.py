"""A learner's workspace: a folder with `tito.json`, the files that they build, and their history.

    README.md  .gitignore  tito.json   written by tito, renewed by `tito update`
    tinytorch/core/NAME.py             the learner's modules, which take over from the reference
    welcome.py  debug/  notebooks/     chapter 00, the programs to mend, the notebooks
    .tito/                             progress, and a dated copy of every file before an overwrite

There is no `__init__.py` in its `tinytorch/`: the installed package stays the package, and its
`core` looks into the workspace first.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tito
from tito.errors import Exit, TitoError, os_error
from tito.files import dumps, read_json, write_atomic
from tito.progress import Progress, exclusive
from tito.provenance import core_package

if TYPE_CHECKING:
    from tito.course import Chapter, Exercise

__all__ = ["MARK", "STYLES", "Copy", "Workspace"]

MARK = "tito.json"
STYLES = ("editor", "notebook")
FORMAT = 1
"""Of tito.json and of the folder's layout."""

TEMPLATES = {"README.md": "README.md", ".gitignore": "gitignore"}
HARMLESS = {".git", ".github", ".venv", "venv", ".vscode", ".idea", ".DS_Store", ".python-version"}
"""What may lie in a folder that becomes a workspace."""

NUMBERED = "[0-9][0-9][0-9][0-9]_*"
"""The folders of dated copies."""


@dataclass(frozen=True)
class Copy:
    """Files as they were before something overwrote them.

    Args:
        number: as in `tito undo 7`.
        folder: where the copies lie, under their paths in the workspace.
        files: those paths.
        taken: when.
    """

    number: int
    folder: Path
    files: tuple[Path, ...]
    taken: str


class Workspace:
    """The folder in which a learner works.

    Args:
        root: the folder that holds tito.json.
    """

    def __init__(self, root: Path):
        self.root = Path(root).resolve()

    # --------------------------------------------------------------------------- finding, making

    @classmethod
    def find(cls, start: Path | None = None) -> Workspace:
        """The workspace of the folder `start`; without one, that of the current folder.

        TITO_WORKSPACE comes before the current folder, in which the learner's files take over too.

        Raises: TitoError (environment) where there is none, or one of a newer tito.
        """
        if start is None:
            found = core_package().workspace()
            root = Path(found) if found else None
        else:
            above = (start.resolve(), *start.resolve().parents)
            root = next((folder for folder in above if (folder / MARK).is_file()), None)
        if root is None or not (root / MARK).is_file():
            where = f"{start or Path.cwd()} and the folders above it hold no {MARK}."
            if root:
                where = f"TITO_WORKSPACE names {root}, which holds no {MARK}."
            raise TitoError(
                "This is no workspace.", where,
                "Make one with: tito init my-tinytorch (then: cd my-tinytorch)",
            )  # fmt: skip
        workspace = cls(root)
        workspace.refuse_newer()
        return workspace

    @classmethod
    def create(cls, folder: Path, style: str = "editor") -> Workspace:
        """Make `folder` a workspace.

        Raises: TitoError (usage) when it is one, lies in one, or is in use; (environment) when it
            cannot be written.
        """
        root = folder.expanduser().resolve()
        above = next((f for f in (root, *root.parents) if is_marked(f)), None)
        if above == root:
            raise TitoError(
                f"{folder} is a workspace already.", "",
                "Go on in it with: tito next (tito update renews its README).", Exit.USAGE,
            )  # fmt: skip
        if above:
            raise TitoError(
                f"{folder} lies inside the workspace {above}.",
                "The files of the inner one would hide those of the outer one.",
                "Choose a folder beside it.", Exit.USAGE,
            )  # fmt: skip
        refuse_in_use(folder, root)
        workspace = cls(root)
        (root / "tinytorch" / "core").mkdir(parents=True, exist_ok=True)
        workspace.write_templates(style)
        workspace.progress.create()
        return workspace

    def refuse_newer(self) -> None:
        """Raise where a newer tito has laid the workspace out."""
        version = self.facts.get("version")
        if isinstance(version, int) and version > FORMAT:
            raise TitoError(
                f"{self.root / MARK} was written by a newer tito.",
                f"Its format is {version}; this tito knows {FORMAT}.",
                "python -m pip install --upgrade tinytorch-course",
            )

    # ---------------------------------------------------------------------------- what is where

    @property
    def facts(self) -> dict[str, Any]:
        """What tito.json says; nothing where it cannot be read."""
        return read_json(self.root / MARK) or {}

    @property
    def style(self) -> str:
        """How the learner works: "editor" or "notebook"."""
        style = self.facts.get("style")
        if style in STYLES:
            return style
        return "notebook" if (self.root / "notebooks").is_dir() else "editor"

    @cached_property
    def progress(self) -> Progress:
        """What the learner has done."""
        return Progress(self.root / ".tito")

    def file(self, chapter: Chapter) -> Path:
        """The learner's file of a module: welcome.py, or tinytorch/core/NAME.py."""
        if chapter.number == 0:
            return self.root / f"{chapter.file}.py"
        return self.root / "tinytorch" / "core" / f"{chapter.file}.py"

    def exercise_file(self, exercise: Exercise) -> Path:
        """The learner's file of an exercise; that of debug-it is in debug/."""
        if exercise.debug:
            return self.root / "debug" / f"{exercise.chapter.key}.py"
        return self.file(exercise.chapter)

    def notebook(self, chapter: Chapter) -> Path:
        """The learner's notebook of a chapter."""
        return self.root / "notebooks" / f"{chapter.key}.ipynb"

    def started(self) -> list[Chapter]:
        """The chapters whose file is here, by number."""
        from tito.course import chapters

        return [chapter for chapter in chapters() if self.file(chapter).is_file()]

    def shown(self, path: Path) -> str:
        """A path of the workspace as it can be typed from the current folder."""
        try:
            relative = os.path.relpath(path)
        except (ValueError, OSError):  # another drive; a folder that is gone
            return str(path)
        return str(path) if relative.startswith("..") else relative

    def write(self, path: Path, text: str) -> None:
        """Write a file of the workspace, whole or not at all.

        Raises: TitoError (environment) when it cannot be written.
        """
        try:
            write_atomic(path, text.encode())
        except TitoError as error:
            way_out = f"Free some space, or make {self.root} writable, and run again."
            raise TitoError(error.what, error.why, way_out) from error

    def environment(self) -> dict[str, str]:
        """The environment of a process that runs the learner's framework, in whatever folder."""
        return os.environ | {"TITO_WORKSPACE": str(self.root)}

    # ------------------------------------------------------------------------------- templates

    def write_templates(self, style: str) -> list[tuple[str, str]]:
        """Write README, .gitignore and tito.json; what the learner has edited stays as it is.

        Returns: file name and what was done: "written", "renewed", "as it was", "yours".
        """
        written = self.facts.get("written")
        before = written if isinstance(written, dict) else {}
        done, marks = [], {}
        for name, template in TEMPLATES.items():
            content = (Path(__file__).parent / "_workspace" / template).read_bytes()
            state = self.template_state(self.root / name, content, before.get(name))
            if state in ("written", "renewed"):
                self.write(self.root / name, content.decode())
            marks[name] = before.get(name) if state == "yours" else digest(content)
            done.append((name, state))
        facts = {"version": FORMAT, "tito": tito.__version__, "style": style, "written": marks}
        old = (self.root / MARK).is_file()
        if facts != self.facts:
            self.write(self.root / MARK, dumps(facts) + "\n")
            done.append((MARK, "renewed" if old else "written"))
        else:
            done.append((MARK, "as it was"))
        return done

    @staticmethod
    def template_state(file: Path, content: bytes, before: str | None) -> str:
        """What is to be done about a file that tito once wrote with the digest `before`."""
        try:
            found = file.read_bytes()
        except FileNotFoundError:
            return "written"
        except OSError as error:
            raise os_error(f"read {file}", error, "Move it away and run again.") from error
        if found == content:
            return "as it was"
        return "renewed" if digest(found) == before else "yours"

    # ---------------------------------------------------------------------------------- copies

    @property
    def copies_folder(self) -> Path:
        """Where the dated copies lie."""
        return self.root / ".tito" / "copies"

    def keep(self, *paths: Path) -> Path | None:
        """Copy files before they are overwritten; `tito undo` brings them back together.

        Returns: the copy of the first one; None when none of them exists.
        Raises: TitoError (environment) when no copy can be made: then overwrite nothing.
        """
        files = [Path(path).absolute() for path in paths if Path(path).is_file()]
        if not files:
            return None
        try:
            folder = self.new_folder()
            for file in files:
                copy = folder / os.path.relpath(file.resolve(), self.root)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
        except OSError as error:
            raise os_error(
                f"keep a copy of {', '.join(file.name for file in files)}", error,
                f"Nothing was overwritten. Make {self.root / '.tito'} writable and run again.",
            ) from error  # fmt: skip
        return folder / os.path.relpath(files[0].resolve(), self.root)

    def new_folder(self) -> Path:
        """A fresh folder for copies, with the next number and the date."""
        with exclusive(self.root / ".tito" / "copies.lock"):
            taken = [int(each.name[:4]) for each in self.copies_folder.glob(NUMBERED)]
            stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
            folder = self.copies_folder / f"{max(taken, default=0) + 1:04d}_{stamp}"
            folder.mkdir(parents=True)
        return folder

    def copies(self) -> list[Copy]:
        """The dated copies, the oldest first."""
        found = []
        for folder in sorted(self.copies_folder.glob(NUMBERED)):
            number, _, stamp = folder.name.partition("_")
            day, _, hour = stamp.partition("_")
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            if files:
                relative = tuple(path.relative_to(folder) for path in files)
                taken = f"{day} {hour[:8].replace('-', ':')}"
                found.append(Copy(int(number), folder, relative, taken))
        return found

    def restore(self, copy: Copy) -> Copy | None:
        """Bring the files of `copy` back; the files as they are now become the newest copy.

        Returns: that newest copy; None where none of the files existed.
        """
        kept = self.keep(*(self.root / file for file in copy.files))
        for file in copy.files:
            write_atomic(self.root / file, (copy.folder / file).read_bytes())
        return self.copies()[-1] if kept else None


def is_marked(folder: Path) -> bool:
    """Whether a folder holds tito.json, as far as one may look into it."""
    try:
        return (folder / MARK).is_file()
    except OSError:  # before Python 3.14, a folder that is closed to this user
        return False


def digest(content: bytes) -> str:
    """The SHA-256 of a file that tito wrote."""
    return hashlib.sha256(content).hexdigest()


def refuse_in_use(given: Path, root: Path) -> None:
    """Raise when `root` is no folder for a new workspace, nor one that has lost its tito.json.

    Args:
        given: the folder as the user wrote it.
        root: the same, resolved.
    """
    try:
        if root.exists() and not root.is_dir():
            raise TitoError(
                f"{given} is a file, expected a folder.", "", "Choose another name.", Exit.USAGE
            )
        found = sorted(entry.name for entry in root.iterdir()) if root.exists() else []
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise os_error(f"make {given}", error, "Choose a folder that you can write.") from error
    if ".tito" in found:  # it was a workspace, and becomes one again, with all that is in it
        return
    if used := [name for name in found if name not in HARMLESS]:
        some = ", ".join(used[:3]) + (" ..." if len(used) > 3 else "")
        raise TitoError(
            f"{given} is in use.",
            f"It holds {some}; expected a new folder, or one that is empty.",
            "Choose another name: tito init my-tinytorch",
            Exit.USAGE,
        )
