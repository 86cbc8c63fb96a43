"""Tokenization: nothing is lost, the fast way is the slow way, and others agree on the tokens."""

import itertools
import json
import os
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinytorch.core import tokenization
from tinytorch.core.tensor import Tensor, tensor
from tinytorch.core.tokenization import (
    BYTES,
    PATTERN,
    BPETokenizer,
    Chain,
    CharTokenizer,
    best_pair,
    count_pairs,
    encode_piece,
    merge_pair,
    pretokenize,
    replay,
    sequence_lengths,
    train_fast,
    train_naive,
    word_counts,
)

STORY = """The keeper of the lighthouse kept a book of ships. Every ship that passed the lighthouse
was written into the book: its name, its sails, and whether the keeper's lamp had been seen.

"And if it's foggy?" asked the keeper's daughter. "Then nobody sees anything," said the keeper,
"and we write: 'Fog. Nobody saw anything.' That's the honest thing to write; 17 days of 365 it's
what we've written."   The daughter took the book (it was heavy) and read: Fog. Fog. Ships!
"""

HARD = (
    "naïve café — 東京タワー 👩‍👩‍👧 e\u0301 हिन्दी ١٢٣ ½² \x00\x1c\u2003\u00a0 snake_case  \r\n\t x"
)

TRAINED = BPETokenizer.train(STORY * 2 + HARD * 2, 400, special_tokens=["<|end|>", "<|user|>"])

anything = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
"""Any text: every character but surrogates, which are none."""

small_bytes = st.binary(min_size=1, max_size=12).map(lambda b: bytes(97 + value % 3 for value in b))
"""Pieces of the letters a, b and c, so that runs, ties and overlaps are common."""

piece_counts = st.dictionaries(small_bytes, st.integers(1, 5), max_size=12)


# ---------------------------------------------------------------------------- words, characters


def test_words_come_by_count_and_then_by_the_alphabet():
    counts = word_counts("b a c b, a! d don't don't_ 42 été été été")
    assert list(counts.items()) == [
        ("été", 3), ("a", 2), ("b", 2), ("42", 1), ("c", 1), ("d", 1), ("don't", 1), ("don't_", 1),
    ]  # fmt: skip


def test_words_of_nothing_are_none():
    assert word_counts("... !?") == {}


@given(anything)
def test_characters_come_back(text):
    tokenizer = CharTokenizer(text)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.vocab_size == len(set(text))
    assert all(type(i) is int for i in ids)


def test_a_character_tokenizer_is_made_again_from_its_vocabulary():
    tokenizer = CharTokenizer("the same characters")
    again = CharTokenizer(tokenizer.vocab)
    assert again.vocab == tokenizer.vocab
    assert again.encode("the chart") == tokenizer.encode("the chart")


def test_an_unknown_character_is_named_with_its_place():
    with pytest.raises(ValueError, match=r"'z' at place 2 is not among the 3"):
        CharTokenizer("abc").encode("abz")


TOKENIZERS = [CharTokenizer("abcdefgh"), TRAINED]


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_ids_may_be_a_list_an_array_or_a_tensor(tokenizer):
    ids = [1, 0, 3]
    assert tokenizer.decode(np.array(ids)) == tokenizer.decode(ids)
    assert tokenizer.decode(tensor(ids)) == tokenizer.decode(ids)
    assert tokenizer.decode(iter(ids)) == tokenizer.decode(ids)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("bad", [-1, 10**6])
def test_an_id_out_of_range_is_named(tokenizer, bad):
    message = rf"the id {bad} at place 1 is not .* 0 to {tokenizer.vocab_size - 1}"
    with pytest.raises(IndexError, match=message):
        tokenizer.decode([0, bad])


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("bad", [Tensor([[1.0]]), [0.5], [[1, 2]], ["a"]])
def test_what_is_no_sequence_of_whole_numbers_is_refused(tokenizer, bad):
    with pytest.raises(TypeError, match="expected whole numbers in one dimension"):
        tokenizer.decode(bad)


# ------------------------------------------------------------------------------------- pieces


