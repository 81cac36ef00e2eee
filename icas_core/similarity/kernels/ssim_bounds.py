"""How much structural similarity two pictures must lose, from a few numbers for each block of windows.

With l = 1 - luminance term and t = 1 - structure term, a window's similarity loses l + (1 - l) t to 1. Over a block
of windows, by Cauchy and Schwarz, sum((p - q)² / d) >= sum(p - q)² / sum(d). For l, p and q are the windows' means.
For t, whose p - q is the window of the difference picture less its mean, they are its components along five
orthonormal polynomials and the length of what those leave, which by the triangle inequality can only be nearer.
1 - l is at least what the block's extreme means allow.
"""

from __future__ import annotations

import numpy as np

from icas_core.similarity.compiled import kernel
from icas_core.similarity.kernels.lanes import (
    LANES,
    WIDE,
    add,
    add_product,
    choose,
    div,
    lanes_above,
    less_product,
    load,
    load_wide,
    mul,
    product_less,
    root,
    splat,
    splat_wide,
    spread_wide,
    store,
    sub,
    sum_of_lanes,
)
from icas_core.similarity.kernels.ssim import POINTS, WINDOW, interleave

# A block's numbers: five components, the rest's length, sum of variances + C2 / 2, of means, of squared means
# + C1 / 2, and the least and the greatest mean.
NUMBERS = 11
_COMPONENTS = 6
_C1 = np.float32((0.01 * 255) ** 2)
_HALF_C1 = np.float32(_C1 / 2)
_HALF_C2 = np.float32((0.03 * 255) ** 2 / 2)
_OF_VARIANCE = np.float32(1 / POINTS / (POINTS - 1))
_LINE = np.float32(1 / 14 / np.sqrt(POINTS - 1))  # 1 / the polynomial's length, as the sample variance counts it
_PRODUCT = np.float32(1 / 28 / np.sqrt(POINTS - 1))
_SQUARE = np.float32(1 / np.sqrt(588 * (POINTS - 1)))


