"""Cut: lines between points clicked one after the other split the segments they cross."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from icas_core.painter.draft import Draft
from icas_core.painter.painting import Painting
from icas_core.painter.parts import parts_beside
from icas_core.painter.state import CutChain, State, committed
from icas_core.painter.strokes import Point, chain_pixels, line_pixels


def cut_along(painting: Painting, points: tuple[Point, ...]) -> Painting:
    """The painting with the segments that the last line of a chain crosses split by the whole chain.

    The chain's own pixels go to a side, so that no pixel is left without a segment. The very same painting if the
    chain splits nothing.
    """
    crossed = np.unique(painting.segments.of_pixels(*line_pixels(points[-2], points[-1], painting.box)))
    if not len(crossed):
        return painting
    rows, columns = chain_pixels(points, painting.box)
    of_chain = painting.segments.of_pixels(rows, columns)
    draft = Draft(painting)
    for segment in crossed.tolist():
        on_it = of_chain == segment
        line = rows[on_it], columns[on_it]
        for part in parts_beside(painting.segments.window, segment, painting.box_of(segment), line):
            draft.add_from(segment, part)
    return draft.painting()


def cut_to(state: State, at: Point) -> State:
    """Begin a chain at a point, or cut from its last point to this one."""
    chain = state.gesture
    if not isinstance(chain, CutChain):
        return replace(state, gesture=CutChain((at,), (False,)), note="")
    painting = cut_along(state.painting, (*chain.points, at))
    split = painting is not state.painting
    longer = CutChain((*chain.points, at), (*chain.cuts, split))
    return committed(state, painting, gesture=longer, note="" if split else "this line splits no segment yet")
