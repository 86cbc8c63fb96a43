"""Wrong versions that learners write, each with the sentence that helps."""

from tito.misconceptions import wrong

# ----------------------------------------------------------------------------------- the samples


@wrong(
    "05.1",
    "TensorDataset.__init__",
    "Your TensorDataset takes tensors of different lengths without a word. Row 3 of the labels "
    "then has no features, and the error comes much later, or never. Compare the first sizes.",
)
def any_lengths(self, *tensors):
    self.tensors = tensors


@wrong(
    "05.1",
    "TensorDataset.__init__",
    "Your TensorDataset compares whole shapes, so it refuses features (3, 2, 2) with labels "
    "(3,). Only the sizes of dimension 0, the numbers of samples, have to agree.",
)
def equal_shapes_only(self, *tensors):
    if len({t.shape for t in tensors}) > 1:
        raise AssertionError(f"TensorDataset: got {[t.shape for t in tensors]}")
    self.tensors = tensors


@wrong(
    "05.1",
    "TensorDataset.__init__",
    "Your TensorDataset refuses tensors of different lengths and does not say which ones it got."
    " Name the shapes: whoever reads the message sees the mistake in them.",
)
def refused_without_the_shapes(self, *tensors):
    if len({t.shape[0] for t in tensors}) > 1:
        raise AssertionError("the tensors have different lengths")
    self.tensors = tensors


@wrong(
    "05.1",
    "TensorDataset.__len__",
    "Your len counts the tensors. The number of samples is the number of rows of each of them.",
)
def how_many_tensors(self):
    return len(self.tensors)


@wrong(
    "05.1",
    "TensorDataset.__getitem__",
    "Your data[1] is the whole second tensor. Sample 1 is row 1 of every tensor.",
)
def a_tensor_for_a_sample(self, index):
    return self.tensors[index]


@wrong(
    "05.1",
    "TensorDataset.__getitem__",
    "Your sample is a list. A sample is a tuple of parts, as in PyTorch; the batch is the list.",
)
def a_sample_as_a_list(self, index):
    return [t[index] for t in self.tensors]


@wrong(
    "05.1",
    "TensorDataset.gather",
    "Your gather gives a list of samples, one tuple for each. A batch is the other way round: "
    "one tensor with all the features, one with all the labels.",
)
def a_list_of_samples(self, indices):
    return [self[i] for i in indices]


@wrong(
    "05.1",
    "TensorDataset.gather",
    "Your gather gets the right batch, row by row. Fifty rows are fifty operations, and each "
    "costs as much as the whole batch would. One index can hold all the row numbers.",
)
def row_by_row(self, indices):
    return [stack([t[i] for i in indices]) for t in self.tensors]


@wrong(
    "05.1",
    "TensorDataset.gather",
    "Your gather sorts the row numbers. The batch then has another order than it was asked for, "
    "and whatever else was fetched in that order no longer belongs to it.",
)
def rows_sorted(self, indices):
    rows = np.sort(np.asarray(indices, dtype=np.intp))
    return [t[rows] for t in self.tensors]


# ------------------------------------------------------------------------------------- the parts


@wrong(
    "05.2",
    "Subset.__getitem__",
    "Your subset hands the index on as it is, so that number 0 of every part is sample 0 of the "
    "whole: the parts share their samples, and test and training are one. Translate it.",
)
def sample_untranslated(self, index):
    return self.dataset[index]


@wrong(
    "05.2",
    "Subset.__len__",
    "Your subset has the length of the whole data set. It has as many samples as it has indices.",
)
def length_of_the_whole(self):
    return len(self.dataset)


@wrong(
    "05.2",
    "Subset.gather",
    "Your single samples are translated and your batches are not: gather asks the whole for the "
    "numbers of the part. The samples look right one by one, and the batches are of other data.",
)
def batch_untranslated(self, indices):
    return gather(self.dataset, indices)


@wrong(
    "05.2",
    "Subset.gather",
    "Your gather of a subset gives a list of samples, where a batch is wanted. Translate the "
    "numbers and let the function gather make the batch of the whole data set.",
)
def samples_of_a_subset(self, indices):
    return [self[i] for i in indices]


@wrong(
    "05.2",
    "Subset.gather",
    "Your gather asks itself: the function gather, called with self, finds the method gather of "
    "self and calls it, and so on without end. Ask it for the whole, self.dataset.",
)
def asks_itself(self, indices):
    return gather(self, indices)


@wrong(
    "05.2",
    "Subset.__init__",
    "Your subset copies its samples when it is made. That costs their memory, and a picture that "
    "is changed at random at each fetch is the same one for ever. Keep the whole and the numbers.",
)
def samples_copied(self, dataset, indices):
    self.dataset, self.indices = [dataset[i] for i in indices], list(range(len(indices)))


@wrong(
    "05.3",
    "sizes_of_parts",
    "Your sizes are rounded to the nearest whole number, so that they may add up to one more or "
    "one less than there are samples. Round down, and deal what is left over.",
)
def sizes_rounded(n, lengths):
    if math.isclose(sum(lengths), 1):
        return [round(n * fraction) for fraction in lengths]
    if sum(lengths) != n or min(lengths) < 0:
        raise ValueError(f"the lengths {lengths} do not add up to {n}")
    return list(lengths)


@wrong(
    "05.3",
    "sizes_of_parts",
    "Your sizes are rounded down, and what is left over belongs to nobody: some samples are in "
    "no part. Deal them out, one each, from the first part on.",
)
def sizes_rounded_down(n, lengths):
    if math.isclose(sum(lengths), 1):
        return [math.floor(n * fraction) for fraction in lengths]
    if sum(lengths) != n or min(lengths) < 0:
        raise ValueError(f"the lengths {lengths} do not add up to {n}")
    return list(lengths)


