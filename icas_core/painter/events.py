"""What a person does, one event after the other: taken from the windows, recorded, and played back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from icas_core.errors import IcasError

FORMAT = "icas painter events"


@dataclass(frozen=True)
class Pointer:
    """Something the pointer did in a window: `down`, `up`, `move`, `double` or `wheel`.

    window: its name. button: `left`, `right`, `middle`, or none for a move or the wheel. x, y: pixels of the window, or
    of the picture once the view has translated them; they may lie outside. turn: of the wheel, above 0 away from the
    person.
    """

    window: str
    kind: str
    button: str = ""
    x: int = 0
    y: int = 0
    shift: bool = False
    ctrl: bool = False
    turn: int = 0


@dataclass(frozen=True)
class Key:
    """A key, by its character or by its name (`space`, `escape`)."""

    name: str


@dataclass(frozen=True)
class Resized:
    """A window's inside now has this size in pixels."""

    window: str
    width: int
    height: int


@dataclass(frozen=True)
class Closed:
    """A window was closed."""

    window: str


@dataclass(frozen=True)
class Slid:
    """The slider of a window was moved to a value."""

    window: str
    value: int


Event = Pointer | Key | Resized | Closed | Slid
_KINDS: dict[str, type[Event]] = {kind.__name__.lower(): kind for kind in (Pointer, Key, Resized, Closed, Slid)}


class Recorder:
    """Writes events to a file as they come, one line of JSON each, so that a crash loses none before it."""

    def __init__(self, path: Path, notes: dict[str, Any]) -> None:
        self._file = open(path, "w", encoding="utf-8", buffering=1)  # noqa: SIM115 (open for the whole session)
        self._file.write(json.dumps({"format": FORMAT, "version": 1, **notes}) + "\n")

    def keep(self, event: Event) -> None:
        """Write one event."""
        self._file.write(json.dumps(_as_json(event)) + "\n")

    def close(self) -> None:
        """End the record."""
        self._file.close()


def recorded(path: Path) -> tuple[dict[str, Any], list[Event]]:
    """The notes and the events of a record; IcasError where the file is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        notes = json.loads(lines[0])
        if notes.pop("format", None) != FORMAT:
            raise ValueError("no such format")
        return notes, list(_events(lines[1:]))
    except OSError as error:
        raise IcasError(f"{path}: cannot be read ({error.strerror}), expected a record of events") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise IcasError(f"{path}: found {error}, expected a record of events as --record writes it") from error


def _as_json(event: Event) -> dict[str, Any]:
    content = {key: value for key, value in asdict(event).items() if value not in ("", False)}
    return {"event": type(event).__name__.lower(), **content}


def _events(lines: list[str]) -> Iterator[Event]:
    for line in lines:
        try:
            content = json.loads(line)
        except ValueError:
            return  # cut short by a crash
        yield _KINDS[content.pop("event")](**content)
