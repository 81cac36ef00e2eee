"""Read what a person marked, and what a run found, as tables of paths."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from icas_core.errors import IcasError
from icas_core.tables import OUTLIER


def read_groups(path: Path | str) -> dict[str, str]:
    """The group of each picture, by path, from a csv with the columns path and group (or label).

    A picture without a group is a group of its own.
    """
    header, rows = _rows(path)
    column = next((name for name in ("group", "label") if name in header), None)
    if "path" not in header or column is None:
        raise IcasError(f"{path}: columns are {', '.join(header) or 'missing'}; accepted: path and group (or label)")
    groups: dict[str, str] = {}
    for row in rows:
        name, group = row["path"], row[column] or f"alone: {row['path']}"
        if groups.setdefault(name, group) != group:
            raise IcasError(
                f"{path}: {name} is in the groups {groups[name]} and {group}; accepted: one group a picture"
            )
    if not groups:
        raise IcasError(f"{path}: names no picture; accepted: a line for each picture")
    return groups


def read_clusters(path: Path | str) -> dict[str, int]:
    """The cluster of each picture, by path, from a run's clusters.csv; -1 is an outlier."""
    header, rows = _rows(path)
    if "path" not in header or "cluster" not in header:
        raise IcasError(f"{path}: columns are {', '.join(header) or 'missing'}; accepted: path and cluster")
    try:
        return {row["path"]: int(row["cluster"]) for row in rows}
    except (TypeError, ValueError):
        raise IcasError(f"{path}: cluster must be a whole number, {OUTLIER} for an outlier") from None


def _rows(path: Path | str) -> tuple[list[str], list[dict[str, str]]]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            head = file.readline()
            file.seek(0)
            # What spreadsheets write where the comma is the decimal sign.
            reader = csv.DictReader(file, delimiter=";" if ";" in head and "," not in head else ",")
            return list(reader.fieldnames or []), [row for row in reader if row.get("path")]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise IcasError(f"{path}: cannot be read as csv ({error})") from error


def files_of(images: Path, groundtruth: Path, names: Sequence[str]) -> list[str]:
    """Where each named picture is, as an absolute path.

    A name counts from `images`, from the csv's own folder, or, its first folders dropped, from `images`
    again. Raises IcasError naming the first picture that is nowhere.
    """
    if not images.is_dir():
        raise IcasError(f"{images}: not a folder; accepted: the folder of the pictures that {groundtruth} names")
    return [_file_of(images, groundtruth, name) for name in names]


def _file_of(images: Path, groundtruth: Path, name: str) -> str:
    beside = groundtruth.parent / name
    for place in (images / name, beside, *(images / shorter for shorter in _shorter(name))):
        if place.is_file():
            return str(place.absolute())
    raise IcasError(f"{groundtruth}: {name} is neither below {images} nor beside the csv")


def _shorter(name: str) -> Iterator[str]:
    parts = PurePosixPath(name).parts
    for dropped in range(1, len(parts)):
        yield "/".join(parts[dropped:])


def matched(found: Sequence[str], marked: Sequence[str]) -> dict[str, str]:
    """The marked path of each found path that has one: the same, or one is the end of the other.

    Raises IcasError when a found path could be several of the marked ones.
    """
    ends: dict[str, list[str]] = defaultdict(list)
    for path in marked:
        for end in (path, *_shorter(path)):
            ends[end].append(path)
    pairs = {}
    exact = set(marked)
    for path in found:
        candidates = (
            [path] if path in exact else next((ends[end] for end in (path, *_shorter(path)) if end in ends), [])
        )
        if len(candidates) > 1:
            raise IcasError(f"{path}: could be {candidates[0]} or {candidates[1]}; give paths from one folder")
        if candidates:
            pairs[path] = candidates[0]
    return pairs
