"""Small pictures, read aside so that the line never waits for them."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from icas_core.errors import RejectedPicture
from icas_core.images import read_rgb
from icas_core.threshold.choosing import THUMBNAIL


class Thumbnails:
    """The examples' pictures below `root`; each is read once and kept, 28 kB a picture at most."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._reading = ThreadPoolExecutor(2, thread_name_prefix="thumbnails")
        self._found: dict[str, Future[np.ndarray | None]] = {}

    @property
    def ready(self) -> int:
        """How many are there: another number is a reason to draw again."""
        return sum(future.done() for future in self._found.values())

    def get(self, path: str) -> np.ndarray | None:
        """A picture, (height, width, 3) uint8 BGR of THUMBNAIL a side at most; None before it is read, or if it can't.

        Asking for it has it read.
        """
        if path not in self._found:
            self._found[path] = self._reading.submit(_read, self._root / path)
        future = self._found[path]
        return future.result() if future.done() else None

    def wait_for(self, paths: Iterable[str]) -> None:
        """Have these read before going on."""
        for path in paths:
            self.get(path)
            self._found[path].result()

    def close(self) -> None:
        """Read no more."""
        self._reading.shutdown(wait=False, cancel_futures=True)


def _read(file: Path) -> np.ndarray | None:
    try:
        picture = read_rgb(file, longest=THUMBNAIL)
    except RejectedPicture:  # it went away, or was damaged, since it was compared
        return None
    height, width = picture.shape[:2]
    scale = THUMBNAIL / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)[:, :, ::-1].copy()
