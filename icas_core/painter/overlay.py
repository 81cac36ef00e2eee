"""What lies over the picture: the status line, lines and circles under way, and the help."""

from __future__ import annotations

import cv2
import numpy as np

from icas_core.painter.painting import Painting
from icas_core.painter.state import CutChain, State
from icas_core.painter.texts import width_of, written
from icas_core.painter.viewport import Viewport

STATUS_HEIGHT = 30
_LARGEST = 30_000  # radius in pixels: OpenCV counts in 16 bits
_LIT, _LIGHT = 2, (255, 255, 255)  # the line along the segment under the pointer: its width, its colour
_BACK = (30, 30, 30)
_GOOD, _BAD, _TEXT = (120, 200, 120), (70, 70, 235), (230, 230, 230)

HELP = (
    ("left click", "fill the segment with the chosen class"),
    ("right click", "unfill it"),
    ("double left / right click", "continuous fill / unfill on and off"),
    ("middle click, middle click, …", "cut along the line; Esc ends it"),
    ("1 – 9", "choose a class; or click in the class window"),
    ("z / y", "undo / redo"),
    ("r", "reset the picture"),
    ("[ / ]", "finer / coarser segments; only what is not painted is cut anew"),
    ("b", "brush on and off: left paints, right erases"),
    (", / .", "smaller / larger brush"),
    ("g / s", "grabcut / Segment Anything on this picture"),
    ("t", "paint by templates"),
    ("+ / - / 0 or wheel", "zoom in, out, fit"),
    ("shift + drag", "move the picture"),
    ("d", "show the segments, then the painted pixels"),
    ("o", "opacity of the paint"),
    ("space", "this picture is done: write its masks, on to the next"),
    ("n / p", "next / previous picture; writes no masks, leaves it as it is"),
    ("h", "this help on and off"),
    ("q", "quit; everything is kept"),
)
PROMPT_HELP = (
    ("middle drag", "a rectangle, or several"),
    ("left / right", "grabcut: paint sure foreground / background; SAM: a point of it / not of it"),
    ("ctrl + left / right", "grabcut: possible foreground / background"),
    ("space", "grabcut: one iteration; SAM: predict (no prompts: all objects)"),
    ("z / r", "back / reset"),
    (", / .", "brush smaller / larger"),
    ("f", "hand the result to painting as segments"),
    ("q", "back to painting without it"),
)


def draw_status(canvas: np.ndarray, left: str, right: str, *, bad: bool) -> None:
    """Write the status line on the canvas's lowest rows; `bad` marks the right side as something to heed."""
    line = canvas[-STATUS_HEIGHT:]
    line[:] = _BACK
    space = canvas.shape[1] - width_of(right, 14, bad) - 16
    written(line, right, (max(0, space), 5), 14, _BAD if bad else _GOOD, bold=bad)
    written(line[:, : max(1, space - 10)], left, (8, 5), 14, _TEXT)


def draw_gesture(canvas: np.ndarray, state: State, viewport: Viewport, pointer: tuple[int, int]) -> None:
    """Draw the cut under way up to the pointer, and the brush around it."""
    if isinstance(state.gesture, CutChain):
        points = [viewport.to_canvas(*point) for point in state.gesture.points]
        line = np.array([*points, pointer], np.int32).reshape(-1, 1, 2)
        for colour, width in (((0, 0, 0), 3), ((0, 255, 255), 1)):
            cv2.polylines(canvas, [line], isClosed=False, color=colour, thickness=width, lineType=cv2.LINE_AA)
        for point in points:
            cv2.circle(canvas, point, 4, (0, 255, 255), cv2.FILLED, cv2.LINE_AA)
    elif state.tool == "brush":
        draw_brush(canvas, pointer, state.diameter * viewport.scale / 2)


def draw_lit(canvas: np.ndarray, painting: Painting, segment: int, viewport: Viewport) -> None:
    """Draw a bright line along a segment's edge, inside it: what a click would fill."""
    box = viewport.on_canvas(painting.box_of(segment))
    if box.empty:
        return
    width, height = viewport.picture
    columns, rows = viewport.columns(box.left, box.right), viewport.rows(box.top, box.bottom)
    inside_x, inside_y = (columns >= 0) & (columns < width), (rows >= 0) & (rows < height)
    ids = painting.segments.sampled(np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))
    here = ((ids == segment) & inside_y[:, None] & inside_x).astype(np.uint8)
    inner = cv2.erode(here, np.ones((3, 3), np.uint8), iterations=_LIT, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    canvas[box.slices][here > inner] = _LIGHT


def draw_brush(canvas: np.ndarray, pointer: tuple[int, int], radius: float) -> None:
    """Draw a brush's outline around the pointer."""
    for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.circle(canvas, pointer, min(max(1, round(radius)), _LARGEST), colour, width, cv2.LINE_AA)


def draw_help(canvas: np.ndarray, lines: tuple[tuple[str, str], ...]) -> None:
    """Lay a panel with every key over the canvas."""
    row = min(26, max(16, (canvas.shape[0] - 60) // len(lines)))
    size = max(10, row - 11)
    first = max(width_of(key, size, True) for key, _ in lines) + 24
    width = min(canvas.shape[1], first + max(width_of(text, size) for _, text in lines) + 48)
    height = min(canvas.shape[0], row * len(lines) + 32)
    left, top = (canvas.shape[1] - width) // 2, max(0, (canvas.shape[0] - STATUS_HEIGHT - height) // 2)
    panel = canvas[top : top + height, left : left + width]
    panel[:] = (panel * 0.12 + 18).astype(np.uint8)
    for number, (key, text) in enumerate(lines):
        y = 16 + number * row
        written(panel, key, (24, y), size, (120, 220, 255), bold=True)
        written(panel, text, (24 + first, y), size, _TEXT)
