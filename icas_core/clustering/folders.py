"""Place pictures into folders of clusters, swapped in whole, and never over what a person changed."""

from __future__ import annotations

import logging
import math
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import pyarrow as pa

from icas_core.clustering.building import Building
from icas_core.clustering.naming import OUTLIERS_FOLDER, placed_names
from icas_core.clustering.receipts import (
    RECEIPT,
    Placed,
    changes_by_hand,
    files_in,
    is_unchanged,
    read_receipt,
    write_receipt,
)
from icas_core.errors import IcasError
from icas_core.images import is_picture_name
from icas_core.swapping import clear_leftovers, swap_in
from icas_core.tables import CLUSTERS, OUTLIER

TRANSFERS = ("copy", "hardlink", "symlink", "none")
_WAYS_OUT = "set overwrite=true to replace it, or rename the folder to keep it"


class Progress(Protocol):
    """What shows how far a long step is."""

    def advance(self, n: int = 1) -> object:
        """Count `n` more as done."""


@dataclass(frozen=True)
class Receipt:
    """What was placed: its rows (RECEIPT), the sources that could not be read any more, and how many went how."""

    table: pa.Table
    vanished: list[str]
    reused: int = 0
    fallbacks: int = 0


def place(
    assignment: Iterable[tuple[str, str]],
    *,
    source_root: Path | str,
    destination: Path | str,
    transfer: str,
    overwrite: bool,
    log: logging.Logger,
    progress: Progress | None = None,
) -> Receipt:
    """Place pictures, (path below `source_root`, folder name) pairs, as `destination/folder name/file name`.

    The tree is built beside `destination` and swapped in; a crash leaves the old or the new one, at worst under its
    hidden name, from which the next call brings it back. Names are those of naming.placed_names. `transfer`: `copy`
    keeps the time of change and takes unchanged copies over from the tree before; `hardlink` falls back to a copy
    where the file system cannot link (counted, logged once); `symlink` is relative where `destination` lies in the
    picture folder, so that this folder can move as a whole, else absolute; `none` removes what was placed before.
    A source that cannot be read any more is logged, counted and left out. Raises IcasError where `destination` holds
    what icas did not place or what was changed by hand (unless `overwrite`), holds the pictures themselves, or cannot
    be written; the tree before is then still whole.
    """
    if transfer not in TRANSFERS:
        raise IcasError(f"transfer: found {transfer!r}, accepted are {', '.join(TRANSFERS)}")
    names = placed_names(assignment)
    root, target = Path(os.path.realpath(source_root)), Path(os.path.realpath(destination))
    if root.is_relative_to(target):
        raise IcasError(f"{destination}: holds the pictures of {source_root}, expected a folder apart from them")
    try:
        clear_leftovers(target)
        reusable = _checked(target, shown=destination, root=root, overwrite=overwrite)
        if transfer == "none":
            swap_in(None, target, log)
            return Receipt(RECEIPT.empty_table(), [])
        building = Building(target, root, transfer, reusable)
        return _built(building, names, log, progress)
    except OSError as error:
        where = error.filename2 or error.filename or target
        raise IcasError(
            f"{destination}: cannot be placed ({error.strerror} at {os.fsdecode(where)}); "
            "what was there before is untouched: make room or allow writing, then run again"
        ) from error


def _built(building: Building, names: dict[str, str], log: logging.Logger, progress: Progress | None) -> Receipt:
    try:
        building.folder.mkdir(parents=True)
        for source, placed in sorted(names.items(), key=lambda item: item[1]):
            building.add(source, placed)
            if progress is not None:
                progress.advance()
        table = write_receipt(building.rows, building.folder, building.root)
        swap_in(building.folder, building.target, log)
    except BaseException:
        shutil.rmtree(building.folder, ignore_errors=True)
        raise
    if building.fallbacks:
        log.warning("%d pictures were copied: hard links cannot be made here", building.fallbacks)
    for source in building.vanished:
        log.warning("%r: not placed, the picture can no longer be read", source)
    return Receipt(table, building.vanished, building.reused, building.fallbacks)


