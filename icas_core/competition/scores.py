"""Score clusters by how compact and how far apart they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from icas_core.tables import OUTLIER

SAMPLE = 2000


@dataclass(frozen=True)
class Scores:
    """clusters: how many. coverage: the share of points in them. The three scores are of these points.

    silhouette: −1..1, larger is better. davies_bouldin: from 0, smaller is better. calinski_harabasz: from 0, larger
    is better. NaN where a score is undefined.
    """

    clusters: int
    coverage: float
    silhouette: float = math.nan
    davies_bouldin: float = math.nan
    calinski_harabasz: float = math.nan


def score(points: np.ndarray, labels: np.ndarray, *, seed: int = 0) -> Scores:
    """The scores of (n,) labels, −1 for noise, of (n, p) points.

    The silhouette is that of a sample of 2,000 points at most, of each cluster its share and two points at least.
    """
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

    inside = labels != OUTLIER
    clusters = len(np.unique(labels[inside]))
    coverage = float(inside.mean()) if len(labels) else 0.0
    if not 2 <= clusters < inside.sum() or not np.isfinite(points[inside]).all():
        return Scores(clusters, coverage)
    points, labels = points[inside], labels[inside]
    rows = stratified(labels, SAMPLE, seed)
    with np.errstate(all="ignore"):
        return Scores(
            clusters,
            coverage,
            float(silhouette_score(points[rows], labels[rows])),
            float(davies_bouldin_score(points, labels)),
            float(calinski_harabasz_score(points, labels)),
        )


def stratified(labels: np.ndarray, most: int, seed: int) -> np.ndarray:
    """The rows of a sample of about `most` points at most, of each cluster its share and two points at least."""
    if len(labels) <= most:
        return np.arange(len(labels))
    order = np.random.default_rng(seed).permutation(len(labels))
    _, label, counts = np.unique(labels[order], return_inverse=True, return_counts=True)
    within = np.empty(len(labels), np.int64)
    within[np.argsort(label, kind="stable")] = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(order[within < np.maximum(2, np.ceil(counts * most / len(labels)))[label]])
