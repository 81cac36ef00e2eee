"""Keep label maps on disk: one lossless, compressed PNG each, with notes of what they were made from and how."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from icas_core.errors import IcasError
from icas_core.tables import written_atomically

_NOTES = "icas"
# A label's bytes lie beside one another in the channels; of each only so many as the greatest label needs.
_CHANNELS = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def picture_digest(picture: np.ndarray) -> str:
    """A digest of a picture's pixels: the same for equal (h, w, 3) uint8 arrays, whatever file they came from."""
    head = f"{picture.dtype} {picture.shape} ".encode()
    return hashlib.blake2b(head + np.ascontiguousarray(picture).tobytes(), digest_size=16).hexdigest()


def write_segments(labels: np.ndarray, path: Path | str, notes: Mapping[str, Any]) -> None:
    """Write (h, w) labels from 0 up under `path` (a .png) atomically, with `notes` (JSON values).

    Notes that are always there: method, version, parameters, reduce, level, picture (its digest).
    """
    used = max(1, (int(labels.max()).bit_length() + 7) // 8)
    low_bytes = np.ascontiguousarray(labels, dtype="<u4").view(np.uint8).reshape(*labels.shape, 4)[:, :, :used]
    text = PngImagePlugin.PngInfo()
    text.add_itxt(_NOTES, json.dumps({**notes, "bytes": used}, sort_keys=True))
    image = Image.fromarray(np.ascontiguousarray(low_bytes[:, :, 0] if used == 1 else low_bytes), _CHANNELS[used])
    with written_atomically(path) as file:
        image.save(file, "PNG", pnginfo=text, compress_level=3)


def read_segments(path: Path | str) -> tuple[np.ndarray, dict[str, Any]]:
    """What write_segments wrote: (h, w) int32 labels and the notes; IcasError names a file that is no such one."""
    with _opened(path) as (image, notes):
        found = np.asarray(image)
    low_bytes = found.reshape(*found.shape[:2], -1)
    labels = np.zeros((*found.shape[:2], 4), np.uint8)
    labels[:, :, : low_bytes.shape[2]] = low_bytes
    return labels.view("<i4")[:, :, 0].astype(np.int32), notes


def read_stored_notes(path: Path | str) -> dict[str, Any]:
    """The notes alone, without decoding the labels; IcasError as read_segments."""
    with _opened(path) as (_, notes):
        return notes


@contextmanager
def _opened(path: Path | str) -> Iterator[tuple[Image.Image, dict[str, Any]]]:
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(path, formats=["PNG"]) as image:
            notes = json.loads(getattr(image, "text", {}).get(_NOTES, "null"))
            if not isinstance(notes, dict) or _CHANNELS.get(notes.pop("bytes", 0)) != image.mode:
                raise IcasError(f"{path}: a PNG that is no label map of icas; accepted: one that presegment wrote")
            yield image, notes
    except FileNotFoundError:
        raise IcasError(f"{path}: this label map is missing; accepted: one that presegment wrote") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise IcasError(f"{path}: not a readable label map ({error}); delete it and run again") from error
