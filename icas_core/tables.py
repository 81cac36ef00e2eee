"""Read and write the tables that pass between the stages: parquet, atomically, with closed schemas."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from icas_core.absent import absent
from icas_core.errors import IcasError

# At its first conversion pyarrow imports all of pandas, to know pandas' objects when it is given one: half the cost of
# a small job. A later call that needs pandas imports it all the same.
with absent("pandas"):
    pa.array([0])

MANIFEST = pa.schema([("path", pa.string()), ("size", pa.int64()), ("mtime_ns", pa.int64())])
EDGES = pa.schema([("image_a", pa.string()), ("image_b", pa.string()), ("similarity", pa.float32())])
# similarity: to the picture that represents the cluster, 1 for itself, NaN for an outlier and where it is not known.
CLUSTERS = pa.schema(
    [("path", pa.string()), ("cluster", pa.int32()), ("representative", pa.bool_()), ("similarity", pa.float32())]
)
NUMBERS = pa.schema([("path", pa.string()), ("cluster", pa.int32())])
MERGED = pa.schema(
    [
        ("path", pa.string()),
        ("cluster", pa.int32()),
        ("batch", pa.string()),
        ("batch_cluster", pa.int32()),
        ("representative", pa.bool_()),
        ("similarity", pa.float32()),
    ]
)

OUTLIER = -1
_NOTES = b"icas"


@contextmanager
def written_atomically(path: Path | str, mode: str = "wb", **open_options: Any) -> Iterator[IO[Any]]:
    """Open a temporary file beside `path` that takes its name only once it is whole and on disk."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(mode, dir=path.parent, prefix=f".{path.name}.", delete=False, **open_options) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            # mkstemp makes files that only their owner can read; results are for the group too.
            os.chmod(file.name, 0o666 & ~_umask())
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def write_table(
    table: pa.Table, path: Path | str, notes: Mapping[str, Any] | None = None, row_group_size: int | None = None
) -> None:
    """Write `table` as parquet under `path` atomically, with `notes` (JSON values) in its metadata."""
    if notes is not None:
        content = json.dumps(notes, sort_keys=True).encode()
        table = table.replace_schema_metadata({_NOTES: b"%08x %b" % (crc32(content), content)})
    with written_atomically(path) as file:
        # With checksums a damaged file is refused: its bytes could be taken for other numbers.
        pq.write_table(table, file, compression="zstd", row_group_size=row_group_size, write_page_checksum=True)


def read_table(
    path: Path | str,
    schema: pa.Schema | None = None,
    *,
    columns: list[str] | None = None,
    equal: tuple[str, int] | None = None,
) -> pa.Table:
    """Read a parquet table, or only some `columns`.

    equal: a column and a number; only the row groups that may hold it are read.
    IcasError names the file when it is missing, damaged or has other columns than `schema`.
    """
    # Not pq.read_table: it loads pyarrow's data sets, slowly.
    with naming(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        if schema is not None:
            require_columns(path, file.schema_arrow, schema)
        groups = range(file.num_row_groups) if equal is None else _groups_with(file.metadata, *equal)
        return file.read_row_groups(list(groups), columns=columns)


def _groups_with(metadata: pq.FileMetaData, column: str, number: int) -> list[int]:
    """The row groups whose least and greatest `column` lie around `number`."""
    at = metadata.schema.names.index(column)
    groups = []
    for group in range(metadata.num_row_groups):
        known = metadata.row_group(group).column(at).statistics
        if known is None or not known.has_min_max or known.min <= number <= known.max:
            groups.append(group)
    return groups


def read_rows(path: Path | str, rows: Sequence[int] | np.ndarray, schema: pa.Schema) -> pa.Table:
    """These rows of a parquet table, in this order; no more of the file is read than the row groups they lie in.

    Raises IcasError as read_table does.
    """
    wanted = np.asarray(rows, np.int64)
    with naming(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        require_columns(path, file.schema_arrow, schema)
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        starts = np.cumsum([0, *sizes])
        group_of = np.searchsorted(starts, wanted, side="right") - 1
        groups, place = np.unique(group_of, return_inverse=True)
        shift = np.cumsum([0, *(sizes[group] for group in groups)])[:-1]
        return file.read_row_groups(groups.tolist()).take(pa.array(shift[place] + wanted - starts[group_of]))


def count_rows(path: Path | str) -> int:
    """How many rows a parquet table has."""
    with naming(path):
        return pq.read_metadata(path).num_rows


def count_bytes(path: Path | str) -> int:
    """How many bytes a parquet table takes once it is read, roughly."""
    with naming(path):
        metadata = pq.read_metadata(path)
        return sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))


