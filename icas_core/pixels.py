"""Pillow's pictures as arrays, a band of rows at a time: a large one needs little more memory than its result."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

_BAND = 4_000_000  # pixels


def as_rgb(picture: Image.Image) -> np.ndarray:
    """A loaded picture of any mode as (height, width, 3) uint8 RGB.

    Transparent pixels are laid over white; 16-bit values keep their high byte; 32-bit and float values are stretched
    from their smallest to their largest.
    """
    if picture.width * picture.height <= _BAND:
        return _converted(picture, _stretch(picture))
    rgb = np.empty((picture.height, picture.width, 3), np.uint8)
    stretch = _stretch(picture)
    for top, bottom in _bands(picture):
        rgb[top:bottom] = _converted(picture.crop((0, top, picture.width, bottom)), stretch)
    return rgb


def _bands(picture: Image.Image) -> Iterator[tuple[int, int]]:
    rows = max(1, _BAND // picture.width)
    for top in range(0, picture.height, rows):
        yield top, min(top + rows, picture.height)


def _stretch(picture: Image.Image) -> tuple[float, float]:
    """The smallest value and the span of a picture of 32-bit or float values."""
    if picture.mode not in ("I", "F"):
        return 0.0, 1.0
    ends = [
        (values.min(), values.max())
        for top, bottom in _bands(picture)
        for values in [_finite(picture.crop((0, top, picture.width, bottom)))]
    ]
    least = min(low for low, _ in ends)
    return float(least), float(max(high for _, high in ends) - least) or 1.0


def _finite(picture: Image.Image) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # damaged floats may be any bits
        return np.nan_to_num(np.asarray(picture, dtype=np.float64), posinf=0, neginf=0)


def _converted(picture: Image.Image, stretch: tuple[float, float]) -> np.ndarray:
    if picture.mode.startswith("I;16"):
        return _grey_as_rgb((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in ("I", "F"):
        least, span = stretch
        return _grey_as_rgb(np.rint((_finite(picture) - least) * (255 / span)).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return np.asarray(Image.alpha_composite(white, picture).convert("RGB"))
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _grey_as_rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[:, :, None], 3, axis=2)
