"""Read pictures: every format to one RGB form, or a short reason why not."""

from __future__ import annotations

import math
import os
import re
import stat
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from PIL import ExifTags, Image, ImageFile, features

from icas_core.errors import RejectedPicture
from icas_core.limits import TimedFile, check_size, check_tables, room_for
from icas_core.pixels import as_rgb

PICTURE_ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".tif", ".tiff"),
    *(".bmp", ".dib", ".webp", ".gif", ".heic", ".heif", ".hif", ".avif"),
)

# Only these readers ever run: others start programs (EPS) or follow the file's own instructions.
_FORMATS = ["JPEG", "PNG", "TIFF", "BMP", "DIB", "WEBP", "GIF"]
_PIECE = 1024  # bytes of a progressive JPEG
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_SIGNATURES = {
    b"\xff\xd8": "JPEG",
    b"\x89PNG": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"BM": "BMP",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
}
_NO_PICTURES = {b"<?xml": "XML or SVG", b"<svg": "SVG", b"<!doc": "HTML", b"<html": "HTML", b"pk\x03\x04": "a zip file"}
_NO_PICTURES |= {b"%pdf": "PDF", b"%!ps": "PostScript"}
_KINDS = ((stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "FIFO"), (stat.S_ISSOCK, "socket"))

# Pillow warns of odd EXIF and TIFF tags without naming the file, in the middle of a log.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

_UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda rgb: rgb[:, ::-1],
    3: lambda rgb: rgb[::-1, ::-1],
    4: lambda rgb: rgb[::-1],
    5: lambda rgb: rgb.swapaxes(0, 1),
    6: lambda rgb: np.rot90(rgb, -1),
    7: lambda rgb: rgb.swapaxes(0, 1)[::-1, ::-1],
    8: lambda rgb: np.rot90(rgb, 1),
}


def is_picture_name(name: str) -> bool:
    """Whether a file's name ends as a picture's does (PICTURE_ENDINGS, in upper or lower case)."""
    return name.lower().endswith(PICTURE_ENDINGS)


def read_rgb(path: Path | str, at_least: tuple[int, int] | None = None, longest: int | None = None) -> np.ndarray:
    """Read a picture as (height, width, 3) uint8 RGB in 0..255, turned upright by its EXIF orientation.

    Transparent pixels are laid over white; 16-bit values keep their high byte; 32-bit and float values are
    stretched from their smallest to their largest; of several frames or pages the first is read. The array may be
    read-only. `at_least` = (width, height) allows JPEG a reduced decode (Pillow's `draft`) of at least that size or
    the picture's own, if smaller: faster, not pixel-identical; so does `longest`, of at least that many pixels along
    the longer side. Raises RejectedPicture with the reason, whatever the bytes are.
    """
    try:
        rgb, orientation = _decoded(path, at_least, longest)
    except RejectedPicture:
        raise
    except Exception as error:  # damaged bytes raise nearly anything in Pillow
        raise RejectedPicture(_reason(error, path)) from error
    turn = _UPRIGHT.get(orientation)
    return rgb if turn is None else np.ascontiguousarray(turn(rgb))


def upright_size(path: Path | str) -> tuple[int, int]:
    """(width, height) of what `read_rgb` would give, from the file's head alone; raises RejectedPicture."""
    try:
        with _open_regular(path) as file, _open_picture(file) as picture:
            width, height = picture.size
            # Of TIFF Pillow gives the size as turned already, since it turns the pixels itself.
            turned = picture.format != "TIFF" and _orientation(picture) >= 5
            return (height, width) if turned else (width, height)
    except RejectedPicture:
        raise
    except Exception as error:  # as in read_rgb
        raise RejectedPicture(_reason(error, path)) from error


def _open_regular(path: Path | str) -> IO[bytes]:
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        # Opening a FIFO waits for a writer, opening a device may start it: neither is opened at all.
        raise RejectedPicture("is a " + next((kind for is_kind, kind in _KINDS if is_kind(status.st_mode)), "device"))
    if status.st_size == 0:
        raise RejectedPicture("empty file")
    return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")


