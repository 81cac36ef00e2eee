"""The bits of imagehash.phash, by fewer steps: the same luminance, the same resize, the same signs."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np

# Rounding moves a coefficient by less than 1e-12 of the picture's sum; one this near the median is decided by the
# library's own transform.
_NEAR = 1e-9


def hash_bits(picture: np.ndarray, hash_size: int, highfreq_factor: int) -> np.ndarray:
    """(hash_size, hash_size) bool, as imagehash.phash gives for a (h, w, 3) uint8 RGB picture."""
    small = _small(picture, hash_size * highfreq_factor)
    return bits_of(small, hash_size)


def bits_of(small: np.ndarray, hash_size: int) -> np.ndarray:
    """Which of the lowest frequencies of a square uint8 picture are above their median."""
    rows = _cosines(len(small), hash_size)
    low = rows @ small.astype(np.float64) @ rows.T
    ordered = np.sort(low, axis=None)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    # At the median itself there is nothing to decide: the library compares the very number with itself.
    far = np.abs(ordered - median) > _NEAR * 4 * small.size * 255
    if far[:middle].all() and far[middle + len(ordered) % 2 :].all():
        return low > median
    from scipy.fftpack import dct

    low = dct(dct(small, axis=0), axis=1)[:hash_size, :hash_size]
    return low > np.median(low)


@cache
def _cosines(side: int, count: int) -> np.ndarray:
    """The first `count` rows of scipy.fftpack.dct of length `side`, as a matrix."""
    return 2 * np.cos(np.pi * np.arange(count)[:, None] * (2 * np.arange(side) + 1) / (2 * side))


# Which pass of the resize the library does first depends on its version and on the picture's shape.
_ORDERS: dict[tuple[int, int, int], str] = {}


def _small(picture: np.ndarray, side: int) -> np.ndarray:
    """The grey picture resized to (side, side) as Pillow does; the first picture of a shape tells in which order."""
    shape = (*picture.shape[:2], side)
    order = _ORDERS.get(shape)
    if order in ("across", "down"):
        return _resized(_luminance(picture), side, order)
    from PIL import Image

    small = np.asarray(Image.fromarray(picture).convert("L").resize((side, side), Image.Resampling.LANCZOS))
    if order is None:
        grey = _luminance(picture)
        equal = [way for way in ("across", "down") if np.array_equal(_resized(grey, side, way), small)]
        # Of a picture that both orders resize alike, nothing is learnt, unless the order cannot matter.
        if len(equal) < 2 or side in shape[:2]:
            _ORDERS[shape] = equal[0] if equal else "library"
    return small


def _luminance(picture: np.ndarray) -> np.ndarray:
    import cv2

    from icas_core.similarity.kernels.lanczos import luminance

    grey = np.empty(picture.shape[:2], np.uint8)
    luminance(*cv2.split(picture), grey)
    return grey


def _resized(grey: np.ndarray, side: int, order: str) -> np.ndarray:
    import cv2

    if order == "down":
        grey = _down(grey, side)
    grey = cv2.transpose(_down(cv2.transpose(grey), side))
    return grey if order == "down" else _down(grey, side)


def _down(grey: np.ndarray, side: int) -> np.ndarray:
    from icas_core.similarity.kernels.lanczos import resampled

    if len(grey) == side:
        return grey
    out = np.empty((side, grey.shape[1]), np.uint8)
    resampled(grey, *_weights(len(grey), side), out)
    return out


@lru_cache(64)
def _weights(before: int, after: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from icas_core.similarity.kernels.lanczos import weights

    return weights(before, after)
