"""Histograms of oriented gradients: features without training and without torch."""

from __future__ import annotations

import numpy as np

_CELLS = 8  # along each side, whatever the size of the pictures


def embed_by_hog(pictures: np.ndarray) -> np.ndarray:
    """(n, 1764) float32: skimage.feature.hog of (n, height, width, 3) uint8 RGB pictures, 9 directions, 8 × 8 cells.

    Of each pixel the colour with the strongest gradient counts. Source: Dalal and Triggs 2005, as in scikit-image.
    """
    from skimage.feature import hog

    cell = (pictures.shape[1] // _CELLS, pictures.shape[2] // _CELLS)
    return np.stack(
        [
            hog(picture, orientations=9, pixels_per_cell=cell, cells_per_block=(2, 2), channel_axis=-1)
            for picture in pictures
        ]
    ).astype(np.float32)
