"""A folder that nobody may write, also not root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOBODY = 65534


@contextmanager
def only_readable(folder: Path) -> Iterator[None]:
    """While this lasts nothing in `folder` and below can be written, also not by root."""
    places = [folder, *folder.rglob("*")]
    modes = [place.stat().st_mode for place in places]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for place, mode in zip(places, modes, strict=True):
            if place.exists():
                place.chmod(mode)
