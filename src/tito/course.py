"""The course: its chapters, their exercises and hints, and what is generated from them.

A chapter is a folder `NN_name/` with `chapter.md`; its source is the core file of that name, or a
file `name.py` of its own. They lie inside the installed package, or in `course/` of a checkout;
`TITO_COURSE` names another folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path

from tito.errors import Exit, TitoError
from tito.sources import Definition, definitions, find, replace_all, segment, stub

__all__ = [
    "Block", "Chapter", "Exercise", "Hints", "chapters", "find_chapter", "find_exercise",
    "find_exercises", "passages",
]  # fmt: skip

KEYS = ("title", "module", "file", "tier", "minutes", "needs", "unlocks")
DIRECTIVE = re.compile(r"^:::\{(\w+)\}[ \t]*(.*)$")
OPTION = re.compile(r"^:([\w-]+):[ \t]*(.*)$")
KINDS = ("given", "build", "debug", "check", "use", "predict", "reflect")


class CourseError(TitoError):
    """A file of the course that cannot be used as it stands."""

    def __init__(self, file: Path, why: str):
        super().__init__(f"{file} cannot be used.", why, "Install tinytorch-course again.")


@dataclass(frozen=True)
class Hints:
    """The hints of an exercise, each a piece of Markdown."""

    nudge: str = ""
    approach: str = ""
    pseudo_code: str = ""
    afterwards: str = ""

    @property
    def levels(self) -> tuple[str, str, str]:
        """The three hints that a learner asks for, one after the other."""
        return self.nudge, self.approach, self.pseudo_code


@dataclass(frozen=True)
class Exercise:
    """Something to build, or a broken program to mend.

    Args:
        id: "01.3".
        title: a few words.
        definitions: the names of what is to be built, in the order of the file.
        difficulty: 1 to 3.
        minutes: how long it takes, about.
        steps: what to do, one step per line.
        debug: whether it is the debug-it exercise, whose file is the chapter's `debug.py`.
        chapter: where it stands.
    """

    id: str
    title: str
    definitions: tuple[str, ...]
    difficulty: int
    minutes: int
    steps: str
    debug: bool
    chapter: Chapter = field(repr=False, compare=False)

    @property
    def number(self) -> int:
        """Its place in the chapter, from 1."""
        return int(self.id.partition(".")[2])

    @property
    def module_source(self) -> str:
        """The source in which its solution stands."""
        return self.chapter.mended() if self.debug else self.chapter.solution()

    @property
    def hints(self) -> Hints:
        """Its hints; empty texts where there are none."""
        return self.chapter.hints.get(self.id, Hints())

    def solution(self) -> str:
        """The reference's text of its definitions."""
        return "\n\n".join(segment(self.module_source, name) for name in self.definitions)

    def stub_of(self, name: str) -> str:
        """The starting text of its definition `name`, at column 0."""
        if self.debug:
            return segment(self.chapter.broken(), name)
        if find(self.module_source, name).is_class:
            return segment(self.module_source, name)
        steps = self.steps if name == self.built()[0] else ""
        return stub(segment(self.module_source, name), self.id, name, steps)

    def built(self) -> tuple[str, ...]:
        """Its definitions without the headers of classes, which are never stubs."""
        classes = {d.name for d in definitions(self.module_source) if d.is_class}
        return tuple(name for name in self.definitions if name not in classes)


@dataclass(frozen=True)
class Block:
    """A piece of a chapter: Markdown between directives (kind "text"), or a directive.

    Args:
        kind: "text", "given", "build", "debug", "check", "use", "predict" or "reflect".
        names: the definitions that it names, ranges written out; for check and predict, the id.
        options: its `:key: value` lines.
        body: the Markdown in it.
        exercise: the exercise of a build, debug or check block.
    """

    kind: str
    names: tuple[str, ...]
    options: dict[str, str]
    body: str
    exercise: Exercise | None = None

    def fenced(self, language: str) -> str | None:
        """The content of its first fenced block in `language`; None without one."""
        match = re.search(rf"^```{language}\n(.*?)^```", self.body, re.DOTALL | re.MULTILINE)
        return match[1] if match else None


