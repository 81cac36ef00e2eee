"""Rectangles of pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Box(NamedTuple):
    """The pixels from (left, top) up to, but not with, (right, bottom)."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """The number of columns; 0 or less for an empty box."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """The number of rows; 0 or less for an empty box."""
        return self.bottom - self.top

    @property
    def empty(self) -> bool:
        """Whether there is no pixel in it."""
        return self.right <= self.left or self.bottom <= self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index a picture with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def slices_in(self, outer: Box) -> tuple[slice, slice]:
        """Rows and columns, to index the array of an outer box with."""
        down, right = -outer.top, -outer.left
        return slice(self.top + down, self.bottom + down), slice(self.left + right, self.right + right)

    def moved(self, right: int, down: int) -> Box:
        """The box so many pixels further right and down."""
        return Box(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def within(self, other: Box) -> Box:
        """The pixels in both."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        return Box(left, top, max(left, min(self.right, other.right)), max(top, min(self.bottom, other.bottom)))

    def joined(self, other: Box) -> Box:
        """The least box around both; an empty one adds nothing."""
        if self.empty or other.empty:
            return other if self.empty else self
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def grown(self, pixels: int) -> Box:
        """The box with so many pixels more on each side."""
        return Box(self.left - pixels, self.top - pixels, self.right + pixels, self.bottom + pixels)


NOWHERE = Box(0, 0, 0, 0)


def box_of(shape: tuple[int, ...]) -> Box:
    """The whole of a picture of this (height, width, …)."""
    return Box(0, 0, shape[1], shape[0])


def around(rows: np.ndarray, columns: np.ndarray) -> Box:
    """The least box around these pixels."""
    if not len(rows):
        return NOWHERE
    return Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
