"""Odd and bad pictures, each with what must become of it, for the tests of reading and of whole runs."""

from __future__ import annotations

import io
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops
from skimage import data

READ = "read"
IGNORED = "ignored"

Write = Callable[[Path], None]


@dataclass(frozen=True)
class OddPicture:
    """One odd input: its path, how it is made, what read_rgb must make of it, and whether the scan must list it.

    `expected` is READ or a fragment of the reason of rejection. `listed` is false for what looks like a picture by
    name but is none to a scan of folders (a folder, a FIFO).
    """

    name: str
    what: str
    expected: str
    write: Write
    listed: bool = True
    skip: str | None = None


def make_odd_pictures(folder: Path | str) -> list[OddPicture]:
    """Write every odd input that this machine can make below `folder`; the rows that were written."""
    rows = [row for row in ODD_INPUTS if row.skip is None]
    for row in rows:
        path = Path(folder) / row.name
        path.parent.mkdir(parents=True, exist_ok=True)
        row.write(path)
    return rows


def photograph(turn: int = 0) -> Image.Image:
    """A real photograph, 225 × 150; another part of it for each `turn`, so that the odd inputs are not all alike."""
    left = (turn * 37) % 200
    return Image.fromarray(data.chelsea()[:, left : left + 250]).resize((225, 150))


def saved(mode: str = "RGB", **options: object) -> Write:
    """A writer of the photograph in `mode`, by Pillow, with its own ending's format unless `format` says otherwise."""

    def write(path: Path) -> None:
        photograph(len(path.name)).convert(mode).save(path, **options)

    return write


def array_saved(make: Callable[[np.ndarray], np.ndarray]) -> Write:
    """A writer of what `make` does with the grey photograph's (150, 225) uint8 array."""
    return lambda path: Image.fromarray(make(np.asarray(photograph(len(path.name)).convert("L")))).save(path)


def written(content: bytes) -> Write:
    """A writer of these bytes."""
    return lambda path: path.write_bytes(content) and None


def cut(share: float, file_format: str) -> Write:
    """A writer of the first `share` of the photograph's file."""
    content = _encoded(file_format)
    return written(content[: int(len(content) * share)])


