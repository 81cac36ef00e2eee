"""The program: a session in its windows."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from icas_core.painter.events import Closed, Event, Key, Pointer, Recorder, Resized, Slid
from icas_core.painter.overlay import (
    HELP,
    PROMPT_HELP,
    STATUS_HEIGHT,
    draw_brush,
    draw_gesture,
    draw_help,
    draw_status,
)
from icas_core.painter.picker import Picker
from icas_core.painter.prompting import draw_prompts, foreground_picture
from icas_core.painter.session import Session
from icas_core.painter.state import CutChain, Stroke
from icas_core.painter.view import LOOKS, Look, View
from icas_core.painter.viewport import Viewport
from icas_core.painter.window import Windows

PICTURE, CLASSES, FOREGROUND = "icas", "icas classes", "icas foreground"
_OPACITIES = (0.5, 0.75, 1.0, 0.0, 0.25)
_SIZE, _PICKER_SIZE, _FOREGROUND_SIZE = (1180, 760), (240, 640), (420, 320)


class Program:
    """Leads events to the session, and shows what came of them."""

    def __init__(self, session: Session, windows: Windows, own: np.ndarray | None, record: Path | None) -> None:
        # The window's thread waits for the others' Python no longer than this; five milliseconds are Python's own.
        sys.setswitchinterval(0.0005)
        self.session = session
        self.windows = windows
        self.record = Recorder(record, {"folder": str(session.options.folder)}) if record else None
        self._own = own
        self._canvas = _SIZE
        self._picker = Picker(session.classes, own, _PICKER_SIZE)
        self._foreground_size = _FOREGROUND_SIZE
        self._view: View | None = None
        self._viewport: Viewport | None = None
        self._look = Look(LOOKS[0], _OPACITIES[0], session.classes.palette())
        self._help = False
        self._pointer = (0, 0)
        self._panning: tuple[int, int] | None = None
        self._shown: dict[str, Any] = {}
        windows.open(PICTURE, _SIZE, (20, 40))
        windows.open(CLASSES, _PICKER_SIZE, (_SIZE[0] + 40, 40))

    def run(self) -> None:
        """Until the person quits."""
        self.windows.run(self.act, self.draw, lambda: self.session.running)
        if self.record is not None:
            self.record.close()

    def act(self, event: Event) -> None:
        """Do what an event asks for."""
        if self.record is not None:
            self.record.keep(event)
        if isinstance(event, Key):
            self._key(event.name)
        elif isinstance(event, Closed):
            self._closed(event.window)
        elif isinstance(event, Resized):
            self._resized(event)
        elif isinstance(event, Slid):
            self.session.resize_strokes(event.value)
        elif event.window == CLASSES:
            self._pick(event)
        elif event.window == PICTURE:
            self._point(event)

    def draw(self) -> None:
        """Show what has changed since the last call; nothing where nothing has."""
        session = self.session
        before = session.name
        session.tick()
        for line in session.progress.notes:
            print(f"icas: {line}", file=sys.stderr, flush=True)
        session.progress.notes.clear()
        if session.name != before or (self._view is not None and self._view.picture is not session.picture):
            self._view = None
        self._draw_picture()
        self._draw_picker()
        self._draw_foreground()

    def _draw_picture(self) -> None:
        session = self.session
        picture = session.picture
        if picture is not None and self._view is None:
            self._view = View(picture)
            area = (self._canvas[0], max(1, self._canvas[1] - STATUS_HEIGHT))
            first = Viewport(self._view.size, area)
            self._viewport = first if self._viewport is None else self._viewport.of(self._view.size, area)
        left, right, bad = self._status()
        state, prompting = session.state, session.prompting
        pointer = self._pointer if _follows(session) else None
        now = (self._view, self._viewport, state, prompting, self._look, left, right, self._help, pointer, self._canvas)
        if self._shown.get(PICTURE) is not None and all(
            a is b or (isinstance(a, str | tuple | Viewport) and a == b)
            for a, b in zip(now, self._shown[PICTURE], strict=True)
        ):
            return
        self._shown[PICTURE] = now
        canvas = np.full((self._canvas[1], self._canvas[0], 3), 45, np.uint8)
        if self._view is not None and self._viewport is not None:
            self._draw_painting(canvas[: -STATUS_HEIGHT or None], self._view, self._viewport)
        if self._help:
            draw_help(canvas, PROMPT_HELP if prompting is not None else HELP)
        draw_status(canvas, left, right, bad=bad)
        self.windows.unzoom(canvas)
        self.windows.show(PICTURE, canvas)

    def _draw_painting(self, area: np.ndarray, view: View, viewport: Viewport) -> None:
        state, prompting = self.session.state, self.session.prompting
        painting = state.painting if state is not None else None
        stroke = state.gesture if state is not None and isinstance(state.gesture, Stroke) else None
        area[:] = view.drawn(viewport, painting, stroke, self._look)
        if prompting is not None:
            draw_prompts(area, prompting, viewport)
            if prompting.method == "grabcut":
                draw_brush(area, self._pointer, (prompting.radius + 0.5) * viewport.scale)
        elif state is not None:
            draw_gesture(area, state, viewport, self._pointer)

    def _draw_picker(self) -> None:
        session = self.session
        if session.classes is not self._picker.classes:
            self._picker = replace(self._picker, classes=session.classes)
            self._look = Look(self._look.kind, self._look.opacity, session.classes.palette())
        now = (self._picker, self._chosen(), self._mode())
        if now != self._shown.get(CLASSES):
            self._shown[CLASSES] = now
            self.windows.show(CLASSES, self._picker.drawn(now[1], now[2]))

    def _draw_foreground(self) -> None:
        prompting, picture = self.session.prompting, self.session.picture
        if prompting is None or prompting.method != "grabcut" or picture is None:
            if self._shown.pop(FOREGROUND, None) is not None:
                self.windows.shut(FOREGROUND)
            return
        if FOREGROUND not in self._shown:
            self._foreground_size = _FOREGROUND_SIZE  # what it was before is without the slider
            self.windows.open(FOREGROUND, self._foreground_size, (_SIZE[0] - 440, 420))
            self.windows.add_slider(FOREGROUND, "brush", prompting.radius, 100)
        now = (prompting.found, self._foreground_size)
        if self._shown.get(FOREGROUND) != now:
            self._shown[FOREGROUND] = now
            self.windows.show(FOREGROUND, foreground_picture(picture, prompting, self._foreground_size))

    def _status(self) -> tuple[str, str, bool]:
        session = self.session
        saver, state = session.saver, session.state
        done = session.progress.done
        left = f"{session.name}   {session.index + 1} of {len(session.options.names)}, {done} done"
        if state is None:
            left += "   getting the segments ready …" if session.picture is not None else "   opening …"
        if self._viewport is not None and self._viewport.zoom > 1:
            left += f"   zoom {self._viewport.zoom:.1f}"
        note = session.hand.message or (session.prompting.busy or session.prompting.note if session.prompting else "")
        note = note or (state.note if state is not None else "")
        if note:
            left += f"   {note}"
        if saver.unsaved or saver.error:
            return left, f"UNSAVED: {_short(saver.error)}" if saver.unsaved else _short(saver.error), True
        kept = session.progress.begun(session.name)
        return left, ("saving …" if saver.busy else "saved" if kept else "") + "   h: help", False

    def _mode(self) -> str:
        session = self.session
        if session.prompting is not None:
            return session.prompting.method
        return session.state.mode if session.state is not None else "fill"

    def _chosen(self) -> int:
        return self.session.hand.chosen

    def _key(self, key: str) -> None:
        if key == "h":
            self._help = not self._help
        elif key in ("+", "-", "0") and self._viewport is not None:
            middle = self._viewport.canvas[0] / 2, self._viewport.canvas[1] / 2
            factor = {"+": 1.25, "-": 0.8, "0": 0.0}[key]
            self._viewport = self._viewport.zoomed(factor, *middle)
        elif key == "d":
            kind = LOOKS[(LOOKS.index(self._look.kind) + 1) % len(LOOKS)]
            self._look = replace(self._look, kind=kind)
        elif key == "o":
            opacity = _OPACITIES[(_OPACITIES.index(self._look.opacity) + 1) % len(_OPACITIES)]
            self._look = replace(self._look, opacity=opacity)
        else:
            self.session.key(key)
            if self.session.prompting is not None and key in (",", ".") and FOREGROUND in self._shown:
                self.windows.set_slider(FOREGROUND, self.session.prompting.radius)

    def _point(self, event: Pointer) -> None:
        viewport = self._viewport
        if viewport is None:
            return
        x, y = event.x, event.y
        if event.kind == "wheel":
            self._viewport = viewport.zoomed(1.25 if event.turn > 0 else 0.8, x, y)
            self._shown.pop(PICTURE, None)
            return
        if event.kind == "down" and event.button == "left" and event.shift:
            self._panning = (x, y)
            return
        if self._panning is not None:
            if event.kind == "move":
                self._viewport = viewport.panned(x - self._panning[0], y - self._panning[1])
                self._panning = (x, y)
            elif event.kind == "up":
                self._panning = None
            return
        self._pointer = (x, y)
        column, row = viewport.to_picture(x, y)
        if y >= viewport.canvas[1] and event.kind == "down":
            return  # on the status line
        self.session.point(replace(event, x=column, y=row))

    def _pick(self, event: Pointer) -> None:
        if event.kind != "down" or event.button != "left":
            return
        number, colour = self._picker.class_at(event.x, event.y), self._picker.colour_at(event.x, event.y)
        if number is not None:
            self.session.choose(number)
        elif colour is not None:
            self.session.choose_colour(colour)

    def _resized(self, event: Resized) -> None:
        size = (max(event.width, 40), max(event.height, STATUS_HEIGHT + 10))
        if event.window == PICTURE:
            self._canvas = size
            if self._viewport is not None:
                self._viewport = self._viewport.of(self._viewport.picture, (size[0], size[1] - STATUS_HEIGHT))
        elif event.window == CLASSES:
            self._picker = replace(self._picker, size=size)
        elif event.window == FOREGROUND:
            self._foreground_size = size

    def _closed(self, window: str) -> None:
        if window == PICTURE:
            self.session.quit()
            if self.session.running:  # something is not saved
                self._shown.pop(PICTURE, None)
                self.windows.open(PICTURE, self._canvas, (20, 40))
        elif window == CLASSES:
            self._shown.pop(CLASSES, None)
            self.windows.open(CLASSES, self._picker.size, (_SIZE[0] + 40, 40))
        else:
            self._shown.pop(FOREGROUND, None)


def _follows(session: Session) -> bool:
    """Whether something is drawn at the pointer."""
    if session.prompting is not None:
        return session.prompting.method == "grabcut"
    state = session.state
    return state is not None and (state.tool == "brush" or isinstance(state.gesture, CutChain))


def _short(text: str) -> str:
    return text if len(text) < 90 else text[:88] + " …"
