"""Replace a folder as a whole: built aside under a hidden name, then swapped in."""

from __future__ import annotations

import logging
import os
import re
import shutil
from pathlib import Path


def building_beside(target: Path) -> Path:
    """Where a new tree is built: a hidden neighbour of the target, on one file system with it."""
    return target.with_name(f".{target.name}.building-{os.getpid()}")


def clear_leftovers(target: Path) -> None:
    """Clear away what a killed placing left beside `target`; a tree that was not swapped yet comes back."""
    old = _old(target)
    if os.path.lexists(old) and not os.path.lexists(target):
        os.rename(old, target)
    if not target.parent.is_dir():
        return
    pattern = re.compile(rf"\.{re.escape(target.name)}\.(building-\d+|replaced)")
    for entry in os.scandir(target.parent):
        if pattern.fullmatch(entry.name):
            shutil.rmtree(entry.path)


def swap_in(building: Path | None, target: Path, log: logging.Logger) -> None:
    """Let `building` take the place of `target`; None removes `target`. OSError leaves the tree before."""
    old = _old(target)
    if os.path.lexists(target):
        os.rename(target, old)
    if building is not None:
        try:
            os.rename(building, target)
        except OSError:
            if os.path.lexists(old):
                os.rename(old, target)
            raise
    try:
        if os.path.lexists(old):
            # Half removed it must not be taken for a tree that waits for its swap.
            discarded = old.with_name(f".{target.name}.building-0")
            os.rename(old, discarded)
            shutil.rmtree(discarded)
    except OSError as error:
        # The new tree is in place: what is left of the old one is in nobody's way.
        log.warning("%s: could not be removed (%s), delete it by hand", error.filename, error.strerror)


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.replaced")
