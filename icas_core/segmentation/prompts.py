"""What a person tells about the objects of a picture: boxes, points and strokes.

Coordinates are whole pixels of the picture, x to the right and y down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from icas_core.errors import IcasError


class Mark(IntEnum):
    """What a stroke says of its pixels; 0 is a pixel that nothing was said of."""

    BACKGROUND = 1
    FOREGROUND = 2
    POSSIBLE_BACKGROUND = 3
    POSSIBLE_FOREGROUND = 4


class Box(NamedTuple):
    """A rectangle: columns left to right − 1, rows top to bottom − 1."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def between(cls, one: tuple[int, int], other: tuple[int, int]) -> Box:
        """The box that holds two corner pixels (x, y), in either order."""
        return cls(min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]) + 1, max(one[1], other[1]) + 1)

    def within(self, shape: tuple[int, ...]) -> Box:
        """The part of the box inside a picture of (height, width, …); IcasError where there is none."""
        height, width = shape[:2]
        box = Box(max(self.left, 0), max(self.top, 0), min(self.right, width), min(self.bottom, height))
        if box.left >= box.right or box.top >= box.bottom:
            raise IcasError(f"box {tuple(self)}: holds no pixel of the picture of {width} × {height}")
        return box

    def away(self, x: int, y: int) -> float:
        """The distance of a pixel from the box, 0 inside."""
        beside = max(self.left - x, 0, x - self.right + 1)
        return float(np.hypot(beside, max(self.top - y, 0, y - self.bottom + 1)))


class Point(NamedTuple):
    """A pixel of the object (foreground), or one that is not."""

    x: int
    y: int
    foreground: bool = True


@dataclass(frozen=True)
class Stroke:
    """A line through pixels (x, y), or a dot, drawn with a round brush of 2 · radius + 1 pixels."""

    mark: Mark
    line: tuple[tuple[int, int], ...]
    radius: int = 0


@dataclass(frozen=True)
class Prompts:
    """All that was said of one picture; later strokes lie over earlier ones."""

    boxes: tuple[Box, ...] = ()
    points: tuple[Point, ...] = ()
    strokes: tuple[Stroke, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.boxes or self.points or self.strokes)

    def adding(self, prompt: Box | Point | Stroke) -> Prompts:
        """The same with one prompt more."""
        if isinstance(prompt, Box):
            return replace(self, boxes=(*self.boxes, prompt))
        if isinstance(prompt, Point):
            return replace(self, points=(*self.points, prompt))
        return replace(self, strokes=(*self.strokes, prompt))

    def objects(self) -> list[tuple[Box | None, list[Point]]]:
        """The boxes, each with its own points, and the points without a box.

        A point belongs to the smallest box that holds it. The points outside every box together mean one object more
        (None) when a foreground point is among them; otherwise each belongs to the nearest box. IcasError where
        nothing says what the object is.
        """
        own: dict[Box, list[Point]] = {box: [] for box in self.boxes}
        alone = []
        for point in self.points:
            box = min(own, key=lambda box: (box.away(point.x, point.y), _area(box)), default=None)
            if box is not None and not box.away(point.x, point.y):
                own[box].append(point)
            else:
                alone.append((box, point))
        if any(point.foreground for _, point in alone):
            return [*own.items(), (None, [point for _, point in alone])]
        if not own:
            raise IcasError("prompts: no box and no foreground point; accepted: at least one of them")
        for box, point in alone:
            own[box].append(point)  # type: ignore[index]
        return list(own.items())

    def marks(self, shape: tuple[int, ...], scale: float = 1.0) -> np.ndarray:
        """The strokes drawn into a picture of (height, width, …): uint8 of (height, width), Mark values or 0.

        scale: of that picture, where the strokes are those of a larger one; no stroke vanishes.
        """
        marks = np.zeros(shape[:2], np.uint8)
        for stroke in self.strokes:
            _draw(marks, stroke.line, stroke.radius, int(stroke.mark), scale)
        return marks


def _area(box: Box) -> int:
    return (box.right - box.left) * (box.bottom - box.top)


def _draw(marks: np.ndarray, line: Sequence[tuple[int, int]], radius: int, value: int, scale: float) -> None:
    import cv2

    # A pixel's middle stays where it is: pixel 0 of a copy at half size covers pixels 0 and 1.
    middle = (np.array(line, float).reshape(-1, 2) + 0.5) * scale - 0.5
    drawn = np.rint(middle).astype(np.int32)
    brush = round(radius * scale)
    cv2.polylines(marks, [drawn], False, value, 2 * brush + 1)
    cv2.circle(marks, drawn[0].tolist(), brush, value, cv2.FILLED)
