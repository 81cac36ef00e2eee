"""The figures that are no tile beside a library: threads, extraction, errors over random pairs, growth."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from itertools import islice
from statistics import median
from typing import Any

import numpy as np

from icas_core.bench.comparing import compared_by
from icas_core.bench.figures import GROUPS, Group
from icas_core.bench.pictures import Photographs, flat_pictures
from icas_core.bench.rows import Row
from icas_core.bench.timing import cpu_seconds, wall_seconds
from icas_core.similarity.features import Features, stacked
from icas_core.similarity.pairs import paired_similarities, similar_pairs
from icas_core.similarity.registry import METHODS
from icas_core.similarity.sizes import positions

# Pictures that one thread takes a second or more for.
_THREADED = {"ssim": 6000, "tm": 30_000, "imagehash": 80_000, "minhash": 32_000, "orb": 320}
_GROWING = {"ssim": 24, "imagehash": 64, "minhash": 20}  # the side of the pictures that are made into features


def extracted(pictures: Iterable[np.ndarray], method: str, side: int, parameters: dict[str, Any]) -> Features:
    """The features of square pictures, of which one is in memory at a time, as extraction makes them."""
    chosen = METHODS[method]
    features = [
        chosen.extract(positions(picture, (side, side), "none", chosen)[0], **parameters) for picture in pictures
    ]
    return Features([str(row) for row in range(len(features))], (stacked(features),))


def two_threads(photographs: Photographs, *, quick: bool) -> list[Row]:
    """A search in two threads beside the same in one, by the clock, for each method at its own size."""
    rows = []
    for method, most in _THREADED.items():
        chosen = METHODS[method]
        count = most // 10 if quick else most
        side = chosen.default_size[0] if isinstance(chosen.default_size, tuple) else 64
        features = extracted(islice(photographs.endless(), count // 4), method, side, chosen.settled())
        features = Features(
            [str(row) for row in range(count)], features.take(np.arange(count) % len(features)).variants
        )
        clock, processor = _in_one_and_two_threads(features, method, 3 if quick else 5)
        pairs = count * (count - 1) // 2
        rows.append(
            Row(
                f"two threads over one, {method}, {count:,} pictures",
                pairs / clock[2],
                pairs / clock[1],
                clock[1] / clock[2],
                "pairs a second",
                section="threads",
                pairs=pairs,
                cpu_ours=processor[2],
                cpu_theirs=processor[1],
                note=f"one takes {clock[1]:.3g} s; two take {processor[2] / processor[1]:.2f} times its CPU seconds",
            )
        )
    return rows


def _in_one_and_two_threads(features: Features, method: str, times: int) -> tuple[dict[int, float], dict[int, float]]:
    """The median seconds by the clock, and CPU seconds, of searches in one thread and in two, taken in turn."""
    clock: dict[int, list[float]] = {1: [], 2: []}
    processor: dict[int, list[float]] = {1: [], 2: []}
    _search(features, method, 2)  # what is compiled, or read from the cache, at the first call
    for _ in range(times):
        for threads in clock:
            start = time.process_time()
            clock[threads].append(wall_seconds(partial(_search, features, method, threads)))
            processor[threads].append(time.process_time() - start)
    by_clock = {threads: median(spent) for threads, spent in clock.items()}
    return by_clock, {threads: median(spent) for threads, spent in processor.items()}


def _search(features: Features, method: str, threads: int) -> None:
    similar_pairs(features, method=method, threshold=METHODS[method].default_threshold, threads=threads)


def hash_extraction(photographs: Photographs, *, quick: bool) -> list[Row]:
    """The perceptual hash of decoded pictures, at their own size."""
    import imagehash
    from PIL import Image

    from icas_core.similarity.hashing import hash_bits

    ours, theirs, different, count = [], [], 0, 20 if quick else 100
    for picture in islice(photographs.whole(), count):
        image = Image.fromarray(picture)
        hash_bits(picture, 16, 4)
        seconds, bits = cpu_seconds(partial(hash_bits, picture, 16, 4), least=0.01)
        other, expected = cpu_seconds(partial(imagehash.phash, image, 16, 4), least=0.01)
        ours.append(seconds)
        theirs.append(other)
        different += int(np.count_nonzero(bits != expected.hash))
    our_rate, their_rate = 1 / median(ours), 1 / median(theirs)
    name = f"pHash extraction, 256 bit, of {len(ours)} decoded pictures"
    ratio, unit = median(other / own for own, other in zip(ours, theirs, strict=True)), "pictures a CPU second"
    note = "decoding aside; the error counts bits; the ratio is the median over the pictures"
    return [Row(name, our_rate, their_rate, ratio, unit, different, "extraction", pairs=len(ours), note=note)]


def errors_of(key: str, photographs: Photographs, *, quick: bool) -> list[Row]:
    """The largest difference from the library over random pairs of photographs, and over flat pictures and noise."""
    group = GROUPS[key]
    rng = np.random.default_rng(3)
    count, pairs = (100, 400) if quick else (600, 20_000)
    features = extracted(islice(photographs.endless(), count), group.method, group.side, group.settled)
    a, b = rng.integers(0, count, (2, pairs))
    flat = extracted(flat_pictures(group.side), group.method, group.side, group.settled)
    first, second = (places.ravel() for places in np.indices((len(flat), len(flat))))
    rows = []
    for kind, chosen, left, right in (
        ("photographs", features, a, b),
        ("flat pictures and noise", flat, first, second),
    ):
        error = _largest_error(group, chosen, left, right)
        name = f"{group.title}: error over {len(left):,} pairs of {kind}"
        rows.append(Row(name, None, None, None, "similarity", error, "errors", pairs=len(left)))
    return rows


def _largest_error(group: Group, features: Features, a: np.ndarray, b: np.ndarray) -> float:
    found = paired_similarities(features, features, a, b, method=group.method, parameters=dict(group.settled))
    stack = features.variants[0]
    values, _ = compared_by(group, stack, stack, np.stack([a, b], axis=1))
    known = ~np.isnan(values)
    return float(np.abs(found[known] - values[known]).max(initial=0))


def growth(photographs: Photographs, *, quick: bool) -> list[dict[str, Any]]:
    """CPU seconds and pairs compared in full of one search, for 1,000 pictures and more while the time allows it."""
    points = []
    budget = 4.0 if quick else 40.0
    for method, side in _GROWING.items():
        chosen = METHODS[method]
        _search(extracted(islice(photographs.endless(), 300), method, side, chosen.settled()), method, 1)
        counts = [1000, 2000, 5000, 10_000] + ([] if quick else [20_000, 50_000, 100_000])
        spent, before = 0.0, 1
        features = extracted(islice(photographs.endless(), counts[-1]), method, side, chosen.settled())
        for count in counts:
            if spent * (count / before) ** 2 > budget:
                break
            part = features.take(np.arange(count))
            start = time.process_time()
            edges = similar_pairs(part, method=method, threshold=chosen.default_threshold)
            spent, before = time.process_time() - start, count
            points.append({"method": method, "pictures": count, "seconds": spent, "compared": edges.counts["compared"]})
    return points
