"""Wrong versions that learners write, each with the sentence that would have helped."""

from tito.misconceptions import wrong

# ----------------------------------------------------------------------------- 10.1 word_counts


@wrong(
    "10.1",
    "word_counts",
    "You cut the text at spaces, so 'cat,' and 'cat:' are words of their own. Find the words by "
    "the pattern of the chapter instead of cutting between them.",
)
def cut_at_spaces(text):
    counts = Counter(text.split())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@wrong(
    "10.1",
    "word_counts",
    "Your words come in the order of their counts, and equal counts in the order of the text. The "
    "same words in another order would be numbered differently: sort equal counts by the word.",
)
def ties_by_the_text(text):
    return dict(Counter(re.findall(r"\w+(?:'\w+)*", text)).most_common())


@wrong(
    "10.1",
    "word_counts",
    "You sort by the word alone, or by the count upwards. The commonest word comes first; the "
    "alphabet decides only between equal counts.",
)
def by_the_alphabet(text):
    return dict(sorted(Counter(re.findall(r"\w+(?:'\w+)*", text)).items()))


@wrong(
    "10.1",
    "word_counts",
    "You turn the text into small letters first. That may be useful, but it was not asked for: The "
    "and the are two words here.",
)
def in_small_letters(text):
    counts = Counter(re.findall(r"\w+(?:'\w+)*", text.lower()))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@wrong(
    "10.1",
    "word_counts",
    "Your pattern stops at the apostrophe, so don't is counted as don and t. The chapter's pattern "
    "lets an apostrophe stand inside a word.",
)
def apostrophes_cut(text):
    counts = Counter(re.findall(r"\w+", text))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@wrong(
    "10.1",
    "word_counts",
    "Both parts of your order run downwards: the counts, as they should, and the words too. "
    "reverse=True turns everything; a count with a minus turns the counts alone.",
)
def everything_reversed(text):
    counts = Counter(re.findall(r"\w+(?:'\w+)*", text))
    return dict(sorted(counts.items(), key=lambda item: (item[1], item[0]), reverse=True))


@wrong(
    "10.1",
    "word_counts",
    "Your pattern has a group in plain parentheses, and findall then gives only what the group "
    "found: an apostrophe with its letters, or nothing. (?: ... ) keeps together without that.",
)
def only_the_group(text):
    counts = Counter(re.findall(r"\w+('\w+)*", text))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


# -------------------------------------------------------------------------- 10.2 CharTokenizer


@wrong(
    "10.2",
    "CharTokenizer.__init__",
    "You keep the characters in the order in which the text has them. Another text with the same "
    "characters then numbers them differently; sort them.",
)
def in_order_of_appearance(self, text):
    self.vocab = list(dict.fromkeys(text))
    self.ids = {character: i for i, character in enumerate(self.vocab)}


@wrong(
    "10.2",
    "CharTokenizer.__init__",
    "Your vocabulary has a character as often as the text has it. Each belongs there once: a set "
    "knows no repetitions.",
)
def with_repetitions(self, text):
    self.vocab = sorted(text)
    self.ids = {character: i for i, character in enumerate(self.vocab)}


@wrong(
    "10.2",
    "CharTokenizer.__init__",
    "Your ids are the numbers of Unicode (ord), not places in the vocabulary. They go up to "
    "1,114,111, and a model would need a score for each of them.",
)
def numbers_of_unicode(self, text):
    self.vocab = sorted(set(text))
    self.ids = {character: ord(character) for character in self.vocab}


@wrong(
    "10.2",
    "CharTokenizer.encode",
    "You leave out characters that you do not know. The text comes back shorter, and nobody is "
    "told; raise a ValueError that names the character and its place.",
)
def unknown_left_out(self, text):
    return [self.ids[character] for character in text if character in self.ids]


@wrong(
    "10.2",
    "CharTokenizer.encode",
    "An unknown character ends in a bare KeyError of the dict. Raise a ValueError that names the "
    "character and where it stands, so that whoever reads it knows what to do.",
)
def bare_key_error(self, text):
    return [self.ids[character] for character in text]


@wrong(
    "10.2",
    "CharTokenizer.decode",
    "You take the ids as they come, and a list answers -1 with its last character. Let id_list "
    "look at them first, with the size of the vocabulary.",
)
def ids_taken_as_they_come(self, ids):
    return "".join(self.vocab[i] for i in ids)


@wrong(
    "10.2",
    "CharTokenizer.decode",
    "You return a list of characters. Text is one str: join them.",
)
def a_list_of_characters(self, ids):
    return [self.vocab[i] for i in id_list(ids, self.vocab_size)]


@wrong(
    "10.2",
    "CharTokenizer.vocab_size",
    "Your vocab_size is the largest id. Ids begin at 0, so there is one more of them.",
)
@property
def the_largest_id(self):
    return len(self.vocab) - 1


# ---------------------------------------------------------------------------- 10.3 pretokenize


@wrong(
    "10.3",
    "pretokenize",
    "You cut at whitespace and throw it away. Then nobody can tell one space from three, or from "
    "the end of a line: the text does not come back.",
)
def whitespace_lost(text, errors="strict"):
    return [piece.encode("utf-8", errors) for piece in text.split()]


@wrong(
    "10.3",
    "pretokenize",
    "Your pieces are texts. From here on they are bytes, because every text has bytes, and only "
    "256 different ones: encode each piece.",
)
def pieces_of_text(text, errors="strict"):
    piece_list = SPLIT.findall(text)
    "".join(piece_list).encode("utf-8", errors)
    return piece_list


@wrong(
    "10.3",
    "pretokenize",
    "You encode the pieces and do not hand errors on, so whoever asks for 'surrogateescape' gets "
    "an error instead.",
)
def errors_forgotten(text, errors="strict"):
    return [piece.encode() for piece in SPLIT.findall(text)]


@wrong(
    "10.3",
    "pretokenize",
    "You strip the spaces from the pieces. The space in front of a word belongs to it: without it "
    "the pieces, one after the other, are not the text.",
)
def spaces_stripped(text, errors="strict"):
    return [p.strip().encode("utf-8", errors) for p in SPLIT.findall(text) if p.strip()]


@wrong(
    "10.3",
    "pretokenize",
    "SPLIT.split gives what lies between the pieces, and between them lies nothing. findall gives "
    "the pieces.",
)
def what_lies_between(text, errors="strict"):
    return [piece.encode("utf-8", errors) for piece in SPLIT.split(text)]


@wrong(
    "10.3",
    "pretokenize",
    "Your encoding does not know most characters: ASCII replaces é by a question mark. UTF-8 has "
    "bytes for every character.",
)
def in_ascii(text, errors="strict"):
    if errors != "strict":
        return [piece.encode("utf-8", errors) for piece in SPLIT.findall(text)]
    text.encode("utf-8")
    return [piece.encode("ascii", "replace") for piece in SPLIT.findall(text)]


# ------------------------------------------------------------------ 10.4 count_pairs, best_pair


@wrong(
    "10.4",
    "count_pairs",
    "You count overlapping pairs twice: in [7, 7, 7] the pair (7, 7) begins at two places, but "
    "when it is merged at the first one, the second is gone. Count what can be merged.",
)
def overlaps_count_twice(ids):
    return Counter(itertools.pairwise(ids))


