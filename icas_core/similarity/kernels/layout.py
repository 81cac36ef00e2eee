"""Lay rows of numbers out for the lanes: groups of pictures, in each group number by number."""

from __future__ import annotations

import numpy as np


def nibbles(rows: np.ndarray, count: int) -> np.ndarray:
    """(n, count) uint8, the first `count` nibbles of rows of bytes, the high half of a byte first."""
    split = np.empty((len(rows), rows.shape[1], 2), np.uint8)
    split[..., 0] = rows >> 4
    split[..., 1] = rows & 15
    return np.ascontiguousarray(split.reshape(len(rows), 2 * rows.shape[1])[:, :count])


def planes(rows: np.ndarray, width: int) -> np.ndarray:
    """The (n, k) numbers as (groups, k, width): zeros fill the last group.

    It starts on a cache line: a register that straddles two of them costs twice.
    """
    n, k = rows.shape
    groups = -(-n // width)
    content = np.zeros(groups * k * width * rows.itemsize + 64, np.uint8)
    start = -content.ctypes.data % 64
    laid = content[start : start + groups * k * width * rows.itemsize].view(rows.dtype).reshape(groups, k, width)
    whole = n // width
    laid[:whole] = rows[: whole * width].reshape(whole, width, k).transpose(0, 2, 1)
    if n % width:
        laid[whole, :, : n % width] = rows[whole * width :].T
    return laid
