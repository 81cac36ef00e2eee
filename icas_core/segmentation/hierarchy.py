"""Merge the regions of a label map, the weakest border first, until one is left."""

from __future__ import annotations

import heapq

import numpy as np

from icas_core.segmentation.regions import means

# So far apart in Lab two colours have nothing in common: beyond it no border gets stronger.
_APART = 40.0


class _Regions:
    """The regions that are left: their borders, colours and sizes."""

    def __init__(self, labels: np.ndarray, votes: np.ndarray, lab: np.ndarray, colour: float) -> None:
        count = int(labels.max()) + 1
        self.colour = colour
        sizes = np.bincount(labels.ravel(), minlength=count)
        self.sizes: list[float] = sizes.tolist()
        self.sums: list[list[float]] = (means(lab, labels) * sizes[:, None]).tolist()
        # For each region its neighbours, with the sum of the votes along the common border and its length.
        self.beside: list[dict[int, tuple[float, float]]] = [{} for _ in range(count)]
        for low, high, total, length in zip(*_voted_borders(labels, votes), strict=True):
            self.beside[low][high] = self.beside[high][low] = (total, length)

    def strength(self, one: int, other: int) -> float:
        """From 0 to 1: how much speaks for the border between two regions."""
        total, length = self.beside[one][other]
        pairs = zip(self.sums[one], self.sums[other], strict=True)
        size, other_size = self.sizes[one], self.sizes[other]
        apart = sum((mine / size - theirs / other_size) ** 2 for mine, theirs in pairs) ** 0.5
        return (1 - self.colour) * total / length + self.colour * min(apart / _APART, 1.0)

    def join(self, kept: int, gone: int) -> None:
        """Let one region take in another."""
        del self.beside[kept][gone]
        for near, (total, length) in self.beside[gone].items():
            if near != kept:
                before = self.beside[kept].get(near, (0.0, 0.0))
                self.beside[kept][near] = self.beside[near][kept] = (before[0] + total, before[1] + length)
                del self.beside[near][gone]
        self.beside[gone] = {}
        self.sums[kept] = [mine + theirs for mine, theirs in zip(self.sums[kept], self.sums[gone], strict=True)]
        self.sizes[kept] += self.sizes[gone]


def merge_strengths(
    labels: np.ndarray, votes: np.ndarray, lab: np.ndarray, colour: float
) -> tuple[np.ndarray, np.ndarray]:
    """The merges from all regions down to one.

    labels: (h, w) int32 without edges. votes: (h, w) from 0 to 1, what speaks for a border at each pixel. lab:
    (h, w, 3). colour: from 0 to 1, the weight of the regions' mean colours against the votes along their border.
    Gives (n, 2) int64 pairs of labels and the (n,) strengths at which they merge, never falling: the pairs below any
    strength give the regions at it, and those of a higher strength are made of those of a lower.
    """
    regions = _Regions(labels, votes, lab, colour)
    changed = [0] * len(regions.beside)
    waiting = [
        (regions.strength(low, high), low, high, 0, 0)
        for low, near in enumerate(regions.beside)
        for high in near
        if low < high
    ]
    heapq.heapify(waiting)
    merges: list[tuple[int, int]] = []
    strengths: list[float] = []
    while waiting:
        strength, low, high, low_then, high_then = heapq.heappop(waiting)
        if (changed[low], changed[high]) != (low_then, high_then):
            continue
        merges.append((low, high))
        strengths.append(max(strength, strengths[-1] if strengths else 0.0))
        kept, gone = sorted((low, high), key=lambda region: len(regions.beside[region]), reverse=True)
        regions.join(kept, gone)
        changed[kept] += 1
        changed[gone] = -1
        for near in regions.beside[kept]:
            pair = min(kept, near), max(kept, near)
            heapq.heappush(waiting, (regions.strength(*pair), *pair, changed[pair[0]], changed[pair[1]]))
    return np.array(merges, np.int64).reshape(-1, 2), np.array(strengths)


def _voted_borders(labels: np.ndarray, votes: np.ndarray) -> tuple[list[int], list[int], list[float], list[int]]:
    """Each pair of touching regions, the sum of the votes on both sides of their border, and its length."""
    count = int(labels.max()) + 1
    keys, sums = [], []
    for one, other in (np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:]):
        apart = labels[one] != labels[other]
        low, high = np.minimum(labels[one], labels[other])[apart], np.maximum(labels[one], labels[other])[apart]
        keys.append(low.astype(np.int64) * count + high)
        sums.append((votes[one][apart] + votes[other][apart]) / 2)
    found, which = np.unique(np.concatenate(keys), return_inverse=True)
    totals = np.bincount(which, weights=np.concatenate(sums))
    return (found // count).tolist(), (found % count).tolist(), totals.tolist(), np.bincount(which).tolist()
