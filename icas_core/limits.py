"""What one picture may take: pixels, processor time, and memory where many are read at once."""

from __future__ import annotations

import struct
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from typing import IO, Any

from icas_core.errors import RejectedPicture

# Phones take 200 megapixels; above that come stitched giants and decompression bombs (Pillow needs 4 bytes a pixel).
MAX_PIXELS = 300_000_000
# JPEG itself ends at 65,535 a side.
MAX_SIDE = 100_000
# A picture of MAX_PIXELS takes under ten seconds. A JPEG of 100 kB can be made to take an hour: a thousand scans.
MAX_SECONDS = 60.0

# Of a TIFF's tables of strips and tiles Pillow makes objects of 350 bytes an entry as it opens the file. 300 megapixels
# in tiles of 16 × 16 are 1.2 million.
MAX_ENTRIES = 2_000_000
_NUMBERS = {3, 4, 5, 8, 9, 10, 11, 12, 13, 16, 17, 18}  # a TIFF's types that are no plain bytes

_FEW = 256  # bytes
_SELDOM = 64

# Larger pictures are decoded one at a time, however many threads there are.
_LARGE = 50_000_000
_one_large = threading.Lock()


class TimedFile:
    """A file that ends the reading of a picture that takes too long, at the next piece that the decoder asks for."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._reads = 0
        self._until = time.thread_time() + MAX_SECONDS

    def read(self, size: int = -1) -> bytes:
        """The next bytes; RejectedPicture once this thread has spent MAX_SECONDS of processor time on the file."""
        # A reader of a file's head asks for a few bytes at a time; then asking the clock would take the longest.
        self._reads += 1
        if (not 0 <= size <= _FEW or self._reads % _SELDOM == 0) and time.thread_time() > self._until:
            raise RejectedPicture(f"takes too long to read (limit {MAX_SECONDS:g} s of processor time)")
        return self._file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def check_size(width: int, height: int) -> None:
    """RejectedPicture where a picture of so many pixels is not to be decoded."""
    if width * height > MAX_PIXELS:
        raise RejectedPicture(f"too large ({width} × {height} = {width * height:,} pixels, limit {MAX_PIXELS:,})")
    if max(width, height) > MAX_SIDE:
        raise RejectedPicture(f"too large ({width} × {height}, limit {MAX_SIDE:,} pixels a side)")
    if min(width, height) < 1:
        raise RejectedPicture(f"damaged ({width} × {height} pixels)")


def check_tables(file: IO[bytes]) -> None:
    """RejectedPicture where a TIFF's first directory tells of a table that is too long; the file is left at its start.

    Other files, and what is no whole directory, are left to the decoder.
    """
    try:
        head = file.read(16)
        if head[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return
        order, big = "<" if head[:1] == b"I" else ">", b"+" in head[2:4]
        (start,) = struct.unpack(order + "Q" if big else order + "I", head[8:16] if big else head[4:8])
        file.seek(start)
        (entries,) = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))
        form = struct.Struct(order + ("HHQ8x" if big else "HHI4x"))
        table = file.read(form.size * min(entries, 65_535))
        for _, kind, count in form.iter_unpack(table[: len(table) // form.size * form.size]):
            if kind in _NUMBERS and count > MAX_ENTRIES:
                raise RejectedPicture(f"too large (a table of {count:,} entries, limit {MAX_ENTRIES:,})")
    except (struct.error, OSError, ValueError, OverflowError):
        return
    finally:
        file.seek(0)


def room_for(pixels: int) -> AbstractContextManager[Any]:
    """Wait, with a large picture, until no other one is being decoded in this process."""
    return _one_large if pixels > _LARGE else nullcontext()
