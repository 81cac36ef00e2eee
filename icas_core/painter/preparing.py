"""Pictures made ready before they are looked at: decoded, segmented, their annotation read, in threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from icas_core.annotations.annotation import Annotation, digest_of
from icas_core.errors import IcasError, RejectedPicture
from icas_core.images import read_rgb
from icas_core.painter.painting import Painting, boxes_of, painting_of, unpainted
from icas_core.segmentation.labels import filled

_AHEAD = 2  # pictures made ready after the present one, and one before it


@dataclass(frozen=True)
class Method:
    """How pictures are segmented: a method's name, its parameters, the scale of the reduced copy."""

    name: str
    parameters: dict[str, Any]
    reduce: Any = None
    # The stored label map of a picture (by name, at level 0), where there is one.
    stored: Callable[[str], np.ndarray | None] | None = None

    def labels(self, name: str, picture: np.ndarray, level: int) -> np.ndarray:
        """The label map of a picture at a level, every pixel in a segment."""
        from icas_core.segmentation.segmenting import segment

        if self.name in ("grabcut", "sam"):
            return np.ones(picture.shape[:2], np.int32)
        found = self.stored(name) if self.stored is not None and level == 0 else None
        if found is None or found.shape != picture.shape[:2]:
            found = segment(picture, self.name, self.parameters, self.reduce, level)
        return filled(found)


@dataclass(frozen=True, eq=False)
class Ready:
    """A picture with what was painted on it before."""

    painting: Painting
    done: bool


class Prepared:
    """One picture on its way: `picture`, `digest`, then `ready`, and the plain segments when they are asked for."""

    def __init__(self, name: str, folder: Path, method: Method, read: Callable[[str], Annotation | None]) -> None:
        self.name = name
        self._folder = folder
        self._method = method
        self._read = read
        self.picture: Future[np.ndarray]
        self.ready: Future[Ready]
        self.digest = ""
        self._plain: tuple[np.ndarray, np.ndarray] | None = None

    def decode(self) -> np.ndarray:
        """Read the picture; IcasError names the reason where it cannot be used."""
        path = self._folder / self.name
        try:
            picture = read_rgb(path)
            self.digest = digest_of(path)
        except RejectedPicture as error:
            raise IcasError(f"{self.name}: {error}") from error
        except OSError as error:
            raise IcasError(f"{self.name}: cannot be read ({error.strerror})") from error
        return picture

    def make_ready(self) -> Ready:
        """Read the annotation, or segment the picture where there is none."""
        picture = self.picture.result()
        annotation = self._read(self.name)
        if annotation is None or (not annotation.classes.any() and not annotation.done):
            self._plain = self.labels(0)
            return Ready(unpainted(self._plain[0]), False)
        if annotation.segments.shape != picture.shape[:2]:
            width, height = annotation.size
            raise IcasError(f"{self.name}: its annotation is of {width} × {height} pixels, the picture has changed")
        return Ready(painting_of(annotation), annotation.done)

    def labels(self, level: int) -> tuple[np.ndarray, np.ndarray]:
        """The plain segments at a level and their boxes."""
        labels = self._method.labels(self.name, self.picture.result(), level)
        return labels, boxes_of(labels)

    def plain(self) -> tuple[np.ndarray, np.ndarray]:
        """The segments that the picture has before anything is done to it, and their boxes."""
        if self._plain is None:
            self._plain = self.labels(0)
        return self._plain


class Preparing:
    """Keeps the present picture and its neighbours ready, and lets go of all others."""

    def __init__(
        self, folder: Path, names: list[str], method: Method, read: Callable[[str], Annotation | None]
    ) -> None:
        self._make = lambda name: Prepared(name, folder, method, read)
        self._names = names
        self._there: dict[str, Prepared] = {}
        self._decoding = ThreadPoolExecutor(1, "decoding", initializer=_step_back)
        self._working = ThreadPoolExecutor(1, "segmenting", initializer=_step_back)

    def at(self, index: int) -> Prepared:
        """The picture at an index, and its neighbours begun."""
        near = [index, *range(index + 1, index + 1 + _AHEAD), index - 1]
        wanted = [self._names[each] for each in near if 0 <= each < len(self._names)]
        for name in set(self._there) - set(wanted):
            gone = self._there.pop(name)
            gone.picture.cancel()
            gone.ready.cancel()
        for name in wanted:
            if name not in self._there:
                new = self._there[name] = self._make(name)
                new.picture = self._decoding.submit(new.decode)
                new.ready = self._working.submit(new.make_ready)
        return self._there[wanted[0]]

    def forget(self, name: str) -> None:
        """Read a picture's annotation anew the next time."""
        self._there.pop(name, None)

    def work(self, job: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Do something off the window's thread."""
        return self._working.submit(job, *arguments)

    def close(self) -> None:
        """Let go of all."""
        for pool in (self._decoding, self._working):
            pool.shutdown(wait=False, cancel_futures=True)


def _step_back() -> None:
    """Let the window's thread go first."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, 5)  # of this thread alone, on Linux
