"""What a classes.yaml and the classes given beside it make together, and what a person is told of it."""

from __future__ import annotations

from icas_core.annotations.classes import Class, ClassTable, default_classes
from icas_core.annotations.table import left_to_name, told_of

GIVEN = {"cell": (204, 0, 0), "wall": (0, 114, 178)}
EDITED = ClassTable((Class(1, "nucleus", (204, 0, 0)), Class(2, "wall", (9, 9, 9))))


def test_a_renamed_or_recoloured_class_is_as_the_file_says() -> None:
    assert left_to_name(EDITED, GIVEN) == {}
    told = told_of(EDITED, GIVEN, EDITED)
    assert told == (
        "cell is called nucleus in classes.yaml, which counts; wall has another colour in classes.yaml, which counts"
    )


def test_a_class_that_the_file_lacks_is_added_and_told() -> None:
    given = {**GIVEN, "sky": (1, 2, 3)}
    assert left_to_name(EDITED, given) == {"sky": (1, 2, 3)}
    assert told_of(EDITED, given, EDITED.updated(left_to_name(EDITED, given))).startswith("added to classes.yaml: sky;")


def test_nothing_is_told_of_the_same_classes_or_where_there_was_no_file() -> None:
    table = ClassTable().updated(GIVEN)
    assert told_of(table, GIVEN, table) == ""
    assert told_of(ClassTable(), GIVEN, table) == ""
    assert told_of(table, {}, table) == ""


def test_a_default_class_in_a_given_colour_is_not_the_given_one() -> None:
    assert left_to_name(default_classes(), GIVEN) == GIVEN
