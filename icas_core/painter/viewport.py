"""Which part of a picture is seen, how large, and where on the canvas."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from icas_core.painter.boxes import Box

_MOST_ZOOM = 64.0


@dataclass(frozen=True)
class Viewport:
    """Sizes (width, height) of picture and canvas; zoom: 1 fits the picture; centre: what is in the middle, 0 to 1."""

    picture: tuple[int, int]
    canvas: tuple[int, int]
    zoom: float = 1.0
    centre: tuple[float, float] = (0.5, 0.5)

    @property
    def scale(self) -> float:
        """Canvas pixels a pixel of the picture."""
        return min(c / p for c, p in zip(self.canvas, self.picture, strict=True)) * self.zoom

    @property
    def origin(self) -> tuple[float, float]:
        """Where the canvas begins, in pixels of the picture."""
        x, y = (
            middle * picture - canvas / 2 / self.scale
            for middle, picture, canvas in zip(self.centre, self.picture, self.canvas, strict=True)
        )
        return x, y

    def to_picture(self, x: float, y: float) -> tuple[int, int]:
        """The picture's pixel that is seen at a pixel of the canvas; it may lie outside."""
        left, top = self.origin
        return int(np.floor(left + (x + 0.5) / self.scale)), int(np.floor(top + (y + 0.5) / self.scale))

    def to_canvas(self, x: float, y: float) -> tuple[int, int]:
        """The canvas's pixel at the middle of a pixel of the picture."""
        left, top = self.origin
        return round((x + 0.5 - left) * self.scale - 0.5), round((y + 0.5 - top) * self.scale - 0.5)

    def on_canvas(self, box: Box) -> Box:
        """The pixels of the canvas, as far as it goes, that show anything of a box of the picture."""
        left, top = self.origin
        edges = (box.left - left, box.top - top, box.right - left, box.bottom - top)
        across, down, right, bottom = (edge * self.scale for edge in edges)
        seen = Box(int(across) - 1, int(down) - 1, int(right) + 2, int(bottom) + 2)
        return seen.within(Box(0, 0, *self.canvas))

    def columns(self, start: int, end: int) -> np.ndarray:
        """The picture's columns seen in these columns of the canvas."""
        return np.floor(self.origin[0] + (np.arange(start, end) + 0.5) / self.scale).astype(np.int64)

    def rows(self, start: int, end: int) -> np.ndarray:
        """The picture's rows seen in these rows of the canvas."""
        return np.floor(self.origin[1] + (np.arange(start, end) + 0.5) / self.scale).astype(np.int64)

    def zoomed(self, factor: float, x: float, y: float) -> Viewport:
        """Closer or further by a factor, with what is seen at a pixel of the canvas staying there."""
        zoom = min(max(self.zoom * factor, 1.0), _MOST_ZOOM)
        left, top = self.origin
        at = left + x / self.scale, top + y / self.scale
        new = replace(self, zoom=zoom)
        offset = (self.canvas[0] / 2 - x) / new.scale, (self.canvas[1] / 2 - y) / new.scale
        return new.centred(at[0] + offset[0], at[1] + offset[1])

    def panned(self, right: float, down: float) -> Viewport:
        """Moved so that what is seen moves by so many pixels of the canvas."""
        x, y = (middle * side for middle, side in zip(self.centre, self.picture, strict=True))
        return self.centred(x - right / self.scale, y - down / self.scale)

    def centred(self, x: float, y: float) -> Viewport:
        """With a point of the picture in the middle, as far as the picture's edges stay at the canvas's."""
        middle = []
        for at, picture, canvas in zip((x, y), self.picture, self.canvas, strict=True):
            half = canvas / 2 / self.scale
            middle.append(0.5 if 2 * half >= picture else min(max(at, half), picture - half) / picture)
        return replace(self, centre=(middle[0], middle[1]))

    def of(self, picture: tuple[int, int], canvas: tuple[int, int]) -> Viewport:
        """The same zoom and place in another picture or on another canvas."""
        new = replace(self, picture=picture, canvas=canvas)
        return new.centred(self.centre[0] * picture[0], self.centre[1] * picture[1])
