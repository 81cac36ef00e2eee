"""The pixels of lines and brushes."""

from __future__ import annotations

import cv2
import numpy as np

from icas_core.painter.boxes import NOWHERE, Box, around

Point = tuple[int, int]


def line_pixels(start: Point, end: Point, within: Box) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the thin line between two pixels (x, y), both ends included, as far as they lie `within`.

    Consecutive pixels touch at a side or a corner, so that no path through pixels' sides leads across the line.
    """
    (left, top), (right, bottom) = start, end
    across, down = right - left, bottom - top
    steps = max(abs(across), abs(down), 1)
    along = np.arange(steps + 1, dtype=np.int64)
    columns = left + np.sign(across) * ((2 * along * abs(across) + steps) // (2 * steps))
    rows = top + np.sign(down) * ((2 * along * abs(down) + steps) // (2 * steps))
    inside = (columns >= within.left) & (columns < within.right) & (rows >= within.top) & (rows < within.bottom)
    return rows[inside], columns[inside]


def chain_pixels(points: tuple[Point, ...], within: Box) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the lines between consecutive points, as `line_pixels` gives them, each pixel once."""
    ends = zip(points, points[1:] or points, strict=False)
    rows, columns = zip(*(line_pixels(start, end, within) for start, end in ends), strict=True)
    places = np.unique(np.concatenate(rows) * within.right + np.concatenate(columns))
    return places // within.right, places % within.right


def brushed(points: tuple[Point, ...], diameter: int, within: Box) -> tuple[Box, np.ndarray]:
    """Which pixels a round brush covers that is drawn along the points: their box and a bool mask of its size.

    diameter: in pixels, from 1. Nothing outside `within`.
    """
    columns, rows = np.array(points).T
    box = around(rows, columns).grown(diameter // 2 + 1).within(within)
    if box.empty:
        return NOWHERE, np.zeros((0, 0), bool)
    mask = np.zeros((box.height, box.width), np.uint8)
    path = np.array(points, np.int32) - (box.left, box.top)
    for point in path:
        cv2.circle(mask, tuple(map(int, point)), diameter // 2, 1, cv2.FILLED)
    if len(path) > 1:
        cv2.polylines(mask, [path.reshape(-1, 1, 2)], isClosed=False, color=1, thickness=diameter)
    return box, mask.astype(bool)
