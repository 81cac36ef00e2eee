"""Match the binary descriptors of every pair of pictures, as cv2.BFMatcher does.

A side of the comparison is (rows, columns, bits, starts, counts, chunks), as descriptors.laid_out() makes it.
"""

from __future__ import annotations

import numpy as np

from icas_core.similarity.compiled import MATRIX_UNIT, kernel
from icas_core.similarity.kernels.nearest import DIGITS, FAR, two_least

if MATRIX_UNIT:
    from icas_core.similarity.kernels.matrix_unit import WIDTH, distances, done, ready
else:
    from icas_core.similarity.kernels.nearest import WIDTH, distances, done, ready

_FAR = 1 << 14
_BITS = np.bitwise_count(np.arange(256, dtype=np.uint8))


@kernel
def _exact(rows, start, n, others, other_start, m):  # type: ignore[no-untyped-def]
    """(n, m) int16: the differing bits of descriptors, given by their digits."""
    out = np.zeros((n, m), np.int16)
    for i in range(n):
        for j in range(m):
            for k in range(DIGITS):
                out[i, j] += _BITS[rows[start + i, k] ^ others[other_start + j, k]]
    return out


@kernel
def _lowe(distances, limits):  # type: ignore[no-untyped-def]
    """The share of rows whose least distance passes Lowe's test beside the second least: below limits[second]."""
    n, m = distances.shape
    good = 0
    for i in range(n):
        best = np.int16(_FAR)
        then = np.int16(_FAR)
        for j in range(m):
            then = min(then, max(best, distances[i, j]))
            best = min(best, distances[i, j])
        good += best == 0 or (m > 1 and best < limits[then])
    return good / n


@kernel
def _crosscheck(distances, ratio):  # type: ignore[no-untyped-def]
    """The share of mutual nearest neighbours closer than `ratio` times the farthest of them; 1 when all are the same.

    Among equally near descriptors the first counts, as in cv2.
    """
    n = distances.shape[0]
    matches = np.empty(n, np.int16)
    count = 0
    for i in range(n):
        at = np.argmin(distances[i])
        if np.argmin(distances[:, at]) == i:
            matches[count] = distances[i, at]
            count += 1
    return _good_share(matches, count, ratio)


@kernel
def _good_share(matches, count, ratio):  # type: ignore[no-untyped-def]
    farthest = 0
    for k in range(count):
        farthest = max(farthest, np.int64(matches[k]))
    if farthest == 0:
        return 1.0
    good = 0
    for k in range(count):
        good += matches[k] < ratio * farthest
    return good / count


@kernel
def _lanes_lowe(distances, width, nearest, second, n, start, m, limits):  # type: ignore[no-untyped-def]
    """The mean of both directions' shares for one picture's columns of the chunk; -1 when bytes cannot tell."""
    forward = 0
    backward = 0
    unsure = False
    for i in range(n):
        pair = two_least(distances, i * width + start, m)
        forward += (pair & 255) == 0 or (m > 1 and (pair & 255) < limits[pair >> 8])
        unsure |= (pair >> 8) == FAR
    for j in range(start, start + m):
        backward += nearest[j] == 0 or (n > 1 and nearest[j] < limits[second[j]])
        unsure |= second[j] == FAR
    # One descriptor alone has no second nearest, and needs none.
    if unsure and n > 1 and m > 1:
        return -1.0
    return (forward / n + backward / m) / 2


@kernel
def _lanes_crosscheck(distances, width, nearest, n, start, m, ratio, matches):  # type: ignore[no-untyped-def]
    count = 0
    for i in range(n):
        row = i * width + start
        best = two_least(distances, row, m) & 255
        if best == FAR:
            return -1.0
        at = 0
        while distances[row + at] != best:
            at += 1
        if nearest[start + at] != best:
            continue
        earlier = 0
        while distances[earlier * width + start + at] != best:
            earlier += 1
        if earlier == i:
            matches[count] = best
            count += 1
    return _good_share(matches, count, ratio)


@kernel
def _same(rows, a, n, others, b, m):  # type: ignore[no-untyped-def]
    if n != m:
        return False
    for i in range(n):
        for k in range(DIGITS):
            if rows[a + i, k] != others[b + i, k]:
                return False
    return True


@kernel
def _chunk(left, i, right, first, last, settings, limits, room, out):  # type: ignore[no-untyped-def]
    """Fill out[j - first] with the similarity of picture i of left and pictures first to last of right."""
    rows, columns, bits, starts, counts, _ = left
    others, planes, _, lanes, sizes, _ = right
    least, ratio, lowe = settings
    found, nearest, second, matches, space = room
    a, n = starts[i], counts[i]
    lane, width = lanes[first], _width(right, first, last)
    if n >= least and n > 0:
        distances((rows, columns, bits), a, n, planes, lane, width, space, found, nearest, second)
    for j in range(first, last):
        m, start = sizes[j], lanes[j] - lane
        if n == 0 or m == 0:
            out[j - first] = 0
            continue
        if n < least or m < least:
            out[j - first] = _same(rows, a, n, others, lanes[j], m)
            continue
        if lowe:
            share = _lanes_lowe(found, width, nearest, second, n, start, m, limits)
        else:
            share = _lanes_crosscheck(found, width, nearest, n, start, m, ratio, matches)
        if share < 0:
            exact = _exact(rows, a, n, others, lanes[j], m)
            share = (_lowe(exact, limits) + _lowe(exact.T, limits)) / 2 if lowe else _crosscheck(exact, ratio)
        out[j - first] = share


@kernel(inline="always")
def _width(right, first, last):  # type: ignore[no-untyped-def]
    _, _, _, lanes, sizes, _ = right
    return (lanes[last - 1] + sizes[last - 1] - lanes[first] + WIDTH - 1) // WIDTH * WIDTH


@kernel
def all_pairs(left, right, settings, limits, room, out):  # type: ignore[no-untyped-def]
    """Fill out[i, j] (float32); settings: (least, ratio, whether Lowe's test).

    limits, room: see descriptors.limits() and space().
    """
    chunks = right[5]
    for c in range(len(chunks) - 1):
        first, last = chunks[c], chunks[c + 1]
        ready(right[1], right[3][first], _width(right, first, last), room[4])
        for i in range(out.shape[0]):
            _chunk(left, i, right, first, last, settings, limits, room, out[i, first:last])
    done()


@kernel
def row_pairs(left, right, settings, limits, room, out):  # type: ignore[no-untyped-def]
    """Fill out[i] with picture i of left and of right, each of which is a chunk of its own."""
    for i in range(out.shape[0]):
        ready(right[1], right[3][i], _width(right, i, i + 1), room[4])
        _chunk(left, i, right, i, i + 1, settings, limits, room, out[i : i + 1])
    done()
