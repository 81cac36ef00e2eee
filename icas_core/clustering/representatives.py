"""Choose the picture that stands for a cluster, and the pictures that take part in the merge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icas_core.errors import IcasError
from icas_core.tables import CLUSTERS, OUTLIER

# Takes two lists of n paths, gives the float32 similarity of each pair.
SimilarityOf = Callable[[list[str], list[str]], np.ndarray]

REPRESENTATIVES = ("first", "medoid")
MERGES = ("none", "representatives", "outliers", "all")
SAMPLE = 2000
# A million pairs a call keeps the features of a call in some hundred MB at most, and calls few.
PAIRS_A_CALL = 1_000_000


def medoid(members: list[str], similarity_of: SimilarityOf) -> str:
    """The member with the greatest sum of similarities to the other members; ties go by path.

    A cluster of more than 2,000 members is judged against a sample of 2,000 of them (seed 0), so that the number of
    pairs grows with its size and not with the square of it.
    """
    paths = sorted(members)
    return paths[int(np.argmax(_chosen(paths, np.zeros(len(paths), dtype=np.int32), "medoid", similarity_of)))]


def representative_rows(
    paths: list[str], clusters: np.ndarray, representative: str, similarity_of: SimilarityOf | None = None
) -> np.ndarray:
    """Which of the sorted `paths` represent their cluster (int (n,), −1 outlier): bool (n,), one true a cluster.

    `first` is the first path of the cluster; `medoid` as the function medoid says, all clusters in few calls of
    `similarity_of`. Raises IcasError for another word.
    """
    if representative not in REPRESENTATIVES:
        raise IcasError(f"representative: found {representative!r}, accepted are {', '.join(REPRESENTATIVES)}")
    if representative == "medoid" and similarity_of is None:
        raise IcasError("representative: medoid needs the similarities of the pictures, which are not there: use first")
    return _chosen(paths, clusters, representative, similarity_of)


def with_representatives(
    clusters: pa.Table, *, representative: str, similarity_of: SimilarityOf | None = None
) -> pa.Table:
    """The same clusters (tables.CLUSTERS), sorted by path, with their representatives chosen anew."""
    clusters = clusters.sort_by("path")
    paths, numbers = clusters["path"].to_pylist(), clusters["cluster"].to_numpy()
    columns = represented(paths, numbers, representative, similarity_of)
    return pa.table([clusters["path"], clusters["cluster"], *map(pa.array, columns)], schema=CLUSTERS)


def representatives_of(clusters: pa.Table, *, merge: str) -> pa.Table:
    """The rows of `clusters` (tables.CLUSTERS) that take part in the merge, sorted by path.

    `representatives`: one picture a cluster; `outliers`: these and the outliers; `all`: every picture; `none`: no
    rows. Raises IcasError for another word.
    """
    outlier = pc.equal(clusters["cluster"], OUTLIER)
    if merge not in MERGES:
        raise IcasError(f"merge: found {merge!r}, accepted are {', '.join(MERGES)}")
    if merge == "all":
        return clusters.sort_by("path")
    if merge == "none":
        return clusters.slice(0, 0)
    return clusters.filter(
        pc.or_(clusters["representative"], outlier) if merge == "outliers" else clusters["representative"]
    ).sort_by("path")


def represented(
    paths: list[str], clusters: np.ndarray, representative: str, similarity_of: SimilarityOf | None
) -> tuple[np.ndarray, np.ndarray]:
    """What representative_rows gives, and to_representative of it."""
    chosen = representative_rows(paths, clusters, representative, similarity_of)
    return chosen, to_representative(paths, clusters, chosen, similarity_of)


def to_representative(
    paths: list[str], clusters: np.ndarray, chosen: np.ndarray, similarity_of: SimilarityOf | None
) -> np.ndarray:
    """Each picture's similarity to the one of `chosen` (bool (n,)) in its cluster (int (n,)): float32 (n,).

    1 for the chosen themselves, NaN for outliers (−1), and for all but the chosen where `similarity_of` is not given.
    """
    similarity = np.full(len(paths), np.nan, dtype=np.float32)
    similarity[chosen] = 1
    if similarity_of is None:
        return similarity
    representative = np.full(int(clusters.max(initial=0)) + 1, -1, dtype=np.int64)
    representative[clusters[chosen]] = np.flatnonzero(chosen)
    others = np.flatnonzero(~chosen & (clusters != OUTLIER))
    similarity[others] = paired_in_calls(paths, others, representative[clusters[others]], similarity_of)
    return similarity


def paired_in_calls(paths: list[str], left: np.ndarray, right: np.ndarray, similarity_of: SimilarityOf) -> np.ndarray:
    """The similarities, float32 (n,), of the rows left[i] and right[i] of `paths`, a million pairs a call."""
    names = np.array(paths, dtype=object)
    found = np.empty(len(left), dtype=np.float32)
    for start in range(0, len(left), PAIRS_A_CALL):
        part = slice(start, start + PAIRS_A_CALL)
        found[part] = similarity_of(names[left[part]].tolist(), names[right[part]].tolist())
    return found


def _chosen(
    paths: list[str], clusters: np.ndarray, representative: str, similarity_of: SimilarityOf | None
) -> np.ndarray:
    chosen = np.zeros(len(paths), dtype=bool)
    order = np.argsort(clusters, kind="stable")
    order = order[clusters[order] != OUTLIER]
    starts = np.flatnonzero(np.diff(clusters[order], prepend=OUTLIER))
    if representative == "first" or similarity_of is None or not len(order):
        chosen[order[starts]] = True
        return chosen
    members = np.split(order, starts[1:])
    means = _mean_similarities(paths, members, similarity_of)
    for rows in members:
        chosen[rows[np.argmax(means[rows])]] = True
    return chosen


def _mean_similarities(paths: list[str], members: list[np.ndarray], similarity_of: SimilarityOf) -> np.ndarray:
    sums = np.zeros(len(paths))
    counts = np.zeros(len(paths))
    for left, right, both in _in_calls(_pairs(members)):
        found = paired_in_calls(paths, left, right, similarity_of).astype(np.float64)
        np.add.at(sums, left, found)
        np.add.at(sums, right[both], found[both])
        counts += np.bincount(left, minlength=len(paths)) + np.bincount(right[both], minlength=len(paths))
    # Sampled members have one comparison less than the others of their cluster; all else is equal in a cluster.
    return sums / np.maximum(counts, 1)


# Two members are equally similar to each other: the first path wins without a comparison.
def _pairs(members: list[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    for rows in members:
        if 2 < len(rows) <= SAMPLE:
            left, right = np.triu_indices(len(rows), 1)
            yield rows[left], rows[right], np.ones(len(left), dtype=bool)
        elif len(rows) > SAMPLE:
            yield from _sampled_pairs(rows)


def _sampled_pairs(rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    sample = np.sort(np.random.default_rng(0).choice(rows, SAMPLE, replace=False))
    step = PAIRS_A_CALL // SAMPLE
    for start in range(0, len(rows), step):
        judged = rows[start : start + step]
        left, right = np.repeat(judged, SAMPLE), np.tile(sample, len(judged))
        other = left != right
        yield left[other], right[other], np.zeros(int(other.sum()), dtype=bool)


def _in_calls(
    parts: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    held: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    pairs = 0
    for part in parts:
        held.append(part)
        pairs += len(part[0])
        if pairs >= PAIRS_A_CALL:
            yield _joined(held)
            held, pairs = [], 0
    if held:
        yield _joined(held)


def _joined(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    left, right, both = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return left, right, both
