"""Broken and malicious files: more than 300, the same ones for the same seed, made on the spot.

What would be executed leaves a mark: a command touches a file MARK in its working directory, a script sets the page's
title to MARK, and a reference asks for http://MARK.invalid.
"""

from __future__ import annotations

import io
import os
import pickle
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin, features

from tests.odd_pictures import photograph, png_of_size

MARK = "hostile_mark"
_SEED = 20_260


@dataclass(frozen=True)
class Hostile:
    """One file: its path below the folder, its kind, and whether a scan of the folder must list it."""

    name: str
    kind: str
    listed: bool = True


def make_hostile(folder: Path, outside: Path, *, seed: int = _SEED, large: int = 8000) -> list[Hostile]:
    """Write all of them below `folder`, what links lead to into `outside` beside it.

    large: pixels of a side of the bombs; 17,000 lies just below the limit of what is read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    outside.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    contents = [
        *(("mutated", name, content) for name, content in _mutated(rng)),
        *(("lying header", name, content) for name, content in _lying(large)),
        *(("bomb", name, content) for name, content in _bombs(large)),
        *(("polyglot or no picture", name, content) for name, content in _polyglots()),
        *(("name", name, _encoded("JPEG", turn)) for turn, name in enumerate(_names())),
    ]
    made = []
    for kind, name, content in contents:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        # A scan leaves out hidden files and folders.
        made.append(Hostile(name, kind, listed=not any(part.startswith(".") for part in Path(name).parts)))
    return [*made, *_links(folder, outside)]


def formats() -> dict[str, bytes]:
    """A whole file of every format that is read, by a name with its ending."""
    frames = [photograph(turn).resize((90, 60)) for turn in (1, 3, 5)]
    many = {"save_all": True, "append_images": frames[1:]}
    grey = np.asarray(photograph(2).convert("L"))
    found = {
        "baseline.jpg": _saved(photograph(), "JPEG"),
        "progressive.jpg": _saved(photograph(1), "JPEG", progressive=True),
        "four colours.jpg": _saved(photograph(2).convert("CMYK"), "JPEG"),
        "phone.mpo": _saved(frames[0], "MPO", **many),
        "colour.png": _saved(photograph(3), "PNG"),
        "palette.png": _saved(photograph(4).convert("P"), "PNG", transparency=0),
        "deep.png": _saved(Image.fromarray(grey.astype(np.uint16) * 257), "PNG"),
        "moving.png": _saved(frames[0], "PNG", **many),
        "plain.tif": _saved(photograph(5), "TIFF"),
        "lzw.tif": _saved(photograph(6), "TIFF", compression="tiff_lzw"),
        "deflate.tif": _saved(photograph(7), "TIFF", compression="tiff_adobe_deflate"),
        "jpeg.tif": _saved(photograph(8), "TIFF", compression="jpeg"),
        "big.tif": _saved(photograph(9), "TIFF", big_tiff=True),
        "float.tif": _saved(Image.fromarray(grey.astype(np.float32)), "TIFF"),
        "pages.tif": _saved(frames[0], "TIFF", **many),
        "colour.bmp": _saved(photograph(10), "BMP"),
        "palette.bmp": _saved(photograph(11).convert("P"), "BMP"),
        "bare.dib": _saved(photograph(12), "DIB"),
        "lossy.webp": _saved(photograph(13), "WEBP"),
        "lossless.webp": _saved(photograph(14), "WEBP", lossless=True),
        "moving.webp": _saved(frames[0], "WEBP", **many),
        "still.gif": _saved(photograph(15), "GIF"),
        "moving.gif": _saved(frames[0], "GIF", **many),
    }
    if features.check("avif"):
        found["small.avif"] = _saved(photograph(16), "AVIF")
    try:
        from pillow_heif import from_pillow
    except ImportError:
        return found
    heic = io.BytesIO()
    from_pillow(photograph(17)).save(heic)
    return {**found, "phone.heic": heic.getvalue()}


def _mutated(rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    whole = formats()
    for name, content in whole.items():
        stem, ending = name.rsplit(".", 1)
        other = list(whole.values())[int(rng.integers(len(whole)))]
        for how, change in _CHANGES.items():
            yield f"mutated/{stem} {how}.{ending}", change(content, other, rng)


def _cut(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    return content[: int(rng.integers(1, len(content)))]


def _bits(count: int, within: int | None = None) -> Callable[[bytes, bytes, np.random.Generator], bytes]:
    def change(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
        changed = bytearray(content)
        for place in rng.integers(0, min(len(content), within or len(content)), count).tolist():
            changed[place] ^= 1 << int(rng.integers(8))
        return bytes(changed)

    return change


def _run_of(value: int) -> Callable[[bytes, bytes, np.random.Generator], bytes]:
    def change(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
        start = int(rng.integers(len(content)))
        length = int(rng.integers(1, 64))
        return content[:start] + bytes([value]) * length + content[start + length :]

    return change


def _noise(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    start = int(rng.integers(len(content) // 2))
    return content[:start] + rng.bytes(len(content) - start)


def _repeated(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    start, end = sorted(rng.integers(0, len(content), 2).tolist())
    return content[:end] + content[start:end] * 3 + content[end:]


def _spliced(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    return content[: len(content) // 2] + other[len(other) // 2 :]


_CHANGES: dict[str, Callable[[bytes, bytes, np.random.Generator], bytes]] = {
    "cut": _cut,
    "one bit": _bits(1),
    "many bits": _bits(40),
    "bits in the head": _bits(6, within=200),
    "zeros": _run_of(0),
    "ones": _run_of(255),
    "noise": _noise,
    "repeated": _repeated,
    "spliced": _spliced,
}


def _lying(large: int) -> Iterator[tuple[str, bytes]]:
    """Whole files whose heads tell other sizes."""
    whole = formats()
    sizes = {"0 x 5": (0, 5), "1 x 65535": (1, 65_535), "65500 x 65500": (65_500, 65_500)}
    sizes |= {"square": (large, large), "wide": (2 * large, large // 2)}
    for size, (width, height) in sizes.items():
        yield f"lying/{size}.jpg", _patched(whole["baseline.jpg"], b"\xff\xc0", 5, struct.pack(">HH", height, width))
        yield f"lying/{size}.gif", _patched(whole["still.gif"], b"GIF8", 6, struct.pack("<HH", width, height))
        yield f"lying/{size}.bmp", _patched(whole["colour.bmp"], b"BM", 18, struct.pack("<ii", width, height))
        yield f"lying/{size}.png", png_of_size(width, height)
        head = whole["plain.tif"]
        for tag, value in ((256, width), (257, height)):
            head = _tagged(head, tag, value)
        yield f"lying/{size}.tif", head
        webp = struct.pack("<HH", min(width, 16_383), min(height, 16_383))
        yield f"lying/{size}.webp", _patched(whole["lossy.webp"], b"\x9d\x01\x2a", 3, webp)
    for height in (-1, -(2**31), 2**31 - 1):
        yield f"lying/height {height}.bmp", _patched(whole["colour.bmp"], b"BM", 22, struct.pack("<i", height))
    for tag, value in ((258, 64), (259, 9), (262, 77), (273, 2**31), (277, 200), (278, 0), (279, 2**32 - 1), (322, 1)):
        yield f"lying/tag {tag}.tif", _tagged(whole["lzw.tif"], tag, value)
    loop = bytearray(whole["plain.tif"])
    start = struct.unpack_from("<I", loop, 4)[0]
    struct.pack_into("<I", loop, start + 2 + 12 * struct.unpack_from("<H", loop, start)[0], start)
    yield "lying/directory of itself.tif", bytes(loop)


def _patched(content: bytes, mark: bytes, behind: int, patch: bytes) -> bytes:
    start = content.index(mark) + behind
    return content[:start] + patch + content[start + len(patch) :]


def _tagged(content: bytes, tag: int, value: int) -> bytes:
    changed = bytearray(content)
    start = struct.unpack_from("<I", changed, 4)[0]
    for number in range(struct.unpack_from("<H", changed, start)[0]):
        entry = start + 2 + 12 * number
        if struct.unpack_from("<H", changed, entry)[0] == tag:
            struct.pack_into("<HII", changed, entry + 2, 4, 1, value & 0xFFFFFFFF)
    return bytes(changed)


def _bombs(large: int) -> Iterator[tuple[str, bytes]]:
    """Small files that become large, or take long."""
    for mode, name in (("1", "black and white"), ("L", "grey"), ("RGB", "colour"), ("RGBA", "clear")):
        yield f"bombs/{name}.png", _saved(Image.new(mode, (large, large)), "PNG", compress_level=1)
    side = min(large, 16_383)
    yield "bombs/deflate.tif", _saved(Image.new("RGB", (large, large)), "TIFF", compression="tiff_adobe_deflate")
    yield "bombs/32 bit.tif", _saved(Image.new("I", (large, large)), "TIFF", compression="tiff_lzw")
    yield "bombs/float.tif", _saved(Image.new("F", (large, large)), "TIFF", compression="tiff_lzw")
    yield "bombs/16 bit.tif", _saved(Image.new("I;16", (large, large)), "TIFF", compression="tiff_lzw")
    yield "bombs/grey.jpg", _saved(Image.new("L", (large, large)), "JPEG", quality=1)
    yield "bombs/colour.webp", _saved(Image.new("RGB", (side // 2, side // 2)), "WEBP", lossless=True, method=0)
    yield "bombs/palette.gif", _saved(Image.new("P", (large, large)), "GIF")
    yield "bombs/canvas.gif", _patched(formats()["moving.gif"], b"GIF8", 6, struct.pack("<HH", large, large))
    yield "bombs/scans.jpg", _many_scans(max(900, large // 4), 3000)
    yield "bombs/tiles.tif", _tiled(3_000_000)
    many = [Image.new("RGB", (40, 40), (number % 255, number // 255, 9)) for number in range(3000)]
    yield "bombs/frames.gif", _saved(many[0], "GIF", save_all=True, append_images=many[1:], optimize=False)
    yield "bombs/frames.png", _saved(many[0], "PNG", save_all=True, append_images=many[1:])
    yield "bombs/frames.webp", _saved(many[0], "WEBP", save_all=True, append_images=many[1:200])
    yield "bombs/pages.tif", _saved(many[0], "TIFF", save_all=True, append_images=many[1:1000])
    yield "bombs/beyond the limit.png", png_of_size(60_000, 60_000)
    text = PngImagePlugin.PngInfo()
    for number in range(20):
        text.add_text(f"text {number}", "\0" * (1000 * large), zip=True)
    yield "bombs/text.png", _saved(photograph(), "PNG", pnginfo=text)
    yield "bombs/profile.png", _saved(photograph(), "PNG", icc_profile=bytes(10_000 * large))
    chunks = png_of_size(9, 9)
    yield "bombs/chunks.png", chunks[:33] + (b"\0\0\0\0tEXt" + struct.pack(">I", zlib.crc32(b"tEXt"))) * 200_000
    yield "bombs/segments.jpg", b"\xff\xd8" + b"\xff\xfe\x00\x02" * 300_000 + _encoded("JPEG")[2:]
    yield "bombs/42.zip.jpg", _zip({"0.png": bytes(3000 * large)})


def _tiled(count: int) -> bytes:
    """A TIFF of so many tiles, all of them the same pixel."""
    tags = {256: count // 1000, 257: 1000, 258: 8, 259: 1, 262: 1, 277: 1, 322: 1, 323: 1}
    end = 8 + 2 + 12 * (len(tags) + 2) + 4
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items()]
    entries += [struct.pack("<HHII", tag, 4, count, end) for tag in (324, 325)]
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + bytes(4)
    return head + struct.pack("<I", 8) * count


def _many_scans(side: int, count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again: each of them goes through the whole picture."""
    content = _saved(Image.new("L", (side, side), 90), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * count + content[-2:]


_SCRIPT = f"<script>document.title='{MARK}';fetch('http://{MARK}.invalid')</script>".encode()
_SVG = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY a "aaaaaaaaaa">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="document.title=1">' + _SCRIPT + b"<text>&x;&c;</text></svg>"
)


