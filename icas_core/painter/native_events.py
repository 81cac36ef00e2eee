"""What goes wrong with events in OpenCV's Qt windows, put right; called by the window module alone.

Qt has Xlib's display open beside its own connection, and tells Xlib to leave the events to it. OpenCV's wheels do that
with a library of their own, which writes into the wrong place of a libX11 from 1.7 on: then Xlib takes whatever has
arrived at every look for events, and one click in some thousands is lost, or the message that a window is there.

OpenCV remembers one key only: of all that are pressed between two questions the last one is left, and whether it came
before or after a click is lost. At a turn of the wheel it zooms by itself, and no flag turns that off. Of moves that
nobody has looked at yet Qt keeps the last one only, unless it is told not to. Qt tells a function of its own about
every event before OpenCV sees it (`QInternal::registerCallback`), in the libraries that OpenCV's wheels bring along and
have already loaded.
"""

from __future__ import annotations

import atexit
import ctypes
import sys
from collections.abc import Callable
from pathlib import Path

import cv2

_REGISTER = "_ZN14QtOpenCVPython9QInternal16registerCallbackENS0_8CallbackEPFbPPvE"
_UNREGISTER = "_ZN14QtOpenCVPython9QInternal18unregisterCallbackENS0_8CallbackEPFbPPvE"
_SET = "_ZN14QtOpenCVPython16QCoreApplication12setAttributeENS_2Qt20ApplicationAttributeEb"
_ONE_MOVE_FOR_MANY = 25  # Qt::AA_CompressHighFrequencyEvents
_EVERY_EVENT = 0  # QInternal::EventNotifyCallback
_KEY, _WHEEL = 6, 31  # QEvent::Type
# Where Qt 5 keeps these, in bytes, on 64 bits: of QEvent, QKeyEvent, QWheelEvent; of QObject and QObjectData.
_TYPE, _KEY_CODE, _TURN = 16, 40, 76
_OWN, _IS_WIDGET = 8, 32
_NOTCH = 120  # eighths of a degree
_NAMES = {0x01000000: "escape", 0x01000004: "enter", 0x01000005: "enter", 0x20: "space", 0x3D: "+", 0x5F: "-"}
_NAMES |= {0x01000012: "left", 0x01000013: "up", 0x01000014: "right", 0x01000015: "down"}

_Heard = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.POINTER(ctypes.c_void_p))


def keep_events_from_xlib() -> bool:
    """Let Qt find the system's own library for that first, before there is any window; False where there is none."""
    try:
        ctypes.CDLL("libX11-xcb.so.1", mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return not sys.platform.startswith("linux")
    return True


def listen(on_key: Callable[[str], None], on_wheel: Callable[[int], None]) -> Callable[[], None] | None:
    """Tell of every key, by its character or name, and of every turn of the wheel, 1 or -1, as soon as Qt has it.

    OpenCV gets no wheel then, and every move. To be called once a window is there. Gives the function that ends this;
    None where this build of OpenCV has no such Qt.
    """
    qt = _qt()
    if qt is None:
        return None

    turned = 0

    @_Heard
    def heard(given: ctypes._Pointer[ctypes.c_void_p]) -> bool:  # (receiver, event, result)
        nonlocal turned
        event = given[1] or 0
        kind = ctypes.c_ushort.from_address(event + _TYPE).value
        if kind == _KEY and _is_widget(given[0] or 0):  # the window is told first, then what is in it
            name = name_of(ctypes.c_int.from_address(event + _KEY_CODE).value)
            if name is not None:
                on_key(name)
        elif kind == _WHEEL:
            turned += ctypes.c_int.from_address(event + _TURN).value
            while abs(turned) >= _NOTCH:  # a touchpad turns in small steps
                turn = 1 if turned > 0 else -1
                turned -= turn * _NOTCH
                on_wheel(turn)
            return True  # dealt with
        return False

    def end() -> None:
        qt[_UNREGISTER](_EVERY_EVENT, heard)
        atexit.unregister(end)

    qt[_SET](_ONE_MOVE_FOR_MANY, False)
    qt[_REGISTER](_EVERY_EVENT, heard)
    atexit.register(end)
    return end


def name_of(code: int) -> str | None:
    """The character, in lower case, or the name of Qt's code of a key; None for keys that are no character."""
    return _NAMES.get(code) or (chr(code).lower() if 0x20 < code < 0x7F else None)


def _is_widget(receiver: int) -> bool:
    own = ctypes.c_void_p.from_address(receiver + _OWN).value or 0
    return bool(ctypes.c_uint.from_address(own + _IS_WIDGET).value & 1)


def _qt() -> ctypes.CDLL | None:
    """Qt's core, as OpenCV has loaded it."""
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    for path in Path(cv2.__file__).parents[1].glob("opencv*.libs/libQt5Core*"):
        try:
            core = ctypes.CDLL(str(path))
            for name in (_REGISTER, _UNREGISTER):
                core[name].argtypes, core[name].restype = [ctypes.c_int, _Heard], ctypes.c_bool
            core[_SET].argtypes, core[_SET].restype = [ctypes.c_int, ctypes.c_bool], None
            return core
        except (OSError, AttributeError):
            continue
    return None
