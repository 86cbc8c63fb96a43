"""Every chapter holds: what `python -m tito.prove` proves, one finding after the other."""

import pytest

from tito.course import chapters
from tito.prove import quickly, versions

CHAPTERS = {chapter.key: chapter for chapter in chapters()}


@pytest.mark.parametrize("key", list(CHAPTERS))
def test_a_chapter_holds(key):
    failed = [finding for finding in quickly(CHAPTERS[key]) if not finding.ok]
    assert not failed, "\n".join(f"{finding.what}: {finding.detail}" for finding in failed)


@pytest.mark.slow
@pytest.mark.parametrize("key", list(CHAPTERS))
def test_every_wrong_version_is_rejected_and_named_and_no_right_one_accused(key, tmp_path):
    failed = [finding for finding in versions(CHAPTERS[key], tmp_path) if not finding.ok]
    assert not failed, "\n".join(f"{finding.what}: {finding.detail}" for finding in failed)


@pytest.mark.parametrize("key", list(CHAPTERS))
def test_a_chapter_has_its_parts(key):
    chapter = CHAPTERS[key]
    kinds = [block.kind for block in chapter.blocks]
    if chapter.number == 0:
        assert 2 <= len(chapter.exercises) <= 4
        return
    built = [exercise for exercise in chapter.exercises if not exercise.debug]
    assert 6 <= len(built) <= 12
    assert kinds.count("debug") == 1
    assert chapter.exercises[-1].debug
    assert kinds.count("predict") >= 2
    assert kinds.count("reflect") == 1
    assert kinds.count("use") >= len(built) // 2
    assert kinds.count("check") == len(chapter.exercises)
    for exercise in chapter.exercises:
        assert 1 <= exercise.difficulty <= 3
        assert 2 <= exercise.minutes <= 30
        assert exercise.steps
    for heading in ("## Use", "## Systems", "## Debug", "## Reflect", "## What now works"):
        assert heading in chapter.text, f"{key} has no section {heading!r}"
