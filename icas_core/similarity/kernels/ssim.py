"""Structural similarity of grey pictures, eight pairs side by side.

A window's similarity is made of whole numbers: with the sums a and b of the pixels of two 7x7 windows and the sum p of
their products, 4 a b + 2 C1 and 4 (49 p - a b) + 2 C2, and the same of each picture with itself; all fit int32. Every
window of every pair goes through the same arithmetic, and the windows are added up in one order: a similarity does not
depend on what else is compared, nor on whether it is found here or in ssim_pairs.

A picture is five rows of numbers. Two of them hold a number for each pixel: 14 times the pixel, and in the upper half
14 times the pixel seven rows above (0 in the first seven), which leaves the window as the pixel enters; it is negative
in `entering`, which is for the left side of a pair, so that one instruction adds 196 = 4 * 49 times the one product and
takes off the other. The other three hold for each window twice the sum, and as float32 the numbers of the picture
with itself.
"""

from __future__ import annotations

import numpy as np

from icas_core.similarity.compiled import kernel
from icas_core.similarity.kernels.lanes import (
    LANES,
    add,
    as_float,
    div,
    load,
    mul,
    multiply_pairs,
    splat,
    spread,
    store,
    sub,
)
from icas_core.similarity.kernels.transposing import transpose

WINDOW = 7
POINTS = WINDOW * WINDOW
# scikit-image's constants for a data range of 255, scaled by what the sums leave undivided.
_TWICE_C1 = np.int32(round(2 * (0.01 * 255) ** 2 * POINTS**2))
_TWICE_C2 = np.int32(round(2 * (0.03 * 255) ** 2 * POINTS * (POINTS - 1)))