@given(anything)
@example(HARD)
def test_the_pieces_are_the_text(text):
    assert b"".join(pretokenize(text)) == text.encode("utf-8")
    assert all(pretokenize(text))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("the cat", ["the", " cat"]),
        ("I'm here, aren't you'll?", ["I", "'m", " here", ",", " aren", "'t", " you", "'ll", "?"]),
        ("a  b   c", ["a", " ", " b", "  ", " c"]),
        ("end.\n\n\tnext", ["end", ".", "\n\n", "\t", "next"]),
        ("tail   ", ["tail", "   "]),
        ("x1 23y", ["x", "1", " 23", "y"]),
        ("snake_case", ["snake", "_", "case"]),
        ("東京 москва", ["東京", " москва"]),
        ("?!... (yes)", ["?!...", " (", "yes", ")"]),
        ("", []),
    ],
)
def test_where_text_is_cut(text, pieces):
    assert pretokenize(text) == [piece.encode() for piece in pieces]


@pytest.mark.parametrize("character", ["a", "!", " ", "\n", "7", "_", "é", "\x00"])
def test_a_megabyte_of_one_kind_is_cut_without_trouble(character):
    assert sum(map(len, pretokenize(character * 10**6))) == len((character * 10**6).encode())


# -------------------------------------------------------------------------- counts and merges


@given(small_bytes.map(list))
def test_a_pair_counts_as_often_as_it_can_be_merged(ids):
    counts = count_pairs(ids)
    assert set(counts) == set(itertools.pairwise(ids))
    for pair, times in counts.items():
        assert times == len(ids) - len(merge_pair(ids, pair, BYTES))


@pytest.mark.parametrize(("length", "times"), [(2, 1), (3, 1), (4, 2), (5, 2), (6, 3)])
def test_overlapping_pairs_count_once(length, times):
    assert count_pairs([7] * length) == {(7, 7): times}


@given(small_bytes, st.integers(97, 99), st.integers(97, 99))
def test_merging_is_replacing_from_left_to_right(piece, left, right):
    text = piece.decode().replace(chr(left) + chr(right), "X")
    assert bytes(merge_pair(list(piece), (left, right), ord("X"))).decode() == text


def test_merging_leaves_its_input_alone():
    ids = [1, 2, 3]
    assert merge_pair(ids, (1, 2), 256) == [256, 3]
    assert ids == [1, 2, 3]


def test_equal_counts_are_decided_by_the_smaller_ids():
    assert best_pair({(5, 1): 3, (2, 9): 3, (2, 4): 3, (1, 1): 2}) == (2, 4)
    assert best_pair({(2, 4): 3, (2, 9): 3, (5, 1): 3}) == (2, 4)


def test_a_pair_that_occurs_once_is_not_worth_a_token():
    assert best_pair({(1, 2): 1}) is None
    assert best_pair({}) is None
    assert train_naive({b"abc": 1}, 5) == train_fast({b"abc": 1}, 5) == []
    assert train_naive({b"ab": 2}, 5) == train_fast({b"ab": 2}, 5) == [(97, 98)]


@given(piece_counts, st.integers(0, 30))
@settings(max_examples=150)
@example({b"aaaa": 1, b"aaa": 2, b"aaaaaaa": 1}, 30)
@example({b"xaaa": 3, b"xa": 9, b"aaa": 2}, 30)
@example({b"abababab": 2, b"bababa": 3}, 30)
def test_the_fast_trainer_learns_what_the_slow_one_learns(pieces, num_merges):
    assert train_fast(pieces, num_merges) == train_naive(pieces, num_merges)


def test_both_trainers_agree_on_a_text():
    pieces = Counter(pretokenize(STORY * 3 + HARD))
    assert train_fast(pieces, 300) == train_naive(pieces, 300)


@given(piece_counts, st.randoms())
def test_the_order_of_the_text_does_not_decide(pieces, shuffler):
    items = list(pieces.items())
    shuffler.shuffle(items)
    assert train_fast(dict(items), 20) == train_fast(pieces, 20)
    assert train_naive(dict(items), 20) == train_naive(pieces, 20)


def test_a_shorter_training_is_the_beginning_of_a_longer_one():
    assert BPETokenizer.train(STORY, 300).merges == BPETokenizer.train(STORY, 350).merges[:44]


@given(small_bytes)
def test_a_chain_joins_as_merging_does(piece):
    chain = Chain([piece])
    for new, pair in enumerate([(97, 98), (256, 97), (97, 97)], BYTES):
        before = [token for token in chain.ids if token >= 0]
        places = [place for found, place in chain.pairs() if found == pair]
        chain.join_all(chain.apart(places), new)
        after = [token for token in chain.ids if token >= 0]
        assert after == merge_pair(before, pair, new)


# ----------------------------------------------------------------------------------- encoding


