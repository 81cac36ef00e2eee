"""grabcut and Segment Anything on one picture: what a person tells of its objects, and what was found so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np

from icas_core.painter.events import Pointer
from icas_core.painter.viewport import Viewport
from icas_core.segmentation.prompts import Box, Mark, Point, Prompts, Stroke

_COLOURS = {
    Mark.FOREGROUND: (80, 220, 80),
    Mark.BACKGROUND: (60, 60, 235),
    Mark.POSSIBLE_FOREGROUND: (200, 255, 200),
    Mark.POSSIBLE_BACKGROUND: (190, 190, 255),
}
_WIDEST = 32_767  # of OpenCV's lines


@dataclass(frozen=True, eq=False)
class Prompting:
    """One picture's prompts; `method` is grabcut or SAM.

    found: what was found by the prompts so far (what the method goes on from, the (height, width) int32 labels of the
    objects with 0 elsewhere); past: what `z` goes back to. drag: where a drag began, with its button and control key.
    """

    method: str
    prompts: Prompts = field(default_factory=Prompts)
    found: tuple[Any, np.ndarray] | None = None
    past: tuple[Prompting, ...] = ()
    radius: int = 8
    drag: tuple[str, bool, tuple[tuple[int, int], ...]] | None = None
    busy: str = ""
    note: str = ""

    def with_found(self, found: tuple[Any, np.ndarray], note: str) -> Prompting:
        """With a result."""
        return replace(self, found=found, past=self._history(), busy="", note=note)

    def back(self) -> Prompting:
        """One prompt or one result back."""
        if not self.past:
            return replace(self, note="nothing to take back")
        return replace(self.past[-1], past=self.past[:-1], radius=self.radius, note="taken back")

    def reset(self) -> Prompting:
        """With no prompt and no result; `z` brings them back."""
        return Prompting(self.method, past=self._history(), radius=self.radius, note="reset")

    def pointed(self, event: Pointer) -> Prompting:
        """After something that the pointer did, in pixels of the picture."""
        at = (event.x, event.y)
        if event.kind in ("down", "double"):
            return replace(self, drag=(event.button, event.ctrl, (at,)), note="")
        if self.drag is None:
            return self
        button, ctrl, line = self.drag
        if event.kind == "move":
            # A rectangle and a point are where the pointer is; a stroke is all of its way.
            kept = line[:1] if button == "middle" or self.method == "SAM" else line
            return self if at == line[-1] else replace(self, drag=(button, ctrl, (*kept, at)))
        return self._dropped(button, ctrl, line) if event.kind == "up" and event.button == button else self

    def _dropped(self, button: str, ctrl: bool, line: tuple[tuple[int, int], ...]) -> Prompting:
        done = replace(self, drag=None)
        if button == "middle":
            if len(line) < 2:
                return done
            return done._adding(Box.between(line[0], line[-1]))
        if self.method == "SAM":
            return done._adding(Point(*line[-1], foreground=button == "left"))
        return done._adding(Stroke(mark_of(button, ctrl), line, self.radius))

    def _adding(self, prompt: Box | Point | Stroke) -> Prompting:
        return replace(self, prompts=self.prompts.adding(prompt), past=self._history(), note="")

    def _history(self) -> tuple[Prompting, ...]:
        return (*self.past, replace(self, past=(), drag=None, busy=""))


def mark_of(button: str, ctrl: bool) -> Mark:
    """What a stroke with a button says."""
    if button == "left":
        return Mark.POSSIBLE_FOREGROUND if ctrl else Mark.FOREGROUND
    return Mark.POSSIBLE_BACKGROUND if ctrl else Mark.BACKGROUND


def draw_prompts(canvas: np.ndarray, prompting: Prompting, viewport: Viewport) -> None:
    """Draw the prompts, and the outlines of what was found, over the canvas (BGR)."""
    if prompting.found is not None:
        _draw_found(canvas, prompting.found[1], viewport)
    strokes, boxes = list(prompting.prompts.strokes), list(prompting.prompts.boxes)
    if prompting.drag is not None:
        button, ctrl, line = prompting.drag
        if button == "middle":
            boxes += [Box.between(line[0], line[-1])]
        elif prompting.method == "grabcut":
            strokes += [Stroke(mark_of(button, ctrl), line, prompting.radius)]
    for stroke in strokes:
        points = np.array([viewport.to_canvas(*point) for point in stroke.line], np.int32)
        width = min(max(1, round((2 * stroke.radius + 1) * viewport.scale)), _WIDEST)
        cv2.polylines(canvas, [points.reshape(-1, 1, 2)], False, _COLOURS[stroke.mark], width)
        cv2.circle(canvas, points[0].tolist(), width // 2, _COLOURS[stroke.mark], cv2.FILLED)
    for box in boxes:
        corners = viewport.to_canvas(box.left, box.top), viewport.to_canvas(box.right - 1, box.bottom - 1)
        cv2.rectangle(canvas, *corners, (0, 0, 0), 3)
        cv2.rectangle(canvas, *corners, (255, 160, 40), 2)
    for point in prompting.prompts.points:
        at = viewport.to_canvas(point.x, point.y)
        colour = _COLOURS[Mark.FOREGROUND if point.foreground else Mark.BACKGROUND]
        cv2.circle(canvas, at, 7, (0, 0, 0), cv2.FILLED, cv2.LINE_AA)
        cv2.circle(canvas, at, 5, colour, cv2.FILLED, cv2.LINE_AA)


def foreground_picture(picture: np.ndarray, prompting: Prompting, size: tuple[int, int]) -> np.ndarray:
    """What was found, on black, fitted into `size` (width, height); BGR."""
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    scale = min(size[0] / picture.shape[1], size[1] / picture.shape[0])
    width, height = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)[:, :, ::-1]
    if prompting.found is None:
        shown = small // 4
    else:
        mask = cv2.resize((prompting.found[1] > 0).astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        shown = small * mask[:, :, None]
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    canvas[top : top + height, left : left + width] = shown
    return canvas


def _draw_found(canvas: np.ndarray, labels: np.ndarray, viewport: Viewport) -> None:
    rows, columns = viewport.rows(0, canvas.shape[0]), viewport.columns(0, canvas.shape[1])
    down, across = (rows >= 0) & (rows < labels.shape[0]), (columns >= 0) & (columns < labels.shape[1])
    if not down.any() or not across.any():
        return
    top, left = int(np.argmax(down)), int(np.argmax(across))
    seen = labels[np.ix_(rows[down], columns[across])]
    area = canvas[top : top + seen.shape[0], left : left + seen.shape[1]]
    area[seen == 0] //= 2
    edges = np.zeros(seen.shape, bool)
    edges[:-1] |= seen[:-1] != seen[1:]
    edges[:, :-1] |= seen[:, :-1] != seen[:, 1:]
    area[edges] = (0, 255, 255)


def grabcut_step(picture: np.ndarray, prompts: Prompts, before: Any) -> tuple[Any, np.ndarray]:
    """One iteration of grabcut."""
    from icas_core.segmentation.grabcut import cut

    found = cut(picture, prompts, before, iterations=1)
    return found, found.foreground.astype(np.int32)


def grabcut_result(picture: np.ndarray, prompts: Prompts, found: Any) -> np.ndarray:
    """The object at full resolution as labels, 0 elsewhere."""
    from icas_core.segmentation.grabcut import segments

    labels, inside = segments(picture, prompts, found)
    return np.where(inside, labels, 0).astype(np.int32)


def sam_step(
    predict: Callable[[np.ndarray, Prompts], np.ndarray], picture: np.ndarray, prompts: Prompts
) -> tuple[Any, np.ndarray]:
    """The objects that Segment Anything finds."""
    return None, predict(picture, prompts)
