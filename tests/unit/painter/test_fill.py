"""Fill and unfill, one segment or all that the pointer passes."""

from __future__ import annotations

import numpy as np
import pytest

from icas_core.painter.controller import chosen, pointed
from icas_core.painter.events import Pointer
from tests.unit.painter.paintings import blocks, double_click, keys, looks, move, press, same, state_of


def painted_segments(state) -> dict[int, int]:
    return {number: int(class_id) for number, class_id in enumerate(state.painting.classes) if class_id}


def test_a_left_click_fills_the_segment_under_the_pointer_and_no_other():
    state = press(chosen(state_of(), 3), "left", 9, 1)
    assert painted_segments(state) == {2: 3}
    _, classes = looks(state.painting)
    assert np.array_equal(classes, np.where(blocks() == 2, 3, 0))


def test_a_right_click_unfills_only_the_segment_clicked_though_its_neighbours_have_the_same_class():
    state = state_of()
    for x in (1, 9, 17):
        state = press(state, "left", x, 1)
    state = press(state, "right", 9, 1)
    assert painted_segments(state) == {1: 1, 3: 1}


def test_a_click_that_changes_nothing_is_no_step():
    state = press(press(state_of(), "left", 1, 1), "left", 2, 2)
    assert len(state.done) == 1
    assert len(press(state, "right", 30, 20).done) == 1


def test_a_click_beside_the_picture_does_nothing():
    for x, y in ((-1, 3), (3, -1), (32, 3), (3, 24), (10_000, 10_000)):
        state = press(state_of(), "left", x, y)
        assert not state.painting.painted
        assert not state.done


def test_a_segment_painted_over_in_another_class_comes_back_in_its_first_by_undo():
    state = press(chosen(press(state_of(), "left", 1, 1), 2), "left", 1, 1)
    assert painted_segments(state) == {1: 2}
    assert painted_segments(keys(state, "z")) == {1: 1}
    assert painted_segments(keys(state, "z", "z", "y", "y")) == {1: 2}


@pytest.mark.parametrize("order", ["qt", "windows", "gtk"])
def test_a_double_click_turns_continuous_fill_on_once_and_leaves_no_fill_of_its_own(order):
    state = double_click(state_of(), "left", 1, 1, order)
    assert state.mode == "continuous fill"
    assert not state.painting.painted
    state = double_click(state, "left", 1, 1, order)
    assert state.mode == "fill"
    assert not state.painting.painted
    assert not state.done


def test_a_double_click_leaves_what_could_be_redone():
    state = keys(press(state_of(), "left", 9, 1), "z")
    state = double_click(double_click(state, "left", 1, 1), "left", 1, 1)
    assert painted_segments(keys(state, "y")) == {2: 1}


def test_a_click_after_a_double_click_counts_again():
    state = double_click(double_click(state_of(), "left", 1, 1), "left", 1, 1)
    assert painted_segments(press(state, "left", 1, 1)) == {1: 1}


def test_continuous_fill_fills_all_that_the_line_between_two_events_crosses_in_one_step():
    state = double_click(state_of(), "left", 1, 1)
    state = move(state, (30, 1), (30, 20))
    assert painted_segments(state) == {1: 1, 2: 1, 3: 1, 4: 1, 8: 1, 12: 1}
    state = double_click(state, "left", 30, 20)
    assert len(state.done) == 1
    assert painted_segments(keys(state, "z")) == {}
    assert painted_segments(keys(state, "z", "y")) == {1: 1, 2: 1, 3: 1, 4: 1, 8: 1, 12: 1}


def test_continuous_unfill_unfills_all_that_is_passed():
    state = move(double_click(state_of(), "left", 1, 1), (30, 1), (1, 20))
    before = painted_segments(state)
    state = move(double_click(double_click(state, "left", 1, 20), "right", 1, 1), (30, 1))
    assert state.mode == "continuous unfill"
    assert painted_segments(state) == {number: 1 for number in before if number > 4}
    assert len(double_click(state, "right", 30, 1).done) == 2


def test_the_other_buttons_double_click_changes_from_continuous_fill_to_unfill():
    state = move(double_click(state_of(), "left", 1, 1), (30, 1))
    state = move(double_click(state, "right", 30, 1), (17, 1))
    assert state.mode == "continuous unfill"
    assert painted_segments(state) == {1: 1, 2: 1}
    assert len(keys(state, "escape").done) == 2


def test_a_pass_that_leaves_the_picture_does_not_fill_what_lies_between():
    state = move(double_click(state_of(), "left", 1, 1), (1, 2), (-4, 10), (40, 10), (31, 20))
    assert painted_segments(state) == {1: 1, 12: 1}


def test_undo_in_the_middle_of_a_pass_takes_the_pass_back():
    state = move(double_click(press(state_of(), "left", 1, 20), "left", 1, 1), (30, 1))
    state = keys(state, "z")
    assert painted_segments(state) == {9: 1}
    assert state.mode == "fill"


def test_another_class_chosen_during_a_pass_counts_from_then_on():
    state = move(double_click(state_of(), "left", 1, 1), (9, 1))
    state = move(keys(state, "4"), (30, 1))
    assert painted_segments(state) == {1: 1, 2: 4, 3: 4, 4: 4}


def test_what_is_undone_is_gone_after_a_new_action():
    state = keys(press(state_of(), "left", 1, 1), "z")
    state = press(state, "left", 9, 1)
    assert same(keys(state, "y").painting, state.painting)


def test_a_double_click_that_began_on_another_picture_is_a_click():
    state = pointed(state_of(), Pointer("icas", "double", "left", 1, 1))
    state = pointed(state, Pointer("icas", "down", "left", 1, 1))
    state = pointed(state, Pointer("icas", "up", "left", 1, 1))
    assert state.gesture is None
    assert painted_segments(state) == {1: 1}
    assert len(state.done) == 1
