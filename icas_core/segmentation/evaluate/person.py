"""A simulated person, who knows the object and prompts for it: a box around it, then corrections of the worst mistake.

Masks are bool of (height, width).
"""

from __future__ import annotations

import numpy as np

from icas_core.segmentation.prompts import Box, Mark, Point, Stroke

GROWN = 0.05  # of the bounding rectangle's width and height, on each side
_BRUSH = 0.01  # radius, of the diagonal
_DIRECTIONS = 18


def iou(found: np.ndarray, mask: np.ndarray) -> float:
    """The intersection over the union of two masks (1 where both are empty)."""
    union = np.count_nonzero(found | mask)
    return np.count_nonzero(found & mask) / union if union else 1.0


def box_around(mask: np.ndarray, grown: float = GROWN) -> Box:
    """The object's bounding rectangle, grown on each side and kept inside the picture."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    beside, above = round(grown * (box.right - box.left)), round(grown * (box.bottom - box.top))
    return Box(box.left - beside, box.top - above, box.right + beside, box.bottom + above).within(mask.shape)


def click(found: np.ndarray, mask: np.ndarray) -> Point:
    """A point in the middle of the largest connected mistake: its deepest pixel, the first in reading order."""
    depth, foreground = _worst(found, mask)
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return Point(int(x), int(y), foreground)


def dot(found: np.ndarray, mask: np.ndarray) -> Stroke:
    """The same as a dot of the brush, which is as large as fits into the mistake up to 1% of the diagonal."""
    return _stroke(found, mask, straight=False)


def stroke(found: np.ndarray, mask: np.ndarray) -> Stroke:
    """The longest straight stroke of that brush through the middle of the largest connected mistake, inside it."""
    return _stroke(found, mask, straight=True)


def _worst(found: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, bool]:
    """The depth of each pixel of the largest connected mistake, 0 elsewhere, and whether the object is missed there."""
    import cv2

    wrong = (found != mask).astype(np.uint8)
    # A missed part of the object and a part too much may touch: they are two mistakes.
    sizes = []
    for foreground in (True, False):
        _, labels, stats, _ = cv2.connectedComponentsWithStats(wrong * (mask == foreground), connectivity=4)
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()) if len(stats) > 1 else 0
        sizes.append((int(stats[largest, cv2.CC_STAT_AREA]) if largest else 0, foreground, labels == largest))
    _, foreground, region = max(sizes, key=lambda one: one[0])
    framed = cv2.copyMakeBorder(region.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1], foreground


def _stroke(found: np.ndarray, mask: np.ndarray, straight: bool) -> Stroke:
    depth, foreground = _worst(found, mask)
    radius = min(round(_BRUSH * float(np.hypot(*mask.shape))), int(depth.max()) - 1)
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    line = _longest(depth > radius, int(x), int(y)) if straight else ((int(x), int(y)),)
    return Stroke(Mark.FOREGROUND if foreground else Mark.BACKGROUND, line, max(radius, 0))


def _longest(free: np.ndarray, x: int, y: int) -> tuple[tuple[int, int], ...]:
    """The ends of the longest straight line through (x, y) whose pixels are all free."""
    lines = []
    for turn in np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS:
        ends = [_last_free(free, x, y, sign * np.cos(turn), sign * np.sin(turn)) for sign in (1, -1)]
        lines.append((np.hypot(ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]), ends))
    return tuple(max(lines, key=lambda one: one[0])[1])


def _last_free(free: np.ndarray, x: int, y: int, right: float, down: float) -> tuple[int, int]:
    steps = np.arange(sum(free.shape))
    columns, rows = np.rint(x + steps * right).astype(int), np.rint(y + steps * down).astype(int)
    inside = (columns >= 0) & (columns < free.shape[1]) & (rows >= 0) & (rows < free.shape[0])
    inside[inside] = free[rows[inside], columns[inside]]
    last = max(int(inside.argmin()) - 1, 0)
    return int(columns[last]), int(rows[last])
