"""Different photographs, as many as are asked for: those of a folder, and parts of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np

from icas_core.errors import IcasError, RejectedPicture
from icas_core.images import is_picture_name, read_rgb

_KEPT_BYTES = 400 * 2**20  # of decoded pictures
_SMALLEST, _LARGEST = 0.4, 0.9  # of a picture's sides, in a part of it


class Photographs:
    """The pictures of a folder and its subfolders, shuffled, the same on every run."""

    def __init__(self, folder: Path) -> None:
        names = sorted(path for path in folder.rglob("*") if is_picture_name(path.name)) if folder.is_dir() else []
        if not names:
            raise IcasError(f"{folder}: no pictures found; accepted: a folder of pictures")
        self.paths = [names[row] for row in np.random.default_rng(0).permutation(len(names))]
        self._kept: dict[Path, np.ndarray] = {}
        self._bytes = 0

    def whole(self) -> Iterator[np.ndarray]:
        """(h, w, 3) uint8 RGB of each picture that can be read."""
        for path in self.paths:
            picture = self._read(path)
            if picture is not None and min(picture.shape[:2]) >= 8:
                yield picture

    def endless(self) -> Iterator[np.ndarray]:
        """The pictures, and when all have been given, square-cornered parts of them, no two alike."""
        yield from self.whole()
        rng = np.random.default_rng(1)
        for turn in count():
            given = 0
            for picture in self.whole():
                yield _part(picture, rng)
                given += 1
            if not given:
                raise IcasError(f"none of {len(self.paths)} pictures can be read (round {turn})")

    def _read(self, path: Path) -> np.ndarray | None:
        if path in self._kept:
            return self._kept[path]
        try:
            picture = np.array(read_rgb(path))
        except RejectedPicture:
            return None
        if self._bytes + picture.nbytes <= _KEPT_BYTES:
            self._kept[path] = picture
            self._bytes += picture.nbytes
        return picture


def _part(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = (max(8, round(side * rng.uniform(_SMALLEST, _LARGEST))) for side in picture.shape[:2])
    top, left = rng.integers(0, picture.shape[0] - height + 1), rng.integers(0, picture.shape[1] - width + 1)
    part = picture[top : top + height, left : left + width]
    return np.ascontiguousarray(part[:, ::-1] if rng.random() < 0.5 else part)


def flat_pictures(side: int) -> list[np.ndarray]:
    """(side, side, 3) uint8: black, white, two greys, half black, its negative, a ramp, and noise of three kinds."""
    rng = np.random.default_rng(2)
    pictures = [np.full((side, side, 3), grey, np.uint8) for grey in (0, 255, 128, 129)]
    half = np.zeros((side, side, 3), np.uint8)
    half[:, side // 2 :] = 255
    ramp = np.broadcast_to(np.linspace(0, 255, side).astype(np.uint8)[None, :, None], half.shape).copy()
    noise = [rng.integers(low, high, half.shape).astype(np.uint8) for low, high in ((0, 256), (0, 256), (0, 3))]
    return [*pictures, half, 255 - half, ramp, *noise]
