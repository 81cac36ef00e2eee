"""Pillow's luminance and its LANCZOS resize of grey pictures, in the same whole numbers (libImaging/Resample.c)."""

from __future__ import annotations

import math

import numpy as np

from icas_core.similarity.compiled import kernel

_BITS = 22  # of the weights' fractions
_HALF = 1 << (_BITS - 1)


@kernel
def luminance(red, green, blue, out):  # type: ignore[no-untyped-def]
    """Fill `out` with Image.convert("L") of three planes; all (h, w) uint8."""
    r, g, b, grey = red.ravel(), green.ravel(), blue.ravel(), out.ravel()
    for i in range(len(grey)):
        sum_ = np.uint32(r[i]) * np.uint32(19595) + np.uint32(g[i]) * np.uint32(38470)
        grey[i] = np.uint8((sum_ + np.uint32(b[i]) * np.uint32(7471) + np.uint32(0x8000)) >> np.uint32(16))


@kernel
def _lanczos(x):  # type: ignore[no-untyped-def]
    if x < -3.0 or x >= 3.0:
        return 0.0
    if x == 0.0:
        return 1.0
    a = x * math.pi
    b = x / 3.0 * math.pi
    return math.sin(a) / a * (math.sin(b) / b)


@kernel
def weights(before, after):  # type: ignore[no-untyped-def]
    """For each of `after` new pixels: the first old pixel it is made of, how many, and their int32 weights."""
    scale = before / after
    wide = max(scale, 1.0)
    support = 3.0 * wide
    first = np.empty(after, np.int64)
    count = np.empty(after, np.int64)
    out = np.zeros((after, math.ceil(support) * 2 + 1), np.int32)
    share = np.empty(out.shape[1])
    for x in range(after):
        center = (x + 0.5) * scale
        low = max(int(center - support + 0.5), 0)
        count[x] = min(int(center + support + 0.5), before) - low
        first[x] = low
        total = 0.0
        for k in range(count[x]):
            share[k] = _lanczos((k + low - center + 0.5) * (1.0 / wide))
            total += share[k]
        for k in range(count[x]):
            exact = (share[k] / total if total != 0.0 else share[k]) * (1 << _BITS)
            out[x, k] = int(exact - 0.5) if exact < 0 else int(exact + 0.5)
    return first, count, out


@kernel
def resampled(rows, first, count, weight, out):  # type: ignore[no-untyped-def]
    """Fill out[y] (uint8) with the weighted rows from first[y] on; sums wrap as the library's do."""
    width = rows.shape[1]
    total = np.empty(width, np.int32)
    for y in range(out.shape[0]):
        total[:] = _HALF
        at = first[y]
        whole = count[y] // 4 * 4
        for k in range(0, whole, 4):
            a, b, c, d = weight[y, k], weight[y, k + 1], weight[y, k + 2], weight[y, k + 3]
            p, q, r, s = rows[at + k], rows[at + k + 1], rows[at + k + 2], rows[at + k + 3]
            for x in range(width):
                more = np.int32(p[x]) * a + np.int32(q[x]) * b + np.int32(r[x]) * c + np.int32(s[x]) * d
                total[x] = np.int32(total[x] + more)
        for k in range(whole, count[y]):
            a, p = weight[y, k], rows[at + k]
            for x in range(width):
                total[x] = np.int32(total[x] + np.int32(p[x]) * a)
        line = out[y]
        for x in range(width):
            line[x] = np.uint8(min(max(total[x] >> np.int32(_BITS), np.int32(0)), np.int32(255)))
