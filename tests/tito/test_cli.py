"""The commands as a user and a program see them.

The screens in golden/ are standard output as it is, 80 columns wide: after a wanted change, look at
the new screen and write it there.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tito.__main__ import main
from tito.cli import cli

GOLDEN = Path(__file__).parent / "golden"
HEAVY = "{'numpy', 'rich', 'matplotlib', 'tinytorch', 'importlib.metadata'}"


def commands(command, path=()):
    """Every command below `command`, as (path, command)."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


ALL = list(commands(cli))
NAMES = [" ".join(path) or "tito" for path, _ in ALL]


def test_the_commands_are_those_of_the_readme():
    assert NAMES == [
        "tito", "demo", "doctor", "milestone", "milestone list", "milestone run",
        "chat", "data", "data list", "data fetch", "data verify", "init", "update", "start", "next",
        "read", "status", "hint", "solution", "reset", "undo", "diff", "shell", "predict",
        "check", "watch", "notebook", "export",
    ]  # fmt: skip


@pytest.mark.parametrize(("path", "command"), ALL, ids=NAMES)
def test_every_command_and_every_option_explains_itself(path, command, capsys):
    assert main([*path, "--help"]) == 0
    shown = capsys.readouterr().out
    assert command.help.split("\n")[0][:40] in shown
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.name} has no help"
            assert parameter.opts[0] in shown


