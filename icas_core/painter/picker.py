"""The class window's picture: the mode on top, then every class, the chosen one marked."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from icas_core.annotations.classes import ClassTable, Colour
from icas_core.painter.boxes import Box
from icas_core.painter.texts import shortened, written

MODES = ("fill", "continuous fill", "continuous unfill", "cut", "brush", "grabcut", "SAM")
_BACK, _FRONT, _DIM = (40, 40, 40), (255, 255, 255), (150, 150, 150)
_MODE_ROW, _LEAST_ROW, _MOST_ROW, _COLUMN = 26, 26, 46, 220
_HEAD = 12 + _MODE_ROW * len(MODES)


@dataclass(frozen=True, eq=False)
class Picker:
    """What the class window shows; `own`: a picture of the person's to pick colours from, RGB uint8."""

    classes: ClassTable
    own: np.ndarray | None
    size: tuple[int, int]

    def drawn(self, chosen: int, mode: str) -> np.ndarray:
        """The window's picture, (height, width, 3) uint8 BGR."""
        canvas = np.full((self.size[1], self.size[0], 3), _BACK, np.uint8)
        for number, each in enumerate(MODES):
            self._draw_mode(canvas, each, 6 + number * _MODE_ROW, each == mode)
        if self.own is not None:
            self._draw_own(canvas, chosen)
            return canvas
        for box, each in zip(self._places(), self.classes, strict=False):
            swatch = Box(box.left + 8, box.top + 3, box.left + 8 + max(20, box.height), box.bottom - 3)
            canvas[swatch.slices] = each.colour[::-1]
            left, top = swatch.right + 10, box.top + (box.height - 20) // 2
            marked = each.id == chosen
            name = (f"{each.id}  " if each.id < 10 else "") + each.name
            written(canvas, shortened(name, box.right - 8 - left, 15, marked), (left, top), 15, _FRONT, bold=marked)
            if marked:
                cv2.rectangle(canvas, (box.left + 3, box.top), (box.right - 4, box.bottom - 1), _FRONT, 2)
        return canvas

    def colour_at(self, x: int, y: int) -> Colour | None:
        """The colour, RGB, that a click at a pixel of the window chooses; None beside all of them."""
        if self.own is not None:
            place = self._own_place()
            if not (place.left <= x < place.right and place.top <= y < place.bottom):
                return None
            column = (x - place.left) * self.own.shape[1] // place.width
            row = (y - place.top) * self.own.shape[0] // place.height
            red, green, blue = self.own[row, column].tolist()
            return red, green, blue
        number = self.class_at(x, y)
        found = self.classes.with_id(number) if number else None
        return found.colour if found else None

    def class_at(self, x: int, y: int) -> int | None:
        """The id of the class at a pixel of the window; None beside all of them."""
        if self.own is not None:
            colour = self.colour_at(x, y)
            found = self.classes.coloured(colour) if colour else None
            return found.id if found else None
        for box, each in zip(self._places(), self.classes, strict=False):
            if box.left <= x < box.right and box.top <= y < box.bottom:
                return each.id
        return None

    def _places(self) -> list[Box]:
        """A box for each class, in as many columns as they need."""
        height = max(self.size[1] - _HEAD - 8, _LEAST_ROW)
        count = max(len(self.classes), 1)
        columns = max(1, -(-count * _LEAST_ROW // height))
        rows = -(-count // columns)
        row = min(_MOST_ROW, max(8, height // rows))
        width = self.size[0] // columns
        return [
            Box(width * (n // rows), _HEAD + row * (n % rows), width * (n // rows + 1), _HEAD + row * (n % rows + 1))
            for n in range(count)
        ]

    def _draw_mode(self, canvas: np.ndarray, mode: str, top: int, on: bool) -> None:
        if on:
            cv2.rectangle(canvas, (4, top), (self.size[0] - 5, top + _MODE_ROW - 3), (110, 90, 30), cv2.FILLED)
        written(canvas, mode, (12, top + 2), 14, _FRONT if on else _DIM, bold=on)

    def _own_place(self) -> Box:
        height, width = self.own.shape[:2] if self.own is not None else (1, 1)
        scale = min((self.size[0] - 8) / width, max(1, self.size[1] - _HEAD - 30) / height)
        return Box(4, _HEAD + 26, 4 + max(1, round(width * scale)), _HEAD + 26 + max(1, round(height * scale)))

    def _draw_own(self, canvas: np.ndarray, chosen: int) -> None:
        place = self._own_place().within(Box(0, 0, *self.size))
        found = self.classes.with_id(chosen)
        if found is not None:
            canvas[_HEAD + 2 : _HEAD + 22, 8:34] = found.colour[::-1]
            written(canvas, shortened(found.name, self.size[0] - 50, 15, True), (42, _HEAD + 2), 15, _FRONT, bold=True)
        if self.own is not None and not place.empty:
            size = (place.width, place.height)
            canvas[place.slices] = cv2.resize(self.own, size, interpolation=cv2.INTER_NEAREST)[:, :, ::-1]
