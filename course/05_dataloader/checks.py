"""The checks of chapter 05. Expected batches are written out or made with NumPy."""

import numpy as np

from tito.expect import check, expect, fresh, raises, rng

PAIRS = """
x = Tensor(np.arange(n, dtype=np.float32)[:, None] * np.array([1, 10], np.float32))
data = TensorDataset(x, Tensor(np.arange(n)))"""
"""Code that makes n samples whose label tells which features belong to it."""

LETTERS = """
class Letters:
    def __init__(self):
        self.asked, self.gathered = [], []
    def __len__(self):
        return 6
    def __getitem__(self, index):
        self.asked.append(index)
        return "abcdef"[index]
    def gather(self, indices):
        self.gathered.append(list(indices))
        return ["abcdef"[i] for i in indices]

"""
"""Code that makes a data set which notes how it was asked for its samples."""


def floats(values):
    """Expected values as float32, so that the screen shows the type that is asked for."""
    return np.asarray(values, np.float32)


# ----------------------------------------------------------------------------------- the samples


@check("05.1")
def a_sample_by_hand():
    """Sample 1 is row 1 of each tensor, as a tuple."""
    x = floats([[1, 10], [2, 20], [3, 30]])
    y = np.array([5, 6, 7])
    ask = "Which index goes to each tensor, and what holds the results together?"
    wanted = (floats([2, 20]), np.array(6))
    code = "sample = TensorDataset(Tensor(x), Tensor(y))[1]\ntuple(sample)"
    expect(code, wanted, x=x, y=y, ask=ask)
    code = "type(TensorDataset(Tensor(x), Tensor(y))[1]).__name__"
    expect(code, "tuple", x=x, y=y, ask="A tuple for a sample; the list is for a batch.")


@check("05.1")
def the_number_of_samples():
    """len counts samples, however many tensors there are."""
    ask = "Is it the number of tensors, or the number of their rows?"
    x, n = fresh(5, 2), 5
    expect("len(TensorDataset(Tensor(x), Tensor(x), Tensor(x)))", n, x=x, ask=ask)
    expect("len(TensorDataset(Tensor(x)))", n, x=x, ask=ask)


@check("05.1")
def tensors_of_different_lengths():
    """Three rows of features and four labels are refused, with both shapes."""
    code = "len(TensorDataset(Tensor(np.zeros((3, 2))), Tensor(np.zeros(4))))"
    ask = "Row 3 of the labels has no row of features. Where would that be noticed otherwise?"
    raises(code, AssertionError, mentions=["(3, 2)", "(4,)"], ask=ask)
    code = "len(TensorDataset(Tensor(np.zeros((3, 2, 2))), Tensor(np.zeros(3))))"
    expect(code, 3, ask="Which of the sizes have to agree: all of them, or those of dimension 0?")


@check("05.1")
def a_batch_by_hand():
    """The batch of the rows 2, 0 and 2 has these three rows, in this order."""
    code = "TensorDataset(Tensor(x), Tensor(y)).gather([2, 0, 2])"
    x, y = floats([[1, 10], [2, 20], [3, 30]]), np.array([5, 6, 7])
    wanted = [floats([[3, 30], [1, 10], [3, 30]]), np.array([7, 5, 7])]
    ask = "NumPy takes a list of row numbers as an index, in any order. So does your Tensor."
    expect(code, wanted, x=x, y=y, ask=ask)


@check("05.1")
def a_fresh_batch():
    """Features and labels of a batch stay together, for features of any shape."""
    x, y = fresh(7, 2, 3), rng().integers(0, 10, 7)
    numbers = rng().permutation(7)[:4].tolist()
    code = "TensorDataset(Tensor(x), Tensor(y)).gather(numbers)"
    expect(code, [x[numbers], y[numbers]], x=x, y=y, numbers=numbers)


@check("05.1")
def a_batch_in_one_operation():
    """A batch of 50 rows takes no more than a few operations per tensor."""
    code = """
heard = []
def count(below, op, tensors, options):
    heard.append(op)
    return below(op, tensors, options)

data = TensorDataset(Tensor(np.zeros((60, 2))))
with listen(count):
    data.gather(list(range(50)))
len(heard) <= 5
"""
    ask = "Is there a loop over the samples? One index can hold all row numbers."
    expect(code, True, ask=ask)


# ------------------------------------------------------------------------------------- the parts


@check("05.2")
def a_subset_by_hand():
    """Samples 4, 0 and 5 of "abcdef" are "e", "a", "f"."""
    letters = "abcdef"
    ask = "Number 0 of the subset is number 4 of the whole. Who translates?"
    code = "part = Subset(letters, [4, 0, 5])\n[part[0], part[1], part[2]]"
    expect(code, ["e", "a", "f"], letters=letters, ask=ask)
    ask = "How many samples are in the subset, not in the whole?"
    expect("len(Subset(letters, [4, 0, 5]))", 3, letters=letters, ask=ask)


