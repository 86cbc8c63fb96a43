"""10 · Tokenization: from text to numbers and back, with nothing lost on the way.

A model computes with numbers, and an embedding (module 11) turns numbers 0 to V - 1 into vectors.
This file decides which pieces of text have such a number: words, characters, or what lies between,
the tokens of byte-pair encoding. Those are learned from a text: begin with its bytes, and give the
commonest pair of neighbours a number of its own, again and again.

The trainer and the encoder stand here twice: as the rule says, and so that the work does not grow
with the square of the text. The slow ones are the reference of the fast ones.
"""

from __future__ import annotations

import heapq
import itertools
import json
import operator
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tinytorch.core.training import FilePath, write_atomically

__all__ = [
    "BYTES", "PATTERN", "BPETokenizer", "Chain", "CharTokenizer", "best_pair", "count_pairs",
    "encode_piece", "merge_pair", "pretokenize", "replay", "sequence_lengths", "train_fast",
    "train_naive", "word_counts",
]  # fmt: skip

Pair = tuple[int, int]


# ----------------------------------------------------------------------- words and characters


def word_counts(text: str) -> dict[str, int]:
    """How often each word occurs, the commonest first; equal counts in the order of the alphabet.

    A word is a run of letters, digits and underscores, with apostrophes inside: don't is one word.

    >>> word_counts("the cat, the hat, a cat: don't!")
    {'cat': 2, 'the': 2, 'a': 1, "don't": 1, 'hat': 1}
    """
    counts = Counter(re.findall(r"\w+(?:'\w+)*", text))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def id_list(ids: Any, size: int) -> list[int]:
    """Token ids as a list of Python's whole numbers, each from 0 to `size` - 1.

    Args:
        ids: a list, an array or a Tensor of whole numbers, in one dimension.
    Raises: TypeError for what is no whole number, IndexError for an id outside the vocabulary.
    """
    values = ids.tolist() if hasattr(ids, "tolist") else list(ids)
    for place, value in enumerate(values):
        try:
            values[place] = token = operator.index(value)
        except TypeError:
            raise TypeError(
                f"decode: got {value!r} at place {place}, expected whole numbers in one dimension. "
                "Decode one sequence at a time, and ids, not scores."
            ) from None
        if not 0 <= token < size:
            raise IndexError(
                f"decode: the id {token} at place {place} is not in the vocabulary, whose ids go "
                f"from 0 to {size - 1}. Does it come from another tokenizer?"
            )
    return values


class CharTokenizer:
    """One token per character: the characters of a text, sorted, are the vocabulary.

    Attributes:
        vocab: the characters as a list; the id of a character is its place in it.

    >>> tokenizer = CharTokenizer("hello world")
    >>> tokenizer.vocab
    [' ', 'd', 'e', 'h', 'l', 'o', 'r', 'w']
    >>> tokenizer.encode("hold")
    [3, 5, 4, 1]
    >>> tokenizer.decode([3, 5, 4, 1])
    'hold'
    """

    def __init__(self, text: Iterable[str]):
        """Collect the characters of `text`, or of a list of them such as another's `vocab`."""
        self.vocab = sorted(set(text))
        self.ids = {character: i for i, character in enumerate(self.vocab)}

    @property
    def vocab_size(self) -> int:
        """The number of different ids."""
        return len(self.vocab)

    def encode(self, text: str) -> list[int]:
        """The id of each character of `text`.

        Raises: ValueError, which names the character and its place, for one that is not in the
            vocabulary.
        """
        for place, character in enumerate(text):
            if character not in self.ids:
                raise ValueError(
                    f"encode: the character {character!r} at place {place} is not among the "
                    f"{self.vocab_size} of this tokenizer. Make the tokenizer from all texts that "
                    "it will see, or use a BPETokenizer, which knows every byte."
                )
        return [self.ids[character] for character in text]

    def decode(self, ids: Any) -> str:
        """The text that has these ids (a list, an array, or a Tensor in one dimension).

        Raises: IndexError for an id outside the vocabulary (ask `id_list`).
        """
        return "".join(self.vocab[i] for i in id_list(ids, self.vocab_size))


# ------------------------------------------------------------------------- from text to pieces

BYTES = 256
"""The ids of single bytes are 0 to 255; the first merge makes the token 256."""

