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
        given = annotation.instances[where]
        parts, count = _parts(inside & (given == 0))
        np.add(parts, len(kinds), out=numbers[where], where=parts > 0)
        kinds += [(class_id, 0)] * count
        numbered = np.bincount(given[inside])
        numbered[0] = 0
        for number in np.flatnonzero(numbered):
            kinds.append((class_id, int(number)))
            numbers[where][inside & (given == number)] = len(kinds)
    return numbers, _measured(numbers, kinds)


def _parts(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """The 8-connected parts numbered from 1 by their first pixel, from top to bottom, and how many there are."""
    count, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    # OpenCV's own numbers depend on its number of threads. Of several values for one place the last is kept.
    first = np.empty(count, np.int64)
    first[parts.ravel()[::-1]] = np.arange(parts.size - 1, -1, -1)
    order = np.zeros(count, np.int32)
    order[1 + np.argsort(first[1:])] = np.arange(1, count)
    return order[parts], count - 1


def _measured(numbers: np.ndarray, kinds: list[tuple[int, int]]) -> list[Instance]:
    areas = np.bincount(numbers.ravel(), minlength=len(kinds) + 1)
    places = ndimage.find_objects(numbers)
    return [
        Instance(number, class_id, given, int(areas[number]), _box(*places[number - 1]))
        for number, (class_id, given) in enumerate(kinds, start=1)
    ]


def _box(rows: slice, columns: slice) -> tuple[int, int, int, int]:
    return columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
