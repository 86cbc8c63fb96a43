"""What the texts of the project name exists: commands, files, make targets."""

import re
from pathlib import Path

import click
import pytest

from tito.cli import cli
from tito.course import chapters
from tito.measures import load_measures

ROOT = Path(__file__).parents[1]
TEXTS = sorted([
    *ROOT.glob("*.md"), *ROOT.glob("milestones/*/README.md"), *ROOT.glob("course/*/*.md"),
    *ROOT.glob("src/tito/_workspace/*.md"),
])  # fmt: skip
PROGRAMS = sorted([*ROOT.glob("src/tito/*.py"), *ROOT.glob("course/*/*.py")])
PROSE = {
    "and", "computes", "could", "does", "from", "has", "holds", "import", "is", "itself", "keeps",
    "knows", "makes", "once", "or", "overwrites", "overwrote", "refuses", "says", "wrote",
}  # fmt: skip
"""What follows the name of the tool where it is the subject of a sentence."""


def commands(group, path=()):
    """All commands of the tool, as tuples of words."""
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


COMMANDS = set(commands(cli))
OPTIONS = {"--help", "-h"}
for words in [(), *COMMANDS]:
    command = cli
    for word in words:
        command = command.commands[word]
    OPTIONS.update(option for parameter in command.params for option in parameter.opts)


def named_commands(text):
    """The words after each `tito` that stands in code, up to the first that is no command."""
    for code in re.findall(r"`([^`\n]+)`|^ *((?:tito|make) .*)$", text, flags=re.M):
        line = code[0] or code[1]
        for words in re.findall(r"(?:^|[ \\/])tito((?: [^\s|&,;:)]+)+)", line):
            yield words.split()


@pytest.mark.parametrize("path", [*TEXTS, *PROGRAMS], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_in_a_sentence_or_a_message_exists(path):
    for word in re.findall(r"\btito ([a-z]+)", path.read_text(encoding="utf-8")):
        assert (word,) in COMMANDS or word in PROSE, f"tito {word}"


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_exercise_and_question_in_a_text_exists(path):
    known = {exercise.id for chapter in chapters() for exercise in chapter.exercises}
    known |= {m.id for chapter in chapters() for m in load_measures(chapter.folder)}
    named = r"tito (?:check|hint|solution|reset|read|diff|predict|watch) (\d\d\.\w+)"
    for id in re.findall(named, path.read_text(encoding="utf-8")):
        assert id in known, f"{path.name} names {id}"


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_in_a_text_exists(path):
    for words in named_commands(path.read_text()):
        first = tuple(words[:1])
        if words[0] in PROSE:
            continue
        assert first in COMMANDS or words[0] in OPTIONS, f"tito {' '.join(words)}"
        if isinstance(cli.commands.get(words[0]), click.Group) and len(words) > 1:
            assert tuple(words[:2]) in COMMANDS, f"tito {' '.join(words)}"
        for word in words:
            if word.startswith("--"):
                assert word in OPTIONS, f"tito {' '.join(words)}"


def test_every_command_stands_in_the_readme():
    text = (ROOT / "README.md").read_text()
    for words in COMMANDS:
        assert f"tito {' '.join(words)}" in text, words


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(path):
    text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_target_in_a_text_exists(path):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    named = re.findall(r"`make ([a-z]+)|^ *make ([a-z]+)$", path.read_text(), flags=re.M)
    assert {name for pair in named for name in pair if name} <= targets


def test_a_command_that_does_not_exist_is_found():
    words = list(named_commands("Type `tito milestone fly` and see"))
    assert words == [["milestone", "fly"]]
    assert tuple(words[0]) not in COMMANDS
