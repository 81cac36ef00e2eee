"""The difference between two annotations of one picture inside a rectangle: one step, to keep, undo or write."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from icas_core.annotations.annotation import ARRAYS, Annotation

Box = tuple[int, int, int, int]
_LEVEL = 1  # patches are written after every action


@dataclass(frozen=True, eq=False)
class Patch:
    """What an annotation is inside a rectangle: `box` = (left, top, width, height), and the arrays that differ there.

    arrays: name in ARRAYS → (height, width) of its type. done: the new value, None where it stays.
    """

    box: Box
    arrays: dict[str, np.ndarray]
    done: bool | None = None


def patch_between(before: Annotation, after: Annotation, box: Box | None = None) -> Patch:
    """What leads from `before` to `after`, which differ inside `box` = (left, top, width, height) only.

    The patch that takes the step back is `patch_between(after, before, box)`. Without a box the whole picture is
    compared. A box is cut off at the picture's edges.
    """
    box = _within(box, before) if box else (0, 0, *before.size)
    rows, columns = _slices(box)
    arrays = {}
    for name in ARRAYS:
        old, new = getattr(before, name)[rows, columns], getattr(after, name)[rows, columns]
        if not np.array_equal(old, new):
            arrays[name] = new.copy()
    return Patch(box, arrays, None if before.done == after.done else after.done)


def patched(annotation: Annotation, *patches: Patch) -> Annotation:
    """The annotation after these steps, in order; only the arrays that change are copied, each once."""
    changed: dict[str, Any] = {}
    for patch in patches:
        rows, columns = _slices(patch.box)
        for name, content in patch.arrays.items():
            if name not in changed:
                changed[name] = getattr(annotation, name).copy()
            changed[name][rows, columns] = content
        if patch.done is not None:
            changed["done"] = patch.done
    return replace(annotation, **changed)


def packed(patch: Patch) -> bytes:
    """The patch in few bytes: a fill of a segment takes some hundred."""
    head = json.dumps([patch.box, list(patch.arrays), patch.done]).encode()
    content = b"".join(
        np.ascontiguousarray(patch.arrays[name], dtype=np.dtype(ARRAYS[name]).newbyteorder("<")).tobytes()
        for name in patch.arrays
    )
    return zlib.compress(head + b"\n" + content, _LEVEL)


def unpacked(data: bytes) -> Patch:
    """Read what `packed` gave; ValueError for anything else."""
    try:
        head, content = zlib.decompress(data).split(b"\n", 1)
        box, names, done = json.loads(head)
        left, top, width, height = (int(number) for number in box)
        arrays, start = {}, 0
        for name in names:
            dtype = np.dtype(ARRAYS[name]).newbyteorder("<")
            array = np.frombuffer(content, dtype, width * height, start)
            arrays[name] = array.reshape(height, width).astype(ARRAYS[name])
            start += array.nbytes
    except (zlib.error, KeyError, TypeError) as error:
        raise ValueError(f"not a patch: {error}") from error
    return Patch((left, top, width, height), arrays, done)


def _within(box: Box, annotation: Annotation) -> Box:
    width, height = annotation.size
    left, top = min(max(box[0], 0), width), min(max(box[1], 0), height)
    right, bottom = min(max(box[0] + box[2], left), width), min(max(box[1] + box[3], top), height)
    return left, top, right - left, bottom - top


def _slices(box: Box) -> tuple[slice, slice]:
    left, top, width, height = box
    return slice(top, top + height), slice(left, left + width)