@kernel
def block_numbers(pictures, tall, wide, out):  # type: ignore[no-untyped-def]
    """Fill out[i, k] with number k of each block of windows of picture i, band by band.

    pictures: (n, h, w) uint8. tall, wide: int64 first rows and columns of windows of the blocks, and the ends.
    out: (n, NUMBERS, a multiple of 16, at least the blocks) float32; what is behind the blocks will lose nothing.
    """
    n, h, w = pictures.shape
    across = wide.shape[0] - 1
    padded = -(-w // LANES) * LANES + LANES
    line = np.zeros(padded, np.float32)
    lines = np.zeros(4 * h * padded, np.float32)
    columns = np.empty((NUMBERS, padded), np.float32)
    flat = columns.ravel()
    for i in range(n):
        for r in range(h):
            for c in range(w):
                line[c] = pictures[i, r, c]
            _along_line(line, w - 6, lines, r * padded, h * padded)
        for q in range(tall.shape[0] - 1):
            columns[:] = 0
            columns[9] = 255
            for r in range(tall[q], tall[q + 1]):
                _add_windows(lines, r * padded, h * padded, padded, w - 6, flat)
            for b in range(across):
                for k in range(NUMBERS):
                    value = columns[k, wide[b]]
                    for c in range(wide[b] + 1, wide[b + 1]):
                        one = columns[k, c]
                        value = value + one if k < 9 else (min(value, one) if k == 9 else max(value, one))
                    out[i, k, q * across + b] = value
        out[i, :, (tall.shape[0] - 1) * across :] = 1


@kernel
def merged_blocks(numbers, across, tall, wide, out):  # type: ignore[no-untyped-def]
    """Fill out[i], block after block, with the NUMBERS of larger blocks, of those that block_numbers gives.

    across: blocks in a band. tall, wide: int64 first bands and columns of blocks of the larger ones, and the ends.
    """
    wider = wide.shape[0] - 1
    for i in range(numbers.shape[0]):
        for q in range(tall.shape[0] - 1):
            for b in range(wider):
                for k in range(NUMBERS):
                    value = numbers[i, k, tall[q] * across + wide[b]]
                    for r in range(tall[q], tall[q + 1]):
                        for c in range(wide[b], wide[b + 1]):
                            one = numbers[i, k, r * across + c]
                            if k == 9:
                                value = min(value, one)
                            elif k == 10:
                                value = max(value, one)
                            elif r > tall[q] or c > wide[b]:
                                value += one
                    out[i, (q * wider + b) * NUMBERS + k] = value


@kernel(inline="always")
def _along_line(line, wide, lines, at, apart):  # type: ignore[no-untyped-def]
    """A line's sums over seven columns, weighted 1, x and x² - 4, and of its squares: to lines[at], `apart` each.

    Whole numbers below 2**24, and so exact.
    """
    for c in range(0, wide, LANES):
        plain = first = second = energy = splat(np.float32(0))
        for k in range(WINDOW):
            value = load(line, c + k)
            plain = add(plain, value)
            first = add_product(splat(np.float32(k - 3)), value, first)
            second = add_product(splat(np.float32((k - 3) * (k - 3) - 4)), value, second)
            energy = add_product(value, value, energy)
        store(lines, at + c, plain)
        store(lines, at + apart + c, first)
        store(lines, at + 2 * apart + c, second)
        store(lines, at + 3 * apart + c, energy)


@kernel(inline="always")
def _add_windows(lines, at, apart, step, wide, columns):  # type: ignore[no-untyped-def]
    """Add the row of windows that begins with the line at `at` to the numbers of its columns, `step` each."""
    nothing = splat(np.float32(0))
    points, part, of_mean = splat(np.float32(POINTS)), splat(_OF_VARIANCE), splat(np.float32(1 / POINTS))
    for c in range(0, wide, LANES):
        total = x = y = xy = xx = yy = energy = nothing
        for k in range(WINDOW):
            k_at = at + k * step + c
            plain, first = load(lines, k_at), load(lines, k_at + apart)
            line, square = splat(np.float32(k - 3)), splat(np.float32((k - 3) * (k - 3) - 4))
            total, x = add(total, plain), add(x, first)
            y, xy = add_product(line, plain, y), add_product(line, first, xy)
            xx, yy = add(xx, load(lines, k_at + 2 * apart)), add_product(square, plain, yy)
            energy = add(energy, load(lines, k_at + 3 * apart))
        x, y, xy = mul(x, splat(_LINE)), mul(y, splat(_LINE)), mul(xy, splat(_PRODUCT))
        xx, yy = mul(xx, splat(_SQUARE)), mul(yy, splat(_SQUARE))
        square = mul(total, total)
        variance = mul(add(product_less(points, energy, square), less_product(total, total, square)), part)
        mean = mul(total, of_mean)
        rest = less_product(x, x, less_product(y, y, less_product(xy, xy, variance)))
        rest = less_product(xx, xx, less_product(yy, yy, rest))
        rest = root(choose(rest, nothing, rest, nothing))
        middle = add_product(mean, mean, splat(_HALF_C1))
        added = (x, y, xy, xx, yy, rest, add(variance, splat(_HALF_C2)), mean, middle)
        for k in range(9):
            store(columns, k * step + c, add(load(columns, k * step + c), added[k]))
        low, high = load(columns, 9 * step + c), load(columns, 10 * step + c)
        store(columns, 9 * step + c, choose(low, mean, mean, low))
        store(columns, 10 * step + c, choose(mean, high, mean, high))


@kernel(inline="always")
def _loss(of_x, of_y, x, e, apart, y, k, y_apart, c1):  # type: ignore[no-untyped-def]
    """What some blocks of x lose at least beside as many of y, side by side.

    Their first numbers are at e and k, the others `apart` and `y_apart` from each other. of_x, of_y: what reads them
    into lanes, as many as c1 has.
    """
    step = sub(of_x(x, e), of_y(y, k))
    distance = mul(step, step)
    for component in range(1, _COMPONENTS):
        step = sub(of_x(x, e + component * apart), of_y(y, k + component * y_apart))
        distance = add_product(step, step, distance)
    variances = add(of_x(x, e + 6 * apart), of_y(y, k + 6 * y_apart))
    step = sub(of_x(x, e + 7 * apart), of_y(y, k + 7 * y_apart))
    means = mul(step, step)
    squares = add(of_x(x, e + 8 * apart), of_y(y, k + 8 * y_apart))
    # The least luminance term of the block, at one of two corners: the one whose l is the greater quotient.
    low, high = of_x(x, e + 9 * apart), of_x(x, e + 10 * apart)
    other_low, other_high = of_y(y, k + 9 * y_apart), of_y(y, k + 10 * y_apart)
    step = sub(low, other_high)
    first, of_first = mul(step, step), add_product(other_high, other_high, add_product(low, low, c1))
    step = sub(high, other_low)
    second, of_second = mul(step, step), add_product(other_low, other_low, add_product(high, high, c1))
    crossed, uncrossed = mul(first, of_second), mul(second, of_first)
    darkest = choose(crossed, uncrossed, first, second)
    of_darkest = choose(crossed, uncrossed, of_first, of_second)
    # means / squares + (1 - darkest / of_darkest) distance / variances, with one division.
    below = mul(variances, of_darkest)
    structure = mul(mul(distance, sub(of_darkest, darkest)), squares)
    return div(add_product(means, below, structure), mul(below, squares))


@kernel
def drop_unlike(x, n, y, m, bands, across, order, limit, wanted):  # type: ignore[no-untyped-def]
    """Turn off in `wanted`, (n, m) bool, the pairs that lose more than `limit`.

    x, y: flat rows of the numbers of n and m pictures, block after block. order: in which the bands are added up, so
    that neighbours in a picture, which are alike, do not come one after another.
    """
    width = x.shape[0] // n
    numbers = np.empty(width * WIDE + WIDE, np.float32)
    # From a cache line on: lanes that straddle two of them cost twice.
    numbers = numbers[-numbers.ctypes.data % (4 * WIDE) // 4 :]
    chosen, starts = np.empty(WIDE, np.int64), np.empty(LANES, np.int64)
    most, c1 = splat_wide(limit), splat_wide(_C1)
    for first in range(0, m, WIDE):
        together = min(WIDE, m - first)
        for lane in range(WIDE):
            chosen[lane] = min(first + lane, m - 1)
        for half in range(0, WIDE, LANES):
            interleave(y, width, chosen, starts, numbers, WIDE, half)
        for i in range(n):
            asked = 0
            for lane in range(together):
                asked |= np.int64(wanted[i, first + lane]) << lane
            if asked == 0:
                continue
            lost = splat_wide(np.float32(0))
            for q in range(bands):
                start = order[q] * across * NUMBERS
                for b in range(across):
                    k = start + b * NUMBERS
                    lost = add(lost, _loss(spread_wide, load_wide, x, i * width + k, 1, numbers, k * WIDE, WIDE, c1))
                asked &= ~lanes_above(lost, most)
                if asked == 0:
                    break
            for lane in range(together):
                wanted[i, first + lane] = (asked >> lane) & 1 == 1


@kernel(inline="always")
def losses_of_pair(x, e, y, k, apart, limit, losses):  # type: ignore[no-untyped-def]
    """Fill losses[b] with what each block of one pair loses at least; how much all do, or more than `limit` if so.

    x, y: flat rows of numbers as block_numbers gives them, `apart` blocks each, which begin at e and k.
    """
    c1 = splat_wide(_C1)
    lost = splat_wide(np.float32(0))
    for b in range(0, apart, WIDE):
        here = _loss(load_wide, load_wide, x, e + b, apart, y, k + b, apart, c1)
        store(losses, b, here)
        lost = add(lost, here)
        # Adding the lanes up at every step would cost as much again.
        if b % (4 * WIDE) == 0 and sum_of_lanes(lost) > limit:
            break
    return sum_of_lanes(lost)
