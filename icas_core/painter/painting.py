"""What is painted on a picture: its segments, and each segment's class and instance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from icas_core.annotations.annotation import Annotation
from icas_core.annotations.patch import Patch
from icas_core.painter.boxes import Box
from icas_core.painter.segments import SegmentMap, rows_that_differ
from icas_core.segmentation.labels import dense, filled


@dataclass(frozen=True, eq=False)
class Painting:
    """Every pixel belongs to one segment; a segment is unpainted or of one class.

    segments: the label map, ids from 1. classes: (n + 1,) uint8, each segment's class id, 0 = unpainted. instances:
    (n + 1,) uint16, each segment's instance number. boxes: (n + 1, 4) int32, a box (left, top, right, bottom) around
    each segment, which may be larger than it. Row 0 is unused. An id may have no pixels; it is then unpainted. Ids are
    never used again for another segment, so that steps can be undone. level: of the segmentation that the segments
    come from, above 0 coarser.
    """

    segments: SegmentMap
    classes: np.ndarray
    instances: np.ndarray
    boxes: np.ndarray
    level: int = 0

    @property
    def box(self) -> Box:
        """The whole picture."""
        return self.segments.box

    @property
    def count(self) -> int:
        """The highest id."""
        return len(self.classes) - 1

    @property
    def painted(self) -> bool:
        """Whether any segment has a class."""
        return bool(self.classes.any())

    def has(self, x: int, y: int) -> bool:
        """Whether the pixel (x, y) lies in the picture."""
        return 0 <= x < self.segments.shape[1] and 0 <= y < self.segments.shape[0]

    def box_of(self, segment: int) -> Box:
        """A box around a segment."""
        return Box(*map(int, self.boxes[segment]))

    def box_around(self, segments: np.ndarray) -> Box:
        """A box around several segments."""
        boxes = self.boxes[segments]
        return Box(*map(int, (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0))))

    def with_classes(self, segments: np.ndarray | int, class_id: int) -> Painting:
        """The painting with these segments in another class, none of them numbered as an instance."""
        classes, instances = self.classes.copy(), self.instances.copy()
        classes[segments] = class_id
        instances[segments] = 0
        return replace(self, classes=classes, instances=instances)


def unpainted(labels: np.ndarray) -> Painting:
    """The painting of a (height, width) label map on which nothing is painted; edges (0) go to the nearest segment."""
    return _painting(filled(labels), np.zeros(1, np.uint8), np.zeros(1, np.uint16))


def painting_of(annotation: Annotation) -> Painting:
    """The painting of an annotation as it was kept: pixels of one segment, class and instance are a segment."""
    labels = filled(annotation.segments) if annotation.segments.any() else np.ones_like(annotation.segments)
    kinds = annotation.classes.astype(np.int64) << 16 | annotation.instances
    of_label = _of_labels(labels, kinds)
    if not np.array_equal(of_label[labels], kinds):
        # Another program painted parts of segments.
        labels = dense(np.unique(labels.astype(np.int64) << 24 | kinds, return_inverse=True)[1].reshape(labels.shape))
        of_label = _of_labels(labels, kinds)
    level = annotation.segmentation.get("level", 0)
    painting = _painting(labels, (of_label >> 16).astype(np.uint8), (of_label & 0xFFFF).astype(np.uint16))
    return replace(painting, level=level if isinstance(level, int) else 0)


def classes_by_pixel(painting: Painting, box: Box | None = None) -> np.ndarray:
    """The class of each pixel in a box (default: all), uint8."""
    return painting.classes[painting.segments.window(box or painting.box)]


def annotation_of(painting: Painting, digest: str, *, done: bool, segmentation: dict[str, object]) -> Annotation:
    """The annotation that keeps a painting of the picture with this digest."""
    labels = painting.segments.whole()
    return Annotation(labels, painting.classes[labels], painting.instances[labels], digest, done, segmentation)


def _of_labels(labels: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """What a pixel of each label has in `kinds`."""
    found = np.zeros(int(labels.max()) + 1, kinds.dtype)
    found[labels] = kinds
    return found


def _painting(labels: np.ndarray, classes: np.ndarray, instances: np.ndarray) -> Painting:
    boxes = boxes_of(labels)
    missing = len(boxes) - len(classes)
    return Painting(SegmentMap.of(labels), np.pad(classes, (0, missing)), np.pad(instances, (0, missing)), boxes)


def boxes_of(labels: np.ndarray) -> np.ndarray:
    """(n + 1, 4) int32 boxes of the labels 0…n of a map, that of 0 and of a label without pixels empty."""
    boxes = np.zeros((int(labels.max()) + 1, 4), np.int32)
    for number, where in enumerate(ndimage.find_objects(labels), start=1):
        if where is not None:
            rows, columns = where
            boxes[number] = columns.start, rows.start, columns.stop, rows.stop
    return boxes


def changed_box(before: Painting, after: Painting) -> Box:
    """A box around all pixels whose segment or class differs."""
    box = rows_that_differ(before.segments, after.segments)
    count = min(len(before.classes), len(after.classes))
    differ = before.classes[:count] != after.classes[:count]
    others = np.flatnonzero(differ | (before.instances[:count] != after.instances[:count]))
    return box.joined(after.box_around(others)) if len(others) else box


def patch_of(before: Painting, after: Painting) -> Patch | None:
    """The step from one painting to the next as the annotation's store keeps it; None where nothing changed."""
    box = changed_box(before, after)
    if box.empty:
        return None
    labels = after.segments.window(box)
    arrays = {"classes": after.classes[labels], "instances": after.instances[labels]}
    if before.segments is not after.segments:
        arrays["segments"] = np.ascontiguousarray(labels)
    return Patch((box.left, box.top, box.width, box.height), arrays)