class Payload:
    """Its pickle runs a command."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {MARK}",)


def _polyglots() -> Iterator[tuple[str, bytes]]:
    jpeg, png, gif = _encoded("JPEG"), _encoded("PNG"), _encoded("GIF")
    comment = b"\xff\xfe" + struct.pack(">H", len(_SCRIPT) + 2) + _SCRIPT
    exif = Image.Exif()
    exif[0x010E], exif[0x9286] = _SCRIPT.decode(), f"$(touch {MARK})"
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", _SCRIPT.decode())
    stored = io.BytesIO()
    np.save(stored, np.array([Payload()], dtype=object), allow_pickle=True)
    shell = f"#!/bin/sh\ntouch {MARK}\n".encode()
    postscript = f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%touch {MARK}) (w) file\nshowpage".encode()
    programs = {
        "svg": _SVG,
        "html": b"<!doctype html><html>" + _SCRIPT,
        "bare script": _SCRIPT,
        "shell": shell,
        "php": f"<?php system('touch {MARK}'); ?>".encode(),
        "python": f"import os; os.system('touch {MARK}')".encode(),
        "pickle": pickle.dumps(Payload()),
        "array": stored.getvalue(),
        "postscript": postscript,
        "pdf": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
        "archive": _zip({f"../../{MARK}": b"x"}),
        "mvg": f"push graphic-context\nimage over 0,0 0,0 'ephemeral:|touch {MARK}'\npop graphic-context".encode(),
        "program": b"\x7fELF\x02\x01\x01" + bytes(200),
        "photoshop": b"8BPS\0\1" + bytes(200),
        "yaml": f"!!python/object/apply:os.system ['touch {MARK}']".encode(),
        "icon": _saved(photograph(), "ICO"),
    }
    for what, content in programs.items():
        for ending in ("jpg", "png") if what in ("svg", "html", "pickle", "postscript") else ("jpg",):
            yield f"polyglots/{what}.{ending}", content
        yield f"polyglots/{what} behind a picture.jpg", jpeg + content
    yield "polyglots/script in a comment.jpg", jpeg[:2] + comment + jpeg[2:]
    yield "polyglots/script in exif.jpg", _saved(photograph(), "JPEG", exif=exif)
    yield "polyglots/script in text.png", _saved(photograph(), "PNG", pnginfo=text)
    yield "polyglots/script.gif", b"GIF89a=/*" + gif[9:] + b"*/" + _SCRIPT
    yield "polyglots/bitmap script.bmp", b"BM=/*" + bytes(60) + b"*/" + _SCRIPT
    yield "polyglots/picture behind a script.jpg", _SCRIPT + jpeg
    yield "polyglots/picture behind a picture.png", png + jpeg


def _names() -> list[str]:
    """Names of whole pictures, some of them with folders."""
    commands = ("$({})", "`{}`", ";{};", "|{}", "&&{}", "\n{}\n", "'{}'", '";{};"', "$(({}))", "> {} <")
    scripts = (
        '"><script>{}<',
        "'><img src=x onerror={}>",
        "<svg onload={}>",
        '" onmouseover="{}" x="',
        "javascript:{}",
        "<!--{}-->",
        "{{{{{}}}}}",
        "{{% {} %}}",
        "${{{}}}",
        "&quot;&gt;{}",
        "]]>{}",
        "\\u003cimg src=x onerror={}\\u003e",
    )
    title = f"document.title={MARK!r}"
    names = [command.format(f"touch {MARK}") for command in commands]
    names += [script.format(title) for script in scripts]
    names += [f"<iframe src=http:{MARK}.invalid>", f"<link rel=stylesheet href=http:{MARK}.invalid>", "{batch}", "{0}"]
    names += [
        "..\\..\\evil",
        "%2e%2e%2f%2e%2e%2fevil",
        "..evil",
        "%s%n%x",
        "-rf",
        "--help",
        "-",
        "~",
        "$HOME",
        "*",
        "?",
    ]
    names += ["#x", "a?b=c", "a\tb", "a\rb", "\x1b[2J\x1b]0;hostile\x07", "\u202egpj.exe", "a\u200bb", "\ufeffx", "con"]
    names += ["=cmd|' !A0", "+1+1", "@SUM(1)", "a,b", 'a"b', "a;b", "\u00e9", "e\u0301", "x" * 240, " ", "null", "nan"]
    names += ["snakemake wildcards.input", "\x7f", "\x01\x02", "..", "a" + "\u0300" * 60, "\U0001f4a5", "C:evil"]
    # A slash in a name needs a folder: together they are the end of a script and the start of another.
    deep = [
        f"<{os.sep}script><script>{title}<{os.sep}script>",
        f"..%2f{os.sep}x",
        os.sep.join(["deep"] * 60) + f"{os.sep}x",
    ]
    deep += [f"a b{os.sep}$(touch {MARK})", f"clusters{os.sep}cluster_0001", f"{'n' * 100}{os.sep}{'n' * 100}"]
    return [f"names/{name}.jpg" for name in [*names, *deep]]


def _links(folder: Path, outside: Path) -> list[Hostile]:
    """Links, devices and other things that are no files of the folder's own."""
    place = folder / "links"
    place.mkdir()
    (outside / "secret.txt").write_text("secret\n")
    (outside / "far.jpg").write_bytes(_encoded("JPEG", 9))
    (outside / "folder").mkdir()
    (outside / "folder" / "inside.jpg").write_bytes(_encoded("JPEG", 11))
    links = {
        "itself.jpg": "itself.jpg",
        "there.jpg": "back.jpg",
        "back.jpg": "there.jpg",
        "nowhere.jpg": "nowhere at all",
        "secret.jpg": outside / "secret.txt",
        "passwd.jpg": "/etc/passwd",
        "far.jpg": outside / "far.jpg",
        "up.jpg": "../../outside/far.jpg",
    }
    unlisted = {
        "zero.jpg": "/dev/zero",
        "random.jpg": "/dev/urandom",
        "parent.jpg": "..",
        "root.jpg": "/",
        "round": "..",
        "other": outside / "folder",
    }
    for name, target in {**links, **unlisted}.items():
        (place / name).symlink_to(target)
    made = [Hostile(f"links/{name}", "link or device") for name in links]
    os.mkfifo(place / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listening:
        before = os.getcwd()
        os.chdir(place)  # the path of a socket is short
        listening.bind("socket.jpg")
        os.chdir(before)
    if os.geteuid() == 0:
        os.mknod(place / "device.jpg", 0o666 | 0o020000, os.makedev(1, 5))
    (place / "folder.jpg").mkdir()
    with open(place / "sparse.bmp", "wb") as sparse:
        sparse.write(formats()["colour.bmp"][:54])
        sparse.truncate(200_000_000)
    os.link(outside / "far.jpg", place / "hard.jpg")
    made += [Hostile(f"links/{name}", "link or device") for name in ("sparse.bmp", "hard.jpg")]
    others = sorted(
        {entry.name for entry in os.scandir(place)} - {path.name.split("/")[-1] for path in made} - set(links)
    )
    return [*made, *(Hostile(f"links/{name}", "link or device", listed=False) for name in others)]


def _encoded(kind: str, turn: int = 0) -> bytes:
    return _saved(photograph(turn).resize((90, 60)), kind)


def _saved(picture: Image.Image, kind: str, append_images: Sequence[Image.Image] = (), **options: object) -> bytes:
    file = io.BytesIO()
    # Copies: a writer leaves its own settings on what it wrote, and another may stumble over them.
    more = {"append_images": [each.copy() for each in append_images]} if append_images else {}
    picture.copy().save(file, kind, **more, **options)
    return file.getvalue()


def _zip(entries: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()