def read_notes(path: Path | str) -> dict[str, Any]:
    """The notes that write_table put into a table's metadata ({} when there are none)."""
    with naming(path):
        metadata = pq.read_schema(path).metadata or {}
    checksum, _, content = metadata.get(_NOTES, b"").partition(b" ")
    # Parquet's own checksums are of the columns only.
    if metadata and checksum != b"%08x" % crc32(content):
        raise IcasError(f"{path}: not a readable table (its notes are damaged); delete it and run again")
    return json.loads(content or b"{}")


def read_numbers(path: Path | str) -> pa.Table | None:
    """The clusters' numbers (NUMBERS) that an earlier run may have left in a table; None where there is none."""
    if not Path(path).exists():
        return None
    # Whatever other columns the version of that run kept.
    table = read_table(path, columns=NUMBERS.names)
    require_columns(path, table.schema, NUMBERS)
    return table


def read_paths(manifest: Path | str) -> list[str]:
    """The paths of a batch's pictures, from its manifest."""
    return read_table(manifest, MANIFEST)["path"].to_pylist()


def write_rejected(rejected: list[tuple[str, str]], path: Path | str) -> None:
    """Write the pictures that could not be used: path, reason."""
    with written_atomically(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "reason"])
        rows.writerows(rejected)


def read_rejected(path: Path | str) -> list[tuple[str, str]]:
    """Read what write_rejected wrote."""
    with open(path, encoding="utf-8", newline="") as file:
        return [(row["path"], row["reason"]) for row in csv.DictReader(file)]


def read_all_rejected(paths: list[str]) -> list[tuple[str, str]]:
    """The rejected pictures of several files, each picture once, sorted."""
    return sorted({name: reason for path in reversed(paths) for name, reason in read_rejected(path)}.items())


def write_clusters_csv(merged: pa.Table, path: Path | str) -> None:
    """Write the result's table for people: path, cluster (−1 for an outlier), representative (0 or 1)."""
    with written_atomically(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "cluster", "representative"])
        columns = (merged[name].to_pylist() for name in ("path", "cluster", "representative"))
        rows.writerows((name, cluster, int(chosen)) for name, cluster, chosen in zip(*columns, strict=True))


def sync_folder(folder: Path | str) -> None:
    """Wait until the names in a folder are on disk, where the system can do so."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some network file systems sync no folders
    finally:
        os.close(descriptor)


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """IcasError names the file when it is missing or cannot be read."""
    try:
        yield
    except FileNotFoundError:
        raise IcasError(f"{path}: this table is missing; run the workflow again to make it") from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise IcasError(f"{path}: not a readable table ({reason}); delete it and run again") from error


def require_columns(path: Path | str, found: pa.Schema, expected: pa.Schema) -> None:
    """IcasError names the file whose columns are others than expected."""
    if not found.remove_metadata().equals(expected):
        raise IcasError(f"{path}: columns are {found.names}, expected {expected.names}; delete it and run again")


def _umask() -> int:
    # The mask can only be read by setting it; jobs are single processes and set it back at once.
    mask = os.umask(0)
    os.umask(mask)
    return mask