@given(small_bytes, piece_counts)
@settings(max_examples=80)
@example(b"aaaaaaaaaaa", {b"aaaa": 2, b"aaaaaaa": 3})
def test_encoding_is_training_once_more(piece, pieces):
    merges = train_fast(pieces, 20)
    assert encode_piece(piece, BPETokenizer(merges).ranks) == replay(piece, merges)


@given(small_bytes, st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8))
def test_encoding_agrees_for_merges_that_nobody_learned(piece, drawn):
    merges = []
    for pair in drawn:  # small numbers are the letters a, b, c, and the tokens made so far
        ids = tuple(97 + i if i < 3 else BYTES + i - 3 for i in pair)
        if max(ids) < BYTES + len(merges) and ids not in merges:
            merges.append(ids)
    assert encode_piece(piece, BPETokenizer(merges).ranks) == replay(piece, merges)


@pytest.mark.parametrize("tokenizer", [BPETokenizer(), TRAINED], ids=["bytes", "trained"])
@given(text=anything)
@example(text=HARD)
@example(text="<|end|>")
@example(text="\ufffd\ufeff\U0010ffff\x00")
@settings(max_examples=80)
def test_any_text_comes_back(tokenizer, text):
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids, errors="strict") == text
    assert all(type(i) is int and 0 <= i < tokenizer.vocab_size for i in ids)
    assert tokenizer.decode(tokenizer.encode(text, allowed_special="all")) == text


@given(st.binary(max_size=60))
@example(b"caf\xc3")
@example(b"\xed\xa0\x80 \xff\xfe half a surrogate")
@settings(max_examples=80)
def test_any_bytes_come_back(data):
    assert TRAINED.decode_bytes(TRAINED.encode_bytes(data)) == data
    assert TRAINED.decode_bytes(list(data)) == data


@given(anything)
def test_the_bytes_of_a_text_have_its_tokens(text):
    assert TRAINED.encode_bytes(text.encode("utf-8")) == TRAINED.encode(text)


@given(st.lists(st.integers(0, TRAINED.vocab_size - 1), max_size=20))
def test_any_ids_have_bytes_and_a_text(ids):
    data = TRAINED.decode_bytes(ids)
    assert data == b"".join(TRAINED.vocab[i] for i in ids)
    assert TRAINED.decode(ids) == data.decode("utf-8", "replace")


def test_a_character_may_be_spread_over_tokens():
    ids = BPETokenizer().encode("é👍")
    assert len(ids) == 6
    assert BPETokenizer().decode(ids) == "é👍"
    assert BPETokenizer().decode(ids[:1]) == "\ufffd"
    with pytest.raises(UnicodeDecodeError):
        BPETokenizer().decode(ids[:1], errors="strict")


@pytest.mark.parametrize("code", [0xD800, 0xDC80, 0xDFFF])
def test_half_a_surrogate_pair_is_refused_with_its_place(code):
    for refuse in (TRAINED.encode, lambda text: BPETokenizer.train(text, 300)):
        with pytest.raises(ValueError, match=rf"u{code:x}' at place 2, half of a surrogate"):
            refuse("ab" + chr(code))


@pytest.mark.parametrize("bad", [b"bytes", None, ["list"]])
def test_what_is_no_text_is_refused(bad):
    with pytest.raises(TypeError, match="expected text, a str, and got"):
        TRAINED.encode(bad)


def test_what_is_remembered_is_not_handed_out():
    tokenizer = BPETokenizer.train(STORY, 300)
    first = tokenizer.encode("lighthouse")
    copy = list(first)
    first.append(-5)
    assert tokenizer.encode("lighthouse") == copy


def test_memory_of_pieces_is_bounded(monkeypatch):
    monkeypatch.setattr(tokenization, "REMEMBERED", 3)
    tokenizer = BPETokenizer.train(STORY, 300)
    assert tokenizer.decode(tokenizer.encode(STORY)) == STORY
    assert len(tokenizer.known) == 3


# -------------------------------------------------------------------------------- the tokenizer


def test_ids_are_bytes_then_merges_then_special_tokens():
    tokenizer = BPETokenizer([(97, 98), (256, 99)], ["<|end|>"])
    assert tokenizer.vocab[:256] == [bytes([i]) for i in range(256)]
    assert tokenizer.vocab[256:] == [b"ab", b"abc", b"<|end|>"]
    assert tokenizer.special_tokens == {"<|end|>": 258}
    assert tokenizer.vocab_size == 259
    assert repr(tokenizer) == "BPETokenizer(256 bytes, 2 merges, 1 special tokens)"


