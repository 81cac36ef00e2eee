"""The features of a set of pictures: stacked in memory, one parquet file on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from icas_core.errors import IcasError
from icas_core.tables import count_rows, read_notes, read_rows, read_table, write_table

# n features of one shape as one array (n, ...), of different shapes as a list of n arrays.
Stack = np.ndarray | list[np.ndarray]

# Large, because the colour pictures of one batch at their own size can exceed 2 GB.
FEATURES = pa.schema(
    [
        ("path", pa.string()),
        ("variant", pa.int8()),
        ("feature", pa.large_binary()),
        ("shape", pa.list_(pa.int32())),
    ]
)

_GROUP_BYTES = 2**18
_LEAST_GROUP = 8  # rows, however large the features are


@dataclass(frozen=True)
class Features:
    """One method's features of some pictures.

    paths: relative POSIX paths, one a picture. variants: one stack for each compared position of the picture;
    the first is the picture itself, the others its mirrored and turned positions.
    """

    paths: list[str]
    variants: tuple[Stack, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, indices: Sequence[int] | np.ndarray) -> Features:
        """The features of the pictures at these row numbers, in this order."""
        rows = np.asarray(indices, dtype=np.int64)
        return Features([self.paths[row] for row in rows], tuple(take(stack, rows) for stack in self.variants))


def stacked(features: Sequence[np.ndarray], empty: np.ndarray | None = None) -> Stack:
    """One array when all features share a shape and type, else the list of them."""
    if not features:
        return np.empty((0,), np.uint8) if empty is None else empty
    first = features[0]
    if all(feature.shape == first.shape for feature in features):
        return np.stack(features)
    return list(features)


def take(stack: Stack, rows: np.ndarray) -> Stack:
    """The features at these row numbers; a contiguous slice of an array is not copied."""
    if isinstance(stack, list):
        return stacked([stack[row] for row in rows])
    if len(rows) and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows))):
        return stack[rows[0] : rows[0] + len(rows)]
    return stack[rows]


def concatenate(parts: Sequence[Features]) -> Features:
    """All pictures of several sets in one, in order; IcasError when they were made with different variants."""
    filled = [part for part in parts if len(part)]
    if len({len(part.variants) for part in filled}) > 1:
        found = sorted({len(part.variants) for part in filled})
        raise IcasError(f"features with {found[0]} and {found[-1]} variants cannot be joined; extract them alike")
    if len(filled) <= 1:
        return filled[0] if filled else (parts[0] if parts else Features([], ()))
    paths = [path for part in filled for path in part.paths]
    columns = zip(*(part.variants for part in filled), strict=True)
    return Features(paths, tuple(_joined(list(column)) for column in columns))


def _joined(stacks: list[Stack]) -> Stack:
    arrays = [stack for stack in stacks if isinstance(stack, np.ndarray)]
    if len(arrays) == len(stacks) and len({array.shape[1:] for array in arrays}) == 1:
        return np.concatenate(arrays)
    return stacked([feature for stack in stacks for feature in stack])


def write_features(features: Features, path: Path | str) -> None:
    """Write features as parquet: path, variant, feature, shape, variant after variant; the type in the notes.

    In row groups of about a megabyte, so that a few pictures' features can be read without the others.
    """
    counts = [len(stack) for stack in features.variants]
    every = [feature for stack in features.variants for feature in stack]
    columns = {
        "path": pa.array(features.paths * len(counts), pa.string()),
        "variant": pa.array(np.repeat(np.arange(len(counts), dtype=np.int8), counts)),
        "feature": _binary(every),
        "shape": pa.array([feature.shape for feature in every], FEATURES.field(3).type),
    }
    notes = {"dtype": (every[0] if every else np.empty(0, np.uint8)).dtype.str, "variants": len(counts)}
    group = _GROUP_BYTES * len(every) // max(1, sum(feature.nbytes for feature in every))
    write_table(pa.table(columns, schema=FEATURES), path, notes=notes, row_group_size=max(_LEAST_GROUP, group))


def _binary(features: list[np.ndarray]) -> pa.Array:
    """A binary column over one buffer, so that reading it back can be zero-copy."""
    offsets = np.zeros(len(features) + 1, np.int64)
    np.cumsum([feature.nbytes for feature in features], out=offsets[1:])
    content = b"".join(np.ascontiguousarray(feature).tobytes() for feature in features)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.large_binary(), len(features), buffers)


def read_features(path: Path | str, paths: Sequence[str] | None = None) -> Features:
    """Read features, of all pictures or of `paths` in that order.

    Where all shapes are equal the stacks are read-only views of the table.
    Raises IcasError when the file is missing or damaged, or does not hold one of `paths`.
    """
    if paths is None:
        return _features_in(read_table(path, FEATURES), read_notes(path))
    rows = {name: row for row, name in enumerate(read_feature_paths(path).to_pylist())}
    if missing := [name for name in paths if name not in rows]:
        raise IcasError(f"{path}: holds no feature of {missing[0]!r}; delete it and run again")
    return read_feature_rows(path, np.array([rows[name] for name in paths], np.int64))


def read_feature_paths(path: Path | str) -> pa.ChunkedArray:
    """The pictures of a features file, in the order of their rows."""
    paths = read_table(path, FEATURES, columns=["path"])["path"]
    return paths.slice(0, len(paths) // max(read_notes(path)["variants"], 1))


def read_feature_rows(path: Path | str, rows: np.ndarray) -> Features:
    """The features of the pictures at these row numbers of a file, in this order."""
    notes = read_notes(path)
    pictures = count_rows(path) // max(notes["variants"], 1)
    wanted = np.concatenate([rows[:0], *(variant * pictures + rows for variant in range(notes["variants"]))])
    return _features_in(read_rows(path, wanted, FEATURES), notes)


def _features_in(table: pa.Table, notes: Mapping[str, Any]) -> Features:
    table = table.combine_chunks()
    count = table.num_rows // max(notes["variants"], 1)
    dtype = np.dtype(notes["dtype"])
    stacks = tuple(_stack(table.slice(v * count, count), dtype) for v in range(notes["variants"]))
    return Features(table["path"].slice(0, count).to_pylist(), stacks)


def _stack(table: pa.Table, dtype: np.dtype) -> Stack:
    shapes = [tuple(shape) for shape in table["shape"].to_pylist()]
    if not shapes:
        return np.empty((0,), dtype)
    column = table["feature"].combine_chunks()
    offsets = np.frombuffer(column.buffers()[1], np.int64)[column.offset : column.offset + len(column) + 1]
    content = np.frombuffer(column.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    if len(set(shapes)) == 1:
        return content.view(dtype).reshape(len(shapes), *shapes[0])
    starts = (offsets - offsets[0]).tolist()
    pieces = zip(starts[:-1], starts[1:], shapes, strict=True)
    return [content[start:stop].view(dtype).reshape(shape) for start, stop, shape in pieces]