@wrong(
    "05.3",
    "sizes_of_parts",
    "Your last part gets all that rounding has left over. It is to be dealt in turn, one sample "
    "each, from the first part on, as PyTorch does.",
)
def the_rest_to_the_last(n, lengths):
    if math.isclose(sum(lengths), 1):
        sizes = [math.floor(n * fraction) for fraction in lengths]
        sizes[-1] += n - sum(sizes)
        return sizes
    if sum(lengths) != n or min(lengths) < 0:
        raise ValueError(f"the lengths {lengths} do not add up to {n}")
    return list(lengths)


@wrong(
    "05.3",
    "sizes_of_parts",
    "Your first part gets all that rounding has left over. It is to be dealt in turn: one sample"
    " to the first part, the next one to the second.",
)
def the_rest_to_the_first(n, lengths):
    if math.isclose(sum(lengths), 1):
        sizes = [math.floor(n * fraction) for fraction in lengths]
        sizes[0] += n - sum(sizes)
        return sizes
    if sum(lengths) != n or min(lengths) < 0:
        raise ValueError(f"the lengths {lengths} do not add up to {n}")
    return list(lengths)


@wrong(
    "05.3",
    "sizes_of_parts",
    "Your sizes may add up to anything: 3 and 3 of 10 samples loses four of them without a word."
    " Refuse it, and name n.",
)
def sizes_unchecked(n, lengths):
    if not math.isclose(sum(lengths), 1):
        return list(lengths)
    sizes = [math.floor(n * fraction) for fraction in lengths]
    for i in range(n - sum(sizes)):
        sizes[i % len(sizes)] += 1
    return sizes


@wrong(
    "05.3",
    "sizes_of_parts",
    "Your sizes are checked by their sum alone, and 11 and -1 add up to 10. No part has a "
    "negative size.",
)
def negative_sizes(n, lengths):
    sizes = list(lengths)
    if math.isclose(sum(lengths), 1):
        sizes = [math.floor(n * fraction) for fraction in lengths]
        for i in range(n - sum(sizes)):
            sizes[i % len(sizes)] += 1
    if sum(sizes) != n:
        raise ValueError(f"the lengths {lengths} do not add up to {n}")
    return sizes


@wrong(
    "05.3",
    "sizes_of_parts",
    "Your sizes may be halves: 2.5 and 7.5 add up to 10, and a sample is cut in two, or lost when "
    "the size is made an int. Refuse what is no whole number.",
)
def halves_of_a_sample(n, lengths):
    sizes = list(lengths)
    if math.isclose(sum(lengths), 1):
        sizes = [math.floor(n * fraction) for fraction in lengths]
        for i in range(n - sum(sizes)):
            sizes[i % len(sizes)] += 1
    if sum(sizes) != n or min(lengths) < 0:
        raise ValueError(f"the lengths {lengths} do not add up to {n}")
    return [int(size) for size in sizes]


@wrong(
    "05.3",
    "random_split",
    "Your parts are cut in the order of the data set. If it is sorted, by class or by the person"
    " who wrote, the parts differ in kind. Shuffle the numbers first.",
)
def split_in_order(dataset, lengths, generator=None):
    sizes, start, parts = sizes_of_parts(len(dataset), lengths), 0, []
    for size in sizes:
        parts.append(Subset(dataset, list(range(start, start + size))))
        start += size
    return parts


@wrong(
    "05.3",
    "random_split",
    "Your parts are drawn one by one from all samples, so that some are in two parts and some in"
    " none. A test sample that was trained on makes the test a lie. Shuffle once, and cut.",
)
def parts_drawn_apart(dataset, lengths, generator=None):
    rng = (generator or default_generator).rng
    sizes = sizes_of_parts(len(dataset), lengths)
    return [Subset(dataset, rng.permutation(len(dataset))[:size].tolist()) for size in sizes]


@wrong(
    "05.3",
    "random_split",
    "Your split ignores the generator that it was given and draws from the default one. Then it "
    "depends on everything that drew before, and cannot be repeated.",
)
def split_by_the_default(dataset, lengths, generator=None):
    sizes = sizes_of_parts(len(dataset), lengths)
    order = default_generator.rng.permutation(len(dataset)).tolist()
    ends = itertools.accumulate(sizes)
    return [Subset(dataset, order[end - k : end]) for end, k in zip(ends, sizes)]


@wrong(
    "05.3",
    "random_split",
    "Your split starts a generator of its own with a fixed seed, so it is the same split "
    "whatever seed was asked for. Use the generator given, or default_generator.",
)
def split_with_a_fixed_seed(dataset, lengths, generator=None):
    sizes = sizes_of_parts(len(dataset), lengths)
    order = np.random.default_rng(0).permutation(len(dataset)).tolist()
    ends = itertools.accumulate(sizes)
    return [Subset(dataset, order[end - k : end]) for end, k in zip(ends, sizes)]


# ------------------------------------------------------------------------------------- the order


@wrong(
    "05.4",
    "RandomSampler.__iter__",
    "Your order is drawn once and kept, so every epoch is the same. The samples of a batch are "
    "then always together, and their errors never average out. Draw when __iter__ is called.",
)
def one_order_for_ever(self):
    if not hasattr(self, "order"):
        rng = stream(self.generator).rng
        n = len(self.data_source)
        if self.replacement:
            self.order = rng.integers(n, size=self.num_samples).tolist()
        else:
            rounds = math.ceil(self.num_samples / n)
            self.order = [i for _ in range(rounds) for i in rng.permutation(n).tolist()]
    yield from self.order[: self.num_samples]


