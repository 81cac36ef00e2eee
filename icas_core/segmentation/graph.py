"""graph: OpenCV's graph-based segmentation (Felzenszwalb and Huttenlocher 2004)."""

from __future__ import annotations

import numpy as np

from icas_core.segmentation.labels import dense
from icas_core.segmentation.segmenter import Segmenter


def segment(picture: np.ndarray, *, sigma: float, scale: float, smallest: int) -> np.ndarray:
    """Join pixels and regions of a (h, w, 3) uint8 RGB picture whose difference their own variation explains.

    sigma: the smoothing before, in pixels. scale: larger joins more. smallest: the least pixels a segment.
    Gives (h, w) int32 labels from 1. cv2.ximgproc.segmentation.createGraphSegmentation.
    """
    import cv2

    found = cv2.ximgproc.segmentation.createGraphSegmentation(sigma, scale, smallest)
    return dense(found.processImage(np.ascontiguousarray(picture)))


SEGMENTER = Segmenter(
    name="graph",
    version=1,
    segment=segment,
    copy_pixels=520_000,
    parameters={"sigma": 0.8, "scale": 600.0, "smallest": 300},
    limits={"sigma": (0.0, 100.0)},
    sizes={"sigma": 1, "smallest": 2},
    coarser={"scale": 2.0, "smallest": 2.0},
)
