"""The checks of module 10: what each exercise claims, on a hand-worked example and fresh inputs."""

from collections import Counter

import numpy as np

from tito.expect import check, expect, raises, rng


def letters(size: int, kinds: str = "abc") -> bytes:
    """New at each run: a piece of a few kinds of letters, so that ties and runs are common."""
    return "".join(rng().choice(list(kinds), size)).encode()


def some_pieces(number: int = 6, size: int = 8) -> dict[bytes, int]:
    """New at each run: pieces, and how often each occurs."""
    return {letters(int(rng().integers(2, size))): int(rng().integers(1, 4)) for _ in range(number)}


def pair_counts(ids: list[int]) -> Counter:
    """By another way than the chapter's: a run of n equal ids has n // 2 pairs to merge."""
    counts: Counter = Counter()
    start = 0
    for i in range(1, len(ids) + 1):
        if i == len(ids) or ids[i] != ids[start]:
            if i - start > 1:
                counts[ids[start], ids[start]] += (i - start) // 2
            if i < len(ids):
                counts[ids[i - 1], ids[i]] += 1
            start = i
    return counts


def merged(ids: list[int], pair: tuple[int, int], new: int) -> list[int]:
    """`pair` replaced by `new`, as text is replaced."""
    text = "".join(map(chr, ids)).replace(chr(pair[0]) + chr(pair[1]), chr(new))
    return [ord(character) for character in text]


def learned(pieces: dict[bytes, int], number: int) -> list[tuple[int, int]]:
    """The merges of these pieces."""
    rows = [(list(piece), times) for piece, times in pieces.items()]
    merges: list[tuple[int, int]] = []
    while len(merges) < number:
        counts: Counter = Counter()
        for ids, times in rows:
            for pair, n in pair_counts(ids).items():
                counts[pair] += n * times
        best = sorted(counts, key=lambda pair: (-counts[pair], pair))[:1]
        if not best or counts[best[0]] < 2:
            break
        rows = [(merged(ids, best[0], 256 + len(merges)), times) for ids, times in rows]
        merges += best
    return merges


def tokens_of(piece: bytes, merges: list[tuple[int, int]]) -> list[int]:
    """The tokens of a piece by these merges."""
    ids = list(piece)
    for new, pair in enumerate(merges, 256):
        ids = merged(ids, pair, new)
    return ids


# ----------------------------------------------------------------------------- 10.1 word_counts


@check("10.1")
def test_the_words_of_the_chapter():
    """The example of the chapter, with the order of its words."""
    expect(
        "word_counts(text)",
        {"cat": 2, "the": 2, "a": 1, "don't": 1, "hat": 1},
        text="the cat, the hat, a cat: don't!",
        ask="Which words occur twice, and which of them has sorted() first?",
    )


@check("10.1")
def test_what_is_a_word():
    """Digits, underscores and letters of all scripts; capitals stay; other signs are no words."""
    expect(
        "word_counts(text)",
        {"The": 1, "b_2": 1, "the": 1, "été": 1, "東京": 1},
        text="The été: the 東京 ... b_2 -- !?",
        ask="Does your code change the words it counts, or count signs that are none?",
    )


@check("10.1")
def test_an_apostrophe_belongs_inside():
    """Quotation marks around a word are not a part of it."""
    expect(
        "word_counts(text)",
        {"isn't": 2, "it": 1, "word": 1},
        text="'word' isn't it? isn't",
        ask="Which pattern has the chapter for a word?",
    )


@check("10.1")
def test_words_by_their_counts():
    """Fresh words, each as often as drawn, shuffled."""
    words = ["w" + str(i) for i in range(8)]
    times = rng().integers(1, 4, len(words))
    text = rng().permutation(np.repeat(words, times))
    expected = sorted(zip(words, times.tolist(), strict=True), key=lambda item: (-item[1], item[0]))
    expect(
        "word_counts(text)",
        dict(expected),
        text=" ".join(text),
        ask="By what are the words sorted first, and by what where that is equal?",
    )


@check("10.1")
def test_no_words_at_all():
    """A text without words has an empty dict."""
    expect("dict(word_counts(text))", {}, text=" ... ", ask="What is there to count?")


# -------------------------------------------------------------------------- 10.2 CharTokenizer


@check("10.2")
def test_the_characters_are_numbered_in_order():
    """The example of the chapter."""
    expect(
        'tokenizer = CharTokenizer("hello world")\n'
        '(tokenizer.vocab, tokenizer.vocab_size, tokenizer.encode("hold"))',
        ([" ", "d", "e", "h", "l", "o", "r", "w"], 8, [3, 5, 4, 1]),
        ask="Which characters does the text have, each once, in the order of sorted()?",
    )
    expect(
        'CharTokenizer("hello world").decode([3, 5, 4, 1])',
        "hold",
        ask="Which character has the id 3?",
    )