@wrong(
    "05.4",
    "RandomSampler.__iter__",
    "Your sampler starts a generator with a fixed seed at each round: every epoch has one order,"
    " and every seed too. Ask stream(self.generator) for the generator.",
)
def order_with_a_fixed_seed(self):
    n, rng = len(self.data_source), np.random.default_rng(0)
    if self.replacement:
        yield from rng.integers(n, size=self.num_samples).tolist()
        return
    for start in range(0, self.num_samples, n):
        yield from rng.permutation(n)[: self.num_samples - start].tolist()


@wrong(
    "05.4",
    "RandomSampler.__iter__",
    "Your sampler always throws dice: some numbers come twice in an epoch, and a third of them "
    "not at all. Without replacement every number comes once: a permutation.",
)
def always_dice(self):
    rng = stream(self.generator).rng
    yield from rng.integers(len(self.data_source), size=self.num_samples).tolist()


@wrong(
    "05.4",
    "RandomSampler.__iter__",
    "Your sampler takes no notice of self.replacement: it always permutes, and no number comes "
    "again before all have come.",
)
def never_dice(self):
    n, rng = len(self.data_source), stream(self.generator).rng
    for start in range(0, self.num_samples, n):
        yield from rng.permutation(n)[: self.num_samples - start].tolist()


@wrong(
    "05.4",
    "RandomSampler.__iter__",
    "Your sampler draws from the default generator, whatever was given and whoever loads. Ask "
    "stream(self.generator): it knows the owner of the chance.",
)
def order_by_the_default(self):
    n, rng = len(self.data_source), default_generator.rng
    if self.replacement:
        yield from rng.integers(n, size=self.num_samples).tolist()
        return
    for start in range(0, self.num_samples, n):
        yield from rng.permutation(n)[: self.num_samples - start].tolist()


@wrong(
    "05.4",
    "RandomSampler.__iter__",
    "Your sampler yields NumPy integers. A list takes them, a database or a JSON file does not. "
    "tolist() makes Python integers of a whole array.",
)
def numpy_integers(self):
    n, rng = len(self.data_source), stream(self.generator).rng
    if self.replacement:
        yield from rng.integers(n, size=self.num_samples)
        return
    for start in range(0, self.num_samples, n):
        yield from rng.permutation(n)[: self.num_samples - start]


@wrong(
    "05.4",
    "RandomSampler.__iter__",
    "Your sampler yields one permutation and stops, whatever num_samples says.",
)
def one_permutation(self):
    n, rng = len(self.data_source), stream(self.generator).rng
    if self.replacement:
        yield from rng.integers(n, size=self.num_samples).tolist()
    else:
        yield from rng.permutation(n).tolist()


@wrong(
    "05.4",
    "RandomSampler.__iter__",
    "Where more than N numbers are wanted, your sampler repeats the order of the first round. "
    "Each time through is a new permutation.",
)
def the_same_round_again(self):
    n, rng = len(self.data_source), stream(self.generator).rng
    if self.replacement:
        yield from rng.integers(n, size=self.num_samples).tolist()
        return
    yield from np.resize(rng.permutation(n), self.num_samples).tolist()


@wrong(
    "05.4",
    "RandomSampler.__len__",
    "Your len is the size of the data set. It is the number of numbers that a round yields, "
    "which num_samples sets.",
)
def length_of_the_data(self):
    return len(self.data_source)


@wrong(
    "05.4",
    "SequentialSampler.__iter__",
    "Your SequentialSampler yields the samples. A sampler yields their numbers.",
)
def samples_for_numbers(self):
    return iter(self.data_source)


@wrong(
    "05.5",
    "BatchSampler.__iter__",
    "Your batches leave out the last partial one, whatever drop_last says. In a test that is "
    "always the same samples: the accuracy is of another test set.",
)
def always_full(self):
    numbers = iter(self.sampler)
    while len(batch := list(itertools.islice(numbers, self.batch_size))) == self.batch_size:
        yield batch


@wrong(
    "05.5",
    "BatchSampler.__iter__",
    "Your batches include the short last one although drop_last is set.",
)
def never_dropped(self):
    numbers = iter(self.sampler)
    while batch := list(itertools.islice(numbers, self.batch_size)):
        yield batch


@wrong(
    "05.5",
    "BatchSampler.__iter__",
    "Your batches end with an empty one when the numbers come out even. A batch of nothing has "
    "no mean: the loss is nan.",
)
def an_empty_batch(self):
    batch = []
    for number in self.sampler:
        batch.append(number)
        if len(batch) == self.batch_size:
            yield batch
            batch = []
    if not self.drop_last:
        yield batch


@wrong(
    "05.5",
    "BatchSampler.__iter__",
    "Your batches are one list that is emptied and filled again. Whoever keeps a batch finds "
    "other numbers in it later. Give out a new list each time.",
)
def one_list_for_all(self):
    batch = []
    for number in self.sampler:
        if len(batch) == self.batch_size:
            batch.clear()
        batch.append(number)
        if len(batch) == self.batch_size:
            yield batch
    if batch and len(batch) < self.batch_size and not self.drop_last:
        yield batch


@wrong(
    "05.5",
    "BatchSampler.__iter__",
    "Your sampler is read to its end before the first batch comes out. A stream without an end "
    "never gives one. Take what one batch needs.",
)
def all_numbers_first(self):
    numbers = list(self.sampler)
    for start in range(0, len(numbers), self.batch_size):
        batch = numbers[start : start + self.batch_size]
        if len(batch) == self.batch_size or not self.drop_last:
            yield batch


