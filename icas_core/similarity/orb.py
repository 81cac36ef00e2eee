"""Local features: cv2.ORB descriptors, matched by cv2.BFMatcher's rules; the share of good matches."""

from __future__ import annotations

from typing import Any

import numpy as np

from icas_core.similarity.features import Stack
from icas_core.similarity.method import Method, grey


def _extract(picture: np.ndarray, *, features: int, fast_threshold: int, edge_threshold: int, **_: Any) -> np.ndarray:
    """(k, 32) uint8 descriptors, k from 0 to about `features`."""
    import cv2

    try:
        detector = cv2.ORB.create(features, fastThreshold=fast_threshold, edgeThreshold=edge_threshold)
        descriptors = detector.detectAndCompute(grey(picture), None)[1]
    except cv2.error:
        # OpenCV cannot build its pyramid of pictures a few pixels wide: they have no descriptors.
        descriptors = None
    return np.empty((0, 32), np.uint8) if descriptors is None else descriptors


def _similarities(left: Stack, right: Stack, **parameters: Any) -> np.ndarray:
    from icas_core.similarity.kernels import orb as kernels

    return _compared(kernels.all_pairs, left, right, np.empty((len(left), len(right)), np.float32), **parameters)


def _paired(left: Stack, right: Stack, **parameters: Any) -> np.ndarray:
    from icas_core.similarity.kernels import orb as kernels

    return _compared(kernels.row_pairs, left, right, np.empty(len(left), np.float32), **parameters)


def _compared(
    kernel: Any, left: Stack, right: Stack, out: np.ndarray, *, least: int, match: str, ratio: float, **_: Any
) -> np.ndarray:
    """Fill `out`; a picture with fewer than `least` descriptors is like one with the same descriptors only.

    Among few descriptors a good match or two by chance is a large share: such pictures would chain everything.
    """
    from icas_core.similarity.kernels.descriptors import laid_out, limits, space

    if out.size:
        settings = int(least), float(ratio), match == "lowe"
        sides = laid_out(left), laid_out(right, alone=out.ndim == 1)
        kernel(*sides, settings, limits(ratio), space(*sides), out)
    return out


METHOD = Method(
    name="orb",
    version=1,
    default_threshold=0.1175,
    default_size=(256, 256),
    unequal_sizes=True,
    turns_alike=False,
    extract=_extract,
    similarities=_similarities,
    paired=_paired,
    parameters={
        "features": 400,
        "fast_threshold": 20,
        # OpenCV's own 31 leaves out an eighth of the picture on each side, where much of a cropped copy's content lies.
        "edge_threshold": 20,
        "least": 80,
        "match": "lowe",
        "ratio": 0.7,
    },
    empty="no ORB descriptors, so it is like no other picture",
    choices={"match": ("lowe", "crosscheck")},
)