@check("10.2")
def test_any_text_of_these_characters_comes_back():
    """Encoded and decoded, a fresh text is the same."""
    text = "".join(rng().choice(list("aé東 \n👍z"), 12))
    expect(
        "tokenizer = CharTokenizer(text)\ntokenizer.decode(tokenizer.encode(text))",
        text,
        text=text,
        ask="Is decode the way back of encode, for each character?",
    )


@check("10.2")
def test_the_text_of_the_training_decides():
    """The ids are those of the training text, whatever is encoded."""
    text = "".join(rng().permutation(list("bcdfgh")))
    expect(
        "CharTokenizer(vocabulary).encode(text)",
        ["abcdefgh".index(character) for character in text],
        vocabulary="hgfedcba",
        text=text,
        ask="Does encode number the characters anew?",
    )


@check("10.2")
def test_an_unknown_character_is_named():
    """A ValueError says which character it is, and where."""
    raises(
        "CharTokenizer('abc').encode(text)",
        ValueError,
        mentions=("z", "2"),
        text="abz",
        ask="What should a user be told who has typed a character that has no number?",
    )


@check("10.2")
def test_ids_from_a_tensor_and_ids_that_do_not_exist():
    """decode takes a Tensor, and refuses -1 and ids that are too large."""
    expect(
        "CharTokenizer('abc').decode(tensor(ids))",
        "ca",
        ids=[2, 0],
        ask="id_list makes a list of ids, of whatever came.",
    )
    for bad in (-1, 3):
        raises(
            "CharTokenizer('abc').decode(ids)",
            IndexError,
            mentions=(str(bad),),
            ids=[0, bad],
            ask="Did id_list look at the ids, with the size of the vocabulary?",
        )


# ---------------------------------------------------------------------------- 10.3 pretokenize


@check("10.3")
def test_the_pieces_of_the_chapter():
    """The example of the chapter, with the space in front of its word."""
    expect(
        "pretokenize(text)",
        [b"I", b"'m", b" 42", b",", b" ", b" caf\xc3\xa9"],
        text="I'm 42,  café",
        ask="To which piece does a space belong? And what are the bytes of é?",
    )


@check("10.3")
def test_nothing_is_lost():
    """The pieces, one after the other, are the text, with all spaces and ends of lines."""
    text = "".join(
        rng().choice(["a", "Z", " ", "  ", "\n", "\t", "7", "!", "_", "é", "東", "'s"], 30)
    )
    expect(
        "b''.join(pretokenize(text)) == text.encode()",
        True,
        text=text,
        ask="Which characters of the text are in none of your pieces?",
    )


@check("10.3")
def test_pieces_are_bytes_and_not_empty():
    """A list of bytes; an empty text has no pieces."""
    expect(
        "(type(pretokenize('a b')), {type(p) for p in pretokenize('a b')}, pretokenize(''))",
        (list, {bytes}, []),
        ask="What does findall return, and what should stand in the list?",
    )


@check("10.3")
def test_errors_are_handed_on():
    """What str.encode is to do about half a surrogate pair is for the caller to say."""
    expect(
        "pretokenize(text, 'surrogateescape')",
        [b"a", b"\xff"],
        text="a\udcff",
        ask="Does the encoding get to know what errors is?",
    )
    raises(
        "pretokenize(text)",
        UnicodeEncodeError,
        text="a\udcff",
        ask="What does str.encode do by itself with a character that has no bytes?",
    )


# ------------------------------------------------------------------ 10.4 count_pairs, best_pair


@check("10.4")
def test_pairs_counted_by_hand():
    """The example of the chapter: (1, 2) twice, (2, 1) once, (2, 2) once."""
    expect(
        "dict(count_pairs(ids))",
        {(1, 2): 2, (2, 1): 1, (2, 2): 1},
        ids=[1, 2, 1, 2, 2, 2],
        ask="Merge (2, 2) on paper. How often does it go?",
    )