@wrong(
    "05.5",
    "BatchSampler.__len__",
    "Your len counts full batches only. Without drop_last the partial one comes as well: round up.",
)
def full_batches_counted(self):
    return len(self.sampler) // self.batch_size


@wrong(
    "05.5",
    "BatchSampler.__len__",
    "Your len counts the partial batch also when drop_last leaves it out. A schedule for the "
    "learning rate that is made from it never gets to its end.",
)
def partial_batch_counted(self):
    return math.ceil(len(self.sampler) / self.batch_size)


@wrong(
    "05.5",
    "BatchSampler.__len__",
    "Your len adds one for the partial batch also when there is none: 6 numbers in batches of 2 "
    "are 3, not 4. Round up instead.",
)
def one_more_always(self):
    full = len(self.sampler) // self.batch_size
    return full if self.drop_last else full + 1


# ------------------------------------------------------------------------------------- the batch


@wrong(
    "05.6",
    "alike",
    "Your alike says that the samples differ, and not which one does. Somebody has to find it "
    "among 50,000: name its number, and both values.",
)
def unlike_somewhere(what, values):
    if len(set(values)) > 1:
        raise RuntimeError(f"default_collate: the {what} of the samples differ")


@wrong(
    "05.6",
    "alike",
    "Your alike compares the first sample with the last one only. One that differs in between is "
    "not seen.",
)
def first_and_last_alone(what, values):
    if values[0] != values[-1]:
        i = len(values) - 1
        raise RuntimeError(f"sample 0 and sample {i}: {what} {values[0]} and {values[i]}")


@wrong(
    "05.6",
    "default_collate",
    "Your collate leaves tensors as a list of tensors. A batch is one tensor, with a new first "
    "dimension: stack them.",
)
def a_list_of_tensors(samples):
    first = samples[0]
    if isinstance(first, Tensor):
        alike("shapes", [sample.shape for sample in samples])
        return list(samples)
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, Sequence) and not isinstance(first, (str, bytes)):
        alike("lengths", [len(sample) for sample in samples])
        return regrouped(first, [default_collate(c) for c in zip(*samples, strict=True)])
    return collate_values(samples)


@wrong(
    "05.6",
    "default_collate",
    "Your collate joins tensors end to end, so that two rows of 2 become one row of 4. Stack "
    "them: a batch has a new first dimension.",
)
def joined_end_to_end(samples):
    first = samples[0]
    if isinstance(first, Tensor):
        alike("shapes", [sample.shape for sample in samples])
        return Tensor(np.concatenate([sample.array for sample in samples]))
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, Sequence) and not isinstance(first, (str, bytes)):
        alike("lengths", [len(sample) for sample in samples])
        return regrouped(first, [default_collate(c) for c in zip(*samples, strict=True)])
    return collate_values(samples)


@wrong(
    "05.6",
    "default_collate",
    "Your collate turns rows into columns and leaves the columns as they are. Each column has to"
    " be collated too, by this very function.",
)
def columns_left_alone(samples):
    first = samples[0]
    if isinstance(first, Tensor):
        alike("shapes", [sample.shape for sample in samples])
        return stack(samples)
    if isinstance(first, Mapping):
        return {key: [sample[key] for sample in samples] for key in first}
    if isinstance(first, Sequence) and not isinstance(first, (str, bytes)):
        alike("lengths", [len(sample) for sample in samples])
        return regrouped(first, list(zip(*samples, strict=True)))
    return collate_values(samples)


@wrong(
    "05.6",
    "default_collate",
    "Your collate collates each sample for itself: two samples give a list of two. Go through "
    "the parts instead: all features together, all labels together.",
)
def rows_instead_of_columns(samples):
    first = samples[0]
    if isinstance(first, Tensor):
        alike("shapes", [sample.shape for sample in samples])
        return stack(samples)
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, (tuple, list)):
        alike("lengths", [len(sample) for sample in samples])
        return regrouped(first, [collate_values([part]) for s in samples for part in s[-1:]])
    return collate_values(samples)


@wrong(
    "05.6",
    "default_collate",
    "Your collate takes a text for a sequence of letters, each of which is a text again, without"
    " end. Texts and bytes have no parts: leave them to collate_values.",
)
def texts_in_letters(samples):
    first = samples[0]
    if isinstance(first, Tensor):
        alike("shapes", [sample.shape for sample in samples])
        return stack(samples)
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, Sequence):
        if isinstance(first, str) and len(first) == 1:
            return tuple(samples)
        return regrouped(first, [default_collate(column) for column in zip(*samples)])
    return collate_values(samples)


@wrong(
    "05.6",
    "default_collate",
    "Your collate lets zip cut all samples to the shortest one, without a word. Call alike with "
    "the lengths before.",
)
def cut_to_the_shortest(samples):
    first = samples[0]
    if isinstance(first, Tensor):
        alike("shapes", [sample.shape for sample in samples])
        return stack(samples)
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, Sequence) and not isinstance(first, (str, bytes)):
        return regrouped(first, [default_collate(column) for column in zip(*samples)])
    return collate_values(samples)


@wrong(
    "05.6",
    "default_collate",
    "Your collate forgets the names of a named tuple. The given regrouped keeps them.",
)
def names_forgotten(samples):
    first = samples[0]
    if isinstance(first, Tensor):
        alike("shapes", [sample.shape for sample in samples])
        return stack(samples)
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, Sequence) and not isinstance(first, (str, bytes)):
        alike("lengths", [len(sample) for sample in samples])
        return [default_collate(column) for column in zip(*samples, strict=True)]
    return collate_values(samples)


