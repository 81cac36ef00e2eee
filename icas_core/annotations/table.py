"""The class table of a whole folder of annotations: what its classes.yaml, its pictures and the user say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from icas_core.annotations.classes import Class, ClassTable, Colour, default_classes
from icas_core.annotations.store import AnnotationStore
from icas_core.errors import IcasError


def folder_classes(store: AnnotationStore, names: Iterable[str]) -> ClassTable:
    """The folder's table, with classes that only its pictures know any more; IcasError where it means nothing."""
    return _joined_from_pictures(store.read_classes(), store, names)


def classes_to_paint(
    store: AnnotationStore, names: Iterable[str], given: ClassTable | Mapping[str, Colour]
) -> ClassTable:
    """The classes that a session begins with: the folder's and those given; the default ones where there are none.

    given: the user's table, or names and colours; what the folder's classes.yaml says of them counts (`left_to_name`).
    Default classes with which nothing is painted make room. IcasError where the folder's table means nothing.
    """
    table, defaults = store.read_classes(), list(default_classes())
    there = table
    if not len(table) or (given and any(each in defaults for each in table)):
        painted = _joined_from_pictures(ClassTable(), store, names)
        table = ClassTable(tuple(each for each in table if each not in defaults or painted.with_id(each.id)))
        table = table.joined(painted)
    if not given:
        return table.joined(defaults) if all(each in defaults for each in table) else table
    return table.joined(given) if isinstance(given, ClassTable) else table.updated(left_to_name(there, given))


def left_to_name(there: ClassTable, given: Mapping[str, Colour]) -> dict[str, Colour]:
    """Those of the user's names and colours that a classes.yaml says nothing of: what was edited there is the user's.

    A class there in a given colour, with a name that is not given, is the given one renamed (default classes are not).
    """
    return {
        name: colour
        for name, colour in given.items()
        if there.named(name) is None and _renamed(there, given, colour) is None
    }


def told_of(there: ClassTable, given: ClassTable | Mapping[str, Colour], table: ClassTable) -> str:
    """What a person is told of classes given beside a classes.yaml, which make `table`; '' for nothing."""
    colours = {each.name: each.colour for each in given} if isinstance(given, ClassTable) else given
    told = []
    if len(there) and (added := [name for name in colours if not there.named(name) and table.named(name)]):
        told.append(f"added to classes.yaml: {', '.join(added)}")
    for name, colour in colours.items():
        known, renamed = there.named(name), _renamed(there, colours, colour)
        if known is not None and known.colour != colour:
            told.append(f"{name} has another colour in classes.yaml, which counts")
        elif known is None and renamed is not None and table.named(name) is None:
            told.append(f"{name} is called {renamed.name} in classes.yaml, which counts")
    return "; ".join(told)


def _renamed(there: ClassTable, given: Mapping[str, Colour], colour: Colour) -> Class | None:
    """The class of this colour that was given another name in a classes.yaml."""
    mine = (each for each in there if each.colour == colour and each.name not in given)
    return next((each for each in mine if each not in list(default_classes())), None)


def _joined_from_pictures(table: ClassTable, store: AnnotationStore, names: Iterable[str]) -> ClassTable:
    for name in names:
        try:
            table = table.joined(store.classes_of(name))
        except IcasError:
            continue  # named when its turn comes
    return table
