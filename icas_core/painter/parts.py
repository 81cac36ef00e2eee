"""The connected parts that a segment falls into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from icas_core.painter.boxes import Box

Pixels = tuple[np.ndarray, np.ndarray]
# A search begins so near the line and goes on four times further each time.
_FIRST_REACH = 24


@dataclass(frozen=True, eq=False)
class Part:
    """Some pixels of a picture: those of the bool `mask` in `box`."""

    box: Box
    mask: np.ndarray


def parts_of(mask: np.ndarray, box: Box) -> list[Part]:
    """The parts, connected through pixels' sides, of a mask (bool or uint8) that fills `box`; the largest first."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    order = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")
    places = ((number, _box(stats[number])) for number in order.tolist() if count > 1)
    return [Part(place.moved(box.left, box.top), parts[place.slices] == number) for number, place in places]


def parts_beside(labels_in: Callable[[Box], np.ndarray], segment: int, extent: Box, line: Pixels) -> list[Part]:
    """The parts of a connected segment on the sides of a line, all but one; none if the line does not split it.

    labels_in: the label map inside a box. extent: a box around the segment. line: rows and columns of the line's pixels
    in this segment, each once; no path through pixels' sides crosses the line. They go to a side. Every part of the
    segment touches the line, so only the line's surroundings are looked at, as far as it takes to see all parts but
    one whole.
    """
    rows, columns = line
    nearest = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    reach = _FIRST_REACH
    while True:
        box = nearest.grown(reach).within(extent)
        # A frame of one pixel, so that every pixel of the line has four neighbours.
        free = np.zeros((box.height + 2, box.width + 2), np.uint8)
        np.equal(labels_in(box), segment, out=free[1:-1, 1:-1].view(bool))
        at = rows - (box.top - 1), columns - (box.left - 1)
        free[at] = 0
        _, parts, stats, _ = cv2.connectedComponentsWithStats(free, connectivity=4, ltype=cv2.CV_32S)
        touching = _beside(parts, at)
        if len(touching) < 2:
            return []
        places = {part: _box(stats[part]).moved(box.left - 1, box.top - 1) for part in touching}
        unseen = [part for part in touching if _goes_on(places[part], box, extent)]
        if len(unseen) < 2:
            break
        reach *= 4
    kept = unseen[0] if unseen else max(touching, key=lambda part: (stats[part, cv2.CC_STAT_AREA], -part))
    rim = _give_to_sides(parts, at)
    return [
        Part(place := places[part].grown(rim).within(box), parts[place.slices_in(box.grown(1))] == part)
        for part in touching
        if part != kept
    ]


def _goes_on(place: Box, box: Box, extent: Box) -> bool:
    """Whether a part reaches the edge of the box where the segment may go on beyond it."""
    return (
        (place.left == box.left > extent.left)
        or (place.top == box.top > extent.top)
        or (place.right == box.right < extent.right)
        or (place.bottom == box.bottom < extent.bottom)
    )


def _beside(parts: np.ndarray, at: Pixels) -> list[int]:
    """The parts that these pixels touch with a side, in rising order."""
    rows, columns = at
    found = {int(part) for down, right in _SIDES for part in parts[rows + down, columns + right].tolist()}
    return sorted(found - {0})


def _give_to_sides(parts: np.ndarray, at: Pixels) -> int:
    """Give these pixels to a part beside them; gives by how many pixels parts grew at most."""
    rows, columns = at
    grown = 0
    while len(rows):
        chosen = parts[rows - 1, columns]
        for down, right in _SIDES[1:]:
            chosen = np.where(chosen == 0, parts[rows + down, columns + right], chosen)
        given = chosen > 0
        if not given.any():
            break  # what touches no part stays with the segment
        parts[rows[given], columns[given]] = chosen[given]
        rows, columns = rows[~given], columns[~given]
        grown += 1
    return grown


_SIDES = ((-1, 0), (0, -1), (0, 1), (1, 0))


def _box(stats: np.ndarray) -> Box:
    left, top, width, height = stats[: cv2.CC_STAT_AREA].tolist()
    return Box(left, top, left + width, top + height)
