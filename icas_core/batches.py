"""Which picture is in which batch: scan the folder, keep the ledger, plan the batches."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from icas_core.errors import IcasError
from icas_core.images import is_picture_name
from icas_core.tables import MANIFEST, read_notes, read_table, write_table

LEDGER = pa.schema([("batch", pa.int64()), *MANIFEST])
# A million pictures in batches of 2,000: each split job reads its own row groups only.
_ROWS_A_GROUP = 10_000


@dataclass(frozen=True)
class Picture:
    """One file as the scan found it: POSIX path below the picture folder, size in bytes, time in ns."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Plan:
    """The batches of one picture folder: batch number → its pictures, sorted by path."""

    folder: str
    next_id: int
    batches: dict[int, list[Picture]]

    def pictures(self) -> int:
        """The number of pictures in all batches."""
        return sum(map(len, self.batches.values()))


@dataclass(frozen=True)
class Others:
    """Files that are no pictures by their names: by ending how many, and the first one's path."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, path: str) -> None:
        """Count one more."""
        ending = os.path.splitext(path)[1].lower()
        self.counts[ending] += 1
        self.first.setdefault(ending, path)


def batch_name(number: int) -> str:
    """The name of a batch in file names: at least four digits."""
    return f"{number:04d}"


def scan(folder: Path | str, leave_out: Iterable[Path | str] = (), others: Others | None = None) -> list[Picture]:
    """Find every picture below `folder`, sorted by path.

    A picture is a file (or a link to one) whose ending `is_picture_name` knows. Hidden names (leading dot) and
    links to folders are not followed; folders below that are results of icas, and `leave_out`, are not entered. A
    file that cannot be asked for its size is kept with size −1, so that reading it names the reason. `others` is told
    of all other files. Raises IcasError when `folder` cannot be listed.
    """
    root = os.fspath(folder)
    forbidden = {os.path.realpath(path) for path in leave_out}
    try:
        pictures = list(_walk(root, "", forbidden, others or Others()))
    except OSError as error:
        raise IcasError(f"images: {error.filename}: cannot be listed ({error.strerror})") from None
    pictures.sort(key=lambda picture: picture.path)
    return pictures


def _walk(folder: str, prefix: str, forbidden: set[str], others: Others) -> Iterator[Picture]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                allowed = not forbidden or os.path.realpath(entry.path) not in forbidden
                if allowed and not _is_result(entry.path):
                    yield from _walk(entry.path, f"{prefix}{entry.name}/", forbidden, others)
            elif not is_picture_name(entry.name):
                if not entry.is_dir():
                    others.add(prefix + entry.name)
            elif picture := _picture(entry, prefix + entry.name):
                yield picture


def _is_result(folder: str) -> bool:
    """Whether a folder is the output of a run, or of merge_folders: its pictures are copies of others."""
    there = [os.path.isfile(os.path.join(folder, name)) for name in ("made_from.json", "clusters.csv")]
    return all(there) or os.path.isfile(os.path.join(folder, "ledger.parquet"))


def _picture(entry: os.DirEntry[str], path: str) -> Picture | None:
    # Tables hold UTF-8 only; a name that isn't is told with its odd bytes escaped, and rejected when read.
    name = path if path.isprintable() else path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    try:
        status = entry.stat()
    except OSError:
        return Picture(name, -1, 0)
    if not stat.S_ISREG(status.st_mode):
        return None
    return Picture(name, status.st_size, status.st_mtime_ns)


def plan_batches(found: list[Picture], ledger: Plan | None, *, folder: str, batch_size: int) -> Plan:
    """Give every picture found a batch.

    A picture keeps its batch for life; new pictures, in path order, fill the holes that deleted ones left and then
    open new batches of `batch_size`; numbers are never used twice; a batch without pictures is dropped.
    """
    if ledger is not None and ledger.folder != folder:
        raise IcasError(
            f"output: belongs to the picture folder {ledger.folder}, found images: {folder}; "
            "choose another output, or delete this one"
        )
    home = {picture.path: number for number, batch in (ledger.batches if ledger else {}).items() for picture in batch}
    batches: dict[int, list[Picture]] = {}
    new: list[Picture] = []
    for picture in found:
        number = home.get(picture.path)
        if number is None:
            new.append(picture)
        else:
            batches.setdefault(number, []).append(picture)
    next_id = _fill(batches, new, batch_size, ledger.next_id if ledger else 1)
    for batch in batches.values():
        batch.sort(key=lambda picture: picture.path)
    return Plan(folder, next_id, dict(sorted(batches.items())))


def _fill(batches: dict[int, list[Picture]], new: list[Picture], batch_size: int, next_id: int) -> int:
    start = 0
    for number in sorted(batches):
        room = max(0, batch_size - len(batches[number]))
        batches[number].extend(new[start : start + room])
        start = min(len(new), start + room)
    for begin in range(start, len(new), batch_size):
        batches[next_id] = new[begin : begin + batch_size]
        next_id += 1
    return next_id


def digest(batch: list[Picture]) -> str:
    """A short digest of a batch's paths, sizes and times: it changes when any picture of the batch does."""
    text = "\0".join(f"{picture.path}\0{picture.size}\0{picture.mtime_ns}" for picture in batch)
    return hashlib.blake2b(text.encode("utf-8"), digest_size=12).hexdigest()