PATTERN = r"'(?:[sdmt]|ll|re|ve)| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+"
"""What a piece is, the first alternative that fits: an English ending such as 's; letters, digits,
or other signs, each with the space before them; whitespace, without the space that belongs to the
next word. It follows GPT-2's, in the words of Python's `re`: letters, of all scripts, are what \\w
has without \\d and the underscore, so ² and ½ count as letters here."""

SPLIT = re.compile(PATTERN)


def check_text(text: Any) -> None:
    """Refuse what has no bytes in UTF-8: anything but str, and lone surrogates.

    Raises: TypeError or ValueError.
    """
    if not isinstance(text, str):
        raise TypeError(
            f"expected text, a str, and got {type(text).__name__}. Bytes are decoded first, as in "
            "data.decode('utf-8'), or encoded as they are by BPETokenizer.encode_bytes."
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the text has {text[error.start]!r} at place {error.start}, half of a surrogate pair, "
            "which is no character and has no bytes; expected characters. Was a broken file read "
            "with errors='surrogateescape'? Then read its bytes, for BPETokenizer.encode_bytes."
        ) from None


def pretokenize(text: str, errors: str = "strict") -> list[bytes]:
    """Cut `text` into pieces that no token may cross, each as its bytes in UTF-8.

    Nothing is lost: the pieces, one after the other, are the text.

    Args:
        errors: what str.encode is to do about characters that have no bytes.

    >>> pretokenize("I'm 42,  café")
    [b'I', b"'m", b' 42', b',', b' ', b' caf\\xc3\\xa9']
    """
    return [piece.encode("utf-8", errors) for piece in SPLIT.findall(text)]


# ---------------------------------------------------------------------------- merges, as told


def count_pairs(ids: Sequence[int]) -> Counter[Pair]:
    """How many of each pair of neighbours could be merged in `ids`.

    Occurrences that overlap count once: in [7, 7, 7] the pair (7, 7) can be merged one time.

    >>> count_pairs([1, 2, 1, 2, 2, 2])
    Counter({(1, 2): 2, (2, 1): 1, (2, 2): 1})
    """
    counts: Counter[Pair] = Counter()
    last = None
    for pair in itertools.pairwise(ids):
        if pair == last:  # it shares an id with the one just counted
            last = None
        else:
            counts[pair] += 1
            last = pair
    return counts


def best_pair(counts: Mapping[Pair, int]) -> Pair | None:
    """The pair with the highest count; among equals the one with the smaller ids.

    Returns: None when no pair occurs at least twice: merging it would only learn a piece by heart.

    >>> best_pair({(3, 1): 5, (2, 9): 5, (2, 4): 1})
    (2, 9)
    """
    pair = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
    return None if pair is None or counts[pair] < 2 else pair


def merge_pair(ids: Sequence[int], pair: Pair, new: int) -> list[int]:
    """`ids` with `new` in the place of each `pair` of neighbours, from left to right.

    >>> merge_pair([1, 2, 1, 2, 2], (1, 2), 256)
    [256, 256, 2]
    >>> merge_pair([7, 7, 7], (7, 7), 256)
    [256, 7]
    """
    merged, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


def train_naive(pieces: Mapping[bytes, int], num_merges: int) -> list[Pair]:
    """Learn merges as the rule says: count all pairs, merge the best one everywhere, repeat.

    Args:
        pieces: how often each piece occurs in the text.
        num_merges: how many merges to learn at most; it ends when no pair occurs twice.
    Returns: the pairs in the order of their merges; number k makes the token 256 + k.
    Source: Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword
        Units", 2016, on the bytes of a text.

    >>> train_naive({b"banana": 2, b"band": 1}, 3)
    [(97, 110), (98, 256), (256, 97)]
    """
    rows = {piece: list(piece) for piece in pieces}
    merges: list[Pair] = []
    while len(merges) < num_merges:
        counts: Counter[Pair] = Counter()
        for piece, ids in rows.items():
            for pair, times in count_pairs(ids).items():
                counts[pair] += times * pieces[piece]
        best = best_pair(counts)
        if best is None:
            break
        new = BYTES + len(merges)
        rows = {piece: merge_pair(ids, best, new) for piece, ids in rows.items()}
        merges.append(best)
    return merges


