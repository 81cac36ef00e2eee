"""Key codes of OpenCV's windows by name."""

from __future__ import annotations

_NAMES = {27: "escape", 32: "space", 13: "enter", 43: "+", 61: "+", 45: "-", 95: "-"}
_KEYPAD = {65451: "+", 65453: "-", 171: "+", 173: "-"}
_ARROWS = {65361: "left", 65362: "up", 65363: "right", 65364: "down"}


def key_name(code: int) -> str | None:
    """The key's character in lower case, or its name; None for keys that only change others, and unknown ones."""
    if code in _KEYPAD or code in _ARROWS:
        return _KEYPAD.get(code) or _ARROWS[code]
    if 65456 <= code <= 65465:
        return str(code - 65456)
    if not 0 <= code < 128:
        return None
    return _NAMES.get(code, chr(code).lower() if chr(code).isprintable() else None)
