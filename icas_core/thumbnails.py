"""Small JPEGs of pictures: made while a picture is in memory anyway, kept for each batch, found again by path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from icas_core.images import read_rgb
from icas_core.tables import naming, require_columns, written_atomically

SIDE = 128
QUALITY = 80
THUMBNAILS = pa.schema([("path", pa.string()), ("jpeg", pa.binary())])

# Takes a picture's path and its thumbnail.
Keep = Callable[[str, bytes], None]
_TOGETHER = 256  # thumbnails that are written at once


def thumbnail_of(picture: np.ndarray, side: int = SIDE) -> bytes:
    """A JPEG of a (height, width, 3) uint8 RGB picture that fits into `side` × `side` pixels, never enlarged."""
    import cv2

    height, width = picture.shape[:2]
    scale = min(1.0, side / max(height, width))
    small = _reduced(picture, max(1, round(width * scale)), max(1, round(height * scale)))
    bgr = cv2.cvtColor(np.ascontiguousarray(small), cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return jpeg.tobytes()


def _reduced(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """The picture at a smaller size: halved while it can be, then linear: a fifth of the time that areas take."""
    import cv2

    while picture.shape[1] >= 2 * width or picture.shape[0] >= 2 * height:
        across, down = 1 + (picture.shape[1] >= 2 * width), 1 + (picture.shape[0] >= 2 * height)
        halves = picture.shape[1] // across, picture.shape[0] // down
        even = np.ascontiguousarray(picture[: halves[1] * down, : halves[0] * across])
        picture = cv2.resize(even, halves, interpolation=cv2.INTER_AREA)
    if picture.shape[:2] == (height, width):
        return picture
    return cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=cv2.INTER_LINEAR)


def thumbnail(path: Path | str, side: int = SIDE) -> bytes:
    """The same of the upright picture in a file; raises RejectedPicture."""
    return thumbnail_of(read_rgb(path, longest=side), side)


def thumbnail_beside(picture: np.ndarray, path: Path | str, *, reduced: bool) -> bytes:
    """The thumbnail of the picture that was just read from `path`.

    reduced: whether the decoder was allowed to reduce it; it is read again where it became less than a thumbnail.
    """
    return thumbnail(path) if reduced and max(picture.shape[:2]) < SIDE else thumbnail_of(picture)


@contextmanager
def writing_thumbnails(path: Path | str) -> Iterator[Keep]:
    """Write a batch's thumbnails under `path` atomically: an Arrow file, not compressed, so that any can be looked up.

    Gives what to call for each of them; few are in memory at a time.
    """
    waiting: list[tuple[str, bytes]] = []

    def write() -> None:
        names, jpegs = zip(*waiting, strict=True)
        writer.write_batch(
            pa.record_batch([pa.array(names, pa.string()), pa.array(jpegs, pa.binary())], schema=THUMBNAILS)
        )
        waiting.clear()

    def keep(name: str, jpeg: bytes) -> None:
        waiting.append((name, jpeg))
        if len(waiting) == _TOGETHER:
            write()

    with written_atomically(path) as file, pa.ipc.new_file(file, THUMBNAILS) as writer:
        yield keep
        if waiting:
            write()


class StoredThumbnails:
    """Call it with a path for the thumbnail that writing_thumbnails kept, or None."""

    def __init__(self, files: Sequence[Path | str]) -> None:
        """Raises IcasError where a file is missing or damaged. The JPEGs stay on disk until they are asked for."""
        self._rows: dict[str, int] = {}
        chunks: list[pa.Array] = []
        for file in files:
            paths, jpegs = _mapped(file)
            self._rows.update((path, row) for row, path in enumerate(paths, len(self._rows)))
            chunks += jpegs.chunks
        self._jpegs = pa.chunked_array(chunks, pa.binary())

    def __call__(self, path: str) -> bytes | None:
        """The JPEG of one picture."""
        row = self._rows.get(path)
        return None if row is None else self._jpegs[row].as_py()


def _mapped(file: Path | str) -> tuple[list[str], pa.ChunkedArray]:
    # Once closed it keeps no descriptor: a system may allow fewer open files than there are batches.
    with naming(file), pa.memory_map(str(file)) as source:
        kept = pa.ipc.open_file(source).read_all()
        require_columns(file, kept.schema, THUMBNAILS)
        return kept["path"].to_pylist(), kept["jpeg"]
