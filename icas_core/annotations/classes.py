"""The class table: what each class id means; kept as `classes.yaml`, which people may edit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from icas_core.errors import IcasError
from icas_core.tables import written_atomically

Colour = tuple[int, int, int]
CLASSES_FILE = "classes.yaml"
MOST_CLASSES = 255  # an index PNG has 256 colours, and 0 is unpainted
_HEAD = """\
# The classes of these annotations. Names and colours (red, green, blue) may be changed; an id belongs to what was
# painted with it and stays.
"""
# Far apart for the eye on photographs, the first one the original tool's red.
_DISTINCT: tuple[Colour, ...] = (
    *((204, 0, 0), (0, 114, 178), (0, 158, 115), (240, 228, 66), (204, 121, 167)),
    *((230, 159, 0), (86, 180, 233), (140, 86, 75), (148, 103, 189)),
)


@dataclass(frozen=True)
class Class:
    """One class: its id (1 to 255), its name, its display colour as (red, green, blue), each 0 to 255."""

    id: int
    name: str
    colour: Colour


@dataclass(frozen=True)
class ClassTable:
    """The classes in order of id; ids and names are unique, colours need not be. ValueError otherwise."""

    classes: tuple[Class, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(sorted(self.classes, key=lambda each: each.id)))
        for what in ("id", "name"):
            values = [getattr(each, what) for each in self.classes]
            if twice := next((value for value in values if values.count(value) > 1), None):
                raise ValueError(f"two classes have the {what} {twice!r}")

    def __iter__(self) -> Any:
        return iter(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    def with_id(self, number: int) -> Class | None:
        """The class of this id, None where there is none."""
        return next((each for each in self.classes if each.id == number), None)

    def named(self, name: str) -> Class | None:
        """The class of this name, None where there is none."""
        return next((each for each in self.classes if each.name == name), None)

    def coloured(self, colour: Colour) -> Class | None:
        """The first class shown in this colour, None where there is none."""
        return next((each for each in self.classes if each.colour == tuple(colour)), None)

    def added(self, colour: Colour, name: str | None = None) -> tuple[ClassTable, Class]:
        """The table with one class more, under the next free id, and that class; IcasError when it is full.

        Without a name it is called after its colour.
        """
        number = max((each.id for each in self.classes), default=0) + 1
        if number > MOST_CLASSES:
            number = next((free for free in range(1, MOST_CLASSES + 1) if self.with_id(free) is None), 0)
        if not number:
            raise IcasError(f"classes: found {len(self)} classes and one more, accepted are {MOST_CLASSES} at most")
        new = Class(number, name or self._free_name("#{:02x}{:02x}{:02x}".format(*colour)), colour)
        return ClassTable((*self.classes, new)), new

    def updated(self, colours: Mapping[str, Colour]) -> ClassTable:
        """The table with these names in these colours: known names get the colour, others are added."""
        recoloured = (Class(each.id, each.name, colours.get(each.name, each.colour)) for each in self.classes)
        table = ClassTable(tuple(recoloured))
        for name, colour in colours.items():
            if table.named(name) is None:
                table, _ = table.added(colour, name)
        return table

    def joined(self, others: Iterable[Class]) -> ClassTable:
        """The table with those others whose id it lacks; a name that is taken gets its id behind it."""
        table = self
        for other in others:
            if table.with_id(other.id) is None:
                name = other.name if table.named(other.name) is None else table._free_name(f"{other.name} {other.id}")
                table = ClassTable((*table.classes, Class(other.id, name, other.colour)))
        return table

    def palette(self) -> np.ndarray:
        """(256, 3) uint8 RGB by class id: 0 black, ids without a class in greys."""
        colours = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
        for each in self.classes:
            colours[each.id] = each.colour
        return colours

    def _free_name(self, name: str) -> str:
        taken = {each.name for each in self.classes}
        numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
        return name if name not in taken else next(each for each in numbered if each not in taken)


def default_classes() -> ClassTable:
    """Nine classes in colours that are told apart at a glance, for when a person named none."""
    return ClassTable(tuple(Class(number, f"class {number}", rgb) for number, rgb in enumerate(_DISTINCT, start=1)))


def parsed_colour(value: Any) -> Colour:
    """A colour as people write it, [204, 0, 0] or "#cc0000"; ValueError for anything else."""
    if isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        red, green, blue = bytes.fromhex(value[1:])
        return red, green, blue
    if isinstance(value, list | tuple) and len(value) == 3 and all(type(v) is int and 0 <= v <= 255 for v in value):
        return value[0], value[1], value[2]
    raise ValueError(f"found the colour {value!r}, accepted are [red, green, blue] from 0 to 255 or '#rrggbb'")


def read_classes(path: Path | str) -> ClassTable:
    """Read a classes.yaml: a list of {id, name, colour}, the id optional; no file is an empty table.

    Raises IcasError that names the file, what was found, and what is accepted.
    """
    try:
        rows = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        return _table(rows or [])
    except FileNotFoundError:
        return ClassTable()
    except OSError as error:
        raise IcasError(f"{path}: cannot be read ({error.strerror}), expected the table of classes") from error
    except (ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise IcasError(f"{path}: {reason}; expected lines as - {{id: 1, name: cell, colour: [204, 0, 0]}}") from error


def write_classes(table: ClassTable, path: Path | str) -> None:
    """Write a classes.yaml atomically; IcasError when it cannot be written."""
    rows = [{"id": each.id, "name": each.name, "colour": list(each.colour)} for each in table.classes]
    lines = (yaml.safe_dump([row], sort_keys=False, allow_unicode=True, default_flow_style=None) for row in rows)
    try:
        with written_atomically(path, "w", encoding="utf-8") as file:
            file.write(_HEAD + ("".join(lines) or "[]\n"))
    except OSError as error:
        raise IcasError(f"{path}: cannot be written ({error.strerror}), the classes before are untouched") from error


def _table(rows: Any) -> ClassTable:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"found {type(rows).__name__}")
    table = ClassTable(tuple(_class_of(row) for row in rows if "id" in row))
    for row in rows:
        if "id" not in row:
            new = _class_of({"id": 1, **row})
            table, _ = table.added(new.colour, new.name)
    return table


def _class_of(row: Mapping[str, Any]) -> Class:
    number, name = row["id"], row.get("name")
    if set(row) - {"id", "name", "colour"} or "colour" not in row:
        raise ValueError(f"found the keys {', '.join(map(str, row))}")
    if type(number) is not int or not 1 <= number <= MOST_CLASSES:
        raise ValueError(f"found the id {number!r}, accepted are whole numbers from 1 to {MOST_CLASSES}")
    if name is None or isinstance(name, list | dict) or not str(name).strip():
        raise ValueError(f"found the name {name!r}, accepted are words")
    return Class(number, str(name), parsed_colour(row["colour"]))
