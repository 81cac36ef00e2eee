"""The values that each parameter of a clustering model is tried with, where the user gives none."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Any

import numpy as np

DEFAULT = "default"
_STEP = 1.2
_QUANTILES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_NEIGHBOURS = (3, 5, 10)
_SMALLEST = (3, 5, 10, 20)


def values_of(given: Any) -> list[Any] | None:
    """The values of a grid as a list; None for the automatic ones."""
    if given == DEFAULT:
        return None
    return list(given) if isinstance(given, list | tuple) else [given]


def cluster_counts(pictures: int) -> list[int]:
    """Numbers of clusters to try, from 2 to √pictures, each about a fifth more than the one before."""
    counts = [2]
    while counts[-1] <= isqrt(pictures):
        counts.append(max(counts[-1] + 1, round(counts[-1] * _STEP)))
    return counts[:-1]


def neighbour_counts(points: int) -> list[int]:
    """Values of min_samples to try."""
    return [count for count in _NEIGHBOURS if count < points]


def smallest_sizes(points: int) -> list[int]:
    """Values of min_cluster_size to try."""
    return [size for size in _SMALLEST if 2 * size <= points]


def radii(points: np.ndarray, neighbours: int) -> list[float]:
    """Values of DBSCAN's eps to try for a min_samples: the knee of the k-distance curve, and distances along it.

    points: (n, p). Source: Ester et al. 1996, the sorted distance of each point to its min_samples-th neighbour.
    """
    from sklearn.neighbors import NearestNeighbors

    count = min(neighbours, len(points))
    # A point is its own first neighbour, as in DBSCAN.
    distances = np.sort(NearestNeighbors(n_neighbors=count).fit(points).kneighbors(points)[0][:, -1])
    found = [_knee(distances), *np.quantile(distances, _QUANTILES)]
    return sorted({float(f"{radius:.4g}") for radius in found if radius > 0})


def _knee(curve: np.ndarray) -> float:
    """The value of a rising curve where it is farthest below the line between its ends."""
    line = np.linspace(curve[0], curve[-1], len(curve))
    return float(curve[int(np.argmax(line - curve))])


def most_clusters(pictures: int, given: Sequence[int]) -> int:
    """More clusters than this are refused: √pictures, or as many as the user asked for."""
    return max([isqrt(pictures), *given])
