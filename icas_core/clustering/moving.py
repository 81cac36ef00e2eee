"""Move the originals into folders of clusters, and back: never over another file, and safe against a kill."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from icas_core.clustering.carrying import carry, clear_temporary, is_copy, remove_empty_folders
from icas_core.clustering.journal import (
    Journal,
    Move,
    close_journal,
    journal_is_open,
    open_journal,
    read_journal,
)
from icas_core.clustering.naming import alternatives, placed_names
from icas_core.errors import IcasError

__all__ = ["Moved", "Returned", "journal_is_open", "move_images", "undo_move"]

# So many moves share one wait for the disk.
_GROUP = 64
# The coarsest clock of a file system in use (FAT).
_CLOCK_NS = 2_000_000_000


@dataclass(frozen=True)
class Moved:
    """What a move came to: pictures moved, moved by an earlier run, no longer there, and left where they are."""

    moved: int
    already: int
    vanished: list[str]
    left: list[str]


@dataclass(frozen=True)
class Returned:
    """What an undo came to: pictures back, old places taken by something new, pictures found in neither place."""

    returned: int
    occupied: list[str]
    missing: list[str]


def move_images(
    assignment: Iterable[tuple[str, str]],
    *,
    source_root: Path | str,
    destination: Path | str,
    journal: Path | str,
    log: logging.Logger,
) -> Moved:
    """Move pictures, (path below `source_root`, folder name) pairs, to `destination/folder name/file name`.

    Each move stands in `journal` before it is made; run again after a kill, this goes on where it was. Names are
    those of naming.placed_names, or the next free one: nothing is ever overwritten. Across file systems a picture is
    copied, put on disk, compared and only then removed. A link is left where it is (moved, it might point nowhere)
    and so is a picture that is gone: both are logged and named in the result. Raises IcasError where a picture
    cannot be moved; the journal then holds what was.
    """
    names = placed_names(assignment)
    root, target = os.path.realpath(source_root), os.path.realpath(destination)
    if Path(root).is_relative_to(target):
        raise IcasError(f"{destination}: holds the pictures of {source_root}, expected a folder apart from them")
    opened = open_journal(journal, source_root=root, destination=target)
    _settle(opened, forward=True)
    already = sorted(names.keys() & opened.done)
    left = [source for source in already if os.path.lexists(os.path.join(root, source))]
    vanished: list[str] = []
    moved = 0
    for group in _groups(opened, names, vanished, left):
        opened.intend(group)
        for move in group:
            carry(*_places(opened, move))
            opened.finish(move.source)
        moved += len(group)
    for source in left:
        log.warning("%r: left where it is: a link, or new in the place of a picture that was moved", source)
    for source in vanished:
        log.warning("%r: not moved, the picture is no longer there", source)
    if not opened.moves:
        close_journal(opened)
    return Moved(moved, len(already), vanished, left)


def undo_move(journal: Path | str, *, log: logging.Logger) -> Returned:
    """Move all pictures of `journal` back to where they were, the last one first; resumable like the move.

    A picture that was moved on by hand within the destination is found again by its size, its time, and its inode or
    name. An old place that holds something new is left so, and so is the moved picture; a picture that is in neither
    place is missing: both are logged and named, and the journal stays open. It is removed only when all are back,
    together with the folders that are empty then. Raises IcasError without a journal, or where a picture
    cannot be moved.
    """
    opened = read_journal(journal)
    _settle(opened, forward=False)
    astray = _Astray(opened)
    returned = 0
    occupied: list[str] = []
    missing: list[str] = []
    for move in reversed(list(opened.moves.values())):
        source, target = _places(opened, move)
        found = target if os.path.lexists(target) else astray.find(move)
        if found is None:
            missing.append(move.source)
        elif os.path.lexists(source) and not is_copy(found, source):
            occupied.append(move.source)
        else:
            carry(found, source)
            opened.take_back(move.source)
            returned += 1
    for path in occupied:
        log.warning("%r: not moved back, something new is in its place", path)
    for path in missing:
        log.warning("%r: not moved back, it is no longer where it was moved to", path)
    if not opened.moves:
        remove_empty_folders(opened.destination)
        close_journal(opened)
    return Returned(returned, occupied, missing)


def _groups(journal: Journal, names: dict[str, str], vanished: list[str], left: list[str]) -> Iterator[list[Move]]:
    group: list[Move] = []
    for source, placed in sorted(names.items()):
        original = os.path.join(journal.source_root, source)
        if source in journal.done:
            continue
        if os.path.islink(original):
            left.append(source)
        elif not os.path.isfile(original):
            vanished.append(source)
        else:
            group.append(_planned(journal, source, placed, {move.target for move in group}))
        if len(group) == _GROUP:
            yield group
            group = []
    if group:
        yield group


def _planned(journal: Journal, source: str, placed: str, taken: set[str]) -> Move:
    folder = os.path.dirname(placed)
    for name in [os.path.basename(placed), *alternatives(source)]:
        target = f"{folder}/{name}"
        if target not in taken and not os.path.lexists(os.path.join(journal.destination, target)):
            status = os.stat(os.path.join(journal.source_root, source))
            return Move(source, target, status.st_size, status.st_mtime_ns, status.st_ino)
    raise IcasError(f"{os.path.join(journal.destination, placed)}: exists already, expected a free name for {source!r}")


def _settle(journal: Journal, *, forward: bool) -> None:
    """Find out, by looking at both places, what a kill kept from the journal; `forward` when pictures are to move."""
    for move in list(journal.moves.values()):
        source, target = _places(journal, move)
        clear_temporary(source)
        clear_temporary(target)
        known = move.source in journal.done
        if not os.path.lexists(target):
            if not known or _is_the_picture(source, move):
                journal.take_back(move.source)
            continue
        if (forward or not known) and os.path.lexists(source) and is_copy(source, target):
            # Killed between the arrival and the removal; what is new in the old place would differ, and stays.
            os.unlink(source)
        if not known:
            journal.finish(move.source)


class _Astray:
    """The files in the destination that no move put where they are."""

    def __init__(self, journal: Journal) -> None:
        self._destination = journal.destination
        self._known = {move.target for move in journal.moves.values()}
        self._files: dict[tuple[int, int], list[tuple[str, int]]] | None = None

    def find(self, move: Move) -> str | None:
        """The one file that is `move`'s picture by size, time and either inode or name; None without a clear answer."""
        if self._files is None:
            self._files = self._by_size_and_time()
        alike = [
            path
            for path, inode in self._files.get((move.size, move.mtime_ns), [])
            if inode == move.inode or os.path.basename(path) == os.path.basename(move.target)
        ]
        return alike[0] if len(alike) == 1 and os.path.lexists(alike[0]) else None

    def _by_size_and_time(self) -> dict[tuple[int, int], list[tuple[str, int]]]:
        files: dict[tuple[int, int], list[tuple[str, int]]] = {}
        for parent, _, names in os.walk(self._destination):
            for name in names:
                path = os.path.join(parent, name)
                if os.path.relpath(path, self._destination) not in self._known:
                    state = os.lstat(path)
                    files.setdefault((state.st_size, state.st_mtime_ns), []).append((path, state.st_ino))
        return files


def _places(journal: Journal, move: Move) -> tuple[str, str]:
    return os.path.join(journal.source_root, move.source), os.path.join(journal.destination, move.target)


def _is_the_picture(path: str, move: Move) -> bool:
    if not os.path.isfile(path) or os.path.islink(path):
        return False
    status = os.stat(path)
    return status.st_size == move.size and abs(status.st_mtime_ns - move.mtime_ns) <= _CLOCK_NS
