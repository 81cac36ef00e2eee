"""All pairs of two sets, or of one, in tiles, and several tiles at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from itertools import islice
from typing import TypeVar

import numpy as np

Tile = tuple[int, int, int, int]  # the pairs of numbers a0..a1 of one set with numbers b0..b1 of the other
Part = TypeVar("Part")
Found = TypeVar("Found")

_SMALL = 48  # the side of the smallest tiles, on the diagonal
_AHEAD = 8  # parts for each thread: one may take as long as several others
_SHARED = 64  # and of those that are made smaller for the threads' sake


def tiles_of(n: int, m: int | None, *, rows: int, kept: int = 1, halved: bool = True) -> Iterator[Tile]:
    """Tiles of at most rows x rows that cover every pair once: of n with m others, or of n among themselves.

    kept: how many ranges of a stay at hand while the ranges of b pass by.
    halved: tiles on the diagonal of n among themselves are split, for kernels that compare both of their triangles.
    """
    for group in range(0, n, rows * kept):
        starts = range(group, min(group + rows * kept, n), rows)
        for b0 in range(group if m is None else 0, n if m is None else m, rows):
            b1 = min(b0 + rows, n if m is None else m)
            for a0 in starts:
                a1 = min(a0 + rows, n)
                if m is not None or a0 < b0:
                    yield a0, a1, b0, b1
                elif a0 == b0:
                    yield from _triangle(a0, a1) if halved else [(a0, a1, b0, b1)]


def rows_to_share(n: int, rows: int, threads: int) -> int:
    """Of tiles of `rows` of n pictures, or smaller ones if so few would leave threads without work at the end."""
    return rows if threads == 1 else min(rows, max(_SHARED, -(-n // (4 * threads))))


def _triangle(start: int, stop: int) -> Iterator[Tile]:
    """The pairs among start..stop in halves of halves."""
    if stop - start <= _SMALL:
        yield start, stop, start, stop
        return
    middle = (start + stop) // 2
    yield from _triangle(start, middle)
    yield start, middle, middle, stop
    yield from _triangle(middle, stop)


@lru_cache(4)
def every_pair(rows: int, columns: int) -> np.ndarray:
    """True for each pair of a tile, the same array for all tiles of a shape: it must not be written to."""
    return np.ones((rows, columns), np.bool_)


def in_threads(work: Callable[[Part], Found], parts: Sequence[Part], threads: int) -> Iterator[Found]:
    """Each part's result in order, a few parts ahead of the reader at most."""
    if min(threads, len(parts)) <= 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(threads) as pool:
        rest = iter(parts)
        waiting: deque[Future[Found]] = deque(pool.submit(work, part) for part in islice(rest, _AHEAD * threads))
        while waiting:
            found = waiting.popleft().result()
            waiting.extend(pool.submit(work, part) for part in islice(rest, 1))
            yield found
