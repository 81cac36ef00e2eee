"""The receipt of a placed folder: what was placed, and what a person has changed since."""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from icas_core.clustering.naming import is_junk
from icas_core.errors import IcasError
from icas_core.tables import read_notes, read_table, write_table

RECEIPT_NAME = ".receipt.parquet"
# size and mtime_ns are the source's; the last three are the placed file's own, as lstat gives them.
RECEIPT = pa.schema(
    [
        ("source", pa.string()),
        ("placed", pa.string()),
        ("size", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("transfer", pa.string()),
        ("placed_size", pa.int64()),
        ("placed_mtime_ns", pa.int64()),
        ("placed_inode", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Placed:
    """One row of a receipt: source and placed path (relative), both files' state, how it was brought over."""

    source: str
    placed: str
    size: int
    mtime_ns: int
    transfer: str
    placed_size: int
    placed_mtime_ns: int
    placed_inode: int


def write_receipt(rows: list[Placed], folder: Path, source_root: Path) -> pa.Table:
    """Write `folder/.receipt.parquet` (RECEIPT, sorted by placed path; the picture folder in its notes)."""
    rows = sorted(rows, key=lambda row: row.placed)
    columns = [pa.array([getattr(row, name) for row in rows], RECEIPT.field(name).type) for name in RECEIPT.names]
    table = pa.table(columns, schema=RECEIPT)
    write_table(table, folder / RECEIPT_NAME, notes={"source_root": str(source_root)})
    return table


def read_receipt(folder: Path | str) -> tuple[list[Placed], str] | None:
    """The rows of a folder's receipt and the picture folder it was placed from; None without a readable receipt."""
    path = Path(folder) / RECEIPT_NAME
    try:
        rows = [Placed(**row) for row in read_table(path, RECEIPT).to_pylist()]
        return rows, str(read_notes(path)["source_root"])
    except (IcasError, KeyError, ValueError):
        # A damaged receipt proves nothing: the folder counts as one that icas did not place.
        return None


def files_in(folder: Path | str) -> dict[str, os.stat_result]:
    """Every file below `folder`, POSIX path relative to it → lstat, without the receipt and what browsers leave.

    Links to folders count as files. Sorted. Raises IcasError where a folder cannot be read.
    """
    found: dict[str, os.stat_result] = {}

    def refuse(error: OSError) -> None:
        raise IcasError(f"{error.filename}: cannot be read ({error.strerror}), expected a readable folder") from error

    for parent, folders, names in os.walk(folder, onerror=refuse):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in [*names, *links]:
            relative = Path(parent, name).relative_to(folder).as_posix()
            if relative != RECEIPT_NAME and not is_junk(name):
                found[relative] = os.lstat(os.path.join(parent, name))
    return dict(sorted(found.items()))


def is_unchanged(row: Placed, found: os.stat_result) -> bool:
    """Whether a placed file is still as its receipt says."""
    if stat.S_ISLNK(found.st_mode) != (row.transfer == "symlink"):
        return False
    if row.transfer == "hardlink" and found.st_ino == row.placed_inode:
        # One file with the original: an edit of the original shows here too and is no correction by hand.
        return True
    return (found.st_size, found.st_mtime_ns) == (row.placed_size, row.placed_mtime_ns)


def changes_by_hand(rows: list[Placed], found: dict[str, os.stat_result]) -> list[str]:
    """What was done to a placed folder since, one text a change: `moved a to b`, `added`, `deleted`, `edited`."""
    receipt = {row.placed: row for row in rows}
    changes = [
        f"edited {path}" for path, row in receipt.items() if path in found and not is_unchanged(row, found[path])
    ]
    added: dict[tuple[int, int], list[str]] = defaultdict(list)
    for path in sorted(found.keys() - receipt.keys(), reverse=True):
        added[found[path].st_size, found[path].st_mtime_ns].append(path)
    for path in sorted(receipt.keys() - found.keys()):
        alike = added[receipt[path].placed_size, receipt[path].placed_mtime_ns]
        changes.append(f"moved {path} to {alike.pop()}" if alike else f"deleted {path}")
    changes += [f"added {path}" for paths in added.values() for path in paths]
    return changes
