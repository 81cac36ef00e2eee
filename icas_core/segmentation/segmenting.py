"""Segment a picture: any array to RGB, a reduced copy where that is enough, its labels back at full size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from icas_core.errors import IcasError
from icas_core.segmentation.enlarging import enlarged
from icas_core.segmentation.reducing import reduced, scale_of
from icas_core.segmentation.registry import segmenter_of
from icas_core.segmentation.segmenter import Segmenter


def segment(
    picture: np.ndarray,
    method: str | Segmenter,
    parameters: Mapping[str, Any] | None = None,
    reduce: float | str | None = None,
    level: int = 0,
) -> np.ndarray:
    """Cut a picture into segments.

    picture: as as_rgb takes it, RGB. method: a segmenter or its name. parameters: those of the method that differ
    from its defaults. reduce: the scale of the copy that is segmented, above 0 and up to 1 (1: the picture itself);
    None or 'default': the method's own number of pixels. level: above 0 coarser, below 0 finer.
    Gives (h, w) int32 labels: segments from 1 without a gap, every one connected, 0 only for edges. IcasError names
    what was wrong.
    """
    segmenter = method if isinstance(method, Segmenter) else segmenter_of(method)
    settled = segmenter.settled(parameters)
    rgb = as_rgb(picture)
    copy = reduced(rgb, scale_of(rgb.shape, segmenter, reduce))
    labels = segmenter.segment(copy, **segmenter.fitted(settled, copy.shape[0] * copy.shape[1], level))
    return labels if copy.shape == rgb.shape else enlarged(labels, rgb)


def as_rgb(picture: np.ndarray) -> np.ndarray:
    """A picture as contiguous (h, w, 3) uint8 RGB.

    Takes (h, w), (h, w, 1), (h, w, 3) and (h, w, 4) arrays (transparent pixels are laid over white) of bool, uint8,
    uint16 (the high byte is kept) or float from 0 to 1. IcasError names any other.
    """
    picture = np.asarray(picture)
    channels = {2: 1, 3: picture.shape[-1]}.get(picture.ndim) if picture.size else None
    if channels not in (1, 3, 4):
        raise IcasError(f"picture: found an array of shape {picture.shape}; accepted: (h, w), (h, w, 1), 3 or 4")
    values = _as_bytes(picture.reshape(*picture.shape[:2], channels))
    if channels == 1:
        return np.repeat(values, 3, axis=2)
    if channels == 4:
        alpha = values[:, :, 3:].astype(np.uint32)
        values = ((values[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.ascontiguousarray(values)


def _as_bytes(picture: np.ndarray) -> np.ndarray:
    if picture.dtype == np.uint8:
        return picture
    if picture.dtype == np.uint16:
        return (picture >> 8).astype(np.uint8)
    if picture.dtype == np.bool_:
        return picture.astype(np.uint8) * np.uint8(255)
    if picture.dtype.kind == "f" and picture.min() >= 0 and picture.max() <= 1:
        return np.rint(picture * 255).astype(np.uint8)
    raise IcasError(f"picture: found values of {picture.dtype}; accepted: bool, uint8, uint16 or floats from 0 to 1")
