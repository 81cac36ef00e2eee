"""Count the differing bits or the equal numbers of every pair of rows.

The left rows are (n, k); the right ones lie in planes, (groups, k, lanes), see layout.
"""

from __future__ import annotations

import numpy as np

from icas_core.similarity.compiled import kernel
from icas_core.similarity.kernels.registers import (
    DIGIT,
    TABLE,
    add_differing_bits,
    add_equal_bytes,
    add_equal_numbers,
    extremes,
)

BYTE_LANES = 256
NUMBER_LANES = 64
_RUN = 63  # numbers compared before their counts are added up, while their planes fit the first cache,
_BITS_RUN = 252 // DIGIT  # or digits: 252 bits fit a byte
_TOGETHER = 16  # left rows that share a run of the planes while it is in the first cache


@kernel
def _bits(rows, start, stop, planes, group, counts):  # type: ignore[no-untyped-def]
    """Fill counts[i - start] (uint16) with the bits of rows[i] that differ from each lane's of a group."""
    k = rows.shape[1]
    counts[: stop - start] = 0
    for at in range(0, k, _BITS_RUN):
        run = min(_BITS_RUN, k - at)
        for i in range(start, stop):
            add_differing_bits(
                rows, i * k + at, planes, (group * k + at) * BYTE_LANES, TABLE, run, counts, (i - start) * BYTE_LANES
            )


@kernel
def _equal_bytes(rows, start, stop, planes, group, counts):  # type: ignore[no-untyped-def]
    """Fill counts[i - start] (uint16) with how many bytes of rows[i] equal each lane's of a group."""
    k = rows.shape[1]
    counts[: stop - start] = 0
    for at in range(0, k, _RUN):
        run = min(_RUN, k - at)
        for i in range(start, stop):
            add_equal_bytes(
                rows, i * k + at, planes, (group * k + at) * BYTE_LANES, TABLE, run, counts, (i - start) * BYTE_LANES
            )


@kernel
def _equal_numbers(rows, start, stop, planes, group, counts):  # type: ignore[no-untyped-def]
    """Fill counts[i - start] (uint32) with how many numbers of rows[i] equal each lane's of a group."""
    k = rows.shape[1]
    counts[: stop - start] = 0
    for at in range(0, k, _RUN):
        run = min(_RUN, k - at)
        for i in range(start, stop):
            add_equal_numbers(
                rows,
                i * k + at,
                planes,
                (group * k + at) * NUMBER_LANES,
                TABLE,
                run,
                counts,
                (i - start) * NUMBER_LANES,
            )


@kernel
def differing_bits(rows, planes, levels, out):  # type: ignore[no-untyped-def]
    """Fill out[i, j] (float32) with levels[bits that differ]; rows and planes are the digits of layout."""
    counts = np.empty((_TOGETHER, BYTE_LANES), np.uint16)
    for group in range(planes.shape[0]):
        first = group * BYTE_LANES
        for start in range(0, rows.shape[0], _TOGETHER):
            stop = min(start + _TOGETHER, rows.shape[0])
            _bits(rows, start, stop, planes, group, counts)
            for i in range(start, stop):
                for j in range(first, min(first + BYTE_LANES, out.shape[1])):
                    out[i, j] = levels[counts[i - start, j - first]]


@kernel
def equal_numbers(rows, planes, levels, out):  # type: ignore[no-untyped-def]
    """Fill out[i, j] (float32) with levels[places at which both hold the same number]; uint32."""
    counts = np.empty((_TOGETHER, NUMBER_LANES), np.uint32)
    for group in range(planes.shape[0]):
        first = group * NUMBER_LANES
        for start in range(0, rows.shape[0], _TOGETHER):
            stop = min(start + _TOGETHER, rows.shape[0])
            _equal_numbers(rows, start, stop, planes, group, counts)
            for i in range(start, stop):
                for j in range(first, min(first + NUMBER_LANES, out.shape[1])):
                    out[i, j] = levels[counts[i - start, j - first]]


@kernel
def _with_room(found, size):  # type: ignore[no-untyped-def]
    """found (3, capacity), with room for the hits of one row and one group behind `size`; it doubles when it must."""
    if size + BYTE_LANES <= found.shape[1]:
        return found
    larger = np.empty((3, 2 * found.shape[1]), np.int64)
    larger[:, :size] = found[:, :size]
    return larger


@kernel
def _note(found, size, i, first, lanes, counts, n):  # type: ignore[no-untyped-def]
    """Write the first n of the lanes, with their counts, behind `size`."""
    for k in range(n):
        found[0, size + k] = i
        found[1, size + k] = first + lanes[k]
        found[2, size + k] = counts[k]


