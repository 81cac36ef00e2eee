"""Structural similarity: skimage.metrics.structural_similarity of grey pictures, data range 255."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import gcd
from typing import Any

import numpy as np

from icas_core.errors import IcasError
from icas_core.similarity.features import Stack
from icas_core.similarity.method import Method, as_array, grey

# What the bounds may be off by, per window. float32 leaves them less than half of it: where five components are all of
# a window, the length of what they leave is the root of a rounding error, at most 5e-4 of the window's deviation.
_SLACK = 1e-3
_MANY_BANDS = 12  # of blocks, from which on larger blocks are looked at first,
_HIGH = 0.6  # if the threshold leaves little enough to lose that they can tell,
_VERY_HIGH = 0.85  # and still larger ones if it leaves hardly anything


def _extract(picture: np.ndarray) -> np.ndarray:
    return grey(picture)


@dataclass
class Prepared:
    """Pictures of one size with what comparing them needs.

    pictures: (n, h, w) uint8. rows: what kernels.ssim.windows fills, flat, each row a multiple of 8 long.
    """

    pictures: np.ndarray
    rows: tuple[np.ndarray, ...]
    _first: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many pictures."""
        return len(self.pictures)

    @property
    def shape(self) -> tuple[int, int]:
        """Their height and width."""
        return self.pictures.shape[1], self.pictures.shape[2]

    @property
    def nbytes(self) -> int:
        """Bytes of memory, those of the blocks included."""
        blocks = self.count * len(_bands(self.shape[0])) * len(_bands(self.shape[1])) * 22 * 4
        return self.pictures.nbytes + sum(row.nbytes for row in self.rows) + blocks

    @cached_property
    def blocks(self) -> np.ndarray:
        """(n, NUMBERS, blocks, a multiple of 16) float32: see kernels.ssim_bounds.block_numbers."""
        from icas_core.similarity.kernels import ssim_bounds as bounds
        from icas_core.similarity.kernels.layout import zeros

        tall, wide = (_bands(side) for side in self.shape)
        blocks = (len(tall) - 1) * (len(wide) - 1)
        across = -(-blocks // 16) * 16
        numbers = zeros(self.count * bounds.NUMBERS * across, np.float32).reshape(self.count, bounds.NUMBERS, across)
        bounds.block_numbers(self.pictures, tall, wide, numbers)
        return numbers

    def first_blocks(self, threshold: float) -> np.ndarray:
        """The numbers of the blocks that are looked at first, block after block."""
        from icas_core.similarity.kernels import ssim_bounds as bounds

        tall, wide = _first_bands(self.shape, threshold)
        blocks = len(tall) - 1, len(wide) - 1
        if blocks not in self._first:
            numbers = _rows(self.count, blocks[0] * blocks[1] * bounds.NUMBERS)
            bounds.merged_blocks(self.blocks, len(_bands(self.shape[1])) - 1, tall, wide, numbers)
            self._first[blocks] = numbers.ravel()
        return self._first[blocks]


@lru_cache(64)
def _bands(side: int) -> np.ndarray:
    """The int64 first rows of windows of each band of blocks, and the end, of a picture of `side` pixels.

    Blocks of about 3 windows for small pictures and 4 for 100 pixels cut the sum of both stages' costs most.
    """
    windows = side - 6
    bands = max(1, round(windows / (2.6 + windows / 65)))
    return np.array([round(band * windows / bands) for band in range(bands + 1)], np.int64)


@lru_cache(64)
def _first_bands(shape: tuple[int, int], threshold: float) -> list[np.ndarray]:
    """The int64 first bands and columns of the blocks that are looked at first, and the ends.

    These are blocks of two by two where there are many, or three by three; else all blocks at once cost no more.
    """
    each = [len(_bands(side)) - 1 for side in shape]
    step = 1 if min(each) < _MANY_BANDS else (2 if threshold < _VERY_HIGH else 3)
    counts = [max(1, round(bands / step)) for bands in each]
    return [
        np.array([round(part * bands / count) for part in range(count + 1)], np.int64)
        for bands, count in zip(each, counts, strict=True)
    ]


@lru_cache(64)
def _order(bands: int) -> np.ndarray:
    """All bands, far apart from one to the next, beginning in the middle."""
    step = next(step for step in range(max(1, round(bands * 0.38)), bands + 1) if gcd(step, bands) == 1 or bands == 1)
    return (np.arange(bands, dtype=np.int64) * step + bands // 2) % bands


def _rows(count: int, width: int, kind: type = np.float32) -> np.ndarray:
    # With room behind, since the kernels read eight at a time.
    return np.zeros((count, -(-width // 8) * 8 + 8), kind)


def _prepare(stack: Stack) -> Prepared:
    from icas_core.similarity.kernels import ssim as kernels

    pictures = np.array(as_array(stack, "ssim"), np.uint8)  # a copy: the kernels are compiled for writable arrays
    count, height, width = pictures.shape
    of_pixels = [_rows(count, height * width, np.int32) for _ in range(2)]
    of_windows = [_rows(count, (height - 6) * (width - 6), kind) for kind in (np.int32, np.float32, np.float32)]
    kernels.windows(pictures, *of_pixels, *of_windows)
    return Prepared(pictures, tuple(row.ravel() for row in (*of_pixels, *of_windows)))


def _sides(left: Prepared, right: Prepared) -> tuple[Any, ...]:
    """What every kernel takes first; IcasError when the pictures differ in size."""
    if left.shape != right.shape:
        raise IcasError(f"ssim: compares pictures of one size only, found {left.shape} and {right.shape}")
    return left.rows, left.count, right.rows, right.count, *left.shape


def _similarities(left: Stack, right: Stack) -> np.ndarray:
    if not len(left) or not len(right):
        return np.empty((len(left), len(right)), np.float32)
    x = _prepare(left)
    return _every_pair(x, x if right is left else _prepare(right))


def _every_pair(left: Prepared, right: Prepared) -> np.ndarray:
    from icas_core.similarity.kernels import ssim as kernels

    out = np.empty((left.count, right.count), np.float32)
    kernels.all_pairs(*_sides(left, right), out)
    return out


def _paired(left: Stack, right: Stack) -> np.ndarray:
    if not len(left):
        return np.empty(0, np.float32)
    rows = np.arange(len(left))
    return _chosen(_prepare(left), _prepare(right), rows, rows)


def _chosen(left: Prepared, right: Prepared, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    from icas_core.similarity.kernels import ssim_pairs as kernels

    out = np.empty(len(a), np.float32)
    kernels.some_pairs(*_sides(left, right), a, b, out)
    return out


def _edges_above(
    left: Prepared, right: Prepared, threshold: float, *, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    from icas_core.similarity.kernels import ssim_bounds as bounds
    from icas_core.similarity.kernels import ssim_pairs as kernels

    sides = _sides(left, right)
    limit = np.float32((1 - float(threshold) + _SLACK) * (left.shape[0] - 6) * (left.shape[1] - 6))
    tall, wide = (len(edges) - 1 for edges in _first_bands(left.shape, threshold))
    kept = wanted.copy()
    if threshold >= _HIGH or min(len(_bands(side)) - 1 for side in left.shape) < _MANY_BANDS:
        first = left.first_blocks(threshold), left.count, right.first_blocks(threshold), right.count
        bounds.drop_unlike(*first, tall, wide, _order(tall), limit, kept)
    rows, columns = np.empty((2, np.count_nonzero(kept)), np.int64)
    kernels.in_stripes(kept, rows, columns)
    similarity = np.empty(len(rows), np.float32)
    blocks = left.blocks.ravel(), right.blocks.ravel(), _bands(left.shape[0]), len(_bands(left.shape[1])) - 1
    kernels.pairs_above(*sides, rows, columns, *blocks, limit, similarity)
    found = similarity >= np.float32(threshold)
    pruned = int(np.count_nonzero(wanted)) - int(np.count_nonzero(similarity > -np.inf))
    return rows[found], columns[found], similarity[found], pruned


def _outline(stack: Stack) -> np.ndarray:
    """(n, 36) float32: the means of 6x6 cells, less their mean and of unit length: what near copies share."""
    import cv2

    cells = np.array([cv2.resize(picture, (6, 6), interpolation=cv2.INTER_AREA) for picture in stack], np.float32)
    cells = cells.reshape(len(stack), 36)
    cells -= cells.mean(axis=1, keepdims=True)
    return cells / np.maximum(np.linalg.norm(cells, axis=1, keepdims=True), 1)


METHOD = Method(
    name="ssim",
    version=2,
    default_threshold=0.64,
    default_size=(24, 24),
    unequal_sizes=False,
    turns_alike=True,
    smallest=7,
    extract=_extract,
    similarities=_similarities,
    paired=_paired,
    prepare=_prepare,
    every_pair=_every_pair,
    chosen=_chosen,
    edges_above=_edges_above,
    outline=_outline,
)
