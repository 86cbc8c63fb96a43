"""What learners read in a terminal of 80 columns stays unbroken: diagrams, code and tables."""

from collections.abc import Iterator

import pytest

from tito.course import chapters

WIDEST = 76
TEXTS = {
    f"{chapter.key}/{name}": chapter.folder / name
    for chapter in chapters()
    for name in ("chapter.md", "hints.md")
}


def unwrapped(text: str) -> Iterator[tuple[int, str]]:
    """The lines that a terminal shows as they are, with their numbers; `use` blocks left out.

    What runs in a `use` block may print long lines, and code that prints them may be long.
    """
    fenced = used = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(":::"):
            used = line.startswith(":::{use}")
        fence = line.lstrip().startswith("```")
        fenced ^= fence
        if not used and not fence and (fenced or line.startswith(("    ", "|"))):
            yield number, line


@pytest.mark.parametrize("name", list(TEXTS))
def test_diagrams_code_and_tables_fit_a_terminal_of_80_columns(name):
    text = TEXTS[name].read_text(encoding="utf-8")
    wide = [
        f"{name}:{number} has {len(line)} columns: {line.strip()}"
        for number, line in unwrapped(text)
        if len(line) > WIDEST
    ]
    assert not wide, f"expected at most {WIDEST} columns:\n" + "\n".join(wide)


def test_a_long_line_is_seen_in_every_kind_of_text_that_is_not_filled_again():
    long = "x" * 90
    filled = [long, "", f"- {long}", ""]
    kept = ["```text", long, "```", "", f"    {long}", "", f"| {long} |", ""]
    used = [":::{use}", "```python", long, "```", ":::"]
    found = unwrapped("\n".join([*filled, *used, *kept]))
    assert [line.strip("| ") for _, line in found] == [long] * 3
