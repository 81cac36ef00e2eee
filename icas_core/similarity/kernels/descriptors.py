"""Lay the descriptors of many pictures out for the kernels of orb."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from icas_core.similarity.compiled import MATRIX_UNIT
from icas_core.similarity.features import Stack
from icas_core.similarity.kernels.layout import digits, zeros

if MATRIX_UNIT:
    from icas_core.similarity.kernels.matrix_unit import WIDTH, columns, room
else:
    from icas_core.similarity.kernels.nearest import WIDTH, columns, room

_CHUNK = 2048  # columns whose distances to one picture's descriptors are held at once, in the second cache


class Descriptors(NamedTuple):
    """rows: (lanes, k) uint8, the digits of each descriptor (see layout); columns: the same as those compared with.

    bits: int16, how many bits of each lane are set. starts, counts: each picture's first lane and its number of
    descriptors, int64. chunks: the first picture of each chunk, and the number of pictures; a chunk begins with a group
    of lanes.
    """

    rows: np.ndarray
    columns: np.ndarray
    bits: np.ndarray
    starts: np.ndarray
    counts: np.ndarray
    chunks: np.ndarray


def laid_out(stack: Stack, *, alone: bool = False) -> Descriptors:
    """The (k, 32) uint8 descriptors of each picture; alone: each picture is a chunk."""
    counts = np.array([len(descriptors) for descriptors in stack], np.int64)
    starts = np.empty(len(stack), np.int64)
    chunks = [0]
    begun = at = 0
    for picture, count in enumerate(counts.tolist()):
        if picture and (alone or at + count - begun > _CHUNK):
            begun = at = -(-at // WIDTH) * WIDTH
            chunks.append(picture)
        starts[picture] = at
        at += count
    together = np.zeros((-(-at // WIDTH) * WIDTH, 32), np.uint8)
    for start, descriptors in zip(starts.tolist(), stack, strict=True):
        together[start : start + len(descriptors)] = descriptors
    bits = np.bitwise_count(together.view(np.uint64)).sum(axis=1, dtype=np.int16)
    return Descriptors(
        digits(together, 256)[0], columns(together), bits, starts, counts, np.array([*chunks, len(stack)])
    )


def space(left: Descriptors, right: Descriptors) -> tuple[Any, ...]:
    """Room for the comparison of any picture of left with any chunk of right."""
    ends = right.starts + right.counts
    widest = int((ends[right.chunks[1:] - 1] - right.starts[right.chunks[:-1]]).max()) + WIDTH
    most = max(int(left.counts.max()), 1)
    # What is read behind the end of a row is left out, and must only be there.
    distances = zeros(most * widest + WIDTH, np.uint8)
    return distances, zeros(widest, np.uint8), zeros(widest, np.uint8), np.empty(most, np.int16), room(most, widest)


def limits(ratio: float) -> np.ndarray:
    """(257,) int64: a descriptor is good whose nearest is closer than this, for each distance of the second nearest.

    Closer than `ratio` times that distance, in whole bits.
    """
    return np.ceil(ratio * np.arange(257)).astype(np.int64)