def test_the_vocabulary_has_the_size_that_was_asked_for():
    assert BPETokenizer.train(STORY, 300, ["<|end|>"]).vocab_size == 300
    assert len(BPETokenizer.train(STORY, 300, ["<|end|>"]).merges) == 43
    assert BPETokenizer.train("ab ab", 5000).vocab_size == 257
    assert BPETokenizer.train("", 256).merges == []


def test_a_vocabulary_below_the_bytes_is_refused():
    with pytest.raises(ValueError, match="got vocab_size=256, expected at least 257"):
        BPETokenizer.train(STORY, 256, ["<|end|>"])


def test_special_tokens_are_special_only_when_allowed():
    end, user = TRAINED.special_tokens["<|end|>"], TRAINED.special_tokens["<|user|>"]
    text = "<|user|>hi<|end|>"
    assert TRAINED.encode(text, allowed_special="all") == [user, *TRAINED.encode("hi"), end]
    assert TRAINED.encode(text, allowed_special={"<|end|>"})[-1] == end
    assert user not in TRAINED.encode(text, allowed_special={"<|end|>"})
    assert not {end, user} & set(TRAINED.encode(text))
    assert TRAINED.decode([user, end]) == "<|user|><|end|>"


def test_of_special_tokens_that_begin_alike_the_longer_one_is_found():
    tokenizer = BPETokenizer(special_tokens=["<a", "<a>"])
    assert tokenizer.encode("<a><a", allowed_special="all") == [257, 256]


def test_special_tokens_are_taken_literally():
    tokenizer = BPETokenizer(special_tokens=["(.*)"])
    assert tokenizer.encode("x(.*)", allowed_special="all") == [120, 256]


def test_nothing_is_learned_from_special_tokens():
    tokenizer = BPETokenizer.train("ab<|end|>" * 50, 300, ["<|end|>"])
    assert tokenizer.merges == [(97, 98)]


def test_an_unknown_special_token_is_named():
    with pytest.raises(ValueError, match=r"allowed_special has '<\|nope\|>', expected 'all' or"):
        TRAINED.encode("x", allowed_special=["<|nope|>"])


@pytest.mark.parametrize(
    ("special", "error"),
    [([""], ValueError), (["a", "a"], ValueError), ("<|end|>", TypeError), (["\ud800"], ValueError),
     ([3], TypeError)],
)  # fmt: skip
def test_special_tokens_that_cannot_be_are_refused(special, error):
    with pytest.raises(error):
        BPETokenizer([], special)


@pytest.mark.parametrize(
    ("merges", "words"),
    [
        ([(256, 97)], r"merge number 0 is \(256, 97\), expected two ids from 0 to 255"),
        ([(97, -1)], "merge number 0"),
        ([(97, 98), (97, 98, 99)], "merge number 1"),
        ([(97, 98), 5], "merge number 1 is 5"),
        ([(97.0, 98)], "merge number 0"),
        ([(97, 98), (98, 99), (97, 98)], r"\(97, 98\) stands there twice"),
        ([(97, 97), *((i, i) for i in range(256, 9_000))], "brings the vocabulary to"),
    ],
)
def test_merges_that_cannot_be_are_refused(merges, words):
    with pytest.raises(ValueError, match=words):
        BPETokenizer(merges)


def test_sequence_lengths_are_those_of_smaller_trainings():
    tokenizer = BPETokenizer.train(STORY, 320)
    lengths = sequence_lengths(tokenizer, STORY, [256, 280, 320])
    assert lengths[256] == len(STORY.encode("utf-8"))
    assert lengths[280] == len(BPETokenizer.train(STORY, 280).encode(STORY))
    assert lengths[256] > lengths[280] > lengths[320]


# --------------------------------------------------------------------------------------- files


def test_a_saved_tokenizer_comes_back(tmp_path):
    path = tmp_path / "words.json"
    TRAINED.save(path)
    again = BPETokenizer.load(path)
    assert again.merges == TRAINED.merges
    assert again.special_tokens == TRAINED.special_tokens
    assert again.vocab == TRAINED.vocab
    assert again.encode(HARD) == TRAINED.encode(HARD)
    assert list(json.loads(path.read_text())) == ["format", "pattern", "special_tokens", "merges"]


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "words.json"
    BPETokenizer([(97, 98)]).save(path)

    def full(*names):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="what it held before is still there"):
        TRAINED.save(path)
    assert BPETokenizer.load(path).merges == [(97, 98)]
    assert os.listdir(tmp_path) == ["words.json"]


