"""kmeans: OpenCV's k-means over every pixel's colour and, weighted, its position."""

from __future__ import annotations

import numpy as np

from icas_core.segmentation.labels import dense
from icas_core.segmentation.regions import absorbed
from icas_core.segmentation.segmenter import Segmenter

_SEED = 42
_STEPS, _LEAST_MOVE = 20, 0.5


def segment(
    picture: np.ndarray, *, clusters: int, position: float, sigma: float, attempts: int, smallest: int
) -> np.ndarray:
    """Cluster the pixels of a (h, w, 3) uint8 RGB picture by Lab colour and position; each connected part a segment.

    clusters: how many clusters. position: the weight of the position, against which the picture's longer side counts
    as 100 units of Lab. sigma: the smoothing before, in pixels. attempts: how many starts; the best is kept.
    smallest: the least pixels a segment. Gives (h, w) int32 labels from 1. cv2.kmeans, seeded.
    """
    lab = smoothed_lab(picture, sigma)
    height, width = picture.shape[:2]
    places = np.moveaxis(np.mgrid[:height, :width], 0, 2) * (100 * position / max(height, width))
    points = np.concatenate([lab, places], axis=2, dtype=np.float32).reshape(height * width, 5)
    return absorbed(dense(nearest(points, clusters, attempts).reshape(height, width)), picture, smallest)


def smoothed_lab(picture: np.ndarray, sigma: float) -> np.ndarray:
    """(h, w, 3) float32 Lab (L from 0 to 100) of a (h, w, 3) uint8 RGB picture smoothed by sigma pixels."""
    import cv2

    rgb = picture.astype(np.float32) / 255
    smooth = cv2.GaussianBlur(rgb, (0, 0), sigma) if sigma > 0 else rgb
    return np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB))


def nearest(points: np.ndarray, clusters: int, attempts: int) -> np.ndarray:
    """(n,) int32: which cluster each of the (n, d) float32 points belongs to; the same every time."""
    import cv2

    if clusters >= len(points):
        return np.arange(len(points), dtype=np.int32)
    cv2.setRNGSeed(_SEED)
    until = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, _STEPS, _LEAST_MOVE)
    labels = np.zeros((len(points), 1), np.int32)
    return cv2.kmeans(points, clusters, labels, until, attempts, cv2.KMEANS_PP_CENTERS)[1].ravel()


SEGMENTER = Segmenter(
    name="kmeans",
    version=1,
    segment=segment,
    copy_pixels=154_401,
    parameters={"clusters": 6, "position": 0.3, "sigma": 1.5, "attempts": 1, "smallest": 300},
    limits={"clusters": (1, 1000), "position": (0.0, 100.0), "sigma": (0.0, 100.0)},
    sizes={"sigma": 1, "smallest": 2},
    coarser={"clusters": 0.7, "smallest": 2.0},
)
