"""Structural similarity of every pair of two stacks of equal-sized grey pictures."""

from __future__ import annotations

import numpy as np

from icas_core.similarity.compiled import kernel

WINDOW = 7
POINTS = WINDOW * WINDOW
# scikit-image's constants for a data range of 255, scaled by what the integer sums leave undivided.
C1 = np.float32((0.01 * 255) ** 2 * POINTS**2)
C2 = np.float32((0.03 * 255) ** 2 * POINTS * (POINTS - 1))
_BLOCK = 32


@kernel
def windows(pictures):  # type: ignore[no-untyped-def]
    """The sum, its square plus C1, and the scaled variance plus C2, of every 7x7 window of each picture.

    pictures: (n, h, w) int32 in 0..255. Returns (n, h-6, w-6) int32 and two float32.
    """
    n, h, w = pictures.shape
    sums = np.empty((n, h - 6, w - 6), np.int32)
    squares = np.empty((n, h - 6, w - 6), np.float32)
    variances = np.empty((n, h - 6, w - 6), np.float32)
    for i in range(n):
        for r in range(h - 6):
            for c in range(w - 6):
                total = np.int32(0)
                square = np.int32(0)
                for y in range(r, r + WINDOW):
                    for x in range(c, c + WINDOW):
                        value = pictures[i, y, x]
                        total += value
                        square += value * value
                sums[i, r, c] = total
                squares[i, r, c] = np.float32(total * total)
                variances[i, r, c] = np.float32(POINTS * square - total * total)
    return sums, squares, variances


@kernel(fastmath={"reassoc", "contract", "nsz"}, inline="always")
def _pair(x, sx, qx, vx, y, sy, qy, vy, columns, boxes):  # type: ignore[no-untyped-def]
    """Mean structural similarity of one pair; `columns` and `boxes` are int32 rows to work in."""
    h, w = x.shape
    wide = w - 6
    for c in range(w):
        columns[c] = 0
    for r in range(WINDOW - 1):
        for c in range(w):
            columns[c] += x[r, c] * y[r, c]
    total = 0.0
    for r in range(h - 6):
        for c in range(w):
            columns[c] += x[r + 6, c] * y[r + 6, c]
        for c in range(wide):
            boxes[c] = (
                columns[c]
                + columns[c + 1]
                + columns[c + 2]
                + columns[c + 3]
                + columns[c + 4]
                + columns[c + 5]
                + columns[c + 6]
            )
        row = np.float32(0)
        for c in range(wide):
            means = sx[r, c] * sy[r, c]
            luminance = np.float32(2 * means) + C1
            structure = np.float32(2 * (POINTS * boxes[c] - means)) + C2
            row += (luminance * structure) / ((qx[r, c] + qy[r, c] + C1) * (vx[r, c] + vy[r, c] + C2))
        total += row
        for c in range(w):
            columns[c] -= x[r, c] * y[r, c]
    return np.float32(total / ((h - 6) * wide))


@kernel(fastmath={"reassoc", "contract", "nsz"})
def all_pairs(x, sx, qx, vx, y, sy, qy, vy, out):  # type: ignore[no-untyped-def]
    """Fill out[i, j] with the similarity of picture i of x and picture j of y."""
    columns = np.empty(x.shape[2], np.int32)
    boxes = np.empty(x.shape[2], np.int32)
    # In blocks of y, so that the pictures compared again and again stay in the second-level cache.
    for start in range(0, y.shape[0], _BLOCK):
        for i in range(x.shape[0]):
            for j in range(start, min(start + _BLOCK, y.shape[0])):
                out[i, j] = _pair(x[i], sx[i], qx[i], vx[i], y[j], sy[j], qy[j], vy[j], columns, boxes)


@kernel(fastmath={"reassoc", "contract", "nsz"})
def row_pairs(x, sx, qx, vx, y, sy, qy, vy, out):  # type: ignore[no-untyped-def]
    """Fill out[i] with the similarity of picture i of x and picture i of y."""
    columns = np.empty(x.shape[2], np.int32)
    boxes = np.empty(x.shape[2], np.int32)
    for i in range(x.shape[0]):
        out[i] = _pair(x[i], sx[i], qx[i], vx[i], y[i], sy[i], qy[i], vy[i], columns, boxes)
