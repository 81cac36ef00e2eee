"""Mask files, one a class: `jet1_mask_(R204,G0,B0).png`, single channel, 0 and 255; the original tool's form too."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, PngImagePlugin

from icas_core.annotations.classes import Class, ClassTable, Colour
from icas_core.errors import IcasError
from icas_core.tables import written_atomically

# A colon is illegal in names on Windows.
FORMS = {"portable": "(R{},G{},B{})", "original": "(R:{},G:{},B:{})"}
_NAME = re.compile(r"_mask_\(R:?(\d{1,3}),G:?(\d{1,3}),B:?(\d{1,3})\)(?:_(\d{1,3}))?\.png")
# The mark inside a file that says that icas wrote it, with a digest of its pixels: an edited file is nobody's own.
_MARK = "icas"


@dataclass(frozen=True, eq=False)
class Mask:
    """One mask file as read: where, its colour, its (height, width) bool; class_id and ours as far as it tells them.

    class_id: of the class it was written for, None in files of other programs. ours: icas wrote it, and nobody has
    changed it since.
    """

    path: Path
    colour: Colour
    pixels: np.ndarray
    class_id: int | None
    ours: bool


def mask_stems(names: Iterable[str]) -> dict[str, str]:
    """What each picture's mask files begin with: its path without the ending, as the original tool has it.

    names: all pictures of a folder. Where two differ only in their ending (`a.jpg`, `a.png`), or in upper and lower
    case, each keeps its ending: no two pictures share a stem.
    """
    names = list(names)
    stems = {name: str(PurePosixPath(name).with_suffix("")) for name in names}
    while True:
        uses = Counter(stem.casefold() for stem in stems.values())
        shared = [name for name, stem in stems.items() if uses[stem.casefold()] > 1 and stem != name]
        if not shared:
            return stems
        stems.update((name, name) for name in shared)


def write_masks(folder: Path | str, stem: str, classes: np.ndarray, table: ClassTable, form: str) -> list[Path]:
    """Write a mask for each painted class, then remove those that icas wrote for this picture and that are stale now.

    classes: (height, width) uint8 class ids; every one must be in the table. stem: as `mask_stems` gives it. form:
    `portable` or `original`. Of several classes of one colour all but the first (by id) have their id behind the
    colour. Files that others wrote or changed are neither removed nor written over: IcasError, before anything is
    written; also where the folder cannot be written.
    """
    files = mask_files(stem, classes, table, form)
    there = {mask.path: mask for mask in _masks(Path(folder), stem)}
    for name in files:
        path = Path(folder) / name
        if os.path.lexists(path) and not (path in there and there[path].ours):
            raise IcasError(f"{path}: was written or changed by another program; it is left as it is: move it away")
    try:
        for name, content in files.items():
            with written_atomically(Path(folder) / name) as file:
                file.write(content)
        for path, mask in there.items():
            if mask.ours and path not in {Path(folder) / name for name in files}:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise IcasError(f"{folder}: the masks of {stem} cannot be written ({error.strerror})") from error
    return [Path(folder) / name for name in files]


def remove_masks(folder: Path | str, stem: str) -> None:
    """Remove the masks that icas wrote for a picture, none that others wrote or changed; IcasError if it cannot."""
    for path, match in _mask_paths(Path(folder), stem):
        try:
            ours = _read(path, match).ours
        except (IcasError, OSError):
            continue  # not icas's
        try:
            if ours:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise IcasError(f"{path}: is not true any more and cannot be removed ({error.strerror})") from error


def mask_files(stem: str, classes: np.ndarray, table: ClassTable, form: str) -> dict[str, bytes]:
    """The masks of a picture, path below the folder → PNG, one for each painted class; IcasError as `write_masks`."""
    painted = [_class_with(int(number), table) for number in np.flatnonzero(np.bincount(classes.ravel())) if number]
    return {mask_name(stem, each, table, form): _png(classes == each.id, each) for each in painted}


def mask_name(stem: str, of: Class, table: ClassTable, form: str) -> str:
    """The path of a class's mask below the folder; IcasError for an unknown form."""
    if form not in FORMS:
        raise IcasError(f"mask_name: found {form!r}, accepted are {', '.join(FORMS)}")
    behind = "" if table.coloured(of.colour) == of else f"_{of.id}"
    return f"{stem}_mask_{FORMS[form].format(*of.colour)}{behind}.png"


