"""The class table of a whole folder of annotations: what its classes.yaml, its pictures and the user say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from icas_core.annotations.classes import ClassTable, Colour, default_classes
from icas_core.annotations.store import AnnotationStore
from icas_core.errors import IcasError


def folder_classes(store: AnnotationStore, names: Iterable[str]) -> ClassTable:
    """The folder's table, with classes that only its pictures know any more; IcasError where it means nothing."""
    return _joined_from_pictures(store.read_classes(), store, names)


def classes_to_paint(
    store: AnnotationStore, names: Iterable[str], given: ClassTable | Mapping[str, Colour]
) -> ClassTable:
    """The classes that a session begins with: the folder's and those given; the default ones where there are none.

    given: the user's table, or names and colours. Default classes with which nothing is painted make room for it.
    IcasError where the folder's table means nothing.
    """
    table, defaults = store.read_classes(), list(default_classes())
    if not len(table) or (given and any(each in defaults for each in table)):
        painted = _joined_from_pictures(ClassTable(), store, names)
        table = ClassTable(tuple(each for each in table if each not in defaults or painted.with_id(each.id)))
        table = table.joined(painted)
    if not given:
        return table.joined(defaults) if all(each in defaults for each in table) else table
    return table.joined(given) if isinstance(given, ClassTable) else table.updated(given)


def _joined_from_pictures(table: ClassTable, store: AnnotationStore, names: Iterable[str]) -> ClassTable:
    for name in names:
        try:
            table = table.joined(store.classes_of(name))
        except IcasError:
            continue  # named when its turn comes
    return table
