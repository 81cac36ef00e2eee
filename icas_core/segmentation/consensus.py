"""consensus: graph segmentations that vote on borders, and the regions between them merged, weakest border first."""

from __future__ import annotations

from itertools import product

import numpy as np

from icas_core.segmentation.hierarchy import merge_strengths
from icas_core.segmentation.kmeans import smoothed_lab
from icas_core.segmentation.labels import dense
from icas_core.segmentation.regions import absorbed, merged
from icas_core.segmentation.segmenter import Segmenter

# The graph segmentations: each in RGB and in Lab, smoothed by all and by half of sigma, on the picture and on a copy
# of half its size, where texture is gone.
_SCALES = (200.0, 500.0, 1000.0)
_COPY_WEIGHT, _GRADIENT_WEIGHT = 0.7, 0.7


def segment(
    picture: np.ndarray, *, sigma: float, blur: float, colour: float, threshold: float, smallest: int
) -> np.ndarray:
    """Keep the borders of a (h, w, 3) uint8 RGB picture that most of 24 graph segmentations and its gradient share.

    sigma: the smoothing before each segmentation, in pixels. blur: how far apart, in pixels, two of them may place
    the same border. colour: from 0 to 1, the weight of the colours of two regions against the votes along their
    border. threshold: from 0 to 1, the strength that keeps a border; larger is coarser. smallest: the least pixels a
    segment. Gives (h, w) int32 labels from 1: the regions of a watershed of the votes, merged.
    """
    from skimage.segmentation import watershed

    lab = smoothed_lab(picture, blur / 2)
    votes = _votes(picture, lab, sigma, blur, max(1, smallest // 2))
    regions = dense(watershed(votes))
    pairs, strengths = merge_strengths(regions, votes, lab, colour)
    return absorbed(merged(regions, pairs[strengths < threshold]), picture, smallest)


def _votes(picture: np.ndarray, lab: np.ndarray, sigma: float, blur: float, smallest: int) -> np.ndarray:
    """(h, w) float32 from 0 to 1: how much speaks for a border at each pixel."""
    import cv2

    height, width = picture.shape[:2]
    half = cv2.resize(picture, (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA)
    own = cv2.GaussianBlur(_share(picture, sigma, smallest), (0, 0), blur)
    copy = cv2.GaussianBlur(_share(half, sigma, max(1, smallest // 2)), (0, 0), blur / 2 + 0.15)
    copy = cv2.resize(copy, (width, height), interpolation=cv2.INTER_LINEAR)
    along, down = (cv2.Sobel(lab, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    gradient = np.sqrt((along**2 + down**2).sum(axis=2))
    gradient = np.minimum(gradient / (3 * gradient.mean() + 10), 1)
    total = own + _COPY_WEIGHT * copy + _GRADIENT_WEIGHT * gradient
    return total / (1 + _COPY_WEIGHT + _GRADIENT_WEIGHT)


def _share(picture: np.ndarray, sigma: float, smallest: int) -> np.ndarray:
    """(h, w) float32 from 0 to 1: the share of the graph segmentations that have a border at each pixel."""
    import cv2

    spaces = (np.ascontiguousarray(picture), cv2.cvtColor(picture, cv2.COLOR_RGB2LAB))
    recipes = list(product(spaces, (sigma / 2, sigma), _SCALES))
    share = np.zeros(picture.shape[:2], np.float32)
    for space, smoothing, scale in recipes:
        graph = cv2.ximgproc.segmentation.createGraphSegmentation(smoothing, scale, smallest)
        share += _at_borders(graph.processImage(space))
    return share / len(recipes)


def _at_borders(labels: np.ndarray) -> np.ndarray:
    """(h, w) bool: the pixels on either side of a border."""
    found = np.zeros(labels.shape, bool)
    for one, other in (np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:]):
        apart = labels[one] != labels[other]
        found[one] |= apart
        found[other] |= apart
    return found


SEGMENTER = Segmenter(
    name="consensus",
    version=1,
    segment=segment,
    copy_pixels=80_000,
    parameters={"sigma": 1.2, "blur": 1.4, "colour": 0.3, "threshold": 0.4, "smallest": 160},
    limits={"sigma": (0.0, 100.0), "blur": (0.1, 100.0), "colour": (0.0, 1.0), "threshold": (0.0, 1.0)},
    sizes={"sigma": 1, "blur": 1, "smallest": 2},
    coarser={"threshold": 1.2},
)
