"""The windows themselves: the only module that opens one, asks it for events, or shows a picture in it."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import cv2
import numpy as np

from icas_core.errors import IcasError
from icas_core.painter.events import Closed, Event, Key, Pointer, Resized, Slid
from icas_core.painter.keys import key_name
from icas_core.painter.native_events import Ears, keep_events_from_xlib, listen
from icas_core.painter.texts import font_folder

# Free of the ratio: else Qt leaves white bars beside a picture of another than the first one had.
_FLAGS = cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL
_PAUSE = 0.005  # seconds between two looks for events: about 1% of a core
_KINDS = {
    cv2.EVENT_MOUSEMOVE: ("move", ""),
    cv2.EVENT_LBUTTONDOWN: ("down", "left"),
    cv2.EVENT_RBUTTONDOWN: ("down", "right"),
    cv2.EVENT_MBUTTONDOWN: ("down", "middle"),
    cv2.EVENT_LBUTTONUP: ("up", "left"),
    cv2.EVENT_RBUTTONUP: ("up", "right"),
    cv2.EVENT_MBUTTONUP: ("up", "middle"),
    cv2.EVENT_LBUTTONDBLCLK: ("double", "left"),
    cv2.EVENT_RBUTTONDBLCLK: ("double", "right"),
    cv2.EVENT_MBUTTONDBLCLK: ("double", "middle"),
    cv2.EVENT_MOUSEWHEEL: ("wheel", ""),
}


def check_screen() -> None:
    """IcasError where there is no screen: OpenCV would end the whole program without a word to catch."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        raise IcasError("no screen: DISPLAY is not set; run this where windows can open (over ssh: ssh -X)")


class Windows:
    """The program's windows by name; what is done in them comes out of `events` in the order it was done."""

    def __init__(self) -> None:
        check_screen()
        if not keep_events_from_xlib():
            print("icas: clicks may get lost: libX11-xcb.so.1 is missing (Debian: libx11-xcb1)", file=sys.stderr)
        folder = font_folder()
        if folder is not None:
            os.environ["QT_QPA_FONTDIR"] = str(folder)
        self._sizes: dict[str, tuple[int, int]] = {}
        self._events: deque[Event] = deque()
        self._sliders: dict[str, str] = {}
        self._pointer = ("", 0, 0)
        self._given: list[Any] = []
        self._deaf: Callable[[], None] | None = None
        self._opening = ""
        self._names: dict[int, str] = {}

    def open(self, name: str, size: tuple[int, int], at: tuple[int, int]) -> None:
        """Open a window with this size (width, height) inside and this left top corner."""
        if self._deaf is None:
            self._deaf = listen(Ears(self._key, self._turned, self._shown, self._close))
        self._opening, self._sizes[name] = name, size
        cv2.namedWindow(name, _FLAGS)
        self._opening = ""
        cv2.resizeWindow(name, *size)
        cv2.moveWindow(name, *at)
        heard = self._heard
        cv2.setMouseCallback(name, heard, name)
        self._keep(heard)

    def __contains__(self, name: str) -> bool:
        """Whether a window is open."""
        return name in self._sizes

    def add_slider(self, name: str, label: str, value: int, most: int) -> None:
        """Put a slider into a window."""

        def slid(now: int) -> None:
            self._events.append(Slid(name, now))

        cv2.createTrackbar(label, name, value, most, slid)
        self._keep(slid)
        self._sliders[name] = label

    def _keep(self, callback: Callable[..., None]) -> None:
        """Keep what OpenCV made of a callback: it frees that when a window of this name is opened again.

        The earlier window may still be told something until Qt has done away with it.
        """
        self._given += [each for each in gc.get_referrers(callback) if type(each) is tuple]

    def set_slider(self, name: str, value: int) -> None:
        """Move a window's slider."""
        cv2.setTrackbarPos(self._sliders[name], name, value)

    def show(self, name: str, picture: np.ndarray) -> None:
        """Show a (height, width, 3) uint8 BGR picture of the window's size."""
        if name in self._sizes:
            cv2.imshow(name, picture)

    def shut(self, name: str) -> None:
        """Close a window."""
        if self._sizes.pop(name, None) is not None:
            with suppress(cv2.error):
                cv2.destroyWindow(name)

    def close(self) -> None:
        """Close all windows."""
        self._sizes.clear()
        cv2.destroyAllWindows()
        if self._deaf is not None:
            self._deaf()

    def run(self, act: Callable[[Event], None], draw: Callable[[], None], running: Callable[[], bool]) -> None:
        """Give each event to `act` and let `draw` show what changed, until `running` says no."""
        while running():
            draw()
            events = self.events()
            for event in events:
                act(event)
            if not events:
                time.sleep(_PAUSE)

    def events(self) -> list[Event]:
        """What was done since the last call."""
        code = cv2.pollKey()
        name = key_name(code) if code != -1 and self._deaf is None else None
        if name is not None:
            self._key(name)
        for window in list(self._sizes):
            self._look_at(window)
        events = list(self._events)
        self._events.clear()
        return events

    def _look_at(self, window: str) -> None:
        """Notice that a window was closed or has another size."""
        there = _visible(window)
        size = cv2.getWindowImageRect(window)[2:] if there else (0, 0)
        if not there:
            self._sizes.pop(window)
            self._events.append(Closed(window))
        elif min(size) > 0 and size != self._sizes[window]:
            self._sizes[window] = (size[0], size[1])
            self._events.append(Resized(window, *size))

    def _shown(self, address: int) -> None:
        if self._opening:
            self._names[address] = self._opening

    def _close(self, address: int) -> bool:
        """Tell that a person wants to close a window, and leave it open: OpenCV would lose count of its windows."""
        window = self._names.get(address)
        if window not in self._sizes:
            return False
        self._events.append(Closed(window))
        return True

    def _key(self, name: str) -> None:
        self._events.append(Key(name))

    def _turned(self, turn: int) -> None:
        window, x, y = self._pointer
        self._events.append(Pointer(window, "wheel", "", x, y, turn=turn))

    def _heard(self, code: int, x: int, y: int, flags: int, window: Any) -> None:
        kind, button = _KINDS.get(code, ("", ""))
        self._pointer = window, x, y
        if kind == "wheel":
            self._turned(1 if flags >> 16 > 0 else -1)
            # Qt zooms after this call has returned.
            self._zoomed = window
            return
        shift, ctrl = bool(flags & cv2.EVENT_FLAG_SHIFTKEY), bool(flags & cv2.EVENT_FLAG_CTRLKEY)
        last = self._events[-1] if self._events else None
        # Of moves that nobody has looked at yet all are kept: the pointer passed there.
        stands = isinstance(last, Pointer) and (last.window, last.x, last.y) == self._pointer
        if kind and not (kind == "move" and stands):
            self._events.append(Pointer(window, kind, button, x, y, shift, ctrl))

    _zoomed = ""

    def unzoom(self, picture: np.ndarray) -> None:
        """Take back what Qt zoomed by itself where nothing kept it from that: `picture` is shown in a new window."""
        window, self._zoomed = self._zoomed, ""
        if window not in self._sizes or not hasattr(cv2, "addText"):
            return
        left, top, width, height = cv2.getWindowImageRect(window)
        cv2.destroyWindow(window)
        self.open(window, (width, height), (left, top))
        self.show(window, picture)


def _visible(window: str) -> bool:
    try:
        return cv2.getWindowProperty(window, cv2.WND_PROP_VISIBLE) >= 1
    except cv2.error:  # there is no window at all
        return False
