"""Structural similarity of chosen pairs of grey pictures, eight columns of one pair side by side."""

from __future__ import annotations

import numpy as np

from icas_core.similarity.compiled import kernel
from icas_core.similarity.kernels.lanes import LANES, add, load, multiply_pairs, splat, store, sum_of_lanes
from icas_core.similarity.kernels.ssim import WINDOW, mean, start_of_box, window
from icas_core.similarity.kernels.ssim_bounds import NUMBERS, losses_of_pair

_STRIPE = 16  # pictures compared with all others before the next: what is looked at of them fits the second cache
STOPPED = np.float32(-np.inf)  # in place of the similarity of a pair that was found to be below the limit


@kernel
def some_pairs(x, n, y, m, h, w, a, b, out):  # type: ignore[no-untyped-def]
    """Fill out[k] with the similarity of picture a[k] of n and picture b[k] of m; x, y: see ssim.all_pairs."""
    columns, totals = np.zeros(w + 2 * LANES, np.int32), np.zeros(w + LANES, np.float32)
    for k in range(a.shape[0]):
        places = _places(x, n, a[k], y, m, b[k])
        _begin(x, y, places, w, columns, totals)
        for r in range(h - 6):
            _row(x, y, places, r, w, columns, totals)
        out[k] = mean(totals, 1, 0, w - 6, (h - 6) * (w - 6))


@kernel
def pairs_above(x, n, y, m, h, w, a, b, bx, by, bands, across, limit, out):  # type: ignore[no-untyped-def]
    """As some_pairs, but STOPPED where the pair is found to lose more than `limit` to a sum of ones.

    bx, by: flat numbers of blocks of n and m pictures, as block_numbers gives them. bands: int64 rows of windows at
    which a band of blocks begins, and the end; across: blocks in a band.
    """
    columns, totals = np.zeros(w + 2 * LANES, np.int32), np.zeros(w + LANES, np.float32)
    width = bx.shape[0] // n
    losses = np.zeros(width // NUMBERS, np.float32)
    for k in range(a.shape[0]):
        out[k] = STOPPED
        rest = losses_of_pair(bx, a[k] * width, by, b[k] * width, width // NUMBERS, limit, losses)
        if rest > limit:
            continue
        places = _places(x, n, a[k], y, m, b[k])
        _begin(x, y, places, w, columns, totals)
        lost = np.float32(0)
        for band in range(bands.shape[0] - 1):
            for r in range(bands[band], bands[band + 1]):
                _row(x, y, places, r, w, columns, totals)
            rest -= _quick_sum(losses, band * across, across)
            # The mean, whose rounding is looked after, would take as long as the rows of a band.
            lost = bands[band + 1] * (w - 6) - 4 * _quick_sum(totals, 0, w - 6)
            if lost + rest > limit:
                break
        if lost + rest <= limit:
            out[k] = mean(totals, 1, 0, w - 6, (h - 6) * (w - 6))


@kernel(inline="always")
def _quick_sum(numbers, start, count):  # type: ignore[no-untyped-def]
    """The sum of numbers[start : start + count], in lanes as far as they are filled."""
    whole = start + count // LANES * LANES
    together = splat(np.float32(0))
    for k in range(start, whole, LANES):
        together = add(together, load(numbers, k))
    rest = np.float32(0)
    for k in range(whole, start + count):
        rest += numbers[k]
    return sum_of_lanes(together) + rest


@kernel(inline="always")
def _places(x, n, i, y, m, j):  # type: ignore[no-untyped-def]
    """Where the pixels and the windows of picture i of n begin, and those of picture j of m."""
    return i * (x[0].shape[0] // n), i * (x[2].shape[0] // n), j * (y[1].shape[0] // m), j * (y[2].shape[0] // m)


@kernel(inline="always")
def _begin(x, y, places, w, columns, totals):  # type: ignore[no-untyped-def]
    """The sums of products of the first six rows of pixels, column by column."""
    first, _, other, _ = places
    for c in range(0, w, LANES):
        products = splat(np.int32(0))
        for r in range(WINDOW - 1):
            products = add(products, multiply_pairs(load(x[0], first + r * w + c), load(y[1], other + r * w + c)))
        store(columns, c, products)
        store(totals, c, splat(np.float32(0)))


@kernel(inline="always")
def _row(x, y, places, r, w, columns, totals):  # type: ignore[no-untyped-def]
    """Add a quarter of the similarities of row r of windows to the totals of their columns."""
    entering, _, sums, means, variances = x
    _, leaving, y_sums, y_means, y_variances = y
    first, window_first, other, window_other = places
    new = (r + 6) * w
    for c in range(0, w, LANES):
        products = multiply_pairs(load(entering, first + new + c), load(leaving, other + new + c))
        store(columns, c, add(products, load(columns, c)))
    for c in range(0, w - 6, LANES):
        box = start_of_box()
        for step in range(WINDOW):
            box = add(box, load(columns, c + step))
        q, s = window_first + r * (w - 6) + c, window_other + r * (w - 6) + c
        of_means = add(load(means, q), load(y_means, s))
        of_variances = add(load(variances, q), load(y_variances, s))
        value = window(box, load(sums, q), load(y_sums, s), of_means, of_variances)
        store(totals, c, add(load(totals, c), value))


@kernel
def in_stripes(kept, rows, columns):  # type: ignore[no-untyped-def]
    """Fill rows and columns with those of the true values, a few columns after another: these stay in the cache."""
    n = 0
    for start in range(0, kept.shape[1], _STRIPE):
        for i in range(kept.shape[0]):
            for j in range(start, min(start + _STRIPE, kept.shape[1])):
                if kept[i, j]:
                    rows[n], columns[n] = i, j
                    n += 1
