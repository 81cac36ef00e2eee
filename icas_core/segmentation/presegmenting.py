"""Label maps for many pictures, kept on disk beside notes of how they were made; what is there is not made again."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from icas_core.errors import IcasError, RejectedPicture
from icas_core.images import read_rgb
from icas_core.segmentation.registry import segmenter_of
from icas_core.segmentation.segmenting import segment
from icas_core.segmentation.stored import picture_digest, read_segments, read_stored_notes, write_segments
from icas_core.tables import read_all_rejected, written_atomically

# Where the maps lie below the folder of a method; its batches' tables lie beside them.
MAPS = "segments"
_NAMED = 5


@dataclass(frozen=True)
class Presegmented:
    """The label maps of the pictures below `images`, one method's, in a folder of their own.

    parameters: those that differ from the method's defaults. reduce: as `segment` takes it. A picture's map is
    <folder>/<its path>.png.
    Called with a picture's path it gives the (h, w) int32 labels, None where there is no map or the picture or the
    recipe has changed since.
    """

    folder: Path
    images: Path
    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reduce: float | str = "default"

    def __call__(self, path: str) -> np.ndarray | None:
        """The labels of the picture at this path, where its map is up to date."""
        if self.count(path) is None:
            return None
        with suppress(IcasError):
            return read_segments(self.map_of(path))[0]
        return None

    def map_of(self, path: str) -> Path:
        """Where the map of the picture at this path is kept."""
        return self.folder / f"{path}.png"

    def count(self, path: str) -> int | None:
        """How many segments the map of a picture has; None where it would have to be made."""
        try:
            notes = read_stored_notes(self.map_of(path))
            return notes["segments"] if notes.items() >= self._wanted(path).items() else None
        except (IcasError, OSError, KeyError):
            return None

    def make(self, path: str) -> int:
        """Segment a picture and write its map; gives the number of segments, raises RejectedPicture."""
        try:
            wanted = self._wanted(path)
            picture = read_rgb(self.images / path)
            labels = segment(picture, self.method, self.parameters, self.reduce)
        except (RejectedPicture, OSError, MemoryError) as error:
            # A map of what the picture was before would be taken for its own.
            self.map_of(path).unlink(missing_ok=True)
            if isinstance(error, RejectedPicture):
                raise
            raise RejectedPicture("cannot be read" if isinstance(error, OSError) else "too large for memory") from error
        segments = int(labels.max())
        write_segments(labels, self.map_of(path), {**wanted, "picture": picture_digest(picture), "segments": segments})
        return segments

    def _wanted(self, path: str) -> dict[str, Any]:
        """The notes that a map must have to be this picture's and this recipe's."""
        segmenter = segmenter_of(self.method)
        status = os.stat(self.images / path)
        return {
            "method": segmenter.name,
            "version": segmenter.version,
            "parameters": segmenter.deciding(segmenter.settled(self.parameters)),
            "reduce": self.reduce,
            "level": 0,
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
        }


def presegment(
    maps: Presegmented, paths: Sequence[str], *, threads: int = 1, progress: Any = None
) -> tuple[list[tuple[str, int]], list[tuple[str, str]]]:
    """Make the maps that are missing: the pictures with their number of segments, and the rejected with the reason.

    progress: an object with .advance(n). IcasError where the method needs a person's prompts.
    """
    require_able(maps.method, maps.parameters)
    made: list[tuple[str, int]] = []
    rejected: list[tuple[str, str]] = []

    def one(path: str) -> int | str:
        try:
            found = maps.count(path)
            return maps.make(path) if found is None else found
        except RejectedPicture as reason:
            return str(reason)

    with _opencv_in_one_thread(), ThreadPoolExecutor(max(1, threads)) as pool:
        for path, found in zip(paths, pool.map(one, paths), strict=True):
            if isinstance(found, int):
                made.append((path, found))
            else:
                rejected.append((path, found))
            if progress is not None:
                progress.advance(1)
    return made, rejected


def write_counts(segmented: Sequence[tuple[str, int]], path: Path | str) -> None:
    """Write the pictures that have a map as a CSV: path, segments."""
    with written_atomically(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "segments"])
        rows.writerows(segmented)


def summary_line(folder: Path, batches: Sequence[str]) -> str:
    """How many maps the batches' tables in a method's folder count, and which pictures could not be read."""
    maps = 0
    for batch in batches:
        with open(folder / f"{batch}.csv", encoding="utf-8", newline="") as file:
            maps += sum(1 for _ in csv.DictReader(file))
    rejected = read_all_rejected([str(folder / f"{batch}.rejected.csv") for batch in batches])
    line = f"{maps:,} label maps in {folder / MAPS}"
    if rejected:
        named = ", ".join(f"{path} ({reason})" for path, reason in rejected[:_NAMED])
        more = ", …" if len(rejected) > _NAMED else ""
        line += f"; {len(rejected):,} pictures could not be read: {named}{more}"
    return line


def require_able(method: str, parameters: Mapping[str, Any]) -> None:
    """IcasError where the method cannot segment a folder without a person, or lacks something that it needs."""
    segmenter = segmenter_of(method)
    if segmenter.check:
        segmenter.check(**segmenter.settled(parameters))
    if segmenter.prompted:
        raise IcasError(
            f"config key 'segment_method': found {method}, which needs a person's strokes; "
            "accepted by presegment: any other method"
        )


def stale_maps(folder: Path, paths: set[str]) -> list[Path]:
    """The maps below a method's folder of maps whose pictures are gone, and what a killed job left half-written."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if path.relative_to(folder).as_posix().removesuffix(".png") not in paths)


@contextmanager
def _opencv_in_one_thread() -> Iterator[None]:
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
