"""One step of painting in few bytes, which leads from the painting before it to the one after it and back."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np

from icas_core.painter.boxes import NOWHERE, Box
from icas_core.painter.painting import Painting
from icas_core.painter.segments import SegmentMap, rows_that_differ

_NUMBERS = 9  # the first int32 numbers of a step: ids before and after, change of level, ids changed, pixels, box
_EXACT = 6  # zlib's level for small steps
_FAST = 1
_SMALL = 100_000


def step_between(before: Painting, after: Painting) -> bytes:
    """What leads from one painting to the next and back: differences only, so that one form serves both ways.

    Ids may only be added. Labels are kept as the difference (XOR) to the row above, which is 0 inside a part that
    changes alike, so that a cut costs its outline and not its area.
    """
    count = before.count + 1
    changed = np.flatnonzero(
        (before.classes != after.classes[:count]) | (before.instances != after.instances[:count])
    ).astype(np.int32)
    box, places, differences = _map_difference(before.segments, after.segments)
    numbers = np.array(
        [before.count, after.count, after.level - before.level, len(changed), len(places), *box], np.int32
    )
    parts = (
        *(numbers, changed, before.classes[changed] ^ after.classes[changed]),
        *(before.instances[changed] ^ after.instances[changed], after.classes[count:], after.instances[count:]),
        *(after.boxes[count:], np.diff(places, prepend=0).astype(np.int32), differences),
    )
    content = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    return zlib.compress(content, _EXACT if len(content) < _SMALL else _FAST)


def forward(painting: Painting, step: bytes) -> Painting:
    """The painting after a step, given the one before it."""
    read = _Reader(step)
    before, _, level, changed, pixels, *box = read.take(np.int32, _NUMBERS).tolist()
    classes, instances = read.changed(painting, changed)
    added = read.added()
    return Painting(
        read.map_changed(painting.segments, Box(*box), pixels),
        np.concatenate([classes, added[0]]),
        np.concatenate([instances, added[1]]),
        np.concatenate([painting.boxes[: before + 1], added[2]]),
        painting.level + level,
    )


def backward(painting: Painting, step: bytes) -> Painting:
    """The painting before a step, given the one after it (boxes may stay larger than they were)."""
    read = _Reader(step)
    before, _, level, changed, pixels, *box = read.take(np.int32, _NUMBERS).tolist()
    kept = replace(
        painting,
        level=painting.level - level,
        classes=painting.classes[: before + 1],
        instances=painting.instances[: before + 1],
        boxes=painting.boxes[: before + 1],
    )
    classes, instances = read.changed(kept, changed)
    read.added()
    segments = read.map_changed(painting.segments, Box(*box), pixels)
    return replace(kept, segments=segments, classes=classes, instances=instances)


class _Reader:
    """Takes the arrays of a step one after the other."""

    def __init__(self, step: bytes) -> None:
        self._content = zlib.decompress(step)
        self._start = 0
        self._numbers = np.frombuffer(self._content, np.int32, _NUMBERS)

    def take(self, dtype: type, count: int) -> np.ndarray:
        array: np.ndarray = np.frombuffer(self._content, dtype, count, self._start)
        self._start += array.nbytes
        return array

    def changed(self, painting: Painting, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Classes and instances with the differences of the ids that there are before and after."""
        ids = self.take(np.int32, count)
        classes, instances = painting.classes.copy(), painting.instances.copy()
        classes[ids] ^= self.take(np.uint8, count)
        instances[ids] ^= self.take(np.uint16, count)
        return classes, instances

    def added(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Classes, instances and boxes of the ids that the step adds."""
        count = int(self._numbers[1] - self._numbers[0])
        classes, instances = self.take(np.uint8, count), self.take(np.uint16, count)
        return classes, instances, self.take(np.int32, 4 * count).reshape(count, 4)

    def map_changed(self, segments: SegmentMap, box: Box, pixels: int) -> SegmentMap:
        if not pixels:
            return segments
        places = np.cumsum(self.take(np.int32, pixels), dtype=np.int64)
        differences = np.zeros((box.height, box.width), np.int32)
        differences.ravel()[places] = self.take(np.int32, pixels)
        np.bitwise_xor.accumulate(differences, axis=0, out=differences)
        return segments.with_window(box, segments.window(box) ^ differences)


def _map_difference(before: SegmentMap, after: SegmentMap) -> tuple[Box, np.ndarray, np.ndarray]:
    """The box in which two maps differ, the places in it where the difference is not that of the row above, and it."""
    nothing = np.empty(0, np.int32)
    rows = rows_that_differ(before, after)
    if rows.empty:
        return NOWHERE, nothing, nothing
    difference = before.window(rows) ^ after.window(rows)
    columns, lines = np.flatnonzero(difference.any(axis=0)), np.flatnonzero(difference.any(axis=1))
    if not len(lines):
        return NOWHERE, nothing, nothing
    inner = Box(int(columns[0]), int(lines[0]), int(columns[-1]) + 1, int(lines[-1]) + 1)
    difference = difference[inner.slices]
    step = difference.copy()
    step[1:] ^= difference[:-1]
    places = np.flatnonzero(step)
    return Box(inner.left, inner.top + rows.top, inner.right, inner.bottom + rows.top), places, step.ravel()[places]
