"""The picture window's picture: photograph, paint and outlines, as the state and the viewport have them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from icas_core.painter.boxes import NOWHERE, Box, box_of
from icas_core.painter.painting import Painting, changed_box
from icas_core.painter.state import Stroke
from icas_core.painter.viewport import Viewport

LOOKS = ("picture", "segments", "painted")
_AROUND = 45  # the grey around a picture
_OUTLINE = 0.45  # how strongly segments are outlined, 0 to 1


@dataclass(frozen=True, eq=False)
class Look:
    """How a painting is shown: which of LOOKS, the paint's opacity 0 to 1, and the (256, 3) uint8 RGB palette."""

    kind: str
    opacity: float
    palette: np.ndarray


class View:
    """Draws a painting over its picture and keeps what it has drawn: only the rectangle that changed is drawn again."""

    def __init__(self, picture: np.ndarray) -> None:
        self.picture = picture
        self.size = (picture.shape[1], picture.shape[0])
        self._viewport: Viewport | None = None
        self._photo = self._canvas = np.zeros((0, 0, 3), np.uint8)
        self._drawn: tuple[Painting | None, Stroke | None, Look] | None = None

    def drawn(self, viewport: Viewport, painting: Painting | None, stroke: Stroke | None, look: Look) -> np.ndarray:
        """The canvas, (height, width, 3) uint8 BGR; not to be written to."""
        if viewport != self._viewport:
            self._viewport, self._drawn = viewport, None
            self._photo = _photo(self.picture, viewport)
            self._canvas = self._photo.copy()
        box = self._to_draw(viewport, painting, stroke, look)
        if painting is not None and not box.empty:
            self._draw(box, viewport, painting, stroke, look)
        self._drawn = painting, stroke, look
        return self._canvas

    def _to_draw(self, viewport: Viewport, painting: Painting | None, stroke: Stroke | None, look: Look) -> Box:
        whole = viewport.on_canvas(box_of(self.picture.shape))
        if self._drawn is None or self._drawn[0] is None or painting is None or self._drawn[2] is not look:
            return whole
        before, old_stroke, _ = self._drawn
        box = NOWHERE if before is None or painting is before else changed_box(before, painting)
        if stroke is not old_stroke:
            for each in (stroke, old_stroke):
                box = box.joined(each.box) if each is not None else box
        # An outline is drawn at the pixel before it.
        return box if box.empty else viewport.on_canvas(box.grown(1)).within(whole)

    def _draw(self, box: Box, viewport: Viewport, painting: Painting, stroke: Stroke | None, look: Look) -> None:
        width, height = self.size
        columns, rows = viewport.columns(box.left, box.right + 1), viewport.rows(box.top, box.bottom + 1)
        inside_x, inside_y = (columns >= 0) & (columns < width), (rows >= 0) & (rows < height)
        ids = painting.segments.sampled(np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))
        classes = painting.classes[ids[:-1, :-1]]
        if stroke is not None:
            _preview(classes, stroke, rows[:-1], columns[:-1])
        shown = _blended(self._photo[box.slices], ids[:-1, :-1], classes, look)
        if look.kind != "painted":
            here = ids[:-1, :-1]
            edges = (here != ids[1:, :-1]) | (here != ids[:-1, 1:])
            shown[edges] = (shown[edges] * (1 - _OUTLINE) + 255 * _OUTLINE).astype(np.uint8)
        seen = inside_y[:-1, None] & inside_x[None, :-1]
        self._canvas[box.slices][seen] = shown[seen]


def _blended(photo: np.ndarray, ids: np.ndarray, classes: np.ndarray, look: Look) -> np.ndarray:
    paint = look.palette[:, ::-1][classes]
    if look.kind == "painted":
        return paint
    if look.kind == "segments":
        photo = _SEGMENT_COLOURS[ids % len(_SEGMENT_COLOURS)]
    shown = photo.copy()
    if classes.any():
        painted = classes > 0
        mixed = cv2.addWeighted(photo, 1 - look.opacity, paint, look.opacity, 0)
        shown[painted] = mixed[painted]
    return shown


def _preview(classes: np.ndarray, stroke: Stroke, rows: np.ndarray, columns: np.ndarray) -> None:
    """Set the classes of what a stroke under way covers."""
    box = stroke.box
    in_rows = np.flatnonzero((rows >= box.top) & (rows < box.bottom))
    in_columns = np.flatnonzero((columns >= box.left) & (columns < box.right))
    covered = stroke.mask[np.ix_(rows[in_rows] - box.top, columns[in_columns] - box.left)]
    place = classes[np.ix_(in_rows, in_columns)]
    place[covered] = stroke.class_id
    classes[np.ix_(in_rows, in_columns)] = place


def _photo(picture: np.ndarray, viewport: Viewport) -> np.ndarray:
    """The picture alone on the canvas, BGR."""
    canvas = np.full((viewport.canvas[1], viewport.canvas[0], 3), _AROUND, np.uint8)
    seen = viewport.on_canvas(box_of(picture.shape))
    if seen.empty:
        return canvas
    columns, rows = viewport.columns(seen.left, seen.right), viewport.rows(seen.top, seen.bottom)
    inside_x, inside_y = (columns >= 0) & (columns < picture.shape[1]), (rows >= 0) & (rows < picture.shape[0])
    columns, rows = columns[inside_x], rows[inside_y]
    if not len(columns) or not len(rows):
        return canvas
    size = (len(columns), len(rows))
    source = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    how = cv2.INTER_AREA if viewport.scale < 1 else cv2.INTER_LINEAR if viewport.scale < 3 else cv2.INTER_NEAREST
    if how == cv2.INTER_AREA:
        shown = cv2.resize(source, size, interpolation=how)
    else:
        left, top = viewport.origin
        x, y = seen.left + int(np.argmax(inside_x)), seen.top + int(np.argmax(inside_y))
        # Where the middle of the first pixel shown lies in the source.
        start = (
            left + (x + 0.5) / viewport.scale - columns[0] - 0.5,
            top + (y + 0.5) / viewport.scale - rows[0] - 0.5,
        )
        shift = np.array([[1 / viewport.scale, 0, start[0]], [0, 1 / viewport.scale, start[1]]])
        shown = cv2.warpAffine(source, shift, size, flags=how | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
    area = canvas[seen.slices]
    area[np.ix_(np.flatnonzero(inside_y), np.flatnonzero(inside_x))] = shown[:, :, ::-1]
    return canvas


_SEGMENT_COLOURS = np.random.default_rng(3).integers(60, 220, (997, 3)).astype(np.uint8)
