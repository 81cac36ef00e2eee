"""Count differing bits or equal numbers of every pair of rows."""

from __future__ import annotations

import numpy as np

from icas_core.similarity.compiled import kernel

_BLOCK = 256
_ONES = np.uint64(0x5555555555555555)
_TWOS = np.uint64(0x3333333333333333)
_FOURS = np.uint64(0x0F0F0F0F0F0F0F0F)
_SUM = np.uint64(0x0101010101010101)


@kernel(inline="always")
def popcount(word):  # type: ignore[no-untyped-def]
    """The number of set bits of a uint64 (LLVM makes one instruction of this form)."""
    word = word - ((word >> np.uint64(1)) & _ONES)
    word = (word & _TWOS) + ((word >> np.uint64(2)) & _TWOS)
    word = (word + (word >> np.uint64(4))) & _FOURS
    return np.int64((word * _SUM) >> np.uint64(56))


@kernel
def differing_bits(left, right, out):  # type: ignore[no-untyped-def]
    """Fill out[i, j] (int32) with the bits that differ between two rows of uint64 words."""
    words = left.shape[1]
    for start in range(0, right.shape[0], _BLOCK):
        stop = min(start + _BLOCK, right.shape[0])
        for i in range(left.shape[0]):
            for j in range(start, stop):
                total = 0
                for k in range(words):
                    total += popcount(left[i, k] ^ right[j, k])
                out[i, j] = total


@kernel
def equal_numbers(left, right, out):  # type: ignore[no-untyped-def]
    """Fill out[i, j] (int32) with the places at which two rows of uint32 hold the same number."""
    places = left.shape[1]
    for start in range(0, right.shape[0], _BLOCK):
        stop = min(start + _BLOCK, right.shape[0])
        for i in range(left.shape[0]):
            for j in range(start, stop):
                total = np.int32(0)
                for k in range(places):
                    total += np.int32(left[i, k] == right[j, k])
                out[i, j] = total
