"""Stand in for a batch's embeddings with the means of many small clusters, more than are wanted in the end."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icas_core.clustering.representatives import representatives_of, with_representatives
from icas_core.competition.batch import rows_of
from icas_core.competition.points import finite, fit_projection
from icas_core.similarity.features import Features
from icas_core.tables import OUTLIER, read_table, write_table

MEANS = pa.schema([("size", pa.int32()), ("mean", pa.large_list(pa.float32()))])
_LEAST = 30
_PER_ROOT = 4


@dataclass(frozen=True)
class Means:
    """rows: (m, d) float32 means of embeddings. sizes: int32 (m,), how many pictures each stands for."""

    rows: np.ndarray
    sizes: np.ndarray

    def write(self, path: Path | str) -> None:
        """Write the table MEANS."""
        starts = np.arange(len(self.rows) + 1, dtype=np.int64) * (self.rows.shape[1] if len(self.rows) else 0)
        means = pa.LargeListArray.from_arrays(starts, self.rows.astype(np.float32).reshape(-1))
        write_table(pa.table([pa.array(self.sizes, pa.int32()), means], schema=MEANS), path)


def read_means(path: Path | str) -> Means:
    """Read what Means.write wrote; IcasError as read_table raises it."""
    table = read_table(path, MEANS).combine_chunks()
    sizes = table["size"].to_numpy()
    flat = pa.concat_arrays([chunk.flatten() for chunk in table["mean"].chunks] or [pa.array([], pa.float32())])
    return Means(flat.to_numpy().reshape(len(sizes), -1) if len(sizes) else np.empty((0, 0), np.float32), sizes)


def mean_count(pictures: int) -> int:
    """How many means stand for so many pictures."""
    return min(pictures, max(_LEAST, _PER_ROOT * isqrt(pictures)))


def condense(rows: np.ndarray, *, components: int, seed: int = 0) -> Means:
    """The means of the clusters that KMeans makes of (n, d) embeddings; rows that are not finite are left out."""
    rows = every(rows).rows
    count = mean_count(len(rows))
    if count == len(rows):
        return every(rows)
    labels = _small_clusters(fit_projection(rows, components, seed=seed)(rows), count, seed)
    names, inverse, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.zeros((len(names), rows.shape[1]))
    np.add.at(sums, inverse, rows.astype(np.float64))
    return Means((sums / sizes[:, None]).astype(np.float32), sizes.astype(np.int32))


def represent(
    features: Features, clusters: pa.Table, path: Path | str, *, merge: str, through: str, components: int, seed: int
) -> None:
    """Write what stands for one batch's `clusters` (tables.CLUSTERS) in the merge.

    through: "means", of all pictures' embeddings, or with `merge: representatives` of those in clusters only; or
    "first", each cluster's first picture and, unless with `merge: representatives`, the outliers, as tables.CLUSTERS.
    """
    if through == "first":
        write_table(representatives_of(with_representatives(clusters, representative="first"), merge=merge), path)
        return
    rows = rows_of(features)
    if merge == "representatives":
        kept = set(clusters.filter(pc.not_equal(clusters["cluster"], OUTLIER))["path"].to_pylist())
        rows = rows[[path in kept for path in features.paths]] if len(rows) else rows
    condense(rows, components=components, seed=seed).write(path)


def every(rows: np.ndarray) -> Means:
    """Each of (n, d) embeddings for itself; those that are not finite are left out."""
    kept = rows[finite(rows)] if len(rows) else rows
    return Means(kept.astype(np.float32), np.ones(len(kept), np.int32))


def _small_clusters(points: np.ndarray, count: int, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer different points than clusters
        return KMeans(count, n_init=1, random_state=seed).fit_predict(points)
