"""Embeddings as points of few dimensions: what clustering models fit, quickly and with less noise."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Projection:
    """A turn of the embeddings to their principal axes and one scale for all of them.

    mean: (d,). axes: (p, d). scale: such that a coordinate's variance is 1 in the mean.
    """

    mean: np.ndarray
    axes: np.ndarray
    scale: float

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """The points, (n, p) float64, of (n, d) embeddings."""
        return (rows.astype(np.float64) - self.mean) @ self.axes.T * self.scale


def fit_projection(rows: np.ndarray, components: int, *, seed: int = 0) -> Projection:
    """The projection of (n, d) finite embeddings to at most `components` axes (sklearn.decomposition.PCA)."""
    from sklearn.decomposition import PCA

    rows = rows.astype(np.float64)
    kept = max(1, min(components, *rows.shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rows that are all equal have no variance to share out
        pca = PCA(kept, random_state=seed).fit(rows)
    variance = float(pca.explained_variance_.mean()) if len(rows) > 1 else 0.0
    # The variance of equal rows is not quite 0 in floating point.
    flat = not variance > 1e-12 * max(1e-300, float(np.square(rows).mean()))
    return Projection(pca.mean_, pca.components_, 1.0 if flat else variance**-0.5)


def finite(rows: np.ndarray) -> np.ndarray:
    """Which rows hold numbers only: bool (n,); all of none."""
    return np.isfinite(rows).all(axis=1)