@pytest.mark.parametrize(("path", "command"), ALL, ids=NAMES)
def test_help_fits_in_80_columns(path, command, capsys):
    main([*path, "--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["milestone", "run", "--help"]])
def test_help_and_version_import_nothing_heavy(command, arguments, tmp_path, environment):
    heavy = HEAVY if "--version" not in arguments else HEAVY.replace(", 'importlib.metadata'", "")
    program = (
        "import sys; from tito.__main__ import main\n"
        f"code = main({arguments!r}); print(sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == "[]\n"


def test_help_teaches_what_to_do_first(command):
    done = command("--help", COLUMNS="80")
    assert done.stdout == (GOLDEN / "help.txt").read_text(encoding="utf-8")


def test_no_arguments_show_the_help(command):
    assert command().stdout == command("--help").stdout
    assert command().returncode == 0


def test_version_names_tool_and_python(command):
    name, version, *_ = command("--version").stdout.split()
    assert name == "tito"
    assert version[0].isdigit()


def test_milestone_list_shows_question_time_and_last_run(command):
    for year in ("1958", "1969", "1986"):
        command("milestone", "run", year)
    done = command("milestone", "list", COLUMNS="80")
    assert done.stdout == (GOLDEN / "milestone_list.txt").read_text(encoding="utf-8")


def test_a_run_tells_its_story_within_a_screen(command):
    done = command("milestone", "run", "1958", COLUMNS="80")
    lines = done.stdout.splitlines()
    assert lines[0] == "1958 · The perceptron: What can a perceptron learn?"
    assert "printed by the program" in lines
    assert "accuracy  97.5 %  (target: at least 95 %)  reached" in lines
    assert "Whose code ran: the reference, in all 2 modules" in lines
    assert lines[-1].startswith("Next:")
    assert len(lines) <= 24


def test_progress_is_a_line_for_each_fifth_where_no_terminal_is(command):
    lines = command("milestone", "run", "1958").stdout.splitlines()
    shares = [line.split()[1] for line in lines if line.startswith("training")]
    assert shares == [str(20 * n) for n in range(1, 6)]


@pytest.mark.parametrize(
    "arguments",
    [
        ["doctor"],
        ["milestone", "list"],
        ["milestone", "run", "1958"],
        ["milestone", "run", "1969"],
        ["milestone", "run", "1986"],
        ["milestone", "run", "nothing"],
        ["milestone", "run"],
        ["data", "list"],
        ["data", "verify"],
        ["data", "verify", "mnist"],
        ["unknown"],
    ],
    ids=" ".join,
)
def test_json_is_alone_on_standard_output(arguments, here, capsys):
    code = main([*arguments, "--json"])
    answer = json.loads(capsys.readouterr().out)
    if "error" in answer and "exit" in answer:
        assert answer["exit"] == code
        assert answer["error"]["what"]


def test_the_result_on_standard_output_is_the_result_file(here, capsys):
    main(["milestone", "run", "1958", "--json"])
    captured = capsys.readouterr()
    file = here / "tinytorch-runs/1958_perceptron/result.json"
    assert json.loads(captured.out) == json.loads(file.read_text())
    assert "A story." in captured.err


@pytest.mark.parametrize(
    "arguments", [["--json", "milestone", "list"], ["milestone", "--json", "list"]], ids=" ".join
)
def test_options_of_the_tool_work_before_and_after_the_command(here, capsys, arguments):
    assert main(arguments) == 0
    years = [each["year"] for each in json.loads(capsys.readouterr().out)["milestones"]]
    assert years == [1958, 1969, 1986]


@pytest.mark.parametrize("name", ["1958", "perceptron", "Perc", "195", "1958_perceptron"])
def test_a_milestone_answers_to_year_name_and_beginning(here, capsys, name):
    assert main(["milestone", "run", name, "--out", "elsewhere"]) == 0
    assert (here / "elsewhere/result.json").exists()


def test_the_demo_is_the_milestone_of_1986(here, milestones, add_milestone, capsys):
    (milestones / "1986_mlp/milestone.py").write_text(
        "def run(stage): stage.target('accuracy', 97.0 + stage.seeds, at_least=95)"
    )
    assert main(["demo", "--seed", "1"]) == 0
    result = json.loads((here / "tinytorch-runs/1986_mlp/result.json").read_text())
    assert (result["mode"], result["metrics"]["accuracy"]["value"]) == ("embedded", 98.0)
    assert "Next:    tito milestone list" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("arguments", [["milestone", "run", "1958", "--plain"], ["data", "list"]])
def test_streams_that_are_not_utf_8_get_what_they_can_show(command, arguments, encoding):
    locale = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONIOENCODING": encoding}
    done = command(*arguments, encoding=encoding, **locale)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_middle_dot_becomes_a_hyphen_in_ascii(command):
    done = command("milestone", "run", "1958", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert done.stdout.startswith("1958 - The perceptron")


@pytest.mark.parametrize("arguments", [["milestone", "list"], ["data", "list"], ["doctor"]])
def test_tables_fit_in_60_columns(command, arguments):
    done = command(*arguments, COLUMNS="60")
    table = done.stdout.split("\n\n")[0].splitlines()
    assert max(map(len, table)) <= 60


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
class TestTerminal:
    """What `tito` prints when standard output is a terminal."""

    def run(self, environment, folder, *arguments, **variables):
        import pty

        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "tito", *arguments], cwd=folder, stdout=theirs,
            stderr=subprocess.DEVNULL, env=environment | {"TERM": "xterm"} | variables,
        )  # fmt: skip
        os.close(theirs)
        pieces = []
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            pieces.append(piece)
            if not piece:
                break
        os.close(ours)
        assert process.wait(timeout=60) == 0
        return b"".join(pieces).decode()

    def test_a_terminal_gets_colour_and_a_moving_bar(self, environment, tmp_path):
        shown = self.run(environment, tmp_path, "milestone", "run", "1958")
        assert "\x1b[32m" in shown
        assert "━" in shown
        assert "\x1b[?25h" in shown, "the cursor must be shown again"

    @pytest.mark.parametrize(
        ("arguments", "variables"),
        [(["--plain"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})],
        ids=["--plain", "NO_COLOR", "TERM=dumb"],
    )
    def test_plain_text_has_no_control_sequence(self, environment, tmp_path, arguments, variables):
        shown = self.run(environment, tmp_path, "milestone", "run", "1958", *arguments, **variables)
        assert "\x1b" not in shown
        assert "reached" in shown
