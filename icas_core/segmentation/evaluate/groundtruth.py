"""Read what people marked: several segmentations of each picture, or one object's mask."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from icas_core.errors import IcasError, RejectedPicture
from icas_core.images import read_rgb
from icas_core.segmentation.evaluate.boundaries import boundary_map

_INDEX = "index.csv"


@dataclass(frozen=True)
class Marked:
    """A picture and what was marked in it, each read when it is asked for."""

    picture_file: Path
    marked_file: Path

    @property
    def name(self) -> str:
        """The picture's file name."""
        return self.picture_file.name

    def picture(self) -> np.ndarray:
        """The picture as (height, width, 3) uint8 RGB; IcasError names the file."""
        try:
            return read_rgb(self.picture_file)
        except (RejectedPicture, OSError) as error:
            raise IcasError(f"{self.picture_file}: {error}") from error

    @cached_property
    def segmentations(self) -> np.ndarray:
        """The label map of each person, (people, height, width) of whole numbers."""
        try:
            with np.load(self.marked_file, allow_pickle=False) as stored:
                found = stored["segmentations"]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise IcasError(
                f"{self.marked_file}: {error}; accepted: an npz with 'segmentations', (people, height, width)"
            ) from error
        if found.ndim != 3 or found.dtype.kind not in "iu" or not found.size:
            raise IcasError(
                f"{self.marked_file}: 'segmentations' is {found.dtype} of {found.shape}; accepted: whole numbers of "
                "(people, height, width)"
            )
        return found

    @cached_property
    def boundaries(self) -> list[np.ndarray]:
        """The thin boundary map of each person, bool of (height, width)."""
        return [boundary_map(labels) for labels in self.segmentations]

    @cached_property
    def mask(self) -> np.ndarray:
        """The object, bool of (height, width): the mask's pixels above 127."""
        try:
            with Image.open(self.marked_file) as image:
                mask = np.asarray(image.convert("L")) > 127
        except (OSError, SyntaxError, ValueError) as error:
            raise IcasError(f"{self.marked_file}: not a readable mask ({error})") from error
        if not mask.any():
            raise IcasError(f"{self.marked_file}: an empty mask; accepted: a mask with an object (above 127)")
        return mask


def read_index(folder: Path | str, marks: str) -> list[Marked]:
    """The pictures of a folder's index.csv: its columns are `image` and `marks` ('npz' or 'mask'), file names.

    Raises IcasError naming what is missing.
    """
    index = Path(folder) / _INDEX
    try:
        with open(index, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns, rows = list(reader.fieldnames or []), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise IcasError(f"{index}: cannot be read as csv ({error}); accepted: the columns image and {marks}") from error
    if not {"image", marks} <= set(columns):
        raise IcasError(f"{index}: columns are {', '.join(columns) or 'missing'}; accepted: image and {marks}")
    if not rows:
        raise IcasError(f"{index}: names no picture; accepted: a line for each picture")
    return [_row(Path(folder), row, marks) for row in rows]


def _row(folder: Path, row: Mapping[str, str], marks: str) -> Marked:
    files = [folder / (row[column] or "") for column in ("image", marks)]
    for file in files:
        if not file.is_file():
            raise IcasError(f"{folder / _INDEX}: {file.name}: no such file in {folder}")
    return Marked(*files)
