"""Lay rows of numbers out for the lanes: groups of pictures, in each group number by number."""

from __future__ import annotations

import numpy as np


def digits(rows: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `bits` bits of rows of bytes: as rows to compare, and as what these are compared with.

    Both (n, k) uint8: whole bytes or nibbles, see registers.DIGIT; high half first, and the former then times 16.
    """
    from icas_core.similarity.kernels.registers import DIGIT

    if DIGIT == 8:
        whole = np.ascontiguousarray(rows[:, : -(-bits // 8)])
        return whole, whole
    split = np.empty((len(rows), rows.shape[1], 2), np.uint8)
    split[..., 0] = rows >> 4
    split[..., 1] = rows & 15
    nibbles = np.ascontiguousarray(split.reshape(len(rows), 2 * rows.shape[1])[:, : -(-bits // 4)])
    return nibbles << 4, nibbles


def zeros(count: int, kind: type | np.dtype) -> np.ndarray:
    """A flat array that starts on a cache line: a register that straddles two of them costs twice."""
    size = count * np.dtype(kind).itemsize
    content = np.zeros(size + 64, np.uint8)
    start = -content.ctypes.data % 64
    return content[start : start + size].view(kind)


def planes(rows: np.ndarray, width: int) -> np.ndarray:
    """The (n, k) numbers as (groups, k, width): zeros fill the last group."""
    n, k = rows.shape
    groups = -(-n // width)
    laid = zeros(groups * k * width, rows.dtype).reshape(groups, k, width)
    whole = n // width
    laid[:whole] = rows[: whole * width].reshape(whole, width, k).transpose(0, 2, 1)
    if n % width:
        laid[whole, :, : n % width] = rows[whole * width :].T
    return laid
