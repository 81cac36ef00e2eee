"""Bring the labels of a reduced copy to the picture's own size, along the picture's own edges."""

from __future__ import annotations

import numpy as np

from icas_core.segmentation.labels import dense, dense_with_edges, filled
from icas_core.segmentation.regions import nearest_of

# A part of a segment below this share of it was cut off by accident.
_CRUMB = 0.1


def enlarged(labels: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Labels (h, w) int32 of a reduced copy as labels of the (H, W, 3) uint8 RGB picture.

    Where segments meet the copy's pixels are given up and flooded anew from both sides over the picture itself, so
    that borders follow its edges and not the copy's pixels; segments too thin for that keep their middle.
    """
    import cv2

    height, width = picture.shape[:2]
    # Edges (0) are flooded as a segment is; 0 means 'not known yet' here.
    seeds = np.where(_given_up(labels), 0, labels + 1)
    markers = cv2.resize(seeds, (width, height), interpolation=cv2.INTER_NEAREST)
    flooded = cv2.watershed(_framed(picture), cv2.copyMakeBorder(markers, 1, 1, 1, 1, cv2.BORDER_REPLICATE))
    flooded = flooded[1:-1, 1:-1]
    regions = filled(_without_lines(flooded, picture))
    return dense_with_edges(_without_crumbs(regions, picture) - 1)


def _without_crumbs(regions: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Regions whose parts that the flooding cut off, small beside the whole, went to a neighbour."""
    parts = dense(regions)
    sizes = np.bincount(parts.ravel())
    whole = np.bincount(regions.ravel())
    of_part = np.zeros(len(sizes), np.int64)
    of_part[parts.ravel()] = regions.ravel()
    crumbs = sizes < _CRUMB * whole[of_part]
    crumbs[0] = False
    if not crumbs.any():
        return regions
    touching, alike = nearest_of(crumbs, parts, picture)
    numbers = of_part.copy()
    numbers[touching] = of_part[alike]
    return numbers[parts].astype(np.int32)


def _given_up(labels: np.ndarray) -> np.ndarray:
    """Which pixels lie at a border and have a pixel within their own segment beside them."""
    inner = np.ones(labels.shape, bool)
    for one, other in _neighbours(labels.shape):
        same = labels[one] == labels[other]
        inner[one] &= same
    beside_inner = np.zeros(labels.shape, bool)
    for one, other in _neighbours(labels.shape):
        beside_inner[one] |= inner[other] & (labels[one] == labels[other])
    return ~inner & beside_inner


def _neighbours(shape: tuple[int, ...]) -> list[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """For each of the eight directions the pixels that have a neighbour there, and those neighbours."""
    cut = {0: (slice(None), slice(None)), 1: (slice(None, -1), slice(1, None)), -1: (slice(1, None), slice(None, -1))}
    steps = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right]
    return [((cut[down][0], cut[right][0]), (cut[down][1], cut[right][1])) for down, right in steps]


def _framed(picture: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_REPLICATE)


def _without_lines(flooded: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """The lines (−1) that the flooding leaves between segments, each pixel given to its likest neighbour's segment."""
    labels = np.array(flooded)
    while (labels < 0).any():
        lines = np.argwhere(labels < 0)
        rows, columns = lines.T
        best = np.full(len(lines), np.inf)
        chosen = np.full(len(lines), -1, np.int32)
        for down, right in ((-1, 0), (0, -1), (0, 1), (1, 0)):
            near_rows = np.clip(rows + down, 0, labels.shape[0] - 1)
            near_columns = np.clip(columns + right, 0, labels.shape[1] - 1)
            theirs = labels[near_rows, near_columns]
            apart = np.abs(
                picture[rows, columns].astype(np.int16) - picture[near_rows, near_columns].astype(np.int16)
            ).sum(axis=1)
            better = (theirs >= 0) & (apart < best)
            best[better], chosen[better] = apart[better], theirs[better]
        labels[rows, columns] = chosen
    return labels