@kernel
def pairs_of_few_bits(rows, planes, wanted, most):  # type: ignore[no-untyped-def]
    """(3, n) int64: i, j and the differing bits, where those are `most` at most and wanted[i, j]."""
    counts = np.empty((_TOGETHER, BYTE_LANES), np.uint16)
    lanes, numbers = np.empty(BYTE_LANES, np.int64), np.empty(BYTE_LANES, np.int64)
    found = np.empty((3, 2 * BYTE_LANES), np.int64)
    size = 0
    limit = np.uint16(most)
    for group in range(planes.shape[0]):
        first = group * BYTE_LANES
        for start in range(0, rows.shape[0], _TOGETHER):
            stop = min(start + _TOGETHER, rows.shape[0])
            _bits(rows, start, stop, planes, group, counts)
            for i in range(start, stop):
                if (extremes(counts, (i - start) * BYTE_LANES) & 65_535) > limit:
                    continue
                n = 0
                for lane in range(min(BYTE_LANES, wanted.shape[1] - first)):
                    if counts[i - start, lane] <= limit and wanted[i, first + lane]:
                        lanes[n], numbers[n] = lane, counts[i - start, lane]
                        n += 1
                found = _with_room(found, size)
                _note(found, size, i, first, lanes, numbers, n)
                size += n
    return found[:, :size]


@kernel
def pairs_of_many_equal(rows, low, others, planes, wanted, least):  # type: ignore[no-untyped-def]
    """(3, n) int64: i, j and the equal numbers, where those are `least` at least and wanted[i, j]; pairs counted.

    rows, others: uint32, (n, k). low: the lowest bytes of rows. planes: the lowest bytes of others, in lanes.
    Equal numbers have equal lowest bytes, so that only pairs with enough of these need to be counted in full.
    """
    counts = np.empty((_TOGETHER, BYTE_LANES), np.uint16)
    lanes, numbers = np.empty(BYTE_LANES, np.int64), np.empty(BYTE_LANES, np.int64)
    found = np.empty((3, 2 * BYTE_LANES), np.int64)
    size = 0
    counted = 0
    limit = np.uint16(least)
    for group in range(planes.shape[0]):
        first = group * BYTE_LANES
        for start in range(0, rows.shape[0], _TOGETHER):
            stop = min(start + _TOGETHER, rows.shape[0])
            _equal_bytes(low, start, stop, planes, group, counts)
            for i in range(start, stop):
                if (extremes(counts, (i - start) * BYTE_LANES) >> 16) < limit:
                    continue
                n = 0
                for lane in range(min(BYTE_LANES, wanted.shape[1] - first)):
                    if counts[i - start, lane] >= limit and wanted[i, first + lane]:
                        counted += 1
                        count = 0
                        for k in range(rows.shape[1]):
                            count += rows[i, k] == others[first + lane, k]
                        lanes[n], numbers[n] = lane, count
                        n += count >= least
                found = _with_room(found, size)
                _note(found, size, i, first, lanes, numbers, n)
                size += n
    return found[:, :size], counted


@kernel
def pairs_of_like_codes(rows, codes, others, planes, wanted, least):  # type: ignore[no-untyped-def]
    """As pairs_of_many_equal, from codes in which two different numbers differ in two bits or in none.

    codes: the digits (see layout) of rows; planes: those of others, in lanes.
    """
    counts = np.empty((_TOGETHER, BYTE_LANES), np.uint16)
    lanes, numbers = np.empty(BYTE_LANES, np.int64), np.empty(BYTE_LANES, np.int64)
    found = np.empty((3, 2 * BYTE_LANES), np.int64)
    size = 0
    counted = 0
    limit = np.uint16(2 * (rows.shape[1] - least))
    for group in range(planes.shape[0]):
        first = group * BYTE_LANES
        for start in range(0, rows.shape[0], _TOGETHER):
            stop = min(start + _TOGETHER, rows.shape[0])
            _bits(codes, start, stop, planes, group, counts)
            for i in range(start, stop):
                if (extremes(counts, (i - start) * BYTE_LANES) & 65_535) > limit:
                    continue
                n = 0
                for lane in range(min(BYTE_LANES, wanted.shape[1] - first)):
                    if counts[i - start, lane] <= limit and wanted[i, first + lane]:
                        counted += 1
                        count = 0
                        for k in range(rows.shape[1]):
                            count += rows[i, k] == others[first + lane, k]
                        lanes[n], numbers[n] = lane, count
                        n += count >= least
                found = _with_room(found, size)
                _note(found, size, i, first, lanes, numbers, n)
                size += n
    return found[:, :size], counted
