"""The class window's picture."""

from __future__ import annotations

import pytest

from icas_core.annotations.classes import Class, ClassTable
from icas_core.painter.picker import Picker
from icas_core.painter.texts import shortened, width_of


@pytest.mark.parametrize("count", [1, 30])
def test_a_long_name_stays_inside_its_column(count: int) -> None:
    table = ClassTable(tuple(Class(n, f"{n} wall of a cell, the outer", (9, 9, 9)) for n in range(1, count + 1)))
    picker = Picker(table, None, (240, 640))
    drawn = picker.drawn(0, "fill")
    for column in range(240, 0, -240 // max(1, -(-count * 26 // 442))):
        assert (drawn[210:, column - 4 : column] == drawn[210, column - 1]).all()


def test_a_text_is_shortened_no_more_than_it_must() -> None:
    name = "endoplasmic reticulum"
    assert shortened(name, width_of(name, 15), 15) == name
    short = shortened(name, 100, 15)
    assert short.endswith("…")
    assert width_of(short, 15) <= 100 < width_of(name[: len(short)] + "…", 15)
    assert shortened(name, 3, 15) == "…"
