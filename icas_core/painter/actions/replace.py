"""Other segments for a picture: another level, the segments of grabcut and SAM, or all anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from icas_core.painter.painting import Painting, boxes_of
from icas_core.painter.segments import SegmentMap
from icas_core.segmentation.labels import dense, dense_with_edges


def resegmented(painting: Painting, labels: np.ndarray, level: int) -> Painting:
    """The painting with the segments of a (height, width) label map wherever nothing is painted.

    What is painted stays, with its segments; labels from 1, each connected part that is left of one is a segment.
    """
    old = painting.segments.whole()
    kept = painting.classes[old] > 0
    new = dense_with_edges(np.where(kept, 0, labels))
    return _with(painting, np.where(kept, old, new + painting.count), boxes_of(new), painting.classes, level)


def carved(painting: Painting, masks: np.ndarray) -> Painting:
    """The painting with new segments cut out of the unpainted ones: the labels of `masks` (of its size), 0 for none."""
    old = painting.segments.whole()
    return resegmented(painting, np.where(masks > 0, masks + painting.count, old), painting.level)


def reset(painting: Painting, labels: np.ndarray, boxes: np.ndarray) -> Painting:
    """The painting with nothing painted and the segments of a label map from 1, whose `boxes_of` are given."""
    return _with(painting, labels + painting.count, boxes, np.zeros_like(painting.classes), 0)


def _with(painting: Painting, labels: np.ndarray, boxes: np.ndarray, classes: np.ndarray, level: int) -> Painting:
    added = len(boxes) - 1
    return Painting(
        SegmentMap.of(labels),
        np.concatenate([classes, np.zeros(added, np.uint8)]),
        np.concatenate([np.where(classes > 0, painting.instances, 0), np.zeros(added, np.uint16)]).astype(np.uint16),
        np.concatenate([painting.boxes, boxes[1:]]),
        level,
    )


def repainted(painting: Painting, classes: np.ndarray, instances: np.ndarray) -> Painting:
    """The painting with every pixel in the class and of the instance given by (height, width) maps."""
    kinds = classes.astype(np.int64) << 16 | instances
    both = np.unique(painting.segments.whole().astype(np.int64) << 24 | kinds, return_inverse=True)[1]
    labels = dense(both.reshape(kinds.shape))
    new = _with(painting, labels + painting.count, boxes_of(labels), np.zeros_like(painting.classes), painting.level)
    of_label = np.zeros(int(labels.max()) + 1, np.int64)
    of_label[labels] = kinds
    count = painting.count + 1
    return replace(
        new,
        classes=np.concatenate([new.classes[:count], (of_label[1:] >> 16).astype(np.uint8)]),
        instances=np.concatenate([new.instances[:count], (of_label[1:] & 0xFFFF).astype(np.uint16)]),
    )
