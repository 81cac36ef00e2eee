"""Scores of one clustering, and of all thresholds at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Score:
    """How well the clusters at one threshold agree with the marked groups, pair by pair.

    precision: of the pairs of pictures put together, the share that belongs together (1 when there are none).
    recall: of the pairs that belong together, the share put together. false_pairs: of the pairs of different
    groups, the share at or above the threshold by themselves. largest: pictures in the largest cluster.
    """

    threshold: float
    precision: float
    recall: float
    f1: float
    false_pairs: float
    largest: int


def pairwise(together: int, both: int, belonging: int) -> tuple[float, float, float]:
    """Precision, recall and F1 from the pairs put together, those of them that belong so, and all that belong so."""
    precision = both / together if together else 1.0
    recall = both / belonging if belonging else 1.0
    return precision, recall, 2 * both / (together + belonging) if together + belonging else 1.0


def pairs_within(numbers: Sequence[int] | np.ndarray) -> int:
    """Pairs of equal labels."""
    sizes = np.unique(np.asarray(numbers), return_counts=True)[1].astype(np.int64) if len(numbers) else np.empty(0)
    return int((sizes * (sizes - 1) // 2).sum())


def scores_of_clusters(clusters: Sequence[int], groups: Sequence[str]) -> dict[str, float]:
    """Pairwise precision, recall and F1, ARI and NMI of two labelings of the same pictures."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    marked = np.unique(np.asarray(groups), return_inverse=True)[1]
    found = np.unique(np.asarray(clusters), return_inverse=True)[1]
    both = pairs_within(marked * (int(found.max(initial=0)) + 1) + found)
    precision, recall, f1 = pairwise(pairs_within(found), both, pairs_within(marked))
    ari, nmi = adjusted_rand_score(marked, found), normalized_mutual_info_score(marked, found)
    return {"precision": precision, "recall": recall, "f1": f1, "ari": float(ari), "nmi": float(nmi)}


class Sweep:
    """The clusters at every threshold, built from pairs that arrive in any order and are not kept.

    The components at a threshold are those of the strongest spanning forest's edges at or above it, so that
    forest (at most one edge a picture) and counts are all that stays in memory.
    """

    def __init__(self, groups: Sequence[str], thresholds: Sequence[float]) -> None:
        self.groups = np.unique(np.asarray(groups), return_inverse=True)[1]
        self.thresholds = np.unique(np.asarray(thresholds, np.float32))
        self._false = np.zeros(len(self.thresholds) + 1, np.int64)
        self._a = self._b = np.empty(0, np.int64)
        self._similarity = np.empty(0, np.float32)

    def add(self, a: np.ndarray, b: np.ndarray, similarity: np.ndarray) -> None:
        """Take in the similarities of pairs, each pair once."""
        reached = np.searchsorted(self.thresholds, similarity, side="right")
        self._false += np.bincount(reached[self.groups[a] != self.groups[b]], minlength=len(self._false))
        kept = reached > 0
        self._a, self._b = np.concatenate([self._a, a[kept]]), np.concatenate([self._b, b[kept]])
        self._similarity = np.concatenate([self._similarity, similarity[kept]])
        self._reduce()

    def _reduce(self) -> None:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import minimum_spanning_tree

        # csgraph takes a weight of 0 for no edge; a similarity is at most 1, so these weights are above 0.
        weights = 2.0 - self._similarity.astype(np.float64)
        n = len(self.groups)
        tree = minimum_spanning_tree(coo_array((weights, (self._a, self._b)), shape=(n, n)).tocsr()).tocoo()
        self._a, self._b = tree.row.astype(np.int64), tree.col.astype(np.int64)
        self._similarity = (2.0 - tree.data).astype(np.float32)

    def scores(self) -> list[Score]:
        """A score for each threshold, from the lowest to the highest."""
        merges = _Merging(self.groups)
        order = np.argsort(-self._similarity, kind="stable")
        at = 0
        differing = len(self.groups) * (len(self.groups) - 1) // 2 - pairs_within(self.groups)
        false = np.cumsum(self._false[::-1])[::-1][1:]
        rows = []
        for number in reversed(range(len(self.thresholds))):
            while at < len(order) and self._similarity[order[at]] >= self.thresholds[number]:
                merges.join(int(self._a[order[at]]), int(self._b[order[at]]))
                at += 1
            precision, recall, f1 = pairwise(merges.together, merges.both, pairs_within(self.groups))
            rate = float(false[number] / differing) if differing else 0.0
            threshold = round(float(self.thresholds[number]), 6)
            rows.append(Score(threshold, precision, recall, f1, rate, merges.largest))
        return rows[::-1]


class _Merging:
    """Clusters that grow: how many pairs are together, how many of them rightly."""

    def __init__(self, groups: np.ndarray) -> None:
        self._parents = list(range(len(groups)))
        self._members = [Counter([int(group)]) for group in groups]
        self._sizes = [1] * len(groups)
        self.together = self.both = 0
        self.largest = min(1, len(groups))

    def _root(self, at: int) -> int:
        while self._parents[at] != at:
            self._parents[at] = self._parents[self._parents[at]]
            at = self._parents[at]
        return at

    def join(self, a: int, b: int) -> None:
        small, large = sorted((self._root(a), self._root(b)), key=lambda root: len(self._members[root]))
        if small == large:
            return
        self.together += self._sizes[small] * self._sizes[large]
        self.both += sum(count * self._members[large][group] for group, count in self._members[small].items())
        self._members[large].update(self._members[small])
        self._members[small] = Counter()
        self._sizes[large] += self._sizes[small]
        self._parents[small] = large
        self.largest = max(self.largest, self._sizes[large])