GOOD = {"format": tokenization.FORMAT, "pattern": PATTERN, "special_tokens": [], "merges": []}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no tokenizer"),
        (b"\xff\xfe\x00", "is no tokenizer"),
        (b"[1, 2]", "is no tokenizer"),
        (b"[" * 100_000, "is no tokenizer"),
        (json.dumps(GOOD).encode()[:-9], "is no tokenizer"),
        ({**GOOD, "format": "another"}, "is no tokenizer"),
        ({**GOOD, "pattern": r"\w+"}, "cuts text by the pattern"),
        ({**GOOD, "merges": {"a": "b"}}, "has no list of merges"),
        ({**GOOD, "special_tokens": None}, "has no list of special_tokens"),
        ({**GOOD, "merges": [[97, 98], [300, 2]]}, "merge number 1"),
        ({**GOOD, "merges": [["a", "b"]]}, "merge number 0"),
        ({**GOOD, "merges": [[True, 98]]}, "merge number 0"),
        ({**GOOD, "special_tokens": ["x", "x"]}, "each once"),
        ({**GOOD, "special_tokens": [7]}, "expected text"),
    ],
)
def test_a_bad_file_is_refused_in_words(tmp_path, content, words):
    path = tmp_path / "bad.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(ValueError, match=words) as error:
        BPETokenizer.load(path)
    assert str(path) in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.json"):
        BPETokenizer.load(tmp_path / "nowhere.json")


# ------------------------------------------------------------------------------ counts of work


@pytest.fixture
def looks(monkeypatch):
    """A function that runs a call and says how often a chain was looked at meanwhile."""
    calls = [0]
    pair = Chain.pair

    def counted(self, place):
        calls[0] += 1
        return pair(self, place)

    monkeypatch.setattr(Chain, "pair", counted)

    def work(call, *arguments):
        calls[0] = 0
        call(*arguments)
        return calls[0]

    return work


def letters(size):
    """Text without spaces."""
    return "".join(random.Random(0).choices("acgt", k=size))


