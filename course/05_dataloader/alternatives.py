"""Right versions that are written differently."""

from tito.misconceptions import right


@right("05.1", "TensorDataset.gather")
def gather_on_arrays(self, indices):
    return [Tensor(t.array[list(indices)]) for t in self.tensors]


@right("05.3", "sizes_of_parts")
def sizes_step_by_step(n, lengths):
    if any(length < 0 for length in lengths):
        raise ValueError(f"a negative length in {lengths}, of {n} samples")
    if abs(sum(lengths) - 1) < 1e-9:
        sizes = [int(n * fraction) for fraction in lengths]
        left = n - sum(sizes)
        return [size + (i < left) for i, size in enumerate(sizes)]
    if sum(lengths) != n or any(int(length) != length for length in lengths):
        raise ValueError(f"{lengths} is no way to divide {n} samples")
    return [int(length) for length in lengths]


@right("05.3", "random_split")
def split_with_a_start(dataset, lengths, generator=None):
    source = default_generator if generator is None else generator
    order, parts, start = source.rng.permutation(len(dataset)), [], 0
    for size in sizes_of_parts(len(dataset), lengths):
        parts.append(Subset(dataset, [int(i) for i in order[start : start + size]]))
        start += size
    return parts


@right("05.4", "RandomSampler.__iter__")
def order_as_a_list(self):
    n, rng = len(self.data_source), stream(self.generator).rng
    drawn = []
    while len(drawn) < self.num_samples:
        drawn += [int(rng.integers(n))] if self.replacement else rng.permutation(n).tolist()
    return iter(drawn[: self.num_samples])


@right("05.5", "BatchSampler.__iter__")
def batches_by_appending(self):
    batch = []
    for number in self.sampler:
        batch.append(number)
        if len(batch) == self.batch_size:
            yield batch
            batch = []
    if batch and not self.drop_last:
        yield batch


@right("05.5", "BatchSampler.__len__")
def length_in_integers(self):
    n = len(self.sampler)
    return (n if self.drop_last else n + self.batch_size - 1) // self.batch_size


@right("05.6", "default_collate")
def collate_texts_first(samples):
    kind = samples[0]
    if isinstance(kind, (str, bytes)):
        return collate_values(samples)
    if isinstance(kind, Mapping):
        return {name: default_collate([each[name] for each in samples]) for name in kind}
    if isinstance(kind, Sequence):
        alike("lengths", [len(each) for each in samples])
        return regrouped(kind, [default_collate([s[i] for s in samples]) for i in range(len(kind))])
    if not isinstance(kind, Tensor):
        return collate_values(samples)
    alike("shapes", [each.shape for each in samples])
    return Tensor(np.stack([each.array for each in samples]))


@right("05.8", "DataLoader._load")
def load_with_the_order_in_a_list(self, seed, skip=0):
    with drawing_from(Stream(seed)):
        lists = list(self.batch_sampler)
    for k in range(skip, len(lists)):
        with drawing_from(Stream(seed + k + 1)):
            batch = self._fetch(lists[k])
        yield batch


@right("05.9", "channel_statistics")
def statistics_channel_by_channel(images):
    means, spreads = [], []
    for c in range(images.shape[1]):
        values = images.array[:, c].astype(np.float64)
        means.append(float(values.mean()))
        spreads.append(float(np.sqrt(((values - values.mean()) ** 2).mean())))
    return means, spreads


@right("05.10", "RandomHorizontalFlip.__call__")
def flip_image_by_image(self, image):
    out = images_of(image, "RandomHorizontalFlip").copy()
    rng = stream(self.generator).rng
    for i in range(len(out)):
        if rng.random() < self.p:
            out[i] = out[i, :, :, ::-1].copy()
    return Tensor(out.reshape(image.shape))


@right("05.11", "RandomCrop.__call__")
def crop_by_windows(self, image):
    p, (height, width) = self.padding, self.size
    images = np.pad(
        images_of(image, "RandomCrop"), ((0, 0), (0, 0), (p, p), (p, p)), self.padding_mode
    )
    H, W = images.shape[2:]
    if height > H or width > W:
        raise ValueError(f"a window of {height}x{width} is larger than {H}x{W}")
    windows = np.lib.stride_tricks.sliding_window_view(images, (height, width), axis=(2, 3))
    N, _, tops, lefts = windows.shape[:4]
    place = stream(self.generator).rng.integers(tops * lefts, size=N)
    out = windows[np.arange(N), :, place // lefts, place % lefts]  # (N, C, height, width)
    return Tensor(out.reshape(*image.shape[:-2], height, width))


@right("05.12", "read_batch")
def read_and_put_back(pictures, labels, numbers):
    rows = np.asarray(numbers)
    way = np.argsort(rows)
    back = np.argsort(way)
    return [Tensor((pictures[rows[way]][back] / 16).astype(np.float32)), Tensor(labels[rows])]
