"""Which pixels are one object: the instances of an annotation, as the exports give them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from icas_core.annotations.annotation import Annotation


@dataclass(frozen=True)
class Instance:
    """One object: its number in the map (from 1), its class id, its pixels, its box (left, top, width, height).

    given: the number the person gave it, 0 where it is a connected part of its class.
    """

    number: int
    class_id: int
    given: int
    area: int
    box: tuple[int, int, int, int]


def instances_of(annotation: Annotation) -> tuple[np.ndarray, list[Instance]]:
    """The instances as a (height, width) int32 map, 0 where nothing is painted, and each one's class, area and box.

    Pixels of one class and one given number are one instance, also in several parts; the rest of a class gives an
    instance for each 8-connected part. Ordered by class, then by given number, parts from top to bottom.
    """
    numbers = np.zeros(annotation.classes.shape, np.int32)
    kinds: list[tuple[int, int]] = []
    for class_id, where in enumerate(ndimage.find_objects(annotation.classes), start=1):
        if where is None:
            continue
        inside = annotation.classes[where] == class_id
        given = np.where(inside, annotation.instances[where], 0)
        parts = cv2.connectedComponents((inside & (given == 0)).astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)[1]
        parts = _in_raster_order(parts)
        numbers[where] += np.where(parts > 0, parts + len(kinds), 0).astype(np.int32)
        kinds += [(class_id, 0)] * int(parts.max())
        for number in np.unique(given)[np.unique(given) > 0]:
            kinds.append((class_id, int(number)))
            numbers[where][given == number] = len(kinds)
    return numbers, _measured(numbers, kinds)


def _in_raster_order(parts: np.ndarray) -> np.ndarray:
    # OpenCV's numbers depend on its number of threads.
    labels, first = np.unique(parts, return_index=True)
    order = np.zeros(len(labels), np.int32)
    painted = labels > 0
    order[np.flatnonzero(painted)[np.argsort(first[painted])]] = np.arange(1, painted.sum() + 1)
    return order[np.searchsorted(labels, parts)]


def _measured(numbers: np.ndarray, kinds: list[tuple[int, int]]) -> list[Instance]:
    areas = np.bincount(numbers.ravel(), minlength=len(kinds) + 1)
    places = ndimage.find_objects(numbers)
    return [
        Instance(number, class_id, given, int(areas[number]), _box(*places[number - 1]))
        for number, (class_id, given) in enumerate(kinds, start=1)
    ]


def _box(rows: slice, columns: slice) -> tuple[int, int, int, int]:
    return columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
