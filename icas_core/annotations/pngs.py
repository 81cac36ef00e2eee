"""The arrays of an annotation as PNGs and back, to the bit."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

# Labels come in runs: zlib's run-length strategy is both the fastest and the smallest on them (measured).
_RUNS = {"compress_type": 3}


def index_png(classes: np.ndarray, palette: np.ndarray) -> bytes:
    """A PNG with palette; classes: (height, width) uint8, palette: (256, 3) uint8 RGB."""
    picture = Image.fromarray(np.ascontiguousarray(classes))
    picture.putpalette(palette.tobytes())
    return _encoded(picture)


def map_png(labels: np.ndarray) -> bytes:
    """A grey 16-bit PNG of (height, width) whole numbers from 0; above 65535 an RGBA one of their four low-first bytes.

    Raises ValueError for numbers below 0 or above 2³¹ − 1.
    """
    low, high = (int(labels.min()), int(labels.max())) if labels.size else (0, 0)
    if low < 0 or high > np.iinfo(np.int32).max:
        raise ValueError(f"found the labels {low} to {high}, expected 0 to {np.iinfo(np.int32).max}")
    if high <= np.iinfo(np.uint16).max:
        return _encoded(Image.fromarray(labels.astype(np.uint16)))
    return _encoded(Image.fromarray(labels.astype("<i4").view(np.uint8).reshape(*labels.shape, 4)))


def read_index_png(data: bytes) -> np.ndarray:
    """The (height, width) uint8 of `index_png`; ValueError when it has another form."""
    with _opened(data, "P") as picture:
        return np.asarray(picture)


def read_map_png(data: bytes) -> np.ndarray:
    """The (height, width) int32 of `map_png`; ValueError when it has another form."""
    with _opened(data, "I;16", "RGBA") as picture:
        values = np.ascontiguousarray(np.asarray(picture))
    return values.view("<i4")[..., 0].astype(np.int32) if values.ndim == 3 else values.astype(np.int32)


def _encoded(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", **_RUNS)
    return file.getvalue()


def _opened(data: bytes, *modes: str) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(data), formats=["PNG"])
        picture.load()
    except (OSError, SyntaxError, EOFError) as error:
        raise ValueError(f"not a readable PNG ({error})") from error
    if picture.mode not in modes:
        raise ValueError(f"found a PNG of mode {picture.mode}, expected {' or '.join(modes)}")
    return picture