@check("05.2")
def a_batch_of_a_subset():
    """A batch of a subset is gathered from the whole, under the numbers of the whole."""
    x = floats([10, 11, 12, 13, 14])
    code = "Subset(TensorDataset(Tensor(x)), [4, 0, 3]).gather([2, 0])"
    ask = "Numbers 2 and 0 of the subset: which rows are they in the whole?"
    expect(code, [floats([13, 14])], x=x, ask=ask)
    code = "Subset(Subset(TensorDataset(Tensor(x)), [4, 0, 3]), [1, 2]).gather([1, 0])"
    expect(code, [floats([13, 10])], x=x, ask="A subset of a subset: two translations.")


@check("05.2")
def the_fast_way_of_the_whole():
    """A whole that knows a fast way is asked for the batch at once, not for single samples."""
    code = (
        LETTERS
        + """
data = Letters()
batch = Subset(data, [4, 0, 5]).gather([2, 0])
batch, data.gathered, data.asked
"""
    )
    ask = "Which function finds the fast way of a data set, and which data set is it to ask?"
    expect(code, (["f", "e"], [[5, 4]], []), ask=ask)


@check("05.2")
def nothing_is_copied():
    """A subset holds on to the whole: a sample that changes there changes here."""
    code = """
whole = list("abc")
part = Subset(whole, [2, 0])
whole[2] = "z"
part[0], part.dataset is whole, list(part.indices)
"""
    expect(code, ("z", True, [2, 0]), ask="What does a subset need to keep, besides the numbers?")


@check("05.3")
def sizes_by_hand():
    """Whole numbers stay, fractions are rounded down, and the rest is dealt from the front."""
    expect("sizes_of_parts(10, [4, 6])", [4, 6], ask="Whole numbers are sizes already.")
    ask = "0.75 of 10 is 7.5, 0.25 of 10 is 2.5: 7 and 2 by rounding down. Who gets the tenth?"
    expect("sizes_of_parts(10, [0.75, 0.25])", [8, 2], ask=ask)
    ask = "0.3 of 11 is 3.3. With 3, 3 and 4 one sample is left over, and the first part is next."
    expect("sizes_of_parts(11, [0.3, 0.3, 0.4])", [4, 3, 4], ask=ask)
    ask = "3, 3 and 3 leave two over: one each for the first two parts."
    expect("sizes_of_parts(11, [1 / 3, 1 / 3, 1 / 3])", [4, 4, 3], ask=ask)


@check("05.3")
def sizes_that_do_not_add_up():
    """3 and 3 of 10 samples are refused, and so are negative parts and halves of a sample."""
    ask = "What would become of the other four samples?"
    raises("sizes_of_parts(10, [3, 3])", ValueError, mentions=["10"], ask=ask)
    raises("sizes_of_parts(10, [11, -1])", ValueError, mentions=["10"], ask="11 - 1 is 10. And?")
    raises("sizes_of_parts(10, [0.5, 0.6])", ValueError, mentions=["10"])
    ask = "2.5 and 7.5 add up to 10. Who gets the sample that is cut in two?"
    raises("sizes_of_parts(10, [2.5, 7.5])", ValueError, mentions=["10"], ask=ask)


@check("05.3")
def a_split_deals_every_sample_once():
    """The parts share no sample, and none is missing."""
    code = """
parts = random_split(list(range(20)), [0.5, 0.25, 0.25], Generator().manual_seed(seed))
numbers = [part[i] for part in parts for i in range(len(part))]
[len(part) for part in parts], sorted(numbers)
"""
    ask = "Is there one shuffled order that is cut into pieces, or one drawing per part?"
    expect(code, ([10, 5, 5], list(range(20))), seed=int(rng().integers(1000)), ask=ask)


@check("05.3")
def a_split_by_chance():
    """The order is random, and a seeded generator decides it."""
    code = """
def split(seed):
    generator = Generator().manual_seed(seed)
    return list(random_split(range(50), [25, 25], generator)[0].indices)

split(seed) == split(seed), split(seed) == split(seed + 1), split(seed) == list(range(25))
"""
    ask = "Does every call draw from the generator that it was given?"
    expect(code, (True, False, False), seed=int(rng().integers(1000)), ask=ask)
    code = """
before = default_generator.get_state()
random_split(range(50), [25, 25], Generator().manual_seed(1))
default_generator.get_state() == before
"""
    expect(code, True, ask="A generator was given. Was another one used?")
    code = """
def split(seed):
    default_generator.manual_seed(seed)
    return list(random_split(range(50), [25, 25])[0].indices)

split(1) == split(1), split(1) == split(2)
"""
    expect(code, (True, False), ask="Without a generator the default one decides.")


# ------------------------------------------------------------------------------------- the order


@check("05.4")
def every_number_once():
    """One round yields every number from 0 to N - 1 once, as Python integers."""
    n = int(rng().integers(5, 40))
    code = "sorted(RandomSampler(range(n), generator=Generator().manual_seed(n)))"
    ask = "A permutation has every number once. Throwing dice has not."
    expect(code, list(range(n)), n=n, ask=ask)
    code = "{type(i).__name__ for i in RandomSampler(range(n))} == {'int'}"
    ask = (
        "NumPy's integers are no Python integers. An array has a method that makes a list of ints."
    )
    expect(code, True, n=n, ask=ask)


