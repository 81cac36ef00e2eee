"""The program: events are led to the session, or change how it is looked at."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from icas_core.painter.display import CLASSES, PICTURE, Display
from icas_core.painter.events import Closed, Event, Key, Pointer, Recorder, Resized, Slid
from icas_core.painter.session import Session
from icas_core.painter.window import Windows


class Program:
    """Leads events to the session, and lets the display show what came of them."""

    def __init__(self, session: Session, windows: Windows, own: np.ndarray | None, record: Path | None) -> None:
        # The window's thread waits for the others' Python no longer than this; five milliseconds are Python's own.
        sys.setswitchinterval(0.0005)
        self.session = session
        self.windows = windows
        self.record = Recorder(record, {"folder": str(session.options.folder)}) if record else None
        self._display = Display(session, windows, own)
        self._panning: tuple[int, int] | None = None

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
            self._display.resize(event.window, event.width, event.height)
        elif isinstance(event, Slid):
            self.session.resize_strokes(event.value)
        elif event.window == CLASSES:
            self._pick(event)
        elif event.window == PICTURE:
            self._point(event)

    def draw(self) -> None:
        """Take what the threads have finished, and show what has changed."""
        self.session.tick()
        notes = self.session.progress.notes
        for line in notes:
            print(f"icas: {line}", file=sys.stderr, flush=True)
        notes.clear()
        self._display.draw()

    def _key(self, key: str) -> None:
        if not self._display.key(key):
            self.session.key(key)
            if key in (",", "."):
                self._display.move_slider()

    def _point(self, event: Pointer) -> None:
        viewport = self._display.viewport
        if viewport is None:
            return
        x, y = event.x, event.y
        if event.kind == "wheel":
            self._display.zoom(event.turn, x, y)
            return
        if event.kind == "down" and event.button == "left" and event.shift:
            self._panning = (x, y)
            return
        if self._panning is not None:
            if event.kind == "move":
                self._display.viewport = viewport.panned(x - self._panning[0], y - self._panning[1])
                self._panning = (x, y)
            elif event.kind == "up":
                self._panning = None
            return
        self._display.pointer = (x, y)
        column, row = viewport.to_picture(x, y)
        if y >= viewport.canvas[1] and event.kind == "down":
            return  # on the status line
        self.session.point(replace(event, x=column, y=row))

    def _pick(self, event: Pointer) -> None:
        if event.kind != "down" or event.button != "left":
            return
        picker = self._display.picker
        number, colour = picker.class_at(event.x, event.y), picker.colour_at(event.x, event.y)
        if number is not None:
            self.session.choose(number)
        elif colour is not None:
            self.session.choose_colour(colour)

    def _closed(self, window: str) -> None:
        if window == PICTURE:
            self.session.quit()
            if not self.session.running:
                return
            # Something is not saved: the person is asked in the window.
        if window not in self.windows:
            self._display.open(window)
