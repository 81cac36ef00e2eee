"""Text on pictures, in a typeface that has accents and arrows."""

from __future__ import annotations

import importlib.util
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont


def font_folder() -> Path | None:
    """The folder of the typefaces that matplotlib brings along, None where it is not installed."""
    found = importlib.util.find_spec("matplotlib")
    places = found.submodule_search_locations if found else None
    folder = Path(places[0]) / "mpl-data" / "fonts" / "ttf" if places else None
    return folder if folder is not None and folder.is_dir() else None


@cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    folder = font_folder()
    if folder is None:
        return ImageFont.load_default(size)
    return ImageFont.truetype(str(folder / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")), size)


def width_of(text: str, size: int, bold: bool = False) -> int:
    """The width of a text in pixels."""
    return round(_font(size, bold).getlength(text))


def shortened(text: str, room: int, size: int, bold: bool = False) -> str:
    """The text, its end left out for an ellipsis where it is wider than `room` pixels."""
    if width_of(text, size, bold) <= room:
        return text
    fitting = (end for end in range(len(text) - 1, 0, -1) if width_of(f"{text[:end]}…", size, bold) <= room)
    return f"{text[: next(fitting, 0)]}…"


def written(
    canvas: np.ndarray,
    text: str,
    at: tuple[int, int],
    size: int = 14,
    colour: tuple[int, int, int] = (255, 255, 255),
    bold: bool = False,
) -> None:
    """Write a text on a (height, width, 3) uint8 canvas, its left top corner `at` (x, y)."""
    left, top = at
    height, width = min(size + 8, canvas.shape[0] - top), min(width_of(text, size, bold) + 4, canvas.shape[1] - left)
    if height <= 0 or width <= 0 or not text:
        return
    alpha = _mask(text, size, bold)[:height, :width, None]
    place = canvas[top : top + alpha.shape[0], left : left + alpha.shape[1]]
    place[:] = (place * (1 - alpha) + np.array(colour, np.float32) * alpha).astype(np.uint8)


@lru_cache(maxsize=500)
def _mask(text: str, size: int, bold: bool) -> np.ndarray:
    picture = Image.new("L", (width_of(text, size, bold) + 4, size + 8))
    ImageDraw.Draw(picture).text((0, 0), text, fill=255, font=_font(size, bold))
    return np.asarray(picture, np.float32) / 255
