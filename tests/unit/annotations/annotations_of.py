"""Annotations to test with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from icas_core.annotations.annotation import ARRAYS, Annotation
from icas_core.annotations.classes import Class, ClassTable

TABLE = ClassTable(
    (Class(1, "cell", (204, 0, 0)), Class(2, "other cell", (204, 0, 0)), Class(7, "Hintergrund: grün", (0, 128, 0)))
)


def numbered(number: int, height: int = 30, width: int = 40) -> Annotation:
    """An annotation in which every array of every pixel tells the number, so that a mixed state shows."""
    shape = (height, width)
    arrays = {name: np.full(shape, number % 250 + 1, dtype) for name, dtype in ARRAYS.items()}
    return Annotation(**arrays, digest="0" * 64)


def random_annotation(seed: int, height: int = 30, width: int = 40) -> Annotation:
    """Blobs of random segments, classes 1, 2 and 7, and a few numbered instances."""
    random = np.random.default_rng(seed)
    blocks = random.integers(1, 2**31 - 1 if seed % 2 else 60_000, (height // 5 + 1, width // 5 + 1), np.int32)
    segments = np.repeat(np.repeat(blocks, 5, 0), 5, 1)[:height, :width]
    classes = np.array([0, 0, 1, 2, 7], np.uint8)[segments % 5]
    instances = np.where((classes > 0) & (segments % 3 == 0), segments % 7, 0).astype(np.uint16)
    return Annotation(segments, classes, instances, "0" * 64, bool(seed % 2), {"method": "graph", "k": [1, 2.5]})


def same(a: Annotation | None, b: Annotation | None) -> bool:
    """Whether two annotations are equal in all that a person did."""
    if a is None or b is None:
        return a is b
    alike = (a.done, a.digest, dict(a.segmentation)) == (b.done, b.digest, dict(b.segmentation))
    return alike and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ARRAYS)


def brushed(annotation: Annotation, number: int) -> Annotation:
    """One more pixel painted, another one each time."""
    classes = annotation.classes.copy()
    classes.flat[number % classes.size] = number % 7 + 1
    return replace(annotation, classes=classes)
