"""Brush and eraser: paint pixels whatever segments they belong to."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from icas_core.painter.draft import Draft
from icas_core.painter.painting import Painting
from icas_core.painter.parts import parts_of
from icas_core.painter.state import State, Stroke, committed
from icas_core.painter.strokes import Point, brushed


def begin_stroke(state: State, at: Point, class_id: int) -> State:
    """Put the brush down at a pixel, in a class (0: the eraser)."""
    box, mask = brushed((at,), state.diameter, state.painting.box)
    return replace(state, gesture=Stroke(class_id, at, at, box, mask), note="")


def stroke_on(state: State, stroke: Stroke, at: Point) -> State:
    """Draw the brush on to a pixel."""
    box, mask = brushed((stroke.last, at), state.diameter, state.painting.box)
    joined = stroke.box.joined(box)
    whole = np.zeros((joined.height, joined.width), bool)
    for part, pixels in ((stroke.box, stroke.mask), (box, mask)):
        whole[part.slices_in(joined)] |= pixels
    return replace(state, gesture=replace(stroke, last=at, box=joined, mask=whole))


def end_stroke(state: State, stroke: Stroke) -> State:
    """Lift the brush: the stroke is one step."""
    return committed(state, stroked(state.painting, stroke), gesture=None)


def stroked(painting: Painting, stroke: Stroke) -> Painting:
    """The painting with a stroke's pixels in its class; the very same if they all were.

    A stroke that begins on a segment of its own class makes that segment larger; any other is a segment of its own.
    What the stroke parts becomes segments of its own too.
    """
    if stroke.box.empty:
        return painting
    labels = painting.segments.window(stroke.box)
    pixels = stroke.mask & (painting.classes[labels] != stroke.class_id)
    if not pixels.any():
        return painting
    touched = np.unique(labels[pixels])
    extended = painting.segments.at(*stroke.start) if painting.has(*stroke.start) else 0
    if painting.classes[extended] != stroke.class_id:
        extended = 0
    draft = Draft(painting)
    _add_parts(draft, painting, pixels, stroke, extended)
    for segment in map(int, touched):
        _split(draft, segment)
    return draft.painting()


def _add_parts(draft: Draft, painting: Painting, pixels: np.ndarray, stroke: Stroke, extended: int) -> None:
    """Make each connected part of the pixels a segment, or a part of the one it extends where it touches that."""
    for part in parts_of(pixels, stroke.box):
        around = part.box.grown(1).within(painting.box)
        mask = np.zeros((around.height, around.width), np.uint8)
        mask[part.box.slices_in(around)] = part.mask
        beside = cv2.dilate(mask, _CROSS) > 0
        if extended and (painting.segments.window(around)[beside] == extended).any():
            draft.extend(extended, part)
        else:
            draft.add(part, stroke.class_id)


def _split(draft: Draft, segment: int) -> None:
    """Give each connected part of a segment but the largest an id of its own."""
    box = draft.box_of(segment)
    parts = parts_of(draft.window(box) == segment, box)
    if not parts:
        draft.empty(segment)
    for part in parts[1:]:
        draft.add_from(segment, part)


_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