@kernel
def windows(pictures, entering, leaving, sums, means, variances):  # type: ignore[no-untyped-def]
    """Fill the rows of each picture.

    pictures: (n, h, w) uint8. entering, leaving: (n, at least h w) int32. sums: (n, at least (h-6) (w-6)) int32;
    means, variances: as many float32.
    """
    n, h, w = pictures.shape
    wide = w - 6
    padded = -(-w // LANES) * LANES + LANES
    lines = np.zeros((3, padded), np.int32)
    line, columns, squares = lines[0], lines[1], lines[2]
    old = np.zeros(padded, np.int32)
    for i in range(n):
        columns[:] = 0
        squares[:] = 0
        old[:] = 0
        for r in range(h):
            if r >= WINDOW:
                for c in range(w):
                    old[c] = pictures[i, r - WINDOW, c]
            for c in range(w):
                line[c] = pictures[i, r, c]
            for c in range(w):
                entering[i, r * w + c] = 14 * line[c] - (14 << 16) * old[c]
                leaving[i, r * w + c] = 14 * line[c] + (14 << 16) * old[c]
            for c in range(w):
                columns[c] += line[c] - old[c]
                squares[c] += line[c] * line[c] - old[c] * old[c]
            if r >= WINDOW - 1:
                q = (r - 6) * wide
                _of_itself(columns, squares, wide, sums[i, q:], means[i, q:], variances[i, q:])


@kernel(inline="always")
def _of_itself(columns, squares, wide, sums, means, variances):  # type: ignore[no-untyped-def]
    """Fill a row of windows; up to LANES - 1 numbers behind it are overwritten, by what the next row sets right."""
    four, points = splat(np.int32(4)), splat(np.int32(4 * POINTS))
    twice_c1, twice_c2 = splat(_TWICE_C1), splat(_TWICE_C2)
    for c in range(0, wide, LANES):
        total, energy = load(columns, c), load(squares, c)
        for k in range(1, WINDOW):
            total = add(total, load(columns, c + k))
            energy = add(energy, load(squares, c + k))
        square = mul(four, multiply_pairs(total, total))
        store(sums, c, add(total, total))
        store(means, c, as_float(add(square, twice_c1)))
        store(variances, c, as_float(add(sub(mul(points, energy), square), twice_c2)))


@kernel(inline="always")
def interleave(rows, width, chosen, starts, out, apart=LANES, at=0):  # type: ignore[no-untyped-def]
    """out[apart k + at + l] = rows[width chosen[at + l] + k] for l in 0..7.

    width: a multiple of 8, rows: flat. starts: eight int64 to work in.
    """
    for lane in range(LANES):
        starts[lane] = chosen[at + lane] * width
    for k in range(0, width, LANES):
        transpose(rows, starts, k, out, apart, at)


@kernel(inline="always")
def start_of_box():  # type: ignore[no-untyped-def]
    """What a window's sum of products starts from, so that it ends with 2 C2 in it."""
    return splat(_TWICE_C2)


@kernel(inline="always")
def window(box, a, b, means, variances):  # type: ignore[no-untyped-def]
    """A quarter of eight windows' similarities, from the box, both sums, and the sums of both pictures' own numbers."""
    both = multiply_pairs(a, b)
    above = mul(as_float(add(both, splat(_TWICE_C1))), as_float(sub(box, both)))
    return div(above, mul(means, variances))


@kernel(inline="always")
def _side_by_side(x, first, window_first, y, h, w, columns, totals):  # type: ignore[no-untyped-def]
    """The sums of a quarter of each column of windows' similarities, of one x with eight y side by side, in `totals`.

    first, window_first: where the pixels and the windows of x begin. columns: 8 w int32; totals: 8 w float32.
    """
    entering, sums, means, variances = x
    leaving, y_sums, y_means, y_variances = y
    wide = w - 6
    none, zero = splat(np.int32(0)), splat(np.float32(0))
    for c in range(w):
        store(columns, c * LANES, none)
        store(totals, c * LANES, zero)
    for k in range(6 * w):
        c = (k % w) * LANES
        store(columns, c, add(multiply_pairs(spread(entering, first + k), load(leaving, k * LANES)), load(columns, c)))
    for r in range(h - 6):
        box = start_of_box()
        before = none
        for c in range(6):
            k = (r + 6) * w + c
            new = add(multiply_pairs(spread(entering, first + k), load(leaving, k * LANES)), load(columns, c * LANES))
            store(columns, c * LANES, new)
            box = add(box, new)
        for c in range(wide):
            k = (r + 6) * w + c + 6
            new = multiply_pairs(spread(entering, first + k), load(leaving, k * LANES))
            new = add(new, load(columns, (c + 6) * LANES))
            store(columns, (c + 6) * LANES, new)
            box = add(box, sub(new, before))
            before = load(columns, c * LANES)
            q = r * wide + c
            of_means = add(spread(means, window_first + q), load(y_means, q * LANES))
            of_variances = add(spread(variances, window_first + q), load(y_variances, q * LANES))
            value = window(box, spread(sums, window_first + q), load(y_sums, q * LANES), of_means, of_variances)
            store(totals, c * LANES, add(load(totals, c * LANES), value))


@kernel
def mean(totals, step, lane, wide, count):  # type: ignore[no-untyped-def]
    """The mean over `count` windows, from the sums of a quarter of their columns at totals[lane + step c].

    What rounding loses is carried along, so that large pictures keep the accuracy.
    """
    total = np.float32(0)
    correction = np.float32(0)
    for c in range(wide):
        part = np.float32(4) * totals[lane + step * c] - correction
        sum_ = total + part
        correction = (sum_ - total) - part
        total = sum_
    return min(total / np.float32(count), np.float32(1))


@kernel
def all_pairs(x, n, y, m, h, w, out):  # type: ignore[no-untyped-def]
    """Fill out[i, j] with the similarity of picture i of n and picture j of m.

    x, y: (entering, leaving, sums, means, variances), flat rows as `windows` makes them.
    """
    entering, _, sums, means, variances = x
    _, leaving, y_sums, y_means, y_variances = y
    width, windows_width = entering.shape[0] // n, sums.shape[0] // n
    eight_leaving = np.empty(width * LANES, np.int32)
    eight_sums = np.empty(windows_width * LANES, np.int32)
    eight_means = np.empty(windows_width * LANES, np.float32)
    eight_variances = np.empty(windows_width * LANES, np.float32)
    columns, totals = np.empty(w * LANES, np.int32), np.empty(w * LANES, np.float32)
    chosen, starts = np.empty(LANES, np.int64), np.empty(LANES, np.int64)
    for first in range(0, m, LANES):
        for lane in range(LANES):
            chosen[lane] = min(first + lane, m - 1)
        interleave(leaving, width, chosen, starts, eight_leaving)
        interleave(y_sums, windows_width, chosen, starts, eight_sums)
        interleave(y_means, windows_width, chosen, starts, eight_means)
        interleave(y_variances, windows_width, chosen, starts, eight_variances)
        side = (entering, sums, means, variances)
        eight = (eight_leaving, eight_sums, eight_means, eight_variances)
        for i in range(n):
            _side_by_side(side, i * width, i * windows_width, eight, h, w, columns, totals)
            for lane in range(min(LANES, m - first)):
                out[i, first + lane] = mean(totals, LANES, lane, w - 6, (h - 6) * (w - 6))
