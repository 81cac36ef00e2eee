"""Local features: cv2.ORB descriptors, matched by cv2.BFMatcher's rules; the share of good matches."""

from __future__ import annotations

from typing import Any

import numpy as np

from icas_core.similarity.features import Stack
from icas_core.similarity.method import Method, grey


def _extract(picture: np.ndarray, *, features: int, match: str, ratio: float) -> np.ndarray:
    """(k, 32) uint8 descriptors, k from 0 to about `features`."""
    import cv2

    try:
        descriptors = cv2.ORB.create(features).detectAndCompute(grey(picture), None)[1]
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


def _compared(kernel: Any, left: Stack, right: Stack, out: np.ndarray, match: str, ratio: float) -> np.ndarray:
    if out.size:
        kernel(*_packed(left), *_packed(right), float(ratio), match == "lowe", out)
    return out


def _similarities(left: Stack, right: Stack, *, features: int, match: str, ratio: float) -> np.ndarray:
    from icas_core.similarity.kernels import orb as kernels

    return _compared(kernels.all_pairs, left, right, np.empty((len(left), len(right)), np.float32), match, ratio)


def _paired(left: Stack, right: Stack, *, features: int, match: str, ratio: float) -> np.ndarray:
    from icas_core.similarity.kernels import orb as kernels

    return _compared(kernels.row_pairs, left, right, np.empty(len(left), np.float32), match, ratio)


METHOD = Method(
    name="orb",
    version=1,
    default_threshold=0.2,
    default_size=(200, 200),
    unequal_sizes=True,
    turns_alike=False,
    extract=_extract,
    similarities=_similarities,
    paired=_paired,
    parameters={"features": 200, "match": "lowe", "ratio": 0.75},
    empty="no ORB descriptors, so it is like no other picture",
    choices={"match": ("lowe", "crosscheck")},
)
