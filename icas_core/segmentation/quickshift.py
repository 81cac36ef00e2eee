"""quickshift: scikit-image's mode seeking in colour and position (Vedaldi and Soatto 2008)."""

from __future__ import annotations

import numpy as np

from icas_core.segmentation.labels import dense
from icas_core.segmentation.regions import absorbed
from icas_core.segmentation.segmenter import Segmenter

_SEED = 42


def segment(picture: np.ndarray, *, kernel: float, distance: float, ratio: float, smallest: int) -> np.ndarray:
    """Lead every pixel of a (h, w, 3) uint8 RGB picture to the densest place near it in colour and position.

    kernel: the width of the density's Gaussian, in pixels. distance: how far a pixel looks, in the same space; larger
    makes fewer segments. ratio: the weight of colour against position. smallest: the least pixels a segment.
    Gives (h, w) int32 labels from 1. skimage.segmentation.quickshift in Lab.
    """
    from skimage.segmentation import quickshift

    found = quickshift(picture, ratio=ratio, kernel_size=kernel, max_dist=distance, rng=_SEED)
    return absorbed(dense(found), picture, smallest)


SEGMENTER = Segmenter(
    name="quickshift",
    version=1,
    segment=segment,
    copy_pixels=60_000,
    parameters={"kernel": 5.0, "distance": 20.0, "ratio": 0.7, "smallest": 100},
    limits={"kernel": (1.0, 50.0), "ratio": (0.0, 1.0)},
    sizes={"kernel": 1, "distance": 1, "smallest": 2},
    coarser={"distance": 1.4, "smallest": 2.0},
)
