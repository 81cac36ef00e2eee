"""The steps painted since an annotation was last written whole: a file that only grows."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

from icas_core.annotations.patch import Patch, packed, unpacked

_RECORD = struct.Struct("<II")  # length and CRC-32 of what follows


def append_step(path: Path, generation: str, patch: Patch, end: int) -> int:
    """Write a step at `end`, where the ones before it end (0: begin the file anew); returns the new end.

    The step outlives the process at once (kill -9), a power cut only once the system has written it. Raises OSError
    when it cannot be written; the steps before are then still whole.
    """
    data = packed(patch)
    record = (b"" if end else _head(generation)) + _RECORD.pack(len(data), zlib.crc32(data)) + data
    # Unbuffered: what failed must not be written once more when the file is closed.
    with open(path, "r+b" if end else "wb", buffering=0) as file:
        # What a crash left of a step must not stand before the next one.
        file.truncate(end)
        file.seek(end)
        try:
            written = 0
            while written < len(record):
                written += file.write(record[written:])
        except OSError:
            file.truncate(end)
            raise
    return end + len(record)


def read_steps(path: Path, generation: str) -> tuple[list[Patch], int]:
    """The whole steps of this generation and where they end; ([], 0) where there are none, or of another generation.

    Steps of another generation are contained in what was written later. Raises OSError, and ValueError where a whole
    step means nothing.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [], 0
    head = _head(generation)
    if not content.startswith(head):
        return [], 0
    patches, start = [], len(head)
    while len(content) >= start + _RECORD.size:
        length, checksum = _RECORD.unpack_from(content, start)
        data = content[start + _RECORD.size : start + _RECORD.size + length]
        if len(data) < length or zlib.crc32(data) != checksum:
            break
        patches.append(unpacked(data))
        start += _RECORD.size + length
    return patches, start


def _head(generation: str) -> bytes:
    return (json.dumps({"format": "icas steps", "version": 1, "generation": generation}) + "\n").encode()