def write_ledger(plan: Plan, path: Path | str) -> None:
    """Write the plan as the ledger, atomically."""
    numbers = np.repeat(list(plan.batches), [len(batch) for batch in plan.batches.values()])
    everything = [picture for batch in plan.batches.values() for picture in batch]
    table = pa.table({"batch": pa.array(numbers, pa.int64()), **_columns(everything)}, schema=LEDGER)
    write_table(table, path, {"folder": plan.folder, "next_id": plan.next_id}, row_group_size=_ROWS_A_GROUP)


def read_ledger(path: Path | str) -> Plan | None:
    """Read the ledger; None where there is none yet."""
    if not Path(path).exists():
        return None
    table = read_table(path, LEDGER)
    notes = read_notes(path)
    columns = (table[name].to_pylist() for name in LEDGER.names)
    batches: dict[int, list[Picture]] = {}
    for number, name, size, mtime_ns in zip(*columns, strict=True):
        batches.setdefault(number, []).append(Picture(name, size, mtime_ns))
    return Plan(notes["folder"], notes["next_id"], batches)


def read_batch_names(path: Path | str) -> list[str]:
    """The names of the batches in a ledger, in order, without reading its pictures."""
    numbers = read_table(path, LEDGER, columns=["batch"])["batch"].unique().to_pylist()
    return [batch_name(number) for number in sorted(numbers)]


def read_all_paths(path: Path | str) -> list[str]:
    """The paths of all pictures in a ledger, sorted."""
    return sorted(read_table(path, LEDGER, columns=["path"])["path"].to_pylist())


def manifest(ledger: Path | str, batch: str) -> pa.Table:
    """One batch's pictures (MANIFEST), read from the ledger, sorted by path."""
    near = read_table(ledger, LEDGER, equal=("batch", int(batch)))
    # A ledger lists batch after batch.
    rows = np.flatnonzero(near["batch"].to_numpy() == int(batch))
    if not len(rows):
        raise IcasError(f"{ledger}: has no batch {batch}; run the workflow again from the start")
    return near.slice(rows[0], len(rows)).select(MANIFEST.names).cast(MANIFEST)


def _columns(pictures: list[Picture]) -> dict[str, list[str] | list[int]]:
    return {
        "path": [picture.path for picture in pictures],
        "size": [picture.size for picture in pictures],
        "mtime_ns": [picture.mtime_ns for picture in pictures],
    }
