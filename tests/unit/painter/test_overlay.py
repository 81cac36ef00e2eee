"""What lies over the picture."""

from __future__ import annotations

import numpy as np

from icas_core.painter.overlay import draw_lit
from icas_core.painter.painting import unpainted
from icas_core.painter.viewport import Viewport
from tests.unit.painter.paintings import blocks


def test_the_lit_segment_has_a_line_along_its_edge_and_all_else_is_as_it_was() -> None:
    labels = blocks()
    for viewport in (Viewport((32, 24), (320, 240)), Viewport((32, 24), (320, 240), 3.0).centred(12, 12)):
        canvas = np.zeros((240, 320, 3), np.uint8)
        draw_lit(canvas, unpainted(labels), 6, viewport)
        x, y = viewport.columns(0, 320), viewport.rows(0, 240)
        seen = labels[y][:, x] == 6
        lit = canvas.any(axis=2)
        assert not (lit & ~seen).any()
        around = np.pad(seen, 2)
        inside = np.logical_and.reduce([around[i : i + 240, j : j + 320] for i in range(5) for j in range(5)])
        assert np.array_equal(lit, seen & ~inside)
        assert lit.any()
