"""slickmeans: SLIC superpixels joined by k-means of their mean position and colour."""

from __future__ import annotations

import numpy as np

from icas_core.segmentation.kmeans import nearest, smoothed_lab
from icas_core.segmentation.labels import dense
from icas_core.segmentation.regions import absorbed, means
from icas_core.segmentation.segmenter import Segmenter
from icas_core.segmentation.superpixel import superpixels_of


def segment(
    picture: np.ndarray,
    *,
    superpixels: int,
    ruler: float,
    clusters: int,
    position: float,
    attempts: int,
    smallest: int,
) -> np.ndarray:
    """Cluster the superpixels of a (h, w, 3) uint8 RGB picture by mean Lab colour and mean position.

    superpixels: how many to begin with. ruler: larger makes them more compact. clusters: of k-means. position: the
    weight of the position, against which the picture's longer side counts as 100 units of Lab. attempts: how many
    starts; the best is kept. smallest: the least pixels a segment. Gives (h, w) int32 labels from 1.
    """
    small = superpixels_of(picture, "slic", superpixels, ruler)
    height, width = picture.shape[:2]
    places = np.moveaxis(np.mgrid[:height, :width], 0, 2) * (100 * position / max(height, width))
    of_each = means(np.concatenate([smoothed_lab(picture, 0), places], axis=2), small)[1:]
    found = nearest(of_each.astype(np.float32), clusters, attempts)
    return absorbed(dense(found[small - 1]), picture, smallest)


SEGMENTER = Segmenter(
    name="slickmeans",
    version=1,
    segment=segment,
    copy_pixels=300_000,
    parameters={
        "superpixels": 600,
        "ruler": 10.0,
        "clusters": 8,
        "position": 0.3,
        "attempts": 3,
        "smallest": 300,
    },
    limits={"clusters": (1, 1000), "position": (0.0, 100.0)},
    sizes={"smallest": 2},
    coarser={"clusters": 0.7, "smallest": 2.0},
)
