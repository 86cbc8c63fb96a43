"""The texts that come with the package: whole, plain, and split as the loaders say."""

import re

import pytest

from tinytorch.datasets import DATASETS, load_corpus, load_questions
from tinytorch.datasets.embedded import EMBEDDED

KINDS = {"chat": 30, "fact": 6, "capital": 28, "sum": 64}


def test_the_files_are_the_ones_with_the_digests_and_the_readme_has_them():
    checks = DATASETS["texts"].verify()
    assert [check.status for check in checks] == ["ok", "ok"]
    readme = (EMBEDDED / "README.md").read_text(encoding="utf-8")
    for file in DATASETS["texts"].files:
        assert file.sha256 in readme
        assert (EMBEDDED / file.name).stat().st_size == file.size
    assert DATASETS["texts"].fetch() == EMBEDDED


def test_the_corpus_is_plain_text_of_a_useful_size():
    text = load_corpus()
    assert 25_000 < len(text) < 40_000
    assert set(text) <= set(map(chr, range(32, 127))) | {"\n"}
    assert text.endswith("rivers do.\n")
    assert not re.search(r" \n|  |\n\n\n", text)
    assert len(re.findall(r"(?m)^[A-Z' ]+$", text)) == 20  # the titles


def test_the_last_tenth_of_the_corpus_has_no_character_that_the_rest_does_not_have():
    text = load_corpus()
    cut = len(text) * 9 // 10
    assert set(text[cut:]) <= set(text[:cut])


def test_the_questions_are_of_four_kinds_and_none_is_asked_twice():
    questions = load_questions(train=None)
    kinds = [question.kind for question in questions]
    assert {kind: kinds.count(kind) for kind in KINDS} == KINDS
    assert len({question.question for question in questions}) == len(questions)
    for question in questions:
        line = question.question + question.answer
        assert line.isascii()
        assert line.isprintable()
        assert len(line) <= 64


def test_only_sums_are_held_out_and_each_number_in_them_was_seen():
    learnt, held = load_questions(), load_questions(train=False)
    assert (len(learnt), len(held)) == (112, 16)
    assert {question.kind for question in held} == {"sum"}
    assert sorted(learnt + held) == sorted(load_questions(train=None))
    answers = {question.answer for question in learnt}
    assert {question.answer for question in held} <= answers


@pytest.mark.parametrize("question", [q for q in load_questions(train=None) if q.kind == "sum"])
def test_every_sum_is_right(question):
    a, b = re.fullmatch(r"What is (\d) plus (\d)\?", question.question).groups()
    assert question.answer == f"{int(a) + int(b)}."