@check("05.4")
def another_order_each_epoch():
    """The second round has another order than the first, and it is not 0, 1, 2, ..."""
    code = """
sampler = RandomSampler(range(100), generator=Generator().manual_seed(seed))
first, second = list(sampler), list(sampler)
first == second, first == list(range(100)), first == sorted(first)
"""
    ask = "When is the order drawn: when the sampler is made, or each time it is iterated over?"
    expect(code, (False, False, False), seed=int(rng().integers(1000)), ask=ask)


@check("05.4")
def a_seed_repeats_the_order():
    """The same seed gives the same rounds, another seed other ones."""
    code = """
def rounds(seed):
    sampler = RandomSampler(range(50), generator=Generator().manual_seed(seed))
    return [list(sampler), list(sampler)]

rounds(seed) == rounds(seed), rounds(seed) == rounds(seed + 1)
"""
    ask = "Where does the chance come from? stream(self.generator) says it."
    expect(code, (True, False), seed=int(rng().integers(1000)), ask=ask)


@check("05.4")
def chance_from_the_stream():
    """Without a generator it draws from stream(), which may be that of an epoch."""
    code = """
def drawn(seed):
    with drawing_from(Stream(seed)):
        return list(RandomSampler(range(50)))

drawn(3) == drawn(3), drawn(3) == drawn(4)
"""
    expect(code, (True, False), ask="stream() knows whose numbers to use now. Is it asked?")


@check("05.4")
def how_many_are_drawn():
    """num_samples may be less than N, or more: then the set is gone through again."""
    code = """
sampler = RandomSampler(range(5), num_samples=3, generator=Generator().manual_seed(1))
drawn = list(sampler)
len(sampler), len(drawn), len(set(drawn))
"""
    expect(code, (3, 3, 3), ask="Three of five numbers, none of them twice.")
    code = """
drawn = list(RandomSampler(range(40), num_samples=90, generator=Generator().manual_seed(1)))
sorted(drawn[:40]) == sorted(drawn[40:80]) == list(range(40)), len(drawn), len(set(drawn[80:]))
"""
    ask = "90 of 40: once through, once more, and ten of the next round."
    expect(code, (True, 90, 10), ask=ask)
    code = """
drawn = list(RandomSampler(range(40), num_samples=80, generator=Generator().manual_seed(1)))
drawn[:40] == drawn[40:]
"""
    expect(code, False, ask="Is the second time through drawn anew, or the first one repeated?")


@check("05.4")
def with_replacement():
    """With replacement numbers repeat, and all are from 0 to N - 1."""
    code = """
generator = Generator().manual_seed(1)
drawn = list(RandomSampler(range(100), True, 300, generator))
len(drawn), len(set(drawn[:100])) < 100, min(drawn) >= 0, max(drawn) < 100
"""
    ask = "Of 100 dice throws with 100 sides, some agree. Does self.replacement decide?"
    expect(code, (300, True, True, True), ask=ask)


@check("05.4")
def in_order():
    """A SequentialSampler yields 0, 1, 2, ... for any data set with a length, each time anew."""
    code = 's = SequentialSampler("abcd")\nlen(s), list(s), list(s)'
    ask = "Which numbers does a data set of four have? And the second time through?"
    expect(code, (4, [0, 1, 2, 3], [0, 1, 2, 3]), ask=ask)


@check("05.5")
def batches_by_hand():
    """Five numbers in batches of two: [0, 1], [2, 3], and [4]."""
    ask = "What happens to number 4, which is left over?"
    code = "list(BatchSampler(range(5), batch_size=2, drop_last=False))"
    expect(code, [[0, 1], [2, 3], [4]], ask=ask)
    code = "list(BatchSampler(range(5), batch_size=2, drop_last=True))"
    expect(code, [[0, 1], [2, 3]], ask="With drop_last=True the short batch is left out.")


@check("05.5")
def batches_that_come_out_even():
    """Six numbers in batches of two are three full batches, with drop_last or without."""
    for drop_last in (False, True):
        code = "s = BatchSampler(range(6), 2, drop_last)\nlist(s), len(s)"
        ask = "Nothing is left over. Is there an empty batch at the end, or one too few?"
        expect(code, ([[0, 1], [2, 3], [4, 5]], 3), drop_last=drop_last, ask=ask)


