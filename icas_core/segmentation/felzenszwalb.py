"""felzenszwalb: scikit-image's graph-based segmentation (Felzenszwalb and Huttenlocher 2004)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from icas_core.segmentation import graph
from icas_core.segmentation.labels import dense
from icas_core.segmentation.regions import absorbed


def segment(picture: np.ndarray, *, sigma: float, scale: float, smallest: int) -> np.ndarray:
    """Join pixels and regions of a (h, w, 3) uint8 RGB picture whose difference their own variation explains.

    sigma: the smoothing before, in pixels. scale: larger joins more. smallest: the least pixels a segment.
    Gives (h, w) int32 labels from 1. skimage.segmentation.felzenszwalb.
    """
    from skimage.segmentation import felzenszwalb

    found = felzenszwalb(picture, scale=scale, sigma=sigma, min_size=smallest)
    # Its regions may hang together by corners only; by sides some of them fall into crumbs.
    return absorbed(dense(found), picture, smallest)


# The same algorithm as OpenCV's, so the same parameters; slower, so in a smaller copy.
SEGMENTER = replace(graph.SEGMENTER, name="felzenszwalb", segment=segment, copy_pixels=154_401)