@wrong(
    "10.4",
    "count_pairs",
    "You count a pair of equal ids once per run, however long the run is. Four sevens can be "
    "merged twice: after one that was left out, the next counts again.",
)
def once_per_run(ids):
    counts = Counter()
    last = None
    for pair in itertools.pairwise(ids):
        if pair != last:
            counts[pair] += 1
        last = pair
    return counts


@wrong(
    "10.4",
    "count_pairs",
    "You go on two ids at a time, so you see every other pair only. Different pairs may share an "
    "id: each of them could be merged, as long as the other is not.",
)
def every_other_pair(ids):
    return Counter(zip(ids[::2], ids[1::2], strict=False))


@wrong(
    "10.4",
    "count_pairs",
    "You take (1, 2) and (2, 1) for the same pair. The order matters: he is not eh.",
)
def order_forgotten(ids):
    counts = Counter()
    last = None
    for pair in itertools.pairwise(ids):
        if pair == last:
            last = None
        else:
            counts[tuple(sorted(pair))] += 1
            last = pair
    return counts


@wrong(
    "10.4",
    "best_pair",
    "Of equally common pairs you take the one that stands first in the dict. The order of a dict "
    "is that of the text: state a rule, and take the smaller pair.",
)
def first_in_the_dict(counts):
    pair = max(counts, key=counts.get, default=None)
    return None if pair is None or counts[pair] < 2 else pair


@wrong(
    "10.4",
    "best_pair",
    "Of equally common pairs you take the larger one, because max compares (count, pair). Turn "
    "the count around, and take the smallest.",
)
def the_larger_pair(counts):
    pair = max(counts, key=lambda pair: (counts[pair], pair), default=None)
    return None if pair is None or counts[pair] < 2 else pair


@wrong(
    "10.4",
    "best_pair",
    "You return a pair that occurs once. Its token would be used once, and save one id: that is "
    "learning by heart. Answer None.",
)
def once_is_enough(counts):
    return min(counts, key=lambda pair: (-counts[pair], pair), default=None)


@wrong(
    "10.4",
    "best_pair",
    "Without pairs your min or max has nothing to choose from, and fails. A row of one id has no "
    "pairs: give it a default.",
)
def nothing_to_choose_from(counts):
    pair = min(counts, key=lambda pair: (-counts[pair], pair))
    return None if counts[pair] < 2 else pair


@wrong(
    "10.4",
    "best_pair",
    "You ask for more than two. A pair that occurs twice is worth its token.",
)
def twice_is_not_enough(counts):
    pair = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
    return None if pair is None or counts[pair] <= 2 else pair


@wrong(
    "10.4",
    "count_pairs",
    "After two equal ids you go on by two, and miss the pair that the second of them makes with "
    "its other neighbour. Only the same pair once more shares an id that is used up.",
)
def on_by_two_after_equals(ids):
    counts = Counter()
    i = 0
    while i < len(ids) - 1:
        counts[ids[i], ids[i + 1]] += 1
        i += 2 if ids[i] == ids[i + 1] else 1
    return counts


# ----------------------------------------------------------------------------- 10.5 merge_pair


@wrong(
    "10.5",
    "merge_pair",
    "After a merge you go on by one id, so the second half of the pair stays, or is used once "
    "more. Both ids are used up: go on by two.",
)
def on_by_one(ids, pair, new):
    merged, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair:
            merged.append(new)
        else:
            merged.append(ids[i])
        i += 1
    return merged