def read_masks(folder: Path | str, stem: str) -> list[Mask]:
    """The mask files of a picture in both forms, icas's or the original tool's, in the order they were written.

    A pixel counts from 128 on. Raises IcasError for a file that is no picture or of another size than the others.
    """
    masks = _masks(Path(folder), stem)
    for mask in masks:
        if mask.pixels.shape != masks[0].pixels.shape:
            sizes = " and ".join(f"{each.pixels.shape[1]} × {each.pixels.shape[0]}" for each in (mask, masks[0]))
            raise IcasError(f"{mask.path}: found masks of {sizes} pixels, expected one size ({masks[0].path.name})")
    return masks


def classes_from_masks(masks: list[Mask], table: ClassTable) -> tuple[np.ndarray, ClassTable]:
    """What the masks paint, as (height, width) uint8 class ids, and the table with the colours that it lacked.

    A mask belongs to the class it names, if that has its colour, else to the first class of its colour. Where masks
    overlap the one written last counts, as it was painted last.
    """
    classes = np.zeros(masks[0].pixels.shape if masks else (0, 0), np.uint8)
    for mask in masks:
        named = table.with_id(mask.class_id) if mask.class_id else None
        found = named if named and named.colour == mask.colour else table.coloured(mask.colour)
        if found is None:
            table, found = table.added(mask.colour)
        classes[mask.pixels] = found.id
    return classes, table


def _masks(folder: Path, stem: str) -> list[Mask]:
    found = _mask_paths(folder, stem)
    try:
        found.sort(key=lambda each: (each[0].stat().st_mtime_ns, each[0].name))
        return [_read(each, match) for each, match in found]
    except OSError as error:
        raise IcasError(f"{error.filename or folder / stem}: no readable mask ({error.strerror or error})") from error


def _mask_paths(folder: Path, stem: str) -> list[tuple[Path, re.Match[str]]]:
    path = folder / stem
    try:
        names = [entry.name for entry in os.scandir(path.parent) if entry.name.startswith(f"{path.name}_mask_(")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise IcasError(f"{path.parent}: cannot be listed ({error.strerror})") from error
    return [(path.with_name(name), match) for name in names if (match := _NAME.fullmatch(name[len(path.name) :]))]


def _read(path: Path, match: re.Match[str]) -> Mask:
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            grey = np.asarray(picture.convert("L"))
            mark = json.loads(picture.info.get(_MARK, "{}"))
    except (SyntaxError, ValueError, OSError) as error:
        raise IcasError(f"{path}: found no readable PNG, expected a mask") from error
    ours = mark.get("pixels") == _digest(grey)
    class_id = mark.get("class") if ours else int(match[4]) if match[4] else None
    red, green, blue = (min(int(part), 255) for part in match.groups()[:3])
    return Mask(path, (red, green, blue), grey >= 128, class_id, ours)


def _png(pixels: np.ndarray, of: Class) -> bytes:
    grey = pixels.astype(np.uint8) * 255
    mark = PngImagePlugin.PngInfo()
    mark.add_text(_MARK, json.dumps({"class": of.id, "name": of.name, "pixels": _digest(grey)}))
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG", pnginfo=mark)
    return file.getvalue()


def _digest(grey: np.ndarray) -> str:
    return hashlib.sha256(f"{grey.shape}".encode() + grey.tobytes()).hexdigest()


def _class_with(number: int, table: ClassTable) -> Class:
    found = table.with_id(number)
    if found is None:
        raise IcasError(f"classes: found pixels of the class {number}, which the table does not have")
    return found
