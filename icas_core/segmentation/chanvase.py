"""chanvase: scikit-image's active contours without edges (Chan and Vese 2001), cut into several levels."""

from __future__ import annotations

import numpy as np

from icas_core.segmentation.labels import dense
from icas_core.segmentation.regions import absorbed
from icas_core.segmentation.segmenter import Segmenter


def segment(
    picture: np.ndarray,
    *,
    number_of_bins: int,
    mu: float,
    lambda1: float,
    lambda2: float,
    iterations: int,
    smallest: int,
) -> np.ndarray:
    """Evolve a level set over the luminance of a (h, w, 3) uint8 RGB picture and cut it into levels.

    number_of_bins: how many levels of equal height the final level set is cut into. mu: larger makes smoother
    borders; it weighs a length against areas, so it grows with the picture's side as lengths do. lambda1, lambda2: the
    weight of likeness inside and outside. iterations: the most steps.
    smallest: the least pixels a segment. Gives (h, w) int32 labels from 1. skimage.segmentation.chan_vese.
    """
    from skimage.color import rgb2gray
    from skimage.segmentation import chan_vese

    grey = rgb2gray(picture)
    # Without contrast there is nothing to fit: what it started from, a chequerboard, would stay.
    if min(grey.shape) < 2 or np.ptp(grey) == 0:
        return np.ones(grey.shape, np.int32)
    _, level_set, _ = chan_vese(
        grey,
        mu=mu,
        lambda1=lambda1,
        lambda2=lambda2,
        max_num_iter=iterations,
        extended_output=True,
    )
    ends = np.linspace(level_set.min(), level_set.max(), number_of_bins + 1)[1:-1]
    return absorbed(dense(np.digitize(level_set, ends)), picture, smallest)


SEGMENTER = Segmenter(
    name="chanvase",
    version=2,
    segment=segment,
    copy_pixels=100_000,
    parameters={"number_of_bins": 3, "mu": 0.25, "lambda1": 1.0, "lambda2": 1.0, "iterations": 50, "smallest": 300},
    limits={"number_of_bins": (2, 1000), "mu": (0.0, 10.0)},
    sizes={"mu": 1, "smallest": 2},
    coarser={"smallest": 2.0},
)
