"""The window's picture: the curve, the line with its numbers, and pairs from both sides of it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from icas_core.painter.texts import width_of, written
from icas_core.threshold.choosing import THUMBNAIL, Choosing
from icas_core.threshold.curve import Pair
from icas_core.threshold.thumbnails import Thumbnails

_BACK, _PLOT, _GRID, _FRONT, _DIM = (40, 40, 40), (28, 28, 28), (62, 62, 62), (255, 255, 255), (170, 170, 170)
CURVE, LINE = (230, 180, 90), (60, 150, 255)
_ABOVE, _BELOW = (120, 200, 110), (110, 110, 235)
KEYS = "click or Enter: take it    up / down: 0.001    d: default    Esc or q: leave without choosing"


def drawn(state: Choosing, thumbnails: Thumbnails) -> np.ndarray:
    """The window's picture, (height, width, 3) uint8 BGR."""
    width, height = state.layout.size
    canvas = np.full((height, width, 3), _BACK, np.uint8)
    title = f"{state.method}: which pairs are similar?"
    written(canvas, title, (12, 10), 17, _FRONT, bold=True)
    written(canvas, KEYS, (width - width_of(KEYS, 12) - 14, 14), 12, _DIM)
    _draw_axes(canvas, state)
    _draw_curve(canvas, state)
    _draw_line(canvas, state)
    _draw_numbers(canvas, state)
    above, below = state.curve.examples(state.threshold, state.layout.examples)
    for top, colour, text, pairs in (
        (state.layout.rows[0], _ABOVE, "just above the line: similar", above),
        (state.layout.rows[1], _BELOW, "just below the line: not similar", below),
    ):
        written(canvas, text, (12, top), 14, colour, bold=True)
        _draw_pairs(canvas, pairs, top + 22, colour, thumbnails)
    return canvas


def example_paths(state: Choosing) -> list[str]:
    """The pictures of the pairs that are shown."""
    rows = state.curve.examples(state.threshold, state.layout.examples)
    return [path for pairs in rows for pair in pairs for path in (pair.a, pair.b)]


def _draw_axes(canvas: np.ndarray, state: Choosing) -> None:
    layout, axis = state.layout, state.axis
    plot = layout.plot
    canvas[plot.slices] = _PLOT
    for threshold in _round_steps(layout.low):
        row = layout.row_of(threshold)
        canvas[row, plot.left : plot.right] = _GRID
        text = f"{threshold:.2f}"
        written(canvas, text, (plot.left - width_of(text, 12) - 8, row - 9), 12, _DIM)
    free = plot.left
    for power in axis.ticks():
        column = int(axis.column(power))
        canvas[plot.slices[0], column] = _GRID
        text = f"{power:,}"
        left = column - width_of(text, 12) // 2
        if left >= free:
            written(canvas, text, (left, plot.bottom + 4), 12, _DIM)
            free = left + width_of(text, 12) + 10
    written(canvas, "↑ threshold", (8, plot.bottom + 4), 12, _DIM)
    written(canvas, f"similar pairs of {state.curve.folder:,} pictures →", (plot.left, plot.bottom + 22), 12, _DIM)
    row = layout.row_of(state.default)
    canvas[row, plot.left : plot.right : 4] = _DIM
    text = f"default {state.default:g}"
    written(canvas, text, (plot.right - width_of(text, 12) - 6, row + 2), 12, _DIM)


def _draw_curve(canvas: np.ndarray, state: Choosing) -> None:
    plot = state.layout.plot
    rows = np.arange(plot.top, plot.bottom)
    thresholds = np.array([state.layout.threshold_at(int(row)) for row in rows])
    columns = state.axis.column(state.curve.expected(thresholds))
    points = np.stack([columns, rows], axis=1).astype(np.int32)
    cv2.polylines(canvas, [points[:, None]], False, CURVE, 2, cv2.LINE_AA)


def _draw_line(canvas: np.ndarray, state: Choosing) -> None:
    plot = state.layout.plot
    row = state.layout.row_of(state.threshold)
    if not plot.top <= row < plot.bottom:
        return
    canvas[row, plot.left : plot.right] = LINE
    column = int(state.axis.column(state.curve.expected(np.array([state.threshold])))[0])
    canvas[row : plot.bottom : 3, column] = LINE
    cv2.circle(canvas, (column, row), 5, LINE, cv2.FILLED, cv2.LINE_AA)


def _draw_numbers(canvas: np.ndarray, state: Choosing) -> None:
    at, curve = state.curve.at(state.threshold), state.curve
    whole = len(curve.paths) == curve.folder
    about, number = ("", _exact) if whole else ("about ", _rounded)
    lines = [
        (f"threshold {at.threshold:.3f}", 22, _FRONT),
        (f"{about}{number(at.expected)} similar pairs", 15, _FRONT),
        (f"{about}{number(at.pictures)} of {curve.folder:,} pictures clustered", 15, _FRONT),
        ("", 8, _DIM),
        ("all pictures were compared:" if whole else f"in the sample of {len(curve.paths)} pictures:", 13, _DIM),
        (f"{at.pairs:,} similar pairs", 13, _DIM),
        (f"{at.clustered} pictures in {at.clusters} clusters", 13, _DIM),
        (f"{at.largest} pictures in the largest", 13, _DIM),
    ]
    left, top = state.layout.plot.right + 18, state.layout.plot.top + 4
    for text, size, colour in lines:
        written(canvas, text, (left, top), size, colour, bold=size > 20)
        top += size + 11


def _draw_pairs(
    canvas: np.ndarray, pairs: Sequence[Pair], top: int, colour: tuple[int, int, int], thumbnails: Thumbnails
) -> None:
    for number, pair in enumerate(pairs):
        left = 12 + number * (2 * THUMBNAIL + 28)
        for place, path in ((left, pair.a), (left + THUMBNAIL + 4, pair.b)):
            picture = thumbnails.get(path)
            if picture is None:
                canvas[top : top + THUMBNAIL, place : place + THUMBNAIL] = _GRID
                continue
            height, width = picture.shape[:2]
            down, right = (THUMBNAIL - height) // 2, (THUMBNAIL - width) // 2
            canvas[top + down : top + down + height, place + right : place + right + width] = picture
        canvas[top + THUMBNAIL + 2 : top + THUMBNAIL + 4, left : left + 2 * THUMBNAIL + 4] = colour
        written(canvas, f"{pair.similarity:.3f}", (left, top + THUMBNAIL + 5), 12, _DIM)


def _round_steps(low: float) -> list[float]:
    """Round thresholds from `low` to 1, eleven at most."""
    step = next(step for step in (0.005, 0.01, 0.02, 0.05, 0.1) if (1 - low) / step <= 10.001)
    first = int(np.ceil(round(low / step, 6)))
    return [round(number * step, 3) for number in range(first, round(1 / step) + 1)]


def _exact(value: float) -> str:
    return f"{value:,.0f}"


def _rounded(value: float) -> str:
    """Two figures say enough of a number that is estimated."""
    if value < 100:
        return f"{value:.0f}"
    power = 10 ** (int(np.log10(value)) - 1)
    return f"{round(value / power) * power:,}"