def _open_picture(file: IO[bytes]) -> Image.Image:
    head = file.read(64)
    file.seek(0)
    check_tables(file)
    # The limits below stand in for Pillow's own, which would warn in the middle of a log.
    Image.MAX_IMAGE_PIXELS = None
    try:
        picture = Image.open(cast(IO[bytes], TimedFile(file)), formats=_formats(head))
    except (OSError, EOFError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise RejectedPicture(_unidentified(head)) from error
    check_size(*picture.size)
    return picture


def _formats(head: bytes) -> list[str]:
    if head[4:8] != b"ftyp":
        return _FORMATS
    if head[8:12] in (b"avif", b"avis"):
        if not features.check("avif"):
            raise RejectedPicture("AVIF, which this build of Pillow cannot read")
        return ["AVIF"]
    if head[8:12] not in _HEIC_BRANDS:
        return _FORMATS
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise RejectedPicture("HEIC, which needs the package pillow-heif: pip install pillow-heif") from None
    register_heif_opener()
    return ["HEIF"]


def _least_size(picture: Image.Image, at_least: tuple[int, int] | None, longest: int | None) -> tuple[int, int] | None:
    """The (width, height), as the file has them, that a reduced decode must reach; None for the whole picture."""
    if longest:
        width, height = picture.size
        scale = longest / max(width, height)
        return math.ceil(width * scale), math.ceil(height * scale)
    return at_least[::-1] if at_least and _orientation(picture) >= 5 else at_least


def _decoded(path: Path | str, at_least: tuple[int, int] | None, longest: int | None) -> tuple[np.ndarray, int]:
    """The pixels as the file has them, and their EXIF orientation; Pillow's own copy of them is gone by then."""
    with _open_regular(path) as file, _open_picture(file) as picture:
        least = _least_size(picture, at_least, longest)
        if least is not None:
            picture.draft(None, (max(1, least[0]), max(1, least[1])))
        if isinstance(picture, ImageFile.ImageFile) and picture.info.get("progressive"):
            # It is decoded piece by piece, and time is looked at between them: all of its scans must not be one piece.
            picture.decodermaxblock = _PIECE
        with room_for(picture.width * picture.height):
            picture.load()
            # What Pillow turns by itself while it loads (TIFF) is not turned again.
            return as_rgb(picture), _orientation(picture)


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - damaged EXIF does not spoil the pixels
        return 1


def _unidentified(head: bytes) -> str:
    format_name = next((name for signature, name in _SIGNATURES.items() if head.startswith(signature)), None)
    if format_name is not None or head[4:8] == b"ftyp":
        return f"truncated or damaged {format_name or 'HEIC'}"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    content = next((name for mark, name in _NO_PICTURES.items() if start.startswith(mark)), None)
    return f"not a picture ({content})" if content else "not a picture"


def _is_there_unescaped(path: Any) -> bool:
    """Whether the scan, which spells out bytes that are no UTF-8 as \\xe9, means another name that is there."""
    escaped = os.fsencode(path)
    raw = re.sub(rb"\\x([89a-f][0-9a-f])", lambda byte: bytes.fromhex(byte[1].decode()), escaped)
    return raw != escaped and os.path.lexists(raw)


def _reason(error: Exception, path: Any) -> str:
    if isinstance(error, PermissionError):
        return "no permission"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        if os.path.islink(path):
            return "broken symbolic link"
        return "its name is not UTF-8: rename it" if _is_there_unescaped(path) else "vanished"
    if isinstance(error, MemoryError):
        return "not enough memory to open it"
    if isinstance(error, OSError) and error.errno is not None:
        return f"cannot be read ({os.strerror(error.errno)})"
    message = (str(error).splitlines() or [type(error).__name__])[0][:100]
    # A list, not one word: each of Pillow's readers says it in its own way.
    cut_short = ("truncated", "end of file", "end of data", "not enough", "eof")
    return "truncated" if any(word in message.lower() for word in cut_short) else f"damaged ({message})"
