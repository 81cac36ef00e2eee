"""edge: the regions between closed edges of a smoothed picture."""

from __future__ import annotations

import numpy as np

from icas_core.segmentation.labels import dense_with_edges, without_small
from icas_core.segmentation.segmenter import Segmenter

_TEMPLATE, _SEARCH = 3, 9


def segment(
    picture: np.ndarray,
    *,
    colour: float,
    radius: float,
    denoising: float,
    threshold: float,
    closing: float,
    smallest: int,
    lines: str,
) -> np.ndarray:
    """Find the edges of a (h, w, 3) uint8 RGB picture, close them, and label what lies between.

    colour, radius: of the bilateral filter, how unlike in grey levels and how far in pixels pixels still blend.
    denoising: the strength of the non-local means after it, 0 for none. threshold: how many times the mean gradient
    (Sobel, of the strongest channel) is an edge. closing: gaps up to so many pixels are closed. smallest: the least
    pixels a segment; smaller ones become edges. lines: whether edges stay (`keep`, labelled 0) or go to the segments
    beside them, met at the strongest gradient (`fill`). Gives (h, w) int32 labels. cv2.bilateralFilter,
    cv2.fastNlMeansDenoisingColored, cv2.Sobel.
    """
    import cv2

    smooth = cv2.bilateralFilter(picture, -1, colour, radius)
    if denoising > 0:
        smooth = cv2.fastNlMeansDenoisingColored(smooth, None, denoising, denoising, _TEMPLATE, _SEARCH)
    gradient = _gradient(smooth)
    edges = (gradient > threshold * gradient.mean()).astype(np.uint8)
    reach = 2 * round(closing / 2) + 1
    closed = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    labels = without_small(dense_with_edges(1 - closed), smallest)
    if not labels.any():
        return np.ones_like(labels)
    return _flooded(gradient, labels) if lines == "fill" else labels


def _gradient(picture: np.ndarray) -> np.ndarray:
    """(h, w) float32: the length of Sobel's gradient in the channel where it is longest."""
    import cv2

    along, down = (cv2.Sobel(picture, cv2.CV_32F, *order, ksize=3) for order in ((1, 0), (0, 1)))
    return np.hypot(along, down).max(axis=2)


def _flooded(gradient: np.ndarray, labels: np.ndarray) -> np.ndarray:
    from skimage.segmentation import watershed

    return watershed(gradient, labels).astype(np.int32)


SEGMENTER = Segmenter(
    name="edge",
    version=1,
    segment=segment,
    copy_pixels=154_401,
    parameters={
        "colour": 40.0,
        "radius": 3.0,
        "denoising": 5.0,
        "threshold": 1.0,
        "closing": 3.0,
        "smallest": 100,
        "lines": "fill",
    },
    choices={"lines": ("fill", "keep")},
    limits={"denoising": (0.0, 100.0), "closing": (0.0, 1000.0)},
    sizes={"radius": 1, "closing": 1, "smallest": 2},
    coarser={"threshold": 1.3, "smallest": 2.0},
)