# ------------------------------------------------------------------------ the same, and faster

WALL = -1
"""Stands before, between and after the pieces of a chain, and where a token was joined away."""


class Chain:
    """Rows of ids in which two neighbours are joined at the same cost wherever they stand.

    Attributes:
        ids: the id at each place; WALL at the ends of pieces, and where no token begins any more.
        after, before: the place of the next token, and of the one before. Places never move.
        weights: how often the text has the piece that a place belongs to.

    >>> chain = Chain([b"abc"])
    >>> chain.ids, chain.pair(1)
    ([-1, 97, 98, 99, -1], (97, 98))
    >>> chain.join(1, 256)
    >>> chain.ids, chain.pair(1)
    ([-1, 256, -1, 99, -1], (256, 99))
    """

    def __init__(self, pieces: Iterable[bytes], times: Iterable[int] = itertools.repeat(1)):
        """Put the bytes of all pieces in a row, with a WALL at each end; weights are `times`."""
        self.ids, self.weights = [WALL], [0]
        for piece, weight in zip(pieces, times, strict=False):  # `times` may go on for ever
            self.ids += [*piece, WALL]
            self.weights += [weight] * (len(piece) + 1)
        size = len(self.ids)
        self.after = [*range(1, size), size - 1]
        self.before = [0, *range(size - 1)]

    def pair(self, place: int) -> Pair | None:
        """The ids at `place` and after it; None when one of them is a WALL."""
        left, right = self.ids[place], self.ids[self.after[place]]
        return None if left == WALL or right == WALL else (left, right)

    def pairs(self, places: Iterable[int] | None = None) -> Iterator[tuple[Pair, int]]:
        """The pairs that begin at `places` (everywhere, unless given), each with its place."""
        for place in range(len(self.ids)) if places is None else places:
            pair = self.pair(place)
            if pair is not None:
                yield pair, place

    def count(self, places: Iterable[int]) -> int:
        """How often the text has what begins at `places`: the sum of their weights."""
        return sum(map(self.weights.__getitem__, places))

    def join(self, place: int, new: int) -> None:
        """Make one token, `new`, of the token at `place` and the one after it, whose place dies."""
        gone = self.after[place]
        self.ids[place], self.ids[gone] = new, WALL
        self.after[place] = self.after[gone]
        self.before[self.after[gone]] = place

    def apart(self, places: Iterable[int]) -> list[int]:
        """Of the places where one pair begins, in order, those that can be joined one by one.

        A place is left out when its token is the second one of a pair that was kept.

        >>> Chain([b"aaaa"]).apart([1, 2, 3])
        [1, 3]
        """
        kept, taken = [], WALL
        for place in places:
            if place != taken:
                kept.append(place)
                taken = self.after[place]
        return kept

    def join_all(self, places: Iterable[int], new: int) -> dict[Pair, list[int]]:
        """Join at each of `places`, in order.

        Returns: the pairs with `new` in them that a join made, each with the places, in order. A
            later join may have taken one of them away again.

        >>> Chain([b"xaby", b"ab"]).join_all([2, 6], 256)
        {(120, 256): [1], (256, 121): [2]}
        """
        born: dict[Pair, list[int]] = defaultdict(list)
        for place in places:
            self.join(place, new)
            for pair, start in self.pairs((self.before[place], place)):
                born[pair].append(start)
        return dict(born)


def train_fast(pieces: Mapping[bytes, int], num_merges: int) -> list[Pair]:
    """The merges of `train_naive`, for work that hardly grows with the number of merges.

    It keeps the places of every pair, and a heap with a promise per pair: at most so often. A
    count can only fall, because all places of a pair are born in one merge. So it is enough to
    count the pair on top: if it keeps its promise, no other can be better.

    >>> train_fast({b"banana": 2, b"band": 1}, 3)
    [(97, 110), (98, 256), (256, 97)]
    """
    chain = Chain(pieces, pieces.values())
    where: dict[Pair, list[int]] = defaultdict(list)
    for pair, place in chain.pairs():
        where[pair].append(place)
    heap = [(-chain.count(places), pair) for pair, places in where.items()]
    heapq.heapify(heap)
    merges: list[Pair] = []
    while heap and len(merges) < num_merges:
        promised, best = heapq.heappop(heap)
        alive = [place for place in where.pop(best) if chain.pair(place) == best]
        places = chain.apart(alive)
        count = chain.count(places)
        if count < 2:
            continue
        if count < -promised:  # some were joined with other neighbours since
            where[best] = alive
            heapq.heappush(heap, (-count, best))
            continue
        born = chain.join_all(places, BYTES + len(merges))
        merges.append(best)
        where.update(born)
        for pair, starts in born.items():
            heapq.heappush(heap, (-chain.count(starts), pair))
    return merges


