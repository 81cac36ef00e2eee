"""The folder of exports: replaced as a whole, unless a person changed something in it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from icas_core.errors import IcasError

_MANIFEST = ".exported.json"


def check_replaceable(folder: Path, overwrite: bool) -> None:
    """IcasError where a folder holds what icas did not export, or what was changed since, unless `overwrite`."""
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise IcasError(f"{folder}: is a file, expected a folder or nothing")
    if overwrite:
        return
    found = _state(folder)
    try:
        known = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    changed = sorted(path for path in {*found, *known} if found.get(path) != known.get(path))
    if changed:
        raise IcasError(
            f"{folder}: {len(changed)} files were changed or added by hand (e.g. {changed[0]!r}): "
            "set overwrite=true to replace it, or rename the folder to keep it"
        )


def write_manifest(folder: Path) -> None:
    """Note the state of all files in a folder, so that later changes by hand are seen."""
    (folder / _MANIFEST).write_text(json.dumps(_state(folder)), encoding="utf-8")


def _state(folder: Path) -> dict[str, list[int]]:
    found = {}
    for path in folder.rglob("*"):
        if path.name != _MANIFEST and (path.is_symlink() or not path.is_dir()):
            status = path.lstat()
            found[path.relative_to(folder).as_posix()] = [status.st_size, status.st_mtime_ns]
    return found