@wrong(
    "10.5",
    "merge_pair",
    "You lose the last id when no pair ends there. It has no neighbour, but it has to stay.",
)
def last_id_lost(ids, pair, new):
    merged, i = [], 0
    while i < len(ids) - 1:
        if tuple(ids[i : i + 2]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


@wrong(
    "10.5",
    "merge_pair",
    "You merge the first occurrence and stop. The pair is replaced wherever it stands.",
)
def first_one_only(ids, pair, new):
    for i in range(len(ids) - 1):
        if tuple(ids[i : i + 2]) == pair:
            return [*ids[:i], new, *ids[i + 2 :]]
    return list(ids)


@wrong(
    "10.5",
    "merge_pair",
    "You work on the list that was given. It belongs to the caller, who still needs it: put the "
    "result into a new list.",
)
def in_the_callers_list(ids, pair, new):
    i = 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == tuple(pair):
            ids[i : i + 2] = [new]
        i += 1
    return ids


@wrong(
    "10.5",
    "merge_pair",
    "You merge from the right. In [7, 7, 7] that gives [7, 256]; everybody merges from the left, "
    "and only one of the two can be the rule.",
)
def from_the_right(ids, pair, new):
    merged, i = [], len(ids) - 1
    while i >= 0:
        if i > 0 and (ids[i - 1], ids[i]) == tuple(pair):
            merged.append(new)
            i -= 2
        else:
            merged.append(ids[i])
            i -= 1
    return merged[::-1]


@wrong(
    "10.5",
    "merge_pair",
    "You look at the neighbour of the last id, and it has none: IndexError. Ask first whether "
    "there is one.",
)
def neighbour_of_the_last(ids, pair, new):
    merged, i = [], 0
    while i < len(ids):
        if ids[i] == pair[0] and ids[i + 1] == pair[1]:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


@wrong(
    "10.5",
    "merge_pair",
    "You compare a slice of a list with the pair, which is a tuple. In Python a list never equals "
    "a tuple, so nothing is ever merged: make both the same kind, or compare id with id.",
)
def a_list_is_no_tuple(ids, pair, new):
    merged, i = [], 0
    while i < len(ids):
        if list(ids[i : i + 2]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


# ---------------------------------------------------------------------------- 10.6 train_naive


@wrong(
    "10.6",
    "train_naive",
    "You count every piece once, however often the text has it. A pair in a common piece is a "
    "common pair: multiply by the number of times.",
)
def every_piece_once(pieces, num_merges):
    rows, merges = [list(piece) for piece in pieces], []
    while len(merges) < num_merges:
        counts = Counter()
        for ids in rows:
            counts.update(count_pairs(ids))
        best = best_pair(counts)
        if best is None:
            break
        rows = [merge_pair(ids, best, BYTES + len(merges)) for ids in rows]
        merges.append(best)
    return merges


@wrong(
    "10.6",
    "train_naive",
    "You put all pieces into one row, so pairs reach from the end of one piece to the beginning of "
    "the next. Pieces are there so that nothing crosses them.",
)
def across_the_pieces(pieces, num_merges):
    ids = [byte for piece, times in pieces.items() for byte in piece * times]
    merges = []
    while len(merges) < num_merges:
        best = best_pair(count_pairs(ids))
        if best is None:
            break
        ids = merge_pair(ids, best, BYTES + len(merges))
        merges.append(best)
    return merges


@wrong(
    "10.6",
    "train_naive",
    "You count once and take the best pairs of that count. After a merge the pairs are others: "
    "count again each time, or no token is ever longer than two bytes.",
)
def counted_once(pieces, num_merges):
    counts = Counter()
    for piece, times in pieces.items():
        for pair, n in count_pairs(list(piece)).items():
            counts[pair] += n * times
    merges = []
    while len(merges) < num_merges and (best := best_pair(counts)) is not None:
        merges.append(best)
        del counts[best]
    return merges


@wrong(
    "10.6",
    "train_naive",
    "You go on when there is no pair left, and your code fails with None. best_pair answers None "
    "when nothing occurs twice: then the training is over.",
)
def no_end(pieces, num_merges):
    rows, merges = {piece: list(piece) for piece in pieces}, []
    for new in range(BYTES, BYTES + num_merges):
        counts = Counter()
        for piece, ids in rows.items():
            for pair, n in count_pairs(ids).items():
                counts[pair] += n * pieces[piece]
        best = best_pair(counts)
        rows = {piece: merge_pair(ids, tuple(best), new) for piece, ids in rows.items()}
        merges.append(best)
    return merges


@wrong(
    "10.6",
    "train_naive",
    "All your merges make the same id, 256, so tokens that have nothing in common become one. The "
    "next id is BYTES and the number of merges so far.",
)
def one_id_for_all(pieces, num_merges):
    rows, merges = {piece: list(piece) for piece in pieces}, []
    while len(merges) < num_merges:
        counts = Counter()
        for piece, ids in rows.items():
            for pair, n in count_pairs(ids).items():
                counts[pair] += n * pieces[piece]
        best = best_pair(counts)
        if best is None:
            break
        rows = {piece: merge_pair(ids, best, BYTES) for piece, ids in rows.items()}
        merges.append(best)
    return merges


# ---------------------------------------------------------------------------------- 10.7 Chain


@wrong(
    "10.7",
    "Chain.join",
    "You do not tell the token behind that its neighbour has changed: its `before` still points at "
    "the dead place. Whoever walks to the left falls into it.",
)
def before_forgotten(self, place, new):
    gone = self.after[place]
    self.ids[place], self.ids[gone] = new, WALL
    self.after[place] = self.after[gone]


@wrong(
    "10.7",
    "Chain.join",
    "Your token's `after` still points at the place that died, so the chain ends there. It has to "
    "lead to what came after that place.",
)
def after_forgotten(self, place, new):
    gone = self.after[place]
    self.ids[place], self.ids[gone] = new, WALL
    self.before[self.after[gone]] = place


@wrong(
    "10.7",
    "Chain.join",
    "You join a place with place + 1. That is its neighbour only until the first join; afterwards "
    "the next token may be further away, and `after` knows where.",
)
def the_next_place(self, place, new):
    gone = place + 1
    self.ids[place], self.ids[gone] = new, WALL
    self.after[place] = self.after[gone]
    self.before[self.after[gone]] = place


@wrong(
    "10.7",
    "Chain.join",
    "The place that was joined away keeps its old id, and looks alive. Old notes would join it a "
    "second time: put a WALL there.",
)
def left_alive(self, place, new):
    gone = self.after[place]
    self.ids[place] = new
    self.after[place] = self.after[gone]
    self.before[self.after[gone]] = place


@wrong(
    "10.7",
    "Chain.apart",
    "You leave out a place when it stands right behind the one kept, at place + 1. After joins the "
    "second token of a pair may stand further away: ask `after`.",
)
def by_the_next_place(self, places):
    kept = []
    for place in places:
        if not kept or place != kept[-1] + 1:
            kept.append(place)
    return kept


@wrong(
    "10.7",
    "Chain.apart",
    "You compare with the place before, whether it was kept or not. Of five equal letters only "
    "one pair is left then; the one after a place that was left out counts again.",
)
def compared_with_every_place(self, places):
    kept, taken = [], WALL
    for place in places:
        if place != taken:
            kept.append(place)
        taken = self.after[place]
    return kept


@wrong(
    "10.7",
    "Chain.apart",
    "You keep all places. Of three equal letters the pair at the second one shares a letter with "
    "the pair at the first, and cannot be joined as well.",
)
def all_places(self, places):
    return list(places)


@wrong(
    "10.7",
    "Chain.join_all",
    "You note the pairs that begin with the new token, and not the one before it. A new token has "
    "two neighbours.",
)
def right_neighbours_only(self, places, new):
    born = defaultdict(list)
    for place in places:
        self.join(place, new)
        for pair, start in self.pairs([place]):
            born[pair].append(start)
    return dict(born)


@wrong(
    "10.7",
    "Chain.join_all",
    "You note every new pair under the place of the new token. A pair begins at its left token: "
    "that of x and the new one begins at x.",
)
def all_at_the_new_place(self, places, new):
    born = defaultdict(list)
    for place in places:
        self.join(place, new)
        for pair, _ in self.pairs([self.before[place], place]):
            born[pair].append(place)
    return dict(born)


@wrong(
    "10.7",
    "Chain.join",
    "Your `after` is right, and you use it again as if it were the old one: the `before` that you "
    "set lies one token too far to the right. Note the place that dies before you bend anything.",
)
def one_token_too_far(self, place, new):
    self.ids[place] = new
    self.ids[self.after[place]] = WALL
    self.after[place] = self.after[self.after[place]]
    self.before[self.after[self.after[place]]] = place


@wrong(
    "10.7",
    "Chain.join",
    "You put the WALL where `after` leads when it has been bent already, so a token that lives is "
    "walled in, and the joined one still looks alive. Note the place that dies before you begin.",
)
def the_wrong_one_dies(self, place, new):
    self.ids[place] = new
    self.after[place] = self.after[self.after[place]]
    self.before[self.after[place]] = place
    self.ids[self.after[place]] = WALL


# ----------------------------------------------------------------------------- 10.8 train_fast


@wrong(
    "10.8",
    "train_fast",
    "You believe the promise on top of the heap without counting. It is as old as the pair: by "
    "now most of its places may have been joined with others.",
)
def promises_believed(pieces, num_merges):
    chain = Chain(pieces, pieces.values())
    where = defaultdict(list)
    for pair, place in chain.pairs():
        where[pair].append(place)
    heap = [(-chain.count(places), pair) for pair, places in where.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < num_merges:
        _, best = heapq.heappop(heap)
        places = chain.apart([p for p in where.pop(best) if chain.pair(p) == best])
        if chain.count(places) < 2:
            continue
        born = chain.join_all(places, BYTES + len(merges))
        merges.append(best)
        where.update(born)
        for pair, starts in born.items():
            heapq.heappush(heap, (-chain.count(starts), pair))
    return merges


@wrong(
    "10.8",
    "train_fast",
    "You put back the places that are apart, and forget those that were left out. In xaaa, when xa "
    "is joined first, the pair aa lives on at just such a place. Keep all that are alive.",
)
def left_out_is_forgotten(pieces, num_merges):
    chain = Chain(pieces, pieces.values())
    where = defaultdict(list)
    for pair, place in chain.pairs():
        where[pair].append(place)
    heap = [(-chain.count(places), pair) for pair, places in where.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < num_merges:
        promised, best = heapq.heappop(heap)
        places = chain.apart([p for p in where.pop(best) if chain.pair(p) == best])
        count = chain.count(places)
        if count < 2:
            continue
        if count < -promised:
            where[best] = places
            heapq.heappush(heap, (-count, best))
            continue
        born = chain.join_all(places, BYTES + len(merges))
        merges.append(best)
        where.update(born)
        for pair, starts in born.items():
            heapq.heappush(heap, (-chain.count(starts), pair))
    return merges


@wrong(
    "10.8",
    "train_fast",
    "Your heap has the counts without a minus, so the rarest pair comes first. A heap of Python "
    "gives the smallest entry.",
)
def rarest_first(pieces, num_merges):
    chain = Chain(pieces, pieces.values())
    where = defaultdict(list)
    for pair, place in chain.pairs():
        where[pair].append(place)
    heap = [(chain.count(places), pair) for pair, places in where.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < num_merges:
        _, best = heapq.heappop(heap)
        places = chain.apart([p for p in where.pop(best) if chain.pair(p) == best])
        if chain.count(places) < 2:
            continue
        born = chain.join_all(places, BYTES + len(merges))
        merges.append(best)
        where.update(born)
        for pair, starts in born.items():
            heapq.heappush(heap, (chain.count(starts), pair))
    return merges


@wrong(
    "10.8",
    "train_fast",
    "Your chain does not know how often each piece occurs, so a piece that the text has a hundred "
    "times counts once. Hand the counts on as weights.",
)
def without_weights(pieces, num_merges):
    chain = Chain(pieces)
    where = defaultdict(list)
    for pair, place in chain.pairs():
        where[pair].append(place)
    heap = [(-chain.count(places), pair) for pair, places in where.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < num_merges:
        promised, best = heapq.heappop(heap)
        alive = [p for p in where.pop(best) if chain.pair(p) == best]
        places = chain.apart(alive)
        count = chain.count(places)
        if count < 2:
            continue
        if count < -promised:
            where[best] = alive
            heapq.heappush(heap, (-count, best))
            continue
        born = chain.join_all(places, BYTES + len(merges))
        merges.append(best)
        where.update(born)
        for pair, starts in born.items():
            heapq.heappush(heap, (-chain.count(starts), pair))
    return merges


@wrong(
    "10.8",
    "train_fast",
    "Pairs that are born in a merge never reach your heap, so tokens do not grow beyond two bytes. "
    "Push them, with their counts, and keep their places.",
)
def the_born_are_forgotten(pieces, num_merges):
    chain = Chain(pieces, pieces.values())
    where = defaultdict(list)
    for pair, place in chain.pairs():
        where[pair].append(place)
    heap = [(-chain.count(places), pair) for pair, places in where.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < num_merges:
        promised, best = heapq.heappop(heap)
        alive = [p for p in where.pop(best) if chain.pair(p) == best]
        places = chain.apart(alive)
        count = chain.count(places)
        if count < 2:
            continue
        if count < -promised:
            where[best] = alive
            heapq.heappush(heap, (-count, best))
            continue
        chain.join_all(places, BYTES + len(merges))
        merges.append(best)
    return merges


@wrong(
    "10.8",
    "train_fast",
    "Your merges are right, but for each of them you look at the whole chain again: that is the "
    "naive trainer in other clothes. Look at the places of one pair.",
)
def the_whole_chain_again(pieces, num_merges):
    chain = Chain(pieces, pieces.values())
    merges = []
    while len(merges) < num_merges:
        where = defaultdict(list)
        for pair, place in chain.pairs():
            where[pair].append(place)
        counts = {pair: chain.count(chain.apart(places)) for pair, places in where.items()}
        best = best_pair(counts)
        if best is None:
            break
        chain.join_all(chain.apart(where[best]), BYTES + len(merges))
        merges.append(best)
    return merges


@wrong(
    "10.8",
    "train_fast",
    "You join at all places where the pair is alive, also at those that share a token. `apart` "
    "says which of them can be joined.",
)
def not_apart(pieces, num_merges):
    chain = Chain(pieces, pieces.values())
    where = defaultdict(list)
    for pair, place in chain.pairs():
        where[pair].append(place)
    heap = [(-chain.count(places), pair) for pair, places in where.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < num_merges:
        promised, best = heapq.heappop(heap)
        places = [p for p in where.pop(best) if chain.pair(p) == best]
        count = chain.count(places)
        if count < 2:
            continue
        if count < -promised:
            where[best] = places
            heapq.heappush(heap, (-count, best))
            continue
        born = defaultdict(list)
        for place in places:
            for pair, starts in chain.join_all([place], BYTES + len(merges)).items():
                born[pair] += starts
        merges.append(best)
        where.update(born)
        for pair, starts in born.items():
            heapq.heappush(heap, (-chain.count(starts), pair))
    return merges


@wrong(
    "10.8",
    "train_fast",
    "You stop when the pair on top turns out to occur less than twice. Its promise was old; the "
    "pairs below it may have kept theirs. Forget this one, and look at the next.",
)
def the_end_too_early(pieces, num_merges):
    chain = Chain(pieces, pieces.values())
    where = defaultdict(list)
    for pair, place in chain.pairs():
        where[pair].append(place)
    heap = [(-chain.count(places), pair) for pair, places in where.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < num_merges:
        promised, best = heapq.heappop(heap)
        alive = [place for place in where.pop(best) if chain.pair(place) == best]
        places = chain.apart(alive)
        count = chain.count(places)
        if count < 2:
            break
        if count < -promised:
            where[best] = alive
            heapq.heappush(heap, (-count, best))
            continue
        born = chain.join_all(places, BYTES + len(merges))
        merges.append(best)
        where.update(born)
        for pair, starts in born.items():
            heapq.heappush(heap, (-chain.count(starts), pair))
    return merges


@wrong(
    "10.8",
    "train_fast",
    "You ask how many places a pair has, and not how often the text has it. A piece that occurs "
    "nine times has its places once: let chain.count add up their weights.",
)
def places_for_occurrences(pieces, num_merges):
    chain = Chain(pieces, pieces.values())
    where = defaultdict(list)
    for pair, place in chain.pairs():
        where[pair].append(place)
    heap = [(-chain.count(places), pair) for pair, places in where.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < num_merges:
        promised, best = heapq.heappop(heap)
        alive = [place for place in where.pop(best) if chain.pair(place) == best]
        places = chain.apart(alive)
        count = chain.count(places)
        if len(places) < 2:
            continue
        if count < -promised:
            where[best] = alive
            heapq.heappush(heap, (-count, best))
            continue
        born = chain.join_all(places, BYTES + len(merges))
        merges.append(best)
        where.update(born)
        for pair, starts in born.items():
            heapq.heappush(heap, (-chain.count(starts), pair))
    return merges


@wrong(
    "10.8",
    "train_fast",
    "You compare the promise with all places that are alive, also those that share a token, and "
    "so a run of equal letters counts for more than it saves. Count those that are apart.",
)
def runs_count_too_much(pieces, num_merges):
    chain = Chain(pieces, pieces.values())
    where = defaultdict(list)
    for pair, place in chain.pairs():
        where[pair].append(place)
    heap = [(-chain.count(places), pair) for pair, places in where.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < num_merges:
        promised, best = heapq.heappop(heap)
        alive = [place for place in where.pop(best) if chain.pair(place) == best]
        places = chain.apart(alive)
        count = chain.count(alive)
        if count < 2:
            continue
        if count < -promised:
            where[best] = alive
            heapq.heappush(heap, (-count, best))
            continue
        born = chain.join_all(places, BYTES + len(merges))
        merges.append(best)
        where.update(born)
        for pair, starts in born.items():
            heapq.heappush(heap, (-chain.count(starts), pair))
    return merges


# ------------------------------------------------------------------- 10.9 replay, encode_piece


@wrong(
    "10.9",
    "replay",
    "Your first merge makes the id 0. The ids below BYTES are the bytes themselves; the merges "
    "come after them.",
)
def ids_from_zero(piece, merges):
    ids = list(piece)
    for new, pair in enumerate(merges):
        ids = merge_pair(ids, pair, new)
    return ids


@wrong(
    "10.9",
    "replay",
    "You do the merges from the last to the first. The late ones are made of the early ones, and "
    "find nothing: do them in the order of the training.",
)
def from_last_to_first(piece, merges):
    ids = list(piece)
    for new in reversed(range(len(merges))):
        ids = merge_pair(ids, merges[new], BYTES + new)
    return ids


@wrong(
    "10.9",
    "replay",
    "You throw away the result of each merge. merge_pair returns a new list, and leaves the old "
    "one as it was.",
)
def result_thrown_away(piece, merges):
    ids = list(piece)
    for new, pair in enumerate(merges, BYTES):
        merge_pair(ids, pair, new)
    return ids


@wrong(
    "10.9",
    "encode_piece",
    "You join the first pair from the left that has a token. The order of the training decides, "
    "not the place: of all pairs here the one that was learned first.",
)
def leftmost_first(piece, ranks):
    ids = list(piece)
    i = 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) in ranks:
            ids[i : i + 2] = [ranks[ids[i], ids[i + 1]]]
            i = 0
        else:
            i += 1
    return ids


@wrong(
    "10.9",
    "encode_piece",
    "You join the pairs that the piece has at the beginning, and not those that joins make: no "
    "token is longer than two bytes. Push the pairs around each new token.",
)
def first_pairs_only(piece, ranks):
    chain = Chain([piece])
    heap = [(ranks[pair], place, pair) for pair, place in chain.pairs() if pair in ranks]
    heapq.heapify(heap)
    while heap:
        new, place, pair = heapq.heappop(heap)
        if chain.pair(place) == pair:
            chain.join(place, new)
    return [i for i in chain.ids if i != WALL]


@wrong(
    "10.9",
    "encode_piece",
    "You join without looking whether the pair is still there. One of its two ids may have been "
    "joined with another neighbour since the entry was pushed.",
)
def joined_blindly(piece, ranks):
    chain = Chain([piece])
    heap = [(ranks[pair], place, pair) for pair, place in chain.pairs() if pair in ranks]
    heapq.heapify(heap)
    while heap:
        new, place, _ = heapq.heappop(heap)
        if chain.ids[place] == WALL or chain.ids[chain.after[place]] == WALL:
            continue
        chain.join(place, new)
        for pair, start in chain.pairs((chain.before[place], place)):
            if pair in ranks:
                heapq.heappush(heap, (ranks[pair], start, pair))
    return [i for i in chain.ids if i != WALL]


@wrong(
    "10.9",
    "encode_piece",
    "Your tokens are right, and your work grows with the square of the piece: each join looks at "
    "all pairs again. Two pairs are new after a join, and a heap finds the first one.",
)
def all_pairs_again(piece, ranks):
    chain = Chain([piece])
    while True:
        here = [(ranks[pair], place) for pair, place in chain.pairs() if pair in ranks]
        if not here:
            return [i for i in chain.ids if i != WALL]
        new, place = min(here)
        chain.join(place, new)


@wrong(
    "10.9",
    "encode_piece",
    "You push the pair that begins with the new token, and forget the one that ends with it. A new "
    "token has a neighbour on the left, too.",
)
def left_neighbour_forgotten(piece, ranks):
    chain = Chain([piece])
    heap = [(ranks[pair], place, pair) for pair, place in chain.pairs() if pair in ranks]
    heapq.heapify(heap)
    while heap:
        new, place, pair = heapq.heappop(heap)
        if chain.pair(place) != pair:
            continue
        chain.join(place, new)
        for pair, start in chain.pairs((place,)):
            if pair in ranks:
                heapq.heappush(heap, (ranks[pair], start, pair))
    return [i for i in chain.ids if i != WALL]


@wrong(
    "10.9",
    "encode_piece",
    "You return the whole chain. A WALL stands at both ends, and wherever a token was joined "
    "away; no model knows the id -1.",
)
def walls_handed_out(piece, ranks):
    chain = Chain([piece])
    heap = [(ranks[pair], place, pair) for pair, place in chain.pairs() if pair in ranks]
    heapq.heapify(heap)
    while heap:
        new, place, pair = heapq.heappop(heap)
        if chain.pair(place) != pair:
            continue
        chain.join(place, new)
        for pair, start in chain.pairs((chain.before[place], place)):
            if pair in ranks:
                heapq.heappush(heap, (ranks[pair], start, pair))
    return chain.ids


@wrong(
    "10.9",
    "encode_piece",
    "Your list of entries is no heap yet: heappop gives the smallest entry only of a list that is "
    "in heap order. Hand it to heapify first, or push the entries one by one.",
)
def not_yet_a_heap(piece, ranks):
    chain = Chain([piece])
    heap = [(ranks[pair], place, pair) for pair, place in chain.pairs() if pair in ranks]
    while heap:
        new, place, pair = heapq.heappop(heap)
        if chain.pair(place) != pair:
            continue
        chain.join(place, new)
        for pair, start in chain.pairs((chain.before[place], place)):
            if pair in ranks:
                heapq.heappush(heap, (ranks[pair], start, pair))
    return [token for token in chain.ids if token != WALL]


# -------------------------------------------------------------- 10.10 __init__, decode and bytes


@wrong(
    "10.10",
    "BPETokenizer.__init__",
    "Your special tokens come before the merges. Then every merge would have another id with "
    "another number of special tokens: they come last.",
)
def special_tokens_first(self, merges=(), special_tokens=()):
    self.merges = check_merges(merges)
    names = check_special(special_tokens)
    first = BYTES + len(names)
    self.ranks = {pair: new for new, pair in enumerate(self.merges, first)}
    self.vocab = [bytes([value]) for value in range(BYTES)]
    self.special_tokens = {name: new for new, name in enumerate(names, BYTES)}
    made = list(self.vocab)
    for left, right in self.merges:
        made.append(made[left] + made[right])
    self.vocab += [name.encode() for name in names] + made[BYTES:]
    self.known = {}


@wrong(
    "10.10",
    "BPETokenizer.__init__",
    "You take the two ids of a merge for bytes. That is so for the first merges; later ones are "
    "made of tokens, so put together what the vocabulary has for both ids.",
)
def merges_of_bytes_only(self, merges=(), special_tokens=()):
    self.merges = check_merges(merges)
    names = check_special(special_tokens)
    self.ranks = {pair: new for new, pair in enumerate(self.merges, BYTES)}
    self.vocab = [bytes([value]) for value in range(BYTES)]
    self.vocab += [bytes(i % BYTES for i in pair) for pair in self.merges]
    self.special_tokens = {name: new for new, name in enumerate(names, len(self.vocab))}
    self.vocab += [name.encode() for name in names]
    self.known = {}


@wrong(
    "10.10",
    "BPETokenizer.__init__",
    "bytes(value) is `value` zeros. The byte with a value is bytes([value]), with a list.",
)
def so_many_zeros(self, merges=(), special_tokens=()):
    self.merges = check_merges(merges)
    names = check_special(special_tokens)
    self.ranks = {pair: new for new, pair in enumerate(self.merges, BYTES)}
    self.vocab = [bytes(value) for value in range(BYTES)]
    for left, right in self.merges:
        self.vocab.append(self.vocab[left] + self.vocab[right])
    self.special_tokens = {name: new for new, name in enumerate(names, len(self.vocab))}
    self.vocab += [name.encode() for name in names]
    self.known = {}


@wrong(
    "10.10",
    "BPETokenizer.__init__",
    "Special tokens have ids, and no bytes in the vocabulary: decoding them is an error, and the "
    "vocabulary is too small for a model that should write them.",
)
def special_tokens_without_bytes(self, merges=(), special_tokens=()):
    self.merges = check_merges(merges)
    names = check_special(special_tokens)
    self.ranks = {pair: new for new, pair in enumerate(self.merges, BYTES)}
    self.vocab = [bytes([value]) for value in range(BYTES)]
    for left, right in self.merges:
        self.vocab.append(self.vocab[left] + self.vocab[right])
    self.special_tokens = {name: new for new, name in enumerate(names, len(self.vocab))}
    self.known = {}


@wrong(
    "10.10",
    "BPETokenizer.__init__",
    "You take the merges as they come. A damaged file has merges of ids that do not exist yet; "
    "check_merges says so in words.",
)
def merges_not_looked_at(self, merges=(), special_tokens=()):
    self.merges = list(merges)
    names = check_special(special_tokens)
    self.ranks = {pair: new for new, pair in enumerate(self.merges, BYTES)}
    self.vocab = [bytes([value]) for value in range(BYTES)]
    for left, right in self.merges:
        self.vocab.append(self.vocab[left] + self.vocab[right])
    self.special_tokens = {name: new for new, name in enumerate(names, len(self.vocab))}
    self.vocab += [name.encode() for name in names]
    self.known = {}


@wrong(
    "10.10",
    "BPETokenizer.decode",
    "You turn each token into text for itself. A character may be spread over two tokens, and "
    "neither half is one: put the bytes together first.",
)
def token_by_token(self, ids, errors="replace"):
    parts = [self.vocab[i] for i in id_list(ids, self.vocab_size)]
    return "".join(part.decode("utf-8", errors) for part in parts)


@wrong(
    "10.10",
    "BPETokenizer.decode",
    "Your decoding refuses bytes that are no text, whatever errors says. A model that is still "
    "learning writes such bytes all the time: hand errors on.",
)
def always_strict(self, ids, errors="replace"):
    return self.decode_bytes(ids).decode("utf-8")


@wrong(
    "10.10",
    "BPETokenizer.decode",
    "You leave out bytes that are no text, so nobody sees that something is missing. What errors "
    "says decides; unless it says otherwise, U+FFFD stands there.",
)
def left_out(self, ids, errors="replace"):
    return self.decode_bytes(ids).decode("utf-8", "strict" if errors == "strict" else "ignore")


@wrong(
    "10.10",
    "BPETokenizer.decode_bytes",
    "You take the ids as they come, and a list answers -1 with its last entry. Let id_list look at "
    "them first.",
)
def any_ids(self, ids):
    return b"".join(self.vocab[i] for i in ids)


@wrong(
    "10.10",
    "BPETokenizer.__init__",
    "You make bytes of the characters 0 to 255, and in UTF-8 those from 128 on have two bytes "
    "each. An id below 256 is one byte: bytes([value]).",
)
def characters_for_bytes(self, merges=(), special_tokens=()):
    self.merges = check_merges(merges)
    names = check_special(special_tokens)
    self.ranks = {pair: new for new, pair in enumerate(self.merges, BYTES)}
    self.vocab = [chr(value).encode() for value in range(BYTES)]
    for left, right in self.merges:
        self.vocab.append(self.vocab[left] + self.vocab[right])
    self.special_tokens = {name: len(self.vocab) + k for k, name in enumerate(names)}
    self.vocab += [name.encode("utf-8") for name in names]
    self.known = {}


@wrong(
    "10.10",
    "BPETokenizer.__init__",
    "The ids of your special tokens are too large by one: you ask how long the vocabulary is when "
    "the token is in it already. The id is its place, the length before.",
)
def one_behind_its_place(self, merges=(), special_tokens=()):
    self.merges = check_merges(merges)
    names = check_special(special_tokens)
    self.ranks = {pair: new for new, pair in enumerate(self.merges, BYTES)}
    self.vocab = [bytes([value]) for value in range(BYTES)]
    for left, right in self.merges:
        self.vocab.append(self.vocab[left] + self.vocab[right])
    self.special_tokens = {name: len(self.vocab) + k + 1 for k, name in enumerate(names)}
    self.vocab += [name.encode("utf-8") for name in names]
    self.known = {}


@wrong(
    "10.10",
    "BPETokenizer.__init__",
    "You keep the merges that came in, and not the list that check_merges returns. From a file "
    "they come as lists, and a list cannot be the key of a dict; the list returned has tuples.",
)
def what_came_is_kept(self, merges=(), special_tokens=()):
    check_merges(merges)
    self.merges = merges
    names = check_special(special_tokens)
    self.ranks = {pair: new for new, pair in enumerate(self.merges, BYTES)}
    self.vocab = [bytes([value]) for value in range(BYTES)]
    for left, right in self.merges:
        self.vocab.append(self.vocab[left] + self.vocab[right])
    self.special_tokens = {name: len(self.vocab) + k for k, name in enumerate(names)}
    self.vocab += [name.encode("utf-8") for name in names]
    self.known = {}


# ------------------------------------------------------------------ 10.11 encode_pieces, encode


@wrong(
    "10.11",
    "BPETokenizer.encode_pieces",
    "You encode every piece anew, and remember none. A text repeats its pieces hundreds of times: "
    "look into self.known first.",
)
def nothing_remembered(self, pieces):
    return [token for piece in pieces for token in encode_piece(piece, self.ranks)]


@wrong(
    "10.11",
    "BPETokenizer.encode_pieces",
    "You remember everything. A server that runs for months meets more pieces than it has memory: "
    "stop at REMEMBERED.",
)
def everything_remembered(self, pieces):
    ids = []
    for piece in pieces:
        if piece not in self.known:
            self.known[piece] = encode_piece(piece, self.ranks)
        ids += self.known[piece]
    return ids


@wrong(
    "10.11",
    "BPETokenizer.encode_pieces",
    "For the first piece you take the very list in self.known, and add the other tokens to it: the "
    "next text with this piece gets them too. Begin with a list of your own.",
)
def the_remembered_list_grows(self, pieces):
    ids = None
    for piece in pieces:
        tokens = self.known.get(piece)
        if tokens is None:
            tokens = encode_piece(piece, self.ranks)
            if len(self.known) < REMEMBERED:
                self.known[piece] = tokens
        if ids is None:
            ids = tokens
        else:
            ids += tokens
    return [] if ids is None else ids


@wrong(
    "10.11",
    "BPETokenizer.encode",
    "You encode the whole text as one piece, so merges go across words and spaces, which they "
    "never did in the training. Cut it first.",
)
def one_piece(self, text, allowed_special=()):
    check_text(text)
    ids = []
    for number, part in enumerate(cut(text, self.allowed(allowed_special))):
        if number % 2:
            ids.append(self.special_tokens[part])
        elif part:
            ids += self.encode_pieces([part.encode()])
    return ids


@wrong(
    "10.11",
    "BPETokenizer.encode",
    "You make special tokens of all texts that look like one. Then a user can type them, and end "
    "the instructions of the system: only what is allowed is special.",
)
def always_special(self, text, allowed_special=()):
    check_text(text)
    ids = []
    for number, part in enumerate(cut(text, self.special_tokens)):
        if number % 2:
            ids.append(self.special_tokens[part])
        else:
            ids += self.encode_pieces(pretokenize(part))
    return ids


@wrong(
    "10.11",
    "BPETokenizer.encode",
    "You never look for special tokens, so a program cannot put any. Cut the text at those that "
    "are allowed; every second part is one.",
)
def never_special(self, text, allowed_special=()):
    check_text(text)
    return self.encode_pieces(pretokenize(text))


@wrong(
    "10.11",
    "BPETokenizer.encode",
    "You drop the special tokens: the text is cut there, and their ids are missing. Every second "
    "part is a special token, with an id of its own.",
)
def marks_dropped(self, text, allowed_special=()):
    check_text(text)
    ids = []
    for part in cut(text, self.allowed(allowed_special))[::2]:
        ids += self.encode_pieces(pretokenize(part))
    return ids


@wrong(
    "10.11",
    "BPETokenizer.encode",
    "You take whatever came for text. Bytes, or half a surrogate pair, end in an error that "
    "nobody understands; check_text has the words.",
)
def text_not_looked_at(self, text, allowed_special=()):
    ids = []
    for number, part in enumerate(cut(text, self.allowed(allowed_special))):
        if number % 2:
            ids.append(self.special_tokens[part])
        else:
            ids += self.encode_pieces(pretokenize(part, "surrogatepass"))
    return ids


@wrong(
    "10.11",
    "BPETokenizer.encode",
    "You ask whether a part is any special token of the tokenizer, and not whether this one was "
    "allowed. A user who types nothing but the mark gets it: go by the place of the part.",
)
def any_mark_will_do(self, text, allowed_special=()):
    check_text(text)
    ids = []
    for part in cut(text, self.allowed(allowed_special)):
        if part in self.special_tokens:
            ids.append(self.special_tokens[part])
        else:
            ids += self.encode_pieces(pretokenize(part))
    return ids


@wrong(
    "10.11",
    "BPETokenizer.encode",
    "You cut the text at all special tokens, also at those that are not allowed. Such a one is "
    "ordinary text: no cut belongs there, and a piece may reach into it.",
)
def cut_at_all_marks(self, text, allowed_special=()):
    check_text(text)
    allowed = self.allowed(allowed_special)
    ids = []
    for part in cut(text, self.special_tokens):
        if part in allowed:
            ids.append(self.special_tokens[part])
        else:
            ids += self.encode_pieces(pretokenize(part))
    return ids


@wrong(
    "10.11",
    "BPETokenizer.encode",
    "You hand allowed_special to cut as it came. The text 'all' is then taken for three special "
    "tokens, its letters: self.allowed makes names of it, and refuses what it does not know.",
)
def all_is_three_letters(self, text, allowed_special=()):
    check_text(text)
    ids = []
    for number, part in enumerate(cut(text, allowed_special)):
        if number % 2:
            ids.append(self.special_tokens[part])
        else:
            ids += self.encode_pieces(pretokenize(part))
    return ids


# ------------------------------------------------------------------ 10.12 train, sequence_lengths


@wrong(
    "10.12",
    "BPETokenizer.train",
    "You learn vocab_size merges, and the vocabulary becomes 256 too large. The size counts "
    "everything: bytes, merges and special tokens.",
)
@classmethod
def so_many_merges(cls, text, vocab_size, special_tokens=()):
    check_text(text)
    names = check_special(special_tokens)
    if vocab_size < BYTES + len(names):
        raise ValueError(f"vocab_size={vocab_size}, expected at least {BYTES + len(names)}")
    counts = Counter()
    for part in cut(text, names)[::2]:
        counts.update(pretokenize(part))
    return cls(train_fast(counts, vocab_size), names)


@wrong(
    "10.12",
    "BPETokenizer.train",
    "You forget the special tokens when you count the ids, so the vocabulary is larger than asked "
    "for, by as many as there are.",
)
@classmethod
def special_tokens_not_counted(cls, text, vocab_size, special_tokens=()):
    check_text(text)
    names = check_special(special_tokens)
    if vocab_size < BYTES + len(names):
        raise ValueError(f"vocab_size={vocab_size}, expected at least {BYTES + len(names)}")
    counts = Counter()
    for part in cut(text, names)[::2]:
        counts.update(pretokenize(part))
    return cls(train_fast(counts, vocab_size - BYTES), names)


@wrong(
    "10.12",
    "BPETokenizer.train",
    "You learn from the special tokens as if they were text: merges are spent on <| and end. Cut "
    "the text at them, and take the parts between.",
)
@classmethod
def learned_from_marks(cls, text, vocab_size, special_tokens=()):
    check_text(text)
    names = check_special(special_tokens)
    if vocab_size < BYTES + len(names):
        raise ValueError(f"vocab_size={vocab_size}, expected at least {BYTES + len(names)}")
    return cls(train_fast(Counter(pretokenize(text)), vocab_size - BYTES - len(names)), names)


@wrong(
    "10.12",
    "BPETokenizer.train",
    "You train and forget to hand the special tokens to the tokenizer, so it has none.",
)
@classmethod
def special_tokens_lost(cls, text, vocab_size, special_tokens=()):
    check_text(text)
    names = check_special(special_tokens)
    if vocab_size < BYTES + len(names):
        raise ValueError(f"vocab_size={vocab_size}, expected at least {BYTES + len(names)}")
    counts = Counter()
    for part in cut(text, names)[::2]:
        counts.update(pretokenize(part))
    return cls(train_fast(counts, vocab_size - BYTES - len(names)))


@wrong(
    "10.12",
    "BPETokenizer.train",
    "A vocabulary smaller than its bytes and special tokens makes your number of merges negative, "
    "and you return a larger one than was asked for, without a word. Refuse it.",
)
@classmethod
def too_small_is_taken(cls, text, vocab_size, special_tokens=()):
    check_text(text)
    names = check_special(special_tokens)
    counts = Counter()
    for part in cut(text, names)[::2]:
        counts.update(pretokenize(part))
    return cls(train_fast(counts, vocab_size - BYTES - len(names)), names)


@wrong(
    "10.12",
    "BPETokenizer.train",
    "You count each different piece once. A word that the text has a hundred times should weigh a "
    "hundred times: count the pieces with a Counter.",
)
@classmethod
def different_pieces_once(cls, text, vocab_size, special_tokens=()):
    check_text(text)
    names = check_special(special_tokens)
    if vocab_size < BYTES + len(names):
        raise ValueError(f"vocab_size={vocab_size}, expected at least {BYTES + len(names)}")
    pieces = {piece for part in cut(text, names)[::2] for piece in pretokenize(part)}
    return cls(train_fast(dict.fromkeys(pieces, 1), vocab_size - BYTES - len(names)), names)


@wrong(
    "10.12",
    "sequence_lengths",
    "Every size is measured with all merges, or nearly so. Of the ids of a smaller tokenizer 256 "
    "are bytes, and only what is left are merges.",
)
def merges_for_ids(tokenizer, text, vocab_sizes):
    return {n: len(BPETokenizer(tokenizer.merges[:n]).encode(text)) for n in vocab_sizes}


@wrong(
    "10.12",
    "sequence_lengths",
    "You take the last merges. They are made of the tokens of the first ones, which are then "
    "missing: a smaller training is the beginning of a larger one.",
)
def the_last_merges(tokenizer, text, vocab_sizes):
    lengths = {}
    for size in vocab_sizes:
        smaller = BPETokenizer(tokenizer.merges[len(tokenizer.merges) - (size - BYTES) :])
        lengths[size] = len(smaller.encode(text))
    return lengths


@wrong(
    "10.12",
    "sequence_lengths",
    "You count the characters of the text that comes back, and they are always the same. Count "
    "the tokens.",
)
def characters_counted(tokenizer, text, vocab_sizes):
    return {n: len(text) for n in vocab_sizes}


@wrong(
    "10.12",
    "BPETokenizer.train",
    "You glue the parts together again before you cut them into pieces, so the end of one document "
    "and the beginning of the next become one piece. Cut each part for itself.",
)
@classmethod
def documents_glued(cls, text, vocab_size, special_tokens=()):
    check_text(text)
    names = check_special(special_tokens)
    num_merges = vocab_size - BYTES - len(names)
    if num_merges < 0:
        raise ValueError(f"vocab_size {vocab_size}, expected at least {BYTES + len(names)}")
    counts = Counter(pretokenize("".join(cut(text, names)[::2])))
    return cls(train_fast(counts, num_merges), names)


@wrong(
    "10.12",
    "BPETokenizer.train",
    "Each part of the text begins a new count, so only the last document is learned from. One "
    "Counter takes the pieces of all parts; `update` adds to it.",
)
@classmethod
def the_last_document_only(cls, text, vocab_size, special_tokens=()):
    check_text(text)
    names = check_special(special_tokens)
    num_merges = vocab_size - BYTES - len(names)
    if num_merges < 0:
        raise ValueError(f"vocab_size {vocab_size}, expected at least {BYTES + len(names)}")
    counts = Counter()
    for part in cut(text, names)[::2]:
        counts = Counter(pretokenize(part))
    return cls(train_fast(counts, num_merges), names)


@wrong(
    "10.12",
    "BPETokenizer.train",
    "You refuse a vocabulary without merges. 256 ids, and one for each special token, are enough "
    "for every text: its bytes are its tokens then.",
)
@classmethod
def just_enough_is_refused(cls, text, vocab_size, special_tokens=()):
    check_text(text)
    names = check_special(special_tokens)
    num_merges = vocab_size - BYTES - len(names)
    if num_merges <= 0:
        raise ValueError(f"vocab_size {vocab_size}, expected at least {BYTES + len(names)}")
    counts = Counter()
    for part in cut(text, names)[::2]:
        counts.update(pretokenize(part))
    return cls(train_fast(counts, num_merges), names)


# -------------------------------------------------------------------------------- 10.13 debug it


@wrong(
    "10.13",
    "stream",
    "You collect all tokens and hand out the text at the end. It is right, and nobody sees "
    "anything until the model has finished: hand out what is complete.",
)
def all_at_the_end(tokenizer, ids):
    text = tokenizer.decode(list(ids))
    if text:
        yield text


@wrong(
    "10.13",
    "stream",
    "You leave out what is no character, so the question marks are gone, and the letters too. Keep "
    "the bytes back until the character is complete.",
)
def question_marks_removed(tokenizer, ids):
    for token in ids:
        text = tokenizer.decode([token], errors="ignore")
        if text:
            yield text


@wrong(
    "10.13",
    "stream",
    "When the tokens end in the middle of a character, you lose what you kept back. Hand it out "
    "as well: decode says � to it.",
)
def the_rest_is_lost(tokenizer, ids):
    waiting = []
    for token in ids:
        waiting.append(token)
        text = tokenizer.decode(waiting)
        if not text.endswith("\ufffd"):
            yield text
            waiting = []


@wrong(
    "10.13",
    "stream",
    "You hand out an empty text for each token that completes no character. That is no text, and "
    "a screen that counts parts shows wrong figures.",
)
def empty_parts(tokenizer, ids):
    waiting = []
    for token in ids:
        waiting.append(token)
        text = tokenizer.decode(waiting)
        if text.endswith("\ufffd"):
            yield ""
        else:
            yield text
            waiting = []
    if waiting:
        yield tokenizer.decode(waiting)


@wrong(
    "10.13",
    "stream",
    "You wait for a strict decoding to succeed. One byte that is no text, and nothing is handed "
    "out any more until the end.",
)
def strict_or_nothing(tokenizer, ids):
    waiting = []
    for token in ids:
        waiting.append(token)
        try:
            yield tokenizer.decode(waiting, errors="strict")
            waiting = []
        except UnicodeDecodeError:
            pass
    if waiting:
        yield tokenizer.decode(waiting)


@wrong(
    "10.13",
    "stream",
    "Your decoder stops with an error at the first byte that is no text. A model may write such a "
    "byte at any time: tell the decoder, when you make it, to put � there.",
)
def a_strict_decoder(tokenizer, ids):
    decoder = codecs.getincrementaldecoder("utf-8")()
    for token in ids:
        part = decoder.decode(tokenizer.decode_bytes([token]))
        if part:
            yield part
    rest = decoder.decode(b"", final=True)
    if rest:
        yield rest


@wrong(
    "10.13",
    "stream",
    "At the end you hand out what is left, also when nothing is left. Ask first whether there is "
    "any text, there as well.",
)
def an_empty_end(tokenizer, ids):
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for token in ids:
        part = decoder.decode(tokenizer.decode_bytes([token]))
        if part:
            yield part
    yield decoder.decode(b"", final=True)


@wrong(
    "10.13",
    "stream",
    "You tell the decoder with every token that nothing more will come, so it gives up each half "
    "character at once. Only after the last token is it final.",
)
def always_final(tokenizer, ids):
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for token in ids:
        part = decoder.decode(tokenizer.decode_bytes([token]), final=True)
        if part:
            yield part