# ----------------------------------------------------------------------- from pieces to tokens


def replay(piece: bytes, merges: Sequence[Pair]) -> list[int]:
    """The tokens of a piece: every merge of the training once more, in the same order.

    >>> replay(b"bandana", [(97, 110), (98, 256), (256, 97)])
    [257, 100, 258]
    """
    ids = list(piece)
    for new, pair in enumerate(merges, BYTES):
        ids = merge_pair(ids, pair, new)
    return ids


def encode_piece(piece: bytes, ranks: Mapping[Pair, int]) -> list[int]:
    """The tokens of `replay`, for work that grows little faster than the piece.

    Args:
        ranks: the token that each pair makes; the earlier its merge, the smaller.

    >>> encode_piece(b"bandana", {(97, 110): 256, (98, 256): 257, (256, 97): 258})
    [257, 100, 258]
    """
    chain = Chain([piece])
    heap = [(ranks[pair], place, pair) for pair, place in chain.pairs() if pair in ranks]
    heapq.heapify(heap)
    while heap:
        new, place, pair = heapq.heappop(heap)
        if chain.pair(place) != pair:  # one of the two was joined with another neighbour
            continue
        chain.join(place, new)
        for pair, start in chain.pairs((chain.before[place], place)):
            if pair in ranks:
                heapq.heappush(heap, (ranks[pair], start, pair))
    return [token for token in chain.ids if token != WALL]


def check_merges(merges: Iterable[Any]) -> list[Pair]:
    """`merges` as a list of pairs, each of two ids that exist when it is made, and each once.

    Raises: ValueError, which names the merge.
    """
    pairs: list[Pair] = []
    lengths, total = [1] * BYTES, BYTES
    for number, merge in enumerate(merges):
        pair = tuple(merge) if isinstance(merge, (list, tuple)) else (merge,)
        if len(pair) != 2 or not all(type(i) is int and 0 <= i < len(lengths) for i in pair):
            raise ValueError(
                f"merge number {number} is {merge!r}, expected two ids from 0 to "
                f"{len(lengths) - 1}, of bytes and of earlier merges. Merges keep the order in "
                "which they were learned."
            )
        pairs.append(pair)
        lengths.append(lengths[pair[0]] + lengths[pair[1]])
        total += lengths[-1]
        if total > 2**28:
            raise ValueError(
                f"merge number {number} brings the vocabulary to {total:.1e} bytes, expected at "
                "most 2.7e+08. No text teaches such merges; where do they come from?"
            )
    if len(set(pairs)) < len(pairs):
        twice = next(pair for pair, times in Counter(pairs).items() if times > 1)
        raise ValueError(f"the merge {twice} stands there twice, expected each pair once")
    return pairs


def check_special(special_tokens: Iterable[str]) -> list[str]:
    """The texts of special tokens as a list: not empty, and each once.

    Raises: ValueError or TypeError.
    """
    if isinstance(special_tokens, str):
        raise TypeError(
            f"special_tokens is the text {special_tokens!r}, expected a list of texts. "
            f"Write [{special_tokens!r}]."
        )
    names = list(special_tokens)
    for name in names:
        check_text(name)
    if "" in names or len(set(names)) < len(names):
        raise ValueError(
            f"special_tokens are {names}, expected texts of at least one character, each once"
        )
    return names


def cut(text: str, names: Iterable[str]) -> list[str]:
    """`text` cut at the special tokens `names`: every second part is one of them.

    Where one begins like another, the longer one is found.

    >>> cut("one<|end|>two", ["<|end|>"])
    ['one', '<|end|>', 'two']
    >>> cut("one<|end|>two", [])
    ['one<|end|>two']
    """
    longest_first = sorted(names, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first))
    return re.split(f"({either})", text) if either else [text]


