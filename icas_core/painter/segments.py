"""A label map that never changes: a change gives a new map that shares with the old one all that is equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from icas_core.painter.boxes import NOWHERE, Box, box_of

# A change copies the bands it touches: 12 megapixels whole take 8 ms, a few bands a fraction of one.
_BAND = 64


@dataclass(frozen=True, eq=False)
class SegmentMap:
    """A (height, width) int32 label map in bands of rows; every pixel belongs to a segment, from 1."""

    bands: tuple[np.ndarray, ...]
    shape: tuple[int, int]

    @staticmethod
    def of(labels: np.ndarray) -> SegmentMap:
        """The map of a (height, width) array, which is copied."""
        labels = np.array(labels, dtype=np.int32)
        labels.flags.writeable = False
        height, width = labels.shape
        return SegmentMap(tuple(labels[top : top + _BAND] for top in range(0, height, _BAND)), (height, width))

    @property
    def box(self) -> Box:
        """The whole map."""
        return box_of(self.shape)

    def whole(self) -> np.ndarray:
        """The map as one array, a copy."""
        return np.concatenate(self.bands)

    def at(self, x: int, y: int) -> int:
        """The segment of one pixel."""
        return int(self.bands[y // _BAND][y % _BAND, x])

    def of_pixels(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """The segments of single pixels, int32."""
        found = np.empty(len(rows), np.int32)
        band_of = rows // _BAND
        for number in np.unique(band_of):
            here = band_of == number
            found[here] = self.bands[number][rows[here] % _BAND, columns[here]]
        return found

    def sampled(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """The (len(rows), len(columns)) segments where these rows, in rising order, and columns cross."""
        starts = np.searchsorted(rows // _BAND, np.arange(len(self.bands) + 1))
        parts = [
            band[rows[start:end] % _BAND].take(columns, axis=1)
            for band, start, end in zip(self.bands, starts[:-1], starts[1:], strict=True)
            if end > start
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(columns)), np.int32)

    def window(self, box: Box) -> np.ndarray:
        """The segments inside a box within the map; not to be written to."""
        first, last = box.top // _BAND, (box.bottom - 1) // _BAND
        columns = slice(box.left, box.right)
        if first == last:
            start = box.top - first * _BAND
            return self.bands[first][start : start + box.height, columns]
        labels = np.empty((box.height, box.width), np.int32)
        for number in range(first, last + 1):
            above = number * _BAND
            top, bottom = max(box.top, above), min(box.bottom, above + _BAND)
            labels[top - box.top : bottom - box.top] = self.bands[number][top - above : bottom - above, columns]
        return labels

    def with_window(self, box: Box, labels: np.ndarray) -> SegmentMap:
        """The map with other segments inside a box within it."""
        if box == self.box:
            return SegmentMap.of(labels)
        bands = list(self.bands)
        for number in range(box.top // _BAND, (box.bottom - 1) // _BAND + 1):
            above = number * _BAND
            top, bottom = max(box.top, above), min(box.bottom, above + _BAND)
            band = bands[number].copy()
            band[top - above : bottom - above, box.left : box.right] = labels[top - box.top : bottom - box.top]
            band.flags.writeable = False
            bands[number] = band
        return SegmentMap(tuple(bands), self.shape)


def rows_that_differ(before: SegmentMap, after: SegmentMap) -> Box:
    """A box, as wide as the map, around the bands that two maps do not share."""
    pairs = zip(before.bands, after.bands, strict=True)
    other = [] if before is after else [number for number, (one, two) in enumerate(pairs) if one is not two]
    if not other:
        return NOWHERE
    height, width = before.shape
    return Box(0, other[0] * _BAND, width, min(height, (other[-1] + 1) * _BAND))
