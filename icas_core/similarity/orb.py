"""Local features: cv2.ORB descriptors, matched by cv2.BFMatcher's rules; the share of good matches."""

from __future__ import annotations

from typing import Any

import numpy as np

from icas_core.similarity.features import Stack
from icas_core.similarity.method import Method, grey


def _extract(picture: np.ndarray, *, features: int, fast_threshold: int, **_: Any) -> np.ndarray:
    """(k, 32) uint8 descriptors, k from 0 to about `features`."""
    import cv2

    try:
        descriptors = cv2.ORB.create(features, fastThreshold=fast_threshold).detectAndCompute(grey(picture), None)[1]
    except cv2.error:
        # OpenCV cannot build its pyramid of pictures a few pixels wide: they have no descriptors.
        descriptors = None
    return np.empty((0, 32), np.uint8) if descriptors is None else descriptors


def _packed(stack: Stack) -> tuple[np.ndarray, np.ndarray]:
    """All descriptors as (4, total) uint64 words, and where each picture's begin (n + 1)."""
    starts = np.zeros(len(stack) + 1, np.int64)
    np.cumsum([len(descriptors) for descriptors in stack], out=starts[1:])
    together = np.concatenate([np.asarray(descriptors).reshape(-1, 32) for descriptors in stack])
    return np.ascontiguousarray(np.ascontiguousarray(together).view(np.uint64).T), starts


def _similarities(left: Stack, right: Stack, **parameters: Any) -> np.ndarray:
    from icas_core.similarity.kernels import orb as kernels

    return _compared(kernels.all_pairs, left, right, np.empty((len(left), len(right)), np.float32), **parameters)


def _paired(left: Stack, right: Stack, **parameters: Any) -> np.ndarray:
    from icas_core.similarity.kernels import orb as kernels

    return _compared(kernels.row_pairs, left, right, np.empty(len(left), np.float32), **parameters)


def _compared(
    kernel: Any, left: Stack, right: Stack, out: np.ndarray, *, least: int, match: str, ratio: float, **_: Any
) -> np.ndarray:
    """Fill `out`. Of a few descriptors some match by chance, so pictures with fewer than `least` are like their equals only."""
    if out.size:
        kernel(*_packed(left), *_packed(right), int(least), float(ratio), match == "lowe", out)
    return out


METHOD = Method(
    name="orb",
    version=1,
    default_threshold=0.09,
    default_size=(300, 300),
    unequal_sizes=True,
    turns_alike=False,
    extract=_extract,
    similarities=_similarities,
    paired=_paired,
    parameters={"features": 400, "fast_threshold": 20, "least": 80, "match": "lowe", "ratio": 0.7},
    empty="no ORB descriptors, so it is like no other picture",
    choices={"match": ("lowe", "crosscheck")},
)