def read_placed(destination: Path | str) -> list[tuple[str, str]]:
    """The (folder, file name) of every file below a placed folder as it is now, sorted, without junk and receipt."""
    paths = [PurePosixPath(path) for path in files_in(destination)]
    return [(path.parent.as_posix(), path.name) for path in paths]


def read_folder_of_batches(path: Path | str) -> dict[str, pa.Table]:
    """The clusters of a folder of batch folders, placed by icas or made by hand: batch name → tables.CLUSTERS.

    Pictures lie in `path/<batch>/<cluster>/…` at any depth below their cluster folder; `outliers` holds outliers; the
    other folder names are free, `cluster_0012` gives the number 12 and the rest take the free numbers in order of
    name. The tables' paths are below `path`; the first picture of a cluster represents it. Hidden names and files
    that are no pictures are left out. Raises IcasError where `path` is no folder, holds no pictures, or a picture
    lies beside the cluster folders.
    """
    if not Path(path).is_dir():
        raise IcasError(f"{path}: not a folder, expected a folder of batch folders")
    members: dict[str, dict[str, list[str]]] = {}
    for picture in files_in(path):
        parts = picture.split("/")
        if any(part.startswith(".") for part in parts) or not is_picture_name(picture):
            continue
        if len(parts) < 3:
            raise IcasError(f"{path}: found the picture {picture!r}, expected {path}/<batch>/<cluster>/<picture>")
        members.setdefault(parts[0], {}).setdefault(parts[1], []).append(picture)
    if not members:
        raise IcasError(f"{path}: holds no pictures, expected {path}/<batch>/<cluster>/<picture>")
    return {batch: _clusters_of(folders) for batch, folders in members.items()}


def _clusters_of(folders: dict[str, list[str]]) -> pa.Table:
    numbered = {name: int(name[8:]) for name in folders if re.fullmatch(r"cluster_(?=.*[1-9])[0-9]{1,9}", name)}
    # `cluster_1` beside `cluster_0001` is a cluster of its own, as a person who made it means it.
    numbers = {number: name for name, number in sorted(numbered.items(), reverse=True)}
    free = (number for number in range(1, len(folders) + len(numbers) + 1) if number not in numbers)
    of_folder = {name: number for number, name in numbers.items()}
    rows = []
    for name, paths in sorted(folders.items()):
        outliers = name.casefold() == OUTLIERS_FOLDER
        cluster = OUTLIER if outliers else of_folder.get(name) or next(free)
        first = None if outliers else min(paths)
        rows += [(path, cluster, path == first, 1.0 if path == first else math.nan) for path in paths]
    return pa.table(list(zip(*sorted(rows), strict=True)), schema=CLUSTERS)


def require_replaceable(destination: Path | str, ways_out: str = _WAYS_OUT) -> None:
    """IcasError where placing at `destination` would be refused: what is there was changed by hand, or is no result.

    ways_out: ends the message.
    """
    _checked(Path(os.path.realpath(destination)), shown=destination, root=Path(), overwrite=False, ways_out=ways_out)


def _checked(
    target: Path, *, shown: Path | str, root: Path, overwrite: bool, ways_out: str = _WAYS_OUT
) -> dict[str, Placed]:
    """The copies that may be taken over, by source; IcasError where the tree is not to be replaced."""
    if not os.path.lexists(target):
        return {}
    if not target.is_dir():
        raise IcasError(f"{shown}: is a file, expected a folder or nothing")
    found, receipt = files_in(target), read_receipt(target)
    if found and not overwrite:
        if receipt is None:
            raise IcasError(
                f"{shown}: holds {len(found)} files that were not placed by icas (e.g. {next(iter(found))!r}): "
                f"{ways_out}"
            )
        if changes := changes_by_hand(receipt[0], found):
            count = f"{len(changes)} change{'s' * (len(changes) > 1)}"
            raise IcasError(
                f"{shown}: was changed by hand ({count}, e.g. {' '.join(changes[0].splitlines())}): {ways_out}"
            )
    if receipt is None or receipt[1] != str(root):
        return {}
    copies = (row for row in receipt[0] if row.transfer == "copy" and row.placed in found)
    return {row.source: row for row in copies if is_unchanged(row, found[row.placed])}
