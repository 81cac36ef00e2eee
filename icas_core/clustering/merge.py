"""Merge the clusters of all batches: batch clusters joined by the similar pairs across batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icas_core.clustering.components import component_labels, edge_rows, number_clusters, singles
from icas_core.clustering.representatives import SimilarityOf, paired_in_calls, representative_rows
from icas_core.tables import EDGES, MERGED, OUTLIER


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
    outliers). `edges` is gone through once, one table in memory at a time. Raises IcasError for a picture in two
    batches and for an edge of a picture in none.
    """
    joined = _joined(batches)
    labels = _united(*joined[:3], edges)
    labels[singles(labels) & (joined[2] == OUTLIER)] = OUTLIER
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
    labels = np.array([label_of.get(path, OUTLIER) for path in joined[0].to_pylist()], np.int64)
    return _merged(joined, labels, representative, similarity_of, previous)


def _merged(
    joined: tuple[pa.Array, pa.Array, np.ndarray, np.ndarray],
    labels: np.ndarray,
    representative: str,
    similarity_of: SimilarityOf,
    previous: pa.Table | None,
) -> pa.Table:
    paths, batch_names, batch_cluster, _ = joined
    listed = paths.to_pylist()
    clusters = number_clusters(listed, labels, previous)
    chosen = representative_rows(listed, clusters, representative, similarity_of)
    similarity = _to_representative(listed, clusters, chosen, similarity_of)
    return pa.table([paths, clusters, batch_names, batch_cluster, chosen, similarity], schema=MERGED)


def without_merge(
    batches: Mapping[str, pa.Table], *, similarity_of: SimilarityOf | None = None, previous: pa.Table | None = None
) -> pa.Table:
    """The batches' own clusters and representatives in one tables.MERGED, numbered through as number_clusters does.

    `similarity` is NaN for all but the representatives where `similarity_of` is not given.
    """
    paths, batch_names, batch_cluster, chosen = _joined(batches)
    labels = _united(paths, batch_names, batch_cluster, [])
    labels[batch_cluster == OUTLIER] = OUTLIER
    listed = paths.to_pylist()
    clusters = number_clusters(listed, labels, previous)
    similarity = _to_representative(listed, clusters, chosen, similarity_of)
    return pa.table([paths, clusters, batch_names, batch_cluster, chosen, similarity], schema=MERGED)


def _joined(batches: Mapping[str, pa.Table]) -> tuple[pa.Array, pa.Array, np.ndarray, np.ndarray]:
    """Of all pictures, sorted: the paths, the batches, the batch clusters, whether they represent these."""
    tables = [batches[name].append_column("batch", pa.repeat(name, len(batches[name]))) for name in sorted(batches)]
    table = pa.concat_tables(tables).sort_by("path") if tables else MERGED.empty_table()
    clusters = table["batch_cluster" if not tables else "cluster"].to_numpy()
    representative = table["representative"].to_numpy()
    return table["path"].combine_chunks(), table["batch"].combine_chunks(), clusters, representative


def _united(paths: pa.Array, batch_names: pa.Array, batch_cluster: np.ndarray, edges: Iterable[pa.Table]) -> np.ndarray:
    _, batch = np.unique(pc.dictionary_encode(batch_names).indices.to_numpy(), return_inverse=True)
    key = np.stack([batch.astype(np.int64), batch_cluster.astype(np.int64)], axis=1)
    # Every outlier is alone: its key is its own row instead of its batch's −1.
    alone = batch_cluster == OUTLIER
    key[alone] = np.stack([np.full(alone.sum(), -1), np.flatnonzero(alone)], axis=1)
    labels = np.unique(key, axis=0, return_inverse=True)[1].reshape(-1) if len(key) else np.zeros(0, dtype=np.int64)
    edge_rows(paths, EDGES.empty_table())  # a picture in two batches is refused also where no edge is given
    for table in edges:
        left, right = edge_rows(paths, table)
        labels = component_labels(int(labels.max(initial=-1)) + 1, labels[left], labels[right])[labels]
    return labels


def _to_representative(
    paths: list[str], clusters: np.ndarray, chosen: np.ndarray, similarity_of: SimilarityOf | None
) -> np.ndarray:
    similarity = np.full(len(paths), np.nan, dtype=np.float32)
    similarity[chosen] = 1
    if similarity_of is None:
        return similarity
    representative = np.full(int(clusters.max(initial=0)) + 1, -1, dtype=np.int64)
    representative[clusters[chosen]] = np.flatnonzero(chosen)
    others = np.flatnonzero(~chosen & (clusters != OUTLIER))
    similarity[others] = paired_in_calls(paths, others, representative[clusters[others]], similarity_of)
    return similarity
