"""What goes wrong with events in OpenCV's Qt windows, put right; called by the window module alone.

Qt has Xlib's display open beside its own connection, and tells Xlib to leave the events to it. OpenCV's wheels do that
with a library of their own, which writes into the wrong place of a libX11 from 1.7 on: then Xlib takes whatever has
arrived at every look for events, and one click in some thousands is lost, or the message that a window is there.

OpenCV remembers one key only: of all that are pressed between two questions the last one is left, and whether it came
before or after a click is lost. At a turn of the wheel it zooms by itself, and no flag turns that off. Of moves that
nobody has looked at yet Qt keeps the last one only, unless it is told not to. OpenCV counts a window twice that a
person closes, then takes all windows for closed, and hears nothing any more. A slider's label is a button: pressed, by
the pointer or by the space bar, it opens a dialogue, and everything waits until that is answered.

Qt tells a function of its own about every event before OpenCV sees it (`QInternal::registerCallback`), in the libraries
that OpenCV's wheels bring along and have already loaded.
"""

from __future__ import annotations

import atexit
import ctypes
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2

_ONE_MOVE_FOR_MANY = 25  # Qt::AA_CompressHighFrequencyEvents
_EVERY_EVENT = 0  # QInternal::EventNotifyCallback
_KEY, _SHOWN, _CLOSE, _WHEEL = 6, 17, 19, 31  # QEvent::Type
_BUTTON = (2, 3, 4)  # pressed, released, twice
# Where Qt 5 keeps these, in bytes, on 64 bits: of QEvent, QKeyEvent, QWheelEvent; of QObject and QObjectData.
_TYPE, _FLAGS, _KEY_CODE, _TURN = 16, 18, 40, 76
_OWN, _KIND = 8, 32
_FROM_OUTSIDE = 2  # of an event's flags
_WIDGET, _WINDOW = 1, 64  # of an object's
_NOTCH = 120  # eighths of a degree
_NAMES = {0x01000000: "escape", 0x01000004: "enter", 0x01000005: "enter", 0x20: "space", 0x3D: "+", 0x5F: "-"}
_NAMES |= {0x01000012: "left", 0x01000013: "up", 0x01000014: "right", 0x01000015: "down"}

_MetaObject = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
_Heard = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.POINTER(ctypes.c_void_p))
# Qt's own functions: their names in its library, and their types.
_NAMESPACE = "14QtOpenCVPython"
_CALLBACK = "CallbackENS0_8CallbackEPFbPPvE"
_FUNCTIONS = {
    f"_ZN{_NAMESPACE}9QInternal16register{_CALLBACK}": ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_int, _Heard),
    f"_ZN{_NAMESPACE}9QInternal18unregister{_CALLBACK}": ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_int, _Heard),
    f"_ZN{_NAMESPACE}16QCoreApplication12setAttributeENS_2Qt20ApplicationAttributeEb": ctypes.CFUNCTYPE(
        None, ctypes.c_int, ctypes.c_bool
    ),
    f"_ZNK{_NAMESPACE}11QMetaObject9classNameEv": ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p),
}


def keep_events_from_xlib() -> bool:
    """Let Qt find the system's own library for that first, before there is any window; False where there is none."""
    try:
        ctypes.CDLL("libX11-xcb.so.1", mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return not sys.platform.startswith("linux")
    return True


@dataclass(frozen=True)
class Ears:
    """Who is told: of a key, by its character or name; of a turn of the wheel, 1 or -1; of a window, by its address.

    shown: a window comes up. close: a person wants to close one; true to keep it open.
    """

    key: Callable[[str], None]
    wheel: Callable[[int], None]
    shown: Callable[[int], None]
    close: Callable[[int], bool]


def listen(ears: Ears) -> Callable[[], None] | None:
    """Tell of everything as soon as Qt has it; OpenCV gets no wheel then, and every move.

    To be called before there is a window. Gives the function that ends this; None where this build of OpenCV has no
    such Qt.
    """
    qt = _qt()
    if qt is None:
        return None
    turns = _Turns(ears.wheel)

    @_Heard
    def heard(given: ctypes._Pointer[ctypes.c_void_p]) -> bool:  # (receiver, event, result); true: dealt with
        receiver, event = given[0] or 0, given[1] or 0
        kind = ctypes.c_ushort.from_address(event + _TYPE).value
        if kind == _KEY and _is(receiver, _WIDGET):  # the window is told first, then what is in it
            name = name_of(ctypes.c_int.from_address(event + _KEY_CODE).value)
            if name is not None:
                ears.key(name)
            return True  # else the slider moves, or its label is pressed
        if kind in _BUTTON:
            return _is(receiver, _WIDGET) and _class_of(qt, receiver) == b"QPushButton"
        if kind == _WHEEL:
            turns.add(ctypes.c_int.from_address(event + _TURN).value)
            return True
        if kind == _SHOWN and _is(receiver, _WINDOW):
            qt.set_attribute(_ONE_MOVE_FOR_MANY, False)  # is set while the first window opens
            ears.shown(receiver)
        elif kind == _CLOSE and ctypes.c_ubyte.from_address(event + _FLAGS).value & _FROM_OUTSIDE:
            return ears.close(receiver)
        return False

    def end() -> None:
        qt.unregister(_EVERY_EVENT, heard)
        atexit.unregister(end)

    qt.register(_EVERY_EVENT, heard)
    atexit.register(end)
    return end


class _Turns:
    """A wheel's turns by whole notches: a touchpad turns in small steps."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._turned = 0

    def add(self, turned: int) -> None:
        """turned: eighths of a degree."""
        self._turned += turned
        while abs(self._turned) >= _NOTCH:
            turn = 1 if self._turned > 0 else -1
            self._turned -= turn * _NOTCH
            self._tell(turn)


def name_of(code: int) -> str | None:
    """The character, in lower case, or the name of Qt's code of a key; None for keys that are no character."""
    return _NAMES.get(code) or (chr(code).lower() if 0x20 < code < 0x7F else None)


def _is(receiver: int, kind: int) -> bool:
    own = ctypes.c_void_p.from_address(receiver + _OWN).value or 0
    return bool(ctypes.c_uint.from_address(own + _KIND).value & kind)


def _class_of(qt: _Qt, receiver: int) -> bytes:
    """The name of a QObject's class: the first of its virtual functions gives its QMetaObject."""
    functions = ctypes.c_void_p.from_address(receiver).value or 0
    meta = _MetaObject(ctypes.c_void_p.from_address(functions).value or 0)(receiver)
    return qt.class_name(meta) or b""


class _Qt(NamedTuple):
    """Functions of Qt's core, as OpenCV has loaded it, in the order of _FUNCTIONS."""

    register: Callable[..., bool]
    unregister: Callable[..., bool]
    set_attribute: Callable[..., None]
    class_name: Callable[..., bytes | None]


def _qt() -> _Qt | None:
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    for path in Path(cv2.__file__).parents[1].glob("opencv*.libs/libQt5Core*"):
        try:
            core = ctypes.CDLL(str(path))
            return _Qt(*(kind((name, core)) for name, kind in _FUNCTIONS.items()))
        except (OSError, AttributeError):
            continue
    return None