@pytest.mark.parametrize(
    "make", [letters, lambda n: "a" * n, lambda n: "ab" * (n // 2)], ids=["letters", "a", "ab"]
)
def test_work_does_not_grow_with_the_square_of_a_long_word(looks, make):
    tokenizer = BPETokenizer.train(make(2_000), 300)
    short, long = make(5_000), make(20_000)
    assert looks(tokenizer.encode, long) < 5 * looks(BPETokenizer(tokenizer.merges).encode, short)
    trained = [looks(BPETokenizer.train, text, 400) for text in (short, long)]
    assert trained[1] < 5 * trained[0]
    assert trained[1] < 20 * len(long)


def test_more_merges_cost_little_more(looks):
    text = letters(20_000)
    few, many = (
        looks(BPETokenizer.train, text, 256 + 50),
        looks(BPETokenizer.train, text, 256 + 500),
    )
    assert many < 2 * few


def test_a_repeated_text_is_encoded_from_memory(looks):
    tokenizer = BPETokenizer.train(STORY, 300)
    assert looks(tokenizer.encode, STORY) > 0
    assert looks(tokenizer.encode, STORY * 20) == 0


def test_training_work_grows_slower_than_a_text_of_words(looks):
    rng = random.Random(1)
    words = ["".join(rng.choices("etaoinsh", k=rng.randint(2, 9))) for _ in range(2_000)]
    chances = [1 / rank for rank in range(1, len(words) + 1)]  # as words in a language
    text = " ".join(rng.choices(words, chances, k=40_000))
    quarter = looks(BPETokenizer.train, text[: len(text) // 4], 756)
    assert looks(BPETokenizer.train, text, 756) < 4 * quarter


# ------------------------------------------------------------------------------- trusted judges

LETTERS = r"[\p{L}\p{Nl}\p{No}]"
SPACES = r"\s\x1c-\x1f"
PORTABLE = (
    rf"'(?:[sdmt]|ll|re|ve)| ?{LETTERS}+| ?\p{{Nd}}+| ?[^{SPACES}\p{{L}}\p{{N}}]+"
    rf"|[{SPACES}]+(?![^{SPACES}])|[{SPACES}]+"
)
"""PATTERN in the words of engines that know Unicode's categories: Python's letters take in ² and Ⅷ,
and its whitespace the four separators below U+0020."""

assigned = st.text(st.characters(exclude_categories=("Cs", "Cn")), max_size=40)
"""Characters that this Python's Unicode knows; other engines' tables may be newer."""


@pytest.fixture(scope="module")
def by_tiktoken():
    tiktoken = pytest.importorskip("tiktoken", reason="tiktoken judges the tokens; not installed")
    ordinary = TRAINED.vocab[: BYTES + len(TRAINED.merges)]
    assert len(set(ordinary)) == len(ordinary)
    return tiktoken.Encoding(
        "ours",
        pat_str=PORTABLE,
        mergeable_ranks={token: i for i, token in enumerate(ordinary)},
        special_tokens=TRAINED.special_tokens,
    )


@pytest.fixture(scope="module")
def by_tokenizers():
    tokenizers = pytest.importorskip("tokenizers", reason="Hugging Face's tokens; not installed")
    sign = byte_signs()
    names = ["".join(sign[b] for b in token) for token in TRAINED.vocab]
    merges = [(names[left], names[right]) for left, right in TRAINED.merges]
    ordinary = {name: i for i, name in enumerate(names[: BYTES + len(merges)])}
    judge = tokenizers.Tokenizer(tokenizers.models.BPE(ordinary, merges))
    judge.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [
            tokenizers.pre_tokenizers.Split(tokenizers.Regex(PORTABLE), "isolated"),
            tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    judge.decoder = tokenizers.decoders.ByteLevel()
    return judge


def byte_signs():
    """The sign that GPT-2's vocabulary files write for each byte."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return {b: chr(b) for b in visible} | {b: chr(256 + i) for i, b in enumerate(hidden)}


TEXTS = [
    STORY,
    HARD,
    "",
    " ",
    "'s 's'S",
    "x" * 300,
    "a  b\n\n  c \t",
    "été's naïve_ ١٢٣",
    "aaa" * 50,
]


@pytest.mark.parametrize("text", TEXTS)
def test_tiktoken_gives_the_same_tokens(by_tiktoken, text):
    assert TRAINED.encode(text) == by_tiktoken.encode_ordinary(text)
    assert TRAINED.decode(TRAINED.encode(text)) == by_tiktoken.decode(TRAINED.encode(text))


@given(text=assigned)
@settings(max_examples=100)
def test_tiktoken_gives_the_same_tokens_for_any_text(by_tiktoken, text):
    assert TRAINED.encode(text) == by_tiktoken.encode_ordinary(text)


def test_tiktoken_gives_the_same_special_tokens(by_tiktoken):
    text = "<|user|>Is it foggy?<|end|> <|end|"
    for allowed in ("all", {"<|end|>"}):
        theirs = by_tiktoken.encode(text, allowed_special=allowed, disallowed_special=())
        assert TRAINED.encode(text, allowed_special=allowed) == theirs


@given(st.binary(max_size=40))
def test_tiktoken_gives_the_same_text_for_any_bytes(by_tiktoken, data):
    ids = TRAINED.encode_bytes(data)
    assert by_tiktoken.decode_bytes(ids) == data
    assert by_tiktoken.decode(ids) == TRAINED.decode(ids)


@pytest.mark.parametrize("text", TEXTS)
def test_tokenizers_gives_the_same_tokens(by_tokenizers, text):
    assert TRAINED.encode(text) == by_tokenizers.encode(text).ids
    assert by_tokenizers.decode(TRAINED.encode(text)) == text


@given(text=assigned)
@settings(max_examples=100)
def test_tokenizers_gives_the_same_tokens_for_any_text(by_tokenizers, text):
    assert TRAINED.encode(text) == by_tokenizers.encode(text).ids


def test_tokenizers_learns_the_same_merges():
    """On words of letters, whose bytes have the same order there, so that ties fall alike."""
    tokenizers = pytest.importorskip("tokenizers", reason="Hugging Face's training; not installed")
    rng = random.Random(2)
    words = ["".join(rng.choices("abcdefgh", k=rng.randint(1, 9))) for _ in range(3_000)]
    words = [w for w in words if all(c * 2 not in w for c in "abcdefgh")]  # runs count differently
    judge = tokenizers.Tokenizer(tokenizers.models.BPE())
    judge.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=8 + 60, min_frequency=2, show_progress=False, initial_alphabet=list("abcdefgh")
    )
    judge.train_from_iterator(words, trainer)
    theirs = [tuple(pair) for pair in json.loads(judge.to_str())["model"]["merges"]]
    merges = train_fast(Counter(word.encode() for word in words), 60)
    vocab = BPETokenizer(merges).vocab
    assert [(vocab[a].decode(), vocab[b].decode()) for a, b in merges] == theirs
