"""Merge the clusters of all batches: batch clusters joined by the similar pairs across batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icas_core.clustering.components import component_labels, edge_rows, number_clusters, singles
from icas_core.clustering.representatives import SimilarityOf, represented, to_representative
from icas_core.tables import CLUSTERS, EDGES, MERGED, OUTLIER


@dataclass(frozen=True)
class _Joined:
    """The tables.CLUSTERS of all batches as columns, sorted by path; own: which pictures are in one batch cluster.

    An outlier is alone in its own.
    """

    paths: pa.Array
    batches: pa.Array
    clusters: np.ndarray
    chosen: np.ndarray
    similarity: np.ndarray
    own: np.ndarray

    @property
    def outliers(self) -> np.ndarray:
        """Which pictures are outliers of their batches."""
        return self.clusters == OUTLIER


def merge_clusters(
    batches: Mapping[str, pa.Table],
    edges: Iterable[pa.Table],
    *,
    representative: str,
    similarity_of: SimilarityOf,
    previous: pa.Table | None = None,
) -> pa.Table:
    """Merge batches (id → tables.CLUSTERS) by `edges` across them (tables.EDGES, at or above the threshold).

    The pictures of a batch cluster stay together; clusters and outliers joined by an edge become one cluster; an
    outlier that joins nothing stays −1. Numbers stay as number_clusters says (`previous`: the last tables.MERGED).
    Gives tables.MERGED sorted by path; `similarity` is that to the cluster's representative (1 for itself, NaN for
    outliers). What a batch says of a cluster that joins no other stays; only of the others are similarities asked for.
    `edges` is gone through once, one table in memory at a time. Raises IcasError for a picture in two
    batches and for an edge of a picture in none.
    """
    joined = _joined(batches)
    labels = _united(joined, edges)
    labels[singles(labels) & joined.outliers] = OUTLIER
    return _merged(joined, labels, representative, similarity_of, previous)


def with_labels(
    batches: Mapping[str, pa.Table],
    label_of: Mapping[str, int],
    *,
    representative: str,
    similarity_of: SimilarityOf,
    previous: pa.Table | None = None,
) -> pa.Table:
    """The pictures of all batches (id → tables.CLUSTERS) in new clusters: those of equal `label_of` are together.

    A picture without a label, or with −1, is an outlier. Gives tables.MERGED as merge_clusters does.
    """
    joined = _joined(batches)
    labels = np.array([label_of.get(path, OUTLIER) for path in joined.paths.to_pylist()], np.int64)
    return _merged(joined, labels, representative, similarity_of, previous)


def _merged(
    joined: _Joined,
    labels: np.ndarray,
    representative: str,
    similarity_of: SimilarityOf,
    previous: pa.Table | None,
) -> pa.Table:
    paths = joined.paths.to_pylist()
    clusters = number_clusters(paths, labels, previous)
    known = _unchanged(joined, clusters)
    chosen, similarity = represented(paths, np.where(known, OUTLIER, clusters), representative, similarity_of)
    return _table(joined, clusters, known, chosen, similarity)


def _unchanged(joined: _Joined, clusters: np.ndarray) -> np.ndarray:
    """Which pictures are in a cluster that is, picture for picture, one of a batch whose similarities are known.

    The representative depends on a cluster's pictures alone, so it is the same again.
    """
    count = len(clusters)
    if not count:
        return np.zeros(0, bool)
    changed = joined.outliers | (clusters == OUTLIER) | np.isnan(joined.similarity)
    # A picture's cluster is its batch cluster where both have as many pictures as they have in common.
    _, both = np.unique(clusters.astype(np.int64) * count + joined.own, return_inverse=True)
    _, new = np.unique(clusters, return_inverse=True)
    common = np.bincount(both)[both]
    changed |= (common != np.bincount(new)[new]) | (common != np.bincount(joined.own)[joined.own])
    return ~np.bincount(new, changed).astype(bool)[new]


def _table(
    joined: _Joined, clusters: np.ndarray, known: np.ndarray, chosen: np.ndarray, similarity: np.ndarray
) -> pa.Table:
    """The tables.MERGED of what the batches say where it is `known`, and of what was worked out for the others."""
    chosen = np.where(known, joined.chosen, chosen)
    similarity = np.where(known, joined.similarity, similarity)
    return pa.table([joined.paths, clusters, joined.batches, joined.clusters, chosen, similarity], schema=MERGED)


def without_merge(
    batches: Mapping[str, pa.Table], *, similarity_of: SimilarityOf | None = None, previous: pa.Table | None = None
) -> pa.Table:
    """The batches' own clusters and representatives in one tables.MERGED, numbered through as number_clusters does.

    Similarities that the batches do not know are NaN where `similarity_of` is not given.
    """
    joined = _joined(batches)
    labels = np.where(joined.outliers, OUTLIER, joined.own)
    paths = joined.paths.to_pylist()
    clusters = number_clusters(paths, labels, previous)
    known = _unchanged(joined, clusters)
    chosen = joined.chosen & ~known
    similarity = to_representative(paths, np.where(known, OUTLIER, clusters), chosen, similarity_of)
    return _table(joined, clusters, known, chosen, similarity)


def _joined(batches: Mapping[str, pa.Table]) -> _Joined:
    tables = [batches[name].append_column("batch", pa.repeat(name, len(batches[name]))) for name in sorted(batches)]
    table = pa.concat_tables(tables or [CLUSTERS.empty_table().append_column("batch", pa.array([], pa.string()))])
    table = table.sort_by("path")
    clusters, chosen, similarity = (table[name].to_numpy() for name in CLUSTERS.names[1:])
    batch_names = table["batch"].combine_chunks()
    own = _own(batch_names, clusters)
    return _Joined(table["path"].combine_chunks(), batch_names, clusters, chosen, similarity, own)


def _own(batch_names: pa.Array, clusters: np.ndarray) -> np.ndarray:
    _, batch = np.unique(pc.dictionary_encode(batch_names).indices.to_numpy(), return_inverse=True)
    key = np.stack([batch.astype(np.int64), clusters.astype(np.int64)], axis=1)
    # Every outlier is alone: its key is its own row instead of its batch's −1.
    alone = clusters == OUTLIER
    key[alone] = np.stack([np.full(alone.sum(), -1), np.flatnonzero(alone)], axis=1)
    return np.unique(key, axis=0, return_inverse=True)[1].reshape(-1) if len(key) else np.zeros(0, dtype=np.int64)


def _united(joined: _Joined, edges: Iterable[pa.Table]) -> np.ndarray:
    labels = joined.own.copy()
    edge_rows(joined.paths, EDGES.empty_table())  # a picture in two batches is refused also where no edge is given
    for table in edges:
        left, right = edge_rows(joined.paths, table)
        if len(left):
            labels = component_labels(int(labels.max(initial=-1)) + 1, labels[left], labels[right])[labels]
    return labels
