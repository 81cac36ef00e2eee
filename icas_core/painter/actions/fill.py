"""Fill and unfill: one segment at a click, or every segment that the pointer passes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from icas_core.painter.painting import Painting
from icas_core.painter.state import State, Sweep, committed
from icas_core.painter.strokes import Point, line_pixels


def filled(painting: Painting, at: Point, class_id: int) -> Painting:
    """The painting with the segment at a pixel in a class (0: unpainted); the very same if it was."""
    segment = painting.segments.at(*at)
    return painting if painting.classes[segment] == class_id else painting.with_classes(segment, class_id)


def passed(painting: Painting, start: Point, end: Point, class_id: int) -> Painting:
    """The painting with every segment on the line between two pixels in a class; the very same if all were."""
    crossed = np.unique(painting.segments.of_pixels(*line_pixels(start, end, painting.box)))
    other = crossed[painting.classes[crossed] != class_id]
    return painting.with_classes(other, class_id) if len(other) else painting


def begin_sweep(state: State, at: Point, *, filling: bool) -> State:
    """Turn continuous fill or unfill on; the pointer is at `at`."""
    return replace(state, gesture=Sweep(filling, state.painting, at), note="")


def sweep_on(state: State, sweep: Sweep, at: Point | None) -> State:
    """Fill or unfill what the pointer passed on its way to `at` (None: it left the picture)."""
    painting = state.painting
    if at is not None:
        painting = passed(painting, sweep.last or at, at, state.chosen if sweep.filling else 0)
    return replace(state, painting=painting, gesture=replace(sweep, last=at))


def end_sweep(state: State, sweep: Sweep) -> State:
    """Turn continuous fill or unfill off: all that was passed is one step."""
    return committed(state, state.painting, since=sweep.before, gesture=None)