# ------------------------------------------------------------------------------------ the loader


@wrong(
    "05.7",
    "DataLoader._in_batches",
    "Your loader does not look at shuffle: the order is 0, 1, 2, ... in every epoch.",
)
def never_shuffled(self, sampler, shuffle):
    return BatchSampler(sampler or SequentialSampler(self.dataset), self.batch_size, self.drop_last)


@wrong(
    "05.7",
    "DataLoader._in_batches",
    "Your loader shuffles always. A test wants its samples in order, so that its results can be "
    "compared one by one.",
)
def always_shuffled(self, sampler, shuffle):
    return BatchSampler(sampler or RandomSampler(self.dataset), self.batch_size, self.drop_last)


@wrong(
    "05.7",
    "DataLoader._in_batches",
    "Your loader puts an order of its own in the place of the sampler that it was given.",
)
def sampler_replaced(self, sampler, shuffle):
    sampler = RandomSampler(self.dataset) if shuffle else SequentialSampler(self.dataset)
    return BatchSampler(sampler, self.batch_size, self.drop_last)


@wrong(
    "05.7",
    "DataLoader._in_batches",
    "Your loader does not hand drop_last on, so the short last batch always comes.",
)
def drop_last_forgotten(self, sampler, shuffle):
    if sampler is None:
        sampler = RandomSampler(self.dataset) if shuffle else SequentialSampler(self.dataset)
    return BatchSampler(sampler, self.batch_size, False)


@wrong(
    "05.7",
    "DataLoader.__len__",
    "Your len is the number of samples. For a loader it is the number of batches: that is how "
    "often a loop over it goes round.",
)
def samples_counted(self):
    return len(self.dataset)


@wrong(
    "05.7",
    "DataLoader.__len__",
    "Your len is worked out from the size of the data set. A sampler may yield fewer numbers, "
    "and with a batch_sampler there is no batch size. Ask self.batch_sampler.",
)
def length_worked_out(self):
    if self.batch_size is None:
        return len(self.batch_sampler)
    n = len(self.dataset)
    return n // self.batch_size if self.drop_last else math.ceil(n / self.batch_size)


@wrong(
    "05.7",
    "DataLoader._fetch",
    "Your loader always takes the fast way and never calls the collate_fn that it was given.",
)
def collate_fn_ignored(self, indices):
    return gather(self.dataset, indices)


@wrong(
    "05.7",
    "DataLoader._fetch",
    "Your loader gives the numbers of the samples to collate_fn. It wants the samples "
    "themselves, in a list.",
)
def numbers_to_collate(self, indices):
    if self.collate_fn is default_collate:
        return gather(self.dataset, indices)
    return self.collate_fn(list(indices))


@wrong(
    "05.7",
    "DataLoader._fetch",
    "Your loader fetches sample by sample also where the data set has a fast way. The result is "
    "the same and takes fifty times as long. For default_collate use gather.",
)
def always_one_by_one(self, indices):
    return self.collate_fn([self.dataset[i] for i in indices])


@wrong(
    "05.8",
    "DataLoader._load",
    "Your _load yields inside of drawing_from. A generator stands still at yield with all its "
    "blocks open, so the training loop draws from the stream of the batch. Yield after the "
    "block.",
)
def yields_in_the_block(self, seed, skip=0):
    order, numbers = Stream(seed), iter(self.batch_sampler)
    for count in itertools.count(1):
        with drawing_from(order):
            indices = next(numbers, None)
        if indices is None:
            return
        if count > skip:
            with drawing_from(Stream(seed + count)):
                yield self._fetch(indices)


@wrong(
    "05.8",
    "DataLoader._load",
    "Your _load leaves the chance to whoever holds the default generator: the same seed gives "
    "another epoch each time. Draw the order and each batch inside of drawing_from.",
)
def no_stream_at_all(self, seed, skip=0):
    for count, indices in enumerate(self.batch_sampler, start=1):
        if count > skip:
            yield self._fetch(indices)


@wrong(
    "05.8",
    "DataLoader._load",
    "Your _load has one stream for the order and all batches. What batch 3 gets then depends on "
    "what the batches before it drew, and a run that goes on in the middle gets something else.",
)
def one_stream_for_all(self, seed, skip=0):
    source, numbers = Stream(seed), iter(self.batch_sampler)
    for count in itertools.count(1):
        with drawing_from(source):
            indices = next(numbers, None)
            batch = self._fetch(indices) if indices is not None and count > skip else None
        if indices is None:
            return
        if count > skip:
            yield batch


@wrong(
    "05.8",
    "DataLoader._load",
    "Your _load makes a new stream of the order for each batch, with the same seed, so a sampler"
    " that draws number by number draws the same number again and again. Make it once.",
)
def order_started_again(self, seed, skip=0):
    numbers = iter(self.batch_sampler)
    for count in itertools.count(1):
        with drawing_from(Stream(seed)):
            indices = next(numbers, None)
        if indices is None:
            return
        if count > skip:
            with drawing_from(Stream(seed + count)):
                batch = self._fetch(indices)
            yield batch


@wrong(
    "05.8",
    "DataLoader._load",
    "Your _load counts the batches from 0, so that the first one has the stream of the order, "
    "and its crops follow from its order. Batch number 1 has the seed seed + 1.",
)
def counted_from_zero(self, seed, skip=0):
    order, numbers = Stream(seed), iter(self.batch_sampler)
    for count in itertools.count():
        with drawing_from(order):
            indices = next(numbers, None)
        if indices is None:
            return
        if count >= skip:
            with drawing_from(Stream(seed + count)):
                batch = self._fetch(indices)
            yield batch


