"""The reduced copy of a picture, where segmenting that is enough."""

from __future__ import annotations

import numpy as np

from icas_core.errors import IcasError
from icas_core.segmentation.segmenter import Segmenter


def scale_of(shape: tuple[int, ...], segmenter: Segmenter, reduce: float | str | None) -> float:
    """The scale at which a picture of this shape is segmented, up to 1."""
    if reduce is None or reduce == "default":
        return min(1.0, (segmenter.copy_pixels / (shape[0] * shape[1])) ** 0.5)
    if isinstance(reduce, int | float) and not isinstance(reduce, bool) and 0 < reduce <= 1:
        return float(reduce)
    raise IcasError(f"reduce: found {reduce!r}; accepted: 'default' or a number above 0 and up to 1")


def reduced(rgb: np.ndarray, scale: float) -> np.ndarray:
    """The picture at this scale, each pixel the mean of what it covers; itself where nothing would change."""
    import cv2

    height, width = (max(1, round(side * scale)) for side in rgb.shape[:2])
    if (height, width) == rgb.shape[:2]:
        return rgb
    return cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
