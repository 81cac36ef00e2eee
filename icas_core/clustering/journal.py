"""The journal of moved originals: append-only, on disk before a picture moves, readable after any crash."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from icas_core.errors import IcasError
from icas_core.tables import sync_folder

_VERSION = 1


@dataclass(frozen=True)
class Move:
    """One picture's way: source and target below the two roots, and size, mtime_ns and inode before the move."""

    source: str
    target: str
    size: int
    mtime_ns: int
    inode: int


@dataclass
class Journal:
    """An open journal: the two roots, every picture on its way, and how far each one is.

    `moves` holds the pictures of which an intent is written and that are not back again, in order, source → Move;
    `done` the sources whose move is known to be complete.
    """

    path: Path
    source_root: str
    destination: str
    moves: dict[str, Move]
    done: set[str]

    def intend(self, moves: Iterable[Move]) -> None:
        """Write the intents and wait until they, and all written before, are on disk."""
        moves = list(moves)
        self._append([["intent", *astuple(move)] for move in moves], wait=True)
        self.moves.update((move.source, move) for move in moves)

    def finish(self, source: str) -> None:
        """Write that a picture has arrived; a lost line is found out again by looking at both places."""
        self._append([["done", source]])
        self.done.add(source)

    def take_back(self, source: str) -> None:
        """Write that a picture is back in its old place, or never left it."""
        self._append([["undone", source]])
        self.moves.pop(source)
        self.done.discard(source)

    def _append(self, lines: list[list[str | int]], wait: bool = False) -> None:
        try:
            with open(self.path, "ab") as file:
                file.write("".join(json.dumps(line) + "\n" for line in lines).encode())
                file.flush()
                if wait:
                    os.fsync(file.fileno())
        except OSError as error:
            raise IcasError(
                f"{self.path}: the journal cannot be written ({error.strerror}): no further picture is moved; "
                "make room or allow writing, then run again"
            ) from error


def journal_is_open(journal: Path | str) -> bool:
    """Whether pictures were moved, or are on their way, and not all are back."""
    return os.path.lexists(journal)


def open_journal(journal: Path | str, *, source_root: str, destination: str) -> Journal:
    """The journal of these two folders, begun anew where there is none; IcasError where it is of two others."""
    if not journal_is_open(journal):
        _begin(Path(journal), source_root, destination)
    opened = read_journal(journal)
    if (opened.source_root, opened.destination) != (source_root, destination):
        raise IcasError(
            f"{journal}: found moved pictures of {opened.source_root} in {opened.destination}, "
            f"expected {source_root} in {destination}: run undo_move for them first"
        )
    return opened


def read_journal(journal: Path | str) -> Journal:
    """Read a journal; a last line cut off by a crash is dropped, any other damage raises IcasError."""
    path = Path(journal)
    try:
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            # Nothing was moved on the word of half a line; cut off, it cannot run into the next one.
            os.truncate(path, whole)
    except FileNotFoundError:
        raise IcasError(f"{path}: no such journal, so no pictures are moved and none can come back") from None
    except OSError as error:
        raise IcasError(f"{path}: cannot be read ({error.strerror}), expected the journal of moved pictures") from error
    return _parsed(path, content[:whole].splitlines())


def close_journal(journal: Journal) -> None:
    """Remove the journal once every picture is back."""
    journal.path.unlink()
    sync_folder(journal.path.parent)


def _begin(path: Path, source_root: str, destination: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The header must be whole before the name is there: half of it would say neither folder.
        new = path.with_name(f".{path.name}.new")
        with open(new, "wb") as file:
            file.write((json.dumps(["icas", _VERSION, source_root, destination]) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
        sync_folder(path.parent)
    except OSError as error:
        raise IcasError(f"{path}: the journal cannot be written ({error.strerror}): no picture was moved") from error


def _parsed(path: Path, lines: list[bytes]) -> Journal:
    number = 1
    try:
        _, version, source_root, destination = json.loads(lines[0])
        if version != _VERSION:
            raise ValueError
        journal = Journal(path, source_root, destination, {}, set())
        for line in lines[1:]:
            number += 1
            _replay(journal, *json.loads(line))
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise IcasError(
            f"{path}: line {number} is damaged, expected a journal as icas writes it; "
            "restore it from a backup, or move the pictures back by hand and delete it"
        ) from error
    return journal


def _replay(journal: Journal, step: str, source: str, *rest: Any) -> None:
    if step == "intent":
        journal.moves[source] = Move(source, *rest)
    elif step == "done":
        journal.done.add(source)
    elif step == "undone":
        journal.moves.pop(source)
        journal.done.discard(source)
    else:
        raise ValueError(step)