@wrong(
    "05.8",
    "DataLoader._load",
    "Your _load loads the batches that it skips and throws them away. A run that goes on near "
    "the end of an epoch then waits for the whole of it. Draw their numbers, and no more.",
)
def skipped_and_loaded(self, seed, skip=0):
    order, numbers = Stream(seed), iter(self.batch_sampler)
    for count in itertools.count(1):
        with drawing_from(order):
            indices = next(numbers, None)
        if indices is None:
            return
        with drawing_from(Stream(seed + count)):
            batch = self._fetch(indices)
        if count > skip:
            yield batch


@wrong(
    "05.8",
    "DataLoader._load",
    "Your _load counts from 1 again after the batches that it skips, so batch 3 gets the chance "
    "of batch 1, and the run that goes on is another run.",
)
def counted_anew_after_skipping(self, seed, skip=0):
    order, numbers = Stream(seed), iter(self.batch_sampler)
    for count in itertools.count(1 - skip):
        with drawing_from(order):
            indices = next(numbers, None)
        if indices is None:
            return
        if count > 0:
            with drawing_from(Stream(seed + count)):
                batch = self._fetch(indices)
            yield batch


# -------------------------------------------------------------------------------- the transforms


@wrong(
    "05.9",
    "Normalize.__call__",
    "Your Normalize measures the image that it is given. Then a dark picture and a bright one "
    "become alike, and a test picture depends on its neighbours. Use the numbers that it was "
    "told.",
)
def by_its_own_statistics(self, image):
    self.expect(image)
    return (image - image.mean()) / image.array.std()


@wrong(
    "05.9",
    "Normalize.__call__",
    "Your Normalize divides before it subtracts. The mean is in the units of the image: it comes"
    " off first.",
)
def divided_first(self, image):
    self.expect(image)
    return image / self.std.to(image.dtype) - self.mean.to(image.dtype)


@wrong(
    "05.9",
    "Normalize.__call__",
    "Your Normalize multiplies by the spread, so wide channels become wider. Divide by it.",
)
def multiplied_by_the_spread(self, image):
    self.expect(image)
    return (image - self.mean.to(image.dtype)) * self.std.to(image.dtype)


@wrong(
    "05.9",
    "Normalize.__call__",
    "Your Normalize takes anything: bytes of 0 to 255, images with other channels. Call "
    "self.expect, which refuses them in words.",
)
def nothing_refused(self, image):
    return (image - self.mean.to(image.dtype)) / self.std.to(image.dtype)


@wrong(
    "05.9",
    "Normalize.expect",
    "Your expect lets bytes pass. A mean of 0.3 taken from a pixel of 255 is no error that anybody "
    "would see. Refuse what is not floating-point.",
)
def bytes_pass(self, image):
    C = images_of(image, "Normalize").shape[1]
    if len(self.mean) != C:
        raise ValueError(f"Normalize: {image.shape} has {C} channels, not {len(self.mean)}")


@wrong(
    "05.9",
    "Normalize.expect",
    "Your expect takes dimension 0 for the channels. In a batch that is the number of images: use "
    "what images_of returns, which is always (N, C, H, W).",
)
def images_for_channels(self, image):
    if images_of(image, "Normalize").dtype.kind != "f":
        raise TypeError(f"Normalize: got an image of {image.dtype}")
    if len(self.mean) != image.shape[0]:
        raise ValueError(f"Normalize: {image.shape} does not have {len(self.mean)} channels")


@wrong(
    "05.9",
    "channel_statistics",
    "Your statistics are one number for all channels. Red, green and blue have means of their "
    "own: keep dimension 1.",
)
def all_channels_together(images):
    values, C = images.array.astype(np.float64), images.shape[1]
    return [values.mean().item()] * C, [values.std().item()] * C


@wrong(
    "05.9",
    "channel_statistics",
    "Your spread is the variance: the root is missing. Pixels have a unit, and the mean of "
    "squares has another one.",
)
def variance_for_spread(images):
    values = images.array.astype(np.float64)
    return values.mean((0, 2, 3)).tolist(), values.var((0, 2, 3)).tolist()


@wrong(
    "05.9",
    "channel_statistics",
    "Your spread is the mean of the spreads of the single images. Bright and dark images differ "
    "from each other, and that is missing in it. Take all images at once.",
)
def spread_within_images(images):
    values = images.array.astype(np.float64)
    return values.mean((0, 2, 3)).tolist(), values.std((2, 3)).mean(0).tolist()


@wrong(
    "05.9",
    "channel_statistics",
    "Your spread divides by one less than the number of values. The task says the mean of the "
    "squared distances; for a million pixels it makes no difference, for four it does.",
)
def one_less(images):
    values = images.array.astype(np.float64)
    return values.mean((0, 2, 3)).tolist(), values.std((0, 2, 3), ddof=1).tolist()


@wrong(
    "05.9",
    "channel_statistics",
    "Your spread is the mean of the squares minus the square of the mean, in float32. Both are "
    "about a million here, seven digits are used up, and the difference is noise. Subtract the "
    "mean first.",
)
def digits_lost(images):
    values = images.array
    mean = values.mean((0, 2, 3))
    return mean.tolist(), np.sqrt(np.abs((values**2).mean((0, 2, 3)) - mean**2)).tolist()


@wrong(
    "05.10",
    "Compose.__call__",
    "Your Compose gives the original to every transform and keeps what the last one made. Each "
    "gets what the one before it returned.",
)
def the_last_one_alone(self, image):
    out = image
    for transform in self.transforms:
        out = transform(image)
    return out


