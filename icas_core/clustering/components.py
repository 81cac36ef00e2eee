"""Cluster one batch: connected components of its similar pairs, with numbers that stay from run to run."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icas_core.clustering.representatives import SimilarityOf, represented
from icas_core.errors import IcasError
from icas_core.tables import CLUSTERS, OUTLIER


def cluster_batch(
    paths: list[str],
    edges: pa.Table,
    *,
    representative: str,
    similarity_of: SimilarityOf | None = None,
    previous: pa.Table | None = None,
) -> pa.Table:
    """Cluster the pictures of one batch: the connected components of `edges` over all `paths`.

    `edges` (tables.EDGES) holds the pairs at or above the threshold. A picture without an edge is an outlier
    (cluster −1, no representative). Gives tables.CLUSTERS, sorted by path; clusters are numbered from 1 by size, or
    as in the `previous` table of the same batch (see number_clusters). `representative` is `first` or `medoid`, which
    needs `similarity_of`; without it the members' similarities are NaN. Raises IcasError for a repeated path and for an
    edge of a picture not in `paths`.
    """
    paths = sorted(paths)
    labels = component_labels(len(paths), *edge_rows(pa.array(paths, pa.string()), edges))
    labels[singles(labels)] = OUTLIER
    return numbered(paths, labels, representative=representative, similarity_of=similarity_of, previous=previous)


def numbered(
    paths: list[str],
    labels: np.ndarray,
    *,
    representative: str,
    similarity_of: SimilarityOf | None = None,
    previous: pa.Table | None = None,
) -> pa.Table:
    """The tables.CLUSTERS of sorted `paths` whose `labels` (int (n,), −1 for outliers) say which belong together."""
    clusters = number_clusters(paths, labels, previous)
    chosen, similarity = represented(paths, clusters, representative, similarity_of)
    return pa.table([paths, clusters, chosen, similarity], schema=CLUSTERS)


def component_labels(count: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The connected component, int64 (count,), of each of `count` nodes joined by the edges left[i] – right[i].

    Components are numbered by their first nodes, as scipy.sparse.csgraph.connected_components numbers them; loading
    that takes longer than a batch's edges.
    """
    # Every node points to one of its component that comes no later. Where an edge's nodes end at different ones, the
    # later of these is pointed to the earlier, all edges at once, until none is left.
    first = np.arange(count)
    while len(left):
        a, b = first[left], first[right]
        apart = a != b
        left, right, a, b = left[apart], right[apart], a[apart], b[apart]
        np.minimum.at(first, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(first, further := first[first]):
            first = further
    return np.unique(first, return_inverse=True)[1]


def singles(labels: np.ndarray) -> np.ndarray:
    """Which labels (int, none negative) occur once only: bool, as long as `labels`."""
    return np.bincount(labels)[labels] == 1 if len(labels) else np.zeros(0, dtype=bool)


def edge_rows(paths: pa.Array, edges: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """The rows of `paths` that each edge joins, as two int arrays; IcasError names an edge's unknown picture."""
    if pc.count_distinct(paths).as_py() != len(paths):
        repeated = pc.value_counts(paths).filter(pc.greater(pc.value_counts(paths).field("counts"), 1))
        raise IcasError(f"{repeated.field('values')[0].as_py()!r}: this picture is listed twice, expected once")
    return _rows_of(edges["image_a"], paths), _rows_of(edges["image_b"], paths)


def number_clusters(paths: list[str], labels: np.ndarray, previous: pa.Table | None = None) -> np.ndarray:
    """Number clusters from 1, the largest first, so that a cluster which keeps most of its pictures keeps its number.

    `paths` are sorted; `labels` (int, (n,)) say which pictures belong together, −1 for outliers; gives int32 (n,).
    Ties of size go by the first path. `previous` (any table with `path` and `cluster`) is the last result: the
    cluster with more than half of a previous cluster's pictures (of those still in `paths`) takes its number; where
    several previous clusters claim one cluster, the greatest overlap wins, then the lower number. The other clusters
    take the free numbers in order of size.
    """
    kept = {} if previous is None else _kept_numbers(paths, labels, previous)
    taken = set(kept.values())
    free = (number for number in range(1, len(paths) + 2 + len(taken)) if number not in taken)
    names, first, inverse, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    numbers = np.full(len(names), OUTLIER, dtype=np.int32)
    for place in np.lexsort((first, -sizes)):
        if names[place] != OUTLIER:
            number = kept.get(int(names[place]))
            numbers[place] = next(free) if number is None else number
    return numbers[inverse]


def _kept_numbers(paths: list[str], labels: np.ndarray, previous: pa.Table) -> dict[int, int]:
    rows = pc.index_in(previous["path"], value_set=pa.array(paths, pa.string())).combine_chunks()
    there = pc.is_valid(rows).to_numpy(zero_copy_only=False)
    old = previous["cluster"].to_numpy()[there]
    new = labels[rows.drop_null().to_numpy().astype(np.int64)]
    old, new = old[old != OUTLIER], new[old != OUTLIER]
    present = Counter(old.tolist())
    overlaps = Counter(zip(old.tolist(), new.tolist(), strict=True))
    claims = sorted((-shared, number, label) for (number, label), shared in overlaps.items() if label != OUTLIER)
    kept: dict[int, int] = {}
    for shared, number, label in claims:
        if -shared * 2 > present[number]:
            kept.setdefault(label, number)
    return kept


def _rows_of(pictures: pa.ChunkedArray, paths: pa.Array) -> np.ndarray:
    rows = pc.index_in(pictures, value_set=paths)
    if rows.null_count:
        unknown = pictures.filter(pc.is_null(rows))[0].as_py()
        raise IcasError(f"{unknown!r}: a pair names this picture, which is in no batch; delete the pairs and run again")
    return rows.to_numpy().astype(np.int64)
