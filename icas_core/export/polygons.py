"""Polygons of a mask, one for each of its parts, the holes joined to the outside by a cut of no width."""

from __future__ import annotations

import cv2
import numpy as np


def centre_polygons(mask: np.ndarray, at: tuple[int, int] = (0, 0)) -> list[np.ndarray]:
    """For each 8-connected part of a (height, width) bool mask a closed polygon through its outermost pixels' centres.

    (n, 2) int32 of x, y, n ≥ 3 (points may repeat); `at` is the (x, y) of the mask's first pixel. Filled with its
    outline, as `cv2.fillPoly` and Pillow do, it gives the mask back to the pixel, holes too.
    """
    return [_simplified(ring) + np.array(at, np.int32) for ring in _rings(mask.astype(np.uint8))]


def outline_polygons(mask: np.ndarray, at: tuple[int, int] = (0, 0)) -> list[np.ndarray]:
    """The same along the pixels' outer edges, where pixel (x, y) covers x to x + 1 and y to y + 1.

    Filled by the even-odd rule, as `pycocotools` does, it gives the mask back.
    """
    doubled = mask.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    # Of a doubled pixel the first half lies on its near edge, the second on its far one.
    return [_simplified((ring + 1) // 2) + np.array(at, np.int32) for ring in _rings(doubled)]


def _rings(mask: np.ndarray) -> list[np.ndarray]:
    contours, family = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    points = [contour[:, 0] for contour in contours]
    holes: dict[int, list[int]] = {}
    for number, (_, _, _, parent) in enumerate(family[0] if len(points) else ()):
        holes.setdefault(int(parent), []).append(number)
    return [
        _joined(mask, points[outer], [points[hole] for hole in holes.get(outer, [])]) for outer in holes.get(-1, [])
    ]


def _joined(mask: np.ndarray, outer: np.ndarray, holes: list[np.ndarray]) -> np.ndarray:
    """One ring that runs around the part and, by way of cuts, around each hole.

    From a hole's topmost point the cut goes straight up through the mask, so that it ends at the outside or at a hole
    that begins higher up.
    """
    if not holes:
        return outer
    # Each ring starts at its topmost point, and the rings are in order of it.
    holes = sorted((_from_top(hole) for hole in holes), key=lambda ring: (ring[0, 1], ring[0, 0]))
    rings = [outer, *holes]
    width = mask.shape[1]
    places = np.concatenate([ring[:, 1].astype(np.int64) * width + ring[:, 0] for ring in rings])
    owners = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    indices = np.concatenate([np.arange(len(ring)) for ring in rings])
    order = np.argsort(places, kind="stable")
    cuts: list[list[tuple[int, np.ndarray]]] = [[] for _ in rings]
    for number in range(len(rings) - 1, 0, -1):
        ring = _with_cuts(rings[number], cuts[number])
        x, y = ring[0]
        above = mask[:y, x]
        top = y - int(np.argmin(above[::-1])) if not above.all() else 0
        found = order[np.searchsorted(places, top * width + x, sorter=order)]
        cuts[owners[found]].append((int(indices[found]), np.concatenate([ring, ring[:1]])))
    return _with_cuts(outer, cuts[0])


def _from_top(ring: np.ndarray) -> np.ndarray:
    return np.roll(ring, -int(np.lexsort((ring[:, 0], ring[:, 1]))[0]), axis=0)


def _with_cuts(ring: np.ndarray, cuts: list[tuple[int, np.ndarray]]) -> np.ndarray:
    pieces, start = [], 0
    for index, inner in sorted(cuts, key=lambda cut: cut[0]):
        pieces += [ring[start : index + 1], inner]
        start = index  # back at the point where the cut began
    return np.concatenate([*pieces, ring[start:]])


def _simplified(ring: np.ndarray) -> np.ndarray:
    """The same polygon without repeated points and without points on a straight way; at least three."""
    ring = ring[np.any(ring != np.roll(ring, 1, axis=0), axis=1)] if len(ring) > 1 else ring
    if len(ring) > 2:
        before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
        turned = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
        back = (before * after).sum(axis=1) < 0
        ring = ring[turned | back]
    return np.concatenate([ring, np.repeat(ring[-1:], max(0, 3 - len(ring)), axis=0)]).astype(np.int32)