@wrong(
    "05.10",
    "Compose.__call__",
    "Your Compose goes through its transforms from the last to the first.",
)
def from_the_last(self, image):
    for transform in reversed(self.transforms):
        image = transform(image)
    return image


@wrong(
    "05.10",
    "Compose.takes_batches",
    "Your chain takes batches as soon as one of its parts does. The others then get a batch where "
    "they expect an image. All of them have to.",
)
def any_part_will_do(self):
    return any(getattr(transform, "takes_batches", False) for transform in self.transforms)


@wrong(
    "05.10",
    "Compose.takes_batches",
    "Your chain fails on a part that is a plain function: it has no attribute takes_batches. "
    "getattr takes a third argument, for what is not there.",
)
def every_part_has_it(self):
    return all(transform.takes_batches for transform in self.transforms)


@wrong(
    "05.10",
    "RandomHorizontalFlip.__init__",
    "Your flip takes any p. With 1.5 every image is mirrored and nobody learns that it was a typo.",
)
def any_probability(self, p=0.5, generator=None):
    self.p, self.generator = p, generator


@wrong(
    "05.10",
    "RandomHorizontalFlip.__call__",
    "Your flip tosses one coin for the whole batch: all its images are mirrored, or none. Draw "
    "one number for each image.",
)
def one_coin(self, image):
    images = images_of(image, "RandomHorizontalFlip")
    if stream(self.generator).rng.random() < self.p:
        images = images[..., ::-1].copy()
    return Tensor(images.reshape(image.shape).copy())


@wrong(
    "05.10",
    "RandomHorizontalFlip.__call__",
    "Your flip turns images upside down: it mirrors the height. Left and right lie along the "
    "last dimension of (N, C, H, W).",
)
def upside_down(self, image):
    images = images_of(image, "RandomHorizontalFlip")
    mirrored = stream(self.generator).rng.random(len(images)) < self.p
    out = images.copy()
    out[mirrored] = images[mirrored][:, :, ::-1]
    return Tensor(out.reshape(image.shape))


@wrong(
    "05.10",
    "RandomHorizontalFlip.__call__",
    "Your flip writes into the memory of the image that it was given, which belongs to the data "
    "set: in the next epoch it is still mirrored. Make a copy first.",
)
def flipped_in_place(self, image):
    images = images_of(image, "RandomHorizontalFlip")
    mirrored = stream(self.generator).rng.random(len(images)) < self.p
    images[mirrored] = images[mirrored][..., ::-1]
    return Tensor(images.reshape(image.shape))


@wrong(
    "05.10",
    "RandomHorizontalFlip.__call__",
    "Your flip mirrors where the number is above p: with p = 0.3 seven in ten. Numbers below p "
    "have the probability p.",
)
def the_other_side_of_p(self, image):
    images = images_of(image, "RandomHorizontalFlip")
    mirrored = stream(self.generator).rng.random(len(images)) >= self.p
    out = images.copy()
    out[mirrored] = images[mirrored][..., ::-1]
    return Tensor(out.reshape(image.shape))


@wrong(
    "05.10",
    "RandomHorizontalFlip.__call__",
    "Your flip draws from NumPy's or the default generator, so the epoch cannot be repeated from"
    " its seed. Ask stream(self.generator).",
)
def coins_of_nobody(self, image):
    images = images_of(image, "RandomHorizontalFlip")
    mirrored = default_generator.rng.random(len(images)) < self.p
    out = images.copy()
    out[mirrored] = images[mirrored][..., ::-1]
    return Tensor(out.reshape(image.shape))


@wrong(
    "05.11",
    "RandomCrop.__call__",
    "Your crop cuts all images of a batch at one place. Each needs a top and a left of its own.",
)
def one_place_for_all(self, image):
    border = (self.padding, self.padding)
    images = images_of(image, "RandomCrop")
    images = np.pad(images, ((0, 0), (0, 0), border, border), self.padding_mode)
    (N, C, H, W), (height, width) = images.shape, self.size
    if height > H or width > W:
        raise ValueError(f"RandomCrop: {height}x{width} does not fit into {H}x{W}")
    rng = stream(self.generator).rng
    top, left = int(rng.integers(H - height + 1)), int(rng.integers(W - width + 1))
    out = images[:, :, top : top + height, left : left + width].copy()
    return Tensor(out.reshape(*image.shape[:-2], height, width))


@wrong(
    "05.11",
    "RandomCrop.__call__",
    "Your crop always takes the middle. That is a crop without chance, and shows the network one"
    " place only.",
)
def always_the_middle(self, image):
    border = (self.padding, self.padding)
    images = images_of(image, "RandomCrop")
    images = np.pad(images, ((0, 0), (0, 0), border, border), self.padding_mode)
    (N, C, H, W), (height, width) = images.shape, self.size
    if height > H or width > W:
        raise ValueError(f"RandomCrop: {height}x{width} does not fit into {H}x{W}")
    top, left = (H - height) // 2, (W - width) // 2
    out = images[:, :, top : top + height, left : left + width].copy()
    return Tensor(out.reshape(*image.shape[:-2], height, width))


@wrong(
    "05.11",
    "RandomCrop.__call__",
    "Your crop never takes the last place: integers(k) stops at k - 1, and there are H - height "
    "+ 1 places. For a window as large as the image there would be none.",
)
def never_the_last_place(self, image):
    border = (self.padding, self.padding)
    images = images_of(image, "RandomCrop")
    images = np.pad(images, ((0, 0), (0, 0), border, border), self.padding_mode)
    (N, C, H, W), (height, width) = images.shape, self.size
    if height > H or width > W:
        raise ValueError(f"RandomCrop: {height}x{width} does not fit into {H}x{W}")
    rng = stream(self.generator).rng
    tops = rng.integers(max(H - height, 1), size=N)
    lefts = rng.integers(max(W - width, 1), size=N)
    out = np.empty((N, C, height, width), images.dtype)
    for i in range(N):
        top, left = tops[i], lefts[i]
        out[i] = images[i, :, top : top + height, left : left + width]
    return Tensor(out.reshape(*image.shape[:-2], height, width))


