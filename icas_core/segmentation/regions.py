"""Regions of a label map as a graph: which touch, how long their common border is, what colour they have."""

from __future__ import annotations

import numpy as np


def borders(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of segments that touch, (n, 2) with the smaller first, sorted, and how many pixel sides they share."""
    count = int(labels.max()) + 1
    keys = []
    for one, other in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])):
        apart = one != other
        low, high = np.minimum(one[apart], other[apart]), np.maximum(one[apart], other[apart])
        keys.append(low.astype(np.int64) * count + high)
    found, lengths = np.unique(np.concatenate(keys), return_counts=True)
    return np.stack([found // count, found % count], axis=1), lengths


def means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n + 1, c) float64: the mean of the (h, w, c) values in each segment, row 0 for the edges."""
    flat = labels.ravel()
    sizes = np.maximum(np.bincount(flat), 1)
    sums = [np.bincount(flat, weights=values[:, :, channel].ravel()) for channel in range(values.shape[2])]
    return np.stack(sums, axis=1) / sizes[:, None]


def absorbed(labels: np.ndarray, picture: np.ndarray, smallest: int) -> np.ndarray:
    """Labels in which every segment of fewer than `smallest` pixels went to the neighbour most like it.

    labels: (h, w) int32 without edges, every segment connected. picture: (h, w, c), whose means say what is alike.
    """
    while True:
        small = np.bincount(labels.ravel()) < smallest
        small[0] = False
        if not small.any() or int(labels.max()) == 1:
            return labels
        labels = merged(labels, np.stack(nearest_of(small, labels, picture), axis=1))


def nearest_of(asked: np.ndarray, labels: np.ndarray, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The segments asked for that have neighbours, and of each the neighbour whose mean colour is the nearest.

    asked: (n + 1,) bool by segment. Of equally near neighbours the lowest number.
    """
    touching, _ = borders(labels)
    both = np.concatenate([touching, touching[:, ::-1]])
    both = both[asked[both[:, 0]]]
    colours = means(picture, labels)
    distance = ((colours[both[:, 0]] - colours[both[:, 1]]) ** 2).sum(axis=1)
    order = np.lexsort((both[:, 1], distance, both[:, 0]))
    found, first = np.unique(both[order, 0], return_index=True)
    return found, both[order, 1][first]


def merged(labels: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Labels in which the segments of each (n, 2) pair, which touch, are one; numbered anew in reading order."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = int(labels.max()) + 1
    joins = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    parts = connected_components(joins, directed=False)[1]
    found, first = np.unique(parts[labels], return_index=True)
    numbers = np.zeros(count, np.int32)
    numbers[found[np.argsort(first)]] = np.arange(1, len(found) + 1)
    return numbers[parts[labels]]
