"""The similarities of a sample's pairs, sorted: how many pairs and which clusters a threshold gives."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from icas_core.tables import written_atomically
from icas_core.threshold.sample import RUN

_LOOK_AT = 400  # pairs next to the threshold that examples are taken from


@dataclass(frozen=True)
class At:
    """What a threshold gives.

    pairs: similar pairs of the sample. expected: of the whole folder. clustered: pictures of the sample in clusters of
    two or more; clusters: how many; largest: pictures in the largest. pictures: of the whole folder in clusters, if
    their share is the sample's.
    """

    threshold: float
    pairs: int
    expected: float
    clustered: int
    clusters: int
    largest: int
    pictures: float


@dataclass(frozen=True)
class Pair:
    """Two pictures and their similarity."""

    a: str
    b: str
    similarity: float


@dataclass(frozen=True, eq=False)
class Curve:
    """All pairs of a sample, the most similar first.

    paths: the sampled pictures. a, b: (pairs,) row numbers into them. similarity: (pairs,) float32, descending.
    weight: (pairs,) of how many pairs of the whole folder each is one. folder: the number of pictures there.
    """

    paths: list[str]
    a: np.ndarray
    b: np.ndarray
    similarity: np.ndarray
    weight: np.ndarray
    folder: int

    @classmethod
    def of(
        cls, paths: list[str], places: Sequence[int], folder: int, a: np.ndarray, b: np.ndarray, similarity: np.ndarray
    ) -> Curve:
        """From pairs in any order; places: of each picture among all `folder` pictures in path order."""
        order = np.lexsort((b, a, -similarity))
        a, b = a[order], b[order]
        weight = _weights(np.asarray(places, np.int64), a, b, folder)
        return cls(paths, a, b, similarity[order].astype(np.float32), weight, folder)

    def at(self, threshold: float) -> At:
        """What a threshold gives: the pairs at or above it, and their connected components."""
        count = self.count(threshold)
        sizes = self._component_sizes(threshold)
        clusters = sizes[sizes > 1]
        clustered = int(clusters.sum())
        return At(
            threshold=threshold,
            pairs=count,
            expected=float(self._expected[count - 1]) if count else 0.0,
            clustered=clustered,
            clusters=len(clusters),
            largest=int(clusters.max(initial=0)),
            pictures=clustered * self.folder / len(self.paths),
        )

    def count(self, threshold: float) -> int:
        """Pairs at or above a threshold, which is compared as float32 as in a run."""
        return int(np.searchsorted(-self.similarity, -np.float32(threshold), side="right"))

    def expected(self, thresholds: np.ndarray) -> np.ndarray:
        """Similar pairs of the whole folder at each threshold."""
        counts = np.searchsorted(-self.similarity, -thresholds.astype(np.float32), side="right")
        return np.concatenate([[0.0], self._expected])[counts]

    def examples(self, threshold: float, most: int) -> tuple[list[Pair], list[Pair]]:
        """Up to `most` pairs just above (or at) a threshold and as many just below, the nearest to it first.

        In each list no picture comes twice while there are enough others.
        """
        count = self.count(threshold)
        above = range(count - 1, max(-1, count - 1 - _LOOK_AT), -1)
        below = range(count, min(len(self.a), count + _LOOK_AT))
        return self._different(above, most), self._different(below, most)

    @property
    def lowest(self) -> float:
        """Where the drawn curve ends: half of all pairs are more similar."""
        return float(self.similarity[len(self.similarity) // 2]) if len(self.similarity) else 0.0

    @cached_property
    def _expected(self) -> np.ndarray:
        return np.cumsum(self.weight)

    @cached_property
    def _forest(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The strongest spanning forest: at every threshold it has the components of all pairs."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import minimum_spanning_tree

        # csgraph takes a weight of 0 for no edge; a similarity is at most 1, so these weights are above 0.
        weights = 2.0 - self.similarity.astype(np.float64)
        shape = (len(self.paths), len(self.paths))
        tree = minimum_spanning_tree(coo_array((weights, (self.a, self.b)), shape=shape).tocsr()).tocoo()
        return tree.row, tree.col, (2.0 - tree.data).astype(np.float32)

    def _component_sizes(self, threshold: float) -> np.ndarray:
        from icas_core.clustering.components import component_labels

        a, b, similarity = self._forest
        kept = similarity >= np.float32(threshold)
        return np.bincount(component_labels(len(self.paths), a[kept], b[kept]))

    def _different(self, rows: range, most: int) -> list[Pair]:
        seen: set[int] = set()
        first: list[int] = []
        for row in rows:
            pictures = {int(self.a[row]), int(self.b[row])}
            if not pictures & seen:
                first.append(row)
                seen |= pictures
            if len(first) == most:
                break
        chosen = set(first)
        rest = [row for row in rows if row not in chosen][: most - len(first)]
        wanted = sorted([*first, *rest], key=rows.index)
        return [Pair(self.paths[self.a[i]], self.paths[self.b[i]], float(self.similarity[i])) for i in wanted]


def write_curve(curve: Curve, file: Path) -> None:
    """Write the numbers of the curve as a CSV: a row for each threshold in steps of 0.01, and of 0.001 from 0.9 on."""
    steps = [*range(0, 900, 10), *range(900, 1001)]
    with written_atomically(file, "w", encoding="utf-8", newline="") as lines:
        rows = csv.writer(lines)
        sample = ["similar_pairs_in_sample", "clustered_in_sample", "clusters_in_sample", "largest_in_sample"]
        rows.writerow(["threshold", "expected_similar_pairs", "expected_clustered_pictures", *sample])
        for threshold in (step / 1000 for step in steps):
            at = curve.at(threshold)
            expected = [round(at.expected), round(at.pictures)]
            rows.writerow([f"{threshold:.3f}", *expected, at.pairs, at.clustered, at.clusters, at.largest])


def _weights(places: np.ndarray, a: np.ndarray, b: np.ndarray, folder: int) -> np.ndarray:
    """Of how many pairs of the folder each sampled pair is one.

    Neighbours are sampled together, so that they are far more often in the sample than other pairs: pairs count by
    their distance in path order, each distance below RUN by itself, all others as one.
    """
    distance = np.minimum(np.abs(places[a] - places[b]), RUN)
    sampled = np.bincount(distance, minlength=RUN + 1)
    near = np.array([0, *(max(folder - step, 0) for step in range(1, RUN))])
    possible = np.append(near, folder * (folder - 1) // 2 - near.sum())
    return (possible / np.maximum(sampled, 1))[distance]
