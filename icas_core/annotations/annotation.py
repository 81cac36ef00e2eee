"""What a person painted on one picture: every pixel's segment, class and instance; colours are display."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

UNPAINTED = 0
# The arrays of an annotation and their types; all three have the picture's height and width.
ARRAYS: dict[str, type[np.generic]] = {"segments": np.int32, "classes": np.uint8, "instances": np.uint16}


class State(StrEnum):
    """How far a picture's annotation is."""

    UNFINISHED = "unfinished"
    DONE = "done"
    EMPTY = "done and empty"


@dataclass(frozen=True, eq=False)
class Annotation:
    """One picture's annotation; the three (height, width) arrays are read-only views of those given.

    segments: int32, the segment of each pixel from 1, 0 where there is none. It only says what a click means, so it may
    be cut, made coarser or finer, or replaced, and what is painted stays.
    classes: uint8, the id of each pixel's class in the class table, 0 = unpainted. Filling a segment sets its pixels, a
    brush any pixels, an eraser sets them to 0.
    instances: uint16. Pixels of one class and one number above 0 are one object, in one part or in several; pixels of a
    class with number 0 form an object for each 8-connected part (adjacent filled segments are one object). Painting
    with a new number keeps an object apart from a touching one of the same class. 0 where the class is 0.
    digest: `digest_of` the picture's file. done: the person has finished it; done with nothing painted is a statement
    too (no object in this picture). segmentation: JSON values that say how the segments were made.

    Raises ValueError for other types or shapes.
    """

    segments: np.ndarray
    classes: np.ndarray
    instances: np.ndarray
    digest: str
    done: bool = False
    segmentation: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, dtype in ARRAYS.items():
            array = getattr(self, name)
            if array.dtype != dtype or array.ndim != 2 or array.shape != self.segments.shape:
                expected = f"{np.dtype(dtype)} of {self.segments.shape}"
                raise ValueError(f"{name}: found {array.dtype} of {array.shape}, expected {expected}")
            view = array.view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the picture in pixels, upright as `images.read_rgb` gives it."""
        height, width = self.segments.shape
        return width, height

    @property
    def state(self) -> State:
        """Unfinished, done, or done and empty."""
        if not self.done:
            return State.UNFINISHED
        return State.DONE if self.classes.any() else State.EMPTY


def unpainted(segments: np.ndarray, digest: str, segmentation: Mapping[str, Any] | None = None) -> Annotation:
    """The annotation of a picture on which nothing is painted yet; segments: (height, width) int32."""
    classes = np.zeros(segments.shape, np.uint8)
    return Annotation(segments, classes, np.zeros(segments.shape, np.uint16), digest, False, segmentation or {})


def digest_of(picture: Path | str) -> str:
    """The SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with open(picture, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
