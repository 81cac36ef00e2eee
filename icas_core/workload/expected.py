"""The expected number of comparisons of a run, from the number of pictures, the batch size and the classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, lgamma, log

import numpy as np


@dataclass(frozen=True)
class Class:
    """Pictures of one kind: how many, and what share of them (0..1) is similar, directly or through others."""

    pictures: int
    similarity: float

    @property
    def similar(self) -> int:
        """How many of them would be one cluster, were they all in one batch."""
        return round(self.pictures * self.similarity)


@dataclass(frozen=True)
class Batch:
    """What a batch of `pictures` is expected to hold, and the comparisons that it takes at least.

    joins: sum over the classes of S - 1, of its S similar pictures. within: sum of T (T - 1) / 2, of its T others.
    between: C (C - 1) / 2 + O (O - 1) / 2 + O C, of the C clusters and the O outliers of all classes.
    """

    pictures: float
    clusters: float
    outliers: float
    joins: float
    within: float
    between: float

    @property
    def least(self) -> float:
        """All of these comparisons: what is enough where one member speaks for its cluster."""
        return self.joins + self.within + self.between

    @property
    def possible(self) -> float:
        """All pairs."""
        return _pairs(self.pictures)

    def representatives(self, merge: str) -> float:
        """How many of its pictures take part in the merge."""
        counts = {"none": 0.0, "representatives": self.clusters, "outliers": self.clusters + self.outliers}
        return self.pictures if merge == "all" else counts[merge]


@dataclass(frozen=True)
class Expected:
    """The comparisons of a run: at least, and possible, within its batches and across them."""

    pictures: int
    batches: tuple[Batch, ...]
    merge: str

    @property
    def every_pair(self) -> float:
        """N (N - 1) / 2."""
        return _pairs(self.pictures)

    @property
    def least_within(self) -> float:
        """The batches' own, together."""
        return sum(batch.least for batch in self.batches)

    @property
    def possible_within(self) -> float:
        """All pairs within batches."""
        return sum(batch.possible for batch in self.batches)

    @property
    def possible_across(self) -> float:
        """All pairs of representatives of different batches."""
        each = np.array([batch.representatives(self.merge) for batch in self.batches])
        return float(each.sum() ** 2 - (each**2).sum()) / 2


def expected_comparisons(classes: Sequence[Class], sizes: Iterable[int], *, merge: str = "outliers") -> Expected:
    """What pictures of these classes take, spread at random over batches of these sizes.

    Counts of different classes in one batch are taken as independent, which they nearly are where no class is most of
    the pictures.
    """
    total = sum(one.pictures for one in classes)
    made: dict[int, Batch] = {}
    batches = []
    for size in sizes:
        if size not in made:
            made[size] = batch_of(classes, pictures=size, of=total)
        batches.append(made[size])
    return Expected(total, tuple(batches), merge)


def batch_sizes(pictures: int, batch_size: int) -> list[int]:
    """The sizes of the batches that a new folder of so many pictures is split into."""
    whole, rest = divmod(pictures, batch_size)
    return [batch_size] * whole + ([rest] if rest else [])


def batch_of(classes: Sequence[Class], *, pictures: int, of: int) -> Batch:
    """A batch of so many pictures drawn at random from all `of` pictures of these classes."""
    similar = np.array([one.similar for one in classes], np.float64)
    others = np.array([one.pictures for one in classes], np.float64) - similar
    none, single = _none_and_single(similar, of, pictures)
    cluster = 1 - none - single
    share = pictures / of
    pair = share * (pictures - 1) / max(of - 1, 1)
    clusters, clusters_spread = cluster.sum(), (cluster * (1 - cluster)).sum()
    outliers = others.sum() * share + single.sum()
    # The others of all classes are drawn together, without return.
    part = others.sum() / of
    outliers_spread = pictures * part * (1 - part) * (of - pictures) / max(of - 1, 1) + (single * (1 - single)).sum()
    between = (
        (clusters**2 + clusters_spread - clusters) / 2
        + (outliers**2 + outliers_spread - outliers) / 2
        + (clusters * outliers - (cluster * single).sum())
    )
    return Batch(
        pictures=pictures,
        clusters=float(clusters),
        outliers=float(outliers),
        joins=float((similar * share - (1 - none)).sum()),
        within=float((others * (others - 1)).sum() / 2 * pair),
        between=float(max(between, 0)),
    )


def _none_and_single(similar: np.ndarray, of: int, drawn: int) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities that of a class's similar pictures none, and that one, is among `drawn` of all `of`."""
    sizes, inverse = np.unique(similar.astype(np.int64), return_inverse=True)
    none = [_chosen(of - size, drawn) - _chosen(of, drawn) for size in sizes.tolist()]
    single = [
        log(size) + _chosen(of - size, drawn - 1) - _chosen(of, drawn) if size else -inf for size in sizes.tolist()
    ]
    return np.exp(none)[inverse], np.exp(single)[inverse]


def _chosen(of: int, count: int) -> float:
    """The logarithm of how many ways there are to choose `count` of `of`."""
    return lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1) if 0 <= count <= of else -inf


def _pairs(count: float) -> float:
    return max(count * (count - 1) / 2, 0.0)
