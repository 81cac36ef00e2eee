"""Template matching: 1 - the least cv2.matchTemplate(TM_SQDIFF_NORMED) of two colour pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from icas_core.similarity.features import Stack
from icas_core.similarity.method import Method

_TOGETHER = 128  # rows multiplied at once with the columns of about their brightness
_SLACK = 1e-6


def _extract(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture)


@dataclass(frozen=True)
class Rows:
    """Pictures of one shape, the darkest first.

    order: (n,) int64 rows of the stack. centred: (n, pixels) float32. sums of that, and squares: the sums of the
    pixels' squares, (n,) float64 of whole numbers.
    """

    order: np.ndarray
    centred: np.ndarray
    sums: np.ndarray
    squares: np.ndarray

    def part(self, rows: slice) -> Rows:
        """Some of the pictures."""
        return Rows(self.order[rows], self.centred[rows], self.sums[rows], self.squares[rows])


@dataclass(frozen=True)
class Prepared:
    """Pictures, and their rows where all are of one shape."""

    stack: Stack
    rows: Rows | None

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        own = sum(picture.nbytes for picture in self.stack)
        return own if self.rows is None else own + self.rows.centred.nbytes

    def fits(self, other: Prepared) -> bool:
        """Whether all pictures of both are of one shape."""
        return self.rows is not None and other.rows is not None and self.stack[0].shape == other.stack[0].shape


def _prepare(stack: Stack) -> Prepared:
    from icas_core.similarity.kernels.products import CENTRE, centre, sums_of_pixels

    if not isinstance(stack, np.ndarray) or not len(stack):
        return Prepared(stack, None)
    rows = np.array(stack).reshape(len(stack), -1)
    sums, squares = np.empty((2, len(rows)))
    sums_of_pixels(rows, sums, squares)
    order = np.argsort(squares, kind="stable")
    centred = np.empty(rows.shape, np.float32)
    centre(rows, order, centred)
    return Prepared(stack, Rows(order, centred, sums[order] - CENTRE * rows.shape[1], squares[order]))


def _products(left: Rows, right: Rows) -> np.ndarray:
    """(n, m) float32 or float64, of the centred pictures; every sum is exact, in whatever order it is made."""
    from icas_core.similarity.kernels.products import EXACT, add_products

    pixels = left.centred.shape[1]
    products = left.centred[:, :EXACT] @ right.centred[:, :EXACT].T
    # One after another, float32 products are exact up to EXACT pixels only; beyond, float64 adds them up.
    if pixels <= EXACT:
        return products
    total = products.astype(np.float64)
    for start in range(EXACT, pixels, EXACT):
        part = slice(start, start + EXACT)
        np.matmul(left.centred[:, part], right.centred[:, part].T, out=products)
        add_products(products, total)
    return total


def _compared(left: Rows, right: Rows) -> tuple[Any, ...]:
    """What the kernels take of two sides: the products, how many pixels, and both sides' sums."""
    pixels = float(left.centred.shape[1])
    return _products(left, right), pixels, left.sums, left.squares, right.sums, right.squares


def _similarities(left: Stack, right: Stack) -> np.ndarray:
    if not len(left) or not len(right):
        return np.empty((len(left), len(right)), np.float32)
    return _every_pair(_prepare(left), _prepare(right))


def _every_pair(left: Prepared, right: Prepared) -> np.ndarray:
    if left.rows is None or right.rows is None or not left.fits(right):
        return np.array([[_slide(a, b) for b in right.stack] for a in left.stack], np.float32)
    from icas_core.similarity.kernels.products import similarities

    out, ordered = np.empty((2, len(left.stack), len(right.stack)), np.float32)
    similarities(*_compared(left.rows, right.rows), ordered)
    out[np.ix_(left.rows.order, right.rows.order)] = ordered
    return out


def _edges_above(
    left: Prepared, right: Prepared, threshold: float, *, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    from icas_core.similarity.kernels.products import similar

    limit = np.float32(threshold)
    if left.rows is None or right.rows is None or not left.fits(right):
        a, b = np.nonzero(wanted)
        pairs = zip(a.tolist(), b.tolist(), strict=True)
        values = np.array([_slide(left.stack[i], right.stack[j]) for i, j in pairs], np.float32)
        above = values >= limit
        return a[above], b[above], values[above], 0
    everything = bool(wanted.all())
    compared = 0
    found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
    for rows, near in _of_like_brightness(left.rows, right.rows, float(threshold)):
        x, y = left.rows.part(rows), right.rows.part(near)
        found.append(similar(*_compared(x, y), limit, x.order, y.order, wanted))
        pairs_of_part = len(x.order) * len(y.order)
        compared += pairs_of_part if everything else int(np.count_nonzero(wanted[np.ix_(x.order, y.order)]))
    a, b, similarity = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return a, b, similarity, int(np.count_nonzero(wanted)) - compared


def _of_like_brightness(left: Rows, right: Rows, threshold: float) -> Iterator[tuple[slice, slice]]:
    """Ranges of both sides' pictures; the pairs outside of them are below the threshold.

    The similarity is at most 1 - (|a| - |b|)² / (|a| |b|), so that lengths must not be too many times apart.
    """
    lengths, others = np.sqrt(left.squares), np.sqrt(right.squares)
    loss = max(1 - threshold, 0) + _SLACK
    apart = 1 + loss / 2 + np.sqrt(loss + loss * loss / 4)
    if threshold <= 0:
        yield slice(0, len(lengths)), slice(0, len(others))
        return
    for start in range(0, len(lengths), _TOGETHER):
        rows = slice(start, min(start + _TOGETHER, len(lengths)))
        shortest, longest = lengths[start] / apart, lengths[rows.stop - 1] * apart
        near = slice(*np.searchsorted(others, [shortest, np.nextafter(longest, np.inf)]).tolist())
        if near.stop > near.start:
            yield rows, near


def _paired(left: Stack, right: Stack) -> np.ndarray:
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray) and left.shape == right.shape and len(left):
        from icas_core.similarity.kernels.products import paired_similarities

        out = np.empty(len(left), np.float32)
        paired_similarities(*(np.array(side).reshape(len(side), -1) for side in (left, right)), out)
        return out
    return np.array([_slide(a, b) for a, b in zip(left, right, strict=True)], np.float32)


def _slide(a: np.ndarray, b: np.ndarray) -> float:
    """The smaller picture slid over the larger; 0 when neither fits into the other (the library gives no number)."""
    if a.shape == b.shape:
        return float(_paired(a[None], b[None])[0])
    import cv2

    if all(one <= other for one, other in zip(a.shape, b.shape, strict=True)):
        a, b = b, a
    elif not all(one >= other for one, other in zip(a.shape, b.shape, strict=True)):
        return 0.0
    return float(1 - cv2.matchTemplate(np.ascontiguousarray(a), np.ascontiguousarray(b), cv2.TM_SQDIFF_NORMED).min())


METHOD = Method(
    name="tm",
    version=1,
    default_threshold=0.986,
    default_size=(6, 6),
    unequal_sizes=True,
    turns_alike=True,
    extract=_extract,
    similarities=_similarities,
    paired=_paired,
    prepare=_prepare,
    every_pair=_every_pair,
    edges_above=_edges_above,
    larger=5,  # the larger, the nearer a matrix product comes to what the processor can do
)