@dataclass(frozen=True)
class Chapter:
    """A chapter: what the front matter says, and the folder in which it lies.

    Args:
        number: 0 to 20.
        file: the name of its source without `.py`: "tensor".
        minutes: how long it takes, about.
        needs: the numbers of the modules before it that it builds on.
        unlocks: what works after it, in a sentence.
    """

    folder: Path
    number: int
    title: str
    file: str
    tier: str
    minutes: int
    needs: tuple[int, ...]
    unlocks: str

    @property
    def key(self) -> str:
        """Its folder's name: "01_tensor"."""
        return self.folder.name

    @property
    def names(self) -> tuple[str, ...]:
        """What a user may call it."""
        return (str(self.number), f"{self.number:02d}", self.file.lower(), self.key.lower())

    @cached_property
    def text(self) -> str:
        """chapter.md without its front matter."""
        return split(self.folder / "chapter.md")[1]

    @property
    def source_file(self) -> Path:
        """The file that is the solution."""
        own = self.folder / f"{self.file}.py"
        if own.is_file():
            return own
        from tito.provenance import reference_folder

        return reference_folder() / f"{self.file}.py"

    @cached_property
    def _solution(self) -> str:
        return self.source_file.read_text(encoding="utf-8")

    def solution(self) -> str:
        """The source of the reference."""
        return self._solution

    def mended(self) -> str:
        """The program of the debug-it exercise as it should be."""
        return (self.folder / "debug.py").read_text(encoding="utf-8")

    def broken(self) -> str:
        """The program of the debug-it exercise as the learner gets it."""
        return (self.folder / "debug_broken.py").read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The chapter, piece by piece."""
        return tuple(parse(self))

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        """Its exercises in their order."""
        found = [b.exercise for b in self.blocks if b.kind in ("build", "debug")]
        return tuple(exercise for exercise in found if exercise is not None)

    @cached_property
    def hints(self) -> dict[str, Hints]:
        """The hints of each exercise, by its id."""
        return read_hints(self.folder / "hints.md")[0]

    @cached_property
    def seen(self) -> dict[str, str]:
        """Passages that help, by the text on the screen that leads to them."""
        return read_hints(self.folder / "hints.md")[1]

    def starting_file(self, solved: int = 0) -> str:
        """The file that a learner begins with; exercises up to number `solved` are answered."""
        stubs = {
            name: exercise.stub_of(name)
            for exercise in self.exercises
            if not exercise.debug and exercise.number > solved
            for name in exercise.built()
        }
        return (
            f"# Starting file of module {self.number:02d}, made by tito from the chapter "
            f"{self.key} and its {self.file}.py. It is yours.\n"
            + replace_all(self.solution(), stubs)
        )


def home() -> Path:
    """The folder that holds the chapters."""
    if given := os.environ.get("TITO_COURSE"):
        return Path(given)
    installed = Path(__file__).parent / "_course"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "course"


def chapters() -> list[Chapter]:
    """The chapters of the course, by number.

    Raises: TitoError (environment) when there is none or one cannot be read.
    """
    if found := discover(home()):
        return list(found)
    raise TitoError(
        "The course was not found.",
        f"The folder {home()} holds no chapter.",
        "Install tinytorch-course again, or set TITO_COURSE to a folder of chapters.",
    )


@lru_cache(maxsize=4)
def discover(folder: Path) -> tuple[Chapter, ...]:
    """The chapters in `folder`; read once."""
    return tuple(read(file) for file in sorted(folder.glob("[0-9][0-9]_*/chapter.md")))


def split(file: Path) -> tuple[dict[str, str], str]:
    """Front matter and text of a Markdown file."""
    match = re.match(r"---\n(.*?)^---\n", content := file.read_text(encoding="utf-8"), re.S | re.M)
    if match is None:
        raise CourseError(file, "It does not begin with front matter between two lines of ---.")
    pairs = (line.partition(":") for line in match[1].splitlines() if line.strip())
    return {key.strip(): value.strip() for key, _, value in pairs}, content[match.end() :]


def read(file: Path) -> Chapter:
    """The chapter whose chapter.md is `file`."""
    facts, _ = split(file)
    if set(facts) != set(KEYS):
        raise CourseError(file, f"Its front matter has {sorted(facts)}, expected {sorted(KEYS)}.")
    try:
        needs = () if facts["needs"] == "none" else facts["needs"].split(",")
        return Chapter(
            file.parent, int(facts["module"]), facts["title"], facts["file"], facts["tier"],
            int(facts["minutes"]), tuple(int(need) for need in needs), facts["unlocks"],
        )  # fmt: skip
    except ValueError as error:
        raise CourseError(file, f"Its front matter: {error}.") from error


def parse(chapter: Chapter) -> Iterator[Block]:
    """The blocks of a chapter."""
    file, text = chapter.folder / "chapter.md", []
    exercises: dict[str, Exercise] = {}
    lines = iter(chapter.text.splitlines())
    for line in lines:
        match = DIRECTIVE.match(line)
        if match is None:
            text.append(line)
            continue
        kind, argument = match[1], match[2].strip()
        if kind not in KINDS:
            raise CourseError(file, f"It has a directive {kind!r}; there are {', '.join(KINDS)}.")
        if "".join(text).strip():
            yield Block("text", (), {}, "\n".join(text).strip("\n") + "\n")
        text = []
        yield directive(chapter, kind, argument, list(until_end(lines, file, line)), exercises)
    if "".join(text).strip():
        yield Block("text", (), {}, "\n".join(text).strip("\n") + "\n")


def until_end(lines: Iterator[str], file: Path, opened: str) -> Iterator[str]:
    """The lines of a directive up to its closing `:::`."""
    for line in lines:
        if line.rstrip() == ":::":
            return
        yield line
    raise CourseError(file, f"The directive {opened!r} is not closed by a line of three colons.")


def directive(
    chapter: Chapter, kind: str, argument: str, lines: list[str], exercises: dict[str, Exercise]
) -> Block:
    """One directive as a block; a build or debug enters `exercises`."""
    options = {}
    while lines and (match := OPTION.match(lines[0])):
        options[match[1]] = match[2].strip()
        del lines[0]
    body = "\n".join(lines).strip("\n") + "\n"
    file = chapter.folder / "chapter.md"
    if kind in ("given", "build"):
        names = written_out(argument, definitions(chapter.solution()), file)
    else:
        names = tuple(name.strip() for name in argument.split(",") if name.strip())
    if kind not in ("build", "debug"):
        return Block(kind, names, options, body, exercises.get(argument))
    try:
        exercise = Exercise(
            options["exercise"], options["title"], names, int(options["difficulty"]),
            int(options["minutes"]), body.strip(), kind == "debug", chapter,
        )  # fmt: skip
    except (KeyError, ValueError) as error:
        why = f"The directive {kind} {argument} has no usable option {error}."
        raise CourseError(file, why) from error
    if exercise.id != (expected := f"{chapter.number:02d}.{len(exercises) + 1}"):
        raise CourseError(file, f"The exercise {exercise.id} stands where {expected} is expected.")
    exercises[exercise.id] = exercise
    return Block(kind, names, options, body, exercise)


def written_out(argument: str, known: list[Definition], file: Path) -> tuple[str, ...]:
    """Names from "a, b ... d": ranges include every definition of the file between their ends."""
    names = [definition.name for definition in known]
    found: list[str] = []
    for piece in argument.split(","):
        ends = [end.strip() for end in piece.split(" ... ")]
        unknown = [end for end in ends if end not in names]
        if unknown or len(ends) > 2:
            why = f"It names {', '.join(unknown) or piece!r}, which the source does not define."
            raise CourseError(file, why)
        found += names[names.index(ends[0]) : names.index(ends[-1]) + 1]
    return tuple(found)


def read_hints(file: Path) -> tuple[dict[str, Hints], dict[str, str]]:
    """Hints by exercise, and passages by the text that leads to them."""
    hints: dict[str, dict[str, str]] = {}
    seen: dict[str, str] = {}
    if not file.is_file():
        return {}, {}
    for section in re.split(r"^## ", file.read_text(encoding="utf-8"), flags=re.M)[1:]:
        title, _, body = section.partition("\n")
        if title.startswith("when you see:"):
            seen[title.partition(":")[2].strip()] = body.strip()
            continue
        levels = (part.partition("\n") for part in re.split(r"^### ", body, flags=re.M)[1:])
        hints[title.strip()] = {
            level.strip().replace("-", "_"): text.strip() for level, _, text in levels
        }
    try:
        return {exercise: Hints(**levels) for exercise, levels in hints.items()}, seen
    except TypeError as error:
        raise CourseError(file, f"A heading of it is not a level of hints: {error}.") from error


def passages(chapter: Chapter, failure: str) -> list[str]:
    """What the hints say about a text that the learner sees in a failure."""
    return [text for seen, text in chapter.seen.items() if seen.lower() in failure.lower()]


def find_chapter(text: str) -> Chapter:
    """The chapter called `text`: its number, its name, or the beginning of it.

    Raises: TitoError (usage) when none or several fit; a typo gets a suggestion.
    """
    known, wanted = chapters(), text.strip().lower()
    exact = [chapter for chapter in known if wanted in chapter.names]
    fits = exact or [c for c in known if wanted and any(n.startswith(wanted) for n in c.names)]
    if len(fits) == 1:
        return fits[0]
    all_names = [chapter.file for chapter in known]
    close = get_close_matches(wanted, all_names, 1, 0.5)
    raise TitoError(
        f"{text!r} fits several modules." if fits else f"No module is called {text!r}.",
        "It could be " + ", ".join(f"{c.number:02d} {c.file}" for c in fits) + "."
        if fits else f"There are {', '.join(f'{c.number:02d} {c.file}' for c in known)}.",
        f"Did you mean {close[0]!r}?" if close else "Write its number, as in tito read 01.",
        Exit.USAGE,
    )  # fmt: skip


def find_exercise(text: str) -> Exercise:
    """The exercise called `text`: "01.3", "tensor.3", or a definition that it builds.

    Raises: TitoError (usage) when none or several fit; a typo gets a suggestion.
    """
    found = find_exercises(text)
    if len(found) == 1:
        return found[0]
    ids = f"{found[0].id} to {found[-1].id}"
    raise TitoError(
        f"{text!r} is a module, expected an exercise.", f"It has the exercises {ids}.",
        f"Write one of them, as in {found[0].id}.", Exit.USAGE,
    )  # fmt: skip


def find_exercises(text: str) -> list[Exercise]:
    """The exercise called `text`, or all those of the module called so.

    Raises: TitoError (usage) when nothing or several things fit; a typo gets a suggestion.
    """
    head, dot, tail = text.strip().partition(".")
    if dot and tail.isdigit():
        exercises = find_chapter(head).exercises
        if 1 <= int(tail) <= len(exercises):
            return [exercises[int(tail) - 1]]
        raise TitoError(
            f"There is no exercise {text!r}.",
            f"The module has the exercises {exercises[0].id} to {exercises[-1].id}.",
            "See them with tito status.", Exit.USAGE,
        )  # fmt: skip
    try:
        return list(find_chapter(text).exercises)
    except TitoError as not_a_module:
        return [by_definition(text.strip(), not_a_module)]


def by_definition(text: str, not_a_module: TitoError) -> Exercise:
    """The exercise that builds the definition `text`, or one that begins so.

    Raises: TitoError (usage) when none or several do.
    """
    built = [(name, e) for c in chapters() for e in c.exercises for name in e.definitions]
    wanted = text.lower()
    exact = [p for p in built if p[0].lower() == wanted or p[0].lower().endswith("." + wanted)]
    fits = exact or [pair for pair in built if wanted and pair[0].lower().startswith(wanted)]
    if len({exercise.id for _, exercise in fits}) == 1:
        return fits[0][1]
    if fits:
        several = ", ".join(f"{exercise.id} {name}" for name, exercise in fits[:8])
        raise TitoError(
            f"{text!r} fits several exercises.", f"It could be {several}.",
            "Write the number.", Exit.USAGE,
        ) from None  # fmt: skip
    if not any(letter.isalpha() for letter in text):
        raise not_a_module
    names = [*(name for name, _ in built), *(c.file for c in chapters())]
    close = get_close_matches(text, names, 1, 0.5)
    raise TitoError(
        f"No module, exercise or definition is called {text!r}.", "",
        f"Did you mean {close[0]!r}?" if close else not_a_module.way_out, Exit.USAGE,
    ) from None  # fmt: skip
