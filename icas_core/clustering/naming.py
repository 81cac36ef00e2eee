"""The names of placed folders and files: deterministic, never two alike, never outside their folder."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

from icas_core.errors import IcasError
from icas_core.tables import OUTLIER

OUTLIERS_FOLDER = "outliers"
# What file browsers and systems leave in folders by themselves; compared in lower case.
JUNK = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_LONGEST = 255


def folder_name(cluster: int) -> str:
    """The folder of a cluster: `cluster_0001` (at least four digits), or `outliers` for −1."""
    return OUTLIERS_FOLDER if cluster == OUTLIER else f"cluster_{cluster:04d}"


def placed_names(assignment: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Where each picture goes: source path → `folder/file name`, for (source path, folder name) pairs.

    A picture keeps its own base name. Of several of one name in one folder (compared without regard to case and
    Unicode form, as macOS and Windows do), the first keeps it (those without a subfolder first, then by path) and the
    others carry their subfolder before it: `beach__IMG_1.jpg`; where that is taken too, a digest of the path is added.
    The names depend on nothing but the pictures of the folder. Raises IcasError for a source path or a folder name
    that would lead out of its place, and for a picture listed twice.
    """
    members: dict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()
    for source, folder in assignment:
        if source in seen:
            raise IcasError(f"{source!r}: this picture is to be placed twice, expected once")
        seen.add(source)
        members[_checked_folder(folder)].append(_checked_source(source))
    return {
        source: f"{folder}/{name}"
        for folder, sources in sorted(members.items())
        for source, name in _file_names(sources).items()
    }


def alternatives(source: str) -> list[str]:
    """The file names that a picture may carry, the best first; the last ones hold a digest of its path."""
    path = PurePosixPath(source)
    folder = "_".join(path.parent.parts)
    digest = hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()
    prefixed = [f"{folder}__{path.name}"] if folder else []
    longer = [f"{path.stem}__{digest[:length]}{path.suffix}" for length in (6, 16, 64)]
    # A long subfolder or name can pass what file systems allow: the digest alone always fits.
    names = [path.name, *prefixed, *longer, f"{digest}{path.suffix[:20]}"]
    return [name for name in names if len(os.fsencode(name)) <= _LONGEST]


def same_name(name: str) -> str:
    """A form of a file name that is equal where a file system may take two names for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def is_junk(name: str) -> bool:
    """Whether a file is one that a file browser left by itself (.DS_Store, Thumbs.db, desktop.ini)."""
    return name.lower() in JUNK


def _file_names(sources: list[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    taken: set[str] = set()
    waiting = []
    # Own names are given out before any other, so that no made-up name can take one.
    for source in sorted(sources, key=lambda path: ("/" in path, path)):
        name = alternatives(source)[0]
        if same_name(name) in taken:
            waiting.append(source)
        else:
            taken.add(same_name(name))
            names[source] = name
    for source in waiting:
        names[source] = next(name for name in alternatives(source) if same_name(name) not in taken)
        taken.add(same_name(names[source]))
    return names


def _checked_source(source: str) -> str:
    parts = source.split("/")
    if not source or "\0" in source or any(part in ("", ".", "..") for part in parts):
        raise IcasError(f"{source!r}: found as a picture's path, expected a path below the picture folder")
    return source


def _checked_folder(folder: str) -> str:
    if not folder or folder.startswith(".") or "/" in folder or "\0" in folder:
        raise IcasError(f"{folder!r}: found as a folder's name, expected one visible name without a slash")
    return folder
