"""Right versions that are written differently from the reference; none of them may be accused."""

from tito.misconceptions import right


@right("10.1", "word_counts")
def sorted_twice(text):
    counts = {}
    for word in re.findall(r"\w+(?:'\w+)*", text):
        counts[word] = counts.get(word, 0) + 1
    alphabet = sorted(counts)
    return {word: counts[word] for word in sorted(alphabet, key=counts.get, reverse=True)}


@right("10.2", "CharTokenizer.encode")
def told_by_the_error(self, text):
    ids = []
    for place, character in enumerate(text):
        try:
            ids.append(self.ids[character])
        except KeyError:
            raise ValueError(f"unknown character {character!r} at place {place}") from None
    return ids


@right("10.3", "pretokenize")
def by_matches(text, errors="strict"):
    return [bytes(match.group(), "utf-8", errors) for match in SPLIT.finditer(text)]


@right("10.4", "count_pairs")
def by_merging(ids):
    ids = list(ids)
    pairs = dict.fromkeys(itertools.pairwise(ids))
    counts = {}
    for first, second in pairs:
        i = 0
        while i < len(ids) - 1:
            found = (ids[i], ids[i + 1]) == (first, second)
            counts[first, second] = counts.get((first, second), 0) + found
            i += 1 + found
    return Counter(counts)


@right("10.4", "best_pair")
def step_by_step(counts):
    best = None
    for pair in sorted(counts):
        if counts[pair] >= 2 and (best is None or counts[pair] > counts[best]):
            best = pair
    return best


@right("10.5", "merge_pair")
def with_an_iterator(ids, pair, new):
    merged = []
    fresh = False
    for i in ids:
        if merged and not fresh and (merged[-1], i) == tuple(pair):
            merged[-1] = new
            fresh = True
        else:
            merged.append(i)
            fresh = False
    return merged


@right("10.6", "train_naive")
def with_a_list_of_rows(pieces, num_merges):
    rows = [(list(piece), times) for piece, times in pieces.items()]
    merges = []
    for new in range(BYTES, BYTES + num_merges):
        counts = {}
        for ids, times in rows:
            for pair, n in count_pairs(ids).items():
                counts[pair] = counts.get(pair, 0) + n * times
        if (best := best_pair(counts)) is None:
            return merges
        rows = [(merge_pair(ids, best, new), times) for ids, times in rows]
        merges.append(best)
    return merges


@right("10.7", "Chain.apart")
def by_the_last_one_kept(self, places):
    kept = []
    for place in places:
        if not kept or self.after[kept[-1]] != place:
            kept.append(place)
    return kept


@right("10.8", "train_fast")
def with_exact_first_promises(pieces, num_merges):
    chain = Chain(list(pieces), list(pieces.values()))
    where, heap, merges = {}, [], []
    for pair, place in chain.pairs():
        where.setdefault(pair, []).append(place)
    for pair, places in where.items():
        heapq.heappush(heap, (-chain.count(chain.apart(places)), pair))
    while len(merges) < num_merges and heap:
        promise, pair = heapq.heappop(heap)
        where[pair] = [place for place in where[pair] if chain.pair(place) == pair]
        count = chain.count(chain.apart(where[pair]))
        if count > 1 and count != -promise:
            heapq.heappush(heap, (-count, pair))
        elif count > 1:
            for made, starts in chain.join_all(
                chain.apart(where[pair]), BYTES + len(merges)
            ).items():
                where[made] = starts
                heapq.heappush(heap, (-chain.count(starts), made))
            merges.append(pair)
    return merges


@right("10.9", "encode_piece")
def merge_by_merge_of_those_here(piece, ranks):
    chain = Chain([piece])
    waiting = {}
    for pair, place in chain.pairs():
        if pair in ranks:
            waiting.setdefault(ranks[pair], []).append(place)
    order = list(waiting)
    heapq.heapify(order)
    pairs = {new: pair for pair, new in ranks.items()}
    while order:
        new = heapq.heappop(order)
        for place in sorted(waiting.pop(new)):
            if chain.pair(place) == pairs[new]:
                chain.join(place, new)
                for pair, start in chain.pairs((chain.before[place], place)):
                    if pair in ranks:
                        if ranks[pair] not in waiting:
                            heapq.heappush(order, ranks[pair])
                        waiting.setdefault(ranks[pair], []).append(start)
    return [i for i in chain.ids if i >= 0]


@right("10.10", "BPETokenizer.decode_bytes")
def by_adding_up(self, ids):
    data = bytearray()
    for i in id_list(ids, len(self.vocab)):
        data += self.vocab[i]
    return bytes(data)


@right("10.11", "BPETokenizer.encode")
def part_by_part(self, text, allowed_special=()):
    check_text(text)
    allowed = set(self.allowed(allowed_special))
    ids = []
    for part in cut(text, allowed):
        if part in allowed:
            ids = [*ids, self.special_tokens[part]]
        else:
            ids = ids + self.encode_pieces(pretokenize(part))
    return ids


@right("10.12", "sequence_lengths")
def by_replaying(tokenizer, text, vocab_sizes):
    pieces = Counter(pretokenize(text))
    return {
        size: sum(
            len(replay(piece, tokenizer.merges[: size - 256])) * times
            for piece, times in pieces.items()
        )
        for size in vocab_sizes
    }


@right("10.13", "stream")
def kept_back_while_in_doubt(tokenizer, ids):
    waiting = []
    for token in ids:
        waiting.append(token)
        text = tokenizer.decode(waiting)
        if not text.endswith("\ufffd"):
            yield text
            waiting = []
    if waiting:
        yield tokenizer.decode(waiting)
