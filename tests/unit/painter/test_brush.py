"""Brush and eraser."""

from __future__ import annotations

import numpy as np
import pytest

from icas_core.painter.controller import chosen
from tests.unit.painter.paintings import blocks, check_sound, drag, keys, looks, press, same, state_of


def with_brush(state, diameter=4):
    state = keys(state, "b")
    assert state.mode == "brush"
    while state.diameter > diameter:
        state = keys(state, ",")
    assert state.diameter == diameter
    return state


def test_a_stroke_paints_its_pixels_and_no_others_in_one_step():
    state = drag(with_brush(state_of()), "left", (4, 12), (28, 12))
    segments, classes = looks(state.painting)
    check_sound(state.painting)
    assert len(state.done) == 1
    assert (classes[12, 4:29] == 1).all()
    assert set(np.flatnonzero(classes.any(axis=1))) <= {9, 10, 11, 12, 13, 14, 15}
    assert len(np.unique(segments[classes > 0])) == 1
    assert same(keys(state, "z").painting, state_of().painting)


def test_what_a_stroke_parts_becomes_segments_of_its_own():
    state = drag(with_brush(state_of(np.ones((24, 32), np.int32))), "left", (-3, 12), (40, 12))
    check_sound(state.painting)
    assert len(np.unique(state.painting.segments.whole())) == 3
    state = press(keys(state, "b"), "left", 1, 1)
    assert looks(state.painting)[1][-1].max() == 0


def test_a_stroke_beside_the_picture_paints_nothing_and_one_that_comes_in_paints_there():
    beside = [(-30, -50), (5, -40), (40, -60), (90, -20), (70, 5), (-70, 8)]
    state = drag(with_brush(state_of()), "left", *beside[:-1])
    assert not state.done
    state = drag(state, "left", *beside, (8, 8))
    check_sound(state.painting)
    assert len(state.done) == 1
    assert looks(state.painting)[1][8, :8].all()


def test_a_stroke_that_begins_on_its_own_class_makes_that_segment_larger():
    state = press(state_of(), "left", 1, 1)
    state = drag(with_brush(state), "left", (6, 4), (12, 4))
    segments, classes = looks(state.painting)
    check_sound(state.painting)
    assert segments[4, 11] == segments[1, 1]
    state = press(keys(state, "b"), "right", 12, 4)
    assert not state.painting.painted
    assert (classes > 0).sum() > 64


def test_a_stroke_of_another_class_is_a_segment_of_its_own():
    state = press(state_of(), "left", 1, 1)
    state = drag(with_brush(chosen(state, 2)), "left", (6, 4), (12, 4))
    segments, classes = looks(state.painting)
    assert segments[4, 11] != segments[1, 1]
    assert set(np.unique(classes)) == {0, 1, 2}


def test_the_eraser_takes_only_its_pixels():
    state = press(press(state_of(), "left", 1, 1), "left", 9, 1)
    before = looks(state.painting)[1]
    state = drag(with_brush(state), "right", (8, 0), (8, 7))
    after = looks(state.painting)[1]
    check_sound(state.painting)
    assert (after[:8, 7:9] == 0).all()
    assert (after[:8, :5] == 1).all()
    assert (after[:8, 12:16] == 1).all()
    assert len(state.done) == 3
    assert np.array_equal(looks(keys(state, "z").painting)[1], before)


def test_a_stroke_over_a_whole_segment_leaves_no_ghost_of_it():
    state = press(state_of(), "left", 1, 1)
    state = keys(chosen(state, 2), "b", ".", ".")
    state = drag(state, "left", (-4, 4), (5, 4))
    check_sound(state.painting)
    assert set(np.unique(looks(state.painting)[1])) == {0, 2}


def test_erasing_where_nothing_is_painted_is_no_step():
    assert not drag(with_brush(state_of()), "right", (3, 3), (20, 20)).done


def test_a_press_without_a_drag_paints_a_disc():
    state = press(with_brush(state_of(), 13), "left", 16, 12)
    classes = looks(state.painting)[1]
    assert 100 < (classes > 0).sum() < 170
    assert classes[12, 16] == 1


@pytest.mark.parametrize(("begin", "end"), [((-5, -5), (50, 40)), ((16, 12), (500, 12)), ((16, 12), (16, -900))])
def test_a_stroke_may_leave_the_picture(begin, end):
    state = drag(with_brush(state_of()), "left", begin, (16, 12), end)
    check_sound(state.painting)
    assert looks(state.painting)[1][12, 16] == 1


def test_the_brush_has_a_least_and_a_greatest_size():
    state = keys(state_of(), *"," * 40)
    assert state.diameter == 1
    state = drag(keys(state, "b"), "left", (3, 3), (3, 3))
    assert (looks(state.painting)[1] > 0).sum() == 1
    assert keys(state, *"." * 40).diameter == 320


def test_a_key_in_the_middle_of_a_stroke_ends_it():
    from icas_core.painter.controller import pointed
    from tests.unit.painter.paintings import event, move

    state = pointed(with_brush(state_of()), event("down", "left", 4, 4))
    state = keys(move(state, (20, 4)), "z")
    assert not state.painting.painted
    assert keys(state, "y").painting.painted
    assert np.array_equal(state.painting.segments.whole(), blocks())
