"""Structural similarity of grey pictures, eight pairs side by side.

A picture is a row of float32 pixels and, for each of its 7x7 windows, the sum of its pixels and its variance. All
sums are of whole numbers below 2**24 and so exact. Every window of every pair goes through the same arithmetic, and
the windows are added up in one order: a similarity does not depend on what else is compared, nor on whether it is
found here or in ssim_pairs.
"""

from __future__ import annotations

import numpy as np

from icas_core.similarity.compiled import kernel
from icas_core.similarity.kernels.lanes import (
    LANES,
    add,
    add_product,
    div,
    less_product,
    load,
    mul,
    product_less,
    splat,
    spread,
    store,
    sub,
    transpose,
)

WINDOW = 7
POINTS = WINDOW * WINDOW
# scikit-image's constants for a data range of 255, scaled by what the sums leave undivided.
C1 = np.float32((0.01 * 255) ** 2 * POINTS**2)
C2 = np.float32((0.03 * 255) ** 2 * POINTS * (POINTS - 1))
_HALF_C1, _HALF_C2 = np.float32(C1 / 2), np.float32(C2 / 2)


@kernel
def windows(pictures, pixels, sums, variances):  # type: ignore[no-untyped-def]
    """Fill the rows of each picture: its pixels; of its windows the sums and the scaled variances plus C2 / 2.

    pictures: (n, h, w) uint8. The others: (n, at least h w or (h-6) (w-6)) float32.
    """
    n, h, w = pictures.shape
    wide = w - 6
    padded = -(-w // LANES) * LANES + LANES
    line, old = np.zeros(padded, np.float32), np.zeros(padded, np.float32)
    columns, squares = np.zeros(padded, np.float32), np.zeros(padded, np.float32)
    totals, spreads = np.zeros(padded, np.float32), np.zeros(padded, np.float32)
    points, half_c2, zero = splat(np.float32(POINTS)), splat(_HALF_C2), splat(np.float32(0))
    for i in range(n):
        columns[:] = 0
        squares[:] = 0
        old[:] = 0
        for r in range(h):
            for c in range(w):
                value = np.float32(pictures[i, r, c])
                line[c] = value
                pixels[i, r * w + c] = value
            if r >= WINDOW:
                for c in range(w):
                    old[c] = pictures[i, r - WINDOW, c]
            for c in range(0, w, LANES):
                new, gone = load(line, c), load(old, c)
                store(columns, c, add(load(columns, c), sub(new, gone)))
                store(squares, c, less_product(gone, gone, add_product(new, new, load(squares, c))))
            if r < WINDOW - 1:
                continue
            for c in range(0, wide, LANES):
                total, energy = zero, zero
                for k in range(WINDOW):
                    total = add(total, load(columns, c + k))
                    energy = add(energy, load(squares, c + k))
                store(totals, c, total)
                # As the covariance of a pair, so that equal pictures are similar by 1 exactly.
                square = mul(total, total)
                variance = add(product_less(points, energy, square), less_product(total, total, square))
                store(spreads, c, add(variance, half_c2))
            q = (r - 6) * wide
            sums[i, q : q + wide] = totals[:wide]
            variances[i, q : q + wide] = spreads[:wide]


@kernel(inline="always")
def interleave(rows, width, chosen, starts, out):  # type: ignore[no-untyped-def]
    """out[8 k + l] = rows[width chosen[l] + k]; width: a multiple of 8, rows: flat. starts: eight int64 to work in."""
    for lane in range(LANES):
        starts[lane] = chosen[lane] * width
    for k in range(0, width, LANES):
        transpose(rows, starts, k, out)


@kernel(inline="always")
def window(box, a, b, variances):  # type: ignore[no-untyped-def]
    """A quarter of eight windows' similarities, from the sums of products, of x, of y, and both variances."""
    # The product of two sums does not fit float32; what its rounding lost is added back.
    means = mul(a, b)
    covariance = add(product_less(splat(np.float32(POINTS)), box, means), less_product(a, b, means))
    above = mul(add_product(a, b, splat(_HALF_C1)), add(covariance, splat(_HALF_C2)))
    squares = add(add_product(a, a, splat(_HALF_C1)), add_product(b, b, splat(_HALF_C1)))
    return div(above, mul(squares, variances))


@kernel(inline="always")
def _eight(x, sx, vx, first, window_first, y, sy, vy, h, w, columns, totals):  # type: ignore[no-untyped-def]
    """The sums of a quarter of each column of windows' similarities, of one x with eight y side by side, in `totals`.

    first, window_first: where the pixels and the windows of x begin. columns, totals: 8 w float32.
    """
    wide = w - 6
    zero = splat(np.float32(0))
    for c in range(w):
        store(columns, c * LANES, zero)
        store(totals, c * LANES, zero)
    for k in range(6 * w):
        c = (k % w) * LANES
        store(columns, c, add_product(spread(x, first + k), load(y, k * LANES), load(columns, c)))
    for r in range(h - 6):
        box = zero
        before = zero
        for c in range(6):
            k = (r + 6) * w + c
            new = add_product(spread(x, first + k), load(y, k * LANES), load(columns, c * LANES))
            store(columns, c * LANES, new)
            box = add(box, new)
        for c in range(wide):
            k = (r + 6) * w + c + 6
            new = add_product(spread(x, first + k), load(y, k * LANES), load(columns, (c + 6) * LANES))
            store(columns, (c + 6) * LANES, new)
            old = load(columns, c * LANES)
            box = add(box, sub(new, before))
            before = old
            q = r * wide + c
            variances = add(spread(vx, window_first + q), load(vy, q * LANES))
            value = window(box, spread(sx, window_first + q), load(sy, q * LANES), variances)
            store(totals, c * LANES, add(load(totals, c * LANES), value))
            k = r * w + c
            store(columns, c * LANES, less_product(spread(x, first + k), load(y, k * LANES), old))
        for c in range(wide, w):
            k = r * w + c
            left = less_product(spread(x, first + k), load(y, k * LANES), load(columns, c * LANES))
            store(columns, c * LANES, left)


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
def all_pairs(x, sx, vx, n, y, sy, vy, m, h, w, out):  # type: ignore[no-untyped-def]
    """Fill out[i, j] with the similarity of picture i of n and picture j of m; flat rows as `windows` makes them."""
    width, windows_width = x.shape[0] // n, sx.shape[0] // n
    eight_y = np.empty(width * LANES, np.float32)
    eight_sy = np.empty(windows_width * LANES, np.float32)
    eight_vy = np.empty(windows_width * LANES, np.float32)
    columns, totals = np.empty(w * LANES, np.float32), np.empty(w * LANES, np.float32)
    chosen, starts = np.empty(LANES, np.int64), np.empty(LANES, np.int64)
    for first in range(0, m, LANES):
        for lane in range(LANES):
            chosen[lane] = min(first + lane, m - 1)
        interleave(y, width, chosen, starts, eight_y)
        interleave(sy, windows_width, chosen, starts, eight_sy)
        interleave(vy, windows_width, chosen, starts, eight_vy)
        for i in range(n):
            _eight(x, sx, vx, i * width, i * windows_width, eight_y, eight_sy, eight_vy, h, w, columns, totals)
            for lane in range(min(LANES, m - first)):
                out[i, first + lane] = mean(totals, LANES, lane, w - 6, (h - 6) * (w - 6))