@wrong(
    "05.11",
    "RandomCrop.__call__",
    "Your crop always lays a border of zeros and does not look at padding_mode. Hand it to np.pad.",
)
def zeros_always(self, image):
    border = (self.padding, self.padding)
    images = images_of(image, "RandomCrop")
    images = np.pad(images, ((0, 0), (0, 0), border, border))
    (N, C, H, W), (height, width) = images.shape, self.size
    if height > H or width > W:
        raise ValueError(f"RandomCrop: {height}x{width} does not fit into {H}x{W}")
    rng = stream(self.generator).rng
    tops, lefts = rng.integers(H - height + 1, size=N), rng.integers(W - width + 1, size=N)
    out = np.empty((N, C, height, width), images.dtype)
    for i in range(N):
        top, left = tops[i], lefts[i]
        out[i] = images[i, :, top : top + height, left : left + width]
    return Tensor(out.reshape(*image.shape[:-2], height, width))


@wrong(
    "05.11",
    "RandomCrop.__call__",
    "Your crop reads the size as (width, height). It is (height, width), as the shape of an image.",
)
def width_first(self, image):
    border = (self.padding, self.padding)
    images = images_of(image, "RandomCrop")
    images = np.pad(images, ((0, 0), (0, 0), border, border), self.padding_mode)
    (N, C, H, W), (width, height) = images.shape, self.size
    if height > H or width > W:
        raise ValueError(f"RandomCrop: {height}x{width} does not fit into {H}x{W}")
    rng = stream(self.generator).rng
    tops, lefts = rng.integers(H - height + 1, size=N), rng.integers(W - width + 1, size=N)
    out = np.empty((N, C, height, width), images.dtype)
    for i in range(N):
        top, left = tops[i], lefts[i]
        out[i] = images[i, :, top : top + height, left : left + width]
    return Tensor(out.reshape(*image.shape[:-2], height, width))


@wrong(
    "05.11",
    "RandomCrop.__call__",
    "Your crop compares the window with the image before the border was laid round it, so it "
    "refuses windows that fit.",
)
def compared_without_the_border(self, image):
    border = (self.padding, self.padding)
    images = images_of(image, "RandomCrop")
    (N, C, H, W), (height, width) = images.shape, self.size
    if height > H or width > W:
        raise ValueError(f"RandomCrop: {height}x{width} does not fit into {H}x{W}")
    images = np.pad(images, ((0, 0), (0, 0), border, border), self.padding_mode)
    H, W = images.shape[2:]
    rng = stream(self.generator).rng
    tops, lefts = rng.integers(H - height + 1, size=N), rng.integers(W - width + 1, size=N)
    out = np.empty((N, C, height, width), images.dtype)
    for i in range(N):
        top, left = tops[i], lefts[i]
        out[i] = images[i, :, top : top + height, left : left + width]
    return Tensor(out.reshape(*image.shape[:-2], height, width))


@wrong(
    "05.11",
    "RandomCrop.__call__",
    "Your crop draws from the default generator, so the epoch cannot be repeated from its seed. "
    "Ask stream(self.generator).",
)
def places_of_nobody(self, image):
    border = (self.padding, self.padding)
    images = images_of(image, "RandomCrop")
    images = np.pad(images, ((0, 0), (0, 0), border, border), self.padding_mode)
    (N, C, H, W), (height, width) = images.shape, self.size
    if height > H or width > W:
        raise ValueError(f"RandomCrop: {height}x{width} does not fit into {H}x{W}")
    rng = default_generator.rng
    tops, lefts = rng.integers(H - height + 1, size=N), rng.integers(W - width + 1, size=N)
    out = np.empty((N, C, height, width), images.dtype)
    for i in range(N):
        top, left = tops[i], lefts[i]
        out[i] = images[i, :, top : top + height, left : left + width]
    return Tensor(out.reshape(*image.shape[:-2], height, width))


# -------------------------------------------------------------------------------------- debug it


@wrong(
    "05.12",
    "read_batch",
    "You have sorted the labels as well. Picture and label agree again, but the batch has "
    "another order than it was asked for, and whoever asked no longer knows which sample is "
    "which.",
)
def both_sorted(pictures, labels, numbers):
    way = np.sort(np.asarray(numbers))
    return [Tensor((pictures[way] / 16).astype(np.float32)), Tensor(labels[way])]


@wrong(
    "05.12",
    "read_batch",
    "You sort the pictures back with the wrong permutation: indexing the batch with the order in"
    " which it was read applies that order twice. To undo it, write each row to the place it "
    "came from.",
)
def sorted_twice(pictures, labels, numbers):
    rows = np.asarray(numbers)
    way = np.argsort(rows)
    read = (pictures[rows[way]] / 16).astype(np.float32)
    return [Tensor(read[way]), Tensor(labels[rows])]


@wrong(
    "05.12",
    "read_batch",
    "Your batch has each sample once, also when it was asked for twice: np.unique sorts and "
    "removes the repeats. Samplers with replacement ask twice.",
)
def repeats_removed(pictures, labels, numbers):
    rows = np.unique(np.asarray(numbers))
    return [Tensor((pictures[rows] / 16).astype(np.float32)), Tensor(labels[rows])]
