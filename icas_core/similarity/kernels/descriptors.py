"""Lay the descriptors of many pictures out for the kernels of orb."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from icas_core.similarity.features import Stack
from icas_core.similarity.kernels.layout import digits, planes
from icas_core.similarity.kernels.nearest import WIDTH

_CHUNK = 2048  # columns whose distances to one picture's descriptors are held at once, in the second cache


class Descriptors(NamedTuple):
    """rows: (lanes, k) uint8, the digits of each descriptor (see layout); planes: the same in groups of lanes, flat.

    starts, counts: each picture's first lane and its number of descriptors, int64. chunks: the first picture of each
    chunk, and the number of pictures; a chunk begins with a group of lanes.
    """

    rows: np.ndarray
    planes: np.ndarray
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
    rows, others = digits(together, 256)
    return Descriptors(rows, planes(others, WIDTH).ravel(), starts, counts, np.array([*chunks, len(stack)]))


def limits(ratio: float) -> np.ndarray:
    """(257,) int64: a descriptor is good whose nearest is closer than this, for each distance of the second nearest.

    Closer than `ratio` times that distance, in whole bits.
    """
    return np.ceil(ratio * np.arange(257)).astype(np.int64)
