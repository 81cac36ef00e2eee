"""Take back the zoom that OpenCV's Qt windows do by themselves at every turn of the wheel.

No flag turns it off, and Python has no function for it. The window's view has a slot `resetZoom`; it is called through
Qt's own `invokeMethod`, in the Qt libraries that OpenCV's wheels bring along and have already loaded.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import cv2

_WIDGET_AT = "_ZN14QtOpenCVPython12QApplication8widgetAtERKNS_6QPointE"
_CURSOR = "_ZN14QtOpenCVPython7QCursor3posEv"
_INVOKE = (
    "_ZN14QtOpenCVPython11QMetaObject12invokeMethodEPNS_7QObjectEPKcNS_2Qt14ConnectionTypeE"
    "NS_22QGenericReturnArgumentENS_16QGenericArgumentE" + "S8_" * 9
)
_DIRECT = 1  # Qt::DirectConnection
_PARENT = 2  # of QObjectData: behind the table of functions and the object itself


class _Argument(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("name", ctypes.c_char_p))


def undo_native_zoom() -> bool:
    """Show the view under the pointer unzoomed; False where this build of OpenCV has no such Qt."""
    qt = _qt()
    if qt is None:
        return False
    at = ctypes.c_int64(qt[_CURSOR]())
    widget = qt[_WIDGET_AT](ctypes.byref(at))
    if not widget:
        return False
    word = ctypes.sizeof(ctypes.c_void_p)
    inner = ctypes.c_void_p.from_address(widget + word).value or 0
    view = ctypes.c_void_p.from_address(inner + _PARENT * word).value
    nothing = [_Argument(None, None)] * 11
    done = bool(view) and qt[_INVOKE](view, b"resetZoom", _DIRECT, *nothing)
    return bool(done and qt[_INVOKE](widget, b"update", _DIRECT, *nothing))


@cache
def _qt() -> dict[str, Any] | None:
    """The three functions by name; None where there is no Qt, or another."""
    folders = [path for path in Path(cv2.__file__).parents[1].glob("opencv*.libs") if path.is_dir()]
    try:
        found = {
            symbol: getattr(ctypes.CDLL(str(next(path for folder in folders for path in folder.glob(name)))), symbol)
            for symbol, name in ((_WIDGET_AT, "libQt5Widgets*"), (_CURSOR, "libQt5Gui*"), (_INVOKE, "libQt5Core*"))
        }
    except (StopIteration, OSError, AttributeError):
        return None
    found[_WIDGET_AT].restype, found[_WIDGET_AT].argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    found[_CURSOR].restype = ctypes.c_int64
    found[_INVOKE].restype = ctypes.c_bool
    found[_INVOKE].argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, *([_Argument] * 11)]
    return found
