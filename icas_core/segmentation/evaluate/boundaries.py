"""Compare boundaries: which boundary pixels of one segmentation lie on those of another.

The definitions are those of the Berkeley benchmark (Martin, Fowlkes, Malik 2004; Arbeláez et al. 2011): boundaries one
pixel thin, a boundary pixel matched to at most one of the other map within 0.0075 of the picture's diagonal, precision
against any of the people, recall against each of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import cKDTree
from skimage.morphology import thin

TOLERANCE = 0.0075  # of the diagonal
_UNMATCHED = 100  # a pixel left alone costs as much as a match 100 tolerances away: the most pixels are matched


@dataclass(frozen=True)
class BoundaryCounts:
    """Boundary pixels of one segmentation, or of several added up: how many, and how many of them matched."""

    found: int = 0
    found_matched: int = 0
    marked: int = 0
    marked_matched: int = 0

    def __add__(self, other: BoundaryCounts) -> BoundaryCounts:
        return BoundaryCounts(
            self.found + other.found,
            self.found_matched + other.found_matched,
            self.marked + other.marked,
            self.marked_matched + other.marked_matched,
        )

    @property
    def precision(self) -> float:
        """The share of the boundary that a person drew too; 1 where there is no boundary."""
        return self.found_matched / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of the people's boundaries that was found; 1 where they drew none."""
        return self.marked_matched / self.marked if self.marked else 1.0

    @property
    def f(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def total(counts: Iterable[BoundaryCounts]) -> BoundaryCounts:
    """The counts of several pictures added up."""
    return sum(counts, BoundaryCounts())


def tolerance_of(shape: tuple[int, ...]) -> float:
    """The benchmark's largest distance of a match in pixels, for a picture of (height, width, …)."""
    return TOLERANCE * math.hypot(shape[0], shape[1])


def meeting(labels: np.ndarray) -> np.ndarray:
    """Where segments of (height, width) meet: bool of the same shape.

    A pixel is there when it, its right, lower and lower right neighbour are not all of one segment, as in the
    benchmark's `seg2bdry(…, 'imageSize')`.
    """
    grown = np.pad(labels, ((0, 1), (0, 1)), mode="edge")
    here, right, below, across = grown[:-1, :-1], grown[:-1, 1:], grown[1:, :-1], grown[1:, 1:]
    return (here != right) | (here != below) | (right != across) | (below != across)


def boundary_map(labels: np.ndarray) -> np.ndarray:
    """Where segments meet, thinned to one pixel by scikit-image's `thin`: bool of (height, width)."""
    return thin(meeting(labels))


def matched(first: np.ndarray, second: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Match the pixels of two boundary maps one to one within `tolerance` pixels; two bool maps of the matched ones.

    The matching is the cheapest: a match costs its distance, a pixel left alone 100 tolerances, as in the benchmark's
    `correspondPixels`. It is found exactly, by scipy's `min_weight_full_bipartite_matching` with a dummy partner for
    each pixel of the smaller side.
    """
    hits = np.zeros(first.shape, bool), np.zeros(second.shape, bool)
    near = cKDTree(np.argwhere(first)).sparse_distance_matrix(
        cKDTree(np.argwhere(second)), tolerance, output_type="coo_matrix"
    )
    if not near.nnz:
        return hits
    rows, row_of = np.unique(near.row, return_inverse=True)
    columns, column_of = np.unique(near.col, return_inverse=True)
    if len(rows) <= len(columns):
        pairs = _cheapest(row_of, column_of, near.data, tolerance)
    else:
        pairs = _cheapest(column_of, row_of, near.data, tolerance)[::-1]
    for hit, ends, side, one_of in zip(hits, (rows, columns), (first, second), pairs, strict=True):
        hit[tuple(np.argwhere(side)[ends[one_of]].T)] = True
    return hits


def _cheapest(
    row_of: np.ndarray, column_of: np.ndarray, distance: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = int(row_of.max()) + 1, int(column_of.max()) + 1
    dummies = np.arange(rows)
    # scipy drops entries that are 0, so every cost is one more: each row takes one entry, which changes nothing.
    cost = np.concatenate([distance + 1, np.full(rows, _UNMATCHED * tolerance + 1)])
    entries = np.concatenate([row_of, dummies]), np.concatenate([column_of, columns + dummies])
    row, column = min_weight_full_bipartite_matching(csr_array((cost, entries), shape=(rows, columns + rows)))
    return row[column < columns], column[column < columns]


def compared(boundary: np.ndarray, people: Sequence[np.ndarray], tolerance: float) -> BoundaryCounts:
    """Count a boundary map against those of several people: a pixel is right when it matches one of any of them."""
    right = np.zeros(boundary.shape, bool)
    marked_matched = 0
    for person in people:
        hit, person_hit = matched(boundary, person, tolerance)
        right |= hit
        marked_matched += int(person_hit.sum())
    marked = sum(int(person.sum()) for person in people)
    return BoundaryCounts(int(boundary.sum()), int(right.sum()), marked, marked_matched)


def recall_within(boundary: np.ndarray, people: Sequence[np.ndarray], distance: float) -> float:
    """The share of the people's boundary pixels that have a boundary within `distance` pixels (1 if there are none).

    Not one to one: the boundary recall of superpixels (Achanta et al. 2012), whose boundaries are taken as they are,
    not thinned: many short ones would lose pixels.
    """
    if not boundary.any():
        return 1.0 if not any(person.any() for person in people) else 0.0
    away = cv2.distanceTransform((~boundary).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    marked = np.concatenate([away[person] for person in people])
    return float((marked <= distance).mean()) if len(marked) else 1.0