def with_alpha(mode: str) -> Write:
    """A writer of the photograph, transparent on its left half."""

    def write(path: Path) -> None:
        picture = photograph(len(path.name)).convert(mode)
        alpha = np.full(picture.size[::-1], 255, np.uint8)
        alpha[:, : picture.width // 2] = 0
        picture.putalpha(Image.fromarray(alpha))
        picture.save(path)

    return write


def many_frames(file_format: str) -> Write:
    """A writer of three different pictures in one file."""
    frames = [photograph(turn) for turn in (1, 3, 5)]
    return lambda path: frames[0].save(path, file_format, save_all=True, append_images=frames[1:])


def turned(orientation: int) -> Write:
    """A writer of the photograph with an EXIF orientation (1 to 8)."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(exif=exif)


def png_of_size(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be `width` × `height`."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _encoded(file_format: str) -> bytes:
    file = io.BytesIO()
    photograph().save(file, file_format)
    return file.getvalue()


def _ycck(path: Path) -> None:
    # Pillow writes four channels as CMYK, inverted; the marker's last byte tells a reader that they are YCCK.
    negative = ImageChops.invert(photograph(len(path.name))).convert("YCbCr")
    channels = [ImageChops.invert(band) for band in negative.split()]
    file = io.BytesIO()
    Image.merge("CMYK", [*channels, Image.new("L", negative.size, 0)]).save(file, "JPEG", quality=90)
    content = bytearray(file.getvalue())
    transform = content.index(b"Adobe") + 11
    assert content[transform] == 0
    content[transform] = 2
    path.write_bytes(content)


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("inner.png", _encoded("PNG"))
    return file.getvalue()


def _heic(path: Path) -> None:
    from pillow_heif import from_pillow

    from_pillow(photograph(2)).save(path)


def _symlink_to_picture(path: Path) -> None:
    target = path.parent / "target of the link.jpg.original"
    saved(format="JPEG")(target)
    path.symlink_to(target.name)


def _symlink_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def _unreadable(path: Path) -> None:
    saved()(path)
    path.chmod(0)


def _has_heif() -> bool:
    try:
        import pillow_heif  # noqa: F401
    except ImportError:
        return False
    return True


_NO_HEIF = None if _has_heif() else "pillow_heif is not installed"
_ROOT = "root may read everything" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
_UTF_8_ONLY = "this system's names are UTF-8 only" if sys.platform in ("darwin", "win32") else None
_SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>'

ODD_INPUTS: tuple[OddPicture, ...] = (
    OddPicture("cmyk.jpg", "JPEG in four printing colours", READ, saved("CMYK")),
    OddPicture("ycck.jpg", "JPEG in luminance, chrominance and black", READ, _ycck),
    OddPicture("grey.jpg", "grey JPEG", READ, saved("L")),
    OddPicture("progressive.jpg", "progressive JPEG", READ, saved(progressive=True)),
    *(OddPicture(f"exif {turn}.jpg", f"EXIF orientation {turn}", READ, turned(turn)) for turn in range(1, 9)),
    OddPicture("damaged exif.jpg", "JPEG whose EXIF is nonsense", READ, saved(exif=b"Exif\0\0II*\0\xff\xff\xff\xff")),
    OddPicture("palette.png", "PNG with a palette", READ, saved("P")),
    OddPicture("palette clear.png", "PNG palette with a clear colour", READ, saved("P", transparency=0)),
    OddPicture("16 bit.png", "16-bit grey PNG", READ, array_saved(lambda grey: grey.astype(np.uint16) * 257)),
    OddPicture("rgba.png", "PNG, left half clear", READ, with_alpha("RGB")),
    OddPicture("la.png", "grey PNG, left half clear", READ, with_alpha("L")),
    OddPicture("1 bit.png", "black and white PNG", READ, saved("1")),
    OddPicture("colour.tif", "TIFF", READ, saved()),
    OddPicture("16 bit.tiff", "16-bit grey TIFF", READ, array_saved(lambda grey: grey.astype(np.uint16) * 257)),
    OddPicture("float.tif", "TIFF of floats in 0..1", READ, array_saved(lambda grey: (grey / 255).astype(np.float32))),
    OddPicture("32 bit.tif", "TIFF of 32-bit numbers", READ, array_saved(lambda grey: grey.astype(np.int32) * 9999)),
    OddPicture("pages.tif", "TIFF of three pages", READ, many_frames("TIFF")),
    OddPicture("lzw.tif", "compressed TIFF", READ, saved(compression="tiff_lzw")),
    OddPicture("windows.bmp", "BMP", READ, saved()),
    OddPicture("small.webp", "WebP", READ, saved()),
    OddPicture("clear.webp", "WebP, left half clear", READ, with_alpha("RGB")),
    OddPicture("moving.gif", "GIF of three frames", READ, many_frames("GIF")),
    OddPicture("two.mpo", "JPEG of several pictures, as phones write", READ, many_frames("MPO")),
    OddPicture("phone.heic", "HEIC", READ, _heic, skip=_NO_HEIF),
    OddPicture("UPPER.JPG", "upper-case ending", READ, saved()),
    OddPicture("wrong ending.png", "JPEG named .png", READ, saved(format="JPEG")),
    OddPicture("with space.jpg", "a space in the name", READ, saved()),
    OddPicture('it\'s "quoted" $HOME `x`.jpg', "quotes and a shell's signs in the name", READ, saved()),
    OddPicture("{wildcard}.jpg", "braces in the name", READ, saved()),
    OddPicture("new\nline.jpg", "a newline in the name", READ, saved()),
    OddPicture("-rf.jpg", "a leading hyphen in the name", READ, saved()),
    OddPicture("Kätzchen 猫.jpg", "non-ASCII letters in the name", READ, saved()),
    OddPicture(os.fsdecode(b"caf\xe9.jpg"), "a name that is not UTF-8", READ, saved(), skip=_UTF_8_ONLY),
    OddPicture("symlink.jpg", "symbolic link to a picture", READ, _symlink_to_picture),
    OddPicture("one/same.jpg", "a name that another folder has too", READ, saved()),
    OddPicture("other/same.jpg", "a name that another folder has too", READ, saved("L")),
    OddPicture("dot.png", "1 × 1", READ, lambda path: Image.new("RGB", (1, 1), "red").save(path)),
    OddPicture("line.png", "1 × 5000", READ, lambda path: Image.new("RGB", (1, 5000), "red").save(path)),
    OddPicture("black.png", "all black", READ, lambda path: Image.new("RGB", (90, 60)).save(path)),
    OddPicture("empty.jpg", "no bytes", "empty file", written(b"")),
    OddPicture("half.jpg", "truncated JPEG", "truncated", cut(0.5, "JPEG")),
    OddPicture("start.jpg", "truncated in the JPEG's header", "truncated", cut(0.01, "JPEG")),
    OddPicture("half.png", "truncated PNG", "truncated", cut(0.5, "PNG")),
    OddPicture("half.webp", "truncated WebP", "truncated", cut(0.5, "WEBP")),
    OddPicture("half.tif", "truncated TIFF", "truncated", cut(0.5, "TIFF")),
    OddPicture("half.bmp", "truncated BMP", "truncated", cut(0.5, "BMP")),
    OddPicture("half.gif", "truncated GIF", "truncated", cut(0.5, "GIF")),
    OddPicture("text.jpg", "text named .jpg", "not a picture", written(b"not a picture at all\n" * 9)),
    OddPicture("html.jpg", "web page named .jpg", "not a picture (HTML)", written(b"\n<!DOCTYPE html><p>404</p>")),
    OddPicture("drawing.jpg", "SVG named .jpg", "not a picture (XML or SVG)", written(_SVG)),
    OddPicture("archive.png", "zip named .png", "not a picture (a zip file)", written(_zip())),
    OddPicture(
        "script.jpg", "PostScript named .jpg", "not a picture (PostScript)", written(b"%!PS-Adobe-3.0\nshowpage")
    ),
    OddPicture("zeros.png", "zeros only", "not a picture", written(bytes(5000))),
    OddPicture("bomb.png", "PNG that claims 60,000 × 60,000", "too large", written(png_of_size(60_000, 60_000))),
    OddPicture("ribbon.png", "PNG that claims 1 × 200,000,000", "too large", written(png_of_size(1, 200_000_000))),
    OddPicture("secret.jpg", "no permission", "no permission", _unreadable, skip=_ROOT),
    OddPicture(
        "dangling.jpg", "broken symbolic link", "broken symbolic link", lambda path: path.symlink_to("gone.jpg")
    ),
    OddPicture("circle.jpg", "symbolic link to itself", "symbolic link", _symlink_to_itself),
    OddPicture("folder.jpg", "folder named .jpg", "is a folder", lambda path: path.mkdir(), listed=False),
    OddPicture("pipe.jpg", "FIFO named .jpg", "is a FIFO", lambda path: os.mkfifo(path), listed=False),
)
