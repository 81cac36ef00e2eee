"""The class table keeps what people write in it and refuses, in one line, what it cannot mean."""

from __future__ import annotations

import pytest

from icas_core.annotations.classes import (
    Class,
    ClassTable,
    default_classes,
    parsed_colour,
    read_classes,
    write_classes,
)
from icas_core.errors import IcasError

TABLE = ClassTable((Class(2, "Zelle, tot: ja", (0, 0, 255)), Class(1, "yes", (204, 0, 0)), Class(9, "猫", (0, 0, 255))))


def test_what_was_written_is_read_again_in_order_of_id(tmp_path) -> None:
    write_classes(TABLE, tmp_path / "sub" / "classes.yaml")
    assert read_classes(tmp_path / "sub" / "classes.yaml") == TABLE
    assert [each.id for each in TABLE] == [1, 2, 9]
    write_classes(ClassTable(), tmp_path / "classes.yaml")
    assert read_classes(tmp_path / "classes.yaml") == ClassTable() == read_classes(tmp_path / "none.yaml")


def test_a_table_written_by_hand_may_leave_out_ids_and_write_colours_as_the_web_does(tmp_path) -> None:
    (tmp_path / "c.yaml").write_text("- {name: a, colour: '#cc0000'}\n- {id: 1, name: b, colour: [1, 2, 3]}\n")
    assert read_classes(tmp_path / "c.yaml") == ClassTable((Class(1, "b", (1, 2, 3)), Class(2, "a", (204, 0, 0))))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1", "dict"),
        ("- a", "list"),
        ("- [", "flow"),
        ("- {id: 0, name: a, colour: [1, 2, 3]}", "id 0"),
        ("- {id: 256, name: a, colour: [1, 2, 3]}", "id 256"),
        ("- {id: true, name: a, colour: [1, 2, 3]}", "id True"),
        ("- {id: 1, name: ' ', colour: [1, 2, 3]}", "name ' '"),
        ("- {id: 1, name: a, colour: [1, 2, 300]}", "300"),
        ("- {id: 1, name: a, colour: red}", "'red'"),
        ("- {id: 1, name: a, colour: [1, 2, 3], color: x}", "color"),
        ("- {id: 1, name: a}", "keys id, name"),
        ("- {id: 1, name: a, colour: [1, 2, 3]}\n- {id: 1, name: b, colour: [1, 2, 3]}", "two classes have the id 1"),
        ("- {id: 1, name: a, colour: [1, 2, 3]}\n- {name: a, colour: [1, 2, 3]}", "two classes have the name 'a'"),
    ],
)
def test_a_table_that_means_nothing_is_refused_and_left_as_it_is(text: str, found: str, tmp_path) -> None:
    path = tmp_path / "classes.yaml"
    path.write_text(text)
    with pytest.raises(IcasError) as refused:
        read_classes(path)
    assert str(path) in str(refused.value)
    assert found in str(refused.value)
    assert "expected lines as" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert path.read_text() == text


def test_a_new_class_takes_an_id_that_nothing_was_painted_with() -> None:
    table, new = TABLE.added((9, 9, 9))
    assert (new, table.with_id(10)) == (Class(10, "#090909", (9, 9, 9)), new)
    assert table.added((9, 9, 9))[1].name == "#090909 2"
    assert ClassTable((Class(255, "last", (0, 0, 0)),)).added((1, 1, 1))[1].id == 1
    full = ClassTable(tuple(Class(number, str(number), (0, 0, 0)) for number in range(1, 256)))
    with pytest.raises(IcasError, match="255 at most"):
        full.added((1, 1, 1))


def test_the_users_colours_join_the_table_without_moving_an_id() -> None:
    table = TABLE.updated({"yes": (1, 1, 1), "new": (2, 2, 2)})
    assert table.with_id(1) == Class(1, "yes", (1, 1, 1))
    assert table.named("new") == Class(10, "new", (2, 2, 2))
    assert [each.id for each in table] == [1, 2, 9, 10]


def test_a_class_missing_from_the_table_comes_back_from_a_picture_that_has_it() -> None:
    joined = ClassTable((Class(1, "b", (1, 1, 1)),)).joined([Class(1, "a", (0, 0, 0)), Class(2, "b", (2, 2, 2))])
    assert list(joined) == [Class(1, "b", (1, 1, 1)), Class(2, "b 2", (2, 2, 2))]


def test_two_classes_of_one_colour_stay_two() -> None:
    assert TABLE.coloured((0, 0, 255)) == TABLE.with_id(2)
    palette = TABLE.palette()
    assert palette.shape == (256, 3)
    assert [tuple(palette[number]) for number in (0, 1, 2, 9)] == [(0, 0, 0), (204, 0, 0), (0, 0, 255), (0, 0, 255)]


def test_the_default_classes_have_colours_of_their_own() -> None:
    assert len({each.colour for each in default_classes()}) == len(default_classes()) == 9


@pytest.mark.parametrize("value", ["#cc000", "cc0000", [1, 2], [1, 2, 3.0], [1, 2, -1], [True, 0, 0], None, {}])
def test_a_colour_that_is_none_is_refused(value) -> None:
    with pytest.raises(ValueError, match="accepted are"):
        parsed_colour(value)


def test_a_place_that_cannot_be_written_is_named(tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(IcasError, match="cannot be written"):
        write_classes(TABLE, tmp_path / "file" / "classes.yaml")