REMEMBERED = 65_536
"""How many pieces a tokenizer remembers the tokens of; most of a text are repetitions of a few."""

FORMAT = "tinytorch byte-pair encoding 1"
"""The first thing in a saved file."""


class BPETokenizer:
    """Byte-level byte-pair encoding: every text has tokens, and every text comes back.

    Ids 0 to 255 are the bytes, then one id per merge, then the special tokens.

    Attributes:
        merges: the pairs of ids, in the order of their merges.
        vocab: the bytes of each token, by its id.
        special_tokens: ids of the texts that stand for themselves, such as "<|end|>".
        ranks: the token that each pair makes.
        known: tokens of pieces that were encoded before.

    >>> tokenizer = BPETokenizer.train("low lower lowest", 259, special_tokens=["<|end|>"])
    >>> tokenizer.vocab[256:]
    [b'lo', b'low', b'<|end|>']
    >>> tokenizer.encode("slow lé")
    [115, 257, 32, 108, 195, 169]
    >>> tokenizer.decode([115, 257, 32, 108, 195, 169])
    'slow lé'
    """

    def __init__(self, merges: Iterable[Pair] = (), special_tokens: Iterable[str] = ()):
        """Make the vocabulary: `merges`, `ranks`, `vocab`, `special_tokens`, and an empty `known`.

        Raises: ValueError or TypeError for merges and special tokens that cannot be.
        """
        self.merges = check_merges(merges)
        names = check_special(special_tokens)
        self.ranks = {pair: new for new, pair in enumerate(self.merges, BYTES)}
        self.vocab = [bytes([value]) for value in range(BYTES)]
        for left, right in self.merges:
            self.vocab.append(self.vocab[left] + self.vocab[right])
        self.special_tokens = {name: new for new, name in enumerate(names, len(self.vocab))}
        self.vocab += [name.encode("utf-8") for name in names]
        self.known: dict[bytes, list[int]] = {}

    def decode_bytes(self, ids: Any) -> bytes:
        """The bytes of all tokens, one after the other.

        Raises: IndexError for an id outside the vocabulary (ask `id_list`).
        """
        return b"".join(self.vocab[i] for i in id_list(ids, self.vocab_size))

    def decode(self, ids: Any, errors: str = "replace") -> str:
        """The text of all tokens (a list, an array, or a Tensor in one dimension).

        A token can end in the middle of a character. So the bytes are put together first, and what
        is no character even then becomes the sign U+FFFD; with errors="strict" it is refused.

        Raises: UnicodeDecodeError, a ValueError, with errors="strict".
        """
        return self.decode_bytes(ids).decode("utf-8", errors)

    @property
    def vocab_size(self) -> int:
        """The number of different ids, special tokens included."""
        return len(self.vocab)

    def __repr__(self) -> str:
        special = len(self.special_tokens)
        return f"BPETokenizer(256 bytes, {len(self.merges)} merges, {special} special tokens)"

    def encode_pieces(self, pieces: Iterable[bytes]) -> list[int]:
        """The tokens of pieces, one after the other; pieces met before are remembered."""
        ids: list[int] = []
        for piece in pieces:
            tokens = self.known.get(piece)
            if tokens is None:
                tokens = encode_piece(piece, self.ranks)
                if len(self.known) < REMEMBERED:
                    self.known[piece] = tokens
            ids += tokens
        return ids

    def encode(self, text: str, allowed_special: str | Collection[str] = ()) -> list[int]:
        """The tokens of `text`; `decode` gives it back exactly.

        Args:
            allowed_special: "all", or those special tokens that become their one id where they
                stand in the text. The others are ordinary text, so that what a user types can
                never become a special token unless the program wants it.
        Raises: ValueError for lone surrogates, and for a special token that is not known.

        >>> tokenizer = BPETokenizer(special_tokens=["<|end|>"])
        >>> tokenizer.encode("a<|end|>", allowed_special="all")
        [97, 256]
        >>> len(tokenizer.encode("a<|end|>"))
        8
        """
        check_text(text)
        ids: list[int] = []
        for number, part in enumerate(cut(text, self.allowed(allowed_special))):
            if number % 2:
                ids.append(self.special_tokens[part])
            else:
                ids += self.encode_pieces(pretokenize(part))
        return ids

    def allowed(self, allowed_special: str | Collection[str]) -> Collection[str]:
        """The special tokens that `allowed_special` names.

        Raises: ValueError for one that this tokenizer does not have.
        """
        if isinstance(allowed_special, str) and allowed_special == "all":
            return self.special_tokens
        names = [allowed_special] if isinstance(allowed_special, str) else allowed_special
        for name in names:
            if name not in self.special_tokens:
                raise ValueError(
                    f"encode: allowed_special has {name!r}, expected 'all' or some of "
                    f"{list(self.special_tokens)}. Special tokens are named when a tokenizer is "
                    "made or trained."
                )
        return names

    def encode_bytes(self, data: bytes) -> list[int]:
        """The tokens of any bytes, whether or not they are text; `decode_bytes` gives them back.

        >>> BPETokenizer().encode_bytes(b"caf\\xc3")
        [99, 97, 102, 195]
        """
        text = bytes(data).decode("utf-8", "surrogateescape")
        return self.encode_pieces(pretokenize(text, "surrogateescape"))

    def save(self, path: FilePath) -> None:
        """Write merges and special tokens as JSON; `path` is replaced as a whole or not at all."""
        content = {
            "format": FORMAT,
            "pattern": PATTERN,
            "special_tokens": list(self.special_tokens),
            "merges": self.merges,
        }
        write_atomically(path, [json.dumps(content).encode("ascii"), b"\n"])

    @classmethod
    def load(cls, path: FilePath) -> BPETokenizer:
        """The tokenizer in a file that `save` has written.

        Raises: ValueError, which says what is wrong with the file.
        """
        with open(path, "rb") as file:
            data = file.read()
        try:
            content = json.loads(data)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(
                f"{path} is no tokenizer: expected JSON with the format {FORMAT!r}. Is it the file "
                "of a model, or was it cut short? Save the tokenizer once more."
            )
        if content.get("pattern") != PATTERN:
            raise ValueError(
                f"{path} cuts text by the pattern {content.get('pattern')!r}, expected "
                f"{PATTERN!r}. Its merges would meet pieces that they do not know. Train it again."
            )
        for key in ("merges", "special_tokens"):
            if not isinstance(content.get(key), list):
                raise ValueError(f"{path} has no list of {key}. Save the tokenizer once more.")
        try:
            return cls(content["merges"], content["special_tokens"])
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def train(cls, text: str, vocab_size: int, special_tokens: Iterable[str] = ()) -> BPETokenizer:
        """Learn the merges from `text`.

        Args:
            vocab_size: the number of ids wanted, at least 256 and one per special token. There
                are fewer when no pair of the text occurs twice any more.
            special_tokens: texts that get an id of their own; the training text is cut there, and
                nothing is learned from them.
        Raises: ValueError for a vocabulary that is too small, or a text with lone surrogates.
        """
        check_text(text)
        names = check_special(special_tokens)
        num_merges = vocab_size - BYTES - len(names)
        if num_merges < 0:
            raise ValueError(
                f"train: got vocab_size={vocab_size}, expected at least {BYTES + len(names)}: 256 "
                f"for the bytes and {len(names)} for the special tokens"
            )
        counts: Counter[bytes] = Counter()
        for part in cut(text, names)[::2]:
            counts.update(pretokenize(part))
        return cls(train_fast(counts, num_merges), names)


def sequence_lengths(
    tokenizer: BPETokenizer, text: str, vocab_sizes: Iterable[int]
) -> dict[int, int]:
    """How many tokens `text` has under smaller vocabularies of the same training.

    The first k merges of a training are what a training of k merges learns, so one training
    serves all sizes.

    Args:
        vocab_sizes: numbers of ids, special tokens aside: 256 for bytes alone, and so on.
    Returns: {vocabulary size: number of tokens}.

    >>> sequence_lengths(BPETokenizer.train("low lower lowest", 258), "low low", [256, 257, 258])
    {256: 7, 257: 5, 258: 3}
    """
    lengths = {}
    for size in vocab_sizes:
        smaller = BPETokenizer(tokenizer.merges[: size - BYTES])
        lengths[size] = len(smaller.encode(text))
    return lengths
