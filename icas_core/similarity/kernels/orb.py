"""Match the binary descriptors of every pair of pictures, as cv2.BFMatcher does."""

from __future__ import annotations

import numpy as np

from icas_core.similarity.compiled import kernel
from icas_core.similarity.kernels.counts import popcount

_FAR = 1 << 14


@kernel
def _distances(words, start, stop, other, other_start, other_stop, out):  # type: ignore[no-untyped-def]
    """Fill out[i, j] (int16) with the differing bits of descriptors; `words` are (4, n) uint64, word by word."""
    for i in range(stop - start):
        w0 = words[0, start + i]
        w1 = words[1, start + i]
        w2 = words[2, start + i]
        w3 = words[3, start + i]
        for j in range(other_stop - other_start):
            at = other_start + j
            out[i, j] = (
                popcount(w0 ^ other[0, at])
                + popcount(w1 ^ other[1, at])
                + popcount(w2 ^ other[2, at])
                + popcount(w3 ^ other[3, at])
            )


@kernel
def _lowe(distances, n, m, ratio, nearest, second):  # type: ignore[no-untyped-def]
    """The mean of both directions' share of descriptors that pass Lowe's ratio test.

    A descriptor is good when its nearest is closer than `ratio` times the second nearest, or is the same.
    """
    for j in range(m):
        nearest[j] = _FAR
        second[j] = _FAR
    forward = 0
    for i in range(n):
        best = np.int16(_FAR)
        for j in range(m):
            distance = distances[i, j]
            second[j] = min(second[j], max(nearest[j], distance))
            nearest[j] = min(nearest[j], distance)
            best = min(best, distance)
        ties = 0
        then = np.int16(_FAR)
        for j in range(m):
            distance = distances[i, j]
            ties += np.int32(distance == best)
            then = min(then, np.int16(_FAR) if distance == best else distance)
        if ties > 1:
            then = best
        forward += best == 0 or (m > 1 and best < ratio * then)
    backward = 0
    for j in range(m):
        backward += nearest[j] == 0 or (n > 1 and nearest[j] < ratio * second[j])
    return (forward / n + backward / m) / 2


@kernel
def _crosscheck(distances, n, m, ratio, nearest, chosen):  # type: ignore[no-untyped-def]
    """The share of mutual nearest neighbours closer than `ratio` times the farthest of them; 1 when all are the same.

    Among equally near descriptors the first counts, as in cv2.
    """
    for j in range(m):
        nearest[j] = _FAR
    for i in range(n):
        for j in range(m):
            if distances[i, j] < nearest[j]:
                nearest[j] = distances[i, j]
                chosen[j] = i
    matches = np.empty(n, np.int16)
    count = 0
    farthest = 0
    for i in range(n):
        best = np.int16(_FAR)
        at = 0
        for j in range(m):
            if distances[i, j] < best:
                best = distances[i, j]
                at = j
        if chosen[at] == i:
            matches[count] = best
            count += 1
            farthest = max(farthest, best)
    if farthest == 0:
        return 1.0
    good = 0
    for k in range(count):
        good += matches[k] < ratio * farthest
    return good / count


@kernel
def _same(left, a, b, right, c, d):  # type: ignore[no-untyped-def]
    if b - a != d - c:
        return False
    for k in range(b - a):
        for word in range(4):
            if left[word, a + k] != right[word, c + k]:
                return False
    return True


@kernel
def _pair(left, a, b, right, c, d, least, ratio, lowe, distances, row, other):  # type: ignore[no-untyped-def]
    if a == b or c == d:
        return np.float32(0)
    if b - a < least or d - c < least:
        return np.float32(_same(left, a, b, right, c, d))
    _distances(left, a, b, right, c, d, distances)
    if lowe:
        return np.float32(_lowe(distances, b - a, d - c, ratio, row, other))
    return np.float32(_crosscheck(distances, b - a, d - c, ratio, row, other))


@kernel
def all_pairs(left, left_at, right, right_at, least, ratio, lowe, out):  # type: ignore[no-untyped-def]
    """Fill out[i, j]; picture i's descriptors are columns left_at[i] to left_at[i + 1] of `left` (4, total) uint64."""
    widest = max(np.max(np.diff(right_at)), 1)
    distances = np.empty((max(np.max(np.diff(left_at)), 1), widest), np.int16)
    row = np.empty(widest, np.int16)
    other = np.empty(widest, np.int16)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = _pair(
                left,
                left_at[i],
                left_at[i + 1],
                right,
                right_at[j],
                right_at[j + 1],
                ratio,
                lowe,
                distances,
                row,
                other,
            )


@kernel
def row_pairs(left, left_at, right, right_at, least, ratio, lowe, out):  # type: ignore[no-untyped-def]
    """Fill out[i] with the similarity of picture i of `left` and picture i of `right`."""
    widest = max(np.max(np.diff(right_at)), 1)
    distances = np.empty((max(np.max(np.diff(left_at)), 1), widest), np.int16)
    row = np.empty(widest, np.int16)
    other = np.empty(widest, np.int16)
    for i in range(out.shape[0]):
        out[i] = _pair(
            left,
            left_at[i],
            left_at[i + 1],
            right,
            right_at[i],
            right_at[i + 1],
            least,
            ratio,
            lowe,
            distances,
            row,
            other,
        )
