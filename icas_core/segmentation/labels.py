"""Label maps: (h, w) int32, segments from 1 without a gap, each connected through its pixels' sides, 0 for edges."""

from __future__ import annotations

import numpy as np


def dense(regions: np.ndarray) -> np.ndarray:
    """Every connected region of equal numbers as a segment of its own, numbered from 1 in reading order.

    regions: (h, w) whole numbers of any kind. Gives (h, w) int32 labels without edges.
    """
    from skimage.measure import label

    return label(regions, background=_absent(regions), connectivity=1).astype(np.int32)


def dense_with_edges(regions: np.ndarray) -> np.ndarray:
    """The same with 0 kept for edges."""
    from skimage.measure import label

    return label(regions, background=0, connectivity=1).astype(np.int32)


def filled(regions: np.ndarray) -> np.ndarray:
    """The regions with their gaps (0) given to the region nearest to each; all 1 where there is no region."""
    from scipy.ndimage import distance_transform_edt

    gaps = regions == 0
    if not gaps.any():
        return regions
    if gaps.all():
        return np.ones_like(regions)
    rows, columns = distance_transform_edt(gaps, return_distances=False, return_indices=True)
    return regions[rows, columns]


def _absent(regions: np.ndarray) -> int:
    least = int(regions.min())
    return least - 1


def without_small(labels: np.ndarray, smallest: int) -> np.ndarray:
    """Labels in which segments of fewer than `smallest` pixels became edges (0), the others numbered without a gap."""
    sizes = np.bincount(labels.ravel())
    kept = sizes >= smallest
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return numbers[labels]