@check("10.4")
def test_runs_of_equal_ids():
    """Three equal ids can be merged once, four and five twice, six three times."""
    for length in (2, 3, 4, 5, 6):
        expect(
            "dict(count_pairs(ids))",
            {(7, 7): length // 2},
            ids=[7] * length,
            ask="Which two pairs in a row share an id?",
        )


@check("10.4")
def test_what_follows_a_run():
    """The last of several equal ids makes a pair with what comes after them."""
    expect(
        "dict(count_pairs(ids))",
        {(2, 2): 1, (2, 1): 1},
        ids=[2, 2, 1],
        ask="Which two pairs of neighbours are there, and are they the same pair?",
    )


@check("10.4")
def test_pairs_of_fresh_ids():
    """Counts of a fresh row of ids; a row of one has no pairs."""
    ids = rng().integers(0, 3, 14).tolist()
    expect(
        "sorted(count_pairs(ids).items())",
        sorted(pair_counts(ids).items()),
        ids=ids,
        ask="Go through the row with a pencil, and cross out the ids that are used.",
    )
    expect("dict(count_pairs(ids))", {}, ids=[5], ask="How many neighbours has a single id?")


@check("10.4")
def test_the_commonest_pair_wins():
    """Among equal counts it is the smaller pair, whatever order the dict has."""
    expect(
        "best_pair(counts)",
        (5, 1),
        counts={(2, 9): 3, (5, 1): 4, (1, 1): 2},
        ask="Which pair has the highest count?",
    )
    tied = {(5, 1): 3, (2, 9): 3, (2, 4): 3, (1, 1): 2}
    for order in (list(tied), list(tied)[::-1], sorted(tied)):
        expect(
            "best_pair(counts)",
            (2, 4),
            counts={pair: tied[pair] for pair in order},
            ask="Three pairs have the count 3. Which of them is the smallest tuple?",
        )


@check("10.4")
def test_nothing_worth_a_number():
    """None, when no pair occurs twice, or there is none."""
    expect("best_pair(counts)", None, counts={(1, 2): 1, (2, 3): 1}, ask="What does one use save?")
    expect("best_pair(counts)", None, counts={}, ask="What is the best of nothing?")
    expect("best_pair(counts)", (1, 2), counts={(1, 2): 2}, ask="Is twice often enough?")


# ----------------------------------------------------------------------------- 10.5 merge_pair


@check("10.5")
def test_merges_by_hand():
    """Both examples of the chapter."""
    expect(
        "merge_pair(ids, (1, 2), 256)",
        [256, 256, 2],
        ids=[1, 2, 1, 2, 2],
        ask="After a merge, at which id do you go on?",
    )
    expect(
        "merge_pair(ids, (7, 7), 256)",
        [256, 7],
        ids=[7, 7, 7],
        ask="Can an id that was used be used again?",
    )


@check("10.5")
def test_the_last_id_stays():
    """A row that ends with the first half of the pair, a row of one, an empty one."""
    for ids in ([3, 1], [1], []):
        expect(
            "merge_pair(ids, (1, 2), 256)",
            ids,
            ids=ids,
            ask="What is the neighbour of the last id?",
        )
    expect("merge_pair(ids, (1, 2), 256)", [3, 256], ids=[3, 1, 2], ask="Is the end merged too?")


@check("10.5")
def test_merges_of_fresh_ids():
    """A fresh row, and every pair that could be in it."""
    ids = rng().integers(1, 3, 12).tolist()
    for pair in ((1, 1), (1, 2), (2, 1)):
        expect(
            "merge_pair(ids, pair, 300)",
            merged(ids, pair, 300),
            ids=ids,
            pair=pair,
            ask="Go from left to right: which ids are used up by each merge?",
        )


@check("10.5")
def test_what_came_in_stays():
    """The result is a new list, and the ids that were given are as before."""
    expect(
        "before = list(ids)\nout = merge_pair(ids, (1, 2), 256)\n(ids == before, out is ids)",
        (True, False),
        ids=[1, 2, 3],
        ask="Whose list does your code change?",
    )


# ---------------------------------------------------------------------------- 10.6 train_naive

BANANA = {b"banana": 2, b"band": 1}
BANANA_MERGES = [(97, 110), (98, 256), (256, 97)]


@check("10.6")
def test_three_merges_by_hand():
    """The example of the chapter: an, ban, ana."""
    expect(
        "train_naive(pieces, 3)",
        BANANA_MERGES,
        pieces=BANANA,
        ask="How often is an in two bananas and a band?",
    )


@check("10.6")
def test_pieces_count_as_often_as_they_occur():
    """A pair of a common piece beats two pairs of rare ones."""
    expect(
        "train_naive(pieces, 1)",
        [(120, 121)],
        pieces={b"abab": 1, b"ab": 1, b"xy": 5},
        ask="Which pair is the commonest in the text: in five times xy, or in abab and ab?",
    )


@check("10.6")
def test_it_ends_by_itself():
    """No pair occurs twice any more, or no merges are wanted."""
    expect("train_naive(pieces, 50)", [(97, 98)], pieces={b"ab": 2}, ask="What is left to merge?")
    expect("train_naive(pieces, 0)", [], pieces={b"ab": 2}, ask="How many merges are wanted?")
    expect("train_naive(pieces, 5)", [], pieces={}, ask="What is there to learn from nothing?")


@check("10.6")
def test_merges_of_fresh_pieces():
    """Fresh pieces of three letters, with ties and runs."""
    pieces = some_pieces()
    expect(
        "train_naive(pieces, 8)",
        learned(pieces, 8),
        pieces=pieces,
        ask="Which merge is the first that differs? Count its pairs with a pencil.",
    )


@check("10.6")
def test_nothing_is_merged_across_pieces():
    """The end of one piece and the beginning of the next are no pair."""
    expect(
        "train_naive(pieces, 5)",
        [],
        pieces={b"ab": 1, b"ca": 1, b"bd": 1},
        ask="Do a and b meet anywhere but within a piece?",
    )


# ---------------------------------------------------------------------------------- 10.7 Chain

CHAIN = "chain = Chain(pieces)\n"
ROW = """
row, place = [], chain.after[0]
while chain.after[place] != place:
    row, place = [*row, chain.ids[place]], chain.after[place]
"""
"""The tokens of a chain of one piece, by its pointers."""
BACK = """
row, place = [], chain.before[len(chain.ids) - 1]
while place != 0:
    row, place = [*row, chain.ids[place]], chain.before[place]
"""
"""The same from right to left."""


@check("10.7")
def test_one_join_by_hand():
    """The picture of the chapter: a and b become 256, and the place of b is dead."""
    expect(
        CHAIN + "chain.join(1, 256)\n(chain.ids, chain.pair(1), chain.after[1], chain.before[3])",
        ([-1, 256, -1, 99, 100, -1], (256, 99), 3, 1),
        pieces=[b"abcd"],
        ask="Which place comes after place 1 now, and which comes before place 3?",
    )


@check("10.7")
def test_joins_upon_joins():
    """Joined again and again, the row reads the same from both ends."""
    for code in (ROW, BACK):
        expect(
            CHAIN + "chain.join(2, 256)\nchain.join(1, 257)\nchain.join(4, 258)\n"
            "chain.join(1, 259)" + code + "row",
            [259, 102] if code is ROW else [102, 259],
            pieces=[b"abcdef"],
            ask="Follow after and before by hand: which pointer still leads to a dead place?",
        )


@check("10.7")
def test_places_that_can_be_joined_one_by_one():
    """Of n equal letters every second place; places that do not touch are all kept."""
    length = int(rng().integers(3, 8))
    expect(
        CHAIN + "chain.apart(places)",
        list(range(1, length, 2)),
        pieces=[b"a" * length],
        places=list(range(1, length)),
        ask="Is the token at this place the second one of a pair that was kept?",
    )
    expect(
        CHAIN + "chain.apart(places)",
        [1, 3, 6],
        pieces=[b"ababxab"],
        places=[1, 3, 6],
        ask="Which of these pairs share a token?",
    )
    expect(
        CHAIN + "for place in (1, 3, 5):\n    chain.join(place, 256)\nchain.apart([1, 3])",
        [1],
        pieces=[b"ababab"],
        ask="Where does the second token of a pair begin: at the next place, or at after?",
    )


@check("10.7")
def test_what_is_born_by_joins():
    """The pairs with the new token, under each the places where they begin."""
    expect(
        CHAIN + "chain.join_all(places, 256)",
        {(120, 256): [1], (256, 121): [2]},
        pieces=[b"xaby", b"ab"],
        places=[2, 6],
        ask="Which pairs does the new token belong to, and where do they begin?",
    )
    expect(
        CHAIN + "born = chain.join_all(places, 256)\n"
        "sorted((pair, [p for p in starts if chain.pair(p) == pair]) for pair, starts in "
        "born.items() if pair != (256, 97))",
        [((98, 256), [1]), ((256, 256), [2])],
        pieces=[b"banana"],
        places=[2, 4],
        ask="After the second join two new tokens are neighbours. Was that noted?",
    )


@check("10.7")
def test_joining_all_is_merging():
    """A fresh piece, joined at the places of a pair, has the ids that merging gives."""
    piece = letters(12, "ab")
    for pair in ((97, 98), (97, 97)):
        expect(
            CHAIN + "places = [place for found, place in chain.pairs() if found == pair]\n"
            "chain.join_all(chain.apart(places), 256)\n[i for i in chain.ids if i != WALL]",
            merged(list(piece), pair, 256),
            pieces=[piece],
            pair=pair,
            ask="Is a token joined twice, or one left out?",
        )


# ----------------------------------------------------------------------------- 10.8 train_fast


@check("10.8")
def test_the_fast_one_by_hand():
    """The example of 10.6: an, ban, ana."""
    expect(
        "train_fast(pieces, 3)",
        BANANA_MERGES,
        pieces=BANANA,
        ask="Where do the three best pairs of 10.6 come from?",
    )


@check("10.8")
def test_the_fast_one_learns_the_same():
    """Fresh pieces of three letters, with ties and runs, to the last merge."""
    for _ in range(6):
        pieces = some_pieces(8)
        expect(
            "train_fast(pieces, 20)",
            learned(pieces, 20),
            pieces=pieces,
            ask="Which merge differs first? Is its count that of now, or an old promise?",
        )


@check("10.8")
def test_runs_and_what_becomes_of_them():
    """A place that was left out can be joined later, when its neighbour is gone."""
    pieces = {b"xaaa": 3, b"xa": 9, b"aaa": 2, b"aa": 4}
    expect(
        "train_fast(pieces, 20)",
        learned(pieces, 20),
        pieces=pieces,
        ask="After xa is joined in xaaa, where does the pair aa begin? Is that place still known?",
    )
    expect(
        "train_fast(pieces, 9)",
        [(97, 97), (256, 256), (257, 257)],
        pieces={b"a" * 17: 1},
        ask="How often can the pair be merged in a row of a's?",
    )


@check("10.8")
def test_when_the_fast_one_ends():
    """With as many merges as were asked for, or when no pair occurs twice."""
    expect("train_fast(pieces, 2)", BANANA_MERGES[:2], pieces=BANANA, ask="How many were wanted?")
    expect("train_fast(pieces, 9)", [], pieces={b"abc": 1}, ask="What does a single use save?")
    expect("train_fast(pieces, 9)", [], pieces={}, ask="What is in the heap?")


@check("10.8")
def test_the_work_does_not_grow_with_the_merges():
    """300 merges look at the chain less than twice as often as 30."""
    text = letters(3000, "acgt")
    expect(
        "looks, pair = [0], Chain.pair\n"
        "def counted(self, place):\n    looks[0] += 1\n    return pair(self, place)\n"
        "Chain.pair = counted\n"
        "try:\n    train_fast(pieces, 30)\n    few = looks[0]\n    train_fast(pieces, 300)\n"
        "finally:\n    Chain.pair = pair\n"
        "few > 0 and looks[0] - few < 2 * few",
        True,
        pieces={text: 1},
        ask="Does every merge look at all places again, or at those of its own pair?",
    )


# ------------------------------------------------------------------- 10.9 replay, encode_piece


class Ranks(dict):
    """The token of each pair; counts how often it is asked."""

    looks = 0

    def __contains__(self, pair):
        self.looks += 1
        return super().__contains__(pair)

    def __getitem__(self, pair):
        self.looks += 1
        return super().__getitem__(pair)

    def get(self, pair, default=None):
        self.looks += 1
        return super().get(pair, default)


RANKS = {pair: 256 + k for k, pair in enumerate(BANANA_MERGES)}


@check("10.9")
def test_a_word_that_was_not_in_the_training():
    """The example of the chapter: bandana, by both ways."""
    expect(
        "replay(piece, merges)",
        [257, 100, 258],
        piece=b"bandana",
        merges=BANANA_MERGES,
        ask="Do the merges one after the other: an, then ban, then ana.",
    )
    expect(
        "encode_piece(piece, ranks)",
        [257, 100, 258],
        piece=b"bandana",
        ranks=RANKS,
        ask="Which of the pairs in the piece was learned first?",
    )


@check("10.9")
def test_the_earlier_merge_goes_first():
    """bc was learned before ab: in abc it wins, though ab stands further left and abx is longer."""
    merges = [(98, 99), (97, 98), (257, 120)]
    for piece in (b"abc", b"abcabx"):
        expect(
            "(replay(piece, merges), encode_piece(piece, ranks))",
            (tokens_of(piece, merges), tokens_of(piece, merges)),
            piece=piece,
            merges=merges,
            ranks={pair: 256 + k for k, pair in enumerate(merges)},
            ask="Which merge came first in the training, bc or ab?",
        )


@check("10.9")
def test_fresh_pieces_with_fresh_merges():
    """Merges of fresh pieces, on another fresh piece, by both ways."""
    for _ in range(4):
        merges, piece = learned(some_pieces(8), 12), letters(14)
        expect(
            "(replay(piece, merges), encode_piece(piece, ranks))",
            (tokens_of(piece, merges), tokens_of(piece, merges)),
            piece=piece,
            merges=merges,
            ranks={pair: 256 + k for k, pair in enumerate(merges)},
            ask="Which token differs first, and which merge made it?",
        )


@check("10.9")
def test_nothing_to_merge():
    """Without merges a piece is its bytes; an empty piece has no tokens."""
    expect(
        "(replay(piece, []), encode_piece(piece, {}), replay(b'', []), encode_piece(b'', {}))",
        ([255, 0, 97], [255, 0, 97], [], []),
        piece=b"\xff\x00a",
        ask="What are the ids of single bytes?",
    )


@check("10.9")
def test_the_work_does_not_grow_with_the_square():
    """A piece of four times the length takes less than six times the looks into ranks."""
    expect(
        "encode_piece(piece[:500], ranks)\nfew = ranks.looks\n"
        "encode_piece(piece, ranks)\nranks.looks - few < 6 * few",
        True,
        piece=b"banana" * 333,
        ranks=Ranks(RANKS),
        ask="After a join, which pairs are new? Do you look at others, too?",
    )


# -------------------------------------------------------------- 10.10 __init__, decode and bytes

MADE = "tokenizer = BPETokenizer([(97, 98), (256, 99)], ['<|end|>', '<é>'])\n"


@check("10.10")
def test_what_every_id_stands_for():
    """Bytes, then merges of merges, then special tokens."""
    expect(
        MADE + "(tokenizer.vocab[97], tokenizer.vocab[255], tokenizer.vocab[256:])",
        (b"a", b"\xff", [b"ab", b"abc", b"<|end|>", "<é>".encode()]),
        ask="What is the one byte of id 255, and what are those of the merge of 256 and c?",
    )
    expect(
        MADE + "(tokenizer.merges, tokenizer.ranks, tokenizer.special_tokens, tokenizer.known)",
        (
            [(97, 98), (256, 99)],
            {(97, 98): 256, (256, 99): 257},
            {"<|end|>": 258, "<é>": 259},
            {},
        ),
        ask="Which id does each pair make, and where do the special tokens begin?",
    )
    expect(
        "tokenizer = BPETokenizer([[97, 98]])\n(tokenizer.merges, tokenizer.ranks)",
        ([(97, 98)], {(97, 98): 256}),
        ask="A file has lists where you want pairs. What does check_merges return?",
    )


@check("10.10")
def test_tokens_become_bytes_and_text():
    """Ids of all three kinds."""
    expect(
        MADE + "(tokenizer.decode_bytes(ids), tokenizer.decode(ids))",
        ("abcxab<é>".encode(), "abcxab<é>"),
        ids=[257, 120, 256, 259],
        ask="Which bytes does each of the ids stand for?",
    )


@check("10.10")
def test_a_character_in_two_tokens():
    """Four bytes in two tokens are one emoji; half of it is no character."""
    expect(
        "tokenizer = BPETokenizer([(0xF0, 0x9F), (0x91, 0x8D)])\n"
        "(tokenizer.decode([256, 257]), tokenizer.decode([256]), tokenizer.decode([65, 0xC3]))",
        ("👍", "\ufffd", "A\ufffd"),
        ask="Does each token become text for itself, or all of them together?",
    )


@check("10.10")
def test_any_bytes_come_back():
    """Fresh bytes, text or not, are their own ids."""
    data = rng().integers(0, 256, 20).tolist()
    expect(
        "(BPETokenizer().decode_bytes(ids), BPETokenizer().decode(ids))",
        (bytes(data), bytes(data).decode("utf-8", "replace")),
        ids=data,
        ask="Are there bytes that your code loses on the way?",
    )
    raises(
        "BPETokenizer().decode(ids, errors='strict')",
        UnicodeDecodeError,
        ids=[65, 0xC3],
        ask="Does the decoding get to know what errors is?",
    )


@check("10.10")
def test_what_cannot_be_is_refused():
    """Ids beyond the vocabulary, negative ones, and merges of ids that are not there yet."""
    for bad in (260, -1):
        raises(
            MADE + "tokenizer.decode(ids)",
            IndexError,
            mentions=(str(bad),),
            ids=[97, bad],
            ask="Who looks at the ids before the vocabulary does?",
        )
    raises(
        "BPETokenizer(merges).vocab_size",
        ValueError,
        merges=[(97, 256)],
        ask="Did check_merges see what came?",
    )
    raises(
        "BPETokenizer([], ['<a>', '<a>']).vocab_size",
        ValueError,
        ask="Did check_special see what came?",
    )


# ------------------------------------------------------------------ 10.11 encode_pieces, encode

THREE = "tokenizer = BPETokenizer([(97, 98), (32, 256), (256, 256)], ['<|end|>', '<|a|>'])\n"


@check("10.11")
def test_a_text_is_cut_and_encoded():
    """Tokens of pieces, one after the other; no merge goes across two of them."""
    expect(
        THREE + "tokenizer.encode(text)",
        [258, 257, 33, 97, 195, 169],
        text="abab ab!aé",
        ask="Which pieces has the text, and which tokens has each?",
    )


@check("10.11")
def test_any_text_comes_back():
    """A fresh text of several scripts, of spaces and signs."""
    text = "".join(rng().choice(list("ab  \n\t!é東👍_7'"), 25))
    expect(
        THREE + "tokenizer.decode(tokenizer.encode(text))",
        text,
        text=text,
        ask="Which part of the text is missing or changed?",
    )


@check("10.11")
def test_special_tokens_when_they_are_allowed():
    """All of them, one of them, none of them."""
    expect(
        THREE + "tokenizer.encode(text, allowed_special='all')",
        [256, 259, 260, 97],
        text="ab<|end|><|a|>a",
        ask="Which parts does cut give, and which of them are special tokens?",
    )
    expect(
        THREE + "tokenizer.encode(text, allowed_special=['<|end|>'])",
        [256, 259, *b"<|a|>"],
        text="ab<|end|><|a|>",
        ask="Which special tokens were asked for?",
    )
    for text in ("ab<|end|>", "<|end|>"):
        expect(
            THREE + "tokenizer.encode(text)",
            [*([256] if text[0] == "a" else []), *b"<|end|>"],
            text=text,
            ask="Nobody has allowed a special token. What is this text then?",
        )
    expect(
        "tokenizer = BPETokenizer([(33, 60)], ['<|end|>'])\ntokenizer.encode(text)",
        [256, *b"|end|>"],
        text="!<|end|>",
        ask="Which pieces has this text, when <|end|> is nothing special?",
    )


@check("10.11")
def test_pieces_are_remembered():
    """A piece is encoded once; what is remembered is not handed out to be changed."""
    expect(
        THREE + "tokenizer.encode('ab ab ab')\ntokenizer.known",
        {b"ab": [256], b" ab": [257]},
        ask="What should self.known hold after this text?",
    )
    expect(
        THREE + "tokenizer.known[b'xyz'] = [1, 2]\ntokenizer.encode('xyz')",
        [1, 2],
        ask="Do you look into self.known before you encode?",
    )
    expect(
        THREE + "first = tokenizer.encode('ab')\nfirst += [5]\n"
        "second = tokenizer.encode('ab ab')\nsecond += [6]\ntokenizer.encode('ab')",
        [256],
        ask="Is the list that you return one that self.known still holds?",
    )


@check("10.11")
def test_what_is_remembered_has_an_end():
    """With room for REMEMBERED pieces, later ones are encoded and forgotten."""
    expect(
        THREE + "for number in range(REMEMBERED - 1):\n    tokenizer.known[number] = []\n"
        "ids = tokenizer.encode('ab xy')\n(ids, len(tokenizer.known) == REMEMBERED)",
        ([256, 32, 120, 121], True),
        ask="How many pieces may self.known hold?",
    )


@check("10.11")
def test_text_without_bytes_is_refused():
    """Half a surrogate pair, and what is no str."""
    raises(THREE + "tokenizer.encode(text)", ValueError, text="a\ud800", ask="Did check_text look?")
    raises(THREE + "tokenizer.encode(text)", TypeError, text=b"ab", ask="Did check_text look?")


# ------------------------------------------------------------------ 10.12 train, sequence_lengths

LOW = "low lower lowest slow"


@check("10.12")
def test_a_training_by_hand():
    """lo, low: three times each and more, and the special token comes last."""
    expect(
        "tokenizer = BPETokenizer.train(text, 259, special_tokens=['<|end|>'])\n"
        "(tokenizer.vocab[256:], tokenizer.vocab_size)",
        ([b"lo", b"low", b"<|end|>"], 259),
        text=LOW,
        ask="Of 259 ids, how many are bytes, special tokens and merges?",
    )


@check("10.12")
def test_trained_on_a_fresh_text():
    """The merges are those of the text's pieces."""
    kinds = [letters(int(rng().integers(2, 6)), "abcd").decode() for _ in range(6)]
    words = [kinds[int(i)] for i in rng().integers(0, 6, 20)]
    text = " ".join(words)
    counts = Counter([words[0].encode()] + [b" " + word.encode() for word in words[1:]])
    expect(
        "BPETokenizer.train(text, 270).merges",
        learned(counts, 14),
        text=text,
        ask="Are the pieces those of pretokenize, each as often as it occurs?",
    )


@check("10.12")
def test_nothing_is_learned_from_special_tokens():
    """The marks between documents are cut out before the pieces are counted."""
    expect(
        "tokenizer = BPETokenizer.train(text, 300, ['<|end|>'])\n"
        "(tokenizer.merges, tokenizer.special_tokens)",
        ([(97, 98)], {"<|end|>": 257}),
        text="ab<|end|>" * 5,
        ask="Which parts of cut(text, names) are text, and which are marks?",
    )


@check("10.12")
def test_sizes_that_are_possible():
    """256 ids are the bytes alone; fewer than bytes and special tokens are refused."""
    expect("BPETokenizer.train(text, 256).merges", [], text=LOW, ask="How many merges are left?")
    raises(
        "BPETokenizer.train(text, 256, ['<a>', '<b>']).vocab_size",
        ValueError,
        mentions=("256", "258"),
        text=LOW,
        ask="How many ids do bytes and special tokens need?",
    )
    raises(
        "BPETokenizer.train(text, 300).vocab_size",
        ValueError,
        text="a\ud800",
        ask="Did check_text look?",
    )


@check("10.12")
def test_lengths_under_smaller_vocabularies():
    """By hand: low low has seven bytes; with lo five tokens, with low three."""
    expect(
        "tokenizer = BPETokenizer([(108, 111), (256, 119)], ['<|end|>'])\n"
        "sequence_lengths(tokenizer, text, [256, 257, 258])",
        {256: 7, 257: 5, 258: 3},
        text="low low",
        ask="Which merges does a vocabulary of 257 ids have?",
    )
    merges = learned({b"abc": 3, b"cab": 2, b" bca": 4}, 6)
    text = "abc cab bca " * 3
    pieces = [b"abc", *[b" " + word.encode() for word in text.split()[1:]], b" "]
    sizes = [256, 259, 256 + len(merges)]
    expect(
        "sequence_lengths(BPETokenizer(merges), text, sizes)",
        {n: sum(len(tokens_of(p, merges[: n - 256])) for p in pieces) for n in sizes},
        merges=merges,
        text=text,
        sizes=sizes,
        ask="Is the tokenizer that counts made anew for each size?",
    )


# -------------------------------------------------------------------------------- 10.13 stream

BYTES_ONLY = "tokenizer = BPETokenizer()\n"


@check("10.13")
def test_characters_of_several_tokens():
    """Every byte a token: é has two, 東 three, the emoji four."""
    expect(
        BYTES_ONLY + "list(stream(tokenizer, tokenizer.encode(text)))",
        list("é東👍a"),
        text="é東👍a",
        ask="When is a character complete, and may go to the screen?",
    )


@check("10.13")
def test_text_comes_as_early_as_possible():
    """A letter of one byte is handed out before the next token is asked for."""
    expect(
        BYTES_ONLY + "taken = []\n"
        "def ids():\n    for i in b'abc':\n        taken.append(i)\n        yield i\n"
        "parts = stream(tokenizer, ids())\n(next(parts), len(taken))",
        ("a", 1),
        ask="Does your code wait for tokens that it does not need?",
    )
    expect(
        BYTES_ONLY + "taken, seen = [], ''\n"
        "def ids():\n    for i in [255, 97, 98, 99]:\n        taken.append(i)\n        yield i\n"
        "for part in stream(tokenizer, ids()):\n    seen += part\n    if 'a' in seen:\n"
        "        break\nlen(taken)",
        2,
        ask="The byte 255 is no text and never will be. Must the letter after it wait?",
    )


@check("10.13")
def test_the_whole_is_what_decode_says():
    """Fresh bytes, most of them no text: in all, the parts are the text of all ids."""
    data = rng().integers(0, 256, 30).tolist() + list("é👍".encode())[: int(rng().integers(1, 6))]
    expect(
        BYTES_ONLY + "''.join(stream(tokenizer, ids)) == tokenizer.decode(ids)",
        True,
        ids=data,
        ask="What becomes of bytes that never turn into a character, or are left at the end?",
    )
    expect(
        BYTES_ONLY + "list(stream(tokenizer, ids))",
        ["a", "\ufffd"],
        ids=[97, 0xF0, 0x9F],
        ask="Two bytes are left when the tokens end. What does decode say to them?",
    )


@check("10.13")
def test_no_empty_parts():
    """While a character is not complete, nothing is handed out at all."""
    expect(
        BYTES_ONLY
        + "list(stream(tokenizer, tokenizer.encode('éa'))) + list(stream(tokenizer, []))",
        ["é", "a"],
        ask="Which parts does your stream hand out that have no text?",
    )