@check("05.5")
def the_number_of_batches():
    """len agrees with the number of batches, for every N and both settings."""
    code = """
[len(BatchSampler(range(n), size, drop)) for n in (0, 3, 4, 7) for drop in (False, True)]
"""
    size = 4
    wanted = [(n // size if drop else -(-n // size)) for n in (0, 3, 4, 7) for drop in (0, 1)]
    ask = "7 numbers, batches of 4: one full batch, and one that drop_last leaves out."
    expect(code, wanted, size=size, ask=ask)


@check("05.5")
def the_order_of_a_sampler():
    """The numbers keep the order in which the sampler gives them, and each list is a new one."""
    numbers = rng().permutation(11).tolist()
    code = """
lists = []
for batch in BatchSampler(numbers, 4, False):
    lists.append(batch)
lists
"""
    wanted = [numbers[:4], numbers[4:8], numbers[8:]]
    ask = "Is each batch a list of its own, or one list that is filled again and again?"
    expect(code, wanted, numbers=numbers, ask=ask)


@check("05.5")
def batches_of_a_sampler_without_end():
    """A batch is given out as soon as its numbers have come: the sampler may have no end."""
    code = """
def counting():
    n = 0
    while n < 1000:
        yield n
        n += 1
    raise RuntimeError("the sampler was asked for all its numbers before the first batch")

next(iter(BatchSampler(counting(), 3, False)))
"""
    ask = "How many numbers does your code take from the sampler before the first batch?"
    expect(code, [0, 1, 2], ask=ask)


# ------------------------------------------------------------------------------------- the batch


@check("05.6")
def tensors_are_stacked():
    """Two rows of two become a batch of shape (2, 2)."""
    code = "default_collate([tensor([1.0, 2.0]), tensor([3.0, 4.0])])"
    ask = "Stacking makes a new first dimension. Joining end to end does not."
    expect(code, floats([[1, 2], [3, 4]]), ask=ask)


@check("05.6")
def numbers_and_texts():
    """Numbers become a tensor, texts stay as they are."""
    expect("default_collate([3, 1, 4])", np.array([3, 1, 4]), ask="collate_values is given.")
    ask = "A text is a sequence of letters, too. Which test comes first?"
    expect('default_collate(["a", "bc"])', ["a", "bc"], ask=ask)


@check("05.6")
def pairs_by_hand():
    """Samples (features, label) become a list: all features, all labels."""
    code = "default_collate([(tensor([1.0, 2.0]), 0), (tensor([3.0, 4.0]), 1)])"
    ask = "zip(*samples) turns a list of pairs into two columns. What is done with each of them?"
    expect(code, [floats([[1, 2], [3, 4]]), np.array([0, 1])], ask=ask)


@check("05.6")
def parts_within_parts():
    """Tuples in tuples, dictionaries, and lists in dictionaries are collated part by part."""
    x = fresh(2, 3)
    code = """
samples = [{"x": Tensor(x[0]), "n": (1, [3, 5])}, {"x": Tensor(x[1]), "n": (2, [4, 6])}]
default_collate(samples)
"""
    wanted = {"x": x, "n": [np.array([1, 2]), [np.array([3, 4]), np.array([5, 6])]]}
    ask = "A part can have parts itself. Which function knows what to do with a part?"
    expect(code, wanted, x=x, ask=ask)


@check("05.6")
def named_parts():
    """A batch of named tuples is a named tuple."""
    code = """
from collections import namedtuple

Point = namedtuple("Point", "x y")
batch = default_collate([Point(1, 2), Point(3, 4)])
batch.x, batch.y
"""
    ask = "regrouped is given, and keeps the names."
    expect(code, (np.array([1, 3]), np.array([2, 4])), ask=ask)


@check("05.6")
def samples_that_differ():
    """Different shapes and different lengths are refused, with both."""
    code = "default_collate([tensor([1, 2]), tensor([3, 4]), tensor([5, 6, 7])])"
    ask = "Which sample is the one that does not fit, and how does it differ from sample 0?"
    raises(code, RuntimeError, mentions=["shapes", "sample 2", "(2,)", "(3,)"], ask=ask)
    ask = "zip stops at the shortest without a word. Which function of yours looks at the lengths?"
    code = "default_collate([(1, 2), (3,)])"
    raises(code, RuntimeError, mentions=["lengths", "sample 1", "2", "1"], ask=ask)
    raises('alike("lengths", [2, 4, 2])', RuntimeError, mentions=["sample 1", "4"])
    expect('alike("lengths", [3, 3])', None, ask="Equal lengths are no reason to complain.")


# ------------------------------------------------------------------------------------ the loader


@check("05.7")
def numbers_in_order():
    """Without shuffle and sampler the numbers come in order, in batches, the last one shorter."""
    code = """
manual_seed(1)
list(DataLoader(range(5), batch_size=2).batch_sampler)
"""
    expect(code, [[0, 1], [2, 3], [4]], ask="Which sampler yields 0, 1, 2, ...?")
    code = """
manual_seed(1)
list(DataLoader(range(5), batch_size=2, drop_last=True).batch_sampler)
"""
    expect(code, [[0, 1], [2, 3]], ask="drop_last has to reach the batch sampler.")


@check("05.7")
def numbers_shuffled():
    """With shuffle=True all numbers come, in another order each time."""
    code = """
manual_seed(1)
order = DataLoader(range(60), batch_size=60, shuffle=True).batch_sampler
first, second = next(iter(order)), next(iter(order))
sorted(first) == sorted(second) == list(range(60)), first == second, first == sorted(first)
"""
    expect(code, (True, False, False), ask="Which of your samplers draws a new order each time?")


@check("05.7")
def numbers_of_a_given_sampler():
    """A sampler of one's own sets the order."""
    code = "list(DataLoader(range(9), batch_size=2, sampler=[8, 0, 4]).batch_sampler)"
    expect(code, [[8, 0], [4]], ask="Is the sampler that was given used, or replaced?")


@check("05.7")
def the_length_of_an_epoch():
    """len is the number of batches, also with drop_last, a sampler, or batches of one's own."""
    code = """
[
    len(DataLoader(range(10), batch_size=4)),
    len(DataLoader(range(10), batch_size=4, drop_last=True)),
    len(DataLoader(range(10), batch_size=4, sampler=[3, 5])),
    len(DataLoader(range(10), batch_sampler=[[1], [2, 3]])),
]
"""
    ask = "Who knows how many batches there are, and has a len for it?"
    expect(code, [3, 2, 1, 2], ask=ask)


@check("05.7")
def a_batch_the_fast_way():
    """A data set that has a gather is asked for the whole batch at once."""
    code = (
        LETTERS
        + """
data = Letters()
batch = DataLoader(data)._fetch([4, 0])
batch, data.gathered, data.asked
"""
    )
    ask = "gather(dataset, indices) finds the fast way where there is one."
    expect(code, (["e", "a"], [[4, 0]], []), ask=ask)
    code = "DataLoader(squares)._fetch([2, 1])"
    expect(code, np.array([4, 1]), squares=[0, 1, 4, 9], ask="And where there is none?")


@check("05.7")
def a_batch_by_a_function_of_ones_own():
    """A collate_fn gets the list of the samples, one by one."""
    code = (
        LETTERS
        + """
data = Letters()
DataLoader(data, collate_fn=lambda samples: ["batch", samples])._fetch([4, 0])
"""
    )
    ask = "Does your code call self.collate_fn, and with the samples or with their numbers?"
    expect(code, ["batch", ["e", "a"]], ask=ask)


NOISY = """
def noisy(samples):
    return [int(stream().rng.integers(10**9)), samples]
"""
"""A collate function that needs chance, as an augmentation does."""


@check("05.8")
def an_epoch_by_hand():
    """Batches come in the order of the batch sampler, and the generator ends after the last."""
    code = "[batch.tolist() for batch in DataLoader(range(5), batch_size=2)._load(0)]"
    expect(code, [[0, 1], [2, 3], [4]], ask="One batch for each list of numbers.")
    code = "list(DataLoader(range(5), batch_sampler=[])._load(0))"
    expect(code, [], ask="No lists, no batches, and no error either.")
    code = (
        PAIRS
        + """
loader = DataLoader(data, batch_size=4, shuffle=True)
manual_seed(1)
[bool((x.numpy()[:, 1] == 10 * y.numpy()).all()) for x, y in loader._load(1)]
"""
    )
    expect(code, [True, True, True], n=10, ask="Are features and labels still those of one sample?")


@check("05.8")
def the_seed_decides_an_epoch():
    """The same seed gives the same epoch, whatever was drawn elsewhere; another seed, another."""
    code = (
        NOISY
        + """
manual_seed(1)
loader = DataLoader(list("abcdefgh"), batch_size=3, shuffle=True, collate_fn=noisy)
first = list(loader._load(seed))
default_generator.rng.random(5)
list(loader._load(seed)) == first, list(loader._load(seed + 100)) == first
"""
    )
    ask = "Who draws here: the sampler and the collate function. From whose stream, in your code?"
    expect(code, (True, False), seed=int(rng().integers(1000)), ask=ask)


@check("05.8")
def whose_stream():
    """The order is drawn from Stream(seed), and batch number k has Stream(seed + k)."""
    seed = int(rng().integers(1000))
    code = (
        NOISY
        + """
manual_seed(1)
loader = DataLoader(list("abcdef"), batch_size=2, collate_fn=noisy)
[chance for chance, samples in loader._load(seed)]
"""
    )
    wanted = [int(np.random.default_rng(seed + k).integers(10**9)) for k in (1, 2, 3)]
    ask = "The first batch is number 1. Which seed is its own?"
    expect(code, wanted, seed=seed, ask=ask)
    code = """
manual_seed(1)
numbers = [b.tolist() for b in DataLoader(range(6), batch_size=6, shuffle=True)._load(seed)]
numbers[0]
"""
    wanted = np.random.default_rng(seed).permutation(6).tolist()
    expect(code, wanted, seed=seed, ask="And the order, whose is it?")


@check("05.8")
def an_order_drawn_number_by_number():
    """A sampler that draws each number when it is asked goes on in one stream."""
    code = """
manual_seed(1)

class Dice(Sampler):
    def __iter__(self):
        for _ in range(4):
            yield int(stream().rng.integers(1000))

[b.tolist() for b in DataLoader(range(1000), batch_size=1, sampler=Dice())._load(5)]
"""
    random = np.random.default_rng(5)
    wanted = [[int(random.integers(1000))] for _ in range(4)]
    ask = "Is it one Stream(seed) for the whole order, or a new one for each batch?"
    expect(code, wanted, ask=ask)


@check("05.8")
def the_loop_keeps_its_own_chance():
    """While the training loop works with a batch, stream() is the default generator."""
    code = """
[stream() is default_generator for batch in DataLoader(range(4), batch_size=2)._load(0)]
"""
    ask = "A generator stands still at yield. In which with block does yours stand?"
    expect(code, [True, True], ask=ask)


@check("05.8")
def batches_that_were_given_out_before():
    """The first `skip` batches are not loaded, and those after them are as they would have been."""
    code = (
        LETTERS
        + NOISY
        + """
manual_seed(1)
whole = DataLoader(list("abcdefgh"), 2, shuffle=True, collate_fn=noisy)
data = Letters()
part = DataLoader(data, batch_size=2, collate_fn=lambda samples: samples)
list(whole._load(7, skip=2)) == list(whole._load(7))[2:], list(part._load(7, skip=2)), data.asked
"""
    )
    wanted = (True, [["e", "f"]], [4, 5])
    ask = "Batch 3 has the chance of batch 3, also when it is the first one that is loaded."
    expect(code, wanted, ask=ask)


@check("05.8")
def the_whole_loader():
    """for loops over a DataLoader: every sample once per epoch, another order in the next."""
    code = """
manual_seed(1)
loader = DataLoader(range(50), batch_size=8, shuffle=True)
epochs = [[i for batch in loader for i in batch.tolist()] for _ in range(2)]
sorted(epochs[0]) == sorted(epochs[1]) == list(range(50)), epochs[0] == epochs[1], len(loader)
"""
    expect(code, (True, False, 7), ask="The given __iter__ draws a seed and calls your _load.")


# -------------------------------------------------------------------------------- the transforms


@check("05.9")
def normalised_by_hand():
    """(1.0 - 0.5) / 0.25 is 2."""
    x = floats([[[0.5, 1.0]]])
    ask = "First the mean comes off, then the rest is divided."
    expect("Normalize([0.5], [0.25])(Tensor(x))", floats([[[0, 2]]]), x=x, ask=ask)


@check("05.9")
def channel_by_channel():
    """Each channel has its own numbers, in an image and in a batch, and the type is kept."""
    mean, std = [0.1, 0.5, 0.9], [1.0, 2.0, 4.0]
    by = np.reshape(mean, (3, 1, 1)), np.reshape(std, (3, 1, 1))
    for x in (fresh(3, 2, 5), fresh(4, 3, 3, 3)):
        wanted = floats((x - by[0]) / by[1])
        ask = "self.mean has the shape (C, 1, 1). How does it meet (N, C, H, W)?"
        expect("Normalize(mean, std)(Tensor(x))", wanted, x=x, mean=mean, std=std, ask=ask)
    x = fresh(1, 2, 2).astype(np.float16)
    expect("Normalize([0.0], [1.0])(Tensor(x)).dtype.name", "float16", x=x, ask="self.mean.to(...)")


@check("05.9")
def no_image_to_normalise():
    """Bytes, and images with another number of channels, are refused."""
    ask = "Are they looked at in expect, and is expect called?"
    code = "Normalize([0.5], [0.5])(Tensor(np.zeros((1, 2, 2), np.uint8)))"
    raises(code, TypeError, mentions=["uint8"], ask=ask)
    code = "Normalize([0.5, 0.5], [1, 1])(Tensor(np.zeros((3, 2, 2), np.float32)))"
    raises(code, ValueError, mentions=["(3, 2, 2)"], ask=ask)


@check("05.9")
def statistics_by_hand():
    """Two images of two channels: the mean and the spread of each channel, over both images."""
    x = floats([[[[0, 2]], [[5, 5]]], [[[4, 6]], [[5, 5]]]])  # (2, 2, 1, 2)
    ask = (
        "Channel 0 has the values 0, 2, 4, 6: their mean is 3, the mean of their squared "
        "distances 5."
    )
    wanted = ([3.0, 5.0], [float(np.sqrt(5)), 0.0])
    expect("channel_statistics(Tensor(x))", wanted, x=x, ask=ask)


@check("05.9")
def statistics_of_fresh_images():
    """Over all images and all places, one number per channel, as lists of Python numbers."""
    x = fresh(6, 3, 4, 5) * rng().uniform(0.5, 2, (6, 1, 1, 1)).astype(np.float32)
    values = x.astype(np.float64)
    wanted = values.mean((0, 2, 3)).tolist(), values.std((0, 2, 3)).tolist()
    ask = "Which of the four dimensions (N, C, H, W) is left at the end?"
    expect("channel_statistics(Tensor(x))", wanted, x=x, ask=ask)


@check("05.9")
def statistics_of_many_values():
    """The sum is exact: a million pixels of 0.1 on a ground of 1000 have their mean."""
    x = np.full((100, 1, 100, 100), 1000.1, np.float32)
    code = "mean, std = channel_statistics(Tensor(x))\nround(mean[0], 3), round(std[0], 3)"
    ask = "float32 has seven digits. In which type are the values added up, and the squares?"
    expect(code, (1000.1, 0.0), x=x, ask=ask)


@check("05.10")
def one_after_the_other():
    """x + 1 and then times 2 makes 8 of 3; an empty chain changes nothing."""
    code = "Compose([lambda x: x + 1, lambda x: x * 2])(3)"
    expect(code, 8, ask="What goes into the second transform: 3, or what the first one made?")
    expect("Compose([])(3)", 3)


@check("05.10")
def chains_that_take_batches():
    """A chain takes whole batches if all its parts say that they do."""
    code = """
batches = RandomCrop(2)
single = abs
[Compose(c).takes_batches for c in ([], [batches], [batches, single], [single], [batches] * 2)]
"""
    ask = "A function such as abs has no attribute takes_batches. What is asked then, and answered?"
    expect(code, [True, True, False, False, True], ask=ask)


@check("05.10")
def mirrored_by_hand():
    """With p=1 left and right change places, with p=0 nothing does."""
    x = floats([[[1, 2, 3], [4, 5, 6]]])
    ask = "An image is (C, H, W). Along which dimension do left and right lie?"
    expect("RandomHorizontalFlip(1.0)(Tensor(x))", x[..., ::-1].copy(), x=x, ask=ask)
    expect("RandomHorizontalFlip(0.0)(Tensor(x))", x, x=x)
    x = fresh(3, 2, 2, 4)
    expect("RandomHorizontalFlip(1.0)(Tensor(x))", x[..., ::-1].copy(), x=x)


@check("05.10")
def a_coin_for_each_image():
    """Of 2,000 images about 3 in 10 are mirrored with p = 0.3, each one for itself."""
    code = """
manual_seed(1)
x = np.zeros((2000, 1, 1, 2), np.float32)
x[..., 1] = 1
out = RandomHorizontalFlip(0.3)(Tensor(x)).numpy()
0.2 < (out[:, 0, 0, 0] == 1).mean() < 0.4
"""
    ask = "How many coins are tossed for a batch: one, or one for each image?"
    expect(code, True, ask=ask)


@check("05.10")
def coins_from_the_stream():
    """The coins come from stream(self.generator)."""
    code = """
def flipped(seed):
    flip = RandomHorizontalFlip(0.5, Generator().manual_seed(seed))
    return flip(Tensor(x)).tolist()

def loaded(seed):
    with drawing_from(Stream(seed)):
        return RandomHorizontalFlip(0.5)(Tensor(x)).tolist()

flipped(1) == flipped(1), flipped(1) == flipped(2), loaded(1) == loaded(1), loaded(1) == loaded(2)
"""
    ask = "Which function says where to draw from?"
    expect(code, (True, False, True, False), x=fresh(40, 1, 1, 2), ask=ask)


@check("05.10")
def a_flip_leaves_its_input_alone():
    """The result is a new tensor, also for one image."""
    x = floats([[[[1, 2]]], [[[3, 4]]]])
    code = """
images = Tensor(x.copy())
out = RandomHorizontalFlip(1.0)(images)
images.numpy(), out is images
"""
    expect(code, (x, False), x=x, ask="Into whose memory does your code write?")


@check("05.10")
def no_probability():
    """A p outside of 0 to 1 is refused."""
    raises("RandomHorizontalFlip(1.5).p", ValueError, mentions=["1.5"])
    raises("RandomHorizontalFlip(-0.5).p", ValueError, mentions=["-0.5"], ask="And below 0?")


@check("05.11")
def a_window_of_the_image():
    """A window of the size of the image is the image; smaller ones keep what lies side by side."""
    x = fresh(2, 3, 4)
    ask = "There is one place for it only. Which?"
    expect("RandomCrop((3, 4))(Tensor(x))", x, x=x, ask=ask)
    y = np.arange(20, dtype=np.float32).reshape(1, 4, 5)
    code = """
manual_seed(1)
out = RandomCrop((2, 3))(Tensor(y)).numpy()
out - out[0, 0, 0]
"""
    wanted = floats([[[0, 1, 2], [5, 6, 7]]])
    expect(code, wanted, y=y, ask="The size is (height, width). Two rows of three.")


@check("05.11")
def every_place_comes_up():
    """All six places of a 2 x 2 window in an image of 3 x 4 come up."""
    y = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    code = """
manual_seed(1)
crop = RandomCrop(2)
sorted({float(crop(Tensor(y)).numpy()[0, 0, 0]) for _ in range(200)})
"""
    ask = "Tops can be 0 and 1, lefts 0, 1 and 2. integers(k) draws from 0 to k - 1."
    expect(code, [0.0, 1.0, 2.0, 4.0, 5.0, 6.0], y=y, ask=ask)


@check("05.11")
def each_image_at_its_own_place():
    """In a batch every image is cut at a place of its own, in all its channels alike."""
    one = np.arange(100, dtype=np.float32).reshape(1, 10, 10)
    x = np.repeat(np.concatenate([one, one + 100])[None], 30, axis=0)  # (30, 2, 10, 10)
    code = """
manual_seed(1)
out = RandomCrop(3)(Tensor(x)).numpy()
out.shape, len({corner for corner in out[:, 0, 0, 0].tolist()}) > 5
"""
    ask = "How many tops and lefts are drawn for a batch?"
    expect(code, ((30, 2, 3, 3), True), x=x, ask=ask)
    code = """
manual_seed(1)
out = RandomCrop(3)(Tensor(x)).numpy()
out[:, 1] - out[:, 0]
"""
    wanted = np.full((30, 3, 3), 100, np.float32)
    expect(code, wanted, x=x, ask="Do the channels of an image still fit on each other?")


@check("05.11")
def a_border_first():
    """A border of zeros, or a mirrored one, is laid round the image before it is cut."""
    x = floats([[[1, 2], [3, 4]]])
    wide = floats([[[0, 0, 0, 0], [0, 1, 2, 0], [0, 3, 4, 0], [0, 0, 0, 0]]])
    ask = "np.pad takes a pair (before, after) for every dimension: which get none?"
    expect("RandomCrop(4, padding=1)(Tensor(x))", wide, x=x, ask=ask)
    wide = floats([[[4, 3, 4, 3], [2, 1, 2, 1], [4, 3, 4, 3], [2, 1, 2, 1]]])
    code = 'RandomCrop(4, padding=1, padding_mode="reflect")(Tensor(x))'
    expect(code, wide, x=x, ask="np.pad knows both modes under these names.")


@check("05.11")
def a_window_too_large():
    """A window larger than the padded image is refused, with both sizes."""
    code = "RandomCrop(10, padding=1)(Tensor(np.zeros((3, 5, 7), np.float32)))"
    ask = "The padded image is 7 x 9. Both sizes belong into the message, as 10x10 and 7x9."
    raises(code, ValueError, mentions=["10x10", "7x9"], ask=ask)
    code = "RandomCrop((2, 8))(Tensor(np.zeros((1, 5, 7), np.float32)))"
    raises(code, ValueError, mentions=["2x8", "5x7"], ask="It may fit in height and not in width.")


@check("05.11")
def places_from_the_stream():
    """The places come from stream(self.generator)."""
    code = """
def cropped(seed):
    crop = RandomCrop(2, generator=Generator().manual_seed(seed))
    return crop(Tensor(x)).tolist()

def loaded(seed):
    with drawing_from(Stream(seed)):
        return RandomCrop(2)(Tensor(x)).tolist()

cropped(1) == cropped(1), cropped(1) == cropped(2), loaded(1) == loaded(1), loaded(1) == loaded(2)
"""
    x = fresh(20, 1, 6, 6)
    expect(code, (True, False, True, False), x=x, ask="Which function says where to draw from?")


# -------------------------------------------------------------------------------------- debug it


@check("05.12")
def each_picture_has_its_label():
    """In a batch of the samples 2, 0, 1 each picture stands beside its own label."""
    pictures, labels = np.array([[0, 16], [16, 0], [8, 8]], np.uint8), np.array([7, 8, 9])
    wanted = [floats([[0.5, 0.5], [0, 1], [1, 0]]), np.array([9, 7, 8])]
    ask = "Which order do the pictures have, and which the labels?"
    code = "read_batch(pictures, labels, [2, 0, 1])"
    expect(code, wanted, pictures=pictures, labels=labels, ask=ask)


@check("05.12")
def a_batch_is_its_samples():
    """A batch is what the samples are one by one, also when one of them comes twice."""
    pictures, labels = rng().integers(0, 17, (9, 4)).astype(np.uint8), rng().integers(0, 10, 9)
    numbers = [8, 3, 3, 0, 5, 8]
    wanted = [floats(pictures[numbers] / 16), labels[numbers]]
    ask = "The order in which the samples were asked for is the order of the batch."
    code = "read_batch(pictures, labels, numbers)"
    expect(code, wanted, pictures=pictures, labels=labels, numbers=numbers, ask=ask)
    code = "read_batch(pictures, labels, numbers)[0].dtype.name"
    expect(code, "float32", pictures=pictures, labels=labels, numbers=numbers)


@check("05.12")
def the_reader_learns_shuffled():
    """The mean pictures are the same, shuffled or not."""
    code = """
box = Box(pictures, labels)
means = [mean_pictures(DataLoader(box, 5, shuffle=s), 3, 4).numpy() for s in (False, True)]
np.abs(means[0] - means[1]).max() < 1e-5
"""
    pictures, labels = rng().integers(0, 17, (30, 4)).astype(np.uint8), np.arange(30) % 3
    expect(code, True, pictures=pictures, labels=labels, ask="Compare data.gather([3, 0]) by hand.")
