"""What the windows show: each picture is drawn anew only where something that it shows has changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from icas_core.painter.overlay import (
    HELP,
    PROMPT_HELP,
    STATUS_HEIGHT,
    draw_brush,
    draw_gesture,
    draw_help,
    draw_lit,
    draw_status,
)
from icas_core.painter.picker import Picker
from icas_core.painter.prompting import draw_prompts, foreground_picture
from icas_core.painter.session import Session
from icas_core.painter.state import CutChain, Stroke
from icas_core.painter.status import Status, status_of
from icas_core.painter.view import LOOKS, Look, View
from icas_core.painter.viewport import Viewport
from icas_core.painter.window import Windows

PICTURE, CLASSES, FOREGROUND = "icas", "icas classes", "icas foreground"
_OPACITIES = (0.5, 0.75, 1.0, 0.0, 0.25)
_SIZE, _PICKER_SIZE, _FOREGROUND_SIZE = (1180, 760), (240, 640), (420, 320)
_CORNER, _PICKER_CORNER, _FOREGROUND_CORNER = (20, 40), (_SIZE[0] + 40, 40), (_SIZE[0] - 440, 420)


class Display:
    """The session in its windows, and how it is looked at.

    own: the person's own picture to pick colours from, RGB uint8. pointer: where it is in the picture's window.
    """

    def __init__(self, session: Session, windows: Windows, own: np.ndarray | None) -> None:
        self.session = session
        self.windows = windows
        self.picker = Picker(session.classes, own, _PICKER_SIZE)
        self.viewport: Viewport | None = None
        self.pointer = (-1, -1)  # nowhere yet
        self._canvas = _SIZE
        self._foreground_size = _FOREGROUND_SIZE
        self._view: View | None = None
        self._look = Look(LOOKS[0], _OPACITIES[0], session.classes.palette())
        self._help = False
        self._shown: dict[str, Any] = {}
        self.open(PICTURE)
        self.open(CLASSES)

    def open(self, window: str) -> None:
        """Open a window, or open it again after it was closed."""
        self._shown.pop(window, None)
        if window == PICTURE:
            self.windows.open(PICTURE, self._canvas, _CORNER)
        elif window == CLASSES:
            self.windows.open(CLASSES, self.picker.size, _PICKER_CORNER)

    def resize(self, window: str, width: int, height: int) -> None:
        """A window has another size."""
        size = (max(width, 40), max(height, STATUS_HEIGHT + 10))
        if window == PICTURE:
            self._canvas = size
            if self.viewport is not None:
                self.viewport = self.viewport.of(self.viewport.picture, self._area)
        elif window == CLASSES:
            self.picker = replace(self.picker, size=size)
        elif window == FOREGROUND:
            self._foreground_size = size

    def key(self, key: str) -> bool:
        """A key that changes only how things are shown; whether it is one."""
        if key == "h":
            self._help = not self._help
        elif key in _ZOOMS and self.viewport is not None:
            self.viewport = self.viewport.zoomed(_ZOOMS[key], self.viewport.canvas[0] / 2, self.viewport.canvas[1] / 2)
        elif key == "d":
            self._look = replace(self._look, kind=LOOKS[(LOOKS.index(self._look.kind) + 1) % len(LOOKS)])
        elif key == "o":
            opacity = _OPACITIES[(_OPACITIES.index(self._look.opacity) + 1) % len(_OPACITIES)]
            self._look = replace(self._look, opacity=opacity)
        else:
            return key in _ZOOMS
        return True

    def zoom(self, turn: int, x: int, y: int) -> None:
        """Closer or further where the pointer is."""
        if self.viewport is not None:
            self.viewport = self.viewport.zoomed(_ZOOMS["+" if turn > 0 else "-"], x, y)
            self._shown.pop(PICTURE, None)

    def move_slider(self) -> None:
        """Let grabcut's slider show the brush's size."""
        if self.session.prompting is not None and FOREGROUND in self._shown:
            self.windows.set_slider(FOREGROUND, self.session.prompting.radius)

    def draw(self) -> None:
        """Show what has changed since the last call; nothing where nothing has."""
        if self._view is not None and self._view.picture is not self.session.picture:
            self._view = None
        self._draw_picture()
        self._draw_picker()
        self._draw_foreground()

    @property
    def _area(self) -> tuple[int, int]:
        return self._canvas[0], max(1, self._canvas[1] - STATUS_HEIGHT)

    def _draw_picture(self) -> None:
        session = self.session
        if session.picture is not None and self._view is None:
            self._view = View(session.picture)
            first = Viewport(self._view.size, self._area)
            self.viewport = first if self.viewport is None else self.viewport.of(self._view.size, self._area)
        status = status_of(session, self.viewport)
        state, prompting = session.state, session.prompting
        pointer = self.pointer if _follows(session) else self._lit()
        now = (self._view, self.viewport, state, prompting, self._look, status, self._help, pointer, self._canvas)
        if self._shown.get(PICTURE) is not None and all(
            a is b or (isinstance(a, Status | tuple | Viewport | int) and a == b)
            for a, b in zip(now, self._shown[PICTURE], strict=True)
        ):
            return
        self._shown[PICTURE] = now
        canvas = np.full((self._canvas[1], self._canvas[0], 3), 45, np.uint8)
        if self._view is not None and self.viewport is not None:
            self._draw_painting(canvas[: -STATUS_HEIGHT or None], self._view, self.viewport)
        if self._help:
            draw_help(canvas, PROMPT_HELP if prompting is not None else HELP)
        draw_status(canvas, status.left, status.right, bad=status.bad)
        self.windows.unzoom(canvas)
        self.windows.show(PICTURE, canvas)

    def _draw_painting(self, area: np.ndarray, view: View, viewport: Viewport) -> None:
        state, prompting = self.session.state, self.session.prompting
        painting = state.painting if state is not None else None
        stroke = state.gesture if state is not None and isinstance(state.gesture, Stroke) else None
        area[:] = view.drawn(viewport, painting, stroke, self._look)
        if painting is not None and (lit := self._lit()) is not None:
            draw_lit(area, painting, lit, viewport)
        if prompting is not None:
            draw_prompts(area, prompting, viewport)
            if prompting.method == "grabcut":
                draw_brush(area, self.pointer, (prompting.radius + 0.5) * viewport.scale)
        elif state is not None:
            draw_gesture(area, state, viewport, self.pointer)

    def _lit(self) -> int | None:
        """The segment that a click would fill, None where it would fill none."""
        state = self.session.state
        if state is None or self.viewport is None or self._look.kind == "painted" or _mode(self.session) not in _FILLS:
            return None
        at = self.viewport.to_picture(*self.pointer)
        return state.painting.segments.at(*at) if state.painting.has(*at) else None

    def _draw_picker(self) -> None:
        session = self.session
        if session.classes is not self.picker.classes:
            self.picker = replace(self.picker, classes=session.classes)
            self._look = replace(self._look, palette=session.classes.palette())
        now = (self.picker, session.hand.chosen, _mode(session))
        if now != self._shown.get(CLASSES):
            self._shown[CLASSES] = now
            self.windows.show(CLASSES, self.picker.drawn(now[1], now[2]))

    def _draw_foreground(self) -> None:
        prompting, picture = self.session.prompting, self.session.picture
        if prompting is None or prompting.method != "grabcut" or picture is None:
            if self._shown.pop(FOREGROUND, None) is not None:
                self.windows.shut(FOREGROUND)
            return
        if FOREGROUND not in self._shown:
            self._foreground_size = _FOREGROUND_SIZE  # what it was before is without the slider
            self.windows.open(FOREGROUND, self._foreground_size, _FOREGROUND_CORNER)
            self.windows.add_slider(FOREGROUND, "brush", prompting.radius, 100)
        now = (prompting.found, self._foreground_size)
        if self._shown.get(FOREGROUND) != now:
            self._shown[FOREGROUND] = now
            self.windows.show(FOREGROUND, foreground_picture(picture, prompting, self._foreground_size))


def _mode(session: Session) -> str:
    if session.prompting is not None:
        return session.prompting.method
    return session.state.mode if session.state is not None else "fill"


def _follows(session: Session) -> bool:
    """Whether something is drawn at the pointer."""
    if session.prompting is not None:
        return session.prompting.method == "grabcut"
    state = session.state
    return state is not None and (state.tool == "brush" or isinstance(state.gesture, CutChain))


_FILLS = ("fill", "continuous fill", "continuous unfill")
_ZOOMS = {"+": 1.25, "-": 0.8, "0": 0.0}
