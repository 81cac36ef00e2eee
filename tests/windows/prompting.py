"""What tests of grabcut and Segment Anything share: a picture with one object, and what is drawn over it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.windows.screens import COLUMNS, ROWS, SIDE, Painter, Screen, until

WIDTH, HEIGHT = COLUMNS * SIDE, ROWS * SIDE
FOREGROUND, BACKGROUND = (80, 220, 80), (235, 60, 60)
POSSIBLE_FOREGROUND, POSSIBLE_BACKGROUND = (200, 255, 200), (255, 190, 190)
BOX = (40, 160, 255)
FOREGROUND_WINDOW = "icas foreground"


def disc() -> np.ndarray:
    """A red disc at (240, 160) with a yellow one inside, on green, with a little noise."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    drawn = np.full((HEIGHT, WIDTH, 3), (40, 150, 60), float)
    for radius, colour in ((90, (200, 40, 50)), (30, (230, 210, 60))):
        drawn[(rows - 160) ** 2 + (columns - 240) ** 2 <= radius**2] = colour
    return np.clip(drawn + np.random.default_rng(1).normal(0, 5, drawn.shape), 0, 255).astype(np.uint8)


def started(screen: Screen, folder: Path, *options: object) -> Painter:
    folder.mkdir(parents=True)
    Image.fromarray(disc()).save(folder / "a.png")
    there = Painter(screen, folder, *options).opened(outlined=False)
    if "--method" not in options:
        until(lambda: _outlines(there) > 100, 60)
    return there


def _outlines(painter: Painter) -> int:
    """How many pixels are as bright as an outline only is."""
    left, top = painter.at(100, 20)
    right, bottom = painter.at(380, 300)
    return int((painter.window(left, top, right, bottom).min(axis=2) > 105).sum())


def drawn(painter: Painter, colour: tuple[int, int, int]) -> int:
    """How many pixels of the picture are seen in a colour, its edges left out."""
    left, top = painter.at(5, 5)
    right, bottom = painter.at(WIDTH - 5, HEIGHT - 5)
    return int((np.abs(painter.window(left, top, right, bottom) - colour).max(axis=2) <= 2).sum())


def painted(painter: Painter) -> np.ndarray:
    found = painter.annotation()
    return np.zeros((HEIGHT, WIDTH), np.uint8) if found is None else found.classes
