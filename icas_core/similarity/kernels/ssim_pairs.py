"""Structural similarity of chosen pairs of grey pictures, eight columns of one pair side by side."""

from __future__ import annotations

import numpy as np

from icas_core.similarity.compiled import kernel
from icas_core.similarity.kernels.lanes import LANES, add, add_product, less_product, load, splat, store
from icas_core.similarity.kernels.ssim import WINDOW, mean, window
from icas_core.similarity.kernels.ssim_bounds import NUMBERS, losses_of_pair

STOPPED = np.float32(-np.inf)  # in place of the similarity of a pair that was found to be below the limit


@kernel
def some_pairs(x, sx, vx, n, y, sy, vy, m, h, w, a, b, out):  # type: ignore[no-untyped-def]
    """Fill out[k] with the similarity of picture a[k] of n and picture b[k] of m."""
    columns, totals = np.zeros(w + 2 * LANES, np.float32), np.zeros(w + LANES, np.float32)
    for k in range(a.shape[0]):
        sides = (x, sx, vx, a[k] * (x.shape[0] // n), a[k] * (sx.shape[0] // n))
        others = (y, sy, vy, b[k] * (y.shape[0] // m), b[k] * (sy.shape[0] // m))
        _begin(sides, others, w, columns, totals)
        for r in range(h - 6):
            _row(sides, others, r, w, columns, totals)
        out[k] = mean(totals, 1, 0, w - 6, (h - 6) * (w - 6))


@kernel
def pairs_above(x, sx, vx, n, y, sy, vy, m, h, w, a, b, bx, by, bands, across, limit, out):  # type: ignore[no-untyped-def]
    """As some_pairs, but STOPPED where the pair is found to lose more than `limit` to a sum of ones.

    bx, by: flat numbers of blocks of n and m pictures, as block_numbers gives them. bands: int64 rows of windows at
    which a band of blocks begins, and the end; across: blocks in a band.
    """
    columns, totals = np.zeros(w + 2 * LANES, np.float32), np.zeros(w + LANES, np.float32)
    width = bx.shape[0] // n
    losses, sums = np.zeros(width // NUMBERS, np.float32), np.empty(LANES, np.float32)
    for k in range(a.shape[0]):
        out[k] = STOPPED
        rest = losses_of_pair(bx, a[k] * width, by, b[k] * width, width // NUMBERS, limit, losses, sums)
        if rest > limit:
            continue
        sides = (x, sx, vx, a[k] * (x.shape[0] // n), a[k] * (sx.shape[0] // n))
        others = (y, sy, vy, b[k] * (y.shape[0] // m), b[k] * (sy.shape[0] // m))
        _begin(sides, others, w, columns, totals)
        lost = np.float32(0)
        for band in range(bands.shape[0] - 1):
            for r in range(bands[band], bands[band + 1]):
                _row(sides, others, r, w, columns, totals)
            for block in range(band * across, (band + 1) * across):
                rest -= losses[block]
            count = bands[band + 1] * (w - 6)
            lost = count * (1 - mean(totals, 1, 0, w - 6, count))
            if lost + rest > limit:
                break
        if lost + rest <= limit:
            out[k] = mean(totals, 1, 0, w - 6, (h - 6) * (w - 6))


@kernel(inline="always")
def _begin(sides, others, w, columns, totals):  # type: ignore[no-untyped-def]
    """The sums of products of the first six rows of pixels, column by column."""
    x, _, _, first, _ = sides
    y, _, _, other, _ = others
    for c in range(0, w, LANES):
        products = splat(np.float32(0))
        for r in range(WINDOW - 1):
            products = add_product(load(x, first + r * w + c), load(y, other + r * w + c), products)
        store(columns, c, products)
        store(totals, c, splat(np.float32(0)))


@kernel(inline="always")
def _row(sides, others, r, w, columns, totals):  # type: ignore[no-untyped-def]
    """Add a quarter of the similarities of row r of windows to the totals of their columns."""
    x, sx, vx, first, window_first = sides
    y, sy, vy, other, window_other = others
    new, old = (r + 6) * w, (r - 1) * w
    for c in range(0, w, LANES):
        products = add_product(load(x, first + new + c), load(y, other + new + c), load(columns, c))
        if r > 0:
            products = less_product(load(x, first + old + c), load(y, other + old + c), products)
        store(columns, c, products)
    for c in range(0, w - 6, LANES):
        box = load(columns, c)
        for step in range(1, WINDOW):
            box = add(box, load(columns, c + step))
        q = r * (w - 6) + c
        variances = add(load(vx, window_first + q), load(vy, window_other + q))
        value = window(box, load(sx, window_first + q), load(sy, window_other + q), variances)
        store(totals, c, add(load(totals, c), value))
