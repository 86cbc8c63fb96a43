"""Nothing that belongs to one system alone is needed to import the tool or the framework."""

import ast
from pathlib import Path

import pytest

import tinytorch
import tito

POSIX = {"fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
WINDOWS = {"msvcrt", "winreg", "winsound", "_winapi"}
FILES = sorted(
    file for package in (tito, tinytorch) for file in Path(package.__file__).parent.rglob("*.py")
)


def imported_at_once(nodes, guarded=False):
    """The modules that are imported when a file is, as (name, whether the system was asked)."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], guarded) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0], guarded
        elif isinstance(node, ast.If):
            asked = "sys.platform" in ast.unparse(node.test)
            yield from imported_at_once([*node.body, *node.orelse], guarded or asked)
        elif isinstance(node, (ast.ClassDef, ast.With)):
            yield from imported_at_once(node.body, guarded)
        elif isinstance(node, ast.Try):
            yield from imported_at_once([*node.orelse, *node.finalbody], guarded)
            refused = any("ImportError" in ast.unparse(h.type or node) for h in node.handlers)
            yield from imported_at_once(node.body, guarded or refused)


@pytest.mark.parametrize("file", FILES, ids=lambda file: "/".join(file.parts[-3:]))
def test_a_file_asks_before_it_imports_what_one_system_has(file):
    nodes = ast.parse(file.read_text(encoding="utf-8")).body
    alone = {name for name, guarded in imported_at_once(nodes) if not guarded}
    assert not alone & (POSIX | WINDOWS)


def test_the_question_is_seen():
    bad = ast.parse(
        "import termios\nif x:\n    import fcntl\ntry:\n    import tty\nfinally:\n    f()"
    )
    assert {name for name, guarded in imported_at_once(bad.body) if not guarded} == {
        "termios", "fcntl", "tty",
    }  # fmt: skip
    good = ast.parse(
        "if sys.platform == 'win32':\n    import msvcrt\nelse:\n    import fcntl\n"
        "def f():\n    import tty\ntry:\n    import resource\nexcept ImportError:\n    pass\n"
    )
    assert all(guarded for _, guarded in imported_at_once(good.body))
