"""What is drawn over a picture while it is annotated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from icas_core.painter.events import Pointer
from icas_core.painter.overlay import draw_brush
from icas_core.painter.prompting import Prompting, draw_prompts
from icas_core.painter.viewport import Viewport


def test_a_stroke_wider_than_opencv_draws_is_drawn_on_a_tiny_picture() -> None:
    viewport = Viewport((40, 1), (1180, 730), zoom=64.0)
    prompting = replace(Prompting("grabcut"), radius=100)
    for kind in ("down", "move", "up"):
        prompting = prompting.pointed(Pointer("icas", kind, "left" if kind != "move" else "", 20 + len(kind), 0))
    canvas = np.zeros((730, 1180, 3), np.uint8)
    draw_prompts(canvas, prompting, viewport)
    assert (canvas == (80, 220, 80)).all(), "all that is seen is inside"
    draw_brush(canvas, (500, 300), 100.5 * viewport.scale)


def test_what_was_found_is_drawn_on_the_picture_only() -> None:
    viewport = Viewport((10, 10), (100, 40))
    labels = np.ones((10, 10), np.int32)
    labels[:5] = 0
    canvas = np.full((40, 100, 3), 200, np.uint8)
    draw_prompts(canvas, Prompting("SAM", found=(None, labels)), viewport)
    assert (canvas[:, :30] == 200).all()
    assert (canvas[:, 70:] == 200).all()
    assert (canvas[5, 40:60] == 100).all(), "what is not found is darker"
    assert (canvas[30, 40:60] == 200).all()
    assert ((canvas[18:21, 50] == (0, 255, 255)).all(axis=1)).any(), "outlined"
